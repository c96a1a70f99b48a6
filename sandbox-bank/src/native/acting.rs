//! One order, from its key to its answer: read, take the turn, get the customer's approval where it is needed, do
//! and write down in one transaction.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    guard::Caller,
    problem::{MemberFault, Problem},
};
use crate::{
    chance,
    house::{self, House, Shared},
    idempotency::{self, Asked, Known},
    limits, requests,
    step_up::{self, Leave, StepUp},
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is that of an earlier call with the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Who orders something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Actor {
    /// Of which kind.
    #[serde(rename = "type")]
    pub(crate) kind: ActorKind,
    /// How the client calls them.
    #[schema(max_length = 80)]
    pub(crate) id: Option<String>,
}

/// Kinds of those who order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ActorKind {
    /// The customer.
    Customer,
    /// Somebody of the bank. Refused for every order here.
    Agent,
    /// A program. Refused for every order here.
    System,
}

/// What every order carries beside itself.
pub(crate) trait OrderBody: DeserializeOwned {
    /// Who orders.
    fn actor(&self) -> &Actor;
    /// Where they said so.
    fn channel(&self) -> &str;
    /// The approval that they gave.
    fn step_up_ref(&self) -> Option<&str>;
}

/// An order that was read: its body, its key, who calls.
#[derive(Debug)]
pub(crate) struct Received<B> {
    pub(crate) caller: Caller,
    pub(crate) body: B,
    asked: Asked,
}

impl<B: OrderBody> FromRequest<Shared> for Received<B> {
    type Rejection = Problem;

    async fn from_request(request: Request, house: &Shared) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let caller =
            <Caller as axum::extract::FromRequestParts<Shared>>::from_request_parts(&mut parts, house)
                .await?;
        let key = key(&parts.headers)?;
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let bytes: Result<Bytes, BytesRejection> =
            Bytes::from_request(Request::from_parts(parts, body), house).await;
        let mut value = object(&bytes.map_err(|_| Problem::TooLarge)?)?;
        let body: B = read(&value)?;
        check(&body)?;
        if let Some(members) = value.as_object_mut() {
            members.remove("stepUpRef");
        }
        let asked = Asked {
            client_id: caller.consent.client_id.clone(),
            customer: caller.consent.customer.clone(),
            key,
            hash: chance::fingerprint(&format!("{method} {path} {value}")),
        };
        Ok(Self { caller, body, asked })
    }
}

fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers.get(KEY).and_then(|key| key.to_str().ok()).map(str::trim).unwrap_or_default();
    let fits = (1..=limits::KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(key.to_owned()) } else { Err(Problem::Key) }
}

/// Reads a body that is an object. Lists hold words only: the parser would otherwise take a list for an object.
pub(super) fn object(bytes: &[u8]) -> Result<Value, Problem> {
    let form =
        |detail: &str| Problem::Form(vec![MemberFault { pointer: String::new(), detail: detail.to_owned() }]);
    let value: Value = serde_json::from_slice(bytes).map_err(|_| form("the body is not JSON"))?;
    let members = value.as_object().ok_or_else(|| form("the body is not an object"))?;
    for (name, member) in members {
        let plain = match member {
            Value::Array(items) => items.iter().all(Value::is_string),
            Value::Object(inner) => inner.values().all(|v| !v.is_array() && !v.is_object()),
            _ => true,
        };
        if !plain {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            let detail = "nothing here is nested as deep as this".to_owned();
            return Err(Problem::Form(vec![MemberFault { pointer, detail }]));
        }
    }
    Ok(value)
}

/// Reads the members; names the one that is missing or not known.
pub(super) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Problem> {
    T::deserialize(value).map_err(|fault| {
        let detail = fault.to_string();
        let named = ["unknown field `", "missing field `"].iter().find_map(|start| {
            detail
                .strip_prefix(start)?
                .split_once('`')
                .map(|(name, _)| format!("/{}", name.replace('/', "~1")))
        });
        Problem::Form(vec![MemberFault { pointer: named.unwrap_or_default(), detail }])
    })
}

fn check<B: OrderBody>(body: &B) -> Result<(), Problem> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !(1..=20).contains(&body.channel().len()) || !body.channel().bytes().all(plain) {
        return Err(Problem::value("/channel", "a channel is 1 to 20 of a-z, 0-9 and _"));
    }
    if body.actor().id.as_ref().is_some_and(|id| id.chars().count() > limits::KEY_CHARS_MAX) {
        return Err(Problem::value("/actor/id", "an id has at most 80 characters"));
    }
    if body.actor().kind == ActorKind::Customer { Ok(()) } else { Err(Problem::NotTheCustomer) }
}

