//! One log of card events per bank, and the state that is folded from it. Everything that a bank tells goes through here in
//! one order: it is judged, stored with what was decided, and answered when that is durable. Each event counts once. What
//! is in memory can be built again from the log at any moment, and is whenever something went wrong.

use super::{
    decision::{Decision, Raise, decide},
    judge::{Judge, Memory},
    live_rules::{Board, Live, Tally},
    snapshot::{self, Unusable},
    standing::{Standing, Teller},
    watching::{self, OnTrial},
    wire::{Incoming, Naming},
};
use crate::app::App;
use domain::BankId;
use fraud::state::{AT_ONCE, Bounds};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{
    DbError, bank_events,
    card_events::{self, CardEvent},
    fraud_alerts::{self, NewAlert},
    fraud_rules::{self, RuleHits},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot},
    task::{JoinHandle, spawn_blocking},
    time,
};

/// Requests that wait for a bank's engine. More are told to come back: the bank sends again.
const QUEUE: usize = 1_024;
/// Events that are judged and stored in one transaction: as many as a large file has.
const BATCH: usize = 10_000;
/// How often another process may have been faster before it is given up; the bank sends again.
const CLASHES: u32 = 5;
/// After so many events the state is written to a file, so that a start after a crash reads few: about two seconds of work. Not more
/// often, since writing it holds up the answers of some milliseconds.
const SNAPSHOT_EVERY: u64 = 100_000;
/// How often to look whether another model was put there, as for the banks' policies.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long the log is kept: as long as the state remembers a card that is not used.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24 * 40);

/// What became of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// What was decided.
    pub decision: Decision,
    /// Whether it had come before; nothing was done now.
    pub repeated: bool,
}

/// Why an event was not taken. It is to be sent again.
#[derive(Debug, thiserror::Error)]
pub enum EngineFault {
    /// This bank has no engine here.
    #[error("this bank tells of no card payments")]
    NotHere,
    /// Too much waits.
    #[error("{QUEUE} requests wait already")]
    Busy,
    /// Other processes were faster again and again.
    #[error("others were faster {CLASHES} times")]
    Clashed,
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The gateway stops.
    #[error("the gateway stops")]
    Stopping,
}

struct Request {
    events: Vec<Incoming>,
    answer: oneshot::Sender<Result<Vec<Taken>, EngineFault>>,
}

/// The engines of all banks that tell of card payments.
pub struct Engines {
    by_bank: BTreeMap<BankId, mpsc::Sender<Request>>,
    unstarted: Mutex<Vec<(BankId, mpsc::Receiver<Request>)>>,
    standing: Mutex<BTreeMap<BankId, Arc<Standing>>>,
    folder: PathBuf,
    key: [u8; 32],
    /// What the console shows of them.
    pub board: Board,
}

impl Engines {
    /// Engines for these banks, which keep their snapshots in a folder, and the gateway's key for the names of cards.
    pub fn new(banks: impl IntoIterator<Item = BankId>, folder: PathBuf, key: [u8; 32]) -> Engines {
        let (mut by_bank, mut unstarted) = (BTreeMap::new(), vec![]);
        for bank in banks {
            let (sender, receiver) = mpsc::channel(QUEUE);
            by_bank.insert(bank.clone(), sender);
            unstarted.push((bank, receiver));
        }
        let (unstarted, standing) = (Mutex::new(unstarted), Mutex::default());
        Engines { by_bank, unstarted, standing, folder, key, board: Board::default() }
    }

    /// How the engine of a bank stands. None: it has none, or has not read its log yet.
    pub fn standing(&self, bank: &BankId) -> Option<Arc<Standing>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).get(bank).cloned()
    }

    /// Sets the figures of how the banks' engines stand.
    pub fn show(&self) {
        let all = self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter().for_each(|(bank, standing)| standing.show(bank));
    }

    /// How the cards and shops of a bank are named to its engine.
    pub fn naming(&self, bank: &BankId) -> Naming {
        Naming::new(&self.key, bank.as_str())
    }

    /// Takes events in, in this order. They are durable when this returns. Without an event, the engine only looks whether
    /// something else is in force now, and shows on the [`Board`] how it stands.
    pub async fn take(&self, bank: &BankId, events: Vec<Incoming>) -> Result<Vec<Taken>, EngineFault> {
        let sender = self.by_bank.get(bank).ok_or(EngineFault::NotHere)?;
        let (answer, heard) = oneshot::channel();
        sender.try_send(Request { events, answer }).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => EngineFault::Busy,
            mpsc::error::TrySendError::Closed(_) => EngineFault::Stopping,
        })?;
        heard.await.unwrap_or(Err(EngineFault::Stopping))
    }
}

