//! What staff did. Rows are added with the change that they tell of, and never changed.

use crate::{
    DbError, Tx,
    value::{Arg, Row, micros},
};
use domain::{BankId, StaffId, ids::DeedId, staff::DeedKind};
use jiff::Timestamp;

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Its id.
    pub id: DeedId,
    /// When.
    pub at: Timestamp,
    /// Who. None for the operator at the command line.
    pub staff: Option<StaffId>,
    /// Their name at that time.
    pub name: String,
    /// What they did.
    pub deed: DeedKind,
    /// To whom or what, and why.
    pub detail: String,
    /// For a change that needed two: who proposed it.
    pub proposed_by: Option<String>,
}

/// Adds a line.
pub fn insert(tx: &mut Tx, bank: &BankId, deed: &Deed) -> Result<(), DbError> {
    tx.change_one(
        "INSERT INTO staff_deed(bank, id, at, staff, name, deed, detail, proposed_by) \
         VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            Arg::Text(bank.as_str()),
            Arg::Text(deed.id.as_str()),
            Arg::Int(micros(deed.at)),
            deed.staff.as_ref().map_or(Arg::Null, |id| Arg::Text(id.as_str())),
            Arg::Text(&deed.name),
            Arg::Text(deed.deed.as_str()),
            Arg::Text(&deed.detail),
            deed.proposed_by.as_deref().map_or(Arg::Null, Arg::Text),
        ],
    )
}

/// The history, newest first; what is before a line, if one is given.
pub fn of_bank(
    tx: &mut Tx,
    bank: &BankId,
    before: Option<&DeedId>,
    limit: u32,
) -> Result<Vec<Deed>, DbError> {
    // Ids sort by time of making; `~` comes after all of them.
    let before = before.map_or("~", DeedId::as_str);
    let rows = tx.rows(
        "SELECT id, at, staff, name, deed, detail, proposed_by FROM staff_deed \
         WHERE bank = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Text(before), Arg::Int(limit.into())],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Deed, DbError> {
    Ok(Deed {
        id: row.parse(0, "deed")?,
        at: row.time(1, "time of a deed")?,
        staff: row.maybe_text(2, "staff")?.map(|_| row.parse(2, "staff")).transpose()?,
        name: row.text(3, "name of staff")?.to_owned(),
        deed: row.parse(4, "deed")?,
        detail: row.text(5, "detail of a deed")?.to_owned(),
        proposed_by: row.maybe_text(6, "name of staff")?.map(str::to_owned),
    })
}
