//! Machines written as text, for the tests of causes.

use std::fmt::Write;
use std::time::Duration;

use expect_test::Expect;
use sshmend_facts::fixture::{LOG, NOW, attempt, machine};
use sshmend_facts::{Facts, Question, Server, Target, Vantage};
use sshmend_lossless::{DialEnd, Dialled, Request, Snapshot, fixture};

use crate::evidence::transcript;
use crate::inquiry::{Inquiry, diagnose};
use crate::verdict::Verdict;

/// The question why this account cannot log in.
pub(crate) fn user(name: &str) -> Question {
    let server = Server {
        user: Some(name.to_owned()),
        ..Server::default()
    };
    Question {
        vantage: Vantage::Server(server),
        ..Question::server(NOW)
    }
}

/// The question why alice cannot log in from her client.
pub(crate) fn alice() -> Question {
    let server = Server {
        client: "198.51.100.7".parse().ok(),
        user: Some("alice".to_owned()),
        ..Server::default()
    };
    Question {
        vantage: Vantage::Server(server),
        ..Question::server(NOW)
    }
}

/// A person, system accounts, and an account that does not exist.
pub(crate) const ACCOUNTS: &str =
    "//$ getent passwd -- alice => 0\nalice:x:1000:1000::/home/alice:/bin/bash
//$ getent passwd -- backup => 0\nbackup:x:34:34::/var/backups:/usr/sbin/nologin
//$ getent passwd -- root => 0\nroot:x:0:0::/root:/bin/bash
//$ getent passwd -- nobody-here => 2\n";

/// The changes that make it alice's machine with this configuration, whose log ends with this entry
/// of sshd.
pub(crate) fn alice_with(config: &str, text: &str) -> String {
    let line = format!("2026-11-20T17:59:00+00:00 server sshd[812]: {text}\n");
    format!("{ACCOUNTS}//- /etc/ssh/sshd_config\n{config}\n{LOG}{line}")
}

/// Judges one cause on the healthy machine with the changes in `extra`.
pub(crate) fn check(cause: &str, extra: &str, expected: &Expect) {
    check_as(&Question::server(NOW), cause, extra, expected);
}

/// Like [`check`], with another question.
pub(crate) fn check_as(question: &Question, cause: &str, extra: &str, expected: &Expect) {
    check_on(question, &machine(extra), cause, expected);
}

fn check_on(question: &Question, snapshot: &Snapshot, cause: &str, expected: &Expect) {
    let cause = crate::cause(cause).expect("a registered cause");
    let mut verdict = Verdict::of(cause);
    let facts = Facts::new(snapshot, question);
    cause.judge(question)(&facts, &mut verdict);
    transcript::add(&facts, cause, &mut verdict);
    expected.assert_eq(&print(&verdict));
}

/// The output of `ssh -G` for the destination `server`, and the client's files.
const CLIENT: &str = "\
//$ ssh -G -- server => 0
user alice
hostname 192.0.2.10
port 22
identitiesonly no
stricthostkeychecking ask
controlpath none
//$ ssh-add -l => 2
Could not open a connection to your authentication agent.
";

const JUMP: &str = "\
//$ ssh -G -- server => 0
hostname 192.0.2.10
port 22
proxyjump bastion
//$ ssh -G -- bastion => 0
hostname 192.0.2.1
port 22
";

fn dialled(connected: bool, received: &[&str], end: DialEnd, stood: u64) -> Dialled {
    let connected_after = connected.then_some(Duration::from_millis(1));
    let received = received
        .iter()
        .map(|text| (Duration::from_millis(2), text.as_bytes().to_vec()))
        .collect();
    Dialled {
        connected_after,
        received,
        end,
        ended_after: Duration::from_millis(stood),
    }
}

const BANNER: &str = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";

pub(crate) fn works() -> Dialled {
    dialled(true, &[BANNER, "\0\0\u{4}"], DialEnd::Enough, 4)
}

/// It identifies itself so, and begins the key exchange.
pub(crate) fn dialled_banner(banner: &str) -> Dialled {
    dialled(true, &[banner, "\0\0\u{4}"], DialEnd::Enough, 4)
}

