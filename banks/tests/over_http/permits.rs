//! Permits of the real gate, for a bank that offers everything.

use domain::{
    AccountId, BankId, Channel, Consent, ConsentState, DataClass, EntryId, Operation, Purpose, Tier,
};
use gate::{
    AccountManagement, AnswerCustomer, Asker, BankRules, Circumstances, Gate, Guarded, Logged, Offer,
    Ordered, Permit, Question, Verdict,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::LazyLock;

use crate::bank::{CONSENT, CUSTOMER};

/// A gate that lets everything of two banks out; made once, because reading the rules takes its time.
static GATE: LazyLock<Gate> =
    LazyLock::new(|| Gate::load(["harbour", "meridian"].map(open_bank).into()).unwrap());

fn open_bank(name: &str) -> BankRules {
    BankRules {
        offered: DataClass::ALL.iter().map(|class| (*class, Offer::Yes)).collect(),
        ..BankRules::closed(name.parse().unwrap())
    }
}

/// A permit of `bank` for these accounts of the test customer.
pub fn permit_of(bank: &str, class: DataClass, accounts: &[&str]) -> Permit<AnswerCustomer> {
    let bank: BankId = bank.parse().unwrap();
    let accounts: Vec<AccountId> = accounts.iter().map(|id| id.parse().unwrap()).collect();
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
    let consent = consent(&bank, &accounts, now);
    let question = Question {
        entry: EntryId::new(uuid::Uuid::from_u128(9)),
        bank: &bank,
        asker: Asker::Customer(&consent.customer),
        customer: &consent.customer,
        consent: Some(&consent),
        data_class: class,
        accounts: &accounts,
        ordered: None,
        channel: Channel::Web,
        tier: Tier::InChat,
        circumstances: Circumstances::default(),
        now,
    };
    match GATE.decide::<AnswerCustomer>(&question) {
        Verdict::Allowed(granted) => {
            let logged = logged(granted.decision().entry.clone());
            granted.permit(&logged).unwrap()
        }
        Verdict::Refused(refusal) => panic!("the gate refused: {}", refusal.reason),
    }
}

/// A permit for an order on these accounts of the test customer.
pub fn permit_to(operation: Operation, accounts: &[&str]) -> Permit<AccountManagement> {
    let bank: BankId = "harbour".parse().unwrap();
    let accounts: Vec<AccountId> = accounts.iter().map(|id| id.parse().unwrap()).collect();
    let now: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
    let consent = consent(&bank, &accounts, now);
    let question = Question {
        entry: EntryId::new(uuid::Uuid::from_u128(10)),
        bank: &bank,
        asker: Asker::Customer(&consent.customer),
        customer: &consent.customer,
        consent: Some(&consent),
        data_class: operation.data_class(),
        accounts: &accounts,
        ordered: Some(Ordered::Operation(operation)),
        channel: Channel::Web,
        tier: Tier::InChat,
        circumstances: Circumstances::default(),
        now,
    };
    match GATE.decide::<AccountManagement>(&question) {
        Verdict::Allowed(granted) => {
            let logged = logged(granted.decision().entry.clone());
            granted.permit(&logged).unwrap()
        }
        Verdict::Refused(refusal) => panic!("the gate refused: {}", refusal.reason),
    }
}

/// A permit of the test bank.
pub fn permit(class: DataClass, accounts: &[&str]) -> Permit<AnswerCustomer> {
    permit_of("harbour", class, accounts)
}

/// What guarded data holds, opened with its permit.
pub fn open<T>(guarded: Guarded<T, AnswerCustomer>, permit: Permit<AnswerCustomer>) -> T {
    guarded.open(permit).unwrap().value
}

#[expect(clippy::disallowed_methods, reason = "the test stands in for the store's sequencer")]
fn logged(entry: EntryId) -> Logged {
    Logged::attest(entry, 0)
}

fn consent(bank: &BankId, accounts: &[AccountId], now: Timestamp) -> Consent {
    Consent {
        id: CONSENT.parse().unwrap(),
        bank: bank.clone(),
        customer: CUSTOMER.parse().unwrap(),
        conversation: "con_00000000000000000000000000000003".parse().unwrap(),
        channel: Channel::Web,
        state: ConsentState::Given,
        purposes: Purpose::ALL.to_vec(),
        data_classes: DataClass::ALL.to_vec(),
        accounts: accounts.to_vec(),
        not_before: now,
        expires_at: now + SignedDuration::from_hours(24),
        notice_sha256: "0".repeat(64),
        notice: "notice".into(),
        language: "en".into(),
        at_bank: Some("c-1".into()),
    }
}
