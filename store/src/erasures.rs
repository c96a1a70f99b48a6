//! Customers who are to be erased, and those who were.
//!
//! Erasing is the loss of the customer's key together with every row that is theirs. What the bank must still be
//! told moves to an heir first: a customer of a new name and a new key, who has nothing but these tasks and goes
//! when they are done.

use crate::{
    DbError, Tx, bank_tasks, customers,
    value::{Arg, Row, micros},
};
use domain::{
    BankId, CustomerId, EntryId,
    erasure::{AskedBy, ErasureState, Keep},
    ids::TaskId,
};
use jiff::Timestamp;

/// An erasure as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The bank.
    pub bank: BankId,
    /// Who is erased: by now a number that nothing else has.
    pub customer: CustomerId,
    /// Where it stands.
    pub state: ErasureState,
    /// Who asked.
    pub asked_by: AskedBy,
    /// When.
    pub asked_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Who has the tasks that the bank has not confirmed, and until when.
    pub heir: Option<(CustomerId, Timestamp)>,
    /// Its entry in the bank's log.
    pub entry: Option<EntryId>,
    /// The place of that entry.
    pub index: Option<u64>,
    /// What the receipt says; no personal data. None before it is carried out, and when it is too old.
    pub receipt: Option<Vec<u8>>,
}

/// What was erased, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wiped {
    /// Messages, both ways.
    pub messages: u64,
    /// Consent records.
    pub consents: u64,
    /// Records of who looked.
    pub accesses: u64,
    /// Everything else: links, tokens, tasks, conversations.
    pub other: u64,
}

/// A table of which rows belong to customers.
struct Owned {
    name: &'static str,
    wipe: &'static str,
    /// What keeps its rows. None: no hold does.
    kept_as: Option<Keep>,
}

