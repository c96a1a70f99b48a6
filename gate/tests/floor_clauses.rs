//! Each clause of the floor closes something that no other clause closes: without it, that would be open.
//!
//! Asks Cedar itself and without a schema, so that even facts can be sent that the gate cannot utter.

#![allow(clippy::unwrap_used, reason = "a test may")]

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicyId, PolicySet, Request, Schema,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, str::FromStr};

const FLOOR: &str = include_str!("../policies/floor.cedar");
const SCHEMA: &str = include_str!("../policies/parlour.cedarschema");

/// A request in JSON, so that a test can change one fact of it.
#[derive(Clone)]
struct Facts {
    principal: &'static str,
    of_principal: Value,
    action: &'static str,
    grant: Value,
    context: Value,
}

fn entity(kind: &str, id: &str) -> Value {
    json!({"__entity": {"type": format!("Parlour::{kind}"), "id": id}})
}

/// A request that the floor leaves open.
fn open() -> Facts {
    let balances = entity("DataClass", "balances");
    Facts {
        principal: "Parlour::Customer::\"ann\"",
        of_principal: json!({}),
        action: "Parlour::Action::\"ReadBalances\"",
        grant: json!({
            "bank": entity("Bank", "harbour"), "customer": entity("Customer", "ann"), "dataClasses": [balances],
        }),
        context: json!({
            "purpose": entity("Purpose", "answer_customer"), "dataClass": balances, "accounts": ["a"],
            "channel": entity("Channel", "web"), "tier": 2, "maxTier": 2, "now": 5, "hour": 9,
            "consent": {
                "bank": entity("Bank", "harbour"), "customer": entity("Customer", "ann"),
                "channel": entity("Channel", "web"), "state": entity("ConsentState", "given"),
                "purposes": [entity("Purpose", "answer_customer")], "dataClasses": [balances],
                "accounts": ["a", "b"], "notBefore": 5, "expiresAt": 6,
            },
        }),
    }
}

/// The open request, but for another class of data, agreed to and offered.
fn open_for(class: &str, action: &'static str) -> Facts {
    let mut facts = open();
    facts.action = action;
    facts.context["dataClass"] = entity("DataClass", class);
    facts.context["consent"]["dataClasses"] = json!([entity("DataClass", class)]);
    facts.grant["dataClasses"] = json!([entity("DataClass", class)]);
    facts
}

/// The open request, but by somebody of Harbour who works on Ann's case.
fn open_for_agent() -> Facts {
    let mut facts = open();
    facts.principal = "Parlour::Agent::\"mia\"";
    facts.of_principal = json!({"bank": entity("Bank", "harbour"), "openCases": [entity("Customer", "ann")]});
    facts
}

/// An order to pay that the floor leaves open.
fn open_payment() -> Facts {
    open_for_class_of_payment("accounts")
}

/// An order to freeze a card that the floor leaves open.
fn open_order() -> Facts {
    open_for_class_of_order("cards", "freeze_card")
}

/// An order on a class of data, agreed to and offered.
fn open_for_class_of_order(class: &str, operation: &str) -> Facts {
    let mut facts = open_for(class, "Parlour::Action::\"ManageAccount\"");
    facts.context["operation"] = entity("Operation", operation);
    for_purpose(&mut facts, "account_management");
    facts
}

/// The same for a purpose, which was agreed to.
fn for_purpose(facts: &mut Facts, purpose: &str) {
    facts.context["purpose"] = entity("Purpose", purpose);
    facts.context["consent"]["purposes"] = json!([entity("Purpose", purpose)]);
}

/// The floor under a permit of everything.
fn policies() -> PolicySet {
    let mut policies = PolicySet::from_str("permit (principal, action, resource);").unwrap();
    for policy in PolicySet::from_str(FLOOR).unwrap().policies() {
        policies.add(policy.new_id(PolicyId::new(policy.annotation("id").unwrap()))).unwrap();
    }
    policies
}

fn uid_of(text: &str) -> Value {
    let uid: EntityUid = text.parse().unwrap();
    json!({"type": uid.type_name().to_string(), "id": uid.id().unescaped()})
}

/// The groups of an action, as the schema has them.
fn groups_of(action: &str) -> Vec<Value> {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let actions = schema.action_entities().unwrap();
    let action: EntityUid = action.parse().unwrap();
    actions.ancestors(&action).unwrap().map(|group| uid_of(&group.to_string())).collect()
}

