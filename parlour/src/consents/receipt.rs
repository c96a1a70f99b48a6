//! The receipt at the end of a consent: what ended, when, how, whether the bank has confirmed, and where that stands in
//! the bank's log, as a document for programs and as a text for people.

use super::Whole;
use domain::{BankId, ConsentId, ConsentState, DataClass, EntryId, How, Purpose, Who};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use store::{access::Opening, bank_tasks::TaskState};
use utoipa::ToSchema;

/// What proves to a customer that a consent has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// The consent.
    #[schema(value_type = String)]
    pub consent: ConsentId,
    /// The bank.
    #[schema(value_type = String)]
    pub bank: BankId,
    /// Its name.
    pub bank_name: String,
    /// Where the consent stands: withdrawn, revoked, expired or superseded.
    #[schema(value_type = String)]
    pub state: ConsentState,
    /// When it came to its end. Nothing was read on it since.
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Timestamp,
    /// Who ended it.
    #[schema(value_type = String)]
    pub ended_by: Who,
    /// On which way.
    #[schema(value_type = String)]
    pub how: How,
    /// The reason that was given, if one was.
    pub reason: Option<String>,
    /// Which data it had opened.
    #[schema(value_type = Vec<String>)]
    pub data_classes: Vec<DataClass>,
    /// What for.
    #[schema(value_type = Vec<String>)]
    pub purposes: Vec<Purpose>,
    /// Of how many accounts.
    pub accounts: usize,
    /// What was destroyed with it.
    pub destroyed: Vec<String>,
    /// Whether the bank knows.
    pub at_bank: AtBank,
    /// Where it stands in the bank's log.
    pub log: Option<InLog>,
}

/// Whether the bank knows of the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AtBank {
    /// It is being told, again and again until it confirms.
    Pending {
        /// How often it was told.
        attempts: u32,
    },
    /// It has confirmed.
    Confirmed {
        /// When.
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
    /// It did not take it and a person has to look.
    Stuck,
    /// It ended it itself, or had given nothing.
    NothingToTell,
}

/// Where an end stands in the bank's access log, with what opens that entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InLog {
    /// The entry.
    #[schema(value_type = String)]
    pub entry: EntryId,
    /// Its place, from 0; none while it is being numbered.
    pub index: Option<u64>,
    /// The entry's bytes, in hexadecimal.
    pub leaf: Option<String>,
    /// The record that the entry commits to: canonical JSON.
    pub record: Option<String>,
    /// The key of that commitment alone, in hexadecimal: HMAC-SHA-256 of the record under it ends the entry.
    pub key: Option<String>,
}

impl Receipt {
    /// The receipt of a consent that was in force and has ended.
    pub fn of(whole: &Whole, bank_name: &str) -> Option<Receipt> {
        let consent = &whole.consent;
        let end = whole.history.iter().rev().find(|told| told.change.state == consent.state)?;
        if !consent.state.is_final() || end.change.entry.is_none() {
            return None;
        }
        let log = end.change.entry.clone().map(|entry| InLog {
            entry,
            index: end.index,
            leaf: None,
            record: None,
            key: None,
        });
        Some(Receipt {
            consent: consent.id.clone(),
            bank: consent.bank.clone(),
            bank_name: bank_name.to_owned(),
            state: consent.state,
            ended_at: end.change.at,
            ended_by: end.change.how.who(),
            how: end.change.how,
            reason: end.change.reason.clone(),
            data_classes: consent.data_classes.clone(),
            purposes: consent.purposes.clone(),
            accounts: consent.accounts.len(),
            destroyed: vec!["the tokens and the key by which the bank could be asked".to_owned()],
            at_bank: match &whole.told {
                None => AtBank::NothingToTell,
                Some(told) => match told.state {
                    TaskState::Due => AtBank::Pending { attempts: told.attempts },
                    TaskState::Done => AtBank::Confirmed { at: told.at },
                    TaskState::GivenUp => AtBank::Stuck,
                },
            },
            log,
        })
    }

    /// Adds what opens the entry in the log.
    pub fn open_with(&mut self, opening: Option<Opening>) {
        if let (Some(log), Some(opening)) = (&mut self.log, opening) {
            log.index = Some(opening.index);
            log.leaf = Some(hexadecimal(&opening.leaf));
            log.record = String::from_utf8(opening.record).ok();
            log.key = Some(hexadecimal(opening.key.as_slice()));
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Receipt { consent, bank_name, state, ended_at, how, .. } = self;
        writeln!(f, "Receipt of {bank_name}: the consent {consent} is {state}.")?;
        writeln!(f, "Ended on {}, because {}.", ended_at.strftime("%F at %T UTC"), how.in_words())?;
        if let Some(reason) = &self.reason {
            writeln!(f, "The reason given: {reason}")?;
        }
        let what: Vec<&str> = self.data_classes.iter().map(|class| class.in_words()).collect();
        writeln!(f, "It had opened {}, of {} accounts.", crate::notice::list(&what), self.accounts)?;
        writeln!(f, "Destroyed: {}.", self.destroyed.join("; "))?;
        match &self.at_bank {
            AtBank::Pending { .. } => writeln!(f, "The bank is being told until it confirms.")?,
            AtBank::Confirmed { at } => {
                writeln!(f, "The bank confirmed on {}.", at.strftime("%F at %T UTC"))?
            }
            AtBank::Stuck => writeln!(f, "The bank did not take it; a person is looking into it.")?,
            AtBank::NothingToTell => writeln!(f, "There was nothing left to tell the bank.")?,
        }
        match self.log.as_ref().and_then(|log| log.index) {
            Some(index) => write!(f, "Entry {index} of the bank's access log."),
            None => write!(f, "The bank's access log is numbering it."),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
