//! Rules against fraud that need a second person, how often they were right, and a budget that is lifted.

use crate::{
    fixture::{Fixture, harbour, later, noon, uuid},
    staff::person,
};
use domain::{
    BankId, StaffId,
    ids::{LiftId, RuleSetId},
    staff::{ProposalState, Role},
};
use store::{
    DbError, Store, fraud_lifts,
    fraud_rules::{self, MAX_OPEN, NewSet, RuleHits, Set},
    staff::vouches,
};

fn meridian() -> BankId {
    "meridian".parse().unwrap()
}

fn set(by: &StaffId) -> NewSet {
    NewSet {
        id: RuleSetId::new(uuid()),
        text: "rule a".to_owned(),
        digest: "aa".to_owned(),
        instead_of: "bb".to_owned(),
        why: "A test.".to_owned(),
        report: None,
        by: by.clone(),
        now: noon(),
        expires_at: later(100),
    }
}

async fn propose(store: &Store, new: &NewSet) -> bool {
    let new = new.clone();
    store.transact(move |tx| fraud_rules::insert(tx, &harbour(), &new)).await.unwrap()
}

/// Approves, or undoes what was done of it.
async fn approve(store: &Store, id: &RuleSetId, by: &StaffId, instead: Option<&RuleSetId>, at: i64) -> bool {
    let (id, by, instead) = (id.clone(), by.clone(), instead.cloned());
    let approved = store.transact(move |tx| -> Result<(), Option<DbError>> {
        let done = fraud_rules::approve(tx, &harbour(), &id, &by, instead.as_ref(), later(at));
        if done? { Ok(()) } else { Err(None) }
    });
    match approved.await {
        Ok(()) => true,
        Err(None) => false,
        Err(Some(fault)) => panic!("{fault}"),
    }
}

async fn find(store: &Store, bank: BankId, id: &RuleSetId) -> Option<Set> {
    let id = id.clone();
    store.read(move |tx| fraud_rules::find(tx, &bank, &id)).await.unwrap()
}

async fn in_force(store: &Store) -> Option<RuleSetId> {
    store.read(|tx| fraud_rules::in_force(tx, &harbour())).await.unwrap()
}

pub async fn rules_are_approved_by_somebody_else_who_is_there_for_it_and_in_time(fixture: Fixture) {
    let store = fixture.open();
    let (one, two) = (person(&store, Role::FraudAnalyst).await, person(&store, Role::FraudAnalyst).await);
    let editor = person(&store, Role::PolicyEditor).await;
    let mine = set(&one.id);
    assert!(propose(&store, &mine).await);
    assert!(!approve(&store, &mine.id, &one.id, None, 1).await, "their own");
    assert!(!approve(&store, &mine.id, &editor.id, None, 1).await, "another role");
    assert!(!approve(&store, &mine.id, &two.id, None, 100).await, "too late");
    assert_eq!(in_force(&store).await, None);
    assert!(approve(&store, &mine.id, &two.id, None, 99).await);
    assert_eq!(in_force(&store).await, Some(mine.id.clone()));
    assert!(!approve(&store, &mine.id, &two.id, Some(&mine.id), 99).await, "once");
    let found = find(&store, harbour(), &mine.id).await.unwrap();
    assert_eq!((found.about.state, found.text.as_str()), (ProposalState::Approved, "rule a"));
    assert_eq!(find(&store, meridian(), &mine.id).await, None, "another bank does not find it");
    let elsewhere = store.read(|tx| fraud_rules::in_force(tx, &meridian())).await;
    assert_eq!(elsewhere.unwrap_or_else(|fault: DbError| panic!("{fault}")), None);
    store.close().await;
    let forged = format!("UPDATE fraud_rule_set SET decided_by = proposed_by WHERE id = '{}'", mine.id);
    let tampering = std::panic::AssertUnwindSafe(|| fixture.tamper(&forged));
    assert!(std::panic::catch_unwind(tampering).is_err(), "the table took it");
}

