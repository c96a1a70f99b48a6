//! What comes in and goes out.

use crate::fixture::{Customer, Fixture, customer, message_id, noon, until};
use store::{
    DbError, Store, conversations,
    messages::{self, Inbound, Message, NewReply, Received},
};

pub async fn receive(store: &Store, customer: &Customer, key: &str, body: &str) -> Received {
    let (conversation, id) = (customer.conversation.clone(), message_id());
    let (key, body) = (key.to_owned(), body.as_bytes().to_vec());
    let received = store.transact(move |tx| {
        let (id, conversation) = (id.clone(), &conversation);
        messages::receive(tx, &Inbound { conversation, id, key: &key, body: &body, now: noon() })
    });
    received.await.unwrap()
}

pub async fn all(store: &Store, customer: &Customer) -> Vec<Message> {
    let conversation = customer.conversation.clone();
    store.read(move |tx| messages::after(tx, &conversation, 0, 10_000)).await.unwrap()
}

pub async fn a_message_that_comes_twice_is_stored_once(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    for round in 0..20 {
        let key = format!("key-{round}");
        let copies: Vec<_> = (0..8)
            .map(|_| {
                let (store, customer, key) = (store.clone(), customer.clone(), key.clone());
                tokio::spawn(async move { receive(&store, &customer, &key, "hello").await })
            })
            .collect();
        let (mut stored, mut repeated) = (Vec::new(), Vec::new());
        for copy in copies {
            match copy.await.unwrap() {
                Received::Stored { seq } => stored.push(seq),
                Received::Repeated { seq } => repeated.push(seq),
            }
        }
        assert_eq!(stored, [round + 1]);
        assert_eq!(repeated, [round + 1; 7]);
    }
    let seqs: Vec<u64> = all(&store, &customer).await.iter().map(|m| m.seq).collect();
    assert_eq!(seqs, (1..=20).collect::<Vec<u64>>());
}

pub async fn both_directions_share_one_order(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    receive(&store, &customer, "a", "one").await;
    let (conversation, reply) =
        (customer.conversation.clone(), NewReply { id: message_id(), body: b"two".into() });
    for _ in 0..2 {
        // Said twice with one id, it is said once.
        let (conversation, reply) = (conversation.clone(), reply.clone());
        assert_eq!(store.transact(move |tx| messages::say(tx, &conversation, &reply, noon())).await, Ok(2));
    }
    receive(&store, &customer, "b", "three").await;
    let texts = |list: &[Message]| {
        list.iter().map(|m| String::from_utf8(m.body.clone()).unwrap()).collect::<Vec<_>>()
    };
    let list = all(&store, &customer).await;
    assert_eq!(texts(&list), ["one", "two", "three"]);
    assert_eq!(list.iter().map(|m| m.from_customer).collect::<Vec<_>>(), [true, false, true]);
    let pages = store.read(move |tx| {
        let found = conversations::by_session(tx, &conversation.bank, &[0; 32])?.unwrap();
        assert_eq!(found.last_seq, 3);
        Ok::<_, DbError>((
            messages::after(tx, &conversation, 1, 1)?,
            messages::before(tx, &conversation, 3, 1)?,
            messages::before(tx, &conversation, u64::MAX, 2)?,
        ))
    });
    let (after, before, last) = pages.await.unwrap();
    assert_eq!((texts(&after), texts(&before)), (vec!["two".to_owned()], vec!["two".to_owned()]));
    assert_eq!(texts(&last), ["two", "three"]);
}

pub async fn a_conversation_remembers_what_it_was_told(fixture: Fixture) {
    let store = fixture.open();
    let conversation = customer(&store).await.conversation;
    let remembered = store.transact(move |tx| {
        assert_eq!(conversations::context(tx, &conversation)?, None);
        conversations::set_context(tx, &conversation, b"which account?")?;
        conversations::set_context(tx, &conversation, b"since when?")?;
        conversations::context(tx, &conversation)
    });
    assert_eq!(remembered.await.unwrap().unwrap(), b"since when?");
}

pub async fn who_waits_for_messages_is_woken(fixture: Fixture) {
    let store = fixture.open();
    let (one, other) = (customer(&store).await, customer(&store).await);
    let mut ours = store.wake().messages_of(&one.conversation.id);
    let mut theirs = store.wake().messages_of(&other.conversation.id);
    let inbound = store.wake().inbound();
    ours.borrow_and_update();
    theirs.borrow_and_update();
    receive(&store, &one, "a", "hello").await;
    until("the bell rings", || ours.has_changed().unwrap() && inbound.has_changed().unwrap()).await;
    assert!(!theirs.has_changed().unwrap());
}
