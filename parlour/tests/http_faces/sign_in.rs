//! Attacks on the door of the console, over real HTTP with an authenticator in software.

use super::{
    authenticator::Authenticator,
    client::Ask,
    gateway::Gateway,
    office::{Window, colleague, link},
};
use domain::{Clock, staff::Role};
use jiff::SignedDuration;
use serde_json::json;

fn device(gateway: &Gateway, seed: u8) -> Authenticator {
    Authenticator::new(&format!("http://{}", gateway.host), seed)
}

#[tokio::test]
async fn a_person_makes_a_passkey_signs_out_and_signs_in_with_it() {
    let gateway = Gateway::start().await;
    let (path, _) = link(&gateway, "harbour", "Dana Reyes", Role::Officer).await;
    let window = Window::open(&gateway, "harbour");
    let page = window.get(&path).await;
    assert!(page.status == 200 && page.body.contains("Dana Reyes, you are invited as Officer"), "{page:?}");
    let mut dana = device(&gateway, 1);
    let made = window.register(&path, &mut dana).await;
    assert_eq!(made.json()["to"], "/console/harbour", "{made:?}");
    assert_eq!(window.get("").await.status, 200);
    assert_eq!(window.post("/sign-out", &[]).await.status, 303);
    let door = window.get("").await;
    assert_eq!((door.status, door.header("location")), (303, "/console/harbour/sign-in"));
    assert_eq!(window.get("/sign-in").await.status, 200);
    assert_eq!(window.sign_in(&mut dana).await.status, 200);
    let history = window.get("/history").await;
    for deed in ["registered a passkey", "signed out", "signed in", "the operator, at the command line"] {
        assert!(history.body.contains(deed), "{deed}: {}", history.body);
    }
}

#[tokio::test]
async fn a_registration_link_works_once_and_a_preview_does_not_use_it() {
    let gateway = Gateway::start().await;
    let (path, _) = link(&gateway, "harbour", "Dana Reyes", Role::Officer).await;
    let window = Window::open(&gateway, "harbour");
    for _ in 0..3 {
        assert_eq!(window.get(&path).await.status, 200, "looking uses nothing up");
    }
    let thief = Window::open(&gateway, "harbour");
    let begun = thief.begin(&path).await;
    assert_eq!(window.register(&path, &mut device(&gateway, 1)).await.status, 200);
    let late = json!({ "label": "mine", "answer": device(&gateway, 2).make(&begun) });
    thief.call(&format!("{path}/finish"), &late).await.is_problem(410, "link_over");
    thief.call(&format!("{path}/begin"), &json!({})).await.is_problem(410, "link_over");
    assert_eq!(thief.get(&path).await.status, 410);
    assert_eq!(thief.session(), None);
    let (path, _) = link(&gateway, "harbour", "Tom Okafor", Role::Officer).await;
    assert_eq!(window.at("meridian").get(&path).await.status, 410, "it is a link of another bank");
    gateway.clock.forward(SignedDuration::from_mins(15));
    assert_eq!(window.get(&path).await.status, 410, "it is too old");
}

#[tokio::test]
async fn an_answer_to_a_challenge_is_taken_once() {
    let gateway = Gateway::start().await;
    let mut dana = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let window = Window::open(&gateway, "harbour");
    let options = window.begin("/sign-in").await;
    let cookies = window.cookies.borrow().clone();
    let answer = json!({ "answer": dana.device.prove(&options) });
    assert_eq!(window.call("/sign-in/finish", &answer).await.status, 200);
    let replay = Window::open(&gateway, "harbour");
    *replay.cookies.borrow_mut() = cookies;
    replay.call("/sign-in/finish", &answer).await.is_problem(403, "passkey");
    let other = Window::open(&gateway, "harbour");
    other.begin("/sign-in").await;
    other.call("/sign-in/finish", &answer).await.is_problem(403, "passkey");
    let slow = Window::open(&gateway, "harbour");
    let options = slow.begin("/sign-in").await;
    gateway.clock.forward(SignedDuration::from_mins(5));
    let answer = json!({ "answer": dana.device.prove(&options) });
    slow.call("/sign-in/finish", &answer).await.is_problem(403, "passkey");
    for window in [replay, other, slow] {
        assert_eq!(window.session(), None);
    }
}

