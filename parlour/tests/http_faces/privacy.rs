//! Who gets into the privacy page, and who does not.

use super::{
    client::Ask,
    gateway::{Caller, Gateway},
};

const HARBOUR: &str = "__Host-parlour-harbour";
const CONSENT: &str = "/privacy/harbour/consents/cst_00000000000000000000000000000001";

/// Every page of it.
fn pages() -> [String; 6] {
    let pages = ["", "/looks", "/copy", "/erase"].map(|rest| format!("/privacy/harbour{rest}"));
    let [overview, looks, copy, erase] = pages;
    [overview, looks, copy, erase, CONSENT.to_owned(), format!("{CONSENT}/stop")]
}

/// Everything on it that changes something.
fn changes() -> [String; 9] {
    let [pause, resume, stop] = ["/pause", "/resume", "/stop"].map(|act| format!("{CONSENT}{act}"));
    let [change, erase, answer, sign_in, sign_out, choose] =
        ["change", "erase", "answer", "sign-in", "sign-out", "conversations"]
            .map(|act| format!("/privacy/harbour/{act}"));
    [pause, resume, stop, change, erase, answer, sign_in, sign_out, choose]
}

#[tokio::test]
async fn without_a_conversation_the_page_says_how_to_come_in() {
    let gateway = Gateway::start().await;
    for page in pages() {
        let answer = gateway.send(Ask::get(&page).with("accept", "text/html")).await;
        assert_eq!(answer.status, 401, "{page}");
        assert!(answer.body.contains("This page opens from the chat"), "{page}: {}", answer.body);
        assert!(answer.body.contains("Sign in at Harbour Bank"), "{page}");
        assert!(answer.header("content-security-policy").ends_with("form-action 'self' http://localhost:1"));
        assert_eq!(answer.header("set-cookie"), "", "nothing begins by looking");
    }
    let none = gateway.send(Ask::get("/privacy/nowhere").with("accept", "application/json")).await;
    none.is_problem(404, "unknown_bank");
}

#[tokio::test]
async fn the_session_of_another_bank_opens_nothing() {
    let gateway = Gateway::start().await;
    let meridian = gateway.caller("meridian").await;
    for page in pages() {
        let cookies = format!("{HARBOUR}={0}; __Host-parlour-meridian={0}", meridian.token);
        let answer = gateway.send(Ask::get(&page).with("cookie", cookies).with("accept", "text/html")).await;
        assert_eq!(answer.status, 401, "{page}");
    }
}

#[tokio::test]
async fn no_other_site_can_press_a_button_of_the_page() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    gateway.send(caller.say("hello", "k1")).await;
    for change in changes() {
        let cookie = format!("{HARBOUR}={}", caller.token);
        let ask = || {
            let ask = Ask::post(&change).form(&[("word", "erase")]).with("accept", "*/*");
            ask.with("cookie", cookie.clone())
        };
        for site in ["cross-site", "same-site", "none"] {
            gateway.send(ask().with("sec-fetch-site", site)).await.is_problem(403, "other_site");
        }
        gateway.send(ask().with("origin", "https://evil.example")).await.is_problem(403, "other_site");
        gateway.send(ask().with("origin", "null")).await.is_problem(403, "other_site");
        gateway.send(ask()).await.is_problem(403, "other_site");
    }
    assert!(!caller.thread(&gateway).await.is_empty(), "nothing was erased");
}

#[tokio::test]
async fn looking_at_an_address_changes_nothing() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let asks = ["/stop", "/erase", "/conversations"];
    for change in changes().into_iter().filter(|path| !asks.iter().any(|ask| path.ends_with(ask))) {
        let answer = gateway.send(caller.app(Ask::get(&change).with("accept", "*/*"))).await;
        answer.is_problem(405, "method");
    }
    let erase = caller.browser(Ask::get("/privacy/harbour/erase?word=erase"));
    assert!(gateway.send(erase).await.body.contains("Erase everything?"));
    assert_eq!(gateway.send(caller.browser(Ask::get("/privacy/harbour"))).await.status, 200);
}

#[tokio::test]
async fn nothing_in_an_address_lets_anybody_in_or_gives_a_session() {
    let gateway = Gateway::start().await;
    let mallory = gateway.caller("harbour").await;
    let token = &mallory.token;
    for name in ["session", "token", "cookie", HARBOUR] {
        let planted = format!("/privacy/harbour?{name}={token}");
        let answer = gateway.send(Ask::get(&planted).with("accept", "text/html")).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (401, ""), "{name}");
    }
    // Somebody with a conversation of their own keeps it, whatever the address says.
    let alice = gateway.caller("harbour").await;
    let answer = gateway.send(alice.browser(Ask::get(format!("/privacy/harbour?session={token}")))).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (200, ""));
}

