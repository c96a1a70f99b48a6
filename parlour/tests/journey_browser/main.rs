//! The journey of a customer in headless Chromium, against real servers.
//!
//! Marked as ignored because it needs Chromium: `cargo xtask test --only browser` runs it and installs what
//! is missing. Pictures go to `target/screenshots`.

#![allow(clippy::unwrap_used, reason = "a test's own reading may panic")]

mod alone;
mod chat;
mod console;
mod desk;
mod fraud;
mod house;
mod papers;
mod places;
mod privacy;
mod receipts;
mod rules;
mod sealed;
mod services;
mod sign_in;
mod steps;
mod tabs;
