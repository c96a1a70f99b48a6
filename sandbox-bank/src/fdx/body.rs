//! Reading JSON bodies.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ApiFault;

/// Reads a body that is an object of objects and plain values. No body of this API holds a list,
/// and one that does is refused: the parser would otherwise take a list for an object's members.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiFault> {
    let value: Value = serde_json::from_slice(body).map_err(|_| ApiFault::Body)?;
    if !value.is_object() || holds_list(&value) {
        return Err(ApiFault::Body);
    }
    serde_json::from_value(value).map_err(|_| ApiFault::Body)
}

fn holds_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(members) => members.values().any(holds_list),
        _ => false,
    }
}
