//! A typed expression as flat code that computes its value: a few steps over a small stack, no recursion and no allocation.

use super::expression::{Arithmetic, Comparison, Function};
use super::tree::{Tree, between, both, calculated, compared, either, extreme, finite, one_of, truth};

/// Values that an expression may hold at once. An expression of the greatest depth needs fewer.
pub(super) const STACK: usize = 64;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    /// Puts a number on the stack.
    Constant(f64),
    /// Puts a number of the row on the stack.
    Field(u16),
    /// The same, divided.
    Divided(u16, f64),
    /// Puts a flag of the row on the stack.
    Flag(u16),
    Compare(Comparison),
    Calculate(Arithmetic),
    Between,
    /// From where in the set's choices, and how many.
    OneOf(u32, u16),
    Extreme {
        least: bool,
    },
    Abs,
    Not,
    Minus,
    Missing,
    Both,
    Either,
    /// Goes to a step if the top is false: `and` is decided.
    UnlessTrue(u32),
    /// Goes to a step if the top is true: `or` is decided.
    IfTrue(u32),
    /// Goes to a step if the top is not missing; else takes it off.
    IfKnown(u32),
}

/// Steps and choices of many expressions behind each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Code {
    steps: Vec<Step>,
    choices: Vec<f32>,
}

/// Where an expression begins and ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    start: u32,
    end: u32,
}

/// The expression needs a deeper stack than there is.
#[derive(Debug)]
pub(super) struct TooDeep;

impl Code {
    /// Adds an expression.
    pub fn add(&mut self, tree: &Tree) -> Result<Entry, TooDeep> {
        let start = self.here();
        let depth = self.emit(tree);
        if depth > STACK { Err(TooDeep) } else { Ok(Entry { start, end: self.here() }) }
    }

    fn here(&self) -> u32 {
        self.steps.len() as u32
    }

    fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Puts the end of a jump to here.
    fn land(&mut self, jumps: &[usize]) {
        let here = self.here();
        for jump in jumps {
            if let Some(Step::UnlessTrue(to) | Step::IfTrue(to) | Step::IfKnown(to)) =
                self.steps.get_mut(*jump)
            {
                *to = here;
            }
        }
    }

    /// Emits code that leaves one value, and says how many values it holds at most.
    fn emit(&mut self, tree: &Tree) -> usize {
        match tree {
            Tree::Constant(value) => self.one(Step::Constant(*value)),
            Tree::Field(place, 1.0) => self.one(Step::Field(*place)),
            Tree::Field(place, divisor) => self.one(Step::Divided(*place, *divisor)),
            Tree::Flag(place) => self.one(Step::Flag(*place)),
            Tree::Not(inner) => self.then(inner, Step::Not),
            Tree::Minus(inner) => self.then(inner, Step::Minus),
            Tree::Missing(inner) => self.then(inner, Step::Missing),
            Tree::All(parts) => self.chain(parts, Step::UnlessTrue(0), Step::Both),
            Tree::Any(parts) => self.chain(parts, Step::IfTrue(0), Step::Either),
            Tree::Compare(sign, left, right) => self.all(&[left, right], Step::Compare(*sign)),
            Tree::Within(value, lo, hi) => self.all(&[value, lo, hi], Step::Between),
            Tree::Arithmetic(sign, left, right) => self.all(&[left, right], Step::Calculate(*sign)),
            Tree::OneOf(value, choices) => {
                let start = self.choices.len() as u32;
                self.choices.extend(choices);
                self.then(value, Step::OneOf(start, choices.len() as u16))
            }
            Tree::Otherwise(value, instead) => {
                let first = self.emit(value);
                let jump = self.steps.len();
                self.push(Step::IfKnown(0));
                let second = self.emit(instead);
                self.land(&[jump]);
                first.max(second)
            }
            Tree::Call(Function::Abs, arguments) => {
                let depth = arguments.first().map_or(0, |argument| self.emit(argument));
                self.push(Step::Abs);
                depth
            }
            Tree::Call(function, arguments) => {
                let mut depth = 0;
                for (place, argument) in arguments.iter().enumerate() {
                    depth = depth.max(place.min(1) + self.emit(argument));
                    if place > 0 {
                        self.push(Step::Extreme { least: *function == Function::Min });
                    }
                }
                depth
            }
        }
    }

