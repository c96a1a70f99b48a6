//! A message that goes on from the one before: "and last month?", "how much was that in total?", "the other card".

use crate::{
    AccountHint, Decision, Entities, Flow, Intent, Period, Understood, flow,
    words::{self, Word, number},
};
use jiff::ToSpan;
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
/// Words beside those that name nothing.
const LISTED: &[&str] =
    &["me", "the", "a", "please", "pls", "payments", "transactions", "purchases", "ok", "of", "my"];
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
    let mut understood = understood.clone();
    if let Some(period) = the_one_before(&texts, before.entities.period.as_ref()) {
        understood.entities.period = Some(period);
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
    let mut now = understood.entities.clone();
    // Balances are those of this moment: who names days asks for something else.
    if before.intent == Intent::Balance && asks_itself.is_none() && names_no_balance(&now) {
        return None;
    }
    let names = now != Entities::default() || other_account(&texts).is_some();
    if !opened && now.merchant.is_none() {
        // "Tesco last week", "any fees this month": the one word that was not read is what is asked about.
        now.merchant = one_more(&words, &now);
    }
    match asks_itself {
        // "and what did I spend at Tesco?" says all but the days.
        Some(intent) if opened => {
            Some(Topic { intent, entities: over(&before.entities, &understood.entities, &texts) })
        }
        Some(_) => None,
        None if !opened && tells_more(&words, &understood.entities) => None,
        None if names || (opened && bare_name(&words).is_some()) => {
            let mut entities = over(&before.entities, &now, &texts);
            if understood.entities == Entities::default() && other_account(&texts).is_none() {
                entities.merchant = bare_name(&words);
            }
            // "Show me groceries in September" after a sum or a picture is a list.
            let lists = texts.first().is_some_and(|first| matches!(*first, "show" | "list"));
            let intent =
                if lists && before.intent != Intent::Balance { Intent::Transactions } else { before.intent };
            Some(Topic { intent, entities })
        }
        None => None,
    }
}

/// "And the month before?": the days before those that were meant.
fn the_one_before(texts: &[&str], meant: Option<&Period>) -> Option<Period> {
    let at = texts.windows(2).position(|pair| pair[1] == "before")?;
    let (unit, after) = (texts[at], texts.get(at + 2));
    let back = match unit {
        "day" => 1.day(),
        "week" => 7.days(),
        "month" => 1.month(),
        "year" => 1.year(),
        _ => return None,
    };
    let until = meant.filter(|_| after.is_none_or(|word| *word == "that"))?.from;
    Some(Period { from: until.checked_sub(back).ok()?, until, said: format!("the {unit} before that") })
}

/// Whether something is named that no balance has. What looks like a shop or a place may be the name of an account.
fn names_no_balance(now: &Entities) -> bool {
    now.period.is_some() || now.since_pay || now.status.is_some()
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
        return (has(THOSE) || has(&["it", "this"]) || texts.starts_with(&["on"]))
            .then_some(Intent::WhereShopped);
    }
    // "Show refunds" names what to show, "show details" does not.
    let names_others =
        texts.iter().any(|word| !LIST.contains(word) && !THAT.contains(word) && !LISTED.contains(word));
    // "Which bank is this" asks for nothing that was shown.
    let points = has(THOSE) || (has(THAT) && *decision == Decision::Refuse && !names_others);
    if has(LIST) && (points || short && !names_others) {
        return Some(Intent::Transactions);
    }
    None
}

/// Whether a message says by its first words that it goes on from the one before: "and", "what about".
pub fn opens(text: &str) -> bool {
    let words = words::split(text);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    OPENERS.iter().any(|opener| texts.starts_with(opener))
}

/// Whether a message calls off what was just asked about: "cancel that".
pub fn calls_off(text: &str) -> bool {
    const CALLS_OFF: &[&str] = &["cancel", "cancle", "wait", "back"];
    const AROUND: &[&str] = &[
        "no", "oh", "it", "that", "this", "please", "pls", "plz", "actually", "ok", "sorry", "go", "hold",
        "on", "just",
    ];
    let words = words::split(text);
    let is = |list: &[&str]| words.iter().any(|word| list.contains(&word.text.as_str()));
    words.len() <= 5
        && is(CALLS_OFF)
        && words
            .iter()
            .all(|word| CALLS_OFF.contains(&word.text.as_str()) || AROUND.contains(&word.text.as_str()))
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
    let names_pay = matches!(now.flow, Some(Flow::Salary | Flow::In)) && now.flow != before.flow;
    let names_days = now.period.is_some() || now.since_pay;
    Entities {
        period: now.period.clone().or_else(|| before.period.clone().filter(|_| !names_days)),
        against: now.against.clone().or_else(|| before.against.clone().filter(|_| !names_days)),
        since_pay: now.since_pay || (before.since_pay && !names_days),
        amount: now.amount.or(before.amount),
        merchant: now.merchant.clone().or_else(|| before.merchant.clone().filter(|_| !names_pay)),
        account: other.or_else(|| now.account.clone()).or_else(|| before.account.clone()),
        count: now.count.or(before.count),
        status: now.status.or(before.status),
        place: now.place.clone().or_else(|| before.place.clone()),
        flow: now.flow.or(before.flow),
        measure: now.measure,
        tracking: None,
    }
}

