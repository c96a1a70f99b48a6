//! Values into at most 255 bins each, the last of 256 for what is missing.

use super::Table;

/// The bin of a missing value.
pub(super) const MISSING: u8 = 255;
/// Edges by the values of all rows, and as many by those of frauds, where it matters.
const EDGES: usize = 127;
/// Of so many rows at most the edges are found.
const SAMPLE: usize = 1 << 17;

/// The rows of a table as bins, row by row.
#[derive(Debug)]
pub(super) struct Binned {
    /// Of each column, ascending; a value is in the bin of the first edge that it does not exceed.
    pub edges: Vec<Vec<f32>>,
    pub bins: Vec<u8>,
    pub width: usize,
}

/// The bin of a value.
fn bin(edges: &[f32], value: f32) -> u8 {
    if value.is_nan() { MISSING } else { edges.partition_point(|edge| *edge < value) as u8 }
}

fn quantiles(mut values: Vec<f32>, edges: &mut Vec<f32>) {
    values.retain(|value| !value.is_nan());
    values.sort_unstable_by(f32::total_cmp);
    // A split at an edge sends what equals it to the left, so the largest value is no edge.
    let picks = (1..=EDGES).filter_map(|step| values.get(step * values.len() / (EDGES + 1)));
    edges.extend(picks);
    // Counts and flags have few values: each is an edge.
    let mut few: Vec<f32> = values.clone();
    few.dedup();
    if few.len() <= EDGES {
        edges.extend(few);
    }
}

impl Binned {
    pub fn new(table: &Table) -> Binned {
        let width = table.width;
        let rows = table.truth.len();
        let step = rows.div_ceil(SAMPLE).max(1);
        let column = |column: usize, rows: &mut dyn Iterator<Item = usize>| -> Vec<f32> {
            rows.map(|row| table.values[row * width + column]).collect()
        };
        let edges: Vec<Vec<f32>> = (0..width)
            .map(|index| {
                let mut edges = vec![];
                quantiles(column(index, &mut (0..rows).step_by(step)), &mut edges);
                quantiles(column(index, &mut (0..rows).filter(|row| table.truth[*row])), &mut edges);
                edges.sort_unstable_by(f32::total_cmp);
                edges.dedup();
                edges.truncate(usize::from(MISSING) - 1);
                edges
            })
            .collect();
        let mut bins = Vec::with_capacity(rows * width);
        for row in table.values.chunks_exact(width) {
            bins.extend(row.iter().zip(&edges).map(|(value, edges)| bin(edges, *value)));
        }
        Binned { edges, bins, width }
    }

    pub fn row(&self, row: usize) -> &[u8] {
        &self.bins[row * self.width..][..self.width]
    }
}
