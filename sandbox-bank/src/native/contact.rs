//! How the bank reaches the customer.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    KeyHeader,
    acting::{Actor, Doing, OrderBody, Received, carry_out},
    guard::Caller,
    problem::{Problem, ProblemBody},
};
use crate::{
    db::DbFault,
    house::Shared,
    requests::{self, Contact, Way},
    services::Service,
    step_up::StepUp,
};

/// How the bank reaches the customer now.
#[utoipa::path(
    get, path = "/parlour-bank/v1/contact-preferences", tag = "native", params(crate::fdx::Headers), security(("fapi" = [])),
    responses(
        (status = 200, body = Contact, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(State(house): State<Shared>, caller: Caller) -> Result<Json<Contact>, Problem> {
    caller.need(Service::ContactRead)?;
    let customer = caller.consent.customer;
    Ok(Json(house.db.transact(move |tx| Ok::<_, Problem>(requests::contact(tx, &customer)?)).await?))
}

/// How the bank is to reach the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContactOrder {
    actor: Actor,
    /// Where the customer said so.
    #[schema(pattern = "^[a-z0-9_]{1,20}$")]
    channel: String,
    /// How first.
    way: Way,
    /// Whether statements come without paper.
    paperless: bool,
    /// Whether the bank may send offers.
    offers: bool,
    /// The approval that the customer gave on the bank's site.
    step_up_ref: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactAnswer {
    preferences: Contact,
    changed: bool,
}

/// Changes how the bank reaches the customer.
#[utoipa::path(
    put, path = "/parlour-bank/v1/contact-preferences", tag = "native", params(KeyHeader, crate::fdx::Headers),
    security(("fapi" = [])), request_body = ContactOrder,
    responses(
        (status = 200, body = ContactAnswer, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(house): State<Shared>,
    received: Received<ContactOrder>,
) -> Result<Response, Problem> {
    received.caller.need(Service::ContactWrite)?;
    let work = move |doing: &Doing<'_>, order: &ContactOrder| {
        let new = Contact { way: order.way, paperless: order.paperless, offers: order.offers };
        let without = |yes: bool| if yes { "with" } else { "without" };
        let words = format!(
            "Be reached by {}, {} paper, {} offers",
            new.way.plain().to_lowercase(),
            without(!new.paperless),
            without(new.offers)
        );
        doing.leave(StepUp::Contact, &words)?;
        let changed = requests::set_contact(doing.tx, &doing.caller.consent.customer, new)?;
        if changed {
            doing.note(words)?;
        }
        let answer = ContactAnswer { preferences: new, changed };
        Ok((StatusCode::OK, serde_json::to_value(answer).map_err(DbFault::from)?))
    };
    carry_out(&house, received, work).await
}

impl OrderBody for ContactOrder {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn channel(&self) -> &str {
        &self.channel
    }

    fn step_up_ref(&self) -> Option<&str> {
        self.step_up_ref.as_deref()
    }
}
