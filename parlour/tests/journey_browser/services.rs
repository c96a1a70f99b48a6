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
