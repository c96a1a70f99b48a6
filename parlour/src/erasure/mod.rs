//! "Erase my data": everything that is kept of a customer goes, with the key that could open copies of it.
//!
//! Steps, each of which may be the last before a crash: the [`list`] outside the database; the request in the
//! database, with every consent withdrawn; then, in one transaction, the tasks for the bank move to an heir, the
//! rows and the key go, and a mark stands in the log; at last the files are scrubbed. What was begun is ended at
//! the next start ([`crate::restore`]).

pub mod chat;
pub mod forgotten;
pub mod list;
pub mod receipt;
pub mod worker;

use crate::{app::App, bank_tasks::Revocation, consents::change_now, linking::FromBank, rim, withdrawal};
use domain::{
    BankId, ConsentEvent, CustomerId, EntryId, How,
    erasure::{AskedBy, ErasureState, Keep},
    ids::TaskId,
};
use forgotten::Forgotten;
use jiff::{SignedDuration, Timestamp};
use list::{ErasureList, ListFault, Tombstone};
use receipt::{Counts, Receipt, Stay};
use sha2::{Digest, Sha256};
use store::{DbError, Tx, access, consents, erasures, exports, holds};
use tokio::{sync::Notify, task};

/// How long a bank may take to confirm that the sharing has ended. After it, the tokens are destroyed
/// unconfirmed, and an operator is told (one month: GDPR art. 12(3)).
pub const HEIR_LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What kind of mark an erasure leaves in the log: SHA-256 of this text, where a decision has its policies.
pub const MARK: &str = "parlour erasure";

/// What a gateway knows about erasing.
#[derive(Debug)]
pub struct Erasures {
    /// The list outside the database.
    pub list: ErasureList,
    /// Whose sessions open nothing.
    pub forgotten: Forgotten,
    /// Rings when there is somebody to erase.
    pub rung: Notify,
}

impl Erasures {
    /// With the list in this file.
    pub fn new(list: ErasureList) -> Erasures {
        Erasures { list, forgotten: Forgotten::default(), rung: Notify::new() }
    }
}

/// Why an erasure did not go through yet. What was begun goes on by itself.
#[derive(Debug, thiserror::Error)]
pub enum ErasureFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The list.
    #[error(transparent)]
    List(#[from] ListFault),
    /// It is carried out already, by this process or another.
    #[error("the erasure was carried out already")]
    CarriedOut,
    /// Nobody asked for it.
    #[error("nobody asked to erase this customer")]
    NotAsked,
    /// A thread broke.
    #[error("the writer of the list of erasures broke")]
    Broken,
}

/// Erases a customer: asks, carries out what holds allow, and gives the receipt.
pub async fn erase(
    app: &App,
    bank: &BankId,
    customer: &CustomerId,
    by: AskedBy,
) -> Result<Receipt, ErasureFault> {
    ask(app, bank, customer, by).await?;
    match carry_out(app, bank, customer).await {
        Err(ErasureFault::CarriedOut) => {
            receipt::of(app, bank, customer).await?.ok_or(ErasureFault::CarriedOut)
        }
        outcome => outcome,
    }
}

/// Writes down that a customer is to be erased and withdraws every consent. From here on nothing of theirs is
/// read at the bank, and the erasure takes place whatever happens to this process.
pub async fn ask(app: &App, bank: &BankId, customer: &CustomerId, by: AskedBy) -> Result<(), ErasureFault> {
    let now = app.clock.now();
    let stone = Tombstone { at: now, bank: bank.clone(), customer: customer.clone(), by };
    let list = app.erasures.list.clone();
    task::spawn_blocking(move || list.add(&stone)).await.map_err(|_| ErasureFault::Broken)??;
    let (b, c) = (bank.clone(), customer.clone());
    app.store
        .transact(move |tx| -> Result<(), DbError> {
            erasures::ask(tx, &b, &c, by, now)?;
            withdraw_all(tx, &b, &c, now)
        })
        .await?;
    app.erasures.rung.notify_one();
    Ok(())
}

/// Ends every consent of a customer here and leaves a task to end it at the bank.
fn withdraw_all(tx: &mut Tx, bank: &BankId, customer: &CustomerId, now: Timestamp) -> Result<(), DbError> {
    if !erasures::has_key(tx, bank, customer)? {
        return Ok(());
    }
    for consent in consents::of_customer(tx, bank, customer)? {
        let event = match consent.state.after(ConsentEvent::Withdraw) {
            Ok(_) => ConsentEvent::Withdraw,
            Err(_) => ConsentEvent::Refuse,
        };
        // What is over already, or was ended by somebody else just now, needs no end.
        consents::change(tx, &consent, &change_now(event, How::Erasure, now), |_| {})?;
        withdrawal::end_grant(tx, &consent, &task_of(consent.id.as_str(), now), now)?;
    }
    Ok(())
}

