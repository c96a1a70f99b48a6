//! `/audit/{bank}`: the decisions of the gate, searched by what they were about. There is no person in it:
//! the table that is searched has none.

use super::{
    caller::Staffer,
    list::{self, Format, minute, words},
};
use crate::{
    evidence::{self, NoEvidence},
    http::{
        Web, body,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Audit, Cell, Choice, Look, Table},
        },
    },
};
use access_log::MAX_EVIDENCE_ENTRIES;
use axum::{
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use domain::{Channel, DataClass, EntryId, Purpose, staff::Act};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::Deserialize;
use serde_json::json;
use std::str::FromStr;
use store::facts::{self, Fact, Search};

/// Days that are shown when nobody says which.
const USUAL_DAYS: i32 = 7;
/// The longest kind of reason that is looked for, in characters.
const MAX_REASON: usize = 40;

/// What the form says. An empty field means any.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    from: String,
    to: String,
    purpose: String,
    data_class: String,
    channel: String,
    answer: String,
    reason: String,
    before: Option<String>,
    format: Option<String>,
}

/// A place in the list, for an address: microseconds and entry.
pub(super) fn place(fact: &Fact) -> String {
    format!("{}.{}", fact.at.as_microsecond(), fact.entry)
}

/// Reads a place.
pub(super) fn read_place(written: &str) -> Result<(Timestamp, EntryId), Problem> {
    let read = || {
        let (at, entry) = written.split_once('.')?;
        Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, entry.parse().ok()?))
    };
    read().ok_or_else(|| Problem::of_field("before", "this is no place in the list"))
}

/// `GET /audit/{bank}`
pub async fn page(State(face): Web, me: Staffer, uri: Uri) -> Result<Response, Problem> {
    me.must(Act::Audit)?;
    let wanted: Wanted = body::query(&uri)?;
    let format = Format::read(wanted.format.as_deref())?;
    let (from, to) = days(&me, &wanted, face.app.clock.now())?;
    let search = search(&me, &wanted, from, to)?;
    let before = wanted.before.as_deref().map(read_place).transpose()?;
    let (bank, rows) = (me.tenant.id.clone(), format.rows());
    let read = face.app.store.read(move |tx| {
        facts::search(tx, &bank, &search, before.as_ref().map(|(at, entry)| (*at, entry)), rows)
    });
    let found = read.await?;
    let published = face.app.logs.now(&me.tenant.id).await.map_or(0, |now| now.checkpoint.size);
    let mut table = table(&me, &found, published);
    match format {
        Format::Csv => return Ok(list::csv(&me.tenant, "decisions", &table)),
        Format::Json => {
            let name = format!("{}-decisions.json", me.tenant.id);
            return Ok(list::file(&name, "application/json", json(&me, &found)));
        }
        Format::Page => {}
    }
    let address = address(&me, &wanted, from, to);
    let evidence_address = address.replacen("?", "/evidence?", 1);
    let last = found.last().filter(|_| found.len() == rows as usize);
    table.next = last.map(|fact| format!("{address}&before={}", place(fact)));
    table.files = vec![(format!("{address}&format=csv"), "CSV"), (format!("{address}&format=json"), "JSON")];
    Ok(Page(Audit {
        frame: me.frame(format!("{}: audit", me.tenant.name), "/audit"),
        from: from.to_string(),
        to: to.to_string(),
        choices: choices(&wanted),
        found: table,
        evidence: (!found.is_empty()).then_some(evidence_address),
    })
    .into_response())
}

fn days(me: &Staffer, wanted: &Wanted, now: Timestamp) -> Result<(Date, Date), Problem> {
    let day = |name: &'static str, written: &str, usual: Date| match written.trim() {
        "" => Ok(usual),
        text => text.parse::<Date>().map_err(|_| Problem::of_field(name, "a day is written as 2026-11-21")),
    };
    let today = now.to_zoned(me.tenant.zone.clone()).date();
    let to = day("to", &wanted.to, today)?;
    let usual = to.checked_sub((USUAL_DAYS - 1).days()).unwrap_or(to);
    Ok((day("from", &wanted.from, usual)?, to))
}

fn any<T: FromStr>(name: &'static str, written: &str) -> Result<Option<T>, Problem>
where
    T::Err: ToString,
{
    match written {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|fault: T::Err| Problem::of_field(name, fault.to_string())),
    }
}

