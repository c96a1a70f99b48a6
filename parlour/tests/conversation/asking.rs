//! Answers are right, and only of what was shared.

use crate::house::House;
use jiff::SignedDuration;
use parlour::demo::guest::{Guest, block, payments};

fn cents(row: &serde_json::Value) -> i64 {
    row["amount"]["minor_units"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_chosen_accounts_are_ever_shown() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let chosen = guest.link(&house.harbour()).await.unwrap();
    let reply = guest.ask("What's my balance?").await.unwrap();
    let accounts = block(&reply, "balances").unwrap()["accounts"].as_array().unwrap().clone();
    assert_eq!(accounts.len(), chosen);
    let titles: Vec<_> = accounts.iter().map(|a| a["title"].as_str().unwrap()).collect();
    let reply = guest.ask("show my last 50 transactions").await.unwrap();
    let rows = payments(&reply);
    assert!(rows.len() > 10, "{reply}");
    for row in rows {
        assert!(titles.contains(&row["account"].as_str().unwrap()), "{row} is not of {titles:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_at_a_merchant_is_the_sum_of_its_payments() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let all = payments(&guest.ask("show my last 50 transactions").await.unwrap());
    let times = |merchant: &str| all.iter().filter(|r| r["what"] == merchant).count();
    let bought = all.iter().filter(|r| r["pending"] == false && cents(r) < 0);
    let rare = bought.filter_map(|r| r["what"].as_str()).filter(|m| times(m) > 1).min_by_key(|m| times(m));
    let merchant = rare.unwrap();
    let reply = guest.ask(&format!("what did I spend at {merchant} this month?")).await.unwrap();
    let rows = payments(&reply);
    assert!(!rows.is_empty() && rows.iter().all(|r| r["what"] == merchant), "{reply}");
    let total = block(&reply, "total").unwrap();
    assert_eq!(total["count"].as_u64().unwrap() as usize, rows.len());
    assert_eq!(total["amount"]["minor_units"].as_i64().unwrap(), -rows.iter().map(cents).sum::<i64>());
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_payments_are_marked_and_come_first() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let rows = payments(&guest.ask("show my last 50 transactions").await.unwrap());
    let pending = rows.iter().filter(|r| r["pending"] == true).count();
    assert!(pending > 0 && pending < rows.len(), "{pending} of {}", rows.len());
    let times: Vec<_> = rows.iter().map(|r| r["at"].as_str().unwrap().to_owned()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "newest first: {times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_access_stands_in_the_list_of_who_looked_refused_ones_too() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let reply = guest.ask("What's my balance?").await.unwrap();
    let (entry, index) = (reply["seen"][0]["entry"].clone(), reply["seen"][0]["index"].clone());
    let reply = guest.ask("Who looked at my data?").await.unwrap();
    let rows = block(&reply, "accesses").unwrap()["rows"].as_array().unwrap().clone();
    assert_eq!((&rows[0]["entry"], &rows[0]["index"]), (&entry, &index));
    assert_eq!(rows[0]["data_class"], "balances");
    let first = rows.last().unwrap();
    assert_eq!((first["allowed"].as_bool(), first["index"].as_u64()), (Some(false), Some(0)), "{first}");
    assert!(first["reason"].as_str().unwrap().contains("not linked"), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_whose_time_is_over_opens_nothing() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    house.forward(SignedDuration::from_hours(24 * 90 - 1));
    assert!(block(&guest.ask("What's my balance?").await.unwrap(), "balances").is_some());
    house.forward(SignedDuration::from_hours(1));
    let mut reply = guest.ask("What's my balance?").await.unwrap();
    assert!(block(&reply, "balances").is_none(), "{reply}");
    if block(&reply, "notice").is_none() {
        // The news of the end came by itself before the answer.
        reply = guest.ask("What's my balance?").await.unwrap();
    }
    assert!(block(&reply, "balances").is_none() && block(&reply, "notice").is_some(), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_said_so_with_what_can_be_asked() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let reply = guest.ask("the quick brown fox jumps over the lazy dog").await.unwrap();
    let text = reply["blocks"].to_string();
    assert!(
        text.contains("did not understand") && text.contains("program") && text.contains("balances"),
        "{text}"
    );
    assert!(!reply["quick"].as_array().unwrap().is_empty());
    assert!(reply["seen"].is_null(), "nothing was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn offered_answers_are_buttons_and_each_message_says_when_it_was_sent() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    let reply = guest.ask("hello").await.unwrap();
    let label = reply["quick"][0]["label"].as_str().unwrap().to_owned();
    let chat = guest.chat.clone();
    let page = guest.visitor.get(&chat).await.unwrap();
    let form = page.form_with(&label).unwrap();
    assert!(page.body.matches("<time").count() >= 2, "{}", page.body);
    let page = guest.visitor.submit(&page.url, &form, Some(&label)).await.unwrap();
    let page = guest.visitor.settle(page).await.unwrap();
    assert!(page.says("not linked to Harbour Bank yet"), "pressing it asked: {}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_by_itself_after_a_sign_that_it_is_being_written() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    house.faults(&serde_json::json!({ "slow": { "millis": 1500 } })).await;
    let events = guest.api("events");
    let cookies: Vec<String> =
        guest.visitor.cookies_of(&events).iter().map(|(k, v)| format!("{k}={v}")).collect();
    let request = reqwest::Client::new().get(events).header("cookie", cookies.join("; "));
    let mut stream = request.send().await.unwrap();
    let asked = tokio::spawn(async move { guest.ask("What's my balance?").await.unwrap() });
    let mut heard = String::new();
    while !heard.contains("Log entry") && !heard.contains("\"type\":\"balances\"") {
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        heard.push_str(&String::from_utf8_lossy(&chunk));
    }
    let typing = heard.find("event: typing\ndata: 1").or_else(|| heard.find("event:typing\ndata:1"));
    let answer = heard.find("\"type\":\"balances\"").unwrap();
    assert!(typing.is_some_and(|at| at < answer), "{heard}");
    asked.await.unwrap();
}

/// What was said stays in the thread for months, so the words for its times are made when it is read.
#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_looked_is_said_as_it_is_on_the_day_of_reading() {
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest.ask("What's my balance?").await.unwrap();
    for question in ["Who looked at my data?", "Receipts for this"] {
        let reply = guest.ask(question).await.unwrap();
        let rows =
            ["accesses", "receipts"].iter().find_map(|kind| block(&reply, kind)).unwrap()["rows"].clone();
        let at: jiff::Timestamp = rows[0]["at"].as_str().unwrap().parse().unwrap();
        assert_eq!(at, "2026-11-20T15:00:00Z".parse::<jiff::Timestamp>().unwrap());
        assert!(!reply.to_string().contains("today"), "{reply}");
    }
    let page = guest.visitor.get(&guest.chat.clone()).await.unwrap();
    assert!(page.says("Fri 20 Nov, 10:00"), "{}", page.body);
    // Two months later, in another year.
    house.forward(SignedDuration::from_hours(24 * 60));
    let page = guest.visitor.get(&guest.chat.clone()).await.unwrap();
    assert!(page.body.matches("Fri 20 Nov 2026, 10:00").count() >= 2, "{}", page.body);
    assert!(!page.body.contains("today at") && !page.body.contains("Fri 20 Nov, 10:00"), "{}", page.body);
}
