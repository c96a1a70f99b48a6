//! People of a bank in front of their browsers.

use super::{
    authenticator::Authenticator,
    client::{Answer, Ask},
    gateway::Gateway,
};
use domain::{BankId, staff::Role};
use parlour::staff::{By, invitation};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeMap};

/// A browser with its cookies, at one bank's console.
pub struct Window<'g> {
    gateway: &'g Gateway,
    pub bank: &'static str,
    pub cookies: RefCell<BTreeMap<String, String>>,
}

impl<'g> Window<'g> {
    pub fn open(gateway: &'g Gateway, bank: &'static str) -> Window<'g> {
        Window { gateway, bank, cookies: RefCell::default() }
    }

    /// The same browser at another bank.
    pub fn at(&self, bank: &'static str) -> Window<'g> {
        Window { gateway: self.gateway, bank, cookies: self.cookies.clone() }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/console/{}{rest}", self.bank)
    }

    pub fn session(&self) -> Option<String> {
        self.cookies.borrow().get(&format!("__Host-parlour-staff-{}", self.bank)).cloned()
    }

    pub fn put_session(&self, token: &str) {
        let name = format!("__Host-parlour-staff-{}", self.bank);
        self.cookies.borrow_mut().insert(name, token.to_owned());
    }

    async fn send(&self, ask: Ask) -> Answer {
        let cookies: Vec<String> = self.cookies.borrow().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let ask = if cookies.is_empty() { ask } else { ask.with("cookie", cookies.join("; ")) };
        let answer = self.gateway.send(ask.with("sec-fetch-site", "same-origin")).await;
        for (_, set) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            for part in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
                assert!(set.contains(part), "{set}");
            }
            match value {
                "" => self.cookies.borrow_mut().remove(name),
                value => self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Opens a page of the console.
    pub async fn get(&self, rest: &str) -> Answer {
        self.send(Ask::get(self.path(rest)).with("accept", "text/html")).await
    }

    /// Opens any page.
    pub async fn visit(&self, path: &str) -> Answer {
        self.send(Ask::get(path).with("accept", "text/html")).await
    }

    /// Sends a form; a problem comes as a document.
    pub async fn post(&self, rest: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Ask::post(self.path(rest)).form(form).with("accept", "application/json")).await
    }

    pub async fn call(&self, rest: &str, body: &Value) -> Answer {
        self.send(Ask::post(self.path(rest)).json(body).with("accept", "application/json")).await
    }

    /// Begins a ceremony.
    pub async fn begin(&self, rest: &str) -> Value {
        let begun = self.call(&format!("{rest}/begin"), &json!({})).await;
        assert_eq!(begun.status, 200, "{begun:?}");
        begun.json()
    }

    /// Makes a passkey.
    pub async fn register(&self, rest: &str, device: &mut Authenticator) -> Answer {
        let options = self.begin(rest).await;
        let answer = device.make(&options);
        self.call(&format!("{rest}/finish"), &json!({ "label": "laptop", "answer": answer })).await
    }

    /// Signs in.
    pub async fn sign_in(&self, device: &mut Authenticator) -> Answer {
        let options = self.begin("/sign-in").await;
        let answer = device.prove(&options);
        self.call("/sign-in/finish", &json!({ "answer": answer })).await
    }

    /// Says that the bank says No to something, and gives the proposal's address below the console.
    pub async fn propose(&self, what: &str) -> String {
        let form = [("wish", "say_no"), ("what", what), ("words", "Not now."), ("why", "A test.")];
        let proposed = self.post("/proposals", &form).await;
        assert_eq!(proposed.status, 303, "{proposed:?}");
        proposed.header("location").trim_start_matches(&self.path("")).to_owned()
    }
}

/// Somebody of a bank, signed in.
pub struct Colleague<'g> {
    pub window: Window<'g>,
    pub device: Authenticator,
    pub id: String,
}

/// The path below the console of a new link for somebody.
pub async fn link(gateway: &Gateway, bank: &'static str, name: &str, role: Role) -> (String, String) {
    let app = gateway.app();
    let (id, now): (BankId, _) = (bank.parse().unwrap(), app.clock.now());
    let url = &app.settings.public_url;
    let invited = invitation::invite(&app.store, url, &id, name, role, By::Operator, now).await.unwrap();
    let path = invited.link.path().trim_start_matches(&format!("/console/{bank}")).to_owned();
    (path, invited.person.id.to_string())
}

/// Somebody who was invited at the command line, made a passkey and is signed in.
pub async fn colleague<'g>(gateway: &'g Gateway, bank: &'static str, role: Role, seed: u8) -> Colleague<'g> {
    let (path, id) = link(gateway, bank, &format!("{} {seed}", role.in_words()), role).await;
    let window = Window::open(gateway, bank);
    let mut device = Authenticator::new(&format!("http://{}", gateway.host), seed);
    let made = window.register(&path, &mut device).await;
    assert_eq!(made.status, 200, "{made:?}");
    Colleague { window, device, id }
}
