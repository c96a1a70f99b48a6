//! Onboarding, linking and its ends.

use crate::bank::{CALLBACK, CONSENT, CUSTOMER, Edit, Next, Running, ask};
use banks::{AtBank, BankFault, Connector, OnboardingFault, PendingLink, Tampering, Weakening};
use domain::DataClass;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

async fn discover(running: &Running, edit: Edit) -> Result<Connector, OnboardingFault> {
    *running.bank.metadata.lock().unwrap() = Some(edit);
    Connector::discover(running.config(), Arc::new(running.bank.clock.clone())).await
}

#[tokio::test]
async fn a_bank_that_offers_less_than_the_profile_is_refused_before_anybody_links() {
    let running = Running::start().await;
    let weaker: [(Edit, OnboardingFault); 6] = [
        (|m| m["pushed_authorization_request_endpoint"] = Value::Null, OnboardingFault::NoPushedRequests),
        (|m| m["code_challenge_methods_supported"] = json!(["plain"]), OnboardingFault::NoS256),
        (
            |m| m["authorization_response_iss_parameter_supported"] = json!(false),
            OnboardingFault::NoIssParameter,
        ),
        (|m| m["dpop_signing_alg_values_supported"] = json!(["RS256"]), OnboardingFault::NoDpopEs256),
        (
            |m| m["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]),
            OnboardingFault::NoPrivateKeyJwt,
        ),
        (
            |m| m["authorization_details_types_supported"] = json!([]),
            OnboardingFault::NoFdxConsent { kind: "fdx_v1.0" },
        ),
    ];
    for (edit, fault) in weaker {
        assert_eq!(discover(&running, edit).await.err(), Some(fault));
    }
    assert!(discover(&running, |_| ()).await.is_ok());
}

#[tokio::test]
async fn a_bank_that_calls_itself_something_else_or_leads_into_the_open_is_refused() {
    let running = Running::start().await;
    let other = discover(&running, |m| m["issuer"] = json!("https://evil.example")).await.err();
    let found = "https://evil.example".to_owned();
    let expected = running.bank.issuer.clone();
    assert_eq!(other, Some(OnboardingFault::IssuerMismatch { expected, found }));
    let open = discover(&running, |m| m["token_endpoint"] = json!("http://bank.example/token")).await.err();
    assert!(matches!(open, Some(OnboardingFault::NotHttps { .. })), "{open:?}");
    let huge = discover(&running, |m| m["x"] = json!("x".repeat(300 * 1024))).await.err();
    assert!(matches!(huge, Some(OnboardingFault::UnreadableMetadata { .. })), "{huge:?}");
}

#[tokio::test]
async fn a_configured_address_in_the_open_is_refused_without_a_request() {
    let running = Running::start().await;
    for (issuer, api, redirect) in [
        ("http://bank.example", "https://bank.example/fdx", CALLBACK),
        ("https://bank.example", "http://bank.example/fdx", CALLBACK),
        ("https://bank.example", "https://bank.example/fdx", "http://gateway.example/back"),
    ] {
        let mut config = running.config();
        config.issuer = issuer.parse().unwrap();
        config.api = api.parse().unwrap();
        config.redirect_uri = redirect.parse().unwrap();
        let fault = Connector::discover(config, Arc::new(running.bank.clock.clone())).await.err();
        assert!(matches!(fault, Some(OnboardingFault::NotHttps { .. })), "{fault:?}");
    }
    assert_eq!(running.asked(""), 0);
}

#[tokio::test]
async fn a_customer_links_with_what_was_asked_and_nothing_else() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let linked = running.link(&connector, &[DataClass::Accounts, DataClass::Balances]).await;
    assert_eq!(linked.data_classes, [DataClass::Accounts, DataClass::Balances]);
    assert_eq!(linked.accounts, ["a-1".parse().unwrap(), "a-2".parse().unwrap()]);
    assert_eq!(linked.consent_at_bank, "c-0");
    assert_eq!(linked.expires_at, "2027-02-19T09:00:00Z".parse().unwrap());
    assert_eq!((linked.grant.customer().as_str(), linked.grant.consent().as_str()), (CUSTOMER, CONSENT));
    assert_eq!(connector.consent_status(&linked.grant).await, Ok(AtBank::Active));
}

