//! "Freeze my card", "my card was stolen", "unfreeze it": which card, what will happen, a yes, and then the bank. The key of
//! an order is made when the question is asked and remembered with it, so that a turn that is repeated orders once.

use crate::{
    asking::{Asked as Gate, Turn, TurnFault},
    linking, memory,
    memory::{Asked, CardChoice, CardWish},
    refusal,
    reply::{Block, Reply, Seen},
    rim,
};
use banks::{Effect, Fact, OrderKey, Outcome};
use domain::{Card, CardState, DataClass, FrozenBy, Loss, Order};
use gate::AccountManagement;
use understanding::{AccountHint, Decision, Entities, Intent, Understood};

/// What the button says after an approval at the bank.
const APPROVED: &str = "I have approved it";
/// What the button says when nobody knows what became of an order.
const AGAIN: &str = "Try again";
/// What the button of a no says.
const NO: &str = "No, leave it";

/// Begins: finds the card and asks whether to do it.
pub async fn begin(turn: &Turn, wish: CardWish, about: &Entities) -> Result<Reply, TurnFault> {
    if turn.channel.is_foreign() || !turn.tenant.connector().await?.is_native() {
        return Ok(elsewhere(turn));
    }
    let (mut permits, consent) = match turn.ask::<AccountManagement>(&[DataClass::Cards]).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(_) => return Ok(elsewhere(turn)),
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
        cards.iter().filter(|card| fits(wish, card)).map(|card| choice(card)).collect();
    let reply = match fit.len() {
        0 => none_fits(turn, wish, &cards),
        1 => question(turn, wish, &fit.remove(0)),
        _ => which(wish, fit),
    };
    Ok(Reply { seen, ..reply })
}

/// If the chat has just asked about a card or an order, answers to what was said; otherwise none.
pub async fn answer_if_asked(
    turn: &Turn,
    text: &str,
    understood: &Understood,
) -> Result<Option<Reply>, TurnFault> {
    let yes = matches!(understood.decision, Decision::Act(Intent::Yes));
    let no = matches!(understood.decision, Decision::Act(Intent::No)) || text.trim() == NO;
    match turn.memory.asked() {
        Some(Asked::Card { wish, cards }) => {
            let by_digits = cards.iter().position(|card| card.last4.len() == 4 && text.contains(&card.last4));
            let at = by_digits.or_else(|| memory::chosen(text, cards.len()));
            if no {
                return Ok(Some(left()));
            }
            Ok(at.map(|at| question(turn, *wish, &cards[at])))
        }
        Some(Asked::Order { order, name, key, reference }) => {
            let said_so = [yes_words(order), APPROVED, AGAIN].contains(&text.trim());
            if no {
                return Ok(Some(left()));
            }
            if !(yes || said_so) {
                return Ok(None);
            }
            carry_out(turn, order, name, key, reference.as_deref()).await.map(Some)
        }
        _ => Ok(None),
    }
}

