//! Asks the solver, over every request environment of a case: each kind of principal, each action, each kind of
//! resource. Workers take environments in turn; each has a solver process of its own.

use crate::{
    case::{Case, Claim, Service, Theorem, permit_when},
    law::policies,
    request::Shown,
    solver::{Solver, SolverFault},
};
use cedar_policy::{Effect, Policy, PolicySet, RequestEnv};
use cedar_policy_symcc::{
    CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env, err::Error, solver::LocalSolver,
};
use std::{
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The stack of a worker, in bytes. Compiling a policy goes as deep as its conditions are nested, with large
/// frames in a program that is not optimised; the usual 2 MiB leave too little room.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Every theorem in every environment.
    Everything,
    /// Each theorem up to its first failure.
    FirstFailure,
}

/// What became of a theorem.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Whose rules were looked at.
    pub case: String,
    /// The theorem's name.
    pub name: String,
    /// What it says.
    pub words: String,
    /// In how many request environments it was looked at.
    pub environments: usize,
    /// The time that all of them took together, on however many cores.
    pub took: Duration,
    /// The result.
    pub outcome: Outcome,
}

/// Whether a theorem holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It does, in every environment.
    Holds,
    /// It does not, or nobody knows.
    Fails {
        /// The environments in which it does not; if the effort ended early, the first of them.
        places: Vec<String>,
        /// What shows it in the first of them.
        why: Refutation,
    },
}

/// What shows that a theorem does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refutation {
    /// A request for which it is not so.
    Request(Shown),
    /// A service for which no request is allowed.
    Unserved(Service),
    /// Clauses of the floor that do something which no clause may do.
    Shape(Vec<String>),
    /// No answer, which counts as no proof: the solver gave up, or the rules cannot be compiled.
    Unanswered(String),
}

impl Proof {
    /// Whether the theorem holds.
    pub fn holds(&self) -> bool {
        self.outcome == Outcome::Holds
    }
}

/// What one environment says of one theorem.
struct Finding {
    case: usize,
    theorem: usize,
    place: String,
    took: Duration,
    answer: Answer,
}

enum Answer {
    Holds,
    Refuted(Refutation),
    /// The services, by their place in the list, that have a request here.
    Serves(Vec<usize>),
}

type Compiler = CedarSymCompiler<LocalSolver>;

/// Proves the theorems of these cases with as many solvers at once. The proofs stand in the order of the theorems.
pub fn prove(
    solver: &Solver,
    cases: &[Case],
    workers: NonZeroUsize,
    effort: Effort,
) -> Result<Vec<Proof>, SolverFault> {
    let run = Run::of(cases, effort);
    let failed: Mutex<Option<SolverFault>> = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..workers.get() {
            let work = || {
                if let Err(fault) = run.work(solver) {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
                }
            };
            let started = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
            if let Err(source) = started {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(source.into());
            }
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(fault) => Err(fault),
        None => Ok(run.proofs()),
    }
}

/// The work, shared by the workers.
struct Run<'a> {
    cases: &'a [Case],
    effort: Effort,
    /// Each environment of each case.
    jobs: Vec<(usize, RequestEnv)>,
    /// The first job that nobody has taken.
    next: AtomicUsize,
    /// By case and theorem, whether it is known to fail.
    fallen: Vec<Vec<AtomicBool>>,
    findings: Mutex<Vec<Finding>>,
}

