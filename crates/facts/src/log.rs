//! The log entries about SSH.

use std::net::IpAddr;

use jiff::Timestamp;
use sshmend_ssh_log::{CauseName, Kind, ReadLog};
use sshmend_sshd_config::Release;

use crate::Facts;
use crate::facts::kept;
use crate::known::{Known, Unchecked};
use crate::log_file::{LogFile, LogLine};
use crate::log_source::{DAY, DMESG, Source};

const HOUR: i64 = 60 * 60;

/// The name of this machine.
pub(crate) const NAME: &str = "/proc/sys/kernel/hostname";

/// Logs below it are this machine's own.
const OWN: &str = "/var/log";

pub(crate) const UPTIME: &str = "/proc/uptime";

impl<'a> Facts<'a> {
    /// Everything in the logs about SSH during the period in question.
    pub fn log(&self) -> Known<&[LogLine]> {
        self.whole_log().map(|log| log.lines.as_slice())
    }

    pub(crate) fn whole_log(&self) -> Known<&LogFile> {
        kept(&self.cache.log, || self.read_log())
    }

    /// How much of each named log was understood.
    pub fn named_logs(&self) -> Vec<ReadLog> {
        let files = self
            .question
            .logs
            .iter()
            .filter_map(|path| self.question.log_files.get(path));
        files.map(|file| file.read.clone()).collect()
    }

    /// Whether the named logs belong to another machine, so that no fact about this one is related
    /// to them.
    pub fn is_log_of_elsewhere(&self) -> bool {
        if self.question.logs.is_empty() || self.question.offline {
            return false;
        }
        let hosts = self.whole_log().map(|log| &log.hosts);
        let own = self.text(NAME).ok().flatten().unwrap_or_default();
        match hosts {
            Ok(hosts) if !hosts.is_empty() => {
                !hosts.iter().any(|host| short(host) == short(own.trim()))
            }
            _ => !self.question.logs.iter().all(|path| path.starts_with(OWN)),
        }
    }

    /// The log entries of a cause: those of the client in question, if there is one and the entry
    /// names one.
    pub fn log_lines(&self, cause: CauseName) -> Known<Vec<&LogLine>> {
        let client = self.question.client_address();
        let other =
            |line: &&LogLine| client.is_some() && line.client.is_some() && line.client != client;
        Ok(self
            .log()?
            .iter()
            .filter(|line| line.cause == Some(cause) && !other(line))
            .collect())
    }

    /// The number of connections that met the cause but whose lines [`Facts::log_lines`] leaves out
    /// because they belong to other clients.
    pub fn more_log_lines(&self, cause: CauseName) -> u64 {
        let Ok(log) = self.whole_log() else { return 0 };
        let client = self.question.client_address();
        let other =
            |line: &&LogLine| client.is_some() && line.client.is_some() && line.client != client;
        let of_others = log
            .lines
            .iter()
            .filter(|line| line.cause == Some(cause))
            .filter(other);
        of_others.map(|line| line.connections).sum::<u64>() + self.log_lines_not_kept(cause)
    }

    /// The number of other clients' connections that met the cause but whose lines were not kept
    /// because there are too many.
    pub fn log_lines_not_kept(&self, cause: CauseName) -> u64 {
        self.whole_log()
            .ok()
            .and_then(|log| log.left_out.get(&cause).copied())
            .unwrap_or(0)
    }

    /// Like [`Facts::log_lines`], for lines of the kernel, whose log may be hidden while others are
    /// not.
    pub fn kernel_lines(&self, cause: CauseName) -> Known<Vec<&LogLine>> {
        let lines: Vec<&LogLine> = self
            .log()?
            .iter()
            .filter(|line| line.cause == Some(cause))
            .collect();
        let own = self.question.logs.is_empty() && !self.question.offline;
        if own && lines.is_empty() {
            let output = self.run(&DMESG)?;
            let said = String::from_utf8_lossy(&output.stderr);
            output
                .success()
                .then_some(())
                .ok_or_else(|| Unchecked::new("kernel log", said.trim()))?;
        }
        Ok(lines)
    }

