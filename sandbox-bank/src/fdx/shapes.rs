//! What the API says, in FDX-aligned words. Amounts are numbers in units of the currency.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    consents::{Consent, DataCluster, DurationType, Initiator, Reason, ResourceType, Status},
    ledger::{self, Kind, Movement, day_of, life::Nature},
    services::Service,
};

/// Minor units as a number with two decimals.
fn units(minor: i64) -> f64 {
    minor as f64 / 100.0
}

/// Where the next page is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageInfo {
    /// Send it as `pageKey`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_key: Option<String>,
    /// How many there are on all pages together.
    pub(crate) total_elements: i64,
}

/// Links of a page.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Links {
    /// The next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Link>,
}

/// One link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Link {
    /// Path and query, from the host's root.
    pub(crate) href: String,
}

/// A page of accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AccountsPage {
    pub(crate) page: PageInfo,
    pub(crate) links: Links,
    pub(crate) accounts: Vec<Account>,
}

/// What family an account is of.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Category {
    /// Checking and savings.
    DepositAccount,
    /// Cards.
    LocAccount,
}

/// What an account is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum AccountType {
    /// For every day.
    Checking,
    /// For later.
    Savings,
    /// A card with a credit line.
    CreditCard,
}

/// A currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Currency {
    /// ISO 4217.
    #[schema(example = "USD")]
    currency_code: String,
}

/// An account. Which members are there depends on the consent's data clusters.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    account_category: Category,
    /// The bank's id of the account, never its number.
    account_id: String,
    account_type: AccountType,
    /// Always OPEN here.
    #[schema(example = "OPEN")]
    status: &'static str,
    currency: Currency,
    /// The account's name. With ACCOUNT_BASIC or ACCOUNT_DETAILED.
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    /// Last digits of the number. With ACCOUNT_BASIC or ACCOUNT_DETAILED.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number_display: Option<String>,
    /// Deposit accounts: what is posted. Cards: what is owed. With BALANCES.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_balance: Option<f64>,
    /// Deposit accounts: what can be spent. With BALANCES.
    #[serde(skip_serializing_if = "Option::is_none")]
    available_balance: Option<f64>,
    /// Cards: what can still be spent. With BALANCES.
    #[serde(skip_serializing_if = "Option::is_none")]
    available_credit: Option<f64>,
    /// Cards: the debt that bears interest. With BALANCES.
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_balance: Option<f64>,
    /// When the amounts were true. With BALANCES.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    balance_as_of: Option<Timestamp>,
    /// Cards: what is to be paid by when. With BALANCES.
    #[serde(skip_serializing_if = "Option::is_none")]
    bills: Option<Vec<BillView>>,
    /// Cards: the most that may be owed. With ACCOUNT_DETAILED or BALANCES.
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_line: Option<f64>,
    /// Cards: the network. With ACCOUNT_DETAILED.
    #[serde(skip_serializing_if = "Option::is_none")]
    card_network: Option<&'static str>,
}

/// A card's bill.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillView {
    /// The least that is to be paid.
    minimum_payment_due: f64,
    /// By when.
    #[schema(format = Date)]
    due_date: String,
}

/// When an account is looked at, and how dear things are there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) now: Timestamp,
    pub(crate) prices: i64,
}

fn category(kind: Kind) -> Category {
    match kind {
        Kind::Checking | Kind::Savings | Kind::Foreign => Category::DepositAccount,
        Kind::CreditCard => Category::LocAccount,
    }
}

impl Account {
    /// The account as this consent may see it; balances and terms only when `full`.
    pub(crate) fn seen(account: &ledger::Account, consent: &Consent, full: bool, seen: Seen) -> Self {
        let detailed = consent.covers(DataCluster::AccountDetailed);
        let named = detailed || consent.covers(DataCluster::AccountBasic);
        let balances = full && consent.covers(DataCluster::Balances);
        let card = account.kind == Kind::CreditCard;
        let owed = if card { -account.current } else { account.current };
        let terms = full && card && (detailed || balances);
        let bill = account.bill(day_of(seen.now), seen.prices).filter(|_| balances);
        Self {
            account_category: category(account.kind),
            account_id: account.id.clone(),
            account_type: match account.kind {
                Kind::Checking | Kind::Foreign => AccountType::Checking,
                Kind::Savings => AccountType::Savings,
                Kind::CreditCard => AccountType::CreditCard,
            },
            status: "OPEN",
            currency: Currency { currency_code: account.currency.clone() },
            nickname: named.then(|| account.name.clone()),
            account_number_display: named.then(|| account.number_display.clone()),
            current_balance: balances.then(|| units(owed)),
            available_balance: (balances && !card).then(|| units(account.available())),
            available_credit: (balances && card).then(|| units(account.available())),
            principal_balance: (balances && card).then(|| units(owed.max(0))),
            balance_as_of: balances.then_some(seen.now),
            bills: bill.map(|bill| {
                let due_date = bill.due.to_string();
                vec![BillView { minimum_payment_due: units(bill.minimum), due_date }]
            }),
            credit_line: terms.then(|| units(account.credit_line)),
            card_network: terms.then_some("SANDBOX"),
        }
    }
}

/// A page of transactions, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TransactionsPage {
    pub(crate) page: PageInfo,
    pub(crate) links: Links,
    pub(crate) transactions: Vec<Transaction>,
}

/// Which way money went.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Direction {
    /// Out.
    Debit,
    /// In.
    Credit,
}

/// How far a transaction has come.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum TransactionStatus {
    /// Not settled; it will come back under another id.
    Pending,
    /// Settled.
    Posted,
}

