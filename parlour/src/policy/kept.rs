//! Every set of rules that was ever in force, by its digest, so that the digest in a log entry leads to the text.
//!
//! One file each, `policies/<digest>.json` in the data folder: [`gate::PolicyTexts`] as JSON. It is written before
//! its rules come into force, and never changed or removed. It holds nothing personal.

use super::hex;
use gate::PolicyTexts;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Why a set cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeptFault {
    /// The file.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not what was written.
    #[error("{} is not a set of rules: {source}", file.display())]
    NotRules {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Its texts have another digest than its name.
    #[error("{} was changed: its texts have the digest {found}", file.display())]
    Changed {
        /// The file.
        file: PathBuf,
        /// The digest of what is in it.
        found: String,
    },
}

/// The file of a digest.
pub fn file(data: &Path, digest: &[u8; 32]) -> PathBuf {
    data.join("policies").join(format!("{}.json", hex(digest)))
}

/// Keeps a set. It is durable when this returns. One that is kept already, unchanged, is left alone.
pub fn keep(data: &Path, texts: &PolicyTexts) -> Result<(), KeptFault> {
    let path = file(data, &texts.digest());
    if find(data, &texts.digest()).is_ok_and(|kept| kept.is_some()) {
        return Ok(());
    }
    let json = serde_json::to_vec_pretty(texts)
        .map_err(|source| KeptFault::NotRules { file: path.clone(), source })?;
    write(&path, &json).map_err(|source| KeptFault::File { file: path, source })
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = path.with_extension("new");
    let mut out = File::create(&new)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    fs::rename(&new, path)?;
    File::open(folder)?.sync_all()
}

/// The set of a digest. None if it was never in force here.
pub fn find(data: &Path, digest: &[u8; 32]) -> Result<Option<PolicyTexts>, KeptFault> {
    let path = file(data, digest);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(KeptFault::File { file: path, source }),
    };
    let texts: PolicyTexts = serde_json::from_slice(&bytes)
        .map_err(|source| KeptFault::NotRules { file: path.clone(), source })?;
    if texts.digest() != *digest {
        return Err(KeptFault::Changed { file: path, found: hex(&texts.digest()) });
    }
    Ok(Some(texts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate::BankRules;

    #[test]
    fn a_set_is_found_by_its_digest_and_a_changed_one_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let texts = PolicyTexts::of(&BankRules::closed("harbour".parse().unwrap()));
        let digest = texts.digest();
        assert!(find(dir.path(), &digest).unwrap().is_none());
        keep(dir.path(), &texts).unwrap();
        keep(dir.path(), &texts).unwrap();
        assert_eq!(find(dir.path(), &digest).unwrap(), Some(texts.clone()));
        let path = file(dir.path(), &digest);
        let changed = fs::read_to_string(&path).unwrap().replace("harbour", "harbor");
        fs::write(&path, changed).unwrap();
        assert!(matches!(find(dir.path(), &digest), Err(KeptFault::Changed { .. })));
        keep(dir.path(), &texts).unwrap();
        assert_eq!(find(dir.path(), &digest).unwrap(), Some(texts));
    }
}