    /// Whether a log entry is from the last hour, or from a log that was named explicitly.
    pub fn is_recent(&self, line: &LogLine) -> bool {
        let from = self.latest() - HOUR;
        !self.question.logs.is_empty() || line.time.is_some_and(|time| time.as_second() >= from)
    }

    /// The time up to which the logs reach, in seconds since 1970: now, or for a mounted disk the
    /// time of its last entry.
    fn latest(&self) -> i64 {
        self.log()
            .map_or(self.question.now, |lines| self.end_of(lines))
    }

    fn end_of(&self, lines: &[LogLine]) -> i64 {
        let last = lines
            .iter()
            .filter_map(|line| line.time)
            .max()
            .filter(|_| self.question.offline);
        last.map_or(self.question.now, Timestamp::as_second)
    }

    /// Whether a login from this address has succeeded since sshd began to listen.
    pub fn has_logged_in(&self, client: IpAddr) -> bool {
        let lines = self
            .log_since_start()
            .or_else(|| self.log().ok())
            .unwrap_or_default();
        lines
            .iter()
            .any(|line| line.kind == Kind::Accepted && line.client == Some(client))
    }

    /// The entries since sshd began to listen; `None` if the log does not go back that far.
    pub fn log_since_start(&self) -> Option<&[LogLine]> {
        let lines = self.log().ok()?;
        lines
            .iter()
            .rposition(|line| line.kind == Kind::Listening)
            .map(|start| &lines[start..])
    }

    /// The last time that the account in question gave up before it was logged in, from the client
    /// in question, unless a login has succeeded since; if only a client is in question, any
    /// account counts.
    pub fn gave_up(&self) -> Option<&LogLine> {
        let (user, client) = self.question.asked_about()?;
        let of_it = |line: &&LogLine| {
            matches!(line.kind, Kind::Closed | Kind::Disconnected)
                && line.user.is_some()
                && (user.is_none() || line.user.as_deref() == user)
                && (client.is_none() || line.client == client)
        };
        self.log()
            .ok()?
            .iter()
            .rfind(of_it)
            .filter(|line| !self.worked_since(line))
    }

    /// The line according to which the client in question named an account that does not exist on
    /// this machine, unless the client has logged in since.
    pub fn unknown_name(&self) -> Option<&LogLine> {
        let client = self.question.client_address()?;
        let lines = self.log().ok()?;
        let of_it = |line: &&LogLine| line.kind == Kind::InvalidUser && line.client == Some(client);
        lines
            .iter()
            .rfind(of_it)
            .filter(|line| self.is_recent(line) && !self.worked_since(line))
    }

    /// Whether the client in question, or else the client of the line, has logged in after that
    /// line.
    pub fn worked_since(&self, line: &LogLine) -> bool {
        let client = self.question.client_address().or(line.client);
        let lines = self.log().unwrap_or_default();
        let mut logins = lines.iter().filter(|line| line.kind == Kind::Accepted);
        logins.any(|login| {
            login.time > line.time
                && line.time.is_some()
                && (client.is_none() || login.client == client)
        })
    }

    fn read_log(&self) -> Known<LogFile> {
        let looked = self.snapshot.once_answered(|| {
            let sources = if self.question.logs.is_empty() {
                self.own_sources()
            } else {
                self.named_sources()
            };
            (sources, self.boot(), self.release())
        });
        // A log is long: it is read only when all of it is available.
        let (sources, boot, release) =
            looked.ok_or_else(|| Unchecked::new("log of sshd", "was not read"))?;
        let mut log = LogFile::default();
        for source in &sources? {
            self.read_source(source, boot, &mut log);
        }
        let own = self.question.logs.iter().all(|path| path.starts_with(OWN));
        if own && release.is_some_and(swaps_addresses) {
            for line in &mut log.lines {
                line.client = client_behind_server(line).or(line.client);
            }
        }
        let since = self.question.since.unwrap_or(self.end_of(&log.lines) - DAY);
        let since = Timestamp::from_second(since).unwrap_or(Timestamp::MIN);
        let all = !self.question.logs.is_empty() && self.question.since.is_none();
        log.lines
            .retain(|line| all || line.time.is_none_or(|time| time >= since));
        Ok(log)
    }

