//! "Call my savings Holidays", "rename an account".

use crate::{
    asking::{Asked as Gate, Turn, TurnFault},
    filter, linking, memory,
    memory::{Asked, Slot},
    orders::{self, NO, Wanted},
    refusal,
    reply::{Reply, Seen},
};
use domain::{Account, AccountId, DataClass, Order, order::NICKNAME_MAX};
use gate::AccountManagement;
use understanding::{Decision, Entities, Intent, Understood, wishes};

/// What is not done where orders are not taken.
const ELSEWHERE: &str = "give an account another name";

/// An account: its id, its name and its title.
type Named = (AccountId, String, String);

/// Asks whether to rename an account, or for what is missing.
pub async fn begin(turn: &Turn, about: &Entities, text: &str) -> Result<Reply, TurnFault> {
    if !orders::are_taken(turn).await? {
        return Ok(orders::elsewhere(turn, ELSEWHERE));
    }
    let (mut permits, consent) = match turn.ask::<AccountManagement>(&[DataClass::Accounts]).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(_) => return Ok(orders::elsewhere(turn, ELSEWHERE)),
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let read = match connector.accounts(&grant, &permit).await {
        Ok(read) => read.open(permit)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let seen = vec![Seen::of(&read)];
    let name = wishes::new_name(text);
    let all: Vec<&Account> = read.value.rows.iter().filter(|account| account.open).collect();
    let fit: Vec<&Account> = match &about.account {
        Some(hint) => all.iter().copied().filter(|account| filter::account(hint, account)).collect(),
        None => vec![],
    };
    let accounts = if fit.is_empty() { all } else { fit };
    let reply = match accounts.as_slice() {
        [] => Reply::text("The bank shows no accounts for this chat."),
        [one] => named(turn, &of(one), name.as_deref()),
        several => {
            let accounts: Vec<Named> = several.iter().map(|account| of(account)).collect();
            let labels: Vec<&str> = accounts.iter().map(|(_, _, title)| title.as_str()).collect();
            Reply::text("Which account?")
                .with_quick(&labels)
                .with_quick(&[NO])
                .asking(Asked::Slot(Slot::NameWhich { accounts: accounts.clone(), name }))
        }
    };
    Ok(Reply { seen, ..reply })
}

fn of(account: &Account) -> Named {
    (account.id.clone(), account.name.clone(), account.title())
}

/// Asks whether to give it this name, or what it should be called.
fn named(turn: &Turn, account: &Named, name: Option<&str>) -> Reply {
    let (id, old, title) = account;
    let ask = |text: String| {
        Reply::text(text).with_quick(&[NO]).asking(Asked::Slot(Slot::Name { account: account.clone() }))
    };
    let Some(name) = name else { return ask(format!("What should {title} be called?")) };
    let long = name.chars().count();
    if long > NICKNAME_MAX {
        return ask(format!(
            "A name has at most {NICKNAME_MAX} characters, and that has {long}. What should {title} be called?"
        ));
    }
    if name == old {
        return Reply::text(format!("It is called “{name}” already."));
    }
    let rename = |nickname: &str| Order::RenameAccount { account: id.clone(), nickname: nickname.to_owned() };
    let will = format!("I will have {title} called “{name}”, here and at the bank.");
    let wanted = Wanted { order: rename(name), name: title.clone(), undo: Some(rename(old)), will };
    orders::question(turn, wanted)
}

/// The answer to "which account?"; none if it is not one.
pub fn chosen(turn: &Turn, accounts: &[Named], name: Option<&str>, text: &str) -> Option<Reply> {
    let said = text.trim().to_lowercase();
    let by_name = accounts.iter().position(|(_, name, title)| {
        said == title.to_lowercase() || (!name.is_empty() && said.contains(&name.to_lowercase()))
    });
    let at = by_name.or_else(|| memory::chosen(text, accounts.len()))?;
    Some(named(turn, &accounts[at], name))
}

/// The answer to "what should it be called?": whatever was written, unless it plainly asks for something else.
pub fn fill(turn: &Turn, account: &Named, text: &str, understood: &Understood) -> Option<Reply> {
    if matches!(understood.decision, Decision::Act(intent) if intent != Intent::Nickname) {
        return None;
    }
    let quoted = wishes::new_name(text);
    let name = quoted.unwrap_or_else(|| text.split_whitespace().collect::<Vec<_>>().join(" "));
    Some(named(turn, account, Some(name.trim_matches(['"', '“', '”', '.']))))
}
