//! From where somebody writes.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A country or territory by its two capital letters (ISO 3166-1 alpha-2). Any two letters are taken: the list
/// changes, and a proxy may know it better than we do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region([u8; 2]);

/// The text is not a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a region is two capital letters (ISO 3166-1), such as US")]
pub struct NotARegion;

impl Region {
    /// The two letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a region is made of two capital letters only")
    }
}

impl FromStr for Region {
    type Err = NotARegion;
    fn from_str(text: &str) -> Result<Self, NotARegion> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Region([*a, *b])),
            _ => Err(NotARegion),
        }
    }
}

impl TryFrom<String> for Region {
    type Error = NotARegion;
    fn try_from(text: String) -> Result<Self, NotARegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> String {
        region.code().to_owned()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_two_capital_letters_and_nothing_else() {
        assert_eq!("KP".parse::<Region>().unwrap().to_string(), "KP");
        for wrong in ["", "K", "kp", "KPX", "K1", "ÄÖ", "K ", "К"] {
            assert_eq!(wrong.parse::<Region>(), Err(NotARegion), "{wrong}");
        }
    }
}
