//! Which way money went, and why it came.

use crate::words::Word;
use serde::{Deserialize, Serialize};

/// Which payments are meant by the way that money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// Money that came in.
    In,
    /// Money that went out.
    Out,
    /// Money that a shop gave back, and payments that were taken back.
    Refund,
    /// Pay for work.
    Salary,
}

/// Beside these, "money in" is not money that came in: "how did I spend my money in October".
const SPEND: &[&str] = &["spend", "spent", "spending", "spends"];
const REFUND: &[&str] = &["refunds", "refund", "refunded", "reimbursements", "reversals"];
const SALARY: &[&str] =
    &["salary", "salaries", "wage", "wages", "paycheck", "paychecks", "paycheque", "payroll", "payday"];
const IN: &[&str] = &["incoming", "deposits", "deposit", "income", "earned", "earn", "earnings"];
const OUT: &[&str] = &["outgoing", "outgoings", "debits"];
/// Two words that say it together.
const PAIRS: &[(&[&str], &[&str], Flow)] = &[
    (&["came", "come", "comes", "coming", "went", "gone", "money", "paid"], &["in"], Flow::In),
    (&["money", "deposits", "deposit", "received"], &["from"], Flow::In),
    (&["send", "sent", "sends", "transferred", "wire", "wired"], &["me", "us"], Flow::In),
    (&["went", "gone", "going", "goes", "money", "go"], &["out"], Flow::Out),
    (&["came", "come", "given", "got", "money"], &["back"], Flow::Refund),
    (&["get", "got", "been", "getting"], &["paid"], Flow::Salary),
];

/// Whether a message tells of money that was spent.
pub(crate) fn tells_of_spending(words: &[Word]) -> bool {
    words.iter().any(|word| SPEND.contains(&word.text.as_str()))
}

/// Whether a word alone says it.
pub(crate) fn is_word(word: &str) -> bool {
    [REFUND, SALARY, IN, OUT].iter().any(|words| words.contains(&word))
}

/// Finds what the message says on it; none if it says both ways.
pub(crate) fn find(words: &[Word]) -> Option<Flow> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let has = |list: &[&str], at: usize| list.contains(&texts[at]);
    let mut found: Vec<Flow> = Vec::new();
    for at in 0..texts.len() {
        // "Since my salary" names days, and "and out" is the other half of "in and out".
        let is_day =
            texts[at.saturating_sub(2)..at].iter().any(|word| matches!(*word, "since" | "until" | "till"));
        let pair = PAIRS.iter().find(|(first, second, _)| {
            at > 0 && second.contains(&texts[at]) && first.contains(&texts[at - 1])
        });
        let in_and_out = at > 1
            && texts[at - 1] == "and"
            && matches!((texts[at - 2], texts[at]), ("in", "out") | ("out", "in"));
        let in_some_days = texts[at] == "in" && tells_of_spending(words);
        let flow = match pair {
            _ if in_and_out => return None,
            _ if in_some_days => None,
            Some((.., flow)) => Some(*flow),
            None if has(REFUND, at) => Some(Flow::Refund),
            None if has(SALARY, at) && !is_day => Some(Flow::Salary),
            None if has(IN, at) => Some(Flow::In),
            None if has(OUT, at) => Some(Flow::Out),
            None => None,
        };
        found.extend(flow.filter(|flow| !found.contains(flow)));
    }
    match found.as_slice() {
        [] => None,
        all if all.contains(&Flow::Out) && all.len() > 1 => None,
        // What came in as pay is pay.
        all => all.iter().copied().find(|flow| *flow != Flow::In).or(Some(Flow::In)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::split;

    #[test]
    fn the_way_money_went_is_read() {
        for (message, flow) in [
            ("show me refunds", Some(Flow::Refund)),
            ("did any money come back last month?", Some(Flow::Refund)),
            ("did my salary arrive?", Some(Flow::Salary)),
            ("has my wage come in", Some(Flow::Salary)),
            ("did I get paid", Some(Flow::Salary)),
            ("what came in last week", Some(Flow::In)),
            ("my deposits in October", Some(Flow::In)),
            ("how did I spend my money in October", None),
            ("any money from Anna?", Some(Flow::In)),
            ("did Anna send me money", Some(Flow::In)),
            ("what went out yesterday", Some(Flow::Out)),
            ("money in and out", None),
            ("what did I spend since my salary", None),
            ("what came in and what went out", None),
            ("how much did I pay at Tesco", None),
            ("last transactions", None),
        ] {
            assert_eq!(find(&split(message)), flow, "{message}");
        }
    }
}
