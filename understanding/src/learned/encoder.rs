//! The forward pass of BERT in the sizes of MiniLM: 384 wide, 12 heads, some layers. A message becomes the mean of what its
//! pieces become. Public method: Devlin et al., 2019; Wang et al., 2020 (MiniLM).

use super::{
    kernel::{Panels, dot, erf, exp, product},
    tensors::{BadWeights, Numbers, Tensor, Tensors},
};
use pulp::{Arch, Simd, WithSimd};

/// Numbers that stand for one piece.
pub const WIDTH: usize = 384;
/// Numbers between the two halves of a layer.
pub const INNER: usize = 1536;
/// Views that attention takes at once.
pub const HEADS: usize = 12;
/// Numbers of one view.
pub const HEAD: usize = WIDTH / HEADS;
/// Pieces of a message that are read, `[CLS]` and `[SEP]` among them: longer messages are cut.
pub const MAX_PIECES: usize = 128;
/// What keeps a division by a spread of nothing from happening; the model was made with it.
const LEAST_SPREAD: f32 = 1e-12;

enum Weights {
    Floats(Panels),
    /// Each column is its scale times these.
    Bytes(Panels<i8>, Vec<f32>),
}

struct Linear {
    weights: Weights,
    bias: Vec<f32>,
}

struct Norm {
    gain: Vec<f32>,
    shift: Vec<f32>,
}

struct Layer {
    /// Query, key and value in one.
    look: Linear,
    join: Linear,
    joined: Norm,
    widen: Linear,
    narrow: Linear,
    narrowed: Norm,
}

/// An encoder that is ready to work.
pub struct Encoder {
    words: Tensor,
    /// Where a piece stands, with the number that says "first sentence" added.
    places: Vec<f32>,
    first: Norm,
    layers: Vec<Layer>,
}

impl Encoder {
    /// From weights under the names of BERT, as many layers as there are.
    pub fn new(tensors: &Tensors) -> Result<Encoder, BadWeights> {
        let name = "embeddings.word_embeddings.weight";
        let lacks = || BadWeights::Lacks { name: name.to_owned() };
        let words = tensors.0.get(name).ok_or_else(lacks)?;
        let words = tensors.get(name, words.rows(), WIDTH)?.clone();
        let name = "embeddings.position_embeddings.weight";
        let mut places = tensors.0.get(name).map(Tensor::floats).unwrap_or_default();
        let kinds = tensors.0.get("embeddings.token_type_embeddings.weight").map(Tensor::floats);
        let kinds = kinds.filter(|kinds| kinds.len() >= WIDTH).unwrap_or_else(|| vec![0.0; WIDTH]);
        if places.len() < MAX_PIECES * WIDTH {
            return Err(BadWeights::Shape { name: name.to_owned() });
        }
        places.truncate(MAX_PIECES * WIDTH);
        for place in places.chunks_exact_mut(WIDTH) {
            place.iter_mut().zip(&kinds).for_each(|(place, kind)| *place += kind);
        }
        let first = norm(tensors, "embeddings.LayerNorm")?;
        let mut layers = Vec::new();
        while tensors.0.contains_key(&format!("encoder.layer.{}.output.dense.weight", layers.len())) {
            layers.push(layer(tensors, layers.len())?);
        }
        if layers.is_empty() {
            return Err(BadWeights::Lacks { name: "encoder.layer.0".to_owned() });
        }
        Ok(Encoder { words, places, first, layers })
    }

    /// How many pieces the encoder knows.
    pub fn pieces(&self) -> usize {
        self.words.rows()
    }

