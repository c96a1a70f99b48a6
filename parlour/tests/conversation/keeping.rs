//! What was said and agreed is kept, on both databases.

use crate::house::House;
use parlour::demo::{
    check,
    guest::{Guest, block},
};
use testkit::postgres::Postgres;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_where_it_was() {
    let mut house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let chosen = guest.link(&house.harbour()).await.unwrap();
    let url = guest.api("messages");
    let before = guest.visitor.json(&url).await.unwrap();
    house.restart().await;
    assert_eq!(guest.visitor.json(&url).await.unwrap(), before);
    let reply = guest.ask("What's my balance?").await.unwrap();
    assert_eq!(block(&reply, "balances").unwrap()["accounts"].as_array().unwrap().len(), chosen);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_journey_holds_on_sqlite() {
    let house = House::open().await;
    assert!(check::walk(house.demo()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_journey_holds_on_postgresql() {
    let made =
        tokio::task::spawn_blocking(|| Postgres::shared().unwrap().database().unwrap().location.clone());
    let house = House::open_on_postgres(&made.await.unwrap()).await;
    assert!(check::walk(house.demo()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_said_can_be_read_in_the_files() {
    let mut house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.ask("my aunt Philippa wants to know about zebras").await.unwrap();
    house.stop().await;
    let mut looked_at = 0;
    for name in ["parlour.db", "parlour.db-wal"] {
        let Ok(bytes) = std::fs::read(house.data().join(name)) else { continue };
        looked_at += bytes.len();
        assert!(!bytes.windows(8).any(|w| w == b"Philippa"), "{name} shows what was said");
    }
    assert!(looked_at > 4096, "there was a database to look at");
}
