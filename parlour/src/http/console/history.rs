//! What staff did.

use super::{
    caller::Staffer,
    list::{self, Format, minute},
};
use crate::http::{
    Web, body,
    problem::Problem,
    view::{
        Page,
        console::{Cell, Lists, Table},
    },
};
use axum::{
    extract::State,
    http::Uri,
    response::{IntoResponse, Response},
};
use domain::{ids::DeedId, staff::Act};
use serde::Deserialize;
use store::staff::deeds;

/// Where the list goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Onward {
    before: Option<DeedId>,
    format: Option<String>,
}

/// `GET /console/{bank}/history`
pub async fn page(State(face): Web, me: Staffer, uri: Uri) -> Result<Response, Problem> {
    me.must(Act::Look)?;
    let onward: Onward = body::query(&uri)?;
    let format = Format::read(onward.format.as_deref())?;
    let (bank, rows) = (me.tenant.id.clone(), format.rows());
    let found =
        face.app.store.read(move |tx| deeds::of_bank(tx, &bank, onward.before.as_ref(), rows)).await?;
    let columns = ["Time", "Who", "Did", "What", "Proposed by"];
    let mut table = Table::new("History, newest first", &columns, "Nobody has done anything yet.");
    table.rows = found
        .iter()
        .map(|deed| {
            vec![
                Cell::plain(minute(&me.tenant, deed.at)),
                Cell::plain(deed.name.clone()),
                Cell::plain(deed.deed.in_words()),
                Cell::plain(deed.detail.clone()),
                Cell::plain(deed.proposed_by.clone().unwrap_or_default()),
            ]
        })
        .collect();
    if format == Format::Csv {
        return Ok(list::csv(&me.tenant, "history", &table));
    }
    let last = found.last().filter(|_| found.len() == rows as usize);
    table.next = last.map(|deed| me.at(&format!("/history?before={}", deed.id)));
    table.files = vec![(me.at("/history?format=csv"), "CSV")];
    Ok(Page(Lists {
        frame: me.frame(format!("{}: history", me.tenant.name), "/history"),
        lead: "What the bank's people did here. Lines are only ever added.".to_owned(),
        tables: vec![table],
    })
    .into_response())
}
