//! What operators see.

use crate::house::House;
use axum::{body::Body, http::Request};
use parlour::{demo::guest::Guest, http, telemetry::figures::LABELS};
use std::collections::BTreeSet;
use tower::ServiceExt;

async fn readiness(house: &House) -> u16 {
    let url = house.demo().gateway_url.join("readyz").unwrap();
    reqwest::get(url).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_said_only_while_the_gateway_can_work() {
    let mut house = House::open().await;
    assert_eq!(readiness(&house).await, 200);
    let app = house.demo().gateway.app.clone();
    let host = house.demo().gateway_url.authority().to_owned();
    house.stop().await;
    let ask = Request::get("/readyz").header("host", host).body(Body::empty()).unwrap();
    assert_eq!(http::router(app).oneshot(ask).await.unwrap().status(), 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_label_of_a_figure_holds_anything_personal() {
    let _ = parlour::telemetry::metrics();
    let house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest.ask("What did I spend at Greenleaf Market this month?").await.unwrap();
    let figures =
        reqwest::get(house.demo().gateway_url.join("metrics").unwrap()).await.unwrap().text().await.unwrap();
    assert!(
        figures.contains("parlour_gate_decisions_total{") && figures.contains("parlour_bank_calls_total{")
    );
    let labels: BTreeSet<&str> = figures
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('{')?.1.split_once('}'))
        .flat_map(|(labels, _)| labels.split(',').filter_map(|pair| pair.split('=').next()))
        .collect();
    // Other tests count in the same process: every label that exists may stand here, whatever ran before.
    let known: BTreeSet<&str> = LABELS.iter().map(|(label, _)| *label).chain(["le"]).collect();
    assert!(labels.is_subset(&known), "{labels:?}");
    // A word such as `consent_ended` is no id: those begin with the time, which begins with 0 until the year 2527.
    for personal in ["cus_0", "con_0", "cst_0", "ent_0", "lnk_0", "maya", "Greenleaf"] {
        assert!(!figures.contains(personal), "{personal} stands in the figures");
    }
}
