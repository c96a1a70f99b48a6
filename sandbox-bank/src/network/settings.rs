//! With what a bank is connected to its card stream.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;
use url::Url;

use crate::{config::safe_to_reach, limits};

/// Where the bank's card network sends each payment, and who pays beside the bank's customers.
#[derive(Clone)]
pub struct CardStream {
    /// Where events go; bulk files go to the same address with `/bulk` behind it. https, or http on this machine.
    pub url: Url,
    /// What signs them: `whsec_` and 24 to 64 bytes in base64 (Standard Webhooks 1.0).
    pub secret: String,
    /// The crowd.
    pub population: Population,
    /// How long after the first consent that covers a card the network attacks that customer, once. Never when absent.
    pub attack_after: Option<Duration>,
}

impl CardStream {
    /// A stream with the usual crowd and no attack by itself.
    pub fn new(url: Url, secret: String) -> Self {
        Self { url, secret, population: Population::default(), attack_after: None }
    }

    /// Where bulk files go.
    pub(super) fn bulk_url(&self) -> String {
        format!("{}/bulk", self.url.as_str().trim_end_matches('/'))
    }

    /// The bytes of the secret, if it is one.
    pub(super) fn key(&self) -> Option<Vec<u8>> {
        let key = STANDARD.decode(self.secret.strip_prefix("whsec_")?).ok()?;
        limits::STREAM_KEY_BYTES.contains(&key.len()).then_some(key)
    }

    /// Checks what can be checked before anything is opened.
    pub(crate) fn check(&self) -> Result<(), StreamFault> {
        if !safe_to_reach(&self.url) || self.url.query().is_some() || self.url.fragment().is_some() {
            return Err(StreamFault::Url { url: self.url.to_string() });
        }
        if self.key().is_none() {
            return Err(StreamFault::Secret);
        }
        let Population { cards, terminals, per_minute } = self.population;
        if cards > limits::CROWD_CARDS_MAX {
            return Err(StreamFault::Cards { cards });
        }
        if !(1..=limits::CROWD_TERMINALS_MAX).contains(&terminals) {
            return Err(StreamFault::Terminals { terminals });
        }
        if per_minute > limits::CROWD_PER_MINUTE_MAX {
            return Err(StreamFault::PerMinute { per_minute });
        }
        Ok(())
    }
}

impl fmt::Debug for CardStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardStream")
            .field("url", &self.url.as_str())
            .field("population", &self.population)
            .field("attack_after", &self.attack_after)
            .finish_non_exhaustive()
    }
}

/// People who are no customers of the bank's site: cards and terminals without names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Population {
    /// Cards.
    pub cards: u32,
    /// Terminals, on a map of 100 by 100; a card pays only at near ones.
    pub terminals: u32,
    /// Live payments of the crowd in a minute; 0 is none. The cards' own pace would be about 0.5 for 400 cards, so more
    /// than that makes them look busier than their history, the more the longer it goes on.
    pub per_minute: u32,
}

impl Default for Population {
    fn default() -> Self {
        Self { cards: 400, terminals: 600, per_minute: 60 }
    }
}

/// Why a card stream cannot be connected.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamFault {
    /// An address that cannot be sent to.
    #[error("the card stream's URL {url} must be https, or http on this machine, without query and fragment")]
    Url {
        /// The URL given.
        url: String,
    },
    /// The secret is none.
    #[error(
        "the card stream's secret must be whsec_ and {} to {} bytes in base64",
        limits::STREAM_KEY_BYTES.start(), limits::STREAM_KEY_BYTES.end()
    )]
    Secret,
    /// Too many cards.
    #[error("the crowd has at most {} cards, not {cards}", limits::CROWD_CARDS_MAX)]
    Cards {
        /// The number given.
        cards: u32,
    },
    /// No terminal, or too many.
    #[error("the crowd has 1 to {} terminals, not {terminals}", limits::CROWD_TERMINALS_MAX)]
    Terminals {
        /// The number given.
        terminals: u32,
    },
    /// Too many payments.
    #[error("the crowd pays at most {} times a minute, not {per_minute}", limits::CROWD_PER_MINUTE_MAX)]
    PerMinute {
        /// The number given.
        per_minute: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(secret_bytes: usize) -> CardStream {
        let secret = format!("whsec_{}", STANDARD.encode(vec![7; secret_bytes]));
        CardStream::new(Url::parse("http://127.0.0.1:9/card-events").unwrap(), secret)
    }

    #[test]
    fn a_stream_at_its_limits_is_connected_and_one_over_them_is_not() {
        for (bytes, fine) in [(23, false), (24, true), (64, true), (65, false)] {
            assert_eq!(stream(bytes).check().is_ok(), fine, "{bytes}");
        }
        let with = |change: &dyn Fn(&mut CardStream)| {
            let mut stream = stream(32);
            change(&mut stream);
            stream.check()
        };
        assert_eq!(with(&|s| s.population.cards = limits::CROWD_CARDS_MAX), Ok(()));
        assert!(with(&|s| s.population.cards = limits::CROWD_CARDS_MAX + 1).is_err());
        assert_eq!(with(&|s| s.population.terminals = limits::CROWD_TERMINALS_MAX), Ok(()));
        assert!(with(&|s| s.population.terminals = limits::CROWD_TERMINALS_MAX + 1).is_err());
        assert!(with(&|s| s.population.terminals = 0).is_err());
        assert_eq!(with(&|s| s.population.per_minute = limits::CROWD_PER_MINUTE_MAX), Ok(()));
        assert!(with(&|s| s.population.per_minute = limits::CROWD_PER_MINUTE_MAX + 1).is_err());
        assert!(with(&|s| s.url = Url::parse("http://gateway.example/x").unwrap()).is_err());
    }

    #[test]
    fn the_secret_is_never_printed() {
        let stream = stream(32);
        assert!(!format!("{stream:?}").contains("whsec_"));
        assert_eq!(stream.bulk_url(), "http://127.0.0.1:9/card-events/bulk");
    }
}
