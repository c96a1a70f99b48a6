//! Who signed in: what is believed of an id token, and everything that is not.

use crate::bank::{CALLBACK, Forge, Running, Signed, ask};
use banks::{BankFault, Begun, Connector, ConnectorConfig, PendingSignIn, Subject, Unproven, Weakening};
use domain::DataClass;
use serde_json::{Value, json};
use std::time::Duration;

async fn come_back(running: &Running, address: &url::Url) -> String {
    running.sign_in_at(address.clone(), "approve").await
}

/// Signs in and comes back; gives who it was.
async fn signed_in(running: &Running, connector: &Connector) -> Result<Subject, BankFault> {
    let begun = connector.begin_sign_in().await?;
    let back = come_back(running, &begun.authorization_url).await;
    connector.finish_sign_in(&begun.pending, &back).await
}

async fn begun_link(connector: &Connector) -> Begun {
    connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap()
}

#[tokio::test]
async fn signing_in_tells_who_it_is_and_gives_nothing_else() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let subject = signed_in(&running, &connector).await.unwrap();
    assert_eq!(subject.expose(), "alice-for-parlour");
    assert!(!format!("{subject:?}").contains("alice"));
    assert_eq!(running.asked("/fdx/v6"), 0, "nothing was read");
    let pushed = running.bank.pushed.lock().unwrap().last().cloned().unwrap();
    assert_eq!(pushed["scope"], "openid");
    assert!(!pushed.contains_key("authorization_details") && !pushed.contains_key("resource"));
    assert!(pushed["nonce"].len() > 20 && pushed["code_challenge_method"] == "S256");
}

#[tokio::test]
async fn linking_and_signing_in_name_the_same_person() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let linked = running.link(&connector, &[DataClass::Balances]).await;
    let subject = linked.subject.unwrap();
    assert_eq!(subject.expose(), signed_in(&running, &connector).await.unwrap().expose());
    let pushed = running.bank.pushed.lock().unwrap().first().cloned().unwrap();
    assert_eq!(pushed["scope"], "openid fdx:accountbasic:read fdx:balances:read");
}

/// Each way in which an id token can be wrong, and what is said of it.
fn forgeries() -> Vec<(&'static str, Forge, Unproven)> {
    vec![
        ("no id token", |d| d.left_out = true, Unproven::Missing),
        ("another nonce", |d| d.claims["nonce"] = json!("n-of-another-attempt"), Unproven::Nonce),
        ("no nonce", |d| d.claims["nonce"] = Value::Null, Unproven::Nonce),
        ("another audience", |d| d.claims["aud"] = json!("another-client"), Unproven::Audience),
        (
            "another audience beside us",
            |d| d.claims["aud"] = json!(["parlour", "another-client"]),
            Unproven::Audience,
        ),
        ("no audience", |d| d.claims["aud"] = Value::Null, Unproven::Audience),
        ("another issuer", |d| d.claims["iss"] = json!("https://evil.example"), Unproven::Issuer),
        ("an expired one", |d| d.move_claim("exp", -361), Unproven::Expired),
        ("one from a time to come", |d| d.move_claim("iat", 61), Unproven::NotYet),
        ("one that never expires", |d| d.claims["exp"] = Value::Null, Unproven::Form),
        (
            "one that is not signed",
            |d| {
                d.header["alg"] = json!("none");
                d.signed = Signed::Nothing;
            },
            Unproven::Algorithm,
        ),
        ("another algorithm", |d| d.header["alg"] = json!("HS256"), Unproven::Algorithm),
        ("an empty signature", |d| d.signed = Signed::Nothing, Unproven::Signature),
        ("another key", |d| d.signed = Signed::ByAnother, Unproven::Signature),
        ("another key of another name", |d| d.header["kid"] = json!("as-2"), Unproven::Signature),
        ("an access token", |d| d.header["typ"] = json!("at+jwt"), Unproven::Form),
        ("nobody", |d| d.claims["sub"] = Value::Null, Unproven::Subject),
        ("an empty name", |d| d.claims["sub"] = json!(""), Unproven::Subject),
        ("a name that is too long", |d| d.claims["sub"] = json!("x".repeat(256)), Unproven::Subject),
        ("a name that is not ASCII", |d| d.claims["sub"] = json!("Aliçe"), Unproven::Subject),
    ]
}

#[tokio::test]
async fn an_id_token_that_is_wrong_in_any_way_signs_nobody_in() {
    let running = Running::start().await;
    let connector = running.connector().await;
    for (what, forge, unproven) in forgeries() {
        *running.bank.id_token.lock().unwrap() = Some(forge);
        let fault = signed_in(&running, &connector).await.err();
        assert_eq!(fault, Some(BankFault::Unproven(unproven)), "{what}");
    }
    *running.bank.id_token.lock().unwrap() = None;
    assert!(signed_in(&running, &connector).await.is_ok());
}

