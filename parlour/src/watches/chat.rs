//! Alerts in the words of the chat: "tell me when …", "my alerts", "stop the second one", "not at night", "once a day at 6pm".

use super::{
    Kept, MOST, Rule, Watch, endpoint,
    endpoint::EndpointFault,
    hours::{self, Hours, clock},
    may_place, needs, offered,
    tell::stop_words,
};
use crate::{
    asking::{Turn, TurnFault},
    linking,
    memory::Asked,
    orders, refusal,
    reply::{Quick, Reply},
};
use domain::Consent;
use gate::CustomerAlert;

use std::collections::BTreeSet;
use store::{DbError, bank_events, consents, watches};
use understanding::{DigestAsk, Intent, QuietAsk, Understood, WatchAsk, WatchKind, WatchWish, WhichWatch};

/// What the button says that stops all of them.
const STOP_ALL: &str = "Stop all alerts";
/// What the button of a no says.
const NO: &str = "No alert";

/// Answers a message about alerts. `text` is empty where only the matter is known and not the words.
pub async fn said(turn: &Turn, intent: Intent, text: &str) -> Result<Reply, TurnFault> {
    if !offered(&turn.tenant) {
        return Ok(not_offered(turn));
    }
    let ask = understanding::watch(text);
    match (intent, ask) {
        (_, WatchAsk::Quiet(quiet @ (QuietAsk::Hours(..) | QuietAsk::Off))) => set_quiet(turn, quiet).await,
        (_, WatchAsk::Digest(digest @ (DigestAsk::At(_) | DigestAsk::Off))) => set_digest(turn, digest).await,
        (Intent::Watches, _) => list(turn).await,
        (Intent::WatchStop, _) => stop(turn, text).await,
        (_, WatchAsk::Quiet(quiet)) => set_quiet(turn, quiet).await,
        (_, WatchAsk::Digest(digest)) => set_digest(turn, digest).await,
        (_, WatchAsk::Sum) => Ok(Reply::text(
            "I can keep an eye on single payments and on balances, but not on what adds up over a week or a month. Ask me \
             for that at any time.",
        )
        .with_quick(&["What did I spend this month?", "My alerts"])),
        (_, WatchAsk::Set(wish)) => set(turn, wish).await,
    }
}

/// If the chat has just asked about an alert, or one of its buttons was pressed, answers to that; otherwise none.
pub async fn answer_if_asked(
    turn: &Turn,
    text: &str,
    understood: &Understood,
) -> Result<Option<Reply>, TurnFault> {
    let words = text.trim().to_lowercase();
    if words == STOP_ALL.to_lowercase() {
        return stop_these(turn, WhichWatch::All, text).await.map(Some);
    }
    let number = ["stop alert ", "stop number ", "stop alert number ", "stop no. ", "stop #"];
    let number = number.iter().find_map(|head| words.strip_prefix(head)?.parse().ok());
    if let Some(number) = number {
        return stop_these(turn, WhichWatch::Number(number), text).await.map(Some);
    }
    let Some(Asked::Watch { wish }) = turn.memory.asked() else { return Ok(None) };
    if orders::says_no(text, understood) || text.trim().eq_ignore_ascii_case(NO) {
        let left = Reply::text("All right, no alert was set.");
        return Ok(Some(left.with_quick(&["My alerts", "What can you do?"])));
    }
    let mut wish = wish.clone();
    let amount = understanding::watch_amount(text);
    if wish.kind.is_none() {
        let now = understanding::watch_wish(text);
        if now.kind.is_none() {
            return Ok(None);
        }
        wish = WatchWish { amount: now.amount.or(wish.amount), ..now };
    } else if amount.is_some() {
        wish.amount = amount;
    } else {
        return Ok(None);
    }
    set(turn, wish).await.map(Some)
}

fn not_offered(turn: &Turn) -> Reply {
    let bank = &turn.tenant.name;
    let text = format!(
        "{bank} does not tell this chat when something happens on your accounts, so I cannot keep an eye on them for you. \
         You can ask me at any time. {bank} may have alerts of its own on its site."
    );
    Reply::text(text).with_quick(&["What’s my balance?", "Last transactions"])
}

