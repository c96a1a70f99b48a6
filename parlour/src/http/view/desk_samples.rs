//! Samples of the fraud desk, in their states.

use super::{
    console::{Cell, Choice, Look, NavItem, Panel},
    console_samples::{frame, table},
    desk::{DecideForm, FraudAlert, FraudEngine, FraudQueue, Moment},
    draw,
};

pub(super) fn desk() -> Vec<NavItem> {
    let place = |href: &str, words, here| NavItem { href: href.into(), words, here };
    vec![
        place("/console/harbour/fraud", "Queue", true),
        place("/console/harbour/fraud/rules", "Rules", false),
    ]
}

fn queue(narrowed: bool) -> String {
    let options =
        vec![(String::new(), "Whole queue".into(), !narrowed), ("open".into(), "Open work".into(), narrowed)];
    draw(&FraudQueue {
        frame: frame("Fraud"),
        desk: desk(),
        lifted: narrowed.then(|| "The budget of alerts is lifted until 2026-11-22 10:00.".into()),
        lead: "You see what Harbour Bank itself told.".into(),
        tally: vec![("Open work", "1,204".into()), ("Waiting for customers", "3".into())],
        state: Choice { name: "state", label: "List", options },
        kept: if narrowed { vec![("terminal", "3fa9c20100000000".into())] } else { vec![] },
        narrowed: narrowed.then(|| ("Terminal 3fa9c201".into(), "/console/harbour/fraud".into())),
        tables: vec![table(narrowed)],
        next: narrowed.then(|| "/console/harbour/fraud?page=3".into()),
        before: narrowed.then(|| "/console/harbour/fraud?page=1".into()),
    })
    .unwrap()
}

fn alert(decided: bool) -> String {
    let buttons = if decided {
        vec![("genuine", "Change to genuine", "")]
    } else {
        vec![("fraud", "It is fraud", "danger"), ("genuine", "It is genuine", "")]
    };
    draw(&FraudAlert {
        frame: frame("Alert K7Q2"),
        back: "/console/harbour/fraud".into(),
        state: if decided {
            Cell::of("decided: fraud", Look::Bad)
        } else {
            Cell::plain("asked, no answer yet")
        },
        lead: "You see what Harbour Bank itself told.".into(),
        facts: vec![
            ("Amount", Cell::of("$842.00", Look::Number)),
            ("Card", Cell::of("3fa9c201", Look::Code).to("/console/harbour/fraud?card=3fa9c20100000000")),
        ],
        reasons: if decided { vec![] } else { vec!["three times the card’s usual amount".into()] },
        timeline: vec![
            Moment { at: "2026-11-21 09:41".into(), what: "Raised".into(), note: None },
            Moment {
                at: "2026-11-21 09:56".into(),
                what: "Dana Reyes decided: fraud".into(),
                note: Some("<b>Copied card</b>".into()),
            },
        ],
        payments: table(decided),
        payments_note: "Amounts are read in the currency of this alert.".into(),
        linked: vec![table(true)],
        decided: decided.then(|| {
            let verdict = Cell::of("fraud", Look::Bad);
            (verdict, "Dana Reyes, 2026-11-21 09:56".into(), "Copied card.".into())
        }),
        form: DecideForm {
            action: "/console/harbour/fraud/x/decide".into(),
            change_of: decided.then_some(1),
            buttons,
            longest: 500,
        },
    })
    .unwrap()
}

fn engine(alarm: bool) -> String {
    let panel = Panel {
        title: "Model",
        rows: vec![("name".into(), Cell::of("0123456789abcdef", Look::Code))],
        note: Some("It learned from payments that nobody made.".into()),
        more: None,
    };
    draw(&FraudEngine {
        frame: frame("Fraud engine"),
        desk: desk(),
        state: if alarm { Cell::of("payments changed", Look::Bad) } else { Cell::of("as usual", Look::Good) },
        lead: "Payments look like those that the model learned from.".into(),
        troubles: if alarm { vec!["The file model.bin cannot be used.".into()] } else { vec![] },
        panels: vec![panel],
        tables: vec![table(alarm)],
    })
    .unwrap()
}

/// Every page of the desk in every state, by a name for its file.
pub fn named() -> Vec<(&'static str, String)> {
    vec![
        ("console-fraud", queue(false)),
        ("console-fraud-terminal", queue(true)),
        ("console-fraud-alert", alert(false)),
        ("console-fraud-decided", alert(true)),
        ("console-fraud-engine", engine(false)),
        ("console-fraud-engine-alarm", engine(true)),
    ]
}
