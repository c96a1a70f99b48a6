//! "I'm travelling to Japan next week", "cancel my travel notice".

use crate::{
    asking::{Asked as Gate, Turn, TurnFault},
    linking, memory,
    memory::{Asked, Slot},
    orders::{self, NO, Wanted},
    refusal,
    reply::{Block, Point, Reply, Seen},
    sealed::{self, Skill},
};
use domain::{DataClass, Order, Region, TravelNotice, order::COUNTRIES_MAX};
use gate::AccountManagement;
use understanding::{
    Ahead, Entities,
    wishes::{self, TravelWish},
};

/// What is not done where orders are not taken.
const ELSEWHERE: &str = "take a note that you travel";

/// Asks whether to tell the bank, or for what is missing; without any detail, tells what the bank knows.
pub async fn begin(turn: &Turn, text: &str) -> Result<Reply, TurnFault> {
    if !turn.tenant.connector().await?.is_native() {
        return Ok(orders::elsewhere(turn, ELSEWHERE));
    }
    let wish = wishes::travel(text, turn.today());
    let nothing = wish.countries.is_empty() && wish.days.from.is_none();
    if !wish.cancels && !nothing && !turn.channel.is_foreign() {
        // What may not be ordered is said before anything is asked.
        if let Gate::No(no) = turn.ask::<AccountManagement>(&[DataClass::Cards]).await? {
            return refusal::in_words(turn, *no).await;
        }
        return Ok(next(turn, wish));
    }
    let (mut permits, consent) = match turn.ask::<AccountManagement>(&[DataClass::Cards]).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Travel, &Entities::default(), Some(consent.id)).await;
        }
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let read = match connector.travel_notices(&grant, &permit).await {
        Ok(read) => read.open(permit)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let seen = vec![Seen::of(&read)];
    let notices = read.value.rows;
    let reply = if wish.cancels { cancel(turn, &notices) } else { told(turn, &notices) };
    Ok(Reply { seen, ..reply })
}

/// What the bank knows, and the question where to.
fn told(turn: &Turn, notices: &[TravelNotice]) -> Reply {
    let mut blocks = vec![];
    if !notices.is_empty() {
        let rows = notices.iter().map(|notice| Point {
            term: orders::countries(&notice.countries),
            text: orders::days(notice.from, notice.until, turn.today()),
        });
        let title = format!("What {} knows of your travels", turn.tenant.name);
        blocks.push(Block::Facts { title, rows: rows.collect() });
    }
    if turn.channel.is_foreign() {
        if notices.is_empty() {
            let text = format!("{} knows of no travels of yours.", turn.tenant.name);
            blocks.push(Block::Text { text });
        }
        return Reply { blocks, ..Reply::default() };
    }
    let text = "To which country do you travel, and from which day to which?".to_owned();
    blocks.push(Block::Text { text });
    let mut reply = Reply { blocks, ..Reply::default() };
    if !notices.is_empty() {
        reply = reply.with_quick(&["Cancel my travel notice"]);
    }
    reply.with_quick(&[NO]).asking(slot(vec![], Ahead { from: None, until: None }))
}

fn slot(countries: Vec<Region>, days: Ahead) -> Asked {
    Asked::Slot(Slot::Travel { countries, from: days.from, until: days.until })
}

/// Asks for what is missing, or whether to do it.
fn next(turn: &Turn, wish: TravelWish) -> Reply {
    let today = turn.today();
    let TravelWish { countries, days, .. } = wish;
    let again =
        |text: &str, days: Ahead| Reply::text(text).with_quick(&[NO]).asking(slot(countries.clone(), days));
    if countries.is_empty() {
        return again("To which country do you travel?", days);
    }
    if countries.len() > COUNTRIES_MAX {
        let text = format!(
            "That is more than {COUNTRIES_MAX} countries, which the bank does not take. Which are they?"
        );
        return Reply::text(text).with_quick(&[NO]).asking(slot(vec![], days));
    }
    let (from, until) = match (days.from, days.until) {
        (Some(from), Some(until)) => (from, until),
        (None, _) => return again("From which day to which day?", days),
        (Some(_), None) => return again("Until which day?", days),
    };
    if until < today || until < from {
        let nothing = Ahead { from: None, until: None };
        return again("That is over already. From which day to which day?", nothing);
    }
    let name = orders::countries(&countries);
    let when = orders::days(from, until, today);
    let will = format!(
        "I will tell {} that you are in {name} from {when}, so that it does not take your payments there for theft.",
        turn.tenant.name
    );
    let order = Order::AddTravelNotice { countries, from, until };
    orders::question(turn, Wanted { order, name, undo: None, will })
}

