use crate::*;
use access_log::{AppendError, OpenError, verify_folder};
use proptest::prelude::*;

/// The folder as it was, with some of the files that the append had written when it was cut off. The
/// checkpoint comes last, so every cut has the old one.
fn cut_off(before: &Path, after: &Path, has: impl Fn(usize) -> bool) -> TempDir {
    let folder = copy(before);
    let old = files(before);
    let new: Vec<String> = files(after).into_iter().filter(|file| !old.contains(file)).collect();
    for (number, file) in new.iter().enumerate() {
        if has(number) {
            put(folder.path(), file, &fs::read(after.join(file)).unwrap());
        }
    }
    put(folder.path(), ".new", b"half a ti");
    folder
}

fn continues_as_if_nothing_happened(folder: &Path, old: u64, new: u64, text: &str) {
    let vkey = key().verifier_key();
    assert_eq!(verify_folder(folder, &vkey).unwrap().size, old, "what is published stays whole");
    let mut log = LogFolder::open(folder, key()).unwrap();
    assert_eq!(log.size(), old);
    assert_eq!(log.append(&entries(old, new)).unwrap().text, text);
    let verified = verify_folder(folder, &vkey).unwrap();
    assert_eq!((verified.size, verified.unpublished), (new, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_crash_at_any_point_of_an_append_repeats_work_and_nothing_else(
        old in 0..600u64, more in 1..400u64, written: u32,
    ) {
        let new = old + more;
        let (before, first) = log(&[old / 2, old]);
        drop(first);
        let (after, second) = log(&[old / 2, old, new]);
        let text = second.checkpoint().text.clone();
        drop(second);
        let folder = cut_off(before.path(), after.path(), |number| written & (1 << (number % 32)) != 0);
        continues_as_if_nothing_happened(folder.path(), old, new, &text);
    }
}

#[test]
fn a_crash_after_the_checkpoint_leaves_only_partial_files_to_remove() {
    let (before, _) = log(&[100, 200]);
    let (after, _) = log(&[100, 200, 300]);
    let folder = cut_off(before.path(), after.path(), |_| true);
    fs::copy(after.path().join("checkpoint"), folder.path().join("checkpoint")).unwrap();
    assert_eq!(verify_folder(folder.path(), &key().verifier_key()).unwrap().size, 300);
    LogFolder::open(folder.path(), key()).unwrap();
    assert_eq!(files(folder.path()), files(after.path()));
}

#[test]
fn a_crash_before_the_first_checkpoint_begins_again() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), ".new", b"gateway.exam");
    assert_eq!(LogFolder::open(folder.path(), key()).unwrap().size(), 0);
}

#[test]
fn a_torn_checkpoint_opens_nothing() {
    let (folder, log) = log(&[3]);
    drop(log);
    let path = folder.path().join("checkpoint");
    let text = fs::read(&path).unwrap();
    for length in 0..text.len() {
        fs::write(&path, &text[..length]).unwrap();
        assert!(
            matches!(LogFolder::open(folder.path(), key()), Err(OpenError::Checkpoint(_))),
            "{length} bytes"
        );
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(LogFolder::open(folder.path(), key()), Err(OpenError::NoCheckpoint)));
}

#[test]
fn a_checkpoint_ahead_of_its_tiles_opens_nothing() {
    let (folder, log) = log(&[300]);
    drop(log);
    for file in ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"] {
        let path = folder.path().join(file);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let error = LogFolder::open(folder.path(), key()).unwrap_err();
        assert!(matches!(&error, OpenError::Missing { file: missing } if missing == file), "{error}");
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let error = LogFolder::open(folder.path(), key()).unwrap_err();
        assert!(matches!(&error, OpenError::Length { .. } | OpenError::Bundle { .. }), "{error}");
        let mut changed = bytes.clone();
        changed[5] ^= 1;
        fs::write(&path, &changed).unwrap();
        let error = LogFolder::open(folder.path(), key()).unwrap_err();
        assert!(matches!(&error, OpenError::Root { size: 300, .. } | OpenError::Entry { .. }), "{error}");
        fs::write(&path, &bytes).unwrap();
    }
    LogFolder::open(folder.path(), key()).unwrap();
}

#[test]
fn a_checkpoint_from_a_backup_does_not_open_on_newer_tiles_of_another_history() {
    let (old, log_a) = log(&[5]);
    let (new, log_b) = log(&[7]);
    drop((log_a, log_b));
    fs::copy(old.path().join("checkpoint"), new.path().join("checkpoint")).unwrap();
    let error = LogFolder::open(new.path(), key()).unwrap_err();
    assert!(matches!(&error, OpenError::Missing { file } if file == "tile/0/000.p/5"), "{error}");
}

#[test]
fn a_failed_append_is_made_good_by_opening_again() {
    let (folder, mut log) = log(&[255]);
    // A folder where the full tile has to be: the bundle is written, its tile is not.
    fs::create_dir_all(folder.path().join("tile/0/000/in the way")).unwrap();
    assert!(matches!(log.append(&entries(255, 257)), Err(AppendError::Io(_))));
    drop(log);
    fs::remove_dir_all(folder.path().join("tile/0/000")).unwrap();
    let mut log = LogFolder::open(folder.path(), key()).unwrap();
    assert_eq!(log.append(&entries(255, 257)).unwrap().size, 257);
    assert_eq!(verify_folder(folder.path(), &key().verifier_key()).unwrap().unpublished, 0);
}
