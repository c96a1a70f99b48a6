//! Which kind of thing somebody wants to be told of.

use super::WatchKind;
use crate::words::Word;

const RISES: &[&str] = &[
    "rise",
    "rises",
    "up",
    "raise",
    "raises",
    "raised",
    "expensive",
    "dearer",
    "increase",
    "increases",
    "increased",
    "hike",
    "hikes",
    "higher",
    "pricier",
];
const SALARY: &[&str] =
    &["salary", "wages", "wage", "paycheck", "paycheque", "payday", "payroll", "salaries", "payslip"];
const ABROAD: &[&str] = &["abroad", "foreign", "overseas", "international", "internationally"];
const OVERDRAWN: &[&str] = &["balance", "balances", "overdrawn", "overdraft", "funds", "broke", "zero"];
const BELOW: &[&str] = &["below", "under", "less", "lower", "low", "<"];
const FALLS: &[&str] = &[
    "goes", "go", "falls", "fall", "drops", "drop", "dips", "dip", "gets", "get", "sinks", "hits", "have",
    "has",
];
const COMES_IN: &[&str] = &[
    "deposit",
    "deposits",
    "deposited",
    "refund",
    "refunds",
    "refunded",
    "incoming",
    "credited",
    "received",
    "receive",
    "credit",
    "credits",
];
const PAYS: &[&str] = &[
    "spend",
    "spent",
    "spending",
    "purchase",
    "purchases",
    "payment",
    "payments",
    "buy",
    "bought",
    "withdrawal",
    "withdrawals",
    "transaction",
    "transactions",
    "pay",
    "charge",
    "charges",
    "charged",
    "debit",
    "debits",
    "shopping",
];
const USED: &[&str] = &["used", "use", "uses", "charged", "swiped"];
const ANY: &[&str] = &["any", "every", "each", "all", "anything", "everything", "whenever", "everytime"];
const BIG: &[&str] = &["big", "large", "larger", "bigger", "huge", "expensive", "high"];
const SPANS: &[&str] = &["month", "monthly", "week", "weekly", "year", "total", "altogether", "budget"];

/// Words that are about alerts and never a name.
const VOCABULARY: &[&str] = &[
    "alert",
    "alerts",
    "watch",
    "watches",
    "notification",
    "notifications",
    "balance",
    "low",
    "big",
    "large",
    "salary",
    "wages",
    "card",
    "payments",
    "payment",
    "purchases",
    "purchase",
    "spending",
    "foreign",
    "abroad",
    "deposits",
    "me",
    "good",
    "night",
    "once",
    "every",
    "money",
    "new",
    "current",
    "price",
    "number",
    "my",
    "the",
    "any",
    "overdraft",
    "online",
    "subscriptions",
    "subscription",
    "it",
    "this",
    "that",
    "i",
    "transactions",
    "transaction",
    "now",
    "anything",
    "account",
    "accounts",
    "bank",
];

/// Words around "alerts" when nothing more is said.
const BARE: &[&str] = &[
    "stop",
    "cancel",
    "remove",
    "delete",
    "end",
    "no",
    "mute",
    "disable",
    "kill",
    "drop",
    "turn",
    "switch",
    "off",
    "my",
    "the",
    "please",
    "alerts",
    "watches",
    "notifications",
    "more",
    "sending",
    "me",
    "all",
    "clear",
    "i",
    "want",
    "dont",
    "do",
    "not",
    "any",
    "you",
    "can",
    "pls",
    "warnings",
    "these",
    "those",
    "every",
    "of",
    "them",
    "have",
    "get",
    "rid",
    "set",
    "unset",
    "quit",
    "alert",
    "alerting",
    "now",
];

/// Whether a message says nothing but that alerts are to end.
pub(super) fn is_bare(texts: &[&str]) -> bool {
    texts.iter().all(|word| BARE.contains(word))
}

/// Whether a word is about alerts, so that it names nobody.
pub(super) fn is_vocabulary(name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or_default().to_lowercase();
    VOCABULARY.contains(&first.as_str())
}

/// Whether a message asks for a sum over some time, or for a balance that is high: no alert here tells that.
pub(super) fn is_sum(texts: &[&str]) -> bool {
    let has = |list: &[&str]| texts.iter().any(|word| list.contains(word));
    let spent = has(&["spent", "spend", "spending", "budget"]);
    let high = has(&["over", "above"]) && (has(&["balance"]) || (has(&["account"]) && has(&["has", "have"])));
    (spent && has(SPANS)) || (high && !has(PAYS) && !has(COMES_IN))
}

