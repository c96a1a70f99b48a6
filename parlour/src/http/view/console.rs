//! Pages for a bank's own people. Most of what they show is a table or a few figures, so there is one look
//! for each of the two, and every table can be had as CSV.

use super::Brand;
pub use super::thread::grouped;
use askama::Template;

/// What stands around every page of staff.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The bank.
    pub brand: Brand,
    /// The page's title.
    pub title: String,
    /// The places that this person may go to.
    pub places: Vec<NavItem>,
    /// Who is signed in: name and role. None before signing in.
    pub who: Option<(String, &'static str)>,
}

/// One place in the console.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// Its address.
    pub href: String,
    /// Its name.
    pub words: &'static str,
    /// Whether it is this page.
    pub here: bool,
}

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Text.
    Plain,
    /// A number, on the right.
    Number,
    /// An id, a digest, a clause.
    Code,
    /// Something that is well.
    Good,
    /// Something that needs care.
    Care,
    /// Something that is closed or wrong.
    Bad,
    /// A button that sends an empty form to the address.
    Post,
}

/// A cell of a table.
#[derive(Debug, Clone)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Where it leads, or where its button sends to.
    pub href: Option<String>,
    /// How it looks.
    pub look: Look,
}

impl Cell {
    /// Text.
    pub fn plain(text: impl Into<String>) -> Cell {
        Cell::of(text, Look::Plain)
    }

    /// Anything.
    pub fn of(text: impl Into<String>, look: Look) -> Cell {
        Cell { text: text.into(), href: None, look }
    }

    /// A number.
    pub fn number(n: impl Into<u64>) -> Cell {
        Cell::of(grouped(n.into()), Look::Number)
    }

    /// Nothing.
    pub fn none() -> Cell {
        Cell::plain("")
    }

    /// Leads somewhere.
    pub fn to(self, href: impl Into<String>) -> Cell {
        Cell { href: Some(href.into()), ..self }
    }

    /// A button.
    pub fn post(words: impl Into<String>, action: impl Into<String>) -> Cell {
        Cell { text: words.into(), href: Some(action.into()), look: Look::Post }
    }

    /// The class of the table's cell.
    pub fn class(&self) -> &'static str {
        match self.look {
            Look::Number => "number amount",
            Look::Code => "code",
            _ => "",
        }
    }

    /// The class of the mark around its text, if it has one.
    pub fn chip(&self) -> Option<&'static str> {
        match self.look {
            Look::Good => Some("chip good"),
            Look::Care => Some("chip warn"),
            Look::Bad => Some("chip bad"),
            _ => None,
        }
    }
}

