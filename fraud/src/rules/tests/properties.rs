//! What holds for every text, every rule and every row.

use super::*;
use proptest::{collection::vec, prelude::*, sample::select};

fn at(node: Node) -> Expr {
    Expr { node, span: Span::default() }
}

fn literal(unit: UnitWord) -> impl Strategy<Value = Expr> {
    // Quarters are exact, so that printing and reading are about the form.
    (0u32..4_000)
        .prop_map(move |quarters| at(Node::Number(Literal { value: f64::from(quarters) / 4.0, unit })))
}

fn field(names: &'static [&'static str]) -> impl Strategy<Value = Expr> {
    select(names).prop_map(|name| at(Node::Field(name.to_owned())))
}

/// Numbers of one unit.
fn number(names: &'static [&'static str], unit: UnitWord) -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![literal(unit), field(names), field(names)];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            (any::<bool>(), pair.clone()).prop_map(|(plus, (left, right))| {
                let sign = if plus { Arithmetic::Plus } else { Arithmetic::Minus };
                at(Node::Arithmetic(sign, Box::new(left), Box::new(right)))
            }),
            (any::<bool>(), inner.clone(), literal(UnitWord::None)).prop_map(|(times, left, right)| {
                let sign = if times { Arithmetic::Times } else { Arithmetic::Over };
                at(Node::Arithmetic(sign, Box::new(left), Box::new(right)))
            }),
            inner.clone().prop_map(|inner| at(Node::Minus(Box::new(inner)))),
            pair.prop_map(|(left, right)| at(Node::Otherwise(Box::new(left), Box::new(right)))),
            inner.clone().prop_map(|inner| at(Node::Call(Function::Abs, vec![inner]))),
            (any::<bool>(), vec(inner, 2..4)).prop_map(|(least, parts)| {
                at(Node::Call(if least { Function::Min } else { Function::Max }, parts))
            }),
        ]
    })
    .boxed()
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::*;
    select(vec![Equal, Unequal, Less, AtMost, More, AtLeast])
}

/// Any of the comparisons of numbers of one unit.
fn compared(numbers: BoxedStrategy<Expr>, unit: UnitWord) -> BoxedStrategy<Expr> {
    let ends = (0u32..1_000, 0u32..1_000).prop_map(move |(lo, more)| {
        let end = |value: u32| Box::new(at(Node::Number(Literal { value: f64::from(value), unit })));
        (end(lo), end(lo + more))
    });
    prop_oneof![
        (comparison(), numbers.clone(), numbers.clone()).prop_map(|(sign, left, right)| at(Node::Compare(
            sign,
            Box::new(left),
            Box::new(right)
        ))),
        (numbers.clone(), ends, any::<bool>()).prop_map(|(value, (lo, hi), not)| at(Node::Within {
            value: Box::new(value),
            lo,
            hi,
            not
        })),
        (numbers.clone(), vec(literal(unit), 1..4), any::<bool>())
            .prop_map(|(value, choices, not)| at(Node::OneOf { value: Box::new(value), choices, not })),
        (field(&["amount", "country", "night"]), any::<bool>())
            .prop_map(|(value, not)| at(Node::Missing { value: Box::new(value), not })),
    ]
    .boxed()
}

fn code_is() -> impl Strategy<Value = Expr> {
    let texts = vec(select(COUNTRIES), 1..4);
    (texts, any::<bool>()).prop_map(|(texts, not)| {
        let choices = texts.into_iter().map(|text| at(Node::Text(text.to_owned()))).collect();
        at(Node::OneOf { value: Box::new(at(Node::Field("country".to_owned()))), choices, not })
    })
}

/// Well-typed conditions.
fn condition() -> BoxedStrategy<Expr> {
    let money = number(&["amount", "mean_amount_30d"], UnitWord::Currency(*b"USD"));
    let plain = number(&["count_1h", "count_1d", "hour", "terminal_share_7d"], UnitWord::None);
    let time = number(&["since_last"], UnitWord::Minutes);
    let leaf = prop_oneof![
        field(&["night"]),
        code_is(),
        compared(money, UnitWord::Currency(*b"USD")),
        compared(plain, UnitWord::None),
        compared(time, UnitWord::Minutes),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| at(Node::Not(Box::new(inner)))),
            vec(inner.clone(), 2..4).prop_map(|parts| at(Node::All(parts))),
            vec(inner, 2..4).prop_map(|parts| at(Node::Any(parts))),
        ]
    })
    .boxed()
}

fn cell() -> impl Strategy<Value = f32> {
    prop_oneof![
        3 => (0u8..8).prop_map(f32::from),
        3 => (-4_000i16..4_000).prop_map(|quarters| f32::from(quarters) / 4.0),
        2 => Just(f32::NAN),
        1 => any::<f32>(),
    ]
}

