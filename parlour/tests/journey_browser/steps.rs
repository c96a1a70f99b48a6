//! The journey step by step, at the width of a phone and of a desktop.

use crate::{chat::Chat, house::House};
use testkit::browser::{Light, Scripts, Size};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_person_with_a_phone_links_asks_sees_who_looked_and_stops() {
    journey(Size::Phone).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_person_at_a_desk_links_asks_sees_who_looked_and_stops() {
    journey(Size::Desktop).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn every_page_is_accessible_in_the_dark_and_on_the_smallest_phone() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::SmallPhone, Scripts::Run).await;
    chat.tab.prefer(Light::Dark).await;
    chat.link().await;
    chat.ask("Last transactions").await;
    chat.ask("Who looked at my data?").await;
    holds(&chat, "small-phone-dark-chat").await;
    for page in ["/", "/problems", "/link/nowhere"] {
        chat.tab.open(house.gateway(page).as_str()).await;
        holds(&chat, &format!("small-phone-dark-{}", page.replace('/', "-"))).await;
    }
}

/// A picture, and nothing that keeps somebody from using the page.
pub async fn holds(chat: &Chat, name: &str) {
    // A message fades in; a picture is of what people see in the end.
    chat.tab.until("document.getAnimations().every(one => one.playState !== 'running')").await;
    chat.tab.picture(name).await;
    chat.tab.assert_accessible().await;
    assert!(!chat.tab.overflows().await, "{name} must not scroll sideways");
}

async fn journey(size: Size) {
    let house = House::open().await;
    let name = |step: &str| format!("{}-{step}", size.name());
    let chat = house.visit(&house.harbour(), size, Scripts::Run).await;

    says_who_it_is(&chat).await;
    holds(&chat, &name("1-hello")).await;
    asks_before_linking(&chat).await;
    holds(&chat, &name("2-not-linked")).await;
    removes_secrets(&chat).await;
    holds(&chat, &name("2-secret-removed")).await;

    chat.ask("What's my balance?").await;
    let shared = chat.sign_in_at_the_bank(Some(size.name())).await;
    waits_for_a_yes(&chat).await;
    let told = chat.press("Yes, that was me").await;
    assert!(told.contains("Linked to Harbour Bank"), "{told}");
    holds(&chat, &name("4-linked")).await;

    tells_balances(&chat, shared).await;
    holds(&chat, &name("4-balances")).await;
    tells_payments(&chat, &name("5")).await;
    tells_who_looked(&chat).await;
    holds(&chat, &name("6-who-looked")).await;
    stops(&chat).await;
    holds(&chat, &name("7-stopped")).await;
    let own = house.gateway("/");
    let errors = chat.tab.console_errors().await;
    let errors: Vec<_> = errors.iter().filter(|error| error.contains(own.as_str())).collect();
    assert!(errors.is_empty(), "the gateway's pages leave the console quiet: {errors:#?}");

    the_bank_knows(&chat).await;
    chat.tab.picture(&name("7-at-the-bank")).await;
    refuses_places(&house, size, &name("8-refused")).await;
}

/// Step 1.
async fn says_who_it_is(chat: &Chat) {
    assert_eq!(chat.tab.text_of("h1").await, "Harbour Bank");
    for promised in ["program", "What it can do", "not linked", "password"] {
        chat.tab.see(promised).await;
    }
}

/// Step 2.
async fn asks_before_linking(chat: &Chat) {
    let told = chat.ask("What's my balance?").await;
    for promised in ["Harbour Bank", "balances", "90 days", "stop", "ads", "sold"] {
        assert!(told.to_lowercase().contains(&promised.to_lowercase()), "the notice says {promised}: {told}");
    }
    assert_eq!(chat.parts("section.notice a.button.primary").await.len(), 1, "one button leads on");
}

/// Step 3, the part in the chat.
async fn removes_secrets(chat: &Chat) {
    let told = chat.ask("my card is 4111 1111 1111 1111").await;
    assert!(told.contains("removed"), "{told}");
    let page = chat.tab.text_of("#thread").await;
    assert!(!page.contains("4111"), "the number is gone: {page}");
    chat.tab.reload().await;
    chat.is_ready().await;
    let page = chat.tab.text_of("#thread").await;
    assert!(!page.contains("4111"), "the number was not stored: {page}");
}

