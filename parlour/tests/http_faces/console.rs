//! What staff may do and may not, and what two people do together, over real HTTP.

use super::{
    client::Ask,
    gateway::Gateway,
    office::{Colleague, Window, colleague, link},
};
use domain::{
    AccountId, BankId, Channel, Consent, ConsentId, ConsentState, ConversationId, CustomerId, DataClass,
    EntryId, Purpose, Tier, staff::Role,
};
use gate::{Decision, Offer, RefusalReason};
use jiff::SignedDuration;
use store::{DbError, access, consents, conversations, customers};

const PAGES: [&str; 8] =
    ["", "/policies", "/no", "/consents", "/refusals", "/staff", "/history", "/no/preview?what=everything"];

fn harbour() -> BankId {
    "harbour".parse().unwrap()
}

/// Every way to change something that is not one's own, with a form that would be taken.
fn changes(proposal: &str, person: &str) -> Vec<(String, Vec<(&'static str, String)>)> {
    let words = |fields: &[(&'static str, &str)]| {
        fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
    };
    vec![
        (
            "/proposals".into(),
            words(&[("wish", "say_no"), ("what", "channel:web"), ("words", "x"), ("why", "x")]),
        ),
        ("/proposals".into(), words(&[("wish", "lift_no"), ("what", "channel:web"), ("why", "x")])),
        ("/proposals".into(), words(&[("wish", "remove"), ("staff", person), ("why", "x")])),
        (format!("{proposal}/approve"), vec![]),
        (format!("{proposal}/decline"), vec![]),
        ("/staff".into(), words(&[("name", "Eve"), ("role", "viewer")])),
        (format!("/staff/{person}/link"), vec![]),
        (format!("/staff/{person}/remove"), vec![]),
    ]
}

async fn tries(who: &Window<'_>, change: &(String, Vec<(&'static str, String)>)) -> super::client::Answer {
    let form: Vec<(&str, &str)> = change.1.iter().map(|(name, value)| (*name, value.as_str())).collect();
    who.post(&change.0, &form).await
}

#[tokio::test]
async fn without_a_sign_in_every_page_leads_to_the_door_and_nothing_changes() {
    let gateway = Gateway::start().await;
    let nobody = Window::open(&gateway, "harbour");
    for page in PAGES.iter().chain(&["/keys", "/proposals/x", "/staff/x"]) {
        let answer = nobody.get(page).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/console/harbour/sign-in"), "{page}");
        let program = Ask::get(nobody.path(page)).with("accept", "application/json");
        gateway.send(program).await.is_problem(401, "signed_out");
    }
    assert_eq!(nobody.visit("/audit/harbour").await.status, 303);
    for change in
        changes("/proposals/prp_00000000000000000000000000000001", "stf_00000000000000000000000000000001")
    {
        tries(&nobody, &change).await.is_problem(401, "signed_out");
    }
    for own in
        ["/keys/begin", "/keys/finish", "/keys/x/remove", "/sign-ins/x/end", "/sign-ins/end-all", "/sign-out"]
    {
        nobody.post(own, &[]).await.is_problem(401, "signed_out");
    }
}