#[tokio::test]
async fn a_bank_that_would_keep_a_consent_longer_than_asked_is_cut_short() {
    let running = Running::start().await;
    let connector = running.connector().await;
    *running.bank.consent.lock().unwrap() = Some(|c| c["expirationTime"] = json!("2036-01-01T00:00:00Z"));
    let linked = running.link(&connector, &[DataClass::Balances]).await;
    assert_eq!(linked.expires_at, "2027-02-19T09:00:00Z".parse().unwrap());
}

#[tokio::test]
async fn a_pending_link_and_a_grant_survive_storage_and_never_print_their_secrets() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let begun = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
    let stored = serde_json::to_value(&begun.pending).unwrap();
    let shown = format!("{begun:?}");
    let back = running.sign_in(&begun, "approve").await;
    let pending: PendingLink = serde_json::from_value(stored.clone()).unwrap();
    let linked = connector.finish_link(&pending, &back).await.unwrap();
    let kept = serde_json::to_value(&linked.grant).unwrap();
    let shown = format!("{shown} {linked:?} {connector:?}");
    for secret in
        [&stored["state"], &stored["verifier"], &stored["key"], &kept["refresh_token"], &kept["key"]]
    {
        let secret = secret.as_str().unwrap();
        assert!(secret.len() > 20 && !shown.contains(secret), "{shown}");
    }
    let grant = serde_json::from_value(kept).unwrap();
    assert_eq!(connector.consent_status(&grant).await, Ok(AtBank::Active));
}

#[tokio::test]
async fn a_way_back_that_was_changed_links_nothing() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let begun = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
    let back = running.sign_in(&begun, "approve").await;
    let without_iss = back.split("&iss=").next().unwrap().to_owned();
    for (query, what) in [
        (back.replace("iss=http", "iss=https"), Tampering::Issuer),
        (without_iss, Tampering::NoIssuer),
        (back.replace("state=", "state=x"), Tampering::State),
        (format!("{back}&code=other"), Tampering::Repeated),
    ] {
        let fault = connector.finish_link(&begun.pending, &query).await.err();
        assert_eq!(fault, Some(BankFault::LinkTampered(what)), "{query}");
    }
    assert_eq!(running.asked("POST /token"), 0, "no code was sent anywhere");
}

#[tokio::test]
async fn a_way_back_works_once() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let begun = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
    let back = running.sign_in(&begun, "approve").await;
    assert!(connector.finish_link(&begun.pending, &back).await.is_ok());
    assert_eq!(connector.finish_link(&begun.pending, &back).await.err(), Some(BankFault::LinkExpired));
}

#[tokio::test]
async fn a_way_back_of_another_link_is_refused() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let mine = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
    let theirs = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
    let back = running.sign_in(&theirs, "approve").await;
    let fault = connector.finish_link(&mine.pending, &back).await.err();
    assert_eq!(fault, Some(BankFault::LinkTampered(Tampering::State)));
}

#[tokio::test]
async fn a_code_is_worth_nothing_with_another_key() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let begun = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
    let back = running.sign_in(&begun, "approve").await;
    let mut stolen = serde_json::to_value(&begun.pending).unwrap();
    stolen["key"] = json!(banks::ClientKey::generate().unwrap());
    let stolen: PendingLink = serde_json::from_value(stolen).unwrap();
    let fault = connector.finish_link(&stolen, &back).await.err();
    assert!(matches!(fault, Some(BankFault::LinkExpired | BankFault::OAuthRefused { .. })), "{fault:?}");
}

#[tokio::test]
async fn a_pending_link_of_another_bank_or_one_that_took_too_long_is_refused() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let begun = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
    let back = running.sign_in(&begun, "approve").await;
    let mut other = running.config();
    other.bank = "meridian".parse().unwrap();
    let other = running.connect(other).await;
    let fault = other.finish_link(&begun.pending, &back).await.err();
    assert_eq!(fault, Some(BankFault::LinkTampered(Tampering::OtherBank)));
    running.bank.clock.pass(Duration::from_secs(3_601));
    assert_eq!(connector.finish_link(&begun.pending, &back).await.err(), Some(BankFault::LinkExpired));
}

