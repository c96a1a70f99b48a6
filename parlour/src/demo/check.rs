//! `parlour demo --check`: walks the first journey through real HTTP, one line per step, and stops at the
//! first that fails.

use super::{
    DemoBank, RunningDemo,
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
    #[error("no answer to “{question}” within 20 seconds")]
    Silent {
        /// The question.
        question: String,
    },
}

fn unexpected<T>(wanted: &str, found: impl ToString) -> Result<T, StepFault> {
    let found = found.to_string().chars().take(400).collect();
    Err(StepFault::Unexpected { wanted: wanted.to_owned(), found })
}

/// Walks the journey; true when every step held.
pub async fn walk(demo: &RunningDemo) -> bool {
    let mut walk = Walk { step: 0, held: true };
    let outcome = journey(demo, &mut walk).await;
    if let Err(fault) = outcome {
        println!("FAILED  {}. {fault}", walk.step + 1);
        walk.held = false;
    }
    walk.held
}

struct Walk {
    step: u32,
    held: bool,
}

impl Walk {
    fn held(&mut self, what: &str) {
        self.step += 1;
        println!("ok      {}. {what}", self.step);
    }
}

async fn journey(demo: &RunningDemo, walk: &mut Walk) -> Result<(), StepFault> {
    let [harbour, meridian] = demo.banks.as_slice() else { return unexpected("two banks", demo.banks.len()) };
    let mut guest = Guest::enter(harbour).await?;
    walk.held("the chat says who is talking, what it can do, and that it is not linked");
    let notice = guest.ask_unlinked().await?;
    walk.held("a question before linking is answered honestly, with the notice and a button");
    guest.is_told_off_for_a_card_number().await?;
    walk.held("a card number typed into the chat is removed before it is stored");
    let chosen = guest.sign_in_at_bank(harbour, &notice).await?;
    walk.held("signing in, choosing accounts and approving take place at the bank");
    guest.forwarded(&notice).await?;
    walk.held("the used link opens nothing in another browser");
    guest.confirm().await?;
    walk.held("only the yes in the chat itself gives the consent");
    guest.balances(chosen).await?;
    walk.held("balances of the chosen accounts only, with available and current amounts");
    guest.payments().await?;
    walk.held("last transactions, pending ones marked; over $50; and what was spent at one merchant");
    guest.looked().await?;
    walk.held("who looked: each access with data, purpose, outcome and place in the log");
    guest.stop(harbour).await?;
    walk.held("one word stops it, here at once and at the bank; the next question opens nothing");
    let mut second = Guest::enter(meridian).await?;
    second.is_refused_places().await?;
    walk.held("the second bank refuses merchant places with its own reason");
    Ok(())
}

/// Somebody who walks the journey.
struct Guest {
    visitor: Visitor,
    chat: Url,
    api: Url,
    said: u32,
}

