//! The version of the files in force: a daemon uses what it read when it started or last reloaded.

use std::path::{Path, PathBuf};

use sshmend_ssh_log::{CauseName, Kind};
use sshmend_sshd_config::Setting;

use crate::log::UPTIME;
use crate::moment::Moment;
use crate::{Facts, LogLine};

/// The clock is read in whole seconds when the command starts, and the uptime up to this many
/// milliseconds later.
const BLUR: i64 = 5_000;

/// The ticks of a second in `/proc/PID/stat` (proc_pid_stat(5), starttime), which the kernel reports as 100 on every machine.
const TICKS: i64 = 100;

/// Whether a setting of the files is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Force {
    /// The running daemon has read it, or there is none and the next one will.
    InForce,
    /// It was written after the daemon last read its files.
    Unread(PathBuf),
    /// The account in question was admitted after it was written.
    Refuted,
    /// Cannot be determined.
    Unknown,
}

impl Facts<'_> {
    /// Whether the daemon applies a setting as it is in the files.
    pub fn force(&self, setting: &Setting) -> Force {
        let own = setting.origin.iter().chain(&setting.also);
        let named: Vec<PathBuf> = own
            .map(|origin| origin.path.clone())
            .filter(|path| path.is_absolute())
            .collect();
        let files = if setting.origin.is_none() {
            self.configuration_files()
        } else {
            named
        };
        self.force_of(&files)
    }

    /// Like [`Facts::force`], for settings that take effect when the session begins: sshd logs
    /// `Accepted` before that.
    pub fn force_in_session(&self, setting: &Setting) -> Force {
        self.unless_only_let_in(self.force(setting))
    }

    /// A successful login does not refute something that takes effect after it: the result then
    /// depends only on whether the file was read.
    pub(crate) fn unless_only_let_in(&self, force: Force) -> Force {
        match force {
            Force::Refuted => self.unread_file().map_or(Force::Unknown, Force::Unread),
            force => force,
        }
    }

    /// Like [`Facts::force`], for the content of some files.
    pub(crate) fn force_of(&self, files: &[PathBuf]) -> Force {
        let newest = files
            .iter()
            .filter_map(|path| Some((Moment::written(&self.file(path).ok()??.meta), path)))
            .max();
        if newest.is_some_and(|(written, _)| self.let_in_after(written).is_some()) {
            return Force::Refuted;
        }
        if self.question.offline || self.reads_for_each_connection() {
            return Force::InForce;
        }
        if self.rival().is_some() {
            // What listens may not be the sshd that is asked about.
            return Force::Unknown;
        }
        match (newest, self.read_at()) {
            (Some((written, path)), Some(read)) if read.before(written) => {
                Force::Unread(path.clone())
            }
            // Both at the same moment, as far as is known.
            (Some((written, _)), Some(read)) if !written.before(read) => Force::Unknown,
            (_, Some(_)) => Force::InForce,
            (_, None) => Force::Unknown,
        }
    }

    /// The configuration file, or the folder of drop-ins, that was written after the daemon last
    /// read it: the removal of a file changes only the time of the folder.
    pub fn unread_file(&self) -> Option<PathBuf> {
        let read = self
            .read_at()
            .filter(|_| !self.reads_for_each_connection())?;
        let mut files = self.configuration_files().into_iter();
        let is_unread = |path: &PathBuf| {
            let file = self.file(path);
            matches!(file, Ok(Some(file)) if read.before(Moment::written(&file.meta)))
        };
        let folder = || {
            self.drop_ins_changed()
                .filter(|(_, changed)| read.before(*changed))
        };
        files
            .rfind(is_unread)
            .or_else(|| folder().map(|(path, _)| path))
    }

    fn configuration_files(&self) -> Vec<PathBuf> {
        let Ok(tree) = self.tree() else {
            return Vec::new();
        };
        tree.files().map(PathBuf::from).collect()
    }

    /// Whether configuration is read for each connection: a super-server or a socket unit starts
    /// sshd on demand.
    fn reads_for_each_connection(&self) -> bool {
        self.lacks_a_listener()
            && (self.starter().is_some()
                || self
                    .manager()
                    .is_ok_and(|manager| manager.socket().is_some_and(crate::Unit::active)))
    }

    /// The time at which the listener last read its files: its start or its last reload.
    fn read_at(&self) -> Option<Moment> {
        let pid = self.listener().ok().flatten()?.pid;
        let started = self.started_at(pid);
        let listened = self
            .log()
            .unwrap_or_default()
            .iter()
            .filter(|line| line.kind == Kind::Listening)
            // A line that names no process may belong to any.
            .filter(|line| line.pid.is_none_or(|of| of == pid))
            .filter_map(|line| line.time.map(Moment::logged))
            .max()
            // Before the machine last started, another process may have had the same number.
            .filter(|listened| started.is_none_or(|started| !listened.before(started)));
        let Some(listened) = listened else {
            return started.max(self.told_at(pid));
        };
        // sshd logs each time it has read its files, unless its LogLevel is too low. Its unit
        // changes for other reasons as well: a reload whose config test fails changes the unit and
        // not sshd.
        let told = self
            .told_at(pid)
            .filter(|told| self.logs_no_logins() && !told.may_be(listened));
        told.max(Some(listened))
    }

    /// When a process started.
    fn started_at(&self, pid: u32) -> Option<Moment> {
        let now = self.question.now.checked_mul(1000)?;
        let start = now.checked_sub(self.age(pid)?)?;
        Some(Moment::between(start, start.checked_add(BLUR)?))
    }

    /// The running time of a process, in milliseconds.
    pub(crate) fn age(&self, pid: u32) -> Option<i64> {
        let text = self.text(format!("/proc/{pid}/stat")).ok().flatten()?;
        // The name may contain blanks and parentheses; the state after it is the third field.
        let ticks: i64 = text
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(19)?
            .parse()
            .ok()?;
        let started = ticks.checked_mul(1000 / TICKS)?;
        // If a container has an uptime of its own but counts processes from the start of its host,
        // the age is unknown.
        self.uptime()?
            .checked_sub(started)
            .filter(|age| *age >= -BLUR)
    }

    /// Whether anybody was let in since a process started.
    pub(crate) fn somebody_was_let_in_by(&self, pid: u32) -> bool {
        let (Some(started), Ok(lines)) = (self.started_at(pid), self.log()) else {
            return false;
        };
        let mut logins = lines.iter().filter(|line| line.kind == Kind::Accepted);
        logins.any(|login| {
            login
                .time
                .is_some_and(|time| started.before(Moment::logged(time)))
        })
    }

    /// When systemd has last changed the state of the unit that runs the listener: a reload does.
    fn told_at(&self, pid: u32) -> Option<Moment> {
        let manager = self.manager().ok()?;
        let unit = manager
            .service()
            .filter(|_| manager.main_pid() == Some(pid))?;
        let micros: i64 = unit.get("StateChangeTimestampMonotonic").parse().ok()?;
        let boot = self.question.now.checked_mul(1000)? - self.uptime()?;
        let told = boot.checked_add(micros / 1000)?;
        Some(Moment::between(told, told.checked_add(BLUR)?))
    }

    /// The uptime of the machine, in milliseconds.
    fn uptime(&self) -> Option<i64> {
        let text = self.text(UPTIME).ok().flatten()?;
        let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
        let (seconds, hundredths): (i64, i64) = (seconds.parse().ok()?, hundredths.parse().ok()?);
        seconds.checked_mul(1000)?.checked_add(hundredths * 10)
    }

    /// The last login of the account and client in question, if it succeeded after this time and
    /// none was refused since; `None` if the log cannot show that.
    fn let_in_after(&self, time: Moment) -> Option<&LogLine> {
        let lines = self.log().ok()?;
        let (user, client) = self.question.asked_about()?;
        let of_it = |line: &&LogLine| {
            let of_client = client.is_none() || line.client == client;
            match user {
                Some(user) => {
                    line.user.as_deref() == Some(user) && (of_client || names_no_client(line))
                }
                None => of_client,
            }
        };
        let tells = |line: &&LogLine| line.kind == Kind::Accepted || is_refusal(line);
        let last = lines.iter().filter(of_it).rfind(tells)?;
        // With equal timestamps, the login may have preceded the change.
        (last.kind == Kind::Accepted && time.before(Moment::logged(last.time?))).then_some(last)
    }

    /// Whether the account and client in question were admitted after the last change of files that
    /// are read for each connection; `None` if none of the files exists to show the time.
    pub fn was_let_in_since(&self, files: &[impl AsRef<Path>]) -> Option<bool> {
        let changed = files
            .iter()
            .filter_map(|path| Some(Moment::written(self.meta(path).ok()??)))
            .max();
        changed.map(|changed| self.let_in_after(changed).is_some())
    }

    /// Whether the last log entry about the account and client in question shows them admitted, by
    /// a daemon that has used the same files since.
    pub fn was_let_in(&self) -> bool {
        let since = self.read_at().unwrap_or(Moment::NEVER);
        !self.logs_no_logins() && self.let_in_after(since).is_some()
    }

    /// Whether the daemon that listens now has admitted the account in question through a proxy on
    /// this machine, from which all clients appear to come.
    pub fn was_let_in_from_inside(&self) -> bool {
        let (Some(since), Ok(lines)) = (self.read_at(), self.log()) else {
            return false;
        };
        let user = self.user();
        lines.iter().any(|line| {
            line.kind == Kind::Accepted
                && line.client.is_some_and(|client| client.is_loopback())
                && (user.is_none() || line.user.as_deref() == user)
                && line
                    .time
                    .is_some_and(|time| !Moment::logged(time).before(since))
        })
    }

    /// Whether sshd's level keeps logins out of the log.
    pub fn logs_no_logins(&self) -> bool {
        let level = self.value("loglevel").ok().flatten().unwrap_or_default();
        ["QUIET", "FATAL", "ERROR"]
            .iter()
            .any(|quiet| level.eq_ignore_ascii_case(quiet))
    }
}

