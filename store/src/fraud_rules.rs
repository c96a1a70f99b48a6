//! Sets of rules against fraud that somebody proposed, the one that is in force, and how often each rule was right. Whoever
//! decides did not propose, is in time, and knows what is in force; the statements ask for all three.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{BankId, StaffId, ids::RuleSetId, staff::ProposalState};
use jiff::Timestamp;

/// Proposals of a bank that are open at once. Each is read by a second person; more are a mistake.
pub const MAX_OPEN: u32 = 10;

/// A set without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: RuleSetId,
    /// SHA-256 of the rules, in hexadecimal.
    pub digest: String,
    /// The same of the rules that were in force when it was proposed.
    pub instead_of: String,
    /// Why it was proposed.
    pub why: String,
    /// Where it stands. One whose time is over may still say `open`; nobody can decide it.
    pub state: ProposalState,
    /// Who proposed it.
    pub proposed_by: StaffId,
    /// Their name.
    pub proposer: String,
    /// When.
    pub proposed_at: Timestamp,
    /// Until when it can be decided.
    pub expires_at: Timestamp,
    /// The name of the person who decided.
    pub decider: Option<String>,
    /// When they did, or when it was taken back.
    pub decided_at: Option<Timestamp>,
}

/// A set of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Who, when and why.
    pub about: Summary,
    /// The rules as they were written. Empty: no rules.
    pub text: String,
    /// What a trial on the past said, if there was one.
    pub report: Option<String>,
}

/// A set to be stored.
#[derive(Debug, Clone)]
pub struct NewSet {
    /// Its id.
    pub id: RuleSetId,
    /// The rules.
    pub text: String,
    /// SHA-256 of the rules, in hexadecimal.
    pub digest: String,
    /// The same of the rules that are in force.
    pub instead_of: String,
    /// Why.
    pub why: String,
    /// What a trial on the past said, if it is over.
    pub report: Option<String>,
    /// Who.
    pub by: StaffId,
    /// When.
    pub now: Timestamp,
    /// Until when it can be decided.
    pub expires_at: Timestamp,
}

/// How often a rule was right in a day, or in several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHits {
    /// The day where the bank is, as a running number.
    pub day: i64,
    /// The rule's name.
    pub rule: String,
    /// Payments on which its condition was true.
    pub matched: u64,
    /// Those whose card is in its share.
    pub acted: u64,
}

fn summary(row: &Row) -> Result<Summary, DbError> {
    let decided = row.maybe_count(9, "time of an answer")?;
    Ok(Summary {
        id: row.parse(0, "set of rules")?,
        digest: row.text(1, "digest of rules")?.to_owned(),
        instead_of: row.text(10, "digest of rules")?.to_owned(),
        why: row.text(2, "reason of a proposal")?.to_owned(),
        state: row.parse(3, "state of a proposal")?,
        proposed_by: row.parse(4, "staff")?,
        proposer: row.text(5, "name of staff")?.to_owned(),
        proposed_at: row.time(6, "time of a proposal")?,
        expires_at: row.time(7, "end of a proposal")?,
        decider: row.maybe_text(8, "name of staff")?.map(str::to_owned),
        decided_at: decided.map(|_| row.time(9, "time of an answer")).transpose()?,
    })
}

fn whole(row: &Row) -> Result<Set, DbError> {
    let report = row.maybe_text(12, "report of a trial")?.map(str::to_owned);
    Ok(Set { about: summary(row)?, text: row.text(11, "text of rules")?.to_owned(), report })
}

/// Keeps a proposal. False if too many are open.
pub fn insert(tx: &mut Tx, bank: &BankId, new: &NewSet) -> Result<bool, DbError> {
    expire(tx, bank, new.now)?;
    let row = tx.row(
        "SELECT COUNT(*) FROM fraud_rule_set WHERE bank = $1 AND state = 'open'",
        &[Arg::Text(bank.as_str())],
    )?;
    if row.map_or(Ok(0), |row| row.count(0, "number of proposals"))? >= u64::from(MAX_OPEN) {
        return Ok(false);
    }
    tx.change(
        "INSERT INTO fraud_rules_now(bank, in_force, number) VALUES($1, '', 0) ON CONFLICT DO NOTHING",
        &[Arg::Text(bank.as_str())],
    )?;
    tx.change_one(
        "INSERT INTO fraud_rule_set(bank, id, text, digest, instead_of, why, report, state, proposed_by, \
         proposed_at, expires_at) VALUES($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10)",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(new.id.as_str()),
            Arg::Text(&new.text),
            Arg::Text(&new.digest),
            Arg::Text(&new.instead_of),
            Arg::Text(&new.why),
            new.report.as_deref().map_or(Arg::Null, Arg::Text),
            Arg::Text(new.by.as_str()),
            Arg::Int(micros(new.now)),
            Arg::Int(micros(new.expires_at)),
        ],
    )?;
    Ok(true)
}

