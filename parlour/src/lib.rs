//! The gateway: what people say comes in, what their bank may tell goes out, and every look at bank data
//! passes the gate and stands in the log.
//!
//! Use cases are modules named for what people call them (`linking`, `balances`, `withdrawal`, …); `http`
//! holds the faces, which only translate.

pub mod accesses;
pub mod app;
pub mod asking;
pub mod balances;
pub mod bank_tasks;
pub mod bells;
pub mod cards;
pub mod category;
pub mod commands;
pub mod config;
pub mod consents;
pub mod demo;
pub mod erasure;
pub mod evidence;
pub mod expiry;
pub mod export;
pub mod filter;
pub mod foreign;
pub mod help;
pub mod holds;
pub mod http;
pub mod keeper;
pub mod kek;
pub mod keys;
pub mod linking;
pub mod log_ring;
pub mod logs;
pub mod meaning;
pub mod memory;
pub mod mind;
pub mod notice;
pub mod outgoing;
pub mod pace;
pub mod picture;
pub mod places;
pub mod policy;
pub mod privacy;
pub mod profile;
pub mod publisher;
pub mod receipts;
pub mod refusal;
pub mod reply;
pub mod restore;
pub mod rim;
pub mod room;
pub mod sealed;
pub mod serve;
pub mod session;
pub mod sign_in;
pub mod spending;
pub mod staff;
pub mod stops;
pub mod telemetry;
pub mod tenant;
pub mod turn;
pub mod when;
pub mod withdrawal;
pub mod witness;
pub mod witnesses;
pub mod worker;