/// "the other card", "my other account", "the other one".
fn other_account(texts: &[&str]) -> Option<()> {
    texts
        .windows(2)
        .any(|pair| pair[0] == "other" && matches!(pair[1], "one" | "card" | "account" | "acct" | "accounts"))
        .then_some(())
}

/// Words that name nothing.
#[rustfmt::skip]
const SMALL: &[&str] = &[
    "and", "what", "about", "how", "ok", "okay", "but", "also", "only", "just", "same", "then", "no", "i", "meant", "mean", "sorry",
    "actually", "not", "that", "instead", "make", "it", "the", "for", "at", "a", "an", "please", "pls", "with", "of", "my", "in", "on", "to",
    "me", "now", "so", "is", "was", "this", "there", "you", "your", "do", "did", "can",
];

/// Words that say how a detail is meant, or of what it is one.
#[rustfmt::skip]
const OF_DETAILS: &[&str] = &[
    "over", "under", "above", "below", "more", "less", "than", "between", "around", "exactly", "least", "most", "until", "since", "from", "by",
    "during", "before", "after", "payments", "payment", "transactions", "transaction", "purchases", "purchase", "charges", "ones", "one",
    "account", "accounts", "card", "cards", "savings", "checking", "current", "credit", "debit", "joint", "other", "both", "ending", "dollars",
    "bucks", "euros", "pounds", "quid", "cents", "money", "show", "list", "again", "too", "or", "all", "any", "whats", "last", "first", "were", "pending", "posted",
    "booked",
];

/// Words with which a whole question begins.
const QUESTIONS: &[&str] =
    &["did", "has", "have", "does", "was", "were", "is", "are", "why", "who", "when", "can", "could", "will"];

/// Whether a message says more than small words and the details that were read in it: "I was charged twice at Tesco" does,
/// "at Tesco last month?" does not. One word more may be a wrong spelling, or a detail that was not read.
fn tells_more(words: &[Word], entities: &Entities) -> bool {
    // "Did my refund arrive" is a whole question.
    let asks = words.first().is_some_and(|word| QUESTIONS.contains(&word.text.as_str()));
    unread(words, entities).len() > usize::from(!asks)
}

/// The one word of a message that is neither small nor read; none if there are more, or if it only says what was done.
fn one_more(words: &[Word], entities: &Entities) -> Option<String> {
    const DONE: &[&str] = &[
        "spend", "spent", "spending", "pay", "paid", "buy", "bought", "shop", "shopped", "get", "got",
        "make", "made", "per", "average", "biggest", "largest", "highest", "online", "abroad", "foreign",
        "compare", "compared", "versus", "vs", "total", "sum", "map", "where", "which", "ago", "mine",
        "instead", "maybe", "higher", "lower",
    ];
    let of_an_amount = |word: &&str| entities.amount.is_some() && number(&words::split(word)).is_some();
    let unread: Vec<&str> = unread(words, entities).into_iter().filter(|word| !of_an_amount(word)).collect();
    match unread.as_slice() {
        [one] if !DONE.contains(one) => Some((*one).to_owned()),
        _ => None,
    }
}

/// The words of a message that are neither small nor read as a detail.
fn unread<'a>(words: &'a [Word], entities: &Entities) -> Vec<&'a str> {
    let said = [
        entities.period.as_ref().map(|period| period.said.as_str()),
        entities.against.as_ref().map(|period| period.said.as_str()),
        entities.merchant.as_deref(),
        entities.place.as_deref(),
    ];
    let said: Vec<String> = said.into_iter().flatten().flat_map(words::split).map(|word| word.text).collect();
    let is_read = |word: &Word| {
        let text = word.text.as_str();
        said.iter().any(|said| said == text)
            || text.chars().any(|letter| letter.is_ascii_digit() || "$£€¥₹".contains(letter))
            || SMALL.contains(&text)
            || OF_DETAILS.contains(&text)
            || flow::is_word(text)
    };
    words.iter().filter(|word| !is_read(word)).map(|word| word.text.as_str()).collect()
}

