//! What the gate is asked.

use domain::{
    AccountId, BankId, Channel, Consent, CustomerId, DataClass, EntryId, Money, Operation, PartnerId, Region,
    Tier,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// May data of this class, of these accounts, be read and shown here and now? Or, with an order: may this be
/// paid from these accounts, or be done on them? The purpose is the type parameter of [`crate::Gate::decide`].
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The id under which the decision goes into the access log. Made by the caller, used once.
    pub entry: EntryId,
    /// The bank that holds the data.
    pub bank: &'a BankId,
    /// Who asks.
    pub asker: Asker<'a>,
    /// Whose data it is.
    pub customer: &'a CustomerId,
    /// The newest consent of this conversation, if there is one.
    pub consent: Option<&'a Consent>,
    /// Which data. For a payment: accounts, since it is drawn from those. For another order: what it changes
    /// ([`Operation::data_class`]).
    pub data_class: DataClass,
    /// Of which accounts. Empty: of all that the consent names.
    pub accounts: &'a [AccountId],
    /// What is ordered. None: data is read.
    pub ordered: Option<Ordered>,
    /// Where it would be shown.
    pub channel: Channel,
    /// How it would be shown there.
    pub tier: Tier,
    /// What else is known of the moment.
    pub circumstances: Circumstances<'a>,
    /// The present moment. Compared to the microsecond.
    pub now: Timestamp,
}

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordered {
    /// This is to be paid.
    Payment(Money),
    /// This is to be done on a card or an account.
    Operation(Operation),
}

impl Question<'_> {
    /// What is to be paid, if a payment is ordered.
    pub fn payment(&self) -> Option<Money> {
        match self.ordered {
            Some(Ordered::Payment(money)) => Some(money),
            _ => None,
        }
    }

    /// What is to be done, if something else is ordered.
    pub fn operation(&self) -> Option<Operation> {
        match self.ordered {
            Some(Ordered::Operation(operation)) => Some(operation),
            _ => None,
        }
    }
}

/// What is known of how a question came. What is not known is None; a bank may refuse that too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// From where the customer writes.
    pub region: Option<Region>,
    /// The company that carries the question for the customer. None: nobody does.
    pub partner: Option<&'a PartnerId>,
}

/// Who asks. All kinds can be uttered; the floor refuses all but customers, and people of the bank who work on a
/// case that the customer opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker<'a> {
    /// A customer.
    Customer(&'a CustomerId),
    /// A person of a bank who works on cases.
    Agent {
        /// How the bank calls them.
        id: &'a str,
        /// Their bank.
        bank: &'a BankId,
        /// The customers whose open case they work on, at this moment.
        open_cases: &'a [CustomerId],
    },
    /// Anybody else of a bank.
    Staff {
        /// How the bank calls them.
        id: &'a str,
        /// Their bank.
        bank: &'a BankId,
    },
    /// A company.
    Partner {
        /// Its name.
        id: &'a PartnerId,
        /// The bank that it works with.
        bank: &'a BankId,
    },
    /// Whoever runs a messenger, or this program.
    Platform {
        /// Its name.
        id: &'a str,
    },
}

/// A kind of asker, as decisions and refusals tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskerKind {
    /// A customer.
    #[default]
    Customer,
    /// A person of a bank who works on cases.
    Agent,
    /// Anybody else of a bank.
    Staff,
    /// A company.
    Partner,
    /// Whoever runs a messenger, or this program.
    Platform,
}

impl Asker<'_> {
    /// The kind of asker.
    pub fn kind(&self) -> AskerKind {
        match self {
            Asker::Customer(_) => AskerKind::Customer,
            Asker::Agent { .. } => AskerKind::Agent,
            Asker::Staff { .. } => AskerKind::Staff,
            Asker::Partner { .. } => AskerKind::Partner,
            Asker::Platform { .. } => AskerKind::Platform,
        }
    }
}

impl AskerKind {
    /// All there are.
    pub const ALL: &'static [AskerKind] =
        &[AskerKind::Customer, AskerKind::Agent, AskerKind::Staff, AskerKind::Partner, AskerKind::Platform];

    /// The name in files and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            AskerKind::Customer => "customer",
            AskerKind::Agent => "agent",
            AskerKind::Staff => "staff",
            AskerKind::Partner => "partner",
            AskerKind::Platform => "platform",
        }
    }

    /// What people read.
    pub fn in_words(self) -> &'static str {
        match self {
            AskerKind::Customer => "a customer",
            AskerKind::Agent => "somebody of the bank who works on a case",
            AskerKind::Staff => "somebody else of the bank",
            AskerKind::Partner => "another company",
            AskerKind::Platform => "whoever runs the messenger",
        }
    }

    /// Whether it is the usual one; decisions leave it unsaid then.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_customer(&self) -> bool {
        *self == AskerKind::Customer
    }
}
