//! What the browser brings back from the bank, checked before anything is done with it.

use crate::{
    fault::{BankFault, Tampering},
    oauth,
    secret::Secret,
};
use std::collections::HashMap;
use subtle::ConstantTimeEq;

/// The longest query that is read. A code, a state and an issuer have a few hundred bytes.
const MAX_QUERY: usize = 8 * 1024;

/// The parameters that mean something, each at most once.
const KNOWN: [&str; 5] = ["code", "state", "iss", "error", "response"];

/// The code, if the answer is to this link (`state`), from this server (`iss`, RFC 9207; also for errors, which
/// the OAuth library does not check) and says yes.
pub(crate) fn code(query: &str, state: &Secret, issuer: &str) -> Result<String, BankFault> {
    let mut given = parameters(query).map_err(BankFault::LinkTampered)?;
    check(&given, state, issuer).map_err(BankFault::LinkTampered)?;
    match (given.remove("code"), given.remove("error")) {
        (Some(code), None) if !code.is_empty() && !given.contains_key("response") => Ok(code),
        (None, Some(error)) => Err(refusal(&error)),
        _ => Err(BankFault::LinkTampered(Tampering::Form)),
    }
}

fn parameters(query: &str) -> Result<HashMap<&'static str, String>, Tampering> {
    if query.len() > MAX_QUERY {
        return Err(Tampering::Length { max: MAX_QUERY });
    }
    let mut given = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
        let Some(name) = KNOWN.iter().find(|known| **known == name) else { continue };
        if given.insert(*name, value.into_owned()).is_some() {
            return Err(Tampering::Repeated);
        }
    }
    Ok(given)
}

fn check(given: &HashMap<&str, String>, state: &Secret, issuer: &str) -> Result<(), Tampering> {
    let came = given.get("state").map_or("", String::as_str);
    if !bool::from(came.as_bytes().ct_eq(state.expose().as_bytes())) {
        return Err(Tampering::State);
    }
    match given.get("iss") {
        Some(iss) if iss == issuer => Ok(()),
        Some(_) => Err(Tampering::Issuer),
        None => Err(Tampering::NoIssuer),
    }
}

/// What an OAuth error on the way back means (RFC 6749 §4.1.2.1, RFC 9126).
fn refusal(error: &str) -> BankFault {
    match error {
        "access_denied" => BankFault::LinkCancelled,
        "invalid_request_uri" => BankFault::LinkExpired,
        "invalid_client" | "unauthorized_client" => BankFault::InvalidClient,
        other => BankFault::LinkRefused { code: oauth::plain(other) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ISSUER: &str = "https://bank.example";

    fn read(query: &str) -> Result<String, BankFault> {
        code(query, &Secret::new("s3cret"), ISSUER)
    }

    #[test]
    fn a_code_of_this_link_and_this_bank_is_taken() {
        assert_eq!(read("code=abc&state=s3cret&iss=https%3A%2F%2Fbank.example"), Ok("abc".into()));
        assert_eq!(read("?iss=https://bank.example&x=1&state=s3cret&code=abc"), Ok("abc".into()));
    }

    #[test]
    fn anything_else_is_tampering_and_says_in_which_way() {
        for (query, what) in [
            ("code=abc&state=other&iss=https://bank.example", Tampering::State),
            ("code=abc&iss=https://bank.example", Tampering::State),
            ("code=abc&state=s3cret&iss=https://evil.example", Tampering::Issuer),
            ("code=abc&state=s3cret&iss=https://bank.example/", Tampering::Issuer),
            ("code=abc&state=s3cret", Tampering::NoIssuer),
            ("error=access_denied&state=s3cret", Tampering::NoIssuer),
            ("error=access_denied&state=s3cret&iss=https://evil.example", Tampering::Issuer),
            ("code=a&code=b&state=s3cret&iss=https://bank.example", Tampering::Repeated),
            ("code=a&state=s3cret&iss=https://bank.example&iss=https://evil.example", Tampering::Repeated),
            ("state=s3cret&iss=https://bank.example", Tampering::Form),
            ("code=a&error=b&state=s3cret&iss=https://bank.example", Tampering::Form),
            ("response=eyJ.x.y&code=a&state=s3cret&iss=https://bank.example", Tampering::Form),
            ("code=&state=s3cret&iss=https://bank.example", Tampering::Form),
            ("", Tampering::State),
        ] {
            assert_eq!(read(query), Err(BankFault::LinkTampered(what)), "{query}");
        }
    }

    #[test]
    fn a_query_over_the_limit_is_not_read() {
        let at = format!("code=abc&state=s3cret&iss=https://bank.example&x={}", "y".repeat(MAX_QUERY - 49));
        assert_eq!((at.len(), read(&at)), (MAX_QUERY, Ok("abc".into())));
        let over = format!("{at}y");
        assert_eq!(read(&over), Err(BankFault::LinkTampered(Tampering::Length { max: MAX_QUERY })));
    }

    #[test]
    fn a_no_at_the_bank_is_a_cancelled_link() {
        let from_bank = "state=s3cret&iss=https://bank.example";
        assert_eq!(read(&format!("error=access_denied&{from_bank}")), Err(BankFault::LinkCancelled));
        assert_eq!(read(&format!("error=invalid_request_uri&{from_bank}")), Err(BankFault::LinkExpired));
        let odd = BankFault::LinkRefused { code: "server_error".into() };
        assert_eq!(read(&format!("error=server_error%0A&{from_bank}")), Err(odd));
    }

    proptest! {
        #[test]
        fn no_query_without_the_state_gives_a_code(query in "[ -~]{0,200}") {
            prop_assume!(!query.contains("s3cret"));
            prop_assert!(read(&query).is_err());
        }
    }
}
