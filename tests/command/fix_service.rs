//! `fix host-keys`, `fix privsep-directory`, `fix service` and `fix log-level`, as far as a mounted disk shows them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use expect_test::expect;

use crate::disk::Disk;

const KEY: &str =
    "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n";

/// A disk with one host key missing and one readable by everybody; `None` without the right to give
/// files to root.
fn disk() -> Option<Disk> {
    let config = "HostKey /etc/ssh/ssh_host_ed25519_key\nHostKey /etc/ssh/ssh_host_rsa_key\n";
    let disk = Disk::new(&format!(
        "//- /etc/ssh/sshd_config\n{config}//- /etc/hostname\nweb1\n"
    ));
    disk.write("/etc/ssh/ssh_host_rsa_key", KEY);
    let meta = fs::metadata(disk.path("/etc/ssh/ssh_host_rsa_key")).expect("it is there");
    (meta.uid() == 0).then_some(disk)
}

fn mode(disk: &Disk, path: &str) -> u32 {
    fs::metadata(disk.path(path))
        .expect("it is there")
        .permissions()
        .mode()
        & 0o7777
}

#[test]
fn generating_and_protecting_host_keys_can_be_undone() {
    let Some(disk) = disk() else { return };
    let said = disk.run("fix host-keys --yes");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let made = disk
        .read("/etc/ssh/ssh_host_ed25519_key")
        .expect("it was made");
    let public = disk
        .read("/etc/ssh/ssh_host_ed25519_key.pub")
        .expect("it was made");
    assert!(made.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    assert!(
        public.starts_with("ssh-ed25519 ") && public.ends_with(" root@web1\n"),
        "{public}"
    );
    let files = [
        "/etc/ssh/ssh_host_ed25519_key",
        "/etc/ssh/ssh_host_ed25519_key.pub",
        "/etc/ssh/ssh_host_rsa_key",
    ];
    assert_eq!(files.map(|path| mode(&disk, path)), [0o600, 0o644, 0o600]);
    assert_eq!(disk.read("/etc/ssh/ssh_host_rsa_key").as_deref(), Some(KEY));

    let again = disk.run("fix host-keys --yes --format json");
    assert_eq!(
        (again.code, again.json()["changed"].as_bool()),
        (0, Some(false))
    );
    assert_eq!(disk.run("rollback --yes").code, 0);
    assert_eq!(
        (
            disk.read(files[0]),
            disk.read(files[1]),
            mode(&disk, files[2])
        ),
        (None, None, 0o644)
    );
}

#[test]
fn private_keys_are_never_shown() {
    let Some(disk) = disk() else { return };
    let told = "# /etc/ssh/ssh_host_ed25519_key: a private key of 399 bytes, which are not shown\n";
    let dry = disk.run("fix host-keys --dry-run");
    assert!(
        dry.code == 1 && dry.stdout.starts_with(told),
        "{}",
        dry.stdout
    );
    let json = disk.run("fix host-keys --yes --format json");
    assert_eq!(json.json()["files"][2]["before"]["mode"], "0644");
    assert_eq!(json.json()["files"][2]["after"]["mode"], "0600");
    let id = json.json()["transaction"]
        .as_str()
        .expect("one was made")
        .to_owned();
    assert_eq!(id, "ID");
    let history = disk.run("rollback --dry-run");
    for said in [&dry, &json, &history] {
        assert!(
            !format!("{}{}", said.stdout, said.stderr).contains("PRIVATE KEY"),
            "{}",
            said.stdout
        );
    }
    assert!(
        history
            .stdout
            .contains("# /etc/ssh/ssh_host_rsa_key: mode 0600 -> 0644\n"),
        "{}",
        history.stdout
    );
}

#[test]
fn a_mode_that_was_changed_since_is_reported_and_kept() {
    let Some(disk) = disk() else { return };
    assert_eq!(disk.run("fix host-keys --yes").code, 0);
    fs::set_permissions(
        disk.path("/etc/ssh/ssh_host_rsa_key"),
        fs::Permissions::from_mode(0o640),
    )
    .expect("ours");
    let said = disk.run("rollback --yes");
    assert_eq!(
        (said.code, mode(&disk, "/etc/ssh/ssh_host_rsa_key")),
        (2, 0o640)
    );
    assert!(
        said.stdout
            .ends_with("mode 0644 before, 0600 after, 0640 now\n"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_file_that_is_not_a_key_is_not_overwritten() {
    let disk = Disk::new(
        "//- /etc/ssh/sshd_config\nHostKey /etc/ssh/a_rsa_key\n//- /etc/ssh/a_rsa_key\nnotes\n",
    );
    disk.run("fix host-keys --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: /etc/ssh/a_rsa_key: it does not contain a private key, and is not overwritten: move it away
        hint: create it by hand: ssh-keygen -t ed25519 -N '' -f FILE; existing files are never overwritten
    "#]]);
}

#[test]
fn live_only_commands_are_refused_below_root() {
    let disk = Disk::new("//- /etc/ssh/sshd_config\nPort 22\n");
    disk.run("fix service --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: no service of a mounted disk can be started
        hint: systemctl --root=DISK enable sshd.service has it started at its next boot
    "#]]);
    disk.run("fix privsep-directory --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: the directory is not known
        hint: run it with sudo, on the running machine
    "#]]);
    disk.run("fix log-level --for 5m --yes").check(&expect![[r#"
        exit 2
        --
        error: nothing was changed: below --root nothing would undo it
        hint: sshmend fix sshd-config LogLevel=VERBOSE --root DISK sets it, and sshmend rollback undoes it
    "#]]);
    assert_eq!(
        disk.read("/etc/ssh/sshd_config").as_deref(),
        Some("Port 22\n")
    );
}

#[test]
fn a_sufficient_log_level_is_kept_and_an_unknown_one_is_refused() {
    let disk = Disk::new("//- /etc/ssh/sshd_config\nLogLevel DEBUG\n");
    assert_eq!(disk.run("fix log-level --yes").code, 0);
    assert_eq!(disk.run("fix log-level LOUD --yes").code, 2);
    assert_eq!(disk.run("fix log-level --for 0s --yes").code, 2);
}
