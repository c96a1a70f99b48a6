//! Fine-tuning: an encoder goes on learning on messages with their classes. AdamW (Loshchilov and Hutter, ICLR 2019) with
//! warm-up and a cosine, dropout and smoothed labels. One thread, a fixed order, own dice: the same bytes each time.

mod network;
mod parts;

use super::dice::Dice;
use crate::learned::{
    confidence::{largest, softmax},
    tensors::{BadWeights, Tensors},
};
use network::Network;

/// A message as pieces with `[CLS]` and `[SEP]`, and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// At most as many as the encoder reads.
    pub pieces: Vec<u32>,
    /// Below the number of classes.
    pub class: usize,
}

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Rounds over all lessons.
    pub rounds: usize,
    /// Lessons of one step.
    pub batch: usize,
    /// The largest step.
    pub rate: f32,
    /// Of the steps, this part is warm-up.
    pub warm_up: f32,
    /// How much of a label is spread over all classes.
    pub smoothing: f32,
    /// How much weights decay.
    pub decay: f32,
    /// Slopes longer than this are shortened.
    pub longest: f32,
}

/// What served best on BANKING77.
pub const PACE: Pace =
    Pace { rounds: 5, batch: 32, rate: 3e-4, warm_up: 0.1, smoothing: 0.05, decay: 0.01, longest: 1.0 };

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// The encoder under the names of BERT.
    pub tensors: Tensors,
    /// For each class the weights of the head.
    pub head: Vec<f32>,
    /// What every message scores.
    pub bias: Vec<f32>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps that are done.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// The mean loss since the last time.
    pub loss: f32,
}

/// Goes on training the encoder in `tensors`. `told` hears of the progress now and then.
pub fn finetune(
    tensors: &Tensors,
    lessons: &[Lesson],
    classes: usize,
    pace: Pace,
    seed: u64,
    mut told: impl FnMut(Progress),
) -> Result<Learned, BadWeights> {
    /// Steps between two words about the progress.
    const OFTEN: usize = 50;
    let mut dice = Dice::new(seed);
    let mut network = Network::new(tensors, classes, &mut dice)?;
    let steps = pace.rounds * lessons.len().div_ceil(pace.batch);
    let (mut step, mut loss) = (0, 0.0);
    let mut order: Vec<usize> = (0..lessons.len()).collect();
    for _ in 0..pace.rounds {
        dice.shuffle(&mut order);
        for batch in order.chunks(pace.batch) {
            let batch: Vec<&Lesson> = batch.iter().map(|at| &lessons[*at]).collect();
            loss += learn(&mut network, &batch, pace, &mut dice);
            step += 1;
            update(&mut network, pace, step, steps);
            if step % OFTEN == 0 || step == steps {
                told(Progress { step, steps, loss: loss / OFTEN as f32 });
                loss = 0.0;
            }
        }
    }
    let (head, bias) = (network.head.weights.values.clone(), network.head.bias.values.clone());
    Ok(Learned { tensors: network.tensors(), head, bias })
}

/// One batch: forward, loss, backward. Gives the mean loss.
fn learn(network: &mut Network, batch: &[&Lesson], pace: Pace, dice: &mut Dice) -> f32 {
    let messages: Vec<&[u32]> = batch.iter().map(|lesson| lesson.pieces.as_slice()).collect();
    let run = network.forward(&messages, Some(dice));
    let (loss, slope) = loss(&run.scores, batch, network.head.outer, pace.smoothing);
    network.backward(&messages, &run, &slope);
    loss
}

