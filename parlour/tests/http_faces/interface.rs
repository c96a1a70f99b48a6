//! What programs and operators ask.

use super::{client::Ask, gateway::Gateway};
use parlour::http::problem::Kind;

#[tokio::test]
async fn the_interface_is_described_and_each_kind_of_problem_explained() {
    let gateway = Gateway::start().await;
    let described = gateway.send(Ask::get("/openapi.json")).await;
    assert_eq!(described.header("content-type"), "application/json");
    assert!(described.json()["openapi"].as_str().unwrap().starts_with("3.1"));
    let all = gateway.send(Ask::get("/problems")).await;
    for kind in Kind::ALL {
        assert!(all.body.contains(kind.name()));
        let page = gateway.send(Ask::get(format!("/problems/{}", kind.name()))).await;
        assert!(page.status == 200 && page.body.contains(kind.title()), "{page:?}");
    }
    assert_eq!(gateway.send(Ask::get("/problems/teapot")).await.status, 404);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let answer = gateway.send(caller.app(Ask::get(caller.path("/messages")).method("DELETE"))).await;
    answer.is_problem(405, "method");
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");
    gateway.send(Ask::get("/v1/chat/harbour/nothing")).await.is_problem(404, "not_found");
    gateway.send(Ask::get("/v1/chat/nowhere/messages")).await.is_problem(404, "unknown_bank");
}

#[tokio::test]
async fn an_app_learns_which_bank_it_is_and_how_the_conversation_stands() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("meridian").await;
    let about = gateway.send(caller.app(Ask::get(caller.path("")))).await.json();
    assert_eq!(about["name"], "Meridian Savings");
    assert_eq!(about["speaker"], "a program of Meridian Savings");
    assert_eq!(
        (&about["says_no"][0]["data_class"], &about["says_no"][0]["reason"]),
        (&"merchant_places".into(), &"Not here.".into())
    );
    assert_eq!(
        (&about["standing"]["linked"], &about["standing"]["words"]),
        (&false.into(), &"Not linked to your accounts".into())
    );
}

#[tokio::test]
async fn operators_see_life_readiness_and_figures() {
    let gateway = Gateway::start().await;
    for (path, word) in [("/healthz", "alive"), ("/readyz", "ready"), ("/metrics", "parlour_")] {
        let answer = gateway.send(Ask::get(path)).await;
        assert!(answer.status == 200 && answer.body.contains(word), "{answer:?}");
    }
}

#[tokio::test]
async fn a_file_is_kept_for_long_when_its_address_names_its_version() {
    let gateway = Gateway::start().await;
    let page = gateway.send(Ask::get("/chat/harbour")).await.body;
    for address in page.split('"').filter(|part| part.starts_with("/static/")) {
        let file = gateway.send(Ask::get(address)).await;
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{address}");
        let plain = address.split('?').next().unwrap();
        let known = gateway.send(Ask::get(plain).with("if-none-match", file.header("etag"))).await;
        assert_eq!((known.status, known.header("cache-control")), (304, "no-cache"), "{address}");
    }
    let colours = gateway.send(Ask::get("/static/bank/harbour.css")).await;
    assert!(colours.body.contains("--brand:#0f4a3c;--brand-ink:#ffffff"), "{}", colours.body);
    for path in ["/static/bank/nowhere.css", "/static/../Cargo.toml", "/static/%2e%2e%2fCargo.toml"] {
        assert_eq!(gateway.send(Ask::get(path)).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_first_page_lists_the_banks() {
    let gateway = Gateway::start().await;
    let page = gateway.send(Ask::get("/")).await.body;
    assert!(page.contains("href=\"/chat/harbour\"") && page.contains("Meridian Savings"), "{page}");
}
