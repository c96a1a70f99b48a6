//! How the static table comes about: each piece alone goes through the encoder; of what comes out, the directions of the
//! largest spread are kept, and frequent pieces count less. Public methods: Arora et al., ICLR 2017 (weights by frequency);
//! the idea of a table distilled from an encoder is that of model2vec.

use super::principal::directions;
use crate::learned::{
    encoder::{Encoder, WIDTH},
    table::{SHORT, Table, has_row},
    wordpiece::Vocabulary,
};

/// Pieces that go through the encoder at once.
const BATCH: usize = 512;

/// How strongly frequent pieces are held down.
const SMOOTH: f64 = 1e-3;

/// Makes the table from an encoder. None if the vocabulary has too few pieces for it.
pub fn make(vocabulary: &Vocabulary, encoder: &Encoder) -> Option<Table> {
    let (first, last) = vocabulary.ends();
    let kept = (0..vocabulary.len() as u32).filter(|number| has_row(vocabulary.piece(*number)));
    let messages: Vec<Vec<u32>> = kept.map(|number| vec![first, number, last]).collect();
    let mut rows: Vec<f32> = Vec::with_capacity(messages.len() * WIDTH);
    for batch in messages.chunks(BATCH) {
        rows.extend(encoder.encode(batch).into_iter().flatten());
    }
    centre(&mut rows);
    let directions = directions(&rows, WIDTH, SHORT);
    let mut scales = Vec::with_capacity(messages.len());
    let mut values = Vec::with_capacity(messages.len() * SHORT);
    let all: f64 = (0..messages.len()).map(|rank| 1.0 / (rank as f64 + 2.0)).sum();
    for (rank, row) in rows.chunks_exact(WIDTH).enumerate() {
        // The vocabulary is roughly in the order of frequency, so Zipf's law tells the frequency from the rank.
        let share = 1.0 / (rank as f64 + 2.0) / all;
        let weight = (SMOOTH / (SMOOTH + share)) as f32;
        let short: Vec<f32> = directions
            .iter()
            .map(|direction| weight * row.iter().zip(direction).map(|(a, b)| a * b).sum::<f32>())
            .collect();
        let most = short.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        let scale = if most > 0.0 { most / 127.0 } else { 1.0 };
        scales.push(scale);
        values.extend(short.iter().map(|value| (value / scale).round_ties_even() as i8));
    }
    Table::new(vocabulary, scales, values)
}

fn centre(rows: &mut [f32]) {
    let n = (rows.len() / WIDTH).max(1) as f64;
    let mut mean = vec![0.0f64; WIDTH];
    for row in rows.chunks_exact(WIDTH) {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value));
    }
    for row in rows.chunks_exact_mut(WIDTH) {
        row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= (mean / n) as f32);
    }
}
