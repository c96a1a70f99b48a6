//! Guarded data is not read without its permit.
use gate::{AnswerCustomer, Guarded};
fn peek(guarded: Guarded<u8, AnswerCustomer>) -> u8 {
    guarded.value
}
fn main() {}