/// The clauses that say no.
fn closed_by(facts: &Facts) -> Vec<String> {
    let resource = EntityUid::from_str("Parlour::DataGrant::\"harbour/ann\"").unwrap();
    let entities = Entities::from_json_value(
        json!([
            {"uid": {"type": "Parlour::DataGrant", "id": "harbour/ann"}, "attrs": facts.grant, "parents": []},
            {"uid": uid_of(facts.principal), "attrs": facts.of_principal, "parents": []},
            {"uid": uid_of(facts.action), "attrs": {}, "parents": groups_of(facts.action)},
        ]),
        None,
    );
    let context = Context::from_json_value(facts.context.clone(), None).unwrap();
    let (principal, action) = (facts.principal.parse().unwrap(), facts.action.parse().unwrap());
    let request = Request::new(principal, action, resource, context, None).unwrap();
    let answer = Authorizer::new().is_authorized(&request, &policies(), &entities.unwrap());
    assert_eq!(answer.diagnostics().errors().count(), 0);
    match answer.decision() {
        Decision::Allow => Vec::new(),
        Decision::Deny => answer.diagnostics().reason().map(ToString::to_string).collect(),
    }
}

/// An order to pay from another class of data, agreed to and offered.
fn open_for_class_of_payment(class: &str) -> Facts {
    let mut facts = open_for(class, "Parlour::Action::\"OrderPayment\"");
    facts.context["amount"] = json!({"minorUnits": 1, "currency": "USD"});
    for_purpose(&mut facts, "customer_payment");
    facts
}

/// For each clause, a request that would be open without it.
fn only_closed_by() -> Vec<(&'static str, Facts)> {
    let changed = |change: fn(&mut Facts)| {
        let mut facts = open();
        change(&mut facts);
        facts
    };
    let someone = |mut facts: Facts, change: fn(&mut Facts)| {
        change(&mut facts);
        facts
    };
    vec![
        ("purpose", changed(|f| for_purpose(f, "advertising"))),
        ("consent", changed(|f| f.context["consent"]["state"] = entity("ConsentState", "paused"))),
        ("consent", changed(|f| f.context["consent"]["bank"] = entity("Bank", "meridian"))),
        ("consent", changed(|f| f.context["consent"]["customer"] = entity("Customer", "bob"))),
        ("consent", changed(|f| f.context["consent"]["channel"] = entity("Channel", "matrix"))),
        ("consent-time", changed(|f| f.context["now"] = json!(4))),
        ("consent-time", changed(|f| f.context["now"] = json!(6))),
        ("consent-purpose", changed(|f| f.context["purpose"] = entity("Purpose", "customer_alert"))),
        ("consent-class", changed(|f| f.context["consent"]["dataClasses"] = json!([]))),
        ("consent-accounts", changed(|f| f.context["accounts"] = json!(["a", "c"]))),
        ("consent-accounts", changed(|f| f.context["accounts"] = json!([]))),
        ("grant", changed(|f| f.grant["dataClasses"] = json!([]))),
        ("who", changed(|f| f.principal = "Parlour::Bank::\"harbour\"")),
        ("who", someone(open_for_agent(), |f| f.principal = "Parlour::Staff::\"max\"")),
        ("who", someone(open_for_agent(), |f| f.principal = "Parlour::Partner::\"acme\"")),
        ("who", someone(open_for_agent(), |f| f.principal = "Parlour::Platform::\"messenger\"")),
        ("own-data", changed(|f| f.principal = "Parlour::Customer::\"bob\"")),
        ("own-bank", someone(open_for_agent(), |f| f.of_principal["bank"] = entity("Bank", "meridian"))),
        (
            "open-case",
            someone(open_for_agent(), |f| f.of_principal["openCases"] = json!([entity("Customer", "bob")])),
        ),
        ("case-purpose", someone(open_for_agent(), |f| for_purpose(f, "own_spending_map"))),
        ("customers-pay", {
            let mut facts = open_for_agent();
            let payment = open_payment();
            (facts.action, facts.grant, facts.context) = (payment.action, payment.grant, payment.context);
            facts
        }),
        ("pays-to-pay", someone(open_payment(), |f| for_purpose(f, "answer_customer"))),
        ("pays-amount", someone(open_payment(), |f| f.context["amount"]["minorUnits"] = json!(0))),
        ("pays-amount", someone(open_payment(), |f| f.context["amount"]["minorUnits"] = json!(-1))),
        (
            "pays-amount",
            someone(open_payment(), |f| {
                f.context.as_object_mut().unwrap().remove("amount");
            }),
        ),
        ("pays-from-accounts", open_for_class_of_payment("balances")),
        ("customers-manage", {
            let mut facts = open_for_agent();
            let order = open_order();
            (facts.action, facts.grant, facts.context) = (order.action, order.grant, order.context);
            facts
        }),
        ("manages-to-manage", someone(open_order(), |f| for_purpose(f, "answer_customer"))),
        (
            "manages-what-it-names",
            someone(open_order(), |f| {
                f.context.as_object_mut().unwrap().remove("operation");
            }),
        ),
        ("manages-what-it-names", open_for_class_of_order("cards", "close_account")),
        ("manages-what-it-names", open_for_class_of_order("balances", "freeze_card")),
        ("manages-what-it-names", open_for_class_of_order("cards", "rename_account")),
        ("manages-what-it-names", open_for_class_of_order("accounts", "set_contact_preferences")),
        ("manages-what-it-names", open_for_class_of_order("cards", "report_payment")),
        ("tier", changed(|f| f.context["maxTier"] = json!(1))),
        ("never-shown", changed(|f| f.context["tier"] = json!(0))),
        ("places-on-foreign-channels", {
            let mut facts = open_for("merchant_places", "Parlour::Action::\"ReadMerchantPlaces\"");
            facts.context["channel"] = entity("Channel", "matrix");
            facts.context["consent"]["channel"] = entity("Channel", "matrix");
            facts
        }),
        ("reads-accounts", open_for("balances", "Parlour::Action::\"ReadAccounts\"")),
        ("reads-balances", open_for("accounts", "Parlour::Action::\"ReadBalances\"")),
        ("reads-transactions", open_for("balances", "Parlour::Action::\"ReadTransactions\"")),
        ("reads-merchant-places", open_for("balances", "Parlour::Action::\"ReadMerchantPlaces\"")),
        ("reads-cards", open_for("accounts", "Parlour::Action::\"ReadCards\"")),
        ("reads-statements", open_for("transactions", "Parlour::Action::\"ReadStatements\"")),
        ("reads-scheduled-payments", open_for("transactions", "Parlour::Action::\"ReadScheduledPayments\"")),
        ("reads-contact", open_for("accounts", "Parlour::Action::\"ReadContact\"")),
    ]
}

