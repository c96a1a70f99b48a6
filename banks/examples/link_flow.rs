//! Signs in at a bank whose sign-in pages answer by themselves, links with it, refreshes, and revokes: the cross-check against
//! servers that nobody here wrote.
//!
//! `link_flow key FILE` makes the client key, unless FILE holds one, and prints its public JWK.
//! `link_flow run ISSUER FILE` does the whole flow; the API is at ISSUER/fdx/v6. CLIENT_ID and REDIRECT_URI
//! may be set. One line per step; at the first that fails it ends with a status other than 0.

use banks::{AtBank, ClientKey, Connector, ConnectorConfig, Grant, Limits, LinkAsk, Refresh};
use domain::{Clock, DataClass};
use std::{collections::BTreeMap, env, error::Error, fs, io, path::Path, process::ExitCode, sync::Arc};
use url::Url;

/// A sign-in that leads through more pages than this goes in circles.
const MAX_PAGES: usize = 20;

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "an example is a rim: it reads the system's clock")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["key", file] => key(Path::new(file)).map(|key| println!("{}", key.public_jwk())),
        ["run", issuer, file] => run(issuer, Path::new(file)).await,
        _ => Err("usage: link_flow key FILE | link_flow run ISSUER FILE".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("link_flow: {error}");
            ExitCode::FAILURE
        }
    }
}

fn key(file: &Path) -> Result<ClientKey, Box<dyn Error>> {
    match fs::read(file) {
        Ok(der) => Ok(ClientKey::from_pkcs8_der(&der)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = ClientKey::generate()?;
            fs::write(file, key.to_pkcs8_der())?;
            Ok(key)
        }
        Err(error) => Err(error.into()),
    }
}

async fn run(issuer: &str, file: &Path) -> Result<(), Box<dyn Error>> {
    let given = |name: &str, usual: &str| env::var(name).unwrap_or_else(|_| usual.to_owned());
    let config = ConnectorConfig {
        bank: "compat".parse()?,
        issuer: issuer.parse()?,
        api: format!("{issuer}/fdx/v6").parse()?,
        native: None,
        client_id: given("CLIENT_ID", "parlour"),
        redirect_uri: given("REDIRECT_URI", "https://gateway.example/link/callback").parse()?,
        signing_key: key(file)?,
        sign_in: true,
        refresh: Refresh::Keep,
        roots: None,
        limits: Limits::default(),
    };
    let connector = Connector::discover(config.clone(), Arc::new(SystemClock)).await?;
    println!("discovered");
    if !connector.offers_sign_in() {
        return Err("the server offers no sign-in".into());
    }
    let begun = connector.begin_sign_in().await?;
    let back = sign_in(begun.authorization_url, &config.redirect_uri).await?;
    let person = connector.finish_sign_in(&begun.pending, back.query().unwrap_or_default()).await?;
    println!("signed in alone");
    let begun = connector.begin_link(&ask()?).await?;
    println!("pushed");
    let back = sign_in(begun.authorization_url, &config.redirect_uri).await?;
    println!("signed in");
    let linked = connector.finish_link(&begun.pending, back.query().unwrap_or_default()).await?;
    println!(
        "linked: {} account(s), {:?}, until {}",
        linked.accounts.len(),
        linked.data_classes,
        linked.expires_at
    );
    let same = linked.subject.as_ref().is_some_and(|subject| subject.expose() == person.expose());
    if !same {
        return Err("linking names another person than the sign-in".into());
    }
    let grant: Grant = serde_json::from_str(&serde_json::to_string(&linked.grant)?)?;
    expect(connector.consent_status(&grant).await?, AtBank::Active)?;
    // A connector that has just started knows no access token, so this one refreshes.
    let connector = Connector::discover(config, Arc::new(SystemClock)).await?;
    expect(connector.consent_status(&grant).await?, AtBank::Active)?;
    println!("refreshed");
    connector.revoke(&grant).await?;
    expect(connector.consent_status(&grant).await?, AtBank::Revoked)?;
    println!("revoked");
    Ok(())
}

fn ask() -> Result<LinkAsk, Box<dyn Error>> {
    Ok(LinkAsk {
        consent: "cst_00000000000000000000000000000001".parse()?,
        customer: "cus_00000000000000000000000000000001".parse()?,
        orders: false,
        reports: false,
        events: false,
        data_classes: vec![DataClass::Accounts, DataClass::Balances, DataClass::Transactions],
        days: 90,
        lookback_days: 90,
    })
}

fn expect(found: AtBank, expected: AtBank) -> Result<(), Box<dyn Error>> {
    if found == expected { Ok(()) } else { Err(format!("the consent is {found:?}, not {expected:?}").into()) }
}

/// Follows the pages as a browser with cookies does, until one leads to our own address.
async fn sign_in(from: Url, to: &Url) -> Result<Url, Box<dyn Error>> {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let mut cookies = BTreeMap::<String, String>::new();
    let mut url = from;
    for _page in 0..MAX_PAGES {
        let sent: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let page = browser.get(url.clone()).header("cookie", sent.join("; ")).send().await?;
        for cookie in page.headers().get_all("set-cookie") {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let Some(next) = page.headers().get("location") else {
            return Err(format!("the sign-in stops with status {}", page.status()).into());
        };
        url = url.join(next.to_str()?)?;
        if (url.origin(), url.path()) == (to.origin(), to.path()) {
            return Ok(url);
        }
    }
    Err("the sign-in goes in circles".into())
}
