//! `/verify`: checks a receipt in the reader's own browser. Nothing is sent: the page's script does it, with
//! the browser's own cryptography. The same page can be had as one file, to keep and to use offline.

use super::{
    Web, body, files,
    view::{self, Page, verify as pages},
};
use axum::{
    extract::State,
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

/// Which bank's key to offer. Other parameters are nothing to us.
#[derive(Debug, Default, Deserialize)]
struct Which {
    bank: Option<String>,
}

/// The keys to offer: of one bank if the address names it, or of all.
fn offered(face: &super::Face, uri: &Uri) -> Vec<pages::Offered> {
    let which: Which = body::query(uri).unwrap_or_default();
    let chosen = which.bank.as_deref().and_then(|bank| face.app.tenant(bank)).map(|tenant| tenant.id.clone());
    let tenants =
        face.app.tenants.values().filter(|tenant| chosen.as_ref().is_none_or(|id| *id == tenant.id));
    let offered = tenants.filter_map(|tenant| {
        let ring = face.app.logs.ring(&tenant.id).ok()?;
        Some(pages::Offered { name: tenant.name.clone(), keys: ring.verifier_keys() })
    });
    offered.collect()
}

/// `GET /verify`
pub async fn page(State(face): Web, uri: Uri) -> Response {
    Page(pages::Verify { brand: None, offered: offered(&face, &uri) }).into_response()
}

/// `GET /verify/offline`: the same page as one file.
pub async fn offline(State(face): Web, uri: Uri) -> Response {
    let page = pages::Offline {
        offered: offered(&face, &uri),
        css: files::text("parlour.css"),
        script: files::text("verify.js"),
    };
    match view::draw(&page) {
        Ok(html) => {
            let name = "attachment; filename=\"verify-a-receipt.html\"";
            let heads =
                [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_DISPOSITION, name)];
            (heads, html).into_response()
        }
        Err(fault) => super::problem::Problem::from(fault).into_response(),
    }
}
