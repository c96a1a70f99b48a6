//! A question in the words of the schema.

use crate::{Question, gate::Tenant};
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression as Value,
    Schema,
};
use domain::{AccountId, Consent, DataClass, Purpose};
use std::{
    collections::{HashMap, HashSet},
    error::Error,
};

pub(crate) const BANK: &str = "Parlour::Bank";
pub(crate) const CUSTOMER: &str = "Parlour::Customer";
pub(crate) const DATA_GRANT: &str = "Parlour::DataGrant";

/// The names of the schema's entity types, read once.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    bank: EntityTypeName,
    customer: EntityTypeName,
    data_grant: EntityTypeName,
    purpose: EntityTypeName,
    data_class: EntityTypeName,
    channel: EntityTypeName,
    consent_state: EntityTypeName,
    action: EntityTypeName,
}

/// What Cedar is asked: the request, and the entities that it speaks of.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
}

/// The question does not fit the schema.
pub(crate) type Unfit = Box<dyn Error + Send + Sync>;

impl Vocabulary {
    /// Reads the names.
    pub(crate) fn new() -> Self {
        let name = |text: &str| -> EntityTypeName {
            text.parse().expect("the names in this function are written as Cedar wants them")
        };
        Vocabulary {
            bank: name(BANK),
            customer: name(CUSTOMER),
            data_grant: name(DATA_GRANT),
            purpose: name("Parlour::Purpose"),
            data_class: name("Parlour::DataClass"),
            channel: name("Parlour::Channel"),
            consent_state: name("Parlour::ConsentState"),
            action: name("Parlour::Action"),
        }
    }

    /// Puts a question into the words of the schema. `accounts` are those that are meant.
    pub(crate) fn ask(
        &self,
        schema: &Schema,
        question: &Question,
        purpose: Purpose,
        accounts: &[AccountId],
        tenant: &Tenant,
    ) -> Result<Asked, Unfit> {
        let principal = uid(&self.customer, question.customer.as_str());
        let grant_id = format!("{}/{}", question.bank, question.customer);
        let resource = uid(&self.data_grant, &grant_id);
        let offered = DataClass::ALL.iter().filter(|class| tenant.rules.offers(**class));
        let grant = HashMap::from([
            ("bank".to_owned(), value(&self.bank, question.bank.as_str())),
            ("customer".to_owned(), Value::new_entity_uid(principal.clone())),
            ("dataClasses".to_owned(), self.classes(offered)),
        ]);
        let grant = Entity::new(resource.clone(), grant, HashSet::new())?;
        let customer = Entity::new_no_attrs(principal.clone(), HashSet::new());
        let entities = Entities::from_entities([customer, grant], Some(schema))?;
        let context = self.context(question, purpose, accounts, tenant)?;
        let action = uid(&self.action, action_of(question.data_class));
        let request = Request::new(principal, action, resource, context, Some(schema))?;
        Ok(Asked { request, entities })
    }

    fn context(
        &self,
        question: &Question,
        purpose: Purpose,
        accounts: &[AccountId],
        tenant: &Tenant,
    ) -> Result<Context, Unfit> {
        let at_most = tenant.rules.max_tier(question.channel, question.data_class);
        let mut facts = vec![
            ("purpose".to_owned(), value(&self.purpose, purpose.as_str())),
            ("dataClass".to_owned(), value(&self.data_class, question.data_class.as_str())),
            ("accounts".to_owned(), texts(accounts)),
            ("channel".to_owned(), value(&self.channel, question.channel.as_str())),
            ("tier".to_owned(), Value::new_long(question.tier.level())),
            ("maxTier".to_owned(), Value::new_long(at_most.level())),
            ("now".to_owned(), Value::new_long(question.now.as_microsecond())),
        ];
        if let Some(consent) = question.consent {
            facts.push(("consent".to_owned(), self.consent(consent)?));
        }
        Ok(Context::from_pairs(facts)?)
    }

    fn consent(&self, consent: &Consent) -> Result<Value, Unfit> {
        let purposes = consent.purposes.iter().map(|purpose| value(&self.purpose, purpose.as_str()));
        Ok(Value::new_record([
            ("bank".to_owned(), value(&self.bank, consent.bank.as_str())),
            ("customer".to_owned(), value(&self.customer, consent.customer.as_str())),
            ("channel".to_owned(), value(&self.channel, consent.channel.as_str())),
            ("state".to_owned(), value(&self.consent_state, consent.state.as_str())),
            ("purposes".to_owned(), Value::new_set(purposes)),
            ("dataClasses".to_owned(), self.classes(consent.data_classes.iter())),
            ("accounts".to_owned(), texts(&consent.accounts)),
            ("notBefore".to_owned(), Value::new_long(consent.not_before.as_microsecond())),
            ("expiresAt".to_owned(), Value::new_long(consent.expires_at.as_microsecond())),
        ])?)
    }

    fn classes<'a>(&self, classes: impl Iterator<Item = &'a DataClass>) -> Value {
        Value::new_set(classes.map(|class| value(&self.data_class, class.as_str())))
    }
}

/// The action that reads a class of data.
fn action_of(class: DataClass) -> &'static str {
    match class {
        DataClass::Accounts => "ReadAccounts",
        DataClass::Balances => "ReadBalances",
        DataClass::Transactions => "ReadTransactions",
        DataClass::MerchantPlaces => "ReadMerchantPlaces",
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn value(kind: &EntityTypeName, id: &str) -> Value {
    Value::new_entity_uid(uid(kind, id))
}

fn texts(accounts: &[AccountId]) -> Value {
    Value::new_set(accounts.iter().map(|account| Value::new_string(account.as_str().to_owned())))
}
