//! Taking in what a bank tells of card payments: whether it was the bank, whether it can be read, and stored before it is
//! answered.

use super::{
    engine::{EngineFault, Taken},
    wire::{self, Incoming, Unreadable, Written},
};
use crate::{app::App, tenant::Tenant};
use banks::{MAX_EVENT_ID, Received, Unsigned};

/// The most events of one file.
pub const MOST_LINES: usize = 10_000;

/// Why nothing was taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// This bank tells of no card payments here.
    #[error("this bank tells of no card payments here")]
    NotExpected,
    /// It is not the bank's, or not of now.
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    /// It is no event. Of a file with the line, from 1.
    #[error("{}{}{what}", line.map(|line| format!("line {line}: ")).unwrap_or_default(), field.as_ref().map(|field| format!("`{field}` ")).unwrap_or_default())]
    Unreadable {
        /// Which line of a file.
        line: Option<usize>,
        /// The field, if it is known.
        field: Option<String>,
        /// What is wrong.
        what: String,
    },
    /// A file with more events than are taken at once.
    #[error("the file has more than {MOST_LINES} lines")]
    TooMany,
    /// It could not be stored. Send it again.
    #[error(transparent)]
    Engine(#[from] EngineFault),
}

impl Refused {
    fn unreadable(line: Option<usize>, fault: Unreadable) -> Refused {
        Refused::Unreadable { line, field: Some(fault.field), what: fault.what }
    }

    fn form(line: Option<usize>, fault: &serde_json::Error) -> Refused {
        Refused::Unreadable { line, field: None, what: format!("this is no event: {fault}") }
    }
}

/// Takes one event in, and says what was decided.
pub async fn take_one(app: &App, tenant: &Tenant, message: &Received<'_>) -> Result<Taken, Refused> {
    let taken = match one(app, tenant, message) {
        Ok(event) => app.engines.take(&tenant.id, vec![event]).await.map_err(Refused::from),
        Err(refused) => Err(refused),
    };
    note(tenant, &taken.as_ref().map(|_| 1));
    Ok(taken?.remove(0))
}

fn one(app: &App, tenant: &Tenant, message: &Received<'_>) -> Result<Incoming, Refused> {
    signed(app, tenant, message)?;
    let written: Written =
        serde_json::from_slice(message.body).map_err(|fault| Refused::form(None, &fault))?;
    let naming = app.engines.naming(&tenant.id);
    wire::read(&naming, message.id, &written, app.clock.now())
        .map_err(|fault| Refused::unreadable(None, fault))
}

/// Takes a file in, line by line; all of it or nothing.
pub async fn take_file(app: &App, tenant: &Tenant, message: &Received<'_>) -> Result<Vec<Taken>, Refused> {
    let taken = match many(app, tenant, message) {
        Ok(events) if events.is_empty() => Ok(vec![]),
        Ok(events) => app.engines.take(&tenant.id, events).await.map_err(Refused::from),
        Err(refused) => Err(refused),
    };
    note(tenant, &taken.as_ref().map(Vec::len));
    taken
}

fn many(app: &App, tenant: &Tenant, message: &Received<'_>) -> Result<Vec<Incoming>, Refused> {
    signed(app, tenant, message)?;
    let (naming, now) = (app.engines.naming(&tenant.id), app.clock.now());
    let lines = message.body.split(|byte| *byte == b'\n').enumerate();
    let mut events = vec![];
    for (at, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
        if events.len() == MOST_LINES {
            return Err(Refused::TooMany);
        }
        let at = Some(at + 1);
        let written: Written = serde_json::from_slice(line).map_err(|fault| Refused::form(at, &fault))?;
        let id = written.id.as_deref().unwrap_or_default();
        if id.is_empty() || id.len() > MAX_EVENT_ID || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            let what = format!(
                "needs 1 to {MAX_EVENT_ID} visible signs: the id of the event, the same when it is sent again"
            );
            return Err(Refused::unreadable(at, Unreadable { field: "id".to_owned(), what }));
        }
        let event = wire::read(&naming, id, &written, now).map_err(|fault| Refused::unreadable(at, fault))?;
        events.push(event);
    }
    Ok(events)
}

fn signed(app: &App, tenant: &Tenant, message: &Received<'_>) -> Result<(), Refused> {
    let fraud = tenant.fraud.as_ref().ok_or(Refused::NotExpected)?;
    Ok(fraud.key.verify(message, app.clock.now())?)
}

fn note(tenant: &Tenant, taken: &Result<usize, &Refused>) {
    let (outcome, count) = match taken {
        Ok(count) => ("taken", *count),
        Err(Refused::Engine(_)) => ("put_off", 1),
        Err(refused) => {
            tracing::warn!(bank = %tenant.id, %refused, "card events that came for a bank were refused");
            ("refused", 1)
        }
    };
    metrics::counter!("parlour_card_events_total", "bank" => tenant.id.to_string(), "outcome" => outcome)
        .increment(count as u64);
}
