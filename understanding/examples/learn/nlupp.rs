//! `eval nlupp`: messages that may have several labels, or none.

use crate::{
    Fault,
    dense::Dense,
    eval::SEED,
    files::{self, Labelled},
    options::{Options, Wrong},
    report::{print, quantile_ms, resident_mb, rounded, timed},
};
use serde_json::json;
use std::{path::Path, time::Duration};
use understanding::train::fit::{Example, Fitted, out_of_fold};

/// Trains on a folder and measures on another, or leaves parts of the first out.
pub fn run(train: &Path, options: &Options) -> Result<(), Fault> {
    let dense = Dense::load(options)?;
    let folds = files::folder(train)?;
    if let Some(test) = options.path("test") {
        return measure(&dense, options, &folds.concat(), &files::folder(&test)?.concat());
    }
    let parts = options.number("folds", 0)?;
    if parts < 2 {
        return Err(Wrong::Needed("test").into());
    }
    for part in 0..parts {
        let of = |test: bool| -> Vec<Labelled> {
            folds
                .iter()
                .enumerate()
                .filter(|(at, _)| (at % parts == part) == test)
                .flat_map(|(_, all)| all.clone())
                .collect()
        };
        measure(&dense, options, &of(false), &of(true))?;
    }
    Ok(())
}

/// Hits and misses of one label.
#[derive(Debug, Clone, Copy, Default)]
struct Hits {
    right: f64,
    wrong: f64,
    missed: f64,
}

impl Hits {
    fn f1(self) -> f64 {
        let all = 2.0 * self.right + self.wrong + self.missed;
        if all > 0.0 { 2.0 * self.right / all } else { 0.0 }
    }
}

fn measure(dense: &Dense, options: &Options, train: &[Labelled], test: &[Labelled]) -> Result<(), Fault> {
    let seed = options.number("seed", SEED)? as u64;
    let mut labels: Vec<String> = train.iter().flat_map(|one| one.labels.clone()).collect();
    labels.sort();
    labels.dedup();
    let example = |one: &Labelled| Example {
        text: one.text.clone(),
        dense: dense.of(&one.text),
        classes: one.labels.iter().filter_map(|label| labels.binary_search(label).ok()).collect(),
    };
    let examples: Vec<Example> = train.iter().map(example).collect();
    let (known, _) = out_of_fold(&examples, &[], labels.len(), seed);
    let scores: Vec<&[f32]> = known.iter().map(|scored| scored.scores.as_slice()).collect();
    let truths: Vec<&[usize]> = examples.iter().map(|one| one.classes.as_slice()).collect();
    let tries = (-8..=4).map(|step| step as f32 * 0.1);
    let best = tries.max_by(|a, b| {
        let f1 = |least: f32| total(&hits(&scores, &truths, least, labels.len())).f1();
        f1(*a).total_cmp(&f1(*b))
    });
    let least = best.unwrap_or(0.0);
    let fitted = Fitted::train(&examples.iter().collect::<Vec<_>>(), &[], labels.len(), seed);
    let tested: Vec<(Vec<f32>, Vec<usize>, Duration)> = test
        .iter()
        .map(|one| {
            let (example, before) = timed(|| example(one));
            let (scored, after) = timed(|| fitted.scored(&example));
            (scored.scores, example.classes, before + after)
        })
        .collect();
    let scores: Vec<&[f32]> = tested.iter().map(|(scores, ..)| scores.as_slice()).collect();
    let truths: Vec<&[usize]> = tested.iter().map(|(_, classes, _)| classes.as_slice()).collect();
    let hits = hits(&scores, &truths, least, labels.len());
    let there: Vec<f64> =
        hits.iter().filter(|one| one.right + one.missed > 0.0).map(|one| one.f1()).collect();
    let exact = scores.iter().zip(&truths).filter(|(scores, truth)| {
        scores.iter().enumerate().all(|(class, score)| (*score >= least) == truth.contains(&class))
    });
    let times: Vec<Duration> = tested.iter().map(|(.., took)| *took).collect();
    print(&[json!({
        "set": "nlupp", "tier": dense.tier(), "n": test.len(), "labels": labels.len(),
        "micro_f1": rounded(total(&hits).f1()),
        "macro_f1": rounded(there.iter().sum::<f64>() / there.len().max(1) as f64),
        "exact": rounded(exact.count() as f64 / test.len().max(1) as f64),
        "p50_ms": rounded(quantile_ms(&times, 0.5)), "p99_ms": rounded(quantile_ms(&times, 0.99)),
        "rss_mb": rounded(resident_mb()),
    })]);
    Ok(())
}

fn hits(scores: &[&[f32]], truths: &[&[usize]], least: f32, labels: usize) -> Vec<Hits> {
    let mut hits = vec![Hits::default(); labels];
    for (scores, truth) in scores.iter().zip(truths) {
        for (class, score) in scores.iter().enumerate() {
            match (*score >= least, truth.contains(&class)) {
                (true, true) => hits[class].right += 1.0,
                (true, false) => hits[class].wrong += 1.0,
                (false, true) => hits[class].missed += 1.0,
                (false, false) => {}
            }
        }
    }
    hits
}

fn total(hits: &[Hits]) -> Hits {
    hits.iter().fold(Hits::default(), |sum, one| Hits {
        right: sum.right + one.right,
        wrong: sum.wrong + one.wrong,
        missed: sum.missed + one.missed,
    })
}
