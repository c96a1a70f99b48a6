//! What a bank's authorization server must be able to do before we link anybody with it.
//!
//! The rules are those of the FAPI 2.0 Security Profile. A server that does not *require* pushed requests is
//! taken: we push every request all the same, and what other clients may do is not ours to judge.

use crate::{
    config::ConnectorConfig,
    fdx,
    http::{self, NoBody},
    oauth::Metadata,
};
use std::fmt;
use url::Url;

/// Where a server publishes what it can do: RFC 8414, then OpenID Connect Discovery.
const WELL_KNOWN: [&str; 2] = ["oauth-authorization-server", "openid-configuration"];
/// The largest such document. Real ones have under 10 kB.
const MAX_DOCUMENT: usize = 256 * 1024;

/// An address that a bank's file or server names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// The issuer.
    Issuer,
    /// The FDX API.
    Api,
    /// The native API.
    Native,
    /// Our own address for the way back.
    Redirect,
    /// Where the customer signs in.
    Authorization,
    /// Where tokens come from.
    Token,
    /// Where requests are pushed.
    Pushed,
    /// Where tokens are revoked.
    Revocation,
    /// Where the keys are that sign id tokens.
    Keys,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Endpoint::Issuer => "issuer",
            Endpoint::Api => "api",
            Endpoint::Native => "native api",
            Endpoint::Redirect => "redirect address",
            Endpoint::Authorization => "authorization endpoint",
            Endpoint::Token => "token endpoint",
            Endpoint::Pushed => "pushed authorization request endpoint",
            Endpoint::Revocation => "revocation endpoint",
            Endpoint::Keys => "address of the keys",
        })
    }
}

/// Why a bank cannot be used. [`OnboardingFault::remedy`] says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnboardingFault {
    /// An address would send secrets in the open.
    #[error("the {endpoint} `{url}` is not https")]
    NotHttps {
        /// Which address.
        endpoint: Endpoint,
        /// The address.
        url: String,
    },
    /// An address is none, or carries what an address of its kind may not.
    #[error("the {endpoint} `{url}` is not a usable address")]
    BadUrl {
        /// Which address.
        endpoint: Endpoint,
        /// The address.
        url: String,
    },
    /// No connection, or no answer in time.
    #[error("`{url}` does not answer")]
    Unreachable {
        /// What was asked.
        url: String,
    },
    /// The server does not publish what it can do.
    #[error("`{url}` answers with status {status}")]
    NoMetadata {
        /// What was asked last.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The published document is too large or not of the agreed form.
    #[error("the document at `{url}` cannot be read")]
    UnreadableMetadata {
        /// Where it is.
        url: String,
    },
    /// The server calls itself something else.
    #[error("the issuer is `{expected}` in the bank's file and `{found}` in the server's own words")]
    IssuerMismatch {
        /// As configured.
        expected: String,
        /// As published.
        found: String,
    },
    /// No authorization endpoint.
    #[error("the server has no authorization endpoint")]
    NoAuthorizationEndpoint,
    /// No pushed authorization requests (RFC 9126).
    #[error("the server takes no pushed authorization requests")]
    NoPushedRequests,
    /// No PKCE with S256 (RFC 7636).
    #[error("the server does not offer PKCE with S256")]
    NoS256,
    /// No `iss` in answers (RFC 9207).
    #[error("the server does not promise `iss` in its answers")]
    NoIssParameter,
    /// No DPoP with ES256 (RFC 9449).
    #[error("the server does not take DPoP proofs signed with ES256")]
    NoDpopEs256,
    /// No `private_key_jwt` with ES256.
    #[error("the server does not take private_key_jwt signed with ES256")]
    NoPrivateKeyJwt,
    /// No authorization code or no refresh tokens.
    #[error("the server does not offer the authorization code flow with refresh tokens")]
    NoCodeFlow,
    /// It names the types of authorization details it knows, and FDX is not among them.
    #[error("the server does not know authorization details of type `{kind}`")]
    NoFdxConsent {
        /// The type that we send.
        kind: &'static str,
    },
    /// The client could not be made of the configuration.
    #[error("the client key or the client id cannot be used")]
    UnusableClient,
}

impl OnboardingFault {
    /// What an operator can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            OnboardingFault::NotHttps { .. } => "use https; http is for servers on this machine only",
            OnboardingFault::BadUrl { .. } => "correct the address: no user name, no fragment, no query",
            OnboardingFault::Unreachable { .. } => {
                "check the address, the firewall and the bank's status page"
            }
            OnboardingFault::NoMetadata { .. } => {
                "check `issuer` in the bank's file; ask the bank for RFC 8414 metadata"
            }
            OnboardingFault::UnreadableMetadata { .. } => "ask the bank to publish RFC 8414 metadata as JSON",
            OnboardingFault::IssuerMismatch { .. } => {
                "write `issuer` exactly as the server does, if that is your bank"
            }
            OnboardingFault::NoAuthorizationEndpoint => "ask the bank to publish `authorization_endpoint`",
            OnboardingFault::NoPushedRequests => {
                "ask the bank to offer pushed authorization requests (RFC 9126)"
            }
            OnboardingFault::NoS256 => "ask the bank to offer PKCE with S256 and to publish it",
            OnboardingFault::NoIssParameter => "ask the bank to send and publish `iss` (RFC 9207)",
            OnboardingFault::NoDpopEs256 => {
                "ask the bank to take DPoP with ES256 and to publish it (RFC 9449)"
            }
            OnboardingFault::NoPrivateKeyJwt => "ask the bank to take private_key_jwt with ES256",
            OnboardingFault::NoCodeFlow => {
                "ask the bank to offer the code flow with refresh tokens and to publish it"
            }
            OnboardingFault::NoFdxConsent { .. } => {
                "ask the bank which consent type it takes; this connector speaks FDX"
            }
            OnboardingFault::UnusableClient => "check `client_id` and the client key in the bank's file",
        }
    }
}

