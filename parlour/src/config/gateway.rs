//! `parlour.toml`: the gateway as a whole.

use super::{
    bank::{self, BankFile},
    fault::{ConfigFault, Source, read_file},
    roots,
    understanding::{self, Understanding, WrittenUnderstanding},
};
use access_log::CosignerKey;
use serde::Deserialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use toml::Spanned;
use url::Url;

/// How many banks one gateway serves.
pub const MAX_BANKS: usize = 1_000;

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For a person at a terminal.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// Limits of the whole gateway. Each has a clear refusal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Messages that one conversation may send in a burst.
    pub messages_burst: u32,
    /// Messages a minute that one conversation may send for long.
    pub messages_per_minute: u32,
    /// Requests a second from one address.
    pub requests_per_second_per_address: u32,
    /// Open streams of one conversation (tabs).
    pub streams_per_conversation: u32,
    /// Open streams in all.
    pub streams: u32,
    /// Questions that are answered at the same time.
    pub turns_at_once: u32,
    /// Seconds after which a request without a stream is ended.
    pub request_seconds: u32,
    /// Seconds within which the head of a request has arrived; a connection lies idle no longer either.
    pub head_seconds: u32,
    /// Seconds within which the body of a request has arrived.
    pub body_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            messages_burst: 20,
            messages_per_minute: 60,
            requests_per_second_per_address: 200,
            streams_per_conversation: 6,
            streams: 10_000,
            turns_at_once: 256,
            request_seconds: 15,
            head_seconds: 15,
            body_seconds: 10,
        }
    }
}

/// How many witnesses a gateway asks at most: each is asked after every checkpoint of every bank.
const MAX_WITNESSES: usize = 16;

/// Who cosigns the access logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Witnesses {
    /// Whom to ask.
    pub addresses: Vec<WitnessAddress>,
    /// How many must have signed a checkpoint before it counts as witnessed.
    pub quorum: usize,
}

/// A witness, and how to know its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessAddress {
    /// The prefix of its addresses.
    pub url: Url,
    /// Its verifier key.
    pub vkey: String,
}

