//! Three laws on random bytes: nothing is lost, nothing else is touched, what was wanted is so.

use std::path::Path;

use crate::common::tables;
use fastrand::Rng;
use sshmend_hosts_access::{
    Access, Edited, HOSTS_ALLOW, HOSTS_DENY, LINE_LIMIT, Permit, ProblemKind, Remedy, Tables, Wanted, logical_lines,
};

const TOKENS: &[&str] = &[
    "sshd",
    "ALL",
    "EXCEPT",
    ":",
    ": ",
    "\n",
    "\n",
    "\\\n",
    "\r\n",
    "\\",
    " ",
    "\t",
    ",",
    "#",
    "# note",
    "10.1.",
    "10.1.2.3",
    "10.1.2.3/24",
    "10.1.2.0/24",
    "[::1]",
    "[2001:db8::]/32",
    "2001:db8::1",
    ".example.org",
    "LOCAL",
    "deny",
    "allow",
    "spawn x",
    "aclexec x",
    "twist x",
    "/etc/f",
    "@g",
    "u@h",
    "\0",
    "\u{feff}",
    "[",
    "]",
    "@",
    "é",
    "sshd: ALL: deny\n",
    "ALL: ALL\n",
    "ftpd: 9.9.9.9\n",
    "22",
    "*",
];

fn document(random: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.usize(0..30) {
        match random.u8(0..40) {
            0 => bytes.push(random.u8(..)),
            1 => bytes.extend(vec![*random.choice(b"x \\,1").expect("not empty"); random.usize(0..2100)]),
            _ => bytes.extend(random.choice(TOKENS).expect("not empty").bytes()),
        }
    }
    bytes
}

#[test]
fn the_logical_lines_join_to_the_document() {
    let mut random = Rng::with_seed(1);
    for _ in 0..2_000 {
        let bytes = document(&mut random);
        let lines = logical_lines(&bytes);
        let joined: Vec<u8> = lines.iter().flat_map(|line| &bytes[line.span.clone()]).copied().collect();
        assert_eq!(joined, bytes);
        let mut next = 1;
        for line in &lines {
            assert_eq!(line.first, next);
            assert!(line.last >= line.first);
            assert!(line.fault.is_some() || line.text.len() < LINE_LIMIT);
            next = line.last + 1;
            for at in 0..line.text.len() {
                let source = line.source(at..at + 1);
                assert_eq!(bytes[source.start], line.text[at]);
            }
        }
    }
}

fn order(random: &mut Rng) -> Permit {
    let wanted = [
        "10.1.2.3",
        "10.1.2.0/24",
        "::1",
        "2001:db8::/48",
        "h.example.org",
        ".example.org",
        "ALL",
        "192.0.2.0/24",
        "0.0.0.0/0",
    ];
    let patterns = (0..random.usize(0..3)).map(|_| random.choice(wanted).expect("not empty"));
    let mut order = Permit::new(patterns.map(|text| Wanted::parse(text).expect("a good pattern")).collect());
    order.remove_exact_deny = random.bool();
    order.at_any_cost = random.bool();
    if random.bool() {
        order.mend.extend([
            ProblemKind::SwallowedRule,
            ProblemKind::LiveComment,
            ProblemKind::DeadPattern,
            ProblemKind::BareIpv6,
            ProblemKind::BadOption,
        ]);
    }
    order
}

#[test]
fn an_edit_touches_nothing_but_its_ranges_and_reads_back() {
    let mut random = Rng::with_seed(2);
    for _ in 0..2_000 {
        let (allow, deny) = (document(&mut random), document(&mut random));
        let before = tables(&allow, &deny);
        let order = order(&mut random);
        let edited = before
            .permit(&order)
            .unwrap_or_else(|refusal| panic!("{refusal} {order:?} {} {}", allow.escape_ascii(), deny.escape_ascii()));
        for (path, bytes) in [(HOSTS_ALLOW, &allow), (HOSTS_DENY, &deny)] {
            let Some(edits) = edited.edits.get(Path::new(path)) else { continue };
            let after = edits.apply(bytes);
            let mut kept = Vec::new();
            let mut at = 0;
            for edit in edits.iter() {
                kept.extend_from_slice(&bytes[at..edit.range.start]);
                at = edit.range.end;
            }
            kept.extend_from_slice(&bytes[at..]);
            assert!(is_subsequence(&kept, &after), "{:?}", bytes.escape_ascii().to_string());
        }
        for client in order.patterns.iter().flat_map(Wanted::examples) {
            let verdict = edited.after.evaluate(&client);
            assert_eq!(verdict.access, Access::Granted, "{client:?} {:?}", allow.escape_ascii().to_string());
        }
        let stops = |tables: &Tables| tables.problems().iter().any(|problem| STOPS.contains(&problem.kind));
        assert!(
            !stops(&edited.after) || !order.at_any_cost || excused(&edited),
            "{:?}",
            allow.escape_ascii().to_string()
        );
    }
}

const STOPS: [ProblemKind; 2] = [ProblemKind::MissingNewline, ProblemKind::TooLong];

/// A line that cannot be split, or whose split collides with another edit, is said to be left.
fn excused(edited: &Edited) -> bool {
    let offered = |kind: &ProblemKind| edited.offers.iter().any(|offer| offer.remedy == Remedy::Mend(*kind));
    STOPS.iter().any(offered) || edited.notes.iter().any(|note| note.text.contains("no edit mends it"))
}

fn is_subsequence(small: &[u8], large: &[u8]) -> bool {
    let mut rest = large.iter();
    small.iter().all(|byte| rest.any(|other| other == byte))
}

#[test]
fn a_second_time_changes_nothing() {
    let mut random = Rng::with_seed(3);
    for _ in 0..1_000 {
        let (allow, deny) = (document(&mut random), document(&mut random));
        let before = tables(&allow, &deny);
        let mut order = order(&mut random);
        order.mend = ProblemKind::DAMAGE.into();
        order.remove_exact_deny = false;
        let once = before.permit(&order).unwrap_or_else(|refusal| panic!("{refusal} {}", allow.escape_ascii()));
        let twice = once.after.permit(&order).expect("nothing is left to do");
        assert!(twice.edits.is_empty() && twice.creates.is_empty(), "{:?}", twice.notes);
    }
}

#[test]
fn reading_takes_time_in_proportion_to_the_length() {
    // A hundred thousand joints, brackets, exceptions and stars each: quadratic work would not end.
    for token in ["\\\n", "[", "EXCEPT ", "*", "10.1.2.3 ", ":", "\0\n", "/f ", "a@"] {
        let bytes = format!("sshd: {}\n", token.repeat(100_000));
        let tables = tables(&bytes, &bytes);
        let client = crate::common::client("10.1.2.3=?");
        tables.evaluate(&client);
        tables.problems();
    }
}
