//! FDX-aligned messages, and what they mean in our words. Pure: bytes in, facts out.

pub(crate) mod account;
pub(crate) mod amount;
pub(crate) mod consent;
pub(crate) mod page;
pub(crate) mod pending;
pub(crate) mod text;
pub(crate) mod transaction;

use crate::fault::{FdxCode, Unreadable};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The type of our authorization details.
pub(crate) const CONSENT_TYPE: &str = "fdx_v1.0";

/// The error code of an answer, if it has one. Banks send it as text or as a number.
pub(crate) fn error_code(body: &[u8]) -> Option<FdxCode> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Code {
        Number(u32),
        Text(String),
    }
    #[derive(Deserialize)]
    struct Error {
        code: Code,
    }
    let code = match serde_json::from_slice::<Error>(body).ok()?.code {
        Code::Number(number) => number,
        Code::Text(text) => text.parse().ok()?,
    };
    Some(code.into())
}

/// The object itself and the name it was wrapped in: `{"depositAccount": {…}}` is a wrapped object when its only
/// member ends with `suffix`, and a flat object has its members side by side.
pub(crate) fn unwrapped<'a>(
    item: &'a RawValue,
    suffix: &str,
) -> Result<(Option<String>, &'a RawValue), Unreadable> {
    let members: BTreeMap<String, &RawValue> = read(item.get())?;
    match members.into_iter().next() {
        Some((name, inner)) if name.ends_with(suffix) && inner.get().starts_with('{') => {
            Ok((Some(name), inner))
        }
        _ => Ok((None, item)),
    }
}

/// Reads JSON of an agreed form.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(json).map_err(|_| Unreadable::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_text_and_as_a_number() {
        assert_eq!(error_code(br#"{"code":"701","message":"x"}"#), Some(FdxCode::NoAccount));
        assert_eq!(error_code(br#"{"code":1107}"#), Some(FdxCode::NoData));
        assert_eq!(error_code(br#"{"code":"4711"}"#), Some(FdxCode::Other(4711)));
        for none in [&b"<html>"[..], b"{}", br#"{"code":"x"}"#, br#"{"code":-1}"#, b""] {
            assert_eq!(error_code(none), None);
        }
    }
}
