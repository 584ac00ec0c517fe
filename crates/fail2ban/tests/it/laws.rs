//! The laws, on random files made of difficult pieces: identity, locality, read-back.

use std::path::Path;

use fastrand::Rng;
use sshmend_fail2ban::{Config, Release, Wish};
use sshmend_lossless::{Entry, Snapshot};

use crate::common::{DIR, after, config, snapshot, wish};

const TOKENS: &[&[u8]] = &[
    b"[DEFAULT]",
    b"[sshd]",
    b"[web]",
    b"[default]",
    b"[",
    b"]",
    b"ignoreip",
    b"IgnoreIP",
    b"enabled",
    b"bantime",
    b"=",
    b" = ",
    b":",
    b"\n",
    b"\n",
    b"\n",
    b"\n  ",
    b"\n\t",
    b"\r\n",
    b"\r",
    b" ",
    b",",
    b";",
    b" ; ",
    b"#",
    b"192.0.2.1",
    b"10.1.2.3/8",
    b"::1",
    b"1.2.3.4/x",
    b"file:/x",
    b"%(known/ignoreip)s",
    b"%(default/ignoreip)s",
    b"%(sshd/ignoreip)s",
    b"%%",
    b"%",
    b"%(",
    b"true",
    b"\xff",
    b"\0",
    b"\xc2\xa0",
    b"\xef\xbb\xbf",
    b"\x1c",
    b"[INCLUDES]\nbefore = jail.local",
    b"# sshmend: until 2026-01-01T00:00:00Z 192.0.2.1\n",
    b"\xe2\x80\xa8",
    b"ignoreip = 192.0.2.1\n",
    b"\n[sshd]\nenabled = true\n",
];
const FILES: [&str; 3] = ["jail.local", "jail.d/mine.conf", "jail.d/zz-sshmend.local"];

/// Valid lines, and a few that conflict with each other.
const LINES: &[&str] = &[
    "[sshd]\nenabled = true\n",
    "[web]\nenabled = yes\n",
    "[DEFAULT]\n",
    "ignoreip = 192.0.2.1\n",
    "IgnoreIP=::1, 192.0.2.9 ; home\r\n",
    "ignoreip =\n    192.0.2.1\n    ::1\n",
    "ignoreip: %(default/ignoreip)s 198.51.100.0/24\n",
    "ignoreip = %(known/ignoreip)s\n",
    "ignoreip = 192.0.2.1 # office\n",
    "bantime = 1h\n",
    "  192.0.2.77\n",
    "# a comment\n",
    "\n",
];

/// The stock files, with random ones in the place of the administrator's: lines, and in every fourth a stray token.
fn random_tree(random: &mut Rng) -> Snapshot {
    let files: String = FILES.iter().map(|path| format!("//- {path}\n")).collect();
    let mut tree = snapshot(&files);
    for path in FILES {
        let path = Path::new(DIR).join(path);
        let mut image = tree.read(&path).ok().flatten().expect("a file").clone();
        image.bytes = random_file(random).into();
        tree.insert(path, Entry::File(image));
    }
    tree
}

fn random_file(random: &mut Rng) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = vec![b"[DEFAULT]\n"];
    parts.extend((0..random.usize(0..7)).map(|_| LINES[random.usize(0..LINES.len())].as_bytes()));
    let strays = if random.u8(..) < 64 {
        random.usize(1..12)
    } else {
        0
    };
    for _ in 0..strays {
        parts.insert(
            random.usize(0..=parts.len()),
            TOKENS[random.usize(0..TOKENS.len())],
        );
    }
    parts.concat()
}

fn random_wish(random: &mut Rng) -> Wish {
    let jails: &[&str] = if random.bool() { &[] } else { &["sshd"] };
    let until = random.bool().then_some("2026-12-01T00:00:00Z");
    wish(
        [
            "203.0.113.7",
            "2001:db8::/48 203.0.113.0/24",
            "192.0.2.1",
            "host.example.org",
        ][random.usize(0..4)],
        jails,
        until,
    )
}

fn release(random: &mut Rng) -> Option<Release> {
    [
        None,
        Release::parse("0.11.2"),
        Release::parse("1.1.0"),
        Release::parse("1.1.1"),
    ][random.usize(0..4)]
}

