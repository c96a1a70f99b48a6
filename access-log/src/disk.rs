//! Files that are either whole and durable or not there.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Every file is written under this name first and then renamed, so a crash leaves at most this one behind.
pub(crate) const UNFINISHED: &str = ".new";

/// Folders remembered as durable; beyond this many the memory starts again, which costs some syncs.
const MAX_SETTLED: usize = 4_096;

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {source}", path.display())]
pub struct IoFault {
    /// What was tried: "read", "write", "sync", "create", "lock", "remove".
    pub doing: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

fn fault<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> IoFault + 'a {
    move |source| IoFault { doing, path: path.to_owned(), source }
}

/// Writes below one folder such that a file appears whole, and stays after a power cut once
/// [`Disk::settle`] has returned.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    /// Folders whose own name is durable in their parent.
    settled: HashSet<PathBuf>,
    /// Folders that hold names not yet durable.
    unsettled: BTreeSet<PathBuf>,
}

impl Disk {
    /// Makes the folder if it is not there.
    pub(crate) fn open(root: &Path) -> Result<Disk, IoFault> {
        fs::create_dir_all(root).map_err(fault("create", root))?;
        if let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent)?;
        }
        Ok(Disk { root: root.to_owned(), settled: HashSet::new(), unsettled: BTreeSet::new() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the folder for this process until the returned file is dropped; `None` when another has it.
    pub(crate) fn lock(&self) -> Result<Option<File>, IoFault> {
        let path = self.root.join(".lock");
        let file = File::options().create(true).write(true).truncate(false).open(&path);
        let file = file.map_err(fault("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(source)) => Err(fault("lock", &path)(source)),
        }
    }

    /// Writes one file whole, its bytes durable, and makes the folders above it. Its name is durable only
    /// after [`Disk::settle`].
    pub(crate) fn put(&mut self, relative: &str, bytes: &[u8]) -> Result<(), IoFault> {
        let unfinished = self.root.join(UNFINISHED);
        let mut file = File::create(&unfinished).map_err(fault("create", &unfinished))?;
        file.write_all(bytes).map_err(fault("write", &unfinished))?;
        file.sync_all().map_err(fault("sync", &unfinished))?;
        let path = self.root.join(relative);
        let folder = path.parent().unwrap_or(&self.root).to_owned();
        fs::create_dir_all(&folder).map_err(fault("create", &folder))?;
        fs::rename(&unfinished, &path).map_err(fault("write", &path))?;
        for above in folder.ancestors().take_while(|above| *above != self.root) {
            if !self.settled.contains(above) {
                self.unsettled.extend(above.parent().map(Path::to_owned));
            }
        }
        self.unsettled.insert(folder);
        Ok(())
    }

    /// Returns when every name that [`Disk::put`] made would survive a power cut.
    pub(crate) fn settle(&mut self) -> Result<(), IoFault> {
        if self.settled.len() > MAX_SETTLED {
            self.settled.clear();
        }
        while let Some(folder) = self.unsettled.pop_last() {
            if let Err(fault) = sync_folder(&folder) {
                self.unsettled.insert(folder);
                return Err(fault);
            }
            self.settled.insert(folder);
        }
        Ok(())
    }
}

fn sync_folder(path: &Path) -> Result<(), IoFault> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(fault("sync", path))
}

/// The bytes of a file, or `None` when it is not there. Reads at most `cap + 1` bytes, so that a caller
/// that refuses more than `cap` never holds more.
pub(crate) fn read(path: &Path, cap: u64) -> Result<Option<Vec<u8>>, IoFault> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault("read", path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(cap + 1).read_to_end(&mut bytes).map_err(fault("read", path))?;
    Ok(Some(bytes))
}

/// The names in a folder with whether each is a folder itself, in order; empty when it is not there.
pub(crate) fn list(path: &Path) -> Result<Vec<(String, bool)>, IoFault> {
    let folder = match fs::read_dir(path) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault("read", path)(error)),
    };
    let mut names = Vec::new();
    for item in folder {
        let item = item.map_err(fault("read", path))?;
        let is_folder = item.file_type().map_err(fault("read", path))?.is_dir();
        names.push((item.file_name().to_string_lossy().into_owned(), is_folder));
    }
    names.sort();
    Ok(names)
}
