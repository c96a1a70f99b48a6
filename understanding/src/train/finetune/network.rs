//! An encoder with a head, that learns: the whole way forward and back.

use super::{
    super::dice::Dice,
    parts::{
        Attended, Learning, Map, Norm, Normed, attend, attend_backward, dropout, gelu, gelu_backward, mask,
    },
};
use crate::learned::{
    encoder::{INNER, MAX_PIECES, WIDTH},
    tensors::{BadWeights, Numbers, Tensor, Tensors},
};

/// The part of numbers that is left out for once, so that no number is relied upon.
const LEFT_OUT: f32 = 0.1;

const WORDS: &str = "embeddings.word_embeddings.weight";
const PLACES: &str = "embeddings.position_embeddings.weight";

struct Layer {
    look: Map,
    join: Map,
    joined: Norm,
    widen: Map,
    narrow: Map,
    narrowed: Norm,
}

/// What the way back through a layer needs.
struct Passed {
    x: Vec<f32>,
    look: Vec<f32>,
    attended: Attended,
    seen: Vec<f32>,
    joined_factors: Vec<f32>,
    joined: Normed,
    middle: Vec<f32>,
    wide: Vec<f32>,
    bent: Vec<f32>,
    narrow_factors: Vec<f32>,
    narrowed: Normed,
}

/// An encoder that learns, with the head that tells its classes. The table of words stays as it is.
pub(super) struct Network {
    words: Tensor,
    places: Learning,
    first: Norm,
    layers: Vec<Layer>,
    pub(super) head: Map,
}

/// What the way back through the network needs.
pub(super) struct Run {
    lengths: Vec<usize>,
    first: Normed,
    first_factors: Vec<f32>,
    layers: Vec<Passed>,
    means: Vec<f32>,
    mean_factors: Vec<f32>,
    /// For each message the scores of the classes.
    pub(super) scores: Vec<f32>,
}

impl Network {
    pub(super) fn new(tensors: &Tensors, classes: usize, dice: &mut Dice) -> Result<Network, BadWeights> {
        let lacks = |name: &str| BadWeights::Lacks { name: name.to_owned() };
        let words = tensors.0.get(WORDS).ok_or_else(|| lacks(WORDS))?.clone();
        let mut places = tensors.0.get(PLACES).ok_or_else(|| lacks(PLACES))?.floats();
        places.truncate(MAX_PIECES * WIDTH);
        let kinds = tensors.0.get("embeddings.token_type_embeddings.weight").map(Tensor::floats);
        for place in places.chunks_exact_mut(WIDTH) {
            place.iter_mut().zip(kinds.iter().flatten()).for_each(|(place, kind)| *place += kind);
        }
        let mut layers = Vec::new();
        while tensors.0.contains_key(&format!("encoder.layer.{}.output.dense.weight", layers.len())) {
            layers.push(layer(tensors, layers.len())?);
        }
        let weights = (0..classes * WIDTH).map(|_| 0.02 * dice.normal()).collect();
        let head = Map {
            inner: WIDTH,
            outer: classes,
            weights: Learning::new(weights),
            bias: Learning::new(vec![0.0; classes]),
        };
        let first = norm(tensors, "embeddings.LayerNorm")?;
        Ok(Network { words, places: Learning::new(places), first, layers, head })
    }