#[tokio::test]
async fn a_role_does_no_more_than_it_is_there_for() {
    let gateway = Gateway::start().await;
    let viewer = colleague(&gateway, "harbour", Role::Viewer, 1).await;
    let editor = colleague(&gateway, "harbour", Role::PolicyEditor, 2).await;
    let auditor = colleague(&gateway, "harbour", Role::Auditor, 3).await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 4).await;
    let proposal = officer.window.propose("class:balances").await;
    let changes = changes(&proposal, &viewer.id);
    for who in [&viewer, &auditor] {
        for change in &changes {
            tries(&who.window, change).await.is_problem(403, "role");
        }
        who.window.post(&format!("{proposal}/take-back"), &[]).await.is_problem(403, "role");
    }
    for change in changes.iter().filter(|(path, _)| path != "/proposals") {
        tries(&editor.window, change).await.is_problem(403, "role");
    }
    tries(&editor.window, &changes[2]).await.is_problem(403, "role");
    for page in PAGES {
        assert_eq!(auditor.window.get(page).await.status, 403, "an auditor at {page}");
        let looks = viewer.window.get(page).await.status;
        assert_eq!(looks, if page.contains("preview") { 403 } else { 200 }, "a viewer at {page}");
        assert_eq!(officer.window.get(page).await.status, 200, "an officer at {page}");
    }
    for (who, sees) in [(&viewer, 403), (&editor, 403), (&auditor, 200), (&officer, 200)] {
        assert_eq!(who.window.visit("/audit/harbour").await.status, sees);
        assert_eq!(who.window.get("/keys").await.status, 200);
    }
    let page = viewer.window.get(&proposal).await.body;
    assert!(page.contains("waits for a second person") && !page.contains("/approve\""), "{page}");
}

#[tokio::test]
async fn what_a_role_is_refused_is_explained_and_counted_for_the_operator() {
    let _ = parlour::telemetry::metrics();
    let gateway = Gateway::start().await;
    // No other test of this program counts an auditor of this bank.
    let auditor = colleague(&gateway, "meridian", Role::Auditor, 1).await;
    let count = async || {
        let figures = gateway.send(Ask::get("/metrics")).await.body;
        let line = "parlour_staff_refused_total{bank=\"meridian\",role=\"auditor\"} ";
        figures.lines().find_map(|known| known.strip_prefix(line)?.parse::<u64>().ok()).unwrap_or(0)
    };
    let before = count().await;
    let form = [("wish", "say_no"), ("what", "channel:web"), ("words", "x"), ("why", "x")];
    let problem = auditor.window.post("/proposals", &form).await.is_problem(403, "role");
    assert!(problem["detail"].as_str().unwrap().to_lowercase().contains("auditor"), "{problem}");
    assert_eq!(count().await, before + 1);
    assert_eq!(auditor.window.get("/policies").await.status, 403);
    assert_eq!(count().await, before + 2);
}

fn open(gateway: &Gateway, class: DataClass) -> bool {
    *gateway.app().in_force.gate().offers(&harbour(), class) == Offer::Yes
}

#[tokio::test]
async fn two_people_say_no_and_it_holds_at_once() {
    let gateway = Gateway::start().await;
    let editor = colleague(&gateway, "harbour", Role::PolicyEditor, 1).await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 2).await;
    let proposal = editor.window.propose("class:balances").await;
    assert!(open(&gateway, DataClass::Balances), "a proposal changes nothing");
    assert_eq!(officer.window.post(&format!("{proposal}/approve"), &[]).await.status, 303);
    assert!(!open(&gateway, DataClass::Balances) && open(&gateway, DataClass::Transactions));
    let said = gateway.app().in_force.gate().offers(&harbour(), DataClass::Balances).clone();
    assert_eq!(said, Offer::No { reason: "Not now.".to_owned() });
    officer.window.post(&format!("{proposal}/approve"), &[]).await.is_problem(409, "stale");
    let form = [("wish", "say_no"), ("what", "class:balances"), ("words", "x"), ("why", "x")];
    editor.window.post("/proposals", &form).await.is_problem(409, "stale");
    let history = officer.window.get("/history").await.body;
    assert!(history.contains("approved") && history.contains("Policy editor 1"), "{history}");

    let form = [("wish", "lift_no"), ("what", "class:balances"), ("why", "It is over.")];
    let lifting = editor.window.post("/proposals", &form).await;
    let lifting = lifting.header("location").trim_start_matches("/console/harbour").to_owned();
    assert!(!open(&gateway, DataClass::Balances));
    assert_eq!(officer.window.post(&format!("{lifting}/approve"), &[]).await.status, 303);
    assert!(open(&gateway, DataClass::Balances));

    let out = editor.window.propose("everything").await;
    assert_eq!(officer.window.post(&format!("{out}/approve"), &[]).await.status, 303);
    assert!(DataClass::ALL.iter().all(|class| !open(&gateway, *class)));
    assert!(officer.window.get("").await.body.contains("has pulled out since"));
    let again = gateway.again().await;
    assert!(DataClass::ALL.iter().all(|class| !open(&again, *class)), "a restart does not lift it");
}

