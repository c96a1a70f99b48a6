//! Messages of the native contract, and what they mean in our words. Pure: text in, facts out.

use super::order::Effect;
use crate::{
    fault::Unreadable,
    fdx::{amount, read, text},
};
use domain::{
    AccountId, Cadence, Card, CardKind, CardLimits, CardState, CardSwitches, ContactPreferences, ContactWay,
    Currency, FrozenBy, Order, Region, Replacement, StandingOrder, Statement, Subscription, TravelNotice,
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::str::FromStr;

/// A word of a closed list, which the contract writes in capitals.
fn word<T: FromStr>(text: &str) -> Result<T, Unreadable> {
    text.to_lowercase().parse().map_err(|_| Unreadable::Form)
}

fn currency(code: &str) -> Result<Currency, Unreadable> {
    code.parse().map_err(|_| Unreadable::Currency)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCard<'a> {
    card_id: String,
    account_id: String,
    last4: String,
    network: Option<String>,
    kind: String,
    status: String,
    frozen_by: Option<String>,
    #[serde(borrow)]
    limits: WireLimits<'a>,
    expected_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLimits<'a> {
    currency: String,
    #[serde(borrow)]
    per_day: Option<&'a RawValue>,
    #[serde(borrow)]
    per_payment: Option<&'a RawValue>,
    contactless: bool,
    online: bool,
    abroad: bool,
}

fn card(wire: &WireCard<'_>) -> Result<Card, Unreadable> {
    let of = currency(&wire.limits.currency)?;
    let money = |raw: Option<&RawValue>| raw.map(|raw| amount::read(raw, of)).transpose();
    if wire.last4.len() != 4 || !wire.last4.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Unreadable::Form);
    }
    let state: CardState = word(&wire.status)?;
    Ok(Card {
        id: text::id(&wire.card_id)?,
        account: text::id(&wire.account_id)?,
        last4: wire.last4.clone(),
        network: text::shown(wire.network.as_deref().unwrap_or_default()),
        kind: word(&wire.kind).unwrap_or(CardKind::Other),
        state,
        frozen_by: match (&wire.frozen_by, state) {
            (Some(by), CardState::Frozen) => Some(word(by)?),
            // Who froze it decides who unfreezes it. If the bank does not say, it was the bank.
            (None, CardState::Frozen) => Some(FrozenBy::Bank),
            _ => None,
        },
        limits: CardLimits {
            per_day: money(wire.limits.per_day)?,
            per_payment: money(wire.limits.per_payment)?,
        },
        switches: CardSwitches {
            contactless: wire.limits.contactless,
            online: wire.limits.online,
            abroad: wire.limits.abroad,
        },
    })
}

/// Reads the cards.
pub(super) fn cards(body: &str) -> Result<Vec<Card>, Unreadable> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        cards: Vec<WireCard<'a>>,
    }
    read::<Wire>(body)?.cards.iter().map(card).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireNotice {
    notice_id: String,
    countries: Vec<String>,
    from: String,
    until: String,
}

fn notice(wire: &WireNotice) -> Result<TravelNotice, Unreadable> {
    let country = |code: &String| code.parse::<Region>().map_err(|_| Unreadable::Form);
    Ok(TravelNotice {
        id: text::id(&wire.notice_id)?,
        countries: wire.countries.iter().map(country).collect::<Result<_, _>>()?,
        from: text::day(&wire.from)?,
        until: text::day(&wire.until)?,
    })
}

/// Reads the travel notices.
pub(super) fn travel_notices(body: &str) -> Result<Vec<TravelNotice>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        travel_notices: Vec<WireNotice>,
    }
    read::<Wire>(body)?.travel_notices.iter().map(notice).collect()
}

/// Reads the statements of an account, in the form of either contract. One of another account is refused.
pub(super) fn statements(body: &str, account: &AccountId) -> Result<Vec<Statement>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        statement_id: String,
        account_id: Option<String>,
        #[serde(alias = "startDate")]
        from: String,
        #[serde(alias = "endDate", alias = "statementDate")]
        to: String,
        pages: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Page {
        statements: Vec<Wire>,
    }
    let one = |wire: &Wire| {
        if wire.account_id.as_ref().is_some_and(|id| id != account.as_str()) {
            return Err(Unreadable::Id);
        }
        Ok(Statement {
            id: text::id(&wire.statement_id)?,
            account: account.clone(),
            from: text::day(&wire.from)?,
            to: text::day(&wire.to)?,
            pages: wire.pages,
        })
    };
    read::<Page>(body)?.statements.iter().map(one).collect()
}

