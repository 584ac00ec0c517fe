//! The projects whose messages are read, and their files.

/// A project whose programs or modules write to a log while a user logs in over SSH.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) name: &'static str,
    /// The tags of releases: the text before the version number, and after it.
    pub(super) tags: &'static [(&'static str, &'static str)],
    /// The first release that is read.
    pub(super) first: (u32, u32),
    /// The files; a name that ends with `/` is a folder with all C files below it.
    pub(super) files: &'static [&'static str],
    /// Files of those folders that are not part of a login: programs beside a module, and tests.
    pub(super) without: &'static [&'static str],
    pub(super) dialect: Dialect,
}

/// The conventions for messages in the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `error_f("…")`: the level is the name of the function.
    OpenSsh,
    /// `pam_syslog(pamh, LOG_ERR, "…")`: the level is an argument; these are the functions.
    Syslog(&'static [&'static str]),
    /// `log_unit_error_errno(u, r, "…")`, `LOG_UNIT_MESSAGE(u, "…")`, `[JOB_FAILED] = "…"`, and what pam_systemd writes.
    Systemd,
    /// The same, and logind's replies on the bus, which pam_systemd appends to its own messages.
    Logind,
}

pub(super) const PROJECTS: &[Project] = &[
    Project {
        name: "openssh",
        tags: &[("V_", "_P1")],
        first: (7, 4),
        files: OPENSSH,
        without: &[],
        dialect: Dialect::OpenSsh,
    },
    Project {
        name: "linux-pam",
        tags: &[("Linux-PAM-", ""), ("v", "")],
        first: (1, 1),
        files: &["libpam/", "modules/"],
        without: &[
            "/tst-",
            "/examples/",
            "_helper.c",
            "/faillock.c",
            "/main.c",
            "_app.c",
            "_check.c",
            "/unix_chkpwd.c",
            "/unix_update.c",
            "/bigcrypt",
        ],
        dialect: Dialect::Syslog(&["pam_syslog"]),
    },
    Project {
        name: "systemd",
        tags: &[("v", "")],
        first: (230, 0),
        files: &[
            "src/core/execute.c",
            "src/core/exec-credential.c",
            "src/core/exec-invoke.c",
            "src/core/job.c",
            "src/core/service.c",
            "src/core/socket.c",
            "src/core/unit.c",
            "src/login/pam_systemd.c",
            "src/shared/pam-util.c",
        ],
        without: &[],
        dialect: Dialect::Systemd,
    },
    Project {
        name: "systemd-logind",
        tags: &[("v", "")],
        first: (230, 0),
        files: &[
            "src/login/logind-action.c",
            "src/login/logind-core.c",
            "src/login/logind-dbus.c",
            "src/login/logind-session.c",
            "src/login/logind-user.c",
            "src/login/logind-utmp.c",
            "src/login/logind-wall.c",
            "src/login/logind.c",
            "src/login/user-runtime-dir.c",
        ],
        without: &[],
        dialect: Dialect::Logind,
    },
    Project {
        name: "sssd",
        tags: &[("sssd-", ""), ("", "")],
        first: (2, 0),
        files: &["src/sss_client/pam_sss.c"],
        without: &[],
        dialect: Dialect::Syslog(&["logger"]),
    },
    Project {
        name: "google-authenticator",
        tags: &[("", "")],
        first: (1, 0),
        files: &["src/pam_google_authenticator.c"],
        without: &[],
        dialect: Dialect::Syslog(&["log_message"]),
    },
    Project {
        name: "duo",
        tags: &[("duo_unix-", "")],
        first: (1, 10),
        files: &["pam_duo/pam_duo.c", "pam_duo/pam_duo_private.c"],
        without: &[],
        dialect: Dialect::Syslog(&["duo_syslog", "duo_log"]),
    },
    Project {
        name: "nss-pam-ldapd",
        tags: &[("", "")],
        first: (0, 9),
        files: &["pam/pam.c"],
        without: &[],
        dialect: Dialect::Syslog(&["pam_syslog"]),
    },
];

/// The files of OpenSSH whose code runs in sshd before a session starts, and that which opens the
/// session.
const OPENSSH: &[&str] = &[
    "audit-linux.c",
    "auth-options.c",
    "auth-pam.c",
    "auth-passwd.c",
    "auth-rhosts.c",
    "auth-shadow.c",
    "auth.c",
    "auth2-chall.c",
    "auth2-gss.c",
    "auth2-hostbased.c",
    "auth2-kbdint.c",
    "auth2-methods.c",
    "auth2-none.c",
    "auth2-passwd.c",
    "auth2-pubkey.c",
    "auth2-pubkeyfile.c",
    "auth2.c",
    "authfile.c",
    "canohost.c",
    "dispatch.c",
    "groupaccess.c",
    "gss-serv.c",
    "kex-names.c",
    "kex.c",
    "kexgen.c",
    "kexgexs.c",
    "misc.c",
    "monitor.c",
    "monitor_fdpass.c",
    "monitor_wrap.c",
    "msg.c",
    "packet.c",
    "platform.c",
    "sandbox-rlimit.c",
    "sandbox-seccomp-filter.c",
    "servconf.c",
    "serverloop.c",
    "session.c",
    "srclimit.c",
    "sshd-auth.c",
    "sshd-session.c",
    "sshd.c",
    "sshpty.c",
    "uidswap.c",
    "openbsd-compat/port-linux.c",
];
