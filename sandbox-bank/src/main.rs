//! `sandbox-bank`: one bank on this machine, for any OAuth client to try against.

use std::{net::Ipv4Addr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use sandbox_bank::{
    Bank, BrandColor, CardStream, ClientRegistration, Config, DEMO_LOGINS, Population, StepUp, SystemClock,
    demo_password,
};
use tokio::net::TcpListener;
use url::Url;

/// A bank to try against: FDX-aligned API, FAPI 2.0 authorization server, and its own small site.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Port on the loopback address.
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// Folder for the bank's database; what is there goes on.
    #[arg(long, default_value = "sandbox-bank-data")]
    data: PathBuf,
    /// The bank's name.
    #[arg(long, default_value = "Harbour Bank")]
    name: String,
    /// Short name: in cookies, and in the demo passwords (`<slug>-demo`).
    #[arg(long, default_value = "harbour")]
    slug: String,
    /// The bank's colour, dark enough for white text.
    #[arg(long, default_value = "#0f4a3c", value_parser = |text: &str| BrandColor::parse(text))]
    brand: BrandColor,
    /// Where browsers reach the bank; `http://localhost:<port>` when absent.
    #[arg(long)]
    public_url: Option<Url>,
    /// File with the client's public key as JWK (EC, P-256).
    #[arg(long)]
    client_jwk: PathBuf,
    /// The client's id.
    #[arg(long)]
    client_id: String,
    /// The client's name, as customers read it; its id when absent.
    #[arg(long)]
    client_name: Option<String>,
    /// Where the client may be sent back to; may be given several times.
    #[arg(long, required = true)]
    redirect_uri: Vec<String>,
    /// ISO 4217 code of the bank's currency.
    #[arg(long, default_value = "USD")]
    currency: String,
    /// From which the ledger grows.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the card network sends what cards pay; bulk files go there with /bulk behind it.
    #[arg(long, requires = "card_stream_secret")]
    card_stream: Option<Url>,
    /// File with the card stream's secret (whsec_ and 24 to 64 bytes in base64).
    #[arg(long)]
    card_stream_secret: Option<PathBuf>,
    /// Live payments a minute by people who are no customers here; 0 is none.
    #[arg(long, default_value_t = Population::default().per_minute)]
    live: u32,
    /// Attacks each customer's card once, so many seconds after the first consent that covers it.
    #[arg(long)]
    attack_after: Option<u64>,
}

fn card_stream(options: &Options) -> Result<Option<CardStream>, String> {
    let Some((url, file)) = options.card_stream.as_ref().zip(options.card_stream_secret.as_ref()) else {
        return Ok(None);
    };
    let secret = std::fs::read_to_string(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    let mut stream = CardStream::new(url.clone(), secret.trim().to_owned());
    stream.population.per_minute = options.live;
    stream.attack_after = options.attack_after.map(Duration::from_secs);
    Ok(Some(stream))
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_env_filter(filter()).init();
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("sandbox-bank: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn filter() -> tracing_subscriber::EnvFilter {
    tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"))
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let jwk = std::fs::read_to_string(&options.client_jwk)
        .map_err(|fault| format!("{}: {fault}", options.client_jwk.display()))?;
    let card_stream = card_stream(&options)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .map_err(|fault| format!("port {}: {fault}; choose another with --port", options.port))?;
    let port = listener.local_addr()?.port();
    let public_url = match options.public_url {
        Some(url) => url,
        None => Url::parse(&format!("http://localhost:{port}"))?,
    };
    let password = demo_password(&options.slug);
    let client = ClientRegistration {
        name: options.client_name.unwrap_or_else(|| options.client_id.clone()),
        client_id: options.client_id,
        jwk: serde_json::from_str(&jwk)?,
        redirect_uris: options.redirect_uri,
    };
    let config = Config {
        name: options.name,
        slug: options.slug,
        brand: options.brand,
        public_url,
        data_dir: options.data,
        seed: options.seed,
        currency: options.currency,
        clients: vec![client],
        step_up: StepUp::usual(),
        card_stream,
        clock: Arc::new(SystemClock),
    };
    let running = Bank::start(config, listener).await?;
    println!("open at {}", running.url);
    for login in DEMO_LOGINS {
        println!("  sign in as {} ({}) with {password}", login.login, login.name);
    }
    tokio::signal::ctrl_c().await?;
    println!("closing");
    running.stop().await;
    Ok(())
}