/// A list of things of one kind.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it lists.
    pub caption: String,
    /// The columns, and whether each holds numbers.
    pub columns: Vec<(&'static str, bool)>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// What is said when there are none.
    pub empty: &'static str,
    /// Where the next page is.
    pub next: Option<String>,
    /// Where it can be had as a file, and what stands on the link.
    pub files: Vec<(String, &'static str)>,
}

impl Table {
    /// A table without rows yet. Columns whose name ends with `#` hold numbers.
    pub fn new(caption: impl Into<String>, columns: &[&'static str], empty: &'static str) -> Table {
        let column = |name: &&'static str| (name.trim_end_matches('#'), name.ends_with('#'));
        Table {
            caption: caption.into(),
            columns: columns.iter().map(column).collect(),
            rows: vec![],
            empty,
            next: None,
            files: vec![],
        }
    }

    /// The rows with the names of their columns, for tables that become lists on narrow screens.
    pub fn named(&self) -> impl Iterator<Item = Vec<(&'static str, &Cell)>> {
        self.rows.iter().map(|row| self.columns.iter().map(|(name, _)| *name).zip(row).collect())
    }

    /// The whole as CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe.
    pub fn csv(&self) -> String {
        let kept = |i: &usize| self.rows.iter().all(|row| row.get(*i).is_none_or(|c| c.look != Look::Post));
        let kept: Vec<usize> = (0..self.columns.len()).filter(kept).collect();
        let mut out = String::new();
        let mut line = |cells: Vec<String>| {
            out.push_str(&cells.join(","));
            out.push_str("\r\n");
        };
        line(kept.iter().map(|i| quoted(self.columns[*i].0, Look::Plain)).collect());
        for row in &self.rows {
            line(
                kept.iter()
                    .map(|i| row.get(*i).map_or_else(String::new, |c| quoted(&c.text, c.look)))
                    .collect(),
            );
        }
        out
    }
}

fn quoted(text: &str, look: Look) -> String {
    let text = if look == Look::Number { text.replace(',', "") } else { text.to_owned() };
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

/// A few figures under one title.
#[derive(Debug, Clone)]
pub struct Panel {
    /// What they are about.
    pub title: &'static str,
    /// Names and figures.
    pub rows: Vec<(String, Cell)>,
    /// A sentence below, if there is something to say.
    pub note: Option<String>,
    /// Where there is more.
    pub more: Option<(String, &'static str)>,
}

/// How a bank stands, in one look.
#[derive(Template)]
#[template(path = "console/overview.html")]
pub struct Overview {
    /// Around it.
    pub frame: Frame,
    /// Whether the bank is serving.
    pub serving: bool,
    /// In words.
    pub standing: String,
    /// What waits for a second person.
    pub waiting: Table,
    /// Figures.
    pub panels: Vec<Panel>,
}

/// One or more lists.
#[derive(Template)]
#[template(path = "console/lists.html")]
pub struct Lists {
    /// Around them.
    pub frame: Frame,
    /// What the page is about.
    pub lead: String,
    /// The lists.
    pub tables: Vec<Table>,
}

/// A bank's rules.
#[derive(Template)]
#[template(path = "console/policies.html")]
pub struct Policies {
    /// Around it.
    pub frame: Frame,
    /// Digest of the rules in force.
    pub digest: String,
    /// What the bank offers, and on which channels how.
    pub tables: Vec<Table>,
    /// Tests and proof.
    pub panels: Vec<Panel>,
    /// The bank's own Cedar files: name, SHA-256, text.
    pub files: Vec<(String, String, String)>,
}

/// What a No would touch, and the form that proposes it.
#[derive(Template)]
#[template(path = "console/preview.html")]
pub struct Preview {
    /// Around it.
    pub frame: Frame,
    /// Which, for the form.
    pub what: String,
    /// Whether the form says No, or takes one back.
    pub saying_no: bool,
    /// What becomes of the consents, in a sentence.
    pub after: &'static str,
    /// Consents that are touched.
    pub consents: String,
    /// Accesses that would not have been allowed.
    pub accesses: String,
    /// Over how many days.
    pub days: i64,
    /// How long a proposal waits, in hours.
    pub hours: i64,
}

/// A proposal, and what this person can do with it.
#[derive(Template)]
#[template(path = "console/proposal.html")]
pub struct Proposal {
    /// Around it.
    pub frame: Frame,
    /// Its address.
    pub href: String,
    /// What is proposed.
    pub change: String,
    /// The bank's words to customers, if it is a No.
    pub words: Option<String>,
    /// Facts.
    pub facts: Vec<(&'static str, String)>,
    /// Whether this person may decide it.
    pub decides: bool,
    /// Whether this person may take it back.
    pub takes_back: bool,
    /// Why this person can do nothing, if so.
    pub cannot: Option<&'static str>,
}

/// A search for a consent by its id.
#[derive(Template)]
#[template(path = "console/consents.html")]
pub struct Consents {
    /// Around it.
    pub frame: Frame,
    /// What was looked for.
    pub id: String,
    /// What was found, if something was looked for.
    pub found: Option<Table>,
    /// Consents by state.
    pub by_state: Table,
}

/// The people of a bank.
#[derive(Template)]
#[template(path = "console/staff.html")]
pub struct Staff {
    /// Around it.
    pub frame: Frame,
    /// Everybody.
    pub people: Table,
    /// Whether this person may invite, and where.
    pub invite: Option<String>,
}

/// A link that was made just now. It is shown once.
#[derive(Template)]
#[template(path = "console/invited.html")]
pub struct Invited {
    /// Around it.
    pub frame: Frame,
    /// Who is invited.
    pub name: String,
    /// The link.
    pub link: String,
    /// Until when it works.
    pub until: String,
    /// The list of people.
    pub back: String,
}

/// Somebody of the staff, and what this person can do about them.
#[derive(Template)]
#[template(path = "console/person.html")]
pub struct PersonPage {
    /// Around it.
    pub frame: Frame,
    /// Their address.
    pub href: String,
    /// Facts.
    pub facts: Vec<(&'static str, String)>,
    /// Whether a new link can be made here.
    pub renew: bool,
    /// Whether one person can remove them.
    pub remove: bool,
    /// Where their removal is proposed, and who that is.
    pub propose: Option<(String, String)>,
    /// Why this person can do nothing, if so.
    pub cannot: Option<&'static str>,
}

/// One's own passkeys and sign-ins.
#[derive(Template)]
#[template(path = "console/keys.html")]
pub struct Keys {
    /// Around it.
    pub frame: Frame,
    /// Passkeys.
    pub passkeys: Table,
    /// Sign-ins.
    pub sign_ins: Table,
    /// Where the ceremony goes.
    pub action: String,
    /// Where all sign-ins are ended.
    pub end_all: String,
}

/// The page with the button to sign in, or to make the first passkey.
#[derive(Template)]
#[template(path = "console/door.html")]
pub struct Door {
    /// Around it.
    pub frame: Frame,
    /// What happens here.
    pub lead: String,
    /// `sign-in` or `register`.
    pub ceremony: &'static str,
    /// Where the ceremony goes.
    pub action: String,
    /// What stands on the button.
    pub button: &'static str,
}

/// The auditor's search.
#[derive(Template)]
#[template(path = "console/audit.html")]
pub struct Audit {
    /// Around it.
    pub frame: Frame,
    /// From which day.
    pub from: String,
    /// To which day, inclusive.
    pub to: String,
    /// The other fields: name, label, and choices with their value, words and whether they are chosen.
    pub choices: Vec<Choice>,
    /// What was found.
    pub found: Table,
    /// Where the evidence of this time is had, if it can be.
    pub evidence: Option<String>,
}

/// A field with a closed list.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its name.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// Value, words, chosen.
    pub options: Vec<(String, String, bool)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_finds_no_formula_and_no_button() {
        let mut table = Table::new("People", &["Name", "Count#", "Do"], "none");
        table.rows.push(vec![
            Cell::plain("=HYPERLINK(\"x\"), \"Dana\""),
            Cell::number(1_234_u64),
            Cell::post("Remove", "/x"),
        ]);
        assert_eq!(
            table.csv(),
            "\"Name\",\"Count\"\r\n\"'=HYPERLINK(\"\"x\"\"), \"\"Dana\"\"\",\"1234\"\r\n"
        );
    }
}
