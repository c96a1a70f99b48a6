//! Id tokens (OpenID Connect Core 1.0, section 3.1.3.7): what a bank says about who signed in, and whether it is
//! to be believed. The library checks; here stands what it has to check, and what each of its errors means.

use super::{Told, Wire, unsendable};
use crate::{
    config::ConnectorConfig,
    fault::{BankFault, Unproven},
    secret::Secret,
    sign_in::Subject,
};
use domain::Clock;
use huskarl::{
    core::{
        crypto::verifier::JwsVerifierFactory,
        jwk::{JwksSource, JwksStartup},
        jwt::validator::JwtValidationOutcome,
        server_metadata::AuthorizationServerMetadata,
    },
    token::{
        IdToken,
        id_token::{IdTokenOutcome, IdTokenValidationError, IdTokenValidator},
    },
};
use huskarl_crypto_native::NativeVerifierPlatform;
use std::{collections::HashSet, fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// The one algorithm that is believed.
const ALGORITHM: &str = "ES256";
/// How far the bank's clock and ours may be apart, as for DPoP proofs.
const SKEW: Duration = Duration::from_secs(60);
/// The longest subject, in ASCII characters (OpenID Connect Core 1.0, section 2).
const LONGEST_SUBJECT: usize = 255;

/// Whether a server offers what a sign-in needs: the scope, published keys, and tokens signed with ES256.
pub(super) fn are_offered(server: &AuthorizationServerMetadata) -> bool {
    let has = |list: &Option<Vec<String>>, name: &str| {
        list.as_ref().is_some_and(|list| list.iter().any(|one| one == name))
    };
    server.jwks_uri.is_some()
        && has(&server.scopes_supported, super::OPENID)
        && has(&server.id_token_signing_alg_values_supported, ALGORITHM)
}

/// Checks the id tokens of one bank.
pub(super) struct IdTokens(IdTokenValidator);

impl IdTokens {
    /// With the keys that the bank publishes. They are fetched now and again when they change; a bank whose keys
    /// cannot be had now proves nothing until they can.
    pub(super) async fn new(
        server: &AuthorizationServerMetadata,
        config: &ConnectorConfig,
        wire: &Wire,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, BankFault> {
        let keys = JwksSource::builder()
            .clock(Told(AssertUnwindSafe(clock.clone())))
            .http_client(wire.clone())
            .startup(JwksStartup::SeedEmpty)
            .build();
        let verifier = keys.build(server.jwks_uri.as_ref(), Arc::new(NativeVerifierPlatform));
        let validator = IdTokenValidator::builder()
            .verifier(verifier.await.map_err(unsendable)?)
            .clock(Told(AssertUnwindSafe(clock.clone())))
            .issuer(server.issuer.clone())
            .audience(config.client_id.clone())
            .clock_leeway(SKEW)
            .allowed_algorithms(HashSet::from([ALGORITHM.to_owned()]))
            .build();
        Ok(IdTokens(validator))
    }

    /// Who signed in, if the token is the bank's, for us, of now, and of the attempt that sent this nonce.
    pub(super) async fn subject(&self, token: &IdToken, nonce: &Secret) -> Result<Subject, BankFault> {
        let checked = self.0.validate(token, Some(nonce.expose())).await.map_err(|fault| refusal(&fault))?;
        let subject = checked.sub.as_deref().filter(|sub| {
            !sub.is_empty() && sub.len() <= LONGEST_SUBJECT && sub.bytes().all(|byte| byte.is_ascii())
        });
        subject.map(Subject::new).ok_or(BankFault::Unproven(Unproven::Subject))
    }
}

impl fmt::Debug for IdTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdTokens")
    }
}

/// What an error of the library means.
fn refusal(fault: &IdTokenValidationError) -> BankFault {
    use JwtValidationOutcome as Jwt;
    BankFault::Unproven(match fault.outcome() {
        IdTokenOutcome::NonceMismatch => Unproven::Nonce,
        IdTokenOutcome::SubjectMissing | IdTokenOutcome::Jwt(Jwt::SubjectMissing | Jwt::SubjectMismatch) => {
            Unproven::Subject
        }
        IdTokenOutcome::UntrustedAudience
        | IdTokenOutcome::Jwt(Jwt::AudienceMismatch | Jwt::AudienceMissing) => Unproven::Audience,
        IdTokenOutcome::Jwt(Jwt::IssuerMismatch | Jwt::IssuerMissing) => Unproven::Issuer,
        IdTokenOutcome::Jwt(Jwt::UnsignedToken | Jwt::DisallowedAlgorithm) => Unproven::Algorithm,
        IdTokenOutcome::Jwt(
            Jwt::NoMatchingKey | Jwt::AmbiguousKey | Jwt::MalformedSignature | Jwt::SignatureMismatch,
        ) => Unproven::Signature,
        IdTokenOutcome::Jwt(Jwt::Expired | Jwt::TokenTooOld) => Unproven::Expired,
        IdTokenOutcome::Jwt(Jwt::IssuedInFuture | Jwt::NotYetValid) => Unproven::NotYet,
        IdTokenOutcome::Jwt(Jwt::KeysUnavailable | Jwt::Error) => {
            return BankFault::Unreachable { attempts: 1 };
        }
        _ => Unproven::Form,
    })
}
