//! Changes that need a second person. Whoever decides is an officer, is not the one who proposed, and is in
//! time; the statement that decides asks for all three, and the table refuses a row that says otherwise.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{
    BankId, ProposalId, StaffId,
    staff::{Change, ProposalState},
};
use jiff::Timestamp;

/// A change that somebody proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// The change.
    pub change: Change,
    /// Why, for those who decide and for the history.
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
    /// When they did.
    pub decided_at: Option<Timestamp>,
}

/// What becomes of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A second person agrees.
    Approve,
    /// A second person does not agree.
    Decline,
}

fn read(row: &Row) -> Result<Proposal, DbError> {
    let change = serde_json::from_str(row.text(1, "change")?);
    Ok(Proposal {
        id: row.parse(0, "proposal")?,
        change: change.map_err(|_| DbError::Unreadable { what: "change" })?,
        why: row.text(2, "reason of a proposal")?.to_owned(),
        state: row.parse(3, "state of a proposal")?,
        proposed_by: row.parse(4, "staff")?,
        proposer: row.text(5, "name of staff")?.to_owned(),
        proposed_at: row.time(6, "time of a proposal")?,
        expires_at: row.time(7, "end of a proposal")?,
        decider: row.maybe_text(8, "name of staff")?.map(str::to_owned),
        decided_at: row
            .maybe_count(9, "time of an answer")?
            .map(|_| row.time(9, "time of an answer"))
            .transpose()?,
    })
}

/// Keeps a proposal. False if one about the same subject is open.
pub fn insert(tx: &mut Tx, bank: &BankId, new: &Proposal) -> Result<bool, DbError> {
    let change = serde_json::to_string(&new.change).map_err(|_| DbError::Unreadable { what: "change" })?;
    expire(tx, bank, new.proposed_at)?;
    let inserted = tx.change(
        "INSERT INTO staff_proposal(bank, id, subject, change, why, state, proposed_by, proposed_at, expires_at) \
         VALUES($1, $2, $3, $4, $5, 'open', $6, $7, $8) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(new.id.as_str()),
            Arg::Text(&new.change.subject()),
            Arg::Text(&change),
            Arg::Text(&new.why),
            Arg::Text(new.proposed_by.as_str()),
            Arg::Int(micros(new.proposed_at)),
            Arg::Int(micros(new.expires_at)),
        ],
    )?;
    Ok(inserted == 1)
}

/// Notes of open proposals whose time is over that they are.
pub fn expire(tx: &mut Tx, bank: &BankId, now: Timestamp) -> Result<u64, DbError> {
    tx.change(
        "UPDATE staff_proposal SET state = 'expired' WHERE bank = $1 AND state = 'open' AND expires_at <= $2",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(now))],
    )
}

/// A proposal of a bank.
pub fn find(tx: &mut Tx, bank: &BankId, id: &ProposalId) -> Result<Option<Proposal>, DbError> {
    let row = tx.row(
        "SELECT p.id, p.change, p.why, p.state, p.proposed_by, a.name, p.proposed_at, p.expires_at, b.name, \
         p.decided_at FROM staff_proposal p JOIN staff a ON a.bank = p.bank AND a.id = p.proposed_by \
         LEFT JOIN staff b ON b.bank = p.bank AND b.id = p.decided_by \
         WHERE p.bank = $1 AND p.id = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str())],
    )?;
    row.as_ref().map(read).transpose()
}

/// The proposals that can be decided now, oldest first.
pub fn open(tx: &mut Tx, bank: &BankId, now: Timestamp) -> Result<Vec<Proposal>, DbError> {
    let rows = tx.rows(
        "SELECT p.id, p.change, p.why, p.state, p.proposed_by, a.name, p.proposed_at, p.expires_at, b.name, \
         p.decided_at FROM staff_proposal p JOIN staff a ON a.bank = p.bank AND a.id = p.proposed_by \
         LEFT JOIN staff b ON b.bank = p.bank AND b.id = p.decided_by \
         WHERE p.bank = $1 AND p.state = 'open' AND p.expires_at > $2 ORDER BY p.proposed_at, p.id",
        &[Arg::Text(bank.as_str()), Arg::Int(micros(now))],
    )?;
    rows.iter().map(read).collect()
}

/// Answers an open proposal for an officer who did not make it. False if it is not open any more, its time is
/// over, or this person may not decide it.
pub fn answer(
    tx: &mut Tx,
    bank: &BankId,
    id: &ProposalId,
    by: &StaffId,
    answer: Answer,
    now: Timestamp,
) -> Result<bool, DbError> {
    let state = match answer {
        Answer::Approve => ProposalState::Approved,
        Answer::Decline => ProposalState::Declined,
    };
    let changed = tx.change(
        "UPDATE staff_proposal SET state = $4, decided_by = $3, decided_at = $5 \
         WHERE bank = $1 AND id = $2 AND state = 'open' AND expires_at > $5 \
         AND proposed_by <> $3 AND subject <> $3 \
         AND EXISTS (SELECT 1 FROM staff WHERE bank = $1 AND id = $3 AND role = 'officer' AND state = 'active')",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(id.as_str()),
            Arg::Text(by.as_str()),
            Arg::Text(state.as_str()),
            Arg::Int(micros(now)),
        ],
    )?;
    Ok(changed == 1)
}

/// Takes back one's own open proposal. False if it is not open, or somebody else's.
pub fn take_back(
    tx: &mut Tx,
    bank: &BankId,
    id: &ProposalId,
    by: &StaffId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx.change(
        "UPDATE staff_proposal SET state = 'taken_back', decided_at = $4 \
         WHERE bank = $1 AND id = $2 AND state = 'open' AND proposed_by = $3",
        &[Arg::Text(bank.as_str()), Arg::Text(id.as_str()), Arg::Text(by.as_str()), Arg::Int(micros(now))],
    )?;
    Ok(changed == 1)
}
