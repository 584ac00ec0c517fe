//! Other users of the machine, who lead root elsewhere: by links, by folders, by a journal, while it runs.
//!
//! Most of these tests take root. Without it they say so, and where `CI` is set they fail.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::disk::{Disk, Said, run, run_with};
use crate::live::on_stage;

/// A user with no account and no rights.
const EVE: u32 = 61234;

const SECRET: &str = "host.example ssh-ed25519 SECRET-OF-ROOT\n";
const PUBLIC: &str = "host.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHlWYuJ2sJ0yqWJzb2yq3i1cJ9mVYqkZb1cFrtS4mJ3p\n";

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    /// A folder of root's that eve can enter, with `home` of eve in it; `None` without root.
    fn new() -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            assert!(
                std::env::var_os("CI").is_none(),
                "CI has to run this as root"
            );
            println!("not tested: this takes root");
            return None;
        }
        let place = Self {
            directory: tempfile::tempdir().expect("a folder"),
        };
        mode(place.directory.path(), 0o755);
        fs::create_dir_all(place.at("home/.ssh")).expect("folders");
        place.theirs("home");
        place.theirs("home/.ssh");
        fs::write(place.at("secret"), SECRET).expect("a file");
        mode(&place.at("secret"), 0o600);
        Some(place)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.at(name).to_str().expect("a plain path").to_owned()
    }

    fn theirs(&self, name: &str) {
        lchown(self.at(name), Some(EVE), Some(EVE)).expect("root");
    }

    fn link(&self, to: &str, name: &str) {
        symlink(self.at(to), self.at(name)).expect("a link");
        self.theirs(name);
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.at(name).parent().expect("a folder")).expect("folders");
        fs::write(self.at(name), text).expect("a file");
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[track_caller]
fn refused(said: &Said, case: &str) {
    assert_eq!(said.code, 2, "{case}: {}{}", said.stdout, said.stderr);
    assert!(
        said.stderr.contains("not safe as root"),
        "{case}: {}",
        said.stderr
    );
    assert!(
        !format!("{}{}", said.stdout, said.stderr).contains("SECRET"),
        "{case}: {}",
        said.stdout
    );
}

#[test]
fn root_does_not_follow_a_link_in_a_users_folder() {
    let Some(place) = Place::new() else { return };
    place.link("secret", "home/.ssh/known_hosts");
    place.link("home", "door");
    place.link("secret", "key.pub");
    let (file, door) = (
        place.text("home/.ssh/known_hosts"),
        place.text("door/.ssh/known_hosts"),
    );
    let fingerprint = "SHA256:6d51n7JgqYb1p3F7m1S3v6vQh3v1yq5bIYk7F1s2x0A";
    for flag in ["--dry-run", "--yes"] {
        for path in [&file, &door] {
            let line = format!("{path}:1");
            refused(
                &run(
                    &["fix", "known-hosts", "host.example", "--line", &line, flag],
                    b"",
                ),
                &line,
            );
            refused(
                &run(
                    &["fix", "known-hosts", "host.example", "--file", path, flag],
                    b"",
                ),
                path,
            );
            refused(
                &run(
                    &["fix", "sshd-config", "MaxSessions=9", "--file", path, flag],
                    b"",
                ),
                path,
            );
        }
        let key = place.text("key.pub");
        let pin = [
            "fix",
            "known-hosts",
            "host.example",
            "--expect-fingerprint",
            fingerprint,
            "--key-file",
            &key,
            flag,
        ];
        refused(&run(&pin, b""), "a key");
    }
    for words in [["logs", &file], ["diagnose", "--log"]] {
        let said = run(&[&words[..], &[&file]].concat(), b"");
        assert!(
            !format!("{}{}", said.stdout, said.stderr).contains("SECRET"),
            "{}",
            said.stdout
        );
    }
    let shown = run(
        &["show", "known-hosts", "host.example", "--file", &file],
        b"",
    );
    assert!(!shown.stdout.contains(":1"), "{}", shown.stdout);
    assert_eq!(
        fs::read_to_string(place.at("secret")).expect("root's"),
        SECRET
    );
}

