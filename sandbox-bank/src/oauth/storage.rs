//! The authorization server's records in SQLite: each is kept whole as JSON, beside the columns
//! that are looked up. Every method is one transaction, so "take", "compare and swap" and "claim"
//! happen once or not at all.

use std::{sync::Arc, time::SystemTime};

use oauth_as::{
    authorization::{AuthorizationCodeRecord, AuthorizationCodeState},
    client::{Client, ClientId},
    device::{DeviceGrant, DeviceGrantState, normalize_user_code},
    par::PushedAuthorizationRequest,
    rar::AuthorizationDetails,
    store::{RevocationWindow, Storage, StorageError, WriteOutcome},
    token::{IssuedToken, RefreshTokenRecord},
};
use rusqlite::{OptionalExtension, ToSql, Transaction, params};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    CONSENT_MEMBER,
    revocations::{self, Scope, Write, nanos},
};
use crate::{
    chance,
    clock::SharedClock,
    consents,
    db::{Db, DbFault},
};

/// The store of the authorization server.
#[derive(Debug, Clone)]
pub(crate) struct SqliteStorage {
    db: Db,
    clock: SharedClock,
}

impl From<DbFault> for StorageError {
    fn from(fault: DbFault) -> Self {
        StorageError::new(fault.to_string())
    }
}

impl SqliteStorage {
    pub(crate) fn new(db: Db, clock: SharedClock) -> Self {
        Self { db, clock }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, DbFault> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.db.transact(work).await.map_err(StorageError::from)
    }

    fn now(&self) -> SystemTime {
        SystemTime::from(self.clock.now())
    }

    /// Spends a pushed request for the approval pages, if it is this client's and has not run out.
    /// Another client's attempt leaves it where it is.
    pub(crate) async fn claim_pushed(
        &self,
        uri: &str,
        client_id: &str,
    ) -> Result<Option<PushedAuthorizationRequest>, StorageError> {
        let (uri, client_id, now) = (uri.to_owned(), client_id.to_owned(), nanos(self.now()));
        self.run(move |tx| {
            let text: Option<String> = tx
                .query_row(
                    "DELETE FROM oauth_pushed WHERE uri = ?1 AND client_id = ?2 AND expires_ns > ?3 RETURNING record",
                    params![uri, client_id, now],
                    |row| row.get(0),
                )
                .optional()?;
            text.map(|text| serde_json::from_str(&text).map_err(DbFault::from)).transpose()
        })
        .await
    }
}

/// The record that a query names, read whole.
fn one<T: DeserializeOwned>(tx: &Transaction<'_>, sql: &str, key: &dyn ToSql) -> Result<Option<T>, DbFault> {
    let text: Option<String> = tx.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?;
    text.map(|text| serde_json::from_str(&text).map_err(DbFault::from)).transpose()
}

fn json(record: &impl Serialize) -> Result<String, DbFault> {
    Ok(serde_json::to_string(record)?)
}

/// The bank's consent that these details belong to.
fn consent_of(details: &AuthorizationDetails) -> Option<&str> {
    details.as_slice().first()?.other.get(CONSENT_MEMBER)?.as_str()
}

fn refuse_empty(what: &str, value: &str) -> Result<(), StorageError> {
    if value.is_empty() {
        return Err(StorageError::new(format!("a revocation needs a {what} that is not empty")));
    }
    Ok(())
}

fn put_client(tx: &Transaction<'_>, client: &Client) -> Result<(), DbFault> {
    tx.execute(
        "INSERT OR REPLACE INTO oauth_clients (id, record) VALUES (?1, ?2)",
        params![client.client_id.as_str(), json(client)?],
    )?;
    Ok(())
}

fn put_device_grant(tx: &Transaction<'_>, grant: &DeviceGrant) -> Result<(), DbFault> {
    // A user code that belongs to another device breaks the UNIQUE index and refuses the write.
    tx.execute(
        "INSERT INTO oauth_device_grants (code, user_code, client_id, expires_ns, record) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (code) DO UPDATE SET user_code = excluded.user_code, \
         client_id = excluded.client_id, expires_ns = excluded.expires_ns, record = excluded.record",
        params![
            grant.device_code,
            normalize_user_code(&grant.user_code),
            grant.client_id.as_str(),
            nanos(grant.expires_at),
            json(grant)?
        ],
    )?;
    Ok(())
}

