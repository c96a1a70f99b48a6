//! Receipts: what proves to a customer that one decision about their data stands in the bank's log, and what
//! it was.

use crate::{
    app::App,
    asking::{Shown, Turn, TurnFault},
    consents,
    logs::{self, LogFault},
    reply::{Block, ReceiptLine, Reply},
    sealed::{self, Skill},
    session::Session,
};
use access_log::{Opening, ProofError, Receipt};
use domain::EntryId;
use store::{DbError, access, consent_events};

/// Seconds after which a receipt that is not ready may be asked for again: checkpoints follow each other
/// within a second.
const AGAIN_AFTER_S: u64 = 2;

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum NoReceipt {
    /// No such decision about this customer's data, or it has no place in the log yet.
    #[error("there is no such entry about this customer's data")]
    Unknown,
    /// The entry is safe in the store and not in a published checkpoint yet.
    #[error("entry {index} is not published yet; ask again after {after_s} s")]
    NotYet {
        /// Its place in the log.
        index: u64,
        /// When to ask again.
        after_s: u64,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// The proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// How many receipts are offered in the chat at once.
const IN_CHAT: u32 = 5;

/// Offers the receipts of the newest decisions about this person's data.
pub async fn tell(turn: &Turn) -> Result<Reply, TurnFault> {
    if turn.channel.is_foreign() {
        return match turn.shown {
            Shown::InConversation => sealed::offer_own(turn, Skill::Receipts).await,
            Shown::OnItsPage { .. } => of_ends(turn).await,
        };
    }
    let of = turn.conversation.clone();
    let found =
        turn.app.store.read(move |tx| access::of_customer(tx, &of.bank, &of.customer, None, IN_CHAT)).await?;
    if found.is_empty() {
        return Ok(Reply::text("Nobody has asked for your data in this chat, so there is nothing to prove."));
    }
    let bank = &turn.tenant.id;
    let row = |access::Access { decision, index }| ReceiptLine {
        at: decision.at,
        what: decision.data_class.in_words().to_owned(),
        allowed: decision.allowed,
        index,
        href: format!("/v1/chat/{bank}/access/{}/receipt", decision.entry),
    };
    let rows = found.into_iter().map(row).collect();
    let text =
        "A receipt proves what was decided about your data, and that the bank’s log says so. Keep it: it \
                holds for ever, and nobody can take it back."
            .to_owned();
    let receipts = Block::Receipts { rows, verify: format!("/verify?bank={bank}") };
    Ok(Reply { blocks: vec![Block::Text { text }, receipts], ..Reply::default() })
}

/// The receipts of what was shared and has ended, as texts, for a page in a browser without a session.
async fn of_ends(turn: &Turn) -> Result<Reply, TurnFault> {
    let (of, bank) = (turn.conversation.clone(), turn.tenant.name.clone());
    let texts = turn.app.store.read(move |tx| -> Result<Vec<String>, DbError> {
        let mut texts = vec![];
        for consent in store::consents::of_customer(tx, &of.bank, &of.customer)? {
            let whole = consents::read_whole(tx, &of.bank, &of.customer, &consent.id)?;
            let receipt = whole.and_then(|whole| consents::receipt::Receipt::of(&whole, &bank));
            texts.extend(receipt.map(|receipt| receipt.to_string()));
        }
        Ok(texts)
    });
    let texts = texts.await?;
    let begin = match texts.is_empty() {
        true => "Nothing that you shared has ended yet, so there is no receipt of an end.",
        false => "A receipt says what ended, when, and where that stands in the bank’s log.",
    };
    let blocks = std::iter::once(begin.to_owned()).chain(texts).map(|text| Block::Text { text });
    Ok(Reply { blocks: blocks.collect(), ..Reply::default() })
}

/// The receipt of one decision about a customer's own data, or of one change of a consent of theirs.
pub async fn receipt(app: &App, session: &Session, entry: &EntryId) -> Result<Receipt, NoReceipt> {
    let (bank, customer, asked) = (session.bank.clone(), session.customer.clone(), entry.clone());
    let opened = app.store.read(move |tx| -> Result<_, DbError> {
        match access::opening(tx, &bank, &customer, &asked)? {
            Some(opened) => Ok(Some(opened)),
            None => consent_events::opening(tx, &bank, &customer, &asked),
        }
    });
    let opened = opened.await?;
    let access::Opening { index, record, key, .. } = opened.ok_or(NoReceipt::Unknown)?;
    let extra = Opening { record, key }.to_extra();
    let (logs, bank) = (app.logs.clone(), session.bank.clone());
    logs::in_thread(move || {
        let checkpoint = logs.covering(&bank, index)?;
        let checkpoint = checkpoint.ok_or(NoReceipt::NotYet { index, after_s: AGAIN_AFTER_S })?;
        Ok(Receipt::of(logs.folder(&bank).as_path(), &checkpoint, index, Some(extra))?)
    })
    .await
}
