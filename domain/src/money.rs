//! Money: an amount in the smallest unit of its currency, never a floating-point number.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A currency that we can name, write and compute in (ISO 4217).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Why a text is not a currency or an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("a currency is three capital letters (ISO 4217)")]
    Currency,
    /// Not a decimal number with at most as many decimals as the currency has.
    #[error("an amount of this currency is a decimal number with at most {decimals} decimals")]
    Amount {
        /// Decimals of the currency.
        decimals: u32,
    },
    /// The sum does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// Two currencies cannot be added.
    #[error("amounts in {0} and {1} cannot be added")]
    Mixed(Currency, Currency),
}

impl Currency {
    /// US dollar.
    pub const USD: Currency = Currency(*b"USD");
    /// Pound sterling.
    pub const GBP: Currency = Currency(*b"GBP");
    /// Euro.
    pub const EUR: Currency = Currency(*b"EUR");

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is made of three capital letters only")
    }

    /// Decimals of the smallest unit (ISO 4217): 2 for most, 0 for the yen, 3 for some dinars.
    pub fn decimals(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// The sign that people write before the amount, when the currency has a common one.
    pub fn symbol(&self) -> Option<&'static str> {
        match &self.0 {
            b"USD" => Some("$"),
            b"GBP" => Some("£"),
            b"EUR" => Some("€"),
            b"JPY" => Some("¥"),
            b"INR" => Some("₹"),
            _ => None,
        }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            [a, b, c] if text.bytes().all(|x| x.is_ascii_uppercase()) => Ok(Currency([*a, *b, *c])),
            _ => Err(MoneyError::Currency),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money. `minor_units` is signed: what is owed or spent may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in the currency's smallest unit (cents, pence, yen).
    pub minor_units: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in the smallest unit.
    pub fn new(minor_units: i64, currency: Currency) -> Self {
        Money { minor_units, currency }
    }

    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Money { minor_units: 0, currency }
    }

    /// Reads a decimal number such as `1399.02` or `-5`. More decimals than the currency has are refused
    /// unless they are zeros.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let decimals = currency.decimals();
        let wrong = MoneyError::Amount { decimals };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return Err(wrong);
        }
        let (kept, dropped) = fraction.split_at(fraction.len().min(decimals as usize));
        if dropped.bytes().any(|b| b != b'0') {
            return Err(wrong);
        }
        let joined = format!("{whole}{kept:0<width$}", width = decimals as usize);
        let units: i64 = joined.parse().map_err(|_| MoneyError::Overflow)?;
        Ok(Money { minor_units: if negative { -units } else { units }, currency })
    }

    /// The sum, if both are of one currency and it fits.
    pub fn plus(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor_units = self.minor_units.checked_add(other.minor_units).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor_units, ..self })
    }

    /// The amount as programs read it, with a point and the currency's own decimals: `-500.05`, `1200`.
    pub fn decimal(self) -> String {
        let digits = self.currency.decimals() as usize;
        let units = self.minor_units.unsigned_abs().to_string();
        let sign = if self.minor_units < 0 { "-" } else { "" };
        if digits == 0 {
            return format!("{sign}{units}");
        }
        let padded = format!("{units:0>width$}", width = digits + 1);
        let (whole, fraction) = padded.split_at(padded.len() - digits);
        format!("{sign}{whole}.{fraction}")
    }

    /// The same amount with the other sign.
    pub fn negated(self) -> Money {
        Money { minor_units: self.minor_units.saturating_neg(), ..self }
    }

    /// The amount without its sign.
    pub fn magnitude(self) -> Money {
        Money { minor_units: self.minor_units.saturating_abs(), ..self }
    }
}

/// As people read it: `$2,318.40`, `−$117.25`, `1,200 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = 10u64.pow(self.currency.decimals());
        let units = self.minor_units.unsigned_abs();
        let (whole, fraction) = (units / base, units % base);
        let digits = whole.to_string();
        let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        if self.minor_units < 0 {
            f.write_str("−")?;
        }
        if let Some(symbol) = self.currency.symbol() {
            f.write_str(symbol)?;
        }
        f.write_str(&grouped)?;
        if base > 1 {
            write!(f, ".{fraction:0width$}", width = self.currency.decimals() as usize)?;
        }
        if self.currency.symbol().is_none() {
            write!(f, " {}", self.currency)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn money_reads_as_people_write_it() {
        let jpy: Currency = "JPY".parse().unwrap();
        let chf: Currency = "CHF".parse().unwrap();
        assert_eq!(Money::new(231_840, Currency::USD).to_string(), "$2,318.40");
        assert_eq!(Money::new(-11_725, Currency::USD).to_string(), "−$117.25");
        assert_eq!(Money::new(5, Currency::GBP).to_string(), "£0.05");
        assert_eq!(Money::new(1_200, jpy).to_string(), "¥1,200");
        assert_eq!(Money::new(123_456_789, chf).to_string(), "1,234,567.89 CHF");
    }

    #[test]
    fn a_decimal_with_too_many_places_is_refused() {
        assert_eq!(Money::from_decimal("1399.02", Currency::USD), Ok(Money::new(139_902, Currency::USD)));
        assert_eq!(Money::from_decimal("5", Currency::USD), Ok(Money::new(500, Currency::USD)));
        assert_eq!(Money::from_decimal("5.100", Currency::USD), Ok(Money::new(510, Currency::USD)));
        for bad in ["", "-", "1.001", "1e5", "1,000", "NaN", ".5"] {
            assert!(Money::from_decimal(bad, Currency::USD).is_err(), "{bad}");
        }
        assert_eq!(Money::from_decimal("99999999999999999999", Currency::USD), Err(MoneyError::Overflow));
    }

    #[test]
    fn two_currencies_do_not_add() {
        let sum = Money::zero(Currency::USD).plus(Money::zero(Currency::EUR));
        assert_eq!(sum, Err(MoneyError::Mixed(Currency::USD, Currency::EUR)));
    }

    proptest! {
        #[test]
        fn every_amount_survives_writing_and_reading(units in -1_000_000_000_000i64..1_000_000_000_000) {
            let money = Money::new(units, Currency::USD);
            let sign = if units < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}", units.abs() / 100, units.abs() % 100);
            prop_assert_eq!(Money::from_decimal(&text, Currency::USD), Ok(money));
        }
    }
}
