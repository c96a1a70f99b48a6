//! What the state should say, recomputed for every payment from everything that came before, without any cleverness.

use fraud::{
    catalogue::{COUNT, Column as C, Features},
    event::{DAY, HOUR, Label, MINUTE, Payment, Seconds, Source, Verdict},
    state::{BUCKET, CARD_HORIZON, HITS, SUSPECTED, TERMINAL_HORIZON},
};

#[derive(Debug, Clone, Copy)]
struct Known {
    payment: Payment,
    label: Option<Verdict>,
    large: bool,
    ratio: f32,
}

/// Everything that came.
#[derive(Debug, Default)]
pub struct Reference {
    kept: Vec<Known>,
    ids: Vec<u64>,
    /// Terminal, time and card of frauds, in the order of time; the last few of each terminal.
    hits: Vec<(u64, Seconds, u64)>,
    delay: Seconds,
}

fn is_fraud(known: &Known) -> bool {
    matches!(known.label, Some(Verdict::Fraud | Verdict::Suspected))
}

fn weight(label: Option<Verdict>) -> u64 {
    match label {
        Some(Verdict::Fraud) => 100,
        Some(Verdict::Suspected) => u64::from(SUSPECTED),
        _ => 0,
    }
}

fn if_any(any: bool, value: f64) -> f32 {
    if any { value as f32 } else { f32::NAN }
}

impl Reference {
    pub fn new(delay: Seconds) -> Reference {
        Reference { delay, ..Reference::default() }
    }

    fn card(&self, card: u64) -> Vec<Known> {
        let mut all: Vec<Known> =
            self.kept.iter().filter(|known| known.payment.card == card).copied().collect();
        all.sort_by_key(|known| known.payment.at);
        let newest = all.last().map_or(0, |known| known.payment.at);
        all.retain(|known| known.payment.at >= newest.saturating_sub(CARD_HORIZON));
        all
    }

    fn terminal(&self, terminal: u64) -> Vec<Known> {
        let mut all: Vec<Known> =
            self.kept.iter().filter(|known| known.payment.terminal == terminal).copied().collect();
        let newest = all.iter().map(|known| known.payment.at / BUCKET).max().unwrap_or(0);
        all.retain(|known| known.payment.at / BUCKET + TERMINAL_HORIZON / BUCKET >= newest);
        all
    }

    /// `None` for a repeat.
    pub fn pay(&mut self, payment: &Payment) -> Option<Features> {
        if self.ids.contains(&payment.id) {
            return None;
        }
        self.ids.push(payment.id);
        let mut features = Features([f32::NAN; COUNT]);
        let hour = payment.at % DAY / HOUR;
        features[C::Amount] = payment.amount as f32;
        features[C::Hour] = hour as f32;
        features[C::Weekend] = f32::from(u8::from((payment.at / DAY + 3) % 7 >= 5));
        features[C::Night] = f32::from(u8::from(hour < 6));
        let card = self.card(payment.card);
        let newest = card.last().map_or(0, |known| known.payment.at).max(payment.at);
        let late = payment.at < newest.saturating_sub(CARD_HORIZON);
        let inside = |known: &&Known| {
            let at = known.payment.at;
            at <= payment.at && payment.at - at <= CARD_HORIZON && newest - at <= CARD_HORIZON
        };
        let before: Vec<Known> = card.iter().filter(inside).copied().collect();
        self.pace(&mut features, &before, payment);
        self.usual(&mut features, &before, payment);
        self.seen(&mut features, &before, payment);
        if !late {
            let large = features[C::ToMedian] > 2.5;
            let ratio = features[C::ToMean30d];
            self.kept.push(Known { payment: *payment, label: None, large, ratio });
        }
        self.at_terminal(&mut features, payment);
        Some(features)
    }

    fn pace(&self, to: &mut Features, before: &[Known], payment: &Payment) {
        let windows = [
            (C::CardCount10m, None, 10 * MINUTE),
            (C::CardCount1h, Some(C::CardMean1h), HOUR),
            (C::CardCount1d, Some(C::CardMean1d), DAY),
            (C::CardCount7d, Some(C::CardMean7d), 7 * DAY),
            (C::CardCount30d, Some(C::CardMean30d), 30 * DAY),
        ];
        for (count, mean, width) in windows {
            let inside = before.iter().filter(|known| payment.at - known.payment.at <= width);
            let amounts: Vec<u64> = inside.map(|known| u64::from(known.payment.amount)).collect();
            let sum = amounts.iter().sum::<u64>() + u64::from(payment.amount);
            to[count] = (amounts.len() + 1) as f32;
            if let Some(mean) = mean {
                to[mean] = (sum as f64 / (amounts.len() + 1) as f64) as f32;
            }
            if width == DAY {
                to[C::CardSpent1d] = sum as f32;
            }
        }
    }

