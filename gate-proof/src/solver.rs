//! The solver: cvc5, a program that has to be there.

use cedar_policy_symcc::{CedarSymCompiler, err::Error, solver::LocalSolver};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The longest that one question to the solver may take, in milliseconds. The slowest takes a fraction of a
/// second; a question that runs into this counts as not proved.
const QUESTION_MILLIS: u32 = 20_000;

/// Where cvc5 is, and which one it is.
#[derive(Debug, Clone)]
pub struct Solver {
    program: PathBuf,
    version: String,
}

/// Why there is no solver.
#[derive(Debug, thiserror::Error)]
pub enum SolverFault {
    /// It is nowhere to be found.
    #[error(
        "the solver cvc5 is not on the path; install the Debian package `cvc5`, or name the program in $CVC5"
    )]
    Missing,
    /// It is there and does not start.
    #[error("the solver {} does not start: {source}; install the Debian package `cvc5`, or name another program in $CVC5", .program.display())]
    DoesNotStart {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It starts and is something else.
    #[error("{} is not cvc5: it does not tell a version of that name", .program.display())]
    NotCvc5 {
        /// The program.
        program: PathBuf,
    },
    /// It cannot be spoken with.
    #[error("the solver cannot be spoken with: {0}")]
    Silent(#[source] Box<Error>),
    /// The machine has no thread for it.
    #[error("the machine gives no thread for a solver: {0}")]
    NoThread(#[from] std::io::Error),
}

impl From<Error> for SolverFault {
    fn from(fault: Error) -> Self {
        SolverFault::Silent(Box::new(fault))
    }
}

impl Solver {
    /// Looks for cvc5: the program that `$CVC5` names, else the first on the path.
    pub fn find() -> Result<Solver, SolverFault> {
        let named = env::var_os("CVC5").map(PathBuf::from);
        let program = named.or_else(|| on_path(&env::var_os("PATH").unwrap_or_default()));
        Solver::at(program.ok_or(SolverFault::Missing)?)
    }

    /// Takes the program at this place.
    pub fn at(program: PathBuf) -> Result<Solver, SolverFault> {
        let told = Command::new(&program).arg("--version").output();
        let told = told.map_err(|source| SolverFault::DoesNotStart { program: program.clone(), source })?;
        match version(&String::from_utf8_lossy(&told.stdout)) {
            Some(version) => Ok(Solver { program, version }),
            None => Err(SolverFault::NotCvc5 { program }),
        }
    }

    /// Its version, as it tells it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Starts a process of it. To be called inside a tokio runtime.
    pub(crate) fn start(&self) -> Result<CedarSymCompiler<LocalSolver>, SolverFault> {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(["--lang", "smt", &format!("--tlimit-per={QUESTION_MILLIS}")]).kill_on_drop(true);
        let solver = LocalSolver::from_command(&mut command).map_err(Error::from)?;
        Ok(CedarSymCompiler::new(solver)?)
    }
}

fn on_path(path: &std::ffi::OsStr) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join("cvc5")).find(|program| Path::is_file(program))
}

/// The version in what `cvc5 --version` prints: `This is cvc5 version 1.0.3 [..`.
fn version(told: &str) -> Option<String> {
    let (_, rest) = told.split_once("cvc5 version ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_cvc5_prints() {
        assert_eq!(version("This is cvc5 version 1.0.3 [git tag 1.0.3]\n"), Some("1.0.3".to_owned()));
        assert_eq!(version("Z3 version 4.8.12 - 64 bit"), None);
    }

    #[test]
    fn a_missing_solver_names_the_package_that_brings_it() {
        assert_eq!(on_path("/nowhere".as_ref()), None);
        assert!(SolverFault::Missing.to_string().contains("Debian package `cvc5`"));
        let fault = Solver::at("/nowhere/cvc5".into()).map(|_| ()).unwrap_err();
        assert!(fault.to_string().contains("Debian package `cvc5`"), "{fault}");
    }

    #[test]
    fn another_program_is_not_taken_for_the_solver() {
        assert!(matches!(Solver::at("/bin/true".into()), Err(SolverFault::NotCvc5 { .. })));
    }
}
