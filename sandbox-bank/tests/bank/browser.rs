//! A browser that keeps cookies, fills in forms, and follows nothing by itself.

use std::collections::BTreeMap;

use crate::{House, client::http};

/// A page or a redirect.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub location: Option<String>,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Page {
    /// The CSRF token of the page's forms.
    pub fn csrf(&self) -> String {
        self.value_after("name=\"csrf\" value=\"").expect("the page has a form")
    }

    fn value_after(&self, mark: &str) -> Option<String> {
        Some(self.text.split_once(mark)?.1.split('"').next()?.to_owned())
    }

    /// All account ids offered as checkboxes.
    pub fn account_choices(&self) -> Vec<String> {
        let mark = "name=\"accounts\" value=\"";
        self.text.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    }

    pub fn went_to(&self) -> &str {
        self.location.as_deref().unwrap_or_else(|| panic!("{} is no redirect: {}", self.status, self.text))
    }
}

pub struct Browser {
    pub cookies: BTreeMap<String, String>,
    base: String,
}

pub const PASSWORD: &str = "harbour-demo";

impl Browser {
    pub fn new(house: &House) -> Self {
        Self { cookies: BTreeMap::new(), base: house.url.clone() }
    }

    async fn send(&mut self, call: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let answer = call.header("cookie", cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            assert!(attributes.contains("Secure") && attributes.contains("HttpOnly"));
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-harbour"), "{name}");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let headers = answer.headers().clone();
        Page {
            status: answer.status().as_u16(),
            location: headers.get("location").map(|v| v.to_str().unwrap().to_owned()),
            headers,
            text: answer.text().await.unwrap(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(http().get(self.url(path)).header("accept", "text/html")).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        self.post_from(path, form, "same-origin").await
    }

    pub async fn post_from(&mut self, path: &str, form: &[(&str, &str)], site: &str) -> Page {
        self.send(http().post(self.url(path)).header("sec-fetch-site", site).form(form)).await
    }

    /// Signs in at the front page.
    pub async fn sign_in(&mut self, login: &str) {
        let csrf = self.get("/").await.csrf();
        let form = [("csrf", csrf.as_str()), ("login", login), ("password", PASSWORD)];
        let page = self.post("/sign-in", &form).await;
        assert_eq!((page.status, page.went_to()), (303, "/"));
    }

    /// Follows an authorization URL to its approval page, signed in.
    pub async fn open_approval(&mut self, authorization_url: &str, login: &str) -> (String, Page) {
        let page = self.get(authorization_url).await;
        let interaction = page.went_to().to_owned();
        let csrf = self.get(&interaction).await.csrf();
        let form = [("csrf", csrf.as_str()), ("login", login), ("password", PASSWORD)];
        let page = self.post(&format!("{interaction}/sign-in"), &form).await;
        assert_eq!((page.status, page.went_to()), (303, interaction.as_str()));
        let page = self.get(&interaction).await;
        (interaction, page)
    }

    /// Approves with all accounts; gives the callback that the browser is sent to.
    pub async fn approve_all(&mut self, authorization_url: &str, login: &str) -> String {
        let (interaction, page) = self.open_approval(authorization_url, login).await;
        let choices = page.account_choices();
        assert!(choices.len() >= 3, "everybody has three accounts, and one customer a fourth");
        let csrf = page.csrf();
        let mut form = vec![("csrf", csrf.as_str()), ("decision", "approve")];
        form.extend(choices.iter().map(|id| ("accounts", id.as_str())));
        let page = self.post(&format!("{interaction}/decision"), &form).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.went_to().to_owned()
    }
}
