//! What a customer answers to "Was this you?". A No freezes the card at once, whoever says it and however late. A Yes lets a
//! small payment go; above the bank's limit, and from a chat that is new, it counts after an approval at the bank only.
//! Silence is never a yes.

use super::{
    ANSWERABLE, Suspect,
    acts::{self, OrderTask},
    code, tell,
    wire::Incoming,
};
use crate::{
    asking::{Turn, TurnFault},
    help::PERSON,
    memory::Asked,
    orders::{self, Doing},
    reply::{Block, Reply},
    when,
};
use domain::{Consent, Order, PaymentAnswer};
use fraud::event::{Event, Label, Source, Verdict};
use jiff::{SignedDuration, Timestamp};
use store::{
    DbError, consents,
    conversations::Conversation,
    fraud_alerts::{self, Alert, AlertState},
    subjects,
};
use understanding::{FraudAnswer, wishes};

/// How many alerts of a conversation are looked at: those of a month.
const LOOKED_AT: u32 = 50;
/// More payments than this that a customer denies in a month teach the engine nothing: somebody who denies everything may not
/// harm a shop. Each No freezes the card and goes to the bank all the same.
pub const TEACHES: usize = 5;
/// In which time they are counted.
const TEACHES_IN: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Answers to what was said, if it is about a payment that the customer was asked about.
pub async fn answer_if_asked(turn: &Turn, text: &str) -> Result<Option<Reply>, TurnFault> {
    if turn.tenant.fraud.is_none() {
        return Ok(None);
    }
    if let Some(wanted) = super::notice::named(text) {
        return super::notice::deny(turn, &wanted).await.map(Some);
    }
    let asks = understanding::asks_who_wrote(text);
    let said = understanding::fraud_answer(text);
    let pressed = pressed(text);
    let leaning = understanding::begins_with(text);
    if !asks && said.is_none() && pressed.is_none() && leaning.is_none() {
        return Ok(None);
    }
    let alerts = recent(turn).await?;
    if asks {
        return Ok(Some(who_wrote(turn, &alerts)));
    }
    if let Some((alert_code, mine)) = pressed {
        let Some(alert) = alerts.iter().find(|alert| code(&alert.id) == alert_code) else {
            let text =
                "That button is too old. If a payment is not yours, write which one, or freeze your card.";
            return Ok(Some(Reply::text(text).with_quick(&["Last transactions", "Freeze my card"])));
        };
        return if mine { yes(turn, alert).await } else { no(turn, alert, &alerts).await }.map(Some);
    }
    let named = named(text, &alerts);
    let leaning = leaning.filter(|_| named.is_some_and(Alert::is_asked));
    let Some(said) = said.or(leaning) else { return Ok(None) };
    let open = named.or_else(|| alerts.iter().find(|alert| alert.is_asked()));
    // A mere yes or no belongs to what was asked last.
    let asked_last = |alert: &&Alert| match (turn.memory.asked(), turn.memory.at()) {
        (None | Some(Asked::Fraud { .. }), _) | (_, None) => true,
        _ if named.is_some() => true,
        (Some(_), Some(at)) => at < alert.changed_at,
    };
    let reply = match said {
        FraudAnswer::NotMine { clear: true } => match open.or(alerts.first()) {
            Some(alert) => no(turn, alert, &alerts).await?,
            None => return Ok(None),
        },
        FraudAnswer::Mine { clear: true } => match open.or(alerts.first()) {
            Some(alert) => yes(turn, alert).await?,
            None => return Ok(None),
        },
        FraudAnswer::NotMine { clear: false } => match open.filter(asked_last) {
            Some(alert) => no(turn, alert, &alerts).await?,
            None => return Ok(None),
        },
        FraudAnswer::Mine { clear: false } => match open.filter(asked_last) {
            Some(alert) => yes(turn, alert).await?,
            None => return Ok(None),
        },
        FraudAnswer::WhatIsThis => match open.filter(asked_last) {
            Some(alert) => what_is_this(turn, alert),
            None => return Ok(None),
        },
        FraudAnswer::Unsure => match open.filter(asked_last) {
            Some(alert) => not_clear(turn, alert),
            None => return Ok(None),
        },
    };
    Ok(Some(reply))
}

