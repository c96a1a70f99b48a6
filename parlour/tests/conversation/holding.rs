//! `parlour hold`, as an operator runs it, and what it means for an erasure.

use crate::{
    erasing::{harbour, linked, nothing_is_left, until_erased},
    house::House,
};
use domain::CustomerId;
use parlour::erasure::worker;
use std::process::{Command, Output};
use store::{DbError, exports};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs `parlour hold` beside the running gateway.
async fn hold(house: &House, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
    command.arg("hold").args(words).arg("--config").arg(house.data().join("parlour.toml"));
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

async fn works(house: &House, words: &[&str]) -> String {
    let output = hold(house, words).await;
    assert!(output.status.success(), "{words:?}: {}", said(&output));
    said(&output)
}

async fn fails(house: &House, words: &[&str], why: &str) {
    let output = hold(house, words).await;
    assert!(!output.status.success(), "{words:?}: {}", said(&output));
    assert!(said(&output).contains(why), "{words:?}: {}", said(&output));
}

/// How many accesses, conversations and consents are left of a customer.
async fn left_of(house: &House, customer: &CustomerId) -> (usize, usize, usize) {
    let (of, app) = (customer.clone(), house.app());
    let read = app.store.read(move |tx| {
        Ok::<_, DbError>((
            exports::accesses(tx, &harbour(), &of, None, 100)?.len(),
            exports::conversations(tx, &harbour(), &of)?.len(),
            exports::consent_ids(tx, &harbour(), &of)?.len(),
        ))
    });
    read.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_holds_what_a_case_needs_and_lets_it_go() {
    let house = House::open().await;
    let (mut guest, token, customer) = linked(&house).await;
    let of = ["--bank", "harbour", "--customer", customer.as_str()];
    let set = |rest: &'static [&'static str]| [&["set"], &of[..], rest].concat();
    let list = [&["list"], &of[..]].concat();
    assert_eq!(works(&house, &list).await.trim(), "nothing is held");
    let why = ["--kind", "open_case", "--keep", "accesses", "--keep", "consents"];
    let who = ["--by", "the disputes desk", "--reason", "dispute 12"];
    let placed = works(&house, &[&set(&[])[..], &why, &who].concat()).await;
    let id = placed.split_whitespace().next().unwrap().to_owned();
    let listed = works(&house, &list).await;
    for word in [
        id.as_str(),
        "open_case",
        "accesses, consents",
        "until it is ended",
        "the disputes desk",
        "dispute 12",
    ] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
    let until = ["--until", "2199-01-01T00:00:00Z"];
    let court = ["--kind", "legal_hold", "--keep", "messages", "--by", "counsel", "--reason", "order 7"];
    let second = works(&house, &[&set(&[])[..], &court, &until].concat()).await;
    let second = second.split_whitespace().next().unwrap().to_owned();
    assert!(works(&house, &list).await.contains("until 2199-01-01T00:00:00Z"));

    // The customer reads of both, and what they keep survives the erasure.
    let question = guest.ask("delete everything").await.unwrap().to_string();
    assert!(question.contains("still open") && question.contains("the law requires"), "{question}");
    guest.ask("yes").await.unwrap();
    until_erased(&house, &token).await;
    let (accesses, conversations, consents) = left_of(&house, &customer).await;
    assert!(accesses > 0 && conversations == 1 && consents == 1, "{accesses} {conversations} {consents}");

    let end = |id: &str| {
        let id = id.to_owned();
        let house = &house;
        async move { works(house, &[&["end"], &of[..], &["--hold", &id]].concat()).await }
    };
    assert_eq!(end(&second).await.trim(), "ended");
    assert!(!works(&house, &list).await.contains(&second));
    fails(&house, &[&["end"], &of[..], &["--hold", &second]].concat(), "no such hold, or it has ended").await;
    assert_eq!(end(&id).await.trim(), "ended");
    worker::tend(&house.app()).await.unwrap();
    nothing_is_left(&house, &customer).await;
    fails(&house, &list, "or they were erased").await;
    let again = [&set(&[])[..], &why, &who].concat();
    fails(&house, &again, "or they were erased").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_cannot_be_is_refused_and_says_why() {
    let house = House::open().await;
    let (_guest, _token, customer) = linked(&house).await;
    let stranger = "cus_00000000000000000000000000000001";
    let with = |bank: &str, customer: &str, rest: &[(&str, &str)]| {
        let mut words = vec!["set".to_owned()];
        let usual =
            [("--kind", "open_case"), ("--keep", "accesses"), ("--by", "ops"), ("--reason", "dispute 12")];
        let named = |name: &str| rest.iter().any(|(known, _)| *known == name);
        let kept = usual.iter().filter(|(name, _)| !named(name)).chain(rest);
        for (name, value) in [("--bank", bank), ("--customer", customer)].iter().chain(kept) {
            if *value != "-" {
                words.extend([(*name).to_owned(), (*value).to_owned()]);
            }
        }
        words
    };
    let long = "x".repeat(501);
    for (words, why) in [
        (with("harbour", stranger, &[]), "there is no such customer at this bank"),
        (with("meridian", customer.as_str(), &[]), "there is no such customer at this bank"),
        (with("nowhere", customer.as_str(), &[]), "there is no bank nowhere in this configuration"),
        (with("harbour", "Maya", &[]), "--customer"),
        (with("harbour", customer.as_str(), &[("--kind", "because")]), "--kind"),
        (with("harbour", customer.as_str(), &[("--keep", "tokens")]), "--keep"),
        (with("harbour", customer.as_str(), &[("--keep", "-")]), "--keep"),
        (with("harbour", customer.as_str(), &[("--by", "-")]), "--by"),
        (with("harbour", customer.as_str(), &[("--by", " ")]), "1 to 100 characters"),
        (with("harbour", customer.as_str(), &[("--reason", " ")]), "1 to 500 characters"),
        (with("harbour", customer.as_str(), &[("--reason", &long)]), "1 to 500 characters, not 501"),
        (with("harbour", customer.as_str(), &[("--reason", "a\u{1b}[2J")]), "no control characters"),
        (with("harbour", customer.as_str(), &[("--until", "tomorrow")]), "--until"),
        (with("harbour", customer.as_str(), &[("--until", "2020-01-01T00:00:00Z")]), "which is past"),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        fails(&house, &words, why).await;
    }
    let of = |bank: &'static str, customer: &'static str| ["list", "--bank", bank, "--customer", customer];
    fails(&house, &of("harbour", stranger), "there is no such customer").await;
    fails(&house, &of("nowhere", stranger), "there is no bank nowhere").await;
    let hold = ["--hold", "hld_00000000000000000000000000000001"];
    let end = ["end", "--bank", "harbour", "--customer", customer.as_str()];
    fails(&house, &[&end[..], &hold].concat(), "no such hold").await;
    fails(&house, &[&end[..], &["--hold", "7"]].concat(), "--hold").await;
    let listed = works(&house, &["list", "--bank", "harbour", "--customer", customer.as_str()]).await;
    assert_eq!(listed.trim(), "nothing is held", "what was refused holds nothing");
}
