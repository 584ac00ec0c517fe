//! From captured to done and back again, on real files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::common::{STATE, TakenBack, TestDisk, Which, apply, intent, roll_back, states, store};
use expect_test::expect;
use sshmend_host::{LockError, own};
use sshmend_lossless::{EditSet, FileChange};
use sshmend_transaction::{
    Captured, Cause, Journal, JournalError, Past, PrepareError, Record, RollBackError, SameTarget,
    State, Store,
};

#[test]
fn every_file_is_replaced_and_keeps_its_attributes() {
    let disk = TestDisk::new();
    let before = disk.picture();
    let record = apply(&disk, 0);
    let mut after = disk.picture();
    assert_eq!(record.state, State::Done);
    let text = |path: &str| after.get(Path::new(path)).map(|it| it.0.as_str());
    assert_eq!(text("/etc/ssh/sshd_config"), Some("new main\n"));
    assert_eq!(text("/srv/hosts.allow"), Some("new allow\r\n"));
    assert_eq!(text("/etc/hosts.allow"), Some("-> /srv/hosts.allow"));
    assert_eq!(
        text("/etc/ssh/sshd_config.d/deep/00-sshmend.conf"),
        Some("new drop-in\n")
    );
    assert_eq!(text("/etc/fail2ban/jail.local"), None);
    for path in ["/etc/ssh/sshd_config", "/srv/hosts.allow"] {
        let (now, was) = (
            after.get_mut(Path::new(path)).unwrap(),
            &before[Path::new(path)],
        );
        now.0.clone_from(&was.0);
        assert_eq!(now, was, "{path}");
    }
    let created = &after[Path::new("/etc/ssh/sshd_config.d/deep/00-sshmend.conf")];
    assert_eq!(created.1 & 0o7777, 0o600);
    let (now, was) = (
        &after[Path::new("/etc/ssh/host_key")],
        &before[Path::new("/etc/ssh/host_key")],
    );
    let own = own(0o600);
    assert_eq!((now.1 & 0o7777, now.2, now.3), (0o600, own.uid, own.gid));
    assert_eq!((&now.0, &now.4), (&was.0, &was.4));
}

#[test]
fn a_later_mode_change_counts_only_if_the_transaction_had_changed_the_mode() {
    let disk = TestDisk::new();
    let before = disk.picture();
    apply(&disk, 0);
    disk.write("/etc/ssh/host_key", "open to all\n", 0o640);
    let RollBackError::Edited(edited) = roll_back(&disk, &Which::Latest, 1).unwrap_err() else {
        panic!("edited")
    };
    assert_eq!(
        edited.iter().map(|file| &*file.path).collect::<Vec<_>>(),
        [Path::new("/etc/ssh/host_key")]
    );
    disk.write("/etc/ssh/host_key", "open to all\n", 0o600);
    disk.write("/etc/ssh/sshd_config", "new main\n", 0o640);
    roll_back(&disk, &Which::Latest, 1).unwrap();
    let after = disk.picture();
    assert_eq!(
        after[Path::new("/etc/ssh/host_key")],
        before[Path::new("/etc/ssh/host_key")]
    );
    assert_eq!(after[Path::new("/etc/ssh/sshd_config")].1 & 0o7777, 0o640);
}

#[test]
fn rolling_back_restores_everything() {
    let disk = TestDisk::new();
    let before = disk.picture();
    let record = apply(&disk, 0);
    let TakenBack::Now { id, by } = roll_back(&disk, &Which::Latest, 1).unwrap() else {
        panic!("it was in force")
    };
    let by = store(&disk.machine).journal().record(&by).unwrap();
    assert_eq!(disk.picture(), before);
    assert_eq!(
        (&id, by.rolls_back.as_ref(), by.files.len()),
        (&record.id, Some(&record.id), 5)
    );
    assert_eq!(
        states(&disk),
        [(State::RolledBack, None), (State::Done, Some(id.clone()))]
    );

    for which in [Which::Latest, Which::Id(id.clone())] {
        assert_eq!(
            roll_back(&disk, &which, 2).unwrap(),
            TakenBack::Already(id.clone())
        );
    }
    assert_eq!((disk.picture(), states(&disk).len()), (before, 2));
}

