//! `/erased/{bank}/{receipt}`: what went, what stays and why. For whoever has the address; it holds nothing
//! personal. Where others' servers read along, the address that they carry leads to a door, `/erased/{bank}/door/…`,
//! which is the same for every address; only the press of its button shows the receipt.

use super::{
    Web,
    caller::{AtBank, cookie_name, set_cookie},
    privacy::sign_in::person_cookie,
    problem::{Kind, Problem},
    view::{
        Brand, Page,
        pages::{Erased, ReceiptDoor, Stays},
    },
};
use crate::{
    app::App,
    erasure::receipt,
    erasure::receipt::Receipt,
    notice,
    session::{ReceiptWay, Session},
    tenant::Tenant,
    when,
};
use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use std::collections::HashMap;

/// Sends a browser whose conversation was erased to the receipt. It forgets its session, so the chat begins anew
/// the next time.
pub fn leave(app: &App, session: &Session) -> Response {
    let names = [cookie_name(&session.bank), person_cookie(&session.bank)];
    let forget = names.iter().filter_map(|name| set_cookie(name, "", 0));
    let forget: Vec<_> = forget.map(|cookie| (header::SET_COOKIE, cookie)).collect();
    (AppendHeaders(forget), Redirect::to(&receipt::path(app, &session.bank, &session.customer)))
        .into_response()
}

async fn find(
    app: &App,
    tenant: &Tenant,
    parts: &HashMap<String, String>,
    way: ReceiptWay,
) -> Result<(String, Receipt), Problem> {
    let none = || {
        Kind::NotFound
            .because("There is no such receipt, or it is older than 90 days.")
            .back_to(format!("/chat/{}", tenant.id), "Open the chat")
    };
    let token = parts.get("receipt").ok_or_else(none)?;
    let customer = app.sessions.receipt_of(&tenant.id, token, way).ok_or_else(none)?;
    let receipt = receipt::of(app, &tenant.id, &customer).await?.ok_or_else(none)?;
    Ok((receipt::path(app, &tenant.id, &customer), receipt))
}

/// The receipt for people.
pub async fn page(
    State(face): Web,
    AtBank(tenant): AtBank,
    Path(parts): Path<HashMap<String, String>>,
) -> Result<Page<Erased>, Problem> {
    let (path, receipt) = find(&face.app, &tenant, &parts, ReceiptWay::Page).await?;
    Ok(draw(&face.app, &tenant, &path, &receipt))
}

/// The door: the same for every address, and it looks nothing up.
pub async fn door(AtBank(tenant): AtBank) -> Page<ReceiptDoor> {
    Page(ReceiptDoor { brand: Some(Brand::from(&*tenant)), name: tenant.name.clone() })
}

/// The press of the door's button: the receipt for people.
pub async fn open(
    State(face): Web,
    AtBank(tenant): AtBank,
    Path(parts): Path<HashMap<String, String>>,
) -> Result<Page<Erased>, Problem> {
    let (path, receipt) = find(&face.app, &tenant, &parts, ReceiptWay::Door).await?;
    Ok(draw(&face.app, &tenant, &path, &receipt))
}

fn draw(app: &App, tenant: &Tenant, path: &str, receipt: &Receipt) -> Page<Erased> {
    let day = |at| when::long_day(at, &tenant.zone);
    let stays = receipt.stays.iter().map(|stay| Stays {
        what: notice::capital(&stay.what),
        why: notice::capital(&stay.why),
        until: stay.until.map(day),
    });
    Page(Erased {
        brand: Some(Brand::from(tenant)),
        name: tenant.name.clone(),
        held: receipt.state == domain::erasure::ErasureState::Held,
        at: receipt.erased_at,
        on: when::moment(receipt.erased_at, app.clock.now(), &tenant.zone),
        messages: receipt.erased.messages,
        consents: receipt.erased.consents,
        accesses: receipt.erased.accesses,
        stays: stays.collect(),
        index: receipt.proof.index,
        record: receipt.proof.record.clone(),
        key: receipt.proof.key.clone(),
        download: format!("{path}/receipt.json"),
        chat: format!("/chat/{}", tenant.id),
    })
}

/// The receipt for programs.
pub async fn document(
    State(face): Web,
    AtBank(tenant): AtBank,
    Path(parts): Path<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let (_, receipt) = find(&face.app, &tenant, &parts, ReceiptWay::Page).await?;
    let as_file = [(header::CONTENT_DISPOSITION, "attachment; filename=\"erasure-receipt.json\"")];
    Ok((as_file, Json(receipt)).into_response())
}
