//! Orders: one call, one outcome.

use super::wire;
use crate::{
    call::{Ask, Doubt, Heard},
    connector::Connector,
    fault::{BankFault, Mismatch, Unreadable},
    grant::Grant,
};
use ::http::Method;
use domain::{
    Card, Channel, ContactPreferences, LimitChange, Money, Order, PaymentAnswer, Replacement, TravelNotice,
};
use gate::{AccountManagement, Guarded, Permit};
use serde_json::{Value, json};
use std::{fmt, str::FromStr};
use url::Url;

/// The longest key.
const KEY_MAX: usize = 80;

/// The key of one order. The caller makes it up, keeps it with the order before the order is sent, and sends it again
/// with every repeat.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderKey(String);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has 1 to {max} visible characters", max = KEY_MAX)]
pub struct NotAKey;

impl FromStr for OrderKey {
    type Err = NotAKey;
    fn from_str(text: &str) -> Result<OrderKey, NotAKey> {
        let fits = (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(OrderKey(text.to_owned())) } else { Err(NotAKey) }
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What came of an order.
#[must_use = "an order whose outcome nobody looks at may have to be repeated"]
pub enum Outcome {
    /// It is done.
    Done(Guarded<Effect, AccountManagement>),
    /// It was done before, by this key or by itself (the card was frozen already). Nothing changed now.
    AlreadyDone(Guarded<Effect, AccountManagement>),
    /// The customer has to approve it on the bank's own site; after that the same order is sent again, with the same
    /// key and with the reference.
    StepUpNeeded {
        /// Where.
        url: Url,
        /// What to send along then.
        reference: String,
    },
    /// The bank refuses, and the same order would be refused again.
    Refused(Fact),
    /// Nobody knows whether it was done. To be sent again with the same key.
    Unknown {
        /// What went wrong.
        fault: BankFault,
    },
}

impl Outcome {
    /// A short name for metrics and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Outcome::Done(_) => "done",
            Outcome::AlreadyDone(_) => "already_done",
            Outcome::StepUpNeeded { .. } => "step_up_needed",
            Outcome::Refused(_) => "refused",
            Outcome::Unknown { .. } => "unknown",
        }
    }
}

/// How things are after an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// So is the card now.
    Card(Card),
    /// The card is blocked; another one is on its way, if the bank says so.
    Replaced {
        /// The blocked card.
        card: Card,
        /// The new one.
        replacement: Option<Replacement>,
    },
    /// The bank keeps this travel notice.
    Travels(TravelNotice),
    /// The travel notice is taken back.
    StaysHome,
    /// The account has this name now.
    Named(String),
    /// So the customer is reached now.
    Reached(ContactPreferences),
    /// The bank knows what the customer says of a payment.
    Reported {
        /// What they say.
        answer: PaymentAnswer,
        /// The bank's number of the dispute, if it opened one.
        dispute: Option<String>,
    },
}

/// Why the bank refuses an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fact {
    /// The bank froze the card itself.
    #[error("the bank froze this card, so only the bank unfreezes it")]
    FrozenByBank,
    /// The card is blocked or closed.
    #[error("the card is in a state in which this cannot be done")]
    CardState,
    /// There is no such card, account or notice.
    #[error("the bank does not know it")]
    NotThere,
    /// The bank's consent does not cover it.
    #[error("the consent at the bank does not cover this")]
    NotCovered,
    /// A value is outside the bank's limits.
    #[error("the bank does not take this value")]
    Value,
    /// There are as many as the bank keeps.
    #[error("the bank keeps no more of these")]
    TooMany,
    /// The customer said No on the bank's own site.
    #[error("the customer said no to it at the bank")]
    NotApproved,
    /// The key was used for another order.
    #[error("the key was used for another order")]
    KeyReused,
    /// Something that this program does not know.
    #[error("the bank refuses with status {status}")]
    Other {
        /// The HTTP status.
        status: u16,
    },
}

