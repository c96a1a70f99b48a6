//! What an engine remembers, as a file beside the log, so that a start reads little of it.

use super::{
    judge::{Judge, Memory},
    live_rules::Tally,
    watching::Watch,
};
use fraud::state::State;
use std::{io, path::Path};

/// How a file of this layout begins. Those of the first layout began with a number below 2^56.
const MAGIC: [u8; 8] = *b"PFSTATE2";

/// Why a file is not used. The log is read instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// An earlier version of the gateway wrote it.
    Older,
    /// It is damaged, or a later version wrote it.
    Damaged,
}

/// What is remembered after the event `seq`, as bytes.
pub fn bytes(memory: &Memory, seq: u64) -> Vec<u8> {
    let budget = serde_json::to_vec(&memory.budget).expect("a budget is plain data");
    let mut bytes = MAGIC.to_vec();
    bytes.extend(seq.to_be_bytes());
    for part in [budget, memory.watch.bytes()] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    bytes.extend(memory.state.snapshot());
    bytes
}

/// Reads what [`bytes`] wrote, with the event after which it was.
pub fn read(judge: &Judge, bytes: &[u8]) -> Result<(Memory, u64), Unusable> {
    match bytes.strip_prefix(&MAGIC) {
        Some(rest) => whole(judge, rest).ok_or(Unusable::Damaged),
        None if bytes.first() == Some(&0) => Err(Unusable::Older),
        None => Err(Unusable::Damaged),
    }
}

fn whole(judge: &Judge, bytes: &[u8]) -> Option<(Memory, u64)> {
    let (seq, rest) = bytes.split_first_chunk::<8>()?;
    let (budget, rest) = part(rest)?;
    let (watch, state) = part(rest)?;
    let memory = Memory {
        budget: judge.budget(budget)?,
        watch: Watch::read_bytes(watch, judge.models())?,
        state: State::restore(state).ok()?,
        tally: Tally::default(),
    };
    Some((memory, u64::from_be_bytes(*seq)))
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)
}

/// Puts a file in its place at once, so that there is never half of one.
pub fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension("new");
    std::fs::write(&beside, bytes)?;
    std::fs::File::open(&beside)?.sync_all()?;
    std::fs::rename(&beside, file)
}
