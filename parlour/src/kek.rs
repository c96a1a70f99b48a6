//! Where the key-encryption keys come from: the environment, or a file that only the gateway's user may read.
//!
//! | where | what | rotated by |
//! |---|---|---|
//! | `PARLOUR_KEK` | the keys themselves, oldest first, with a comma between two | who sets the environment |
//! | `PARLOUR_KEK_FILE` | the path of a file with one key a line, oldest first | `parlour keys rotate-kek` |
//! | neither | the same in `keys/customers.kek` of the data folder | `parlour keys rotate-kek` |
//!
//! A key is 32 bytes, written as 64 hexadecimal digits or in base64.

use crate::{keys::KeyFault, rim};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use store::{Kek, KekId, KeyRing};
use zeroize::Zeroizing;

/// The variable that holds the keys.
pub const VARIABLE: &str = "PARLOUR_KEK";
/// The variable that names the file of the keys.
pub const FILE_VARIABLE: &str = "PARLOUR_KEK_FILE";
/// The file in the folder of keys, if the environment says nothing.
const FILE: &str = "customers.kek";
const KIND: &str = "key-encryption key";
/// How many may be known at once: a rotation needs two, and a third can be left by one that was broken off.
const MOST: usize = 8;

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KekPlace {
    /// In the environment.
    Environment,
    /// In a file.
    File(PathBuf),
}

impl KekPlace {
    /// What the environment says, else the file in this folder of keys.
    pub fn find(keys: &Path) -> KekPlace {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        match (set(VARIABLE), set(FILE_VARIABLE)) {
            (Some(_), _) => KekPlace::Environment,
            (None, Some(path)) => KekPlace::File(path.into()),
            (None, None) => KekPlace::File(keys.join(FILE)),
        }
    }

    /// The keys, oldest first. A file that is not there is made, with one new key.
    pub fn open(&self) -> Result<KeyRing, KeyFault> {
        let keys = match self.read()? {
            Some(keys) => keys,
            None => {
                let new = Kek::new(rim::random());
                self.write(std::slice::from_ref(&new))?;
                vec![new]
            }
        };
        let again = self.clone();
        let read = move || match again.read() {
            Ok(keys) => keys,
            Err(fault) => {
                tracing::error!(%fault, "the key-encryption keys could not be read again");
                None
            }
        };
        Ok(KeyRing::new(keys, Box::new(read)))
    }

    /// The keys, oldest first. None if the file is not there.
    pub fn read(&self) -> Result<Option<Vec<Kek>>, KeyFault> {
        match self {
            KekPlace::Environment => {
                let text = Zeroizing::new(std::env::var(VARIABLE).unwrap_or_default());
                parse(&text).map(Some).ok_or(KeyFault::Environment { variable: VARIABLE, kind: KIND })
            }
            KekPlace::File(path) => {
                let bytes = match fs::read(path) {
                    Ok(bytes) => Zeroizing::new(bytes),
                    Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(source) => return Err(KeyFault::File { path: path.clone(), source }),
                };
                if let Ok(raw) = <[u8; 32]>::try_from(bytes.as_slice()) {
                    return Ok(Some(vec![Kek::new(raw)]));
                }
                let keys = std::str::from_utf8(&bytes).ok().and_then(parse);
                keys.map(Some).ok_or_else(|| KeyFault::Content { path: path.clone(), kind: KIND })
            }
        }
    }

    /// Puts a new key after the others and gives its name. The environment cannot be written from here.
    pub fn add(&self) -> Result<Option<KekId>, KeyFault> {
        let KekPlace::File(_) = self else { return Ok(None) };
        let mut keys = self.read()?.unwrap_or_default();
        keys.push(Kek::new(rim::random()));
        self.write(&keys)?;
        Ok(keys.last().map(|kek| kek.id().clone()))
    }

    /// Takes every key but one out of the file and puts each into a file of its own beside it, named for it. Gives
    /// the paths of those.
    pub fn retire_all_but(&self, kept: &str) -> Result<Vec<PathBuf>, KeyFault> {
        let KekPlace::File(path) = self else { return Ok(vec![]) };
        let keys = self.read()?.unwrap_or_default();
        let (stay, go): (Vec<Kek>, Vec<Kek>) = keys.into_iter().partition(|kek| kek.id().as_str() == kept);
        let mut retired = vec![];
        for kek in &go {
            let apart = path.with_file_name(format!("retired-{}.kek", kek.id()));
            write_file(&apart, std::slice::from_ref(kek))?;
            retired.push(apart);
        }
        if !go.is_empty() && !stay.is_empty() {
            self.write(&stay)?;
        }
        Ok(retired)
    }

    fn write(&self, keys: &[Kek]) -> Result<(), KeyFault> {
        match self {
            KekPlace::Environment => Ok(()),
            KekPlace::File(path) => write_file(path, keys),
        }
    }
}

fn parse(text: &str) -> Option<Vec<Kek>> {
    let written = text.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty());
    let keys = written.map(one).collect::<Option<Vec<Kek>>>()?;
    (1..=MOST).contains(&keys.len()).then_some(keys)
}

fn one(word: &str) -> Option<Kek> {
    let bytes = Zeroizing::new(match word.len() {
        64 => (0..64)
            .step_by(2)
            .map(|i| u8::from_str_radix(word.get(i..i + 2)?, 16).ok())
            .collect::<Option<_>>()?,
        _ => BASE64_STANDARD.decode(word).ok()?,
    });
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Kek::new)
}

/// Writes the file anew, so that whoever reads it finds the old or the new one, whole.
fn write_file(path: &Path, keys: &[Kek]) -> Result<(), KeyFault> {
    let fault = |source| KeyFault::File { path: path.to_owned(), source };
    let mut text = Zeroizing::new(String::new());
    for kek in keys {
        kek.bytes().iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
        text.push('\n');
    }
    let new = path.with_extension("kek.new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(fault)?;
    fs::rename(&new, path).map_err(fault)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_both_ways_of_writing_and_wrong_ones_are_refused() {
        let hex = "07".repeat(32);
        let base64 = BASE64_STANDARD.encode([8; 32]);
        let both = parse(&format!("{hex}, {base64}\n")).unwrap();
        assert_eq!(both.iter().map(|kek| kek.bytes()[0]).collect::<Vec<_>>(), [7, 8]);
        for wrong in ["", "short", &"0g".repeat(32), &"07".repeat(31), &format!("{hex},x")] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_file_is_made_once_keeps_its_keys_and_gives_up_all_but_one() {
        let dir = tempfile::tempdir().unwrap();
        let place = KekPlace::File(dir.path().join(FILE));
        place.open().unwrap();
        let first = place.read().unwrap().unwrap().remove(0);
        let second = place.add().unwrap().unwrap();
        let names = |keys: Vec<Kek>| keys.iter().map(|kek| kek.id().clone()).collect::<Vec<_>>();
        assert_eq!(names(place.read().unwrap().unwrap()), [first.id().clone(), second.clone()]);
        let retired = place.retire_all_but(second.as_str()).unwrap();
        assert_eq!(names(place.read().unwrap().unwrap()), [second]);
        assert_eq!(KekPlace::File(retired[0].clone()).read().unwrap().unwrap()[0].bytes(), first.bytes());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_user_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        KekPlace::File(dir.path().join(FILE)).open().unwrap();
        assert_eq!(fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_raw_file_of_an_earlier_version_is_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), [9; 32]).unwrap();
        let keys = KekPlace::File(dir.path().join(FILE)).read().unwrap().unwrap();
        assert_eq!(keys[0].bytes(), &[9; 32]);
    }
}
