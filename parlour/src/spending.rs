//! "Last transactions", "transactions over $50", "what did I spend at the supermarket last week?"

use crate::{
    asking::{Asked, Turn, TurnFault},
    category, filter, linking, refusal,
    reply::{Block, Leaves, MoneyText, Reply, Seen, TransactionLine},
    sealed::{self, Skill},
    when,
};
use banks::Period;
use domain::{Account, Currency, DataClass, Money, Nature, Transaction, TransactionStatus};
use gate::{AnswerCustomer, OwnSpendingMap};
use jiff::{Span as Days, civil::Date, tz::TimeZone};
use std::collections::{BTreeMap, HashSet};
use understanding::{Entities, country_named};

/// How many payments are shown when nobody says how many.
const SHOWN: usize = 10;
/// The most that are shown in one answer.
const MOST: usize = 50;
/// The most that are read from the bank for one answer.
pub const READ: usize = 2_000;
/// How far back "last transactions" looks, in days.
const RECENT_DAYS: i64 = 30;

/// The days that a question is about.
pub struct Span {
    /// First day.
    pub from: Date,
    /// Day after the last.
    pub until: Date,
    /// Today, in the bank's zone.
    pub today: Date,
    zone: TimeZone,
}

impl Span {
    /// The period that the person named, or the last 30 days; never further back than was agreed.
    pub fn of(turn: &Turn, about: &Entities) -> Span {
        let zone = turn.tenant.zone.clone();
        let today = turn.now.to_zoned(zone.clone()).date();
        let back = |days: i64| today.checked_sub(Days::new().days(days)).unwrap_or(today);
        let tomorrow = today.tomorrow().unwrap_or(today);
        let (from, until) = match &about.period {
            Some(period) => (period.from, period.until),
            None => (back(RECENT_DAYS), tomorrow),
        };
        let from = from.max(back(turn.tenant.lookback_days));
        Span { from, until: until.min(tomorrow).max(from), today, zone }
    }

    /// For the bank.
    pub fn period(&self) -> Period {
        let last = self.until.yesterday().unwrap_or(self.until).max(self.from);
        Period::new(self.from, last).unwrap_or_else(|_| {
            let recent = last.checked_sub(Days::new().days(RECENT_DAYS)).unwrap_or(last);
            Period::new(recent, last).expect("thirty days are a period")
        })
    }

    /// "Mon 9 to Sun 15 Nov".
    pub fn in_words(&self) -> String {
        when::span(self.from, self.until, self.today)
    }

    /// The day of a payment, where the bank is.
    pub fn day_of(&self, payment: &Transaction) -> Date {
        payment.at.to_zoned(self.zone.clone()).date()
    }
}

/// The payments of the span's days, newest first. Banks count days in their own way, so we count again.
pub fn within(span: &Span, payments: Vec<Transaction>) -> Vec<Transaction> {
    let mut kept: Vec<Transaction> =
        payments.into_iter().filter(|p| (span.from..span.until).contains(&span.day_of(p))).collect();
    kept.sort_by_key(|p| std::cmp::Reverse(p.at));
    kept
}

/// What was read for a question about payments.
pub struct Read {
    /// The accounts that are shared.
    pub accounts: Vec<Account>,
    /// The payments of the days asked for, newest first.
    pub payments: Vec<Transaction>,
    /// Whether the bank has more than it gave.
    pub partial: bool,
    /// What was read, and where that stands in the log.
    pub seen: Vec<Seen>,
}

