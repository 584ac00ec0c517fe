//! The sources of log entries: the journal, else the files of syslog; the kernel's log; auditd's;
//! or files that were named.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan};
use sshmend_ssh_log::{Event, Reader};

use crate::Facts;
use crate::known::{Known, Unchecked};
use crate::log_file::{LogFile, Shown};

/// Logs are searched this far back unless the question specifies another period.
pub(crate) const DAY: i64 = 24 * 60 * 60;

pub(crate) const DMESG: [&str; 1] = ["dmesg"];

/// The number of bytes read from the end of a log file, if a program can do that.
const TAIL: &str = "16777216";

/// The number of bytes at its end that show whether it continues after the end of the journal.
const END: &str = "65536";

/// The same for the journal, in which an entry takes a kibibyte and those of systemd are
/// interspersed.
const JOURNAL_END: usize = 1 << 20;

/// The largest difference between the times of one entry in the journal and in a file, in
/// milliseconds.
const SAME: i64 = 500;

/// The files to which syslog writes the messages of sshd and the kernel; missing ones are left out.
const FILES: [&str; 4] = [
    "/var/log/auth.log",
    "/var/log/secure",
    "/var/log/messages",
    "/var/log/syslog",
];

const AUDIT: &str = "/var/log/audit/audit.log";

const JOURNALCTL: &str = "journalctl";

/// A field of entries written by the system, in the export format of the journal.
const ROOT: &[u8] = b"\n_UID=0\n";

/// A log and its source.
pub(crate) enum Source<'a> {
    /// A file that was read already.
    Read(&'a LogFile),
    /// Its content in memory.
    Bytes {
        shown: Shown<'a>,
        bytes: Cow<'a, [u8]>,
    },
}

/// The log files of a mounted disk, which are read whole.
pub fn disk_logs() -> impl Iterator<Item = &'static Path> {
    FILES.iter().chain([&AUDIT]).map(Path::new)
}

fn tail<'a>(path: &'a str, bytes: &'a str) -> [&'a str; 4] {
    ["tail", "-c", bytes, path]
}

