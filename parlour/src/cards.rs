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
use domain::{Card, CardState, DataClass, FrozenBy, Loss, Order};
use gate::AccountManagement;
use understanding::{AccountHint, Entities, Understood};

/// What is not done where orders are not taken.
const ELSEWHERE: &str = "do that with your card";

/// Begins: finds the card and asks whether to do it.
pub async fn begin(turn: &Turn, wish: CardWish, about: &Entities) -> Result<Reply, TurnFault> {
    if !orders::are_taken(turn).await? {
        return Ok(orders::elsewhere(turn, ELSEWHERE));
    }
    let (mut permits, consent) = match turn.ask::<AccountManagement>(&[DataClass::Cards]).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(_) => return Ok(orders::elsewhere(turn, ELSEWHERE)),
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let read = match connector.cards(&grant, &permit).await {
        Ok(read) => read.open(permit)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let seen = vec![Seen::of(&read)];
    let named = |card: &Card| match &about.account {
        Some(AccountHint::LastDigits(digits)) => card.last4.ends_with(digits.as_str()),
        _ => true,
    };
    let cards: Vec<&Card> = read.value.iter().filter(|card| named(card)).collect();
    let mut fit: Vec<CardChoice> =
        cards.iter().filter(|card| fits(&wish, card)).map(|card| choice(card)).collect();
    let reply = match fit.len() {
        0 => none_fits(turn, &wish, &cards),
        1 => question(turn, &wish, &fit.remove(0)),
        _ => which(wish, fit),
    };
    Ok(Reply { seen, ..reply })
}

/// If the chat has just asked which card, answers to what was said; otherwise none.
pub async fn answer_if_asked(
    turn: &Turn,
    text: &str,
    understood: &Understood,
) -> Result<Option<Reply>, TurnFault> {
    let Some(Asked::Card { wish, cards }) = turn.memory.asked() else { return Ok(None) };
    if orders::says_no(text, understood) {
        return Ok(Some(orders::left()));
    }
    let by_digits = cards.iter().position(|card| card.last4.len() == 4 && text.contains(&card.last4));
    let Some(at) = by_digits.or_else(|| memory::chosen(text, cards.len())) else { return Ok(None) };
    if let CardWish::Limits { said } = wish {
        let account = Some(AccountHint::LastDigits(cards[at].last4.clone()));
        let about = Entities { account, ..Entities::default() };
        return limits::begin(turn, &about, said).await.map(Some);
    }
    Ok(Some(question(turn, wish, &cards[at])))
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

fn which(wish: CardWish, cards: Vec<CardChoice>) -> Reply {
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
