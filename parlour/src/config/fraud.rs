//! `[fraud]` of a bank's file: whether the bank tells of card payments, and how its customers are asked about them.

use super::fault::{ConfigFault, Source, read_file};
use banks::SigningKey;
use domain::{Currency, Money};
use fraud::budget::{ALERT_SHARE_PPM, MAX_SHARE_PPM};
use jiff::SignedDuration;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The most reminders: with the question and the closing note an event gets three messages at most.
const MOST_REMINDERS: usize = 1;
/// The longest that is waited for an answer, in hours.
const LONGEST_HOURS: i64 = 72;
/// The longest that a link or sign-in counts as new, in days.
const LONGEST_TRUST: i64 = 90;
/// The most alerts a day that are within the budget however few payments there are: what one analyst looks at in a day.
const MOST_LEAST: i64 = 100;

/// As it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenFraud {
    secret: Spanned<PathBuf>,
    approve_over: Option<Spanned<String>>,
    #[serde(default)]
    remind_hours: Option<Spanned<Vec<i64>>>,
    #[serde(default)]
    end_hours: Option<Spanned<i64>>,
    #[serde(default)]
    new_days: Option<Spanned<i64>>,
    alerts_per_million: Option<Spanned<i64>>,
    least_alerts_a_day: Option<Spanned<i64>>,
    rules: Option<Spanned<PathBuf>>,
    model: Option<Spanned<PathBuf>>,
    shadow: Option<Spanned<PathBuf>>,
    currency: Option<Spanned<String>>,
}

/// What the bank's analysts wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The file, as faults name it.
    pub name: String,
    /// The rules. They are read when the gateway starts; `parlour fraud check` reads them before.
    pub text: String,
    /// The currency of the amounts in them.
    pub currency: Currency,
}

/// How a bank's customers are asked about payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fraud {
    /// What signs the bank's card events.
    pub key: SigningKey,
    /// A Yes to a payment above this counts only after an approval on the bank's own site. None: no Yes needs one for its amount.
    pub approve_over: Option<Money>,
    /// How long after the question its reminder comes, the shortest first.
    pub remind: Vec<SignedDuration>,
    /// How long after the question no answer is waited for any more.
    pub end: SignedDuration,
    /// How long after a chat was linked, or its person signed in elsewhere, a Yes there counts only after an approval at the bank:
    /// whoever took the telephone over has linked it lately.
    pub new_for: SignedDuration,
    /// How many of a million payments may be asked about: in any 24 hours and any seven days.
    pub alerts_ppm: u32,
    /// How many may be asked about in 24 hours however few payments there are.
    pub least_alerts_a_day: u32,
    /// The currency of the amounts in rules.
    pub currency: Currency,
    /// The rules of the bank's analysts, as long as none were approved in the console.
    pub rules: Option<Rules>,
    /// The file of a trained model. None: the one that ships.
    pub model: Option<PathBuf>,
    /// The file of a model on trial: it scores, and nothing comes of it.
    pub shadow: Option<PathBuf>,
}

/// Reads it, and tells all its mistakes.
pub fn read(source: &Source, written: Option<&WrittenFraud>, faults: &mut Vec<ConfigFault>) -> Option<Fraud> {
    let written = written?;
    let key = secret(source, &written.secret, faults);
    let mut wrong = |span, what: String, remedy: &str| faults.push(source.fault(span, what, remedy));
    let approve_over = written.approve_over.as_ref().and_then(|text| super::no::money(text, &mut wrong));
    let end = hours(written.end_hours.as_ref(), LONGEST_HOURS, LONGEST_HOURS, &mut wrong);
    let days = match &written.new_days {
        Some(days) if !(0..=LONGEST_TRUST).contains(days.get_ref()) => {
            let what = format!("`new_days` is 0 to {LONGEST_TRUST}, not {}", days.get_ref());
            wrong(days.span(), what, "write a number of days in that range; 7 is usual");
            7
        }
        Some(days) => *days.get_ref(),
        None => 7,
    };
    let most = i64::from(MAX_SHARE_PPM);
    let alerts_ppm =
        number("alerts_per_million", written.alerts_per_million.as_ref(), ALERT_SHARE_PPM, most, &mut wrong);
    let least = number("least_alerts_a_day", written.least_alerts_a_day.as_ref(), 0, MOST_LEAST, &mut wrong);
    let currency = written.currency.as_ref().map_or(Ok(Currency::USD), |code| {
        code.get_ref().parse().inspect_err(|_| {
            let what = format!("`{}` is no currency", code.get_ref());
            wrong(code.span(), what, "write the code of ISO 4217, such as \"USD\"");
        })
    });
    let currency = currency.ok()?;
    let remind = reminders(written.remind_hours.as_ref(), end, &mut wrong);
    let home = source.file.parent().unwrap_or(Path::new("."));
    let model = written.model.as_ref().map(|path| home.join(path.get_ref()));
    let shadow = written.shadow.as_ref().map(|path| home.join(path.get_ref()));
    if let Some(path) = written.shadow.as_ref().filter(|_| shadow == model) {
        let what = "`shadow` is the file of `model`: it would be compared with itself".to_owned();
        wrong(path.span(), what, "write the file of another model, or take `shadow` out");
    }
    Some(Fraud {
        key: key?,
        approve_over,
        remind,
        end: SignedDuration::from_hours(end),
        new_for: SignedDuration::from_hours(24 * days),
        alerts_ppm,
        least_alerts_a_day: least,
        model,
        shadow,
        currency,
        rules: rules(source, written.rules.as_ref(), currency, faults),
    })
}

