//! A No of the gate, in words: who said it, why, and what can be done.

use crate::{
    asking::{Turn, TurnFault},
    linking,
    reply::{Block, Reply},
};
use gate::{Refusal, RefusalReason as Why};

/// What a person reads when the gate said No.
pub async fn in_words(turn: &Turn, refusal: Refusal) -> Result<Reply, TurnFault> {
    let bank = &turn.tenant.name;
    match &refusal.reason {
        Why::NoConsent => linking::offer_because(turn, &format!(
            "I cannot see your accounts: this chat is not linked to {bank} yet. Here is what linking means."
        )).await,
        Why::ConsentEnded { .. } | Why::ConsentExpired { .. } => linking::offer_because(turn, &format!(
            "I cannot see your accounts any more: this chat is not linked to {bank} now. You can link it again."
        )).await,
        Why::BankDoesNotOffer { .. } | Why::ChannelRefused | Why::BankNo { .. } | Why::BankPolicy { .. } => Ok(said_no(
            bank,
            refusal.said.clone().unwrap_or_else(|| format!("{bank} does not allow this here.")),
            "You find it on the bank’s own site. You can ask me for something else.",
        )),
        Why::ClassNotAgreed { .. } | Why::PurposeNotAgreed { .. } | Why::AccountNotShared { .. } => Ok(said_no(
            "You",
            "When you linked this chat, you did not share this.".to_owned(),
            "Write “stop” and then “link” if you want to choose again.",
        )),
        _ => Ok(said_no(
            "Parlour’s own rules",
            format!("This may not be shown here: {}.", refusal.reason),
            "Nothing was read. You can ask me for something else.",
        )),
    }
}

fn said_no(who: &str, why: String, remedy: &str) -> Reply {
    let block = Block::Refusal { who: who.to_owned(), why, remedy: remedy.to_owned() };
    Reply { blocks: vec![block], ..Reply::default() }.with_quick(&["What can you do?"])
}
