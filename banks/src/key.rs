//! Our own ES256 keys: the one that a bank knows us by, and one for each link.

use crate::random;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::{
    ecdsa::SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Why bytes are not a key, or no key can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not the PKCS#8 form of a P-256 private key.
    #[error("these bytes are not a P-256 private key in PKCS#8 form")]
    NotP256,
    /// The system gives no random bytes.
    #[error("no key can be made: the system gives no random bytes")]
    NoRandomness,
}

/// How often a new key is tried: random bytes are no key once in 2^32 tries.
const TRIES: usize = 8;

/// A P-256 private key for ES256, overwritten when dropped. `Debug` shows its public thumbprint only.
/// serde writes it in clear (base64url of PKCS#8), so that the owner can seal it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientKey {
    der: Zeroizing<Vec<u8>>,
    x: [u8; 32],
    y: [u8; 32],
}

impl ClientKey {
    /// A new random key.
    pub fn generate() -> Result<Self, KeyFault> {
        for _ in 0..TRIES {
            let mut seed: [u8; 32] = random::bytes().map_err(|_| KeyFault::NoRandomness)?;
            let key = SigningKey::from_slice(&seed);
            seed.zeroize();
            if let Ok(key) = key {
                let der = key.to_pkcs8_der().map_err(|_| KeyFault::NotP256)?;
                return Self::from_pkcs8_der(der.as_bytes());
            }
        }
        Err(KeyFault::NoRandomness)
    }

    /// Reads the PKCS#8 DER form.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyFault> {
        let key = SigningKey::from_pkcs8_der(der).map_err(|_| KeyFault::NotP256)?;
        let point = key.verifying_key().to_sec1_point(false);
        let (Some(x), Some(y)) = (point.x(), point.y()) else { return Err(KeyFault::NotP256) };
        Ok(ClientKey { der: Zeroizing::new(der.to_vec()), x: (*x).into(), y: (*y).into() })
    }

    /// The PKCS#8 DER form. Secret.
    pub fn to_pkcs8_der(&self) -> &[u8] {
        &self.der
    }

    /// The public key as a JWK (RFC 7517), for registration at a bank. Its `kid` is the thumbprint.
    pub fn public_jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(self.x), "y": URL_SAFE_NO_PAD.encode(self.y),
            "kid": self.thumbprint(),
        })
    }

    /// The JWK thumbprint (RFC 7638, SHA-256, base64url). Public.
    pub fn thumbprint(&self) -> String {
        let (x, y) = (URL_SAFE_NO_PAD.encode(self.x), URL_SAFE_NO_PAD.encode(self.y));
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
    }
}

impl TryFrom<String> for ClientKey {
    type Error = KeyFault;
    fn try_from(text: String) -> Result<Self, KeyFault> {
        let text = Zeroizing::new(text);
        let der = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.as_bytes()).map_err(|_| KeyFault::NotP256)?);
        Self::from_pkcs8_der(&der)
    }
}

impl From<ClientKey> for String {
    fn from(key: ClientKey) -> String {
        URL_SAFE_NO_PAD.encode(&*key.der)
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientKey({})", self.thumbprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_as_it_was_written() {
        let key = ClientKey::generate().unwrap();
        let text = serde_json::to_string(&key).unwrap();
        let back: ClientKey = serde_json::from_str(&text).unwrap();
        assert_eq!(back.to_pkcs8_der(), key.to_pkcs8_der());
        assert_eq!(back.public_jwk(), key.public_jwk());
    }

    #[test]
    fn two_keys_are_never_the_same() {
        let (a, b) = (ClientKey::generate().unwrap(), ClientKey::generate().unwrap());
        assert_ne!(a.thumbprint(), b.thumbprint());
    }

    #[test]
    fn neither_debug_nor_the_public_form_shows_the_private_part() {
        let key = ClientKey::generate().unwrap();
        let secret: String = key.clone().into();
        assert!(!format!("{key:?}").contains(&secret));
        let public = key.public_jwk();
        assert!(public.get("d").is_none() && !public.to_string().contains(&secret));
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        assert_eq!(ClientKey::from_pkcs8_der(b"not a key").err(), Some(KeyFault::NotP256));
        assert!(serde_json::from_str::<ClientKey>("\"AAAA\"").is_err());
    }
}
