//! Keys, secret and public, as c2sp.org/signed-note writes them: those that sign a log's checkpoints, and
//! those with which witnesses cosign them (c2sp.org/tlog-cosignature).

use crate::note::signed_text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use std::fmt;
use zeroize::Zeroizing;

/// The longest origin: a host name has at most 253 characters, a bank's name a few dozen.
const MAX_ORIGIN_BYTES: usize = 320;

/// The longest key in text, secret or public: origin, eight hex digits, 44 of base64 and the marks between.
const MAX_KEY_TEXT_BYTES: usize = MAX_ORIGIN_BYTES + 80;

/// Bytes of the time before the signature in a cosignature.
const TIME_BYTES: usize = 8;

/// Why a text or an origin makes no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Empty, longer than 320 bytes, or with a space, a control character or a plus sign in it.
    #[error("the origin is empty, too long, or has a space, a control character or a + in it")]
    Origin,
    /// Not the text of a key.
    #[error("this is not the text of a log key")]
    Malformed,
    /// The key id in the text is not that of the name and key beside it.
    #[error("the key id does not belong to this name and key")]
    WrongId,
    /// A kind of key other than the Ed25519 key that is needed here: 1 signs a log, 4 cosigns for a witness.
    #[error("the key is not an Ed25519 key of the kind that is needed here")]
    Unsupported,
}

/// What a key is for. The number goes into its text and its id, so that one never passes for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Signs checkpoints of its own log.
    Log = 1,
    /// Signs a time and a checkpoint of any log: `cosignature/v1`.
    Cosigner = 4,
}

/// What signs. `Debug` shows the public half only.
struct Secret {
    text: Zeroizing<String>,
    signing: SigningKey,
    public: PublicKey,
}

impl Secret {
    fn generate(kind: Kind, name: &str, seed: [u8; 32]) -> Result<Secret, BadKey> {
        let seed = Zeroizing::new(seed);
        check_name(name)?;
        let signing = SigningKey::from_bytes(&seed);
        let public = PublicKey::new(kind, name, signing.verifying_key());
        let secret = Zeroizing::new([&[kind as u8], seed.as_slice()].concat());
        let secret = Zeroizing::new(STANDARD.encode(secret.as_slice()));
        let text = Zeroizing::new(format!("PRIVATE+KEY+{name}+{:08x}+{}", public.id, secret.as_str()));
        Ok(Secret { text, signing, public })
    }

    fn from_text(kind: Kind, text: &str) -> Result<Secret, BadKey> {
        if text.len() > MAX_KEY_TEXT_BYTES {
            return Err(BadKey::Malformed);
        }
        // Base64 has plus signs of its own, so the key is all that follows the fourth.
        let parts: Vec<&str> = text.splitn(5, '+').collect();
        let ["PRIVATE", "KEY", name, _, secret] = parts[..] else { return Err(BadKey::Malformed) };
        check_name(name)?;
        let secret = Zeroizing::new(STANDARD.decode(secret).map_err(|_| BadKey::Malformed)?);
        let (found, secret) = secret.split_first().ok_or(BadKey::Malformed)?;
        if *found != kind as u8 {
            return Err(BadKey::Unsupported);
        }
        let seed = Zeroizing::new(<[u8; 32]>::try_from(secret).map_err(|_| BadKey::Malformed)?);
        let key = Secret::generate(kind, name, *seed)?;
        if key.text.as_str() == text { Ok(key) } else { Err(BadKey::WrongId) }
    }
}

/// A public key: it signed, or it did not.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) id: u32,
    pub(crate) key: VerifyingKey,
}

impl PublicKey {
    fn new(kind: Kind, name: &str, key: VerifyingKey) -> PublicKey {
        let id = signed_note::key_id(name, &[&[kind as u8], key.as_bytes().as_slice()].concat());
        PublicKey { kind, name: name.to_owned(), id, key }
    }

    /// Reads `<name>+<id>+<key>`.
    pub(crate) fn from_text(kind: Kind, text: &str) -> Result<PublicKey, BadKey> {
        if text.len() > MAX_KEY_TEXT_BYTES {
            return Err(BadKey::Malformed);
        }
        let mut parts = text.splitn(3, '+');
        let name = parts.next().unwrap_or_default();
        check_name(name)?;
        let (Some(id), Some(key)) = (parts.next(), parts.next()) else { return Err(BadKey::Malformed) };
        let key = STANDARD.decode(key).map_err(|_| BadKey::Malformed)?;
        let (found, bytes) = key.split_first().ok_or(BadKey::Malformed)?;
        if id != format!("{:08x}", signed_note::key_id(name, &key)) {
            return Err(BadKey::WrongId);
        }
        if *found != kind as u8 {
            return Err(BadKey::Unsupported);
        }
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| BadKey::Malformed)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| BadKey::Malformed)?;
        Ok(PublicKey::new(kind, name, key))
    }

    fn to_text(&self) -> String {
        let key = STANDARD.encode([&[self.kind as u8], self.key.as_bytes().as_slice()].concat());
        format!("{}+{:08x}+{key}", self.name, self.id)
    }

    /// The time in a cosignature of this key, in seconds since 1970.
    pub(crate) fn time(signature: &[u8]) -> Option<u64> {
        signature.first_chunk::<TIME_BYTES>().map(|time| u64::from_be_bytes(*time))
    }
}

impl signed_note::Verifier for PublicKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let signed = |message: &[u8], signature: &[u8]| {
            Signature::from_slice(signature).is_ok_and(|s| self.key.verify(message, &s).is_ok())
        };
        match self.kind {
            Kind::Log => signed(message, signature),
            Kind::Cosigner => signature.split_first_chunk::<TIME_BYTES>().is_some_and(|(time, signature)| {
                signed(&cosigned(u64::from_be_bytes(*time), message), signature)
            }),
        }
    }
}

