//! Transactions that were interrupted, are damaged, or were abandoned.

use std::fs;

use crate::common::{
    STATE, TakenBack, TestDisk, Which, apply, intent, recovered, roll_back, states, store,
};
use sshmend_transaction::{
    Cause, Id, Journal, JournalError, Past, PrepareError, RecoverError, Recovered, RollBackError,
    State,
};

#[test]
fn an_abandoned_transaction_blocks_nothing() {
    let disk = TestDisk::new();
    let before = disk.picture();
    let store = store(&disk.machine);
    store
        .prepare(disk.captured(), &intent(0))
        .unwrap()
        .abandon();
    // A transaction that never changed a file is not part of the history.
    assert_eq!((disk.picture(), states(&disk)), (before, vec![]));
    store
        .prepare(disk.captured(), &intent(1))
        .unwrap()
        .commit()
        .unwrap()
        .finish()
        .unwrap();
}

#[test]
fn an_interrupted_transaction_must_be_recovered_first() {
    let disk = TestDisk::new();
    let before = disk.picture();
    let store = store(&disk.machine);
    let cut_off = store.prepare(disk.captured(), &intent(0)).unwrap();
    let id = cut_off.id().clone();
    drop(cut_off);
    let error = store.prepare(disk.captured(), &intent(1)).unwrap_err();
    assert_eq!(error, PrepareError::Unfinished(id.clone()));
    let mut asked = 0;
    let recovered = store.recover(&mut |_, _| {
        asked += 1;
        false
    });
    assert_eq!(
        recovered.unwrap(),
        [Recovered::RolledBack {
            id,
            files: vec![],
            left: vec![]
        }]
    );
    assert_eq!(
        asked, 0,
        "no file had changed: what is in force was never anything else"
    );
    assert_eq!(store.recover(&mut |_, _| true).unwrap(), []);
    assert_eq!(
        (disk.picture(), states(&disk)),
        (before, vec![(State::RolledBack, None)])
    );
    store
        .prepare(disk.captured(), &intent(2))
        .unwrap()
        .commit()
        .unwrap()
        .finish()
        .unwrap();
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one history with every kind of damage"
)]
fn a_damaged_transaction_does_not_hide_others() {
    let disk = TestDisk::new();
    let record = apply(&disk, 0);
    for (name, toml) in [
        ("20260801T130000.000000Z", "no toml at all"),
        ("20260801T140000.000000Z", "version = 9"),
        ("lost+found", ""),
    ] {
        let directory = disk.at(&format!("{STATE}/transactions/{name}"));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("transaction.toml"), toml).unwrap();
    }
    let renamed = disk.at(&format!("{STATE}/transactions/20260801T150000.000000Z"));
    fs::create_dir_all(&renamed).unwrap();
    fs::copy(
        disk.at(&format!(
            "{STATE}/transactions/{}/transaction.toml",
            record.id
        )),
        renamed.join("transaction.toml"),
    )
    .unwrap();
    fs::create_dir_all(disk.at(&format!(
        "{STATE}/transactions/20260801T160000.000000Z/before"
    )))
    .unwrap();

    let past = Journal::new(&disk.machine, STATE).history().unwrap();
    let told: Vec<_> = past
        .iter()
        .map(|past| match past {
            Past::Record(record) => format!("record {}", record.id),
            Past::Abandoned(id) => format!("abandoned {id}"),
            Past::Forgotten(id) => format!("forgotten {id}"),
            Past::Damaged(damaged) => {
                format!("damaged {}", damaged.path.file_name().unwrap().display())
            }
        })
        .collect();
    let expected = [
        "record 20260801T120000.000000Z",
        "damaged transaction.toml",
        "damaged transaction.toml",
        "damaged transaction.toml",
        "abandoned 20260801T160000.000000Z",
        "damaged lost+found",
    ];
    assert_eq!(told, expected);
    let refused = roll_back(&disk, &Which::Latest, 1).unwrap_err();
    assert!(
        matches!(refused, RollBackError::Prepare(PrepareError::Damaged(_))),
        "{refused}"
    );
    for name in [
        "20260801T150000.000000Z",
        "20260801T140000.000000Z",
        "20260801T130000.000000Z",
    ] {
        let id: Id = name.parse().unwrap();
        let error = recovered(&disk.machine).unwrap_err();
        assert!(
            matches!(&error, RecoverError::Damaged { id: named, .. } if *named == id),
            "{error}"
        );
        store(&disk.machine).forget(&id).unwrap();
        assert!(matches!(
            store(&disk.machine).journal().find(&id).unwrap(),
            Past::Forgotten(_)
        ));
        assert_eq!(
            store(&disk.machine).forget(&id).unwrap_err(),
            JournalError::Ended(id)
        );
    }
    assert!(
        !disk
            .at(&format!("{STATE}/transactions/20260801T160000.000000Z"))
            .exists()
    );
    assert_eq!(recovered(&disk.machine).unwrap(), []);
    assert!(
        matches!(roll_back(&disk, &Which::Latest, 1).unwrap(), TakenBack::Now { id, .. } if id == record.id)
    );
    assert_eq!(
        store(&disk.machine).forget(&record.id).unwrap_err(),
        JournalError::Ended(record.id)
    );
}

