//! The budget of fraud alerts is lifted by one officer, for some hours and with a reason: when a whole bank is attacked, nobody
//! should have to find a second person first. Everybody at the desk sees it, and it is in the history.

use super::{Line, MAX_WORDS, StaffFault, allowed, sign_ins::SignedIn, text};
use crate::{alerts::live_rules, app::App, rim, tenant::Tenant};
use domain::{
    ids::LiftId,
    staff::{Act, DeedKind},
};
use fraud::budget::MAX_LIFT_HOURS;
use jiff::SignedDuration;
use store::fraud_lifts;

/// Lifts the budget from now on for some hours.
pub async fn lift(
    app: &App,
    tenant: &Tenant,
    who: &SignedIn,
    hours: u32,
    why: &str,
) -> Result<(), StaffFault> {
    if tenant.fraud.is_none() {
        return Err(StaffFault::Unknown("budget of alerts"));
    }
    if !(1..=MAX_LIFT_HOURS).contains(&hours) {
        return Err(StaffFault::Hours { hours });
    }
    let (now, why) = (app.clock.now(), text("why", why, MAX_WORDS)?);
    let ends_at = now + SignedDuration::from_hours(hours.into());
    let (me, id, line) = (who.person.clone(), LiftId::new(rim::uuid(now)), Line::new(now));
    let lifted = app.store.transact(move |tx| -> Result<(), StaffFault> {
        let me = allowed(tx, &me.bank, &me.id, Act::LiftBudget)?;
        if !fraud_lifts::insert(tx, &me.bank, &id, &me.id, &why, (now, ends_at))? {
            return Err(StaffFault::SoAlready);
        }
        let detail = format!("for {hours} h. Why: {why}");
        Ok(line.write(tx, &me.bank, Some(&me), DeedKind::BudgetLifted, detail, None)?)
    });
    lifted.await?;
    live_rules::view(app, &tenant.id).await;
    Ok(())
}

/// Ends that before its time.
pub async fn end(app: &App, tenant: &Tenant, who: &SignedIn, id: &LiftId) -> Result<(), StaffFault> {
    let (me, id, now) = (who.person.clone(), id.clone(), app.clock.now());
    let line = Line::new(now);
    let ended = app.store.transact(move |tx| -> Result<(), StaffFault> {
        let me = allowed(tx, &me.bank, &me.id, Act::LiftBudget)?;
        if !fraud_lifts::end(tx, &me.bank, &id, &me.id, now)? {
            return Err(StaffFault::SoAlready);
        }
        let detail = "the ordinary budget holds again".to_owned();
        Ok(line.write(tx, &me.bank, Some(&me), DeedKind::BudgetLiftEnded, detail, None)?)
    });
    ended.await?;
    live_rules::view(app, &tenant.id).await;
    Ok(())
}
