//! Every effect fails once, and the power fails once at every effect.

use std::path::Path;

use sshmend_transaction::{
    Cause, CommitError, Disk, Files, Journal, Past, PrepareError, RecoverError, Recovered,
    RollBackError, State,
};

use crate::common::{
    Picture, STATE, TakenBack, TestDisk, Which, intent, recovered, store, take_back,
};
use crate::faulty::{FAULTS, Fault, Faulty};

/// All steps from captured to done.
fn apply<D: Disk>(disk: &TestDisk, machine: &D) -> Result<(), String> {
    let store = sshmend_transaction::Store::open(machine, machine, Path::new(STATE), "faults")
        .map_err(|error| error.to_string())?;
    let prepared = store
        .prepare(disk.captured(), &intent(0))
        .map_err(|error| error.to_string())?;
    let committed = prepared.commit().map_err(|error| error.to_string())?;
    committed
        .finish()
        .map(drop)
        .map_err(|error| error.to_string())
}

fn roll_back<D: Disk>(machine: &D) -> Result<TakenBack, String> {
    take_back(machine, &Which::Latest, &intent(1)).map_err(|error| error.to_string())
}

fn states(disk: &TestDisk) -> Vec<State> {
    let past = Journal::new(&disk.machine, STATE).history().unwrap();
    past.into_iter()
        .filter_map(|past| {
            if let Past::Record(record) = past {
                Some(record.state)
            } else {
                None
            }
        })
        .collect()
}

/// The disk before and after, and the number of effects in between.
struct Course {
    old: Picture,
    new: Picture,
    applying: usize,
    rolling_back: usize,
}

fn course() -> Course {
    let disk = TestDisk::new();
    let old = disk.picture();
    let counted = Faulty::new(&disk.machine, &[]);
    apply(&disk, &counted).unwrap();
    let new = disk.picture();
    assert_ne!(old, new);
    let rolled_back = Faulty::new(&disk.machine, &[]);
    roll_back(&rolled_back).unwrap();
    assert_eq!(disk.picture(), old);
    Course {
        old,
        new,
        applying: counted.effects(),
        rolling_back: rolled_back.effects(),
    }
}

/// The invariant after recovery: the files are on one side or the other, and the journal knows
/// which.
fn settled(disk: &TestDisk, course: &Course, case: &str) {
    let picture = disk.picture();
    assert!(
        picture == course.old || picture == course.new,
        "{case}: mixed: {picture:#?}"
    );
    let is_new = picture == course.new;
    let in_force = states(disk)
        .first()
        .is_some_and(|state| matches!(state, State::Committed | State::Done));
    assert_eq!(
        in_force,
        is_new,
        "{case}: the journal says {:?}",
        states(disk)
    );
    if is_new {
        take_back(&disk.machine, &Which::Latest, &intent(9)).unwrap();
        assert_eq!(disk.picture(), course.old, "{case}: rolled back");
    }
    assert_eq!(
        recovered(&disk.machine).unwrap(),
        [],
        "{case}: there was still something to recover"
    );
}

fn recover(disk: &TestDisk, case: &str) -> Vec<Recovered> {
    recovered(&disk.machine).unwrap_or_else(|error| panic!("{case}: {error}"))
}

#[test]
fn every_file_is_completely_old_or_new_after_any_fault_while_applying() {
    let course = course();
    assert!(course.applying > 30, "{} effects only", course.applying);
    for fault in FAULTS {
        for at in 0..course.applying {
            let case = format!("{fault:?} at effect {at} of applying");
            let disk = TestDisk::new();
            let outcome = apply(&disk, &Faulty::new(&disk.machine, &[(fault, at)]));
            let loud = outcome
                .as_ref()
                .is_err_and(|error| error.contains("ROLLBACK FAILED"));
            let picture = disk.picture();
            if matches!(fault, Fault::Fails | Fault::FailsAfterwards) {
                assert!(!loud, "{case}: {outcome:?}");
                assert!(
                    picture == course.old || picture == course.new,
                    "{case}: mixed without a crash"
                );
                assert!(outcome.is_err(), "{case}: the failure went unnoticed");
            }
            if outcome.is_ok() {
                assert_eq!(picture, course.new, "{case}");
            }
            recover(&disk, &case);
            settled(&disk, &course, &case);
        }
    }
}

