//! The directions in which vectors differ most, by Jacobi's rotations: slow, simple, and the same on every machine.

/// Rounds over all pairs. Jacobi's method squares its error each time; this many are plenty.
const ROUNDS: usize = 12;

/// The `wanted` directions of the largest spread of `rows` (each `width` long, around zero), the largest first.
pub fn directions(rows: &[f32], width: usize, wanted: usize) -> Vec<Vec<f32>> {
    let mut spread = products(rows, width);
    let mut turned = vec![0.0f64; width * width];
    (0..width).for_each(|at| turned[at * width + at] = 1.0);
    for _ in 0..ROUNDS {
        for p in 0..width {
            for q in p + 1..width {
                rotate(&mut spread, &mut turned, width, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|a, b| spread[b * width + b].total_cmp(&spread[a * width + a]));
    let direction = |at: &usize| {
        // `turned` holds a direction in each row. Its sign is free; the largest part is made positive.
        let row = &turned[at * width..(at + 1) * width];
        let largest = row.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
        row.iter().map(|value| (value * largest.signum()) as f32).collect()
    };
    order.iter().take(wanted).map(direction).collect()
}

fn products(rows: &[f32], width: usize) -> Vec<f64> {
    let mut sums = vec![0.0f64; width * width];
    for row in rows.chunks_exact(width) {
        for (sums, a) in sums.chunks_exact_mut(width).zip(row) {
            let a = f64::from(*a);
            sums.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * f64::from(*b));
        }
    }
    sums
}

/// Turns the plane of p and q so that their product vanishes. The matrix is symmetric, so rows stand for columns too.
fn rotate(spread: &mut [f64], turned: &mut [f64], width: usize, p: usize, q: usize) {
    let between = spread[p * width + q];
    if between.abs() < 1e-300 {
        return;
    }
    let ratio = (spread[q * width + q] - spread[p * width + p]) / (2.0 * between);
    let tangent = ratio.signum() / (ratio.abs() + (ratio * ratio + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    turn(spread, width, p, q, cosine, sine);
    for row in spread.chunks_exact_mut(width) {
        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
    }
    turn(turned, width, p, q, cosine, sine);
}

/// Turns two rows.
fn turn(rows: &mut [f64], width: usize, p: usize, q: usize, cosine: f64, sine: f64) {
    let (before, after) = rows.split_at_mut(q * width);
    let (p, q) = (&mut before[p * width..(p + 1) * width], &mut after[..width]);
    for (p, q) in p.iter_mut().zip(q) {
        (*p, *q) = (cosine * *p - sine * *q, sine * *p + cosine * *q);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::dice::Dice;

    #[test]
    fn the_first_direction_is_that_of_the_largest_spread() {
        let mut dice = Dice::new(5);
        let mut rows = Vec::new();
        for _ in 0..500 {
            let (long, short) = (3.0 * dice.normal(), 0.5 * dice.normal());
            rows.extend([0.6 * long - 0.8 * short, 0.8 * long + 0.6 * short, 0.01 * dice.normal()]);
        }
        let found = directions(&rows, 3, 2);
        for (found, expected) in found.iter().zip([[0.6, 0.8, 0.0], [0.8, -0.6, 0.0]]) {
            let cosine: f32 = found.iter().zip(expected).map(|(a, b)| a * b).sum();
            assert!(cosine.abs() > 0.99, "{found:?}");
        }
    }
}