/// The payment that a text names by its merchant, or else by its amount; of several the one that is asked about, then the newest.
fn named<'a>(text: &str, alerts: &'a [Alert]) -> Option<&'a Alert> {
    let (amount, lower) = (wishes::amount(text), text.to_lowercase());
    let by_merchant = |suspect: &Suspect| lower.contains(&suspect.merchant.to_lowercase());
    let by_amount = |suspect: &Suspect| {
        let Some(said) = amount.and_then(|amount| amount.money(suspect.amount.currency)) else {
            return false;
        };
        let paid = suspect.amount.minor_units;
        // "The 842 one" is that of 842.17 too.
        let whole = paid - paid % 10_i64.pow(suspect.amount.currency.decimals());
        said.minor_units == paid || said.minor_units == whole
    };
    let read: Vec<(&Alert, Suspect)> =
        alerts.iter().filter_map(|alert| Some((alert, Suspect::of(alert)?))).collect();
    let first = |fits: &dyn Fn(&Suspect) -> bool| {
        let fitting = || read.iter().filter(|(_, suspect)| fits(suspect)).map(|(alert, _)| *alert);
        fitting().find(|alert| alert.is_asked()).or_else(|| fitting().next())
    };
    let both = |suspect: &Suspect| by_merchant(suspect) && by_amount(suspect);
    first(&both).or_else(|| first(&by_merchant)).or_else(|| first(&by_amount))
}

/// What a button said: the code of its alert, and whether it is a Yes.
fn pressed(text: &str) -> Option<(&str, bool)> {
    let (label, code) = text.trim().strip_suffix(')')?.split_once(" (")?;
    match label {
        tell::ME => Some((code, true)),
        tell::NOT_ME => Some((code, false)),
        _ => None,
    }
}

async fn recent(turn: &Turn) -> Result<Vec<Alert>, DbError> {
    let of = turn.conversation.clone();
    let since = turn.now.checked_sub(ANSWERABLE).unwrap_or(Timestamp::MIN);
    turn.app.store.read(move |tx| fraud_alerts::of_conversation(tx, &of, since, LOOKED_AT)).await
}

fn unreadable() -> Reply {
    Reply::text("I cannot read that payment any more. If it was not you, freeze your card.")
        .with_quick(&["Freeze my card", PERSON])
}

/// It was not the customer.
async fn no(turn: &Turn, alert: &Alert, alerts: &[Alert]) -> Result<Reply, TurnFault> {
    let Some(suspect) = Suspect::of(alert) else { return Ok(unreadable()) };
    let current = consent(turn).await?;
    let (of, id, now) = (turn.conversation.clone(), alert.id.clone(), turn.now);
    let tasks = current.as_ref().map(|consent| (consent.id.clone(), tasks(turn, alert, &suspect)));
    let (to_store, next) = (tasks.clone(), next_joined(alert, alerts));
    let ask_next = next.clone().map(|alert| alert.id);
    let end = turn.tenant.fraud.as_ref().map_or(now, |fraud| now + fraud.end);
    let stored = turn.app.store.transact(move |tx| -> Result<bool, DbError> {
        let from = [
            AlertState::Due,
            AlertState::Asked,
            AlertState::Unanswered,
            AlertState::NotAsked,
            AlertState::Mine,
        ];
        if !fraud_alerts::answered(tx, &of, &id, &from, AlertState::NotMine, now)? {
            return Ok(false);
        }
        if let Some((consent, tasks)) = &to_store {
            for task in tasks {
                acts::enqueue(tx, &of, consent, task, now)?;
            }
        }
        if let Some(next) = &ask_next {
            fraud_alerts::asked_too(tx, &of, next, end, now)?;
        }
        Ok(true)
    });
    let new = stored.await?;
    let denied = alerts.iter().filter(|other| {
        other.state == AlertState::NotMine && now.duration_since(other.made_at) <= TEACHES_IN
    });
    if denied.count() < TEACHES {
        teach(turn, alert, &suspect, Verdict::Suspected).await;
    }
    count(turn, "not_mine");
    let bank = &turn.tenant.name;
    let card = suspect.card_in_words();
    let text = match (new, tasks) {
        (false, _) => format!(
            "You told me before that {} was not you. {bank} knows, and I told it to freeze your {card}.",
            suspect.in_words(40, 20)
        ),
        (true, Some(_)) => format!(
            "Thank you for telling me. I am freezing your {card} now and report to {bank} that {} was not you. I tell you here when \
             {bank} has confirmed.",
            suspect.in_words(40, 20)
        ),
        (true, None) => format!(
            "Thank you for telling me. This chat is not linked to {bank} now, so I cannot freeze your {card}. {}",
            call(turn)
        ),
    };
    let mut reply = Reply::text(text);
    if let Some((next, suspect)) = next.and_then(|next| Suspect::of(&next).map(|suspect| (next, suspect))) {
        let at = when::moment(suspect.at, now, &turn.tenant.zone);
        let text =
            format!("There is one more payment with it: {}, {at}. Was this you?", suspect.in_words(40, 20));
        reply.blocks.push(Block::Text { text });
        reply.quick = tell::buttons(&next.id);
        return Ok(reply);
    }
    Ok(reply.with_quick(&["Last transactions", "My card was stolen", PERSON]))
}

