//! One SQL text for both databases, and the few places where they differ.
//!
//! Statements are written with `$1`. SQLite takes that as a name and numbers it by first appearance, so
//! arguments are bound by name. What only PostgreSQL understands stands in a mark, `/*pg: FOR UPDATE*/`,
//! which SQLite reads as a comment. Tables are declared in PostgreSQL's words.

/// The text for PostgreSQL: the marks are opened.
pub(crate) fn for_postgres(sql: &str) -> String {
    sql.replace("/*pg:", "").replace("*/", "")
}

/// A migration for SQLite: its own names of the types, and tables that are strict and clustered by key.
/// A table ends with `);` on a line of its own.
pub(crate) fn tables_for_sqlite(sql: &str) -> String {
    sql.replace("BIGINT", "INTEGER").replace("BYTEA", "BLOB").replace("\n);", "\n) STRICT, WITHOUT ROWID;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_postgres_sees_what_is_marked_for_it() {
        let sql = "SELECT 1 FROM t /*pg: FOR UPDATE SKIP LOCKED*/";
        assert_eq!(for_postgres(sql), "SELECT 1 FROM t  FOR UPDATE SKIP LOCKED");
    }

    #[test]
    fn tables_are_strict_and_without_row_ids_in_sqlite() {
        let sql = "CREATE TABLE t(\n    n BIGINT NOT NULL,\n    b BYTEA\n);\nCREATE INDEX i ON t(n);";
        let wanted = "CREATE TABLE t(\n    n INTEGER NOT NULL,\n    b BLOB\n) STRICT, WITHOUT ROWID;\nCREATE INDEX i ON t(n);";
        assert_eq!(tables_for_sqlite(sql), wanted);
    }
}