async fn carry_out(
    turn: &Turn,
    order: &Order,
    name: &str,
    key: &str,
    reference: Option<&str>,
) -> Result<Reply, TurnFault> {
    let (permit, consent) = match turn.ask_order(order).await? {
        Gate::Yes(mut permits, consent) => (permits.remove(0), consent),
        Gate::OnlyOnItsPage(_) => return Ok(elsewhere(turn)),
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let (connector, grant) = turn.reach(&consent).await?;
    let key_of: OrderKey = key.parse().expect("we made the key");
    let outcome = match connector.order(&grant, &permit, order, turn.channel, &key_of, reference).await {
        Ok(outcome) => outcome,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let bank = &turn.tenant.name;
    let again = |reference: Option<String>| Asked::Order {
        order: order.clone(),
        name: name.to_owned(),
        key: key.to_owned(),
        reference,
    };
    Ok(match outcome {
        Outcome::Done(effect) | Outcome::AlreadyDone(effect) => {
            let opened = effect.open(permit)?;
            let seen = vec![Seen::of(&opened)];
            Reply { seen, ..done(turn, &opened.value) }
        }
        Outcome::StepUpNeeded { url, reference } => {
            let text =
                format!("{bank} wants you to approve this on its own site. Come back here when you have.");
            let door = Block::Door { text, href: url.into(), label: format!("Approve at {bank}") };
            let reply = Reply { blocks: vec![door], ..Reply::default() };
            reply.with_quick(&[APPROVED, NO]).asking(again(Some(reference)))
        }
        Outcome::Refused(fact) => refused(turn, name, fact),
        Outcome::Unknown { fault } => {
            tracing::warn!(%fault, order = order.operation().as_str(), "nobody knows whether an order was carried out");
            let text = format!(
                "{bank} did not answer, so I do not know whether it was done. Try again: it is never done twice. If it is \
                 urgent, call the number on the back of your card."
            );
            let reply = Reply { blocks: vec![Block::Care { text }], ..Reply::default() };
            reply.with_quick(&[AGAIN, NO]).asking(again(reference.map(str::to_owned)))
        }
    })
}

/// How things are now.
fn done(turn: &Turn, effect: &Effect) -> Reply {
    let bank = &turn.tenant.name;
    match effect {
        Effect::Card(card) if card.state == CardState::Frozen => {
            let text = format!("Done. Your {} is frozen and pays nothing now.", name(card));
            Reply::text(text).with_quick(&["Unfreeze my card", "My card was stolen"])
        }
        Effect::Card(card) => {
            Reply::text(format!("Done. Your {} pays again.", name(card))).with_quick(&["Freeze my card"])
        }
        Effect::Replaced { card, replacement } => {
            let new = match replacement {
                Some(new) => format!(
                    " A new one is on its way to the address that {bank} has, expected on {}.",
                    new.expected
                ),
                None => format!(" Ask {bank} for a new one."),
            };
            Reply::text(format!("Done. Your {} is blocked for good.{new}", name(card)))
        }
        Effect::Travels(_) | Effect::StaysHome | Effect::Named(_) | Effect::Reached(_) => {
            Reply::text("Done.")
        }
    }
}

fn refused(turn: &Turn, name: &str, fact: Fact) -> Reply {
    let bank = &turn.tenant.name;
    let text = match fact {
        Fact::FrozenByBank => {
            format!("{bank} itself froze your {name}, so only {bank} can unfreeze it. Please call them.")
        }
        Fact::CardState => format!("Your {name} is blocked or closed, so this cannot be done with it."),
        Fact::NotThere => format!("{bank} does not know this card any more."),
        Fact::NotCovered => {
            format!("When you linked this chat, {bank} was not asked for this. Write “change what I share”.")
        }
        Fact::NotApproved => "You said No to it at the bank, so nothing was changed.".to_owned(),
        Fact::Value | Fact::TooMany | Fact::KeyReused | Fact::Other { .. } => {
            format!("{bank} refused this. Nothing was changed. You can do it on its own site.")
        }
    };
    Reply { blocks: vec![Block::Care { text }], ..Reply::default() }
}

/// Says what will happen, and asks.
fn question(turn: &Turn, wish: CardWish, card: &CardChoice) -> Reply {
    let name = &card.name;
    let text = match wish {
        CardWish::Freeze => format!(
            "I will freeze your {name}. It pays nothing until you unfreeze it, which you can do here. Shall I?"
        ),
        CardWish::Unfreeze => format!("I will unfreeze your {name}, so that it pays again. Shall I?"),
        CardWish::ReportLost | CardWish::ReportStolen => format!(
            "I will block your {name} for good and order a new one, sent to the address that the bank has. This cannot be \
             undone. Shall I?"
        ),
    };
    let order = order_of(wish, card);
    let yes = yes_words(&order);
    let key = rim::uuid(turn.now).to_string();
    Reply::text(text).with_quick(&[yes, NO]).asking(Asked::Order {
        order,
        name: name.clone(),
        key,
        reference: None,
    })
}

fn which(wish: CardWish, cards: Vec<CardChoice>) -> Reply {
    let names: Vec<&str> = cards.iter().map(|card| card.name.as_str()).collect();
    Reply::text("Which card?").with_quick(&names).with_quick(&[NO]).asking(Asked::Card { wish, cards })
}

fn none_fits(turn: &Turn, wish: CardWish, cards: &[&Card]) -> Reply {
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
        (CardWish::ReportLost | CardWish::ReportStolen, [card, ..]) => {
            format!("Your {} is {} already.", name(card), card.state.as_str())
        }
    };
    Reply::text(text)
}

fn fits(wish: CardWish, card: &Card) -> bool {
    match wish {
        CardWish::Freeze => card.state == CardState::Active,
        CardWish::Unfreeze => card.state == CardState::Frozen && card.frozen_by != Some(FrozenBy::Bank),
        CardWish::ReportLost | CardWish::ReportStolen => {
            matches!(card.state, CardState::Active | CardState::Frozen)
        }
    }
}

fn order_of(wish: CardWish, choice: &CardChoice) -> Order {
    let (card, account) = (choice.id.clone(), choice.account.clone());
    match wish {
        CardWish::Freeze => Order::FreezeCard { card, account },
        CardWish::Unfreeze => Order::UnfreezeCard { card, account },
        CardWish::ReportLost => Order::ReportCard { card, account, loss: Loss::Lost },
        CardWish::ReportStolen => Order::ReportCard { card, account, loss: Loss::Stolen },
    }
}

/// What the button of the yes says.
fn yes_words(order: &Order) -> &'static str {
    match order {
        Order::FreezeCard { .. } => "Yes, freeze it",
        Order::UnfreezeCard { .. } => "Yes, unfreeze it",
        Order::ReportCard { .. } => "Yes, block it",
        _ => "Yes, do it",
    }
}

fn choice(card: &Card) -> CardChoice {
    CardChoice {
        id: card.id.clone(),
        account: card.account.clone(),
        last4: card.last4.clone(),
        name: name(card),
    }
}

/// "Visa card ··4242".
fn name(card: &Card) -> String {
    let network = match card.network.to_lowercase().as_str() {
        "visa" => "Visa",
        "mastercard" => "Mastercard",
        _ => "",
    };
    format!("{network} card ··{}", card.last4).trim_start().to_owned()
}

fn left() -> Reply {
    Reply::text("Nothing was changed.").with_quick(&["What’s my balance?", "What can you do?"])
}

fn elsewhere(turn: &Turn) -> Reply {
    let bank = &turn.tenant.name;
    Reply::text(format!(
        "I cannot do that with your card in this chat. {bank} can: on its own site, or by the number on the back of your card."
    ))
}
