//! Identity, locality and read-back, on random bytes.

use std::path::Path;

use fastrand::Rng;
use sshmend_lossless::{Origin, fixture};

use super::{MAIN, NEW, OLD, bytes, changed, value};
use crate::directives::Directive;
use crate::line::Line;
use crate::logical::split;
use crate::walk::{walk, walk_files};
use crate::{Connection, Override, Place, Release, Scope, Tree, steps};

const NASTY: &[&[u8]] = &[
    b"MaxSessions 3\n",
    b"maxstartups=5:77:50\r\n",
    b"MaxStartups 9 # note\n",
    b"#MaxStartups 10:30:100\n",
    b"Match User bob\n",
    b"Match all\n",
    b"Include /etc/ssh/sshd_config\n",
    b"Include /etc/ssh/sshd_config.d/*.conf\n",
    b"MaxSessions \"3",
    b"MaxSessions 'x\\\n",
    b"PerSourcePenalties crash:1s max:2m\n",
    b"RekeyLimit 1G 1h\n",
    b"\0",
    b"\r",
    b"\n",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\"",
    b"'",
    b"\\",
    b"#",
    b"=",
    b" ",
    b"\t",
    b"\x0c",
    b"AllowUsers a@10.0.0.1/8,!b\n",
    b"Subsystem a b\n",
    b"Match Address 10.0.0.0/8,!10.1.0.0/16 LocalPort 22\n",
];

fn document(random: &mut Rng) -> Vec<u8> {
    (0..random.usize(0..14))
        .flat_map(|_| random.choice(NASTY).copied().unwrap_or_default())
        .copied()
        .collect()
}

fn read(document: &[u8]) -> Tree {
    Tree::read(&bytes(document), Path::new(MAIN), &[])
}

const RELEASES: [Release; 5] = [
    Release::new(7, 4),
    Release::new(8, 4),
    OLD,
    Release::new(10, 1),
    NEW,
];

#[test]
fn any_bytes_are_read_by_any_release() {
    let mut random = Rng::with_seed(31);
    for _ in 0..1_000 {
        let content = document(&mut random);
        let tree = read(&content);
        let connection = Connection::parse("user=bob,addr=10.0.0.1,lport=22").expect("well formed");
        for release in RELEASES {
            for problem in tree.problems(Some(release)) {
                assert!(problem.origin.line >= 1 && problem.column >= 1, "{problem}");
            }
            let effective = tree.effective(Some(release), Scope::Connection(&connection));
            assert!(effective.get("maxsessions").is_some());
        }
    }
}

#[test]
fn the_quick_list_of_files_equals_that_of_a_full_parse() {
    let includes: &[&[u8]] = &[
        b"I\"ncl\"ude /etc/ssh/a\n",
        b"\"include\" /etc/ssh/b\n",
        b"=INCLUDE=/etc/ssh/c*\n",
        b"Inc\0lude d\n",
        b"Include e #\n",
        b"Include\n",
        b"XInclude f\n",
    ];
    let files = "//- /etc/ssh/sshd_config\n//- /etc/ssh/sshd_config.d dir\n//- /etc/ssh/a\n//- /etc/ssh/b\n//- /etc/ssh/c1\n";
    let mut random = Rng::with_seed(35);
    let mut found = 0;
    for _ in 0..500 {
        let mut content = document(&mut random);
        for _ in 0..random.usize(0..4) {
            content.extend_from_slice(random.choice(includes).expect("some"));
            content.extend(document(&mut random));
        }
        let mut seen = fixture::snapshot(files);
        let main = bytes(&content).entry(Path::new(MAIN)).cloned();
        seen.insert(MAIN, main.expect("it was put there"));
        for release in RELEASES {
            let (whole, missed) = seen.look(|seen| walk(seen, Path::new(MAIN), &[], release));
            let (files, missed_files) =
                seen.look(|seen| walk_files(seen, Path::new(MAIN), release));
            found += whole.paths.len() - 1;
            assert_eq!(files.paths, whole.paths, "{}", content.escape_ascii());
            assert_eq!(missed_files, missed, "{}", content.escape_ascii());
            assert_eq!(files.gaps.len(), whole.gaps.len());
        }
    }
    assert!(found > 0, "no Include was met");
}

