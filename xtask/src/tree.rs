//! Where things lie: the source tree, the build's output, and free ports.

use crate::fault::Fault;
use std::{net::TcpListener, path::PathBuf, process::Command};

/// The root of the source tree.
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// Where cargo builds: `target`, or what `CARGO_TARGET_DIR` says.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A program that the workspace builds, in the dev profile.
pub fn built(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// An empty directory under `target/tmp`, which an earlier run may have left full.
pub fn scratch(name: &str) -> Result<PathBuf, Fault> {
    let dir = target().join("tmp").join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).map_err(Fault::file(&dir))?;
    }
    std::fs::create_dir_all(&dir).map_err(Fault::file(&dir))?;
    Ok(dir)
}

/// `cargo` with these arguments, at the root.
pub fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(args);
    cargo
}

/// A port such that it and the `more` after it are free on loopback right now.
pub fn free_ports(more: u16) -> Result<u16, Fault> {
    /// A busy machine may need some tries until a whole run of ports is free.
    const TRIES: u32 = 200;
    for _ in 0..TRIES {
        let first = TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).map(|at| at.port());
        let Ok(first) = first else { continue };
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (0..=more).all(|n| first.checked_add(n).is_some_and(free)) {
            return Ok(first);
        }
    }
    Err(Fault::Lacks { what: "a run of free ports on 127.0.0.1", remedy: "end what holds them" })
}