fn put_code(tx: &Transaction<'_>, record: &AuthorizationCodeRecord) -> Result<(), DbFault> {
    tx.execute(
        "INSERT OR REPLACE INTO oauth_codes (code, client_id, consent, expires_ns, record) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            record.code,
            record.client_id.as_str(),
            consent_of(&record.authorization_details),
            nanos(record.expires_at),
            json(record)?
        ],
    )?;
    Ok(())
}

fn put_pushed(tx: &Transaction<'_>, record: &PushedAuthorizationRequest) -> Result<(), DbFault> {
    tx.execute(
        "INSERT OR REPLACE INTO oauth_pushed (uri, client_id, expires_ns, record) VALUES (?1, ?2, ?3, ?4)",
        params![record.request_uri, record.client_id.as_str(), nanos(record.expires_at), json(record)?],
    )?;
    Ok(())
}

/// Access tokens are whole JWTs; their fingerprint is the key.
fn put_access_token(tx: &Transaction<'_>, token: &IssuedToken) -> Result<(), DbFault> {
    let consent = consent_of(&token.authorization_details);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO oauth_access_tokens (token, client_id, family, consent, expires_ns, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        chance::fingerprint(&token.access_token),
        token.client_id.as_str(),
        token.family_id,
        consent,
        nanos(token.expires_at),
        json(token)?
    ])?;
    match consent {
        Some(consent) => consents::begin(tx, consent),
        None => Ok(()),
    }
}

fn put_refresh_token(tx: &Transaction<'_>, record: &RefreshTokenRecord) -> Result<(), DbFault> {
    tx.execute(
        "INSERT OR REPLACE INTO oauth_refresh_tokens (token, client_id, family, consent, expires_ns, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            record.refresh_token,
            record.client_id.as_str(),
            record.family_id,
            consent_of(&record.authorization_details),
            record.expires_at.map(nanos),
            json(record)?
        ],
    )?;
    Ok(())
}

fn outcome(refused: bool) -> WriteOutcome {
    if refused { WriteOutcome::RefusedRevoked } else { WriteOutcome::Applied }
}

const CLIENT: &str = "SELECT record FROM oauth_clients WHERE id = ?1";
const DEVICE: &str = "SELECT record FROM oauth_device_grants WHERE code = ?1";
const DEVICE_BY_USER_CODE: &str = "SELECT record FROM oauth_device_grants WHERE user_code = ?1";
const CODE: &str = "SELECT record FROM oauth_codes WHERE code = ?1";
const ACCESS: &str = "SELECT record FROM oauth_access_tokens WHERE token = ?1";
const REFRESH: &str = "SELECT record FROM oauth_refresh_tokens WHERE token = ?1";

impl Storage for SqliteStorage {
    async fn get_client(&self, client_id: &ClientId) -> Result<Option<Arc<Client>>, StorageError> {
        let id = client_id.as_str().to_owned();
        Ok(self.run(move |tx| one(tx, CLIENT, &id)).await?.map(Arc::new))
    }

    async fn put_client(&self, client: Client) -> Result<(), StorageError> {
        self.run(move |tx| put_client(tx, &client)).await
    }

    async fn compare_and_swap_client(
        &self,
        expected: &Client,
        updated: Client,
    ) -> Result<bool, StorageError> {
        let expected = expected.clone();
        self.run(move |tx| {
            let current: Option<Client> = one(tx, CLIENT, &updated.client_id.as_str())?;
            if current.as_ref() != Some(&expected) {
                return Ok(false);
            }
            put_client(tx, &updated)?;
            Ok(true)
        })
        .await
    }

    async fn delete_client(
        &self,
        client_id: &ClientId,
        window: RevocationWindow,
    ) -> Result<bool, StorageError> {
        refuse_empty("client_id", client_id.as_str())?;
        let id = client_id.as_str().to_owned();
        self.run(move |tx| {
            revocations::record(tx, Scope::Client, &id, window)?;
            let existed = tx.execute("DELETE FROM oauth_clients WHERE id = ?1", [&id])? > 0;
            for table in ["access_tokens", "refresh_tokens", "codes", "pushed", "device_grants"] {
                tx.execute(&format!("DELETE FROM oauth_{table} WHERE client_id = ?1"), [&id])?;
            }
            Ok(existed)
        })
        .await
    }

    async fn put_device_grant(&self, grant: DeviceGrant) -> Result<(), StorageError> {
        self.run(move |tx| put_device_grant(tx, &grant)).await
    }

