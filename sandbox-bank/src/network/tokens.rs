//! Names that say nothing: what the stream calls cards, terminals and payments.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Makes tokens from a key that never leaves the bank. The same thing has the same token for ever; without the key nobody
/// can tell a token from another one, nor find out by trying whose it is.
#[derive(Clone)]
pub(crate) struct Tokens {
    mac: Hmac<Sha256>,
}

/// Bytes of a token: enough that no two things ever share one.
const BYTES: usize = 16;

impl Tokens {
    pub(super) fn new(key: &[u8]) -> Self {
        Self { mac: Hmac::new_from_slice(key).expect("HMAC takes a key of any length") }
    }

    fn make(&self, letter: &str, words: &[&str]) -> String {
        let mut mac = self.mac.clone();
        mac.update(letter.as_bytes());
        for word in words {
            mac.update(&[0]);
            mac.update(word.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        format!("{letter}{}", URL_SAFE_NO_PAD.encode(&digest[..BYTES]))
    }

    /// A card, by the bank's own id of it.
    pub(super) fn card(&self, id: &str) -> String {
        self.make("c-", &[id])
    }

    /// A customer, by the bank's own id of them.
    pub(super) fn customer(&self, id: &str) -> String {
        self.make("u-", &[id])
    }

    /// A terminal: the shop and its town.
    pub(super) fn terminal(&self, shop: &str, city: &str) -> String {
        self.make("t-", &[shop, city])
    }

    /// A payment, by what the bank knows it by.
    pub(super) fn payment(&self, id: &str) -> String {
        self.make("p-", &[id])
    }

    /// A message, by its kind and its payment: made again it has the same name.
    pub(super) fn message(&self, kind: &str, payment: &str) -> String {
        self.make("msg_", &[kind, payment])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_card_has_the_same_token_and_another_key_another_one() {
        let (a, again, b) = (Tokens::new(&[1; 32]), Tokens::new(&[1; 32]), Tokens::new(&[2; 32]));
        assert_eq!(a.card("card-1"), again.card("card-1"));
        assert_ne!(a.card("card-1"), b.card("card-1"), "whoever knows the id cannot make the token");
        assert_ne!(a.card("card-1"), a.card("card-2"));
        assert_ne!(a.terminal("Shop", "Reno"), a.terminal("Sho", "pReno"));
        assert_ne!(a.card("x")[2..], a.payment("x")[2..]);
        assert!(!a.card("card-1").contains("card-1"));
    }
}