/// Keeps what a trial said that was over only after its set was proposed.
pub fn keep_report(tx: &mut Tx, bank: &BankId, id: &RuleSetId, report: &str) -> Result<bool, DbError> {
    let kept = tx.change(
        "UPDATE fraud_rule_set SET report = $3 WHERE bank = $1 AND id = $2 AND report IS NULL",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str()), Arg::Text(report)],
    )?;
    Ok(kept == 1)
}

/// Notes of open proposals whose time is over that they are.
pub fn expire(tx: &mut Tx, bank: &BankId, now: Timestamp) -> Result<u64, DbError> {
    tx.change(
        "UPDATE fraud_rule_set SET state = 'expired' WHERE bank = $1 AND state = 'open' AND expires_at <= $2",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(now))],
    )
}

/// A set of a bank.
pub fn find(tx: &mut Tx, bank: &BankId, id: &RuleSetId) -> Result<Option<Set>, DbError> {
    let row = tx.row(
        "SELECT p.id, p.digest, p.why, p.state, p.proposed_by, a.name, p.proposed_at, p.expires_at, b.name, \
         p.decided_at, p.instead_of, p.text, p.report FROM fraud_rule_set p \
         JOIN staff a ON a.bank = p.bank AND a.id = p.proposed_by \
         LEFT JOIN staff b ON b.bank = p.bank AND b.id = p.decided_by WHERE p.bank = $1 AND p.id = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str())],
    )?;
    row.as_ref().map(whole).transpose()
}

/// The proposals that can be decided now, the oldest first.
pub fn open(tx: &mut Tx, bank: &BankId, now: Timestamp) -> Result<Vec<Summary>, DbError> {
    let rows = tx.rows(
        "SELECT p.id, p.digest, p.why, p.state, p.proposed_by, a.name, p.proposed_at, p.expires_at, b.name, \
         p.decided_at, p.instead_of FROM fraud_rule_set p JOIN staff a ON a.bank = p.bank AND a.id = p.proposed_by \
         LEFT JOIN staff b ON b.bank = p.bank AND b.id = p.decided_by \
         WHERE p.bank = $1 AND p.state = 'open' AND p.expires_at > $2 ORDER BY p.proposed_at, p.id",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(now))],
    )?;
    rows.iter().map(summary).collect()
}

/// The proposals that can be decided no more, the newest first.
pub fn over(tx: &mut Tx, bank: &BankId, now: Timestamp, most: u32) -> Result<Vec<Summary>, DbError> {
    let rows = tx.rows(
        "SELECT p.id, p.digest, p.why, p.state, p.proposed_by, a.name, p.proposed_at, p.expires_at, b.name, \
         p.decided_at, p.instead_of FROM fraud_rule_set p JOIN staff a ON a.bank = p.bank AND a.id = p.proposed_by \
         LEFT JOIN staff b ON b.bank = p.bank AND b.id = p.decided_by \
         WHERE p.bank = $1 AND (p.state <> 'open' OR p.expires_at <= $2) ORDER BY p.proposed_at DESC, p.id DESC LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(now)), Arg::Int(most.into())],
    )?;
    rows.iter().map(summary).collect()
}

/// The set that is in force. None: the bank's file counts.
pub fn in_force(tx: &mut Tx, bank: &BankId) -> Result<Option<RuleSetId>, DbError> {
    let row = tx.row(
        "SELECT in_force FROM fraud_rules_now WHERE bank = $1 AND in_force <> ''",
        &[Arg::Text(bank.as_str())],
    )?;
    row.map(|row| row.parse(0, "set of rules")).transpose()
}

/// The sets that were approved, the one in force first.
pub fn approved(tx: &mut Tx, bank: &BankId, most: u32) -> Result<Vec<Set>, DbError> {
    let rows = tx.rows(
        "SELECT p.id, p.digest, p.why, p.state, p.proposed_by, a.name, p.proposed_at, p.expires_at, b.name, \
         p.decided_at, p.instead_of, p.text, p.report FROM fraud_rule_set p \
         JOIN staff a ON a.bank = p.bank AND a.id = p.proposed_by \
         LEFT JOIN staff b ON b.bank = p.bank AND b.id = p.decided_by \
         WHERE p.bank = $1 AND p.number IS NOT NULL ORDER BY p.number DESC LIMIT $2",
        &[Arg::Text(bank.as_str()), Arg::Int(most.into())],
    )?;
    rows.iter().map(whole).collect()
}