/// Works for all banks until the gateway stops; what was taken in is finished.
pub async fn run(app: Arc<App>) {
    let unstarted: Vec<_> =
        app.engines.unstarted.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
    let mut banks = tokio::task::JoinSet::new();
    for (bank, receiver) in unstarted {
        banks.spawn(serve(app.clone(), bank, receiver));
    }
    while banks.join_next().await.is_some() {}
}

async fn serve(app: Arc<App>, bank: BankId, mut requests: mpsc::Receiver<Request>) {
    let mut stop = app.stop.clone();
    let Some(tenant) = app.tenants.get(&bank) else { return };
    let Some(fraud) = tenant.fraud.clone() else { return };
    let today = app.clock.now().to_zoned(tenant.zone.clone()).date();
    let mut judge = Judge::of(&fraud, tenant.zone.clone(), today);
    let live = Live::new(bank.clone(), tenant.zone.clone(), fraud.currency);
    let mut engine = Engine::new(&app, bank, live);
    let mut looks = time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let mut asked = signal(SignalKind::hangup()).ok();
    // The log is read now and not with the first event; what fails here is tried again with that.
    engine.live.follow(&app, &mut judge).await;
    engine.answer(&judge, vec![]).await;
    loop {
        let first = tokio::select! {
            request = requests.recv() => request,
            _ = stop.changed() => None,
            _ = looks.tick() => {
                engine.look(&mut judge, false).await;
                continue;
            }
            () = crate::policy::reload::heard(&mut asked) => {
                engine.look(&mut judge, true).await;
                continue;
            }
        };
        let Some(first) = first else { break };
        let mut batch = vec![first];
        let mut events = batch[0].events.len();
        while events < BATCH {
            let Ok(more) = requests.try_recv() else { break };
            events += more.events.len();
            batch.push(more);
        }
        engine.live.follow(&app, &mut judge).await;
        engine.answer(&judge, batch).await;
    }
    engine.write_snapshot().await;
    engine.wait_for_snapshot().await;
}

/// Why a batch is tried again, or not.
enum Undone {
    Clash,
    Store(DbError),
}

impl From<DbError> for Undone {
    fn from(fault: DbError) -> Undone {
        Undone::Store(fault)
    }
}

struct Engine<'a> {
    app: &'a Arc<App>,
    bank: BankId,
    file: PathBuf,
    /// What is remembered after the event `seq`. None: it has to be built again.
    at: Option<(Memory, u64)>,
    /// Up to which event the last snapshot goes.
    written: u64,
    /// A snapshot that is being written.
    writing: Option<JoinHandle<()>>,
    /// What the console has put in force.
    live: Live,
    teller: Teller,
}

/// Something to be stored.
struct Entry {
    event: CardEvent,
    raises: Vec<Raise>,
}

