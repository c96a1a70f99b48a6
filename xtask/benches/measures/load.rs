//! Load: many callers at once, each asking again as soon as it has its answer.

use crate::report::Times;
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use std::{
    future::Future,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, task::JoinSet};

/// What a run of load did.
#[derive(Debug, Default)]
pub struct Done {
    /// How long each call took.
    pub times: Times,
    /// Calls per second, all callers together.
    pub per_second: f64,
}

/// Lets each caller call until the time is over. Callers are numbered from 0; so are their calls.
pub async fn run<C, F>(callers: Vec<C>, length: Duration) -> Done
where
    C: FnMut(u64) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for mut call in callers {
        tasks.spawn(async move {
            let mut times = Times::default();
            for n in 0.. {
                let since = Instant::now();
                if since.duration_since(began) >= length {
                    break;
                }
                call(n).await;
                times.note(since.elapsed());
            }
            times
        });
    }
    let mut times = Times::default();
    while let Some(one) = tasks.join_next().await {
        times.add(&one.expect("a caller does not panic"));
    }
    let per_second = times.count() as f64 / began.elapsed().as_secs_f64();
    Done { times, per_second }
}

/// One connection that is kept open.
#[derive(Debug)]
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects.
    pub async fn open(to: SocketAddr) -> Connection {
        let stream = TcpStream::connect(to).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP stream can do without delay");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("it speaks HTTP");
        tokio::spawn(connection);
        Connection { sender, host: format!("localhost:{}", to.port()) }
    }

    /// Sends JSON with a bearer token and gives the status and the body.
    pub async fn post(&mut self, path: &str, token: &str, body: String) -> (StatusCode, Bytes) {
        let bearer = format!("Bearer {token}");
        self.send(path, &[("authorization", bearer.as_str()), ("content-type", "application/json")], body)
            .await
    }

    /// Sends a body with these headers and gives the status and the answer's body.
    pub async fn send(&mut self, path: &str, headers: &[(&str, &str)], body: String) -> (StatusCode, Bytes) {
        let request = Request::post(path).header("host", &self.host);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::from(body)).expect("the path and the headers are plain");
        self.sender.ready().await.expect("the connection stays open");
        let answer = self.sender.send_request(request).await.expect("the server answers");
        let status = answer.status();
        (status, answer.into_body().collect().await.expect("the answer is whole").to_bytes())
    }
}
