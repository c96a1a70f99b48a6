//! The bank's own pages.

use crate::{
    House,
    browser::Browser,
    client::{http, link, request},
};

#[tokio::test]
async fn a_purchase_is_pending_at_once_here_and_in_the_api() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let mut browser = Browser::new(&house);
    browser.sign_in("maya").await;
    let page = browser.get("/purchase").await;
    let csrf = page.csrf();
    let card = page.text.split("<option value=\"").nth(2).unwrap().split('"').next().unwrap().to_owned();
    let form = |amount: &'static str| {
        [
            ("csrf", csrf.clone()),
            ("account", card.clone()),
            ("shop", "Paperbirch Books".into()),
            ("amount", amount.into()),
        ]
    };
    let send = async |browser: &mut Browser, amount| {
        let form = form(amount);
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        browser.post("/purchase", &form).await
    };
    for wrong in ["0", "-5", "10000.01", "9999", "a lot"] {
        assert_eq!(send(&mut browser, wrong).await.status, 422, "{wrong}");
    }
    let page = send(&mut browser, "43.21").await;
    assert_eq!(page.went_to(), format!("/accounts/{card}"));
    let page = browser.get(page.went_to()).await;
    assert!(page.text.contains("Paperbirch Books") && page.text.contains("\u{2212}$43.21"));
    let answer = linked.get(&format!("{}/fdx/v6/accounts/{card}/transactions", house.url)).await;
    let newest = &answer.body["transactions"][0];
    assert_eq!((newest["status"].as_str(), newest["amount"].as_f64()), (Some("PENDING"), Some(43.21)));
}

#[tokio::test]
async fn a_customers_pages_are_for_that_customer_only() {
    let house = House::open().await;
    let linked = link(&house, "maya", request()).await;
    let answer = linked.get(&format!("{}/fdx/v6/accounts", house.url)).await;
    let account = answer.body["accounts"][0]["accountId"].as_str().unwrap().to_owned();
    let stop = format!("/sharing/{}/stop", linked.consent);
    let mut nobody = Browser::new(&house);
    for path in ["/sharing", "/purchase", stop.as_str(), &format!("/accounts/{account}")] {
        assert_eq!(nobody.get(path).await.went_to(), "/", "{path}");
    }
    let mut tomas = Browser::new(&house);
    tomas.sign_in("tomas").await;
    assert_eq!(tomas.get(&format!("/accounts/{account}")).await.status, 404);
    assert_eq!(tomas.get(&stop).await.status, 404);
    let csrf = tomas.get("/").await.csrf();
    assert_eq!(tomas.post(&stop, &[("csrf", &csrf)]).await.status, 404);
    assert!(linked.renew().await.is_ok(), "nothing was stopped");
}

#[tokio::test]
async fn signing_in_changes_the_cookie_and_signing_out_ends_it() {
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    browser.get("/").await;
    let visit = browser.cookies.clone();
    browser.sign_in("maya").await;
    assert_ne!(browser.cookies, visit);
    let signed_in = browser.cookies.clone();
    let csrf = browser.get("/").await.csrf();
    browser.post("/sign-out", &[("csrf", &csrf)]).await;
    browser.cookies = signed_in;
    assert!(browser.get("/").await.text.contains("name=\"password\""), "the old cookie opens nothing");
}

#[tokio::test]
async fn every_page_carries_the_headers_that_protect_it() {
    let house = House::open().await;
    for path in ["/", "/faults", "/nowhere", "/interaction/x", "/style.css", "/icon.svg"] {
        let page = Browser::new(&house).get(path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert_eq!(page.headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(!page.text.contains("<script") && !page.text.contains("style=\""), "{path}");
    }
}

#[tokio::test]
async fn the_description_names_every_answer() {
    let house = House::open().await;
    let url = format!("{}/openapi.json", house.url);
    let document: serde_json::Value = http().get(url).send().await.unwrap().json().await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    let apis = ["/fdx", "/parlour-bank"];
    let of_apis = |path: &str| apis.iter().any(|api| path.starts_with(api));
    assert_eq!(paths.keys().filter(|path| of_apis(path)).count(), 7 + 16);
    for (path, methods) in paths.iter().filter(|(path, _)| of_apis(path)) {
        for (method, operation) in methods.as_object().unwrap() {
            let orders = method != "get" && method != "delete" && path.starts_with("/parlour-bank");
            let more = if orders { ["403", "422"].as_slice() } else { &[] };
            for status in ["400", "401", "429", "500"].iter().chain(more) {
                assert!(operation["responses"].get(status).is_some(), "{method} {path} {status}");
            }
            assert!(operation["security"][0].get("fapi").is_some(), "{method} {path}");
        }
    }
}
