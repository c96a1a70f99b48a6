use crate::*;
use access_log::{
    Checkpoint, Earlier, Evidence, EvidenceFault, Policy, Proven, Text, Trust, check_evidence,
    consistency_proof, inclusion_proof,
};

fn text(name: &str, text: &str) -> Text {
    Text { name: name.to_owned(), text: text.to_owned() }
}

fn trust() -> Trust {
    Trust::key(&key().verifier_key()).unwrap()
}

fn evidence(old: &Checkpoint, log: &LogFolder, folder: &Path) -> Evidence {
    let checkpoint = log.checkpoint();
    let texts = vec![text("floor.cedar", "forbid (principal, action, resource);"), text("bank.cedar", "")];
    let proven = |index: u64| Proven {
        index,
        leaf: entry(index),
        proof: inclusion_proof(folder, checkpoint, index).unwrap(),
    };
    let digest = Policy::digest_of(&texts).iter().map(|byte| format!("{byte:02x}")).collect();
    Evidence {
        made_at: "2026-11-20T15:00:00Z".to_owned(),
        checkpoint: checkpoint.text.clone(),
        earlier: vec![Earlier {
            checkpoint: old.text.clone(),
            proof: consistency_proof(folder, checkpoint, old.size).unwrap(),
        }],
        policies: vec![Policy { digest, texts }],
        texts: vec![text("proof", "theorem 1 holds")],
        entries: [0, 7, 255, 299].map(proven).to_vec(),
    }
}

fn written() -> Vec<u8> {
    let (folder, mut log) = log(&[100]);
    let old = log.checkpoint().clone();
    log.append(&entries(100, 300)).unwrap();
    evidence(&old, &log, folder.path()).write(&key())
}

#[test]
fn evidence_is_accepted_as_it_was_written() {
    let summary = check_evidence(&written(), &trust()).unwrap();
    assert_eq!(summary.checkpoint.size, 300);
    assert_eq!(summary.earlier, [100]);
    assert_eq!(summary.entries.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 7, 255, 299]);
    assert_eq!(summary.without_text, ["05".repeat(32)], "the entries' own digest has no text here");
}

#[test]
fn any_changed_byte_of_evidence_is_refused() {
    let good = written();
    let mut changes = 0;
    for place in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[place] ^= 1;
        assert!(check_evidence(&bad, &trust()).is_err(), "byte {place}");
        changes += 1;
    }
    assert!(changes > 400, "{changes}");
}

#[test]
fn each_kind_of_change_is_named() {
    let good = String::from_utf8(written()).unwrap();
    let fault = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        check_evidence(good.replacen(from, to, 1).as_bytes(), &trust()).unwrap_err()
    };
    let moved = fault("\"index\":7,", "\"index\":8,");
    assert!(matches!(moved, EvidenceFault::NotThisEntry { index: 8, size: 300, .. }), "{moved}");
    let forged = fault("forbid (", "permit (");
    assert!(matches!(forged, EvidenceFault::Policy { .. }), "{forged}");
    let shorter = fault("\\n100\\n", "\\n101\\n");
    assert!(matches!(shorter, EvidenceFault::Checkpoint { line: 3, .. }), "{shorter}");
    let transcript = fault("theorem 1 holds", "theorem 1 fails");
    assert!(matches!(transcript, EvidenceFault::Seal { .. }), "{transcript}");
    let without: Vec<&str> = good.lines().filter(|line| !line.contains("\"index\":7,")).collect();
    let taken_out = check_evidence((without.join("\n") + "\n").as_bytes(), &trust()).unwrap_err();
    assert!(matches!(taken_out, EvidenceFault::Seal { .. }), "{taken_out}");
    let cut: String = good.lines().take(5).map(|line| format!("{line}\n")).collect();
    let cut = check_evidence(cut.as_bytes(), &trust()).unwrap_err();
    assert!(cut.to_string().contains("breaks off before its seal"), "{cut}");
    let longer = check_evidence((good.clone() + "{}\n").as_bytes(), &trust()).unwrap_err();
    assert!(matches!(longer, EvidenceFault::Line { .. }), "{longer}");
    let other = Trust::key(&LogKey::generate(ORIGIN, [9; 32]).unwrap().verifier_key()).unwrap();
    assert!(matches!(
        check_evidence(good.as_bytes(), &other),
        Err(EvidenceFault::Checkpoint { line: 2, .. })
    ));
}

#[test]
fn a_seal_is_never_a_checkpoint() {
    let seal = key().sign_about("evidence", "3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    assert!(Checkpoint::open(seal.as_bytes(), &key().verifier_key()).is_err());
}
