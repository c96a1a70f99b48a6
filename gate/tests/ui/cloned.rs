//! Neither permits nor grants nor guarded data are copied.
use gate::{AnswerCustomer, Granted, Guarded, Permit};
fn copies<T: Clone>(_: &T) {}
fn copy(
    permit: &Permit<AnswerCustomer>,
    granted: &Granted<AnswerCustomer>,
    guarded: &Guarded<u8, AnswerCustomer>,
) {
    copies(permit);
    copies(granted);
    copies(guarded);
}
fn main() {}
