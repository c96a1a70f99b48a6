//! Columns that hold personal data, sealed under a key of their customer.
//!
//! The key-encryption key ([`Kek`]) wraps 32 random bytes per customer. From those HKDF-SHA-256 derives one
//! key for data and one for the log. A value is sealed with XChaCha20-Poly1305 for one place: table, column,
//! row, bank and version of the key are authenticated with it, so that a value moved to another row does not
//! open. Destroying the wrapped bytes destroys all of it.

use crate::machine::random;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use domain::{BankId, EntryId};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The layout of a sealed value: this byte, the nonce (24), the ciphertext with its tag (16).
const LAYOUT: u8 = 1;
const NONCE_BYTES: usize = 24;
/// The key version that new customers get.
pub(crate) const KEY_VERSION: i64 = 1;

/// A key-encryption key: whoever has it and the database can read everything. Kept outside the database.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Kek {
    bytes: [u8; 32],
    #[zeroize(skip)]
    id: KekId,
}

/// The name of a key-encryption key: 16 hexadecimal digits of a hash of it. Tells keys apart and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KekId(String);

impl KekId {
    /// The 16 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Kek {
    /// Takes the 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Kek {
        let hash = Sha256::new().chain_update(b"parlour kek id").chain_update(bytes).finalize();
        let id = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Kek { bytes, id: KekId(id) }
    }

    /// Its name.
    pub fn id(&self) -> &KekId {
        &self.id
    }

    /// The 32 bytes, for the file that keeps them.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kek(redacted)")
    }
}

/// A sealed value that does not open: another key, another place, or changed bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sealed {table}.{column} of {row} does not open")]
pub struct Unsealable {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row, by its id.
    pub row: String,
}

/// The one place for which a value is sealed.
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: &'a str,
    pub(crate) bank: &'a BankId,
}

impl Place<'_> {
    /// Each part with its length in front, so that no two places have the same bytes.
    fn bytes(&self, version: i64) -> Vec<u8> {
        let version = version.to_be_bytes();
        let parts = [
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
            self.bank.as_str().as_bytes(),
            &version,
        ];
        let mut bytes = Vec::with_capacity(128);
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }

    pub(crate) fn unsealable(&self) -> Unsealable {
        Unsealable { table: self.table, column: self.column, row: self.row.to_owned() }
    }
}

/// A customer's keys, unwrapped. Lives as long as a transaction.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct CustomerKey {
    data: [u8; 32],
    log: [u8; 32],
    #[zeroize(skip)]
    version: i64,
}

impl Kek {
    /// Makes a customer's secret and wraps it for that customer.
    pub(crate) fn new_wrapped(&self, place: &Place) -> Vec<u8> {
        let secret = Zeroizing::new(random::<32>());
        seal(&self.bytes, &place.bytes(KEY_VERSION), secret.as_slice())
    }

    /// Wraps under this key what another one wrapped. None if that one did not.
    pub(crate) fn rewrap(&self, from: &Kek, place: &Place, version: i64, wrapped: &[u8]) -> Option<Vec<u8>> {
        let secret = open(&from.bytes, &place.bytes(version), wrapped).map(Zeroizing::new)?;
        Some(seal(&self.bytes, &place.bytes(version), &secret))
    }

    /// Unwraps a customer's secret and derives the keys.
    pub(crate) fn unwrap_key(
        &self,
        place: &Place,
        version: i64,
        wrapped: &[u8],
    ) -> Result<CustomerKey, Unsealable> {
        let secret = open(&self.bytes, &place.bytes(version), wrapped).map(Zeroizing::new);
        let secret = secret.filter(|s| s.len() == 32).ok_or_else(|| place.unsealable())?;
        Ok(CustomerKey {
            data: derive(&secret, b"parlour data"),
            log: derive(&secret, b"parlour log"),
            version,
        })
    }

    /// Seals a value that is the gateway's own and no customer's.
    pub(crate) fn seal_at(&self, place: &Place, plain: &[u8]) -> Vec<u8> {
        seal(&self.bytes, &place.bytes(KEY_VERSION), plain)
    }

    /// Opens what was sealed so. None if another key did it, or for another place.
    pub(crate) fn open_at(&self, place: &Place, sealed: &[u8]) -> Option<Vec<u8>> {
        open(&self.bytes, &place.bytes(KEY_VERSION), sealed)
    }

    /// Seals a known text, by which a later start sees that it has the same key.
    pub(crate) fn seal_mark(&self) -> Vec<u8> {
        seal(&self.bytes, b"parlour kek", b"parlour")
    }

