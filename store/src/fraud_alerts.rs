//! Payments that customers are asked about: from the suspicion to an answer, or to the end of waiting for one.

use crate::{
    DbError, Tx,
    conversations::Conversation,
    seal::Place,
    value::{Arg, Row, micros},
    wake::Ring,
};
use domain::{BankId, ConsentId, ConversationId, CustomerId, staff::FraudVerdict};
use jiff::Timestamp;
use std::{fmt, str::FromStr};

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertState {
    /// The customer is to be asked.
    Due,
    /// They were asked.
    Asked,
    /// The payment is not theirs.
    NotMine,
    /// The payment is theirs.
    Mine,
    /// They said nothing for as long as was waited. The bank's people look into it.
    Unanswered,
    /// The customer could not be asked: the sharing ended. The bank's people look into it.
    NotAsked,
}

/// A text that is not the state of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the state of an alert")]
pub struct NotAnAlertState;

impl AlertState {
    /// All there are.
    pub const ALL: [AlertState; 6] = [
        AlertState::Due,
        AlertState::Asked,
        AlertState::NotMine,
        AlertState::Mine,
        AlertState::Unanswered,
        AlertState::NotAsked,
    ];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            AlertState::Due => "due",
            AlertState::Asked => "asked",
            AlertState::NotMine => "not_mine",
            AlertState::Mine => "mine",
            AlertState::Unanswered => "unanswered",
            AlertState::NotAsked => "not_asked",
        }
    }
}

impl FromStr for AlertState {
    type Err = NotAnAlertState;
    fn from_str(text: &str) -> Result<Self, NotAnAlertState> {
        AlertState::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotAnAlertState)
    }
}

impl fmt::Display for AlertState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An alert to be stored.
pub struct NewAlert<'a> {
    /// Its id.
    pub id: &'a str,
    /// The bank.
    pub bank: &'a BankId,
    /// Whose it is.
    pub customer: &'a CustomerId,
    /// Where they are asked.
    pub conversation: &'a ConversationId,
    /// The consent under which they are asked.
    pub consent: &'a ConsentId,
    /// SHA-256 of the bank's id of the payment.
    pub payment: &'a [u8; 32],
    /// Keyed hash of the card.
    pub card: u64,
    /// Keyed hash of the terminal.
    pub terminal: u64,
    /// What the bank told of the payment. It is sealed.
    pub body: &'a [u8],
    /// Whether the customer is asked. Else the bank's people alone have it.
    pub asks: bool,
    /// When it is stored; they are asked at once.
    pub now: Timestamp,
}

/// An alert as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its id.
    pub id: String,
    /// The bank.
    pub bank: BankId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Where they are asked.
    pub conversation: ConversationId,
    /// The consent under which they are asked.
    pub consent: ConsentId,
    /// Keyed hash of the card.
    pub card: u64,
    /// Keyed hash of the terminal.
    pub terminal: u64,
    /// Where it stands.
    pub state: AlertState,
    /// How many messages were sent about it.
    pub messages: u32,
    /// When it was raised.
    pub made_at: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
    /// How often it was taken up, since it last went well.
    pub attempts: u32,
    /// When its customer was first asked.
    pub asked_at: Option<Timestamp>,
    /// When they were reminded.
    pub reminded_at: Option<Timestamp>,
    /// What the bank's people decided last, and when. Nobody is asked about it any more.
    pub decided: Option<(FraudVerdict, Timestamp)>,
    /// What the bank told of the payment.
    pub body: Vec<u8>,
}

impl Alert {
    /// Whether its customer has a question about it that waits for an answer.
    pub fn is_asked(&self) -> bool {
        self.state == AlertState::Asked && self.messages > 0 && self.decided.is_none()
    }
}

impl fmt::Debug for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Alert({}, {}, {})", self.bank, self.id, self.state)
    }
}

fn place<'a>(bank: &'a BankId, id: &'a str) -> Place<'a> {
    Place { table: "fraud_alert", column: "body", row: id, bank }
}