/// The expression as written, or none when printing it takes more than the language allows.
fn reread(text: &str) -> Option<Expr> {
    let tokens = lexer::tokens(text).unwrap();
    let mut reader = reader::Reader::new(&tokens);
    match reader.expression() {
        Ok(read) => {
            assert_eq!(reader.peek().0, lexer::Token::End, "{text}");
            Some(read)
        }
        Err((_, FaultKind::TooDeep | FaultKind::TooLong)) => None,
        Err((_, other)) => panic!("{text}: {other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_rules_or_mistakes(bytes in vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        if let Err(faults) = RuleSet::compile("rules.txt", &text, &fields(), TODAY) {
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| !fault.to_string().is_empty()));
        }
    }

    #[test]
    fn any_words_are_rules_or_mistakes(words in vec(select(vec![
        "rule", "r", "why", "\"w\"", "owner", "expires", "2027-03-31", "action", "alert", "score", "when", "amount", "night",
        "hit", "miss", "{", "}", "(", ")", "and", "or", "not", "in", "is", "missing", "otherwise", "min", "5", "5m", "5..6", ",",
        "=", "<", "+", "-", "*", "/", "%", "USD", "\n", "#", "\"", "é", "share", "priority", "country", "\"US\"",
    ]), 0..60)) {
        let whole = words.join(" ");
        let after = rule("first", "alert", "night") + &whole;
        let inside = wrong(&whole);
        for text in [whole, after, inside] {
            if let Err(faults) = RuleSet::compile("rules.txt", &text, &fields(), TODAY) {
                for fault in faults {
                    let line = text.lines().nth(fault.spot.line - 1).unwrap_or("");
                    prop_assert!(fault.spot.column <= line.chars().count() + 1, "{fault}");
                    prop_assert!(!fault.kind.remedy().is_empty());
                }
            }
        }
    }

    #[test]
    fn what_is_printed_reads_as_the_same(when in condition()) {
        let text = when.to_string();
        if let Some(read) = reread(&text) {
            prop_assert_eq!(&read, &when, "{}", text);
            prop_assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn a_rule_that_is_printed_reads_as_the_same(
        when in condition(),
        why in "[ -~éü☂]{0,20}[\"\\\\a-z]{1,9}",
        score in -1000i16..1000,
        share in 0u16..10_000,
        priority in 0u8..=100,
    ) {
        let action = Shift::from_thousandths(score).map_or(Action::Decline, Action::Score);
        let given = Given::Number { literal: Literal { value: 9.25, unit: UnitWord::None }, minus: true };
        let values = vec![
            ("amount".to_owned(), given),
            ("night".to_owned(), Given::Flag(false)),
            ("country".to_owned(), Given::Text("PT".to_owned())),
            ("hour".to_owned(), Given::Missing),
        ];
        let example = |must| Example { must, values: values.clone(), span: Span::default(), spans: vec![] };
        let written = Rule {
            id: "a-rule".to_owned(), why, owner: "o".to_owned(), expires: TODAY, action,
            share: Share::from_hundredths(share).unwrap(), priority, when,
            examples: vec![example(Must::Miss), example(Must::Hit)],
        };
        let text = written.to_string();
        let tokens = lexer::tokens(&text).unwrap();
        let (read, mistakes) = clauses::rules(&tokens);
        if !matches!(mistakes.first(), Some((_, FaultKind::TooDeep | FaultKind::TooLong))) {
            prop_assert_eq!(mistakes, vec![], "{}", &text);
            prop_assert_eq!(&read[0].rule, &written, "{}", text);
        }
    }

    #[test]
    fn flat_code_gives_what_the_tree_gives(when in condition(), rows in vec(vec(cell(), 14), 8)) {
        let tree = typing::condition(&when, &fields()).unwrap();
        let mut code = code::Code::default();
        let Ok(entry) = code.add(&tree) else { return Err(TestCaseError::reject("too deep")) };
        let mut jumps = jumps::Jumps::default();
        let hit = jumps.add(&tree).unwrap();
        let mut stack = code::Stack::new();
        for row in rows {
            let (flat, whole) = (code.run(entry, &row, &mut stack), tree.value(&row));
            prop_assert_eq!(jumps.holds(hit, &row, &mut stack), whole == 1.0, "{} on {:?}", &when, &row);
            prop_assert!(flat == whole || (flat.is_nan() && whole.is_nan()), "{when}: {flat} and {whole} on {row:?}");
            prop_assert!(flat.is_nan() || flat == 0.0 || flat == 1.0);
        }
    }

    #[test]
    fn a_number_against_a_constant_is_one_range_whatever_its_unit(
        sign in comparison(), cents in 0u32..2_000, near in -40i32..40, any in any::<f32>(), field in select(vec![1u16, 13, 0]),
    ) {
        let divisor = fields().all()[usize::from(field)].unit.divisor();
        let with = f64::from(cents) / 100.0;
        let tree = tree::Tree::Compare(
            sign, Box::new(tree::Tree::Field(field, divisor)), Box::new(tree::Tree::Constant(with)),
        );
        let not = tree::Tree::Not(Box::new(tree.clone()));
        let mut jumps = jumps::Jumps::default();
        let (yes, no) = (jumps.add(&tree).unwrap(), jumps.add(&not).unwrap());
        // The numbers around the edge, one by one, and any other.
        let edge = (with * divisor) as f32;
        let around = (0..near.unsigned_abs()).fold(edge, |value, _| if near < 0 { value.next_down() } else { value.next_up() });
        let mut row = vec![f32::NAN; 14];
        for value in [around, -around, any, f32::NAN, f32::MAX, f32::MIN, f32::INFINITY] {
            row[usize::from(field)] = value;
            let says = tree.value(&row);
            prop_assert_eq!(jumps.holds(yes, &row, &mut code::Stack::new()), says == 1.0, "{}", value);
            prop_assert_eq!(jumps.holds(no, &row, &mut code::Stack::new()), says == 0.0, "{}", value);
        }
    }

    #[test]
    fn turning_a_rule_round_twice_or_by_its_parts_changes_nothing(
        one in condition(), other in condition(), row in vec(cell(), 14),
    ) {
        let value = |expr: &Expr| typing::condition(expr, &fields()).unwrap().value(&row);
        let not = |expr: Expr| at(Node::Not(Box::new(expr)));
        let same = |left: f64, right: f64| left == right || (left.is_nan() && right.is_nan());
        prop_assert!(same(value(&not(not(one.clone()))), value(&one)));
        let neither = not(at(Node::Any(vec![one.clone(), other.clone()])));
        let both_not = at(Node::All(vec![not(one), not(other)]));
        prop_assert!(same(value(&neither), value(&both_not)));
    }
}
