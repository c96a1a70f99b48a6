//! Page sizes and page keys. A key says where the page before ended; clients do not look inside.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    error::ApiFault,
    shapes::{Link, Links, PageInfo},
};
use crate::{
    ledger::{Mark, Movement},
    limits,
};

const BAD_KEY: ApiFault = ApiFault::Parameter("pageKey is not one that this bank gave out");

/// The page size asked for.
pub(crate) fn limit(asked: Option<u32>) -> Result<u32, ApiFault> {
    match asked.unwrap_or(limits::PAGE_DEFAULT) {
        limit @ 1..=limits::PAGE_MAX => Ok(limit),
        _ => Err(ApiFault::Parameter("limit must be 1 to 200")),
    }
}

/// Hides a place behind a key.
pub(crate) fn key(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

fn place(key: &str) -> Result<String, ApiFault> {
    let bytes = URL_SAFE_NO_PAD.decode(key).map_err(|_| BAD_KEY)?;
    String::from_utf8(bytes).map_err(|_| BAD_KEY)
}

/// The number behind a key of the accounts list.
pub(crate) fn index(key: Option<&str>) -> Result<Option<usize>, ApiFault> {
    key.map(|key| place(key)?.parse().map_err(|_| BAD_KEY)).transpose()
}

/// The mark behind a key of a transactions list.
pub(crate) fn mark(key: Option<&str>) -> Result<Option<Mark>, ApiFault> {
    let read = |key: &str| {
        let place = place(key)?;
        let (at, id) = place.split_once(' ').ok_or(BAD_KEY)?;
        Ok(Mark { at_ms: at.parse().map_err(|_| BAD_KEY)?, id: id.to_owned() })
    };
    key.map(read).transpose()
}

/// The key of the page that comes after this movement.
pub(crate) fn key_after(last: &Movement) -> String {
    key(&format!("{} {}", last.at.as_millisecond(), last.id))
}

/// The frame of a page: total, next key, and the next page's address.
pub(crate) fn frame(
    path: &str,
    query: &[(&str, Option<String>)],
    next: Option<String>,
    total: i64,
) -> (PageInfo, Links) {
    let link = next.as_ref().map(|key| {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in query {
            if let Some(value) = value {
                text.append_pair(name, value);
            }
        }
        text.append_pair("pageKey", key);
        Link { href: format!("{path}?{}", text.finish()) }
    });
    (PageInfo { next_page_key: next, total_elements: total }, Links { next: link })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_size_at_the_limit_is_taken_and_one_over_it_is_not() {
        assert_eq!(limit(None).unwrap(), limits::PAGE_DEFAULT);
        assert_eq!(limit(Some(limits::PAGE_MAX)).unwrap(), limits::PAGE_MAX);
        assert!(limit(Some(limits::PAGE_MAX + 1)).is_err() && limit(Some(0)).is_err());
    }

    #[test]
    fn a_key_leads_back_to_its_mark_and_an_invented_one_nowhere() {
        let there = Mark { at_ms: 1_790_000_000_123, id: "t-0f".to_owned() };
        assert_eq!(mark(Some(&key("1790000000123 t-0f"))).unwrap(), Some(there));
        assert!(mark(Some("zzz")).is_err() && index(Some("!")).is_err());
    }
}
