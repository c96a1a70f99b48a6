//! The authorization server's set-up and its metadata document.

use std::sync::Arc;

use oauth_as::{
    client::{Client, ClientAuth, ClientId},
    client_assertion::AssertionKeys,
    grant::GrantType,
    jwt::{AccessTokenFormat, AlgAllowList, EcdsaP256Key, Jwk, JwsAlg, JwtConfig, KeyError, VerifyError},
    par::ParConfig,
    scope::ScopeSet,
    server::{AssertionAudience, AuthorizationServer, RefreshRotation, ServerConfig},
    store::{Storage, StorageError},
};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};
use thiserror::Error;

use super::{
    DETAIL_TYPE,
    openid::{self, IdTokens},
    revocations,
    storage::SqliteStorage,
};
use crate::{
    ClientRegistration, chance,
    clock::SharedClock,
    db::{Db, DbFault},
    limits,
    services::{self, Service},
};

/// The authorization server over the bank's database and clock.
pub(crate) type Server = AuthorizationServer<SqliteStorage, SharedClock>;

/// The scopes that go with the data clusters, in FDX's pattern.
const FDX_SCOPES: [&str; 5] = [
    "fdx:accountbasic:read",
    "fdx:accountdetailed:read",
    "fdx:balances:read",
    "fdx:transactions:read",
    "fdx:statements:read",
];

/// All scopes: those of FDX, one for each service of the native API, and that of webhooks.
pub(crate) fn scopes() -> Vec<&'static str> {
    let native = Service::ALL.iter().map(|service| service.scope());
    FDX_SCOPES.into_iter().chain(native).chain([services::WEBHOOKS]).collect()
}

/// Why the authorization server cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerFault {
    /// The kept signing key cannot be read.
    #[error("the kept signing key: {0}")]
    SigningKey(#[from] KeyError),
    /// A client's key cannot be used.
    #[error("the key of client {client_id:?}: {fault}")]
    ClientKey {
        /// Whose key.
        client_id: String,
        /// What is wrong with it.
        fault: VerifyError,
    },
    /// A record could not be written or read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbFault),
}

/// Where the API is, seen from outside; access tokens are for this audience.
pub(crate) fn api_url(issuer: &str) -> String {
    format!("{issuer}/fdx/v6")
}

/// A secret that is made at the first start and kept.
pub(crate) fn kept(
    db: &Db,
    name: &str,
    make: impl FnOnce() -> Result<Vec<u8>, KeyError>,
) -> Result<Vec<u8>, ServerFault> {
    let there: Option<Vec<u8>> = db.transact_here(|tx| {
        tx.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0))
            .optional()
            .map_err(DbFault::from)
    })?;
    if let Some(bytes) = there {
        return Ok(bytes);
    }
    let bytes = make()?;
    let value = bytes.clone();
    db.transact_here(|tx| {
        tx.execute("INSERT INTO facts (name, value) VALUES (?1, ?2)", params![name, value])
            .map_err(DbFault::from)
    })?;
    Ok(bytes)
}

/// Opens the server: its kept key, its rules, its clients.
pub(crate) async fn open(
    issuer: &str,
    db: &Db,
    clock: SharedClock,
    clients: &[ClientRegistration],
) -> Result<Arc<Server>, ServerFault> {
    let key = signing_key(db)?;
    let storage = SqliteStorage::new(db.clone(), clock.clone());
    let server = Arc::new(AuthorizationServer::with_clock(rules(issuer, key), storage, clock.clone()));
    for client in clients {
        server.register_client(registered(client)?).await?;
    }
    remove_others(db, &server, clients, &clock).await?;
    Ok(server)
}

/// The key that signs access tokens and id tokens, named by its thumbprint.
fn signing_key(db: &Db) -> Result<EcdsaP256Key, ServerFault> {
    let der = kept(db, "signing key", || EcdsaP256Key::generate("new").to_pkcs8_der())?;
    let kid = EcdsaP256Key::from_pkcs8_der("unnamed", &der)?.public_jwk().thumbprint();
    Ok(EcdsaP256Key::from_pkcs8_der(kid, &der)?)
}

/// What makes id tokens, with its kept keys.
pub(crate) fn id_tokens(issuer: &str, db: &Db) -> Result<IdTokens, ServerFault> {
    let pairwise = kept(db, "pairwise key", || Ok(chance::secret::<32>().to_vec()))?;
    Ok(IdTokens { issuer: issuer.to_owned(), key: signing_key(db)?, pairwise })
}

