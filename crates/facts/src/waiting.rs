//! Logins that never finish because sshd waits for another program.

use crate::Facts;

/// The seconds after which a program that should end at once counts as waiting.
const LONG: i64 = 3;

/// The scripts that sshd runs before a session: that of the machine and that of the account
/// (session.c, `do_rc_files`).
const SCRIPTS: [&str; 2] = ["/etc/ssh/sshrc", "/.ssh/rc"];

/// A program for which a login waits; one that is merely slow ends eventually.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The process id.
    pub pid: u32,
    /// Its command line.
    pub title: String,
    /// Its running time, in seconds.
    pub seconds: i64,
    /// The process of sshd that has started it for a module of PAM; none for a script of sshd's own.
    pub by: Option<String>,
}

impl Facts<'_> {
    /// The programs for which logins have been waiting: logins of the account in question, or else
    /// of any.
    pub fn waiting_logins(&self) -> Vec<Waiting> {
        let titles = self.titles().unwrap_or_default();
        let mut found = Vec::new();
        for (pid, title) in &titles {
            if SCRIPTS.iter().any(|script| title.ends_with(script)) {
                found.extend(self.waiting(*pid, title, None));
            }
            if !self.is_login(title) {
                continue;
            }
            for child in self.children(*pid) {
                let program = titles.iter().find(|(pid, _)| *pid == child);
                if let Some((_, program)) = program.filter(|(_, title)| !is_of_sshd(title)) {
                    found.extend(self.waiting(child, program, Some(title)));
                }
            }
        }
        found
    }

    fn waiting(&self, pid: u32, title: &str, by: Option<&String>) -> Option<Waiting> {
        let seconds = self.age(pid)? / 1000;
        (seconds >= LONG).then(|| Waiting {
            pid,
            title: title.to_owned(),
            seconds,
            by: by.cloned(),
        })
    }

    /// Whether a title is that of the privileged process of a login: `sshd: alice [priv]`.
    fn is_login(&self, title: &str) -> bool {
        let Some((program, rest)) = title.split_once(": ") else {
            return false;
        };
        let user = rest.strip_suffix(" [priv]");
        matches!(program, "sshd" | "sshd-session")
            && user.is_some_and(|user| self.user().is_none_or(|asked| asked == user))
    }

    /// The processes that the main thread of a process has started (proc_tid_children(5)).
    fn children(&self, pid: u32) -> Vec<u32> {
        let text = self.text(format!("/proc/{pid}/task/{pid}/children"));
        let text = text.ok().flatten().unwrap_or_default();
        text.split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect()
    }
}

fn is_of_sshd(title: &str) -> bool {
    ["sshd: ", "sshd-session: ", "sshd-auth: "]
        .iter()
        .any(|program| title.starts_with(program))
}
