//! One purchase is shown once: a pending transaction whose booking is there too is dropped.
//!
//! Pending and posted ids differ. A bank that names the pending id in the booking is believed; otherwise a
//! booking takes the place of the one pending purchase that it can only be.

use super::transaction::Read;
use domain::{Nature, Transaction, TransactionId, TransactionStatus};
use jiff::SignedDuration;
use std::collections::HashSet;

/// A booking follows its purchase within this time.
const BOOKED_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Two records of one purchase tell the same moment, give or take clocks.
const SAME_MOMENT: SignedDuration = SignedDuration::from_mins(5);
/// What a tip or an exchange rate may add or take, in percent of the pending amount.
const TOLERANCE: std::ops::RangeInclusive<i128> = 80..=130;

/// The transactions, newest first, each purchase once.
pub(crate) fn merged(read: Vec<Read>) -> Vec<Transaction> {
    let (mut posted, mut pending): (Vec<Read>, Vec<Read>) =
        read.into_iter().partition(|r| r.transaction.status == TransactionStatus::Posted);
    let named: HashSet<TransactionId> =
        posted.iter().filter_map(|p| p.transaction.was_pending_as.clone()).collect();
    pending.retain(|p| !named.contains(&p.transaction.id));
    posted = with_originals(posted);
    // Oldest first, so that of two equal purchases the older one is taken as booked.
    pending.sort_by_key(|p| p.transaction.at);
    posted.sort_by_key(|p| p.transaction.at);
    for booking in &mut posted {
        if booking.transaction.was_pending_as.is_some() {
            continue;
        }
        if let Some(found) = pending.iter().position(|p| is_booking_of(booking, p)) {
            booking.transaction.was_pending_as = Some(pending.remove(found).transaction.id);
        }
    }
    let mut all: Vec<Transaction> = pending.into_iter().chain(posted).map(|r| r.transaction).collect();
    all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    all
}

/// A credit that names a payment that is booked, too, does not name itself while it was pending: it gives that
/// payment back.
fn with_originals(mut posted: Vec<Read>) -> Vec<Read> {
    let paid: HashSet<TransactionId> = posted
        .iter()
        .filter(|read| read.transaction.amount.minor_units < 0)
        .map(|read| read.transaction.id.clone())
        .collect();
    for read in &mut posted {
        let transaction = &mut read.transaction;
        let of = transaction.was_pending_as.clone().filter(|id| paid.contains(id));
        if of.is_none() || transaction.amount.minor_units <= 0 {
            continue;
        }
        transaction.was_pending_as = None;
        transaction.nature = match std::mem::take(&mut transaction.nature) {
            Nature::Reversal { .. } => Nature::Reversal { of },
            Nature::Usual | Nature::Refund { .. } => Nature::Refund { of },
        };
    }
    posted
}

fn is_booking_of(posted: &Read, pending: &Read) -> bool {
    let (booking, purchase) = (&posted.transaction, &pending.transaction);
    if booking.account != purchase.account
        || booking.amount.currency != purchase.amount.currency
        || payee(booking) != payee(purchase)
    {
        return false;
    }
    let later = booking.at.duration_since(purchase.at);
    if posted.at_purchase && pending.at_purchase {
        return later.abs() <= SAME_MOMENT && about_the_same(booking, purchase);
    }
    booking.amount == purchase.amount && later >= -SAME_MOMENT && later <= BOOKED_WITHIN
}

fn about_the_same(booking: &Transaction, purchase: &Transaction) -> bool {
    let (booked, held) = (i128::from(booking.amount.minor_units), i128::from(purchase.amount.minor_units));
    booked.signum() == held.signum()
        && (held.abs() * TOLERANCE.start()..=held.abs() * TOLERANCE.end()).contains(&(booked.abs() * 100))
}

