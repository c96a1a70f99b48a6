//! What codes, tokens and proofs open, and what they do not.

use jiff::SignedDuration;
use serde_json::json;

use crate::{
    House,
    browser::Browser,
    client::{INTERACTION, Linking, http, link, request},
};

#[tokio::test]
async fn a_link_opens_the_chosen_accounts_and_names_its_consent() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    assert!(linked.consent.starts_with("consent-"));
    let answer = linked.get(&format!("{}/fdx/v6/accounts?resultType=details", house.url)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["x-fapi-interaction-id"], INTERACTION);
    assert_eq!(answer.body["accounts"].as_array().unwrap().len(), 3);
    let consent = linked.get(&format!("{}/fdx/v6/consents/{}", house.url, linked.consent)).await;
    assert_eq!((consent.status, &consent.body["status"]), (200, &json!("ACTIVE")));
    assert_eq!(consent.body["resources"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_replayed_code_is_refused_and_ends_what_it_opened() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let callback = Browser::new(&house).approve_all(&linking.authorization_url, "maya").await;
    let linked = linking.complete(&callback).await.unwrap();
    let fault = linking.complete(&callback).await.err().expect("refused");
    assert!(fault.contains("invalid_grant"), "{fault}");
    assert!(linked.renew().await.unwrap_err().contains("invalid_grant"));
    let answer = linked.get(&format!("{}/fdx/v6/accounts", house.url)).await;
    assert_eq!(answer.status, 401, "the access token ended with its family");
}

#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let callback = Browser::new(&house).approve_all(&linking.authorization_url, "maya").await;
    house.clock.advance(SignedDuration::from_secs(60));
    assert!(linking.complete(&callback).await.err().expect("refused").contains("invalid_grant"));
}

#[tokio::test]
async fn a_replayed_proof_is_refused() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let url = format!("{}/fdx/v6/accounts", house.url);
    assert_eq!(linked.get(&url).await.status, 200);
    let proof = linked.proof(&http::Method::GET, &url).await.unwrap();
    let send = async || {
        let call = http().get(&url).headers(proof.clone()).header("x-fapi-interaction-id", INTERACTION);
        call.send().await.unwrap().status().as_u16()
    };
    assert_eq!((send().await, send().await), (200, 401));
}

#[tokio::test]
async fn a_token_without_its_proof_opens_nothing() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let url = format!("{}/fdx/v6/accounts", house.url);
    for (scheme, status) in [("Bearer", 401), ("DPoP", 400)] {
        let call = http().get(&url).header("authorization", format!("{scheme} {}", linked.access));
        let answer = call.header("x-fapi-interaction-id", INTERACTION).send().await.unwrap();
        assert_eq!(answer.status(), status, "{scheme}");
        assert!(answer.headers().contains_key("www-authenticate"));
        let body: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(body["code"], "603");
    }
}

#[tokio::test]
async fn a_consent_stopped_at_the_site_opens_nothing_from_then_on() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let url = format!("{}/fdx/v6/accounts", house.url);
    assert_eq!(linked.get(&url).await.status, 200);
    let mut browser = Browser::new(&house);
    browser.sign_in("maya").await;
    assert!(browser.get("/sharing").await.text.contains("Active until Tue 16 Feb 2027"));
    let path = format!("/sharing/{}/stop", linked.consent);
    let csrf = browser.get(&path).await.csrf();
    assert_eq!(browser.post(&path, &[("csrf", &csrf)]).await.went_to(), "/sharing");
    assert!(browser.get("/sharing").await.text.contains("Stopped on Wed 18 Nov 2026"));
    let answer = linked.get(&url).await;
    assert_eq!(answer.status, 401);
    assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("DPoP error=\"invalid_token\""));
    assert!(linked.renew().await.unwrap_err().contains("invalid_grant"));
}

#[tokio::test]
async fn a_client_can_end_its_consent_and_its_tokens_go_with_it() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let other = link(&house, "maya", request()).await;
    let url = format!("{}/fdx/v6/consents/{}/revocation", house.url, linked.consent);
    assert_eq!(linked.get(&url).await.body, json!({ "revocations": [] }));
    let not_mine = format!("{}/fdx/v6/consents/{}/revocation", house.url, other.consent);
    let why = json!({ "reason": "USER_ACTION", "initiator": "INDIVIDUAL" });
    let call = async |url: &str, body: serde_json::Value| {
        linked.call(http::Method::PUT, url, Some(body)).await.unwrap().status
    };
    assert_eq!(call(&not_mine, why.clone()).await, 403);
    assert_eq!(call(&url, json!({ "reason": "BORED", "initiator": "INDIVIDUAL" })).await, 400);
    assert_eq!(call(&url, why.clone()).await, 204);
    assert_eq!(call(&url, why).await, 401);
    assert!(linked.renew().await.unwrap_err().contains("invalid_grant"));
    assert!(other.renew().await.is_ok(), "the other consent stands");
}

#[tokio::test]
async fn an_expired_consent_neither_opens_nor_refreshes() {
    let house = House::open().await;
    let mut ask = request();
    ask["durationPeriod"] = json!(1);
    let linked = link(&house, "maya", ask).await;
    house.clock.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert!(linked.renew().await.is_ok(), "a second before the end");
    house.clock.advance(SignedDuration::from_secs(1));
    assert!(linked.renew().await.unwrap_err().contains("invalid_grant"));
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_the_access_token_with_it() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    linked.revoke().await;
    linked.revoke().await;
    assert!(linked.renew().await.unwrap_err().contains("invalid_grant"));
    assert_eq!(linked.get(&format!("{}/fdx/v6/accounts", house.url)).await.status, 401);
}

#[tokio::test]
async fn an_access_token_lives_for_fifteen_minutes_and_the_refresh_token_stays_the_same() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let (first, second) = (linked.renew().await.unwrap(), linked.renew().await.unwrap());
    assert_ne!(first, second);
    let claims: serde_json::Value = {
        use base64::Engine;
        let part = first.split('.').nth(1).unwrap();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert_eq!(claims["aud"], json!(format!("{}/fdx/v6", house.url)));
}
