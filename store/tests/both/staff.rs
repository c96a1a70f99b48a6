//! What the store promises about a bank's own people.

use crate::fixture::{Fixture, customer, decision, harbour, later, noon, uuid};
use domain::{
    BankId, Channel, DataClass, ProposalId, SignInId, StaffId,
    staff::{Change, ProposalState, Role, StaffState, Stop},
};
use store::{
    DbError, Store, access,
    facts::{self, Search},
    figures,
    staff::{
        self, Person, ceremonies, invitations,
        passkeys::{self, StoredPasskey},
        proposals::{self, Answer, Proposal},
        sessions::{self, StoredSession},
    },
};

fn meridian() -> BankId {
    "meridian".parse().unwrap()
}

pub async fn person(store: &Store, role: Role) -> Person {
    let person = Person {
        bank: harbour(),
        id: StaffId::new(uuid()),
        name: "Dana Reyes".to_owned(),
        role,
        state: StaffState::Active,
        made_at: noon(),
    };
    let new = person.clone();
    assert!(store.transact(move |tx| staff::insert(tx, &new)).await.unwrap());
    person
}

fn proposal(by: &Person, what: Stop) -> Proposal {
    Proposal {
        id: ProposalId::new(uuid()),
        change: Change::SayNo { what, words: "Not now.".to_owned() },
        why: "A test.".to_owned(),
        state: ProposalState::Open,
        proposed_by: by.id.clone(),
        proposer: by.name.clone(),
        proposed_at: noon(),
        expires_at: later(100),
        decider: None,
        decided_at: None,
    }
}

async fn propose(store: &Store, new: &Proposal) -> bool {
    let new = new.clone();
    store.transact(move |tx| proposals::insert(tx, &harbour(), &new)).await.unwrap()
}

async fn answer(store: &Store, id: &ProposalId, by: &Person, answer: Answer, seconds: i64) -> bool {
    let (id, by) = (id.clone(), by.id.clone());
    let answered =
        store.transact(move |tx| proposals::answer(tx, &harbour(), &id, &by, answer, later(seconds)));
    answered.await.unwrap()
}

const BALANCES: Stop = Stop::Class(DataClass::Balances);

pub async fn nobody_decides_what_they_proposed(fixture: Fixture) {
    let store = fixture.open();
    let (one, two) = (person(&store, Role::Officer).await, person(&store, Role::Officer).await);
    let editor = person(&store, Role::PolicyEditor).await;
    let mine = proposal(&one, BALANCES);
    assert!(propose(&store, &mine).await);
    assert!(!answer(&store, &mine.id, &one, Answer::Approve, 1).await, "their own");
    assert!(!answer(&store, &mine.id, &editor, Answer::Approve, 1).await, "not an officer");
    let gone = two.id.clone();
    store.transact(move |tx| staff::remove(tx, &harbour(), &gone, later(1))).await.unwrap();
    assert!(!answer(&store, &mine.id, &two, Answer::Approve, 2).await, "removed meanwhile");
    let three = person(&store, Role::Officer).await;
    assert!(answer(&store, &mine.id, &three, Answer::Approve, 3).await);
    assert!(!answer(&store, &mine.id, &three, Answer::Decline, 4).await, "decided once");
}

pub async fn the_database_refuses_a_row_that_one_person_decided(fixture: Fixture) {
    let store = fixture.open();
    let one = person(&store, Role::Officer).await;
    let mine = proposal(&one, BALANCES);
    assert!(propose(&store, &mine).await);
    store.close().await;
    let decided = |by: &str| {
        format!("UPDATE staff_proposal SET state = 'approved', decided_by = '{by}' WHERE id = '{}'", mine.id)
    };
    fixture.tamper(&decided("stf_somebody_else"));
    let forged = decided(one.id.as_str());
    let tampering = std::panic::AssertUnwindSafe(|| fixture.tamper(&forged));
    assert!(std::panic::catch_unwind(tampering).is_err(), "the table took it");
}

