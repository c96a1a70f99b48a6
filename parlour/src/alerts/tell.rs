//! How a customer is asked: in at most 160 characters, with no link and no telephone number, so that what has either is not
//! from here.

use super::{Suspect, code};
use crate::{
    asking::{Turn, TurnFault},
    help::PERSON,
    reply::{Block, Point, Quick, Reply, Seen},
    tenant::Tenant,
    when,
};
use domain::staff::FraudVerdict;
use jiff::{Timestamp, tz::TimeZone};
use store::fraud_alerts::{self, Alert, AlertState};

/// The longest question, in characters: that of one text message (3GPP TS 23.040).
pub const LONGEST: usize = 160;

/// What is said about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Was it you?
    Question,
    /// The same once more.
    Reminder,
    /// No answer came.
    End,
}

/// What the button of a No says.
pub const NOT_ME: &str = "No, not me";
/// What the button of a Yes says.
pub const ME: &str = "Yes, it was me";

/// The buttons of a question. What they say names the alert, so that an old button answers an old question only.
pub fn buttons(id: &str) -> Vec<Quick> {
    let button = |label: &str| Quick { label: label.to_owned(), text: format!("{label} ({})", code(id)) };
    vec![
        button(NOT_ME),
        button(ME),
        Quick { label: "What is this?".to_owned(), text: "What is this?".to_owned() },
    ]
}

/// The message about one payment, or the first of several on one card.
pub fn reply(
    tenant: &Tenant,
    ids: &[String],
    suspects: &[Suspect],
    said: Said,
    seen: Vec<Seen>,
    now: Timestamp,
) -> Reply {
    let text = match said {
        Said::Question => question(&tenant.name, &tenant.zone, suspects, "Was this you?", now),
        Said::Reminder => question(&tenant.name, &tenant.zone, suspects, "Still open: was this you?", now),
        Said::End => {
            let what = suspects[0].in_words(30, 20);
            format!(
                "{}: no answer about {what}. Our people look into it. You can still say “not me”.",
                tenant.name
            )
        }
    };
    let quick = buttons(&ids[0]);
    Reply { blocks: vec![Block::Text { text }], quick, seen, ..Reply::default() }
}

fn question(bank: &str, zone: &TimeZone, suspects: &[Suspect], ask: &str, now: Timestamp) -> String {
    let first = &suspects[0];
    let at = when::moment(first.at, now, zone);
    let more = match suspects.len() - 1 {
        0 => String::new(),
        1 => " And 1 more.".to_owned(),
        more => format!(" And {more} more."),
    };
    let tried = if first.declined { " (declined)" } else { "" };
    // What the payment is has to be read whole, so the bank's name and the place are cut first.
    let with = |bank_room: usize, place: usize, room: usize| {
        let bank = super::cut(bank, bank_room);
        format!(
            "{bank}: {}, {}, {at}{tried}.{more} {ask}",
            first.in_words(room, place),
            first.card_in_words()
        )
    };
    let tries = [(60, 20, 40), (60, 0, 40), (24, 0, 40), (24, 0, 24), (16, 0, 12)];
    let fits = tries.iter().map(|(bank, place, room)| with(*bank, *place, *room));
    let shortest = with(8, 0, 8);
    fits.into_iter().find(|text| text.chars().count() <= LONGEST).unwrap_or(shortest)
}

/// Where others read along, the conversation has the way to the page and the buttons, and nothing of the payment.
pub fn beside_the_page(reply: Reply, ids: &[String]) -> Reply {
    Reply { quick: buttons(&ids[0]).into_iter().take(2).collect(), ..reply }
}

/// All that is known of a payment, for "What is this?".
pub fn details(tenant: &Tenant, alert: &Alert, suspect: &Suspect, now: Timestamp) -> Vec<Block> {
    let mut rows = vec![
        Point { term: "Amount".to_owned(), text: suspect.amount.to_string() },
        Point { term: "Where".to_owned(), text: place(suspect) },
        Point { term: "When".to_owned(), text: when::moment(suspect.at, now, &tenant.zone) },
        Point { term: "Card".to_owned(), text: suspect.card_in_words() },
    ];
    if suspect.declined {
        rows.push(Point { term: "Paid".to_owned(), text: "No: the bank declined it.".to_owned() });
    }
    let why = suspect.why.join("; ");
    let why = if why.is_empty() { format!("{} wants to be sure.", tenant.name) } else { why };
    rows.push(Point { term: "Why I ask".to_owned(), text: why });
    if let Some(state) = state_in_words(alert.state) {
        rows.push(Point { term: "Your answer".to_owned(), text: state.to_owned() });
    }
    vec![Block::Facts { title: "The payment".to_owned(), rows }]
}

fn place(suspect: &Suspect) -> String {
    let city = suspect.city.as_ref().map(|city| format!(", {city}")).unwrap_or_default();
    format!("{}{city}", suspect.merchant)
}

fn state_in_words(state: AlertState) -> Option<&'static str> {
    match state {
        AlertState::Mine => Some("It was you."),
        AlertState::NotMine => Some("It was not you."),
        AlertState::Due | AlertState::Asked | AlertState::Unanswered | AlertState::NotAsked => None,
    }
}

