//! `eval`: trains on one file and measures on another, or on parts of the first that were left out.

use crate::{
    Fault,
    files::{self, Labelled, OUT_OF_SCOPE},
    options::{Options, Wrong},
    report::{Outcome, accuracy, common, ece, print, resident_mb, rounded, timed},
};
use crate::{dense::Dense, nlupp, opinion::Opinion};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use understanding::{
    learned::{
        classifier::{Classifier, Source},
        confidence::{Confidence, Judged, largest},
        tuned::{mixed, sure},
    },
    train::{
        calibration::quantile,
        fit::{Example, classifier, first},
        folds::stratified,
    },
};

/// The seed of everything, unless another is typed.
pub const SEED: usize = 7;

/// Measures on the set of this name.
pub fn run(set: &str, options: &Options) -> Result<(), Fault> {
    let trained = options.needed("train")?;
    match set {
        "banking77" => {
            let train = files::for_training(&trained)?;
            for (train, test) in pairs(train, options)? {
                measure(set, options, &train, &[], &test)?;
            }
        }
        "clinc150" => {
            let train = files::for_training(&trained)?;
            let oos = files::out_of_scope(&options.needed("oos")?)?;
            for (train, test) in pairs(train, options)? {
                measure(set, options, &train, &oos, &test)?;
            }
        }
        "nlupp" => return nlupp::run(&trained, options),
        _ => return Err(Wrong::Set(set.to_owned()).into()),
    }
    Ok(())
}

type Pair = (Vec<Labelled>, Vec<Labelled>);

/// Training and test set, or with `--folds` one such pair for each part.
fn pairs(train: Vec<Labelled>, options: &Options) -> Result<Vec<Pair>, Fault> {
    if let Some(path) = options.path("test") {
        return Ok(vec![(train, files::for_tests(&path)?)]);
    }
    let folds = options.number("folds", 0)?;
    if folds < 2 {
        return Err(Wrong::Needed("test").into());
    }
    let labels = labels(&train);
    let classes: Vec<usize> = train.iter().map(|one| class(&labels, one)).collect();
    let parts = stratified(&classes, folds, 1);
    let of = |wanted: &dyn Fn(usize) -> bool| {
        train.iter().zip(&parts).filter(|(_, part)| wanted(**part)).map(|(one, _)| one.clone()).collect()
    };
    Ok((0..folds).map(|fold| (of(&|part| part != fold), of(&|part| part == fold))).collect())
}

/// All labels of in-scope messages, in order.
pub fn labels(examples: &[Labelled]) -> Vec<String> {
    let mut labels: Vec<String> = examples.iter().flat_map(|one| one.labels.clone()).collect();
    labels.sort();
    labels.dedup();
    labels.retain(|label| label != OUT_OF_SCOPE);
    labels
}

/// The class of a message; one more than there are if it has none of the labels.
pub fn class(labels: &[String], one: &Labelled) -> usize {
    let label = one.labels.first().map_or("", String::as_str);
    labels.iter().position(|known| known == label).unwrap_or(labels.len())
}

fn measure(
    set: &str,
    options: &Options,
    train: &[Labelled],
    oos: &[Labelled],
    test: &[Labelled],
) -> Result<(), Fault> {
    let seed = options.number("seed", SEED)? as u64;
    let dense = Dense::load(options)?;
    let labels = labels(train);
    let example = |one: &Labelled| Example {
        text: one.text.clone(),
        dense: dense.of(&one.text),
        classes: vec![class(&labels, one)],
    };
    let known: Vec<&Labelled> = train.iter().filter(|one| class(&labels, one) < labels.len()).collect();
    let examples: Vec<Example> = known.iter().map(|one| example(one)).collect();
    let in_train = train.iter().filter(|one| class(&labels, one) == labels.len());
    let other: Vec<Example> = oos.iter().chain(in_train).map(example).collect();
    let source = Source { name: set.to_owned(), digest: files::digest(train) };
    let path = options.needed("train")?;
    let what = "expected examples of 1 to 255 labels";
    let (made, took) = timed(|| classifier(&examples, &other, labels.clone(), vec![source], seed));
    let made = made.ok_or(Fault::Unfit { path, what })?;
    let mut bytes = made.classifier.to_bytes();
    let loaded = Classifier::from_bytes(&bytes);
    let classifier = loaded.map_err(|source| Fault::Artefact { path: "trained".into(), source })?;
    let mut reader = Reader { confidence: classifier.confidence.clone(), classifier, dense, opinion: None };
    if options.text("tier") == Some("encoder") {
        let classes: Vec<usize> = examples.iter().map(first).collect();
        let texts: Vec<&str> = other.iter().map(|one| one.text.as_str()).collect();
        let (opinion, more) = Opinion::of(options, &known, &labels)?;
        reader.confidence = opinion.confidence(&made, &known, &classes, &texts, seed);
        reader.opinion = Some(opinion);
        bytes.extend(more);
    }
    let outcomes: Vec<Outcome> = test.iter().map(|one| reader.outcome(one)).collect();
    let learned: BTreeSet<String> = train.iter().chain(oos).map(|one| plain(&one.text)).collect();
    let known = test.iter().filter(|one| learned.contains(&plain(&one.text))).count();
    let right =
        made.known.iter().zip(&examples).filter(|(scored, one)| largest(&scored.scores) == first(one));
    let more = json!({
        "artefact_bytes": bytes.len(), "train_seconds": rounded(took.as_secs_f64()), "also_in_train": known,
        "linear_by_fifths_of_train": rounded(right.count() as f64 / examples.len().max(1) as f64),
    });
    report(set, &reader, &outcomes, more);
    Ok(())
}

