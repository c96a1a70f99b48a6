//! Proofs of possession (DPoP, RFC 9449): nonces, replay, and the check of API calls.

use std::sync::Arc;

use huskarl_crypto_native::aead::XChaChaKey;
use huskarl_resource_server::{
    core::{
        Error as HuskarlError,
        crypto::{
            seal::AeadV1Sealer,
            verifier::{JwsVerifier, JwsVerifierPlatform, MultiKeyVerifier},
        },
        dpop::{DPoPNonceChecker, SealedTimestampNonce},
        jwk::{OctKey, PublicJwks, SymmetricJwk},
        jwt::JtiUniquenessChecker,
        platform::MaybeSendBoxFuture,
    },
    validator::rfc9068::Rfc9068Validator,
};
use oauth_as::store::Storage;
use serde::Deserialize;

use super::storage::SqliteStorage;
use crate::{clock::SharedClock, limits};

/// Checks the nonces that the bank hands out; the bank's key seals the time into them.
pub(crate) type Nonces = Arc<dyn DPoPNonceChecker>;

/// What the bank reads from an access token besides the registered claims: nothing, the token's
/// row in the database says the rest.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NoClaims {}

/// Checks the calls to the API.
pub(crate) type Validator = Rfc9068Validator<NoClaims>;

/// Makes the nonce checker from the bank's kept key.
pub(crate) fn nonces(key: &[u8; 32]) -> Result<Nonces, HuskarlError> {
    let key = OctKey::builder().k(*key).build();
    let jwk = SymmetricJwk::builder().algorithm("XC20P").key(key).build();
    let sealer = AeadV1Sealer::new(XChaChaKey::from_jwk(jwk)?);
    Ok(Arc::new(SealedTimestampNonce::builder().sealer(sealer).build()))
}

/// Remembers the proofs shown to the API, in the same table as the authorization server's.
#[derive(Debug, Clone)]
struct SeenProofs {
    storage: SqliteStorage,
    clock: SharedClock,
}

impl JtiUniquenessChecker for SeenProofs {
    fn check_and_mark_seen(&self, jti: &str) -> MaybeSendBoxFuture<'_, Result<bool, HuskarlError>> {
        let id = format!("api proof {}", crate::chance::fingerprint(jti));
        Box::pin(async move {
            let until = std::time::SystemTime::from(self.clock.now()) + limits::PROOF_MEMORY;
            let first = self.storage.claim_replay_id(&id, until).await;
            // A claim that could not be written counts as seen: better one refused call than a
            // replayed one.
            Ok(!first.unwrap_or(false))
        })
    }
}

/// Builds the check of API calls against the server's own keys.
pub(crate) async fn validator(
    issuer: &str,
    audience: &str,
    jwks: PublicJwks,
    nonces: Nonces,
    storage: SqliteStorage,
    clock: SharedClock,
) -> Result<Validator, HuskarlError> {
    let keys = move |_: Option<&_>, platform: Arc<dyn JwsVerifierPlatform>| {
        let jwks = jwks.clone();
        let build = async move {
            let keys = MultiKeyVerifier::from_jwks(&jwks, platform.as_ref()).await?;
            Ok(Arc::new(keys) as Arc<dyn JwsVerifier>)
        };
        Box::pin(build) as MaybeSendBoxFuture<'static, Result<Arc<dyn JwsVerifier>, HuskarlError>>
    };
    Rfc9068Validator::builder()
        .with_claims::<NoClaims>()
        .issuer(issuer)
        .audience(audience)
        .allowed_signing_algorithms(vec!["ES256".to_owned()])
        .allowed_dpop_signing_algorithms(vec!["ES256".to_owned()])
        .require_dpop(true)
        .dpop_nonce_checker(nonces)
        .dpop_jti_checker(SeenProofs { storage, clock: clock.clone() })
        .clock(clock)
        .jws_verifier_factory(keys)
        .build()
        .await
}
