//! `parlour policy`: tries the banks' policies and explains them.

use super::config_or_print;
use crate::{
    config::{BankFile, Config},
    keys::Keys,
    policy::{
        explain, kept,
        situation::{ASKS, Asks, COLUMNS, NotKnown, Situation},
        table::{self, Outcome},
    },
};
use clap::{Args, Subcommand};
use domain::{BankId, EntryId};
use gate::Gate;
use std::{error::Error, path::PathBuf, process::ExitCode};
use store::{Store, access};

/// What banks say about their data.
#[derive(Args)]
pub struct Policy {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Try the policies with the tables of the banks, and print each row with its answer.
    Test(Test),
    /// Say in plain words why something was decided, what would be, or who could read something.
    Explain(Box<Explain>),
}

/// What to try.
#[derive(Args)]
struct Test {
    /// The gateway's file. The demo's is parlour-data/parlour.toml.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// Only this bank.
    #[arg(long)]
    bank: Option<BankId>,
}

/// What to explain: an entry of the log, a made-up question, or who could read something.
#[derive(Args)]
struct Explain {
    /// The gateway's file. The demo's is parlour-data/parlour.toml.
    #[arg(long, default_value = "parlour.toml")]
    config: PathBuf,
    /// The bank. Needed unless the gateway has only one, or an entry is given.
    #[arg(long)]
    bank: Option<BankId>,
    /// An entry of the log (`ent_…`). Reads the store.
    #[arg(long, conflicts_with_all = ["class", "who_can", "said"])]
    entry: Option<EntryId>,
    /// What a made-up question asks for: a class of data, or order_payment.
    #[arg(long, visible_alias = "asks", conflicts_with = "who_can")]
    class: Option<String>,
    /// Who could read this class of data, or order_payment?
    #[arg(long)]
    who_can: Option<String>,
    #[command(flatten)]
    said: Said,
}

/// What is said of a made-up question; what is not said is as usual. The words are those of a table of tests.
#[derive(Args)]
#[group(id = "said", multiple = true)]
struct Said {
    /// Who asks: customer, another_customer, agent, agent_without_case, agent_of_another_bank, staff, …
    #[arg(long)]
    asker: Option<String>,
    /// What for.
    #[arg(long)]
    purpose: Option<String>,
    /// Where.
    #[arg(long)]
    channel: Option<String>,
    /// How it would be shown: in_chat, sealed or never.
    #[arg(long)]
    tier: Option<String>,
    /// From which country, by two letters.
    #[arg(long)]
    region: Option<String>,
    /// At which hour of the bank's clock.
    #[arg(long)]
    hour: Option<String>,
    /// Through which company.
    #[arg(long)]
    partner: Option<String>,
    /// How much is paid, such as "500.00 USD".
    #[arg(long)]
    amount: Option<String>,
    /// What consent there is: given, none, paused, withdrawn, over, …
    #[arg(long)]
    consent: Option<String>,
    /// To which classes of data the customer agreed, with spaces between.
    #[arg(long)]
    classes: Option<String>,
    /// To which purposes, with spaces between.
    #[arg(long)]
    purposes: Option<String>,
    /// Whether the accounts are those that were chosen: chosen or not_chosen.
    #[arg(long)]
    accounts: Option<String>,
}

impl Said {
    fn by_column(&self) -> [(&'static str, &Option<String>); 12] {
        [
            ("asker", &self.asker),
            ("purpose", &self.purpose),
            ("channel", &self.channel),
            ("tier", &self.tier),
            ("region", &self.region),
            ("hour", &self.hour),
            ("partner", &self.partner),
            ("amount", &self.amount),
            ("consent", &self.consent),
            ("classes", &self.classes),
            ("purposes", &self.purposes),
            ("accounts", &self.accounts),
        ]
    }
}

/// What was asked of the command that cannot be answered.
#[derive(Debug, thiserror::Error)]
enum CannotExplain {
    #[error("this gateway has several banks; name one with --bank: {0}")]
    WhichBank(String),
    #[error("there is no bank `{0}` in this configuration")]
    NoSuchBank(BankId),
    #[error("--{column}: {fault}")]
    Word { column: &'static str, fault: NotKnown },
    #[error("name an entry (--entry), a question (--class) or what could be read (--who-can)")]
    Nothing,
    #[error(
        "no bank of this gateway has an entry {0}; or its customer was erased, and nobody can read it any more"
    )]
    NoSuchEntry(EntryId),
}

impl Policy {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        match self.command {
            PolicyCommand::Test(test) => test.run(),
            PolicyCommand::Explain(explain) => explain.run().await,
        }
    }
}

fn gate_or_print(config: &Config) -> Result<Gate, ExitCode> {
    let rules = config.banks.iter().map(|bank| bank.rules.clone()).collect();
    Gate::load(rules).map_err(|faults| {
        faults.iter().for_each(|fault| eprintln!("error: {fault}\n"));
        eprintln!("{} to mend in the policies.", faults.len());
        ExitCode::FAILURE
    })
}

