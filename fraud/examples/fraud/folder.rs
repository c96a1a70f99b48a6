//! The files of a data folder. What is wrong with them is told with file, line and field.

use flate2::read::MultiGzDecoder;
use fraud::{
    event::{Attributes, DAY, Payment, Seconds},
    replay::Told,
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// What is wrong, in one sentence.
pub type Wrong = String;

/// A folder that was read.
pub struct Folder {
    /// In the order of time.
    pub told: Vec<Told>,
    /// SHA-256 of the table's text.
    pub digest: [u8; 32],
}

/// A line of a table with the places of its fields.
struct Line<'a> {
    file: &'a Path,
    number: usize,
    text: &'a str,
    heads: &'a [String],
}

impl<'a> Line<'a> {
    fn field(&self, name: &str) -> Result<&'a str, Wrong> {
        let place = self.heads.iter().position(|head| head == name);
        place.and_then(|place| self.text.split(',').nth(place)).ok_or_else(|| self.wrong(name, "is missing"))
    }
    fn wrong(&self, name: &str, what: &str) -> Wrong {
        format!("{}, line {}, field {name}: {what}", self.file.display(), self.number)
    }
    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, Wrong> {
        let text = self.field(name)?;
        text.parse().map_err(|_| self.wrong(name, &format!("`{text}` is not such a number")))
    }
}

/// Calls `each` with every line after the head.
fn lines(
    file: &Path,
    mut text: impl BufRead,
    mut each: impl FnMut(&Line) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    let unread = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut line = String::new();
    text.read_line(&mut line).map_err(unread)?;
    let heads: Vec<String> = line.trim_end().split(',').map(str::to_owned).collect();
    for number in 2.. {
        line.clear();
        if text.read_line(&mut line).map_err(unread)? == 0 {
            return Ok(());
        }
        each(&Line { file, number, text: line.trim_end(), heads: &heads })?;
    }
    Ok(())
}

/// Days since 1970 of a date of the common calendar (Hinnant, "chrono-compatible low-level date algorithms").
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `2018-06-11T00:00:24` as seconds. The local time is taken as if it were UTC.
fn seconds(text: &str) -> Option<Seconds> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let signs = [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':')];
    let fits = text.len() == 19 && signs.iter().all(|(at, sign)| text[*at..].starts_with(*sign));
    let date = days(part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let plausible = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..61).contains(&second);
    let all = date * i64::from(DAY) + hour * 3_600 + minute * 60 + second;
    Seconds::try_from(all).ok().filter(|_| fits && plausible)
}

/// `75.81` as 7581.
fn minor_units(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let cents = match part.len() {
        1 => part.parse::<u64>().ok()? * 10,
        2 => part.parse::<u64>().ok()?,
        _ => return None,
    };
    let all = whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(cents)?;
    (digits(whole) && digits(part)).then(|| u32::try_from(all).unwrap_or(u32::MAX))
}

/// Where the terminals stand; nowhere if there is no such file.
fn terminals(folder: &Path) -> Result<HashMap<u64, (f32, f32)>, Wrong> {
    let path = folder.join("terminals.csv");
    let mut places = HashMap::new();
    let Ok(file) = File::open(&path) else { return Ok(places) };
    lines(&path, BufReader::new(file), |line| {
        places.insert(line.number("terminal_id")?, (line.number("x")?, line.number("y")?));
        Ok(())
    })?;
    Ok(places)
}

fn open(folder: &Path) -> Result<(PathBuf, Box<dyn Read>), Wrong> {
    let packed = folder.join("transactions.csv.gz");
    if let Ok(file) = File::open(&packed) {
        return Ok((packed, Box::new(MultiGzDecoder::new(BufReader::new(file)))));
    }
    let plain = folder.join("transactions.csv");
    let file = File::open(&plain)
        .map_err(|error| format!("no transactions.csv.gz, and {}: {error}", plain.display()))?;
    Ok((plain, Box::new(file)))
}

/// The share of 2^32 below which a fraud's customer reports it in the loop run.
const REPORTED: f64 = 0.10;

/// If the customer of this payment reports fraud, by the rule of the protocol.
fn reports(id: u64) -> bool {
    (id.wrapping_mul(2_654_435_761) & 0xffff_ffff) as f64 / 4_294_967_296.0 < REPORTED
}

