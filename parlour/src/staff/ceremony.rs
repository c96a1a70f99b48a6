//! Ceremonies with a passkey: making one, and proving one to sign in (Web Authentication, level 3).
//!
//! The server's side of a ceremony lies in the store under the hash of a cookie, for five minutes, and is
//! taken out by whoever ends it: an answer that was caught is worth nothing a second time. The signature is
//! checked outside of a transaction; what it is checked against is looked at again when it is stored.

use super::{
    CEREMONY_LASTS, FRESH, Line, MAX_NAME, StaffFault, hash, secret,
    sign_ins::{self, NewSignIn, SignedIn},
    text,
};
use crate::app::App;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use domain::{
    BankId, StaffId,
    staff::{DeedKind, StaffState},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use store::{
    DbError,
    staff::{
        self, Person, ceremonies, invitations,
        passkeys::{self, StoredPasskey},
    },
};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    COSEAlgorithm, CreationChallengeResponse, DiscoverableAuthentication, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, RequestChallengeResponse, Webauthn, WebauthnBuilder,
    WebauthnError,
};
use webauthn_rs_proto::ResidentKeyRequirement;

/// What the server remembers between its challenge and the answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Begun {
    /// Making a passkey with an invitation.
    ByLink { staff: StaffId, invitation: [u8; 32], state: PasskeyRegistration },
    /// Making another passkey while signed in.
    SignedIn { staff: StaffId, state: PasskeyRegistration },
    /// Signing in.
    SignIn { state: DiscoverableAuthentication },
}

/// A challenge for the browser, and the cookie under which we know it again.
pub struct Challenge<C> {
    /// What the browser hands to the authenticator.
    pub options: C,
    /// The value of the cookie.
    pub cookie: String,
}

/// Passkeys of this gateway. None if its address has no host name: then nobody can sign in.
pub fn passkeys_of(public_url: &Url) -> Option<Webauthn> {
    let host = public_url.domain()?;
    let builder = WebauthnBuilder::new(host, public_url).ok()?;
    builder.rp_name("Parlour").build().ok()
}

fn webauthn(app: &App) -> Result<&Webauthn, StaffFault> {
    app.passkeys.as_ref().ok_or(StaffFault::NoHostName)
}

fn unproved(fault: WebauthnError) -> StaffFault {
    StaffFault::Unproved(fault.to_string())
}

/// The person as the authenticator names them: the UUID of their id.
fn handle(id: &StaffId) -> Uuid {
    let digits = id.as_str().trim_start_matches(StaffId::PREFIX).trim_start_matches('_');
    Uuid::from_str(digits).expect("the id of a person is a prefix and a UUID")
}

async fn keep(app: &App, bank: &BankId, begun: &Begun, now: Timestamp) -> Result<String, StaffFault> {
    let state = serde_json::to_string(begun).map_err(|_| DbError::Unreadable { what: "ceremony" })?;
    let cookie = secret();
    let (bank, hashed) = (bank.clone(), hash(&cookie));
    let kept = app
        .store
        .transact(move |tx| ceremonies::begin(tx, &hashed, &bank, &state, now, now + CEREMONY_LASTS));
    kept.await?;
    Ok(cookie)
}

async fn take(app: &App, bank: &BankId, cookie: &str, now: Timestamp) -> Result<Begun, StaffFault> {
    let (bank, hashed) = (bank.clone(), hash(cookie));
    let taken = app.store.transact(move |tx| ceremonies::take(tx, &hashed, &bank, now)).await?;
    let state = taken.ok_or(StaffFault::Ceremony)?;
    serde_json::from_str(&state).map_err(|_| StaffFault::Store(DbError::Unreadable { what: "ceremony" }))
}

/// Whose link it is. Looking does not use it up, so a preview by a mail program harms nothing.
pub async fn invited(app: &App, bank: &BankId, token: &str) -> Result<Person, StaffFault> {
    let (bank, hashed, now) = (bank.clone(), hash(token), app.clock.now());
    app.store
        .read(move |tx| -> Result<Person, StaffFault> {
            let id = invitations::find(tx, &hashed, &bank, now)?.ok_or(StaffFault::Link)?;
            staff::find(tx, &bank, &id)?.ok_or(StaffFault::Link)
        })
        .await
}

