//! What the bank can say No to from here, and whom it would touch.

use super::{
    caller::Staffer,
    list::{minute, words},
    proposals,
};
use crate::{
    http::{
        Web, body,
        problem::{Kind, Problem},
        view::{
            Page,
            console::{Cell, Lists, Look, Preview, Table, grouped},
        },
    },
    staff::PROPOSAL_LASTS,
};
use axum::{extract::State, http::Uri};
use domain::staff::{Act, Stop};
use gate::{BankRules, Offer};
use jiff::SignedDuration;
use serde::Deserialize;
use store::{
    DbError, figures,
    staff::proposals as stored,
    stops::{self, Stopped},
};

/// Over how many days accesses are counted for a preview.
pub const LOOK_BACK_DAYS: i64 = 30;

/// `GET /console/{bank}/no`
pub async fn page(State(face): Web, me: Staffer) -> Result<Page<Lists>, Problem> {
    me.must(Act::Look)?;
    let (bank, now) = (me.tenant.id.clone(), face.app.clock.now());
    let read = face.app.store.read(move |tx| -> Result<_, DbError> {
        Ok((stored::open(tx, &bank, now)?, stops::of_bank(tx, &bank)?))
    });
    let (open, stops) = read.await?;
    let rules = face.app.in_force.written(&me.tenant.id).ok_or(Kind::UnknownBank)?;
    let columns = ["To", "By the bank's files", "From here", "Words to customers", "Change"];
    let mut table = Table::new("What the bank says No to", &columns, "There is nothing to say No to.");
    for what in Stop::all() {
        table.rows.push(row(&me, &rules, what, stops.iter().find(|stop| stop.what == what)));
    }
    Ok(Page(Lists {
        frame: me.frame(format!("{}: say No", me.tenant.name), "/no"),
        lead: "A No from here holds for every customer, in all of the gateway, within seconds. One person proposes it, and an officer who is somebody else approves it.".to_owned(),
        tables: vec![proposals::table(&me, &open), table],
    }))
}

fn row(me: &Staffer, rules: &BankRules, what: Stop, stop: Option<&Stopped>) -> Vec<Cell> {
    let closed = match what {
        Stop::Class(class) => !matches!(rules.offered.get(&class), Some(Offer::Yes)),
        Stop::Channel(channel) => rules.refused_channels.contains_key(&channel),
        Stop::Everything => false,
    };
    let files = if closed { Cell::of("closed", Look::Bad) } else { Cell::of("open", Look::Good) };
    let here = match stop {
        Some(stop) => Cell::of(format!("closed since {}", minute(&me.tenant, stop.since)), Look::Bad),
        None => Cell::none(),
    };
    let said = stop.map_or_else(Cell::none, |stop| Cell::plain(stop.words.clone()));
    let name = match what {
        Stop::Class(class) => words(class.as_str()),
        Stop::Channel(channel) => format!("channel {channel}"),
        Stop::Everything => "everything (pull out)".to_owned(),
    };
    let link = me.at(&format!("/no/preview?what={what}"));
    let change = match (me.who.person.role.may(Act::Propose), stop) {
        (false, _) => Cell::none(),
        (true, None) => Cell::plain(format!("Say No to {name}…")).to(link),
        (true, Some(_)) => Cell::plain(format!("Open {name} again…")).to(link),
    };
    vec![Cell::plain(name), files, here, said, change]
}

/// Which No.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    what: Stop,
}

/// `GET /console/{bank}/no/preview?what=…`
pub async fn preview(State(face): Web, me: Staffer, uri: Uri) -> Result<Page<Preview>, Problem> {
    me.must(Act::Propose)?;
    let Which { what } = body::query(&uri)?;
    let since = face.app.clock.now() - SignedDuration::from_hours(24 * LOOK_BACK_DAYS);
    let bank = me.tenant.id.clone();
    let read = face.app.store.read(move |tx| -> Result<_, DbError> {
        Ok((figures::touched(tx, &bank, what, since)?, stops::of_bank(tx, &bank)?))
    });
    let (touched, stops) = read.await?;
    let saying_no = !stops.iter().any(|stop| stop.what == what);
    let title = if saying_no { "Say No" } else { "Say No no longer" };
    Ok(Page(Preview {
        frame: me.frame(format!("{title} to {}", what.in_words()), "/no"),
        what: what.to_string(),
        saying_no,
        after: after(saying_no, what),
        consents: grouped(touched.consents),
        accesses: grouped(touched.accesses),
        days: LOOK_BACK_DAYS,
        hours: PROPOSAL_LASTS.as_hours(),
    }))
}

/// What becomes of the consents.
fn after(saying_no: bool, what: Stop) -> &'static str {
    match (saying_no, what) {
        (true, Stop::Everything) => {
            "Every consent ends, the bank's systems are told to end theirs, and nobody can link again until it is taken back."
        }
        (true, _) => "Customers keep their consent; what it opens is closed for as long as the No holds.",
        (false, Stop::Everything) => "Customers can link again. The consents that were ended stay ended.",
        (false, _) => "What the bank's files say No to stays closed.",
    }
}
