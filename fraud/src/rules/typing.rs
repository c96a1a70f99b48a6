//! Gives every part of an expression its kind and unit, or says which do not fit.

use super::expression::{Arithmetic, Comparison, Expr, Function, Literal, Node, Span, UnitWord};
use super::fault::{FaultKind, Mistake, nearest};
use super::field::{Codes, Dimension, Field, Fields, Kind, Unit};
use super::lexer::shorten;
use super::rule::{Example, Given};
use super::tree::Tree;

/// What a part of an expression is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Type {
    /// A number with its unit.
    Number(Dimension),
    /// A number without a unit: it takes that of what it meets.
    Bare,
    /// Yes or no.
    Truth,
    /// The code of this field.
    Code(u16),
    /// A text, which is one of the codes of what it meets.
    Text,
}

impl Type {
    fn told(self) -> String {
        match self {
            Type::Number(dimension) => dimension.to_string(),
            Type::Bare => "a number".to_owned(),
            Type::Truth => "a yes or no".to_owned(),
            Type::Code(_) => "a code".to_owned(),
            Type::Text => "a text".to_owned(),
        }
    }
}

/// The typed form of what stands behind `when`.
pub(super) fn condition(when: &Expr, fields: &Fields) -> Result<Tree, Mistake> {
    truth(when, fields)
}

fn truth(part: &Expr, fields: &Fields) -> Result<Tree, Mistake> {
    let (tree, kind) = typed(part, fields)?;
    let wanted = "a comparison or a flag";
    if kind == Type::Truth {
        Ok(tree)
    } else {
        Err((part.span, FaultKind::Type { found: kind.told(), wanted }))
    }
}

fn number(part: &Expr, fields: &Fields) -> Result<(Tree, Type), Mistake> {
    let (tree, kind) = typed(part, fields)?;
    match kind {
        Type::Number(_) | Type::Bare => Ok((tree, kind)),
        other => Err((part.span, FaultKind::Type { found: other.told(), wanted: "a number" })),
    }
}

fn typed(part: &Expr, fields: &Fields) -> Result<(Tree, Type), Mistake> {
    let boxed = |part: &Expr| Ok::<_, Mistake>(Box::new(truth(part, fields)?));
    let not = |not: bool, tree: Tree| if not { Tree::Not(Box::new(tree)) } else { tree };
    match &part.node {
        Node::Number(literal) => literal_of(*literal, part.span, fields),
        // The text becomes a number where it meets the field that it is a code of.
        Node::Text(_) => Ok((Tree::Constant(f64::NAN), Type::Text)),
        Node::Flag(flag) => Ok((Tree::Constant(super::tree::truth(*flag)), Type::Truth)),
        Node::Field(name) => field_of(name, part.span, fields),
        Node::Not(inner) => Ok((Tree::Not(boxed(inner)?), Type::Truth)),
        Node::Minus(inner) => {
            let (tree, kind) = number(inner, fields)?;
            Ok((Tree::Minus(Box::new(tree)), kind))
        }
        Node::All(parts) => {
            let parts = parts.iter().map(|part| truth(part, fields)).collect::<Result<_, _>>()?;
            Ok((Tree::All(parts), Type::Truth))
        }
        Node::Any(parts) => {
            let parts = parts.iter().map(|part| truth(part, fields)).collect::<Result<_, _>>()?;
            Ok((Tree::Any(parts), Type::Truth))
        }
        Node::Arithmetic(sign, left, right) => arithmetic(*sign, left, right, fields),
        Node::Compare(sign, left, right) => {
            let ([left, right], kind) =
                same(each([left, right], fields)?, [left, right], "compared", fields)?;
            orderly(*sign, kind, part.span)?;
            Ok((Tree::Compare(*sign, Box::new(left), Box::new(right)), Type::Truth))
        }
        Node::Within { value, lo, hi, not: turned } => {
            let (value, lo, hi) = range([value, lo, hi], fields)?;
            let tree = Tree::Within(Box::new(value), Box::new(lo), Box::new(hi));
            Ok((not(*turned, tree), Type::Truth))
        }
        Node::OneOf { value, choices, not: turned } => {
            let tree = choice(value, choices, fields)?;
            Ok((not(*turned, tree), Type::Truth))
        }
        Node::Missing { value, not: turned } => {
            let (tree, kind) = typed(value, fields)?;
            if matches!(kind, Type::Bare | Type::Text) {
                return Err((value.span, FaultKind::Type { found: kind.told(), wanted: "a field" }));
            }
            Ok((not(*turned, Tree::Missing(Box::new(tree))), Type::Truth))
        }
        Node::Otherwise(value, instead) => {
            let ([value, instead], kind) =
                same(each([value, instead], fields)?, [value, instead], "put for each other", fields)?;
            Ok((Tree::Otherwise(Box::new(value), Box::new(instead)), kind))
        }
        Node::Call(function, arguments) => call(*function, arguments, fields),
    }
}

