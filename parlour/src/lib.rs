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
pub mod category;
pub mod commands;
pub mod config;
pub mod demo;
pub mod evidence;
pub mod expiry;
pub mod filter;
pub mod http;
pub mod keeper;
pub mod keys;
pub mod linking;
pub mod log_ring;
pub mod logs;
pub mod notice;
pub mod pace;
pub mod places;
pub mod policy;
pub mod publisher;
pub mod receipts;
pub mod refusal;
pub mod reply;
pub mod rim;
pub mod room;
pub mod serve;
pub mod session;
pub mod spending;
pub mod telemetry;
pub mod tenant;
pub mod turn;
pub mod when;
pub mod withdrawal;
pub mod witness;
pub mod witnesses;
pub mod worker;