pub async fn a_proposal_waits_its_time_and_no_longer(fixture: Fixture) {
    let store = fixture.open();
    let (one, two) = (person(&store, Role::Officer).await, person(&store, Role::Officer).await);
    let mine = proposal(&one, BALANCES);
    assert!(propose(&store, &mine).await);
    assert!(!propose(&store, &proposal(&two, BALANCES)).await, "one about the same thing is open");
    assert!(propose(&store, &proposal(&two, Stop::Everything)).await);
    assert!(!answer(&store, &mine.id, &two, Answer::Approve, 100).await, "its time is over");
    let again = Proposal { proposed_at: later(100), expires_at: later(200), ..proposal(&two, BALANCES) };
    assert!(propose(&store, &again).await, "the one that is over is in nobody's way");
    let id = mine.id.clone();
    let found = store.read(move |tx| proposals::find(tx, &harbour(), &id)).await.unwrap().unwrap();
    assert_eq!(found.state, ProposalState::Expired);
    let id = again.id.clone();
    let elsewhere = store.read(move |tx| proposals::find(tx, &meridian(), &id)).await.unwrap();
    assert_eq!(elsewhere, None, "another bank does not find it");
}

pub async fn of_two_who_decide_at_once_one_does(fixture: Fixture) {
    let store = fixture.open();
    let one = person(&store, Role::Officer).await;
    let mine = proposal(&one, BALANCES);
    assert!(propose(&store, &mine).await);
    let mut callers = vec![];
    for n in 0..8 {
        let (store, id, by) = (store.clone(), mine.id.clone(), person(&store, Role::Officer).await);
        let how = if n % 2 == 0 { Answer::Approve } else { Answer::Decline };
        callers.push(tokio::spawn(async move { answer(&store, &id, &by, how, 1).await }));
    }
    let mut decided = 0;
    for caller in callers {
        decided += u32::from(caller.await.unwrap());
    }
    assert_eq!(decided, 1);
}

pub async fn an_invitation_works_once_and_the_newest_only(fixture: Fixture) {
    let store = fixture.open();
    let dana = person(&store, Role::Viewer).await;
    let id = dana.id.clone();
    let made = store.transact(move |tx| {
        invitations::replace(tx, &[1; 32], &harbour(), &id, later(60))?;
        invitations::replace(tx, &[2; 32], &harbour(), &id, later(60))?;
        assert_eq!(invitations::find(tx, &[1; 32], &harbour(), noon())?, None, "replaced");
        assert_eq!(invitations::find(tx, &[2; 32], &meridian(), noon())?, None, "another bank's");
        assert_eq!(invitations::find(tx, &[2; 32], &harbour(), later(60))?, None, "too old");
        assert_eq!(invitations::find(tx, &[2; 32], &harbour(), later(59))?, Some(id.clone()));
        assert!(!invitations::use_up(tx, &[2; 32], &harbour(), &id, later(60))?);
        assert!(invitations::use_up(tx, &[2; 32], &harbour(), &id, later(59))?);
        assert!(!invitations::use_up(tx, &[2; 32], &harbour(), &id, later(59))?, "used");
        Ok::<_, DbError>(())
    });
    made.await.unwrap();
}

pub async fn a_ceremony_is_ended_once(fixture: Fixture) {
    let store = fixture.open();
    let took = store.transact(|tx| {
        ceremonies::begin(tx, &[1; 32], &harbour(), "one", noon(), later(60))?;
        ceremonies::begin(tx, &[2; 32], &harbour(), "two", noon(), later(60))?;
        assert_eq!(ceremonies::take(tx, &[1; 32], &meridian(), noon())?, None, "another bank's");
        assert_eq!(ceremonies::take(tx, &[1; 32], &harbour(), noon())?.as_deref(), Some("one"));
        assert_eq!(ceremonies::take(tx, &[1; 32], &harbour(), noon())?, None, "taken");
        assert_eq!(ceremonies::take(tx, &[2; 32], &harbour(), later(60))?, None, "too old");
        Ok::<_, DbError>(())
    });
    took.await.unwrap();
}

