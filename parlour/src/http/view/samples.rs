//! Samples of every template's context, so that tests draw every page in every state.

use super::{Brand, draw, log, pages, sealed, thread, verify};
use crate::{
    http::problem::{FieldFault, Kind},
    reply::{
        AccessLine, BalanceLine, Block, MoneyText, MonthLine, Notice, OnlineLine, PictureLine, PlaceLine,
        Point, Quick, ReceiptLine, Reply, SealedLink, Seen, Spot, TransactionLine,
    },
    room::{Entry, Words},
};
use domain::{AccountKind, Currency, DataClass, EntryId, MessageId, Money, Purpose, Tier};
use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2026-11-21T14:44:00Z")
}

fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(-5))
}

fn usd(cents: i64) -> MoneyText {
    Money::new(cents, Currency::USD).into()
}

fn entry_id(n: u128) -> EntryId {
    EntryId::new(Uuid::from_u128(n))
}

pub fn harbour() -> Brand {
    Brand {
        id: "harbour".into(),
        name: "Harbour Bank".into(),
        crest: "H".into(),
        css: "/static/bank/harbour.css".into(),
        icon: "/static/bank/harbour.svg".into(),
    }
}

pub fn seen(data_class: DataClass, index: u64) -> Seen {
    Seen {
        entry: entry_id(index.into()),
        index,
        data_class,
        purpose: Purpose::AnswerCustomer,
        tier: Tier::InChat,
    }
}

fn balances() -> Block {
    let account = |title: &str, kind, current, available| BalanceLine {
        title: title.into(),
        kind,
        current: usd(current),
        available: Some(usd(available)),
        bill: (kind == AccountKind::Card).then(|| "at least $35.00 by Tue 1 Dec".into()),
        stale: None,
        as_of: at("2026-11-21T14:41:00Z"),
    };
    Block::Balances {
        accounts: vec![
            account("Everyday Checking ··4520", AccountKind::Checking, 231_840, 220_115),
            account("Rewards Card ··0907", AccountKind::Card, 61_203, 438_797),
        ],
    }
}

fn transactions() -> Block {
    let row = |day: &str, what: &str, cents, pending| TransactionLine {
        at: at("2026-11-20T18:02:00Z"),
        day: day.into(),
        what: what.into(),
        amount: usd(cents),
        pending,
        note: None,
        account: "Everyday Checking ··4520".into(),
    };
    Block::Transactions {
        rows: vec![
            row("Sat 21 Nov", "Greenleaf Market", -11_725, true),
            row("Fri 20 Nov", "Payroll, Northwind Traders Incorporated", 245_000, false),
            row("Thu 19 Nov", "Volt Electronics", -48_000, false),
            row("Wed 18 Nov", "City Transit", -275, false),
        ],
        more: 4,
    }
}

fn places() -> Block {
    let row = |place: &str, count, cents, at: Option<(&str, i16, i16, bool)>| PlaceLine {
        place: place.into(),
        count,
        spent: vec![usd(cents)],
        at: at.map(|(name, latitude, longitude, roughly)| Spot {
            name: name.into(),
            latitude,
            longitude,
            roughly,
        }),
    };
    Block::Places {
        rows: vec![
            row("Portland, United States", 14, 38_412, Some(("Portland", 4_552, -12_268, false))),
            row("Salem, United States", 5, 9_030, Some(("Salem", 4_494, -12_304, false))),
            row("Reno, United States", 2, 51_275, Some(("Reno", 3_953, -11_981, false))),
            row("Big Hollow, United States", 1, 1_200, Some(("United States", 3_777, -8_711, true))),
        ],
        online: Some(OnlineLine::new(12, vec![usd(34_120)])),
    }
}

fn picture() -> Block {
    let line = |name: &str, cents, percent, count| PictureLine {
        name: name.into(),
        amount: usd(cents),
        percent,
        count,
    };
    let month = |name: &str, cents, percent| MonthLine { name: name.into(), amount: usd(cents), percent };
    Block::Picture {
        of: "What you spent, Sun 1 to Fri 20 Nov".into(),
        lines: vec![
            line("Groceries", 38_412, 62, 9),
            line("Eating out", 19_050, 31, 6),
            line("Bills", 4_300, 7, 1),
        ],
        months: vec![month("Sep", 70_000, 71), month("Oct", 98_310, 100), month("Nov", 61_762, 63)],
    }
}

