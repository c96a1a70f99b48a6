//! Data read for one purpose is not used for another.
use gate::{AnswerCustomer, DisputeSupport, Guarded, Permit};
fn turn(guarded: Guarded<u8, AnswerCustomer>, permit: Permit<DisputeSupport>) {
    let _ = guarded.open(permit);
}
fn main() {}
