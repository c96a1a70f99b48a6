//! Sign-ins: who is there, and how it ends.

use super::{IDLE, Line, SEEN_EVERY, SIGN_IN_LASTS, StaffFault, hash, secret};
use crate::{app::App, rim};
use domain::{BankId, SignInId, staff::DeedKind};
use jiff::Timestamp;
use store::{
    DbError, Tx,
    staff::{
        Person, passkeys,
        sessions::{self, StoredSession},
    },
};

/// The longest description of a browser that is kept, in characters.
const MAX_BROWSER: usize = 80;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// Their sign-in.
    pub session: StoredSession,
}

/// What a new sign-in is made of. The secret is made before the transaction, so that it can be repeated.
#[derive(Clone)]
pub struct NewSignIn {
    /// The value of the browser's cookie.
    pub token: String,
    id: SignInId,
    pub(super) browser: String,
    before: Option<[u8; 32]>,
}

impl NewSignIn {
    /// For a browser, and in the place of the sign-in that it had before.
    pub fn new(app: &App, user_agent: &str, before: Option<&str>) -> NewSignIn {
        NewSignIn {
            token: secret(),
            id: SignInId::new(rim::uuid(app.clock.now())),
            browser: in_few_words(user_agent),
            before: before.map(hash),
        }
    }
}

/// A browser in a few words, from what it says of itself.
fn in_few_words(user_agent: &str) -> String {
    let has = |word: &str| user_agent.contains(word);
    let browser = [("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("Windows", "Windows"),
        ("Linux", "Linux"),
    ];
    let name = |list: &[(&str, &'static str)]| list.iter().find(|(word, _)| has(word)).map(|(_, name)| *name);
    match (name(&browser), name(&system)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => {
            let plain: String = user_agent.chars().filter(|c| !c.is_control()).take(MAX_BROWSER).collect();
            if plain.trim().is_empty() { "a browser that does not say what it is".to_owned() } else { plain }
        }
    }
}

/// Begins a sign-in of a person.
pub(super) fn begin(
    tx: &mut Tx,
    new: &NewSignIn,
    person: Person,
    now: Timestamp,
) -> Result<SignedIn, DbError> {
    let session = StoredSession {
        id: new.id.clone(),
        staff: person.id.clone(),
        browser: new.browser.clone(),
        made_at: now,
        seen_at: now,
        expires_at: now + SIGN_IN_LASTS,
    };
    // A token that was in the browser before is worth nothing after, whoever put it there.
    if let Some(before) = &new.before {
        sessions::forget(tx, before, &person.bank)?;
    }
    sessions::insert(tx, &hash(&new.token), &person.bank, &session)?;
    Ok(SignedIn { person, session })
}

/// Who holds this token, if their sign-in is not over. Looked up each time, so that it can be ended.
pub async fn check(app: &App, bank: &BankId, token: &str) -> Result<Option<SignedIn>, DbError> {
    let (of, hashed, now) = (bank.clone(), hash(token), app.clock.now());
    let found = app.store.read(move |tx| sessions::find(tx, &hashed, &of)).await?;
    let Some((session, person)) = found else { return Ok(None) };
    if now >= session.expires_at || now >= session.seen_at + IDLE {
        return Ok(None);
    }
    if now >= session.seen_at + SEEN_EVERY {
        app.store.transact(move |tx| sessions::seen(tx, &hashed, now)).await?;
    }
    Ok(Some(SignedIn { person, session }))
}

/// Ends one of one's own sign-ins: this one, or one on another device.
pub async fn end(app: &App, who: &SignedIn, id: &SignInId) -> Result<(), StaffFault> {
    let (person, id, line) = (who.person.clone(), id.clone(), Line::new(app.clock.now()));
    app.store
        .transact(move |tx| -> Result<(), StaffFault> {
            if !sessions::end(tx, &person.bank, &person.id, &id)? {
                return Err(StaffFault::Unknown("sign-in"));
            }
            let detail = "one sign-in".to_owned();
            Ok(line.write(tx, &person.bank, Some(&person), DeedKind::SignedOut, detail, None)?)
        })
        .await
}

/// Ends all of one's own sign-ins, this one too.
pub async fn end_all(app: &App, who: &SignedIn) -> Result<u64, StaffFault> {
    let (person, line) = (who.person.clone(), Line::new(app.clock.now()));
    app.store
        .transact(move |tx| -> Result<u64, StaffFault> {
            let ended = sessions::end_all(tx, &person.bank, &person.id)?;
            let detail = format!("everywhere ({ended})");
            line.write(tx, &person.bank, Some(&person), DeedKind::SignedOut, detail, None)?;
            Ok(ended)
        })
        .await
}

/// Removes one of one's own passkeys, but not the last.
pub async fn remove_passkey(app: &App, who: &SignedIn, id: &str) -> Result<(), StaffFault> {
    let (person, id, line) = (who.person.clone(), id.to_owned(), Line::new(app.clock.now()));
    app.store
        .transact(move |tx| -> Result<(), StaffFault> {
            let key = passkeys::find(tx, &person.bank, &id)?.filter(|key| key.staff == person.id);
            let key = key.ok_or(StaffFault::Unknown("passkey"))?;
            if !passkeys::remove(tx, &person.bank, &person.id, &id)? {
                return Err(StaffFault::LastPasskey);
            }
            Ok(line.write(tx, &person.bank, Some(&person), DeedKind::PasskeyRemoved, key.label, None)?)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_in_a_few_words() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        assert_eq!(in_few_words(chrome), "Chrome on Linux");
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
        assert_eq!(in_few_words(iphone), "Safari on iPhone");
        assert_eq!(in_few_words(&"x".repeat(500)).len(), MAX_BROWSER);
        assert!(!in_few_words("\n").is_empty());
    }
}
