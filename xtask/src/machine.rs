//! What the steps need from the machine, and how it gets there: by apt when we are root.

use crate::{fault::Fault, leash, step::Step};
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// Installing everything on a slow line.
const APT_LIMIT: Duration = Duration::from_mins(15);

/// Something a step needs: the packages that bring it, and how to see that it is there.
struct Need {
    packages: &'static [&'static str],
    steps: &'static [Step],
    there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { packages: &["postgresql-15"], steps: &[Step::Unit], there: postgres_server },
    Need { packages: &["cvc5"], steps: &[Step::Unit], there: solver },
    Need { packages: &["chromium"], steps: &[Step::Browser], there: || on_path("chromium") },
    Need { packages: &["chromium-driver"], steps: &[Step::Browser], there: || on_path("chromedriver") },
    Need { packages: &["nodejs"], steps: &[Step::Compat], there: || on_path("node") },
    Need { packages: &["npm"], steps: &[Step::Compat], there: || on_path("npm") },
    Need { packages: &["golang-go"], steps: &[Step::Compat], there: || on_path("go") },
    Need {
        packages: &["golang-golang-x-mod-dev"],
        steps: &[Step::Compat],
        there: || Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog").is_dir(),
    },
    Need {
        packages: &["python3", "python3-pip", "python3-venv"],
        steps: &[Step::Compat],
        there: || says_yes("python3", &["-c", "import venv, ensurepip"]),
    },
];

/// Makes sure that all that `steps` need is there.
///
/// # Errors
/// Names the packages when we are not root, and what a compiler's installation lacks.
pub fn prepare(steps: &[Step]) -> Result<(), Fault> {
    if steps.contains(&Step::Fmt) && !says_yes("cargo", &["fmt", "--version"]) {
        return Err(Fault::Lacks { what: "rustfmt", remedy: "run: rustup component add rustfmt" });
    }
    if steps.contains(&Step::Clippy) && !says_yes("cargo", &["clippy", "--version"]) {
        return Err(Fault::Lacks { what: "clippy", remedy: "run: rustup component add clippy" });
    }
    let missing = missing(steps);
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() || !on_path("apt-get") {
        return Err(Fault::Packages { packages: missing.join(" ") });
    }
    println!("installing {}", missing.join(", "));
    apt(&["update", "-q"])?;
    let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
    install.extend(&missing);
    apt(&install)
}

fn missing(steps: &[Step]) -> Vec<&'static str> {
    let needed = |need: &&Need| need.steps.iter().any(|step| steps.contains(step));
    NEEDS
        .iter()
        .filter(needed)
        .filter(|need| !(need.there)())
        .flat_map(|need| need.packages)
        .copied()
        .collect()
}

fn apt(args: &[&str]) -> Result<(), Fault> {
    let mut apt = Command::new("apt-get");
    apt.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    leash::run(&mut apt, APT_LIMIT, |_| {})
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

fn says_yes(program: &str, args: &[&str]) -> bool {
    let quiet = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

/// What the proofs of the policies need. $CVC5 may name another one than that of the path.
fn solver() -> bool {
    std::env::var_os("CVC5").is_some_and(|named| Path::new(&named).is_file()) || on_path("cvc5")
}

/// The server's programs lie outside the path on Debian.
fn postgres_server() -> bool {
    on_path("initdb") || Path::new("/usr/lib/postgresql/15/bin/initdb").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_chosen_steps_need_is_asked_for() {
        assert!(missing(&[Step::Fmt, Step::Clippy]).is_empty());
    }
}