    /// How many layers it has.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// What each message becomes: [`WIDTH`] numbers, the mean over its pieces. Messages are pieces with `[CLS]` and `[SEP]`,
    /// at most [`MAX_PIECES`]; an empty one becomes zeros.
    pub fn encode(&self, messages: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let mut x = Vec::new();
        let mut lengths = Vec::with_capacity(messages.len());
        let mut row = [0.0; WIDTH];
        for message in messages {
            let message = &message[..message.len().min(MAX_PIECES)];
            lengths.push(message.len());
            for (piece, place) in message.iter().zip(self.places.chunks_exact(WIDTH)) {
                self.words.row(*piece as usize, &mut row);
                x.extend(row.iter().zip(place).map(|(word, place)| word + place));
            }
        }
        normalise(&mut x, &self.first);
        let mut room = Room::default();
        for layer in &self.layers {
            layer.pass(&mut x, &lengths, &mut room);
        }
        means(&x, &lengths)
    }
}

fn means(x: &[f32], lengths: &[usize]) -> Vec<Vec<f32>> {
    let mut from = 0;
    let mean = |length: &usize| {
        let mut mean = vec![0.0; WIDTH];
        for piece in x[from..from + length * WIDTH].chunks_exact(WIDTH) {
            mean.iter_mut().zip(piece).for_each(|(mean, value)| *mean += value);
        }
        from += length * WIDTH;
        mean.iter_mut().for_each(|mean| *mean /= (*length).max(1) as f32);
        mean
    };
    lengths.iter().map(mean).collect()
}

fn layer(tensors: &Tensors, number: usize) -> Result<Layer, BadWeights> {
    let at = |part: &str| format!("encoder.layer.{number}.{part}");
    let look = ["query", "key", "value"].map(|part| at(&format!("attention.self.{part}")));
    Ok(Layer {
        look: linear(tensors, &look, WIDTH, WIDTH)?,
        join: linear(tensors, &[at("attention.output.dense")], WIDTH, WIDTH)?,
        joined: norm(tensors, &at("attention.output.LayerNorm"))?,
        widen: linear(tensors, &[at("intermediate.dense")], WIDTH, INNER)?,
        narrow: linear(tensors, &[at("output.dense")], INNER, WIDTH)?,
        narrowed: norm(tensors, &at("output.LayerNorm"))?,
    })
}

/// Maps of one size, side by side. Bytes stay bytes.
fn linear(tensors: &Tensors, names: &[String], inner: usize, outer: usize) -> Result<Linear, BadWeights> {
    let mut bias = Vec::with_capacity(names.len() * outer);
    let mut parts = Vec::with_capacity(names.len());
    for name in names {
        parts.push(tensors.get(&format!("{name}.weight"), outer, inner)?);
        bias.extend(tensors.vector(&format!("{name}.bias"), outer)?);
    }
    let outer = names.len() * outer;
    let (mut scales, mut bytes) = (Vec::with_capacity(outer), Vec::with_capacity(inner * outer));
    for part in &parts {
        if let Numbers::Bytes { scales: its, values } = &part.numbers {
            scales.extend_from_slice(its);
            bytes.extend_from_slice(values);
        }
    }
    let weights = if bytes.len() == inner * outer {
        Weights::Bytes(Panels::of_columns(&bytes, inner, outer), scales)
    } else {
        let floats: Vec<f32> = parts.iter().flat_map(|part| part.floats()).collect();
        Weights::Floats(Panels::of_columns(&floats, inner, outer))
    };
    Ok(Linear { weights, bias })
}

fn norm(tensors: &Tensors, name: &str) -> Result<Norm, BadWeights> {
    let gain = tensors.vector(&format!("{name}.weight"), WIDTH)?;
    Ok(Norm { gain, shift: tensors.vector(&format!("{name}.bias"), WIDTH)? })
}

/// Room for what a layer computes on the way, used again by the next.
#[derive(Default)]
struct Room {
    look: Vec<f32>,
    seen: Vec<f32>,
    joined: Vec<f32>,
    wide: Vec<f32>,
}