/// The same task for the same consent, however often it is asked for.
fn task_of(consent: &str, now: Timestamp) -> TaskId {
    let digits = consent.split_once('_').map_or("", |(_, digits)| digits);
    format!("{}_{digits}", TaskId::PREFIX).parse().unwrap_or_else(|_| TaskId::new(rim::uuid(now)))
}

/// What one try to carry out an erasure needs from outside: names, and the key of its mark.
#[derive(Clone)]
struct Names {
    bank: BankId,
    customer: CustomerId,
    heir: CustomerId,
    entry: EntryId,
    key: [u8; 32],
}

/// Carries out an erasure that was asked for: everything goes that no hold keeps. Tells every stream and
/// session of theirs that it is over.
pub async fn carry_out(app: &App, bank: &BankId, customer: &CustomerId) -> Result<Receipt, ErasureFault> {
    let now = app.clock.now();
    let names = Names {
        bank: bank.clone(),
        customer: customer.clone(),
        heir: CustomerId::new(rim::uuid(now)),
        entry: EntryId::new(rim::uuid(now)),
        key: rim::random(),
    };
    let conversations = {
        let (b, c) = (bank.clone(), customer.clone());
        app.store.read(move |tx| exports::conversations(tx, &b, &c)).await?
    };
    let ours = names.clone();
    let done = app.store.decide(vec![names.entry.clone()], move |tx| in_one(tx, &ours, now)).await;
    if matches!(done, Ok(_) | Err(ErasureFault::CarriedOut)) {
        app.erasures.forgotten.add(bank, customer);
        conversations.iter().for_each(|conversation| app.bells.ring(&conversation.id));
    }
    let (mut receipt, logged) = done?;
    receipt.proof.index = logged.first().map(|logged| logged.index());
    metrics::counter!("parlour_erasures_total", "bank" => bank.to_string()).increment(1);
    Ok(receipt)
}

/// The transaction of an erasure.
fn in_one(tx: &mut Tx, names: &Names, now: Timestamp) -> Result<Receipt, ErasureFault> {
    let Names { bank, customer, heir, entry, key } = names;
    let erasure = erasures::find(tx, bank, customer)?.ok_or(ErasureFault::NotAsked)?;
    if erasure.state == ErasureState::Erased {
        return Err(ErasureFault::CarriedOut);
    }
    withdraw_all(tx, bank, customer, now)?;
    let held = match erasures::has_key(tx, bank, customer)? {
        true => holds::active(tx, bank, customer, now)?,
        false => vec![],
    };
    let kept: Vec<Keep> =
        Keep::ALL.iter().copied().filter(|keep| held.iter().any(|h| h.keeps.contains(keep))).collect();
    let left = erasures::bequeath(tx, bank, customer, heir, now, without_accounts)?;
    let wiped = erasures::wipe(tx, bank, customer, &kept)?;
    let heir_until = (left > 0).then(|| now + HEIR_LASTS);
    let state = if kept.is_empty() { ErasureState::Erased } else { ErasureState::Held };
    let mut stays: Vec<Stay> = held.iter().flat_map(Stay::of_hold).collect();
    stays.extend(heir_until.map(Stay::of_tokens));
    stays.push(Stay::of_the_log());
    let counts = Counts { messages: wiped.messages, consents: wiped.consents, accesses: wiped.accesses };
    let receipt = Receipt::new(&erasure, state, counts, stays, entry.clone(), key, now);
    let digest = Sha256::digest(MARK.as_bytes()).into();
    let mark = access::Mark { digest, record: receipt.proof.record.clone().into_bytes(), key: *key };
    access::stage_mark(tx, bank, entry, &mark, now)?;
    let settled = erasures::Settled {
        state,
        heir: heir_until.map(|until| (heir.clone(), until)),
        entry: entry.clone(),
        receipt: serde_json::to_vec(&receipt).map_err(|_| DbError::Unreadable { what: "receipt" })?,
    };
    erasures::settle(tx, bank, customer, &settled, now)?;
    Ok(receipt)
}

/// A revocation needs the token and not the accounts.
fn without_accounts(body: Vec<u8>) -> Vec<u8> {
    let reduced = || {
        let mut revocation: Revocation = serde_json::from_slice(&body).ok()?;
        let mut from_bank: FromBank = serde_json::from_slice(&revocation.from_bank).ok()?;
        from_bank.accounts.clear();
        from_bank.data_classes.clear();
        from_bank.subject = None;
        revocation.from_bank = serde_json::to_vec(&from_bank).ok()?;
        serde_json::to_vec(&revocation).ok()
    };
    reduced().unwrap_or(body)
}