fn search(me: &Staffer, wanted: &Wanted, from: Date, to: Date) -> Result<Search, Problem> {
    let begin = |day: Date| {
        let zoned = day.to_zoned(me.tenant.zone.clone());
        zoned.map(|day| day.timestamp()).map_err(|_| Problem::of_field("from", "this day cannot be searched"))
    };
    let after = to.tomorrow().map_err(|_| Problem::of_field("to", "this day cannot be searched"))?;
    let allowed = match wanted.answer.as_str() {
        "" => None,
        "allowed" => Some(true),
        "refused" => Some(false),
        _ => return Err(Problem::of_field("answer", "known are: allowed, refused")),
    };
    let reason = wanted.reason.trim();
    if reason.chars().count() > MAX_REASON || !reason.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        return Err(Problem::of_field("reason", "a reason is written as no_consent"));
    }
    Ok(Search {
        from: begin(from)?,
        until: begin(after)?,
        purpose: any::<Purpose>("purpose", &wanted.purpose)?,
        data_class: any::<DataClass>("data_class", &wanted.data_class)?,
        channel: any::<Channel>("channel", &wanted.channel)?,
        allowed,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
    })
}

/// The address of this search. Every value in it was checked, so none needs escaping.
fn address(me: &Staffer, wanted: &Wanted, from: Date, to: Date) -> String {
    let Wanted { purpose, data_class, channel, answer, reason, .. } = wanted;
    let reason = reason.trim();
    format!(
        "/audit/{}?from={from}&to={to}&purpose={purpose}&data_class={data_class}&channel={channel}&answer={answer}&reason={reason}",
        me.tenant.id
    )
}

fn choices(wanted: &Wanted) -> Vec<Choice> {
    fn of(name: &'static str, label: &'static str, values: Vec<&'static str>, chosen: &str) -> Choice {
        let any = (String::new(), "any".to_owned(), chosen.is_empty());
        let known = values.into_iter().map(|v| (v.to_owned(), words(v), v == chosen));
        Choice { name, label, options: std::iter::once(any).chain(known).collect() }
    }
    let purposes = Purpose::ALL.iter().map(|p| p.as_str()).collect();
    let classes = DataClass::ALL.iter().map(|c| c.as_str()).collect();
    let channels = Channel::ALL.iter().map(|c| c.as_str()).collect();
    vec![
        of("purpose", "Purpose", purposes, &wanted.purpose),
        of("data_class", "Data", classes, &wanted.data_class),
        of("channel", "Channel", channels, &wanted.channel),
        of("answer", "Answer", vec!["allowed", "refused"], &wanted.answer),
        of("reason", "Reason of a No", REASONS.to_vec(), wanted.reason.trim()),
    ]
}

/// The kinds of reason that the gate gives, as they stand in its records.
const REASONS: [&str; 19] = [
    "unknown_bank",
    "not_theirs",
    "not_for_cases",
    "not_a_payment",
    "channel_refused",
    "bank_does_not_offer",
    "no_consent",
    "consent_ended",
    "consent_paused",
    "consent_expired",
    "not_yet",
    "purpose_not_agreed",
    "class_not_agreed",
    "account_not_shared",
    "no_account_shared",
    "tier_too_high",
    "bank_no",
    "bank_policy",
    "policy_error",
];

fn table(me: &Staffer, found: &[Fact], published: u64) -> Table {
    let columns = ["Time", "Purpose", "Data", "Channel", "Shown", "Answer", "Reason", "Rules", "Log#"];
    let mut table = Table::new("Decisions, newest first", &columns, "No decision is as you look for.");
    table.rows = found
        .iter()
        .map(|fact| {
            let answer =
                if fact.allowed { Cell::of("allowed", Look::Good) } else { Cell::of("refused", Look::Bad) };
            vec![
                Cell::plain(minute(&me.tenant, fact.at)),
                Cell::plain(words(fact.purpose.as_str())),
                Cell::plain(words(fact.data_class.as_str())),
                Cell::plain(fact.channel.as_str()),
                Cell::plain(words(fact.tier.as_str())),
                answer,
                Cell::plain(words(fact.reason.as_deref().unwrap_or(""))),
                Cell::of(fact.policy_digest.chars().take(12).collect::<String>(), Look::Code),
                log_cell(me, fact, published),
            ]
        })
        .collect();
    table
}

