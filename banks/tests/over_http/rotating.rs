//! Access tokens, and banks that replace the refresh token at each use.

use crate::{bank::Running, permits::permit};
use banks::{BankFault, Connector, ConnectorConfig, Grant, GrantKeeper, KeeperFault, Kept, Lease, Refresh};
use domain::DataClass;
use jiff::Timestamp;
use oauth_as::server::RefreshRotation;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

async fn read(connector: &Connector, grant: &Grant) -> Result<(), BankFault> {
    let permit = permit(DataClass::Balances, &["a-1"]);
    connector.balances(grant, &permit).await.map(drop)
}

/// A token's life, with room to spare.
const TOKEN_LIFE: Duration = Duration::from_secs(1_000);

#[tokio::test]
async fn an_access_token_is_used_until_it_runs_out_and_then_fetched_once() {
    let running = Running::start().await;
    let (connector, grant) = running.linked().await;
    for _ in 0..3 {
        assert_eq!(read(&connector, &grant).await, Ok(()));
    }
    assert_eq!(running.asked("POST /token"), 1, "the one of the link");
    running.bank.clock.pass(TOKEN_LIFE);
    let many: Vec<_> = (0..8)
        .map(|_| {
            let (connector, grant) = (connector.clone(), grant.clone());
            tokio::spawn(async move { read(&connector, &grant).await })
        })
        .collect();
    for one in many {
        assert_eq!(one.await.unwrap(), Ok(()));
    }
    assert_eq!(running.asked("POST /token"), 2, "one refresh for all");
}

/// What all processes share: the stored grant and the lease.
#[derive(Default)]
struct Shelf {
    grant: Mutex<Option<Grant>>,
    leased: Mutex<bool>,
    saves: Mutex<Vec<Result<(), KeeperFault>>>,
    order: Mutex<Vec<&'static str>>,
}

impl Shelf {
    fn note(&self, what: &'static str) {
        self.order.lock().unwrap().push(what);
    }
}

impl GrantKeeper for Shelf {
    fn lease<'a>(&'a self, _: &'a Grant, _: Timestamp) -> Kept<'a, Lease> {
        Box::pin(async {
            let mut leased = self.leased.lock().unwrap();
            if std::mem::replace(&mut *leased, true) {
                return Ok(Lease::Theirs);
            }
            self.note("lease");
            Ok(Lease::Ours)
        })
    }

    fn load<'a>(&'a self, _: &'a Grant) -> Kept<'a, Option<Grant>> {
        Box::pin(async {
            self.note("load");
            Ok(self.grant.lock().unwrap().clone())
        })
    }

    fn save<'a>(&'a self, grant: &'a Grant) -> Kept<'a, ()> {
        Box::pin(async {
            self.note("save");
            if let Some(Err(fault)) = self.saves.lock().unwrap().pop() {
                return Err(fault);
            }
            *self.grant.lock().unwrap() = Some(grant.clone());
            Ok(())
        })
    }

    fn release<'a>(&'a self, _: &'a Grant) -> Kept<'a, ()> {
        Box::pin(async {
            self.note("release");
            *self.leased.lock().unwrap() = false;
            Ok(())
        })
    }
}

async fn rotating(shelf: &Arc<Shelf>) -> (Running, Connector, Grant) {
    let running = Running::with(RefreshRotation::Rotate).await;
    let refresh = Refresh::Rotate(shelf.clone());
    let connector = running.connect(ConnectorConfig { refresh, ..running.config() }).await;
    let grant = running.link(&connector, DataClass::ALL).await.grant;
    *shelf.grant.lock().unwrap() = Some(grant.clone());
    (running, connector, grant)
}

fn refresh_token(grant: &Grant) -> String {
    serde_json::to_value(grant).unwrap()["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_rotated_refresh_token_is_kept_before_it_is_used() {
    let shelf = Arc::new(Shelf::default());
    let (running, connector, grant) = rotating(&shelf).await;
    for _ in 0..3 {
        running.bank.clock.pass(TOKEN_LIFE);
        assert_eq!(read(&connector, &grant).await, Ok(()), "the grant at hand may be an old one");
    }
    let order = shelf.order.lock().unwrap().clone();
    assert_eq!(order, ["lease", "load", "save", "release"].repeat(3));
    let kept = shelf.grant.lock().unwrap().clone().unwrap();
    assert_ne!(refresh_token(&kept), refresh_token(&grant));
}

#[tokio::test]
async fn two_processes_never_use_one_refresh_token_twice() {
    let shelf = Arc::new(Shelf::default());
    let (running, first, grant) = rotating(&shelf).await;
    let refresh = Refresh::Rotate(shelf.clone());
    let second = running.connect(ConnectorConfig { refresh, ..running.config() }).await;
    for _ in 0..3 {
        running.bank.clock.pass(TOKEN_LIFE);
        let (a, b) = tokio::join!(read(&first, &grant), read(&second, &grant));
        assert_eq!((a, b), (Ok(()), Ok(())), "a token used twice would have ended the link");
    }
}

#[tokio::test]
async fn a_rotated_refresh_token_that_cannot_be_kept_is_not_used() {
    let shelf = Arc::new(Shelf::default());
    let (running, connector, grant) = rotating(&shelf).await;
    running.bank.clock.pass(TOKEN_LIFE);
    shelf.saves.lock().unwrap().push(Err(KeeperFault::LeaseLost));
    assert_eq!(read(&connector, &grant).await, Err(BankFault::Keeper(KeeperFault::LeaseLost)));
    assert_eq!(running.asked("/accounts"), 0);
    assert_eq!(shelf.order.lock().unwrap().last(), Some(&"release"), "the lease is given back all the same");
}

#[tokio::test]
async fn a_save_that_fails_for_a_moment_is_tried_again() {
    let shelf = Arc::new(Shelf::default());
    let (running, connector, grant) = rotating(&shelf).await;
    running.bank.clock.pass(TOKEN_LIFE);
    shelf.saves.lock().unwrap().push(Err(KeeperFault::Unavailable));
    assert_eq!(read(&connector, &grant).await, Ok(()));
}

#[tokio::test]
async fn a_grant_that_was_deleted_meanwhile_opens_nothing() {
    let shelf = Arc::new(Shelf::default());
    let (running, connector, grant) = rotating(&shelf).await;
    *shelf.grant.lock().unwrap() = None;
    running.bank.clock.pass(TOKEN_LIFE);
    assert_eq!(read(&connector, &grant).await, Err(BankFault::ConsentEnded));
    assert_eq!(running.asked("POST /token"), 1, "nothing was refreshed");
}

#[tokio::test]
async fn revoking_ends_the_newest_refresh_token() {
    let shelf = Arc::new(Shelf::default());
    let (running, connector, grant) = rotating(&shelf).await;
    running.bank.clock.pass(TOKEN_LIFE);
    assert_eq!(connector.revoke(&grant).await, Ok(()));
    assert_eq!(read(&connector, &grant).await, Err(BankFault::ConsentEnded));
}
