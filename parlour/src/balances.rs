//! "What's my balance?"

use crate::{
    asking::{Asked, Turn, TurnFault},
    filter, linking, refusal,
    reply::{BalanceLine, Block, Reply, Seen},
    sealed::{self, Skill},
};
use banks::Listing;
use domain::{AccountKind, Balance, DataClass};
use gate::{AnswerCustomer, Opened};
use understanding::Entities;

/// Tells how the shared accounts stand.
pub async fn tell(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let (mut permits, consent) = match turn.ask::<AnswerCustomer>(&[DataClass::Balances]).await? {
        Asked::Yes(permits, consent) => (permits, consent),
        Asked::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Balances, about, Some(consent.id)).await;
        }
        Asked::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let guarded = match connector.balances(&grant, &permit).await {
        Ok(guarded) => guarded,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    Ok(compose(guarded.open(permit)?, about))
}

fn compose(read: Opened<Listing<Balance>>, about: &Entities) -> Reply {
    let seen = vec![Seen::of(&read)];
    let Listing { rows: all, partial, .. } = read.value;
    let wanted: Vec<&Balance> = match &about.account {
        Some(hint) => all.iter().filter(|b| filter::account(hint, &b.account)).collect(),
        None => vec![],
    };
    let shown: Vec<&Balance> = if wanted.is_empty() { all.iter().collect() } else { wanted };
    if shown.is_empty() {
        return Reply { seen, ..Reply::text("The bank shows no accounts for this chat.") };
    }
    let accounts = shown.into_iter().map(line).collect();
    let mut blocks = vec![Block::Balances { accounts }];
    blocks.extend(partial.then(Block::partial));
    Reply { blocks, seen, ..Reply::default() }.with_quick(&["Last transactions", "Who looked at my data?"])
}

fn line(balance: &Balance) -> BalanceLine {
    let owed = balance.account.kind == AccountKind::Card;
    BalanceLine {
        title: balance.account.title(),
        kind: balance.account.kind,
        current: if owed { balance.current.magnitude().into() } else { balance.current.into() },
        available: balance.available.map(Into::into),
        as_of: balance.as_of,
    }
}
