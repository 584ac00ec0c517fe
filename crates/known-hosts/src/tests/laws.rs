//! Three laws on random files: bytes outside an edit stay, an edit affects only the names given,
//! and it is read back.

use fastrand::Rng;
use sshmend_lossless::{Line, Picked, lines};

use crate::found::Lookup;
use crate::tests::text::{expand, key};
use crate::{HostKey, KeyStatus, KnownHosts, Name, Pin, Placement, judge};

const HOSTS: [&str; 16] = [
    "h", "i", "H", "*", "!h", "!i", "h?", "[h]:22", "[h]:2222", "h1", "#h", "@revoked", "|1|",
    "H(h)", "H(i)", "",
];
const KEYS: [&str; 9] = [
    "ED1",
    "ED2",
    "RSA1",
    "RSA2",
    "ECDSA1",
    "CERT1",
    "ssh-rsa AAAA",
    "1024 35 7",
    "ssh-x AA",
];
const BEFORE: [&str; 9] = [
    "",
    "",
    "",
    "",
    " \t",
    "@revoked ",
    "@cert-authority ",
    "@revoked\t",
    "@x ",
];
const AFTER: [&str; 8] = [
    "\n",
    "\n",
    "\r\n",
    " note\r\n",
    " \0x\n",
    " h ED1\n",
    "\n\n#h\n",
    "",
];
const JUNK: [&str; 9] = [
    "\n",
    "\r",
    "\0",
    "\u{feff}",
    "h",
    "<<<<<<< HEAD\n",
    " ",
    "h\n",
    ",",
];

fn pick<'c>(random: &mut Rng, choices: &[&'c str]) -> &'c str {
    choices[random.usize(..choices.len())]
}

fn line(random: &mut Rng) -> String {
    let hosts: Vec<&str> = (0..random.usize(1..5))
        .map(|_| pick(random, &HOSTS))
        .collect();
    let hosts = if random.u8(..5) == 0 {
        pick(random, &HOSTS[13..15]).to_owned()
    } else {
        hosts.join(",")
    };
    let blank = if random.u8(..4) == 0 { "\t" } else { " " };
    format!(
        "{}{hosts}{blank}{}{}",
        pick(random, &BEFORE),
        pick(random, &KEYS),
        pick(random, &AFTER)
    )
}

fn file(random: &mut Rng) -> Vec<u8> {
    let lines = (0..random.usize(0..6)).map(|_| {
        if random.u8(..6) == 0 {
            pick(random, &JUNK).to_owned()
        } else {
            line(random)
        }
    });
    let mut bytes = expand(&lines.collect::<String>()).into_bytes();
    while random.u8(..5) == 0 {
        let at = random.usize(..=bytes.len());
        bytes.insert(at, random.u8(..));
    }
    bytes
}

/// A file with a NUL among the names of a line, which ends the line there.
fn file_with_nul(random: &mut Rng) -> Vec<u8> {
    let mut bytes = file(random);
    let starts: Vec<usize> = lines(&bytes).map(|line| line.span.start).collect();
    if let Some(start) = random.choice(starts) {
        bytes.insert((start + random.usize(..4)).min(bytes.len()), 0);
    }
    bytes
}

fn names(random: &mut Rng) -> Vec<Name> {
    let all = ["h", "i", "[h]:2222", "h1"];
    (0..random.usize(1..3))
        .map(|_| Name::host(all[random.usize(..all.len())]))
        .collect()
}

/// The keys that the file gives for a name, by line.
fn keys_of(bytes: &[u8], name: &str) -> Vec<HostKey> {
    KnownHosts::parse(bytes)
        .find(&[Name::host(name)])
        .found
        .into_iter()
        .map(|found| found.key)
        .collect()
}

fn others<'n>(names: &'n [Name]) -> impl Iterator<Item = &'static str> + 'n {
    ["h", "i", "[h]:2222", "h1", "j"]
        .into_iter()
        .filter(|other| names.iter().all(|name| name.as_str() != *other))
}

#[test]
fn the_quick_scan_finds_every_relevant_line() {
    let mut random = Rng::with_seed(7);
    let mut with_names = 0;
    for _ in 0..4_000 {
        let bytes = file_with_nul(&mut random);
        let names = names(&mut random);
        let quick = KnownHosts::parse(&bytes).find(&names);
        let picked = |line: Line| Picked {
            bytes: bytes[line.span.clone()].to_vec(),
            line,
        };
        let every: Vec<Picked> = lines(&bytes).map(picked).collect();
        let slow = Lookup::of_picked(&every, &names);
        with_names += slow.found.len() + slow.passed_over.len();
        assert_eq!(
            (quick.found, quick.passed_over),
            (slow.found, slow.passed_over),
            "{names:?} in {:?}",
            String::from_utf8_lossy(&bytes)
        );
    }
    assert!(with_names > 1_000, "{with_names} lines show nothing");
}

