//! What the privacy page tells: what a customer shares, what they shared, and who looked. And the way to it from
//! the chat.

use crate::{
    app::App,
    asking::Turn,
    consents::{self, Whole},
    reply::{Block, Reply},
    room,
    session::Session,
};
use domain::{ConsentState, EntryId};
use jiff::Timestamp;
use store::{DbError, access, consents as records};

/// How many consents are told at once, the newest ones: more than anybody gives in years.
pub const CONSENTS: usize = 20;
/// How many decisions a page shows: what a person reads in one go.
pub const LOOKS: usize = 25;
/// How many decisions are read at once.
const AT_ONCE: u32 = 200;
/// How many decisions are read to fill a page when only some are asked for. Each is unsealed, so this bounds the work
/// of one request to some tens of milliseconds.
const READ_AT_MOST: usize = 1_000;

/// What a customer shares, and what they shared.
pub struct Sharing {
    /// Given or paused, and its time is not over. Newest first.
    pub open: Vec<Whole>,
    /// All others, newest first.
    pub earlier: Vec<Whole>,
    /// How many older ones there are that are not told.
    pub more: usize,
    /// Whether a choice that was made at the bank waits for its yes in the chat.
    pub waiting: bool,
}

/// Whether data can be read on a consent now, or could if it were not paused.
pub fn is_open(whole: &Whole, now: Timestamp) -> bool {
    let consent = &whole.consent;
    matches!(consent.state, ConsentState::Given | ConsentState::Paused) && now < consent.expires_at
}

/// Everything that a customer shares or shared.
pub async fn sharing(app: &App, session: &Session) -> Result<Sharing, DbError> {
    let waiting = room::standing(app, session).await?.waiting_answer;
    let (bank, customer, now) = (session.bank.clone(), session.customer.clone(), app.clock.now());
    let read = move |tx: &mut store::Tx| -> Result<Sharing, DbError> {
        let mut all = records::of_customer(tx, &bank, &customer)?;
        let more = all.len().saturating_sub(CONSENTS);
        all.truncate(CONSENTS);
        let mut wholes = Vec::with_capacity(all.len());
        for consent in all {
            wholes.extend(consents::read_whole(tx, &bank, &customer, &consent.id)?);
        }
        let (open, earlier) = wholes.into_iter().partition(|whole| is_open(whole, now));
        Ok(Sharing { open, earlier, more, waiting })
    };
    app.store.read(read).await
}

/// Which decisions are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// Every one.
    #[default]
    All,
    /// Those that opened data.
    Allowed,
    /// Those that opened nothing.
    Refused,
}

impl Only {
    fn takes(self, allowed: bool) -> bool {
        match self {
            Only::All => true,
            Only::Allowed => allowed,
            Only::Refused => !allowed,
        }
    }
}

/// Some decisions about a customer's data.
pub struct Looks {
    /// Newest first.
    pub rows: Vec<access::Access>,
    /// The entry before which older ones are. None if all were read.
    pub older: Option<EntryId>,
}

/// The newest decisions about a customer's data, or those before one.
pub async fn looks(
    app: &App,
    session: &Session,
    only: Only,
    before: Option<EntryId>,
) -> Result<Looks, DbError> {
    let (bank, customer) = (session.bank.clone(), session.customer.clone());
    let read = move |tx: &mut store::Tx| -> Result<Looks, DbError> {
        let (mut last, mut rows, mut count) = (before.clone(), vec![], 0);
        loop {
            let some = access::of_customer(tx, &bank, &customer, last.as_ref(), AT_ONCE)?;
            let is_end = some.len() < AT_ONCE as usize;
            for one in some {
                if rows.len() == LOOKS || count == READ_AT_MOST {
                    return Ok(Looks { rows, older: last });
                }
                count += 1;
                last = Some(one.decision.entry.clone());
                if only.takes(one.decision.allowed) {
                    rows.push(one);
                }
            }
            if is_end {
                return Ok(Looks { rows, older: None });
            }
        }
    };
    app.store.read(read).await
}

/// "My privacy": the way to the page. In a messenger of somebody else there is no cookie that would open it, so there
/// the words are told that do the same, and the page opens after a sign-in at the bank, where the bank is asked for one.
pub fn tell(turn: &Turn) -> Reply {
    let words = ["What do I share?", "Who looked at my data?"];
    let href = format!("/privacy/{}", turn.tenant.id);
    let href = turn.app.settings.public_url.join(&href).map_or(href, String::from);
    let label = "Open my privacy page".to_owned();
    if turn.channel.is_foreign() {
        let text = "Nothing that you share is sold or used for ads. You can see and change all of it by writing here: what you share, who looked, “pause”, “stop”, “export \
                    my data” and “erase my data”.";
        if !turn.tenant.asks_who() {
            return Reply::text(text).with_quick(&words);
        }
        let text = format!("{text} Or open your privacy page and sign in at the bank there.");
        return Reply { blocks: vec![Block::Door { text, href, label }], ..Reply::default() }
            .with_quick(&words);
    }
    let text = "Nothing that you share is sold or used for ads. Your privacy page shows what you share, who looked, and why. There you can pause, change or stop the \
                sharing, take a copy of everything, or have it erased. It opens in this browser, for you only."
        .to_owned();
    Reply { blocks: vec![Block::Door { text, href, label }], ..Reply::default() }.with_quick(&words)
}
