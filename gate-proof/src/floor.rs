//! What the floor promises, at every bank, to everybody.
//!
//! Each promise is said from the side of those to whom it is made, not copied from a clause. Each clause of the
//! floor has at least one promise that breaks without it; `tests/mistakes.rs` takes the clauses away one by one.

use crate::{
    case::{Case, Claim, Promise, Service, Theorem, permit_when},
    law::{LawFault, Laws, policies},
};
use cedar_policy::{Effect, PolicySet};
use serde_json::Value;
use std::collections::BTreeSet;

/// What holds for whatever a bank permits: name, the clause that keeps it, words, and the Cedar condition that
/// every allowed request meets.
pub const PROMISES: &[(&str, &str, &str, &str)] = &[
    (
        "seven-services",
        "purpose",
        "Nothing is used for anything but the seven services: no advertising, no profiling, no resale.",
        r#"context.purpose == Parlour::Purpose::"answer_customer"
        || context.purpose == Parlour::Purpose::"customer_alert"
        || context.purpose == Parlour::Purpose::"receipt_match"
        || context.purpose == Parlour::Purpose::"customer_payment"
        || context.purpose == Parlour::Purpose::"dispute_support"
        || context.purpose == Parlour::Purpose::"own_spending_map"
        || context.purpose == Parlour::Purpose::"account_management""#,
    ),
    (
        "customers-see-their-own",
        "own-data",
        "A customer sees nobody else's data.",
        "if principal is Parlour::Customer then resource.customer == principal else true",
    ),
    (
        "agents-stay-in-their-bank",
        "own-bank",
        "Who works on cases at one bank sees nothing of another bank's.",
        "if principal is Parlour::Agent then resource.bank == principal.bank else true",
    ),
    (
        "agents-need-an-open-case",
        "open-case",
        "Who works on cases sees a customer's data only while that customer has a case open with them.",
        "if principal is Parlour::Agent then principal.openCases.containsAny([resource.customer]) else true",
    ),
    (
        "agents-answer-or-help",
        "case-purpose",
        "Who works on cases sees data to answer the customer or to help with a dispute, for nothing else.",
        r#"if principal is Parlour::Agent then (
            context.purpose == Parlour::Purpose::"answer_customer"
            || context.purpose == Parlour::Purpose::"dispute_support") else true"#,
    ),
    (
        "staff-see-nothing",
        "who",
        "Other people of the bank see nothing and move nothing.",
        "!(principal is Parlour::Staff)",
    ),
    (
        "partners-see-nothing",
        "who",
        "Companies that the bank works with see nothing and move nothing.",
        "!(principal is Parlour::Partner)",
    ),
    (
        "platforms-see-nothing",
        "who",
        "Whoever runs a messenger, or Parlour, sees nothing and moves nothing.",
        "!(principal is Parlour::Platform)",
    ),
    (
        "only-customers-pay",
        "customers-pay",
        "Nobody but the customer orders a payment; people of the bank never do.",
        r#"action != Parlour::Action::"OrderPayment" || principal is Parlour::Customer"#,
    ),
    (
        "payments-are-payments",
        "pays-to-pay",
        "Whoever orders a payment does so to pay.",
        r#"action != Parlour::Action::"OrderPayment" || context.purpose == Parlour::Purpose::"customer_payment""#,
    ),
    (
        "payments-have-an-amount",
        "pays-amount",
        "A payment is of an amount that is more than nothing.",
        r#"if action == Parlour::Action::"OrderPayment" then (context has amount && !(context.amount.minorUnits <= 0)) else true"#,
    ),
    (
        "payments-come-from-accounts",
        "pays-from-accounts",
        "A payment is drawn from accounts that were agreed to as accounts.",
        r#"if action == Parlour::Action::"OrderPayment" then (
            context has consent && context.consent.dataClasses.contains(Parlour::DataClass::"accounts")
            && context.dataClass == Parlour::DataClass::"accounts") else true"#,
    ),
    (
        "consent-was-given",
        "consent",
        "Nothing without a Yes: not while the question is open, nor after a No.",
        r#"context has consent && context.consent.state != Parlour::ConsentState::"requested"
        && context.consent.state != Parlour::ConsentState::"refused"
        && context.consent.state != Parlour::ConsentState::"assumed""#,
    ),
    (
        "nothing-while-paused",
        "consent",
        "Nothing while the customer has paused.",
        r#"if context has consent then context.consent.state != Parlour::ConsentState::"paused" else false"#,
    ),
    (
        "nothing-after-the-end",
        "consent",
        "Nothing once a consent was withdrawn, revoked, replaced or has run out.",
        r#"context has consent && !([
            Parlour::ConsentState::"withdrawn", Parlour::ConsentState::"revoked",
            Parlour::ConsentState::"expired", Parlour::ConsentState::"superseded"
        ].contains(context.consent.state))"#,
    ),
    (
        "consent-of-this-customer",
        "consent",
        "Another customer's Yes opens nothing of mine.",
        "context has consent && resource.customer == context.consent.customer",
    ),
    (
        "consent-for-this-bank",
        "consent",
        "A Yes at one bank opens nothing at another.",
        "context has consent && resource.bank == context.consent.bank",
    ),
    (
        "consent-for-this-channel",
        "consent",
        "A Yes on one channel opens nothing on another.",
        "context has consent && context.channel == context.consent.channel",
    ),
    (
        "not-before-it-begins",
        "consent-time",
        "Nothing before the consent begins.",
        "context has consent && !(context.now < context.consent.notBefore)",
    ),
    (
        "not-once-it-ends",
        "consent-time",
        "Nothing from the moment at which the consent ends.",
        "context has consent && !(context.consent.expiresAt <= context.now)",
    ),
    (
        "purpose-was-agreed",
        "consent-purpose",
        "Nothing for a purpose that the customer did not agree to, also if it was added later.",
        "context has consent && context.consent.purposes.containsAny([context.purpose])",
    ),
    (
        "class-was-agreed",
        "consent-class",
        "No kind of data that the customer did not agree to share.",
        "context has consent && context.consent.dataClasses.containsAny([context.dataClass])",
    ),
    (
        "accounts-were-agreed",
        "consent-accounts",
        "No account that the customer did not choose.",
        "context has consent && context.consent.accounts.containsAll(context.accounts)",
    ),
    (
        "some-account-is-meant",
        "consent-accounts",
        "No question about no account: it names one at least that the customer chose.",
        "context has consent && context.accounts.containsAny(context.consent.accounts)",
    ),
    (
        "bank-offers-the-class",
        "grant",
        "No kind of data that the bank does not offer.",
        "resource.dataClasses.containsAny([context.dataClass])",
    ),
    (
        "no-more-openly-than-allowed",
        "tier",
        "Nothing is shown more openly than bank and channel allow.",
        "!(context.maxTier < context.tier)",
    ),
    ("shown-or-not-read", "never-shown", "What is not to be shown is not read.", "1 <= context.tier"),
    (
        "places-stay-off-messengers",
        "places-on-foreign-channels",
        "Places where somebody shopped are never written into a messenger of somebody else.",
        r#"if context.dataClass == Parlour::DataClass::"merchant_places"
        then (context.channel == Parlour::Channel::"web" || context.tier <= 1) else true"#,
    ),
    (
        "accounts-are-accounts",
        "reads-accounts",
        "Who reads accounts reads nothing else.",
        r#"if action == Parlour::Action::"ReadAccounts" then context.dataClass == Parlour::DataClass::"accounts" else true"#,
    ),
    (
        "balances-are-balances",
        "reads-balances",
        "Who reads balances reads nothing else.",
        r#"if action == Parlour::Action::"ReadBalances" then context.dataClass == Parlour::DataClass::"balances" else true"#,
    ),
    (
        "transactions-are-transactions",
        "reads-transactions",
        "Who reads transactions reads nothing else.",
        r#"if action == Parlour::Action::"ReadTransactions" then context.dataClass == Parlour::DataClass::"transactions" else true"#,
    ),
    (
        "places-are-places",
        "reads-merchant-places",
        "Who reads places reads nothing else.",
        r#"if action == Parlour::Action::"ReadMerchantPlaces" then context.dataClass == Parlour::DataClass::"merchant_places" else true"#,
    ),
    (
        "cards-are-cards",
        "reads-cards",
        "Who reads cards reads nothing else.",
        r#"if action == Parlour::Action::"ReadCards" then context.dataClass == Parlour::DataClass::"cards" else true"#,
    ),
    (
        "statements-are-statements",
        "reads-statements",
        "Who reads statements reads nothing else.",
        r#"if action == Parlour::Action::"ReadStatements" then context.dataClass == Parlour::DataClass::"statements" else true"#,
    ),
    (
        "scheduled-payments-are-scheduled-payments",
        "reads-scheduled-payments",
        "Who reads standing orders and subscriptions reads nothing else.",
        r#"if action == Parlour::Action::"ReadScheduledPayments" then context.dataClass == Parlour::DataClass::"scheduled_payments" else true"#,
    ),
    (
        "contact-is-contact",
        "reads-contact",
        "Who reads how the bank reaches somebody reads nothing else.",
        r#"if action == Parlour::Action::"ReadContact" then context.dataClass == Parlour::DataClass::"contact" else true"#,
    ),
    (
        "only-customers-manage",
        "customers-manage",
        "Nobody but the customer has something done on their cards and accounts; people of the bank never do.",
        r#"action != Parlour::Action::"ManageAccount" || principal is Parlour::Customer"#,
    ),
    (
        "orders-are-orders",
        "manages-to-manage",
        "Whatever is done on cards and accounts is done because the customer ordered that.",
        r#"action != Parlour::Action::"ManageAccount" || context.purpose == Parlour::Purpose::"account_management""#,
    ),
    (
        "orders-are-of-a-known-kind",
        "manages-what-it-names",
        "Nothing is done but what stands in the list of orders; no account is opened, closed or emptied.",
        r#"if action == Parlour::Action::"ManageAccount" then (context has operation && (
            context.operation == Parlour::Operation::"freeze_card"
            || context.operation == Parlour::Operation::"unfreeze_card"
            || context.operation == Parlour::Operation::"report_card"
            || context.operation == Parlour::Operation::"set_card_limits"
            || context.operation == Parlour::Operation::"add_travel_notice"
            || context.operation == Parlour::Operation::"cancel_travel_notice"
            || context.operation == Parlour::Operation::"rename_account"
            || context.operation == Parlour::Operation::"set_contact_preferences"
            || context.operation == Parlour::Operation::"report_payment")) else true"#,
    ),
    (
        "orders-change-what-was-agreed",
        "manages-what-it-names",
        "An order on a card needs a Yes to cards, a new name one to accounts, another way to write one to contact, a word about a payment one to transactions.",
        r#"if action == Parlour::Action::"ManageAccount" then (context has operation && (
            if context.operation == Parlour::Operation::"rename_account"
            then context.dataClass == Parlour::DataClass::"accounts"
            else (if context.operation == Parlour::Operation::"set_contact_preferences"
                then context.dataClass == Parlour::DataClass::"contact"
                else (if context.operation == Parlour::Operation::"report_payment"
                    then context.dataClass == Parlour::DataClass::"transactions"
                    else context.dataClass == Parlour::DataClass::"cards")))) else true"#,
    ),
];

