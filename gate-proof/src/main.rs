//! `prove-policy`: proves the floor, and the policies of banks, and says so in one line a theorem.

use clap::Parser;
use gate::{BankRules, PolicyFile, PolicyTexts, law_digest};
use gate_proof::{
    Case, Effort, Law, LawFault, Laws, Outcome, Proof, Refutation, Report, Solver, SolverFault, bank_case,
    floor_cases, lines, prove, shape,
};
use std::{
    collections::BTreeSet,
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::Instant,
};

/// Proves the floor over every request and every bank's policies.
///
/// Ends with 0 if all theorems hold, with 1 if one does not, and with 2 if nothing could be proved.
#[derive(Debug, Parser)]
#[command(name = "prove-policy", version)]
struct Options {
    /// Banks' policies, to be proved besides the floor. A folder of `NAME.cedar` files and folders NAME of such
    /// files, as a bank named so writes them, or of `*.json` files, as the gateway keeps the rules of a bank in
    /// its folder `policies`; or one such file. May be given more than once.
    #[arg(long, value_name = "PATH")]
    banks: Vec<PathBuf>,
    /// Writes what was proved of the floor, or of the one bank that was given, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes what was proved of each bank as JSON, into files `DIR/NAME.proof.json`, where the gateway looks for
    /// them if it is the folder of the banks' own files.
    #[arg(long, value_name = "DIR")]
    json_dir: Option<PathBuf>,
    /// How many solvers work at once. As many as there are cores if it is not said.
    #[arg(long)]
    workers: Option<NonZeroUsize>,
}

/// Why nothing was proved.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Solver(#[from] SolverFault),
    #[error("{0}")]
    Law(#[from] LawFault),
    #[error("{}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {source}", .path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("{}: a bank's name has lowercase letters, digits and hyphens", .path.display())]
    BankName { path: PathBuf },
    #[error("{}: there are no policies in it: no NAME.cedar, no folder NAME with such files, no *.json", .path.display())]
    NoBanks { path: PathBuf },
    #[error(
        "two sets of rules of the bank {bank} were given, and --json-dir takes one of each; name one file with --banks"
    )]
    TwiceThatBank { bank: domain::BankId },
    #[error("--json takes the proofs of the floor or of one bank, and {count} were given; use --json-dir")]
    ManyBanks { count: usize },
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("prove-policy: {fault}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool, Fault> {
    let solver = Solver::find()?;
    let sets = options.banks.iter().map(|dir| banks_of(dir)).collect::<Result<Vec<_>, _>>()?.concat();
    if options.json.is_some() && sets.len() > 1 {
        return Err(Fault::ManyBanks { count: sets.len() });
    }
    let mut names = BTreeSet::new();
    if let Some(twice) =
        sets.iter().find(|set| !names.insert(&set.bank)).filter(|_| options.json_dir.is_some())
    {
        return Err(Fault::TwiceThatBank { bank: twice.bank.clone() });
    }
    let workers =
        options.workers.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let since = Instant::now();
    let (reports, proofs) = prove_all(&solver, &sets, workers)?;
    print!("{}", lines(&proofs));
    let failed = proofs.iter().filter(|proof| !proof.holds()).count();
    println!(
        "{} theorems hold, {failed} fail; {:.1} s with {workers} solvers, cvc5 {}",
        proofs.len() - failed,
        since.elapsed().as_secs_f64(),
        solver.version()
    );
    write(options, &reports)?;
    Ok(failed == 0)
}

/// A law, its floor, and the banks under it, ready to be proved.
struct Work<'a> {
    laws: Laws,
    floor: Vec<Case>,
    banks: Vec<(&'a PolicyTexts, Case)>,
}

impl Work<'_> {
    fn of<'a>(law: &Law, sets: &'a [PolicyTexts]) -> Result<Work<'a>, LawFault> {
        let laws = law.read()?;
        let floor = floor_cases(&laws)?;
        let banks = sets.iter().filter(|set| law_of(set) == *law);
        let banks =
            banks.map(|set| Ok((set, bank_case(&laws, set, &[])?))).collect::<Result<_, LawFault>>()?;
        Ok(Work { laws, floor, banks })
    }
}

fn law_of(set: &PolicyTexts) -> Law {
    Law { schema: set.schema.clone(), floor: set.floor.clone() }
}

