//! What a channel may carry. Skills on a channel where data is sealed hold no permit, so they have no data to
//! say; this is the second lock, at the one door that every message passes.

use crate::reply::{Block, Reply};
use domain::{Channel, Tier};

/// A reply that its channel may carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing(Reply);

/// Why a channel may not carry a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooOpen {
    /// It was composed from data that was opened for a page of its own.
    #[error("it was composed from data that was opened for a page only")]
    OpenedForItsPage,
    /// It has data on a foreign channel, and does not say under which decision that was opened.
    #[error("it has bank data on a foreign channel without the decision that opened it")]
    WithoutItsDecision,
    /// It holds a file, which stands on pages only.
    #[error("it holds a file, and files stand on pages only")]
    File,
    /// It tells on a foreign channel when somebody asked for the person's data.
    #[error("it tells on a foreign channel who looked")]
    WhoLooked,
}

impl Outgoing {
    /// Checks a reply for a channel.
    pub fn to(channel: Channel, reply: Reply) -> Result<Outgoing, TooOpen> {
        if reply.seen.iter().any(|seen| seen.tier != Tier::InChat) {
            return Err(TooOpen::OpenedForItsPage);
        }
        if reply.blocks.iter().any(|block| matches!(block, Block::File(_))) {
            return Err(TooOpen::File);
        }
        if channel.is_foreign() {
            let who_looked = |block: &Block| matches!(block, Block::Accesses { .. } | Block::Receipts { .. });
            if reply.blocks.iter().any(who_looked) {
                return Err(TooOpen::WhoLooked);
            }
            if reply.seen.is_empty() && reply.blocks.iter().any(has_data) {
                return Err(TooOpen::WithoutItsDecision);
            }
        }
        Ok(Outgoing(reply))
    }

    /// What is sent in the place of a reply that was held back.
    pub fn apology() -> Outgoing {
        let text = "Something went wrong on our side. To be safe, nothing is shown here. Please ask again.";
        Outgoing(Reply::text(text))
    }

    /// The reply.
    pub fn into_reply(self) -> Reply {
        self.0
    }
}

/// Whether a block is made of bank data. A new kind of block has to say so here before it compiles.
fn has_data(block: &Block) -> bool {
    match block {
        Block::Balances { .. }
        | Block::Transactions { .. }
        | Block::Total { .. }
        | Block::Picture { .. }
        | Block::Compared { .. }
        | Block::Places { .. }
        | Block::Facts { .. }
        | Block::File(_)
        | Block::Accesses { .. }
        | Block::Receipts { .. } => true,
        Block::Text { .. }
        | Block::Notice(_)
        | Block::SealedLink(_)
        | Block::Refusal { .. }
        | Block::Door { .. }
        | Block::Care { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::view::samples;
    use domain::DataClass;

    fn with(block: Block, tier: Option<Tier>) -> Reply {
        let seen = tier.map(|tier| crate::reply::Seen { tier, ..samples::seen(DataClass::Balances, 7) });
        Reply { blocks: vec![block], seen: seen.into_iter().collect(), ..Reply::default() }
    }

    #[test]
    fn what_was_opened_for_a_page_is_carried_by_no_channel() {
        let told = || Block::Text { text: "You have a lot.".to_owned() };
        for channel in Channel::ALL {
            let held = Outgoing::to(*channel, with(told(), Some(Tier::Sealed)));
            assert_eq!(held, Err(TooOpen::OpenedForItsPage), "{channel}");
            assert!(Outgoing::to(*channel, with(told(), Some(Tier::InChat))).is_ok(), "{channel}");
        }
    }

    #[test]
    fn a_foreign_channel_carries_no_data_without_the_decision_that_opened_it() {
        let data = || Block::Balances { accounts: vec![] };
        for channel in Channel::ALL.iter().copied().filter(|channel| channel.is_foreign()) {
            assert_eq!(Outgoing::to(channel, with(data(), None)), Err(TooOpen::WithoutItsDecision));
            assert!(Outgoing::to(channel, with(data(), Some(Tier::InChat))).is_ok());
            let looked = || Block::Accesses { rows: vec![], more: 0 };
            let receipts = || Block::Receipts { rows: vec![], verify: "/verify".to_owned() };
            for block in [looked(), receipts()] {
                assert_eq!(Outgoing::to(channel, with(block, Some(Tier::InChat))), Err(TooOpen::WhoLooked));
            }
        }
        assert!(Outgoing::to(Channel::Web, with(data(), None)).is_ok());
    }

    #[test]
    fn a_file_is_carried_by_no_channel() {
        let file = || {
            Block::File(crate::reply::FileToKeep {
                text: "3 payments.".to_owned(),
                name: "payments.csv".to_owned(),
                label: "Keep the file".to_owned(),
                media: "text/csv".to_owned(),
                content: "ZGF0ZQ==".to_owned(),
            })
        };
        for channel in Channel::ALL {
            assert_eq!(Outgoing::to(*channel, with(file(), Some(Tier::InChat))), Err(TooOpen::File));
        }
    }

    #[test]
    fn only_one_place_makes_what_is_stored_for_a_customer() {
        let mut makers = vec![];
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if std::fs::read_to_string(&entry)
                    .is_ok_and(|text| text.contains(&["New", "Reply {"].concat()))
                {
                    makers.push(entry.file_name().unwrap().to_owned());
                }
            }
        }
        assert_eq!(makers, ["room.rs"]);
    }
}
