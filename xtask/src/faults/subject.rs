//! The commands that write, each with the disk that it works on.

use super::picture::Picture;

/// A command, and what makes the disk that it works on.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) before: &'static [Before],
    /// `ID` is replaced by the newest transaction.
    pub(crate) command: &'static str,
    /// Its standard input.
    pub(crate) input: &'static str,
    /// How the completion of the command is recognised.
    pub(crate) shows: Shows,
    /// The exit codes allowed if the command has nothing left to do.
    pub(crate) again: &'static [i32],
    /// The exit codes allowed for `sshmend recover`, which reports what can be neither finished nor
    /// undone until it is abandoned.
    pub(crate) recovers: &'static [i32],
}

/// One step to the disk.
pub(crate) enum Before {
    /// A command of sshmend.
    Run(&'static str),
    /// A file has this content.
    Write(&'static str, &'static str),
    /// The transactions are in these states, the oldest first.
    States(&'static [&'static str]),
    /// The newest transaction is undone this many seconds from now, unless it is confirmed.
    Back(i64),
}

/// The difference between the disk before a command and after it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// The files; either side is whole.
    Files,
    /// The files, of which only those after it are valid: the command itself repairs the others.
    Mended,
    /// The states of the transactions.
    Journal,
    /// The number of transactions, any of which may be missing until it is done.
    Fewer,
}

const ALLOW: &str = "fix hosts-access --allow 192.0.2.7 --remove-deny --yes";

const POLICY: &str = r#"
name = "faults"
[sshd-config]
MaxStartups = "30:30:200"
MaxSessions = 20
[hosts-access]
allow = ["192.0.2.7"]
[fail2ban]
ignore = ["192.0.2.7"]
"#;

/// The defaults for most commands.
const PLAIN: Subject = Subject {
    name: "",
    before: &[],
    command: "",
    input: "",
    shows: Shows::Files,
    again: &[0],
    recovers: &[0],
};

#[rustfmt::skip]
pub(crate) const SUBJECTS: [Subject; 19] = [
    Subject { name: "fix hosts-access", command: ALLOW, ..PLAIN },
    Subject {
        name: "fix sshd-config",
        command: "fix sshd-config MaxStartups=30:30:200 --yes",
        ..PLAIN
    },
    Subject {
        name: "fix sshd-config --drop-in",
        command: "fix sshd-config MaxSessions=20 --drop-in --yes",
        ..PLAIN
    },
    Subject {
        name: "fix sshd-config --record",
        command: "fix sshd-config MaxStartups=30:30:200 --record /etc/policy.toml --yes",
        ..PLAIN
    },
    Subject { name: "fix fail2ban", command: "fix fail2ban --ignore 192.0.2.7 --yes", ..PLAIN },
    Subject {
        name: "fix known-hosts",
        command: "fix known-hosts old.example --offline --file /root/.ssh/known_hosts --yes",
        ..PLAIN
    },
    Subject {
        name: "fix known-hosts (1 MiB)",
        command: "fix known-hosts old.example --offline --file /root/.ssh/long --yes",
        ..PLAIN
    },
    Subject { name: "fix host-keys", command: "fix host-keys --yes", ..PLAIN },
    Subject { name: "apply", command: "apply - --yes", input: POLICY, ..PLAIN },
    Subject { name: "rollback", before: &[Before::Run(ALLOW)], command: "rollback --yes", ..PLAIN },
    Subject {
        name: "redo",
        before: &[Before::Run(ALLOW), Before::Run("rollback --yes")],
        command: "redo --yes",
        again: &[0, 2],
        ..PLAIN
    },
    Subject {
        name: "recover (cut off)",
        before: &[
            Before::Run(ALLOW),
            Before::Write(FILES[0].0, FILES[0].1),
            Before::States(&["prepared"]),
        ],
        command: "recover",
        shows: Shows::Mended,
        ..PLAIN
    },
    Subject {
        name: "recover (not proved)",
        before: &[Before::Run(ALLOW), Before::States(&["committed"])],
        command: "recover",
        shows: Shows::Journal,
        ..PLAIN
    },
    Subject {
        name: "recover (way back cut off)",
        before: &[
            Before::Run(ALLOW),
            Before::Run("rollback --yes"),
            Before::Write(FILES[1].0, "sshd: 198.51.100.\n"),
            Before::States(&["done", "prepared"]),
        ],
        command: "recover",
        shows: Shows::Mended,
        ..PLAIN
    },
    Subject {
        name: "recover (not confirmed)",
        before: &[
            Before::Run(ALLOW),
            Before::States(&["pending-confirm"]),
            Before::Back(-60),
        ],
        command: "recover",
        shows: Shows::Mended,
        ..PLAIN
    },
    Subject {
        name: "recover --forget",
        before: &[
            Before::Run(ALLOW),
            Before::Write(FILES[0].0, "# somebody else's\n"),
            Before::States(&["prepared"]),
        ],
        command: "recover --forget ID --yes",
        shows: Shows::Journal,
        again: &[0, 2],
        recovers: &[0, 4],
        ..PLAIN
    },
    Subject { name: "recover --install", command: "recover --install --yes", ..PLAIN },
    Subject {
        name: "confirm",
        before: &[
            Before::Run(ALLOW),
            Before::States(&["pending-confirm"]),
            Before::Back(86_400),
        ],
        command: "confirm ID",
        shows: Shows::Journal,
        ..PLAIN
    },
    Subject {
        name: "history --prune",
        before: &[Before::Run(ALLOW), Before::Run("rollback --yes")],
        command: "history --prune 0s",
        shows: Shows::Fewer,
        ..PLAIN
    },
];

