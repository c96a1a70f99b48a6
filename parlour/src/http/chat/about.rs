//! `GET /v1/chat/{bank}`: which bank it is, what it can do, and how the conversation stands.

use crate::{
    http::{Web, caller::Caller, problem::Problem, view::thread::standing_words},
    room::{self, Standing},
    tenant::Tenant,
};
use axum::{Json, extract::State};
use domain::{ConsentId, DataClass};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A bank and the conversation with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct About {
    /// The bank's id.
    #[schema(example = "harbour")]
    bank: String,
    /// Its name.
    #[schema(example = "Harbour Bank")]
    name: String,
    /// Who talks: always a program, never a person.
    #[schema(example = "a program of Harbour Bank")]
    speaker: String,
    /// What the chat can do, in words.
    can: Vec<String>,
    /// The data that the bank says No to, with its reason.
    says_no: Vec<SaysNo>,
    /// How the conversation stands.
    standing: StandingNow,
}

/// Data that the bank says No to.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaysNo {
    /// The class of data.
    #[schema(value_type = String, example = "merchant_places")]
    data_class: DataClass,
    /// The bank's words.
    reason: String,
}

/// How a conversation stands. Also the event `standing` of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StandingNow {
    /// In words, in the bank's time zone.
    #[schema(example = "Linked for 2 accounts until 20 Feb 2027")]
    pub words: String,
    /// Whether a consent is in force.
    pub linked: bool,
    /// Of how many accounts.
    pub accounts: u32,
    /// Until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// The consent in force.
    #[schema(value_type = Option<String>)]
    pub consent: Option<ConsentId>,
    /// Whether the customer has paused it; nothing is read then.
    pub paused: bool,
    /// Whether the chat waits for a yes or no to "was that you?".
    pub waiting_answer: bool,
}

impl StandingNow {
    /// As programs and people read it.
    pub fn of(standing: &Standing, tenant: &Tenant) -> StandingNow {
        let linked = standing.linked.as_ref();
        StandingNow {
            words: standing_words(standing, &tenant.zone),
            linked: linked.is_some(),
            accounts: linked.map_or(0, |l| l.accounts),
            until: linked.map(|l| l.until),
            consent: linked.map(|l| l.consent.clone()),
            paused: standing.paused,
            waiting_answer: standing.waiting_answer,
        }
    }
}

/// Tells which bank it is, what the chat can do, and how the conversation stands.
#[utoipa::path(get, path = "/v1/chat/{bank}", tag = "chat", operation_id = "about", summary = "The bank and how the conversation stands",
    params(("bank" = String, Path, description = "The bank", example = "harbour")),
    security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The bank and the conversation.", body = About),
    ))]
pub async fn about(State(face): Web, Caller { tenant, session }: Caller) -> Result<Json<About>, Problem> {
    let standing = room::standing(&face.app, &session).await?;
    let no = |(data_class, reason): &(DataClass, String)| SaysNo {
        data_class: *data_class,
        reason: reason.clone(),
    };
    Ok(Json(About {
        bank: tenant.id.to_string(),
        name: tenant.name.clone(),
        speaker: format!("a program of {}", tenant.name),
        can: tenant.can.clone(),
        says_no: tenant.says_no.iter().map(no).collect(),
        standing: StandingNow::of(&standing, &tenant),
    }))
}