impl Guest {
    async fn enter(bank: &DemoBank) -> Result<Guest, StepFault> {
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

    fn api(&self, path: &str) -> Url {
        self.api.join(path).unwrap_or_else(|_| self.api.clone())
    }

    /// Says something and waits for what the bank's side answers.
    async fn ask(&mut self, text: &str) -> Result<Value, StepFault> {
        self.said += 1;
        let key = format!("check-{}", self.said);
        let url = self.api("messages");
        let page = self.visitor.post_json(&url, &json!({ "text": text, "key": key })).await?;
        let said: Value = serde_json::from_str(&page.body).unwrap_or_default();
        let Some(seq) = said["seq"].as_i64() else { return unexpected("a stored message", page.body) };
        self.reply_after(seq, text).await
    }

    async fn reply_after(&mut self, seq: i64, question: &str) -> Result<Value, StepFault> {
        let url = self.api(&format!("messages?after={seq}"));
        for _ in 0..LOOKS {
            let page = self.visitor.json(&url).await?;
            let messages = page["messages"].as_array().cloned().unwrap_or_default();
            if let Some(reply) = messages.into_iter().find(|m| m["words"]["from"] == "bank") {
                return Ok(reply["words"]["reply"].clone());
            }
            time::sleep(LOOK_EVERY).await;
        }
        Err(StepFault::Silent { question: question.to_owned() })
    }

    /// Waits for something that nobody asked for just now.
    async fn hears(&mut self, text: &str) -> Result<(), StepFault> {
        let url = self.api("messages");
        for _ in 0..LOOKS {
            if self.visitor.get(&url).await?.says(text) {
                return Ok(());
            }
            time::sleep(LOOK_EVERY).await;
        }
        Err(StepFault::Silent { question: text.to_owned() })
    }

    async fn ask_unlinked(&mut self) -> Result<Url, StepFault> {
        let reply = self.ask("What's my balance?").await?;
        let Some(notice) = block(&reply, "notice") else { return unexpected("a notice", reply) };
        let text = notice.to_string();
        for promised in ["Harbour Bank", "balances", "90 days", "stop", "ads", "sold"] {
            if !text.contains(promised) {
                return unexpected(&format!("a notice that says “{promised}”"), text);
            }
        }
        match notice["href"].as_str().and_then(|href| Url::parse(href).ok()) {
            Some(url) => Ok(url),
            None => unexpected("a button that leads somewhere", notice),
        }
    }

    async fn is_told_off_for_a_card_number(&mut self) -> Result<(), StepFault> {
        let reply = self.ask("my card is 4111 1111 1111 1111").await?;
        if block(&reply, "care").is_none() {
            return unexpected("a warning", reply);
        }
        let url = self.api("messages?after=0");
        let thread = self.visitor.json(&url).await?.to_string();
        if thread.contains("4111") { unexpected("a thread without the card number", thread) } else { Ok(()) }
    }

    /// From the notice to the bank, through its pages, and back into the chat. Gives how many accounts were
    /// chosen: all but one.
    async fn sign_in_at_bank(&mut self, bank: &DemoBank, notice: &Url) -> Result<usize, StepFault> {
        let link = self.visitor.get(notice).await?;
        let form = link.form_with(bank.name)?;
        let page = self.visitor.submit(&link.url, &form, None).await?;
        let page = self.visitor.settle(page).await?;
        let form = page.form_with("password")?.fill("login", &bank.login).fill("password", &bank.password);
        let page = self.visitor.submit(&page.url, &form, None).await?;
        let page = self.visitor.settle(page).await?;
        let mut form = page.form_with("approve")?;
        let accounts = form.fields.iter().filter(|(name, _)| name == "accounts").count();
        if accounts < 2 {
            return unexpected("two accounts or more to choose from", page.body);
        }
        let last = form.fields.iter().rposition(|(name, _)| name == "accounts").unwrap_or(0);
        form.fields.remove(last);
        let page = self.visitor.submit(&page.url, &form, Some("approve")).await?;
        let page = self.visitor.settle(page).await?;
        if page.url.path() != self.chat.path() {
            return unexpected("to be back in the chat", format!("{} {}", page.url, page.body));
        }
        Ok(accounts - 1)
    }

    async fn forwarded(&mut self, notice: &Url) -> Result<(), StepFault> {
        let mut somebody_else = Visitor::new()?;
        let page: Page = somebody_else.get(notice).await?;
        if page.status.is_success() || page.form_with("Harbour Bank").is_ok() {
            return unexpected("a refusal of the forwarded link", page.body);
        }
        Ok(())
    }

    async fn confirm(&mut self) -> Result<(), StepFault> {
        let early = self.ask("What's my balance?").await?;
        if block(&early, "balances").is_some() {
            return unexpected("no balances before the yes", early);
        }
        let reply = self.ask("Yes, that was me").await?;
        let text = reply.to_string();
        if text.contains("Linked to") { Ok(()) } else { unexpected("a chat that is linked", text) }
    }

    async fn balances(&mut self, chosen: usize) -> Result<(), StepFault> {
        let reply = self.ask("What's my balance?").await?;
        let accounts =
            block(&reply, "balances").and_then(|b| b["accounts"].as_array().cloned()).unwrap_or_default();
        let whole = |a: &Value| {
            a["current"]["text"].is_string() && a["available"]["text"].is_string() && a["as_of"].is_string()
        };
        if accounts.len() == chosen && accounts.iter().all(whole) && reply["seen"][0]["index"].is_u64() {
            return Ok(());
        }
        unexpected(&format!("the balances of {chosen} accounts, and where that stands in the log"), reply)
    }

    async fn payments(&mut self) -> Result<(), StepFault> {
        let last = rows(&self.ask("Last transactions").await?);
        if !last.iter().any(|r| r["pending"] == true) || !last.iter().any(|r| r["pending"] == false) {
            return unexpected("pending and posted payments", json!(last));
        }
        let large = rows(&self.ask("transactions over $50").await?);
        if large.is_empty()
            || !large.iter().all(|r| r["amount"]["minor_units"].as_i64().unwrap_or(0).abs() > 5_000)
        {
            return unexpected("payments over $50 only", json!(large));
        }
        let reply = self.ask("what did I spend at the supermarket last week?").await?;
        let sum: i64 = rows(&reply).iter().filter_map(|r| r["amount"]["minor_units"].as_i64()).sum();
        match block(&reply, "total").and_then(|t| t["amount"]["minor_units"].as_i64()) {
            Some(total) if total == -sum && total > 0 => Ok(()),
            _ => unexpected("a total that is the sum of its payments", reply),
        }
    }

    async fn looked(&mut self) -> Result<(), StepFault> {
        let reply = self.ask("Who looked at my data?").await?;
        let rows = block(&reply, "accesses").and_then(|b| b["rows"].as_array().cloned()).unwrap_or_default();
        let placed = |r: &Value| r["index"].is_u64() && r["when"].is_string() && r["purpose"].is_string();
        if rows.len() >= 5 && rows.iter().all(placed) {
            Ok(())
        } else {
            unexpected("accesses with their place in the log", reply)
        }
    }

    async fn stop(&mut self, bank: &DemoBank) -> Result<(), StepFault> {
        let reply = self.ask("stop").await?;
        if !reply.to_string().contains("Stopped") {
            return unexpected("a confirmation", reply);
        }
        self.hears("ended there too").await?;
        let after = self.ask("What's my balance?").await?;
        if block(&after, "balances").is_some() || block(&after, "notice").is_none() {
            return unexpected("nothing but the offer to link again", after);
        }
        let page = self.visitor.get(&bank.url.join("sharing").unwrap_or_else(|_| bank.url.clone())).await?;
        if page.says("Stopped on") && !page.says("Active until") {
            return Ok(());
        }
        unexpected("the bank's own site to show the consent as ended", page.body)
    }

    async fn is_refused_places(&mut self) -> Result<(), StepFault> {
        let reply = self.ask("Where did I shop?").await?;
        match block(&reply, "refusal") {
            Some(no)
                if no["who"] == "Meridian Savings" && no["why"].as_str().is_some_and(|w| w.len() > 20) =>
            {
                Ok(())
            }
            _ => unexpected("the bank's own refusal", reply),
        }
    }
}

/// The first block of a kind.
fn block(reply: &Value, kind: &str) -> Option<Value> {
    reply["blocks"].as_array()?.iter().find(|b| b["type"] == kind).cloned()
}

fn rows(reply: &Value) -> Vec<Value> {
    block(reply, "transactions").and_then(|b| b["rows"].as_array().cloned()).unwrap_or_default()
}
