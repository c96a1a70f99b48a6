//! `gate`: consent read, decision made, record and log entry durable and numbered, permit in hand.

use crate::{
    backend::{Backend, on_disk},
    load,
    people::{self, Person},
    report::{Times, print, print_times},
};
use domain::{Channel, Clock, DataClass, EntryId, Tier};
use gate::{AnswerCustomer, Asker, BankRules, Circumstances, Gate, Offer, PolicyFile, Question, Verdict};
use parlour::rim::{self, SystemClock};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use store::{DbError, Store, access, consents};

/// Callers at once.
const CALLERS: usize = 64;
/// How long load is put on.
const LENGTH: Duration = Duration::from_secs(15);
/// How many policies of its own the bank has, besides the floor.
const OWN_POLICIES: [usize; 3] = [10, 50, 500];
/// Policies in one file.
const PER_FILE: usize = 100;
/// Decisions without a store, to tell what the gate alone costs.
const ALONE: u32 = 20_000;

/// Measures and prints.
pub async fn measure(backend: Backend) {
    let dir = on_disk();
    let (store, gate) = (backend.open(dir.path()), Arc::new(gate()));
    let mut people = vec![];
    for _ in 0..CALLERS {
        people.push(people::linked(&store).await);
    }
    print_times("gate.decision_alone", &alone(&store, &gate, &people[0]).await);
    for own in OWN_POLICIES {
        let gate = gate_with(own);
        print_times(&format!("gate.decision_alone.{own}_policies"), &alone(&store, &gate, &people[0]).await);
    }

    let callers = people.into_iter().map(|person| {
        let (store, gate) = (store.clone(), gate.clone());
        move |_| permit(store.clone(), gate.clone(), person.clone())
    });
    let done = load::run(callers.collect(), LENGTH).await;
    let name = format!("gate.{}", backend.name());
    print(&format!("{name}.per_second"), done.per_second, "decisions/s", None);
    print_times(&name, &done.times);
    store.close().await;
}

fn gate() -> Gate {
    gate_with(0)
}

/// A gate whose bank has policies of its own that look at facts and let the question pass.
fn gate_with(own: usize) -> Gate {
    let policy = |n: usize| {
        let purpose = ["customer_alert", "receipt_match", "dispute_support"][n % 3];
        format!(
            "forbid (principal, action, resource) when {{ context has region && context.region == \"KP\" || \
             {} < context.tier || context.purpose == Parlour::Purpose::\"{purpose}\" && context.hour < {} }};\n",
            n + 3,
            n % 24
        )
    };
    // A file has a limit, so many policies are in several.
    let numbers: Vec<usize> = (0..own).collect();
    let file = |(n, numbers): (usize, &[usize])| PolicyFile {
        name: format!("own-{n}.cedar"),
        text: numbers.iter().map(|n| policy(*n)).collect(),
    };
    let rules = BankRules {
        policies: numbers.chunks(PER_FILE).enumerate().map(file).collect(),
        offered: DataClass::ALL.iter().map(|class| (*class, Offer::Yes)).collect(),
        ..BankRules::closed(people::bank())
    };
    Gate::load(vec![rules]).unwrap_or_else(|faults| panic!("the rules are right: {faults:?}"))
}

fn question<'a>(
    entry: &EntryId,
    bank: &'a domain::BankId,
    person: &'a Person,
    consent: Option<&'a domain::Consent>,
) -> Question<'a> {
    Question {
        entry: entry.clone(),
        bank,
        asker: Asker::Customer(&person.customer),
        customer: &person.customer,
        consent,
        data_class: DataClass::Balances,
        accounts: &[],
        ordered: None,
        channel: Channel::Web,
        tier: Tier::InChat,
        circumstances: Circumstances::default(),
        now: SystemClock.now(),
    }
}

/// One access, from the question to the permit.
async fn permit(store: Store, gate: Arc<Gate>, person: Person) {
    let entry = EntryId::new(rim::uuid(SystemClock.now()));
    let asked = entry.clone();
    let decided = store.decide(vec![entry], move |tx| -> Result<Verdict<AnswerCustomer>, DbError> {
        let bank = people::bank();
        let consent = consents::current_for_decision(tx, &bank, &person.customer, &person.conversation)?;
        let verdict = gate.decide::<AnswerCustomer>(&question(&asked, &bank, &person, consent.as_ref()));
        access::stage(tx, verdict.decision())?;
        Ok(verdict)
    });
    let (verdict, logged) = decided.await.unwrap_or_else(|fault| panic!("a decision is stored: {fault}"));
    let Verdict::Allowed(granted) = verdict else { panic!("the consent allows it") };
    let permit = granted.permit(&logged[0]);
    let _unused = permit.unwrap_or_else(|fault| panic!("the entry is this decision's: {fault}"));
}

/// The decision without store and log.
async fn alone(store: &Store, gate: &Gate, person: &Person) -> Times {
    let (bank, who) = (people::bank(), person.clone());
    let read = store.read(move |tx| consents::current(tx, &people::bank(), &who.customer, &who.conversation));
    let consent = read.await.unwrap_or_else(|fault: DbError| panic!("the consent is there: {fault}"));
    let mut times = Times::default();
    for _ in 0..ALONE {
        let entry = EntryId::new(rim::uuid(SystemClock.now()));
        let asked = question(&entry, &bank, person, consent.as_ref());
        let since = Instant::now();
        let verdict = gate.decide::<AnswerCustomer>(&asked);
        times.note(since.elapsed());
        assert!(verdict.decision().allowed, "the consent allows it");
    }
    times
}
