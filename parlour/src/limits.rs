//! "Raise my card limit to 500", "turn off online payments", "what are my card limits?".

use crate::{
    asking::{Asked as Gate, Turn, TurnFault},
    cards, linking,
    memory::{Asked, CardWish, Slot},
    notice,
    orders::{self, NO, Wanted},
    refusal,
    reply::{Block, Point, Reply, Seen},
    sealed::{self, Skill},
};
use domain::{Card, CardState, DataClass, LimitChange, Money, Order};
use gate::AccountManagement;
use understanding::{AccountHint, Entities, wishes};

/// Tells the limits, or asks whether to change one.
pub async fn begin(turn: &Turn, about: &Entities, text: &str) -> Result<Reply, TurnFault> {
    if !turn.tenant.connector().await?.is_native() {
        return Ok(orders::elsewhere(turn, "change what a card may spend"));
    }
    let (mut permits, consent) = match turn.ask::<AccountManagement>(&[DataClass::Cards]).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Limits, about, Some(consent.id)).await;
        }
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let read = match connector.cards(&grant, &permit).await {
        Ok(read) => read.open(permit)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let seen = vec![Seen::of(&read)];
    let named = |card: &&Card| match &about.account {
        Some(AccountHint::LastDigits(digits)) => card.last4.ends_with(digits.as_str()),
        _ => true,
    };
    let pays = |card: &&Card| matches!(card.state, CardState::Active | CardState::Frozen);
    let all: Vec<&Card> = read.value.iter().filter(pays).collect();
    let fit: Vec<&Card> = all.iter().copied().filter(named).collect();
    let cards = if fit.is_empty() { all } else { fit };
    let reply = match cards.as_slice() {
        [] => {
            Reply::text(format!("{} shows no such card for the accounts that you share.", turn.tenant.name))
        }
        cards if !wants_change(text) => told(cards),
        [card] => change(turn, card, text),
        cards => {
            let wish = CardWish::Limits { said: text.chars().take(200).collect() };
            let choices: Vec<_> = cards.iter().map(|card| cards::choice(card)).collect();
            let names: Vec<String> = choices.iter().map(|card| notice::capital(&card.name)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Reply::text("Which card?")
                .with_quick(&names)
                .with_quick(&[NO])
                .asking(Asked::Card { wish, cards: choices.clone() })
        }
    };
    Ok(Reply { seen, ..reply })
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
        text: orders::limits_in_words(&card.limits, &card.switches),
    });
    let title = "What your cards may spend".to_owned();
    let blocks = vec![Block::Facts { title, rows: rows.collect() }];
    let reply = Reply { blocks, ..Reply::default() };
    reply.with_quick(&["Change my daily limit", "Turn off online payments", "Turn off payments abroad"])
}

/// The question whether to change it, or for what is missing.
fn change(turn: &Turn, card: &Card, text: &str) -> Reply {
    let wish = wishes::limits(text);
    let name = cards::name(card);
    if wish.is_empty() {
        let now = orders::limits_in_words(&card.limits, &card.switches);
        let text = format!("Your {name} now: {now}. How much should it pay on one day at most?");
        return Reply::text(text)
            .with_quick(&[NO])
            .asking(Asked::Slot(Slot::Limit { last4: card.last4.clone() }));
    }
    let Some(currency) = card.limits.per_day.or(card.limits.per_payment).map(|money| money.currency) else {
        let bank = &turn.tenant.name;
        if wish.per_day.or(wish.per_payment).is_some() {
            return Reply::text(format!("{bank} sets no limits on your {name}, so there is none to change."));
        }
        return asked(turn, card, LimitChange { per_day: None, per_payment: None, ..switched(&wish) });
    };
    let money = |minor: Option<i64>| minor.map(|minor| Money::new(minor, currency));
    let change =
        LimitChange { per_day: money(wish.per_day), per_payment: money(wish.per_payment), ..switched(&wish) };
    asked(turn, card, change)
}

fn switched(wish: &wishes::LimitWish) -> LimitChange {
    LimitChange {
        contactless: wish.contactless,
        online: wish.online,
        abroad: wish.abroad,
        ..LimitChange::default()
    }
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

/// The answer to "how much on one day?"; none if it is not one.
pub async fn fill(turn: &Turn, last4: &str, text: &str) -> Result<Option<Reply>, TurnFault> {
    let Some(minor) = wishes::amount(text).filter(|_| text.split_whitespace().count() <= 6) else {
        return Ok(None);
    };
    let about = Entities { account: Some(AccountHint::LastDigits(last4.to_owned())), ..Entities::default() };
    let once = wishes::limits(text).per_payment.is_some();
    let of = if once { "per payment" } else { "a day" };
    let (whole, cents) = (minor / 100, minor % 100);
    begin(turn, &about, &format!("set the limit to ${whole}.{cents:02} {of}")).await.map(Some)
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