impl<'a> Run<'a> {
    fn of(cases: &'a [Case], effort: Effort) -> Run<'a> {
        let jobs =
            cases.iter().enumerate().flat_map(|(i, case)| case.schema.request_envs().map(move |e| (i, e)));
        let mut jobs: Vec<(usize, RequestEnv)> = jobs.collect();
        jobs.sort_by_key(|(case, env)| (*case, place(env)));
        let fallen = cases.iter().map(|case| case.theorems.iter().map(|_| AtomicBool::new(false)).collect());
        Run {
            cases,
            effort,
            jobs,
            next: AtomicUsize::new(0),
            fallen: fallen.collect(),
            findings: Mutex::new(Vec::new()),
        }
    }

    /// Takes jobs until none is left.
    fn work(&self, solver: &Solver) -> Result<(), SolverFault> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut compiler = solver.start()?;
            while let Some((case, env)) = self.jobs.get(self.next.fetch_add(1, Ordering::Relaxed)) {
                self.look(*case, env, solver, &mut compiler).await?;
            }
            Ok(())
        })
    }

    /// Looks at every theorem of a case in one environment.
    async fn look(
        &self,
        index: usize,
        env: &RequestEnv,
        solver: &Solver,
        compiler: &mut Compiler,
    ) -> Result<(), SolverFault> {
        let case = &self.cases[index];
        let settled =
            |fallen: &AtomicBool| self.effort == Effort::FirstFailure && fallen.load(Ordering::Relaxed);
        if self.fallen[index].iter().all(settled) {
            return Ok(());
        }
        let place = place(env);
        let rules = CompiledPolicySet::compile(&case.rules, env, &case.schema);
        // Where the rules allow nothing, one question answers many.
        let about_open = case.theorems.iter().any(|theorem| theorem.claim.is_about_what_is_open());
        let shut = match &rules {
            Ok(rules) if about_open => compiler.check_always_denies_opt(rules).await.unwrap_or(false),
            _ => false,
        };
        for (i, theorem) in case.theorems.iter().enumerate() {
            let fallen = &self.fallen[index][i];
            if settled(fallen) {
                continue;
            }
            let since = Instant::now();
            let answer = match &rules {
                Ok(_) if shut && theorem.claim.is_about_what_is_open() => Ok(Answer::Holds),
                Ok(rules) => Question { case, env, rules }.ask(theorem, compiler).await,
                Err(fault) => Err(Unanswered::of(fault)),
            };
            let answer = match answer {
                Ok(answer) => answer,
                Err(Unanswered(why)) => {
                    // A solver that failed once is not asked again.
                    *compiler = solver.start()?;
                    Answer::Refuted(Refutation::Unanswered(why))
                }
            };
            if matches!(answer, Answer::Refuted(_)) {
                fallen.store(true, Ordering::Relaxed);
            }
            let finding =
                Finding { case: index, theorem: i, place: place.clone(), took: since.elapsed(), answer };
            self.findings.lock().unwrap_or_else(PoisonError::into_inner).push(finding);
        }
        Ok(())
    }

    /// Puts the findings together.
    fn proofs(self) -> Vec<Proof> {
        let mut findings = self.findings.into_inner().unwrap_or_else(PoisonError::into_inner);
        findings.sort_by(|a, b| a.place.cmp(&b.place));
        let mut proofs = Vec::new();
        for (i, case) in self.cases.iter().enumerate() {
            for (j, theorem) in case.theorems.iter().enumerate() {
                let of_it: Vec<&Finding> =
                    findings.iter().filter(|found| (found.case, found.theorem) == (i, j)).collect();
                proofs.push(proof(case, theorem, &of_it));
            }
        }
        proofs
    }
}

fn proof(case: &Case, theorem: &Theorem, findings: &[&Finding]) -> Proof {
    let refuted = |found: &&Finding| match &found.answer {
        Answer::Refuted(why) => Some((found.place.clone(), why.clone())),
        _ => None,
    };
    let (places, reasons): (Vec<String>, Vec<Refutation>) = findings.iter().filter_map(refuted).unzip();
    let unserved = unserved(theorem, findings).map(Refutation::Unserved);
    let outcome = match reasons.into_iter().next().or(unserved) {
        None if findings.is_empty() => {
            let why = "the schema has no request to look at".to_owned();
            Outcome::Fails { places, why: Refutation::Unanswered(why) }
        }
        None => Outcome::Holds,
        Some(why) => Outcome::Fails { places, why },
    };
    Proof {
        case: case.name.clone(),
        name: theorem.name.clone(),
        words: theorem.words.clone(),
        environments: findings.len(),
        took: findings.iter().map(|found| found.took).sum(),
        outcome,
    }
}

/// The first service of the theorem that no environment has a request for.
fn unserved(theorem: &Theorem, findings: &[&Finding]) -> Option<Service> {
    let Claim::Serves(services) = &theorem.claim else { return None };
    let served = |i: &usize| {
        findings.iter().any(|found| matches!(&found.answer, Answer::Serves(here) if here.contains(i)))
    };
    (0..services.len()).find(|i| !served(i)).map(|i| services[i].clone())
}

/// No answer, and why.
struct Unanswered(String);

impl Unanswered {
    fn of(fault: &Error) -> Unanswered {
        match fault {
            Error::PolicyNotWellTyped { errs } => {
                let found: Vec<String> = errs.iter().map(ToString::to_string).collect();
                Unanswered(format!("{fault}: {}", found.join("; ")))
            }
            _ => Unanswered(fault.to_string()),
        }
    }
}

impl From<Error> for Unanswered {
    fn from(fault: Error) -> Self {
        Unanswered::of(&fault)
    }
}

/// A case in one environment.
struct Question<'a> {
    case: &'a Case,
    env: &'a RequestEnv,
    rules: &'a CompiledPolicySet,
}