/// The rules: FAPI 2.0 Security Profile, section 5.3.2, with DPoP.
fn rules(issuer: &str, key: EcdsaP256Key) -> ServerConfig {
    let mut par = ParConfig::new();
    par.require_pushed_authorization_requests = true;
    par.require_redirect_uri = true;
    par.request_uri_ttl = limits::REQUEST_URI_AGE;
    // The device grant is never routed nor offered; the library only wants an address for it.
    let mut rules = ServerConfig::new(issuer, format!("{issuer}/no-devices"))
        .with_refresh_rotation(RefreshRotation::Reuse)
        .with_assertion_audience(AssertionAudience::IssuerOnly)
        .with_jws_alg_allow_list(AlgAllowList::only(&[JwsAlg::Es256]));
    rules.par = Some(Box::new(par));
    rules.require_dpop = true;
    rules.authorization_code_ttl = limits::CODE_AGE;
    rules.access_token_ttl = limits::ACCESS_TOKEN_AGE;
    rules.refresh_token_ttl = Some(limits::REFRESH_TOKEN_AGE);
    rules.authorization_details_types_supported = Some(vec![DETAIL_TYPE.to_owned()]);
    rules.scopes_supported = Some([openid::SCOPE].into_iter().chain(scopes()).map(str::to_owned).collect());
    rules.introspection_endpoint = Some(format!("{issuer}/introspect"));
    let api = api_url(issuer);
    rules.allowed_resources = Some(vec![api.clone().into()].into());
    let jwt = JwtConfig::new(key, api).with_jwks_uri(format!("{issuer}/jwks"));
    rules.access_token_format = AccessTokenFormat::Jwt(Box::new(jwt));
    rules
}

fn registered(client: &ClientRegistration) -> Result<Client, ServerFault> {
    let client_id = client.client_id.clone();
    let jwk = Jwk::from_json(&client.jwk).map_err(|fault| ServerFault::ClientKey { client_id, fault })?;
    let with_person = ScopeSet::from_tokens([openid::SCOPE].into_iter().chain(scopes()));
    let scopes = ScopeSet::from_tokens(scopes()).unwrap_or_else(|_| ScopeSet::empty());
    Ok(Client {
        client_id: ClientId::new(&client.client_id),
        auth: ClientAuth::ConfidentialAssertion {
            keys: AssertionKeys::PublicKeys { alg: JwsAlg::Es256, keys: vec![jwk] },
        },
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        redirect_uris: client.redirect_uris.clone(),
        allowed_scopes: with_person.unwrap_or_else(|_| ScopeSet::empty()),
        default_scopes: scopes,
        name: Some(client.name.clone()),
        registration: None,
    })
}

/// Removes clients that the bank's configuration does not name any more, with their tokens.
async fn remove_others(
    db: &Db,
    server: &Server,
    clients: &[ClientRegistration],
    clock: &SharedClock,
) -> Result<(), ServerFault> {
    let known: Vec<String> = db.transact_here(|tx| {
        let mut statement = tx.prepare("SELECT id FROM oauth_clients").map_err(DbFault::from)?;
        let rows = statement.query_map([], |row| row.get(0)).map_err(DbFault::from)?;
        rows.collect::<Result<_, _>>().map_err(DbFault::from)
    })?;
    let window = revocations::window(clock.now().into(), limits::REVOCATION_MEMORY);
    for id in known.into_iter().filter(|id| clients.iter().all(|client| client.client_id != *id)) {
        server.store().delete_client(&ClientId::new(&id), window).await?;
    }
    Ok(())
}

/// The metadata document (RFC 8414, OpenID Connect Discovery 1.0), with what the library offers and this bank does not taken
/// out: the bank has no devices, no secrets, no other algorithms.
pub(crate) fn metadata(server: &Server) -> Value {
    let mut document = serde_json::to_value(server.metadata()).unwrap_or_default();
    let Some(members) = document.as_object_mut() else { return document };
    members.remove("device_authorization_endpoint");
    let es256 = json!(["ES256"]);
    for endpoint in ["token", "introspection", "revocation"] {
        members.insert(format!("{endpoint}_endpoint_auth_methods_supported"), json!(["private_key_jwt"]));
        members.insert(format!("{endpoint}_endpoint_auth_signing_alg_values_supported"), es256.clone());
    }
    members.insert("grant_types_supported".into(), json!(["authorization_code", "refresh_token"]));
    members.insert("response_types_supported".into(), json!(["code"]));
    members.insert("response_modes_supported".into(), json!(["query"]));
    members.insert("code_challenge_methods_supported".into(), json!(["S256"]));
    members.insert("id_token_signing_alg_values_supported".into(), es256.clone());
    members.insert("subject_types_supported".into(), json!(["pairwise"]));
    let claims = json!(["iss", "sub", "aud", "exp", "iat", "nonce", "auth_time"]);
    members.insert("claims_supported".into(), claims);
    members.insert("dpop_signing_alg_values_supported".into(), es256);
    document
}
