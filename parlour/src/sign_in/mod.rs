//! Signing in at the bank: the way into the privacy page for somebody who has lost the chat, and the second way to
//! open a sealed page.
//!
//! Who somebody is to the bank is kept as a fingerprint alone, from the yes to a link until everything is erased
//! (docs/decisions/0017-sign-in.md). A sign-in opens the privacy page and sealed pages, and never the chat.

pub mod journey;
pub mod person;

pub use journey::{Aim, Arrived, Departed, SignInFault, arrive, begin, is_under_way};
pub use person::{Person, choose, find, sign_out};

use crate::tenant::Tenant;
use banks::Subject;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use sha2::Sha256;
use std::fmt;

/// How long somebody may take at the bank. As long as for a link.
pub const ATTEMPT_LASTS: SignedDuration = crate::linking::LASTS;
/// After so long without use a sign-in is over: whoever leaves a device that others use is soon out.
pub const IDLE: SignedDuration = SignedDuration::from_mins(15);
/// After so long it is over however it is used. Nobody reads a privacy page for longer.
pub const LASTS: SignedDuration = SignedDuration::from_hours(1);

/// Makes the fingerprints by which people are known again who sign in at their bank.
pub struct Subjects {
    key: [u8; 32],
}

impl fmt::Debug for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subjects(key hidden)")
    }
}

impl Subjects {
    /// With the gateway's own key for this.
    pub fn new(key: [u8; 32]) -> Self {
        Subjects { key }
    }

    /// The fingerprint of a person at a bank. Keyed, and by another key for each bank, so that nobody can find a person
    /// in it by trying what a bank may call them, and two banks' fingerprints cannot be compared.
    pub fn fingerprint(&self, tenant: &Tenant, subject: &Subject) -> [u8; 32] {
        self.of(tenant.id.as_str(), tenant.issuer(), subject.expose())
    }

    fn of(&self, bank: &str, issuer: &str, subject: &str) -> [u8; 32] {
        let of_bank = tag(&self.key, &["parlour subjects of a bank", bank]);
        tag(&of_bank, &[issuer, subject])
    }
}

/// HMAC-SHA-256 over parts, each with its length in front.
fn tag(key: &[u8; 32], parts: &[&str]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes any length of key");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_another_fingerprint_at_another_bank_issuer_and_key() {
        let subjects = Subjects::new([7; 32]);
        let one = subjects.of("harbour", "https://harbour.example", "alice");
        assert_eq!(one, subjects.of("harbour", "https://harbour.example", "alice"));
        for other in [
            subjects.of("meridian", "https://harbour.example", "alice"),
            subjects.of("harbour", "https://other.example", "alice"),
            subjects.of("harbour", "https://harbour.example", "bob"),
            subjects.of("harbour", "https://harbour.examplea", "lice"),
            Subjects::new([8; 32]).of("harbour", "https://harbour.example", "alice"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(format!("{subjects:?}"), "Subjects(key hidden)");
    }
}