/// A text as it is compared with others.
fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A tier as it would read.
struct Reader {
    classifier: Classifier,
    confidence: Confidence,
    dense: Dense,
    opinion: Option<Opinion>,
}

/// How often each message is read; the middle time counts, so that what else the machine does counts less.
const READ: usize = 3;

impl Reader {
    fn tier(&self) -> &'static str {
        if self.opinion.is_some() { "encoder" } else { self.dense.tier() }
    }

    fn outcome(&self, one: &Labelled) -> Outcome {
        let mut times = Vec::with_capacity(READ);
        let mut judged = None;
        for _ in 0..READ {
            let (said, took) = timed(|| self.judge(&one.text));
            judged = Some(said);
            times.push(took);
        }
        times.sort_unstable();
        let (said, share, in_scope) = judged
            .map_or((0, 0.0, 0.0), |one| (largest(&one.probabilities), largest_share(&one), one.in_scope));
        Outcome { truth: class(&self.classifier.labels, one), said, share, in_scope, took: times[READ / 2] }
    }

    fn judge(&self, text: &str) -> Judged {
        let features = self.classifier.features(text, &self.dense.of(text));
        let mut scored = self.classifier.scored(&features);
        let words = &self.classifier.confidence;
        let Some(opinion) = &self.opinion else { return words.judge(&scored) };
        if let Some(judged) = sure(&scored, words) {
            // Both gates' lines are put in one place, so that messages can be compared.
            let in_scope = judged.in_scope - words.gate.least + self.confidence.gate.least;
            return Judged { in_scope, ..judged };
        }
        scored.scores = mixed(&scored.scores, words.scale, &opinion.about(text));
        self.confidence.judge(&scored)
    }
}

fn largest_share(judged: &Judged) -> f32 {
    judged.probabilities[largest(&judged.probabilities)]
}

fn report(set: &str, reader: &Reader, outcomes: &[Outcome], more: Value) {
    let classes = reader.classifier.labels.len();
    let (inside, outside): (Vec<Outcome>, Vec<Outcome>) =
        outcomes.iter().partition(|one| one.truth < classes);
    let mut lines = vec![
        json!({ "set": set, "tier": reader.tier() }),
        common(&inside),
        json!({ "rss_mb": rounded(resident_mb()) }),
        more,
    ];
    if !outside.is_empty() {
        let kept = |all: &[Outcome], least: f32| {
            all.iter().filter(|one| one.in_scope >= least).count() as f64 / all.len().max(1) as f64
        };
        let least = reader.confidence.gate.least;
        let logits: Vec<f32> = inside.iter().map(|one| one.in_scope).collect();
        let here = quantile(&logits, 0.05);
        lines.push(json!({
            "in_scope_accuracy": rounded(accuracy(&inside)),
            "in_scope_ece": rounded(ece(&inside)),
            "oos_n": outside.len(),
            "oos_recall_at_95_kept": rounded(1.0 - kept(&outside, here)),
            "oos_recall": rounded(1.0 - kept(&outside, least)),
            "kept": rounded(kept(&inside, least)),
        }));
    }
    print(&lines);
}
