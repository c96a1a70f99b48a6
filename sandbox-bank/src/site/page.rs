//! How a page is made and what surrounds it.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::{db::DbFault, house::House, sessions::Session};

/// What surrounds every page.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) bank: String,
    pub(super) letter: char,
    /// The signed-in customer's name.
    pub(super) customer: Option<String>,
    pub(super) csrf: String,
    /// Whether the bank has a card network.
    pub(super) network: bool,
    /// Which part of the site this is.
    pub(super) here: &'static str,
}

impl Frame {
    pub(super) fn new(house: &House, session: Option<&Session>, here: &'static str) -> Self {
        Self {
            bank: house.name.clone(),
            letter: house.name.chars().next().unwrap_or('B'),
            customer: session.and_then(|s| s.customer.as_ref()).map(|c| c.name.clone()),
            csrf: session.map(|s| s.csrf.clone()).unwrap_or_default(),
            network: house.network.is_some(),
            here,
        }
    }
}

/// A page that could not be made.
#[derive(Debug)]
pub(crate) struct PageFault;

impl From<DbFault> for PageFault {
    fn from(fault: DbFault) -> Self {
        tracing::error!(%fault, "a page could not be made");
        Self
    }
}

impl IntoResponse for PageFault {
    fn into_response(self) -> Response {
        let text = "The bank has a problem of its own. Nothing was changed. Please try again in a minute.";
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    }
}

/// What a page handler gives.
pub(super) type PageResult = Result<Response, PageFault>;

/// Renders a page.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(fault) => {
            tracing::error!(%fault, "a template failed");
            PageFault.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "note.html")]
struct Note<'a> {
    frame: Frame,
    title: &'a str,
    text: &'a str,
}

/// A page with one thing to say.
pub(super) fn note(house: &House, status: StatusCode, title: &str, text: &str) -> Response {
    page(status, &Note { frame: Frame::new(house, None, "note"), title, text })
}