impl Connector {
    /// Carries an order out at the bank. An error says that nothing was done: the permit is for something else, the
    /// consent has ended, or the bank was not asked.
    pub async fn order(
        &self,
        grant: &Grant,
        permit: &Permit<AccountManagement>,
        order: &Order,
        channel: Channel,
        key: &OrderKey,
        step_up: Option<&str>,
    ) -> Result<Outcome, BankFault> {
        self.check_order(grant, permit, order)?;
        let sent = Sent::of(order, channel, step_up);
        let (path, doubt) = (sent.path(), Doubt::default());
        let ask = Ask {
            method: sent.method.clone(),
            query: sent.query.clone(),
            body: sent.body.clone(),
            key: Some(&key.0),
            doubt: Some(&doubt),
            ..Ask::native(order.operation().as_str(), &path)
        };
        let answer = self.inner.api.ask(grant, self.deadline(), &ask).await;
        let outcome = match answer {
            Ok(heard) => self.outcome(permit, order, &heard),
            Err(fault) if doubt.is_there() => Ok(Outcome::Unknown { fault }),
            Err(fault) => Err(fault),
        };
        if let Ok(outcome) = &outcome {
            let (bank, operation) = (self.inner.bank.to_string(), order.operation().as_str());
            metrics::counter!("parlour_bank_orders_total", "bank" => bank, "order" => operation, "outcome" => outcome.kind())
                .increment(1);
        }
        outcome
    }

    /// Whether a permit is for this order, of this bank, of the customer of the grant.
    fn check_order(
        &self,
        grant: &Grant,
        permit: &Permit<AccountManagement>,
        order: &Order,
    ) -> Result<(), BankFault> {
        self.check_grant(grant)?;
        let wrong = if permit.operation() != Some(order.operation()) {
            Mismatch::Order
        } else if order.account().is_some_and(|account| !permit.accounts().contains(account)) {
            Mismatch::Account
        } else if *permit.bank() != self.inner.bank {
            Mismatch::Bank
        } else if *permit.customer() != grant.customer {
            Mismatch::Customer
        } else {
            return Ok(());
        };
        Err(BankFault::NotPermitted(wrong))
    }

    fn outcome(
        &self,
        permit: &Permit<AccountManagement>,
        order: &Order,
        heard: &Heard,
    ) -> Result<Outcome, BankFault> {
        if heard.status >= 400 {
            return Ok(refused(heard));
        }
        // It is done, so an answer that cannot be read leaves what came of it open, not whether.
        let read = wire::effect(order, &heard.body);
        let (effect, changed) = match read {
            Ok(read) => read,
            Err(what) => return Ok(Outcome::Unknown { fault: heard.unreadable(what) }),
        };
        let guarded = Guarded::seal(permit, effect);
        let anew = changed && !heard.replayed;
        Ok(if anew { Outcome::Done(guarded) } else { Outcome::AlreadyDone(guarded) })
    }
}

/// What a refusal means.
fn refused(heard: &Heard) -> Outcome {
    let Ok(problem) = wire::problem(&heard.body) else {
        return Outcome::Refused(Fact::Other { status: heard.status });
    };
    let fact = match (problem.code.as_deref().unwrap_or_default(), heard.status) {
        ("step-up", _) => {
            let step_up =
                problem.step_up.and_then(|step_up| Some((step_up.url.parse().ok()?, step_up.reference)));
            return match step_up {
                Some((url, reference)) => Outcome::StepUpNeeded { url, reference },
                None => Outcome::Unknown { fault: heard.unreadable(Unreadable::Form) },
            };
        }
        ("in-flight", status) => {
            let fault = BankFault::Refused { status, code: None, interaction: Some(heard.interaction) };
            return Outcome::Unknown { fault };
        }
        ("frozen-by-bank", _) => Fact::FrozenByBank,
        ("card-state", _) => Fact::CardState,
        ("step-up-refused", _) => Fact::NotApproved,
        ("idempotency-key-reused", _) => Fact::KeyReused,
        ("too-many-kept", _) => Fact::TooMany,
        ("not-covered", _) => Fact::NotCovered,
        ("value", _) => Fact::Value,
        ("not-found", _) | (_, 404) => Fact::NotThere,
        (_, status) => Fact::Other { status },
    };
    Outcome::Refused(fact)
}

