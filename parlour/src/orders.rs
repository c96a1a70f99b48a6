//! What is changed at the bank at a customer's word: what will happen, a yes, the bank, a record that is found again, and the way
//! back. The key of an order is made when the question is asked and remembered with it, so that a turn that is repeated
//! orders once.

use crate::{
    alerts,
    asking::{Asked as Gate, Shown, Turn, TurnFault},
    linking,
    memory::{Asked, Undo},
    notice, refusal,
    reply::{Block, Point, Reply, Seen},
    rim,
    sealed::{self, Skill},
    when,
};
use banks::{Effect, Fact, OrderKey, Outcome};
use domain::{
    CardState, ContactPreferences, ContactWay, LimitChange, Order, PaymentAnswer, Region, Replacement,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::{
    DbError,
    orders::{self, OrderPlace, OrderState},
};
use understanding::{Decision, Intent, Understood, country_name};

/// What the button says after an approval at the bank.
const APPROVED: &str = "I have approved it";
/// What the button says when nobody knows what became of an order.
const AGAIN: &str = "Try again";
/// What the button of a no says.
pub const NO: &str = "No, leave it";
/// What the button of the way back says.
const UNDO: &str = "Undo that";
/// How many orders are listed.
const LISTED: u32 = 10;

/// An order that a customer wants, before their yes.
pub struct Wanted {
    /// What.
    pub order: Order,
    /// What it is about, as the customer reads it ("Visa card ··4242").
    pub name: String,
    /// What leads back, if anything does.
    pub undo: Option<Order>,
    /// What will happen, in words, before "Shall I?".
    pub will: String,
}

/// What is kept of an order, so that the customer finds it again. Sealed at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// What.
    pub order: Order,
    /// What it is about, as the customer reads it.
    pub name: String,
}

/// What is done on a yes.
pub struct Doing<'a> {
    /// What.
    pub order: &'a Order,
    /// What it is about, as the customer reads it.
    pub name: &'a str,
    /// Its key.
    pub key: &'a str,
    /// The bank's reference of its approval.
    pub reference: Option<&'a str>,
    /// What leads back.
    pub undo: Option<&'a Order>,
    /// The key of the order that this one takes back.
    pub takes_back: Option<&'a str>,
}

/// Says what will happen, and asks.
pub fn question(turn: &Turn, wanted: Wanted) -> Reply {
    let yes = yes_words(&wanted.order);
    let key = rim::uuid(turn.now).to_string();
    Reply::text(format!("{} Shall I?", wanted.will)).with_quick(&[yes, NO]).asking(Asked::Order {
        order: wanted.order,
        name: wanted.name,
        key,
        reference: None,
        undo: wanted.undo.map(Box::new),
        takes_back: None,
    })
}

/// If the chat has just asked whether to do something at the bank, answers to what was said; otherwise none.
pub async fn answer_if_asked(
    turn: &Turn,
    text: &str,
    understood: &Understood,
) -> Result<Option<Reply>, TurnFault> {
    let Some(Asked::Order { order, name, key, reference, undo, takes_back }) = turn.memory.asked() else {
        return Ok(None);
    };
    if says_no(text, understood) {
        return Ok(Some(left()));
    }
    let yes = matches!(understood.decision, Decision::Act(Intent::Yes));
    if !yes && ![yes_words(order), APPROVED, AGAIN].contains(&text.trim()) {
        return Ok(None);
    }
    let (reference, undo, takes_back) = (reference.as_deref(), undo.as_deref(), takes_back.as_deref());
    carry_out(turn, Doing { order, name, key, reference, undo, takes_back }).await.map(Some)
}

/// "Undo that": the last order is taken back, if it can be.
pub async fn undo(turn: &Turn) -> Result<Reply, TurnFault> {
    let Some(Undo { order, name, key, takes_back }) = turn.memory.undo() else {
        let text = "There is nothing that I could take back. What was done here some time ago, you change by saying how it \
                    should be.";
        return Ok(Reply::text(text).with_quick(&["What did you change?"]));
    };
    let doing =
        Doing { order, name, key, reference: None, undo: None, takes_back: Some(takes_back.as_str()) };
    carry_out(turn, doing).await
}

