//! What a customer has in hand after an erasure: what went, what stays and why, and the proof that it stands in
//! the bank's log. It holds nothing personal, so that it can be kept when they are gone.

use crate::{app::App, session::ReceiptWay};
use domain::{
    BankId, CustomerId, EntryId,
    erasure::{AskedBy, ErasureState},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{
    DbError,
    erasures::{self, Erasure},
    holds::Hold,
};
use url::Url;

/// The version of the receipt's form.
pub const SCHEMA: &str = "parlour.erasure/1";
/// How long the receipt can be had at its address.
pub const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`SCHEMA`].
    pub schema: String,
    /// The bank.
    pub bank: BankId,
    /// Who asked.
    pub asked_by: AskedBy,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was carried out.
    pub erased_at: Timestamp,
    /// Whether all is erased, or some is held.
    pub state: ErasureState,
    /// How much went.
    pub erased: Counts,
    /// What stays.
    pub stays: Vec<Stay>,
    /// Where it stands in the log.
    pub proof: Proof,
}

/// How much was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Messages, both ways.
    pub messages: u64,
    /// Consent records.
    pub consents: u64,
    /// Records of who looked.
    pub accesses: u64,
}

/// Something that stays, in words for customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// Until when. None: see the reason.
    pub until: Option<Timestamp>,
}

/// What lets anybody find the erasure in the bank's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Its entry.
    pub entry: EntryId,
    /// Its place, from 0. None in the moment before it has one.
    pub index: Option<u64>,
    /// What the entry commits to, byte for byte.
    pub record: String,
    /// The key of the commitment (HMAC-SHA-256), in hexadecimal.
    pub key: String,
}

/// What the log's entry commits to.
#[derive(Serialize)]
struct Record<'a> {
    schema: &'a str,
    bank: &'a BankId,
    asked_by: AskedBy,
    erased_at: Timestamp,
    state: ErasureState,
    erased: Counts,
}

impl Stay {
    /// What a hold keeps.
    pub fn of_hold(hold: &Hold) -> Vec<Stay> {
        let stay = |keep: &domain::erasure::Keep| Stay {
            what: keep.in_words().to_owned(),
            why: match hold.until {
                Some(_) => format!("{}. It is erased by itself after that", hold.kind.in_words()),
                None => format!("{}. It is erased by itself when that has ended", hold.kind.in_words()),
            },
            until: hold.until,
        };
        hold.keeps.iter().map(stay).collect()
    }

    /// The tokens that the bank has not taken back yet.
    pub fn of_tokens(until: Timestamp) -> Stay {
        Stay {
            what: "the key to your data at the bank, locked away".to_owned(),
            why: "it is needed once more, to tell the bank that the sharing has ended. It is destroyed when the bank \
                  has confirmed"
                .to_owned(),
            until: Some(until),
        }
    }

    /// The log.
    pub fn of_the_log() -> Stay {
        Stay {
            what: "entries in the access log that nobody can join to you".to_owned(),
            why: "the log shows everybody that no access was hidden. Without your key, which is destroyed, the entries \
                  say only that somebody’s data was read or refused in some hour"
                .to_owned(),
            until: None,
        }
    }
}

impl Receipt {
    /// The receipt of an erasure that is being carried out.
    pub fn new(
        erasure: &Erasure,
        state: ErasureState,
        erased: Counts,
        stays: Vec<Stay>,
        entry: EntryId,
        key: &[u8; 32],
        now: Timestamp,
    ) -> Receipt {
        let (bank, asked_by) = (&erasure.bank, erasure.asked_by);
        let record = Record { schema: SCHEMA, bank, asked_by, erased_at: now, state, erased };
        let record = serde_json::to_string(&record).expect("a record is plain data");
        let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
        Receipt {
            schema: SCHEMA.to_owned(),
            bank: bank.clone(),
            asked_by,
            asked_at: erasure.asked_at,
            erased_at: now,
            state,
            erased,
            stays,
            proof: Proof { entry, index: None, record, key },
        }
    }
}

/// The receipt of somebody who was erased. None if nobody was, or it is too old.
pub async fn of(app: &App, bank: &BankId, customer: &CustomerId) -> Result<Option<Receipt>, DbError> {
    let (b, c) = (bank.clone(), customer.clone());
    let Some(erasure) = app.store.read(move |tx| erasures::find(tx, &b, &c)).await? else { return Ok(None) };
    let Some(bytes) = erasure.receipt else { return Ok(None) };
    let mut receipt: Receipt =
        serde_json::from_slice(&bytes).map_err(|_| DbError::Unreadable { what: "receipt of an erasure" })?;
    receipt.proof.index = erasure.index;
    Ok(Some(receipt))
}

/// Where the receipt is, on this host. Nobody else can make up the address, and it names nobody.
pub fn path(app: &App, bank: &BankId, customer: &CustomerId) -> String {
    format!("/erased/{bank}/{}", app.sessions.receipt_token(bank, customer, ReceiptWay::Page))
}

/// Where the door before the receipt is: what a messenger carries, whose servers look at what they carry.
pub fn door(app: &App, bank: &BankId, customer: &CustomerId) -> String {
    format!("/erased/{bank}/door/{}", app.sessions.receipt_token(bank, customer, ReceiptWay::Door))
}

/// A path on this host as a whole address.
pub fn address(app: &App, path: &str) -> String {
    app.settings.public_url.join(path).map_or_else(|_| String::new(), |url: Url| url.into())
}
