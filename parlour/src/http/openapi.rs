//! `GET /openapi.json`: the programming interface, described.

use super::{chat, operations, problem};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::LazyLock;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Parlour",
        description = "Talk to a bank. A conversation belongs to a session; the session's token is sent as a Bearer token, \
            or as a cookie from our own page. Everything that says no is a problem document (RFC 9457) of a kind that \
            has a page at its type."
    ),
    tags((name = "chat", description = "The conversation."), (name = "operations", description = "For who runs the gateway.")),
    paths(
        chat::about::about, chat::sessions::begin, chat::messages::say, chat::messages::list, chat::events::follow,
        chat::access::list, chat::links::offer, operations::alive, operations::ready, operations::metrics,
    ),
    components(schemas(problem::Document, problem::FieldFault)),
    modifiers(&Locks),
)]
struct Interface;

/// How a caller shows who it is.
struct Locks;

impl Modify for Locks {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let cookie = ApiKeyValue::with_description(
            "__Host-parlour-{bank}",
            "Set by the chat page; for our own page only.",
        );
        components.add_security_scheme("session", bearer);
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    Interface::openapi().to_pretty_json().expect("a description made of plain data can be written")
});

/// `GET /openapi.json`
pub async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_chat_is_described() {
        let document: serde_json::Value = serde_json::from_str(&DOCUMENT).unwrap();
        let paths = document["paths"].as_object().unwrap();
        for path in ["", "/sessions", "/messages", "/events", "/access", "/links"] {
            assert!(paths.contains_key(&format!("/v1/chat/{{bank}}{path}")), "{path}");
        }
        assert!(document["components"]["schemas"]["Problem"].is_object());
    }
}
