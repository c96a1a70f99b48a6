//! Growing trees for the logarithmic loss on histograms of gradients (Friedman 2001; Chen and Guestrin 2016). One thread, one
//! order of summation, a seed: the same rows give the same bytes.

use super::{
    DEEPEST, Split, Table, Tree, Trees,
    bins::{Binned, MISSING},
};
use crate::random::Random;

/// How trees are grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How many.
    pub trees: u32,
    /// Levels of splits; 1 gives an additive model.
    pub depth: u32,
    /// The share of each tree's answer that is taken.
    pub rate: f64,
    /// The share of rows that each tree sees.
    pub rows: f64,
    /// The share of features that each tree sees.
    pub columns: f64,
    /// Added to the hessian of each leaf.
    pub lambda: f64,
    /// The least hessian of a leaf.
    pub least: f64,
    /// From which the choices of rows and features follow.
    pub seed: u64,
}

const BINS: usize = 256;

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    gradient: f64,
    hessian: f64,
}

impl Sums {
    fn add(&mut self, other: Sums) {
        self.gradient += other.gradient;
        self.hessian += other.hessian;
    }
    fn less(self, other: Sums) -> Sums {
        Sums { gradient: self.gradient - other.gradient, hessian: self.hessian - other.hessian }
    }
    fn gain(self, lambda: f64) -> f64 {
        self.gradient * self.gradient / (self.hessian + lambda)
    }
}

/// A node that is being grown: its rows are `rows[from..to]`.
#[derive(Debug)]
struct Open {
    node: usize,
    from: usize,
    to: usize,
    sums: Sums,
    histogram: Vec<Sums>,
}

#[derive(Debug, Clone, Copy)]
struct Best {
    gain: f64,
    /// The place among the chosen columns.
    slot: usize,
    bin: u8,
    missing_right: bool,
    left: Sums,
}

struct Grower<'a> {
    binned: &'a Binned,
    settings: &'a Settings,
    gradients: Vec<(f32, f32)>,
    rows: Vec<u32>,
    other: Vec<u32>,
    columns: Vec<usize>,
}

/// Grows all trees on a table.
pub fn grow(table: &Table, settings: &Settings) -> Trees {
    let settings = Settings { depth: settings.depth.clamp(1, DEEPEST), ..*settings };
    let binned = Binned::new(table);
    let count = table.truth.len();
    let (mut all, mut frauds) = (0f64, 0f64);
    for (weight, fraud) in table.weights.iter().zip(table.truth) {
        all += f64::from(*weight);
        frauds += if *fraud { f64::from(*weight) } else { 0.0 };
    }
    let share = (frauds / all.max(1.0)).clamp(1e-6, 1.0 - 1e-6);
    let bias = libm::log(share / (1.0 - share)) as f32;
    let mut scores = vec![bias; count];
    let mut random = Random::new(settings.seed);
    let mut grower = Grower {
        binned: &binned,
        settings: &settings,
        gradients: vec![(0.0, 0.0); count],
        rows: vec![],
        other: vec![],
        columns: vec![],
    };
    let mut trees = vec![];
    for _ in 0..settings.trees {
        for (row, gradient) in grower.gradients.iter_mut().enumerate() {
            let odds = 1.0 / (1.0 + libm::expf(-scores[row]));
            let (truth, weight) = (f32::from(u8::from(table.truth[row])), table.weights[row]);
            *gradient = (weight * (odds - truth), weight * odds * (1.0 - odds));
        }
        grower.choose(count, table.width, &mut random);
        let (tree, bins) = grower.tree();
        let inner = tree.splits.len();
        for (row, score) in scores.iter_mut().enumerate() {
            let row = binned.row(row);
            let mut node = 0;
            while node < inner {
                let right =
                    goes_right(row[usize::from(tree.splits[node].column)], bins[node], &tree.splits[node]);
                node = 2 * node + 1 + usize::from(right);
            }
            *score += tree.values[node];
        }
        trees.push(tree);
    }
    Trees { depth: settings.depth, bias, trees }
}

fn goes_right(bin: u8, edge: u8, split: &Split) -> bool {
    if bin == MISSING { split.missing_right } else { bin > edge }
}