pub(crate) fn says(text: &str) -> Dialled {
    dialled(true, &[text], DialEnd::Closed, 4)
}

pub(crate) fn closed() -> Dialled {
    dialled(true, &[], DialEnd::Closed, 3)
}

pub(crate) fn closed_after_pause() -> Dialled {
    dialled(true, &[], DialEnd::Closed, 5_010)
}

pub(crate) fn silent_for_long() -> Dialled {
    dialled(true, &[], DialEnd::Silence, 15_000)
}

pub(crate) fn reset_after_banner() -> Dialled {
    dialled(true, &[BANNER], DialEnd::Reset, 4)
}

pub(crate) fn silent_after_banner() -> Dialled {
    dialled(true, &[BANNER], DialEnd::Silence, 15_000)
}

pub(crate) fn refused_by() -> Dialled {
    dialled(false, &[], DialEnd::Refused, 1)
}

pub(crate) fn unreachable() -> Dialled {
    dialled(false, &[], DialEnd::Unreachable, 1)
}

pub(crate) fn unanswered() -> Dialled {
    dialled(false, &[], DialEnd::Silence, 15_000)
}

/// Judges one cause from a client whose connections give `replies` in this order; `TRY` in `extra`
/// is replaced by the attempt with the real ssh.
pub(crate) fn check_client(cause: &str, extra: &str, replies: &[Dialled], expected: &Expect) {
    let question = Question::client("server", NOW);
    let snapshot = client_that_sees(&question, extra, replies);
    check_on(&question, &snapshot, cause, expected);
}

/// The snapshot of a client whose connections give `replies` in this order.
pub(crate) fn client_that_sees(question: &Question, extra: &str, replies: &[Dialled]) -> Snapshot {
    let target = Target {
        destination: "server".to_owned(),
        options: Vec::new(),
    };
    let extra = extra.replace("//$ TRY ", &format!("//$ {} ", attempt(&target).join(" ")));
    let mut snapshot = fixture::snapshot(&format!("{CLIENT}{extra}"));
    let mut replies = replies.iter();
    loop {
        let (_, wanted) = snapshot.look(|seen| Inquiry::new(question).conclude(seen));
        let dials = wanted.into_iter().filter_map(|request| match request {
            Request::Dial(dial) => Some(dial),
            _ => None,
        });
        let Some((dial, reply)) = dials.zip(replies.by_ref()).next() else {
            break;
        };
        snapshot.insert_dialled(dial, reply.clone());
    }
    snapshot
}

/// Like [`check_client`], for a plain address.
pub(crate) fn check_way(cause: &str, replies: &[Dialled], expected: &Expect) {
    check_client(cause, "", replies, expected);
}

/// Like [`check_client`], through a jump host.
pub(crate) fn check_jump(cause: &str, replies: &[Dialled], expected: &Expect) {
    check_client(cause, JUMP, replies, expected);
}

/// Like [`check_jump`], if the jump host answers and the real ssh prints this message about it.
pub(crate) fn check_jump_that_says(cause: &str, words: &str, expected: &Expect) {
    let end = "kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535\n";
    let proxy = "OpenSSH_9.2p1\ndebug1: Executing proxy command: exec ssh -v -W '[192.0.2.10]:22' bastion\n";
    check_client(
        cause,
        &format!("{JUMP}//$ TRY => 255\n{proxy}{words}{end}"),
        &[works()],
        expected,
    );
}

/// Judges one cause for a name that the resolver does not know.
pub(crate) fn check_unresolved(cause: &str, reason: &str, expected: &Expect) {
    let named = CLIENT.replace("192.0.2.10", "server.example.net");
    let mut snapshot = fixture::snapshot(&named);
    snapshot.insert_resolved("server.example.net", Err(reason.to_owned()));
    check_on(&Question::client("server", NOW), &snapshot, cause, expected);
}

/// Judges one cause by a client's output.
pub(crate) fn check_transcript(cause: &str, text: &str, expected: &Expect) {
    check_on(
        &Question::transcript(text, NOW),
        &Snapshot::default(),
        cause,
        expected,
    );
}

