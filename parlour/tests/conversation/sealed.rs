//! What a messenger carries is free of bank data, and the pages on our own host have it.

use crate::{house::House, ledger::Values, messenger::Messenger};
use domain::Channel;
use jiff::SignedDuration;
use parlour::demo::guest::block;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What somebody asks on a messenger, and whether the answer is on a page.
const QUESTIONS: [&str; 7] = [
    "What's my balance?",
    "show my last 50 transactions",
    "transactions over $50",
    "what did I spend this month?",
    "what did I spend at the supermarket last week?",
    "Where did I shop?",
    "Who looked at my data?",
];

/// Each message as text: addresses are random before anything is read, and `until` is the clock's; both are
/// checked to be no more than that and left out.
fn texts(carried: &[Value]) -> Vec<String> {
    let mut carried = carried.to_vec();
    for block in carried.iter_mut().flat_map(|reply| reply["blocks"].as_array_mut().unwrap()) {
        if let Some(href) = block["href"].as_str() {
            let (path, token) = href.rsplit_once('/').unwrap();
            assert!(path.ends_with("/sealed") || path.ends_with("/link"), "{href}");
            assert!(token.len() == "harbour.".len() + 43 && token.starts_with("harbour."), "{href}");
            let until: jiff::Timestamp = block["until"].as_str().unwrap().parse().unwrap();
            assert_eq!(until.as_second() % 60, 0, "the clock stands still on a whole minute");
            block.as_object_mut().unwrap().retain(|key, _| key != "href" && key != "until");
        }
    }
    carried.iter().map(Value::to_string).collect()
}

fn found(values: &Values, texts: &[String]) -> BTreeMap<String, String> {
    let each = texts.iter().flat_map(|text| values.found_in(text).into_iter().map(move |v| (v, text)));
    each.map(|(value, text)| (value.to_owned(), text.clone())).collect()
}

/// The whole journey on one channel; gives how many values each page showed.
async fn journey(house: &House, person: &mut Messenger) -> Vec<usize> {
    person.ask("hello").await;
    person.link().await;
    let values = Values::of(house.data(), "harbour", "maya");
    let mut shown = vec![];
    for question in QUESTIONS {
        let reply = person.ask(question).await;
        let Some(link) = block(&reply, "sealed_link") else { continue };
        let page = person.opens(&link["href"].as_str().unwrap().parse().unwrap()).await;
        assert!(page.status.is_success(), "{question}: {} {}", page.status, page.body);
        shown.push(values.found_in(&plain(&page.body)).len());
    }
    person.ask("link my bank").await;
    person.ask("what can you do?").await;
    person.ask("my password is hunter2hunter2").await;
    person.ask("the quick brown fox").await;
    for said in [
        "pause",
        "What's my balance?",
        "continue",
        "What do I share?",
        "Receipts for this",
        "Change what I share",
        "Export my data",
        "Erase my data",
        "No, keep it",
    ] {
        person.ask(said).await;
    }
    let stopped = person.ask("stop").await;
    assert!(stopped.to_string().contains("Stopped"), "{stopped}");
    person.hears("ended there too").await;
    person.ask("What's my balance?").await;
    person.ask("What do I share?").await;
    shown
}

