//! Files that pages need, kept inside the binary, and each bank's own colours.

use super::{Web, problem::Kind};
use crate::config::look;
use crate::tenant::Tenant;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// For how long a browser may keep a file whose address names its content: one year, the longest in use.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// What a browser does with a file whose address does not: it asks whether the file has changed.
const ASK: &str = "no-cache";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

struct File {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    version: String,
}

macro_rules! files {
    ($($name:literal $kind:expr),+ $(,)?) => {
        [$((
            $name,
            $kind,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/", $name)).as_slice(),
        )),+]
    };
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    files![
        "parlour.css" CSS,
        "console.css" CSS,
        "passkey.js" JS,
        "room.js" JS,
        "verify.js" JS,
        "htmx.min.js" JS,
        "hx-sse.min.js" JS,
        "hx-upsert.min.js" JS,
        "favicon.svg" SVG,
        "NOTICE" "text/plain; charset=utf-8",
    ]
    .into_iter()
    .map(|(name, kind, bytes)| File { name, kind, bytes, version: version(bytes) })
    .collect()
});

/// The first 64 bits of the content's SHA-256, in hexadecimal: enough to tell versions apart.
fn version(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// The address of a file, with its version, so that browsers may keep it.
pub fn href(name: &str) -> String {
    match FILES.iter().find(|f| f.name == name) {
        Some(file) => format!("/static/{name}?v={}", file.version),
        None => format!("/static/{name}"),
    }
}

/// The text of a file, for a page that carries it.
pub fn text(name: &str) -> &'static str {
    let file = FILES.iter().find(|file| file.name == name);
    file.and_then(|file| std::str::from_utf8(file.bytes).ok()).unwrap_or_default()
}

/// The address of a bank's colours.
pub fn bank_css_href(tenant: &Tenant) -> String {
    format!("/static/bank/{}.css?v={}", tenant.id, version(bank_css(tenant).as_bytes()))
}

/// The address of a bank's icon.
pub fn bank_icon_href(tenant: &Tenant) -> String {
    format!("/static/bank/{}.svg?v={}", tenant.id, version(bank_icon(tenant).as_bytes()))
}

/// `GET /static/{file}`
pub async fn file(Path(name): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    match FILES.iter().find(|f| f.name == name) {
        Some(file) => serve(file.bytes.into(), file.kind, &file.version, &uri, &headers),
        None => Kind::NotFound.because("There is no such file.").into_response(),
    }
}

/// `GET /favicon.ico`
pub async fn favicon(uri: Uri, headers: HeaderMap) -> Response {
    file(Path("favicon.svg".to_owned()), uri, headers).await
}

/// `GET /static/bank/{file}`: `<bank>.css` and `<bank>.svg`.
pub async fn bank_file(State(face): Web, Path(name): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let found = name.rsplit_once('.').and_then(|(bank, ending)| Some((face.app.tenant(bank)?, ending)));
    let (text, kind) = match found {
        Some((tenant, "css")) => (bank_css(&tenant), CSS),
        Some((tenant, "svg")) => (bank_icon(&tenant), SVG),
        _ => return Kind::NotFound.because("There is no such file.").into_response(),
    };
    let version = version(text.as_bytes());
    serve(text.into_bytes(), kind, &version, &uri, &headers)
}

fn serve(bytes: Vec<u8>, kind: &'static str, version: &str, uri: &Uri, headers: &HeaderMap) -> Response {
    let tag = format!("\"{version}\"");
    let named = uri.query() == Some(&format!("v={version}"));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(if named { FOREVER } else { ASK }));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    response
}

/// The colour that is easier to read on a brand colour: white or near black.
fn ink_on(brand: &str) -> &'static str {
    const INKS: [&str; 2] = ["#ffffff", "#0c1511"];
    let contrast = |ink: &str| look::contrast(ink, brand).unwrap_or(1.0);
    if contrast(INKS[0]) >= contrast(INKS[1]) { INKS[0] } else { INKS[1] }
}

/// A bank's colours as a style sheet; empty for a colour that is not one, so that nothing else gets in.
fn bank_css(tenant: &Tenant) -> String {
    let rule = |colour: &str| match look::contrast(colour, colour) {
        Some(_) => format!(":root{{--brand:{colour};--brand-ink:{}}}", ink_on(colour)),
        None => String::new(),
    };
    let (light, dark) = (rule(&tenant.look.brand), rule(&tenant.look.brand_dark));
    format!("{light}\n@media (prefers-color-scheme:dark){{{dark}}}\n@media print{{{light}}}\n")
}

/// A bank's crest as an icon.
fn bank_icon(tenant: &Tenant) -> String {
    let brand =
        if look::contrast(&tenant.look.brand, "#ffffff").is_some() { &tenant.look.brand } else { "#333333" };
    let crest: String = tenant.look.crest.chars().filter(|c| c.is_alphanumeric()).take(1).collect();
    let ink = ink_on(brand);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\"><rect width=\"40\" height=\"40\" rx=\"12\" \
         fill=\"{brand}\"/><text x=\"20\" y=\"27.5\" text-anchor=\"middle\" font-family=\"Georgia, serif\" \
         font-weight=\"600\" font-size=\"21\" fill=\"{ink}\">{crest}</text></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_chosen_by_contrast() {
        assert_eq!(ink_on("#0f4a3c"), "#ffffff");
        assert_eq!(ink_on("#8fd0b8"), "#0c1511");
    }

    #[test]
    fn every_file_that_a_page_names_is_there() {
        for name in [
            "parlour.css",
            "console.css",
            "passkey.js",
            "room.js",
            "verify.js",
            "htmx.min.js",
            "hx-sse.min.js",
            "hx-upsert.min.js",
            "favicon.svg",
        ] {
            assert!(href(name).contains("?v="), "{name}");
        }
    }

    #[test]
    fn the_style_sheet_loads_nothing_from_elsewhere() {
        let css = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/parlour.css"));
        assert!(!css.contains("@import") && !css.contains("url("));
    }
}
