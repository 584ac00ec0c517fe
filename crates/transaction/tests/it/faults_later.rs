//! Every effect of the operations after a change fails, and the power fails at each: confirm,
//! expire, redo, prune, forget.

use std::path::Path;

use sshmend_transaction::{
    Back, ConfirmError, Id, Intent, Journal, JournalError, Past, Record, State, Store,
};

use crate::common::{Picture, STATE, TestDisk, Which, intent, recovered, store, take_back};
use crate::faulty::{FAULTS, Fault, Faulty};

/// Lets each effect of `act` fail in each way on a disk from `made`, recovers, and calls `holds`
/// with whether `act` had reported success and a description of the case.
fn every_effect<M>(
    made: impl Fn() -> (TestDisk, M),
    act: impl Fn(&Store<'_, Faulty<'_>>, &M) -> bool,
    holds: impl Fn(&TestDisk, &M, bool, &str),
) {
    let mut cases = 0;
    for fault in FAULTS {
        for at in 0.. {
            let case = format!("{fault:?} at effect {at}");
            let (disk, material) = made();
            let faulty = Faulty::new(&disk.machine, &[(fault, at)]);
            let opened = Store::open(&faulty, &faulty, Path::new(STATE), "faults");
            let done = opened.is_ok_and(|store| act(&store, &material));
            if faulty.hits() == 0 {
                break;
            }
            assert!(fault != Fault::PowerCut || !done, "{case}: without power");
            recovered(&disk.machine).unwrap_or_else(|error| panic!("{case}: {error}"));
            holds(&disk, &material, done, &case);
            assert_eq!(recovered(&disk.machine).unwrap(), [], "{case}");
            cases += 1;
        }
    }
    assert!(cases > 10, "{cases} cases only");
}

fn apply(disk: &TestDisk, intent: &Intent) -> Record {
    let store = store(&disk.machine);
    let prepared = store.prepare(disk.captured(), intent).unwrap();
    prepared.commit().unwrap().finish().unwrap()
}

/// A change that waits for confirmation, with the disk before and after.
fn waiting() -> (TestDisk, (Record, Picture, Picture)) {
    let disk = TestDisk::new();
    let old = disk.picture();
    let wanted = Intent {
        back: Some(Back {
            at: intent(60).when,
            unless_confirmed: true,
            boot: "first".to_owned(),
        }),
        ..intent(0)
    };
    let record = apply(&disk, &wanted);
    let new = disk.picture();
    (disk, (record, old, new))
}

/// The states of all transactions, the oldest first; an unreadable one has none.
fn states(disk: &TestDisk) -> Vec<Option<State>> {
    let past = Journal::new(&disk.machine, STATE).history().unwrap();
    let state = |past| match past {
        Past::Record(record) => Some(record.state),
        _ => None,
    };
    past.into_iter().map(state).collect()
}

#[test]
fn an_interrupted_confirmation_leaves_the_change_confirmed_or_pending() {
    every_effect(
        waiting,
        |store, _| store.confirm(None).is_ok(),
        |disk, (record, _, new), done, case| {
            assert_eq!(&disk.picture(), new, "{case}");
            let [Some(state)] = states(disk)[..] else {
                panic!("{case}: {:?}", states(disk))
            };
            assert!(
                state == State::Done || !done && state == State::PendingConfirm,
                "{case}: {state:?}"
            );
            let confirmed = store(&disk.machine).confirm(Some(&record.id)).unwrap();
            assert_eq!(
                (confirmed.state, confirmed.back),
                (State::Done, None),
                "{case}"
            );
        },
    );
}

#[test]
fn a_confirmation_that_only_a_power_failure_may_lose_is_not_called_undone() {
    let mut unsynced = 0;
    for at in 0.. {
        let (disk, _) = waiting();
        let faulty = Faulty::new(&disk.machine, &[(Fault::Fails, at)]);
        let opened = Store::open(&faulty, &faulty, Path::new(STATE), "faults");
        let confirmed = opened.map(|store| store.confirm(None));
        if faulty.hits() == 0 {
            break;
        }
        let Ok(Err(error)) = confirmed else { continue };
        let is_unsynced = matches!(error, ConfirmError::Journal(JournalError::Unsynced(_)));
        assert_eq!(
            states(&disk) == [Some(State::Done)],
            is_unsynced,
            "{at}: {error}"
        );
        unsynced += usize::from(is_unsynced);
    }
    assert_eq!(unsynced, 1);
}