/// The merchant, or the bank's text where it names none, without what differs between the two records.
fn payee(transaction: &Transaction) -> String {
    let name = transaction.merchant.as_deref().unwrap_or(&transaction.description);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, Money};

    fn one(id: &str, status: TransactionStatus, cents: i64, at: &str, at_purchase: bool) -> Read {
        Read {
            transaction: Transaction {
                id: id.parse().unwrap(),
                was_pending_as: None,
                account: "a-1".parse().unwrap(),
                amount: Money::new(cents, Currency::USD),
                at: at.parse().unwrap(),
                status,
                description: "CAFE 12".into(),
                merchant: Some("Cafe".into()),
                category: None,
                nature: Nature::Usual,
                foreign: None,
            },
            at_purchase,
        }
    }

    fn pending(id: &str, cents: i64, at: &str) -> Read {
        one(id, TransactionStatus::Pending, cents, at, true)
    }

    fn posted(id: &str, cents: i64, at: &str) -> Read {
        one(id, TransactionStatus::Posted, cents, at, true)
    }

    fn booked(id: &str, cents: i64, at: &str) -> Read {
        one(id, TransactionStatus::Posted, cents, at, false)
    }

    fn ids(read: Vec<Read>) -> Vec<String> {
        merged(read).into_iter().map(|t| t.id.to_string()).collect()
    }

    const MONDAY: &str = "2026-11-16T09:00:00Z";
    const TUESDAY: &str = "2026-11-17T09:00:00Z";

    #[test]
    fn a_booking_that_names_its_pending_one_takes_its_place() {
        let mut booking = posted("t-1", -4_500, TUESDAY);
        booking.transaction.was_pending_as = Some("auth-1".parse().unwrap());
        assert_eq!(ids(vec![pending("auth-1", -3_890, MONDAY), booking]), ["t-1"]);
    }

    #[test]
    fn the_same_purchase_with_a_tip_is_shown_once() {
        let shown = merged(vec![pending("p", -4_000, MONDAY), posted("t", -4_800, MONDAY)]);
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].was_pending_as, Some("p".parse().unwrap()));
        assert_eq!(ids(vec![pending("p", -4_000, MONDAY), posted("t", -5_300, MONDAY)]), ["p", "t"]);
        assert_eq!(ids(vec![pending("p", -4_000, MONDAY), posted("t", 4_000, MONDAY)]), ["p", "t"]);
    }

    #[test]
    fn a_credit_that_names_a_booked_payment_gives_it_back_and_both_are_shown() {
        let mut back = posted("t-2", 4_000, TUESDAY);
        back.transaction.was_pending_as = Some("t-1".parse().unwrap());
        let shown = merged(vec![posted("t-1", -4_000, MONDAY), back]);
        assert_eq!(shown.len(), 2);
        assert_eq!(shown[0].nature, Nature::Refund { of: Some("t-1".parse().unwrap()) });
        assert_eq!((&shown[0].was_pending_as, &shown[1].nature), (&None, &Nature::Usual));
    }

    #[test]
    fn two_coffees_at_two_times_stay_two() {
        assert_eq!(ids(vec![pending("p", -450, TUESDAY), posted("t", -450, MONDAY)]), ["p", "t"]);
        assert_eq!(ids(vec![pending("p", -450, MONDAY), posted("t", -450, TUESDAY)]), ["t", "p"]);
    }

    #[test]
    fn one_booking_takes_the_place_of_one_pending_purchase_only() {
        let shown =
            ids(vec![pending("p1", -450, MONDAY), pending("p2", -450, TUESDAY), booked("t", -450, TUESDAY)]);
        assert_eq!(shown, ["p2", "t"]);
    }

    #[test]
    fn a_booking_without_the_purchase_time_must_follow_within_two_weeks_to_the_cent() {
        let with = |cents, at: &str| ids(vec![pending("p", -450, MONDAY), booked("t", cents, at)]).len();
        assert_eq!(with(-450, "2026-11-30T09:00:00Z"), 1);
        assert_eq!(with(-450, "2026-11-30T09:00:01Z"), 2);
        assert_eq!(with(-451, TUESDAY), 2);
        assert_eq!(with(-450, "2026-11-16T08:00:00Z"), 2, "nothing is booked before it took place");
    }

    #[test]
    fn the_newest_comes_first() {
        assert_eq!(ids(vec![posted("a", -1, MONDAY), posted("b", -2, TUESDAY)]), ["b", "a"]);
    }
}
