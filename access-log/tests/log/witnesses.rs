use crate::*;
use access_log::{
    AddCheckpoint, BadKey, BadRequest, BadTrust, Checkpoint, CheckpointFault, CosignerKey, Trust, Witness,
    WitnessFault, WitnessOpenError, consistency_proof, verify_log,
};

const NOW: u64 = 1_795_190_400;

fn cosigner(number: u8) -> CosignerKey {
    CosignerKey::generate(&format!("witness.example/w{number}"), [number; 32]).unwrap()
}

fn witness(folder: &Path) -> Witness {
    Witness::open(folder, cosigner(1), &[key().verifier_key()]).unwrap()
}

fn trust(quorum: usize) -> Trust {
    let witnesses = [cosigner(1).verifier_key(), cosigner(2).verifier_key()];
    Trust::new(&[key().verifier_key()], &witnesses, quorum).unwrap()
}

/// What an honest log would send.
fn request(folder: &Path, old: u64) -> AddCheckpoint {
    let text = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let checkpoint = Checkpoint::open(text.as_bytes(), &key().verifier_key()).unwrap();
    let proof = consistency_proof(folder, &checkpoint, old).unwrap();
    AddCheckpoint { old, proof, checkpoint: text }
}

fn ask(witness: &mut Witness, request: &AddCheckpoint) -> Result<String, WitnessFault> {
    witness.add_checkpoint(request.to_string().as_bytes(), NOW)
}

#[test]
fn a_witness_cosigns_what_goes_on_from_what_it_cosigned() {
    let (folder, mut log) = log(&[]);
    let memory = TempDir::new().unwrap();
    let mut witness = witness(memory.path());
    let mut old = 0;
    for size in [1, 2, 255, 256, 257, 700] {
        log.append(&entries(log.size(), size)).unwrap();
        let line = ask(&mut witness, &request(folder.path(), old)).unwrap();
        log.cosigned(&log.checkpoint().clone(), &line, true).unwrap();
        let verified = verify_log(folder.path(), &trust(1)).unwrap();
        assert_eq!((verified.size, verified.cosigned.len()), (size, 1));
        assert_eq!(verified.cosigned[0].time, NOW);
        old = size;
    }
    let again = ask(&mut witness, &request(folder.path(), 700)).unwrap();
    assert!(again.starts_with("\u{2014} witness.example/w1 "), "the same size once more: {again}");
}

#[test]
fn a_second_history_is_refused_and_both_sides_of_it_are_kept() {
    let memory = TempDir::new().unwrap();
    let mut witness = witness(memory.path());
    let (first, _log) = log(&[5]);
    ask(&mut witness, &request(first.path(), 0)).unwrap();
    // The same log, key and size, with one entry another.
    let second = TempDir::new().unwrap();
    let mut forked = LogFolder::open(second.path(), key()).unwrap();
    let mut other = entries(0, 5);
    other[3][1] ^= 1;
    forked.append(&other).unwrap();
    let fault = ask(&mut witness, &request(second.path(), 5)).unwrap_err();
    assert!(matches!(fault, WitnessFault::OtherHistory { cosigned: 5, same_size: true }), "{fault}");
    // It grows and has a proof, for its own history.
    forked.append(&entries(5, 9)).unwrap();
    let fault = ask(&mut witness, &request(second.path(), 5)).unwrap_err();
    assert!(matches!(fault, WitnessFault::OtherHistory { cosigned: 5, same_size: false }), "{fault}");
    let kept: Vec<String> = files(memory.path())
        .iter()
        .map(|file| fs::read_to_string(memory.path().join(file)).unwrap())
        .collect();
    let opened =
        kept.iter().map(|text| Checkpoint::open(text.as_bytes(), &key().verifier_key()).unwrap().size);
    assert_eq!(opened.collect::<Vec<_>>(), [5, 9], "both checkpoints, both signed by the log");
    assert_eq!(witness.sizes().collect::<Vec<_>>(), [(ORIGIN, 5)]);
}

#[test]
fn a_witness_remembers_across_restarts_and_is_alone_with_its_memory() {
    let (folder, _log) = log(&[5]);
    let memory = TempDir::new().unwrap();
    let mut first = witness(memory.path());
    ask(&mut first, &request(folder.path(), 0)).unwrap();
    let second = Witness::open(memory.path(), cosigner(1), &[key().verifier_key()]);
    assert!(matches!(second, Err(WitnessOpenError::InUse)));
    drop(first);
    let mut again = witness(memory.path());
    let fault = ask(&mut again, &request(folder.path(), 0)).unwrap_err();
    assert!(matches!(fault, WitnessFault::Conflict { cosigned: 5, old: 0 }), "{fault}");
    drop(again);
    let file = files(memory.path()).remove(0);
    fs::write(memory.path().join(file), "torn").unwrap();
    let error = Witness::open(memory.path(), cosigner(1), &[key().verifier_key()]).err().unwrap();
    assert!(
        matches!(error, WitnessOpenError::Memory { .. }),
        "without its memory it begins nothing: {error}"
    );
}

