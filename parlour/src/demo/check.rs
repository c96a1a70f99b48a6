//! `parlour demo --check`: walks the first journey through real HTTP, one line per step, and stops at the
//! first that fails.

use super::{
    DemoBank, RunningDemo,
    guest::{Guest, StepFault, block, payments, unexpected},
    visitor::Visitor,
};
use crate::consents::record::MANDATORY;
use serde_json::{Value, json};
use url::Url;

/// Walks the journey; true when every step held.
pub async fn walk(demo: &RunningDemo) -> bool {
    let mut walk = Walk { step: 0 };
    match journey(demo, &mut walk).await {
        Ok(()) => true,
        Err(fault) => {
            println!("FAILED  {}. {fault}", walk.step + 1);
            false
        }
    }
}

struct Walk {
    step: u32,
}

impl Walk {
    fn held(&mut self, what: &str) {
        self.step += 1;
        println!("ok      {}. {what}", self.step);
    }
}

async fn journey(demo: &RunningDemo, walk: &mut Walk) -> Result<(), StepFault> {
    let [harbour, meridian] = demo.banks.as_slice() else { return unexpected("two banks", demo.banks.len()) };
    let mut guest = Guest::enter(harbour).await?;
    walk.held("the chat says who is talking, what it can do, and that it is not linked");
    let link = honest_notice(&mut guest).await?;
    walk.held("a question before linking is answered honestly, with the notice and a button");
    told_off_for_a_card_number(&mut guest).await?;
    walk.held("a card number typed into the chat is removed before it is stored");
    let chosen = guest.sign_in_at_bank(harbour, &link).await?;
    walk.held("signing in, choosing accounts and approving take place at the bank");
    forwarded(&link).await?;
    walk.held("the used link opens nothing in another browser");
    nothing_before_the_yes(&mut guest).await?;
    guest.confirm().await?;
    walk.held("only the yes in the chat itself gives the consent");
    balances(&mut guest, chosen).await?;
    walk.held("balances of the chosen accounts only, with available and current amounts");
    transactions(&mut guest).await?;
    walk.held("last transactions, pending ones marked; over $50; and what was spent at one merchant");
    who_looked(&mut guest).await?;
    walk.held("who looked: each access with data, purpose, outcome and place in the log");
    pause(&mut guest).await?;
    walk.held("a pause opens nothing, and only the customer ends it");
    record(&mut guest, "dpv:ConsentGiven").await?;
    walk.held("the consent record can be had as JSON-LD, with its history and its place in the log");
    stop(&mut guest, harbour).await?;
    walk.held("one word stops it, here at once and at the bank; the next question opens nothing");
    receipt(&mut guest).await?;
    walk.held("the end has a receipt: when, how, confirmed by the bank, and where it stands in the log");
    refused_places(&mut Guest::enter(meridian).await?).await?;
    walk.held("the second bank refuses merchant places with its own reason");
    Ok(())
}

async fn honest_notice(guest: &mut Guest) -> Result<Url, StepFault> {
    let notice = guest.notice().await?;
    let text = notice.to_string();
    for promised in ["Harbour Bank", "balances", "90 days", "stop", "ads", "sold"] {
        if !text.contains(promised) {
            return unexpected(&format!("a notice that says “{promised}”"), text);
        }
    }
    Guest::address(&notice)
}

async fn told_off_for_a_card_number(guest: &mut Guest) -> Result<(), StepFault> {
    let reply = guest.ask("my card is 4111 1111 1111 1111").await?;
    if block(&reply, "care").is_none() {
        return unexpected("a warning", reply);
    }
    let url = guest.api("messages?after=0");
    let thread = guest.visitor.json(&url).await?.to_string();
    // Four digits alone may stand in the id of a message by chance.
    if ["4111 1111", "41111111"].iter().any(|digits| thread.contains(digits)) {
        unexpected("a thread without the card number", thread)
    } else {
        Ok(())
    }
}

async fn forwarded(link: &Url) -> Result<(), StepFault> {
    let page = Visitor::new()?.get(link).await?;
    if page.status.is_success() || page.form_with("Harbour Bank").is_ok() {
        return unexpected("a refusal of the forwarded link", page.body);
    }
    Ok(())
}

async fn nothing_before_the_yes(guest: &mut Guest) -> Result<(), StepFault> {
    let early = guest.ask("What's my balance?").await?;
    if block(&early, "balances").is_some() { unexpected("no balances before the yes", early) } else { Ok(()) }
}

async fn balances(guest: &mut Guest, chosen: usize) -> Result<(), StepFault> {
    let reply = guest.ask("What's my balance?").await?;
    let accounts =
        block(&reply, "balances").and_then(|b| b["accounts"].as_array().cloned()).unwrap_or_default();
    let whole = |a: &Value| {
        a["current"]["text"].is_string() && a["available"]["text"].is_string() && a["as_of"].is_string()
    };
    if accounts.len() == chosen && accounts.iter().all(whole) && reply["seen"][0]["index"].is_u64() {
        return Ok(());
    }
    unexpected(&format!("the balances of {chosen} accounts, and where that stands in the log"), reply)
}