    fn one(&mut self, step: Step) -> usize {
        self.push(step);
        1
    }

    fn then(&mut self, inner: &Tree, step: Step) -> usize {
        let depth = self.emit(inner);
        self.push(step);
        depth
    }

    fn all(&mut self, parts: &[&Tree], step: Step) -> usize {
        let depth = parts.iter().enumerate().map(|(held, part)| held + self.emit(part)).max().unwrap_or(0);
        self.push(step);
        depth
    }

    fn chain(&mut self, parts: &[Tree], decided: Step, join: Step) -> usize {
        let (mut jumps, mut depth) = (vec![], 0);
        for (place, part) in parts.iter().enumerate() {
            depth = depth.max(place.min(1) + self.emit(part));
            if place > 0 {
                self.push(join);
            }
            if place + 1 < parts.len() {
                jumps.push(self.steps.len());
                self.push(decided);
            }
        }
        self.land(&jumps);
        depth
    }

    /// The value of an expression on a row: 1, 0 or NaN for what is true, false or undecided. A row that is too short lacks
    /// values.
    pub fn run(&self, entry: Entry, row: &[f32], stack: &mut Stack) -> f64 {
        stack.top = 0;
        let mut at = entry.start;
        while at < entry.end {
            let Some(step) = self.steps.get(at as usize) else { break };
            at = self.step(step, row, stack).unwrap_or(at + 1);
        }
        stack.pop()
    }

    /// Does one step; says where to go on, if not at the next one.
    #[inline(always)]
    fn step(&self, step: &Step, row: &[f32], stack: &mut Stack) -> Option<u32> {
        let read = |place: u16| finite(f64::from(row.get(usize::from(place)).copied().unwrap_or(f32::NAN)));
        let value = match *step {
            Step::Constant(value) => value,
            Step::Field(place) => read(place),
            Step::Divided(place, divisor) => finite(read(place) / divisor),
            Step::Flag(place) => {
                let value = read(place);
                if value.is_nan() { value } else { truth(value != 0.0) }
            }
            Step::UnlessTrue(to) => return (stack.top() == 0.0).then_some(to),
            Step::IfTrue(to) => return (stack.top() == 1.0).then_some(to),
            Step::IfKnown(to) => {
                if !stack.top().is_nan() {
                    return Some(to);
                }
                stack.pop();
                return None;
            }
            Step::Not => 1.0 - stack.pop(),
            Step::Minus => -stack.pop(),
            Step::Abs => stack.pop().abs(),
            Step::Missing => truth(stack.pop().is_nan()),
            Step::OneOf(start, count) => {
                let (start, end) = (start as usize, start as usize + usize::from(count));
                one_of(stack.pop(), self.choices.get(start..end).unwrap_or(&[]))
            }
            Step::Between => {
                let (hi, lo) = (stack.pop(), stack.pop());
                between(stack.pop(), lo, hi)
            }
            Step::Compare(sign) => stack.two(|left, right| compared(sign, left, right)),
            Step::Calculate(sign) => stack.two(|left, right| calculated(sign, left, right)),
            Step::Extreme { least } => stack.two(|left, right| extreme(least, left, right)),
            Step::Both => stack.two(both),
            Step::Either => stack.two(either),
        };
        stack.push(value);
        None
    }
}

/// Its depth was worked out when the code was made, so it neither overflows nor runs empty; if it did, values would be
/// missing.
pub(super) struct Stack {
    values: [f64; STACK],
    top: usize,
}

impl Stack {
    /// An empty one.
    pub fn new() -> Stack {
        Stack { values: [0.0; STACK], top: 0 }
    }

    #[inline(always)]
    fn push(&mut self, value: f64) {
        if let Some(place) = self.values.get_mut(self.top) {
            *place = value;
            self.top += 1;
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> f64 {
        let value = self.top();
        self.top = self.top.saturating_sub(1);
        value
    }

    #[inline(always)]
    fn top(&self) -> f64 {
        self.values.get(self.top.wrapping_sub(1)).copied().unwrap_or(f64::NAN)
    }

    #[inline(always)]
    fn two(&mut self, join: impl Fn(f64, f64) -> f64) -> f64 {
        let right = self.pop();
        let left = self.pop();
        join(left, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_stays_small() {
        assert!(size_of::<Step>() <= 16, "{}", size_of::<Step>());
    }
}
