//! Tasks that no other program does: the growth of their time, and the time of each command on an
//! ordinary machine.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use super::super::cost::Line;
use super::super::input::{Input, reading, starting, write};
use super::super::outcome::Aim;
use super::row::{Bench, READING, Row, STARTING, nothing};
use crate::run;

/// Sizes of one long line, in bytes.
const BYTES: [usize; 4] = [10_000, 100_000, 1_000_000, 10_000_000];

/// A question about a single file.
struct Question {
    text: &'static str,
    unit: &'static str,
    sizes: Vec<usize>,
    /// Writes the file of this size.
    write: fn(&Path, usize) -> Result<(), String>,
    /// Its path below the folder of the row.
    file: &'static str,
    /// The arguments after the program; `{root}` is the folder of the row and `{file}` the file.
    words: &'static [&'static str],
}

/// Inputs for which the time, or the memory, once grew faster than their size.
pub(super) fn growing(bench: &Rc<Bench>) -> Vec<Row> {
    questions()
        .into_iter()
        .map(|question| row(bench, question))
        .collect()
}

fn questions() -> Vec<Question> {
    let mut all = of_sshd_config();
    all.extend(of_lists());
    all.push(of_known_hosts());
    all.extend(of_text());
    all
}

fn of_sshd_config() -> Vec<Question> {
    const FILE: &str = "etc/ssh/sshd_config";
    let set: &[&str] = &[
        "fix",
        "sshd-config",
        "MaxSessions=20",
        "--dry-run",
        "--release",
        "9.2",
        "--root",
        "{root}",
    ];
    vec![
        Question {
            text: "change a value beside one long line of sshd_config",
            unit: "bytes",
            sizes: BYTES.into(),
            write: |file, size| {
                let comment = format!("# {}\n", "x ".repeat(size / 2));
                lines(file, &[&comment, "MaxSessions 10\n"])
            },
            file: FILE,
            words: set,
        },
        Question {
            text: "change a value among short lines of sshd_config",
            unit: "lines",
            sizes: vec![1_000, 10_000, 100_000, 1_000_000],
            write: |file, size| write(file, size, |_| "MaxSessions 10\n".to_owned()),
            file: FILE,
            words: set,
        },
        Question {
            text: "what is in force beside lines that include nothing",
            unit: "lines",
            sizes: vec![2_000, 20_000, 200_000],
            write: |file, size| {
                write(file, size, |line| {
                    format!("Include /etc/ssh/missing/{line}.conf\n")
                })
            },
            file: FILE,
            words: &["show", "sshd-config", "--root", "{root}"],
        },
    ]
}

fn of_lists() -> Vec<Question> {
    vec![
        Question {
            text: "exempt an address from bans, beside many jails",
            unit: "jails",
            sizes: vec![8, 80, 800],
            write: |file, size| {
                lines(&file.with_file_name("fail2ban.conf"), &["[DEFAULT]\n"])?;
                write(file, size, |jail| {
                    let host = jail % 250;
                    format!("[jail{jail}]\nenabled = true\nignoreip = 192.0.2.{host}\n")
                })
            },
            file: "etc/fail2ban/jail.conf",
            words: &[
                "fix",
                "fail2ban",
                "--ignore",
                "198.51.100.7",
                "--dry-run",
                "--root",
                "{root}",
            ],
        },
        Question {
            text: "let a client in that hosts.deny names, and take its rule out",
            unit: "rules",
            sizes: vec![400, 4_000, 40_000],
            write: |file, size| {
                write(file, size, |rule| {
                    format!(
                        "sshd: 10.{}.{}.{}\n",
                        rule >> 16,
                        rule >> 8 & 255,
                        rule & 255
                    )
                })
            },
            file: "etc/hosts.deny",
            words: &[
                "fix",
                "hosts-access",
                "--allow",
                "10.0.1.5",
                "--remove-deny",
                "--dry-run",
                "--root",
                "{root}",
            ],
        },
        Question {
            text: "let many clients in at once, whom hosts.deny names as well",
            unit: "clients",
            sizes: vec![100, 1_000, 4_000],
            write: |file, size| {
                let client = |number: usize| {
                    format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255)
                };
                write(&file.with_file_name("hosts.deny"), size, |number| {
                    format!("ALL: {}\n", client(number))
                })?;
                let list: Vec<String> = (0..size)
                    .map(|number| format!("{:?}", client(number)))
                    .collect();
                lines(
                    file,
                    &[&format!("[hosts-access]\nallow = [{}]\n", list.join(", "))],
                )
            },
            file: "etc/policy.toml",
            words: &["apply", "{file}", "--dry-run", "--root", "{root}"],
        },
    ]
}

