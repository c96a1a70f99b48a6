//! A real browser for tests: headless Chromium behind chromedriver.
//!
//! Each test has a driver of its own, in a process group that ends with the test, however that ends.
//! Everything here panics with a sentence when the page does not do what the test says: a test kit has
//! nobody to hand an error to.

mod axe;
mod driver;
mod look;
mod tab;

pub use axe::Violation;
pub use driver::{Browser, Scripts};
pub use look::{Light, Size};
pub use tab::{Key, Tab};