/// The next payment on the same card that joined the question.
fn next_joined(answered: &Alert, alerts: &[Alert]) -> Option<Alert> {
    let joined = |alert: &&Alert| {
        alert.card == answered.card
            && alert.id != answered.id
            && alert.state == AlertState::Asked
            && alert.messages == 0
            && alert.decided.is_none()
    };
    alerts.iter().rev().find(joined).cloned()
}

/// What a No has the bank do.
pub fn tasks(turn: &Turn, alert: &Alert, suspect: &Suspect) -> Vec<OrderTask> {
    let task = |order: Order, name: String, what: &str| OrderTask {
        conversation: turn.conversation.id.clone(),
        order,
        name,
        key: format!("{}-{what}", alert.id),
    };
    let freeze = Order::FreezeCard { card: suspect.card.clone(), account: suspect.account.clone() };
    let mut tasks = vec![task(freeze, suspect.card_in_words(), "freeze")];
    tasks.extend(suspect.transaction.clone().map(|transaction| {
        let answer = PaymentAnswer::NotMine;
        let account = suspect.account.clone();
        let report = Order::ReportPayment { transaction, account, answer, approve: false };
        task(report, suspect.in_words(40, 20), "report")
    }));
    tasks
}

/// It was the customer.
async fn yes(turn: &Turn, alert: &Alert) -> Result<Reply, TurnFault> {
    let Some(suspect) = Suspect::of(alert) else { return Ok(unreadable()) };
    let bank = &turn.tenant.name;
    match alert.state {
        AlertState::NotMine => {
            let text = format!(
                "You said before that {} was not you, so {bank} looks into it and your {} stays frozen. A yes in the chat does not \
                 undo that. You can unfreeze the card; {bank} asks you to approve it.",
                suspect.in_words(40, 20),
                suspect.card_in_words()
            );
            return Ok(Reply::text(text).with_quick(&["Unfreeze my card", PERSON]));
        }
        AlertState::Mine => {
            let text = format!("Thank you, I know: {} was you.", suspect.in_words(40, 20));
            return Ok(Reply::text(text));
        }
        AlertState::Due | AlertState::Asked | AlertState::Unanswered | AlertState::NotAsked => {}
    }
    let Some(consent) = consent(turn).await? else {
        let text =
            format!("This chat is not linked to {bank} now, so a yes here does not count. {}", call(turn));
        return Ok(Reply::text(text).with_quick(&["Link my bank"]));
    };
    if let Some(why) = why_approve(turn, &suspect, &consent).await? {
        return approve(turn, alert, &suspect, why).await;
    }
    let (of, id, now) = (turn.conversation.clone(), alert.id.clone(), turn.now);
    let task = suspect.transaction.clone().map(|transaction| OrderTask {
        conversation: turn.conversation.id.clone(),
        order: mine(&suspect, transaction, false),
        name: suspect.in_words(40, 20),
        key: format!("{}-mine", alert.id),
    });
    let alerts = recent(turn).await?;
    let next = next_joined(alert, &alerts);
    let ask_next = next.clone().map(|alert| alert.id);
    let end = turn.tenant.fraud.as_ref().map_or(now, |fraud| now + fraud.end);
    let stored = turn.app.store.transact(move |tx| -> Result<(), DbError> {
        let from = [AlertState::Due, AlertState::Asked, AlertState::Unanswered, AlertState::NotAsked];
        if fraud_alerts::answered(tx, &of, &id, &from, AlertState::Mine, now)? {
            if let Some(task) = &task {
                acts::enqueue(tx, &of, &consent.id, task, now)?;
            }
            if let Some(next) = &ask_next {
                fraud_alerts::asked_too(tx, &of, next, end, now)?;
            }
        }
        Ok(())
    });
    stored.await?;
    teach(turn, alert, &suspect, Verdict::Clean).await;
    count(turn, "mine");
    let mut reply =
        Reply::text(format!("Thank you. {bank} knows now that {} was you.", suspect.in_words(40, 20)));
    if let Some((next, suspect)) = next.and_then(|next| Suspect::of(&next).map(|suspect| (next, suspect))) {
        let at = when::moment(suspect.at, now, &turn.tenant.zone);
        let text = format!("There is one more payment: {}, {at}. Was this you?", suspect.in_words(40, 20));
        reply.blocks.push(Block::Text { text });
        reply.quick = tell::buttons(&next.id);
        return Ok(reply);
    }
    Ok(reply.with_quick(&["That was not me after all", "Last transactions"]))
}

