//! What the caller wants.

use crate::folder::Wrong;
use fraud::{
    artefact::Kind,
    event::{DAY, HOUR, Seconds},
    simulate::Pattern,
};
use std::path::PathBuf;

pub const USAGE: &str = "\
cargo xtask eval fraud --data DIR [--label-delay 7d|1h] [--loop] [--model-kind trees|additive] [--baseline]
                       [--model FILE] [--save FILE] [--scores OUT.csv]
    trains on the folder's own weeks (or scores with FILE, unchanged) and judges the test week, as JSON lines
cargo xtask eval fraud --simulate DIR [--seed N] [--pattern published|testing|night|takeover|mixed] [--from-test-week]
    writes such a folder; with --from-test-week the pattern begins there and is `published` before
cargo xtask train fraud
    makes the model that ships, the same bytes each time";

/// One of three tasks.
#[derive(Debug)]
pub enum Task {
    Eval(Eval),
    Simulate { to: PathBuf, seed: u64, pattern: Pattern, from_test_week: bool },
    Ship,
}

/// How to judge.
#[derive(Debug)]
pub struct Eval {
    pub data: PathBuf,
    /// `None`: as the model says, or seven days.
    pub label_delay: Option<Seconds>,
    pub with_loop: bool,
    pub kind: Kind,
    pub baseline: bool,
    pub model: Option<PathBuf>,
    pub save: Option<PathBuf>,
    pub scores: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Words {
    values: Vec<(String, String)>,
    flags: Vec<String>,
}

const FLAGS: [&str; 3] = ["--loop", "--baseline", "--from-test-week"];
const VALUES: [&str; 9] = [
    "--data",
    "--label-delay",
    "--model-kind",
    "--model",
    "--save",
    "--scores",
    "--simulate",
    "--seed",
    "--pattern",
];

impl Words {
    fn read(words: &[String]) -> Result<Words, Wrong> {
        let mut read = Words::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if FLAGS.contains(&word.as_str()) {
                read.flags.push(word.clone());
            } else if VALUES.contains(&word.as_str()) {
                let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
                if read.get(word).is_some() {
                    return Err(format!("{word} is there twice"));
                }
                read.values.push((word.clone(), value.clone()));
            } else {
                return Err(format!("`{word}` is no option"));
            }
        }
        Ok(read)
    }
    fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }
}

/// `7d` or `1h`.
fn delay(text: &str) -> Result<Seconds, Wrong> {
    let unit = if text.ends_with('d') { DAY } else { HOUR };
    let count = text.strip_suffix(['d', 'h']).and_then(|count| count.parse::<u32>().ok());
    let most = 30 * DAY / unit;
    count
        .filter(|count| (1..=most).contains(count))
        .map(|count| count * unit)
        .ok_or_else(|| format!("--label-delay: `{text}` is no delay from 1h to 30d"))
}

/// Reads the words after `eval fraud` or `train fraud`.
pub fn read(words: &[String]) -> Result<Task, Wrong> {
    match words {
        [task, rest @ ..] if task == "eval" => eval(&Words::read(rest)?),
        [task] if task == "train" => Ok(Task::Ship),
        _ => Err("the task is eval or train".to_owned()),
    }
}

fn eval(words: &Words) -> Result<Task, Wrong> {
    if let Some(to) = words.path("--simulate") {
        let seed = words.get("--seed").unwrap_or("1");
        let name = words.get("--pattern").unwrap_or("published");
        let pattern = Pattern::ALL.iter().find(|(known, _)| *known == name);
        return Ok(Task::Simulate {
            to,
            seed: seed.parse().map_err(|_| format!("--seed: `{seed}` is no number"))?,
            pattern: pattern.ok_or_else(|| format!("--pattern: `{name}` is unknown"))?.1,
            from_test_week: words.has("--from-test-week"),
        });
    }
    let kind = match words.get("--model-kind").unwrap_or("trees") {
        "trees" => Kind::Trees,
        "additive" => Kind::Additive,
        other => return Err(format!("--model-kind: `{other}` is neither trees nor additive")),
    };
    let model = words.path("--model");
    if model.is_some() && (words.has("--baseline") || words.get("--model-kind").is_some()) {
        return Err("--model trains nothing, so it goes without --baseline and --model-kind".to_owned());
    }
    Ok(Task::Eval(Eval {
        data: words.path("--data").ok_or("--data DIR is missing")?,
        label_delay: words.get("--label-delay").map(delay).transpose()?,
        with_loop: words.has("--loop"),
        kind,
        baseline: words.has("--baseline"),
        model,
        save: words.path("--save"),
        scores: words.path("--scores"),
    }))
}