/// Reads a folder.
pub fn read(folder: &Path, with_loop: bool) -> Result<Folder, Wrong> {
    let places = terminals(folder)?;
    let (path, mut source) = open(folder)?;
    let mut text = vec![];
    source.read_to_end(&mut text).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut told: Vec<Told> = vec![];
    lines(&path, text.as_slice(), |line| {
        let (id, terminal) = (line.number("tx_id")?, line.number("terminal_id")?);
        let at = line.field("datetime")?;
        let at = seconds(at).ok_or_else(|| line.wrong("datetime", &format!("`{at}` is not a time")))?;
        let amount = line.field("amount")?;
        let amount = minor_units(amount)
            .ok_or_else(|| line.wrong("amount", &format!("`{amount}` is not an amount")))?;
        let fraud = match line.field("fraud")? {
            "0" => false,
            "1" => true,
            other => return Err(line.wrong("fraud", &format!("`{other}` is neither 0 nor 1"))),
        };
        let place = places.get(&terminal).copied();
        let more = Attributes { place, ..Attributes::default() };
        let payment = Payment { id, at, card: line.number("customer_id")?, terminal, amount, more };
        if told.last().is_some_and(|last| last.payment.at > at) {
            return Err(line.wrong("datetime", "is before the line above"));
        }
        told.push(Told { payment, fraud, reported: with_loop && reports(id) });
        Ok(())
    })?;
    if told.is_empty() {
        return Err(format!("{}: no payment", path.display()));
    }
    Ok(Folder { told, digest: Sha256::digest(&text).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "tx_id,datetime,customer_id,terminal_id,amount,fraud,scenario\n";
    const LINE: &str = "7,2018-06-11T00:00:24,3,9,75.81,1,2\n";

    fn of(text: &str) -> Result<Folder, Wrong> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("transactions.csv"), text).unwrap();
        read(folder.path(), false)
    }

    /// What is wrong with the second of two lines, when `was` in it becomes `is`.
    fn wrong(was: &str, is: &str) -> String {
        let text = format!("{HEAD}{LINE}{}", LINE.replace("7,2018", "8,2018").replace(was, is));
        let told = of(&text).err().unwrap();
        told.split_once("transactions.csv, ").map_or(told.clone(), |(_, what)| what.to_owned())
    }

    #[test]
    fn a_line_is_read_as_it_stands() {
        let told = of(&format!("{HEAD}{LINE}")).unwrap().told;
        let payment = told[0].payment;
        assert_eq!((payment.id, payment.card, payment.terminal, payment.amount), (7, 3, 9, 7_581));
        assert_eq!(payment.at, 17_693 * DAY + 24);
        assert!(told[0].fraud && !told[0].reported);
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_field() {
        assert_eq!(wrong("8,2018", "x,2018"), "line 3, field tx_id: `x` is not such a number");
        assert_eq!(
            wrong("T00:00:24", "T25:00:24"),
            "line 3, field datetime: `2018-06-11T25:00:24` is not a time"
        );
        assert_eq!(wrong("T00:00:24", "T00:00:23"), "line 3, field datetime: is before the line above");
        assert_eq!(wrong("75.81", "-75.81"), "line 3, field amount: `-75.81` is not an amount");
        assert_eq!(wrong("75.81", "75.815"), "line 3, field amount: `75.815` is not an amount");
        assert_eq!(wrong(",1,2", ",2,2"), "line 3, field fraud: `2` is neither 0 nor 1");
        assert_eq!(wrong(",9,75.81,1,2", ""), "line 3, field terminal_id: is missing");
    }

    #[test]
    fn a_folder_without_payments_and_one_that_is_not_there_say_so() {
        assert!(of(HEAD).err().unwrap().ends_with("no payment"));
        assert!(read(Path::new("/nowhere"), false).err().unwrap().contains("/nowhere/transactions.csv"));
    }

    #[test]
    fn reports_follow_the_published_rule() {
        // 680886 x 2654435761 mod 2^32 is 0.689 of 2^32; of many a tenth is reported.
        assert!(!reports(680_886));
        let reported = (0..100_000).filter(|id| reports(*id)).count();
        assert!((9_900..10_100).contains(&reported), "{reported}");
    }
}
