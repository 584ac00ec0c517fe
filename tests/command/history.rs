//! `history`, `rollback` and `recover`.

use expect_test::expect;

use crate::disk::Disk;

fn changed() -> Disk {
    let disk = Disk::new("//- /etc/hosts.allow\n# first\n//- /etc/hosts.deny\nALL: ALL\n");
    assert_eq!(disk.run("fix hosts-access --allow 192.0.2.7 --yes").code, 0);
    disk
}

#[test]
fn what_was_done_is_listed_and_shown() {
    let disk = changed();
    disk.run("history").check(&expect![[r#"
        exit 0
        ID done let 192.0.2.7 in (1 file)
        --
    "#]]);
    let history = disk.run("history --format json").json();
    assert_eq!(history["transactions"][0]["files"], serde_json::json!(["/etc/hosts.allow"]));
    Disk::new("").run("history").check(&expect![[r#"
        exit 0
        nothing was changed yet
        --
    "#]]);
}

#[test]
fn the_way_back_restores_the_bytes_and_can_itself_be_taken_back() {
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
        nothing to change: take back ID: let 192.0.2.7 in
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
        hint: take the change back by hand, or undo the later edit first
    "#]]);
    assert!(disk.read("/etc/hosts.allow").is_some_and(|text| text.ends_with("# mine\n")));
}

#[test]
fn nothing_to_take_back_is_said() {
    Disk::new("").run("rollback --yes").check(&expect![[r#"
        exit 2
        --
        error: no transaction to roll back
        hint: sshmend history lists what was done
    "#]]);
    Disk::new("").run("rollback 20260101T000000.000000Z --yes").check(&expect![[r#"
        exit 2
        --
        error: no transaction ID
        hint: sshmend history lists them
    "#]]);
    Disk::new("").run("rollback ../../etc --yes").check(&expect![[r#"
        exit 2
        --
        error: "../../etc" is no transaction id, which looks like ID
        hint: sshmend history lists them
    "#]]);
    Disk::new("").run("recover").check(&expect![[r#"
        exit 0
        nothing to recover
        --
    "#]]);
}

#[test]
fn a_damaged_record_hides_no_other() {
    let disk = changed();
    disk.write("/var/lib/sshmend/transactions/20990101T000000.000000Z/transaction.toml", "not toml [");
    let said = disk.run("history");
    assert_eq!(said.code, 0);
    assert!(said.stdout.contains("let 192.0.2.7 in"), "{}", said.stdout);
    assert!(said.stdout.contains("transaction.toml"), "{}", said.stdout);
}
