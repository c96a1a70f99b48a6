//! The machine-readable description of the API, at `/openapi.json`.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{AuthorizationCode, Flow, OAuth2, Scopes, SecurityScheme},
    },
};

use crate::{native, oauth::server::scopes};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sandbox bank",
        description = "An FDX-aligned API over invented accounts. Access tokens come from a pushed authorization \
            request (RFC 9126) with an authorization detail of type fdx_v1.0, and are bound to a key by DPoP \
            (RFC 9449). Transactions carry the payee's town and country only when the consent request has this \
            bank's extension includePayeeAddress: true. Below /parlour-bank/v1 is the native API; the consent request \
            names what it may do there in the extension bankServices."
    ),
    paths(
        super::accounts::list, super::accounts::show, super::accounts::transactions,
        super::consents::show, super::consents::revocations, super::consents::revoke,
        super::statements::list, super::statements::show,
        native::cards::list, native::cards::freeze, native::cards::unfreeze, native::cards::report_lost,
        native::cards::set_limits, native::travel::list, native::travel::add, native::travel::take_back,
        native::accounts::rename, native::accounts::statements, native::accounts::statement,
        native::schedules::standing_orders, native::schedules::subscriptions,
        native::contact::show, native::contact::set,
        native::endpoints::list, native::endpoints::open, native::endpoints::close,
        crate::site::faults::show, crate::site::faults::set,
    ),
    modifiers(&Security)
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scopes = Scopes::from_iter(scopes().into_iter().map(|scope| (scope, "opens what it names")));
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
