//! A request that the solver found, in a form that people read, asked again of the authorizer.

use cedar_policy::{AuthorizationError, Authorizer, Decision, PolicySet};
use cedar_policy_symcc::Env;
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// A request, and what the authorizer that the gate uses answers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Who asks for what of which resource.
    pub asks: String,
    /// Every fact, one a line: `context.purpose = Purpose::"advertising"`.
    pub facts: Vec<String>,
    /// Whether the authorizer allows it.
    pub allowed: bool,
    /// The policies that decided it, sorted; if any failed: those.
    pub decided_by: Vec<String>,
    /// Whether a policy failed.
    pub failed: bool,
}

impl Shown {
    /// Writes the request down and asks the authorizer about it, under these rules.
    pub(crate) fn of(found: &Env, rules: &PolicySet) -> Shown {
        let answer = Authorizer::new().is_authorized(&found.request, rules, &found.entities);
        let failed: Vec<String> = answer
            .diagnostics()
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(e)| e.policy_id().to_string())
            .collect();
        let mut decided_by = match failed.is_empty() {
            true => answer.diagnostics().reason().map(ToString::to_string).collect(),
            false => failed.clone(),
        };
        decided_by.sort();
        Shown {
            asks: asks(found),
            facts: facts(found),
            allowed: answer.decision() == Decision::Allow,
            decided_by,
            failed: !failed.is_empty(),
        }
    }

    /// What the authorizer answered, in words.
    pub fn answer(&self) -> String {
        let by = match self.decided_by.as_slice() {
            [] => "by no policy".to_owned(),
            some => format!("by {}", some.join(", ")),
        };
        match (self.failed, self.allowed) {
            (true, _) => format!("failing {by}"),
            (false, true) => format!("allowed {by}"),
            (false, false) => format!("denied {by}"),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.asks)?;
        for fact in &self.facts {
            writeln!(f, "  {fact}")?;
        }
        write!(f, "the authorizer answers: {}", self.answer())
    }
}

fn asks(found: &Env) -> String {
    let name = |uid: Option<&cedar_policy::EntityUid>| uid.map_or_else(|| "anybody".to_owned(), short);
    format!(
        "{} asks {} of {}",
        name(found.request.principal()),
        name(found.request.action()),
        name(found.request.resource())
    )
}

/// `Customer::"a"` for `Parlour::Customer::"a"`.
fn short(uid: &cedar_policy::EntityUid) -> String {
    let text = uid.to_string();
    text.strip_prefix("Parlour::").unwrap_or(&text).to_owned()
}

fn facts(found: &Env) -> Vec<String> {
    let mut facts = Vec::new();
    let ends = [("principal", found.request.principal()), ("resource", found.request.resource())];
    for (name, uid) in ends {
        let attributes = uid.and_then(|uid| found.entities.get(uid)).and_then(|e| e.to_json_value().ok());
        if let Some(attributes) = attributes.as_ref().and_then(|e| e.get("attrs")) {
            flatten(name, attributes, &mut facts);
        }
    }
    if let Some(context) = found.request.context().and_then(|context| context.to_json_value().ok()) {
        flatten("context", &context, &mut facts);
    }
    facts
}

/// Writes a value as lines, one for each fact in it.
fn flatten(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.contains_key("__entity") => {
            let fields: BTreeMap<&String, &Value> = fields.iter().collect();
            fields.iter().for_each(|(name, value)| flatten(&format!("{path}.{name}"), value, lines));
        }
        _ => lines.push(format!("{path} = {}", written(value))),
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => match fields.get("__entity") {
            Some(uid) => {
                let part = |name: &str| uid.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
                format!("{}::\"{}\"", part("type").trim_start_matches("Parlour::"), part("id"))
            }
            None => value.to_string(),
        },
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_are_written_one_a_line() {
        let mut lines = Vec::new();
        let entity = |id: &str| json!({"__entity": {"type": "Parlour::Purpose", "id": id}});
        let context = json!({
            "consent": {"expiresAt": 5, "purposes": [entity("answer_customer")]},
            "purpose": entity("advertising"), "accounts": ["a", "b"],
        });
        flatten("context", &context, &mut lines);
        let expected = [
            "context.accounts = [\"a\", \"b\"]",
            "context.consent.expiresAt = 5",
            "context.consent.purposes = [Purpose::\"answer_customer\"]",
            "context.purpose = Purpose::\"advertising\"",
        ];
        assert_eq!(lines, expected);
    }
}