fn call(function: Function, arguments: &[Expr], fields: &Fields) -> Result<(Tree, Type), Mistake> {
    let found = arguments.iter().map(|argument| number(argument, fields)).collect::<Result<Vec<_>, _>>()?;
    let arguments: Vec<&Expr> = arguments.iter().collect();
    let (trees, kind) = all_same(found, &arguments, "put side by side", fields)?;
    Ok((Tree::Call(function, trees), kind))
}

fn arithmetic(sign: Arithmetic, left: &Expr, right: &Expr, fields: &Fields) -> Result<(Tree, Type), Mistake> {
    let parts = [left, right];
    let found = [number(left, fields)?, number(right, fields)?];
    let [left_kind, right_kind] = [found[0].1, found[1].1];
    let unit = |kind| if let Type::Number(dimension) = kind { dimension } else { Dimension::default() };
    let (left_unit, right_unit) = (unit(left_kind), unit(right_kind));
    let ([left, right], kind) = match sign {
        Arithmetic::Plus => same(found, parts, "added", fields)?,
        Arithmetic::Minus => same(found, parts, "subtracted", fields)?,
        _ if left_kind == Type::Bare && right_kind == Type::Bare => (found.map(|(tree, _)| tree), Type::Bare),
        Arithmetic::Times => (found.map(|(tree, _)| tree), Type::Number(left_unit.times(right_unit))),
        Arithmetic::Over => (found.map(|(tree, _)| tree), Type::Number(left_unit.over(right_unit))),
    };
    Ok((Tree::Arithmetic(sign, Box::new(left), Box::new(right)), kind))
}

fn each<const N: usize>(parts: [&Expr; N], fields: &Fields) -> Result<[(Tree, Type); N], Mistake> {
    let mut wrong = None;
    let found = parts.map(|part| {
        typed(part, fields).unwrap_or_else(|mistake| {
            wrong.get_or_insert(mistake);
            (Tree::Constant(f64::NAN), Type::Bare)
        })
    });
    wrong.map_or(Ok(found), Err)
}

/// The typed parts as they are when they meet each other, and the kind that they share.
fn same<const N: usize>(
    found: [(Tree, Type); N],
    parts: [&Expr; N],
    how: &'static str,
    fields: &Fields,
) -> Result<([Tree; N], Type), Mistake> {
    let (trees, kind) = all_same(found.into(), &parts, how, fields)?;
    let mut trees = trees.into_iter();
    // As many trees come back as parts went in.
    Ok((parts.map(|_| trees.next().unwrap_or(Tree::Constant(f64::NAN))), kind))
}

fn all_same(
    found: Vec<(Tree, Type)>,
    parts: &[&Expr],
    how: &'static str,
    fields: &Fields,
) -> Result<(Vec<Tree>, Type), Mistake> {
    let kinds = || found.iter().map(|(_, kind)| *kind);
    let leading = kinds().find(|kind| !matches!(kind, Type::Bare | Type::Text));
    let leader = leading.or(kinds().next()).unwrap_or(Type::Bare);
    let mut trees = vec![];
    for ((tree, kind), part) in found.into_iter().zip(parts) {
        trees.push(fitted(tree, kind, part, leader, how, fields)?);
    }
    Ok((trees, leader))
}

