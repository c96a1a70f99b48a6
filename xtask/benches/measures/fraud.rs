//! `fraud`: payments a second on one core from the event to the verdict of model and fifty rules, the bytes that a card costs, and
//! XGBoost's own predictor with the same trees and rows in the same run.

use crate::report::print;
use fraud::{
    catalogue::{COUNT, ENTRIES, Features},
    event::{Attributes, DAY, Event, HOUR, Label, Payment, Source, Verdict},
    model::{Model, SHIPPED},
    random::Random,
    rules::{Fields, RuleSet},
    state::{AT_ONCE, Bounds, PAYMENTS, Seen, State},
    trees::{Tree, Trees},
};
use jiff::civil::date;
use serde_json::{Value, json};
use std::{fs, hint::black_box, path::Path, process::Command, time::Instant};

/// 2018-06-11, any day will do.
const START: u32 = 17_693 * DAY;
/// Cards and terminals of the measure of speed: more than a processor's caches hold.
const CARDS: usize = 100_000;
const TERMINALS: usize = 20_000;
/// Payments before the measure, over thirty days, and in it.
const BEFORE: u64 = 3_000_000;
const MEASURED: u64 = 1_000_000;
/// Rounds of them: other people's work on the same machine slows some down.
const ROUNDS: usize = 5;
/// The manual, for its ten worked rules; each is there so many times, under names of its own.
const MANUAL: &str = include_str!("../../../docs/fraud-rules.md");
const TIMES: usize = 5;
/// Rows for the comparison of the predictors.
const ROWS: usize = 200_000;

/// The name under which this program is started again to measure memory, so that nothing else has taken any.
pub const MEMORY: &str = "fraud-memory";

/// Measures memory in this process: cards with all the payments that are kept, or a million with twenty in a month.
pub fn measure_memory(name: &str) {
    match name {
        "full_cards" => memory(name, 50_000, 50_000, PAYMENTS as u64 + 4),
        _ => memory(name, 1_000_000, 200_000, 20),
    }
}

/// Measures and prints.
pub fn measure() {
    let model = Model::load(SHIPPED).expect("the shipped model fits");
    let rows = speed(&model);
    xgboost(&model, &rows);
    let us = std::env::current_exe().expect("a running program has a path");
    for name in ["full_cards", "million_cards"] {
        let ended = Command::new(&us).args([MEMORY, name]).status().expect("this program can be started");
        assert!(ended.success(), "{name}: {ended}");
    }
}

/// A stream of payments spread evenly over a time, with cards and terminals at random.
struct Stream {
    random: Random,
    next: u64,
    /// Seconds between two payments, as a fraction.
    gap: f64,
    cards: usize,
    terminals: usize,
}

impl Stream {
    fn new(cards: usize, terminals: usize, gap: f64) -> Stream {
        Stream { random: Random::new(5), next: 0, gap, cards, terminals }
    }

    fn payment(&mut self) -> Payment {
        self.next += 1;
        let place = Some((self.random.unit() as f32 * 100.0, self.random.unit() as f32 * 100.0));
        Payment {
            id: self.next,
            at: START + (self.next as f64 * self.gap) as u32,
            card: self.random.below(self.cards) as u64,
            terminal: self.random.below(self.terminals) as u64,
            amount: 100 + self.random.below(15_000) as u32,
            more: Attributes { place, ..Attributes::default() },
        }
    }
}

fn label(of: &Payment) -> Label {
    let verdict = if of.id.is_multiple_of(127) { Verdict::Fraud } else { Verdict::Clean };
    Label {
        payment: of.id,
        card: of.card,
        terminal: of.terminal,
        paid_at: of.at,
        arrived_at: of.at + HOUR,
        verdict,
        source: Source::Agent,
    }
}

