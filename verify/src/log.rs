//! `parlour-verify log`: every entry, every tile, the signature.

use crate::{Keys, fault::Fault, place::Place};
use access_log::verify_log;
use clap::Args;

/// Which log.
#[derive(Args)]
pub struct Log {
    /// The log's address or folder.
    place: String,
    #[command(flatten)]
    keys: Keys,
}

impl Log {
    /// Checks it and tells what it is.
    pub fn check(self) -> Result<String, Fault> {
        let trust = self.keys.trust()?;
        let verified = verify_log(&Place::of(&self.place), &trust)?;
        let mut said = format!(
            "{}: {} entries, all belong to the signed root {}",
            verified.origin, verified.size, verified.root
        );
        for cosignature in &verified.cosigned {
            said.push_str(&format!("\nwitnessed by {}", cosignature.witness));
        }
        if verified.unpublished > 0 {
            said.push_str(&format!(
                "\n{} files lie beyond the checkpoint: not published yet",
                verified.unpublished
            ));
        }
        Ok(said)
    }
}
