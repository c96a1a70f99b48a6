//! The static table: a short row of numbers for each piece of the vocabulary. The mean of a message's rows says roughly
//! what the message is about, without an encoder at run time.

use super::wordpiece::Vocabulary;

/// Numbers in a row. Twice as many gain nothing on BANKING77.
pub const SHORT: usize = 128;

/// Pieces of a message that are looked up.
pub const MAX_LOOKED_UP: usize = 256;

/// A piece without a row.
const NO_ROW: u32 = u32::MAX;

/// The rows of all pieces that have one.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// For each piece of the vocabulary its row, or `u32::MAX`.
    rows: Vec<u32>,
    /// One for each row: a row is this times its values.
    pub scales: Vec<f32>,
    /// [`SHORT`] for each row.
    pub values: Vec<i8>,
}

/// Whether a piece gets a row: plain words, parts of words, and single signs.
pub fn has_row(piece: &str) -> bool {
    let rest = piece.strip_prefix("##").unwrap_or(piece);
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '\'';
    let mut letters = piece.chars();
    let single_sign = match (letters.next(), letters.next()) {
        (Some(letter), None) => !letter.is_alphanumeric() && !letter.is_whitespace() && letter != '_',
        _ => false,
    };
    single_sign || (!rest.is_empty() && rest.chars().all(plain))
}

impl Table {
    /// Rows for those pieces of the vocabulary that get one, in order. None if they are not that many.
    pub fn new(vocabulary: &Vocabulary, scales: Vec<f32>, values: Vec<i8>) -> Option<Table> {
        let mut next = 0;
        let rows = (0..vocabulary.len() as u32).map(|number| {
            if !has_row(vocabulary.piece(number)) {
                return NO_ROW;
            }
            next += 1;
            next - 1
        });
        let rows = rows.collect();
        let fits = scales.len() == next as usize && values.len() == scales.len() * SHORT;
        fits.then_some(Table { rows, scales, values })
    }

    /// The mean row of a message's pieces; zeros if none has one.
    pub fn mean(&self, pieces: &[u32]) -> Vec<f32> {
        let mut mean = vec![0.0; SHORT];
        let mut n = 0;
        for piece in pieces {
            let row = self.rows.get(*piece as usize).copied().unwrap_or(NO_ROW) as usize;
            let (Some(scale), Some(values)) = (
                self.scales.get(row),
                self.values.get(row.saturating_mul(SHORT)..).and_then(|rest| rest.get(..SHORT)),
            ) else {
                continue;
            };
            n += 1;
            mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += scale * f32::from(*value));
        }
        mean.iter_mut().for_each(|mean| *mean /= n.max(1) as f32);
        mean
    }
}

/// The same vector less `centre`, with length 1; zeros stay zeros.
pub fn centred(vector: &[f32], centre: &[f32]) -> Vec<f32> {
    let mut out: Vec<f32> = vector.iter().zip(centre).map(|(value, centre)| value - centre).collect();
    let length = out.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        out.iter_mut().for_each(|value| *value /= length);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_parts_of_words_and_signs_have_rows() {
        for piece in ["card", "##s", "'", "?", "£", "#", "401"] {
            assert!(has_row(piece), "{piece}");
        }
        for piece in ["[PAD]", "é", "##ü", "", "_", "##"] {
            assert!(!has_row(piece), "{piece}");
        }
    }

    #[test]
    fn the_mean_is_of_pieces_with_rows_only() {
        let vocabulary = Vocabulary::new("[UNK]\n[CLS]\n[SEP]\na\nb\n").unwrap();
        let mut values = vec![0; 2 * SHORT];
        (values[0], values[SHORT]) = (100, 50);
        let table = Table::new(&vocabulary, vec![1.0, 2.0], values).unwrap();
        assert_eq!(table.mean(&[0, 3, 4, 99])[0], 100.0);
        assert_eq!(table.mean(&[])[0], 0.0);
        assert!(Table::new(&vocabulary, vec![1.0], vec![0; SHORT]).is_none());
    }
}
