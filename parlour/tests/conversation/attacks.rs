//! Attempts on the gate with real consents, accounts and rules: each is refused, stands in the access log, and is
//! explained to the customer and to whoever runs the gateway.

use crate::{erasing::session, house::House};
use domain::{
    AccountId, BankId, Channel, Consent, ConsentState, CustomerId, DataClass, EntryId, How, Purpose, Tier,
};
use gate::{
    AnswerCustomer, Asker, Circumstances, ForPurpose, OwnSpendingMap, Question, Refusal, RefusalReason,
    Verdict,
};
use jiff::{SignedDuration, Timestamp};
use parlour::{
    consents::{self, Outcome},
    demo::{
        DemoBank,
        guest::{Guest, block},
    },
    policy::{explain, kept},
    rim,
};
use store::{DbError, access};

const BALANCE: &str = "What's my balance?";

/// What somebody tries.
#[derive(Clone)]
struct Attempt {
    bank: BankId,
    /// Who asks.
    asker: CustomerId,
    /// Whose data they want.
    customer: CustomerId,
    consent: Option<Consent>,
    class: DataClass,
    accounts: Vec<AccountId>,
    now: Timestamp,
}

impl Attempt {
    /// What a customer may do, to go on from.
    fn rightful(consent: &Consent, now: Timestamp) -> Attempt {
        Attempt {
            bank: consent.bank.clone(),
            asker: consent.customer.clone(),
            customer: consent.customer.clone(),
            consent: Some(consent.clone()),
            class: DataClass::Balances,
            accounts: vec![],
            now,
        }
    }
}

/// Puts the question to the gate as a turn does: decided and staged in one transaction. Gives the answer, its entry and
/// its place in the log.
async fn put<P: ForPurpose + 'static>(house: &House, attempt: &Attempt) -> (Verdict<P>, EntryId, u64) {
    let app = house.app();
    let entry = EntryId::new(rim::uuid(attempt.now));
    let (gate, of, id) = (app.in_force.gate(), attempt.clone(), entry.clone());
    let decided = app.store.decide(vec![entry.clone()], move |tx| -> Result<_, DbError> {
        let verdict = gate.decide::<P>(&Question {
            entry: id.clone(),
            bank: &of.bank,
            asker: Asker::Customer(&of.asker),
            customer: &of.customer,
            consent: of.consent.as_ref(),
            data_class: of.class,
            accounts: &of.accounts,
            ordered: None,
            channel: Channel::Web,
            tier: Tier::InChat,
            circumstances: Circumstances::default(),
            now: of.now,
        });
        access::stage(tx, verdict.decision())?;
        Ok(verdict)
    });
    let (verdict, logged) = decided.await.unwrap();
    (verdict, entry, logged[0].index())
}

/// The attempt is refused; the refusal stands in the log; and it is explained in words that name nobody.
async fn refused<P: ForPurpose + 'static>(house: &House, attempt: &Attempt) -> Refusal {
    let (verdict, entry, index) = put::<P>(house, attempt).await;
    let Verdict::Refused(refusal) = verdict else { panic!("it was allowed") };
    let (app, of, id) = (house.app(), attempt.bank.clone(), entry.clone());
    let found = app.store.read(move |tx| access::by_entry(tx, &of, &id)).await;
    let found = found.unwrap_or_else(|fault: DbError| panic!("{fault}")).expect("a refusal is logged");
    assert_eq!((found.decision.allowed, found.index), (false, Some(index)), "{}", refusal.reason);
    assert_eq!(found.decision.reason.as_ref(), Some(&refusal.reason));
    let told = refusal.reason.to_string();
    assert!(told.contains(' ') && !told.contains('_'), "in words: {told}");
    let texts = kept::find(app.logs.data(), &found.decision.policy_digest).unwrap();
    let zone = app.tenants.get(&attempt.bank).unwrap().zone.clone();
    let explained = explain::decision(&found.decision, texts.as_ref(), None, &zone);
    assert!(explained.contains("answer     no") && explained.contains("because"), "{explained}");
    for personal in ["cus_", "cst_", attempt.asker.as_str(), attempt.customer.as_str()] {
        assert!(!explained.contains(personal), "{personal} in {explained}");
    }
    refusal
}

async fn linked(house: &House, bank: &DemoBank) -> (Guest, Consent) {
    let mut guest = Guest::enter(bank).await.unwrap();
    guest.link(bank).await.unwrap();
    let given = consent(house, &mut guest, bank).await;
    (guest, given)
}

