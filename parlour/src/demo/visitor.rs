//! A visitor without a browser: keeps cookies per host, follows redirects one at a time, and fills in the
//! forms that pages show. It is what `demo --check` walks the journey with.

use super::page::Form;
use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE},
    redirect::Policy,
};
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is sent along.
enum Sent<'a> {
    Form(&'a [(String, String)]),
    Json(&'a serde_json::Value),
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Where it sends the visitor, if it does.
    pub location: Option<Url>,
    /// Its text.
    pub body: String,
}

/// Why a visit failed.
#[derive(Debug, thiserror::Error)]
pub enum VisitFault {
    /// No answer.
    #[error("{url} did not answer: {source}")]
    NoAnswer {
        /// The address.
        url: Url,
        /// What the client says.
        source: reqwest::Error,
    },
    /// The page has no such form.
    #[error("{url} (status {status}) has no form with {with}")]
    NoForm {
        /// The page.
        url: Url,
        /// Its status.
        status: StatusCode,
        /// What the form should have.
        with: String,
    },
    /// The page leads nowhere.
    #[error("{url} (status {status}) leads nowhere")]
    NoWay {
        /// The page.
        url: Url,
        /// Its status.
        status: StatusCode,
    },
}

/// A visitor with their own cookies.
pub struct Visitor {
    http: reqwest::Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

impl Visitor {
    /// A visitor without any cookie.
    pub fn new() -> Result<Visitor, reqwest::Error> {
        let http = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).build()?;
        Ok(Visitor { http, cookies: BTreeMap::new() })
    }

    /// Opens a page.
    pub async fn get(&mut self, url: &Url) -> Result<Page, VisitFault> {
        self.send(Method::GET, url, None).await
    }

    /// Sends a form, as the page at `from` would.
    pub async fn submit(
        &mut self,
        from: &Url,
        form: &Form,
        button: Option<&str>,
    ) -> Result<Page, VisitFault> {
        let action = from.join(&form.action).unwrap_or_else(|_| from.clone());
        let mut fields = form.fields.clone();
        let pressed = button
            .and_then(|b| form.buttons.iter().find(|(_, value, label)| value == b || label.contains(b)));
        if let Some((name, value, _)) = pressed.filter(|(name, ..)| !name.is_empty()) {
            fields.push((name.clone(), value.clone()));
        }
        self.send(Method::POST, &action, Some(Sent::Form(&fields))).await
    }

    /// Opens where a page sends the visitor.
    pub async fn follow(&mut self, page: &Page) -> Result<Page, VisitFault> {
        let nowhere = || VisitFault::NoWay { url: page.url.clone(), status: page.status };
        let url = page.location.clone().ok_or_else(nowhere)?;
        self.get(&url).await
    }

    /// Follows until a page stays.
    pub async fn settle(&mut self, mut page: Page) -> Result<Page, VisitFault> {
        for _ in 0..10 {
            if page.location.is_none() {
                return Ok(page);
            }
            page = self.follow(&page).await?;
        }
        Err(VisitFault::NoWay { url: page.url, status: page.status })
    }

    /// Asks for JSON, as an app that embeds the chat would.
    pub async fn json(&mut self, url: &Url) -> Result<serde_json::Value, VisitFault> {
        let page = self.get(url).await?;
        Ok(serde_json::from_str(&page.body).unwrap_or_default())
    }

    /// Sends JSON, as an app that embeds the chat would.
    pub async fn post_json(&mut self, url: &Url, body: &serde_json::Value) -> Result<Page, VisitFault> {
        self.send(Method::POST, url, Some(Sent::Json(body))).await
    }

    /// The cookies for a host.
    pub fn cookies_of(&mut self, url: &Url) -> &mut BTreeMap<String, String> {
        self.cookies.entry(url.host_str().unwrap_or_default().to_owned()).or_default()
    }

    async fn send(&mut self, method: Method, url: &Url, body: Option<Sent<'_>>) -> Result<Page, VisitFault> {
        let cookies: Vec<String> = self.cookies_of(url).iter().map(|(k, v)| format!("{k}={v}")).collect();
        let mut request = self.http.request(method, url.clone()).header(ACCEPT, "text/html,application/json");
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(body) = body {
            request = request
                .header("sec-fetch-site", "same-origin")
                .header(ORIGIN, url.origin().ascii_serialization());
            request = match body {
                Sent::Form(fields) => request.form(fields),
                Sent::Json(value) => request.json(value),
            };
        }
        let failed = |source| VisitFault::NoAnswer { url: url.clone(), source };
        let answer = request.send().await.map_err(failed)?;
        for cookie in answer.headers().get_all(SET_COOKIE).iter().filter_map(|c| c.to_str().ok()) {
            self.keep(url, cookie);
        }
        let location =
            answer.headers().get(LOCATION).and_then(|l| l.to_str().ok()).and_then(|l| url.join(l).ok());
        let status = answer.status();
        let body = answer.text().await.map_err(failed)?;
        Ok(Page { url: url.clone(), status, location, body })
    }

    fn keep(&mut self, url: &Url, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let Some((name, value)) = pair.split_once('=') else { return };
        let gone = attributes.to_ascii_lowercase().contains("max-age=0");
        let jar = self.cookies_of(url);
        if gone {
            jar.remove(name.trim());
        } else {
            jar.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

impl Page {
    /// The first form that has a field or button of this name or label.
    pub fn form_with(&self, what: &str) -> Result<Form, VisitFault> {
        Form::all(&self.body).into_iter().find(|f| f.has(what)).ok_or_else(|| VisitFault::NoForm {
            url: self.url.clone(),
            status: self.status,
            with: what.to_owned(),
        })
    }

    /// Whether the page's text has this, in any case.
    pub fn says(&self, text: &str) -> bool {
        self.body.to_lowercase().contains(&text.to_lowercase())
    }
}
