//! Lists that come page by page, and how to notice that they changed meanwhile.

use super::read;
use crate::fault::Unreadable;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// The longest page key that is sent back. Keys are opaque; real ones are short.
const MAX_KEY: usize = 1_024;

/// One page.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// The rows, each in the bank's own words.
    pub rows: Vec<&'a RawValue>,
    /// How to ask for the next page. None: this was the last.
    pub next: Option<Cursor>,
    /// How many rows the whole list has, if the bank says so.
    pub total: Option<u64>,
}

/// How to ask for the next page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Cursor {
    /// By key.
    Key(String),
    /// By the older offset.
    Offset(String),
}

impl Cursor {
    /// The query parameter.
    pub(crate) fn parameter(&self) -> (&'static str, String) {
        match self {
            Cursor::Key(key) => ("pageKey", key.clone()),
            Cursor::Offset(offset) => ("offset", offset.clone()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    page: Option<WirePage>,
    #[serde(borrow, default)]
    accounts: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    transactions: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePage {
    next_page_key: Option<String>,
    next_offset: Option<Offset>,
    total_elements: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Offset {
    Number(u64),
    Text(String),
}

/// Reads a page of accounts or of transactions.
pub(crate) fn page(body: &str) -> Result<Page<'_>, Unreadable> {
    let wire: Wire = read(body)?;
    let rows = if wire.accounts.is_empty() { wire.transactions } else { wire.accounts };
    let Some(page) = wire.page else { return Ok(Page { rows, next: None, total: None }) };
    let offset = page.next_offset.map(|offset| match offset {
        Offset::Number(number) => number.to_string(),
        Offset::Text(text) => text,
    });
    let given = |text: &String| !text.is_empty();
    let key = page.next_page_key.filter(given).map(Cursor::Key);
    let next = key.or(offset.filter(given).map(Cursor::Offset));
    if let Some(Cursor::Key(text) | Cursor::Offset(text)) = &next
        && text.len() > MAX_KEY
    {
        return Err(Unreadable::Form);
    }
    Ok(Page { rows, next, total: page.total_elements })
}

/// What to do after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask for this page.
    Next(Cursor),
    /// The list is whole.
    Done,
    /// The list changed while it was read: what was read is worth nothing.
    Shifted,
}

/// Watches one reading of a list.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: HashSet<String>,
    cursors: HashSet<Cursor>,
    total: Option<u64>,
}

impl Watch {
    /// Takes note of a page with these row ids. A row that comes twice, a total that shrinks, a page key that
    /// comes twice, or fewer rows in the end than announced: the list changed.
    pub(crate) fn note(&mut self, ids: Vec<String>, total: Option<u64>, next: Option<Cursor>) -> Step {
        let repeated = ids.into_iter().any(|id| !self.seen.insert(id));
        let shrunk = matches!((self.total, total), (Some(before), Some(now)) if now < before);
        self.total = total.or(self.total);
        if repeated || shrunk {
            return Step::Shifted;
        }
        match next {
            Some(cursor) if self.cursors.insert(cursor.clone()) => Step::Next(cursor),
            Some(_) => Step::Shifted,
            None if self.total.is_some_and(|total| (self.seen.len() as u64) < total) => Step::Shifted,
            None => Step::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<Cursor> {
        Some(Cursor::Key(text.into()))
    }

    fn ids(list: &[&str]) -> Vec<String> {
        list.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn a_page_says_how_to_go_on_by_key_or_by_offset() {
        let next = |page: &str| page_of(page).next;
        assert_eq!(next(r#"{"page":{"nextPageKey":"c2","totalElements":120},"accounts":[{}]}"#), key("c2"));
        assert_eq!(next(r#"{"page":{"nextOffset":"20"}}"#), Some(Cursor::Offset("20".into())));
        assert_eq!(next(r#"{"page":{"nextOffset":20}}"#), Some(Cursor::Offset("20".into())));
        for last in
            [r#"{"page":{}}"#, r#"{"accounts":[]}"#, r#"{"page":{"nextPageKey":""}}"#, r#"{"page":null}"#]
        {
            assert_eq!(next(last), None, "{last}");
        }
    }

    fn page_of(body: &str) -> Page<'_> {
        page(body).unwrap()
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for bad in ["", "[]", "<html>", r#"{"accounts":{}}"#, r#"{"page":{"totalElements":-1}}"#] {
            assert_eq!(page(bad).err(), Some(Unreadable::Form), "{bad}");
        }
        let long = format!(r#"{{"page":{{"nextPageKey":"{}"}}}}"#, "k".repeat(MAX_KEY + 1));
        assert_eq!(page(&long).err(), Some(Unreadable::Form));
    }

    #[test]
    fn a_list_that_stands_still_is_read_to_its_end() {
        let mut watch = Watch::default();
        assert_eq!(watch.note(ids(&["a", "b"]), Some(3), key("2")), Step::Next(Cursor::Key("2".into())));
        assert_eq!(watch.note(ids(&["c"]), Some(3), None), Step::Done);
    }

    #[test]
    fn a_list_that_changed_is_noticed() {
        let after_first = |rows: &[&str], total, next| {
            let mut watch = Watch::default();
            watch.note(ids(&["a", "b"]), Some(4), key("2"));
            watch.note(ids(rows), total, next)
        };
        assert_eq!(after_first(&["b", "c"], Some(4), None), Step::Shifted, "a row came twice");
        assert_eq!(after_first(&["c"], Some(3), None), Step::Shifted, "the total shrank");
        assert_eq!(after_first(&["c"], None, None), Step::Shifted, "a row is missing in the end");
        assert_eq!(after_first(&["c"], Some(4), key("2")), Step::Shifted, "the same page again");
        assert_eq!(after_first(&["c", "d"], Some(4), None), Step::Done);
        assert_eq!(after_first(&["c", "d", "e"], Some(5), None), Step::Done, "it grew at its end");
    }
}
