//! Chat sessions: a token that the browser keeps and we can check without a look-up. It names the
//! customer and the conversation that begin with the first message, and cannot be made by anybody else.

use crate::rim;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{BankId, Channel, ConversationId, CustomerId};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long a session lasts. After it, the browser begins a new conversation.
pub const LASTS: SignedDuration = SignedDuration::from_hours(180 * 24);
/// Version, issue time, customer, conversation and a secret.
const BODY: usize = 1 + 8 + 16 + 16 + 32;
const WHOLE: usize = BODY + 32;
const VERSION: u8 = 1;

/// A checked session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The bank that it belongs to.
    pub bank: BankId,
    /// The customer.
    pub customer: CustomerId,
    /// The conversation.
    pub conversation: ConversationId,
    /// SHA-256 of the token: what the store keeps of it.
    pub hash: [u8; 32],
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why a token is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionFault {
    /// It is not of the right form.
    #[error("this is not a session token")]
    Malformed,
    /// It was not made here, or for another bank.
    #[error("this session token was not made here for this bank")]
    Forged,
    /// Its time is over.
    #[error("this session is over")]
    Expired,
}

/// Makes and checks session tokens.
pub struct Sessions {
    key: [u8; 32],
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions(key hidden)")
    }
}

impl Sessions {
    /// With the gateway's own key.
    pub fn new(key: [u8; 32]) -> Self {
        Sessions { key }
    }

    /// A new session and its token.
    pub fn issue(&self, bank: &BankId, now: Timestamp) -> (Session, String) {
        let mut token = Vec::with_capacity(WHOLE);
        token.push(VERSION);
        token.extend(now.as_second().to_be_bytes());
        token.extend(rim::uuid(now).as_bytes());
        token.extend(rim::uuid(now).as_bytes());
        token.extend(rim::random::<32>());
        let tag = self.mac(bank, &token).finalize().into_bytes();
        token.extend(tag.as_slice());
        let session = read(bank, &token).expect("a token of the right length was just made");
        (session, B64.encode(&token))
    }

    /// Reads a token that a browser or an app sent.
    pub fn check(&self, bank: &BankId, token: &str, now: Timestamp) -> Result<Session, SessionFault> {
        if token.len() > WHOLE * 2 {
            return Err(SessionFault::Malformed);
        }
        let bytes = B64.decode(token).map_err(|_| SessionFault::Malformed)?;
        if bytes.len() != WHOLE || bytes[0] != VERSION {
            return Err(SessionFault::Malformed);
        }
        let (body, tag) = bytes.split_at(BODY);
        self.mac(bank, body).verify_slice(tag).map_err(|_| SessionFault::Forged)?;
        let session = read(bank, &bytes).ok_or(SessionFault::Malformed)?;
        if session.expires_at <= now { Err(SessionFault::Expired) } else { Ok(session) }
    }

    /// What the store keeps of a messenger's name for somebody: keyed, so that nobody can find a person in it
    /// by trying names.
    pub fn sender(&self, bank: &BankId, channel: Channel, sender: &str) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).expect("HMAC takes any length of key");
        for part in ["parlour sender", bank.as_str(), channel.as_str(), sender] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// The last part of the address of a receipt: a customer, and what only this gateway can make of them.
    pub fn receipt_token(&self, bank: &BankId, customer: &CustomerId) -> String {
        let tag = self.receipt_mac(bank, customer).finalize().into_bytes();
        format!("{customer}.{}", B64.encode(tag.as_slice()))
    }

    /// The customer of such an address.
    pub fn receipt_of(&self, bank: &BankId, token: &str) -> Option<CustomerId> {
        let (customer, tag) = token.split_once('.')?;
        let customer: CustomerId = customer.parse().ok()?;
        let tag = B64.decode(tag).ok()?;
        self.receipt_mac(bank, &customer).verify_slice(&tag).ok()?;
        Some(customer)
    }

    fn receipt_mac(&self, bank: &BankId, customer: &CustomerId) -> Hmac<Sha256> {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).expect("HMAC takes any length of key");
        mac.update(b"parlour erasure receipt\0");
        mac.update(bank.as_str().as_bytes());
        mac.update(b"\0");
        mac.update(customer.as_str().as_bytes());
        mac
    }

    /// The bank is part of what is signed, so that one bank's session is nothing at another.
    fn mac(&self, bank: &BankId, body: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).expect("HMAC takes any length of key");
        mac.update(b"parlour session\0");
        mac.update(bank.as_str().as_bytes());
        mac.update(b"\0");
        mac.update(body);
        mac
    }
}

