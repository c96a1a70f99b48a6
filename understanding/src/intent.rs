//! What a message asks for.

use crate::lexicon::{DOMINATES, FILLERS, MOST_SMALL_TALK, NEGATIONS, OTHER_BUSINESS, SMALL_TALK, TROUBLE};
use crate::matching::{Match, Phrase};
use crate::phrases::{PHRASES, Strength};
use crate::words::Word;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What a customer can ask for here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// How much money there is.
    Balance,
    /// What came in and went out.
    Transactions,
    /// How much was spent, on the whole, at a merchant or in a time.
    Spending,
    /// On what kinds of things money was spent, and in which months.
    Picture,
    /// Whether more or less was spent than before.
    Compare,
    /// A card is to stop paying for now.
    CardFreeze,
    /// A frozen card is to pay again.
    CardUnfreeze,
    /// A card is lost.
    CardLost,
    /// A card was stolen.
    CardStolen,
    /// What a card may spend, and where.
    CardLimits,
    /// The customer travels, or does not after all.
    Travel,
    /// An account is to be called something else.
    Nickname,
    /// Statements of an account.
    Statements,
    /// Payments that are ordered once and for all.
    Schedules,
    /// Merchants who take the same again and again.
    Subscriptions,
    /// How the bank reaches the customer.
    Contact,
    /// Tell them when something happens on their accounts.
    Watch,
    /// What they are told of now.
    Watches,
    /// Tell them no more of it.
    WatchStop,
    /// Payments as a file to take along.
    TakeAlong,
    /// What was done at the bank for them.
    Deeds,
    /// Take the last of it back.
    Undo,
    /// In which shops or places.
    WhereShopped,
    /// Who read the customer's data.
    WhoLooked,
    /// Proof of who read the customer's data.
    Receipts,
    /// End the sharing.
    Stop,
    /// Erase all that is kept.
    Erase,
    /// Give a copy of all that is kept.
    Export,
    /// Halt the sharing for a while.
    Pause,
    /// End the pause.
    Resume,
    /// Share something else.
    Change,
    /// What is shared.
    MyConsents,
    /// The privacy page.
    Privacy,
    /// Begin the sharing.
    Link,
    /// What can be asked.
    Help,
    /// When people of the bank are there.
    Hours,
    /// Whether the chat is linked.
    Standing,
    /// Hello and goodbye.
    Greeting,
    /// Thanks.
    Thanks,
    /// A human being, please.
    Person,
    /// Agreement.
    Yes,
    /// Refusal.
    No,
}

/// What to do about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Do this.
    Act(Intent),
    /// Ask which of these was meant; one to [`MAX_CHOICES`], the likeliest first.
    Clarify(Vec<Intent>),
    /// Say that it was not understood.
    Refuse,
}

/// More choices than this are a list to study, not a question.
pub const MAX_CHOICES: usize = 3;

/// From here on an intent is acted upon.
const ACT: f32 = 0.8;

/// From here on an intent is worth asking about.
const ASK: f32 = 0.4;

/// A message with more words than this that the phrase does not explain may be about something else.
fn most_other_words(intent: Intent) -> usize {
    match intent {
        Intent::Help | Intent::Greeting => 4,
        Intent::Link => 6,
        Intent::Pause | Intent::Resume | Intent::Change => 4,
        _ => 14,
    }
}

/// How sure a message is that has no word but those of one kind of small talk.
const SMALL_TALK_SCORE: f32 = 0.96;

struct Candidate {
    intent: Intent,
    score: f32,
}

/// Decides on an intent, with how sure that is.
pub(crate) fn decide(words: &[Word]) -> (Decision, f32) {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if let Some(intent) = small_talk(&texts) {
        return (Decision::Act(intent), SMALL_TALK_SCORE);
    }
    let mut candidates = candidates(&texts);
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let dominated: Vec<Intent> = DOMINATES
        .iter()
        .filter(|(winner, _)| candidates.iter().any(|one| one.intent == *winner && one.score >= ACT))
        .flat_map(|(_, losers)| losers.iter().copied())
        .collect();
    candidates.retain(|one| !dominated.contains(&one.intent) && one.score >= ASK);
    match candidates.as_slice() {
        [] => (Decision::Refuse, 0.0),
        [first, rest @ ..] if first.score >= ACT && rest.iter().all(|other| other.score < ACT) => {
            (Decision::Act(first.intent), first.score)
        }
        [first, ..] => {
            let choices = candidates.iter().take(MAX_CHOICES).map(|one| one.intent).collect();
            (Decision::Clarify(choices), first.score / candidates.len() as f32)
        }
    }
}

