//! Statements: what moved on an account in a month, as a small PDF.

use jiff::{Timestamp, ToSpan, civil::Date};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{Account, Mark, Movement, Wanted, day_of, movements, start_of};
use crate::{
    db::{DbFault, millis, moment},
    limits,
};

/// Rows that one page of a statement holds.
const ROWS_ON_A_PAGE: usize = 44;

/// A statement, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) id: String,
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) pages: usize,
}

/// The statements of an account: one for each month that is over, the newest first, none that begins before `first`.
pub(crate) fn list(
    tx: &Transaction<'_>,
    account: &Account,
    first: Date,
    now: Timestamp,
) -> Result<Vec<Statement>, DbFault> {
    let oldest: Option<i64> = tx
        .prepare_cached("SELECT MIN(at) FROM transactions WHERE account = ?1")?
        .query_row([&account.id], |row| row.get(0))
        .optional()?
        .flatten();
    let Some(oldest) = oldest else { return Ok(Vec::new()) };
    let oldest = day_of(moment(oldest)?).first_of_month();
    let this_month = day_of(now).first_of_month();
    let mut found = Vec::new();
    for back in 1..=limits::STATEMENT_MONTHS {
        let from = this_month.saturating_sub(back.months());
        if from < oldest || from < first.first_of_month() {
            break;
        }
        let to = from.last_of_month();
        let pages = count(tx, &account.id, from, to)?.div_ceil(ROWS_ON_A_PAGE).max(1);
        found.push(Statement { id: format!("{}.{}", account.id, from.strftime("%Y-%m")), from, to, pages });
    }
    Ok(found)
}

fn count(tx: &Transaction<'_>, account: &str, from: Date, to: Date) -> Result<usize, DbFault> {
    let until = start_of(to.saturating_add(1.day()));
    let rows: i64 = tx
        .prepare_cached("SELECT COUNT(*) FROM transactions WHERE account = ?1 AND at >= ?2 AND at < ?3")?
        .query_row(params![account, millis(start_of(from)), millis(until)], |row| row.get(0))?;
    Ok(usize::try_from(rows).unwrap_or(0))
}

/// The document of a statement.
pub(crate) fn document(
    tx: &Transaction<'_>,
    bank: &str,
    account: &Account,
    statement: &Statement,
) -> Result<Vec<u8>, DbFault> {
    let mut rows: Vec<Movement> = Vec::new();
    let mut after: Option<Mark> = None;
    loop {
        let wanted = Wanted {
            account: account.id.clone(),
            from: start_of(statement.from),
            to: start_of(statement.to.saturating_add(1.day())),
            after: after.take(),
            limit: limits::PAGE_MAX,
        };
        let page = movements(tx, &wanted)?;
        let last = page.movements.last().map(|m| Mark { at_ms: millis(m.at), id: m.id.clone() });
        rows.extend(page.movements);
        match last.filter(|_| page.more) {
            Some(mark) => after = Some(mark),
            None => break,
        }
    }
    rows.reverse();
    Ok(pdf(&pages(bank, account, statement, &rows)))
}

/// The lines of each page.
fn pages(bank: &str, account: &Account, statement: &Statement, rows: &[Movement]) -> Vec<Vec<String>> {
    let total: i64 = rows.iter().map(|row| row.signed).sum();
    let parts: Vec<&[Movement]> =
        if rows.is_empty() { vec![rows] } else { rows.chunks(ROWS_ON_A_PAGE).collect() };
    let count = parts.len();
    let mut pages = Vec::with_capacity(count);
    for (number, part) in (1..).zip(parts) {
        let mut lines = vec![
            format!("{bank} - statement, page {number} of {count}"),
            format!("{} ..{}, {}", account.name, account.number_display, account.currency),
            format!("{} to {}", statement.from, statement.to),
            String::new(),
        ];
        lines.extend(part.iter().map(|row| {
            let what: String = row.description.chars().take(44).collect();
            let open = if row.posted_at.is_none() { " *" } else { "" };
            format!("{}  {what:<44} {:>14}{open}", day_of(row.at), decimal(row.signed))
        }));
        if number == count {
            lines.push(String::new());
            lines.push(format!("{:<56} {:>14}", "In and out together", decimal(total)));
            lines.push("* not booked yet".to_owned());
        }
        pages.push(lines);
    }
    pages
}

fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

/// A PDF (ISO 32000-1) of plain lines in Courier, one list of lines for each page. Letters outside ASCII become `?`.
fn pdf(pages: &[Vec<String>]) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        String::new(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>".to_owned(),
    ];
    let mut kids = Vec::new();
    for lines in pages {
        let text: String = lines.iter().map(|line| format!("({}) Tj T*\n", escaped(line))).collect();
        let stream = format!("BT /F1 9 Tf 14 TL 50 790 Td\n{text}ET");
        let content = objects.len() + 2;
        kids.push(format!("{} 0 R", objects.len() + 1));
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>"
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()));
    }
    objects[1] = format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len());
    let mut out = String::from("%PDF-1.4\n");
    let mut places = Vec::with_capacity(objects.len());
    for (number, object) in (1..).zip(&objects) {
        places.push(out.len());
        out += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let table = out.len();
    out += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    places.iter().for_each(|place| out += &format!("{place:010} 00000 n \n"));
    out += &format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    out.into_bytes()
}

fn escaped(line: &str) -> String {
    let mut text = String::new();
    for c in line.chars() {
        match c {
            '(' | ')' | '\\' => text.extend(['\\', c]),
            c if c.is_ascii_graphic() || c == ' ' => text.push(c),
            _ => text.push('?'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdf_says_where_each_of_its_parts_begins() {
        let bytes = pdf(&[vec!["one (1)".into(), "caf\u{e9}".into()], vec!["two".into()]]);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("%PDF-1.4") && text.ends_with("%%EOF\n"));
        assert!(text.contains("(one \\(1\\)) Tj") && text.contains("(caf?) Tj") && text.contains("/Count 2"));
        let table: usize =
            text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
        assert!(text[table..].starts_with("xref\n0 8\n"));
        for (number, entry) in (1..).zip(text[table..].lines().skip(3).take(7)) {
            let place: usize = entry[..10].parse().unwrap();
            assert!(text[place..].starts_with(&format!("{number} 0 obj")), "{number}");
        }
    }
}
