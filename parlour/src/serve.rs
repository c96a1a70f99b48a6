//! Starting and stopping the gateway.

use crate::{
    alerts::{self, engine::Engines},
    app::{App, Settings},
    bank_tasks,
    bells::Bells,
    config::{Config, Understanding},
    erasure::{self, Erasures, list::ErasureList},
    expiry, http,
    keys::{KeyFault, Keys},
    logs::{Logs, log_folder, log_origin},
    mind,
    pace::Pace,
    policy::{InForce, PolicyTrouble, reload},
    publisher,
    restore::{self, Behind, Older, Published, RestoreFault},
    rim,
    session::Sessions,
    sign_in::Subjects,
    staff::ceremony,
    stops::{self, StopFault},
    telemetry,
    tenant::{Tenant, Tenants},
    watches, worker,
};
use access_log::LogFolder;
use domain::{BankId, Clock};
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use store::{
    DbError, OpenError, Store,
    pull_outs::{self, PullOut},
    staff::{self as people, Person, sessions},
    stops::{self as stops_of, Stopped},
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use understanding::learned::mind::Mind;

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The address is taken or cannot be listened on.
    #[error("{listen} cannot be listened on: {source}. Stop what uses it, or take another port.")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The store.
    #[error("the store cannot be opened: {0}")]
    Store(#[from] OpenError),
    /// The database came out of a backup and could not be made fit to serve.
    #[error("the database cannot be served: {0}")]
    Restore(#[from] RestoreFault),
    /// What banks stopped from the console.
    #[error("what banks stopped cannot be put in force: {0}")]
    Stops(#[from] StopFault),
    /// A bank's policies.
    #[error("the banks' policies are not right:\n{0}")]
    Policy(#[from] PolicyTrouble),
    /// A bank's log.
    #[error("the access log of {bank} in {folder} cannot be continued: {fault}")]
    Log {
        /// The bank.
        bank: BankId,
        /// Its folder.
        folder: PathBuf,
        /// Why.
        fault: Box<access_log::OpenError>,
    },
}

/// A gateway that runs.
pub struct Running {
    /// The address that it listens on, after the system chose a port.
    pub listen: SocketAddr,
    /// The gateway.
    pub app: Arc<App>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Stops: takes no new requests, finishes those and the turns under way, writes what is left.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        self.app.store.clone().close().await;
    }
}

/// Starts the gateway on its address.
pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Running, StartFault> {
    let listen = config.listen;
    let listener = TcpListener::bind(listen).await.map_err(|source| StartFault::Listen { listen, source })?;
    start_on(listener, config, clock).await
}

/// Starts the gateway on a listener that is bound already.
pub async fn start_on(
    listener: TcpListener,
    config: Config,
    clock: Arc<dyn Clock>,
) -> Result<Running, StartFault> {
    let listen =
        listener.local_addr().map_err(|source| StartFault::Listen { listen: config.listen, source })?;
    let (stop, stopped) = watch::channel(false);
    let Prepared { app, folders, logs } = prepare(config, listen, clock, stopped)?;
    stops::refresh(&app).await?;
    restore::settle(&app, &logs, Older::IsRefused).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(worker::run(app.clone()));
    tasks.spawn(bank_tasks::run(app.clone()));
    tasks.spawn(expiry::run(app.clone()));
    tasks.spawn(watches::worker::run(app.clone()));
    tasks.spawn(alerts::engine::run(app.clone()));
    tasks.spawn(alerts::worker::run(app.clone()));
    tasks.spawn(reload::run(app.clone()));
    tasks.spawn(erasure::worker::run(app.clone()));
    tasks.spawn(stops::run(app.clone()));
    tasks.spawn(telemetry::upkeep(app.stop.clone()));
    for (bank, folder) in folders {
        tasks.spawn(publisher::run(app.clone(), bank, folder));
    }
    tasks.spawn(http::serve(app.clone(), listener));
    Ok(Running { listen, app, stop, tasks })
}

/// A gateway that does not serve yet.
struct Prepared {
    app: Arc<App>,
    folders: Vec<(BankId, LogFolder)>,
    logs: Vec<Published>,
}

fn prepare(
    config: Config,
    listen: SocketAddr,
    clock: Arc<dyn Clock>,
    stopped: watch::Receiver<bool>,
) -> Result<Prepared, StartFault> {
    let keys = Keys::open(config.data.join("keys"))?;
    let folders = open_logs(&config, &keys)?;
    let data = config.data.clone();
    let app = Arc::new(app(config, listen, &keys, clock, stopped)?);
    let logs =
        folders.iter().map(|(bank, folder)| (bank.clone(), log_folder(&data, bank), folder.size())).collect();
    Ok(Prepared { app, folders, logs })
}

/// What there is to know about a database that was put back from a backup.
#[derive(Debug)]
pub struct Restored {
    /// The banks whose database did not know all that was published.
    pub behind: Vec<Behind>,
    /// How many sign-ins of staff were ended.
    pub signed_out: u64,
    /// Who may open the consoles, by bank.
    pub people: Vec<Person>,
    /// What banks say No to from their consoles.
    pub stops: Vec<Stopped>,
    /// What banks have pulled out of.
    pub pulled_out: Vec<PullOut>,
}

/// Looks at a database while no gateway runs on its log; if it is `confirmed` that it comes from a backup, makes it fit
/// to be served and ends the sign-ins of staff.
pub async fn restore(config: Config, clock: Arc<dyn Clock>, confirmed: bool) -> Result<Restored, StartFault> {
    let (_stop, stopped) = watch::channel(false);
    let listen = config.listen;
    let Prepared { app, folders, logs } = prepare(config, listen, clock, stopped)?;
    let outcome = restore_with(&app, &logs, confirmed).await;
    app.store.clone().close().await;
    drop(folders);
    Ok(outcome?)
}

async fn restore_with(app: &App, logs: &[Published], confirmed: bool) -> Result<Restored, RestoreFault> {
    let behind = restore::look(app, logs).await?;
    if confirmed {
        restore::settle(app, logs, Older::IsConfirmed).await?;
    }
    let banks: Vec<BankId> = app.tenants.values().map(|tenant| tenant.id.clone()).collect();
    let found = app.store.transact(move |tx| -> Result<_, DbError> {
        let mut restored = Restored {
            behind: behind.clone(),
            signed_out: 0,
            people: vec![],
            stops: stops_of::all(tx)?,
            pulled_out: vec![],
        };
        for bank in &banks {
            if confirmed {
                restored.signed_out += sessions::end_of_bank(tx, bank)?;
            }
            restored.people.extend(people::of_bank(tx, bank)?);
            restored.pulled_out.extend(pull_outs::standing(tx, bank)?);
        }
        Ok(restored)
    });
    Ok(found.await?)
}

fn open_logs(config: &Config, keys: &Keys) -> Result<Vec<(BankId, LogFolder)>, StartFault> {
    let mut folders = vec![];
    for bank in &config.banks {
        let ring = keys.log(&bank.id, &log_origin(&config.public_url, &bank.id))?;
        let folder = log_folder(&config.data, &bank.id);
        let open = LogFolder::open(&folder, ring.keys()).map_err(|fault| StartFault::Log {
            bank: bank.id.clone(),
            folder,
            fault: Box::new(fault),
        })?;
        folders.push((bank.id.clone(), open));
    }
    Ok(folders)
}

fn app(
    config: Config,
    listen: SocketAddr,
    keys: &Keys,
    clock: Arc<dyn Clock>,
    stop: watch::Receiver<bool>,
) -> Result<App, StartFault> {
    let tenants = Tenants::default();
    let now = clock.now();
    let in_force =
        InForce::begin(&config.banks, config.data.clone(), config.require_proof, tenants.clone(), now)?;
    let store = Store::open(&config.database, keys.kek()?, config.store_options())?;
    let callback = config.public_url.join("link/callback").expect("a plain path joins any address");
    let told_of_cards = config.banks.iter().filter(|bank| bank.fraud.is_some()).map(|bank| bank.id.clone());
    let engines = Engines::new(told_of_cards, config.data.join("fraud"), keys.cards()?);
    for bank in config.banks {
        let key = keys.client(&bank.id)?;
        let (gate, store) = (in_force.gate(), store.clone());
        tenants.insert(Tenant::new(bank, gate, key, callback.clone(), store, clock.clone()));
    }
    Ok(App {
        store,
        in_force,
        passkeys: ceremony::passkeys_of(&config.public_url),
        logs: Logs::new(config.data, keys.clone(), config.public_url.clone()),
        tenants,
        sessions: Sessions::new(keys.session()?),
        subjects: Subjects::new(keys.subjects()?),
        erasures: Erasures::new(ErasureList::at(config.erasures)),
        engines,
        bells: Bells::default(),
        pace: Pace::new(&config.limits),
        mind: ready(&config.understanding),
        stop,
        settings: Settings {
            public_url: config.public_url,
            listen,
            limits: config.limits,
            trust_forwarded_for: config.trust_forwarded_for,
            region_header: config.region_header,
            witnesses: config.access_log,
            worker: format!("w-{}", rim::uuid(clock.now()).simple()),
        },
        clock,
    })
}

/// The part that was learned. What cannot be used is told, and the tier below takes its place.
fn ready(wanted: &Understanding) -> Option<Mind> {
    let (mind, below) = mind::load(wanted);
    for why in &below {
        tracing::warn!(%why, "a better tier of understanding cannot be used; the one below is");
    }
    mind
}
