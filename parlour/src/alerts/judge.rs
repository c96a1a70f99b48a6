//! What is thought of a payment: by the model in use, by the rules of the bank's analysts, and by the budget that decides whether
//! a customer is asked.

use super::{
    live_rules::{self, Tally},
    models::Models,
    watching::{self, OnTrial, Paid, Told, Watch},
};
use crate::config::Fraud;
use fraud::{
    backtest::{Past, Trial},
    budget::{Budget, Notice, Seen, Settings},
    catalogue::Features,
    event::{Event, Label, Payment, Source, Verdict as Word},
    rules::{Outcome, RuleSet, Verdict},
    scorer::Scorer,
    state::{self, State},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::HashMap;

/// Model and rules of a bank.
pub struct Judge {
    models: Models,
    rules: Option<RuleSet>,
    settings: Settings,
    zone: TimeZone,
}

/// What is remembered of all payments: built again from the log at any time.
pub struct Memory {
    /// How cards and terminals are used.
    pub state: State,
    /// Who was asked, and how many.
    pub budget: Budget,
    /// How often each rule was right about what is being judged now.
    pub tally: Tally,
    /// How all that went.
    pub watch: Watch,
}

/// What is thought of a payment.
#[derive(Debug, Clone)]
pub struct Judged {
    /// How likely it is fraud, 0 to 1, with what the rules add.
    pub score: Option<f32>,
    /// The model that was asked.
    pub model: Option<String>,
    /// What should become of it.
    pub outcome: Outcome,
    /// Whether its customer is asked.
    pub notice: Notice,
    /// Why, for the bank's people.
    pub reasons: Vec<String>,
    /// Why, for the customer.
    pub mild: Vec<String>,
    /// What the model on trial says. Nothing comes of it.
    pub on_trial: Option<OnTrial>,
}

impl Judge {
    /// The model that ships, the rules of the bank's file, and its budget. What cannot be read is left out and an alarm says so; the
    /// bank's own suspicions count as ever.
    pub fn of(fraud: &Fraud, zone: TimeZone, today: Date) -> Judge {
        let models = Models::of(fraud);
        let settings = Settings {
            share_ppm: fraud.alerts_ppm,
            least_a_day: fraud.least_alerts_a_day,
            ..Settings::around(start(&models))
        };
        let rules = fraud.rules.as_ref().and_then(|rules| {
            let read =
                live_rules::compile(&rules.name, &rules.text, &live_rules::fields(fraud.currency), today);
            read.inspect_err(|faults| {
                for fault in faults {
                    tracing::error!(%fault, "the fraud rules cannot be used; none of them counts");
                }
            })
            .ok()
        });
        Judge { models, rules, settings, zone }
    }

    /// The models in use.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// Uses other models from now on.
    pub fn use_models(&mut self, models: Models) {
        let Settings { share_ppm, least_a_day, .. } = self.settings;
        self.settings = Settings { share_ppm, least_a_day, ..Settings::around(start(&models)) };
        self.models = models;
    }

    /// Puts what is remembered under the settings and models of now.
    pub fn settle(&self, memory: Memory) -> Memory {
        let Memory { state, mut budget, watch, tally } = memory;
        budget.change(self.settings).expect("the settings of a file were checked");
        Memory { state, budget, watch: watch.under(&self.models), tally }
    }

    /// The first letters of the model's digest.
    pub fn name(&self) -> Option<&str> {
        self.models.in_force().map(|known| known.name.as_str())
    }

    /// Nothing is remembered yet.
    pub fn begin(&self, bounds: state::Bounds) -> Memory {
        let budget = Budget::new(self.settings).expect("the settings of a file were checked");
        Memory { state: State::new(bounds), budget, watch: Watch::new(&self.models), tally: Tally::default() }
    }

    /// The budget that was kept, under the settings of now.
    pub fn budget(&self, kept: &[u8]) -> Option<Budget> {
        let mut budget: Budget = serde_json::from_slice(kept).ok()?;
        budget.change(self.settings).ok()?;
        Some(budget)
    }

    /// Takes an event in, and says what is thought of a payment. None of a label, and of a payment that was taken in before.
    pub fn take(&self, memory: &mut Memory, event: &Event) -> Option<Judged> {
        self.fold(memory, event, None)
    }

    /// Takes an event in that stands in the log already, with what was decided about it then.
    pub fn take_again(&self, memory: &mut Memory, event: &Event, decided: &[u8]) {
        self.fold(memory, event, Some(&watching::told(decided)));
    }

    fn fold(&self, memory: &mut Memory, event: &Event, told: Option<&Told>) -> Option<Judged> {
        let seen = memory.state.fold(event);
        match (event, seen) {
            (Event::Payment(payment), Some(state::Seen::Fresh(features) | state::Seen::Late(features))) => {
                Some(self.look(memory, payment, &features, told))
            }
            (Event::Label(label), _) => {
                if let Label { source: Source::Customer, verdict, arrived_at, .. } = label {
                    memory.budget.answered(*arrived_at, *verdict != Word::Clean);
                }
                memory.watch.labelled(&self.models, label);
                None
            }
            _ => None,
        }
    }

    /// The rules in force.
    pub fn rules(&self) -> Option<&RuleSet> {
        self.rules.as_ref()
    }

    /// Puts other rules in force. What is remembered stays.
    pub fn put_rules(&mut self, rules: Option<RuleSet>) {
        self.rules = rules;
    }

    /// Lets another day begin where the bank is: rules that ran out before it do nothing from now on.
    pub fn turn_to(&mut self, today: Date) {
        if let Some(rules) = &mut self.rules {
            rules.turn_to(today);
        }
    }

    /// The score from which on the model alone asks, before the budget has moved it.
    #[expect(clippy::cast_possible_truncation, reason = "a probability")]
    pub fn threshold(&self) -> f32 {
        self.settings.start as f32
    }

    /// Takes an event of the past in, and tries rules on it.
    pub fn try_on(
        &self,
        memory: &mut Memory,
        event: &Event,
        known: &HashMap<u64, bool>,
        trial: &mut Trial<'_>,
    ) {
        let seen = memory.state.fold(event);
        let (Event::Payment(payment), Some(state::Seen::Fresh(features) | state::Seen::Late(features))) =
            (event, seen)
        else {
            return;
        };
        let score =
            self.models.in_force().map_or(f32::NAN, |of| rounded(of.model.score(&features).probability));
        let (label, day) = (known.get(&payment.id).copied(), self.day(payment.at));
        let row = features.row(&memory.state.person(payment));
        trial.add(&Past { row: &row, score, label, card: payment.card, day });
    }

    fn look(
        &self,
        memory: &mut Memory,
        payment: &Payment,
        features: &Features,
        told: Option<&Told>,
    ) -> Judged {
        let both = self.models.in_force().map(|known| known.model.score(features));
        let score = both.map(|score| score.probability);
        let verdict = match &self.rules {
            Some(rules) => rules.evaluate(&features.row(&memory.state.person(payment)), payment.card),
            None => Verdict::SILENT,
        };
        let day = self.day(payment.at);
        memory.tally.add(day, &verdict);
        let seen = Seen {
            now: payment.at,
            day,
            card: payment.card,
            terminal: payment.terminal,
            score: score.map_or(f32::NAN, rounded),
        };
        let on_trial = self.on_trial(features, told);
        // What another model decided is not counted as this one's.
        let counts = told.is_none_or(|told| told.model.as_deref() == self.name());
        memory.watch.paid(
            &self.models,
            &Paid {
                id: payment.id,
                at: payment.at,
                day,
                features,
                score: both.filter(|_| counts).map(|both| (both.raw, rounded(both.probability))),
                on_trial: on_trial.as_ref().map(|on_trial| on_trial.score),
            },
        );
        let decided = memory.budget.decide(&seen, &verdict);
        let (mut reasons, mut mild) = (vec![], vec![]);
        if decided.outcome != Outcome::Pass {
            let rule = verdict.leading.and_then(|place| self.rules.as_ref()?.rule(place));
            reasons.extend(rule.map(|rule| format!("rule {}: {}", rule.id, rule.why)));
            if let Some(known) = self.models.in_force() {
                let told = known.model.reasons(features);
                mild = told.iter().map(|reason| reason.mild.to_owned()).collect();
                reasons.extend(told.into_iter().map(|reason| reason.words));
            }
        }
        let score = score.map(|_| rounded(f64::from(decided.score)));
        let model = self.name().map(str::to_owned);
        Judged { score, model, outcome: decided.outcome, notice: decided.notice, reasons, mild, on_trial }
    }

    /// What the model on trial says; of a payment in the log, what it said then.
    fn on_trial(&self, features: &Features, told: Option<&Told>) -> Option<OnTrial> {
        let known = self.models.on_trial()?;
        if let Some(told) = told {
            return told.trial.clone().filter(|trial| trial.model == known.name);
        }
        let score = rounded(f64::from(Scorer::score(&known.model, &features.0)));
        Some(OnTrial { model: known.name.clone(), score })
    }

    /// The day where the bank is, as a running number.
    fn day(&self, at: u32) -> i32 {
        let at = Timestamp::from_second(i64::from(at)).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = at.as_second() + i64::from(self.zone.to_offset(at).seconds());
        i32::try_from(local.div_euclid(86_400)).unwrap_or(i32::MAX)
    }
}

/// The score from which on the model alone asks at first.
fn start(models: &Models) -> f64 {
    models.in_force().map_or(0.5, |known| known.threshold())
}

/// To four places: more means nothing.
#[expect(clippy::cast_possible_truncation, reason = "a probability with four places")]
pub(super) fn rounded(probability: f64) -> f32 {
    ((probability * 10_000.0).round() / 10_000.0) as f32
}