/// Puts an open proposal in force for somebody who did not make it, instead of what they took to be in force. False if
/// something else is in force, it is not open any more, its time is over, or this person may not decide it; the caller
/// then undoes the transaction.
pub fn approve(
    tx: &mut Tx,
    bank: &BankId,
    id: &RuleSetId,
    by: &StaffId,
    instead_of: Option<&RuleSetId>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let turned = tx.change(
        "UPDATE fraud_rules_now SET in_force = $2, number = number + 1 WHERE bank = $1 AND in_force = $3",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(id.as_str()),
            Arg::Text(instead_of.map_or("", RuleSetId::as_str)),
        ],
    )?;
    if turned != 1 {
        return Ok(false);
    }
    let approved = tx.change(
        "UPDATE fraud_rule_set SET state = 'approved', decided_by = $3, decided_at = $4, \
         number = (SELECT n.number FROM fraud_rules_now n WHERE n.bank = $1) \
         WHERE bank = $1 AND id = $2 AND state = 'open' AND expires_at > $4 AND proposed_by <> $3 \
         AND EXISTS(SELECT 1 FROM staff s WHERE s.bank = $1 AND s.id = $3 AND s.state = 'active' \
         AND s.role IN ('officer', 'fraud_analyst')) \
         AND NOT EXISTS(SELECT 1 FROM staff_vouch v WHERE v.bank = $1 AND ( \
         (v.staff = fraud_rule_set.proposed_by AND v.by_staff = $3) \
         OR (v.staff = $3 AND v.by_staff = fraud_rule_set.proposed_by) \
         OR (v.staff = $3 AND EXISTS(SELECT 1 FROM staff_vouch w WHERE w.bank = $1 \
         AND w.staff = fraud_rule_set.proposed_by AND w.by_staff = v.by_staff))))",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str()), Arg::Text(by.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(approved == 1)
}

/// Declines an open proposal for somebody who did not make it. False as in [`approve`].
pub fn decline(
    tx: &mut Tx,
    bank: &BankId,
    id: &RuleSetId,
    by: &StaffId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let declined = tx.change(
        "UPDATE fraud_rule_set SET state = 'declined', decided_by = $3, decided_at = $4 \
         WHERE bank = $1 AND id = $2 AND state = 'open' AND expires_at > $4 AND proposed_by <> $3 \
         AND EXISTS(SELECT 1 FROM staff s WHERE s.bank = $1 AND s.id = $3 AND s.state = 'active' \
         AND s.role IN ('officer', 'fraud_analyst'))",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str()), Arg::Text(by.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(declined == 1)
}

/// Takes back one's own open proposal. False if it is not open, or somebody else's.
pub fn take_back(
    tx: &mut Tx,
    bank: &BankId,
    id: &RuleSetId,
    by: &StaffId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx.change(
        "UPDATE fraud_rule_set SET state = 'taken_back', decided_at = $4 \
         WHERE bank = $1 AND id = $2 AND state = 'open' AND expires_at > $4 AND proposed_by = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str()), Arg::Text(by.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(changed == 1)
}

/// Adds to the counts of rules.
pub fn count(tx: &mut Tx, bank: &BankId, hits: &[RuleHits]) -> Result<(), DbError> {
    for RuleHits { day, rule, matched, acted } in hits {
        tx.change_one(
            "INSERT INTO fraud_rule_hit(bank, day, rule, matched, acted) VALUES($1, $2, $3, $4, $5) \
             ON CONFLICT(bank, day, rule) DO UPDATE SET matched = fraud_rule_hit.matched + excluded.matched, \
             acted = fraud_rule_hit.acted + excluded.acted",
            &[
                Arg::Text(bank.as_str()),
                Arg::Int(*day),
                Arg::Text(rule),
                Arg::Int(matched.cast_signed()),
                Arg::Int(acted.cast_signed()),
            ],
        )?;
    }
    Ok(())
}

/// The counts of each rule from a day on, together.
pub fn counted(tx: &mut Tx, bank: &BankId, from: i64) -> Result<Vec<RuleHits>, DbError> {
    let rows = tx.rows(
        "SELECT rule, CAST(SUM(matched) AS BIGINT), CAST(SUM(acted) AS BIGINT) FROM fraud_rule_hit \
         WHERE bank = $1 AND day >= $2 GROUP BY rule ORDER BY rule",
        &[Arg::Text(bank.as_str()), Arg::Int(from)],
    )?;
    let read = |row: &Row| {
        Ok(RuleHits {
            day: from,
            rule: row.text(0, "name of a rule")?.to_owned(),
            matched: row.count(1, "hits of a rule")?,
            acted: row.count(2, "hits of a rule")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Forgets the counts from before a day.
pub fn sweep(tx: &mut Tx, before: i64) -> Result<u64, DbError> {
    tx.change("DELETE FROM fraud_rule_hit WHERE day < $1", &[Arg::Int(before)])
}
