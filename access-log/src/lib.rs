//! An append-only, publicly verifiable log of accesses in C2SP tlog-tiles layout.

mod leaf;

pub use leaf::{LEAF_BYTES, Leaf, NotALeaf};
