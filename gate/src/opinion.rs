//! What Cedar says.

use crate::{
    Question,
    gate::Tenant,
    law::{Law, Policies},
    vocabulary::Asked,
};
use cedar_policy::{AuthorizationError, Authorizer, Decision, PolicyId, PolicySet};
use domain::{AccountId, Purpose};

/// What the policies say. Each list is sorted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// A permit matches and no forbid does.
    Yes { permits: Vec<String> },
    /// A forbid matches, or no permit does (then there is none to name).
    No { forbids: Vec<String> },
    /// Policies failed, or there was nothing to ask them. Cedar passes over a policy that fails, forbids too,
    /// so its answer is worth nothing then.
    Failed { policies: Vec<String> },
}

/// Stack that a decision may take, in bytes. Cedar fails a policy for which less than 100 KiB are left, and a
/// policy that fails is a No: nobody is to be refused for asking from deep within other work.
const STACK: usize = 1024 * 1024;

/// Asks the policies of a bank, on a stack of its own where the caller's has too little left.
pub(crate) fn opinion(
    law: &Law,
    tenant: &Tenant,
    question: &Question,
    purpose: Purpose,
    accounts: &[AccountId],
) -> Opinion {
    stacker::maybe_grow(STACK, STACK, || ask(law, tenant, question, purpose, accounts))
}

fn ask(law: &Law, tenant: &Tenant, question: &Question, purpose: Purpose, accounts: &[AccountId]) -> Opinion {
    match law.vocabulary.ask(&law.schema, question, purpose, accounts, &tenant.rules) {
        Ok(asked) => evaluate_short(&tenant.policies, &asked),
        Err(_) => Opinion::Failed { policies: Vec::new() },
    }
}

/// The whole set's opinion, by the shorter one where that is a yes.
fn evaluate_short(policies: &Policies, asked: &Asked) -> Opinion {
    if let Some(shorter) = &policies.allowing
        && let yes @ Opinion::Yes { .. } = evaluate(shorter, asked)
    {
        return yes;
    }
    evaluate(&policies.set, asked)
}

fn evaluate(policies: &PolicySet, asked: &Asked) -> Opinion {
    let known = |id: Option<&_>| id.is_some_and(|id| asked.entities.get(id).is_some());
    if !known(asked.request.principal()) || !known(asked.request.resource()) {
        return Opinion::Failed { policies: Vec::new() };
    }
    let answer = Authorizer::new().is_authorized(&asked.request, policies, &asked.entities);
    let failed =
        answer.diagnostics().errors().map(|AuthorizationError::PolicyEvaluationError(e)| e.policy_id());
    let failed = names(failed);
    if !failed.is_empty() {
        return Opinion::Failed { policies: failed };
    }
    let matched = names(answer.diagnostics().reason());
    match answer.decision() {
        Decision::Allow => Opinion::Yes { permits: matched },
        Decision::Deny => Opinion::No { forbids: matched },
    }
}

fn names<'a>(ids: impl Iterator<Item = &'a PolicyId>) -> Vec<String> {
    let mut names: Vec<String> = ids.map(ToString::to_string).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::{Context, Entities, Entity, EntityUid, Request};

    /// A floor of one clause, under a permit of everything.
    const POLICIES: &str = r#"
        permit (principal, action, resource);
        forbid (principal, action, resource) unless { resource.open };
    "#;

    fn asked(known: &[&str]) -> Asked {
        let uid = |text: &str| -> EntityUid { text.parse().unwrap() };
        let (who, what) = (uid("Customer::\"a\""), uid("DataGrant::\"b\""));
        let request = Request::new(who, uid("Action::\"Read\""), what, Context::empty(), None).unwrap();
        let entities = known.iter().map(|text| Entity::with_uid(uid(text)));
        Asked { request, entities: Entities::from_entities(entities, None).unwrap() }
    }

    #[test]
    fn cedar_alone_would_allow_what_a_failing_forbid_should_refuse() {
        let asked = asked(&["Customer::\"a\""]);
        let answer =
            Authorizer::new().is_authorized(&asked.request, &POLICIES.parse().unwrap(), &asked.entities);
        assert_eq!(answer.decision(), Decision::Allow, "if this changes, the trap is gone");
    }

    #[test]
    fn a_question_about_an_entity_that_is_missing_fails() {
        for known in [vec![], vec!["Customer::\"a\""], vec!["DataGrant::\"b\""]] {
            let opinion = evaluate(&POLICIES.parse().unwrap(), &asked(&known));
            assert_eq!(opinion, Opinion::Failed { policies: vec![] }, "{known:?}");
        }
    }

    #[test]
    fn a_policy_that_fails_is_named() {
        let opinion = evaluate(&POLICIES.parse().unwrap(), &asked(&["Customer::\"a\"", "DataGrant::\"b\""]));
        assert_eq!(opinion, Opinion::Failed { policies: vec!["policy1".to_owned()] });
    }
}
