//! Three laws on random bytes: nothing is lost, nothing else is changed, and the request is
//! granted.

use std::path::Path;

use crate::common::{client, snapshot, tables};
use fastrand::Rng;
use sshmend_hosts_access::{
    Access, Client, Edited, Excerpt, HOSTS_ALLOW, HOSTS_DENY, LINE_LIMIT, Name, Permit, Tables,
    Wanted, logical_lines,
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
            1 => bytes.extend(vec![
                *random.choice(b"x \\,1").expect("not empty");
                random.usize(0..2100)
            ]),
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
        let joined: Vec<u8> = lines
            .iter()
            .flat_map(|line| &bytes[line.span.clone()])
            .copied()
            .collect();
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

#[test]
fn the_streamed_answer_equals_the_answer_of_the_tables() {
    let mut random = Rng::with_seed(8);
    let clients = [
        "10.1.2.3",
        "9.9.9.9",
        "ftpd/10.1.2.3=?",
        "::1",
        "2001:db8::1=h.example.org",
    ];
    let (mut denied, mut unknown) = (0, 0);
    for _ in 0..2_000 {
        let (allow, deny) = (document(&mut random), document(&mut random));
        let seen = snapshot(&allow, &deny);
        for text in clients {
            let client = client(text);
            let answer = Tables::read(&seen).evaluate(&client);
            denied += usize::from(answer.access == Access::Denied);
            unknown += usize::from(answer.access == Access::Unknown);
            assert_eq!(
                Excerpt::read(&seen, &client).evaluate(),
                answer,
                "{text} {} {}",
                allow.escape_ascii(),
                deny.escape_ascii()
            );
        }
    }
    assert!(denied > 500 && unknown > 20, "{denied} {unknown}");
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
    let mut order = Permit::new(
        patterns
            .map(|text| Wanted::parse(text).expect("a good pattern"))
            .collect(),
    );
    order.remove_exact_deny = random.bool();
    order.daemon = (*random.choice(&["sshd", "sshd", "ftpd"]).expect("not empty")).to_owned();
    order
}

#[test]
fn an_edit_changes_only_its_ranges_and_reads_back() {
    let mut random = Rng::with_seed(2);
    for _ in 0..2_000 {
        let (allow, deny) = (document(&mut random), document(&mut random));
        let before = tables(&allow, &deny);
        let order = order(&mut random);
        let edited = before.permit(&order).unwrap_or_else(|refusal| {
            panic!(
                "{refusal} {order:?} {} {}",
                allow.escape_ascii(),
                deny.escape_ascii()
            )
        });
        for (path, bytes) in [(HOSTS_ALLOW, &allow), (HOSTS_DENY, &deny)] {
            let Some(edits) = edited.edits.get(Path::new(path)) else {
                continue;
            };
            let after = edits.apply(bytes);
            let mut kept = Vec::new();
            let mut at = 0;
            for edit in edits.iter() {
                kept.extend_from_slice(&bytes[at..edit.range.start]);
                at = edit.range.end;
            }
            kept.extend_from_slice(&bytes[at..]);
            assert!(
                is_subsequence(&kept, &after),
                "{:?}",
                bytes.escape_ascii().to_string()
            );
        }
        for client in order.patterns.iter().flat_map(Wanted::examples) {
            let verdict = edited.after.evaluate(&client.clone().at(&order.daemon));
            assert_eq!(
                verdict.access,
                Access::Granted,
                "{client:?} {:?}",
                allow.escape_ascii().to_string()
            );
        }
        nobody_else(&mut random, &before, &edited, &order);
    }
}

/// Clients outside the request get the same answer, by the same rule, whatever is known about them.
fn nobody_else(random: &mut Rng, before: &Tables, edited: &Edited, order: &Permit) {
    let named = |client: &Client| {
        let rule = format!(
            "sshd: {}\n",
            order
                .patterns
                .iter()
                .map(Wanted::word)
                .collect::<Vec<_>>()
                .join(" ")
        );
        client.daemon == order.daemon
            && tables(rule, "ALL: ALL\n")
                .evaluate(&client.clone().at("sshd"))
                .access
                != Access::Denied
    };
    let addresses = [
        "10.1.2.3",
        "10.1.2.0",
        "10.1.3.0",
        "9.9.9.9",
        "192.0.2.255",
        "8.8.8.8",
        "::1",
        "2001:db8::1",
    ];
    let names = [
        Name::None,
        Name::Unknown,
        Name::Mismatch,
        Name::Known("h.example.org".to_owned()),
    ];
    for address in addresses {
        for daemon in ["sshd", "ftpd", "other"] {
            let client = Client::new(address.parse().expect("an address")).at(daemon);
            let client = client.named(random.choice(&names).expect("not empty").clone());
            let (was, is) = (before.evaluate(&client), edited.after.evaluate(&client));
            let same = was.access == is.access && was.rule == is.rule;
            assert!(
                same || named(&client),
                "{client:?}: {was:?} {is:?} {order:?}"
            );
        }
    }
}

#[test]
fn repairing_a_line_keeps_all_other_lines() {
    let mut random = Rng::with_seed(4);
    let mut mended = 0;
    for _ in 0..2_000 {
        let before = tables(document(&mut random), document(&mut random));
        let repairs: Vec<_> = before
            .problems()
            .into_iter()
            .filter(|problem| problem.repair.is_some())
            .collect();
        let Some(problem) = random.choice(&repairs) else {
            continue;
        };
        let Ok(edited) = before.mend(std::slice::from_ref(&problem.origin)) else {
            continue;
        };
        mended += 1;
        assert!(
            edited.edits.keys().eq([&problem.origin.path]),
            "only the file of the line: {problem:?}"
        );
        assert!(
            edited
                .notes
                .iter()
                .all(|note| note.origin.as_ref() == Some(&problem.origin)),
            "{:?}",
            edited.notes
        );
    }
    assert!(mended > 500, "{mended}");
}

fn is_subsequence(small: &[u8], large: &[u8]) -> bool {
    let mut rest = large.iter();
    small.iter().all(|byte| rest.any(|other| other == byte))
}

#[test]
fn repeating_an_edit_changes_nothing() {
    let mut random = Rng::with_seed(3);
    for _ in 0..1_000 {
        let (allow, deny) = (document(&mut random), document(&mut random));
        let before = tables(&allow, &deny);
        let mut order = order(&mut random);
        order.remove_exact_deny = false;
        let once = before
            .permit(&order)
            .unwrap_or_else(|refusal| panic!("{refusal} {}", allow.escape_ascii()));
        let twice = once.after.permit(&order).expect("nothing is left to do");
        assert!(
            twice.edits.is_empty() && twice.creates.is_empty(),
            "{:?}",
            twice.notes
        );
    }
}

#[test]
fn reading_takes_linear_time() {
    // A hundred thousand joints, brackets, exceptions and stars each: quadratic work would not end.
    for token in [
        "\\\n",
        "[",
        "EXCEPT ",
        "*",
        "10.1.2.3 ",
        ":",
        "\0\n",
        "/f ",
        "a@",
    ] {
        let bytes = format!("sshd: {}\n", token.repeat(100_000));
        let tables = tables(&bytes, &bytes);
        let client = client("10.1.2.3=?");
        tables.evaluate(&client);
        tables.problems();
    }
}
