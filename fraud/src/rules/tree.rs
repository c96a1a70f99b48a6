//! A typed expression: every field has its place in the row, every number its base unit.

use super::expression::{Arithmetic, Comparison, Function};
use super::limits::MAX_NUMBER;

/// A typed expression. Its value is a number; truth is 1, falsehood 0, and what is missing or undecided is NaN.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Constant(f64),
    /// A number or code of the row, divided.
    Field(u16, f64),
    Flag(u16),
    Not(Box<Tree>),
    Minus(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Arithmetic(Arithmetic, Box<Tree>, Box<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    Within(Box<Tree>, Box<Tree>, Box<Tree>),
    OneOf(Box<Tree>, Vec<f32>),
    Missing(Box<Tree>),
    Otherwise(Box<Tree>, Box<Tree>),
    Call(Function, Vec<Tree>),
}

/// What lies beyond the range of a row's numbers is missing, as is what is not a number.
pub(super) fn finite(value: f64) -> f64 {
    if value.abs() <= MAX_NUMBER { value } else { f64::NAN }
}

pub(super) fn truth(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// Compares as the row's own precision does: 7 digits. A row's 0.1 is then the 0.1 of a rule.
pub(super) fn compared(sign: Comparison, left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        return f64::NAN;
    }
    let (left, right) = (left as f32, right as f32);
    truth(match sign {
        Comparison::Equal => left == right,
        Comparison::Unequal => left != right,
        Comparison::Less => left < right,
        Comparison::AtMost => left <= right,
        Comparison::More => left > right,
        Comparison::AtLeast => left >= right,
    })
}

pub(super) fn calculated(sign: Arithmetic, left: f64, right: f64) -> f64 {
    finite(match sign {
        Arithmetic::Plus => left + right,
        Arithmetic::Minus => left - right,
        Arithmetic::Times => left * right,
        Arithmetic::Over => left / right,
    })
}

/// False as soon as one side is false; undecided when one is undecided.
pub(super) fn both(left: f64, right: f64) -> f64 {
    if left == 0.0 || right == 0.0 { 0.0 } else { left * right }
}

/// True as soon as one side is true; undecided when one is undecided.
pub(super) fn either(left: f64, right: f64) -> f64 {
    if left == 1.0 || right == 1.0 { 1.0 } else { left + right }
}

/// The smaller or larger; missing when one is missing.
pub(super) fn extreme(least: bool, left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        f64::NAN
    } else if (left < right) == least {
        left
    } else {
        right
    }
}

/// `lo..hi`, both ends included.
pub(super) fn between(value: f64, lo: f64, hi: f64) -> f64 {
    both(compared(Comparison::AtLeast, value, lo), compared(Comparison::AtMost, value, hi))
}

pub(super) fn one_of(value: f64, choices: &[f32]) -> f64 {
    if value.is_nan() { value } else { truth(choices.contains(&(value as f32))) }
}

impl Tree {
    /// The value of what does not look at the row.
    pub fn constant(&self) -> Option<f64> {
        match self {
            Tree::Constant(value) => Some(*value),
            Tree::Minus(inner) => inner.constant().map(|value| -value),
            _ => None,
        }
    }

    /// The value on a row, read straight off the tree. The flat code must give the same.
    #[cfg(test)]
    pub fn value(&self, row: &[f32]) -> f64 {
        let read =
            |place: &u16| finite(row.get(usize::from(*place)).map_or(f64::NAN, |value| f64::from(*value)));
        match self {
            Tree::Constant(value) => *value,
            Tree::Field(place, divisor) => finite(read(place) / divisor),
            Tree::Flag(place) => {
                let value = read(place);
                if value.is_nan() { value } else { truth(value != 0.0) }
            }
            Tree::Not(inner) => 1.0 - inner.value(row),
            Tree::Minus(inner) => -inner.value(row),
            Tree::All(parts) => parts.iter().fold(1.0, |all, part| both(all, part.value(row))),
            Tree::Any(parts) => parts.iter().fold(0.0, |any, part| either(any, part.value(row))),
            Tree::Arithmetic(sign, left, right) => calculated(*sign, left.value(row), right.value(row)),
            Tree::Compare(sign, left, right) => compared(*sign, left.value(row), right.value(row)),
            Tree::Within(value, lo, hi) => between(value.value(row), lo.value(row), hi.value(row)),
            Tree::OneOf(value, choices) => one_of(value.value(row), choices),
            Tree::Missing(inner) => truth(inner.value(row).is_nan()),
            Tree::Otherwise(value, instead) => {
                let value = value.value(row);
                if value.is_nan() { instead.value(row) } else { value }
            }
            Tree::Call(Function::Abs, arguments) => arguments[0].value(row).abs(),
            Tree::Call(function, arguments) => {
                let values = arguments.iter().map(|argument| argument.value(row));
                values.reduce(|one, other| extreme(*function == Function::Min, one, other)).expect(
                    "a call is typed only with as many arguments as its function takes, and none takes none",
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logic_has_three_values() {
        let unknown = f64::NAN;
        assert_eq!(both(0.0, unknown), 0.0);
        assert_eq!(both(unknown, 0.0), 0.0);
        assert!(
            both(1.0, unknown).is_nan() && both(unknown, 1.0).is_nan() && both(unknown, unknown).is_nan()
        );
        assert_eq!(either(1.0, unknown), 1.0);
        assert_eq!(either(unknown, 1.0), 1.0);
        assert!(
            either(0.0, unknown).is_nan()
                && either(unknown, 0.0).is_nan()
                && either(unknown, unknown).is_nan()
        );
        assert_eq!(
            (both(1.0, 1.0), both(1.0, 0.0), either(0.0, 0.0), either(0.0, 1.0)),
            (1.0, 0.0, 0.0, 1.0)
        );
    }

    #[test]
    fn arithmetic_without_a_result_is_missing() {
        assert!(calculated(Arithmetic::Over, 1.0, 0.0).is_nan());
        assert!(calculated(Arithmetic::Over, 0.0, 0.0).is_nan());
        assert!(calculated(Arithmetic::Times, MAX_NUMBER, 2.0).is_nan());
        assert_eq!(calculated(Arithmetic::Times, MAX_NUMBER, 1.0), MAX_NUMBER);
        assert!(finite(f64::INFINITY).is_nan() && finite(f64::NEG_INFINITY).is_nan());
    }

    #[test]
    fn a_number_of_the_row_equals_the_same_number_of_a_rule() {
        let amount = f64::from(900.10f32);
        assert_eq!(compared(Comparison::Equal, amount, 900.10), 1.0);
        assert_eq!(compared(Comparison::AtLeast, amount, 900.10), 1.0);
        assert_eq!(compared(Comparison::Less, amount, 900.10), 0.0);
    }
}
