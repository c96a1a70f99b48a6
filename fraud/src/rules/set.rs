//! A file of rules in force: compiled, tried on its own examples, and evaluated.

use super::action::{Action, Outcome};
use super::clauses::{Read, rules};
use super::code::{Code, Stack};
use super::expression::{Expr, Node, Span};
use super::fault::{Fault, FaultKind, Mistake};
use super::field::Fields;
use super::jumps::{Condition, Jumps};
use super::lexer::tokens;
use super::limits::*;
use super::rule::{Must, Rule, Share};
use super::tree::Tree;
use super::typing::{condition, row_of};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;

/// Rules that were read, typed and tried. What ran out is in it, but does nothing.
#[derive(Debug, Clone)]
pub struct RuleSet {
    rules: Vec<Rule>,
    jumps: Jumps,
    live: Vec<Live>,
    hash: [u8; 32],
    today: Date,
}

/// What evaluating needs of a rule that has not run out.
#[derive(Debug, Clone, Copy)]
struct Live {
    condition: Condition,
    place: u16,
    expires: Date,
    action: Action,
    share: Share,
    salt: u64,
    priority: u8,
}

const WORDS: usize = MAX_RULES / 64;

/// Which rules of a set, by their place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hits([u64; WORDS]);

impl Hits {
    pub(crate) fn add(&mut self, place: u16) {
        if let Some(word) = self.0.get_mut(usize::from(place / 64)) {
            *word |= 1 << (place % 64);
        }
    }

    /// Whether this rule is among them.
    pub fn has(&self, place: u16) -> bool {
        self.0.get(usize::from(place / 64)).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Their places, ascending.
    pub fn places(&self) -> impl Iterator<Item = u16> + '_ {
        (0..).zip(&self.0).flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                rest &= rest.wrapping_sub(1);
                (bit < 64).then_some(at * 64 + bit as u16)
            })
        })
    }
}

/// What the rules say to one payment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Rules whose expression is true and whose share has the card.
    pub hits: Hits,
    /// Rules whose expression is true, whatever their share.
    pub matched: Hits,
    /// The strongest action of those that hit; none when they only move the score.
    pub strongest: Option<Action>,
    /// The rule that is named for it: of the highest priority, then the first of the file.
    pub leading: Option<u16>,
    /// What is added to the score: the sum of all that hit, from -1 to +1.
    pub shift: f32,
}

impl Verdict {
    /// No rule has anything to say.
    pub const SILENT: Verdict = Verdict {
        hits: Hits([0; WORDS]),
        matched: Hits([0; WORDS]),
        strongest: None,
        leading: None,
        shift: 0.0,
    };

    /// The model's score with what the rules add, from 0 to 1. NaN stays NaN.
    pub fn score(&self, score: f32) -> f32 {
        (score + self.shift).clamp(0.0, 1.0)
    }

    /// What becomes of the payment: the strongest action of the rules; without one, an alert if the score with what
    /// the rules add reaches the threshold. A score that is NaN reaches none; who calls sees to a model that failed.
    pub fn outcome(&self, score: f32, threshold: f32) -> Outcome {
        match self.strongest {
            Some(Action::Decline) => Outcome::Decline,
            Some(Action::StepUp) => Outcome::StepUp,
            Some(Action::Alert) => Outcome::Alert,
            Some(Action::Allow) => Outcome::Pass,
            Some(Action::Score(_)) | None if self.score(score) >= threshold => Outcome::Alert,
            Some(Action::Score(_)) | None => Outcome::Pass,
        }
    }
}

impl RuleSet {
    /// No rules at all: what stays silent about every payment.
    pub fn empty(fields: &Fields, today: Date) -> RuleSet {
        let mut set = RuleSet { rules: vec![], jumps: Jumps::default(), live: vec![], hash: [0; 32], today };
        set.hash = set.digest(fields);
        set
    }

