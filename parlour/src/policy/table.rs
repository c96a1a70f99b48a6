//! Policy tests: a table (CSV) with one made-up question and its expected answer in each row.

use super::situation::{ASKS, Asks, COLUMNS, Situation};
use crate::config::fault::{ConfigFault, Source, Spot};
use csv::{ReaderBuilder, StringRecord, Trim};
use domain::BankId;
use gate::{Gate, RefusalReason, Trial};
use std::path::PathBuf;

/// The most rows of one table: more are no longer read by people.
pub const MAX_ROWS: usize = 1_000;

/// The columns that say what a row is and what is expected.
const EXPECTED: [&str; 3] = ["test", "expect", "reason"];

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTest {
    /// What the bank calls it; empty if it has no name.
    pub name: String,
    /// The question.
    pub situation: Situation,
    /// Whether it shall be allowed.
    pub allowed: bool,
    /// Why not: the kind of refusal (`consent_paused`) or a clause (`no-3`, `floor/open-case`). None: for any
    /// reason.
    pub reason: Option<String>,
    /// The file.
    pub file: PathBuf,
    /// The place of the row.
    pub at: Spot,
}

/// What came of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The row.
    pub test: &'a PolicyTest,
    /// The answer.
    pub trial: Trial,
}

/// Reads a table and tells all its mistakes.
pub fn read(source: &Source) -> Result<Vec<PolicyTest>, Vec<ConfigFault>> {
    let mut reader =
        ReaderBuilder::new().comment(Some(b'#')).trim(Trim::All).from_reader(source.text.as_bytes());
    let broken = |fault: &csv::Error| {
        let at = fault.position().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX));
        let remedy = "give each row as many fields as the first one has names";
        source.fault(at..at, fault.to_string(), remedy)
    };
    let header = reader.headers().map_err(|fault| vec![broken(&fault)])?.clone();
    let mut faults = columns(source, &header);
    let mut tests = vec![];
    if !faults.is_empty() {
        return Err(faults);
    }
    for record in reader.records() {
        match record {
            Ok(record) => match row(source, &header, &record) {
                Ok(test) => tests.push(test),
                Err(found) => faults.extend(found),
            },
            Err(fault) => faults.push(broken(&fault)),
        }
    }
    if tests.len() > MAX_ROWS {
        let what = format!("the table has {} rows; at most {MAX_ROWS} are tried", tests.len());
        faults.push(ConfigFault::of_file(source.file, what, "split the table"));
    }
    if faults.is_empty() { Ok(tests) } else { Err(faults) }
}

/// What is wrong with the names of the columns.
fn columns(source: &Source, header: &StringRecord) -> Vec<ConfigFault> {
    let mut faults = vec![];
    let all = || EXPECTED.iter().chain(&COLUMNS).copied().collect::<Vec<_>>().join(", ");
    let mut fault = |name: &str, what: String, remedy: &str| {
        let at = source.text.find(name).unwrap_or(0);
        faults.push(source.fault(at..at + name.len(), what, remedy));
    };
    for (i, name) in header.iter().enumerate() {
        if !EXPECTED.contains(&name) && !COLUMNS.contains(&name) {
            fault(name, format!("there is no column `{name}`"), &format!("known are: {}", all()));
        } else if header.iter().take(i).any(|other| other == name) {
            fault(name, format!("the column `{name}` is there twice"), "leave one of them out");
        }
    }
    for needed in ["asks", "expect"] {
        if !header.iter().any(|name| name == needed) {
            let what = format!("the column `{needed}` is missing");
            fault("", what, "the first row names the columns; `asks` and `expect` must be among them");
        }
    }
    faults
}

fn row(
    source: &Source,
    header: &StringRecord,
    record: &StringRecord,
) -> Result<PolicyTest, Vec<ConfigFault>> {
    let begin = record.position().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX));
    let begin = begin.min(source.text.len());
    let text = source.text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let mut faults = vec![];
    let mut mend = |field: &str, what: String, remedy: &str| {
        let at = begin + text.find(field).unwrap_or(0);
        faults.push(source.fault(at..at + field.len().max(1), what, remedy));
    };
    let mut test = PolicyTest {
        name: String::new(),
        situation: Situation::usual(ASKS[0].1),
        allowed: false,
        reason: None,
        file: source.file.to_owned(),
        at: source.fault(begin..begin + text.len(), "", "").at.unwrap_or(Spot {
            line: 1,
            column: 1,
            width: 1,
            source: text.to_owned(),
        }),
    };
    for (column, field) in header.iter().zip(record) {
        match column {
            "test" => test.name = field.to_owned(),
            "reason" => test.reason = Some(field.to_owned()).filter(|reason| !reason.is_empty()),
            "expect" => match field {
                "yes" => test.allowed = true,
                "no" => test.allowed = false,
                _ => mend(field, format!("`{field}` is no answer"), "write \"yes\" or \"no\" in `expect`"),
            },
            "asks" if field.is_empty() => {
                mend(text, "the row does not say what is asked for".to_owned(), "fill the column `asks`");
            }
            _ => {
                if let Err(fault) = test.situation.say(column, field) {
                    mend(field, format!("{column}: {fault}"), "write one of the known words, exactly so");
                }
            }
        }
    }
    if test.allowed && test.reason.is_some() {
        mend(text, "a yes has no reason".to_owned(), "leave `reason` empty, or expect \"no\"");
    }
    if test.situation.asks != Asks::Pay && test.situation.amount.is_some() {
        mend(
            text,
            "only a payment has an amount".to_owned(),
            "leave `amount` empty, or ask for order_payment",
        );
    }
    if faults.is_empty() { Ok(test) } else { Err(faults) }
}

