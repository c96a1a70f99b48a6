//! What the access log promises.

use crate::fixture::{Customer, Fixture, customer, customer_of, decision, entry_id, harbour};
use access_log::Leaf;
use domain::{BankId, EntryId};
use gate::{Decision, Logged};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeSet;
use store::{DbError, Store, access};

pub async fn decide(store: &Store, decisions: Vec<Decision>) -> Result<Vec<Logged>, DbError> {
    let entries = decisions.iter().map(|d| d.entry.clone()).collect();
    let decided = store.decide(entries, move |tx| decisions.iter().try_for_each(|d| access::stage(tx, d)));
    decided.await.map(|((), logged)| logged)
}

async fn log(store: &Store, bank: &BankId) -> (u64, Vec<(u64, Vec<u8>)>) {
    let bank = bank.clone();
    let read = store
        .read(move |tx| Ok::<_, DbError>((access::size(tx, &bank)?, access::leaves(tx, &bank, 0, 100_000)?)));
    read.await.unwrap()
}

pub async fn a_decision_is_told_its_place_and_a_refusal_too(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let (yes, no) = (decision(&customer, true), decision(&customer, false));
    // Named in the other order than they were made: told in the order in which they are named.
    let logged = decide(&store, vec![no.clone(), yes.clone()]).await.unwrap();
    let told: Vec<_> = logged.iter().map(|l| (l.entry().clone(), l.index())).collect();
    assert_eq!(told, [(no.entry.clone(), 1), (yes.entry.clone(), 0)]);
    let accesses = store.read(move |tx| access::of_customer(tx, &customer.bank, &customer.id, None, 10));
    let accesses: Vec<_> = accesses.await.unwrap_or_else(|e: DbError| panic!("{e}"));
    assert_eq!(accesses.iter().map(|a| a.index).collect::<Vec<_>>(), [Some(1), Some(0)]);
    assert_eq!((&accesses[0].decision, &accesses[1].decision), (&no, &yes));
    let (size, leaves) = log(&store, &harbour()).await;
    let allowed: Vec<bool> = leaves.iter().map(|(_, leaf)| Leaf::decode(leaf).unwrap().allowed).collect();
    assert_eq!((size, allowed), (2, vec![true, false]));
    assert_eq!(store.read(access::oldest_staged).await, Ok(None));
}

pub async fn a_decision_is_found_by_its_entry_at_its_own_bank_only(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let no = decision(&customer, false);
    let logged = decide(&store, vec![no.clone()]).await.unwrap();
    let find = |bank: &str, entry: EntryId| {
        let bank: BankId = bank.parse().unwrap();
        store.read(move |tx| access::by_entry(tx, &bank, &entry))
    };
    let found = find("harbour", no.entry.clone()).await.unwrap_or_else(|e: DbError| panic!("{e}")).unwrap();
    assert_eq!((found.decision, found.index), (no.clone(), Some(logged[0].index())));
    assert_eq!(find("meridian", no.entry).await, Ok(None));
    assert_eq!(find("harbour", entry_id()).await, Ok(None));
}

/// Lets many callers decide at once and gives what they were told.
async fn crowd(stores: &[Store], customers: &[Customer], each: usize) -> Vec<(BankId, EntryId, u64)> {
    let callers: Vec<_> = (0..32)
        .map(|n| {
            let store = stores[n % stores.len()].clone();
            let customer = customers[n % customers.len()].clone();
            tokio::spawn(async move {
                let mut told = Vec::new();
                for i in 0..each {
                    let logged = decide(&store, vec![decision(&customer, i % 2 == 0)]).await.unwrap();
                    told.extend(logged.iter().map(|l| (customer.bank.clone(), l.entry().clone(), l.index())));
                }
                told
            })
        })
        .collect();
    let mut told = Vec::new();
    for caller in callers {
        told.extend(caller.await.unwrap());
    }
    told
}

