//! Access tokens: in memory only, until shortly before they run out; one refresh at a time for each grant.

use crate::{
    attempts::{Attempts, Deadline, Repeat},
    config::{Limits, Refresh},
    fault::BankFault,
    grant::{Grant, GrantKeeper, KeeperFault, Lease},
    oauth::{Access, OAuth},
};
use domain::{AccountId, Clock, Currency};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How many grants are remembered. An entry has about 2 kB; a forgotten one costs one refresh.
const MAX_REMEMBERED: usize = 10_000;
/// How long one process may take to refresh a grant that rotates, the save included.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often a lease that another process holds is asked for.
const LEASE_POLL: Duration = Duration::from_millis(100);
/// How often the saving of a rotated grant is tried: the bank has used the old token up.
const SAVES: u32 = 5;
/// The wait between two of them.
const SAVE_WAIT: Duration = Duration::from_millis(200);

/// What the process remembers of one grant.
#[derive(Debug, Default)]
struct Remembered {
    /// Locked while a new one is fetched, so that one fetch serves all who wait.
    access: tokio::sync::Mutex<Option<Access>>,
    /// The currencies of its accounts, which transactions do not name.
    currencies: Mutex<HashMap<AccountId, Currency>>,
}

/// The access tokens of one bank.
pub(crate) struct Tokens {
    pub(crate) oauth: Arc<OAuth>,
    pub(crate) attempts: Arc<Attempts>,
    clock: Arc<dyn Clock>,
    refresh: Refresh,
    limits: Limits,
    remembered: Mutex<HashMap<String, Arc<Remembered>>>,
}

impl Tokens {
    pub(crate) fn new(
        oauth: Arc<OAuth>,
        attempts: Arc<Attempts>,
        clock: Arc<dyn Clock>,
        refresh: Refresh,
        limits: Limits,
    ) -> Self {
        Tokens { oauth, attempts, clock, refresh, limits, remembered: Mutex::default() }
    }

    /// An access token of a grant; not the one that the bank has just `rejected`.
    pub(crate) async fn access(
        self: &Arc<Self>,
        grant: &Grant,
        deadline: Deadline,
        rejected: Option<&Access>,
    ) -> Result<Access, BankFault> {
        let slot = self.slot(grant);
        let timed_out = BankFault::TimedOut { attempts: 0 };
        let mut held = deadline.hold(slot.access.lock()).await.ok_or(timed_out)?;
        let now = self.clock.now();
        if let Some(access) = held.as_ref()
            && now < access.until
            && rejected.is_none_or(|rejected| !access.is(rejected))
        {
            return Ok(access.clone());
        }
        *held = None;
        let access = match &self.refresh {
            Refresh::Keep => self.refreshed(grant, deadline, Repeat::Yes).await?.0,
            Refresh::Rotate(keeper) => self.rotated(keeper.clone(), grant, deadline).await?,
        };
        *held = Some(access.clone());
        Ok(access)
    }

    /// The grant with the refresh token that holds now.
    pub(crate) async fn newest(&self, grant: &Grant) -> Result<Grant, BankFault> {
        match &self.refresh {
            Refresh::Keep => Ok(grant.clone()),
            Refresh::Rotate(keeper) => Ok(keeper.load(grant).await?.unwrap_or_else(|| grant.clone())),
        }
    }

    /// Remembers the access token that a new grant came with.
    pub(crate) async fn prime(&self, grant: &Grant, access: Access) {
        *self.slot(grant).access.lock().await = Some(access);
    }

    /// Forgets all about a grant.
    pub(crate) fn forget(&self, grant: &Grant) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).remove(&grant.key.thumbprint());
    }

    /// The currency of an account, if a list has told it.
    pub(crate) fn currency(&self, grant: &Grant, account: &AccountId) -> Option<Currency> {
        let slot = self.slot(grant);
        let currencies = slot.currencies.lock().unwrap_or_else(PoisonError::into_inner);
        currencies.get(account).copied()
    }

    /// Remembers currencies.
    pub(crate) fn learn(&self, grant: &Grant, told: impl Iterator<Item = (AccountId, Currency)>) {
        let slot = self.slot(grant);
        slot.currencies.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
    }

    /// The link's key names the slot: it is unique and not secret in its thumbprint.
    fn slot(&self, grant: &Grant) -> Arc<Remembered> {
        let mut all = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_REMEMBERED {
            all.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        all.entry(grant.key.thumbprint()).or_default().clone()
    }

    async fn refreshed(
        &self,
        grant: &Grant,
        deadline: Deadline,
        repeat: Repeat,
    ) -> Result<(Access, Option<crate::Secret>), BankFault> {
        let ask = || self.oauth.refresh(&grant.key, &grant.refresh_token);
        let issued = self.attempts.run("refresh", deadline, repeat, ask).await?;
        Ok((issued.access, issued.refresh))
    }

    /// The whole of it runs on its own, so that a caller who stops waiting does not stop it between the
    /// bank's answer and the save.
    async fn rotated(
        self: &Arc<Self>,
        keeper: Arc<dyn GrantKeeper>,
        grant: &Grant,
        deadline: Deadline,
    ) -> Result<Access, BankFault> {
        let (tokens, grant) = (self.clone(), grant.clone());
        let work = tokio::spawn(async move {
            tokens.lease(&*keeper, &grant, deadline).await?;
            let answer = tokens.rotated_under_lease(&*keeper, &grant).await;
            if let Err(fault) = keeper.release(&grant).await {
                let consent = &grant.consent;
                tracing::warn!(%consent, "the lease on a grant stays until it runs out: {fault}");
            }
            answer
        });
        match deadline.hold(work).await {
            None => Err(BankFault::TimedOut { attempts: 1 }),
            Some(Err(_)) => Err(BankFault::Unsendable),
            Some(Ok(answer)) => answer,
        }
    }

    async fn lease(
        &self,
        keeper: &dyn GrantKeeper,
        grant: &Grant,
        deadline: Deadline,
    ) -> Result<(), BankFault> {
        loop {
            let until = self.clock.now().checked_add(LEASE).unwrap_or(Timestamp::MAX);
            if keeper.lease(grant, until).await? == Lease::Ours {
                return Ok(());
            }
            if !deadline.wait(LEASE_POLL).await {
                return Err(BankFault::Busy { at_once: 1 });
            }
        }
    }

    async fn rotated_under_lease(
        &self,
        keeper: &dyn GrantKeeper,
        grant: &Grant,
    ) -> Result<Access, BankFault> {
        let mut grant = keeper.load(grant).await?.ok_or(BankFault::ConsentEnded)?;
        // Its own time: the answer must be kept even if nobody waits for it any more.
        let deadline = Deadline::within(self.limits.connect + self.limits.request);
        let (access, refresh_token) = self.refreshed(&grant, deadline, Repeat::No).await?;
        if let Some(refresh_token) = refresh_token {
            grant.refresh_token = refresh_token;
            save(keeper, &grant).await?;
        }
        Ok(access)
    }
}

async fn save(keeper: &dyn GrantKeeper, grant: &Grant) -> Result<(), KeeperFault> {
    let mut made = 0;
    loop {
        match keeper.save(grant).await {
            Err(KeeperFault::Unavailable) if made < SAVES => {
                made += 1;
                tokio::time::sleep(SAVE_WAIT).await;
            }
            answer => return answer,
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("refresh", &self.refresh).finish_non_exhaustive()
    }
}