/// An order in the words of the contract.
struct Sent {
    method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Sent {
    fn of(order: &Order, channel: Channel, step_up: Option<&str>) -> Sent {
        let (method, path, more) = match order {
            Order::FreezeCard { card, .. } => {
                (Method::POST, vec!["cards", card.as_str(), "freeze"], json!({}))
            }
            Order::UnfreezeCard { card, .. } => {
                (Method::POST, vec!["cards", card.as_str(), "unfreeze"], json!({}))
            }
            Order::ReportCard { card, loss, .. } => {
                let body = json!({ "kind": loss.as_str().to_uppercase() });
                (Method::POST, vec!["cards", card.as_str(), "report-lost"], body)
            }
            Order::SetCardLimits { card, change, .. } => {
                (Method::PUT, vec!["cards", card.as_str(), "limits"], limits(change))
            }
            Order::AddTravelNotice { countries, from, until } => {
                let body = json!({ "countries": countries, "from": from, "until": until });
                (Method::POST, vec!["travel-notices"], body)
            }
            Order::CancelTravelNotice { notice } => {
                let path = ["travel-notices", notice.as_str()].map(str::to_owned).into();
                let query = vec![("channel", channel.as_str().to_owned())];
                return Sent { method: Method::DELETE, path, query, body: None };
            }
            Order::RenameAccount { account, nickname } => {
                (Method::PUT, vec!["accounts", account.as_str(), "nickname"], json!({ "nickname": nickname }))
            }
            Order::SetContactPreferences { preferences } => {
                (Method::PUT, vec!["contact-preferences"], wire::contact_body(preferences))
            }
            Order::ReportPayment { transaction, answer, approve, .. } => {
                let mut body = json!({ "answer": answer.as_str() });
                if *approve {
                    body["approve"] = json!(true);
                }
                (Method::POST, vec!["payments", transaction.as_str(), "report"], body)
            }
        };
        let mut body = json!({ "actor": { "type": "CUSTOMER" }, "channel": channel.as_str() });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
            body.extend(step_up.map(|reference| ("stepUpRef".to_owned(), json!(reference))));
        }
        let path = path.into_iter().map(str::to_owned).collect();
        Sent { method, path, query: Vec::new(), body: Some(body) }
    }

    fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }
}

fn limits(change: &LimitChange) -> Value {
    let amount = |money: Money| money.decimal();
    let members = [
        ("perDay", change.per_day.map(|money| json!(amount(money)))),
        ("perPayment", change.per_payment.map(|money| json!(amount(money)))),
        ("contactless", change.contactless.map(Value::Bool)),
        ("online", change.online.map(Value::Bool)),
        ("abroad", change.abroad.map(Value::Bool)),
    ];
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_at_the_limit_is_taken_and_one_over_it_is_not() {
        assert!("k".repeat(KEY_MAX).parse::<OrderKey>().is_ok());
        for wrong in ["", "a b", "k\n", &"k".repeat(KEY_MAX + 1)] {
            assert_eq!(wrong.parse::<OrderKey>(), Err(NotAKey), "{wrong:?}");
        }
    }

    #[test]
    fn only_what_changes_is_sent() {
        let change = LimitChange {
            per_day: Some(Money::new(50_005, domain::Currency::USD)),
            abroad: Some(false),
            ..LimitChange::default()
        };
        assert_eq!(limits(&change), json!({ "perDay": "500.05", "abroad": false }));
    }
}
