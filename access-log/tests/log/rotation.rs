use crate::*;
use access_log::{AppendError, BadKey, Checkpoint, CheckpointFault, LogKeys, OpenError, Trust, verify_log};

fn next_key() -> LogKey {
    LogKey::generate(ORIGIN, [43; 32]).unwrap()
}

fn trust(keys: &[&LogKey]) -> Trust {
    let keys: Vec<String> = keys.iter().map(|key| key.verifier_key()).collect();
    Trust::new(&keys, &[], 0).unwrap()
}

#[test]
fn during_a_handover_readers_of_the_old_key_and_of_the_new_one_believe_the_log() {
    let (folder, mut log) = log(&[3]);
    let both = LogKeys::from(next_key()).beside(key()).unwrap();
    let signed_again = log.change_keys(both).unwrap();
    assert_eq!(signed_again.size, 3, "the new key is seen without an append");
    for size in [3, 5] {
        log.append(&entries(log.size(), size)).unwrap();
        for known in [&key(), &next_key()] {
            assert_eq!(verify_log(folder.path(), &trust(&[known])).unwrap().size, size);
        }
    }
}

#[test]
fn after_the_handover_the_old_key_signs_nothing_and_the_log_goes_on() {
    let (folder, mut log) = log(&[3]);
    let old = key().verifier_key();
    log.change_keys(LogKeys::from(next_key()).after(&old).unwrap()).unwrap();
    log.append(&entries(3, 5)).unwrap();
    let fault = verify_log(folder.path(), &trust(&[&key()])).unwrap_err();
    assert!(fault.to_string().contains("no signature by"), "{fault}");
    assert_eq!(verify_log(folder.path(), &trust(&[&key(), &next_key()])).unwrap().size, 5);
}

#[test]
fn a_folder_that_only_an_earlier_key_signed_opens_for_the_keys_of_its_log() {
    let (folder, log) = log(&[3]);
    drop(log);
    let error = LogFolder::open(folder.path(), next_key()).unwrap_err();
    assert!(matches!(error, OpenError::Checkpoint(CheckpointFault::NotSignedBy { .. })), "{error}");
    let keys = LogKeys::from(next_key()).after(&key().verifier_key()).unwrap();
    let mut log = LogFolder::open(folder.path(), keys).unwrap();
    let checkpoint = log.append(&entries(3, 4)).unwrap();
    Checkpoint::open(checkpoint.text.as_bytes(), &next_key().verifier_key()).unwrap();
}

#[test]
fn a_key_of_another_log_never_signs_here() {
    let other = || LogKey::generate("gateway.example/log/meridian", [44; 32]).unwrap();
    assert_eq!(LogKeys::from(key()).beside(other()).unwrap_err(), BadKey::Origin);
    assert_eq!(LogKeys::from(key()).after(&other().verifier_key()).unwrap_err(), BadKey::Origin);
    let (_folder, mut log) = log(&[3]);
    let error = log.change_keys(other().into()).unwrap_err();
    assert!(matches!(error, AppendError::OtherLog { .. }), "{error}");
}

#[test]
fn a_wrong_signature_beside_a_right_one_is_not_overlooked() {
    let (_folder, mut log) = log(&[3]);
    let both = LogKeys::from(next_key()).beside(key()).unwrap();
    let text = log.change_keys(both).unwrap().text;
    let line = text.lines().last().unwrap();
    let mut broken = line.to_owned();
    let at = broken.len() - 10;
    let letter = if &broken[at..=at] == "A" { "B" } else { "A" };
    broken.replace_range(at..=at, letter);
    let forged = text.replace(line, &broken);
    let fault = trust(&[&key(), &next_key()]).open(forged.as_bytes()).unwrap_err();
    assert!(matches!(fault, CheckpointFault::BadSignature { .. }), "{fault}");
}
