//! schemathesis: reads an OpenAPI description and sends what nobody thought of.

use crate::{fault::Fault, leash};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// The versions that these checks were written with; the second signs proofs of possession.
const PACKAGES: [&str; 2] = ["schemathesis==4.32.5", "cryptography==50.0.2"];
/// Fetching some dozen wheels on a slow line.
const INSTALL_LIMIT: Duration = Duration::from_mins(10);
/// Enough examples for a description of some ten operations.
const RUN_LIMIT: Duration = Duration::from_mins(6);
/// Examples per operation and phase; the coverage phase adds its own.
const EXAMPLES: &str = "40";
/// The same examples in each run, so that a failure can be repeated.
const SEED: &str = "2111";
/// What an answer must be: no 5xx, and what the description says.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// An installed schemathesis.
#[derive(Debug)]
pub struct Schemathesis {
    program: PathBuf,
    dir: PathBuf,
}

impl Schemathesis {
    /// Installs it into a virtual environment below `dir`, once.
    pub fn install(dir: &Path) -> Result<Schemathesis, Fault> {
        let venv = dir.join("venv");
        let program = venv.join("bin/schemathesis");
        let mark = venv.join(PACKAGES.join("-"));
        if !mark.exists() {
            leash::run(
                Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv),
                INSTALL_LIMIT,
                |_| {},
            )?;
            let mut pip = Command::new(venv.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
            leash::run(&mut pip, INSTALL_LIMIT, |_| {})?;
            std::fs::write(&mark, "").map_err(Fault::file(&mark))?;
        }
        Ok(Schemathesis { program, dir: dir.to_owned() })
    }

    /// Holds a running server against its own description at `{base}/openapi.json`.
    ///
    /// `hooks` is a Python file beside the scripts that signs in; `without` is a pattern of paths that
    /// cannot be tried this way, such as endless streams; `env` is what the hooks need.
    pub fn check(&self, base: &str, hooks: &str, without: &str, env: &[(&str, &str)]) -> Result<(), Fault> {
        let mut run = Command::new(&self.program);
        run.current_dir(&self.dir)
            .env("SCHEMATHESIS_HOOKS", hooks)
            .env("BASE_URL", base)
            .envs(env.iter().copied());
        run.env("PYTHONPATH", &self.dir).env("PYTHONDONTWRITEBYTECODE", "1");
        run.args(["run", &format!("{base}/openapi.json"), "--checks", CHECKS, "--max-examples", EXAMPLES]);
        run.args(["--seed", SEED, "--generation-database", "none", "--suppress-health-check", "all"]);
        run.args(["--request-timeout", "20", "--phases", "examples,coverage,fuzzing", "--warnings", "off"]);
        run.args(["--exclude-path-regex", without]);
        leash::run(&mut run, RUN_LIMIT, |_| {})
    }
}
