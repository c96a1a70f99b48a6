//! Tokens to expressions. Each level of binding has a function of its own; brackets, `not` and signs go one deeper, and no deeper
//! than the limit, so that no text exhausts the stack.

use super::expression::{Arithmetic, Comparison, Expr, Function, Literal, Node, Span, UnitWord};
use super::fault::{FaultKind, Mistake};
use super::lexer::{CLAUSES, Placed, Token, shorten};
use super::limits::*;

fn comparison(token: &Token) -> Option<Comparison> {
    let Token::Sign(sign) = token else { return None };
    let all = [
        Comparison::Equal,
        Comparison::Unequal,
        Comparison::Less,
        Comparison::AtMost,
        Comparison::More,
        Comparison::AtLeast,
    ];
    all.into_iter().find(|one| one.sign() == *sign)
}

/// Reads tokens one after the other.
pub(super) struct Reader<'a, 't> {
    pub tokens: &'t [Placed<'a>],
    pub at: usize,
    /// Parts of the expression so far.
    parts: usize,
}

const END: Placed<'static> = (Token::End, Span { start: 0, end: 0 });

impl<'a, 't> Reader<'a, 't> {
    pub fn new(tokens: &'t [Placed<'a>]) -> Self {
        Reader { tokens, at: 0, parts: 0 }
    }

    /// The token that comes next. The last one is the end, and stays.
    pub fn peek(&self) -> &'t Placed<'a> {
        self.tokens.get(self.at).or(self.tokens.last()).unwrap_or(&END)
    }

    /// Whether the token after the next is this.
    fn second_is(&self, token: &Token) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|(second, _)| second == token)
    }

    pub fn next(&mut self) -> &'t Placed<'a> {
        let next = self.peek();
        self.at = (self.at + 1).min(self.tokens.len().saturating_sub(1));
        next
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(&self.peek().0, Token::Word(next) if *next == word);
        if found {
            self.next();
        }
        found
    }

    pub fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(&self.peek().0, Token::Sign(next) if *next == sign);
        if found {
            self.next();
        }
        found
    }

    pub fn want(&mut self, sign: &str, wanted: &'static str) -> Result<Span, Mistake> {
        let span = self.peek().1;
        if self.eat(sign) { Ok(span) } else { Err(self.unexpected(wanted)) }
    }

    /// `1,000` where no comma may stand.
    fn thousands(&self) -> Option<Mistake> {
        let comma_at = (self.at.saturating_sub(1)..=self.at)
            .find(|at| matches!(self.tokens.get(*at), Some((Token::Sign(","), _))))?;
        let comma = self.tokens.get(comma_at)?.1;
        let before = self.tokens.get(comma_at.checked_sub(1)?)?;
        let behind = self.tokens.get(comma_at + 1)?;
        let touches = before.1.end == comma.start && comma.end == behind.1.start;
        let numbers = matches!((&before.0, &behind.0), (Token::Number(_), Token::Number(_)));
        (touches && numbers).then(|| (before.1.to(behind.1), FaultKind::Thousands))
    }

    /// The next token stands where something else should.
    pub fn unexpected(&self, wanted: &'static str) -> Mistake {
        if let Some(mistake) = self.thousands() {
            return mistake;
        }
        let (token, span) = self.peek();
        (*span, FaultKind::Expected { found: token.told(), wanted })
    }

    /// The whole expression behind `when`.
    pub fn expression(&mut self) -> Result<Expr, Mistake> {
        self.parts = 0;
        self.logic(0)
    }

    fn part(&mut self, node: Node, span: Span) -> Result<Expr, Mistake> {
        self.parts += 1;
        if self.parts > MAX_PARTS { Err((span, FaultKind::TooLong)) } else { Ok(Expr { node, span }) }
    }

    fn deeper(&self, depth: usize) -> Result<usize, Mistake> {
        if depth >= MAX_DEPTH { Err((self.peek().1, FaultKind::TooDeep)) } else { Ok(depth + 1) }
    }

    /// `a and b and c`, or `a or b or c`, never both without brackets.
    fn logic(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let first = self.negation(depth)?;
        let all = match self.peek().0 {
            Token::Word("and") => true,
            Token::Word("or") => false,
            _ => return Ok(first),
        };
        let (word, other) = if all { ("and", "or") } else { ("or", "and") };
        let mut parts = vec![first];
        while self.eat_word(word) {
            parts.push(self.negation(depth)?);
        }
        if matches!(self.peek().0, Token::Word(next) if next == other) {
            return Err((self.peek().1, FaultKind::Mixed));
        }
        let ends = (parts.first(), parts.last());
        let span =
            if let (Some(first), Some(last)) = ends { first.span.to(last.span) } else { Span::default() };
        self.part(if all { Node::All(parts) } else { Node::Any(parts) }, span)
    }

    fn negation(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let start = self.peek().1;
        if !self.eat_word("not") {
            return self.compared(depth);
        }
        let depth = self.deeper(depth)?;
        let inner = self.negation(depth)?;
        let span = start.to(inner.span);
        self.part(Node::Not(Box::new(inner)), span)
    }

    /// A value alone, or compared with something.
    fn compared(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let value = self.sum(depth)?;
        let whole = if let Some(sign) = comparison(&self.peek().0) {
            self.next();
            let right = self.sum(depth)?;
            let span = value.span.to(right.span);
            self.part(Node::Compare(sign, Box::new(value), Box::new(right)), span)?
        } else if self.eat_word("is") {
            let not = self.eat_word("not");
            let end = self.peek().1;
            if !self.eat_word("missing") {
                return Err(self.unexpected("`missing`"));
            }
            let span = value.span.to(end);
            self.part(Node::Missing { value: Box::new(value), not }, span)?
        } else {
            let not = matches!(self.peek().0, Token::Word("not")) && self.second_is(&Token::Word("in"));
            if not {
                self.next();
            }
            if !self.eat_word("in") {
                return Ok(value);
            }
            self.membership(value, not, depth)?
        };
        let more = comparison(&self.peek().0).is_some() || matches!(self.peek().0, Token::Word("in" | "is"));
        if more { Err((self.peek().1, FaultKind::Chained)) } else { Ok(whole) }
    }

    /// What stands behind `in`: `{a, b}` or `lo..hi`.
    fn membership(&mut self, value: Expr, not: bool, depth: usize) -> Result<Expr, Mistake> {
        let start = value.span;
        let value = Box::new(value);
        if self.eat("{") {
            let depth = self.deeper(depth)?;
            let mut choices = vec![];
            while !matches!(self.peek().0, Token::Sign("}")) {
                if !choices.is_empty() {
                    self.want(",", "`,` or `}`")?;
                }
                choices.push(self.sum(depth)?);
            }
            let span = start.to(self.want("}", "`}`")?);
            if choices.is_empty() || choices.len() > MAX_CHOICES {
                return Err((span, FaultKind::Choices { found: choices.len() }));
            }
            return self.part(Node::OneOf { value, choices, not }, span);
        }
        let lo = Box::new(self.sum(depth)?);
        self.want("..", "`..` and the end of the range")?;
        let hi = Box::new(self.sum(depth)?);
        let span = start.to(hi.span);
        self.part(Node::Within { value, lo, hi, not }, span)
    }

    fn sum(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let mut left = self.product(depth)?;
        loop {
            let sign = match self.peek().0 {
                Token::Sign("+") => Arithmetic::Plus,
                Token::Sign("-") => Arithmetic::Minus,
                _ => return Ok(left),
            };
            self.next();
            let right = self.product(depth)?;
            let span = left.span.to(right.span);
            left = self.part(Node::Arithmetic(sign, Box::new(left), Box::new(right)), span)?;
        }
    }

    fn product(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let mut left = self.signed(depth)?;
        loop {
            let sign = match self.peek().0 {
                Token::Sign("*") => Arithmetic::Times,
                Token::Sign("/") => Arithmetic::Over,
                _ => return Ok(left),
            };
            self.next();
            let right = self.signed(depth)?;
            let span = left.span.to(right.span);
            left = self.part(Node::Arithmetic(sign, Box::new(left), Box::new(right)), span)?;
        }
    }

    fn signed(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let start = self.peek().1;
        if !self.eat("-") {
            return self.otherwise(depth);
        }
        let depth = self.deeper(depth)?;
        let inner = self.signed(depth)?;
        let span = start.to(inner.span);
        self.part(Node::Minus(Box::new(inner)), span)
    }

    /// A value, or `value otherwise what stands in for it`.
    fn otherwise(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let value = self.atom(depth)?;
        if !self.eat_word("otherwise") {
            return Ok(value);
        }
        let instead = self.atom(depth)?;
        let span = value.span.to(instead.span);
        self.part(Node::Otherwise(Box::new(value), Box::new(instead)), span)
    }

    fn atom(&mut self, depth: usize) -> Result<Expr, Mistake> {
        let (token, span) = self.peek();
        match token {
            Token::Number(number) => {
                self.next();
                let (literal, end) = self.literal(number, *span)?;
                self.part(Node::Number(literal), span.to(end))
            }
            Token::Text(text) => {
                self.next();
                self.part(Node::Text(text.clone()), *span)
            }
            Token::Sign("(") => {
                let depth = self.deeper(depth)?;
                self.next();
                let inner = self.logic(depth)?;
                let end = self.want(")", "`)`, `and` or `or`")?;
                Ok(Expr { node: inner.node, span: span.to(end) })
            }
            Token::Word(word) => self.word(word, *span, depth),
            _ => Err(self.unexpected("a field, a number or a bracket")),
        }
    }

    fn word(&mut self, word: &str, span: Span, depth: usize) -> Result<Expr, Mistake> {
        let function = match word {
            "yes" | "no" => {
                self.next();
                return self.part(Node::Flag(word == "yes"), span);
            }
            "min" => Function::Min,
            "max" => Function::Max,
            "abs" => Function::Abs,
            word if CLAUSES.contains(&word)
                || matches!(word, "and" | "or" | "in" | "is" | "missing" | "otherwise" | "rule" | "not") =>
            {
                return Err(self.unexpected("a field, a number or a bracket"));
            }
            _ => {
                self.next();
                return self.part(Node::Field(word.to_owned()), span);
            }
        };
        self.next();
        let depth = self.deeper(depth)?;
        self.want("(", "`(`")?;
        let mut arguments = vec![self.sum(depth)?];
        while self.eat(",") {
            arguments.push(self.sum(depth)?);
        }
        let span = span.to(self.want(")", "`)` or `,`")?);
        let (takes, right) = match function {
            Function::Abs => ("one value", arguments.len() == 1),
            _ => ("2 to 16 values", (2..=MAX_ARGUMENTS).contains(&arguments.len())),
        };
        if !right {
            return Err((
                span,
                FaultKind::Arguments { function: function.word(), takes, found: arguments.len() },
            ));
        }
        self.part(Node::Call(function, arguments), span)
    }

    /// A number and the unit behind it, with the place where they end.
    pub fn literal(&mut self, number: &str, span: Span) -> Result<(Literal, Span), Mistake> {
        let value: f64 = number.parse().map_err(|_| self.unexpected("a number"))?;
        let (token, end) = self.peek();
        let unit = match token {
            Token::Sign("%") => UnitWord::Percent,
            Token::Word("s") => UnitWord::Seconds,
            Token::Word("m") => UnitWord::Minutes,
            Token::Word("h") => UnitWord::Hours,
            Token::Word("d") => UnitWord::Days,
            Token::Word("km") => UnitWord::Kilometers,
            Token::Word(word) => match word.as_bytes() {
                // `AND` is no currency, but a word of the language that was shouted.
                [a, b, c] if *word != "AND" && word.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                    UnitWord::Currency([*a, *b, *c])
                }
                // Written against the number, it can only be meant as a unit.
                _ if end.start == span.end => {
                    return Err((*end, FaultKind::UnitWord { found: shorten(word) }));
                }
                _ => return Ok((Literal { value, unit: UnitWord::None }, span)),
            },
            _ => return Ok((Literal { value, unit: UnitWord::None }, span)),
        };
        self.next();
        Ok((Literal { value, unit }, *end))
    }
}
