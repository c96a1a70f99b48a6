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
    serde_json::from_value(whole_numbers(value)).map_err(|_| ApiFault::Body)
}

/// `7.0` is a whole number to JSON Schema, and so it is here.
fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(name, v)| (name, whole_numbers(v))).collect(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT => {
                Value::from(float as i64)
            }
            _ => Value::Number(number),
        },
        other => other,
    }
}

/// Up to here every whole number has its own floating-point number (2 to the 53rd).
const EXACT: f64 = 9_007_199_254_740_992.0;

fn holds_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(members) => members.values().any(holds_list),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Switches;

    #[test]
    fn whole_numbers_may_be_written_with_a_point_and_lists_are_no_objects() {
        let read = |text: &str| object::<Switches>(text.as_bytes());
        let slow =
            |millis| read(&format!(r#"{{"slow":{{"millis":{millis}}}}}"#)).map(|s| s.slow.map(|s| s.millis));
        assert_eq!(slow("7.0").unwrap(), Some(7));
        assert!(slow("7.5").is_err() && slow("-1.0").is_err() && slow("1e300").is_err());
        assert!(read("[]").is_err() && read(r#"{"serverError":[]}"#).is_err() && read("7").is_err());
    }
}
