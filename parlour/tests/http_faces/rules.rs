//! Rules against fraud go live in the console over real HTTP: two people, trying, and the next payment judged by them without a
//! restart; and the budget of alerts, which an officer lifts.

use super::{
    client::Answer,
    desk::tell,
    gateway::Gateway,
    office::{Colleague, Window, colleague},
};
use domain::{BankId, StaffId, ids::RuleSetId, staff::Role};
use jiff::SignedDuration;
use parlour::alerts::live_rules::MAX_TEXT_BYTES;
use serde_json::{Value, json};
use std::time::Duration;
use store::{
    DbError,
    fraud_rules::{self, NewSet},
};
use uuid::Uuid;

fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

/// A rule on payments above an amount.
fn rule(name: &str, action: &str, above: u32, more: &str) -> String {
    format!(
        "rule {name}\n  why \"more than anybody pays here\"\n  owner \"Dana Reyes\"\n  expires 2027-03-31\n  action {action}\n\
         {more}  when amount > {above}\n  hit {{ amount = {} }}\n  miss {{ amount = {above} }}\n",
        above + 1
    )
}

/// Pays, and gives what was decided.
async fn pay(gateway: &Gateway, id: &str, card: &str, amount: &str) -> Value {
    let at = gateway.app().clock.now().to_string();
    let body = json!({ "type": "card.authorization", "timestamp": at, "data": { "paymentId": id, "cardToken": card,
        "terminalToken": format!("t-{id}"), "at": at, "amount": amount, "currency": "USD" } });
    let answer = tell(gateway, &format!("evt-{id}"), body.to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Proposes rules, and gives the proposal's address below the console.
async fn propose(who: &Colleague<'_>, text: &str) -> String {
    let proposed =
        who.window.post("/fraud/rules", &[("text", text), ("why", "A trick\r\nof this week.")]).await;
    assert_eq!(proposed.status, 303, "{proposed:?}");
    proposed.header("location").trim_start_matches(&who.window.path("")).to_owned()
}

fn hidden(page: &str, name: &str) -> String {
    let from = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&from).unwrap_or_else(|| panic!("no {name}: {page}"));
    rest.split_once('"').unwrap().0.to_owned()
}

/// Looks at a proposal and approves what is shown.
async fn approve(who: &Colleague<'_>, proposal: &str) -> Answer {
    let page = who.window.get(proposal).await.body;
    let (digest, instead_of) = (hidden(&page, "digest"), hidden(&page, "instead_of"));
    let form = [("digest", digest.as_str()), ("instead_of", instead_of.as_str())];
    who.window.post(&format!("{proposal}/approve"), &form).await
}

async fn analyst(gateway: &Gateway, seed: u8) -> Colleague<'_> {
    colleague(gateway, "harbour", Role::FraudAnalyst, seed).await
}

fn says(answer: &Answer, part: &str) {
    assert!(answer.body.contains(part), "{part}: {}", answer.body);
}

