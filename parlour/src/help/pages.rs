//! A bank's help pages: a folder of Markdown files. Each heading of the first level begins a page; a line
//! `Topics: name, name` under it says which questions it answers.

use super::{search::Index, topics};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Letters of a page at most: what a person reads in a chat.
pub const MAX_TEXT_CHARS: usize = 1_200;
/// Pages of a bank at most.
pub const MAX_PAGES: usize = 1_000;
/// Bytes of a file at most.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpPage {
    /// The question that it answers.
    pub title: String,
    /// The answer as plain text, paragraphs apart.
    pub text: String,
}

/// All pages of a bank, with their index.
#[derive(Debug, Clone, Default)]
pub struct HelpPages {
    pages: Vec<HelpPage>,
    by_topic: BTreeMap<&'static str, usize>,
    index: Index,
}

/// What is wrong with a file of pages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {what}", .file.display(), .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct HelpFault {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1, if it is one of them.
    pub line: Option<usize>,
    /// What is wrong, with the remedy.
    pub what: String,
}

impl HelpPages {
    /// Reads all `*.md` of a folder, in the order of their names; tells every mistake.
    pub fn read(folder: &Path) -> Result<HelpPages, Vec<HelpFault>> {
        let unreadable = |file: &Path, fault: std::io::Error| {
            vec![HelpFault { file: file.to_owned(), line: None, what: format!("cannot be read: {fault}") }]
        };
        let listed = std::fs::read_dir(folder).map_err(|fault| unreadable(folder, fault))?;
        let mut files = vec![];
        for file in listed {
            files.push(file.map_err(|fault| unreadable(folder, fault))?.path());
        }
        files.retain(|file| file.extension().is_some_and(|ending| ending == "md"));
        files.sort();
        let (mut found, mut faults) = (vec![], vec![]);
        for file in files {
            let too_long = std::fs::metadata(&file).is_ok_and(|about| about.len() > MAX_FILE_BYTES);
            if too_long {
                let what = format!("is longer than {MAX_FILE_BYTES} bytes; divide it into several files");
                faults.push(HelpFault { file, line: None, what });
                continue;
            }
            match std::fs::read_to_string(&file) {
                Ok(text) => found.extend(pages(&file, &text, &mut faults)),
                Err(fault) => faults.extend(unreadable(&file, fault)),
            }
        }
        HelpPages::of(found, faults)
    }

    fn of(found: Vec<Written>, mut faults: Vec<HelpFault>) -> Result<HelpPages, Vec<HelpFault>> {
        let mut by_topic: BTreeMap<&'static str, usize> = BTreeMap::new();
        for (at, written) in found.iter().enumerate().take(MAX_PAGES) {
            for topic in &written.topics {
                if by_topic.insert(topic, at).is_some() {
                    faults.push(
                        written.fault(format!("`{topic}` is answered by two pages; keep it at one of them")),
                    );
                }
            }
        }
        if let Some(written) = found.get(MAX_PAGES) {
            faults.push(
                written.fault(format!("this is page {}; at most {MAX_PAGES} are taken", MAX_PAGES + 1)),
            );
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let pages: Vec<HelpPage> = found.into_iter().map(|written| written.page).collect();
        let index = Index::of(pages.iter().map(|page| (page.title.as_str(), page.text.as_str())));
        Ok(HelpPages { pages, by_topic, index })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// How many of BANKING77's questions they answer.
    pub fn topics(&self) -> usize {
        self.by_topic.len()
    }

    /// The page that answers a topic.
    pub fn of_topic(&self, topic: &str) -> Option<&HelpPage> {
        self.by_topic.get(topic).map(|at| &self.pages[*at])
    }

    /// The page that a question in a customer's own words means, if one clearly is.
    pub fn find(&self, question: &str) -> Option<&HelpPage> {
        self.index.find(question).map(|at| &self.pages[at])
    }
}

/// A page as it was found, with its place.
struct Written {
    file: PathBuf,
    line: usize,
    page: HelpPage,
    topics: Vec<&'static str>,
}

impl Written {
    fn fault(&self, what: String) -> HelpFault {
        HelpFault { file: self.file.clone(), line: Some(self.line), what }
    }
}

fn pages(file: &Path, text: &str, faults: &mut Vec<HelpFault>) -> Vec<Written> {
    let mut found: Vec<Written> = vec![];
    let (mut in_title, mut paragraph) = (false, String::new());
    for (event, at) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
                let line = text[..at.start].lines().count() + 1;
                let page = HelpPage { title: String::new(), text: String::new() };
                found.push(Written { file: file.to_owned(), line, page, topics: vec![] });
                (in_title, paragraph) = (true, String::new());
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
                if let Some(written) = found.last_mut() {
                    written.page.title = std::mem::take(&mut paragraph).trim().to_owned();
                }
                in_title = false;
            }
            Event::Start(Tag::Item) => paragraph.push_str("• "),
            Event::Text(words) | Event::Code(words) => paragraph.push_str(&words),
            Event::SoftBreak | Event::HardBreak => paragraph.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_)) if !in_title => {
                let said = std::mem::take(&mut paragraph);
                if let Some(written) = found.last_mut() {
                    add(written, said.trim(), faults);
                }
            }
            _ => {}
        }
    }
    for written in &found {
        let length = written.page.text.chars().count();
        if written.page.title.is_empty() {
            faults.push(written.fault("a page has no title; write the question after `# `".to_owned()));
        }
        if !(1..=MAX_TEXT_CHARS).contains(&length) {
            faults.push(written.fault(format!(
                "the page has {length} characters; 1 to {MAX_TEXT_CHARS} can be read in a chat"
            )));
        }
    }
    found
}