fn notice() -> Notice {
    let point = |term: &str, text: &str| Point { term: term.into(), text: text.into() };
    Notice {
        title: "Link this chat to Harbour Bank".into(),
        points: vec![
            point(
                "Which bank",
                "Harbour Bank. You sign in on the bank’s own site and choose the accounts there.",
            ),
            point("What is read", "Your balances and your transactions, of the accounts that you choose."),
            point("How to stop", "Write “stop” here, at any time. It ends at once."),
            point("Never", "Not for ads. Never sold."),
        ],
        button: "Go to Harbour Bank and sign in".into(),
        href: "/link/sample".into(),
        until: at("2026-11-21T14:54:00Z"),
    }
}

fn accesses() -> Block {
    let row = |index, allowed, reason: Option<&str>, class: DataClass| AccessLine {
        entry: entry_id(9),
        at: at("2026-11-21T14:41:00Z"),
        data_class: class,
        what: class.in_words().into(),
        purpose: Purpose::AnswerCustomer,
        why: Purpose::AnswerCustomer.in_words().into(),
        allowed,
        reason: reason.map(str::to_owned),
        index,
    };
    Block::Accesses {
        rows: vec![
            row(None, true, None, DataClass::Transactions),
            row(Some(10_482), true, None, DataClass::Balances),
            row(
                Some(10_377),
                false,
                Some("the bank does not share the places where you shopped"),
                DataClass::MerchantPlaces,
            ),
        ],
        more: 12,
    }
}

fn receipts() -> Block {
    let row = |allowed, index| ReceiptLine {
        at: at("2026-11-21T14:41:00Z"),
        what: "your balances".into(),
        allowed,
        index,
        href: "/v1/chat/harbour/access/ent_00000000000000000000000000000009/receipt".into(),
    };
    Block::Receipts {
        rows: vec![row(true, Some(10_482)), row(false, None)],
        verify: "/verify?bank=harbour".into(),
    }
}

fn refusal() -> Block {
    Block::Refusal {
        who: "Meridian Savings".into(),
        why: "We do not show in chat where you shopped.".into(),
        remedy: "Your statements on the bank’s own site show each shop with its city.".into(),
    }
}

fn care() -> Block {
    Block::Care { text: "That looked like a card number, so it was not kept. Never type one here.".into() }
}

fn sealed_link() -> Block {
    Block::SealedLink(SealedLink {
        text: "Your balances are ready.".into(),
        button: "Open the page".into(),
        href: "/sealed/sample".into(),
        until: at("2026-11-21T14:54:00Z"),
    })
}

fn text(text: &str) -> Block {
    Block::Text { text: text.into() }
}

fn reply(blocks: Vec<Block>, seen: Vec<Seen>, quick: &[&str]) -> Words {
    let quick = quick.iter().map(|l| Quick { label: (*l).into(), text: (*l).into() }).collect();
    Words::Bank { reply: Reply { blocks, quick, seen, ..Reply::default() }, answers: None }
}

fn asked(text: &str) -> Words {
    Words::Customer { text: text.into(), removed: vec![], region: None }
}

/// A conversation with every kind of block.
fn conversation() -> Vec<Words> {
    let total =
        Block::Total { of: "Greenleaf Market, Mon 9 to Sun 15 Nov".into(), amount: usd(14_380), count: 3 };
    vec![
        asked("whats my balance"),
        reply(
            vec![
                text("To answer, I need to read your balances. Here is what linking means."),
                Block::Notice(notice()),
            ],
            vec![],
            &[],
        ),
        asked("and now?\nboth accounts please"),
        reply(vec![balances()], vec![seen(DataClass::Balances, 10_482)], &[]),
        asked("last transactions"),
        reply(vec![transactions()], vec![seen(DataClass::Transactions, 10_483)], &[]),
        asked("what did I spend at the supermarket last week?"),
        reply(
            vec![text("You spent this:"), total],
            vec![seen(DataClass::Transactions, 10_484)],
            &["Show the payments", "This month"],
        ),
        asked("how do I spend my money?"),
        reply(vec![picture()], vec![seen(DataClass::Transactions, 10_486)], &[]),
        asked("more than last month?"),
        reply(
            vec![Block::Compared { text: "You spent $12.00 less than in the same days before.".into() }],
            vec![],
            &[],
        ),
        asked("my card limits"),
        reply(vec![facts()], vec![seen(DataClass::Cards, 10_487)], &["Turn off online payments"]),
        asked("where did I shop"),
        reply(vec![places()], vec![seen(DataClass::MerchantPlaces, 10_485)], &[]),
        asked("and at the other bank?"),
        reply(vec![refusal()], vec![], &[]),
        asked("and on the messenger?"),
        reply(vec![sealed_link()], vec![], &[]),
        asked("my card is [removed]"),
        reply(vec![care()], vec![], &[]),
        asked("Who looked at my data?"),
        reply(
            vec![text("Each time somebody asked for your data here, newest first."), accesses()],
            vec![],
            &["What’s my balance?", "Stop"],
        ),
        asked("Receipts for this"),
        reply(vec![text("A receipt proves what was decided."), receipts()], vec![], &[]),
    ]
}

