//! The list of erasures, kept apart from the database: a file to which lines are only added. A database that
//! comes out of a backup is held against it before anything is served.
//!
//! A line is `time bank customer asker hash`; the hash is SHA-256 over the hash before and the rest of the line,
//! so that a line that was changed or taken out is noticed. A line is on disk before the erasure begins: so an
//! erasure that a crash broke off is carried out at the next start.

use domain::{BankId, CustomerId, erasure::AskedBy};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// What the first line goes on from.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One erasure of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// When it was asked for.
    pub at: Timestamp,
    /// The bank.
    pub bank: BankId,
    /// Who was erased.
    pub customer: CustomerId,
    /// Who asked.
    pub by: AskedBy,
}

/// Why the list cannot be used. The gateway does not start without it: it could serve somebody who was erased.
#[derive(Debug, thiserror::Error)]
pub enum ListFault {
    /// The file cannot be read or written.
    #[error("the list of erasures {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A line is not what was written.
    #[error("the list of erasures {path} was changed in line {line}; put the right file back")]
    Changed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// The list. Several processes may use one file.
#[derive(Debug, Clone)]
pub struct ErasureList {
    path: PathBuf,
}

impl ErasureList {
    /// The list in this file, which is made with its first line.
    pub fn at(path: impl Into<PathBuf>) -> ErasureList {
        ErasureList { path: path.into() }
    }

    fn fault(&self) -> impl Fn(io::Error) -> ListFault + '_ {
        |source| ListFault::File { path: self.path.clone(), source }
    }

    /// All of it, checked from the first line to the last.
    pub fn read(&self) -> Result<Vec<Tombstone>, ListFault> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(e) => return Err(self.fault()(e)),
        };
        file.lock_shared().map_err(self.fault())?;
        Ok(self.lines(&mut file)?.0)
    }

    /// Adds a line. It is on disk when this returns.
    pub fn add(&self, stone: &Tombstone) -> Result<(), ListFault> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path).map_err(self.fault())?;
        file.lock().map_err(self.fault())?;
        let (_, last, whole) = self.lines(&mut file)?;
        // What a crash left of a line was never acknowledged.
        file.set_len(whole).map_err(self.fault())?;
        file.seek(SeekFrom::End(0)).map_err(self.fault())?;
        let body = body(stone);
        let line = format!("{body} {}\n", chain(&last, &body));
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(self.fault())?;
        if whole == 0 {
            let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(self.fault())?;
        }
        Ok(())
    }

    /// The whole lines, the last hash, and how many bytes the whole lines have.
    fn lines(&self, file: &mut File) -> Result<(Vec<Tombstone>, String, u64), ListFault> {
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text)).map_err(self.fault())?;
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        let (mut stones, mut last) = (vec![], BEGINNING.to_owned());
        for (line, number) in text[..whole].lines().zip(1..) {
            let read = line.rsplit_once(' ').filter(|(body, hash)| chain(&last, body) == *hash);
            let stone = read.and_then(|(body, _)| parse(body));
            let (Some((_, hash)), Some(stone)) = (read, stone) else {
                return Err(ListFault::Changed { path: self.path.clone(), line: number });
            };
            last = hash.to_owned();
            stones.push(stone);
        }
        Ok((stones, last, whole as u64))
    }
}

fn body(stone: &Tombstone) -> String {
    format!("{} {} {} {}", stone.at, stone.bank, stone.customer, stone.by)
}

fn parse(body: &str) -> Option<Tombstone> {
    let mut words = body.split(' ');
    let stone = Tombstone {
        at: words.next()?.parse().ok()?,
        bank: words.next()?.parse().ok()?,
        customer: words.next()?.parse().ok()?,
        by: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(stone)
}

fn chain(last: &str, body: &str) -> String {
    let hash = Sha256::new().chain_update(last).chain_update(" ").chain_update(body).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stone(n: u128) -> Tombstone {
        Tombstone {
            at: "2026-11-21T12:00:00Z".parse().unwrap(),
            bank: "harbour".parse().unwrap(),
            customer: CustomerId::new(uuid::Uuid::from_u128(n)),
            by: AskedBy::Customer,
        }
    }

    fn list(dir: &tempfile::TempDir) -> ErasureList {
        ErasureList::at(dir.path().join("erasures.log"))
    }

    #[test]
    fn what_was_added_is_read_in_its_order() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(list(&dir).read().unwrap(), []);
        for n in 0..3 {
            list(&dir).add(&stone(n)).unwrap();
        }
        assert_eq!(list(&dir).read().unwrap(), [stone(0), stone(1), stone(2)]);
    }

    #[test]
    fn a_line_that_a_crash_broke_off_is_not_there_and_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        list(&dir).add(&stone(0)).unwrap();
        let whole = std::fs::read(&list(&dir).path).unwrap();
        list(&dir).add(&stone(1)).unwrap();
        let both = std::fs::read(&list(&dir).path).unwrap();
        for cut in whole.len()..both.len() {
            std::fs::write(&list(&dir).path, &both[..cut]).unwrap();
            assert_eq!(list(&dir).read().unwrap(), [stone(0)], "{cut}");
            list(&dir).add(&stone(2)).unwrap();
            assert_eq!(list(&dir).read().unwrap(), [stone(0), stone(2)], "{cut}");
        }
    }

    #[test]
    fn a_line_that_was_changed_or_taken_out_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..3 {
            list(&dir).add(&stone(n)).unwrap();
        }
        let text = std::fs::read_to_string(&list(&dir).path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let without = format!("{}\n{}\n", lines[0], lines[2]);
        std::fs::write(&list(&dir).path, without).unwrap();
        assert!(matches!(list(&dir).read(), Err(ListFault::Changed { line: 2, .. })));
        std::fs::write(&list(&dir).path, text.replacen("harbour", "meridian", 1)).unwrap();
        assert!(matches!(list(&dir).read(), Err(ListFault::Changed { line: 1, .. })));
        assert!(list(&dir).add(&stone(4)).is_err(), "nothing is added to a list that was changed");
    }
}