/// Stores an alert, once for a payment in a conversation. False if it was there, or its customer has no key: they were
/// erased, and what else is stored with it goes on.
pub fn raise(tx: &mut Tx, new: &NewAlert) -> Result<bool, DbError> {
    let Some(key) = tx.key_if_any(new.bank, new.customer)? else { return Ok(false) };
    let sealed = key.seal(&place(new.bank, new.id), new.body);
    let stored = tx.change(
        "INSERT INTO fraud_alert(bank, customer, id, conversation, consent, payment, card, terminal, state, messages, \
         made_at, changed_at, next_at, attempts, lease_until, body) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $11, 0, $9, $9, $9, 0, 0, $10) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(new.bank.as_str()),
            Arg::Text(new.customer.as_str()),
            Arg::Text(new.id),
            Arg::Text(new.conversation.as_str()),
            Arg::Text(new.consent.as_str()),
            Arg::Blob(new.payment),
            Arg::Int(new.card.cast_signed()),
            Arg::Int(new.terminal.cast_signed()),
            Arg::Int(micros(new.now)),
            Arg::Blob(&sealed),
            Arg::Text(if new.asks { AlertState::Due } else { AlertState::NotAsked }.as_str()),
        ],
    )?;
    if stored == 1 {
        tx.ring(Ring::BankEvents);
    }
    Ok(stored == 1)
}

/// Leases up to `limit` alerts whose time has come, the oldest first: those to be asked about, and those without an answer.
pub fn claim(
    tx: &mut Tx,
    worker: &str,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<Alert>, DbError> {
    let rows = tx.rows(
"WITH c AS MATERIALIZED (SELECT bank, customer, id FROM fraud_alert \
           WHERE state IN ('due', 'asked') AND next_at <= $1 AND lease_until <= $1 \
           AND EXISTS (SELECT 1 FROM customer_key k \
             WHERE k.bank = fraud_alert.bank AND k.customer = fraud_alert.customer) \
           ORDER BY next_at LIMIT $4 \
           /*pg: FOR UPDATE SKIP LOCKED*/) \
         UPDATE fraud_alert SET lease_until = $2, lease_by = $3, attempts = attempts + 1 \
         WHERE (bank, customer, id) IN (SELECT bank, customer, id FROM c) RETURNING \
         bank, customer, id, conversation, consent, card, terminal, state, messages, made_at, changed_at, attempts, body, \
         asked_at, reminded_at, decided_at, verdict",
        &[Arg::Int(micros(now)), Arg::Int(micros(lease_until)), Arg::Text(worker), Arg::Int(limit.into())],
    )?;
    let mut claimed = rows.iter().map(|row| read(tx, row)).collect::<Result<Vec<_>, _>>()?;
    claimed.sort_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id)));
    Ok(claimed)
}

/// What becomes of a claimed alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// Where it stands then.
    pub state: AlertState,
    /// How many messages were sent about it then.
    pub messages: u32,
    /// When it is taken up again, if it is open.
    pub at: Timestamp,
    /// Whether this time failed.
    pub failed: bool,
}

/// Ends a lease. False if it was lost or the alert was answered meanwhile; nothing was done.
pub fn settle(
    tx: &mut Tx,
    claimed: &Alert,
    worker: &str,
    next: Next,
    now: Timestamp,
) -> Result<bool, DbError> {
    let attempts = if next.failed { claimed.attempts } else { 0 };
    let changed_at = if next.state == claimed.state { claimed.changed_at } else { now };
    let said = next.state == AlertState::Asked && next.messages > claimed.messages;
    let noted = |number: bool| if said && number { Arg::Int(micros(now)) } else { Arg::Null };
    let settled = tx.change(
        "UPDATE fraud_alert SET state = $6, messages = $7, next_at = $8, attempts = $9, changed_at = $10, \
         asked_at = COALESCE(asked_at, $12), reminded_at = COALESCE(reminded_at, $13), \
         lease_until = 0, lease_by = NULL \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND lease_by = $4 AND attempts = $5 AND state = $11",
        &[
            Arg::Text(claimed.bank.as_str()),
            Arg::Text(claimed.customer.as_str()),
            Arg::Text(&claimed.id),
            Arg::Text(worker),
            Arg::Int(claimed.attempts.into()),
            Arg::Text(next.state.as_str()),
            Arg::Int(next.messages.into()),
            Arg::Int(micros(next.at)),
            Arg::Int(attempts.into()),
            Arg::Int(micros(changed_at)),
            Arg::Text(claimed.state.as_str()),
            noted(claimed.messages == 0),
            noted(claimed.messages > 0),
        ],
    )?;
    Ok(settled == 1)
}

