//! A shorter set of policies that gives the same yes as the whole one.
//!
//! Cedar takes a policy apart each time it evaluates it, which costs more than the few comparisons in it. So all forbids of a
//! set are also kept as one, whose condition is theirs joined by `||`. If that one does not match, and does not fail, then
//! each of them was evaluated to false: `||` goes on only after a false. With a permit that matches, the answer is the
//! same yes. In every other case the whole set is asked, which tells which clause it was.

use cedar_policy::{Effect, Policy, PolicyId, PolicySet};
use serde_json::{Value, json};
use std::thread;

/// Bytes of stack for making the set. Cedar reads nested expressions by recursion, with frames of a hundred kilobytes
/// where it is not optimised, and a caller's thread may have two megabytes.
const STACK: usize = 64 << 20;

/// The shorter set; none if it could not be made, and then the whole set is asked each time.
pub(crate) fn of(whole: &PolicySet) -> Option<PolicySet> {
    thread::scope(|scope| {
        let maker = thread::Builder::new().name("gate-allowing".to_owned()).stack_size(STACK);
        maker.spawn_scoped(scope, || make(whole)).ok()?.join().ok()?
    })
}

fn make(whole: &PolicySet) -> Option<PolicySet> {
    let mut conditions = Vec::new();
    let mut set = PolicySet::new();
    for policy in whole.policies() {
        match policy.effect() {
            Effect::Permit => set.add(policy.clone()).ok()?,
            Effect::Forbid => conditions.push(condition(&policy.to_json().ok()?)?),
        }
    }
    if let Some(any) = any_of(&conditions) {
        let all = json!({ "op": "All" });
        let one = json!({
            "effect": "forbid", "principal": all, "action": all, "resource": all,
            "conditions": [{ "kind": "when", "body": any }],
        });
        set.add(Policy::from_json(Some(PolicyId::new("any-forbid")), one).ok()?).ok()?;
    }
    Some(set)
}

/// When a policy matches, as one expression: its scope and its conditions. None for a form that is not known here.
fn condition(policy: &Value) -> Option<Value> {
    let mut parts = Vec::new();
    for name in ["principal", "action", "resource"] {
        parts.extend(scope(name, policy.get(name)?)?);
    }
    for condition in policy.get("conditions")?.as_array()? {
        let body = condition.get("body")?.clone();
        parts.push(match condition.get("kind")?.as_str()? {
            "when" => body,
            "unless" => json!({ "!": { "arg": body } }),
            _ => return None,
        });
    }
    let both = |left: Value, right: Value| json!({ "&&": { "left": left, "right": right } });
    Some(parts.into_iter().reduce(both).unwrap_or_else(|| json!({ "Value": true })))
}

/// A part of a scope as an expression; `Some(None)` if it holds for everything.
fn scope(name: &str, constraint: &Value) -> Option<Option<Value>> {
    let variable = json!({ "Var": name });
    let entity = |entity: &Value| json!({ "Value": { "__entity": entity } });
    Some(match constraint.get("op")?.as_str()? {
        "All" => None,
        "==" => Some(json!({ "==": { "left": variable, "right": entity(constraint.get("entity")?) } })),
        "in" => {
            let right = match (constraint.get("entity"), constraint.get("entities")) {
                (Some(one), None) => entity(one),
                (None, Some(many)) => {
                    json!({ "Set": many.as_array()?.iter().map(entity).collect::<Vec<_>>() })
                }
                _ => return None,
            };
            Some(json!({ "in": { "left": variable, "right": right } }))
        }
        "is" if constraint.get("in").is_none() => {
            Some(json!({ "is": { "left": variable, "entity_type": constraint.get("entity_type")? } }))
        }
        _ => return None,
    })
}

