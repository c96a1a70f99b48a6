//! "Last transactions", "transactions over $50", "what did I spend at the supermarket last week?"

mod by_shop;
mod span;

pub use span::Span;

use crate::{
    asking::{Asked, Turn, TurnFault},
    category, filter, linking, notice, refusal,
    reply::{Block, Leaves, MoneyText, Reply, Seen, TransactionLine},
    sealed::{self, Skill},
    when,
};
use domain::{Account, Currency, DataClass, Money, Nature, Place, Transaction, TransactionStatus};
use gate::{AnswerCustomer, OwnSpendingMap};
use std::collections::{BTreeMap, HashSet};
use understanding::{Entities, Every, FOREIGN, Flow, Measure, ONLINE, country_named};

/// How many payments are shown when nobody says how many.
const SHOWN: usize = 10;
/// And of the largest or smallest ones.
const EXTREMES_SHOWN: usize = 5;
/// The most that are shown in one answer.
const MOST: usize = 50;
/// The most that are read from the bank for one answer.
pub const READ: usize = 2_000;

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
    if let Some(hint) = &about.account {
        let named: Vec<_> =
            read.accounts.iter().filter(|a| filter::account(hint, a)).map(|a| a.id.clone()).collect();
        if !named.is_empty() {
            payments.retain(|p| named.contains(&p.account));
        }
    }
    of_such(payments, about)
}

/// Of these payments, those that a question is about, whatever their account.
pub fn of_such(mut payments: Vec<Transaction>, about: &Entities) -> Vec<Transaction> {
    if let Some(status) = about.status {
        payments.retain(|p| p.status == status);
    }
    if let Some(amount) = &about.amount {
        payments.retain(|p| filter::amount(amount, p.amount));
    }
    if let Some(flow) = about.flow {
        payments.retain(|p| filter::flow(flow, p));
    }
    match &about.merchant {
        Some(merchant) => category::paid_to(payments, merchant),
        None => payments,
    }
}

/// If a question names a place: leaves only the payments there, which takes the bank's leave to read places, and gives
/// the question that remains. Gives the reply that says why not, if they may not be read. A word that is the place of no
/// payment may be a shop or a kind of shop.
pub async fn narrow(
    turn: &Turn,
    span: &Span,
    skill: Skill,
    about: &Entities,
    read: &mut Read,
) -> Result<Result<Entities, Reply>, TurnFault> {
    let Some(place) = &about.place else { return Ok(Ok(about.clone())) };
    if place == FOREIGN {
        read.payments.retain(|payment| payment.foreign.is_some());
        return Ok(Ok(about.clone()));
    }
    let country = country_named(place);
    let classes = [DataClass::MerchantPlaces];
    let (mut permits, consent) = match turn.ask::<OwnSpendingMap>(&classes).await? {
        Asked::Yes(permits, consent) => (permits, consent),
        Asked::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, skill, about, Some(consent.id)).await.map(Err);
        }
        Asked::No(no) => return refusal::in_words(turn, *no).await.map(Err),
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let places = match connector.places(&grant, &permit, span.period()).await {
        Ok(places) => places.open(permit)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await.map(Err),
    };
    read.seen.push(Seen::of(&places));
    let said = place.to_lowercase();
    let is_there = |row: &&Place| match row.online {
        true => said == ONLINE,
        false => {
            row.city.to_lowercase() == said || country.is_some_and(|country| row.country == country.code())
        }
    };
    let there: HashSet<_> = places.value.rows.iter().filter(is_there).map(|row| &row.transaction).collect();
    if there.is_empty() && !category::paid_to(read.payments.clone(), place).is_empty() {
        return Ok(Ok(Entities { merchant: Some(place.clone()), place: None, ..about.clone() }));
    }
    read.payments.retain(|payment| there.contains(&payment.id));
    Ok(Ok(about.clone()))
}

