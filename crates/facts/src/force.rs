//! What of the files is in force: a daemon goes by what it read when it started, or when it was last told to read again.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sshmend_ssh_log::{CauseName, Kind};
use sshmend_sshd_config::Setting;

use crate::{Facts, LogLine};

/// Times of the kernel are told in whole seconds since the machine started: a start may be later than it seems by so much.
const BLUR: i64 = 1;

/// The ticks of a second in `/proc/PID/stat` (proc_pid_stat(5), starttime), which the kernel reports as 100 on every machine.
const TICKS: i64 = 100;

/// Whether a setting of the files is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Force {
    /// The running daemon has read it, or there is none and the next one will.
    InForce,
    /// It was written after the daemon has read its files for the last time.
    Unread(PathBuf),
    /// The account asked about was let in after it was written.
    Refuted,
    /// Nothing tells.
    Unknown,
}

impl Facts<'_> {
    /// Whether the daemon goes by a setting as the files have it.
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

    /// As [`Facts::force`], of what acts when the session begins: sshd says `Accepted` before it.
    pub fn force_in_session(&self, setting: &Setting) -> Force {
        self.unless_only_let_in(self.force(setting))
    }

    /// A login that went well refutes nothing that acts behind it: only whether its file was read is left to say.
    pub(crate) fn unless_only_let_in(&self, force: Force) -> Force {
        match force {
            Force::Refuted => self.unread_file().map_or(Force::Unknown, Force::Unread),
            force => force,
        }
    }

    /// As [`Facts::force`], of what some files say.
    pub(crate) fn force_of(&self, files: &[PathBuf]) -> Force {
        let newest = files
            .iter()
            .filter_map(|path| Some((self.file(path).ok()??.meta.mtime, path)))
            .max();
        if newest.is_some_and(|(time, _)| self.let_in_after(time).is_some()) {
            return Force::Refuted;
        }
        if self.question.offline || self.reads_for_each_connection() {
            return Force::InForce;
        }
        match (newest, self.read_at()) {
            (Some((time, path)), Some(read)) if time > read => Force::Unread(path.clone()),
            (_, Some(_)) => Force::InForce,
            (_, None) => Force::Unknown,
        }
    }

    /// The file of the configuration, or its folder of drop-ins, that was written after the daemon has read it for the last
    /// time: a file that was taken away since leaves its mark on the folder alone.
    pub fn unread_file(&self) -> Option<PathBuf> {
        let read = self
            .read_at()
            .filter(|_| !self.reads_for_each_connection())?;
        let mut files = self.configuration_files().into_iter();
        let written =
            files.rfind(|path| matches!(self.file(path), Ok(Some(file)) if file.meta.mtime > read));
        let folder = || self.drop_ins_changed().filter(|(_, time)| *time > read);
        written.or_else(|| folder().map(|(path, _)| path))
    }

    fn configuration_files(&self) -> Vec<PathBuf> {
        let Ok(tree) = self.tree() else {
            return Vec::new();
        };
        tree.files().map(PathBuf::from).collect()
    }

    /// Whether no listener keeps what it has read: a super-server or a socket unit starts sshd when somebody comes.
    fn reads_for_each_connection(&self) -> bool {
        self.lacks_a_listener()
            && (self.starter().is_some()
                || self
                    .manager()
                    .is_ok_and(|manager| manager.socket().is_some_and(crate::Unit::active)))
    }

    /// When the listener has read its files for the last time, in seconds since 1970: when it started or was told to read again.
    fn read_at(&self) -> Option<i64> {
        let listener = self.listener().ok().flatten()?;
        let pid = listener.pid;
        let started = self.started_at(pid);
        let told = self.told_at(pid);
        let listened = self
            .log()
            .unwrap_or_default()
            .iter()
            .filter(|line| line.kind == Kind::Listening && is_of(line, pid))
            .filter_map(|line| line.time)
            .map(Timestamp::as_second)
            .max();
        let seen = started.max(told);
        match (listened, seen) {
            // sshd itself tells the second; the others mean the same start where they are later by no more than their blur.
            (Some(listened), Some(seen)) if seen <= listened + 2 * BLUR => Some(listened),
            (listened, seen) => listened.max(seen),
        }
    }

    /// When a process started.
    pub(crate) fn started_at(&self, pid: u32) -> Option<i64> {
        let text = self.text(format!("/proc/{pid}/stat")).ok().flatten()?;
        // The name may hold blanks and parentheses; the state behind it is the third field.
        let ticks: i64 = text
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(19)?
            .parse()
            .ok()?;
        Some(self.boot()? + ticks / TICKS + BLUR)
    }

    /// When systemd has last changed the state of the unit that runs the listener: a reload does.
    fn told_at(&self, pid: u32) -> Option<i64> {
        let manager = self.manager().ok()?;
        let unit = manager
            .service()
            .filter(|_| manager.main_pid() == Some(pid))?;
        let micros: i64 = unit.get("StateChangeTimestampMonotonic").parse().ok()?;
        Some(self.boot()? + micros / 1_000_000 + BLUR)
    }

    /// The login of the account and client asked about that went well after this time, in seconds since 1970, and after which
    /// none was refused; `None` where the log would not tell.
    pub fn let_in_after(&self, time: i64) -> Option<&LogLine> {
        let lines = self.log().ok()?;
        let asked = self.question.asked_server()?;
        let (user, client) = (asked.user.as_deref(), asked.client);
        if user.is_none() && client.is_none() {
            return None;
        }
        let of_it = |line: &&LogLine| {
            (user.is_none() || line.user.as_deref() == user)
                && (client.is_none() || line.client == client)
        };
        let tells = |line: &&LogLine| line.kind == Kind::Accepted || is_refusal(line);
        let last = lines.iter().filter(of_it).rfind(tells)?;
        // A login in the second of the change may have come before it: times of files are told in whole seconds.
        (last.kind == Kind::Accepted && last.time?.as_second() > time).then_some(last)
    }

    /// Whether the account and client asked about were let in after the last change of files that are read for each connection;
    /// `None` where none of them is there to tell when that was.
    pub fn was_let_in_since(&self, files: &[impl AsRef<Path>]) -> Option<bool> {
        let changed = files
            .iter()
            .filter_map(|path| Some(self.meta(path).ok()??.mtime))
            .max();
        changed.map(|time| self.let_in_after(time).is_some())
    }

    /// Whether the last that the log says of the account and client asked about is that they were let in, by a daemon that
    /// has gone on with the same files since.
    pub fn was_let_in(&self) -> bool {
        let since = self.read_at().unwrap_or_default() - BLUR;
        !self.logs_no_logins() && self.let_in_after(since).is_some()
    }

    /// Whether the account asked about, of whatever client, was let in by the daemon that listens now: through a proxy of this
    /// machine, as which every client comes.
    pub fn was_let_in_from_inside(&self) -> bool {
        let (Some(since), Ok(lines)) = (self.read_at(), self.log()) else {
            return false;
        };
        let user = self.user();
        lines.iter().any(|line| {
            line.kind == Kind::Accepted
                && line.client.is_some_and(|client| client.is_loopback())
                && (user.is_none() || line.user.as_deref() == user)
                && line.time.is_some_and(|time| time.as_second() >= since)
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

/// Whether a line tells of a login that came to nothing.
fn is_refusal(line: &LogLine) -> bool {
    matches!(
        line.cause,
        Some(CauseName::UserNotAllowed | CauseName::RefuseConnection)
    ) || matches!(
        line.kind,
        Kind::Closed | Kind::Disconnected | Kind::InvalidUser | Kind::AuthFailed
    )
}

/// Whether a process wrote this line; a line that names none may be of any.
fn is_of(line: &LogLine, pid: u32) -> bool {
    !line.text.contains("sshd[") || line.text.contains(&format!("sshd[{pid}]"))
}

#[cfg(test)]
mod tests {
    use crate::fixture::{LOG, NOW, machine};
    use crate::question::Question;

    use super::*;

    fn read_at(extra: &str) -> Option<i64> {
        let (machine, question) = (machine(extra), Question::server(NOW));
        Facts::new(&machine, &question).read_at()
    }

    #[test]
    fn a_daemon_has_read_its_files_when_it_started_or_was_told_to() {
        // The machine started 90,000 seconds ago, and the process 1,000 seconds later.
        let stat = "//- /proc/700/stat\n700 (ss hd) S 1 700 700 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 100000\n";
        let log = format!(
            "{LOG}2026-11-20T17:00:00+00:00 server sshd[700]: Server listening on 0.0.0.0 port 22.\n"
        );
        let other = log.replace("[700]", "[701]");
        assert_eq!(
            read_at(&format!("{stat}{other}")),
            Some(NOW - 89_000 + BLUR)
        );
        assert_eq!(read_at(&format!("{stat}{log}")), Some(NOW - 3_600));
        // The same start, which sshd itself tells to the second.
        let at = |ticks: i64| stat.replace("100000", &ticks.to_string());
        let same = at((90_000 - 3_600 + 1) * TICKS);
        assert_eq!(read_at(&format!("{same}{log}")), Some(NOW - 3_600));
        let later = at((90_000 - 3_600 + 2) * TICKS);
        assert_eq!(read_at(&format!("{later}{log}")), Some(NOW - 3_597));
        let gone = "//- /proc/700/cmdline missing\n";
        assert_eq!(read_at(&format!("{log}{gone}")), None);
    }

    #[test]
    fn a_login_in_the_second_of_a_change_refutes_nothing() {
        let let_in = |after: i64, refused: &str| {
            let login = format!(
                "{LOG}2026-11-20T17:00:00.9+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2\n{refused}"
            );
            let (machine, question) = (machine(&login), crate::fixture::from("198.51.100.7"));
            Facts::new(&machine, &question)
                .let_in_after(NOW - 3_600 + after)
                .is_some()
        };
        assert!(let_in(-1, ""));
        assert!(
            !let_in(0, ""),
            "the file may have been written after the login"
        );
        let refused = "2026-11-20T17:00:02+00:00 server sshd[814]: administratively prohibited connection for alice from 198.51.100.7 port 4712\n";
        assert!(!let_in(-1, refused), "the last try counts");
    }

    #[test]
    fn a_drop_in_that_is_gone_leaves_its_mark_on_the_folder() {
        let stat = "//- /proc/700/stat\n700 (sshd) S 1 700 700 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 100000\n";
        let unread = |time: i64| {
            let folder = format!("{stat}//- /etc/ssh/sshd_config.d dir mtime:{time}\n");
            let (machine, question) = (machine(&folder), Question::server(NOW));
            Facts::new(&machine, &question).unread_file()
        };
        assert_eq!(unread(NOW - 100), Some("/etc/ssh/sshd_config.d".into()));
        assert_eq!(unread(NOW - 89_900), None);
    }
}