/// Sets an alert, or asks for what is missing.
async fn set(turn: &Turn, wish: WatchWish) -> Result<Reply, TurnFault> {
    let Some(kind) = wish.kind else { return Ok(which_kind(wish)) };
    for class in needs(kind) {
        if let Some(no) = turn.refused::<CustomerAlert>(&[*class]).await? {
            return refusal::in_words(turn, *no).await;
        }
    }
    let Some(rule) = Rule::of(&wish) else { return Ok(how_much(kind, wish)) };
    let of = turn.conversation.clone();
    let current =
        turn.app.store.read(move |tx| consents::current(tx, &of.bank, &of.customer, &of.id)).await?;
    let Some(consent) = current else {
        return linking::offer_because(turn, "Link this chat to your bank first.").await;
    };
    let (connector, grant) = turn.reach(&consent).await?;
    match endpoint::ensure(turn, &connector, &grant).await {
        Ok(()) => {}
        Err(EndpointFault::Bank(fault)) => return linking::after_fault(turn, &consent, fault).await,
        Err(EndpointFault::Store(fault)) => return Err(fault.into()),
    }
    let (kept, hours) = keep(turn, &rule).await?;
    Ok(set_in_words(turn, &consent, &rule, &kept, &hours))
}

/// What became of an alert that was to be set.
enum Outcome {
    New(u32),
    Changed(u32),
    Same(u32),
    TooMany,
}

async fn keep(turn: &Turn, rule: &Rule) -> Result<(Outcome, Hours), DbError> {
    let (of, now, rule) = (turn.conversation.clone(), turn.now, rule.clone());
    let kept = turn.app.store.transact(move |tx| -> Result<_, DbError> {
        let there = super::read(tx, &of)?;
        let hours = Hours::read(watches::hours(tx, &of)?.as_deref());
        if let Some(same) = there.iter().find(|kept| kept.watch.rule == rule) {
            return Ok((Outcome::Same(same.stored.number), hours));
        }
        let watch = Watch { rule: rule.clone(), below: BTreeSet::new() };
        let body = serde_json::to_vec(&watch).map_err(|_| DbError::Unreadable { what: "watch" })?;
        if let Some(like) = there.iter().find(|kept| kept.watch.rule.is_like(&rule))
            && watches::change(tx, &of, &like.stored, &body)?
        {
            return Ok((Outcome::Changed(like.stored.number), hours));
        }
        let added = watches::add(tx, &of, &body, MOST, now)?;
        Ok((added.map_or(Outcome::TooMany, Outcome::New), hours))
    });
    kept.await
}

fn set_in_words(turn: &Turn, consent: &Consent, rule: &Rule, kept: &Outcome, hours: &Hours) -> Reply {
    let when = rule.in_words();
    let (mut text, number) = match kept {
        Outcome::New(number) => (format!("I will tell you here when {when}."), *number),
        Outcome::Changed(number) => (format!("Changed: I will tell you here when {when}."), *number),
        Outcome::Same(number) => {
            (format!("You have this alert already: I will tell you here when {when}."), *number)
        }
        Outcome::TooMany => {
            let text = format!("You have {MOST} alerts, which is the most. Stop one of them first.");
            return Reply::text(text).with_quick(&["My alerts", STOP_ALL]);
        }
    };
    if rule.kind == WatchKind::Foreign && !may_place(turn, consent) {
        text += " I see only the currency of a payment here and not its place, so I miss what is paid abroad in your own \
                 currency.";
    }
    if let Some(hours) = hours.in_words() {
        text += &format!(" As you asked: {hours}.");
    }
    let stop = Quick { label: "Stop this alert".to_owned(), text: stop_words(number) };
    let reply = Reply { quick: vec![stop], ..Reply::text(text) };
    reply.with_quick(&["My alerts", "No alerts at night"])
}

/// What can be told of, as buttons.
const KINDS: [&str; 6] = [
    "A low balance",
    "A big purchase",
    "My salary arrives",
    "Payments abroad",
    "A subscription costs more",
    "My card is used",
];

fn which_kind(wish: WatchWish) -> Reply {
    let reply = Reply::text("What shall I tell you of?").with_quick(&KINDS).with_quick(&[NO]);
    reply.asking(Asked::Watch { wish })
}

fn how_much(kind: WatchKind, wish: WatchWish) -> Reply {
    let (text, offers) = match kind {
        WatchKind::LowBalance => ("Below which amount?", ["50", "100", "500"]),
        _ => ("Above which amount?", ["50", "100", "500"]),
    };
    Reply::text(text).with_quick(&offers).with_quick(&[NO]).asking(Asked::Watch { wish })
}

/// What is kept of a conversation's alerts.
async fn all(turn: &Turn) -> Result<(Vec<Kept>, Hours), DbError> {
    let of = turn.conversation.clone();
    let read = turn.app.store.read(move |tx| -> Result<_, DbError> {
        Ok((super::read(tx, &of)?, Hours::read(watches::hours(tx, &of)?.as_deref())))
    });
    read.await
}

fn none() -> Reply {
    Reply::text("You have no alerts. I can tell you when a balance is low, when something big is paid, or when money comes in.")
        .with_quick(&["Set an alert"])
}

