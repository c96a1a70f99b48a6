//! The commands, as an operator runs them.

use crate::house::House;
use parlour::demo::guest::Guest;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;
use testkit::ports;

fn parlour(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parlour")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn config_in(folder: &Path) -> String {
    folder.join("parlour.toml").display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_byte_anywhere_in_the_log_is_found_and_named() {
    let mut house = House::open().await;
    let mut guest = Guest::enter(&house.harbour()).await.unwrap();
    guest.link(&house.harbour()).await.unwrap();
    guest.ask("What's my balance?").await.unwrap();
    house.stop().await;
    let config = config_in(house.data());
    let right = parlour(&["log", "verify", "--config", &config]);
    assert!(
        right.status.success() && said(&right).contains("the store holds the same 4 entries"),
        "{}",
        said(&right)
    );
    let folder = house.data().join("log/harbour");
    let file = files_in(&folder).into_iter().find(|f| f.contains("entries")).unwrap();
    let mut bytes = std::fs::read(folder.join(&file)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(folder.join(&file), bytes).unwrap();
    let wrong = parlour(&["log", "verify", "--config", &config]);
    assert!(!wrong.status.success() && said(&wrong).contains(&file), "{}", said(&wrong));
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut found = vec![];
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_mistake_in_a_file_is_told_with_its_line_and_remedy() {
    let folder = TempDir::new().unwrap();
    parlour::demo::files::write(folder.path(), 8080).unwrap();
    let bank = folder.path().join("banks/harbour.toml");
    let text = std::fs::read_to_string(&bank).unwrap();
    let line = text.lines().position(|l| l.starts_with("brand =")).unwrap() + 1;
    std::fs::write(
        &bank,
        text.replace("brand = \"#0f4a3c\"", "brand = \"#ffe08a\"").replace("days = 90", "days = 900"),
    )
    .unwrap();
    let output = parlour(&["check", "--config", &config_in(folder.path())]);
    let said = said(&output);
    assert!(!output.status.success());
    assert!(said.contains(&format!("harbour.toml:{line}:")) && said.contains("darker shade"), "{said}");
    assert!(said.contains("1 to 365 days, not 900") && said.contains("2 mistakes"), "{said}");
}

#[test]
fn a_witness_that_cannot_be_one_is_told_with_its_line() {
    let folder = TempDir::new().unwrap();
    parlour::demo::files::write(folder.path(), 8080).unwrap();
    let file = folder.path().join("parlour.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let line = text.lines().count() + 3;
    let witness = "[access_log]\nwitnesses = [\n  { url = \"http://far.example/w\", vkey = \"nonsense\" },\n]\nquorum = 2\n";
    std::fs::write(&file, format!("{text}{witness}")).unwrap();
    let output = parlour(&["check", "--config", &config_in(folder.path())]);
    let said = said(&output);
    assert!(!output.status.success());
    for wanted in [
        &format!("parlour.toml:{line}:"),
        "no address of a witness",
        "verifier key of a witness",
        "2 of 1 witnesses",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_log_is_replaced_by_a_command() {
    let mut house = House::open().await;
    house.stop().await;
    let config = config_in(house.data());
    let rotated = parlour(&["keys", "rotate-log", "--config", &config, "--bank", "harbour"]);
    assert!(rotated.status.success() && said(&rotated).contains("from size 0 on"), "{}", said(&rotated));
    let again = parlour(&["keys", "rotate-log", "--config", &config, "--bank", "harbour"]);
    assert!(!again.status.success() && said(&again).contains("still signs until"), "{}", said(&again));
    let listed = parlour(&["keys", "list", "--config", &config]);
    assert_eq!(said(&listed).matches("/log/harbour+").count(), 2, "{}", said(&listed));
    assert!(!said(&listed).contains("PRIVATE"), "no secret half is ever printed");
    let unknown = parlour(&["keys", "rotate-log", "--config", &config, "--bank", "nobody"]);
    assert!(said(&unknown).contains("nobody is no bank of"), "{}", said(&unknown));
    let verified = parlour(&["log", "verify", "--config", &config]);
    assert!(verified.status.success(), "{}", said(&verified));
}

#[test]
fn an_unknown_key_and_a_broken_policy_are_told_with_their_line() {
    let folder = TempDir::new().unwrap();
    parlour::demo::files::write(folder.path(), 8080).unwrap();
    let bank = folder.path().join("banks/harbour.toml");
    let text = std::fs::read_to_string(&bank).unwrap();
    std::fs::write(&bank, format!("advertising = \"yes\"\n{text}")).unwrap();
    let output = parlour(&["check", "--config", &config_in(folder.path())]);
    assert!(
        !output.status.success() && said(&output).contains("harbour.toml:1:1: unknown field `advertising`"),
        "{}",
        said(&output)
    );
    std::fs::write(&bank, text.replace("profile = \"us\"", "profile = \"us\"\npolicies = [\"own.cedar\"]"))
        .unwrap();
    std::fs::write(
        folder.path().join("banks/own.cedar"),
        "permit(principal, action, resource)\n  when { context.nothing == 1 };\n",
    )
    .unwrap();
    let output = parlour(&["check", "--config", &config_in(folder.path())]);
    assert!(!output.status.success() && said(&output).contains("own.cedar:"), "{}", said(&output));
}

#[test]
fn the_configuration_of_the_demo_is_right() {
    let folder = TempDir::new().unwrap();
    parlour::demo::files::write(folder.path(), 8080).unwrap();
    let output = parlour(&["check", "--config", &config_in(folder.path())]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("merchant_places") && said(&output).contains("no: "), "{}", said(&output));
}

#[test]
fn a_taken_port_is_a_clear_error() {
    let folder = TempDir::new().unwrap();
    let first = ports::free_run(3);
    let _taken = TcpListener::bind(("127.0.0.1", first + 1)).unwrap();
    let data = folder.path().join("d").display().to_string();
    let output = parlour(&["demo", "--data", &data, "--port", &first.to_string()]);
    let said = said(&output);
    assert!(!output.status.success() && said.contains(&format!("port {} is taken", first + 1)), "{said}");
    assert!(said.contains("--port"), "{said}");
}

#[test]
fn a_folder_that_is_not_a_demos_is_never_removed() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("mine.txt"), "dear to me").unwrap();
    let data = folder.path().display().to_string();
    let output = parlour(&["demo", "--fresh", "--data", &data]);
    assert!(!output.status.success() && said(&output).contains("not a demo's folder"), "{}", said(&output));
    assert!(folder.path().join("mine.txt").exists());
}

#[test]
fn machines_read_logs_as_json_and_a_stop_is_said() {
    let folder = TempDir::new().unwrap();
    let port = ports::free_run(3);
    parlour::demo::files::write(folder.path(), port).unwrap();
    let config = config_in(folder.path());
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("log = \"json\"\n{text}")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_parlour"))
        .args(["serve", "--config", &config])
        .env("RUST_LOG", "debug")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("\"ready\"")).unwrap();
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let host = format!("localhost:{port}");
    write!(socket, "GET /chat/harbour?secret=zebra HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let id = answer.lines().find_map(|l| l.strip_prefix("x-request-id: ")).unwrap().trim().to_owned();
    let line = lines.find(|line| line.contains(&id)).unwrap();
    let read: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(read["message"].is_string() && !line.contains("zebra"), "{line}");
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(lines.any(|line| line.contains("stopped")), "it says that it stopped");
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_operator_invites_lists_and_removes_the_people_of_a_bank() {
    let folder = TempDir::new().unwrap();
    parlour::demo::files::write(folder.path(), 8080).unwrap();
    let config = config_in(folder.path());
    let staff = |rest: &[&str]| {
        parlour(&[&["staff", rest[0], "--config", &config, "--bank", "harbour"], &rest[1..]].concat())
    };
    let invited = staff(&["invite", "--name", "Dana Reyes", "--role", "officer"]);
    let told = said(&invited);
    assert!(invited.status.success(), "{told}");
    assert!(told.contains("http://localhost:8080/console/harbour/register/"), "{told}");
    let id = told.split(['(', ')']).nth(1).unwrap().to_owned();
    let listed = said(&staff(&["list"]));
    assert!(listed.contains(&id) && listed.contains("Officer") && listed.contains("invited"), "{listed}");
    let again = said(&staff(&["link", &id]));
    assert!(again.contains("/register/") && again != told, "{again}");
    assert!(staff(&["remove", &id]).status.success());
    assert!(said(&staff(&["list"])).contains("removed"));
    for wrong in [
        staff(&["remove", &id]),
        staff(&["link", &id]),
        staff(&["invite", "--name", "Dana", "--role", "admin"]),
        staff(&["invite", "--name", "", "--role", "officer"]),
        parlour(&["staff", "list", "--config", &config, "--bank", "nowhere"]),
    ] {
        assert!(!wrong.status.success(), "{}", said(&wrong));
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_command_well() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
    let ended = command.args(["understand", "please freeze my card"]).stdout(writer).output().unwrap();
    assert!(ended.status.success() && !said(&ended).contains("panicked"), "{}", said(&ended));
}

#[test]
fn a_message_is_read_on_the_command_line_with_its_reasons_and_without_its_secrets() {
    let told = parlour(&["understand", "please freeze my card", "--tier", "words"]);
    let text = said(&told);
    assert!(told.status.success(), "{text}");
    for part in [
        "tier       words",
        "decision   act: card_freeze",
        "gate       passes",
        "because",
        "freez",
        "entities",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let text = said(&parlour(&["understand", "my card number is 4111 1111 1111 1111"]));
    assert!(!text.contains("4111 1111") && !text.contains("\"4111"), "{text}");
    let wrong = parlour(&["understand", "hello", "--tier", "best"]);
    assert!(!wrong.status.success() && said(&wrong).contains("words, encoder and minilm"));
}
