//! Clocks, fixtures, throwaway databases, browsers and a running demo for tests.

pub mod browser;

pub mod postgres;
