//! "My statements", "the october statement": a list to choose from, and the document on a page of its own.

use crate::{
    asking::{Asked as Gate, Shown, Turn, TurnFault},
    filter, linking, memory,
    memory::{Asked, Slot},
    orders::NO,
    refusal,
    reply::{Block, FileToKeep, Point, Reply, Seen},
    sealed::{self, Question, Skill},
    when,
};
use base64::{Engine, prelude::BASE64_STANDARD as B64};
use domain::{Account, DataClass, Statement, StatementForm};
use gate::AnswerCustomer;
use understanding::Entities;

/// How many are offered at once.
const OFFERED: usize = 6;

/// Offers the statements that a question is about; of one, its page.
pub async fn tell(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let classes = [DataClass::Accounts, DataClass::Statements];
    let (mut permits, consent) = match turn.ask::<AnswerCustomer>(&classes).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Statements, about, Some(consent.id)).await;
        }
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let (may_list, may_name) = (permits.remove(1), permits.remove(0));
    let (connector, grant) = turn.reach(&consent).await?;
    let accounts = match connector.accounts(&grant, &may_name).await {
        Ok(accounts) => accounts.open(may_name)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let guarded = match connector.statements(&grant, &may_list).await {
        Ok(guarded) => guarded,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let list = guarded.open(may_list)?;
    let seen = vec![Seen::of(&accounts), Seen::of(&list)];
    let mut found: Vec<(Statement, String)> = list
        .value
        .rows
        .into_iter()
        .filter(|statement| wanted(statement, &accounts.value.rows, about))
        .map(|statement| {
            let title = title(turn, &statement, &accounts.value.rows);
            (statement, title)
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| b.to.cmp(&a.to).then_with(|| a.account.cmp(&b.account)));
    let reply = match found.as_slice() {
        [] => Reply::text(match &about.period {
            Some(period) => format!("{} has no statement for {}.", turn.tenant.name, period.said),
            None => format!("{} has no statements of the accounts that you share.", turn.tenant.name),
        }),
        [(one, title)] if turn.shown == Shown::InConversation => {
            let mut reply = page(turn, one, title, &consent).await?;
            reply.seen = seen;
            return Ok(reply);
        }
        several if turn.shown != Shown::InConversation => {
            return on_the_page(turn, several, seen).await;
        }
        several => {
            let some: Vec<(Statement, String)> = several.iter().take(OFFERED).cloned().collect();
            let labels: Vec<&str> = some.iter().map(|(_, title)| title.as_str()).collect();
            let more = several.len().saturating_sub(OFFERED);
            let text = match more {
                0 => "Which statement?".to_owned(),
                n => format!(
                    "Which statement? These are the newest; {n} older ones have to be named by their month."
                ),
            };
            Reply::text(text)
                .with_quick(&labels)
                .with_quick(&[NO])
                .asking(Asked::Slot(Slot::Statement { statements: some.clone() }))
        }
    };
    Ok(Reply { seen, ..reply })
}

/// Where nothing can be chosen: the newest document, and what others there are.
async fn on_the_page(
    turn: &Turn,
    found: &[(Statement, String)],
    mut seen: Vec<Seen>,
) -> Result<Reply, TurnFault> {
    let (newest, title) = &found[0];
    let mut reply = show(turn, newest, title).await?;
    if found.len() > 1 {
        let rows = found.iter().skip(1).take(OFFERED).map(|(statement, title)| Point {
            term: title.clone(),
            text: format!("{} to {}", statement.from, statement.to),
        });
        let title = "Older ones: ask for them by their month".to_owned();
        reply.blocks.push(Block::Facts { title, rows: rows.collect() });
    }
    seen.append(&mut reply.seen);
    Ok(Reply { seen, ..reply })
}

fn wanted(statement: &Statement, accounts: &[Account], about: &Entities) -> bool {
    let account = accounts.iter().find(|account| account.id == statement.account);
    let by_account = match (&about.account, account) {
        (Some(hint), Some(account)) => filter::account(hint, account),
        (Some(_), None) => false,
        (None, _) => true,
    };
    // A statement is of the month in which most of its days lie.
    let by_days = about.period.as_ref().is_none_or(|period| {
        let days = i64::from((statement.to - statement.from).get_days());
        let middle = statement.from.checked_add(jiff::Span::new().days(days / 2)).unwrap_or(statement.from);
        (period.from..period.until).contains(&middle)
    });
    by_account && by_days
}

/// "October 2026, Everyday Checking ··4520".
fn title(turn: &Turn, statement: &Statement, accounts: &[Account]) -> String {
    let account = accounts.iter().find(|account| account.id == statement.account);
    let account = account.map_or_else(|| "another account".to_owned(), Account::title);
    let whole_month = statement.from.day() == 1 && statement.to == statement.from.last_of_month();
    let days = if whole_month {
        statement.from.strftime("%B %Y").to_string()
    } else {
        when::span(statement.from, statement.to.tomorrow().unwrap_or(statement.to), turn.today())
    };
    format!("{days}, {account}")
}

async fn page(
    turn: &Turn,
    statement: &Statement,
    title: &str,
    consent: &domain::Consent,
) -> Result<Reply, TurnFault> {
    let statement = Some((statement.clone(), title.to_owned()));
    let question = Question { statement, ..Question::new(Skill::Statement, &Entities::default()) };
    sealed::offer_question(turn, question, Some(consent.id.clone())).await
}

/// The answer to "which statement?": its page. None if it is not one.
pub async fn chosen(
    turn: &Turn,
    statements: &[(Statement, String)],
    text: &str,
) -> Result<Option<Reply>, TurnFault> {
    let by_name = statements.iter().position(|(_, title)| title == text.trim());
    let Some(at) = by_name.or_else(|| memory::chosen(text, statements.len())) else { return Ok(None) };
    let (statement, title) = &statements[at];
    Ok(Some(match turn.ask_on_page::<AnswerCustomer>(&[DataClass::Statements]).await? {
        // A yes that came only now is for the page as well: what is read is read there.
        Gate::OnlyOnItsPage(consent) | Gate::Yes(_, consent) => {
            page(turn, statement, title, &consent).await?
        }
        Gate::No(no) => refusal::in_words(turn, *no).await?,
    }))
}

/// The document, on its page.
pub async fn show(turn: &Turn, statement: &Statement, title: &str) -> Result<Reply, TurnFault> {
    let (mut permits, consent) = match turn.ask::<AnswerCustomer>(&[DataClass::Statements]).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(consent) => return page(turn, statement, title, &consent).await,
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let read = match connector.statement_file(&grant, &permit, statement).await {
        Ok(read) => read.open(permit)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let seen = vec![Seen::of(&read)];
    let (ending, media) = match read.value.form {
        StatementForm::Pdf => ("pdf", "application/pdf"),
        StatementForm::Text => ("txt", "text/plain;charset=utf-8"),
    };
    let file = FileToKeep {
        text: format!("{title}."),
        name: format!("statement-{}-to-{}.{ending}", statement.from, statement.to),
        label: "Keep the statement".to_owned(),
        media: media.to_owned(),
        content: B64.encode(&read.value.bytes),
    };
    Ok(Reply { blocks: vec![Block::File(file)], seen, ..Reply::default() })
}
