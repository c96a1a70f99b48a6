//! "Raise my card limit to 500", "turn off online payments", "what are my card limits?".

use crate::{
    asking::{Turn, TurnFault},
    cards::{self, Read},
    memory::{Asked, CardWish, Slot},
    notice,
    orders::{self, NO, Wanted},
    reply::{Block, Point, Reply},
    sealed::{self, Skill},
};
use domain::{Card, CardKind, CardState, LimitChange, Order};
use understanding::{
    AccountHint, Amount, Entities,
    wishes::{self, LimitWish},
};

/// The answer to a question for an amount has at most this many words; a longer message says by itself what it wants.
const MOST_WORDS: usize = 6;

/// Tells the limits, or asks whether to change one.
pub async fn begin(turn: &Turn, about: &Entities, text: &str) -> Result<Reply, TurnFault> {
    let digits = match &about.account {
        Some(AccountHint::LastDigits(digits)) => Some(digits.as_str()),
        _ => None,
    };
    let said = card_digits(text);
    // The digits of the card are no amount.
    let rest = said.map_or_else(|| text.to_owned(), |said| text.replacen(said, "", 1));
    let wish = wants_change(&rest).then(|| wishes::limits(&rest));
    about_cards(turn, about, digits.or(said), wishes::card_kind(text), wish).await
}

/// Four digits that name a card by the word before them: "300 per payment on 1125".
fn card_digits(text: &str) -> Option<&str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).find_map(|pair| {
        let digits = pair[1].trim_matches(|c: char| c.is_ascii_punctuation());
        let names = matches!(pair[0].to_lowercase().as_str(), "on" | "card" | "ending" | "in");
        (names && digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
    })
}

/// Asks whether to change the limits of one card.
pub async fn change(turn: &Turn, last4: &str, wish: LimitWish) -> Result<Reply, TurnFault> {
    about_cards(turn, &Entities::default(), Some(last4), None, Some(wish)).await
}

/// The answer to "how much on one day?"; none if it is not one.
pub async fn fill(turn: &Turn, last4: &str, text: &str) -> Result<Option<Reply>, TurnFault> {
    let Some(amount) = wishes::amount(text).filter(|_| text.split_whitespace().count() <= MOST_WORDS) else {
        return Ok(None);
    };
    let said = wishes::limits(text);
    let wish = if said.is_empty() { LimitWish { per_day: Some(amount), ..said } } else { said };
    change(turn, last4, wish).await.map(Some)
}

/// Tells the limits of the cards with these last digits (of all, if no card has them) or of this kind, or, if there is a
/// wish, asks whether to follow it.
async fn about_cards(
    turn: &Turn,
    about: &Entities,
    digits: Option<&str>,
    kind: Option<CardKind>,
    wish: Option<LimitWish>,
) -> Result<Reply, TurnFault> {
    if !turn.tenant.connector().await?.is_native() {
        return Ok(orders::elsewhere(turn, "change what a card may spend"));
    }
    let (all, seen) = match cards::read(turn).await? {
        Read::Cards(cards, seen) => (cards, seen),
        Read::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Limits, about, Some(consent)).await;
        }
        Read::Instead(reply) => return Ok(*reply),
    };
    let pays = |card: &&Card| matches!(card.state, CardState::Active | CardState::Frozen);
    let all: Vec<&Card> = all.iter().filter(pays).filter(|card| cards::is_of_kind(kind, card.kind)).collect();
    let named = |card: &&Card| digits.is_some_and(|digits| card.last4.ends_with(digits));
    let fit: Vec<&Card> = all.iter().copied().filter(named).collect();
    let cards = if fit.is_empty() { all } else { fit };
    let reply = match (cards.as_slice(), wish) {
        ([], _) => {
            Reply::text(format!("{} shows no such card for the accounts that you share.", turn.tenant.name))
        }
        (cards, None) => told(cards),
        ([card], Some(wish)) => question(turn, card, &wish),
        (cards, Some(wish)) => {
            cards::which(CardWish::Limits { wish }, cards.iter().map(|card| cards::choice(card)).collect())
        }
    };
    Ok(Reply { seen: vec![seen], ..reply })
}