pub async fn of_two_approvals_at_once_the_second_is_told_that_something_else_is_in_force(fixture: Fixture) {
    let store = fixture.open();
    let one = person(&store, Role::FraudAnalyst).await;
    let mut callers = vec![];
    for _ in 0..6 {
        let (store, new, by) = (store.clone(), set(&one.id), person(&store, Role::Officer).await.id);
        assert!(propose(&store, &new).await);
        callers.push(tokio::spawn(async move { approve(&store, &new.id, &by, None, 1).await }));
    }
    let mut approved = 0;
    for caller in callers {
        approved += u32::from(caller.await.unwrap());
    }
    assert_eq!(approved, 1);
    let now = in_force(&store).await.unwrap();
    let next = set(&one.id);
    let two = person(&store, Role::Officer).await;
    assert!(propose(&store, &next).await);
    assert!(!approve(&store, &next.id, &two.id, None, 2).await, "not what they took to be in force");
    assert!(approve(&store, &next.id, &two.id, Some(&now), 2).await);
    let sets: Vec<Set> = store.read(|tx| fraud_rules::approved(tx, &harbour(), 9)).await.unwrap();
    let ids: Vec<_> = sets.iter().map(|set| set.about.id.clone()).collect();
    assert_eq!(ids, [next.id, now], "the one in force first");
}

pub async fn an_officer_who_made_a_link_for_one_of_two_may_be_that_one(fixture: Fixture) {
    let store = fixture.open();
    let (officer, other) = (person(&store, Role::Officer).await, person(&store, Role::Officer).await);
    let (one, two) = (person(&store, Role::FraudAnalyst).await, person(&store, Role::FraudAnalyst).await);
    let pairs = [(one.id.clone(), officer.id.clone()), (two.id.clone(), officer.id.clone())];
    let noted = store.transact(move |tx| -> Result<(), DbError> {
        pairs.iter().chain(&pairs).try_for_each(|(of, by)| vouches::note(tx, &harbour(), of, by))
    });
    noted.await.unwrap();
    for (by, who) in [(&one, &officer), (&officer, &one), (&one, &two)] {
        let new = set(&by.id);
        assert!(propose(&store, &new).await);
        assert!(!approve(&store, &new.id, &who.id, None, 1).await);
        let (by, who) = (by.id.clone(), who.id.clone());
        let linked = store.read(move |tx| vouches::linked(tx, &harbour(), &by, &who)).await;
        assert!(linked.unwrap_or_else(|fault: DbError| panic!("{fault}")));
    }
    let new = set(&one.id);
    assert!(propose(&store, &new).await);
    assert!(approve(&store, &new.id, &other.id, None, 1).await, "an officer who invited neither");
}

pub async fn a_proposal_of_rules_is_declined_taken_back_or_too_old_and_so_many_are_open(fixture: Fixture) {
    let store = fixture.open();
    let (one, two) = (person(&store, Role::FraudAnalyst).await, person(&store, Role::Officer).await);
    let (declined, taken) = (set(&one.id), set(&one.id));
    for new in [&declined, &taken] {
        assert!(propose(&store, new).await);
    }
    let (a, b, me, who) = (declined.id.clone(), taken.id.clone(), one.id.clone(), two.id.clone());
    let done = store.transact(move |tx| -> Result<(), DbError> {
        assert!(!fraud_rules::decline(tx, &harbour(), &a, &me, later(1))?, "their own");
        assert!(fraud_rules::decline(tx, &harbour(), &a, &who, later(1))?);
        assert!(!fraud_rules::decline(tx, &harbour(), &a, &who, later(2))?, "once");
        assert!(!fraud_rules::take_back(tx, &harbour(), &b, &who, later(1))?, "somebody else's");
        assert!(fraud_rules::take_back(tx, &harbour(), &b, &me, later(1))?);
        assert!(fraud_rules::keep_report(tx, &harbour(), &b, "one")?);
        assert!(!fraud_rules::keep_report(tx, &harbour(), &b, "two")?, "the first stays");
        Ok(())
    });
    done.await.unwrap();
    for _ in 0..MAX_OPEN {
        assert!(propose(&store, &set(&one.id)).await);
    }
    assert!(!propose(&store, &set(&one.id)).await, "one too many");
    let lists = store.read(|tx| -> Result<_, DbError> {
        let now = (
            fraud_rules::open(tx, &harbour(), later(99))?.len(),
            fraud_rules::over(tx, &harbour(), later(99), 9)?.len(),
        );
        let then = (
            fraud_rules::open(tx, &harbour(), later(100))?.len(),
            fraud_rules::over(tx, &harbour(), later(100), 9)?.len(),
        );
        Ok((now, then))
    });
    assert_eq!(lists.await.unwrap(), ((10, 2), (0, 9)));
    let late = NewSet { now: later(100), expires_at: later(200), ..set(&one.id) };
    assert!(propose(&store, &late).await, "those that are over are in nobody's way");
}

