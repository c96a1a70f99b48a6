//! What a bank is started with.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use thiserror::Error;
use url::Url;

use crate::{
    clock::BankClock,
    network::settings::{CardStream, StreamFault},
    step_up::StepUp,
};

/// Everything that makes one bank.
#[derive(Debug, Clone)]
pub struct Config {
    /// The bank's name, as its customers read it.
    pub name: String,
    /// Short name for cookies and demo passwords: 1 to 20 of `a-z`, `0-9` and `-`.
    pub slug: String,
    /// The bank's colour.
    pub brand: BrandColor,
    /// Where the bank is reached: scheme, host and port only. It is also the OAuth issuer.
    /// Plain `http` is taken for loopback hosts only.
    pub public_url: Url,
    /// The folder that holds the bank's database. Made if missing.
    pub data_dir: PathBuf,
    /// From which the ledger grows: the same seed and first day give the same ledger.
    pub seed: u64,
    /// ISO 4217 code of the currency of all accounts; one that has two decimals.
    pub currency: String,
    /// The clients that may ask this bank's customers for their data.
    pub clients: Vec<ClientRegistration>,
    /// What customers approve on the bank's own site before it is done. [`StepUp::usual`] is a good choice.
    pub step_up: BTreeSet<StepUp>,
    /// Where the bank's card network tells what cards pay; without it there is no network.
    pub card_stream: Option<CardStream>,
    /// The bank's time.
    pub clock: Arc<dyn BankClock>,
}

/// A client that the bank knows.
#[derive(Debug, Clone)]
pub struct ClientRegistration {
    /// OAuth client id.
    pub client_id: String,
    /// The name that customers read on the approval page.
    pub name: String,
    /// The client's public key as a JWK: EC, P-256, for ES256.
    pub jwk: serde_json::Value,
    /// Where the bank may send the browser back to, matched exactly.
    pub redirect_uris: Vec<String>,
}

/// Currencies with two decimals that the ledger's amounts look right in.
const CURRENCIES: [&str; 12] =
    ["AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "NOK", "NZD", "PLN", "SEK", "USD"];

/// Why a configuration cannot make a bank.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// The name is empty or longer than 60 characters.
    #[error("the bank's name must have 1 to 60 characters, it has {length}")]
    Name {
        /// Characters of the name given.
        length: usize,
    },
    /// The slug has other characters or another length.
    #[error("the slug {slug:?} must be 1 to 20 of a-z, 0-9 and -")]
    Slug {
        /// The slug given.
        slug: String,
    },
    /// The public URL is no origin, or is plain http off this machine.
    #[error(
        "the public URL {url} must be https://host[:port], or http:// on localhost or a loopback address"
    )]
    PublicUrl {
        /// The URL given.
        url: String,
    },
    /// Not a currency that the bank can keep.
    #[error("the currency {currency:?} is not one of {}", CURRENCIES.join(", "))]
    Currency {
        /// The currency given.
        currency: String,
    },
    /// Two clients have one id.
    #[error("the client {client_id:?} is registered twice")]
    ClientTwice {
        /// The id that appears twice.
        client_id: String,
    },
    /// The client's key cannot check ES256 signatures.
    #[error("the key of client {client_id:?} must be a public JWK with kty EC and crv P-256")]
    ClientKey {
        /// Whose key.
        client_id: String,
    },
    /// The card stream cannot be connected.
    #[error(transparent)]
    CardStream(#[from] StreamFault),
    /// A redirect URI that is missing, not absolute, has a fragment, or is plain http off this machine.
    #[error(
        "client {client_id:?} needs redirect URIs that are https, or http on a loopback host, without fragment; got {uri:?}"
    )]
    RedirectUri {
        /// Whose redirect URI.
        client_id: String,
        /// The redirect URI given, empty when there is none.
        uri: String,
    },
}

impl Config {
    /// Checks what can be checked before anything is opened.
    pub(crate) fn check(&self) -> Result<(), ConfigFault> {
        let length = self.name.chars().count();
        if length == 0 || length > 60 {
            return Err(ConfigFault::Name { length });
        }
        let slug_ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.slug.is_empty() || self.slug.len() > 20 || !self.slug.chars().all(slug_ok) {
            return Err(ConfigFault::Slug { slug: self.slug.clone() });
        }
        let bare = self.public_url.path() == "/"
            && self.public_url.query().is_none()
            && self.public_url.fragment().is_none()
            && self.public_url.username().is_empty();
        if !bare || !safe_to_reach(&self.public_url) {
            return Err(ConfigFault::PublicUrl { url: self.public_url.to_string() });
        }
        if !CURRENCIES.contains(&self.currency.as_str()) {
            return Err(ConfigFault::Currency { currency: self.currency.clone() });
        }
        if let Some(stream) = &self.card_stream {
            stream.check()?;
        }
        self.check_clients()
    }

