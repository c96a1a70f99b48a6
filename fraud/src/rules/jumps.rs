//! Conditions as jumps. Whether a rule hits is one question, "is it true?", and that needs no third value: an undecided part
//! fails it as a false one does. So conditions become tests that jump, `not` turns the question into "is it false?" and moves down
//! to the comparisons, and no truth value is ever computed.
//!
//! A number of the row against constants, which is most of what rules do, is one test: does it lie in a range?

use super::code::{Code, Entry, Stack, TooDeep};
use super::expression::Comparison;
use super::tree::Tree;

/// One test. Where it goes on is in `to`, if the test comes out as `when`; else at the next one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Test {
    what: What,
    when: bool,
    to: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum What {
    /// The number of the row lies in a range, both ends included.
    Inside(u16, f32, f32),
    /// It is known and does not.
    Outside(u16, f32, f32),
    /// The flag of the row is yes.
    Yes(u16),
    /// The flag of the row is no.
    No(u16),
    /// This code gives truth, or falsehood.
    Gives(u32, bool),
}

/// Conditions of many rules behind each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Jumps {
    tests: Vec<Test>,
    code: Code,
    entries: Vec<Entry>,
}

/// Where a condition begins and ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition {
    start: u32,
    end: u32,
}

/// Somewhere to go on, known when the code there is written.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Label(u32);

/// Where a condition that fails goes.
const FAILS: u32 = u32::MAX;

struct Writer<'a> {
    jumps: &'a mut Jumps,
    /// Where each label lies.
    labels: Vec<u32>,
}

impl Jumps {
    /// Adds a condition.
    pub fn add(&mut self, tree: &Tree) -> Result<Condition, TooDeep> {
        let start = self.tests.len();
        let mut writer = Writer { jumps: self, labels: vec![] };
        let (holds, fails) = (writer.label(), writer.label());
        writer.condition(tree, true, holds, fails, holds)?;
        writer.place(holds);
        let mut labels = writer.labels;
        if let Some(place) = labels.get_mut(fails.0 as usize) {
            *place = FAILS;
        }
        for test in self.tests.iter_mut().skip(start) {
            test.to = labels.get(test.to as usize).copied().unwrap_or(FAILS);
        }
        Ok(Condition { start: start as u32, end: self.tests.len() as u32 })
    }

    /// Whether a condition is true on a row. A row that is too short lacks values.
    #[inline]
    pub fn holds(&self, condition: Condition, row: &[f32], stack: &mut Stack) -> bool {
        let mut at = condition.start;
        while at < condition.end {
            let Some(test) = self.tests.get(at as usize) else { return false };
            let read = |place: u16| row.get(usize::from(place)).copied().unwrap_or(f32::NAN);
            let came_out = match test.what {
                What::Inside(place, lo, hi) => {
                    let value = read(place);
                    value >= lo && value <= hi
                }
                What::Outside(place, lo, hi) => {
                    let value = read(place);
                    value.is_finite() && (value < lo || value > hi)
                }
                What::Yes(place) => {
                    let value = read(place);
                    value.is_finite() && value != 0.0
                }
                What::No(place) => read(place) == 0.0,
                What::Gives(entry, truth) => {
                    let entry = self.entries.get(entry as usize).copied();
                    entry.is_some_and(|entry| self.code.run(entry, row, stack) == super::tree::truth(truth))
                }
            };
            at = if came_out == test.when { test.to } else { at + 1 };
        }
        at != FAILS
    }
}

