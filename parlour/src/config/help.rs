//! `[help]`: a bank's own answers, and its hours.

use super::fault::{ConfigFault, Source};
use crate::help::{HelpPages, Hours, People};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;
use url::Url;

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenHelp {
    pages: Option<Spanned<PathBuf>>,
    hours: Option<Spanned<Vec<String>>>,
    phone: Option<Spanned<String>>,
    contact: Option<Spanned<Url>>,
}

/// The longest telephone number with its spaces (ITU-T E.164 has 15 digits).
const PHONE_MAX: usize = 30;

/// Reads the pages and the hours; tells what is wrong with either.
pub fn read(
    source: &Source,
    written: &WrittenHelp,
    faults: &mut Vec<ConfigFault>,
) -> (HelpPages, Option<Hours>, People) {
    let home = source.file.parent().unwrap_or(Path::new("."));
    let pages = written.pages.as_ref().map(|folder| {
        HelpPages::read(&home.join(folder.get_ref())).unwrap_or_else(|found| {
            let remedy = "`help.pages` names a folder of Markdown files; docs/help.md says what is in them";
            faults.extend(found.iter().map(|one| source.fault(folder.span(), one.to_string(), remedy)));
            HelpPages::default()
        })
    });
    let hours = written.hours.as_ref().and_then(|lines| {
        let read = Hours::read(lines.get_ref());
        let remedy = "write days and hours, such as [\"mon-fri 08:00-20:00\", \"sat 09:00-13:00\"]";
        read.map_err(|fault| faults.push(source.fault(lines.span(), fault.to_string(), remedy))).ok()
    });
    (pages.unwrap_or_default(), hours, people(source, written, faults))
}

fn people(source: &Source, written: &WrittenHelp, faults: &mut Vec<ConfigFault>) -> People {
    let is_phone = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')'));
        plain && (3..=15).contains(&digits) && text.len() <= PHONE_MAX
    };
    if let Some(phone) = written.phone.as_ref().filter(|phone| !is_phone(phone.get_ref())) {
        let what = format!("`{}` is no telephone number", phone.get_ref());
        faults.push(source.fault(phone.span(), what, "write digits and spaces, such as \"+1 617 555 0100\""));
    }
    if let Some(page) = written.contact.as_ref().filter(|page| page.get_ref().scheme() != "https") {
        let what = format!("`{}` is not https", page.get_ref());
        faults.push(source.fault(
            page.span(),
            what,
            "name the page of the bank on which people find a person",
        ));
    }
    People {
        phone: written.phone.as_ref().map(|phone| phone.get_ref().clone()),
        page: written.contact.as_ref().map(|page| page.get_ref().clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_people(text: &str) -> (People, Vec<String>) {
        let written: WrittenHelp = toml::from_str(text).unwrap();
        let source = Source { file: Path::new("bank.toml"), text };
        let mut faults = vec![];
        let read = people(&source, &written, &mut faults);
        (read, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_number_and_a_page_are_read_and_mistakes_are_told_with_their_line() {
        let (read, faults) =
            read_people("phone = \"+1 617 555 0100\"\ncontact = \"https://harbour.example/contact\"");
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(read.phone.as_deref(), Some("+1 617 555 0100"));
        assert_eq!(read.page.unwrap().as_str(), "https://harbour.example/contact");
        let (_, faults) = read_people("phone = \"call us\"\ncontact = \"http://harbour.example\"");
        assert!(faults[0].contains("bank.toml:1") && faults[0].contains("call us"), "{faults:?}");
        assert!(faults[1].contains("bank.toml:2") && faults[1].contains("https"), "{faults:?}");
        for (number, good) in [("123", true), ("12", false), ("1234567890123456", false)] {
            assert_eq!(read_people(&format!("phone = \"{number}\"")).1.is_empty(), good, "{number}");
        }
    }
}
