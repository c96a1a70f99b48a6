//! The parts of an encoder that learn: a linear map, a normalisation, attention. Each has a way forward, which keeps what
//! the way back needs, and a way back, which adds to the slopes of its weights and gives the slope of its input.

use super::super::dice::Dice;
use crate::learned::{
    encoder::{HEAD, HEADS, WIDTH},
    kernel::{Panels, dot, erf, exp, product},
};

/// Numbers that learn, with what AdamW keeps of their slopes.
#[derive(Debug, Clone)]
pub(super) struct Learning {
    pub(super) values: Vec<f32>,
    pub(super) slopes: Vec<f32>,
    pub(super) means: Vec<f32>,
    pub(super) squares: Vec<f32>,
}

impl Learning {
    pub(super) fn new(values: Vec<f32>) -> Learning {
        let zeros = vec![0.0; values.len()];
        Learning { values, slopes: zeros.clone(), means: zeros.clone(), squares: zeros }
    }
}

/// `x` times the transpose of the weights, plus a bias.
#[derive(Debug, Clone)]
pub(super) struct Map {
    pub(super) inner: usize,
    pub(super) outer: usize,
    /// `outer` rows of `inner`.
    pub(super) weights: Learning,
    pub(super) bias: Learning,
}

impl Map {
    pub(super) fn forward(&self, x: &[f32]) -> Vec<f32> {
        let panels = Panels::of_columns(&self.weights.values, self.inner, self.outer);
        let mut out = Vec::new();
        product(x, &panels, &mut out);
        for row in out.chunks_exact_mut(self.outer) {
            row.iter_mut().zip(&self.bias.values).for_each(|(value, bias)| *value += bias);
        }
        out
    }

    pub(super) fn backward(&mut self, x: &[f32], slope: &[f32]) -> Vec<f32> {
        let rows = slope.len() / self.outer;
        for row in slope.chunks_exact(self.outer) {
            self.bias.slopes.iter_mut().zip(row).for_each(|(sum, slope)| *sum += slope);
        }
        let turned = transposed(slope, rows, self.outer);
        let mut out = Vec::new();
        product(&turned, &Panels::of_rows(x, rows, self.inner), &mut out);
        self.weights.slopes.iter_mut().zip(&out).for_each(|(sum, slope)| *sum += slope);
        product(slope, &Panels::of_rows(&self.weights.values, self.outer, self.inner), &mut out);
        out
    }
}

fn transposed(rows: &[f32], high: usize, wide: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows.len()];
    for (i, row) in rows.chunks_exact(wide).enumerate() {
        for (j, value) in row.iter().enumerate() {
            out[j * high + i] = *value;
        }
    }
    out
}

/// Normalisation of each row to mean 0 and spread 1, then gain and shift.
#[derive(Debug, Clone)]
pub(super) struct Norm {
    pub(super) gain: Learning,
    pub(super) shift: Learning,
}

/// What the way back through a normalisation needs.
pub(super) struct Normed {
    /// Rows of mean 0 and spread 1.
    plain: Vec<f32>,
    /// One over the spread of each row.
    factors: Vec<f32>,
}

impl Normed {
    pub(super) fn len(&self) -> usize {
        self.plain.len()
    }
}

impl Norm {
    pub(super) fn forward(&self, mut x: Vec<f32>) -> (Vec<f32>, Normed) {
        let ones = [1.0; WIDTH];
        let mut factors = Vec::with_capacity(x.len() / WIDTH);
        for row in x.chunks_exact_mut(WIDTH) {
            let mean = dot(row, &ones) / WIDTH as f32;
            row.iter_mut().for_each(|value| *value -= mean);
            let factor = 1.0 / (dot(row, row) / WIDTH as f32 + 1e-12).sqrt();
            row.iter_mut().for_each(|value| *value *= factor);
            factors.push(factor);
        }
        let mut out = x.clone();
        for row in out.chunks_exact_mut(WIDTH) {
            for ((value, gain), shift) in row.iter_mut().zip(&self.gain.values).zip(&self.shift.values) {
                *value = *value * gain + shift;
            }
        }
        (out, Normed { plain: x, factors })
    }

    pub(super) fn backward(&mut self, normed: &Normed, slope: &[f32]) -> Vec<f32> {
        let ones = [1.0; WIDTH];
        let mut out = vec![0.0; slope.len()];
        let rows = out.chunks_exact_mut(WIDTH).zip(slope.chunks_exact(WIDTH));
        for ((out, slope), (plain, factor)) in rows.zip(normed.plain.chunks_exact(WIDTH).zip(&normed.factors))
        {
            let own = self.gain.slopes.iter_mut().zip(&mut self.shift.slopes).zip(&self.gain.values);
            for (((gain, shift), value), ((out, slope), plain)) in
                own.zip(out.iter_mut().zip(slope).zip(plain))
            {
                *gain += slope * plain;
                *shift += slope;
                *out = slope * value;
            }
            let mean = dot(out, &ones) / WIDTH as f32;
            let along = dot(out, plain) / WIDTH as f32;
            out.iter_mut().zip(plain).for_each(|(out, plain)| *out = factor * (*out - mean - plain * along));
        }
        out
    }
}

