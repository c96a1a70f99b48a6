//! The gateway's own secrets: made once, kept in files that only its user may read.

use crate::{kek::KekPlace, log_ring::LogRing, rim};
use access_log::LogKey;
use banks::ClientKey;
use domain::BankId;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Why a key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The environment does not hold such a key.
    #[error("{variable}: this does not hold a {kind}: 64 hexadecimal digits or base64 of 32 bytes")]
    Environment {
        /// The variable.
        variable: &'static str,
        /// Which kind of key belongs there.
        kind: &'static str,
    },
    /// The file does not hold such a key.
    #[error("{path}: this file does not hold a {kind}; put the right file back from your backup")]
    Content {
        /// The file.
        path: PathBuf,
        /// Which kind of key belongs there.
        kind: &'static str,
    },
}

/// The folder of keys.
#[derive(Debug, Clone)]
pub struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// Opens the folder, making it if it is not there.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Keys, KeyFault> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(|source| KeyFault::File { path: folder.clone(), source })?;
        Ok(Keys { folder })
    }

    /// The keys that wrap every customer's key, from the environment or the file.
    pub fn kek(&self) -> Result<store::KeyRing, KeyFault> {
        self.kek_place().open()
    }

    /// Where those keys are.
    pub fn kek_place(&self) -> KekPlace {
        KekPlace::find(&self.folder)
    }

    /// The key that signs session tokens.
    pub fn session(&self) -> Result<[u8; 32], KeyFault> {
        self.bytes32("sessions.key", "session key")
    }

    /// The key of the fingerprints by which people are known again who sign in at their bank. Apart from the session key,
    /// since whoever replaces that one needs another way in.
    pub fn subjects(&self) -> Result<[u8; 32], KeyFault> {
        self.bytes32("subjects.key", "subject key")
    }

    /// The key of the numbers that stand for cards and shops in the fraud engine's log.
    pub fn cards(&self) -> Result<[u8; 32], KeyFault> {
        self.bytes32("cards.key", "card key")
    }

    /// The key with which we prove to a bank that we are we.
    pub fn client(&self, bank: &BankId) -> Result<ClientKey, KeyFault> {
        let path = self.folder.join(format!("{bank}.client.p8"));
        if let Some(der) = read(&path)? {
            return ClientKey::from_pkcs8_der(&der)
                .map_err(|_| KeyFault::Content { path, kind: "P-256 key in PKCS#8 form" });
        }
        let wrong = |_| KeyFault::Content { path: path.clone(), kind: "P-256 key in PKCS#8 form" };
        let key = ClientKey::generate().map_err(wrong)?;
        write_new(&path, key.to_pkcs8_der())?;
        Ok(key)
    }

    /// The keys that sign the checkpoints of a bank's access log, and those that did.
    pub fn log(&self, bank: &BankId, origin: &str) -> Result<LogRing, KeyFault> {
        let path = self.log_path(bank);
        if let Some(ring) = self.log_if_there(bank)? {
            return Ok(ring);
        }
        let wrong = |_| KeyFault::Content { path: path.clone(), kind: "signed-note key" };
        let ring = LogRing::new(LogKey::generate(origin, rim::random()).map_err(wrong)?);
        write_new(&path, ring.to_text().as_bytes())?;
        Ok(ring)
    }

    /// The same, without making a key where there is none.
    pub fn log_if_there(&self, bank: &BankId) -> Result<Option<LogRing>, KeyFault> {
        let path = self.log_path(bank);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let ring = std::str::from_utf8(&bytes).ok().and_then(LogRing::from_text);
        ring.map(Some).ok_or(KeyFault::Content { path, kind: "signed-note key" })
    }

    /// Changes the keys of a bank's log. One process at a time does; the file is replaced whole. Gives the
    /// keys after the change, or why there was none.
    pub fn change_log<E>(
        &self,
        bank: &BankId,
        change: impl FnOnce(&mut LogRing) -> Result<(), E>,
    ) -> Result<Result<LogRing, E>, KeyFault> {
        let (path, lock) = (self.log_path(bank), self.folder.join(".lock"));
        let fault = |source| KeyFault::File { path: lock.clone(), source };
        let alone =
            fs::File::options().create(true).write(true).truncate(false).open(&lock).map_err(fault)?;
        alone.lock().map_err(fault)?;
        let ring = self.log_if_there(bank)?;
        let mut ring = ring.ok_or(KeyFault::Content { path: path.clone(), kind: "signed-note key" })?;
        let before = ring.to_text();
        if let Err(no) = change(&mut ring) {
            return Ok(Err(no));
        }
        let after = ring.to_text();
        if *after != *before {
            replace(&path, after.as_bytes())?;
        }
        Ok(Ok(ring))
    }

    fn log_path(&self, bank: &BankId) -> PathBuf {
        self.folder.join(format!("{bank}.log.key"))
    }

    fn bytes32(&self, name: &str, kind: &'static str) -> Result<[u8; 32], KeyFault> {
        let path = self.folder.join(name);
        if let Some(bytes) = read(&path)? {
            return <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeyFault::Content { path, kind });
        }
        let bytes: [u8; 32] = rim::random();
        write_new(&path, &bytes)?;
        Ok(bytes)
    }
}

/// The text of a file with a key; None if it is not there.
pub fn read_text(path: &Path) -> Result<Option<Zeroizing<String>>, KeyFault> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let text = String::from_utf8(bytes.to_vec());
    text.map(|text| Some(Zeroizing::new(text)))
        .map_err(|_| KeyFault::Content { path: path.to_owned(), kind: "key as text" })
}

fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFault> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyFault::File { path: path.to_owned(), source }),
    }
}

/// Writes a key that must not exist yet, readable by its user only.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyFault> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|source| KeyFault::File { path: path.to_owned(), source })
}

/// Puts a file in the place of another, readable by its user only: a crash leaves one or the other.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeyFault> {
    let beside = path.with_extension("new");
    let fault = |source| KeyFault::File { path: path.to_owned(), source };
    match fs::remove_file(&beside) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(fault(e)),
        _ => {}
    }
    write_new(&beside, bytes)?;
    fs::rename(&beside, path).map_err(fault)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_then_kept() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open(dir.path()).unwrap();
        assert_eq!(keys.session().unwrap(), keys.session().unwrap());
        let bank: BankId = "harbour".parse().unwrap();
        let made = keys.log(&bank, "localhost/log/harbour").unwrap().verifier_key();
        assert_eq!(keys.log(&bank, "localhost/log/harbour").unwrap().verifier_key(), made);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_user_may_read_a_key() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Keys::open(dir.path()).unwrap().session().unwrap();
        let mode = fs::metadata(dir.path().join("sessions.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_named_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("sessions.key"), b"short").unwrap();
        let fault = Keys::open(dir.path()).unwrap().session().unwrap_err();
        assert!(fault.to_string().contains("sessions.key"), "{fault}");
        assert_eq!(fs::read(dir.path().join("sessions.key")).unwrap(), b"short");
    }
}