    async fn get_device_grant(&self, device_code: &str) -> Result<Option<DeviceGrant>, StorageError> {
        let code = device_code.to_owned();
        self.run(move |tx| one(tx, DEVICE, &code)).await
    }

    async fn find_device_grant_by_user_code(
        &self,
        normalized_user_code: &str,
    ) -> Result<Option<DeviceGrant>, StorageError> {
        let code = normalized_user_code.to_owned();
        self.run(move |tx| one(tx, DEVICE_BY_USER_CODE, &code)).await
    }

    async fn take_device_grant(&self, device_code: &str) -> Result<Option<DeviceGrant>, StorageError> {
        let code = device_code.to_owned();
        self.run(move |tx| one(tx, "DELETE FROM oauth_device_grants WHERE code = ?1 RETURNING record", &code))
            .await
    }

    async fn compare_and_swap_device_grant(
        &self,
        expected: &DeviceGrantState,
        updated: DeviceGrant,
    ) -> Result<bool, StorageError> {
        let expected = expected.clone();
        self.run(move |tx| {
            let current: Option<DeviceGrant> = one(tx, DEVICE, &updated.device_code)?;
            if current.is_none_or(|current| current.state != expected) {
                return Ok(false);
            }
            put_device_grant(tx, &updated)?;
            Ok(true)
        })
        .await
    }

    async fn put_authorization_code(&self, record: AuthorizationCodeRecord) -> Result<(), StorageError> {
        self.run(move |tx| put_code(tx, &record)).await
    }

    async fn compare_and_swap_authorization_code(
        &self,
        expected: &AuthorizationCodeState,
        updated: AuthorizationCodeRecord,
    ) -> Result<bool, StorageError> {
        let expected = expected.clone();
        self.run(move |tx| {
            let current: Option<AuthorizationCodeRecord> = one(tx, CODE, &updated.code)?;
            if current.is_none_or(|current| current.state != expected) {
                return Ok(false);
            }
            put_code(tx, &updated)?;
            Ok(true)
        })
        .await
    }

    async fn take_authorization_code(
        &self,
        code: &str,
    ) -> Result<Option<AuthorizationCodeRecord>, StorageError> {
        let code = code.to_owned();
        self.run(move |tx| one(tx, "DELETE FROM oauth_codes WHERE code = ?1 RETURNING record", &code)).await
    }

    async fn put_pushed_authorization_request(
        &self,
        record: PushedAuthorizationRequest,
    ) -> Result<WriteOutcome, StorageError> {
        let now = self.now();
        self.run(move |tx| {
            let write = Write {
                client: record.client_id.as_str(),
                family: None,
                consent: None,
                decided: record.pushed_at,
                now,
            };
            let refused = revocations::covers(tx, &write)?;
            if !refused {
                put_pushed(tx, &record)?;
            }
            Ok(outcome(refused))
        })
        .await
    }

    async fn take_pushed_authorization_request(
        &self,
        request_uri: &str,
    ) -> Result<Option<PushedAuthorizationRequest>, StorageError> {
        let uri = request_uri.to_owned();
        self.run(move |tx| one(tx, "DELETE FROM oauth_pushed WHERE uri = ?1 RETURNING record", &uri)).await
    }

    async fn put_token(&self, token: IssuedToken) -> Result<WriteOutcome, StorageError> {
        let now = self.now();
        self.run(move |tx| {
            let write = Write {
                client: token.client_id.as_str(),
                family: token.family_id.as_deref(),
                consent: consent_of(&token.authorization_details),
                decided: token.grant_established_at,
                now,
            };
            let refused = revocations::covers(tx, &write)?;
            if !refused {
                put_access_token(tx, &token)?;
            }
            Ok(outcome(refused))
        })
        .await
    }

    async fn get_token(&self, access_token: &str) -> Result<Option<Arc<IssuedToken>>, StorageError> {
        let key = chance::fingerprint(access_token);
        Ok(self.run(move |tx| one(tx, ACCESS, &key)).await?.map(Arc::new))
    }

    async fn delete_token(&self, access_token: &str) -> Result<(), StorageError> {
        let key = chance::fingerprint(access_token);
        self.run(move |tx| {
            tx.execute("DELETE FROM oauth_access_tokens WHERE token = ?1", [&key])?;
            Ok(())
        })
        .await
    }

