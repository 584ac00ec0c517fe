//! The processes of sshd, from `/proc`.
//!
//! sshd writes its state into its process title (`sshd.c`, `setproctitle`): the listener, from 8.2 on, as
//! `sshd: /usr/sbin/sshd -D [listener] 3 of 10-100 startups`; a connection before login as `sshd: [accepted]`,
//! `sshd: unknown [priv]`, `sshd: alice [net]`; from 9.8 on with the program name `sshd-session`.

use std::fmt::Display;

use crate::Facts;
use crate::known::{Known, Unchecked};

const PROC: &str = "/proc";

/// A daemon that waits for connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The process id.
    pub pid: u32,
    /// Its own command line, without the additions of its title.
    pub argv: Vec<String>,
    /// The title as `ps` shows it.
    pub title: String,
    /// The counter in the title; none before 8.2.
    pub startups: Option<Startups>,
}

/// The connections that have not logged in yet, and the first and last bound of MaxStartups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Startups {
    /// The number of connections that have not logged in yet.
    pub pending: u32,
    /// From this many on new ones may be dropped.
    pub begin: u32,
    /// From this many on every new one is dropped.
    pub full: u32,
}

impl Facts<'_> {
    fn pids(&self) -> Known<Vec<u32>> {
        if self.question.offline {
            return Err(Unchecked::new("processes", "the machine is not running"));
        }
        let names = self.names(PROC)?.into_iter();
        let pids: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
        // A /proc that shows not even ourselves is an empty directory, as in a chroot.
        if pids.is_empty() {
            return Err(Unchecked::new("processes", "/proc is not mounted"));
        }
        Ok(pids)
    }

    /// The titles of all processes, by process id; what ended meanwhile is left out.
    pub fn titles(&self) -> Known<Vec<(u32, String)>> {
        let mut titles: Vec<(u32, String)> = Vec::new();
        for pid in self.pids()? {
            if let Ok(Some(text)) = self.text(format!("{PROC}/{pid}/cmdline")) {
                titles.push((
                    pid,
                    text.trim_end_matches(['\0', ' ', '\n']).replace('\0', " "),
                ));
            }
        }
        titles.sort_unstable();
        Ok(titles)
    }

    /// Whether `/proc` shows the processes of others (mount option `hidepid`).
    fn processes_visible(&self) -> bool {
        self.question.privileged || matches!(self.meta(format!("{PROC}/1/cmdline")), Ok(Some(_)))
    }

    fn listening_titles(&self) -> Known<Vec<Listener>> {
        Ok(self
            .titles()?
            .into_iter()
            .filter_map(|(pid, title)| listener(pid, &title))
            .collect())
    }

    /// The listeners of this machine: those of containers are left out, and so is what listens for one user.
    pub fn listeners(&self) -> Known<Vec<Listener>> {
        self.cache
            .listeners
            .get_or_init(|| self.read_listeners())
            .clone()
    }

    fn read_listeners(&self) -> Known<Vec<Listener>> {
        let mut listeners = self.listening_titles()?;
        listeners
            .retain(|listener| !self.in_container(listener.pid) && self.is_believed(listener.pid));
        if listeners.is_empty() && !self.processes_visible() {
            return Err(Unchecked::for_want_of_root(
                "processes",
                "those of other users are hidden (hidepid)",
            ));
        }
        Ok(listeners)
    }

    /// The listener that serves this machine: if there are several, the one in question, by its
    /// port or its process id, else the one that the service manager started.
    pub fn listener(&self) -> Known<Option<Listener>> {
        let listeners = self.listeners()?;
        let main = self.manager().ok().and_then(|manager| manager.main_pid());
        let with = |pid: Option<u32>| listeners.iter().find(|listener| Some(listener.pid) == pid);
        let at_port = || {
            listeners
                .iter()
                .find(|listener| self.holds_asked_port(listener.pid))
        };
        let preferred = with(self.question.sshd)
            .or_else(at_port)
            .or_else(|| with(main))
            .or(listeners.first());
        Ok(preferred.cloned())
    }

    /// A field of `/proc/PID/status`, such as `State` or `NSpid`.
    pub fn status(&self, pid: impl Display, field: &str) -> Known<Option<String>> {
        let text = self
            .text(format!("{PROC}/{pid}/status"))?
            .unwrap_or_default();
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        Ok(fields
            .find(|(name, _)| *name == field)
            .map(|(_, value)| value.trim().to_owned()))
    }

    /// The program file of a process, with ` (deleted)` if it was replaced since (proc_pid_exe(5)).
    pub fn executable(&self, pid: u32) -> Known<String> {
        Ok(self
            .run_as_root(&executable(pid))?
            .text()
            .trim_end()
            .to_owned())
    }

    /// A process of another pid namespace has one process id in each (proc_pid_status(5), NSpid).
    fn in_container(&self, pid: u32) -> bool {
        let ids = self.status(pid, "NSpid").ok().flatten();
        ids.is_some_and(|ids| ids.split_whitespace().count() > 1)
    }

    /// Whether a process can be trusted: it is root's or the caller's own. Any other chooses its
    /// title, may name the program it claims to be, and serves nobody else. A process that has
    /// ended meanwhile is not trusted.
    fn is_believed(&self, pid: u32) -> bool {
        let Ok(Some(ids)) = self.status(pid, "Uid") else {
            return true;
        };
        let are = |own: &str| ids.split_whitespace().eq(own.split_whitespace());
        are("0 0 0 0") || matches!(self.status("self", "Uid"), Ok(Some(own)) if are(&own))
    }

    /// Titles of connections that have not logged in yet.
    pub fn unauthenticated(&self) -> Known<Vec<String>> {
        Ok(self
            .titles()?
            .into_iter()
            .map(|(_, title)| title)
            .filter(|title| is_unauthenticated(title))
            .collect())
    }
}