/// A transaction.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction {
    account_category: Category,
    transaction_id: String,
    /// Posted ones: the id that it had while it was pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_transaction_id: Option<String>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    transaction_timestamp: Timestamp,
    /// When it settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    posted_timestamp: Option<Timestamp>,
    description: String,
    debit_credit_memo: Direction,
    status: TransactionStatus,
    /// Never below zero; the direction says the rest.
    #[schema(minimum = 0)]
    amount: f64,
    /// The merchant category code (ISO 18245).
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// "MCC" when there is a category.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_category: Option<&'static str>,
    /// Whether it undoes another one, which the next member names.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_type: Option<&'static str>,
    /// The posted transaction that it undoes. An extension of this bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    original_transaction_id: Option<String>,
    /// ONLINE or IN_PERSON. An extension of this bank, only when the consent has `includePayeeAddress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase_mode: Option<&'static str>,
    /// Last digits of the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    card_number_display: Option<String>,
    /// What was paid in the shop's own currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign_amount: Option<f64>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign_currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_payee: Option<Payee>,
}

/// To whom or from whom.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payee {
    merchant_name: String,
    /// Only when the consent has `includePayeeAddress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
}

/// Where a payee is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    city: String,
    /// ISO 3166-1 alpha-2.
    country: String,
}

impl Transaction {
    /// The movement as this consent may see it.
    pub(crate) fn seen(movement: &Movement, account: &ledger::Account, consent: &Consent) -> Self {
        let places = consent.request.include_payee_address;
        let payee = movement.payee.as_ref();
        let foreign = movement.foreign.as_ref();
        Self {
            account_category: category(account.kind),
            transaction_id: movement.id.clone(),
            reference_transaction_id: movement.reference.clone(),
            transaction_timestamp: movement.at,
            posted_timestamp: movement.posted_at,
            description: movement.description.clone(),
            debit_credit_memo: if movement.signed < 0 { Direction::Debit } else { Direction::Credit },
            status: match movement.posted_at {
                Some(_) => TransactionStatus::Posted,
                None => TransactionStatus::Pending,
            },
            amount: units(movement.signed.saturating_abs()),
            category: payee.map(|payee| payee.mcc.clone()),
            sub_category: payee.map(|_| "MCC"),
            transaction_type: match movement.nature {
                Nature::Usual => None,
                Nature::Refund(_) => Some("REFUND"),
                Nature::Reversal(_) => Some("REVERSAL"),
            },
            original_transaction_id: match &movement.nature {
                Nature::Usual => None,
                Nature::Refund(of) | Nature::Reversal(of) => Some(of.clone()),
            },
            purchase_mode: payee
                .filter(|_| places)
                .map(|_| if movement.online { "ONLINE" } else { "IN_PERSON" }),
            card_number_display: account.card_display.clone().filter(|_| movement.by_card),
            foreign_amount: foreign.map(|(minor, _)| units(*minor)),
            foreign_currency: foreign.map(|(_, currency)| currency.clone()),
            transaction_payee: payee.map(|payee| Payee {
                merchant_name: payee.name.clone(),
                address: places.then(|| Address { city: payee.city.clone(), country: payee.country.clone() }),
            }),
        }
    }
}

/// Who is in a consent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Party {
    name: String,
    /// DATA_RECIPIENT or DATA_PROVIDER.
    #[serde(rename = "type")]
    party_type: &'static str,
}

/// One account in a consent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SharedResource {
    resource_type: ResourceType,
    /// The account's id.
    resource_id: String,
    data_clusters: Vec<DataCluster>,
}

/// A consent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsentView {
    id: String,
    status: Status,
    parties: Vec<Party>,
    #[schema(value_type = String, format = DateTime)]
    created_time: Timestamp,
    /// Absent when it lasts until somebody ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expiration_time: Option<Timestamp>,
    duration_type: DurationType,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_period: Option<i64>,
    lookback_period: i64,
    include_payee_address: bool,
    /// What the client may use of the native API.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bank_services: Vec<Service>,
    resources: Vec<SharedResource>,
}

impl ConsentView {
    pub(crate) fn of(consent: &Consent, bank: &str) -> Self {
        let clusters: Vec<DataCluster> = consent.request.clusters().into_iter().collect();
        let resource = |id: &String| SharedResource {
            resource_type: ResourceType::Account,
            resource_id: id.clone(),
            data_clusters: clusters.clone(),
        };
        Self {
            id: consent.id.clone(),
            status: consent.status,
            parties: vec![
                Party { name: consent.client_name.clone(), party_type: "DATA_RECIPIENT" },
                Party { name: bank.to_owned(), party_type: "DATA_PROVIDER" },
            ],
            created_time: consent.created_at,
            expiration_time: consent.expires_at,
            duration_type: consent.request.duration_type,
            duration_period: consent.request.duration_period,
            lookback_period: consent.request.lookback_period,
            include_payee_address: consent.request.include_payee_address,
            bank_services: consent.request.services().into_iter().collect(),
            resources: consent.accounts.iter().map(resource).collect(),
        }
    }
}

/// How a consent was ended.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevocationEntry {
    reason: Reason,
    initiator: Initiator,
    #[schema(value_type = String, format = DateTime)]
    updated_time: Timestamp,
}

/// The endings of a consent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Revocations {
    /// None while the consent is in force.
    revocations: Vec<RevocationEntry>,
}

impl Revocations {
    pub(crate) fn of(consent: &Consent) -> Self {
        let entry = consent.ending.map(|ending| RevocationEntry {
            reason: ending.reason,
            initiator: ending.initiator,
            updated_time: ending.at,
        });
        Self { revocations: entry.into_iter().collect() }
    }
}
