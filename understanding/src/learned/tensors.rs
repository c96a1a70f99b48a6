//! Named matrices as an encoder is stored: whole numbers, bytes with a scale per row, or half bytes with a scale per group.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Half bytes share a scale in groups of this many.
pub const GROUP: usize = 32;

/// What is wrong with stored weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWeights {
    /// The file does not have the form of safetensors.
    #[error("the weights are no safetensors file")]
    Form,
    /// A matrix is missing.
    #[error("the weights lack `{name}`")]
    Lacks {
        /// Its name.
        name: String,
    },
    /// A matrix is there in another size or kind.
    #[error("`{name}` in the weights has another size or kind than expected")]
    Shape {
        /// Its name.
        name: String,
    },
}

/// The numbers of a matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// As they are.
    Floats(Vec<f32>),
    /// A row's scale times these.
    Bytes {
        /// One for each row.
        scales: Vec<f32>,
        /// From -127 to 127.
        values: Vec<i8>,
    },
    /// A group's scale times these less 8; the low half comes first.
    Nibbles {
        /// One for each [`GROUP`], in half precision.
        scales: Vec<u16>,
        /// Two in each.
        values: Vec<u8>,
    },
}

/// A matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Numbers in a row.
    pub width: usize,
    /// Its numbers.
    pub numbers: Numbers,
}

impl Tensor {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        let numbers = match &self.numbers {
            Numbers::Floats(values) => values.len(),
            Numbers::Bytes { values, .. } => values.len(),
            Numbers::Nibbles { values, .. } => 2 * values.len(),
        };
        numbers / self.width.max(1)
    }

    /// Whether scales and values go together.
    pub fn is_whole(&self) -> bool {
        let whole = |numbers: usize| self.width > 0 && numbers.is_multiple_of(self.width);
        match &self.numbers {
            Numbers::Floats(values) => whole(values.len()),
            Numbers::Bytes { scales, values } => whole(values.len()) && scales.len() == self.rows(),
            Numbers::Nibbles { scales, values } => {
                whole(2 * values.len())
                    && self.width.is_multiple_of(GROUP)
                    && scales.len() * GROUP == 2 * values.len()
            }
        }
    }

    /// Writes a row to `out`; a row that does not exist is zeros.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        let range = row * self.width..(row + 1) * self.width;
        out.fill(0.0);
        match &self.numbers {
            Numbers::Floats(values) => {
                if let Some(values) = values.get(range) {
                    out.copy_from_slice(values);
                }
            }
            Numbers::Bytes { scales, values } => {
                let (Some(values), Some(scale)) = (values.get(range), scales.get(row)) else { return };
                out.iter_mut().zip(values).for_each(|(out, value)| *out = f32::from(*value) * scale);
            }
            Numbers::Nibbles { scales, values } => {
                let halves = range.start / 2..range.end / 2;
                let groups = range.start / GROUP..range.end / GROUP;
                let (Some(values), Some(scales)) = (values.get(halves), scales.get(groups)) else { return };
                let groups = out.chunks_exact_mut(GROUP).zip(values.chunks_exact(GROUP / 2)).zip(scales);
                for ((out, values), scale) in groups {
                    let scale = half(*scale);
                    for (out, value) in out.chunks_exact_mut(2).zip(values) {
                        out[0] = (f32::from(value & 15) - 8.0) * scale;
                        out[1] = (f32::from(value >> 4) - 8.0) * scale;
                    }
                }
            }
        }
    }

    /// All numbers as they are.
    pub fn floats(&self) -> Vec<f32> {
        let mut all = vec![0.0; self.rows() * self.width];
        for (row, out) in all.chunks_exact_mut(self.width.max(1)).enumerate() {
            self.row(row, out);
        }
        all
    }

    /// The same, rounded to bytes.
    pub fn in_bytes(&self) -> Tensor {
        if matches!(self.numbers, Numbers::Bytes { .. }) {
            return self.clone();
        }
        let floats = self.floats();
        let mut scales = Vec::with_capacity(self.rows());
        let mut values = Vec::with_capacity(floats.len());
        for row in floats.chunks_exact(self.width) {
            let most = row.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            let scale = if most > 0.0 { most / 127.0 } else { 1.0 };
            scales.push(scale);
            values.extend(row.iter().map(|value| (value / scale).round_ties_even() as i8));
        }
        Tensor { width: self.width, numbers: Numbers::Bytes { scales, values } }
    }
}