impl Engine<'_> {
    fn new(app: &Arc<App>, bank: BankId, live: Live) -> Engine<'_> {
        let file = app.engines.folder.join(format!("{bank}.state"));
        let teller = Teller::default();
        Engine { app, bank, file, at: None, written: 0, writing: None, live, teller }
    }

    /// Takes up other models that were put in the place of those in use.
    async fn look(&mut self, judge: &mut Judge, again: bool) {
        let mut models = judge.models().clone();
        let looked = spawn_blocking(move || (models.look(again), models));
        let (changed, models) = match looked.await {
            Ok(looked) => looked,
            Err(fault) => return tracing::error!(%fault, "looking at the files of fraud models broke off"),
        };
        let told = models.troubles() != judge.models().troubles();
        judge.use_models(models);
        if changed {
            self.at = self.at.take().map(|(memory, seq)| (judge.settle(memory), seq));
        }
        if changed || told {
            self.publish(judge);
        }
    }

    /// Says how it stands.
    fn publish(&mut self, judge: &Judge) {
        let Some((memory, _)) = &self.at else { return };
        let standing = Arc::new(Standing::of(judge, memory));
        self.teller.tell(&self.bank, &standing);
        let mut all = self.app.engines.standing.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(self.bank.clone(), standing);
    }

    async fn answer(&mut self, judge: &Judge, batch: Vec<Request>) {
        let (mut all, mut ends) = (vec![], vec![]);
        let mut answers = vec![];
        let is_watched = batch.iter().any(|request| request.events.is_empty());
        for request in batch {
            all.extend(request.events);
            ends.push(all.len());
            answers.push(request.answer);
        }
        let taken = self.take(judge, &all).await;
        if let (true, Some((memory, _))) = (is_watched, &self.at) {
            let view = self.live.view(judge, &memory.budget, self.app.clock.now());
            self.app.engines.board.show(&self.bank, view);
        }
        self.publish(judge);
        let mut from = 0;
        for (end, answer) in ends.into_iter().zip(answers) {
            let part = match &taken {
                Ok(taken) => Ok(taken[from..end].to_vec()),
                Err(EngineFault::Clashed) => Err(EngineFault::Clashed),
                Err(fault) => {
                    let bank = &self.bank;
                    tracing::warn!(%bank, %fault, "card events could not be stored; the bank will send them again");
                    Err(EngineFault::Busy)
                }
            };
            // Whoever asked may have gone; the events are stored all the same.
            let _ = answer.send(part);
            from = end;
        }
        if self.at.as_ref().is_some_and(|(_, seq)| seq - self.written >= SNAPSHOT_EVERY) {
            self.write_snapshot().await;
        }
    }

    async fn take(&mut self, judge: &Judge, events: &[Incoming]) -> Result<Vec<Taken>, EngineFault> {
        for _ in 0..CLASHES {
            match self.attempt(judge, events).await {
                Ok(taken) => return Ok(taken),
                Err(undone) => {
                    // What was folded in is not stored: the state is built again.
                    self.at = None;
                    if let Undone::Store(fault) = undone {
                        return Err(fault.into());
                    }
                }
            }
        }
        Err(EngineFault::Clashed)
    }

    async fn attempt(&mut self, judge: &Judge, events: &[Incoming]) -> Result<Vec<Taken>, Undone> {
        let mut known = self.catch_up(judge, events).await?;
        let (memory, seq) = self.at.as_mut().expect("catching up leaves a state");
        let (mut taken, mut entries) = (Vec::with_capacity(events.len()), vec![]);
        let now = self.app.clock.now();
        self.live.lift(&mut memory.budget, now);
        // What others have judged they have counted.
        memory.tally = Tally::default();
        for few in events.chunks(AT_ONCE) {
            memory.state.warm(few.iter().map(|incoming| &incoming.event));
            for incoming in few {
                if let Some(decision) = known.get(&incoming.id) {
                    taken.push(Taken { decision: decision.clone(), repeated: true });
                    continue;
                }
                *seq += 1;
                let (decision, raises, on_trial) = decide(judge, memory, incoming, *seq, now);
                known.insert(incoming.id.clone(), decision.clone());
                entries.push(Entry { event: entry(incoming, *seq, &decision, on_trial.as_ref()), raises });
                taken.push(Taken { decision, repeated: false });
            }
        }
        let hits = memory.tally.named(judge);
        self.store(entries, hits, now).await?;
        Ok(taken)
    }

    /// Brings the state to the end of the log, and gives what was decided about those events that stand in it.
    async fn catch_up(
        &mut self,
        judge: &Judge,
        events: &[Incoming],
    ) -> Result<HashMap<String, Decision>, Undone> {
        if self.at.is_none() {
            self.at = Some(self.read_snapshot(judge).await?);
        }
        let (memory, seq) = self.at.as_mut().expect("it was read just now");
        let ids: Arc<[String]> = events.iter().map(|event| event.id.clone()).collect();
        loop {
            let (bank, from, ids) = (self.bank.clone(), *seq, ids.clone());
            // At one moment, and in one visit to the database: every answer waits for it.
            let read = move |tx: &mut store::Tx| -> Result<_, DbError> {
                Ok((card_events::after(tx, &bank, from, BATCH as u32)?, known(tx, &bank, &ids)?))
            };
            let (newer, known): (Vec<CardEvent>, _) = self.app.store.read(read).await?;
            let whole = newer.len() == BATCH;
            for event in newer {
                if let Some(read) = super::record::read(&event.body) {
                    judge.take_again(memory, &read, &event.answer);
                }
                *seq = event.seq;
            }
            if !whole {
                return Ok(known);
            }
        }
    }

    async fn store(&self, entries: Vec<Entry>, hits: Vec<RuleHits>, now: Timestamp) -> Result<(), Undone> {
        if entries.is_empty() {
            return Ok(());
        }
        let bank = self.bank.clone();
        let stored = self.app.store.transact(move |tx| -> Result<u64, Undone> {
            let mut raised = 0;
            fraud_rules::count(tx, &bank, &hits)?;
            for entry in &entries {
                if !card_events::append(tx, &bank, &entry.event, now)? {
                    return Err(Undone::Clash);
                }
                for Raise { id, consent, suspect, asks } in &entry.raises {
                    let Some(owner) = bank_events::owner(tx, &bank, consent)? else { continue };
                    let body = serde_json::to_vec(suspect).expect("a suspect is plain data");
                    let new = NewAlert {
                        id,
                        bank: &bank,
                        customer: &owner.customer,
                        conversation: &owner.conversation,
                        consent: &owner.consent,
                        payment: &bank_events::fingerprint(&suspect.payment),
                        card: entry.event.card,
                        terminal: entry.event.terminal,
                        body: &body,
                        asks: *asks,
                        now,
                    };
                    raised += u64::from(fraud_alerts::raise(tx, &new)?);
                }
            }
            Ok(raised)
        });
        let raised = stored.await?;
        if raised > 0 {
            let bank = self.bank.to_string();
            metrics::counter!("parlour_fraud_alerts_total", "bank" => bank).increment(raised);
        }
        Ok(())
    }

    /// What the file remembers, if it is there and whole and the log goes on from it; else nothing, and the log is read from its
    /// beginning.
    async fn read_snapshot(&mut self, judge: &Judge) -> Result<(Memory, u64), DbError> {
        let bank = self.bank.clone();
        let last = self.app.store.read(move |tx| card_events::last(tx, &bank)).await?;
        let found = std::fs::read(&self.file).ok().and_then(|bytes| {
            let read = snapshot::read(judge, &bytes);
            let file = self.file.display();
            match read {
                Err(Unusable::Damaged) => {
                    tracing::error!(%file, "a snapshot of the fraud engine cannot be used; the log is read instead");
                }
                Err(Unusable::Older) => {
                    tracing::info!(%file, "an earlier version wrote this snapshot of the fraud engine; the log is read instead");
                }
                Ok(_) => {}
            }
            read.ok()
        });
        // A file from after the database that was put back tells of events that never were.
        let found = found.filter(|(_, seq)| *seq <= last);
        self.written = found.as_ref().map_or(0, |(_, seq)| *seq);
        Ok(found.unwrap_or_else(|| (judge.begin(Bounds::default()), 0)))
    }

    /// Writes the state beside the log, on a thread that may wait for the disk: whoever waits for an answer does not. It saves
    /// time only, so a fault is told and nothing else.
    async fn write_snapshot(&mut self) {
        self.wait_for_snapshot().await;
        let Some((memory, seq)) = &self.at else { return };
        if *seq == self.written {
            return;
        }
        let bytes = snapshot::bytes(memory, *seq);
        self.written = *seq;
        let file = self.file.clone();
        self.writing = Some(spawn_blocking(move || {
            if let Err(fault) = snapshot::write(&file, &bytes) {
                let file = file.display();
                tracing::warn!(%file, %fault, "a snapshot of the fraud engine could not be written");
            }
        }));
    }

    /// Two at once would write one file.
    async fn wait_for_snapshot(&mut self) {
        if let Some(writing) = self.writing.take()
            && let Err(fault) = writing.await
        {
            tracing::error!(%fault, "writing a snapshot of the fraud engine broke off");
        }
    }
}

/// An event as the log keeps it.
fn entry(incoming: &Incoming, seq: u64, decision: &Decision, on_trial: Option<&OnTrial>) -> CardEvent {
    CardEvent {
        seq,
        id: incoming.id.clone(),
        about: incoming.about,
        card: incoming.event.card(),
        terminal: incoming.event.terminal(),
        body: super::record::write(&incoming.event),
        answer: watching::logged(decision, on_trial),
    }
}

/// What was decided about those events that stand in the log.
fn known(tx: &mut store::Tx, bank: &BankId, ids: &[String]) -> Result<HashMap<String, Decision>, DbError> {
    let mut known = HashMap::new();
    for id in ids {
        if let Some(event) = card_events::of_id(tx, bank, id)? {
            let decision = serde_json::from_slice(&event.answer);
            known.insert(id.clone(), decision.unwrap_or_else(|_| Decision::nothing(event.seq)));
        }
    }
    Ok(known)
}
