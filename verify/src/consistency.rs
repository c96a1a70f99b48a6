//! `parlour-verify consistency`: the log has only grown since a checkpoint that was kept.

use crate::{Keys, fault::Fault, input, place::Place};
use access_log::{
    Checkpoint, MAX_CHECKPOINT_BYTES, ProofError, Trust, check_consistency, consistency_proof, published,
};
use clap::Args;
use std::path::PathBuf;

/// Which checkpoint and which log.
#[derive(Args)]
pub struct Consistency {
    /// The checkpoint that was kept.
    kept: PathBuf,
    /// The log's address or folder.
    place: String,
    #[command(flatten)]
    keys: Keys,
}

impl Consistency {
    /// Checks it and tells both sizes.
    pub fn check(self) -> Result<String, Fault> {
        let trust = self.keys.trust()?;
        // The kept one may be from before there were witnesses.
        let by_log = Trust::new(&self.keys.keys, &[], 0)?;
        let kept = by_log.open(&input::read(&self.kept, MAX_CHECKPOINT_BYTES)?);
        let old = kept.map_err(access_log::Fault::Checkpoint)?;
        let place = Place::of(&self.place);
        let now = published(&place, &trust)?;
        only_grew(&place, &old, &now)?;
        Ok(format!(
            "{}: the log of {} entries that was kept is the beginning of the one of {} entries that is published now",
            now.origin, old.size, now.size
        ))
    }
}

fn only_grew(place: &Place, old: &Checkpoint, now: &Checkpoint) -> Result<(), Fault> {
    let (old_size, size) = (old.size, now.size);
    let proof = match consistency_proof(place, now, old_size) {
        Err(ProofError::Beyond { .. }) => return Err(Fault::CutShort { old: old_size, size }),
        proof => proof?,
    };
    check_consistency(&proof, size, now.root, old_size, old.root)
        .map_err(|_| Fault::OtherHistory { old: old_size, size })
}