impl<'a> Facts<'a> {
    pub(crate) fn named_sources(&self) -> Known<Vec<Source<'a>>> {
        let named = |path: &'a PathBuf| match self.source(path)? {
            Some(source) => Ok(source),
            None => Err(Unchecked::new(
                path.display().to_string(),
                "there is no such file",
            )),
        };
        self.question.logs.iter().map(named).collect()
    }

    pub(crate) fn own_sources(&self) -> Known<Vec<Source<'a>>> {
        let mut sources = if self.question.offline {
            self.on_disk()?
        } else {
            self.running()?
        };
        sources.extend(self.source(Path::new(AUDIT)).ok().flatten());
        Ok(sources)
    }

    /// A log file; `None` if it does not exist.
    fn source(&self, path: &'a Path) -> Known<Option<Source<'a>>> {
        if let Some(file) = self.question.log_files.get(path) {
            return Ok(Some(Source::Read(file)));
        }
        let name = path.to_str().unwrap_or("a file whose name is not UTF-8");
        let image = self.file(path)?;
        Ok(image.map(|image| Source::file(name, image.bytes.as_slice())))
    }

    /// The journal of a mounted disk if it has any entry of sshd, else its files.
    fn on_disk(&self) -> Known<Vec<Source<'a>>> {
        let journal = self
            .snapshot
            .once_answered(|| self.journaled())
            .ok_or_else(no_log)?;
        if let Ok(Some(source)) = journal {
            return Ok(vec![source]);
        }
        let found = FILES
            .iter()
            .filter_map(|path| self.source(Path::new(path)).ok()?);
        let sources: Vec<Source<'a>> = found.collect();
        if sources.is_empty() {
            Err(journal.err().unwrap_or_else(no_log))
        } else {
            Ok(sources)
        }
    }

    /// The journal if it has any entry of sshd, and the files if it has none or has ended; in
    /// addition the kernel's log.
    fn running(&self) -> Known<Vec<Source<'a>>> {
        // The files of syslog are long, and needed only if the journal is not usable.
        let journaled = self
            .snapshot
            .once_answered(|| self.journaled())
            .ok_or_else(no_log)?;
        let mut sources: Vec<Source<'a>> = journaled.ok().flatten().into_iter().collect();
        let mut hidden = None;
        let ended = self.journal_ended();
        let files = if sources.is_empty() || ended.is_some() {
            self.existing_files()
        } else {
            Vec::new()
        };
        for path in files {
            match self.run(&tail(path, TAIL)) {
                Ok(output) if output.success() => {
                    sources.push(Source::printed(path, &output.stdout, ended));
                }
                Ok(output) => {
                    hidden = Some(String::from_utf8_lossy(&output.stderr).trim().to_owned());
                }
                Err(unchecked) => hidden = Some(unchecked.reason),
            }
        }
        if sources.is_empty() {
            let shut = (!self.question.privileged)
                .then(|| "needs root, or the group adm or systemd-journal".to_owned());
            return Err(hidden.or(shut).map_or_else(no_log, |reason| Unchecked {
                needs_root: !self.question.privileged,
                ..Unchecked::new("log of sshd", reason)
            }));
        }
        if let Ok(output) = self.run(&DMESG) {
            sources.push(Source::printed(DMESG[0], &output.stdout, None));
        }
        Ok(sources)
    }

    /// The matches by which `journalctl` selects the log entries about SSH.
    pub fn journal(&self) -> Vec<String> {
        const MATCHES: &str = "_COMM=sshd + _COMM=sshd-session + _COMM=sshd-auth + SYSLOG_IDENTIFIER=sshd + \
            SYSLOG_IDENTIFIER=sshd-session + _SYSTEMD_UNIT=ssh.service + _SYSTEMD_UNIT=sshd.service + _PID=1";
        let since = self
            .question
            .since
            .or((!self.question.offline).then_some(self.question.now - DAY));
        let since = since.map(|since| format!("--since=@{since}"));
        let words = ["--quiet", "--no-pager", "--output=export", "--lines=100000"].into_iter();
        let kernel = ["+", "_TRANSPORT=kernel"]
            .into_iter()
            .filter(|_| self.question.offline);
        words
            .chain(since.as_deref())
            .chain(MATCHES.split_whitespace())
            .chain(kernel)
            .map(str::to_owned)
            .collect()
    }

    /// The journal's entries about sshd; `None` if it has none. A user who may not read the system
    /// journal still sees the entries of their own processes, which prove nothing.
    fn journaled(&self) -> Known<Option<Source<'a>>> {
        let of_root = |bytes: &[u8]| bytes.windows(ROOT.len()).any(|window| window == ROOT);
        let unchecked = |reason: &str| Err(Unchecked::new("journal", reason.trim()));
        match self.snapshot.journal(&self.journal()) {
            Some(Ok(output))
                if self.question.privileged && !output.stdout.is_empty()
                    || of_root(&output.stdout) =>
            {
                let shown = Shown {
                    name: JOURNALCTL,
                    numbered: false,
                    stamped: true,
                    after: None,
                };
                Ok(Some(Source::Bytes {
                    shown,
                    bytes: Cow::Borrowed(&output.stdout),
                }))
            }
            Some(Ok(output)) if output.success() || output.stderr.is_empty() => Ok(None),
            Some(Ok(output)) => unchecked(&String::from_utf8_lossy(&output.stderr)),
            Some(Err(why)) => unchecked(&why.to_string()),
            None => unchecked("was not read"),
        }
    }

    /// The time of the last entry of sshd in the journal, if a file of syslog has later ones:
    /// journald no longer stores entries (`Storage=none`), is dead, or drops entries that come too
    /// fast.
    fn journal_ended(&self) -> Option<Timestamp> {
        let Source::Bytes { bytes, .. } = self.journaled().ok().flatten()? else {
            return None;
        };
        let end = &bytes[bytes.len().saturating_sub(JOURNAL_END)..];
        // Without an entry of sshd in this piece, the journal has had none since the piece begins.
        let last = self
            .last_of_sshd(end)
            .or_else(|| first_stamp(end))?
            .checked_add(SAME.milliseconds())
            .ok()?;
        let later = |path: &&str| {
            let output = self.run(&tail(path, END)).ok();
            output.and_then(|output| self.last_of_sshd(&output.stdout)) > Some(last)
        };
        self.existing_files().iter().any(later).then_some(last)
    }

    /// The latest time of a line of sshd in a piece of log.
    fn last_of_sshd(&self, piece: &[u8]) -> Option<Timestamp> {
        let mut last = None;
        let mut keep = |event: &Event<'_>| {
            if event.program.is_sshd() {
                last = last.max(event.time);
            }
        };
        let mut reader = Reader::new(self.question.clock());
        reader.feed(piece, &mut keep);
        reader.finish(&mut keep);
        last
    }

    fn existing_files(&self) -> Vec<&'static str> {
        FILES
            .into_iter()
            .filter(|path| matches!(self.meta(path), Ok(Some(_))))
            .collect()
    }
}