/// Every index once, from 0 to the end, and as many leaves as were told.
async fn is_whole(store: &Store, bank: &BankId, told: &[(BankId, EntryId, u64)]) {
    let indexes: BTreeSet<u64> = told.iter().filter(|(b, ..)| b == bank).map(|(.., index)| *index).collect();
    let count = told.iter().filter(|(b, ..)| b == bank).count() as u64;
    assert_eq!(indexes, (0..count).collect());
    let (size, leaves) = log(store, bank).await;
    assert_eq!(size, count);
    assert_eq!(leaves.iter().map(|(index, _)| *index).collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
}

pub async fn places_have_no_gap_whoever_decides(fixture: Fixture) {
    let store = fixture.open();
    let meridian: BankId = "meridian".parse().unwrap();
    let customers =
        [customer(&store).await, customer_of(&store, meridian.clone()).await, customer(&store).await];
    let told = crowd(std::slice::from_ref(&store), &customers, 20).await;
    is_whole(&store, &harbour(), &told).await;
    is_whole(&store, &meridian, &told).await;
}

pub async fn two_stores_on_one_database_share_one_log(fixture: Fixture) {
    let stores = [fixture.open(), fixture.open()];
    let customers = [customer(&stores[0]).await, customer(&stores[1]).await];
    let told = crowd(&stores, &customers, 20).await;
    assert_eq!(told.len(), 640);
    is_whole(&stores[0], &harbour(), &told).await;
}

pub async fn a_decision_that_was_not_staged_is_an_error_and_undoes_all(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let (staged, named) = (decision(&customer, true), entry_id());
    let entries = vec![staged.entry.clone(), named.clone()];
    let decided = store.decide(entries, move |tx| access::stage(tx, &staged)).await;
    assert_eq!(decided, Err(DbError::NotStaged { entry: named }));
    let read = store.read(move |tx| access::of_customer(tx, &customer.bank, &customer.id, None, 10)).await;
    assert_eq!(read, Ok(Vec::new()));
    assert_eq!(log(&store, &harbour()).await.0, 0);
}

pub async fn a_decision_is_logged_once(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let once = decision(&customer, true);
    let entry = once.entry.clone();
    assert_eq!(decide(&store, vec![once.clone()]).await.unwrap().len(), 1);
    assert_eq!(decide(&store, vec![once.clone()]).await, Err(DbError::LoggedBefore { entry: entry.clone() }));
    let twice = vec![decision(&customer, true), once];
    assert_eq!(decide(&store, twice).await, Err(DbError::LoggedBefore { entry }));
    assert_eq!(log(&store, &harbour()).await.0, 1);
}

pub async fn an_opening_proves_its_leaf_and_a_leaf_names_nobody(fixture: Fixture) {
    let store = fixture.open();
    let (customer, other) = (customer(&store).await, customer(&store).await);
    let (first, second) = (decision(&customer, true), decision(&customer, true));
    decide(&store, vec![first.clone(), second.clone()]).await.unwrap();
    let (c, f, s) = (customer.clone(), first.entry.clone(), second.entry.clone());
    let opened = store.read(move |tx| {
        assert!(access::opening(tx, &other.bank, &other.id, &f)?.is_none());
        let first = access::opening(tx, &c.bank, &c.id, &f)?.unwrap();
        let second = access::opening(tx, &c.bank, &c.id, &s)?.unwrap();
        Ok::<_, DbError>((first, second))
    });
    let (opening, next) = opened.await.unwrap();
    let commitment = |key: &[u8; 32], record: &[u8]| -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
        mac.update(record);
        mac.finalize().into_bytes().into()
    };
    let leaf = Leaf::decode(&opening.leaf).unwrap();
    assert_eq!((opening.index, leaf.hour), (0, first.at.as_second() / 3600));
    assert_eq!(leaf.commitment, commitment(&opening.key, &opening.record));
    assert_ne!(leaf.commitment, commitment(&next.key, &opening.record), "one key opens one entry");
    assert_eq!(serde_json::from_slice::<Decision>(&opening.record).unwrap(), first);
    let (_, leaves) = log(&store, &customer.bank).await;
    let id = customer.id.as_str().as_bytes();
    assert!(leaves.iter().all(|(_, leaf)| !leaf.windows(id.len()).any(|w| w == id)));
    assert_eq!(leaves[0].1, opening.leaf);
}

pub async fn accesses_come_newest_first_in_pages(fixture: Fixture) {
    let store = fixture.open();
    let (customer, other) = (customer(&store).await, customer(&store).await);
    let mut wanted: Vec<EntryId> = Vec::new();
    for _ in 0..5 {
        let next = decision(&customer, true);
        wanted.insert(0, next.entry.clone());
        decide(&store, vec![next, decision(&other, true)]).await.unwrap();
    }
    let paged = store.read(move |tx| {
        let (mut found, mut before): (Vec<EntryId>, Option<EntryId>) = (Vec::new(), None);
        loop {
            let page = access::of_customer(tx, &customer.bank, &customer.id, before.as_ref(), 2)?;
            let Some(last) = page.last() else { return Ok::<_, DbError>(found) };
            before = Some(last.decision.entry.clone());
            found.extend(page.into_iter().map(|a| a.decision.entry));
        }
    });
    assert_eq!(paged.await.unwrap(), wanted);
}
