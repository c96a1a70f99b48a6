//! What every answer wears: headers that keep browsers careful, and, for people, a page in place of a
//! problem document.

use super::{Web, problem::Problem, view};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// An origin outside of ours to which this page's forms may lead. A browser holds redirects after a
/// form to the same list, so the page with the button to a bank must name the bank.
#[derive(Debug, Clone)]
pub struct FormsAlsoTo(pub String);

/// What a page may load and do. Nothing that is not ours, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
/// One-time addresses, which no index may have.
const ONE_TIME: [&str; 2] = ["/sealed/", "/link/"];
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// One year, as browsers' preload lists ask.
const HSTS: &str = "max-age=31536000";

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=(), interest-cohort=()",
    ),
];

/// Dresses an answer.
pub async fn dress(State(face): Web, request: Request, next: Next) -> Response {
    let page = wants_page(request.uri().path(), request.headers());
    let one_time = ONE_TIME.iter().any(|start| request.uri().path().starts_with(start));
    let mut response = next.run(request).await;
    if page && let Some(problem) = response.extensions().get::<Problem>().cloned() {
        let kept = response.headers().clone();
        response = view::pages::problem_page(&problem).into_response();
        *response.status_mut() = problem.kind.status();
        for name in [header::RETRY_AFTER, header::ALLOW, header::SET_COOKIE] {
            if let Some(value) = kept.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
    }
    let forms_to = response.extensions_mut().remove::<FormsAlsoTo>();
    if one_time {
        response
            .headers_mut()
            .insert(ROBOTS, HeaderValue::from_static("noindex, nofollow, noarchive, nosnippet"));
    }
    put_on(&mut response, forms_to.as_ref(), face.app.settings.public_url.scheme() == "https");
    response
}

fn put_on(response: &mut Response<Body>, forms_to: Option<&FormsAlsoTo>, encrypted: bool) {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = match forms_to {
        Some(FormsAlsoTo(origin)) => HeaderValue::from_str(&format!("{POLICY} {origin}")).ok(),
        None => None,
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.unwrap_or(HeaderValue::from_static(POLICY)));
    if encrypted {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Whether a person is looking: a browser that opens a page, not a script and not a program.
fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let for_people =
        !(path.starts_with("/v1/") || path.starts_with("/bank-events/") || path == "/openapi.json");
    !headers.contains_key("hx-request")
        && (accepts.contains("text/html") || (for_people && accepts.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn a_browser_gets_a_page_and_a_program_a_document() {
        let browser = with(&[("accept", "text/html,application/xhtml+xml")]);
        assert!(wants_page("/chat/harbour", &browser));
        assert!(wants_page("/v1/chat/harbour/messages", &browser), "a plain form was sent");
        assert!(!wants_page(
            "/v1/chat/harbour/messages",
            &with(&[("accept", "text/html"), ("hx-request", "true")])
        ));
        assert!(!wants_page("/v1/chat/harbour", &with(&[("accept", "*/*")])));
        assert!(!wants_page("/v1/chat/harbour", &HeaderMap::new()));
    }

    #[test]
    fn only_the_page_with_the_button_names_the_bank() {
        let mut plain = Response::new(Body::empty());
        put_on(&mut plain, None, false);
        let mut leaving = Response::new(Body::empty());
        put_on(&mut leaving, Some(&FormsAlsoTo("https://bank.example".into())), true);
        let policy = |r: &Response| r.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy(&plain).ends_with("form-action 'self'"));
        assert!(policy(&leaving).ends_with("form-action 'self' https://bank.example"));
        assert!(leaving.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert_eq!(plain.headers()[header::CACHE_CONTROL], "no-store");
    }
}
