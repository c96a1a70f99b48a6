use crate::*;
use access_log::{
    BadReceipt, Checkpoint, Hash, MAX_RECEIPT_BYTES, ProofError, Receipt, ReceiptFault, check_consistency,
    check_inclusion, consistency_proof, inclusion_proof, leaf_hash,
};
use proptest::prelude::*;
use std::sync::LazyLock;

/// One log with every checkpoint it published, shared by all cases.
static LOG: LazyLock<(TempDir, Vec<Checkpoint>)> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let mut log = LogFolder::open(folder.path(), key()).unwrap();
    let mut checkpoints = vec![log.checkpoint().clone()];
    for size in [1, 2, 3, 4, 7, 8, 100, 255, 256, 257, 300, 512, 513, 700] {
        checkpoints.push(log.append(&entries(log.size(), size)).unwrap());
    }
    (folder, checkpoints)
});

proptest! {
    #[test]
    fn an_entry_is_proven_at_every_later_size_and_nothing_else_is(at in 1..15usize, pick: u64, flip: u8) {
        let (folder, checkpoints) = &*LOG;
        let checkpoint = &checkpoints[at];
        let (size, root) = (checkpoint.size, checkpoint.root);
        let index = pick % size;
        let leaf = leaf_hash(&entry(index));
        let proof = inclusion_proof(folder.path(), checkpoint, index).unwrap();
        prop_assert!(check_inclusion(&proof, size, root, index, leaf).is_ok());
        prop_assert!(check_inclusion(&proof, size, root, index, leaf_hash(&entry(index + 1))).is_err());
        prop_assert!(check_inclusion(&proof, size, root, size, leaf).is_err());
        prop_assert!(check_inclusion(&proof, u64::MAX, root, index, leaf).is_err());
        let mut longer = proof.clone();
        longer.push(leaf);
        prop_assert!(check_inclusion(&longer, size, root, index, leaf).is_err());
        if !proof.is_empty() {
            let mut changed = proof.clone();
            let place = usize::from(flip) % changed.len();
            changed[place].0[usize::from(flip) % 32] ^= 1;
            prop_assert!(check_inclusion(&changed, size, root, index, leaf).is_err());
            prop_assert!(check_inclusion(&proof[1..], size, root, index, leaf).is_err());
            prop_assert!(check_inclusion(&proof, size, root, (index + 1) % size, leaf).is_err());
        }
    }

    #[test]
    fn a_log_is_proven_to_have_only_grown(first in 0..15usize, second in 0..15usize) {
        let (folder, checkpoints) = &*LOG;
        let (old, new) = (&checkpoints[first.min(second)], &checkpoints[first.max(second)]);
        let proof = consistency_proof(folder.path(), new, old.size).unwrap();
        prop_assert!(check_consistency(&proof, new.size, new.root, old.size, old.root).is_ok());
        let mut other = old.root;
        other.0[0] ^= 1;
        prop_assert!(check_consistency(&proof, new.size, new.root, old.size, other).is_err());
        if old.size > 0 {
            let mut other = new.root;
            other.0[31] ^= 1;
            prop_assert!(check_consistency(&proof, new.size, other, old.size, old.root).is_err());
        }
        if old.size < new.size {
            prop_assert!(check_consistency(&proof, old.size, old.root, new.size, new.root).is_err());
        }
    }

    #[test]
    fn a_receipt_reads_back_and_proves_its_entry_only(at in 1..15usize, pick: u64, extra: Option<Vec<u8>>) {
        let (folder, checkpoints) = &*LOG;
        let checkpoint = &checkpoints[at];
        let index = pick % checkpoint.size;
        let proof = inclusion_proof(folder.path(), checkpoint, index).unwrap();
        let receipt = Receipt { extra, index, proof, checkpoint: checkpoint.text.clone() };
        let again = Receipt::parse(&receipt.to_string()).unwrap();
        prop_assert!(again == receipt);
        prop_assert_eq!(&again.check(&entry(index), &key().verifier_key()).unwrap(), checkpoint);
        let fault = again.check(&entry(index + 1), &key().verifier_key()).unwrap_err();
        prop_assert_eq!(fault, ReceiptFault::NotThisEntry { index, size: checkpoint.size });
    }

    #[test]
    fn whatever_is_read_as_a_receipt_is_written_the_same(cut in 0..900usize, byte: char) {
        let text = receipt().to_string();
        let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let mut changed = text.clone();
        changed.insert(cut, byte);
        for candidate in [changed.as_str(), &text[..cut]] {
            if let Ok(receipt) = Receipt::parse(candidate) {
                prop_assert_eq!(receipt.to_string(), candidate);
            }
        }
    }
}