/// What an order holds in its hands while it is carried out.
pub(crate) struct Doing<'a> {
    pub(crate) tx: &'a Transaction<'a>,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
    house: &'a House,
    hash: &'a str,
    reference: Option<&'a str>,
    channel: &'a str,
}

impl Doing<'_> {
    /// Whether the bank wants the customer's approval for this, and has it. Once asked, the approval is used up.
    pub(crate) fn leave(&self, kind: StepUp, words: &str) -> Result<(), Problem> {
        if self.house.step_up.contains(&kind) { self.must_be_approved(words) } else { Ok(()) }
    }

    /// The same for what the client wants approved, whatever the bank wants by itself.
    pub(crate) fn must_be_approved(&self, words: &str) -> Result<(), Problem> {
        let consent = &self.caller.consent;
        let deed = step_up::Deed {
            customer: &consent.customer,
            client_id: &consent.client_id,
            client_name: &consent.client_name,
            hash: self.hash,
            words,
        };
        match step_up::leave(self.tx, &deed, self.reference, self.now)? {
            Leave::Given => Ok(()),
            Leave::Refused => Err(Problem::StepUpRefused),
            Leave::Needed(approval) => {
                let url = format!("{}/step-up/{}", self.house.issuer, approval.id);
                Err(Problem::StepUp { approval: Box::new(approval), url })
            }
        }
    }

    /// Writes down what was done, so that the customer finds it again.
    pub(crate) fn note(&self, words: String) -> Result<(), Problem> {
        let consent = &self.caller.consent;
        let deed = requests::Deed {
            at: self.now,
            words,
            channel: self.channel.to_owned(),
            through: Some(consent.client_name.clone()),
        };
        Ok(requests::note(self.tx, &consent.customer, &deed)?)
    }
}

/// Carries an order out, once for each key.
pub(crate) async fn carry_out<B, F>(
    house: &Shared,
    received: Received<B>,
    work: F,
) -> Result<Response, Problem>
where
    B: OrderBody + Send + 'static,
    F: FnOnce(&Doing<'_>, &B) -> Result<(StatusCode, Value), Problem> + Send + 'static,
{
    let (asked, now) = (received.asked.clone(), house.clock.now());
    let turn =
        match house.db.transact(move |tx| Ok::<_, Problem>(idempotency::begin(tx, &asked, now)?)).await? {
            Known::Turn(turn) => turn,
            Known::Done(status, answer) => return Ok(answered(status, answer, true)),
            Known::OtherBody => return Err(Problem::KeyReused),
            Known::InFlight => return Err(Problem::InFlight),
        };
    house::wait(house.faults.next_action()).await;
    let (inside, asked, held) = (house.clone(), received.asked.clone(), turn.clone());
    let done = match house.db.transact(move |tx| perform(&inside, tx, &received, &turn, work)).await {
        Ok(done) => done,
        Err(fault) => {
            // Nothing was done, so the key is as new.
            house.db.transact(move |tx| Ok::<_, Problem>(idempotency::give_back(tx, &asked, &held)?)).await?;
            return Err(fault);
        }
    };
    let (status, answer) = done?;
    if house.faults.next_answer_is_lost() {
        return Err(Problem::Internal);
    }
    Ok(answered(status, answer, false))
}

/// Does it and keeps the answer. A refusal leaves what the refusal itself wrote, and gives the turn back; a fault of
/// the bank's own leaves nothing.
fn perform<B, F>(
    house: &House,
    tx: &Transaction<'_>,
    received: &Received<B>,
    turn: &str,
    work: F,
) -> Result<Result<(u16, Value), Problem>, Problem>
where
    B: OrderBody,
    F: FnOnce(&Doing<'_>, &B) -> Result<(StatusCode, Value), Problem>,
{
    let doing = Doing {
        tx,
        caller: &received.caller,
        now: house.clock.now(),
        house,
        hash: &received.asked.hash,
        reference: received.body.step_up_ref(),
        channel: received.body.channel(),
    };
    match work(&doing, &received.body) {
        Ok((status, answer)) => {
            // Somebody else has the turn when this one took too long; then they do it.
            if !idempotency::end(tx, &received.asked, turn, (status.as_u16(), &answer))? {
                return Err(Problem::InFlight);
            }
            Ok(Ok((status.as_u16(), answer)))
        }
        Err(Problem::Internal) => Err(Problem::Internal),
        Err(refused) => {
            idempotency::give_back(tx, &received.asked, turn)?;
            Ok(Err(refused))
        }
    }
}

fn answered(status: u16, answer: Value, replayed: bool) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut answer = (status, Json(answer)).into_response();
    if replayed {
        answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    answer
}
