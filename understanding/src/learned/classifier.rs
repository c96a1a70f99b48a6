//! A classifier over n-grams and a dense vector, with its own calibration: what the tiers `words` and `minilm` are.

use super::{
    bytes::{Broken, In, Kind, Out, signed, unsigned},
    confidence::{Confidence, Gate, SIGNS, Scored},
    grams::{Rarity, SPARSE, Sparse},
    linear::Linear,
    nearest::Nearest,
    table::centred,
};

/// What it was made from, so that it can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What the file is.
    pub name: String,
    /// The SHA-256 of its examples, in hexadecimal.
    pub digest: String,
}

/// A classifier that is ready to work.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    /// The classes' names, in order.
    pub labels: Vec<String>,
    /// What it was made from.
    pub sources: Vec<Source>,
    /// How rare n-grams are.
    pub rarity: Rarity,
    /// The middle of the dense vectors of training.
    pub centre: Vec<f32>,
    /// The weights.
    pub linear: Linear,
    /// What was learned, for the question how far a message is from it.
    pub nearest: Nearest,
    /// How to take the scores.
    pub confidence: Confidence,
}

/// A message as features.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// N-grams.
    pub sparse: Sparse,
    /// The dense vector, centred, of length 1.
    pub dense: Vec<f32>,
}

impl Classifier {
    /// A message as features. `dense` is what the table or the encoder makes of it.
    pub fn features(&self, text: &str, dense: &[f32]) -> Features {
        Features { sparse: self.rarity.features(text), dense: centred(dense, &self.centre) }
    }

    /// Scores features.
    pub fn scored(&self, features: &Features) -> Scored {
        Scored {
            scores: self.linear.scores(&features.sparse, SPARSE, &features.dense),
            nearest: self.nearest.cosine(&features.dense),
            unseen: self.rarity.unseen(&features.sparse),
        }
    }

    /// As an artefact.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out::new(Kind::Classifier);
        out.texts(&self.labels);
        write_sources(&mut out, &self.sources);
        out.u32(self.rarity.messages);
        out.list(&self.rarity.seen_in, Out::u16);
        out.list(&self.centre, Out::f32);
        let (starts, entries, scales, biases) = self.linear.parts();
        out.list(starts, Out::u32);
        let (classes, weights): (Vec<u8>, Vec<i8>) = entries.iter().copied().unzip();
        out.bytes(&classes);
        out.bytes(&unsigned(&weights));
        out.list(scales, Out::f32);
        out.list(biases, Out::f32);
        out.bytes(&unsigned(self.nearest.parts().1));
        write_confidence(&mut out, &self.confidence);
        out.finish()
    }

    /// From an artefact.
    pub fn from_bytes(bytes: &[u8]) -> Result<Classifier, Broken> {
        let mut read = In::new(bytes, Kind::Classifier)?;
        let labels = read.texts()?;
        let sources = read_sources(&mut read)?;
        let messages = read.u32()?;
        let rarity = Rarity::new(read.list(In::u16)?, messages).ok_or(Broken::Parts)?;
        let centre = read.list(In::f32)?;
        let starts = read.list(In::u32)?;
        let classes = read.bytes()?;
        let weights = signed(read.bytes()?);
        if classes.len() != weights.len() {
            return Err(Broken::Parts);
        }
        let entries = classes.iter().copied().zip(weights).collect();
        let (scales, biases) = (read.list(In::f32)?, read.list(In::f32)?);
        let linear = Linear::new(starts, entries, scales, biases).ok_or(Broken::Parts)?;
        let nearest = Nearest::new(centre.len(), signed(read.bytes()?)).ok_or(Broken::Parts)?;
        let confidence = read_confidence(&mut read)?;
        read.end()?;
        if linear.classes() != labels.len() || linear.features() != SPARSE + centre.len() {
            return Err(Broken::Parts);
        }
        Ok(Classifier { labels, sources, rarity, centre, linear, nearest, confidence })
    }
}

/// Writes what an artefact was made from.
pub fn write_sources(out: &mut Out, sources: &[Source]) {
    out.u32(sources.len() as u32);
    for source in sources {
        out.text(&source.name);
        out.text(&source.digest);
    }
}

/// Reads what an artefact was made from.
pub fn read_sources(read: &mut In) -> Result<Vec<Source>, Broken> {
    read.list(|read| Ok(Source { name: read.text()?, digest: read.text()? }))
}

/// Writes how scores are to be taken.
pub fn write_confidence(out: &mut Out, confidence: &Confidence) {
    out.f32(confidence.scale);
    out.list(&confidence.gate.weights, Out::f32);
    out.f32(confidence.gate.least);
    out.f32(confidence.act);
    out.f32(confidence.ask);
}

/// Reads how scores are to be taken.
pub fn read_confidence(read: &mut In) -> Result<Confidence, Broken> {
    let scale = read.f32()?;
    let weights: [f32; SIGNS + 1] = read.list(In::f32)?.try_into().map_err(|_| Broken::Parts)?;
    let gate = Gate { weights, least: read.f32()? };
    Ok(Confidence { scale, gate, act: read.f32()?, ask: read.f32()? })
}