pub async fn hits_of_rules_add_up_by_day_until_they_are_forgotten(fixture: Fixture) {
    let store = fixture.open();
    let hits = |day, rule: &str, matched, acted| RuleHits { day, rule: rule.to_owned(), matched, acted };
    let told = vec![hits(10, "a", 3, 1), hits(11, "a", 2, 2), hits(11, "b", 5, 0)];
    let counted = store.transact(move |tx| -> Result<_, DbError> {
        fraud_rules::count(tx, &harbour(), &told)?;
        fraud_rules::count(tx, &harbour(), &told[..1])?;
        fraud_rules::count(tx, &meridian(), &told)?;
        let all = fraud_rules::counted(tx, &harbour(), 10)?;
        let late = fraud_rules::counted(tx, &harbour(), 11)?;
        fraud_rules::sweep(tx, 11)?;
        Ok((all, late, fraud_rules::counted(tx, &harbour(), 0)?))
    });
    let (all, late, kept) = counted.await.unwrap();
    assert_eq!(all, [hits(10, "a", 8, 4), hits(10, "b", 5, 0)]);
    assert_eq!(late, [hits(11, "a", 2, 2), hits(11, "b", 5, 0)]);
    assert_eq!(kept, [hits(0, "a", 2, 2), hits(0, "b", 5, 0)]);
}

pub async fn the_budget_is_lifted_once_at_a_time_and_until_its_end(fixture: Fixture) {
    let store = fixture.open();
    let officer = person(&store, Role::Officer).await.id;
    let done = store.transact(move |tx| -> Result<(), DbError> {
        let until = |tx: &mut store::Tx, at| fraud_lifts::until(tx, &harbour(), later(at));
        let (first, second) = (LiftId::new(uuid()), LiftId::new(uuid()));
        let lift = |tx: &mut store::Tx, id: &LiftId, at, end| {
            fraud_lifts::insert(tx, &harbour(), id, &officer, "An attack.", (later(at), later(end)))
        };
        assert!(lift(tx, &first, 0, 100)?);
        assert!(!lift(tx, &second, 99, 200)?, "it is lifted already");
        assert_eq!((until(tx, 99)?, until(tx, 100)?), (Some(later(100)), None));
        assert_eq!(fraud_lifts::until(tx, &meridian(), later(1))?, None, "another bank's");
        assert!(!fraud_lifts::end(tx, &harbour(), &first, &officer, later(100))?, "it is over");
        assert!(lift(tx, &second, 100, 200)?);
        assert!(fraud_lifts::end(tx, &harbour(), &second, &officer, later(150))?);
        assert!(!fraud_lifts::end(tx, &harbour(), &second, &officer, later(151))?, "once");
        assert_eq!(until(tx, 151)?, None);
        let all = fraud_lifts::of_bank(tx, &harbour(), 9)?;
        let ends: Vec<_> = all.iter().map(|lift| (lift.ended_at, lift.ended_by.is_some())).collect();
        assert_eq!(ends, [(Some(later(150)), true), (Some(later(100)), false)]);
        Ok(())
    });
    done.await.unwrap();
}
