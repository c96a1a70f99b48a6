//! OpenID Connect Core 1.0, beside the library, which knows OAuth alone: what a request asked for is kept from
//! the push to the token endpoint, and the id token is added to the token answer there.
//!
//! `sub` is pairwise (section 8.1): each client knows a customer by another one, so two clients cannot find out
//! that they serve the same person.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use oauth_as::jwt::{EcdsaP256Key, JwtError, hmac_sha256};
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::{Value, json};

use crate::{
    chance,
    customers::Customer,
    db::{DbFault, millis},
    limits,
};

/// The scope with which a client asks who the customer is.
pub(crate) const SCOPE: &str = "openid";

/// What a pushed request asks for, as far as OpenID Connect is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// To come back in the id token.
    pub(crate) nonce: Option<String>,
    /// Whether it asks for nothing else: no data, no consent.
    pub(crate) alone: bool,
}

/// Whether a scope asks who the customer is, and for nothing else.
pub(crate) fn is_alone(scope: &str) -> bool {
    let mut names = scope.split_ascii_whitespace();
    names.next() == Some(SCOPE) && names.all(|name| name == SCOPE)
}

/// Reads the form of a push. None if it does not ask who the customer is.
pub(crate) fn asked(form: &[(String, String)]) -> Option<Asked> {
    let one = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let scope = one("scope").unwrap_or_default();
    if !scope.split_ascii_whitespace().any(|name| name == SCOPE) {
        return None;
    }
    let alone = is_alone(scope) && one("authorization_details").is_none();
    Some(Asked { nonce: one("nonce").map(str::to_owned), alone })
}

/// Remembers a pushed request until the customer answers it.
pub(crate) fn keep(
    tx: &Transaction<'_>,
    request_uri: &str,
    asked: &Asked,
    now: Timestamp,
) -> Result<(), DbFault> {
    tx.execute(
        "INSERT OR REPLACE INTO openid_asked (handle, nonce, expires_at) VALUES (?1, ?2, ?3)",
        params![
            chance::fingerprint(request_uri),
            asked.nonce,
            millis(later(now, limits::INTERACTION_AGE * 2))
        ],
    )?;
    Ok(())
}

/// The customer said yes: what was remembered under the request is remembered under its code from now on. Nothing
/// happens if the request did not ask who they are.
pub(crate) fn answered(tx: &Transaction<'_>, yes: &Yes<'_>, now: Timestamp) -> Result<(), DbFault> {
    tx.execute(
        "UPDATE openid_asked SET handle = ?2, client_id = ?3, customer = ?4, signed_in_at = ?5, expires_at = ?6 \
         WHERE handle = ?1 AND customer IS NULL AND expires_at > ?7",
        params![
            chance::fingerprint(yes.request_uri),
            chance::fingerprint(yes.code),
            yes.client_id,
            yes.customer.id,
            yes.signed_in_at.as_second(),
            millis(later(now, limits::CODE_AGE * 2)),
            millis(now)
        ],
    )?;
    Ok(())
}

/// A yes, and the code that it was answered with.
pub(crate) struct Yes<'a> {
    pub(crate) request_uri: &'a str,
    pub(crate) code: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) customer: &'a Customer,
    pub(crate) signed_in_at: Timestamp,
}

/// Who signed in, for whom, when: what an id token says.
#[derive(Debug)]
pub(crate) struct SignIn {
    client_id: String,
    customer: String,
    nonce: Option<String>,
    signed_in_at: i64,
}

/// What was remembered under a code, once.
pub(crate) fn take(tx: &Transaction<'_>, code: &str, now: Timestamp) -> Result<Option<SignIn>, DbFault> {
    Ok(tx
        .query_row(
            "DELETE FROM openid_asked WHERE handle = ?1 AND customer IS NOT NULL AND expires_at > ?2 \
             RETURNING client_id, customer, nonce, signed_in_at",
            params![chance::fingerprint(code), millis(now)],
            |row| {
                Ok(SignIn {
                    client_id: row.get(0)?,
                    customer: row.get(1)?,
                    nonce: row.get(2)?,
                    signed_in_at: row.get(3)?,
                })
            },
        )
        .optional()?)
}

/// Forgets what has run out.
pub(crate) fn sweep(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    tx.execute("DELETE FROM openid_asked WHERE expires_at <= ?1", [millis(now)])?;
    Ok(())
}

fn later(now: Timestamp, by: std::time::Duration) -> Timestamp {
    now.saturating_add(by).unwrap_or(now)
}

/// Makes id tokens. The key is the one that signs access tokens, which have another `typ`.
pub(crate) struct IdTokens {
    pub(crate) issuer: String,
    pub(crate) key: EcdsaP256Key,
    /// Makes a `sub` out of a client and a customer.
    pub(crate) pairwise: Vec<u8>,
}

impl IdTokens {
    /// The id token of a sign-in.
    pub(crate) fn issue(&self, of: &SignIn, now: Timestamp) -> Result<String, JwtError> {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.key.kid() });
        let mut claims = json!({
            "iss": self.issuer,
            "sub": self.subject(&of.client_id, &of.customer),
            "aud": of.client_id,
            "iat": now.as_second(),
            "exp": later(now, limits::ID_TOKEN_AGE).as_second(),
            "auth_time": of.signed_in_at,
        });
        if let Some(nonce) = &of.nonce {
            claims["nonce"] = Value::from(nonce.as_str());
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign_signing_input(&signed)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// What a client knows a customer by. The client's length goes first, so that no two pairs are one text.
    fn subject(&self, client_id: &str, customer: &str) -> String {
        let pair = format!("{}:{client_id}{customer}", client_id.len());
        URL_SAFE_NO_PAD.encode(hmac_sha256(&self.pairwise, pair.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_request_asks_for_the_person_alone_with_no_other_scope_and_no_details() {
        let ask = |pairs: &[(&str, &str)]| asked(&form(pairs)).map(|asked| asked.alone);
        assert_eq!(ask(&[("scope", "openid")]), Some(true));
        assert_eq!(ask(&[("scope", "openid fdx:balances:read")]), Some(false));
        assert_eq!(ask(&[("scope", "openid"), ("authorization_details", "[]")]), Some(false));
        assert_eq!(ask(&[("scope", "openids")]), None);
        assert_eq!(ask(&[]), None);
        assert!(!is_alone("") && !is_alone("fdx:balances:read openid"));
    }

    #[test]
    fn a_customer_is_somebody_else_to_each_client() {
        let key = EcdsaP256Key::generate("k");
        let tokens = IdTokens { issuer: "https://bank.example".into(), key, pairwise: vec![7; 32] };
        assert_eq!(tokens.subject("app", "cust-1"), tokens.subject("app", "cust-1"));
        assert_ne!(tokens.subject("app", "cust-1"), tokens.subject("other", "cust-1"));
        assert_ne!(tokens.subject("app", "cust-1"), tokens.subject("app", "cust-2"));
        assert_ne!(tokens.subject("ab", "c"), tokens.subject("a", "bc"));
    }
}