impl<'a> Source<'a> {
    fn file(name: &'a str, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::Bytes {
            shown: Shown {
                name,
                numbered: true,
                stamped: false,
                after: None,
            },
            bytes: bytes.into(),
        }
    }

    /// Log entries printed by a program.
    fn printed(name: &'a str, bytes: &'a [u8], after: Option<Timestamp>) -> Self {
        Self::Bytes {
            shown: Shown {
                name,
                numbered: false,
                stamped: false,
                after,
            },
            bytes: Cow::Borrowed(bytes),
        }
    }
}

/// The time of the first record in a piece of the journal's export format.
fn first_stamp(piece: &[u8]) -> Option<Timestamp> {
    const FIELD: &[u8] = b"__REALTIME_TIMESTAMP=";
    let at = piece
        .windows(FIELD.len())
        .position(|window| window == FIELD)?;
    let digits = piece[at + FIELD.len()..]
        .split(|byte| !byte.is_ascii_digit())
        .next()?;
    Timestamp::from_microsecond(std::str::from_utf8(digits).ok()?.parse().ok()?).ok()
}

fn no_log() -> Unchecked {
    Unchecked::new(
        "log of sshd",
        "there is none: neither the journal nor a file of syslog",
    )
}

#[cfg(test)]
mod tests {
    use crate::fixture::{LOG, NOW, machine};
    use crate::log_file::LogLine;
    use crate::question::Question;

    use super::*;

    #[test]
    fn a_log_file_continues_where_the_journal_ended() {
        let drop = |second: u32, number: u32| {
            format!(
                "2026-11-20T17:59:{second:02}+00:00 server sshd[700]: drop connection #{number} from [198.51.100.7]:34663 on [192.0.2.10]:22 Maxstartups\n"
            )
        };
        let numbers = |file: &str| {
            let file = format!(
                "//- /var/log/auth.log\n//$ tail -c 65536 /var/log/auth.log => 0 stdout\n{file}//$ tail -c 16777216 /var/log/auth.log => 0 stdout\n{file}"
            );
            let (machine, question) = (
                machine(&format!("{file}{LOG}{}", drop(10, 1))),
                Question::server(NOW),
            );
            let facts = Facts::new(&machine, &question);
            facts
                .log()
                .expect("it was read")
                .iter()
                .map(|line| line.number)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(&drop(10, 1)), [Some(1)], "the same line");
        assert_eq!(
            numbers(&format!("{}{}", drop(10, 1), drop(30, 2))),
            [Some(1), Some(2)]
        );
    }

    #[test]
    fn a_users_own_entries_are_not_the_log_of_the_machine() {
        let question = Question {
            privileged: false,
            ..Question::server(NOW)
        };
        let entry = |user: u32| {
            format!(
                "{LOG}__REALTIME_TIMESTAMP=1795197000000000\n_UID={user}\n_COMM=sshd\nMESSAGE=x\n\n"
            )
        };
        let known = |text: &str| {
            Facts::new(&machine(text), &question)
                .log()
                .map(<[LogLine]>::len)
                .map_err(|item| item.reason)
        };
        assert_eq!(
            known(&entry(1000)),
            Err("needs root, or the group adm or systemd-journal".to_owned())
        );
        assert_eq!(known(&entry(0)), Ok(0));
    }
}
