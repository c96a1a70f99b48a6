//! How the tables came to be: numbered texts in this program, applied once each, forward only.
//!
//! A database that has a migration which this program does not know, or knows with another text, is not
//! opened: what it means is then not known here.

use crate::{OpenError, Tx, keks, machine, value::Arg};
use sha2::{Digest, Sha256};

/// One step, with the number under which it was applied.
struct Migration {
    id: i64,
    sql: &'static str,
}

/// All steps, in order. A step that has been in a release is never changed.
const ALL: &[Migration] = &[
    Migration { id: 1, sql: include_str!("../migrations/0001_first_conversation.sql") },
    Migration { id: 2, sql: include_str!("../migrations/0002_consent_life.sql") },
    Migration { id: 3, sql: include_str!("../migrations/0003_erasure.sql") },
    Migration { id: 4, sql: include_str!("../migrations/0004_sealed_links.sql") },
    Migration { id: 5, sql: include_str!("../migrations/0005_staff.sql") },
    Migration { id: 6, sql: include_str!("../migrations/0006_policy_and_log.sql") },
    Migration { id: 7, sql: include_str!("../migrations/0007_sign_in.sql") },
    Migration { id: 8, sql: include_str!("../migrations/0008_orders.sql") },
    Migration { id: 9, sql: include_str!("../migrations/0009_watches.sql") },
    Migration { id: 10, sql: include_str!("../migrations/0010_fraud.sql") },
    Migration { id: 11, sql: include_str!("../migrations/0011_fraud_desk.sql") },
    Migration { id: 12, sql: include_str!("../migrations/0012_fraud_rules.sql") },
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration(
    id BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY(id)
);
/*pg:LOCK TABLE migration IN EXCLUSIVE MODE;*/";

/// Brings the tables up to date, or says why not. Also sees that the key-encryption key is the one that the
/// database was begun with.
pub(crate) fn run(tx: &mut Tx) -> Result<(), OpenError> {
    tx.script(TABLE)?;
    let applied = tx.rows("SELECT id, sha256 FROM migration ORDER BY id", &[])?;
    for row in &applied {
        check(row.int(0, "migration")?, row.text(1, "migration")?)?;
    }
    for migration in ALL.iter().skip(applied.len()) {
        tx.script(migration.sql)?;
        tx.change_one(
            "INSERT INTO migration(id, sha256, at) VALUES($1, $2, $3)",
            &[Arg::Int(migration.id), Arg::Text(&digest(migration.sql)), Arg::Int(machine::micros())],
        )?;
    }
    keks::check(tx)
}

fn check(id: i64, applied: &str) -> Result<(), OpenError> {
    let known = ALL.iter().find(|m| m.id == id).ok_or(OpenError::UnknownMigration { id })?;
    let here = digest(known.sql);
    if here != applied {
        return Err(OpenError::ChangedMigration { id, applied: applied.to_owned(), here });
    }
    Ok(())
}

fn digest(sql: &str) -> String {
    Sha256::digest(sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_without_gaps() {
        for (i, migration) in ALL.iter().enumerate() {
            assert_eq!(migration.id, i as i64 + 1);
        }
    }
}