    async fn put_refresh_token(&self, record: RefreshTokenRecord) -> Result<WriteOutcome, StorageError> {
        let now = self.now();
        self.run(move |tx| {
            let write = Write {
                client: record.client_id.as_str(),
                family: Some(&record.family_id),
                consent: consent_of(&record.authorization_details),
                decided: record.grant_established_at,
                now,
            };
            let refused = revocations::covers(tx, &write)?;
            if !refused {
                put_refresh_token(tx, &record)?;
            }
            Ok(outcome(refused))
        })
        .await
    }

    async fn get_refresh_token(
        &self,
        refresh_token: &str,
    ) -> Result<Option<Arc<RefreshTokenRecord>>, StorageError> {
        let token = refresh_token.to_owned();
        Ok(self.run(move |tx| one(tx, REFRESH, &token)).await?.map(Arc::new))
    }

    async fn rotate_refresh_token(
        &self,
        expected: &RefreshTokenRecord,
        spent: &RefreshTokenRecord,
        access: &IssuedToken,
        next: Option<&RefreshTokenRecord>,
    ) -> Result<bool, StorageError> {
        let (expected, spent, access, next) =
            (expected.clone(), spent.clone(), access.clone(), next.cloned());
        let now = self.now();
        self.run(move |tx| {
            let current: Option<RefreshTokenRecord> = one(tx, REFRESH, &expected.refresh_token)?;
            let write = Write {
                client: expected.client_id.as_str(),
                family: Some(&expected.family_id),
                consent: consent_of(&expected.authorization_details),
                decided: expected.grant_established_at,
                now,
            };
            if current.as_ref() != Some(&expected) || revocations::covers(tx, &write)? {
                return Ok(false);
            }
            put_refresh_token(tx, &spent)?;
            put_access_token(tx, &access)?;
            next.as_ref().map_or(Ok(()), |next| put_refresh_token(tx, next))?;
            Ok(true)
        })
        .await
    }

    async fn take_refresh_token(
        &self,
        refresh_token: &str,
    ) -> Result<Option<RefreshTokenRecord>, StorageError> {
        let token = refresh_token.to_owned();
        self.run(move |tx| {
            one(tx, "DELETE FROM oauth_refresh_tokens WHERE token = ?1 RETURNING record", &token)
        })
        .await
    }

    async fn revoke_token_family(
        &self,
        family_id: &str,
        window: RevocationWindow,
    ) -> Result<u64, StorageError> {
        refuse_empty("family_id", family_id)?;
        let family = family_id.to_owned();
        self.run(move |tx| revocations::end_family(tx, &family, window)).await
    }

    async fn claim_replay_id(&self, id: &str, expires_at: SystemTime) -> Result<bool, StorageError> {
        let id = id.to_owned();
        self.run(move |tx| {
            let claimed = tx
                .prepare_cached("INSERT OR IGNORE INTO oauth_replay_ids (id, expires_ns) VALUES (?1, ?2)")?
                .execute(params![id, nanos(expires_at)])?;
            Ok(claimed == 1)
        })
        .await
    }

    async fn sweep_expired(&self, now: SystemTime) -> Result<u64, StorageError> {
        self.run(move |tx| {
            let mut removed = 0;
            for table in ["device_grants", "codes", "pushed", "access_tokens", "refresh_tokens", "replay_ids"]
            {
                let sql = format!("DELETE FROM oauth_{table} WHERE expires_ns <= ?1");
                removed += tx.execute(&sql, [nanos(now)])?;
            }
            removed += tx.execute("DELETE FROM oauth_barriers WHERE until_ns <= ?1", [nanos(now)])?;
            Ok(u64::try_from(removed).unwrap_or(u64::MAX))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use oauth_as::storage_conformance::StorageConformance;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_store_keeps_every_rule_of_the_library() {
        let folder = tempfile::tempdir().unwrap();
        let count = std::sync::atomic::AtomicU32::new(0);
        let clock = SharedClock::new(Arc::new(crate::clock::SystemClock));
        let fresh = || {
            let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let db = Db::open(&folder.path().join(format!("{n}.sqlite"))).unwrap();
            let store = SqliteStorage::new(db, clock.clone());
            async move { store }
        };
        let violations = StorageConformance::new(fresh)
            .with_spawn(|task| {
                tokio::spawn(task);
            })
            .run()
            .await;
        assert!(violations.is_empty(), "{violations:#?}");
    }
}
