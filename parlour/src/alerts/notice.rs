//! "Not me" on a notice that the customer asked for: the payment is found again, and it is as if they had been asked about it.

use super::{Suspect, acts, answer, code, record};
use crate::{
    asking::{Asked, Turn, TurnFault},
    help::PERSON,
    linking, refusal,
    reply::{Quick, Reply, Seen},
    rim,
};
use banks::Period;
use domain::{Card, CardState, DataClass, Transaction};
use fraud::event::{Event, Verdict};
use gate::AnswerCustomer;
use jiff::Span as Days;
use store::{
    DbError, bank_events, card_events,
    fraud_alerts::{self, Alert, AlertState, NewAlert},
};

/// What the button says.
const LABEL: &str = "Not me";
/// How far back a payment of a notice is looked for, in days.
const BACK_DAYS: i64 = 30;
/// The most payments that are read for it.
const READ: usize = 1_000;

/// The button on a notice of a payment.
pub fn button(payment: &Transaction) -> Quick {
    let text = format!("{LABEL} ({})", code(payment.id.as_str()));
    Quick { label: LABEL.to_owned(), text }
}

/// The code of the payment that a button named.
pub fn named(text: &str) -> Option<String> {
    let code = text.trim().strip_prefix(LABEL)?.trim().strip_prefix('(')?.strip_suffix(')')?;
    (code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| code.to_owned())
}

/// The payment of the button is not the customer's.
pub async fn deny(turn: &Turn, wanted: &str) -> Result<Reply, TurnFault> {
    let classes = [DataClass::Transactions, DataClass::Cards];
    let (mut permits, consent) = match turn.ask::<AnswerCustomer>(&classes).await? {
        Asked::Yes(permits, consent) => (permits, consent),
        Asked::OnlyOnItsPage(_) => return Ok(by_hand(turn)),
        Asked::No(no) => return refusal::in_words(turn, *no).await,
    };
    let (may_see_cards, may_list) = (permits.remove(1), permits.remove(0));
    let (connector, grant) = turn.reach(&consent).await?;
    let today = turn.today();
    let from = today.checked_sub(Days::new().days(BACK_DAYS)).unwrap_or(today);
    let period = Period::new(from, today).expect("a month is a period");
    let payments = match connector.transactions(&grant, &may_list, period, READ).await {
        Ok(payments) => payments.open(may_list)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let cards = match connector.cards(&grant, &may_see_cards).await {
        Ok(cards) => cards.open(may_see_cards)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let seen = vec![Seen::of(&payments), Seen::of(&cards)];
    let is = |payment: &&Transaction| {
        let before = payment.was_pending_as.as_ref().map(|id| code(id.as_str()));
        code(payment.id.as_str()) == wanted || before.as_deref() == Some(wanted)
    };
    let Some(payment) = payments.value.rows.iter().find(is) else { return Ok(by_hand(turn)) };
    let of_account: Vec<Card> = cards
        .value
        .into_iter()
        .filter(|card| card.account == payment.account && card.state == CardState::Active)
        .collect();
    let Some(first) = of_account.first() else { return Ok(by_hand(turn)) };
    let suspect = suspect(payment, first);
    let alert = raise(turn, &consent, &suspect, &of_account).await?;
    if let Some(alert) = &alert {
        answer::teach(turn, alert, &suspect, Verdict::Suspected).await;
    }
    let bank = &turn.tenant.name;
    let names: Vec<String> = of_account.iter().map(|card| format!("card ··{}", two(&card.last4))).collect();
    let names = crate::notice::list(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let text = format!(
        "Thank you for telling me. I am freezing your {names} now and report to {bank} that {} was not you. I tell you here when {bank} has \
         confirmed.",
        suspect.in_words(40, 20)
    );
    Ok(Reply { seen, ..Reply::text(text) }.with_quick(&["Last transactions", "My card was stolen", PERSON]))
}

fn two(digits: &str) -> &str {
    let at = digits.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    &digits[at..]
}

/// Where it cannot be found again here.
fn by_hand(turn: &Turn) -> Reply {
    let bank = &turn.tenant.name;
    let text =
        format!("I cannot find that payment any more. Freeze your card first; {bank} sees to the rest.");
    Reply::text(text).with_quick(&["Freeze my card", "My card was stolen", PERSON])
}

fn suspect(payment: &Transaction, card: &Card) -> Suspect {
    Suspect {
        payment: payment.id.to_string(),
        account: payment.account.clone(),
        card: card.id.clone(),
        transaction: Some(payment.id.clone()),
        digits: card.last4.clone(),
        merchant: payment.merchant.clone().unwrap_or_else(|| payment.description.clone()),
        city: None,
        amount: payment.amount.magnitude(),
        at: payment.at,
        declined: false,
        contact_changed: None,
        why: vec![],
        reasons: vec!["the customer said “not me” to a notice of it".to_owned()],
        score: None,
        model: None,
        by_bank: false,
        by_engine: false,
    }
}

/// Writes the No down with what it calls for. None: it was written down before.
async fn raise(
    turn: &Turn,
    consent: &domain::Consent,
    suspect: &Suspect,
    cards: &[Card],
) -> Result<Option<Alert>, TurnFault> {
    let naming = turn.app.engines.naming(&turn.tenant.id);
    let about = naming.of("transaction", &suspect.payment);
    let (room, now, id) = (turn.conversation.clone(), turn.now, rim::uuid(turn.now).to_string());
    let own = naming.of("card", suspect.card.as_str());
    let (consent, body) = (consent.id.clone(), serde_json::to_vec(suspect).expect("a suspect is plain data"));
    let (payment, turn_of, cards, suspected) =
        (bank_events::fingerprint(&suspect.payment), turn.clone(), cards.to_vec(), suspect.clone());
    let raised = turn.app.store.transact(move |tx| -> Result<Option<Alert>, DbError> {
        // As the bank told of it in its card events, if it did.
        let told = card_events::about(tx, &room.bank, about)?.and_then(|event| record::read(&event.body));
        let (card, terminal) = match told {
            Some(Event::Payment(payment)) => (payment.card, payment.terminal),
            _ => (own, 0),
        };
        let new = NewAlert {
            id: &id,
            bank: &room.bank,
            customer: &room.customer,
            conversation: &room.id,
            consent: &consent,
            payment: &payment,
            card,
            terminal,
            body: &body,
            asks: true,
            now,
        };
        if !fraud_alerts::raise(tx, &new)? {
            return Ok(None);
        }
        fraud_alerts::answered(tx, &room, &id, &[AlertState::Due], AlertState::NotMine, now)?;
        let alerts = fraud_alerts::of_conversation(tx, &room, now, 1)?;
        let Some(alert) = alerts.into_iter().find(|alert| alert.id == id) else { return Ok(None) };
        for (place, one) in cards.iter().enumerate() {
            let of_card = Suspect { card: one.id.clone(), digits: one.last4.clone(), ..suspected.clone() };
            for mut task in answer::tasks(&turn_of, &alert, &of_card) {
                if place > 0 {
                    task.key = format!("{}-{place}", task.key);
                    if !matches!(task.order, domain::Order::FreezeCard { .. }) {
                        continue;
                    }
                }
                acts::enqueue(tx, &room, &consent, &task, now)?;
            }
        }
        Ok(Some(alert))
    });
    Ok(raised.await?)
}