fn number(key: &str, written: Option<&Spanned<i64>>, usual: u32, most: i64, wrong: Wrong) -> u32 {
    let Some(written) = written else { return usual };
    match u32::try_from(*written.get_ref()) {
        Ok(number) if i64::from(number) <= most => number,
        _ => {
            wrong(
                written.span(),
                format!("`{key}` is 0 to {most}, not {}", written.get_ref()),
                "write a number in that range",
            );
            usual
        }
    }
}

fn rules(
    source: &Source,
    written: Option<&Spanned<PathBuf>>,
    currency: Currency,
    faults: &mut Vec<ConfigFault>,
) -> Option<Rules> {
    let path = source.file.parent().unwrap_or(Path::new(".")).join(written?.get_ref());
    let remedy = "write the path of a file with fraud rules (docs/fraud-rules.md), or take `rules` out";
    let text = read_file(&path, remedy).map_err(|fault| faults.push(fault)).ok()?;
    Some(Rules { name: path.display().to_string(), text, currency })
}

type Wrong<'a> = &'a mut dyn FnMut(std::ops::Range<usize>, String, &str);

fn hours(written: Option<&Spanned<i64>>, usual: i64, most: i64, wrong: Wrong) -> i64 {
    let Some(written) = written else { return usual };
    if (1..=most).contains(written.get_ref()) {
        return *written.get_ref();
    }
    let what = format!("`end_hours` is 1 to {most}, not {}", written.get_ref());
    wrong(written.span(), what, "write a number of hours in that range");
    usual
}

fn reminders(written: Option<&Spanned<Vec<i64>>>, end: i64, wrong: Wrong) -> Vec<SignedDuration> {
    let Some(written) = written else {
        let usual = (end / 3).max(1);
        return if usual < end { vec![SignedDuration::from_hours(usual)] } else { vec![] };
    };
    let hours = written.get_ref();
    if hours.len() > MOST_REMINDERS {
        let what = format!(
            "there may be {MOST_REMINDERS} reminder, not {}: nobody gets more than three messages about one payment",
            hours.len()
        );
        wrong(written.span(), what, "write one number of hours, or none: []");
        return vec![];
    }
    if let Some(late) = hours.iter().find(|hour| !(1..end).contains(hour)) {
        let what = format!(
            "a reminder after {late} hours is not between the question and the end after {end} hours"
        );
        wrong(written.span(), what, "write a number of hours between them");
        return vec![];
    }
    hours.iter().map(|hours| SignedDuration::from_hours(*hours)).collect()
}

fn secret(source: &Source, written: &Spanned<PathBuf>, faults: &mut Vec<ConfigFault>) -> Option<SigningKey> {
    let path = source.file.parent().unwrap_or(Path::new(".")).join(written.get_ref());
    let remedy = "write the path of a file with the secret that you and the bank share: whsec_ and 24 to 64 bytes in base64";
    let text = read_file(&path, remedy).map_err(|fault| faults.push(fault)).ok()?;
    let key = SigningKey::from_text(text.trim());
    if key.is_none() {
        let what = format!("{} holds no secret of the form whsec_…", path.display());
        faults.push(source.fault(written.span(), what, remedy));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Option<Fraud>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("key"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        std::fs::write(dir.path().join("short"), "whsec_c2hvcnQ=").unwrap();
        let file = dir.path().join("harbour.toml");
        let written: WrittenFraud = toml::from_str(text).unwrap();
        let mut faults = vec![];
        let read = read(&Source { file: &file, text }, Some(&written), &mut faults);
        (read, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_not_written_has_its_usual_value() {
        let (fraud, faults) = read_text("secret = \"key\"\n");
        let fraud = fraud.unwrap();
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!((fraud.approve_over, fraud.remind.len()), (None, 1));
        assert_eq!(fraud.end, SignedDuration::from_hours(72));
        assert_eq!(fraud.new_for, SignedDuration::from_hours(7 * 24));
        assert_eq!((fraud.model, fraud.shadow), (None, None));
    }

    #[test]
    fn mistakes_are_told_with_their_line_and_a_remedy() {
        for (text, said) in [
            ("secret = \"short\"\n", "whsec_"),
            ("secret = \"gone\"\n", "gone"),
            ("secret = \"key\"\napprove_over = \"much\"\n", "harbour.toml:2"),
            ("secret = \"key\"\nend_hours = 73\n", "1 to 72, not 73"),
            ("secret = \"key\"\nend_hours = 0\n", "1 to 72, not 0"),
            ("secret = \"key\"\nremind_hours = [1, 2]\n", "more than three messages"),
            ("secret = \"key\"\nend_hours = 4\nremind_hours = [4]\n", "between the question and the end"),
            ("secret = \"key\"\nnew_days = 91\n", "0 to 90, not 91"),
            ("secret = \"key\"\nmodel = \"m.bin\"\nshadow = \"m.bin\"\n", "compared with itself"),
        ] {
            let (_, faults) = read_text(text);
            assert!(faults.iter().any(|fault| fault.contains(said)), "{text}: {faults:?}");
        }
    }
}
