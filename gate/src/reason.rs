//! Why the gate says no, as facts.

use crate::{Asker, AskerKind, BankRules, Question};
use domain::{AccountId, Consent, ConsentState, DataClass, Purpose, Tier};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why data stays where it is. `Display` gives words that a customer understands; where the bank has words
/// of its own they are in [`crate::Refusal::said`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RefusalReason {
    /// The gate has no rules of such a bank.
    #[error("this bank is not known here")]
    UnknownBank,
    /// Whoever asks may not ask for this customer's data.
    #[error("{} may not see or do this: it is yours", .asker.in_words())]
    NotTheirs {
        /// Who asks.
        asker: AskerKind,
    },
    /// Whoever works on a case may look to answer the customer or to settle a dispute, for nothing else.
    #[error("the bank's people may not look at your data {}", .purpose.in_words())]
    NotForCases {
        /// What it was to be used for.
        purpose: Purpose,
    },
    /// An order to pay that is not one: of no amount, for another purpose, or drawn from something else than
    /// accounts.
    #[error("this is not a payment that can be made")]
    NotAPayment,
    /// An order that is not one: for another purpose, or on something that it does not change.
    #[error("this is not something that can be done")]
    NotAnOrder,
    /// The bank refuses the channel.
    #[error("the bank does not talk about your data on this channel")]
    ChannelRefused,
    /// The bank does not offer this class of data.
    #[error("the bank does not share {}", .data_class.in_words())]
    BankDoesNotOffer {
        /// The class.
        data_class: DataClass,
    },
    /// One of the Nos that the bank wrote down.
    #[error("the bank says no to this")]
    BankNo {
        /// Which one, from 1 (`bank/<bank>/no-<number>`).
        number: usize,
    },
    /// There is no consent, no answer to it yet, a No to it, or one of another customer, bank or channel.
    #[error("you have not linked this chat to the bank")]
    NoConsent,
    /// The consent was ended: withdrawn, revoked or superseded.
    #[error("you have not linked this chat to the bank any more: the link was {state}")]
    ConsentEnded {
        /// How it was ended.
        state: ConsentState,
    },
    /// The customer asked for a pause.
    #[error("you have paused this link")]
    ConsentPaused,
    /// The consent's time is over.
    #[error("your consent ran out on {}", .at.strftime("%F"))]
    ConsentExpired {
        /// When it ended.
        at: Timestamp,
    },
    /// The consent's time has not begun.
    #[error("your consent begins on {}", .from.strftime("%F"))]
    NotYet {
        /// When it begins.
        from: Timestamp,
    },
    /// The customer did not agree to this purpose.
    #[error("you did not agree that your data is used {}", .purpose.in_words())]
    PurposeNotAgreed {
        /// The purpose.
        purpose: Purpose,
    },
    /// The customer did not agree to this class of data.
    #[error("you did not agree to share {}", .data_class.in_words())]
    ClassNotAgreed {
        /// The class.
        data_class: DataClass,
    },
    /// The customer did not choose this account.
    #[error("you did not share this account")]
    AccountNotShared {
        /// The first account of the question that was not chosen.
        account: AccountId,
    },
    /// The question names no account and the consent has none: the bank has not told which were chosen.
    #[error("you have not shared any account")]
    NoAccountShared,
    /// It may not be shown like this on this channel.
    #[error("{}", how_it_may_be_shown(*.asked, *.at_most))]
    TierTooHigh {
        /// How it was to be shown.
        asked: Tier,
        /// How it may be shown at most.
        at_most: Tier,
    },
    /// A policy that the bank wrote says no.
    #[error("a rule of the bank says no")]
    BankPolicy {
        /// The bank's policies that say no.
        clauses: Vec<String>,
    },
    /// The rules themselves failed, so nobody knows what they say; that is a no, and an alert.
    #[error("the bank's rules could not be read, so nothing was opened")]
    PolicyError {
        /// The policies that failed. Empty if the question did not fit the schema, or if the policies and
        /// the facts disagree.
        clauses: Vec<String>,
    },
}

fn how_it_may_be_shown(asked: Tier, at_most: Tier) -> &'static str {
    match (asked, at_most) {
        (_, Tier::Never) => "this may not be shown here",
        (Tier::Never, _) => "nothing was to be shown, so nothing was read",
        (_, Tier::Sealed | Tier::InChat) => "this may only be shown on the bank's own page",
    }
}

/// Whether a consent belongs to the customer and the bank of a question.
pub(crate) fn is_theirs(consent: &Consent, question: &Question) -> bool {
    consent.customer == *question.customer && consent.bank == *question.bank
}