/// The bank's people have decided: the question is over. `again`: they had said otherwise before.
pub fn decided(
    tenant: &Tenant,
    id: &str,
    suspect: &Suspect,
    verdict: FraudVerdict,
    again: bool,
    seen: Vec<Seen>,
) -> Reply {
    let (bank, amount) = (&tenant.name, suspect.amount);
    let first = if again { "I have to correct myself" } else { "You need not answer any more" };
    let found = match verdict {
        FraudVerdict::Fraud => format!("the payment of {amount} was fraud"),
        FraudVerdict::Genuine => format!("the payment of {amount} is in order"),
    };
    let text = format!("{first}: {bank} has looked into it and found that {found}.");
    let reply = Reply { blocks: vec![Block::Text { text }], seen, ..Reply::default() };
    match verdict {
        FraudVerdict::Fraud => reply.with_quick(&["Freeze my card", PERSON]),
        // Whoever knows better can still say so, and it freezes the card.
        FraudVerdict::Genuine => Reply { quick: buttons(id).into_iter().take(1).collect(), ..reply },
    }
}

/// The same where others read along: that it is over, and nothing of the payment.
pub fn decided_somehow(tenant: &Tenant) -> Reply {
    Reply::text(format!(
        "You need not answer any more: {} has looked into the payment that I asked you about.",
        tenant.name
    ))
}

/// The payments of these alerts, on a page of its own.
pub async fn on_its_page(turn: &Turn, ids: &[String]) -> Result<Reply, TurnFault> {
    use crate::asking::Asked;
    use domain::DataClass;
    use gate::{CustomerAlert, Guarded};
    let (of, since) =
        (turn.conversation.clone(), turn.now.checked_sub(super::ANSWERABLE).unwrap_or(Timestamp::MIN));
    let alerts = turn.app.store.read(move |tx| fraud_alerts::of_conversation(tx, &of, since, 50)).await?;
    let asked: Vec<(Alert, Suspect)> = alerts
        .into_iter()
        .filter(|alert| ids.contains(&alert.id))
        .filter_map(|alert| Suspect::of(&alert).map(|suspect| (alert, suspect)))
        .collect();
    let Some((_, first)) = asked.first() else {
        return Ok(Reply::text("There is nothing to show any more."));
    };
    let permit = match turn
        .ask_of::<CustomerAlert>(&[DataClass::Transactions], std::slice::from_ref(&first.account))
        .await?
    {
        Asked::Yes(mut permits, _) => permits.remove(0),
        Asked::No(no) => return Err(TurnFault::NotOnThePage(no)),
        Asked::OnlyOnItsPage(_) => return Ok(Reply::text("There is nothing to show any more.")),
    };
    let opened = Guarded::seal(&permit, ()).open(permit)?;
    let mut blocks: Vec<Block> =
        asked.iter().flat_map(|(alert, suspect)| details(&turn.tenant, alert, suspect, turn.now)).collect();
    blocks.push(Block::Text { text: "Answer in the chat in which you were asked.".to_owned() });
    Ok(Reply { blocks, seen: vec![Seen::of(&opened)], ..Reply::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, Money};

    fn suspect(merchant: &str) -> Suspect {
        Suspect {
            payment: "p-1".to_owned(),
            account: "a-1".parse().unwrap(),
            card: "c-1".parse().unwrap(),
            transaction: None,
            digits: "4242".to_owned(),
            merchant: merchant.to_owned(),
            city: Some("Villeneuve-lès-Avignon-sur-Rhône".to_owned()),
            amount: Money::new(123_456_789, Currency::USD),
            at: "2026-11-22T12:00:00Z".parse().unwrap(),
            declined: true,
            contact_changed: None,
            why: vec![],
            reasons: vec![],
            score: None,
            model: None,
            by_bank: false,
            by_engine: false,
        }
    }

    #[test]
    fn no_more_than_two_digits_of_a_card_are_told() {
        assert_eq!(suspect("x").card_in_words(), "card ··42");
        let short = Suspect { digits: "7".to_owned(), ..suspect("x") };
        assert_eq!(short.card_in_words(), "card ··7");
        let none = Suspect { digits: String::new(), ..suspect("x") };
        assert_eq!(none.card_in_words(), "card ··");
    }

    #[test]
    fn a_question_fits_into_one_text_message_and_has_no_address_and_no_number_to_call() {
        let now: Timestamp = "2026-11-22T12:01:00Z".parse().unwrap();
        for merchant in [
            "Joe",
            "A Merchant With A Very Long Name And Sons Incorporated Of Delaware",
            "電子商店電子商店電子商店電子商店",
        ] {
            for count in [1, 2, 12] {
                let suspects = vec![suspect(merchant); count];
                let bank = "The Savings Bank of the Old Harbour";
                let text = question(bank, &TimeZone::UTC, &suspects, "Still open: was this you?", now);
                assert!(text.chars().count() <= LONGEST, "{}: {text}", text.chars().count());
                assert!(text.ends_with("was this you?"), "{text}");
                assert!(text.contains("$1,234,567.89") && text.contains("··42"), "{text}");
                assert!(!text.contains("http") && !text.contains("4242"), "{text}");
            }
        }
    }

    #[test]
    fn a_button_names_its_alert() {
        let [no, yes, _] = buttons("one").try_into().unwrap();
        assert_eq!(no.label, NOT_ME);
        assert!(no.text.ends_with(&format!("({})", code("one"))) && yes.text.contains(&code("one")));
        assert_ne!(code("one"), code("two"));
    }
}
