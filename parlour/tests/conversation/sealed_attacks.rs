//! Attempts on sealed pages: each opens nothing and is told why.

use crate::{
    house::House,
    messenger::{Messenger, press},
};
use jiff::SignedDuration;
use parlour::demo::{
    guest::{Guest, block},
    visitor::{Page, Visitor},
};
use reqwest::{Client, Method, StatusCode, redirect::Policy};
use serde_json::json;
use url::Url;

/// Who fetches addresses that stand in messages.
const BOTS: [&str; 8] = [
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0",
    "Twitterbot/1.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "Synapse (bot; +https://github.com/matrix-org/synapse)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks",
];

#[track_caller]
fn shows_nothing(page: &Page, status: u16, words: &str) {
    assert_eq!(page.status.as_u16(), status, "{}", page.body);
    assert!(page.says(words), "{words} in {}", page.body);
    for data in ["Available to spend", "Balance", "··", "$"] {
        assert!(!page.body.contains(data), "{data} in {}", page.body);
    }
}

async fn linked(house: &House) -> Messenger {
    let mut person = Messenger::meet(house, "psid-1").await;
    person.link().await;
    person
}

fn stranger() -> Visitor {
    Visitor::new().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_sees_nothing_and_uses_nothing_up() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    let mut made_up = page.clone();
    made_up.set_path(&format!("/sealed/harbour.{}", "A".repeat(43)));
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let mut seen = vec![];
    for agent in BOTS {
        for (method, header) in [
            (Method::GET, ("accept", "*/*")),
            (Method::HEAD, ("accept", "*/*")),
            (Method::GET, ("purpose", "prefetch")),
            (Method::GET, ("sec-purpose", "prefetch;prerender")),
            (Method::GET, ("x-moz", "prefetch")),
        ] {
            for address in [&page, &made_up] {
                let request = http.request(method.clone(), address.clone()).header("user-agent", agent);
                let answer = request.header(header.0, header.1).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK);
                assert!(answer.headers()["x-robots-tag"].to_str().unwrap().contains("noindex"));
                assert_eq!(answer.headers()["cache-control"], "no-store");
                assert!(!answer.headers().contains_key("set-cookie"));
                let body = answer.text().await.unwrap();
                if method == Method::GET {
                    seen.push(body);
                }
            }
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "every address looks the same, good or made up");
    for never in ["og:", "twitter:", "description", "balance", "Balance"] {
        assert!(!seen[0].contains(never), "{never} in {}", seen[0]);
    }
    assert!(person.opens(&page).await.says("Available to spend"), "and then it opens for its owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_shown_once() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    assert!(person.opens(&page).await.says("Available to spend"));
    shows_nothing(&person.opens(&page).await, 410, "shown already");
    shows_nothing(&press(&mut stranger(), &page).await, 410, "shown already");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_presses_at_once_one_is_shown() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    let cookies = person.guest.visitor.cookies_of(&page).clone();
    house.faults(&json!({ "slow": { "millis": 300 } })).await;
    let presses = (0..8).map(|_| {
        let (page, cookies) = (page.clone(), cookies.clone());
        tokio::spawn(async move {
            let mut tab = stranger();
            tab.cookies_of(&page).extend(cookies);
            press(&mut tab, &page).await
        })
    });
    let mut shown = 0;
    for press in presses.collect::<Vec<_>>() {
        let page = press.await.unwrap();
        shown += usize::from(page.says("Available to spend"));
        assert!([200, 409, 410].contains(&page.status.as_u16()), "{}", page.status);
    }
    assert_eq!(shown, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_one_browser_opened_stays_closed_in_another() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    house.faults(&json!({ "serverError": {} })).await;
    assert_eq!(person.opens(&page).await.status, 502, "it is bound, and not used up yet");
    house.faults(&json!({})).await;
    shows_nothing(&press(&mut stranger(), &page).await, 403, "another browser");
    assert!(person.opens(&page).await.says("Available to spend"));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_who_has_the_address_sees_three_words_and_no_more() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    let mut thief = stranger();
    shows_nothing(&press(&mut thief, &page).await, 202, "Is it you?");
    person.hears("a browser that I do not know").await;
    shows_nothing(&press(&mut thief, &page).await, 202, "Is it you?");
    shows_nothing(&person.opens(&page).await, 403, "another browser");
    let told = person.ask("no").await;
    assert!(told.to_string().contains("stays closed"), "{told}");
    shows_nothing(&press(&mut thief, &page).await, 410, "was closed");
    let page = person.asks_for_a_page("What's my balance?").await;
    assert!(person.opens(&page).await.says("Available to spend"), "the owner asks again and sees it");
}

fn three_words(page: &Page) -> String {
    let (_, rest) = page.body.split_once("<p class=\"words\">").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_browser_opens_a_page_after_its_words_were_written_in_the_chat() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    let mut tablet = stranger();
    let waiting = press(&mut tablet, &page).await;
    shows_nothing(&waiting, 202, "three words");
    let words = three_words(&waiting);
    let wrong = person.ask("acorn amber anchor").await;
    assert!(wrong.to_string().contains("not the words"), "{wrong}");
    shows_nothing(&press(&mut tablet, &page).await, 202, "three words");
    let right = person.ask(&words.to_uppercase()).await;
    assert!(right.to_string().contains("Thank you"), "{right}");
    shows_nothing(&press(&mut stranger(), &page).await, 403, "another browser");
    let form = waiting.form_with("I wrote them").unwrap();
    assert!(tablet.submit(&page, &form, None).await.unwrap().says("Available to spend"));
    let next = person.asks_for_a_page("What's my balance?").await;
    shows_nothing(&press(&mut tablet, &next).await, 202, "Is it you?");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_another_person_open_nothing_of_mine() {
    let house = House::open().await;
    let mut owner = linked(&house).await;
    let mut other = Messenger::meet(&house, "psid-2").await;
    let page = owner.asks_for_a_page("What's my balance?").await;
    let mut thief = stranger();
    let words = three_words(&press(&mut thief, &page).await);
    let told = other.ask(&words).await;
    assert!(!told.to_string().contains("Thank you"), "{told}");
    shows_nothing(&press(&mut thief, &page).await, 202, "Is it you?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_closes_after_ten_tries() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    press(&mut stranger(), &page).await;
    for _ in 0..9 {
        shows_nothing(&press(&mut stranger(), &page).await, 403, "another browser");
    }
    shows_nothing(&press(&mut stranger(), &page).await, 403, "another browser");
    shows_nothing(&press(&mut stranger(), &page).await, 410, "was closed");
    shows_nothing(&person.opens(&page).await, 410, "was closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_ten_minutes_old_opens_nothing() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    house.forward(SignedDuration::from_secs(10 * 60));
    shows_nothing(&person.opens(&page).await, 410, "too old");
    let page = person.asks_for_a_page("What's my balance?").await;
    house.forward(SignedDuration::from_secs(10 * 60 - 1));
    assert!(person.opens(&page).await.says("Available to spend"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_nothing_after_a_stop_and_the_refusal_is_logged() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    person.ask("stop").await;
    shows_nothing(&person.opens(&page).await, 403, "sharing has ended");
    shows_nothing(&person.opens(&page).await, 410, "was closed");
    let looked = person.asks_for_a_page("Who looked at my data?").await;
    let looked = person.opens(&looked).await;
    assert!(looked.says("Refused") && looked.says("withdrawn"), "{}", looked.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_before_a_stop_does_not_open_under_a_new_link() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    person.ask("stop").await;
    person.link().await;
    let waiting = person.opens(&page).await;
    shows_nothing(&waiting, 202, "Is it you?");
    person.ask(&three_words(&waiting)).await;
    shows_nothing(&person.opens(&page).await, 403, "sharing has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_the_bank_is_read_shows_nothing() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    house.faults(&json!({ "slow": { "millis": 2500 } })).await;
    let mut tab = stranger();
    tab.cookies_of(&page).extend(person.guest.visitor.cookies_of(&page).clone());
    let reading = tokio::spawn({
        let page = page.clone();
        async move { press(&mut tab, &page).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    let stopped = person.ask("stop").await;
    assert!(stopped.to_string().contains("Stopped"), "{stopped}");
    assert!(!reading.is_finished(), "the bank is still being read");
    shows_nothing(&reading.await.unwrap(), 403, "sharing has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guessed_a_changed_and_another_banks_address_open_nothing() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    let token = page.path().rsplit_once('.').unwrap().1.to_owned();
    let mut changed = token.clone().into_bytes();
    changed[0] = if changed[0] == b'A' { b'B' } else { b'A' };
    for path in [
        format!("/sealed/harbour.{}", String::from_utf8(changed).unwrap()),
        format!("/sealed/harbour.{}", &token[..42]),
        format!("/sealed/meridian.{token}"),
        format!("/sealed/nowhere.{token}"),
        format!("/sealed/{token}"),
        format!("/sealed/harbour.{}", "x".repeat(4_000)),
    ] {
        let address = page.join(&path).unwrap();
        shows_nothing(&press(&mut person.guest.visitor, &address).await, 404, "not known");
    }
    assert!(person.opens(&page).await.says("Available to spend"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_press_the_button() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    let page = person.asks_for_a_page("What's my balance?").await;
    let cookies: Vec<String> =
        person.guest.visitor.cookies_of(&page).iter().map(|(k, v)| format!("{k}={v}")).collect();
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let press = http.post(page.clone()).header("cookie", cookies.join("; ")).header(name, value);
        let answer = press.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(!answer.text().await.unwrap().contains("Available to spend"));
    }
    assert!(person.opens(&page).await.says("Available to spend"), "and it was not used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_of_somebody_who_linked_their_own_bank_opens_nothing_of_mine() {
    let house = House::open().await;
    let mut person = linked(&house).await;
    // A thief follows a link of the chat, signs in at the bank, and the owner says no.
    person.ask("stop").await;
    let reply = person.ask("What's my balance?").await;
    let link = Guest::address(&block(&reply, "notice").unwrap()).unwrap();
    let own = std::mem::replace(&mut person.guest.visitor, stranger());
    person.sign_in_at_the_bank(&link).await;
    let mut thief = std::mem::replace(&mut person.guest.visitor, own);
    assert!(!thief.cookies_of(&link).is_empty());
    let told = person.ask("No, that was not me").await;
    assert!(told.to_string().contains("Good that you told me"), "{told}");
    person.link().await;
    let page = person.asks_for_a_page("What's my balance?").await;
    shows_nothing(&press(&mut thief, &page).await, 202, "Is it you?");
    let looked = person.asks_for_a_page("Who looked at my data?").await;
    shows_nothing(&press(&mut thief, &looked).await, 202, "Is it you?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_does_not_use_up_the_link_to_the_bank_either() {
    let house = House::open().await;
    let mut person = Messenger::meet(&house, "psid-1").await;
    let reply = person.ask("What's my balance?").await;
    let link: Url = Guest::address(&block(&reply, "notice").unwrap()).unwrap();
    for agent in BOTS {
        let answer = Client::new().get(link.clone()).header("user-agent", agent).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    let page = person.sign_in_at_the_bank(&link).await;
    assert!(page.says("Go back to your chat"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_chat_on_our_own_host_opens_in_the_browser_of_that_chat_only() {
    let house = House::open_where("[channels.web.tiers]\nbalances = \"sealed\"\n").await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let reply = guest.ask("What's my balance?").await.unwrap();
    let page: Url = block(&reply, "sealed_link").unwrap()["href"].as_str().unwrap().parse().unwrap();
    let mut other = Guest::enter(&house.harbour()).await.unwrap();
    shows_nothing(&press(&mut other.visitor, &page).await, 403, "another chat");
    shows_nothing(&press(&mut stranger(), &page).await, 403, "another chat");
    assert!(press(&mut guest.visitor, &page).await.says("Available to spend"));
}
