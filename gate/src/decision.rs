//! What the gate answers.

use crate::{AskerKind, ForPurpose, Logged, Permit, reason::RefusalReason};
use domain::{
    AccountId, BankId, Channel, ConsentId, CustomerId, DataClass, EntryId, Money, Operation, Purpose, Tier,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// One decision, as it goes into the access log. It says what was decided and gives no right to anything:
/// only a [`Permit`] opens data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The id of the log entry.
    pub entry: EntryId,
    /// When it was decided.
    pub at: Timestamp,
    /// The bank that holds the data.
    pub bank: BankId,
    /// Whose data it is.
    pub customer: CustomerId,
    /// Who asked. In JSON only if it was not a customer.
    #[serde(default, skip_serializing_if = "AskerKind::is_customer")]
    pub asked_by: AskerKind,
    /// The consent that was looked at. None if there was none, or if it belongs to somebody else.
    pub consent: Option<ConsentId>,
    /// What for.
    pub purpose: Purpose,
    /// Which data.
    pub data_class: DataClass,
    /// Of which accounts. If the question named none: all that the consent names.
    pub accounts: Vec<AccountId>,
    /// What was to be paid. In JSON only if a payment was ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Money>,
    /// What was to be done. In JSON only if something was ordered that is no payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Where it would be shown.
    pub channel: Channel,
    /// How it would be shown.
    pub tier: Tier,
    /// Yes or no.
    pub allowed: bool,
    /// Why not. None exactly when `allowed`.
    pub reason: Option<RefusalReason>,
    /// The policies that led to it: the permits of a yes, the forbids of a no (`floor/<name>`,
    /// `bank/<bank>/<file>#<n>`), sorted. For a policy error: those that failed.
    pub clauses: Vec<String>,
    /// SHA-256 of all the rules that held: schema, floor, and the bank's policies and tiers.
    #[serde(with = "hexadecimal")]
    pub policy_digest: [u8; 32],
}

/// The answer to a question that was asked for the purpose `P`. Both answers are to be logged.
#[must_use = "a decision that is not logged is worth nothing"]
pub enum Verdict<P: ForPurpose> {
    /// Yes, once it is logged.
    Allowed(Granted<P>),
    /// No.
    Refused(Refusal),
}

/// A yes that is not logged yet. It opens nothing; [`Granted::permit`] makes the permit of it once the
/// log has it. Neither Clone nor Copy: one decision, one permit.
#[must_use = "a grant opens nothing until it is logged"]
pub struct Granted<P: ForPurpose> {
    decision: Decision,
    purpose: PhantomData<fn() -> P>,
}

/// A no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The decision, for the log.
    pub decision: Decision,
    /// Why.
    pub reason: RefusalReason,
    /// The bank's own words to the customer, where the bank is the one that says no.
    pub said: Option<String>,
}

/// The log entry is that of another decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log entry {logged} is not that of the decision {decided}")]
pub struct NotThisDecision {
    /// The entry of the decision.
    pub decided: EntryId,
    /// The entry that was logged.
    pub logged: EntryId,
}

impl<P: ForPurpose> Verdict<P> {
    /// The decision, for the log.
    pub fn decision(&self) -> &Decision {
        match self {
            Verdict::Allowed(granted) => granted.decision(),
            Verdict::Refused(refusal) => &refusal.decision,
        }
    }

    /// Whether the rules themselves failed. It is a refusal, and somebody should be told at once.
    pub fn policy_fault(&self) -> bool {
        matches!(self, Verdict::Refused(Refusal { reason: RefusalReason::PolicyError { .. }, .. }))
    }
}

impl<P: ForPurpose> Granted<P> {
    /// Only the gate grants.
    pub(crate) fn new(decision: Decision) -> Self {
        Granted { decision, purpose: PhantomData }
    }

    /// The decision, for the log.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The permit, once the decision is in the log. An entry of another decision gives none.
    pub fn permit(self, logged: &Logged) -> Result<Permit<P>, NotThisDecision> {
        if *logged.entry() != self.decision.entry {
            return Err(NotThisDecision { decided: self.decision.entry, logged: logged.entry().clone() });
        }
        Ok(Permit::new(self.decision, logged.index()))
    }
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom("a digest is 64 lowercase hexadecimal digits");
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 64 || !text.bytes().all(digit) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
        }
        Ok(bytes)
    }
}
