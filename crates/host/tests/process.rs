//! The lock of a state directory, and a process that becomes a user for good.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise, also in its helpers")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use sshmend_host::{Account, LockError, Machine, become_user};

#[test]
fn the_second_one_is_told_who_holds_the_lock() {
    let state = tempfile::tempdir().unwrap();
    let machine = Machine::live();
    let held = machine.lock(state.path(), "sshmend fix, in a test").unwrap();
    let Err(LockError::Held { holder, .. }) = machine.lock(state.path(), "another") else { panic!("it is held") };
    assert_eq!(holder, format!("process {}: sshmend fix, in a test", std::process::id()));
    let inode = fs::metadata(state.path().join("lock")).unwrap().ino();
    drop(held);
    drop(machine.lock(state.path(), "another").unwrap());
    assert_eq!(fs::metadata(state.path().join("lock")).unwrap().ino(), inode, "the file was replaced");
}

#[test]
fn a_lock_needs_its_directory() {
    let state = tempfile::tempdir().unwrap();
    let error = Machine::live().lock(&state.path().join("none"), "x").expect_err("no directory");
    assert!(matches!(error, LockError::File(_)));
}

#[test]
fn accounts_are_known_by_name_and_by_number() {
    let root = Account::named("root").expect("every machine has one");
    assert_eq!((root.uid, Account::of_uid(0)), (0, Some(root.clone())));
    assert_eq!(Account::named("no such account here"), None);
}

/// Changing the user changes the whole process: the test runs itself once more and looks at what became of it.
#[test]
fn becoming_a_user_is_for_good() {
    const CHILD: &str = "SSHMEND_TEST_BECOME";
    if std::env::var_os(CHILD).is_some() {
        return become_nobody();
    }
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("not checked: needs root");
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "becoming_a_user_is_for_good", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}

fn become_nobody() {
    let nobody = Account::named("nobody").expect("every machine has one");
    become_user(&nobody).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let four = |id: u32| [id.to_string(), id.to_string(), id.to_string(), id.to_string()].join("\t");
    assert_eq!((field("Uid:"), field("Gid:")), (four(nobody.uid), four(nobody.gid)));
    assert!(!field("Groups:").split(' ').any(|group| group == "0"), "{}", field("Groups:"));
    assert_eq!(field("CapEff:"), "0000000000000000");
    assert!(fs::read("/etc/shadow").is_err());
    assert!(nix::unistd::setuid(nix::unistd::Uid::from_raw(0)).is_err());
    let seen = Machine::live().read(std::path::Path::new("/etc/hostname"));
    assert_eq!(seen.map(|it| it.map(|it| it.target)).unwrap().as_deref(), Some(std::path::Path::new("/etc/hostname")));
}