async fn transactions(guest: &mut Guest) -> Result<(), StepFault> {
    let last = payments(&guest.ask("Last transactions").await?);
    if !last.iter().any(|r| r["pending"] == true) || !last.iter().any(|r| r["pending"] == false) {
        return unexpected("pending and posted payments", json!(last));
    }
    let large = payments(&guest.ask("transactions over $50").await?);
    if large.is_empty()
        || !large.iter().all(|r| r["amount"]["minor_units"].as_i64().unwrap_or(0).abs() > 5_000)
    {
        return unexpected("payments over $50 only", json!(large));
    }
    let reply = guest.ask("what did I spend at the supermarket last week?").await?;
    let sum: i64 = payments(&reply).iter().filter_map(|r| r["amount"]["minor_units"].as_i64()).sum();
    match block(&reply, "total").and_then(|t| t["amount"]["minor_units"].as_i64()) {
        Some(total) if total == -sum && total > 0 => Ok(()),
        _ => unexpected("a total that is the sum of its payments", reply),
    }
}

async fn who_looked(guest: &mut Guest) -> Result<(), StepFault> {
    let reply = guest.ask("Who looked at my data?").await?;
    let rows = block(&reply, "accesses").and_then(|b| b["rows"].as_array().cloned()).unwrap_or_default();
    let placed = |r: &Value| r["index"].is_u64() && r["at"].is_string() && r["purpose"].is_string();
    if rows.len() >= 5 && rows.iter().all(placed) {
        Ok(())
    } else {
        unexpected("accesses with their place in the log", reply)
    }
}

async fn pause(guest: &mut Guest) -> Result<(), StepFault> {
    let reply = guest.ask("pause").await?;
    if !reply.to_string().contains("Paused") {
        return unexpected("a confirmation of the pause", reply);
    }
    let during = guest.ask("What's my balance?").await?;
    if block(&during, "balances").is_some() || block(&during, "refusal").is_none() {
        return unexpected("nothing while it is paused", during);
    }
    guest.ask("continue").await?;
    let after = guest.ask("What's my balance?").await?;
    if block(&after, "balances").is_some() { Ok(()) } else { unexpected("balances after the pause", after) }
}

/// The newest consent in a state other than requested, by the API.
async fn newest_consent(guest: &mut Guest) -> Result<String, StepFault> {
    let url = guest.api("consents");
    let list = guest.visitor.json(&url).await?;
    let given = list["consents"].as_array().and_then(|all| all.iter().find(|c| c["state"] != "requested"));
    match given.and_then(|consent| consent["id"].as_str()) {
        Some(id) => Ok(id.to_owned()),
        None => unexpected("a consent in the list", list),
    }
}

async fn record(guest: &mut Guest, status: &str) -> Result<(), StepFault> {
    let id = newest_consent(guest).await?;
    let url = guest.api(&format!("consents/{id}"));
    let record = guest.visitor.json(&url).await?;
    let missing = MANDATORY.iter().any(|field| record.get(*field).is_none_or(Value::is_null));
    let logged = record["parlour:events"].as_array().is_some_and(|events| events.len() >= 4)
        && record["parlour:logIndex"].is_u64();
    if !missing && logged && record["dpv:hasConsentStatus"]["@id"] == status {
        return Ok(());
    }
    unexpected("a whole consent record", record)
}

async fn receipt(guest: &mut Guest) -> Result<(), StepFault> {
    let id = newest_consent(guest).await?;
    let url = guest.api(&format!("consents/{id}/receipt"));
    let receipt = guest.visitor.json(&url).await?;
    let proven = receipt["log"]["index"].is_u64() && receipt["log"]["key"].is_string();
    if receipt["state"] == "withdrawn" && receipt["at_bank"]["state"] == "confirmed" && proven {
        return Ok(());
    }
    unexpected("the receipt of the end", receipt)
}

async fn stop(guest: &mut Guest, bank: &DemoBank) -> Result<(), StepFault> {
    let reply = guest.ask("stop").await?;
    if !reply.to_string().contains("Stopped") {
        return unexpected("a confirmation", reply);
    }
    guest.hears("ended there too").await?;
    let after = guest.ask("What's my balance?").await?;
    if block(&after, "balances").is_some() || block(&after, "notice").is_none() {
        return unexpected("nothing but the offer to link again", after);
    }
    let page = guest.sharing(bank).await?;
    if page.says("Stopped on") && !page.says("Active until") {
        return Ok(());
    }
    unexpected("the bank's own site to show the consent as ended", page.body)
}

async fn refused_places(guest: &mut Guest) -> Result<(), StepFault> {
    let reply = guest.ask("Where did I shop?").await?;
    match block(&reply, "refusal") {
        Some(no) if no["who"] == "Meridian Savings" && no["why"].as_str().is_some_and(|w| w.len() > 20) => {
            Ok(())
        }
        _ => unexpected("the bank's own refusal", reply),
    }
}
