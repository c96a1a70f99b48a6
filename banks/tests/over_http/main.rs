//! The connector over real HTTP: against a small bank that can do everything wrong, and against the sandbox
//! bank, which was not written for it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod bank;
mod failing;
mod linking;
mod native;
mod openid;
mod permits;
mod reading;
mod rotating;
mod sandbox;
mod tls;
