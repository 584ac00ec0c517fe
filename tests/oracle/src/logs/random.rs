//! Hostile names and identification strings against a real sshd on loopback.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use fastrand::Rng;
use sshmend_ssh_log::Kind;
use tempfile::TempDir;

use super::envelopes;
use super::seen::{Log, Seen};
use crate::{Report, daemon};

/// Words of log lines, and separators.
const WORDS: &[&str] = &[
    " from ",
    " port ",
    "203.0.113.9",
    "22",
    " ssh2",
    ": ",
    "invalid user ",
    "user ",
    "authenticating ",
    " [preauth]",
    "root",
    " ",
    "x",
    "::1",
    "Too many authentication failures",
    " via ",
    "ssh1",
    "'",
    "[",
    "]",
    ",",
    "Accepted password for ",
    "Connection closed by ",
    "Disconnecting",
    "refused connect from ",
    "message repeated 2 times",
    "#",
];

pub(super) fn run(cases: u64, seed: u64) -> Report {
    let mut report = Report::default();
    let server = match Server::start() {
        Ok(server) => server,
        Err(error) => {
            report.leave_out(
                "all",
                &format!("sshd could not be started (as root, with its directory?): {error}"),
            );
            return report;
        }
    };
    let mut random = Rng::with_seed(seed);
    let attempts: Vec<Attempt> = (0..cases)
        .filter_map(|case| server.attempt(case, &mut random, &mut report))
        .collect();
    match server.log() {
        Ok(bytes) => {
            let log = Log::read(&bytes);
            compare(&mut report, &log, &attempts);
            envelopes::compare(&mut report, &log, &mut random);
        }
        Err(error) => report.leave_out("all", &error.to_string()),
    }
    report
}

/// What a client was made to do.
struct Attempt {
    text: String,
    /// As a user name through ssh from this address, or as an identification string from this port.
    from: From,
}

enum From {
    Address(Ipv4Addr),
    Port(u16),
}

fn compare(report: &mut Report, log: &Log, attempts: &[Attempt]) {
    let addresses: BTreeSet<String> = attempts
        .iter()
        .filter_map(Attempt::address)
        .chain(["127.0.0.1".to_owned()])
        .collect();
    for (line, seen) in &log.events {
        let accused = seen
            .source
            .as_ref()
            .filter(|source| !addresses.contains(*source));
        report.compare(
            &format!("line {line}: {}", log.text(*line)),
            &accused,
            &None,
        );
    }
    for attempt in attempts {
        let said = log.events.values().find(|seen| attempt.is_told_by(seen));
        report.compare(
            &format!("{:?} (is told)", attempt.text),
            &said.is_some(),
            &true,
        );
    }
}

impl Attempt {
    fn address(&self) -> Option<String> {
        match self.from {
            From::Address(address) => Some(address.to_string()),
            From::Port(_) => None,
        }
    }

    /// Whether an event names the true source and, for a user, the whole name.
    fn is_told_by(&self, seen: &Seen) -> bool {
        match self.from {
            From::Address(address) => {
                // Text after a colon is the style of authentication, not the name (auth2.c).
                seen.kind == Kind::InvalidUser
                    && seen.source == Some(address.to_string())
                    && seen.user.as_deref() == self.text.split(':').next()
            }
            From::Port(port) => {
                seen.port == Some(port) && seen.source.as_deref() == Some("127.0.0.1")
            }
        }
    }
}

/// An sshd of this machine with a separate configuration.
struct Server {
    directory: TempDir,
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = |name: &str| directory.path().join(name);
        let keygen = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(path("key"))
            .status()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        fs::write(path("config"), config(directory.path(), port))?;
        let words = daemon::sshd();
        let sshd = || {
            let mut sshd = Command::new(words[0]);
            sshd.args(&words[1..])
                .arg("-f")
                .arg(path("config"))
                .stdin(Stdio::null());
            sshd
        };
        let tested = sshd().arg("-t").output()?;
        if !keygen.success() || !tested.status.success() {
            return Err(io::Error::other(
                String::from_utf8_lossy(&tested.stderr).into_owned(),
            ));
        }
        let process = sshd().arg("-D").arg("-E").arg(path("log")).spawn()?;
        let server = Self {
            directory,
            process,
            port,
        };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> io::Result<()> {
        let mut last = io::Error::other("no answer");
        for _ in 0..50 {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
                Ok(_) => return Ok(()),
                Err(error) => last = error,
            }
            sleep(Duration::from_millis(100));
        }
        Err(last)
    }

    fn attempt(&self, case: u64, random: &mut Rng, report: &mut Report) -> Option<Attempt> {
        let text: String = (0..random.usize(1..9))
            .filter_map(|_| random.choice(WORDS))
            .copied()
            .collect();
        // sshd cuts names at 100 characters in its log.
        let text: String = format!("u{text}").trim_end().chars().take(90).collect();
        let made = if case.is_multiple_of(2) {
            self.identify(&text)
        } else {
            self.log_in(case, &text)
        };
        made.map_err(|error| report.leave_out(&format!("{text:?}"), &error.to_string()))
            .ok()
    }

    /// Sends the text as an identification string.
    fn identify(&self, text: &str) -> io::Result<Attempt> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let port = stream.local_addr()?.port();
        stream.write_all(format!("{text}\r\n").as_bytes())?;
        let mut answer = Vec::new();
        // The server closes, perhaps with a reset: either is its answer.
        let _ = stream.read_to_end(&mut answer);
        Ok(Attempt {
            text: text.to_owned(),
            from: From::Port(port),
        })
    }

    /// Tries to log in with the text as the name, from a separate address.
    fn log_in(&self, case: u64, text: &str) -> io::Result<Attempt> {
        let [_, _, _, _, _, _, high, low] = case.to_be_bytes();
        let address = Ipv4Addr::new(127, 77, high, low);
        let mut ssh = Command::new("ssh");
        ssh.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=no",
        ]);
        ssh.args([
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "IdentityAgent=none",
            "-o",
            "IdentityFile=/dev/null",
        ]);
        ssh.arg("-b")
            .arg(address.to_string())
            .arg("-p")
            .arg(self.port.to_string())
            .arg("-l")
            .arg(text);
        let output = ssh
            .arg("127.0.0.1")
            .arg("true")
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !said.contains("Permission denied (") {
            return Err(io::Error::other(said));
        }
        Ok(Attempt {
            text: text.to_owned(),
            from: From::Address(address),
        })
    }

    fn log(mut self) -> io::Result<Vec<u8>> {
        sleep(Duration::from_millis(500));
        self.process.kill()?;
        self.process.wait()?;
        fs::read(self.directory.path().join("log"))
    }
}

fn config(directory: &Path, port: u16) -> String {
    let directory = directory.display();
    format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/key\nPidFile none\nLogLevel VERBOSE\nUsePAM no\n\
         MaxStartups 1000\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    )
}
