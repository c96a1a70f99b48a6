//! What goes over the stream.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An event of the card stream. In a bulk file each line is one, with its `id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CardStreamEvent {
    /// In bulk files only: what would be the `webhook-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(flatten)]
    pub(crate) what: CardStreamData,
    /// When the event was made.
    #[schema(format = DateTime)]
    pub(crate) timestamp: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data")]
pub(crate) enum CardStreamData {
    /// A card paid, or was declined.
    #[serde(rename = "card.authorization")]
    Authorization(CardPayment),
    /// The bank's own system suspects a payment that was told of before.
    #[serde(rename = "card.alert")]
    Alert(CardPayment),
    /// What is known by now of a payment that was told of before. A later one counts.
    #[serde(rename = "card.fraud")]
    Fraud(FraudLabel),
}

/// A payment by card, without a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CardPayment {
    pub(crate) payment_id: String,
    /// The card: stable, and nothing can be read from it.
    pub(crate) card_token: String,
    /// The terminal, or the shop on the internet: stable, and nothing can be read from it.
    pub(crate) terminal_token: String,
    /// Whose card it is: stable, and nothing can be read from it.
    pub(crate) customer_token: String,
    /// Units of the currency with two decimals.
    #[schema(example = "84.10")]
    pub(crate) amount: String,
    /// ISO 4217.
    pub(crate) currency: String,
    #[schema(format = DateTime)]
    pub(crate) at: String,
    /// ISO 18245.
    pub(crate) merchant_category: String,
    /// ISO 3166-1 alpha-2.
    pub(crate) merchant_country: String,
    pub(crate) entry_mode: EntryMode,
    pub(crate) outcome: Outcome,
    /// Whose payment it is, for each consent in force that covers it. Nobody is named without one.
    #[serde(rename = "for", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) named: Vec<Named>,
    /// With an alert: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// A payment for somebody who may know whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Named {
    pub(crate) consent_id: String,
    pub(crate) account_id: String,
    pub(crate) card_id: String,
    /// As the account's transactions have it; absent when the payment was declined, for then there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_id: Option<String>,
    /// The last four.
    pub(crate) card_digits: String,
    pub(crate) merchant: String,
    /// Only where the consent includes the payee's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) city: Option<String>,
}

/// Whether a payment was fraud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FraudLabel {
    pub(crate) payment_id: String,
    pub(crate) card_token: String,
    pub(crate) terminal_token: String,
    /// When it was paid.
    #[schema(format = DateTime)]
    pub(crate) at: String,
    pub(crate) fraud: bool,
    pub(crate) source: LabelSource,
}

/// How a card was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EntryMode {
    /// Its chip.
    Chip,
    /// By touch.
    Contactless,
    /// Its stripe.
    Magstripe,
    /// Its number typed in by somebody.
    Manual,
    /// On the internet.
    Online,
}

impl EntryMode {
    const ALL: [Self; 5] = [Self::Chip, Self::Contactless, Self::Magstripe, Self::Manual, Self::Online];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Chip => "chip",
            Self::Contactless => "contactless",
            Self::Magstripe => "magstripe",
            Self::Manual => "manual",
            Self::Online => "online",
        }
    }

    pub(super) fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|mode| mode.word() == word).unwrap_or(Self::Chip)
    }
}

/// Whether a card paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Approved,
    Declined,
}

/// From whom a label comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LabelSource {
    /// The card's owner got the money back.
    Chargeback,
    /// The bank: its own finding, what the customer told it, or that the time for doubts is over.
    Bank,
}

/// What the receiver may answer: its decision on a payment.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
pub(crate) struct CardDecision {
    /// How likely it is fraud, 0 to 1.
    pub(crate) score: Option<f64>,
    /// `none`, `alert`, `step_up`, `decline`, or a word of the receiver's own.
    pub(crate) action: Option<String>,
}

/// What the receiver answers to a bulk file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
pub(crate) struct BulkReceipt {
    /// Lines that were new.
    #[serde(default)]
    pub(crate) taken: i64,
    /// Lines that were known by their `id`.
    #[serde(default)]
    pub(crate) repeated: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_written_as_agreed_and_read_back() {
        let label = FraudLabel {
            payment_id: "p-1".into(),
            card_token: "c-1".into(),
            terminal_token: "t-1".into(),
            at: "2026-11-22T00:29:59Z".into(),
            fraud: true,
            source: LabelSource::Chargeback,
        };
        let event = CardStreamEvent {
            id: None,
            what: CardStreamData::Fraud(label),
            timestamp: "2026-11-29T00:29:59Z".into(),
        };
        let written = serde_json::to_value(&event).unwrap();
        assert_eq!(
            written,
            json!({ "type": "card.fraud", "timestamp": "2026-11-29T00:29:59Z", "data": {
                "paymentId": "p-1", "cardToken": "c-1", "terminalToken": "t-1", "at": "2026-11-22T00:29:59Z",
                "fraud": true, "source": "chargeback" } })
        );
        assert_eq!(serde_json::from_value::<CardStreamEvent>(written).unwrap(), event);
        for mode in EntryMode::ALL {
            assert_eq!(EntryMode::from_word(mode.word()), mode);
            assert_eq!(json!(mode), mode.word());
        }
    }
}