#[tokio::test]
async fn nobody_decides_their_own_proposal() {
    let gateway = Gateway::start().await;
    let offered = || DataClass::ALL.iter().map(|class| open(&gateway, *class)).collect::<Vec<_>>();
    let before = offered();
    let one = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let two = colleague(&gateway, "harbour", Role::Officer, 2).await;
    let proposal = one.window.propose("everything").await;
    for how in ["approve", "decline"] {
        one.window.post(&format!("{proposal}/{how}"), &[]).await.is_problem(403, "two_people");
    }
    assert!(open(&gateway, DataClass::Balances));
    let page = one.window.get(&proposal).await.body;
    assert!(page.contains("another officer decides") && !page.contains("/approve\""), "{page}");
    two.window.post(&format!("{proposal}/take-back"), &[]).await.is_problem(404, "not_found");
    assert_eq!(one.window.post(&format!("{proposal}/take-back"), &[]).await.status, 303);
    two.window.post(&format!("{proposal}/approve"), &[]).await.is_problem(409, "stale");
    let declined = one.window.propose("class:balances").await;
    assert_eq!(two.window.post(&format!("{declined}/decline"), &[]).await.status, 303);
    let late = one.window.propose("class:accounts").await;
    gateway.clock.forward(SignedDuration::from_hours(24));
    let mut two = two;
    assert_eq!(two.window.sign_in(&mut two.device).await.status, 200);
    two.window.post(&format!("{late}/approve"), &[]).await.is_problem(409, "stale");
    assert!(two.window.get(&late).await.body.contains("nobody decided in time"));
    assert_eq!(offered(), before, "nothing was closed");
}

#[tokio::test]
async fn nobody_makes_a_second_self() {
    let gateway = Gateway::start().await;
    let one = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let two = colleague(&gateway, "harbour", Role::Officer, 2).await;
    let editor = colleague(&gateway, "harbour", Role::PolicyEditor, 3).await;
    for role in ["officer", "policy_editor"] {
        let form = [("name", "Eve"), ("role", role)];
        one.window.post("/staff", &form).await.is_problem(403, "two_people");
    }
    for other in [&two, &editor, &one] {
        one.window.post(&format!("/staff/{}/link", other.id), &[]).await.is_problem(403, "two_people");
    }
    one.window.post(&format!("/staff/{}/remove", two.id), &[]).await.is_problem(403, "two_people");
    let invited = one.window.post("/staff", &[("name", "Iris"), ("role", "auditor")]).await;
    assert!(invited.status == 200 && invited.body.contains("/console/harbour/register/"), "{invited:?}");
}

#[tokio::test]
async fn an_officer_is_removed_by_two_others() {
    let gateway = Gateway::start().await;
    let one = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let two = colleague(&gateway, "harbour", Role::Officer, 2).await;
    let three = colleague(&gateway, "harbour", Role::Officer, 3).await;
    let form = [("wish", "remove"), ("staff", two.id.as_str()), ("why", "Left the bank.")];
    let proposed = one.window.post("/proposals", &form).await;
    let proposal = proposed.header("location").trim_start_matches("/console/harbour").to_owned();
    for who in [&one, &two] {
        who.window.post(&format!("{proposal}/decline"), &[]).await.is_problem(403, "two_people");
    }
    assert_eq!(two.window.get("").await.status, 200);
    assert_eq!(three.window.post(&format!("{proposal}/approve"), &[]).await.status, 303);
    assert_eq!(two.window.get("").await.status, 303);
}