/// Proves each law once, and each bank under the law of its texts. The reports are those of the banks, or of the
/// floor if no bank was given. Everything is read before anything is proved.
fn prove_all(
    solver: &Solver,
    sets: &[PolicyTexts],
    workers: NonZeroUsize,
) -> Result<(Vec<Report>, Vec<Proof>), Fault> {
    let mut laws = vec![Law::shipped()];
    for set in sets {
        if !laws.contains(&law_of(set)) {
            laws.push(law_of(set));
        }
    }
    let work = laws.iter().map(|law| Work::of(law, sets)).collect::<Result<Vec<_>, LawFault>>()?;
    let version = format!("cvc5 {}", solver.version());
    let report = |name: &str, digest, proofs| Report {
        name: name.to_owned(),
        digest,
        solver: version.clone(),
        proofs,
    };
    let (mut reports, mut all) = (Vec::new(), Vec::new());
    for part in &work {
        let mut floor = vec![of_shape(&part.laws)];
        floor.extend(prove(solver, &part.floor, workers, Effort::Everything)?);
        all.extend(floor.clone());
        for (set, case) in &part.banks {
            let proofs = prove(solver, std::slice::from_ref(case), workers, Effort::Everything)?;
            all.extend(proofs.clone());
            reports.push(report(set.bank.as_str(), set.digest(), [floor.clone(), proofs].concat()));
        }
        if sets.is_empty() {
            reports.push(report("policies", law_digest(), floor));
        }
    }
    Ok((reports, all))
}

/// What is read off the floor without a solver, as a proof among the others.
fn of_shape(laws: &Laws) -> Proof {
    let since = Instant::now();
    let found = shape(&laws.floor);
    let outcome = match found.is_empty() {
        true => Outcome::Holds,
        false => Outcome::Fails { places: Vec::new(), why: Refutation::Shape(found) },
    };
    Proof {
        case: "floor".to_owned(),
        name: "forbids-and-compares".to_owned(),
        words: "The floor only forbids, and its conditions only compare.".to_owned(),
        environments: laws.schema.request_envs().count(),
        took: since.elapsed(),
        outcome,
    }
}

/// The banks whose policies are in a folder, by name, or in one file.
fn banks_of(path: &Path) -> Result<Vec<PolicyTexts>, Fault> {
    let places = if path.is_dir() { entries(path)? } else { vec![path.to_owned()] };
    let found = places.iter().map(|place| bank_of(place)).collect::<Result<Vec<_>, _>>()?;
    let sets: Vec<PolicyTexts> = found.into_iter().flatten().collect();
    if sets.is_empty() { Err(Fault::NoBanks { path: path.to_owned() }) } else { Ok(sets) }
}

/// The policies of one bank, if there are any in this place.
fn bank_of(path: &Path) -> Result<Option<PolicyTexts>, Fault> {
    let is = |path: &Path, ending: &str| path.extension().is_some_and(|found| found == ending);
    if path.is_dir() {
        let files = entries(path)?;
        let files = files.iter().filter(|file| is(file, "cedar")).map(|file| policy_file(file));
        let files: Vec<PolicyFile> = files.collect::<Result<_, _>>()?;
        return if files.is_empty() { Ok(None) } else { written(path, files).map(Some) };
    }
    if is(path, "cedar") {
        return written(path, vec![policy_file(path)?]).map(Some);
    }
    if is(path, "json") {
        let kept = serde_json::from_str(&read(path)?);
        return kept.map(Some).map_err(|source| Fault::Json { path: path.to_owned(), source });
    }
    Ok(None)
}

/// What a bank writes itself, beside an offer of everything: whatever it then closes, it closes itself.
fn written(path: &Path, files: Vec<PolicyFile>) -> Result<PolicyTexts, Fault> {
    let name = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
    let bank = name.ok_or_else(|| Fault::BankName { path: path.to_owned() })?;
    let offered = domain::DataClass::ALL.iter().map(|class| (*class, gate::Offer::Yes)).collect();
    Ok(PolicyTexts::of(&BankRules { offered, policies: files, ..BankRules::closed(bank) }))
}

fn policy_file(path: &Path) -> Result<PolicyFile, Fault> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(PolicyFile { name, text: read(path)? })
}

fn read(path: &Path) -> Result<String, Fault> {
    fs::read_to_string(path).map_err(|source| Fault::File { path: path.to_owned(), source })
}

/// What is in a folder, by name.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, Fault> {
    let fault = |source| Fault::File { path: dir.to_owned(), source };
    let entries = fs::read_dir(dir).map_err(fault)?;
    let mut paths =
        entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>().map_err(fault)?;
    paths.sort();
    Ok(paths)
}

#[expect(clippy::disallowed_methods, reason = "the rim of this program: the time stands in what it writes")]
fn write(options: &Options, reports: &[Report]) -> Result<(), Fault> {
    let now = Some(jiff::Timestamp::now());
    let mut files = Vec::new();
    for report in reports {
        if let Some(path) = &options.json {
            files.push((path.clone(), report));
        }
        if let Some(dir) = &options.json_dir {
            files.push((dir.join(format!("{}.proof.json", report.name)), report));
        }
    }
    for (path, report) in files {
        let text = report.json(now).map_err(|source| Fault::Json { path: path.clone(), source })?;
        fs::write(&path, text + "\n").map_err(|source| Fault::File { path, source })?;
    }
    Ok(())
}