/// Reads accounts and payments, or gives the reply that says why not.
pub async fn read(
    turn: &Turn,
    span: &Span,
    skill: Skill,
    about: &Entities,
) -> Result<Result<Read, Reply>, TurnFault> {
    let classes = [DataClass::Accounts, DataClass::Transactions];
    let (mut permits, consent) = match turn.ask::<AnswerCustomer>(&classes).await? {
        Asked::Yes(permits, consent) => (permits, consent),
        Asked::OnlyOnItsPage(consent) => {
            return Ok(Err(sealed::offer(turn, skill, about, Some(consent.id)).await?));
        }
        Asked::No(no) => return Ok(Err(refusal::in_words(turn, *no).await?)),
    };
    let (may_list, may_name) = (permits.remove(1), permits.remove(0));
    let (connector, grant) = turn.reach(&consent).await?;
    let accounts = match connector.accounts(&grant, &may_name).await {
        Ok(accounts) => accounts.open(may_name)?,
        Err(fault) => return Ok(Err(linking::after_fault(turn, &consent, fault).await?)),
    };
    let payments = match connector.transactions(&grant, &may_list, span.period(), READ).await {
        Ok(payments) => payments.open(may_list)?,
        Err(fault) => return Ok(Err(linking::after_fault(turn, &consent, fault).await?)),
    };
    let seen = vec![Seen::of(&accounts), Seen::of(&payments)];
    let partial = accounts.value.partial || payments.value.partial || payments.value.more;
    let payments = within(span, payments.value.rows);
    Ok(Ok(Read { accounts: accounts.value.rows, payments, partial, seen }))
}

/// Which payments a question is about.
pub fn matching(read: &mut Read, about: &Entities) -> Vec<Transaction> {
    let mut payments = std::mem::take(&mut read.payments);
    if let Some(status) = about.status {
        payments.retain(|p| p.status == status);
    }
    if let Some(hint) = &about.account {
        let named: Vec<_> =
            read.accounts.iter().filter(|a| filter::account(hint, a)).map(|a| a.id.clone()).collect();
        if !named.is_empty() {
            payments.retain(|p| named.contains(&p.account));
        }
    }
    if let Some(amount) = &about.amount {
        payments.retain(|p| filter::amount(amount, p.amount));
    }
    match &about.merchant {
        Some(merchant) => category::paid_to(payments, merchant),
        None => payments,
    }
}

/// If a question names a place: only the payments there, which takes the bank's leave to read places. Gives the reply
/// that says why not, if it may not be read. A word that is the place of no payment is no place, and narrows nothing.
async fn narrow(
    turn: &Turn,
    span: &Span,
    skill: Skill,
    about: &Entities,
    read: &mut Read,
) -> Result<Option<Reply>, TurnFault> {
    let Some(place) = &about.place else { return Ok(None) };
    let country = country_named(place);
    let classes = [DataClass::MerchantPlaces];
    let (mut permits, consent) = match turn.ask::<OwnSpendingMap>(&classes).await? {
        Asked::Yes(permits, consent) => (permits, consent),
        Asked::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, skill, about, Some(consent.id)).await.map(Some);
        }
        Asked::No(no) => return refusal::in_words(turn, *no).await.map(Some),
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let places = match connector.places(&grant, &permit, span.period()).await {
        Ok(places) => places.open(permit)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await.map(Some),
    };
    read.seen.push(Seen::of(&places));
    let said = place.to_lowercase();
    let there: HashSet<_> = places
        .value
        .rows
        .iter()
        .filter(|row| !row.online)
        .filter(|row| {
            row.city.to_lowercase() == said || country.is_some_and(|country| row.country == country.code())
        })
        .map(|row| &row.transaction)
        .collect();
    if !there.is_empty() || country.is_some() {
        read.payments.retain(|payment| there.contains(&payment.id));
    }
    Ok(None)
}

/// "Refund", "Taken back".
fn note(payment: &Transaction) -> Option<String> {
    match payment.nature {
        Nature::Usual => None,
        Nature::Refund { .. } => Some("Refund".to_owned()),
        Nature::Reversal { .. } => Some("Taken back".to_owned()),
    }
}

/// What was spent: without what was only moved, and without payments that were taken back.
pub fn spent(payments: Vec<Transaction>) -> Vec<Transaction> {
    let taken_back: HashSet<_> = payments
        .iter()
        .filter_map(|payment| match &payment.nature {
            Nature::Reversal { of } => of.clone(),
            _ => None,
        })
        .collect();
    let counts = |payment: &Transaction| {
        let before = payment.was_pending_as.as_ref();
        counts_as_spent(payment)
            && !taken_back.contains(&payment.id)
            && !before.is_some_and(|id| taken_back.contains(id))
    };
    payments.into_iter().filter(counts).collect()
}

