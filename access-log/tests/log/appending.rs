use crate::*;
use access_log::{AppendError, Hash, MAX_ENTRY_BYTES, OpenError, verify_folder};

#[test]
fn a_new_log_is_empty_and_says_so() {
    let (folder, log) = log(&[]);
    assert_eq!(log.checkpoint().root, Hash::EMPTY_TREE);
    assert!(log.checkpoint().text.starts_with("gateway.example/log/harbour\n0\n47DEQpj8HBSa+"));
    assert_eq!(verify_folder(folder.path(), &key().verifier_key()).unwrap().size, 0);
}

#[test]
fn the_files_are_those_of_the_layout() {
    let (folder, _log) = log(&[2, 5]);
    let expected =
        ["checkpoint", "tile/0/000.p/2", "tile/0/000.p/5", "tile/entries/000.p/2", "tile/entries/000.p/5"];
    assert_eq!(files(folder.path()), expected);
    let bundle = fs::read(folder.path().join("tile/entries/000.p/2")).unwrap();
    assert_eq!(bundle[..2], [0, 74]);
    assert_eq!(bundle[2..76], entry(0));
    assert_eq!(bundle.len(), 2 * 76);
}

#[test]
fn opening_again_continues_and_batches_do_not_change_the_root() {
    let (whole, _) = log(&[600]);
    let folder = TempDir::new().unwrap();
    for size in [1, 2, 255, 256, 257, 300, 511, 513, 600] {
        let mut log = LogFolder::open(folder.path(), key()).unwrap();
        log.append(&entries(log.size(), size)).unwrap();
        drop(log);
        assert_eq!(verify_folder(folder.path(), &key().verifier_key()).unwrap().size, size);
    }
    let checkpoint = |folder: &TempDir| fs::read_to_string(folder.path().join("checkpoint")).unwrap();
    assert_eq!(checkpoint(&folder), checkpoint(&whole));
}

#[test]
fn partial_files_go_when_their_piece_is_full() {
    let (folder, _log) = log(&[100, 200, 300]);
    let expected = [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ];
    assert_eq!(files(folder.path()), expected);
}

#[test]
fn a_log_grows_past_the_second_level_of_tiles() {
    let (folder, mut log) = log(&[65_530]);
    for size in [65_535, 65_536, 65_537] {
        log.append(&entries(log.size(), size)).unwrap();
        let verified = verify_folder(folder.path(), &key().verifier_key()).unwrap();
        assert_eq!((verified.size, verified.root, verified.unpublished), (size, log.checkpoint().root, 0));
    }
    let found = files(folder.path());
    for file in ["tile/1/000", "tile/2/000.p/1", "tile/0/255", "tile/0/256.p/1", "tile/entries/256.p/1"] {
        assert!(found.contains(&file.to_owned()), "{file}");
    }
    assert!(
        !found.iter().any(|file| file.starts_with("tile/1/000.p")),
        "the partial files of a full tile are gone"
    );
    drop(log);
    assert_eq!(LogFolder::open(folder.path(), key()).unwrap().size(), 65_537);
}

#[test]
fn an_empty_batch_publishes_nothing_new() {
    let (folder, mut log) = log(&[3]);
    let before = fs::metadata(folder.path().join("checkpoint")).unwrap().modified().unwrap();
    assert_eq!(log.append(&[]).unwrap().size, 3);
    assert_eq!(fs::metadata(folder.path().join("checkpoint")).unwrap().modified().unwrap(), before);
}

#[test]
fn an_entry_may_be_as_long_as_a_bundle_can_say_and_no_longer() {
    let (folder, mut log) = log(&[]);
    log.append(&[vec![1; MAX_ENTRY_BYTES], Vec::new()]).unwrap();
    let error = log.append(&[vec![1], vec![1; MAX_ENTRY_BYTES + 1]]).unwrap_err();
    assert!(matches!(error, AppendError::EntryTooLong { position: 1, bytes: 65_536 }), "{error}");
    assert_eq!(log.append(&[vec![2]]).unwrap().size, 3, "a refused batch leaves the log usable");
    assert_eq!(verify_folder(folder.path(), &key().verifier_key()).unwrap().size, 3);
}

#[test]
fn one_log_is_open_once() {
    let (folder, open) = log(&[3]);
    assert!(matches!(LogFolder::open(folder.path(), key()), Err(OpenError::InUse)));
    drop(open);
    LogFolder::open(folder.path(), key()).unwrap();
}

#[test]
fn a_log_whose_disk_failed_must_be_opened_again() {
    let (folder, mut log) = log(&[3]);
    // A file where a folder has to be: the next tile cannot be written.
    fs::remove_dir_all(folder.path().join("tile/0")).unwrap();
    fs::write(folder.path().join("tile/0"), b"").unwrap();
    assert!(matches!(log.append(&entries(3, 4)), Err(AppendError::Io(_))));
    assert!(matches!(log.append(&entries(3, 4)), Err(AppendError::Broken)));
}