impl Grower<'_> {
    /// The rows and features of the next tree.
    fn choose(&mut self, count: usize, width: usize, random: &mut Random) {
        self.rows.clear();
        self.rows.extend((0..count as u32).filter(|_| random.unit() < self.settings.rows));
        self.other.resize(self.rows.len(), 0);
        let wanted = ((width as f64 * self.settings.columns).ceil() as usize).clamp(1, width);
        let mut columns: Vec<usize> =
            (0..width).filter(|column| !self.binned.edges[*column].is_empty()).collect();
        for place in 0..wanted.min(columns.len()) {
            let other = place + random.below(columns.len() - place);
            columns.swap(place, other);
        }
        columns.truncate(wanted);
        columns.sort_unstable();
        self.columns = columns;
    }

    /// One tree, and of each inner node the bin of its threshold.
    fn tree(&mut self) -> (Tree, Vec<u8>) {
        let inner = (1usize << self.settings.depth) - 1;
        let nothing = Split { column: 0, missing_right: false, threshold: f32::INFINITY };
        let mut splits = vec![nothing; inner];
        let mut bins = vec![MISSING; inner];
        let mut sums = vec![Sums::default(); 2 * inner + 1];
        let histogram = self.histogram(0, self.rows.len());
        let mut all = Sums::default();
        histogram[..BINS].iter().for_each(|bin| all.add(*bin));
        sums[0] = all;
        let mut open = vec![Open { node: 0, from: 0, to: self.rows.len(), sums: all, histogram }];
        for level in 0..self.settings.depth {
            let mut next = vec![];
            for open in open {
                let Some(best) = self.best(&open) else { continue };
                let column = self.columns[best.slot];
                splits[open.node] = Split {
                    column: column as u16,
                    missing_right: best.missing_right,
                    threshold: self.binned.edges[column][usize::from(best.bin)],
                };
                bins[open.node] = best.bin;
                let split = splits[open.node];
                let middle = self.part(&open, column, best.bin, &split);
                let (left, right) = (2 * open.node + 1, 2 * open.node + 2);
                (sums[left], sums[right]) = (best.left, open.sums.less(best.left));
                if level + 1 < self.settings.depth {
                    let (a, b) = self.children(open, middle, best.left);
                    next.extend([a, b]);
                }
            }
            open = next;
        }
        (Tree { values: self.values(&splits, &sums), splits }, bins)
    }

    /// The value of every node: leaves by their sums, inner nodes by the leaves below. Where the tree did not split, all goes
    /// to the left with the parent's value.
    fn values(&self, splits: &[Split], sums: &[Sums]) -> Vec<f32> {
        let own = |sums: Sums| -sums.gradient / (sums.hessian + self.settings.lambda) * self.settings.rate;
        let mut leaf: Vec<Option<Sums>> = vec![None; sums.len()];
        leaf[0] = Some(sums[0]);
        for node in 0..splits.len() {
            let split = splits[node].threshold < f32::INFINITY;
            for child in [2 * node + 1, 2 * node + 2] {
                leaf[child] = if split { Some(sums[child]) } else { leaf[node] };
            }
        }
        let mut values: Vec<f64> = leaf.iter().map(|sums| own(sums.unwrap_or_default())).collect();
        for node in (0..splits.len()).rev() {
            if splits[node].threshold < f32::INFINITY {
                let (left, right) = (sums[2 * node + 1].hessian, sums[2 * node + 2].hessian);
                let all = (left + right).max(f64::MIN_POSITIVE);
                values[node] = (values[2 * node + 1] * left + values[2 * node + 2] * right) / all;
            }
        }
        values.into_iter().map(|value| value as f32).collect()
    }

    fn histogram(&self, from: usize, to: usize) -> Vec<Sums> {
        let mut histogram = vec![Sums::default(); self.columns.len() * BINS];
        for row in &self.rows[from..to] {
            let row = *row as usize;
            let (gradient, hessian) = self.gradients[row];
            let add = Sums { gradient: f64::from(gradient), hessian: f64::from(hessian) };
            let bins = self.binned.row(row);
            for (column, sums) in self.columns.iter().zip(histogram.chunks_exact_mut(BINS)) {
                sums[usize::from(bins[*column])].add(add);
            }
        }
        histogram
    }

    fn best(&self, open: &Open) -> Option<Best> {
        let Settings { lambda, least, .. } = *self.settings;
        let whole = open.sums.gain(lambda);
        let mut best: Option<Best> = None;
        for (slot, column) in self.columns.iter().enumerate() {
            let bins = &open.histogram[slot * BINS..][..BINS];
            let missing = bins[usize::from(MISSING)];
            let mut left = Sums::default();
            for (bin, sums) in bins[..self.binned.edges[*column].len()].iter().enumerate() {
                left.add(*sums);
                for missing_right in [true, false] {
                    let mut left = left;
                    if !missing_right {
                        if missing.hessian == 0.0 {
                            continue;
                        }
                        left.add(missing);
                    }
                    let right = open.sums.less(left);
                    if left.hessian < least || right.hessian < least {
                        continue;
                    }
                    let gain = left.gain(lambda) + right.gain(lambda) - whole;
                    if gain > best.map_or(1e-9, |best| best.gain) {
                        best = Some(Best { gain, slot, bin: bin as u8, missing_right, left });
                    }
                }
            }
        }
        best
    }

    /// Puts the rows of a node in two parts, each in its order; returns where the right one begins.
    fn part(&mut self, open: &Open, column: usize, edge: u8, split: &Split) -> usize {
        let (mut left, mut right) = (open.from, 0);
        for place in open.from..open.to {
            let row = self.rows[place];
            let bin = self.binned.bins[row as usize * self.binned.width + column];
            if goes_right(bin, edge, split) {
                self.other[right] = row;
                right += 1;
            } else {
                self.rows[left] = row;
                left += 1;
            }
        }
        self.rows[left..open.to].copy_from_slice(&self.other[..right]);
        left
    }

    /// The histogram of the smaller child is counted, that of the other is the rest.
    fn children(&self, open: Open, middle: usize, left: Sums) -> (Open, Open) {
        let Open { node, from, to, sums, histogram: mut rest } = open;
        let left_is_smaller = middle - from <= to - middle;
        let counted = if left_is_smaller { self.histogram(from, middle) } else { self.histogram(middle, to) };
        for (rest, counted) in rest.iter_mut().zip(&counted) {
            *rest = rest.less(*counted);
        }
        let (a, b) = if left_is_smaller { (counted, rest) } else { (rest, counted) };
        (
            Open { node: 2 * node + 1, from, to: middle, sums: left, histogram: a },
            Open { node: 2 * node + 2, from: middle, to, sums: sums.less(left), histogram: b },
        )
    }
}
