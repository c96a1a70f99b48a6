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
    staff::{OPERATOR, PROPOSAL_LASTS},
};
use axum::{extract::State, http::Uri};
use domain::staff::{Act, Stop};
use gate::{BankRules, Offer};
use jiff::SignedDuration;
use serde::Deserialize;
use store::{
    DbError, figures,
    pull_outs::{self, PullOut},
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
        Ok((stored::open(tx, &bank, now)?, stops::of_bank(tx, &bank)?, pull_outs::standing(tx, &bank)?))
    });
    let (open, stops, pulled) = read.await?;
    let rules = face.app.in_force.written(&me.tenant.id).ok_or(Kind::UnknownBank)?;
    let columns = ["To", "By the bank's files", "From here", "Pulled out", "Words to customers", "Change"];
    let mut table = Table::new("What the bank says No to", &columns, "There is nothing to say No to.");
    for what in Stop::all() {
        let out = pulled.iter().filter(|out| subject(out) == Some(what)).collect::<Vec<_>>();
        table.rows.push(row(&me, &rules, what, stops.iter().find(|stop| stop.what == what), &out));
    }
    table.rows.extend(pulled.iter().filter(|out| subject(out).is_none()).map(|out| narrow_row(&me, out)));
    Ok(Page(Lists {
        frame: me.frame(format!("{}: say No", me.tenant.name), "/no"),
        lead: "A No from here holds for every customer, in all of the gateway, within seconds. One person proposes it, and an officer who is somebody else approves it.".to_owned(),
        tables: vec![proposals::table(&me, &open), table],
    }))
}

/// The row to which a pulling out belongs. None if it is of one class of data on one channel, which has no row.
fn subject(out: &PullOut) -> Option<Stop> {
    match (out.channel, out.data_class) {
        (None, None) => Some(Stop::Everything),
        (Some(channel), None) => Some(Stop::Channel(channel)),
        (None, Some(class)) => Some(Stop::Class(class)),
        (Some(_), Some(_)) => None,
    }
}

/// Since when, by whom, and how far it has come. What was ordered at the command line ends there.
fn pulled_out(me: &Staffer, out: &PullOut) -> Cell {
    let so_far = if out.done_at.is_some() { "" } else { " so far" };
    let mut text = format!(
        "since {}, ordered by {}; consents ended{so_far}: {}",
        minute(&me.tenant, out.at),
        out.by,
        grouped(out.ended)
    );
    if out.by == OPERATOR {
        text.push_str(". Whoever runs the gateway can take it back");
    }
    Cell::of(text, Look::Bad)
}

/// A pulling out of one class of data on one channel.
fn narrow_row(me: &Staffer, out: &PullOut) -> Vec<Cell> {
    let class = out.data_class.map_or_else(String::new, |class| words(class.as_str()));
    let channel = out.channel.map_or_else(String::new, |channel| channel.to_string());
    vec![
        Cell::plain(format!("{class} on channel {channel}")),
        Cell::none(),
        Cell::none(),
        pulled_out(me, out),
        Cell::plain(out.reason.clone()),
        Cell::none(),
    ]
}

fn row(
    me: &Staffer,
    rules: &BankRules,
    what: Stop,
    stop: Option<&Stopped>,
    pulled: &[&PullOut],
) -> Vec<Cell> {
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
    let out = pulled.last().map_or_else(Cell::none, |out| pulled_out(me, out));
    let said = stop.map(|stop| &stop.words).or(pulled.last().map(|out| &out.reason));
    let said = said.map_or_else(Cell::none, |words| Cell::plain(words.clone()));
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
    vec![Cell::plain(name), files, here, out, said, change]
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