    fn check_clients(&self) -> Result<(), ConfigFault> {
        let mut seen = BTreeSet::new();
        for client in &self.clients {
            let client_id = client.client_id.clone();
            if !seen.insert(&client.client_id) {
                return Err(ConfigFault::ClientTwice { client_id });
            }
            if client.jwk.get("d").is_some() || client.jwk["kty"] != "EC" || client.jwk["crv"] != "P-256" {
                return Err(ConfigFault::ClientKey { client_id });
            }
            let bad = |uri: &&String| {
                Url::parse(uri).map_or(true, |url| url.fragment().is_some() || !safe_to_reach(&url))
            };
            if client.redirect_uris.is_empty() {
                return Err(ConfigFault::RedirectUri { client_id, uri: String::new() });
            }
            if let Some(uri) = client.redirect_uris.iter().find(bad) {
                return Err(ConfigFault::RedirectUri { client_id, uri: uri.clone() });
            }
        }
        Ok(())
    }

    /// The issuer: the public URL without a slash at its end.
    pub(crate) fn issuer(&self) -> String {
        self.public_url.as_str().trim_end_matches('/').to_owned()
    }
}

/// https anywhere, http only on this machine.
pub(crate) fn safe_to_reach(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => loopback,
        _ => false,
    }
}

/// A bank's colour, dark enough for white text on it (WCAG 2.2, 1.4.3: 4.5 to 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrandColor([u8; 3]);

/// Why a text is no brand colour.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum BrandFault {
    /// Not `#` and six hexadecimal digits.
    #[error("a colour is written #rrggbb, not {given:?}")]
    Form {
        /// The text given.
        given: String,
    },
    /// Too light for white text.
    #[error("white text on {given} has a contrast of {contrast:.1} to 1; 4.5 is needed")]
    Contrast {
        /// The colour given.
        given: String,
        /// Its contrast with white.
        contrast: f64,
    },
}

/// The dark theme's card, against which the lightened colour must be readable.
const DARK_CARD: [u8; 3] = [0x1b, 0x22, 0x1e];
const CONTRAST_NEEDED: f64 = 4.5;

impl BrandColor {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Result<Self, BrandFault> {
        let form = || BrandFault::Form { given: text.to_owned() };
        let digits = text.strip_prefix('#').filter(|d| d.len() == 6).ok_or_else(form)?;
        let number = u32::from_str_radix(digits, 16).map_err(|_| form())?;
        let [_, red, green, blue] = number.to_be_bytes();
        let color = Self([red, green, blue]);
        let contrast = contrast(color.0, [255; 3]);
        if contrast < CONTRAST_NEEDED {
            return Err(BrandFault::Contrast { given: text.to_owned(), contrast });
        }
        Ok(color)
    }

    /// The colour for the light theme, as `#rrggbb`.
    pub(crate) fn light(self) -> String {
        hex(self.0)
    }

    /// The same colour, lightened until it can be read on a dark card.
    pub(crate) fn dark(self) -> String {
        let mut color = self.0;
        while contrast(color, DARK_CARD) < CONTRAST_NEEDED + 1.0 {
            color = mix(color, [255; 3], 8);
        }
        hex(color)
    }

    /// A faint tint of the colour for backgrounds, light theme and dark theme.
    pub(crate) fn tints(self) -> (String, String) {
        (hex(mix(self.0, [255; 3], 88)), hex(mix(self.0, DARK_CARD, 70)))
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// `color` with this many percent of `other` in it, and at least one step nearer to it.
fn mix(color: [u8; 3], other: [u8; 3], percent: u16) -> [u8; 3] {
    let mut mixed = color;
    for (channel, target) in mixed.iter_mut().zip(other) {
        let sum = u16::from(*channel) * (100 - percent) + u16::from(target) * percent;
        *channel = u8::try_from(sum.div_ceil(100)).unwrap_or(u8::MAX);
    }
    mixed
}

/// WCAG 2.2 contrast ratio of two colours.
fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let luminance = |color: [u8; 3]| {
        let linear = color.map(|channel| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (x, y) = (luminance(a), luminance(b));
    (x.max(y) + 0.05) / (x.min(y) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_too_light_for_white_text_is_refused() {
        assert!(matches!(BrandColor::parse("#cccc00"), Err(BrandFault::Contrast { .. })));
        assert!(matches!(BrandColor::parse("0f4a3c"), Err(BrandFault::Form { .. })));
        let green = BrandColor::parse("#0f4a3c").unwrap();
        assert_eq!(green.light(), "#0f4a3c");
    }

    #[test]
    fn every_brand_can_be_read_on_the_dark_theme() {
        for text in ["#0f4a3c", "#000000", "#5b1a6e", "#1d3f87"] {
            let dark = BrandColor::parse(text).unwrap().dark();
            let number = u32::from_str_radix(&dark[1..], 16).unwrap();
            let [_, r, g, b] = number.to_be_bytes();
            assert!(contrast([r, g, b], DARK_CARD) >= CONTRAST_NEEDED, "{text} became {dark}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let safe = |text: &str| safe_to_reach(&Url::parse(text).unwrap());
        assert!(
            safe("http://localhost:4010") && safe("http://127.0.0.1:1/cb") && safe("https://bank.example")
        );
        assert!(!safe("http://bank.example") && !safe("ftp://localhost") && !safe("http://10.0.0.1"));
    }
}
