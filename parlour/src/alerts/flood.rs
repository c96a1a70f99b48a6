//! Floods: many cards at one terminal within a day are one piece of work, not many.

use jiff::SignedDuration;
use std::collections::{HashMap, HashSet};
use store::fraud_desk::Slip;

/// More cards than this at one terminal within [`WITHIN`] are a flood: so many unlucky customers of one shop are rather a shop
/// whose terminal was copied.
pub const CARDS: usize = 5;
/// The time in which they are counted.
pub const WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// One line of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// An alert.
    One(Slip),
    /// Many at one terminal.
    Flood(Flood),
}

/// Many alerts at one terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flood {
    /// Keyed hash of the terminal.
    pub terminal: u64,
    /// The alerts, in the order of the list.
    pub alerts: Vec<Slip>,
    /// Of how many cards.
    pub cards: usize,
}

/// Gathers the floods of a list into one line each, at the place of their first alert. The rest stays as it is.
pub fn gather(slips: Vec<Slip>) -> Vec<Line> {
    let flooded = flooded(&slips);
    let (mut lines, mut place_of) = (vec![], HashMap::new());
    for slip in slips {
        if !flooded.contains(&slip.id) {
            lines.push(Line::One(slip));
            continue;
        }
        let place = *place_of.entry(slip.terminal).or_insert_with(|| {
            lines.push(Line::Flood(Flood { terminal: slip.terminal, alerts: vec![], cards: 0 }));
            lines.len() - 1
        });
        if let Some(Line::Flood(flood)) = lines.get_mut(place) {
            flood.alerts.push(slip);
        }
    }
    for line in &mut lines {
        if let Line::Flood(flood) = line {
            flood.cards = cards(&flood.alerts);
        }
    }
    lines
}

/// Of how many cards alerts are.
pub fn cards(slips: &[Slip]) -> usize {
    slips.iter().map(|slip| slip.card).collect::<HashSet<_>>().len()
}

/// The ids of those that belong to a flood.
fn flooded(slips: &[Slip]) -> HashSet<String> {
    let mut by_terminal: HashMap<u64, Vec<&Slip>> = HashMap::new();
    for slip in slips.iter().filter(|slip| slip.terminal != 0) {
        by_terminal.entry(slip.terminal).or_default().push(slip);
    }
    let mut found = HashSet::new();
    for alerts in by_terminal.values_mut() {
        alerts.sort_by_key(|slip| slip.made_at);
        let (mut first, mut seen) = (0, HashMap::<u64, usize>::new());
        // Everything before this place is in `found` already, if it belongs there.
        let mut noted = 0;
        for (last, slip) in alerts.iter().enumerate() {
            *seen.entry(slip.card).or_default() += 1;
            while slip.made_at.duration_since(alerts[first].made_at) > WITHIN {
                let left = alerts[first].card;
                if let Some(count) = seen.get_mut(&left) {
                    *count -= 1;
                    if *count == 0 {
                        seen.remove(&left);
                    }
                }
                first += 1;
            }
            if seen.len() > CARDS {
                found.extend(alerts[first.max(noted)..=last].iter().map(|slip| slip.id.clone()));
                noted = last + 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use store::fraud_alerts::AlertState;

    fn slip(number: u64, terminal: u64, card: u64, hours: i64) -> Slip {
        let noon: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        Slip {
            id: format!("a-{number}"),
            card,
            terminal,
            state: AlertState::NotMine,
            made_at: noon + SignedDuration::from_hours(hours),
            verdict: None,
        }
    }

    fn floods(lines: &[Line]) -> Vec<(u64, usize, usize)> {
        let flood = |line: &Line| match line {
            Line::Flood(flood) => Some((flood.terminal, flood.alerts.len(), flood.cards)),
            Line::One(_) => None,
        };
        lines.iter().filter_map(flood).collect()
    }

    #[test]
    fn five_cards_are_no_flood_and_six_are() {
        let of = |cards: u64| gather((0..cards).map(|n| slip(n, 7, n, 0)).collect());
        assert_eq!((floods(&of(5)), of(5).len()), (vec![], 5));
        assert_eq!((floods(&of(6)), of(6).len()), (vec![(7, 6, 6)], 1));
    }

    #[test]
    fn many_payments_of_few_cards_are_no_flood() {
        let lines = gather((0..40).map(|n| slip(n, 7, n % 5, 0)).collect());
        assert_eq!(lines.len(), 40);
    }

    #[test]
    fn a_day_is_counted_and_not_a_date() {
        // From noon to noon: six cards in exactly a day, and one second more.
        let mut day: Vec<Slip> = (0..6).map(|n| slip(n, 7, n, if n < 3 { 0 } else { 24 })).collect();
        assert_eq!(floods(&gather(day.clone())), [(7, 6, 6)]);
        for slip in &mut day[3..] {
            slip.made_at += SignedDuration::from_secs(1);
        }
        assert_eq!(floods(&gather(day)), []);
    }

    #[test]
    fn a_flood_stands_where_its_first_alert_stood_and_takes_nothing_else_along() {
        let mut slips = vec![slip(100, 8, 1, 0)];
        slips.extend((0..6).map(|n| slip(n, 7, n, 1)));
        slips.push(slip(101, 7, 1, 80));
        slips.push(slip(102, 0, 1, 1));
        let lines = gather(slips);
        assert_eq!(floods(&lines), [(7, 6, 6)]);
        let ids: Vec<&str> = lines
            .iter()
            .map(|line| match line {
                Line::One(slip) => slip.id.as_str(),
                Line::Flood(_) => "flood",
            })
            .collect();
        assert_eq!(ids, ["a-100", "flood", "a-101", "a-102"]);
    }

    #[test]
    fn terminals_that_are_not_known_are_not_one_terminal() {
        assert_eq!(gather((0..9).map(|n| slip(n, 0, n, 0)).collect()).len(), 9);
    }
}