    /// Scores messages, given as pieces. With dice, some numbers are left out.
    pub(super) fn forward(&self, messages: &[&[u32]], mut dice: Option<&mut Dice>) -> Run {
        let mut x = Vec::new();
        let mut row = [0.0; WIDTH];
        let lengths: Vec<usize> = messages.iter().map(|message| message.len().min(MAX_PIECES)).collect();
        for message in messages {
            for (piece, place) in message.iter().zip(self.places.values.chunks_exact(WIDTH)) {
                self.words.row(*piece as usize, &mut row);
                x.extend(row.iter().zip(place).map(|(word, place)| word + place));
            }
        }
        let (mut x, first) = self.first.forward(x);
        let first_factors = left_out(x.len(), &mut dice);
        mask(&mut x, &first_factors);
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let (out, passed) = layer.forward(x, &lengths, &mut dice);
            layers.push(passed);
            x = out;
        }
        let mut means = vec![0.0; lengths.len() * WIDTH];
        let mut pieces = x.chunks_exact(WIDTH);
        for (mean, length) in means.chunks_exact_mut(WIDTH).zip(&lengths) {
            for piece in pieces.by_ref().take(*length) {
                mean.iter_mut().zip(piece).for_each(|(mean, value)| *mean += value / *length as f32);
            }
        }
        let mean_factors = left_out(means.len(), &mut dice);
        mask(&mut means, &mean_factors);
        let scores = self.head.forward(&means);
        Run { lengths, first, first_factors, layers, means, mean_factors, scores }
    }

    /// Adds to all slopes, from the slopes of the scores.
    pub(super) fn backward(&mut self, messages: &[&[u32]], run: &Run, slope: &[f32]) {
        let mut of_means = self.head.backward(&run.means, slope);
        mask(&mut of_means, &run.mean_factors);
        let mut slope = Vec::with_capacity(run.first.len());
        for (mean, length) in of_means.chunks_exact(WIDTH).zip(&run.lengths) {
            for _ in 0..*length {
                slope.extend(mean.iter().map(|value| value / *length as f32));
            }
        }
        for (layer, passed) in self.layers.iter_mut().zip(&run.layers).rev() {
            slope = layer.backward(passed, &run.lengths, slope);
        }
        mask(&mut slope, &run.first_factors);
        let slope = self.first.backward(&run.first, &slope);
        let mut pieces = slope.chunks_exact(WIDTH);
        for (_, length) in messages.iter().zip(&run.lengths) {
            let places = self.places.slopes.chunks_exact_mut(WIDTH);
            for (place, piece) in places.zip(pieces.by_ref().take(*length)) {
                place.iter_mut().zip(piece).for_each(|(sum, slope)| *sum += slope);
            }
        }
    }

    /// Everything that learns, in a fixed order.
    pub(super) fn learning(&mut self) -> Vec<&mut Learning> {
        let mut all = vec![&mut self.places, &mut self.first.gain, &mut self.first.shift];
        for layer in &mut self.layers {
            let Layer { look, join, joined, widen, narrow, narrowed } = layer;
            for map in [look, join, widen, narrow] {
                all.extend([&mut map.weights, &mut map.bias]);
            }
            for norm in [joined, narrowed] {
                all.extend([&mut norm.gain, &mut norm.shift]);
            }
        }
        all.extend([&mut self.head.weights, &mut self.head.bias]);
        all
    }

    /// The encoder under the names of BERT, without the head.
    pub(super) fn tensors(&self) -> Tensors {
        let mut out = Tensors::default();
        let mut put = |name: String, width: usize, values: &[f32]| {
            out.0.insert(name, Tensor { width, numbers: Numbers::Floats(values.to_vec()) });
        };
        put(PLACES.to_owned(), WIDTH, &self.places.values);
        put("embeddings.LayerNorm.weight".to_owned(), WIDTH, &self.first.gain.values);
        put("embeddings.LayerNorm.bias".to_owned(), WIDTH, &self.first.shift.values);
        for (number, layer) in self.layers.iter().enumerate() {
            let at = |part: &str| format!("encoder.layer.{number}.{part}");
            let square = WIDTH * WIDTH;
            for (place, part) in ["query", "key", "value"].iter().enumerate() {
                let weights = &layer.look.weights.values[place * square..(place + 1) * square];
                put(at(&format!("attention.self.{part}.weight")), WIDTH, weights);
                let bias = &layer.look.bias.values[place * WIDTH..(place + 1) * WIDTH];
                put(at(&format!("attention.self.{part}.bias")), WIDTH, bias);
            }
            let maps = [
                ("attention.output", &layer.join),
                ("intermediate", &layer.widen),
                ("output", &layer.narrow),
            ];
            for (part, map) in maps {
                put(at(&format!("{part}.dense.weight")), map.inner, &map.weights.values);
                put(at(&format!("{part}.dense.bias")), map.outer, &map.bias.values);
            }
            for (part, norm) in [("attention.output", &layer.joined), ("output", &layer.narrowed)] {
                put(at(&format!("{part}.LayerNorm.weight")), WIDTH, &norm.gain.values);
                put(at(&format!("{part}.LayerNorm.bias")), WIDTH, &norm.shift.values);
            }
        }
        out.0.insert(WORDS.to_owned(), self.words.clone());
        out
    }
}

