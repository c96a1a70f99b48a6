//! What customers had done at their bank, so that they find it again. An order is written down before the bank is asked,
//! and its state follows what is heard of it.

use crate::{
    DbError, Tx,
    seal::Place,
    value::{Arg, Row, micros},
};
use domain::{BankId, ConversationId, CustomerId};
use jiff::Timestamp;
use std::{fmt, str::FromStr};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// The bank is asked; what it said is not known.
    Sent,
    /// The bank wants the customer's approval on its own site.
    ToApprove,
    /// It is done.
    Done,
    /// The bank refused.
    Refused,
    /// It was done, and taken back by a later order.
    Undone,
}

/// A text that is not the state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the state of an order")]
pub struct NotAnOrderState;

impl OrderState {
    const ALL: [OrderState; 5] =
        [OrderState::Sent, OrderState::ToApprove, OrderState::Done, OrderState::Refused, OrderState::Undone];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            OrderState::Sent => "sent",
            OrderState::ToApprove => "to_approve",
            OrderState::Done => "done",
            OrderState::Refused => "refused",
            OrderState::Undone => "undone",
        }
    }
}

impl FromStr for OrderState {
    type Err = NotAnOrderState;
    fn from_str(text: &str) -> Result<Self, NotAnOrderState> {
        OrderState::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotAnOrderState)
    }
}

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose order it is, and its key: the same that the bank knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPlace {
    /// The bank.
    pub bank: BankId,
    /// The customer.
    pub customer: CustomerId,
    /// Where it was ordered.
    pub conversation: ConversationId,
    /// The key of the order, 1 to 80 characters.
    pub id: String,
}

/// An order as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// Whose.
    pub of: OrderPlace,
    /// Where it stands.
    pub state: OrderState,
    /// When it was given.
    pub made_at: Timestamp,
    /// When that was last heard of.
    pub changed_at: Timestamp,
    /// What it was. Sealed at rest.
    pub body: Vec<u8>,
}

impl fmt::Debug for StoredOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredOrder({:?}, {})", self.of, self.state)
    }
}

fn place<'a>(bank: &'a BankId, id: &'a str) -> Place<'a> {
    Place { table: "customer_order", column: "body", row: id, bank }
}

/// Writes an order down. False if it is there: it is sent once more, and stays as it is.
pub fn write(tx: &mut Tx, of: &OrderPlace, body: &[u8], now: Timestamp) -> Result<bool, DbError> {
    let sealed = tx.seal(&of.customer, &place(&of.bank, &of.id), body)?;
    let written = tx.change(
        "INSERT INTO customer_order(bank, customer, id, conversation, state, made_at, changed_at, body) \
         VALUES($1, $2, $3, $4, 'sent', $5, $5, $6) ON CONFLICT DO NOTHING",
        &[
            Arg::Text(of.bank.as_str()),
            Arg::Text(of.customer.as_str()),
            Arg::Text(&of.id),
            Arg::Text(of.conversation.as_str()),
            Arg::Int(micros(now)),
            Arg::Blob(&sealed),
        ],
    )?;
    Ok(written == 1)
}

/// What was heard of an order. False if there is none that this can be said of: what is done stays done, and only that
/// can be taken back.
pub fn heard(tx: &mut Tx, of: &OrderPlace, state: OrderState, now: Timestamp) -> Result<bool, DbError> {
    let sql = if state == OrderState::Undone {
        "UPDATE customer_order SET state = $4, changed_at = $5 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state = 'done'"
    } else {
        "UPDATE customer_order SET state = $4, changed_at = $5 \
         WHERE bank = $1 AND customer = $2 AND id = $3 AND state IN ('sent', 'to_approve', 'refused')"
    };
    let changed = tx.change(
        sql,
        &[
            Arg::Text(of.bank.as_str()),
            Arg::Text(of.customer.as_str()),
            Arg::Text(&of.id),
            Arg::Text(state.as_str()),
            Arg::Int(micros(now)),
        ],
    )?;
    Ok(changed == 1)
}

/// The newest orders of a customer, at most `most`, and how many there are in all.
pub fn newest(
    tx: &mut Tx,
    bank: &BankId,
    customer: &CustomerId,
    most: u32,
) -> Result<(Vec<StoredOrder>, u64), DbError> {
    let rows = tx.rows(
        "SELECT id, conversation, state, made_at, changed_at, body FROM customer_order \
         WHERE bank = $1 AND customer = $2 ORDER BY made_at DESC, id DESC LIMIT $3",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str()), Arg::Int(most.into())],
    )?;
    let orders = rows.iter().map(|row| read(tx, bank, customer, row)).collect::<Result<Vec<_>, _>>()?;
    let all = tx.row(
        "SELECT COUNT(*) FROM customer_order WHERE bank = $1 AND customer = $2",
        &[Arg::Text(bank.as_str()), Arg::Text(customer.as_str())],
    )?;
    let all = all.map_or(Ok(0), |row| row.count(0, "number of orders"))?;
    Ok((orders, all))
}

fn read(tx: &mut Tx, bank: &BankId, customer: &CustomerId, row: &Row) -> Result<StoredOrder, DbError> {
    let id = row.text(0, "id of an order")?.to_owned();
    let body = tx.unseal(customer, &place(bank, &id), row.blob(5, "body of an order")?)?;
    Ok(StoredOrder {
        of: OrderPlace {
            bank: bank.clone(),
            customer: customer.clone(),
            conversation: row.parse(1, "conversation of an order")?,
            id,
        },
        state: row.parse(2, "state of an order")?,
        made_at: row.time(3, "time of an order")?,
        changed_at: row.time(4, "change of an order")?,
        body,
    })
}