fn passkey(of: &Person, id: &str) -> StoredPasskey {
    StoredPasskey {
        id: id.to_owned(),
        staff: of.id.clone(),
        label: "laptop".to_owned(),
        credential: "{}".to_owned(),
        made_at: noon(),
        used_at: None,
    }
}

pub async fn a_persons_last_passkey_stays_and_a_use_is_noted_once(fixture: Fixture) {
    let store = fixture.open();
    let (dana, tom) = (person(&store, Role::Officer).await, person(&store, Role::Officer).await);
    let kept = store.transact(move |tx| {
        let (one, two) = (passkey(&dana, "one"), passkey(&dana, "two"));
        assert!(passkeys::insert(tx, &harbour(), &one)? && passkeys::insert(tx, &harbour(), &two)?);
        assert!(!passkeys::insert(tx, &harbour(), &passkey(&tom, "one"))?, "somebody has it");
        assert!(!passkeys::remove(tx, &harbour(), &tom.id, "one")?, "not theirs");
        assert!(passkeys::remove(tx, &harbour(), &dana.id, "one")?);
        assert!(!passkeys::remove(tx, &harbour(), &dana.id, "two")?, "the last one");
        assert!(passkeys::used(tx, &harbour(), &two, "{\"counter\":1}", later(1))?);
        assert!(!passkeys::used(tx, &harbour(), &two, "{\"counter\":2}", later(1))?, "it changed meanwhile");
        let found = passkeys::find(tx, &harbour(), "two")?.unwrap();
        assert_eq!(found.used_at, Some(later(1)));
        assert_eq!(passkeys::find(tx, &meridian(), "two")?, None);
        Ok::<_, DbError>(())
    });
    kept.await.unwrap();
}

pub async fn whoever_is_removed_has_nothing_left(fixture: Fixture) {
    let store = fixture.open();
    let dana = person(&store, Role::Officer).await;
    let removed = store.transact(move |tx| {
        let session = StoredSession {
            id: SignInId::new(uuid()),
            staff: dana.id.clone(),
            browser: "Chrome on Linux".to_owned(),
            made_at: noon(),
            seen_at: noon(),
            expires_at: later(100),
        };
        sessions::insert(tx, &[3; 32], &harbour(), &session)?;
        passkeys::insert(tx, &harbour(), &passkey(&dana, "one"))?;
        invitations::replace(tx, &[4; 32], &harbour(), &dana.id, later(60))?;
        let (found, of) = sessions::find(tx, &[3; 32], &harbour())?.unwrap();
        assert_eq!((found, of), (session, dana.clone()));
        assert_eq!(sessions::find(tx, &[3; 32], &meridian())?, None);
        assert!(staff::remove(tx, &harbour(), &dana.id, later(1))?);
        assert!(!staff::remove(tx, &harbour(), &dana.id, later(2))?, "removed before");
        assert_eq!(sessions::find(tx, &[3; 32], &harbour())?, None);
        assert_eq!(passkeys::of_person(tx, &harbour(), &dana.id)?, []);
        assert_eq!(invitations::find(tx, &[4; 32], &harbour(), noon())?, None);
        assert!(!staff::activate(tx, &harbour(), &dana.id, later(3))?);
        Ok::<_, DbError>(())
    });
    removed.await.unwrap();
}

