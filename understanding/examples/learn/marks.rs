//! How the classifier that ships does on what it did not see: on our own sentences, on BANKING77's questions, and on messages
//! about other matters, each by itself, for each is to be right.

use crate::{
    product::Data,
    report::{print, rounded},
};
use serde_json::json;
use understanding::learned::{
    confidence::{Confidence, Judged},
    mind::grouped,
    topics::{OUT_OF_SCOPE, Target, target},
};

/// Counts over one group of messages.
#[derive(Debug, Default, Clone, Copy)]
struct Marks {
    all: f64,
    first: f64,
    acted: f64,
    wrong: f64,
}

/// What a message is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Our own sentences.
    Own,
    /// Questions of the public sets that are known here.
    Public,
    /// Messages about other matters that were learned from as such.
    Other,
}

/// The group of each example.
pub fn groups(data: &Data) -> Vec<Group> {
    let group = |(at, one): (usize, &crate::files::Labelled)| {
        if one.labels.first().is_some_and(|label| label == OUT_OF_SCOPE) {
            Group::Other
        } else if at < data.own {
            Group::Own
        } else {
            Group::Public
        }
    };
    data.examples.iter().enumerate().map(group).collect()
}

/// What a tier makes of a message that it had not seen.
pub struct Tried<'a> {
    /// Its probabilities and its place before the gate.
    pub judged: Judged,
    /// How they are to be taken.
    pub confidence: &'a Confidence,
    /// The class of the message, and its group; none if nothing like it was learned from.
    pub truth: Option<(usize, Group)>,
}

/// Prints marks of each group.
pub fn tell(tier: &str, labels: &[String], tried: &[Tried]) {
    let mut marks = [Marks::default(); 4];
    for one in tried {
        let (at, wanted) = match one.truth {
            Some((class, Group::Own)) => (0, target(&labels[class])),
            Some((class, Group::Public)) => (1, target(&labels[class])),
            Some((class, Group::Other)) => (2, target(&labels[class])),
            None => (3, Target::Nothing),
        };
        marks[at].count(labels, one, &wanted);
    }
    let line = |marks: Marks| {
        let part = |n: f64| rounded(n / marks.all.max(1.0));
        json!({ "n": marks.all, "first": part(marks.first), "acted": part(marks.acted), "wrong": part(marks.wrong) })
    };
    let [own, public, other, never] = marks.map(line);
    print(&[
        json!({ "unseen_by": tier, "own": own, "public": public, "other": other, "never_learned": never }),
    ]);
}

impl Marks {
    fn count(&mut self, labels: &[String], one: &Tried, wanted: &Target) {
        let Some(best) = grouped(labels, &one.judged.probabilities).into_iter().next() else { return };
        self.all += 1.0;
        let right = best.target == *wanted;
        self.first += if right { 1.0 } else { 0.0 };
        let passes = one.judged.in_scope >= one.confidence.gate.least;
        if best.probability >= one.confidence.act && passes && best.target != Target::Nothing {
            self.acted += 1.0;
            self.wrong += if right { 0.0 } else { 1.0 };
        }
    }
}
