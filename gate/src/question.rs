//! What the gate is asked.

use domain::{AccountId, BankId, Channel, Consent, CustomerId, DataClass, EntryId, Tier};
use jiff::Timestamp;

/// May data of this class, of these accounts, be read and shown here and now? The purpose is the type
/// parameter of [`crate::Gate::decide`].
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The id under which the decision goes into the access log. Made by the caller, used once.
    pub entry: EntryId,
    /// The bank that holds the data.
    pub bank: &'a BankId,
    /// Who asks, and whose data it is.
    pub customer: &'a CustomerId,
    /// The newest consent of this conversation, if there is one.
    pub consent: Option<&'a Consent>,
    /// Which data.
    pub data_class: DataClass,
    /// Of which accounts. Empty: of all that the consent names.
    pub accounts: &'a [AccountId],
    /// Where it would be shown.
    pub channel: Channel,
    /// How it would be shown there.
    pub tier: Tier,
    /// The present moment. Compared to the microsecond.
    pub now: Timestamp,
}
