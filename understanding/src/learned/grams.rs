//! A message as counted n-grams: one and two words, and three to five letters within a word.

use super::murmur::murmur3;

/// Buckets of each of the two blocks. Twice as many gain nothing on BANKING77.
pub const BUCKETS: usize = 1 << 14;

/// Features of both blocks.
pub const SPARSE: usize = 2 * BUCKETS;

/// Features with their weights, in ascending order of the feature.
pub type Sparse = Vec<(u32, f32)>;

/// The words of a message in small letters: runs of letters, digits and underscores; an apostrophe inside stays.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut letters = text.chars().flat_map(char::to_lowercase).peekable();
    while let Some(letter) = letters.next() {
        let inner = matches!(letter, '\'' | '\u{2019}' | '\u{02bc}')
            && !word.is_empty()
            && letters.peek().is_some_and(|next| next.is_alphanumeric());
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
        } else if inner {
            word.push('\'');
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Calls `found` with every n-gram and its feature, as often as it occurs. A gram of letters has a space where its word
/// begins or ends.
pub fn each_gram(text: &str, mut found: impl FnMut(&str, u32)) {
    let words = words(text);
    let of_words = |gram: &str| murmur3(gram.as_bytes()) % BUCKETS as u32;
    let of_letters = |gram: &str| BUCKETS as u32 + murmur3(gram.as_bytes()) % BUCKETS as u32;
    let mut pair = String::new();
    for (at, word) in words.iter().enumerate() {
        found(word, of_words(word));
        if let Some(next) = words.get(at + 1) {
            pair.clear();
            pair.extend([word, " ", next]);
            found(&pair, of_words(&pair));
        }
    }
    for word in &words {
        let padded = format!(" {word} ");
        let ends: Vec<usize> = padded.char_indices().map(|(at, _)| at).chain([padded.len()]).collect();
        for length in 3..=5 {
            // A word no longer than the gram counts once, as a whole.
            if ends.len() <= length + 1 {
                found(&padded, of_letters(&padded));
                break;
            }
            for window in ends.windows(length + 1) {
                let gram = &padded[window[0]..window[length]];
                found(gram, of_letters(gram));
            }
        }
    }
}

/// How rare each feature is: what the messages of the training set say.
#[derive(Debug, Clone, PartialEq)]
pub struct Rarity {
    /// In how many messages a feature occurs.
    pub seen_in: Vec<u16>,
    /// How many messages there were.
    pub messages: u32,
    weights: Vec<f32>,
}

impl Rarity {
    /// From counts that an artefact holds. None if they are not [`SPARSE`] many.
    pub fn new(seen_in: Vec<u16>, messages: u32) -> Option<Rarity> {
        if seen_in.len() != SPARSE {
            return None;
        }
        Some(Rarity::weighed(seen_in, messages))
    }

    fn weighed(seen_in: Vec<u16>, messages: u32) -> Rarity {
        let all = 1.0 + f64::from(messages);
        let weight = |seen: &u16| (libm::log(all / (1.0 + f64::from(*seen))) + 1.0) as f32;
        let weights = seen_in.iter().map(weight).collect();
        Rarity { seen_in, messages, weights }
    }

    /// Counts in which of `texts` each feature occurs.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>) -> Rarity {
        let mut seen_in = vec![0u16; SPARSE];
        let mut messages = 0;
        for text in texts {
            messages += 1;
            for (feature, _) in counts(text) {
                let seen = &mut seen_in[feature as usize];
                *seen = seen.saturating_add(1);
            }
        }
        Rarity::weighed(seen_in, messages)
    }

    /// Which part of a message's n-grams, by their weight, no message of the training set had; 1 for one without any.
    pub fn unseen(&self, features: &Sparse) -> f32 {
        let (mut all, mut unseen) = (0.0, 0.0);
        for (feature, weight) in features {
            let squared = weight * weight;
            all += squared;
            if self.seen_in[*feature as usize] == 0 {
                unseen += squared;
            }
        }
        if all > 0.0 { unseen / all } else { 1.0 }
    }

    /// A message as features: (1 + ln n) x rarity, each block of length 1.
    pub fn features(&self, text: &str) -> Sparse {
        let mut features: Sparse = counts(text)
            .into_iter()
            .map(|(feature, n)| {
                let frequency = 1.0 + libm::logf(n as f32);
                (feature, frequency * self.weights[feature as usize])
            })
            .collect();
        let split = features.partition_point(|(feature, _)| (*feature as usize) < BUCKETS);
        let (words, letters) = features.split_at_mut(split);
        to_length_one(words);
        to_length_one(letters);
        features
    }
}

fn counts(text: &str) -> Vec<(u32, u32)> {
    let mut all = Vec::with_capacity(4 * text.len());
    each_gram(text, |_, feature| all.push(feature));
    all.sort_unstable();
    let mut counts: Vec<(u32, u32)> = Vec::with_capacity(all.len());
    for feature in all {
        match counts.last_mut() {
            Some((last, n)) if *last == feature => *n += 1,
            _ => counts.push((feature, 1)),
        }
    }
    counts
}

fn to_length_one(block: &mut [(u32, f32)]) {
    let length = block.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    if length > 0.0 {
        block.iter_mut().for_each(|(_, weight)| *weight /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each_gram(text, |gram, _| all.push(gram.to_owned()));
        all
    }

    #[test]
    fn words_are_small_and_keep_an_inner_apostrophe() {
        assert_eq!(
            words("What’s MY 'balance'? top_up 5\u{1f600}"),
            ["what's", "my", "balance", "top_up", "5"]
        );
        assert!(words("?! \u{1f600}").is_empty());
    }

    #[test]
    fn grams_are_words_pairs_and_letters_within_a_word() {
        assert_eq!(
            grams("my pin"),
            ["my", "my pin", "pin", " my", "my ", " my ", " pi", "pin", "in ", " pin", "pin ", " pin "]
        );
        assert_eq!(grams("é"), ["é", " é "]);
    }

    #[test]
    fn each_block_has_length_one() {
        let rarity = Rarity::learn(["my card", "my pin my"].into_iter());
        let features = rarity.features("my my card");
        for block in [0..BUCKETS as u32, BUCKETS as u32..SPARSE as u32] {
            let squares = features.iter().filter(|(at, _)| block.contains(at)).map(|(_, w)| w * w);
            assert!((squares.sum::<f32>() - 1.0).abs() < 1e-5);
        }
        assert!(rarity.features("").is_empty());
    }
}