/// The attacker swaps the file, the link and the folder as fast as the disk allows; root reads, plans and writes.
#[test]
fn swapping_links_while_root_works_does_not_leak_or_change_a_file() {
    let Some(place) = Place::new() else { return };
    place.write("home/.ssh/known_hosts", PUBLIC);
    place.theirs("home/.ssh/known_hosts");
    place.link("secret", "home/.ssh/evil");
    place.write("vault/known_hosts", SECRET);
    place.link("vault", "home/.evil");
    let (over, ssh) = (AtomicBool::new(false), place.at("home/.ssh"));
    let swap = |one: &Path, other: &Path| {
        // The folder itself may be the exchanged one at the moment.
        let _ = renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE);
    };
    let outside = |place: &Place| {
        ["secret", "vault/known_hosts"].map(|name| {
            let meta = fs::metadata(place.at(name)).expect("it is there");
            (
                fs::read_to_string(place.at(name)).expect("root's"),
                meta.ino(),
                meta.mode(),
                meta.uid(),
            )
        })
    };
    let before = outside(&place);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                swap(&ssh.join("known_hosts"), &ssh.join("evil"));
                swap(&ssh, &place.at("home/.evil"));
            }
        });
        let file = place.text("home/.ssh/known_hosts");
        let line = format!("{file}:1");
        for attempt in 0..300 {
            let words: &[&str] = match attempt % 4 {
                0 => &["show", "known-hosts", "host.example", "--file", &file],
                1 => &[
                    "fix",
                    "known-hosts",
                    "host.example",
                    "--line",
                    &line,
                    "--dry-run",
                ],
                2 => &[
                    "fix",
                    "known-hosts",
                    "host.example",
                    "--file",
                    &file,
                    "--yes",
                ],
                _ => &["logs", &file],
            };
            let said = run(words, b"");
            assert!(
                !format!("{}{}", said.stdout, said.stderr).contains("SECRET"),
                "{attempt}: {}",
                said.stdout
            );
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(outside(&place), before);
}

/// A journal that eve wrote: it names a program, and a file outside with her bytes.
fn plant(place: &Place, state: &str) {
    let transaction = format!("{state}/transactions/20260101T000000.000000Z");
    let digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    let image = format!("sha256 = \"{digest}\"\nsize = 1\nmode = \"0644\"\nuid = 0\ngid = 0\n");
    let victim = place.text("victim");
    let record = format!(
        "version = 1\nid = \"20260101T000000.000000Z\"\nstate = \"STATE\"\nwhen = \"2026-01-01T00:00:00Z\"\n\
         why = \"x\"\nargv = []\ndirectories = []\n[who]\nuid = 0\n[aftermath]\n\
         judges = [[\"touch\", \"{}\"]]\n[[file]]\npath = \"{victim}\"\ntarget = \"{victim}\"\n\
         [file.before]\n{image}[file.after]\n{image}",
        place.text("judged")
    );
    let said = if state.contains("cut") {
        "prepared"
    } else {
        "done"
    };
    place.write(
        &format!("{transaction}/transaction.toml"),
        &record.replace("STATE", said),
    );
    place.write(&format!("{transaction}/before/0"), "x");
    place.write(&format!("{transaction}/after/0"), "x");
}

#[test]
fn a_state_folder_that_another_user_could_have_filled_is_refused() {
    let Some(place) = Place::new() else { return };
    type Make = fn(&Place);
    let cases: [(&str, Make); 6] = [
        ("eve's folder", |place| {
            plant(place, "state");
            place.theirs("state");
        }),
        ("a sticky folder", |place| {
            plant(place, "state");
            mode(&place.at("state"), 0o1777);
        }),
        ("a folder of eve's group", |place| {
            plant(place, "state");
            chown(place.at("state"), None, Some(EVE)).expect("root");
            mode(&place.at("state"), 0o770);
        }),
        ("eve's transactions", |place| {
            plant(place, "state");
            place.theirs("state/transactions");
        }),
        ("a record that others may write", |place| {
            plant(place, "state");
            mode(
                &place.at("state/transactions/20260101T000000.000000Z/transaction.toml"),
                0o666,
            );
        }),
        ("eve's link", |place| {
            plant(place, "real");
            place.link("real", "state");
        }),
    ];
    for (case, make) in cases {
        place.write("victim", "stays");
        place.write("hosts.allow", "");
        make(&place);
        let state = place.text("state");
        for words in [
            "history",
            "history 20260101T000000.000000Z",
            "rollback --dry-run",
            "rollback --yes",
            "recover",
        ] {
            let words: Vec<&str> = words.split(' ').chain(["--state", &state]).collect();
            refused(&run(&words, b""), &format!("{case}: {words:?}"));
        }
        let root = place.text("home");
        let words = [
            "fix",
            "hosts-access",
            "--allow",
            "192.0.2.1",
            "--yes",
            "--state",
            &state,
            "--root",
            &root,
        ];
        place.write("home/etc/hosts.deny", "ALL: ALL\n");
        refused(&run(&words, b""), case);
        assert_eq!(
            fs::read_to_string(place.at("victim")).expect("it is there"),
            "stays",
            "{case}"
        );
        assert!(
            !place.at("judged").exists(),
            "{case}: a program of the journal was run"
        );
        fs::remove_file(place.at("state"))
            .or_else(|_| fs::remove_dir_all(place.at("state")))
            .expect("it was there");
    }
}

