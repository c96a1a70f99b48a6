//! Every figure that `/metrics` may show, with its labels. The list is closed: a test reads the sources and fails
//! when a figure or a label stands there that is not in it, so that nothing about a person gets into a label unseen.

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What a figure does with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goes up only, from 0 at every start.
    Counter,
    /// Is what it is now.
    Gauge,
    /// Measured seconds, by upper bounds.
    Histogram,
}

impl Kind {
    /// The word of Prometheus for it, and the name of the macro that sets it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One figure.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name in `/metrics`.
    pub name: &'static str,
    /// What it does with time.
    pub kind: Kind,
    /// What it is told apart by, in the order of the alphabet.
    pub labels: &'static [&'static str],
    /// What it says, for whoever runs the gateway.
    pub says: &'static str,
}

/// What the labels hold. None is of a person: no customer, conversation, case, card or text.
pub const LABELS: &[(&str, &str)] = &[
    ("answer", "`mine` or `not_mine`"),
    ("bank", "the bank's id in the configuration"),
    ("call", "what a bank was asked"),
    ("channel", "which way the conversation goes"),
    ("data_class", "the data class of the decision"),
    ("of", "`score`, or the name of a feature of the fraud catalogue"),
    ("order", "what the bank was asked to do, such as `freeze`"),
    ("outcome", "what became of it"),
    ("path", "the pattern of the address, never the address itself"),
    ("role", "the role of the bank's person"),
    ("status", "the status of HTTP"),
    ("verdict", "what the fraud desk decided"),
];

/// All of them, in the order of the alphabet.
pub const FIGURES: &[Figure] = &[
    counter("parlour_alert_failures_total", &["bank"], "Looks at what happened at a bank that failed"),
    counter("parlour_alerts_total", &["bank"], "What customers were told because they had asked to be"),
    histogram(
        "parlour_bank_call_seconds",
        &["bank", "call"],
        "From asking a bank to its answer, repeats included",
    ),
    counter("parlour_bank_calls_total", &["bank", "call", "outcome"], "What banks were asked"),
    gauge("parlour_bank_circuit_open", &["bank"], "1 while a bank that keeps failing is not asked"),
    counter(
        "parlour_bank_events_total",
        &["bank", "outcome"],
        "Events that came for a bank, by what became of them",
    ),
    counter(
        "parlour_bank_orders_total",
        &["bank", "order", "outcome"],
        "What banks were told to do for a customer",
    ),
    counter("parlour_bank_repeats_total", &["bank", "call"], "Questions to a bank that were asked again"),
    counter(
        "parlour_bank_task_failures_total",
        &["bank"],
        "Attempts to tell a bank something that it did not take",
    ),
    counter(
        "parlour_card_events_total",
        &["bank", "outcome"],
        "Card payments that came, by what became of them",
    ),
    counter("parlour_erasures_total", &["bank"], "Customers who were erased"),
    counter(
        "parlour_erasures_unconfirmed_total",
        &["bank"],
        "Ends of sharing that a bank did not confirm in time for an erasure: it must end them itself",
    ),
    counter("parlour_fraud_alerts_total", &["bank"], "Questions about card payments that were raised"),
    counter("parlour_fraud_answers_total", &["answer", "bank"], "What customers answered to them"),
    counter("parlour_fraud_decisions_total", &["bank", "verdict"], "What the fraud desk decided"),
    gauge(
        "parlour_fraud_drift",
        &["bank"],
        "0 as usual or too early to say, 1 somebody should look, 2 alarm: payments look different from what the model learned from",
    ),
    counter("parlour_fraud_model_faults_total", &[], "How often a file of a model could not be used"),
    gauge(
        "parlour_fraud_psi",
        &["bank", "of"],
        "Population stability index of the score and of each feature over the last 24 hours",
    ),
    counter("parlour_fraud_rules_faults_total", &["bank"], "How often rules could not be put in force"),
    counter("parlour_gate_decisions_total", &["bank", "data_class", "outcome"], "Decisions of the gate"),
    counter("parlour_http_requests_total", &["path", "status"], "Requests that were answered"),
    gauge("parlour_log_publishing", &["bank"], "0 when a bank's access log cannot be published"),
    gauge("parlour_log_size", &["bank"], "Entries in a bank's access log"),
    gauge("parlour_log_unnumbered_seconds", &[], "Age of the oldest decision without a place in its log"),
    gauge("parlour_log_unpublished", &["bank"], "Entries that are numbered and not published"),
    gauge(
        "parlour_log_witness_overdue_seconds",
        &["bank"],
        "For how long there has been a checkpoint without its quorum",
    ),
    counter(
        "parlour_log_witness_refusals_total",
        &["bank"],
        "A witness knows another or a longer history: find out who else writes this log",
    ),
    counter(
        "parlour_messages_held_back_total",
        &["channel"],
        "Messages that a channel may not carry, and did not",
    ),
    gauge("parlour_policy_reload_failed", &["bank"], "1 while a changed policy could not be put in force"),
    gauge("parlour_scrub_overdue", &[], "1 while deleted data is still in the database's write-ahead log"),
    counter(
        "parlour_staff_refused_total",
        &["bank", "role"],
        "What a bank's people wanted that is not theirs to do",
    ),
    gauge("parlour_streams_open", &[], "Chats that are open right now"),
    histogram("parlour_turn_seconds", &[], "From taking a question up to its answer being stored"),
];