#[test]
fn every_file_is_completely_old_or_new_after_any_fault_while_rolling_back() {
    let course = course();
    for fault in FAULTS {
        for at in 0..course.rolling_back {
            let case = format!("{fault:?} at effect {at} of rolling back");
            let disk = TestDisk::new();
            apply(&disk, &disk.machine).unwrap();
            let outcome = roll_back(&Faulty::new(&disk.machine, &[(fault, at)]));
            if matches!(outcome, Ok(TakenBack::Now { .. })) {
                assert_eq!(disk.picture(), course.old, "{case}");
            }
            recover(&disk, &case);
            settled(&disk, &course, &case);
        }
    }
}

/// The power fails in the middle of renaming, and again at every effect of the recovery.
#[test]
fn an_interrupted_recovery_can_be_repeated() {
    let course = course();
    let mut cut_off = 0;
    for at in 0..course.applying {
        let broken = || {
            let disk = TestDisk::new();
            apply(&disk, &Faulty::new(&disk.machine, &[(Fault::PowerCut, at)])).unwrap_err();
            disk
        };
        let disk = broken();
        let picture = disk.picture();
        if picture == course.old || picture == course.new {
            continue;
        }
        for fault in FAULTS {
            for again in 0.. {
                let case =
                    format!("power cut at {at}, then {fault:?} at effect {again} of the recovery");
                let disk = broken();
                let faulty = Faulty::new(&disk.machine, &[(fault, again)]);
                let opened =
                    sshmend_transaction::Store::open(&faulty, &faulty, Path::new(STATE), "faults");
                let outcome = opened.map(|store| store.recover(&mut |_, _| true));
                if faulty.effects() <= again {
                    break;
                }
                if let Ok(Err(error)) = outcome {
                    assert!(
                        !matches!(error, RecoverError::Unproved { .. }),
                        "{case}: {error}"
                    );
                }
                recover(&disk, &case);
                settled(&disk, &course, &case);
                cut_off += 1;
            }
        }
    }
    assert!(cut_off > 100, "{cut_off} cases only");
}

/// A failed effect may have happened nevertheless, and then the power fails while it is being
/// changed back.
#[test]
fn a_power_cut_during_a_rollback_leaves_no_mixed_state() {
    let course = course();
    let mut cut_off = 0;
    for at in 0..course.applying {
        for again in at + 1.. {
            let case = format!("failure after effect {at}, power cut at {again}");
            let disk = TestDisk::new();
            let faulty = Faulty::new(
                &disk.machine,
                &[(Fault::FailsAfterwards, at), (Fault::PowerCut, again)],
            );
            apply(&disk, &faulty).unwrap_err();
            if faulty.effects() <= again {
                break;
            }
            recover(&disk, &case);
            settled(&disk, &course, &case);
            cut_off += 1;
        }
    }
    assert!(cut_off > 100, "{cut_off} cases only");
}

#[test]
fn a_failed_commit_reports_that_every_file_is_unchanged() {
    let course = course();
    let (mut failed, mut taken_back) = (0, 0);
    for at in 0..course.applying {
        let disk = TestDisk::new();
        let faulty = Faulty::new(&disk.machine, &[(Fault::FailsAfterwards, at)]);
        let Ok(store) =
            sshmend_transaction::Store::open(&faulty, &faulty, Path::new(STATE), "faults")
        else {
            continue;
        };
        let prepared = match store.prepare(disk.captured(), &intent(0)) {
            Ok(prepared) => prepared,
            Err(PrepareError::Cause(_)) => continue,
            Err(error) => panic!("{error}"),
        };
        match prepared.commit() {
            Ok(_) => {}
            Err(CommitError::RolledBack { cause, changed, .. }) => {
                assert!(
                    matches!(*cause, Cause::File(_) | Cause::Journal(_)),
                    "{cause}"
                );
                taken_back += usize::from(changed);
                assert_eq!(disk.picture(), course.old, "effect {at}");
                failed += 1;
            }
            Err(error) => panic!("effect {at}: {error}"),
        }
    }
    assert!(
        failed > 10 && (5..failed).contains(&taken_back),
        "{failed} failures, {taken_back} after a change"
    );
}