/// Joined by `||`, halved again and again, so that hundreds are not nested hundreds deep.
fn any_of(conditions: &[Value]) -> Option<Value> {
    match conditions {
        [] => None,
        [one] => Some(one.clone()),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            Some(json!({ "||": { "left": any_of(left)?, "right": any_of(right)? } }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::{
        Authorizer, Context, Decision, Entities, Entity, EntityUid, Request, RestrictedExpression,
    };
    use std::collections::{HashMap, HashSet};

    /// Every form of scope, conditions of both kinds, some that fail for some requests.
    const POLICIES: &str = r#"
        permit (principal, action, resource) when { context.n < 90 };
        forbid (principal == C::"mallory", action, resource);
        forbid (principal is D, action, resource) when { context.n > 5 } unless { context.n > 50 };
        forbid (principal, action == Action::"pay", resource) when { context.m > 3 };
        forbid (principal, action in [Action::"look", Action::"touch"], resource == R::"shut");
        forbid (principal in C::"family", action, resource is R) when { context.n == 7 };
        forbid (principal, action in Action::"touch", resource in R::"cellar") unless { resource.open };
        forbid (principal, action, resource) when { context has m && context.m == 1 };
    "#;

    fn uid(text: &str) -> EntityUid {
        text.parse().unwrap()
    }

    fn entities() -> Entities {
        let in_family = HashSet::from([uid("C::\"family\"")]);
        let open = HashMap::from([("open".to_owned(), RestrictedExpression::new_bool(true))]);
        let cellar = HashSet::from([uid("R::\"cellar\"")]);
        let all = [
            Entity::new_no_attrs(uid("C::\"ann\""), in_family),
            Entity::with_uid(uid("C::\"mallory\"")),
            Entity::with_uid(uid("D::\"dan\"")),
            Entity::with_uid(uid("R::\"shut\"")),
            Entity::new(uid("R::\"wine\""), open, cellar.clone()).unwrap(),
            Entity::new_no_attrs(uid("R::\"beer\""), cellar),
        ];
        Entities::from_entities(all, None).unwrap()
    }

    fn requests() -> Vec<Request> {
        let mut requests = vec![];
        for who in ["C::\"ann\"", "C::\"mallory\"", "D::\"dan\""] {
            for action in ["Action::\"pay\"", "Action::\"look\"", "Action::\"touch\"", "Action::\"other\""] {
                for what in ["R::\"shut\"", "R::\"wine\"", "R::\"beer\""] {
                    for n in [1, 7, 60, 95] {
                        for m in [None, Some(1), Some(2), Some(4)] {
                            let mut facts = vec![("n".to_owned(), RestrictedExpression::new_long(n))];
                            facts.extend(m.map(|m| ("m".to_owned(), RestrictedExpression::new_long(m))));
                            let context = Context::from_pairs(facts).unwrap();
                            requests
                                .push(Request::new(uid(who), uid(action), uid(what), context, None).unwrap());
                        }
                    }
                }
            }
        }
        requests
    }

    #[test]
    fn a_yes_of_the_shorter_set_is_a_yes_of_the_whole_one_and_the_other_way_round() {
        let whole: PolicySet = POLICIES.parse().unwrap();
        let shorter = of(&whole).unwrap();
        assert_eq!(shorter.policies().count(), 2);
        let (authorizer, entities) = (Authorizer::new(), entities());
        let clear_yes = |request: &Request, set: &PolicySet| {
            let answer = authorizer.is_authorized(request, set, &entities);
            answer.decision() == Decision::Allow && answer.diagnostics().errors().next().is_none()
        };
        let mut yes = 0;
        let requests = requests();
        for request in &requests {
            let is_yes = clear_yes(request, &whole);
            assert_eq!(clear_yes(request, &shorter), is_yes, "{request}");
            yes += usize::from(is_yes);
        }
        assert!(yes > 20 && yes < requests.len() - 20, "both answers occur: {yes}");
    }

    #[test]
    fn each_clause_counts() {
        let whole: PolicySet = POLICIES.parse().unwrap();
        let (authorizer, entities) = (Authorizer::new(), entities());
        let allows = |set: &PolicySet| {
            let allowed = |request: &Request| {
                let answer = authorizer.is_authorized(request, set, &entities);
                answer.decision() == Decision::Allow && answer.diagnostics().errors().next().is_none()
            };
            requests().iter().filter(|request| allowed(request)).count()
        };
        let all = allows(&of(&whole).unwrap());
        for clause in whole.policies().filter(|policy| policy.effect() == Effect::Forbid) {
            let mut without = whole.clone();
            without.remove_static(clause.id().clone()).unwrap();
            assert!(allows(&of(&without).unwrap()) > all, "{clause}");
        }
    }

    #[test]
    fn hundreds_of_clauses_are_one() {
        let text: String = (0..500)
            .map(|n| format!("forbid (principal, action, resource) when {{ context.n == {n} }};\n"))
            .collect();
        let whole: PolicySet = format!("permit (principal, action, resource);\n{text}").parse().unwrap();
        let shorter = of(&whole).unwrap();
        let context = |n| Context::from_pairs([("n".to_owned(), RestrictedExpression::new_long(n))]).unwrap();
        for (n, decision) in [(499, Decision::Deny), (500, Decision::Allow)] {
            let request =
                Request::new(uid("C::\"ann\""), uid("Action::\"a\""), uid("R::\"r\""), context(n), None)
                    .unwrap();
            assert_eq!(
                Authorizer::new().is_authorized(&request, &shorter, &Entities::empty()).decision(),
                decision
            );
        }
    }
}
