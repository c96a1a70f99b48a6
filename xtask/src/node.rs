//! Software from npm, to speak with ours. It goes to `target/compat`, never into the source tree.

use crate::{
    fault::Fault,
    leash::{self, Leashed},
    tree::{self, root},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Fetching a few small packages, and perhaps Node itself, on a slow line.
const INSTALL_LIMIT: Duration = Duration::from_mins(10);
/// One journey through an authorization server.
const SCRIPT_LIMIT: Duration = Duration::from_mins(3);
/// The oldest major version that openid-client 6 and oidc-provider 9 run on.
const OLDEST_NODE: u32 = 20;
/// Node as an npm package, for machines whose own is older (Debian 12 has 18).
const NODE_VERSION: &str = "22.23.3";

/// Scripts with the modules they import, and the Node that runs them.
#[derive(Debug)]
pub struct Scripts {
    dir: PathBuf,
    node: PathBuf,
}

impl Scripts {
    /// Copies `xtask/compat` to `target/compat` and installs exactly what its `package.json` names.
    pub fn install() -> Result<Scripts, Fault> {
        let dir = tree::target().join("compat");
        std::fs::create_dir_all(&dir).map_err(Fault::file(&dir))?;
        let from = root().join("xtask/compat");
        for entry in from.read_dir().map_err(Fault::file(&from))?.flatten() {
            std::fs::copy(entry.path(), dir.join(entry.file_name())).map_err(Fault::file(entry.path()))?;
        }
        let old = major_version(Path::new("node")).is_none_or(|major| major < OLDEST_NODE);
        let package = format!("node-linux-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" });
        let mut npm = Command::new("npm");
        npm.current_dir(&dir).args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--no-save"]);
        if old {
            npm.arg(format!("{package}@{NODE_VERSION}"));
        }
        leash::run(&mut npm, INSTALL_LIMIT, |_| {})?;
        let own = dir.join("node_modules").join(package).join("bin/node");
        Ok(Scripts { node: if old { own } else { "node".into() }, dir })
    }

    /// Where the scripts and everything else of these checks lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs one with these environment variables.
    pub fn run(&self, script: &str, env: &[(&str, &str)]) -> Result<(), Fault> {
        let mut node = Command::new(&self.node);
        node.current_dir(&self.dir).arg(script).envs(env.iter().copied());
        leash::run(&mut node, SCRIPT_LIMIT, |_| {})
    }

    /// Runs one and hands on what it prints, which is not shown.
    pub fn read(&self, script: &str, line: impl FnMut(&str)) -> Result<(), Fault> {
        let mut node = Command::new(&self.node);
        leash::read(node.current_dir(&self.dir).arg(script), SCRIPT_LIMIT, line)
    }

    /// Starts one as a server that is told its port, and waits until it listens. Dropping it ends it.
    pub fn serve(&self, script: &str, port: u16, env: &[(&str, &str)]) -> Result<Leashed, Fault> {
        let mut node = Command::new(&self.node);
        node.current_dir(&self.dir).arg(script).envs(env.iter().copied()).env("PORT", port.to_string());
        let log = self.dir.join(script).with_extension("log");
        let mut server = Leashed::serve(&mut node, &log)?;
        server.wait_for(port, script, log)?;
        Ok(server)
    }
}

fn major_version(node: &Path) -> Option<u32> {
    let told = Command::new(node).arg("--version").output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    text.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}