const fn counter(name: &'static str, labels: &'static [&'static str], says: &'static str) -> Figure {
    Figure { name, kind: Kind::Counter, labels, says }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], says: &'static str) -> Figure {
    Figure { name, kind: Kind::Gauge, labels, says }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], says: &'static str) -> Figure {
    Figure { name, kind: Kind::Histogram, labels, says }
}

/// Gives each figure its line of help in `/metrics`.
pub fn describe() {
    for figure in FIGURES {
        match figure.kind {
            Kind::Counter => describe_counter!(figure.name, figure.says),
            Kind::Gauge => describe_gauge!(figure.name, figure.says),
            Kind::Histogram => describe_histogram!(figure.name, Unit::Seconds, figure.says),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    /// Adds every figure that the Rust files of a folder set, with its kind and labels.
    fn gather(dir: &Path, found: &mut BTreeMap<String, BTreeSet<(String, Vec<String>)>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with(file!()) {
                let text = fs::read_to_string(&path).unwrap();
                for kind in [Kind::Counter, Kind::Gauge, Kind::Histogram] {
                    for call in text.split(&format!("metrics::{}!(", kind.as_str())).skip(1) {
                        let end = call.find(';').unwrap();
                        let quoted: Vec<&str> = call[..end].split('"').collect();
                        let words =
                            quoted[1..].chunks(2).map(|pair| (pair[0], pair.get(1).copied().unwrap_or("")));
                        let mut words = words.filter(|(word, after)| {
                            word.starts_with("parlour_") || after.trim_start().starts_with("=>")
                        });
                        let (name, _) = words.next().unwrap();
                        let mut labels: Vec<String> = words.map(|(word, _)| word.to_owned()).collect();
                        labels.sort_unstable();
                        found.entry(name.to_owned()).or_default().insert((kind.as_str().to_owned(), labels));
                    }
                }
            }
        }
    }

    #[test]
    fn the_list_holds_every_figure_of_the_sources_with_its_labels() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut found = BTreeMap::new();
        for room in fs::read_dir(root).unwrap() {
            let sources = room.unwrap().path().join("src");
            if sources.is_dir() {
                gather(&sources, &mut found);
            }
        }
        let listed = FIGURES.iter().map(|figure| {
            let labels = figure.labels.iter().map(|label| (*label).to_owned()).collect();
            (figure.name.to_owned(), BTreeSet::from([(figure.kind.as_str().to_owned(), labels)]))
        });
        assert_eq!(found, listed.collect());
    }

    #[test]
    fn every_label_is_explained_and_each_list_is_in_order() {
        let used: BTreeSet<&str> = FIGURES.iter().flat_map(|figure| figure.labels).copied().collect();
        assert_eq!(used, LABELS.iter().map(|(label, _)| *label).collect());
        assert!(FIGURES.is_sorted_by_key(|figure| figure.name) && LABELS.is_sorted());
        assert!(FIGURES.iter().all(|figure| figure.labels.is_sorted()));
    }

    #[test]
    fn the_page_about_figures_says_the_same() {
        let page = include_str!("../../../docs/figures.md");
        for figure in FIGURES {
            let labels: Vec<String> = figure.labels.iter().map(|label| format!("`{label}`")).collect();
            let row = format!(
                "| `{}` | {} | {} | {} |\n",
                figure.name,
                figure.kind.as_str(),
                labels.join(", "),
                figure.says
            );
            assert!(page.contains(&row), "{row}");
        }
        for (label, holds) in LABELS {
            assert!(page.contains(&format!("| `{label}` | {holds} |\n")), "{label}");
        }
    }
}