impl Question<'_> {
    async fn ask(&self, theorem: &Theorem, compiler: &mut Compiler) -> Result<Answer, Unanswered> {
        let shown = match &theorem.claim {
            Claim::NeverFails => self.a_failure(compiler).await?,
            Claim::Within { set, kept_by } => {
                let set = self.compile(set)?;
                let part = self.compile(&part(&self.case.rules, kept_by))?;
                let kept = compiler.check_implies_opt(&part, &set).await?
                    || compiler.check_implies_opt(self.rules, &set).await?;
                match kept {
                    true => None,
                    false => compiler.check_implies_with_counterexample_opt(self.rules, &set).await?,
                }
                .map(|found| Shown::of(&found, &self.case.rules))
            }
            Claim::ClosesOnly(forbids) => self.closed_too_much(forbids, compiler).await?,
            Claim::Closed(set) => {
                let found = compiler.check_always_denies_with_counterexample_opt(&self.compile(set)?).await?;
                found.map(|found| Shown::of(&found, set))
            }
            Claim::Serves(services) => return self.served(services, compiler).await,
        };
        Ok(shown.map_or(Answer::Holds, |shown| Answer::Refuted(Refutation::Request(shown))))
    }

    fn compile(&self, set: &PolicySet) -> Result<CompiledPolicySet, Unanswered> {
        Ok(CompiledPolicySet::compile(set, self.env, &self.case.schema)?)
    }

    /// A request on which a policy fails.
    async fn a_failure(&self, compiler: &mut Compiler) -> Result<Option<Shown>, Unanswered> {
        for policy in self.case.rules.policies() {
            let compiled = CompiledPolicy::compile(policy, self.env, &self.case.schema)?;
            let found: Option<Env> = match compiler.check_never_errors_opt(&compiled).await? {
                true => None,
                false => compiler.check_never_errors_with_counterexample_opt(&compiled).await?,
            };
            if let Some(found) = found {
                return Ok(Some(Shown::of(&found, &self.case.rules)));
            }
        }
        Ok(None)
    }

    /// A request that a forbid closes and should not.
    async fn closed_too_much(
        &self,
        forbids: &[(String, PolicySet)],
        compiler: &mut Compiler,
    ) -> Result<Option<Shown>, Unanswered> {
        for (forbid, open) in forbids {
            let part = part(&self.case.rules, std::slice::from_ref(forbid));
            let (open, closing) = (self.compile(open)?, self.compile(&part)?);
            if !compiler.check_implies_opt(&open, &closing).await? {
                let found = compiler.check_implies_with_counterexample_opt(&open, &closing).await?;
                return Ok(found.map(|found| Shown::of(&found, &part)));
            }
        }
        Ok(None)
    }

    /// The services that have an allowed request in this environment. A request that the solver calls allowed
    /// and the authorizer does not is no proof but a fault of one of the two.
    async fn served(&self, services: &[Service], compiler: &mut Compiler) -> Result<Answer, Unanswered> {
        let mut here = Vec::new();
        for (i, service) in services.iter().enumerate().filter(|(_, service)| is_of(service, self.env)) {
            let wanted = policies("service", &permit_when(&service.when));
            let wanted = self.compile(&wanted.map_err(|fault| Unanswered(fault.to_string()))?)?;
            let found = compiler.check_disjoint_with_counterexample_opt(self.rules, &wanted).await?;
            match found.map(|found| Shown::of(&found, &self.case.rules)) {
                Some(shown) if shown.allowed && !shown.failed => here.push(i),
                Some(shown) => return Ok(Answer::Refuted(Refutation::Request(shown))),
                None => {}
            }
        }
        Ok(Answer::Serves(here))
    }
}

/// All permits of the rules, and of the forbids those that are named. It allows whatever the rules allow, and more.
fn part(rules: &PolicySet, forbids: &[String]) -> PolicySet {
    let kept = |policy: &&Policy| {
        let id: &str = policy.id().as_ref();
        policy.effect() == Effect::Permit || forbids.iter().any(|name| name == id)
    };
    // The names are those of one set, so none is there twice.
    PolicySet::from_policies(rules.policies().filter(kept).cloned()).unwrap_or_else(|_| rules.clone())
}

fn is_of(service: &Service, env: &RequestEnv) -> bool {
    let who = env.principal().to_string();
    who.rsplit("::").next() == Some(service.who.as_str()) && env.action().id().unescaped() == service.action
}

/// The environment in words: `Customer ReadBalances`.
fn place(env: &RequestEnv) -> String {
    let who = env.principal().to_string();
    format!("{} {}", who.rsplit("::").next().unwrap_or(&who), env.action().id().unescaped())
}
