//! Asking the gate on behalf of a turn: consent read, decided and logged in one transaction; permits only
//! when the log has the decision.

use crate::{app::App, linking::FromBank, rim, tenant::Tenant};
use banks::{BankFault, Connector, Grant, OnboardingFault};
use domain::{Channel, Consent, DataClass, EntryId, Region, Tier};
use gate::{Asker, Circumstances, ForPurpose, Logged, Permit, Question, Refusal, Verdict};
use jiff::Timestamp;
use std::sync::Arc;
use store::{DbError, Tx, access, consents, conversations::Conversation, grants};

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
}

/// What the gate answered.
pub enum Asked<P: ForPurpose> {
    /// Yes: one permit for each class asked for, in that order.
    Yes(Vec<Permit<P>>, Box<Consent>),
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
}

impl Turn {
    /// Asks the gate for data classes, for the purpose `P`. All are granted, or the answer is No.
    pub async fn ask<P: ForPurpose + 'static>(&self, classes: &[DataClass]) -> Result<Asked<P>, TurnFault> {
        let classes = self.worth_asking::<P>(classes).await?;
        let entries: Vec<EntryId> = classes.iter().map(|_| EntryId::new(rim::uuid(self.now))).collect();
        let (turn, ids) = (self.clone(), entries.clone());
        let decided = self.app.store.decide(entries, move |tx| -> Result<_, DbError> {
            let consent = turn.consent_for_decision(tx)?;
            let verdicts = turn.verdicts::<P>(consent.as_ref(), &classes, &ids);
            for verdict in &verdicts {
                access::stage(tx, verdict.decision())?;
            }
            Ok((verdicts, consent))
        });
        let ((verdicts, consent), logged) = decided.await?;
        self.settle(verdicts, consent, logged)
    }

    /// If one class would be refused, that one alone: nothing is logged as allowed that is then not read.
    /// What counts is decided again, in the transaction that logs it.
    async fn worth_asking<P: ForPurpose + 'static>(
        &self,
        classes: &[DataClass],
    ) -> Result<Vec<DataClass>, DbError> {
        if classes.len() < 2 {
            return Ok(classes.to_vec());
        }
        let of = self.conversation.clone();
        let consent =
            self.app.store.read(move |tx| consents::current(tx, &of.bank, &of.customer, &of.id)).await?;
        let unused: Vec<EntryId> = classes.iter().map(|_| EntryId::new(rim::uuid(self.now))).collect();
        let verdicts = self.verdicts::<P>(consent.as_ref(), classes, &unused);
        let refused =
            verdicts.iter().zip(classes).find(|(verdict, _)| matches!(verdict, Verdict::Refused(_)));
        Ok(refused.map_or_else(|| classes.to_vec(), |(_, class)| vec![*class]))
    }

    /// The consent in force, locked until the decision is stored; else the newest one, which says why not.
    fn consent_for_decision(&self, tx: &mut Tx) -> Result<Option<Consent>, DbError> {
        let Conversation { bank, customer, id, .. } = &self.conversation;
        match consents::current_for_decision(tx, bank, customer, id)? {
            Some(consent) => Ok(Some(consent)),
            None => consents::latest(tx, bank, customer, id),
        }
    }

    fn verdicts<P: ForPurpose>(
        &self,
        consent: Option<&Consent>,
        classes: &[DataClass],
        entries: &[EntryId],
    ) -> Vec<Verdict<P>> {
        let question = |class: DataClass, entry: &EntryId| {
            let most = self.tenant.gate.max_tier(&self.tenant.id, self.channel, class);
            Question {
                entry: entry.clone(),
                bank: &self.tenant.id,
                asker: Asker::Customer(&self.conversation.customer),
                customer: &self.conversation.customer,
                consent,
                data_class: class,
                accounts: &[],
                payment: None,
                channel: self.channel,
                tier: if self.channel.is_foreign() { most } else { Tier::InChat },
                circumstances: Circumstances { region: self.region, partner: None },
                now: self.now,
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
                    if matches!(refusal.reason, gate::RefusalReason::PolicyError { .. }) {
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
