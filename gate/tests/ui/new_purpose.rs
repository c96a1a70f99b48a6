//! A purpose that the gate does not know is not added outside it.
use gate::ForPurpose;
enum Advertising {}
impl ForPurpose for Advertising {
    const PURPOSE: domain::Purpose = domain::Purpose::AnswerCustomer;
}
fn main() {}