#[test]
fn an_unrecoverable_transaction_blocks_until_it_is_forgotten() {
    type Break = fn(&TestDisk, &str);
    let cases: [(&str, Break); 4] = [
        ("no record", |disk, at| {
            fs::remove_file(disk.at(&format!("{at}/transaction.toml"))).unwrap();
        }),
        ("an empty record", |disk, at| {
            disk.write(&format!("{at}/transaction.toml"), "", 0o600);
        }),
        ("bytes that are missing", |disk, at| {
            fs::remove_file(disk.at(&format!("{at}/before/2"))).unwrap();
        }),
        ("an edit since", |disk, _| {
            disk.write("/srv/hosts.allow", "theirs\n", 0o644);
        }),
    ];
    for (case, damage) in cases {
        let disk = TestDisk::new();
        let cut_off = store(&disk.machine)
            .prepare(disk.captured(), &intent(0))
            .unwrap()
            .id()
            .clone();
        disk.write("/etc/ssh/sshd_config", "new main\n", 0o600);
        damage(&disk, &format!("{STATE}/transactions/{cut_off}"));
        let picture = disk.picture();
        for _ in 0..2 {
            let error = recovered(&disk.machine).unwrap_err();
            assert!(
                error.to_string().starts_with("RECOVERY FAILED"),
                "{case}: {error}"
            );
            let refused = store(&disk.machine)
                .prepare(disk.captured_now(), &intent(1))
                .unwrap_err();
            assert!(
                matches!(
                    refused,
                    PrepareError::Unfinished(_) | PrepareError::Damaged(_)
                ),
                "{case}: {refused}"
            );
        }
        store(&disk.machine).forget(&cut_off).unwrap();
        assert_eq!(disk.picture(), picture, "{case}: giving up changes nothing");
        assert_eq!(recovered(&disk.machine).unwrap(), [], "{case}");
        store(&disk.machine)
            .prepare(disk.captured_now(), &intent(1))
            .unwrap()
            .commit()
            .unwrap()
            .finish()
            .unwrap();
    }
}

#[test]
fn stored_bytes_that_differ_from_their_digest_are_not_restored() {
    let disk = TestDisk::new();
    let record = apply(&disk, 0);
    let after = disk.picture();
    disk.write(
        &format!("{STATE}/transactions/{}/before/1", record.id),
        "forged\n",
        0o600,
    );
    let error = roll_back(&disk, &Which::Latest, 1).unwrap_err();
    let RollBackError::Prepare(PrepareError::Cause(Cause::Journal(JournalError::Damaged(damaged)))) =
        error
    else {
        panic!("{error}")
    };
    assert!(damaged.path.ends_with("before/1"), "{damaged}");
    assert_eq!(disk.picture(), after);
}

#[test]
fn an_unknown_transaction_is_reported() {
    let disk = TestDisk::new();
    let id: Id = "20200101T000000.000000Z".parse().unwrap();
    let error = roll_back(&disk, &Which::Id(id.clone()), 0).unwrap_err();
    assert_eq!(error, RollBackError::Journal(JournalError::Unknown(id)));
}