fn for_random_trees(
    seed: u64,
    cases: u64,
    mut check: impl FnMut(&Snapshot, Option<Release>, &Wish),
) {
    let mut random = Rng::with_seed(seed);
    for _ in 0..cases {
        let (tree, release, wish) = (
            random_tree(&mut random),
            release(&mut random),
            random_wish(&mut random),
        );
        check(&tree, release, &wish);
    }
}

#[test]
fn reading_never_fails_and_points_into_the_files() {
    for_random_trees(1, 2_000, |tree, release, _| {
        for problem in config(tree, release).problems() {
            let file = tree.read(&problem.origin.path).ok().flatten();
            let lines = file.map_or(1, |file| {
                file.bytes.split(|b| matches!(b, b'\n' | b'\r')).count()
            });
            assert!(problem.origin.line <= lines, "{problem} of {lines} lines");
            assert!(
                problem.column <= problem.text.chars().count() + 1 || problem.text.is_empty(),
                "{problem:?}"
            );
        }
    });
}

#[test]
fn a_change_without_effect_leaves_every_byte() {
    for_random_trees(2, 300, |tree, release, wish| {
        let Ok(edited) = config(tree, release).ignore(wish) else {
            return;
        };
        let next = after(tree, &edited);
        let again = config(&next, release)
            .ignore(wish)
            .expect("it was possible before");
        assert!(again.is_empty(), "{:?}", again.edits);
    });
}

#[test]
fn an_exemption_only_adds_text() {
    let mut changed = 0;
    for_random_trees(3, 800, |tree, release, wish| {
        let before = config(tree, release);
        let is_marked = FILES.iter().any(|path| {
            let bytes = &tree
                .read(&Path::new(DIR).join(path))
                .ok()
                .flatten()
                .expect("a file")
                .bytes;
            bytes.windows(9).any(|part| part == b"sshmend: ")
        });
        // Changing an expiry and repairing a line are the two changes that replace text.
        let Some(edited) = before
            .ignore(wish)
            .ok()
            .filter(|_| before.starts() && !is_marked)
        else {
            return;
        };
        changed += edited.edits.len();
        assert!(
            edited
                .edits
                .values()
                .flat_map(|edits| edits.iter())
                .all(|edit| edit.range.is_empty()),
            "{edited:?}"
        );
    });
    assert!(changed > 30, "only {changed} files were edited");
}

#[test]
fn edits_read_back_as_intended() {
    let mut held = 0;
    for_random_trees(4, 3_000, |tree, release, wish| {
        let Ok(edited) = config(tree, release).ignore(wish) else {
            return;
        };
        let next = after(tree, &edited);
        let reread = config(&next, release);
        assert!(reread.starts(), "{:?}", reread.problems());
        for jail in reread.jails().iter().filter(|jail| is_meant(wish, jail)) {
            for address in &wish.addresses {
                assert!(
                    address.is_ignored_by(jail),
                    "{address} in {:?}",
                    jail.words()
                );
                held += 1;
            }
        }
    });
    assert!(held > 150, "only {held} addresses were looked for");
}

fn is_meant(wish: &Wish, jail: &sshmend_fail2ban::Jail) -> bool {
    wish.jails
        .as_ref()
        .map_or_else(|| jail.runs(), |names| names.contains(&jail.name))
}

#[test]
fn removing_an_address_keeps_all_other_addresses() {
    for_random_trees(5, 400, |tree, release, wish| {
        let before: Config<'_> = config(tree, release);
        let Ok(edited) = before.unignore(&wish.addresses, wish.jails.as_deref()) else {
            return;
        };
        let next = after(tree, &edited);
        let reread = config(&next, release);
        assert!(reread.starts(), "{:?}", reread.problems());
        for jail in reread.jails().iter().filter(|jail| is_meant(wish, jail)) {
            assert!(
                wish.addresses
                    .iter()
                    .all(|address| !address.is_ignored_by(jail)),
                "{:?}",
                jail.words()
            );
        }
    });
}

#[test]
fn expired_addresses_are_removed() {
    let now = "2026-06-01T00:00:00Z".parse().expect("a time");
    for_random_trees(6, 400, |tree, release, _| {
        let Ok(edited) = config(tree, release).retire(now) else {
            return;
        };
        let next = after(tree, &edited);
        assert_eq!(config(&next, release).expired(now), []);
    });
}
