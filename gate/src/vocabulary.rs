//! A question in the words of the schema.

use crate::{Asker, BankRules, Ordered, Question};
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression as Value,
    Schema,
};
use domain::{AccountId, BankId, Consent, DataClass, Money, Purpose};
use std::{
    collections::{HashMap, HashSet},
    error::Error,
};

pub(crate) const BANK: &str = "Parlour::Bank";
pub(crate) const CUSTOMER: &str = "Parlour::Customer";
pub(crate) const AGENT: &str = "Parlour::Agent";
pub(crate) const STAFF: &str = "Parlour::Staff";
pub(crate) const PARTNER: &str = "Parlour::Partner";
pub(crate) const PLATFORM: &str = "Parlour::Platform";
pub(crate) const DATA_GRANT: &str = "Parlour::DataGrant";

/// The names of the schema's entity types, read once.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    bank: EntityTypeName,
    customer: EntityTypeName,
    agent: EntityTypeName,
    staff: EntityTypeName,
    partner: EntityTypeName,
    platform: EntityTypeName,
    data_grant: EntityTypeName,
    purpose: EntityTypeName,
    operation: EntityTypeName,
    data_class: EntityTypeName,
    channel: EntityTypeName,
    consent_state: EntityTypeName,
    action: EntityTypeName,
    /// The actions, with the groups that they are in.
    actions: Entities,
}

/// What Cedar is asked: the request, and the entities that it speaks of.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) entities: Entities,
}

/// The question does not fit the schema.
pub(crate) type Unfit = Box<dyn Error + Send + Sync>;

impl Vocabulary {
    /// Reads the names, and the actions of the schema.
    pub(crate) fn new(schema: &Schema) -> Self {
        let name = |text: &str| -> EntityTypeName {
            text.parse().expect("the names in this function are written as Cedar wants them")
        };
        Vocabulary {
            bank: name(BANK),
            customer: name(CUSTOMER),
            agent: name(AGENT),
            staff: name(STAFF),
            partner: name(PARTNER),
            platform: name(PLATFORM),
            data_grant: name(DATA_GRANT),
            purpose: name("Parlour::Purpose"),
            operation: name("Parlour::Operation"),
            data_class: name("Parlour::DataClass"),
            channel: name("Parlour::Channel"),
            consent_state: name("Parlour::ConsentState"),
            action: name("Parlour::Action"),
            actions: schema.action_entities().expect("the schema's own actions have no attributes"),
        }
    }

    /// Puts a question into the words of the schema. `accounts` are those that are meant. Builds with debug assertions,
    /// all tests among them, check the result against the schema; a release does not, for a fifth of the time of a
    /// decision. A request that did not fit would make policies fail there, and a policy that fails is a refusal.
    pub(crate) fn ask(
        &self,
        schema: &Schema,
        question: &Question,
        purpose: Purpose,
        accounts: &[AccountId],
        rules: &BankRules,
    ) -> Result<Asked, Unfit> {
        let asker = self.asker(question.asker)?;
        let principal = asker.uid();
        let grant_id = format!("{}/{}", question.bank, question.customer);
        let resource = uid(&self.data_grant, &grant_id);
        let offered = DataClass::ALL.iter().filter(|class| rules.offers(**class));
        let grant = HashMap::from([
            ("bank".to_owned(), value(&self.bank, question.bank.as_str())),
            ("customer".to_owned(), value(&self.customer, question.customer.as_str())),
            ("dataClasses".to_owned(), self.classes(offered)),
        ]);
        let grant = Entity::new(resource.clone(), grant, HashSet::new())?;
        let checked = cfg!(debug_assertions).then_some(schema);
        let entities = self.actions.clone().add_entities([asker, grant], checked)?;
        let context = self.context(question, purpose, accounts, rules)?;
        let action = uid(&self.action, action_of(question));
        let request = Request::new(principal, action, resource, context, checked)?;
        Ok(Asked { request, entities })
    }

    /// Who asks, with what the schema wants to know of them.
    fn asker(&self, asker: Asker) -> Result<Entity, Unfit> {
        let of_bank = |bank: &BankId| ("bank".to_owned(), value(&self.bank, bank.as_str()));
        let (uid, facts) = match asker {
            Asker::Customer(id) => (uid(&self.customer, id.as_str()), HashMap::new()),
            Asker::Agent { id, bank, open_cases } => {
                let cases = open_cases.iter().map(|customer| value(&self.customer, customer.as_str()));
                let cases = ("openCases".to_owned(), Value::new_set(cases));
                (uid(&self.agent, id), HashMap::from([of_bank(bank), cases]))
            }
            Asker::Staff { id, bank } => (uid(&self.staff, id), HashMap::from([of_bank(bank)])),
            Asker::Partner { id, bank } => (uid(&self.partner, id.as_str()), HashMap::from([of_bank(bank)])),
            Asker::Platform { id } => (uid(&self.platform, id), HashMap::new()),
        };
        Ok(Entity::new(uid, facts, HashSet::new())?)
    }

