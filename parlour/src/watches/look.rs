//! Looking at what happened: one decision of the gate and one read for each account and kind of data that a watch needs,
//! however many events there are of it.

use super::{Due, Happened, Kept, Rule, fires, may_place};
use crate::{
    asking::{Asked, Shown, Turn, TurnFault},
    reply::Seen,
    spending::READ,
};
use banks::Period;
use domain::{Account, AccountId, Balance, Consent, DataClass, Money, Place, Subscription, Transaction};
use gate::{CustomerAlert, Permit};
use jiff::Span as Days;
use std::collections::{BTreeMap, BTreeSet};
use understanding::WatchKind;

/// How many days before an event its payment may have been made: banks book some days later.
const BACK_DAYS: i64 = 14;

/// What a watch has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A payment.
    Payment(Transaction),
    /// A payment that is more than it was before.
    Rise(Transaction, Money),
    /// A balance.
    Balance(Balance),
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The watch that tells it, by its number.
    pub number: u32,
    /// What that watch says.
    pub rule: Rule,
    /// What it saw.
    pub what: What,
    /// The account's title, if it was read.
    pub title: String,
    /// Of what.
    pub happened: Happened,
}

impl News {
    /// By what it is told once: the bank's first id of a payment, pending and booked; the price of a subscription, however
    /// often it is paid. None for a balance.
    pub fn once(&self) -> Option<String> {
        match &self.what {
            What::Payment(payment) => {
                let first = payment.was_pending_as.as_ref().or(self.happened.was.as_ref());
                Some(first.unwrap_or(&payment.id).to_string())
            }
            What::Rise(payment, before) => {
                let who = payment.merchant.as_deref().unwrap_or_default().to_lowercase();
                Some(format!("{} {who} {before} {}", payment.account, payment.amount))
            }
            What::Balance(_) => None,
        }
    }

    /// For the page that tells it.
    pub fn due(&self) -> Due {
        Due { number: self.number, happened: self.happened.clone() }
    }
}

/// What came of a look.
#[derive(Default)]
pub struct Looked {
    /// What there is to tell, in the order of the events.
    pub news: Vec<News>,
    /// Watches whose bits have changed: by number, the accounts that are below now.
    pub below: BTreeMap<u32, BTreeSet<AccountId>>,
    /// What was read.
    pub seen: Vec<Seen>,
    /// Whether something was opened for a page only.
    pub sealed: bool,
}

/// Permits, under a consent.
struct Allowed {
    permits: Vec<Permit<CustomerAlert>>,
    consent: Box<Consent>,
}

struct Looking<'a> {
    turn: &'a Turn,
    watches: &'a [Kept],
    looked: Looked,
}

/// Looks at events with the watches of a conversation. On a page a low balance is told again.
pub async fn look(turn: &Turn, watches: &[Kept], events: &[Happened]) -> Result<Looked, TurnFault> {
    let mut accounts: Vec<&AccountId> = vec![];
    for event in events {
        if !accounts.contains(&&event.account) {
            accounts.push(&event.account);
        }
    }
    let mut looking = Looking { turn, watches, looked: Looked::default() };
    for account in accounts {
        let of: Vec<&Happened> = events.iter().filter(|event| event.account == *account).collect();
        looking.payments(account, &of).await?;
        if let Some(last) = of.last() {
            looking.balance(account, last).await?;
        }
    }
    Ok(looking.looked)
}

