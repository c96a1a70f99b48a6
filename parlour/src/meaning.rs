//! What a message means where no phrase of the table says so: what was learned from examples names a service, a page of the
//! bank's own, or a person. It is a guess with a probability, so it never ends or erases anything by itself.

use crate::{app::App, help::HelpPage, tenant::Tenant};
use understanding::{
    Decision, Intent,
    learned::{
        mind::{Choice, Verdict},
        topics::Target,
    },
    wishes,
};

/// What a message means.
#[derive(Debug, PartialEq)]
pub enum Meaning<'a> {
    /// Something that is done here.
    Do(Intent),
    /// One of these; the likeliest first.
    Which(Vec<Intent>),
    /// A question that the bank's own page answers.
    Page(&'a HelpPage),
    /// A matter that this chat does not do, in words.
    NotHere(&'static str),
    /// Somebody is angry, and asks for nothing.
    Angry,
    /// Nothing that is known.
    Nothing,
}

/// The topic of pages on payments that somebody does not know, or disputes.
const NOT_MINE: &str = "card_payment_not_recognised";

/// The matter of somebody who did not make a payment.
pub const NOT_YOURS: &str = "look into a payment that is not yours";

/// Reads a message of which the phrases decided `by_phrases`.
pub fn of<'a>(app: &App, tenant: &'a Tenant, text: &str, by_phrases: &Decision) -> Meaning<'a> {
    let verdict = match (by_phrases, &app.mind) {
        (Decision::Act(intent), _) => return Meaning::Do(*intent),
        (_, None) => Verdict::Refuse,
        (_, Some(mind)) => mind.read(text).verdict,
    };
    let asked = |intents: Vec<Intent>| match by_phrases {
        Decision::Clarify(between) if intents.is_empty() => Meaning::Which(between.clone()),
        _ if intents.is_empty() => tenant.help.find(text).map_or(Meaning::Nothing, Meaning::Page),
        _ => Meaning::Which(intents),
    };
    let likely = match &verdict {
        Verdict::Act(choice) => Some(choice),
        Verdict::Clarify(choices) => choices.first().filter(|first| first.probability > LIKELY),
        Verdict::Refuse => None,
    };
    let is_angry = likely.is_some_and(|choice| is_service(choice, "insult"));
    let is_for_a_person = likely.is_some_and(|choice| matches!(choice.target, Target::Person(_)));
    // A page of the bank's own on how to send money comes first.
    let has_page = match &verdict {
        Verdict::Act(choice) => tenant.help.of_topic(&choice.label).is_some(),
        _ => likely.is_some_and(|choice| likely_page(tenant, choice).is_some()),
    };
    if !has_page && wishes::moves_money(text) {
        return Meaning::NotHere("send money or pay a bill");
    }
    if wishes::asks_for_number(text) {
        return Meaning::NotHere("show whole numbers, PINs or codes");
    }
    let is_sure = matches!(verdict, Verdict::Act(_));
    if !is_sure && wishes::replaces_a_card(text) {
        return Meaning::Which(vec![Intent::CardLost, Intent::CardStolen]);
    }
    if !is_sure && (wishes::disputes(text) || wishes::tells_of_fraud(text)) {
        return tenant.help.of_topic(NOT_MINE).map_or(Meaning::NotHere(NOT_YOURS), Meaning::Page);
    }
    match verdict {
        _ if is_angry => Meaning::Angry,
        // Showing the way to a person does no harm either.
        Verdict::Clarify(_) if is_for_a_person => Meaning::Do(Intent::Person),
        Verdict::Act(choice) => sure(tenant, &choice).unwrap_or_else(|| asked(vec![])),
        Verdict::Clarify(choices) => match choices.first().and_then(|choice| likely_page(tenant, choice)) {
            Some(page) => Meaning::Page(page),
            // What is most likely nothing that is done here is not made into one of the things that are.
            None if choices.first().is_none_or(|first| intent(first).is_none()) => asked(vec![]),
            None => asked(choices.iter().filter_map(intent).collect()),
        },
        Verdict::Refuse => asked(vec![]),
    }
}

/// Whether what was learned is sure that a message asks for something that is no question about money. Such a message is not
/// taken for the rest of the question before it: "my card is damaged" after "last transactions".
pub fn stands_alone(app: &App, tenant: &Tenant, text: &str) -> bool {
    let Some(mind) = &app.mind else { return false };
    let of_its_own = |choice: &Choice| match intent(choice) {
        Some(intent) => !understanding::goes_on(intent),
        None => tenant.help.of_topic(&choice.label).is_some(),
    };
    match mind.read(text).verdict {
        Verdict::Act(choice) => of_its_own(&choice),
        Verdict::Clarify(choices) => {
            choices.first().is_some_and(|first| first.probability > LIKELY && of_its_own(first))
        }
        Verdict::Refuse => false,
    }
}

