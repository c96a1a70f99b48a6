//! Payments by cards of the bank's own customers, as the network knows them.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{
    crowd,
    events::{CardPayment, CardStreamData, EntryMode, FraudLabel, LabelSource, Named, Outcome},
    outbox,
    state::{State, history_begins, state},
};
use crate::{
    cards::{self, Card},
    chance,
    consents::{self, Consent, DataCluster},
    db::{DbFault, millis, moment},
    ledger::life::Payee,
    limits,
};

/// A payment that a card makes, or tries to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Swipe<'a> {
    pub(crate) customer: &'a str,
    pub(crate) card: &'a Card,
    /// What the ledger knows it by; none when it was declined.
    pub(crate) movement: Option<&'a str>,
    pub(crate) at: Timestamp,
    pub(crate) minor: i64,
    pub(crate) payee: &'a Payee,
    pub(crate) entry: EntryMode,
    /// Why the card did not pay.
    pub(crate) declined: Option<&'a str>,
    /// The attack that it belongs to.
    pub(crate) attack: Option<&'a str>,
}

/// The same, as it was kept.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) account: String,
    pub(crate) currency: String,
    pub(crate) card: String,
    pub(crate) digits: String,
    pub(crate) movement: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) minor: i64,
    pub(crate) merchant: String,
    mcc: String,
    pub(crate) city: String,
    pub(crate) country: String,
    entry: EntryMode,
    pub(crate) declined: Option<String>,
    pub(crate) attack: Option<String>,
    labels: i64,
    /// What the receiver answered.
    pub(crate) score: Option<f64>,
    pub(crate) action: Option<String>,
    pub(crate) alerted: bool,
}

/// How a card is read, where nobody says how.
pub(crate) fn usual_entry(online: bool, minor: i64, touch: i64, contactless: bool) -> EntryMode {
    match online {
        true => EntryMode::Online,
        false if contactless && minor < touch => EntryMode::Contactless,
        false => EntryMode::Chip,
    }
}

/// Below which amount cards pay by touch, where a dollar costs that much.
pub(crate) fn touch(prices: i64) -> i64 {
    crowd::BY_TOUCH * prices
}

const PAYMENTS: &str = "SELECT p.id, p.customer, p.account, a.currency, p.card, c.last4, p.movement, p.at, p.minor, \
     p.merchant, p.mcc, p.city, p.country, p.entry, p.declined, p.attack, p.labels, p.score, p.action, \
     p.alerted_at IS NOT NULL FROM network_payments p JOIN accounts a ON a.id = p.account JOIN cards c ON c.id = p.card";

fn read(row: &Row<'_>) -> Result<Payment, DbFault> {
    let entry: String = row.get(13)?;
    Ok(Payment {
        id: row.get(0)?,
        customer: row.get(1)?,
        account: row.get(2)?,
        currency: row.get(3)?,
        card: row.get(4)?,
        digits: row.get(5)?,
        movement: row.get(6)?,
        at: moment(row.get(7)?)?,
        minor: row.get(8)?,
        merchant: row.get(9)?,
        mcc: row.get(10)?,
        city: row.get(11)?,
        country: row.get(12)?,
        entry: EntryMode::from_word(&entry),
        declined: row.get(14)?,
        attack: row.get(15)?,
        labels: row.get(16)?,
        score: row.get(17)?,
        action: row.get(18)?,
        alerted: row.get(19)?,
    })
}

fn select(tx: &Transaction<'_>, rest: &str, values: impl rusqlite::Params) -> Result<Vec<Payment>, DbFault> {
    let mut statement = tx.prepare_cached(&format!("{PAYMENTS} {rest}"))?;
    let rows = statement.query_map(values, |row| Ok(read(row)))?;
    rows.collect::<Result<Vec<_>, _>>()?.into_iter().collect()
}

