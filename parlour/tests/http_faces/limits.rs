//! Every limit at its edge and over it. What is refused changes nothing.

use super::{
    client::{Ask, Stream},
    gateway::{Caller, Gateway},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;

const JSON: &str = "application/json";

#[tokio::test]
async fn a_message_is_taken_at_its_longest_and_refused_over_it() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    assert_eq!(gateway.send(caller.say(&"é".repeat(2_000), "k1")).await.status, 202);
    for chars in [2_001, 10_000] {
        let problem = gateway.send(caller.say(&"x".repeat(chars), "k2")).await.is_problem(422, "invalid");
        assert_eq!(problem["fields"][0]["name"], "text");
        let detail = problem["fields"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(&chars.to_string()) && detail.contains("2000"), "{detail}");
    }
    let mine = caller.thread(&gateway).await.into_iter().filter(|m| m["words"]["from"] == "customer");
    assert_eq!(mine.count(), 1, "what was refused is not stored");
}

#[tokio::test]
async fn the_longest_message_fits_however_it_is_written() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let text = "😀".repeat(2_000);
    let form = Ask::post(caller.path("/messages")).form(&[("text", &text), ("key", "k1")]);
    assert_eq!(gateway.send(caller.browser(form)).await.status, 303);
    let escaped = format!(r#"{{"text":"{}","key":"k2"}}"#, r"\ud83d\ude00".repeat(2_000));
    let escaped = caller.app(Ask::post(caller.path("/messages"))).body(JSON, escaped);
    assert_eq!(gateway.send(escaped).await.status, 202);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_whether_its_length_is_told_or_not() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let body = |n: usize| format!(r#"{{"text":"hello","key":"k1"{}}}"#, " ".repeat(n - 27));
    assert_eq!(body(32_768).len(), 32_768);
    let post = || caller.app(Ask::post(caller.path("/messages")));
    assert_eq!(gateway.send(post().body(JSON, body(32_768))).await.status, 202);
    gateway.send(post().body(JSON, body(32_769))).await.is_problem(413, "too_large");
    let chunked = format!("{:x}\r\n{}\r\n0\r\n\r\n", 40_000, body(40_000));
    let chunked = post().body(JSON, chunked).with("transfer-encoding", "chunked");
    gateway.send(chunked).await.is_problem(413, "too_large");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_reason() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let post = |kind: &str, body: &[u8]| caller.app(Ask::post(caller.path("/messages"))).body(kind, body);
    let good = br#"{"text":"hello","key":"k1"}"#;
    for kind in ["text/plain", "application/json; charset=latin1", "multipart/form-data; boundary=x"] {
        gateway.send(post(kind, good)).await.is_problem(415, "media_type");
    }
    gateway.send(post(JSON, b"{\"text\":\"hel")).await.is_problem(400, "malformed");
    gateway.send(post(JSON, b"{\"text\":\"\xff\",\"key\":\"k1\"}")).await.is_problem(400, "not_utf8");
    for (body, field) in [
        (json!({ "text": "hello", "key": "k1", "admin": true }), "admin"),
        (json!({ "text": "hello" }), "key"),
        (json!({ "text": ["hello"], "key": "k1" }), "text"),
        (json!({ "text": "", "key": "k1" }), "text"),
        (json!({ "text": "a\u{0}b", "key": "k1" }), "text"),
        (json!({ "text": "a\u{1b}[2Jb", "key": "k1" }), "text"),
        (json!({ "text": "hello", "key": "k 1" }), "key"),
        (json!({ "text": "hello", "key": "k".repeat(65) }), "key"),
    ] {
        let problem = gateway.send(post(JSON, body.to_string().as_bytes())).await.is_problem(422, "invalid");
        assert_eq!(problem["fields"][0]["name"], field, "{body}");
    }
    assert_eq!(caller.thread(&gateway).await, [json!(null); 0], "nothing is stored");
}

#[tokio::test]
async fn a_query_is_held_to_its_bounds() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("after=-1", "after"),
        ("after=9007199254740992", "after"),
        ("colour=red", "colour"),
        ("after=1&after=2", "after"),
    ] {
        let ask = caller.app(Ask::get(caller.path(&format!("/messages?{query}"))));
        let problem = gateway.send(ask).await.is_problem(422, "invalid");
        assert_eq!(problem["fields"][0]["name"], field, "{query}");
    }
    for query in ["limit=1", "limit=200", "after=9007199254740991"] {
        let ask = caller.app(Ask::get(caller.path(&format!("/messages?{query}"))));
        assert_eq!(gateway.send(ask).await.status, 200, "{query}");
    }
    let not_utf8 = caller.app(Ask::get(caller.path("/messages?after=%ff")));
    gateway.send(not_utf8).await.is_problem(400, "not_utf8");
}

