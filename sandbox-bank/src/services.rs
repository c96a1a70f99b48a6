//! What a client may do for a customer beyond reading by FDX: one word in the consent and one scope for each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A service of the native API. A consent names each that a client may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Service {
    /// Reading cards, their limits and travel notices.
    CardsRead,
    /// Freezing a card.
    CardFreeze,
    /// Unfreezing a card.
    CardUnfreeze,
    /// Reporting a card lost or stolen.
    CardReport,
    /// Changing limits and switches of a card.
    CardLimits,
    /// Telling of a journey, and taking that back.
    TravelNotices,
    /// Naming an account.
    AccountNickname,
    /// Reading statements.
    StatementsRead,
    /// Reading standing orders and subscriptions.
    SchedulesRead,
    /// Reading how the customer is reached.
    ContactRead,
    /// Changing that.
    ContactWrite,
    /// Saying whether the customer made a payment.
    PaymentReports,
}

impl Service {
    /// All there are.
    pub(crate) const ALL: [Self; 12] = [
        Self::CardsRead,
        Self::CardFreeze,
        Self::CardUnfreeze,
        Self::CardReport,
        Self::CardLimits,
        Self::TravelNotices,
        Self::AccountNickname,
        Self::StatementsRead,
        Self::SchedulesRead,
        Self::ContactRead,
        Self::ContactWrite,
        Self::PaymentReports,
    ];

    /// The scope that a token needs for it.
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Self::CardsRead => "bank:cards:read",
            Self::CardFreeze => "bank:cards:freeze",
            Self::CardUnfreeze => "bank:cards:unfreeze",
            Self::CardReport => "bank:cards:report",
            Self::CardLimits => "bank:cards:limits",
            Self::TravelNotices => "bank:travel:write",
            Self::AccountNickname => "bank:accounts:nickname",
            Self::StatementsRead => "bank:statements:read",
            Self::SchedulesRead => "bank:schedules:read",
            Self::ContactRead => "bank:contact:read",
            Self::ContactWrite => "bank:contact:write",
            Self::PaymentReports => "bank:payment-reports",
        }
    }

    /// What a customer reads: what the client can see, or do.
    pub(crate) fn plain(self) -> &'static str {
        match self {
            Self::CardsRead => "Your cards, whether they are frozen, their limits, and your travel notices",
            Self::CardFreeze => "Freeze a card when you say so",
            Self::CardUnfreeze => "Unfreeze a card when you say so",
            Self::CardReport => {
                "Report a card lost or stolen when you say so, and have a new one sent to your address here"
            }
            Self::CardLimits => "Change the limits of a card when you say so",
            Self::TravelNotices => "Tell us when you travel, and take that back",
            Self::AccountNickname => "Give an account another name",
            Self::StatementsRead => "Your monthly statements",
            Self::SchedulesRead => "Your standing orders and subscriptions",
            Self::ContactRead => "How we reach you",
            Self::ContactWrite => "Change how we reach you",
            Self::PaymentReports => "Tell us that a payment was or was not yours when you say so",
        }
    }

    /// Whether it changes something.
    pub(crate) fn acts(self) -> bool {
        !matches!(self, Self::CardsRead | Self::StatementsRead | Self::SchedulesRead | Self::ContactRead)
    }
}

/// The scope of clients that want to be told when something happens.
pub(crate) const WEBHOOKS: &str = "bank:webhooks";