/// What the network has seen of a customer's cards since it was connected, the newest first.
pub(crate) fn newest(tx: &Transaction<'_>, customer: &str) -> Result<Vec<Payment>, DbFault> {
    select(
        tx,
        "WHERE p.customer = ?1 AND p.past = 0 ORDER BY p.at DESC, p.rowid DESC LIMIT ?2",
        params![customer, limits::SITE_PAGE],
    )
}

/// The payment behind a movement of the ledger.
fn of_movement(tx: &Transaction<'_>, movement: &str) -> Result<Option<Payment>, DbFault> {
    Ok(select(tx, "WHERE p.movement = ?1", [movement])?.into_iter().next())
}

/// The payments of the history, after `from` and not after `to`.
pub(super) fn past(tx: &Transaction<'_>) -> Result<Vec<Payment>, DbFault> {
    select(tx, "WHERE p.past = 1 ORDER BY p.at, p.id", [])
}

/// A payment was made or declined: tells the stream of it.
pub(crate) fn swiped(tx: &Transaction<'_>, swipe: &Swipe<'_>, now: Timestamp) -> Result<(), DbFault> {
    let Some(state) = state(tx)? else { return Ok(()) };
    let id = insert(tx, &state, swipe, false)?;
    let Some(payment) = select(tx, "WHERE p.id = ?1", [&id])?.into_iter().next() else { return Ok(()) };
    let event = CardStreamData::Authorization(payment.told(tx, &state, now)?);
    outbox::put(tx, &state.tokens.message("authorization", &id), Some(&id), event, now)
}

/// Keeps a payment; gives its id.
fn insert(tx: &Transaction<'_>, state: &State, swipe: &Swipe<'_>, past: bool) -> Result<String, DbFault> {
    let id = match swipe.movement {
        Some(movement) => state.tokens.payment(movement),
        None => state.tokens.payment(&chance::secret_text()),
    };
    let label_at = swipe.at.saturating_add(crowd::LABEL_LATE).unwrap_or(swipe.at);
    // What was labelled before the network was connected is labelled in the history; nobody is charged for what was declined.
    let done = swipe.declined.is_some() || (past && label_at <= state.opened_at);
    tx.prepare_cached(
        "INSERT OR IGNORE INTO network_payments (id, customer, account, card, movement, at, minor, merchant, mcc, city, \
         country, entry, declined, past, attack, label_at, label, labels) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 0)",
    )?
    .execute(params![
        id, swipe.customer, swipe.card.account, swipe.card.id, swipe.movement, millis(swipe.at), swipe.minor,
        swipe.payee.name, swipe.payee.mcc, swipe.payee.city, swipe.payee.country, swipe.entry.word(), swipe.declined,
        past, swipe.attack, millis(label_at), done.then_some(false)
    ])?;
    Ok(id)
}