#[tokio::test]
async fn who_writes_a_thousand_messages_at_once_is_held_up_and_told_until_when() {
    let gateway = Gateway::with_limits(
        "messages_burst = 5\nmessages_per_minute = 1\nrequests_per_second_per_address = 100000",
    )
    .await;
    let caller = gateway.caller("harbour").await;
    let mut taken = 0;
    for n in 0..1_000 {
        let answer = gateway.send(caller.say("hello", &format!("k{n}"))).await;
        if answer.status == 202 {
            taken += 1;
            continue;
        }
        let problem = answer.is_problem(429, "too_fast");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=61).contains(&wait) && problem["retry_after_s"] == wait);
    }
    assert!((5..=6).contains(&taken), "{taken} were taken; the burst is 5 and one more a minute");
    let mine = caller.thread(&gateway).await.into_iter().filter(|m| m["words"]["from"] == "customer");
    assert_eq!(mine.count(), taken);
    let other = gateway.caller("harbour").await;
    assert_eq!(gateway.send(other.say("hello", "k1")).await.status, 202, "others are not held up");
}

#[tokio::test]
async fn an_address_that_knocks_too_often_waits_and_monitors_do_not() {
    let gateway = Gateway::with_limits("requests_per_second_per_address = 1").await;
    let answers = [
        gateway.send(Ask::get("/")).await,
        gateway.send(Ask::get("/")).await,
        gateway.send(Ask::get("/v1/")).await,
    ];
    let refused = answers.iter().find(|a| a.status == 429).expect("the third is one too many");
    assert_eq!(refused.header("retry-after"), "1");
    for _ in 0..10 {
        assert_eq!(gateway.send(Ask::get("/healthz")).await.status, 200);
    }
}

/// A card payment of now, as the bank signs it.
fn card_event(gateway: &Gateway, n: u32, secret: &[u8]) -> Ask {
    let (id, at) = (format!("evt-{n}"), gateway.app().clock.now());
    let body = json!({ "type": "card.authorization", "timestamp": at.to_string(), "data": {
        "paymentId": id, "cardToken": "c-1", "terminalToken": "t-1", "at": at.to_string(), "amount": "12.40", "currency": "USD" } })
    .to_string();
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(secret).unwrap();
    mac.update(format!("{id}.{}.{body}", at.as_second()).as_bytes());
    Ask::post("/card-events/harbour")
        .with("webhook-id", id)
        .with("webhook-timestamp", at.as_second().to_string())
        .with("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
        .body(JSON, body)
}

#[tokio::test]
async fn what_a_bank_signed_comes_as_fast_as_people_pay_and_what_nobody_signed_does_not() {
    let gateway = Gateway::with_limits("requests_per_second_per_address = 1").await;
    for n in 0..20 {
        let taken = gateway.send(card_event(&gateway, n, &[0; 32])).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
    }
    let mut forged = vec![];
    for n in 20..25 {
        forged.push(gateway.send(card_event(&gateway, n, &[1; 32])).await.status);
    }
    assert!(forged.starts_with(&[403, 403]) && forged.contains(&429), "{forged:?}");
    let after = gateway.send(card_event(&gateway, 30, &[0; 32])).await;
    assert_eq!(after.status, 200, "the bank is not held up by whoever forges: {}", after.body);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let gateway = Gateway::start().await;
    let answer = gateway.send(Ask::get("/").with("x-large", "x".repeat(100_000))).await;
    assert_eq!(answer.status, 431);
    let many = (0..200).fold(Ask::get("/"), |ask, n| ask.with(&format!("x-{n}"), "1"));
    assert_eq!(gateway.send(many).await.status, 431);
}

/// The bytes of a message, in two halves: one that breaks off in the head, and one that breaks off in the body.
fn halves(gateway: &Gateway, caller: &Caller, in_the_head: bool) -> (Vec<u8>, Vec<u8>) {
    let body = r#"{"text":"hello","key":"k1"}"#;
    let whole = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        caller.path("/messages"),
        gateway.host,
        caller.token,
        body.len()
    );
    let at = if in_the_head { 40 } else { whole.len() - 10 };
    (whole.as_bytes()[..at].to_vec(), whole.as_bytes()[at..].to_vec())
}