    /// The time when the machine started, from which the kernel counts the seconds of its log.
    pub(super) fn boot(&self) -> Option<i64> {
        let text = self.text(UPTIME).ok().flatten()?;
        let seconds: i64 = text.split('.').next()?.parse().ok()?;
        Some(self.question.now - seconds)
    }

    fn read_source(&self, source: &Source<'_>, boot: Option<i64>, log: &mut LogFile) {
        match source {
            Source::Read(file) => log.join(file),
            Source::Bytes { shown, bytes } => {
                // It is in memory: it cannot fail to be read.
                let _ = log.add(*shown, &**bytes, &self.question.log_scope());
                if let Some(boot) = boot.filter(|_| shown.name == DMESG[0]) {
                    let timeless = log.lines.iter_mut().filter(|line| line.time.is_none());
                    for line in timeless {
                        line.time = since_boot(boot, &line.text);
                    }
                }
            }
        }
    }
}

impl LogLine {
    /// The number of connections in these entries: at least one, and as many as the listener
    /// counted.
    pub fn count(lines: &[&Self]) -> u64 {
        let told = lines.iter().map(|line| line.connections).sum::<u64>();
        let counted = lines
            .iter()
            .filter(|line| line.kind == Kind::ThrottlingEnded)
            .filter_map(|line| line.number);
        counted.sum::<u64>().max(told).max(1)
    }

    /// `, last at 2026-11-20T18:38:55Z`, if the last entry has a time.
    pub fn last(lines: &[&Self]) -> String {
        let last = lines.iter().filter_map(|line| line.time).max();
        last.and_then(|time| time.round(jiff::Unit::Second).ok())
            .map_or_else(String::new, |time| format!(", last at {time}"))
    }
}

/// Whether the listener of this release writes the server's address where others write the client's.
fn swaps_addresses(release: Release) -> bool {
    release >= Release::new(9, 8) && release < Release::new(9, 9)
}

/// The client of `… for connection from SERVER to CLIENT…`, as 9.8 writes it.
fn client_behind_server(line: &LogLine) -> Option<IpAddr> {
    if !matches!(line.kind, Kind::GraceTimeout | Kind::Crashed) {
        return None;
    }
    let (_, addresses) = line.text.split_once(" for connection from ")?;
    let (_, rest) = addresses.split_once(" to ")?;
    let client = rest.split([' ', ',']).next()?;
    client.parse().ok()
}

/// Reads the stamp of `[ 3274.616943] Out of memory: …`.
fn since_boot(boot: i64, line: &str) -> Option<Timestamp> {
    let (seconds, _) = line.strip_prefix('[')?.split_once('.')?;
    let seconds: i64 = seconds.trim().parse().ok()?;
    Timestamp::from_second(boot.checked_add(seconds)?).ok()
}

