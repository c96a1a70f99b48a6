//! A verifier in Go, on golang.org/x/mod/sumdb as Debian packages it: the second opinion on our logs.

use crate::{
    fault::Fault,
    leash,
    tree::{self, root},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Compiling one file, the first time with the whole standard library.
const BUILD_LIMIT: Duration = Duration::from_mins(5);
/// Reading a log of some ten thousand entries.
const CHECK_LIMIT: Duration = Duration::from_mins(2);
/// Where Debian keeps the sources of Go libraries.
const SOURCES: &str = "/usr/share/gocode";

/// The program, built.
#[derive(Debug)]
pub struct GoVerify(PathBuf);

impl GoVerify {
    /// Builds it from `xtask/go-verify`, without a module and without the network.
    pub fn build() -> Result<GoVerify, Fault> {
        let dir = tree::target().join("compat");
        std::fs::create_dir_all(&dir).map_err(Fault::file(&dir))?;
        let program = dir.join("go-verify");
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(&program).arg("main.go").current_dir(root().join("xtask/go-verify"));
        go.env("GO111MODULE", "off")
            .env("GOPATH", SOURCES)
            .env("GOFLAGS", "")
            .env("GOCACHE", dir.join("go-cache"));
        leash::run(&mut go, BUILD_LIMIT, |_| {})?;
        Ok(GoVerify(program))
    }

    /// Checks a log in a folder or under an address, with what else there is to check.
    pub fn check(&self, log: &str, verifier_key: &str, more: &[(&str, &Path)]) -> Result<(), Fault> {
        let mut program = Command::new(&self.0);
        program.args([log, verifier_key]);
        for (what, file) in more {
            program.arg(what).arg(file);
        }
        leash::run(&mut program, CHECK_LIMIT, |_| {})
    }
}
