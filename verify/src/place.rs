//! Where a log lies: in a folder, or under an address.

use access_log::{IoFault, LogFiles};
use std::{
    io::{self, Read},
    path::PathBuf,
    time::Duration,
};
use ureq::{Agent, http::Response};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a host that says "later" or fails is asked again.
const TRIES: u32 = 6;
/// The longest wait that a host may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// "Too many requests" and the answers of hosts that are busy or being restarted.
const LATER: [u16; 4] = [429, 502, 503, 504];

/// A folder or an address.
pub enum Place {
    /// A folder on this machine.
    Folder(PathBuf),
    /// An address, `https://` or `http://`.
    Web(Web),
}

/// A log under an address.
pub struct Web {
    agent: Agent,
    address: String,
}

impl Place {
    /// Reads what stands on the command line.
    pub fn of(text: &str) -> Place {
        if !(text.starts_with("https://") || text.starts_with("http://")) {
            return Place::Folder(text.into());
        }
        let settings = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        let agent = settings.user_agent(concat!("parlour-verify/", env!("CARGO_PKG_VERSION"))).build().into();
        Place::Web(Web { agent, address: text.trim_end_matches('/').to_owned() })
    }
}

impl LogFiles for Place {
    fn read(&self, file: &str, cap: u64) -> Result<Option<Vec<u8>>, IoFault> {
        match self {
            Place::Folder(folder) => folder.as_path().read(file, cap),
            Place::Web(web) => web.read(file, cap),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, bool)>, IoFault> {
        match self {
            Place::Folder(root) => root.as_path().list(folder),
            // What is not named in the specification cannot be found under an address.
            Place::Web(_) => Ok(Vec::new()),
        }
    }
}

impl Web {
    fn read(&self, file: &str, cap: u64) -> Result<Option<Vec<u8>>, IoFault> {
        let url = format!("{}/{file}", self.address);
        let fault = |source| IoFault { doing: "fetch", path: PathBuf::from(&url), source };
        let mut answer = self.ask(&url).map_err(fault)?;
        match answer.status().as_u16() {
            200 => {
                let mut bytes = Vec::new();
                answer.body_mut().as_reader().take(cap + 1).read_to_end(&mut bytes).map_err(fault)?;
                Ok(Some(bytes))
            }
            404 | 410 => Ok(None),
            status => Err(fault(io::Error::other(format!("the host answered {status}")))),
        }
    }

    /// Asks; a host that says "later" is asked again when it says.
    fn ask(&self, url: &str) -> io::Result<Response<ureq::Body>> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.agent.get(url).call().map_err(io::Error::other);
            let wait = match &answer {
                Ok(answer) if LATER.contains(&answer.status().as_u16()) => later(answer),
                Ok(_) => return answer,
                Err(_) => Duration::from_secs(1),
            };
            if tries == TRIES {
                return answer;
            }
            pause(wait);
        }
    }
}

fn later(answer: &Response<ureq::Body>) -> Duration {
    let seconds = answer.headers().get("retry-after").and_then(|text| text.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1)).min(LONGEST_WAIT)
}

#[expect(clippy::disallowed_methods, reason = "this program has one thread and nothing else to do meanwhile")]
fn pause(wait: Duration) {
    std::thread::sleep(wait);
}
