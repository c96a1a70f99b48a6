//! What a journey file says.

use jiff::Span;

/// A journey.
#[derive(Debug)]
pub struct Script {
    /// Which of the demo's banks, from 0.
    pub bank: usize,
    /// Lines to add to the bank's file.
    pub more: Vec<String>,
    /// Its steps, each with its line in the file, from 1.
    pub steps: Vec<(usize, Step)>,
}

/// One line.
#[derive(Debug)]
pub enum Step {
    /// `> text`: the customer says it and waits for the answer.
    Say(String),
    /// `< words`: the last answer has these words.
    Has(String),
    /// `<! words`: it has not.
    HasNot(String),
    /// `<? label`: it offers a button of this name.
    Offers(String),
    /// `press label`: the button is pressed, by name.
    Press(String),
    /// `link`: all accounts but one are linked.
    Link,
    /// `link all`: all accounts are linked.
    LinkAll,
    /// `forward 2 hours`: the clock goes on.
    Forward(Span),
    /// `hears words`: something comes that nobody asked for just now, or came already.
    Hears(String),
    /// `restart`: everything is stopped and started again.
    Restart,
    /// `faults {…}`: the bank has these faults from here on.
    Faults(serde_json::Value),
    /// `buy {…}`: something is bought with a card, by the form of the bank's purchase page.
    Buy(serde_json::Value),
    /// `at the bank words`: the bank's own page of what was done has these words.
    AtTheBank(String),
    /// `step up`: the customer signs in at the bank and approves what the last answer asked for.
    Approve,
    /// `open the page`: the customer opens the page of the last answer and presses its button.
    OpenPage,
    /// `the bank has told`: waits until the bank has sent all that it has to tell.
    BankHasTold,
}

/// Reads a file.
pub fn read(text: &str) -> Result<Script, String> {
    let mut script = Script { bank: 0, more: vec![], steps: vec![] };
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let said = |step| Ok::<_, String>(Some((at + 1, step)));
        let (word, rest) = line.split_once(' ').map_or((line, ""), |(word, rest)| (word, rest.trim()));
        let step = match (word, rest) {
            ("" | "#", _) => None,
            ("bank", "harbour") => None,
            ("bank", "meridian") => {
                script.bank = 1;
                None
            }
            ("config", more) => {
                script.more.push(more.to_owned());
                None
            }
            (">", text) => said(Step::Say(text.to_owned()))?,
            ("<", words) if !words.is_empty() => said(Step::Has(words.to_owned()))?,
            ("<!", words) if !words.is_empty() => said(Step::HasNot(words.to_owned()))?,
            ("<?", label) => said(Step::Offers(label.to_owned()))?,
            ("press", label) => said(Step::Press(label.to_owned()))?,
            ("link", "") => said(Step::Link)?,
            ("link", "all") => said(Step::LinkAll)?,
            ("restart", "") => said(Step::Restart)?,
            ("hears", words) => said(Step::Hears(words.to_owned()))?,
            ("forward", by) => {
                said(Step::Forward(by.parse().map_err(|fault| format!("line {}: {fault}", at + 1))?))?
            }
            ("faults", json) => said(Step::Faults(object(at, json)?))?,
            ("buy", json) => said(Step::Buy(object(at, json)?))?,
            ("at", rest) if rest.starts_with("the bank ") => {
                said(Step::AtTheBank(rest["the bank ".len()..].trim().to_owned()))?
            }
            ("step", "up") => said(Step::Approve)?,
            ("open", "the page") => said(Step::OpenPage)?,
            ("the", "bank has told") => said(Step::BankHasTold)?,
            _ => return Err(format!("line {}: `{line}` is no step; docs/journeys.md lists them", at + 1)),
        };
        script.steps.extend(step);
    }
    let checks = |step: &Step| {
        matches!(step, Step::Has(_) | Step::HasNot(_) | Step::Offers(_) | Step::Hears(_) | Step::AtTheBank(_))
    };
    if !script.steps.iter().any(|(_, step)| checks(step)) {
        return Err("this journey checks nothing, so it cannot fail".to_owned());
    }
    Ok(script)
}

fn object(at: usize, json: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(json).map_err(|fault| format!("line {}: {fault}", at + 1))
}