#[tokio::test]
async fn what_a_form_says_is_checked_at_its_edges() {
    let gateway = Gateway::start().await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let propose = |what: &str, words: &str, why: &str| {
        let form = [("wish", "say_no"), ("what", what), ("words", words), ("why", why)]
            .map(|(name, value)| (name, value.to_owned()));
        let window = &officer.window;
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            window.post("/proposals", &form).await
        }
    };
    let (longest, longer) = ("x".repeat(300), "x".repeat(301));
    for (what, words, why) in [
        ("class:advertising", "x", "x"),
        ("", "x", "x"),
        ("class:balances", "", "x"),
        ("class:balances", &longer, "x"),
        ("class:balances", "x", "  "),
        ("class:balances", "x", &longer),
    ] {
        propose(what, words, why).await.is_problem(422, "invalid");
    }
    assert_eq!(propose("class:balances", &longest, &longest).await.status, 303);
    let unknown =
        [("wish", "say_no"), ("what", "everything"), ("words", "x"), ("why", "x"), ("state", "approved")];
    officer.window.post("/proposals", &unknown).await.is_problem(422, "invalid");
    officer
        .window
        .post("/staff", &[("name", &"x".repeat(61)), ("role", "viewer")])
        .await
        .is_problem(422, "invalid");
    officer.window.post("/staff", &[("name", "Eve"), ("role", "admin")]).await.is_problem(422, "invalid");
    let html = propose("channel:matrix", "<script>alert(1)</script>", "\"><b>x</b>").await;
    let page = officer.window.get(html.header("location").trim_start_matches("/console/harbour")).await.body;
    assert!(page.contains("&#60;script&#62;") && !page.contains("<script>alert"), "{page}");
}

const PLANTED: [&str; 4] = [
    "PlantedAccount77",
    "PlantedNotice77",
    "cus_0000000000000000000000000000beef",
    "con_0000000000000000000000000000beef",
];

/// A customer with a consent and decisions about them, full of values that no page of staff may show.
async fn plant(gateway: &Gateway) -> ConsentId {
    let app = gateway.app();
    let now = app.clock.now();
    let beef = uuid::Uuid::from_u128(0xbeef);
    let (bank, customer) = (harbour(), CustomerId::new(beef));
    let account: AccountId = PLANTED[0].parse().unwrap();
    let consent = Consent {
        id: ConsentId::new(uuid::Uuid::from_u128(0xcafe)),
        bank: bank.clone(),
        customer: customer.clone(),
        conversation: ConversationId::new(beef),
        channel: Channel::Web,
        state: ConsentState::Given,
        purposes: vec![Purpose::AnswerCustomer],
        data_classes: vec![DataClass::Balances],
        accounts: vec![account.clone()],
        not_before: now,
        expires_at: now + SignedDuration::from_hours(24),
        notice_sha256: "00".repeat(32),
        notice: PLANTED[1].to_owned(),
        language: "en".to_owned(),
        at_bank: None,
    };
    let decide = |n: u128, reason: Option<RefusalReason>| Decision {
        entry: EntryId::new(uuid::Uuid::from_u128(n)),
        at: now,
        bank: bank.clone(),
        customer: customer.clone(),
        asked_by: gate::AskerKind::Customer,
        payment: None,
        operation: None,
        consent: Some(consent.id.clone()),
        purpose: Purpose::AnswerCustomer,
        data_class: DataClass::Balances,
        accounts: vec![account.clone()],
        channel: Channel::Web,
        tier: Tier::InChat,
        allowed: reason.is_none(),
        reason,
        clauses: vec!["floor/accounts".to_owned()],
        policy_digest: [7; 32],
    };
    let refused = RefusalReason::AccountNotShared { account: account.clone() };
    let decisions = [decide(1, None), decide(2, Some(refused))];
    let entries = decisions.iter().map(|d| d.entry.clone()).collect();
    let (id, planted) = (consent.id.clone(), consent);
    let done = app.store.decide(entries, move |tx| -> Result<(), DbError> {
        customers::begin(tx, &planted.bank, &planted.customer, now)?;
        let room = conversations::NewConversation {
            bank: planted.bank.clone(),
            customer: planted.customer.clone(),
            conversation: planted.conversation.clone(),
            channel: Channel::Web,
            session: [0; 32],
            now,
        };
        conversations::begin(tx, &room)?;
        consents::insert(tx, &planted, now)?;
        decisions.iter().try_for_each(|decision| access::stage(tx, decision))
    });
    done.await.unwrap();
    id
}