/// Whether a line tells that an account was refused, and not which client it came from: sshd's words for what PAM decided
/// (auth2.c, userauth_finish) stand alone in the log of a connection that ends before the login.
fn names_no_client(line: &LogLine) -> bool {
    line.client.is_none()
        && line.kind == Kind::PamDenied
        && line.text.contains("by PAM account configuration")
}

/// Whether a log entry reports a failed login.
fn is_refusal(line: &LogLine) -> bool {
    matches!(
        line.cause,
        Some(CauseName::UserNotAllowed | CauseName::RefuseConnection)
    ) || matches!(
        line.kind,
        Kind::Closed | Kind::Disconnected | Kind::InvalidUser | Kind::AuthFailed
    )
}

#[cfg(test)]
mod tests {
    use crate::fixture::{LOG, NOW, machine};
    use crate::question::Question;

    use super::*;

    const LISTENS: &str =
        "2026-11-20T17:00:00.25+00:00 server sshd[700]: Server listening on 0.0.0.0 port 22.\n";

    /// A listener started this many seconds after boot, on a machine that has been up for 90,000.1
    /// seconds.
    fn started(seconds: i64) -> String {
        format!(
            "//- /proc/700/stat\n700 (ss hd) S 1 700 700 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 {}\n",
            seconds * TICKS
        )
    }

