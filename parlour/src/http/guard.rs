//! Who may knock: requests for another host, requests that another site made a browser send, and
//! addresses that knock too often are turned away before anything is read.

use super::{
    Face, Web,
    problem::{Kind, Problem},
};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Method, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::Region;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _, clock::DefaultClock};
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
};

/// After how many addresses the ones that have been quiet are forgotten: about 5 MB.
const SWEEP_AT: usize = 50_000;
/// What proxies write when they do not know (ISO 3166-1 leaves both to whoever uses them).
const UNKNOWN_REGIONS: [&str; 2] = ["XX", "ZZ"];
/// What monitors ask; they come by any name and address.
const FOR_MONITORS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Turns away who may not knock.
pub async fn check(State(face): Web, request: Request, next: Next) -> Response {
    if FOR_MONITORS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    if let Err(problem) = right_way(&face, &request) {
        return problem.into_response();
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = client(peer, request.headers(), face.app.settings.trust_forwarded_for);
    let count = || address.map_or(Ok(()), |address| face.addresses.one_more(address));
    if !is_one_card_event(request.uri().path()) {
        return match count() {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        };
    }
    // A bank tells of each payment as it happens, from a few addresses: what is taken from it does not count.
    let answer = next.run(request).await;
    let counted = if answer.status().is_success() { Ok(()) } else { count() };
    counted.map_or_else(Problem::into_response, |()| answer)
}

fn right_way(face: &Face, request: &Request) -> Result<(), Problem> {
    right_host(&face.host, request.uri(), request.headers())?;
    if !request.method().is_safe() {
        own_site(&face.host, request.method(), request.headers())?;
    }
    Ok(())
}

/// `/card-events/{bank}`: small, and signed by the bank. Files of events are large, and count like everything else.
fn is_one_card_event(path: &str) -> bool {
    path.strip_prefix("/card-events/").is_some_and(|bank| !bank.contains('/'))
}

/// The host that a request names must be ours: an attacker's name that points at us gets nothing.
fn right_host(ours: &str, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let named = uri.authority().map(|a| a.as_str());
    let host = named.or_else(|| headers.get(header::HOST).and_then(|v| v.to_str().ok())).unwrap_or("");
    if host.eq_ignore_ascii_case(ours) {
        return Ok(());
    }
    Err(Kind::WrongHost.because(format!("This gateway answers at {ours}.")))
}

/// A request that changes something comes from our own pages, or with a Bearer token, which no other
/// site can make a browser send. Browsers say where a request comes from in `Sec-Fetch-Site`, older ones
/// in `Origin`. A program says neither, and is taken when it brings no cookie.
fn own_site(ours: &str, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("unreadable"));
    if bearer(headers).is_some() {
        return Ok(());
    }
    let own = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            origin.split_once("://").is_some_and(|(_, host)| host.eq_ignore_ascii_case(ours))
        }
        (None, None) => !headers.contains_key(header::COOKIE),
    };
    if own {
        Ok(())
    } else {
        Err(Kind::OtherSite.because(format!("This {method} did not come from a page of {ours}.")))
    }
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// From which country a request comes, as the trusted proxy in front tells it. Unknown if no header is named, if it says
/// something else than two letters, or if it stands there twice.
pub fn region(header: Option<&str>, headers: &HeaderMap) -> Option<Region> {
    let mut told = headers.get_all(header?).iter();
    let (Some(one), None) = (told.next(), told.next()) else { return None };
    let told: Region = one.to_str().ok()?.trim().to_ascii_uppercase().parse().ok()?;
    Some(told).filter(|region| !UNKNOWN_REGIONS.contains(&region.code()))
}

/// Who knocks: the peer, or whom a trusted proxy names last in `X-Forwarded-For`.
fn client(peer: Option<IpAddr>, headers: &HeaderMap, trust_forwarded_for: bool) -> Option<IpAddr> {
    let forwarded = || {
        let line = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        line.rsplit(',').next()?.trim().parse().ok()
    };
    if trust_forwarded_for { forwarded().or(peer) } else { peer }
}