/// Every kind of data, by the action that reads it.
const READS: [&str; 8] = [
    "ReadAccounts",
    "ReadBalances",
    "ReadTransactions",
    "ReadMerchantPlaces",
    "ReadCards",
    "ReadStatements",
    "ReadScheduledPayments",
    "ReadContact",
];
/// What customers use reads for.
const PURPOSES: [&str; 7] = [
    "answer_customer",
    "customer_alert",
    "receipt_match",
    "customer_payment",
    "dispute_support",
    "own_spending_map",
    "account_management",
];
/// Every kind of order, with the class that it changes.
const ORDERS: [(&str, &str); 9] = [
    ("freeze_card", "cards"),
    ("unfreeze_card", "cards"),
    ("report_card", "cards"),
    ("set_card_limits", "cards"),
    ("add_travel_notice", "cards"),
    ("cancel_travel_notice", "cards"),
    ("rename_account", "accounts"),
    ("set_contact_preferences", "contact"),
    ("report_payment", "transactions"),
];

/// The operators of a condition that compare. Any other may fail for some request, or is not known to us.
const COMPARING: [&str; 26] = [
    "Value",
    "Var",
    "Set",
    "Record",
    "!",
    "==",
    "!=",
    "in",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "contains",
    "containsAll",
    "containsAny",
    "isEmpty",
    ".",
    "has",
    "like",
    "is",
    "if-then-else",
    "hasTag",
    "getTag",
    "Slot",
];

