//! Starting chromedriver and sessions, and ending them for certain.

use super::{Size, Tab};
use fantoccini::{ClientBuilder, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
};
use tempfile::TempDir;

/// Runs the program beside a shell that waits for the end of its standard input and then kills the whole
/// group. The pipe breaks when the test ends, panics or is killed; without it Chromium would live on.
const LEASH: &str = r#"exec 3<&0
{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 &
exec "$@" </dev/null 3<&-"#;

/// What chromedriver prints when it can be talked to.
const READY: &str = "ChromeDriver was started successfully on port ";

/// How Chromium is started: as root, in a container, without calling home.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// As most people have it.
    Run,
    /// Switched off for every page.
    Off,
}

/// A chromedriver and its profiles. Dropping it ends every tab.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    hold: Option<ChildStdin>,
    url: String,
    _profiles: TempDir,
}

impl Browser {
    /// Starts a driver on a free port.
    ///
    /// # Panics
    /// When chromedriver is not installed or says nothing about its port.
    pub fn start() -> Browser {
        let profiles = TempDir::new().unwrap_or_else(|e| panic!("no room for browser profiles: {e}"));
        let mut shell = Command::new("sh");
        shell.args(["-c", LEASH, "sh", "chromedriver", "--port=0"]).env("TMPDIR", profiles.path());
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = shell.spawn().unwrap_or_else(|e| panic!("sh does not start: {e}"));
        let hold = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap_or_else(|| panic!("stdout was piped"))).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix(READY)?.trim_end_matches('.').parse::<u16>().ok())
            .unwrap_or_else(|| {
                panic!("chromedriver does not start; is the package chromium-driver installed?")
            });
        Browser { child, hold, url: format!("http://127.0.0.1:{port}"), _profiles: profiles }
    }

    /// The process group of the driver and all that it starts.
    pub fn group(&self) -> u32 {
        self.child.id()
    }

    /// A tab with a fresh profile of its own: other cookies than every other tab.
    pub async fn tab(&self, size: Size, scripts: Scripts) -> Tab {
        let mut options = json!({ "args": ARGUMENTS });
        if scripts == Scripts::Off {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let wanted: Capabilities =
            serde_json::from_value(wanted).unwrap_or_else(|e| panic!("capabilities are an object: {e}"));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&self.url)
            .await
            .unwrap_or_else(|e| panic!("Chromium does not start: {e}"));
        let tab = Tab::new(client, size, scripts);
        tab.resize(size).await;
        tab
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.hold.take());
        // Its group was just killed; waiting only buries it.
        let _ = self.child.wait();
    }
}
