//! The part that was learned: made ready once, at the start. What cannot be used gives way to the tier below, with a warning.

use crate::config::Understanding;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use understanding::learned::mind::{Artefacts, Mind, Unfit};

/// Why a better tier is not used.
#[derive(Debug, thiserror::Error)]
pub enum Below {
    /// The weights could not be read.
    #[error("{}: {source}", file.display())]
    Unread {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The weights are not those that the configuration names.
    #[error("{}: its SHA-256 is {found}, not the one that the configuration names", file.display())]
    Other {
        /// The file.
        file: PathBuf,
        /// Its SHA-256.
        found: String,
    },
    /// A part cannot be used.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// Gets the wanted tier ready, or the best one below it. None if nothing that was learned can be used: then the table of phrases
/// understands alone.
pub fn load(wanted: &Understanding) -> (Option<Mind>, Vec<Below>) {
    let mut below = Vec::new();
    let weights = match read_weights(wanted) {
        Ok(weights) => weights,
        Err(why) => {
            below.push(why);
            None
        }
    };
    let artefacts = Artefacts { weights: weights.as_deref(), ..Artefacts::shipped() };
    let (mind, unfit) = Mind::load(wanted.tier, &artefacts);
    below.extend(unfit.into_iter().map(Below::from));
    (mind, below)
}

fn read_weights(wanted: &Understanding) -> Result<Option<Vec<u8>>, Below> {
    let Some(weights) = &wanted.weights else { return Ok(None) };
    let file = weights.file.clone();
    let bytes = std::fs::read(&file).map_err(|source| Below::Unread { file: file.clone(), source })?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == weights.sha256 { Ok(Some(bytes)) } else { Err(Below::Other { file, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Weights;
    use understanding::learned::mind::Tier;

    fn wanted(file: PathBuf, sha256: &str) -> Understanding {
        Understanding { tier: Tier::Minilm, weights: Some(Weights { file, sha256: sha256.to_owned() }) }
    }

    #[test]
    fn weights_that_are_missing_or_others_give_way_to_what_ships_and_it_is_told() {
        let dir = tempfile::TempDir::new().unwrap();
        let file = dir.path().join("model.safetensors");
        let (mind, below) = load(&wanted(file.clone(), &"0".repeat(64)));
        assert!(mind.is_some_and(|mind| mind.tier() < Tier::Minilm));
        assert!(matches!(below[0], Below::Unread { .. }), "{below:?}");
        std::fs::write(&file, b"not the weights").unwrap();
        let (mind, below) = load(&wanted(file, &"0".repeat(64)));
        assert!(mind.is_some_and(|mind| mind.tier() < Tier::Minilm));
        assert!(matches!(below[0], Below::Other { .. }), "{below:?}");
    }
}