/// Whether a question is answered with a no. "Cancel" is meant for the question while there is one, not for the sharing.
pub fn says_no(text: &str, understood: &Understood) -> bool {
    let is_no = matches!(understood.decision, Decision::Act(Intent::No));
    is_no || text.trim().eq_ignore_ascii_case(NO) || understanding::calls_off(text)
}

/// Has an order carried out now, and says what came of it.
pub async fn carry_out(turn: &Turn, doing: Doing<'_>) -> Result<Reply, TurnFault> {
    let (permit, consent) = match turn.ask_order(doing.order).await? {
        Gate::Yes(mut permits, consent) => (permits.remove(0), consent),
        Gate::OnlyOnItsPage(_) => return Ok(elsewhere(turn, "do that")),
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let (connector, grant) = turn.reach(&consent).await?;
    write_down(turn, &doing).await?;
    let key: OrderKey = doing.key.parse().expect("a key is a UUID that was made with the question");
    let order = doing.order;
    let outcome = match connector.order(&grant, &permit, order, turn.channel, &key, doing.reference).await {
        Ok(outcome) => outcome,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    heard(turn, &doing, &outcome).await?;
    if matches!(outcome, Outcome::Done(_) | Outcome::AlreadyDone(_)) {
        alerts::answer::bank_knows(turn, order).await?;
    }
    let bank = &turn.tenant.name;
    let again = |reference: Option<String>| Asked::Order {
        order: order.clone(),
        name: doing.name.to_owned(),
        key: doing.key.to_owned(),
        reference,
        undo: doing.undo.cloned().map(Box::new),
        takes_back: doing.takes_back.map(str::to_owned),
    };
    Ok(match outcome {
        Outcome::Done(effect) | Outcome::AlreadyDone(effect) => {
            let opened = effect.open(permit)?;
            let seen = vec![Seen::of(&opened)];
            let reply = done(turn, &doing, &opened.value);
            Reply { seen, ..reply }
        }
        Outcome::StepUpNeeded { url, reference } => {
            let text =
                format!("{bank} wants you to approve this on its own site. Come back here when you have.");
            let door = Block::Door { text, href: url.into(), label: format!("Approve at {bank}") };
            let reply = Reply { blocks: vec![door], ..Reply::default() };
            reply.with_quick(&[APPROVED, NO]).asking(again(Some(reference)))
        }
        Outcome::Refused(fact) => refused(turn, doing.name, fact),
        Outcome::Unknown { fault } => {
            tracing::warn!(%fault, order = order.operation().as_str(), "nobody knows whether an order was carried out");
            let text = format!(
                "{bank} did not answer, so I do not know whether it was done. Try again: it is never done twice. If it is \
                 urgent, call the number on the back of your card."
            );
            let reply = Reply { blocks: vec![Block::Care { text }], ..Reply::default() };
            reply.with_quick(&[AGAIN, NO]).asking(again(doing.reference.map(str::to_owned)))
        }
    })
}

fn place(turn: &Turn, key: &str) -> OrderPlace {
    OrderPlace {
        bank: turn.conversation.bank.clone(),
        customer: turn.conversation.customer.clone(),
        conversation: turn.conversation.id.clone(),
        id: key.to_owned(),
    }
}

/// Before the bank is asked, so that what nobody knows the end of is in the record too.
pub async fn write_down(turn: &Turn, doing: &Doing<'_>) -> Result<(), DbError> {
    let deed = Deed { order: doing.order.clone(), name: doing.name.to_owned() };
    let body = serde_json::to_vec(&deed).expect("a deed is plain data");
    let (of, now) = (place(turn, doing.key), turn.now);
    turn.app.store.transact(move |tx| orders::write(tx, &of, &body, now)).await.map(drop)
}

/// Keeps what the bank said of an order.
pub async fn heard(turn: &Turn, doing: &Doing<'_>, outcome: &Outcome) -> Result<(), DbError> {
    let state = match outcome {
        Outcome::Done(_) | Outcome::AlreadyDone(_) => OrderState::Done,
        Outcome::StepUpNeeded { .. } => OrderState::ToApprove,
        Outcome::Refused(_) => OrderState::Refused,
        Outcome::Unknown { .. } => return Ok(()),
    };
    let (of, now) = (place(turn, doing.key), turn.now);
    let taken_back = doing.takes_back.filter(|_| state == OrderState::Done).map(|key| place(turn, key));
    let heard = turn.app.store.transact(move |tx| -> Result<(), DbError> {
        orders::heard(tx, &of, state, now)?;
        if let Some(taken_back) = &taken_back {
            orders::heard(tx, taken_back, OrderState::Undone, now)?;
        }
        Ok(())
    });
    heard.await
}

/// How things are now, with the way back.
fn done(turn: &Turn, doing: &Doing<'_>, effect: &Effect) -> Reply {
    let today = turn.today();
    let text = match effect {
        Effect::Card(card) if matches!(doing.order, Order::SetCardLimits { .. }) => {
            format!("Done. Your {}: {}.", doing.name, limits_in_words(&card.limits, &card.switches))
        }
        Effect::Card(card) if card.state == CardState::Frozen => {
            format!("Done. Your {} is frozen and pays nothing now.", doing.name)
        }
        Effect::Card(_) => format!("Done. Your {} pays again.", doing.name),
        Effect::Replaced { replacement, .. } => {
            let new = replaced(turn, replacement.as_ref(), today);
            format!("Done. Your {} is blocked for good.{new}", doing.name)
        }
        Effect::Travels(travel) => format!(
            "Done. {} knows that you are in {} from {}.",
            turn.tenant.name,
            countries(&travel.countries),
            days(travel.from, travel.until, today)
        ),
        Effect::StaysHome => "Done. The travel notice is taken back.".to_owned(),
        Effect::Named(name) if name.is_empty() => {
            "Done. The account has the name again that the bank gave it.".to_owned()
        }
        Effect::Named(name) => format!("Done. The account is called “{name}” now."),
        Effect::Reached(now) => format!("Done. {}", contact_in_words(now)),
        Effect::Reported { answer, dispute } => reported(turn, *answer, dispute.as_deref()),
    };
    let mut reply = Reply::text(text);
    reply.leaves.undone = doing.takes_back.is_some();
    let back = match effect {
        Effect::Travels(travel) => Some(Order::CancelTravelNotice { notice: travel.id.clone() }),
        _ => doing.undo.cloned(),
    };
    if let Some(order) = back.filter(|_| doing.takes_back.is_none()) {
        reply.leaves.undo = Some(Undo {
            order,
            name: doing.name.to_owned(),
            key: rim::uuid(turn.now).to_string(),
            takes_back: doing.key.to_owned(),
        });
        reply = reply.with_quick(&[UNDO]);
    }
    match effect {
        Effect::Card(card) if card.state == CardState::Frozen => reply.with_quick(&["My card was stolen"]),
        _ => reply.with_quick(&["What did you change?"]),
    }
}

/// After a word about a payment: what the bank does now.
pub fn reported(turn: &Turn, answer: PaymentAnswer, dispute: Option<&str>) -> String {
    let bank = &turn.tenant.name;
    match (answer, dispute) {
        (PaymentAnswer::Mine, _) => format!("Thank you. {bank} knows that this payment is yours."),
        (PaymentAnswer::NotMine, Some(number)) => {
            format!(
                "{bank} knows that this payment is not yours, and looks into it. Its number for this is {number}."
            )
        }
        (PaymentAnswer::NotMine, None) => format!("{bank} knows that this payment is not yours."),
    }
}

fn replaced(turn: &Turn, replacement: Option<&Replacement>, today: Date) -> String {
    let bank = &turn.tenant.name;
    match replacement {
        Some(new) => format!(
            " A new one is on its way to the address that {bank} has, expected on {}.",
            when::day(new.expected, today)
        ),
        None => format!(" Ask {bank} for a new one."),
    }
}

/// What is said of a refusal.
pub fn refused(turn: &Turn, name: &str, fact: Fact) -> Reply {
    let bank = &turn.tenant.name;
    let text = match fact {
        Fact::FrozenByBank => {
            format!("{bank} itself froze your {name}, so only {bank} can unfreeze it. Please call them.")
        }
        Fact::CardState => format!("Your {name} is blocked or closed, so this cannot be done with it."),
        Fact::NotThere => format!("{bank} does not know this any more. Nothing was changed."),
        Fact::NotCovered => {
            format!("When you linked this chat, {bank} was not asked for this. Write “change what I share”.")
        }
        Fact::NotApproved => "You said No to it at the bank, so nothing was changed.".to_owned(),
        Fact::Value => format!("{bank} does not take this value. Nothing was changed. Try another one."),
        Fact::TooMany => format!("{bank} keeps no more of these. Nothing was changed."),
        Fact::KeyReused | Fact::Other { .. } => {
            format!("{bank} refused this. Nothing was changed. You can do it on its own site.")
        }
    };
    Reply { blocks: vec![Block::Care { text }], ..Reply::default() }
}

/// What the button of the yes says.
fn yes_words(order: &Order) -> &'static str {
    match order {
        Order::FreezeCard { .. } => "Yes, freeze it",
        Order::UnfreezeCard { .. } => "Yes, unfreeze it",
        Order::ReportCard { .. } => "Yes, block it",
        Order::SetCardLimits { .. } => "Yes, change it",
        Order::AddTravelNotice { .. } => "Yes, tell the bank",
        Order::CancelTravelNotice { .. } => "Yes, take it back",
        Order::RenameAccount { .. } => "Yes, rename it",
        Order::SetContactPreferences { .. } => "Yes, change that",
        Order::ReportPayment { answer: PaymentAnswer::Mine, .. } => "Yes, it was me",
        Order::ReportPayment { answer: PaymentAnswer::NotMine, .. } => "No, not me",
    }
}

/// After a no.
pub fn left() -> Reply {
    Reply::text("Nothing was changed.").with_quick(&["What’s my balance?", "What can you do?"])
}

/// What is not done in this chat: "change a limit".
pub fn elsewhere(turn: &Turn, what: &str) -> Reply {
    let bank = &turn.tenant.name;
    Reply::text(format!(
        "I cannot {what} in this chat. {bank} can: on its own site, or by the number on the back of your card."
    ))
}

/// Whether orders can be given here: the bank takes them, and nobody reads along.
pub async fn are_taken(turn: &Turn) -> Result<bool, TurnFault> {
    Ok(!turn.channel.is_foreign() && turn.tenant.connector().await?.is_native())
}

/// "$500.00 a day, $200.00 at once; by touch on, online on, abroad off".
pub fn limits_in_words(limits: &domain::CardLimits, switches: &domain::CardSwitches) -> String {
    let most = |limit: Option<domain::Money>, of: &str| limit.map(|limit| format!("{limit} {of}"));
    let sums: Vec<String> =
        [most(limits.per_day, "a day"), most(limits.per_payment, "at once")].into_iter().flatten().collect();
    let is = |on: bool| if on { "on" } else { "off" };
    let switches = format!(
        "by touch {}, online {}, abroad {}",
        is(switches.contactless),
        is(switches.online),
        is(switches.abroad)
    );
    if sums.is_empty() { switches } else { format!("{}; {switches}", sums.join(", ")) }
}

/// "Spain and Portugal".
pub fn countries(regions: &[Region]) -> String {
    let names: Vec<&str> =
        regions.iter().map(|region| country_name(*region).unwrap_or(region.code())).collect();
    notice::list(&names)
}

/// "Thu 3 to Thu 10 Dec"; `until` is the last day.
pub fn days(from: Date, until: Date, today: Date) -> String {
    when::span(from, until.tomorrow().unwrap_or(until), today)
}

/// "The bank writes e-mails first. Statements come without paper. It sends no offers."
pub fn contact_in_words(contact: &ContactPreferences) -> String {
    let way = match contact.way {
        ContactWay::Email => "The bank writes you e-mails.",
        ContactWay::Sms => "The bank sends you text messages.",
        ContactWay::Phone => "The bank calls you.",
        ContactWay::Post => "The bank writes you letters.",
    };
    let paper =
        if contact.paperless { "Statements come without paper." } else { "Statements come on paper." };
    let offers = if contact.offers { "It may send you offers." } else { "It sends you no offers." };
    format!("{way} {paper} {offers}")
}

/// "What did you change?": the newest orders of this person at this bank.
pub async fn tell(turn: &Turn) -> Result<Reply, TurnFault> {
    if turn.channel.is_foreign() && turn.shown == Shown::InConversation {
        return sealed::offer_own(turn, Skill::Deeds).await;
    }
    let of = turn.conversation.clone();
    let read = turn.app.store.read(move |tx| orders::newest(tx, &of.bank, &of.customer, LISTED));
    let (found, all) = read.await?;
    if found.is_empty() {
        return Ok(Reply::text("Nothing was changed at the bank through this chat."));
    }
    let rows = found.iter().map(|order| {
        let what = serde_json::from_slice::<Deed>(&order.body)
            .map_or_else(|_| "An order of an older kind".to_owned(), |deed| in_words(turn, &deed));
        let text = format!("{what} {}", state_in_words(order.state));
        Point { term: when::for_good(order.made_at, &turn.tenant.zone), text }
    });
    let title = "What was changed at the bank through this chat".to_owned();
    let mut blocks = vec![Block::Facts { title, rows: rows.collect() }];
    let older = all.saturating_sub(found.len() as u64);
    if older > 0 {
        let text = format!("{older} older ones are in your export.");
        blocks.push(Block::Text { text });
    }
    Ok(Reply { blocks, ..Reply::default() })
}

/// What an order was, in words.
pub fn in_words(turn: &Turn, deed: &Deed) -> String {
    let name = &deed.name;
    let today = turn.today();
    match &deed.order {
        Order::FreezeCard { .. } => format!("Freeze {name}."),
        Order::UnfreezeCard { .. } => format!("Unfreeze {name}."),
        Order::ReportCard { loss, .. } => format!("Block {name} ({}) and order a new one.", loss.as_str()),
        Order::SetCardLimits { change, .. } => {
            format!("{}: {}.", notice::capital(name), change_in_words(change))
        }
        Order::AddTravelNotice { countries: to, from, until } => {
            format!("Travel notice: {}, {}.", countries(to), days(*from, *until, today))
        }
        Order::CancelTravelNotice { .. } => format!("Take back the travel notice: {name}."),
        Order::RenameAccount { nickname, .. } if nickname.is_empty() => {
            format!("Give {name} its old name.")
        }
        Order::RenameAccount { nickname, .. } => format!("Call {name} “{nickname}”."),
        Order::SetContactPreferences { preferences } => contact_in_words(preferences),
        Order::ReportPayment { answer: PaymentAnswer::Mine, .. } => format!("{name}: yours."),
        Order::ReportPayment { answer: PaymentAnswer::NotMine, .. } => format!("{name}: not yours."),
    }
}

fn state_in_words(state: OrderState) -> &'static str {
    match state {
        OrderState::Sent => "Nobody knows whether it was done.",
        OrderState::ToApprove => "Waits for your approval at the bank.",
        OrderState::Done => "Done.",
        OrderState::Refused => "The bank refused it.",
        OrderState::Undone => "Done, and taken back later.",
    }
}

/// "$300.00 a day, online off".
pub fn change_in_words(change: &LimitChange) -> String {
    let is = |of: &str, on: Option<bool>| on.map(|on| format!("{of} {}", if on { "on" } else { "off" }));
    let parts = [
        change.per_day.map(|money| format!("at most {money} a day")),
        change.per_payment.map(|money| format!("at most {money} at once")),
        is("paying by touch", change.contactless),
        is("paying online", change.online),
        is("paying abroad", change.abroad),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    notice::list(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}