    fn read_at(extra: &str) -> Option<Moment> {
        let (machine, question) = (machine(extra), Question::server(NOW));
        Facts::new(&machine, &question).read_at()
    }

    /// A moment between `millis` milliseconds after 1970 and `blur` milliseconds later.
    fn at(millis: i64, blur: i64) -> Option<Moment> {
        Some(Moment::between(millis, millis + blur))
    }

    #[test]
    fn a_daemon_reads_its_files_when_started_or_reloaded() {
        let stat = started(1_000);
        let seen = at((NOW - 89_000) * 1000 - 100, BLUR);
        let listened = at((NOW - 3_600) * 1000 + 250, 0);
        assert_eq!(read_at(&format!("{stat}{LOG}")), seen);
        assert_eq!(read_at(&format!("{stat}{LOG}{LISTENS}")), listened);
        let other = LISTENS.replace("[700]", "[701]");
        assert_eq!(read_at(&format!("{stat}{LOG}{other}")), seen);
        // A record of the journal, whose text names no process.
        let other = "__REALTIME_TIMESTAMP=1795197000000000\nSYSLOG_IDENTIFIER=sshd\n_PID=701\nMESSAGE=Server listening on 0.0.0.0 port 2222.\n\n";
        assert_eq!(read_at(&format!("{stat}{LOG}{other}")), seen);
        let before = started(90_000 - 3_590);
        assert_eq!(
            read_at(&format!("{before}{LOG}{LISTENS}")),
            at((NOW - 3_590) * 1000 - 100, BLUR),
            "another process of that number"
        );
        let gone = "//- /proc/700/cmdline missing\n";
        assert_eq!(read_at(&format!("{LOG}{LISTENS}{gone}")), None);
        assert_eq!(
            read_at(&format!("{}{LOG}", started(91_000))),
            None,
            "the clocks do not agree"
        );
    }

