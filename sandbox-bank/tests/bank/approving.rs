//! Signing in, choosing, saying yes or no.

use jiff::SignedDuration;
use serde_json::json;

use crate::{
    CALLBACK, House,
    browser::{Browser, PASSWORD},
    client::{Linking, http, request},
};

#[tokio::test]
async fn the_page_says_what_is_asked_by_whom_and_how_long() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let (_, page) = Browser::new(&house).open_approval(&linking.authorization_url, "maya").await;
    for words in
        ["Budget App", "How much money is in them", "up to 200 days back", "town and country", "For 90 days"]
    {
        assert!(page.text.contains(words), "{words} is missing in {}", page.text);
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:9;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn a_customer_who_says_no_sends_the_client_away_with_access_denied() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let mut browser = Browser::new(&house);
    let (interaction, page) = browser.open_approval(&linking.authorization_url, "maya").await;
    let csrf = page.csrf();
    let page =
        browser.post(&format!("{interaction}/decision"), &[("csrf", &csrf), ("decision", "deny")]).await;
    assert!(page.went_to().starts_with(CALLBACK));
    assert!(page.went_to().contains("error=access_denied") && page.went_to().contains("iss="));
    assert!(linking.complete(page.went_to()).await.is_err());
    assert!(browser.get("/sharing").await.text.contains("You share nothing"));
}

#[tokio::test]
async fn nobody_has_to_sign_in_to_say_no() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let mut browser = Browser::new(&house);
    let interaction = browser.get(&linking.authorization_url).await.went_to().to_owned();
    let csrf = browser.get(&interaction).await.csrf();
    let page =
        browser.post(&format!("{interaction}/decision"), &[("csrf", &csrf), ("decision", "deny")]).await;
    assert!(page.went_to().contains("error=access_denied"));
}

#[tokio::test]
async fn without_an_account_nothing_is_approved_and_the_page_says_so() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let mut browser = Browser::new(&house);
    let (interaction, page) = browser.open_approval(&linking.authorization_url, "maya").await;
    let (csrf, first) = (page.csrf(), page.account_choices()[0].clone());
    let path = format!("{interaction}/decision");
    let page = browser.post(&path, &[("csrf", &csrf), ("decision", "approve")]).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("choose at least one of your accounts"));
    let strange =
        [("csrf", csrf.as_str()), ("decision", "approve"), ("accounts", &first), ("accounts", "acc-0")];
    assert_eq!(browser.post(&path, &strange).await.status, 422, "an account that is not one's own");
    let page = browser.post(&path, &[("csrf", &csrf), ("decision", "approve"), ("accounts", &first)]).await;
    assert!(linking.complete(page.went_to()).await.is_ok());
    let again = browser.post(&path, &[("csrf", &csrf), ("decision", "approve"), ("accounts", &first)]).await;
    assert_eq!(again.status, 410, "an answer is given once");
}

#[tokio::test]
async fn a_wrong_password_lets_nobody_in_and_after_five_the_name_waits() {
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    let csrf = browser.get("/").await.csrf();
    let wrong = [("csrf", csrf.as_str()), ("login", "maya"), ("password", "nope")];
    for left in (1..5).rev() {
        let page = browser.post("/sign-in", &wrong).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains(&format!("{left} tr")), "{left}: {}", page.text);
    }
    assert_eq!(browser.post("/sign-in", &wrong).await.status, 429);
    let right = [("csrf", csrf.as_str()), ("login", "maya"), ("password", PASSWORD)];
    let page = browser.post("/sign-in", &right).await;
    assert_eq!(page.status, 429, "the right password waits, too");
    assert_eq!(page.headers["retry-after"], "300");
    house.clock.advance(SignedDuration::from_secs(301));
    assert_eq!(browser.post("/sign-in", &right).await.status, 303);
}

