//! `banks/NAME.toml`: one bank, its look, its connection and its policy.

use super::{
    fault::{ConfigFault, Source, read_file},
    fraud::{self, Fraud, WrittenFraud},
    help::{self, WrittenHelp},
    look::{self, Look},
    no::{self, WrittenNo},
    roots, terms,
};
use crate::{
    help::{HelpPages, Hours, People},
    policy::table::{self, PolicyTest},
    profile::Profile,
};
use domain::{BankId, Channel, Controller, DataClass, Tier, consent};
use gate::{BankRules, Offer, PolicyFile};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use toml::Spanned;
use url::Url;

/// What customers read of a class of data that the bank's file does not name. It is closed.
pub const NOT_LISTED: &str = "We do not offer this in chat.";

/// What a bank's refresh tokens do when they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// They stay the same (FAPI 2.0 asks for this).
    #[default]
    Keep,
    /// Each use gives a new one.
    Rotate,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    zone: Spanned<String>,
    profile: Spanned<String>,
    look: WrittenLook,
    connector: WrittenConnector,
    #[serde(default)]
    consent: WrittenConsent,
    #[serde(default)]
    controller: terms::WrittenController,
    data: BTreeMap<Spanned<String>, WrittenOffer>,
    #[serde(default)]
    channels: BTreeMap<Spanned<String>, WrittenChannel>,
    #[serde(default)]
    help: WrittenHelp,
    #[serde(default)]
    fraud: Option<WrittenFraud>,
    #[serde(default)]
    no: Vec<Spanned<WrittenNo>>,
    #[serde(default)]
    policies: Vec<PathBuf>,
    #[serde(default)]
    policy_tests: Vec<PathBuf>,
}

