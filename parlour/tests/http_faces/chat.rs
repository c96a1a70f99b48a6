//! Saying and reading.

use super::{client::Ask, gateway::Gateway};
use jiff::SignedDuration;
use serde_json::json;

const COOKIE: &str = "__Host-parlour-harbour";

#[tokio::test]
async fn a_first_visit_begins_a_session_that_no_script_can_read() {
    let gateway = Gateway::start().await;
    let page = gateway.send(Ask::get("/chat/harbour").with("accept", "text/html")).await;
    assert_eq!(page.status, 200);
    let cookie = page.header("set-cookie");
    for part in [COOKIE, "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age="] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(page.body.contains("You are talking with a program of Harbour Bank"));
    assert!(page.body.contains("not linked to your accounts yet"));
    let token = page.cookie(COOKIE).unwrap();
    let again = gateway.send(Ask::get("/chat/harbour").with("cookie", format!("{COOKIE}={token}"))).await;
    assert_eq!(again.header("set-cookie"), "", "a good session is kept");
}

#[tokio::test]
async fn a_question_without_scripts_comes_back_with_its_answer() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let say = Ask::post(caller.path("/messages")).form(&[("text", "whats my balance"), ("key", "k1")]);
    let said = gateway.send(caller.browser(say)).await;
    assert_eq!((said.status, said.header("location")), (303, "/chat/harbour?after=1#m-1"));
    let page = gateway.send(caller.browser(Ask::get("/chat/harbour?after=1"))).await;
    assert!(page.body.contains("whats my balance"));
    assert!(page.body.contains("id=\"m-2\""), "the answer is on the page:\n{}", page.body);
    assert!(page.body.contains("href=\"http"), "it offers the link");
}

#[tokio::test]
async fn a_question_with_scripts_gets_its_own_line_back() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let say = Ask::post(caller.path("/messages")).form(&[("text", "hello\r\nyou"), ("key", "k1")]);
    let said = gateway.send(caller.browser(say.with("hx-request", "true"))).await;
    assert_eq!(said.status, 200, "{said:?}");
    assert!(said.body.starts_with("<li id=\"m-1\" data-seq=\"1\" class=\"msg me\">"), "{}", said.body);
    assert!(said.body.contains("hello\nyou") && said.body.contains("Sat 21 Nov"), "{}", said.body);
}

#[tokio::test]
async fn a_message_sent_twice_is_stored_once() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let first = gateway.send(caller.say("hello", "k1")).await;
    let second = gateway.send(caller.say("hello", "k1")).await;
    assert_eq!((first.status, second.status), (202, 202), "{first:?}");
    let (first, second) = (first.json(), second.json());
    assert_eq!((&first["seq"], &first["repeated"]), (&json!(1), &json!(false)));
    assert_eq!((&second["seq"], &second["repeated"]), (&json!(1), &json!(true)));
    assert_eq!(first["entry"]["id"], second["entry"]["id"]);
    let mine = caller.thread(&gateway).await.into_iter().filter(|m| m["words"]["from"] == "customer");
    assert_eq!(mine.count(), 1);
}

