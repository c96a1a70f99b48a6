//! The words after a command: `--name value`, each at most once.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Options that are not understood.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// A word that begins no option.
    #[error("`{0}` is no option")]
    Word(String),
    /// An option without its value.
    #[error("`{0}` lacks its value")]
    Value(String),
    /// An option that is needed.
    #[error("`--{0}` is needed")]
    Needed(&'static str),
    /// A value that is none of the known ones.
    #[error("`--{name} {value}` is not understood; {remedy}")]
    Unknown {
        /// The option.
        name: &'static str,
        /// What was typed.
        value: String,
        /// What could have been typed.
        remedy: &'static str,
    },
    /// There is no such set.
    #[error("`{0}` is no set; banking77, clinc150 and nlupp are")]
    Set(String),
}

const KNOWN: [&str; 14] = [
    "data",
    "weights",
    "out",
    "tier",
    "train",
    "test",
    "oos",
    "folds",
    "minilm",
    "artefacts",
    "seed",
    "sentences",
    "only",
    "fresh",
];

/// What was typed.
#[derive(Debug, Default)]
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// Reads pairs of names and values.
    pub fn read(words: &[&str]) -> Result<Options, Wrong> {
        let mut options = BTreeMap::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").filter(|name| KNOWN.contains(name));
            let name = name.ok_or_else(|| Wrong::Word((*word).to_owned()))?;
            let value = words.next().ok_or_else(|| Wrong::Value((*word).to_owned()))?;
            options.insert(name.to_owned(), (*value).to_owned());
        }
        Ok(Options(options))
    }

    /// The value of an option, if it was typed.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A path, if it was typed.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// A path that is needed.
    pub fn needed(&self, name: &'static str) -> Result<PathBuf, Wrong> {
        self.path(name).ok_or(Wrong::Needed(name))
    }

    /// A whole number, or this one.
    pub fn number(&self, name: &'static str, otherwise: usize) -> Result<usize, Wrong> {
        let Some(value) = self.text(name) else { return Ok(otherwise) };
        let unknown = || Wrong::Unknown { name, value: value.to_owned(), remedy: "it is a whole number" };
        value.parse().map_err(|_| unknown())
    }

    /// Where the artefacts are.
    pub fn artefacts(&self) -> PathBuf {
        self.path("artefacts").unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("artefacts"))
    }
}
