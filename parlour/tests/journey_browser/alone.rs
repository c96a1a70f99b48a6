//! Without scripts, and without a mouse.

use crate::house::House;
use testkit::browser::{Key, Scripts, Size};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_question_gets_its_answer_without_scripts() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Off).await;
    chat.tab.see("This page works without JavaScript").await;
    chat.tab.type_into("#text", "What can you do?").await;
    chat.tab.click("#composer button.send").await;
    chat.tab.see("I am a program of Harbour Bank").await;
    assert_eq!(chat.tab.count("#thread > li.msg").await, 2, "one question, one answer");
    chat.tab.picture("phone-no-scripts").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn the_keyboard_alone_links_asks_and_stops() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Desktop, Scripts::Run).await;
    let tab = &chat.tab;
    let before = chat.last().await;
    tab.tab_to("#text").await;
    tab.keys("What's my balance?").await;
    tab.press(Key::Enter).await;
    chat.answer_after(before).await;

    tab.run("document.getElementById('log').focus()").await;
    tab.tab_to("#thread section.notice a.button.primary").await;
    tab.press(Key::Enter).await;
    tab.see("Nothing has been shared yet").await;
    tab.tab_to("form.actions button.primary").await;
    tab.press(Key::Enter).await;
    tab.text_of("input[name=login]").await;
    tab.tab_to("input[name=login]").await;
    tab.keys(&chat.bank.login).await;
    tab.tab_to("input[name=password]").await;
    tab.keys(&chat.bank.password).await;
    tab.press(Key::Enter).await;
    tab.text_of("input[name=accounts]").await;
    tab.tab_to("input[name=accounts]").await;
    if tab.run("return document.activeElement.checked").await == false {
        tab.press(Key::Space).await;
    }
    tab.tab_to("button[value=approve]").await;
    tab.press(Key::Enter).await;
    tab.see("Yes, that was me").await;
    chat.is_ready().await;

    let before = chat.last().await;
    tab.run("document.getElementById('log').focus()").await;
    tab.tab_to("#thread > li.msg:last-child .replies button").await;
    tab.press(Key::Enter).await;
    assert!(chat.answer_after(before).await.contains("Linked to"));

    let before = chat.last().await;
    tab.run("document.body.focus()").await;
    tab.tab_to("#stop button").await;
    tab.press(Key::Space).await;
    assert!(chat.answer_after(before).await.contains("Stopped"));
}
