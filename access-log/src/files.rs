//! Where the files of a published log come from: a folder here, or, for whoever writes such a thing, the
//! web.

use crate::disk::{self, IoFault};
use std::path::Path;

/// The files of one published log, by their names in c2sp.org/tlog-tiles.
pub trait LogFiles {
    /// The bytes of a file, or `None` when it is not there. Need not read more than `cap + 1` bytes: whoever
    /// asks refuses more than `cap`.
    fn read(&self, file: &str, cap: u64) -> Result<Option<Vec<u8>>, IoFault>;

    /// The names in a folder with whether each is a folder itself, in order. Empty when it is not there, or
    /// where folders cannot be listed; then what nobody asked for by name is not looked at.
    fn list(&self, folder: &str) -> Result<Vec<(String, bool)>, IoFault>;
}

impl LogFiles for Path {
    fn read(&self, file: &str, cap: u64) -> Result<Option<Vec<u8>>, IoFault> {
        disk::read(&self.join(file), cap)
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, bool)>, IoFault> {
        disk::list(&self.join(folder))
    }
}