fn cadence(text: &str) -> Result<Cadence, Unreadable> {
    word(text)
}

/// Reads the standing orders.
pub(super) fn standing_orders(body: &str) -> Result<Vec<StandingOrder>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        standing_order_id: String,
        account_id: String,
        payee: String,
        #[serde(borrow)]
        amount: &'a RawValue,
        currency: String,
        cadence: String,
        next_date: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page<'a> {
        #[serde(borrow)]
        standing_orders: Vec<Wire<'a>>,
    }
    let one = |wire: &Wire| {
        Ok(StandingOrder {
            id: text::id(&wire.standing_order_id)?,
            account: text::id(&wire.account_id)?,
            payee: text::shown(&wire.payee),
            amount: amount::read(wire.amount, currency(&wire.currency)?)?,
            cadence: cadence(&wire.cadence)?,
            next: text::day(&wire.next_date)?,
        })
    };
    read::<Page>(body)?.standing_orders.iter().map(one).collect()
}

/// Reads the subscriptions.
pub(super) fn subscriptions(body: &str) -> Result<Vec<Subscription>, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        subscription_id: String,
        account_id: String,
        merchant: String,
        #[serde(borrow)]
        amount: &'a RawValue,
        #[serde(borrow)]
        amount_before: Option<&'a RawValue>,
        currency: String,
        cadence: String,
        next_date: String,
    }
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        subscriptions: Vec<Wire<'a>>,
    }
    let one = |wire: &Wire| {
        let of = currency(&wire.currency)?;
        Ok(Subscription {
            id: text::id(&wire.subscription_id)?,
            account: text::id(&wire.account_id)?,
            merchant: text::shown(&wire.merchant),
            amount: amount::read(wire.amount, of)?,
            before: wire.amount_before.map(|raw| amount::read(raw, of)).transpose()?,
            cadence: cadence(&wire.cadence)?,
            next: text::day(&wire.next_date)?,
        })
    };
    read::<Page>(body)?.subscriptions.iter().map(one).collect()
}

#[derive(Deserialize)]
struct WireContact {
    way: String,
    paperless: bool,
    offers: bool,
}

fn preferences(wire: &WireContact) -> Result<ContactPreferences, Unreadable> {
    let way: ContactWay = word(&wire.way)?;
    Ok(ContactPreferences { way, paperless: wire.paperless, offers: wire.offers })
}

/// Reads how the customer is reached.
pub(super) fn contact(body: &str) -> Result<ContactPreferences, Unreadable> {
    preferences(&read(body)?)
}

/// How the customer is to be reached, as it is sent.
pub(super) fn contact_body(new: &ContactPreferences) -> Value {
    json!({ "way": new.way.as_str().to_uppercase(), "paperless": new.paperless, "offers": new.offers })
}

/// Reads what came of an order, and whether it changed anything.
pub(super) fn effect(order: &Order, body: &str) -> Result<(Effect, bool), Unreadable> {
    #[derive(Deserialize)]
    struct Changed {
        changed: bool,
    }
    #[derive(Deserialize)]
    struct OfCard<'a> {
        #[serde(borrow)]
        card: WireCard<'a>,
        #[serde(borrow)]
        replacement: Option<WireCard<'a>>,
    }
    #[derive(Deserialize)]
    struct OfNotice {
        notice: WireNotice,
    }
    #[derive(Deserialize)]
    struct OfName {
        nickname: String,
    }
    #[derive(Deserialize)]
    struct OfContact {
        preferences: WireContact,
    }
    #[derive(Deserialize)]
    struct OfReport {
        dispute: Option<String>,
    }
    let changed = read::<Changed>(body)?.changed;
    let effect = match order {
        Order::FreezeCard { .. } | Order::UnfreezeCard { .. } | Order::SetCardLimits { .. } => {
            Effect::Card(card(&read::<OfCard>(body)?.card)?)
        }
        Order::ReportCard { .. } => {
            let wire: OfCard = read(body)?;
            let replacement = wire.replacement.as_ref().map(replacement).transpose()?.flatten();
            Effect::Replaced { card: card(&wire.card)?, replacement }
        }
        Order::AddTravelNotice { .. } => Effect::Travels(notice(&read::<OfNotice>(body)?.notice)?),
        Order::CancelTravelNotice { .. } => Effect::StaysHome,
        Order::RenameAccount { .. } => Effect::Named(text::shown(&read::<OfName>(body)?.nickname)),
        Order::SetContactPreferences { .. } => {
            Effect::Reached(preferences(&read::<OfContact>(body)?.preferences)?)
        }
        Order::ReportPayment { answer, .. } => {
            let dispute = read::<OfReport>(body)?.dispute.map(|number| text::shown(&number));
            Effect::Reported { answer: *answer, dispute }
        }
    };
    Ok((effect, changed))
}