impl Looking<'_> {
    fn rules(&self, kinds: impl Fn(WatchKind) -> bool) -> Vec<(u32, Rule)> {
        let fits = |kept: &&Kept| kinds(kept.watch.rule.kind);
        let watches = self.watches.iter().filter(fits);
        watches.map(|kept| (kept.stored.number, kept.watch.rule.clone())).collect()
    }

    /// Leave to read classes of one account. None if the gate says No, which is in the log.
    async fn allowed(
        &mut self,
        classes: &[DataClass],
        account: &AccountId,
    ) -> Result<Option<Allowed>, TurnFault> {
        let of = std::slice::from_ref(account);
        match self.turn.ask_of::<CustomerAlert>(classes, of).await? {
            Asked::Yes(permits, consent) => Ok(Some(Allowed { permits, consent })),
            Asked::OnlyOnItsPage(consent) => {
                let shown = Shown::OnItsPage { consent: Some(consent.id.clone()) };
                let page = Turn { shown, ..self.turn.clone() };
                self.looked.sealed = true;
                Ok(match page.ask_of::<CustomerAlert>(classes, of).await? {
                    Asked::Yes(permits, consent) => Some(Allowed { permits, consent }),
                    Asked::OnlyOnItsPage(_) | Asked::No(_) => None,
                })
            }
            Asked::No(no) if self.turn.shown != Shown::InConversation => Err(TurnFault::NotOnThePage(no)),
            Asked::No(_) => Ok(None),
        }
    }

    fn tell(&mut self, (number, rule): &(u32, Rule), what: What, title: &str, happened: &Happened) {
        self.looked.news.push(News {
            number: *number,
            rule: rule.clone(),
            what,
            title: title.to_owned(),
            happened: happened.clone(),
        });
    }

    async fn payments(&mut self, account: &AccountId, events: &[&Happened]) -> Result<(), TurnFault> {
        let mut rules = self.rules(|kind| kind != WatchKind::LowBalance);
        let Some(period) = self.period(events) else { return Ok(()) };
        if rules.is_empty() {
            return Ok(());
        }
        let named = rules.iter().any(|(_, rule)| rule.account.is_some());
        let classes: &[DataClass] =
            if named { &[DataClass::Transactions, DataClass::Accounts] } else { &[DataClass::Transactions] };
        let Some(Allowed { mut permits, consent }) = self.allowed(classes, account).await? else {
            return Ok(());
        };
        let (connector, grant) = self.turn.reach(&consent).await?;
        let mut title = String::new();
        if named {
            let permit = permits.remove(1);
            let read = connector.accounts(&grant, &permit).await?.open(permit)?;
            self.looked.seen.push(Seen::of(&read));
            let Some(found) = read.value.rows.into_iter().find(|found| found.id == *account) else {
                return Ok(());
            };
            rules.retain(|(_, rule)| fires::account(rule, &found));
            title = Account::title(&found);
        }
        let permit = permits.remove(0);
        let read = connector.transactions(&grant, &permit, period, READ).await?.open(permit)?;
        self.looked.seen.push(Seen::of(&read));
        // Of all that was read, what the events name; the rest is dropped here.
        let happened: Vec<(&Happened, Transaction)> = events
            .iter()
            .filter_map(|event| Some((*event, read.value.rows.iter().find(|p| is(event, p))?.clone())))
            .collect();
        for (event, payment) in &happened {
            for rule in rules.iter().filter(|(_, rule)| fires::payment(rule, payment)) {
                self.tell(rule, What::Payment(payment.clone()), &title, event);
            }
        }
        self.abroad(account, period, &rules, &happened, &title).await?;
        self.rises(account, &rules, &happened, &title).await
    }

    /// What was paid abroad in the account's own currency: only its place says so.
    async fn abroad(
        &mut self,
        account: &AccountId,
        period: Period,
        rules: &[(u32, Rule)],
        happened: &[(&Happened, Transaction)],
        title: &str,
    ) -> Result<(), TurnFault> {
        let rules: Vec<_> = rules.iter().filter(|(_, rule)| rule.kind == WatchKind::Foreign).collect();
        let open: Vec<_> =
            happened.iter().filter(|(_, p)| p.foreign.is_none() && fires::is_spent(p)).collect();
        if rules.is_empty() || open.is_empty() {
            return Ok(());
        }
        let of = self.turn.conversation.clone();
        let consent = self
            .turn
            .app
            .store
            .read(move |tx| store::consents::current(tx, &of.bank, &of.customer, &of.id))
            .await?;
        if !consent.is_some_and(|consent| may_place(self.turn, &consent)) {
            return Ok(());
        }
        let Some(Allowed { mut permits, consent }) =
            self.allowed(&[DataClass::MerchantPlaces], account).await?
        else {
            return Ok(());
        };
        let (connector, grant) = self.turn.reach(&consent).await?;
        let permit = permits.remove(0);
        let read = connector.places(&grant, &permit, period).await?.open(permit)?;
        self.looked.seen.push(Seen::of(&read));
        for (event, payment) in open {
            let place: Option<&Place> = read.value.rows.iter().find(|place| place.transaction == payment.id);
            if place.is_some_and(|place| fires::abroad(payment, place)) {
                for rule in &rules {
                    self.tell(rule, What::Payment(payment.clone()), title, event);
                }
            }
        }
        Ok(())
    }

    /// What costs more than before, by the bank's own list of subscriptions.
    async fn rises(
        &mut self,
        account: &AccountId,
        rules: &[(u32, Rule)],
        happened: &[(&Happened, Transaction)],
        title: &str,
    ) -> Result<(), TurnFault> {
        let rules: Vec<_> = rules.iter().filter(|(_, rule)| rule.kind == WatchKind::PriceRise).collect();
        let named = |p: &Transaction| fires::is_spent(p) && p.merchant.is_some();
        if rules.is_empty() || !happened.iter().any(|(_, payment)| named(payment)) {
            return Ok(());
        }
        let Some(Allowed { mut permits, consent }) =
            self.allowed(&[DataClass::ScheduledPayments], account).await?
        else {
            return Ok(());
        };
        let (connector, grant) = self.turn.reach(&consent).await?;
        let permit = permits.remove(0);
        let read = connector.subscriptions(&grant, &permit).await?.open(permit)?;
        self.looked.seen.push(Seen::of(&read));
        let listed: &[Subscription] = &read.value.rows;
        for (event, payment) in happened {
            for rule in &rules {
                if let Some(before) = fires::rise(&rule.1, payment, listed) {
                    self.tell(rule, What::Rise(payment.clone(), before), title, event);
                }
            }
        }
        Ok(())
    }

    async fn balance(&mut self, account: &AccountId, event: &Happened) -> Result<(), TurnFault> {
        let watches: Vec<&Kept> =
            self.watches.iter().filter(|kept| kept.watch.rule.kind == WatchKind::LowBalance).collect();
        if watches.is_empty() {
            return Ok(());
        }
        let Some(Allowed { mut permits, consent }) = self.allowed(&[DataClass::Balances], account).await?
        else {
            return Ok(());
        };
        let (connector, grant) = self.turn.reach(&consent).await?;
        let permit = permits.remove(0);
        let read = connector.balances(&grant, &permit).await?.open(permit)?;
        self.looked.seen.push(Seen::of(&read));
        let Some(balance) = read.value.rows.iter().find(|b| b.account.id == *account) else { return Ok(()) };
        for kept in watches {
            let (number, rule) = (kept.stored.number, &kept.watch.rule);
            if !fires::account(rule, &balance.account) {
                continue;
            }
            let Some(low) = fires::below(rule, balance) else { continue };
            let mut below = self.looked.below.get(&number).unwrap_or(&kept.watch.below).clone();
            let changed = if low { below.insert(account.clone()) } else { below.remove(account) };
            if low && (changed || self.turn.shown != Shown::InConversation) {
                let title = balance.account.title();
                self.tell(&(number, rule.clone()), What::Balance(balance.clone()), &title, event);
            }
            if changed {
                self.looked.below.insert(number, below);
            }
        }
        Ok(())
    }

    /// The days in which the payments of events lie.
    fn period(&self, events: &[&Happened]) -> Option<Period> {
        let zone = &self.turn.tenant.zone;
        let day = |event: &&Happened| event.at.to_zoned(zone.clone()).date();
        let (first, last) = (events.iter().map(day).min()?, events.iter().map(day).max()?);
        let from = first.checked_sub(Days::new().days(BACK_DAYS)).ok()?;
        Period::new(from, last.tomorrow().ok()?).ok()
    }
}

/// Whether a payment is the one that an event names.
fn is(event: &Happened, payment: &Transaction) -> bool {
    payment.id == event.transaction
        || event.was.as_ref() == Some(&payment.id)
        || payment.was_pending_as.as_ref() == Some(&event.transaction)
}
