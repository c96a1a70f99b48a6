//! An HTTP/1.1 client that hides nothing: each request is its own connection and its own bytes.

use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// No answer takes longer than this, or the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request to be sent.
#[derive(Clone)]
pub struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    pub fn get(path: impl Into<String>) -> Ask {
        Ask { method: "GET", path: path.into(), headers: vec![], body: vec![] }
    }

    pub fn post(path: impl Into<String>) -> Ask {
        Ask { method: "POST", ..Ask::get(path) }
    }

    pub fn method(mut self, method: &'static str) -> Ask {
        self.method = method;
        self
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Ask {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Ask {
        self.body = body.into();
        self.with("content-type", kind)
    }

    pub fn json(self, value: &serde_json::Value) -> Ask {
        self.body("application/json", value.to_string())
    }

    pub fn form(self, pairs: &[(&str, &str)]) -> Ask {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(n, _)| n == name)
    }

    fn bytes(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.path);
        if !self.has("host") {
            head.push_str(&format!("host: {host}\r\n"));
        }
        if self.method != "GET" && !self.has("transfer-encoding") {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self, to: SocketAddr, host: &str) -> Answer {
        let mut stream = self.open(to, host).await;
        timeout(PATIENCE, async { while stream.more().await {} }).await.expect("the answer ends in time");
        stream.answer()
    }

    /// Sends it and leaves the answer open.
    pub async fn open(self, to: SocketAddr, host: &str) -> Stream {
        let mut socket = TcpStream::connect(to).await.unwrap();
        // The gateway may answer and hang up before it has read all of a body that is too large.
        socket.write_all(&self.bytes(host)).await.ok();
        Stream { socket, raw: vec![] }
    }
}

/// An answer that is still coming.
pub struct Stream {
    socket: TcpStream,
    raw: Vec<u8>,
}

impl Stream {
    /// A connection on which some bytes were sent.
    pub async fn begin(to: SocketAddr, bytes: &[u8]) -> Stream {
        let mut socket = TcpStream::connect(to).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        Stream { socket, raw: vec![] }
    }

    /// Sends the rest, and reads the whole answer.
    pub async fn go_on(mut self, bytes: &[u8]) -> Answer {
        self.socket.write_all(bytes).await.unwrap();
        timeout(PATIENCE, async { while self.more().await {} }).await.expect("the answer ends in time");
        self.answer()
    }

    /// Waits until the other side has hung up, and gives what it said before.
    pub async fn hung_up(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    async fn more(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        match self.socket.read(&mut piece).await {
            Ok(0) | Err(_) => false,
            Ok(n) => {
                self.raw.extend_from_slice(&piece[..n]);
                true
            }
        }
    }

    /// Reads on until what came so far is as wanted.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let came = timeout(PATIENCE, async {
            loop {
                if self.has_head() && wanted(&self.answer()) {
                    return true;
                }
                if !self.more().await {
                    return self.has_head() && wanted(&self.answer());
                }
            }
        });
        let came = came.await.unwrap_or(false);
        assert!(came, "waited for {what}, got:\n{}", String::from_utf8_lossy(&self.raw));
        self.answer()
    }

    /// Whether the other side ends it, in time.
    pub async fn ends(mut self) -> bool {
        timeout(PATIENCE, async { while self.more().await {} }).await.is_ok()
    }

    fn has_head(&self) -> bool {
        self.raw.windows(4).any(|w| w == b"\r\n\r\n")
    }

    fn answer(&self) -> Answer {
        let at = self.raw.windows(4).position(|w| w == b"\r\n\r\n").expect("the head of an answer came");
        let head = String::from_utf8(self.raw[..at].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|l| l.split_once(": "))
            .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
            .collect();
        let chunked = headers.iter().any(|(n, v)| n == "transfer-encoding" && v == "chunked");
        let rest = &self.raw[at + 4..];
        let body = if chunked { unchunked(rest) } else { rest.to_vec() };
        Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

/// The chunks that came whole.
fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = vec![];
    while let Some(line) = rest.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).ok().and_then(|s| usize::from_str_radix(s, 16).ok());
        let Some(chunk) = size.and_then(|n| rest.get(line + 2..line + 2 + n)) else { break };
        body.extend_from_slice(chunk);
        rest = rest.get(line + 2 + chunk.len() + 2..).unwrap_or(&[]);
    }
    body
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }

    /// The cookie of a name that it sets: its value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let set = self.headers.iter().filter(|(n, _)| n == "set-cookie");
        set.filter_map(|(_, v)| v.split(';').next()?.split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v.to_owned())
    }

    /// The events of a stream that came whole: id, name, data.
    pub fn events(&self) -> Vec<Event> {
        let whole = self.body.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
        whole.split("\n\n").filter_map(Event::read).collect()
    }

    /// The ids of the messages that a stream brought.
    pub fn message_ids(&self) -> Vec<u64> {
        self.events().iter().filter(|e| e.name.is_empty()).filter_map(|e| e.id.parse().ok()).collect()
    }

    /// Checks that it is a problem document of a kind.
    #[track_caller]
    pub fn is_problem(&self, status: u16, kind: &str) -> serde_json::Value {
        assert_eq!(
            (self.status, self.header("content-type")),
            (status, "application/problem+json"),
            "{self:?}"
        );
        let document = self.json();
        assert_eq!(document["type"], format!("/problems/{kind}"), "{self:?}");
        assert_eq!(document["status"], status);
        assert!(!document["remedy"].as_str().unwrap().is_empty());
        document
    }
}

/// One event of a stream.
#[derive(Debug, Default, PartialEq)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub data: String,
}

impl Event {
    fn read(block: &str) -> Option<Event> {
        let mut event = Event::default();
        for line in block.lines() {
            match line.split_once(": ") {
                Some(("id", v)) => event.id = v.to_owned(),
                Some(("event", v)) => event.name = v.to_owned(),
                Some(("data", v)) if event.data.is_empty() => event.data = v.to_owned(),
                Some(("data", v)) => event.data = format!("{}\n{v}", event.data),
                _ => {}
            }
        }
        (event != Event::default()).then_some(event)
    }
}