/// Somebody who sends half of a message and waits, at a gateway with these limits and at one with far longer ones.
/// The first hangs up before the second does, and gives what it said; the second then still takes the other half.
async fn hangs_up_on_half_of_it(limits: &str, in_the_head: bool) -> String {
    let (strict, patient) = (Gateway::with_limits(limits).await, Gateway::with_limits(PATIENT).await);
    let (one, two) = (strict.caller("harbour").await, patient.caller("harbour").await);
    let (first, _) = halves(&strict, &one, in_the_head);
    let mut cut = Stream::begin(strict.to, &first).await;
    let (first, rest) = halves(&patient, &two, in_the_head);
    let mut waits = Stream::begin(patient.to, &first).await;
    let said = tokio::select! {
        said = cut.hung_up() => said,
        _ = waits.hung_up() => panic!("the patient one hung up first"),
    };
    assert_eq!(waits.go_on(&rest).await.status, 202, "who is slow and within the limit is served");
    assert_eq!(one.thread(&strict).await.len(), 0, "half of a message is no message");
    assert_eq!(strict.send(one.say("hello", "k2")).await.status, 202, "the next is served as ever");
    said
}

/// Longer than any test takes.
const PATIENT: &str = "head_seconds = 600\nbody_seconds = 600\nrequest_seconds = 600";

#[tokio::test]
async fn who_sends_half_a_head_and_waits_is_hung_up_on() {
    let said =
        hangs_up_on_half_of_it("head_seconds = 1\nbody_seconds = 600\nrequest_seconds = 600", true).await;
    assert!(!said.contains("HTTP/1.1 2"), "{said}");
}

#[tokio::test]
async fn a_connection_without_a_request_is_hung_up_on() {
    let (strict, patient) =
        (Gateway::with_limits("head_seconds = 1").await, Gateway::with_limits(PATIENT).await);
    let (mut idle, mut kept) = (Stream::begin(strict.to, b"").await, Stream::begin(patient.to, b"").await);
    tokio::select! {
        said = idle.hung_up() => assert_eq!(said, ""),
        _ = kept.hung_up() => panic!("the patient one hung up first"),
    }
}

#[tokio::test]
async fn who_sends_half_a_body_and_waits_is_told_that_it_was_too_slow() {
    let said =
        hangs_up_on_half_of_it("head_seconds = 600\nbody_seconds = 1\nrequest_seconds = 600", false).await;
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("/problems/slow"), "{said}");
    assert!(said.contains("did not arrive within 1s"), "{said}");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended_and_told_when_to_come_back() {
    let said =
        hangs_up_on_half_of_it("head_seconds = 600\nbody_seconds = 600\nrequest_seconds = 1", false).await;
    assert!(said.starts_with("HTTP/1.1 503 ") && said.contains("/problems/busy"), "{said}");
    assert!(
        said.to_lowercase().contains("retry-after: 2") && said.contains("longer than 1 seconds"),
        "{said}"
    );
}
