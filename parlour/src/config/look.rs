//! A bank's colours, refused when people could not read them.

use serde::{Deserialize, Serialize};

/// How a bank's pages look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The brand colour on light pages, `#rrggbb`.
    pub brand: String,
    /// The brand colour on dark pages, `#rrggbb`.
    pub brand_dark: String,
    /// One letter for the crest.
    pub crest: String,
}

/// The light page, its cards and the ink on a light brand colour.
const LIGHT: [&str; 2] = ["#faf7f1", "#ffffff"];
/// The dark page and its cards.
const DARK: [&str; 2] = ["#121714", "#1b221e"];
/// What WCAG 2.2 AA asks of text (success criterion 1.4.3).
pub const READABLE: f64 = 4.5;

/// Red, green and blue of `#rrggbb`.
fn channels(colour: &str) -> Option<[f64; 3]> {
    let hex = colour.strip_prefix('#').filter(|h| h.len() == 6 && h.is_ascii())?;
    let part = |i: usize| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok().map(|v| f64::from(v) / 255.0);
    Some([part(0)?, part(2)?, part(4)?])
}

/// Relative luminance as WCAG 2.2 defines it.
fn luminance(colour: &str) -> Option<f64> {
    let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    let [r, g, b] = channels(colour)?.map(linear);
    Some(0.2126 * r + 0.7152 * g + 0.0722 * b)
}

/// The contrast of two colours (1 to 21), or none if one is not `#rrggbb`.
pub fn contrast(a: &str, b: &str) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    let (light, dark) = if a > b { (a, b) } else { (b, a) };
    Some((light + 0.05) / (dark + 0.05))
}

/// The worst contrast of a brand colour on the pages that it is for.
pub fn worst_on(colour: &str, dark_pages: bool) -> Option<f64> {
    let pages = if dark_pages { DARK } else { LIGHT };
    pages.iter().map(|page| contrast(colour, page)).try_fold(f64::MAX, |worst, c| Some(worst.min(c?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_as_wcag_defines_it() {
        assert!((contrast("#000000", "#ffffff").unwrap() - 21.0).abs() < 1e-9);
        assert!((contrast("#777777", "#ffffff").unwrap() - 4.478).abs() < 0.01);
        assert_eq!(contrast("red", "#ffffff"), None);
    }

    #[test]
    fn a_pale_brand_colour_is_not_readable() {
        assert!(worst_on("#0f4a3c", false).unwrap() > READABLE);
        assert!(worst_on("#ffe08a", false).unwrap() < READABLE);
        assert!(worst_on("#8fd0b8", true).unwrap() > READABLE);
    }
}
