//! `cargo xtask compat`: the same protocols with clients and servers that nobody here wrote.

use crate::{
    demo::Demo,
    fault::Fault,
    leash::{self, Leashed},
    node::Scripts,
    schemas::Schemathesis,
    tally::Tally,
    tree::{self, built},
};
use std::{process::Command, time::Duration};

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
    let demo = Demo::start()?;
    check("schemathesis against the gateway", &|| {
        schemathesis.check(&demo.gateway(), "gateway_hooks", "/events$", &[])
    })
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
