//! Temporary changes, marks of open transactions, old transactions and private keys.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use sshmend_host::own;
use sshmend_lossless::{Attributes, EditSet, FileChange, Metadata};
use sshmend_transaction::{
    Back, Captured, ConfirmError, Files, ForPolicy, Id, Intent, Journal, JournalError, Past,
    PrepareError, Record, RecoverError, Recovered, RollBackError, State, Today,
};

use crate::common::{STATE, TakenBack, TestDisk, Which, intent, recovered, store, take_back};

fn until(second: i64, unless_confirmed: bool) -> Intent {
    Intent {
        back: Some(Back {
            at: intent(second).when,
            unless_confirmed,
            boot: "first".to_owned(),
        }),
        ..intent(0)
    }
}

fn today(second: i64, boot: &str) -> Today {
    Today {
        now: intent(second).when,
        boot: boot.to_owned(),
    }
}

fn apply(disk: &TestDisk, intent: &Intent) -> Record {
    let store = store(&disk.machine);
    let prepared = store.prepare(disk.captured(), intent).unwrap();
    prepared.commit().unwrap().finish().unwrap()
}

fn states(disk: &TestDisk) -> Vec<State> {
    let past = Journal::new(&disk.machine, STATE).history().unwrap();
    past.into_iter()
        .map(|past| match past {
            Past::Record(record) => record.state,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_transaction_records_policy_entries_and_its_rollback_records_none() {
    let disk = TestDisk::new();
    let policy = ForPolicy {
        name: "fleet".to_owned(),
        put: vec![vec!["a".to_owned(), "two words".to_owned()], Vec::new()],
    };
    let wanted = Intent {
        policy: Some(policy.clone()),
        ..intent(0)
    };
    let made = apply(&disk, &wanted);
    let journal = Journal::new(&disk.machine, STATE);
    let read = journal.record(&made.id).unwrap();
    assert_eq!(read.policy, Some(policy));
    let way_back = read.way_back(intent(1).when, read.who.clone(), Vec::new());
    assert_eq!(way_back.policy, None);
}

#[test]
fn a_pending_confirmation_blocks_other_changes() {
    let disk = TestDisk::new();
    let waiting = apply(&disk, &until(60, true));
    assert_eq!(states(&disk), [State::PendingConfirm]);
    let after = disk.picture();
    let store = store(&disk.machine);
    let refused = store.prepare(disk.captured_now(), &intent(1)).unwrap_err();
    assert!(
        matches!(&refused, PrepareError::Pending(record) if record.id == waiting.id),
        "{refused}"
    );
    assert_eq!(store.recover(&mut |_, _| true).unwrap(), []);
    assert_eq!(disk.picture(), after);
    assert!(!waiting.is_due(&today(59, "first")));
    let confirmed = store.confirm(None).unwrap();
    assert_eq!((confirmed.state, confirmed.back), (State::Done, None));
    assert!(
        !store
            .confirm(Some(&waiting.id))
            .unwrap()
            .is_due(&today(99, "second"))
    );
    assert_eq!(store.confirm(None).unwrap_err(), ConfirmError::Nothing);
    assert_eq!(store.temporary().unwrap(), []);
    store
        .prepare(disk.captured_now(), &intent(2))
        .unwrap()
        .abandon();
}

#[test]
fn an_unreadable_record_is_not_skipped() {
    let disk = TestDisk::new();
    let waiting = apply(&disk, &until(60, true));
    let record = format!("{STATE}/transactions/{}/transaction.toml", waiting.id);
    disk.write(&record, "", 0o600);
    let error = store(&disk.machine).temporary().unwrap_err();
    assert!(matches!(error, JournalError::Damaged(_)), "{error}");
}

#[test]
fn unconfirmed_changes_are_rolled_back_in_their_own_transaction() {
    for (second, boot) in [(60, "first"), (1, "second")] {
        let disk = TestDisk::new();
        let before = disk.picture();
        apply(&disk, &until(60, true));
        let store = store(&disk.machine);
        let waiting = store.temporary().unwrap().remove(0);
        assert!(waiting.is_due(&today(second, boot)));
        let way = waiting.way_back(intent(second).when, waiting.who.clone(), Vec::new());
        assert_eq!(way.why, format!("undo unconfirmed {}: a test", waiting.id));
        assert_eq!(way.aftermath.activation, intent(0).aftermath.undo);
        let mut proved = Vec::new();
        let ended = store.expire(waiting.clone(), &way, &mut |record, files| {
            proved.push((record.id.clone(), files));
            true
        });
        assert!(matches!(ended.unwrap(), Recovered::RolledBack { files, .. } if files.len() == 5));
        assert_eq!(proved, [(waiting.id.clone(), Files::Old)]);
        assert_eq!(disk.picture(), before);
        assert_eq!(states(&disk), [State::RolledBack, State::Done]);
        assert_eq!(store.temporary().unwrap(), []);
        assert!(matches!(
            store.confirm(Some(&waiting.id)).unwrap_err(),
            ConfirmError::Ended(_, State::RolledBack)
        ));
    }
}

#[test]
fn recovery_finishes_an_unverified_rollback_unless_the_file_was_edited() {
    let disk = TestDisk::new();
    let before = disk.picture();
    apply(&disk, &until(60, true));
    let waiting = store(&disk.machine).temporary().unwrap().remove(0);
    let unproved = store(&disk.machine)
        .expire(waiting, &intent(61), &mut |_, _| false)
        .unwrap_err();
    assert!(
        matches!(unproved, RecoverError::Unproved { .. }),
        "{unproved}"
    );
    assert_eq!(disk.text("/etc/ssh/sshd_config"), "old main\n");
    assert_eq!(recovered(&disk.machine).unwrap().len(), 1);
    assert_eq!(disk.picture(), before);
    assert_eq!(states(&disk), [State::RolledBack, State::Done]);

    let disk = TestDisk::new();
    apply(&disk, &until(60, true));
    disk.write("/etc/ssh/sshd_config", "theirs\n", 0o600);
    let picture = disk.picture();
    let waiting = store(&disk.machine).temporary().unwrap().remove(0);
    let stays = store(&disk.machine)
        .expire(waiting.clone(), &intent(61), &mut |_, _| true)
        .unwrap_err();
    assert!(matches!(stays, RecoverError::Stays { .. }), "{stays}");
    assert_eq!(disk.picture(), picture);
    assert_eq!(states(&disk), [State::PendingConfirm]);
    store(&disk.machine).forget(&waiting.id).unwrap();
    assert_eq!(states(&disk), [State::Done]);
}

#[test]
fn a_rollback_waits_for_its_confirmation_like_any_change() {
    let waiting = || {
        let disk = TestDisk::new();
        let before = disk.picture();
        let change = apply(&disk, &intent(0));
        let after = disk.picture();
        let taken_back = take_back(&disk.machine, &Which::Latest, &until(60, true)).unwrap();
        let TakenBack::Now { by, .. } = taken_back else {
            panic!("{taken_back:?}")
        };
        assert_eq!(disk.text("/etc/ssh/sshd_config"), "old main\n");
        assert_eq!(states(&disk), [State::Done, State::PendingConfirm]);
        (disk, before, after, change.id, by)
    };
    let (disk, before, _, _, by) = waiting();
    let store = store(&disk.machine);
    assert_eq!(store.confirm(None).unwrap().id, by);
    assert_eq!(states(&disk), [State::RolledBack, State::Done]);
    assert_eq!(disk.picture(), before);

    let (disk, _, after, change, by) = waiting();
    let store = crate::common::store(&disk.machine);
    let rollback = store.temporary().unwrap().remove(0);
    assert_eq!(rollback.id, by);
    let way = rollback.way_back(intent(61).when, rollback.who.clone(), Vec::new());
    store.expire(rollback, &way, &mut |_, _| true).unwrap();
    assert_eq!(disk.picture(), after);
    let record = store.journal().record(&change).unwrap();
    assert_eq!(record.state, State::Done, "it is in force again");
    assert_eq!(states(&disk), [State::Done, State::RolledBack, State::Done]);
}

#[test]
fn a_failed_rollback_leaves_the_original_change_unchanged() {
    for back in [None, until(60, true).back] {
        let disk = TestDisk::new();
        let change = apply(&disk, &Intent { back, ..intent(0) });
        let (after, stood) = (disk.picture(), states(&disk));
        let store = store(&disk.machine);
        let way = store.journal().way_back(&disk.machine, &change).unwrap();
        let shown = Captured::new(way.changes).unwrap().unwrap();
        let prepared = store.roll_back(&change.id, shown, &intent(1)).unwrap();
        let committed = prepared.commit().unwrap();
        assert_eq!(committed.roll_back(&intent(2)).unwrap(), None);
        assert_eq!(disk.picture(), after);
        assert_eq!(states(&disk)[..1], stood);
        assert_eq!(states(&disk)[1..], [State::RolledBack, State::Done]);
    }
}

#[test]
fn a_change_interrupted_before_its_confirmation_is_rolled_back() {
    let disk = TestDisk::new();
    let before = disk.picture();
    drop(
        store(&disk.machine)
            .prepare(disk.captured(), &until(60, true))
            .unwrap()
            .commit()
            .unwrap(),
    );
    let ended = recovered(&disk.machine).unwrap();
    assert!(
        matches!(&ended[..], [Recovered::RolledBack { .. }]),
        "{ended:?}"
    );
    assert_eq!(disk.picture(), before);

    let change = apply(&disk, &intent(1));
    let after = disk.picture();
    let open = store(&disk.machine);
    let way = open.journal().way_back(&disk.machine, &change).unwrap();
    let shown = Captured::new(way.changes).unwrap().unwrap();
    let prepared = open.roll_back(&change.id, shown, &until(60, true)).unwrap();
    drop(prepared.commit().unwrap());
    let ended = open.recover(&mut |_, _| true).unwrap();
    assert!(
        matches!(&ended[..], [Recovered::RolledBack { .. }]),
        "{ended:?}"
    );
    assert_eq!(disk.picture(), after);
    assert_eq!(states(&disk)[1..], [State::Done, State::RolledBack]);
}

#[test]
fn temporary_changes_do_not_block_others_and_end_by_the_clock() {
    let disk = TestDisk::new();
    let record = apply(&disk, &until(60, false));
    assert_eq!(record.state, State::Done);
    assert!(!record.is_due(&today(59, "second")) && record.is_due(&today(60, "first")));
    store(&disk.machine)
        .prepare(disk.captured_now(), &intent(1))
        .unwrap()
        .commit()
        .unwrap()
        .finish()
        .unwrap();
    let temporary = store(&disk.machine).temporary().unwrap();
    assert_eq!(temporary.len(), 1);
    store(&disk.machine)
        .armed_again(temporary[0].clone(), &today(2, "second"))
        .unwrap();
    let back = store(&disk.machine).temporary().unwrap().remove(0).back;
    assert_eq!(back.unwrap().boot, "second");
    // Undone earlier, and then redone, it stays.
    let roll_back = |id: &Id, second| {
        let rolled_back = take_back(&disk.machine, &Which::Id(id.clone()), &intent(second));
        match rolled_back.unwrap() {
            TakenBack::Now { by, .. } => by,
            other => panic!("{other:?}"),
        }
    };
    let by = roll_back(&record.id, 3);
    assert_eq!(store(&disk.machine).temporary().unwrap(), []);
    roll_back(&by, 4);
    assert_eq!(store(&disk.machine).temporary().unwrap(), []);
}

#[test]
fn finished_transactions_are_not_read_again() {
    let disk = TestDisk::new();
    let before = disk.picture();
    for second in 0..5 {
        apply(&disk, &intent(2 * second));
        take_back(&disk.machine, &Which::Latest, &intent(2 * second + 1)).unwrap();
    }
    assert_eq!(disk.picture(), before);
    let marks = || {
        fs::read_dir(disk.at(&format!("{STATE}/open")))
            .unwrap()
            .count()
    };
    assert_eq!(marks(), 1, "each clears away what it finds at its end");
    let transactions = disk.at(&format!("{STATE}/transactions"));
    let mut names: Vec<_> = fs::read_dir(&transactions)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    for name in &names[..8] {
        // A reader would find it damaged.
        fs::write(transactions.join(name).join("transaction.toml"), "").unwrap();
    }
    assert_eq!(recovered(&disk.machine).unwrap(), []);
    apply(&disk, &intent(20));
    // Without the marks, as an older sshmend leaves the folder, all are read.
    fs::remove_dir_all(disk.at(&format!("{STATE}/open"))).unwrap();
    assert!(recovered(&disk.machine).is_err());
}

#[test]
fn interrupted_transactions_without_a_mark_are_found_among_the_newest() {
    let disk = TestDisk::new();
    let before = disk.picture();
    apply(&disk, &intent(0));
    take_back(&disk.machine, &Which::Latest, &intent(1)).unwrap();
    drop(
        store(&disk.machine)
            .prepare(disk.captured(), &intent(2))
            .unwrap(),
    );
    for mark in fs::read_dir(disk.at(&format!("{STATE}/open"))).unwrap() {
        fs::remove_file(mark.unwrap().path()).unwrap();
    }
    assert_eq!(recovered(&disk.machine).unwrap().len(), 1);
    assert_eq!(disk.picture(), before);
}

#[test]
fn a_transaction_is_found_by_a_prefix_of_its_id() {
    let disk = TestDisk::new();
    let first = apply(&disk, &intent(0)).id;
    take_back(&disk.machine, &Which::Latest, &intent(1)).unwrap();
    let journal = Journal::new(&disk.machine, STATE);
    assert_eq!(journal.named("20260801T120000").unwrap(), first);
    assert_eq!(journal.named(first.as_str()).unwrap(), first);
    assert!(matches!(
        journal.named("20260801T1200").unwrap_err(),
        JournalError::Ambiguous { .. }
    ));
    assert_eq!(
        journal.named("2027").unwrap_err(),
        JournalError::Unnamed("2027".to_owned())
    );
    for text in ["../x", "latest", "2026-08"] {
        assert!(
            matches!(journal.named(text).unwrap_err(), JournalError::NotAnId(_)),
            "{text}"
        );
    }
}

#[test]
fn old_transactions_are_removed_unless_a_rollback_needs_them() {
    let disk = TestDisk::new();
    let make = |path: &str, second| {
        let create = FileChange::create(path, b"x".to_vec(), own(0o600));
        let captured = Captured::new([create]).unwrap().unwrap();
        let store = store(&disk.machine);
        let prepared = store.prepare(captured, &intent(second)).unwrap();
        prepared.commit().unwrap().finish().unwrap().id
    };
    let first = make("/srv/a", 0);
    take_back(&disk.machine, &Which::Id(first.clone()), &intent(1)).unwrap();
    let in_force = make("/srv/a", 2);
    let other = make("/srv/b", 3);
    let time = |second: i64| -> Timestamp { intent(0).when + SignedDuration::from_secs(second) };
    let store = store(&disk.machine);
    assert_eq!(store.prune(time(0)).unwrap(), []);
    let pruned = store.prune(time(100)).unwrap();
    assert_eq!(pruned.len(), 2, "the first and its way back: {pruned:?}");
    assert_eq!(pruned[0], first);
    let left: Vec<_> = store.journal().history().unwrap();
    assert_eq!(left.len(), 2);
    drop(store);
    for id in [other, in_force] {
        let rolled_back = take_back(&disk.machine, &Which::Id(id), &intent(101)).unwrap();
        assert!(matches!(rolled_back, TakenBack::Now { .. }));
    }
    assert!(!disk.at("/srv/a").exists() && !disk.at("/srv/b").exists());
}

const KEY: &str =
    "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n";

#[test]
fn copies_of_private_keys_are_not_kept() {
    let disk = TestDisk::new();
    disk.write("/etc/ssh/open_key", KEY, 0o644);
    let before = disk.picture();
    let path = "/etc/ssh/open_key";
    let image = disk.machine.read(Path::new(path)).unwrap().unwrap();
    let create = Metadata {
        mode: 0o600,
        ..own(0o600)
    };
    let changes = [
        FileChange::create("/etc/ssh/new_key", KEY.as_bytes().to_vec(), create),
        FileChange::edit(path, image, EditSet::default()).giving(Attributes::of(&own(0o600))),
    ];
    let captured = Captured::new(changes).unwrap().unwrap();
    let open = store(&disk.machine);
    let done = open
        .prepare(captured, &intent(0))
        .unwrap()
        .commit()
        .unwrap();
    let record = done.finish().unwrap();
    let after = disk.picture();
    let kept = || {
        let mut folders = vec![disk.at(STATE)];
        let mut kept = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if fs::read_to_string(&path).unwrap().contains("PRIVATE KEY") {
                    kept.push(path);
                }
            }
        }
        kept
    };
    assert!(kept().is_empty());
    assert!(
        open.journal()
            .versions(&record)
            .unwrap()
            .iter()
            .all(|it| it.withheld)
    );
    drop(open);
    let rolled_back = take_back(&disk.machine, &Which::Latest, &intent(1)).unwrap();
    let TakenBack::Now { by, .. } = rolled_back else {
        panic!("{rolled_back:?}")
    };
    assert_eq!((disk.picture(), kept()), (before, Vec::new()));
    // The key that was generated is permanently gone.
    let refused = take_back(&disk.machine, &Which::Id(by), &intent(2)).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("it was a private key, of which no copy is kept"),
        "{refused}"
    );
    assert!(matches!(refused, RollBackError::Prepare(_)));
    assert_ne!(disk.picture(), after);
}
