//! `history`, `rollback` and `recover`.

use expect_test::expect;

use crate::disk::Disk;

fn changed() -> Disk {
    let disk = Disk::new("//- /etc/hosts.allow\n# first\n//- /etc/hosts.deny\nALL: ALL\n");
    assert_eq!(disk.run("fix hosts-access --allow 192.0.2.7 --yes").code, 0);
    disk
}

#[test]
fn transactions_are_listed_and_shown() {
    let disk = changed();
    let said = disk.run("history");
    let words: Vec<&str> = said.stdout.split_whitespace().collect();
    assert_eq!((said.code, said.stdout.lines().count()), (0, 1));
    assert_eq!(words[..2], ["ID", "done"], "{}", said.stdout);
    let days = words[2].split('-').map(str::len).collect::<Vec<_>>();
    assert_eq!((days, words[3].split(':').count()), (vec![4, 2, 2], 3));
    for part in [" ago  ", "let 192.0.2.7 in  /etc/hosts.allow\n"] {
        let now = said.stdout.replace(" now  ", " 0 s ago  ");
        assert!(now.contains(part), "{now}");
    }
    let history = disk.run("history --format json").json();
    assert_eq!(
        history["transactions"][0]["files"],
        serde_json::json!(["/etc/hosts.allow"])
    );
    Disk::new("").run("history").check(&expect![[r#"
        exit 0
        nothing was changed yet
        --
    "#]]);
}

#[test]
fn a_rollback_restores_the_bytes_and_can_itself_be_undone() {
    let disk = changed();
    let after = disk.read("/etc/hosts.allow");
    disk.run("rollback --dry-run").check(&expect![[r#"
        exit 1
        --- /etc/hosts.allow
        +++ /etc/hosts.allow
        @@ -1,2 +1 @@
         # first
        -sshd: 192.0.2.7
        --
    "#]]);
    assert_eq!(disk.read("/etc/hosts.allow"), after);
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(disk.read("/etc/hosts.allow").as_deref(), Some("# first\n"));
    disk.run("rollback --yes").check(&expect![[r#"
        exit 0
        nothing to change: undo ID: let 192.0.2.7 in
        --
    "#]]);
}

#[test]
fn a_later_edit_is_shown_and_not_overwritten() {
    let disk = changed();
    disk.write("/etc/hosts.allow", "# first\nsshd: 192.0.2.7\n# mine\n");
    disk.run("rollback --yes").check(&expect![[r#"
        exit 2
        # /etc/hosts.allow: what the transaction had changed
        --- /etc/hosts.allow
        +++ /etc/hosts.allow
        @@ -1 +1,2 @@
         # first
        +sshd: 192.0.2.7
        # /etc/hosts.allow: what was edited since
        --- /etc/hosts.allow
        +++ /etc/hosts.allow
        @@ -1,2 +1,3 @@
         # first
         sshd: 192.0.2.7
        +# mine
        --
        error: nothing was changed: files of ID were edited since
        hint: undo the change by hand, or undo the later edit first
    "#]]);
    assert!(
        disk.read("/etc/hosts.allow")
            .is_some_and(|text| text.ends_with("# mine\n"))
    );
}

#[test]
fn nothing_to_undo_is_reported() {
    Disk::new("").run("rollback --yes").check(&expect![[r#"
        exit 2
        --
        error: no transaction to roll back
        hint: sshmend history --root DISK lists what was done
    "#]]);
    Disk::new("")
        .run("rollback 20260101T000000.000000Z --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: no transaction ID
        hint: sshmend history --root DISK lists them
    "#]]);
    Disk::new("")
        .run("rollback ../../etc --yes")
        .check(&expect![[r#"
        exit 2
        --
        error: "../../etc" is not a transaction id, which looks like ID
        hint: sshmend history --root DISK lists them
    "#]]);
    Disk::new("").run("recover").check(&expect![[r#"
        exit 0
        nothing to recover
        --
    "#]]);
}

#[test]
fn a_damaged_record_does_not_hide_others() {
    let disk = changed();
    disk.write(
        "/var/lib/sshmend/transactions/20990101T000000.000000Z/transaction.toml",
        "not toml [",
    );
    let said = disk.run("history");
    assert_eq!(said.code, 0);
    assert!(said.stdout.contains("let 192.0.2.7 in"), "{}", said.stdout);
    assert!(said.stdout.contains("transaction.toml"), "{}", said.stdout);
}

/// Each file of the record exists, and nothing is known about the daemon.
fn cut_off(disk: &Disk, state: &str) -> String {
    let directory = std::fs::read_dir(disk.path("/var/lib/sshmend/transactions"))
        .expect("a transaction")
        .next();
    let id = directory
        .expect("one")
        .expect("readable")
        .file_name()
        .into_string()
        .expect("a time");
    let record = format!("/var/lib/sshmend/transactions/{id}/transaction.toml");
    let text = disk
        .read(&record)
        .expect("a record")
        .replace("state = \"done\"", &format!("state = \"{state}\""));
    disk.write(&record, text);
    id
}

#[test]
fn interrupted_transactions_are_recovered_before_anything_else() {
    for (state, allow) in [
        ("prepared", "# first\n"),
        ("committed", "# first\nsshd: 192.0.2.7\n"),
    ] {
        let disk = changed();
        cut_off(&disk, state);
        let refused = disk.run("fix hosts-access --allow 192.0.2.8 --yes");
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(
            refused.stderr.contains("hint: run sshmend recover --root"),
            "{}",
            refused.stderr
        );
        assert_eq!(disk.run("recover --dry-run").code, 1);
        assert_eq!(disk.run("recover").code, 0, "{state}");
        assert_eq!(
            disk.read("/etc/hosts.allow").as_deref(),
            Some(allow),
            "{state}"
        );
        assert_eq!(disk.run("recover").stdout, "nothing to recover\n");
    }
}

#[test]
fn an_unreadable_journal_is_named_until_it_is_forgotten() {
    let damages: [fn(&str) -> String; 3] = [
        |text| text.replace("version = 1", "version = 2"),
        |_| String::new(),
        |text| text[..text.len() / 2].to_owned(),
    ];
    for damage in damages {
        let disk = changed();
        let id = cut_off(&disk, "prepared");
        let record = format!("/var/lib/sshmend/transactions/{id}/transaction.toml");
        disk.write(&record, damage(&disk.read(&record).expect("a record")));
        for _ in 0..2 {
            let said = disk.run("recover");
            assert_eq!(said.code, 4, "{}", said.stderr);
            assert!(
                said.stderr
                    .contains("RECOVERY FAILED, what transaction ID changed cannot be read"),
                "{}",
                said.stderr
            );
            assert_eq!(
                disk.run("recover --format json").json()["error"]["exit_code"],
                4
            );
            let refused = disk.run("fix hosts-access --allow 192.0.2.8 --yes");
            assert_eq!(refused.code, 2, "{}", refused.stderr);
            assert!(
                refused.stderr.contains("--forget ID`"),
                "{}",
                refused.stderr
            );
        }
        assert_eq!(
            disk.run(&format!("recover --forget {id} --dry-run")).code,
            1
        );
        assert_eq!(
            disk.run(&format!("recover --forget {id}")).code,
            2,
            "nobody can be asked"
        );
        assert_eq!(disk.run("recover").code, 4);
        assert_eq!(disk.run(&format!("recover --forget {id} --yes")).code, 0);
        assert_eq!(disk.run("recover").stdout, "nothing to recover\n");
        assert!(disk.run("history").stdout.contains("ID given up"));
        assert_eq!(disk.run("fix hosts-access --allow 192.0.2.8 --yes").code, 0);
    }
}

#[test]
fn a_change_that_could_not_be_printed_is_distinguished_from_one_not_made() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    let fix = |words: &[&str]| {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a device of Linux");
        let root = disk.path("/");
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_sshmend"))
            .args([
                "fix",
                "hosts-access",
                "--allow",
                "192.0.2.7",
                "--root",
                root.to_str().expect("a plain path"),
            ])
            .args(words)
            .stdout(full)
            .stderr(std::process::Stdio::null())
            .status();
        status.expect("it runs").code()
    };
    assert_eq!(fix(&["--dry-run", "--format", "json"]), Some(2));
    // The preview comes before the change, and cannot be printed.
    assert_eq!(
        (fix(&["--yes"]), disk.read("/etc/hosts.allow")),
        (Some(2), None)
    );
    assert_eq!(fix(&["--yes", "--format", "json"]), Some(5));
    assert_eq!(
        disk.read("/etc/hosts.allow").as_deref(),
        Some("sshd: 192.0.2.7\n")
    );
}

/// The names of all transactions, the newest last.
fn names(disk: &Disk) -> Vec<String> {
    let folder = std::fs::read_dir(disk.path("/var/lib/sshmend/transactions"));
    let names = folder
        .expect("transactions")
        .map(|entry| entry.expect("readable").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.into_string().expect("a time"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_rollback_of_an_older_change_names_the_later_change_that_prevents_it() {
    let disk = changed();
    assert_eq!(disk.run("fix hosts-access --allow 192.0.2.8 --yes").code, 0);
    let ids = names(&disk);
    let refused = disk.run(&format!("rollback {} --yes", ids[0]));
    assert_eq!(refused.code, 2);
    let hint = "hint: a later change of the same file prevents this: let 192.0.2.8 in; undo it first: `sshmend rollback ID --root DISK`";
    assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    assert_eq!(disk.run("rollback --yes").code, 0);
    let again = disk.run("rollback --yes");
    assert_eq!(again.code, 0);
    let hint = "hint: the newest change is undone already; the one before it (let 192.0.2.7 in): sshmend rollback ID --root DISK";
    assert!(again.stderr.contains(hint), "{}", again.stderr);
    assert_eq!(disk.run(&format!("rollback {} --yes", ids[0])).code, 0);
    assert_eq!(disk.read("/etc/hosts.allow").as_deref(), Some("# first\n"));
}

#[test]
fn a_unique_prefix_of_an_id_is_enough() {
    let disk = changed();
    let name = names(&disk).remove(0);
    let shown = disk.run(&format!("history {}", &name[..15]));
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert!(
        shown.stdout.contains("+sshd: 192.0.2.7"),
        "{}",
        shown.stdout
    );
    assert_eq!(disk.run(&format!("rollback {} --yes", &name[..9])).code, 0);
    for (begins, told) in [
        (
            "2",
            "several transactions have names that begin with 2: ID and ID",
        ),
        ("19", "no transaction whose name begins with \"19\""),
        ("2026-", "\"2026-\" is not a transaction id"),
    ] {
        let refused = disk.run(&format!("rollback {begins} --yes"));
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
    }
}

#[test]
fn redo_and_rollback_can_alternate() {
    let disk = changed();
    let with = disk.read("/etc/hosts.allow");
    assert_eq!(disk.run("redo --yes").code, 2, "nothing was undone yet");
    for _ in 0..2 {
        assert_eq!(disk.run("rollback --yes").code, 0);
        assert_eq!(disk.read("/etc/hosts.allow").as_deref(), Some("# first\n"));
        assert_eq!(disk.run("redo --dry-run").code, 1);
        assert_eq!(disk.run("redo --yes").code, 0);
        assert_eq!(disk.read("/etc/hosts.allow"), with);
        assert_eq!(disk.run("redo --yes").code, 2, "once is enough");
    }
}

#[test]
fn old_transactions_are_pruned_unless_a_rollback_may_need_them() {
    let disk = changed();
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(disk.run("fix hosts-access --allow 192.0.2.9 --yes").code, 0);
    let none = disk.run("history --prune");
    assert!(
        none.stdout.starts_with("nothing to remove from before 20"),
        "{}",
        none.stdout
    );
    assert_eq!(disk.run("history --prune 0s --dry-run").code, 1);
    assert_eq!(names(&disk).len(), 3);
    let json = disk.run("history --prune 0s --format json").json();
    assert_eq!(json["transactions"].as_array().map(Vec::len), Some(2));
    assert_eq!(names(&disk).len(), 1);
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(disk.read("/etc/hosts.allow").as_deref(), Some("# first\n"));
    assert_eq!(disk.run("history --prune -3d").code, 2);
    assert_eq!(disk.run("history --prune soon").code, 2);
}

#[test]
fn the_lock_holder_is_named_and_waited_for() {
    let disk = changed();
    let lock = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(disk.path("/var/lib/sshmend/lock"))
        .expect("a lock");
    lock.lock().expect("nobody has it");
    let held = disk.run("fix hosts-access --allow 192.0.2.8 --yes");
    assert_eq!(held.code, 2);
    // The text is that of its last holder.
    assert!(
        held.stderr
            .contains("/var/lib/sshmend/lock: held by process ")
            && held.stderr.contains(" since 20")
            && held
                .stderr
                .contains(": let 192.0.2.7 in\nhint: --wait 1m waits for it to end"),
        "{}",
        held.stderr
    );
    assert_eq!(
        disk.run("fix hosts-access --allow 192.0.2.8 --yes --wait 1s")
            .code,
        2
    );
    let waits = std::thread::scope(|scope| {
        let waits = scope.spawn(|| disk.run("fix hosts-access --allow 192.0.2.8 --yes --wait 1m"));
        std::thread::sleep(std::time::Duration::from_millis(700));
        lock.unlock().expect("it was had");
        waits.join().expect("it ends")
    });
    assert_eq!(waits.code, 0, "{}", waits.stderr);
    assert!(waits.stderr.contains("waiting: "), "{}", waits.stderr);
}

#[test]
fn the_boot_recovers_after_recover_was_installed() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    assert_eq!(disk.run("recover --install --dry-run").code, 1);
    assert_eq!(disk.run("recover --install").code, 2, "nobody can be asked");
    assert_eq!(disk.run("recover --install --yes").code, 0);
    let unit = disk
        .read("/etc/systemd/system/sshmend-recover.service")
        .expect("a unit");
    let program = env!("CARGO_BIN_EXE_sshmend");
    assert!(
        unit.contains(&format!("ExecStart={program} recover --boot")),
        "{unit}"
    );
    assert_eq!(
        disk.run("recover --install --yes").code,
        0,
        "it is there already"
    );
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert!(!disk.path("/etc/systemd").exists());
    // If a package has installed the unit, it only has to be enabled.
    disk.write(
        "/usr/lib/systemd/system/sshmend-recover.service",
        "[Unit]\n",
    );
    assert_eq!(disk.run("recover --install --yes").code, 0);
    assert!(
        !disk
            .path("/etc/systemd/system/sshmend-recover.service")
            .exists()
    );
    assert!(
        disk.path("/etc/systemd/system/multi-user.target.d/sshmend-recover.conf")
            .exists()
    );
    // One from before the package hides the package's.
    let own = "/etc/systemd/system/sshmend-recover.service";
    disk.write(own, "[Service]\nExecStart=/gone/sshmend recover --boot\n");
    assert_eq!(disk.run("recover --install --yes").code, 0);
    let unit = disk.read(own).expect("a unit");
    assert!(
        unit.contains(&format!("ExecStart={program} recover --boot")),
        "{unit}"
    );
}
