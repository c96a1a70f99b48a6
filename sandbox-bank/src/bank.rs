//! A running bank.

use std::{io, path::PathBuf, sync::Arc};

use axum::Router;
use huskarl_resource_server::core::{Error as HuskarlError, jwk::Jwks};
use oauth_as::store::{Storage, StorageError};
use thiserror::Error;
use tokio::{net::TcpListener, sync::Semaphore, sync::watch, task::JoinHandle};

use crate::{
    cards, chance,
    clock::SharedClock,
    config::{Config, ConfigFault},
    consents, customers,
    db::{self, Db, DbFault},
    faults::Faults,
    fdx,
    house::{House, Shared},
    ledger::{
        growth::{self, Soil},
        homes,
    },
    limits, native,
    network::{self, Network, run::Tools},
    oauth::{
        openid, proofs,
        server::{self, ServerFault},
        storage::SqliteStorage,
    },
    sessions, site, step_up,
    webhooks::{self, Sender, SenderFault},
};

/// Why a bank did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartFault {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigFault),
    /// The data folder cannot be made.
    #[error("the data folder {path} cannot be made: {fault}", path = path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        fault: io::Error,
    },
    /// The database cannot be opened or written.
    #[error(transparent)]
    Db(#[from] DbFault),
    /// The first customers could not be made.
    #[error(transparent)]
    Customers(#[from] customers::SettleFault),
    /// The authorization server cannot start.
    #[error(transparent)]
    Server(#[from] ServerFault),
    /// The check of proofs cannot be set up.
    #[error("the check of proofs: {0}")]
    Proofs(#[from] HuskarlError),
    /// The server's published keys cannot be read back.
    #[error("the server's keys: {0}")]
    Keys(#[from] serde_json::Error),
    /// The library's endpoints cannot be routed.
    #[error("the endpoints of the authorization server: {0}")]
    Endpoints(#[from] oauth_as::http::ServiceError),
    /// Webhooks cannot be sent.
    #[error(transparent)]
    Webhooks(#[from] SenderFault),
    /// The listener has no address.
    #[error("the listener: {0}")]
    Listener(#[from] io::Error),
}

/// A bank to start.
#[derive(Debug, Clone, Copy)]
pub struct Bank;

impl Bank {
    /// Starts a bank on a listener. It answers under `config.public_url`, which must lead to the
    /// listener. Whatever an earlier run left in the data folder goes on.
    pub async fn start(config: Config, listener: TcpListener) -> Result<Running, StartFault> {
        config.check()?;
        let house = Arc::new(open(&config).await?);
        growth::catch_up(&house.db, &house.soil, house.clock.now()).await?;
        connect(&house).await?;
        let app = router(&house)?;
        let (stop, stopped) = watch::channel(());
        let served = tokio::spawn(serve(listener, app, stopped.clone()));
        let ticked = tokio::spawn(tick_until(house.clone(), stopped.clone()));
        let told = tokio::spawn(tell_until(house.clone(), stopped.clone()));
        let networked = tokio::spawn(network_until(house.clone(), stopped));
        tracing::info!(bank = house.name, url = house.issuer, "the bank is open");
        Ok(Running { url: house.issuer.clone(), house, stop, served, ticked, told, networked })
    }
}

/// A bank that is open. Dropping it closes it without waiting.
#[derive(Debug)]
pub struct Running {
    /// The bank's address and OAuth issuer, without a slash at its end.
    pub url: String,
    house: Shared,
    stop: watch::Sender<()>,
    served: JoinHandle<io::Result<()>>,
    ticked: JoinHandle<()>,
    told: JoinHandle<()>,
    networked: JoinHandle<()>,
}

impl Running {
    /// Closes the bank: no new calls, those under way get five seconds.
    pub async fn stop(self) {
        drop(self.stop);
        let mut served = self.served;
        if tokio::time::timeout(limits::STOP_WAIT, &mut served).await.is_err() {
            served.abort();
        }
        self.ticked.abort();
        self.told.abort();
        self.networked.abort();
    }

    /// Lets the bank notice that time has passed, without waiting for its minute: pending payments
    /// settle, new ones appear, what has expired is removed.
    pub async fn catch_up(&self) -> Result<(), TickFault> {
        tick(&self.house).await
    }

    /// Sends the webhooks that are due, without waiting for the next second.
    pub async fn tell(&self) -> Result<(), TellFault> {
        Ok(self.house.webhooks.send_due(&self.house.db, self.house.clock.now()).await?)
    }

    /// Lets the card network do what is due, without waiting for the next second: the crowd and attackers pay, and what
    /// waits for the card stream is sent. Nothing without [`Config::card_stream`].
    pub async fn network(&self) -> Result<(), TellFault> {
        Ok(work(&self.house).await?)
    }
}

/// Why webhooks were not sent.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct TellFault(#[from] DbFault);

/// Why the bank could not follow the clock.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TickFault {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbFault),
    /// The authorization server's records could not be swept.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

async fn open(config: &Config) -> Result<House, StartFault> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|fault| StartFault::DataDir { path: config.data_dir.clone(), fault })?;
    let db = Db::open(&config.data_dir.join(db::FILE_NAME))?;
    let clock = SharedClock::new(config.clock.clone());
    let soil = Soil { seed: config.seed, currency: config.currency.clone() };
    customers::settle_in(&db, &config.slug, &soil)?;
    db.transact_here(|tx| cards::settle_in(tx, &soil))?;
    let issuer = config.issuer();
    let server = server::open(&issuer, &db, clock.clone(), &config.clients).await?;
    let key = server::kept(&db, "nonce key", || Ok(chance::secret::<32>().to_vec()))?;
    let mut nonce_key = [0; 32];
    nonce_key.iter_mut().zip(key).for_each(|(to, from)| *to = from);
    let nonces = proofs::nonces(&nonce_key)?;
    let id_tokens = server::id_tokens(&issuer, &db)?;
    let jwks: Jwks = serde_json::from_value(serde_json::to_value(server.jwks())?)?;
    let storage = SqliteStorage::new(db.clone(), clock.clone());
    let api = server::api_url(&issuer);
    let validator =
        proofs::validator(&issuer, &api, jwks.into(), nonces.clone(), storage, clock.clone()).await?;
    let network = config.card_stream.as_ref().map(|stream| Network::new(stream, &soil));
    Ok(House {
        name: config.name.clone(),
        slug: config.slug.clone(),
        brand: config.brand,
        issuer,
        soil,
        client_names: config.clients.iter().map(|c| (c.client_id.clone(), c.name.clone())).collect(),
        db,
        clock,
        server,
        validator,
        nonces,
        id_tokens,
        faults: Faults::default(),
        password_checks: Semaphore::new(limits::PASSWORD_CHECKS_AT_ONCE),
        step_up: config.step_up.clone(),
        webhooks: Sender::new()?,
        network,
    })
}

fn router(house: &Shared) -> Result<Router, StartFault> {
    let library: Router = oauth_as::http::ServiceBuilder::new(house.server.clone()).build()?.into();
    let door = axum::middleware::from_fn_with_state(house.clone(), crate::oauth::door::stand);
    let mut guarded = Router::new();
    for path in ["/par", "/token", "/introspect", "/revoke", "/jwks"] {
        guarded = guarded.route_service(path, library.clone());
    }
    Ok(guarded
        .layer(door)
        .merge(fdx::router(house))
        .merge(native::router(house))
        .merge(site::router(house))
        .with_state(house.clone()))
}

async fn serve(listener: TcpListener, app: Router, mut stopped: watch::Receiver<()>) -> io::Result<()> {
    let stop = async move {
        // The sender says nothing; that it is gone is the word.
        while stopped.changed().await.is_ok() {}
    };
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

async fn tick_until(house: Shared, mut stopped: watch::Receiver<()>) {
    let mut minute = tokio::time::interval(limits::TICK);
    minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            gone = stopped.changed() => if gone.is_err() { return },
            _ = minute.tick() => {
                if let Err(fault) = tick(&house).await {
                    tracing::error!(%fault, "the bank could not follow the clock; it tries again in a minute");
                }
            }
        }
    }
}

/// Sends what clients are to be told, moment by moment.
async fn tell_until(house: Shared, mut stopped: watch::Receiver<()>) {
    let mut moment = tokio::time::interval(limits::WEBHOOK_TICK);
    moment.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            gone = stopped.changed() => if gone.is_err() { return },
            _ = moment.tick() => {
                if let Err(fault) = house.webhooks.send_due(&house.db, house.clock.now()).await {
                    tracing::error!(%fault, "webhooks could not be sent; the bank tries again in a moment");
                }
            }
        }
    }
}

/// Connects the network, or leaves it, in the database: from now on payments are told, or not.
async fn connect(house: &House) -> Result<(), DbFault> {
    let (connected, now) = (house.network.is_some(), house.clock.now());
    let touch = network::touch(homes::of_currency(&house.soil.currency).prices);
    house.db.transact(move |tx| network::state::connect(tx, connected, touch, now)).await
}

async fn work(house: &House) -> Result<(), DbFault> {
    let Some(network) = &house.network else { return Ok(()) };
    network.work(&Tools { db: &house.db, clock: &house.clock, sender: &house.webhooks }).await
}

/// Lets the card network work at once, beside what the caller does.
pub(crate) fn hurry(house: &Shared) {
    let house = house.clone();
    tokio::spawn(async move {
        if let Err(fault) = work(&house).await {
            tracing::error!(%fault, "the card network stands still; it tries again in a moment");
        }
    });
}

/// Lets the card network go on, second by second.
async fn network_until(house: Shared, mut stopped: watch::Receiver<()>) {
    if house.network.is_none() {
        return;
    }
    let mut second = tokio::time::interval(limits::STREAM_TICK);
    second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            gone = stopped.changed() => if gone.is_err() { return },
            _ = second.tick() => {
                if let Err(fault) = work(&house).await {
                    tracing::error!(%fault, "the card network stands still; it tries again in a moment");
                }
            }
        }
    }
}

async fn tick(house: &House) -> Result<(), TickFault> {
    let now = house.clock.now();
    growth::catch_up(&house.db, &house.soil, now).await?;
    house
        .db
        .transact(move |tx| {
            sessions::sweep(tx, now)?;
            step_up::sweep(tx, now)?;
            webhooks::sweep(tx, now)?;
            network::sweep(tx, now)?;
            openid::sweep(tx, now)?;
            consents::drop_unclaimed(tx, now)
        })
        .await?;
    house.server.store().sweep_expired(now.into()).await?;
    Ok(())
}