/// The issuer as servers write it: a lone `/` at the end is not part of it.
pub(crate) fn issuer(url: &Url) -> &str {
    if url.path() == "/" { url.as_str().trim_end_matches('/') } else { url.as_str() }
}

/// Whether all addresses of a bank's file are safe; and whether the bank is on this machine and spoken to in
/// plain http.
pub(crate) fn check_addresses(config: &ConnectorConfig) -> Result<bool, OnboardingFault> {
    let named = [
        (Endpoint::Issuer, &config.issuer),
        (Endpoint::Api, &config.api),
        (Endpoint::Redirect, &config.redirect_uri),
    ];
    let native = config.native.as_ref().map(|url| (Endpoint::Native, url));
    for (endpoint, url) in named.into_iter().chain(native) {
        check_address(endpoint, url)?;
        if url.query().is_some() {
            return Err(OnboardingFault::BadUrl { endpoint, url: url.to_string() });
        }
    }
    let plain = |url: &Url| url.scheme() == "http";
    Ok(plain(&config.issuer) || plain(&config.api) || config.native.as_ref().is_some_and(plain))
}

fn check_address(endpoint: Endpoint, url: &Url) -> Result<(), OnboardingFault> {
    if http::is_open_to_others(url) {
        return Err(OnboardingFault::NotHttps { endpoint, url: url.to_string() });
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(OnboardingFault::BadUrl { endpoint, url: url.to_string() });
    }
    Ok(())
}

/// Reads what the server publishes and refuses it if it is not enough.
pub(crate) async fn metadata(client: &reqwest::Client, at: &Url) -> Result<Metadata, OnboardingFault> {
    let expected = issuer(at);
    let mut missing = None;
    for name in WELL_KNOWN {
        let url = well_known(at, name);
        match fetch(client, &url).await? {
            Ok(document) => {
                let metadata = Metadata::read(&document)
                    .map_err(|_| OnboardingFault::UnreadableMetadata { url: url.to_string() })?;
                check(&metadata, expected)?;
                return Ok(metadata);
            }
            Err(status) => missing = Some(OnboardingFault::NoMetadata { url: url.to_string(), status }),
        }
    }
    Err(missing.unwrap_or(OnboardingFault::Unreachable { url: at.to_string() }))
}

/// RFC 8414 puts the well-known part before the issuer's path, OpenID Connect after it.
fn well_known(issuer: &Url, name: &str) -> Url {
    let path = issuer.path().trim_end_matches('/');
    let mut url = issuer.clone();
    url.set_path(&if name == WELL_KNOWN[0] {
        format!("/.well-known/{name}{path}")
    } else {
        format!("{path}/.well-known/{name}")
    });
    url
}

/// The document, or the status that came instead.
async fn fetch(client: &reqwest::Client, url: &Url) -> Result<Result<Vec<u8>, u16>, OnboardingFault> {
    let unreachable = |_| OnboardingFault::Unreachable { url: url.to_string() };
    let response = client.get(url.clone()).send().await.map_err(unreachable)?;
    if response.status() != ::http::StatusCode::OK {
        return Ok(Err(response.status().as_u16()));
    }
    match http::body(response, MAX_DOCUMENT).await {
        Ok(document) => Ok(Ok(document)),
        Err(NoBody::TooLarge) => Err(OnboardingFault::UnreadableMetadata { url: url.to_string() }),
        Err(NoBody::Transport(error)) => Err(unreachable(error)),
    }
}

