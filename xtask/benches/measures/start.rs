//! `start`: from starting `parlour serve` to ready, and the memory that it then holds.

use crate::{
    backend::{on_disk, target},
    files,
    report::{Times, print, print_times},
};
use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How often it is started. The first start makes keys and tables; it counts too.
const STARTS: usize = 10;
/// Longer than this is no start.
const LIMIT: Duration = Duration::from_secs(30);

/// Measures and prints.
pub async fn measure() {
    let dir = on_disk();
    let port = testkit::ports::free_run(1);
    files::write(dir.path(), port, "http://127.0.0.1:9");
    let (mut times, mut most) = (Times::default(), 0.0_f64);
    for _ in 0..STARTS {
        let began = Instant::now();
        let mut server = Server::start(&dir.path().join("parlour.toml"));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while !is_ready(address).await {
            assert!(server.runs(), "the server ended before it was ready");
            assert!(began.elapsed() < LIMIT, "the server is not ready after {LIMIT:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.note(began.elapsed());
        most = most.max(server.resident_mb());
    }
    print_times("start.ready", &times);
    print("start.resident", most, "MB", None);
}

/// One request to `/readyz`; false while nobody answers or the answer is no.
async fn is_ready(address: SocketAddr) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else { return false };
    let request =
        format!("GET /readyz HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", address.port());
    let mut answer = Vec::new();
    stream.write_all(request.as_bytes()).await.is_ok()
        && stream.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.1 200")
}

/// A running `parlour serve`. Dropping it ends it.
struct Server(Child);

impl Server {
    fn start(config: &Path) -> Server {
        let mut serve = Command::new(target().join("release/parlour"));
        serve.args(["serve", "--config"]).arg(config).stdout(Stdio::null()).stderr(Stdio::null());
        Server(serve.spawn().expect("`cargo xtask bench start` builds the program first"))
    }

    fn runs(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// What the system holds in memory for it.
    fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN);
        kilobytes / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
