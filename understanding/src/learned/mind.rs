//! The tiers behind one interface: a message becomes a reading. A tier whose artefact cannot be used gives way to the one
//! below it, which has a calibration of its own, and the caller is told.

use super::{
    bytes::Broken,
    classifier::Classifier,
    confidence::{Confidence, Scored, Step, largest},
    encoder::{Encoder, INNER, MAX_PIECES, WIDTH},
    grams::{SPARSE, each_gram},
    pieces::Pieces,
    power::word_of_power,
    tensors::{BadWeights, Tensors},
    topics::{OUT_OF_SCOPE, Target, target},
    tuned::{Head, Stored, mixed, sure},
};
use crate::{MAX_CHOICES, MAX_READ_BYTES};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// How much is computed for a message. Each tier needs those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// N-grams and a static table.
    Words,
    /// The same, and a fine-tuned encoder of three layers.
    Encoder,
    /// N-grams and an encoder of six layers, whose weights the operator gives.
    Minilm,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Tier::Words => "words",
            Tier::Encoder => "encoder",
            Tier::Minilm => "minilm",
        })
    }
}

/// The bytes from which tiers are made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Artefacts<'a> {
    /// Vocabulary and static table.
    pub pieces: &'a [u8],
    /// The classifier of the tier `words`.
    pub words: &'a [u8],
    /// The fine-tuned encoder, for the tier `encoder`.
    pub encoder: Option<&'a [u8]>,
    /// The classifier of the tier `minilm`.
    pub minilm: Option<&'a [u8]>,
    /// The weights of MiniLM-L6, a safetensors file, for the tier `minilm`.
    pub weights: Option<&'a [u8]>,
}

impl Artefacts<'static> {
    /// Those that this program was built with: all but the weights of MiniLM-L6.
    pub fn shipped() -> Artefacts<'static> {
        Artefacts {
            pieces: include_bytes!("../../artefacts/pieces.bin"),
            words: include_bytes!("../../artefacts/words.bin"),
            encoder: Some(include_bytes!("../../artefacts/encoder.bin")),
            minilm: Some(include_bytes!("../../artefacts/minilm.bin")),
            weights: None,
        }
    }
}

/// Why a tier cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It was not given.
    #[error("the tier `{tier}` needs a file that is not there")]
    Missing {
        /// Which tier.
        tier: Tier,
    },
    /// Its artefact is broken.
    #[error("the artefact of the tier `{tier}` cannot be used: {why}")]
    Broken {
        /// Which tier.
        tier: Tier,
        /// What is wrong.
        why: Broken,
    },
    /// Its weights are not what they should be.
    #[error("the weights of the tier `{tier}` cannot be used: {why}")]
    Weights {
        /// Which tier.
        tier: Tier,
        /// What is wrong.
        why: BadWeights,
    },
}

/// One thing that a message may ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What answers it.
    pub target: Target,
    /// The likeliest label of those that it answers.
    pub label: String,
    /// The probability of all of them together.
    pub probability: f32,
}

/// What to do about a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Do this.
    Act(Choice),
    /// Ask which of these was meant, the likeliest first; at most [`MAX_CHOICES`].
    Clarify(Vec<Choice>),
    /// Say that it was not understood.
    Refuse,
}

/// What a message was read as.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it may ask for, the likeliest first.
    pub choices: Vec<Choice>,
    /// How surely it is about anything that is known here, as a logit, less what is needed: from 0 on the gate lets it pass.
    pub in_scope: f32,
    /// What to do.
    pub verdict: Verdict,
    /// Whether it was a word of power, which no probability decides.
    pub word_of_power: bool,
    /// What decided: the tier `encoder` leaves to the words what they are sure of.
    pub by: Tier,
}

/// An n-gram of a message and what it adds to the score of a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// As it was read; a space stands where a word begins or ends.
    pub gram: String,
    /// May be negative.
    pub adds: f32,
}

/// What a tier says of a message, and how to take it.
struct Said<'a> {
    scored: Scored,
    confidence: &'a Confidence,
    labels: &'a [String],
    by: Tier,
}

enum Above {
    Nothing,
    Encoder(Box<(Encoder, Head)>),
    Minilm(Box<(Encoder, Classifier)>),
}

/// A tier that is ready to read.
pub struct Mind {
    pieces: Pieces,
    words: Classifier,
    above: Above,
}

