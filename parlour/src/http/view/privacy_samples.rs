//! Samples of the privacy page in its states.

use super::{
    draw, privacy,
    samples::{harbour, now},
};
use crate::privacy::Only;

fn place(part: privacy::Part) -> privacy::Place {
    privacy::Place { bank: "harbour".into(), name: "Harbour Bank".into(), part, signed_in: None }
}

fn door(sign_in: bool) -> privacy::Door {
    privacy::Door { brand: Some(harbour()), bank: "harbour".into(), name: "Harbour Bank".into(), sign_in }
}

fn several() -> privacy::Several {
    let one = |id: &str, place: &str, chosen| privacy::Conversation {
        id: id.into(),
        place: place.into(),
        begun: "yesterday at 9:41".into(),
        messages: "12 messages".into(),
        chosen,
    };
    let conversations = vec![one("cnv_1", "In a messenger", false), one("cnv_2", "On this site", true)];
    let bank = "harbour".into();
    privacy::Several { brand: Some(harbour()), bank, name: "Harbour Bank".into(), conversations }
}

fn signed_in_overview(waiting: bool) -> privacy::Overview {
    let mut page = overview(vec![share(true, false)], vec![], waiting);
    page.place.signed_in = Some(privacy::SignedIn { several: !waiting, until: "15:44".into() });
    page.answer_here = waiting;
    page
}

fn share(is_open: bool, is_paused: bool) -> privacy::Share {
    privacy::Share {
        id: "cst_1".into(),
        bank: "harbour".into(),
        name: "Harbour Bank".into(),
        is_open,
        is_paused,
        was_given: true,
        standing: if is_open { "On until 20 Feb 2027".into() } else { "Ended 20 Nov 2026".into() },
        what: "your balances and your transactions".into(),
        why: "to answer your questions".into(),
        accounts: "2 accounts".into(),
        lookback_days: is_open.then_some(180),
        since: Some("yesterday at 9:41".into()),
        until: "20 Feb 2027".into(),
        at_bank: (!is_open).then(|| "Harbour Bank confirmed the end, yesterday at 9:42.".into()),
    }
}

fn overview(open: Vec<privacy::Share>, earlier: Vec<privacy::Share>, waiting: bool) -> privacy::Overview {
    let more = earlier.len();
    privacy::Overview {
        brand: Some(harbour()),
        place: place(privacy::Part::Sharing),
        sign_in: open.is_empty(),
        open,
        earlier,
        more,
        waiting,
        answer_here: false,
    }
}

fn one(first: Option<String>) -> privacy::One {
    let event = |what: &str, index: Option<u64>| privacy::Event {
        at: now(),
        when: "Today at 9:44".into(),
        what: what.into(),
        reason: index.map(|_| "moved house".into()),
        index,
        receipt: index.map(|_| "/v1/chat/harbour/access/ent_1/receipt".into()),
    };
    privacy::One {
        brand: Some(harbour()),
        place: place(privacy::Part::Sharing),
        share: share(false, false),
        first,
        accounts: vec!["acc-1".into()],
        events: vec![event("The notice was shown to you.", None), event("The sharing ended.", Some(10_482))],
        notice: "Link this chat to Harbour Bank\nWhich bank: Harbour Bank".into(),
        notice_sha256: "ab".repeat(32),
        receipt: Some("Receipt of Harbour Bank".into()),
        record_href: "/v1/chat/harbour/consents/cst_1".into(),
        receipt_href: "/v1/chat/harbour/consents/cst_1/receipt".into(),
    }
}

fn ask_to_stop() -> privacy::AskToStop {
    privacy::AskToStop {
        brand: Some(harbour()),
        place: place(privacy::Part::Sharing),
        consent: "cst_1".into(),
        what: "your balances, of 2 accounts".into(),
    }
}

fn looks(only: Only, is_first: bool) -> privacy::Looks {
    let look = |allowed: bool, index: Option<u64>| privacy::Look {
        id: "ent_1".into(),
        at: now(),
        clock: "9:44".into(),
        what: "Your balances".into(),
        why: "to answer your questions".into(),
        how: "shown in the chat",
        accounts: "2 accounts".into(),
        allowed,
        reason: (!allowed).then(|| "you have paused this link".into()),
        index,
        receipt_href: "/v1/chat/harbour/access/ent_1/receipt".into(),
    };
    let rows = vec![look(true, None), look(true, Some(10_482)), look(false, Some(10_377))];
    let day = privacy::Day { date: "2026-11-21".into(), words: "Today, Sat 21 Nov".into(), rows };
    privacy::Looks {
        brand: Some(harbour()),
        place: place(privacy::Part::Looks),
        only,
        is_first,
        days: if is_first { vec![day] } else { vec![] },
        older: is_first.then(|| "ent_1".into()),
    }
}

fn take_copy() -> privacy::TakeCopy {
    privacy::TakeCopy {
        brand: Some(harbour()),
        place: place(privacy::Part::Copy),
        file: "/v1/chat/harbour/export".into(),
        page: "/chat/harbour/export".into(),
    }
}

fn ask_to_erase(wrong: Option<String>) -> privacy::AskToErase {
    let hold = |until: Option<&str>| privacy::Held {
        what: "What was said in this chat".into(),
        why: "a case of yours with the bank is still open".into(),
        until: until.map(Into::into),
    };
    privacy::AskToErase {
        brand: Some(harbour()),
        place: place(privacy::Part::Erase),
        held: vec![hold(Some("20 Feb 2027")), hold(None)],
        word: "erase",
        wrong,
    }
}

/// Every page in every state, by a name for its file.
pub fn named() -> Vec<(&'static str, String)> {
    vec![
        ("privacy-door", draw(&door(true)).unwrap()),
        ("privacy-door-no-sign-in", draw(&door(false)).unwrap()),
        ("privacy-several", draw(&several()).unwrap()),
        ("privacy-signed-in", draw(&signed_in_overview(false)).unwrap()),
        ("privacy-answer", draw(&signed_in_overview(true)).unwrap()),
        ("privacy-nothing", draw(&overview(vec![], vec![], true)).unwrap()),
        (
            "privacy-linked",
            draw(&overview(vec![share(true, false)], vec![share(false, false)], false)).unwrap(),
        ),
        ("privacy-paused", draw(&overview(vec![share(true, true)], vec![], false)).unwrap()),
        ("privacy-one", draw(&one(None)).unwrap()),
        ("privacy-stale", draw(&one(Some("This has changed.".into()))).unwrap()),
        ("privacy-stop", draw(&ask_to_stop()).unwrap()),
        ("privacy-looks", draw(&looks(Only::All, true)).unwrap()),
        ("privacy-no-looks", draw(&looks(Only::Refused, false)).unwrap()),
        ("privacy-copy", draw(&take_copy()).unwrap()),
        ("privacy-erase", draw(&ask_to_erase(None)).unwrap()),
        ("privacy-wrong-word", draw(&ask_to_erase(Some("Nothing was erased.".into()))).unwrap()),
    ]
}
