//! OAuth, by the library `huskarl`. No other file names it: if it had to go, this one would change.
//!
//! What the library would let pass is refused in `onboarding`, `callback` and `link`.

mod id_tokens;

use crate::{
    attempts::Miss,
    config::ConnectorConfig,
    fault::{BankFault, Unproven, Unreadable, Weakening},
    key::ClientKey,
    secret::Secret,
    sign_in::Subject,
};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use domain::Clock;
use huskarl::{
    authorizer,
    core::{
        AuthorizationDetail, Error, OAuthErrorCode, RetryAdvice,
        client_auth::{Audience, JwtBearer},
        crypto::signer::AsymmetricJwsSignerSelector,
        dpop::{ResourceDPoP, ResourceServerDPoP, SessionKeyedDPoP},
        http::{HttpClient, HttpResponse, Idempotency, retry_after_at},
        platform::MaybeSendBoxFuture,
        secrets::SecretString,
        server_metadata::AuthorizationServerMetadata,
    },
    grant::{
        authorization_code::{AuthorizationCodeGrant, AuthorizationCodeGrantParameters, StartInput},
        core::{OAuth2ExchangeGrant, TokenResponse},
        refresh::RefreshGrantParameters,
    },
    revocation::TokenRevocation,
    token::{AccessToken, IdToken, RefreshToken},
};
use huskarl_crypto_native::asymmetric::signer::{AsymmetricAlgorithm, PrivateKey, pkcs8_der};
use huskarl_reqwest::ReqwestClient;
use id_tokens::IdTokens;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::{
    collections::HashMap,
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// The lifetime of an access token whose answer names none.
const UNNAMED_LIFETIME: u64 = 60;
/// No access token is used longer, whatever the bank says: FDX's security model names 15 minutes.
const LONGEST_LIFETIME: u64 = 15 * 60;
/// A token is not used in its last seconds, so that it does not run out on the way.
const MARGIN: u64 = 20;
/// The scope that asks who somebody is (OpenID Connect Core 1.0, section 3.1.2.1).
const OPENID: &str = "openid";
/// The header that carries DPoP nonces (RFC 9449).
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What an authorization server says of itself (RFC 8414).
#[derive(Debug)]
pub(crate) struct Metadata(AuthorizationServerMetadata);

impl Metadata {
    /// Reads the document.
    pub(crate) fn read(document: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(document).map(Metadata)
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(crate) fn authorization(&self) -> Option<String> {
        self.0.authorization_endpoint.as_ref().map(ToString::to_string)
    }

    pub(crate) fn token(&self) -> String {
        self.0.token_endpoint.to_string()
    }

    pub(crate) fn pushed(&self) -> Option<String> {
        self.0.pushed_authorization_request_endpoint.as_ref().map(ToString::to_string)
    }

    pub(crate) fn revocation(&self) -> Option<String> {
        self.0.revocation_endpoint.as_ref().map(ToString::to_string)
    }

    /// Where the keys are that sign id tokens, if it offers to tell who somebody is.
    pub(crate) fn keys(&self) -> Option<String> {
        let offered = self.0.jwks_uri.as_ref().filter(|_| id_tokens::are_offered(&self.0));
        offered.map(ToString::to_string)
    }

    pub(crate) fn says_iss(&self) -> bool {
        self.0.authorization_response_iss_parameter_supported
    }

    pub(crate) fn has_s256(&self) -> bool {
        self.0.code_challenge_methods_supported.iter().any(|m| m == "S256")
    }

    pub(crate) fn has_dpop_es256(&self) -> bool {
        self.0.dpop_signing_alg_values_supported.as_ref().is_some_and(|a| a.iter().any(|a| a == "ES256"))
    }

    pub(crate) fn has_private_key_jwt(&self) -> bool {
        let es256 = self.0.token_endpoint_auth_signing_alg_values_supported.as_ref();
        self.0.token_endpoint_auth_methods_supported.iter().any(|m| m == "private_key_jwt")
            && es256.is_none_or(|algorithms| algorithms.iter().any(|a| a == "ES256"))
    }

    pub(crate) fn has_code_and_refresh(&self) -> bool {
        let has = |name: &str| self.0.grant_types_supported.iter().any(|g| g == name);
        self.0.response_types_supported.iter().any(|t| t == "code")
            && has("authorization_code")
            && has("refresh_token")
    }

    /// Whether the server knows a type of authorization details (RFC 9396), as far as it says.
    pub(crate) fn knows_details(&self, kind: &str) -> bool {
        self.0.authorization_details_types_supported.as_ref().is_none_or(|t| t.iter().any(|t| t == kind))
    }
}

/// An access token and what proves that it is used by us: it is bound to the link's key. In memory only.
#[derive(Clone)]
pub(crate) struct Access {
    token: SecretString,
    jkt: String,
    prover: ResourceDPoP,
    /// From then on it is not used.
    pub(crate) until: Timestamp,
}

impl Access {
    /// Whether both are the same token.
    pub(crate) fn is(&self, other: &Access) -> bool {
        self.token.expose_secret() == other.token.expose_secret()
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("jkt", &self.jkt).field("until", &self.until).finish_non_exhaustive()
    }
}

/// What the token endpoint gave.
#[derive(Debug)]
pub(crate) struct Issued {
    pub access: Access,
    pub refresh: Option<Secret>,
    pub details: Option<Vec<Value>>,
    pub grant_id: Option<String>,
    id_token: Option<IdToken>,
}

/// A request that the bank took, and what is needed to finish it.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub authorization_url: String,
    pub state: Secret,
    pub verifier: Secret,
    /// What the id token must repeat, if one was asked for.
    pub nonce: Option<Secret>,
}

/// Nonces of the API by origin; the library's own shape.
type Nonces = Arc<RwLock<HashMap<(Option<::http::uri::Scheme>, Option<String>, Option<u16>), Arc<String>>>>;

/// One bank's authorization server, as its client.
pub(crate) struct OAuth {
    grant: AuthorizationCodeGrant,
    revocation: Option<TokenRevocation>,
    /// None if the bank is not asked who somebody is.
    id_tokens: Option<IdTokens>,
    wire: Wire,
    clock: Arc<dyn Clock>,
    redirect_uri: String,
    api: String,
    nonces: Nonces,
}

impl OAuth {
    /// The client of the server that the metadata describes. The metadata must have passed onboarding.
    pub(crate) async fn new(
        metadata: Metadata,
        config: &ConnectorConfig,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BankFault> {
        let mut server = metadata.0;
        // Both hold since onboarding; said again here so that the library never falls back.
        server.require_pushed_authorization_requests = true;
        server.authorization_response_iss_parameter_supported = true;
        server.code_challenge_methods_supported = vec!["S256".to_owned()];
        let wire = Wire { inner: ReqwestClient::from(client), clock: clock.clone() };
        let signer = signer(&config.signing_key, true)?;
        let id_tokens = match config.sign_in && id_tokens::are_offered(&server) {
            true => Some(IdTokens::new(&server, config, &wire, &clock).await?),
            false => None,
        };
        let auth = JwtBearer::builder().signer(signer).audience(Audience::Issuer).build();
        let grant = AuthorizationCodeGrant::builder_from_metadata(&server)
            .map_err(unsendable)?
            .client_id(config.client_id.clone())
            .http_client(wire.clone())
            .client_auth(auth.clone())
            .redirect_uri(config.redirect_uri.as_str())
            // Id tokens are checked here and not by the library, so that what came with a bad one can be given back.
            .oidc(false)
            .send_oidc_nonce(id_tokens.is_some())
            .clock(Told(AssertUnwindSafe(clock.clone())))
            .dpop(SessionKeyedDPoP::new())
            .build()
            .await
            .map_err(unsendable)?;
        let revocation = match &server.revocation_endpoint {
            None => None,
            Some(_) => Some(
                TokenRevocation::builder_from_metadata(&server)
                    .map_err(unsendable)?
                    .client_id(config.client_id.clone())
                    .client_auth(auth)
                    .clock(Told(AssertUnwindSafe(clock.clone())))
                    .build(),
            ),
        };
        let api = config.api.as_str().trim_end_matches('/').to_owned();
        let redirect_uri = config.redirect_uri.to_string();
        let nonces = Nonces::default();
        Ok(OAuth { grant, revocation, id_tokens, wire, clock, redirect_uri, api, nonces })
    }

    /// Whether the bank is asked who somebody is.
    pub(crate) fn knows_people(&self) -> bool {
        self.id_tokens.is_some()
    }

    /// Pushes an authorization request (RFC 9126) with an authorization detail (RFC 9396), or without one if it asks
    /// for nothing but who the person is. Asks for an id token where the bank makes them.
    pub(crate) async fn push(
        &self,
        key: &ClientKey,
        mut scope: Vec<String>,
        detail: Option<(&str, Vec<(&'static str, Value)>)>,
    ) -> Result<Pushed, Miss> {
        if self.knows_people() {
            scope.insert(0, OPENID.to_owned());
        }
        let data = detail.is_some();
        let detail = detail.map(|(kind, fields)| {
            let mut detail = AuthorizationDetail::builder(kind).build();
            detail.fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            vec![detail]
        });
        let input = StartInput::builder()
            .scope(scope)
            .maybe_authorization_details(detail)
            .maybe_resource(data.then(|| vec![self.api.clone()]))
            .build();
        let started = self.keyed(key)?.start(input).await.map_err(|e| miss(&e))?;
        let pending = started.pending_state;
        let verifier = pending.pkce_verifier.ok_or_else(|| Miss::last(BankFault::Unsendable))?;
        Ok(Pushed {
            authorization_url: started.authorization_url.to_string(),
            state: Secret::new(pending.state),
            verifier: Secret::new(verifier),
            nonce: pending.nonce.map(Secret::new),
        })
    }

    /// Exchanges a code, for a token for the API if there is data to read. Its state and issuer were checked where
    /// it came back.
    pub(crate) async fn exchange(
        &self,
        key: &ClientKey,
        code: &str,
        verifier: &Secret,
        data: bool,
    ) -> Result<Issued, Miss> {
        let parameters = AuthorizationCodeGrantParameters::builder()
            .dpop_jkt(key.thumbprint())
            .code(code)
            .pkce_verifier(verifier.expose())
            .maybe_resource(data.then(|| vec![self.api.clone()]))
            .build();
        let answer = self.keyed(key)?.exchange(parameters).await.map_err(|e| miss(&e))?;
        self.issued(key, &answer)
    }

    /// Who signed in, as the id token of an answer says, if it is to be believed.
    pub(crate) async fn subject(&self, issued: &Issued, nonce: &Secret) -> Result<Subject, BankFault> {
        let id_tokens = self.id_tokens.as_ref().ok_or(BankFault::NoSignIn)?;
        let token = issued.id_token.as_ref().ok_or(BankFault::Unproven(Unproven::Missing))?;
        id_tokens.subject(token, nonce).await
    }

    /// A new access token. The original details are not sent again: servers take that for a new request.
    pub(crate) async fn refresh(&self, key: &ClientKey, refresh_token: &Secret) -> Result<Issued, Miss> {
        let token = RefreshToken::new(SecretString::new(refresh_token.expose()), Some(key.thumbprint()));
        let grant = self.keyed(key)?.to_refresh_grant();
        let parameters =
            RefreshGrantParameters::builder().refresh_token(token).resource(vec![self.api.clone()]);
        self.issued(key, &grant.exchange(parameters.build()).await.map_err(|e| miss(&e))?)
    }

    /// Revokes a refresh token (RFC 7009). A token that the bank does not know is fine; so is a bank
    /// without a revocation endpoint.
    pub(crate) async fn revoke(&self, refresh_token: &Secret) -> Result<(), Miss> {
        let Some(revocation) = &self.revocation else { return Ok(()) };
        let token = RefreshToken::new(SecretString::new(refresh_token.expose()), None);
        revocation.revoke(&self.wire, &token).await.map_err(|e| miss(&e))
    }

    /// The headers that prove a request: the token and a fresh DPoP proof.
    pub(crate) async fn prove(
        &self,
        access: &Access,
        method: &Method,
        uri: &Uri,
    ) -> Result<HeaderMap, BankFault> {
        let proof = access
            .prover
            .proof_at(method, uri, &access.token, &access.jkt, self.clock.now())
            .await
            .map_err(unsendable)?
            .ok_or(BankFault::Unsendable)?;
        let mut headers = HeaderMap::new();
        for (name, text) in [
            (header::AUTHORIZATION, format!("DPoP {}", access.token.expose_secret())),
            (HeaderName::from_static("dpop"), proof.expose_secret().to_owned()),
        ] {
            let mut value = HeaderValue::from_str(&text).map_err(|_| BankFault::Unsendable)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// Learns the nonce that an answer of the API carries; says whether the request should be sent again
    /// with it.
    pub(crate) fn learn(&self, uri: &Uri, status: StatusCode, headers: &HeaderMap) -> bool {
        if let Some(nonce) = headers.get(NONCE).and_then(|n| n.to_str().ok()) {
            let origin = (uri.scheme().cloned(), uri.host().map(str::to_owned), uri.port_u16());
            let mut nonces = self.nonces.write().unwrap_or_else(PoisonError::into_inner);
            nonces.insert(origin, Arc::new(nonce.to_owned()));
        }
        authorizer::dpop_resend_advised(status, headers)
    }

    fn keyed(&self, key: &ClientKey) -> Result<AuthorizationCodeGrant, Miss> {
        let keyed = self.grant.with_session_dpop_key(signer(key, false).map_err(Miss::last)?);
        keyed.map_err(|e| Miss::last(unsendable(e)))
    }

    /// Reads a token answer. A token that is not bound to our key is refused here.
    fn issued(&self, key: &ClientKey, answer: &TokenResponse) -> Result<Issued, Miss> {
        let AccessToken::DPoP(token) = answer.access_token() else {
            return Err(Miss::last(BankFault::Weakened(Weakening::BearerToken)));
        };
        let raw = answer.raw_token_response();
        let lifetime = raw.expires_in.unwrap_or(UNNAMED_LIFETIME).min(LONGEST_LIFETIME);
        let lifetime = SignedDuration::from_secs(lifetime.saturating_sub(MARGIN) as i64);
        let until = answer.received_at().checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let details = answer.authorization_details().map(|details| {
            details.iter().map(|d| serde_json::to_value(d).unwrap_or(Value::Null)).collect::<Vec<_>>()
        });
        let signer = signer(key, false).map_err(Miss::last)?;
        let prover = ResourceDPoP::builder().signer(signer).nonces(self.nonces.clone()).build();
        let (token, jkt) = (token.token().clone(), token.jkt().to_owned());
        Ok(Issued {
            access: Access { token, jkt, prover, until },
            refresh: answer.refresh_token().map(|t| Secret::new(t.token().expose_secret())),
            details,
            grant_id: answer.get_extra("grant_id").and_then(Value::as_str).map(str::to_owned),
            id_token: answer.id_token().cloned(),
        })
    }
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}

/// A key in the library's form; with its name for client authentication, without for proofs.
fn signer(
    key: &ClientKey,
    named: bool,
) -> Result<impl AsymmetricJwsSignerSelector + Clone + 'static, BankFault> {
    let name = named.then(|| key.thumbprint());
    let jwk = pkcs8_der(key.to_pkcs8_der(), AsymmetricAlgorithm::Es256, name.as_deref());
    jwk.and_then(PrivateKey::from_jwk).map_err(unsendable)
}

fn unsendable(error: Error) -> BankFault {
    tracing::error!("the OAuth library refuses its input: {error:#}");
    BankFault::Unsendable
}

/// What an error of the library means.
fn miss(error: &Error) -> Miss {
    for cause in error.chain() {
        if let Some(answered) = cause.downcast_ref::<Answered>() {
            return Miss::status(answered.status, answered.retry_after);
        }
        if let Some(transport) = cause.downcast_ref::<reqwest::Error>() {
            return Miss::transport(transport);
        }
    }
    let Some(verdict) = error.verdict() else {
        tracing::warn!("the authorization server's answer cannot be used: {}", error.cause());
        return Miss::last(BankFault::unreadable(Unreadable::Form));
    };
    match verdict.code() {
        OAuthErrorCode::InvalidClient | OAuthErrorCode::UnauthorizedClient => {
            Miss::last(BankFault::InvalidClient)
        }
        OAuthErrorCode::InvalidGrant => Miss::last(BankFault::ConsentEnded),
        OAuthErrorCode::TemporarilyUnavailable | OAuthErrorCode::ServerError => Miss::status(503, None),
        code => Miss::last(BankFault::OAuthRefused { code: plain(code.as_str()) }),
    }
}

/// An error code as we show it: visible ASCII, at most 60 characters.
pub(crate) fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_graphic).take(60).collect()
}

/// Our clock, told to the library. A clock has no state that a panic could leave half-done.
#[derive(Debug)]
struct Told(AssertUnwindSafe<Arc<dyn Clock>>);

impl huskarl::core::time::Clock for Told {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// The library's transport, with 429 and 5xx answers as facts that we can read again.
#[derive(Clone)]
struct Wire {
    inner: ReqwestClient,
    clock: Arc<dyn Clock>,
}

/// The server itself refused: 429 or 5xx.
#[derive(Debug, thiserror::Error)]
#[error("status {status}")]
struct Answered {
    status: u16,
    retry_after: Option<Duration>,
}

impl HttpClient for Wire {
    fn execute(
        &self,
        request: Request<bytes::Bytes>,
        idempotency: Idempotency,
    ) -> MaybeSendBoxFuture<'_, Result<HttpResponse, Error>> {
        Box::pin(async move {
            let answer = self.inner.execute(request, idempotency).await?;
            if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
                let retry_after = retry_after(&answer.headers, self.clock.now());
                let answered = Answered { status: answer.status.as_u16(), retry_after };
                return Err(Error::new(RetryAdvice::RETRY, answered));
            }
            Ok(answer)
        })
    }
}

/// The wait that an answer asks for (RFC 9110 §10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    retry_after_at(headers, now)
}
