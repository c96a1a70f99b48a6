//! The first conversation over real HTTP, against the sandbox banks, with a clock that the tests move.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod asking;
mod attacks;
mod card_events;
mod commands;
mod consents;
mod cut_off;
mod erasing;
mod exporting;
mod faults;
mod holding;
mod house;
mod keeping;
mod keys;
mod killed;
mod killed_alerts;
mod ledger;
mod linking;
mod messenger;
mod operations;
mod policy;
mod privacy;
mod rest;
mod restoring;
mod sealed;
mod sealed_attacks;
mod sealed_sign_in;
mod sign_in;
mod stopping;
mod suspecting;
mod watching;
