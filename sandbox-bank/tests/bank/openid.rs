//! Telling a client who the customer is: by a library that checks id tokens as the standard says.

use huskarl::{
    authorizer::HttpAuthorizer,
    cache::{GrantTokenSource, InMemoryRefreshTokenStore, InMemoryTokenCache, NoSource},
    core::{dpop::DPoP, jwt::validator::ValidatedJwt, server_metadata::AuthorizationServerMetadata},
    grant::authorization_code::{
        AuthorizationCodeGrant, CompleteInput, CompleteOutput, PendingState, StartInput,
    },
    token::id_token::IdTokenClaims,
};
use huskarl_crypto_native::asymmetric::signer::{GenerateAlgorithm, PrivateKey};
use huskarl_reqwest::ReqwestClient;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    CALLBACK, House,
    browser::{Browser, PASSWORD, Page},
    client::{INTERACTION, Linking, auth, http, request},
};

/// A client that asks who somebody is.
struct Asking {
    grant: AuthorizationCodeGrant,
    pending: PendingState,
    authorization_url: String,
}

impl Asking {
    async fn begin(house: &House, client_id: &str, scope: &[&str]) -> Result<Self, String> {
        let transport = ReqwestClient::from(http());
        let metadata = AuthorizationServerMetadata::fetch()
            .http_client(&transport)
            .issuer(house.url.clone())
            .call()
            .await
            .unwrap();
        let proof_key = PrivateKey::generate(GenerateAlgorithm::Es256, None).unwrap();
        let grant = AuthorizationCodeGrant::builder_from_metadata(&metadata)
            .unwrap()
            .client_id(client_id)
            .http_client(transport)
            .client_auth(auth(&house.client))
            .redirect_uri(CALLBACK)
            .oidc(true)
            .clock(house.clock.clone())
            .dpop(DPoP::builder().signer(proof_key).build())
            .build()
            .await
            .unwrap();
        let scope = scope.iter().map(|name| (*name).to_owned()).collect();
        let started = grant.start(StartInput::builder().scope(scope).build()).await;
        let started = started.map_err(|fault| format!("{fault:#}"))?;
        let authorization_url = started.authorization_url.to_string();
        Ok(Self { grant, pending: started.pending_state, authorization_url })
    }

    async fn complete(&self, callback: &str) -> Result<CompleteOutput, String> {
        let input: CompleteInput = callback.parse().map_err(|fault| format!("{fault:?}"))?;
        self.grant.complete(&self.pending, input).await.map_err(|fault| format!("{fault:#}"))
    }
}

/// Signs in at the page that an address leads to, and gives the next page.
async fn signed_in(browser: &mut Browser, url: &str, login: &str) -> (String, Page) {
    browser.open_approval(url, login).await
}

async fn pressed(browser: &mut Browser, (interaction, page): &(String, Page), decision: &str) -> Page {
    let csrf = page.csrf();
    let form = [("csrf", csrf.as_str()), ("decision", decision)];
    browser.post(&format!("{interaction}/decision"), &form).await
}

/// Who somebody is to a client.
async fn who(house: &House, client_id: &str, login: &str) -> ValidatedJwt<IdTokenClaims> {
    let asking = Asking::begin(house, client_id, &["openid"]).await.unwrap();
    let mut browser = Browser::new(house);
    let page = signed_in(&mut browser, &asking.authorization_url, login).await;
    let back = pressed(&mut browser, &page, "approve").await;
    asking.complete(back.went_to()).await.unwrap().id_token.unwrap()
}

#[tokio::test]
async fn a_sign_in_alone_shares_nothing_and_says_so() {
    let house = House::open().await;
    let asking = Asking::begin(&house, "app", &["openid"]).await.unwrap();
    let mut browser = Browser::new(&house);
    let interaction = browser.get(&asking.authorization_url).await.went_to().to_owned();
    let door = browser.get(&interaction).await;
    assert!(door.text.contains("wants to know that it is you. Nothing is shared."), "{}", door.text);
    let csrf = door.csrf();
    let form = [("csrf", csrf.as_str()), ("login", "maya"), ("password", PASSWORD)];
    browser.post(&format!("{interaction}/sign-in"), &form).await;
    let page = browser.get(&interaction).await;
    for words in ["Budget App wants to know that it is you", "Nothing is shared", "Yes, it is me"] {
        assert!(page.text.contains(words), "{words} in {}", page.text);
    }
    assert!(page.account_choices().is_empty());
    let back = pressed(&mut browser, &(interaction, page), "approve").await;
    let tokens = asking.complete(back.went_to()).await.unwrap().token_response;
    assert!(tokens.refresh_token().is_none() && tokens.get_extra("grant_id").is_none());
    assert!(browser.get("/sharing").await.text.contains("You share nothing"));
}

