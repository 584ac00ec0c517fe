//! What a machine reports about files: on the running one, and on a disk below a directory.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first surprise, also in its helpers"
)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use sshmend_host::{Machine, Why};
use sshmend_lossless::{
    Dial, DialEnd, Entry, Kind, Line, NotRun, Request, Sieve, Snapshot, Unread,
};
use tempfile::TempDir;

/// A disk with links that would lead out of it if anyone but the disk itself resolved them.
fn disk() -> TempDir {
    let disk = tempfile::tempdir().unwrap();
    let at = |path: &str| disk.path().join(path);
    fs::create_dir_all(at("etc/ssh/sshd_config.d")).unwrap();
    fs::create_dir_all(at("data")).unwrap();
    fs::write(at("data/real"), "content\n").unwrap();
    fs::set_permissions(at("data/real"), fs::Permissions::from_mode(0o640)).unwrap();
    for (text, link) in [
        ("/data/real", "etc/absolute"),
        ("../data/real", "etc/relative"),
        ("../../../../../../../../data/real", "etc/too-many-dots"),
        ("/etc/absolute", "etc/link-to-link"),
        ("/nowhere", "etc/dangling"),
        ("loop", "etc/loop"),
        ("/data", "etc/directory"),
        ("/etc/hostname", "etc/outside"),
    ] {
        symlink(text, at(link)).unwrap();
    }
    disk
}

fn ask(machine: &Machine, request: &Request) -> Snapshot {
    all(machine, std::slice::from_ref(request))
}

fn all(machine: &Machine, requests: &[Request]) -> Snapshot {
    let mut seen = Snapshot::default();
    machine.answer_all(requests, &mut seen);
    seen
}

fn entry(machine: &Machine, path: &str) -> Entry {
    ask(machine, &Request::Read(path.into()))
        .entry(Path::new(path))
        .expect("it was asked for")
        .clone()
}

#[test]
fn links_of_a_mounted_disk_never_lead_out_of_it() {
    let disk = disk();
    let machine = Machine::below(disk.path()).unwrap();
    for path in [
        "/data/real",
        "/etc/absolute",
        "/etc/relative",
        "/etc/too-many-dots",
        "/etc/link-to-link",
        "/etc/directory/real",
        "/../../etc/./absolute",
        "etc/absolute",
    ] {
        let Entry::File(image) = entry(&machine, path) else {
            panic!("{path} is a file")
        };
        assert_eq!(
            (image.bytes.as_slice(), image.meta.mode),
            (&b"content\n"[..], 0o640),
            "{path}"
        );
        assert_eq!(image.target, Path::new("/data/real"), "{path}");
    }
    assert!(
        Path::new("/etc/hostname").exists(),
        "the test means something only where this exists"
    );
    assert_eq!(entry(&machine, "/etc/outside"), Entry::Dangling);
}

#[test]
fn directories_and_devices_are_distinguished_from_files() {
    let disk = disk();
    let machine = Machine::below(disk.path()).unwrap();
    for machine_and_prefix in [
        (&machine, ""),
        (&Machine::live(), disk.path().to_str().unwrap()),
    ] {
        let (machine, prefix) = machine_and_prefix;
        let look = |path: &str| entry(machine, &format!("{prefix}{path}"));
        assert_eq!(look("/etc/none"), Entry::Missing);
        assert_eq!(look("/data/real/below-a-file"), Entry::Missing);
        assert_eq!(look("/etc/dangling"), Entry::Dangling);
        assert!(matches!(look("/etc/loop"), Entry::Unreadable(_)));
        assert!(matches!(look("/data"), Entry::Directory(..)));
    }
}

#[test]
fn a_pipe_is_recognised_and_never_opened() {
    let disk = disk();
    let pipe = disk.path().join("etc/pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let Entry::Seen(meta) = entry(&Machine::live(), pipe.to_str().unwrap()) else {
        panic!("seen only")
    };
    assert_eq!(meta.kind, Kind::Other);
    assert!(matches!(
        entry(&Machine::live(), "/dev/null"),
        Entry::Seen(_)
    ));
}

