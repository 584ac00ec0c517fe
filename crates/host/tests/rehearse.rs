//! Programs see the future at its real paths, and the machine does not change.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, also in its helpers"
)]

#[path = "shared/again.rs"]
mod again;
#[path = "shared/mounts.rs"]
mod mounts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use again::run_again;
use mounts::{among_own_mounts, bind, change_all_mounts};
use nix::mount::{MsFlags, mount};
use sshmend_host::{Account, Machine, RehearsalUnavailable, Rehearsed, become_user};
use sshmend_lossless::{Attributes, CommandOutput, EditSet, FileChange, Metadata};

const FUTURE: &str = "/etc/sshmend-rehearsal.d/future.conf";

/// The mounts, and everything below /etc and /run that would change with any write.
type Picture = (Vec<u8>, BTreeMap<PathBuf, (u64, u32, i64, i64, u64)>);

fn picture() -> Picture {
    let mut files = BTreeMap::new();
    add(Path::new("/etc"), &mut files);
    for entry in fs::read_dir("/run").unwrap() {
        note(&entry.unwrap().path(), &mut files);
    }
    (fs::read("/proc/thread-self/mountinfo").unwrap(), files)
}

fn note(path: &Path, files: &mut BTreeMap<PathBuf, (u64, u32, i64, i64, u64)>) {
    let meta = fs::symlink_metadata(path).unwrap();
    files.insert(
        path.to_owned(),
        (
            meta.ino(),
            meta.mode(),
            meta.ctime(),
            meta.ctime_nsec(),
            meta.size(),
        ),
    );
}

fn add(path: &Path, files: &mut BTreeMap<PathBuf, (u64, u32, i64, i64, u64)>) {
    note(path, files);
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).unwrap() {
            add(&entry.unwrap().path(), files);
        }
    }
}

#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn can_rehearse() -> bool {
    match Machine::live().rehearse(&[], &[]) {
        Ok(_) => true,
        Err(reason) => {
            eprintln!("not checked: {reason}");
            false
        }
    }
}

fn shell(script: &str) -> Rehearsed {
    (["sh", "-c", script].map(str::to_owned).to_vec(), Vec::new())
}

/// Rehearses, and checks that nothing is left behind.
fn rehearse(changes: &[FileChange], script: &str) -> CommandOutput {
    let before = picture();
    let answers = Machine::live().rehearse(changes, &[shell(script)]).unwrap();
    assert!(picture() == before, "the machine changed");
    answers.into_iter().next().unwrap().unwrap()
}

fn create(path: impl Into<PathBuf>, content: &str, mode: u32) -> FileChange {
    FileChange::create(
        path,
        content,
        Metadata {
            mode,
            uid: 12,
            gid: 34,
            ..Metadata::default()
        },
    )
}

fn edit(path: &str, after: &str) -> FileChange {
    let image = Machine::live().read(Path::new(path)).unwrap().unwrap();
    FileChange {
        after: Some(after.into()),
        ..FileChange::edit(path, image, EditSet::default())
    }
}

#[test]
fn created_edited_and_removed_files_appear_at_their_real_paths() {
    if !can_rehearse() {
        return;
    }
    let passwd = Machine::live()
        .read(Path::new("/etc/passwd"))
        .unwrap()
        .unwrap();
    let issue = Machine::live()
        .read(Path::new("/etc/issue"))
        .unwrap()
        .unwrap();
    let group = Machine::live()
        .read(Path::new("/etc/group"))
        .unwrap()
        .unwrap();
    let changes = [
        create(FUTURE, "the future\n", 0o640),
        edit("/etc/passwd", "edited\n"),
        FileChange::remove("/etc/group", group.clone()),
        FileChange::edit("/etc/issue", issue, EditSet::default()).giving(Attributes {
            mode: 0o604,
            uid: 5,
            gid: 6,
        }),
    ];
    let looks =
        format!("cat {FUTURE} /etc/passwd; stat -c '%a %u %g' {FUTURE} /etc/passwd /etc/issue");
    let script = format!("{looks}; cat /etc/group; ls -d /etc/sshmend*/*");
    let output = rehearse(&changes, &script);
    let meta = &passwd.meta;
    let kept = format!("{:o} {} {}", meta.mode, meta.uid, meta.gid);
    let expected = format!("the future\nedited\n640 12 34\n{kept}\n604 5 6\n{FUTURE}\n");
    assert_eq!((output.text(), output.stderr.is_empty()), (expected, false));
    assert!(!Path::new(FUTURE).exists());
    assert_eq!(
        Machine::live()
            .read(Path::new("/etc/passwd"))
            .unwrap()
            .unwrap(),
        passwd
    );
    assert_eq!(
        Machine::live()
            .read(Path::new("/etc/group"))
            .unwrap()
            .unwrap(),
        group
    );
}

