//! What can go wrong in a task, in words that say what to do next.

use std::{path::PathBuf, process::ExitStatus, time::Duration};

/// Why a task ended early.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The first word names no task.
    #[error("`{found}` is no task")]
    UnknownTask {
        /// What was typed.
        found: String,
    },
    /// A flag or its value is not understood.
    #[error("`{found}` is not understood; {remedy}")]
    Option {
        /// What was typed.
        found: String,
        /// What could have been typed.
        remedy: String,
    },
    /// The system lacks packages, and only root may install them.
    #[error(
        "missing on this machine: {packages}\ninstall with: apt-get install {packages}\nor run this as root, which installs them itself"
    )]
    Packages {
        /// Names for apt, separated by spaces.
        packages: String,
    },
    /// Something is missing that apt does not bring.
    #[error("missing on this machine: {what}; {remedy}")]
    Lacks {
        /// What is missing.
        what: &'static str,
        /// How to get it.
        remedy: &'static str,
    },
    /// A program could not be started.
    #[error("could not start {what}: {source}")]
    Start {
        /// The program.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program ran and said no.
    #[error("{what} failed ({status})")]
    Failed {
        /// The program.
        what: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A program took too long and was ended.
    #[error("{what} was ended after {} minutes, its limit", limit.as_secs() / 60)]
    TooLong {
        /// The program.
        what: String,
        /// The limit.
        limit: Duration,
    },
    /// A server never became ready.
    #[error("{what} was not ready within {} s; its output is in {}", limit.as_secs(), log.display())]
    NeverReady {
        /// The server.
        what: String,
        /// How long we waited.
        limit: Duration,
        /// Where its output went.
        log: PathBuf,
    },
    /// A server ended before it was ready.
    #[error("{what} ended before it was ready ({status}); its output is in {}", log.display())]
    EndedEarly {
        /// The server.
        what: String,
        /// How it ended.
        status: ExitStatus,
        /// Where its output went.
        log: PathBuf,
    },
    /// A file could not be read, written or copied.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Already printed, with the summary.
    #[error("failed")]
    Reported,
}

impl Fault {
    /// For `map_err`: a file's fault with its path.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Fault {
        let path = path.into();
        move |source| Fault::File { path, source }
    }
}
