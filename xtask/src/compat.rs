//! `cargo xtask compat`: the same protocols with clients and servers that nobody here wrote.

use crate::{
    demo::Demo,
    fault::Fault,
    leash,
    node::Scripts,
    schemas::Schemathesis,
    tally::Tally,
    tree::{self, built},
};
use std::{process::Command, time::Duration};

/// One journey through an authorization server.
const FLOW_LIMIT: Duration = Duration::from_mins(2);

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
    check("openid-client 6 as the client of the sandbox bank", &|| {
        scripts.run("openid-client.mjs", &[("SANDBOX_BANK", &built("sandbox-bank"))])
    })?;
    check("our client at oidc-provider 9", &|| our_client(&scripts))?;
    let demo = Demo::start()?;
    check("schemathesis against the gateway", &|| {
        schemathesis.check(&demo.gateway(), "gateway_hooks", "/events$")
    })?;
    check("schemathesis against the sandbox bank", &|| {
        schemathesis.check(&demo.bank(), "bank_hooks", "^/authorize")
    })
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
