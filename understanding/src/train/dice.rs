//! Numbers that look random and are the same for the same seed: splitmix64 (Steele, Lea, Flood, 2014; public domain).

/// A source of such numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Begins with `seed`.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// Any number.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `limit`, which must not be 0.
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.throw()) * limit as u128) >> 64) as usize
    }

    /// A number from 0 up to 1.
    pub fn share(&mut self) -> f32 {
        (self.throw() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A number of a distribution that is nearly normal, with spread 1: the sum of twelve shares.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.share()).sum::<f32>() - 6.0
    }

    /// Puts things into an order that looks random.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for at in (1..things.len()).rev() {
            things.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_order_of_all() {
        let shuffled = |seed| {
            let mut things: Vec<u32> = (0..100).collect();
            Dice::new(seed).shuffle(&mut things);
            things
        };
        assert_eq!(shuffled(7), shuffled(7));
        assert_ne!(shuffled(7), shuffled(8));
        let mut all = shuffled(7);
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn shares_and_normal_numbers_have_their_means() {
        let mut dice = Dice::new(1);
        let mean = (0..10_000).map(|_| dice.share()).sum::<f32>() / 1e4;
        assert!((mean - 0.5).abs() < 0.02);
        let spread = (0..10_000).map(|_| dice.normal().powi(2)).sum::<f32>() / 1e4;
        assert!((spread - 1.0).abs() < 0.05);
    }
}
