//! What goes into a statement and what comes out, the same for both databases.

use crate::DbError;
use jiff::Timestamp;
use std::error::Error;
use std::str::FromStr;

/// An argument.
#[derive(Clone, Copy)]
pub(crate) enum Arg<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A value of a row.
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A row, by position. `what` names the value in errors.
pub(crate) struct Row(pub(crate) Vec<Value>);

/// How times are stored: whole microseconds since 1970.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

impl Row {
    pub(crate) fn int(&self, i: usize, what: &'static str) -> Result<i64, DbError> {
        match self.0.get(i) {
            Some(Value::Int(n)) => Ok(*n),
            _ => Err(DbError::Unreadable { what }),
        }
    }

    pub(crate) fn maybe_int(&self, i: usize, what: &'static str) -> Result<Option<i64>, DbError> {
        if matches!(self.0.get(i), Some(Value::Null)) { Ok(None) } else { self.int(i, what).map(Some) }
    }

    pub(crate) fn count(&self, i: usize, what: &'static str) -> Result<u64, DbError> {
        u64::try_from(self.int(i, what)?).map_err(|_| DbError::Unreadable { what })
    }

    pub(crate) fn time(&self, i: usize, what: &'static str) -> Result<Timestamp, DbError> {
        Timestamp::from_microsecond(self.int(i, what)?).map_err(|_| DbError::Unreadable { what })
    }

    pub(crate) fn text(&self, i: usize, what: &'static str) -> Result<&str, DbError> {
        match self.0.get(i) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(DbError::Unreadable { what }),
        }
    }

    pub(crate) fn maybe_text(&self, i: usize, what: &'static str) -> Result<Option<&str>, DbError> {
        if matches!(self.0.get(i), Some(Value::Null)) { Ok(None) } else { self.text(i, what).map(Some) }
    }

    /// A text of a closed kind: an id, a state.
    pub(crate) fn parse<T: FromStr>(&self, i: usize, what: &'static str) -> Result<T, DbError> {
        self.text(i, what)?.parse().map_err(|_| DbError::Unreadable { what })
    }

    pub(crate) fn blob(&self, i: usize, what: &'static str) -> Result<&[u8], DbError> {
        self.maybe_blob(i, what)?.ok_or(DbError::Unreadable { what })
    }

    pub(crate) fn maybe_blob(&self, i: usize, what: &'static str) -> Result<Option<&[u8]>, DbError> {
        match self.0.get(i) {
            Some(Value::Blob(bytes)) => Ok(Some(bytes)),
            Some(Value::Null) => Ok(None),
            _ => Err(DbError::Unreadable { what }),
        }
    }

    pub(crate) fn maybe_count(&self, i: usize, what: &'static str) -> Result<Option<u64>, DbError> {
        if matches!(self.0.get(i), Some(Value::Null)) { Ok(None) } else { self.count(i, what).map(Some) }
    }
}

impl rusqlite::ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput::Borrowed, ValueRef};
        Ok(Borrowed(match *self {
            Arg::Null => ValueRef::Null,
            Arg::Int(n) => ValueRef::Integer(n),
            Arg::Text(text) => ValueRef::Text(text.as_bytes()),
            Arg::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// An argument does not fit the type that PostgreSQL found for its place, or a column has a type that no
/// table here has.
#[derive(Debug, thiserror::Error)]
#[error("a value of another kind than {0} was given or stored")]
struct OtherType(::postgres::types::Type);

impl std::fmt::Debug for Arg<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Arg(..)")
    }
}

impl ::postgres::types::ToSql for Arg<'_> {
    fn to_sql(
        &self,
        ty: &::postgres::types::Type,
        out: &mut ::postgres::types::private::BytesMut,
    ) -> Result<::postgres::types::IsNull, Box<dyn Error + Sync + Send>> {
        use ::postgres::types::{IsNull, Type};
        match (*self, ty) {
            (Arg::Null, _) => Ok(IsNull::Yes),
            (Arg::Int(n), &Type::INT8) => n.to_sql(ty, out),
            (Arg::Int(n), &Type::INT4) => i32::try_from(n)?.to_sql(ty, out),
            (Arg::Text(text), &Type::TEXT) => text.to_sql(ty, out),
            (Arg::Blob(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            (_, ty) => Err(Box::new(OtherType(ty.clone()))),
        }
    }

    fn accepts(_: &::postgres::types::Type) -> bool {
        true
    }

    ::postgres::types::to_sql_checked!();
}

impl<'a> ::postgres::types::FromSql<'a> for Value {
    fn from_sql(ty: &::postgres::types::Type, raw: &'a [u8]) -> Result<Value, Box<dyn Error + Sync + Send>> {
        use ::postgres::types::Type;
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::TEXT => Value::Text(String::from_sql(ty, raw)?),
            Type::BYTEA => Value::Blob(raw.to_vec()),
            ref ty => return Err(Box::new(OtherType(ty.clone()))),
        })
    }

    fn from_sql_null(_: &::postgres::types::Type) -> Result<Value, Box<dyn Error + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(_: &::postgres::types::Type) -> bool {
        true
    }
}
