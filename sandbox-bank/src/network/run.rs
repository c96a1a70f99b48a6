//! The network at work: the history first, then everything else as it happens.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use reqwest::{StatusCode, header::RETRY_AFTER};
use rusqlite::Transaction;
use tokio::sync::Mutex;

use super::{
    attacks,
    crowd::Crowd,
    events::{BulkReceipt, CardDecision},
    history::{self, Teller},
    outbox::{self, Due},
    payments,
    settings::CardStream,
    state::{self, State, state},
};
use crate::{
    clock::SharedClock,
    db::{Db, DbFault},
    ledger::{growth::Soil, homes},
    limits,
    webhooks::{Message, Sender, wait},
};

/// The card network of a bank.
pub(crate) struct Network {
    url: String,
    bulk_url: String,
    key: Vec<u8>,
    crowd: Arc<Crowd>,
    soil: Soil,
    attack_after: Option<Duration>,
    live: bool,
    /// One works at a time, so that nothing is sent twice or out of order.
    turn: Mutex<()>,
}

/// What is needed to work.
pub(crate) struct Tools<'a> {
    pub(crate) db: &'a Db,
    pub(crate) clock: &'a SharedClock,
    pub(crate) sender: &'a Sender,
}

/// How the receiver answered.
enum Answer {
    /// It has it. This is what it said.
    Taken(Vec<u8>),
    /// It asks for time.
    Later(SignedDuration),
    /// It does not take this message; it never will when it says that it is gone.
    Refused { gone: bool },
    /// It has a problem of its own, or does not answer.
    Trouble,
}

impl Network {
    /// The network of a stream whose settings were checked.
    pub(crate) fn new(stream: &CardStream, soil: &Soil) -> Self {
        let home = homes::of_currency(&soil.currency);
        Self {
            url: stream.url.to_string(),
            bulk_url: stream.bulk_url(),
            key: stream.key().unwrap_or_default(),
            crowd: Arc::new(Crowd::new(soil.seed, &home, stream.population)),
            soil: soil.clone(),
            attack_after: stream.attack_after,
            live: stream.population.per_minute > 0,
            turn: Mutex::default(),
        }
    }

    /// Whether the crowd pays live at all.
    pub(crate) fn has_live(&self) -> bool {
        self.live
    }

    /// Does what is due: sends the history, lets the crowd and the attackers pay, and sends what waits.
    pub(crate) async fn work(&self, tools: &Tools<'_>) -> Result<(), DbFault> {
        let _turn = self.turn.lock().await;
        if !self.tell_history(tools).await? {
            return Ok(());
        }
        let (crowd, soil, after) = (self.crowd.clone(), self.soil.clone(), self.attack_after);
        let now = tools.clock.now();
        tools.db.transact(move |tx| happen(tx, (&crowd, &soil), after, now)).await?;
        self.tell_waiting(tools).await
    }

    /// Sends the history, file by file. True when the receiver has all of it.
    async fn tell_history(&self, tools: &Tools<'_>) -> Result<bool, DbFault> {
        loop {
            let found = tools
                .db
                .transact(move |tx| {
                    let Some(state) = state(tx)?.filter(|state| state.history_done_at.is_none()) else {
                        return Ok(None);
                    };
                    Ok::<_, DbFault>(Some((state, history::of_customers(tx)?)))
                })
                .await?;
            let Some((state, customers)) = found else { return Ok(true) };
            let now = tools.clock.now();
            if state.waits_until > now {
                return Ok(false);
            }
            let (crowd, currency, kept) = (self.crowd.clone(), self.soil.currency.clone(), state.clone());
            let made = tokio::task::spawn_blocking(move || {
                let mut teller = Teller::new(&crowd, &kept.tokens, &currency);
                history::file(&mut teller, &kept, &customers, history::FILE)
            });
            let file = made.await.map_err(|_| DbFault::Interrupted)??;
            let message = Message {
                url: &self.bulk_url,
                key: &self.key,
                id: &file.id,
                at: now,
                content_type: "application/x-ndjson",
                body: file.body,
                wait: limits::BULK_WAIT,
            };
            let answer = ask(tools.sender, message).await;
            let (from, lines, next) = (state.history, file.lines, file.next);
            match answer {
                Answer::Taken(said) => {
                    let receipt: BulkReceipt = serde_json::from_slice(&said).unwrap_or_default();
                    let counts = (receipt.taken, receipt.repeated);
                    tracing::info!(
                        lines,
                        taken = counts.0,
                        repeated = counts.1,
                        last = next.is_none(),
                        "a file of card history was taken"
                    );
                    tools.db.transact(move |tx| state::history_sent(tx, (from, next), counts, now)).await?;
                }
                other => {
                    let (until, tries) = hold(&other, state.tries, now);
                    tools.db.transact(move |tx| state::hold(tx, until, tries)).await?;
                    return Ok(false);
                }
            }
        }
    }

    /// Sends what waits, one after the other, until the receiver asks for time or does not answer.
    async fn tell_waiting(&self, tools: &Tools<'_>) -> Result<(), DbFault> {
        loop {
            let now = tools.clock.now();
            let found = tools
                .db
                .transact(move |tx| {
                    let Some(state) = state(tx)?.filter(|state| state.waits_until <= now) else {
                        return Ok(None);
                    };
                    Ok::<_, DbFault>(Some((state.tries, outbox::due(tx, now)?)))
                })
                .await?;
            let Some((tries, due)) = found.filter(|(_, due)| !due.is_empty()) else { return Ok(()) };
            for message in due {
                if !self.tell(tools, message, tries).await? {
                    return Ok(());
                }
            }
        }
    }

