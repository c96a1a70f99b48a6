//! `parlour serve`: runs the gateway until it is asked to stop.

use super::{asked_to_stop, config_or_print};
use crate::{rim::SystemClock, serve, telemetry};
use clap::Args;
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// Run the gateway.
#[derive(Args)]
pub struct Serve {
    /// The gateway's file; the banks' files lie in the folder `banks` beside it.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
}

impl Serve {
    /// Runs it.
    pub async fn run(self) -> ExitCode {
        let config = match config_or_print(&self.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        telemetry::logs(config.log);
        telemetry::metrics();
        let public_url = config.public_url.clone();
        match serve::start(config, Arc::new(SystemClock)).await {
            Ok(running) => {
                tracing::info!(listen = %running.listen, %public_url, "ready");
                asked_to_stop().await;
                tracing::info!("stopping: finishing what is under way");
                running.stop().await;
                tracing::info!("stopped; nothing was lost");
                ExitCode::SUCCESS
            }
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }
}
