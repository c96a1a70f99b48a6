//! One request to a bank's FDX API, with all that must go with it.

use crate::{
    attempts::{Deadline, Miss, Repeat},
    config::Limits,
    fault::{BankFault, FdxCode, Interaction, Unreadable},
    fdx,
    grant::Grant,
    http::{self, NoBody},
    oauth::{self, Access},
    random,
    tokens::Tokens,
};
use ::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use domain::Clock;
use serde_json::Value;
use std::{fmt, sync::Arc};
use url::Url;

/// The id that a request carries, for the bank's support.
const INTERACTION: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
/// Who is behind the request.
const ACTOR: HeaderName = HeaderName::from_static("fdx-api-actor-type");
/// The customer, who waits for the answer.
const USER: HeaderValue = HeaderValue::from_static("USER");

/// A request. All of them are reads or end something, so all may be sent twice.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    /// Its name in metrics.
    pub name: &'static str,
    /// GET or PUT.
    pub method: Method,
    /// The segments after the API's own path; written so that none can leave its place.
    pub path: &'a [&'a str],
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// What is sent.
    pub body: Option<Value>,
}

impl<'a> Ask<'a> {
    /// A read.
    pub(crate) fn get(name: &'static str, path: &'a [&'a str], query: Vec<(&'static str, String)>) -> Self {
        Ask { name, method: Method::GET, path, query, body: None }
    }
}

/// A good answer.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The body.
    pub body: String,
    /// Whether the bank says that something is missing (206).
    pub partial: bool,
    /// The request.
    pub interaction: Interaction,
}

impl Heard {
    /// That this answer cannot be read.
    pub(crate) fn unreadable(&self, what: Unreadable) -> BankFault {
        BankFault::Unreadable { what, interaction: Some(self.interaction) }
    }
}

/// What one attempt brought.
enum Reply {
    Heard(Heard),
    /// The bank does not take the access token.
    Rejected,
}

/// A bank's FDX API.
pub(crate) struct Api {
    pub(crate) client: reqwest::Client,
    pub(crate) base: Url,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
}

impl Api {
    /// Asks, with a fresh access token if the bank does not take the one at hand.
    pub(crate) async fn ask(
        &self,
        grant: &Grant,
        deadline: Deadline,
        ask: &Ask<'_>,
    ) -> Result<Heard, BankFault> {
        let url = self.url(ask)?;
        let mut access = self.tokens.access(grant, deadline, None).await?;
        for renewed in [false, true] {
            let attempt = || self.attempt(&access, ask, &url);
            match self.tokens.attempts.run(ask.name, deadline, Repeat::Yes, attempt).await? {
                Reply::Heard(heard) => return Ok(heard),
                Reply::Rejected if renewed => break,
                Reply::Rejected => access = self.tokens.access(grant, deadline, Some(&access)).await?,
            }
        }
        let code = Some(FdxCode::NotAuthenticated);
        Err(BankFault::Refused { status: 401, code, interaction: None })
    }

    fn url(&self, ask: &Ask<'_>) -> Result<Url, BankFault> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| BankFault::Unsendable)?.pop_if_empty().extend(ask.path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&ask.query);
        }
        Ok(url)
    }

    /// Sends once, and once more if the bank only wants its nonce in the proof (RFC 9449 §9).
    async fn attempt(&self, access: &Access, ask: &Ask<'_>, url: &Url) -> Result<Reply, Miss> {
        let interaction = Interaction(random::uuid());
        let uri: Uri = url.as_str().parse().map_err(|_| Miss::last(BankFault::Unsendable))?;
        for resent in [false, true] {
            let response = self.send(access, ask, url, &uri, interaction).await;
            let response = response.map_err(|miss| miss.of(interaction))?;
            let again = self.tokens.oauth.learn(&uri, response.status(), response.headers());
            if again && !resent {
                continue;
            }
            return self.heard(response, interaction).await.map_err(|miss| miss.of(interaction));
        }
        Ok(Reply::Rejected)
    }

    async fn send(
        &self,
        access: &Access,
        ask: &Ask<'_>,
        url: &Url,
        uri: &Uri,
        interaction: Interaction,
    ) -> Result<reqwest::Response, Miss> {
        let proof = self.tokens.oauth.prove(access, &ask.method, uri).await.map_err(Miss::last)?;
        let mut request = self
            .client
            .request(ask.method.clone(), url.clone())
            .headers(proof)
            .header(ACTOR, USER)
            .header(INTERACTION, interaction.to_string());
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        request.send().await.map_err(|error| Miss::transport(&error))
    }

    async fn heard(&self, response: reqwest::Response, interaction: Interaction) -> Result<Reply, Miss> {
        let status = response.status();
        let retry_after = oauth::retry_after(response.headers(), self.clock.now());
        if status == StatusCode::UNAUTHORIZED {
            return Ok(Reply::Rejected);
        }
        if status.is_redirection() {
            return Err(Miss::last(BankFault::unreadable(Unreadable::Redirect)));
        }
        let body = match http::body(response, self.limits.body).await {
            Ok(body) => body,
            // A server that fails may do so at any length.
            Err(_) if status.is_server_error() => Vec::new(),
            Err(NoBody::TooLarge) => {
                return Err(Miss::last(BankFault::unreadable(Unreadable::Size { max: self.limits.body })));
            }
            Err(NoBody::Transport(error)) => return Err(Miss::transport(&error)),
        };
        if status.is_success() {
            let body = String::from_utf8(body);
            let body = body.map_err(|_| Miss::last(BankFault::unreadable(Unreadable::Form)))?;
            let partial = status == StatusCode::PARTIAL_CONTENT;
            return Ok(Reply::Heard(Heard { body, partial, interaction }));
        }
        let code = fdx::error_code(&body);
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Miss::status(status.as_u16(), retry_after));
        }
        if code == Some(FdxCode::TooMany) {
            return Err(Miss::status(StatusCode::TOO_MANY_REQUESTS.as_u16(), retry_after));
        }
        Err(Miss::last(BankFault::Refused { status: status.as_u16(), code, interaction: Some(interaction) }))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}