/// Looks for the reason of a no in the facts: first who asks, then what the bank says, then what the customer
/// said, then how it would be shown. None says only that the floor and the bank's lists have nothing against it;
/// the bank's own policies may.
pub(crate) fn find(
    question: &Question,
    purpose: Purpose,
    accounts: &[AccountId],
    rules: &BankRules,
) -> Option<RefusalReason> {
    may_not_ask(question, purpose)
        .or_else(|| is_no_payment(question, purpose))
        .or_else(|| is_no_order(question, purpose))
        .or_else(|| bank_says_no(question, rules))
        .or_else(|| match question.consent {
            Some(consent) if is_theirs(consent, question) && consent.channel == question.channel => {
                consent_has_ended(consent, question.now)
                    .or_else(|| customer_says_no(consent, question, purpose, accounts))
            }
            _ => Some(RefusalReason::NoConsent),
        })
        .or_else(|| too_open(question, rules))
}

fn may_not_ask(question: &Question, purpose: Purpose) -> Option<RefusalReason> {
    let asker = question.asker.kind();
    let theirs = match question.asker {
        Asker::Customer(id) => id == question.customer,
        Asker::Agent { bank, open_cases, .. } => {
            bank == question.bank && open_cases.contains(question.customer) && question.ordered.is_none()
        }
        Asker::Staff { .. } | Asker::Partner { .. } | Asker::Platform { .. } => false,
    };
    if !theirs {
        return Some(RefusalReason::NotTheirs { asker });
    }
    let for_cases = matches!(purpose, Purpose::AnswerCustomer | Purpose::DisputeSupport);
    (asker == AskerKind::Agent && !for_cases).then_some(RefusalReason::NotForCases { purpose })
}

fn is_no_payment(question: &Question, purpose: Purpose) -> Option<RefusalReason> {
    let payment = question.payment()?;
    let is_one = purpose == Purpose::CustomerPayment
        && question.data_class == DataClass::Accounts
        && payment.minor_units > 0;
    (!is_one).then_some(RefusalReason::NotAPayment)
}

fn is_no_order(question: &Question, purpose: Purpose) -> Option<RefusalReason> {
    let operation = question.operation()?;
    let is_one = purpose == Purpose::AccountManagement && question.data_class == operation.data_class();
    (!is_one).then_some(RefusalReason::NotAnOrder)
}

fn bank_says_no(question: &Question, rules: &BankRules) -> Option<RefusalReason> {
    if rules.refused_channels.contains_key(&question.channel) {
        return Some(RefusalReason::ChannelRefused);
    }
    let data_class = question.data_class;
    if !rules.offers(data_class) {
        return Some(RefusalReason::BankDoesNotOffer { data_class });
    }
    let hour = rules.hour(question.now);
    let number = rules.nos.iter().position(|no| no.refuses(question, hour))? + 1;
    Some(RefusalReason::BankNo { number })
}

fn consent_has_ended(consent: &Consent, now: Timestamp) -> Option<RefusalReason> {
    use ConsentState as S;
    let now = now.as_microsecond();
    let over = now >= consent.expires_at.as_microsecond();
    match consent.state {
        S::Requested | S::Refused => Some(RefusalReason::NoConsent),
        S::Withdrawn | S::Revoked | S::Superseded => {
            Some(RefusalReason::ConsentEnded { state: consent.state })
        }
        S::Expired => Some(RefusalReason::ConsentExpired { at: consent.expires_at }),
        S::Given | S::Paused if over => Some(RefusalReason::ConsentExpired { at: consent.expires_at }),
        S::Paused => Some(RefusalReason::ConsentPaused),
        S::Given if now < consent.not_before.as_microsecond() => {
            Some(RefusalReason::NotYet { from: consent.not_before })
        }
        S::Given => None,
    }
}

fn customer_says_no(
    consent: &Consent,
    question: &Question,
    purpose: Purpose,
    accounts: &[AccountId],
) -> Option<RefusalReason> {
    let data_class = question.data_class;
    if !consent.purposes.contains(&purpose) {
        return Some(RefusalReason::PurposeNotAgreed { purpose });
    }
    if !consent.data_classes.contains(&data_class) {
        return Some(RefusalReason::ClassNotAgreed { data_class });
    }
    if accounts.is_empty() {
        return Some(RefusalReason::NoAccountShared);
    }
    let stranger = accounts.iter().find(|account| !consent.accounts.contains(account))?;
    Some(RefusalReason::AccountNotShared { account: stranger.clone() })
}

fn too_open(question: &Question, rules: &BankRules) -> Option<RefusalReason> {
    let (asked, at_most) = (question.tier, rules.max_tier(question.channel, question.data_class));
    (asked == Tier::Never || asked > at_most).then_some(RefusalReason::TierTooHigh { asked, at_most })
}
