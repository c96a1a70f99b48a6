//! Guarded data is not written to JSON, nor is a permit.
use gate::{AnswerCustomer, Guarded, Permit};
fn write(guarded: &Guarded<u8, AnswerCustomer>, permit: &Permit<AnswerCustomer>) {
    let _ = serde_json::to_string(guarded);
    let _ = serde_json::to_string(permit);
}
fn main() {}
