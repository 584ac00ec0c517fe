//! What is durable when, and how often a transaction waits for that.

use std::fs;
use std::path::Path;

use sshmend_lossless::{EditSet, FileChange};
use sshmend_transaction::{Captured, FollowUp, Intent, Recovered, State};

use crate::common::{STATE, TestDisk, intent, recovered, states, store};
use crate::faulty::Faulty;

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

/// Each wait costs a write of the file system's own journal. The mark and the first record, the
/// kept bytes and the second record, the new file, and the end: each needs its content and then its
/// names to be durable before the next.
#[test]
fn a_transaction_waits_for_the_disk_only_where_its_order_requires_it() {
    let disk = TestDisk::new();
    // The first one makes the state folder, and the last one is committed before it is done.
    for (intent, expected) in [(alone(1), 9), (alone(2), 8), (intent(3), 10)] {
        let faulty = Faulty::new(&disk.machine, &[]);
        let store = store(&faulty);
        let captured = edit(&disk, &format!("new {expected}\n"));
        let prepared = store.prepare(captured, &intent).unwrap();
        prepared.commit().unwrap().finish().unwrap();
        assert_eq!(faulty.waits(), expected, "{}", intent.when);
    }
}

/// The second record and the kept bytes are synced together, so that it may arrive without them.
#[test]
fn a_record_that_arrived_without_its_bytes_is_undone_because_no_file_changed() {
    let disk = TestDisk::new();
    let old = disk.picture();
    drop(
        store(&disk.machine)
            .prepare(disk.captured(), &intent(0))
            .unwrap(),
    );
    for side in ["before", "after"] {
        for kept in fs::read_dir(kept(&disk).join(side)).unwrap() {
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
