//! `fix` without a subcommand: the findings of a diagnosis, as one plan.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use expect_test::expect;

use crate::disk::Disk;

/// A machine on which nobody gets a shell, and hardly anybody can log in.
fn disk() -> Disk {
    with_keys("MaxSessions 0\nMaxAuthTries 0\n")
}

fn with_keys(config: &str) -> Disk {
    let disk = Disk::new(&format!(
        "//- /etc/ssh/sshd_config\n{config}//- /usr/sbin/sshd\nno program\n"
    ));
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let path = format!("/etc/ssh/ssh_host_{kind}_key");
        disk.write(
            &path,
            "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n",
        );
        fs::set_permissions(disk.path(&path), fs::Permissions::from_mode(0o600)).expect("ours");
    }
    disk
}

#[test]
fn the_remedies_are_only_listed_without_a_terminal() {
    let disk = disk();
    let said = disk.run("fix");
    assert_eq!(said.code, 2);
    assert!(said.stdout.contains("[max-sessions]"), "{}", said.stdout);
    let hint = "--yes mends what is certain; or run one of them: \
                `sshmend fix sshd-config MaxSessions=10 --root DISK`; `sshmend fix sshd-config MaxAuthTries=6 --root DISK`\n";
    assert!(said.stderr.ends_with(hint), "{}", said.stderr);
    assert_eq!(
        disk.read("/etc/ssh/sshd_config").as_deref(),
        Some("MaxSessions 0\nMaxAuthTries 0\n")
    );
    assert_eq!(
        disk.run("fix --format json").json()["error"]["exit_code"],
        2
    );
}

#[test]
fn a_printed_remedy_for_a_disk_repairs_that_disk() {
    let disk = disk();
    let argv = disk.run("diagnose --format json").json()["findings"][0]["remedy"]["argv"].clone();
    assert_eq!(
        argv,
        serde_json::json!([
            "sshmend",
            "fix",
            "sshd-config",
            "MaxSessions=10",
            "--root",
            "DISK"
        ])
    );
    assert!(
        disk.run("diagnose")
            .stdout
            .contains("mend: sshmend fix sshd-config MaxSessions=10 --root DISK\n")
    );
    assert_eq!(disk.run("fix sshd-config MaxSessions=10 --yes").code, 0);
    assert_ne!(
        disk.run("diagnose --format json").json()["findings"][0]["remedy"]["argv"],
        argv
    );
}

#[test]
fn certain_findings_are_repaired_and_others_are_listed() {
    let disk = disk();
    assert_eq!(disk.run("fix --dry-run").code, 1);
    let said = disk.run("fix --yes");
    let told = "note:   likely, MaxAuthTries 0 does not allow a second key; \
                mend: `sshmend fix sshd-config MaxAuthTries=6 --root DISK` [max-auth-tries]\n";
    assert!(
        said.code == 0 && said.stdout.contains("effect: maxsessions 0 -> 10\n"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains(told), "{}", said.stdout);
    assert_eq!(
        disk.read("/etc/ssh/sshd_config").as_deref(),
        Some("MaxSessions 10\nMaxAuthTries 0\n")
    );
    let again = disk.run("fix --yes");
    assert!(
        again.code == 0 && again.stdout.starts_with("nothing to change: "),
        "{}",
        again.stdout
    );
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(
        disk.read("/etc/ssh/sshd_config").as_deref(),
        Some("MaxSessions 0\nMaxAuthTries 0\n")
    );
}

#[test]
fn several_faults_are_repaired_in_one_transaction() {
    let disk =
        Disk::new("//- /etc/ssh/sshd_config\nMaxSessions 0\n//- /usr/sbin/sshd\nno program\n");
    if fs::metadata(disk.path("/usr/sbin/sshd"))
        .expect("it is there")
        .uid()
        != 0
    {
        return;
    }
    let said = disk.run("fix --yes --format json").json();
    assert_eq!(said["files"].as_array().map(Vec::len), Some(7), "{said}");
    assert_eq!(
        disk.run("history --format json").json()["transactions"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(disk.run("fix --yes --format json").json()["changed"], false);
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(disk.read("/etc/ssh/ssh_host_rsa_key"), None);
    assert_eq!(
        disk.read("/etc/ssh/sshd_config").as_deref(),
        Some("MaxSessions 0\n")
    );
}

#[test]
fn client_and_user_flags_require_a_diagnosis() {
    let disk = disk();
    assert_eq!(disk.run("fix --client 203.0.113.7 --yes").code, 0);
    disk.run("fix --client 203.0.113.7 sshd-config MaxSessions=5 --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: --client and --user are for a diagnosis: leave out what follows them, or them
    "#]]);
}

#[test]
fn fix_changes_nothing_on_a_healthy_machine() {
    let disk = with_keys("Port 22\n");
    let said = disk.run("fix");
    assert_eq!(
        (said.code, said.stdout.lines().next()),
        (
            0,
            Some("nothing to change: no certain finding can be mended")
        )
    );
}
