//! Shares with their uncertainty.

use serde::{Deserialize, Serialize};

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// How many of them.
    pub of: u64,
    /// Of how many.
    pub all: u64,
}

/// A share and the interval that has the true one 19 times out of 20.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The share itself.
    pub share: f64,
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The normal quantile of 0.975.
const Z: f64 = 1.959_963_984_540_054;

impl Count {
    /// Counts one, which is one of them or not.
    pub fn add(&mut self, is: bool) {
        self.of += u64::from(is);
        self.all += 1;
    }

    /// The counts of both.
    pub fn plus(self, other: Count) -> Count {
        Count { of: self.of + other.of, all: self.all + other.all }
    }

    /// The share; none of nothing.
    pub fn share(self) -> Option<f64> {
        (self.all > 0).then(|| self.of as f64 / self.all as f64)
    }

    /// The share with Wilson's interval at 95 % (E. B. Wilson, JASA 22, 1927), which holds for small numbers and for shares near
    /// 0 and 1; none of nothing.
    pub fn interval(self) -> Option<Interval> {
        let share = self.share()?;
        let all = self.all as f64;
        let middle = (share + Z * Z / (2.0 * all)) / (1.0 + Z * Z / all);
        let half = Z / (1.0 + Z * Z / all) * (share * (1.0 - share) / all + Z * Z / (4.0 * all * all)).sqrt();
        let low = if self.of == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if self.of == self.all { 1.0 } else { (middle + half).min(1.0) };
        Some(Interval { share, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // Worked by hand: 8 of 10 gives 0.4901..0.9433; 0 of 10 gives 0..0.2775.
        let near = |left: f64, right: f64| (left - right).abs() < 5e-4;
        let some = Count { of: 8, all: 10 }.interval().unwrap();
        assert!(near(some.share, 0.8) && near(some.low, 0.4901) && near(some.high, 0.9433), "{some:?}");
        let none = Count { of: 0, all: 10 }.interval().unwrap();
        assert!(none.low == 0.0 && near(none.high, 0.2775), "{none:?}");
        let all = Count { of: 10, all: 10 }.interval().unwrap();
        assert!(all.high == 1.0 && near(all.low, 0.7225), "{all:?}");
        assert_eq!(Count::default().interval(), None);
    }
}
