//! What the bank's side says in a conversation: blocks that each face draws in its own way.
//!
//! A reply is stored as it was said (sealed), so the thread reads the same tomorrow. It never holds a full
//! account or card number.

use crate::memory::{Asked, Undo};
use domain::{AccountKind, DataClass, EntryId, Money, Purpose, Tier};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One message from the bank's side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reply {
    /// What is said, from top to bottom.
    pub blocks: Vec<Block>,
    /// Answers offered as buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick: Vec<Quick>,
    /// Which bank data was read to say this, and where that stands in the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Seen>,
    /// What is asked with it, and which payments of a list it shows. The conversation remembers this; it is not part
    /// of what is said.
    #[serde(skip)]
    #[schema(ignore)]
    pub leaves: Leaves,
}

/// What a reply leaves in the memory of its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leaves {
    /// What it asks.
    pub asked: Option<Asked>,
    /// How many payments of a list have been shown with it, those of earlier pages too.
    pub shown: u32,
    /// The way back from what it says was done.
    pub undo: Option<Undo>,
    /// Whether what was done last was taken back with it.
    pub undone: bool,
}

/// An answer offered as a button. Pressing it says `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Quick {
    /// What stands on the button.
    pub label: String,
    /// What is said when it is pressed.
    pub text: String,
}

/// A piece of bank data that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Seen {
    /// The decision.
    #[schema(value_type = String)]
    pub entry: EntryId,
    /// Its place in the bank's access log, from 0.
    pub index: u64,
    /// What was read.
    #[schema(value_type = String)]
    pub data_class: DataClass,
    /// Why.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// How it was opened to be shown: `in_chat`, or `sealed` for a page of its own.
    #[serde(default = "in_chat")]
    #[schema(value_type = String)]
    pub tier: Tier,
}

/// What was opened before there were pages was opened for the conversation.
fn in_chat() -> Tier {
    Tier::InChat
}

/// One piece of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Text {
        /// Plain text.
        text: String,
    },
    /// How accounts stand.
    Balances {
        /// One per account.
        accounts: Vec<BalanceLine>,
    },
    /// A list of payments, newest first.
    Transactions {
        /// The payments.
        rows: Vec<TransactionLine>,
        /// How many more there are that are not shown.
        more: u32,
    },
    /// A total over several payments.
    Total {
        /// What it is the total of ("Greenleaf Market, Mon 9 to Sun 15 Nov").
        of: String,
        /// The sum spent, positive.
        amount: MoneyText,
        /// How many payments.
        count: u32,
    },
    /// What was spent by kind of shop, and by month.
    Picture {
        /// "What you spent, Sun 1 to Fri 20 Nov".
        of: String,
        /// By kind of shop, most first.
        lines: Vec<PictureLine>,
        /// By month, oldest first.
        months: Vec<MonthLine>,
    },
    /// How two sums compare, in a sentence with the difference.
    Compared {
        /// "You spent $12.00 more than in the same days before."
        text: String,
    },
    /// Where payments were made.
    Places {
        /// One per city, most visited first. Those with a point are on a map.
        rows: Vec<PlaceLine>,
        /// What was paid on the internet, which is nowhere on a map.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        online: Option<OnlineLine>,
    },
    /// Some facts, each with its name: limits, standing orders, what was ordered.
    Facts {
        /// What they are about.
        title: String,
        /// The facts.
        rows: Vec<Point>,
    },
    /// A file to keep. It stands on pages only, never in a conversation.
    File(FileToKeep),
    /// The notice before linking, with the button that leads to the bank.
    Notice(Notice),
    /// The way to a page that shows the answer once.
    SealedLink(SealedLink),
    /// Who looked at the data.
    Accesses {
        /// Newest first.
        rows: Vec<AccessLine>,
        /// How many older ones there are.
        more: u32,
    },
    /// Receipts to download: each proves one decision.
    Receipts {
        /// Newest first.
        rows: Vec<ReceiptLine>,
        /// The page that checks a receipt.
        verify: String,
    },
    /// A No: who said it, why, and what can be done.
    Refusal {
        /// Who refused, in words ("Meridian Savings", "Parlour's own rules").
        who: String,
        /// Why, in words.
        why: String,
        /// What can be done, in words.
        remedy: String,
    },
    /// A way to a page of ours.
    Door {
        /// What is there, in words.
        text: String,
        /// Its address.
        href: String,
        /// What stands on the button.
        label: String,
    },
    /// A warning that needs care, such as a secret that was typed into the chat.
    Care {
        /// Plain text.
        text: String,
    },
}

/// An amount, exact and as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MoneyText {
    /// The exact amount in the currency's smallest unit.
    pub minor_units: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// As people read it, with its sign and currency.
    pub text: String,
}

impl From<Money> for MoneyText {
    fn from(money: Money) -> Self {
        MoneyText {
            minor_units: money.minor_units,
            currency: money.currency.code().to_owned(),
            text: money.to_string(),
        }
    }
}

/// How one account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BalanceLine {
    /// "Everyday Checking ··4520".
    pub title: String,
    /// Its kind; a card's `current` is what is owed.
    #[schema(value_type = String)]
    pub kind: AccountKind,
    /// The booked amount.
    pub current: MoneyText,
    /// What can be spent now.
    pub available: Option<MoneyText>,
    /// When the bank read it.
    #[schema(value_type = String, format = DateTime)]
    pub as_of: Timestamp,
    /// Of a card: the least that is to be paid, and by which day ("at least $35.00 by Tue 1 Dec").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<String>,
    /// Said when the bank read it long ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TransactionLine {
    /// When it took place.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The day in the customer's own time zone, as people read it ("Mon 9 Nov").
    pub day: String,
    /// The merchant, or the bank's text.
    pub what: String,
    /// Signed: negative left the account.
    pub amount: MoneyText,
    /// Whether the bank has not booked it yet.
    pub pending: bool,
    /// Said of a payment that undoes another one: "Refund", "Taken back".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The account's title.
    pub account: String,
}