    /// Reads, types and tries the rules of a file. `file` is how faults name it; `today` is the bank's day, from which on
    /// rules that have run out do nothing. Every mistake that can be found at once is told, in the order of the file.
    pub fn compile(file: &str, text: &str, fields: &Fields, today: Date) -> Result<RuleSet, Vec<Fault>> {
        let tell =
            |mistakes: Vec<Mistake>| mistakes.into_iter().map(|one| Fault::place(file, text, one)).collect();
        let tokens = tokens(text).map_err(|mistake| tell(vec![mistake]))?;
        let (read, mut mistakes) = rules(&tokens);
        let mut set = RuleSet { rules: vec![], jumps: Jumps::default(), live: vec![], hash: [0; 32], today };
        let mut known: HashMap<String, usize> = HashMap::new();
        for one in read {
            let Read { rule, id_span, .. } = &one;
            let line = text.get(..id_span.start).unwrap_or("").matches('\n').count() + 1;
            if let Some(first) = known.insert(rule.id.clone(), line) {
                mistakes.push((*id_span, FaultKind::SameId { id: rule.id.clone(), first }));
                continue;
            }
            match set.add(one, fields) {
                Ok(()) => {}
                Err(mut more) => mistakes.append(&mut more),
            }
        }
        if mistakes.is_empty() {
            set.hash = set.digest(fields);
            return Ok(set);
        }
        mistakes.sort_by_key(|(span, _)| span.start);
        if mistakes.len() > MAX_FAULTS {
            mistakes.truncate(MAX_FAULTS);
            let last = mistakes.last().map_or(Span::default(), |(span, _)| *span);
            mistakes.push((last, FaultKind::More));
        }
        Err(tell(mistakes))
    }

    fn add(&mut self, read: Read, fields: &Fields) -> Result<(), Vec<Mistake>> {
        let Read { rule, day_span, .. } = read;
        let tree = condition(&rule.when, fields).map_err(|mistake| vec![mistake])?;
        let id = rule.id.clone();
        if !looks(&rule.when) {
            return Err(vec![(rule.when.span, FaultKind::NoField { id })]);
        }
        let days = self.today.until(rule.expires).map_or(i32::MAX, |span| span.get_days());
        if days > MAX_LIFE_DAYS {
            return Err(vec![(day_span, FaultKind::LongLife { id, days })]);
        }
        let condition = self.jumps.add(&tree).map_err(|_| vec![(rule.when.span, FaultKind::TooDeep)])?;
        let wrong = self.tried(&rule, &tree, condition, fields);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        // A file has at most MAX_RULES rules.
        let place = self.rules.len() as u16;
        let digest: [u8; 32] = Sha256::digest(rule.id.as_bytes()).into();
        let salt = digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let Rule { expires, action, share, priority, .. } = rule;
        self.live.push(Live { condition, place, expires, action, share, salt, priority });
        self.rules.push(rule);
        Ok(())
    }

    /// Runs the examples of a rule.
    fn tried(&self, rule: &Rule, tree: &Tree, condition: Condition, fields: &Fields) -> Vec<Mistake> {
        let mut wrong = vec![];
        for example in &rule.examples {
            let row = match row_of(example, fields) {
                Ok(row) => row,
                Err(mistake) => {
                    wrong.push(mistake);
                    continue;
                }
            };
            let gave = self.jumps.holds(condition, &row, &mut Stack::new());
            if gave != (example.must == Must::Hit) {
                let (id, must) = (rule.id.clone(), example.must.word());
                let gave = told(&rule.when, tree, &row);
                wrong.push((example.span, FaultKind::Example { id, must, gave }));
            }
        }
        wrong
    }

    /// SHA-256 of the rules as they print and of what they look at. Remarks and spaces do not count.
    fn digest(&self, fields: &Fields) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(b"parlour fraud rules 1\n");
        for rule in &self.rules {
            digest.update(rule.to_string());
        }
        digest.update(format!("{}\n{:?}", fields.currency(), fields.all()));
        digest.finalize().into()
    }

    /// Lets another day begin: rules that ran out before it do nothing from now on.
    pub fn turn_to(&mut self, today: Date) {
        self.today = today;
    }

    /// The rules in the order of the file, those that have run out too. Places in a [`Verdict`] count along it.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule at a place.
    pub fn rule(&self, place: u16) -> Option<&Rule> {
        self.rules.get(usize::from(place))
    }

    /// Rules that have run out.
    pub fn expired(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.expires < self.today)
    }

    /// What stands in the record of each decision: the same for the same rules over the same fields.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// What the rules say to a payment. `row` has the fields in their order, NaN where a value is missing, and `card` is any
    /// fixed number of the card. Allocates nothing.
    pub fn evaluate(&self, row: &[f32], card: u64) -> Verdict {
        self.judge(row, |live| live.share.has(card, live.salt))
    }

    /// What they would say if the share of every rule were all cards, as a backtest asks.
    pub fn evaluate_for_all(&self, row: &[f32]) -> Verdict {
        self.judge(row, |_| true)
    }

    #[inline(always)]
    fn judge(&self, row: &[f32], in_share: impl Fn(&Live) -> bool) -> Verdict {
        let mut verdict = Verdict::SILENT;
        let (mut best, mut thousandths) = ((0, 0), 0i32);
        let mut stack = Stack::new();
        for live in &self.live {
            if live.expires < self.today || !self.jumps.holds(live.condition, row, &mut stack) {
                continue;
            }
            verdict.matched.add(live.place);
            if !in_share(live) {
                continue;
            }
            verdict.hits.add(live.place);
            let rank = (live.action.strength(), live.priority + 1);
            match live.action {
                Action::Score(shift) => thousandths += i32::from(shift.thousandths()),
                action if rank > best => {
                    best = rank;
                    verdict.strongest = Some(action);
                    verdict.leading = Some(live.place);
                }
                _ => {}
            }
        }
        verdict.shift = thousandths.clamp(-1000, 1000) as f32 / 1000.0;
        verdict
    }
}

