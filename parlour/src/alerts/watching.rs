//! The engine watches itself: whether payments still look as they did when its model was made, what customers answer, and how a
//! model on trial compares. Like all that the engine remembers this is folded from the log, and can be built again from it.
//!
//! Time is that of the payments. What is judged are whole days (the judge that `cargo xtask eval fraud` measures) and, each hour,
//! the 24 hours before. Readings are of one model: with another they begin anew.

use super::{
    decision::Decision,
    models::{Known, Models},
    scores::{Score, Scores},
};
use fraud::{
    catalogue::{Column, ENTRIES, Features},
    drift::{Finding, Monitor, Tallies},
    event::{HOUR, Label, Seconds, Source, Verdict},
    monitor::{Answers, Level, Readings, Report},
    shadow::Agreement,
    share::Count,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::VecDeque, sync::Arc};

/// Hours that the readings cover.
pub const READ_HOURS: u32 = 24;
/// Hours whose answers are kept: a week.
pub const ANSWER_HOURS: u32 = 168;
/// Days of payments that come before anything is judged: the longest window of a feature. Before that, everything looks different
/// because nothing is known yet.
pub const WARM_DAYS: i32 = 30;
/// Payments that a judged day has at least. Days of a smaller bank are put together until they have as many: with fewer, single cards
/// move the tails.
pub const LEAST_A_DAY: u64 = 1_000;
/// Days over which frauds that became known are judged.
const KNOWN_DAYS: i32 = 7;

/// What is watched.
#[derive(Debug, Clone)]
pub struct Watch {
    kept: Kept,
    scores: Scores,
    /// What the readings say, as of the end of the last hour. None: too early.
    report: Option<Arc<Report>>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Kept {
    /// The models in force and on trial, by name.
    of: [Option<String>; 2],
    /// The day of the first payment of all.
    first_day: Option<i32>,
    /// The hour since which this model is watched.
    begun: Option<u32>,
    /// The hour and the day of the newest payment.
    hour: u32,
    day: i32,
    /// The first day that is judged as a whole.
    whole_from: i32,
    now: Tallies,
    /// The last hours, each with its number; the current one is not among them.
    hours: VecDeque<(u32, Tallies)>,
    judge: Monitor,
    /// Of each day the frauds that became known, and those of them that had been caught.
    known: VecDeque<(i32, Count)>,
    /// What was found on the last day that was judged.
    findings: Vec<Finding>,
    judged: Option<i32>,
    answers: VecDeque<(u32, Answers)>,
    alarm: bool,
    trial: Option<Agreement>,
}

/// A payment that was judged.
pub struct Paid<'a> {
    /// Its id.
    pub id: u64,
    /// When it was paid.
    pub at: Seconds,
    /// The day where the bank is, as a running number.
    pub day: i32,
    /// Its features.
    pub features: &'a Features,
    /// The score of the model in force, in logarithms of odds, and as a probability.
    pub score: Option<(f32, f32)>,
    /// The probability by the model on trial.
    pub on_trial: Option<f32>,
}

