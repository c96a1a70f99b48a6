//! Programs on a leash: each runs in a process group of its own, and the whole group ends when its time
//! is over, when its owner is dropped, or when this process dies in whatever way.
//!
//! The leash is a pipe. A shell beside the program reads from it; when our end closes, the read returns
//! and the shell kills the group. So nothing outlives us, not even after `kill -9`.

use crate::fault::Fault;
use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    time::{Duration, Instant},
};

/// `sh -c LEASH sh PROGRAM ARGS…`: runs the program, ends with its status; dies with its group when
/// standard input ends.
const LEASH: &str = r#"exec 3<&0
{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 &
watch=$!
"$@" </dev/null 3<&-
status=$?
kill "$watch" 2>/dev/null
exit "$status""#;

/// A server listens within seconds, on a busy machine too.
const LISTENS_LIMIT: Duration = Duration::from_mins(1);

/// A program that runs until it ends or its owner goes.
#[derive(Debug)]
pub struct Leashed {
    child: Child,
    hold: Option<ChildStdin>,
}

impl Leashed {
    /// Starts it. What `command` says about arguments, environment, directory and output is kept.
    pub fn start(command: &mut Command, stdout: Stdio, stderr: Stdio) -> Result<Leashed, Fault> {
        let what = name(command);
        let mut shell = Command::new("sh");
        shell.args(["-c", LEASH, "sh"]).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            shell.current_dir(dir);
        }
        shell.process_group(0).stdin(Stdio::piped()).stdout(stdout).stderr(stderr);
        let mut child = shell.spawn().map_err(|source| Fault::Start { what, source })?;
        let hold = child.stdin.take();
        Ok(Leashed { child, hold })
    }

    /// Starts it as a server whose output goes to `log`.
    pub fn serve(command: &mut Command, log: &Path) -> Result<Leashed, Fault> {
        let out = File::create(log).map_err(Fault::file(log))?;
        let err = out.try_clone().map_err(Fault::file(log))?;
        Leashed::start(command, out.into(), err.into())
    }

    /// Waits until it listens on a port of loopback. `log` is where its output goes, for the fault.
    pub fn wait_for(&mut self, port: u16, what: &str, log: PathBuf) -> Result<(), Fault> {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = self.ended() {
                return Err(Fault::EndedEarly { what: what.to_owned(), status, log });
            }
            if began.elapsed() > LISTENS_LIMIT {
                return Err(Fault::NeverReady { what: what.to_owned(), limit: LISTENS_LIMIT, log });
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Ok(())
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Leashed {
    fn drop(&mut self) {
        drop(self.hold.take());
        // Waits for the shell only: it kills itself with its group.
        let _ = self.child.wait();
    }
}

/// Runs a program to its end and hands on each line of its standard output, which is printed too.
///
/// # Errors
/// When it cannot be started, ends with another status than 0, or runs longer than `limit`.
pub fn run(command: &mut Command, limit: Duration, mut line: impl FnMut(&str)) -> Result<(), Fault> {
    read(command, limit, |text| {
        println!("{text}");
        line(text);
    })
}

/// The same without printing, for what nobody should see.
pub fn read(command: &mut Command, limit: Duration, mut line: impl FnMut(&str)) -> Result<(), Fault> {
    let what = name(command);
    let began = Instant::now();
    let mut program = Leashed::start(command, Stdio::piped(), Stdio::inherit())?;
    let (tell, told) = channel();
    if let Some(out) = program.child.stdout.take() {
        std::thread::spawn(move || {
            let lines = BufReader::new(out).split(b'\n').map_while(Result::ok);
            lines.take_while(|bytes| tell.send(String::from_utf8_lossy(bytes).into_owned()).is_ok()).count()
        });
    }
    loop {
        match told.recv_timeout(limit.saturating_sub(began.elapsed())) {
            Ok(text) => line(&text),
            Err(RecvTimeoutError::Timeout) => return Err(Fault::TooLong { what, limit }),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = program.child.wait().map_err(|source| Fault::Start { what: what.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Fault::Failed { what, status }) }
}

/// The program as a person would type it, without its path, cut after a few words.
fn name(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let words = command.get_args().take(4).map(|word| word.to_string_lossy());
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(20);

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn every_line_arrives_and_the_status_is_told() {
        let mut lines = vec![];
        let done = run(&mut sh("echo one; echo two; exit 3"), SHORT, |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two"]);
        assert!(matches!(done, Err(Fault::Failed { status, .. }) if status.code() == Some(3)));
    }

    #[test]
    fn a_program_over_its_limit_is_ended_with_its_children() {
        let mut pid = String::new();
        let script = "sleep 600 & echo $!; wait";
        let done = run(&mut sh(script), Duration::from_millis(300), |line| pid = line.to_owned());
        assert!(matches!(done, Err(Fault::TooLong { .. })));
        // The whole group was killed at once, but on a busy machine each dies when its turn comes.
        let since = Instant::now();
        while runs(&pid) && since.elapsed() < SHORT {
            std::thread::park_timeout(Duration::from_millis(20));
        }
        assert!(!pid.is_empty() && !runs(&pid), "process {pid} still runs");
    }

    /// Whether it still does anything. One that waits to be buried does not.
    fn runs(pid: &str) -> bool {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
        stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with(['Z', 'X']))
    }
}