#[tokio::test]
async fn rules_go_live_with_a_second_person_and_without_a_restart() {
    let gateway = Gateway::start().await;
    let (noor, sam) = (analyst(&gateway, 1).await, analyst(&gateway, 2).await);
    says(&noor.window.get("/fraud/rules").await, "No rule is in force");
    assert_ne!(pay(&gateway, "p-1", "c-1", "1200.00").await["action"], "decline");

    let proposal = propose(&noor, &rule("too-much", "decline", 1000, "")).await;
    let mine = noor.window.get(&proposal).await;
    says(&mine, "You proposed this, so somebody else decides.");
    assert!(!mine.body.contains("/approve\""), "{}", mine.body);
    let shown = sam.window.get(&proposal).await;
    says(&shown, "waits for a second person");
    says(&shown, "8 lines are new, 0 lines are gone.");
    says(&shown, "<span class=\"new\"><b>+</b>   action decline\n</span>");
    says(&shown, "A trick of this week.");
    let form = [("digest", hidden(&shown.body, "digest")), ("instead_of", hidden(&shown.body, "instead_of"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for path in ["approve", "decline"] {
        let own = noor.window.post(&format!("{proposal}/{path}"), &form).await;
        own.is_problem(403, "two_people");
    }
    assert_ne!(pay(&gateway, "p-2", "c-2", "1200.00").await["action"], "decline", "nothing was approved");
    let wrong = [("digest", "0000"), ("instead_of", form[1].1)];
    sam.window.post(&format!("{proposal}/approve"), &wrong).await.is_problem(409, "stale");

    assert_eq!(approve(&sam, &proposal).await.status, 303);
    let decided = pay(&gateway, "p-3", "c-3", "1200.00").await;
    assert_eq!(decided["action"], "decline", "{decided}");
    assert_eq!(decided["reasons"][0], "rule too-much: more than anybody pays here");
    assert_ne!(pay(&gateway, "p-4", "c-4", "900.00").await["action"], "decline");
    sam.window.post(&format!("{proposal}/approve"), &form).await.is_problem(409, "stale");

    let page = noor.window.get("/fraud/rules").await;
    for part in ["this console", "Fraud analyst 1, 2026-11-21", "Fraud analyst 2, 2026-11-21", "all cards"] {
        says(&page, part);
    }
    says(&page, "data-label=\"Hits in 7 days\" class=\"number amount\">1</td>");
    assert!(!page.body.contains("class=\"warning\""), "{}", page.body);
    let officer = colleague(&gateway, "harbour", Role::Officer, 3).await;
    let history = officer.window.get("/history").await;
    assert_eq!(history.body.matches("Fraud rules ").count(), 2, "{}", history.body);
    says(&history, "approved");

    let gateway = gateway.again().await;
    assert_eq!(pay(&gateway, "p-5", "c-5", "1200.00").await["action"], "decline", "after a restart");
    // No rules at all are rules, too.
    let (noor, officer) =
        (analyst(&gateway, 4).await, colleague(&gateway, "harbour", Role::Officer, 5).await);
    assert_eq!(approve(&officer, &propose(&noor, "").await).await.status, 303);
    assert_ne!(pay(&gateway, "p-6", "c-6", "1200.00").await["action"], "decline");
    gateway.stop().await;
}

#[tokio::test]
async fn rules_are_for_fraud_analysts_and_officers_of_this_bank() {
    let gateway = Gateway::start().await;
    let noor = analyst(&gateway, 1).await;
    let proposal = propose(&noor, &rule("too-much", "alert", 1000, "")).await;
    let text = [("text", "x"), ("why", "x")];
    for (role, seed) in [(Role::Viewer, 2), (Role::PolicyEditor, 3), (Role::Auditor, 4)] {
        let who = colleague(&gateway, "harbour", role, seed).await;
        for path in ["/fraud/rules", "/fraud/rules/new", &proposal, "/fraud/budget"] {
            assert_eq!(who.window.get(path).await.status, 403, "{role} at {path}");
        }
        for path in ["/fraud/rules", "/fraud/rules/try", "/fraud/budget/lift"] {
            who.window.post(path, &text).await.is_problem(403, "role");
        }
        for path in ["approve", "decline", "take-back"] {
            who.window.post(&format!("{proposal}/{path}"), &[]).await.is_problem(403, "role");
        }
    }
    let elsewhere = colleague(&gateway, "meridian", Role::Officer, 5).await;
    for path in ["/fraud/rules", "/fraud/rules/new", &proposal, "/fraud/budget"] {
        assert_eq!(elsewhere.window.get(path).await.status, 404, "another bank at {path}");
    }
    let decided = elsewhere.window.post(&format!("{proposal}/decline"), &[]).await;
    decided.is_problem(404, "not_found");
    elsewhere.window.post("/fraud/rules", &text).await.is_problem(404, "not_found");
    elsewhere
        .window
        .post("/fraud/budget/lift", &[("hours", "1"), ("why", "x")])
        .await
        .is_problem(404, "not_found");
    let nobody = Window::open(&gateway, "harbour");
    assert_eq!(nobody.get("/fraud/rules").await.status, 303);
    nobody.post(&format!("{proposal}/decline"), &[]).await.is_problem(401, "signed_out");
    gateway.stop().await;
}

#[tokio::test]
async fn a_mistake_is_shown_beside_what_was_written_and_nothing_is_lost() {
    let gateway = Gateway::start().await;
    let noor = analyst(&gateway, 1).await;
    let wrong = rule("hurry", "alert", 1000, "").replace("amount > 1000", "amuont > 1000");
    for path in ["/fraud/rules/try", "/fraud/rules"] {
        let told = noor.window.post(path, &[("text", &wrong), ("why", "Some <i>reason</i>")]).await;
        assert_eq!(told.status, if path.ends_with("try") { 200 } else { 422 }, "{told:?}");
        says(&told, "<b>Line 6, column 8:</b> there is no field `amuont`");
        says(&told, "  when <mark>amuont</mark> &#62; 1000");
        says(&told, "did you mean `amount`?");
        says(&told, "rule hurry\n  why &#34;more than anybody pays here&#34;");
        says(&told, "Some &#60;i&#62;reason&#60;/i&#62;");
    }
    let example = rule("hurry", "alert", 1000, "").replace("hit { amount = 1001 }", "hit { amount = 7 }");
    says(
        &noor.window.post("/fraud/rules/try", &[("text", &example)]).await,
        "should hit here, but its expression is false",
    );
    let reasonless = noor.window.post("/fraud/rules", &[("text", &rule("a", "alert", 5, ""))]).await;
    assert_eq!(reasonless.status, 422);
    says(&reasonless, "Say why");
    says(&reasonless, "rule a");
    says(&noor.window.get("/fraud/rules").await, "Nothing waits for a second person.");
    gateway.stop().await;
}

#[tokio::test]
async fn rules_of_sixty_four_kilobytes_are_taken_and_one_byte_more_is_not() {
    let gateway = Gateway::start().await;
    let noor = analyst(&gateway, 1).await;
    let mut text = rule("long", "alert", 1000, "");
    // Lines, which a form writes with six bytes for one.
    text.push_str(&"\n".repeat(MAX_TEXT_BYTES - text.len()));
    let written = text.replace('\n', "\r\n");
    let taken = noor.window.post("/fraud/rules/try", &[("text", &written)]).await;
    assert_eq!(taken.status, 200);
    says(&taken, "Tried on the past");
    let over = noor.window.post("/fraud/rules", &[("text", &format!("{written}#")), ("why", "x")]).await;
    assert_eq!(over.status, 422);
    says(&over, "The rules have 65537 bytes; 65,536 bytes are taken here.");
    says(&over, "rule long");
    gateway.stop().await;
}

#[tokio::test]
async fn rules_are_tried_on_what_the_bank_has_told() {
    let gateway = Gateway::start().await;
    let noor = analyst(&gateway, 1).await;
    for n in 0..20 {
        pay(
            &gateway,
            &format!("p-{n}"),
            &format!("c-{}", n % 4),
            if n % 5 == 0 { "1500.00" } else { "20.00" },
        )
        .await;
    }
    let text = rule("too-much", "alert", 1000, "  share 0%\n");
    let tried = noor.window.post("/fraud/rules/try", &[("text", &text)]).await;
    assert_eq!(tried.status, 200);
    for part in [
        "does not fit",
        "20 payments on 1 day; of 0 it is known what they were, 0 were fraud.",
        "one day of payments; 30 are needed",
        "<td data-label=\"Hits\" class=\"number amount\">4</td>",
    ] {
        says(&tried, part);
    }
    assert_eq!(
        pay(&gateway, "after", "c-9", "1500.00").await["reasons"],
        Value::Null,
        "a trial changes nothing"
    );
    let proposal = propose(&noor, &text).await;
    says(&noor.window.get(&proposal).await, "does not fit");
    gateway.stop().await;
}

#[tokio::test]
async fn a_rule_on_trial_says_on_how_many_cards_it_acts_and_is_counted_for_all() {
    let gateway = Gateway::start().await;
    let (noor, sam) = (analyst(&gateway, 1).await, analyst(&gateway, 2).await);
    let text = [
        rule("silent", "decline", 1000, "  share 0%\n"),
        rule("canary", "decline", 2000, "  share 10%\n"),
        rule("soon-over", "decline", 3000, "").replace("2027-03-31", "2026-11-23"),
    ];
    assert_eq!(approve(&sam, &propose(&noor, &text.concat()).await).await.status, 303);
    for n in 0..3 {
        let decided = pay(&gateway, &format!("p-{n}"), "c-1", "1500.00").await;
        assert_ne!(decided["action"], "decline");
    }
    // The same event again is counted once.
    pay(&gateway, "p-2", "c-1", "1500.00").await;
    let page = noor.window.get("/fraud/rules").await;
    for part in [
        "no card: counts only",
        "10 of 100 cards",
        "The rule soon-over runs out on 2026-11-23, in 2 days.",
        "data-label=\"Hits in 7 days\" class=\"number amount\">3</td>",
        "data-label=\"Acted in 7 days\" class=\"number amount\">0</td>",
    ] {
        says(&page, part);
    }
    assert_eq!(pay(&gateway, "p-7", "c-7", "3500.00").await["action"], "decline");
    gateway.clock.forward(SignedDuration::from_hours(72));
    let decided = pay(&gateway, "p-8", "c-7", "3500.00").await;
    assert!(!decided.to_string().contains("soon-over"), "it ran out while the gateway ran: {decided}");
    gateway.stop().await;
}

#[tokio::test]
async fn of_two_proposals_the_second_is_looked_at_again_when_the_first_is_in_force() {
    let gateway = Gateway::start().await;
    let (noor, sam) = (analyst(&gateway, 1).await, analyst(&gateway, 2).await);
    let first = propose(&noor, &rule("first", "decline", 1000, "")).await;
    let second = propose(&sam, &rule("second", "decline", 2000, "")).await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 3).await;
    let looked = officer.window.get(&second).await.body;
    assert!(!looked.contains("Other rules have come into force"), "{looked}");
    let form = [("digest", hidden(&looked, "digest")), ("instead_of", hidden(&looked, "instead_of"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(approve(&officer, &first).await.status, 303);
    let stale = officer.window.post(&format!("{second}/approve"), &form).await;
    stale.is_problem(409, "stale");
    assert_eq!(pay(&gateway, "p-1", "c-1", "1500.00").await["action"], "decline", "the first is in force");
    let again = officer.window.get(&second).await;
    says(&again, "Other rules have come into force since this was proposed.");
    says(&again, "<span class=\"gone\"><b>−</b> rule first\n</span>");
    assert_eq!(approve(&officer, &second).await.status, 303);
    assert_ne!(pay(&gateway, "p-2", "c-2", "1500.00").await["action"], "decline");
    assert_eq!(pay(&gateway, "p-3", "c-3", "2500.00").await["action"], "decline");
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_declined_taken_back_or_too_old_changes_nothing() {
    let gateway = Gateway::start().await;
    let (mut noor, mut sam) = (analyst(&gateway, 1).await, analyst(&gateway, 2).await);
    let text = rule("too-much", "decline", 1000, "");
    let declined = propose(&noor, &text).await;
    assert_eq!(sam.window.post(&format!("{declined}/decline"), &[]).await.status, 303);
    says(&sam.window.get(&declined).await, "declined");
    let taken = propose(&noor, &text).await;
    sam.window.post(&format!("{taken}/take-back"), &[]).await.is_problem(404, "not_found");
    assert_eq!(noor.window.post(&format!("{taken}/take-back"), &[]).await.status, 303);
    let old = propose(&noor, &text).await;
    let page = sam.window.get(&old).await.body;
    gateway.clock.forward(SignedDuration::from_hours(24));
    noor.window.sign_in(&mut noor.device).await;
    sam.window.sign_in(&mut sam.device).await;
    let form = [("digest", hidden(&page, "digest")), ("instead_of", hidden(&page, "instead_of"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for proposal in [&declined, &taken, &old] {
        sam.window.post(&format!("{proposal}/approve"), &form).await.is_problem(409, "stale");
    }
    says(&sam.window.get(&old).await, "nobody decided in time");
    noor.window.post(&format!("{old}/take-back"), &[]).await.is_problem(409, "stale");
    assert_ne!(pay(&gateway, "p-1", "c-1", "1500.00").await["action"], "decline");
    says(&noor.window.get("/fraud/rules").await, "No rule is in force");
    gateway.stop().await;
}

/// Approves rules as another version of the gateway would have: past what this one can read.
async fn approve_unread(gateway: &Gateway, by: (&str, &str), text: &'static str) {
    let now = gateway.app().clock.now();
    let (one, other): (StaffId, StaffId) = (by.0.parse().unwrap(), by.1.parse().unwrap());
    let done = gateway.app().store.transact(move |tx| -> Result<bool, DbError> {
        let id = RuleSetId::new(Uuid::from_u128(0xbad));
        let new = NewSet {
            id: id.clone(),
            text: text.to_owned(),
            digest: "0".repeat(64),
            instead_of: String::new(),
            why: "A newer version.".to_owned(),
            report: None,
            by: one.clone(),
            now,
            expires_at: now + SignedDuration::from_hours(1),
        };
        fraud_rules::insert(tx, &harbour(), &new)?;
        let before = fraud_rules::in_force(tx, &harbour())?;
        fraud_rules::approve(tx, &harbour(), &id, &other, before.as_ref(), now)
    });
    assert!(done.await.unwrap());
}

#[tokio::test]
async fn approved_rules_that_cannot_be_read_leave_those_from_before_in_force() {
    let gateway = Gateway::start().await;
    let (noor, sam) = (analyst(&gateway, 1).await, analyst(&gateway, 2).await);
    let good = propose(&noor, &rule("too-much", "decline", 1000, "")).await;
    assert_eq!(approve(&sam, &good).await.status, 303);
    approve_unread(&gateway, (&noor.id, &sam.id), "rule from-tomorrow\n  thinks \"for itself\"\n").await;
    assert_eq!(pay(&gateway, "p-1", "c-1", "1500.00").await["action"], "decline");
    says(&noor.window.get("/fraud/rules").await, "Those from before are in force.");
    let gateway = gateway.again().await;
    assert_eq!(pay(&gateway, "p-2", "c-2", "1500.00").await["action"], "decline", "after a restart");
    let (noor, sam) = (analyst(&gateway, 3).await, analyst(&gateway, 4).await);
    assert_eq!(approve(&sam, &propose(&noor, "").await).await.status, 303);
    assert_ne!(pay(&gateway, "p-3", "c-3", "1500.00").await["action"], "decline", "readable ones follow");
    gateway.stop().await;
}

#[tokio::test]
async fn an_officer_is_not_both_people_by_way_of_somebody_they_invited() {
    let gateway = Gateway::start().await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let mut invited = vec![];
    for seed in [2, 3] {
        let made = officer.window.post("/staff", &[("name", "Noor"), ("role", "fraud_analyst")]).await;
        let (_, rest) = made.body.split_once("/console/harbour/register/").unwrap();
        let token: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        let window = Window::open(&gateway, "harbour");
        let mut device = super::authenticator::Authenticator::new(&format!("http://{}", gateway.host), seed);
        assert_eq!(window.register(&format!("/register/{token}"), &mut device).await.status, 200);
        invited.push(Colleague { window, device, id: String::new() });
    }
    let text = rule("too-much", "decline", 1000, "");
    let of_officer = propose(&officer, &text).await;
    let of_invited = propose(&invited[0], &text).await;
    for (who, proposal) in [(&invited[0], &of_officer), (&officer, &of_invited), (&invited[1], &of_invited)] {
        let page = who.window.get(proposal).await;
        says(&page, "so somebody else approves");
        assert!(!page.body.contains("name=\"instead_of\""), "{}", page.body);
        let form = [("digest", "x"), ("instead_of", "x")];
        who.window.post(&format!("{proposal}/approve"), &form).await.is_problem(403, "two_people");
    }
    let second = colleague(&gateway, "harbour", Role::Officer, 4).await;
    assert_eq!(approve(&second, &of_invited).await.status, 303);
    gateway.stop().await;
}

#[tokio::test]
async fn an_officer_lifts_the_budget_for_some_hours_and_ends_it() {
    let gateway = Gateway::start().await;
    let (noor, sam) = (analyst(&gateway, 1).await, analyst(&gateway, 2).await);
    let officer = colleague(&gateway, "harbour", Role::Officer, 3).await;
    let proposal = propose(&noor, &rule("too-much", "alert", 1000, "")).await;
    assert_eq!(approve(&sam, &proposal).await.status, 303);
    let held = pay(&gateway, "p-1", "c-1", "1500.00").await;
    assert_eq!(held["held"], "the alerts of the last 24 hours are used up", "{held}");

    let lift = |hours: &'static str, why: &'static str| [("hours", hours), ("why", why)];
    noor.window.post("/fraud/budget/lift", &lift("2", "An attack.")).await.is_problem(403, "role");
    for hours in ["0", "25"] {
        officer
            .window
            .post("/fraud/budget/lift", &lift(hours, "An attack."))
            .await
            .is_problem(422, "invalid");
    }
    officer.window.post("/fraud/budget/lift", &lift("2", " ")).await.is_problem(422, "invalid");
    assert_eq!(officer.window.post("/fraud/budget/lift", &lift("2", "An attack.")).await.status, 303);
    officer.window.post("/fraud/budget/lift", &lift("24", "More.")).await.is_problem(409, "stale");
    let asked = pay(&gateway, "p-2", "c-2", "1500.00").await;
    assert_eq!((&asked["action"], &asked["held"]), (&json!("alert"), &Value::Null), "{asked}");
    let page = noor.window.get("/fraud/budget").await;
    says(
        &page,
        "The budget is lifted until 2026-11-21 11:41, by Officer 3 since 2026-11-21 09:41: An attack.",
    );
    says(&page, "data-label=\"Beyond it, lifted\" class=\"number amount\">1</td>");
    says(&page, "data-label=\"Held back\" class=\"number amount\">1</td>");
    assert!(!page.body.contains("End it now"), "an analyst does not end it");
    says(&noor.window.get("/fraud").await, "The budget of alerts is lifted until 2026-11-21 11:41.");

    let page = officer.window.get("/fraud/budget").await.body;
    let end = page.split_once("action=\"/console/harbour").unwrap().1;
    let end = page.split("action=\"/console/harbour").find(|part| part.contains("/end\"")).unwrap_or(end);
    let end = end.split_once('"').unwrap().0.to_owned();
    noor.window.post(&end, &[]).await.is_problem(403, "role");
    assert_eq!(officer.window.post(&end, &[]).await.status, 303);
    officer.window.post(&end, &[]).await.is_problem(409, "stale");
    assert!(
        pay(&gateway, "p-3", "c-3", "1500.00").await["held"].is_string(),
        "the ordinary budget holds again"
    );

    assert_eq!(officer.window.post("/fraud/budget/lift", &lift("1", "Again.")).await.status, 303);
    let gateway = gateway.again().await;
    assert_eq!(pay(&gateway, "p-4", "c-4", "1500.00").await["held"], Value::Null, "also after a restart");
    gateway.clock.forward(SignedDuration::from_hours(1));
    assert!(pay(&gateway, "p-5", "c-5", "1500.00").await["held"].is_string(), "its time is over");
    let officer = colleague(&gateway, "harbour", Role::Officer, 4).await;
    let history = officer.window.get("/history").await;
    assert_eq!(history.body.matches("lifted the budget of fraud alerts").count(), 2, "{}", history.body);
    says(&history, "ended a lift of that budget");
    gateway.stop().await;
}

#[tokio::test]
async fn an_idle_engine_says_how_it_stands_without_an_event() {
    let gateway = Gateway::start().await;
    let noor = analyst(&gateway, 1).await;
    let page = tokio::time::timeout(Duration::from_secs(10), noor.window.get("/fraud/budget")).await.unwrap();
    says(&page, "Last 24 hours");
    says(&page, "It was never lifted.");
    gateway.stop().await;
}
