//! What makes grants and permits inside the gate is not called outside it.
use gate::{AnswerCustomer, Decision, Granted, Permit};
fn grant(decision: Decision) -> Granted<AnswerCustomer> {
    Granted::new(decision)
}
fn permit(decision: Decision) -> Permit<AnswerCustomer> {
    Permit::new(decision, 0)
}
fn main() {}