/// Makes history of what the ledger has of the last weeks.
pub(super) fn remember(
    tx: &Transaction<'_>,
    state: &State,
    touch: i64,
    now: Timestamp,
) -> Result<(), DbFault> {
    let mut statement = tx.prepare(
        "SELECT substr(t.id, 3), a.customer, t.account, t.at, -t.signed_minor, t.merchant, t.mcc, t.city, t.country, \
         t.online FROM transactions t JOIN accounts a ON a.id = t.account WHERE t.by_card = 1 AND t.nature = 'usual' \
         AND t.signed_minor < 0 AND t.merchant IS NOT NULL AND t.at > ?1 AND t.at <= ?2 ORDER BY t.at, t.id",
    )?;
    let from = history_begins(now);
    let rows = statement.query_map([millis(from), millis(now)], |row| {
        let ids: [String; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
        let payee = Payee { name: row.get(5)?, mcc: row.get(6)?, city: row.get(7)?, country: row.get(8)? };
        Ok((ids, row.get::<_, i64>(3)?, row.get::<_, i64>(4)?, payee, row.get::<_, bool>(9)?))
    })?;
    for row in rows {
        let ([movement, customer, account], at, minor, payee, online) = row?;
        let Some(card) = cards::in_use(tx, &account)? else { continue };
        let entry = usual_entry(online, minor, touch, true);
        let swipe = Swipe {
            customer: &customer,
            card: &card,
            movement: Some(&movement),
            at: moment(at)?,
            minor,
            payee: &payee,
            entry,
            declined: None,
            attack: None,
        };
        insert(tx, state, &swipe, true)?;
    }
    Ok(())
}

impl Payment {
    /// What the stream is told of it, with the names that consents in force allow.
    fn told(&self, tx: &Transaction<'_>, state: &State, now: Timestamp) -> Result<CardPayment, DbFault> {
        let mut payment = self.nameless(state);
        let consents = consents::in_force(tx, &self.customer, now)?;
        let covered = consents
            .iter()
            .filter(|c| c.accounts.contains(&self.account) && c.covers(DataCluster::Transactions));
        let transaction = self.transaction(tx)?;
        payment.named = covered.map(|consent| self.named(consent, transaction.clone())).collect();
        Ok(payment)
    }

    /// The id that the ledger has it under now.
    pub(crate) fn transaction(&self, tx: &Transaction<'_>) -> Result<Option<String>, DbFault> {
        let Some(movement) = &self.movement else { return Ok(None) };
        let ids = params![format!("a-{movement}"), format!("t-{movement}")];
        Ok(tx
            .prepare_cached("SELECT id FROM transactions WHERE id IN (?1, ?2)")?
            .query_row(ids, |row| row.get(0))
            .optional()?)
    }

    fn named(&self, consent: &Consent, transaction_id: Option<String>) -> Named {
        Named {
            consent_id: consent.id.clone(),
            account_id: self.account.clone(),
            card_id: self.card.clone(),
            transaction_id,
            card_digits: self.digits.clone(),
            merchant: self.merchant.clone(),
            city: consent.request.include_payee_address.then(|| self.city.clone()),
        }
    }

    pub(super) fn nameless(&self, state: &State) -> CardPayment {
        CardPayment {
            payment_id: self.id.clone(),
            card_token: state.tokens.card(&self.card),
            terminal_token: state.tokens.terminal(&self.merchant, &self.city),
            customer_token: state.tokens.customer(&self.customer),
            amount: decimal(self.minor),
            currency: self.currency.clone(),
            at: self.at.to_string(),
            merchant_category: self.mcc.clone(),
            merchant_country: self.country.clone(),
            entry_mode: self.entry,
            outcome: if self.declined.is_some() { Outcome::Declined } else { Outcome::Approved },
            named: Vec::new(),
            reason: None,
        }
    }

    pub(super) fn judged(&self, state: &State, fraud: bool, source: LabelSource) -> FraudLabel {
        let CardPayment { payment_id, card_token, terminal_token, at, .. } = self.nameless(state);
        FraudLabel { payment_id, card_token, terminal_token, at, fraud, source }
    }

    /// Says whether it was fraud, unless that was said before.
    fn label(
        &self,
        tx: &Transaction<'_>,
        state: &State,
        (fraud, source): (bool, LabelSource),
        now: Timestamp,
    ) -> Result<(), DbFault> {
        let changed = tx
            .prepare_cached("UPDATE network_payments SET label = ?2, labels = ?3 + 1 WHERE id = ?1 AND labels = ?3 AND label IS NOT ?2")?
            .execute(params![self.id, fraud, self.labels])?;
        if changed == 0 {
            return Ok(());
        }
        let message = state.tokens.message(&format!("fraud {}", self.labels), &self.id);
        outbox::put(tx, &message, None, CardStreamData::Fraud(self.judged(state, fraud, source)), now)
    }
}

/// Minor units as a decimal text.
pub(super) fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// Says of payments whose time has come whether they were fraud: the cards' owners have had a week to look.
pub(super) fn label_due(tx: &Transaction<'_>, state: &State, now: Timestamp) -> Result<(), DbFault> {
    let due = select(
        tx,
        "WHERE p.label IS NULL AND p.label_at <= ?1 ORDER BY p.label_at, p.id LIMIT 500",
        [millis(now)],
    )?;
    for payment in due {
        let fraud = payment.attack.is_some();
        let source = if fraud { LabelSource::Chargeback } else { LabelSource::Bank };
        payment.label(tx, state, (fraud, source), now)?;
    }
    Ok(())
}

/// A card is not in its owner's hands any more: what attacks paid with it was fraud.
pub(crate) fn card_lost(tx: &Transaction<'_>, card: &str, now: Timestamp) -> Result<(), DbFault> {
    let Some(state) = state(tx)? else { return Ok(()) };
    let theirs = select(
        tx,
        "WHERE p.card = ?1 AND p.attack IS NOT NULL AND p.declined IS NULL AND NOT EXISTS \
         (SELECT 1 FROM payment_reports r WHERE r.movement = p.movement AND r.answer = 'mine') ORDER BY p.at, p.id",
        [card],
    )?;
    theirs.iter().try_for_each(|payment| payment.label(tx, &state, (true, LabelSource::Bank), now))
}

/// The customer said whose payment it was. What they did not make was fraud, and so was the rest of the same attack.
pub(crate) fn reported(
    tx: &Transaction<'_>,
    movement: &str,
    mine: bool,
    now: Timestamp,
) -> Result<(), DbFault> {
    let Some(state) = state(tx)? else { return Ok(()) };
    let Some(payment) = of_movement(tx, movement)? else { return Ok(()) };
    payment.label(tx, &state, (!mine, LabelSource::Bank), now)?;
    let Some(attack) = payment.attack.as_ref().filter(|_| !mine) else { return Ok(()) };
    let rest = select(
        tx,
        "WHERE p.attack = ?1 AND p.id <> ?2 AND p.declined IS NULL AND NOT EXISTS \
         (SELECT 1 FROM payment_reports r WHERE r.movement = p.movement AND r.answer = 'mine') ORDER BY p.at, p.id",
        [attack, &payment.id],
    )?;
    rest.iter().try_for_each(|payment| payment.label(tx, &state, (true, LabelSource::Bank), now))
}

/// The bank's own system suspects the newest payment of a customer. False when there is none.
pub(crate) fn suspect_newest(tx: &Transaction<'_>, customer: &str, now: Timestamp) -> Result<bool, DbFault> {
    let Some(state) = state(tx)? else { return Ok(false) };
    let Some(payment) = newest(tx, customer)?.into_iter().next() else { return Ok(false) };
    let told = payment.told(tx, &state, now)?;
    let event = CardStreamData::Alert(CardPayment { reason: Some(SUSPICION.to_owned()), ..told });
    let fresh = tx.execute(
        "UPDATE network_payments SET alerted_at = ?2 WHERE id = ?1 AND alerted_at IS NULL",
        params![payment.id, millis(now)],
    )?;
    if fresh == 1 {
        outbox::put(tx, &state.tokens.message("alert", &payment.id), Some(&payment.id), event, now)?;
    }
    Ok(true)
}

/// What the bank's own system says.
const SUSPICION: &str = "The bank's own system finds this payment unusual for the card.";

/// Keeps what the receiver decided on a payment.
pub(super) fn decided(
    tx: &Transaction<'_>,
    payment: &str,
    score: Option<f64>,
    action: Option<&str>,
) -> Result<(), DbFault> {
    tx.execute(
        "UPDATE network_payments SET score = COALESCE(?2, score), action = COALESCE(?3, action) WHERE id = ?1",
        params![payment, score, action],
    )?;
    Ok(())
}

/// Forgets payments that nobody asks about any more.
pub(super) fn sweep(tx: &Transaction<'_>, now: Timestamp) -> Result<(), DbFault> {
    let kept = SignedDuration::from_hours(24 * limits::STREAM_PAYMENTS_KEPT_DAYS);
    let gone = now.saturating_sub(kept).unwrap_or(now);
    tx.execute("DELETE FROM network_payments WHERE at < ?1 AND label IS NOT NULL", [millis(gone)])?;
    Ok(())
}
