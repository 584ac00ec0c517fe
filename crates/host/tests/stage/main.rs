//! A file is wholly old or wholly new, and keeps its attributes.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, also in its helpers"
)]

mod attributes;
#[path = "../shared/mounts.rs"]
mod mounts;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use mounts::{among_own_mounts, bind};
use nix::mount::{MsFlags, mount};
use rustix::fs::{XattrFlags, setxattr};
use sshmend_host::{Change, FileError, Machine, Warning, Why};
use sshmend_lossless::{Attributes, Metadata};
use tempfile::TempDir;

const TEMPORARY: &str = ".sshmend-test.tmp";

type Case = (&'static str, fn(&Path));

struct Place {
    directory: TempDir,
    file: PathBuf,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().canonicalize().unwrap().join("file");
    fs::write(&file, "old\n").unwrap();
    Place { directory, file }
}

impl Place {
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn change(path: &Path, change: Change<'_>) -> Result<(), FileError> {
    Machine::live().stage(path, change, TEMPORARY)?.publish()
}

fn replace(path: &Path) -> Result<(), FileError> {
    change(path, Change::Replace(b"new\n", None))
}

fn why(path: &Path) -> Why {
    replace(path).expect_err("it is refused").why
}

#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        eprintln!("not checked: needs root");
    }
    root
}

/// An access list for the owner and user 12345, in the kernel's form (`posix_acl_xattr.h`).
fn acl_for(owner: u16, user: u16) -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] = [
        (1, owner, u32::MAX),
        (2, user, 12345),
        (4, 4, u32::MAX),
        (0x10, user, u32::MAX),
        (0x20, 0, u32::MAX),
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

fn xattrs(path: &Path) -> Vec<(String, Vec<u8>)> {
    Machine::live()
        .read(path)
        .unwrap()
        .unwrap()
        .meta
        .xattrs
        .into_iter()
        .collect()
}

#[test]
fn a_replaced_file_keeps_its_mode_and_owner() {
    let place = place();
    fs::set_permissions(&place.file, fs::Permissions::from_mode(0o4640)).unwrap();
    if is_root() {
        chown(&place.file, Some(1234), Some(5678)).unwrap();
        fs::set_permissions(&place.file, fs::Permissions::from_mode(0o4640)).unwrap();
    }
    let before = fs::metadata(&place.file).unwrap();
    replace(&place.file).unwrap();
    let after = fs::metadata(&place.file).unwrap();
    assert_eq!(fs::read(&place.file).unwrap(), b"new\n");
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
    assert_ne!(after.ino(), before.ino(), "it was written in place");
    assert_eq!(place.names(), ["file"]);
}

#[test]
fn a_file_can_be_given_another_mode_and_owner_and_keeps_the_rest() {
    let place = place();
    fs::set_permissions(&place.file, fs::Permissions::from_mode(0o644)).unwrap();
    setxattr(&place.file, "user.note", b"kept", XattrFlags::empty()).unwrap();
    let own = fs::metadata(&place.file).unwrap();
    let (uid, gid) = if is_root() {
        (1234, 5678)
    } else {
        (own.uid(), own.gid())
    };
    change(
        &place.file,
        Change::Replace(
            b"old\n",
            Some(Attributes {
                mode: 0o600,
                uid,
                gid,
            }),
        ),
    )
    .unwrap();
    let after = fs::metadata(&place.file).unwrap();
    assert_eq!(
        (after.mode() & 0o7777, after.uid(), after.gid()),
        (0o600, uid, gid)
    );
    assert_eq!(fs::read(&place.file).unwrap(), b"old\n");
    assert_eq!(
        xattrs(&place.file),
        [("user.note".to_owned(), b"kept".to_vec())]
    );
}

#[test]
fn staged_but_unpublished_files_leave_no_trace() {
    let place = place();
    let staged = Machine::live()
        .stage(&place.file, Change::Replace(b"new\n", None), TEMPORARY)
        .unwrap();
    assert_eq!(place.names(), [TEMPORARY, "file"]);
    assert_eq!(
        fs::metadata(place.directory.path().join(TEMPORARY))
            .unwrap()
            .mode()
            & 0o7777,
        0o644
    );
    drop(staged);
    assert_eq!(
        (place.names(), fs::read(&place.file).unwrap()),
        (vec!["file".to_owned()], b"old\n".to_vec())
    );
}

#[test]
fn leftovers_of_an_interrupted_attempt_are_replaced() {
    let place = place();
    std::mem::forget(
        Machine::live()
            .stage(&place.file, Change::Replace(b"cut off\n", None), TEMPORARY)
            .unwrap(),
    );
    assert_eq!(place.names(), [TEMPORARY, "file"]);
    replace(&place.file).unwrap();
    assert_eq!(
        (place.names(), fs::read(&place.file).unwrap()),
        (vec!["file".to_owned()], b"new\n".to_vec())
    );
    std::mem::forget(
        Machine::live()
            .stage(&place.file, Change::Replace(b"cut off\n", None), TEMPORARY)
            .unwrap(),
    );
    for _ in 0..2 {
        Machine::live().discard(&place.file, TEMPORARY).unwrap();
        assert_eq!(place.names(), ["file"]);
    }
    Machine::live()
        .discard(&place.file.with_file_name("none").join("file"), TEMPORARY)
        .unwrap();
}

#[test]
fn a_file_that_someone_else_wrote_meanwhile_is_not_replaced() {
    let cases: [Case; 4] = [
        ("written in place", |path| fs::write(path, "OLD\n").unwrap()),
        ("replaced", |path| {
            fs::write(path.with_extension("other"), "old\n").unwrap();
            fs::rename(path.with_extension("other"), path).unwrap();
        }),
        ("another mode", |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }),
        ("gone", |path| fs::remove_file(path).unwrap()),
    ];
    for (name, meddle) in cases {
        for change in [Change::Replace(b"new\n", None), Change::Remove] {
            let place = place();
            let staged = Machine::live()
                .stage(&place.file, change, TEMPORARY)
                .unwrap();
            // The kernel's clock for file times may tick only every few milliseconds.
            std::thread::sleep(std::time::Duration::from_millis(20));
            meddle(&place.file);
            let now = fs::read(&place.file).ok();
            let error = staged.publish().expect_err(name);
            assert!(matches!(error.why, Why::Changed(_)), "{name}: {error}");
            assert_eq!(fs::read(&place.file).ok(), now, "{name}");
            assert!(!place.names().contains(&TEMPORARY.to_owned()), "{name}");
        }
    }
}

