//! An answer that is cut off between any two of its steps, as a crash would: no data is released whose entry
//! in the log is not durable.

use crate::house::House;
use domain::Channel;
use parlour::{
    asking::{Shown, Turn, TurnFault},
    balances,
    demo::{DemoBank, guest::Guest},
    reply::Reply,
    telemetry,
};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use store::{DbError, access, conversations};
use tokio::time;
use understanding::Entities;

/// More steps than an answer has.
const MOST_STEPS: u32 = 400;

/// A future that gets so many turns and then no more. Dropping it then is a crash, as far as it can tell.
struct CutOff<F> {
    inner: Pin<Box<F>>,
    turns: u32,
}

impl<F: Future> Future for CutOff<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.turns -= 1;
        match self.inner.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.turns == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// How often the bank told accounts with their balances so far. No other test of this program asks this bank.
fn bank_told(bank: &DemoBank) -> usize {
    let figures = telemetry::metrics().render();
    let line = format!("parlour_bank_calls_total{{bank=\"{}\",call=\"accounts\",outcome=\"ok\"}} ", bank.id);
    figures.lines().find_map(|known| known.strip_prefix(&line)?.parse().ok()).unwrap_or(0)
}

async fn turn(house: &House, guest: &mut Guest, bank: &DemoBank) -> Turn {
    let app = house.demo().gateway.app.clone();
    let tenant = app.tenants.get(&bank.id).unwrap();
    let name = format!("__Host-parlour-{}", bank.id);
    let token = guest.visitor.cookies_of(&bank.chat)[&name].clone();
    let session = app.sessions.check(&tenant.id, &token, app.clock.now()).unwrap();
    let read = app.store.read(move |tx| conversations::by_session(tx, &session.bank, &session.hash));
    let conversation = read.await.unwrap_or_else(|fault: DbError| panic!("{fault}")).unwrap();
    Turn {
        now: app.clock.now(),
        app,
        tenant,
        conversation,
        channel: Channel::Web,
        region: None,
        shown: Shown::InConversation,
        memory: parlour::memory::Memory::default(),
    }
}

/// How many decisions let data out and are durable with their place in the log, and how many have no place.
async fn decisions(turn: &Turn) -> (usize, usize) {
    let of = turn.conversation.clone();
    let found =
        turn.app.store.read(move |tx| access::of_customer(tx, &of.bank, &of.customer, None, 10_000)).await;
    let found = found.unwrap();
    let placed = found.iter().filter(|access| access.decision.allowed && access.index.is_some()).count();
    (placed, found.iter().filter(|access| access.index.is_none()).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_cut_off_between_any_two_steps_has_released_nothing_that_is_not_in_the_log() {
    let _ = telemetry::metrics();
    let house = House::open().await;
    let bank = house.demo().banks[1].clone();
    let mut guest = Guest::enter(&bank).await.unwrap();
    guest.link(&bank).await.unwrap();
    let turn = turn(&house, &mut guest, &bank).await;
    let (before, told_before) = (decisions(&turn).await.0, bank_told(&bank));
    let mut cut_before_the_bank = 0;
    let mut whole: Option<Result<Reply, TurnFault>> = None;
    for turns in 1..=MOST_STEPS {
        let told = bank_told(&bank);
        let about = Entities::default();
        whole = CutOff { inner: Box::pin(balances::tell(&turn, &about, "")), turns }.await;
        let (placed, _) = decisions(&turn).await;
        let released = bank_told(&bank) - told_before;
        assert!(released <= placed - before, "after {turns} steps: {released} releases, {placed} entries");
        if whole.is_some() {
            break;
        }
        cut_before_the_bank += usize::from(bank_told(&bank) == told);
    }
    let reply = whole.expect("an answer has an end").unwrap();
    assert!(
        cut_before_the_bank > 0,
        "it was cut before, within and after the decision: {cut_before_the_bank}"
    );
    let seen: Vec<u64> = reply.seen.iter().map(|seen| seen.index).collect();
    assert_eq!(seen.len(), 1, "what is shown says which entry let it out");
    // What was decided when it was cut is numbered all the same: a crash loses no entry.
    let all_placed = async {
        while decisions(&turn).await.1 > 0 {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(Duration::from_secs(20), all_placed).await.expect("each decision gets its place");
}
