//! A rule to text, in one form for all. What is printed reads as the same rule.

use super::expression::{Arithmetic, Expr, Literal, Node, UnitWord};
use super::rule::{Example, Given, Rule, Share};
use std::fmt::{Display, Formatter, Result};

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "rule {}", self.id)?;
        writeln!(f, "  why      {}", Quoted(&self.why))?;
        writeln!(f, "  owner    {}", Quoted(&self.owner))?;
        writeln!(f, "  expires  {}", self.expires)?;
        writeln!(f, "  action   {}", self.action)?;
        if self.share != Share::ALL {
            writeln!(f, "  share    {}%", f64::from(self.share.hundredths()) / 100.0)?;
        }
        if self.priority != Rule::USUAL_PRIORITY {
            writeln!(f, "  priority {}", self.priority)?;
        }
        writeln!(f, "  when     {}", self.when)?;
        self.examples.iter().try_for_each(|example| writeln!(f, "  {example}"))
    }
}

struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

impl Display for Example {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{:<8} {{", self.must.word())?;
        for (place, (field, given)) in self.values.iter().enumerate() {
            write!(f, "{} {field} = {given}", if place == 0 { "" } else { "," })?;
        }
        f.write_str(" }")
    }
}

impl Display for Given {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Given::Number { literal, minus } => write!(f, "{}{literal}", if *minus { "-" } else { "" }),
            Given::Text(text) => write!(f, "{}", Quoted(text)),
            Given::Flag(flag) => f.write_str(if *flag { "yes" } else { "no" }),
            Given::Missing => f.write_str("missing"),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", self.value)?;
        match self.unit {
            UnitWord::None => Ok(()),
            UnitWord::Percent => f.write_str("%"),
            UnitWord::Seconds => f.write_str("s"),
            UnitWord::Minutes => f.write_str("m"),
            UnitWord::Hours => f.write_str("h"),
            UnitWord::Days => f.write_str("d"),
            UnitWord::Kilometers => f.write_str(" km"),
            UnitWord::Currency(letters) => {
                write!(f, " {}", letters.map(char::from).iter().collect::<String>())
            }
        }
    }
}

/// How tightly a part holds together; a part inside a tighter one needs brackets.
fn tightness(node: &Node) -> u8 {
    match node {
        Node::All(_) | Node::Any(_) => 0,
        Node::Not(_) => 1,
        Node::Compare(..) | Node::Within { .. } | Node::OneOf { .. } | Node::Missing { .. } => 2,
        Node::Arithmetic(Arithmetic::Plus | Arithmetic::Minus, ..) => 3,
        Node::Arithmetic(Arithmetic::Times | Arithmetic::Over, ..) => 4,
        Node::Minus(_) => 5,
        Node::Otherwise(..) => 6,
        Node::Number(_) | Node::Text(_) | Node::Flag(_) | Node::Field(_) | Node::Call(..) => 7,
    }
}

/// A part, in brackets unless it holds at least as tightly.
fn within(f: &mut Formatter<'_>, part: &Expr, least: u8) -> Result {
    if tightness(&part.node) >= least { write!(f, "{part}") } else { write!(f, "({part})") }
}

fn joined(f: &mut Formatter<'_>, parts: &[Expr], between: &str, least: u8) -> Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        within(f, part, least)?;
    }
    Ok(())
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.node {
            Node::Number(literal) => write!(f, "{literal}"),
            Node::Text(text) => write!(f, "{}", Quoted(text)),
            Node::Flag(flag) => f.write_str(if *flag { "yes" } else { "no" }),
            Node::Field(name) => f.write_str(name),
            Node::Not(inner) => {
                f.write_str("not ")?;
                within(f, inner, 1)
            }
            Node::Minus(inner) => {
                f.write_str("-")?;
                within(f, inner, 5)
            }
            Node::All(parts) => joined(f, parts, " and ", 1),
            Node::Any(parts) => joined(f, parts, " or ", 1),
            Node::Arithmetic(sign, left, right) => {
                let (sign, own) = match sign {
                    Arithmetic::Plus => ("+", 3),
                    Arithmetic::Minus => ("-", 3),
                    Arithmetic::Times => ("*", 4),
                    Arithmetic::Over => ("/", 4),
                };
                within(f, left, own)?;
                write!(f, " {sign} ")?;
                within(f, right, own + 1)
            }
            Node::Compare(sign, left, right) => {
                within(f, left, 3)?;
                write!(f, " {} ", sign.sign())?;
                within(f, right, 3)
            }
            Node::Within { value, lo, hi, not } => {
                within(f, value, 3)?;
                f.write_str(if *not { " not in " } else { " in " })?;
                within(f, lo, 3)?;
                f.write_str("..")?;
                within(f, hi, 3)
            }
            Node::OneOf { value, choices, not } => {
                within(f, value, 3)?;
                f.write_str(if *not { " not in {" } else { " in {" })?;
                joined(f, choices, ", ", 3)?;
                f.write_str("}")
            }
            Node::Missing { value, not } => {
                within(f, value, 3)?;
                f.write_str(if *not { " is not missing" } else { " is missing" })
            }
            Node::Otherwise(value, instead) => {
                within(f, value, 7)?;
                f.write_str(" otherwise ")?;
                within(f, instead, 7)
            }
            Node::Call(function, arguments) => {
                write!(f, "{}(", function.word())?;
                joined(f, arguments, ", ", 3)?;
                f.write_str(")")
            }
        }
    }
}
