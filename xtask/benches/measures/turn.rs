//! `turn`: a balance question from accepted to reply stored, at a steady pace, and how much of that is ours
//! rather than the bank's. The bank is the sandbox bank behind a [`Meter`].

use crate::{
    backend::on_disk,
    files,
    meter::Meter,
    report::{Times, print, print_times},
};
use domain::{BankId, Clock};
use jiff::Timestamp;
use parlour::{
    config::Config,
    demo::visitor::Visitor,
    keys::Keys,
    rim::SystemClock,
    room,
    serve::{self, Running},
    session::Session,
};
use sandbox_bank::{Bank, BankClock, BrandColor, ClientRegistration};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, task::JoinSet, time};
use url::Url;

/// People who ask, each linked by signing in at the bank.
const PEOPLE: u32 = 50;
/// Questions a second, all people together.
const PER_SECOND: u32 = 50;
/// How long they ask.
const LENGTH: Duration = Duration::from_secs(30);
/// How long a person waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
const QUESTION: &str = "What's my balance?";
/// How often each service is asked for, one after the other.
const EACH: u32 = 100;
/// The services, by what people say. The question after an order is left open: the next message is another one.
const SERVICES: &[(&str, &str)] = &[
    ("balances", QUESTION),
    ("transactions", "last transactions"),
    ("spending", "what did I spend at Greenleaf Market this month?"),
    ("comparison", "did I spend more than last month?"),
    ("picture", "how do I spend my money?"),
    ("places", "where did I shop?"),
    ("limits", "what are my card limits?"),
    ("freeze", "freeze my card"),
    ("travel", "I'm going to Portugal from 3 to 10 December"),
    ("rename", "call my checking account Bills"),
    ("statements", "my statements"),
    ("schedules", "my standing orders"),
    ("subscriptions", "my subscriptions"),
    ("contact", "how do you contact me"),
    ("file", "my payments as a csv file"),
    ("changes", "what did you change?"),
    ("who_looked", "who looked at my data?"),
    ("help", "what can you do?"),
    ("hours", "when are you open?"),
    ("other_words", "i would like to know whats left over for the rest of the week"),
];

/// Somebody who is linked, and the access token with which the bank knows them.
struct Person {
    session: Session,
    token: String,
}

/// Measures and prints.
pub async fn measure() {
    let dir = on_disk();
    let street = Street::open(dir.path()).await;
    let mut people = vec![];
    for n in 0..PEOPLE {
        let session = street.link(n).await;
        street.meter.take_all();
        street.ask(&session, QUESTION, "warm").await;
        let token = street
            .meter
            .take_all()
            .into_keys()
            .find(|token| token.starts_with("DPoP "))
            .expect("the bank was asked");
        people.push(Arc::new(Person { session, token }));
    }
    let first = people.first().cloned().expect("there are people");
    let street = Arc::new(street);
    let mut tasks = JoinSet::new();
    for (n, person) in people.into_iter().enumerate() {
        tasks.spawn(asks(street.clone(), person, u32::try_from(n).unwrap_or(0)));
    }
    let (mut whole, mut ours) = (Times::default(), Times::default());
    while let Some(person) = tasks.join_next().await {
        let (one_whole, one_ours) = person.expect("a person does not panic");
        whole.add(&one_whole);
        ours.add(&one_ours);
    }
    print(
        "turn.per_second",
        whole.count() as f64 / LENGTH.as_secs_f64(),
        "turns/s",
        Some(f64::from(PER_SECOND)),
    );
    print_times("turn", &whole);
    print_times("turn.ours", &ours);
    services(&street, &first).await;
    Arc::into_inner(street).expect("everybody has left").close().await;
}

/// Every service, asked for by one person with nobody else there: what is ours of it.
async fn services(street: &Street, person: &Person) {
    for (name, question) in SERVICES {
        let mut ours = Times::default();
        for count in 0..EACH {
            street.meter.take(&person.token);
            let took = street.ask(&person.session, question, &format!("{name}-{count}")).await;
            ours.note(took.saturating_sub(street.meter.take(&person.token)));
        }
        print_times(&format!("turn.{name}.ours"), &ours);
    }
}

/// One person, asking once each round until the time is over.
async fn asks(street: Arc<Street>, person: Arc<Person>, n: u32) -> (Times, Times) {
    let (mut whole, mut ours) = (Times::default(), Times::default());
    let round = Duration::from_secs(1) * PEOPLE / PER_SECOND;
    let mut next = time::interval_at(time::Instant::now() + round * n / PEOPLE, round);
    let began = Instant::now();
    for count in 0.. {
        next.tick().await;
        if began.elapsed() >= LENGTH {
            break;
        }
        street.meter.take(&person.token);
        let took = street.ask(&person.session, QUESTION, &format!("t-{count}")).await;
        whole.note(took);
        ours.note(took.saturating_sub(street.meter.take(&person.token)));
    }
    (whole, ours)
}

/// A bank, its meter and a gateway.
pub struct Street {
    /// The gateway.
    pub gateway: Running,
    gateway_url: Url,
    bank: sandbox_bank::Running,
    meter: Arc<Meter>,
}

#[derive(Debug)]
struct SameClock;

impl BankClock for SameClock {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

impl Street {
    /// Opens all of it in a folder.
    pub async fn open(dir: &Path) -> Street {
        Street::open_with(dir, files::write).await
    }

