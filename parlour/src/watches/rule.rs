//! What one watch says, and how it is said.

use domain::{AccountId, AccountKind, Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use understanding::{AccountHint, Amount, WatchKind, WatchWish};

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Of what.
    pub kind: WatchKind,
    /// From which amount on.
    pub amount: Option<Amount>,
    /// On which account; none for all that are shared.
    pub account: Option<AccountHint>,
    /// Paid to whom, or coming from whom.
    pub merchant: Option<String>,
}

/// A watch: what is to be told, and one bit for each account that it looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// What is to be told.
    pub rule: Rule,
    /// Accounts whose low balance was told, and that were not above the amount since. No balance is kept.
    #[serde(default)]
    pub below: BTreeSet<AccountId>,
}

impl Rule {
    /// The rule of a wish that leaves nothing open. None if it does.
    pub fn of(wish: &WatchWish) -> Option<Rule> {
        let kind = wish.kind?;
        if kind.needs_amount() && wish.amount.is_none() {
            return None;
        }
        let WatchWish { amount, account, merchant, .. } = wish.clone();
        Some(Rule { kind, amount, account, merchant })
    }

    /// Whether two rules are about the same, whatever their amounts.
    pub fn is_like(&self, other: &Rule) -> bool {
        let name = |rule: &Rule| rule.merchant.as_deref().map(str::to_lowercase);
        self.kind == other.kind && self.account == other.account && name(self) == name(other)
    }

    /// "a balance falls below 100", after "when".
    pub fn in_words(&self) -> String {
        let amount = self.amount.map(amount_in_words).unwrap_or_default();
        let at = self.merchant.as_ref().map(|name| format!(" to {name}")).unwrap_or_default();
        let from = self.merchant.as_ref().map(|name| format!(" from {name}")).unwrap_or_default();
        let more = if amount.is_empty() { String::new() } else { format!(" of more than {amount}") };
        let what = match self.kind {
            WatchKind::LowBalance => format!("a balance falls below {amount}"),
            WatchKind::Purchase => format!("more than {amount} is paid at once{at}"),
            WatchKind::Salary => format!("your salary{more} arrives{from}"),
            WatchKind::MoneyIn => format!("money{more} comes in{from}"),
            WatchKind::PriceRise => match &self.merchant {
                Some(name) => format!("{name} costs more than before"),
                None => "a subscription costs more than before".to_owned(),
            },
            WatchKind::Foreign => "something is paid abroad or in another currency".to_owned(),
            WatchKind::CardUse => format!("anything is paid{at}"),
        };
        format!("{what}{}", self.account.as_ref().map(account_in_words).unwrap_or_default())
    }
}

/// "100", "49.50", "£75.00".
fn amount_in_words(amount: Amount) -> String {
    match amount.currency {
        Some(currency) => Money::new(amount.minor, currency).to_string(),
        None if amount.minor % 100 == 0 => (amount.minor / 100).to_string(),
        None => format!("{}.{:02}", amount.minor / 100, amount.minor % 100),
    }
}

fn account_in_words(hint: &AccountHint) -> String {
    match hint {
        AccountHint::Kind(AccountKind::Checking) => " (checking account)".to_owned(),
        AccountHint::Kind(AccountKind::Savings) => " (savings account)".to_owned(),
        AccountHint::Kind(AccountKind::Card) => " (credit card)".to_owned(),
        AccountHint::Kind(AccountKind::Loan) => " (loan)".to_owned(),
        AccountHint::Kind(AccountKind::Other) => " (other account)".to_owned(),
        AccountHint::LastDigits(digits) => format!(" (account ending in {digits})"),
        AccountHint::Words(words) => format!(" (account “{words}”)"),
        AccountHint::Other(hint) => format!(" (not{})", account_in_words(hint)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;
    use understanding::{WatchAsk, watch};

    fn rule(text: &str) -> Rule {
        let WatchAsk::Set(wish) = watch(text) else { panic!("{text}") };
        Rule::of(&wish).unwrap_or_else(|| panic!("{text}: {wish:?}"))
    }

    #[test]
    fn what_was_understood_is_said_back_in_one_sentence() {
        for (text, words) in [
            ("tell me when my balance drops below 100", "a balance falls below 100"),
            ("alert me if I spend more than $49.50", "more than 49.50 is paid at once"),
            (
                "tell me if my savings balance goes below £75",
                "a balance falls below £75.00 (savings account)",
            ),
            ("let me know when my salary arrives", "your salary arrives"),
            ("let me know if Netflix gets more expensive", "Netflix costs more than before"),
            ("tell me about payments abroad", "something is paid abroad or in another currency"),
            ("tell me when my card is used", "anything is paid"),
            ("watch for a payment from John", "money comes in from John"),
        ] {
            assert_eq!(rule(text).in_words(), words, "{text}");
        }
    }

    #[test]
    fn an_alert_without_its_amount_is_not_whole() {
        let WatchAsk::Set(wish) = watch("set up a low balance alert") else { panic!() };
        assert_eq!(Rule::of(&wish), None);
    }

    #[test]
    fn another_amount_is_the_same_alert_and_another_account_is_not() {
        let low = rule("tell me when my balance drops below 100");
        assert!(low.is_like(&rule("warn me when my balance is under 50")));
        assert!(!low.is_like(&rule("tell me when my savings balance drops below 100")));
        let pounds = Amount { minor: 100, currency: Some(Currency::GBP) };
        assert!(low.is_like(&Rule { amount: Some(pounds), ..low.clone() }));
    }
}