/// Whether drift is judged, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judging {
    /// It is.
    Yes,
    /// There is no model.
    NoModel,
    /// The model that ships is in use. It learned from payments that nobody made, so everything is different.
    Ships,
    /// Payments of fewer than [`WARM_DAYS`] days are known, or this model has been in use for less than a day.
    Early,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(models: &Models) -> Watch {
        let trial = models.in_force().zip(models.on_trial()).map(|(in_force, on_trial)| {
            #[expect(clippy::cast_possible_truncation, reason = "probabilities")]
            let [one, other] = [on_trial.threshold() as f32, in_force.threshold() as f32];
            Agreement::new(one, other)
        });
        let kept = Kept { of: models.names(), trial, ..Kept::default() };
        Watch { kept, scores: Scores::default(), report: None }
    }

    /// Whether it is of these models.
    pub fn is_of(&self, models: &Models) -> bool {
        self.kept.of == models.names()
    }

    /// The same under other models. What customers answered stays; what was said by another model does not.
    pub fn under(self, models: &Models) -> Watch {
        if self.is_of(models) {
            return self;
        }
        let fresh = Watch::new(models);
        if fresh.kept.of[0] == self.kept.of[0] {
            // Only the model on trial is another one.
            let mut scores = self.scores;
            scores.forget_trial();
            let kept = Kept { of: fresh.kept.of, trial: fresh.kept.trial, ..self.kept };
            return Watch { kept, scores, report: self.report };
        }
        let Kept { first_day, hour, day, answers, .. } = self.kept;
        Watch { kept: Kept { first_day, hour, day, answers, ..fresh.kept }, ..fresh }
    }

    /// Counts a payment.
    pub fn paid(&mut self, models: &Models, paid: &Paid<'_>) {
        self.turn_to(models, paid.at / HOUR, paid.day);
        let Some((raw, probability)) = paid.score else { return };
        if let Some(known) = drifting(models) {
            if self.kept.begun.is_none() {
                self.begin(paid.at / HOUR, paid.day);
            }
            self.kept.now.note(&known.papers().reference, raw, &paid.features.0);
        }
        if let (Some(trial), Some(on_trial)) = (&mut self.kept.trial, paid.on_trial) {
            trial.scored(paid.id, probability, on_trial);
        }
        let on_trial = paid.on_trial.unwrap_or(f32::NAN);
        // As in the reference: a card whose fraud was known would have been blocked.
        let blocked = paid.features[Column::CardFrauds35d] > 0.0;
        self.scores.put(paid.id, Score { raw, on_trial, blocked });
    }

    /// Counts what became known of a payment. The first word about a payment counts.
    pub fn labelled(&mut self, models: &Models, label: &Label) {
        let fraud = label.verdict != Verdict::Clean;
        if label.source == Source::Customer {
            self.answer(fraud, label.arrived_at.saturating_sub(label.paid_at));
        }
        let Some(known) = models.in_force() else { return };
        let Some(score) = self.scores.take(label.payment) else { return };
        if let Some(trial) = self.kept.trial.as_mut() {
            trial.labelled(
                super::judge::rounded(known.papers().calibration.probability(score.raw)),
                score.on_trial,
                fraud,
            );
        }
        if fraud && !score.blocked {
            let caught = score.raw >= known.papers().reference.threshold;
            let today = self.kept.day;
            match self.kept.known.back_mut() {
                Some((day, count)) if *day == today => count.add(caught),
                _ => self.kept.known.push_back((today, Count { of: u64::from(caught), all: 1 })),
            }
        }
    }

    fn answer(&mut self, not_me: bool, after: Seconds) {
        let hour = self.kept.hour;
        if self.kept.answers.back().is_none_or(|(last, _)| *last != hour) {
            self.kept.answers.push_back((hour, Answers::default()));
        }
        if let Some((_, answers)) = self.kept.answers.back_mut() {
            answers.add(not_me, after);
        }
    }

    fn begin(&mut self, hour: u32, day: i32) {
        self.kept.begun = Some(hour);
        let warm = self.kept.first_day.unwrap_or(day).saturating_add(WARM_DAYS);
        self.kept.whole_from = warm.max(day + 1);
    }

    /// Lets time pass. Late payments count as of now.
    fn turn_to(&mut self, models: &Models, hour: u32, day: i32) {
        if self.kept.first_day.is_none() {
            self.kept.first_day = Some(day);
            (self.kept.hour, self.kept.day) = (hour, day);
        }
        let (hour, day) = (hour.max(self.kept.hour), day.max(self.kept.day));
        if (hour, day) == (self.kept.hour, self.kept.day) {
            return;
        }
        self.end_part();
        if day > self.kept.day {
            self.end_day(models, day);
        }
        self.kept.hour = hour;
        self.kept.hours.retain(|(of, _)| of.saturating_add(READ_HOURS) >= hour);
        self.kept.answers.retain(|(of, _)| of.saturating_add(ANSWER_HOURS) > hour);
        self.read(models);
    }

    /// Puts what was counted since the last time to its hour and its day.
    fn end_part(&mut self) {
        let part = std::mem::take(&mut self.kept.now);
        if part.payments() == 0 {
            return;
        }
        if self.kept.day >= self.kept.whole_from {
            self.kept.judge.add(&part);
        }
        match self.kept.hours.back_mut() {
            // Where the day does not begin with an hour, its first hour comes in two parts.
            Some((hour, tallies)) if *hour == self.kept.hour => tallies.add(&part),
            _ => self.kept.hours.push_back((self.kept.hour, part)),
        }
    }

    fn end_day(&mut self, models: &Models, next: i32) {
        if let Some(known) = drifting(models)
            && self.kept.judge.payments() >= LEAST_A_DAY
        {
            let counts = self.kept.known.iter().fold(Count::default(), |sum, (_, count)| sum.plus(*count));
            self.kept.findings = self.kept.judge.close(&known.papers().reference, counts.all, counts.of);
            self.kept.judged = Some(self.kept.day);
        }
        self.kept.day = next;
        self.kept.known.retain(|(day, _)| day.saturating_add(KNOWN_DAYS) > next);
    }

    /// Reads the last hours.
    fn read(&mut self, models: &Models) {
        self.report = drifting(models).filter(|_| self.judging(models) == Judging::Yes).and_then(|known| {
            let mut readings = Readings::new(&known.references);
            for (_, tallies) in &self.kept.hours {
                readings.gather(tallies).ok()?;
                readings.payments += tallies.payments();
            }
            let mut report = readings.report(&known.references).ok()?;
            // Each day of the week differs from the others in these without anything being wrong.
            for (finding, _) in
                report.features.iter_mut().zip(&ENTRIES).filter(|(_, entry)| entry.is_calendar())
            {
                finding.level = Level::TooFew;
            }
            Some(Arc::new(report))
        });
        let worst = self.worst();
        // What began ends when nothing is left to look at, so that it does not begin again each hour.
        let least = if self.kept.alarm { Level::Warn } else { Level::Alarm };
        self.kept.alarm = !self.kept.findings.is_empty() || worst >= least;
    }

    fn worst(&self) -> Level {
        let Some(report) = &self.report else { return Level::TooFew };
        report
            .features
            .iter()
            .map(|finding| finding.level)
            .chain([report.score.level])
            .max()
            .unwrap_or(Level::TooFew)
    }

    /// Whether drift is judged.
    pub fn judging(&self, models: &Models) -> Judging {
        match models.in_force() {
            None => Judging::NoModel,
            Some(known) if known.ships => Judging::Ships,
            Some(_) => {
                let warm =
                    self.kept.first_day.is_some_and(|first| self.kept.day >= first.saturating_add(WARM_DAYS));
                let covered =
                    self.kept.begun.is_some_and(|begun| self.kept.hour >= begun.saturating_add(READ_HOURS));
                if warm && covered { Judging::Yes } else { Judging::Early }
            }
        }
    }

    /// How much it matters.
    pub fn level(&self) -> Level {
        if self.kept.alarm { Level::Alarm } else { self.worst() }
    }

    /// What was found on the last whole day that was judged, and which day that was.
    pub fn findings(&self) -> (&[Finding], Option<i32>) {
        (&self.kept.findings, self.kept.judged)
    }

    /// What the last 24 hours say.
    pub fn report(&self) -> Option<&Arc<Report>> {
        self.report.as_ref()
    }

    /// The hour of the newest payment.
    pub fn hour(&self) -> u32 {
        self.kept.hour
    }

    /// What customers answered in the last seven days.
    pub fn answers(&self) -> Answers {
        self.kept.answers.iter().fold(Answers::default(), |mut sum, (_, answers)| {
            sum.merge(answers);
            sum
        })
    }

    /// How the model on trial compares.
    pub fn trial(&self) -> Option<&Agreement> {
        self.kept.trial.as_ref()
    }

    /// All of it as bytes, ending with their SHA-256.
    pub fn bytes(&self) -> Vec<u8> {
        let kept = serde_json::to_vec(&self.kept).expect("readings are plain data");
        let mut bytes = (kept.len() as u64).to_be_bytes().to_vec();
        bytes.extend(kept);
        self.scores.write(&mut bytes);
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        bytes.extend(digest);
        bytes
    }

    /// Reads [`Watch::bytes`]; of other models than these it begins anew. None: damaged, or of another version.
    pub fn read_bytes(bytes: &[u8], models: &Models) -> Option<Watch> {
        let (body, digest) = bytes.split_last_chunk::<32>()?;
        if Sha256::digest(body).as_slice() != digest {
            return None;
        }
        let (length, rest) = body.split_first_chunk::<8>()?;
        let (kept, scores) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        let kept: Kept = serde_json::from_slice(kept).ok()?;
        let whole = kept.now.is_whole() && kept.hours.iter().all(|(_, tallies)| tallies.is_whole());
        let mut watch = Watch { kept, scores: Scores::read(scores)?, report: None }.under(models);
        watch.read(models);
        whole.then_some(watch)
    }
}

/// The model whose drift is judged.
fn drifting(models: &Models) -> Option<&Arc<Known>> {
    models.in_force().filter(|known| !known.ships)
}

/// The score of the model on trial, as the log keeps it beside the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnTrial {
    /// The model.
    pub model: String,
    /// How likely it is fraud by it.
    pub score: f32,
}

/// A decision as the log keeps it.
#[derive(Serialize)]
struct Logged<'a> {
    #[serde(flatten)]
    decision: &'a Decision,
    trial: &'a OnTrial,
}

/// What of a decision the readings need when they are built again.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Told {
    /// The model that decided.
    pub model: Option<String>,
    /// What the model on trial said. The bank is not told.
    pub trial: Option<OnTrial>,
}

/// A decision for the log.
pub fn logged(decision: &Decision, trial: Option<&OnTrial>) -> Vec<u8> {
    match trial {
        Some(trial) => serde_json::to_vec(&Logged { decision, trial }),
        None => serde_json::to_vec(decision),
    }
    .expect("a decision is plain data")
}

/// Reads what [`logged`] wrote. Of another version: nothing is known.
pub fn told(answer: &[u8]) -> Told {
    serde_json::from_slice(answer).unwrap_or_default()
}

#[cfg(test)]
mod tests;
