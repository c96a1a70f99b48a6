//! A throwaway PostgreSQL: one server per test process, one database per test.
//!
//! The server listens on a Unix socket in a directory of its own and has all safety on (fsync too), so that
//! what is tested on it is what runs. When the process ends, however it ends, a watcher that holds the other
//! end of a pipe stops the server and removes the directory.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Where Debian and its kin keep the server's programs, which are not in PATH there.
const DEBIAN: &str = "/usr/lib/postgresql/15/bin";
/// How long a server may take to start, with recovery after a kill.
const START: Duration = Duration::from_secs(60);
/// How often it is asked whether it has started.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// The user and only role of the databases.
const ROLE: &str = "parlour";

/// Waits for the end of its input, which is the end of the test process; then stops the server, if the
/// process is still the one that works in this directory, and removes the directory.
const WATCHER: &str = r#"
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ]; then
  kill -QUIT "$pid"
  for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "/proc/$pid/cwd" ] || break; sleep 0.2; done
fi
rm -rf "$1"
"#;

/// Why there is no throwaway database.
#[derive(Debug, thiserror::Error)]
pub enum PostgresFault {
    /// A program is not there.
    #[error(
        "`{program}` of PostgreSQL 15 is neither in PATH nor in {DEBIAN}; install the package postgresql-15"
    )]
    Missing {
        /// The program.
        program: &'static str,
    },
    /// The tests run as root, which PostgreSQL refuses, and no other user is there.
    #[error("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`")]
    NoUser,
    /// A file or a process cannot be had.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it did not work.
        source: io::Error,
    },
    /// A program of PostgreSQL ended with an error.
    #[error("{program} failed: {said}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it said.
        said: String,
    },
    /// The server does not answer.
    #[error("the server did not answer within {} seconds; its log: {log}", START.as_secs())]
    Silent {
        /// The end of its log.
        log: String,
    },
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> PostgresFault {
    move |source| PostgresFault::System { what, source }
}

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    dir: PathBuf,
    user: Option<(u32, u32)>,
    server: Mutex<Option<Child>>,
    /// The port on 127.0.0.1 where it speaks TLS.
    tls: Option<u16>,
    databases: AtomicU64,
    /// Its input is the pipe that ends with this process.
    _watcher: Child,
}

/// A database on a throwaway server.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The connection string.
    pub location: String,
}

impl Postgres {
    /// The server that all tests of this process share.
    pub fn shared() -> Result<&'static Postgres, &'static PostgresFault> {
        static SHARED: OnceLock<Result<Postgres, PostgresFault>> = OnceLock::new();
        SHARED.get_or_init(Postgres::start).as_ref()
    }

    /// Starts a server of its own, for tests that kill it.
    pub fn start() -> Result<Postgres, PostgresFault> {
        let postgres = Postgres::init(None)?;
        postgres.restart()?;
        Ok(postgres)
    }