/// What came back as refunds, by currency.
fn refunds(payments: &[Transaction]) -> BTreeMap<Currency, i64> {
    let mut sums = BTreeMap::new();
    for payment in payments.iter().filter(|p| matches!(p.nature, Nature::Refund { .. })) {
        let sum: &mut i64 = sums.entry(payment.amount.currency).or_default();
        *sum = sum.saturating_add(payment.amount.minor_units);
    }
    sums
}

/// Lists payments, without those that were shown before.
pub async fn list(turn: &Turn, about: &Entities, before: usize) -> Result<Reply, TurnFault> {
    let span = Span::of(turn, about);
    let mut read = match read(turn, &span, Skill::Transactions, about).await? {
        Ok(read) => read,
        Err(reply) => return Ok(reply),
    };
    if let Some(reply) = narrow(turn, &span, Skill::Transactions, about, &mut read).await? {
        return Ok(reply);
    }
    let payments = matching(&mut read, about);
    if payments.is_empty() {
        let text = format!("I found no such payments from {}.", span.in_words());
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    }
    let most = about.count.map_or(SHOWN, |n| usize::from(n).clamp(1, MOST));
    let left = payments.get(before..).unwrap_or_default();
    if left.is_empty() {
        return Ok(Reply { seen: read.seen, ..Reply::text("That was all of them.") });
    }
    let (rows, more) = rows(&span, &read.accounts, left, most);
    let text = match &about.period {
        _ if before > 0 => "Going on, older ones:".to_owned(),
        Some(_) => format!("Your payments from {}, newest first:", span.in_words()),
        None => "Your newest payments:".to_owned(),
    };
    let shown = u32::try_from(before + rows.len()).unwrap_or(u32::MAX);
    let mut blocks = vec![Block::Text { text }, Block::Transactions { rows, more }];
    blocks.extend(read.partial.then(Block::partial));
    let leaves = Leaves { shown, ..Leaves::default() };
    let reply = Reply { blocks, seen: read.seen, leaves, ..Reply::default() };
    let next: &[&str] =
        if more > 0 { &["Show more", "How much is that in total?"] } else { &["How much is that in total?"] };
    Ok(reply.with_quick(next).with_quick(&["Where did I shop?"]))
}

/// Adds up what was spent.
pub async fn total(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let span = Span::of(turn, about);
    let mut read = match read(turn, &span, Skill::Spending, about).await? {
        Ok(read) => read,
        Err(reply) => return Ok(reply),
    };
    if let Some(reply) = narrow(turn, &span, Skill::Spending, about, &mut read).await? {
        return Ok(reply);
    }
    let payments = matching(&mut read, about);
    let came_back = refunds(&payments);
    let spent = spent(payments);
    if spent.is_empty() {
        let at = about.merchant.as_ref().map(|m| format!(" at {m}")).unwrap_or_default();
        let text = format!("I found no payments{at} from {}.", span.in_words());
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    }
    let of = of_what(&spent, about, &span);
    let mut blocks: Vec<Block> = sums(&spent)
        .into_iter()
        .map(|(currency, (units, count))| Block::Total {
            of: of.clone(),
            amount: MoneyText::from(Money::new(units, currency)),
            count,
        })
        .collect();
    blocks.extend(came_back.into_iter().filter(|(_, units)| *units > 0).map(|(currency, units)| {
        Block::Text {
            text: format!("{} came back as refunds and is not taken off here.", Money::new(units, currency)),
        }
    }));
    let (rows, more) = rows(&span, &read.accounts, &spent, SHOWN);
    blocks.push(Block::Transactions { rows, more });
    blocks.extend(read.partial.then(Block::partial));
    Ok(Reply { blocks, seen: read.seen, ..Reply::default() })
}

/// Money that left, but not what was moved to pay a card or to save.
pub fn counts_as_spent(payment: &Transaction) -> bool {
    payment.amount.minor_units < 0 && !category::is_own_transfer(payment)
}

fn sums(spent: &[Transaction]) -> BTreeMap<Currency, (i64, u32)> {
    let mut sums: BTreeMap<Currency, (i64, u32)> = BTreeMap::new();
    for payment in spent {
        let sum = sums.entry(payment.amount.currency).or_default();
        *sum = (sum.0.saturating_sub(payment.amount.minor_units), sum.1 + 1);
    }
    sums
}