/// Reads what a question is about: its days, the payments of them, and what is left of the question once the payments have shown
/// which days and which places are meant. Or gives the reply that says why not.
pub async fn open(
    turn: &Turn,
    skill: Skill,
    about: &Entities,
) -> Result<Result<(Span, Read, Entities), Reply>, TurnFault> {
    let mut span = Span::of(turn, about);
    if let Some(reply) = span.too_long_ago() {
        return Ok(Err(reply));
    }
    let mut read = match read(turn, &span, skill, about).await? {
        Ok(read) => read,
        Err(reply) => return Ok(Err(reply)),
    };
    if let Err(text) = span.begin_at_pay(about, &mut read.payments) {
        return Ok(Err(Reply { seen: read.seen, ..Reply::text(text) }));
    }
    let shared: Vec<&Account> = read.accounts.iter().collect();
    if let Some(reply) = filter::no_such_account(about.account.as_ref(), &shared) {
        return Ok(Err(Reply { seen: read.seen, ..reply }));
    }
    let narrowed = narrow(turn, &span, skill, about, &mut read).await?;
    Ok(narrowed.map(|about| (span, read, about)))
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
    let (span, mut read, about) = match open(turn, Skill::Transactions, about).await? {
        Ok(opened) => opened,
        Err(reply) => return Ok(reply),
    };
    let mut payments = matching(&mut read, &about);
    let extremes = extremes(&about);
    if let Some(first) = extremes {
        payments = if comes_in(&about) { payments } else { spent(payments) };
        payments.sort_by_key(|payment| payment.amount.minor_units.unsigned_abs());
        if first == LARGEST {
            payments.reverse();
        }
    }
    if payments.is_empty() {
        let text = format!("I found no {}{} from {}.", such(&about), where_at(&about), span.in_words());
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    }
    let usual = if extremes.is_some() { EXTREMES_SHOWN } else { SHOWN };
    let most = about.count.map_or(usual, |n| usize::from(n).clamp(1, MOST));
    let left = payments.get(before..).unwrap_or_default();
    if left.is_empty() {
        return Ok(Reply { seen: read.seen, ..Reply::text("That was all of them.") });
    }
    let (rows, more) = rows(&span, &read.accounts, left, most);
    let text = match extremes {
        Some(LARGEST) if before > 0 => "Going on, smaller ones:".to_owned(),
        Some(_) if before > 0 => "Going on, larger ones:".to_owned(),
        None if before > 0 => "Going on, older ones:".to_owned(),
        Some(first) if comes_in(&about) => {
            format!("{} from {}, the {first} first:", notice::capital(what(&about)), span.in_words())
        }
        Some(first) => format!("Your {first} payments from {}, the {first} first:", span.in_words()),
        None if about.period.is_some() || about.since_pay => {
            format!("{} from {}, newest first:", notice::capital(what(&about)), span.in_words())
        }
        None if about.flow.is_some() || about.status.is_some() => {
            format!("{}, newest first:", notice::capital(what(&about)))
        }
        None => "Your newest payments:".to_owned(),
    };
    let shown = u32::try_from(before + rows.len()).unwrap_or(u32::MAX);
    let mut blocks = vec![Block::Text { text }, Block::Transactions { rows, more }];
    blocks.extend(span.cut_off());
    blocks.extend(read.partial.then(Block::partial));
    let leaves = Leaves { shown, ..Leaves::default() };
    let reply = Reply { blocks, seen: read.seen, leaves, ..Reply::default() };
    let next: &[&str] =
        if more > 0 { &["Show more", "How much is that in total?"] } else { &["How much is that in total?"] };
    Ok(reply.with_quick(next).with_quick(&["Where did I shop?"]))
}

const LARGEST: &str = "largest";

/// Which payments come first where their size is asked for.
fn extremes(about: &Entities) -> Option<&'static str> {
    match about.measure? {
        Measure::Largest => Some(LARGEST),
        Measure::Smallest => Some("smallest"),
        Measure::Average(_) | Measure::ByShop => None,
    }
}

/// Whether a question is about money that came in.
fn comes_in(about: &Entities) -> bool {
    matches!(about.flow, Some(Flow::In | Flow::Refund | Flow::Salary))
}

/// What a list is of.
fn what(about: &Entities) -> &'static str {
    match about.flow {
        None | Some(Flow::Out) => match about.status {
            Some(TransactionStatus::Pending) => "your pending payments",
            Some(TransactionStatus::Posted) => "your booked payments",
            None => "your payments",
        },
        Some(Flow::In) => "what came in",
        Some(Flow::Refund) => "what came back to you",
        Some(Flow::Salary) => "your pay",
    }
}

/// What is not there.
fn such(about: &Entities) -> &'static str {
    match about.flow {
        None | Some(Flow::Out) if about.status == Some(TransactionStatus::Pending) => "pending payments",
        None | Some(Flow::Out) => "such payments",
        Some(Flow::In) => "money that came in",
        Some(Flow::Refund) => "refunds",
        Some(Flow::Salary) => "pay, as far as the bank calls it so,",
    }
}