fn replacement(wire: &WireCard<'_>) -> Result<Option<Replacement>, Unreadable> {
    let new = card(wire)?;
    let expected = wire.expected_date.as_deref().map(text::day).transpose()?;
    Ok(expected.map(|expected| Replacement { card: new.id, last4: new.last4, expected }))
}

/// A problem (RFC 9457) of the contract.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    pub(super) code: Option<String>,
    pub(super) step_up: Option<StepUp>,
}

/// Where an order is approved.
#[derive(Debug, Deserialize)]
pub(super) struct StepUp {
    pub(super) url: String,
    pub(super) reference: String,
}

/// Reads a problem.
pub(super) fn problem(body: &str) -> Result<Problem, Unreadable> {
    read(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Money;

    const CARD: &str = r#"{"cardId":"card-1","accountId":"acc-1","last4":"4242","network":"VISA","kind":"DEBIT",
        "status":"FROZEN","frozenBy":"CUSTOMER","limits":{"currency":"USD","perDay":"2000.00","perPayment":1000,
        "contactless":true,"online":true,"abroad":false}}"#;

    fn cards_of(card: &str) -> Result<Vec<Card>, Unreadable> {
        cards(&format!("{{\"cards\":[{card}]}}"))
    }

    #[test]
    fn a_card_is_read_with_its_limits_and_switches() {
        let card = cards_of(CARD).unwrap().remove(0);
        assert_eq!(
            (card.kind, card.state, card.frozen_by),
            (CardKind::Debit, CardState::Frozen, Some(FrozenBy::Customer))
        );
        assert_eq!(card.limits.per_day, Some(Money::new(200_000, Currency::USD)));
        assert_eq!(card.limits.per_payment, Some(Money::new(100_000, Currency::USD)));
        assert!(card.switches.online && !card.switches.abroad);
    }

    #[test]
    fn a_frozen_card_that_nobody_says_they_froze_was_frozen_by_the_bank() {
        let card = cards_of(&CARD.replace(r#""frozenBy":"CUSTOMER","#, "")).unwrap().remove(0);
        assert_eq!(card.frozen_by, Some(FrozenBy::Bank));
    }

    #[test]
    fn a_card_that_is_not_of_the_agreed_form_is_refused() {
        for (from, to, what) in [
            ("\"4242\"", "\"4111111111114242\"", Unreadable::Form),
            ("\"FROZEN\"", "\"MELTED\"", Unreadable::Form),
            ("\"USD\"", "\"usd\"", Unreadable::Currency),
            ("\"2000.00\"", "\"2000.001\"", Unreadable::Amount),
            ("\"card-1\"", "\"\"", Unreadable::Id),
        ] {
            assert_eq!(cards_of(&CARD.replace(from, to)), Err(what), "{to}");
        }
        assert_eq!(cards_of(&CARD.replace("DEBIT", "MOON")).unwrap()[0].kind, CardKind::Other);
    }

    #[test]
    fn statements_of_either_contract_are_read_and_those_of_another_account_are_not() {
        let account: AccountId = "acc-1".parse().unwrap();
        let native = r#"{"statements":[{"statementId":"s","accountId":"acc-1","from":"2026-10-01","to":"2026-10-31","pages":2}]}"#;
        let fdx = r#"{"statements":[{"statementId":"s","accountId":"acc-1","startDate":"2026-10-01","endDate":"2026-10-31"}]}"#;
        let (a, b) = (statements(native, &account).unwrap(), statements(fdx, &account).unwrap());
        assert_eq!((a[0].from, a[0].to, a[0].pages), (b[0].from, b[0].to, Some(2)));
        let other: AccountId = "acc-2".parse().unwrap();
        assert_eq!(statements(fdx, &other), Err(Unreadable::Id));
    }

    #[test]
    fn amounts_are_written_with_the_decimals_of_their_currency() {
        let jpy: Currency = "JPY".parse().unwrap();
        assert_eq!(Money::new(5, Currency::USD).decimal(), "0.05");
        assert_eq!(Money::new(-123_456, Currency::USD).decimal(), "-1234.56");
        assert_eq!(Money::new(1_200, jpy).decimal(), "1200");
    }
}
