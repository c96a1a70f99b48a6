//! A map with a bound that forgets what was not used for longest. Its order is the order of use, never that of a hash.

use super::AT_ONCE;
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// No neighbor.
const NONE: u32 = u32::MAX;

/// The keys are already keyed hashes; this spreads numbers that are not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = crate::random::mix(self.0 ^ value.wrapping_add(0x9e37_79b9_7f4a_7c15));
    }
}

pub(crate) type FixedMap<V> = HashMap<u64, V, BuildHasherDefault<Spread>>;

#[derive(Debug, Clone)]
struct Slot<T> {
    key: u64,
    /// Used less recently.
    older: u32,
    /// Used more recently.
    newer: u32,
    value: T,
}

/// At most `limit` values, chained from the least to the most recently used.
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    places: FixedMap<u32>,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
    limit: usize,
}

impl<T: Default> Table<T> {
    pub fn new(limit: usize) -> Table<T> {
        Table {
            places: FixedMap::default(),
            slots: vec![],
            free: vec![],
            oldest: NONE,
            newest: NONE,
            limit: limit.clamp(1, NONE as usize),
        }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn get(&self, key: u64) -> Option<&T> {
        self.places.get(&key).map(|place| &self.slots[*place as usize].value)
    }

    pub fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        self.places.get(&key).map(|place| &mut self.slots[*place as usize].value)
    }

    /// Reads what [`Table::touch`] of these keys will read, the values by `read`, one level of pointers after the other: so the processor
    /// waits for many of them at once and not for each in its turn. Nothing changes. Gives something that depends on all of
    /// it.
    pub fn warm(&self, keys: &[u64], read: impl Fn(&T) -> u32) -> u32 {
        let mut sum = 0u32;
        for keys in keys.chunks(AT_ONCE) {
            let mut places = [NONE; AT_ONCE];
            for (place, key) in places.iter_mut().zip(keys) {
                *place = self.places.get(key).copied().unwrap_or(NONE);
            }
            let slot = |place: u32| self.slots.get(place as usize);
            let mut beside = [(NONE, NONE); AT_ONCE];
            for (beside, place) in beside.iter_mut().zip(places) {
                *beside = slot(place).map_or((NONE, NONE), |slot| (slot.older, slot.newer));
            }
            for (place, (older, newer)) in places.into_iter().zip(beside) {
                sum ^= slot(older).map_or(0, |slot| slot.newer) ^ slot(newer).map_or(0, |slot| slot.older);
                sum ^= slot(place).map_or(0, |slot| read(&slot.value));
            }
        }
        sum
    }

    /// The value of a key, made if it is new, now the most recently used. Says how many were forgotten for it.
    pub fn touch(&mut self, key: u64) -> (&mut T, u32) {
        let mut forgotten = 0;
        let place = match self.places.get(&key) {
            Some(place) => {
                let place = *place;
                if place != self.newest {
                    self.unchain(place);
                    self.chain(place);
                }
                place
            }
            None => {
                while self.places.len() >= self.limit {
                    self.forget_oldest();
                    forgotten += 1;
                }
                let place = self.room(key);
                self.places.insert(key, place);
                self.chain(place);
                place
            }
        };
        (&mut self.slots[place as usize].value, forgotten)
    }

    /// Forgets from the least recently used on, while `stale` says so.
    pub fn forget_while(&mut self, stale: impl Fn(&T) -> bool) -> u32 {
        let mut forgotten = 0;
        while self.oldest != NONE && stale(&self.slots[self.oldest as usize].value) {
            self.forget_oldest();
            forgotten += 1;
        }
        forgotten
    }

    /// From the least to the most recently used.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let mut place = self.oldest;
        std::iter::from_fn(move || {
            let slot = self.slots.get(place as usize)?;
            place = slot.newer;
            Some((slot.key, &slot.value))
        })
    }

    fn room(&mut self, key: u64) -> u32 {
        let slot = Slot { key, older: NONE, newer: NONE, value: T::default() };
        if let Some(place) = self.free.pop() {
            self.slots[place as usize] = slot;
            return place;
        }
        if self.slots.len() == self.slots.capacity() {
            // Doubling would hold up to as much memory again for nothing.
            self.slots.reserve_exact((self.slots.len() / 8).max(1024));
        }
        self.slots.push(slot);
        self.slots.len() as u32 - 1
    }

    fn forget_oldest(&mut self) {
        let place = self.oldest;
        self.unchain(place);
        let slot = &mut self.slots[place as usize];
        self.places.remove(&slot.key);
        slot.value = T::default();
        self.free.push(place);
    }

    fn unchain(&mut self, place: u32) {
        let (older, newer) = (self.slots[place as usize].older, self.slots[place as usize].newer);
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
    }

    fn chain(&mut self, place: u32) {
        let before = self.newest;
        let slot = &mut self.slots[place as usize];
        (slot.older, slot.newer) = (before, NONE);
        match self.slots.get_mut(before as usize) {
            Some(slot) => slot.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }
}