/// The kind of small talk that a message is and nothing else.
fn small_talk(texts: &[&str]) -> Option<Intent> {
    if texts.len() > MOST_SMALL_TALK {
        return None;
    }
    let fits = |keys: &[&str], others: &[&str]| {
        texts.iter().any(|word| keys.contains(word))
            && texts.iter().all(|word| keys.contains(word) || others.contains(word))
    };
    SMALL_TALK.iter().find(|(_, keys, others)| fits(keys, others)).map(|(intent, ..)| *intent)
}

/// The best score of each intent that any phrase speaks for.
fn candidates(texts: &[&str]) -> Vec<Candidate> {
    let core = without_fillers(texts);
    let mut found: Vec<Candidate> = Vec::new();
    for (intent, strength, phrase) in table() {
        let matched = phrase.find(texts).map(|matched| (texts, matched));
        let matched = matched.or_else(|| phrase.find(core).map(|matched| (core, matched)));
        let Some((within, matched)) = matched else { continue };
        let score = score(*intent, *strength, &matched, within);
        match found.iter_mut().find(|one| one.intent == *intent) {
            Some(one) => one.score = one.score.max(score),
            None => found.push(Candidate { intent: *intent, score }),
        }
    }
    found
}

/// The table of phrases, taken apart once.
fn table() -> &'static [(Intent, Strength, Phrase)] {
    static TABLE: LazyLock<Vec<(Intent, Strength, Phrase)>> = LazyLock::new(|| {
        let phrases = |(intent, strength, phrases): &(Intent, Strength, &'static [&'static str])| {
            let (intent, strength) = (*intent, *strength);
            phrases.iter().map(move |phrase| (intent, strength, Phrase::new(phrase)))
        };
        PHRASES.into_iter().flatten().flat_map(phrases).collect()
    });
    &TABLE
}

fn score(intent: Intent, strength: Strength, matched: &Match, words: &[&str]) -> f32 {
    let sure = match strength {
        Strength::Strong => 0.90 + 0.02 * (matched.literals.min(4) as f32 - 1.0),
        Strength::Weak => return 0.5,
    };
    let typed_wrong = if matched.typos > 0 { 0.06 } else { 0.0 };
    let lead = &words[matched.from.saturating_sub(3)..matched.from];
    let negated = lead.iter().any(|word| NEGATIONS.contains(word));
    let other_words = words.len() - (matched.to - matched.from);
    let doubtful = negated || is_elsewhere(intent, words) || other_words > most_other_words(intent);
    if doubtful { 0.55 } else { sure - typed_wrong }
}

/// Whether words beside the phrase speak of a matter that this intent does not settle. A person can be had for any
/// matter, who looked can be told whatever it is about, and a yes or no speaks of the question before it.
fn is_elsewhere(intent: Intent, words: &[&str]) -> bool {
    let about_money = matches!(
        intent,
        Intent::Balance
            | Intent::Transactions
            | Intent::Spending
            | Intent::Picture
            | Intent::Compare
            | Intent::WhereShopped
    );
    let for_any_matter = matches!(
        intent,
        Intent::Person
            | Intent::WhoLooked
            | Intent::Receipts
            | Intent::MyConsents
            | Intent::Privacy
            | Intent::Hours
            | Intent::Standing
            | Intent::CardFreeze
            | Intent::CardUnfreeze
            | Intent::CardLost
            | Intent::CardStolen
            | Intent::CardLimits
            | Intent::Travel
            | Intent::Nickname
            | Intent::Statements
            | Intent::Schedules
            | Intent::Subscriptions
            | Intent::Contact
            | Intent::Watch
            | Intent::Watches
            | Intent::WatchStop
            | Intent::TakeAlong
            | Intent::Deeds
            | Intent::Undo
            | Intent::Yes
            | Intent::No
    );
    // "Where does my money go" and "my largest deposit" tell of no trouble.
    let is_fine = |at: usize| {
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        matches!((before, words[at]), ("where", "does") | ("largest" | "biggest" | "highest", "deposit"))
    };
    (0..words.len()).any(|at| {
        (!for_any_matter && OTHER_BUSINESS.contains(&words[at]))
            || (about_money && TROUBLE.contains(&words[at]) && !is_fine(at))
    })
}

/// The message without "please", "hi" and the like at its ends.
fn without_fillers<'a, 'b>(texts: &'a [&'b str]) -> &'a [&'b str] {
    let is_filler = |word: &&str| FILLERS.contains(word);
    let from = texts.iter().position(|word| !is_filler(word)).unwrap_or(0);
    let to = texts.iter().rposition(|word| !is_filler(word)).map_or(texts.len(), |last| last + 1);
    &texts[from..to]
}
