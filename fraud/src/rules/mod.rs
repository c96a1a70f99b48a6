//! Rules that analysts write: a small language in which every expression is typed, ends, and has a value.
//!
//! A file has rules; a rule says what it does, for whom, until when, on which payments, and shows it with examples.
//! docs/fraud-rules.md tells the language to those who write it. Here:
//!
//! - [`Fields`]: what a rule may look at, and in which units;
//! - [`RuleSet::compile`]: a text to flat code, or every mistake with its place and a remedy;
//! - [`RuleSet::evaluate`]: a row of numbers to a [`Verdict`];
//! - [`check`]: the same for somebody at a terminal.
//!
//! **Missing values.** Logic has three values. Whatever is computed from a missing value is missing; a comparison with it
//! is neither true nor false, and neither is `not` of that; `and` is false as soon as one side is, `or` true as soon as
//! one is. A rule hits only when its expression is true. So a rule and its turned-round spelling never differ:
//! `not (distance < 5 km)` is as silent about an unknown distance as `distance >= 5 km`. Division by zero and results
//! beyond the range of the row's numbers are missing too.

mod action;
mod catalogue;
mod clauses;
mod code;
mod expression;
mod fault;
mod field;
mod jumps;
mod lexer;
mod limits;
mod print;
mod reader;
mod rule;
mod set;
mod tree;
mod typing;

pub use action::{Action, Outcome, Shift};
pub use expression::{Arithmetic, Comparison, Expr, Function, Literal, Node, Span, UnitWord};
pub use fault::{Fault, FaultKind, Spot};
pub use field::{Codes, Field, Fields, FieldsFault, Kind, Unit};
pub use limits::*;
pub use rule::{Example, Given, Must, Rule, Share};
pub use set::{Hits, Report, ReportLine, RuleSet, Verdict, check};

#[cfg(test)]
mod tests;
