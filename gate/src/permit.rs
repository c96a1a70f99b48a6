//! The permit, and the data that only it opens.
//!
//! None of these types is Clone, Copy, Debug, Default, Deref, AsRef or Serialize, and none has a public
//! field, so data cannot get past them by accident.

use crate::{Decision, ForPurpose};
use domain::{AccountId, BankId, CustomerId, DataClass, EntryId, Money, Operation, Purpose, Tier};
use std::marker::PhantomData;

/// The fact that a decision is durable in the access log, and at which index.
#[derive(Debug, PartialEq, Eq)]
pub struct Logged {
    entry: EntryId,
    index: u64,
}

impl Logged {
    /// Says that an entry is in the log. It is public because the log lives in another crate, and banned by
    /// `clippy.toml` everywhere but in the store's sequencer, which calls it after the entry is durable.
    pub fn attest(entry: EntryId, index: u64) -> Logged {
        Logged { entry, index }
    }

    /// The entry.
    pub fn entry(&self) -> &EntryId {
        &self.entry
    }

    /// Its place in the bank's log, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// The right to read one class of data, of some accounts of one customer, for the purpose `P`, or to have one
/// order carried out on them: proof that the gate said yes and that the log has it. Opens one [`Guarded`] value and is gone then.
#[must_use = "a permit that is not used leaves an access in the log that did not take place"]
pub struct Permit<P: ForPurpose> {
    decision: Decision,
    index: u64,
    purpose: PhantomData<fn() -> P>,
}

impl<P: ForPurpose> Permit<P> {
    /// Only a logged grant becomes a permit.
    pub(crate) fn new(decision: Decision, index: u64) -> Self {
        Permit { decision, index, purpose: PhantomData }
    }

    /// Whether it lets this class of data be read. A permit to read is for exactly one; a permit for an order
    /// reads nothing.
    pub fn covers(&self, data_class: DataClass) -> bool {
        self.decision.payment.is_none()
            && self.decision.operation.is_none()
            && self.decision.data_class == data_class
    }

    /// What may be paid from the accounts, exactly. None: nothing may.
    pub fn payment(&self) -> Option<Money> {
        self.decision.payment
    }

    /// What may be done on the cards and accounts, exactly. None: nothing may.
    pub fn operation(&self) -> Option<Operation> {
        self.decision.operation
    }

    /// The class of data.
    pub fn data_class(&self) -> DataClass {
        self.decision.data_class
    }

    /// The accounts that may be read. Never empty; what is not named may not be read.
    pub fn accounts(&self) -> &[AccountId] {
        &self.decision.accounts
    }

    /// The bank that holds the data.
    pub fn bank(&self) -> &BankId {
        &self.decision.bank
    }

    /// The customer whose data it is.
    pub fn customer(&self) -> &CustomerId {
        &self.decision.customer
    }

    /// How the data may be shown: the tier that was asked for and granted.
    pub fn tier(&self) -> Tier {
        self.decision.tier
    }

    /// The log entry.
    pub fn entry(&self) -> &EntryId {
        &self.decision.entry
    }

    /// The entry's place in the bank's log, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// Bank data that was read under a permit and opens with that permit only.
#[must_use = "guarded data is opened with its permit or dropped"]
pub struct Guarded<T, P: ForPurpose> {
    value: T,
    entry: EntryId,
    index: u64,
    purpose: PhantomData<fn() -> P>,
}

/// Data that has left the gate, and the place of its decision in the log.
pub struct Opened<T> {
    /// The data.
    pub value: T,
    /// The log entry.
    pub entry: EntryId,
    /// Its place in the bank's log, from 0.
    pub index: u64,
    /// The class of the data.
    pub data_class: DataClass,
    /// What it may be used for.
    pub purpose: Purpose,
    /// How it may be shown: in the conversation, or on a page of its own only.
    pub tier: Tier,
}

/// The permit is that of another decision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("data read under the decision {sealed} cannot be opened with the permit of {given}")]
pub struct WrongPermit {
    /// The decision under which the data was read.
    pub sealed: EntryId,
    /// The decision of the permit.
    pub given: EntryId,
}

impl<T, P: ForPurpose> Guarded<T, P> {
    /// Seals what was read under a permit.
    pub fn seal(permit: &Permit<P>, value: T) -> Self {
        Guarded { value, entry: permit.entry().clone(), index: permit.index, purpose: PhantomData }
    }

    /// Opens it and uses the permit up. With the permit of another decision, data and permit are lost.
    pub fn open(self, permit: Permit<P>) -> Result<Opened<T>, WrongPermit> {
        if self.entry != permit.decision.entry || self.index != permit.index {
            return Err(WrongPermit { sealed: self.entry, given: permit.decision.entry });
        }
        Ok(Opened {
            value: self.value,
            entry: self.entry,
            index: self.index,
            data_class: permit.decision.data_class,
            purpose: P::PURPOSE,
            tier: permit.decision.tier,
        })
    }
}