#[tokio::test]
async fn an_id_token_that_is_wrong_in_any_way_links_nothing_and_the_grant_is_given_back() {
    let running = Running::start().await;
    let connector = running.connector().await;
    for (count, (what, forge, unproven)) in forgeries().into_iter().enumerate() {
        *running.bank.id_token.lock().unwrap() = Some(forge);
        let begun = begun_link(&connector).await;
        let back = running.sign_in(&begun, "approve").await;
        let fault = connector.finish_link(&begun.pending, &back).await.err();
        assert_eq!(fault, Some(BankFault::Unproven(unproven)), "{what}");
        assert_eq!(running.asked("POST /revoke"), count + 1, "{what}: it was given back");
    }
    assert_eq!(running.asked("/fdx/v6"), 0, "nothing was read");
}

#[tokio::test]
async fn clocks_may_be_a_minute_apart_and_no_more() {
    let running = Running::start().await;
    let connector = running.connector().await;
    for (forge, good) in [
        ((|d| d.move_claim("iat", 60)) as Forge, true),
        (|d| d.move_claim("iat", 61), false),
        (|d| d.move_claim("exp", -359), true),
        (|d| d.move_claim("exp", -361), false),
        (|d| d.claims["sub"] = json!("x".repeat(255)), true),
    ] {
        *running.bank.id_token.lock().unwrap() = Some(forge);
        assert_eq!(signed_in(&running, &connector).await.is_ok(), good);
    }
}

#[tokio::test]
async fn a_sign_in_that_comes_with_data_or_a_lasting_token_gives_both_back() {
    let running = Running::start().await;
    let connector = running.connector().await;
    assert!(signed_in(&running, &connector).await.is_ok());
    assert_eq!(running.asked("POST /revoke"), 1, "this bank gives a refresh token to everybody");
    *running.bank.token.lock().unwrap() =
        Some(|t| t["authorization_details"] = json!([{ "type": "fdx_v1.0" }]));
    let fault = signed_in(&running, &connector).await.err();
    assert_eq!(fault, Some(BankFault::Weakened(Weakening::Wider)));
    *running.bank.token.lock().unwrap() = Some(|t| t["token_type"] = json!("Bearer"));
    let fault = signed_in(&running, &connector).await.err();
    assert_eq!(fault, Some(BankFault::Weakened(Weakening::BearerToken)));
}

#[tokio::test]
async fn a_bank_that_offers_no_sign_in_links_all_the_same() {
    for edit in [
        (|m: &mut Value| m["scopes_supported"] = json!(["fdx:balances:read"])) as crate::bank::Edit,
        |m| m["id_token_signing_alg_values_supported"] = json!(["RS256"]),
        |m| m["jwks_uri"] = Value::Null,
    ] {
        let running = Running::start().await;
        *running.bank.metadata.lock().unwrap() = Some(edit);
        let connector = running.connector().await;
        links_without_sign_in(&running, &connector).await;
    }
    let running = Running::start().await;
    let forbidden = running.connect(ConnectorConfig { sign_in: false, ..running.config() }).await;
    links_without_sign_in(&running, &forbidden).await;
}

async fn links_without_sign_in(running: &Running, connector: &Connector) {
    assert!(!connector.offers_sign_in());
    assert_eq!(connector.begin_sign_in().await.err(), Some(BankFault::NoSignIn));
    let linked = running.link(connector, &[DataClass::Balances]).await;
    assert!(linked.subject.is_none());
    let pushed = running.bank.pushed.lock().unwrap().last().cloned().unwrap();
    assert!(!pushed["scope"].contains("openid") && !pushed.contains_key("nonce"));
}

#[tokio::test]
async fn a_sign_in_comes_back_once_to_its_own_attempt_and_in_time() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let mine = connector.begin_sign_in().await.unwrap();
    let theirs = connector.begin_sign_in().await.unwrap();
    let back = come_back(&running, &theirs.authorization_url).await;
    let fault = connector.finish_sign_in(&mine.pending, &back).await.err();
    assert_eq!(fault, Some(BankFault::LinkTampered(banks::Tampering::State)));
    assert!(connector.finish_sign_in(&theirs.pending, &back).await.is_ok());
    assert_eq!(connector.finish_sign_in(&theirs.pending, &back).await.err(), Some(BankFault::LinkExpired));
    let no = running.sign_in_at(mine.authorization_url.clone(), "deny").await;
    assert_eq!(connector.finish_sign_in(&mine.pending, &no).await.err(), Some(BankFault::LinkCancelled));
    let late = connector.begin_sign_in().await.unwrap();
    let back = come_back(&running, &late.authorization_url).await;
    running.bank.clock.pass(Duration::from_secs(3_601));
    assert_eq!(connector.finish_sign_in(&late.pending, &back).await.err(), Some(BankFault::LinkExpired));
    assert!(back.starts_with('?') && !back.contains(CALLBACK));
}

#[tokio::test]
async fn a_pending_sign_in_survives_storage_and_prints_no_secret() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let begun = connector.begin_sign_in().await.unwrap();
    let stored = serde_json::to_value(&begun.pending).unwrap();
    let shown = format!("{begun:?}");
    for secret in ["state", "verifier", "nonce", "key"] {
        let secret = stored[secret].as_str().unwrap();
        assert!(secret.len() > 20 && !shown.contains(secret), "{shown}");
    }
    let back = come_back(&running, &begun.authorization_url).await;
    let pending: PendingSignIn = serde_json::from_value(stored).unwrap();
    assert!(connector.finish_sign_in(&pending, &back).await.is_ok());
}
