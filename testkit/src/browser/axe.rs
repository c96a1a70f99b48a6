//! Accessibility by axe-core 4.14.1 (Deque, MPL-2.0), which lies in `testkit/vendor` and is never shipped.

use serde_json::Value;
use std::fmt;

/// The library, to run inside the page.
pub(super) const LIBRARY: &str = include_str!("../../vendor/axe-core-4.14.1/axe.min.js");

/// Runs the rules of WCAG 2.0 to 2.2, levels A and AA.
pub(super) const RUN: &str = "const done = arguments[0];
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
  .then(r => done(r.violations), e => done([{id: String(e), impact: 'critical', nodes: []}]))";

/// A rule that the page breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `minor`, `moderate`, `serious` or `critical`.
    pub impact: String,
    /// The rule's name, as on the site of axe.
    pub rule: String,
    /// Where, as CSS selectors.
    pub places: Vec<String>,
}

impl Violation {
    /// Whether it keeps somebody from using the page.
    pub fn is_grave(&self) -> bool {
        matches!(self.impact.as_str(), "serious" | "critical")
    }

    /// Reads the answer of [`RUN`].
    pub(super) fn read_all(answer: &Value) -> Vec<Violation> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let place = |node: &Value| node["target"].to_string();
        let all = answer.as_array().unwrap_or_else(|| panic!("axe gave no list: {answer}"));
        let read = |found: &Value| Violation {
            impact: text(&found["impact"]),
            rule: text(&found["id"]),
            places: found["nodes"].as_array().into_iter().flatten().map(place).collect(),
        };
        all.iter().map(read).collect()
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) at {}", self.rule, self.impact, self.places.join(" "))
    }
}
