//! The scores of payments whose truth is not known yet: a table of fixed size, in which a newer payment takes the place of an older
//! one. Ids are keyed hashes, so what is lost is lost by chance, whatever its score.

/// Places. A bank keeps nearly all scores if fewer than that many payments come between a payment and its label; with as many, 37 %
/// remain.
const PLACES: usize = 1 << 20;
/// Bytes of a place: tag, score, score on trial, flags.
const BYTES: usize = 16;
/// The place holds something.
const TAKEN: u32 = 1;
/// The card was known to be compromised.
const BLOCKED: u32 = 2;

/// What was said of a payment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// By the model in force, in logarithms of odds.
    pub raw: f32,
    /// By the model on trial, as a probability; NaN if there was none.
    pub on_trial: f32,
    /// Whether a fraud of the card was known when it was paid with.
    pub blocked: bool,
}

/// The table. It takes 16 MB at most, of which the system gives what is used.
#[derive(Debug, Clone)]
pub struct Scores(Vec<[u32; 4]>);

impl Default for Scores {
    fn default() -> Scores {
        Scores(vec![[0; 4]; PLACES])
    }
}

#[expect(clippy::cast_possible_truncation, reason = "both halves of the id are used")]
fn split(id: u64) -> (usize, u32) {
    (id as usize % PLACES, (id >> 32) as u32 ^ id as u32)
}

impl Scores {
    /// Keeps a score.
    pub fn put(&mut self, id: u64, score: Score) {
        let (place, tag) = split(id);
        let flags = TAKEN | if score.blocked { BLOCKED } else { 0 };
        self.0[place] = [tag, score.raw.to_bits(), score.on_trial.to_bits(), flags];
    }

    /// The score of a payment, once.
    pub fn take(&mut self, id: u64) -> Option<Score> {
        let (place, wanted) = split(id);
        let [tag, raw, on_trial, flags] = self.0[place];
        if flags & TAKEN == 0 || tag != wanted {
            return None;
        }
        self.0[place] = [0; 4];
        Some(Score {
            raw: f32::from_bits(raw),
            on_trial: f32::from_bits(on_trial),
            blocked: flags & BLOCKED != 0,
        })
    }

    /// Forgets what the model on trial said.
    pub fn forget_trial(&mut self) {
        for [_, _, on_trial, flags] in &mut self.0 {
            if *flags & TAKEN != 0 {
                *on_trial = f32::NAN.to_bits();
            }
        }
    }

    /// The places that hold something, each with its number.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        for (place, words) in self.0.iter().enumerate().filter(|(_, words)| words[3] & TAKEN != 0) {
            bytes.extend(u32::try_from(place).unwrap_or(u32::MAX).to_le_bytes());
            words.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        }
    }

    /// Reads what [`Scores::write`] wrote. None: it is something else.
    pub fn read(bytes: &[u8]) -> Option<Scores> {
        let mut scores = Scores::default();
        let (chunks, rest) = bytes.as_chunks::<{ BYTES + 4 }>();
        for chunk in chunks {
            let word = |at: usize| {
                chunk.get(4 * at..).and_then(|rest| rest.first_chunk()).map(|word| u32::from_le_bytes(*word))
            };
            let place = scores.0.get_mut(usize::try_from(word(0)?).ok()?)?;
            *place = [word(1)?, word(2)?, word(3)?, word(4)?];
        }
        rest.is_empty().then_some(scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_there_once_and_comes_back_from_bytes() {
        let mut scores = Scores::default();
        let one = Score { raw: -3.5, on_trial: 0.25, blocked: false };
        let two = Score { raw: 1.0, on_trial: f32::NAN, blocked: true };
        scores.put(7 << 40 | 1, one);
        scores.put(u64::MAX, two);
        let mut bytes = vec![];
        scores.write(&mut bytes);
        let mut again = Scores::read(&bytes).unwrap();
        assert_eq!(again.take(8 << 40 | 1), None, "another payment at the same place");
        assert_eq!(again.take(7 << 40 | 1), Some(one));
        assert_eq!(again.take(7 << 40 | 1), None, "once");
        assert!(again.take(u64::MAX).is_some_and(|score| score.blocked && score.on_trial.is_nan()));
        assert!(Scores::read(&bytes[1..]).is_none(), "a byte is missing");
        let far = [u32::try_from(PLACES).unwrap(), 0, 0, 0, TAKEN].map(u32::to_le_bytes).concat();
        assert!(Scores::read(&far).is_none(), "there is no such place");
    }

    #[test]
    fn a_newer_payment_takes_the_place_of_an_older_one() {
        let mut scores = Scores::default();
        let score = |raw| Score { raw, on_trial: 0.0, blocked: false };
        scores.put(1 << 33 | 5, score(1.0));
        scores.put(1 << 34 | 5, score(2.0));
        assert_eq!(scores.take(1 << 33 | 5), None);
        assert_eq!(scores.take(1 << 34 | 5), Some(score(2.0)));
    }
}