#[test]
fn a_rollback_can_be_rolled_back_repeatedly() {
    let disk = TestDisk::new();
    let before = disk.picture();
    apply(&disk, 0);
    let after = disk.picture();
    for second in 1..5 {
        let newest = Journal::new(&disk.machine, STATE)
            .history()
            .unwrap()
            .pop()
            .unwrap();
        let Past::Record(newest) = newest else {
            panic!("a record")
        };
        roll_back(&disk, &Which::Id(newest.id), second).unwrap();
        let undone = second % 2 == 1;
        assert_eq!(
            disk.picture(),
            if undone {
                before.clone()
            } else {
                after.clone()
            },
            "{second}"
        );
        let first = states(&disk).first().unwrap().0;
        assert_eq!(
            first,
            if undone {
                State::RolledBack
            } else {
                State::Done
            },
            "{second}"
        );
    }
}

#[test]
fn only_the_owner_can_read_the_state_folder() {
    let disk = TestDisk::new();
    let record = apply(&disk, 0);
    let transaction = format!("{STATE}/transactions/{}", record.id);
    for (path, mode) in [
        (STATE.to_owned(), 0o40700),
        (format!("{STATE}/lock"), 0o100_600),
        (transaction.clone(), 0o40700),
        (format!("{transaction}/before"), 0o40700),
        (format!("{transaction}/before/0"), 0o100_600),
        (format!("{transaction}/after/1"), 0o100_600),
        (format!("{transaction}/transaction.toml"), 0o100_600),
    ] {
        assert_eq!(fs::metadata(disk.at(&path)).unwrap().mode(), mode, "{path}");
    }
}