/// The cases of the floor: what it closes whatever a bank permits, and what it leaves open.
pub fn floor_cases(laws: &Laws) -> Result<Vec<Case>, LawFault> {
    let mut closes = vec![Theorem {
        name: "never-fails".to_owned(),
        words: "No clause of the floor can fail, for any request. (One that fails would be passed over.)"
            .to_owned(),
        claim: Claim::NeverFails,
    }];
    for (name, clause, words, goal) in PROMISES {
        let promise = Promise {
            name: (*name).to_owned(),
            words: (*words).to_owned(),
            goal: (*goal).to_owned(),
            kept_by: vec![format!("floor/{clause}")],
        };
        closes.push(promise.theorem()?);
    }
    let clauses = laws.floor.policies().map(|policy| policy.id().to_string());
    closes.push(Theorem {
        name: "nothing-else-is-closed".to_owned(),
        words: "Where anything is open at all, no clause closes more than its promises ask for.".to_owned(),
        claim: Claim::ClosesOnly(clauses.map(asked_for).collect::<Result<_, LawFault>>()?),
    });
    let mut opens = vec![Theorem {
        name: "opens-nothing".to_owned(),
        words: "The floor alone, without a bank that permits anything, opens nothing.".to_owned(),
        claim: Claim::Closed(laws.floor.clone()),
    }];
    opens.extend(services());
    let case = |schema: &cedar_policy::Schema, theorems| Case {
        name: "floor".to_owned(),
        schema: schema.clone(),
        rules: laws.opened.clone(),
        theorems,
    };
    // Every request of the schema is one of the widened schema; only what must be possible is asked of the schema.
    Ok(vec![case(&laws.widened, closes), case(&laws.schema, opens)])
}

