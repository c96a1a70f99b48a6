//! The vocabulary with its static table, as one artefact: it depends on published weights only, not on examples.

use super::{
    bytes::{Broken, In, Kind, Out, signed, unsigned},
    classifier::{Source, read_sources, write_sources},
    table::{MAX_LOOKED_UP, Table},
    wordpiece::Vocabulary,
};

/// Vocabulary and table.
#[derive(Debug, Clone, PartialEq)]
pub struct Pieces {
    /// What they were made from.
    pub sources: Vec<Source>,
    /// Which pieces there are.
    pub vocabulary: Vocabulary,
    /// What each means, roughly.
    pub table: Table,
}

impl Pieces {
    /// The mean row of a message.
    pub fn mean(&self, text: &str) -> Vec<f32> {
        self.table.mean(&self.vocabulary.pieces(text, MAX_LOOKED_UP))
    }

    /// As an artefact.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out::new(Kind::Pieces);
        write_sources(&mut out, &self.sources);
        out.text(self.vocabulary.text());
        out.list(&self.table.scales, Out::f32);
        out.bytes(&unsigned(&self.table.values));
        out.finish()
    }

    /// From an artefact.
    pub fn from_bytes(bytes: &[u8]) -> Result<Pieces, Broken> {
        let mut read = In::new(bytes, Kind::Pieces)?;
        let sources = read_sources(&mut read)?;
        let vocabulary = Vocabulary::new(&read.text()?).map_err(|_| Broken::Parts)?;
        let scales = read.list(In::f32)?;
        let values = signed(read.bytes()?);
        read.end()?;
        let table = Table::new(&vocabulary, scales, values).ok_or(Broken::Parts)?;
        Ok(Pieces { sources, vocabulary, table })
    }
}