impl Writer<'_> {
    fn label(&mut self) -> Label {
        self.labels.push(FAILS);
        Label(self.labels.len() as u32 - 1)
    }

    fn place(&mut self, label: Label) {
        if let Some(place) = self.labels.get_mut(label.0 as usize) {
            *place = self.jumps.tests.len() as u32;
        }
    }

    /// Writes tests that go to `holds` if the tree is true (false, when `truth` is false), and to `fails` if not. What follows them is
    /// `next`, which is one of the two.
    fn condition(
        &mut self,
        tree: &Tree,
        truth: bool,
        holds: Label,
        fails: Label,
        next: Label,
    ) -> Result<(), TooDeep> {
        match tree {
            Tree::Not(inner) => self.condition(inner, !truth, holds, fails, next),
            // All are true; or one of several is false.
            Tree::All(parts) => self.chain(parts, truth, truth, (holds, fails, next)),
            Tree::Any(parts) => self.chain(parts, truth, !truth, (holds, fails, next)),
            leaf => {
                let what = self.leaf(leaf, truth)?;
                let (when, to) = if next == holds { (false, fails) } else { (true, holds) };
                self.jumps.tests.push(Test { what, when, to: to.0 });
                Ok(())
            }
        }
    }

    fn chain(
        &mut self,
        parts: &[Tree],
        truth: bool,
        every: bool,
        (holds, fails, next): (Label, Label, Label),
    ) -> Result<(), TooDeep> {
        let Some((last, before)) = parts.split_last() else { return Ok(()) };
        for part in before {
            let after = self.label();
            let (holds, fails) = if every { (after, fails) } else { (holds, after) };
            self.condition(part, truth, holds, fails, after)?;
            self.place(after);
        }
        self.condition(last, truth, holds, fails, next)
    }

    fn leaf(&mut self, tree: &Tree, truth: bool) -> Result<What, TooDeep> {
        match tree {
            Tree::Flag(place) => return Ok(if truth { What::Yes(*place) } else { What::No(*place) }),
            Tree::Compare(sign, left, right) => {
                let against = match (&**left, right.constant(), left.constant(), &**right) {
                    (Tree::Field(place, divisor), Some(value), ..) => Some((*sign, *place, *divisor, value)),
                    (_, _, Some(value), Tree::Field(place, divisor)) => {
                        Some((turned(*sign), *place, *divisor, value))
                    }
                    _ => None,
                };
                if let Some((sign, place, divisor, value)) = against {
                    let (lo, hi, inside) = range_of(sign, value as f32);
                    if grows(divisor) && inside != truth {
                        return self.given(tree, truth);
                    }
                    return Ok(test_of(place, divisor, lo, hi, inside == truth));
                }
            }
            Tree::Within(value, lo, hi) => {
                if let (Tree::Field(place, divisor), Some(lo), Some(hi)) =
                    (&**value, lo.constant(), hi.constant())
                    && (truth || !grows(*divisor))
                {
                    return Ok(test_of(*place, *divisor, lo as f32, hi as f32, truth));
                }
            }
            _ => {}
        }
        self.given(tree, truth)
    }

    /// A test that computes the value.
    fn given(&mut self, tree: &Tree, truth: bool) -> Result<What, TooDeep> {
        let entry = self.jumps.code.add(tree)?;
        self.jumps.entries.push(entry);
        Ok(What::Gives(self.jumps.entries.len() as u32 - 1, truth))
    }
}

/// The range in which a comparison with a constant is true, or outside which, when the last is false.
fn range_of(sign: Comparison, with: f32) -> (f32, f32, bool) {
    match sign {
        Comparison::Equal => (with, with, true),
        Comparison::Unequal => (with, with, false),
        Comparison::Less => (f32::MIN, with.next_down(), true),
        Comparison::AtMost => (f32::MIN, with, true),
        Comparison::More => (with.next_up(), f32::MAX, true),
        Comparison::AtLeast => (with, f32::MAX, true),
    }
}

/// The comparison seen from its right side.
fn turned(sign: Comparison) -> Comparison {
    match sign {
        Comparison::Less => Comparison::More,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::More => Comparison::Less,
        Comparison::AtLeast => Comparison::AtMost,
        same => same,
    }
}

/// Whether a number may become too large by its division, and so missing: then what lies outside a range is not all there is.
fn grows(divisor: f64) -> bool {
    divisor < 1.0
}

fn test_of(place: u16, divisor: f64, lo: f32, hi: f32, inside: bool) -> What {
    if divisor == 1.0 {
        return if inside { What::Inside(place, lo, hi) } else { What::Outside(place, lo, hi) };
    }
    let (lo, hi) =
        (first(|value| divided(value, divisor) >= lo), last(|value| divided(value, divisor) <= hi));
    if inside { What::Inside(place, lo, hi) } else { What::Outside(place, lo, hi) }
}

/// A number of the row as rules see it. It grows with the number, so a range of the one is a range of the other.
fn divided(value: f32, divisor: f64) -> f32 {
    let value = f64::from(value) / divisor;
    if value.abs() <= super::limits::MAX_NUMBER { value as f32 } else { f32::INFINITY.copysign(value as f32) }
}

/// The place of a number among all numbers, and back.
fn order(value: f32) -> i64 {
    let bits = i64::from(value.to_bits() & 0x7FFF_FFFF);
    if value.is_sign_negative() { -bits } else { bits }
}

fn number(order: i64) -> f32 {
    let value = f32::from_bits(order.unsigned_abs() as u32);
    if order < 0 { -value } else { value }
}

/// The least number from which on something is true; infinite when it never is.
fn first(is: impl Fn(f32) -> bool) -> f32 {
    let (mut below, mut from) = (order(f32::MIN) - 1, order(f32::INFINITY));
    while from - below > 1 {
        let middle = below + (from - below) / 2;
        if is(number(middle)) { from = middle } else { below = middle }
    }
    number(from)
}

/// The largest number up to which something is true; minus infinity when it never is.
fn last(is: impl Fn(f32) -> bool) -> f32 {
    -first(|value| is(-value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_stays_small() {
        assert!(size_of::<Test>() <= 24, "{}", size_of::<Test>());
    }

    #[test]
    fn the_first_and_the_last_number_are_found() {
        assert_eq!(first(|value| value >= 5.0), 5.0);
        assert_eq!(first(|value| value > 5.0), 5f32.next_up());
        assert_eq!(first(|_| true), f32::MIN);
        assert_eq!(first(|_| false), f32::INFINITY);
        assert_eq!(last(|value| value <= -5.0), -5.0);
        assert_eq!(last(|value| value < 0.0), 0f32.next_down());
        assert_eq!(last(|_| true), f32::MAX);
        assert_eq!(first(|value| divided(value, 100.0) >= 12.5), 1_250.0);
    }
}