    /// The same with a port on 127.0.0.1 too, where it speaks TLS with a certificate and its key (PEM).
    pub fn start_with_tls(certificate: &str, key: &str) -> Result<Postgres, PostgresFault> {
        let postgres = Postgres::init(Some(crate::ports::free_run(1)))?;
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = postgres.files().join(name);
            fs::write(&path, text).map_err(system("writing a certificate"))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(system("closing a key"))?;
            if let Some((uid, gid)) = postgres.user {
                chown(&path, Some(uid), Some(gid)).map_err(system("giving a certificate away"))?;
            }
        }
        postgres.restart()?;
        Ok(postgres)
    }

    fn init(tls: Option<u16>) -> Result<Postgres, PostgresFault> {
        let user = if is_root() { Some(other_user().ok_or(PostgresFault::NoUser)?) } else { None };
        let made = tempfile::Builder::new().prefix("pg").tempdir().map_err(system("making a directory"))?;
        let dir = made.keep();
        let watcher = Command::new("sh")
            .args(["-c", WATCHER, "watcher"])
            .arg(&dir)
            // A group of its own, or whatever ends the test's group ends the watcher too.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(system("starting the watcher"))?;
        if let Some((uid, gid)) = user {
            chown(&dir, Some(uid), Some(gid)).map_err(system("giving the directory away"))?;
        }
        let postgres = Postgres {
            dir,
            user,
            server: Mutex::default(),
            tls,
            databases: AtomicU64::new(0),
            _watcher: watcher,
        };
        let data = postgres.dir.join("data");
        let mut init = postgres.command("initdb")?;
        init.args(["-N", "-A", "trust", "-E", "UTF8", "--locale=C", "-U", ROLE, "-D"]).arg(data);
        output("initdb", &mut init)?;
        Ok(postgres)
    }

    /// Starts the server again after [`Postgres::kill_9`], and waits until it answers.
    pub fn restart(&self) -> Result<(), PostgresFault> {
        let log = fs::File::create(self.dir.join("log")).map_err(system("making the server's log"))?;
        let errors = log.try_clone().map_err(system("making the server's log"))?;
        let mut command = self.command("postgres")?;
        match self.tls {
            Some(port) => {
                command.args(["-c", "listen_addresses=127.0.0.1", "-c", "ssl=on", "-p"]).arg(port.to_string())
            }
            None => command.args(["-c", "listen_addresses="]),
        };
        let server = command
            .arg("-D")
            .arg(self.dir.join("data"))
            .arg("-k")
            .arg(&self.dir)
            .args(["-c", "max_connections=200", "-c", "shared_buffers=64MB"])
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(system("starting the server"))?;
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        let began = Instant::now();
        while output("psql", &mut self.psql("postgres", "SELECT 1")?).is_err() {
            if began.elapsed() > START {
                let log = fs::read_to_string(self.dir.join("log")).unwrap_or_default();
                return Err(PostgresFault::Silent { log });
            }
            std::thread::park_timeout(ASK_EVERY);
        }
        Ok(())
    }

    /// Kills the server and all its processes at once, as a crash would.
    pub fn kill_9(&self) -> Result<(), PostgresFault> {
        let mut held = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut server) = held.take() else { return Ok(()) };
        let pid = server.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let children: Vec<&str> = children.split_whitespace().collect();
        server.kill().map_err(system("killing the server"))?;
        // Some may have ended by themselves.
        let _ =
            Command::new("sh").args(["-c", "kill -9 \"$@\" 2>/dev/null", "kill"]).args(&children).status();
        server.wait().map_err(system("waiting for the killed server"))?;
        let began = Instant::now();
        while children.iter().any(|pid| is_running(pid)) && began.elapsed() < START {
            std::thread::park_timeout(ASK_EVERY);
        }
        fs::remove_file(self.dir.join("data/postmaster.pid"))
            .map_err(system("removing the server's pid file"))
    }

    /// Makes an empty database.
    pub fn database(&self) -> Result<Database, PostgresFault> {
        self.create("template0")
    }

    /// Makes a copy of a database to which nobody is connected.
    pub fn copy_of(&self, template: &Database) -> Result<Database, PostgresFault> {
        self.create(&template.name)
    }

    fn create(&self, template: &str) -> Result<Database, PostgresFault> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
        let location = match self.tls {
            Some(port) => format!(
                "host=localhost hostaddr=127.0.0.1 port={port} user={ROLE} dbname={name} sslmode=require"
            ),
            None => format!("host={} user={ROLE} dbname={name}", self.dir.display()),
        };
        Ok(Database { name, location })
    }

    /// Runs SQL in a database by name and gives what `psql` prints, without headings.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, PostgresFault> {
        output("psql", &mut self.psql(database, sql)?)
    }

    /// The directory of the server's files, for tests that search them.
    pub fn files(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn psql(&self, database: &str, sql: &str) -> Result<Command, PostgresFault> {
        let mut command = self.command("psql")?;
        command.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            ROLE,
            "-d",
            database,
            "-c",
            sql,
        ]);
        command.arg("-h").arg(&self.dir);
        if let Some(port) = self.tls {
            command.arg("-p").arg(port.to_string());
        }
        Ok(command)
    }

    /// A program of PostgreSQL, run as a user whom it accepts.
    fn command(&self, program: &'static str) -> Result<Command, PostgresFault> {
        let mut command = Command::new(find(program)?);
        command.current_dir(&self.dir).env("LC_ALL", "C");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        Ok(command)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The watcher does the rest when its input ends with this value.
        if let Some(server) = self.server.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn output(program: &'static str, command: &mut Command) -> Result<String, PostgresFault> {
    let output = command.stdin(Stdio::null()).output().map_err(system("running a program of PostgreSQL"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(PostgresFault::Failed { program, said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

fn find(program: &'static str) -> Result<PathBuf, PostgresFault> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let known = std::env::split_paths(&path).chain([PathBuf::from(DEBIAN)]);
    let mut found = known.map(|dir| dir.join(program)).filter(|file| file.is_file());
    found.next().ok_or(PostgresFault::Missing { program })
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    // `pid (name) state …`; a zombie holds nothing any more.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// User and group of `postgres`, else of `nobody`.
fn other_user() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody"))
}