#[tokio::test]
async fn what_was_said_is_read_in_order_from_any_place() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let mut stream = gateway.open(caller.app(Ask::get(caller.path("/events")))).await;
    for n in 1..=3 {
        assert_eq!(gateway.send(caller.say(&format!("hello {n}"), &format!("k{n}"))).await.status, 202);
    }
    stream.until("three answers", |a| a.message_ids().len() == 6).await;
    let read = async |query: &str| -> Vec<u64> {
        let answer = gateway.send(caller.app(Ask::get(caller.path(&format!("/messages{query}"))))).await;
        let messages = answer.json()["messages"].as_array().unwrap().clone();
        messages.iter().map(|m| m["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(read("").await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(read("?after=4").await, [5, 6]);
    assert_eq!(read("?after=6").await, [0; 0]);
    assert_eq!(read("?before=3").await, [1, 2]);
    assert_eq!(read("?before=6&limit=2").await, [4, 5]);
    assert_eq!(read("?after=1&limit=2").await, [2, 3]);
    assert_eq!(read("?after=1&before=4").await, [2, 3]);
}

#[tokio::test]
async fn older_messages_come_with_the_one_that_was_first() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    gateway.send(caller.say("hello", "k1")).await;
    gateway.send(caller.say("hello again", "k2")).await;
    let older = gateway.send(caller.browser(Ask::get("/chat/harbour/older?before=2"))).await;
    assert_eq!(older.status, 200);
    assert!(
        older.body.contains("id=\"top\"")
            && older.body.contains("id=\"m-1\"")
            && older.body.contains("id=\"m-2\"")
    );
    assert_eq!(older.body.matches("class=\"day\"").count(), 1, "the day stands once: {}", older.body);
}

#[tokio::test]
async fn html_and_marks_that_turn_text_around_are_shown_as_text() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    gateway.send(caller.say("<img src=x onerror=alert(1)> \u{202e}evil", "k1")).await;
    let page = gateway.send(caller.browser(Ask::get("/chat/harbour"))).await;
    assert!(!page.body.contains("<img src=x"), "{}", page.body);
    assert!(page.body.contains("&#60;img src=x onerror=alert(1)&#62; [U+202E]evil"), "{}", page.body);
}

#[tokio::test]
async fn a_session_of_one_bank_is_nothing_at_another() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    gateway.send(caller.say("hello", "k1")).await;
    let as_app =
        Ask::get("/v1/chat/meridian/messages").with("authorization", format!("Bearer {}", caller.token));
    gateway.send(as_app).await.is_problem(401, "no_session");
    let renamed = format!("__Host-parlour-meridian={}", caller.token);
    gateway
        .send(Ask::get("/v1/chat/meridian/messages").with("cookie", renamed.clone()))
        .await
        .is_problem(401, "no_session");
    let page = gateway.send(Ask::get("/chat/meridian").with("cookie", renamed)).await;
    assert!(page.cookie("__Host-parlour-meridian").is_some(), "the page begins a session of its own");
    assert!(!page.body.contains("id=\"m-1\""));
}

#[tokio::test]
async fn a_forged_session_opens_nothing() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    gateway.send(caller.say("hello", "k1")).await;
    let mut bytes = caller.token.clone().into_bytes();
    bytes[20] = if bytes[20] == b'A' { b'B' } else { b'A' };
    for forged in [String::from_utf8(bytes).unwrap(), String::new(), "AAAA".into(), "A".repeat(5_000)] {
        let cookie = format!("{COOKIE}={forged}");
        let answer = gateway.send(Ask::get("/v1/chat/harbour/messages").with("cookie", cookie.clone())).await;
        answer.is_problem(401, "no_session");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"chat\"");
        let page = gateway.send(Ask::get("/chat/harbour").with("cookie", cookie)).await;
        assert!(page.status == 200 && page.cookie(COOKIE).is_some() && !page.body.contains("id=\"m-1\""));
    }
}

#[tokio::test]
async fn an_expired_session_opens_nothing_and_the_page_begins_a_new_one() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    gateway.send(caller.say("hello", "k1")).await;
    gateway.clock.forward(SignedDuration::from_hours(24 * 181));
    gateway.send(caller.say("again", "k2")).await.is_problem(401, "no_session");
    let page = gateway.send(caller.browser(Ask::get("/chat/harbour"))).await;
    assert!(page.cookie(COOKIE).is_some_and(|token| token != caller.token));
    assert!(!page.body.contains("id=\"m-1\""));
}

#[tokio::test]
async fn two_people_at_one_bank_do_not_see_each_other() {
    let gateway = Gateway::start().await;
    let (one, other) = (gateway.caller("harbour").await, gateway.caller("harbour").await);
    gateway.send(one.say("hello", "k1")).await;
    assert_eq!(other.thread(&gateway).await, [json!(null); 0]);
    let access = gateway.send(other.app(Ask::get(other.path("/access")))).await;
    assert_eq!(access.json(), json!({ "accesses": [] }));
}
