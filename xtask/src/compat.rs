//! `cargo xtask compat`: the same protocols with clients and servers that nobody here wrote.

use crate::{
    demo::Demo,
    fault::Fault,
    golang::GoVerify,
    leash::{self, Leashed},
    node::Scripts,
    schemas::Schemathesis,
    tally::Tally,
    tree::{self, built},
};
use std::{path::Path, process::Command, time::Duration};

/// One journey through an authorization server.
const FLOW_LIMIT: Duration = Duration::from_mins(2);
/// Where the bank sends the browser back to. Nothing listens there; the checks read the address.
const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

/// Runs every cross-check; each counts as one.
pub fn run(tally: &mut Tally) -> Result<(), Fault> {
    let scripts = Scripts::install()?;
    let schemathesis = Schemathesis::install(scripts.dir())?;
    let mut check = |name: &str, check: &dyn Fn() -> Result<(), Fault>| {
        println!("\n{name}");
        check()?;
        *tally = tally.plus(Tally::ONE);
        Ok(())
    };
    let bank = Bank::open(&scripts)?;
    check("openid-client 6 as the client of the sandbox bank", &|| {
        scripts.run("openid-client.mjs", &bank.env())
    })?;
    check("our client at oidc-provider 9", &|| our_client(&scripts))?;
    check("schemathesis against the sandbox bank", &|| {
        schemathesis.check(&bank.issuer, "bank_hooks", "^/faults", &bank.env())
    })?;
    let go = GoVerify::build()?;
    check("a verifier in Go at a log of ours, a kept checkpoint and receipts", &|| grown_log(&go))?;
    check("a verifier in Go, and ours, at the receipt of a withdrawn consent", &|| withdrawn(&go))?;
    let demo = Demo::start()?;
    check("schemathesis against the gateway", &|| {
        // A stream has no end, and JSON lines are a body that it cannot make.
        schemathesis.check(&demo.gateway(), "gateway_hooks", "(/events|/bulk)$", &[])
    })?;
    check("a verifier in Go, and ours, at the gateway's log over HTTP", &|| published_log(&go, &demo))
}

/// A sandbox bank of its own, with a client whose private key the checks have.
struct Bank {
    _program: Leashed,
    issuer: String,
    key: String,
}

impl Bank {
    fn open(scripts: &Scripts) -> Result<Bank, Fault> {
        let dir = tree::scratch("sandbox-bank")?;
        let mut keys = vec![];
        scripts.read("client-key.mjs", |line| keys.push(line.to_owned()))?;
        let (key, public) =
            (keys.first().cloned().unwrap_or_default(), keys.get(1).cloned().unwrap_or_default());
        let file = dir.join("client.jwk");
        std::fs::write(&file, public).map_err(Fault::file(&file))?;
        let port = tree::free_ports(0)?;
        let mut bank = Command::new(built("sandbox-bank"));
        bank.args(["--port", &port.to_string(), "--client-id", "check", "--redirect-uri", REDIRECT_URI]);
        bank.arg("--data").arg(&dir).arg("--client-jwk").arg(&file);
        let log = dir.join("bank.log");
        let mut program = Leashed::serve(&mut bank, &log)?;
        program.wait_for(port, "the sandbox bank", log)?;
        Ok(Bank { _program: program, issuer: format!("http://localhost:{port}"), key })
    }

    /// What the checks are told.
    fn env(&self) -> [(&str, &str); 6] {
        [
            ("ISSUER", &self.issuer),
            ("CLIENT_ID", "check"),
            ("CLIENT_JWK", &self.key),
            ("REDIRECT_URI", REDIRECT_URI),
            ("BANK_USER", "maya"),
            ("BANK_PASSWORD", "harbour-demo"),
        ]
    }
}

/// The log that both verifiers read: some levels of tiles, and pieces that are not full.
const GROWN: (u64, u64) = (70_003, 5_000);
/// Making or checking a log of that size in the dev profile.
const LOG_LIMIT: Duration = Duration::from_mins(5);

/// The Go program checks a log that our crate wrote; and finds it out when one byte is changed.
fn grown_log(go: &GoVerify) -> Result<(), Fault> {
    let dir = tree::scratch("grown-log")?;
    let mut grow = Command::new(built("examples/grow"));
    grow.arg(&dir).args([GROWN.0.to_string(), GROWN.1.to_string()]);
    leash::run(&mut grow, LOG_LIMIT, |_| {})?;
    let file = dir.join("vkey");
    let key = std::fs::read_to_string(&file).map_err(Fault::file(&file))?;
    let kept = dir.join("kept.checkpoint");
    let log = dir.display().to_string();
    go.check(&log, &key, &[("--kept", &kept)])?;
    for name in ["receipt", "consent"] {
        both_accept(go, &log, &key, &dir.join(format!("{name}.tlog-proof")))?;
    }
    let bundle = dir.join("tile/entries/007");
    let mut bytes = std::fs::read(&bundle).map_err(Fault::file(&bundle))?;
    bytes[1_000] ^= 1;
    std::fs::write(&bundle, bytes).map_err(Fault::file(&bundle))?;
    refused("a fault in a log with a changed byte", go.check(&log, &key, &[]))
}