    #[test]
    fn a_file_written_while_the_daemon_starts_may_or_may_not_be_in_force() {
        let force = |stat: &str, written: &str, log: &str| {
            let config = format!(
                "{stat}{log}//- /etc/ssh/sshd_config mtime:{}{written}\nDenyUsers alice\n",
                NOW - 3_600
            );
            let (machine, question) = (machine(&config), crate::fixture::from("198.51.100.7"));
            let facts = Facts::new(&machine, &question);
            let setting = facts.setting("DenyUsers").ok().flatten();
            facts.force(setting.expect("it is set"))
        };
        let unread = Force::Unread("/etc/ssh/sshd_config".into());
        let (start, log) = (started(90_000 - 3_600), format!("{LOG}{LISTENS}"));
        assert_eq!(force(&start, ".1", &log), Force::InForce);
        assert_eq!(force(&start, ".3", &log), unread);
        assert_eq!(force(&start, ".245", &log), Force::Unknown);
        assert_eq!(force(&start, "", &log), Force::Unknown, "whole seconds");
        assert_eq!(force(&start, ".3", LOG), Force::Unknown);
        assert_eq!(force(&started(90_000 - 3_610), ".3", LOG), unread);
        assert_eq!(force(&started(90_000 - 3_590), ".3", LOG), Force::InForce);
        let login = "2026-11-20T17:00:00.9+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2\n";
        let let_in = format!("{log}{login}");
        assert_eq!(force(&start, ".3", &let_in), Force::Refuted);
        assert_eq!(force(&start, ".95", &let_in), unread);
    }

    #[test]
    fn a_reload_that_the_log_does_not_confirm_counts_only_if_the_log_is_quiet() {
        // Its unit changed 300 seconds ago.
        let show = include_str!("fixture/healthy-debian12.txt");
        let show = show
            .split_once("//$ SHOW => 0 stdout\n")
            .map(|(_, rest)| rest.split("//").next().unwrap_or_default())
            .expect("it is asked");
        let told =
            format!("//$ SHOW => 0 stdout\nStateChangeTimestampMonotonic=89700000000\n{show}");
        let log = format!("{}{told}{LOG}{LISTENS}", started(1_000));
        let listened = at((NOW - 3_600) * 1000 + 250, 0);
        assert_eq!(read_at(&log), listened);
        let quiet = "//- /etc/ssh/sshd_config\nLogLevel ERROR\n";
        assert_eq!(
            read_at(&format!("{log}{quiet}")),
            at((NOW - 300) * 1000 - 100, BLUR)
        );
    }

    #[test]
    fn a_login_possibly_before_a_change_does_not_refute_the_fault() {
        let let_in = |after: i64, part: &str, refused: &str| {
            let login = format!(
                "{LOG}2026-11-20T17:00:00{part}+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2\n{refused}"
            );
            let (machine, question) = (machine(&login), crate::fixture::from("198.51.100.7"));
            let written = at((NOW - 3_600) * 1000 + after, 10).expect("a time");
            Facts::new(&machine, &question)
                .let_in_after(written)
                .is_some()
        };
        assert!(let_in(-10, "", "") && let_in(100, ".2", ""));
        assert!(
            !let_in(100, "", ""),
            "the second of the login is all that is known"
        );
        assert!(!let_in(195, ".2", "") && !let_in(300, ".2", ""));
        let refused = "2026-11-20T17:00:02+00:00 server sshd[814]: administratively prohibited connection for alice from 198.51.100.7 port 4712\n";
        assert!(!let_in(-1_000, "", refused), "the last try counts");
    }

    #[test]
    fn a_later_pam_refusal_without_an_address_overrides_an_earlier_login() {
        let let_in = |refused: &str, user: Option<&str>| {
            let log = format!(
                "{LOG}2026-11-20T17:00:00+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2\n\
                 2026-11-20T17:00:09+00:00 server {refused}\n"
            );
            let (machine, mut question) = (machine(&log), crate::fixture::from("198.51.100.7"));
            if let crate::Vantage::Server(server) = &mut question.vantage {
                server.user = user.map(str::to_owned);
            }
            Facts::new(&machine, &question)
                .let_in_after(Moment::NEVER)
                .is_some()
        };
        let denied =
            "sshd[815]: fatal: Access denied for user alice by PAM account configuration [preauth]";
        assert!(!let_in(denied, Some("alice")));
        assert!(let_in(denied, None), "it may be another client");
        assert!(let_in(&denied.replace("alice", "bob"), Some("alice")));
        let module =
            "sshd[815]: pam_sss(sshd:account): Access denied for user alice: 6 (Permission denied)";
        assert!(
            let_in(module, Some("alice")),
            "a module alone does not decide"
        );
    }

    #[test]
    fn a_removed_drop_in_is_noticed_by_the_directory_time() {
        let stat = started(1_000);
        let unread = |time: i64| {
            let folder = format!("{stat}//- /etc/ssh/sshd_config.d dir mtime:{time}\n");
            let (machine, question) = (machine(&folder), Question::server(NOW));
            Facts::new(&machine, &question).unread_file()
        };
        assert_eq!(unread(NOW - 100), Some("/etc/ssh/sshd_config.d".into()));
        assert_eq!(unread(NOW - 89_900), None);
    }
}
