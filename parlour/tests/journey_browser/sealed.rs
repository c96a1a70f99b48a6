//! Sealed pages as people see them, on a phone and on a desktop, in light and in dark. Somebody writes on a
//! messenger; the browser is that of the same phone, or of a stranger.

use crate::house::House;
use domain::Channel;
use parlour::{
    demo::DemoBank,
    foreign,
    reply::{Block, Reply},
    room::{self, Words},
};
use std::time::Duration;
use testkit::browser::{Key, Light, Scripts, Size, Tab};

/// Somebody on a messenger.
pub struct Person<'a> {
    house: &'a House,
    bank: DemoBank,
}

impl Person<'_> {
    pub fn new(house: &House) -> Person<'_> {
        Person { house, bank: house.harbour() }
    }

    /// Says something and gives what comes back.
    async fn ask(&self, text: &str) -> Reply {
        let app = &self.house.gateway_app();
        let tenant = &app.tenants.get(&self.bank.id).unwrap();
        let key = format!("mid-{}", parlour::rim::uuid(app.clock.now()).simple());
        let said = foreign::say(app, tenant, Channel::Whatsapp, "1555", text, &key).await.unwrap();
        let of = foreign::conversation(app, tenant, Channel::Whatsapp, "1555").await.unwrap();
        for _ in 0..400 {
            for entry in room::thread(app, &of, said.seq, 10).await.unwrap() {
                if let Words::Bank { reply, .. } = entry.words {
                    return reply;
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no answer to {text}");
    }

    pub async fn page(&self, question: &str) -> String {
        let reply = self.ask(question).await;
        let link = reply.blocks.into_iter().find_map(|block| match block {
            Block::SealedLink(link) => Some(link.href),
            _ => None,
        });
        link.expect("the answer is on a page")
    }

    /// Follows the notice to the bank in this browser, approves, comes back, and says yes.
    pub async fn link(&self, tab: &Tab) {
        let reply = self.ask("What's my balance?").await;
        let notice = reply.blocks.into_iter().find_map(|block| match block {
            Block::Notice(notice) => Some(notice.href),
            _ => None,
        });
        tab.open(&notice.expect("a chat that is not linked offers to link")).await;
        tab.click("form.actions button.primary").await;
        tab.text_of("input[name=login]").await;
        tab.type_into("input[name=login]", &self.bank.login).await;
        tab.type_into("input[name=password]", &self.bank.password).await;
        tab.press(Key::Enter).await;
        tab.text_of("input[name=accounts]").await;
        let all =
            "document.querySelectorAll('input[name=accounts]').forEach(box => box.checked || box.click())";
        tab.run(all).await;
        tab.click("button[value=approve]").await;
        tab.see("Go back to your chat now").await;
        let told = self.ask("Yes, that was me").await;
        assert!(format!("{told:?}").contains("Linked to"), "{told:?}");
    }
}

/// A picture, and nothing that keeps somebody from using the page.
pub async fn holds(tab: &Tab, name: &str) {
    tab.picture(name).await;
    tab.assert_accessible().await;
    assert!(!tab.overflows().await, "{name} must not scroll sideways");
}

async fn opens(tab: &Tab, page: &str) {
    tab.open(page).await;
    tab.click("form.actions button.primary").await;
}

async fn pages(size: Size, light: Light, scripts: Scripts) {
    let house = House::open().await;
    let person = Person::new(&house);
    let (own, other) = (house.tab(size, scripts).await, house.tab(size, scripts).await);
    own.prefer(light).await;
    other.prefer(light).await;
    let name =
        |state: &str| format!("{}-{}-sealed-{state}", size.name(), format!("{light:?}").to_lowercase());

    person.link(&own).await;
    holds(&own, &name("back")).await;
    let page = person.page("What's my balance?").await;
    own.open(&page).await;
    own.see("A page for you").await;
    holds(&own, &name("door")).await;
    own.click("form.actions button.primary").await;
    own.see("Available to spend").await;
    holds(&own, &name("balances")).await;
    opens(&own, &page).await;
    own.see("shown already").await;
    holds(&own, &name("used")).await;

    opens(&own, &person.page("Last transactions").await).await;
    own.see("Pending").await;
    holds(&own, &name("payments")).await;
    opens(&own, &person.page("Where did I shop?").await).await;
    own.see("Portland").await;
    holds(&own, &name("places")).await;
    opens(&own, &person.page("Who looked at my data?").await).await;
    own.see("Refused").await;
    holds(&own, &name("who-looked")).await;

    let page = person.page("What's my balance?").await;
    opens(&other, &page).await;
    other.see("Is it you?").await;
    holds(&other, &name("waiting")).await;
    opens(&own, &page).await;
    own.see("belongs to another browser").await;
    holds(&own, &name("other-browser")).await;
    let words = other.text_of(".words").await;
    person.ask(&words).await;
    other.click("form.actions button.primary").await;
    other.see("Available to spend").await;

    house.break_the_bank(true).await;
    opens(&own, &person.page("What's my balance?").await).await;
    own.see("did not answer").await;
    holds(&own, &name("bank-failed")).await;
    house.break_the_bank(false).await;
    own.click("form.actions button.primary").await;
    own.see("Available to spend").await;

    let page = person.page("What's my balance?").await;
    person.ask("stop").await;
    opens(&own, &page).await;
    own.see("sharing has ended").await;
    holds(&own, &name("ended")).await;
    opens(&own, &page.replace("/sealed/harbour.", "/sealed/harbour.x")).await;
    own.see("not known").await;
    holds(&own, &name("unknown")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn sealed_pages_are_plain_and_accessible_on_a_phone() {
    pages(Size::Phone, Light::Light, Scripts::Run).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn sealed_pages_are_plain_and_accessible_on_a_small_phone_in_the_dark() {
    pages(Size::SmallPhone, Light::Dark, Scripts::Run).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn sealed_pages_are_plain_and_accessible_at_a_desk() {
    pages(Size::Desktop, Light::Light, Scripts::Run).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn a_page_before_the_banks_own_chat_is_one_press_away() {
    let house = House::open_with("[channels.web.tiers]\nbalances = \"sealed\"\n").await;
    let chat = house.visit(&house.harbour(), Size::Phone, Scripts::Run).await;
    chat.link().await;
    let told = chat.ask("What's my balance?").await;
    assert!(told.contains("Your balances are ready."), "{told}");
    holds(&chat.tab, "phone-sealed-in-the-chat").await;
    chat.tab.click("#thread section.sealed-link a.button").await;
    chat.tab.see("A page for you").await;
    chat.tab.tab_to("form.actions button.primary").await;
    chat.tab.press(Key::Enter).await;
    chat.tab.see("Available to spend").await;
    chat.tab.click_text("Back to the chat").await;
    chat.tab.see("Your balances are ready.").await;
}
