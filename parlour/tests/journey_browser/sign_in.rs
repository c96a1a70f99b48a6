//! Signing in at the bank, as people see it: to the privacy page, and to a sealed page in a new browser.

use crate::{
    chat::Chat,
    house::House,
    sealed::{Person, holds},
};
use testkit::browser::{Key, Light, Scripts, Size, Tab};

/// At the bank: signs in and says that it is they.
async fn show_who_they_are(tab: &Tab, chat: &parlour::demo::DemoBank, login: &str) {
    tab.text_of("input[name=login]").await;
    tab.type_into("input[name=login]", login).await;
    tab.type_into("input[name=password]", &chat.password).await;
    tab.press(Key::Enter).await;
    tab.see("wants to know that it is you").await;
}

async fn says_yes(tab: &Tab) {
    tab.click("button[value=approve]").await;
}

async fn walk(size: Size, light: Light) {
    let house = House::open().await;
    let bank = house.harbour();
    let name = |step: &str| format!("sign-in-{}-{step}", size.name());
    let first = house.visit(&bank, Size::Phone, Scripts::Run).await;
    first.link().await;
    let tab = house.tab(size, Scripts::Run).await;
    tab.prefer(light).await;

    tab.open(house.gateway("/privacy/harbour").as_str()).await;
    tab.see("This browser has no chat").await;
    holds(&tab, &name("1-door")).await;
    tab.click("form.actions button.primary").await;
    show_who_they_are(&tab, &bank, "tomas").await;
    holds(&tab, &name("2-at-the-bank")).await;
    says_yes(&tab).await;
    tab.see("There is nothing of yours here").await;
    holds(&tab, &name("3-not-known")).await;

    let tab = house.tab(size, Scripts::Run).await;
    tab.prefer(light).await;
    tab.open(house.gateway("/privacy/harbour").as_str()).await;
    tab.click("form.actions button.primary").await;
    show_who_they_are(&tab, &bank, &bank.login).await;
    says_yes(&tab).await;
    tab.see("On until").await;
    holds(&tab, &name("4-signed-in")).await;
    tab.click_text("Change").await;
    tab.see("Link this chat to").await;
    tab.click("form.actions button.primary").await;
    tab.text_of("input[name=accounts]").await;
    tab.run("document.querySelectorAll('input[name=accounts]').forEach(box => box.checked || box.click())")
        .await;
    says_yes(&tab).await;
    tab.see("A choice waits for you").await;
    holds(&tab, &name("5-answer")).await;
    tab.click_text("Yes, that was me").await;
    tab.see("On until").await;

    let second: Chat = house.visit(&bank, Size::Phone, Scripts::Run).await;
    second.link().await;
    tab.open(house.gateway("/privacy/harbour").as_str()).await;
    tab.see("Which one do you want to see?").await;
    holds(&tab, &name("6-several")).await;
    tab.click_text("See this one").await;
    tab.see("All your conversations").await;
    holds(&tab, &name("7-chosen")).await;
    tab.click_text("Sign out").await;
    tab.see("This browser has no chat").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn who_lost_the_chat_signs_in_at_the_bank_with_a_phone() {
    walk(Size::Phone, Light::Light).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn who_lost_the_chat_signs_in_at_the_bank_at_a_desk_in_the_dark() {
    walk(Size::Desktop, Light::Dark).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_sealed_page_opens_after_a_sign_in_with_a_phone() {
    let house = House::open().await;
    let person = Person::new(&house);
    let bank = house.harbour();
    let (own, tab) = (house.tab(Size::Phone, Scripts::Run).await, house.tab(Size::Phone, Scripts::Run).await);
    person.link(&own).await;
    let page = person.page("What's my balance?").await;
    tab.open(&page).await;
    tab.click("form.actions button.primary").await;
    tab.see("Or sign in at Harbour Bank").await;
    holds(&tab, "sign-in-phone-sealed-1-offer").await;
    tab.click("form[action$='/sign-in'] button").await;
    show_who_they_are(&tab, &bank, "tomas").await;
    says_yes(&tab).await;
    tab.see("This page belongs to somebody else").await;
    holds(&tab, "sign-in-phone-sealed-2-somebody-else").await;

    let other = house.tab(Size::Phone, Scripts::Run).await;
    let page = person.page("What's my balance?").await;
    other.open(&page).await;
    other.click("form.actions button.primary").await;
    other.click("form[action$='/sign-in'] button").await;
    show_who_they_are(&other, &bank, &bank.login).await;
    says_yes(&other).await;
    other.see("A page for you").await;
    other.click("form.actions button.primary").await;
    other.see("Available to spend").await;
}