/// The newest consent that was not only asked for.
async fn consent(house: &House, guest: &mut Guest, bank: &DemoBank) -> Consent {
    let app = house.app();
    let cookies = guest.visitor.cookies_of(&house.demo().gateway_url);
    let token = cookies.get(&format!("__Host-parlour-{}", bank.id)).unwrap().clone();
    let session = app.sessions.check(&bank.id, &token, app.clock.now()).unwrap();
    let all = consents::list(&app, &bank.id, &session.customer).await.unwrap();
    all.into_iter().find(|consent| consent.state != ConsentState::Requested).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ones_own_stays_closed_logged_and_explained() {
    let house = House::open().await;
    let (harbour, meridian) = (house.harbour(), house.demo().banks[1].clone());
    let ((_, mine), (_, theirs)) = (linked(&house, &harbour).await, linked(&house, &harbour).await);
    let (_, elsewhere) = linked(&house, &meridian).await;
    let now = house.app().clock.now();
    let rightful = Attempt::rightful(&mine, now);
    assert!(
        matches!(put::<AnswerCustomer>(&house, &rightful).await.0, Verdict::Allowed(_)),
        "the way in is open"
    );

    // An account that is not one of mine.
    let account: AccountId = "somebody-elses-account".parse().unwrap();
    let accounts = vec![mine.accounts[0].clone(), account.clone()];
    let refusal = refused::<AnswerCustomer>(&house, &Attempt { accounts, ..rightful.clone() }).await;
    assert_eq!(refusal.reason, RefusalReason::AccountNotShared { account });
    // The data of another customer, with their own consent or with mine.
    for consent in [theirs.clone(), mine.clone()] {
        let customer = theirs.customer.clone();
        let attempt = Attempt { customer, consent: Some(consent), ..rightful.clone() };
        let refusal = refused::<AnswerCustomer>(&house, &attempt).await;
        assert!(matches!(refusal.reason, RefusalReason::NotTheirs { .. }), "{}", refusal.reason);
    }
    // My data, with a consent of theirs, or of mine at another bank, or with none.
    for consent in [Some(theirs), Some(elsewhere), None] {
        let refusal = refused::<AnswerCustomer>(&house, &Attempt { consent, ..rightful.clone() }).await;
        assert_eq!(refusal.reason, RefusalReason::NoConsent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_does_not_hold_opens_nothing_and_is_logged_and_explained() {
    let house = House::open().await;
    let harbour = house.harbour();
    let (mut guest, given) = linked(&house, &harbour).await;
    let now = house.app().clock.now();
    let rightful = Attempt::rightful(&given, now);
    let with = |change: &dyn Fn(&mut Consent)| {
        let mut consent = given.clone();
        change(&mut consent);
        Attempt { consent: Some(consent), ..rightful.clone() }
    };
    // Each ending that there is; a consent ends in one of them.
    for state in [ConsentState::Withdrawn, ConsentState::Revoked, ConsentState::Superseded] {
        let refusal = refused::<AnswerCustomer>(&house, &with(&|c| c.state = state)).await;
        assert_eq!(refusal.reason, RefusalReason::ConsentEnded { state });
    }
    let paused = refused::<AnswerCustomer>(&house, &with(&|c| c.state = ConsentState::Paused)).await;
    assert_eq!(paused.reason, RefusalReason::ConsentPaused);
    // A purpose and a class that were added after it.
    let without = with(&|c| c.purposes.retain(|purpose| *purpose != Purpose::OwnSpendingMap));
    let places = Attempt { class: DataClass::MerchantPlaces, ..without };
    let refusal = refused::<OwnSpendingMap>(&house, &places).await;
    assert_eq!(refusal.reason, RefusalReason::PurposeNotAgreed { purpose: Purpose::OwnSpendingMap });
    let refusal = refused::<AnswerCustomer>(&house, &with(&|c| c.data_classes.clear())).await;
    assert_eq!(refusal.reason, RefusalReason::ClassNotAgreed { data_class: DataClass::Balances });
    // Too late, and before it began, as a clock that was moved back says.
    let late = Attempt { now: given.expires_at, ..rightful.clone() };
    let refusal = refused::<AnswerCustomer>(&house, &late).await;
    assert_eq!(refusal.reason, RefusalReason::ConsentExpired { at: given.expires_at });
    let early = Attempt { now: given.not_before - SignedDuration::from_mins(1), ..rightful };
    let refusal = refused::<AnswerCustomer>(&house, &early).await;
    assert_eq!(refusal.reason, RefusalReason::NotYet { from: given.not_before });

    // And in the chat itself: asked, refused, listed with its reason.
    let paused = consents::pause(&house.app(), &given.bank, &given.customer, &given.id, How::Page).await;
    assert!(matches!(paused.unwrap(), Outcome::Done(..)));
    let reply = guest.ask(BALANCE).await.unwrap();
    assert!(block(&reply, "refusal").is_some() && reply["seen"].is_null(), "{reply}");
    let looks = guest.visitor.json(&guest.api("access?limit=200")).await.unwrap();
    let told = looks["accesses"].as_array().unwrap();
    let reasons: Vec<&str> = told.iter().filter_map(|look| look["reason"].as_str()).collect();
    for wanted in ["paused this link", "ran out on", "begins on", "was superseded", "did not agree"] {
        assert!(reasons.iter().any(|reason| reason.contains(wanted)), "{wanted}: {reasons:#?}");
    }
    let (_, customer) = session(&house, &mut guest);
    assert_eq!(customer, given.customer);
}

/// Rules of the bank's own in the place of what its file says.
async fn with_own_rules(house: &mut House, cedar: &str) {
    house.stop().await;
    std::fs::write(house.data().join("banks/own.cedar"), cedar).unwrap();
    let file = house.data().join("banks/harbour.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("policy_tests = [\"harbour.policy-tests.csv\"]\n", "");
    std::fs::write(&file, text.replace("profile = \"us\"", "profile = \"us\"\npolicies = [\"own.cedar\"]"))
        .unwrap();
    house.start().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_try_to_widen_open_no_more_and_the_refusal_is_logged_and_explained() {
    let mut house = House::open().await;
    with_own_rules(&mut house, "permit (principal, action, resource);\n").await;
    let harbour = house.harbour();
    let (_, given) = linked(&house, &harbour).await;
    let (_, other) = linked(&house, &harbour).await;
    let rightful = Attempt::rightful(&given, house.app().clock.now());
    assert!(matches!(put::<AnswerCustomer>(&house, &rightful).await.0, Verdict::Allowed(_)));
    let paused = Consent { state: ConsentState::Paused, ..given.clone() };
    let attempts = [
        Attempt { consent: Some(paused), ..rightful.clone() },
        Attempt { consent: None, ..rightful.clone() },
        Attempt { now: given.expires_at, ..rightful.clone() },
        Attempt { customer: other.customer.clone(), consent: Some(other), ..rightful.clone() },
    ];
    for attempt in attempts {
        let refusal = refused::<AnswerCustomer>(&house, &attempt).await;
        let clauses = &refusal.decision.clauses;
        assert!(clauses.iter().any(|clause| clause.starts_with("floor/")), "the floor says no: {clauses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_fails_refuses_in_the_chat_is_logged_and_alarms() {
    let _ = parlour::telemetry::metrics();
    let mut house = House::open().await;
    let overflow = "forbid (principal, action, resource) when { context.now + 9223372036854775807 < 0 };\n";
    let harbour = house.harbour();
    let (mut guest, given) = linked(&house, &harbour).await;
    with_own_rules(&mut house, overflow).await;
    let reply = guest.ask(BALANCE).await.unwrap();
    assert!(block(&reply, "balances").is_none() && reply["seen"].is_null(), "{reply}");
    let refusal = block(&reply, "refusal").unwrap_or_else(|| panic!("it is explained: {reply}"));
    assert!(!refusal["why"].as_str().unwrap().is_empty() && !refusal["remedy"].as_str().unwrap().is_empty());
    let looks = guest.visitor.json(&guest.api("access?limit=200")).await.unwrap();
    let told = looks["accesses"].as_array().unwrap();
    let refused_here = told.iter().find(|look| look["allowed"] == false).unwrap_or_else(|| panic!("{looks}"));
    assert!(refused_here["index"].is_u64() && refused_here["reason"].is_string(), "{refused_here}");
    let refusal =
        refused::<AnswerCustomer>(&house, &Attempt::rightful(&given, house.app().clock.now())).await;
    assert!(matches!(refusal.reason, RefusalReason::PolicyError { .. }), "{}", refusal.reason);
    let figures = house.demo().gateway_url.join("metrics").unwrap();
    let figures = reqwest::get(figures).await.unwrap().text().await.unwrap();
    let alarm = "bank=\"harbour\",data_class=\"balances\",outcome=\"policy_error\"";
    assert!(figures.contains(alarm), "{figures}");
}