#[test]
fn an_interrupted_expiry_leaves_the_change_rolled_back_or_pending() {
    every_effect(
        waiting,
        |store, (record, ..)| {
            let way = record.way_back(intent(61).when, record.who.clone(), Vec::new());
            store.expire(record.clone(), &way, &mut |_, _| true).is_ok()
        },
        |disk, (_, old, new), done, case| {
            let picture = disk.picture();
            assert!(&picture == old || !done && &picture == new, "{case}");
            let expected = if &picture == old {
                State::RolledBack
            } else {
                State::PendingConfirm
            };
            assert_eq!(states(disk)[0], Some(expected), "{case}");
            if &picture == new {
                let store = store(&disk.machine);
                let [record] = &store.temporary().unwrap()[..] else {
                    panic!("{case}: nothing waits")
                };
                let way = record.way_back(intent(62).when, record.who.clone(), Vec::new());
                store
                    .expire(record.clone(), &way, &mut |_, _| true)
                    .unwrap();
                assert_eq!(&disk.picture(), old, "{case}");
            }
        },
    );
}

/// A change that was undone: the rollback, and the disk before and after the change.
fn undone() -> (TestDisk, (Id, Picture, Picture)) {
    let disk = TestDisk::new();
    let old = disk.picture();
    apply(&disk, &intent(0));
    let new = disk.picture();
    take_back(&disk.machine, &Which::Latest, &intent(1)).unwrap();
    let ids = Journal::new(&disk.machine, STATE).history().unwrap();
    let id = ids.last().and_then(Past::id).unwrap().clone();
    (disk, (id, old, new))
}

#[test]
fn an_interrupted_redo_is_applied_completely_or_not_at_all() {
    for fault in FAULTS {
        for at in 0.. {
            let case = format!("{fault:?} at effect {at} of making it again");
            let (disk, (rollback, old, new)) = undone();
            let faulty = Faulty::new(&disk.machine, &[(fault, at)]);
            let done = take_back(&faulty, &Which::Id(rollback.clone()), &intent(2)).is_ok();
            if faulty.hits() == 0 {
                break;
            }
            recovered(&disk.machine).unwrap_or_else(|error| panic!("{case}: {error}"));
            let picture = disk.picture();
            assert!(picture == new || !done && picture == old, "{case}");
            let first = if picture == new {
                State::Done
            } else {
                State::RolledBack
            };
            assert_eq!(states(&disk)[0], Some(first), "{case}: {:?}", states(&disk));
            take_back(&disk.machine, &Which::Id(rollback), &intent(3)).unwrap();
            assert_eq!(disk.picture(), new, "{case}");
        }
    }
}

#[test]
fn pruning_removes_whole_transactions_and_keeps_needed_ones() {
    every_effect(
        undone,
        |store, _| store.prune(intent(100).when).is_ok(),
        |disk, (rollback, old, new), _, case| {
            // The rollback is the newest change in force, and the transaction it rolls back is
            // needed.
            assert_eq!(
                states(disk),
                [Some(State::RolledBack), Some(State::Done)],
                "{case}"
            );
            assert_eq!(&disk.picture(), old, "{case}");
            take_back(&disk.machine, &Which::Id(rollback.clone()), &intent(101)).unwrap();
            assert_eq!(&disk.picture(), new, "{case}");
        },
    );
    let made = || {
        let (disk, (_, old, _)) = undone();
        apply(&disk, &intent(10));
        let new = disk.picture();
        (disk, (old, new))
    };
    every_effect(
        made,
        |store, _| store.prune(intent(100).when).is_ok(),
        |disk, (old, new), _, case| {
            assert_eq!(&disk.picture(), new, "{case}");
            let left = states(disk);
            assert_eq!(left.last(), Some(&Some(State::Done)), "{case}: {left:?}");
            store(&disk.machine).prune(intent(100).when).unwrap();
            assert_eq!(states(disk), [Some(State::Done)], "{case}");
            take_back(&disk.machine, &Which::Latest, &intent(101)).unwrap();
            assert_eq!(&disk.picture(), old, "{case}");
        },
    );
}
