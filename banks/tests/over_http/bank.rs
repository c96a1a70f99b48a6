//! A bank for tests: an authorization server that checks what a FAPI 2.0 server checks, a small API, and
//! switches for everything that a bank can do wrong.

use axum::{
    Form, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use banks::{Begun, ClientKey, Connector, ConnectorConfig, Grant, Limits, LinkAsk, Linked, Refresh};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::DataClass;
use jiff::Timestamp;
use oauth_as::{
    authorization::{AuthorizationError, ValidatedAuthorizationRequest},
    client::{Client, ClientAuth, ClientId},
    client_assertion::AssertionKeys,
    grant::GrantType,
    http::ServiceBuilder,
    jwt::{AccessTokenFormat, AlgAllowList, EcdsaP256Key, Jwk, JwsAlg, JwtConfig},
    par::ParConfig,
    rar::{AuthorizationDetail, AuthorizationDetails},
    scope::ScopeSet,
    server::{AssertionAudience, AuthorizationServer, RefreshRotation, ServerConfig, UserApproval},
    store::{MemoryStorage, Storage},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};
use tokio::net::TcpListener;

pub const CUSTOMER: &str = "cus_00000000000000000000000000000001";
pub const CONSENT: &str = "cst_00000000000000000000000000000002";
pub const CALLBACK: &str = "https://gateway.example/link/callback";
/// An API that nobody serves: the port belongs to a protocol that is not used any more.
pub const NOBODY: &str = "http://127.0.0.1:9/fdx/v6";
/// The nonce that every proof at the API must carry.
const NONCE: &str = "nonce-1";

/// The time, for the bank and for us.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    /// A Saturday morning.
    pub fn new() -> Self {
        TestClock(Arc::new(Mutex::new("2026-11-21T09:00:00Z".parse().unwrap())))
    }

    pub fn pass(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(time).unwrap();
    }
}

impl domain::Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl oauth_as::server::Clock for TestClock {
    fn now(&self) -> SystemTime {
        SystemTime::from(*self.0.lock().unwrap())
    }
}

/// Changes a JSON document before it goes out.
pub type Edit = fn(&mut Value);

/// An id token before it goes out.
pub struct Draft {
    pub header: Value,
    pub claims: Value,
    pub signed: Signed,
    pub left_out: bool,
}

/// Who signs it.
pub enum Signed {
    ByBank,
    ByAnother,
    Nothing,
}

impl Draft {
    pub fn move_claim(&mut self, name: &str, seconds: i64) {
        self.claims[name] = json!(self.claims[name].as_i64().unwrap() + seconds);
    }
}

/// Changes an id token before it goes out.
pub type Forge = fn(&mut Draft);

/// What the API does next, instead of what it should.
pub enum Next {
    /// Answers so.
    Answer(u16, Value),
    /// Asks for a wait of so many seconds.
    Wait(u16, u64),
    /// Takes the connection and says nothing.
    Silence,
    /// Sends a redirect to itself.
    Redirect,
    /// As it should.
    AsUsual,
}

type Server = AuthorizationServer<MemoryStorage, TestClock>;

/// The switches and the memory of the bank.
pub struct Bank {
    pub issuer: String,
    pub clock: TestClock,
    server: Arc<Server>,
    key: EcdsaP256Key,
    waiting: Mutex<HashMap<String, ValidatedAuthorizationRequest>>,
    consents: Mutex<HashMap<String, &'static str>>,
    pub metadata: Mutex<Option<Edit>>,
    pub token: Mutex<Option<Edit>>,
    pub consent: Mutex<Option<Edit>>,
    pub id_token: Mutex<Option<Forge>>,
    /// What was pushed, in order.
    pub pushed: Mutex<Vec<HashMap<String, String>>>,
    pub next: Mutex<VecDeque<Next>>,
    pub accounts: Mutex<Vec<Value>>,
    pub transactions: Mutex<HashMap<String, Vec<Value>>>,
    /// What reached the bank, in order: method and path with its query.
    pub seen: Mutex<Vec<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// A bank that runs, with the key that it knows us by.
pub struct Running {
    pub bank: Arc<Bank>,
    pub key: ClientKey,
}

impl Running {
    pub async fn start() -> Self {
        Self::with(RefreshRotation::Reuse).await
    }