#[test]
fn a_failed_rollback_is_reported_and_recovered_later() {
    let course = course();
    let mut loud = 0;
    for at in 0..course.applying {
        let disk = TestDisk::new();
        let Err(error) = apply(&disk, &Faulty::new(&disk.machine, &[(Fault::PowerCut, at)])) else {
            continue;
        };
        let first_is_new = !disk.at("/etc/fail2ban/jail.local").exists();
        if first_is_new && disk.picture() != course.new {
            assert!(error.starts_with("ROLLBACK FAILED"), "effect {at}: {error}");
            loud += 1;
            let again = store(&disk.machine)
                .prepare(disk.captured_now(), &intent(1))
                .unwrap_err();
            assert!(matches!(again, PrepareError::Unfinished(_)), "{again}");
            take_back(&disk.machine, &Which::Latest, &intent(1)).unwrap();
            assert_eq!(states(&disk), [State::RolledBack, State::Done]);
            assert_eq!(disk.picture(), course.old);
        }
    }
    assert!(loud >= 3, "{loud} cases only");
}

#[test]
fn a_mixed_state_with_later_edits_is_left_to_a_person() {
    let course = course();
    let cut = (0..course.applying).find_map(|at| {
        let disk = TestDisk::new();
        apply(&disk, &Faulty::new(&disk.machine, &[(Fault::PowerCut, at)])).unwrap_err();
        let texts = (
            disk.text("/etc/ssh/sshd_config"),
            disk.text("/srv/hosts.allow"),
        );
        (texts.0 == "new main\n" && texts.1 != "new allow\r\n").then_some(disk)
    });
    let disk = cut.expect("the power was cut between two renames");
    disk.write("/srv/hosts.allow", "theirs\n", 0o644);
    let theirs = disk.picture();
    let error = recovered(&disk.machine).unwrap_err();
    assert!(
        matches!(&error, RecoverError::Failed { cause: Cause::Edited(edited), .. } if edited.len() == 1),
        "{error}"
    );
    assert!(error.to_string().starts_with("RECOVERY FAILED"));
    assert_eq!(disk.picture(), theirs);
    let refused = take_back(&disk.machine, &Which::Latest, &intent(1)).unwrap_err();
    assert!(matches!(refused, RollBackError::Edited(_)), "{refused}");
}

/// Every file is new and only the last mark of the journal fails: that is reported, and recovery
/// verifies it.
#[test]
fn a_failed_final_mark_leaves_the_change_in_force_and_unverified() {
    let course = course();
    let mut unnoted = 0;
    for fault in FAULTS {
        for at in 0..course.applying {
            let case = format!("{fault:?} at effect {at}");
            let disk = TestDisk::new();
            let faulty = Faulty::new(&disk.machine, &[(fault, at)]);
            let Ok(store) =
                sshmend_transaction::Store::open(&faulty, &faulty, Path::new(STATE), "faults")
            else {
                continue;
            };
            let Ok(prepared) = store.prepare(disk.captured(), &intent(0)) else {
                continue;
            };
            let Ok(committed) = prepared.commit() else {
                continue;
            };
            assert_eq!(disk.picture(), course.new, "{case}");
            if committed.finish().is_ok() {
                continue;
            }
            unnoted += 1;
            assert_eq!(disk.picture(), course.new, "{case}");
            drop(store);
            let noted = states(&disk) == [State::Done];
            let mut proved = Vec::new();
            let ended = crate::common::store(&disk.machine).recover(&mut |_, files| {
                proved.push(files);
                true
            });
            let expected = if noted { &[][..] } else { &[Files::New] };
            assert_eq!(proved, expected, "{case}");
            assert!(
                ended.is_ok_and(|ended| ended
                    .iter()
                    .all(|one| matches!(one, Recovered::Finished { .. }))),
                "{case}"
            );
            settled(&disk, &course, &case);
        }
    }
    assert!(unnoted > 5, "{unnoted} cases only");
}