pub async fn decisions_are_found_by_what_they_were_about(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let (mut yes, mut no) = (decision(&customer, true), decision(&customer, false));
    yes.at = later(1);
    no.at = later(2);
    no.reason = Some(gate::RefusalReason::AccountNotShared { account: "planted-account".parse().unwrap() });
    crate::log::decide(&store, vec![yes.clone(), no.clone()]).await.unwrap();
    let found = |search: Search| {
        let store = store.clone();
        async move {
            let read = store.read(move |tx| facts::search(tx, &harbour(), &search, None, 10));
            let found: Result<_, DbError> = read.await;
            found.unwrap()
        }
    };
    let all = found(Search::all(noon(), later(10))).await;
    assert_eq!(all.iter().map(|fact| fact.entry.clone()).collect::<Vec<_>>(), [no.entry.clone(), yes.entry]);
    assert_eq!(all[0].reason.as_deref(), Some("account_not_shared"));
    assert!(all.iter().all(|fact| fact.index.is_some()));
    assert!(!format!("{all:?}").contains("planted-account"), "a reason is told by its kind");
    let refused = Search { allowed: Some(false), ..Search::all(noon(), later(10)) };
    assert_eq!(found(refused).await, all[..1]);
    let reason = Search { reason: Some("no_consent".to_owned()), ..Search::all(noon(), later(10)) };
    assert_eq!(found(reason).await, []);
    let class = Search { data_class: Some(DataClass::Transactions), ..Search::all(noon(), later(10)) };
    assert_eq!(found(class).await, []);
    assert_eq!(found(Search::all(noon(), later(2))).await, all[1..], "until is exclusive");
    assert_eq!(found(Search::all(later(2), later(10))).await, all[..1]);
    let (at, entry) = (all[0].at, all[0].entry.clone());
    let everything = Search::all(noon(), later(10));
    let read = store.read(move |tx| facts::search(tx, &harbour(), &everything, Some((at, &entry)), 10));
    let next: Result<_, DbError> = read.await;
    assert_eq!(next.unwrap(), all[1..]);
    let tally: Result<_, DbError> = store.read(|tx| facts::tally(tx, &harbour(), noon())).await;
    assert_eq!(tally.unwrap(), [(true, None, 1), (false, Some("account_not_shared".to_owned()), 1)]);
    let entry_of_nobody = store.read(|tx| access::size(tx, &meridian())).await;
    assert_eq!(entry_of_nobody, Ok(0));
}

pub async fn whom_a_no_touches_is_counted_without_opening_anything(fixture: Fixture) {
    let store = fixture.open();
    let (one, _two) = (customer(&store).await, customer(&store).await);
    crate::log::decide(&store, vec![decision(&one, true), decision(&one, false)]).await.unwrap();
    let touched = |stop: Stop, bank: BankId| {
        let store = store.clone();
        async move {
            let read = store.read(move |tx| figures::touched(tx, &bank, stop, noon()));
            let touched: Result<_, DbError> = read.await;
            let touched = touched.unwrap();
            (touched.consents, touched.accesses)
        }
    };
    assert_eq!(touched(BALANCES, harbour()).await, (2, 1));
    assert_eq!(touched(Stop::Class(DataClass::Transactions), harbour()).await, (0, 0));
    assert_eq!(touched(Stop::Channel(Channel::Web), harbour()).await, (2, 1));
    assert_eq!(touched(Stop::Channel(Channel::Matrix), harbour()).await, (0, 0));
    assert_eq!(touched(Stop::Everything, harbour()).await, (2, 1));
    assert_eq!(touched(Stop::Everything, meridian()).await, (0, 0));
    let id = one.consent.id.clone();
    let found = store.read(move |tx| figures::consent(tx, &harbour(), &id)).await;
    let found: Result<_, DbError> = found;
    let found = found.unwrap().unwrap();
    assert_eq!((found.channel, found.data_classes), (Channel::Web, vec![DataClass::Balances]));
    let id = one.consent.id.clone();
    let elsewhere: Result<_, DbError> = store.read(move |tx| figures::consent(tx, &meridian(), &id)).await;
    assert_eq!(elsewhere.unwrap(), None);
}
