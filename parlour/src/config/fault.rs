//! A mistake in a file, told so that it can be mended.

use serde::de::DeserializeOwned;
use std::{fmt, ops::Range, path::Path, path::PathBuf};

/// A mistake: where it is, what it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The file.
    pub file: PathBuf,
    /// Line and column, from 1, and the line itself; none when the mistake is the file as a whole.
    pub at: Option<Spot>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
    /// The whole line.
    pub source: String,
}

impl ConfigFault {
    /// A mistake of the whole file.
    pub fn of_file(file: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        ConfigFault { file: file.to_owned(), at: None, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            None => writeln!(f, "{}: {}", self.file.display(), self.what)?,
            Some(spot) => {
                writeln!(f, "{}:{}:{}: {}", self.file.display(), spot.line, spot.column, self.what)?;
                let gutter = spot.line.to_string();
                writeln!(f, " {gutter} | {}", spot.source)?;
                let space = " ".repeat(gutter.len());
                writeln!(f, " {space} | {}{}", " ".repeat(spot.column - 1), "^".repeat(spot.width))?;
            }
        }
        write!(f, "  help: {}", self.remedy)
    }
}

impl std::error::Error for ConfigFault {}

/// A file and its text, to turn byte ranges into lines.
pub struct Source<'a> {
    /// The file.
    pub file: &'a Path,
    /// Its text.
    pub text: &'a str,
}

impl Source<'_> {
    /// A mistake at a range of bytes.
    pub fn fault(
        &self,
        span: Range<usize>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> ConfigFault {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let source = self.text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
        let meant = self.text.get(start..span.end.min(self.text.len())).unwrap_or("");
        let width = meant.lines().next().unwrap_or("").chars().count().max(1);
        let spot = Spot { line: before.matches('\n').count() + 1, column, width, source: source.to_owned() };
        ConfigFault { file: self.file.to_owned(), at: Some(spot), what: what.into(), remedy: remedy.into() }
    }

    /// Reads the text as TOML of a known shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigFault> {
        toml::from_str(self.text).map_err(|e| {
            let message = e.message().trim().to_owned();
            let remedy = remedy_for(&message);
            match e.span() {
                Some(span) => self.fault(span, message, remedy),
                None => ConfigFault::of_file(self.file, message, remedy),
            }
        })
    }
}

/// A remedy for what the TOML reader says.
fn remedy_for(message: &str) -> &'static str {
    if message.starts_with("unknown field") {
        "check the spelling, or remove the key; docs/config.md lists every key"
    } else if message.starts_with("missing field") {
        "add the key; docs/config.md says what belongs there"
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
        "write a value of the expected kind; docs/config.md has an example of each"
    } else if message.starts_with("unknown variant") {
        "write one of the values listed"
    } else {
        "mend the TOML here; strings stand in quotes, tables in [brackets]"
    }
}

/// The largest configuration file that is read, in bytes: a hand-written one never comes near it.
pub const MAX_FILE: u64 = 256 * 1024;

/// Reads a text file of at most [`MAX_FILE`] bytes.
pub fn read_file(path: &Path, remedy: &str) -> Result<String, ConfigFault> {
    let size = std::fs::metadata(path).map_err(|e| ConfigFault::of_file(path, e.to_string(), remedy))?.len();
    if size > MAX_FILE {
        let what = format!("the file has {size} bytes; at most {MAX_FILE} are read");
        return Err(ConfigFault::of_file(path, what, "split it, or remove what does not belong in it"));
    }
    std::fs::read_to_string(path).map_err(|e| ConfigFault::of_file(path, e.to_string(), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_with_its_line_and_an_underline() {
        let source = Source { file: Path::new("banks/x.toml"), text: "name = \"X\"\ndays = 900\n" };
        let fault = source.fault(18..21, "900 is too many", "write at most 365");
        let shown =
            "banks/x.toml:2:8: 900 is too many\n 2 | days = 900\n   |        ^^^\n  help: write at most 365";
        assert_eq!(fault.to_string(), shown);
    }
}