impl Test {
    fn run(self) -> ExitCode {
        let config = match config_or_print(&self.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        let gate = match gate_or_print(&config) {
            Ok(gate) => gate,
            Err(code) => return code,
        };
        let chosen = |bank: &&BankFile| self.bank.as_ref().is_none_or(|id| *id == bank.id);
        let banks: Vec<&BankFile> = config.banks.iter().filter(chosen).collect();
        if let (true, Some(bank)) = (banks.is_empty(), &self.bank) {
            eprintln!("error: {}", CannotExplain::NoSuchBank(bank.clone()));
            return ExitCode::FAILURE;
        }
        let wrong: usize = banks.into_iter().map(|bank| print_tests(bank, &gate)).sum();
        match wrong {
            0 => ExitCode::SUCCESS,
            n => {
                eprintln!("{n} {} not as expected.", if n == 1 { "answer is" } else { "answers are" });
                ExitCode::FAILURE
            }
        }
    }
}

/// Prints each row of a bank's tables, then the faults. How many are wrong.
fn print_tests(bank: &BankFile, gate: &Gate) -> usize {
    let outcomes = table::try_all(&bank.policy_tests, gate, &bank.id);
    println!("{} ({}): {} policy tests", bank.name, bank.id, outcomes.len());
    let name = |outcome: &Outcome| match outcome.test.name.is_empty() {
        true => format!("line {}", outcome.test.at.line),
        false => outcome.test.name.clone(),
    };
    let wide = outcomes.iter().map(|outcome| name(outcome).chars().count()).max().unwrap_or(0);
    for outcome in &outcomes {
        let mark = if outcome.is_right() { "ok   " } else { "WRONG" };
        println!("  {mark}  {:<wide$}  {}", name(outcome), outcome.answer());
    }
    let faults: Vec<_> = outcomes.iter().filter_map(Outcome::fault).collect();
    faults.iter().for_each(|fault| eprintln!("error: {fault}\n"));
    faults.len()
}

impl Explain {
    async fn run(self) -> ExitCode {
        let config = match config_or_print(&self.config) {
            Ok(config) => config,
            Err(code) => return code,
        };
        match self.explain(&config).await {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(fault) => {
                eprintln!("error: {fault}");
                ExitCode::FAILURE
            }
        }
    }

    async fn explain(&self, config: &Config) -> Result<String, Box<dyn Error>> {
        if let Some(entry) = &self.entry {
            return of_entry(config, entry).await;
        }
        let bank = self.bank(config)?;
        let gate = Gate::load(vec![bank.rules.clone()]).map_err(|faults| faults[0].clone())?;
        if let Some(what) = &self.who_can {
            return Ok(explain::who_can(asks(what)?, &gate, &bank.id));
        }
        let situation = self.situation()?;
        let trial = situation.trial(&gate, &bank.id);
        let text =
            explain::decision(&trial.decision, gate.texts(&bank.id), trial.said.as_deref(), &bank.zone);
        Ok(format!("If this were asked:\n\n{text}"))
    }

    fn bank<'a>(&self, config: &'a Config) -> Result<&'a BankFile, CannotExplain> {
        match (&self.bank, config.banks.as_slice()) {
            (None, [only]) => Ok(only),
            (None, banks) => {
                let ids: Vec<&str> = banks.iter().map(|bank| bank.id.as_str()).collect();
                Err(CannotExplain::WhichBank(ids.join(", ")))
            }
            (Some(id), banks) => {
                banks.iter().find(|bank| bank.id == *id).ok_or_else(|| CannotExplain::NoSuchBank(id.clone()))
            }
        }
    }

    fn situation(&self) -> Result<Situation, CannotExplain> {
        let mut situation = Situation::usual(asks(self.class.as_deref().ok_or(CannotExplain::Nothing)?)?);
        for (column, said) in self.said.by_column() {
            let text = said.as_deref().unwrap_or("");
            situation.say(column, text).map_err(|fault| CannotExplain::Word { column, fault })?;
        }
        Ok(situation)
    }
}

fn asks(text: &str) -> Result<Asks, CannotExplain> {
    let mut situation = Situation::usual(ASKS[0].1);
    let column = COLUMNS[1];
    situation.say(column, text).map_err(|fault| CannotExplain::Word { column: "class", fault })?;
    Ok(situation.asks)
}

/// Explains a decision that was made. What it shows names no customer and no account.
async fn of_entry(config: &Config, entry: &EntryId) -> Result<String, Box<dyn Error>> {
    let keys = Keys::open(config.data.join("keys"))?;
    let store = Store::open(&config.database, keys.kek()?, config.store_options())?;
    let mut found = None;
    for bank in &config.banks {
        let (id, entry) = (bank.id.clone(), entry.clone());
        if let Some(access) = store.read(move |tx| access::by_entry(tx, &id, &entry)).await? {
            found = Some((bank, access));
            break;
        }
    }
    store.close().await;
    let (bank, access) = found.ok_or_else(|| CannotExplain::NoSuchEntry(entry.clone()))?;
    let texts = kept::find(&config.data, &access.decision.policy_digest)?;
    let text = explain::decision(&access.decision, texts.as_ref(), None, &bank.zone);
    let place = access.index.map_or_else(|| "not numbered yet".to_owned(), |index| format!("place {index}"));
    Ok(format!("{entry}, {place} in the log of {}:\n\n{text}", bank.id))
}
