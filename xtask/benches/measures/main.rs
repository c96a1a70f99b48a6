//! The project's measures. Each prints JSON lines: name, value, unit, and where there is one the baseline
//! of the same run with the ratio to it. Run them as `cargo xtask bench NAME`.

mod alert;
mod backend;
mod cards;
mod decisions;
mod export;
mod files;
mod fraud;
mod gate_and_log;
mod ingest;
mod load;
mod log;
mod meter;
mod people;
mod prove;
mod report;
mod start;
mod turn;
mod understanding;
mod withdraw;

use backend::Backend;
use std::process::ExitCode;

fn main() -> ExitCode {
    // cargo adds `--bench` to what the caller wrote.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let [understanding::ONE, tier] = words.as_slice() {
        understanding::measure_one(tier);
        return ExitCode::SUCCESS;
    }
    if let [fraud::MEMORY, name] = words.as_slice() {
        fraud::measure_memory(name);
        return ExitCode::SUCCESS;
    }
    let (name, backend) = match words.as_slice() {
        [name] => (*name, Backend::Sqlite),
        [name, "--backend", "sqlite"] => (*name, Backend::Sqlite),
        [name, "--backend", "postgres"] => (*name, Backend::Postgres),
        _ => return usage(),
    };
    // Another provider cannot be there yet: this is the first thing that asks for one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    match name {
        "ingest" => runtime.block_on(ingest::measure(backend)),
        "gate" => runtime.block_on(gate_and_log::measure(backend)),
        "export" => runtime.block_on(export::measure(backend)),
        "alert" => runtime.block_on(alert::measure()),
        "decisions" => runtime.block_on(decisions::measure()),
        "turn" => runtime.block_on(turn::measure()),
        "log" => log::measure(),
        "withdraw" => runtime.block_on(withdraw::measure()),
        "prove" => prove::measure(),
        "understanding" => understanding::measure(),
        "fraud" => fraud::measure(),
        "start" => runtime.block_on(start::measure()),
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!(
        "cargo xtask bench ingest|turn|alert|decisions|gate|log|withdraw|prove|start|export|understanding|fraud [--backend sqlite|postgres]"
    );
    ExitCode::from(2)
}