fn read(bank: &BankId, token: &[u8]) -> Option<Session> {
    let seconds = i64::from_be_bytes(token.get(1..9)?.try_into().ok()?);
    let uuid = |from: usize| Uuid::from_slice(token.get(from..from + 16)?).ok();
    Some(Session {
        bank: bank.clone(),
        customer: CustomerId::new(uuid(9)?),
        conversation: ConversationId::new(uuid(25)?),
        hash: Sha256::digest(token).into(),
        expires_at: Timestamp::from_second(seconds).ok()?.checked_add(LASTS).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(name: &str) -> BankId {
        name.parse().unwrap()
    }

    #[test]
    fn a_session_is_what_was_issued() {
        let sessions = Sessions::new([7; 32]);
        let (issued, token) = sessions.issue(&bank("harbour"), Timestamp::UNIX_EPOCH);
        assert_eq!(sessions.check(&bank("harbour"), &token, Timestamp::UNIX_EPOCH), Ok(issued));
    }

    #[test]
    fn a_session_of_one_bank_is_nothing_at_another() {
        let sessions = Sessions::new([7; 32]);
        let (_, token) = sessions.issue(&bank("harbour"), Timestamp::UNIX_EPOCH);
        let read = sessions.check(&bank("meridian"), &token, Timestamp::UNIX_EPOCH);
        assert_eq!(read, Err(SessionFault::Forged));
    }

    #[test]
    fn a_sender_is_another_one_at_another_bank_and_on_another_channel() {
        let sessions = Sessions::new([7; 32]);
        let one = sessions.sender(&bank("harbour"), Channel::Messenger, "42");
        assert_eq!(one, sessions.sender(&bank("harbour"), Channel::Messenger, "42"));
        for other in [
            sessions.sender(&bank("meridian"), Channel::Messenger, "42"),
            sessions.sender(&bank("harbour"), Channel::Matrix, "42"),
            sessions.sender(&bank("harbour"), Channel::Messenger, "43"),
            Sessions::new([8; 32]).sender(&bank("harbour"), Channel::Messenger, "42"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn the_address_of_a_receipt_is_made_here_for_one_bank() {
        let sessions = Sessions::new([7; 32]);
        let customer = CustomerId::new(Uuid::from_u128(7));
        let token = sessions.receipt_token(&bank("harbour"), &customer);
        assert_eq!(sessions.receipt_of(&bank("harbour"), &token), Some(customer));
        assert_eq!(sessions.receipt_of(&bank("meridian"), &token), None);
        assert_eq!(Sessions::new([8; 32]).receipt_of(&bank("harbour"), &token), None);
        let other = CustomerId::new(Uuid::from_u128(8));
        assert_eq!(sessions.receipt_of(&bank("harbour"), &token.replacen("07.", "08.", 1)), None, "{other}");
    }

    #[test]
    fn a_session_ends() {
        let sessions = Sessions::new([7; 32]);
        let (session, token) = sessions.issue(&bank("harbour"), Timestamp::UNIX_EPOCH);
        let read = sessions.check(&bank("harbour"), &token, session.expires_at);
        assert_eq!(read, Err(SessionFault::Expired));
    }

    #[test]
    fn one_changed_character_makes_a_forgery() {
        let sessions = Sessions::new([7; 32]);
        let (_, token) = sessions.issue(&bank("harbour"), Timestamp::UNIX_EPOCH);
        for at in 0..token.len() - 1 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(sessions.check(&bank("harbour"), &changed, Timestamp::UNIX_EPOCH).is_err(), "{at}");
        }
        assert!(sessions.check(&bank("harbour"), "", Timestamp::UNIX_EPOCH).is_err());
        assert!(sessions.check(&bank("harbour"), &"A".repeat(100_000), Timestamp::UNIX_EPOCH).is_err());
    }
}
