//! Which of a customer's own things a question means.

use domain::{Account, Money};
use understanding::{AccountHint, AmountFilter, Comparison};

/// Whether an account is the one that was named.
pub fn account(hint: &AccountHint, account: &Account) -> bool {
    match hint {
        AccountHint::Kind(kind) => account.kind == *kind,
        AccountHint::LastDigits(digits) => {
            !digits.is_empty() && account.last_digits.ends_with(digits.as_str())
        }
        AccountHint::Words(words) => account.name.to_lowercase().contains(&words.to_lowercase()),
        AccountHint::Other(meant) => !self::account(meant, account),
    }
}

/// Whether an amount, without its sign, is one that was asked for. "About" takes a tenth more or less.
pub fn amount(filter: &AmountFilter, amount: Money) -> bool {
    if filter.currency.is_some_and(|currency| currency != amount.currency) {
        return false;
    }
    let units = amount.magnitude().minor_units;
    let scaled = |said: i64| match filter.currency {
        Some(_) => said,
        None => said.saturating_mul(10i64.pow(amount.currency.decimals())) / 100,
    };
    match filter.comparison {
        Comparison::Over(said) => units > scaled(said),
        Comparison::Under(said) => units < scaled(said),
        Comparison::About(said) => (units - scaled(said)).abs() <= scaled(said) / 10,
        Comparison::Exactly(said) => units == scaled(said),
        Comparison::Between(low, high) => (scaled(low)..=scaled(high)).contains(&units),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    fn over(said: i64, currency: Option<Currency>) -> AmountFilter {
        AmountFilter { comparison: Comparison::Over(said), currency }
    }

    #[test]
    fn an_amount_is_compared_without_its_sign_and_in_its_currency() {
        let spent = Money::new(-5_001, Currency::USD);
        assert!(amount(&over(5_000, None), spent));
        assert!(!amount(&over(5_001, None), spent));
        assert!(!amount(&over(5_000, Some(Currency::EUR)), spent));
    }

    #[test]
    fn fifty_means_fifty_where_there_are_no_cents() {
        let yen: Currency = "JPY".parse().unwrap();
        assert!(amount(&over(5_000, None), Money::new(-51, yen)));
        assert!(!amount(&over(5_000, None), Money::new(-50, yen)));
    }
}
