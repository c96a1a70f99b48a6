//! What a rule may look at: the columns of a row, with their kinds and units.

use super::limits::MAX_FIELDS;
use std::collections::HashMap;

/// One column of the row that rules are evaluated on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// How rules call it: small letters, digits and `_`, beginning with a letter.
    pub name: String,
    /// What its numbers stand for.
    pub kind: Kind,
    /// The unit of a [`Kind::Number`]; [`Unit::Plain`] for the others.
    pub unit: Unit,
}

/// What the numbers of a column stand for. NaN is "missing" in each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// Yes or no: 0 is no, any other number is yes.
    Flag,
    /// A text that stands in the row as a number.
    Code(Codes),
}

/// Which texts a code may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// These, each with its number in the row.
    Listed(Vec<(String, u32)>),
    /// So many digits, which are the number itself: `"5999"` is 5999. At most seven, which a row's number holds exactly.
    Digits(u8),
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A ratio, a share, a score, an hour of the day.
    Plain,
    /// How many.
    Count,
    /// The bank's currency. The row has it in the currency's own unit (`12.5`) when `decimals` is 0, in hundredths (`1250`)
    /// when it is 2; rules always say it in the currency's unit.
    Money {
        /// Decimals that the row's number has moved to the left of the point.
        decimals: u8,
    },
    /// A duration in seconds.
    Seconds,
    /// A duration in days. Rules say it like any duration: `2d` or `48h`.
    Days,
    /// A distance in kilometers.
    Kilometers,
}

/// Powers of money, time and distance, so that `amount / mean` is a ratio and `amount + hour` a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dimension {
    pub money: i8,
    pub time: i8,
    pub distance: i8,
}

impl Dimension {
    pub const MONEY: Dimension = Dimension { money: 1, time: 0, distance: 0 };
    pub const TIME: Dimension = Dimension { money: 0, time: 1, distance: 0 };
    pub const DISTANCE: Dimension = Dimension { money: 0, time: 0, distance: 1 };

    /// The dimension of a product. Stops at the edge of its range; an expression is too short to get there.
    pub fn times(self, other: Dimension) -> Dimension {
        Dimension {
            money: self.money.saturating_add(other.money),
            time: self.time.saturating_add(other.time),
            distance: self.distance.saturating_add(other.distance),
        }
    }

    /// The dimension of a quotient.
    pub fn over(self, other: Dimension) -> Dimension {
        Dimension {
            money: self.money.saturating_sub(other.money),
            time: self.time.saturating_sub(other.time),
            distance: self.distance.saturating_sub(other.distance),
        }
    }
}

impl std::fmt::Display for Dimension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.money, self.time, self.distance) {
            (0, 0, 0) => f.write_str("a plain number"),
            (1, 0, 0) => f.write_str("money"),
            (0, 1, 0) => f.write_str("a duration"),
            (0, 0, 1) => f.write_str("a distance"),
            (1, -1, 0) => f.write_str("money per time"),
            (0, -1, 1) => f.write_str("distance per time"),
            (0, -1, 0) => f.write_str("a number per time"),
            (money, time, distance) => {
                write!(f, "a mixed unit (money^{money} time^{time} distance^{distance})")
            }
        }
    }
}

impl Unit {
    pub(super) fn dimension(self) -> Dimension {
        match self {
            Unit::Plain | Unit::Count => Dimension::default(),
            Unit::Money { .. } => Dimension::MONEY,
            Unit::Seconds | Unit::Days => Dimension::TIME,
            Unit::Kilometers => Dimension::DISTANCE,
        }
    }

    /// What the row's number is divided by before a rule sees it.
    pub(super) fn divisor(self) -> f64 {
        match self {
            Unit::Money { decimals } => 10f64.powi(i32::from(decimals)),
            Unit::Days => 1.0 / 86_400.0,
            _ => 1.0,
        }
    }
}

impl Field {
    /// A number with its unit.
    pub fn number(name: &str, unit: Unit) -> Field {
        Field { name: name.to_owned(), kind: Kind::Number, unit }
    }