/// A part as it is when it meets the kind of the others.
fn fitted(
    tree: Tree,
    kind: Type,
    part: &Expr,
    leader: Type,
    how: &'static str,
    fields: &Fields,
) -> Result<Tree, Mistake> {
    match (leader, kind) {
        (Type::Number(Dimension::TIME), Type::Bare) => {
            Err((part.span, FaultKind::BareDuration { number: shorten(&part.to_string()) }))
        }
        (Type::Number(_), Type::Bare) => Ok(tree),
        (Type::Code(place), Type::Text) => code_of(place, part, fields),
        (Type::Code(place), Type::Code(other)) => {
            let kind_of = |place: u16| fields.all().get(usize::from(place)).map(|field| &field.kind);
            let units = || FaultKind::Units {
                left: "a code".to_owned(),
                right: "a code of another list".to_owned(),
                how,
            };
            if kind_of(place) == kind_of(other) { Ok(tree) } else { Err((part.span, units())) }
        }
        (Type::Text, _) => {
            Err((part.span, FaultKind::Type { found: "a text".to_owned(), wanted: "a field" }))
        }
        (leader, kind) if leader == kind => Ok(tree),
        (leader, kind) => Err((part.span, FaultKind::Units { left: leader.told(), right: kind.told(), how })),
    }
}

/// The number of a text that is one of a field's codes.
fn code_of(place: u16, part: &Expr, fields: &Fields) -> Result<Tree, Mistake> {
    let (Node::Text(text), Some(field)) = (&part.node, fields.all().get(usize::from(place))) else {
        return Err((part.span, FaultKind::Type { found: "this".to_owned(), wanted: "a text" }));
    };
    code_number(field, text, part.span).map(|number| Tree::Constant(f64::from(number)))
}

fn code_number(field: &Field, text: &str, span: Span) -> Result<f32, Mistake> {
    let Kind::Code(codes) = &field.kind else {
        return Err((span, FaultKind::Type { found: "a text".to_owned(), wanted: wanted_for(field) }));
    };
    codes.number_of(text).ok_or_else(|| {
        let (near, may_be) = match codes {
            Codes::Listed(list) => {
                let texts = || list.iter().map(|(known, _)| known.as_str());
                (nearest(text, texts()), some_of(texts()))
            }
            Codes::Digits(digits) => (None, format!("a text of {digits} digits")),
        };
        (span, FaultKind::Code { field: field.name.clone(), found: shorten(text), near, may_be })
    })
}

/// The first of some texts, for a message.
fn some_of<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let (shown, more) = (8, texts.size_hint().0 > 8);
    let list: Vec<String> = texts.take(shown).map(|text| format!("\"{}\"", shorten(text))).collect();
    format!("{}{}", list.join(", "), if more { ", …" } else { "" })
}

fn orderly(sign: Comparison, kind: Type, span: Span) -> Result<(), Mistake> {
    let how = match sign {
        Comparison::Equal | Comparison::Unequal => return Ok(()),
        Comparison::Less | Comparison::AtMost => "less than",
        Comparison::More | Comparison::AtLeast => "more than",
    };
    if matches!(kind, Type::Code(_) | Type::Truth) { Err((span, FaultKind::Order { how })) } else { Ok(()) }
}

fn range([value, lo, hi]: [&Expr; 3], fields: &Fields) -> Result<(Tree, Tree, Tree), Mistake> {
    let found = [number(value, fields)?, number(lo, fields)?, number(hi, fields)?];
    let ([value, lo_tree, hi_tree], _) = same(found, [value, lo, hi], "compared", fields)?;
    if let (Some(from), Some(to)) = (lo_tree.constant(), hi_tree.constant())
        && from > to
    {
        let span = Span { start: lo.span.start, end: hi.span.end };
        return Err((span, FaultKind::EmptyRange { lo: lo.to_string(), hi: hi.to_string() }));
    }
    Ok((value, lo_tree, hi_tree))
}

fn choice(value: &Expr, choices: &[Expr], fields: &Fields) -> Result<Tree, Mistake> {
    let parts: Vec<&Expr> = std::iter::once(value).chain(choices).collect();
    let found = parts.iter().map(|part| typed(part, fields)).collect::<Result<Vec<_>, _>>()?;
    let (mut trees, _) = all_same(found, &parts, "compared", fields)?;
    let value = trees.remove(0);
    let mut numbers = vec![];
    for (tree, choice) in trees.iter().zip(choices) {
        let wanted = "a value that does not depend on the payment";
        let found = || FaultKind::Type { found: format!("`{}`", shorten(&choice.to_string())), wanted };
        numbers.push(tree.constant().ok_or_else(|| (choice.span, found()))? as f32);
    }
    Ok(Tree::OneOf(Box::new(value), numbers))
}