#[test]
fn the_rehearsal_provides_a_missing_sshd_directory() {
    if !can_rehearse() {
        return;
    }
    let there = Path::new("/run/sshd").exists();
    let names = || -> BTreeSet<String> {
        let entries = fs::read_dir("/run").unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let before = names();
    let output = rehearse(&[], "stat -c '%F %a %u' /run/sshd; ls -A /run | sort");
    let text = output.text();
    assert!(text.starts_with("directory 755 0\n"), "{text}");
    assert_eq!(Path::new("/run/sshd").exists(), there);
    // Other names come and go meanwhile.
    for name in before.intersection(&names()) {
        assert!(
            text.lines().any(|line| line == name.as_str()),
            "{name} is hidden: {text}"
        );
    }
}

#[test]
fn the_rehearsal_provides_a_safe_sshd_directory_if_others_can_write_to_it() {
    if !can_rehearse() {
        return;
    }
    among_own_mounts(|| {
        mount(
            Some("tmpfs"),
            "/run",
            Some("tmpfs"),
            MsFlags::empty(),
            None::<&str>,
        )
        .unwrap();
        fs::create_dir("/run/sshd").unwrap();
        fs::set_permissions("/run/sshd", fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(rehearse(&[], "stat -c '%a %u' /run/sshd").text(), "755 0\n");
        assert_eq!(fs::metadata("/run/sshd").unwrap().mode() & 0o7777, 0o777);
    });
}

#[test]
fn output_of_rehearsed_programs_is_discarded() {
    if !can_rehearse() {
        return;
    }
    let changes = [create(FUTURE, "x", 0o644)];
    let output = rehearse(
        &changes,
        "echo gone > /etc/sshmend-written && rm /etc/passwd && ls /etc/sshmend-written",
    );
    assert_eq!(output.text(), "/etc/sshmend-written\n");
    assert!(!Path::new("/etc/sshmend-written").exists() && Path::new("/etc/passwd").exists());
}

#[test]
fn files_outside_etc_and_targets_of_links_get_their_own_overlay() {
    if !can_rehearse() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let real = place.path().join("real, with: odd \\name");
    fs::create_dir(&real).unwrap();
    fs::write(real.join("file"), "old\n").unwrap();
    std::os::unix::fs::symlink(&real, place.path().join("link")).unwrap();
    let path = place.path().join("link/file");
    let changes = [
        edit(path.to_str().unwrap(), "new\n"),
        create(place.path().join("link/deep/er"), "deeper\n", 0o600),
        create(FUTURE, "the future\n", 0o600),
    ];
    let script = format!(
        "cd {} && cat link/file link/deep/er && cat {FUTURE}",
        place.path().display()
    );
    assert_eq!(
        rehearse(&changes, &script).text(),
        "new\ndeeper\nthe future\n"
    );
    assert_eq!(fs::read(&path).unwrap(), b"old\n");
    assert!(!real.join("deep").exists());
}

#[test]
fn mounts_below_etc_stay_visible_and_can_change() {
    if !can_rehearse() {
        return;
    }
    among_own_mounts(|| {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("mounted"), "mounted file\n").unwrap();
        fs::create_dir(place.path().join("directory")).unwrap();
        fs::write(
            place.path().join("directory/file"),
            "in a mounted directory\n",
        )
        .unwrap();
        let bind = |from: &str, to: &str| bind(&place.path().join(from), Path::new(to));
        bind("mounted", "/etc/hostname");
        bind("directory", "/etc/ssl");
        let untouched = [create(FUTURE, "the future\n", 0o600)];
        let script = format!("cat {FUTURE} /etc/hostname /etc/ssl/file");
        let expected = "the future\nmounted file\nin a mounted directory\n";
        assert_eq!(rehearse(&untouched, &script).text(), expected);

        let changes = [
            create(FUTURE, "the future\n", 0o600),
            edit("/etc/ssl/file", "changed in there\n"),
            edit("/etc/hostname", "no longer mounted\n"),
        ];
        assert_eq!(
            rehearse(&changes, &script).text(),
            "the future\nno longer mounted\nchanged in there\n"
        );
        assert_eq!(
            fs::read(place.path().join("directory/file")).unwrap(),
            b"in a mounted directory\n"
        );
        for point in ["/etc/hostname", "/etc/ssl"] {
            nix::mount::umount(point).unwrap();
        }
    });
}

/// As systemd sets it up: a mount in one namespace would be visible in all others.
#[test]
fn the_rehearsal_does_not_leak_through_shared_mounts() {
    if !can_rehearse() {
        return;
    }
    among_own_mounts(|| {
        change_all_mounts(MsFlags::MS_SHARED);
        let text = rehearse(
            &[create(FUTURE, "the future\n", 0o600)],
            &format!("cat {FUTURE}"),
        )
        .text();
        assert_eq!(text, "the future\n");
        assert!(!Path::new(FUTURE).exists());
    });
}

#[test]
fn mode_and_owner_of_the_directory_are_preserved() {
    if !can_rehearse() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o2751)).unwrap();
    std::os::unix::fs::chown(place.path(), Some(1234), Some(5678)).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o2751)).unwrap();
    let changes = [create(place.path().join("file"), "x", 0o600)];
    let script = format!("stat -c '%a %u %g' {}", place.path().display());
    assert_eq!(rehearse(&changes, &script).text(), "2751 1234 5678\n");
}