/// Named matrices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tensors(pub BTreeMap<String, Tensor>);

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

impl Tensors {
    /// Reads a safetensors file with numbers of 32 bits, or with pairs `NAME.q4`, `NAME.scales` for half bytes, whose
    /// widths `width_of` must tell because the file does not.
    pub fn from_safetensors(bytes: &[u8], width_of: impl Fn(&str) -> usize) -> Result<Tensors, BadWeights> {
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or(BadWeights::Form)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| BadWeights::Form)?;
        let (head, data) = rest.split_at_checked(length).ok_or(BadWeights::Form)?;
        let head: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(head).map_err(|_| BadWeights::Form)?;
        let mut entries = BTreeMap::new();
        for (name, value) in head.into_iter().filter(|(name, _)| name != "__metadata__") {
            let entry: Entry = serde_json::from_value(value).map_err(|_| BadWeights::Form)?;
            let [from, to] = entry.data_offsets;
            let values = data.get(from..to).ok_or(BadWeights::Form)?;
            entries.insert(name, (entry, values));
        }
        let mut tensors = BTreeMap::new();
        for (name, (entry, values)) in &entries {
            let shape = || BadWeights::Shape { name: name.clone() };
            let (name, tensor) = if entry.dtype == "F32" {
                let width = entry.shape.last().copied().unwrap_or(1);
                let (values, _) = values.as_chunks::<4>();
                let values = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
                (name.as_str(), Tensor { width, numbers: Numbers::Floats(values) })
            } else if let Some(name) = name.strip_suffix(".q4") {
                let (_, scales) = entries.get(&format!("{name}.scales")).ok_or_else(shape)?;
                let (scales, _) = scales.as_chunks::<2>();
                let scales = scales.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
                let numbers = Numbers::Nibbles { scales, values: values.to_vec() };
                (name, Tensor { width: width_of(name), numbers })
            } else {
                continue;
            };
            if !tensor.is_whole() {
                return Err(shape());
            }
            tensors.insert(name.to_owned(), tensor);
        }
        Ok(Tensors(tensors))
    }

    /// The matrix of this name and size.
    pub fn get(&self, name: &str, rows: usize, width: usize) -> Result<&Tensor, BadWeights> {
        let tensor = self.0.get(name).ok_or_else(|| BadWeights::Lacks { name: name.to_owned() })?;
        if (tensor.rows(), tensor.width) != (rows, width) {
            return Err(BadWeights::Shape { name: name.to_owned() });
        }
        Ok(tensor)
    }

    /// The numbers of a single row.
    pub fn vector(&self, name: &str, width: usize) -> Result<Vec<f32>, BadWeights> {
        Ok(self.get(name, 1, width)?.floats())
    }
}

/// A number in half precision (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, part) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    let value = match exponent {
        0 => part * 2f32.powi(-24),
        31 => f32::MAX,
        _ => (1.0 + part / 1024.0) * 2f32.powi(exponent - 15),
    };
    sign * value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_read() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8)]
        {
            assert_eq!(half(bits), value);
        }
    }

    #[test]
    fn half_bytes_are_less_eight_times_the_scale_of_their_group() {
        let numbers = Numbers::Nibbles { scales: vec![0x3c00, 0x4000], values: vec![0x0f; 32] };
        let tensor = Tensor { width: 64, numbers };
        assert!(tensor.is_whole());
        let floats = tensor.floats();
        assert_eq!((floats[0], floats[1], floats[32], floats[33]), (7.0, -8.0, 14.0, -16.0));
    }

    #[test]
    fn bytes_are_near_what_they_stand_for() {
        let tensor = Tensor { width: 2, numbers: Numbers::Floats(vec![1.0, -0.5, 0.0, 0.0]) };
        let bytes = tensor.in_bytes();
        assert!(bytes.is_whole());
        for (a, b) in tensor.floats().iter().zip(bytes.floats()) {
            assert!((a - b).abs() < 0.005);
        }
    }

    #[test]
    fn a_broken_file_is_an_error() {
        for bytes in [&b""[..], b"12345678", &[255; 16], b"\x02\0\0\0\0\0\0\0[]"] {
            assert_eq!(Tensors::from_safetensors(bytes, |_| 384), Err(BadWeights::Form));
        }
    }
}