#[test]
fn reparsing_a_directive_gives_the_same_directive() {
    let mut random = Rng::with_seed(37);
    let mut met = 0;
    for _ in 0..1_000 {
        let content = document(&mut random);
        if content.windows(7).any(|word| word == b"Include") {
            continue;
        }
        let options = ["MaxSessions=4", " Port 1", "MaxStartups=\"5"].map(Override::new);
        for release in RELEASES {
            let walk = walk(&bytes(&content), Path::new(MAIN), &options, release);
            let lines = split(&content, release).filter_map(|line| Line::parse(line, release));
            let expected: Vec<String> = lines
                .filter(|line| {
                    let keyword = line.keyword.lossy().to_ascii_lowercase();
                    keyword != "match" && keyword != "include"
                })
                .map(|line| {
                    let number = line.logical.position(line.keyword.range.start).0;
                    let origin = Origin::new(MAIN, number);
                    format!("{:?}", Directive::read(line, origin, 0, release))
                })
                .collect();
            // Those of the command line come first.
            let mut found = walk.directives.iter();
            let given: Vec<usize> = found
                .by_ref()
                .take(3)
                .map(|line| line.origin.line)
                .collect();
            assert_eq!(given, [1, 2, 3]);
            let found: Vec<String> = found
                .map(|line| format!("{:?}", Directive { scope: 0, ..line }))
                .collect();
            met += found.len();
            assert_eq!(found, expected, "{}", content.escape_ascii());
        }
    }
    assert!(met > 5_000, "{met} directives");
}

/// The number of lines read to show a file of `lines` lines, and to determine that it includes
/// nothing.
fn steps_to_show(lines: usize) -> usize {
    let text = "MaxSessions 7\n".repeat(lines);
    let (steps, setting) = steps::of(|| {
        let seen = bytes(text.as_bytes());
        let (tree, missed) = seen.look(|seen| Tree::read(seen, Path::new(MAIN), &[]));
        assert_eq!(missed, []);
        let effective = tree.effective(Some(NEW), Scope::Global);
        effective
            .get("maxsessions")
            .map(|found| found.shadowed.len())
    });
    assert_eq!(setting, Some(lines - 1));
    steps
}

#[test]
fn showing_a_long_file_takes_linear_time() {
    assert_eq!(steps_to_show(2_000), 2 * steps_to_show(1_000));
}

#[test]
fn setting_the_effective_value_changes_nothing() {
    let mut random = Rng::with_seed(32);
    for _ in 0..1_000 {
        let content = document(&mut random);
        let tree = read(&content);
        let now = value(&tree, "maxsessions", OLD);
        let refused = tree
            .problems(Some(OLD))
            .iter()
            .any(|problem| problem.line.to_lowercase().contains("maxsessions"));
        if let (Ok(edited), false) = (
            tree.set("MaxSessions", &now, Some(OLD), Place::Best),
            refused,
        ) {
            assert!(
                edited.edits.is_empty() && edited.creates.is_empty(),
                "{content:?}"
            );
        }
    }
}

#[test]
fn an_edit_keeps_all_other_lines_and_is_read_back() {
    let mut random = Rng::with_seed(33);
    let (mut set, mut refused) = (0, 0);
    for _ in 0..600 {
        let content = document(&mut random);
        let (key, wanted) = *random
            .choice(&[
                ("MaxSessions", "77"),
                ("MaxStartups", "11:22:33"),
                ("LogLevel", "DEBUG3"),
            ])
            .expect("some");
        let release = *random.choice(&RELEASES).expect("some");
        let before = read(&content);
        let Ok(edited) = before.set(key, wanted, Some(release), Place::Best) else {
            refused += 1;
            continue;
        };
        set += 1;
        let files = changed(&bytes(&content), &edited);
        let Some(edits) = edited.edits.get(Path::new(MAIN)) else {
            assert_eq!(value(&before, key, release), wanted);
            continue;
        };
        let after = edits.apply(&content);
        assert_eq!(
            value(&read(&after), key, release),
            wanted,
            "{:?}",
            files.values()
        );
        for edit in edits.iter() {
            assert!(edit.text.len() < 60, "{edit:?}");
            let one_line = !content[edit.range.clone()].contains(&b'\n');
            assert!(
                one_line || content.contains(&0),
                "{edit:?} in {}",
                content.escape_ascii()
            );
        }
        let lines = |bytes: &[u8]| bytes.split(|&b| b == b'\n').count();
        assert!(
            lines(&after) <= lines(&content) + 1,
            "one line more at most"
        );
    }
    assert!(set > 400 && refused > 5, "{set} set, {refused} refused");
}
