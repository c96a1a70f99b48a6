//! How an alert is said: what the customer asked for, what happened, and how to stop it.

use super::{
    Due, fires, look,
    look::{News, What},
};
use crate::{
    alerts,
    asking::{Turn, TurnFault},
    balances,
    reply::{Block, Quick, Reply, Seen, TransactionLine},
    tenant::Tenant,
    when,
};
use domain::{Transaction, TransactionStatus};
use jiff::Timestamp;
use store::DbError;

/// The most news of one message. Whoever gets more reads a list.
const SHOWN: usize = 20;

/// What the button says that stops an alert. The chat knows these words by themselves.
pub fn stop_words(number: u32) -> String {
    format!("Stop alert {number}")
}

/// One message with all that there is to tell.
pub fn reply(tenant: &Tenant, news: &[News], seen: Vec<Seen>, now: Timestamp) -> Reply {
    let mut blocks = vec![];
    let mut numbers: Vec<u32> = vec![];
    for (at, one) in news.iter().take(SHOWN).enumerate() {
        let same_as_before = at > 0 && news[at - 1].number == one.number;
        if !same_as_before {
            let text = format!("You asked me to tell you when {}.", one.rule.in_words());
            blocks.push(Block::Text { text });
        }
        say(tenant, one, now, same_as_before, &mut blocks);
        if !numbers.contains(&one.number) {
            numbers.push(one.number);
        }
    }
    let more = news.len().saturating_sub(SHOWN);
    if more > 0 {
        let text = format!("And {more} more. “Last transactions” shows them.");
        blocks.push(Block::Text { text });
    }
    let not_mine = news.iter().take(SHOWN).filter_map(|one| match &one.what {
        What::Payment(payment) | What::Rise(payment, _) if payment.amount.minor_units < 0 => Some(payment),
        What::Payment(_) | What::Rise(..) | What::Balance(_) => None,
    });
    // Of several payments nobody could tell which one a button means.
    let not_mine: Vec<&Transaction> = not_mine.collect();
    let mut not_me: Vec<Quick> = match not_mine.as_slice() {
        [one] if tenant.fraud.is_some() => vec![alerts::notice::button(one)],
        _ => vec![],
    };
    let quick: Vec<Quick> = match numbers.as_slice() {
        [one] => vec![Quick { label: "Stop this alert".to_owned(), text: stop_words(*one) }],
        several => several
            .iter()
            .map(|number| Quick { label: stop_words(*number), text: stop_words(*number) })
            .collect(),
    };
    not_me.extend(quick);
    Reply { blocks, quick: not_me, seen, ..Reply::default() }.with_quick(&["My alerts"])
}

fn say(tenant: &Tenant, one: &News, now: Timestamp, goes_on: bool, blocks: &mut Vec<Block>) {
    match &one.what {
        What::Payment(payment) => row(tenant, one, payment, now, goes_on, blocks),
        What::Rise(payment, before) => {
            let who = payment.merchant.as_deref().unwrap_or(&payment.description);
            let text = format!("{who} took {}. Before, it was {before}.", payment.amount.magnitude());
            blocks.push(Block::Text { text });
            row(tenant, one, payment, now, false, blocks);
        }
        What::Balance(balance) => {
            let line = balances::line(balance, now, &tenant.zone);
            if let Some(left) = fires::spendable(&one.rule, balance) {
                let text = format!("On {} there is {left} left to spend.", balance.account.title());
                blocks.push(Block::Text { text });
            }
            blocks.push(Block::Balances { accounts: vec![line] });
        }
    }
}

/// Puts a payment below those before it, or begins a list.
fn row(
    tenant: &Tenant,
    one: &News,
    payment: &Transaction,
    now: Timestamp,
    goes_on: bool,
    blocks: &mut Vec<Block>,
) {
    let date = |at: Timestamp| at.to_zoned(tenant.zone.clone()).date();
    let line = TransactionLine {
        at: payment.at,
        day: when::day(date(payment.at), date(now)),
        what: payment.merchant.clone().unwrap_or_else(|| payment.description.clone()),
        amount: payment.amount.into(),
        pending: payment.status == TransactionStatus::Pending,
        note: None,
        account: one.title.clone(),
    };
    match blocks.last_mut() {
        Some(Block::Transactions { rows, .. }) if goes_on => rows.push(line),
        _ => blocks.push(Block::Transactions { rows: vec![line], more: 0 }),
    }
}

/// What alerts have to tell, on a page of its own: read anew, and shown once.
pub async fn on_its_page(turn: &Turn, due: &[Due]) -> Result<Reply, TurnFault> {
    let of = turn.conversation.clone();
    let mut watches = turn.app.store.read(move |tx| -> Result<_, DbError> { super::read(tx, &of) }).await?;
    watches.retain(|kept| due.iter().any(|due| due.number == kept.stored.number));
    let mut events: Vec<_> = due.iter().map(|due| due.happened.clone()).collect();
    events.dedup();
    let mut looked = look::look(turn, &watches, &events).await?;
    looked.news.retain(|news| due.contains(&news.due()));
    if looked.news.is_empty() {
        let text =
            "There is nothing to show any more: the alert was stopped, or what it told of has changed since.";
        return Ok(Reply { seen: looked.seen, ..Reply::text(text) });
    }
    let reply = reply(&turn.tenant, &looked.news, looked.seen, turn.now);
    // A page has no buttons that speak in the chat.
    Ok(Reply { quick: vec![], ..reply })
}
