//! Who looked: each decision about the customer's data, by day.

use super::Visitor;
use crate::{
    http::{
        Web, body,
        problem::Problem,
        view::{
            Page,
            privacy::{Day, Look, Looks, Part},
        },
    },
    linking::offer::count,
    notice,
    privacy::{self, Only},
    when,
};
use axum::{extract::State, http::Uri};
use domain::{EntryId, Tier};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use store::access::Access;

/// Which decisions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    only: Only,
    before: Option<EntryId>,
}

/// `GET /privacy/{bank}/looks?only=&before=`
pub async fn page(State(face): Web, visitor: Visitor, uri: Uri) -> Result<Page<Looks>, Problem> {
    let back = |problem: Problem| problem.back_to(visitor.path("/looks"), "All who looked");
    let Which { only, before } = body::query(&uri).map_err(back)?;
    let is_first = before.is_none();
    let found = privacy::looks(&face.app, &visitor.session, only, before).await?;
    let (now, zone) = (face.app.clock.now(), &visitor.tenant.zone);
    Ok(Page(Looks {
        brand: visitor.brand(),
        place: visitor.place(Part::Looks),
        only,
        is_first,
        days: by_day(&found.rows, &visitor, now, zone),
        older: found.older.map(|entry| entry.to_string()),
    }))
}

fn by_day(rows: &[Access], visitor: &Visitor, now: Timestamp, zone: &TimeZone) -> Vec<Day> {
    let date = |access: &Access| access.decision.at.to_zoned(zone.clone()).date();
    let today = now.to_zoned(zone.clone()).date();
    let drawn = rows.chunk_by(|a, b| date(a) == date(b)).filter_map(|rows| {
        let on = date(rows.first()?);
        Some(Day {
            date: on.to_string(),
            words: day(on, today),
            rows: rows.iter().map(|access| look(access, visitor, zone)).collect(),
        })
    });
    drawn.collect()
}

fn day(on: Date, today: Date) -> String {
    let words = when::day(on, today);
    match on {
        on if on == today => format!("Today, {words}"),
        on if on.tomorrow().is_ok_and(|next| next == today) => format!("Yesterday, {words}"),
        _ => words,
    }
}

fn look(access: &Access, visitor: &Visitor, zone: &TimeZone) -> Look {
    let decision = &access.decision;
    let entry = &decision.entry;
    let at = decision.at.to_zoned(zone.clone());
    Look {
        id: decision.entry.to_string(),
        at: decision.at,
        clock: format!("{}:{:02}", at.hour(), at.minute()),
        what: notice::capital(decision.data_class.in_words()),
        why: decision.purpose.in_words().to_owned(),
        how: match (decision.allowed, decision.tier) {
            (false, _) | (true, Tier::Never) => "shown nowhere",
            (true, Tier::Sealed) => "shown on a one-time page",
            (true, Tier::InChat) => "shown in the chat",
        },
        accounts: count(decision.accounts.len(), "account"),
        allowed: decision.allowed,
        reason: decision.reason.as_ref().map(ToString::to_string),
        index: access.index,
        receipt_href: visitor.file(&format!("/access/{entry}/receipt"), &format!("/looks/{entry}/receipt")),
    }
}