fn facts() -> Block {
    let row = |term: &str, text: &str| crate::reply::Point { term: term.into(), text: text.into() };
    let rows = vec![
        row("Visa card ··4242", "$500.00 a day, $200.00 at once; by touch on, online on, abroad off"),
        row("Mastercard card ··9075", "by touch on, online off, abroad on"),
    ];
    Block::Facts { title: "What your cards may spend".into(), rows }
}

fn entries() -> Vec<Entry> {
    let numbered = conversation().into_iter().zip(1u64..);
    numbered
        .map(|(words, seq)| Entry { seq, id: MessageId::new(Uuid::from_u128(1)), at: now(), words })
        .collect()
}

fn item(entry: &Entry) -> String {
    let (bank, zone) = (harbour(), zone());
    draw(&thread::Item { bank: &bank, zone: &zone, now: now(), entry, new_day: entry.seq == 1 }).unwrap()
}

pub fn draw_text(said: &str) -> String {
    item(&Entry { seq: 1, id: MessageId::new(Uuid::from_u128(1)), at: now(), words: asked(said) })
}

pub fn every_block() -> String {
    entries().iter().map(item).collect()
}

fn top(older: Option<u64>, linked: bool, fresh: bool) -> String {
    let can = [
        "Tell you your balances",
        "Show your payments, and what you spent where and when",
        "Show who looked at your data, and why",
    ];
    let can = can.map(str::to_owned);
    let says_no =
        thread::says_no(&[(DataClass::MerchantPlaces, "We do not show in chat where you shopped.".into())]);
    draw(&thread::Top { brand: &harbour(), older, can: &can, says_no, linked, fresh }).unwrap()
}

fn room(top: String, items: Vec<String>, linked: bool, answering: bool) -> String {
    let standing =
        if linked { "Linked for 2 accounts until 20 Feb 2027" } else { "Not linked to your accounts" };
    let last = u64::try_from(items.len()).unwrap();
    let key = "0123456789abcdef".to_owned();
    draw(&thread::Room {
        brand: harbour(),
        standing: standing.into(),
        linked,
        top,
        items,
        last,
        key,
        answering,
    })
    .unwrap()
}

fn offer() -> pages::Offer {
    pages::Offer {
        brand: Some(harbour()),
        name: "Harbour Bank".into(),
        notice: notice(),
        until: "9:54".into(),
        site: "harbour.localhost:8101".into(),
        back: Some("/chat/harbour".into()),
    }
}

fn erased(held: bool) -> pages::Erased {
    let stay = |until: Option<&str>| pages::Stays {
        what: "what was said in this chat".into(),
        why: "a case of yours with the bank is still open".into(),
        until: until.map(Into::into),
    };
    pages::Erased {
        brand: Some(harbour()),
        name: "Harbour Bank".into(),
        held,
        at: "2026-11-20T15:00:00Z".parse().unwrap(),
        on: "today at 10:00".into(),
        messages: 12,
        consents: 1,
        accesses: 5,
        stays: vec![stay(Some("20 Feb 2027")), stay(None)],
        index: (!held).then_some(7),
        record: "{\"schema\":\"parlour.erasure/1\"}".into(),
        key: "07".repeat(32),
        download: "/erased/harbour/x/receipt.json".into(),
        chat: "/chat/harbour".into(),
    }
}

fn fault() -> pages::Fault {
    pages::Fault {
        brand: Some(harbour()),
        title: "This link was used already".into(),
        detail: "A link works once.".into(),
        fields: vec![FieldFault { name: "text".into(), detail: "the message is empty".into() }],
        remedy: "Go back to the chat and ask for a new link.".into(),
        back: "/chat/harbour".into(),
        back_words: "Back to the chat".into(),
        about: None,
        status: 403,
    }
}