    /// A yes or no.
    pub fn flag(name: &str) -> Field {
        Field { name: name.to_owned(), kind: Kind::Flag, unit: Unit::Plain }
    }

    /// A text of a closed list, which stands in the row as its position.
    pub fn listed(name: &str, texts: &[&str]) -> Field {
        let texts = texts.iter().zip(0u32..).map(|(text, number)| ((*text).to_owned(), number)).collect();
        Field { name: name.to_owned(), kind: Kind::Code(Codes::Listed(texts)), unit: Unit::Plain }
    }

    /// A text of so many digits, such as a merchant category.
    pub fn digits(name: &str, digits: u8) -> Field {
        Field { name: name.to_owned(), kind: Kind::Code(Codes::Digits(digits)), unit: Unit::Plain }
    }
}

impl Codes {
    /// The number of a text, if it is one of these.
    pub(super) fn number_of(&self, text: &str) -> Option<f32> {
        match self {
            Codes::Listed(list) => {
                list.iter().find(|(known, _)| known == text).map(|(_, number)| *number as f32)
            }
            Codes::Digits(digits) => {
                let right =
                    text.len() == usize::from(*digits) && text.bytes().all(|byte| byte.is_ascii_digit());
                let number: u32 = right.then(|| text.parse().ok()).flatten()?;
                Some(number as f32)
            }
        }
    }
}

/// What is wrong with a catalogue. This is a mistake of a program, not of an analyst.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldsFault {
    /// More columns than a set can name.
    #[error("{0} fields; a row has at most {MAX_FIELDS}")]
    TooMany(usize),
    /// The name does not fit the language.
    #[error("`{0}` cannot be the name of a field: small letters, digits and _, beginning with a letter")]
    Name(String),
    /// The name is a word of the language.
    #[error("`{0}` is a word of the language and cannot be the name of a field")]
    Reserved(String),
    /// Two columns of one name.
    #[error("two fields are called `{0}`")]
    Twice(String),
    /// A code's number does not fit exactly into the row.
    #[error("`{0}` has codes beyond 16777216, which the row cannot hold exactly")]
    Code(String),
    /// Not a currency.
    #[error("`{0}` is not a currency: three capital letters (ISO 4217)")]
    Currency(String),
}

/// The catalogue of a bank: its fields in the order of the row, and its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    fields: Vec<Field>,
    by_name: HashMap<String, u16>,
    currency: String,
}

/// 2^24: up to here every whole number has its own f32.
const EXACT: u32 = 1 << 24;

impl Fields {
    /// The fields in the order of the row, and the currency that money is in (ISO 4217).
    pub fn new(fields: Vec<Field>, currency: &str) -> Result<Fields, FieldsFault> {
        if fields.len() > MAX_FIELDS {
            return Err(FieldsFault::TooMany(fields.len()));
        }
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(FieldsFault::Currency(currency.to_owned()));
        }
        let mut by_name = HashMap::new();
        for (field, place) in fields.iter().zip(0u16..) {
            let name = &field.name;
            let right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(right) {
                return Err(FieldsFault::Name(name.clone()));
            }
            if super::lexer::RESERVED.contains(&name.as_str()) {
                return Err(FieldsFault::Reserved(name.clone()));
            }
            match &field.kind {
                Kind::Code(Codes::Listed(list)) if list.iter().any(|(_, number)| *number > EXACT) => {
                    return Err(FieldsFault::Code(name.clone()));
                }
                Kind::Code(Codes::Digits(digits)) if *digits > 7 => {
                    return Err(FieldsFault::Code(name.clone()));
                }
                _ => {}
            }
            if by_name.insert(name.clone(), place).is_some() {
                return Err(FieldsFault::Twice(name.clone()));
            }
        }
        Ok(Fields { fields, by_name, currency: currency.to_owned() })
    }

    /// The fields in the order of the row.
    pub fn all(&self) -> &[Field] {
        &self.fields
    }

    /// The bank's currency.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// A field and its place in the row.
    pub fn find(&self, name: &str) -> Option<(u16, &Field)> {
        let place = *self.by_name.get(name)?;
        self.fields.get(usize::from(place)).map(|field| (place, field))
    }
}
