//! Proves what the floor promises, over every request that the schema can describe and every set of policies
//! that a bank could write.
//!
//! A theorem is a Cedar condition. The symbolic compiler of Cedar turns "the rules allow it and the condition
//! does not hold" into a formula, and the solver cvc5 looks for a request that makes it true. If there is none,
//! the theorem holds. If there is one, it is shown, and asked again of the authorizer that the gate uses.
//!
//! Any bank set is covered by one proof: a request that passes the floor and some bank's policies was forbidden
//! by no clause of the floor, so it also passes the floor under `permit (principal, action, resource);`.
//!
//! The server does not need this crate. docs/proof.md says what is proved and what is assumed.

mod bank;
mod case;
mod floor;
mod law;
mod prover;
mod report;
mod request;
mod solver;

pub use bank::{bank_case, no_promises, still_serves};
pub use case::{Case, Claim, Promise, Service, Theorem};
pub use floor::{PROMISES, floor_cases, shape};
pub use law::{Law, LawFault, Laws, policies};
pub use prover::{Effort, Outcome, Proof, Refutation, prove};
pub use report::{Report, lines};
pub use request::Shown;
pub use solver::{Solver, SolverFault};
