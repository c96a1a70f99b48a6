//! How long counting a payment for drift takes: `cargo run --release -p fraud --example drift_speed`.

#![expect(clippy::unwrap_used, reason = "a measurement may stop where it stands")]

use fraud::{
    catalogue::Features,
    drift::Tallies,
    model::{Model, SHIPPED},
    simulate::{Pattern, Simulator, Size},
    state::{Bounds, Seen, State},
};
use std::{hint::black_box, time::Instant};

/// The best of so many rounds counts: what else the machine does is not of interest.
const ROUNDS: usize = 20;

fn main() {
    let model = Model::load(SHIPPED).unwrap();
    let mut state = State::new(Bounds::default());
    let made = Simulator::new(1, Pattern::Mixed, Size { cards: 500, terminals: 1_000 }, 20_000);
    let rows: Vec<Features> = made
        .take(40_000)
        .filter_map(|one| match state.pay(&one.payment) {
            Seen::Fresh(features) | Seen::Late(features) => Some(features),
            Seen::Repeat => None,
        })
        .collect();
    let scores: Vec<f32> = rows.iter().map(|row| model.raw(row)).collect();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let mut tallies = Tallies::default();
        let start = Instant::now();
        for (row, score) in rows.iter().zip(&scores) {
            tallies.note(black_box(&model.artefact().reference), *score, &black_box(row).0);
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / rows.len() as f64);
        black_box(&tallies);
    }
    println!("{best:.3} us a payment, {} payments, best of {ROUNDS}", rows.len());
}
