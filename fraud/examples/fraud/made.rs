//! Folders that the simulator writes, and the model that ships.

use crate::folder::{Wrong, days};
use flate2::{Compression, write::GzEncoder};
use fraud::{
    artefact::{Artefact, Kind},
    event::{DAY, Seconds},
    papers::{card, date, hex},
    protocol::{WEEK, Weeks},
    replay::{Told, replay},
    simulate::{PUBLISHED, Pattern, Simulator},
    state::{Bounds, State},
    train::{History, Plan, train},
};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

/// Days that are lived before the first that is written, so that every terminal has a past.
const BEFORE: u32 = 30;

/// 2018-06-11, the first day of a folder.
fn first_day() -> u32 {
    days(2018, 6, 11) as u32
}

/// `2018-06-11T00:00:24`.
fn moment(at: Seconds) -> String {
    let second = at % DAY;
    format!("{}T{:02}:{:02}:{:02}", date(at), second / 3_600, second / 60 % 60, second % 60)
}

fn live(simulator: &mut Simulator, until: u32) -> Vec<Told> {
    let mut told = vec![];
    for one in simulator.by_ref() {
        let ends = one.payment.at >= until * DAY;
        told.push(one);
        if ends {
            break;
        }
    }
    told
}

/// Writes a folder like the published one.
pub fn folder(to: &Path, seed: u64, pattern: Pattern, from_test_week: bool) -> Result<(), Wrong> {
    let test = Weeks::PUBLISHED.test();
    let begin = if from_test_week { Pattern::Published } else { pattern };
    let mut simulator = Simulator::new(seed, begin, PUBLISHED, first_day() - BEFORE);
    let mut told = live(&mut simulator, test);
    // The first payment of the test week is there already, and with it its day.
    simulator.turn_to(pattern);
    told.extend(live(&mut simulator, test + WEEK));
    told.retain(|one| (first_day()..test + WEEK).contains(&(one.payment.at / DAY)));
    fs::create_dir_all(to).map_err(|error| format!("{}: {error}", to.display()))?;
    table(
        to,
        "transactions.csv.gz",
        "tx_id,datetime,customer_id,terminal_id,amount,fraud,scenario",
        |out| {
            for Told { payment, fraud, .. } in &told {
                let (whole, part) = (payment.amount / 100, payment.amount % 100);
                let (at, fraud) = (moment(payment.at), u8::from(*fraud));
                writeln!(
                    out,
                    "{},{at},{},{},{whole}.{part:02},{fraud},0",
                    payment.id, payment.card, payment.terminal
                )?;
            }
            Ok(())
        },
    )?;
    table(to, "customers.csv", "customer_id,x,y", |out| places(out, simulator.homes()))?;
    table(to, "terminals.csv", "terminal_id,x,y", |out| places(out, simulator.terminals().iter().copied()))?;
    println!(
        "{}",
        serde_json::json!({ "name": "fraud.simulated", "value": told.len(), "unit": "payments",
        "frauds": told.iter().filter(|one| one.fraud).count() })
    );
    Ok(())
}

fn places(out: &mut dyn Write, places: impl Iterator<Item = (f64, f64)>) -> std::io::Result<()> {
    places.enumerate().try_for_each(|(number, (x, y))| writeln!(out, "{number},{x:.4},{y:.4}"))
}

fn table(
    folder: &Path,
    name: &str,
    head: &str,
    body: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Wrong> {
    let path = folder.join(name);
    let written = || {
        let file = BufWriter::new(File::create(&path)?);
        let mut out: Box<dyn Write> = if name.ends_with(".gz") {
            Box::new(GzEncoder::new(file, Compression::default()))
        } else {
            Box::new(file)
        };
        writeln!(out, "{head}")?;
        body(&mut out)?;
        out.flush()
    };
    written().map_err(|error| format!("{}: {error}", path.display()))
}

/// The model that ships: all patterns, a seed of its own, seven weeks.
pub fn ship() -> Result<(), Wrong> {
    const SEED: u64 = 24;
    const DAYS: u32 = 49;
    let first = first_day();
    let mut simulator = Simulator::new(SEED, Pattern::Mixed, PUBLISHED, first);
    let mut told = live(&mut simulator, first + DAYS);
    told.pop();
    let mut state = State::new(Bounds::default());
    let mut values = vec![];
    replay(&mut state, &told, |_, features| values.extend_from_slice(&features.0));
    let data: [u8; 32] = Sha256::digest(format!("simulate seed {SEED} mixed {DAYS} days")).into();
    let plan = Plan {
        kind: Kind::Trees,
        from: (first + WEEK) * DAY,
        to: (first + DAYS) * DAY,
        label_delay: state.bounds().label_delay,
        seed: SEED,
        data,
    };
    let artefact: Artefact =
        train(&History { told: &told, values: &values }, &plan).map_err(|untrained| untrained.to_string())?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("artefacts");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).map_err(|error| format!("{name}: {error}"))
    };
    write("demo.bin", &artefact.bytes())?;
    write("demo.md", card(&artefact).as_bytes())?;
    println!(
        "{}",
        serde_json::json!({ "name": "fraud.shipped", "value": hex(&artefact.digest()), "unit": "sha256" })
    );
    Ok(())
}
