//! What a stop and a start leave as it was.

use serde_json::json;

use crate::{
    House,
    browser::Browser,
    client::{INTERACTION, Linking, http, link, request},
};

#[tokio::test]
async fn tokens_consents_sessions_and_replays_outlive_a_restart() {
    let mut house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let url = format!("{}/fdx/v6/accounts?resultType=details", house.url);
    let bare = format!("{}/fdx/v6/accounts", house.url);
    let before = linked.get(&url).await;
    let spent = linked.proof(&http::Method::GET, &bare).await.unwrap();
    let show = async |proof: &http::HeaderMap| {
        let call = http().get(&bare).headers(proof.clone()).header("x-fapi-interaction-id", INTERACTION);
        call.send().await.unwrap().status().as_u16()
    };
    assert_eq!(show(&spent).await, 200);
    let mut browser = Browser::new(&house);
    browser.sign_in("maya").await;

    house.stop().await;
    assert!(http().get(&url).send().await.is_err(), "the bank is closed");
    house.start().await;

    assert_eq!(show(&spent).await, 401, "a proof spent before the restart stays spent");
    let after = linked.get(&url).await;
    assert_eq!((after.status, &after.body), (200, &before.body));
    assert!(linked.renew().await.is_ok());
    assert!(browser.get("/sharing").await.text.contains("Budget App"));
}

#[tokio::test]
async fn an_approval_that_was_open_goes_on_after_a_restart() {
    let mut house = House::open().await;
    let linking = Linking::begin(&house, request()).await;
    let mut browser = Browser::new(&house);
    let (interaction, page) = browser.open_approval(&linking.authorization_url, "maya").await;
    let (csrf, first) = (page.csrf(), page.account_choices()[0].clone());
    house.stop().await;
    house.start().await;
    assert_eq!(browser.get(&interaction).await.text, page.text);
    let form = [("csrf", csrf.as_str()), ("decision", "approve"), ("accounts", first.as_str())];
    let callback = browser.post(&format!("{interaction}/decision"), &form).await.went_to().to_owned();
    house.stop().await;
    house.start().await;
    let linked = linking.complete(&callback).await.unwrap();
    let answer = linked.get(&format!("{}/fdx/v6/accounts", house.url)).await;
    assert_eq!(answer.body["page"], json!({ "totalElements": 1 }));
}