#[test]
fn a_file_is_created_with_its_mode_and_never_overwrites_another() {
    let place = place();
    let given = Metadata {
        mode: 0o640,
        ..fs_owner()
    };
    let new = place.file.with_file_name("new");
    change(&new, Change::Create(b"new\n", &given)).unwrap();
    assert_eq!(fs::read(&new).unwrap(), b"new\n");
    assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, 0o640);
    assert_eq!(
        change(&new, Change::Create(b"x", &given))
            .expect_err("it exists")
            .why,
        Why::Exists
    );

    let raced = place.file.with_file_name("raced");
    let staged = Machine::live()
        .stage(&raced, Change::Create(b"ours", &given), TEMPORARY)
        .unwrap();
    fs::write(&raced, "theirs").unwrap();
    assert_eq!(
        staged.publish().expect_err("it exists now").why,
        Why::Exists
    );
    assert_eq!(fs::read(&raced).unwrap(), b"theirs");
    assert_eq!(place.names(), ["file", "new", "raced"]);
}

fn fs_owner() -> Metadata {
    Metadata {
        uid: nix::unistd::geteuid().as_raw(),
        gid: nix::unistd::getegid().as_raw(),
        ..Metadata::default()
    }
}

#[test]
fn a_file_is_removed() {
    let place = place();
    change(&place.file, Change::Remove).unwrap();
    assert!(place.names().is_empty());
    assert_eq!(
        change(&place.file, Change::Remove)
            .expect_err("it is gone")
            .why,
        Why::Missing
    );
}

