//! Purposes as types, so that data read for one cannot be used for another.
//!
//! The trait is sealed: a use that is not listed here cannot be written down in any crate.

use domain::Purpose;

mod sealed {
    pub trait Listed {}
}

/// A type that stands for one [`Purpose`]. Only this crate can implement it.
pub trait ForPurpose: sealed::Listed {
    /// The purpose that the type stands for.
    const PURPOSE: Purpose;
}

/// [`Purpose::AnswerCustomer`] as a type.
pub enum AnswerCustomer {}
/// [`Purpose::CustomerAlert`] as a type.
pub enum CustomerAlert {}
/// [`Purpose::ReceiptMatch`] as a type.
pub enum ReceiptMatch {}
/// [`Purpose::CustomerPayment`] as a type.
pub enum CustomerPayment {}
/// [`Purpose::DisputeSupport`] as a type.
pub enum DisputeSupport {}
/// [`Purpose::OwnSpendingMap`] as a type.
pub enum OwnSpendingMap {}
/// [`Purpose::AccountManagement`] as a type.
pub enum AccountManagement {}

impl sealed::Listed for AnswerCustomer {}
impl sealed::Listed for CustomerAlert {}
impl sealed::Listed for ReceiptMatch {}
impl sealed::Listed for CustomerPayment {}
impl sealed::Listed for DisputeSupport {}
impl sealed::Listed for OwnSpendingMap {}
impl sealed::Listed for AccountManagement {}

impl ForPurpose for AnswerCustomer {
    const PURPOSE: Purpose = Purpose::AnswerCustomer;
}
impl ForPurpose for CustomerAlert {
    const PURPOSE: Purpose = Purpose::CustomerAlert;
}
impl ForPurpose for ReceiptMatch {
    const PURPOSE: Purpose = Purpose::ReceiptMatch;
}
impl ForPurpose for CustomerPayment {
    const PURPOSE: Purpose = Purpose::CustomerPayment;
}
impl ForPurpose for DisputeSupport {
    const PURPOSE: Purpose = Purpose::DisputeSupport;
}
impl ForPurpose for OwnSpendingMap {
    const PURPOSE: Purpose = Purpose::OwnSpendingMap;
}
impl ForPurpose for AccountManagement {
    const PURPOSE: Purpose = Purpose::AccountManagement;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_exactly_one_type() {
        let mut typed = [
            AnswerCustomer::PURPOSE,
            CustomerAlert::PURPOSE,
            ReceiptMatch::PURPOSE,
            CustomerPayment::PURPOSE,
            DisputeSupport::PURPOSE,
            OwnSpendingMap::PURPOSE,
            AccountManagement::PURPOSE,
        ];
        typed.sort();
        let mut all = Purpose::ALL.to_vec();
        all.sort();
        assert_eq!(typed.as_slice(), all);
    }
}
