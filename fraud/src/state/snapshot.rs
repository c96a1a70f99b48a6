//! The state as bytes and back, bit for bit.

use super::{Bounds, Counts, State, card::Card, ids::Ids, table::Table, terminal::Terminal};
use crate::bytes::{Reader, Short, Writer};
use sha2::{Digest, Sha256};
use thiserror::Error;

const MAGIC: &[u8; 8] = b"PFSTATE\x02";

/// Why bytes are no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfit {
    /// Another kind of file, or another version.
    #[error("this is no snapshot of the fraud state of version 2")]
    Magic,
    /// Cut off.
    #[error(transparent)]
    Short(#[from] Short),
    /// Something follows the end.
    #[error("{0} bytes follow the end of the snapshot")]
    Rest(usize),
    /// Changed on the way.
    #[error("the snapshot's digest does not fit its bytes")]
    Digest,
}

/// SHA-256 of a snapshot.
pub fn hash(snapshot: &[u8]) -> [u8; 32] {
    Sha256::digest(snapshot).into()
}

impl State {
    /// All of it as bytes, ending with the SHA-256 of what is before. Equal states give equal bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.0.extend_from_slice(MAGIC);
        let Bounds { cards, terminals, ids, label_delay, local } = self.bounds;
        [cards, terminals, ids, label_delay, local.cast_unsigned(), self.clock]
            .into_iter()
            .for_each(|value| out.u32(value));
        let counts = &self.counts;
        [
            counts.payments,
            counts.repeats,
            counts.late,
            counts.labels,
            counts.known_labels,
            counts.unmatched_labels,
            counts.cards_forgotten,
            counts.terminals_forgotten,
        ]
        .into_iter()
        .for_each(|value| out.u64(value));
        out.len(self.cards.len());
        for (key, card) in self.cards.iter() {
            out.u64(key);
            card.write(&mut out);
        }
        out.len(self.people.len());
        for (key, person) in self.people.iter() {
            out.u64(key);
            person.write(&mut out);
        }
        out.len(self.terminals.len());
        for (key, terminal) in self.terminals.iter() {
            out.u64(key);
            terminal.write(&mut out);
        }
        out.len(self.ids.iter().len());
        self.ids.iter().for_each(|id| out.u64(id));
        let digest = hash(&out.0);
        out.0.extend_from_slice(&digest);
        out.0
    }

    /// The state of a snapshot.
    pub fn restore(bytes: &[u8]) -> Result<State, Unfit> {
        let body = bytes.len().checked_sub(32).ok_or(Short { at: 0, wanted: 32 })?;
        let (body, digest) = bytes.split_at(body);
        let mut from = Reader::new(body);
        if from.take(MAGIC.len())? != MAGIC {
            return Err(Unfit::Magic);
        }
        if hash(body) != digest {
            return Err(Unfit::Digest);
        }
        let bounds = Bounds {
            cards: from.u32()?,
            terminals: from.u32()?,
            ids: from.u32()?,
            label_delay: from.u32()?,
            local: from.u32()?.cast_signed(),
        };
        let mut state = State { clock: from.u32()?, ..State::new(bounds) };
        state.counts = Counts {
            payments: from.u64()?,
            repeats: from.u64()?,
            late: from.u64()?,
            labels: from.u64()?,
            known_labels: from.u64()?,
            unmatched_labels: from.u64()?,
            cards_forgotten: from.u64()?,
            terminals_forgotten: from.u64()?,
        };
        fill(&mut state.cards, &mut from, Card::read)?;
        fill(&mut state.people, &mut from, Card::read)?;
        fill(&mut state.terminals, &mut from, Terminal::read)?;
        state.ids = Ids::new(bounds.ids as usize);
        for _ in 0..from.len(8)? {
            state.ids.add(from.u64()?);
        }
        if from.left() > 0 { Err(Unfit::Rest(from.left())) } else { Ok(state) }
    }
}

fn fill<T: Default>(
    table: &mut Table<T>,
    from: &mut Reader,
    read: impl Fn(&mut Reader) -> Result<T, Short>,
) -> Result<(), Short> {
    for _ in 0..from.len(8)? {
        let key = from.u64()?;
        *table.touch(key).0 = read(from)?;
    }
    Ok(())
}
