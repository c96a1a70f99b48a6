//! Lists: their pages, and what they are as a file.

use crate::{
    http::{problem::Problem, view::console::Table},
    tenant::Tenant,
};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;

/// Rows of one page.
pub const PAGE: u32 = 50;
/// Rows of a file at most: what a spreadsheet opens at once and a request makes in time. The rest is had by
/// a narrower search.
pub const FILE: u32 = 10_000;

/// How a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As a page.
    Page,
    /// As CSV.
    Csv,
    /// As JSON.
    Json,
}

impl Format {
    /// What the address asks for.
    pub fn read(written: Option<&str>) -> Result<Format, Problem> {
        match written {
            None | Some("" | "page") => Ok(Format::Page),
            Some("csv") => Ok(Format::Csv),
            Some("json") => Ok(Format::Json),
            Some(_) => Err(Problem::of_field("format", "known are: page, csv, json")),
        }
    }

    /// How many rows are read for it.
    pub fn rows(self) -> u32 {
        if self == Format::Page { PAGE } else { FILE }
    }
}

/// A file to keep.
pub fn file(name: &str, kind: &'static str, body: impl IntoResponse) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A table as a file of a bank.
pub fn csv(tenant: &Tenant, name: &str, table: &Table) -> Response {
    file(&format!("{}-{name}.csv", tenant.id), "text/csv; charset=utf-8", table.csv())
}

/// A moment by the bank's clock, to the minute, in a form that sorts.
pub fn minute(tenant: &Tenant, at: Timestamp) -> String {
    at.to_zoned(tenant.zone.clone()).strftime("%F %H:%M").to_string()
}

/// A name of ours as words: `bank_does_not_offer` is "bank does not offer".
pub fn words(name: &str) -> String {
    name.replace('_', " ")
}
