//! A permit opens one value.
use gate::{AnswerCustomer, Guarded, Permit};
fn twice(
    first: Guarded<u8, AnswerCustomer>,
    second: Guarded<u8, AnswerCustomer>,
    permit: Permit<AnswerCustomer>,
) {
    let _ = first.open(permit);
    let _ = second.open(permit);
}
fn main() {}