/// Every table with a customer's rows but `erasure` itself (a test holds it against the database). Conversations
/// and consents come first: writers lock them, so what they wrote meanwhile is there to be deleted after.
const OWNED: &[Owned] = &[
    Owned {
        name: "conversation",
        wipe: "DELETE FROM conversation WHERE bank = $1 AND customer = $2",
        kept_as: Some(Keep::Messages),
    },
    Owned {
        name: "consent",
        wipe: "DELETE FROM consent WHERE bank = $1 AND customer = $2",
        kept_as: Some(Keep::Consents),
    },
    Owned {
        name: "consent_event",
        wipe: "DELETE FROM consent_event WHERE bank = $1 AND customer = $2",
        kept_as: Some(Keep::Consents),
    },
    Owned {
        name: "consent_terms",
        wipe: "DELETE FROM consent_terms WHERE bank = $1 AND customer = $2",
        kept_as: Some(Keep::Consents),
    },
    Owned {
        name: "message",
        wipe: "DELETE FROM message WHERE bank = $1 AND customer = $2",
        kept_as: Some(Keep::Messages),
    },
    Owned {
        name: "access_record",
        wipe: "DELETE FROM access_record WHERE bank = $1 AND customer = $2",
        kept_as: Some(Keep::Accesses),
    },
    Owned { name: "link", wipe: "DELETE FROM link WHERE bank = $1 AND customer = $2", kept_as: None },
    Owned {
        name: "sealed_link",
        wipe: "DELETE FROM sealed_link WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned {
        name: "known_browser",
        wipe: "DELETE FROM known_browser WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned { name: "sender", wipe: "DELETE FROM sender WHERE bank = $1 AND customer = $2", kept_as: None },
    // Before the subject goes: whoever is signed in as this person has its fingerprint, whomever of theirs they see.
    Owned {
        name: "sign_in_session",
        wipe: "DELETE FROM sign_in_session WHERE bank = $1 AND (customer = $2 OR subject IN \
               (SELECT s.subject FROM bank_subject s WHERE s.bank = $1 AND s.customer = $2))",
        kept_as: None,
    },
    Owned {
        name: "bank_subject",
        wipe: "DELETE FROM bank_subject WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned {
        name: "bank_grant",
        wipe: "DELETE FROM bank_grant WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned { name: "watch", wipe: "DELETE FROM watch WHERE bank = $1 AND customer = $2", kept_as: None },
    Owned {
        name: "watch_hours",
        wipe: "DELETE FROM watch_hours WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned {
        name: "watch_told",
        wipe: "DELETE FROM watch_told WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned {
        name: "bank_event",
        wipe: "DELETE FROM bank_event WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned {
        name: "fraud_alert",
        wipe: "DELETE FROM fraud_alert WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned {
        name: "customer_order",
        wipe: "DELETE FROM customer_order WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned {
        name: "bank_task",
        wipe: "DELETE FROM bank_task WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
];

/// What is said about a consent without its customer's name: which data it shares, for counting. Goes with the
/// consents, before they do.
const SHARES: &str = "DELETE FROM consent_share WHERE bank = $1 \
    AND consent IN (SELECT c.id FROM consent c WHERE c.bank = $1 AND c.customer = $2)";

/// What the bank's people decided about the customer's fraud alerts. The alerts are locked first: whoever decides about one
/// at this moment is waited for, and whoever does after finds it gone.
const ALERTS: &str =
    "SELECT id FROM fraud_alert WHERE bank = $1 AND customer = $2 ORDER BY id /*pg: FOR UPDATE*/";
const DECISIONS: &str = "DELETE FROM fraud_decision WHERE bank = $1 \
    AND alert IN (SELECT a.id FROM fraud_alert a WHERE a.bank = $1 AND a.customer = $2)";

/// Rows without which nothing that is kept could be read; they go last.
const ROOTS: &[Owned] = &[
    Owned { name: "hold", wipe: "DELETE FROM hold WHERE bank = $1 AND customer = $2", kept_as: None },
    Owned {
        name: "customer_key",
        wipe: "DELETE FROM customer_key WHERE bank = $1 AND customer = $2",
        kept_as: None,
    },
    Owned { name: "customer", wipe: "DELETE FROM customer WHERE bank = $1 AND customer = $2", kept_as: None },
];

/// The tables that erasing empties of a customer.
pub fn tables() -> impl Iterator<Item = &'static str> {
    OWNED.iter().chain(ROOTS).map(|table| table.name)
}

/// Writes down that a customer is to be erased. False if it was written down before.
pub fn ask(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    by: AskedBy,
    now: Timestamp,
) -> Result<bool, DbError> {
    let asked = tx.change(
        "INSERT INTO erasure(bank, customer, state, asked_by, asked_at, changed_at) \
         VALUES($1, $2, 'asked', $3, $4, $4) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(customer.as_str()),
            Arg::Text(by.as_str()),
            Arg::Int(micros(now)),
        ],
    )?;
    Ok(asked == 1)
}

/// Nothing is here of a customer of the list: the erasure is over.
pub fn note_gone(tx: &mut Tx, bank: &BankId, customer: &CustomerId, now: Timestamp) -> Result<(), DbError> {
    tx.change(
        "UPDATE erasure SET state = 'erased', changed_at = $3 WHERE bank = $1 AND customer = $2 AND state = 'asked'",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(())
}

/// Opens an erasure again whose customer came back with a backup.
pub fn reopen(tx: &mut Tx, bank: &BankId, customer: &CustomerId, now: Timestamp) -> Result<(), DbError> {
    tx.change(
        "UPDATE erasure SET state = 'asked', changed_at = $3 WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(())
}

/// Whether a customer is to be erased or was.
pub fn is_asked(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<bool, DbError> {
    let row = tx.row(
        "SELECT state FROM erasure WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    Ok(row.is_some())
}

/// Whether anything is here of a customer: the customer, or their key.
pub fn is_here(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<bool, DbError> {
    let rows = tx.rows(
        "SELECT 1 FROM customer WHERE bank = $1 AND customer = $2 \
         UNION ALL SELECT 1 FROM customer_key WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    Ok(!rows.is_empty())
}

/// Whether a customer has a key. Without one, nothing of theirs can be opened.
pub fn has_key(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<bool, DbError> {
    let rows = tx.rows(
        "SELECT 1 FROM customer_key WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    Ok(!rows.is_empty())
}

/// The erasure of a customer.
pub fn find(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<Option<Erasure>, DbError> {
    let row = tx.row(
        "SELECT r.bank, r.customer, r.state, r.asked_by, r.asked_at, r.changed_at, r.heir, r.heir_until, \
         r.entry, r.receipt, e.idx FROM erasure r LEFT JOIN log_entry e ON e.entry = r.entry AND e.log = r.bank \
         WHERE r.bank = $1 AND r.customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// Erasures that were asked for and not carried out, oldest first.
pub fn asked(tx: &mut Tx, limit: u32) -> Result<Vec<Erasure>, DbError> {
    let rows = tx.rows(
        "SELECT bank, customer, state, asked_by, asked_at, changed_at, heir, heir_until, entry, receipt, \
         CAST(NULL AS BIGINT) FROM erasure WHERE state = 'asked' ORDER BY changed_at LIMIT $1",
        &[Arg::Int(limit.into())],
    )?;
    rows.iter().map(read).collect()
}

/// Erasures of which a hold or an heir is left, by bank and customer, after one.
pub fn waiting(
    tx: &mut Tx,
    after: Option<&(BankId, CustomerId)>,
    limit: u32,
) -> Result<Vec<Erasure>, DbError> {
    let (bank, customer) = after.map_or(("", ""), |(bank, customer)| (bank.as_str(), customer.as_str()));
    let rows = tx.rows(
        "SELECT bank, customer, state, asked_by, asked_at, changed_at, heir, heir_until, entry, receipt, \
         CAST(NULL AS BIGINT) FROM erasure WHERE (state = 'held' OR heir IS NOT NULL) \
         AND (bank > $1 OR (bank = $1 AND customer > $2)) ORDER BY bank, customer LIMIT $3",
        &[Arg::Text(bank), Arg::Text(customer), Arg::Int(limit.into())],
    )?;
    rows.iter().map(read).collect()
}

/// Erasures that were carried out, as far as holds allow, at a time or later, oldest first: bank, customer and that
/// time.
pub fn carried_out_since(
    tx: &mut Tx,
    from: Timestamp,
    limit: u32,
) -> Result<Vec<(BankId, CustomerId, Timestamp)>, DbError> {
    let rows = tx.rows(
        "SELECT bank, customer, changed_at FROM erasure WHERE changed_at >= $1 AND state <> 'asked' \
         ORDER BY changed_at, bank, customer LIMIT $2",
        &[Arg::Int(micros(from)), Arg::Int(limit.into())],
    )?;
    let read = |row: &Row| {
        Ok((row.parse(0, "bank")?, row.parse(1, "customer")?, row.time(2, "time of an erasure")?))
    };
    rows.iter().map(read).collect()
}

/// Every erasure after one, by bank and customer, for whoever holds them against the list outside.
pub fn page(tx: &mut Tx, after: Option<&(BankId, CustomerId)>, limit: u32) -> Result<Vec<Erasure>, DbError> {
    let (bank, customer) = after.map_or(("", ""), |(bank, customer)| (bank.as_str(), customer.as_str()));
    let rows = tx.rows(
        "SELECT bank, customer, state, asked_by, asked_at, changed_at, heir, heir_until, entry, receipt, \
         CAST(NULL AS BIGINT) FROM erasure WHERE bank > $1 OR (bank = $1 AND customer > $2) \
         ORDER BY bank, customer LIMIT $3",
        &[Arg::Text(bank), Arg::Text(customer), Arg::Int(limit.into())],
    )?;
    rows.iter().map(read).collect()
}

/// Whether a worker has one of the customer's messages in hand.
pub fn is_in_hand(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let rows = tx.rows(
        "SELECT 1 FROM conversation WHERE bank = $1 AND customer = $2 AND lease_until > $3 \
         AND lease_by IS NOT NULL LIMIT 1",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(!rows.is_empty())
}

/// Moves the tasks that the bank has not confirmed to the heir, sealed anew under the heir's key. `reduce`
/// takes out of a body what is not needed for it. Gives how many there were; without any there is no heir.
pub fn bequeath(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    heir: &CustomerId,
    now: Timestamp,
    reduce: impl Fn(Vec<u8>) -> Vec<u8>,
) -> Result<u64, DbError> {
    if !has_key(tx, bank, customer)? {
        return Ok(0);
    }
    let rows = tx.rows(
        "SELECT id, body FROM bank_task WHERE bank = $1 AND customer = $2 AND state = 'due' /*pg: FOR UPDATE*/",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    if rows.is_empty() {
        return Ok(0);
    }
    customers::begin(tx, bank, heir, now)?;
    for row in &rows {
        let id: TaskId = row.parse(0, "task")?;
        let place = bank_tasks::place(bank, &id);
        let body = tx.unseal(customer, &place, row.blob(1, "body of a task")?)?;
        let sealed = tx.seal(heir, &place, &reduce(body))?;
        tx.change_one(
            "UPDATE bank_task SET customer = $4, bucket = $5, body = $6, lease_until = 0, lease_by = NULL \
             WHERE bank = $1 AND customer = $2 AND id = $3",
            &[
                Arg::Text(bank.as_str()),
                Arg::Text(customer.as_str()),
                Arg::Text(id.as_str()),
                Arg::Text(heir.as_str()),
                Arg::Int(customers::bucket(bank, heir).into()),
                Arg::Blob(&sealed),
            ],
        )?;
    }
    Ok(rows.len() as u64)
}

/// How many tasks of a customer the bank has not confirmed.
pub fn tasks_left(tx: &mut Tx, bank: &BankId, customer: &CustomerId) -> Result<u64, DbError> {
    let row = tx.row(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM bank_task WHERE bank = $1 AND customer = $2 AND state = 'due'",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    row.map_or(Ok(0), |row| row.count(0, "count of tasks"))
}

/// Deletes every row of a customer but those that are kept. If nothing is kept, the key goes too, and with it
/// all that is in backups. Can be repeated.
pub fn wipe(tx: &mut Tx, bank: &BankId, customer: &CustomerId, kept: &[Keep]) -> Result<Wiped, DbError> {
    let mut wiped = Wiped::default();
    let whose = [Arg::Text(bank.as_str()), Arg::Text(customer.as_str())];
    if !kept.contains(&Keep::Consents) {
        tx.change(SHARES, &whose)?;
    }
    tx.rows(ALERTS, &whose)?;
    wiped.other += tx.change(DECISIONS, &whose)?;
    for table in OWNED.iter().filter(|table| table.kept_as.is_none_or(|keep| !kept.contains(&keep))) {
        let rows = tx.change(table.wipe, &whose)?;
        match table.name {
            "message" => wiped.messages += rows,
            "consent" => wiped.consents += rows,
            "access_record" => wiped.accesses += rows,
            _ => wiped.other += rows,
        }
    }
    if kept.is_empty() {
        for table in ROOTS {
            tx.change(table.wipe, &whose)?;
        }
        tx.forget_key_of(bank, customer);
    }
    Ok(wiped)
}

/// Writes down what became of an erasure.
pub fn settle(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    settled: &Settled,
    now: Timestamp,
) -> Result<(), DbError> {
    let (heir, until) = match &settled.heir {
        Some((heir, until)) => (Arg::Text(heir.as_str()), Arg::Int(micros(*until))),
        None => (Arg::Null, Arg::Null),
    };
    tx.change_one(
        "UPDATE erasure SET state = $3, changed_at = $4, heir = coalesce($5, heir), \
         heir_until = coalesce($6, heir_until), entry = $7, receipt = $8 WHERE bank = $1 AND customer = $2",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(customer.as_str()),
            Arg::Text(settled.state.as_str()),
            Arg::Int(micros(now)),
            heir,
            until,
            Arg::Text(settled.entry.as_str()),
            Arg::Blob(&settled.receipt),
        ],
    )
}

/// How an erasure was carried out.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Held or erased.
    pub state: ErasureState,
    /// Who has the tasks that are left, and until when.
    pub heir: Option<(CustomerId, Timestamp)>,
    /// Its entry in the log.
    pub entry: EntryId,
    /// What the receipt says.
    pub receipt: Vec<u8>,
}

/// The heir is gone.
pub fn forget_heir(tx: &mut Tx, bank: &BankId, customer: &CustomerId, now: Timestamp) -> Result<(), DbError> {
    tx.change(
        "UPDATE erasure SET heir = NULL, heir_until = NULL, changed_at = $3 WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(())
}

/// Takes the receipts away of erasures that ended before a time. What is left is that there was one.
pub fn forget_receipts(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    tx.change(
        "UPDATE erasure SET receipt = NULL WHERE state = 'erased' AND changed_at < $1 AND receipt IS NOT NULL",
        &[Arg::Int(micros(before))],
    )
}

fn read(row: &Row) -> Result<Erasure, DbError> {
    let heir = match row.maybe_text(6, "heir")? {
        Some(_) => Some((row.parse(6, "heir")?, row.time(7, "end of an heir")?)),
        None => None,
    };
    let entry = match row.maybe_text(8, "log entry")? {
        Some(_) => Some(row.parse(8, "log entry")?),
        None => None,
    };
    Ok(Erasure {
        bank: row.parse(0, "bank")?,
        customer: row.parse(1, "customer")?,
        state: row.parse(2, "state of an erasure")?,
        asked_by: row.parse(3, "asker of an erasure")?,
        asked_at: row.time(4, "time of an erasure")?,
        changed_at: row.time(5, "time of an erasure")?,
        heir,
        entry,
        receipt: row.maybe_blob(9, "receipt of an erasure")?.map(<[u8]>::to_vec),
        index: row.maybe_count(10, "index of a log entry")?,
    })
}
