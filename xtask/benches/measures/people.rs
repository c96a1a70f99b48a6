//! Customers with conversations, begun and linked, to put load on.

use domain::{
    AccountId, BankId, Channel, Clock, Consent, ConsentId, ConsentState, ConversationId, CustomerId,
    DataClass, Purpose,
};
use jiff::SignedDuration;
use parlour::rim::{self, SystemClock};
use store::{DbError, Store, consents, conversations, customers};

/// The bank of the measures.
pub fn bank() -> BankId {
    "harbour".parse().expect("a plain word is a bank id")
}

/// Somebody in a conversation.
#[derive(Debug, Clone)]
pub struct Person {
    /// The customer.
    pub customer: CustomerId,
    /// The conversation.
    pub conversation: ConversationId,
}

/// Begins a customer with a conversation and a consent in force to everything.
pub async fn linked(store: &Store) -> Person {
    let now = SystemClock.now();
    let person = Person {
        customer: CustomerId::new(rim::uuid(now)),
        conversation: ConversationId::new(rim::uuid(now)),
    };
    let consent = consent(&person);
    let who = person.clone();
    let begun = store.transact(move |tx| -> Result<(), DbError> {
        customers::begin(tx, &bank(), &who.customer, now)?;
        let new = conversations::NewConversation {
            bank: bank(),
            customer: who.customer.clone(),
            conversation: who.conversation.clone(),
            channel: Channel::Web,
            session: rim::random(),
            now,
        };
        conversations::begin(tx, &new)?;
        consents::insert(tx, &consent, now)?;
        Ok(())
    });
    begun.await.unwrap_or_else(|fault| panic!("a customer begins: {fault}"));
    person
}

fn consent(person: &Person) -> Consent {
    let now = SystemClock.now();
    Consent {
        id: ConsentId::new(rim::uuid(now)),
        bank: bank(),
        customer: person.customer.clone(),
        conversation: person.conversation.clone(),
        channel: Channel::Web,
        state: ConsentState::Given,
        purposes: vec![Purpose::AnswerCustomer],
        data_classes: DataClass::ALL.to_vec(),
        accounts: ["acc-1", "acc-2"]
            .map(|id| id.parse::<AccountId>().expect("plain text is an account id"))
            .to_vec(),
        not_before: now - SignedDuration::from_hours(1),
        expires_at: now + SignedDuration::from_hours(24),
        notice_sha256: "0".repeat(64),
        notice: "A notice of usual length, which the customer read before anything was shared.".repeat(8),
        language: "en".to_owned(),
        at_bank: Some("grant-1".to_owned()),
    }
}