/// The answer to "which country?", "until when?"; none if it is not one.
pub fn fill(turn: &Turn, countries: &[Region], days: Ahead, text: &str) -> Option<Reply> {
    let said = wishes::travel(text, days.from.unwrap_or(turn.today()));
    let Ahead { from, until } = said.days;
    if said.countries.is_empty() && from.is_none() && until.is_none() {
        return None;
    }
    let both: Vec<Region> = if said.countries.is_empty() { countries.to_vec() } else { said.countries };
    let days = merged(days, Ahead { from, until });
    Some(next(turn, TravelWish { countries: both, days, cancels: false }))
}

/// The days that are known already with those that were said now: one day alone is the end, when the beginning is known.
fn merged(before: Ahead, said: Ahead) -> Ahead {
    match (before.from, said.from, said.until) {
        (Some(from), Some(day), None) => Ahead { from: Some(from), until: Some(day) },
        (Some(from), _, Some(until)) => Ahead { from: Some(from), until: Some(until) },
        (None, _, _) => said,
        (Some(_), None, None) => before,
    }
}

fn cancel(turn: &Turn, notices: &[TravelNotice]) -> Reply {
    if turn.channel.is_foreign() {
        return orders::elsewhere(turn, ELSEWHERE);
    }
    let named = |notice: &TravelNotice| {
        let when = orders::days(notice.from, notice.until, turn.today());
        format!("{}, {when}", orders::countries(&notice.countries))
    };
    match notices {
        [] => Reply::text(format!("{} knows of no travels of yours.", turn.tenant.name)),
        [one] => take_back(turn, one.id.as_str(), named(one)),
        several => {
            let notices: Vec<_> =
                several.iter().map(|one| (one.id.as_str().to_owned(), named(one))).collect();
            let labels: Vec<&str> = notices.iter().map(|(_, name)| name.as_str()).collect();
            Reply::text("Which of them?")
                .with_quick(&labels)
                .with_quick(&[NO])
                .asking(Asked::Slot(Slot::Notice { notices: notices.clone() }))
        }
    }
}

fn take_back(turn: &Turn, id: &str, name: String) -> Reply {
    let Ok(notice) = id.parse() else {
        return Reply::text("I cannot find that travel notice any more. Please ask again.");
    };
    let will = format!("I will take back your travel notice: {name}.");
    orders::question(turn, Wanted { order: Order::CancelTravelNotice { notice }, name, undo: None, will })
}

/// The answer to "which of them?"; none if it is not one.
pub fn chosen(turn: &Turn, notices: &[(String, String)], text: &str) -> Option<Reply> {
    let by_name = notices.iter().position(|(_, name)| name == text.trim());
    let (id, name) = &notices[by_name.or_else(|| memory::chosen(text, notices.len()))?];
    Some(take_back(turn, id, name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Date, date};

    #[test]
    fn one_day_after_the_first_is_the_last() {
        let (third, tenth) = (Some(date(2026, 12, 3)), Some(date(2026, 12, 10)));
        let days = |from: Option<Date>, until: Option<Date>| Ahead { from, until };
        assert_eq!(merged(days(third, None), days(tenth, None)), days(third, tenth));
        assert_eq!(merged(days(None, None), days(third, tenth)), days(third, tenth));
        assert_eq!(merged(days(third, None), days(third, tenth)), days(third, tenth));
        assert_eq!(merged(days(third, None), days(None, None)), days(third, None));
    }
}