#[tokio::test]
async fn a_forged_cookie_or_form_changes_nothing() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let mut browser = Browser::new(&house);
    let (interaction, page) = browser.open_approval(&linking.authorization_url, "maya").await;
    let (csrf, first) = (page.csrf(), page.account_choices()[0].clone());
    let path = format!("{interaction}/decision");
    let form = [("csrf", csrf.as_str()), ("decision", "approve"), ("accounts", first.as_str())];
    assert_eq!(browser.post_from(&path, &form, "cross-site").await.status, 403);
    assert_eq!(browser.post_from(&path, &form, "same-site").await.status, 403);
    let no_token = [("csrf", "guess"), ("decision", "approve"), ("accounts", first.as_str())];
    assert_eq!(browser.post(&path, &no_token).await.status, 403);
    let mut stranger = Browser::new(&house);
    stranger.cookies.insert("__Host-harbour-session".into(), "AAAA".into());
    assert_eq!(stranger.post(&path, &form).await.status, 403);
    assert_eq!(stranger.get(&interaction).await.status, 403, "the page belongs to another browser");
    assert_eq!(browser.post(&path, &form).await.status, 303, "the real one still works");
}

#[tokio::test]
async fn an_approval_page_can_be_loaded_again_until_it_runs_out() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let mut browser = Browser::new(&house);
    let (interaction, page) = browser.open_approval(&linking.authorization_url, "maya").await;
    assert_eq!(browser.get(&interaction).await.text, page.text);
    house.clock.advance(SignedDuration::from_mins(15));
    let page = browser.get(&interaction).await;
    assert_eq!(page.status, 410);
    assert!(page.text.contains("has run out"));
    assert_eq!(browser.get("/interaction/unknown").await.status, 404);
}

#[tokio::test]
async fn a_request_that_was_not_pushed_is_refused() {
    let house = House::open().await;
    let query = format!(
        "/authorize?client_id=app&response_type=code&redirect_uri={CALLBACK}&code_challenge=x&code_challenge_method=S256"
    );
    let page = Browser::new(&house).get(&query).await;
    assert_eq!((page.status, page.location), (400, None));
}

#[tokio::test]
async fn a_pushed_request_opens_once_and_for_ninety_seconds() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let mut browser = Browser::new(&house);
    assert_eq!(browser.get(&linking.authorization_url).await.status, 303);
    assert_eq!(browser.get(&linking.authorization_url).await.status, 400, "used");
    let late = Linking::begin(&house, request()).await;
    let other = late.authorization_url.replace("client_id=app", "client_id=other");
    assert_eq!(browser.get(&other).await.status, 400, "another client's");
    house.clock.advance(SignedDuration::from_secs(90));
    assert_eq!(browser.get(&late.authorization_url).await.status, 400, "run out");
}

#[tokio::test]
async fn the_bank_refuses_at_the_push_what_it_could_not_put_before_a_customer() {
    let house = House::open().await;
    let resources = json!([{ "resourceType": "ACCOUNT", "dataClusters": ["BALANCES"] }]);
    for wrong in [
        json!({ "durationType": "TIME_BOUND", "durationPeriod": 366, "resources": resources }),
        json!({ "durationType": "PERSISTENT", "resources": [] }),
        json!({ "durationType": "PERSISTENT", "resources": resources, "forAds": true }),
    ] {
        let fault = Linking::try_begin(&house, wrong).await.err().expect("refused");
        assert!(fault.contains("invalid_authorization_details"), "{fault}");
    }
}

#[tokio::test]
async fn the_metadata_promises_only_what_the_bank_does() {
    let house = House::open().await;
    let url = format!("{}/.well-known/oauth-authorization-server", house.url);
    let document: serde_json::Value = http().get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["issuer"], house.url);
    assert_eq!(document["require_pushed_authorization_requests"], true);
    assert_eq!(document["token_endpoint_auth_methods_supported"], json!(["private_key_jwt"]));
    assert_eq!(document["dpop_signing_alg_values_supported"], json!(["ES256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["authorization_details_types_supported"], json!(["fdx_v1.0"]));
    let text = document.to_string();
    for absent in ["device", "client_secret", "HS256", "none", "plain", "RS256"] {
        assert!(!text.contains(absent), "{absent} is promised: {text}");
    }
}
