//! Asking the gate on behalf of a turn: consent read, decided and logged in one transaction; permits only
//! when the log has the decision.

use crate::{app::App, consents::looks, linking::FromBank, memory::Memory, rim, tenant::Tenant};
use banks::{BankFault, Connector, Grant, OnboardingFault};
use domain::{AccountId, Channel, Consent, ConsentId, ConsentState, DataClass, EntryId, Order, Region, Tier};
use gate::{
    AccountManagement, Asker, Circumstances, ForPurpose, Logged, Ordered, Permit, Question, Refusal,
    RefusalReason, Verdict,
};
use jiff::{Timestamp, civil::Date};
use std::sync::Arc;
use store::{
    DbError, Tx, access,
    consents::{self, Held},
    conversations::Conversation,
    grants, pull_outs,
};

/// One turn of a conversation: who asks, where, when.
#[derive(Clone)]
pub struct Turn {
    /// The gateway.
    pub app: Arc<App>,
    /// The bank.
    pub tenant: Arc<Tenant>,
    /// The conversation.
    pub conversation: Conversation,
    /// Where it takes place.
    pub channel: Channel,
    /// From which country the question came, if the proxy in front told it.
    pub region: Option<Region>,
    /// When the question was taken up.
    pub now: Timestamp,
    /// Where the answer is shown.
    pub shown: Shown,
    /// What the conversation remembers of the messages before.
    pub memory: Memory,
}

/// Where the answer of a turn is shown. Who holds no permit for the conversation cannot say data in it: on a
/// channel where data is sealed, permits are given for the page only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// In the conversation, by whoever runs the channel.
    InConversation,
    /// On a page of its own on this host, once.
    OnItsPage {
        /// The consent under which it was asked for. No other opens it.
        consent: Option<ConsentId>,
    },
}

/// What the gate answered.
pub enum Asked<P: ForPurpose> {
    /// Yes: one permit for each class asked for, in that order.
    Yes(Vec<Permit<P>>, Box<Consent>),
    /// It may be shown, but not in this conversation. No permit was given and nothing was read or logged; the
    /// page asks again when it is opened.
    OnlyOnItsPage(Box<Consent>),
    /// No, and it is in the log.
    No(Box<Refusal>),
}

/// Why a turn could not be answered. None of these is a No of the gate.
#[derive(Debug, thiserror::Error)]
pub enum TurnFault {
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The bank.
    #[error(transparent)]
    Bank(#[from] BankFault),
    /// The bank's authorization server is not one that we can trust.
    #[error(transparent)]
    Onboarding(#[from] OnboardingFault),
    /// The log gave back another entry than the one decided.
    #[error(transparent)]
    NotThisDecision(#[from] gate::NotThisDecision),
    /// Data and permit do not belong together.
    #[error(transparent)]
    WrongPermit(#[from] gate::WrongPermit),
    /// The consent is given but the means to reach the bank are gone.
    #[error("the consent {0} has no grant of the bank")]
    NoGrant(domain::ConsentId),
    /// What was kept cannot be read.
    #[error("the grant of the consent {0} cannot be read")]
    Unreadable(domain::ConsentId),
    /// The gate said No to a page, which tells it in its own way. It is in the log.
    #[error("the gate said No to a page: {}", .0.reason)]
    NotOnThePage(Box<Refusal>),
}

/// What is worth asking the gate.
enum Worth {
    /// All classes, to show them where the question was asked.
    Asking,
    /// This one alone, which would be refused.
    Refusing(DataClass),
    /// Nothing now: the answer goes to a page, under this consent.
    ItsPage(Box<Consent>),
}

/// What came of a decision.
enum Decided<P: ForPurpose> {
    /// It is in the log.
    Kept(Asked<P>),
    /// Only a refusal was to be kept and there was none: nothing is in the log. The consent that would have allowed it.
    NotRefused(Box<Consent>),
}

/// Which decisions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// All of them.
    Everything,
    /// Those with a refusal among them. A refusal that was foreseen may have passed meanwhile, such as a pause.
    Refusals,
}

/// Why nothing was kept.
enum Undecided {
    /// Nothing would have been refused, under this consent.
    NotRefused(Box<Consent>),
    /// The store.
    Store(DbError),
}

impl From<DbError> for Undecided {
    fn from(fault: DbError) -> Undecided {
        Undecided::Store(fault)
    }
}

impl Turn {
    /// Today, where the bank is.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.tenant.zone.clone()).date()
    }

    /// Asks the gate for data classes, for the purpose `P`. All are granted, or the answer is No.
    pub async fn ask<P: ForPurpose + 'static>(&self, classes: &[DataClass]) -> Result<Asked<P>, TurnFault> {
        self.asked(classes, &[], false).await
    }

    /// The same for some of the accounts that are shared; none named: all of them.
    pub async fn ask_of<P: ForPurpose + 'static>(
        &self,
        classes: &[DataClass],
        accounts: &[AccountId],
    ) -> Result<Asked<P>, TurnFault> {
        self.asked(classes, accounts, false).await
    }