/// Payments from the event to the score, then labels; returns some rows of features.
fn speed(model: &Model) -> Vec<Features> {
    let gap = f64::from(30 * DAY) / BEFORE as f64;
    let mut stream = Stream::new(CARDS, TERMINALS, gap);
    let mut state = State::new(Bounds { label_delay: HOUR, ..Bounds::default() });
    for _ in 0..BEFORE {
        let payment = stream.payment();
        state.pay(&payment);
        state.label(&label(&payment));
    }
    let rules = fifty_rules();
    let (mut rows, mut payments) = (Vec::with_capacity(ROWS), vec![]);
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            payments = (0..MEASURED).map(|_| Event::Payment(stream.payment())).collect();
            let began = Instant::now();
            let (mut sum, mut hits) = (0f32, 0u64);
            for few in payments.chunks(AT_ONCE) {
                state.warm(few.iter());
                for payment in few {
                    if let Some(Seen::Fresh(features)) = state.fold(payment) {
                        sum += model.raw(&features);
                        hits += u64::from(rules.evaluate(&features.0, payment.card()).hits.count());
                        if rows.len() < ROWS {
                            rows.push(features);
                        }
                    }
                }
            }
            black_box((sum, hits));
            MEASURED as f64 / began.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    print(
        "fraud.features_model_and_50_rules",
        rates[ROUNDS / 2],
        "payments/s on one core, the median round",
        None,
    );
    print(
        "fraud.features_model_and_50_rules.slowest",
        rates[0],
        "payments/s on one core, the slowest round",
        None,
    );
    let began = Instant::now();
    let all: u64 = rows.iter().map(|row| u64::from(rules.evaluate(&row.0, 1).hits.count())).sum();
    black_box(all);
    print(
        "fraud.50_rules_alone",
        began.elapsed().as_secs_f64() * 1e6 / rows.len() as f64,
        "us for a payment",
        None,
    );
    let began = Instant::now();
    for payment in &payments {
        if let Event::Payment(payment) = payment {
            state.label(&label(payment));
        }
    }
    print("fraud.labels", MEASURED as f64 / began.elapsed().as_secs_f64(), "labels/s on one core", None);
    let began = Instant::now();
    let all: f32 = rows.iter().map(|features| model.raw(features)).sum();
    black_box(all);
    let of_model = began.elapsed().as_secs_f64() / rows.len() as f64;
    print("fraud.model_alone", of_model * 1e6, "us for a payment", None);
    rows
}

/// The worked rules of the manual, each several times.
fn fifty_rules() -> RuleSet {
    let fences = MANUAL.split("```").skip(1).step_by(2);
    let worked: String = fences.filter_map(|part| part.strip_prefix("rules\n")).collect();
    let renamed = |n: usize| {
        worked.lines().map(move |line| match line.strip_prefix("rule ") {
            Some(name) => format!("rule {name}-{n}\n"),
            None => format!("{line}\n"),
        })
    };
    let text: String = (1..=TIMES).flat_map(renamed).collect();
    let fields = Fields::of_catalogue("USD", 2).expect("the catalogue makes fields");
    let set = RuleSet::compile("fifty", &text, &fields, date(2026, 11, 22));
    let set = set.unwrap_or_else(|faults| panic!("the manual's rules compile: {faults:?}"));
    assert_eq!(set.rules().len(), 50, "ten worked rules");
    set
}

/// What a card and a terminal cost in memory when each card has so many payments of the last thirty days.
fn memory(name: &str, cards: usize, terminals: usize, each: u64) {
    let payments = cards as u64 * each;
    let mut stream = Stream::new(cards, terminals, f64::from(30 * DAY) / payments as f64);
    let bounds = Bounds { cards: cards as u32, terminals: terminals as u32, ids: 1, ..Bounds::default() };
    let before = resident();
    let mut state = State::new(bounds);
    for _ in 0..payments {
        let mut payment = stream.payment();
        // Every card gets its share.
        payment.card = payment.id % cards as u64;
        state.pay(&payment);
    }
    let bytes = resident() - before;
    let (known_cards, known_terminals) = state.remembered();
    assert_eq!((known_cards, known_terminals), (cards, terminals), "nothing was forgotten");
    print(&format!("fraud.{name}.resident"), bytes / 1048576.0, "MB with their terminals", None);
    print(
        &format!("fraud.{name}.bytes"),
        bytes / cards as f64,
        "bytes for each card, with its part of the terminals",
        None,
    );
    print(&format!("fraud.{name}.payments"), each as f64, "payments of each card", None);
}

/// Bytes that the system holds in memory for this process.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN) * 1024.0
}

