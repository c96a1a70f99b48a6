//! What signing in at the bank promises of what is kept.

use crate::fixture::{Customer, Fixture, customer, harbour, later, noon};
use domain::{BankId, erasure::AskedBy};
use jiff::SignedDuration;
use store::{
    DbError, Store, Tx, erasures,
    sign_ins::{self, NewAttempt, SignedIn},
    subjects,
};

const COOKIE: &str = "what-the-browser-holds";
const STATE: [u8; 32] = [4; 32];
const TOKEN: [u8; 32] = [5; 32];
const MAYA: [u8; 32] = [6; 32];
const TOMAS: [u8; 32] = [7; 32];
const IDLE: SignedDuration = SignedDuration::from_secs(900);
const PENDING: &[u8] = b"secret-of-a-pending-sign-in";

async fn begun(store: &Store) {
    let begin = store.transact(|tx| {
        let (bank, expires_at) = (&harbour(), later(600));
        let new = NewAttempt { cookie: COOKIE, bank, state_hash: STATE, pending: PENDING, expires_at };
        sign_ins::begin(tx, &new)
    });
    begin.await.unwrap_or_else(|e: DbError| panic!("{e}"));
}

pub async fn a_sign_in_comes_back_once_in_time_to_its_own_browser(fixture: Fixture) {
    let store = fixture.open();
    begun(&store).await;
    let walked = store.transact(|tx| {
        assert!(sign_ins::is_of(tx, COOKIE, &STATE)? && !sign_ins::is_of(tx, COOKIE, &[9; 32])?);
        assert!(!sign_ins::is_of(tx, "another-cookie", &STATE)?);
        assert_eq!(sign_ins::take(tx, "another-cookie", noon())?, None);
        assert_eq!(sign_ins::take(tx, COOKIE, later(600))?, None, "its time is over");
        let taken = sign_ins::take(tx, COOKIE, later(599))?;
        assert_eq!(taken, Some((harbour(), PENDING.to_vec())));
        assert_eq!(sign_ins::take(tx, COOKIE, later(599))?, None, "once");
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn what_a_sign_in_waits_for_opens_with_its_cookie_alone(fixture: Fixture) {
    let store = fixture.open();
    begun(&store).await;
    let read = fixture.number("SELECT count(*) FROM sign_in_attempt WHERE pending LIKE '%secret%'");
    assert_eq!(read, "0");
    fixture.tamper("UPDATE sign_in_attempt SET bank = 'meridian'");
    let moved = store.transact(|tx| sign_ins::take(tx, COOKIE, noon())).await;
    assert!(matches!(moved, Err(DbError::Sealed(_))), "at another bank it does not open: {moved:?}");
}

fn signed_in(bank: BankId, subject: [u8; 32]) -> SignedIn {
    let (made_at, expires_at) = (noon(), later(3_600));
    SignedIn { bank, subject, customer: None, made_at, seen_at: made_at, expires_at }
}

pub async fn a_sign_in_ends_when_it_is_not_used_and_in_any_case_after_its_time(fixture: Fixture) {
    let store = fixture.open();
    let walked = store.transact(|tx| {
        sign_ins::open(tx, &TOKEN, &signed_in(harbour(), MAYA))?;
        let found =
            |tx: &mut Tx, at| sign_ins::find(tx, &TOKEN, &harbour(), IDLE, later(at)).map(|s| s.is_some());
        assert!(found(tx, 899)? && !found(tx, 900)?, "fifteen minutes without use");
        for at in [890, 1_780, 2_670, 3_560] {
            assert!(found(tx, at)?);
            sign_ins::seen(tx, &TOKEN, later(at))?;
        }
        assert!(found(tx, 3_599)? && !found(tx, 3_600)?, "an hour in all, however it is used");
        assert!(sign_ins::find(tx, &TOKEN, &"meridian".parse().unwrap(), IDLE, later(1))?.is_none());
        sign_ins::close(tx, &TOKEN)?;
        assert!(!found(tx, 3_599)?, "signed out");
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn somebody_who_signed_in_chooses_among_their_own(fixture: Fixture) {
    let store = fixture.open();
    let (mine, theirs) = (customer(&store).await, customer(&store).await);
    let walked = store.transact(move |tx| {
        subjects::put(tx, &mine.bank, &mine.id, Some(&MAYA), noon())?;
        subjects::put(tx, &theirs.bank, &theirs.id, Some(&TOMAS), noon())?;
        sign_ins::open(tx, &TOKEN, &signed_in(harbour(), MAYA))?;
        assert!(!sign_ins::choose(tx, &TOKEN, &harbour(), &theirs.id, later(1))?);
        assert!(sign_ins::choose(tx, &TOKEN, &harbour(), &mine.id, later(1))?);
        let chosen = sign_ins::find(tx, &TOKEN, &harbour(), IDLE, later(2))?.unwrap().customer;
        assert_eq!(chosen, Some(mine.id.clone()));
        assert!(!sign_ins::choose(tx, &TOKEN, &harbour(), &mine.id, later(3_600))?, "it is over");
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

async fn whose(store: &Store, subject: [u8; 32]) -> Vec<String> {
    let found = store.read(move |tx| subjects::conversations(tx, &harbour(), &subject));
    let found = found.await.unwrap_or_else(|e: DbError| panic!("{e}"));
    found.into_iter().map(|conversation| conversation.customer.to_string()).collect()
}

async fn is_now(store: &Store, of: &Customer, subject: Option<[u8; 32]>, at: i64) {
    let (bank, id) = (of.bank.clone(), of.id.clone());
    let put = store.transact(move |tx| subjects::put(tx, &bank, &id, subject.as_ref(), later(at)));
    put.await.unwrap_or_else(|e: DbError| panic!("{e}"));
}

pub async fn the_newest_yes_says_who_a_customer_is(fixture: Fixture) {
    let store = fixture.open();
    let (first, second) = (customer(&store).await, customer(&store).await);
    is_now(&store, &first, Some(MAYA), 0).await;
    is_now(&store, &second, Some(MAYA), 1).await;
    assert_eq!(whose(&store, MAYA).await, [second.id.as_str(), first.id.as_str()], "newest link first");
    is_now(&store, &first, Some(TOMAS), 2).await;
    assert_eq!(whose(&store, MAYA).await, [second.id.as_str()]);
    assert_eq!(whose(&store, TOMAS).await, [first.id.as_str()]);
    is_now(&store, &second, None, 3).await;
    assert_eq!(whose(&store, MAYA).await, Vec::<String>::new(), "a bank that does not tell leaves nobody");
    let (bank, id) = (first.bank.clone(), first.id.clone());
    let known = store.read(move |tx| subjects::known_since(tx, &bank, &id));
    assert_eq!(known.await.unwrap_or_else(|e: DbError| panic!("{e}")), Some(later(2)));
}

pub async fn who_is_to_be_erased_is_found_by_nobody(fixture: Fixture) {
    let store = fixture.open();
    let (going, staying) = (customer(&store).await, customer(&store).await);
    is_now(&store, &going, Some(MAYA), 0).await;
    is_now(&store, &staying, Some(MAYA), 1).await;
    let (bank, id) = (going.bank.clone(), going.id.clone());
    let asked = store.transact(move |tx| {
        sign_ins::open(tx, &TOKEN, &signed_in(harbour(), MAYA))?;
        sign_ins::open(tx, &[8; 32], &signed_in(harbour(), TOMAS))?;
        erasures::ask(tx, &bank, &id, AskedBy::Customer, later(2))
    });
    assert!(asked.await.unwrap_or_else(|e: DbError| panic!("{e}")));
    assert_eq!(whose(&store, MAYA).await, [staying.id.as_str()], "from the moment they ask");
    let (bank, id) = (going.bank.clone(), going.id.clone());
    let wiped = store.transact(move |tx| erasures::wipe(tx, &bank, &id, &[]));
    wiped.await.unwrap_or_else(|e: DbError| panic!("{e}"));
    assert_eq!(fixture.number("SELECT count(*) FROM bank_subject"), "1");
    assert_eq!(fixture.number("SELECT count(*) FROM sign_in_session"), "1", "somebody else's stays");
}

pub async fn what_is_over_is_forgotten(fixture: Fixture) {
    let store = fixture.open();
    begun(&store).await;
    let swept = store.transact(|tx| {
        sign_ins::open(tx, &TOKEN, &signed_in(harbour(), MAYA))?;
        assert_eq!(sign_ins::sweep(tx, later(599))?, 0);
        assert_eq!(sign_ins::sweep(tx, later(600))?, 1, "the attempt");
        assert_eq!(sign_ins::sweep(tx, later(3_599))?, 0);
        assert_eq!(sign_ins::sweep(tx, later(3_600))?, 1, "the sign-in");
        Ok::<_, DbError>(())
    });
    swept.await.unwrap();
}
