//! "Payments as a CSV file": the payments that a question is about, as a file on a page of its own.

use crate::{
    asking::{Asked as Gate, Shown, Turn, TurnFault},
    category, refusal,
    reply::{Block, FileToKeep, Reply},
    sealed::{self, Skill},
    spending::{self, Span},
};
use base64::{Engine, prelude::BASE64_STANDARD as B64};
use domain::{Account, DataClass, Transaction, TransactionStatus};
use gate::AnswerCustomer;
use jiff::ToSpan;
use understanding::{Entities, Period};

/// Leads to the page, or shows the file there.
pub async fn tell(turn: &Turn, about: &Entities) -> Result<Reply, TurnFault> {
    let about = &all_days(turn, about);
    if let Some(reply) = Span::of(turn, about).too_long_ago() {
        return Ok(reply);
    }
    if turn.shown == Shown::InConversation {
        let classes = [DataClass::Accounts, DataClass::Transactions];
        return match turn.ask_on_page::<AnswerCustomer>(&classes).await? {
            // A yes that came only now is for the page as well: what is read is read there.
            Gate::OnlyOnItsPage(consent) | Gate::Yes(_, consent) => {
                sealed::offer(turn, Skill::TakeAlong, about, Some(consent.id)).await
            }
            Gate::No(no) => refusal::in_words(turn, *no).await,
        };
    }
    let (span, mut read, about) = match spending::open(turn, Skill::TakeAlong, about).await? {
        Ok(opened) => opened,
        Err(reply) => return Ok(reply),
    };
    let payments = spending::matching(&mut read, &about);
    if payments.is_empty() {
        let text = format!("I found no such payments from {}.", span.in_words());
        return Ok(Reply { seen: read.seen, ..Reply::text(text) });
    }
    let content = csv(&span, &read.accounts, &payments);
    let count = match payments.len() {
        1 => "1 payment".to_owned(),
        n => format!("{n} payments"),
    };
    let file = FileToKeep {
        text: format!("{count}, {}, as a table that spreadsheets read (CSV).", span.in_words()),
        name: format!("payments-{}-to-{}.csv", span.from, span.until.yesterday().unwrap_or(span.until)),
        label: "Keep the file".to_owned(),
        media: "text/csv;charset=utf-8".to_owned(),
        content: B64.encode(content),
    };
    let mut blocks = vec![Block::File(file)];
    blocks.extend(span.cut_off());
    blocks.extend(read.partial.then(Block::partial));
    Ok(Reply { blocks, seen: read.seen, ..Reply::default() })
}

/// Whoever names no days takes along all that may be read.
fn all_days(turn: &Turn, about: &Entities) -> Entities {
    if about.period.is_some() || about.since_pay {
        return about.clone();
    }
    let today = turn.today();
    let from = today.checked_sub(turn.tenant.lookback_days.days()).unwrap_or(today);
    let period = Period { from, until: today.tomorrow().unwrap_or(today), said: String::new() };
    Entities { period: Some(period), ..about.clone() }
}

/// The table (RFC 4180), newest first. Amounts have their sign and a point, so that programs add them up.
fn csv(span: &Span, accounts: &[Account], payments: &[Transaction]) -> Vec<u8> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    let head = ["date", "description", "amount", "currency", "status", "kind", "account"];
    let mut written = table.write_record(head);
    for payment in payments {
        let account = accounts.iter().find(|account| account.id == payment.account);
        let what = payment.merchant.as_deref().unwrap_or(&payment.description);
        let status = match payment.status {
            TransactionStatus::Pending => "pending",
            TransactionStatus::Posted => "booked",
        };
        written = written.and_then(|()| {
            table.write_record([
                &span.day_of(payment).to_string(),
                &as_text(what),
                &payment.amount.decimal(),
                payment.amount.currency.code(),
                status,
                category::kind(payment),
                &as_text(&account.map(Account::title).unwrap_or_default()),
            ])
        });
    }
    written.expect("writing into memory does not fail");
    table.into_inner().expect("writing into memory does not fail")
}

/// A cell that no spreadsheet takes for a formula: one that begins like it gets an apostrophe in front.
fn as_text(text: &str) -> String {
    let like_a_formula =
        text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']);
    if like_a_formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+49", "-2", "@sum", " =1", "\t=1"] {
            assert!(as_text(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(as_text("Corner = Shop"), "Corner = Shop");
    }
}
