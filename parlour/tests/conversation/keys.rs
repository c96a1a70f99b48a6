//! The key-encryption key: changed while people talk, and taken from the environment.

use crate::house::{Backend, House};
use parlour::demo::guest::Guest;
use std::{
    path::Path,
    process::{Command, Output},
};

fn parlour(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> Output {
    let config = folder.join("parlour.toml").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
    command.args(words).args(["--config", &config]).envs(environment.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn rotate(house: &House) -> String {
    let folder = house.data().to_owned();
    let output =
        tokio::task::spawn_blocking(move || parlour(&folder, &["keys", "rotate-kek"], &[])).await.unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

async fn people_go_on_talking_while_the_key_is_changed(backend: Backend) {
    let mut house = House::open_over(backend).await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    let first = std::fs::read(house.data().join("keys/customers.kek")).unwrap();
    let told = rotate(&house).await;
    assert!(told.contains("1 customers' keys were wrapped anew") && told.contains("retired-"), "{told}");
    assert_ne!(std::fs::read(house.data().join("keys/customers.kek")).unwrap(), first);
    // The running gateway had only the old key, and learns of the new one by itself.
    let reply = guest.ask("What's my balance?").await.unwrap().to_string();
    assert!(reply.contains("balances"), "{reply}");
    let mut newcomer = Guest::enter(&house.harbour()).await.unwrap();
    newcomer.ask("hello").await.unwrap();
    let again = rotate(&house).await;
    assert!(again.contains("2 customers' keys were wrapped anew"), "{again}");
    house.restart().await;
    guest.ask("What's my balance?").await.unwrap();
    newcomer.ask("hello").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_go_on_talking_while_the_key_is_changed_on_sqlite() {
    people_go_on_talking_while_the_key_is_changed(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_go_on_talking_while_the_key_is_changed_on_postgresql() {
    people_go_on_talking_while_the_key_is_changed(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_can_come_from_the_environment() {
    let mut house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.ask("hello").await.unwrap();
    house.stop().await;
    let file = house.data().join("keys/customers.kek");
    let old = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    std::fs::remove_file(&file).unwrap();
    let (new, other) = ("0a".repeat(32), "0b".repeat(32));
    let elsewhere = house.data().join("elsewhere.kek").display().to_string();
    std::fs::write(&elsewhere, &old).unwrap();
    let verify = |environment: &[(&str, &str)]| parlour(house.data(), &["log", "verify"], environment);
    assert!(verify(&[("PARLOUR_KEK", &old)]).status.success());
    assert!(verify(&[("PARLOUR_KEK_FILE", &elsewhere)]).status.success());
    let wrong = verify(&[("PARLOUR_KEK", &other)]);
    assert!(
        !wrong.status.success() && said(&wrong).contains("no key-encryption key at hand"),
        "{}",
        said(&wrong)
    );
    let nonsense = verify(&[("PARLOUR_KEK", "secret")]);
    assert!(
        !nonsense.status.success() && said(&nonsense).contains("64 hexadecimal digits"),
        "{}",
        said(&nonsense)
    );
    assert!(!said(&nonsense).contains("secret"), "what is in the environment is not printed");
    let rotate = |kek: &str| parlour(house.data(), &["keys", "rotate-kek"], &[("PARLOUR_KEK", kek)]);
    let one = rotate(&old);
    assert!(!one.status.success() && said(&one).contains("Put a new one after it"), "{}", said(&one));
    let both = rotate(&format!("{old},{new}"));
    assert!(both.status.success() && said(&both).contains("take the old key out"), "{}", said(&both));
    assert!(verify(&[("PARLOUR_KEK", &new)]).status.success());
    assert!(!verify(&[("PARLOUR_KEK", &old)]).status.success());
}