impl Mind {
    /// The wanted tier, or the best one below it that can be used; with what is wrong with those above. None if not even
    /// the tier `words` can be used.
    pub fn load(wanted: Tier, artefacts: &Artefacts) -> (Option<Mind>, Vec<Unfit>) {
        let mut unfit = Vec::new();
        let broken = |tier| move |why| Unfit::Broken { tier, why };
        let both = Pieces::from_bytes(artefacts.pieces)
            .and_then(|pieces| Ok((pieces, Classifier::from_bytes(artefacts.words)?)))
            .and_then(|(pieces, words)| {
                if words.centre.len() == super::table::SHORT {
                    Ok((pieces, words))
                } else {
                    Err(Broken::Parts)
                }
            });
        let (pieces, words) = match both.map_err(broken(Tier::Words)) {
            Ok(both) => both,
            Err(why) => return (None, vec![why]),
        };
        let mut above = Above::Nothing;
        if wanted == Tier::Minilm {
            match minilm(artefacts, pieces.vocabulary.len()) {
                Ok(both) => above = Above::Minilm(Box::new(both)),
                Err(why) => unfit.push(why),
            }
        }
        if wanted >= Tier::Encoder && matches!(above, Above::Nothing) {
            match tuned(artefacts, pieces.vocabulary.len(), &words.labels) {
                Ok(both) => above = Above::Encoder(Box::new(both)),
                Err(why) => unfit.push(why),
            }
        }
        (Some(Mind { pieces, words, above }), unfit)
    }

    /// The tier that reads.
    pub fn tier(&self) -> Tier {
        match self.above {
            Above::Nothing => Tier::Words,
            Above::Encoder(_) => Tier::Encoder,
            Above::Minilm(_) => Tier::Minilm,
        }
    }

    /// Reads a message; of a very long one, only the first [`MAX_READ_BYTES`] bytes.
    pub fn read(&self, text: &str) -> Reading {
        let text = &text[..text.floor_char_boundary(MAX_READ_BYTES)];
        if let Some(intent) = word_of_power(text) {
            let choice = Choice { target: target(intent), label: intent.to_owned(), probability: 1.0 };
            let verdict = Verdict::Act(choice.clone());
            return Reading {
                choices: vec![choice],
                in_scope: 0.0,
                verdict,
                word_of_power: true,
                by: Tier::Words,
            };
        }
        let Said { scored, confidence, labels, by } = self.said(text);
        let judged = confidence.judge(&scored);
        let choices = grouped(labels, &judged.probabilities);
        let in_scope = judged.in_scope - confidence.gate.least;
        let verdict = decide(&choices, in_scope, confidence);
        Reading { choices, in_scope, verdict, word_of_power: false, by }
    }

    fn said(&self, text: &str) -> Said<'_> {
        if let Above::Minilm(both) = &self.above {
            let (encoder, classifier) = both.as_ref();
            let features = classifier.features(text, &self.encoded(encoder, text));
            return Said {
                scored: classifier.scored(&features),
                confidence: &classifier.confidence,
                labels: &classifier.labels,
                by: Tier::Minilm,
            };
        }
        let mut scored = self.words.scored(&self.words.features(text, &self.pieces.mean(text)));
        let (mut confidence, mut by) = (&self.words.confidence, Tier::Words);
        if let Above::Encoder(both) = &self.above
            && sure(&scored, confidence).is_none()
        {
            let (encoder, head) = both.as_ref();
            let opinion = head.opinion(&self.encoded(encoder, text));
            scored.scores = mixed(&scored.scores, confidence.scale, &opinion);
            (confidence, by) = (&head.confidence, Tier::Encoder);
        }
        Said { scored, confidence, labels: &self.words.labels, by }
    }

    fn encoded(&self, encoder: &Encoder, text: &str) -> Vec<f32> {
        let vocabulary = &self.pieces.vocabulary;
        let (first, last) = vocabulary.ends();
        let mut message = vec![first];
        message.extend(vocabulary.pieces(text, MAX_PIECES - 2));
        message.push(last);
        encoder.encode(&[message]).swap_remove(0)
    }

    /// The n-grams of a message that matter most for a label of the linear model, the weightiest first, at most `most`.
    pub fn reasons(&self, text: &str, label: &str, most: usize) -> Vec<Reason> {
        let text = &text[..text.floor_char_boundary(MAX_READ_BYTES)];
        let classifier = match &self.above {
            Above::Minilm(both) => &both.1,
            _ => &self.words,
        };
        let Some(class) = classifier.labels.iter().position(|known| known == label) else {
            return Vec::new();
        };
        let sparse: BTreeMap<u32, f32> = classifier.rarity.features(text).into_iter().collect();
        let mut found: BTreeMap<String, f32> = BTreeMap::new();
        each_gram(text, |gram, feature| {
            let value = sparse.get(&feature).copied().unwrap_or(0.0);
            found.entry(gram.to_owned()).or_insert_with(|| classifier.linear.adds(feature, value, class));
        });
        let mut reasons: Vec<Reason> = found.into_iter().map(|(gram, adds)| Reason { gram, adds }).collect();
        reasons.sort_by(|a, b| b.adds.abs().total_cmp(&a.adds.abs()));
        reasons.truncate(most);
        reasons
    }
}