    fn usual(&self, to: &mut Features, before: &[Known], payment: &Payment) {
        let amount = f64::from(payment.amount);
        let good: Vec<&Known> = before.iter().filter(|known| !is_fraud(known)).collect();
        let since = |days: Seconds| -> Vec<f64> {
            let inside = good.iter().filter(|known| payment.at - known.payment.at <= days * DAY);
            inside.map(|known| f64::from(known.payment.amount)).collect()
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (week, month) = (since(7), since(30));
        to[C::ToMean7d] = if_any(!week.is_empty(), amount / mean(&week).max(1.0));
        to[C::ToMean30d] = if_any(!month.is_empty(), amount / mean(&month).max(1.0));
        let squares: Vec<f64> = month.iter().map(|value| value * value).collect();
        let variance = (mean(&squares) - mean(&month) * mean(&month)).max(0.0);
        to[C::Deviations30d] = if_any(month.len() > 2, (amount - mean(&month)) / (variance.sqrt() + 100.0));
        let faded = good.iter().map(|known| {
            let age = f64::from(payment.at - known.payment.at);
            f64::from(known.payment.amount) * (1.0 - age / f64::from(2 * CARD_HORIZON))
        });
        to[C::ToLargest] = if_any(!good.is_empty(), amount / faded.fold(0.0, f64::max).max(1.0));
        let mut amounts: Vec<u32> = good.iter().map(|known| known.payment.amount).collect();
        amounts.sort_unstable();
        let median = amounts.get(amounts.len() / 2).map_or(f32::NAN, |amount| *amount as f32);
        to[C::ToMedian] = if median.is_nan() { f32::NAN } else { payment.amount as f32 / median.max(1.0) };
        let large = |known: &&Known| {
            payment.at - known.payment.at <= 14 * DAY && known.payment.amount as f32 > 2.5 * median
        };
        let now = u8::from(to[C::ToMedian] > 2.5);
        to[C::Large14d] = before.iter().filter(large).count() as f32 + f32::from(now);
        let last = before.iter().rfind(large);
        to[C::SinceLarge] = last.map_or(f32::NAN, |known| (payment.at - known.payment.at) as f32);
    }

    fn seen(&self, to: &mut Features, before: &[Known], payment: &Payment) {
        let age = |known: &Known| (payment.at - known.payment.at) as f32;
        to[C::SinceLast] = before.last().map_or(f32::NAN, age);
        let here = before.iter().filter(|known| known.payment.terminal == payment.terminal);
        to[C::HereBefore] = here.count() as f32;
        let near = before.iter().filter(|known| {
            let apart = (known.payment.at % DAY / HOUR).abs_diff(payment.at % DAY / HOUR);
            apart.min(24 - apart) <= 2
        });
        let share = near.count() as f64 / before.len().max(1) as f64;
        to[C::HourShare] = if_any(before.len() >= 8, share);
        let frauds: Vec<&Known> = before.iter().filter(|known| is_fraud(known)).collect();
        to[C::CardFrauds35d] = frauds.len() as f32;
        let recent = frauds.iter().filter(|known| payment.at - known.payment.at <= self.delay + 14 * DAY);
        to[C::CardFrauds14d] = recent.count() as f32;
        to[C::CardSinceFraud] = frauds.last().map_or(f32::NAN, |known| age(known));
    }

    fn at_terminal(&self, to: &mut Features, payment: &Payment) {
        let now = payment.at / BUCKET;
        let all = self.terminal(payment.terminal);
        let past: Vec<&Known> = all.iter().filter(|known| known.payment.at / BUCKET <= now).collect();
        let within = |width: u32| -> Vec<&Known> {
            let inside = |known: &&&Known| now - known.payment.at / BUCKET <= width * DAY / BUCKET;
            past.iter().filter(inside).copied().collect()
        };
        let (day, week, month) = (within(1), within(7), within(30));
        to[C::TerminalCount1d] = day.len() as f32;
        to[C::TerminalCount7d] = week.len() as f32;
        to[C::TerminalCount30d] = month.len() as f32;
        to[C::TerminalLarge7d] = week.iter().filter(|known| known.large).count() as f32;
        let ratio = |known: &Known| {
            let ratio = if known.ratio.is_nan() { 1.0 } else { known.ratio.clamp(0.0, 16.0) };
            u64::from((ratio * 64.0) as u32)
        };
        let ratios: u64 = week.iter().map(|known| ratio(known)).sum();
        to[C::TerminalRatio7d] = if_any(!week.is_empty(), ratios as f64 / 64.0 / week.len() as f64);
        to[C::TerminalBurst] = if_any(!month.is_empty(), day.len() as f64 * 30.0 / month.len() as f64);
        let sum: u64 = month.iter().map(|known| u64::from(known.payment.amount.div_ceil(100))).sum();
        let mean = (sum as f64 / month.len().max(1) as f64).max(1.0);
        to[C::TerminalToMean] = (f64::from(payment.amount) / 100.0 / mean) as f32;
        self.risk(to, &past, payment);
        self.hit(to, &past, payment);
    }

    fn risk(&self, to: &mut Features, past: &[&Known], payment: &Payment) {
        let due = payment.at.saturating_sub(self.delay) / BUCKET;
        let inside =
            |known: &Known, days: u32| due.saturating_sub(known.payment.at / BUCKET) <= days * DAY / BUCKET;
        let share = |days: u32| -> (f64, f64) {
            let (mut fraud, mut all) = (0, 0);
            for known in past {
                if known.payment.at / BUCKET <= due && inside(known, days) {
                    fraud += weight(known.label);
                    all += weight(known.label) + 100 * u64::from(known.label == Some(Verdict::Clean));
                }
            }
            (fraud as f64 / 100.0, all as f64 / 100.0)
        };
        let (day, week, month) = (share(1), share(7), share(30));
        to[C::TerminalShare1d] = if_any(day.1 > 0.0, day.0 / day.1);
        to[C::TerminalShare7d] = if_any(week.1 > 0.0, week.0 / week.1);
        to[C::TerminalShare30d] = ((month.0 + 0.02) / (month.1 + 2.0)) as f32;
        let frauds = |days: u32| -> u64 {
            past.iter().filter(|known| inside(known, days)).map(|known| weight(known.label)).sum()
        };
        to[C::TerminalFrauds7d] = frauds(7) as f32 / 100.0;
        to[C::TerminalFrauds28d] = frauds(28) as f32 / 100.0;
        let recent = past.iter().filter(|known| inside(known, 28) && is_fraud(known));
        let first = recent.map(|known| known.payment.at / BUCKET).min();
        to[C::TerminalSinceFirst] = first.map_or(f32::NAN, |index| (payment.at - index * BUCKET) as f32);
    }

    fn hit(&self, to: &mut Features, past: &[&Known], payment: &Payment) {
        let recent = self.hits.iter().filter(|(terminal, at, _)| {
            *terminal == payment.terminal && *at <= payment.at && payment.at - at <= TERMINAL_HORIZON
        });
        let recent: Vec<&(u64, Seconds, u64)> = recent.collect();
        let mut cards: Vec<u64> = recent.iter().map(|(_, _, card)| *card).collect();
        cards.sort_unstable();
        cards.dedup();
        to[C::TerminalCardsHit] = cards.len() as f32;
        let Some((_, last, _)) = recent.last() else { return };
        to[C::TerminalSinceLast] = (payment.at - last) as f32;
        let clean = past
            .iter()
            .filter(|known| known.label == Some(Verdict::Clean) && known.payment.at / BUCKET > last / BUCKET);
        to[C::TerminalCleanSince] = clean.count() as f32;
    }

    pub fn label(&mut self, label: &Label) {
        let is_it = |known: &&mut Known| known.payment.id == label.payment;
        let overrules = label.source != Source::Matured || label.verdict != Verdict::Clean;
        if !self.card(label.card).iter().any(|known| known.payment.id == label.payment) {
            return;
        }
        let visible = self.terminal(label.terminal).iter().any(|known| known.payment.id == label.payment);
        let Some(known) = self.kept.iter_mut().find(is_it) else { return };
        if known.label == Some(label.verdict) || (known.label.is_some() && !overrules) {
            return;
        }
        let (was, is) = (weight(known.label) > 0, weight(Some(label.verdict)) > 0);
        known.label = Some(label.verdict);
        let hit = (label.terminal, label.paid_at, label.card);
        if visible && is && !was {
            let place = self.hits.partition_point(|(_, at, _)| *at <= label.paid_at);
            self.hits.insert(place, hit);
            let mine = self.hits.iter().filter(|(terminal, ..)| *terminal == label.terminal);
            if mine.count() > HITS {
                let first = self.hits.iter().position(|(terminal, ..)| *terminal == label.terminal);
                first.map(|first| self.hits.remove(first));
            }
        } else if visible && was && !is {
            let place = self.hits.iter().position(|known| *known == hit);
            place.map(|place| self.hits.remove(place));
        }
    }
}