#[test]
fn one_walk_for_many_lists_of_names_finds_what_one_walk_each_finds() {
    let mut random = Rng::with_seed(8);
    let mut with_names = 0;
    for _ in 0..4_000 {
        let bytes = file_with_nul(&mut random);
        let lists: Vec<Vec<Name>> = (0..random.usize(0..6))
            .map(|_| names(&mut random))
            .collect();
        let known = KnownHosts::parse(&bytes);
        let each = known.find_each(&lists);
        assert_eq!(each.len(), lists.len());
        for (names, together) in lists.iter().zip(each) {
            let alone = known.find(names);
            with_names += alone.found.len() + alone.passed_over.len();
            assert_eq!(
                (together.found, together.passed_over),
                (alone.found, alone.passed_over),
                "{names:?} in {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
    assert!(with_names > 1_000, "{with_names} lines show nothing");
}

#[test]
fn one_walk_over_the_parts_of_a_long_file_counts_its_lines_through() {
    let one = expand("h ED1\n#\n*,!i ED2\nH(i) ED1\nj ED2\nj,h ED1\n");
    let bytes = one.repeat(5_000).into_bytes();
    let lists = ["h", "i", "none"].map(|name| vec![Name::host(name)]);
    let known = KnownHosts::parse(&bytes);
    for (names, together) in lists.iter().zip(known.find_each(&lists)) {
        let alone = known.find(names);
        assert_eq!(together.found, alone.found, "{names:?}");
        assert_eq!(together.passed_over, alone.passed_over, "{names:?}");
    }
}

#[test]
fn every_byte_belongs_to_one_record() {
    let mut random = Rng::with_seed(1);
    for _ in 0..4_000 {
        let bytes = file(&mut random);
        let known = KnownHosts::parse(&bytes);
        let joined: Vec<u8> = known
            .records()
            .flat_map(|record| bytes[record.line.span.clone()].to_vec())
            .collect();
        assert_eq!(joined, bytes);
    }
}

#[test]
fn removing_a_name_removes_it_and_changes_no_other_name() {
    let mut random = Rng::with_seed(2);
    let mut edited = 0;
    for _ in 0..6_000 {
        let (bytes, names) = (file(&mut random), names(&mut random));
        let removed = KnownHosts::parse(&bytes)
            .remove(&names, None)
            .expect("an edit that is read back");
        let after = removed.edits.apply(&bytes);
        edited += usize::from(after != bytes);
        for name in others(&names) {
            assert_eq!(
                keys_of(&after, name),
                keys_of(&bytes, name),
                "{name} in {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
        let again = KnownHosts::parse(&after)
            .remove(&names, None)
            .expect("an edit");
        assert!(again.edits.is_empty());
    }
    assert!(edited > 500, "{edited} edits are too few to show anything");
}

#[test]
fn pinning_a_key_makes_it_known_and_changes_no_other_name() {
    let mut random = Rng::with_seed(3);
    let all = ["ED1", "ED2", "RSA1", "RSA2", "ECDSA1"].map(key);
    let mut replaced = 0;
    for _ in 0..6_000 {
        let (bytes, names) = (file(&mut random), names(&mut random));
        let keys = [all[random.usize(..all.len())].clone()];
        let offered: Vec<HostKey> = all.iter().filter(|_| random.bool()).cloned().collect();
        let pin = Pin {
            names: &names,
            keys: &keys,
            offered: &offered,
            hash_names: random.bool(),
        };
        let mut salts = Rng::with_seed(4);
        let Ok(pinned) = KnownHosts::parse(&bytes).pin(&pin, &mut || [salts.u8(..); 20]) else {
            let before = [KnownHosts::parse(&bytes).find(&names)];
            assert!(
                matches!(judge(&before, &keys[0]), KeyStatus::Revoked(_)),
                "{:?}",
                String::from_utf8_lossy(&bytes)
            );
            continue;
        };
        let after = pinned.edits.apply(&bytes);
        replaced += pinned
            .placed
            .iter()
            .filter(|placed| matches!(placed.placement, Placement::Replaced(_)))
            .count();
        let lookup = [KnownHosts::parse(&after).find(&names)];
        assert!(matches!(judge(&lookup, &keys[0]), KeyStatus::Known(..)));
        for name in others(&names) {
            assert_eq!(
                keys_of(&after, name),
                keys_of(&bytes, name),
                "{name} in {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
    assert!(
        replaced > 100,
        "{replaced} replacements are too few to show anything"
    );
}

#[test]
fn an_edit_leaves_every_other_line_byte_for_byte() {
    let mut random = Rng::with_seed(5);
    for _ in 0..4_000 {
        let (bytes, names) = (file(&mut random), names(&mut random));
        let known = KnownHosts::parse(&bytes);
        let removed = known.remove(&names, None).expect("an edit");
        let touched = |line: usize| removed.removed.iter().any(|removed| removed.line == line);
        let untouched: Vec<u8> = known
            .records()
            .filter(|record| !touched(record.line.number))
            .flat_map(|record| bytes[record.line.span.clone()].to_vec())
            .collect();
        let after = removed.edits.apply(&bytes);
        let kept = |line: &&[u8]| !untouched.split(|&b| b == b'\n').any(|other| other == *line);
        assert!(after.split(|&b| b == b'\n').filter(kept).count() <= removed.removed.len());
        assert!(after.len() <= bytes.len());
    }
}
