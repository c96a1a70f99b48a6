//! The machine-readable description of the API, at `/openapi.json`.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{AuthorizationCode, Flow, OAuth2, Scopes, SecurityScheme},
    },
};

use crate::oauth::server::SCOPES;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sandbox bank",
        description = "An FDX-aligned API over invented accounts. Access tokens come from a pushed authorization \
            request (RFC 9126) with an authorization detail of type fdx_v1.0, and are bound to a key by DPoP \
            (RFC 9449). Transactions carry the payee's town and country only when the consent request has this \
            bank's extension includePayeeAddress: true."
    ),
    paths(
        super::accounts::list, super::accounts::show, super::accounts::transactions,
        super::consents::show, super::consents::revocations, super::consents::revoke,
        crate::site::faults::show, crate::site::faults::set,
    ),
    modifiers(&Security)
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scopes = Scopes::from_iter(SCOPES.map(|scope| (scope, "reads what it names")));
        let flow = AuthorizationCode::new("/authorize", "/token", scopes);
        let scheme = OAuth2::with_description(
            [Flow::AuthorizationCode(flow)],
            "Authorization code by pushed request, PKCE S256, private_key_jwt; tokens bound by DPoP.",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("fapi", SecurityScheme::OAuth2(scheme));
    }
}

/// The description, the same for every bank.
pub fn document() -> openapi::OpenApi {
    Document::openapi()
}
