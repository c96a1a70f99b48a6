//! `cargo xtask compat`: the same protocols with clients and servers that nobody here wrote.

use crate::{demo::Demo, fault::Fault, node::Scripts, schemas::Schemathesis, tally::Tally, tree::built};

/// Runs every cross-check; each counts as one.
pub fn run(tally: &mut Tally) -> Result<(), Fault> {
    let scripts = Scripts::install()?;
    let schemathesis = Schemathesis::install(scripts.dir())?;

    println!("\nopenid-client 6 as the client of the sandbox bank");
    scripts.run("openid-client.mjs", &[("SANDBOX_BANK", &built("sandbox-bank"))])?;
    *tally = tally.plus(Tally::ONE);

    println!("\nour client at oidc-provider 9");
    scripts.run("oidc-provider.mjs", &[("LINK_FLOW", &built("examples/link_flow"))])?;
    *tally = tally.plus(Tally::ONE);

    let demo = Demo::start()?;
    println!("\nschemathesis against the gateway");
    let gateway = format!("http://localhost:{}", demo.port);
    schemathesis.check(&gateway, "gateway_hooks", "/events$")?;
    *tally = tally.plus(Tally::ONE);

    println!("\nschemathesis against the sandbox bank");
    let bank = format!("http://localhost:{}", demo.port + 1);
    schemathesis.check(&bank, "bank_hooks", "^/authorize")?;
    *tally = tally.plus(Tally::ONE);
    Ok(())
}