#[test]
fn files_in_proc_are_read_to_their_end() {
    let Entry::File(image) = entry(&Machine::live(), "/proc/self/stat") else {
        panic!("a file")
    };
    assert_eq!(image.meta.size, 0);
    assert!(!image.bytes.is_empty());
}

#[test]
fn an_endless_file_is_refused() {
    let disk = disk();
    let long = disk.path().join("long");
    fs::File::create(&long)
        .unwrap()
        .set_len((1 << 30) + 1)
        .unwrap();
    let too_long = Entry::Unreadable(Unread::TooLong { mib: 1024 });
    assert_eq!(entry(&Machine::live(), long.to_str().unwrap()), too_long);
}

#[test]
fn directory_entries_are_sorted_and_marked_as_files_or_directories() {
    let disk = disk();
    let machine = Machine::below(disk.path()).unwrap();
    let seen = ask(&machine, &Request::List("/etc".into()));
    let Some(Entry::Directory(names, _)) = seen.entry(Path::new("/etc")) else {
        panic!("a directory")
    };
    let told: Vec<_> = names
        .iter()
        .map(|it| (it.name.to_str().unwrap(), it.directory))
        .collect();
    let expected = [
        ("absolute", false),
        ("dangling", false),
        ("directory", true),
        ("link-to-link", false),
        ("loop", false),
        ("outside", false),
        ("relative", false),
        ("ssh", true),
        ("too-many-dots", false),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_shallow_listing_keeps_a_deep_one() {
    let disk = disk();
    let machine = Machine::below(disk.path()).unwrap();
    let path = Path::new("/data/real");
    let deep_first = [
        Request::Read(path.into()),
        Request::Stat(path.into()),
        Request::List(path.into()),
    ];
    let seen = all(&machine, &deep_first);
    assert!(seen.read(path).ok().flatten().is_some());
    let stat = ask(&machine, &Request::Stat(path.into()));
    assert!(matches!(stat.entry(path), Some(Entry::Seen(meta)) if meta.mode == 0o640));
}

#[test]
fn a_judge_runs_until_no_answer_is_missing() {
    let disk = disk();
    let machine = Machine::below(disk.path()).unwrap();
    let content = machine.look(&mut Snapshot::default(), |seen| {
        let found = seen.glob(Path::new("/etc/dir*/re*")).ok()?;
        let image = seen.read(found.paths.first()?).ok()??;
        Some(image.bytes.to_vec())
    });
    assert_eq!(content.as_deref(), Some(&b"content\n"[..]));
}

#[test]
fn a_judge_with_endless_lookups_is_stopped() {
    let mut asked = 0;
    Machine::live().look(&mut Snapshot::default(), |seen| {
        asked += 1;
        seen.metadata(Path::new(&format!("/{asked}"))).is_ok()
    });
    assert!(asked < 1_000);
}

#[test]
fn programs_of_a_mounted_disk_never_run_and_no_connection_is_made() {
    let disk = disk();
    let machine = Machine::below(disk.path()).unwrap();
    let dial = Dial {
        to: ([127, 0, 0, 1], 1).into(),
        say: Vec::new(),
        deadline: std::time::Duration::from_secs(1),
    };
    let requests = [
        Request::Run(vec!["true".to_owned()]),
        Request::Resolve("localhost".to_owned()),
        Request::Dial(dial.clone()),
    ];
    let seen = all(&machine, &requests);
    let not_run = NotRun::Failed("not run under --root".to_owned());
    assert_eq!(seen.command(&["true"]), Some(Err(&not_run)));
    assert_eq!(
        seen.resolved("localhost"),
        Some(Err("not resolved under --root"))
    );
    assert_eq!(
        seen.dialled(&dial)[0].end,
        DialEnd::Failed("not dialled under --root".to_owned())
    );
}

#[test]
fn a_mounted_disk_without_a_journal_does_not_get_the_journal_of_this_machine() {
    let disk = disk();
    let machine = Machine::below(disk.path()).unwrap();
    let seen = ask(&machine, &Request::Journal(vec!["--quiet".to_owned()]));
    let Some(Err(reason)) = seen.command(&["journalctl", "--quiet"]) else {
        panic!("{seen:?}")
    };
    let reason = reason.to_string();
    assert!(reason.starts_with("/var/log/journal: "), "{reason}");
}

/// Creates the file that it is asked to look for.
fn create(words: &[String], _: &[u8], _: &mut Vec<Line>) -> usize {
    fs::write(&words[0], "").unwrap();
    0
}

#[test]
fn files_are_read_while_programs_run() {
    let disk = disk();
    let awaited = disk.path().join("awaited").display().to_string();
    let sift = Request::Sift(
        disk.path().join("data/real"),
        Sieve::new("test", vec![awaited.clone()], create),
    );
    // It ends only once the file is searched.
    let script = format!("until [ -e {awaited} ]; do sleep 0.01; done; echo seen");
    let argv = ["sh".to_owned(), "-c".to_owned(), script];
    let seen = all(&Machine::live(), &[Request::Run(argv.to_vec()), sift]);
    let said = seen.command(&argv).unwrap().expect("it ends in time");
    assert_eq!(said.text(), "seen\n");
}

#[test]
fn a_program_gets_the_bytes_of_its_request() {
    let argv = vec!["cat".to_owned()];
    let requests = ["one", "two"].map(|text| Request::Feed(argv.clone(), text.into()));
    let seen = all(&Machine::live(), &requests);
    for text in ["one", "two"] {
        let said = seen.fed(&argv, text.as_bytes()).unwrap().expect("it runs");
        assert_eq!(said.text(), text);
    }
    assert_eq!(seen.fed(&argv, b"three"), None);
    let below = all(&Machine::below(disk().path()).unwrap(), &requests);
    let refused = NotRun::Failed("not run under --root".to_owned());
    assert_eq!(below.fed(&argv, b"one"), Some(Err(&refused)));
}

#[test]
fn names_of_this_machine_resolve() {
    let seen = ask(&Machine::live(), &Request::Resolve("localhost".to_owned()));
    let found = seen
        .resolved("localhost")
        .expect("asked")
        .expect("every machine knows itself");
    assert!(found.iter().all(std::net::IpAddr::is_loopback), "{found:?}");
}

#[test]
fn extended_attributes_are_captured() {
    let disk = disk();
    let real = disk.path().join("data/real");
    let set = rustix::fs::setxattr(&real, "user.note", b"kept", rustix::fs::XattrFlags::empty());
    if set == Err(rustix::io::Errno::OPNOTSUPP) {
        return eprintln!(
            "not checked: the file system of {} has no extended attributes",
            real.display()
        );
    }
    set.unwrap();
    let machine = Machine::below(disk.path()).unwrap();
    for request in [
        Request::Read("/etc/absolute".into()),
        Request::Stat("/etc/absolute".into()),
    ] {
        let seen = ask(&machine, &request);
        let meta = match seen.entry(Path::new("/etc/absolute")) {
            Some(Entry::File(image)) => &image.meta,
            Some(Entry::Seen(meta)) => meta,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            meta.xattrs.get("user.note").map(Vec::as_slice),
            Some(&b"kept"[..])
        );
    }
}

/// Root reads users' files in their directories, but never follows a user's link to another user's
/// file.
#[test]
fn root_follows_a_link_of_another_user_only_to_files_of_that_user() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let at = |name: &str| place.join(name);
    let theirs = |name: &&str| std::os::unix::fs::lchown(at(name), Some(1234), None).unwrap();
    fs::create_dir(at("home")).unwrap();
    fs::write(at("secret"), "root's\n").unwrap();
    fs::write(at("home/own"), "own\n").unwrap();
    symlink(at("home/own"), at("home/to-own")).unwrap();
    symlink("../secret", at("home/to-secret")).unwrap();
    symlink(&place, at("home/to-folder")).unwrap();
    symlink("/proc/self/cwd", at("home/to-proc")).unwrap();
    fs::hard_link(at("secret"), at("home/hard")).unwrap();
    fs::write(at("home/placed"), "root's, placed there by root\n").unwrap();
    [
        "home",
        "home/own",
        "home/to-own",
        "home/to-secret",
        "home/to-folder",
        "home/to-proc",
    ]
    .iter()
    .for_each(theirs);
    let read = |name: &str| {
        let read = Machine::live().read(&at(name));
        read.map(|image| image.map(|image| String::from_utf8(image.bytes.into()).unwrap()))
            .map_err(|error| error.why)
    };
    assert_eq!(read("home/own"), Ok(Some("own\n".to_owned())));
    assert_eq!(read("home/to-own"), Ok(Some("own\n".to_owned())));
    assert_eq!(
        read("home/placed"),
        Ok(Some("root's, placed there by root\n".to_owned()))
    );
    for name in [
        "home/to-secret",
        "home/to-folder/secret",
        "home/to-proc/Cargo.toml",
        "home/hard",
    ] {
        assert!(
            matches!(read(name), Err(Why::Untrusted { .. } | Why::Other(_))),
            "{name}: {:?}",
            read(name)
        );
        assert!(Machine::live().open(&at(name)).is_err(), "{name}");
    }
    assert!(Machine::live().names(&at("home/to-folder")).is_err());
    assert!(matches!(
        entry(&Machine::live(), at("home/to-secret").to_str().unwrap()),
        Entry::Unreadable(_)
    ));
}

/// In a sticky directory anybody can give root's file a second name, but not root's folder.
#[test]
fn a_hard_link_is_read_only_in_a_root_directory_below_a_sticky_one() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().canonicalize().unwrap().join(name);
    let mode = |name: &str, mode| {
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for folder in [
        "sticky",
        "sticky/roots",
        "sticky/theirs",
        "open",
        "open/roots",
    ] {
        fs::create_dir(at(folder)).unwrap();
    }
    std::os::unix::fs::chown(at("sticky/theirs"), Some(1234), None).unwrap();
    fs::write(at("first"), "text\n").unwrap();
    let names = [
        ("sticky/roots/second", true),
        ("sticky/second", false),
        ("sticky/theirs/second", false),
        ("open/roots/second", false),
    ];
    for (name, _) in names {
        fs::hard_link(at("first"), at(name)).unwrap();
    }
    mode("sticky", 0o1777);
    mode("open", 0o777);
    for (name, is_read) in names {
        assert_eq!(Machine::live().read(&at(name)).is_ok(), is_read, "{name}");
    }
}

#[test]
fn many_files_at_once_are_read_like_each_alone() {
    let disk = tempfile::tempdir().unwrap();
    let path = |number: usize| disk.path().join(number.to_string());
    let machine = Machine::live();
    // Fewer than one thread gets, as many, and enough for several; every seventh is missing.
    for count in [1, 32, 33, 300] {
        for number in (0..count).filter(|number| number % 7 != 0) {
            fs::write(path(number), format!("{number}\n")).unwrap();
        }
        let requests: Vec<Request> = (0..count).map(path).map(Request::Read).collect();
        let seen = all(&machine, &requests);
        assert_eq!(seen.paths().count(), count);
        for number in 0..count {
            let alone = ask(&machine, &Request::Read(path(number)));
            assert_eq!(seen.entry(&path(number)), alone.entry(&path(number)));
        }
    }
}
