//! A guest of the demo: enters a bank's chat without a browser, asks, signs in at the bank and comes back.
//! The check walks with it, and so do the tests.

use super::{
    DemoBank,
    visitor::{Page, VisitFault, Visitor},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time;
use url::Url;

/// How often to look for an answer.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How many times to look: 20 seconds.
const LOOKS: u32 = 400;
/// How often at most for news: whoever tells it works through some weeks of a bank first.
const LOOKS_FOR_NEWS: u32 = 1_200;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepFault {
    /// A page could not be had.
    #[error(transparent)]
    Visit(#[from] VisitFault),
    /// The visitor cannot be made.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// Something else came than was promised.
    #[error("expected {wanted}; found {found}")]
    Unexpected {
        /// What was promised.
        wanted: String,
        /// What came, cut short.
        found: String,
    },
    /// No answer came.
    #[error("no answer to “{question}” in the time that a person waits")]
    Silent {
        /// The question.
        question: String,
    },
}

/// Something else came than was promised.
pub fn unexpected<T>(wanted: &str, found: impl ToString) -> Result<T, StepFault> {
    let found = found.to_string().chars().take(600).collect();
    Err(StepFault::Unexpected { wanted: wanted.to_owned(), found })
}

/// Somebody in a bank's chat.
pub struct Guest {
    /// Their cookies.
    pub visitor: Visitor,
    /// The chat's address.
    pub chat: Url,
    /// The address under which its API lies.
    api: Url,
    said: u32,
}

impl Guest {
    /// Opens a bank's chat for the first time.
    pub async fn enter(bank: &DemoBank) -> Result<Guest, StepFault> {
        let mut visitor = Visitor::new()?;
        let page = visitor.get(&bank.chat).await?;
        for promised in [bank.name, "program", "not linked"] {
            if !page.says(promised) {
                return unexpected(&format!("a chat page that says “{promised}”"), page.body);
            }
        }
        let api = bank.chat.join(&format!("/v1/chat/{}/", bank.id)).unwrap_or_else(|_| bank.chat.clone());
        Ok(Guest { visitor, chat: bank.chat.clone(), api, said: 0 })
    }

    /// An address of the chat's API.
    pub fn api(&self, path: &str) -> Url {
        self.api.join(path).unwrap_or_else(|_| self.api.clone())
    }

    /// Says something and waits for what the bank's side answers.
    pub async fn ask(&mut self, text: &str) -> Result<Value, StepFault> {
        let seq = self.say(text).await?;
        self.reply_after(seq, text).await
    }

    /// Says something; its place in the conversation.
    async fn say(&mut self, text: &str) -> Result<i64, StepFault> {
        self.said += 1;
        let key = format!("said-{}", self.said);
        let url = self.api("messages");
        let page = self.visitor.post_json(&url, &json!({ "text": text, "key": key })).await?;
        let said: Value = serde_json::from_str(&page.body).unwrap_or_default();
        said["seq"].as_i64().map_or_else(|| unexpected("a stored message", page.body), Ok)
    }

    async fn reply_after(&mut self, seq: i64, question: &str) -> Result<Value, StepFault> {
        let url = self.api(&format!("messages?after={seq}"));
        for _ in 0..LOOKS {
            let page = self.visitor.json(&url).await?;
            let messages = page["messages"].as_array().cloned().unwrap_or_default();
            if let Some(reply) = messages.into_iter().find(|m| m["words"]["answers"] == seq) {
                return Ok(reply["words"]["reply"].clone());
            }
            time::sleep(LOOK_EVERY).await;
        }
        Err(StepFault::Silent { question: question.to_owned() })
    }

    /// Waits for something that nobody asked for just now.
    pub async fn hears(&mut self, text: &str) -> Result<(), StepFault> {
        let url = self.api("messages");
        for _ in 0..LOOKS_FOR_NEWS {
            if self.visitor.get(&url).await?.says(text) {
                return Ok(());
            }
            time::sleep(LOOK_EVERY).await;
        }
        Err(StepFault::Silent { question: text.to_owned() })
    }

    /// Asks for the balance before linking, and gives the notice that comes back.
    pub async fn notice(&mut self) -> Result<Value, StepFault> {
        let reply = self.ask("What's my balance?").await?;
        block(&reply, "notice").map_or_else(|| unexpected("a notice", reply), Ok)
    }

    /// Where the button of a notice leads.
    pub fn address(notice: &Value) -> Result<Url, StepFault> {
        match notice["href"].as_str().and_then(|href| Url::parse(href).ok()) {
            Some(url) => Ok(url),
            None => unexpected("a button that leads somewhere", notice),
        }
    }

    /// Follows the button of a notice to the bank's sign-in.
    pub async fn leave_for(&mut self, bank: &DemoBank, link: &Url) -> Result<Page, StepFault> {
        let page = self.visitor.get(link).await?;
        let form = page.form_with(bank.name)?;
        let page = self.visitor.submit(&page.url, &form, None).await?;
        Ok(self.visitor.settle(page).await?)
    }

    /// Signs in at the bank, unless the bank knows them still, and gives the page on which they approve.
    pub async fn sign_in(&mut self, bank: &DemoBank, page: Page) -> Result<Page, StepFault> {
        if page.form_with("approve").is_ok() {
            return Ok(page);
        }
        let form = page.form_with("password")?.fill("login", &bank.login).fill("password", &bank.password);
        let page = self.visitor.submit(&page.url, &form, None).await?;
        Ok(self.visitor.settle(page).await?)
    }

    /// Presses the button that leads to the bank's sign-in, signs in there, and says that it is they. Gives where the
    /// bank sends the browser (not yet followed).
    pub async fn show_who_they_are(&mut self, bank: &DemoBank, page: &Page) -> Result<Page, StepFault> {
        let form = page.form_with(&format!("Sign in at {}", bank.name))?;
        let page = self.visitor.submit(&page.url, &form, None).await?;
        let page = self.visitor.settle(page).await?;
        let page = self.sign_in(bank, page).await?;
        for promised in ["wants to know that it is you", "Nothing is shared"] {
            if !page.says(promised) {
                return unexpected(&format!("a page of the bank that says “{promised}”"), page.body);
            }
        }
        let form = page.form_with("approve")?;
        Ok(self.visitor.submit(&page.url, &form, Some("approve")).await?)
    }

    /// Approves all accounts but the second, and gives where the bank sends the browser (not yet followed) and how
    /// many accounts were chosen.
    pub async fn approve(&mut self, page: &Page) -> Result<(Page, usize), StepFault> {
        let mut form = page.form_with("approve")?;
        let accounts = form.fields.iter().filter(|(name, _)| name == "accounts").count();
        if accounts < 2 {
            return unexpected("two accounts or more to choose from", &page.body);
        }
        let mut named = form.fields.iter().enumerate().filter(|(_, (name, _))| name == "accounts");
        let second = named.nth(1).map_or(0, |(at, _)| at);
        form.fields.remove(second);
        Ok((self.visitor.submit(&page.url, &form, Some("approve")).await?, accounts - 1))
    }

    /// From the notice through the bank's pages and back into the chat, not yet confirmed there. Gives how
    /// many accounts were chosen: all but one.
    pub async fn sign_in_at_bank(&mut self, bank: &DemoBank, link: &Url) -> Result<usize, StepFault> {
        let page = self.leave_for(bank, link).await?;
        let page = self.sign_in(bank, page).await?;
        let (page, chosen) = self.approve(&page).await?;
        let page = self.visitor.settle(page).await?;
        if page.url.path() != self.chat.path() {
            return unexpected("to be back in the chat", format!("{} {}", page.url, page.body));
        }
        Ok(chosen)
    }

    /// All of it: notice, bank, and the yes in the chat.
    pub async fn link(&mut self, bank: &DemoBank) -> Result<usize, StepFault> {
        let notice = self.notice().await?;
        let chosen = self.sign_in_at_bank(bank, &Guest::address(&notice)?).await?;
        self.confirm().await?;
        Ok(chosen)
    }

    /// Says yes to "was that you?". What comes by itself in between is not taken for the answer.
    pub async fn confirm(&mut self) -> Result<(), StepFault> {
        let (question, wanted) = ("Yes, that was me", "Linked to");
        let seq = self.say(question).await?;
        let url = self.api(&format!("messages?after={seq}"));
        for _ in 0..LOOKS {
            let page = self.visitor.json(&url).await?;
            let messages = page["messages"].as_array().cloned().unwrap_or_default();
            let mut said = messages.iter().filter(|m| m["words"]["from"] == "bank");
            if said.any(|m| m.to_string().contains(wanted)) {
                return Ok(());
            }
            time::sleep(LOOK_EVERY).await;
        }
        let page = self.visitor.json(&url).await?;
        unexpected("a chat that is linked", page)
    }

    /// The bank's own page of what is shared.
    pub async fn sharing(&mut self, bank: &DemoBank) -> Result<Page, StepFault> {
        let page = self.visitor.get(&bank.url.join("sharing").unwrap_or_else(|_| bank.url.clone())).await?;
        Ok(self.visitor.settle(page).await?)
    }
}

/// The first block of a kind in a reply.
pub fn block(reply: &Value, kind: &str) -> Option<Value> {
    reply["blocks"].as_array()?.iter().find(|b| b["type"] == kind).cloned()
}

/// The payments in a reply.
pub fn payments(reply: &Value) -> Vec<Value> {
    block(reply, "transactions").and_then(|b| b["rows"].as_array().cloned()).unwrap_or_default()
}