/// What a witness signs: a mark that sets it apart from a checkpoint, the time, and the checkpoint's text.
fn cosigned(time: u64, body: &[u8]) -> Vec<u8> {
    [format!("cosignature/v1\ntime {time}\n").as_bytes(), body].concat()
}

fn check_name(name: &str) -> Result<(), BadKey> {
    let fits = name.len() <= MAX_ORIGIN_BYTES && signed_note::is_key_name_valid(name);
    if fits && !name.chars().any(char::is_control) { Ok(()) } else { Err(BadKey::Origin) }
}

/// What signs a log's checkpoints. Whoever has it can speak for the log; `Debug` shows the public half only.
pub struct LogKey(Secret);

impl LogKey {
    /// Makes a key from 32 random bytes. `origin` names the log for good: a host and path without scheme,
    /// `gateway.example/log/harbour`.
    pub fn generate(origin: &str, seed: [u8; 32]) -> Result<LogKey, BadKey> {
        Secret::generate(Kind::Log, origin, seed).map(LogKey)
    }

    /// Reads what [`LogKey::to_text`] wrote, or any Ed25519 signing key of c2sp.org/signed-note.
    pub fn from_text(text: &str) -> Result<LogKey, BadKey> {
        Secret::from_text(Kind::Log, text).map(LogKey)
    }

    /// The secret key as text, to be kept where only the log's operator can read it.
    pub fn to_text(&self) -> Zeroizing<String> {
        self.0.text.clone()
    }

    /// The public key as text, `<origin>+<id>+<key>`: what everybody needs to check the log.
    pub fn verifier_key(&self) -> String {
        self.0.public.to_text()
    }

    /// The name of the log, which is the first line of its checkpoints.
    pub fn origin(&self) -> &str {
        &self.0.public.name
    }

    /// Signs a text that is no checkpoint, such as the seal of evidence: its first line is the log's name
    /// with `/` and `about` after it, so that nobody can take it for one.
    pub fn sign_about(&self, about: &str, lines: &str) -> String {
        signed_text(&format!("{}/{about}\n{lines}", self.origin()), std::slice::from_ref(self))
    }
}

impl signed_note::Signer for LogKey {
    fn name(&self) -> &str {
        &self.0.public.name
    }

    fn key_id(&self) -> u32 {
        self.0.public.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.0.signing.sign(message).to_vec())
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogKey").field("verifier_key", &self.verifier_key()).finish_non_exhaustive()
    }
}

/// What a witness cosigns with. `Debug` shows the public half only.
pub struct CosignerKey(Secret);

impl CosignerKey {
    /// Makes a key from 32 random bytes. `name` names the witness for good: `witness.example/w1`.
    pub fn generate(name: &str, seed: [u8; 32]) -> Result<CosignerKey, BadKey> {
        Secret::generate(Kind::Cosigner, name, seed).map(CosignerKey)
    }

    /// Reads what [`CosignerKey::to_text`] wrote.
    pub fn from_text(text: &str) -> Result<CosignerKey, BadKey> {
        Secret::from_text(Kind::Cosigner, text).map(CosignerKey)
    }

    /// The secret key as text, to be kept where only the witness can read it.
    pub fn to_text(&self) -> Zeroizing<String> {
        self.0.text.clone()
    }

    /// The public key as text: what everybody needs to see that this witness signed.
    pub fn verifier_key(&self) -> String {
        self.0.public.to_text()
    }

    /// Whether a text is the verifier key of a witness.
    pub fn check_verifier_key(text: &str) -> Result<(), BadKey> {
        PublicKey::from_text(Kind::Cosigner, text).map(drop)
    }

    /// The signature line over the text of a checkpoint, at a time in seconds since 1970.
    pub(crate) fn line(&self, body: &str, time: u64) -> String {
        let signature = self.0.signing.sign(&cosigned(time, body.as_bytes()));
        let PublicKey { name, id, .. } = &self.0.public;
        let bytes = [id.to_be_bytes().as_slice(), &time.to_be_bytes(), &signature.to_bytes()].concat();
        format!("\u{2014} {name} {}\n", STANDARD.encode(bytes))
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CosignerKey").field("verifier_key", &self.verifier_key()).finish_non_exhaustive()
    }
}

/// The keys of one log over time: the one that signs, those that sign beside it during a handover, and
/// those that have signed before.
#[derive(Debug)]
pub struct LogKeys {
    pub(crate) signing: Vec<LogKey>,
    pub(crate) earlier: Vec<String>,
}

impl LogKeys {
    /// A further key that signs beside the current one, so that readers who know only it still believe what
    /// is published.
    pub fn beside(mut self, key: LogKey) -> Result<LogKeys, BadKey> {
        if key.origin() != self.origin() {
            return Err(BadKey::Origin);
        }
        self.signing.push(key);
        Ok(self)
    }

    /// The public half of a key that signs no more, but may have signed what is published now.
    pub fn after(mut self, verifier_key: &str) -> Result<LogKeys, BadKey> {
        if PublicKey::from_text(Kind::Log, verifier_key)?.name != self.origin() {
            return Err(BadKey::Origin);
        }
        self.earlier.push(verifier_key.to_owned());
        Ok(self)
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        self.signing[0].origin()
    }

    /// The public halves, those that sign first.
    pub fn verifier_keys(&self) -> Vec<String> {
        self.signing.iter().map(LogKey::verifier_key).chain(self.earlier.iter().cloned()).collect()
    }
}

impl From<LogKey> for LogKeys {
    fn from(key: LogKey) -> LogKeys {
        LogKeys { signing: vec![key], earlier: Vec::new() }
    }
}