    /// Whether this key sealed the mark.
    pub(crate) fn opens_mark(&self, mark: &[u8]) -> bool {
        open(&self.bytes, b"parlour kek", mark).is_some()
    }
}

impl CustomerKey {
    pub(crate) fn seal(&self, place: &Place, plain: &[u8]) -> Vec<u8> {
        seal(&self.data, &place.bytes(self.version), plain)
    }

    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        open(&self.data, &place.bytes(self.version), sealed).ok_or_else(|| place.unsealable())
    }

    /// The key of one log entry. Shown to a customer, it opens this entry's commitment and no other.
    pub(crate) fn of_entry(&self, entry: &EntryId) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(derive(&self.log, entry.as_str().as_bytes()))
    }
}

/// What seals a value for one browser: only the cookie that it holds opens it again, so neither the database nor
/// anything of this host does.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct CookieKey([u8; 32]);

/// The hash by which the store finds what a cookie is for, and the key that it carries.
pub(crate) fn of_cookie(cookie: &str) -> ([u8; 32], CookieKey) {
    (
        Sha256::digest(cookie.as_bytes()).into(),
        CookieKey(derive(cookie.as_bytes(), b"parlour sign-in attempt")),
    )
}

impl CookieKey {
    pub(crate) fn seal(&self, place: &Place, plain: &[u8]) -> Vec<u8> {
        seal(&self.0, &place.bytes(KEY_VERSION), plain)
    }

    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        open(&self.0, &place.bytes(KEY_VERSION), sealed).ok_or_else(|| place.unsealable())
    }
}

/// Bytes as the name of a row.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA-256 of a record under the key of its entry.
pub(crate) fn commitment(key: &[u8; 32], record: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(record);
    mac.finalize().into_bytes().into()
}

fn derive(secret: &[u8], info: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, secret)
        .expand(info, &mut key)
        .expect("HKDF-SHA-256 gives up to 8,160 bytes, and 32 are asked for");
    key
}

fn seal(key: &[u8; 32], place: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = random::<NONCE_BYTES>();
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: place })
        .expect("XChaCha20-Poly1305 refuses only more than 256 GiB");
    let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
    bytes.push(LAYOUT);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    bytes
}

fn open(key: &[u8; 32], place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (&layout, rest) = sealed.split_first()?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
    if layout != LAYOUT {
        return None;
    }
    XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), Payload { msg: rest, aad: place }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'a>(bank: &'a BankId, row: &'a str) -> Place<'a> {
        Place { table: "message", column: "body", row, bank }
    }

    fn key(kek: &Kek, bank: &BankId) -> CustomerKey {
        let place = place(bank, "cus_1");
        kek.unwrap_key(&place, KEY_VERSION, &kek.new_wrapped(&place)).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_own_place() {
        let (harbour, meridian): (BankId, BankId) = ("harbour".parse().unwrap(), "meridian".parse().unwrap());
        let key = key(&Kek::new([7; 32]), &harbour);
        let sealed = key.seal(&place(&harbour, "msg_1"), b"secret");
        assert_eq!(key.open(&place(&harbour, "msg_1"), &sealed).unwrap(), b"secret");
        assert!(key.open(&place(&harbour, "msg_2"), &sealed).is_err());
        assert!(key.open(&place(&meridian, "msg_1"), &sealed).is_err());
        assert!(key.open(&Place { column: "context", ..place(&harbour, "msg_1") }, &sealed).is_err());
    }

    #[test]
    fn another_customer_another_kek_or_a_changed_byte_opens_nothing() {
        let bank: BankId = "harbour".parse().unwrap();
        let (kek, place) = (Kek::new([7; 32]), place(&bank, "msg_1"));
        let (ours, theirs) = (key(&kek, &bank), key(&kek, &bank));
        let mut sealed = ours.seal(&place, b"secret");
        assert!(theirs.open(&place, &sealed).is_err());
        for i in 0..sealed.len() {
            sealed[i] ^= 1;
            assert!(ours.open(&place, &sealed).is_err(), "byte {i}");
            sealed[i] ^= 1;
        }
        assert!(Kek::new([8; 32]).unwrap_key(&place, KEY_VERSION, &kek.new_wrapped(&place)).is_err());
        assert!(kek.unwrap_key(&place, KEY_VERSION + 1, &kek.new_wrapped(&place)).is_err());
    }

    #[test]
    fn one_value_sealed_twice_looks_different() {
        let bank: BankId = "harbour".parse().unwrap();
        let key = key(&Kek::new([7; 32]), &bank);
        assert_ne!(key.seal(&place(&bank, "msg_1"), b"yes"), key.seal(&place(&bank, "msg_1"), b"yes"));
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", Kek::new([7; 32])), "Kek(redacted)");
    }
}