/// The customer has answered. False if the alert does not stand at any of `from`; nothing was done.
pub fn answered(
    tx: &mut Tx,
    of: &Conversation,
    id: &str,
    from: &[AlertState],
    to: AlertState,
    now: Timestamp,
) -> Result<bool, DbError> {
    let [bank, customer, conversation] = of.key();
    let mut moved = 0;
    for state in from {
        moved += tx.change(
            "UPDATE fraud_alert SET state = $6, changed_at = $7, lease_until = 0, lease_by = NULL \
             WHERE bank = $1 AND customer = $2 AND conversation = $3 AND id = $4 AND state = $5",
            &[
                bank,
                customer,
                conversation,
                Arg::Text(id),
                Arg::Text(state.as_str()),
                Arg::Text(to.as_str()),
                Arg::Int(micros(now)),
            ],
        )?;
    }
    Ok(moved > 0)
}

/// The customer is asked about an alert that joined another question. False if it does not wait for that, or was decided
/// meanwhile; nothing was done.
pub fn asked_too(
    tx: &mut Tx,
    of: &Conversation,
    id: &str,
    next_at: Timestamp,
    now: Timestamp,
) -> Result<bool, DbError> {
    let [bank, customer, conversation] = of.key();
    let asked = tx.change(
        "UPDATE fraud_alert SET messages = 1, next_at = $5, changed_at = $6, asked_at = $6, lease_until = 0, lease_by = NULL \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND id = $4 AND state = 'asked' AND messages = 0 \
         AND decided_at IS NULL",
        &[bank, customer, conversation, Arg::Text(id), Arg::Int(micros(next_at)), Arg::Int(micros(now))],
    )?;
    Ok(asked == 1)
}

/// Those that joined the question about an alert are to be asked about by themselves: that question is over.
pub fn ask_joined(tx: &mut Tx, of: &Alert, now: Timestamp) -> Result<u64, DbError> {
    let due = tx.change(
        "UPDATE fraud_alert SET state = 'due', next_at = $5, changed_at = $5, lease_until = 0, lease_by = NULL \
         WHERE bank = $1 AND customer = $2 AND conversation = $3 AND card = $4 AND state = 'asked' AND messages = 0 \
         AND decided_at IS NULL",
        &[
            Arg::Text(of.bank.as_str()),
            Arg::Text(of.customer.as_str()),
            Arg::Text(of.conversation.as_str()),
            Arg::Int(of.card.cast_signed()),
            Arg::Int(micros(now)),
        ],
    )?;
    if due > 0 {
        tx.ring(Ring::BankEvents);
    }
    Ok(due)
}

/// An alert of a bank, whosever it is. None too if its customer has no key any more.
pub fn of_bank(tx: &mut Tx, bank: &BankId, id: &str) -> Result<Option<Alert>, DbError> {
    let row = tx.row(
        "SELECT bank, customer, id, conversation, consent, card, terminal, state, messages, made_at, changed_at, attempts, body, \
         asked_at, reminded_at, decided_at, verdict \
         FROM fraud_alert WHERE bank = $1 AND id = $2 AND EXISTS \
           (SELECT 1 FROM customer_key k WHERE k.bank = fraud_alert.bank AND k.customer = fraud_alert.customer)",
        &[Arg::Text(bank.as_str()), Arg::Text(id)],
    )?;
    row.as_ref().map(|row| read(tx, row)).transpose()
}

