//! `parlour witness`: cosigns other people's logs. A process of its own, best on a machine and in the hands
//! of somebody else.

use super::asked_to_stop;
use crate::{
    config::LogFormat,
    keys::{self, KeyFault},
    rim::{self, SystemClock},
    telemetry, witness,
};
use access_log::{CosignerKey, Witness as Cosigner};
use clap::Args;
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};
use tokio::{net::TcpListener, sync::watch};

/// Cosign the checkpoints of logs, each only if it goes on from the last (c2sp.org/tlog-witness).
#[derive(Args)]
pub struct Witness {
    /// The verifier key of a log to look after. May be given several times, also for several keys of one log.
    #[arg(long = "log", required = true)]
    logs: Vec<String>,
    /// The file with the witness's own key. Made, with --name, if it is not there.
    #[arg(long)]
    key: PathBuf,
    /// The name in a new key, such as witness.example/w1.
    #[arg(long)]
    name: Option<String>,
    /// The folder that remembers what was cosigned. A witness that loses it must begin again with a new key.
    #[arg(long)]
    state: PathBuf,
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
}

/// What went wrong, in words.
type Fault = Box<dyn std::error::Error>;

impl Witness {
    /// Runs it until it is asked to stop.
    pub async fn run(self) -> ExitCode {
        telemetry::logs(LogFormat::Human);
        match self.serve().await {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }

    async fn serve(&self) -> Result<(), Fault> {
        let cosigner = Cosigner::open(&self.state, self.key()?, &self.logs)?;
        let listener = TcpListener::bind(self.listen).await?;
        println!("{}", cosigner.verifier_key());
        for (origin, size) in cosigner.sizes() {
            tracing::info!(origin, size, "cosigned up to here");
        }
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(witness::serve(listener, cosigner, Arc::new(SystemClock), stopped));
        tracing::info!(listen = %self.listen, "the witness is ready");
        asked_to_stop().await;
        stop.send_replace(true);
        Ok(serving.await??)
    }

    fn key(&self) -> Result<CosignerKey, Fault> {
        let wrong = |fault| -> Fault { format!("{}: {fault}", self.key.display()).into() };
        if let Some(text) = keys::read_text(&self.key)? {
            return CosignerKey::from_text(text.trim()).map_err(wrong);
        }
        let name =
            self.name.as_deref().ok_or("there is no key in that file; name the new one with --name")?;
        let key = CosignerKey::generate(name, rim::random()).map_err(wrong)?;
        keys::write_new(&self.key, key.to_text().as_bytes()).map_err(|fault: KeyFault| fault)?;
        Ok(key)
    }
}