#[test]
fn changes_not_in_force_are_rolled_back_and_unverified_ones_are_not_called_done() {
    let course = course();
    let committed = || {
        let disk = TestDisk::new();
        // The rest is interrupted: nothing was reloaded, nothing verified.
        drop(
            store(&disk.machine)
                .prepare(disk.captured(), &intent(0))
                .unwrap()
                .commit()
                .unwrap(),
        );
        disk
    };
    let disk = committed();
    let refused = store(&disk.machine)
        .prepare(disk.captured_now(), &intent(1))
        .unwrap_err();
    assert!(matches!(refused, PrepareError::Unfinished(_)), "{refused}");
    let ended = recovered(&disk.machine).unwrap();
    assert!(
        matches!(&ended[..], [Recovered::Finished { files, .. }] if files.is_empty()),
        "{ended:?}"
    );
    assert_eq!(
        (disk.picture(), states(&disk)),
        (course.new.clone(), vec![State::Done])
    );

    let disk = committed();
    let ended = store(&disk.machine)
        .recover(&mut |_, files| files == Files::Old)
        .unwrap();
    assert!(
        matches!(&ended[..], [Recovered::RolledBack { files, .. }] if files.len() == 5),
        "{ended:?}"
    );
    assert_eq!(
        (disk.picture(), states(&disk)),
        (course.old.clone(), vec![State::RolledBack])
    );

    let disk = committed();
    let error = store(&disk.machine).recover(&mut |_, _| false).unwrap_err();
    assert!(
        matches!(
            error,
            RecoverError::Unproved {
                state: Files::Old,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(disk.picture(), course.old);
    let ended = recovered(&disk.machine).unwrap();
    assert!(
        matches!(&ended[..], [Recovered::RolledBack { .. }]),
        "{ended:?}"
    );
    assert_eq!(states(&disk), [State::RolledBack]);
}

/// The new files were rejected, and the rollback is interrupted at every effect: they never come
/// back.
#[test]
fn an_interrupted_rollback_is_finished() {
    let course = course();
    let mut cut_off = 0;
    for fault in FAULTS {
        for at in 0.. {
            let case = format!("{fault:?} at effect {at} of the way back");
            let disk = TestDisk::new();
            let faulty = Faulty::new(&disk.machine, &[]);
            let store =
                sshmend_transaction::Store::open(&faulty, &faulty, Path::new(STATE), "faults")
                    .unwrap();
            let committed = store
                .prepare(disk.captured(), &intent(0))
                .unwrap()
                .commit()
                .unwrap();
            let faulty = &faulty;
            faulty.strike(fault, at);
            drop(committed.roll_back(&intent(1)));
            if faulty.hits() == 0 {
                break;
            }
            drop(store);
            // Only the old files can be activated.
            let rejected = |files: Files, rolls_back: bool| (files == Files::New) != rolls_back;
            let ended = crate::common::store(&disk.machine)
                .recover(&mut |record, files| !rejected(files, record.rolls_back.is_some()));
            assert!(ended.is_ok(), "{case}: {ended:?}");
            assert_eq!(disk.picture(), course.old, "{case}");
            assert_eq!(states(&disk).first(), Some(&State::RolledBack), "{case}");
            settled(&disk, &course, &case);
            cut_off += 1;
        }
    }
    assert!(cut_off > 100, "{cut_off} cases only");
}