#[test]
fn what_is_not_the_logs_own_checkpoint_is_not_cosigned() {
    let (folder, _log) = log(&[5]);
    let memory = TempDir::new().unwrap();
    let mut witness = witness(memory.path());
    let good = request(folder.path(), 0);
    let forged = AddCheckpoint { checkpoint: good.checkpoint.replace("\n5\n", "\n6\n"), ..good.clone() };
    assert!(matches!(
        ask(&mut witness, &forged),
        Err(WitnessFault::Checkpoint(CheckpointFault::BadSignature { .. }))
    ));
    let stranger =
        AddCheckpoint { checkpoint: good.checkpoint.replace("harbour", "meridian"), ..good.clone() };
    assert!(matches!(ask(&mut witness, &stranger), Err(WitnessFault::UnknownLog { .. })));
    let ahead = AddCheckpoint { old: 6, ..good.clone() };
    let fault = ask(&mut witness, &ahead).unwrap_err();
    assert!(matches!(fault, WitnessFault::Request(BadRequest::OldSize { old: 6, size: 5 })), "{fault}");
    for wrong in ["", "old 5", "old 05\n\nx", "old 0\nnothash\n\nx", "new 0\n\nx"] {
        let fault = witness.add_checkpoint(wrong.as_bytes(), NOW).unwrap_err();
        assert!(matches!(fault, WitnessFault::Request(BadRequest::Line { .. })), "{wrong:?}: {fault}");
    }
    assert!(files(memory.path()).is_empty(), "nothing was remembered of any of it");
    ask(&mut witness, &good).unwrap();
}

#[test]
fn a_quorum_is_counted_and_a_forged_cosignature_is_found() {
    let (folder, mut log) = log(&[5]);
    let memories = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let good = request(folder.path(), 0);
    let lines: Vec<String> = [1, 2]
        .map(|number| {
            let folder = memories[usize::from(number) - 1].path();
            let mut witness = Witness::open(folder, cosigner(number), &[key().verifier_key()]).unwrap();
            ask(&mut witness, &good).unwrap()
        })
        .to_vec();
    let plain = trust(2).open(good.checkpoint.as_bytes()).unwrap_err();
    assert_eq!(plain, CheckpointFault::Witnesses { found: 0, quorum: 2 });
    let twice = format!("{}{}{}", good.checkpoint, lines[0], lines[0]);
    let once = trust(2).open(twice.as_bytes()).unwrap_err();
    assert_eq!(once, CheckpointFault::Witnesses { found: 1, quorum: 2 }, "one witness twice is one");
    let both = lines.concat();
    trust(2).open(format!("{}{both}", good.checkpoint).as_bytes()).unwrap();
    log.append(&entries(5, 6)).unwrap();
    let moved = fs::read_to_string(folder.path().join("checkpoint")).unwrap() + &both;
    let fault = trust(0).open(moved.as_bytes()).unwrap_err();
    assert!(matches!(fault, CheckpointFault::BadSignature { .. }), "lines of another checkpoint: {fault}");
}

#[test]
fn the_newest_checkpoint_and_the_newest_witnessed_one_are_both_published() {
    let (folder, mut log) = log(&[250]);
    let memory = TempDir::new().unwrap();
    let asked = log.checkpoint().clone();
    let line = ask(&mut witness(memory.path()), &request(folder.path(), 0)).unwrap();
    log.append(&entries(250, 300)).unwrap();
    log.cosigned(&asked, &line, true).unwrap();
    assert_eq!(verify_log(folder.path(), &trust(0)).unwrap().size, 300, "the log went on meanwhile");
    let witnessed = verify_log(folder.path(), &trust(1)).unwrap();
    assert_eq!(witnessed.size, 250, "partial pieces of 250 are the beginning of full ones now");
    drop(log);
    assert_eq!(LogFolder::open(folder.path(), key()).unwrap().size(), 300);
}

#[test]
fn keys_of_logs_and_of_witnesses_never_pass_for_each_other() {
    let cosigner = cosigner(1);
    let again = CosignerKey::from_text(&cosigner.to_text()).unwrap();
    assert_eq!(again.verifier_key(), cosigner.verifier_key());
    assert!(!format!("{cosigner:?}").contains(cosigner.to_text().rsplit('+').next().unwrap()));
    assert_eq!(LogKey::from_text(&cosigner.to_text()).unwrap_err(), BadKey::Unsupported);
    assert_eq!(CosignerKey::from_text(&key().to_text()).unwrap_err(), BadKey::Unsupported);
    let (log, w) = (key().verifier_key(), cosigner.verifier_key());
    assert!(matches!(Trust::new(&[&w], &[], 0), Err(BadTrust::Key { fault: BadKey::Unsupported, .. })));
    assert!(matches!(Trust::new(&[&log], &[&log], 1), Err(BadTrust::Key { .. })));
    assert_eq!(Trust::new(&[&log], &[&w, &w], 2).err(), Some(BadTrust::Quorum { quorum: 2, named: 1 }));
    assert_eq!(Trust::new::<&str>(&[], &[], 0).err(), Some(BadTrust::NoKey));
}
