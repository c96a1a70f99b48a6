//! How the classifier that ships does on what it did not see: on our own sentences, on BANKING77's questions, and on messages
//! about other matters, each by itself, for each is to be right.

use crate::{
    product::Data,
    report::{print, rounded},
};
use serde_json::json;
use understanding::learned::{
    confidence::{Confidence, Scored},
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

/// Prints marks of each group. `others` are messages of other matters that nothing was learned from.
pub fn tell(
    tier: &str,
    labels: &[String],
    confidence: &Confidence,
    known: &[(&Scored, usize, Group)],
    others: &[Scored],
) {
    let mut marks = [Marks::default(); 4];
    for (scored, class, group) in known {
        let wanted = target(&labels[*class]);
        let at = match group {
            Group::Own => 0,
            Group::Public => 1,
            Group::Other => 2,
        };
        marks[at].count(labels, confidence, scored, &wanted);
    }
    others.iter().for_each(|scored| marks[3].count(labels, confidence, scored, &Target::Nothing));
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
    fn count(&mut self, labels: &[String], confidence: &Confidence, scored: &Scored, wanted: &Target) {
        let judged = confidence.judge(scored);
        let Some(best) = grouped(labels, &judged.probabilities).into_iter().next() else { return };
        self.all += 1.0;
        let right = best.target == *wanted;
        self.first += if right { 1.0 } else { 0.0 };
        let acts = best.probability >= confidence.act && judged.in_scope >= confidence.gate.least;
        if acts && best.target != Target::Nothing {
            self.acted += 1.0;
            self.wrong += if right { 0.0 } else { 1.0 };
        }
    }
}