/// Whether a message wants something to be another way, and not only to be told.
fn wants_change(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "change", "raise", "increase", "lower", "reduce", "set", "adjust", "double", "up", "decrease", "cut",
        "bump", "put", "lift", "higher", "bigger", "smaller", "cap", "edit", "need",
    ];
    let asks = text.trim_end().ends_with('?') || text.to_lowercase().starts_with("what");
    let says =
        text.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word.to_lowercase().as_str()));
    !wishes::limits(text).is_empty() || (says && !asks)
}

fn told(cards: &[&Card]) -> Reply {
    let rows = cards.iter().map(|card| Point {
        term: notice::capital(&cards::name(card)),
        text: match card.state {
            CardState::Frozen => "frozen: it pays nothing until you unfreeze it".to_owned(),
            _ => orders::limits_in_words(&card.limits, &card.switches),
        },
    });
    let title = "What your cards may spend".to_owned();
    let blocks = vec![Block::Facts { title, rows: rows.collect() }];
    let reply = Reply { blocks, ..Reply::default() };
    reply.with_quick(&["Change my daily limit", "Turn off online payments", "Turn off payments abroad"])
}

/// The question whether to change it, or for what is missing.
fn question(turn: &Turn, card: &Card, wish: &LimitWish) -> Reply {
    let name = cards::name(card);
    if wish.is_empty() {
        let now = orders::limits_in_words(&card.limits, &card.switches);
        let text = format!("Your {name} now: {now}. How much should it pay on one day at most?");
        let slot = Slot::Limit { last4: card.last4.clone() };
        return Reply::text(text).with_quick(&[NO]).asking(Asked::Slot(slot));
    }
    let switched = LimitChange {
        contactless: wish.contactless,
        online: wish.online,
        abroad: wish.abroad,
        ..LimitChange::default()
    };
    if wish.per_day.or(wish.per_payment).is_none() {
        return asked(turn, card, switched);
    }
    let Some(currency) = card.limits.per_day.or(card.limits.per_payment).map(|money| money.currency) else {
        let bank = &turn.tenant.name;
        return Reply::text(format!("{bank} sets no limits on your {name}, so there is none to change."));
    };
    let in_currency = |amount: Option<Amount>| match amount {
        Some(amount) => amount.money(currency).map(Some),
        None => Some(None),
    };
    let (Some(per_day), Some(per_payment)) = (in_currency(wish.per_day), in_currency(wish.per_payment))
    else {
        let code = currency.code();
        let text = format!("The limits of your {name} are in {code}. Say the amount in {code}, please.");
        let slot = Slot::Limit { last4: card.last4.clone() };
        return Reply::text(text).with_quick(&[NO]).asking(Asked::Slot(slot));
    };
    asked(turn, card, LimitChange { per_day, per_payment, ..switched })
}

fn asked(turn: &Turn, card: &Card, change: LimitChange) -> Reply {
    let name = cards::name(card);
    let change = only_what_differs(card, change);
    if change == LimitChange::default() {
        let now = orders::limits_in_words(&card.limits, &card.switches);
        return Reply::text(format!("It is so already. Your {name}: {now}."));
    }
    let order = Order::SetCardLimits { card: card.id.clone(), account: card.account.clone(), change };
    let undo = change.undone(card).map(|change| Order::SetCardLimits {
        card: card.id.clone(),
        account: card.account.clone(),
        change,
    });
    let now = orders::limits_in_words(&card.limits, &card.switches);
    let will = format!("I will change your {name}: {}. Now it is: {now}.", orders::change_in_words(&change));
    orders::question(turn, Wanted { order, name, undo, will })
}

fn only_what_differs(card: &Card, change: LimitChange) -> LimitChange {
    let (limits, switches) = (&card.limits, &card.switches);
    LimitChange {
        per_day: change.per_day.filter(|new| Some(*new) != limits.per_day),
        per_payment: change.per_payment.filter(|new| Some(*new) != limits.per_payment),
        contactless: change.contactless.filter(|new| *new != switches.contactless),
        online: change.online.filter(|new| *new != switches.online),
        abroad: change.abroad.filter(|new| *new != switches.abroad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_for_a_limit_is_not_changing_it() {
        for text in ["what are my card limits?", "my card limits", "limit?", "What is my daily limit"] {
            assert!(!wants_change(text), "{text}");
        }
        for text in [
            "raise my limit",
            "I need a higher limit for today",
            "limit 300 dollars a day",
            "turn off contactless",
        ] {
            assert!(wants_change(text), "{text}");
        }
    }
}
