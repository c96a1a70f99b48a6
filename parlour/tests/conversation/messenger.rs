//! Somebody on a messenger that belongs to somebody else, as its adapter would let them speak; and what that
//! messenger's servers got to read.

use crate::house::House;
use domain::Channel;
use parlour::{
    app::App,
    demo::{
        DemoBank,
        guest::{Guest, block},
        visitor::{Page, Visitor},
    },
    foreign,
    room::{self, SayFault, Words},
    tenant::Tenant,
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use url::Url;

pub struct Messenger {
    app: Arc<App>,
    tenant: Arc<Tenant>,
    bank: DemoBank,
    channel: Channel,
    sender: String,
    said: u32,
    /// The browser on the same phone.
    pub guest: Guest,
}

impl Messenger {
    /// A new person who writes to the first bank.
    pub async fn meet(house: &House, sender: &str) -> Messenger {
        Messenger::on(house, Channel::Messenger, sender).await
    }

    pub async fn on(house: &House, channel: Channel, sender: &str) -> Messenger {
        let (app, bank) = (house.demo().gateway.app.clone(), house.harbour());
        let tenant = app.tenants.get(&bank.id).unwrap();
        let mut guest = Guest::enter(&bank).await.unwrap();
        // A browser that never was in the chat on our own host.
        guest.visitor = Visitor::new().unwrap();
        Messenger { app, tenant, bank, channel, sender: sender.to_owned(), said: 0, guest }
    }

    /// Says something and gives what comes back.
    pub async fn ask(&mut self, text: &str) -> Value {
        self.said += 1;
        let key = format!("mid-{}", self.said);
        loop {
            match foreign::say(&self.app, &self.tenant, self.channel, &self.sender, text, &key).await {
                Ok(said) => return self.reply_after(said.seq, text).await,
                Err(SayFault::TooFast { retry_after_s }) => {
                    tokio::time::sleep(Duration::from_secs(retry_after_s)).await;
                }
                Err(fault) => panic!("{fault}"),
            }
        }
    }

    async fn reply_after(&self, seq: u64, what: &str) -> Value {
        for _ in 0..400 {
            let news = |reply: &Value| reply.to_string().contains("ended there too");
            if let Some(reply) = self.sent_after(seq).await.into_iter().find(|reply| !news(reply)) {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no answer to {what}");
    }

    /// Every message to this person after a place, exactly as an adapter gets them to send.
    async fn sent_after(&self, seq: u64) -> Vec<Value> {
        let of = foreign::conversation(&self.app, &self.tenant, self.channel, &self.sender).await.unwrap();
        let entries = room::thread(&self.app, &of, seq, 1_000).await.unwrap();
        let of_the_bank = |words: Words| match words {
            Words::Bank { reply, .. } => Some(serde_json::to_value(reply).unwrap()),
            Words::Customer { .. } => None,
        };
        entries.into_iter().filter_map(|entry| of_the_bank(entry.words)).collect()
    }

    /// All that this person's messenger ever carried to them.
    pub async fn carried(&self) -> Vec<Value> {
        self.sent_after(0).await
    }

    /// Waits for something that nobody asked for just now.
    pub async fn hears(&self, text: &str) {
        for _ in 0..400 {
            if self.carried().await.iter().any(|reply| reply.to_string().contains(text)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never heard {text}");
    }

    /// From the first question through the bank's pages to the yes, in the browser of the same phone.
    pub async fn link(&mut self) {
        let reply = self.ask("What's my balance?").await;
        let link = Guest::address(&block(&reply, "notice").unwrap_or_else(|| panic!("{reply}"))).unwrap();
        let page = self.sign_in_at_the_bank(&link).await;
        assert!(page.says("Go back to your chat"), "{}", page.body);
        let reply = self.ask("Yes, that was me").await;
        assert!(reply.to_string().contains("Linked to"), "{reply}");
    }

    /// Follows a link to the bank, approves there, and comes back.
    pub async fn sign_in_at_the_bank(&mut self, link: &Url) -> Page {
        let page = self.guest.leave_for(&self.bank, link).await.unwrap();
        let page = self.guest.sign_in(&self.bank, page).await.unwrap();
        let (page, _) = self.guest.approve(&page).await.unwrap();
        self.guest.visitor.settle(page).await.unwrap()
    }

    /// Asks something whose answer is on a page, and gives the page's address.
    pub async fn asks_for_a_page(&mut self, question: &str) -> Url {
        let reply = self.ask(question).await;
        let link = block(&reply, "sealed_link").unwrap_or_else(|| panic!("{question}: {reply}"));
        link["href"].as_str().unwrap().parse().unwrap()
    }

    /// Opens a page in the browser of the same phone.
    pub async fn opens(&mut self, page: &Url) -> Page {
        press(&mut self.guest.visitor, page).await
    }
}

/// Opens an address in a browser and presses the button that stands there.
pub async fn press(browser: &mut Visitor, address: &Url) -> Page {
    let door = browser.get(address).await.unwrap();
    let form = door.form_with("Open the page").unwrap();
    browser.submit(address, &form, None).await.unwrap()
}
