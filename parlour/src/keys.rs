//! The gateway's own secrets: made once, kept in files that only its user may read.

use crate::{kek::KekPlace, rim};
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

    /// The key that signs the checkpoints of a bank's access log.
    pub fn log(&self, bank: &BankId, origin: &str) -> Result<LogKey, KeyFault> {
        let path = self.folder.join(format!("{bank}.log.key"));
        let wrong = || KeyFault::Content { path: path.clone(), kind: "signed-note key" };
        if let Some(text) = read(&path)? {
            let text = Zeroizing::new(String::from_utf8(text.to_vec()).map_err(|_| wrong())?);
            return LogKey::from_text(text.trim()).map_err(|_| wrong());
        }
        let key = LogKey::generate(origin, rim::random()).map_err(|_| wrong())?;
        write_new(&path, key.to_text().as_bytes())?;
        Ok(key)
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

fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, KeyFault> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyFault::File { path: path.to_owned(), source }),
    }
}

/// Writes a key that must not exist yet, readable by its user only.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyFault> {
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