fn offered() -> Vec<verify::Offered> {
    let keys =
        vec!["chat.example/log/harbour+31b0f3c2+AX3jzfJ4VwVQvTOsYzCwWQ7iEJ2Y1cZb3kq1l5mJp0bV".to_owned()];
    vec![verify::Offered { name: "Harbour Bank".into(), keys }]
}

fn log_page() -> log::Log {
    let verifier_key = offered()[0].keys[0].clone();
    let key = |from_size, until| crate::log_ring::PublicKey {
        verifier_key: verifier_key.clone(),
        from_size,
        until,
    };
    log::Log {
        brand: Some(harbour()),
        name: "Harbour Bank".into(),
        entries: "10,483".into(),
        root: "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=".into(),
        written: Some("today at 9:41".into()),
        witnessed: Some("10,482".into()),
        witnesses: vec!["witness.example/w1+8d659b3d+BAq3".into()],
        quorum: 1,
        address: "https://chat.example/log/harbour".into(),
        keys: vec![key(0, Some(now())), key(9_000, None)],
        verifier_key,
    }
}

fn opened() -> String {
    let blocks = vec![balances(), transactions(), places()];
    let reply = Reply { blocks, seen: vec![seen(DataClass::Balances, 10_482)], ..Reply::default() };
    let page = sealed::Opened::new(harbour(), crate::sealed::Skill::Balances, &reply, zone(), now(), None);
    draw(&page).unwrap()
}

fn told(way: sealed::Way) -> sealed::Told {
    sealed::Told {
        brand: Some(harbour()),
        title: "The bank did not answer",
        detail: "Nothing was shown, and your page is kept.".into(),
        remedy: "Wait a moment and try again here.".into(),
        way,
        sign_in: (way == sealed::Way::Nowhere).then(way_in),
    }
}

fn way_in() -> sealed::SignIn {
    sealed::SignIn { to: "/sealed/harbour.x/sign-in".into(), bank: "Harbour Bank".into() }
}

/// Every page in every state, by a name for its file.
pub fn named() -> Vec<(&'static str, String)> {
    let items = || entries().iter().map(item).collect::<Vec<_>>();
    let first = || items().into_iter().take(1).collect();
    vec![
        ("fresh", room(top(None, false, true), vec![], false, false)),
        ("thread", room(top(None, true, false), items(), true, false)),
        ("older", room(top(Some(17), true, false), items(), true, false)),
        ("answering", room(top(None, true, false), first(), true, true)),
        ("offer", draw(&offer()).unwrap()),
        ("sealed-door", draw(&sealed::Door { brand: Some(harbour()) }).unwrap()),
        ("sealed-opened", opened()),
        (
            "sealed-waiting",
            draw(&sealed::Waiting {
                brand: Some(harbour()),
                words: ["amber", "lemon", "velvet"],
                sign_in: Some(way_in()),
            })
            .unwrap(),
        ),
        ("sealed-told", draw(&told(sealed::Way::Nowhere)).unwrap()),
        ("sealed-again", draw(&told(sealed::Way::Again)).unwrap()),
        ("back", draw(&pages::Back { brand: Some(harbour()), name: "Harbour Bank".into() }).unwrap()),
        ("erased", draw(&erased(false)).unwrap()),
        (
            "erased-door",
            draw(&pages::ReceiptDoor { brand: Some(harbour()), name: "Harbour Bank".into() }).unwrap(),
        ),
        ("held", draw(&erased(true)).unwrap()),
        ("fault", draw(&fault()).unwrap()),
        (
            "problem",
            draw(&pages::problem_page(&Kind::TooFast.because("Wait 3 seconds.").after(3)).0).unwrap(),
        ),
        ("about", draw(&pages::About { brand: None, kind: Kind::Invalid }).unwrap()),
        ("kinds", draw(&pages::AllKinds { brand: None, kinds: Kind::ALL }).unwrap()),
        ("log", draw(&log_page()).unwrap()),
        ("verify", draw(&verify::Verify { brand: None, offered: offered() }).unwrap()),
        ("banks", draw(&pages::Banks { brand: None, banks: vec![harbour()] }).unwrap()),
        ("no-banks", draw(&pages::Banks { brand: None, banks: vec![] }).unwrap()),
    ]
}

pub fn all() -> Vec<String> {
    let pages =
        named().into_iter().chain(super::console_samples::named()).chain(super::desk_samples::named());
    let pages = pages.chain(super::privacy_samples::named()).chain(super::rules_samples::named());
    pages.map(|(_, html)| html).collect()
}
