//! What a fine-tuned encoder adds to the words when the tier `encoder` is measured.

use crate::{
    Fault,
    dense::{between_ends, pieces},
    files::Labelled,
    options::Options,
    train, tune,
};
use understanding::{
    learned::{confidence::Confidence, encoder::Encoder, tuned::Head, wordpiece::Vocabulary},
    train::fit::Made,
};

/// A fine-tuned encoder with the head for the labels at hand.
pub struct Opinion {
    vocabulary: Vocabulary,
    encoder: Encoder,
    head: Head,
}

impl Opinion {
    /// The committed one if it was fine-tuned on these examples; else the published one is fine-tuned now. With the bytes
    /// of its artefact.
    pub fn of(
        options: &Options,
        known: &[&Labelled],
        labels: &[String],
    ) -> Result<(Opinion, Vec<u8>), Fault> {
        let examples: Vec<Labelled> = known.iter().map(|one| (*one).clone()).collect();
        let path = options.artefacts().join("encoder.bin");
        let stored = match train::stored(&path, &examples) {
            Some(stored) => {
                eprintln!("the committed encoder was fine-tuned on these examples; it is used");
                stored
            }
            None => {
                eprintln!("the committed encoder was not fine-tuned on these examples; fine-tuning now");
                train::tune_on(options, examples)?
            }
        };
        let vocabulary = pieces(options)?.vocabulary;
        let bytes = stored.to_bytes(&tune::kept(&vocabulary));
        let encoder = tune::ready(&stored)?;
        let what = "its heads are not for these labels";
        let head = stored.heads.into_iter().find(|head| head.labels == labels);
        Ok((Opinion { vocabulary, encoder, head: head.ok_or(Fault::Unfit { path, what })? }, bytes))
    }

    /// The logarithm of each class's probability.
    pub fn about(&self, text: &str) -> Vec<f32> {
        let message = between_ends(&self.vocabulary, text);
        self.head.opinion(&self.encoder.encode(&[message]).swap_remove(0))
    }

    /// How to take what the tier says, by the examples that the encoder did not learn from. Prints how it does on them, which
    /// neither it nor the words that spoke about them had seen.
    pub fn confidence(
        &self,
        made: &Made,
        known: &[&Labelled],
        classes: &[usize],
        other: &[&str],
        seed: u64,
    ) -> Confidence {
        let out = tune::left_out(classes, seed);
        let opinion = |(one, out): (&&Labelled, &bool)| out.then(|| self.about(&one.text));
        let opinions: Vec<Option<Vec<f32>>> = known.iter().zip(&out).map(opinion).collect();
        let others: Vec<Vec<f32>> = other.iter().map(|text| self.about(text)).collect();
        let tier = tune::confidence(made, classes, &opinions, &others);
        tune::tell(made, &opinions, &tier);
        tier.confidence
    }
}