#[tokio::test]
async fn ids_that_are_of_nobody_lead_nowhere() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    for id in ["cst_00000000000000000000000000000001", "cst_1", "ent_1", "..%2f..", "%00"] {
        let at = format!("/privacy/harbour/consents/{id}");
        let posts = ["pause", "resume", "stop"].map(|act| Ask::post(format!("{at}/{act}")));
        for ask in [Ask::get(&at), Ask::get(format!("{at}/stop"))].into_iter().chain(posts) {
            let ask = caller.app(ask.with("accept", "*/*"));
            gateway.send(ask).await.is_problem(404, "not_found");
        }
    }
    for query in ["only=all&x=1", "only=everything", "before=1", "before=ent_zz"] {
        let looks = Ask::get(format!("/privacy/harbour/looks?{query}"));
        gateway.send(caller.app(looks.with("accept", "*/*"))).await.is_problem(422, "invalid");
    }
}

#[tokio::test]
async fn who_shares_nothing_reads_so() {
    let gateway = Gateway::start().await;
    let caller: Caller = gateway.caller("harbour").await;
    let page = gateway.send(caller.browser(Ask::get("/privacy/harbour"))).await;
    for told in ["Nothing is shared", "Everybody has these controls, in whatever country they live"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let looks = gateway.send(caller.browser(Ask::get("/privacy/harbour/looks"))).await;
    assert!(looks.body.contains("Nobody has asked for your data in this chat"), "{}", looks.body);
    let refused = gateway.send(caller.browser(Ask::get("/privacy/harbour/looks?only=refused"))).await;
    assert!(refused.body.contains("Nothing was refused"), "{}", refused.body);
    for page in [&page, &looks] {
        assert!(!page.body.contains("<script"), "the page needs no script");
    }
}

#[tokio::test]
async fn the_chat_leads_to_the_page() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let room = gateway.send(caller.browser(Ask::get("/chat/harbour"))).await;
    assert!(room.body.contains("href=\"/privacy/harbour\""), "the head of the chat leads there");
    gateway.send(caller.say("privacy", "k1")).await;
    let room = gateway.send(caller.browser(Ask::get("/chat/harbour?after=1"))).await;
    assert!(room.body.contains("Open my privacy page"), "the word does too: {}", room.body);
}

#[tokio::test]
async fn what_is_sent_wrong_to_the_sign_in_gets_a_problem_or_a_page_that_says_why() {
    let gateway = Gateway::start().await;
    // The bank of this test does not answer.
    let begun = gateway.send(Ask::post("/privacy/harbour/sign-in").with("accept", "text/html")).await;
    assert_eq!(begun.status, 502);
    assert!(begun.body.contains("The bank did not answer as it should"), "{}", begun.body);
    assert_eq!(begun.header("set-cookie"), "");
    for cookie in ["", "x", "%00", &"a".repeat(3_000)] {
        let cookies = format!("__Host-person-harbour={cookie}; __Host-signing={cookie}");
        let browser = |ask: Ask| ask.with("cookie", cookies.clone()).with("sec-fetch-site", "same-origin");
        for page in pages() {
            let answer = gateway.send(browser(Ask::get(&page).with("accept", "text/html"))).await;
            assert_eq!(answer.status, 401, "{page}");
        }
        for change in changes() {
            let answer = gateway.send(browser(Ask::post(&change).form(&[("x", "y")]))).await;
            assert!(answer.status < 500 || change.ends_with("sign-in"), "{change}: {answer:?}");
        }
        for query in ["", "?code=a&state=b", "?state=%00", "?%ff", "?state=a&state=b"] {
            let back = gateway.send(browser(Ask::get(format!("/link/callback{query}")))).await;
            assert_eq!(back.status, 410, "{query}: {back:?}");
            assert_eq!(back.cookie("__Host-person-harbour"), None);
        }
    }
}

#[tokio::test]
async fn without_a_sign_in_its_pages_lead_to_the_door() {
    let gateway = Gateway::start().await;
    let caller = gateway.caller("harbour").await;
    let list = gateway.send(caller.browser(Ask::get("/privacy/harbour/conversations"))).await;
    assert_eq!(list.status, 401);
    let chosen = Ask::post("/privacy/harbour/conversations").form(&[("conversation", "cnv_1")]);
    assert_eq!(gateway.send(caller.browser(chosen)).await.status, 401);
    let yes = Ask::post("/privacy/harbour/answer").form(&[("answer", "yes")]);
    assert_eq!(gateway.send(caller.browser(yes)).await.status, 404, "the chat asks who has a chat");
    let out = gateway.send(caller.browser(Ask::post("/privacy/harbour/sign-out"))).await;
    assert_eq!((out.status, out.header("location")), (303, "/privacy/harbour"));
    assert_eq!(
        gateway.send(caller.browser(Ask::get("/privacy/harbour"))).await.status,
        200,
        "the chat stays"
    );
}
