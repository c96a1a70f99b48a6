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
use ::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header::CONTENT_TYPE};
use domain::Clock;
use serde_json::Value;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use url::Url;

/// The id that a request carries, for the bank's support.
const INTERACTION: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
/// Who is behind the request.
const ACTOR: HeaderName = HeaderName::from_static("fdx-api-actor-type");
/// The customer, who waits for the answer.
const USER: HeaderValue = HeaderValue::from_static("USER");

/// Names an order, so that the bank carries it out once however often it comes.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is that of an earlier request with the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Which of the bank's contracts a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contract {
    /// FDX.
    Fdx,
    /// The native one.
    Native,
}

/// Whether an order may have been carried out although no answer says so.
#[derive(Debug, Default)]
pub(crate) struct Doubt(AtomicBool);

impl Doubt {
    /// Something is sent from now on. Gives what was known before.
    fn begin(&self) -> bool {
        self.0.swap(true, Ordering::Relaxed)
    }

    /// What was sent did nothing, so all is as before.
    fn end(&self, before: bool) {
        self.0.store(before, Ordering::Relaxed);
    }

    /// Whether there is doubt.
    pub(crate) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request. All of them are reads, end something, or carry a key by which the bank knows them again, so all may be
/// sent twice.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    /// Its name in metrics.
    pub name: &'static str,
    /// Which contract it speaks.
    pub contract: Contract,
    /// What is done.
    pub method: Method,
    /// The segments after the API's own path; written so that none can leave its place.
    pub path: &'a [&'a str],
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// What is sent.
    pub body: Option<Value>,
    /// The key of an order. Its refusals are answers, not faults.
    pub key: Option<&'a str>,
    /// Where an order leaves whether it may have been carried out.
    pub doubt: Option<&'a Doubt>,
    /// Whether the answer is a document and not JSON.
    pub raw: bool,
}

impl<'a> Ask<'a> {
    /// A read.
    pub(crate) fn get(name: &'static str, path: &'a [&'a str], query: Vec<(&'static str, String)>) -> Self {
        let (contract, method) = (Contract::Fdx, Method::GET);
        Ask { name, contract, method, path, query, body: None, key: None, doubt: None, raw: false }
    }

    /// A read of the native contract.
    pub(crate) fn native(name: &'static str, path: &'a [&'a str]) -> Self {
        Ask { contract: Contract::Native, ..Ask::get(name, path, Vec::new()) }
    }
}

/// A good answer.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The HTTP status. 400 and more for refused orders only.
    pub status: u16,
    /// The body, if it is text.
    pub body: String,
    /// The body, if a document was asked for.
    pub raw: Vec<u8>,
    /// The type of the document.
    pub media: String,
    /// Whether the bank gave the answer of an earlier request with the same key.
    pub replayed: bool,
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

/// A request that brought no answer.
struct Unsent {
    miss: Miss,
    /// Whether it may have reached the bank.
    connected: bool,
}

/// A bank's API.
pub(crate) struct Api {
    pub(crate) client: reqwest::Client,
    pub(crate) base: Url,
    /// Where the native contract begins, if the bank has it.
    pub(crate) native: Option<Url>,
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
        let base = match ask.contract {
            Contract::Fdx => &self.base,
            Contract::Native => self.native.as_ref().ok_or(BankFault::NotNative)?,
        };
        let mut url = base.clone();
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
            // Whoever is cut off while waiting leaves the doubt behind.
            let before = ask.doubt.map(Doubt::begin);
            let sure = || ask.doubt.zip(before).into_iter().for_each(|(doubt, before)| doubt.end(before));
            let response = match self.send(access, ask, url, &uri, interaction).await {
                Ok(response) => response,
                Err(unsent) => {
                    if unsent.connected {
                        return Err(unsent.miss.of(interaction));
                    }
                    sure();
                    return Err(unsent.miss.of(interaction));
                }
            };
            if !response.status().is_server_error() {
                sure();
            }
            let again = self.tokens.oauth.learn(&uri, response.status(), response.headers());
            if again && !resent {
                continue;
            }
            let (good, heard) =
                (response.status().is_success(), self.heard(response, ask, interaction).await);
            if let (true, Err(_), Some(doubt)) = (good, &heard, ask.doubt) {
                doubt.begin();
            }
            return heard.map_err(|miss| miss.of(interaction));
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
    ) -> Result<reqwest::Response, Unsent> {
        let proof = self.tokens.oauth.prove(access, &ask.method, uri).await;
        let proof = proof.map_err(|fault| Unsent { miss: Miss::last(fault), connected: false })?;
        let mut request = self
            .client
            .request(ask.method.clone(), url.clone())
            .headers(proof)
            .header(ACTOR, USER)
            .header(INTERACTION, interaction.to_string());
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        if let Some(key) = ask.key {
            request = request.header(KEY, key);
        }
        let unsent = |error: reqwest::Error| {
            let connected = !error.is_connect() && !error.is_builder();
            Unsent { miss: Miss::transport(&error), connected }
        };
        request.send().await.map_err(unsent)
    }

    async fn heard(
        &self,
        response: reqwest::Response,
        ask: &Ask<'_>,
        interaction: Interaction,
    ) -> Result<Reply, Miss> {
        let status = response.status();
        let replayed = response.headers().contains_key(REPLAYED);
        let media = response.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok());
        let media = media.unwrap_or_default().to_ascii_lowercase();
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
        let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        if status.is_success() || (ask.key.is_some() && !passing) {
            let (body, raw) = if ask.raw { (Vec::new(), body) } else { (body, Vec::new()) };
            let body = String::from_utf8(body);
            let body = body.map_err(|_| Miss::last(BankFault::unreadable(Unreadable::Form)))?;
            let partial = status == StatusCode::PARTIAL_CONTENT;
            let status = status.as_u16();
            return Ok(Reply::Heard(Heard { status, body, raw, media, replayed, partial, interaction }));
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
