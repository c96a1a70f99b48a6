//! Clocks, fixtures, throwaway databases, browsers and a running demo for tests.

pub mod browser;
pub mod ports;
pub mod postgres;