/// How fast each address may knock.
pub struct Addresses {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Addresses {
    /// So many requests a second from each address, and twice as many at once; 0 counts as 1.
    pub fn new(per_second: u32) -> Addresses {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(1)));
        Addresses { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    fn one_more(&self, address: IpAddr) -> Result<(), Problem> {
        if self.limiter.len() > SWEEP_AT {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&neighbourhood(address)).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).as_secs() + 1;
            Kind::TooFast.because("Too many requests come from your address.").after(wait)
        })
    }
}

/// Whoever has one IPv6 address has its whole /64 (RFC 6177), so that is what is counted.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn with(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    fn taken(pairs: &[(&'static str, &'static str)]) -> bool {
        own_site("chat.example", &Method::POST, &with(pairs)).is_ok()
    }

    #[test]
    fn a_form_of_our_own_pages_is_taken() {
        assert!(taken(&[("sec-fetch-site", "same-origin"), ("cookie", "a=b")]));
        assert!(taken(&[("origin", "https://chat.example"), ("cookie", "a=b")]));
    }

    #[test]
    fn a_form_of_another_site_is_not_taken() {
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!taken(&[("sec-fetch-site", site), ("cookie", "a=b")]), "{site}");
            assert!(!taken(&[("sec-fetch-site", site), ("origin", "https://chat.example")]), "{site}");
        }
        for origin in ["null", "https://evil.example", "https://chat.example.evil.example", "chat.example"] {
            assert!(!taken(&[("origin", origin), ("cookie", "a=b")]), "{origin}");
        }
        assert!(!taken(&[("cookie", "a=b")]), "a cookie without a word on where it comes from");
    }

    #[test]
    fn a_program_with_a_token_or_with_nothing_is_taken() {
        assert!(taken(&[("authorization", "Bearer abc"), ("sec-fetch-site", "cross-site")]));
        assert!(taken(&[]));
        assert!(!taken(&[("authorization", "Basic abc"), ("cookie", "a=b")]));
    }

    #[test]
    fn another_host_is_turned_away() {
        let uri: Uri = "/chat/harbour".parse().unwrap();
        assert!(right_host("chat.example", &uri, &with(&[("host", "Chat.Example")])).is_ok());
        for host in ["evil.example", "chat.example:8080", ""] {
            let headers = [(header::HOST, HeaderValue::from_str(host).unwrap())].into_iter().collect();
            assert!(right_host("chat.example", &uri, &headers).is_err(), "{host}");
        }
        assert!(right_host("chat.example", &uri, &HeaderMap::new()).is_err());
    }

    #[test]
    fn only_a_trusted_proxy_says_who_knocks() {
        let peer = Some(IpAddr::from([10, 0, 0, 1]));
        let told = with(&[("x-forwarded-for", "6.6.6.6, 203.0.113.9")]);
        assert_eq!(client(peer, &told, false), peer);
        assert_eq!(client(peer, &told, true), Some(IpAddr::from([203, 0, 113, 9])));
        assert_eq!(client(peer, &with(&[("x-forwarded-for", "nonsense")]), true), peer);
    }

    #[test]
    fn a_country_is_known_only_from_the_header_that_is_named_and_if_it_is_one() {
        let told = |headers: &[(&'static str, &'static str)]| region(Some("x-country"), &with(headers));
        assert_eq!(told(&[("x-country", "us")]), "US".parse().ok());
        for unknown in ["", "XX", "ZZ", "T1", "USA", "U", "U\t"] {
            assert_eq!(told(&[("x-country", unknown)]), None, "{unknown}");
        }
        assert_eq!(told(&[("x-region", "US")]), None);
        assert_eq!(region(None, &with(&[("x-country", "US")])), None);
        let mut twice = with(&[("x-country", "US")]);
        twice.append("x-country", HeaderValue::from_static("KP"));
        assert_eq!(region(Some("x-country"), &twice), None);
    }

    #[test]
    fn an_address_has_a_burst_and_its_neighbour_another() {
        let addresses = Addresses::new(1);
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let same_house: IpAddr = "2001:db8::ffff:1".parse().unwrap();
        let other: IpAddr = "2001:db8:1::1".parse().unwrap();
        assert!(addresses.one_more(one).is_ok() && addresses.one_more(same_house).is_ok());
        assert_eq!(addresses.one_more(one).map_err(|p| p.kind), Err(Kind::TooFast));
        assert!(addresses.one_more(other).is_ok());
    }
}