    /// The same with other files, which `write` makes for a folder, a port and the bank's address.
    pub async fn open_with(dir: &Path, write: fn(&Path, u16, &str) -> Config) -> Street {
        let (gateway, front, back) = (listen().await, listen().await, listen().await);
        let port =
            |listener: &TcpListener| listener.local_addr().expect("a bound socket has an address").port();
        let issuer = format!("http://127.0.0.1:{}", port(&front));
        let behind = format!("http://127.0.0.1:{}", port(&back)).parse().expect("a host and a port");
        let config = write(dir, port(&gateway), &issuer);
        let gateway_url = config.public_url.clone();
        let key = Keys::open(config.data.join("keys")).and_then(|keys| keys.client(&bank_id()));
        let key = key.unwrap_or_else(|fault| panic!("a key is made: {fault}"));
        let bank = bank(dir, &issuer, key.public_jwk(), gateway_url.join("link/callback").expect("a path"));
        let bank = Bank::start(bank, back).await.unwrap_or_else(|fault| panic!("the bank opens: {fault}"));
        let meter = Meter::start(front, behind);
        let gateway = serve::start_on(gateway, config, Arc::new(SystemClock)).await;
        let gateway = gateway.unwrap_or_else(|fault| panic!("the gateway starts: {fault}"));
        Street { gateway, gateway_url, bank, meter }
    }

    /// Asks and waits until the reply is stored; the time from the one to the other.
    async fn ask(&self, session: &Session, question: &str, key: &str) -> Duration {
        let app = &self.gateway.app;
        let tenant = app.tenants.get(&session.bank).expect("the bank is served");
        let mut bell = app.bells.subscribe(&session.conversation);
        let rings = bell.borrow_and_update().count;
        let said = room::say(app, &tenant, session, question, key, None).await;
        said.unwrap_or_else(|fault| panic!("the question is taken: {fault}"));
        let began = Instant::now();
        // The first ring is the question's own.
        let answered = bell.wait_for(|ring| ring.count >= rings + 2);
        let _ = time::timeout(PATIENCE, answered).await.expect("an answer comes").expect("the bell stays");
        began.elapsed()
    }

    /// Links somebody new, as a browser would.
    pub async fn link(&self, n: u32) -> Session {
        let login = sandbox_bank::DEMO_LOGINS[n as usize % sandbox_bank::DEMO_LOGINS.len()].login;
        let at = |path: &str| self.gateway_url.join(path).expect("a plain path");
        let mut visitor = Visitor::new().expect("a client without extras can be made");
        visitor.get(&at("chat/harbour")).await.expect("the chat opens");
        let asked = self.say(&mut visitor, QUESTION, "q").await;
        let notice = find(&asked, "href").expect("the answer has a button");
        let page = visitor.get(&at(&notice)).await.expect("the link opens");
        let form = page.form_with("Go to").expect("the link page has a button");
        let page = visitor.submit(&page.url, &form, None).await.expect("the button leads on");
        let page = visitor.settle(page).await.expect("to the bank");
        let form = page.form_with("password").expect("the bank asks to sign in");
        let form = form.fill("login", login).fill("password", &sandbox_bank::demo_password("harbour"));
        let page = visitor.submit(&page.url, &form, None).await.expect("the bank takes the password");
        let page = visitor.settle(page).await.expect("to the choice of accounts");
        let form = page.form_with("approve").expect("the bank asks for approval");
        let page =
            visitor.submit(&page.url, &form, Some("approve")).await.expect("the bank takes the approval");
        visitor.settle(page).await.expect("back to the chat");
        let told = self.say(&mut visitor, "Yes, that was me", "y").await.to_string();
        assert!(told.contains("Linked to"), "{told}");
        let cookies = visitor.cookies_of(&self.gateway_url);
        let token = cookies.get("__Host-parlour-harbour").expect("the chat gave a session");
        let app = &self.gateway.app;
        app.sessions.check(&bank_id(), token, app.clock.now()).expect("the session is ours")
    }

    /// Says something as the page would, and gives the bank's answer.
    async fn say(&self, visitor: &mut Visitor, text: &str, key: &str) -> Value {
        let url = self.gateway_url.join("v1/chat/harbour/messages").expect("a plain path");
        let said = visitor.post_json(&url, &json!({ "text": text, "key": key })).await.expect("it is taken");
        let said: Value = serde_json::from_str(&said.body).expect("the answer is JSON");
        let mut after = url.clone();
        after.set_query(Some(&format!("after={}", said["seq"])));
        for _ in 0..400 {
            let told = visitor.json(&after).await.expect("the thread is read");
            let mut replies = told["messages"].as_array().into_iter().flatten();
            if let Some(reply) = replies.find(|message| message["words"]["answers"] == said["seq"]) {
                return reply.clone();
            }
            time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no answer to {text}");
    }

    /// Stops all of it.
    pub async fn close(self) {
        self.gateway.stop().await;
        self.bank.stop().await;
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports")
}

fn bank_id() -> BankId {
    "harbour".parse().expect("a plain word is a bank id")
}

fn bank(dir: &Path, issuer: &str, jwk: Value, callback: Url) -> sandbox_bank::Config {
    sandbox_bank::Config {
        name: "Harbour Bank".to_owned(),
        slug: "harbour".to_owned(),
        brand: BrandColor::parse("#0f4a3c").expect("dark enough"),
        public_url: issuer.parse().expect("a host and a port"),
        data_dir: dir.join("bank"),
        seed: 11,
        currency: "USD".to_owned(),
        clients: vec![ClientRegistration {
            client_id: "parlour".to_owned(),
            name: "Parlour".to_owned(),
            jwk,
            redirect_uris: vec![callback.to_string()],
        }],
        step_up: sandbox_bank::StepUp::usual(),
        card_stream: None,
        clock: Arc::new(SameClock),
    }
}

/// The first text of this name, anywhere in a document.
fn find(document: &Value, name: &str) -> Option<String> {
    match document {
        Value::Object(fields) => {
            let own = fields.get(name).and_then(Value::as_str).map(str::to_owned);
            own.or_else(|| fields.values().find_map(|field| find(field, name)))
        }
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}
