//! Hits of many cards at one terminal: one incident, not hundreds of alerts.

use super::Seconds;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Cards hit at one terminal within an hour that are asked one by one. The next one makes it an incident.
pub const FLOOD_CARDS: usize = 10;
/// Seconds without a hit after which an incident, or what might have become one, is over.
pub const FLOOD_QUIET: Seconds = 3_600;
/// Terminals with recent hits that are watched. Hits at more of them are treated one by one.
pub const MAX_TERMINALS: usize = 10_000;
/// Cards of an incident that are counted apart; beyond it their number is "at least".
pub const MAX_INCIDENT_CARDS: usize = 1_000;

/// Hits at a terminal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Spot {
    since: Seconds,
    last: Seconds,
    cards: BTreeSet<u64>,
    incident: Option<Incident>,
}

/// A flood of hits at one terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number at this bank.
    pub number: u64,
    /// When it began.
    pub since: Seconds,
    /// Its last hit.
    pub last: Seconds,
    /// Hits since it began.
    pub hits: u64,
    /// Cards hit since the hour before it began, up to [`MAX_INCIDENT_CARDS`].
    pub cards: usize,
}

/// Terminals with recent hits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Floods {
    spots: BTreeMap<u64, Spot>,
    begun: u64,
}

impl Floods {
    /// Counts a hit; says to which incident it belongs and whether it begins it.
    pub fn hit(&mut self, terminal: u64, card: u64, now: Seconds) -> Option<(u64, bool)> {
        if !self.spots.contains_key(&terminal) && self.spots.len() >= MAX_TERMINALS {
            return None;
        }
        let spot = self.spots.entry(terminal).or_insert_with(|| Spot::new(now));
        let over = match spot.incident {
            Some(_) => now.saturating_sub(spot.last) >= FLOOD_QUIET,
            None => now.saturating_sub(spot.since) >= FLOOD_QUIET,
        };
        if over {
            *spot = Spot::new(now);
        }
        spot.last = now;
        if spot.cards.len() < MAX_INCIDENT_CARDS {
            spot.cards.insert(card);
        }
        let begins = spot.incident.is_none() && spot.cards.len() > FLOOD_CARDS;
        if begins {
            self.begun += 1;
            spot.incident = Some(Incident { number: self.begun, since: now, last: now, hits: 0, cards: 0 });
        }
        let incident = spot.incident.as_mut()?;
        (incident.last, incident.cards) = (now, spot.cards.len());
        incident.hits += 1;
        Some((incident.number, begins))
    }

    /// Forgets terminals that have been quiet.
    pub fn sweep(&mut self, now: Seconds) {
        self.spots.retain(|_, spot| now.saturating_sub(spot.last) < FLOOD_QUIET);
    }

    pub fn incidents(&self) -> impl Iterator<Item = (u64, &Incident)> {
        self.spots.iter().filter_map(|(terminal, spot)| Some((*terminal, spot.incident.as_ref()?)))
    }
}

impl Spot {
    fn new(now: Seconds) -> Spot {
        Spot { since: now, last: now, cards: BTreeSet::new(), incident: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_card_within_an_hour_makes_an_incident() {
        let mut floods = Floods::default();
        for card in 0..10 {
            assert_eq!(floods.hit(1, card, 100), None);
            assert_eq!(floods.hit(1, card, 100), None, "the same card again is no other card");
        }
        assert_eq!(floods.hit(1, 10, 200), Some((1, true)));
        assert_eq!(floods.hit(1, 3, 300), Some((1, false)));
        assert_eq!(floods.hit(2, 3, 300), None, "another terminal");
        let (terminal, incident) = floods.incidents().next().unwrap();
        assert_eq!(
            (terminal, incident.hits, incident.cards, incident.since, incident.last),
            (1, 2, 11, 200, 300)
        );
    }

    #[test]
    fn an_incident_is_over_after_an_hour_without_hits() {
        let mut floods = Floods::default();
        (0..=10).for_each(|card| _ = floods.hit(1, card, 100));
        assert_eq!(floods.hit(1, 1, 100 + FLOOD_QUIET - 1), Some((1, false)));
        assert_eq!(floods.hit(1, 1, 99 + 2 * FLOOD_QUIET), None);
        assert_eq!(floods.incidents().count(), 0);
    }

    #[test]
    fn ten_cards_an_hour_are_no_flood_however_long_it_lasts() {
        let mut floods = Floods::default();
        for card in 0..200 {
            assert_eq!(floods.hit(1, card, card as Seconds * 400), None, "{card}");
        }
    }

    #[test]
    fn only_so_many_terminals_are_watched() {
        let mut floods = Floods::default();
        (0..MAX_TERMINALS as u64 + 1).for_each(|terminal| _ = floods.hit(terminal, 1, 100));
        assert_eq!(floods.spots.len(), MAX_TERMINALS);
        floods.sweep(99 + FLOOD_QUIET);
        assert_eq!(floods.spots.len(), MAX_TERMINALS);
        floods.sweep(100 + FLOOD_QUIET);
        assert_eq!(floods.spots.len(), 0);
    }

    #[test]
    fn only_so_many_cards_of_an_incident_are_counted_apart() {
        let mut floods = Floods::default();
        (0..MAX_INCIDENT_CARDS as u64 + 100).for_each(|card| _ = floods.hit(1, card, 100));
        assert_eq!(floods.incidents().next().unwrap().1.cards, MAX_INCIDENT_CARDS);
        assert_eq!(floods.incidents().next().unwrap().1.hits, 1_090);
    }
}