#[test]
fn a_program_that_cannot_run_is_reported_and_the_others_run() {
    if !can_rehearse() {
        return;
    }
    let commands = [
        (vec!["/nonexistent".to_owned()], Vec::new()),
        (vec!["cat".to_owned()], b"fed\n".to_vec()),
    ];
    let answers = Machine::live().rehearse(&[], &commands).unwrap();
    assert_eq!(answers[0], Err("No such file or directory".to_owned()));
    assert_eq!(answers[1].as_ref().unwrap().stdout, b"fed\n");
}

#[test]
fn programs_run_side_by_side_and_each_command_once() {
    if !can_rehearse() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let at = place.path().display();
    // Each waits for what the other one makes: one after the other, the first would never end.
    let step = |own: &str, other: &str| {
        shell(&format!(
            "echo {own} >> {at}/{own}; until [ -s {at}/{other} ]; do sleep 0.01; done; cat {at}/{other}"
        ))
    };
    let commands = [step("one", "two"), step("two", "one"), step("one", "two")];
    let answers = Machine::live().rehearse(&[], &commands).unwrap();
    let said = answers.into_iter().map(|answer| answer.unwrap().text());
    assert_eq!(said.collect::<Vec<_>>(), ["two\n", "one\n", "two\n"]);
}

#[test]
fn a_failed_write_in_the_rehearsal_leaves_nothing_behind() {
    if !can_rehearse() {
        return;
    }
    for path in [
        "/sshmend-future.conf",
        "/etc/passwd/below-a-file",
        "/proc/sshmend/future",
    ] {
        let before = picture();
        let error = Machine::live()
            .rehearse(&[create(path, "x", 0o600)], &[shell("true")])
            .unwrap_err();
        assert!(
            matches!(error, RehearsalUnavailable::Failed { .. }),
            "{path}: {error}"
        );
        assert!(picture() == before, "{path}: the machine changed");
    }
}

#[test]
fn links_out_of_the_overlay_are_never_written_through() {
    if !can_rehearse() {
        return;
    }
    let (place, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = place.path().join("link");
    std::os::unix::fs::symlink(outside.path().join("made"), &link).unwrap();
    let refused = Machine::live().rehearse(&[create(&link, "x", 0o600)], &[shell("true")]);
    assert!(
        matches!(refused, Err(RehearsalUnavailable::Failed { .. })),
        "{refused:?}"
    );
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn changes_of_a_mounted_disk_are_not_rehearsed() {
    let disk = tempfile::tempdir().unwrap();
    let refused = Machine::below(disk.path()).unwrap().rehearse(&[], &[]);
    assert_eq!(refused, Err(RehearsalUnavailable::NotLive));
}

/// Uses the real sshd with drop-ins that its own Include pattern finds.
#[test]
fn sshd_checks_the_planned_files_at_their_real_paths() {
    let sshd = Path::new("/usr/sbin/sshd");
    let main = Path::new("/etc/ssh/sshd_config");
    if !sshd.exists() || !main.exists() || !can_rehearse() {
        return eprintln!("not checked: no sshd");
    }
    let dropin = "/etc/ssh/sshd_config.d/00-sshmend-rehearsal.conf";
    let main = edit(
        "/etc/ssh/sshd_config",
        "Include /etc/ssh/sshd_config.d/*.conf\nMaxAuthTries 3\n",
    );
    let sshd =
        |changes: &[FileChange], mode: &str| rehearse(changes, &format!("/usr/sbin/sshd {mode}"));

    let good = [
        main.clone(),
        create(dropin, "MaxAuthTries 5\nMaxStartups 30:30:200\n", 0o600),
    ];
    assert_eq!(
        sshd(&good, "-t"),
        CommandOutput {
            code: Some(0),
            ..CommandOutput::default()
        }
    );
    let effective = sshd(&good, "-T").text();
    for line in ["maxauthtries 5", "maxstartups 30:30:200"] {
        assert!(
            effective.lines().any(|it| it == line),
            "{line} is not in\n{effective}"
        );
    }
    let bad = sshd(
        &[main, create(dropin, "\nNoSuchKeyword yes\n", 0o600)],
        "-t",
    );
    let told = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert_eq!(bad.code, Some(255));
    assert!(
        told.contains(&format!(
            "{dropin}: line 2: Bad configuration option: NoSuchKeyword"
        )),
        "{told}"
    );
}

/// Changing the user affects the whole process: the test runs itself again.
#[test]
fn a_missing_privilege_is_reported() {
    const CHILD: &str = "SSHMEND_TEST_REHEARSE";
    if std::env::var_os(CHILD).is_some() {
        if nix::unistd::geteuid().is_root() {
            become_user(&Account::named("nobody").unwrap()).unwrap();
        }
        assert_eq!(
            Machine::live().rehearse(&[], &[]),
            Err(RehearsalUnavailable::NotPermitted)
        );
        return;
    }
    run_again("a_missing_privilege_is_reported", CHILD);
}