/// The mean cross-entropy with smoothed labels, and its slope by the scores.
fn loss(scores: &[f32], batch: &[&Lesson], classes: usize, smoothing: f32) -> (f32, Vec<f32>) {
    let n = batch.len() as f32;
    let (mut loss, mut slope) = (0.0, Vec::with_capacity(scores.len()));
    for (scores, lesson) in scores.chunks_exact(classes).zip(batch) {
        for (class, share) in softmax(scores, 1.0).into_iter().enumerate() {
            let own = if class == lesson.class { 1.0 - smoothing } else { 0.0 };
            let wanted = own + smoothing / classes as f32;
            loss -= wanted * libm::logf(share.max(1e-30)) / n;
            slope.push((share - wanted) / n);
        }
    }
    (loss, slope)
}

/// AdamW's step. Empties the slopes.
fn update(network: &mut Network, pace: Pace, step: usize, steps: usize) {
    const MEAN: f32 = 0.9;
    const SQUARE: f32 = 0.999;
    const LEAST: f32 = 1e-8;
    let rate = rate(pace, step - 1, steps);
    let mut all = network.learning();
    let squares: f64 = all.iter().map(|one| one.slopes.iter().map(|s| f64::from(s * s)).sum::<f64>()).sum();
    let length = libm::sqrt(squares) as f32;
    let shorter = if length > pace.longest { pace.longest / length } else { 1.0 };
    let (mean_part, square_part) =
        (1.0 - libm::powf(MEAN, step as f32), 1.0 - libm::powf(SQUARE, step as f32));
    for one in &mut all {
        let moments = one.means.iter_mut().zip(&mut one.squares);
        for ((value, slope), (mean, square)) in one.values.iter_mut().zip(&mut one.slopes).zip(moments) {
            let short = *slope * shorter;
            *mean = MEAN * *mean + (1.0 - MEAN) * short;
            *square = SQUARE * *square + (1.0 - SQUARE) * short * short;
            let by = (*mean / mean_part) / ((*square / square_part).sqrt() + LEAST);
            *value -= rate * (by + pace.decay * *value);
            *slope = 0.0;
        }
    }
}

/// How large a step is: up to the largest in a line, then down along a cosine.
fn rate(pace: Pace, step: usize, steps: usize) -> f32 {
    let warm = (pace.warm_up * steps as f32) as usize;
    if step < warm {
        return pace.rate * step as f32 / warm as f32;
    }
    let part = (step - warm) as f32 / (steps - warm).max(1) as f32;
    pace.rate * 0.5 * (1.0 + libm::cosf(std::f32::consts::PI * part))
}