#[tokio::test]
async fn a_passkey_is_taken_from_our_own_pages_and_a_checked_person_only() {
    let gateway = Gateway::start().await;
    let dana = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let evil = dana.device.clone().at("http://evil.example");
    let careless = dana.device.clone().careless();
    let stranger = device(&gateway, 9);
    let copied = Authenticator::new(&format!("http://{}", gateway.host), 1);
    for mut device in [evil, careless, stranger, copied] {
        let window = Window::open(&gateway, "harbour");
        let answer = window.sign_in(&mut device).await;
        answer.is_problem(403, "passkey");
        assert_eq!(window.session(), None);
    }
    let (path, _) = link(&gateway, "harbour", "Tom Okafor", Role::Officer).await;
    let window = Window::open(&gateway, "harbour");
    let mut careless = device(&gateway, 3).careless();
    window.register(&path, &mut careless).await.is_problem(403, "passkey");
    window.register(&path, &mut dana.device.clone()).await.is_problem(403, "passkey");
    assert_eq!(window.register(&path, &mut device(&gateway, 4)).await.status, 200, "the link is still good");
}

#[tokio::test]
async fn a_session_from_before_is_not_the_session_after() {
    let gateway = Gateway::start().await;
    let mut dana = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let mallory = colleague(&gateway, "harbour", Role::Viewer, 2).await;
    let planted = mallory.window.session().unwrap();
    let window = Window::open(&gateway, "harbour");
    for fixed in [planted.as_str(), "chosen-by-mallory"] {
        window.put_session(fixed);
        assert_eq!(window.sign_in(&mut dana.device).await.status, 200);
        let now = window.session().unwrap();
        assert_ne!(now, fixed, "a sign-in brings a token of its own");
        let with_fixed = Window::open(&gateway, "harbour");
        with_fixed.put_session(fixed);
        assert_eq!(with_fixed.get("").await.status, 303, "what was planted opens nothing");
        window.post("/sign-out", &[]).await;
    }
}

#[tokio::test]
async fn a_stolen_cookie_is_worth_nothing_after_signing_out() {
    let gateway = Gateway::start().await;
    let mut dana = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let steal = |from: &Window| {
        let thief = Window::open(&gateway, "harbour");
        thief.put_session(&from.session().unwrap());
        thief
    };
    let thief = steal(&dana.window);
    assert_eq!(thief.get("").await.status, 200);
    dana.window.post("/sign-out", &[]).await;
    assert_eq!(thief.get("").await.status, 303);
    thief.post("/proposals", &[]).await.is_problem(401, "signed_out");
    let (here, there) = (Window::open(&gateway, "harbour"), Window::open(&gateway, "harbour"));
    here.sign_in(&mut dana.device).await;
    there.sign_in(&mut dana.device).await;
    let thief = steal(&there);
    assert_eq!(here.post("/sign-ins/end-all", &[]).await.status, 303);
    assert_eq!((there.get("").await.status, thief.get("").await.status), (303, 303));
}

#[tokio::test]
async fn a_sign_in_ends_by_itself() {
    let gateway = Gateway::start().await;
    let mut dana = colleague(&gateway, "harbour", Role::Officer, 1).await;
    gateway.clock.forward(SignedDuration::from_mins(29));
    assert_eq!(dana.window.get("").await.status, 200);
    gateway.clock.forward(SignedDuration::from_mins(29));
    assert_eq!(dana.window.get("").await.status, 200, "a use counts");
    gateway.clock.forward(SignedDuration::from_mins(30));
    assert_eq!(dana.window.get("").await.status, 303, "half an hour without use");
    dana.window.sign_in(&mut dana.device).await;
    let began = gateway.clock.now();
    while gateway.clock.now() < began + SignedDuration::from_mins(8 * 60 - 20) {
        assert_eq!(dana.window.get("").await.status, 200);
        gateway.clock.forward(SignedDuration::from_mins(20));
    }
    assert_eq!(dana.window.get("").await.status, 200, "just before eight hours");
    gateway.clock.forward(SignedDuration::from_mins(20));
    assert_eq!(dana.window.get("").await.status, 303, "eight hours");
}

