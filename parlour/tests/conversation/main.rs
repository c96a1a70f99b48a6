//! The first conversation over real HTTP, against the sandbox banks, with a clock that the tests move.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod asking;
mod commands;
mod cut_off;
mod faults;
mod house;
mod keeping;
mod linking;
mod operations;
mod policy;
mod stopping;
