//! Taking in what a bank says: whether it was the bank, whose it is, and stored before it is answered. What is nobody's
//! business is not stored at all.

use super::{Event, Happened};
use crate::{app::App, tenant::Tenant};
use banks::{BankEvent, Received, SigningKey, Unreadable, Unsigned};
use store::{
    DbError,
    bank_events::{self, NewEvent, Owner},
    watches,
};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is stored, and is looked at now.
    Stored,
    /// It was stored before; nothing was done.
    Repeated,
    /// Nobody asked to be told of it; nothing was stored.
    Ignored,
}

impl Taken {
    fn as_str(self) -> &'static str {
        match self {
            Taken::Stored => "stored",
            Taken::Repeated => "repeated",
            Taken::Ignored => "ignored",
        }
    }
}

/// Why an event is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// This bank sends nothing here.
    #[error("this bank sends nothing here")]
    NotExpected,
    /// It is not the bank's, or not of now.
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    /// It was signed by the bank, and cannot be understood.
    #[error("the event cannot be read: {0}")]
    Unreadable(Unreadable),
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Takes an event in. It is durable when this returns.
pub async fn take(app: &App, tenant: &Tenant, message: &Received<'_>) -> Result<Taken, Refused> {
    let taken = check_and_store(app, tenant, message).await;
    let outcome = match &taken {
        Ok(taken) => taken.as_str(),
        Err(Refused::Store(_)) => "failed",
        Err(refused) => {
            tracing::warn!(bank = %tenant.id, %refused, "an event that came for a bank was refused");
            "refused"
        }
    };
    metrics::counter!("parlour_bank_events_total", "bank" => tenant.id.to_string(), "outcome" => outcome)
        .increment(1);
    taken
}

async fn check_and_store(app: &App, tenant: &Tenant, message: &Received<'_>) -> Result<Taken, Refused> {
    if !tenant.tells_events {
        return Err(Refused::NotExpected);
    }
    let bank = tenant.id.clone();
    let endpoint = app.store.read(move |tx| bank_events::endpoint(tx, &bank)).await?;
    let endpoint = endpoint.ok_or(Refused::NotExpected)?;
    let now = app.clock.now();
    SigningKey::from_bytes(&endpoint.secret).verify(message, now)?;
    let (at_bank, event) = match BankEvent::read(message.body).map_err(Refused::Unreadable)? {
        BankEvent::Payment { consent, account, transaction, was, at } => {
            (consent, Event::Payment(Happened { account, transaction, was, at }))
        }
        BankEvent::ConsentEnded { consent } => (consent, Event::ConsentEnded),
        BankEvent::Other => return Ok(Taken::Ignored),
    };
    let at_bank = bank_events::fingerprint(&at_bank);
    let (bank, id) = (tenant.id.clone(), message.id.to_owned());
    let body = serde_json::to_vec(&event).expect("an event is plain data");
    let wanted = matches!(event, Event::Payment(_));
    let taken = app.store.transact(move |tx| -> Result<Taken, DbError> {
        let Some(owner) = bank_events::owner(tx, &bank, &at_bank)? else { return Ok(Taken::Ignored) };
        let Owner { customer, conversation, .. } = &owner;
        if wanted && !watches::any(tx, &bank, customer, conversation)? {
            return Ok(Taken::Ignored);
        }
        let new = NewEvent { bank: &bank, id: &id, owner: &owner, body: &body, now };
        Ok(if bank_events::receive(tx, &new)? { Taken::Stored } else { Taken::Repeated })
    });
    match taken.await {
        // Its customer was erased at this moment.
        Err(DbError::NoKey { .. }) => Ok(Taken::Ignored),
        taken => Ok(taken?),
    }
}