/// The name that is left when the opener and small words are gone: "and Tesco?" gives "Tesco" in the customer's own
/// small letters. At most three words.
fn bare_name(words: &[Word]) -> Option<String> {
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
    fn the_month_before_is_the_one_before_that_which_was_meant() {
        for (first, then, from, until) in [
            ("what did I spend at Tesco last month?", "and the month before?", "2026-09-01", "2026-10-01"),
            ("what did I spend at Tesco in August", "the month before that", "2026-07-01", "2026-08-01"),
            ("what did I spend at Tesco last week", "and the week before", "2026-11-02", "2026-11-09"),
        ] {
            let topic = after(first, then).unwrap_or_else(|| panic!("{then}"));
            let period = topic.entities.period.unwrap();
            assert_eq!(
                (period.from.to_string(), period.until.to_string()),
                (from.into(), until.into()),
                "{then}"
            );
            assert_eq!(topic.entities.merchant.as_deref(), Some("Tesco"), "{then}");
        }
    }

    #[test]
    fn the_words_of_an_amount_are_no_shop() {
        let topic = after("what did I spend last month?", "fifty bucks or more last week").unwrap();
        assert_eq!(topic.entities.merchant, None);
        assert!(topic.entities.amount.is_some());
    }

    #[test]
    fn another_merchant_keeps_the_month() {
        let topic = after("what did I spend at Tesco last month?", "and Netflix?").unwrap();
        assert_eq!(topic.entities.merchant.as_deref(), Some("netflix"));
        assert_eq!(said(&topic), Some("last month"));
    }

    #[test]
    fn a_message_that_tells_more_than_details_stands_by_itself() {
        for then in [
            "I was charged twice at Corner Basket",
            "send $50 to Mike",
            "has my rent gone out",
            "did my refund arrive in the last 180 days?",
            "why was this declined in Reno",
        ] {
            assert_eq!(after("what are my pending payments", then), None, "{then}");
        }
        for then in [
            "over $50",
            "in Reno last week?",
            "only at Tesco please",
            "more than 20 dollars",
            "my savings account",
        ] {
            assert!(after("what are my pending payments", then).is_some(), "{then}");
        }
    }

    #[test]
    fn the_one_word_that_was_not_read_is_what_is_asked_about() {
        let merchant =
            |then: &str| after("what did I spend last week", then).map(|topic| topic.entities.merchant);
        assert_eq!(merchant("any fees this month"), Some(Some("fees".to_owned())));
        assert_eq!(merchant("tesco in october"), Some(Some("tesco".to_owned())));
        assert_eq!(merchant("spend in october"), None, "it asks by itself");
        assert_eq!(merchant("in october"), Some(None));
        let shown = after("compare October with September", "show me Tesco in september").unwrap();
        assert_eq!((shown.intent, shown.entities.against), (Intent::Transactions, None));
        assert_eq!(after("what are my pending payments", "which bank is this"), None);
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
    fn it_on_a_map_is_what_was_shown_and_refunds_are_not() {
        for then in ["show it on a map", "draw that on the map", "on a map please"] {
            let topic = after("where did I shop last week", then).unwrap_or_else(|| panic!("{then}"));
            assert_eq!((topic.intent, said(&topic)), (Intent::WhereShopped, Some("last week")), "{then}");
        }
        assert_eq!(after("what are my pending payments", "show me refunds"), None);
        let only = after("what are my payments in October", "only refunds").unwrap();
        assert_eq!((only.entities.flow, said(&only)), (Some(crate::Flow::Refund), Some("october")));
        for then in ["show details", "list them", "show those payments", "which ones?"] {
            let topic =
                after("what did I spend at Tesco last week?", then).unwrap_or_else(|| panic!("{then}"));
            assert_eq!(topic.intent, Intent::Transactions, "{then}");
        }
    }

    #[test]
    fn whether_there_is_enough_is_asked_of_all_accounts() {
        assert_eq!(after("what's in my savings", "do I have enough for a 900 dollar rent?"), None);
    }

    #[test]
    fn a_long_message_is_no_follow_up() {
        let long = "and then I went to the shop with my sister last month to buy a new coat for winter";
        assert_eq!(after("what did I spend at Tesco this month?", long), None);
    }

    #[test]
    fn cancel_calls_off_what_was_asked_about() {
        for yes in ["cancel", "Cancel that, please", "no wait", "oh wait", "actually cancel", "go back"] {
            assert!(calls_off(yes), "{yes}");
        }
        for no in ["stop", "cancel my standing order", "no", "wait for my salary", ""] {
            assert!(!calls_off(no), "{no}");
        }
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
