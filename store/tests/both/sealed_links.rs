//! What a sealed link promises.

use crate::fixture::{Customer, Fixture, customer, later, noon, uuid};
use domain::{BankId, ConsentId, ConversationId, CustomerId, SealedLinkId};
use std::collections::HashSet;
use store::{
    DbError, Store,
    browsers::{self, NewBrowser},
    conversations::{Conversation, NewConversation},
    sealed_links::{self, NewSealedLink, SealedLink, SealedState},
    senders,
};

const TOKEN: [u8; 32] = [1; 32];
const BROWSER: [u8; 32] = [2; 32];
const OTHER: [u8; 32] = [3; 32];
const MOST: u32 = 4;

async fn made(store: &Store) -> (Customer, SealedLink) {
    let customer = customer(store).await;
    let new = NewSealedLink {
        id: SealedLinkId::new(uuid()),
        bank: customer.bank.clone(),
        customer: customer.id.clone(),
        conversation: customer.conversation.id.clone(),
        consent: Some(customer.consent.id.clone()),
        token_hash: TOKEN,
        question: b"how much".to_vec(),
        now: noon(),
        expires_at: later(600),
    };
    let inserted = store.transact(move |tx| {
        assert!(sealed_links::insert(tx, &new)?);
        sealed_links::by_token(tx, &new.bank, &TOKEN)
    });
    (customer, inserted.await.unwrap_or_else(|e: DbError| panic!("{e}")).unwrap())
}

