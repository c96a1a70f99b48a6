use crate::*;
use access_log::{Checkpoint, CheckpointFault, Fault, leaf_hash, verify_folder};

fn fault(folder: &Path) -> Fault {
    verify_folder(folder, &key().verifier_key()).expect_err("this log was changed")
}

/// Changes one byte of one file at a time, at every `step`-th place, and asks whether it is found there.
fn every_change_is_found(folder: &Path, step: usize) -> usize {
    let mut changes = 0;
    for file in files(folder) {
        let path = folder.join(&file);
        let good = fs::read(&path).unwrap();
        let last = good.len() - 1;
        for place in (0..good.len()).step_by(step).chain([last]) {
            for change in [0x01, 0x80] {
                let mut bad = good.clone();
                bad[place] ^= change;
                fs::write(&path, &bad).unwrap();
                let fault = fault(folder);
                assert_eq!(fault.file(), Some(file.as_str()), "byte {place}: {fault}");
                changes += 1;
            }
        }
        fs::write(&path, &good).unwrap();
    }
    verify_folder(folder, &key().verifier_key()).expect("each change was undone");
    changes
}

#[test]
fn any_changed_byte_of_a_small_log_is_found_in_its_file() {
    let (folder, _log) = log(&[1, 2, 4, 7]);
    let changes = every_change_is_found(folder.path(), 1);
    assert!(changes > 3_000, "{changes}");
}

#[test]
fn any_changed_byte_of_a_log_of_several_levels_is_found_in_its_file() {
    let (folder, _log) = log(&[254, 258, 512, 515]);
    let changes = every_change_is_found(folder.path(), 997);
    assert!(changes > 100, "{changes}");
}

#[test]
fn a_changed_entry_is_named_with_its_place() {
    let (folder, _log) = log(&[300]);
    let path = folder.path().join("tile/entries/001.p/44");
    let mut bytes = fs::read(&path).unwrap();
    let offset = 10 * 76;
    bytes[offset + 3] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let Fault::Entry { file, index, offset: found_at, expected, found } = fault(folder.path()) else {
        panic!("an entry was changed")
    };
    assert_eq!((file.as_str(), index, found_at), ("tile/entries/001.p/44", 266, offset));
    assert_eq!(expected, leaf_hash(&entry(266)));
    assert_eq!(found, leaf_hash(&bytes[offset + 2..offset + 76]));
}

#[test]
fn a_changed_tile_is_named_with_the_byte() {
    let (folder, _log) = log(&[300]);
    let path = folder.path().join("tile/0/000");
    let mut bytes = fs::read(&path).unwrap();
    bytes[70] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let Fault::Tile { file, offset, expected, .. } = fault(folder.path()) else {
        panic!("a tile was changed")
    };
    assert_eq!((file.as_str(), offset, expected), ("tile/0/000", 64, leaf_hash(&entry(2))));
}

#[test]
fn a_missing_shortened_or_lengthened_file_is_named() {
    let (good, _log) = log(&[300, 301]);
    for file in files(good.path()) {
        let earlier = file.ends_with("/44");
        let folder = copy(good.path());
        let path = folder.path().join(&file);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(fault(folder.path()).file(), Some(file.as_str()));
        fs::write(&path, [bytes.as_slice(), b"x"].concat()).unwrap();
        assert_eq!(fault(folder.path()).file(), Some(file.as_str()));
        fs::remove_file(&path).unwrap();
        if earlier {
            verify_folder(folder.path(), &key().verifier_key()).expect("earlier partial files may go");
        } else {
            assert_eq!(fault(folder.path()).file(), Some(file.as_str()));
        }
    }
}

#[test]
fn a_history_rewritten_with_all_its_tiles_fails_at_the_root() {
    let (folder, _log) = log(&[5]);
    let forged = TempDir::new().unwrap();
    let mut rewritten = LogFolder::open(forged.path(), key()).unwrap();
    let mut other = entries(0, 5);
    other[3][1] ^= 1;
    rewritten.append(&other).unwrap();
    fs::copy(folder.path().join("checkpoint"), forged.path().join("checkpoint")).unwrap();
    assert!(matches!(fault(forged.path()), Fault::Root { size: 5, .. }));
}

#[test]
fn a_file_that_no_log_has_is_named() {
    let (folder, _log) = log(&[5]);
    fs::write(folder.path().join("readme.txt"), "beside the tiles there may be other files").unwrap();
    verify_folder(folder.path(), &key().verifier_key()).unwrap();
    put(folder.path(), "tile/0/000.p/05", b"");
    assert_eq!(fault(folder.path()).file(), Some("tile/0/000.p/05"));
}

#[test]
fn a_size_with_leading_zeros_or_a_fourth_line_is_refused_although_signed() {
    for (body, why) in [
        (
            "gateway.example/log/harbour\n05\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            CheckpointFault::Size,
        ),
        (
            "gateway.example/log/harbour\n+5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            CheckpointFault::Size,
        ),
        (
            "gateway.example/log/harbour\n281474976710657\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            CheckpointFault::Size,
        ),
        ("gateway.example/log/harbour\n5\n47DEQpj8HBSa\n", CheckpointFault::Root),
        (
            "gateway.example/log/harbour\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n",
            CheckpointFault::Lines { found: 4 },
        ),
        ("gateway.example/log/harbour\n", CheckpointFault::Lines { found: 1 }),
        (
            "gateway.example/log/meridian\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            CheckpointFault::Origin {
                expected: ORIGIN.to_owned(),
                found: "gateway.example/log/meridian".to_owned(),
            },
        ),
    ] {
        let mut note = signed_note::Note::new(body.as_bytes(), &[]).unwrap();
        note.add_sigs(&[&signed_note::StandardSigner::new(&key().to_text()).unwrap()]).unwrap();
        assert_eq!(Checkpoint::open(&note.to_bytes(), &key().verifier_key()).unwrap_err(), why);
    }
}