/// Begins to make a passkey with an invitation.
pub async fn begin_by_link(
    app: &App,
    bank: &BankId,
    bank_name: &str,
    token: &str,
) -> Result<Challenge<CreationChallengeResponse>, StaffFault> {
    let person = invited(app, bank, token).await?;
    let (options, state) = new_passkey(app, &person, bank_name).await?;
    let begun = Begun::ByLink { staff: person.id, invitation: hash(token), state };
    let cookie = keep(app, bank, &begun, app.clock.now()).await?;
    Ok(Challenge { options, cookie })
}

/// Begins to make another passkey, soon after signing in.
pub async fn begin_another(
    app: &App,
    who: &SignedIn,
    bank_name: &str,
) -> Result<Challenge<CreationChallengeResponse>, StaffFault> {
    let now = app.clock.now();
    if now > who.session.made_at + FRESH {
        return Err(StaffFault::NotFresh);
    }
    let (options, state) = new_passkey(app, &who.person, bank_name).await?;
    let begun = Begun::SignedIn { staff: who.person.id.clone(), state };
    let cookie = keep(app, &who.person.bank, &begun, now).await?;
    Ok(Challenge { options, cookie })
}

async fn new_passkey(
    app: &App,
    person: &Person,
    bank_name: &str,
) -> Result<(CreationChallengeResponse, PasskeyRegistration), StaffFault> {
    let (bank, id) = (person.bank.clone(), person.id.clone());
    let have = app.store.read(move |tx| passkeys::of_person(tx, &bank, &id)).await?;
    let have: Vec<_> = have.iter().filter_map(|key| B64.decode(&key.id).ok()).collect();
    let shown = format!("{} · {bank_name}", person.name);
    let (mut options, state) = webauthn(app)?
        .start_passkey_registration(handle(&person.id), &shown, &shown, Some(have))
        .map_err(unproved)?;
    options.public_key.pub_key_cred_params.retain(|kind| kind.alg == COSEAlgorithm::ES256 as i64);
    // Without this the authenticator may make a key that cannot sign anybody in by itself.
    if let Some(wanted) = options.public_key.authenticator_selection.as_mut() {
        wanted.resident_key = Some(ResidentKeyRequirement::Required);
        wanted.require_resident_key = true;
    }
    Ok((options, state))
}

/// Ends the making of a passkey with an invitation, which is used up, and signs the person in.
pub async fn finish_by_link(
    app: &App,
    bank: &BankId,
    cookie: &str,
    answer: &RegisterPublicKeyCredential,
    label: &str,
    new: NewSignIn,
) -> Result<SignedIn, StaffFault> {
    let now = app.clock.now();
    let Begun::ByLink { staff: id, invitation, state } = take(app, bank, cookie, now).await? else {
        return Err(StaffFault::Ceremony);
    };
    let passkey = made(app, answer, &state, &id, label, now)?;
    let (bank, line) = (bank.clone(), Line::new(now));
    app.store
        .transact(move |tx| -> Result<SignedIn, StaffFault> {
            if !invitations::use_up(tx, &invitation, &bank, &id, now)?
                || !staff::activate(tx, &bank, &id, now)?
            {
                return Err(StaffFault::Link);
            }
            if !passkeys::insert(tx, &bank, &passkey)? {
                return Err(StaffFault::Registered);
            }
            let person = staff::find(tx, &bank, &id)?.ok_or(StaffFault::Link)?;
            line.write(tx, &bank, Some(&person), DeedKind::Registered, passkey.label.clone(), None)?;
            Ok(sign_ins::begin(tx, &new, person, now)?)
        })
        .await
}

