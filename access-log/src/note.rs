//! The log's key and its signed checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint). The only file
//! that names the crates `signed_note` and `ed25519_dalek`.

use crate::layout::{MAX_LOG_SIZE, decimal};
use crate::merkle::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use signed_note::{Note, NoteError, StandardSigner, StandardVerifier, VerifierList};
use std::fmt;
use zeroize::Zeroizing;

/// The longest checkpoint that is read: three lines, and the signatures of the log and of some dozen
/// witnesses even if each is post-quantum (about 3.3 kB in base64).
pub const MAX_CHECKPOINT_BYTES: usize = 64 * 1024;

/// The longest origin: a host name has at most 253 characters, a bank's name a few dozen.
const MAX_ORIGIN_BYTES: usize = 320;

/// The longest key in text, secret or public: origin, eight hex digits, 44 of base64 and the marks between.
const MAX_KEY_TEXT_BYTES: usize = MAX_ORIGIN_BYTES + 80;

/// The first byte of a key: Ed25519.
const ED25519: u8 = 1;

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
    /// A kind of key other than Ed25519.
    #[error("the key is not an Ed25519 key")]
    Unsupported,
}

/// What signs a log's checkpoints. Whoever has it can speak for the log; `Debug` shows the public half only.
pub struct LogKey {
    text: Zeroizing<String>,
    signer: StandardSigner,
    origin: String,
    verifier_key: String,
}

impl LogKey {
    /// Makes a key from 32 random bytes. `origin` names the log for good: a host and path without scheme,
    /// `gateway.example/log/harbour`.
    pub fn generate(origin: &str, seed: [u8; 32]) -> Result<LogKey, BadKey> {
        let seed = Zeroizing::new(seed);
        check_origin(origin)?;
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let verifier_key = signed_note::new_ed25519_verifier_key(origin, &public);
        let id = signed_note::key_id(origin, &[&[ED25519], public.as_bytes().as_slice()].concat());
        let secret = Zeroizing::new([&[ED25519], seed.as_slice()].concat());
        let secret = Zeroizing::new(STANDARD.encode(secret.as_slice()));
        let text = Zeroizing::new(format!("PRIVATE+KEY+{origin}+{id:08x}+{}", secret.as_str()));
        LogKey::build(text, verifier_key)
    }

    /// Reads what [`LogKey::to_text`] wrote, or any Ed25519 signing key of c2sp.org/signed-note.
    pub fn from_text(text: &str) -> Result<LogKey, BadKey> {
        if text.len() > MAX_KEY_TEXT_BYTES {
            return Err(BadKey::Malformed);
        }
        let mut parts = text.split('+');
        let (Some("PRIVATE"), Some("KEY"), Some(origin), Some(_)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadKey::Malformed);
        };
        check_origin(origin)?;
        // Base64 has plus signs of its own, so the key is all that follows the fourth.
        let secret = text.splitn(5, '+').nth(4).ok_or(BadKey::Malformed)?;
        let secret = Zeroizing::new(STANDARD.decode(secret).map_err(|_| BadKey::Malformed)?);
        let (kind, secret) = secret.split_first().ok_or(BadKey::Malformed)?;
        if *kind != ED25519 {
            return Err(BadKey::Unsupported);
        }
        let seed = Zeroizing::new(<[u8; 32]>::try_from(secret).map_err(|_| BadKey::Malformed)?);
        let key = LogKey::generate(origin, *seed)?;
        if key.text.as_str() == text { Ok(key) } else { Err(BadKey::WrongId) }
    }

    fn build(text: Zeroizing<String>, verifier_key: String) -> Result<LogKey, BadKey> {
        let signer = StandardSigner::new(&text).map_err(|_| BadKey::Malformed)?;
        let origin = signed_note::Signer::name(&signer).to_owned();
        Ok(LogKey { text, signer, origin, verifier_key })
    }

    /// The secret key as text, to be kept where only the log's operator can read it.
    pub fn to_text(&self) -> Zeroizing<String> {
        self.text.clone()
    }

    /// The public key as text, `<origin>+<id>+<key>`: what everybody needs to check the log.
    pub fn verifier_key(&self) -> String {
        self.verifier_key.clone()
    }

    /// The name of the log, which is the first line of its checkpoints.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogKey").field("verifier_key", &self.verifier_key).finish_non_exhaustive()
    }
}

fn check_origin(origin: &str) -> Result<(), BadKey> {
    let fits = origin.len() <= MAX_ORIGIN_BYTES && signed_note::is_key_name_valid(origin);
    if fits && !origin.chars().any(char::is_control) { Ok(()) } else { Err(BadKey::Origin) }
}

/// What a log was at one moment, with the signed text that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many entries it had.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The note as published, with every signature line, also those of witnesses unknown here.
    pub text: String,
}