/// XGBoost's predictor with one thread, with the python that `PARLOUR_PYTHON` names. Without XGBoost there is no comparison.
fn xgboost(model: &Model, rows: &[Features]) {
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let trees = &model.artefact().trees;
    let text = exported(trees).to_string();
    fs::write(folder.path().join("trees.json"), text).expect("the folder can be written");
    let values: Vec<u8> =
        rows.iter().flat_map(|row| row.0.iter().flat_map(|value| value.to_le_bytes())).collect();
    fs::write(folder.path().join("rows.f32"), values).expect("the folder can be written");
    let scores: Vec<u8> = rows.iter().flat_map(|row| model.raw(row).to_le_bytes()).collect();
    fs::write(folder.path().join("scores.f32"), scores).expect("the folder can be written");
    let python = std::env::var("PARLOUR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/measures/fraud.py");
    let told = Command::new(python).arg(script).arg(folder.path()).arg(COUNT.to_string()).output();
    let Some(told) = told.ok().filter(|told| told.status.success()) else {
        eprintln!(
            "without the comparison: this needs a python with xgboost and numpy, named by PARLOUR_PYTHON"
        );
        return;
    };
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut numbers = text.split_whitespace().map(|value| value.parse::<f64>().unwrap_or(f64::NAN));
    let (theirs, apart) = (numbers.next().unwrap_or(f64::NAN), numbers.next().unwrap_or(f64::NAN));
    assert!(apart < 1e-3, "the same trees say the same: {apart}");
    let began = Instant::now();
    let all: f32 = rows.iter().map(|features| model.raw(features)).sum();
    black_box(all);
    let ours = rows.len() as f64 / began.elapsed().as_secs_f64();
    print("fraud.predictor_beside_xgboost", ours, "rows/s on one core", Some(theirs));
}

/// The trees as a model of XGBoost.
fn exported(trees: &Trees) -> Value {
    let all: Vec<Value> = trees.trees.iter().enumerate().map(|(id, tree)| exported_tree(id, tree)).collect();
    let count = all.len();
    json!({
        "learner": {
            "attributes": {}, "feature_names": [], "feature_types": [],
            "gradient_booster": { "name": "gbtree", "model": {
                "gbtree_model_param": { "num_parallel_tree": "1", "num_trees": count.to_string() },
                "iteration_indptr": (0..=count).collect::<Vec<_>>(),
                "tree_info": vec![0; count],
                "cats": { "enc": [], "feature_segments": [], "sorted_idx": [] },
                "trees": all,
            } },
            "learner_model_param": { "base_score": format!("[{:E}]", trees.bias), "boost_from_average": "0",
                "num_class": "0", "num_feature": ENTRIES.len().to_string(), "num_target": "1" },
            "objective": { "name": "reg:squarederror", "reg_loss_param": { "scale_pos_weight": "1" } },
        },
        "version": [3, 2, 0],
    })
}

#[derive(Default)]
struct Nodes {
    left: Vec<i32>,
    right: Vec<i32>,
    parents: Vec<i32>,
    conditions: Vec<f32>,
    columns: Vec<u16>,
    default_left: Vec<u8>,
}

impl Nodes {
    /// Adds a node and what is below; a node that does not split is as its left child.
    fn add(&mut self, tree: &Tree, mut node: usize, parent: i32) -> i32 {
        while tree.splits.get(node).is_some_and(|split| split.threshold == f32::INFINITY) {
            node = 2 * node + 1;
        }
        let place = self.left.len();
        let split = tree.splits.get(node);
        self.left.push(-1);
        self.right.push(-1);
        self.parents.push(parent);
        // Ours sends what equals the threshold to the left, XGBoost what is less than it.
        self.conditions.push(split.map_or(tree.values[node], |split| split.threshold.next_up()));
        self.columns.push(split.map_or(0, |split| split.column));
        self.default_left.push(u8::from(split.is_some_and(|split| !split.missing_right)));
        if split.is_some() {
            self.left[place] = self.add(tree, 2 * node + 1, place as i32);
            self.right[place] = self.add(tree, 2 * node + 2, place as i32);
        }
        place as i32
    }
}

fn exported_tree(id: usize, tree: &Tree) -> Value {
    let mut nodes = Nodes::default();
    nodes.add(tree, 0, i32::MAX);
    let count = nodes.left.len();
    json!({
        "id": id,
        "left_children": nodes.left, "right_children": nodes.right, "parents": nodes.parents,
        "split_conditions": nodes.conditions, "split_indices": nodes.columns, "default_left": nodes.default_left,
        "split_type": vec![0; count], "base_weights": vec![0.0; count], "loss_changes": vec![0.0; count],
        "sum_hessian": vec![1.0; count],
        "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [],
        "tree_param": { "num_deleted": "0", "num_feature": ENTRIES.len().to_string(), "num_nodes": count.to_string(),
            "size_leaf_vector": "1" },
    })
}
