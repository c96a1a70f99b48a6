//! "Freeze my card", "my card was stolen", "unfreeze it": which card, and what will happen.

use crate::{
    asking::{Asked as Gate, Turn, TurnFault},
    limits, linking, memory,
    memory::{Asked, CardChoice, CardWish},
    notice,
    orders::{self, NO, Wanted},
    refusal,
    reply::{Reply, Seen},
};
use domain::{Card, CardId, CardKind, CardState, ConsentId, DataClass, FrozenBy, Loss, Order};
use gate::AccountManagement;
use understanding::{AccountHint, Entities, Understood, wishes};

/// What is not done where orders are not taken.
const ELSEWHERE: &str = "do that with your card";

/// What came of reading the cards.
pub enum Read {
    /// The cards of the accounts that are shared.
    Cards(Vec<Card>, Seen),
    /// They may be shown on a page only; nothing was read.
    OnlyOnItsPage(ConsentId),
    /// This is said instead.
    Instead(Box<Reply>),
}

/// Reads the cards, to do with them what is ordered.
pub async fn read(turn: &Turn) -> Result<Read, TurnFault> {
    let (mut permits, consent) = match turn.ask::<AccountManagement>(&[DataClass::Cards]).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(consent) => return Ok(Read::OnlyOnItsPage(consent.id)),
        Gate::No(no) => return Ok(Read::Instead(Box::new(refusal::in_words(turn, *no).await?))),
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let read = match connector.cards(&grant, &permit).await {
        Ok(read) => read.open(permit)?,
        Err(fault) => return Ok(Read::Instead(Box::new(linking::after_fault(turn, &consent, fault).await?))),
    };
    let seen = Seen::of(&read);
    Ok(Read::Cards(read.value.rows, seen))
}

/// Begins: finds the card and asks whether to do it.
pub async fn begin(turn: &Turn, wish: CardWish, about: &Entities, text: &str) -> Result<Reply, TurnFault> {
    if !orders::are_taken(turn).await? {
        return Ok(orders::elsewhere(turn, ELSEWHERE));
    }
    let (all, seen) = match read(turn).await? {
        Read::Cards(cards, seen) => (cards, seen),
        Read::OnlyOnItsPage(_) => return Ok(orders::elsewhere(turn, ELSEWHERE)),
        Read::Instead(reply) => return Ok(*reply),
    };
    let named = |card: &Card| match &about.account {
        Some(AccountHint::LastDigits(digits)) => card.last4.ends_with(digits.as_str()),
        _ => true,
    };
    // "Block my card 1125" names it, and so does "block 1125".
    let is_said = |card: &&Card| {
        text.split(|c: char| !c.is_ascii_digit()).any(|word| !word.is_empty() && word == card.last4)
    };
    let said: Vec<&Card> = all.iter().filter(is_said).collect();
    let mut cards: Vec<&Card> =
        if said.is_empty() { all.iter().filter(|card| named(card)).collect() } else { said };
    cards.retain(|card| is_of_kind(wishes::card_kind(text), card.kind));
    Ok(Reply { seen: vec![seen], ..offer(turn, wish, &cards) })
}

/// Begins again with the cards that were not meant before.
async fn begin_other(turn: &Turn, wish: CardWish, but: &CardId) -> Result<Reply, TurnFault> {
    let (all, seen) = match read(turn).await? {
        Read::Cards(cards, seen) => (cards, seen),
        Read::OnlyOnItsPage(_) => return Ok(orders::elsewhere(turn, ELSEWHERE)),
        Read::Instead(reply) => return Ok(*reply),
    };
    let others: Vec<&Card> = all.iter().filter(|card| card.id != *but).collect();
    Ok(Reply { seen: vec![seen], ..offer(turn, wish, &others) })
}

/// Asks whether to do it with the one card that fits, or with which.
fn offer(turn: &Turn, wish: CardWish, cards: &[&Card]) -> Reply {
    let mut fit: Vec<CardChoice> =
        cards.iter().filter(|card| fits(&wish, card)).map(|card| choice(card)).collect();
    match fit.len() {
        0 => none_fits(turn, &wish, cards),
        1 => question(turn, &wish, &fit.remove(0)),
        _ => which(wish, fit),
    }
}

/// If the chat has just asked which card, or whether to do something with one, answers to what was said about which card is
/// meant; otherwise none.
pub async fn answer_if_asked(
    turn: &Turn,
    text: &str,
    understood: &Understood,
) -> Result<Option<Reply>, TurnFault> {
    if let Some((wish, not)) = other_is_meant(turn, text) {
        return begin_other(turn, wish, &not).await.map(Some);
    }
    let Some(Asked::Card { wish, cards }) = turn.memory.asked() else { return Ok(None) };
    if orders::says_no(text, understood) {
        return Ok(Some(orders::left()));
    }
    let by_digits = cards.iter().position(|card| card.last4.len() == 4 && text.contains(&card.last4));
    let chosen =
        by_digits.or_else(|| only_of_kind(text, cards)).or_else(|| memory::chosen(text, cards.len()));
    let Some(at) = chosen else {
        // Of two that were offered, either is the other one.
        return Ok(wishes::means_the_other(text).then(|| which(wish.clone(), cards.clone())));
    };
    if let CardWish::Limits { wish } = wish {
        return limits::change(turn, &cards[at].last4, *wish).await.map(Some);
    }
    Ok(Some(question(turn, wish, &cards[at])))
}

