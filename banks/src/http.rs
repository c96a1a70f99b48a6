//! The HTTP client that all requests to a bank use: no redirects, time-outs, a largest answer.

use crate::config::Limits;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// The name that means this machine (RFC 6761); it is never looked up.
const THIS_MACHINE: &str = "localhost";

/// Whether a URL stays on this machine: a loopback address, or `localhost`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == THIS_MACHINE,
        None => false,
    }
}

/// Whether requests to it can be read by others on the way: http that leaves this machine, or anything
/// that is not http at all.
pub(crate) fn is_open_to_others(url: &Url) -> bool {
    !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(url))
}

/// A client for one bank. Plain http is possible only if `plain` says that all of the bank's addresses are on
/// this machine; then no proxy is used either. With `roots` (PEM) no other certificate is trusted.
pub(crate) fn client(
    limits: &Limits,
    plain: bool,
    roots: Option<&[u8]>,
) -> Result<reqwest::Client, reqwest::Error> {
    // TLS is ring everywhere. If the program has chosen already, its choice stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let loopback = loopback.map(|ip| SocketAddr::new(ip, 0));
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .resolve_to_addrs(THIS_MACHINE, &loopback)
        .connect_timeout(limits.connect)
        .read_timeout(limits.read)
        .timeout(limits.request)
        .user_agent(concat!("parlour/", env!("CARGO_PKG_VERSION")));
    let builder = match roots {
        Some(pem) => builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem)?),
        None => builder,
    };
    if plain { builder.no_proxy() } else { builder.https_only(true) }.build()
}

/// Why the body of an answer was not read.
#[derive(Debug)]
pub(crate) enum NoBody {
    /// It is larger than allowed.
    TooLarge,
    /// The connection failed.
    Transport(reqwest::Error),
}

/// Reads an answer of at most `max` bytes.
pub(crate) async fn body(mut response: reqwest::Response, max: usize) -> Result<Vec<u8>, NoBody> {
    if response.content_length().is_some_and(|length| length > max as u64) {
        return Err(NoBody::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(NoBody::Transport)? {
        if body.len() + chunk.len() > max {
            return Err(NoBody::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_closed_to_others() {
        for fine in [
            "https://bank.example/fdx",
            "http://127.0.0.1:4800",
            "http://127.8.9.1/",
            "http://[::1]:1/",
            "http://localhost:4800/x",
        ] {
            assert!(!is_open_to_others(&fine.parse().unwrap()), "{fine}");
        }
        for open in [
            "http://bank.example/",
            "http://127.0.0.1.bank.example/",
            "http://localhost.bank.example/",
            "http://10.0.0.1/",
            "ftp://127.0.0.1/",
            "http://0.0.0.0/",
        ] {
            assert!(is_open_to_others(&open.parse().unwrap()), "{open}");
        }
    }
}
