//! The demo as a program of its own: the journey that it checks itself, and a running one to try things
//! against.

use crate::{
    fault::Fault,
    leash::{self, Leashed},
    tally::Tally,
    tree,
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// The journey takes seconds; it must not hold a build forever.
const CHECK_LIMIT: Duration = Duration::from_mins(5);
/// Three servers start within seconds, on a busy machine too.
const READY_LIMIT: Duration = Duration::from_mins(1);
/// The demo takes a port for the gateway and the two after it for the banks.
const MORE_PORTS: u16 = 2;

/// Runs `parlour demo --check`; each of its lines that begins with `ok` counts.
pub fn check(tally: &mut Tally) -> Result<(), Fault> {
    let (mut demo, _) = command("demo-check")?;
    leash::run(demo.arg("--check"), CHECK_LIMIT, |line| {
        if line.trim_start().starts_with("ok ") {
            *tally = tally.plus(Tally::ONE);
        }
    })
}

/// A running demo. Dropping it ends it.
#[derive(Debug)]
pub struct Demo {
    _program: Leashed,
    port: u16,
    data: PathBuf,
}

impl Demo {
    /// Starts one with fresh data and waits until the gateway is ready.
    pub fn start() -> Result<Demo, Fault> {
        let (mut command, port) = command("demo")?;
        let log = tree::target().join("tmp/demo.log");
        let mut program = Leashed::serve(&mut command, &log)?;
        let began = Instant::now();
        while status(port, "/readyz") != Some(200) {
            if let Some(status) = program.ended() {
                return Err(Fault::EndedEarly { what: "the demo".to_owned(), status, log });
            }
            if began.elapsed() > READY_LIMIT {
                return Err(Fault::NeverReady { what: "the demo".to_owned(), limit: READY_LIMIT, log });
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Ok(Demo { _program: program, port, data: tree::target().join("tmp/demo") })
    }

    /// Its data directory, with its configuration.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Where the gateway answers.
    pub fn gateway(&self) -> String {
        format!("http://localhost:{}", self.port)
    }
}

/// `parlour demo` on free ports with an empty data directory.
fn command(scratch: &str) -> Result<(Command, u16), Fault> {
    let port = tree::free_ports(MORE_PORTS)?;
    let mut demo = Command::new(tree::built("parlour"));
    demo.args(["demo", "--port", &port.to_string(), "--data"]).arg(tree::scratch(scratch)?);
    demo.current_dir(tree::root());
    Ok((demo, port))
}

/// The status of a GET on loopback, or nothing while nobody answers.
fn status(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut first = [0; 12];
    stream.read_exact(&mut first).ok()?;
    std::str::from_utf8(&first).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}
