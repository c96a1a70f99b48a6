//! How far the network is: one row.

use jiff::{SignedDuration, Timestamp, civil::Date};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{crowd, tokens::Tokens};
use crate::{
    chance,
    db::{DbFault, millis, moment},
    ledger::day_of,
    limits,
};

/// How far the network is.
#[derive(Clone)]
pub(crate) struct State {
    pub(super) tokens: Tokens,
    /// Whether the crowd's live payments are held back.
    pub(crate) paused: bool,
    /// When the network was first connected: what is before is history.
    pub(super) opened_at: Timestamp,
    /// Where in the history the next bulk file begins.
    pub(super) history: Mark,
    /// When the receiver had all of the history.
    pub(crate) history_done_at: Option<Timestamp>,
    pub(super) live_until: Timestamp,
    pub(super) labels_until: Timestamp,
    /// Before that nothing is sent: the receiver asked for it, or does not answer.
    pub(crate) waits_until: Timestamp,
    /// Tries in a row that nobody answered.
    pub(super) tries: u32,
    /// Events that the receiver took.
    pub(crate) taken: i64,
    /// Lines of the history that it knew before.
    pub(crate) repeated: i64,
}

/// A place in the history: a day, and a line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) day: Date,
    pub(super) line: u32,
}

/// The state, while the bank is connected to a card stream.
pub(crate) fn state(tx: &Transaction<'_>) -> Result<Option<State>, DbFault> {
    let row = tx
        .prepare_cached(
            "SELECT token_key, paused, opened_at, history_day, history_line, history_done_at, live_until, labels_until, \
             waits_until, tries, taken, repeated FROM network WHERE connected = 1",
        )?
        .query_row([], |row| {
            let times: [Option<i64>; 5] = [row.get(2)?, row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?];
            let words: (Vec<u8>, bool, String, u32) = (row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?);
            let counts: (u32, i64, i64) = (row.get(9)?, row.get(10)?, row.get(11)?);
            Ok((times, words, counts))
        })
        .optional()?;
    let Some((times, (key, paused, day, line), (tries, taken, repeated))) = row else { return Ok(None) };
    let [opened, done, live, labels, waits] = times;
    let at = |time: Option<i64>| moment(time.unwrap_or_default());
    Ok(Some(State {
        tokens: Tokens::new(&key),
        paused,
        opened_at: at(opened)?,
        history: Mark { day: day.parse()?, line },
        history_done_at: done.map(moment).transpose()?,
        live_until: at(live)?,
        labels_until: at(labels)?,
        waits_until: at(waits)?,
        tries,
        taken,
        repeated,
    }))
}

/// The first moment of the history.
pub(super) fn history_begins(opened_at: Timestamp) -> Timestamp {
    opened_at
        .saturating_sub(SignedDuration::from_hours(limits::STREAM_HISTORY_DAYS * 24))
        .unwrap_or(opened_at)
}

/// Connects the network, or disconnects it. At the first time the cards' last weeks become its history.
pub(crate) fn connect(
    tx: &Transaction<'_>,
    connected: bool,
    touch: i64,
    now: Timestamp,
) -> Result<(), DbFault> {
    let known = tx.execute("UPDATE network SET connected = ?1", [connected])?;
    if known > 0 || !connected {
        return Ok(());
    }
    let (day, at) = (day_of(history_begins(now)).to_string(), millis(now));
    tx.execute(
        "INSERT INTO network (one, connected, paused, token_key, opened_at, history_day, history_line, live_until, \
         labels_until, waits_until, tries, taken, repeated) VALUES (1, 1, 0, ?1, ?2, ?3, 0, ?2, ?2, 0, 0, 0, 0)",
        params![chance::secret::<32>().to_vec(), at, day],
    )?;
    let Some(state) = state(tx)? else { return Ok(()) };
    super::payments::remember(tx, &state, touch, now)
}

/// Keeps how far the history is; the receiver answered.
pub(super) fn history_sent(
    tx: &Transaction<'_>,
    (from, to): (Mark, Option<Mark>),
    (taken, repeated): (i64, i64),
    now: Timestamp,
) -> Result<(), DbFault> {
    let mark = to.unwrap_or(from);
    tx.execute(
        "UPDATE network SET history_day = ?3, history_line = ?4, history_done_at = ?5, taken = taken + ?6, \
         repeated = repeated + ?7, tries = 0 WHERE history_day = ?1 AND history_line = ?2 AND history_done_at IS NULL",
        params![
            from.day.to_string(), from.line, mark.day.to_string(), mark.line, to.is_none().then(|| millis(now)),
            taken, repeated
        ],
    )?;
    Ok(())
}

/// Sends nothing until a moment. `tries` is the number of tries in a row that nobody answered.
pub(super) fn hold(tx: &Transaction<'_>, until: Timestamp, tries: u32) -> Result<(), DbFault> {
    tx.prepare_cached("UPDATE network SET waits_until = ?1, tries = ?2")?
        .execute(params![millis(until), tries])?;
    Ok(())
}

/// The receiver took an event.
pub(super) fn answered(tx: &Transaction<'_>) -> Result<(), DbFault> {
    tx.prepare_cached("UPDATE network SET taken = taken + 1, tries = 0")?.execute([])?;
    Ok(())
}

/// Holds the crowd's live payments back, or lets them go on.
pub(crate) fn pause(tx: &Transaction<'_>, paused: bool) -> Result<(), DbFault> {
    tx.execute("UPDATE network SET paused = ?1", [paused])?;
    Ok(())
}

/// The crowd paid live until `to`, after `from` without a break; none when it did not pay.
pub(super) fn lived(tx: &Transaction<'_>, from: Option<Timestamp>, to: Timestamp) -> Result<(), DbFault> {
    tx.prepare_cached("UPDATE network SET live_until = ?1 WHERE live_until < ?1")?.execute([millis(to)])?;
    let Some(from) = from else { return Ok(()) };
    let (from, to) = (millis(from), millis(to));
    let longer =
        tx.prepare_cached("UPDATE network_spans SET to_at = ?2 WHERE to_at = ?1")?.execute([from, to])?;
    if longer == 0 {
        tx.execute("INSERT OR IGNORE INTO network_spans (from_at, to_at) VALUES (?1, ?2)", [from, to])?;
    }
    Ok(())
}

/// When the crowd paid live: after the first moment of each span, and not after its last.
pub(super) fn spans(tx: &Transaction<'_>) -> Result<Vec<(Timestamp, Timestamp)>, DbFault> {
    let mut statement = tx.prepare_cached("SELECT from_at, to_at FROM network_spans ORDER BY from_at")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(i64, i64)> = rows.collect::<Result<_, _>>()?;
    rows.into_iter().map(|(from, to)| Ok((moment(from)?, moment(to)?))).collect()
}

/// All labels until a moment were made.
pub(super) fn labelled(tx: &Transaction<'_>, until: Timestamp) -> Result<(), DbFault> {
    tx.prepare_cached("UPDATE network SET labels_until = ?1 WHERE labels_until < ?1")?
        .execute([millis(until)])?;
    Ok(())
}

/// Forgets what no label can concern any more.
pub(super) fn sweep(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    let Some(state) = state(tx)? else { return Ok(()) };
    let oldest = state.labels_until.min(now).saturating_sub(crowd::LABEL_LATE).unwrap_or(now);
    tx.execute("DELETE FROM network_spans WHERE to_at < ?1", [millis(oldest)])?;
    Ok(())
}