#[tokio::test]
async fn the_access_token_of_a_sign_in_opens_nothing() {
    let house = House::open().await;
    let asking = Asking::begin(&house, "app", &["openid"]).await.unwrap();
    let mut browser = Browser::new(&house);
    let page = signed_in(&mut browser, &asking.authorization_url, "maya").await;
    let back = pressed(&mut browser, &page, "approve").await;
    let tokens = asking.complete(back.went_to()).await.unwrap().token_response;
    let source = GrantTokenSource::builder()
        .grant(asking.grant.clone())
        .grant_parameters(NoSource)
        .refresh_store(InMemoryRefreshTokenStore::default())
        .build();
    source.prime(tokens).await.unwrap();
    let cache = InMemoryTokenCache::builder().source(source).build();
    let authorizer = HttpAuthorizer::builder().cache(cache).build();
    let url = format!("{}/fdx/v6/accounts", house.url);
    let mut challenges = vec![];
    for _ in 0..2 {
        let headers = authorizer.get_headers(&http::Method::GET, &url.parse().unwrap()).await.unwrap();
        let call = http().get(&url).headers(headers).header("x-fapi-interaction-id", INTERACTION);
        let answer = call.send().await.unwrap();
        authorizer.process_response(&url.parse().unwrap(), answer.headers());
        let challenge = answer.headers().get("www-authenticate").map(|c| c.to_str().unwrap().to_owned());
        challenges.push((answer.status().as_u16(), challenge.unwrap_or_default()));
    }
    let [(_, nonce), (status, last)] = challenges.as_slice() else { unreachable!("two calls were made") };
    assert!(nonce.contains("use_dpop_nonce"), "{nonce}");
    assert_eq!(*status, 401, "the proof is right, and there is no consent");
    assert!(!last.contains("use_dpop_nonce") && !last.contains("invalid_dpop_proof"), "{last}");
}

#[tokio::test]
async fn an_id_token_says_who_when_and_to_whom() {
    let house = House::open().await;
    house.clock.advance(SignedDuration::from_secs(7));
    let now = house.clock.read().as_second();
    let token = who(&house, "app", "maya").await;
    assert_eq!(token.iss.as_deref(), Some(house.url.as_str()));
    assert_eq!(token.aud, ["app"]);
    assert_eq!(token.claims.auth_time, Some(u64::try_from(now).unwrap()));
    let sub = token.sub.unwrap();
    assert!(sub.len() == 43 && !sub.contains("maya"), "{sub}");
}

#[tokio::test]
async fn a_customer_is_the_same_to_one_client_and_another_to_another() {
    let mut house = House::open().await;
    let maya = who(&house, "app", "maya").await.sub.unwrap();
    assert_ne!(who(&house, "other", "maya").await.sub.unwrap(), maya);
    assert_ne!(who(&house, "app", "tomas").await.sub.unwrap(), maya);
    house.stop().await;
    house.start().await;
    assert_eq!(who(&house, "app", "maya").await.sub.unwrap(), maya, "also after a restart");
}

#[tokio::test]
async fn who_says_no_is_told_to_nobody() {
    let house = House::open().await;
    let asking = Asking::begin(&house, "app", &["openid"]).await.unwrap();
    let mut browser = Browser::new(&house);
    let page = signed_in(&mut browser, &asking.authorization_url, "maya").await;
    let again = pressed(&mut browser, &page, "maybe").await;
    assert!(again.text.contains("Yes, it is me"), "neither yes nor no asks again");
    let back = pressed(&mut browser, &page, "deny").await;
    assert!(back.went_to().contains("error=access_denied"));
    assert!(asking.complete(back.went_to()).await.is_err());
}

#[tokio::test]
async fn linking_tells_who_it_is_only_if_it_was_asked() {
    let house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let (_, page) = Browser::new(&house).open_approval(&linking.authorization_url, "maya").await;
    assert!(!page.text.contains("That it is you"));
    let fault = Asking::begin(&house, "app", &["openid", "fdx:balances:read"]).await.err().unwrap();
    assert!(fault.contains("invalid_authorization_details"), "data needs details: {fault}");
}

#[tokio::test]
async fn a_code_gives_one_id_token() {
    let house = House::open().await;
    let asking = Asking::begin(&house, "app", &["openid"]).await.unwrap();
    let mut browser = Browser::new(&house);
    let page = signed_in(&mut browser, &asking.authorization_url, "maya").await;
    let back = pressed(&mut browser, &page, "approve").await;
    assert!(asking.complete(back.went_to()).await.is_ok());
    assert!(asking.complete(back.went_to()).await.is_err());
}

#[tokio::test]
async fn both_documents_promise_the_same_and_the_keys_are_there() {
    let house = House::open().await;
    let document = async |name: &str| -> Value {
        let url = format!("{}/.well-known/{name}", house.url);
        http().get(url).send().await.unwrap().json().await.unwrap()
    };
    let openid = document("openid-configuration").await;
    assert_eq!(openid, document("oauth-authorization-server").await);
    assert_eq!(openid["id_token_signing_alg_values_supported"], json!(["ES256"]));
    assert_eq!(openid["subject_types_supported"], json!(["pairwise"]));
    assert!(openid["scopes_supported"].as_array().unwrap().contains(&json!("openid")));
    let keys: Value =
        http().get(openid["jwks_uri"].as_str().unwrap()).send().await.unwrap().json().await.unwrap();
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], key.get("d")), (&json!("EC"), &json!("P-256"), None));
}