    fn context(
        &self,
        question: &Question,
        purpose: Purpose,
        accounts: &[AccountId],
        rules: &BankRules,
    ) -> Result<Context, Unfit> {
        let at_most = rules.max_tier(question.channel, question.data_class);
        let mut facts = vec![
            ("purpose".to_owned(), value(&self.purpose, purpose.as_str())),
            ("dataClass".to_owned(), value(&self.data_class, question.data_class.as_str())),
            ("accounts".to_owned(), texts(accounts)),
            ("channel".to_owned(), value(&self.channel, question.channel.as_str())),
            ("tier".to_owned(), Value::new_long(question.tier.level())),
            ("maxTier".to_owned(), Value::new_long(at_most.level())),
            ("now".to_owned(), Value::new_long(question.now.as_microsecond())),
            ("hour".to_owned(), Value::new_long(rules.hour(question.now).into())),
        ];
        if let Some(region) = question.circumstances.region {
            facts.push(("region".to_owned(), Value::new_string(region.code().to_owned())));
        }
        if let Some(partner) = question.circumstances.partner {
            facts.push(("partner".to_owned(), Value::new_string(partner.as_str().to_owned())));
        }
        match question.ordered {
            Some(Ordered::Payment(payment)) => facts.push(("amount".to_owned(), amount(payment)?)),
            Some(Ordered::Operation(operation)) => {
                facts.push(("operation".to_owned(), value(&self.operation, operation.as_str())));
            }
            None => {}
        }
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

/// What is done: something is ordered, or a class of data read.
fn action_of(question: &Question) -> &'static str {
    match question.ordered {
        Some(Ordered::Payment(_)) => return "OrderPayment",
        Some(Ordered::Operation(_)) => return "ManageAccount",
        None => {}
    }
    match question.data_class {
        DataClass::Accounts => "ReadAccounts",
        DataClass::Balances => "ReadBalances",
        DataClass::Transactions => "ReadTransactions",
        DataClass::MerchantPlaces => "ReadMerchantPlaces",
        DataClass::Cards => "ReadCards",
        DataClass::Statements => "ReadStatements",
        DataClass::ScheduledPayments => "ReadScheduledPayments",
        DataClass::Contact => "ReadContact",
    }
}

fn amount(money: Money) -> Result<Value, Unfit> {
    Ok(Value::new_record([
        ("minorUnits".to_owned(), Value::new_long(money.minor_units)),
        ("currency".to_owned(), Value::new_string(money.currency.code().to_owned())),
    ])?)
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

/// The builder of requests and the schema hold each other: what the schema declares is filled, what is built fits.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Circumstances, Offer, texts::SCHEMA};
    use cedar_policy::SchemaFragment;
    use domain::{
        Channel, ConsentId, ConsentState, ConversationId, Currency, CustomerId, EntryId, Operation,
        PartnerId, Tier,
    };
    use std::collections::BTreeSet;
    use uuid::Uuid;

    /// All that a full question borrows.
    struct Known {
        bank: BankId,
        partner: PartnerId,
        customer: CustomerId,
        consent: Consent,
        rules: BankRules,
    }

    fn known() -> Known {
        let bank: BankId = "harbour".parse().unwrap();
        let customer = CustomerId::new(Uuid::from_u128(1));
        let mut rules = BankRules::closed(bank.clone());
        rules.offered = DataClass::ALL.iter().map(|class| (*class, Offer::Yes)).collect();
        let consent = Consent {
            id: ConsentId::new(Uuid::from_u128(1)),
            bank: bank.clone(),
            customer: customer.clone(),
            conversation: ConversationId::new(Uuid::from_u128(1)),
            channel: Channel::Web,
            state: ConsentState::Given,
            purposes: Purpose::ALL.to_vec(),
            data_classes: DataClass::ALL.to_vec(),
            accounts: vec!["checking-1".parse().unwrap()],
            not_before: jiff::Timestamp::UNIX_EPOCH,
            expires_at: jiff::Timestamp::MAX,
            notice_sha256: String::new(),
            notice: String::new(),
            language: "en".to_owned(),
            at_bank: None,
        };
        Known { bank, partner: "acme".parse().unwrap(), customer, consent, rules }
    }

    fn askers(known: &Known) -> [Asker<'_>; 5] {
        let Known { bank, partner, customer, .. } = known;
        [
            Asker::Customer(customer),
            Asker::Agent { id: "mia", bank, open_cases: std::slice::from_ref(customer) },
            Asker::Staff { id: "max", bank },
            Asker::Partner { id: partner, bank },
            Asker::Platform { id: "messenger" },
        ]
    }

    /// The question with every fact that can be known.
    fn full<'a>(
        known: &'a Known,
        asker: Asker<'a>,
        data_class: DataClass,
        ordered: Option<Ordered>,
    ) -> Question<'a> {
        Question {
            entry: EntryId::new(Uuid::from_u128(1)),
            bank: &known.bank,
            asker,
            customer: &known.customer,
            consent: Some(&known.consent),
            data_class,
            accounts: &[],
            ordered,
            channel: Channel::Web,
            tier: Tier::InChat,
            circumstances: Circumstances {
                region: Some("US".parse().unwrap()),
                partner: Some(&known.partner),
            },
            now: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    /// One order of each kind.
    fn orders() -> [(DataClass, Option<Ordered>); 2] {
        let payment = Ordered::Payment(Money::new(1, Currency::USD));
        let freeze = Ordered::Operation(Operation::FreezeCard);
        [(DataClass::Accounts, Some(payment)), (DataClass::Cards, Some(freeze))]
    }

    fn ask(known: &Known, question: &Question) -> Asked {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
        let accounts = &known.consent.accounts;
        Vocabulary::new(&schema)
            .ask(&schema, question, Purpose::AnswerCustomer, accounts, &known.rules)
            .unwrap()
    }

    fn keys(object: &serde_json::Value) -> BTreeSet<String> {
        object.as_object().unwrap().keys().cloned().collect()
    }

    /// The attributes that the schema declares of a type or an entity.
    fn declared(kind: &str, name: &str) -> BTreeSet<String> {
        let (fragment, _) = SchemaFragment::from_cedarschema_str(SCHEMA).unwrap();
        let schema = &fragment.to_json_value().unwrap()["Parlour"];
        match kind {
            "commonTypes" => keys(&schema[kind][name]["attributes"]),
            _ => schema[kind][name]["shape"].get("attributes").map_or_else(BTreeSet::new, keys),
        }
    }

    #[test]
    fn every_asker_and_action_of_the_schema_is_built_and_fits() {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
        let known = known();
        let mut built = BTreeSet::new();
        for asker in askers(&known) {
            let reads = DataClass::ALL.iter().map(|class| (*class, None));
            for (class, ordered) in reads.chain(orders()) {
                let asked = ask(&known, &full(&known, asker, class, ordered));
                let kind = asked.request.principal().unwrap().type_name().to_string();
                built.insert((kind, asked.request.action().unwrap().to_string()));
            }
        }
        let declared =
            schema.request_envs().map(|env| (env.principal().to_string(), env.action().to_string()));
        assert_eq!(built, declared.collect());
    }

    #[test]
    fn every_fact_that_the_schema_declares_is_filled() {
        let known = known();
        let mut filled = BTreeSet::new();
        for (class, ordered) in orders() {
            let asked = ask(&known, &full(&known, Asker::Customer(&known.customer), class, ordered));
            filled.extend(keys(&asked.request.context().unwrap().to_json_value().unwrap()));
        }
        assert_eq!(filled, declared("commonTypes", "Access"));
        let (class, payment) = orders()[0];
        let asked = ask(&known, &full(&known, Asker::Customer(&known.customer), class, payment));
        let context = asked.request.context().unwrap().to_json_value().unwrap();
        assert_eq!(keys(&context["consent"]), declared("commonTypes", "Consent"));
        assert_eq!(keys(&context["amount"]), declared("commonTypes", "Amount"));
        for asker in askers(&known) {
            let asked = ask(&known, &full(&known, asker, DataClass::Accounts, None));
            for uid in [asked.request.principal(), asked.request.resource()].map(Option::unwrap) {
                let filled = asked.entities.get(uid).unwrap().to_json_value().unwrap();
                let name = uid.type_name().basename().to_owned();
                assert_eq!(keys(&filled["attrs"]), declared("entityTypes", &name), "{name}");
            }
        }
    }
}