#[tokio::test]
async fn another_site_cannot_make_staff_do_anything() {
    let gateway = Gateway::start().await;
    let dana = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let cookie = format!("__Host-parlour-staff-harbour={}", dana.window.session().unwrap());
    let form = [("wish", "say_no"), ("what", "everything"), ("words", "x"), ("why", "x")];
    let forged = || Ask::post("/console/harbour/proposals").form(&form).with("cookie", cookie.clone());
    for ask in [
        forged(),
        forged().with("sec-fetch-site", "cross-site"),
        forged().with("sec-fetch-site", "same-site"),
        forged().with("origin", "https://evil.example"),
        forged().with("origin", "null"),
    ] {
        gateway.send(ask.with("accept", "application/json")).await.is_problem(403, "other_site");
    }
    assert!(dana.window.get("/no").await.body.contains("Nothing waits for a second person."));
}

#[tokio::test]
async fn staff_of_one_bank_are_nobody_at_another() {
    let gateway = Gateway::start().await;
    let mut dana = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let editor = colleague(&gateway, "harbour", Role::PolicyEditor, 2).await;
    let tom = colleague(&gateway, "meridian", Role::Officer, 3).await;
    let proposal = editor.window.propose("class:balances").await;
    let there = dana.window.at("meridian");
    there.put_session(&dana.window.session().unwrap());
    assert_eq!(there.get("").await.status, 303, "the cookie of one bank is nothing at another");
    let answer = Window::open(&gateway, "meridian").sign_in(&mut dana.device).await;
    answer.is_problem(403, "passkey");
    tom.window.post(&format!("{proposal}/approve"), &[]).await.is_problem(404, "not_found");
    assert_eq!(tom.window.get(&proposal).await.status, 404);
    assert_eq!(tom.window.get(&format!("/staff/{}", dana.id)).await.status, 404);
    tom.window.post(&format!("/staff/{}/remove", editor.id), &[]).await.is_problem(404, "not_found");
    for page in ["", "/no", "/staff", "/history"] {
        let body = tom.window.get(page).await.body;
        assert!(!body.contains("Officer 1") && !body.contains("Policy editor 2"), "{page}");
    }
}

#[tokio::test]
async fn whoever_is_removed_is_out_at_once_and_stays_out() {
    let gateway = Gateway::start().await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let mut editor = colleague(&gateway, "harbour", Role::PolicyEditor, 2).await;
    assert_eq!(editor.window.get("").await.status, 200);
    let removed = officer.window.post(&format!("/staff/{}/remove", editor.id), &[]).await;
    assert_eq!(removed.status, 303, "{removed:?}");
    assert_eq!(editor.window.get("").await.status, 303);
    let window = Window::open(&gateway, "harbour");
    window.sign_in(&mut editor.device).await.is_problem(403, "passkey");
    assert_eq!(window.session(), None);
}

#[tokio::test]
async fn a_second_passkey_is_added_soon_after_signing_in_and_the_last_one_stays() {
    let gateway = Gateway::start().await;
    let mut dana = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let mut phone = device(&gateway, 2);
    assert_eq!(dana.window.register("/keys", &mut phone).await.status, 200);
    let window = Window::open(&gateway, "harbour");
    assert_eq!(window.sign_in(&mut phone).await.status, 200);
    let page = dana.window.get("/keys").await.body;
    let removes: Vec<&str> =
        page.split('"').filter(|part| part.starts_with("/console/harbour/keys/")).collect();
    assert_eq!(removes.iter().filter(|path| path.ends_with("/remove")).count(), 2, "{page}");
    let first = removes.iter().find(|path| path.ends_with("/remove")).unwrap();
    let first = first.trim_start_matches("/console/harbour");
    let other = colleague(&gateway, "harbour", Role::Officer, 3).await;
    other.window.post(first, &[]).await.is_problem(404, "not_found");
    assert_eq!(dana.window.post(first, &[]).await.status, 303);
    let last = dana.window.get("/keys").await.body;
    assert!(last.contains("the last one stays"), "{last}");
    dana.window.sign_in(&mut dana.device).await.is_problem(403, "passkey");
    gateway.clock.forward(SignedDuration::from_mins(16));
    assert_eq!(dana.window.get("").await.status, 200);
    dana.window.call("/keys/begin", &json!({})).await.is_problem(403, "passkey");
}