impl Learned {
    /// The class that the head gives to what the encoder made of a message.
    pub fn class(&self, dense: &[f32]) -> usize {
        let score =
            |(row, bias): (&[f32], &f32)| bias + row.iter().zip(dense).map(|(a, b)| a * b).sum::<f32>();
        let scores: Vec<f32> =
            self.head.chunks_exact(dense.len().max(1)).zip(&self.bias).map(score).collect();
        largest(&scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learned::{
        encoder::{INNER, WIDTH},
        tensors::{Numbers, Tensor},
    };

    /// One layer of small weights and eight pieces.
    fn small() -> Tensors {
        let mut dice = Dice::new(4);
        let mut tensors = Tensors::default();
        let mut put = |name: &str, rows: usize, width: usize, spread: f32, around: f32| {
            let values = (0..rows * width).map(|_| around + spread * dice.normal()).collect();
            tensors.0.insert(name.to_owned(), Tensor { width, numbers: Numbers::Floats(values) });
        };
        put("embeddings.word_embeddings.weight", 8, WIDTH, 1.0, 0.0);
        put("embeddings.position_embeddings.weight", 128, WIDTH, 0.1, 0.0);
        for norm in ["embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"] {
            put(&format!("{norm}.LayerNorm.weight"), 1, WIDTH, 0.1, 1.0);
            put(&format!("{norm}.LayerNorm.bias"), 1, WIDTH, 0.1, 0.0);
        }
        let maps = [
            ("attention.self.query", WIDTH, WIDTH),
            ("attention.self.key", WIDTH, WIDTH),
            ("attention.self.value", WIDTH, WIDTH),
            ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", INNER, WIDTH),
            ("output.dense", WIDTH, INNER),
        ];
        for (name, rows, width) in maps {
            put(&format!("encoder.layer.0.{name}.weight"), rows, width, 0.05, 0.0);
            put(&format!("encoder.layer.0.{name}.bias"), 1, rows, 0.05, 0.0);
        }
        tensors
    }

    #[test]
    fn slopes_are_those_of_the_loss() {
        let lessons =
            [Lesson { pieces: vec![1, 2, 3, 4], class: 0 }, Lesson { pieces: vec![5, 6], class: 2 }];
        let batch: Vec<&Lesson> = lessons.iter().collect();
        let messages: Vec<&[u32]> = lessons.iter().map(|lesson| lesson.pieces.as_slice()).collect();
        let mut network = Network::new(&small(), 3, &mut Dice::new(1)).unwrap();
        let at_loss = |network: &Network| loss(&network.forward(&messages, None).scores, &batch, 3, 0.05).0;
        let run = network.forward(&messages, None);
        let (_, slope) = loss(&run.scores, &batch, 3, 0.05);
        network.backward(&messages, &run, &slope);
        let parts = network.learning().len();
        for part in 0..parts {
            // Along the slope itself, the loss must change as the slope says: the surest direction to measure in.
            let slopes = network.learning()[part].slopes.clone();
            let length = slopes.iter().map(|s| f64::from(s * s)).sum::<f64>().sqrt();
            if length < 1e-4 {
                continue;
            }
            let step = 2e-2 / length as f32;
            let mut shifted = |by: f32| {
                for (value, slope) in network.learning()[part].values.iter_mut().zip(&slopes) {
                    *value += by * slope;
                }
                at_loss(&network)
            };
            let above = f64::from(shifted(step));
            let below = f64::from(shifted(-2.0 * step));
            shifted(step);
            let found = (above - below) / (2.0 * f64::from(step) * length);
            assert!((found / length - 1.0).abs() < 0.08, "part {part}: {found} is not {length}");
        }
    }

    #[test]
    fn layers_in_bytes_are_the_same_map_as_their_numbers() {
        let mut bytes = small();
        let maps: Vec<String> = bytes.0.keys().filter(|name| name.starts_with("encoder.")).cloned().collect();
        for name in maps {
            let tensor = &bytes.0[&name];
            if tensor.rows() > 1 {
                let rounded = tensor.in_bytes();
                bytes.0.insert(name, rounded);
            }
        }
        let mut floats = bytes.clone();
        for tensor in floats.0.values_mut() {
            tensor.numbers = Numbers::Floats(tensor.floats());
        }
        let encoded = |tensors: &Tensors| {
            let encoder = crate::learned::encoder::Encoder::new(tensors).unwrap();
            encoder.encode(&[vec![1, 3, 5, 2]]).swap_remove(0)
        };
        for (a, b) in encoded(&bytes).iter().zip(encoded(&floats)) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn it_learns_and_the_same_seed_gives_the_same_bytes() {
        let lessons: Vec<Lesson> =
            (0..24).map(|at| Lesson { pieces: vec![1, 3 + (at % 3) as u32, 2], class: at % 3 }).collect();
        let pace = Pace { rounds: 4, batch: 8, ..PACE };
        let learn = |seed| {
            let mut losses = Vec::new();
            let learned = finetune(&small(), &lessons, 3, pace, seed, |progress| losses.push(progress.loss));
            learned.unwrap()
        };
        let learned = learn(5);
        let encoder = crate::learned::encoder::Encoder::new(&learned.tensors).unwrap();
        let right = lessons.iter().filter(|lesson| {
            learned.class(&encoder.encode(std::slice::from_ref(&lesson.pieces))[0]) == lesson.class
        });
        assert_eq!(right.count(), lessons.len());
        assert_eq!(learned, learn(5));
    }
}
