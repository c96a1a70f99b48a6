//! A database for one measure, on a real disk, with all safety on.

use std::path::{Path, PathBuf};
use store::{Kek, Location, Options, Store};
use tempfile::TempDir;
use testkit::postgres::Postgres;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A throwaway server.
    Postgres,
}

impl Backend {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Sqlite => "sqlite",
            Backend::Postgres => "postgres",
        }
    }

    /// Where a new database is; files go to `dir`.
    pub fn location(self, dir: &Path) -> Location {
        match self {
            Backend::Sqlite => Location::Sqlite(dir.join("measure.db")),
            Backend::Postgres => {
                let server = Postgres::shared().unwrap_or_else(|fault| panic!("no PostgreSQL: {fault}"));
                let database = server.database().unwrap_or_else(|fault| panic!("no database: {fault}"));
                Location::Postgres(database.location)
            }
        }
    }

    /// A new store.
    pub fn open(self, dir: &Path) -> Store {
        let store = Store::open(&self.location(dir), Kek::new([7; 32]), Options::default());
        store.unwrap_or_else(|fault| panic!("no store: {fault}"))
    }
}

/// A directory below `target`: `/tmp` may be memory, where durability costs nothing.
pub fn on_disk() -> TempDir {
    let dir = target().join("tmp");
    std::fs::create_dir_all(&dir).and_then(|()| TempDir::new_in(&dir)).expect("target can be written to")
}

/// Cargo's output directory: this program lies in `release/deps` below it.
pub fn target() -> PathBuf {
    let own = std::env::current_exe().expect("Linux tells where a program lies");
    own.ancestors().nth(3).expect("cargo builds three levels deep").to_owned()
}
