//! A bank's own people in two browsers, each with a device that makes passkeys.

use crate::house::House;
use testkit::browser::{Light, Scripts, Size, Tab};

/// Every page of the console that has no id in its address.
const PAGES: [(&str, &str); 9] = [
    ("", "overview"),
    ("/policies", "policies"),
    ("/no", "no"),
    ("/no/preview?what=class:balances", "preview"),
    ("/consents?id=cst_00000000000000000000000000000001", "consents"),
    ("/refusals", "refusals"),
    ("/staff", "staff"),
    ("/keys", "keys"),
    ("/history", "history"),
];

/// A picture, and nothing that keeps somebody from using the page.
pub async fn holds(tab: &Tab, name: &str) {
    tab.picture(name).await;
    tab.assert_accessible().await;
    assert!(!tab.overflows().await, "{name} must not scroll sideways");
}

pub async fn registered(house: &House, name: &str, size: Size) -> Tab {
    let bank = house.harbour();
    let tab = house.desk(size, Scripts::Run).await;
    tab.open(&house.link_of(&bank, name)).await;
    tab.see(&format!("{name}, you are invited")).await;
    holds(&tab, &format!("{}-console-register", size.name())).await;
    tab.click_text("Make a passkey").await;
    tab.see("Sign out").await;
    tab
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn two_officers_in_two_browsers_say_no_together() {
    let house = House::open().await;
    let bank = house.harbour();
    let customer = house.visit(&bank, Size::Phone, Scripts::Run).await;
    customer.link().await;
    customer.ask("What's my balance?").await;
    let dana = registered(&house, "Dana Reyes", Size::Desktop).await;
    let tom = registered(&house, "Tom Okafor", Size::Phone).await;

    dana.click_text("Say No").await;
    dana.see("Nothing waits for a second person.").await;
    let console = |path: &str| house.gateway(&format!("console/{}{path}", bank.id)).to_string();
    dana.open(&console("/no/preview?what=class:balances")).await;
    dana.see("Consents in force that share this").await;
    dana.type_into("#words", "We are repairing our balances. Ask again tomorrow.").await;
    dana.type_into("#why", "Wrong figures since this morning.").await;
    dana.click_text("Propose").await;
    dana.see("You proposed this, so another officer decides.").await;
    holds(&dana, "desktop-console-own-proposal").await;

    tom.click_text("Overview").await;
    tom.click_text("Say No to balances, on every channel").await;
    tom.see("We are repairing our balances.").await;
    holds(&tom, "phone-console-proposal").await;
    tom.click_text("Approve: it takes effect at once").await;
    tom.see("approved, and in effect").await;
    let told = customer.ask("What's my balance?").await;
    assert!(told.contains("We are repairing our balances."), "the customer reads the bank's words: {told}");

    tom.click_text("Sign out").await;
    tom.see("Sign in with your passkey").await;
    holds(&tom, "phone-console-door").await;
    tom.click_text("Sign in with your passkey").await;
    tom.see("The rules, their tests and proof").await;
    for tab in [&dana, &tom] {
        let errors = tab.console_errors().await;
        assert!(errors.is_empty(), "the console leaves the browser's console quiet: {errors:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn every_page_of_staff_is_accessible_at_both_sizes_and_in_both_lights() {
    let house = House::open().await;
    let bank = house.harbour();
    let customer = house.visit(&bank, Size::Phone, Scripts::Run).await;
    customer.ask("What's my balance?").await;
    customer.link().await;
    customer.ask("What's my balance?").await;
    customer.ask("Last transactions").await;
    let dana = registered(&house, "Dana Reyes", Size::Desktop).await;
    for (size, light) in [(Size::Desktop, Light::Light), (Size::Phone, Light::Dark)] {
        dana.resize(size).await;
        dana.prefer(light).await;
        for (path, name) in PAGES {
            dana.open(house.gateway(&format!("console/{}{path}", bank.id)).as_str()).await;
            holds(&dana, &format!("{}-console-{name}", size.name())).await;
        }
        dana.open(house.gateway(&format!("audit/{}", bank.id)).as_str()).await;
        holds(&dana, &format!("{}-console-audit", size.name())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn without_scripts_the_door_says_what_it_needs() {
    let house = House::open().await;
    let bank = house.harbour();
    let tab = house.desk(Size::Phone, Scripts::Off).await;
    tab.open(house.gateway(&format!("console/{}/sign-in", bank.id)).as_str()).await;
    tab.see("This step needs JavaScript").await;
}
