//! The demo: two sandbox banks with their own policies, and the gateway in front of them, on this machine.
//! Everything speaks real HTTP; the only thing that is not real is the money.

pub mod check;
pub mod files;
pub mod guest;
pub mod page;
pub mod staff;
pub mod visitor;

use crate::{
    config::{self, ConfigFault},
    keys::{KeyFault, Keys},
    serve::{self, StartFault},
};
use domain::{BankId, Clock};
use sandbox_bank::{Bank, BankClock, BrandColor, CardStream, ClientRegistration};
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;
use url::Url;

/// The port of the gateway when nobody says another. The banks take the two after it.
pub const PORT: u16 = 8080;

/// How long after the first link the demo attacks a card: time enough to look around, and within a minute.
const ATTACK_AFTER: Duration = Duration::from_secs(45);

/// How to start the demo.
#[derive(Debug, Clone)]
pub struct DemoConfig {
    /// The folder for everything that is kept.
    pub data: PathBuf,
    /// The gateway's port; the banks take the two after it.
    pub port: u16,
    /// The time, for the gateway and the banks alike.
    pub clock: Arc<dyn Clock>,
    /// Whether the first bank's card network lives: a crowd that pays, and an attack on the first customer who links.
    pub network: bool,
}

/// One bank of the demo.
#[derive(Debug, Clone)]
pub struct DemoBank {
    /// Its id in addresses.
    pub id: BankId,
    /// Its name.
    pub name: &'static str,
    /// Its chat on the gateway.
    pub chat: Url,
    /// Its own site.
    pub url: Url,
    /// A customer's name there.
    pub login: String,
    /// Their password.
    pub password: String,
}

/// A demo that runs.
pub struct RunningDemo {
    /// The gateway's address.
    pub gateway_url: Url,
    /// The banks.
    pub banks: Vec<DemoBank>,
    /// The banks' own people, and how they get into the consoles.
    pub people: Vec<staff::DemoPerson>,
    /// The gateway.
    pub gateway: serve::Running,
    sandboxes: Vec<sandbox_bank::Running>,
}

/// Why the demo does not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoFault {
    /// A port is taken.
    #[error("port {port} is taken ({source}). The demo needs {first}, {} and {}. Stop what uses them, or take others with --port N.", .first + 1, .first + 2)]
    Port {
        /// The port.
        port: u16,
        /// The first of the three.
        first: u16,
        /// What the system says.
        source: io::Error,
    },
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The configuration in the demo's folder was changed and is not right.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<ConfigFault>),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// A sandbox bank.
    #[error("{bank} does not start: {fault}")]
    Bank {
        /// The bank.
        bank: &'static str,
        /// Why.
        fault: Box<sandbox_bank::StartFault>,
    },
    /// The banks' people could not be invited.
    #[error("the banks' people could not be invited: {0}")]
    Staff(Box<crate::staff::StaffFault>),
    /// The gateway.
    #[error(transparent)]
    Gateway(#[from] Box<StartFault>),
}

/// What makes a demo bank.
struct Plan {
    id: &'static str,
    name: &'static str,
    brand: &'static str,
    seed: u64,
}

const PLANS: [Plan; 2] = [
    Plan { id: "harbour", name: "Harbour Bank", brand: "#0f4a3c", seed: 11 },
    Plan { id: "meridian", name: "Meridian Savings", brand: "#1d3f72", seed: 23 },
];

/// Starts banks and gateway. What was kept in the folder goes on.
pub async fn start(config: DemoConfig) -> Result<RunningDemo, DemoFault> {
    let mut listeners = vec![];
    for offset in 0..=PLANS.len() as u16 {
        listeners.push(listen(config.port, offset).await?);
    }
    files::write(&config.data, config.port)?;
    let gateway_config = config::load(&config.data.join("parlour.toml")).map_err(DemoFault::Config)?;
    let keys = Keys::open(gateway_config.data.join("keys"))?;
    let gateway_listener = listeners.remove(0);
    let gateway_url = gateway_config.public_url.clone();
    let (mut banks, mut sandboxes) = (vec![], vec![]);
    for (plan, listener) in PLANS.iter().zip(listeners) {
        let told =
            gateway_config.banks.iter().any(|bank| bank.id.as_str() == plan.id && bank.fraud.is_some());
        let stream = if told && config.network {
            Some(card_stream(&config.data, &gateway_url, plan.id)?)
        } else {
            None
        };
        let sandbox = start_bank(plan, listener, &config, (&keys, &gateway_url), stream).await?;
        banks.push(demo_bank(plan, &gateway_url, &sandbox));
        sandboxes.push(sandbox);
    }
    let gateway =
        serve::start_on(gateway_listener, gateway_config, config.clock.clone()).await.map_err(Box::new)?;
    let people = staff::prepare(&gateway.app, &config.data).await?;
    Ok(RunningDemo { gateway_url, banks, people, gateway, sandboxes })
}

