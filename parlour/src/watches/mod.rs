//! Keeping an eye: what customers asked to be told of, set in words in the chat, and told when the bank says that something
//! has happened. Nothing of an account is kept for it: an event names a payment, the payment is read under a decision of
//! the gate, compared, told or let go. docs/watches.md says what is sent and stored.

pub mod chat;
pub mod endpoint;
pub mod fires;
pub mod hours;
pub mod intake;
pub mod look;
pub mod rule;
pub mod tell;
pub mod worker;

pub use chat::{answer_if_asked, said};
pub use rule::{Rule, Watch};

use crate::{asking::Turn, tenant::Tenant};
use domain::{AccountId, Consent, DataClass, TransactionId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{DbError, Tx, conversations::Conversation, watches::Stored};
use understanding::{Intent, WatchKind};

/// The most alerts of one conversation. Each is compared with each payment; who needs more wants a list of payments.
pub const MOST: u32 = 20;
/// How long a page with what alerts have to tell opens. Longer than other pages: nobody waits for it when it comes.
pub const PAGE_LASTS: SignedDuration = SignedDuration::from_hours(12);

/// What has happened, as a bank names it. Ids, and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// The account.
    pub account: AccountId,
    /// The payment.
    pub transaction: TransactionId,
    /// The id that it had while it was pending.
    pub was: Option<TransactionId>,
    /// When it happened at the bank.
    pub at: Timestamp,
}

/// What an event of the inbox says. Sealed at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A payment was made, or booked.
    Payment(Happened),
    /// The consent was ended at the bank.
    ConsentEnded,
}

/// An alert that has something to tell, for the page that tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The watch, by its number.
    pub number: u32,
    /// Of what.
    pub happened: Happened,
}

/// A watch as it is kept.
#[derive(Clone)]
pub struct Kept {
    /// As it is stored.
    pub stored: Stored,
    /// What it says.
    pub watch: Watch,
}

/// Whether a message is about alerts.
pub fn is_about(intent: Intent) -> bool {
    matches!(intent, Intent::Watch | Intent::Watches | Intent::WatchStop)
}

/// The watches of a conversation, by number. One that another version wrote and this one cannot read is passed over.
pub fn read(tx: &mut Tx, of: &Conversation) -> Result<Vec<Kept>, DbError> {
    let stored = store::watches::of(tx, of)?;
    let read = |stored: Stored| Some(Kept { watch: serde_json::from_slice(&stored.body).ok()?, stored });
    Ok(stored.into_iter().filter_map(read).collect())
}

/// Whether the bank says by itself when something happens, and there is something that may be read then.
pub fn offered(tenant: &Tenant) -> bool {
    let told_of = [DataClass::Balances, DataClass::Transactions];
    tenant.tells_events && tenant.offers.iter().any(|class| told_of.contains(class))
}

/// The data without which an alert of a kind cannot be given.
fn needs(kind: WatchKind) -> &'static [DataClass] {
    match kind {
        WatchKind::LowBalance => &[DataClass::Balances],
        WatchKind::PriceRise => &[DataClass::Transactions, DataClass::ScheduledPayments],
        WatchKind::Purchase
        | WatchKind::Salary
        | WatchKind::MoneyIn
        | WatchKind::Foreign
        | WatchKind::CardUse => &[DataClass::Transactions],
    }
}

/// Whether places may be read under a consent. Without them only the currency tells that something was paid abroad.
fn may_place(turn: &Turn, consent: &Consent) -> bool {
    let class = DataClass::MerchantPlaces;
    turn.tenant.offers.contains(&class) && consent.data_classes.contains(&class)
}

/// Forgets all that serves the alerts of a consent's conversation, unless a newer consent has taken its place.
pub fn forget(tx: &mut Tx, consent: &Consent) -> Result<(), DbError> {
    let open = store::consents::current(tx, &consent.bank, &consent.customer, &consent.conversation)?;
    match open {
        Some(_) => Ok(()),
        None => store::watches::forget(tx, &consent.bank, &consent.customer, &consent.conversation),
    }
}