#[tokio::test]
async fn no_page_of_staff_shows_anything_of_a_customer() {
    let gateway = Gateway::start().await;
    let consent = plant(&gateway).await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let mut paths: Vec<String> = PAGES.iter().map(|page| format!("/console/harbour{page}")).collect();
    let wanted = ["/consents?format=csv", "/refusals?format=csv", "/staff?format=csv", "/history?format=csv"];
    paths.extend(wanted.iter().map(|path| format!("/console/harbour{path}")));
    paths.push(format!("/console/harbour/consents?id={consent}"));
    paths
        .extend(["", "?format=csv", "?format=json", "?answer=refused"].map(|q| format!("/audit/harbour{q}")));
    for path in &paths {
        let answer = officer.window.visit(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        for value in PLANTED {
            assert!(!answer.body.contains(value), "{path} shows {value}");
        }
        let found_by_id = path.contains("?id=");
        assert_eq!(answer.body.contains(consent.as_str()), found_by_id, "{path}");
    }
}

#[tokio::test]
async fn an_auditor_finds_decisions_by_what_they_were_about() {
    let gateway = Gateway::start().await;
    plant(&gateway).await;
    let auditor = colleague(&gateway, "harbour", Role::Auditor, 1).await;
    let search = |query: &str| {
        let path = format!("/audit/harbour?format=json{query}");
        let window = &auditor.window;
        async move { window.visit(&path).await }
    };
    let count = |answer: &super::client::Answer| answer.json()["decisions"].as_array().unwrap().len();
    assert_eq!(count(&search("").await), 2);
    assert_eq!(count(&search("&answer=refused").await), 1);
    assert_eq!(count(&search("&answer=refused&reason=account_not_shared").await), 1);
    assert_eq!(count(&search("&reason=no_consent").await), 0);
    assert_eq!(count(&search("&data_class=transactions").await), 0);
    assert_eq!(count(&search("&from=2026-11-22&to=2026-11-30").await), 0);
    let first = &search("&answer=allowed").await.json()["decisions"][0];
    assert_eq!((&first["log_index"], &first["policy_digest"]), (&0.into(), &"07".repeat(32).into()));
    for wrong in ["&answer=maybe", "&purpose=advertising", "&from=yesterday", "&reason=%27--", "&customer=x"]
    {
        assert_eq!(search(wrong).await.status, 422, "{wrong}");
    }
    let meridian = colleague(&gateway, "meridian", Role::Auditor, 2).await;
    assert_eq!(count(&meridian.window.visit("/audit/meridian?format=json").await), 0);
    assert_eq!(meridian.window.visit("/audit/harbour").await.status, 303);
}

#[tokio::test]
async fn a_list_that_is_long_has_pages_and_a_file() {
    let gateway = Gateway::start().await;
    let officer = colleague(&gateway, "harbour", Role::Officer, 1).await;
    for n in 0..60 {
        link(&gateway, "harbour", &format!("Person {n:02}"), Role::Viewer).await;
        gateway.clock.forward(SignedDuration::from_secs(1));
    }
    let rows = |body: &str| body.matches("<td data-label=\"Time\"").count();
    let first = officer.window.get("/history").await.body;
    assert_eq!(rows(&first), 50);
    let next = first.split('"').find(|part| part.contains("/history?before=")).unwrap();
    let second = officer.window.visit(next).await.body;
    assert_eq!(rows(&second), 12, "60 invitations, one of one's own and one passkey, less 50");
    let file = officer.window.get("/history?format=csv").await;
    assert_eq!((file.header("content-type"), file.body.lines().count()), ("text/csv; charset=utf-8", 63));
    assert!(file.header("content-disposition").contains("harbour-history.csv"));
}

#[tokio::test]
async fn a_bank_that_pulls_out_ends_every_consent() {
    let gateway = Gateway::start().await;
    let consent = plant(&gateway).await;
    let one = colleague(&gateway, "harbour", Role::Officer, 1).await;
    let two = colleague(&gateway, "harbour", Role::Officer, 2).await;
    let state = |wanted: &'static str| {
        let path = format!("/consents?id={consent}");
        let window = &one.window;
        async move { window.get(&path).await.body.contains(&format!("data-label=\"State\" class=\"\">{wanted}<")) }
    };
    assert!(state("given").await);
    let proposal = one.window.propose("everything").await;
    assert_eq!(two.window.post(&format!("{proposal}/approve"), &[]).await.status, 303);
    let (app, bank) = (gateway.app().clone(), harbour());
    let standing = app.store.read(move |tx| store::pull_outs::standing(tx, &bank)).await;
    let standing: Vec<_> = standing.unwrap_or_else(|fault: DbError| panic!("{fault}"));
    assert_eq!(standing[0].by, "Officer 1, approved by Officer 2");
    parlour::consents::pull_out::carry_on(&app).await.unwrap();
    assert!(state("revoked").await, "{}", one.window.get(&format!("/consents?id={consent}")).await.body);
    let back = [("wish", "lift_no"), ("what", "everything"), ("why", "It is over.")];
    let lifting = two.window.post("/proposals", &back).await;
    let lifting = lifting.header("location").trim_start_matches("/console/harbour").to_owned();
    assert_eq!(one.window.post(&format!("{lifting}/approve"), &[]).await.status, 303);
    assert!(open(&gateway, DataClass::Balances));
    assert!(one.window.get("").await.body.contains("is serving, as its files say"));
    assert!(state("revoked").await, "what was ended stays ended");
}