    /// The same for an answer that is never shown in a conversation, such as a file: there it is only found out
    /// whether its page would be allowed.
    pub async fn ask_on_page<P: ForPurpose + 'static>(
        &self,
        classes: &[DataClass],
    ) -> Result<Asked<P>, TurnFault> {
        self.asked(classes, &[], true).await
    }

    async fn asked<P: ForPurpose + 'static>(
        &self,
        classes: &[DataClass],
        accounts: &[AccountId],
        only_on_page: bool,
    ) -> Result<Asked<P>, TurnFault> {
        let sealed = only_on_page || self.tier(classes) == Tier::Sealed;
        let page = self.shown == Shown::InConversation && sealed;
        match self.worth_asking::<P>(classes, accounts, page).await? {
            Worth::Asking => {}
            Worth::ItsPage(consent) => return Ok(Asked::OnlyOnItsPage(consent)),
            Worth::Refusing(class) => match self.decided(&[class], accounts, Keep::Refusals).await? {
                Decided::Kept(no) => return Ok(no),
                Decided::NotRefused(consent) if page => return Ok(Asked::OnlyOnItsPage(consent)),
                Decided::NotRefused(_) => {}
            },
        }
        Ok(match self.decided(classes, accounts, Keep::Everything).await? {
            Decided::Kept(asked) => asked,
            Decided::NotRefused(consent) => Asked::OnlyOnItsPage(consent), // no permit, so nothing is shown
        })
    }

    /// Decides about each of these classes and logs it, if it is to be kept.
    async fn decided<P: ForPurpose + 'static>(
        &self,
        classes: &[DataClass],
        accounts: &[AccountId],
        keep: Keep,
    ) -> Result<Decided<P>, TurnFault> {
        let entries: Vec<EntryId> = classes.iter().map(|_| EntryId::new(rim::uuid(self.now))).collect();
        let (turn, ids, asked, of) = (self.clone(), entries.clone(), classes.to_vec(), accounts.to_vec());
        let decided = self.app.store.decide(entries, move |tx| -> Result<_, Undecided> {
            let (consent, now) = turn.held(tx)?;
            let verdicts = turn.verdicts::<P>(consent.as_ref(), &asked, &of, &ids, now);
            let refused = verdicts.iter().any(|verdict| matches!(verdict, Verdict::Refused(_)));
            if let (Keep::Refusals, false, Some(consent)) = (keep, refused, &consent) {
                return Err(Undecided::NotRefused(Box::new(consent.clone())));
            }
            for verdict in &verdicts {
                access::stage(tx, verdict.decision())?;
            }
            Ok((verdicts, consent))
        });
        let ((verdicts, consent), logged) = match decided.await {
            Ok(decided) => decided,
            Err(Undecided::NotRefused(consent)) => return Ok(Decided::NotRefused(consent)),
            Err(Undecided::Store(fault)) => return Err(fault.into()),
        };
        let asked = self.settle(verdicts, consent.clone(), logged)?;
        self.end_if_over(&asked, consent).await?;
        Ok(Decided::Kept(asked))
    }

    /// The No that the gate would say to one of these, and says with it, so that it is in the log. None if it would say
    /// yes: then nothing is asked and nothing is logged.
    pub async fn refused<P: ForPurpose + 'static>(
        &self,
        classes: &[DataClass],
    ) -> Result<Option<Box<Refusal>>, TurnFault> {
        let turn = self.clone();
        let consent = self.app.store.read(move |tx| turn.consent(tx)).await?;
        let unused: Vec<EntryId> = classes.iter().map(|_| EntryId::new(rim::uuid(self.now))).collect();
        let verdicts = self.verdicts::<P>(consent.as_ref(), classes, &[], &unused, self.now);
        let refused = verdicts.iter().zip(classes).find(|(v, _)| matches!(v, Verdict::Refused(_)));
        let Some((_, class)) = refused else { return Ok(None) };
        match self.decided::<P>(&[*class], &[], Keep::Refusals).await? {
            Decided::Kept(Asked::No(no)) => Ok(Some(no)),
            Decided::Kept(Asked::Yes(..) | Asked::OnlyOnItsPage(_)) | Decided::NotRefused(_) => Ok(None),
        }
    }

    /// Asks the gate for leave to have an order carried out at the bank.
    pub async fn ask_order(&self, order: &Order) -> Result<Asked<AccountManagement>, TurnFault> {
        let entry = EntryId::new(rim::uuid(self.now));
        let (turn, id, operation) = (self.clone(), entry.clone(), order.operation());
        let accounts: Vec<AccountId> = order.account().cloned().into_iter().collect();
        let decided = self.app.store.decide(vec![entry], move |tx| -> Result<_, DbError> {
            let (consent, now) = turn.held(tx)?;
            let class = operation.data_class();
            let question = Question {
                entry: id.clone(),
                bank: &turn.tenant.id,
                asker: Asker::Customer(&turn.conversation.customer),
                customer: &turn.conversation.customer,
                consent: consent.as_ref(),
                data_class: class,
                accounts: &accounts,
                ordered: Some(Ordered::Operation(operation)),
                channel: turn.channel,
                tier: turn.tenant.gate.max_tier(&turn.tenant.id, turn.channel, class),
                circumstances: Circumstances { region: turn.region, partner: None },
                now,
            };
            let verdict = turn.tenant.gate.decide::<AccountManagement>(&question);
            access::stage(tx, verdict.decision())?;
            Ok((vec![verdict], consent))
        });
        let ((verdicts, consent), logged) = decided.await?;
        let asked = self.settle(verdicts, consent.clone(), logged)?;
        self.end_if_over(&asked, consent).await?;
        Ok(asked)
    }

    /// A consent that was found to be over is ended at once, so that no clock that is set back brings it to life.
    async fn end_if_over<P: ForPurpose>(
        &self,
        asked: &Asked<P>,
        consent: Option<Consent>,
    ) -> Result<(), DbError> {
        match (asked, consent) {
            (Asked::No(refusal), Some(consent))
                if matches!(refusal.reason, RefusalReason::ConsentExpired { .. })
                    && !consent.state.is_final() =>
            {
                looks::expire(&self.app, consent).await
            }
            _ => Ok(()),
        }
    }

    /// If one class would be refused, that one alone: nothing is logged as allowed that is then not read. If
    /// none would and the conversation may not carry the answer, its page. What counts is decided again, in the
    /// transaction that logs it.
    async fn worth_asking<P: ForPurpose + 'static>(
        &self,
        classes: &[DataClass],
        accounts: &[AccountId],
        page: bool,
    ) -> Result<Worth, DbError> {
        if classes.len() < 2 && !page {
            return Ok(Worth::Asking);
        }
        let turn = self.clone();
        let consent = self.app.store.read(move |tx| turn.consent(tx)).await?;
        let unused: Vec<EntryId> = classes.iter().map(|_| EntryId::new(rim::uuid(self.now))).collect();
        let verdicts = self.verdicts::<P>(consent.as_ref(), classes, accounts, &unused, self.now);
        let refused =
            verdicts.iter().zip(classes).find(|(verdict, _)| matches!(verdict, Verdict::Refused(_)));
        Ok(match (refused, consent) {
            (Some((_, class)), _) => Worth::Refusing(*class),
            (None, Some(consent)) if page => Worth::ItsPage(Box::new(consent)),
            (None, _) => Worth::Asking,
        })
    }

    /// How an answer from these classes may be shown here at most: all of it like its most careful part.
    fn tier(&self, classes: &[DataClass]) -> Tier {
        let most = |class: &DataClass| self.tenant.gate.max_tier(&self.tenant.id, self.channel, *class);
        classes.iter().map(most).min().unwrap_or(Tier::Never)
    }

    /// The consent that the question is asked under.
    fn consent(&self, tx: &mut Tx) -> Result<Option<Consent>, DbError> {
        let Conversation { bank, customer, id, .. } = &self.conversation;
        match &self.shown {
            Shown::InConversation => consents::current(tx, bank, customer, id),
            Shown::OnItsPage { consent: Some(one) } => consents::find(tx, bank, customer, one),
            Shown::OnItsPage { consent: None } => Ok(None),
        }
    }

    /// The same, locked until the decision is stored; if none is in force, the newest one, which says why not. And
    /// the time at which to decide: never before the consent's own last change, whatever a clock says.
    fn held(&self, tx: &mut Tx) -> Result<(Option<Consent>, Timestamp), DbError> {
        let Conversation { bank, customer, id, .. } = &self.conversation;
        let held = match &self.shown {
            Shown::InConversation => consents::held(tx, bank, customer, id)?,
            Shown::OnItsPage { consent: Some(one) } => consents::held_by_id(tx, bank, customer, one)?,
            Shown::OnItsPage { consent: None } => None,
        };
        let Some(Held { mut consent, changed_at }) = held else { return Ok((None, self.now)) };
        // What the bank has pulled out of is as good as revoked from that moment on, even if it is not its turn yet.
        let open = !consent.state.is_final();
        if open && pull_outs::standing(tx, bank)?.iter().any(|pulled| pulled.covers(&consent)) {
            consent.state = ConsentState::Revoked;
        }
        Ok((Some(consent), self.now.max(changed_at)))
    }

    fn verdicts<P: ForPurpose>(
        &self,
        consent: Option<&Consent>,
        classes: &[DataClass],
        accounts: &[AccountId],
        entries: &[EntryId],
        now: Timestamp,
    ) -> Vec<Verdict<P>> {
        let together = match self.shown {
            Shown::InConversation => self.tier(classes),
            Shown::OnItsPage { .. } => Tier::Sealed,
        };
        let question = |class: DataClass, entry: &EntryId| {
            let most = self.tenant.gate.max_tier(&self.tenant.id, self.channel, class);
            Question {
                entry: entry.clone(),
                bank: &self.tenant.id,
                asker: Asker::Customer(&self.conversation.customer),
                customer: &self.conversation.customer,
                consent,
                data_class: class,
                accounts,
                ordered: None,
                channel: self.channel,
                tier: if together == Tier::Never { most } else { most.min(together) },
                circumstances: Circumstances { region: self.region, partner: None },
                now,
            }
        };
        classes
            .iter()
            .zip(entries)
            .map(|(class, entry)| self.tenant.gate.decide::<P>(&question(*class, entry)))
            .collect()
    }

    fn settle<P: ForPurpose>(
        &self,
        verdicts: Vec<Verdict<P>>,
        consent: Option<Consent>,
        logged: Vec<Logged>,
    ) -> Result<Asked<P>, TurnFault> {
        let mut permits = vec![];
        for (verdict, logged) in verdicts.into_iter().zip(&logged) {
            count(&verdict);
            match verdict {
                Verdict::Allowed(granted) => permits.push(granted.permit(logged)?),
                Verdict::Refused(refusal) => {
                    if matches!(refusal.reason, RefusalReason::PolicyError { .. }) {
                        let (bank, clauses) = (&refusal.decision.bank, &refusal.decision.clauses);
                        tracing::error!(%bank, ?clauses, "a policy failed while deciding; the answer was No");
                    }
                    return Ok(Asked::No(Box::new(refusal)));
                }
            }
        }
        let consent = consent.expect("nothing is allowed without a consent");
        Ok(Asked::Yes(permits, Box::new(consent)))
    }

    /// The connection to the bank and the grant of a consent.
    pub async fn reach(&self, consent: &Consent) -> Result<(Arc<Connector>, Grant), TurnFault> {
        let consented = consent.clone();
        let kept = self
            .app
            .store
            .read(move |tx| grants::get(tx, &consented.bank, &consented.customer, &consented.id))
            .await?;
        let bytes = kept.ok_or_else(|| TurnFault::NoGrant(consent.id.clone()))?;
        let kept: FromBank =
            serde_json::from_slice(&bytes).map_err(|_| TurnFault::Unreadable(consent.id.clone()))?;
        Ok((self.tenant.connector().await?, kept.grant))
    }
}

/// Counts what the gate answered.
fn count<P: ForPurpose>(verdict: &Verdict<P>) {
    let decision = verdict.decision();
    let outcome = if verdict.policy_fault() {
        "policy_error"
    } else if decision.allowed {
        "allowed"
    } else {
        "refused"
    };
    metrics::counter!(
        "parlour_gate_decisions_total",
        "bank" => decision.bank.to_string(), "data_class" => decision.data_class.as_str(), "outcome" => outcome
    )
    .increment(1);
}
