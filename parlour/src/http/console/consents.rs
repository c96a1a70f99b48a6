//! Consents by their id, and refusals. Neither says anything about a customer.

use super::{
    audit,
    caller::Staffer,
    list::{self, Format, minute, words},
};
use crate::http::{
    Web, body,
    problem::Problem,
    view::{
        Page,
        console::{Cell, Consents, Lists, Look, Table},
    },
};
use axum::{
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use domain::{ConsentId, staff::Act};
use serde::Deserialize;
use store::{
    DbError,
    facts::{self, Search},
    figures,
};

/// What is looked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    id: String,
    format: Option<String>,
}

/// `GET /console/{bank}/consents`
pub async fn page(State(face): Web, me: Staffer, uri: Uri) -> Result<Response, Problem> {
    me.must(Act::Look)?;
    let wanted: Wanted = body::query(&uri)?;
    let (bank, id) = (me.tenant.id.clone(), wanted.id.trim().parse::<ConsentId>().ok());
    let read = face.app.store.read(move |tx| -> Result<_, DbError> {
        let found = id.as_ref().map(|id| figures::consent(tx, &bank, id)).transpose()?.flatten();
        Ok((found, figures::consents_by_state(tx, &bank)?))
    });
    let (found, counts) = read.await?;
    let mut by_state =
        Table::new("Consents by state", &["State", "Consents#"], "Nobody has linked a chat yet.");
    by_state.rows =
        counts.iter().map(|(s, n)| vec![Cell::plain(words(s.as_str())), Cell::number(*n)]).collect();
    if Format::read(wanted.format.as_deref())? == Format::Csv {
        return Ok(list::csv(&me.tenant, "consents", &by_state));
    }
    by_state.files = vec![(me.at("/consents?format=csv"), "CSV")];
    let columns = ["Consent", "State", "Channel", "Shares", "Asked for", "Changed", "Holds until"];
    let mut table = Table::new("Found", &columns, "No consent of this bank has that id.");
    table.rows.extend(found.map(|consent| {
        let classes: Vec<&str> = consent.data_classes.iter().map(|class| class.as_str()).collect();
        vec![
            Cell::of(consent.id.to_string(), Look::Code),
            Cell::plain(words(consent.state.as_str())),
            Cell::plain(consent.channel.as_str()),
            Cell::plain(classes.join(", ")),
            Cell::plain(minute(&me.tenant, consent.made_at)),
            Cell::plain(minute(&me.tenant, consent.changed_at)),
            Cell::plain(minute(&me.tenant, consent.expires_at)),
        ]
    }));
    Ok(Page(Consents {
        frame: me.frame(format!("{}: consents", me.tenant.name), "/consents"),
        found: (!wanted.id.trim().is_empty()).then_some(table),
        id: wanted.id,
        by_state,
    })
    .into_response())
}

/// Where a list goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Onward {
    before: Option<String>,
    format: Option<String>,
}

/// `GET /console/{bank}/refusals`
pub async fn refusals(State(face): Web, me: Staffer, uri: Uri) -> Result<Response, Problem> {
    me.must(Act::Look)?;
    let onward: Onward = body::query(&uri)?;
    let format = Format::read(onward.format.as_deref())?;
    let before = onward.before.as_deref().map(audit::read_place).transpose()?;
    let mut search = Search::all(jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::MAX);
    search.allowed = Some(false);
    let (bank, rows) = (me.tenant.id.clone(), format.rows());
    let read = face.app.store.read(move |tx| {
        facts::search(tx, &bank, &search, before.as_ref().map(|(at, entry)| (*at, entry)), rows)
    });
    let found = read.await?;
    let columns = ["Time", "Data", "Purpose", "Channel", "Reason", "Clauses", "Log#"];
    let mut table = Table::new("Refusals, newest first", &columns, "Nothing was refused yet.");
    table.rows = found
        .iter()
        .map(|fact| {
            vec![
                Cell::plain(minute(&me.tenant, fact.at)),
                Cell::plain(fact.data_class.as_str()),
                Cell::plain(words(fact.purpose.as_str())),
                Cell::plain(fact.channel.as_str()),
                Cell::plain(words(fact.reason.as_deref().unwrap_or(""))),
                Cell::of(fact.clauses.replace('\n', ", "), Look::Code),
                fact.index.map_or_else(Cell::none, Cell::number),
            ]
        })
        .collect();
    if format == Format::Csv {
        return Ok(list::csv(&me.tenant, "refusals", &table));
    }
    let last = found.last().filter(|_| found.len() == rows as usize);
    table.next = last.map(|fact| me.at(&format!("/refusals?before={}", audit::place(fact))));
    table.files = vec![(me.at("/refusals?format=csv"), "CSV")];
    Ok(Page(Lists {
        frame: me.frame(format!("{}: refusals", me.tenant.name), "/refusals"),
        lead: "What the gate refused, why, and by which clause. Who asked stands in the customer's own record only.".to_owned(),
        tables: vec![table],
    })
    .into_response())
}
