//! Takes connections, and lets nobody hold them for nothing: slow headers, too many headers and too
//! many connections each have a limit.

use axum::{Router, extract::ConnectInfo};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// How long the head of a request may take to arrive where nobody says otherwise.
pub const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// The largest head of a request, within what one read brings. Our cookies for a thousand banks do not fit; a browser of one person does.
const MAX_HEAD: usize = 32 * 1024;
/// How many headers a request may have; browsers send about 25.
const MAX_HEADERS: usize = 100;
/// How many connections are open at once. More wait to be taken.
const MAX_CONNECTIONS: usize = 16_384;
/// How long requests under way may take when the gateway stops.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long we wait when the system has no more sockets to give.
const BREATH: Duration = Duration::from_millis(50);

/// Serves until `stop` becomes true, then lets what is under way come to its end. `head_within` is how long the head of
/// a request may take to arrive, and how long a connection may lie idle.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    head_within: Duration,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let http = http(head_within);
    loop {
        let (stream, peer, place) = tokio::select! {
            taken = take(&listener, &places) => taken?,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        // Small events must not wait for more; if the system refuses, they are a little late.
        stream.set_nodelay(true).ok();
        let router = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.call(request)
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(fault) = connection.await {
                tracing::debug!(%fault, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_WORDS, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = LAST_WORDS.as_secs(), "some requests did not come to their end in time");
    }
    Ok(())
}

fn http(head_within: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(head_within)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS);
    http
}

/// The next connection, once there is a place for it.
async fn take(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Ok((stream, peer, place)),
            Err(fault) => wait_out(fault).await?,
        }
    }
}

/// A connection that broke while it was taken is nothing; a lack of sockets passes; the rest ends us.
async fn wait_out(fault: io::Error) -> io::Result<()> {
    use io::ErrorKind as K;
    if matches!(
        fault.kind(),
        K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::Interrupted
    ) {
        return Ok(());
    }
    let no_sockets_left = matches!(fault.raw_os_error(), Some(23 | 24 | 105 | 12));
    if no_sockets_left {
        tracing::warn!(%fault, "no more connections can be taken for the moment");
        tokio::time::sleep(BREATH).await;
        return Ok(());
    }
    Err(fault)
}
