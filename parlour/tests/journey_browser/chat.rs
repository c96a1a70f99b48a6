//! A chat page and what a person does on it.

use parlour::demo::DemoBank;
use serde_json::Value;
use std::sync::atomic::{AtomicI64, Ordering};
use testkit::browser::{Key, Tab};

/// The stream of answers is open.
const READY: &str = "document.documentElement.dataset.ready && document.getElementById('thread')._htmx?.sse";
/// The highest number of a message on the page.
const LAST: &str =
    "Math.max(0, ...[...document.querySelectorAll('#thread > li.msg')].map(m => +m.dataset.seq))";

/// A tab at a bank's chat.
pub struct Chat {
    /// The tab.
    pub tab: Tab,
    /// The bank.
    pub bank: DemoBank,
    answer: AtomicI64,
}

impl Chat {
    /// A tab that is at a bank's chat.
    pub fn new(tab: Tab, bank: DemoBank) -> Chat {
        Chat { tab, bank, answer: AtomicI64::new(0) }
    }

    /// Waits until the page listens.
    pub async fn is_ready(&self) {
        self.tab.until(READY).await;
    }

    /// The number of the newest message.
    pub async fn last(&self) -> i64 {
        self.tab.run(&format!("return {LAST}")).await.as_i64().expect("numbers are whole")
    }

    /// Types a question, waits for the answer, and gives its visible text.
    pub async fn ask(&self, question: &str) -> String {
        let before = self.last().await;
        self.tab.type_into("#text", question).await;
        self.tab.press(Key::Enter).await;
        self.answer_after(before).await
    }

    /// Presses the button of this label, which asks something, and waits for the answer.
    pub async fn press(&self, label: &str) -> String {
        let before = self.last().await;
        self.tab.click_text(label).await;
        self.answer_after(before).await
    }

    /// Waits until the bank answered what was said after a message, and gives the answer's text.
    pub async fn answer_after(&self, before: i64) -> String {
        let answer = format!(
            "(() => {{ const all = [...document.querySelectorAll('#thread > li.msg')]; \
             const mine = all.find(m => m.matches('.me') && +m.dataset.seq > {before}); \
             return mine && all.find(m => m.dataset.answers === mine.dataset.seq && m.innerText.trim()) }})()"
        );
        self.tab.until(&answer).await;
        let seq = self.tab.run(&format!("return +{answer}.dataset.seq")).await;
        self.answer.store(seq.as_i64().expect("numbers are whole"), Ordering::Relaxed);
        // A message fades in; for the driver it has no text yet while it cannot be seen.
        let text = self.tab.run(&format!("return {answer}.innerText")).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Finds something in the last answer.
    fn answer_is(&self, css: &str) -> String {
        format!("#m-{} {css}", self.answer.load(Ordering::Relaxed))
    }

    /// The texts of what `css` finds in the last answer.
    pub async fn parts(&self, css: &str) -> Vec<String> {
        let css = Value::from(self.answer_is(css));
        let parts = self
            .tab
            .run(&format!("return [...document.querySelectorAll({css})].map(e => e.innerText)"))
            .await;
        parts
            .as_array()
            .into_iter()
            .flatten()
            .map(|part| part.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The numbers of all messages on the page, in the order they stand.
    pub async fn numbers(&self) -> Vec<i64> {
        let script = "return [...document.querySelectorAll('#thread > li.msg')].map(m => +m.dataset.seq)";
        let numbers = self.tab.run(script).await;
        numbers.as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
    }

    /// Goes from the notice to the bank, signs in, shares all accounts but the last, comes back. Gives how
    /// many were shared.
    pub async fn sign_in_at_the_bank(&self, pictures: Option<&str>) -> usize {
        self.share(pictures, 1).await
    }

    /// The same, leaving out the last so many accounts.
    async fn share(&self, pictures: Option<&str>, left_out: usize) -> usize {
        let picture = async |name: &str| {
            if let Some(size) = pictures {
                self.tab.picture(&format!("{size}-{name}")).await;
                self.tab.assert_accessible().await;
                assert!(!self.tab.overflows().await, "{name} is wider than a {size}");
            }
        };
        self.tab.click("#thread section.notice a.button.primary").await;
        self.tab.see("Nothing has been shared yet").await;
        picture("3-notice").await;
        self.tab.click("form.actions button.primary").await;
        self.tab.text_of("input[name=login]").await;
        assert_eq!(
            self.tab.url().await.origin(),
            self.bank.url.origin(),
            "people sign in at the bank's own site"
        );
        picture("3-sign-in").await;
        self.tab.type_into("input[name=login]", &self.bank.login).await;
        self.tab.type_into("input[name=password]", &self.bank.password).await;
        self.tab.press(Key::Enter).await;
        self.tab.text_of("input[name=accounts]").await;
        let accounts = self.tab.count("input[name=accounts]").await;
        assert!(accounts > 1, "there is a choice of accounts");
        let choose = format!(
            "document.querySelectorAll('input[name=accounts]').forEach((box, n) => {{ \
             if (box.checked !== (n < {})) box.click() }})",
            accounts - left_out
        );
        self.tab.run(&choose).await;
        picture("3-accounts").await;
        self.tab.click("button[value=approve]").await;
        self.tab.see("Yes, that was me").await;
        self.is_ready().await;
        accounts - left_out
    }

    /// Links the chat with all accounts.
    pub async fn link_all(&self) {
        self.ask("What's my balance?").await;
        self.share(None, 0).await;
        let told = self.press("Yes, that was me").await;
        assert!(told.contains("Linked to"), "{told}");
    }

    /// Links the chat, from the first question to the yes.
    pub async fn link(&self) -> usize {
        self.ask("What's my balance?").await;
        let shared = self.sign_in_at_the_bank(None).await;
        let told = self.press("Yes, that was me").await;
        assert!(told.contains("Linked to"), "{told}");
        shared
    }
}
