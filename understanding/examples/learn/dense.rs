//! What a tier makes of a message besides its n-grams.

use crate::{
    Fault, files,
    options::{Options, Wrong},
    weights::{self, unfit},
};
use std::path::PathBuf;
use understanding::learned::{
    encoder::{Encoder, MAX_PIECES},
    pieces::Pieces,
    wordpiece::Vocabulary,
};

/// Where dense vectors come from.
pub enum Dense {
    /// The static table.
    Table(Box<Pieces>),
    /// An encoder as it was published.
    Encoder(Box<(Vocabulary, Encoder)>),
}

/// The vocabulary and the static table.
pub fn pieces(options: &Options) -> Result<Pieces, Fault> {
    let path = options.artefacts().join("pieces.bin");
    Pieces::from_bytes(&files::bytes(&path)?).map_err(|source| Fault::Artefact { path, source })
}

impl Dense {
    /// What `--tier` asks for.
    pub fn load(options: &Options) -> Result<Dense, Fault> {
        match options.text("tier").unwrap_or("words") {
            "words" | "encoder" => Ok(Dense::Table(Box::new(pieces(options)?))),
            "minilm" => Dense::minilm(options),
            other => {
                let remedy = "tiers are words, encoder and minilm";
                Err(Wrong::Unknown { name: "tier", value: other.to_owned(), remedy }.into())
            }
        }
    }

    /// The folder with the weights of MiniLM-L6, if one was named.
    pub fn minilm_folder(options: &Options) -> Option<PathBuf> {
        options.path("minilm").or_else(|| std::env::var_os("PARLOUR_MINILM").map(PathBuf::from))
    }

    /// The encoder of six layers.
    pub fn minilm(options: &Options) -> Result<Dense, Fault> {
        let dir = Dense::minilm_folder(options).ok_or(Wrong::Needed("minilm"))?;
        let published = weights::read(&dir)?;
        let encoder = Encoder::new(&published.tensors).map_err(unfit(dir))?;
        Ok(Dense::Encoder(Box::new((published.vocabulary, encoder))))
    }

    /// The tier's name.
    pub fn tier(&self) -> &'static str {
        match self {
            Dense::Table(_) => "words",
            Dense::Encoder(_) => "minilm",
        }
    }

    /// The vector of a message.
    pub fn of(&self, text: &str) -> Vec<f32> {
        match self {
            Dense::Table(pieces) => pieces.mean(text),
            Dense::Encoder(both) => {
                let (vocabulary, encoder) = both.as_ref();
                encoder.encode(&[between_ends(vocabulary, text)]).swap_remove(0)
            }
        }
    }
}

/// A message's pieces with `[CLS]` and `[SEP]`.
pub fn between_ends(vocabulary: &Vocabulary, text: &str) -> Vec<u32> {
    let (first, last) = vocabulary.ends();
    let mut pieces = vec![first];
    pieces.extend(vocabulary.pieces(text, MAX_PIECES - 2));
    pieces.push(last);
    pieces
}