/// Adds a paragraph to a page, or reads it as the list of its topics.
fn add(written: &mut Written, said: &str, faults: &mut Vec<HelpFault>) {
    let Some(names) = said.strip_prefix("Topics:") else {
        if !said.is_empty() {
            let apart = if written.page.text.is_empty() { "" } else { "\n" };
            written.page.text.push_str(apart);
            written.page.text.push_str(said);
        }
        return;
    };
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match topics::named(name) {
            Some(topic) => written.topics.push(topic),
            None => faults.push(written.fault(format!("`{name}` is no topic; docs/help.md lists them"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<HelpPages, Vec<HelpFault>> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        HelpPages::read(dir.path())
    }

    const CARDS: &str = "# Where is my card?\n\nTopics: card_arrival, card_delivery_estimate\n\nIt takes **seven** days.\n\n- by \
                         post\n- not by courier\n\n# What does a card cost?\n\nNothing.\n";

    #[test]
    fn each_heading_is_a_page_and_its_marks_are_gone() {
        let pages = read(&[("cards.md", CARDS), ("notes.txt", "# not this")]).unwrap();
        assert_eq!((pages.len(), pages.topics()), (2, 2));
        let page = pages.of_topic("card_arrival").unwrap();
        assert_eq!(page.title, "Where is my card?");
        assert_eq!(page.text, "It takes seven days.\n• by post\n• not by courier");
        assert_eq!(pages.of_topic("age_limit"), None);
    }

    #[test]
    fn mistakes_are_told_with_file_and_line() {
        let twice = "# Again?\n\nTopics: card_arrival, not_a_topic\n\nYes.\n\n# Empty\n";
        let faults = read(&[("a.md", CARDS), ("b.md", twice)]).unwrap_err();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        for part in
            ["b.md:1: `not_a_topic`", "b.md:1: `card_arrival` is answered by two", "b.md:7: the page has 0"]
        {
            assert!(told.iter().any(|line| line.contains(part)), "{part}: {told:?}");
        }
    }

    #[test]
    fn a_page_is_as_long_as_can_be_read_in_a_chat() {
        let page = |chars: usize| format!("# Q\n\n{}\n", "x".repeat(chars));
        assert!(read(&[("a.md", &page(MAX_TEXT_CHARS))]).is_ok());
        assert!(read(&[("a.md", &page(MAX_TEXT_CHARS + 1))]).is_err());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let fault = HelpPages::read(Path::new("/not/there")).unwrap_err().remove(0);
        assert!(fault.to_string().contains("/not/there: cannot be read"), "{fault}");
    }
}