#[test]
fn the_record_is_readable_for_people() {
    let disk = TestDisk::new();
    let record = apply(&disk, 0);
    assert_eq!(record.id.as_str(), "20260801T120000.000000Z");
    let text = disk.text(&format!(
        "{STATE}/transactions/{}/transaction.toml",
        record.id
    ));
    let head: String = text
        .split_inclusive('\n')
        // The number of lines that follow depends on the attributes that the file system of the
        // test supports.
        .skip(1)
        .take_while(|line| !line.starts_with("[[file]]"))
        .collect();
    expect![[r#"
        version = 1
        id = "20260801T120000.000000Z"
        state = "done"
        when = "2026-08-01T12:00:00Z"
        why = "a test"
        argv = [
            "sshmend",
            "fix",
        ]
        directories = [
            "/etc/ssh/sshd_config.d",
            "/etc/ssh/sshd_config.d/deep",
        ]

        [who]
        uid = 0
        sudo_user = "anna"

        [aftermath]
        units = ["ssh.service"]

        [[aftermath.judges]]
        step = "test-sshd"
        with = [
            "/usr/sbin/sshd",
            [],
        ]

        [[aftermath.activation]]
        step = "systemctl"
        with = [
            "reload",
            ["ssh.service"],
        ]

        [[aftermath.undo]]
        step = "systemctl"
        with = [
            "stop",
            ["ssh.service"],
        ]

    "#]]
    .assert_eq(&head);
    for line in [
        "path = \"/etc/hosts.allow\"",
        "target = \"/srv/hosts.allow\"",
        "mode = \"0640\"",
    ] {
        assert!(
            text.lines().any(|it| it == line),
            "{line} is not in\n{text}"
        );
    }
    let again = Journal::new(&disk.machine, STATE)
        .record(&record.id)
        .unwrap();
    assert_eq!(again, record);
    let versions = Journal::new(&disk.machine, STATE)
        .versions(&record)
        .unwrap();
    assert_eq!(versions.len(), 5);
    assert_eq!(versions[1].before, versions[1].after);
    assert_eq!(versions[2].before.as_deref(), Some(&b"old main\n"[..]));
    assert_eq!(
        (&versions[3].before, versions[3].after.as_deref()),
        (&None, Some(&b"new drop-in\n"[..]))
    );
}

#[test]
fn a_change_without_effect_does_not_create_a_transaction() {
    let disk = TestDisk::new();
    let image = disk
        .machine
        .read(Path::new("/etc/hosts.allow"))
        .unwrap()
        .unwrap();
    let noop = FileChange::edit("/etc/hosts.allow", image, EditSet::default());
    assert!(matches!(Captured::new([noop]), Ok(None)));
}

#[test]
fn two_names_of_one_file_are_refused() {
    let disk = TestDisk::new();
    let edit = |path: &str| FileChange {
        after: Some("new".into()),
        ..FileChange::edit(
            path,
            disk.machine.read(Path::new(path)).unwrap().unwrap(),
            EditSet::default(),
        )
    };
    let same = Captured::new([edit("/srv/hosts.allow"), edit("/etc/hosts.allow")]).unwrap_err();
    let expected = SameTarget {
        first: "/srv/hosts.allow".into(),
        second: "/etc/hosts.allow".into(),
    };
    assert_eq!(same, expected);
}

#[test]
fn the_lock_excludes_a_second_store() {
    let disk = TestDisk::new();
    let first = store(&disk.machine);
    let second =
        Store::open(&disk.machine, &disk.machine, Path::new(STATE), "another").unwrap_err();
    assert!(
        matches!(second, JournalError::Lock(LockError::Held { .. })),
        "{second}"
    );
    drop(first);
    store(&disk.machine);
}

#[test]
fn files_and_state_may_be_on_different_disks() {
    let (disk, state) = (TestDisk::new(), TestDisk::new());
    let before = disk.picture();
    let store = Store::open(
        &disk.machine,
        &state.machine,
        Path::new("/srv/state"),
        "a test",
    )
    .unwrap();
    let record = store
        .prepare(disk.captured(), &intent(0))
        .unwrap()
        .commit()
        .unwrap()
        .finish()
        .unwrap();
    assert!(!disk.at(STATE).exists());
    assert!(state.at("/srv/state/transactions").exists());
    let way = store.journal().way_back(&disk.machine, &record).unwrap();
    let shown = Captured::new(way.changes).unwrap().unwrap();
    let prepared = store.roll_back(&record.id, shown, &intent(1)).unwrap();
    prepared.commit().unwrap().finish().unwrap();
    assert_eq!(disk.picture(), before);
}

#[test]
fn paths_with_arbitrary_bytes_are_kept() {
    use std::os::unix::ffi::OsStrExt;
    let disk = TestDisk::new();
    let name = std::ffi::OsStr::from_bytes(b"/srv/b\\ad\xff\nname");
    let change = FileChange::create(name, b"x".to_vec(), own(0o644));
    let store = store(&disk.machine);
    let captured = Captured::new([change]).unwrap().unwrap();
    let record = store
        .prepare(captured, &intent(0))
        .unwrap()
        .commit()
        .unwrap()
        .finish()
        .unwrap();
    let again = store.journal().record(&record.id).unwrap();
    assert_eq!(again.files[0].path, Path::new(name));
    drop(store);
    roll_back(&disk, &Which::Latest, 1).unwrap();
    assert_eq!(fs::read_dir(disk.at("/srv")).unwrap().count(), 1);
}

/// Between preview and commit the live file and the saved copies may change: what was shown is
/// committed.
#[test]
fn a_rollback_writes_exactly_the_bytes_that_were_shown() {
    let shown = |disk: &TestDisk, record: &Record| {
        let journal = Journal::new(&disk.machine, STATE);
        let way = journal.way_back(&disk.machine, record).unwrap();
        assert_eq!(way.edited, []);
        Captured::new(way.changes).unwrap().unwrap()
    };
    let disk = TestDisk::new();
    let before = disk.picture();
    let record = apply(&disk, 0);
    let captured = shown(&disk, &record);
    for number in 0..record.files.len() {
        let kept = format!("{STATE}/transactions/{}/before/{number}", record.id);
        if disk.at(&kept).exists() {
            disk.write(&kept, "not what was shown\n", 0o600);
        }
    }
    let store = store(&disk.machine);
    let prepared = store.roll_back(&record.id, captured.clone(), &intent(1));
    let by = prepared.unwrap().commit().unwrap().finish().unwrap();
    assert_eq!(disk.picture(), before);
    let versions = store.journal().versions(&by).unwrap();
    for (change, versions) in captured.changes().iter().zip(&versions) {
        assert_eq!(
            change.after,
            versions.after.clone().map(Into::into),
            "{}",
            change.path.display()
        );
    }
    assert_eq!(captured.changes().len(), versions.len());
    drop(store);

    type Meddle = fn(&TestDisk);
    let cases: [(&str, Meddle); 3] = [
        ("another edit", |disk| {
            disk.write("/etc/ssh/sshd_config", "theirs\n", 0o600);
        }),
        ("what was to be made is there", |disk| {
            disk.write("/etc/fail2ban/jail.local", "theirs\n", 0o640);
        }),
        ("another mode", |disk| {
            disk.write("/etc/ssh/host_key", "open to all\n", 0o640);
        }),
    ];
    for (case, meddle) in cases {
        let disk = TestDisk::new();
        let record = apply(&disk, 0);
        let captured = shown(&disk, &record);
        meddle(&disk);
        let theirs = disk.picture();
        let store = crate::common::store(&disk.machine);
        let refused = store.roll_back(&record.id, captured, &intent(1));
        assert!(
            matches!(refused, Err(PrepareError::Cause(Cause::Stale(_)))),
            "{case}: {refused:?}"
        );
        assert_eq!(disk.picture(), theirs, "{case}");
        assert_eq!(states(&disk), [(State::Done, None)], "{case}");
    }
}