/// "Greenleaf Market, Mon 9 to Sun 15 Nov": the merchant's own name when all payments went to one.
fn of_what(spent: &[Transaction], about: &Entities, span: &Span) -> String {
    let first = spent[0].merchant.as_deref();
    let one = first.filter(|_| spent.iter().all(|p| p.merchant.as_deref() == first));
    let who = match (&about.merchant, one) {
        (None, _) => "All payments",
        (Some(_), Some(name)) => name,
        (Some(said), None) => said,
    };
    format!("{who}, {}", span.in_words())
}

fn rows(
    span: &Span,
    accounts: &[Account],
    payments: &[Transaction],
    most: usize,
) -> (Vec<TransactionLine>, u32) {
    let title =
        |p: &Transaction| accounts.iter().find(|a| a.id == p.account).map(Account::title).unwrap_or_default();
    let rows = payments
        .iter()
        .take(most)
        .map(|p| TransactionLine {
            at: p.at,
            day: when::day(span.day_of(p), span.today),
            what: p.merchant.clone().unwrap_or_else(|| p.description.clone()),
            amount: p.amount.into(),
            pending: p.status == TransactionStatus::Pending,
            note: note(p),
            account: title(p),
        })
        .collect();
    (rows, u32::try_from(payments.len().saturating_sub(most)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn payment(at: &str) -> Transaction {
        Transaction {
            id: "t-1".parse().unwrap(),
            was_pending_as: None,
            account: "a-1".parse().unwrap(),
            amount: Money::new(-100, Currency::USD),
            at: at.parse().unwrap(),
            status: TransactionStatus::Posted,
            description: "CAFE".to_owned(),
            merchant: None,
            category: None,
            nature: domain::Nature::Usual,
            foreign: None,
        }
    }

    #[test]
    fn a_week_begins_and_ends_at_midnight_where_the_bank_is() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let span =
            Span { from: date(2026, 11, 9), until: date(2026, 11, 16), today: date(2026, 11, 20), zone };
        let inside = ["2026-11-09T05:00:00Z", "2026-11-16T04:59:59Z"];
        let outside = ["2026-11-09T04:59:59Z", "2026-11-16T05:00:00Z"];
        assert_eq!(within(&span, inside.map(payment).to_vec()).len(), 2);
        assert!(within(&span, outside.map(payment).to_vec()).is_empty());
    }

    #[test]
    fn the_days_that_the_bank_is_asked_for_are_the_first_and_the_last() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let span =
            Span { from: date(2026, 11, 9), until: date(2026, 11, 16), today: date(2026, 11, 20), zone };
        let period = span.period();
        assert_eq!((period.from(), period.to()), (date(2026, 11, 9), date(2026, 11, 15)));
    }

    #[test]
    fn what_was_taken_back_was_not_spent_and_refunds_are_told_apart() {
        let at = "2026-11-09T05:00:00Z";
        let named = |id: &str| Transaction { id: id.parse().unwrap(), ..payment(at) };
        let back = |nature: domain::Nature| Transaction {
            amount: Money::new(100, Currency::USD),
            nature,
            ..named("t-9")
        };
        let taken = back(domain::Nature::Reversal { of: Some("t-1".parse().unwrap()) });
        let kept = spent(vec![named("t-1"), named("t-2"), taken.clone()]);
        assert_eq!(kept.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["t-2"]);
        let pending = Transaction { was_pending_as: Some("t-1".parse().unwrap()), ..named("t-3") };
        assert!(spent(vec![pending, taken]).is_empty(), "it was taken back while it was pending");
        let refund = back(domain::Nature::Refund { of: None });
        assert_eq!(refunds(&[named("t-2"), refund.clone()])[&Currency::USD], 100);
        assert_eq!(note(&refund).as_deref(), Some("Refund"));
    }

    #[test]
    fn sums_are_kept_apart_by_currency() {
        let mut euro = payment("2026-11-09T05:00:00Z");
        euro.amount = Money::new(-250, Currency::EUR);
        let sums = sums(&[payment("2026-11-09T05:00:00Z"), euro, payment("2026-11-10T05:00:00Z")]);
        assert_eq!(sums[&Currency::USD], (200, 2));
        assert_eq!(sums[&Currency::EUR], (250, 1));
    }
}
