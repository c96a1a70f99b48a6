//! What things are, in the words of the field: ids, money, banks, accounts, transactions, consents,
//! purposes and conversations.
//!
//! Nothing here reads a clock, a file or a socket. Time is a parameter ([`jiff::Timestamp`]); the
//! [`Clock`] trait only says what a rim must offer.

pub mod account;
pub mod backoff;
pub mod card;
pub mod channel;
pub mod clock;
pub mod consent;
pub mod consent_history;
pub mod conversation;
pub mod erasure;
pub mod ids;
pub mod money;
pub mod order;
pub mod purpose;
pub mod region;
pub mod schedule;
pub mod staff;
pub mod transaction;

pub use account::{Account, AccountKind, Balance, CardBill};
pub use card::{
    Card, CardKind, CardLimits, CardState, CardSwitches, FrozenBy, LimitChange, Loss, Replacement,
    TravelNotice,
};
pub use channel::{Channel, Tier};
pub use clock::Clock;
pub use consent::{Consent, ConsentEvent, ConsentState};
pub use consent_history::{ConsentChange, Controller, How, Terms, Who};
pub use ids::{
    AccountId, BankId, CardId, ConsentId, ConversationId, CustomerId, EntryId, LinkId, MessageId, PartnerId,
    ProposalId, SealedLinkId, SignInId, StaffId, StandingOrderId, StatementId, SubscriptionId, TransactionId,
    TravelNoticeId,
};
pub use money::{Currency, Money};
pub use order::{Operation, Order, PaymentAnswer};
pub use purpose::{DataClass, Purpose};
pub use region::Region;
pub use schedule::{
    Cadence, ContactPreferences, ContactWay, StandingOrder, Statement, StatementFile, StatementForm,
    Subscription,
};
pub use transaction::{Nature, Place, Transaction, TransactionStatus};