/// "My alerts": numbered, with a button for each.
async fn list(turn: &Turn) -> Result<Reply, TurnFault> {
    let (kept, hours) = all(turn).await?;
    if kept.is_empty() {
        return Ok(none());
    }
    Ok(listed("I tell you when:", &kept, &hours))
}

fn listed(begin: &str, kept: &[Kept], hours: &Hours) -> Reply {
    let mut text = begin.to_owned();
    for one in kept {
        text += &format!("\n{}. {}", one.stored.number, one.watch.rule.in_words());
    }
    if let Some(hours) = hours.in_words() {
        text += &format!("\nWhen I tell you: {hours}.");
    }
    let stop = |one: &Kept| stop_words(one.stored.number);
    let quick = kept.iter().map(|one| Quick { label: stop(one), text: stop(one) }).collect();
    let reply = Reply { quick, ..Reply::text(text) };
    if kept.len() > 1 { reply.with_quick(&[STOP_ALL]) } else { reply }
}

async fn stop(turn: &Turn, text: &str) -> Result<Reply, TurnFault> {
    match understanding::watch_stop(text) {
        WhichWatch::Quiet => set_quiet(turn, QuietAsk::Off).await,
        WhichWatch::Digest => set_digest(turn, DigestAsk::Off).await,
        which => stop_these(turn, which, text).await,
    }
}

async fn stop_these(turn: &Turn, which: WhichWatch, text: &str) -> Result<Reply, TurnFault> {
    let (kept, hours) = all(turn).await?;
    if kept.is_empty() {
        return Ok(none());
    }
    let meant = meant(&kept, &which, text);
    if meant.is_empty() {
        let begin = match which {
            WhichWatch::Unsaid => "Which of these shall I stop?",
            _ => "You have no such alert. I tell you when:",
        };
        return Ok(listed(begin, &kept, &hours));
    }
    let words: Vec<String> = meant.iter().map(|one| one.watch.rule.in_words()).collect();
    let (of, numbers) =
        (turn.conversation.clone(), meant.iter().map(|one| one.stored.number).collect::<Vec<_>>());
    turn.app
        .store
        .transact(move |tx| -> Result<(), DbError> {
            for number in &numbers {
                watches::remove(tx, &of, *number)?;
            }
            Ok(())
        })
        .await?;
    let text = match words.as_slice() {
        [one] => format!("Stopped. I no longer tell you when {one}."),
        several => format!("Stopped {} alerts:\n• {}", several.len(), several.join("\n• ")),
    };
    Ok(Reply::text(text).with_quick(&["My alerts", "Set an alert"]))
}

/// Which of the alerts a message means.
fn meant<'a>(kept: &'a [Kept], which: &WhichWatch, text: &str) -> Vec<&'a Kept> {
    let text = text.to_lowercase();
    let names = |one: &&Kept| {
        let name = one.watch.rule.merchant.as_deref().unwrap_or_default().to_lowercase();
        !name.is_empty() && text.contains(&name)
    };
    let named: Vec<&Kept> = kept.iter().filter(names).collect();
    match which {
        WhichWatch::All => kept.iter().collect(),
        WhichWatch::Number(number) => kept.iter().filter(|one| one.stored.number == *number).collect(),
        WhichWatch::Place(0) => kept.last().into_iter().collect(),
        WhichWatch::Place(place) => kept.get(*place as usize - 1).into_iter().collect(),
        WhichWatch::Kind(kind) => {
            let of_kind: Vec<&Kept> = kept.iter().filter(|one| one.watch.rule.kind == *kind).collect();
            let both: Vec<&Kept> = of_kind.iter().copied().filter(names).collect();
            match (both.is_empty(), named.is_empty()) {
                (false, _) => both,
                (true, false) => named,
                (true, true) => of_kind,
            }
        }
        WhichWatch::Unsaid if named.is_empty() && kept.len() == 1 => kept.iter().collect(),
        WhichWatch::Unsaid => named,
        WhichWatch::Quiet | WhichWatch::Digest => vec![],
    }
}

/// Changes when alerts are told. What waits is looked at again at once.
async fn change_hours(turn: &Turn, change: impl Fn(&mut Hours) + Send + 'static) -> Result<Hours, DbError> {
    let (of, now) = (turn.conversation.clone(), turn.now);
    let changed = turn.app.store.transact(move |tx| -> Result<Hours, DbError> {
        let mut hours = Hours::read(watches::hours(tx, &of)?.as_deref());
        change(&mut hours);
        watches::set_hours(tx, &of, &hours.write())?;
        bank_events::hurry(tx, &of, now)?;
        Ok(hours)
    });
    changed.await
}

