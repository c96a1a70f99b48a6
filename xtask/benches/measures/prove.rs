//! `prove`: all theorems about the floor, over every request environment.

use crate::report::print;
use gate_proof::{Effort, Law, Proof, Solver, floor_cases, prove};
use std::{
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

/// Measures and prints: the wall time of all theorems with a solver for each core, beside what the slowest theorem
/// takes in all environments together; then how many there are.
pub fn measure() {
    let solver = Solver::find().unwrap_or_else(|fault| panic!("{fault}"));
    let workers = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let since = Instant::now();
    let laws = Law::shipped().read().unwrap_or_else(|fault| panic!("the floor is right: {fault}"));
    let cases = floor_cases(&laws).unwrap_or_else(|fault| panic!("the theorems are right: {fault}"));
    let proofs = prove(&solver, &cases, workers, Effort::Everything);
    let proofs = proofs.unwrap_or_else(|fault| panic!("the solver works: {fault}"));
    let all = since.elapsed();
    assert!(proofs.iter().all(Proof::holds), "every theorem holds");
    let slowest = proofs.iter().map(|proof| proof.took).max().unwrap_or(Duration::ZERO);
    print("prove.all_theorems", all.as_secs_f64(), "s", Some(slowest.as_secs_f64()));
    print("prove.slowest_theorem", slowest.as_secs_f64(), "s", None);
    let count = u32::try_from(proofs.len()).unwrap_or(u32::MAX);
    print("prove.theorems", f64::from(count), "theorems", None);
}