    pub async fn with(rotation: RefreshRotation) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let key = ClientKey::generate().unwrap();
        let clock = TestClock::new();
        let signing = EcdsaP256Key::generate("as-1");
        let server = Arc::new(authorization_server(&issuer, rotation, clock.clone(), signing.clone()));
        server.register_client(client(&key)).await.unwrap();
        let bank = Arc::new(Bank {
            issuer,
            clock,
            server: server.clone(),
            key: signing,
            waiting: Mutex::default(),
            consents: Mutex::default(),
            metadata: Mutex::default(),
            token: Mutex::default(),
            consent: Mutex::default(),
            id_token: Mutex::default(),
            pushed: Mutex::default(),
            next: Mutex::default(),
            accounts: Mutex::new(accounts()),
            transactions: Mutex::default(),
            seen: Mutex::default(),
        });
        let library: Router = ServiceBuilder::new(server).build().unwrap().into();
        let app = Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/authorize", get(authorize))
            .route("/interaction/{id}", axum::routing::post(decide))
            .route("/fdx/v6/{*path}", axum::routing::any(api))
            .fallback_service(library)
            .layer(axum::middleware::from_fn_with_state(bank.clone(), around))
            .with_state(bank.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Running { bank, key }
    }

    pub fn config(&self) -> ConnectorConfig {
        ConnectorConfig {
            bank: "harbour".parse().unwrap(),
            issuer: self.bank.issuer.parse().unwrap(),
            api: format!("{}/fdx/v6", self.bank.issuer).parse().unwrap(),
            native: None,
            client_id: "parlour".into(),
            redirect_uri: CALLBACK.parse().unwrap(),
            signing_key: self.key.clone(),
            sign_in: true,
            refresh: Refresh::Keep,
            roots: None,
            limits: Limits { first_wait: Duration::from_millis(1), ..Limits::default() },
        }
    }

    pub async fn connector(&self) -> Connector {
        self.connect(self.config()).await
    }

    pub async fn connect(&self, config: ConnectorConfig) -> Connector {
        Connector::discover(config, Arc::new(self.bank.clock.clone())).await.unwrap()
    }

    /// What the customer does at the bank: signs in and presses a button. Gives the query of the way back.
    pub async fn sign_in(&self, begun: &Begun, decision: &str) -> String {
        self.sign_in_at(begun.authorization_url.clone(), decision).await
    }

    pub async fn sign_in_at(&self, address: url::Url, decision: &str) -> String {
        rustls::crypto::ring::default_provider().install_default().ok();
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let location = |r: &reqwest::Response| r.headers()["location"].to_str().unwrap().to_owned();
        let page = browser.get(address).send().await.unwrap();
        let form = format!("{}{}", self.bank.issuer, location(&page));
        let back = browser.post(form).form(&[("decision", decision)]).send().await.unwrap();
        location(&back).strip_prefix(CALLBACK).unwrap().to_owned()
    }

    /// A whole link for these classes.
    pub async fn link(&self, connector: &Connector, classes: &[DataClass]) -> Linked {
        let begun = connector.begin_link(&ask(classes)).await.unwrap();
        let back = self.sign_in(&begun, "approve").await;
        connector.finish_link(&begun.pending, &back).await.unwrap()
    }

    /// A connector with a grant for everything.
    pub async fn linked(&self) -> (Connector, Grant) {
        let connector = self.connector().await;
        let grant = self.link(&connector, DataClass::ALL).await.grant;
        (connector, grant)
    }

    /// How often a path was asked for.
    pub fn asked(&self, what: &str) -> usize {
        lock(&self.bank.seen).iter().filter(|seen| seen.contains(what)).count()
    }

    /// What the API does next, in this order.
    pub fn then(&self, next: impl IntoIterator<Item = Next>) {
        lock(&self.bank.next).extend(next);
    }

    pub fn end_consents(&self, status: &'static str) {
        lock(&self.bank.consents).values_mut().for_each(|s| *s = status);
    }

