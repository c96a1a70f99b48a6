//! `eval`: trains on one file and measures on another, or on parts of the first that were left out.

use crate::{
    Fault,
    files::{self, Labelled, OUT_OF_SCOPE},
    options::{Options, Wrong},
    report::{Outcome, accuracy, common, ece, print, resident_mb, rounded, timed},
};
use crate::{dense::Dense, nlupp};
use serde_json::json;
use std::path::Path;
use understanding::{
    learned::{
        classifier::{Classifier, Source},
        confidence::largest,
    },
    train::{
        calibration::quantile,
        fit::{Example, classifier},
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
            let train = files::all(&trained)?;
            for (train, test) in pairs(train, options, files::all)? {
                measure(set, options, &train, &[], &test)?;
            }
        }
        "clinc150" => {
            let train = files::all(&trained)?;
            let oos = files::all(&options.needed("oos")?)?;
            for (train, test) in pairs(train, options, tests)? {
                measure(set, options, &train, &oos, &test)?;
            }
        }
        "nlupp" => return nlupp::run(&trained, options),
        _ => return Err(Wrong::Set(set.to_owned()).into()),
    }
    Ok(())
}

/// Of a file with several parts, those for tests.
fn tests(path: &Path) -> Result<Vec<Labelled>, files::FileFault> {
    let splits = files::splits(path)?;
    let for_tests = splits.keys().any(|name| name.contains("test"));
    Ok(splits
        .into_iter()
        .filter(|(name, _)| !for_tests || name.contains("test"))
        .flat_map(|(_, all)| all)
        .collect())
}

type Pair = (Vec<Labelled>, Vec<Labelled>);

/// Training and test set, or with `--folds` one such pair for each part.
fn pairs(
    train: Vec<Labelled>,
    options: &Options,
    read: impl Fn(&Path) -> Result<Vec<Labelled>, files::FileFault>,
) -> Result<Vec<Pair>, Fault> {
    if let Some(path) = options.path("test") {
        return Ok(vec![(train, read(&path)?)]);
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
fn labels(examples: &[Labelled]) -> Vec<String> {
    let mut labels: Vec<String> = examples.iter().flat_map(|one| one.labels.clone()).collect();
    labels.sort();
    labels.dedup();
    labels.retain(|label| label != OUT_OF_SCOPE);
    labels
}

/// The class of a message; one more than there are if it has none of the labels.
fn class(labels: &[String], one: &Labelled) -> usize {
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
    let examples: Vec<Example> =
        train.iter().filter(|one| class(&labels, one) < labels.len()).map(example).collect();
    let in_train = train.iter().filter(|one| class(&labels, one) == labels.len());
    let other: Vec<Example> = oos.iter().chain(in_train).map(example).collect();
    let source = Source { name: set.to_owned(), digest: files::digest(train) };
    let path = options.needed("train")?;
    let what = "expected examples of 1 to 255 labels";
    let (made, took) = timed(|| classifier(&examples, &other, labels.clone(), vec![source], seed));
    let made = made.ok_or(Fault::Unfit { path, what })?;
    let bytes = made.to_bytes();
    let loaded = Classifier::from_bytes(&bytes)
        .map_err(|source| Fault::Artefact { path: "trained".into(), source })?;
    let outcomes: Vec<Outcome> = test.iter().map(|one| outcome(&dense, &loaded, one)).collect();
    report(set, dense.tier(), &loaded, &outcomes, bytes.len(), took.as_secs_f64());
    Ok(())
}

fn outcome(dense: &Dense, classifier: &Classifier, one: &Labelled) -> Outcome {
    let ((said, share, in_scope), took) = timed(|| {
        let features = classifier.features(&one.text, &dense.of(&one.text));
        let judged = classifier.confidence.judge(&classifier.scored(&features));
        let said = largest(&judged.probabilities);
        (said, judged.probabilities[said], judged.in_scope)
    });
    Outcome { truth: class(&classifier.labels, one), said, share, in_scope, took }
}

fn report(set: &str, tier: &str, classifier: &Classifier, outcomes: &[Outcome], bytes: usize, seconds: f64) {
    let classes = classifier.labels.len();
    let (inside, outside): (Vec<Outcome>, Vec<Outcome>) =
        outcomes.iter().partition(|one| one.truth < classes);
    let mut lines = vec![
        json!({ "set": set, "tier": tier }),
        common(&inside),
        json!({ "artefact_bytes": bytes, "rss_mb": rounded(resident_mb()), "train_seconds": rounded(seconds) }),
    ];
    if !outside.is_empty() {
        let kept = |all: &[Outcome], least: f32| {
            all.iter().filter(|one| one.in_scope >= least).count() as f64 / all.len().max(1) as f64
        };
        let least = classifier.confidence.gate.least;
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