#[test]
fn a_link_is_followed_and_kept() {
    let place = place();
    let link = place.file.with_file_name("link");
    symlink("./file", &link).unwrap();
    replace(&link).unwrap();
    assert_eq!(fs::read_to_string(&place.file).unwrap(), "new\n");
    assert!(link.is_symlink());
    assert_eq!(
        change(&link, Change::Create(b"", &fs_owner()))
            .expect_err("a link")
            .why,
        Why::Exists
    );
    fs::remove_file(&place.file).unwrap();
    assert_eq!(
        change(&link, Change::Create(b"", &fs_owner()))
            .expect_err("it leads nowhere")
            .why,
        Why::WrongKind("a regular file")
    );
    let magic = Path::new("/proc/self/cwd/file");
    assert_eq!(
        why(magic),
        Why::Other("a link of /proc leads there".to_owned())
    );
}

#[test]
fn only_regular_files_are_changed() {
    let place = place();
    assert_eq!(
        why(place.directory.path()),
        Why::WrongKind("a regular file")
    );
    assert_eq!(why(&place.file.with_file_name("none")), Why::Missing);
    assert_eq!(why(&place.file.join("below")), Why::Missing);
}

#[test]
fn hard_links_are_reported() {
    let place = place();
    let partner = place.file.with_file_name("partner");
    fs::hard_link(&place.file, &partner).unwrap();
    let warnings = Machine::live()
        .preflight(&place.file, Change::Remove)
        .unwrap();
    assert_eq!(
        warnings,
        [Warning::HardLinked {
            path: place.file.clone(),
            partners: 1
        }]
    );
    replace(&place.file).unwrap();
    assert_eq!(fs::read(&partner).unwrap(), b"old\n");
}

#[test]
fn a_file_that_is_mounted_on_its_own_is_refused_before_anything_is_written() {
    if !is_root() {
        return;
    }
    among_own_mounts(|| {
        let place = place();
        let source = place.file.with_file_name("source");
        fs::write(&source, "mounted\n").unwrap();
        bind(&source, &place.file);
        let error = replace(&place.file).expect_err("rename answers EBUSY");
        assert_eq!(error.why, Why::Mounted);
        assert!(error.hint().is_some_and(|hint| hint.contains("bind mount")));
        assert_eq!(place.names(), ["file", "source"]);
        nix::mount::umount(&place.file).unwrap();
    });
}

#[test]
fn a_full_and_a_read_only_file_system_are_distinguished() {
    if !is_root() {
        return;
    }
    among_own_mounts(|| {
        let place = place();
        let disk = place.directory.path().canonicalize().unwrap();
        mount(
            Some("none"),
            &disk,
            Some("tmpfs"),
            MsFlags::empty(),
            Some("size=64k"),
        )
        .unwrap();
        let file = disk.join("file");
        fs::write(&file, "old\n").unwrap();
        let long = vec![b'x'; 200_000];
        let full = change(&file, Change::Replace(&long, None)).expect_err("it does not fit");
        assert_eq!(
            (full.why, fs::read(&file).unwrap(), place.names()),
            (Why::Full, b"old\n".to_vec(), vec!["file".to_owned()])
        );
        let read_only = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(Some("none"), &disk, Some("tmpfs"), read_only, None::<&str>).unwrap();
        assert_eq!(why(&file), Why::ReadOnly);
        nix::mount::umount(&disk).unwrap();
    });
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn root_does_not_write_to_a_path_that_another_user_can_redirect() {
    if !is_root() {
        return;
    }
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let cases: [Case; 9] = [
        ("the directory is a user's", |file| {
            chown(file.parent().unwrap(), Some(1234), None).unwrap();
        }),
        ("everyone may write", |file| {
            fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o777)).unwrap();
        }),
        ("a group may write", |file| {
            chown(file.parent().unwrap(), None, Some(54321)).unwrap();
            fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o770)).unwrap();
        }),
        ("an access list lets a user write", |file| {
            setxattr(
                file.parent().unwrap(),
                "system.posix_acl_access",
                &acl_for(7, 7),
                XattrFlags::empty(),
            )
            .unwrap();
        }),
        ("a directory above is a user's", |file| {
            chown(file.parent().unwrap().parent().unwrap(), Some(1234), None).unwrap();
        }),
        ("a link on the way is a user's", |file| {
            let directory = file.parent().unwrap();
            fs::rename(directory, directory.with_extension("real")).unwrap();
            symlink(directory.with_extension("real"), directory).unwrap();
            std::os::unix::fs::lchown(directory, Some(1234), None).unwrap();
        }),
        ("the link at the end is a user's", |file| {
            fs::rename(file, file.with_extension("real")).unwrap();
            symlink(file.with_extension("real"), file).unwrap();
            std::os::unix::fs::lchown(file, Some(1234), None).unwrap();
        }),
        (
            "a link of root's leads through a user's directory",
            |file| {
                let elsewhere = file.parent().unwrap().with_file_name("theirs");
                fs::create_dir(&elsewhere).unwrap();
                fs::rename(file, elsewhere.join("file")).unwrap();
                chown(&elsewhere, Some(1234), None).unwrap();
                symlink("../theirs/file", file).unwrap();
            },
        ),
        ("in a sticky directory it is a user's own", |file| {
            fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o1777))
                .unwrap();
            chown(file, Some(1234), None).unwrap();
        }),
    ];
    for (name, prepare) in cases {
        let place = place();
        let directory = place
            .directory
            .path()
            .canonicalize()
            .unwrap()
            .join("outer/inner");
        fs::create_dir_all(&directory).unwrap();
        let file = directory.join("file");
        fs::write(&file, "old\n").unwrap();
        replace(&file).expect("all of it is root's");
        prepare(&file);
        let error = replace(&file).expect_err(name);
        assert!(
            matches!(error.why, Why::Untrusted { .. }),
            "{name}: {error}"
        );
        assert!(Machine::live().trust(&file).is_err(), "{name}");
    }
    let place = place();
    let directory = place.file.parent().unwrap();
    mode(directory, 0o1777);
    replace(&place.file).expect("nobody else can move root's own file out of a sticky directory");
    mode(directory, 0o775);
    replace(&place.file).expect("nobody but root is in the group of root");
}