/// The text of a table's row that begins with a name.
fn row_of(page: &str, name: &str) -> String {
    let from = page.find(&format!(">{name}<")).unwrap_or_else(|| panic!("no row {name}: {page}"));
    page[from..].split("</tr>").next().unwrap().to_owned()
}

#[tokio::test]
async fn what_the_operator_pulled_out_of_stands_on_the_page_of_nos() {
    let gateway = Gateway::start().await;
    plant(&gateway).await;
    let viewer = colleague(&gateway, "harbour", Role::Viewer, 1).await;
    let page = viewer.window.get("/no").await.body;
    assert!(!page.contains("Whoever runs the gateway can take it back"), "{page}");
    let config = gateway.file();
    let pull = |words: &'static [&'static str]| {
        let config = config.clone();
        async move {
            let ran = tokio::task::spawn_blocking(move || {
                let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_parlour"));
                command.args(["pull-out", "--bank", "harbour"]).args(words).arg("--config").arg(config);
                command.output().unwrap()
            });
            let output = ran.await.unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    };
    pull(&["--channel", "matrix", "--reason", "Not on Matrix."]).await;
    pull(&["--class", "merchant_places", "--channel", "whatsapp", "--reason", "Not there."]).await;
    let page = viewer.window.get("/no").await.body;
    let matrix = row_of(&page, "channel matrix");
    for said in ["ordered by the operator, at the command line", "consents ended: 0", "Not on Matrix."] {
        assert!(matrix.contains(said), "{said}: {matrix}");
    }
    assert!(row_of(&page, "merchant places on channel whatsapp").contains("Not there."), "{page}");
    assert!(!row_of(&page, "everything (pull out)").contains("ordered by"), "{page}");
    pull(&["--reason", "We leave."]).await;
    let page = viewer.window.get("/no").await.body;
    let all = row_of(&page, "everything (pull out)");
    assert!(all.contains("consents ended: 1") && all.contains("We leave."), "{all}");
    pull(&["--come-back"]).await;
    let page = viewer.window.get("/no").await.body;
    assert!(!page.contains("ordered by the operator"), "{page}");
}

