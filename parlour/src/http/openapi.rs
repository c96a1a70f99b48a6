//! `GET /openapi.json`: the programming interface, described.

use super::{
    bank_events, card_events, chat, operations,
    problem::{self, Kind, Kind as K},
};
use axum::{http::header, response::IntoResponse};
use std::sync::LazyLock;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Header, Object, Ref, RefOr, Response, ResponseBuilder, Type,
        path::{Operation, Parameter, ParameterIn},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Parlour",
        description = "Talk to a bank. A conversation belongs to a session; the session's token is sent as a Bearer token, \
            or as a cookie from our own page. Everything that says no is a problem document (RFC 9457) of a kind that \
            has a page at its type."
    ),
    tags((name = "chat", description = "The conversation."), (name = "banks", description = "For the banks."), (name = "operations", description = "For who runs the gateway.")),
    paths(
        chat::about::about, chat::sessions::begin, chat::messages::say, chat::messages::list, chat::events::follow,
        chat::access::list, chat::receipt::download, chat::consents::list, chat::consents::record, chat::consents::receipt, chat::export::document, chat::links::offer, bank_events::take, card_events::take, card_events::take_file, operations::alive, operations::ready, operations::metrics,
    ),
    components(schemas(problem::Document, problem::FieldFault)),
    modifiers(&Locks, &Problems),
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

/// The problems that each operation can answer with, from what it takes.
struct Problems;

impl Modify for Problems {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut api.paths.paths {
            let for_banks = path.starts_with("/bank-events/") || path.starts_with("/card-events/");
            let for_monitors = !path.starts_with("/v1/") && !for_banks;
            for (operation, changes) in [(&mut item.get, false), (&mut item.post, true)] {
                let Some(operation) = operation else { continue };
                let kinds =
                    if for_monitors { vec![K::Internal, K::Busy] } else { kinds_of(operation, changes) };
                let kinds = kinds.into_iter().chain(for_banks.then_some(K::Unsigned));
                for kind in kinds {
                    let responses = &mut operation.responses.responses;
                    responses.entry(kind.status().as_str().to_owned()).or_insert_with(|| told(kind).into());
                }
            }
        }
    }
}

fn kinds_of(operation: &Operation, changes: bool) -> Vec<Kind> {
    let mut kinds =
        vec![K::Malformed, K::UnknownBank, K::Method, K::WrongHost, K::TooFast, K::Internal, K::Busy];
    if operation.security.is_some() {
        kinds.extend([K::NoSession, K::Erased]);
    }
    if changes {
        kinds.push(K::OtherSite);
    }
    let in_query = |p: &RefOr<Parameter>| matches!(p, RefOr::T(p) if p.parameter_in == ParameterIn::Query);
    if operation.parameters.iter().flatten().any(in_query) {
        kinds.push(K::Invalid);
    }
    let in_path = |p: &RefOr<Parameter>| matches!(p, RefOr::T(p) if p.parameter_in == ParameterIn::Path && p.name != "bank");
    if operation.parameters.iter().flatten().any(in_path) {
        kinds.push(K::NotFound);
    }
    if operation.request_body.is_some() {
        kinds.extend([K::Slow, K::TooLarge, K::MediaType, K::Invalid]);
    }
    kinds
}

fn told(kind: Kind) -> Response {
    let document = Content::new(Some(Ref::from_schema_name("Problem")));
    let mut told =
        ResponseBuilder::new().description(kind.title()).content("application/problem+json", document);
    if matches!(kind, K::TooFast | K::Busy | K::NotYet) {
        let seconds = Header::new(Object::with_type(Type::Integer));
        told = told.header("Retry-After", seconds);
    }
    told.build()
}

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    Interface::openapi().to_pretty_json().expect("a description made of plain data can be written")
});

/// `GET /openapi.json`
pub async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_chat_is_described() {
        let document: serde_json::Value = serde_json::from_str(&DOCUMENT).unwrap();
        let paths = document["paths"].as_object().unwrap();
        for path in [
            "",
            "/sessions",
            "/messages",
            "/events",
            "/access",
            "/access/{entry}/receipt",
            "/export",
            "/links",
            "/consents",
        ] {
            assert!(paths.contains_key(&format!("/v1/chat/{{bank}}{path}")), "{path}");
        }
        assert!(document["components"]["schemas"]["Problem"].is_object());
        let say = &document["paths"]["/v1/chat/{bank}/messages"]["post"]["responses"];
        for status in [
            "202", "303", "400", "401", "403", "404", "405", "408", "413", "415", "421", "422", "429", "500",
            "503",
        ] {
            assert!(say[status].is_object(), "{status}");
        }
    }

    #[test]
    fn the_address_for_banks_is_described_with_every_status() {
        let document: serde_json::Value = serde_json::from_str(&DOCUMENT).unwrap();
        let file = &document["paths"]["/card-events/{bank}/bulk"]["post"]["responses"];
        assert!(file["403"].is_object() && file["415"].is_object() && file["422"].is_object());
        let take = &document["paths"]["/bank-events/{bank}"]["post"]["responses"];
        for status in
            ["204", "400", "403", "404", "405", "408", "413", "415", "421", "422", "429", "500", "503"]
        {
            assert!(take[status].is_object(), "{status}");
        }
    }
}
