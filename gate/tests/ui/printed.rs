//! Guarded data is not printed.
use gate::{AnswerCustomer, Guarded};
fn print(guarded: &Guarded<u8, AnswerCustomer>) -> String {
    format!("{guarded:?}")
}
fn main() {}