/// The clause with what keeps all its promises. A clause that no promise names may close nothing at all.
fn asked_for(clause: String) -> Result<(String, PolicySet), LawFault> {
    let of_it = PROMISES.iter().filter(|(_, keeps, _, _)| clause == format!("floor/{keeps}"));
    let goals: Vec<String> = of_it.map(|(_, _, _, goal)| format!("({goal})")).collect();
    let condition = if goals.is_empty() { "true".to_owned() } else { goals.join(" &&\n") };
    Ok((clause, policies("promises", &permit_when(&condition))?))
}

/// What has to be possible, each with the requests that show it.
fn services() -> Vec<Theorem> {
    let serves =
        |name: String, words: String, services| Theorem { name, words, claim: Claim::Serves(services) };
    let mut theorems: Vec<Theorem> = PURPOSES
        .iter()
        .map(|purpose| {
            let reads = READS.iter().map(|action| on_the_web("Customer", action, purpose)).collect();
            let words = format!("A customer's own data of every kind can be read for {purpose}.");
            serves(format!("serves-{}", purpose.replace('_', "-")), words, reads)
        })
        .collect();
    theorems.push(serves(
        "serves-payments".to_owned(),
        "A customer can order a payment.".to_owned(),
        vec![on_the_web("Customer", "OrderPayment", "customer_payment")],
    ));
    theorems.push(serves(
        "serves-orders".to_owned(),
        "A customer can have each kind of order carried out.".to_owned(),
        ORDERS.iter().map(|(operation, class)| order(operation, class)).collect(),
    ));
    let help = ["answer_customer", "dispute_support"];
    theorems.push(serves(
        "serves-cases".to_owned(),
        "Who works on a customer's open case can read every kind of data to answer or help.".to_owned(),
        help.iter().flat_map(|purpose| READS.map(|action| on_the_web("Agent", action, purpose))).collect(),
    ));
    theorems.push(serves(
        "serves-messengers".to_owned(),
        "On every messenger every kind of data can be shown behind a sealed link, and all but places in the chat."
            .to_owned(),
        ["messenger", "whatsapp", "matrix"].iter().flat_map(|channel| on_a_messenger(channel)).collect(),
    ));
    theorems
}