#[test]
fn programs_named_in_a_journal_are_never_run() {
    let Some(place) = Place::new() else { return };
    plant(&place, "state");
    place.write("victim", "x");
    let state = place.text("state");
    for flag in ["--dry-run", "--yes"] {
        let said = run(&["rollback", flag, "--state", &state], b"");
        assert_eq!(said.code, 2, "{}", said.stderr);
        assert!(
            said.stderr
                .contains("names a program that sshmend never runs: touch "),
            "{}",
            said.stderr
        );
        assert!(!place.at("judged").exists());
    }
}

#[test]
fn a_pipe_does_not_block_the_command() {
    let place = tempfile::tempdir().expect("a folder");
    let pipe = place.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).expect("a pipe");
    let pipe = pipe.to_str().expect("a plain path");
    let started = Instant::now();
    assert_eq!(run(&["history", "--root", pipe], b"").code, 2);
    assert_eq!(run(&["history", "--state", pipe], b"").code, 2);
    assert_eq!(run(&["logs", pipe], b"").code, 2);
    let log = "Jan  1 00:00:00 h sshd[1]: error: beginning MaxStartups throttling\n";
    for zone in [pipe, &format!(":{pipe}"), "/etc/shadow", "../pipe"] {
        assert_eq!(
            run_with(&["logs", "-"], log.as_bytes(), &[("TZ", zone)]).code,
            1,
            "{zone}"
        );
        assert_eq!(
            run_with(
                &["logs", "-"],
                log.as_bytes(),
                &[("TZDIR", zone), ("TZ", "UTC")]
            )
            .code,
            1,
            "{zone}"
        );
    }
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn an_editor_with_the_file_open_is_named() {
    for beside in ["/etc/.hosts.allow.swp", "/etc/.#hosts.allow"] {
        let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n//- /etc/hosts.allow\n# none\n");
        disk.write(beside, "");
        let said = disk.run("fix hosts-access --allow 192.0.2.7 --yes");
        let note = format!("/etc/hosts.allow: an editor seems to have it open ({beside})");
        assert_eq!(said.code, 0);
        assert!(
            said.stdout.contains(&note),
            "{}{}",
            said.stdout,
            said.stderr
        );
    }
}

#[test]
fn a_file_name_with_line_breaks_adds_no_line_to_the_diff() {
    let disk = Disk::new("//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\n");
    disk.write(
        "/etc/ssh/sshd_config.d/a\n-MaxSessions 1\n.conf",
        "MaxSessions 4\n",
    );
    let said = disk.run("fix sshd-config MaxSessions=9 --dry-run");
    let lines = said.stdout.lines();
    let removed: Vec<&str> = lines.filter(|line| line.starts_with("-M")).collect();
    assert_eq!(removed, ["-MaxSessions 4"], "{}", said.stdout);
}

#[test]
fn leftovers_of_a_killed_process_and_a_strict_umask_do_no_harm() {
    let script = r#"
mkdir -m 700 /run/.sshmend-files-1 /run/.sshmend-files-2; echo secret > /run/.sshmend-files-1/key
exec 8< /run/.sshmend-files-2; flock 8
"$S" recover; ls -A /run | grep sshmend
umask 0777
"$S" fix sshd-config MaxSessions=9 --yes > /dev/null 2>&1; echo "fix $?"
stat -c %a /var/lib/sshmend/lock /var/lib/sshmend/open
"#;
    let Some(text) = on_stage(script) else { return };
    assert_eq!(
        text,
        "nothing to recover\n.sshmend-files-2\nfix 0\n600\n700\n"
    );
}
