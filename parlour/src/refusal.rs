//! A No of the gate, in words: who said it, why, and what can be done.

use crate::{
    asking::{Shown, Turn, TurnFault},
    foreign, linking,
    reply::{Block, Reply},
};
use domain::{Channel, Tier};
use gate::{Refusal, RefusalReason as Why};

/// What a person reads when the gate said No.
pub async fn in_words(turn: &Turn, refusal: Refusal) -> Result<Reply, TurnFault> {
    if turn.shown != Shown::InConversation {
        return Err(TurnFault::NotOnThePage(Box::new(refusal)));
    }
    let bank = &turn.tenant.name;
    match &refusal.reason {
        Why::NoConsent => linking::offer_because(turn, &format!(
            "I cannot see your accounts: this chat is not linked to {bank} yet. Here is what linking means."
        )).await,
        Why::ConsentEnded { .. } | Why::ConsentExpired { .. } => linking::offer_because(turn, &format!(
            "I cannot see your accounts any more: this chat is not linked to {bank} now. You can link it again."
        )).await,
        Why::ConsentPaused => Ok(said_no(
            "You",
            "You paused the sharing, so I read nothing.".to_owned(),
            "Write “continue” to end the pause.",
        )
        .with_quick(&["Continue", "Stop"])),
        Why::BankDoesNotOffer { .. } | Why::ChannelRefused | Why::BankNo { .. } | Why::BankPolicy { .. } => Ok(said_no(
            bank,
            refusal.said.clone().unwrap_or_else(|| format!("{bank} does not allow this here.")),
            "You find it on the bank’s own site. You can ask me for something else.",
        )),
        Why::ClassNotAgreed { .. } | Why::PurposeNotAgreed { .. } | Why::AccountNotShared { .. } => Ok(said_no(
            "You",
            "When you linked this chat, you did not share this.".to_owned(),
            "Write “change what I share” to choose again.",
        )),
        Why::TierTooHigh { at_most: Tier::Never, .. } => Ok(said_no(
            bank,
            refusal.said.clone().unwrap_or_else(|| not_shown_here(turn, &refusal)),
            "You find it on the bank’s own site. You can ask me for something else.",
        )),
        _ => Ok(said_no(
            "Parlour’s own rules",
            format!("This may not be shown here: {}.", refusal.reason),
            "Nothing was read. You can ask me for something else.",
        )),
    }
}

/// "Harbour Bank does not show your transactions on WhatsApp."
fn not_shown_here(turn: &Turn, refusal: &Refusal) -> String {
    let place = match turn.channel {
        Channel::Web => "in this chat".to_owned(),
        channel => format!("on {}", foreign::name(channel)),
    };
    format!("{} does not show {} {place}.", turn.tenant.name, refusal.decision.data_class.in_words())
}

fn said_no(who: &str, why: String, remedy: &str) -> Reply {
    let block = Block::Refusal { who: who.to_owned(), why, remedy: remedy.to_owned() };
    Reply { blocks: vec![block], ..Reply::default() }.with_quick(&["What can you do?"])
}
