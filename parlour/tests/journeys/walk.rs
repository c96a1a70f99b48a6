//! Walks a journey.

use crate::{
    house::House,
    script::{Script, Step},
};
use base64::{Engine, prelude::BASE64_STANDARD as B64};
use jiff::SignedDuration;
use parlour::demo::{
    DemoBank,
    guest::{Guest, StepFault},
    page::Form,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Names in a reply whose values nobody reads.
const UNREAD: &[&str] =
    &["type", "href", "entry", "minor_units", "currency", "purpose", "data_class", "tier", "kind"];

struct Walk {
    house: House,
    guest: Guest,
    last: Value,
}

/// Walks it; the error names the line and what was said.
pub async fn walk(script: &Script) -> Result<(), String> {
    let house = if script.more.is_empty() {
        House::open().await
    } else {
        House::open_where(&script.more.join("\n")).await
    };
    let bank = house.demo().banks[script.bank].clone();
    let guest = Guest::enter(&bank).await.map_err(|fault| format!("entering: {fault}"))?;
    let mut walk = Walk { house, guest, last: Value::Null };
    for (line, step) in &script.steps {
        let bank = walk.house.demo().banks[script.bank].clone();
        let took = walk.take(step, &bank).await;
        took.map_err(|fault| format!("line {line}: {fault}"))?;
    }
    walk.house.stop().await;
    Ok(())
}

impl Walk {
    async fn take(&mut self, step: &Step, bank: &DemoBank) -> Result<(), String> {
        match step {
            Step::Say(text) => self.last = self.guest.ask(text).await.map_err(words)?,
            Step::Has(words) if !self.says(words) => return self.other(&format!("“{words}”")),
            Step::HasNot(words) if self.says(words) => return self.other(&format!("nothing of “{words}”")),
            Step::Offers(label) if self.pressed(label).is_none() => {
                return self.other(&format!("a button “{label}”"));
            }
            Step::Has(_) | Step::HasNot(_) | Step::Offers(_) => {}
            Step::Press(label) => {
                let Some(text) = self.pressed(label) else {
                    return self.other(&format!("a button “{label}”"));
                };
                self.last = self.guest.ask(&text).await.map_err(words)?;
            }
            Step::Link => self.guest.link(bank).await.map(drop).map_err(words)?,
            Step::LinkAll => self.link_all(bank).await.map_err(words)?,
            Step::Forward(span) => self.house.forward(SignedDuration::try_from(*span).map_err(words)?),
            Step::Hears(text) => self.guest.hears(text).await.map_err(words)?,
            Step::Restart => self.house.restart().await,
            Step::Faults(faults) => self.house.faults(faults).await,
            Step::Buy(what) => self.buy(bank, what).await?,
            Step::AtTheBank(text) => self.at_the_bank(bank, text).await?,
            Step::Approve => self.approve(bank).await?,
            Step::OpenPage => self.open_page().await?,
            Step::BankHasTold => self.bank_has_told(bank.id.as_str()).await?,
        }
        Ok(())
    }

    /// What the last answer says, each text on a line of its own.
    fn spoken(&self) -> String {
        let mut lines = vec![];
        collect(&self.last["blocks"], &mut lines);
        lines.join("\n")
    }

    fn says(&self, words: &str) -> bool {
        plain(&self.spoken()).contains(&plain(words))
    }

    /// What pressing a button says.
    fn pressed(&self, label: &str) -> Option<String> {
        let quick = self.last["quick"].as_array()?;
        let button = quick.iter().find(|b| plain(b["label"].as_str().unwrap_or_default()) == plain(label))?;
        button["text"].as_str().map(str::to_owned)
    }

    fn other(&self, wanted: &str) -> Result<(), String> {
        let buttons: Vec<_> =
            self.last["quick"].as_array().into_iter().flatten().map(|b| &b["label"]).collect();
        Err(format!("expected {wanted}; the answer is:\n{}\nbuttons: {buttons:?}", self.spoken()))
    }

    async fn link_all(&mut self, bank: &DemoBank) -> Result<(), StepFault> {
        let notice = self.guest.notice().await?;
        let page = self.guest.leave_for(bank, &Guest::address(&notice)?).await?;
        let page = self.guest.sign_in(bank, page).await?;
        let page = self.guest.visitor.submit(&page.url, &page.form_with("approve")?, Some("approve")).await?;
        self.guest.visitor.settle(page).await?;
        self.guest.confirm().await
    }

    /// Fills the bank's purchase page; `card` is a part of the card's name there.
    async fn buy(&mut self, bank: &DemoBank, what: &Value) -> Result<(), String> {
        let url = bank.url.join("purchase").map_err(words)?;
        let mut page = self.guest.visitor.get(&url).await.map_err(words)?;
        if page.form_with("amount").is_err() {
            let door = self.guest.visitor.settle(page).await.map_err(words)?;
            self.guest.sign_in(bank, door).await.map_err(words)?;
            page = self.guest.visitor.get(&url).await.map_err(words)?;
        }
        let mut form = page.form_with("amount").map_err(words)?;
        for (name, value) in what.as_object().ok_or("`buy` wants an object")? {
            form = form.fill(name, value.as_str().ok_or("`buy` wants texts")?);
        }
        let page = self.guest.visitor.submit(&page.url, &form, None).await.map_err(words)?;
        self.guest.visitor.settle(page).await.map(drop).map_err(words)
    }

    async fn at_the_bank(&mut self, bank: &DemoBank, text: &str) -> Result<(), String> {
        let url = bank.url.join("cards").map_err(words)?;
        let page = self.guest.visitor.get(&url).await.map_err(words)?;
        if plain(&page.body).contains(&plain(text)) {
            return Ok(());
        }
        Err(format!("the bank's page says nothing of “{text}”:\n{}", page.body))
    }

    /// Waits until nothing waits to be sent at the bank.
    async fn bank_has_told(&self, bank: &str) -> Result<(), String> {
        let file = self.house.data().join(format!("sandbox/{bank}/bank.sqlite"));
        let db = rusqlite::Connection::open(file).map_err(words)?;
        db.busy_timeout(Duration::from_secs(10)).map_err(words)?;
        let sql = "SELECT COUNT(*) FROM webhook_outbox WHERE sent_at IS NULL AND given_up_at IS NULL";
        for _ in 0..1_200 {
            let waiting: i64 = db.query_row(sql, [], |row| row.get(0)).map_err(words)?;
            if waiting == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the bank still has something to tell after a minute".to_owned())
    }

    /// What the page says is the last answer from then on, and what its files hold.
    async fn open_page(&mut self) -> Result<(), String> {
        let mut lines = vec![];
        hrefs(&self.last["blocks"], &mut lines);
        let Some(href) = lines.first() else { return self.other("a page to open") };
        let url = href.parse().map_err(words)?;
        let door = self.guest.visitor.get(&url).await.map_err(words)?;
        let form = Form::all(&door.body).into_iter().next().ok_or("the page has no button")?;
        let page = self.guest.visitor.submit(&url, &form, None).await.map_err(words)?;
        let page = self.guest.visitor.settle(page).await.map_err(words)?;
        let files = page.body.split("base64,").skip(1).filter_map(|rest| rest.split('"').next());
        let mut text = page.body.clone();
        for file in files {
            let bytes = B64.decode(file.replace("&#43;", "+")).map_err(words)?;
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
        self.last = json!({ "blocks": [{ "text": text }] });
        Ok(())
    }

    async fn approve(&mut self, bank: &DemoBank) -> Result<(), String> {
        let mut lines = vec![];
        hrefs(&self.last["blocks"], &mut lines);
        let Some(href) = lines.first() else { return self.other("a way to the bank's own page") };
        let page = self.guest.visitor.get(&href.parse().map_err(words)?).await.map_err(words)?;
        let page = self.guest.visitor.settle(page).await.map_err(words)?;
        let page = self.guest.sign_in(bank, page).await.map_err(words)?;
        let form = page.form_with("approve").map_err(words)?;
        let page = self.guest.visitor.submit(&page.url, &form, Some("approve")).await.map_err(words)?;
        self.guest.visitor.settle(page).await.map(drop).map_err(words)
    }
}

fn words(fault: impl ToString) -> String {
    fault.to_string()
}

/// Without what only typesetters see: curly marks and spaces that do not break.
fn plain(text: &str) -> String {
    text.replace(['’', '‘'], "'")
        .replace(['\u{a0}', '\u{202f}'], " ")
        .replace(['“', '”'], "\"")
        .to_lowercase()
}

fn collect(value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::String(text) => lines.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, lines)),
        Value::Object(fields) => {
            let read = fields.iter().filter(|(name, _)| !UNREAD.contains(&name.as_str()));
            read.for_each(|(_, field)| collect(field, lines));
            if fields.get("pending") == Some(&Value::Bool(true)) {
                lines.push("pending".to_owned());
            }
        }
        _ => {}
    }
}

fn hrefs(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| hrefs(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get("href").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| hrefs(field, found));
        }
        _ => {}
    }
}
