//! The bank's customers and how they prove who they are.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use thiserror::Error;

use crate::{
    chance::{self, Dice},
    db::{Db, DbFault, millis, moment},
    ledger::{
        growth::{self, Soil},
        life::PERSONAS,
    },
    limits,
};

/// A demo customer: anybody may sign in as one, the password is [`demo_password`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoLogin {
    /// What to type as user name.
    pub login: &'static str,
    /// The invented person's name.
    pub name: &'static str,
}

/// The demo customers of every bank.
pub const DEMO_LOGINS: [DemoLogin; 3] = [
    DemoLogin { login: PERSONAS[0].login, name: PERSONAS[0].name },
    DemoLogin { login: PERSONAS[1].login, name: PERSONAS[1].name },
    DemoLogin { login: PERSONAS[2].login, name: PERSONAS[2].name },
];

/// The password of all demo customers of the bank with this slug.
pub fn demo_password(slug: &str) -> String {
    format!("{slug}-demo")
}

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Why a password could not be hashed.
#[derive(Debug, Error)]
#[error("a password could not be hashed: {0}")]
pub struct HashFault(String);

/// Argon2id with 4 MiB and two passes. Lighter than a real bank's, on purpose: the passwords are
/// printed in the documentation, and tests start many banks.
fn hasher() -> Result<Argon2<'static>, HashFault> {
    let params = Params::new(4 * 1024, 2, 1, None).map_err(|fault| HashFault(fault.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, HashFault> {
    let salt = chance::secret::<16>();
    let hash = hasher()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|fault| HashFault(fault.to_string()))?;
    Ok(hash.to_string())
}

/// Makes the demo customers and their accounts in a new bank; an old one keeps what it has.
pub(crate) fn settle_in(db: &Db, slug: &str, soil: &Soil) -> Result<(), SettleFault> {
    let there: i64 = db.transact_here(|tx| {
        tx.query_row("SELECT COUNT(*) FROM customers", [], |row| row.get(0)).map_err(DbFault::from)
    })?;
    if there > 0 {
        return Ok(());
    }
    let mut rows = Vec::new();
    for persona in &PERSONAS {
        let id = Dice::new(soil.seed, &[slug, persona.login, "customer"]).id("cust");
        rows.push((id, persona, hash(&demo_password(slug))?));
    }
    db.transact_here(|tx| {
        for (id, persona, password_hash) in rows {
            tx.execute(
                "INSERT INTO customers (id, login, name, password_hash) VALUES (?1, ?2, ?3, ?4)",
                params![id, persona.login, persona.name, password_hash],
            )
            .map_err(DbFault::from)?;
            growth::open_accounts(tx, soil, &id, persona)?;
        }
        Ok(())
    })
}

/// Why the first customers could not be made.
#[derive(Debug, Error)]
pub enum SettleFault {
    /// Hashing failed.
    #[error(transparent)]
    Hash(#[from] HashFault),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbFault),
}

/// How a sign-in went.
#[derive(Debug)]
pub(crate) enum SignIn {
    Welcome(Customer),
    /// Name or password is wrong; so many tries are left before a wait.
    Wrong {
        left: i64,
    },
    /// Too many wrong tries.
    Wait {
        until: Timestamp,
    },
}

/// What the database knows before the password is checked.
enum Before {
    Wait(Timestamp),
    Check(Option<(Customer, String)>),
}

/// Checks a name and a password. A name that was wrong too often has to wait, whether it exists
/// or not, and an unknown name takes as long as a wrong password.
pub(crate) async fn sign_in(db: &Db, login: &str, password: &str, now: Timestamp) -> Result<SignIn, DbFault> {
    let login: String = login.trim().to_lowercase().chars().take(limits::SIGN_IN_TEXT_MAX).collect();
    let name = login.clone();
    let before = db.transact(move |tx| before(tx, &name, now)).await?;
    let found = match before {
        Before::Wait(until) => return Ok(SignIn::Wait { until }),
        Before::Check(found) => found,
    };
    let password: String = password.chars().take(limits::SIGN_IN_TEXT_MAX + 1).collect();
    let (customer, stored) = found.unzip();
    let right = tokio::task::spawn_blocking(move || matches(&password, stored.as_deref()))
        .await
        .map_err(|_| DbFault::Interrupted)?;
    match customer.filter(|_| right) {
        Some(customer) => {
            db.transact(move |tx| forget_tries(tx, &login)).await?;
            Ok(SignIn::Welcome(customer))
        }
        None => db.transact(move |tx| count_wrong(tx, &login, now)).await,
    }
}

fn before(tx: &Transaction<'_>, login: &str, now: Timestamp) -> Result<Before, DbFault> {
    let locked: Option<Option<i64>> = tx
        .query_row("SELECT locked_until FROM sign_in_tries WHERE login = ?1", [login], |row| row.get(0))
        .optional()?;
    if let Some(until) = locked.flatten().map(moment).transpose()?.filter(|until| *until > now) {
        return Ok(Before::Wait(until));
    }
    let found = tx
        .query_row("SELECT id, name, password_hash FROM customers WHERE login = ?1", [login], |row| {
            Ok((Customer { id: row.get(0)?, name: row.get(1)? }, row.get(2)?))
        })
        .optional()?;
    Ok(Before::Check(found))
}

/// Compares; without a stored hash it does the same work and says no.
fn matches(password: &str, stored: Option<&str>) -> bool {
    let Ok(hasher) = hasher() else { return false };
    match stored.map(PasswordHash::new) {
        Some(Ok(stored)) => hasher.verify_password(password.as_bytes(), &stored).is_ok(),
        _ => {
            let mut sink = [0; 32];
            // The work is what matters here, the outcome is no either way.
            let _work = hasher.hash_password_into(password.as_bytes(), &[0; 16], &mut sink);
            false
        }
    }
}

fn forget_tries(tx: &Transaction<'_>, login: &str) -> Result<(), DbFault> {
    tx.execute("DELETE FROM sign_in_tries WHERE login = ?1", [login])?;
    Ok(())
}

fn count_wrong(tx: &Transaction<'_>, login: &str, now: Timestamp) -> Result<SignIn, DbFault> {
    let forgotten = now.saturating_sub(limits::SIGN_IN_TRIES_FORGOTTEN).unwrap_or(now);
    let wrong: i64 = tx.query_row(
        "INSERT INTO sign_in_tries (login, wrong, last_at) VALUES (?1, 1, ?2) \
         ON CONFLICT (login) DO UPDATE SET last_at = ?2, locked_until = NULL, \
         wrong = CASE WHEN last_at < ?3 OR locked_until IS NOT NULL THEN 1 ELSE wrong + 1 END RETURNING wrong",
        params![login, millis(now), millis(forgotten)],
        |row| row.get(0),
    )?;
    tx.execute(
        "DELETE FROM sign_in_tries WHERE login IN \
         (SELECT login FROM sign_in_tries ORDER BY last_at DESC LIMIT -1 OFFSET ?1)",
        [limits::SIGN_IN_NAMES_KEPT],
    )?;
    if wrong < limits::SIGN_IN_TRIES {
        return Ok(SignIn::Wrong { left: limits::SIGN_IN_TRIES - wrong });
    }
    let until = now.saturating_add(limits::SIGN_IN_WAIT).unwrap_or(now);
    tx.execute("UPDATE sign_in_tries SET locked_until = ?2 WHERE login = ?1", params![login, millis(until)])?;
    Ok(SignIn::Wait { until })
}

/// A customer's name.
pub(crate) fn find(tx: &Transaction<'_>, id: &str) -> Result<Option<Customer>, DbFault> {
    Ok(tx
        .query_row("SELECT id, name FROM customers WHERE id = ?1", [id], |row| {
            Ok(Customer { id: row.get(0)?, name: row.get(1)? })
        })
        .optional()?)
}
