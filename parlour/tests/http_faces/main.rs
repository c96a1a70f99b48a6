//! The faces over real HTTP: a gateway with its own database in a folder of its own, and a client that
//! sends exactly the bytes that a test says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod authenticator;
mod chat;
mod client;
mod console;
mod desk;
mod fraud_engine;
mod gateway;
mod guard;
mod interface;
mod limits;
mod link;
mod log;
mod office;
mod privacy;
mod rules;
mod sign_in;
mod stream;
