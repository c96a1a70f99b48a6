//! One-time links: what goes wrong is said, with a way back.

use super::{
    client::{Answer, Ask},
    gateway::{Caller, Gateway},
};

const LINK: &str = "__Host-parlour-link";

async fn offered(gateway: &Gateway, caller: &Caller) -> String {
    let notice = gateway.send(caller.app(Ask::post(caller.path("/links")))).await;
    assert_eq!(notice.status, 201, "{notice:?}");
    let href = notice.json()["href"].as_str().unwrap().to_owned();
    href.split_once("/link/").map(|(_, token)| format!("/link/{token}")).unwrap()
}

#[track_caller]
fn is_refused(page: &Answer, status: u16, title: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.body.contains(title), "{title} in {}", page.body);
    assert!(page.body.contains("What you can do:") && page.body.contains("class=\"button primary\""));
}

#[tokio::test]
async fn a_link_shows_what_would_be_read_and_may_lead_to_its_bank_only() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let address = offered(&gateway, &caller).await;
    let page = gateway.send(caller.browser(Ask::get(&address))).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(
        page.body.contains("Link this chat to Harbour Bank") && page.body.contains("<form method=\"post\"")
    );
    assert!(page.header("content-security-policy").ends_with("form-action 'self' http://localhost:1"));
    assert!(page.cookie(LINK).is_some());
}

#[tokio::test]
async fn a_link_that_was_passed_on_links_nothing_and_says_why() {
    let gateway = Gateway::start().await;
    let (owner, other) = (gateway.caller("harbour").await, gateway.caller("harbour").await);
    let address = offered(&gateway, &owner).await;
    is_refused(
        &gateway.send(other.browser(Ask::get(&address))).await,
        403,
        "This link belongs to another chat",
    );
    is_refused(&gateway.send(Ask::get(&address)).await, 403, "This link belongs to another chat");
    is_refused(
        &gateway.send(owner.browser(Ask::post(&address))).await,
        403,
        "This browser did not keep the link",
    );
    let opened = gateway.send(owner.browser(Ask::get(&address))).await;
    assert_eq!(opened.status, 200);
    is_refused(
        &gateway.send(owner.browser(Ask::get(&address))).await,
        403,
        "This link was opened in another browser",
    );
}

#[tokio::test]
async fn a_banks_own_app_opens_a_link_in_its_web_view() {
    let gateway = Gateway::start().await;
    let (owner, other) = (gateway.caller("harbour").await, gateway.caller("harbour").await);
    let address = offered(&gateway, &owner).await;
    is_refused(&gateway.send(other.app(Ask::get(&address))).await, 403, "This link belongs to another chat");
    let page = gateway.send(owner.app(Ask::get(&address))).await;
    assert_eq!(page.status, 200, "{page:?}");
    let kept: Vec<String> = [LINK, "__Host-parlour-harbour"]
        .into_iter()
        .map(|name| format!("{name}={}", page.cookie(name).unwrap()))
        .collect();
    // From here the view is a browser: the button is pressed without the token. The bank is not there in
    // this test; that it was asked shows that the link was taken.
    let pressed = Ask::post(&address).with("cookie", kept.join("; ")).with("sec-fetch-site", "same-origin");
    is_refused(&gateway.send(pressed).await, 502, "The bank did not answer as it should");
}

#[tokio::test]
async fn a_link_is_known_and_in_time_or_says_so() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    for unknown in [
        "/link/harbour.nonsense".to_owned(),
        "/link/nonsense".to_owned(),
        format!("/link/{}", "x".repeat(3_000)),
    ] {
        is_refused(&gateway.send(caller.browser(Ask::get(unknown))).await, 404, "This link is not known");
    }
    let address = offered(&gateway, &caller).await;
    gateway.clock.forward(jiff::SignedDuration::from_hours(1));
    is_refused(&gateway.send(caller.browser(Ask::get(&address))).await, 410, "This link is too old");
}

#[tokio::test]
async fn a_way_back_without_a_link_leads_nowhere() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let back = Ask::get("/link/callback?code=a&state=b");
    is_refused(&gateway.send(caller.browser(back.clone())).await, 403, "This browser did not keep the link");
    let forged = gateway.send(back.with("cookie", format!("{LINK}=forged"))).await;
    assert!(forged.status == 410 || forged.status == 404, "{forged:?}");
    assert!(forged.header("set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn a_bank_that_does_not_answer_is_named_as_the_reason() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let address = offered(&gateway, &caller).await;
    let page = gateway.send(caller.browser(Ask::get(&address))).await;
    let cookies = format!("__Host-parlour-harbour={}; {LINK}={}", caller.token, page.cookie(LINK).unwrap());
    let press = Ask::post(&address).with("cookie", cookies).with("sec-fetch-site", "same-origin");
    is_refused(&gateway.send(press).await, 502, "The bank did not answer as it should");
}