impl Layer {
    fn pass(&self, x: &mut [f32], lengths: &[usize], room: &mut Room) {
        self.look.apply(x, &mut room.look);
        room.seen.clear();
        room.seen.resize(x.len(), 0.0);
        Arch::new().dispatch(Attention { look: &room.look, seen: &mut room.seen, lengths });
        self.join.apply(&room.seen, &mut room.joined);
        x.iter_mut().zip(&room.joined).for_each(|(x, joined)| *x += joined);
        normalise(x, &self.joined);
        self.widen.apply(x, &mut room.wide);
        Arch::new().dispatch(Gelu(&mut room.wide));
        self.narrow.apply(&room.wide, &mut room.joined);
        x.iter_mut().zip(&room.joined).for_each(|(x, joined)| *x += joined);
        normalise(x, &self.narrowed);
    }
}

impl Linear {
    fn apply(&self, x: &[f32], out: &mut Vec<f32>) {
        match &self.weights {
            Weights::Floats(panels) => product(x, panels, out),
            Weights::Bytes(panels, scales) => {
                product(x, panels, out);
                for row in out.chunks_exact_mut(scales.len()) {
                    row.iter_mut().zip(scales).for_each(|(value, scale)| *value *= scale);
                }
            }
        }
        for row in out.chunks_exact_mut(self.bias.len()) {
            row.iter_mut().zip(&self.bias).for_each(|(value, bias)| *value += bias);
        }
    }
}

fn normalise(x: &mut [f32], norm: &Norm) {
    Arch::new().dispatch(Normalise { x, norm });
}

struct Normalise<'a> {
    x: &'a mut [f32],
    norm: &'a Norm,
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let ones = [1.0; WIDTH];
        for row in self.x.chunks_exact_mut(WIDTH) {
            let mean = dot(row, &ones) / WIDTH as f32;
            row.iter_mut().for_each(|value| *value -= mean);
            let spread = 1.0 / (dot(row, row) / WIDTH as f32 + LEAST_SPREAD).sqrt();
            for ((value, gain), shift) in row.iter_mut().zip(&self.norm.gain).zip(&self.norm.shift) {
                *value = *value * spread * gain + shift;
            }
        }
    }
}

/// x times the share of a normal distribution below x.
struct Gelu<'a>(&'a mut [f32]);

impl WithSimd for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for value in self.0.iter_mut() {
            *value = 0.5 * *value * (1.0 + erf(*value * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

struct Attention<'a> {
    /// Query, key and value of each piece.
    look: &'a [f32],
    seen: &'a mut [f32],
    lengths: &'a [usize],
}

impl WithSimd for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut from = 0;
        for length in self.lengths {
            let look = &self.look[from * 3 * WIDTH..(from + length) * 3 * WIDTH];
            let seen = &mut self.seen[from * WIDTH..(from + length) * WIDTH];
            for head in 0..HEADS {
                attend(look, seen, head * HEAD);
            }
            from += length;
        }
    }
}

#[inline(always)]
fn attend(look: &[f32], seen: &mut [f32], at: usize) {
    let scale = 1.0 / (HEAD as f32).sqrt();
    let mut shares = [0.0f32; MAX_PIECES];
    for (piece, seen) in look.chunks_exact(3 * WIDTH).zip(seen.chunks_exact_mut(WIDTH)) {
        let query = &piece[at..at + HEAD];
        let shares = &mut shares[..look.len() / (3 * WIDTH)];
        let mut most = f32::MIN;
        for (share, other) in shares.iter_mut().zip(look.chunks_exact(3 * WIDTH)) {
            *share = dot(query, &other[WIDTH + at..WIDTH + at + HEAD]) * scale;
            most = most.max(*share);
        }
        let mut all = 0.0;
        for share in shares.iter_mut() {
            *share = exp(*share - most);
            all += *share;
        }
        let seen = &mut seen[at..at + HEAD];
        for (share, other) in shares.iter().zip(look.chunks_exact(3 * WIDTH)) {
            let share = share / all;
            let value = &other[2 * WIDTH + at..2 * WIDTH + at + HEAD];
            seen.iter_mut().zip(value).for_each(|(seen, value)| *seen += share * value);
        }
    }
}
