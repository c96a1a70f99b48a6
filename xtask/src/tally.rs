//! Counts what passed and what failed, from the lines that the programs print.

/// How many checks passed and failed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks that held.
    pub passed: u64,
    /// Checks that did not.
    pub failed: u64,
}

impl Tally {
    /// One check that held.
    pub const ONE: Tally = Tally { passed: 1, failed: 0 };

    /// Adds the counts of a test program's last line; other lines count nothing.
    pub fn read(&mut self, line: &str) {
        let Some(counts) = line.trim().strip_prefix("test result: ") else { return };
        for part in counts.split([';', '.']) {
            match part.trim().split_once(' ') {
                Some((n, "passed")) => self.passed += n.parse().unwrap_or(0),
                Some((n, "failed")) => self.failed += n.parse().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// Both together.
    pub fn plus(self, other: Tally) -> Tally {
        Tally { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_programs_last_line_is_counted_and_others_are_not() {
        let mut tally = Tally::default();
        tally.read("running 3 tests");
        tally.read("test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.03s");
        tally.read("test 99 passed; 4 failed");
        tally.read(
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        );
        assert_eq!(tally, Tally { passed: 17, failed: 2 });
    }
}