fn print(verdict: &Verdict) -> String {
    let mut text = String::new();
    for finding in &verdict.findings {
        let latent = if finding.latent { " (latent)" } else { "" };
        let _ = writeln!(
            text,
            "{}{latent}: {}",
            finding.certainty.as_str(),
            finding.summary
        );
        for evidence in &finding.evidence {
            let line = evidence
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            let _ = writeln!(text, "  {}{line}: {}", evidence.source, evidence.text);
        }
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(
                text,
                "  $ {}  # {}",
                remedy.wish.argv().join(" "),
                remedy.summary
            );
        }
        for step in &finding.steps {
            _ = writeln!(text, "  - {step}");
        }
    }
    for item in &verdict.unchecked {
        _ = writeln!(text, "unchecked: {}: {}", item.check, item.reason);
    }
    if let Some(why) = &verdict.exclusion() {
        _ = writeln!(text, "excluded: {why}");
    }
    text
}

#[test]
fn a_destination_on_this_machine_is_reported() {
    let own = "//$ ip -o address show => 0\n2: eth0    inet 192.0.2.10/24 scope global eth0\n";
    let bad = "//$ ssh -O check -- server => 255\nConnection refused\n//- /cm\n";
    let text = CLIENT.replace("controlpath none", "controlpath /cm");
    let diagnosis = diagnose(
        &fixture::snapshot(&format!("{text}{own}{bad}")),
        &Question::client("server", NOW),
    );
    let steps = &diagnosis.findings.first().expect("the dead socket").steps;
    assert!(
        steps.iter().any(|step| step.contains("this machine")),
        "{steps:?}"
    );
}

#[test]
fn a_healthy_disk_has_no_finding() {
    let question = Question {
        offline: true,
        ..Question::server(NOW)
    };
    let disk = machine(
        "//- /lib/systemd/system/ssh.service\n//- /etc/systemd/system/multi-user.target.wants/ssh.service\n\
         //- /etc/systemd/system/sockets.target.wants dir\n//- /var/lib/dpkg/status\nPackage: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n",
    );
    assert_eq!(diagnose(&disk, &question).findings, Vec::new());
}

/// The findings of a diagnosis, one a line.
fn named(snapshot: &Snapshot, question: &Question) -> Vec<String> {
    let findings = diagnose(snapshot, question).findings;
    findings
        .iter()
        .map(|finding| format!("{} {}", finding.certainty.as_str(), finding.cause))
        .collect()
}

#[test]
fn a_log_of_another_machine_excludes_nothing_on_this_machine() {
    let gone = "//- /proc/700/cmdline missing\n//- /proc/sys/kernel/hostname\nhere\n";
    let line =
        "2026-11-20T17:59:00+00:00 there sshd[700]: error: beginning MaxStartups throttling\n";
    let question = Question {
        logs: vec!["/tmp/auth.log".into()],
        ..Question::server(NOW)
    };
    let asked = |line: &str| {
        named(
            &machine(&format!("{gone}//- /tmp/auth.log\n{line}")),
            &question,
        )
    };
    assert_eq!(asked(line), ["likely max-startups"]);
    assert_eq!(
        asked(&line.replace("there", "here.example.net"))[0],
        "certain sshd-not-running"
    );
    assert_eq!(
        asked("beginning MaxStartups throttling\n"),
        ["likely max-startups"]
    );
    assert_eq!(asked(""), Vec::<String>::new());
}

#[test]
fn a_healthy_machine_has_no_finding_and_nothing_unchecked() {
    let diagnosis = diagnose(&machine(""), &Question::server(NOW));
    assert_eq!(
        (diagnosis.findings, diagnosis.unchecked),
        (Vec::new(), Vec::new())
    );
}

#[test]
fn the_healthy_machine_answers_every_lookup() {
    let question = Question::server(NOW);
    let (_, missed) = machine("").look(|seen| diagnose(seen, &question));
    assert_eq!(missed, []);
}