fn mine(suspect: &Suspect, transaction: domain::TransactionId, approve: bool) -> Order {
    let answer = PaymentAnswer::Mine;
    Order::ReportPayment { transaction, account: suspect.account.clone(), answer, approve }
}

/// Why a Yes in the chat is not enough, in words; none if it is.
async fn why_approve(turn: &Turn, suspect: &Suspect, consent: &Consent) -> Result<Option<String>, TurnFault> {
    let Some(fraud) = &turn.tenant.fraud else { return Ok(None) };
    let bank = &turn.tenant.name;
    let over = fraud.approve_over.filter(|most| {
        most.currency != suspect.amount.currency || suspect.amount.minor_units > most.minor_units
    });
    if over.is_some() {
        return Ok(Some(format!(
            "It is a large amount, so {bank} wants to hear it from you on its own site."
        )));
    }
    let lately = |since: Timestamp| turn.now.duration_since(since) < fraud.new_for;
    if suspect.contact_changed.is_some_and(lately) {
        return Ok(Some(format!(
            "Your telephone number or e-mail address at {bank} changed lately, so it wants to hear this from you on its own site."
        )));
    }
    // Whoever took a telephone or a sign-in over has linked the chat lately.
    let of = turn.conversation.clone();
    let known = turn.app.store.read(move |tx| subjects::known_since(tx, &of.bank, &of.customer)).await?;
    let since = known.map_or(consent.not_before, |known| known.max(consent.not_before));
    if lately(since) {
        return Ok(Some(format!(
            "This chat was linked only lately, so {bank} wants to hear it from you on its own site."
        )));
    }
    Ok(None)
}

/// Has the customer approve a Yes at the bank.
async fn approve(turn: &Turn, alert: &Alert, suspect: &Suspect, why: String) -> Result<Reply, TurnFault> {
    let Some(transaction) = suspect.transaction.clone().filter(|_| !turn.channel.is_foreign()) else {
        let text = format!("Thank you. {why} Until then the payment stays as it is. {}", call(turn));
        return Ok(Reply::text(text));
    };
    let (order, name) = (mine(suspect, transaction, true), suspect.in_words(40, 20));
    let key = format!("{}-approved", alert.id);
    let doing =
        Doing { order: &order, name: &name, key: &key, reference: None, undo: None, takes_back: None };
    let reply = orders::carry_out(turn, doing).await?;
    let mut blocks = vec![Block::Text { text: format!("Thank you. {why}") }];
    blocks.extend(reply.blocks);
    Ok(Reply { blocks, ..reply })
}

/// The bank has taken a word about a payment: its alert follows.
pub async fn bank_knows(turn: &Turn, order: &Order) -> Result<(), TurnFault> {
    let Order::ReportPayment { transaction, answer: PaymentAnswer::Mine, .. } = order else { return Ok(()) };
    let alerts = recent(turn).await?;
    let of = |alert: &&Alert| {
        Suspect::of(alert).is_some_and(|suspect| suspect.transaction.as_ref() == Some(transaction))
    };
    let Some(alert) = alerts.iter().find(of) else { return Ok(()) };
    let (room, id, now) = (turn.conversation.clone(), alert.id.clone(), turn.now);
    let from = [AlertState::Due, AlertState::Asked, AlertState::Unanswered, AlertState::NotAsked];
    let moved = turn
        .app
        .store
        .transact(move |tx| fraud_alerts::answered(tx, &room, &id, &from, AlertState::Mine, now))
        .await?;
    if let Some(suspect) = Suspect::of(alert).filter(|_| moved) {
        teach(turn, alert, &suspect, Verdict::Clean).await;
        count(turn, "mine");
    }
    Ok(())
}

