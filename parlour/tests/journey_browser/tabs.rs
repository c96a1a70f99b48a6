//! Two tabs and a server that goes away: nothing is lost, nothing is there twice.

use crate::house::House;
use testkit::browser::{Scripts, Size};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn two_tabs_show_the_same_conversation_once() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Desktop, Scripts::Run).await;
    let (first, second) = chat.tab.second().await;
    chat.tab.open(chat.bank.chat.as_str()).await;
    chat.is_ready().await;
    chat.ask("hello").await;
    let in_second = chat.numbers().await;
    chat.tab.show(&first).await;
    chat.tab.until("document.querySelectorAll('#thread > li.msg').length === 2").await;
    assert_eq!(chat.numbers().await, in_second);
    chat.ask("What can you do?").await;
    let in_first = chat.numbers().await;
    chat.tab.show(&second).await;
    chat.tab.until("document.querySelectorAll('#thread > li.msg').length === 4").await;
    assert_eq!(chat.numbers().await, in_first);
    assert_eq!(in_first, [1, 2, 3, 4], "each once, in order");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_restart_of_the_server_loses_nothing_and_doubles_nothing() {
    let mut house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Run).await;
    let shared = chat.link().await;
    let before = chat.numbers().await;

    house.stop().await;
    chat.tab.type_into("#text", "What's my balance?").await;
    chat.tab.press(testkit::browser::Key::Enter).await;
    chat.tab.see("Send again").await;
    chat.tab.picture("phone-server-away").await;
    house.start_again().await;

    let last = *before.last().unwrap();
    chat.tab.click_text("Send again").await;
    chat.answer_after(last).await;
    assert_eq!(chat.parts("section.account").await.len(), shared, "the link outlives a restart");
    let after = chat.numbers().await;
    assert_eq!(after[..before.len()], before[..], "what was there stays as it was");
    assert_eq!(after.len(), before.len() + 2, "one question and one answer more: {after:?}");
    chat.tab.reload().await;
    chat.is_ready().await;
    assert_eq!(chat.numbers().await, after, "the server has the same");
}
