//! Two people put rules against fraud in force in their browsers, one on a phone, without scripts of ours; and lift the budget.

use crate::{
    console::{holds, registered},
    house::House,
};
use jiff::SignedDuration;
use parlour::alerts::wire::{self, Written};
use serde_json::json;
use testkit::browser::{Light, Size, Tab};

const RULES: &str = "\
# Reported on Friday: somebody empties stolen cards at once.
rule too-much-at-once
  why      \"Five payments in an hour, and more than anybody pays here\"
  owner    \"Dana Reyes\"
  expires  2026-12-01
  action   alert
  share    10%
  when     amount > 900 and card_count_1h >= 2
  hit      { amount = 950, card_count_1h = 2 }
  miss     { amount = 950, card_count_1h = 1 }

rule far-too-much
  why      \"Nobody here ever paid that\"
  owner    \"Tom Okafor\"
  expires  2027-03-31
  action   decline
  when     amount > 5000
  hit      { amount = 5001 }
  miss     { amount = 5000 }
";

/// A day of payments, so that a trial has something to look at.
async fn payments(house: &House) {
    let (app, bank) = (house.gateway_app(), house.harbour().id);
    let now = app.clock.now();
    let mut events = vec![];
    for n in 0..300_i64 {
        let at = (now - SignedDuration::from_mins(3_000 - n * 9)).to_string();
        let amount = if n % 40 == 7 { "1200.00".to_owned() } else { format!("{}.30", 8 + n % 60) };
        let event: Written = serde_json::from_value(json!({ "type": "card.authorization", "timestamp": at,
            "data": { "paymentId": format!("auth-9{n}"), "cardToken": format!("c-{}", n % 6),
            "terminalToken": format!("t-{}", n % 9), "at": at, "amount": amount, "currency": "USD" } }))
        .unwrap();
        events.push(wire::read(&app.engines.naming(&bank), &format!("evt-9{n}"), &event, now).unwrap());
    }
    app.engines.take(&bank, events).await.unwrap();
}

async fn write(tab: &Tab, text: &str, why: &str) {
    let script = format!("document.querySelector('#text').value = {}", json!(text));
    tab.run(&script).await;
    tab.run(&format!("document.querySelector('#why').value = {}", json!(why))).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium: cargo xtask test --only browser"]
async fn two_people_put_rules_in_force_on_a_phone_and_at_a_desk() {
    let house = House::open().await;
    let bank = house.harbour();
    let dana = registered(&house, "Dana Reyes", Size::Desktop).await;
    let tom = registered(&house, "Tom Okafor", Size::Phone).await;
    payments(&house).await;
    let desk = |path: &str| house.gateway(&format!("console/{}/fraud{path}", bank.id)).to_string();

    dana.open(&desk("/rules")).await;
    dana.see("No rule is in force").await;
    holds(&dana, "desktop-rules-none").await;
    dana.click_text("Change the rules").await;
    let wrong = RULES
        .replace("card_count_1h >= 2", "card_cuont_1h >= 2")
        .replace("expires  2027-03-31", "expires  soon");
    write(&dana, &wrong, "Reported on Friday.").await;
    dana.click_text("Try it").await;
    dana.see("did you mean `card_count_1h`?").await;
    holds(&dana, "desktop-rules-mistakes").await;
    dana.resize(Size::Phone).await;
    holds(&dana, "phone-rules-mistakes").await;
    dana.resize(Size::Desktop).await;
    write(&dana, RULES, "Reported on Friday.").await;
    dana.click_text("Try it").await;
    dana.see("Tried on the past").await;
    holds(&dana, "desktop-rules-tried").await;
    dana.run("window.scrollTo(0, document.body.scrollHeight)").await;
    dana.picture("desktop-rules-tried-below").await;
    dana.click_text("Propose").await;
    dana.see("You proposed this, so somebody else decides.").await;
    holds(&dana, "desktop-rules-proposed").await;

    tom.open(&desk("/rules")).await;
    tom.see("Waiting for a second person").await;
    tom.click("td[data-label='Proposed'] a").await;
    tom.see("Approve: the next payment is judged by it").await;
    holds(&tom, "phone-rules-proposal").await;
    tom.prefer(Light::Dark).await;
    holds(&tom, "phone-rules-proposal-dark").await;
    tom.run("window.scrollTo(0, document.body.scrollHeight)").await;
    tom.picture("phone-rules-proposal-dark-below").await;
    tom.prefer(Light::Light).await;
    tom.click_text("Approve: the next payment is judged by it").await;
    tom.see("There is none: these are the rules in force.").await;
    payments(&house).await;
    for (tab, name) in [(&dana, "desktop"), (&tom, "phone")] {
        tab.open(&desk("/rules")).await;
        tab.see("10 of 100 cards").await;
        holds(tab, &format!("{name}-rules")).await;
        tab.run("window.scrollTo(0, document.body.scrollHeight)").await;
        tab.picture(&format!("{name}-rules-below")).await;
    }

    tom.open(&desk("/budget")).await;
    tom.see("It was never lifted.").await;
    holds(&tom, "phone-budget").await;
    tom.type_into("#why", "Cards of the whole bank are tried at once.").await;
    tom.click_text("Lift the budget").await;
    tom.see("Cards of the whole bank are tried at once.").await;
    holds(&tom, "phone-budget-lifted").await;
    dana.open(&desk("/budget")).await;
    dana.see("by Tom Okafor").await;
    holds(&dana, "desktop-budget-lifted").await;
    dana.open(&desk("")).await;
    dana.see("The budget of alerts is lifted until").await;
    holds(&dana, "desktop-desk-lifted").await;
    for tab in [&dana, &tom] {
        let errors = tab.console_errors().await;
        assert!(errors.is_empty(), "the pages leave the browser's console quiet: {errors:#?}");
    }
}
