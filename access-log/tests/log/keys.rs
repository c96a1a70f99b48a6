use crate::*;
use access_log::{
    BadKey, Checkpoint, CheckpointFault, Fault, MAX_CHECKPOINT_BYTES, OpenError, verify_folder,
};

#[test]
fn a_key_reads_back_from_its_text() {
    let key = key();
    let again = LogKey::from_text(&key.to_text()).unwrap();
    assert_eq!(again.verifier_key(), key.verifier_key());
    assert_eq!(again.origin(), ORIGIN);
}

#[test]
fn a_key_prints_without_its_secret() {
    let key = key();
    let secret = key.to_text();
    let printed = format!("{key:?}");
    assert!(printed.contains(&key.verifier_key()));
    assert!(!printed.contains(secret.rsplit('+').next().unwrap()), "{printed}");
}

#[test]
fn a_text_that_is_not_a_key_is_refused() {
    let text = key().to_text();
    assert_eq!(LogKey::from_text("").unwrap_err(), BadKey::Malformed);
    assert_eq!(LogKey::from_text(&text[1..]).unwrap_err(), BadKey::Malformed);
    assert_eq!(LogKey::from_text(&text.replace("harbour", "meridian")).unwrap_err(), BadKey::WrongId);
    assert_eq!(LogKey::from_text(&"x".repeat(10_000)).unwrap_err(), BadKey::Malformed);
    for origin in ["", "two words", "plus+sign", "line\nbreak", "null\0", &"x".repeat(321)] {
        assert_eq!(LogKey::generate(origin, [1; 32]).unwrap_err(), BadKey::Origin, "{origin:?}");
    }
}

#[test]
fn another_key_or_another_origin_opens_and_verifies_nothing() {
    let (folder, log) = log(&[3]);
    drop(log);
    let other_key = LogKey::generate(ORIGIN, [43; 32]).unwrap();
    let other_name = LogKey::generate("gateway.example/log/meridian", [42; 32]).unwrap();
    for wrong in [other_key, other_name] {
        let fault = verify_folder(folder.path(), &wrong.verifier_key()).unwrap_err();
        assert!(matches!(fault, Fault::Checkpoint(CheckpointFault::NotSignedBy { .. })), "{fault}");
        let error = LogFolder::open(folder.path(), wrong).unwrap_err();
        assert!(matches!(error, OpenError::Checkpoint(CheckpointFault::NotSignedBy { .. })), "{error}");
    }
}

#[test]
fn a_checkpoint_of_another_log_signed_by_the_same_key_is_refused() {
    // The note of one log, made to carry the other's name on its first line: the signature breaks.
    let (folder, _log) = log(&[3]);
    let text = fs::read_to_string(folder.path().join("checkpoint")).unwrap();
    let forged = text.replacen("harbour", "meridian", 1);
    let fault = Checkpoint::open(forged.as_bytes(), &key().verifier_key()).unwrap_err();
    assert!(matches!(fault, CheckpointFault::BadSignature { .. }), "{fault}");
}

#[test]
fn signatures_of_unknown_witnesses_do_no_harm() {
    let (folder, log) = log(&[3]);
    drop(log);
    let path = folder.path().join("checkpoint");
    let text = fs::read_to_string(&path).unwrap();
    let witnessed = format!("{text}\u{2014} witness.example mJirIklj5XKmSGFpV5cFkYvC\n");
    fs::write(&path, &witnessed).unwrap();
    assert_eq!(verify_folder(folder.path(), &key().verifier_key()).unwrap().size, 3);
    let log = LogFolder::open(folder.path(), key()).unwrap();
    assert_eq!(log.checkpoint().text, witnessed, "witness lines are kept");
}

#[test]
fn a_checkpoint_may_be_as_long_as_the_limit_and_no_longer() {
    let (folder, _log) = log(&[3]);
    let text = fs::read_to_string(folder.path().join("checkpoint")).unwrap();
    let line = "\u{2014} w mJirIklj5XKm\n";
    let name = MAX_CHECKPOINT_BYTES - text.len() - line.len();
    let fill = |more: usize| format!("{text}\u{2014} w{} mJirIklj5XKm\n", "w".repeat(name + more));
    assert_eq!(fill(0).len(), MAX_CHECKPOINT_BYTES);
    Checkpoint::open(fill(0).as_bytes(), &key().verifier_key()).unwrap();
    let fault = Checkpoint::open(fill(1).as_bytes(), &key().verifier_key()).unwrap_err();
    assert_eq!(fault, CheckpointFault::TooLong);
}

#[test]
fn what_is_not_a_checkpoint_is_refused_with_its_reason() {
    let vkey = key().verifier_key();
    for wrong in [&b""[..], b"x", b"a\n1\nb\n", b"\xff\xfe\n\n", b"a\n\n\n", "a\n\n\u{2014} \n".as_bytes()] {
        assert_eq!(Checkpoint::open(wrong, &vkey).unwrap_err(), CheckpointFault::NotANote, "{wrong:?}");
    }
    for (wrong, why) in
        [("", BadKey::Origin), ("a+b", BadKey::Malformed), ("a+00000000+AQ==", BadKey::WrongId)]
    {
        assert_eq!(Checkpoint::open(b"x", wrong).unwrap_err(), CheckpointFault::VerifierKey(why), "{wrong}");
    }
}