/// The place in the log, leading to the public file that has the entry.
fn log_cell(me: &Staffer, fact: &Fact, published: u64) -> Cell {
    let Some(index) = fact.index else { return Cell::plain("not yet") };
    match entries_file(index, published) {
        Some(file) => Cell::number(index).to(format!("/log/{}/{file}", me.tenant.id)),
        None => Cell::number(index),
    }
}

/// Entries in one file of the log (c2sp.org/tlog-tiles).
const IN_ONE_FILE: u64 = 256;

/// The public file with an entry, by the names of c2sp.org/tlog-tiles. None if it is not published yet.
fn entries_file(index: u64, published: u64) -> Option<String> {
    if index >= published {
        return None;
    }
    let n = index / IN_ONE_FILE;
    let mut name = format!("{:03}", n % 1_000);
    let mut rest = n / 1_000;
    while rest > 0 {
        name = format!("x{:03}/{name}", rest % 1_000);
        rest /= 1_000;
    }
    let whole = (n + 1) * IN_ONE_FILE <= published;
    let width = published % IN_ONE_FILE;
    Some(if whole { format!("tile/entries/{name}") } else { format!("tile/entries/{name}.p/{width}") })
}

/// `GET /audit/{bank}/evidence`: what was found, with proofs and the texts that decided, as one file that
/// `parlour-verify bundle` checks.
pub async fn evidence(State(face): Web, me: Staffer, uri: Uri) -> Result<Response, Problem> {
    me.must(Act::Audit)?;
    let wanted: Wanted = body::query(&uri)?;
    let (from, to) = days(&me, &wanted, face.app.clock.now())?;
    let search = search(&me, &wanted, from, to)?;
    let (bank, most) = (me.tenant.id.clone(), u32::try_from(MAX_EVIDENCE_ENTRIES).unwrap_or(u32::MAX));
    let found = face.app.store.read(move |tx| facts::search(tx, &bank, &search, None, most)).await?;
    let published = face.app.logs.now(&me.tenant.id).await.map_or(0, |now| now.checkpoint.size);
    let mut places: Vec<u64> =
        found.iter().filter_map(|fact| fact.index).filter(|index| *index < published).collect();
    places.sort_unstable();
    let bundle =
        evidence::of(&face.app, &me.tenant.id, places, vec![]).await.map_err(|fault| match fault {
            NoEvidence::Entries { .. } => {
                Problem::of_field("from", "no decision of this search is published yet")
            }
            fault => {
                tracing::error!(bank = %me.tenant.id, %fault, "evidence could not be made");
                Kind::Internal.because("The evidence could not be made.")
            }
        })?;
    let name = format!("{}-evidence-{from}-{to}.jsonl", me.tenant.id);
    Ok(list::file(&name, "application/jsonl", bundle))
}

fn json(me: &Staffer, found: &[Fact]) -> String {
    let rows: Vec<_> = found
        .iter()
        .map(|fact| {
            json!({
                "time": fact.at.to_zoned(me.tenant.zone.clone()).strftime("%FT%H:%M%:z").to_string(),
                "purpose": fact.purpose,
                "data_class": fact.data_class,
                "channel": fact.channel,
                "tier": fact.tier,
                "allowed": fact.allowed,
                "reason": fact.reason,
                "clauses": fact.clauses.lines().collect::<Vec<_>>(),
                "policy_digest": fact.policy_digest,
                "log_index": fact.index,
            })
        })
        .collect();
    json!({ "bank": me.tenant.id, "decisions": rows }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_lies_in_the_file_that_the_log_publishes() {
        for (index, published, file) in [
            (0, 1, Some("tile/entries/000.p/1")),
            (255, 256, Some("tile/entries/000")),
            (256, 300, Some("tile/entries/001.p/44")),
            (256_000, 256_256, Some("tile/entries/x001/000")),
            (256 * 1_234_067, 256 * 1_234_068, Some("tile/entries/x001/x234/067")),
            (5, 5, None),
        ] {
            assert_eq!(entries_file(index, published).as_deref(), file, "{index} of {published}");
        }
    }
}