/// Tries all rows at a bank.
pub fn try_all<'a>(tests: &'a [PolicyTest], gate: &Gate, bank: &BankId) -> Vec<Outcome<'a>> {
    tests.iter().map(|test| Outcome { test, trial: test.situation.trial(gate, bank) }).collect()
}

/// The kind of a refusal, as decisions write it in JSON (`consent_paused`).
pub fn kind(reason: &RefusalReason) -> String {
    let json = serde_json::to_value(reason).unwrap_or_default();
    json["kind"].as_str().unwrap_or("unknown").to_owned()
}

impl Outcome<'_> {
    /// Whether it is what was expected.
    pub fn is_right(&self) -> bool {
        let decision = &self.trial.decision;
        let named = |expected: &String| {
            let short = |clause: &String| clause == expected || clause.ends_with(&format!("/{expected}"));
            decision.reason.as_ref().is_some_and(|reason| kind(reason) == *expected)
                || decision.clauses.iter().any(short)
        };
        decision.allowed == self.test.allowed && self.test.reason.as_ref().is_none_or(named)
    }

    /// The answer in a few words.
    pub fn answer(&self) -> String {
        match &self.trial.decision.reason {
            None => "yes".to_owned(),
            Some(reason) => format!("no ({}: {})", kind(reason), self.trial.decision.clauses.join(", ")),
        }
    }

    /// What was expected, in a few words.
    pub fn expected(&self) -> String {
        match (self.test.allowed, &self.test.reason) {
            (true, _) => "yes".to_owned(),
            (false, None) => "no".to_owned(),
            (false, Some(reason)) => format!("no ({reason})"),
        }
    }

    /// The mistake, if it is not what was expected.
    pub fn fault(&self) -> Option<ConfigFault> {
        (!self.is_right()).then(|| ConfigFault {
            file: self.test.file.clone(),
            at: Some(self.test.at.clone()),
            what: format!("expected {}, and the answer is {}", self.expected(), self.answer()),
            remedy: "mend the policy, or the row if the answer is right".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::DataClass;
    use gate::{BankRules, Offer};
    use std::path::Path;

    fn read_text(text: &str) -> Result<Vec<PolicyTest>, Vec<ConfigFault>> {
        read(&Source { file: Path::new("harbour.policy-tests.csv"), text })
    }

    fn gate_of_harbour() -> (Gate, BankId) {
        let bank: BankId = "harbour".parse().unwrap();
        let mut rules = BankRules::closed(bank.clone());
        rules.offered = DataClass::ALL.iter().map(|class| (*class, Offer::Yes)).collect();
        (Gate::load(vec![rules]).unwrap(), bank)
    }

    #[test]
    fn a_row_that_does_not_come_true_is_told_with_its_line_and_both_answers() {
        let text = "# what we promise\ntest, asks, consent, expect, reason\n\
                    paused, balances, paused, no, consent_paused\nopen, balances, , yes,\nwrong, accounts, withdrawn, yes,\n\
                    clause, accounts, none, no, floor/consent\nshort, accounts, none, no, consent\n\
                    other reason, accounts, none, no, consent_paused\n";
        let tests = read_text(text).unwrap();
        let (gate, bank) = gate_of_harbour();
        let faults: Vec<ConfigFault> =
            try_all(&tests, &gate, &bank).iter().filter_map(Outcome::fault).collect();
        let lines: Vec<usize> = faults.iter().map(|fault| fault.at.as_ref().unwrap().line).collect();
        assert_eq!(lines, [5, 8]);
        assert!(
            faults[0].what.starts_with("expected yes, and the answer is no (consent_ended: "),
            "{}",
            faults[0]
        );
    }

    #[test]
    fn mistakes_in_a_table_are_told_with_line_column_and_remedy() {
        let told = |text: &str| -> Vec<(usize, usize, String)> {
            let faults = read_text(text).unwrap_err();
            let spot = |fault: &ConfigFault| fault.at.clone().unwrap();
            faults.iter().map(|f| (spot(f).line, spot(f).column, f.what.clone())).collect()
        };
        let found = told("asks,expect,colour\n");
        assert_eq!(found, [(1, 13, "there is no column `colour`".to_owned())]);
        assert_eq!(told("asks,asks,expect\n")[0].2, "the column `asks` is there twice");
        assert_eq!(told("asks\n")[0].2, "the column `expect` is missing");
        let found = told("asks,purpose,expect\nbalances,advertising,yes\nbalances,,perhaps\n,,no\n");
        assert_eq!((found[0].0, found[0].1), (2, 10));
        assert!(
            found[0].2.starts_with("purpose: `advertising` is not known here; known are: answer_customer")
        );
        assert_eq!((found[1].0, found[1].2.as_str()), (3, "`perhaps` is no answer"));
        assert_eq!((found[2].0, found[2].2.as_str()), (4, "the row does not say what is asked for"));
        assert_eq!(told("asks,expect\nbalances\n")[0].0, 2);
        assert_eq!(told("asks,expect,reason\nbalances,yes,no-1\n")[0].2, "a yes has no reason");
    }

    #[test]
    fn as_many_rows_as_the_limit_are_read_and_one_more_is_refused() {
        let table = |rows| format!("asks,expect\n{}", "balances,yes\n".repeat(rows));
        assert_eq!(read_text(&table(MAX_ROWS)).unwrap().len(), MAX_ROWS);
        assert!(read_text(&table(MAX_ROWS + 1)).unwrap_err()[0].what.contains("1001 rows"));
    }
}
