//! `/log/{bank}`: the bank's access log for everybody: its files as c2sp.org/tlog-tiles has them, its keys,
//! and a page that says what it is and how to check it.

use super::{
    Face, Web,
    caller::AtBank,
    problem::{Kind, Problem},
    view::{Brand, Page, log as view},
};
use crate::{log_ring::PublicKey, logs::LogFault, tenant::Tenant, when};
use access_log::Lasting;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use std::sync::Arc;

/// A piece that never changes may be kept for a year, the longest in use.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// A checkpoint is asked for anew each time.
const ANEW: &str = "no-cache";
/// Pages and programs anywhere may read what is public.
const FOR_ALL: (HeaderName, HeaderValue) =
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// The addresses below `/log`.
pub fn routes() -> Router<Arc<Face>> {
    Router::new()
        .route("/log/{bank}", get(page))
        .route("/log/{bank}/vkey", get(verifier_key))
        .route("/log/{bank}/keys", get(keys))
        .route("/log/{bank}/{*file}", get(file))
}

/// `GET /log/{bank}/{file}`: a checkpoint, a tile or an entry bundle. Nothing else of the log's folder.
async fn file(
    State(face): Web,
    AtBank(tenant): AtBank,
    Path((_, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let found = face.app.logs.file(&tenant.id, &name).await.map_err(|fault| unreadable(&tenant, &fault))?;
    let (bytes, lasting) = found.ok_or(Kind::NotFound.because("The log has no such file."))?;
    let (kind, kept) = match lasting {
        Lasting::Replaced => (TEXT, ANEW),
        Lasting::Settled => (BYTES, FOREVER),
    };
    Ok(([FOR_ALL], [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], bytes).into_response())
}

/// `GET /log/{bank}/vkey`: the verifier key that signs now.
async fn verifier_key(State(face): Web, AtBank(tenant): AtBank) -> Result<Response, Problem> {
    let ring = face.app.logs.ring(&tenant.id).map_err(|fault| unreadable(&tenant, &fault.into()))?;
    let text = format!("{}\n", ring.verifier_key());
    Ok(([FOR_ALL], [(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, ANEW)], text).into_response())
}

/// `GET /log/{bank}/keys`: all verifier keys that ever signed, with the size from which on.
async fn keys(State(face): Web, AtBank(tenant): AtBank) -> Result<Response, Problem> {
    let ring = face.app.logs.ring(&tenant.id).map_err(|fault| unreadable(&tenant, &fault.into()))?;
    let keys: Vec<PublicKey> = ring.published();
    Ok(([FOR_ALL], [(header::CACHE_CONTROL, ANEW)], Json(keys)).into_response())
}

/// `GET /log/{bank}`: what this is, how it stands, how to check it.
async fn page(State(face): Web, AtBank(tenant): AtBank) -> Result<Response, Problem> {
    let logs = &face.app.logs;
    let now = logs.now(&tenant.id).await.map_err(|fault| unreadable(&tenant, &fault))?;
    let ring = logs.ring(&tenant.id).map_err(|fault| unreadable(&tenant, &fault.into()))?;
    let written = now.written.and_then(|time| Timestamp::try_from(time).ok());
    let address = face.app.settings.public_url.join(&format!("log/{}", tenant.id));
    let page = view::Log {
        name: tenant.name.clone(),
        entries: super::view::thread::grouped(now.checkpoint.size),
        root: now.checkpoint.root.to_string(),
        written: written.map(|at| when::moment(at, face.app.clock.now(), &tenant.zone)),
        witnessed: now.witnessed.map(super::view::thread::grouped),
        witnesses: face.app.settings.witnesses.addresses.iter().map(|w| w.vkey.clone()).collect(),
        quorum: face.app.settings.witnesses.quorum,
        address: address.map(String::from).unwrap_or_default(),
        verifier_key: ring.verifier_key(),
        keys: ring.published(),
        brand: Some(Brand::from(&*tenant)),
    };
    Ok(([(header::CACHE_CONTROL, ANEW)], Page(page)).into_response())
}

fn unreadable(tenant: &Tenant, fault: &LogFault) -> Problem {
    tracing::error!(bank = %tenant.id, %fault, "the published access log cannot be read");
    Kind::Internal.because("The published log cannot be read at the moment.")
}