/// The part of a bank's file that names other files.
#[derive(Debug, Default, Deserialize)]
struct Mentions {
    #[serde(default)]
    policies: Vec<PathBuf>,
    #[serde(default)]
    policy_tests: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLook {
    brand: Spanned<String>,
    brand_dark: Spanned<String>,
    crest: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenConnector {
    #[serde(rename = "kind")]
    _kind: Kind,
    issuer: Spanned<Url>,
    api: Spanned<Url>,
    native: Option<Spanned<Url>>,
    events: Option<Spanned<bool>>,
    client_id: String,
    #[serde(default = "sign_in")]
    sign_in: bool,
    #[serde(default)]
    refresh: Refresh,
    ca: Option<Spanned<PathBuf>>,
}

/// Customers may show who they are by signing in at the bank, unless its file says otherwise.
fn sign_in() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Fdx,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenConsent {
    days: Spanned<i64>,
    lookback_days: Spanned<i64>,
    remind_days: Spanned<Vec<i64>>,
}

impl Default for WrittenConsent {
    fn default() -> Self {
        WrittenConsent {
            days: Spanned::new(0..0, 90),
            lookback_days: Spanned::new(0..0, 180),
            remind_days: Spanned::new(0..0, vec![14, 3]),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected \"yes\" or { no = \"the reason, in words for customers\" }")]
enum WrittenOffer {
    Yes(Yes),
    No(No),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Yes {
    Yes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct No {
    no: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenChannel {
    refused: Option<String>,
    tiers: BTreeMap<Spanned<String>, Tier>,
}

/// A bank, checked.
#[derive(Debug, Clone)]
pub struct BankFile {
    /// The file that it came from.
    pub file: PathBuf,
    /// Its id: the file's name.
    pub id: BankId,
    /// Its name, as customers know it.
    pub name: String,
    /// The time zone in which it tells dates.
    pub zone: TimeZone,
    /// Which rules of the law it follows.
    pub profile: &'static Profile,
    /// Who answers for the data.
    pub controller: Controller,
    /// Its look.
    pub look: Look,
    /// The issuer of its authorization server.
    pub issuer: Url,
    /// Its FDX address.
    pub api: Url,
    /// Its native address, where cards and accounts are managed. None: it has none.
    pub native: Option<Url>,
    /// Whether it tells by itself when something happens, so that customers can set alerts.
    pub events: bool,
    /// Our name at the bank.
    pub client_id: String,
    /// Whether its customers may show who they are by signing in there, if it offers that.
    pub sign_in: bool,
    /// What its refresh tokens do.
    pub refresh: Refresh,
    /// The certificates to trust for its servers, as PEM, if not those that the system trusts.
    pub bank_roots: Option<Vec<u8>>,
    /// How long a consent lasts, in days.
    pub consent_days: i64,
    /// How far back transactions may be read, in days.
    pub lookback_days: i64,
    /// How many days before its end a consent's customer is reminded of it, the most first.
    pub remind_days: Vec<i64>,
    /// What it says Yes and No to, for the gate.
    pub rules: BankRules,
    /// What its policies are to answer.
    pub policy_tests: Vec<PolicyTest>,
    /// Its own answers to questions that need no data.
    pub help: HelpPages,
    /// When its people are there, if it says so.
    pub hours: Option<Hours>,
    /// Where a person is reached.
    pub people: People,
    /// How its customers are asked about card payments, if it tells of them.
    pub fraud: Option<Fraud>,
}

/// The files that a bank's file names, whether they are there or not. None if it cannot be read.
pub fn mentioned(path: &Path) -> Vec<PathBuf> {
    let text = read_file(path, "").unwrap_or_default();
    let mentions: Mentions = toml::from_str(&text).unwrap_or_default();
    let home = path.parent().unwrap_or(Path::new("."));
    mentions.policies.iter().chain(&mentions.policy_tests).map(|file| home.join(file)).collect()
}

impl BankFile {
    /// The keys, other than those of the policy, in which another reading of the file differs. They take effect
    /// when the gateway starts.
    pub fn differs_in(&self, other: &BankFile) -> Vec<&'static str> {
        let pairs = [
            ("name", self.name != other.name),
            ("zone", self.zone != other.zone),
            ("profile", self.profile != other.profile),
            ("look", self.look != other.look),
            ("connector.issuer", self.issuer != other.issuer),
            ("connector.api", self.api != other.api),
            ("connector.native", self.native != other.native),
            ("connector.events", self.events != other.events),
            ("connector.ca", self.bank_roots != other.bank_roots),
            ("connector.client_id", self.client_id != other.client_id),
            ("connector.sign_in", self.sign_in != other.sign_in),
            ("connector.refresh", self.refresh != other.refresh),
            ("consent.days", self.consent_days != other.consent_days),
            ("consent.lookback_days", self.lookback_days != other.lookback_days),
            ("consent.remind_days", self.remind_days != other.remind_days),
            ("controller", self.controller != other.controller),
            ("help.hours", self.hours != other.hours),
            ("help.phone", self.people.phone != other.people.phone),
            ("help.contact", self.people.page != other.people.page),
            ("fraud", self.fraud != other.fraud),
        ];
        pairs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
    }
}

/// Reads one bank's file and tells all its mistakes.
pub fn load(path: &Path) -> Result<BankFile, Vec<ConfigFault>> {
    let text = read_file(path, "make the file readable for us").map_err(|f| vec![f])?;
    let source = Source { file: path, text: &text };
    let written: Written = source.parse().map_err(|f| vec![f])?;
    let mut faults = vec![];
    let id = bank_id(path, &mut faults);
    check_name(&source, &written, &mut faults);
    check_look(&source, &written.look, &mut faults);
    check_urls(&source, &written.connector, &mut faults);
    check_events(&source, &written.connector, &mut faults);
    let zone = zone(&source, &written.zone, &mut faults);
    check_days(&source, &written.consent, &mut faults);
    terms::check_reminders(&source, &written.consent.remind_days, &mut faults);
    terms::check_controller(&source, &written.controller, &mut faults);
    let profile =
        terms::profile(&source, &written.profile, &written.consent.days, &written.controller, &mut faults);
    let mut rules = rules(&source, id.clone(), &written, &mut faults);
    let policy_tests = policy_tests(&source, &written.policy_tests, &mut faults);
    let (help, hours, people) = help::read(&source, &written.help, &mut faults);
    let fraud = fraud::read(&source, written.fraud.as_ref(), &mut faults);
    let bank_roots = roots::read(&source, written.connector.ca.as_ref(), &mut faults);
    let (Some(id), Some(zone), Some(profile), true) = (id, zone, profile, faults.is_empty()) else {
        return Err(faults);
    };
    rules.zone = zone.clone();
    let name = written.name.into_inner();
    let mut remind_days = written.consent.remind_days.into_inner();
    remind_days.sort_unstable_by_key(|days| Reverse(*days));
    Ok(BankFile {
        file: path.to_owned(),
        id,
        controller: terms::controller(written.controller, &name, profile),
        name,
        zone,
        profile,
        look: Look {
            brand: written.look.brand.into_inner(),
            brand_dark: written.look.brand_dark.into_inner(),
            crest: written.look.crest.into_inner(),
        },
        issuer: written.connector.issuer.into_inner(),
        api: written.connector.api.into_inner(),
        native: written.connector.native.map(Spanned::into_inner),
        events: written.connector.events.is_some_and(Spanned::into_inner),
        client_id: written.connector.client_id,
        sign_in: written.connector.sign_in,
        refresh: written.connector.refresh,
        bank_roots,
        consent_days: written.consent.days.into_inner(),
        lookback_days: written.consent.lookback_days.into_inner(),
        remind_days,
        rules,
        policy_tests,
        help,
        hours,
        people,
        fraud,
    })
}

fn bank_id(path: &Path, faults: &mut Vec<ConfigFault>) -> Option<BankId> {
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("");
    stem.parse()
        .map_err(|e| {
            let remedy = "rename the file to the bank's short name, such as harbour.toml";
            faults.push(ConfigFault::of_file(path, format!("`{stem}` is no bank id: {e}"), remedy));
        })
        .ok()
}

fn check_name(source: &Source, written: &Written, faults: &mut Vec<ConfigFault>) {
    let name = written.name.get_ref();
    let length = name.chars().count();
    if !(1..=60).contains(&length) || name.chars().any(char::is_control) {
        let what = format!("a bank's name has 1 to 60 visible characters; this one has {length}");
        faults.push(source.fault(written.name.span(), what, "write the name that customers know"));
    }
}

fn check_look(source: &Source, look: &WrittenLook, faults: &mut Vec<ConfigFault>) {
    for (colour, dark) in [(&look.brand, false), (&look.brand_dark, true)] {
        let pages = if dark { "dark" } else { "light" };
        match look::worst_on(colour.get_ref(), dark) {
            None => {
                let what = format!("`{}` is not a colour", colour.get_ref());
                faults.push(source.fault(colour.span(), what, "write it as \"#rrggbb\""));
            }
            Some(c) if c < look::READABLE => {
                let what = format!(
                    "on {pages} pages this colour has a contrast of {c:.1}:1; text needs {}:1",
                    look::READABLE
                );
                let remedy = if dark { "take a lighter shade" } else { "take a darker shade" };
                faults.push(source.fault(colour.span(), what, remedy));
            }
            Some(_) => {}
        }
    }
    if look.crest.get_ref().chars().count() != 1 || look.crest.get_ref().chars().any(char::is_control) {
        faults.push(source.fault(
            look.crest.span(),
            "a crest is one letter",
            "write the bank's first letter",
        ));
    }
}

fn check_urls(source: &Source, connector: &WrittenConnector, faults: &mut Vec<ConfigFault>) {
    for url in [&connector.issuer, &connector.api].into_iter().chain(&connector.native) {
        let loopback = matches!(url.get_ref().host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let safe = url.get_ref().scheme() == "https" || (url.get_ref().scheme() == "http" && loopback);
        if !safe {
            let what = format!("`{}` is not safe: tokens would travel in the open", url.get_ref());
            let remedy = "write an https:// address; http:// is taken for localhost only";
            faults.push(source.fault(url.span(), what, remedy));
        }
    }
}

fn check_events(source: &Source, connector: &WrittenConnector, faults: &mut Vec<ConfigFault>) {
    if let (Some(events), None) = (&connector.events, &connector.native)
        && *events.get_ref()
    {
        let what = "events are told by the native contract, and this bank has no native address";
        faults.push(source.fault(events.span(), what, "set `native` too, or take `events` out"));
    }
}

fn zone(source: &Source, zone: &Spanned<String>, faults: &mut Vec<ConfigFault>) -> Option<TimeZone> {
    TimeZone::get(zone.get_ref())
        .map_err(|_| {
            let what = format!("`{}` is not a time zone that we know", zone.get_ref());
            let remedy = "write a name of the IANA list, such as \"America/New_York\"";
            faults.push(source.fault(zone.span(), what, remedy));
        })
        .ok()
}

fn check_days(source: &Source, consent: &WrittenConsent, faults: &mut Vec<ConfigFault>) {
    let longest = consent::LONGEST.as_hours() / 24;
    for (days, name) in [(&consent.days, "a consent lasts"), (&consent.lookback_days, "the look back is")] {
        let most = if name.starts_with("the") { 730 } else { longest };
        if !(1..=most).contains(days.get_ref()) {
            let what = format!("{name} 1 to {most} days, not {}", days.get_ref());
            faults.push(source.fault(days.span(), what, "write a number of days in that range"));
        }
    }
}

fn rules(source: &Source, id: Option<BankId>, written: &Written, faults: &mut Vec<ConfigFault>) -> BankRules {
    let placeholder = || "unnamed".parse().expect("a plain word is a bank id");
    let mut rules = BankRules::closed(id.unwrap_or_else(placeholder));
    rules.policies = policies(source, &written.policies, faults);
    rules.nos = no::read(source, &written.no, faults);
    for class in DataClass::ALL {
        rules.offered.insert(*class, Offer::No { reason: NOT_LISTED.into() });
    }
    for (key, offer) in &written.data {
        let Some(class) = known::<DataClass>(source, key, faults) else { continue };
        let offer = match offer {
            WrittenOffer::Yes(Yes::Yes) => Offer::Yes,
            WrittenOffer::No(no) => Offer::No { reason: no.no.clone() },
        };
        rules.offered.insert(class, offer);
    }
    for (key, channel) in &written.channels {
        let Some(id) = known::<Channel>(source, key, faults) else { continue };
        if let Some(reason) = &channel.refused {
            rules.refused_channels.insert(id, reason.clone());
        }
        for (key, tier) in &channel.tiers {
            if let Some(class) = known::<DataClass>(source, key, faults) {
                rules.tiers.insert((id, class), *tier);
            }
        }
    }
    rules
}

fn known<T: std::str::FromStr<Err = domain::purpose::NotKnown>>(
    source: &Source,
    key: &Spanned<String>,
    faults: &mut Vec<ConfigFault>,
) -> Option<T> {
    key.get_ref()
        .parse()
        .map_err(|e: domain::purpose::NotKnown| {
            let remedy = format!("write one of: {}", e.known);
            faults.push(source.fault(key.span(), format!("`{}` is not known here", e.found), remedy));
        })
        .ok()
}

fn policies(source: &Source, paths: &[PathBuf], faults: &mut Vec<ConfigFault>) -> Vec<PolicyFile> {
    let home = source.file.parent().unwrap_or(Path::new("."));
    let mut files = vec![];
    for path in paths {
        let remedy = "the key `policies` lists Cedar files beside the bank's file";
        match read_file(&home.join(path), remedy) {
            Ok(text) => files.push(PolicyFile { name: path.display().to_string(), text }),
            Err(fault) => faults.push(fault),
        }
    }
    files
}

fn policy_tests(source: &Source, paths: &[PathBuf], faults: &mut Vec<ConfigFault>) -> Vec<PolicyTest> {
    let home = source.file.parent().unwrap_or(Path::new("."));
    let mut tests = vec![];
    for path in paths {
        let file = home.join(path);
        match read_file(&file, "the key `policy_tests` lists tables (CSV) beside the bank's file") {
            Ok(text) => match table::read(&Source { file: &file, text: &text }) {
                Ok(read) => tests.extend(read),
                Err(found) => faults.extend(found),
            },
            Err(fault) => faults.push(fault),
        }
    }
    tests
}
