//! How banks speak: an FDX-aligned subset of version 6, over FAPI 2.0 (pushed requests, PKCE S256,
//! `private_key_jwt`, DPoP with nonces, `iss`; ES256 only).
//!
//! 1. [`Connector::discover`] reads what a bank's authorization server says of itself and refuses whatever
//!    would weaken a link ([`OnboardingFault`]).
//! 2. [`Connector::begin_link`] and [`Connector::finish_link`] lead a customer to the bank and back. What
//!    comes of it is a [`Grant`]; the caller seals it.
//! 3. Reads take the grant and a permit of the gate, and give back guarded data.
//! 4. [`Connector::order`] has something done on a card or an account, where the bank has the native contract.
//! 5. [`Connector::revoke`] ends a consent at the bank.
//! 6. [`Connector::open_endpoint`] has the bank say by itself what happens, where it has the native contract;
//!    [`SigningKey::verify`] tells whether it was the bank, and [`BankEvent::read`] what it says.
//! 7. [`Connector::begin_sign_in`] and [`Connector::finish_sign_in`] tell who somebody is to the bank, by OpenID
//!    Connect, and give nothing else. Linking tells it too, where the bank offers it.
//!
//! Access tokens never leave the process. Everything a bank does wrong is a [`BankFault`], a fact with
//! numbers. Only `oauth.rs` and what is under it know which OAuth library is used.

mod attempts;
mod breaker;
mod call;
mod callback;
mod config;
mod connector;
mod consents;
mod fault;
mod fdx;
mod grant;
mod http;
mod key;
mod link;
mod native;
mod oauth;
mod onboarding;
mod random;
mod reads;
mod secret;
mod sign_in;
mod tokens;

pub use config::{ConnectorConfig, Limits, Refresh};
pub use connector::Connector;
pub use consents::AtBank;
pub use fault::{BankFault, FdxCode, Interaction, Mismatch, Tampering, Unproven, Unreadable, Weakening};
pub use fdx::text::shown;
pub use grant::{Grant, GrantKeeper, KeeperFault, Kept, Lease};
pub use key::{ClientKey, KeyFault};
pub use link::{Begun, LinkAsk, Linked, PendingLink};
pub use native::{
    BankEvent, Effect, Fact, MAX_EVENT_ID, NotAKey, OpenEndpoint, OrderKey, Outcome, Received, SigningKey,
    TOLERANCE, Unsigned,
};
pub use onboarding::{Endpoint, OnboardingFault};
pub use reads::{Listing, Period, PeriodFault};
pub use secret::Secret;
pub use sign_in::{BegunSignIn, PendingSignIn, Subject};
