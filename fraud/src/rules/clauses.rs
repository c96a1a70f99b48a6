//! A file to rules: what each line of a rule says.

use super::action::{Action, Shift};
use super::expression::{Expr, Span};
use super::fault::{FaultKind, Mistake, nearest};
use super::lexer::{CLAUSES, Placed, Token, shorten};
use super::limits::*;
use super::reader::Reader;
use super::rule::{Example, Given, Must, Rule, Share};
use jiff::civil::Date;

impl Rule {
    /// The priority of a rule that does not name one.
    pub const USUAL_PRIORITY: u8 = 50;
}

/// A rule and where its name stands.
pub(super) struct Read {
    pub rule: Rule,
    pub id_span: Span,
    pub day_span: Span,
}

/// What a rule has said so far.
#[derive(Default)]
struct Draft {
    why: Option<String>,
    owner: Option<String>,
    expires: Option<(Date, Span)>,
    action: Option<Action>,
    share: Option<Share>,
    priority: Option<u8>,
    when: Option<Expr>,
    examples: Vec<Example>,
}

/// Every rule of a file that can be read, and every mistake of the others.
pub(super) fn rules(tokens: &[Placed]) -> (Vec<Read>, Vec<Mistake>) {
    let (mut read, mut mistakes) = (vec![], vec![]);
    let mut reader = Reader::new(tokens);
    while reader.peek().0 != Token::End {
        match reader.rule() {
            Ok(rule) if read.len() == MAX_RULES => {
                mistakes.push((rule.id_span, FaultKind::TooManyRules));
                break;
            }
            Ok(rule) => read.push(rule),
            Err(mistake) => {
                mistakes.push(mistake);
                reader.skip_to_rule();
            }
        }
    }
    if read.is_empty() && mistakes.is_empty() {
        mistakes.push((reader.peek().1, FaultKind::Empty));
    }
    (read, mistakes)
}

/// Puts a value in its place, once.
fn once<T>(place: &mut Option<T>, value: T, clause: &'static str, span: Span) -> Result<(), Mistake> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err((span, FaultKind::Twice { clause })),
    }
}

impl Reader<'_, '_> {
    /// Goes on to the next word `rule` behind the place where reading stopped.
    fn skip_to_rule(&mut self) {
        while !matches!(self.peek().0, Token::Word("rule") | Token::End) {
            self.next();
        }
    }

    fn rule(&mut self) -> Result<Read, Mistake> {
        let (token, span) = self.peek();
        if !self.eat_word("rule") {
            self.next();
            return Err((*span, FaultKind::NoRule { found: token.told() }));
        }
        let (token, id_span) = self.next();
        let id = match token {
            Token::Word(word) if is_id(word) => (*word).to_owned(),
            other => {
                return Err((*id_span, FaultKind::Id { found: shorten(other.told().trim_matches('`')) }));
            }
        };
        let mut draft = Draft::default();
        while !matches!(self.peek().0, Token::Word("rule") | Token::End) {
            self.clause(&mut draft)?;
        }
        draft.finish(id, *id_span)
    }

    fn clause(&mut self, draft: &mut Draft) -> Result<(), Mistake> {
        let (token, span) = self.peek();
        let Token::Word(word) = token else {
            return Err(self.unexpected("`and`, `or` or the next line of the rule"));
        };
        let Some(clause) = CLAUSES.iter().copied().find(|clause| clause == word) else {
            let found = shorten(word);
            let known = CLAUSES.iter().copied().chain(["and", "or"]);
            return Err((*span, FaultKind::Clause { near: nearest(word, known), found }));
        };
        self.next();
        match clause {
            "why" => once(&mut draft.why, self.text()?, clause, *span),
            "owner" => once(&mut draft.owner, self.text()?, clause, *span),
            "expires" => once(&mut draft.expires, self.day()?, clause, *span),
            "action" => once(&mut draft.action, self.action()?, clause, *span),
            "share" => once(&mut draft.share, self.share()?, clause, *span),
            "priority" => once(&mut draft.priority, self.priority()?, clause, *span),
            "when" => once(&mut draft.when, self.expression()?, clause, *span),
            _ if draft.examples.len() == MAX_EXAMPLES => Err((*span, FaultKind::TooManyExamples)),
            _ => {
                let must = if clause == "hit" { Must::Hit } else { Must::Miss };
                draft.examples.push(self.example(must, *span)?);
                Ok(())
            }
        }
    }

    fn text(&mut self) -> Result<String, Mistake> {
        let (token, span) = self.peek();
        let Token::Text(text) = token else { return Err(self.unexpected("a text between quotation marks")) };
        self.next();
        let characters = text.chars().count();
        if text.trim().is_empty() {
            Err((*span, FaultKind::EmptyText))
        } else if characters > MAX_TEXT {
            Err((*span, FaultKind::LongText { characters }))
        } else {
            Ok(text.clone())
        }
    }

    fn day(&mut self) -> Result<(Date, Span), Mistake> {
        let (token, span) = self.next();
        let wrong = || (*span, FaultKind::Day { found: token.told() });
        let Token::Day(day) = token else { return Err(wrong()) };
        Ok((day.parse().map_err(|_| wrong())?, *span))
    }

