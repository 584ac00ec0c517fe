//! What is durable when, and how often a transaction waits for that.

use std::fs;
use std::path::Path;

use sshmend_lossless::{EditSet, FileChange};
use sshmend_transaction::{Captured, FollowUp, Intent, RecoverError, Recovered, State};

use crate::common::{STATE, TestDisk, intent, recovered, states, store};
use crate::faulty::{Fault, Faulty};

/// A change after which no program runs.
fn alone(second: i64) -> Intent {
    Intent {
        aftermath: FollowUp::default(),
        ..intent(second)
    }
}

/// One edited file.
fn edit(disk: &TestDisk, text: &str) -> Captured {
    let path = "/etc/ssh/sshd_config";
    let image = disk.machine.read(Path::new(path)).unwrap().unwrap();
    let edit = FileChange {
        after: Some(text.into()),
        ..FileChange::edit(path, image, EditSet::default())
    };
    Captured::new([edit]).unwrap().unwrap()
}

/// The folder of the only transaction.
fn kept(disk: &TestDisk) -> std::path::PathBuf {
    let folder = disk.at(STATE).join("transactions");
    let mut entries = fs::read_dir(folder).unwrap();
    entries.next().unwrap().unwrap().path()
}

/// Journals a transaction, which changes nothing; returns its folder.
fn journaled(disk: &TestDisk) -> std::path::PathBuf {
    let store = store(&disk.machine);
    drop(store.prepare(disk.captured(), &intent(0)).unwrap());
    kept(disk)
}

/// Each wait costs a write of the file system's own journal: the contents of the record and of the
/// kept bytes, the name of the record, the names of the kept bytes with the contents of the new file
/// and of the last record, the name of the new file, that of the last record.
#[test]
fn a_transaction_waits_for_the_disk_only_where_its_order_requires_it() {
    let disk = TestDisk::new();
    // The first one makes the state folder, and the last one is committed before it is done. Each
    // makes durable its folder with two in it, the mark, the record, two copies, the file, the end.
    for (intent, expected) in [
        (alone(1), (6, 12)),
        (alone(2), (5, 9)),
        (intent(3), (7, 10)),
    ] {
        let faulty = Faulty::new(&disk.machine, &[]);
        let store = store(&faulty);
        let captured = edit(&disk, &format!("new {}\n", intent.when));
        let prepared = store.prepare(captured, &intent).unwrap();
        prepared.commit().unwrap().finish().unwrap();
        let found = (faulty.waits(), faulty.names());
        assert_eq!(found, expected, "{}", intent.when);
    }
}

#[test]
fn a_transaction_that_could_not_be_journaled_does_not_block_the_next() {
    let mut failed = 0;
    for fault in [Fault::Fails, Fault::FailsAfterwards, Fault::DiskFull] {
        for at in 0.. {
            let disk = TestDisk::new();
            let old = disk.picture();
            let faulty = Faulty::new(&disk.machine, &[]);
            let first = store(&faulty);
            faulty.strike(fault, at);
            let prepared = first.prepare(disk.captured(), &intent(0));
            if faulty.hits() == 0 {
                break;
            }
            // A full disk does not matter where nothing more is written.
            let Err(error) = prepared else {
                assert_eq!(fault, Fault::DiskFull, "at effect {at}");
                continue;
            };
            drop(first);
            assert_eq!(disk.picture(), old, "{fault:?} at effect {at}");
            let next = store(&disk.machine);
            let next = next.prepare(disk.captured(), &intent(1));
            assert!(
                next.is_ok(),
                "{fault:?} at effect {at}: {error}, then {next:?}"
            );
            failed += 1;
        }
    }
    assert!(failed > 50, "{failed} cases only");
}

/// Until the record is durable the kept bytes have temporary names, any of which may arrive before it.
#[test]
fn bytes_that_arrived_without_a_record_are_a_transaction_that_was_never_begun() {
    for (name, is_begun) in [(".sshmend-1.tmp", false), ("1", true)] {
        let disk = TestDisk::new();
        let old = disk.picture();
        let folder = journaled(&disk);
        fs::remove_file(folder.join("transaction.toml")).unwrap();
        for side in ["before", "after"] {
            fs::remove_dir_all(folder.join(side)).unwrap();
            fs::create_dir(folder.join(side)).unwrap();
            fs::write(folder.join(side).join(name), "half of i").unwrap();
        }
        let ended = recovered(&disk.machine);
        if is_begun {
            assert!(
                matches!(ended, Err(RecoverError::Damaged { .. })),
                "{ended:?}"
            );
        } else {
            assert!(matches!(&ended.unwrap()[..], [Recovered::Abandoned(_)]));
            assert!(!folder.exists());
        }
        assert_eq!(disk.picture(), old);
    }
}

/// The kept bytes are synced after the record, so that it may arrive without them.
#[test]
fn a_record_that_arrived_without_its_bytes_is_undone_because_no_file_changed() {
    let disk = TestDisk::new();
    let old = disk.picture();
    let folder = journaled(&disk);
    for side in ["before", "after"] {
        for kept in fs::read_dir(folder.join(side)).unwrap() {
            fs::remove_file(kept.unwrap().path()).unwrap();
        }
    }
    let ended = recovered(&disk.machine).unwrap();
    assert!(
        matches!(&ended[..], [Recovered::RolledBack { files, left, .. }] if files.is_empty() && left.is_empty()),
        "{ended:?}"
    );
    assert_eq!((disk.picture(), states(&disk).len()), (old, 1));
    drop(
        store(&disk.machine)
            .prepare(disk.captured(), &intent(1))
            .unwrap(),
    );
}

#[test]
fn a_change_of_one_file_that_nothing_follows_is_done_with_it() {
    for finished in [false, true] {
        let disk = TestDisk::new();
        let old = disk.picture();
        let store = store(&disk.machine);
        let committed = store
            .prepare(edit(&disk, "new\n"), &alone(0))
            .unwrap()
            .commit()
            .unwrap();
        let new = disk.picture();
        assert_ne!(new, old);
        assert_eq!(states(&disk), [(State::Done, None)]);
        if finished {
            drop(committed);
            drop(store);
            assert_eq!(recovered(&disk.machine).unwrap(), []);
            assert_eq!(disk.picture(), new);
        } else {
            assert_eq!(committed.roll_back(&alone(1)).unwrap(), None);
            assert_eq!(disk.picture(), old);
            let states: Vec<State> = states(&disk).into_iter().map(|(state, _)| state).collect();
            assert_eq!(states, [State::RolledBack, State::Done]);
        }
    }
}

#[test]
fn a_change_of_several_files_is_committed_before_it_is_done() {
    let disk = TestDisk::new();
    let store = store(&disk.machine);
    let prepared = store.prepare(disk.captured(), &alone(0)).unwrap();
    let committed = prepared.commit().unwrap();
    assert_eq!(states(&disk), [(State::Committed, None)]);
    assert_eq!(committed.finish().unwrap().state, State::Done);
}