    /// Sends one message. False when the stream has to wait now.
    async fn tell(&self, tools: &Tools<'_>, due: Due, tries: u32) -> Result<bool, DbFault> {
        let now = tools.clock.now();
        let message = Message {
            url: &self.url,
            key: &self.key,
            id: &due.id,
            at: now,
            content_type: "application/json",
            body: due.body.clone(),
            wait: limits::WEBHOOK_WAIT,
        };
        match ask(tools.sender, message).await {
            Answer::Taken(said) => {
                tools.db.transact(move |tx| taken(tx, &due, &said, now)).await?;
                Ok(true)
            }
            Answer::Refused { gone } => {
                tracing::warn!(id = due.id, tries = due.tries, gone, "the receiver refused a card event");
                tools.db.transact(move |tx| outbox::refused(tx, &due, gone, now)).await?;
                Ok(true)
            }
            other => {
                let (until, tries) = hold(&other, tries, now);
                tools.db.transact(move |tx| state::hold(tx, until, tries)).await?;
                Ok(false)
            }
        }
    }
}

/// Until when the stream waits after an answer, and how many tries nobody answered.
fn hold(answer: &Answer, tries: u32, now: Timestamp) -> (Timestamp, u32) {
    let (wait, tries) = match answer {
        Answer::Later(asked) => (*asked, tries),
        _ => {
            let tries = tries.saturating_add(1);
            (SignedDuration::from_secs(wait(tries).min(limits::STREAM_WAIT_MAX_S)), tries)
        }
    };
    (now.saturating_add(wait).unwrap_or(now), tries)
}

async fn ask(sender: &Sender, message: Message<'_>) -> Answer {
    let Ok(answer) = sender.post(message).await else { return Answer::Trouble };
    match answer.status() {
        status if status.is_success() => Answer::Taken(said(answer).await),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let seconds =
                asked.unwrap_or(limits::STREAM_WAIT_DEFAULT_S).clamp(1, limits::STREAM_RETRY_AFTER_MAX_S);
            Answer::Later(SignedDuration::from_secs(seconds))
        }
        status if status.is_client_error() => Answer::Refused { gone: status == StatusCode::GONE },
        _ => Answer::Trouble,
    }
}

/// The beginning of what the receiver said: enough for a decision.
async fn said(mut answer: reqwest::Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < limits::DECISION_BYTES {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            // What is cut off is no decision, and the event was taken all the same.
            Ok(None) | Err(_) => break,
        }
    }
    bytes
}

fn taken(tx: &Transaction<'_>, due: &Due, said: &[u8], now: Timestamp) -> Result<(), DbFault> {
    outbox::sent(tx, &due.id, now)?;
    state::answered(tx)?;
    let Some(payment) = &due.payment else { return Ok(()) };
    let Ok(decision) = serde_json::from_slice::<CardDecision>(said) else { return Ok(()) };
    let score = decision.score.filter(|score| (0.0..=1.0).contains(score));
    let word = |text: &String| {
        (1..=limits::DECISION_WORD_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    payments::decided(tx, payment, score, decision.action.filter(word).as_deref())
}

/// What happens up to now: the crowd pays, attackers pay, and what was paid a week ago is known for what it was.
fn happen(
    tx: &Transaction<'_>,
    (crowd, soil): (&Crowd, &Soil),
    attack_after: Option<Duration>,
    now: Timestamp,
) -> Result<(), DbFault> {
    let Some(state) = state(tx)? else { return Ok(()) };
    let mut teller = Teller::new(crowd, &state.tokens, &soil.currency);
    live(tx, &mut teller, &state, now)?;
    attacks::go_on(tx, &homes::of_currency(&soil.currency), now)?;
    if let Some(after) = attack_after {
        attacks::automatic(tx, after, now)?;
    }
    payments::label_due(tx, &state, now)?;
    labels(tx, &mut teller, &state, now)
}

/// The crowd's live payments, unless somebody paused them, the bank was closed, or too many wait.
fn live(tx: &Transaction<'_>, teller: &mut Teller<'_>, state: &State, now: Timestamp) -> Result<(), DbFault> {
    let crowded = outbox::waiting(tx)?.1 >= limits::STREAM_CROWD_WAITING;
    let longest = SignedDuration::from_secs(limits::STREAM_LIVE_GAP_S);
    let gap = now.duration_since(state.live_until) > longest;
    if state.paused || crowded || gap {
        return state::lived(tx, None, now);
    }
    for paid in teller.crowd.live_between(state.live_until, now) {
        let (id, what) = teller.payment(&paid);
        outbox::put(tx, &id, None, what, now)?;
    }
    state::lived(tx, Some(state.live_until), now)
}

/// The labels of the crowd's payments, a stretch at a time, and not while too many wait.
fn labels(
    tx: &Transaction<'_>,
    teller: &mut Teller<'_>,
    state: &State,
    now: Timestamp,
) -> Result<(), DbFault> {
    let begins = state::history_begins(state.opened_at);
    let (mut from, spans) = (state.labels_until, state::spans(tx)?);
    while now.duration_since(from) >= SignedDuration::from_secs(limits::STREAM_LABELS_EVERY_S) {
        if outbox::waiting(tx)?.1 >= limits::STREAM_CROWD_WAITING {
            break;
        }
        let to = from
            .saturating_add(SignedDuration::from_mins(limits::STREAM_LABELS_STRETCH_MIN))
            .unwrap_or(now)
            .min(now);
        let of_history = teller.crowd.labels_between(from, to);
        let of_history = of_history.into_iter().filter(|paid| paid.at > begins && paid.at <= state.opened_at);
        let live = teller.crowd.live_labels_between(&spans, from, to);
        for paid in of_history.chain(live) {
            let (id, what) = teller.label(&paid);
            outbox::put(tx, &id, None, what, now)?;
        }
        state::labelled(tx, to)?;
        from = to;
    }
    Ok(())
}
