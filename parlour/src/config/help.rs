//! `[help]`: a bank's own answers, and its hours.

use super::fault::{ConfigFault, Source};
use crate::help::{HelpPages, Hours};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenHelp {
    pages: Option<Spanned<PathBuf>>,
    hours: Option<Spanned<Vec<String>>>,
}

/// Reads the pages and the hours; tells what is wrong with either.
pub fn read(
    source: &Source,
    written: &WrittenHelp,
    faults: &mut Vec<ConfigFault>,
) -> (HelpPages, Option<Hours>) {
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
    (pages.unwrap_or_default(), hours)
}
