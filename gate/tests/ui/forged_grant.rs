//! A grant is not made outside the gate.
use gate::{AnswerCustomer, Decision, Granted};
fn forge(decision: Decision) -> Granted<AnswerCustomer> {
    Granted { decision, purpose: std::marker::PhantomData }
}
fn main() {}