/// A policy that names every fifth host of a file, whose keys are as they should be.
fn of_known_hosts() -> Question {
    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RF";
    const FINGERPRINT: &str = "SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is";
    Question {
        text: "many hosts of a policy in known_hosts",
        unit: "hosts",
        sizes: vec![200, 2_000, 20_000],
        write: |file, size| {
            let policy = file.ancestors().nth(3).unwrap_or(file).join("policy.toml");
            write(&policy, size, |host| {
                format!(
                    "[[known-hosts]]\nhost = \"host{}.example.net\"\nfingerprint = \"{FINGERPRINT}\"\nfile = \"/etc/ssh/ssh_known_hosts\"\n",
                    5 * host
                )
            })?;
            write(file, 5 * size, |host| {
                format!("host{host}.example.net {KEY}\n")
            })
        },
        file: "etc/ssh/ssh_known_hosts",
        words: &[
            "apply",
            "{root}/policy.toml",
            "--dry-run",
            "--root",
            "{root}",
        ],
    }
}

fn of_text() -> Vec<Question> {
    let paste: &[&str] = &["diagnose", "--transcript", "{file}"];
    const ENDS: &str = "kex_exchange_identification: Connection closed by remote host\n";
    vec![
        Question {
            text: "what one long line of a log says",
            unit: "bytes",
            sizes: [&BYTES[..], &[100_000_000]].concat(),
            write: |file, size| {
                let long = format!("Nov 20 12:00:00 gw sshd[1]: {}\n", "x: ".repeat(size / 3));
                let last = "Nov 20 12:00:01 gw sshd[1]: Invalid user a from 192.0.2.1 port 1\n";
                lines(file, &[&long, last])
            },
            file: "long.log",
            words: &["logs", "{file}"],
        },
        Question {
            text: "what one long line of a paste says",
            unit: "bytes",
            sizes: BYTES.into(),
            write: |file, size| lines(file, &[&"x: ".repeat(size / 3), "\n", ENDS]),
            file: "paste",
            words: paste,
        },
        Question {
            text: "what the log of a build says",
            unit: "lines",
            sizes: vec![4_000, 40_000, 400_000],
            write: |file, size| {
                write(file, size, |line| match line {
                    0 => ENDS.to_owned(),
                    _ => format!(
                        "#12 {line}.456 Get:{line} http://deb.example.net/debian bookworm/main amd64 package{line} 1.0-1\n"
                    ),
                })
            },
            file: "build.log",
            words: paste,
        },
    ]
}

/// Writes a file of these pieces.
fn lines(file: &Path, pieces: &[&str]) -> Result<(), String> {
    write(file, pieces.len(), |piece| pieces[piece].to_owned())
}

