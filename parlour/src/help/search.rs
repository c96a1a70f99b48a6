//! Finds the page that a question means: words weighed by how rare they are (Okapi BM25), those of titles counting more.

use std::collections::{BTreeMap, BTreeSet};

/// How much a word in a title counts compared with one in the text.
const TITLE: f32 = 3.0;
/// BM25's k1 and b, at their usual values.
const SATURATION: f32 = 1.2;
const LENGTH: f32 = 0.75;
/// The part of a question's weight that a page has to know, or it is another question.
const KNOWN: f32 = 0.6;
/// How much better than the next one a page has to be.
const AHEAD: f32 = 1.15;

/// Words that say nothing about what is asked.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but",
    "by", "can", "could", "did", "do", "does", "for", "from", "get", "go", "got", "had", "has", "have",
    "hello", "help", "hey", "hi", "how", "i", "id", "if", "ill", "im", "in", "is", "it", "its", "ive",
    "just", "know", "like", "long", "me", "much", "my", "need", "no", "not", "now", "of", "on", "or", "our",
    "out", "please", "so", "some", "tell", "thanks", "that", "the", "their", "them", "then", "there", "they",
    "this", "to", "too", "up", "us", "use", "want", "was", "way", "we", "were", "what", "whats", "when",
    "where", "which", "who", "why", "will", "with", "would", "yet", "you", "your",
];

/// The words of some pages.
#[derive(Debug, Clone, Default)]
pub struct Index {
    pages: Vec<BTreeMap<String, f32>>,
    lengths: Vec<f32>,
    rarity: BTreeMap<String, f32>,
}

impl Index {
    /// Of (title, text).
    pub fn of<'a>(pages: impl Iterator<Item = (&'a str, &'a str)>) -> Index {
        let mut index = Index::default();
        for (title, text) in pages {
            let mut counts: BTreeMap<String, f32> = BTreeMap::new();
            for (words, weight) in [(title, TITLE), (text, 1.0)] {
                for word in stems(words) {
                    *counts.entry(word).or_default() += weight;
                }
            }
            index.lengths.push(counts.values().sum());
            index.pages.push(counts);
        }
        let all = index.pages.len() as f32;
        let mut spread: BTreeMap<String, f32> = BTreeMap::new();
        for word in index.pages.iter().flat_map(BTreeMap::keys) {
            *spread.entry(word.clone()).or_default() += 1.0;
        }
        let rarity = |n: f32| (1.0 + (all - n + 0.5) / (n + 0.5)).ln();
        index.rarity = spread.into_iter().map(|(word, n)| (word, rarity(n))).collect();
        index
    }

    /// The page that a question means, if one clearly is.
    pub fn find(&self, question: &str) -> Option<usize> {
        let words: BTreeSet<String> = stems(question).into_iter().collect();
        let most = (1.0 + self.pages.len() as f32 * 2.0 + 1.0).ln();
        let rarity = |word: &String| self.rarity.get(word).copied().unwrap_or(most);
        let asked: f32 = words.iter().map(rarity).sum();
        let mut scores: Vec<(f32, usize)> =
            (0..self.pages.len()).map(|at| (self.score(at, &words), at)).collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (score, at) = *scores.first()?;
        let known: f32 = words.iter().filter(|word| self.pages[at].contains_key(*word)).map(rarity).sum();
        let next = scores.get(1).map_or(0.0, |(next, _)| *next);
        (score > 0.0 && known >= KNOWN * asked && score >= AHEAD * next).then_some(at)
    }

    fn score(&self, at: usize, words: &BTreeSet<String>) -> f32 {
        let mean = self.lengths.iter().sum::<f32>() / self.lengths.len().max(1) as f32;
        let page = &self.pages[at];
        words.iter().filter_map(|word| Some((page.get(word)?, self.rarity.get(word)?))).fold(
            0.0,
            |sum, (count, rare)| {
                let length = 1.0 - LENGTH + LENGTH * self.lengths[at] / mean;
                sum + rare * count * (SATURATION + 1.0) / (count + SATURATION * length)
            },
        )
    }
}

/// The words of a text that say something, without their endings.
fn stems(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace(['\'', '’'], "");
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !STOP_WORDS.contains(word)).map(stem).collect()
}

/// Cuts the commonest English endings: cards, charged, charging.
fn stem(word: &str) -> String {
    let cut = |ending: &str| word.strip_suffix(ending).filter(|rest| rest.chars().count() >= 3);
    let cut = cut("ing").or_else(|| cut("ies")).or_else(|| cut("ed")).or_else(|| cut("es"));
    let cut = cut
        .or_else(|| word.strip_suffix('s').filter(|rest| rest.chars().count() >= 3 && !rest.ends_with('s')));
    cut.unwrap_or(word).trim_end_matches(['e', 'y']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        Index::of(
            [
                ("Where is my new card?", "Cards come by post within seven working days."),
                ("Why was I charged a fee for cash?", "Some machines of other banks charge a fee."),
                ("How do I change my PIN?", "At any machine of ours, under services."),
            ]
            .into_iter(),
        )
    }

    #[test]
    fn a_question_in_other_words_finds_its_page() {
        for (question, page) in [
            ("has my card been posted yet, is the new card coming", 0),
            ("there are charges for the cash machine", 1),
            ("changing the pin", 2),
        ] {
            assert_eq!(index().find(question), Some(page), "{question}");
        }
    }

    #[test]
    fn a_question_that_no_page_answers_finds_none() {
        for question in ["what is the weather in Oslo", "", "the", "do you sell pensions", "asdf qwer"] {
            assert_eq!(index().find(question), None, "{question}");
        }
    }
}