fn order(operation: &str, class: &str) -> Service {
    let ordered = on_the_web("Customer", "ManageAccount", "account_management");
    let when = format!(
        "{} && context.dataClass == Parlour::DataClass::\"{class}\" && context has operation \
         && context.operation == Parlour::Operation::\"{operation}\"",
        ordered.when
    );
    Service { when, ..ordered }
}

fn on_the_web(who: &str, action: &str, purpose: &str) -> Service {
    service(who, action, purpose, "web", 2)
}

fn on_a_messenger(channel: &str) -> Vec<Service> {
    let sealed = READS.iter().map(|action| service("Customer", action, "answer_customer", channel, 1));
    let open = READS.iter().filter(|action| **action != "ReadMerchantPlaces");
    sealed.chain(open.map(|action| service("Customer", action, "answer_customer", channel, 2))).collect()
}

fn service(who: &str, action: &str, purpose: &str, channel: &str, tier: i64) -> Service {
    let when = format!(
        "context.purpose == Parlour::Purpose::\"{purpose}\" && context.channel == Parlour::Channel::\"{channel}\" \
         && context.tier == {tier}"
    );
    Service { who: who.to_owned(), action: action.to_owned(), when }
}

/// What the floor's clauses do that none may do, in words: permit, or compute. Read off the policies, because the
/// solver speaks of what they decide and not of how.
pub fn shape(floor: &PolicySet) -> Vec<String> {
    let mut found = Vec::new();
    for policy in floor.policies() {
        if policy.effect() == Effect::Permit {
            found.push(format!("{} permits", policy.id()));
        }
        let mut operators = BTreeSet::new();
        match policy.to_json() {
            Ok(json) => operators_of_conditions(&json, &mut operators),
            Err(_) => found.push(format!("{} cannot be looked into", policy.id())),
        }
        let computing = operators.iter().filter(|operator| !COMPARING.contains(&operator.as_str()));
        found.extend(computing.map(|operator| format!("{} uses `{operator}`", policy.id())));
    }
    found.sort();
    found
}

fn operators_of_conditions(policy: &Value, operators: &mut BTreeSet<String>) {
    let conditions = policy.get("conditions").and_then(Value::as_array);
    for body in conditions.into_iter().flatten().filter_map(|condition| condition.get("body")) {
        operators_of(body, operators);
    }
}

/// Walks an expression of Cedar's JSON form, <https://docs.cedarpolicy.com/policies/json-format.html>: an object
/// with one key, the operator. What stands in it are its operands, by name or in a list.
fn operators_of(expression: &Value, operators: &mut BTreeSet<String>) {
    let Some((operator, operands)) = expression.as_object().and_then(|object| object.iter().next()) else {
        return;
    };
    operators.insert(operator.clone());
    match (operator.as_str(), operands) {
        ("Value" | "Var" | "Slot", _) => {}
        (_, Value::Array(items)) => items.iter().for_each(|item| operators_of(item, operators)),
        (_, Value::Object(parts)) => parts.values().for_each(|part| operators_of(part, operators)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;

    #[test]
    fn the_floor_has_the_shape_of_a_floor() {
        assert_eq!(shape(&Law::shipped().read().unwrap().floor), Vec::<String>::new());
    }

    #[test]
    fn a_permit_and_whatever_computes_are_seen_in_any_depth() {
        let text = "permit (principal, action, resource);
            forbid (principal, action, resource) when { if context.a then true else [context.b].contains(1 + context.c) };
            forbid (principal, action, resource) when { decimal(\"1.0\").lessThan(decimal(context.d)) };
            forbid (principal, action, resource) when { { x: -context.e } == context.f };";
        let found = shape(&policies("floor", text).unwrap());
        let expected = [
            "floor/1 permits",
            "floor/2 uses `+`",
            "floor/3 uses `decimal`",
            "floor/3 uses `lessThan`",
            "floor/4 uses `neg`",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn no_two_promises_have_the_same_name() {
        let names: BTreeSet<&str> = PROMISES.iter().map(|(name, _, _, _)| *name).collect();
        assert_eq!(names.len(), PROMISES.len());
    }
}