    pub fn has_transactions(&self, account: &str, transactions: Vec<Value>) {
        lock(&self.bank.transactions).insert(account.into(), transactions);
    }
}

pub fn ask(classes: &[DataClass]) -> LinkAsk {
    LinkAsk {
        consent: CONSENT.parse().unwrap(),
        customer: CUSTOMER.parse().unwrap(),
        data_classes: classes.to_vec(),
        orders: true,
        reports: false,
        events: true,
        days: 90,
        lookback_days: 180,
    }
}

fn accounts() -> Vec<Value> {
    let account = |id: &str, kind: &str, current: f64| {
        json!({"accountCategory": "DEPOSIT_ACCOUNT", "accountId": id, "accountType": kind, "nickname": kind,
            "accountNumberDisplay": "1234", "status": "OPEN", "currency": {"currencyCode": "USD"},
            "currentBalance": current, "availableBalance": 1350.00, "balanceAsOf": "2026-11-20T12:00:00Z"})
    };
    vec![account("a-1", "CHECKING", 1399.02), account("a-2", "SAVINGS", 0.1), account("a-3", "CD", 1.0)]
}

fn scopes() -> ScopeSet {
    let names = [
        "openid",
        "fdx:accountbasic:read",
        "fdx:balances:read",
        "fdx:transactions:read",
        "fdx:statements:read",
    ];
    ScopeSet::from_tokens(names).unwrap()
}

fn client(key: &ClientKey) -> Client {
    let keys = vec![Jwk::from_json(&key.public_jwk()).unwrap()];
    Client {
        client_id: ClientId::new("parlour"),
        auth: ClientAuth::ConfidentialAssertion {
            keys: AssertionKeys::PublicKeys { alg: JwsAlg::Es256, keys },
        },
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        redirect_uris: vec![CALLBACK.into()],
        allowed_scopes: scopes(),
        default_scopes: scopes(),
        name: Some("Parlour".into()),
        registration: None,
    }
}

fn authorization_server(
    issuer: &str,
    rotation: RefreshRotation,
    clock: TestClock,
    key: EcdsaP256Key,
) -> Server {
    let api = format!("{issuer}/fdx/v6");
    let mut par = ParConfig::new();
    par.require_pushed_authorization_requests = true;
    par.require_redirect_uri = true;
    let mut config = ServerConfig::new(issuer, format!("{issuer}/device"))
        .with_refresh_rotation(rotation)
        .with_assertion_audience(AssertionAudience::IssuerOnly)
        .with_jws_alg_allow_list(AlgAllowList::only(&[JwsAlg::Es256]));
    config.par = Some(Box::new(par));
    config.require_dpop = true;
    config.access_token_ttl = Duration::from_secs(900);
    config.authorization_details_types_supported = Some(vec!["fdx_v1.0".into()]);
    config.allowed_resources = Some(vec![api.clone().into(), NOBODY.into()].into());
    let signing = JwtConfig::new(key, api).with_jwks_uri(format!("{issuer}/jwks"));
    config.access_token_format = AccessTokenFormat::Jwt(Box::new(signing));
    AuthorizationServer::with_clock(config, MemoryStorage::new(), clock)
}

async fn metadata(State(bank): State<Arc<Bank>>) -> Response {
    let mut document = serde_json::to_value(bank.server.metadata()).unwrap();
    document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt"]);
    document["token_endpoint_auth_signing_alg_values_supported"] = json!(["ES256"]);
    document["grant_types_supported"] = json!(["authorization_code", "refresh_token"]);
    document["scopes_supported"] = json!(["openid", "fdx:accountbasic:read", "fdx:balances:read"]);
    document["id_token_signing_alg_values_supported"] = json!(["ES256"]);
    edit(&bank.metadata, &mut document);
    axum::Json(document).into_response()
}

fn edit(switch: &Mutex<Option<Edit>>, document: &mut Value) {
    if let Some(edit) = *lock(switch) {
        edit(document);
    }
}

async fn authorize(State(bank): State<Arc<Bank>>, Query(query): Query<HashMap<String, String>>) -> Response {
    let (client, uri) = (&query["client_id"], &query["request_uri"]);
    match bank.server.validate_pushed_authorization_request(client, uri).await {
        Ok(valid) => {
            let id = lock(&bank.waiting).len().to_string();
            lock(&bank.waiting).insert(id.clone(), valid);
            Redirect::to(&format!("/interaction/{id}")).into_response()
        }
        Err(error) => refused(error),
    }
}

fn refused(error: AuthorizationError) -> Response {
    match error {
        AuthorizationError::Redirect(back) => Redirect::to(&back.location()).into_response(),
        AuthorizationError::Direct(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn decide(
    State(bank): State<Arc<Bank>>,
    Path(id): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut request = lock(&bank.waiting).get(&id).unwrap().clone();
    if form["decision"] != "approve" {
        return Redirect::to(&request.denied().location()).into_response();
    }
    let consent = format!("c-{id}");
    let is_link = !request.authorization_details.as_slice().is_empty();
    let mut details: Vec<AuthorizationDetail> = request.authorization_details.as_slice().to_vec();
    for detail in &mut details {
        detail.other.insert("consentId".into(), json!(consent));
    }
    request.authorization_details = AuthorizationDetails::from_elements(details);
    if is_link {
        lock(&bank.consents).insert(consent, "ACTIVE");
    }
    let redirect = request.redirect_uri.clone();
    match bank.server.issue_authorization_code(UserApproval::granted(&request, "alice")).await {
        Ok(granted) => Redirect::to(&granted.location(&redirect)).into_response(),
        Err(error) => refused(error),
    }
}

/// Writes down what comes in; gives `grant_id` with tokens; refuses to refresh what has ended.
async fn around(State(bank): State<Arc<Bank>>, request: Request, next: axum::middleware::Next) -> Response {
    lock(&bank.seen).push(format!("{} {}", request.method(), request.uri()));
    if !matches!(request.uri().path(), "/token" | "/par") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 * 1024).await.unwrap();
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    if parts.uri.path() == "/par" {
        lock(&bank.pushed).push(form);
        return next.run(Request::from_parts(parts, Body::from(body))).await;
    }
    if let Some(ended) = ended(&bank, &form).await {
        return ended;
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (mut parts, body) = answer.into_parts();
    let body = to_bytes(body, 64 * 1024).await.unwrap();
    if parts.status != StatusCode::OK {
        return Response::from_parts(parts, Body::from(body));
    }
    let mut token: Value = serde_json::from_slice(&body).unwrap();
    token["grant_id"] = token["authorization_details"][0]["consentId"].clone();
    if let Some(id_token) = id_token(&bank, &form) {
        token["id_token"] = json!(id_token);
    }
    edit(&bank.token, &mut token);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(token.to_string()))
}

/// The id token of the attempt whose PKCE verifier this is, if it asked for one.
fn id_token(bank: &Bank, form: &HashMap<String, String>) -> Option<String> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier")?));
    let pushed = lock(&bank.pushed).iter().find(|p| p["code_challenge"] == challenge).cloned()?;
    let now = domain::Clock::now(&bank.clock).as_second();
    let mut draft = Draft {
        header: json!({ "alg": "ES256", "typ": "JWT", "kid": "as-1" }),
        claims: json!({ "iss": bank.issuer, "sub": "alice-for-parlour", "aud": "parlour", "iat": now,
            "exp": now + 300, "auth_time": now, "nonce": pushed.get("nonce")? }),
        signed: Signed::ByBank,
        left_out: false,
    };
    if let Some(forge) = *lock(&bank.id_token) {
        forge(&mut draft);
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&draft.header), part(&draft.claims));
    let signature = match draft.signed {
        Signed::ByBank => bank.key.sign_signing_input(&signed).unwrap(),
        Signed::ByAnother => EcdsaP256Key::generate("as-1").sign_signing_input(&signed).unwrap(),
        Signed::Nothing => vec![],
    };
    (!draft.left_out).then(|| format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

async fn ended(bank: &Bank, form: &HashMap<String, String>) -> Option<Response> {
    let record = bank.server.store().get_refresh_token(form.get("refresh_token")?).await.unwrap()?;
    let detail = record.authorization_details.as_slice().first()?.other.get("consentId")?.clone();
    let active = lock(&bank.consents).get(detail.as_str()?) == Some(&"ACTIVE");
    let refusal = (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "invalid_grant" })));
    (!active).then(|| refusal.into_response())
}

