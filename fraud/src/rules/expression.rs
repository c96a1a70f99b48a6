//! Expressions as they were written.

/// A range of bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// Where it ends: the first byte behind it.
    pub end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    pub(super) fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }
}

/// A part of an expression and where it stands. Two are equal when they say the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it says.
    pub node: Node,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.node == other.node
    }
}

/// What a part of an expression says.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "docs/fraud-rules.md tells each")]
pub enum Node {
    Number(Literal),
    Text(String),
    Flag(bool),
    Field(String),
    Not(Box<Expr>),
    Minus(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Within { value: Box<Expr>, lo: Box<Expr>, hi: Box<Expr>, not: bool },
    OneOf { value: Box<Expr>, choices: Vec<Expr>, not: bool },
    Missing { value: Box<Expr>, not: bool },
    Otherwise(Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

/// A number as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Literal {
    /// The number before the unit; finite, not negative.
    pub value: f64,
    /// The unit behind it.
    pub unit: UnitWord,
}

/// The unit behind a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the words of the language")]
pub enum UnitWord {
    None,
    Percent,
    Seconds,
    Minutes,
    Hours,
    Days,
    Kilometers,
    /// Three capital letters (ISO 4217).
    Currency([u8; 3]),
}

/// `+ - * /`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the signs of arithmetic")]
pub enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
}

/// `= != < <= > >=`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the signs of comparison")]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// `min max abs`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the functions of the language")]
pub enum Function {
    Min,
    Max,
    Abs,
}

impl Function {
    pub(super) fn word(self) -> &'static str {
        match self {
            Function::Min => "min",
            Function::Max => "max",
            Function::Abs => "abs",
        }
    }
}

impl Comparison {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::Unequal => "!=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::More => ">",
            Comparison::AtLeast => ">=",
        }
    }
}
