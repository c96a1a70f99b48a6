//! A FAPI 2.0 client of the bank, on a library that knows nothing of it.

use std::sync::Arc;

use huskarl::{
    authorizer::HttpAuthorizer,
    cache::{GrantTokenSource, InMemoryRefreshTokenStore, InMemoryTokenCache, NoSource},
    core::{
        AuthorizationDetail,
        client_auth::{Audience, JwtBearer},
        crypto::signer::{AsymmetricJwsSigner, AsymmetricJwsSignerSelector},
        dpop::DPoP,
        server_metadata::AuthorizationServerMetadata,
    },
    grant::{
        authorization_code::{AuthorizationCodeGrant, CompleteInput, PendingState, StartInput},
        refresh::RefreshGrantParameters,
    },
    prelude::*,
    revocation::TokenRevocation,
    token::RefreshToken,
};
use huskarl_crypto_native::asymmetric::signer::{GenerateAlgorithm, PrivateKey};
use huskarl_reqwest::ReqwestClient;
use serde_json::{Value, json};

use crate::{CALLBACK, House, TestClock, browser::Browser};

/// The client's own key.
#[derive(Clone)]
pub struct ClientKey(pub PrivateKey);

impl ClientKey {
    pub fn generate() -> Self {
        Self(PrivateKey::generate(GenerateAlgorithm::Es256, Some("app-1".into())).unwrap())
    }

    pub async fn public_jwk(&self) -> Value {
        let signer = self.0.select_asymmetric_signer().await;
        serde_json::to_value(signer.public_key_jwk().into_owned()).unwrap()
    }
}

/// What the tests ask for, unless they ask for something else.
pub fn request() -> Value {
    json!({
        "durationType": "TIME_BOUND", "durationPeriod": 90, "lookbackPeriod": 200,
        "resources": [{ "resourceType": "ACCOUNT", "dataClusters": ["ACCOUNT_BASIC", "BALANCES", "TRANSACTIONS"] }],
        "includePayeeAddress": true,
    })
}

/// The same, and everything that the native API can do.
pub fn native_request() -> Value {
    let mut asked = request();
    asked["bankServices"] = json!([
        "CARDS_READ",
        "CARD_FREEZE",
        "CARD_UNFREEZE",
        "CARD_REPORT",
        "CARD_LIMITS",
        "TRAVEL_NOTICES",
        "ACCOUNT_NICKNAME",
        "STATEMENTS_READ",
        "SCHEDULES_READ",
        "CONTACT_READ",
        "CONTACT_WRITE",
        "PAYMENT_REPORTS"
    ]);
    asked
}

type Grant = AuthorizationCodeGrant;

/// A client on its way to a link.
pub struct Linking {
    pub grant: Arc<Grant>,
    pub pending: PendingState,
    pub authorization_url: String,
    pub metadata: AuthorizationServerMetadata,
    key: ClientKey,
    clock: TestClock,
}

/// An HTTP client that follows nothing.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub fn auth(key: &ClientKey) -> JwtBearer {
    JwtBearer::builder().signer(key.0.clone()).audience(Audience::Issuer).build()
}

impl Linking {
    pub async fn begin(house: &House, request: Value) -> Self {
        Self::try_begin(house, request).await.unwrap()
    }

    pub async fn try_begin(house: &House, request: Value) -> Result<Self, String> {
        let transport = ReqwestClient::from(http());
        let metadata = AuthorizationServerMetadata::fetch()
            .http_client(&transport)
            .issuer(house.url.clone())
            .call()
            .await
            .unwrap();
        let proof_key = PrivateKey::generate(GenerateAlgorithm::Es256, None).unwrap();
        let clock: TestClock = house.clock.clone();
        let grant = AuthorizationCodeGrant::builder_from_metadata(&metadata)
            .unwrap()
            .client_id("app")
            .http_client(transport)
            .client_auth(auth(&house.client))
            .redirect_uri(CALLBACK)
            .oidc(false)
            .clock(clock)
            .dpop(DPoP::builder().signer(proof_key).build())
            .build()
            .await
            .unwrap();
        let detail = AuthorizationDetail::builder("fdx_v1.0").with("consentRequest", request).build();
        let start = StartInput::builder()
            .authorization_details(vec![detail])
            .resource(vec![format!("{}/fdx/v6", house.url)])
            .build();
        let started = grant.start(start).await.map_err(|fault| format!("{fault:#}"))?;
        Ok(Self {
            grant: Arc::new(grant),
            pending: started.pending_state,
            authorization_url: started.authorization_url.to_string(),
            metadata,
            key: house.client.clone(),
            clock: house.clock.clone(),
        })
    }