async fn api(
    State(bank): State<Arc<Bank>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let consent = match proven(&bank, &method, &uri, &headers) {
        Ok(consent) => consent,
        Err(refusal) => return *refusal,
    };
    let next = lock(&bank.next).pop_front();
    match next {
        None | Some(Next::AsUsual) => answered(&bank, &method, &uri, &consent, &body),
        Some(Next::Answer(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
        }
        Some(Next::Wait(status, seconds)) => {
            let mut answer = StatusCode::from_u16(status).unwrap().into_response();
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            answer
        }
        Some(Next::Silence) => std::future::pending().await,
        Some(Next::Redirect) => Redirect::temporary(&uri.to_string()).into_response(),
    }
}

/// The consent of a request that proves what it must: a live token, bound to the key of a fresh proof for this
/// very request, with the nonce.
fn proven(bank: &Bank, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<String, Box<Response>> {
    assert!(headers.contains_key("x-fapi-interaction-id") && headers["fdx-api-actor-type"] == "USER");
    let token = headers["authorization"].to_str().unwrap().strip_prefix("DPoP ").expect("a bound token");
    let proof = headers["dpop"].to_str().unwrap();
    let claims = part(proof, 1);
    assert_eq!(claims["htm"], method.as_str());
    assert_eq!(claims["htu"], format!("{}{}", bank.issuer, uri.path()));
    assert_eq!(claims["ath"], URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
    assert_eq!(part(proof, 0)["alg"], "ES256");
    if claims["nonce"] != NONCE {
        return Err(Box::new(unauthorised("use_dpop_nonce")));
    }
    let claims = part(token, 1);
    let now = domain::Clock::now(&bank.clock).as_second();
    let consent = claims["authorization_details"][0]["consentId"].as_str().unwrap();
    let active = lock(&bank.consents).get(consent) == Some(&"ACTIVE");
    if !active || claims["exp"].as_i64().unwrap() <= now {
        return Err(Box::new(unauthorised("invalid_token")));
    }
    Ok(consent.to_owned())
}

fn unauthorised(error: &str) -> Response {
    let challenge = format!("DPoP error=\"{error}\"");
    let headers = [("www-authenticate", challenge.as_str()), ("dpop-nonce", NONCE)];
    (StatusCode::UNAUTHORIZED, headers).into_response()
}

fn part(jwt: &str, index: usize) -> Value {
    let part = jwt.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn answered(bank: &Bank, method: &Method, uri: &Uri, consent: &str, body: &Bytes) -> Response {
    let path: Vec<&str> = uri.path().trim_start_matches("/fdx/v6/").split('/').collect();
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    match (method.as_str(), path.as_slice()) {
        ("GET", ["accounts"]) => list("accounts", &lock(&bank.accounts), &query),
        ("GET", ["accounts", id, "transactions"]) => match lock(&bank.transactions).get(*id) {
            Some(rows) => list("transactions", rows, &query),
            None => (StatusCode::NOT_FOUND, axum::Json(json!({ "code": "1107" }))).into_response(),
        },
        ("GET", ["consents", id]) if *id == consent => {
            let account =
                |id: &str| json!({"resourceType": "ACCOUNT", "resourceId": id, "dataClusters": ["BALANCES"]});
            let mut record = json!({"id": consent, "status": lock(&bank.consents)[consent],
                "resources": [account("a-1"), account("a-2")], "expirationTime": "2027-02-19T09:00:00Z"});
            edit(&bank.consent, &mut record);
            axum::Json(record).into_response()
        }
        ("PUT", ["consents", id, "revocation"]) if *id == consent => {
            let reason: Value = serde_json::from_slice(body).unwrap();
            assert_eq!(reason, json!({"reason": "USER_ACTION", "initiator": "INDIVIDUAL"}));
            lock(&bank.consents).insert(consent.into(), "REVOKED");
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A page of a list; page keys are the number of the first row.
fn list(name: &str, rows: &[Value], query: &HashMap<String, String>) -> Response {
    let number = |key: &str| query.get(key).and_then(|n| n.parse::<usize>().ok());
    let (first, limit) = (number("pageKey").unwrap_or(0), number("limit").unwrap_or(100));
    let last = (first + limit).min(rows.len());
    let mut page = json!({ "totalElements": rows.len() });
    if last < rows.len() {
        page["nextPageKey"] = json!(last.to_string());
    }
    axum::Json(json!({ "page": page, name: rows[first.min(last)..last] })).into_response()
}