fn executable(pid: u32) -> [String; 2] {
    ["readlink".to_owned(), format!("{PROC}/{pid}/exe")]
}

/// Parses a process title as the title of a listener.
fn listener(pid: u32, title: &str) -> Option<Listener> {
    // The title begins with the name by which sshd was started, whatever that is.
    let titled = title.split_once(": ").filter(|(name, rest)| {
        !name.contains([' ', '/']) && rest.contains(" [listener] ") && rest.ends_with(" startups")
    });
    if title.starts_with("sshd: ") || titled.is_some() {
        let (command, counter) = title.split_once(": ")?.1.split_once(" [listener] ")?;
        let argv = command.split(' ').map(str::to_owned).collect();
        return Some(Listener {
            pid,
            argv,
            title: title.to_owned(),
            startups: startups(counter),
        });
    }
    let argv: Vec<String> = title.split(' ').map(str::to_owned).collect();
    let daemon = argv
        .first()
        .is_some_and(|program| program.rsplit('/').next() == Some("sshd"));
    let serves_one = argv
        .iter()
        .skip(1)
        .any(|word| is_flag(word, &['i', 'R', 't', 'T', 'G', 'V']));
    (daemon && !serves_one).then(|| Listener {
        pid,
        argv,
        title: title.to_owned(),
        startups: None,
    })
}

/// Whether a word contains one of these single-letter options.
fn is_flag(word: &str, letters: &[char]) -> bool {
    word.strip_prefix('-')
        .is_some_and(|rest| rest.chars().all(char::is_alphabetic) && rest.contains(letters))
}

/// Reads `3 of 10-100 startups`.
fn startups(counter: &str) -> Option<Startups> {
    let (pending, bounds) = counter.strip_suffix(" startups")?.split_once(" of ")?;
    let (begin, full) = bounds.split_once('-')?;
    Some(Startups {
        pending: pending.parse().ok()?,
        begin: begin.parse().ok()?,
        full: full.parse().ok()?,
    })
}

fn is_unauthenticated(title: &str) -> bool {
    let of_sshd = title
        .strip_prefix("sshd: ")
        .or_else(|| title.strip_prefix("sshd-session: "));
    of_sshd.is_some_and(|rest| {
        rest == "[accepted]" || rest.ends_with("unknown [priv]") || rest.ends_with(" [net]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Question;
    use crate::fixture::{NOW, machine};

    #[test]
    fn listener_titles_of_every_release_are_parsed() {
        let new = listener(
            7,
            "sshd: /usr/sbin/sshd -D -o Port=2222 [listener] 3 of 10-100 startups",
        )
        .expect("listener");
        assert_eq!(new.argv, ["/usr/sbin/sshd", "-D", "-o", "Port=2222"]);
        assert_eq!(
            new.startups,
            Some(Startups {
                pending: 3,
                begin: 10,
                full: 100
            })
        );
        let old = listener(7, "/usr/sbin/sshd -D").expect("listener");
        assert_eq!((old.argv.len(), old.startups), (2, None));
    }

    #[test]
    fn a_process_title_of_another_user_is_not_trusted() {
        let claims = |ids: &str| {
            let theirs = format!(
                "//- /proc/300/cmdline\nsshd: /home/eve/sshd -f /home/eve/c [listener] 0 of 10-100 startups\n\
                 //- /proc/300/status\nUid:\t{ids}\n//- /proc/self/status\nUid:\t1000\t1000\t1000\t1000\n"
            );
            let (snapshot, question) = (machine(&theirs), Question::server(NOW));
            let listeners = Facts::new(&snapshot, &question).listeners();
            let pids = listeners.expect("it is known").into_iter();
            pids.map(|listener| listener.pid).collect::<Vec<_>>()
        };
        assert_eq!(claims("1001\t1001\t1001\t1001"), [700]);
        assert_eq!(claims("1001\t0\t0\t0"), [700], "a program that is setuid");
        assert_eq!(claims("0\t0\t0\t0"), [300, 700]);
        assert_eq!(
            claims("1000\t1000\t1000\t1000"),
            [300, 700],
            "the caller's own"
        );
    }

    #[test]
    fn session_and_test_processes_are_not_listeners() {
        let titles = [
            "sshd: alice [priv]",
            "sshd: alice@pts/0",
            "sshd-session: alice [priv]",
            "/usr/sbin/sshd -i",
            "/usr/sbin/sshd -D -R",
            "sshd -t",
            "/usr/sbin/sshguard -D",
            "",
            "sshd: [accepted]",
        ];
        for title in titles {
            assert_eq!(listener(1, title), None, "{title}");
        }
    }

    #[test]
    fn connections_before_login_are_counted_once() {
        let cases = [
            ("sshd: [accepted]", true),
            ("sshd: unknown [priv]", true),
            ("sshd-session: unknown [priv]", true),
            ("sshd: alice [net]", true),
            ("sshd: alice [priv]", false),
            ("sshd: alice@pts/0", false),
            ("vim sshd: [accepted]", false),
        ];
        for (title, expected) in cases {
            assert_eq!(is_unauthenticated(title), expected, "{title}");
        }
    }
}