/// A page as people read it.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut tag = false;
    for c in html.chars() {
        match c {
            '<' => tag = true,
            '>' => {
                tag = false;
                text.push(' ');
            }
            c if !tag => text.push(c),
            _ => {}
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaks_where_a_clock_was_set_back() {
    let house = House::open().await;
    let mut person = Messenger::on(&house, Channel::Messenger, "psid-4712").await;
    person.ask("hello").await;
    person.link().await;
    house.forward(SignedDuration::from_mins(-2));
    for question in &QUESTIONS[..6] {
        let reply = person.ask(question).await;
        assert!(block(&reply, "sealed_link").is_some(), "{question}: {reply}");
    }
    let values = Values::of(house.data(), "harbour", "maya");
    assert!(found(&values, &texts(&person.carried().await)).is_empty());
}

async fn nothing_leaks_on(channel: Channel) {
    let house = House::open().await;
    let mut person = Messenger::on(&house, channel, "psid-4711").await;
    let shown = journey(&house, &mut person).await;
    assert_eq!(shown.len(), QUESTIONS.len(), "each question had its page");
    assert!(
        shown[..6].iter().all(|values| *values >= 2),
        "the pages have what the messages have not: {shown:?}"
    );
    let carried = person.carried().await;
    assert!(carried.len() > QUESTIONS.len() + 8, "{} messages were recorded", carried.len());
    let values = Values::of(house.data(), "harbour", "maya");
    let leaked = found(&values, &texts(&carried));
    assert!(leaked.is_empty(), "{channel} carried {leaked:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messenger_carries_no_value_of_the_ledger_in_the_whole_journey() {
    nothing_leaks_on(Channel::Messenger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn matrix_carries_no_value_of_the_ledger_in_the_whole_journey() {
    nothing_leaks_on(Channel::Matrix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_finds_what_a_bank_lets_into_the_conversation() {
    let tiers = "[channels.messenger.tiers]\naccounts = \"in_chat\"\nbalances = \"in_chat\"\ntransactions = \"in_chat\"\n";
    let house = House::open_where(tiers).await;
    let mut person = Messenger::meet(&house, "psid-4711").await;
    let shown = journey(&house, &mut person).await;
    assert_eq!(shown.len(), 2, "places stay on a page whatever a bank says, and so does who looked");
    let notice = person.carried().await.iter().find_map(|reply| block(reply, "notice")).unwrap().to_string();
    assert!(
        notice.contains("whoever runs Messenger can read it") && notice.contains("your balances"),
        "{notice}"
    );
    assert!(
        !notice.contains("Never shown to a messenger"),
        "a notice promises no more than is true: {notice}"
    );
    let values = Values::of(house.data(), "harbour", "maya");
    let carried = texts(&person.carried().await);
    let leaked = found(&values, &carried);
    assert!(leaked.len() > 50, "a test that finds {} values would not find a leak", leaked.len());
    assert!(
        leaked.keys().any(|value| value.contains('.')) && leaked.keys().any(|value| value.contains("nov"))
    );
    let places: Vec<_> = ["portland", "salem"].iter().filter(|city| leaked.contains_key(**city)).collect();
    assert!(places.is_empty(), "the floor keeps places off messengers: {places:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bank_never_shows_on_a_channel_is_refused_in_its_name_and_logged() {
    let house = House::open_where("[channels.messenger.tiers]\ntransactions = \"never\"\n").await;
    let mut person = Messenger::meet(&house, "psid-1").await;
    person.link().await;
    let reply = person.ask("Last transactions").await;
    let refusal = block(&reply, "refusal").unwrap_or_else(|| panic!("{reply}"));
    assert_eq!(refusal["who"], "Harbour Bank");
    assert!(
        refusal["why"].as_str().unwrap().contains("does not show your transactions on Messenger"),
        "{refusal}"
    );
    let page = person.asks_for_a_page("Who looked at my data?").await;
    let page = person.opens(&page).await;
    assert!(page.says("Refused") && page.says("this may not be shown here"), "{}", page.body);
    let balances = person.asks_for_a_page("What's my balance?").await;
    assert!(person.opens(&balances).await.says("Available to spend"), "the rest goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_asked_for_and_logged_when_it_is_opened_and_not_before() {
    let house = House::open().await;
    let mut person = Messenger::meet(&house, "psid-1").await;
    person.link().await;
    let looked = async |person: &mut Messenger| {
        let page = person.asks_for_a_page("Who looked at my data?").await;
        person.opens(&page).await.body.matches("your balances").count()
    };
    let before = looked(&mut person).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    assert_eq!(looked(&mut person).await, before, "a link alone reads nothing");
    let opened = person.opens(&page).await;
    assert!(opened.says("Log entry"), "{}", opened.body);
    assert_eq!(looked(&mut person).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_may_put_pages_before_its_own_chat_too() {
    let house = House::open_where("[channels.web.tiers]\nbalances = \"sealed\"\n").await;
    let mut guest = parlour::demo::guest::Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let reply = guest.ask("What's my balance?").await.unwrap();
    let link = block(&reply, "sealed_link").unwrap_or_else(|| panic!("{reply}"));
    assert!(reply["seen"].is_null() && block(&reply, "balances").is_none());
    let page =
        crate::messenger::press(&mut guest.visitor, &link["href"].as_str().unwrap().parse().unwrap()).await;
    assert!(page.says("Available to spend") && page.says("Back to the chat"), "{}", page.body);
    let reply = guest.ask("Last transactions").await.unwrap();
    assert!(
        block(&reply, "transactions").is_some(),
        "what the bank did not seal is told in the chat: {reply}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_who_looked_and_of_receipts_open_after_a_stop() {
    let house = House::open().await;
    let mut person = Messenger::meet(&house, "psid-1").await;
    person.link().await;
    let page = person.asks_for_a_page("What's my balance?").await;
    person.opens(&page).await;
    person.ask("stop").await;
    let page = person.asks_for_a_page("Who looked at my data?").await;
    let page = person.opens(&page).await;
    assert!(page.status.is_success() && page.says("your balances"), "{}", page.body);
    person.hears("ended there too").await;
    assert!(!person.carried().await.iter().any(|reply| reply.to_string().contains("Receipt of")));
    let page = person.asks_for_a_page("Receipts for this").await;
    let page = person.opens(&page).await;
    assert!(page.says("Receipt of Harbour Bank") && page.says("is withdrawn"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_fails_leaves_the_page_usable() {
    let house = House::open().await;
    let mut person = Messenger::meet(&house, "psid-1").await;
    person.link().await;
    let page = person.asks_for_a_page("What's my balance?").await;
    house.faults(&json!({ "serverError": {} })).await;
    let failed = person.opens(&page).await;
    assert!(
        failed.status == 502 && failed.says("did not answer") && failed.says("Try again"),
        "{}",
        failed.body
    );
    house.faults(&json!({})).await;
    house.forward(jiff::SignedDuration::from_mins(5));
    let form = failed.form_with("Try again").unwrap();
    let opened = person.guest.visitor.submit(&page, &form, None).await.unwrap();
    assert!(opened.says("Available to spend"), "{}", opened.body);
    assert_eq!(person.opens(&page).await.status, 410, "once it was shown, it is used");
}