/// The files of the disk.
#[rustfmt::skip]
pub(crate) const FILES: [(&str, &str); 8] = [
    ("etc/hosts.allow", "# who comes in\n"),
    ("etc/hosts.deny", "sshd: 192.0.2.7\nsshd: 198.51.100.\n"),
    ("etc/ssh/sshd_config", CONFIGURATION),
    ("etc/ssh/sshd_config.d/README", "drop-ins\n"),
    ("etc/fail2ban/jail.conf", "[DEFAULT]\nignoreip = 127.0.0.1/8\n[sshd]\nenabled = true\n"),
    ("etc/fail2ban/fail2ban.conf", "[Definition]\nloglevel = INFO\n"),
    ("etc/fail2ban/jail.local", "[sshd]\nmaxretry = 3\n"),
    ("root/.ssh/known_hosts", KEY),
];

const CONFIGURATION: &str = "Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n\
    HostKey /etc/ssh/ssh_host_ed25519_key\nMaxStartups 10:30:100\n";

const KEY: &str = "old.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5mB0rQm2z0m7n3d5c4l8s2Yx1fQK9Q0dNqkq0n3H5a\n";

/// A list of keys so long that its old inode is kept instead of a copy.
pub(crate) fn long() -> (&'static str, String) {
    let others = (0..12_000).map(|number| KEY.replacen("old", &format!("host-{number}"), 1));
    let text: String = std::iter::once(KEY.to_owned()).chain(others).collect();
    ("root/.ssh/long", text)
}

impl Subject {
    /// Whether two disks are the same in the respects that matter for this command.
    pub(crate) fn same(&self, one: &Picture, other: &Picture) -> bool {
        one.files == other.files && (self.shows != Shows::Journal || one.journal == other.journal)
    }

    /// Whether the disk is in one of the states allowed at the end.
    pub(crate) fn is_whole(&self, now: &Picture, old: &Picture, new: &Picture) -> bool {
        let is_new = self.same(now, new);
        match self.shows {
            Shows::Files | Shows::Journal => is_new || self.same(now, old),
            Shows::Mended => is_new && now.journal.iter().all(|state| is_end(state)),
            Shows::Fewer => is_new && now.journal.len() >= new.journal.len(),
        }
    }
}

fn is_end(state: &str) -> bool {
    matches!(state, "done" | "rolled-back")
}