/// Whether an expression looks at a field at all.
fn looks(part: &Expr) -> bool {
    match &part.node {
        Node::Field(_) => true,
        Node::Number(_) | Node::Text(_) | Node::Flag(_) => false,
        Node::Not(inner) | Node::Minus(inner) | Node::Missing { value: inner, .. } => looks(inner),
        Node::All(parts) | Node::Any(parts) | Node::Call(_, parts) => parts.iter().any(looks),
        Node::Arithmetic(_, left, right) | Node::Compare(_, left, right) | Node::Otherwise(left, right) => {
            looks(left) || looks(right)
        }
        Node::Within { value, lo, hi, .. } => looks(value) || looks(lo) || looks(hi),
        Node::OneOf { value, choices, .. } => looks(value) || choices.iter().any(looks),
    }
}

/// What an expression gave, and which part of an `and` decided it.
fn told(when: &Expr, tree: &Tree, row: &[f32]) -> String {
    let gave = value(tree, row);
    if let (Node::All(parts), Tree::All(trees)) = (&when.node, tree)
        && gave != "true"
    {
        let decided = parts.iter().zip(trees).find(|(_, tree)| value(tree, row) == gave);
        if let Some((part, _)) = decided {
            let short = super::lexer::shorten(&part.to_string());
            return format!("{gave}, because `{short}` is {gave}");
        }
    }
    gave.to_owned()
}

fn value(tree: &Tree, row: &[f32]) -> &'static str {
    let mut code = Code::default();
    let value = code.add(tree).map_or(f64::NAN, |entry| code.run(entry, row, &mut Stack::new()));
    if value == 1.0 {
        "true"
    } else if value == 0.0 {
        "false"
    } else {
        "undecided"
    }
}

/// What a file of rules says, for somebody at a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// SHA-256 of the set in hexadecimal.
    pub hash: String,
    /// One line for each rule, in the order of the file.
    pub rules: Vec<ReportLine>,
}

/// One rule of a [`Report`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportLine {
    /// Its name.
    pub id: String,
    /// What it does.
    pub action: String,
    /// For which share of the cards.
    pub share: String,
    /// The last day on which it does anything.
    pub expires: Date,
    /// Whether that day is over.
    pub expired: bool,
    /// Examples that it was tried on.
    pub examples: usize,
    /// Who answers for it.
    pub owner: String,
}

/// Reads, types and tries a file of rules, and says what is in it or everything that is wrong with it.
pub fn check(file: &str, text: &str, fields: &Fields, today: Date) -> Result<Report, Vec<Fault>> {
    RuleSet::compile(file, text, fields, today).map(|set| set.report())
}

impl RuleSet {
    /// What is in it.
    pub fn report(&self) -> Report {
        let line = |rule: &Rule| ReportLine {
            id: rule.id.clone(),
            action: rule.action.to_string(),
            share: format!("{}%", f64::from(rule.share.hundredths()) / 100.0),
            expires: rule.expires,
            expired: rule.expires < self.today,
            examples: rule.examples.len(),
            owner: rule.owner.clone(),
        };
        let hash = self.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Report { hash, rules: self.rules.iter().map(line).collect() }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} rules, {}", self.rules.len(), self.hash)?;
        let width = self.rules.iter().map(|line| line.id.len()).max().unwrap_or(0);
        for line in &self.rules {
            let until = if line.expired { "ran out on" } else { "until" };
            let ReportLine { id, action, share, expires, examples, owner, .. } = line;
            writeln!(
                f,
                "  {id:<width$}  {action:<12} {share:>6}  {until} {expires}  {examples} examples  {owner}"
            )?;
        }
        Ok(())
    }
}
