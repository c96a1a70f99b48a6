//! The fine-tuning of an encoder on a file of examples, and the calibration of the tier that it makes with the words.

use crate::{
    Fault,
    dense::between_ends,
    files::Labelled,
    report::{print, rounded, timed},
    weights::{Published, unfit},
};
use serde_json::json;
use std::path::PathBuf;
use understanding::{
    learned::{
        classifier::Source,
        confidence::{Confidence, Gate, Scored, largest},
        encoder::Encoder,
        table::has_row,
        tuned::{Head, Kept, Stored, mixed, sure},
        wordpiece::Vocabulary,
    },
    train::{
        calibration,
        finetune::{Lesson, PACE, Progress, finetune},
        fit::Made,
        folds::stratified,
    },
};

/// One in this many examples is not learned from: on those, the tier is calibrated.
const LEFT_OUT: usize = 10;

/// Which examples the encoder does not learn from.
pub fn left_out(classes: &[usize], seed: u64) -> Vec<bool> {
    stratified(classes, LEFT_OUT, seed).into_iter().map(|part| part == 0).collect()
}

/// The pieces that an artefact keeps: those that the table has, and the special ones, the unknown first.
pub fn kept(vocabulary: &Vocabulary) -> Kept {
    let (first, last) = vocabulary.ends();
    let special = [vocabulary.unknown(), first, last];
    let others = (0..vocabulary.len() as u32).filter(|number| has_row(vocabulary.piece(*number)));
    special.into_iter().chain(others).collect()
}

/// A confidence before it is fitted.
pub fn unfitted() -> Confidence {
    Confidence { scale: 1.0, gate: Gate { weights: [0.0; 6], least: 0.0 }, act: 0.8, ask: 0.3 }
}

/// Fine-tunes on nine in ten examples.
pub fn tune(
    published: &Published,
    examples: &[(Labelled, usize)],
    labels: Vec<String>,
    source: Source,
    seed: u64,
) -> Result<Stored, Fault> {
    let classes: Vec<usize> = examples.iter().map(|(_, class)| *class).collect();
    let out = left_out(&classes, seed);
    let lessons = examples.iter().zip(&out).filter(|(_, out)| !**out).map(|((one, class), _)| Lesson {
        pieces: between_ends(&published.vocabulary, &one.text),
        class: *class,
    });
    let lessons: Vec<Lesson> = lessons.collect();
    let told = |progress: Progress| {
        eprintln!("fine-tuning: step {} of {}, loss {:.3}", progress.step, progress.steps, progress.loss);
    };
    let (learned, took) = timed(|| finetune(&published.tensors, &lessons, labels.len(), PACE, seed, told));
    let learned = learned.map_err(unfit(PathBuf::from("the published weights")))?;
    let head = Head {
        sources: vec![source],
        labels,
        weights: learned.head,
        bias: learned.bias,
        scale: 1.0,
        confidence: unfitted(),
    };
    let weights = Source { name: "pocket-encoder 0.1.2".to_owned(), digest: published.digest.clone() };
    let stored = Stored { sources: vec![weights], heads: vec![head], tensors: learned.tensors };
    // What is measured later is what is stored.
    let bytes = stored.to_bytes(&kept(&published.vocabulary));
    print(&[json!({ "tuned_on": lessons.len(), "seconds": took.as_secs_f64(), "bytes": bytes.len() })]);
    let path = PathBuf::from("the fine-tuned encoder");
    Stored::from_bytes(&bytes).map_err(|source| Fault::Artefact { path, source })
}

/// Gets the encoder of an artefact ready.
pub fn ready(stored: &Stored) -> Result<Encoder, Fault> {
    Encoder::new(&stored.tensors).map_err(unfit(PathBuf::from("the fine-tuned encoder")))
}

/// The tier on messages that neither part of it has seen.
pub struct Unseen {
    /// How to take what it says.
    pub confidence: Confidence,
    /// What both parts say together.
    pub both: Vec<Scored>,
    /// What the words say alone.
    pub words: Vec<Scored>,
    /// The classes of these messages.
    pub truths: Vec<usize>,
}

/// Fits the tier by messages that neither part of it has seen: `opinions` are for those examples.
pub fn confidence(
    made: &Made,
    classes: &[usize],
    opinions: &[Option<Vec<f32>>],
    others: &[Vec<f32>],
) -> Unseen {
    let scale = made.classifier.confidence.scale;
    let with = |scored: &Scored, opinion: &[f32]| Scored {
        scores: mixed(&scored.scores, scale, opinion),
        ..scored.clone()
    };
    let (mut both, mut words, mut truths) = (Vec::new(), Vec::new(), Vec::new());
    for ((scored, opinion), class) in made.known.iter().zip(opinions).zip(classes) {
        if let Some(opinion) = opinion {
            both.push(with(scored, opinion));
            words.push(scored.clone());
            truths.push(*class);
        }
    }
    let others: Vec<Scored> =
        made.others.iter().zip(others).map(|(scored, opinion)| with(scored, opinion)).collect();
    Unseen { confidence: calibration::fit(&both, &truths, &others), both, words, truths }
}

/// Prints how the tier and each part of it do on messages that they had not seen.
pub fn tell(made: &Made, opinions: &[Option<Vec<f32>>], unseen: &Unseen) {
    let n = unseen.truths.len().max(1) as f64;
    let part = |right: &dyn Fn(usize) -> bool| {
        rounded((0..unseen.truths.len()).filter(|at| right(*at)).count() as f64 / n)
    };
    let encoder: Vec<&Vec<f32>> = opinions.iter().flatten().collect();
    let is_sure = |at: usize| sure(&unseen.words[at], &made.classifier.confidence).is_some();
    let says = |scores: &[f32], at: usize| largest(scores) == unseen.truths[at];
    let tier = |at: usize| {
        let said = if is_sure(at) { &unseen.words[at] } else { &unseen.both[at] };
        says(&said.scores, at)
    };
    print(&[json!({
        "unseen": unseen.truths.len(),
        "words": part(&|at| says(&unseen.words[at].scores, at)),
        "encoder_alone": part(&|at| says(encoder[at], at)),
        "both": part(&|at| says(&unseen.both[at].scores, at)),
        "tier": part(&tier),
        "not_asked": part(&is_sure),
    })]);
}
