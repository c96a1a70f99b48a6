//! Every limit of a file of rules, each with its reason.

/// Bytes of a file: 500 long rules with ten examples each are half of that.
pub const MAX_FILE_BYTES: usize = 512 * 1024;
/// Rules of a set. Above it nobody knows any more what is in force, and a verdict would not fit its fixed size.
pub const MAX_RULES: usize = 512;
/// Parts of one expression: each costs some nanoseconds for every payment.
pub const MAX_PARTS: usize = 256;
/// Brackets, `not` and signs within each other: more cannot be read.
pub const MAX_DEPTH: usize = 16;
/// Values in `{…}`: each may be compared with every payment.
pub const MAX_CHOICES: usize = 64;
/// Values of `min(…)` and `max(…)`.
pub const MAX_ARGUMENTS: usize = 16;
/// Examples of a rule: they run each time that the set is loaded.
pub const MAX_EXAMPLES: usize = 32;
/// Characters of a rule's id: it stands in tables and in the record of each decision.
pub const MAX_ID: usize = 64;
/// Characters of `why` and `owner`: a line or two.
pub const MAX_TEXT: usize = 300;
/// Mistakes that are told at once.
pub const MAX_FAULTS: usize = 50;
/// Days that a rule may live before somebody looks at it again: a year.
pub const MAX_LIFE_DAYS: i32 = 366;
/// Digits of a number, on both sides of the point together: all of them are kept by the arithmetic.
pub const MAX_DIGITS: usize = 15;
/// Fields of a catalogue.
pub const MAX_FIELDS: usize = 1024;
/// The largest number that an expression computes with; beyond it the result is missing. It is that of the row's numbers.
pub const MAX_NUMBER: f64 = f32::MAX as f64;