async fn set_quiet(turn: &Turn, ask: QuietAsk) -> Result<Reply, TurnFault> {
    let text = match ask {
        QuietAsk::Hours(from, to) => {
            change_hours(turn, move |hours| hours.quiet = Some((from, to))).await?;
            let (from, to) = (clock(from), clock(to));
            format!(
                "From {from} to {to} I tell you nothing. What happens then I tell you at {to}, in one message. A balance \
                 that was low only in between I miss."
            )
        }
        QuietAsk::Off => {
            let hours = change_hours(turn, |hours| hours.quiet = None).await?;
            format!("There are no quiet hours any more.{}", and_now(&hours))
        }
        QuietAsk::Unsaid => {
            let (_, hours) = all(turn).await?;
            let now = match hours.quiet {
                Some((from, to)) => format!("Now it is quiet from {} to {}.", clock(from), clock(to)),
                None => "There are no quiet hours now.".to_owned(),
            };
            let text =
                format!("{now} Write when I shall be quiet: “quiet hours from 10pm to 7am”, for example.");
            return Ok(Reply::text(text).with_quick(&["Quiet hours from 10pm to 7am", "No quiet hours"]));
        }
    };
    Ok(Reply::text(text).with_quick(&["My alerts", "No quiet hours"]))
}

async fn set_digest(turn: &Turn, ask: DigestAsk) -> Result<Reply, TurnFault> {
    let at = match ask {
        DigestAsk::At(time) => time,
        DigestAsk::Daily => hours::DIGEST,
        DigestAsk::Off => {
            let hours = change_hours(turn, |hours| hours.digest = None).await?;
            let text = format!("I tell you at once again when something happens.{}", and_now(&hours));
            return Ok(Reply::text(text).with_quick(&["My alerts"]));
        }
        DigestAsk::Other => {
            let text = "I can gather alerts for a day, but not for longer: then they would be of no use. Shall I send them \
                        once a day?";
            return Ok(Reply::text(text).with_quick(&["Digest at 6pm", "Digest at 8am"]));
        }
    };
    change_hours(turn, move |hours| hours.digest = Some(at)).await?;
    let text = format!(
        "Once a day at {}, in one message, I tell you what your alerts have found. On days on which there is nothing, I say \
         nothing.",
        clock(at)
    );
    Ok(Reply::text(text).with_quick(&["My alerts", "Digest off"]))
}

/// " Still: all in one message at 18:00."
fn and_now(hours: &Hours) -> String {
    hours.in_words().map(|words| format!(" Still: {words}.")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use store::watches::Stored;

    fn kept(number: u32, kind: WatchKind, merchant: Option<&str>) -> Kept {
        let rule = Rule { kind, amount: None, account: None, merchant: merchant.map(str::to_owned) };
        let stored = Stored { number, version: 0, made_at: Timestamp::UNIX_EPOCH, body: vec![] };
        Kept { stored, watch: Watch { rule, below: BTreeSet::new() } }
    }

    #[test]
    fn what_is_to_be_stopped_is_found_by_number_place_kind_and_name() {
        let kept = [
            kept(1, WatchKind::CardUse, Some("Amazon")),
            kept(4, WatchKind::Salary, None),
            kept(7, WatchKind::CardUse, None),
        ];
        for (text, numbers) in [
            ("stop alert 4", vec![4]),
            ("stop alert 2", vec![]),
            ("remove the second one of my alerts", vec![4]),
            ("delete the last alert", vec![7]),
            ("delete my alert for amazon", vec![1]),
            ("cancel the salary alert", vec![4]),
            ("stop telling me about every payment", vec![1, 7]),
            ("stop telling me about every payment to Amazon", vec![1]),
            ("delete all my alerts", vec![1, 4, 7]),
            ("remove alert", vec![]),
        ] {
            let found = meant(&kept, &understanding::watch_stop(text), text);
            assert_eq!(found.iter().map(|one| one.stored.number).collect::<Vec<_>>(), numbers, "{text}");
        }
        assert_eq!(meant(&kept[1..2], &WhichWatch::Unsaid, "switch off that alert").len(), 1);
    }

    #[test]
    fn the_words_of_each_button_are_understood() {
        for label in KINDS {
            assert!(understanding::watch_wish(label).kind.is_some(), "{label}");
        }
        for label in ["No quiet hours", "No alerts at night", "Quiet hours from 10pm to 7am"] {
            assert!(matches!(understanding::watch(label), WatchAsk::Quiet(_)), "{label}");
        }
        for label in ["Digest at 6pm", "Digest at 8am", "Digest off"] {
            assert!(matches!(understanding::watch(label), WatchAsk::Digest(_)), "{label}");
        }
    }
}
