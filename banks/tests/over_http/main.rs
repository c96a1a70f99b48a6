//! The connector over real HTTP, against a small bank that can do everything wrong.

mod bank;
mod failing;
mod linking;
mod permits;
mod reading;
mod rotating;