/// Step 4: signing in alone links nothing.
async fn waits_for_a_yes(chat: &Chat) {
    let told = chat.ask("What's my balance?").await;
    assert!(told.contains("was it you"), "{told}");
    assert!(chat.parts("section.account").await.is_empty(), "no balance before the yes");
}

/// Step 4.
async fn tells_balances(chat: &Chat, shared: usize) {
    let told = chat.ask("What's my balance?").await;
    assert!(told.contains("Available to spend"), "{told}");
    assert_eq!(chat.parts("section.account").await.len(), shared, "the chosen accounts only");
    assert_eq!(chat.parts("section.account .big dd").await.len(), shared, "what is there");
    assert_eq!(chat.parts("section.account time").await.len(), shared, "as of when");
    assert!(!chat.tab.text_of("#standing.linked").await.is_empty(), "the head says that it is linked");
}

/// Step 5.
async fn tells_payments(chat: &Chat, name: &str) {
    let last = chat.ask("Last transactions").await;
    assert!(last.contains("Pending"), "pending ones are marked: {last}");
    holds(chat, &format!("{name}-last")).await;
    chat.ask("transactions over $50").await;
    let amounts = chat.parts("table.payments td.amount").await;
    assert!(!amounts.is_empty(), "somebody spends more than $50 in six months");
    for amount in amounts {
        let digits: f64 =
            amount.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect::<String>().parse().unwrap();
        assert!(digits > 50.0, "{amount} is not over $50");
    }
    holds(chat, &format!("{name}-over-50")).await;
    chat.ask("what did I spend at the supermarket last week?").await;
    let total = chat.parts("dl.figures dd.amount").await;
    let shown = chat.parts("table.payments td.amount").await;
    let cents = |text: &String| {
        text.chars().filter(char::is_ascii_digit).collect::<String>().parse::<i64>().unwrap_or(0)
    };
    assert_eq!(
        total.iter().map(cents).sum::<i64>(),
        shown.iter().map(cents).sum::<i64>(),
        "the sum of what is shown"
    );
    holds(chat, &format!("{name}-supermarket")).await;
}

/// Step 6.
async fn tells_who_looked(chat: &Chat) {
    chat.ask("Who looked at my data?").await;
    let rows = chat.parts("table.accesses tbody tr").await;
    assert!(rows.len() >= 4, "each look is there: {rows:#?}");
    let answers = chat.parts("table.accesses tbody .chip").await;
    assert!(
        answers.iter().any(|answer| answer == "Read") && answers.iter().any(|answer| answer == "Refused")
    );
    let places = chat.parts("table.accesses td:last-child").await;
    assert!(places.iter().all(|place| place.trim().chars().any(|c| c.is_ascii_digit())), "{places:?}");
}

/// Step 7.
async fn stops(chat: &Chat) {
    let told = chat.ask("Stop").await;
    assert!(told.contains("Stopped"), "{told}");
    chat.tab.see("has confirmed").await;
    chat.ask("What's my balance?").await;
    assert!(chat.parts("section.account").await.is_empty(), "nothing opens after a stop");
    assert_eq!(chat.parts("section.notice").await.len(), 1, "only the offer to link again");
    assert_eq!(chat.tab.count("#standing.linked").await, 0, "the head says that it is not linked");
}

/// Step 7, at the bank's own site.
async fn the_bank_knows(chat: &Chat) {
    let consents = chat.bank.url.join("sharing").unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(12);
    loop {
        chat.tab.open(consents.as_str()).await;
        let page = chat.tab.text_of("body").await.to_lowercase();
        if page.contains("stopped on") {
            return;
        }
        assert!(std::time::Instant::now() < end, "the bank does not know of the stop: {page}");
    }
}

/// Step 8.
async fn refuses_places(house: &House, size: Size, name: &str) {
    let chat = house.visit(&house.meridian(), size, Scripts::Run).await;
    assert_eq!(chat.tab.text_of("h1").await, "Meridian Savings");
    chat.ask("Where did I shop?").await;
    let refusal = chat.parts("section.refusal").await;
    assert!(refusal.iter().any(|told| told.contains("Meridian Savings said No")), "{refusal:?}");
    assert!(
        refusal.iter().any(|told| told.contains("in which places you shop")),
        "in the bank's words: {refusal:?}"
    );
    holds(&chat, name).await;
}
