//! "What's my balance?"

use crate::{
    asking::{Asked, Turn, TurnFault},
    filter, linking, refusal,
    reply::{BalanceLine, Block, Reply, Seen},
    sealed::{self, Skill},
    when,
};
use banks::Listing;
use domain::{Account, AccountKind, Balance, CardBill, DataClass};
use gate::{AnswerCustomer, Opened};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use understanding::{Amount, AmountFilter, Comparison, Entities};

/// Tells how the shared accounts stand, or the one that the message calls by its name.
pub async fn tell(turn: &Turn, about: &Entities, text: &str) -> Result<Reply, TurnFault> {
    let (mut permits, consent) = match turn.ask::<AnswerCustomer>(&[DataClass::Balances]).await? {
        Asked::Yes(permits, consent) => (permits, consent),
        Asked::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Balances, about, Some(consent.id)).await;
        }
        Asked::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let guarded = match connector.balances(&grant, &permit).await {
        Ok(guarded) => guarded,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    Ok(compose(guarded.open(permit)?, about, text, turn.now, &turn.tenant.zone))
}

fn compose(
    read: Opened<Listing<Balance>>,
    about: &Entities,
    text: &str,
    now: Timestamp,
    zone: &TimeZone,
) -> Reply {
    let seen = vec![Seen::of(&read)];
    let Listing { rows: all, partial, .. } = read.value;
    let accounts: Vec<&Account> = all.iter().map(|balance| &balance.account).collect();
    let called: Vec<&Balance> = all.iter().filter(|b| filter::calls(text, &b.account)).collect();
    if called.is_empty()
        && let Some(reply) = filter::no_such_account(about.account.as_ref(), &accounts)
    {
        return Reply { seen, ..reply };
    }
    let wanted: Vec<&Balance> = match &about.account {
        _ if !called.is_empty() => called,
        Some(hint) => all.iter().filter(|b| filter::account(hint, &b.account)).collect(),
        None => vec![],
    };
    let shown: Vec<&Balance> = if wanted.is_empty() { all.iter().collect() } else { wanted };
    if shown.is_empty() {
        return Reply { seen, ..Reply::text("The bank shows no accounts for this chat.") };
    }
    let enough = about.amount.as_ref().and_then(|amount| enough(amount, &shown));
    let accounts = shown.into_iter().map(|balance| line(balance, now, zone)).collect();
    let mut blocks: Vec<Block> = enough.map(|text| Block::Text { text }).into_iter().collect();
    blocks.push(Block::Balances { accounts });
    blocks.extend(partial.then(Block::partial));
    Reply { blocks, seen, ..Reply::default() }.with_quick(&["Last transactions", "Who looked at my data?"])
}

/// "Do I have enough for $900?": which of the accounts have as much available. Credit is not money that one has.
fn enough(asked: &AmountFilter, shown: &[&Balance]) -> Option<String> {
    let (Comparison::Exactly(minor) | Comparison::About(minor) | Comparison::Over(minor)) = asked.comparison
    else {
        return None;
    };
    let own: Vec<&&Balance> =
        shown.iter().filter(|b| !matches!(b.account.kind, AccountKind::Card | AccountKind::Loan)).collect();
    let currency = asked.currency.or_else(|| own.first().map(|balance| balance.current.currency))?;
    let wanted = Amount { minor, currency: Some(currency) }.money(currency)?;
    let has = |balance: &&&&Balance| {
        let there = balance.available.unwrap_or(balance.current);
        there.currency == currency && there.minor_units >= wanted.minor_units
    };
    let with: Vec<String> = own.iter().filter(has).map(|balance| balance.account.title()).collect();
    Some(match with.as_slice() {
        [] => format!("None of your accounts has {wanted} available just now."),
        [one] => format!("{one} has at least {wanted} available."),
        all => format!("{} each have at least {wanted} available.", all.join(" and ")),
    })
}

/// How an account stands, as it is shown.
pub fn line(balance: &Balance, now: Timestamp, zone: &TimeZone) -> BalanceLine {
    let owed = balance.account.kind == AccountKind::Card;
    let today = now.to_zoned(zone.clone()).date();
    BalanceLine {
        title: balance.account.title(),
        kind: balance.account.kind,
        current: if owed { balance.current.magnitude().into() } else { balance.current.into() },
        available: balance.available.map(Into::into),
        as_of: balance.as_of,
        bill: balance.bill.as_ref().and_then(|bill| to_pay(bill, today)),
        stale: stale(balance.as_of, now),
    }
}

/// "At least $35.00 by Tue 1 Dec".
fn to_pay(bill: &CardBill, today: Date) -> Option<String> {
    let by = bill.due.map(|due| when::day(due, today));
    match (bill.minimum, by) {
        (Some(minimum), Some(by)) => Some(format!("at least {minimum} by {by}")),
        (Some(minimum), None) => Some(format!("at least {minimum}")),
        (None, Some(by)) => Some(format!("by {by}")),
        (None, None) => None,
    }
}

/// A balance that the bank read this long ago may not be what it is now.
const STALE: SignedDuration = SignedDuration::from_hours(24);

fn stale(as_of: Timestamp, now: Timestamp) -> Option<String> {
    let age = now.duration_since(as_of);
    if age < STALE {
        return None;
    }
    let days = age.as_hours() / 24;
    let old = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
    Some(format!("This is {old} old. The bank has nothing newer just now."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_of_yesterday_is_said_to_be_old_and_one_of_today_is_not() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        assert_eq!(stale(now - STALE + SignedDuration::from_nanos(1), now), None);
        let old = stale(now - STALE, now);
        assert_eq!(old.as_deref(), Some("This is a day old. The bank has nothing newer just now."));
        let older = stale(now - SignedDuration::from_hours(75), now);
        assert_eq!(older.as_deref(), Some("This is 3 days old. The bank has nothing newer just now."));
        assert_eq!(stale(now + STALE, now), None, "a clock that is ahead is no reason to warn");
    }
}
