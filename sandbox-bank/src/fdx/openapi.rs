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
            names what it may do there in the extension bankServices. \n\n\
            Webhooks to clients are signed as Standard Webhooks 1.0 and opened at webhook-endpoints. The card event stream \
            is another one, set up with the bank and not by a client: for each payment by any card of the network the bank \
            sends a POST with a CardStreamEvent to one address, signed in the same way with a secret agreed beforehand, in \
            order, and with the same webhook-id at each try. 2xx means taken, and may carry a CardDecision. 429 and 503 make \
            the whole stream wait, as long as Retry-After says; other 5xx and silence make it wait a little longer each time. \
            Any other 4xx concerns that one message, which is sent again later, eight times at most. Bulk files (history) \
            go to the same address with /bulk behind it as application/x-ndjson, one CardStreamEvent with its id in each \
            line, at most 10,000 lines and 8 MB, signed as one message; 200 says a BulkReceipt. Cards, terminals and \
            payments are opaque tokens, stable for ever. The member `for` names a payment only for consents in force that \
            cover its account and transactions."
    ),
    components(schemas(
        crate::network::events::CardStreamEvent, crate::network::events::CardDecision, crate::network::events::BulkReceipt,
    )),
    paths(
        super::accounts::list, super::accounts::show, super::accounts::transactions,
        super::consents::show, super::consents::revocations, super::consents::revoke,
        super::statements::list, super::statements::show,
        native::cards::list, native::cards::freeze, native::cards::unfreeze, native::cards::report_lost,
        native::cards::set_limits, native::travel::list, native::travel::add, native::travel::take_back,
        native::accounts::rename, native::accounts::statements, native::accounts::statement,
        native::schedules::standing_orders, native::schedules::subscriptions,
        native::contact::show, native::contact::set, native::payments::report,
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
