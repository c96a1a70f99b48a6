//! Who may knock, and what every answer wears.

use super::{
    client::Ask,
    gateway::{Caller, Gateway},
};
use serde_json::json;

fn with_cookie(caller: &Caller) -> Ask {
    Ask::post(caller.path("/messages"))
        .json(&json!({ "text": "hello", "key": "k1" }))
        .with("cookie", format!("__Host-parlour-{}={}", caller.bank, caller.token))
}

#[tokio::test]
async fn another_site_cannot_make_a_browser_speak() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let evil = [
        with_cookie(&caller),
        with_cookie(&caller).with("sec-fetch-site", "cross-site"),
        with_cookie(&caller).with("sec-fetch-site", "same-site"),
        with_cookie(&caller).with("sec-fetch-site", "none"),
        with_cookie(&caller).with("origin", "null"),
        with_cookie(&caller).with("origin", "https://evil.example"),
        with_cookie(&caller).with("origin", "http://localhost:1"),
        Ask::post(caller.path("/sessions")).with("origin", "https://evil.example"),
        Ask::post("/link/abc").with("sec-fetch-site", "cross-site").with("accept", "*/*"),
    ];
    for ask in evil {
        gateway.send(ask).await.is_problem(403, "other_site");
    }
    assert_eq!(caller.thread(&gateway).await, [json!(null); 0], "nothing is stored");
    let own = with_cookie(&caller).with("sec-fetch-site", "same-origin");
    assert_eq!(gateway.send(own).await.status, 202);
    let old_browser = with_cookie(&caller).with("origin", format!("http://{}", gateway.host));
    assert_eq!(gateway.send(old_browser).await.status, 202);
}

#[tokio::test]
async fn a_bearer_token_is_judged_alone() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let say = Ask::post(caller.path("/messages")).json(&json!({ "text": "hello", "key": "k1" }));
    let good = caller.app(say.clone()).with("sec-fetch-site", "cross-site");
    assert_eq!(gateway.send(good).await.status, 202);
    for bad in ["Bearer nonsense", "Bearer ", "Basic abc", "nonsense"] {
        let ask = caller.browser(say.clone()).with("authorization", bad);
        let answer = gateway.send(ask.with("hx-request", "true")).await;
        answer.is_problem(401, "no_session");
    }
}

#[tokio::test]
async fn another_host_gets_nothing() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    for host in ["evil.example", "127.0.0.1:80", ""] {
        gateway
            .send(caller.app(Ask::get(caller.path(""))).with("host", host))
            .await
            .is_problem(421, "wrong_host");
    }
    assert_eq!(
        gateway.send(Ask::get("/healthz").with("host", "10.0.0.7")).await.status,
        200,
        "monitors come by address"
    );
}

#[tokio::test]
async fn every_answer_keeps_browsers_careful() {
    let gateway = Gateway::start().await;
    for path in [
        "/",
        "/chat/harbour",
        "/chat/nowhere",
        "/v1/chat/harbour",
        "/openapi.json",
        "/link/x",
        "/problems",
        "/nowhere",
        "/healthz",
    ] {
        let answer = gateway.send(Ask::get(path).with("accept", "text/html")).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {part} in {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.header("permissions-policy").contains("geolocation=()"), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
    }
}

#[tokio::test]
async fn people_get_a_page_and_programs_a_document() {
    let gateway = Gateway::start().await;
    for path in ["/nowhere", "/chat/nowhere", "/v1/chat/nowhere", "/v1/chat/harbour/messages"] {
        let page = gateway.send(Ask::get(path).with("accept", "text/html,*/*;q=0.8")).await;
        assert!(page.status == 404 || page.status == 401, "{page:?}");
        assert!(
            page.header("content-type").starts_with("text/html") && page.body.contains("What you can do:"),
            "{page:?}"
        );
        let document = gateway.send(Ask::get(path).with("accept", "application/json")).await;
        assert_eq!(document.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(document.status, page.status);
    }
}
