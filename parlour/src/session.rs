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

/// Which address of a receipt: its page, or the door before it that a messenger is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptWay {
    /// The page itself.
    Page,
    /// A door, of which previews see no more than that it is one.
    Door,
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

    /// The last part of an address of a receipt. It names nobody: the customer's number, which tells when they came, is
    /// masked, and the same each time. What only this gateway can make stands before it.
    pub fn receipt_token(&self, bank: &BankId, customer: &CustomerId, way: ReceiptWay) -> String {
        let number = number_of(customer);
        let tag: [u8; 32] = self.receipt_mac(bank, way, b"tag", &number).finalize().into_bytes().into();
        let masked = self.masked(bank, way, &tag, &number);
        B64.encode([&tag[..], &masked].concat())
    }

    /// The customer of such an address.
    pub fn receipt_of(&self, bank: &BankId, token: &str, way: ReceiptWay) -> Option<CustomerId> {
        let bytes = B64.decode(token).ok()?;
        let (tag, masked) = bytes.split_first_chunk::<32>()?;
        let number = self.masked(bank, way, tag, masked.try_into().ok()?);
        self.receipt_mac(bank, way, b"tag", &number).verify_slice(tag).ok()?;
        Some(CustomerId::new(Uuid::from_bytes(number)))
    }

    /// Masks a number, or takes the mask off: the tag, which is as random as the key is secret, makes it.
    fn masked(&self, bank: &BankId, way: ReceiptWay, tag: &[u8; 32], number: &[u8; 16]) -> [u8; 16] {
        let mask = self.receipt_mac(bank, way, b"mask", tag).finalize().into_bytes();
        std::array::from_fn(|at| number[at] ^ mask[at])
    }

    fn receipt_mac(&self, bank: &BankId, way: ReceiptWay, part: &[u8], of: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).expect("HMAC takes any length of key");
        let way: &[u8] = match way {
            ReceiptWay::Page => b"page",
            ReceiptWay::Door => b"door",
        };
        for piece in [b"parlour erasure receipt", way, part, bank.as_str().as_bytes(), of] {
            mac.update(&(piece.len() as u64).to_be_bytes());
            mac.update(piece);
        }
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

/// The number in a customer's id.
fn number_of(customer: &CustomerId) -> [u8; 16] {
    let digits = customer.as_str().rsplit('_').next().unwrap_or_default();
    Uuid::try_parse(digits).expect("a customer's id ends with the digits of a UUID").into_bytes()
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
        let customer = CustomerId::new(Uuid::from_u128(0x0199_aabb_ccdd_7000_8000_0000_0000_0007));
        let ways = [ReceiptWay::Page, ReceiptWay::Door];
        for (way, other) in [(ways[0], ways[1]), (ways[1], ways[0])] {
            let token = sessions.receipt_token(&bank("harbour"), &customer, way);
            assert_eq!(sessions.receipt_token(&bank("harbour"), &customer, way), token, "it stays the same");
            assert_eq!(sessions.receipt_of(&bank("harbour"), &token, way), Some(customer.clone()));
            assert_eq!(
                sessions.receipt_of(&bank("harbour"), &token, other),
                None,
                "one does not lead to the other"
            );
            assert_eq!(sessions.receipt_of(&bank("meridian"), &token, way), None);
            assert_eq!(Sessions::new([8; 32]).receipt_of(&bank("harbour"), &token, way), None);
            for at in 0..token.len() {
                let mut changed = token.clone().into_bytes();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(sessions.receipt_of(&bank("harbour"), &changed, way), None, "{at}");
            }
            for wrong in ["", "AAAA", &token[1..], &format!("{token}AAAA")] {
                assert_eq!(sessions.receipt_of(&bank("harbour"), wrong, way), None, "{wrong}");
            }
        }
    }

    #[test]
    fn the_address_of_a_receipt_names_nobody() {
        let sessions = Sessions::new([7; 32]);
        let of = |n: u128| {
            let customer = CustomerId::new(Uuid::from_u128(n));
            B64.decode(sessions.receipt_token(&bank("harbour"), &customer, ReceiptWay::Door)).unwrap()
        };
        let (one, two) = (of(7), of(8));
        assert!(!one.windows(8).any(|part| part == [0; 8]), "the number is not in it: {one:?}");
        let alike = one.iter().zip(&two).filter(|(a, b)| a == b).count();
        assert!(alike < 8, "two numbers that differ in one digit have nothing in common: {alike} bytes");
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
