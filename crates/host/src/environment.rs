//! The environment of the process, read once; and the clock.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Uid, getegid, geteuid, getppid, getuid};

use crate::look::read_to_end;
use crate::machine::Machine;

/// The folders of the time zone rules (tzfile(5)).
const ZONES: [&str; 4] = [
    "/usr/share/zoneinfo",
    "/usr/lib/zoneinfo",
    "/usr/share/lib/zoneinfo",
    "/etc/zoneinfo",
];

/// The rules of the machine's own time zone (localtime(5)).
const LOCAL: &str = "/etc/localtime";

/// More ancestors than any session has.
const MAX_ANCESTORS: usize = 64;

/// The environment of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The command line, the program first.
    pub args: Vec<OsString>,
    /// The file of the program; its bare name if the kernel does not provide it.
    pub program: PathBuf,
    /// The effective user.
    pub uid: u32,
    /// The effective group, which is given to files that are created.
    pub gid: u32,
    /// The user who called sudo, if we became root that way.
    pub sudo: Option<Sudo>,
    /// `SSH_CONNECTION` of the session of the person at the keyboard, even if sudo removed it from
    /// our environment.
    pub ssh_connection: Option<String>,
    /// The user as whom that session was opened, whoever they have become since by su, sudo or doas.
    pub ssh_login: Option<u32>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_STATE_HOME`, if it is absolute, as its specification requires.
    pub state_home: Option<PathBuf>,
    /// Whether a person can be asked: standard input and standard error are terminals.
    pub can_ask: bool,
    /// The working directory; the root if it no longer exists.
    pub directory: PathBuf,
    /// The name of this machine; empty if the kernel does not provide it.
    pub hostname: String,
}

/// The user who called sudo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sudo {
    /// `SUDO_USER`.
    pub user: String,
    /// `SUDO_UID`.
    pub uid: u32,
}

impl Environment {
    /// Reads the whole environment.
    pub fn read() -> Self {
        let variables: BTreeMap<OsString, OsString> = env::vars_os().collect();
        let get = |name: &str| {
            variables
                .get(OsStr::new(name))
                .filter(|value| !value.is_empty())
        };
        let uid = geteuid();
        let session = SshSession::of_this_process(get("SSH_CONNECTION").map(text));
        Self {
            args: env::args_os().collect(),
            program: env::current_exe().unwrap_or_else(|_| PathBuf::from("sshmend")),
            uid: uid.as_raw(),
            gid: getegid().as_raw(),
            sudo: sudo(uid, get("SUDO_USER"), get("SUDO_UID")),
            ssh_login: session.as_ref().map(|session| session.uid),
            ssh_connection: session.map(|session| session.connection),
            home: get("HOME").map(PathBuf::from),
            state_home: get("XDG_STATE_HOME")
                .map(PathBuf::from)
                .filter(|path| path.is_absolute()),
            can_ask: io::stdin().is_terminal() && io::stderr().is_terminal(),
            directory: env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            hostname: fs::read_to_string("/proc/sys/kernel/hostname")
                .unwrap_or_default()
                .trim()
                .to_owned(),
        }
    }

    /// A path of the command line, from the root on.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }
}

/// Sets a umask under which this process can use what it creates: nobody but root gets past a
/// directory of mode 0000.
pub fn keep_own_rights() {
    let given = umask(Mode::all());
    umask(given.difference(Mode::S_IRWXU));
}

/// The present time.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The time zone of `TZ` (tzset(3)), else the machine's own; UTC if that cannot be read.
///
/// The variable is the caller's: it names a zone below the folder of zones or spells out rules, and
/// makes us open no other file. It is looked up once.
pub fn zone() -> TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(look_up_zone).clone()
}

fn look_up_zone() -> TimeZone {
    let found = match env::var_os("TZ") {
        None => rules(Path::new(LOCAL), "local"),
        Some(named) => named
            .to_str()
            .and_then(|text| zone_named(text.strip_prefix(':').unwrap_or(text))),
    };
    found.unwrap_or(TimeZone::UTC)
}

fn zone_named(text: &str) -> Option<TimeZone> {
    let name = ZONES
        .iter()
        .find_map(|folder| text.strip_prefix(folder)?.strip_prefix('/'))
        .unwrap_or(text);
    let inside = !name.is_empty()
        && Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
    let found = || {
        ZONES
            .iter()
            .find_map(|folder| rules(&Path::new(folder).join(name), name))
    };
    inside
        .then(found)
        .flatten()
        .or_else(|| TimeZone::posix(text).ok())
}

fn rules(path: &Path, name: &str) -> Option<TimeZone> {
    let file = Machine::live().read(path).ok().flatten()?;
    TimeZone::tzif(name, &file.bytes).ok()
}

/// Waits.
pub fn pause(time: Duration) {
    thread::sleep(time);
}

fn text(value: &OsString) -> String {
    value.to_string_lossy().into_owned()
}

/// The variables are ignored unless we are root, because anyone can set them.
fn sudo(uid: Uid, user: Option<&OsString>, sudo_uid: Option<&OsString>) -> Option<Sudo> {
    let parsed = sudo_uid?.to_str()?.parse().ok()?;
    uid.is_root().then_some(Sudo {
        user: text(user?),
        uid: parsed,
    })
}

/// An SSH session, as the processes that came of it have it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SshSession {
    /// `SSH_CONNECTION`.
    connection: String,
    /// The real user of its first process, the shell that sshd started.
    uid: u32,
}

impl SshSession {
    /// Looks at this process, whose variable is given, and its ancestors: sudo clears the environment (`env_reset`), but the
    /// shell from which it was called still has the variable.
    fn of_this_process(own: Option<String>) -> Option<Self> {
        let uid = getuid().as_raw();
        let mut found = own.map(|connection| Self { connection, uid });
        let mut pid = getppid().as_raw();
        for _ in 0..MAX_ANCESTORS {
            if pid <= 1 {
                break;
            }
            let seen = connection_in(&of_process(pid, "environ")).and_then(|connection| {
                let uid = real_uid(&of_process(pid, "status"))?;
                Some(Self { connection, uid })
            });
            found = match (found, seen) {
                (None, seen) => seen,
                // A daemon further up may have been started in another session.
                (Some(session), Some(seen)) if seen.connection == session.connection => Some(seen),
                (found, _) => found,
            };
            let Some(parent) = parent_of(&of_process(pid, "stat")) else {
                break;
            };
            pid = parent;
        }
        found
    }
}

/// A file of a process (proc(5)); empty if it cannot be read.
fn of_process(pid: i32, name: &str) -> Vec<u8> {
    let file = File::open(format!("/proc/{pid}/{name}"));
    file.and_then(|file| read_to_end(&file, 0))
        .unwrap_or_default()
}

/// The real user in /proc/PID/status (proc(5)): the first number of `Uid:`.
fn real_uid(status: &[u8]) -> Option<u32> {
    let mut lines = status.split(|&byte| byte == b'\n');
    let users = lines.find_map(|line| line.strip_prefix(b"Uid:"))?;
    let users = OsStr::from_bytes(users).to_str()?;
    users.split_whitespace().next()?.parse().ok()
}

fn connection_in(environ: &[u8]) -> Option<String> {
    let mut variables = environ.split(|&byte| byte == 0);
    let value = variables.find_map(|variable| variable.strip_prefix(b"SSH_CONNECTION="))?;
    Some(text(&OsString::from_vec(value.to_vec()))).filter(|value| !value.is_empty())
}

/// The fourth field of /proc/PID/stat (proc(5)); the second may contain blanks and parentheses.
fn parent_of(stat: &[u8]) -> Option<i32> {
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    let fields = OsStr::from_bytes(stat.get(end + 1..)?).to_str()?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_after_a_name_with_blanks_and_parentheses() {
        assert_eq!(parent_of(b"7 (tmux: (x) y) S 42 7 7 0"), Some(42));
        assert_eq!(parent_of(b"7 (no end"), None);
        assert_eq!(parent_of(b""), None);
    }

    #[test]
    fn the_first_of_the_four_user_ids_is_the_real_one() {
        let status = b"Name:\tsu\nUid:\t1007\t0\t0\t0\nGid:\t1\t1\t1\t1\n";
        assert_eq!(real_uid(status), Some(1007));
        assert_eq!(real_uid(b"Name:\tUid:\n"), None);
    }

    #[test]
    fn the_connection_is_found_among_other_variables() {
        let environ = b"A=1\0XSSH_CONNECTION=no\0SSH_CONNECTION=192.0.2.1 5000 192.0.2.2 22\0";
        assert_eq!(
            connection_in(environ).as_deref(),
            Some("192.0.2.1 5000 192.0.2.2 22")
        );
        assert_eq!(connection_in(b"SSH_CONNECTION="), None);
    }

    #[test]
    fn a_time_zone_never_opens_a_file_outside_zoneinfo() {
        let summer: Timestamp = "2026-07-01T12:00:00Z".parse().expect("a time");
        let seconds = |text: &str| zone_named(text).map(|zone| zone.to_offset(summer).seconds());
        if Path::new("/usr/share/zoneinfo/Europe/Berlin").exists() {
            assert_eq!(seconds("Europe/Berlin"), Some(7200));
            assert_eq!(seconds("/usr/share/zoneinfo/Europe/Berlin"), Some(7200));
        }
        assert_eq!(seconds("JST-9"), Some(32400));
        for elsewhere in [
            "/etc/passwd",
            "../../../etc/localtime",
            "/usr/share/zoneinfo/../zoneinfo/UTC",
            "",
            "/dev/zero",
        ] {
            assert_eq!(seconds(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn sudo_variables_count_only_for_root() {
        let (user, uid) = (OsString::from("anna"), OsString::from("1000"));
        let anna = Sudo {
            user: "anna".to_owned(),
            uid: 1000,
        };
        assert_eq!(sudo(Uid::from_raw(0), Some(&user), Some(&uid)), Some(anna));
        assert_eq!(sudo(Uid::from_raw(1000), Some(&user), Some(&uid)), None);
        assert_eq!(
            sudo(Uid::from_raw(0), Some(&user), Some(&OsString::from("x"))),
            None
        );
    }
}