/// Adds up what was spent, or what came in.
pub async fn total(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    if about.measure == Some(Measure::ByShop) {
        return by_shop::tell(turn, about).await;
    }
    let (span, mut read, about) = match open(turn, Skill::Spending, about).await? {
        Ok(opened) => opened,
        Err(reply) => return Ok(reply),
    };
    let payments = matching(&mut read, &about);
    let comes_in = comes_in(&about);
    let came_back = if comes_in { BTreeMap::new() } else { refunds(&payments) };
    let counted = if comes_in { payments } else { spent(payments) };
    if counted.is_empty() {
        let such = if comes_in { such(&about) } else { "payments" };
        let text = format!("I found no {such}{} from {}.", where_at(&about), span.in_words());
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    }
    let of = of_what(&counted, &about, &span);
    let mut blocks: Vec<Block> = sums(&counted)
        .into_iter()
        .map(|(currency, (units, count))| Block::Total {
            of: of.clone(),
            amount: MoneyText::from(Money::new(units.abs(), currency)),
            count,
        })
        .collect();
    blocks.extend(came_back.into_iter().filter(|(_, units)| *units > 0).map(|(currency, units)| {
        Block::Text {
            text: format!("{} came back as refunds and is not taken off here.", Money::new(units, currency)),
        }
    }));
    if let Some(Measure::Average(every)) = about.measure {
        let days = i64::from((span.until - span.from).get_days()).max(1);
        let averages =
            sums(&counted).into_iter().map(|(currency, (units, _))| average(units, currency, days, every));
        blocks.extend(averages.map(|text| Block::Text { text }));
    }
    let (rows, more) = rows(&span, &read.accounts, &counted, SHOWN);
    blocks.push(Block::Transactions { rows, more });
    blocks.extend(span.cut_off());
    blocks.extend(read.partial.then(Block::partial));
    Ok(Reply { blocks, seen: read.seen, ..Reply::default() })
}

/// "That is $42.00 a week on average." A month is 365.25 / 12 days.
fn average(units: i64, currency: Currency, days: i64, every: Every) -> String {
    let (thousandths, word) = match every {
        Every::Day => (1_000, "day"),
        Every::Week => (7_000, "week"),
        Every::Month => (30_438, "month"),
    };
    let of = i128::from(units.abs()) * thousandths / (i128::from(days) * 1_000);
    let amount = Money::new(i64::try_from(of).unwrap_or(i64::MAX), currency);
    format!("That is {amount} a {word} on average, over {days} days.")
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

/// " at Greenleaf in Reno", " from Anna", or nothing.
pub fn where_at(about: &Entities) -> String {
    let word = |name: &str| match () {
        () if comes_in(about) => "from",
        () if category::is_kind(name) => "on",
        () => "at",
    };
    let at = about.merchant.as_ref().map(|merchant| format!(" {} {merchant}", word(merchant)));
    at.into_iter().chain(there(about)).collect()
}

/// " in Reno", " online", or nothing.
fn there(about: &Entities) -> Option<String> {
    about
        .place
        .as_deref()
        .map(|place| if place == ONLINE { format!(" {ONLINE}") } else { format!(" in {place}") })
}

/// "Greenleaf Market, Mon 9 to Sun 15 Nov": the merchant's own name when all payments went to one.
fn of_what(spent: &[Transaction], about: &Entities, span: &Span) -> String {
    let first = spent[0].merchant.as_deref();
    let one = first.filter(|_| spent.iter().all(|p| p.merchant.as_deref() == first));
    let who = match (&about.merchant, one) {
        (None, _) if comes_in(about) => {
            let there = there(about).unwrap_or_default();
            return format!("{}{there}, {}", notice::capital(what(about)), span.in_words());
        }
        (None, _) if about.place.is_some() => "Payments",
        (None, _) => "All payments",
        (Some(_), Some(name)) => name,
        (Some(said), None) => said,
    };
    let there = there(about).unwrap_or_default();
    format!("{who}{there}, {}", span.in_words())
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
pub(super) mod tests {
    use super::*;

    pub(super) fn payment(at: &str) -> Transaction {
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
    fn an_average_is_of_as_many_days_as_were_asked_for() {
        let said = |every| average(-70_000, Currency::USD, 70, every);
        assert_eq!(said(Every::Day), "That is $10.00 a day on average, over 70 days.");
        assert_eq!(said(Every::Week), "That is $70.00 a week on average, over 70 days.");
        assert_eq!(said(Every::Month), "That is $304.38 a month on average, over 70 days.");
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