/// Why a checkpoint is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// The verifier key given is not one.
    #[error("the verifier key cannot be used: {0}")]
    VerifierKey(BadKey),
    /// Longer than [`MAX_CHECKPOINT_BYTES`].
    #[error("a checkpoint has at most {MAX_CHECKPOINT_BYTES} bytes, this has more")]
    TooLong,
    /// Not UTF-8, no empty line before the signatures, or a broken signature line.
    #[error("not a signed note")]
    NotANote,
    /// No signature line is by the key asked for: another log, or another key.
    #[error("no signature by {origin}, key {key_id:08x}")]
    NotSignedBy {
        /// The name in the verifier key.
        origin: String,
        /// Its key id.
        key_id: u32,
    },
    /// A signature line claims to be by the key and is not.
    #[error("the signature by {origin}, key {key_id:08x}, does not match the text")]
    BadSignature {
        /// The name in the verifier key.
        origin: String,
        /// Its key id.
        key_id: u32,
    },
    /// Signed by the key, but the first line names another log.
    #[error("the checkpoint is of {found}, not of {expected}")]
    Origin {
        /// The name in the verifier key.
        expected: String,
        /// The first line.
        found: String,
    },
    /// The signed text has other than three lines; this log has no extension lines.
    #[error("a checkpoint has 3 lines before the signatures, this has {found}")]
    Lines {
        /// How many.
        found: usize,
    },
    /// The second line is not a plain decimal number up to [`MAX_LOG_SIZE`].
    #[error("the size is not a plain number up to {MAX_LOG_SIZE}")]
    Size,
    /// The third line is not a hash in base64.
    #[error("the root is not a hash in base64")]
    Root,
}

impl Checkpoint {
    pub(crate) fn sign(key: &LogKey, size: u64, root: Hash) -> Checkpoint {
        let body = format!("{}\n{size}\n{root}\n", key.origin());
        let note = Note::new(body.as_bytes(), &[]).and_then(|mut note| {
            note.add_sigs(&[&key.signer])?;
            Ok(note.to_bytes())
        });
        let note = note.expect("the origin was checked when the key was made, and Ed25519 signs any text");
        let text = String::from_utf8(note).expect("a note is made of text");
        Checkpoint { origin: key.origin().to_owned(), size, root, text }
    }

    /// Reads a checkpoint and checks that the holder of this verifier key signed it for its own log.
    /// Further signatures, such as those of witnesses, are kept and not judged.
    pub fn open(bytes: &[u8], verifier_key: &str) -> Result<Checkpoint, CheckpointFault> {
        if bytes.len() > MAX_CHECKPOINT_BYTES {
            return Err(CheckpointFault::TooLong);
        }
        let verifier = verifier(verifier_key).map_err(CheckpointFault::VerifierKey)?;
        let (origin, key_id) = {
            use signed_note::Verifier as _;
            (verifier.name().to_owned(), verifier.key_id())
        };
        let note = Note::from_bytes(bytes).map_err(|_| CheckpointFault::NotANote)?;
        match note.verify(&VerifierList::new(vec![Box::new(verifier)])) {
            Ok(_) => {}
            Err(NoteError::InvalidSignature { .. }) => {
                return Err(CheckpointFault::BadSignature { origin, key_id });
            }
            Err(_) => return Err(CheckpointFault::NotSignedBy { origin, key_id }),
        }
        let body = std::str::from_utf8(note.text()).map_err(|_| CheckpointFault::NotANote)?;
        let (size, root) = read_body(body, &origin)?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| CheckpointFault::NotANote)?;
        Ok(Checkpoint { origin, size, root, text })
    }
}

fn read_body(body: &str, origin: &str) -> Result<(u64, Hash), CheckpointFault> {
    let lines: Vec<&str> = body.strip_suffix('\n').unwrap_or(body).split('\n').collect();
    let [found, size, root] = lines[..] else {
        return Err(CheckpointFault::Lines { found: lines.len() });
    };
    if found != origin {
        return Err(CheckpointFault::Origin { expected: origin.to_owned(), found: found.to_owned() });
    }
    let size = decimal(size).filter(|size| *size <= MAX_LOG_SIZE).ok_or(CheckpointFault::Size)?;
    Ok((size, Hash::parse(root).ok_or(CheckpointFault::Root)?))
}

fn verifier(text: &str) -> Result<StandardVerifier, BadKey> {
    use signed_note::VerifierError;
    if text.len() > MAX_KEY_TEXT_BYTES {
        return Err(BadKey::Malformed);
    }
    check_origin(text.split('+').next().unwrap_or_default())?;
    StandardVerifier::new(text).map_err(|error| match error {
        VerifierError::Format => BadKey::Malformed,
        VerifierError::Alg => BadKey::Unsupported,
        VerifierError::Id => BadKey::WrongId,
    })
}