fn left_out(n: usize, dice: &mut Option<&mut Dice>) -> Vec<f32> {
    dice.as_mut().map_or_else(Vec::new, |dice| dropout(n, LEFT_OUT, dice))
}

fn layer(tensors: &Tensors, number: usize) -> Result<Layer, BadWeights> {
    let at = |part: &str| format!("encoder.layer.{number}.{part}");
    let (mut weights, mut bias) = (Vec::new(), Vec::new());
    for part in ["query", "key", "value"] {
        let name = at(&format!("attention.self.{part}"));
        weights.extend(tensors.get(&format!("{name}.weight"), WIDTH, WIDTH)?.floats());
        bias.extend(tensors.vector(&format!("{name}.bias"), WIDTH)?);
    }
    let look =
        Map { inner: WIDTH, outer: 3 * WIDTH, weights: Learning::new(weights), bias: Learning::new(bias) };
    Ok(Layer {
        look,
        join: map(tensors, &at("attention.output.dense"), WIDTH, WIDTH)?,
        joined: norm(tensors, &at("attention.output.LayerNorm"))?,
        widen: map(tensors, &at("intermediate.dense"), WIDTH, INNER)?,
        narrow: map(tensors, &at("output.dense"), INNER, WIDTH)?,
        narrowed: norm(tensors, &at("output.LayerNorm"))?,
    })
}

fn map(tensors: &Tensors, name: &str, inner: usize, outer: usize) -> Result<Map, BadWeights> {
    let weights = tensors.get(&format!("{name}.weight"), outer, inner)?.floats();
    let bias = tensors.vector(&format!("{name}.bias"), outer)?;
    Ok(Map { inner, outer, weights: Learning::new(weights), bias: Learning::new(bias) })
}

fn norm(tensors: &Tensors, name: &str) -> Result<Norm, BadWeights> {
    let gain = tensors.vector(&format!("{name}.weight"), WIDTH)?;
    let shift = tensors.vector(&format!("{name}.bias"), WIDTH)?;
    Ok(Norm { gain: Learning::new(gain), shift: Learning::new(shift) })
}

impl Layer {
    fn forward(&self, x: Vec<f32>, lengths: &[usize], dice: &mut Option<&mut Dice>) -> (Vec<f32>, Passed) {
        let look = self.look.forward(&x);
        let drop = dice.as_mut().map(|dice| (LEFT_OUT, &mut **dice));
        let (seen, attended) = attend(&look, lengths, drop);
        let mut sum = self.join.forward(&seen);
        let joined_factors = left_out(sum.len(), dice);
        mask(&mut sum, &joined_factors);
        sum.iter_mut().zip(&x).for_each(|(sum, x)| *sum += x);
        let (middle, joined) = self.joined.forward(sum);
        let wide = self.widen.forward(&middle);
        let bent = gelu(&wide);
        let mut sum = self.narrow.forward(&bent);
        let narrow_factors = left_out(sum.len(), dice);
        mask(&mut sum, &narrow_factors);
        sum.iter_mut().zip(&middle).for_each(|(sum, middle)| *sum += middle);
        let (out, narrowed) = self.narrowed.forward(sum);
        let passed = Passed {
            x,
            look,
            attended,
            seen,
            joined_factors,
            joined,
            middle,
            wide,
            bent,
            narrow_factors,
            narrowed,
        };
        (out, passed)
    }

    fn backward(&mut self, passed: &Passed, lengths: &[usize], slope: Vec<f32>) -> Vec<f32> {
        let mut around = self.narrowed.backward(&passed.narrowed, &slope);
        let mut through = around.clone();
        mask(&mut through, &passed.narrow_factors);
        let mut of_wide = self.narrow.backward(&passed.bent, &through);
        gelu_backward(&passed.wide, &mut of_wide);
        let of_middle = self.widen.backward(&passed.middle, &of_wide);
        around.iter_mut().zip(&of_middle).for_each(|(around, slope)| *around += slope);
        let mut around = self.joined.backward(&passed.joined, &around);
        let mut through = around.clone();
        mask(&mut through, &passed.joined_factors);
        let of_seen = self.join.backward(&passed.seen, &through);
        let of_look = attend_backward(&passed.look, lengths, &passed.attended, &of_seen);
        let of_x = self.look.backward(&passed.x, &of_look);
        around.iter_mut().zip(&of_x).for_each(|(around, slope)| *around += slope);
        around
    }
}