/// "What is this?"
fn what_is_this(turn: &Turn, alert: &Alert) -> Reply {
    let Some(suspect) = Suspect::of(alert) else { return unreadable() };
    let mut blocks = match turn.channel.is_foreign() {
        true => vec![Block::Text { text: "The page that I sent you shows it.".to_owned() }],
        false => tell::details(&turn.tenant, alert, &suspect, turn.now),
    };
    blocks.push(Block::Text { text: "Was this you?".to_owned() });
    let quick = tell::buttons(&alert.id).into_iter().take(2).collect();
    Reply { blocks, quick, ..Reply::default() }.with_quick(&[PERSON])
}

/// An answer that says both, or neither: asked once more, then a person helps.
fn not_clear(turn: &Turn, alert: &Alert) -> Reply {
    let again = matches!(turn.memory.asked(), Some(Asked::Fraud { alert: before }) if *before == alert.id);
    if again {
        let text = format!(
            "If you cannot tell, let us be careful: freeze the card now, it can be unfrozen later. Or speak to a person. {}",
            call(turn)
        );
        return Reply::text(text).with_quick(&["Freeze my card", PERSON]);
    }
    let reply = what_is_this(turn, alert);
    let mut blocks =
        vec![Block::Text { text: "I could not tell whether that was a yes or a no.".to_owned() }];
    blocks.extend(reply.blocks);
    Reply { blocks, quick: reply.quick, ..Reply::default() }.asking(Asked::Fraud { alert: alert.id.clone() })
}

/// "Did you write this?"
fn who_wrote(turn: &Turn, alerts: &[Alert]) -> Reply {
    let bank = &turn.tenant.name;
    let asked: Vec<String> = alerts
        .iter()
        .filter(|alert| alert.messages > 0)
        .take(3)
        .map(|alert| format!("• {}", when::moment(alert.made_at, turn.now, &turn.tenant.zone)))
        .collect();
    let first = match asked.as_slice() {
        [] => format!(
            "No. In the last 30 days I asked you about no payment. What says so elsewhere is not from {bank}’s chat."
        ),
        asked => {
            format!("I asked you about a payment here, in this chat, at these times:\n{}", asked.join("\n"))
        }
    };
    let text = format!(
        "{first}\nWhat {bank} asks about a payment never has a link, a number to call, or a question for a PIN, password or code. If a \
         message elsewhere has one, it is not from here: do not answer it."
    );
    Reply::text(text).with_quick(&["Last transactions", "Freeze my card", PERSON])
}

/// How the bank's people are reached.
fn call(turn: &Turn) -> String {
    match &turn.tenant.people.phone {
        Some(phone) => format!("{} is reached at {phone}.", turn.tenant.name),
        None => format!("Call {} by the number on the back of your card.", turn.tenant.name),
    }
}

async fn consent(turn: &Turn) -> Result<Option<Consent>, DbError> {
    let (Conversation { bank, customer, id, .. }, now) = (turn.conversation.clone(), turn.now);
    let current = turn.app.store.read(move |tx| consents::current(tx, &bank, &customer, &id)).await?;
    Ok(current.filter(|consent| consent.holds(now)))
}

/// Tells the engine what the customer said. It is a label with its source, and counts less than the bank's own word. One that
/// cannot be stored now is lost to the engine only: the answer stands in the alert.
pub async fn teach(turn: &Turn, alert: &Alert, suspect: &Suspect, verdict: Verdict) {
    let naming = turn.app.engines.naming(&turn.tenant.id);
    let seconds = |at: Timestamp| u32::try_from(at.as_second()).unwrap_or(0);
    let said = if verdict == Verdict::Clean { "mine" } else { "not_mine" };
    let label = Label {
        payment: naming.of("payment", &suspect.payment),
        card: alert.card,
        terminal: alert.terminal,
        paid_at: seconds(suspect.at),
        arrived_at: seconds(turn.now),
        verdict,
        source: Source::Customer,
    };
    let event = Incoming {
        id: format!("answer-{}-{said}", alert.id),
        event: Event::Label(label),
        about: None,
        suspected: None,
        named: vec![],
    };
    if let Err(fault) = turn.app.engines.take(&turn.tenant.id, vec![event]).await {
        tracing::warn!(bank = %turn.tenant.id, %fault, "a customer's answer did not reach the fraud engine");
    }
}

fn count(turn: &Turn, answer: &'static str) {
    let bank = turn.tenant.id.to_string();
    metrics::counter!("parlour_fraud_answers_total", "bank" => bank, "answer" => answer).increment(1);
}
