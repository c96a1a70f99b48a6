//! A bank that offers everything, one that does not, and a customer who agreed to everything.

#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests use it, and what it reads is written here")]

use domain::{
    AccountId, BankId, Channel, Consent, ConsentId, ConsentState, ConversationId, CustomerId, DataClass,
    EntryId, Money, Operation, PartnerId, Purpose, Region, Tier,
};
use gate::{
    Asker, AskerKind, BankRules, Circumstances, Gate, Logged, Offer, Ordered, Permit, PolicyFile, Question,
    Verdict,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub const MERIDIAN_ON_PLACES: &str = "We never tell anyone where you shopped.";
pub const MERIDIAN_ON_MESSENGERS: &str = "We talk to you on our own page only.";

pub fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

pub fn bank(name: &str) -> BankId {
    name.parse().unwrap()
}

pub fn customer(number: u128) -> CustomerId {
    CustomerId::new(Uuid::from_u128(number))
}

pub fn entry(number: u128) -> EntryId {
    EntryId::new(Uuid::from_u128(number))
}

pub fn account(name: &str) -> AccountId {
    name.parse().unwrap()
}

pub fn harbour() -> BankRules {
    BankRules {
        offered: DataClass::ALL.iter().map(|class| (*class, Offer::Yes)).collect(),
        ..BankRules::closed(bank("harbour"))
    }
}

/// Harbour with a policy file of its own.
pub fn harbour_with(text: &str) -> BankRules {
    BankRules {
        policies: vec![PolicyFile { name: "own.cedar".to_owned(), text: text.to_owned() }],
        ..harbour()
    }
}

pub fn meridian() -> BankRules {
    let mut rules = BankRules { bank: bank("meridian"), ..harbour() };
    rules.offered.insert(DataClass::MerchantPlaces, Offer::No { reason: MERIDIAN_ON_PLACES.to_owned() });
    for channel in Channel::ALL.iter().filter(|channel| channel.is_foreign()) {
        rules.refused_channels.insert(*channel, MERIDIAN_ON_MESSENGERS.to_owned());
    }
    rules
}

pub fn gate_of(rules: BankRules) -> Gate {
    Gate::load(vec![rules]).unwrap_or_else(|faults| panic!("{}", faults[0]))
}

/// What customer 1 agreed to.
pub fn consent(bank_name: &str) -> Consent {
    Consent {
        id: ConsentId::new(Uuid::from_u128(1)),
        bank: bank(bank_name),
        customer: customer(1),
        conversation: ConversationId::new(Uuid::from_u128(1)),
        channel: Channel::Web,
        state: ConsentState::Given,
        purposes: Purpose::ALL.to_vec(),
        data_classes: DataClass::ALL.to_vec(),
        accounts: vec![account("checking-1"), account("savings-1")],
        not_before: now() - SignedDuration::from_hours(24),
        expires_at: now() + SignedDuration::from_hours(24),
        notice_sha256: "00".repeat(32),
        notice: "What you agree to.".to_owned(),
        language: "en".to_owned(),
        at_bank: Some("grant-1".to_owned()),
    }
}

/// Everything of a question that it only borrows.
#[derive(Debug, Clone)]
pub struct Ask {
    pub entry: EntryId,
    pub bank: BankId,
    pub who: Who,
    pub customer: CustomerId,
    pub consent: Option<Consent>,
    pub data_class: DataClass,
    pub accounts: Vec<AccountId>,
    pub channel: Channel,
    pub tier: Tier,
    pub payment: Option<Money>,
    pub operation: Option<Operation>,
    pub region: Option<Region>,
    pub partner: Option<PartnerId>,
    pub now: Timestamp,
}

/// Who asks, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub kind: AskerKind,
    /// The customer, if one asks.
    pub customer: CustomerId,
    /// The bank of whoever works for or with one.
    pub bank: BankId,
    /// The customers whose open case an agent has.
    pub open_cases: Vec<CustomerId>,
    /// The company, if one asks.
    pub partner: PartnerId,
}

impl Who {
    /// Customer 1; or, as another kind, of a bank with an open case of customer 1.
    pub fn of(bank_name: &str, kind: AskerKind) -> Who {
        Who {
            kind,
            customer: customer(1),
            bank: bank(bank_name),
            open_cases: vec![customer(1)],
            partner: "acme".parse().unwrap(),
        }
    }

    fn asker(&self) -> Asker<'_> {
        match self.kind {
            AskerKind::Customer => Asker::Customer(&self.customer),
            AskerKind::Agent => Asker::Agent { id: "mia", bank: &self.bank, open_cases: &self.open_cases },
            AskerKind::Staff => Asker::Staff { id: "max", bank: &self.bank },
            AskerKind::Partner => Asker::Partner { id: &self.partner, bank: &self.bank },
            AskerKind::Platform => Asker::Platform { id: "messenger" },
        }
    }
}

impl Ask {
    /// Customer 1 asks for balances on the bank's own page.
    pub fn balances(bank_name: &str) -> Ask {
        Ask {
            entry: entry(1),
            bank: bank(bank_name),
            who: Who::of(bank_name, AskerKind::Customer),
            customer: customer(1),
            consent: Some(consent(bank_name)),
            data_class: DataClass::Balances,
            accounts: Vec::new(),
            channel: Channel::Web,
            tier: Tier::InChat,
            payment: None,
            operation: None,
            region: None,
            partner: None,
            now: now(),
        }
    }

    /// Customer 1 orders a payment on the bank's own page.
    pub fn payment(bank_name: &str, minor_units: i64) -> Ask {
        Ask {
            data_class: DataClass::Accounts,
            payment: Some(Money::new(minor_units, domain::Currency::USD)),
            ..Ask::balances(bank_name)
        }
    }

    /// Customer 1 orders something on the bank's own page.
    pub fn order(bank_name: &str, operation: Operation) -> Ask {
        Ask { data_class: operation.data_class(), operation: Some(operation), ..Ask::balances(bank_name) }
    }

    pub fn question(&self) -> Question<'_> {
        Question {
            entry: self.entry.clone(),
            bank: &self.bank,
            asker: self.who.asker(),
            customer: &self.customer,
            consent: self.consent.as_ref(),
            data_class: self.data_class,
            accounts: &self.accounts,
            channel: self.channel,
            tier: self.tier,
            ordered: self.operation.map(Ordered::Operation).or_else(|| self.payment.map(Ordered::Payment)),
            circumstances: Circumstances { region: self.region, partner: self.partner.as_ref() },
            now: self.now,
        }
    }
}

/// Says that an entry is logged, as the store would after it is durable.
#[expect(clippy::disallowed_methods, reason = "the gate's own tests have no store")]
pub fn logged(entry: EntryId, index: u64) -> Logged {
    Logged::attest(entry, index)
}

/// The permit of an ask that is allowed, logged at an index.
pub fn permit(gate: &Gate, ask: &Ask, index: u64) -> Permit<gate::AnswerCustomer> {
    match gate.decide(&ask.question()) {
        Verdict::Allowed(granted) => {
            granted.permit(&logged(ask.entry.clone(), index)).unwrap_or_else(|e| panic!("{e}"))
        }
        Verdict::Refused(refusal) => panic!("{refusal:?}"),
    }
}