/// Ends the making of another passkey.
pub async fn finish_another(
    app: &App,
    who: &SignedIn,
    cookie: &str,
    answer: &RegisterPublicKeyCredential,
    label: &str,
) -> Result<(), StaffFault> {
    let (now, bank) = (app.clock.now(), who.person.bank.clone());
    let begun = take(app, &bank, cookie, now).await?;
    let Begun::SignedIn { staff: id, state } = begun else { return Err(StaffFault::Ceremony) };
    if id != who.person.id {
        return Err(StaffFault::Ceremony);
    }
    let passkey = made(app, answer, &state, &id, label, now)?;
    let line = Line::new(now);
    app.store
        .transact(move |tx| -> Result<(), StaffFault> {
            let person = staff::find_for_deed(tx, &bank, &id)?;
            let person =
                person.filter(|p| p.state == StaffState::Active).ok_or(StaffFault::Unknown("person"))?;
            if !passkeys::insert(tx, &bank, &passkey)? {
                return Err(StaffFault::Registered);
            }
            let detail = passkey.label.clone();
            Ok(line.write(tx, &bank, Some(&person), DeedKind::PasskeyAdded, detail, None)?)
        })
        .await
}

fn made(
    app: &App,
    answer: &RegisterPublicKeyCredential,
    state: &PasskeyRegistration,
    staff: &StaffId,
    label: &str,
    now: Timestamp,
) -> Result<StoredPasskey, StaffFault> {
    let label = text("label", label, MAX_NAME)?;
    let passkey = webauthn(app)?.finish_passkey_registration(answer, state).map_err(unproved)?;
    if *passkey.cred_algorithm() != COSEAlgorithm::ES256 {
        return Err(StaffFault::Unproved("only keys of the kind ES256 are taken".to_owned()));
    }
    Ok(StoredPasskey {
        id: B64.encode(passkey.cred_id()),
        staff: staff.clone(),
        label,
        credential: written(&passkey)?,
        made_at: now,
        used_at: None,
    })
}

fn written(passkey: &Passkey) -> Result<String, StaffFault> {
    serde_json::to_string(passkey).map_err(|_| StaffFault::Store(DbError::Unreadable { what: "passkey" }))
}

/// Begins a sign-in. Nobody says who they are: the passkey does.
pub async fn begin_sign_in(
    app: &App,
    bank: &BankId,
) -> Result<Challenge<RequestChallengeResponse>, StaffFault> {
    let (mut options, state) = webauthn(app)?.start_discoverable_authentication().map_err(unproved)?;
    // The library asks for a list in a field to fill in; here is a button.
    options.mediation = None;
    let cookie = keep(app, bank, &Begun::SignIn { state }, app.clock.now()).await?;
    Ok(Challenge { options, cookie })
}

/// Ends a sign-in. The session is a new one; the one that the browser had before is over.
pub async fn finish_sign_in(
    app: &App,
    bank: &BankId,
    cookie: &str,
    answer: &PublicKeyCredential,
    new: NewSignIn,
) -> Result<SignedIn, StaffFault> {
    let now = app.clock.now();
    let Begun::SignIn { state } = take(app, bank, cookie, now).await? else {
        return Err(StaffFault::Ceremony);
    };
    let webauthn = webauthn(app)?;
    let (user, credential) = webauthn.identify_discoverable_authentication(answer).map_err(unproved)?;
    let (at, id) = (bank.clone(), B64.encode(credential));
    let known = app.store.read(move |tx| passkeys::find(tx, &at, &id)).await?;
    let known = known.filter(|key| handle(&key.staff) == user).ok_or(StaffFault::UnknownPasskey)?;
    let mut passkey: Passkey = serde_json::from_str(&known.credential)
        .map_err(|_| StaffFault::Store(DbError::Unreadable { what: "passkey" }))?;
    let proved = webauthn.finish_discoverable_authentication_v2(answer, state, &passkey).map_err(unproved)?;
    passkey.update_credential(&proved);
    let (updated, bank, line) = (written(&passkey)?, bank.clone(), Line::new(now));
    app.store
        .transact(move |tx| -> Result<SignedIn, StaffFault> {
            let person = staff::find_for_deed(tx, &bank, &known.staff)?;
            let person =
                person.filter(|p| p.state == StaffState::Active).ok_or(StaffFault::UnknownPasskey)?;
            if !passkeys::used(tx, &bank, &known, &updated, now)? {
                return Err(StaffFault::UnknownPasskey);
            }
            line.write(tx, &bank, Some(&person), DeedKind::SignedIn, new.browser.clone(), None)?;
            Ok(sign_ins::begin(tx, &new, person, now)?)
        })
        .await
}
