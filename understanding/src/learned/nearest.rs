//! How near a message is to those that were learned.

use pulp::{Arch, Simd, WithSimd};

/// Known vectors of length 1, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    width: usize,
    values: Vec<i8>,
}

impl Nearest {
    /// From stored bytes. None if they are no whole vectors.
    pub fn new(width: usize, values: Vec<i8>) -> Option<Nearest> {
        (width > 0 && values.len().is_multiple_of(width)).then_some(Nearest { width, values })
    }

    /// Rounds vectors of length 1.
    pub fn round(vectors: &[Vec<f32>], width: usize) -> Nearest {
        let byte = |value: &f32| (value.clamp(-1.0, 1.0) * 127.0).round_ties_even() as i8;
        Nearest { width, values: vectors.iter().flatten().map(byte).collect() }
    }

    /// The parts, to be stored.
    pub fn parts(&self) -> (usize, &[i8]) {
        (self.width, &self.values)
    }

    /// The cosine between a vector of length 1 and the nearest one; -1 if there is none.
    pub fn cosine(&self, vector: &[f32]) -> f32 {
        if vector.len() != self.width {
            return -1.0;
        }
        let wanted: Vec<i16> =
            vector.iter().map(|value| (value.clamp(-1.0, 1.0) * 127.0).round_ties_even() as i16).collect();
        let most = Arch::new().dispatch(Most { known: &self.values, wanted: &wanted });
        most.map_or(-1.0, |most| most as f32 / (127.0 * 127.0))
    }
}

/// The largest product of a vector with the known ones, in whole numbers.
struct Most<'a> {
    known: &'a [i8],
    wanted: &'a [i16],
}

impl WithSimd for Most<'_> {
    type Output = Option<i32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Option<i32> {
        let mut most = None;
        for known in self.known.chunks_exact(self.wanted.len()) {
            let products = known.iter().zip(self.wanted);
            let sum: i32 = products.map(|(a, b)| i32::from(i16::from(*a)) * i32::from(*b)).sum();
            most = most.max(Some(sum));
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_counts() {
        let nearest = Nearest::round(&[vec![1.0, 0.0], vec![0.6, 0.8]], 2);
        assert!((nearest.cosine(&[0.0, 1.0]) - 0.8).abs() < 0.01);
        assert!((nearest.cosine(&[1.0, 0.0]) - 1.0).abs() < 0.01);
        assert_eq!(nearest.cosine(&[1.0]), -1.0);
        assert_eq!(Nearest::round(&[], 2).cosine(&[1.0, 0.0]), -1.0);
    }
}