#[tokio::test]
async fn a_customer_who_says_no_at_the_bank_has_cancelled() {
    let running = Running::start().await;
    let connector = running.connector().await;
    let begun = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
    let back = running.sign_in(&begun, "deny").await;
    assert_eq!(connector.finish_link(&begun.pending, &back).await.err(), Some(BankFault::LinkCancelled));
}

#[tokio::test]
async fn a_token_that_is_weaker_or_wider_than_asked_is_refused_and_given_back() {
    let weaker: [(Edit, Weakening); 5] = [
        (|t| t["authorization_details"] = Value::Null, Weakening::NoDetails),
        (|t| t["authorization_details"][0]["consentRequest"]["durationPeriod"] = json!(91), Weakening::Wider),
        (
            |t| {
                t["authorization_details"][0]["consentRequest"]["resources"][0]["dataClusters"] =
                    json!(["TAX"])
            },
            Weakening::Wider,
        ),
        (|t| t["grant_id"] = Value::Null, Weakening::NoGrantId),
        (|t| t["token_type"] = json!("Bearer"), Weakening::BearerToken),
    ];
    for (edit, what) in weaker {
        let running = Running::start().await;
        let connector = running.connector().await;
        *running.bank.token.lock().unwrap() = Some(edit);
        let begun = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
        let back = running.sign_in(&begun, "approve").await;
        let fault = connector.finish_link(&begun.pending, &back).await.err();
        assert_eq!(fault, Some(BankFault::Weakened(what)));
        let given_back = usize::from(what != Weakening::BearerToken);
        assert_eq!(running.asked("POST /revoke"), given_back, "{what}");
        assert_eq!(running.asked("/fdx/v6/accounts"), 0, "nothing was read with it");
    }
}

#[tokio::test]
async fn a_consent_that_shows_something_else_than_was_granted_is_refused() {
    let odd: [(Edit, BankFault); 4] = [
        (|c| c["id"] = json!("c-9"), BankFault::Weakened(Weakening::OtherConsent)),
        (|c| c["status"] = json!("REVOKED"), BankFault::ConsentEnded),
        (|c| c["resources"] = json!([]), BankFault::NothingShared),
        (
            |c| {
                c["durationType"] = json!("PERSISTENT");
            },
            BankFault::Weakened(Weakening::Wider),
        ),
    ];
    for (edit, expected) in odd {
        let running = Running::start().await;
        let connector = running.connector().await;
        *running.bank.consent.lock().unwrap() = Some(edit);
        let begun = connector.begin_link(&ask(&[DataClass::Balances])).await.unwrap();
        let back = running.sign_in(&begun, "approve").await;
        assert_eq!(connector.finish_link(&begun.pending, &back).await.err(), Some(expected));
        assert_eq!(running.asked("POST /revoke"), 1);
    }
}

#[tokio::test]
async fn revoking_ends_the_consent_at_the_bank_and_may_be_repeated() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    assert_eq!(connector.revoke(&grant).await, Ok(()));
    assert_eq!(running.asked("PUT /fdx/v6/consents/c-0/revocation"), 1);
    assert_eq!(running.asked("POST /revoke"), 1);
    assert_eq!(connector.consent_status(&grant).await, Ok(AtBank::Revoked));
    assert_eq!(connector.revoke(&grant).await, Ok(()));
}

#[tokio::test]
async fn revoking_what_the_bank_has_ended_is_a_success() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    running.then([Next::Answer(409, json!({ "code": "705" }))]);
    assert_eq!(connector.revoke(&grant).await, Ok(()));
    let (connector, grant) = running.linked().await;
    running.end_consents("REVOKED");
    assert_eq!(connector.revoke(&grant).await, Ok(()));
}

#[tokio::test]
async fn a_revocation_that_the_bank_did_not_take_is_not_a_success() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    running.then([503, 503, 503].map(|status| Next::Answer(status, json!({}))));
    let fault = connector.revoke(&grant).await.unwrap_err();
    assert!(fault.is_passing() && fault.interaction().is_some(), "{fault:?}");
    assert_eq!(running.asked("POST /revoke"), 0);
}

#[tokio::test]
async fn a_consent_whose_time_is_over_is_expired() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    running.bank.clock.pass(Duration::from_secs(91 * 24 * 3_600));
    running.end_consents("EXPIRED");
    assert_eq!(connector.consent_status(&grant).await, Ok(AtBank::Expired));
}
