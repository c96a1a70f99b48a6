//! The model that ships: our own intents, BANKING77's questions, and everything else.

use crate::{
    Fault,
    files::{self, Labelled},
};
use std::{collections::BTreeSet, path::Path};
use understanding::learned::{grams::words, murmur::murmur3, topics::OUT_OF_SCOPE};

/// Messages of each other matter that are learned from.
const OF_EACH: usize = 20;

/// Domains of CLINC150 that a bank's customer may well mean, or that are small talk.
const NOT_OTHER: [&str; 4] = ["banking", "credit_cards", "small_talk", "meta"];

/// Intents of the other domains that are near to ours.
const NEAR: [&str; 9] = [
    "travel_notification",
    "exchange_rate",
    "payday",
    "direct_deposit",
    "income",
    "taxes",
    "share_location",
    "order_status",
    "travel_alert",
];

/// Intents of CLINC150 that mean what ours mean.
const SAME: [(&str, &str); 15] = [
    ("balance", "balance"),
    ("transactions", "transactions_search"),
    ("spending_history", "spend_summary"),
    ("freeze_account", "card_freeze"),
    ("report_lost_card", "card_lost"),
    ("credit_limit", "card_limits"),
    ("credit_limit_change", "card_limits"),
    ("travel_notification", "travel_notice"),
    ("greeting", "greeting"),
    ("thank_you", "thanks"),
    ("yes", "yes"),
    ("no", "no"),
    ("cancel", "cancel"),
    ("what_can_i_ask_you", "help"),
    ("report_fraud", "fraud_denied"),
];

/// All that the product learns from.
pub struct Data {
    /// Messages with our intents, BANKING77's labels or [`OUT_OF_SCOPE`].
    pub examples: Vec<Labelled>,
    /// So many of them are our own sentences; they come first.
    pub own: usize,
    /// Messages about nothing of that, for the gate.
    pub other: Vec<Labelled>,
}

/// One sentence in five is for the test only; which one, its words say, so that those with the same words go together.
fn is_left_out(words: &str) -> bool {
    murmur3(words.as_bytes()).is_multiple_of(5)
}

/// What is added to the scores of our own intents, and of other matters. Each of our intents has fewer sentences than one of the
/// public questions and all other matters together have many, so the scores lean to the latter by themselves. Found by
/// cross-validation: the place where our own sentences and the public questions together are most often right.
const OWN: f32 = 0.1;
const OTHER: f32 = -0.1;

/// What is added to the scores of each label.
pub fn leanings(labels: &[String], data: &Data) -> Vec<f32> {
    let own: BTreeSet<&String> = data.examples[..data.own].iter().flat_map(|one| &one.labels).collect();
    let lean = |label: &String| match label.as_str() {
        OUT_OF_SCOPE => OTHER,
        _ if own.contains(label) => OWN,
        _ => 0.0,
    };
    labels.iter().map(lean).collect()
}

/// A sentence as the n-grams see it; one without words as it is.
fn plain(sentence: &str) -> String {
    let words = words(sentence).join(" ");
    if words.is_empty() { sentence.to_owned() } else { words }
}

/// Reads it from the folder of the public sets and from the folder of our own sentences.
pub fn data(data: &Path, sentences: &Path) -> Result<Data, Fault> {
    let mut examples = own(sentences)?;
    let own = examples.len();
    examples.extend(files::all(&data.join("banking77/train.csv"))?);
    let clinc = files::splits(&data.join("clinc150/train_val.json"))?;
    let domains = domains(&data.join("clinc150/domains.json"))?;
    let mut taken = std::collections::BTreeMap::new();
    for one in clinc.get("train").into_iter().flatten() {
        let Some(label) = one.labels.first() else { continue };
        if let Some((_, ours)) = SAME.iter().find(|(theirs, _)| theirs == label) {
            examples.push(Labelled { text: one.text.clone(), labels: vec![(*ours).to_owned()] });
        }
        if !domains.contains(label) {
            continue;
        }
        let n = taken.entry(label.clone()).or_insert(0);
        if *n < OF_EACH {
            *n += 1;
            examples.push(Labelled { text: one.text.clone(), labels: vec![OUT_OF_SCOPE.to_owned()] });
        }
    }
    let other = files::all(&data.join("clinc150/oos_train_val.json"))?;
    Ok(Data { examples, own, other })
}

/// Our own sentences but those that are for the test, each once.
fn own(dir: &Path) -> Result<Vec<Labelled>, Fault> {
    let system = |source| files::FileFault::System { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(system)? {
        paths.push(entry.map_err(system)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    paths.sort();
    let mut examples = Vec::new();
    for path in paths {
        let label = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text = String::from_utf8_lossy(&files::bytes(&path)?).into_owned();
        let mut taken = BTreeSet::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let plain = plain(line);
            if !is_left_out(&plain) && taken.insert(plain) {
                examples.push(Labelled { text: line.to_owned(), labels: vec![label.clone()] });
            }
        }
    }
    Ok(examples)
}

/// The intents of CLINC150 that count as other matters.
fn domains(path: &Path) -> Result<Vec<String>, Fault> {
    let wanted = || files::FileFault::Form {
        path: path.to_owned(),
        wanted: "expected domains with their intents".to_owned(),
    };
    let domains: std::collections::BTreeMap<String, Vec<String>> =
        serde_json::from_slice(&files::bytes(path)?).map_err(|_| wanted())?;
    let others = domains.into_iter().filter(|(domain, _)| !NOT_OTHER.contains(&domain.as_str()));
    let intents = others.flat_map(|(_, intents)| intents);
    Ok(intents.filter(|intent| !NEAR.contains(&intent.as_str())).collect())
}