#[test]
fn the_floor_leaves_open_what_was_agreed() {
    assert_eq!(closed_by(&open()), Vec::<String>::new());
    for (class, action) in [
        ("accounts", "Parlour::Action::\"ReadAccounts\""),
        ("transactions", "Parlour::Action::\"ReadTransactions\""),
        ("merchant_places", "Parlour::Action::\"ReadMerchantPlaces\""),
        ("cards", "Parlour::Action::\"ReadCards\""),
        ("statements", "Parlour::Action::\"ReadStatements\""),
        ("scheduled_payments", "Parlour::Action::\"ReadScheduledPayments\""),
        ("contact", "Parlour::Action::\"ReadContact\""),
    ] {
        assert_eq!(closed_by(&open_for(class, action)), Vec::<String>::new(), "{class}");
    }
    assert_eq!(closed_by(&open_payment()), Vec::<String>::new());
    for operation in domain::Operation::ALL {
        let order = open_for_class_of_order(operation.data_class().as_str(), operation.as_str());
        assert_eq!(closed_by(&order), Vec::<String>::new(), "{operation}");
    }
    for purpose in ["answer_customer", "dispute_support"] {
        let mut facts = open_for_agent();
        for_purpose(&mut facts, purpose);
        assert_eq!(closed_by(&facts), Vec::<String>::new(), "{purpose}");
    }
}

#[test]
fn each_clause_of_the_floor_closes_what_no_other_does() {
    for (clause, facts) in only_closed_by() {
        assert_eq!(closed_by(&facts), [clause]);
    }
}

#[test]
fn no_clause_of_the_floor_is_without_such_a_request() {
    let shown: BTreeSet<String> = only_closed_by().iter().map(|(clause, _)| (*clause).to_owned()).collect();
    let floor = PolicySet::from_str(FLOOR).unwrap();
    let clauses = floor.policies().map(|policy| policy.annotation("id").unwrap().to_owned()).collect();
    assert_eq!(shown, clauses);
}

#[test]
fn without_any_consent_every_clause_about_it_says_no() {
    let mut facts = open();
    facts.context.as_object_mut().unwrap().remove("consent");
    let expected = ["consent", "consent-accounts", "consent-class", "consent-purpose", "consent-time"];
    assert_eq!(closed_by(&facts).into_iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
}

#[test]
fn advertising_has_no_word_in_the_schema() {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    let mut facts = open();
    facts.context["purpose"] = entity("Purpose", "advertising");
    let context = Context::from_json_value(facts.context, None).unwrap();
    let resource = EntityUid::from_str("Parlour::DataGrant::\"harbour/ann\"").unwrap();
    let (principal, action) = (facts.principal.parse().unwrap(), facts.action.parse().unwrap());
    let refused = Request::new(principal, action, resource, context, Some(&schema)).unwrap_err();
    assert!(refused.to_string().contains("advertising"), "{refused}");
}