#[tokio::test]
async fn the_page_of_policies_tells_staff_about_the_proof_and_names_no_folder() {
    let gateway = Gateway::start().await;
    let viewer = colleague(&gateway, "harbour", Role::Viewer, 1).await;
    let page = viewer.window.get("/policies").await.body;
    assert!(page.contains("No proof of these rules is here") && page.contains("prove-policy"), "{page}");
    let bank = gateway.file().parent().unwrap().join("banks/harbour.toml");
    let home = gateway.file().parent().unwrap().display().to_string();
    assert!(!page.contains(&home), "{page}");
    let text = std::fs::read_to_string(&bank).unwrap();
    std::fs::write(&bank, format!("advertising = \"yes\"\n{text}")).unwrap();
    let app = gateway.app();
    let read = parlour::config::bank::load(&bank);
    app.in_force.renew(&harbour(), read, app.clock.now());
    let page = viewer.window.get("/policies").await.body;
    assert!(page.contains("harbour.toml:1:1") && page.contains("not taken"), "{page}");
    assert!(!page.contains(&home), "files without their folders: {page}");
}

#[tokio::test]
async fn an_auditor_takes_evidence_home_that_anybody_can_check() {
    let gateway = Gateway::start().await;
    plant(&gateway).await;
    let auditor = colleague(&gateway, "harbour", Role::Auditor, 1).await;
    let viewer = colleague(&gateway, "harbour", Role::Viewer, 2).await;
    let mut page = auditor.window.visit("/audit/harbour").await.body;
    for _ in 0..200 {
        if page.contains("/log/harbour/tile/entries/") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        page = auditor.window.visit("/audit/harbour").await.body;
    }
    let link = |part: &str| page.split('"').find(|link| link.contains(part)).unwrap().replace("&#38;", "&");
    assert_eq!(auditor.window.visit(&link("/log/harbour/tile/entries/")).await.status, 200);
    let evidence = auditor.window.visit(&link("/evidence?")).await;
    assert_eq!(evidence.status, 200, "{evidence:?}");
    let keys = gateway.app().logs.ring(&harbour()).unwrap().verifier_keys();
    let trust = access_log::Trust::new(&keys, &[], 0).unwrap();
    let checked = access_log::check_evidence(evidence.body.as_bytes(), &trust).unwrap();
    assert_eq!(checked.entries.len(), 2);
    for value in PLANTED {
        assert!(!evidence.body.contains(value), "{value}");
    }
    assert_eq!(viewer.window.visit(&link("/evidence?")).await.status, 403);
    let empty = "/audit/harbour/evidence?from=2030-01-01&to=2030-01-02";
    assert_eq!(auditor.window.visit(empty).await.status, 422);
}

/// The preview names numbers, and the numbers are right.
#[tokio::test]
async fn a_preview_says_whom_a_no_would_touch() {
    let gateway = Gateway::start().await;
    plant(&gateway).await;
    let Colleague { window, .. } = colleague(&gateway, "harbour", Role::PolicyEditor, 1).await;
    let figures = |body: String| {
        let numbers = body.split("<dd>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
        numbers.collect::<Vec<_>>()
    };
    let of = |what: &'static str| {
        let window = &window;
        async move { window.get(&format!("/no/preview?what={what}")).await.body }
    };
    assert_eq!(figures(of("class:balances").await), ["1", "1"]);
    assert_eq!(figures(of("class:transactions").await), ["0", "0"]);
    assert_eq!(figures(of("channel:web").await), ["1", "1"]);
}