/// The kind that a message names. `amount`: whether it names an amount.
pub(super) fn kind(texts: &[&str], amount: bool) -> Option<WatchKind> {
    let has = |list: &[&str]| texts.iter().any(|word| list.contains(word));
    let pair = |first: &[&str], second: &[&str]| {
        texts.windows(2).any(|two| first.contains(&two[0]) && second.contains(&two[1]))
    };
    let subscription =
        has(&["subscription", "subscriptions", "price", "prices", "bill", "bills", "fee", "fees"]);
    let dearer = pair(&["more"], &["expensive", "costly"])
        || pair(&["costs", "cost", "charges", "charge"], &["more"])
        || pair(&["goes", "go", "going", "gets", "puts", "put"], &["up"]);
    if (subscription && (has(RISES) || dearer || has(&["more", "change", "changes"])))
        || (dearer && !has(BELOW))
    {
        return Some(WatchKind::PriceRise);
    }
    let paid = pair(&["get", "gets", "got", "am", "im", "been"], &["paid"])
        || pair(&["pay"], &["day", "comes", "cheque"]);
    if has(SALARY) || paid || pair(&["my"], &["pay"]) {
        return Some(WatchKind::Salary);
    }
    let elsewhere =
        pair(&["another", "other", "different"], &["country", "countries", "currency", "currencies"])
            || pair(&["outside"], &["the", "of", "my"]);
    if has(ABROAD) || elsewhere {
        return Some(WatchKind::Foreign);
    }
    let pays = has(PAYS);
    let falls = has(BELOW) && (has(FALLS) || has(&["account", "savings", "checking", "money"]) || amount);
    if has(OVERDRAWN)
        || pair(&["low"], &["on"])
        || (falls && !pays)
        || pair(&["run", "running"], &["out", "low"])
    {
        return Some(WatchKind::LowBalance);
    }
    let money_in = has(&["in", "into", "arrives", "arrive", "lands", "land", "comes", "get", "receive"])
        && has(&["money", "transfer", "cash", "payment", "anything"])
        && !has(&["out", "leaves", "leave", "abroad"]);
    let from = has(&["payment", "money", "transfer"]) && has(&["from"]) && !has(&["leaves", "account"]);
    if (has(COMES_IN) && !pair(&["credit"], &["card"])) || (money_in && !has(&["purchases", "used"])) || from
    {
        return Some(WatchKind::MoneyIn);
    }
    let leaves = has(&["leaves", "leave", "leaving"]) || pair(&["goes", "go", "going"], &["out"]);
    let card = has(&["card", "cards"]) && has(USED);
    if amount && (pays || leaves || card || has(BIG)) {
        return Some(WatchKind::Purchase);
    }
    if card || leaves || (has(ANY) && pays) {
        return Some(WatchKind::CardUse);
    }
    if has(BIG) && (pays || has(&["alert", "alerts"])) {
        return Some(WatchKind::Purchase);
    }
    // "Payments to PayPal", "my spending at Amazon": each of them.
    if pays && has(&["at", "to"]) {
        return Some(WatchKind::CardUse);
    }
    pays.then_some(WatchKind::Purchase)
}

/// Who takes or sends the money, where no "at" or "to" stands before the name: "if Netflix gets more expensive",
/// "a payment from John".
pub(super) fn payee(text: &str, words: &[Word]) -> Option<String> {
    let of = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let name =
        |from: usize, to: usize| text.get(words.get(from)?.start..words.get(to)?.end).map(str::to_owned);
    for at in 0..words.len() {
        let verb =
            matches!(of(at + 1), "gets" | "goes" | "raises" | "costs" | "charges" | "becomes" | "puts");
        let opened = at > 0 && matches!(of(at - 1), "if" | "when" | "whenever" | "once");
        if verb && opened && !is_vocabulary(of(at)) {
            return name(at, at);
        }
        let own = at > 1 && of(at - 1) == "my" && matches!(of(at - 2), "if" | "when" | "whenever");
        if verb && own && !is_vocabulary(of(at)) {
            return name(at, at);
        }
        if of(at) == "from"
            && at + 1 < words.len()
            && !matches!(of(at + 1), "my" | "the" | "now" | "a" | "any")
        {
            let last = (at + 1..words.len().min(at + 4)).take_while(|place| !ends_name(of(*place))).last()?;
            return name(at + 1, last);
        }
    }
    None
}

fn ends_name(word: &str) -> bool {
    const ENDS: &[&str] = &[
        "arrives", "comes", "lands", "over", "under", "above", "below", "is", "hits", "in", "on", "to",
        "into", "and", "please", "when", "if",
    ];
    ENDS.contains(&word) || word.starts_with(|letter: char| "$£€".contains(letter) || letter.is_ascii_digit())
}