/// What was spent in one kind of shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PictureLine {
    /// "Groceries".
    pub name: String,
    /// The sum, positive.
    pub amount: MoneyText,
    /// Its part of all, in whole percent, 0 to 100.
    pub percent: u8,
    /// How many payments.
    pub count: u32,
}

/// What was spent in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MonthLine {
    /// "Oct".
    pub name: String,
    /// The sum, positive.
    pub amount: MoneyText,
    /// Compared with the month in which most was spent, in whole percent, 0 to 100.
    pub percent: u8,
}

/// The payments in one city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlaceLine {
    /// "Reno, United States".
    pub place: String,
    /// How many payments.
    pub count: u32,
    /// What was spent there, one amount per currency.
    pub spent: Vec<MoneyText>,
    /// Where it is; none if neither the city nor its country is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Spot>,
}

impl PlaceLine {
    /// Whether it stands somewhere in its country only.
    pub fn is_rough(&self) -> bool {
        self.at.as_ref().is_some_and(|at| at.roughly)
    }
}

/// A point on a map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Spot {
    /// What is written beside it: the city, or the country when the city is not known.
    pub name: String,
    /// Hundredths of a degree north, -9000 to 9000.
    pub latitude: i16,
    /// Hundredths of a degree east, -18000 to 18000.
    pub longitude: i16,
    /// Whether the city is not known, and this is a point in the middle of its country.
    #[serde(default)]
    pub roughly: bool,
}

/// The payments on the internet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OnlineLine {
    /// "Online: 12 payments, $341.20".
    pub text: String,
    /// How many payments.
    pub count: u32,
    /// What was spent, one amount per currency.
    pub spent: Vec<MoneyText>,
}

impl OnlineLine {
    /// So many payments with these sums.
    pub fn new(count: u32, spent: Vec<MoneyText>) -> OnlineLine {
        let sums: Vec<&str> = spent.iter().map(|sum| sum.text.as_str()).collect();
        let text = format!("Online: {}, {}", crate::map::payments(count), sums.join(" and "));
        OnlineLine { text, count, spent }
    }
}

/// What a customer reads before anything is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Notice {
    /// "Link this chat to Harbour Bank".
    pub title: String,
    /// Pairs of question and answer: which data, what for, how long, how to stop, what never.
    pub points: Vec<Point>,
    /// What stands on the button.
    pub button: String,
    /// Where the button leads: a one-time address on this host.
    pub href: String,
    /// Until when the button works.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// The way to a page that shows an answer once. It says what kind of answer, and nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SealedLink {
    /// "Your balances are ready."
    pub text: String,
    /// What stands on the button.
    pub button: String,
    /// Where the button leads: a one-time address on this host.
    pub href: String,
    /// Until when it opens.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// A file to keep: part of the page that shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileToKeep {
    /// What is in it, in words.
    pub text: String,
    /// Its name.
    pub name: String,
    /// What stands on the button.
    pub label: String,
    /// Its media type.
    pub media: String,
    /// Its content in base 64 (RFC 4648, with padding).
    pub content: String,
}

impl std::fmt::Debug for FileToKeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileToKeep({}, {} characters)", self.media, self.content.len())
    }
}

/// One point of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Point {
    /// "What will be read".
    pub term: String,
    /// The answer, in words.
    pub text: String,
}

/// A receipt that can be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiptLine {
    /// When it was decided. Said in words when it is shown: a reply is kept, and “today” would not stay true.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What was asked for, in words.
    pub what: String,
    /// Whether it was read.
    pub allowed: bool,
    /// Its place in the log.
    pub index: Option<u64>,
    /// Where the receipt is.
    pub href: String,
}

/// One decision of the gate, as its customer reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccessLine {
    /// The decision.
    #[schema(value_type = String)]
    pub entry: EntryId,
    /// When. Said in words when it is shown: a reply is kept, and “today” would not stay true.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What was asked for.
    #[schema(value_type = String)]
    pub data_class: DataClass,
    /// The same in words.
    pub what: String,
    /// Why.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// The same in words.
    pub why: String,
    /// Whether it was read or refused.
    pub allowed: bool,
    /// If refused: the reason in words.
    pub reason: Option<String>,
    /// Its place in the log, from 0; none while it is being numbered.
    pub index: Option<u64>,
}

impl Block {
    /// The bank gave a part of what was asked and said so.
    pub fn partial() -> Block {
        Block::Care {
            text: "The bank gave only a part of this just now. Something may be missing.".to_owned(),
        }
    }
}

impl Reply {
    /// A reply of one paragraph.
    pub fn text(text: impl Into<String>) -> Self {
        Reply { blocks: vec![Block::Text { text: text.into() }], ..Reply::default() }
    }

    /// The same reply, asking something: the next message is read as the answer to it.
    pub fn asking(mut self, asked: Asked) -> Self {
        self.leaves.asked = Some(asked);
        self
    }

    /// The same reply with answers offered as buttons; each button says what stands on it.
    pub fn with_quick(mut self, labels: &[&str]) -> Self {
        self.quick.extend(labels.iter().map(|l| Quick { label: (*l).to_owned(), text: (*l).to_owned() }));
        self
    }
}
