//! `parlour understand "text"`: what a message is read as, and why.

use super::{config_or_print, say};
use crate::{category, config::Understanding, mind, rim::SystemClock};
use clap::Args;
use domain::Clock;
use jiff::tz::TimeZone;
use std::{path::PathBuf, process::ExitCode};
use understanding::{
    Context,
    learned::mind::{Choice, Mind, Tier, Verdict},
};

/// Choices that are shown: more than the chat would ever ask about.
const SHOWN: usize = 5;

/// N-grams that are shown.
const REASONS: usize = 8;

/// Show what a message is read as, and which of its words mattered.
#[derive(Args)]
pub struct Understand {
    /// The message, in quotes.
    text: String,
    /// The gateway's file, for its `[understanding]`.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Another tier than the one that is configured: words, encoder or minilm.
    #[arg(long, value_parser = tier)]
    tier: Option<Tier>,
}

fn tier(text: &str) -> Result<Tier, String> {
    let known = [Tier::Words, Tier::Encoder, Tier::Minilm];
    let found = known.into_iter().find(|tier| tier.to_string() == text);
    found.ok_or_else(|| "tiers are words, encoder and minilm".to_owned())
}

impl Understand {
    /// Reads the message and prints.
    pub fn run(self) -> ExitCode {
        let mut wanted = match self.config.as_deref().map(config_or_print) {
            None => Understanding::default(),
            Some(Ok(config)) => config.understanding,
            Some(Err(code)) => return code,
        };
        wanted.tier = self.tier.unwrap_or(wanted.tier);
        let (mind, below) = mind::load(&wanted);
        below.iter().for_each(|why| eprintln!("note: {why}"));
        // As in the chat: what must not be kept is not read either.
        let redacted = understanding::redact(&self.text);
        let mut lines = Vec::new();
        match &mind {
            Some(mind) => tell(mind, &redacted.text, &mut lines),
            None => eprintln!("note: nothing that was learned can be used"),
        }
        tell_entities(&redacted.text, &mut lines);
        say(&lines)
    }
}

fn tell(mind: &Mind, text: &str, lines: &mut Vec<String>) {
    let reading = mind.read(text);
    let alone =
        if reading.by == mind.tier() { String::new() } else { format!(", decided by {} alone", reading.by) };
    lines.push(format!("tier       {}{alone}", mind.tier()));
    let decision = match &reading.verdict {
        Verdict::Act(choice) if reading.word_of_power => {
            format!("act: {} (a word that always works)", choice.target)
        }
        Verdict::Act(choice) => format!("act: {}", choice.target),
        Verdict::Clarify(choices) => {
            let names: Vec<String> = choices.iter().map(|choice| choice.target.to_string()).collect();
            format!("clarify: {}", names.join(", or "))
        }
        Verdict::Refuse => "refuse".to_owned(),
    };
    lines.push(format!("decision   {decision}"));
    if !reading.word_of_power {
        let passes = if reading.in_scope >= 0.0 { "passes" } else { "does not pass" };
        lines.push(format!("gate       {passes} ({:+.2})", reading.in_scope));
    }
    for (at, Choice { target, label, probability }) in reading.choices.iter().take(SHOWN).enumerate() {
        let head = if at == 0 { "may be" } else { "" };
        lines.push(format!("{head:<10} {probability:.3}  {target}  [{label}]"));
    }
    let Some(best) = reading.choices.first() else { return };
    for (at, reason) in mind.reasons(text, &best.label, REASONS).iter().enumerate() {
        let head = if at == 0 { "because" } else { "" };
        lines.push(format!("{head:<10} {:+.3}  \"{}\"", reason.adds, reason.gram));
    }
}

fn tell_entities(text: &str, lines: &mut Vec<String>) {
    let kinds = category::found_anywhere();
    let about = Context { now: SystemClock.now(), zone: TimeZone::UTC, merchants: &kinds };
    let understood = understanding::understand(text, &about);
    match serde_json::to_string(&understood.entities) {
        Ok(entities) => lines.push(format!("entities   {entities}")),
        Err(fault) => eprintln!("note: the entities cannot be shown: {fault}"),
    }
    lines.push(format!("phrases    {:?} ({:.2})", understood.decision, understood.intent_probability));
}