/// The alerts of a conversation that were raised since a time, newest first, at most `most`.
pub fn of_conversation(
    tx: &mut Tx,
    of: &Conversation,
    since: Timestamp,
    most: u32,
) -> Result<Vec<Alert>, DbError> {
    let [bank, customer, conversation] = of.key();
    let rows = tx.rows(
        "SELECT bank, customer, id, conversation, consent, card, terminal, state, messages, made_at, changed_at, attempts, body, \
         asked_at, reminded_at, decided_at, verdict \
         FROM fraud_alert WHERE bank = $1 AND customer = $2 AND conversation = $3 AND made_at >= $4 \
         ORDER BY made_at DESC, id DESC LIMIT $5", &[bank, customer, conversation, Arg::Int(micros(since)), Arg::Int(most.into())])?;
    rows.iter().map(|row| read(tx, row)).collect()
}

/// Whether a question about this card waits for its answer in a conversation, asked since a time.
pub fn card_is_asked(tx: &mut Tx, of: &Conversation, card: u64, since: Timestamp) -> Result<bool, DbError> {
    let [bank, customer, conversation] = of.key();
    let asked = tx.row(
        "SELECT 1 FROM fraud_alert WHERE bank = $1 AND customer = $2 AND conversation = $3 AND made_at >= $4 AND card = $5 \
         AND state = 'asked' AND messages > 0 AND decided_at IS NULL LIMIT 1",
        &[bank, customer, conversation, Arg::Int(micros(since)), Arg::Int(card.cast_signed())],
    )?;
    Ok(asked.is_some())
}

/// All alerts of a customer, oldest first.
pub fn of_customer(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Vec<Alert>, DbError> {
    let rows = tx.rows(
        "SELECT bank, customer, id, conversation, consent, card, terminal, state, messages, made_at, changed_at, attempts, body, \
         asked_at, reminded_at, decided_at, verdict \
         FROM fraud_alert WHERE bank = $1 AND customer = $2 ORDER BY made_at, id", &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())])?;
    rows.iter().map(|row| read(tx, row)).collect()
}

/// Forgets alerts that were over before a time, with what was decided about them.
pub fn sweep(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    let gone = tx.change(
        "DELETE FROM fraud_alert WHERE changed_at < $1 \
         AND ((decided_at IS NULL AND state NOT IN ('due', 'asked')) OR decided_at < $1)",
        &[Arg::Int(micros(before))],
    )?;
    if gone > 0 {
        tx.change(
            "DELETE FROM fraud_decision WHERE NOT EXISTS \
             (SELECT 1 FROM fraud_alert a WHERE a.bank = fraud_decision.bank AND a.id = fraud_decision.alert)",
            &[],
        )?;
    }
    Ok(gone)
}

fn read(tx: &mut Tx, row: &Row) -> Result<Alert, DbError> {
    let (bank, customer): (BankId, CustomerId) = (row.parse(0, "bank")?, row.parse(1, "customer")?);
    let id = row.text(2, "id of an alert")?.to_owned();
    let body = tx.unseal(&customer, &place(&bank, &id), row.blob(12, "body of an alert")?)?;
    let time = |at: usize| {
        row.maybe_int(at, "time of an alert")?.map(|_| row.time(at, "time of an alert")).transpose()
    };
    let verdict = row.maybe_text(16, "verdict")?.map(|_| row.parse(16, "verdict")).transpose()?;
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Alert {
        conversation: row.parse(3, "conversation of an alert")?,
        consent: row.parse(4, "consent of an alert")?,
        card: row.int(5, "card of an alert")?.cast_unsigned(),
        terminal: row.int(6, "terminal of an alert")?.cast_unsigned(),
        state: row.parse(7, "state of an alert")?,
        messages: small(row.count(8, "messages of an alert")?),
        made_at: row.time(9, "time of an alert")?,
        changed_at: row.time(10, "change of an alert")?,
        attempts: small(row.count(11, "attempts of an alert")?),
        asked_at: time(13)?,
        reminded_at: time(14)?,
        decided: verdict.zip(time(15)?),
        bank,
        customer,
        id,
        body,
    })
}