/// A verifier says that something is wrong, and does not break.
fn refused(what: &'static str, outcome: Result<(), Fault>) -> Result<(), Fault> {
    match outcome {
        Err(Fault::Failed { .. }) => Ok(()),
        Err(other) => Err(other),
        Ok(()) => Err(Fault::Lacks { what, remedy: "look at xtask/go-verify and verify/src" }),
    }
}

/// Our own verifier at a receipt.
fn ours(key: &str, receipt: &Path) -> Result<(), Fault> {
    let mut ours = Command::new(built("parlour-verify"));
    leash::run(ours.args(["receipt"]).arg(receipt).args(["--key", key]), LOG_LIMIT, |_| {})
}

/// Both verifiers find a receipt right, and both find it out when it is changed: in the key, in the record (whatever
/// kind of entry it makes then), in its place, in the proof and in the checkpoint.
fn both_accept(go: &GoVerify, log: &str, key: &str, receipt: &Path) -> Result<(), Fault> {
    go.check(log, key, &[("--receipt", receipt)])?;
    ours(key, receipt)?;
    let text = std::fs::read_to_string(receipt).map_err(Fault::file(receipt))?;
    let changed = receipt.with_extension("changed");
    for other in changes(&text) {
        std::fs::write(&changed, other).map_err(Fault::file(&changed))?;
        refused("a fault of Go in a changed receipt", go.check(log, key, &[("--receipt", &changed)]))?;
        refused("a fault of ours in a changed receipt", ours(key, &changed))?;
    }
    Ok(())
}

/// A receipt with one character of it changed, at one place after the other.
fn changes(receipt: &str) -> Vec<String> {
    let extra = receipt.find("extra ").unwrap_or(0) + 6;
    let after = |text: &str| receipt.find(text).map(|at| at + text.len());
    let end_of_extra = receipt[extra..].find('\n').map_or(extra, |length| extra + length);
    let checkpoint = after("\n\n").unwrap_or(0);
    let signature = receipt.rfind(' ').unwrap_or(0) + 20;
    let places = [
        Some(extra + 20),
        Some(extra + (end_of_extra - extra) * 2 / 3),
        after("index "),
        after("index ").and_then(|at| receipt[at..].find('\n').map(|length| at + length + 5)),
        Some(checkpoint + receipt[checkpoint..].match_indices('\n').nth(1).map_or(0, |(at, _)| at + 5)),
        Some(signature),
    ];
    let change = |at: usize| {
        let mut changed = receipt.to_owned();
        let other = match &receipt[at..=at] {
            digit if digit.chars().all(|c| c.is_ascii_digit()) => {
                if digit == "1" {
                    "2"
                } else {
                    "1"
                }
            }
            "A" => "B",
            _ => "A",
        };
        changed.replace_range(at..=at, other);
        changed
    };
    places.into_iter().flatten().map(change).collect()
}

/// What a customer gets who withdraws a consent: the receipt of that, and of a decision before it.
fn withdrawn(go: &GoVerify) -> Result<(), Fault> {
    let dir = tree::scratch("withdrawn")?;
    let mut walk = Command::new(built("examples/withdrawn"));
    leash::run(walk.arg(&dir), FLOW_LIMIT, |_| {})?;
    let file = dir.join("vkey");
    let key = std::fs::read_to_string(&file).map_err(Fault::file(&file))?;
    let log = dir.join("demo/log/harbour").display().to_string();
    for name in ["consent", "decision"] {
        both_accept(go, &log, &key, &dir.join(format!("{name}.tlog-proof")))?;
    }
    Ok(())
}

/// Both verifiers check the log of the demo's first bank, as its gateway hands it out.
fn published_log(go: &GoVerify, demo: &Demo) -> Result<(), Fault> {
    let log = format!("{}/log/harbour", demo.gateway());
    let mut key = String::new();
    let mut keys = Command::new(built("parlour"));
    keys.args(["keys", "list", "--config"]).arg(demo.data().join("parlour.toml"));
    leash::read(&mut keys, LOG_LIMIT, |line| {
        if key.is_empty() && line.contains("/log/harbour+") {
            line.trim().clone_into(&mut key);
        }
    })?;
    if key.is_empty() {
        return Err(Fault::Lacks {
            what: "a verifier key of the demo's log",
            remedy: "look at parlour keys list",
        });
    }
    go.check(&log, &key, &[])?;
    let mut ours = Command::new(built("parlour-verify"));
    leash::run(ours.args(["log", &log, "--key", &key]), LOG_LIMIT, |_| {})
}

/// Our client links, refreshes and revokes at a server of npm `oidc-provider`.
fn our_client(scripts: &Scripts) -> Result<(), Fault> {
    let flow = built("examples/link_flow");
    let key = tree::scratch("link-flow")?.join("client.p8");
    let mut jwk = String::new();
    let mut make = Command::new(&flow);
    leash::run(make.arg("key").arg(&key), FLOW_LIMIT, |line| line.clone_into(&mut jwk))?;
    let port = tree::free_ports(0)?;
    let _server = scripts.serve("oidc-provider.mjs", port, &[("CLIENT_JWK", &jwk)])?;
    let mut run = Command::new(&flow);
    run.args(["run", &format!("http://127.0.0.1:{port}")]).arg(&key);
    leash::run(&mut run, FLOW_LIMIT, |_| {})
}
