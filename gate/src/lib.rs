//! Whether bank data may leave: Cedar policies, permits, guarded data.
//!
//! The way of one access:
//! 1. A use case asks [`Gate::decide`] a [`Question`] for a purpose, and gets a [`Verdict`].
//! 2. The [`Decision`] goes into the access log, yes or no. The log answers with [`Logged`].
//! 3. A yes ([`Granted`]) and its [`Logged`] make the [`Permit`].
//! 4. A connector reads under the permit and gives back [`Guarded`] data.
//! 5. The permit opens it, once.
//!
//! Nothing here does I/O or reads a clock.

mod allowing;
mod decision;
mod fault;
mod gate;
mod law;
mod no;
mod opinion;
mod permit;
mod purpose;
mod question;
mod reason;
mod rules;
mod texts;
mod vocabulary;

pub use decision::{Decision, Granted, NotThisDecision, Refusal, Verdict};
pub use fault::{Place, PolicyFault};
pub use gate::{Gate, Trial};
pub use no::{Hours, No, NotHours, Refused, Regions};
pub use permit::{Guarded, Logged, Opened, Permit, WrongPermit};
pub use purpose::{
    AccountManagement, AnswerCustomer, CustomerAlert, CustomerPayment, DisputeSupport, ForPurpose,
    OwnSpendingMap, ReceiptMatch,
};
pub use question::{Asker, AskerKind, Circumstances, Ordered, Question};
pub use reason::RefusalReason;
pub use rules::{BankRules, Offer, PolicyFile};
pub use texts::{Clause, LawTexts, PolicyTexts, law_digest, law_texts};
