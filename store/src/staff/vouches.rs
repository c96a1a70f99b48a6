//! Which officers made a link for somebody. Whoever makes a link can also use it, so for what needs two people two that
//! have an officer in common count as one.

use crate::{DbError, Tx, value::Arg};
use domain::{BankId, StaffId};

/// Notes that an officer made a link for somebody. Noted once; it stays.
pub fn note(tx: &mut Tx, bank: &BankId, of: &StaffId, by: &StaffId) -> Result<(), DbError> {
    tx.change(
        "INSERT INTO staff_vouch(bank, staff, by_staff) VALUES($1, $2, $3) ON CONFLICT DO NOTHING",
        &[Arg::Text(bank.as_str()), Arg::Text(of.as_str()), Arg::Text(by.as_str())],
    )?;
    Ok(())
}

/// Whether two people may be one: one made a link for the other, or an officer made one for both.
pub fn linked(tx: &mut Tx, bank: &BankId, one: &StaffId, other: &StaffId) -> Result<bool, DbError> {
    let rows = tx.rows(
        "SELECT v.by_staff FROM staff_vouch v WHERE v.bank = $1 AND ((v.staff = $2 AND v.by_staff = $3) \
         OR (v.staff = $3 AND v.by_staff = $2) OR (v.staff = $2 AND EXISTS(SELECT 1 FROM staff_vouch w \
         WHERE w.bank = $1 AND w.staff = $3 AND w.by_staff = v.by_staff)))",
        &[Arg::Text(bank.as_str()), Arg::Text(one.as_str()), Arg::Text(other.as_str())],
    )?;
    Ok(!rows.is_empty())
}
