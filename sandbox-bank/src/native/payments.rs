//! Payments: what their owner says of them.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    KeyHeader,
    acting::{Actor, Doing, OrderBody, Received, carry_out},
    problem::{Problem, ProblemBody},
    shapes::decimal,
};
use crate::{
    consents::DataCluster,
    db::DbFault,
    house::Shared,
    limits,
    reports::{self, Answer},
    services::Service,
};

/// What the customer says of a payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PaymentReport {
    actor: Actor,
    /// Where the customer said so.
    #[schema(pattern = "^[a-z0-9_]{1,20}$")]
    channel: String,
    /// Whose it was.
    answer: Answer,
    /// Anything that the customer adds. It is kept with the dispute.
    #[schema(max_length = 500)]
    note: Option<String>,
    /// Whether the customer has to approve this on the bank's site, because the client does not take the word of a chat for it.
    #[serde(default)]
    approve: bool,
    /// The approval that the customer gave on the bank's site.
    step_up_ref: Option<String>,
}

/// Where a reported payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ReportStatus {
    /// The bank looks into it.
    UnderReview,
    /// It is the customer's own.
    Cleared,
}

/// What came of a report.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentReportAnswer {
    /// As it was named in the call.
    transaction_id: String,
    account_id: String,
    answer: Answer,
    status: ReportStatus,
    /// The number of the dispute, when it was not the customer's payment. Always the same for the same payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^D-[0-9]{8}$")]
    dispute: Option<String>,
    /// Whether this report changed anything.
    changed: bool,
}

/// Takes the customer's word on a payment: theirs, or not. What is not theirs becomes a dispute with a number; a later
/// answer counts. The payment is named by the id that it has now or had while it was pending.
#[utoipa::path(
    post, path = "/parlour-bank/v1/payments/{transactionId}/report", tag = "native",
    params(("transactionId" = String, Path), KeyHeader, crate::fdx::Headers), security(("fapi" = [])),
    request_body = PaymentReport,
    responses(
        (status = 200, body = PaymentReportAnswer, headers(("x-fapi-interaction-id" = String))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn report(
    State(house): State<Shared>,
    Path(id): Path<String>,
    received: Received<PaymentReport>,
) -> Result<Response, Problem> {
    received.caller.need(Service::PaymentReports)?;
    let work = move |doing: &Doing<'_>, order: &PaymentReport| {
        let note = order.checked_note()?;
        let consent = &doing.caller.consent;
        let payment = reports::find(doing.tx, &consent.customer, &id, consent.first_day())?
            .filter(|payment| consent.accounts.contains(&payment.account))
            .filter(|_| consent.covers(DataCluster::Transactions))
            .ok_or(Problem::Nothing("payment"))?;
        if order.approve {
            let amount = format!("{} {}", payment.currency, decimal(payment.minor));
            let whose = match order.answer {
                Answer::Mine => "was yours",
                Answer::NotMine => "was not yours",
            };
            doing.must_be_approved(&format!(
                "Say that the payment of {amount} to {} {whose}",
                payment.payee
            ))?;
        }
        let told = (order.answer, note);
        let (dispute, changed) = reports::report(doing.tx, &consent.customer, &payment, told, doing.now)?;
        let (status, whose) = match order.answer {
            Answer::NotMine => (ReportStatus::UnderReview, "was not yours"),
            Answer::Mine => (ReportStatus::Cleared, "was yours"),
        };
        if changed {
            let amount = format!("{} {}", payment.currency, decimal(payment.minor));
            doing.note(format!("Say that the payment of {amount} to {} {whose}", payment.payee))?;
        }
        let answer = PaymentReportAnswer {
            transaction_id: id,
            account_id: payment.account,
            answer: order.answer,
            status,
            dispute,
            changed,
        };
        Ok((StatusCode::OK, serde_json::to_value(answer).map_err(DbFault::from)?))
    };
    carry_out(&house, received, work).await
}

impl PaymentReport {
    fn checked_note(&self) -> Result<Option<&str>, Problem> {
        let note = self.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
        let wrong = |note: &str| {
            note.chars().count() > limits::NOTE_CHARS_MAX || note.chars().any(|c| c.is_control() && c != '\n')
        };
        if note.is_some_and(wrong) {
            return Err(Problem::value("/note", "a note has at most 500 visible characters"));
        }
        Ok(note)
    }
}

impl OrderBody for PaymentReport {
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
