//! A message that goes on from the one before: "and last month?", "how much was that in total?", "the other card".

use crate::{
    AccountHint, Decision, Entities, Intent, Understood,
    words::{self, Word},
};
use serde::{Deserialize, Serialize};

/// What the conversation is about: the question that was answered last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// What was asked for.
    pub intent: Intent,
    /// And of what.
    pub entities: Entities,
}

/// A follow-up has at most this many words; a longer message says by itself what it wants.
const MOST_WORDS: usize = 9;

/// A message that begins so goes on from the one before.
const OPENERS: &[&[&str]] = &[
    &["and"],
    &["ok", "and"],
    &["okay", "and"],
    &["what", "about"],
    &["whatabout"],
    &["how", "about"],
    &["and", "what", "about"],
    &["but"],
    &["also"],
    &["only"],
    &["just"],
    &["same"],
    &["then"],
    &["no", "i", "meant"],
    &["i", "meant"],
    &["no", "i", "mean"],
    &["i", "mean"],
    &["sorry"],
    &["actually"],
    &["no", "for"],
    &["not", "that"],
    &["instead"],
    &["make", "it"],
    &["make", "that"],
];

/// Words that ask for the sum of what was shown.
const SUM: &[&str] = &["total", "sum", "altogether", "summed", "add", "overall"];
/// Words that point at what was shown.
const THAT: &[&str] = &[
    "that", "those", "them", "they", "these", "it", "this", "ones", "there", "all", "up", "in", "was", "is",
];
/// Of those, the words that stand for payments.
const THOSE: &[&str] = &["that", "those", "them", "they", "these"];
/// Words that ask to see what was summed.
const LIST: &[&str] =
    &["which", "list", "show", "details", "detail", "breakdown", "itemise", "itemize", "see"];
/// Words that ask for what comes next in a list.
const MORE: &[&str] = &["more", "next", "older", "earlier", "further", "rest", "continue"];

/// Whether a question of this kind can be asked again with other details.
pub fn goes_on(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Balance
            | Intent::Transactions
            | Intent::Spending
            | Intent::Picture
            | Intent::Compare
            | Intent::WhereShopped
    )
}

/// What a message asks for if it goes on from `before`; none if it stands by itself. `before` is not older than
/// the caller wants to remember.
pub fn follow_up(text: &str, understood: &Understood, before: &Topic) -> Option<Topic> {
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if texts.is_empty() || texts.len() > MOST_WORDS || !goes_on(before.intent) {
        return None;
    }
    if let Some(intent) = points_back(&texts, before.intent, &understood.decision) {
        let entities = over(&before.entities, &understood.entities, &texts);
        return Some(Topic { intent, entities });
    }
    let opened = OPENERS.iter().any(|opener| texts.starts_with(opener));
    let asks_itself = match &understood.decision {
        Decision::Act(intent) => {
            if !goes_on(*intent) {
                return None;
            }
            Some(*intent)
        }
        Decision::Clarify(_) | Decision::Refuse => None,
    };
    let names = understood.entities != Entities::default() || other_account(&texts).is_some();
    match asks_itself {
        // "and what did I spend at Tesco?" says all but the days.
        Some(intent) if opened => {
            Some(Topic { intent, entities: over(&before.entities, &understood.entities, &texts) })
        }
        Some(_) => None,
        None if names || (opened && bare_name(&words).is_some()) => {
            let mut entities = over(&before.entities, &understood.entities, &texts);
            if understood.entities == Entities::default() && other_account(&texts).is_none() {
                entities.merchant = bare_name(&words);
            }
            Some(Topic { intent: before.intent, entities })
        }
        None => None,
    }
}

/// What a message that only points at what was shown asks for.
fn points_back(texts: &[&str], before: Intent, decision: &Decision) -> Option<Intent> {
    let has = |list: &[&str]| texts.iter().any(|word| list.contains(word));
    let about_payments = before != Intent::Balance;
    if !about_payments {
        return None;
    }
    let short = texts.len() <= 3;
    if (has(SUM) && (has(THAT) || short)) || texts.starts_with(&["how", "much", "was", "that"]) {
        return Some(Intent::Spending);
    }
    if texts.contains(&"where") && (has(&["that", "those", "they", "was", "were"]) || short) {
        return Some(Intent::WhereShopped);
    }
    // "Show those on a map" is about them; "show me a map of October" and "which countries did I pay in" are not.
    if *decision == Decision::Act(Intent::WhereShopped) {
        return has(THOSE).then_some(Intent::WhereShopped);
    }
    if has(LIST) && (has(THAT) || short) {
        return Some(Intent::Transactions);
    }
    None
}

/// Whether a message asks for what comes next in the list that was shown.
pub fn asks_for_more(text: &str) -> bool {
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    const AROUND: &[&str] = &[
        "show",
        "me",
        "the",
        "see",
        "please",
        "pls",
        "ones",
        "page",
        "payments",
        "transactions",
        "some",
        "a",
        "few",
        "any",
        "of",
        "them",
        "10",
        "ten",
        "and",
        "go",
        "on",
        "list",
        "results",
    ];
    !texts.is_empty()
        && texts.len() <= 6
        && texts.iter().any(|word| MORE.contains(word))
        && texts.iter().all(|word| MORE.contains(word) || AROUND.contains(word))
}

