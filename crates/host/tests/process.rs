//! The lock of a state directory, and a process that permanently becomes a user.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, also in its helpers"
)]

#[path = "shared/again.rs"]
mod again;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};

use again::run_again;
use nix::sys::stat::{Mode, SFlag, mknod};
use nix::unistd::mkfifo;
use sshmend_host::{Account, LockError, Machine, Why, become_user};

#[test]
fn the_second_process_is_told_who_holds_the_lock() {
    let state = tempfile::tempdir().unwrap();
    let machine = Machine::live();
    let held = machine
        .lock(state.path(), "sshmend fix, in a test")
        .unwrap();
    let Err(LockError::Held { holder, .. }) = machine.lock(state.path(), "another") else {
        panic!("it is held")
    };
    let before_time = format!("process {} since ", std::process::id());
    let time = holder
        .strip_prefix(&before_time)
        .and_then(|rest| rest.strip_suffix(": sshmend fix, in a test"));
    assert!(time.is_some_and(|time| time.starts_with("20")), "{holder}");
    let inode = fs::metadata(state.path().join("lock")).unwrap().ino();
    drop(held);
    drop(machine.lock(state.path(), "another").unwrap());
    assert_eq!(
        fs::metadata(state.path().join("lock")).unwrap().ino(),
        inode,
        "the file was replaced"
    );
}

#[test]
fn a_lock_needs_its_directory() {
    let state = tempfile::tempdir().unwrap();
    let error = Machine::live()
        .lock(&state.path().join("none"), "x")
        .expect_err("no directory");
    assert!(matches!(error, LockError::File(_)));
}

#[test]
fn the_lock_opens_only_a_regular_file_of_its_own() {
    let machine = Machine::live();
    let refused = |make: &dyn Fn(&std::path::Path)| {
        let state = tempfile::tempdir().unwrap();
        make(&state.path().join("lock"));
        let Err(LockError::File(error)) = machine.lock(state.path(), "x") else {
            panic!("it is refused")
        };
        error.why
    };
    assert_eq!(
        refused(&|lock| mkfifo(lock, Mode::S_IRWXU).unwrap()),
        Why::WrongKind("a regular file")
    );
    assert_eq!(
        refused(&|lock| symlink("/dev/null", lock).unwrap()),
        Why::WrongKind("a regular file")
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let other = elsewhere.path().join("other");
    fs::write(&other, "stays").unwrap();
    assert!(matches!(
        refused(&|lock| fs::hard_link(&other, lock).unwrap()),
        Why::Other(_)
    ));
    assert_eq!(fs::read_to_string(&other).unwrap(), "stays");
    let open = |lock: &std::path::Path| {
        fs::write(lock, "").unwrap();
        fs::set_permissions(lock, fs::Permissions::from_mode(0o666)).unwrap();
    };
    assert!(matches!(refused(&open), Why::Untrusted { .. }));
    if nix::unistd::geteuid().is_root() {
        let device = nix::sys::stat::makedev(1, 3);
        let made =
            |lock: &std::path::Path| mknod(lock, SFlag::S_IFCHR, Mode::S_IRWXU, device).unwrap();
        assert_eq!(refused(&made), Why::WrongKind("a regular file"));
        let theirs = |lock: &std::path::Path| {
            fs::write(lock, "").unwrap();
            chown(lock, Some(1234), None).unwrap();
        };
        assert!(matches!(refused(&theirs), Why::Untrusted { .. }));
    }
}

#[test]
fn a_mounted_disk_must_be_a_directory_without_links_of_other_users() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().canonicalize().unwrap().join(name);
    fs::create_dir(at("disk")).unwrap();
    symlink(at("disk"), at("link")).unwrap();
    mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
    assert!(Machine::below(&at("link")).is_ok());
    assert_eq!(
        Machine::below(&at("pipe")).expect_err("a pipe").why,
        Why::WrongKind("a directory")
    );
    assert_eq!(
        Machine::below(&at("none")).expect_err("nothing").why,
        Why::Missing
    );
    if nix::unistd::geteuid().is_root() {
        lchown(at("link"), Some(1234), None).unwrap();
        assert!(matches!(
            Machine::below(&at("link")).expect_err("theirs").why,
            Why::Untrusted { .. }
        ));
    }
}

#[test]
fn accounts_are_found_by_name_and_by_number() {
    let root = Account::named("root").expect("every machine has one");
    assert_eq!((root.uid, Account::of_uid(0)), (0, Some(root.clone())));
    assert_eq!(Account::named("no such account here"), None);
}

/// Changing the user affects the whole process: the test runs itself again and examines the result.
#[test]
fn becoming_another_user_is_permanent() {
    const CHILD: &str = "SSHMEND_TEST_BECOME";
    if std::env::var_os(CHILD).is_some() {
        return become_nobody();
    }
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("not checked: needs root");
    }
    run_again("becoming_another_user_is_permanent", CHILD);
}

fn become_nobody() {
    let nobody = Account::named("nobody").expect("every machine has one");
    become_user(&nobody).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .trim()
            .to_owned()
    };
    let four = |id: u32| {
        [
            id.to_string(),
            id.to_string(),
            id.to_string(),
            id.to_string(),
        ]
        .join("\t")
    };
    assert_eq!(
        (field("Uid:"), field("Gid:")),
        (four(nobody.uid), four(nobody.gid))
    );
    assert!(
        !field("Groups:").split(' ').any(|group| group == "0"),
        "{}",
        field("Groups:")
    );
    assert_eq!(field("CapEff:"), "0000000000000000");
    assert!(fs::read("/etc/shadow").is_err());
    assert!(nix::unistd::setuid(nix::unistd::Uid::from_raw(0)).is_err());
    let seen = Machine::live().read(std::path::Path::new("/etc/hostname"));
    assert_eq!(
        seen.map(|it| it.map(|it| it.target)).unwrap().as_deref(),
        Some(std::path::Path::new("/etc/hostname"))
    );
}