#[test]
fn a_change_below_a_root_directory_stays_inside_it() {
    let disk = tempfile::tempdir().unwrap();
    fs::create_dir_all(disk.path().join("data")).unwrap();
    symlink("/data", disk.path().join("etc")).unwrap();
    fs::write(disk.path().join("data/file"), "old\n").unwrap();
    let machine = Machine::below(disk.path()).unwrap();
    let target = machine
        .read(Path::new("/etc/file"))
        .unwrap()
        .unwrap()
        .target;
    assert_eq!(target, Path::new("/data/file"));
    machine
        .stage(&target, Change::Replace(b"new\n", None), TEMPORARY)
        .unwrap()
        .publish()
        .unwrap();
    assert_eq!(fs::read(disk.path().join("data/file")).unwrap(), b"new\n");
}

#[test]
fn missing_directories_are_created_and_removed_when_empty() {
    let disk = tempfile::tempdir().unwrap();
    let machine = Machine::below(disk.path()).unwrap();
    let given = Metadata {
        mode: 0o750,
        ..fs_owner()
    };
    let made = machine
        .make_directories(Path::new("/var/lib/deep"), &given)
        .unwrap();
    assert_eq!(
        made,
        [
            Path::new("/var"),
            Path::new("/var/lib"),
            Path::new("/var/lib/deep")
        ]
    );
    assert_eq!(
        fs::metadata(disk.path().join("var/lib/deep"))
            .unwrap()
            .mode()
            & 0o7777,
        0o750
    );
    assert!(
        machine
            .make_directories(Path::new("/var/lib"), &given)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        machine.names(Path::new("/var/lib")).unwrap(),
        Some(vec!["deep".into()])
    );
    assert!(
        !machine.remove_directory(Path::new("/var/lib")).unwrap(),
        "it holds something"
    );
    assert!(
        machine
            .remove_directory(Path::new("/var/lib/deep"))
            .unwrap()
    );
    assert!(
        !machine
            .remove_directory(Path::new("/var/lib/deep"))
            .unwrap()
    );
    fs::write(disk.path().join("var/file"), "").unwrap();
    let error = machine
        .make_directories(Path::new("/var/file"), &given)
        .expect_err("a file is there");
    assert_eq!(error.why, Why::WrongKind("a directory"));
}
