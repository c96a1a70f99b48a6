//! What the native API says. Amounts are decimal texts in units of the currency.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    cards::{Card, CardKind, FrozenBy, NETWORK, Status},
    ledger::{
        schedule::{StandingOrder, Subscription},
        statements::Statement,
    },
    requests::TravelNotice,
};

/// Minor units as a decimal text: `12.50`.
pub(super) fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

/// How much a card pays, and where.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LimitsView {
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: String,
    /// The most on one day.
    #[schema(example = "2000.00")]
    per_day: String,
    /// The most at once.
    per_payment: String,
    /// By touch.
    contactless: bool,
    /// On the internet.
    online: bool,
    /// In other countries.
    abroad: bool,
}

/// A card.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CardView {
    card_id: String,
    account_id: String,
    last4: String,
    network: &'static str,
    kind: CardKind,
    status: Status,
    /// Who froze it; absent unless it is frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen_by: Option<FrozenBy>,
    limits: LimitsView,
    /// The card that it was sent for.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    /// When it should be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    expected_date: Option<String>,
}

impl From<&Card> for CardView {
    fn from(card: &Card) -> Self {
        Self {
            card_id: card.id.clone(),
            account_id: card.account.clone(),
            last4: card.last4.clone(),
            network: NETWORK,
            kind: card.kind,
            status: card.status,
            frozen_by: card.frozen_by,
            limits: LimitsView {
                currency: card.currency.clone(),
                per_day: decimal(card.per_day),
                per_payment: decimal(card.per_payment),
                contactless: card.contactless,
                online: card.online,
                abroad: card.abroad,
            },
            replaces: card.replaces.clone(),
            expected_date: card.expected.clone(),
        }
    }
}

/// The cards of a consent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CardsView {
    pub(super) cards: Vec<CardView>,
}

/// What came of an order on a card.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CardAnswer {
    /// How the card is now.
    pub(super) card: CardView,
    /// Whether this order changed anything.
    pub(super) changed: bool,
    /// The card that is sent for one that was reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replacement: Option<CardView>,
}

/// A travel notice.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TravelNoticeView {
    notice_id: String,
    /// ISO 3166-1 alpha-2.
    countries: Vec<String>,
    #[schema(format = Date)]
    from: String,
    #[schema(format = Date)]
    until: String,
}

impl From<&TravelNotice> for TravelNoticeView {
    fn from(notice: &TravelNotice) -> Self {
        Self {
            notice_id: notice.id.clone(),
            countries: notice.countries.clone(),
            from: notice.from.to_string(),
            until: notice.until.to_string(),
        }
    }
}

/// The travel notices that are not over.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TravelNoticesView {
    pub(super) travel_notices: Vec<TravelNoticeView>,
}

/// A notice that was kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TravelAnswer {
    pub(super) notice: TravelNoticeView,
    /// Always true: each key makes one notice.
    pub(super) changed: bool,
}

/// Whether an order changed anything.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ChangedAnswer {
    pub(super) changed: bool,
}

/// An account that was renamed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NicknameAnswer {
    pub(super) account_id: String,
    /// What it is called now.
    pub(super) nickname: String,
    pub(super) changed: bool,
}

/// A statement, without what it says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatementView {
    statement_id: String,
    account_id: String,
    #[schema(format = Date)]
    from: String,
    #[schema(format = Date)]
    to: String,
    pages: usize,
}

impl StatementView {
    pub(super) fn of(statement: &Statement, account: &str) -> Self {
        Self {
            statement_id: statement.id.clone(),
            account_id: account.to_owned(),
            from: statement.from.to_string(),
            to: statement.to.to_string(),
            pages: statement.pages,
        }
    }
}

/// The statements of an account, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatementsView {
    pub(super) statements: Vec<StatementView>,
}

/// A standing order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StandingOrderView {
    standing_order_id: String,
    account_id: String,
    payee: String,
    amount: String,
    /// ISO 4217.
    currency: String,
    /// WEEKLY, MONTHLY, QUARTERLY or YEARLY.
    cadence: &'static str,
    #[schema(format = Date)]
    next_date: String,
}

impl From<&StandingOrder> for StandingOrderView {
    fn from(order: &StandingOrder) -> Self {
        Self {
            standing_order_id: order.id.clone(),
            account_id: order.account.clone(),
            payee: order.payee.clone(),
            amount: decimal(order.minor),
            currency: order.currency.clone(),
            cadence: "MONTHLY",
            next_date: order.next.to_string(),
        }
    }
}

/// The standing orders of the consent's accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StandingOrdersView {
    pub(super) standing_orders: Vec<StandingOrderView>,
}

/// A subscription.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionView {
    subscription_id: String,
    account_id: String,
    merchant: String,
    /// What it took the last time.
    amount: String,
    /// What it took before, if that was another amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_before: Option<String>,
    /// ISO 4217.
    currency: String,
    /// WEEKLY, MONTHLY, QUARTERLY or YEARLY.
    cadence: &'static str,
    /// When the bank expects the next one.
    #[schema(format = Date)]
    next_date: String,
}

impl From<&Subscription> for SubscriptionView {
    fn from(subscription: &Subscription) -> Self {
        Self {
            subscription_id: subscription.id.clone(),
            account_id: subscription.account.clone(),
            merchant: subscription.merchant.clone(),
            amount: decimal(subscription.minor),
            amount_before: subscription.before.map(decimal),
            currency: subscription.currency.clone(),
            cadence: "MONTHLY",
            next_date: subscription.next.to_string(),
        }
    }
}

/// The subscriptions that the bank sees on the consent's accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SubscriptionsView {
    pub(super) subscriptions: Vec<SubscriptionView>,
}