/// Which numbers are left out for once, as factors: 0, or 1 over the part that stays.
pub(super) fn dropout(n: usize, part: f32, dice: &mut Dice) -> Vec<f32> {
    let stays = 1.0 / (1.0 - part);
    (0..n).map(|_| if dice.share() < part { 0.0 } else { stays }).collect()
}

/// Multiplies with the factors of [`dropout`]; without any, leaves everything as it is.
pub(super) fn mask(values: &mut [f32], factors: &[f32]) {
    values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
}

/// x times the share of a normal distribution below x.
pub(super) fn gelu(x: &[f32]) -> Vec<f32> {
    x.iter().map(|x| 0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))).collect()
}

/// The way back through [`gelu`].
pub(super) fn gelu_backward(x: &[f32], slope: &mut [f32]) {
    for (slope, x) in slope.iter_mut().zip(x) {
        let below = 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
        // The height of the normal distribution at x: e^(-x^2/2) over the root of two pi.
        *slope *= below + x * 0.398_942_3 * exp(-0.5 * x * x);
    }
}

/// What the way back through attention needs: for each message and head, the shares.
pub(super) struct Attended {
    shares: Vec<f32>,
    /// As they were after dropout.
    used: Vec<f32>,
    factors: Vec<f32>,
}

/// Attention within each message. `look` has query, key and value of each piece.
pub(super) fn attend(
    look: &[f32],
    lengths: &[usize],
    drop: Option<(f32, &mut Dice)>,
) -> (Vec<f32>, Attended) {
    let mut seen = vec![0.0; look.len() / 3];
    let mut shares = Vec::new();
    each_head(lengths, |from, length, at| {
        for i in 0..length {
            let query = part(look, from + i, at);
            let begin = shares.len();
            for j in 0..length {
                shares.push(dot(query, part(look, from + j, WIDTH + at)) / (HEAD as f32).sqrt());
            }
            let row = &mut shares[begin..];
            let most = row.iter().copied().fold(f32::MIN, f32::max);
            row.iter_mut().for_each(|share| *share = exp(*share - most));
            let all: f32 = row.iter().sum();
            row.iter_mut().for_each(|share| *share /= all);
        }
    });
    let factors = drop.map_or_else(Vec::new, |(part, dice)| dropout(shares.len(), part, dice));
    let mut used = shares.clone();
    mask(&mut used, &factors);
    let mut next = used.iter();
    each_head(lengths, |from, length, at| {
        for i in 0..length {
            let seen = &mut seen[(from + i) * WIDTH + at..][..HEAD];
            for j in 0..length {
                let share = next.next().copied().unwrap_or(0.0);
                let value = part(look, from + j, 2 * WIDTH + at);
                seen.iter_mut().zip(value).for_each(|(seen, value)| *seen += share * value);
            }
        }
    });
    (seen, Attended { shares, used, factors })
}

/// The way back through [`attend`]: the slope of `look`.
pub(super) fn attend_backward(look: &[f32], lengths: &[usize], kept: &Attended, slope: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; look.len()];
    let scale = 1.0 / (HEAD as f32).sqrt();
    let mut begin = 0;
    each_head(lengths, |from, length, at| {
        for i in 0..length {
            let slope = &slope[(from + i) * WIDTH + at..][..HEAD];
            let range = begin..begin + length;
            let (shares, used) = (&kept.shares[range.clone()], &kept.used[range.clone()]);
            let mut by_share: Vec<f32> = Vec::with_capacity(length);
            for (j, used) in used.iter().enumerate() {
                by_share.push(dot(slope, part(look, from + j, 2 * WIDTH + at)));
                let value = &mut out[(from + j) * 3 * WIDTH + 2 * WIDTH + at..][..HEAD];
                value.iter_mut().zip(slope).for_each(|(value, slope)| *value += used * slope);
            }
            mask(&mut by_share, kept.factors.get(range).unwrap_or_default());
            let mean: f32 = by_share.iter().zip(shares).map(|(slope, share)| slope * share).sum();
            for (j, (share, by_share)) in shares.iter().zip(&by_share).enumerate() {
                let by_score = share * (by_share - mean) * scale;
                for at in at..at + HEAD {
                    out[(from + i) * 3 * WIDTH + at] += by_score * look[(from + j) * 3 * WIDTH + WIDTH + at];
                    out[(from + j) * 3 * WIDTH + WIDTH + at] += by_score * look[(from + i) * 3 * WIDTH + at];
                }
            }
            begin += length;
        }
    });
    out
}

/// Calls `head` with the first piece, the length and the place of the head, for each message and head.
fn each_head(lengths: &[usize], mut head: impl FnMut(usize, usize, usize)) {
    let mut from = 0;
    for length in lengths {
        (0..HEADS).for_each(|number| head(from, *length, number * HEAD));
        from += length;
    }
}

fn part(look: &[f32], piece: usize, at: usize) -> &[f32] {
    &look[piece * 3 * WIDTH + at..][..HEAD]
}
