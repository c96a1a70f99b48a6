//! Reads examples from the files in which the public sets come.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A file that cannot be used, in words that say what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It could not be read or written.
    #[error("{}: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It has another form.
    #[error("{}: {wanted}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What was expected, and what is there.
        wanted: String,
    },
}

/// A message and its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// What was written.
    pub text: String,
    /// Usually one.
    pub labels: Vec<String>,
}

/// Named parts of a file; a file without parts has one without a name.
pub type Splits = BTreeMap<String, Vec<Labelled>>;

/// The label of what is about something else.
pub const OUT_OF_SCOPE: &str = "oos";

/// Reads a whole file.
pub fn bytes(path: &Path) -> Result<Vec<u8>, FileFault> {
    fs::read(path).map_err(|source| FileFault::System { path: path.to_owned(), source })
}

fn form(path: &Path, wanted: impl Into<String>) -> FileFault {
    FileFault::Form { path: path.to_owned(), wanted: wanted.into() }
}

/// Reads labelled messages from a CSV or JSON file, by what the file looks like.
pub fn splits(path: &Path) -> Result<Splits, FileFault> {
    let bytes = bytes(path)?;
    let text = String::from_utf8(bytes).map_err(|_| form(path, "expected text in UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    let begins = text.trim_start();
    if begins.starts_with(['[', '{']) && path.extension().is_none_or(|ending| ending != "csv") {
        return json(path, text);
    }
    let examples = csv(path, text)?;
    Ok(BTreeMap::from([(String::new(), examples)]))
}

/// All messages of all parts.
pub fn all(path: &Path) -> Result<Vec<Labelled>, FileFault> {
    Ok(splits(path)?.into_values().flatten().collect())
}

/// Of a file with several parts, those that are not for a test.
pub fn for_training(path: &Path) -> Result<Vec<Labelled>, FileFault> {
    let parts = splits(path)?.into_iter().filter(|(name, _)| !is_for_tests(name));
    let examples: Vec<Labelled> = parts.flat_map(|(_, all)| all).collect();
    if examples.is_empty() { Err(form(path, "all its parts are for tests")) } else { Ok(examples) }
}

/// Of a file with several parts, those for tests if there are any.
pub fn for_tests(path: &Path) -> Result<Vec<Labelled>, FileFault> {
    let parts = splits(path)?;
    let named = parts.keys().any(|name| is_for_tests(name));
    let wanted = parts.into_iter().filter(|(name, _)| !named || is_for_tests(name));
    Ok(wanted.flat_map(|(_, all)| all).collect())
}

/// Of a file, the messages that are out of scope; all, if none of them is labelled so.
pub fn out_of_scope(path: &Path) -> Result<Vec<Labelled>, FileFault> {
    let mut examples = for_training(path)?;
    let is_outside = |one: &Labelled| one.labels.iter().any(|label| label == OUT_OF_SCOPE);
    if examples.iter().any(is_outside) {
        examples.retain(is_outside);
    }
    Ok(examples)
}

fn is_for_tests(name: &str) -> bool {
    name.contains("test")
}

/// What identifies a set of examples in their order: the SHA-256 of its texts and labels, in hexadecimal.
pub fn digest(examples: &[Labelled]) -> String {
    let mut digest = Sha256::new();
    for example in examples {
        digest.update(example.text.as_bytes());
        digest.update([0]);
        digest.update(example.labels.join("\x01").as_bytes());
        digest.update([0]);
    }
    hex(&digest.finalize())
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Rows of text and label, with or without a head, quoted where needed.
fn csv(path: &Path, text: &str) -> Result<Vec<Labelled>, FileFault> {
    let rows = rows(text);
    let head = rows.first().map(|row| row.iter().map(|cell| cell.trim().to_lowercase()).collect::<Vec<_>>());
    let head = head.unwrap_or_default();
    let place = |names: &[&str]| head.iter().position(|cell| names.contains(&cell.as_str()));
    let text_at = place(&["text", "sentence", "utterance", "query"]);
    let label_at = place(&["category", "label", "intent", "class"]);
    let (skip, text_at, label_at) = match (text_at, label_at) {
        (Some(text), Some(label)) => (1, text, label),
        _ => (0, 0, 1),
    };
    let mut examples = Vec::new();
    for (number, row) in rows.iter().enumerate().skip(skip) {
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let (Some(text), Some(label)) = (row.get(text_at), row.get(label_at)) else {
            let found = format!("row {} has {} cells; expected a text and a label", number + 1, row.len());
            return Err(form(path, found));
        };
        examples.push(Labelled { text: text.clone(), labels: vec![label.trim().to_owned()] });
    }
    if examples.is_empty() {
        return Err(form(path, "expected rows of text,label; there are none"));
    }
    Ok(examples)
}

/// Takes CSV apart (RFC 4180).
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(letter),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

/// A list of examples, or several under names.
fn json(path: &Path, text: &str) -> Result<Splits, FileFault> {
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    let mut values = values.map_err(|fault| form(path, format!("no JSON: {fault}")))?;
    let value = match values.len() {
        1 => values.swap_remove(0),
        // One example to a line.
        _ => Value::Array(values),
    };
    let parts = match value {
        Value::Array(items) => vec![(String::new(), items)],
        Value::Object(one) if one.contains_key("text") => vec![(String::new(), vec![Value::Object(one)])],
        Value::Object(parts) => parts
            .into_iter()
            .map(|(name, items)| match items {
                Value::Array(items) => Ok((name, items)),
                _ => Err(form(path, format!("`{name}` is no list of examples"))),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(form(path, "expected a list of examples, or an object of such lists")),
    };
    let mut splits = Splits::new();
    for (name, items) in parts {
        let read = |(at, item)| {
            example(item).ok_or_else(|| {
                let wanted = "expected [text, label], {\"text\", \"intents\"} or the like";
                form(path, format!("item {at} of `{name}`: {wanted}; found {item}"))
            })
        };
        let examples = items.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        splits.insert(name, examples);
    }
    Ok(splits)
}

fn example(item: &Value) -> Option<Labelled> {
    let text_of = |value: &Value| value.as_str().map(str::to_owned);
    if let Some([text, label]) = item.as_array().map(Vec::as_slice) {
        return Some(Labelled { text: text_of(text)?, labels: labels(label)? });
    }
    let text = ["text", "sentence", "utterance"].iter().find_map(|name| item.get(name))?;
    let named = ["intents", "intent", "label", "category", "labels"].iter().find_map(|name| item.get(name));
    // NLU++ leaves `intents` away where there is none.
    let labels = named.map_or(Some(Vec::new()), labels)?;
    Some(Labelled { text: text_of(text)?, labels })
}

fn labels(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(label) => Some(vec![label.clone()]),
        Value::Number(number) => Some(vec![number.to_string()]),
        Value::Array(labels) => labels.iter().map(|label| label.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// The examples of all JSON files in a folder and the folders in it, in the order of their names; ontologies left out.
pub fn folder(dir: &Path) -> Result<Vec<Vec<Labelled>>, FileFault> {
    let system = |source| FileFault::System { path: dir.to_owned(), source };
    if dir.is_file() {
        return Ok(vec![all(dir)?]);
    }
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(dir).map_err(system)? {
        paths.push(entry.map_err(system)?.path());
    }
    paths.sort();
    let mut folds = Vec::new();
    for path in &paths {
        if path.is_dir() {
            folds.extend(folder(path)?);
        } else if path.extension().is_some_and(|ending| ending == "json")
            && path.file_stem().is_none_or(|stem| stem != "ontology")
        {
            folds.push(all(path)?);
        }
    }
    if folds.is_empty() {
        return Err(form(dir, "expected JSON files with examples, fold0.json and the like; there are none"));
    }
    Ok(folds)
}