/// The banks of a demo whose gateway was stopped.
pub struct Banks {
    /// The banks.
    pub banks: Vec<DemoBank>,
    sandboxes: Vec<sandbox_bank::Running>,
}

impl Banks {
    /// Stops them.
    pub async fn stop(self) {
        for sandbox in self.sandboxes {
            sandbox.stop().await;
        }
    }
}

impl RunningDemo {
    /// Stops the gateway and leaves the banks, for who runs a gateway on the demo's folder as a process of its own.
    pub async fn without_gateway(self) -> Banks {
        self.gateway.stop().await;
        Banks { banks: self.banks, sandboxes: self.sandboxes }
    }

    /// Stops all of it; what was said and done is kept.
    pub async fn stop(self) {
        self.gateway.stop().await;
        for sandbox in self.sandboxes {
            sandbox.stop().await;
        }
    }
}

async fn listen(first: u16, offset: u16) -> Result<TcpListener, DemoFault> {
    let port = first.saturating_add(offset);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpListener::bind(address).await.map_err(|source| DemoFault::Port { port, first, source })
}

async fn start_bank(
    plan: &Plan,
    listener: TcpListener,
    demo: &DemoConfig,
    (keys, gateway): (&Keys, &Url),
    card_stream: Option<CardStream>,
) -> Result<sandbox_bank::Running, DemoFault> {
    let failed = |fault| DemoFault::Bank { bank: plan.name, fault: Box::new(fault) };
    let address =
        listener.local_addr().map_err(|source| DemoFault::Port { port: 0, first: demo.port, source })?;
    let id: BankId = plan.id.parse().expect("a demo bank's id is a bank id");
    let config = sandbox_bank::Config {
        name: plan.name.to_owned(),
        slug: plan.id.to_owned(),
        brand: BrandColor::parse(plan.brand).expect("a demo bank's colour can be read"),
        public_url: Url::parse(&format!("http://{address}")).expect("an address makes a URL"),
        data_dir: demo.data.join("sandbox").join(plan.id),
        seed: plan.seed,
        currency: "USD".to_owned(),
        clients: vec![ClientRegistration {
            client_id: "parlour".to_owned(),
            name: format!("Parlour, the chat of {}", plan.name),
            jwk: keys.client(&id)?.public_jwk(),
            redirect_uris: vec![gateway.join("link/callback").map(String::from).unwrap_or_default()],
        }],
        step_up: sandbox_bank::StepUp::usual(),
        card_stream,
        clock: Arc::new(SharedClock(demo.clock.clone())),
    };
    Bank::start(config, listener).await.map_err(failed)
}

/// Where the first bank tells of card payments, and that it attacks a card some time after it was linked.
fn card_stream(data: &Path, gateway: &Url, bank: &str) -> Result<CardStream, DemoFault> {
    let url = gateway.join(&format!("card-events/{bank}")).expect("a plain path joins any address");
    let stream = CardStream::new(url, files::card_secret(data)?.to_string());
    Ok(CardStream { attack_after: Some(ATTACK_AFTER), ..stream })
}

fn demo_bank(plan: &Plan, gateway: &Url, sandbox: &sandbox_bank::Running) -> DemoBank {
    DemoBank {
        id: plan.id.parse().expect("a demo bank's id is a bank id"),
        name: plan.name,
        chat: gateway.join(&format!("chat/{}", plan.id)).expect("a plain path joins any address"),
        url: Url::parse(&sandbox.url).expect("a bank that runs has an address"),
        login: "maya".to_owned(),
        password: format!("{}-demo", plan.id),
    }
}

/// Gateway and banks live in the same time.
#[derive(Debug)]
struct SharedClock(Arc<dyn Clock>);

impl BankClock for SharedClock {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}