fn field_of(name: &str, span: Span, fields: &Fields) -> Result<(Tree, Type), Mistake> {
    let (place, field) = found(name, span, fields)?;
    Ok(match &field.kind {
        Kind::Number => (Tree::Field(place, field.unit.divisor()), Type::Number(field.unit.dimension())),
        Kind::Flag => (Tree::Flag(place), Type::Truth),
        Kind::Code(_) => (Tree::Field(place, 1.0), Type::Code(place)),
    })
}

fn found<'f>(name: &str, span: Span, fields: &'f Fields) -> Result<(u16, &'f Field), Mistake> {
    fields.find(name).ok_or_else(|| {
        let known = fields.all().iter().map(|field| field.name.as_str());
        let near = nearest(name, known.chain(super::lexer::RESERVED.iter().copied()));
        (span, FaultKind::Field { found: shorten(name), near })
    })
}

/// A number in its base unit: money in the currency, durations in seconds, distances in kilometers.
fn literal_of(literal: Literal, span: Span, fields: &Fields) -> Result<(Tree, Type), Mistake> {
    let (factor, kind) = match literal.unit {
        UnitWord::None => (1.0, Type::Bare),
        UnitWord::Percent => (0.01, Type::Number(Dimension::default())),
        UnitWord::Seconds => (1.0, Type::Number(Dimension::TIME)),
        UnitWord::Minutes => (60.0, Type::Number(Dimension::TIME)),
        UnitWord::Hours => (3_600.0, Type::Number(Dimension::TIME)),
        UnitWord::Days => (86_400.0, Type::Number(Dimension::TIME)),
        UnitWord::Kilometers => (1.0, Type::Number(Dimension::DISTANCE)),
        UnitWord::Currency(letters) if letters == fields.currency().as_bytes() => {
            (1.0, Type::Number(Dimension::MONEY))
        }
        UnitWord::Currency(letters) => {
            let found = letters.map(char::from).iter().collect();
            return Err((span, FaultKind::Currency { found, currency: fields.currency().to_owned() }));
        }
    };
    Ok((Tree::Constant(literal.value * factor), kind))
}

fn wanted_for(field: &Field) -> &'static str {
    match (&field.kind, field.unit) {
        (Kind::Flag, _) => "yes, no or missing",
        (Kind::Code(_), _) => "a text or missing",
        (Kind::Number, Unit::Seconds | Unit::Days) => "a duration such as 5m, or missing",
        (Kind::Number, Unit::Money { .. }) => "an amount or missing",
        (Kind::Number, _) => "a number or missing",
    }
}

/// The row of an example. What it does not name is missing.
pub(super) fn row_of(example: &Example, fields: &Fields) -> Result<Vec<f32>, Mistake> {
    let mut row = vec![f32::NAN; fields.all().len()];
    for ((name, given), span) in example.values.iter().zip(&example.spans) {
        let (place, field) = found(name, *span, fields)?;
        let wrong = |found: String| (*span, FaultKind::Type { found, wanted: wanted_for(field) });
        let value = match (&field.kind, given) {
            (_, Given::Missing) => f32::NAN,
            (Kind::Flag, Given::Flag(flag)) => super::tree::truth(*flag) as f32,
            (_, Given::Text(text)) => code_number(field, text, *span)?,
            (Kind::Number, Given::Number { literal, minus }) => {
                let (tree, kind) = literal_of(*literal, *span, fields)?;
                let dimension = field.unit.dimension();
                if kind == Type::Bare && dimension == Dimension::TIME {
                    return Err((*span, FaultKind::BareDuration { number: literal.to_string() }));
                }
                if kind != Type::Bare && kind != Type::Number(dimension) {
                    return Err(wrong(kind.told()));
                }
                let value = tree.constant().unwrap_or(f64::NAN) * field.unit.divisor();
                (if *minus { -value } else { value }) as f32
            }
            (_, given) => return Err(wrong(format!("`{given}`"))),
        };
        if let Some(cell) = row.get_mut(usize::from(place)) {
            *cell = value;
        }
    }
    Ok(row)
}