/// What was said before, with what is said now laid over it.
fn over(before: &Entities, now: &Entities, texts: &[&str]) -> Entities {
    let other = other_account(texts).map(|()| match &before.account {
        Some(AccountHint::Other(inner)) => (**inner).clone(),
        Some(hint) => AccountHint::Other(Box::new(hint.clone())),
        None => AccountHint::Other(Box::new(AccountHint::Words(String::new()))),
    });
    Entities {
        period: now.period.clone().or_else(|| before.period.clone()),
        amount: now.amount.or(before.amount),
        merchant: now.merchant.clone().or_else(|| before.merchant.clone()),
        account: other.or_else(|| now.account.clone()).or_else(|| before.account.clone()),
        count: now.count.or(before.count),
        status: now.status.or(before.status),
        place: now.place.clone().or_else(|| before.place.clone()),
    }
}

/// "the other card", "my other account", "the other one".
fn other_account(texts: &[&str]) -> Option<()> {
    texts
        .windows(2)
        .any(|pair| pair[0] == "other" && matches!(pair[1], "one" | "card" | "account" | "acct" | "accounts"))
        .then_some(())
}

/// The name that is left when the opener and small words are gone: "and Tesco?" gives "Tesco" in the customer's own
/// small letters. At most three words.
fn bare_name(words: &[Word]) -> Option<String> {
    const SMALL: &[&str] = &[
        "and", "what", "about", "how", "ok", "okay", "but", "also", "only", "just", "same", "then", "no",
        "i", "meant", "mean", "sorry", "actually", "not", "that", "instead", "make", "it", "the", "for",
        "at", "a", "an", "please", "pls", "with", "of", "my", "in", "on", "to", "me", "now", "so", "is",
        "was", "this", "there", "you", "your", "do", "did", "can",
    ];
    let left: Vec<&str> =
        words.iter().map(|word| word.text.as_str()).filter(|word| !SMALL.contains(word)).collect();
    ((1..=3).contains(&left.len())).then(|| left.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, understand};
    use domain::AccountKind;
    use jiff::tz::TimeZone;

    fn after(first: &str, then: &str) -> Option<Topic> {
        let about =
            Context { now: "2026-11-20T15:00:00Z".parse().unwrap(), zone: TimeZone::UTC, merchants: &[] };
        let before = understand(first, &about);
        let Decision::Act(intent) = before.decision else { panic!("{first}: {:?}", before.decision) };
        follow_up(then, &understand(then, &about), &Topic { intent, entities: before.entities })
    }

    fn said(topic: &Topic) -> Option<&str> {
        topic.entities.period.as_ref().map(|period| period.said.as_str())
    }

    #[test]
    fn another_month_keeps_the_merchant() {
        for then in ["and last month?", "what about last month", "last month?", "no i meant last month"] {
            let topic =
                after("what did I spend at Tesco this month?", then).unwrap_or_else(|| panic!("{then}"));
            assert_eq!(topic.intent, Intent::Spending);
            assert_eq!(topic.entities.merchant.as_deref(), Some("Tesco"), "{then}");
            assert_eq!(said(&topic), Some("last month"), "{then}");
        }
    }

    #[test]
    fn another_merchant_keeps_the_month() {
        let topic = after("what did I spend at Tesco last month?", "and Netflix?").unwrap();
        assert_eq!(topic.entities.merchant.as_deref(), Some("netflix"));
        assert_eq!(said(&topic), Some("last month"));
    }

    #[test]
    fn the_sum_of_a_list_is_of_the_same_payments() {
        for then in ["how much was that in total?", "total?", "add them up", "what's the total of those"] {
            let topic =
                after("show my payments over $50 last week", then).unwrap_or_else(|| panic!("{then}"));
            assert_eq!(topic.intent, Intent::Spending, "{then}");
            assert!(topic.entities.amount.is_some(), "{then}");
        }
    }

    #[test]
    fn the_other_account_is_the_one_that_was_not_meant() {
        let topic = after("what's in my savings", "and the other account?").unwrap();
        let savings = AccountHint::Kind(AccountKind::Savings);
        assert_eq!(topic.entities.account, Some(AccountHint::Other(Box::new(savings.clone()))));
    }

    #[test]
    fn what_stands_by_itself_is_no_follow_up() {
        for then in ["what's my balance?", "stop", "hello", "who looked at my data?", "thanks", "yes", "no"] {
            assert_eq!(after("what did I spend at Tesco last month?", then), None, "{then}");
        }
    }

    #[test]
    fn a_map_of_its_own_is_no_follow_up_and_a_map_of_those_is() {
        for then in ["show me a map of my payments in October", "which countries did I pay in"] {
            assert_eq!(after("what did I spend at Tesco last week?", then), None, "{then}");
        }
        let topic = after("what did I spend at Tesco last week?", "show those payments on a map").unwrap();
        assert_eq!((topic.intent, said(&topic)), (Intent::WhereShopped, Some("last week")));
    }

    #[test]
    fn a_long_message_is_no_follow_up() {
        let long = "and then I went to the shop with my sister last month to buy a new coat for winter";
        assert_eq!(after("what did I spend at Tesco this month?", long), None);
    }

    #[test]
    fn more_asks_for_the_next_page_and_nothing_else_does() {
        for yes in ["more", "show more", "next", "show me older ones", "the next page please"] {
            assert!(asks_for_more(yes), "{yes}");
        }
        for no in ["more money", "payments over 50", "what else can you do", ""] {
            assert!(!asks_for_more(no), "{no}");
        }
    }
}