fn is_service(choice: &Choice, wanted: &str) -> bool {
    matches!(&choice.target, Target::Service(name) if name == wanted)
}

/// A page is worth showing when it is likelier than all else together: reading the wrong one does no harm.
const LIKELY: f32 = 0.5;

fn likely_page<'a>(tenant: &'a Tenant, choice: &Choice) -> Option<&'a HelpPage> {
    let done_by_none = matches!(choice.target, Target::Faq(_)) || intent(choice).is_none();
    let is_page = done_by_none && choice.probability > LIKELY;
    if is_page { tenant.help.of_topic(&choice.label) } else { None }
}

/// What to do about a choice that is as good as certain; none if nothing here answers it.
fn sure<'a>(tenant: &'a Tenant, choice: &Choice) -> Option<Meaning<'a>> {
    if let Some(page) = tenant.help.of_topic(&choice.label) {
        return Some(Meaning::Page(page));
    }
    match intent(choice) {
        Some(intent) if asks_first(intent) => Some(Meaning::Which(vec![intent])),
        Some(intent) => Some(Meaning::Do(intent)),
        None => not_here(&choice.target).map(Meaning::NotHere),
    }
}

/// What takes effect at once and cannot be taken back with a word is not done on a guess.
fn asks_first(intent: Intent) -> bool {
    matches!(intent, Intent::Stop | Intent::Erase | Intent::Pause | Intent::Yes | Intent::No)
}

/// The service of a choice, by the name of its sentences.
fn intent(choice: &Choice) -> Option<Intent> {
    let name = match &choice.target {
        Target::Service(name) => name.as_str(),
        Target::Person(_) => return Some(Intent::Person),
        Target::Faq(_) | Target::Nothing => return None,
    };
    Some(match name {
        "balance" => Intent::Balance,
        "transactions_search" => Intent::Transactions,
        "spend_summary" => Intent::Spending,
        "spend_compare" => Intent::Compare,
        "where_spent" => Intent::WhereShopped,
        "card_freeze" => Intent::CardFreeze,
        "card_unfreeze" => Intent::CardUnfreeze,
        "card_lost" => Intent::CardLost,
        "card_limits" => Intent::CardLimits,
        "travel_notice" => Intent::Travel,
        "nickname" => Intent::Nickname,
        "statements" => Intent::Statements,
        "standing_orders" => Intent::Schedules,
        "subscriptions" => Intent::Subscriptions,
        "contact_preferences" => Intent::Contact,
        "watch_set" => Intent::Watch,
        "watch_list" => Intent::Watches,
        "watch_stop" => Intent::WatchStop,
        "csv" => Intent::TakeAlong,
        "deeds" => Intent::Deeds,
        "undo" => Intent::Undo,
        "link" => Intent::Link,
        "stop_sharing" => Intent::Stop,
        "pause" => Intent::Pause,
        "resume" => Intent::Resume,
        "who_looked" => Intent::WhoLooked,
        "what_shared" => Intent::MyConsents,
        "change_sharing" => Intent::Change,
        "privacy" => Intent::Privacy,
        "export" => Intent::Export,
        "erase" => Intent::Erase,
        "receipt" => Intent::Receipts,
        "help" => Intent::Help,
        "talk_to_person" => Intent::Person,
        "opening_hours" => Intent::Hours,
        "linked_status" => Intent::Standing,
        "greeting" => Intent::Greeting,
        "thanks" => Intent::Thanks,
        "yes" => Intent::Yes,
        "no" => Intent::No,
        _ => return None,
    })
}

/// A matter that is understood and not done in this chat.
fn not_here(target: &Target) -> Option<&'static str> {
    let Target::Service(name) = target else { return None };
    Some(match name.as_str() {
        "fraud_denied" | "fraud_confirmed" => NOT_YOURS,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use understanding::learned::topics::target;

    fn choice(label: &str) -> Choice {
        Choice { target: target(label), label: label.to_owned(), probability: 0.9 }
    }

    #[test]
    fn every_file_of_sentences_means_something() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../understanding/sentences");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let names: Vec<String> = files
            .filter(|file| file.extension().is_some_and(|ending| ending == "txt"))
            .map(|file| file.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert!(names.len() > 30);
        for name in names.iter().filter(|name| *name != "insult") {
            let choice = choice(name);
            assert!(intent(&choice).is_some() || not_here(&choice.target).is_some(), "{name}");
        }
    }

    #[test]
    fn nothing_ends_on_a_guess() {
        for name in ["stop_sharing", "erase", "pause", "yes", "no"] {
            assert!(intent(&choice(name)).is_some_and(asks_first), "{name}");
        }
    }
}
