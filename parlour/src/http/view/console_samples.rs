//! Samples of the pages of staff, in their states.

use super::{
    console::{
        Audit, Cell, Choice, Consents, Door, Frame, Invited, Keys, Lists, Look, NavItem, Overview, Panel,
        PersonPage, Policies, Preview, Proposal, Staff, Table,
    },
    draw,
    samples::harbour,
};

pub(super) fn frame(title: &str) -> Frame {
    let place = |href: &str, words, here| NavItem { href: href.into(), words, here };
    Frame {
        brand: harbour(),
        title: title.into(),
        places: vec![
            place("/console/harbour", "Overview", true),
            place("/console/harbour/no", "Say No", false),
        ],
        who: Some(("Dana Reyes".into(), "Officer")),
    }
}

pub(super) fn table(rows: bool) -> Table {
    let mut table = Table::new("People", &["Name", "Count#", "State", "Do"], "Nobody was invited yet.");
    if rows {
        table.rows.push(vec![
            Cell::plain("Dana Reyes").to("/console/harbour/staff/x"),
            Cell::number(12_345_u64),
            Cell::of("active", Look::Good),
            Cell::post("Remove", "/console/harbour/staff/x/remove"),
        ]);
        table.next = Some("/console/harbour/staff?before=x".into());
        table.files = vec![("/console/harbour/staff?format=csv".into(), "CSV")];
    }
    table
}

fn panels() -> Vec<Panel> {
    let full = Panel {
        title: "Decisions today",
        rows: vec![("allowed".into(), Cell::number(7_u64)), ("given up".into(), Cell::of("1", Look::Bad))],
        note: None,
        more: Some(("/console/harbour/refusals".into(), "All refusals")),
    };
    let empty = Panel { title: "Consents", rows: vec![], note: Some("Nobody yet.".into()), more: None };
    vec![full, empty]
}

fn standing(serving: bool) -> String {
    draw(&Overview {
        frame: frame("Overview"),
        serving,
        standing: "Harbour Bank is serving.".into(),
        waiting: table(!serving),
        panels: panels(),
    })
    .unwrap()
}

fn preview(saying_no: bool) -> String {
    draw(&Preview {
        frame: frame("Say No to balances"),
        what: "class:balances".into(),
        saying_no,
        after: "Customers keep their consent.",
        consents: "1,204".into(),
        accesses: "38,211".into(),
        days: 30,
        hours: 24,
    })
    .unwrap()
}

fn proposal(decides: bool) -> String {
    draw(&Proposal {
        frame: frame("Say No to balances"),
        href: "/console/harbour/proposals/x".into(),
        change: "Say No to balances".into(),
        words: decides.then(|| "We are repairing it.".into()),
        facts: vec![("Proposed by", "Tom Okafor".into())],
        decides,
        takes_back: !decides,
        cannot: (!decides).then_some("You proposed this."),
    })
    .unwrap()
}

fn person(officer: bool) -> String {
    draw(&PersonPage {
        frame: frame("Tom Okafor"),
        href: "/console/harbour/staff/x".into(),
        facts: vec![("Role", "Officer".into())],
        renew: !officer,
        remove: !officer,
        propose: officer.then(|| ("/console/harbour/proposals".into(), "x".into())),
        cannot: officer.then_some("The operator gives links."),
    })
    .unwrap()
}

fn door(ceremony: &'static str) -> String {
    let before = Frame { places: vec![], who: None, ..frame("Sign in") };
    let lead = "For the people of Harbour Bank.".into();
    draw(&Door {
        frame: before,
        lead,
        ceremony,
        action: "/console/harbour/sign-in".into(),
        button: "Sign in",
    })
    .unwrap()
}

fn audit() -> String {
    let options = vec![(String::new(), "any".into(), true), ("allowed".into(), "allowed".into(), false)];
    draw(&Audit {
        frame: frame("Audit"),
        from: "2026-11-15".into(),
        to: "2026-11-21".into(),
        choices: vec![Choice { name: "answer", label: "Answer", options }],
        found: table(true),
        evidence: Some("/audit/harbour/evidence".into()),
    })
    .unwrap()
}

/// Every page of staff in every state, by a name for its file.
pub fn named() -> Vec<(&'static str, String)> {
    let lists = Lists {
        frame: frame("History"),
        lead: "Only added to.".into(),
        tables: vec![table(true), table(false)],
    };
    let policies = Policies {
        frame: frame("Policies"),
        digest: "07".repeat(32),
        tables: vec![table(true)],
        panels: panels(),
        files: vec![("night.cedar".into(), "00".repeat(32), "forbid (principal, action, resource);".into())],
    };
    let consents = Consents {
        frame: frame("Consents"),
        id: "cst_x".into(),
        found: Some(table(false)),
        by_state: table(true),
    };
    let invite = Some("/console/harbour/staff".into());
    let invited = Invited {
        frame: frame("Iris is invited"),
        name: "Iris".into(),
        link: "https://chat.example/console/harbour/register/x".into(),
        until: "2026-11-21 09:56".into(),
        back: "/console/harbour/staff".into(),
    };
    let keys = Keys {
        frame: frame("My passkeys"),
        passkeys: table(true),
        sign_ins: table(true),
        action: "/console/harbour/keys".into(),
        end_all: "/console/harbour/sign-ins/end-all".into(),
    };
    vec![
        ("console-overview", standing(true)),
        ("console-pulled-out", standing(false)),
        ("console-lists", draw(&lists).unwrap()),
        ("console-policies", draw(&policies).unwrap()),
        ("console-say-no", preview(true)),
        ("console-lift-no", preview(false)),
        ("console-decide", proposal(true)),
        ("console-own", proposal(false)),
        ("console-consents", draw(&consents).unwrap()),
        ("console-staff", draw(&Staff { frame: frame("Staff"), people: table(true), invite }).unwrap()),
        ("console-person", person(false)),
        ("console-officer", person(true)),
        ("console-invited", draw(&invited).unwrap()),
        ("console-keys", draw(&keys).unwrap()),
        ("console-door", door("sign-in")),
        ("console-register", door("register")),
        ("console-audit", audit()),
    ]
}
