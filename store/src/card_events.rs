//! The log of what banks tell of card payments: in one order per bank, each event once. From it the state of a bank's fraud
//! engine can be built again. It holds keyed hashes only.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::BankId;
use jiff::Timestamp;

/// An event with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardEvent {
    /// Its place in the bank's log, from 1, without gaps.
    pub seq: u64,
    /// The bank's id of the message.
    pub id: String,
    /// Keyed hash of the payment's id in its account, if it has one.
    pub about: Option<u64>,
    /// Keyed hash of the card.
    pub card: u64,
    /// Keyed hash of the terminal.
    pub terminal: u64,
    /// What happened, as the engine takes it.
    pub body: Vec<u8>,
    /// What was decided about it.
    pub answer: Vec<u8>,
}

/// The last place of a bank's log; 0 if nothing was told yet.
pub fn last(tx: &mut Tx, bank: &BankId) -> Result<u64, DbError> {
    let row = tx.row(
        "SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM card_event WHERE bank = $1",
        &[Arg::Text(bank.as_str())],
    )?;
    row.map_or(Ok(0), |row| row.count(0, "place of an event"))
}

/// The events after a place, in their order, at most `most`.
pub fn after(tx: &mut Tx, bank: &BankId, seq: u64, most: u32) -> Result<Vec<CardEvent>, DbError> {
    let rows = tx.rows(
        "SELECT seq, id, about, card, terminal, body, answer FROM card_event WHERE bank = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Int(place(seq)), Arg::Int(most.into())],
    )?;
    rows.iter().map(read).collect()
}

/// The event of an id, if it was taken.
pub fn of_id(tx: &mut Tx, bank: &BankId, id: &str) -> Result<Option<CardEvent>, DbError> {
    let row = tx.row(
        "SELECT seq, id, about, card, terminal, body, answer FROM card_event WHERE bank = $1 AND id = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(id)],
    )?;
    row.as_ref().map(read).transpose()
}

/// The first event about a payment of an account.
pub fn about(tx: &mut Tx, bank: &BankId, about: u64) -> Result<Option<CardEvent>, DbError> {
    let rows = tx.rows(
        "SELECT seq, id, about, card, terminal, body, answer FROM card_event WHERE bank = $1 AND about = $2 ORDER BY seq LIMIT 1",
        &[Arg::Text(bank.as_str()), Arg::Int(about.cast_signed())],
    )?;
    rows.first().map(read).transpose()
}

/// The last events of a card that were taken until a time, the newest first, at most `most`.
pub fn of_card_until(
    tx: &mut Tx,
    bank: &BankId,
    card: u64,
    until: Timestamp,
    most: u32,
) -> Result<Vec<CardEvent>, DbError> {
    let rows = tx.rows(
        "SELECT seq, id, about, card, terminal, body, answer FROM card_event \
         WHERE bank = $1 AND card = $2 AND received_at <= $3 ORDER BY seq DESC LIMIT $4",
        &of_card(bank, card, until, most),
    )?;
    rows.iter().map(read).collect()
}

/// The first events of a card that were taken after a time, the oldest first, at most `most`.
pub fn of_card_after(
    tx: &mut Tx,
    bank: &BankId,
    card: u64,
    after: Timestamp,
    most: u32,
) -> Result<Vec<CardEvent>, DbError> {
    let rows = tx.rows(
        "SELECT seq, id, about, card, terminal, body, answer FROM card_event \
         WHERE bank = $1 AND card = $2 AND received_at > $3 ORDER BY seq LIMIT $4",
        &of_card(bank, card, after, most),
    )?;
    rows.iter().map(read).collect()
}

fn of_card(bank: &BankId, card: u64, at: Timestamp, most: u32) -> [Arg<'_>; 4] {
    [Arg::Text(bank.as_str()), Arg::Int(card.cast_signed()), Arg::Int(micros(at)), Arg::Int(most.into())]
}

/// Puts an event at its place. False if another one stands there, or it stands somewhere already; nothing was done.
pub fn append(tx: &mut Tx, bank: &BankId, event: &CardEvent, now: Timestamp) -> Result<bool, DbError> {
    let put = tx.change(
        "INSERT INTO card_event(bank, seq, id, received_at, about, card, terminal, body, answer) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT DO NOTHING",
        &[
            Arg::Text(bank.as_str()),
            Arg::Int(place(event.seq)),
            Arg::Text(&event.id),
            Arg::Int(micros(now)),
            event.about.map_or(Arg::Null, |about| Arg::Int(about.cast_signed())),
            Arg::Int(event.card.cast_signed()),
            Arg::Int(event.terminal.cast_signed()),
            Arg::Blob(&event.body),
            Arg::Blob(&event.answer),
        ],
    )?;
    Ok(put == 1)
}

/// Forgets what a bank told before a time. The last event stays, so that places go on.
pub fn sweep(tx: &mut Tx, bank: &BankId, before: Timestamp) -> Result<u64, DbError> {
    tx.change(
        "DELETE FROM card_event WHERE bank = $1 AND received_at < $2 \
         AND seq < (SELECT MAX(e.seq) FROM card_event e WHERE e.bank = $1)",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(before))],
    )
}

fn place(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn read(row: &Row) -> Result<CardEvent, DbError> {
    Ok(CardEvent {
        seq: row.count(0, "place of an event")?,
        id: row.text(1, "id of an event")?.to_owned(),
        about: row.maybe_int(2, "payment of an event")?.map(i64::cast_unsigned),
        card: row.int(3, "card of an event")?.cast_unsigned(),
        terminal: row.int(4, "terminal of an event")?.cast_unsigned(),
        body: row.blob(5, "event of a card")?.to_vec(),
        answer: row.blob(6, "answer to an event")?.to_vec(),
    })
}
