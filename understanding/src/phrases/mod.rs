//! The phrases that are understood. Data only; `matching.rs` says how a phrase is written: `a|b` either,
//! `a?` may be missing, `*` up to four words between, `^` and `$` the ends of the message. All in small letters and
//! without apostrophes.

use crate::intent::Intent;

mod money;
mod services;
mod sharing;
mod talk;

/// How much a phrase says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Enough to act.
    Strong,
    /// Enough to ask back.
    Weak,
}

/// Phrases of some intents, each with what it says.
type Phrases = &'static [(Intent, Strength, &'static [&'static str])];

/// The whole table.
pub(crate) const PHRASES: [Phrases; 4] = [money::PHRASES, services::PHRASES, sharing::PHRASES, talk::PHRASES];
