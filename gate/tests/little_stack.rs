//! The answer does not depend on how deep in its stack a caller asks.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod harbour;

use gate::{AnswerCustomer, Verdict};
use harbour::*;
use std::{sync::Arc, thread};

/// What is left to a caller that is deep in the turn of a conversation, and less. In bytes.
const LEFT: [usize; 3] = [192 * 1024, 512 * 1024, 1024 * 1024];

#[test]
fn a_caller_with_little_stack_left_gets_the_same_answer() {
    let gate = Arc::new(gate_of(harbour()));
    for left in LEFT {
        let gate = Arc::clone(&gate);
        let asked = thread::Builder::new().stack_size(left).spawn(move || {
            match gate.decide::<AnswerCustomer>(&Ask::balances("harbour").question()) {
                Verdict::Allowed(_) => None,
                Verdict::Refused(refusal) => Some(refusal.reason),
            }
        });
        assert_eq!(asked.unwrap().join().unwrap(), None, "with {left} bytes");
    }
}
