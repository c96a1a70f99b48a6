//! Amounts, exactly as the bank wrote them.
//!
//! FDX sends amounts as JSON numbers. They are read as text, digit by digit, and never pass through a
//! floating-point number.

use crate::fault::Unreadable;
use domain::{Currency, Money};
use serde_json::value::RawValue;

/// The largest power of ten that is followed. No bank writes `1e40`.
const MAX_EXPONENT: i32 = 18;

/// An amount: a JSON number, or a text that holds one. More decimals than the currency has are refused
/// unless they are zeros.
pub(crate) fn read(raw: &RawValue, currency: Currency) -> Result<Money, Unreadable> {
    let text = raw.get();
    let number = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let plain = without_exponent(number).ok_or(Unreadable::Amount)?;
    Money::from_decimal(&plain, currency).map_err(|_| Unreadable::Amount)
}

/// The same number without an exponent: `1.5e3` is `1500`.
fn without_exponent(number: &str) -> Option<String> {
    let Some((digits, exponent)) = number.split_once(['e', 'E']) else { return Some(number.to_owned()) };
    let exponent: i32 = exponent.parse().ok().filter(|e| (-MAX_EXPONENT..=MAX_EXPONENT).contains(e))?;
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let zeros = "0".repeat(exponent.unsigned_abs() as usize);
    let (all, point) = if exponent < 0 {
        let all = format!("{zeros}{whole}{fraction}");
        (all, whole.len())
    } else {
        let all = format!("{whole}{fraction}{zeros}");
        (all, whole.len() + exponent as usize)
    };
    let (whole, fraction) = all.split_at(point);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_text(json: &str) -> Result<i64, Unreadable> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        read(raw, Currency::USD).map(|money| money.minor_units)
    }

    #[test]
    fn an_amount_is_the_number_that_the_bank_wrote() {
        for (json, cents) in [
            ("1399.02", 139_902),
            ("0.1", 10),
            ("1350.00", 135_000),
            ("-5", -500),
            ("\"38.90\"", 3_890),
            ("4503599627370497.15", 450_359_962_737_049_715),
            ("1.5e3", 150_000),
            ("3.89E1", 3_890),
            ("389e-1", 3_890),
            ("-5e-2", -5),
            ("0e0", 0),
        ] {
            assert_eq!(read_text(json), Ok(cents), "{json}");
        }
    }

    #[test]
    fn what_is_not_exact_or_no_number_is_refused_and_never_rounded() {
        for json in
            ["0.001", "1e-3", "1e19", "99999999999999999999", "\"1,000\"", "\"\"", "true", "null", "{}"]
        {
            assert_eq!(read_text(json), Err(Unreadable::Amount), "{json}");
        }
    }

    proptest! {
        #[test]
        fn moving_the_point_by_an_exponent_changes_nothing(cents in 0i64..1_000_000_000_000, moved in 0i32..6) {
            let whole = format!("{cents}e-2");
            prop_assert_eq!(read_text(&whole), Ok(cents));
            let scaled = format!("{cents}{}e-{}", "0".repeat(moved as usize), moved + 2);
            prop_assert_eq!(read_text(&scaled), Ok(cents));
        }
    }
}