/// "No, the other card" to a question about one; "the other one too" after it was done.
fn other_is_meant(turn: &Turn, text: &str) -> Option<(CardWish, CardId)> {
    if !wishes::means_the_other(text) {
        return None;
    }
    match turn.memory.asked() {
        Some(Asked::Order { order, reference: None, .. }) => with_card(order),
        Some(_) => None,
        None if turn.memory.topic().is_none() || wishes::as_well(text) => {
            let (back, card) = with_card(&turn.memory.undo()?.order)?;
            match back {
                CardWish::Unfreeze => Some((CardWish::Freeze, card)),
                CardWish::Freeze => Some((CardWish::Unfreeze, card)),
                CardWish::ReportLost | CardWish::ReportStolen | CardWish::Limits { .. } => None,
            }
        }
        None => None,
    }
}

/// What an order does with which card.
fn with_card(order: &Order) -> Option<(CardWish, CardId)> {
    match order {
        Order::FreezeCard { card, .. } => Some((CardWish::Freeze, card.clone())),
        Order::UnfreezeCard { card, .. } => Some((CardWish::Unfreeze, card.clone())),
        Order::ReportCard { card, loss: Loss::Lost, .. } => Some((CardWish::ReportLost, card.clone())),
        Order::ReportCard { card, loss: Loss::Stolen, .. } => Some((CardWish::ReportStolen, card.clone())),
        _ => None,
    }
}

/// Whether a card may be the one that was meant by its kind. What the bank calls neither may be either.
pub fn is_of_kind(wanted: Option<CardKind>, kind: CardKind) -> bool {
    wanted.is_none_or(|wanted| kind == wanted || kind == CardKind::Other)
}

/// "The debit card", if one of those that were offered is the only one.
fn only_of_kind(text: &str, cards: &[CardChoice]) -> Option<usize> {
    let wanted = wishes::card_kind(text)?;
    let mut fit = (0..cards.len()).filter(|at| cards[*at].kind == Some(wanted));
    let first = fit.next()?;
    fit.next().is_none().then_some(first)
}

/// Says what will happen, and asks.
fn question(turn: &Turn, wish: &CardWish, card: &CardChoice) -> Reply {
    let name = &card.name;
    let will = match wish {
        CardWish::Freeze => format!(
            "I will freeze your {name}. It pays nothing until you unfreeze it, which you can do here."
        ),
        CardWish::Unfreeze => format!("I will unfreeze your {name}, so that it pays again."),
        CardWish::ReportLost | CardWish::ReportStolen | CardWish::Limits { .. } => format!(
            "I will block your {name} for good and order a new one, sent to the address that the bank has. This cannot be \
             undone."
        ),
    };
    let order = order_of(wish, card);
    let undo = match wish {
        CardWish::Freeze => Some(order_of(&CardWish::Unfreeze, card)),
        CardWish::Unfreeze => Some(order_of(&CardWish::Freeze, card)),
        CardWish::ReportLost | CardWish::ReportStolen | CardWish::Limits { .. } => None,
    };
    orders::question(turn, Wanted { order, name: name.clone(), undo, will })
}

/// The question which of several cards.
pub fn which(wish: CardWish, cards: Vec<CardChoice>) -> Reply {
    let names: Vec<String> = cards.iter().map(|card| notice::capital(&card.name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Reply::text("Which card?").with_quick(&names).with_quick(&[NO]).asking(Asked::Card { wish, cards })
}

fn none_fits(turn: &Turn, wish: &CardWish, cards: &[&Card]) -> Reply {
    let bank = &turn.tenant.name;
    let text = match (wish, cards) {
        (_, []) => format!("{bank} shows no such card for the accounts that you share."),
        (CardWish::Freeze, [card, ..]) => {
            format!("Your {} does not pay anyway: it is {}.", name(card), card.state.as_str())
        }
        (CardWish::Unfreeze, [card, ..]) if card.frozen_by == Some(FrozenBy::Bank) => {
            format!(
                "{bank} itself froze your {}, so only {bank} can unfreeze it. Please call them.",
                name(card)
            )
        }
        (CardWish::Unfreeze, [card, ..]) => {
            format!("Your {} is not frozen: it is {}.", name(card), card.state.as_str())
        }
        (CardWish::ReportLost | CardWish::ReportStolen | CardWish::Limits { .. }, [card, ..]) => {
            format!("Your {} is {} already.", name(card), card.state.as_str())
        }
    };
    Reply::text(text)
}

fn fits(wish: &CardWish, card: &Card) -> bool {
    match wish {
        CardWish::Freeze => card.state == CardState::Active,
        CardWish::Unfreeze => card.state == CardState::Frozen && card.frozen_by != Some(FrozenBy::Bank),
        CardWish::ReportLost | CardWish::ReportStolen | CardWish::Limits { .. } => {
            matches!(card.state, CardState::Active | CardState::Frozen)
        }
    }
}

fn order_of(wish: &CardWish, choice: &CardChoice) -> Order {
    let (card, account) = (choice.id.clone(), choice.account.clone());
    match wish {
        CardWish::Freeze => Order::FreezeCard { card, account },
        CardWish::Unfreeze => Order::UnfreezeCard { card, account },
        CardWish::ReportLost => Order::ReportCard { card, account, loss: Loss::Lost },
        CardWish::ReportStolen | CardWish::Limits { .. } => {
            Order::ReportCard { card, account, loss: Loss::Stolen }
        }
    }
}

/// A card as it is offered.
pub fn choice(card: &Card) -> CardChoice {
    CardChoice {
        id: card.id.clone(),
        account: card.account.clone(),
        last4: card.last4.clone(),
        name: name(card),
        kind: Some(card.kind),
    }
}

/// "Visa card ··4242".
pub fn name(card: &Card) -> String {
    let network = match card.network.to_lowercase().as_str() {
        "visa" => "Visa",
        "mastercard" => "Mastercard",
        _ => "",
    };
    format!("{network} card ··{}", card.last4).trim_start().to_owned()
}
