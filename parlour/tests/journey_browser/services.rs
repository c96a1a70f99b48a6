//! Every service once, at the width of a phone: a gallery, and nothing on it that keeps somebody from using it.

use crate::{chat::Chat, house::House, steps::holds};
use testkit::browser::{Light, Scripts, Size};

/// Questions, and what a part of each answer is.
const SERVICES: &[(&str, &str, &str)] = &[
    ("balances", "what’s my balance?", "Available to spend"),
    ("transactions", "last transactions", "$"),
    ("total", "what did I spend at Greenleaf Market this month?", "In "),
    ("compared", "did I spend more than last month?", "same days before"),
    ("picture", "how do I spend my money?", "by kind"),
    ("places", "where did I shop?", "Payments"),
    ("limits", "what are my card limits?", "a day"),
    ("freeze", "freeze my card", "Which card?"),
    ("travel", "I’m going to Portugal from 3 to 10 December", "Shall I?"),
    ("rename", "call my checking account “Bills and rent”", "Shall I?"),
    ("statements", "my statements", "Which statement?"),
    ("standing-orders", "my standing orders", "every month"),
    ("subscriptions", "my subscriptions", "every month"),
    ("contact", "how do you contact me?", "Statements come"),
    ("file", "my payments as a csv file", "ready as a file"),
    ("changes", "what did you change?", "Nothing was changed"),
    ("help", "what can you do?", "I am a program"),
    ("hours", "when are you open?", "Monday to Friday"),
    ("person", "I want to talk to a person", "I am a program"),
    ("linked", "am I linked?", "until"),
    ("who-looked", "who looked at my data?", "newest first"),
    ("two-requests", "what’s my balance and freeze my card", "Which card?"),
    ("refunds", "show me refunds from the last 180 days", "came back to you"),
    ("largest", "what was my biggest purchase in October?", "the largest first"),
    ("average", "average spend per week", "a week on average"),
    ("enough", "do I have enough for a 900 dollar rent?", "$900.00 available"),
    ("cards", "which cards do I have?", "a day"),
    ("no-such-account", "balance of the account ending in 4520", "no such account"),
    ("not-here", "can you transfer 50 to Anna?", "cannot send money"),
    ("privacy", "do you sell my data?", "sold or used for ads"),
    ("another-language", "cuánto dinero tengo", "solo entiendo inglés"),
    ("angry", "you are useless", "I am sorry"),
    ("against", "compare groceries October vs September", "in October than in September"),
    ("since-payday", "what did I spend since payday?", "All payments"),
    ("by-shop", "which shop do I spend most at?", "Where you paid most"),
    ("online", "what did I buy online last month?", "newest first"),
    ("too-long-ago", "what did I spend last year?", "too long ago"),
    ("cut-off", "how do I spend my money in the last 300 days?", "what was before"),
    ("tricked", "someone used my card in Paris", "From Harbour Bank"),
    ("parcel", "where is 1Z999AA10123456784?", "number of a parcel"),
];

/// Of those, what is looked at on a desk too.
const AT_A_DESK: &[&str] = &[
    "two-requests",
    "largest",
    "enough",
    "privacy",
    "another-language",
    "against",
    "by-shop",
    "cut-off",
    "tricked",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn every_service_can_be_read_and_pressed_on_a_phone() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Run).await;
    chat.link_all().await;
    for (name, question, part) in SERVICES {
        let told = chat.ask(question).await;
        assert!(told.contains(part), "{question}: {told}");
        holds(&chat, &format!("service-{name}")).await;
    }
    done_and_undone(&chat).await;
    file_to_keep(&chat).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn answers_of_several_parts_hold_at_a_desk_in_both_lights() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Desktop, Scripts::Run).await;
    chat.link_all().await;
    for (name, question, part) in SERVICES.iter().filter(|(name, ..)| AT_A_DESK.contains(name)) {
        let told = chat.ask(question).await;
        assert!(told.contains(part), "{question}: {told}");
        for light in [Light::Light, Light::Dark] {
            chat.tab.prefer(light).await;
            holds(&chat, &format!("desktop-service-{name}-{}", format!("{light:?}").to_lowercase())).await;
        }
    }
}

async fn done_and_undone(chat: &Chat) {
    chat.ask("I’m going to Portugal from 3 to 10 December").await;
    let told = chat.press("Yes, tell the bank").await;
    assert!(told.contains("Done."), "{told}");
    holds(chat, "service-done").await;
    let told = chat.press("Undo that").await;
    assert!(told.contains("taken back"), "{told}");
    let told = chat.ask("what did you change?").await;
    assert!(told.contains("taken back later"), "{told}");
    chat.tab.prefer(Light::Dark).await;
    holds(chat, "service-undone-dark").await;
}

/// The file stands on its page, and keeping it makes it what it says it is.
async fn file_to_keep(chat: &Chat) {
    chat.ask("my payments as a csv file").await;
    let href = chat.tab.run("return [...document.querySelectorAll('#thread a.button')].at(-1).href").await;
    chat.tab.open(href.as_str().unwrap()).await;
    chat.tab.click("form.actions button.primary").await;
    chat.tab.see("Keep the file").await;
    holds(chat, "service-file-page").await;
    let read = "const a = document.querySelector('a[download]'); \
                return a.download + '\\n' + atob(a.href.split('base64,')[1])";
    let file = chat.tab.run(read).await;
    let file = file.as_str().unwrap();
    assert!(file.starts_with("payments-") && file.contains(".csv\ndate,description,amount"), "{file}");
}