fn check(metadata: &Metadata, expected: &str) -> Result<(), OnboardingFault> {
    if metadata.issuer() != expected {
        let found = metadata.issuer().chars().take(200).collect();
        return Err(OnboardingFault::IssuerMismatch { expected: expected.to_owned(), found });
    }
    let authorization = metadata.authorization().ok_or(OnboardingFault::NoAuthorizationEndpoint)?;
    let pushed = metadata.pushed().ok_or(OnboardingFault::NoPushedRequests)?;
    let named = [
        (Endpoint::Authorization, Some(authorization)),
        (Endpoint::Pushed, Some(pushed)),
        (Endpoint::Token, Some(metadata.token())),
        (Endpoint::Revocation, metadata.revocation()),
        (Endpoint::Keys, metadata.keys()),
    ];
    for (endpoint, url) in named {
        let Some(url) = url else { continue };
        let parsed = Url::parse(&url).map_err(|_| OnboardingFault::BadUrl { endpoint, url })?;
        check_address(endpoint, &parsed)?;
    }
    for (offered, fault) in [
        (metadata.has_s256(), OnboardingFault::NoS256),
        (metadata.says_iss(), OnboardingFault::NoIssParameter),
        (metadata.has_dpop_es256(), OnboardingFault::NoDpopEs256),
        (metadata.has_private_key_jwt(), OnboardingFault::NoPrivateKeyJwt),
        (metadata.has_code_and_refresh(), OnboardingFault::NoCodeFlow),
        (
            metadata.knows_details(fdx::CONSENT_TYPE),
            OnboardingFault::NoFdxConsent { kind: fdx::CONSENT_TYPE },
        ),
    ] {
        if !offered {
            return Err(fault);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ISSUER: &str = "https://bank.example/login";

    fn good() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://bank.example/authorize",
            "token_endpoint": "https://bank.example/token",
            "pushed_authorization_request_endpoint": "https://bank.example/par",
            "revocation_endpoint": "https://bank.example/revoke",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["PS256", "ES256"],
            "code_challenge_methods_supported": ["S256"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": true,
            "authorization_details_types_supported": ["fdx_v1.0"],
            "scopes_supported": ["openid", "fdx:balances:read"],
            "jwks_uri": "https://bank.example/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        })
    }

    fn checked(document: &Value) -> Result<(), OnboardingFault> {
        check(&Metadata::read(document.to_string().as_bytes()).unwrap(), ISSUER)
    }

    #[test]
    fn a_server_that_follows_the_profile_is_taken() {
        assert_eq!(checked(&good()), Ok(()));
    }

    #[test]
    fn each_way_to_weaken_a_link_is_refused_for_its_own_reason() {
        let cases: [(&str, Value, OnboardingFault); 12] = [
            ("authorization_endpoint", Value::Null, OnboardingFault::NoAuthorizationEndpoint),
            ("pushed_authorization_request_endpoint", Value::Null, OnboardingFault::NoPushedRequests),
            ("code_challenge_methods_supported", json!(["plain"]), OnboardingFault::NoS256),
            ("code_challenge_methods_supported", json!([]), OnboardingFault::NoS256),
            ("authorization_response_iss_parameter_supported", json!(false), OnboardingFault::NoIssParameter),
            ("dpop_signing_alg_values_supported", json!(["RS256"]), OnboardingFault::NoDpopEs256),
            ("dpop_signing_alg_values_supported", Value::Null, OnboardingFault::NoDpopEs256),
            (
                "token_endpoint_auth_methods_supported",
                json!(["client_secret_basic"]),
                OnboardingFault::NoPrivateKeyJwt,
            ),
            (
                "token_endpoint_auth_signing_alg_values_supported",
                json!(["RS256"]),
                OnboardingFault::NoPrivateKeyJwt,
            ),
            ("grant_types_supported", json!(["authorization_code"]), OnboardingFault::NoCodeFlow),
            ("response_types_supported", json!(["token"]), OnboardingFault::NoCodeFlow),
            (
                "authorization_details_types_supported",
                json!(["payment"]),
                OnboardingFault::NoFdxConsent { kind: "fdx_v1.0" },
            ),
        ];
        for (field, value, fault) in cases {
            let mut document = good();
            document[field] = value;
            assert_eq!(checked(&document), Err(fault.clone()), "{field}");
            assert!(!fault.remedy().is_empty());
        }
    }

    #[test]
    fn no_endpoint_may_be_plain_http_on_another_machine() {
        for (field, endpoint) in [
            ("authorization_endpoint", Endpoint::Authorization),
            ("token_endpoint", Endpoint::Token),
            ("pushed_authorization_request_endpoint", Endpoint::Pushed),
            ("revocation_endpoint", Endpoint::Revocation),
            ("jwks_uri", Endpoint::Keys),
        ] {
            let mut document = good();
            document[field] = json!("http://bank.example/x");
            let url = "http://bank.example/x".to_owned();
            assert_eq!(checked(&document), Err(OnboardingFault::NotHttps { endpoint, url }), "{field}");
        }
    }

    #[test]
    fn a_server_that_calls_itself_something_else_is_refused() {
        let mut document = good();
        document["issuer"] = json!("https://bank.example/login/");
        assert!(matches!(checked(&document), Err(OnboardingFault::IssuerMismatch { .. })));
    }

    #[test]
    fn the_document_is_looked_for_where_the_standards_put_it() {
        let at: Url = "https://bank.example/login".parse().unwrap();
        let text = |name| well_known(&at, name).to_string();
        assert_eq!(text(WELL_KNOWN[0]), "https://bank.example/.well-known/oauth-authorization-server/login");
        assert_eq!(text(WELL_KNOWN[1]), "https://bank.example/login/.well-known/openid-configuration");
        let root: Url = "https://bank.example".parse().unwrap();
        assert_eq!(
            well_known(&root, WELL_KNOWN[0]).as_str(),
            "https://bank.example/.well-known/oauth-authorization-server"
        );
    }
}
