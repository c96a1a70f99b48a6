//! What happened to a consent, change by change, and what held when it was asked for.

use crate::{
    BankId, ConsentEvent, ConsentId, ConsentState, CustomerId, EntryId, purpose::NotKnown, purpose::closed,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

closed! {
    /// On which way a change came about.
    How {
        /// The customer said it in the conversation.
        Chat = "chat",
        /// The customer did it on the privacy page.
        Page = "page",
        /// It was done at the bank, and the bank said so when it was asked.
        AtBank = "at_bank",
        /// The bank ended it for all whom it concerned.
        PullOut = "pull_out",
        /// Its time was over.
        Expiry = "expiry",
        /// The customer gave a newer one.
        Newer = "newer",
        /// The customer had everything erased.
        Erasure = "erasure",
    }
}

closed! {
    /// Who makes a change.
    Who {
        /// The customer.
        Customer = "customer",
        /// The bank.
        Bank = "bank",
        /// Nobody: time does it.
        Time = "time",
    }
}

impl How {
    /// Who stands behind it.
    pub fn who(self) -> Who {
        match self {
            How::Chat | How::Page | How::Newer | How::Erasure => Who::Customer,
            How::AtBank | How::PullOut => Who::Bank,
            How::Expiry => Who::Time,
        }
    }

    /// What a customer reads.
    pub fn in_words(self) -> &'static str {
        match self {
            How::Chat => "you said so in the chat",
            How::Page => "you did it on the privacy page",
            How::AtBank => "it was ended at the bank",
            How::PullOut => "the bank ended it for its customers",
            How::Expiry => "its time was over",
            How::Newer => "you gave a newer one",
            How::Erasure => "you had your data erased",
        }
    }
}

/// One change of a consent. Changes are only ever added. Each names the one before it by its hash, so that
/// a history with one taken out or altered does not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentChange {
    /// The bank.
    pub bank: BankId,
    /// Whose consent it is.
    pub customer: CustomerId,
    /// The consent.
    pub consent: ConsentId,
    /// Its number in the history of this consent, from 0.
    pub seq: u32,
    /// When it took place. Never before the change that it follows, whatever a clock says.
    pub at: Timestamp,
    /// What happened. None for the first: the notice was shown.
    pub event: Option<ConsentEvent>,
    /// Where the consent stood after it.
    pub state: ConsentState,
    /// On which way.
    pub how: How,
    /// What the one who made it said, if they gave a reason.
    pub reason: Option<String>,
    /// Its entry in the bank's access log. None for what opens and ends nothing: a notice that was shown, a No
    /// to it.
    pub entry: Option<EntryId>,
    /// SHA-256 of the change before it, in hexadecimal, over its canonical JSON.
    pub previous: Option<String>,
}

/// Whether data could be read before or after a change: what the log tells.
pub fn is_logged(before: ConsentState, after: ConsentState) -> bool {
    let open = |state| matches!(state, ConsentState::Given | ConsentState::Paused);
    open(before) || open(after)
}

/// Who answers for the processing of the data (ISO/IEC TS 27560, party).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Controller {
    /// Its legal name.
    pub name: String,
    /// Its postal address.
    pub address: Option<String>,
    /// How to reach it about data.
    pub contact: Option<String>,
    /// The authority that one may complain to.
    pub authority: Option<String>,
    /// The country, or the union, whose law it follows.
    pub jurisdiction: String,
}

/// What held when a consent was asked for, beside what the consent itself says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who answers for it.
    pub controller: Controller,
    /// The rules of the law that the notice followed (`us-1033-2024`).
    pub profile: String,
    /// How far back data may be read, in days.
    pub lookback_days: i64,
    /// How many days this record is kept after the consent has ended.
    pub keep_record_days: i64,
    /// SHA-256 of all the policies that held at the bank, in hexadecimal.
    pub policy_sha256: String,
    /// SHA-256 of the rules that hold at every bank, in hexadecimal.
    pub floor_sha256: String,
    /// The consent that this one takes the place of, once it is given.
    pub supersedes: Option<ConsentId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_what_opens_and_what_ends_and_nothing_else() {
        use ConsentState as S;
        assert!(is_logged(S::Requested, S::Given) && is_logged(S::Paused, S::Withdrawn));
        assert!(!is_logged(S::Requested, S::Refused) && !is_logged(S::Requested, S::Expired));
    }
}