fn receipt() -> Receipt {
    let (folder, checkpoints) = &*LOG;
    let checkpoint = &checkpoints[14];
    let proof = inclusion_proof(folder.path(), checkpoint, 300).unwrap();
    Receipt {
        extra: Some(b"record and key".to_vec()),
        index: 300,
        proof,
        checkpoint: checkpoint.text.clone(),
    }
}

#[test]
fn an_open_log_gives_receipts() {
    let (_folder, log) = log(&[9]);
    let receipt = log.receipt(4, Some(b"opening".to_vec())).unwrap();
    assert!(receipt.to_string().starts_with("c2sp.org/tlog-proof@v1\nextra b3BlbmluZw==\nindex 4\n"));
    assert_eq!(receipt.check(&entry(4), &key().verifier_key()).unwrap(), *log.checkpoint());
    assert!(matches!(log.receipt(9, None), Err(ProofError::Beyond { asked: 9, size: 9 })));
}

#[test]
fn a_receipt_proves_nothing_under_another_key() {
    let other = LogKey::generate(ORIGIN, [43; 32]).unwrap();
    assert!(matches!(receipt().check(&entry(300), &other.verifier_key()), Err(ReceiptFault::Checkpoint(_))));
}

#[test]
fn a_broken_receipt_is_refused_at_its_line() {
    let text = receipt().to_string();
    let line = |text: &str| match Receipt::parse(text) {
        Err(BadReceipt::Line { line, .. }) => line,
        other => panic!("{other:?}"),
    };
    assert_eq!(line(&text.replace("@v1", "@v2")), 1);
    assert_eq!(line(&text.replace("extra ", "extra *")), 2);
    for index in ["index 0300", "index +300", "index 300 ", "index -1", "index 281474976710656", "index"] {
        assert_eq!(line(&text.replace("index 300", index)), 3, "{index}");
    }
    let hash = "A".repeat(43) + "=";
    let many = (0..60).map(|_| format!("{hash}\n")).collect::<String>();
    assert_eq!(
        line(&text.replace("index 300\n", &format!("index 300\n{many}"))),
        53,
        "49 hashes are the most"
    );
    assert_eq!(line(&text.replace("index 300\n", "index 300\nabc\n")), 4);
    assert_eq!(
        line(text.split("\n\n").next().unwrap()),
        text.split("\n\n").next().unwrap().lines().count() + 1
    );
    let long = "x".repeat(MAX_RECEIPT_BYTES + 1);
    assert_eq!(Receipt::parse(&long).unwrap_err(), BadReceipt::TooLong { found: MAX_RECEIPT_BYTES + 1 });
}

#[test]
fn tiles_that_were_changed_give_no_proof() {
    let (folder, log) = log(&[300]);
    let path = folder.path().join("tile/0/001.p/44");
    let good = fs::read(&path).unwrap();
    let mut bytes = good.clone();
    bytes[0] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(log.receipt(270, None), Err(ProofError::Inconsistent)));
    fs::write(&path, &good[..40]).unwrap();
    assert!(matches!(log.receipt(270, None), Err(ProofError::Short { expected: 1_408, found: 40, .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(log.receipt(270, None), Err(ProofError::Missing { .. })));
}

#[test]
fn an_empty_log_is_the_beginning_of_every_log_and_only_it() {
    let (folder, checkpoints) = &*LOG;
    let new = &checkpoints[5];
    assert_eq!(consistency_proof(folder.path(), new, 0).unwrap(), []);
    assert!(check_consistency(&[], new.size, new.root, 0, Hash::EMPTY_TREE).is_ok());
    assert!(check_consistency(&[], 0, new.root, 0, Hash::EMPTY_TREE).is_err());
    assert!(check_consistency(&[new.root], new.size, new.root, 0, Hash::EMPTY_TREE).is_err());
}
