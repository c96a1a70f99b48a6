//! Reads bodies and queries: within a size, in UTF-8, of a known kind, with no field that is not known.

use super::problem::{FieldFault, Kind, Problem};
use axum::{
    body::to_bytes,
    extract::Request,
    http::{HeaderMap, Uri, header},
};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;
use std::{borrow::Cow, time::Duration};

/// The largest body that a message may come in, in bytes. The longest message that may be sent has 2,000
/// characters; in a form, or as JSON escapes, each can take 12 bytes, so that every legal message fits.
pub const MAX_MESSAGE_BODY: usize = 32 * 1024;
/// The longest query, in bytes: every legal one is far shorter.
pub const MAX_QUERY: usize = 1_024;
/// The highest place in a conversation that can be named: programs that read numbers as JavaScript does
/// keep it exact (2^53 - 1), and no conversation comes near.
pub const MAX_PLACE: u64 = 9_007_199_254_740_991;
/// How long a body may take to arrive: the gateway's limit, which each request brings along. One that came past the
/// gateway's own way in has the usual limit.
#[derive(Debug, Clone, Copy)]
pub struct ArrivesWithin(pub Duration);

impl Default for ArrivesWithin {
    fn default() -> Self {
        ArrivesWithin(Duration::from_secs(10))
    }
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
}

/// A body that was read, and how it was written.
pub async fn read<T: DeserializeOwned>(request: Request, max: usize) -> Result<(T, Written), Problem> {
    let written = kind(request.headers())?;
    let bytes = bytes(request, max).await?;
    let value = match written {
        Written::Json => from_json(&bytes)?,
        Written::Form => from_pairs(&bytes, "form")?,
    };
    Ok((value, written))
}

/// The query of an address.
pub fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let query = uri.query().unwrap_or("");
    if query.len() > MAX_QUERY {
        let detail = format!("The query has {} bytes; at most {MAX_QUERY} are read.", query.len());
        return Err(Kind::Malformed.because(detail));
    }
    from_pairs(query.as_bytes(), "query")
}

/// A number from 1 to `most`, or the usual one.
pub fn within(name: &str, number: Option<u32>, usual: u32, most: u32) -> Result<u32, Problem> {
    match number {
        None => Ok(usual),
        Some(n) if (1..=most).contains(&n) => Ok(n),
        Some(n) => Err(Problem::of_field(name, format!("{n} is not from 1 to {most}"))),
    }
}

/// A place in a conversation, at most [`MAX_PLACE`].
pub fn place(name: &str, seq: Option<u64>) -> Result<Option<u64>, Problem> {
    match seq {
        Some(n) if n > MAX_PLACE => Err(Problem::of_field(name, format!("{n} is above {MAX_PLACE}"))),
        seq => Ok(seq),
    }
}

/// A body of JSON, byte for byte.
pub async fn raw(request: Request, max: usize) -> Result<Vec<u8>, Problem> {
    match kind(request.headers())? {
        Written::Json => bytes(request, max).await,
        Written::Form => Err(Kind::MediaType.because("Content-Type is not application/json.")),
    }
}

/// A body of JSON lines, byte for byte.
pub async fn lines(request: Request, max: usize) -> Result<Vec<u8>, Problem> {
    let named = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let kind = named.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if matches!(kind.as_str(), "application/x-ndjson" | "application/jsonl") {
        return bytes(request, max).await;
    }
    Err(Kind::MediaType.because("Content-Type is not application/x-ndjson."))
}

fn kind(headers: &HeaderMap) -> Result<Written, Problem> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let mut parts = named.split(';').map(str::trim);
    let written = match parts.next().unwrap_or("").to_ascii_lowercase().as_str() {
        "application/json" => Written::Json,
        "application/x-www-form-urlencoded" => Written::Form,
        _ => return Err(Kind::MediaType.because(format!("Content-Type is `{}`.", shortened(named)))),
    };
    let utf8 = |p: &str| match p.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    if parts.all(utf8) { Ok(written) } else { Err(Kind::MediaType.because("The charset is not utf-8.")) }
}

fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(80) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or(""))),
        None => Cow::Borrowed(text),
    }
}

async fn bytes(request: Request, max: usize) -> Result<Vec<u8>, Problem> {
    let too_large =
        || Kind::TooLarge.because(format!("This is too much at once: at most {max} bytes are taken here."));
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|n| n > max as u64) {
        return Err(too_large());
    }
    let ArrivesWithin(limit) = request.extensions().get().copied().unwrap_or_default();
    match tokio::time::timeout(limit, to_bytes(request.into_body(), max)).await {
        Err(_) => Err(Kind::Slow.because(format!("The body did not arrive within {limit:?}."))),
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(e)) if is_length(&e) => Err(too_large()),
        Ok(Err(_)) => Err(Kind::Malformed.because("The body broke off.")),
    }
}

