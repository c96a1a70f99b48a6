//! The privacy page in every state, at the width of a phone and of a desktop, in light and in dark.

use crate::{chat::Chat, house::House, steps::holds};
use testkit::browser::{Key, Light, Scripts, Size};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_person_with_a_phone_sees_pauses_stops_and_erases() {
    walk(Size::Phone, Light::Light).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_person_at_a_desk_in_the_dark_sees_pauses_stops_and_erases() {
    walk(Size::Desktop, Light::Dark).await;
}

/// The part of the page of this name.
async fn part(chat: &Chat, name: &str) {
    chat.tab.click_text(name).await;
}

async fn walk(size: Size, light: Light) {
    let house = House::open().await;
    let name = |step: &str| format!("privacy-{}-{step}", size.name());
    let chat = house.visit(&house.harbour(), size, Scripts::Run).await;
    let tab = &chat.tab;
    tab.prefer(light).await;

    tab.open(house.gateway("/privacy/harbour").as_str()).await;
    tab.see("Nothing is shared").await;
    holds(&chat, &name("1-nothing")).await;
    tab.click_text("Open the chat").await;
    chat.is_ready().await;
    chat.link().await;
    chat.ask("What's my balance?").await;
    chat.ask("my privacy").await;
    tab.picture(&name("2-chat")).await;
    tab.click_text("Open my privacy page").await;
    tab.see("On until").await;
    holds(&chat, &name("3-linked")).await;
    tab.click_text("Everything about it").await;
    tab.see("What happened").await;
    tab.click_text("Read it again, word for word").await;
    tab.see("How to stop").await;
    holds(&chat, &name("4-one")).await;
    tab.run("scrollTo(0, document.body.scrollHeight)").await;
    tab.picture(&name("4-one-below")).await;

    part(&chat, "What I share").await;
    tab.click_text("Pause").await;
    tab.see("You paused it").await;
    holds(&chat, &name("5-paused")).await;
    part(&chat, "Back to the chat").await;
    chat.is_ready().await;
    chat.ask("What's my balance?").await;
    tab.click(".tools a[href='/privacy/harbour']").await;
    part(&chat, "Who looked").await;
    tab.see("Refused").await;
    holds(&chat, &name("6-looks")).await;
    tab.click_text("Refused").await;
    tab.see("you have paused this link").await;
    holds(&chat, &name("6-refused")).await;

    part(&chat, "What I share").await;
    tab.click_text("Go on sharing").await;
    tab.see("On until").await;
    tab.click_text("Stop sharing").await;
    tab.see("Stop sharing?").await;
    holds(&chat, &name("7-stop")).await;
    tab.click_text("Yes, stop sharing").await;
    tab.see("Your receipt").await;
    holds(&chat, &name("8-stopped")).await;
    part(&chat, "What I share").await;
    tab.see("Before").await;
    holds(&chat, &name("8-ended")).await;

    part(&chat, "My copy").await;
    tab.see("A copy of everything").await;
    holds(&chat, &name("9-copy")).await;
    part(&chat, "Erase").await;
    tab.see("What goes").await;
    tab.type_into("#word", "yes").await;
    tab.press(Key::Enter).await;
    tab.see("Nothing was erased").await;
    holds(&chat, &name("10-wrong-word")).await;
    tab.type_into("#word", "erase").await;
    tab.click_text("Erase everything").await;
    tab.see("Everything was erased").await;
    holds(&chat, &name("11-erased")).await;
    tab.open(house.gateway("/privacy/harbour").as_str()).await;
    tab.see("This page opens from the chat").await;
    holds(&chat, &name("12-door")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn the_keyboard_alone_pauses_and_stops_and_the_page_runs_no_script() {
    let house = House::open().await;
    let chat = house.visit(&house.harbour(), Size::SmallPhone, Scripts::Run).await;
    chat.link().await;
    let tab = &chat.tab;
    tab.tab_to(".tools a[href='/privacy/harbour']").await;
    tab.press(Key::Enter).await;
    tab.see("On until").await;
    assert_eq!(tab.count("script").await, 0, "it works the same without scripts");
    holds(&chat, "privacy-small-phone-linked").await;
    tab.tab_to("form[action$='/pause'] button").await;
    tab.press(Key::Enter).await;
    tab.see("You paused it").await;
    tab.tab_to("a.danger").await;
    tab.press(Key::Enter).await;
    tab.see("Stop sharing?").await;
    tab.tab_to("form.actions button.danger").await;
    tab.press(Key::Space).await;
    tab.see("Your receipt").await;
    let own = house.gateway("/");
    let errors = tab.console_errors().await;
    let errors: Vec<_> = errors.iter().filter(|error| error.contains(own.as_str())).collect();
    assert!(errors.is_empty(), "the console is quiet: {errors:#?}");
}
