//! Whatever a machine reports, nothing panics, and no text that a stranger wrote gets into a
//! command.

use fastrand::Rng;
use sshmend_facts::fixture::{NOW, machine};
use sshmend_facts::{Question, Server, Vantage};
use sshmend_lossless::{CommandOutput, Entry, Snapshot};

use crate::diagnosis::Diagnosis;
use crate::inquiry::{Inquiry, diagnose};

const TOKENS: [&str; 40] = [
    "\0",
    "\u{1b}[31m",
    "\u{feff}",
    "é",
    "\r",
    "\n",
    "\n\n",
    " ",
    "\t",
    "\"",
    "'",
    "\\",
    "%",
    "$(reboot)",
    "`id`",
    "; rm -rf /",
    "sshd: ",
    "[listener] ",
    "9 of 1-2 startups",
    "18446744073709551616",
    "-1",
    "::1",
    "198.51.100.7",
    "0.0.0.0/0",
    "drop connection #12 from [198.51.100.7;id]:1 on [::]:22 past MaxStartups",
    "refused connect from a b (198.51.100.7)",
    "Nov 20 17:59:59 server sshd[1]: ",
    "2026-11-20T17:59:59+00:00 server sshd[1]: ",
    "Id=ssh.service",
    "ActiveState=failed",
    "{\"nftables\":[{\"rule\":{\"expr\":[{\"vmap\":{}}]}}]}",
    "*filter",
    ":INPUT DROP [0:0]",
    "-A INPUT -s x -j DROP",
    "Jail list:",
    "Banned IP list: 198.51.100.7",
    "[{'sshd': ['198.51.100.7', '$(id)']}]",
    "MaxStartups",
    "Match User x",
    "sshd: ALL : twist x",
];

fn text(random: &mut Rng) -> String {
    (0..random.usize(0..12))
        .map(|_| TOKENS[random.usize(0..TOKENS.len())])
        .collect()
}

/// The healthy machine with the content of some files and the words of some programs replaced.
fn hostile(random: &mut Rng) -> Snapshot {
    let mut snapshot = machine("");
    let paths: Vec<_> = snapshot
        .paths()
        .map(|(path, entry)| (path.to_owned(), entry.clone()))
        .collect();
    for (path, entry) in paths {
        if let Entry::File(mut image) = entry {
            if random.u8(0..3) == 0 {
                image.bytes = text(random).into_bytes().into();
                snapshot.insert(path, Entry::File(image));
            }
        }
    }
    let commands: Vec<Vec<String>> = snapshot.commands().map(|(argv, _)| argv.to_vec()).collect();
    for argv in commands {
        let (code, stdout, stderr) = (
            Some(random.i32(0..3)),
            text(random).into_bytes(),
            text(random).into_bytes(),
        );
        if random.u8(0..3) == 0 {
            snapshot.insert_command(
                argv,
                Ok(CommandOutput {
                    code,
                    stdout,
                    stderr,
                }),
            );
        }
    }
    snapshot
}

fn check(diagnosis: &Diagnosis) {
    for finding in &diagnosis.findings {
        let Some(remedy) = &finding.remedy else {
            continue;
        };
        let plain = |word: &String| {
            word.chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_=.:,/[]*".contains(c))
        };
        assert!(remedy.wish.argv().iter().all(plain), "{remedy:?}");
    }
}

#[test]
fn hostile_machines_do_not_cause_a_panic() {
    let mut random = Rng::with_seed(11);
    let client = Some("198.51.100.7".parse().expect("an address"));
    for _ in 0..120 {
        let snapshot = hostile(&mut random);
        let server = Server {
            client: client.filter(|_| random.bool()),
            user: random.bool().then(|| "alice".to_owned()),
            port: random.bool().then_some(443),
        };
        let question = Question {
            vantage: Vantage::Server(server),
            offline: random.u8(0..4) == 0,
            privileged: random.u8(0..4) != 0,
            ..Question::server(NOW)
        };
        check(&Inquiry::new(&question).conclude(&snapshot));
    }
}

#[test]
fn hostile_transcripts_do_not_cause_a_panic() {
    let mut random = Rng::with_seed(12);
    for _ in 0..400 {
        let question = Question::transcript(text(&mut random), NOW);
        let empty = Snapshot::default();
        let (diagnosis, missed) = empty.look(|seen| diagnose(seen, &question));
        assert_eq!(missed, []);
        check(&diagnosis);
    }
}
