//! What people write, sentence by sentence, and what must come of it. The sentences are in `sentences/`, one
//! to a line, a file for each intent; `unknown.txt` has those that must not be acted upon.

#![expect(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use understanding::{Context, Decision, Intent, Understood, understand};

fn read(text: &str) -> Understood {
    let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
    understand(text, &Context { now, zone: TimeZone::UTC, merchants: &[] })
}

const FILES: &[(Intent, &str)] = &[
    (Intent::Balance, include_str!("sentences/balance.txt")),
    (Intent::Transactions, include_str!("sentences/transactions.txt")),
    (Intent::Spending, include_str!("sentences/spending.txt")),
    (Intent::WhereShopped, include_str!("sentences/where_shopped.txt")),
    (Intent::WhoLooked, include_str!("sentences/who_looked.txt")),
    (Intent::Receipts, include_str!("sentences/receipts.txt")),
    (Intent::Stop, include_str!("sentences/stop.txt")),
    (Intent::Erase, include_str!("sentences/erase.txt")),
    (Intent::Export, include_str!("sentences/export.txt")),
    (Intent::Pause, include_str!("sentences/pause.txt")),
    (Intent::Resume, include_str!("sentences/resume.txt")),
    (Intent::Change, include_str!("sentences/change.txt")),
    (Intent::MyConsents, include_str!("sentences/my_consents.txt")),
    (Intent::Privacy, include_str!("sentences/privacy.txt")),
    (Intent::Link, include_str!("sentences/link.txt")),
    (Intent::Help, include_str!("sentences/help.txt")),
    (Intent::Greeting, include_str!("sentences/greeting.txt")),
    (Intent::Thanks, include_str!("sentences/thanks.txt")),
    (Intent::Person, include_str!("sentences/person.txt")),
    (Intent::Yes, include_str!("sentences/yes.txt")),
    (Intent::No, include_str!("sentences/no.txt")),
    (Intent::Compare, include_str!("sentences/compare.txt")),
    (Intent::Standing, include_str!("sentences/standing.txt")),
    (Intent::Hours, include_str!("sentences/hours.txt")),
    (Intent::Picture, include_str!("sentences/picture.txt")),
    (Intent::CardLimits, include_str!("sentences/card_limits.txt")),
    (Intent::Travel, include_str!("sentences/travel.txt")),
    (Intent::Nickname, include_str!("sentences/nickname.txt")),
    (Intent::Statements, include_str!("sentences/statements.txt")),
    (Intent::Schedules, include_str!("sentences/schedules.txt")),
    (Intent::Subscriptions, include_str!("sentences/subscriptions.txt")),
    (Intent::Contact, include_str!("sentences/contact.txt")),
    (Intent::Watch, include_str!("sentences/watch.txt")),
    (Intent::Watches, include_str!("sentences/watches.txt")),
    (Intent::WatchStop, include_str!("sentences/watch_stop.txt")),
    (Intent::TakeAlong, include_str!("sentences/take_along.txt")),
    (Intent::Deeds, include_str!("sentences/deeds.txt")),
    (Intent::Undo, include_str!("sentences/undo.txt")),
    (Intent::CardFreeze, include_str!("sentences/card_freeze.txt")),
    (Intent::CardUnfreeze, include_str!("sentences/card_unfreeze.txt")),
    (Intent::CardLost, include_str!("sentences/card_lost.txt")),
    (Intent::CardStolen, include_str!("sentences/card_stolen.txt")),
];

#[test]
fn every_sentence_is_understood() {
    let mut wrong = Vec::new();
    for (intent, file) in FILES {
        for sentence in file.lines() {
            let understood = read(sentence);
            if understood.decision != Decision::Act(*intent) {
                wrong.push(format!("{intent:?}: {sentence:?} is {:?}", understood.decision));
            }
        }
    }
    assert!(wrong.is_empty(), "{} sentences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nothing_is_done_about_other_matters() {
    let acted = include_str!("sentences/unknown.txt").lines().filter_map(|sentence| {
        let decision = read(sentence).decision;
        matches!(decision, Decision::Act(_)).then(|| format!("{sentence:?} is {decision:?}"))
    });
    let acted: Vec<String> = acted.collect();
    assert!(acted.is_empty(), "{} sentences:\n{}", acted.len(), acted.join("\n"));
}

#[test]
fn each_sentence_is_understood_in_capitals_with_spaces_and_with_emoji_too() {
    for (intent, file) in FILES {
        for sentence in file.lines() {
            for varied in
                [sentence.to_uppercase(), format!("  {sentence}  \n"), format!("{sentence} \u{1f600}")]
            {
                assert_eq!(read(&varied).decision, read(sentence).decision, "{intent:?}: {varied:?}");
            }
        }
    }
}

#[test]
fn two_wishes_in_one_message_are_asked_about() {
    let Decision::Clarify(choices) = read("my balance and my last transactions").decision else {
        panic!("both were asked for")
    };
    assert_eq!(choices.len(), 2);
    assert!(choices.contains(&Intent::Balance) && choices.contains(&Intent::Transactions));
}

#[test]
fn a_turned_round_or_half_said_wish_is_asked_about() {
    for sentence in ["do not unlink my account", "never stop sharing my data with me", "my account", "cancel"]
    {
        let decision = read(sentence).decision;
        assert!(
            matches!(decision, Decision::Clarify(_) | Decision::Act(Intent::Stop)),
            "{sentence}: {decision:?}"
        );
    }
    assert!(matches!(read("do not unlink my account").decision, Decision::Clarify(_)));
}

#[test]
fn how_sure_it_is_goes_with_what_it_does() {
    let sure = |text: &str| read(text).intent_probability;
    assert!(sure("what's my balance") > sure("what's my blance"));
    assert!(sure("what's my blance") > sure("my account"));
    assert_eq!(sure("order a pizza"), 0.0);
    assert!((0.0..=1.0).contains(&sure("STOP")));
}

#[test]
fn the_language_is_told_where_its_words_are_known() {
    assert_eq!(read("what's my balance").language.as_deref(), Some("en"));
    assert_eq!(read("wo ist mein geld").language.as_deref(), Some("de"));
    assert_eq!(read("wug flurble").language, None);
    assert_eq!(read("\u{1f600}").language, None);
}
