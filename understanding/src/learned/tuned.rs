//! An encoder that was fine-tuned, with the head that tells its classes, as one artefact: what the tier `encoder` adds.

use super::{
    bytes::{Broken, In, Kind, Out, signed, unsigned},
    classifier::{Source, read_confidence, read_sources, write_confidence, write_sources},
    confidence::{Confidence, Judged, Scored, log_softmax},
    encoder::WIDTH,
    tensors::{Numbers, Tensor, Tensors},
};

const WORDS: &str = "embeddings.word_embeddings.weight";

/// A linear classifier over what the encoder makes of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// What it was made from.
    pub sources: Vec<Source>,
    /// The classes' names, in order.
    pub labels: Vec<String>,
    /// [`WIDTH`] weights for each class.
    pub weights: Vec<f32>,
    /// What every message scores.
    pub bias: Vec<f32>,
    /// Scores times this become probabilities by softmax.
    pub scale: f32,
    /// How to take the scores of this tier, which are those of [`mixed`].
    pub confidence: Confidence,
}

impl Head {
    /// The logarithm of each class's probability, from what the encoder makes of a message.
    pub fn opinion(&self, dense: &[f32]) -> Vec<f32> {
        let score =
            |(row, bias): (&[f32], &f32)| bias + row.iter().zip(dense).map(|(a, b)| a * b).sum::<f32>();
        let scores: Vec<f32> = self.weights.chunks_exact(WIDTH).zip(&self.bias).map(score).collect();
        log_softmax(&scores, self.scale)
    }
}

/// What an artefact holds of an encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What the encoder was made from.
    pub sources: Vec<Source>,
    /// The heads: first that of the fine-tuning, then that of our own intents.
    pub heads: Vec<Head>,
    /// The encoder under the names of BERT.
    pub tensors: Tensors,
}

/// Pieces whose rows are kept, as places in the table of words; the first is for all others.
pub type Kept = Vec<u32>;

impl Stored {
    /// As an artefact. Of the table of words only `kept` rows go into it.
    pub fn to_bytes(&self, kept: &Kept) -> Vec<u8> {
        let mut out = Out::new(Kind::Encoder);
        write_sources(&mut out, &self.sources);
        out.u32(self.heads.len() as u32);
        self.heads.iter().for_each(|head| write_head(&mut out, head));
        let all = self.tensors.0.get(WORDS).map_or(0, Tensor::rows);
        out.u32(all as u32);
        out.list(kept, Out::u32);
        out.u32(self.tensors.0.len() as u32);
        for (name, tensor) in &self.tensors.0 {
            out.text(name);
            match (name.as_str(), tensor.rows()) {
                (WORDS, _) => write_tensor(&mut out, &rows(tensor, kept)),
                (_, 1) => write_tensor(&mut out, tensor),
                _ => write_tensor(&mut out, &tensor.in_bytes()),
            }
        }
        out.finish()
    }

    /// From an artefact.
    pub fn from_bytes(bytes: &[u8]) -> Result<Stored, Broken> {
        let mut read = In::new(bytes, Kind::Encoder)?;
        let sources = read_sources(&mut read)?;
        let heads = read.list(read_head)?;
        let all = read.u32()? as usize;
        let kept = read.list(In::u32)?;
        let mut tensors = Tensors::default();
        for _ in 0..read.u32()? {
            let name = read.text()?;
            let tensor = read_tensor(&mut read)?;
            let tensor = if name == WORDS { spread(&tensor, &kept, all)? } else { tensor };
            tensors.0.insert(name, tensor);
        }
        read.end()?;
        Ok(Stored { sources, heads, tensors })
    }
}

fn write_head(out: &mut Out, head: &Head) {
    write_sources(out, &head.sources);
    out.texts(&head.labels);
    out.list(&head.weights, Out::f32);
    out.list(&head.bias, Out::f32);
    out.f32(head.scale);
    write_confidence(out, &head.confidence);
}

fn read_head(read: &mut In) -> Result<Head, Broken> {
    let (sources, labels) = (read_sources(read)?, read.texts()?);
    let (weights, bias) = (read.list(In::f32)?, read.list(In::f32)?);
    let (scale, confidence) = (read.f32()?, read_confidence(read)?);
    if bias.len() != labels.len() || weights.len() != labels.len() * WIDTH || labels.is_empty() {
        return Err(Broken::Parts);
    }
    Ok(Head { sources, labels, weights, bias, scale, confidence })
}

/// Some rows of a table in half bytes.
fn rows(table: &Tensor, kept: &Kept) -> Tensor {
    let Numbers::Nibbles { scales, values } = &table.numbers else { return table.clone() };
    let (wide, groups) = (table.width / 2, scales.len() / table.rows().max(1));
    let mut some = (Vec::with_capacity(kept.len() * groups), Vec::with_capacity(kept.len() * wide));
    for row in kept {
        let row = *row as usize;
        some.0.extend_from_slice(&scales[row * groups..(row + 1) * groups]);
        some.1.extend_from_slice(&values[row * wide..(row + 1) * wide]);
    }
    Tensor { width: table.width, numbers: Numbers::Nibbles { scales: some.0, values: some.1 } }
}

