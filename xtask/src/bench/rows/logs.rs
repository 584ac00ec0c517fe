//! Logs: reading them, beside other programs that do.

use std::rc::Rc;

use super::super::cost::Line;
use super::super::input::{Input, Step, reading, same, write};
use super::super::outcome::Aim;
use super::row::{Bench, READING, Row, nothing};

/// The rows, in the order of the page.
pub(super) fn rows(bench: &Rc<Bench>) -> Vec<Row> {
    vec![with_fail2ban(bench), with_ripgrep(bench), with_lynis(bench)]
}

fn with_fail2ban(bench: &Rc<Bench>) -> Row {
    let bench = Rc::clone(bench);
    Row {
        question: "what auth.log says".to_owned(),
        theirs_name: "fail2ban-regex".to_owned(),
        limit: READING,
        aim: Aim::faster(400.0),
        needs: &["fail2ban-regex"],
        unit: "lines",
        sizes: vec![3_000, 30_000, 300_000],
        prepare: Box::new(move |lines| {
            let file = bench.folder.join("auth.log");
            write(&file, lines / 3, attempts)?;
            let path = file.display().to_string();
            let theirs = Line::new(&[
                "fail2ban-regex",
                "--usedns",
                "no",
                &path,
                "sshd[mode=aggressive]",
            ]);
            Ok(Input {
                ours: Line::new(&[&bench.program, "logs", &path]),
                theirs: Some(theirs),
                check: nothing(),
                renew: nothing(),
                floor: Box::new(move || reading(&file)),
            })
        }),
    }
}

/// Patterns that select a machine's log entries about SSH, for a program that only counts lines.
const PATTERNS: [&str; 5] = [
    "Invalid user",
    "Connection closed by",
    "Accepted publickey",
    "drop connection",
    "kex_exchange_identification",
];

fn with_ripgrep(bench: &Rc<Bench>) -> Row {
    let bench = Rc::clone(bench);
    Row {
        question: "what a log of a whole machine says of SSH".to_owned(),
        theirs_name: "rg -c of five words".to_owned(),
        limit: READING,
        aim: Aim {
            faster: Some(1.0 / 1.5),
            megabytes: Some(64.0),
            ..Aim::default()
        },
        needs: &["rg"],
        unit: "lines",
        sizes: vec![10_000, 100_000, 1_000_000, 5_000_000],
        prepare: Box::new(move |lines| {
            let file = bench.folder.join("syslog");
            write(&file, lines, mixed)?;
            let path = file.display().to_string();
            let ours = Line::new(&[&bench.program, "logs", &path]);
            let words = PATTERNS.iter().flat_map(|word| ["-e", word]);
            let argv: Vec<&str> = ["rg", "-c", "-F"]
                .into_iter()
                .chain(words)
                .chain([path.as_str()])
                .collect();
            let theirs = Line::new(&argv);
            Ok(Input {
                check: both_find_something(&ours, &theirs),
                ours,
                theirs: Some(theirs),
                renew: nothing(),
                floor: Box::new(move || reading(&file)),
            })
        }),
    }
}

/// They count different things, so that no more than this can be compared.
fn both_find_something(ours: &Line, theirs: &Line) -> Step<()> {
    let (ours, theirs) = (ours.clone(), theirs.clone());
    Box::new(move || {
        let (ours, theirs) = (ours.output()?, theirs.output()?);
        let counted = theirs.trim().parse::<u64>().is_ok_and(|count| count > 0);
        same(&(ours.contains("192.0.2."), true), &(true, counted))
    })
}

fn with_lynis(bench: &Rc<Bench>) -> Row {
    let bench = Rc::clone(bench);
    Row {
        question: "why connections to this server die, with a log of 100 MB".to_owned(),
        theirs_name: "lynis audit system --tests-from-group ssh".to_owned(),
        limit: READING,
        aim: Aim::faster(20.0),
        needs: &["lynis", "sshd"],
        unit: "lines",
        sizes: vec![1_000_000],
        prepare: Box::new(move |lines| {
            let file = bench.folder.join("long.log");
            write(&file, lines, mixed)?;
            let path = file.display().to_string();
            let theirs = Line::new(&[
                "lynis",
                "audit",
                "system",
                "--quick",
                "--quiet",
                "--tests-from-group",
                "ssh",
            ]);
            Ok(Input {
                ours: Line::new(&[&bench.program, "diagnose", "--log", &path]),
                theirs: Some(theirs),
                check: nothing(),
                renew: nothing(),
                floor: Box::new(move || reading(&file)),
            })
        }),
    }
}

fn stamp(number: usize) -> String {
    let (second, minute, hour) = (number % 60, number / 60 % 60, number / 3600 % 24);
    format!("Nov 20 {hour:02}:{minute:02}:{second:02} gw")
}

fn attempts(number: usize) -> String {
    let stamp = format!("{} sshd[{}]:", stamp(number), 1000 + number);
    let peer = format!("192.0.2.{}", number % 254 + 1);
    format!(
        "{stamp} Invalid user admin from {peer} port 4711\n{stamp} Connection closed by invalid user admin {peer} port \
         4711 [preauth]\n{stamp} Accepted publickey for alice from {peer} port 4712 ssh2: ED25519 SHA256:x\n"
    )
}

/// One line of a log in which four of five lines are not about SSH.
fn mixed(number: usize) -> String {
    let stamp = stamp(number / 20);
    let peer = format!("192.0.2.{}", number % 254 + 1);
    match number % 10 {
        0 => format!(
            "{stamp} sshd[{}]: Invalid user admin from {peer} port {}\n",
            1000 + number,
            1024 + number % 60_000
        ),
        5 => format!(
            "{stamp} sshd[{}]: Connection closed by {peer} port {} [preauth]\n",
            1000 + number,
            1024 + number % 60_000
        ),
        1 | 6 => format!(
            "{stamp} CRON[{number}]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.hourly)\n"
        ),
        2 | 7 => format!(
            "{stamp} kernel: [{number}.5] IN=eth0 OUT= SRC={peer} DST=192.0.2.1 LEN=60 PROTO=TCP DPT=443\n"
        ),
        3 | 8 => format!(
            "{stamp} systemd[1]: Started session-{number}.scope - Session {number} of user deploy.\n"
        ),
        _ => format!(
            "{stamp} postfix/smtpd[{number}]: connect from mail{}.example.net[{peer}]\n",
            number % 97
        ),
    }
}