/// The first label of a name.
fn short(host: &str) -> &str {
    host.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use sshmend_lossless::{Snapshot, journalctl};

    use crate::question::Question;

    use super::*;
    use crate::fixture::{LOG, NOW, machine};

    const RECORD: &str = "__REALTIME_TIMESTAMP=1795197000000000\nSYSLOG_IDENTIFIER=sshd\n_PID=700\n\
        MESSAGE=drop connection #12 from [198.51.100.7]:34663 on [192.0.2.10]:22 Maxstartups\n\n";

    #[test]
    fn a_journal_record_is_shown_with_its_time() {
        let (machine, question) = (machine(&format!("{LOG}{RECORD}")), Question::server(NOW));
        let facts = Facts::new(&machine, &question);
        let lines = facts.log().expect("it was read");
        assert!(
            lines[0]
                .text
                .starts_with("2026-11-20T17:50:00Z drop connection #12 from "),
            "{lines:?}"
        );
    }

    #[test]
    fn the_timeout_message_of_9_8_names_the_server_address_first() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[700]: Timeout before authentication for connection from 192.0.2.10 to 198.51.100.7, pid = 812\n";
        for (release, client) in [("9.8p1", "198.51.100.7"), ("9.9p2", "192.0.2.10")] {
            let version =
                format!("//$ /usr/sbin/sshd -V => 0\nOpenSSH_{release}, OpenSSL 3.0.19\n");
            let machine = machine(&format!("{version}{LOG}{line}"));
            let question = Question::server(NOW);
            let facts = Facts::new(&machine, &question);
            let found = facts.log().expect("it was read")[0].client;
            assert_eq!(
                found,
                Some(client.parse().expect("an address")),
                "{release}"
            );
        }
    }

    #[test]
    fn a_time_without_a_zone_is_in_the_zone_of_the_machine() {
        let line = "Nov 20 12:59:30 server sshd[700]: drop connection #13 from [198.51.100.7]:34663 on [192.0.2.10]:22 Maxstartups\n";
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-5));
        let (machine, question) = (
            machine(&format!("{LOG}{line}")),
            Question {
                zone,
                ..Question::server(NOW)
            },
        );
        let facts = Facts::new(&machine, &question);
        assert!(
            facts.is_recent(
                facts
                    .log_lines(CauseName::MaxStartups)
                    .expect("it was read")[0]
            )
        );
    }

    #[test]
    fn repeated_messages_of_one_sshd_process_count_once() {
        let count = |line: &str| {
            let log = format!("{LOG}2026-11-20T17:59:30+00:00 server {line}\n");
            let (machine, question) = (machine(&log), Question::server(NOW));
            let facts = Facts::new(&machine, &question);
            let lines: Vec<&LogLine> = facts.log().expect("it was read").iter().collect();
            (lines.len(), LogLine::count(&lines))
        };
        let sshd = "sshd[812]: message repeated 4 times: [ drop connection #13 from [198.51.100.7]:34663 on [192.0.2.10]:22 Maxstartups]";
        let kernel = "kernel: message repeated 4 times: [ Out of memory: Killed process 812 (sshd) total-vm:100kB]";
        assert_eq!([sshd, kernel].map(count), [(1, 1), (1, 4)]);
    }

    #[test]
    fn the_log_of_a_disk_ends_when_its_machine_stopped() {
        const MONTH: i64 = 30 * DAY;
        let syslog = "//- /var/log/auth.log\n2026-11-18T17:59:00+00:00 server sshd[700]: drop connection #12 from \
            [198.51.100.7]:34663 on [192.0.2.10]:22 Maxstartups\n2026-11-20T17:59:00+00:00 server sshd[700]: Server \
            listening on 0.0.0.0 port 22.\n2026-11-20T17:59:30+00:00 server sshd[700]: drop connection #13 from \
            [198.51.100.7]:34663 on [192.0.2.10]:22 Maxstartups\n";
        let package = "//- /var/lib/dpkg/status\nPackage: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n";
        let question = Question {
            offline: true,
            ..Question::server(NOW + MONTH)
        };
        let journal = Facts::new(&Snapshot::default(), &question).journal();
        let no_journal = format!("//$ {} => 1\n", journalctl(&journal).join(" "));
        let machine = machine(&format!(
            "{syslog}{package}{no_journal}//- /var/log/audit/audit.log missing\n"
        ));
        let facts = Facts::new(&machine, &question);
        let drops = facts
            .log_lines(CauseName::MaxStartups)
            .expect("it was read");
        assert_eq!(
            drops.iter().map(|line| line.number).collect::<Vec<_>>(),
            [Some(13)],
            "the day before it ended"
        );
        assert!(facts.is_recent(drops[0]));
    }
}