/// The whole table again: rows that were not kept are the first kept one's.
fn spread(table: &Tensor, kept: &Kept, all: usize) -> Result<Tensor, Broken> {
    /// More pieces than any vocabulary of BERT has.
    const MOST: usize = 1 << 18;
    let Numbers::Nibbles { .. } = &table.numbers else { return Err(Broken::Parts) };
    let known = kept.iter().all(|row| (*row as usize) < all);
    if !known || all > MOST || kept.is_empty() || kept.len() != table.rows() {
        return Err(Broken::Parts);
    }
    let mut places = vec![0u32; all];
    (0..).zip(kept).for_each(|(place, row)| places[*row as usize] = place);
    Ok(rows(table, &places))
}

fn write_tensor(out: &mut Out, tensor: &Tensor) {
    out.u32(tensor.width as u32);
    match &tensor.numbers {
        Numbers::Floats(values) => {
            out.u8(0);
            out.list(values, Out::f32);
        }
        Numbers::Bytes { scales, values } => {
            out.u8(1);
            out.list(scales, Out::f32);
            out.bytes(&unsigned(values));
        }
        Numbers::Nibbles { scales, values } => {
            out.u8(2);
            out.list(scales, Out::u16);
            out.bytes(values);
        }
    }
}

fn read_tensor(read: &mut In) -> Result<Tensor, Broken> {
    let width = read.u32()? as usize;
    let numbers = match read.u8()? {
        0 => Numbers::Floats(read.list(In::f32)?),
        1 => Numbers::Bytes { scales: read.list(In::f32)?, values: signed(read.bytes()?) },
        2 => Numbers::Nibbles { scales: read.list(In::u16)?, values: read.bytes()?.to_vec() },
        _ => return Err(Broken::Form),
    };
    let tensor = Tensor { width, numbers };
    if tensor.is_whole() { Ok(tensor) } else { Err(Broken::Parts) }
}

/// How much the encoder counts beside the words.
const ENCODER: f32 = 0.3;

/// From this probability on the words need no second opinion: of such messages of BANKING77 the encoder mends none that the
/// words got wrong without spoiling another, and it takes thirty times as long as they do.
pub const SURE: f32 = 0.9;

/// What the words say by themselves, if they are so sure that the encoder is not asked.
pub fn sure(scored: &Scored, words: &Confidence) -> Option<Judged> {
    let judged = words.judge(scored);
    let most = judged.probabilities.iter().copied().fold(0.0, f32::max);
    (most >= SURE && judged.in_scope >= words.gate.least).then_some(judged)
}

/// Both opinions as one: the weighed sum of the logarithms of their probabilities.
pub fn mixed(words: &[f32], scale: f32, encoder: &[f32]) -> Vec<f32> {
    let both = log_softmax(words, scale).into_iter().zip(encoder);
    both.map(|(words, encoder)| (1.0 - ENCODER) * words + ENCODER * encoder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learned::confidence::Gate;

    fn stored() -> Stored {
        let words =
            Numbers::Nibbles { scales: vec![0x3c00; 36], values: (0..576).map(|n| n as u8).collect() };
        let square = Numbers::Floats((0..768).map(|n| n as f32).collect());
        let mut tensors = Tensors::default();
        tensors.0.insert(WORDS.to_owned(), Tensor { width: WIDTH, numbers: words });
        tensors.0.insert("square".to_owned(), Tensor { width: WIDTH, numbers: square });
        let gate = Gate { weights: [0.0; 6], least: 0.0 };
        let head = Head {
            sources: vec![],
            labels: vec!["a".to_owned()],
            weights: vec![0.5; WIDTH],
            bias: vec![0.1],
            scale: 1.0,
            confidence: Confidence { scale: 1.0, gate, act: 0.8, ask: 0.3 },
        };
        Stored { sources: vec![], heads: vec![head], tensors }
    }

    #[test]
    fn rows_that_are_not_kept_become_the_first_kept_one() {
        let before = stored();
        let after = Stored::from_bytes(&before.to_bytes(&vec![1, 2])).unwrap();
        let row = |stored: &Stored, row| {
            let mut out = vec![0.0; WIDTH];
            stored.tensors.0[WORDS].row(row, &mut out);
            out
        };
        assert_eq!(row(&after, 1), row(&before, 1));
        assert_eq!(row(&after, 2), row(&before, 2));
        assert_eq!(row(&after, 0), row(&before, 1));
        assert_eq!(after.heads, before.heads);
    }

    #[test]
    fn a_head_of_another_size_is_broken() {
        let mut wrong = stored();
        wrong.heads[0].bias.push(0.0);
        assert_eq!(Stored::from_bytes(&wrong.to_bytes(&vec![1])), Err(Broken::Parts));
    }

    #[test]
    fn the_encoder_is_asked_where_the_words_are_less_than_sure_or_the_gate_is_shut() {
        let gate = Gate { weights: [0.0, 0.0, 0.0, 1.0, 0.0, 0.0], least: 0.5 };
        let words = Confidence { scale: 1.0, gate, act: 0.8, ask: 0.3 };
        // One score of two is `a` above the other: its probability is 1 / (1 + e^-a).
        let with = |share: f32, nearest| Scored {
            scores: vec![libm::logf(share / (1.0 - share)), 0.0],
            nearest,
            unseen: 0.0,
        };
        assert!(sure(&with(SURE + 0.001, 0.5), &words).is_some());
        assert!(sure(&with(SURE - 0.001, 0.5), &words).is_none());
        assert!(sure(&with(SURE + 0.001, 0.499), &words).is_none());
    }

    #[test]
    fn a_mixture_lies_between() {
        let mixed = mixed(&[1.0, 0.0], 5.0, &[-30.0, 0.0]);
        assert!(mixed[1] > mixed[0], "{mixed:?}");
    }
}