fn is_length(error: &axum::Error) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    std::iter::from_fn(|| {
        let this = next?;
        next = this.source();
        Some(this)
    })
    .any(|e| e.to_string().contains("length limit exceeded"))
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(not_utf8)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|fault| {
        let path = fault.path().to_string();
        let fault = fault.into_inner();
        match fault.classify() {
            serde_json::error::Category::Data => wrong_field(&path, &fault.to_string()),
            _ => Kind::Malformed.because(format!("This is not JSON: {fault}.")),
        }
    })?;
    json.end().map_err(|fault| Kind::Malformed.because(format!("Something follows the JSON: {fault}.")))?;
    Ok(value)
}

fn from_pairs<T: DeserializeOwned>(bytes: &[u8], place: &'static str) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(not_utf8)?;
    percent_decode(text.as_bytes()).decode_utf8().map_err(not_utf8)?;
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|fault| {
        let path = fault.path().to_string();
        let mut problem = wrong_field(&path, &fault.into_inner().to_string());
        problem.detail = format!("In the {place}: {}", problem.detail).into();
        problem
    })
}

fn not_utf8(fault: std::str::Utf8Error) -> Problem {
    Kind::NotUtf8.because(format!("Byte {} does not belong to UTF-8 text.", fault.valid_up_to()))
}

/// The field is the one on which reading stopped, or the one that the message names.
fn wrong_field(path: &str, message: &str) -> Problem {
    let named = message
        .split('`')
        .nth(1)
        .filter(|_| message.starts_with("missing field") || message.starts_with("duplicate field"));
    let name = match (named, path) {
        (Some(name), _) => name,
        (None, "." | "?") => "body",
        (None, path) => path,
    };
    let detail = message.split(" at line ").next().unwrap_or(message);
    let detail = shortened(detail).into_owned();
    let mut problem = Kind::Invalid.because(format!("{}: {detail}", shortened(name)));
    problem.fields.push(FieldFault { name: shortened(name).into_owned(), detail });
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Said {
        text: String,
        key: String,
    }

    async fn said(kind: &str, body: impl Into<Body>) -> Result<Said, Problem> {
        let request = Request::builder().header("content-type", kind).body(body.into()).unwrap();
        read::<Said>(request, 100).await.map(|(said, _)| said)
    }

    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

    #[tokio::test]
    async fn json_and_forms_say_the_same() {
        let json = said(JSON, r#"{"text":"hé","key":"1"}"#).await;
        let form = said(FORM, "text=h%C3%A9&key=1").await;
        assert_eq!(json, form);
        assert_eq!(json.unwrap().text, "hé");
    }

    #[tokio::test]
    async fn a_body_is_taken_at_the_limit_and_refused_over_it() {
        let body = |n: usize| format!(r#"{{"key":"1","text":"{}"}}"#, "x".repeat(n - 21));
        assert_eq!(body(100).len(), 100);
        assert!(said(JSON, body(100)).await.is_ok());
        assert_eq!(said(JSON, body(101)).await.unwrap_err().kind, Kind::TooLarge);
        let pieces = tokio_stream::iter((0..30).map(|_| Ok::<_, std::io::Error>("      ")));
        assert_eq!(said(JSON, Body::from_stream(pieces)).await.unwrap_err().kind, Kind::TooLarge);
    }

    #[tokio::test]
    async fn an_unknown_a_missing_and_a_wrong_field_are_named() {
        for (body, field) in [
            (r#"{"text":"a","key":"1","admin":true}"#, "admin"),
            (r#"{"text":"a"}"#, "key"),
            (r#"{"text":7,"key":"1"}"#, "text"),
            (r#"{"text":"a","text":"b","key":"1"}"#, "text"),
            ("[]", "body"),
        ] {
            let problem = said(JSON, body).await.unwrap_err();
            assert_eq!((problem.kind, problem.fields[0].name.as_str()), (Kind::Invalid, field), "{body}");
        }
        let problem = said(FORM, "text=a&key=1&admin=1").await.unwrap_err();
        assert_eq!(problem.fields[0].name, "admin");
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_said_so() {
        assert_eq!(said(JSON, "{").await.unwrap_err().kind, Kind::Malformed);
        assert_eq!(said(JSON, r#"{"text":"a","key":"1"} {}"#).await.unwrap_err().kind, Kind::Malformed);
        assert_eq!(said(JSON, r#"{"text":"\ud800","key":"1"}"#).await.unwrap_err().kind, Kind::Malformed);
        assert_eq!(said(JSON, &b"\xff\xfe"[..]).await.unwrap_err().kind, Kind::NotUtf8);
        assert_eq!(said(FORM, "text=%ff&key=1").await.unwrap_err().kind, Kind::NotUtf8);
    }

    #[tokio::test]
    async fn another_kind_of_content_is_not_taken() {
        let latin = "application/json; charset=iso-8859-1";
        for kind in ["text/plain", "multipart/form-data; boundary=x", "", latin, "application/jsonp"] {
            assert_eq!(said(kind, "{}").await.unwrap_err().kind, Kind::MediaType, "{kind}");
        }
    }

    #[test]
    fn a_long_query_is_not_read() {
        let address = |n: usize| format!("/?text=a&key={}", "x".repeat(n - 11)).parse::<Uri>().unwrap();
        assert!(query::<Said>(&address(MAX_QUERY)).is_ok());
        assert_eq!(query::<Said>(&address(MAX_QUERY + 1)).unwrap_err().kind, Kind::Malformed);
    }
}