fn row(bench: &Rc<Bench>, question: Question) -> Row {
    let bench = Rc::clone(bench);
    Row {
        question: question.text.to_owned(),
        theirs_name: String::new(),
        limit: READING,
        aim: Aim::default(),
        needs: &[],
        unit: question.unit,
        sizes: question.sizes,
        prepare: Box::new(move |size| {
            let root = bench
                .folder
                .join("alone")
                .join(question.text.replace(' ', "-"));
            let file = root.join(question.file);
            (question.write)(&file, size)?;
            let (root, path) = (root.display().to_string(), file.display().to_string());
            let words: Vec<String> = question
                .words
                .iter()
                .map(|word| word.replace("{root}", &root).replace("{file}", &path))
                .collect();
            let mut ours = Line::new(&[&bench.program]);
            ours.argv.extend(words);
            Ok(alone(ours, Box::new(move || reading(&file))))
        }),
    }
}

/// Every command as used every day, on the machine as it is.
pub(super) fn everyday(bench: &Rc<Bench>) -> Vec<Row> {
    let commands: &[&[&str]] = &[
        &["diagnose"],
        &[
            "diagnose",
            "ssh_exchange_identification: Connection closed by remote host",
        ],
        &["show", "sshd-config"],
        &["show", "known-hosts", "host.example.net"],
        &["show", "hosts-access", "192.0.2.7"],
        &["show", "fail2ban"],
        &["fix", "sshd-config", "MaxStartups=20:30:200", "--dry-run"],
        &[
            "fix",
            "known-hosts",
            "host.example.net",
            "--offline",
            "--dry-run",
        ],
        &["fix", "hosts-access", "--allow", "192.0.2.7", "--dry-run"],
        &["explain", "max-startups"],
        &["history"],
    ];
    let row = |words: &&'static [&'static str]| {
        let bench = Rc::clone(bench);
        let words = *words;
        Row {
            question: format!("`sshmend {}`", words.join(" ")),
            theirs_name: String::new(),
            limit: STARTING,
            aim: Aim::default(),
            needs: &["sshd", "fail2ban-client"],
            unit: "machine",
            sizes: vec![1],
            prepare: Box::new(move |_| {
                let mut ours = Line::new(&[&bench.program]);
                ours.argv.extend(words.iter().map(|&word| word.to_owned()));
                Ok(alone(ours, Box::new(starting)))
            }),
        }
    };
    let mut rows: Vec<Row> = commands.iter().map(row).collect();
    rows.push(exempt(bench));
    rows
}

/// The configuration of fail2ban that a distribution installs, with the settings that its jail
/// needs on a machine without log files: fail2ban-client -t refuses it otherwise.
const JOURNAL: &str = "[DEFAULT]\nbackend = systemd\n";

/// A change for fail2ban, checked by its own program, in a mount namespace with a configuration
/// that it accepts.
fn exempt(bench: &Rc<Bench>) -> Row {
    const WORDS: [&str; 5] = ["fix", "fail2ban", "--ignore", "192.0.2.7", "--dry-run"];
    const ETC: &str = "/etc/fail2ban";
    let bench = Rc::clone(bench);
    Row {
        question: format!("`sshmend {}`", WORDS.join(" ")),
        theirs_name: String::new(),
        limit: STARTING,
        aim: Aim::default(),
        needs: &["fail2ban-client", "unshare"],
        unit: "machine",
        sizes: vec![1],
        prepare: Box::new(move |_| {
            let folder = bench.folder.join("fail2ban");
            run::run(Command::new("cp").arg("-a").arg(ETC).arg(&folder))?;
            lines(&folder.join("jail.local"), &[JOURNAL])?;
            let script = format!("mount --bind \"$0\" {ETC} && exec \"$@\"");
            let folder = folder.display().to_string();
            let mut ours = Line::new(&["unshare", "-m", "sh", "-c", &script, &folder]);
            ours.argv.push(bench.program.clone());
            ours.argv.extend(WORDS.map(str::to_owned));
            Ok(alone(ours, Box::new(starting)))
        }),
    }
}

fn alone(ours: Line, floor: Box<dyn Fn() -> Result<f64, String>>) -> Input {
    let check = ours.clone();
    Input {
        ours,
        theirs: None,
        check: Box::new(move || check.output().map(drop)),
        renew: nothing(),
        floor,
    }
}