pub async fn a_page_is_opened_once_by_the_browser_that_came_first(fixture: Fixture) {
    let store = fixture.open();
    let (_, link) = made(&store).await;
    let walked = store.transact(move |tx| {
        let begin = |tx: &mut store::Tx, browser: &[u8; 32]| {
            sealed_links::begin(tx, &link, browser, MOST, later(2), later(32))
        };
        assert!(begin(tx, &BROWSER)?.is_none(), "not before it is bound");
        assert!(sealed_links::bind(tx, &link, &BROWSER, true, later(1))?);
        assert!(!sealed_links::bind(tx, &link, &OTHER, true, later(1))?);
        assert!(begin(tx, &OTHER)?.is_none());
        let (opening, question) = begin(tx, &BROWSER)?.unwrap();
        assert_eq!((question.as_slice(), opening.state), (&b"how much"[..], SealedState::Opening));
        assert!(begin(tx, &BROWSER)?.is_none(), "one opening at a time");
        assert!(sealed_links::finish(tx, &opening, later(3))?);
        assert!(!sealed_links::finish(tx, &opening, later(3))?);
        assert!(
            !sealed_links::give_back(tx, &opening, later(3))?
                && !sealed_links::close(tx, &opening, later(3))?
        );
        assert!(begin(tx, &BROWSER)?.is_none(), "it is used");
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn an_opening_without_an_end_is_taken_over_and_may_show_nothing(fixture: Fixture) {
    let store = fixture.open();
    let (_, link) = made(&store).await;
    let walked = store.transact(move |tx| {
        assert!(sealed_links::bind(tx, &link, &BROWSER, true, noon())?);
        let (first, _) = sealed_links::begin(tx, &link, &BROWSER, MOST, later(1), later(31))?.unwrap();
        assert!(sealed_links::begin(tx, &link, &BROWSER, MOST, later(30), later(60))?.is_none());
        let (second, _) = sealed_links::begin(tx, &link, &BROWSER, MOST, later(31), later(61))?.unwrap();
        assert!(!sealed_links::finish(tx, &first, later(32))?, "the late one shows nothing");
        assert!(sealed_links::finish(tx, &second, later(32))?);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn an_opening_that_failed_may_be_tried_again_within_limits(fixture: Fixture) {
    let store = fixture.open();
    let (_, link) = made(&store).await;
    let walked = store.transact(move |tx| {
        assert!(sealed_links::bind(tx, &link, &BROWSER, true, noon())?);
        for second in 0..i64::from(MOST) {
            let now = later(second);
            let (opening, _) = sealed_links::begin(tx, &link, &BROWSER, MOST, now, later(99))?.unwrap();
            assert!(sealed_links::give_back(tx, &opening, now)?);
        }
        assert!(sealed_links::begin(tx, &link, &BROWSER, MOST, later(9), later(99))?.is_none());
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn refused_tries_close_a_page_and_its_question_goes(fixture: Fixture) {
    let store = fixture.open();
    let (customer, link) = made(&store).await;
    let walked = store.transact(move |tx| {
        for _ in 1..MOST {
            sealed_links::refuse(tx, &link, MOST, later(1))?;
            assert_eq!(sealed_links::by_token(tx, &link.bank, &TOKEN)?.unwrap().state, SealedState::Made);
        }
        sealed_links::refuse(tx, &link, MOST, later(1))?;
        assert_eq!(sealed_links::by_token(tx, &link.bank, &TOKEN)?.unwrap().state, SealedState::Closed);
        assert!(!sealed_links::bind(tx, &link, &BROWSER, true, later(2))?);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
    drop(customer);
}

pub async fn an_unknown_browser_waits_for_a_word(fixture: Fixture) {
    let store = fixture.open();
    let (customer, link) = made(&store).await;
    let walked = store.transact(move |tx| {
        let Customer { bank, id, conversation, .. } = &customer;
        assert_eq!(sealed_links::waiting(tx, bank, id, &conversation.id, later(1))?, None);
        assert!(!sealed_links::confirm(tx, &link, later(1))?, "nobody waits");
        assert!(sealed_links::bind(tx, &link, &BROWSER, false, later(1))?);
        assert!(sealed_links::begin(tx, &link, &BROWSER, MOST, later(1), later(31))?.is_none());
        let waiting = sealed_links::waiting(tx, bank, id, &conversation.id, later(599))?.unwrap();
        assert_eq!((&waiting.id, waiting.browser), (&link.id, Some(BROWSER)));
        assert_eq!(sealed_links::waiting(tx, bank, id, &conversation.id, later(600))?, None);
        assert_eq!(
            sealed_links::waiting(tx, bank, &CustomerId::new(uuid()), &conversation.id, later(1))?,
            None
        );
        assert!(!sealed_links::confirm(tx, &waiting, later(600))?, "its time is over");
        assert!(sealed_links::confirm(tx, &waiting, later(599))?);
        assert!(sealed_links::begin(tx, &link, &BROWSER, MOST, later(599), later(630))?.is_some());
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn a_page_that_is_over_opens_nothing_and_is_forgotten_in_time(fixture: Fixture) {
    let store = fixture.open();
    let (customer, link) = made(&store).await;
    let walked = store.transact(move |tx| {
        let meridian: BankId = "meridian".parse().unwrap();
        assert_eq!(sealed_links::by_token(tx, &meridian, &TOKEN)?, None, "it is of one bank");
        assert!(!sealed_links::bind(tx, &link, &BROWSER, true, later(600))?);
        assert!(sealed_links::bind(tx, &link, &BROWSER, true, later(599))?);
        assert!(sealed_links::begin(tx, &link, &BROWSER, MOST, later(600), later(630))?.is_none());
        let next = |seconds: i64| NewSealedLink {
            id: SealedLinkId::new(uuid()),
            bank: customer.bank.clone(),
            customer: customer.id.clone(),
            conversation: customer.conversation.id.clone(),
            consent: None,
            token_hash: [9; 32],
            question: vec![],
            now: later(seconds),
            expires_at: later(seconds + 600),
        };
        assert!(sealed_links::insert(tx, &next(600 + 86_399))?);
        assert!(sealed_links::by_token(tx, &link.bank, &TOKEN)?.is_some(), "remembered for a day");
        assert!(sealed_links::insert(tx, &next(600 + 86_400))?);
        assert_eq!(sealed_links::by_token(tx, &link.bank, &TOKEN)?, None);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn a_browser_is_known_after_the_yes_and_for_its_own_consent(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    let walked = store.transact(move |tx| {
        let Customer { bank, id, conversation, consent } = &customer;
        let new = NewBrowser {
            bank: bank.clone(),
            customer: id.clone(),
            conversation: conversation.id.clone(),
            consent: consent.id.clone(),
            browser: BROWSER,
            now: noon(),
            expires_at: later(1_000),
        };
        browsers::insert(tx, &new)?;
        let known = |tx: &mut store::Tx, consent: &ConsentId, browser: &[u8; 32], second: i64| {
            browsers::is_known(tx, bank, id, consent, browser, later(second))
        };
        assert!(!known(tx, &consent.id, &BROWSER, 1)?, "not before the yes");
        assert_eq!(browsers::newest_consent(tx, bank, id, &conversation.id)?, None);
        browsers::confirm(tx, bank, id, &consent.id)?;
        assert!(known(tx, &consent.id, &BROWSER, 999)? && !known(tx, &consent.id, &BROWSER, 1_000)?);
        assert!(!known(tx, &consent.id, &OTHER, 1)?);
        let next = ConsentId::new(uuid());
        assert!(!known(tx, &next, &BROWSER, 1)?, "another consent is another sign-in");
        assert_eq!(browsers::newest_consent(tx, bank, id, &conversation.id)?, Some(consent.id.clone()));
        assert_eq!(browsers::carry_over(tx, bank, id, &consent.id, &next)?, 1);
        assert!(known(tx, &next, &BROWSER, 1)?);
        Ok::<_, DbError>(())
    });
    walked.await.unwrap();
}

pub async fn one_sender_has_one_conversation_however_many_messages_come_at_once(fixture: Fixture) {
    let store = fixture.open();
    let first = customer(&store).await;
    let begins: Vec<_> = (0..8)
        .map(|_| {
            let (store, bank) = (store.clone(), first.bank.clone());
            tokio::spawn(async move {
                let new = NewConversation {
                    bank,
                    customer: CustomerId::new(uuid()),
                    conversation: ConversationId::new(uuid()),
                    channel: domain::Channel::Messenger,
                    session: [7; 32],
                    now: noon(),
                };
                let begun = store.transact(move |tx| senders::begin(tx, &new)).await;
                begun.unwrap_or_else(|e: DbError| panic!("{e}"))
            })
        })
        .collect();
    let mut rooms: HashSet<ConversationId> = HashSet::new();
    for begin in begins {
        let room: Conversation = begin.await.unwrap();
        assert_eq!(room.channel, domain::Channel::Messenger);
        rooms.insert(room.id);
    }
    assert_eq!(rooms.len(), 1);
    let bank = first.bank.clone();
    let other = store.read(move |tx| senders::conversation(tx, &bank, &[8; 32])).await;
    assert_eq!(other.unwrap_or_else(|e: DbError| panic!("{e}")), None);
}