/// The classifier of the tier `minilm` with its encoder.
fn minilm(artefacts: &Artefacts, pieces: usize) -> Result<(Encoder, Classifier), Unfit> {
    let tier = Tier::Minilm;
    let (Some(classifier), Some(weights)) = (artefacts.minilm, artefacts.weights) else {
        return Err(Unfit::Missing { tier });
    };
    let broken = |why| Unfit::Broken { tier, why };
    let classifier = Classifier::from_bytes(classifier).map_err(broken)?;
    let tensors =
        Tensors::from_safetensors(weights, |_| INNER).map_err(|why| Unfit::Weights { tier, why })?;
    let encoder = Encoder::new(&tensors).map_err(|why| Unfit::Weights { tier, why })?;
    if encoder.pieces() != pieces
        || classifier.centre.len() != WIDTH
        || classifier.linear.features() != SPARSE + WIDTH
    {
        return Err(broken(Broken::Parts));
    }
    Ok((encoder, classifier))
}

/// The fine-tuned encoder with the head for these labels.
fn tuned(artefacts: &Artefacts, pieces: usize, labels: &[String]) -> Result<(Encoder, Head), Unfit> {
    let tier = Tier::Encoder;
    let broken = |why| Unfit::Broken { tier, why };
    let stored = Stored::from_bytes(artefacts.encoder.ok_or(Unfit::Missing { tier })?).map_err(broken)?;
    let encoder = Encoder::new(&stored.tensors).map_err(|why| Unfit::Weights { tier, why })?;
    let head = stored.heads.into_iter().find(|head| head.labels == labels);
    let head = head.filter(|_| encoder.pieces() == pieces).ok_or(broken(Broken::Parts))?;
    Ok((encoder, head))
}

/// What a message may ask for, the likeliest first: labels with the same answer add up.
pub fn grouped(labels: &[String], probabilities: &[f32]) -> Vec<Choice> {
    let mut groups: BTreeMap<Target, (f32, f32, &str)> = BTreeMap::new();
    for (label, probability) in labels.iter().zip(probabilities) {
        let (sum, most, best) = groups.entry(target(label)).or_insert((0.0, -1.0, label));
        *sum += probability;
        if *probability > *most {
            (*most, *best) = (*probability, label);
        }
    }
    let choice = |(target, (sum, _, label)): (Target, (f32, f32, &str))| Choice {
        target,
        label: label.to_owned(),
        probability: sum.min(1.0),
    };
    let mut choices: Vec<Choice> = groups.into_iter().map(choice).collect();
    choices.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    choices
}

fn decide(choices: &[Choice], in_scope: f32, confidence: &Confidence) -> Verdict {
    let shares: Vec<f32> = choices.iter().map(|choice| choice.probability).collect();
    let Some(best) = choices.get(largest(&shares)) else { return Verdict::Refuse };
    match step(best.probability, in_scope, confidence) {
        Step::Refuse => Verdict::Refuse,
        // What is about something else is nothing to ask about either, when that is sure.
        _ if best.label == OUT_OF_SCOPE => Verdict::Refuse,
        Step::Act => Verdict::Act(best.clone()),
        Step::Clarify => {
            let known = choices.iter().filter(|choice| choice.target != Target::Nothing);
            Verdict::Clarify(known.take(MAX_CHOICES).cloned().collect())
        }
    }
}

fn step(probability: f32, in_scope: f32, confidence: &Confidence) -> Step {
    if probability >= confidence.act && in_scope >= 0.0 {
        Step::Act
    } else if probability >= confidence.ask {
        Step::Clarify
    } else {
        Step::Refuse
    }
}
