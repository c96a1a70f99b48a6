//! A mistake in a file of rules, told so that whoever wrote it can mend it.

use super::expression::Span;
use super::limits::*;
use std::fmt;

/// A mistake: where it is, what it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as the caller names it.
    pub file: String,
    /// The place.
    pub spot: Spot,
    /// What is wrong.
    pub kind: FaultKind,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub width: usize,
    /// The whole line.
    pub source: String,
}

/// What is wrong, with the words that it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says what each means")]
pub enum FaultKind {
    #[error("the file has {bytes} bytes; {MAX_FILE_BYTES} is the most")]
    FileTooLong { bytes: usize },
    #[error("a character that changes how text is shown (U+{code:04X})")]
    Invisible { code: u32 },
    #[error("`{found}` is no sign of this language")]
    Sign { found: String, instead: Option<&'static str> },
    #[error("this text has no closing quotation mark")]
    OpenText,
    #[error("a number of {digits} digits; {MAX_DIGITS} is the most")]
    LongNumber { digits: usize },
    #[error("{found} stands where a rule should begin")]
    NoRule { found: String },
    #[error("there is no rule in this file")]
    Empty,
    #[error("more than {MAX_RULES} rules")]
    TooManyRules,
    #[error("`{found}` is no name of a rule")]
    Id { found: String },
    #[error("two rules are called `{id}`; the first is on line {first}")]
    SameId { id: String, first: usize },
    #[error("`{found}` is nothing that a rule can say")]
    Clause { found: String, near: Option<String> },
    #[error("{found} stands where {wanted} should")]
    Expected { found: String, wanted: &'static str },
    #[error("`{clause}` stands here a second time")]
    Twice { clause: &'static str },
    #[error("rule `{id}` does not say `{clause}`")]
    Lacks { id: String, clause: &'static str },
    #[error("this text is empty")]
    EmptyText,
    #[error("a text of {characters} characters; {MAX_TEXT} is the most")]
    LongText { characters: usize },
    #[error("{found} is no day")]
    Day { found: String },
    #[error("rule `{id}` would live for {days} days; {MAX_LIFE_DAYS} is the most")]
    LongLife { id: String, days: i32 },
    #[error("`{found}` is nothing that a rule can do")]
    Action { found: String, near: Option<String> },
    #[error("a score moves by -1 to +1, in steps of 0.001, and not by 0")]
    Shift,
    #[error("a share is 0% to 100%, in steps of 0.01%")]
    Share,
    #[error("a priority is a whole number from 0 to 100")]
    Priority,
    #[error("a number has no comma inside")]
    Thousands,
    #[error("there is no field `{found}`")]
    Field { found: String, near: Option<String> },
    #[error("`{found}` is no unit")]
    UnitWord { found: String },
    #[error("the bank's money is {currency}, not {found}")]
    Currency { found: String, currency: String },
    #[error("`{field}` is never \"{found}\"")]
    Code { field: String, found: String, near: Option<String>, may_be: String },
    #[error("{left} and {right} cannot be {how}")]
    Units { left: String, right: String, how: &'static str },
    #[error("a duration needs a unit: {number} what?")]
    BareDuration { number: String },
    #[error("{found} stands where {wanted} should")]
    Type { found: String, wanted: &'static str },
    #[error("such values are equal or not; one is never {how} another")]
    Order { how: &'static str },
    #[error("`and` and `or` stand side by side; which goes first?")]
    Mixed,
    #[error("two comparisons in a row")]
    Chained,
    #[error("this range is empty: {lo} is more than {hi}")]
    EmptyRange { lo: String, hi: String },
    #[error("{found} values in {{…}}; 1 to {MAX_CHOICES} may stand there")]
    Choices { found: usize },
    #[error("`{function}` takes {takes}; here are {found}")]
    Arguments { function: &'static str, takes: &'static str, found: usize },
    #[error("brackets, `not` and signs lie more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("this expression has more than {MAX_PARTS} parts")]
    TooLong,
    #[error("rule `{id}` looks at nothing of the payment")]
    NoField { id: String },
    #[error("rule `{id}` has no example that must {must}")]
    NoExample { id: String, must: &'static str },
    #[error("more than {MAX_EXAMPLES} examples")]
    TooManyExamples,
    #[error("rule `{id}` should {must} here, but its expression is {gave}")]
    Example { id: String, must: &'static str, gave: String },
    #[error("`{field}` has a value twice")]
    SameField { field: String },
    #[error("more mistakes than {MAX_FAULTS}; these are the first")]
    More,
}

/// The near word, or what to do without one. The word is shown as it would be written.
fn or_near(near: &Option<String>, otherwise: String) -> String {
    match near {
        Some(near) if near.starts_with('"') => format!("did you mean {near}?"),
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise,
    }
}

impl FaultKind {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        use FaultKind::*;
        let plain = match self {
            FileTooLong { .. } => "split it, or take out rules that have run out",
            Invisible { .. } => "delete it and type what stands there again",
            Sign { found, instead } => {
                return match instead {
                    Some(instead) => format!("write {instead}"),
                    None => format!("delete `{found}`; texts stand between quotation marks: \"…\""),
                };
            }
            OpenText => "close it on the same line with \"",
            LongNumber { .. } => "write it shorter",
            Thousands => "write 1000 for a thousand, and 0.5 with a point",
            NoRule { .. } => "begin with `rule` and a name, such as `rule big-at-night`",
            Empty => "write one, beginning with `rule` and a name",
            TooManyRules => "join rules that say the same, or take out those that never hit",
            Id { .. } => {
                "use up to 64 letters, digits, - and _, beginning with a letter, such as `big-at-night`"
            }
            SameId { .. } => "give one of them another name",
            Clause { near, .. } => return or_near(near, clause_list()),
            Expected { wanted, .. } => return format!("write {wanted} here"),
            Twice { clause } => return format!("keep one `{clause}`"),
            Lacks { clause, .. } => return format!("add a line such as: {}", sample_of(clause)),
            EmptyText => "write a few words",
            LongText { .. } => "say it shorter",
            Day { .. } => "write a day as year-month-day: 2027-03-31",
            LongLife { .. } => "let it run out sooner; a rule can be renewed when somebody has looked at it",
            Action { near, .. } => {
                let all = "write `alert`, `step_up`, `decline`, `allow`, or `score +0.2`".to_owned();
                return or_near(near, all);
            }
            Shift => "write for example `score +0.2` or `score -0.15`",
            Share => "write for example `share 10%`",
            Priority => "write for example `priority 70`",
            Field { near, .. } => {
                return or_near(
                    near,
                    "see the list of fields; their names have small letters and _".to_owned(),
                );
            }
            UnitWord { .. } => "units are s, m, h, d (durations), km, % and the bank's currency",
            Currency { currency, .. } => return format!("write the amount in {currency}"),
            Code { near, may_be, .. } => {
                return or_near(
                    &near.as_ref().map(|near| format!("\"{near}\"")),
                    format!("it may be {may_be}"),
                );
            }
            Units { .. } => "compare and add only what has the same unit",
            BareDuration { number } => return format!("write {number}s, {number}m, {number}h or {number}d"),
            Type { wanted, .. } => return format!("write {wanted} here"),
            Order { .. } => "use =, !=, or in {\"…\", \"…\"}",
            Mixed => "put brackets around what belongs together: a and (b or c)",
            Chained => "write it as a range, `x in 1..5`, or join two comparisons with `and`",
            EmptyRange { .. } => "turn it round; for hours over midnight write `hour >= 22 or hour < 6`",
            Choices { .. } => "write at least one, or make a field of such a long list",
            Arguments { .. } => "put values with commas between the brackets: max(a, b)",
            TooDeep | TooLong => "split it into two rules",
            NoField { .. } => "compare a field with something, such as `amount > 900`",
            NoExample { must, .. } => {
                return format!("add a line such as: {must} {{ amount = 900 }}");
            }
            TooManyExamples => "keep those that are at the edge",
            Example { .. } => "mend the expression, or the example if it is wrong",
            SameField { .. } => "keep one of them",
            More => "mend these and check again",
        };
        plain.to_owned()
    }
}

fn clause_list() -> String {
    "join conditions with `and` or `or`; a rule's lines begin with why, owner, expires, action, share, priority, when, hit or miss"
        .to_owned()
}

fn sample_of(clause: &str) -> &'static str {
    match clause {
        "why" => "why \"Large payment at night\"",
        "owner" => "owner \"Dana Reyes\"",
        "expires" => "expires 2027-03-31",
        "action" => "action alert",
        _ => "when amount > 900",
    }
}

/// A mistake before its place is worked out.
pub(super) type Mistake = (Span, FaultKind);

impl Fault {
    /// The mistake with its line and column in a text.
    pub(super) fn place(file: &str, text: &str, (span, kind): Mistake) -> Fault {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |place| place + 1);
        let source = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
        let meant = text.get(span.start..span.end).unwrap_or("");
        let width = meant.lines().next().unwrap_or("").chars().count().max(1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        // A tab is one column; shown as one space, the mark stays under its word.
        let source = source.replace('\t', " ");
        Fault { file: file.to_owned(), spot: Spot { line, column, width, source }, kind }
    }
}

/// Characters of a line that are shown before and behind the place.
const SHOWN: usize = 200;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spot { line, column, width, source } = &self.spot;
        writeln!(f, "{}:{line}:{column}: {}", self.file, self.kind)?;
        if *column <= SHOWN {
            let gutter = line.to_string();
            let space = " ".repeat(gutter.len());
            let shown: String = source.chars().take(SHOWN).collect();
            let width = (*width).min(SHOWN + 1 - *column);
            writeln!(f, " {gutter} | {shown}")?;
            writeln!(f, " {space} | {}{}", " ".repeat(column - 1), "^".repeat(width))?;
        }
        write!(f, "  help: {}", self.kind.remedy())
    }
}

impl std::error::Error for Fault {}

/// The nearest of some words, when it is near enough to be a slip of the finger: one change in three characters, so that
/// short words are only mended in capital and small letters.
pub(super) fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<String> {
    // What is far longer than any name is no slip, and comparing it would take long.
    if word.len() > 2 * MAX_ID {
        return None;
    }
    let small = word.to_lowercase();
    let near = among.map(|known| (strsim::damerau_levenshtein(&small, &known.to_lowercase()), known));
    let (distance, known) = near.min_by_key(|(distance, known)| (*distance, known.len()))?;
    (distance <= known.chars().count() / 3).then(|| known.to_owned())
}
