//! A permit is not made outside the gate.
use gate::{AnswerCustomer, Decision, Permit};
fn forge(decision: Decision) -> Permit<AnswerCustomer> {
    Permit { decision, index: 0, purpose: std::marker::PhantomData }
}
fn main() {}