impl WitnessAddress {
    /// Where it takes checkpoints.
    pub fn add_checkpoint(&self) -> String {
        format!("{}/add-checkpoint", self.url.as_str().trim_end_matches('/'))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenAccessLog {
    witnesses: Vec<WrittenWitness>,
    quorum: Option<Spanned<usize>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWitness {
    url: Spanned<Url>,
    vkey: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GatewayFile {
    listen: SocketAddr,
    public_url: Spanned<Url>,
    data: PathBuf,
    database: Option<Spanned<String>>,
    database_ca: Option<Spanned<PathBuf>>,
    banks: Option<PathBuf>,
    erasures: Option<PathBuf>,
    #[serde(default)]
    log: LogFormat,
    #[serde(default)]
    trust_forwarded_for: bool,
    region_header: Option<Spanned<String>>,
    #[serde(default)]
    require_proof: bool,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    access_log: WrittenAccessLog,
    #[serde(default)]
    understanding: WrittenUnderstanding,
}

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it came from.
    pub file: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address that people's browsers use.
    pub public_url: Url,
    /// The folder for everything that is kept.
    pub data: PathBuf,
    /// The database.
    pub database: store::Location,
    /// The list of erasures, kept apart from the database.
    pub erasures: PathBuf,
    /// The certificates to trust for it, as PEM, if not those that the system trusts.
    pub database_roots: Option<Vec<u8>>,
    /// How logs are written.
    pub log: LogFormat,
    /// Whether a proxy in front of us may say whom it speaks for (`X-Forwarded-For`).
    pub trust_forwarded_for: bool,
    /// The header in which that proxy tells from which country a request comes. Lowercase.
    pub region_header: Option<String>,
    /// Whether policies without a proof that holds are refused. If not, they are warned of.
    pub require_proof: bool,
    /// Limits.
    pub limits: Limits,
    /// Who cosigns the access logs.
    pub access_log: Witnesses,
    /// How messages are understood.
    pub understanding: Understanding,
    /// The banks.
    pub banks: Vec<BankFile>,
}

impl Config {
    /// How the store is opened.
    pub fn store_options(&self) -> store::Options {
        store::Options { roots: self.database_roots.clone(), ..store::Options::default() }
    }
}

/// Reads the gateway's file and the banks' files, and tells all mistakes.
pub fn load(path: &Path) -> Result<Config, Vec<ConfigFault>> {
    let remedy = "make the file, or name it with --config; `parlour demo` writes one to start from";
    let text = read_file(path, remedy).map_err(|f| vec![f])?;
    let source = Source { file: path, text: &text };
    let file: GatewayFile = source.parse().map_err(|f| vec![f])?;
    let home = path.parent().unwrap_or(Path::new("."));
    let mut faults = vec![];
    let data = home.join(&file.data);
    check_public_url(&source, &file, &mut faults);
    let region_header = region_header(&source, &file, &mut faults);
    let database = database(&source, &file, &data, &mut faults);
    let access_log = witnesses(&source, &file.access_log, &mut faults);
    let understanding = understanding::read(&source, file.understanding, home, &mut faults);
    let database_roots = roots::read(&source, file.database_ca.as_ref(), &mut faults);
    let banks = read_banks(path, &home.join(file.banks.unwrap_or_else(|| "banks".into())), &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Config {
        file: path.to_owned(),
        listen: file.listen,
        public_url: file.public_url.into_inner(),
        erasures: file.erasures.map_or_else(|| data.join("erasures.log"), |path| home.join(path)),
        data,
        database,
        database_roots,
        log: file.log,
        trust_forwarded_for: file.trust_forwarded_for,
        region_header,
        require_proof: file.require_proof,
        limits: file.limits,
        access_log,
        understanding,
        banks,
    })
}

/// Whether what is sent there travels in the open for nobody: it is encrypted, or stays on this machine.
fn is_safe(url: &Url) -> bool {
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

fn witnesses(source: &Source, written: &WrittenAccessLog, faults: &mut Vec<ConfigFault>) -> Witnesses {
    let mut addresses: Vec<WitnessAddress> = vec![];
    for witness in &written.witnesses {
        let (url, vkey) = (witness.url.get_ref(), witness.vkey.get_ref());
        if !is_safe(url) || url.query().is_some() {
            let remedy = "write an https:// address without a query; http:// is taken for localhost only";
            faults.push(source.fault(
                witness.url.span(),
                format!("`{url}` is no address of a witness"),
                remedy,
            ));
        }
        if let Err(fault) = CosignerKey::check_verifier_key(vkey) {
            let remedy = "write the verifier key that the witness tells when it starts: name+id+key";
            let what = format!("this is not the verifier key of a witness: {fault}");
            faults.push(source.fault(witness.vkey.span(), what, remedy));
        }
        if addresses.iter().any(|known| known.vkey == *vkey) {
            let remedy = "name each witness once";
            faults.push(source.fault(witness.vkey.span(), "this witness is named twice", remedy));
        }
        addresses.push(WitnessAddress { url: url.clone(), vkey: vkey.clone() });
    }
    let quorum = written.quorum.as_ref().map_or(addresses.len(), |quorum| *quorum.get_ref());
    if let Some(place) = &written.quorum
        && (quorum > addresses.len() || (quorum == 0 && !addresses.is_empty()))
    {
        let what = format!("{quorum} of {} witnesses cannot be asked for", addresses.len());
        faults.push(source.fault(place.span(), what, "write a number from 1 to the number of witnesses"));
    }
    if let (true, Some(last)) = (addresses.len() > MAX_WITNESSES, written.witnesses.last()) {
        let what = format!("{} witnesses are named; a gateway asks at most {MAX_WITNESSES}", addresses.len());
        faults.push(source.fault(last.url.span(), what, "name fewer"));
    }
    Witnesses { addresses, quorum }
}

fn check_public_url(source: &Source, file: &GatewayFile, faults: &mut Vec<ConfigFault>) {
    let url = file.public_url.get_ref();
    if !is_safe(url) {
        let what = format!("`{url}` is not safe: people's messages would travel in the open");
        let remedy = "write an https:// address; http:// is taken for localhost only";
        faults.push(source.fault(file.public_url.span(), what, remedy));
    } else if url.path() != "/" || url.query().is_some() || url.host_str().is_none() {
        let remedy = "write only scheme, host and port, such as \"https://chat.bank.example\"";
        faults.push(source.fault(file.public_url.span(), "the public address has more than a host", remedy));
    }
}

fn region_header(source: &Source, file: &GatewayFile, faults: &mut Vec<ConfigFault>) -> Option<String> {
    let written = file.region_header.as_ref()?;
    let name = written.get_ref().to_ascii_lowercase();
    if axum::http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        let remedy = "write the name of the header, such as \"cf-ipcountry\"";
        faults.push(source.fault(written.span(), format!("`{name}` is not the name of a header"), remedy));
    } else if !file.trust_forwarded_for {
        let what = "anybody could claim any country: no proxy is trusted";
        let remedy = "say `trust_forwarded_for = true` behind a proxy that sets this header, or leave it out";
        faults.push(source.fault(written.span(), what, remedy));
    }
    Some(name)
}

fn database(
    source: &Source,
    file: &GatewayFile,
    data: &Path,
    faults: &mut Vec<ConfigFault>,
) -> store::Location {
    let default = store::Location::Sqlite(data.join("parlour.db"));
    let Some(written) = &file.database else { return default };
    let text = written.get_ref();
    if let Some(path) = text.strip_prefix("sqlite:") {
        return store::Location::Sqlite(data.join(path));
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") || text.starts_with("host=") {
        return store::Location::Postgres(text.clone());
    }
    let remedy = "write \"sqlite:parlour.db\" or \"postgres://user@host/database\"";
    faults.push(source.fault(written.span(), "this is not a database that we know", remedy));
    default
}

fn read_banks(gateway: &Path, folder: &Path, faults: &mut Vec<ConfigFault>) -> Vec<BankFile> {
    let remedy = "make the folder with one .toml file per bank; the file's name is the bank's id";
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) => {
            faults.push(ConfigFault::of_file(folder, e.to_string(), remedy));
            return vec![];
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|x| x == "toml"))
        .collect();
    paths.sort();
    if paths.is_empty() || paths.len() > MAX_BANKS {
        let what = format!("{} banks are set up; a gateway serves 1 to {MAX_BANKS}", paths.len());
        faults.push(ConfigFault::of_file(gateway, what, remedy));
    }
    let mut banks = vec![];
    for path in paths {
        match bank::load(&path) {
            Ok(bank) => banks.push(bank),
            Err(found) => faults.extend(found),
        }
    }
    banks
}