    /// Takes the code in the callback's query to the token endpoint.
    pub async fn complete(&self, callback: &str) -> Result<Linked, String> {
        let input: CompleteInput = callback.parse().map_err(|fault| format!("{fault:?}"))?;
        let out = self.grant.complete(&self.pending, input).await.map_err(|fault| format!("{fault:#}"))?;
        let tokens = out.token_response;
        let consent = tokens.get_extra("grant_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let refresh = tokens.refresh_token().unwrap().clone();
        let access = tokens.access_token().token().expose_secret().to_owned();
        let source = GrantTokenSource::builder()
            .grant((*self.grant).clone())
            .grant_parameters(NoSource)
            .refresh_store(InMemoryRefreshTokenStore::default())
            .build();
        source.prime(tokens).await.unwrap();
        let cache = InMemoryTokenCache::builder().source(source).build();
        let authorizer = Arc::new(HttpAuthorizer::builder().cache(cache).build());
        let headers: Headers = Arc::new({
            let authorizer = authorizer.clone();
            move |method, uri| {
                let authorizer = authorizer.clone();
                Box::pin(async move {
                    authorizer.get_headers(&method, &uri).await.map_err(|fault| format!("{fault:#}"))
                })
            }
        });
        let seen: Seen = Arc::new(move |uri, headers| authorizer.process_response(uri, headers));
        Ok(Linked {
            consent,
            refresh,
            access,
            headers,
            seen,
            grant: self.grant.clone(),
            metadata: self.metadata.clone(),
            key: self.key.clone(),
            clock: self.clock.clone(),
        })
    }
}

type Future<T> = std::pin::Pin<Box<dyn std::future::Future<Output = T> + Send>>;
type Headers = Arc<dyn Fn(http::Method, http::Uri) -> Future<Result<http::HeaderMap, String>> + Send + Sync>;
type Seen = Arc<dyn Fn(&http::Uri, &http::HeaderMap) + Send + Sync>;

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Value,
}

/// A client with tokens.
#[derive(Clone)]
pub struct Linked {
    pub consent: String,
    pub refresh: RefreshToken,
    pub access: String,
    headers: Headers,
    seen: Seen,
    grant: Arc<Grant>,
    metadata: AuthorizationServerMetadata,
    key: ClientKey,
    clock: TestClock,
}

pub const INTERACTION: &str = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";

impl Linked {
    /// Headers with a token and a fresh proof for one call.
    pub async fn proof(&self, method: &http::Method, url: &str) -> Result<http::HeaderMap, String> {
        (self.headers)(method.clone(), url.parse().unwrap()).await
    }

    /// Calls the API as a careful client does: once more when a nonce was asked for.
    pub async fn call(&self, method: http::Method, url: &str, body: Option<Value>) -> Result<Answer, String> {
        self.call_with(method, url, body, None).await
    }

    /// The same, under an idempotency key.
    pub async fn call_with(
        &self,
        method: http::Method,
        url: &str,
        body: Option<Value>,
        key: Option<&str>,
    ) -> Result<Answer, String> {
        let mut tries = 0;
        loop {
            tries += 1;
            let bare = url.split('?').next().unwrap();
            let mut call = http()
                .request(method.clone(), url)
                .headers(self.proof(&method, bare).await?)
                .header("x-fapi-interaction-id", INTERACTION);
            if let Some(key) = key {
                call = call.header("idempotency-key", key);
            }
            if let Some(body) = &body {
                call = call.json(body);
            }
            let answer = call.send().await.unwrap();
            (self.seen)(&bare.parse().unwrap(), answer.headers());
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let challenge = headers.get("www-authenticate").map(|v| v.to_str().unwrap().to_owned());
            if status == 401 && tries < 3 && challenge.is_some_and(|c| c.contains("use_dpop_nonce")) {
                continue;
            }
            let body = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null);
            return Ok(Answer { status, headers, body });
        }
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.call(http::Method::GET, url, None).await.unwrap()
    }

    /// Refreshes; gives the new access token.
    pub async fn renew(&self) -> Result<String, String> {
        let grant = self.grant.to_refresh_grant();
        let parameters = RefreshGrantParameters::refresh_token(self.refresh.clone());
        let tokens = grant.exchange(parameters).await.map_err(|fault| format!("{fault:#}"))?;
        assert_eq!(
            tokens.refresh_token().map(|t| t.token().expose_secret().to_owned()),
            Some(self.refresh.token().expose_secret().to_owned()),
            "the refresh token is not rotated"
        );
        Ok(tokens.access_token().token().expose_secret().to_owned())
    }

    /// Revokes the refresh token (RFC 7009).
    pub async fn revoke(&self) {
        let revocation = TokenRevocation::builder_from_metadata(&self.metadata)
            .unwrap()
            .client_id("app")
            .client_auth(auth(&self.key))
            .clock(self.clock.clone())
            .build();
        revocation.revoke(&ReqwestClient::from(http()), &self.refresh).await.unwrap();
    }
}

/// A whole link: asks, signs in as `login`, chooses all accounts, approves, fetches tokens.
pub async fn link(house: &House, login: &str, request: Value) -> Linked {
    let linking = Linking::begin(house, request).await;
    let mut browser = Browser::new(house);
    let callback = browser.approve_all(&linking.authorization_url, login).await;
    linking.complete(&callback).await.unwrap()
}
