//! `understanding`: how long a message takes in each tier, the memory that a process with that tier holds, and the same recipe
//! in scikit-learn in the same run. Each tier has a process of its own, so that none pays for another.

use crate::report::{Times, print, print_times};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};
use understanding::learned::{
    grams::words,
    mind::{Artefacts, Mind, Tier},
    murmur::murmur3,
};

/// Rounds over all sentences.
const ROUNDS: usize = 3;

/// The name under which this program is started again for one tier.
pub const ONE: &str = "understanding-of-one-tier";

const TIERS: [Tier; 3] = [Tier::Words, Tier::Encoder, Tier::Minilm];

/// Measures and prints. The weights of the tier `minilm` are taken from the file that `PARLOUR_MINILM_WEIGHTS` names.
pub fn measure() {
    let us = std::env::current_exe().expect("a running program has a path");
    for tier in TIERS {
        let ended =
            Command::new(&us).args([ONE, &tier.to_string()]).status().expect("this program can be started");
        assert!(ended.success(), "{tier}: {ended}");
    }
    scikit_learn();
}

/// Measures one tier in this process.
pub fn measure_one(name: &str) {
    let Some(tier) = TIERS.into_iter().find(|tier| tier.to_string() == name) else { return };
    let weights = std::env::var_os("PARLOUR_MINILM_WEIGHTS").filter(|_| tier == Tier::Minilm);
    let weights = weights.and_then(|path| std::fs::read(path).ok());
    let before = resident_mb();
    let began = Instant::now();
    let (mind, unfit) = Mind::load(tier, &Artefacts { weights: weights.as_deref(), ..Artefacts::shipped() });
    let loaded = began.elapsed();
    let Some(mind) = mind.filter(|mind| mind.tier() == tier) else {
        unfit.iter().for_each(|why| eprintln!("not measured: {why}"));
        return;
    };
    drop(weights);
    let sentences = left_out();
    sentences.iter().for_each(|sentence| drop(mind.read(sentence)));
    let (mut times, mut asked) = (Times::default(), Times::default());
    for _ in 0..ROUNDS {
        for sentence in &sentences {
            let began = Instant::now();
            let reading = mind.read(sentence);
            let took = began.elapsed();
            times.note(took);
            if reading.by == tier && tier == Tier::Encoder {
                asked.note(took);
            }
            assert!(!reading.choices.is_empty());
        }
    }
    print(&format!("understanding.{tier}.load"), loaded.as_secs_f64() * 1e3, "ms", None);
    print_times(&format!("understanding.{tier}"), &times);
    if asked.count() > 0 {
        let share = asked.count() as f64 / times.count() as f64;
        print(&format!("understanding.{tier}.asked"), share, "of messages", None);
        print_times(&format!("understanding.{tier}.where_asked"), &asked);
    }
    print(&format!("understanding.{tier}.resident"), resident_mb(), "MB", Some(before));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../understanding/sentences")
}

/// The sentences that nothing was learned from: of those that were, the words are sure too often.
fn left_out() -> Vec<String> {
    let mut all = sentences();
    all.retain(|text| murmur3(words(text).join(" ").as_bytes()).is_multiple_of(5));
    all
}

/// Every sentence of our own intents.
fn sentences() -> Vec<String> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the sentences are there")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).expect("a sentence is text"));
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// What the system holds in memory for this process.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN) / 1024.0
}

/// The same n-grams and machines in scikit-learn, trained on our sentences and asked one by one, with the python that
/// `PARLOUR_PYTHON` names. It has neither table nor gate, so it does less. Without scikit-learn there is no comparison.
fn scikit_learn() {
    let python = std::env::var("PARLOUR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/measures/understanding.py");
    let told = Command::new(python).arg(script).arg(folder()).output();
    let Some(told) = told.ok().filter(|told| told.status.success()) else {
        eprintln!("without the comparison: this needs a python with scikit-learn, named by PARLOUR_PYTHON");
        return;
    };
    let (mind, _) = Mind::load(Tier::Words, &Artefacts::shipped());
    let Some(mind) = mind else { return };
    let mut times = Times::default();
    for sentence in sentences() {
        let began = Instant::now();
        drop(mind.read(&sentence));
        times.note(began.elapsed());
    }
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut theirs = text.split_whitespace().map(|value| value.parse::<f64>().unwrap_or(f64::NAN));
    for (name, share) in [("p50", 0.50), ("p99", 0.99)] {
        print(
            &format!("understanding.words_beside_sklearn.{name}"),
            times.quantile_ms(share),
            "ms",
            theirs.next(),
        );
    }
}