    fn action(&mut self) -> Result<Action, Mistake> {
        let (token, span) = self.next();
        match token {
            Token::Word("alert") => Ok(Action::Alert),
            Token::Word("step_up") => Ok(Action::StepUp),
            Token::Word("decline") => Ok(Action::Decline),
            Token::Word("allow") => Ok(Action::Allow),
            Token::Word("score") => self.shift(*span),
            other => {
                let found = other.told().trim_matches('`').to_owned();
                let all = ["alert", "step_up", "decline", "allow", "score"];
                Err((*span, FaultKind::Action { near: nearest(&found, all.into_iter()), found }))
            }
        }
    }

    fn shift(&mut self, start: Span) -> Result<Action, Mistake> {
        let minus = self.eat("-");
        let plus = !minus && self.eat("+");
        let (token, span) = self.peek();
        let wrong = (Span::new(start.start, span.end), FaultKind::Shift);
        let Token::Number(number) = token else { return Err(wrong) };
        let thousandths =
            decimals(number, 3).filter(|_| minus || plus).and_then(|whole| i16::try_from(whole).ok());
        let shift = thousandths.and_then(|whole| Shift::from_thousandths(if minus { -whole } else { whole }));
        self.next();
        shift.map(Action::Score).ok_or(wrong)
    }

    fn share(&mut self) -> Result<Share, Mistake> {
        let (token, span) = self.next();
        let wrong = (*span, FaultKind::Share);
        let Token::Number(number) = token else { return Err(wrong) };
        let hundredths = decimals(number, 2).and_then(|whole| u16::try_from(whole).ok());
        let share = hundredths.and_then(Share::from_hundredths).filter(|_| self.eat("%"));
        share.ok_or(wrong)
    }

    fn priority(&mut self) -> Result<u8, Mistake> {
        let (token, span) = self.next();
        let wrong = (*span, FaultKind::Priority);
        let Token::Number(number) = token else { return Err(wrong) };
        number.parse().ok().filter(|priority| *priority <= 100).ok_or(wrong)
    }

    /// `{ amount = 900, night, country = missing }`; a flag alone is a yes.
    fn example(&mut self, must: Must, start: Span) -> Result<Example, Mistake> {
        self.want("{", "`{`")?;
        let (mut values, mut spans): (Vec<(String, Given)>, Vec<Span>) = (vec![], vec![]);
        while !matches!(self.peek().0, Token::Sign("}")) {
            if !values.is_empty() {
                self.want(",", "`,` or `}`")?;
            }
            let (token, span) = self.peek();
            let Token::Word(field) = token else { return Err(self.unexpected("the name of a field")) };
            self.next();
            let given = if self.eat("=") { self.given()? } else { Given::Flag(true) };
            if values.iter().any(|(known, _)| known == field) {
                return Err((*span, FaultKind::SameField { field: shorten(field) }));
            }
            values.push(((*field).to_owned(), given));
            spans.push(*span);
        }
        let end = self.want("}", "`}`")?;
        Ok(Example { must, values, span: Span::new(start.start, end.end), spans })
    }

    fn given(&mut self) -> Result<Given, Mistake> {
        let minus = self.eat("-");
        let (token, span) = self.peek();
        let given = match token {
            Token::Number(number) => {
                self.next();
                let (literal, _) = self.literal(number, *span)?;
                return Ok(Given::Number { literal, minus });
            }
            _ if minus => return Err(self.unexpected("a number")),
            Token::Text(text) => Given::Text(text.clone()),
            Token::Word("yes") => Given::Flag(true),
            Token::Word("no") => Given::Flag(false),
            Token::Word("missing") => Given::Missing,
            _ => return Err(self.unexpected("a number, a text, yes, no or missing")),
        };
        self.next();
        Ok(given)
    }
}

/// A written number times ten to the power of `places`, when it has no more decimals than that.
fn decimals(number: &str, places: usize) -> Option<u32> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (kept, dropped) = fraction.split_at(fraction.len().min(places));
    if dropped.bytes().any(|digit| digit != b'0') {
        return None;
    }
    format!("{whole}{kept:0<places$}").parse().ok()
}

fn is_id(word: &str) -> bool {
    let right = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    word.len() <= MAX_ID
        && word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(right)
}

impl Draft {
    fn finish(self, id: String, id_span: Span) -> Result<Read, Mistake> {
        let lacks = |clause| (id_span, FaultKind::Lacks { id: id.clone(), clause });
        let why = self.why.ok_or_else(|| lacks("why"))?;
        let owner = self.owner.ok_or_else(|| lacks("owner"))?;
        let (expires, day_span) = self.expires.ok_or_else(|| lacks("expires"))?;
        let action = self.action.ok_or_else(|| lacks("action"))?;
        let when = self.when.ok_or_else(|| lacks("when"))?;
        for must in [Must::Hit, Must::Miss] {
            if !self.examples.iter().any(|example| example.must == must) {
                return Err((id_span, FaultKind::NoExample { id, must: must.word() }));
            }
        }
        let rule = Rule {
            id,
            why,
            owner,
            expires,
            action,
            share: self.share.unwrap_or(Share::ALL),
            priority: self.priority.unwrap_or(Rule::USUAL_PRIORITY),
            when,
            examples: self.examples,
        };
        Ok(Read { rule, id_span, day_span })
    }
}
