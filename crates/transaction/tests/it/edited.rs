//! Files that someone else edits before, during and after a transaction.

use std::fs;
use std::path::Path;

use crate::common::{TakenBack, TestDisk, Which, apply, intent, roll_back, states, store};
use sshmend_host::Why;
use sshmend_lossless::{EditSet, FileChange};
use sshmend_transaction::{
    Captured, Cause, CommitError, Difference, PrepareError, RollBackError, State,
};

/// What someone else does to a file after it was captured, and how that is reported.
type Meddling = (fn(&TestDisk), &'static str, Difference);

const MEDDLING: [Meddling; 6] = [
    (
        |disk| disk.write("/etc/ssh/sshd_config", "theirs\n", 0o600),
        "/etc/ssh/sshd_config",
        Difference::Content,
    ),
    (
        |disk| disk.write("/etc/ssh/sshd_config", "old main\n", 0o644),
        "/etc/ssh/sshd_config",
        Difference::Mode,
    ),
    (
        |disk| fs::remove_file(disk.at("/etc/hosts.allow")).unwrap(),
        "/etc/hosts.allow",
        Difference::Removed,
    ),
    (
        |disk| {
            disk.write("/srv/other", "old allow\r\nno final newline", 0o644);
            fs::remove_file(disk.at("/etc/hosts.allow")).unwrap();
            std::os::unix::fs::symlink("/srv/other", disk.at("/etc/hosts.allow")).unwrap();
        },
        "/etc/hosts.allow",
        Difference::Target,
    ),
    (
        |disk| {
            fs::create_dir_all(disk.at("/etc/ssh/sshd_config.d/deep")).unwrap();
            disk.write(
                "/etc/ssh/sshd_config.d/deep/00-sshmend.conf",
                "theirs\n",
                0o600,
            );
        },
        "/etc/ssh/sshd_config.d/deep/00-sshmend.conf",
        Difference::Created,
    ),
    (
        |disk| {
            let path = disk.at("/srv/hosts.allow");
            rustix::fs::setxattr(
                path,
                "user.note",
                b"theirs",
                rustix::fs::XattrFlags::empty(),
            )
            .unwrap();
        },
        "/etc/hosts.allow",
        Difference::Attributes,
    ),
];

#[test]
fn edits_since_the_capture_are_refused_before_the_journal() {
    for (meddle, path, difference) in MEDDLING {
        let disk = TestDisk::new();
        let captured = disk.captured();
        meddle(&disk);
        let theirs = disk.picture();
        let error = store(&disk.machine)
            .prepare(captured, &intent(0))
            .unwrap_err();
        let PrepareError::Cause(Cause::Stale(stale)) = error else {
            panic!("{path}: {error}")
        };
        assert_eq!(
            (stale.path.as_path(), stale.difference),
            (Path::new(path), difference)
        );
        assert_eq!((disk.picture(), states(&disk).len()), (theirs, 0), "{path}");
    }
}

#[test]
fn edits_after_the_journal_are_refused_before_the_first_rename() {
    for (meddle, path, difference) in MEDDLING {
        let disk = TestDisk::new();
        let store = store(&disk.machine);
        let prepared = store.prepare(disk.captured(), &intent(0)).unwrap();
        meddle(&disk);
        let theirs = disk.picture();
        let error = prepared.commit().unwrap_err();
        let CommitError::RolledBack { cause, .. } = error else {
            panic!("{path}: {error}")
        };
        match *cause {
            Cause::Stale(stale) => {
                assert_eq!(
                    (stale.path.as_path(), stale.difference),
                    (Path::new(path), difference)
                );
            }
            Cause::File(error) => {
                let expected = [
                    (Difference::Created, Why::Exists),
                    (Difference::Removed, Why::Missing),
                ];
                assert!(
                    expected.contains(&(difference, error.why.clone())),
                    "{error}"
                );
            }
            other => panic!("{path}: {other}"),
        }
        assert_eq!(disk.picture(), theirs, "{path}");
    }
}

#[test]
fn later_edits_are_not_rolled_back_and_three_versions_are_shown() {
    let disk = TestDisk::new();
    apply(&disk, 0);
    disk.write("/etc/ssh/sshd_config", "theirs\n", 0o600);
    let theirs = disk.picture();
    let RollBackError::Edited(edited) = roll_back(&disk, &Which::Latest, 1).unwrap_err() else {
        panic!("edited")
    };
    assert_eq!(edited.len(), 1);
    let file = &edited[0];
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
    assert_eq!(file.path, Path::new("/etc/ssh/sshd_config"));
    assert_eq!(text(file.before.as_deref()), "old main\n");
    assert_eq!(text(file.after.as_deref()), "new main\n");
    assert_eq!(
        text(file.now.as_ref().map(|image| image.bytes.as_slice())),
        "theirs\n"
    );
    assert_eq!(
        (disk.picture(), states(&disk)),
        (theirs, vec![(State::Done, None)])
    );
}

#[test]
fn files_that_are_already_restored_are_only_noted() {
    let disk = TestDisk::new();
    let image = disk
        .machine
        .read(Path::new("/etc/hosts.allow"))
        .unwrap()
        .unwrap();
    let old = String::from_utf8(image.bytes.to_vec()).unwrap();
    let change = FileChange {
        after: Some("new".into()),
        ..FileChange::edit("/etc/hosts.allow", image, EditSet::default())
    };
    let captured = Captured::new([change]).unwrap().unwrap();
    let record = store(&disk.machine)
        .prepare(captured, &intent(0))
        .unwrap()
        .commit()
        .unwrap()
        .finish()
        .unwrap();
    disk.write("/srv/hosts.allow", &old, 0o644);
    assert_eq!(
        roll_back(&disk, &Which::Latest, 1).unwrap(),
        TakenBack::Found(record.id)
    );
    assert_eq!(states(&disk), [(State::RolledBack, None)]);
}

#[test]
fn a_later_change_of_the_same_file_must_be_rolled_back_first() {
    let disk = TestDisk::new();
    let before = disk.picture();
    let edit = |text: &str| {
        let image = disk
            .machine
            .read(Path::new("/etc/hosts.allow"))
            .unwrap()
            .unwrap();
        let edit = FileChange::edit("/etc/hosts.allow", image, EditSet::default());
        let captured = Captured::new([FileChange {
            after: Some(text.into()),
            ..edit
        }])
        .unwrap()
        .unwrap();
        store(&disk.machine)
            .prepare(captured, &intent(0))
            .unwrap()
            .commit()
            .unwrap()
            .finish()
            .unwrap()
            .id
    };
    let (first, second) = (edit("first"), edit("second"));
    assert!(second > first, "both began in the same microsecond");
    assert!(matches!(
        roll_back(&disk, &Which::Id(first.clone()), 1).unwrap_err(),
        RollBackError::Edited(_)
    ));
    for id in [second, first] {
        roll_back(&disk, &Which::Id(id), 2).unwrap();
    }
    assert_eq!(disk.picture(), before);
}
