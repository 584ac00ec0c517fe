//! Actions other than writing files: a closed set, so that no file can name another program for
//! root to run.
//!
//! A journal keeps the steps that followed a change, for its undo. A step read from it is run only
//! if a plan could have made it.

use std::net::IpAddr;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

/// One command that a plan may run, with the variable parts of its command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", content = "with", rename_all = "kebab-case")]
pub enum Step {
    /// `systemctl VERB UNIT…`
    Systemctl(UnitVerb, Vec<String>),
    /// `systemctl daemon-reload`
    DaemonReload,
    /// `kill -HUP PID`: a daemon reloads.
    HangUp(u32),
    /// An init script: its path and the argument.
    Script(String, ScriptVerb),
    /// sshd itself, if nothing manages it: the program and its options.
    StartSshd(String, Vec<String>),
    /// `sshd -t`: the program and its options; changes nothing.
    TestSshd(String, Vec<String>),
    /// `install -d`: a directory of root's, mode 0755.
    MakeDirectory(String),
    /// `rmdir`: an empty directory.
    RemoveDirectory(String),
    /// `chown USER:GROUP PATH`
    GiveTo(String, String),
    /// `chmod MODE PATH`
    SetMode(u32, String),
    /// `fail2ban-client reload`
    ReloadFail2ban,
    /// `fail2ban-client -t`; changes nothing.
    TestFail2ban,
    /// `fail2ban-client set JAIL unbanip ADDRESS`
    Unban(String, String),
    /// `fail2ban-client set JAIL banip ADDRESS`
    Ban(String, String),
}

/// An operation on units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words of systemctl(1)")]
pub enum UnitVerb {
    Reload,
    Start,
    Stop,
    Restart,
    Enable,
    Disable,
    Mask,
    Unmask,
    ResetFailed,
}

/// The argument of an init script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words of init scripts")]
pub enum ScriptVerb {
    Start,
    Stop,
    Restart,
}

const UNIT_VERBS: [(UnitVerb, &str); 9] = [
    (UnitVerb::Reload, "reload"),
    (UnitVerb::Start, "start"),
    (UnitVerb::Stop, "stop"),
    (UnitVerb::Restart, "restart"),
    (UnitVerb::Enable, "enable"),
    (UnitVerb::Disable, "disable"),
    (UnitVerb::Mask, "mask"),
    (UnitVerb::Unmask, "unmask"),
    (UnitVerb::ResetFailed, "reset-failed"),
];

const SCRIPT_VERBS: [(ScriptVerb, &str); 3] = [
    (ScriptVerb::Start, "start"),
    (ScriptVerb::Stop, "stop"),
    (ScriptVerb::Restart, "restart"),
];

/// The init scripts that start sshd.
const SCRIPTS: [&str; 2] = ["/etc/init.d/ssh", "/etc/init.d/sshd"];

const MAKE_DIRECTORY: [&str; 8] = ["install", "-d", "-m", "0755", "-o", "root", "-g", "root"];

impl Step {
    /// The step of a command line; `None` if no plan could have made it.
    pub fn from_argv(argv: &[String]) -> Option<Self> {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let owned = |word: &str| word.to_owned();
        let step = match words.as_slice() {
            ["systemctl", "daemon-reload"] => Self::DaemonReload,
            ["systemctl", verb, units @ ..]
                if !units.is_empty() && units.iter().all(|unit| is_unit(unit)) =>
            {
                Self::Systemctl(
                    named(&UNIT_VERBS, verb)?,
                    units.iter().map(|unit| owned(unit)).collect(),
                )
            }
            ["kill", "-HUP", pid] => Self::HangUp(pid.parse().ok().filter(|&pid| pid > 1)?),
            [script, verb] if SCRIPTS.contains(script) => {
                Self::Script(owned(script), named(&SCRIPT_VERBS, verb)?)
            }
            ["rmdir", path] if is_plain(path) => Self::RemoveDirectory(owned(path)),
            ["chown", owner, path] if is_owner(owner) && is_plain(path) => {
                Self::GiveTo(owned(owner), owned(path))
            }
            ["chmod", mode, path] if is_plain(path) => Self::SetMode(octal(mode)?, owned(path)),
            ["fail2ban-client", "reload"] => Self::ReloadFail2ban,
            ["fail2ban-client", "-t"] => Self::TestFail2ban,
            ["fail2ban-client", "set", jail, "unbanip", address] if is_ban(jail, address) => {
                Self::Unban(owned(jail), owned(address))
            }
            ["fail2ban-client", "set", jail, "banip", address] if is_ban(jail, address) => {
                Self::Ban(owned(jail), owned(address))
            }
            [head @ .., path] if *head == MAKE_DIRECTORY && is_plain(path) => {
                Self::MakeDirectory(owned(path))
            }
            [program, "-t", ..] if is_sshd(program) => {
                Self::TestSshd(owned(program), argv.get(2..)?.to_vec())
            }
            [program, ..] if is_sshd(program) => {
                Self::StartSshd(owned(program), argv.get(1..)?.to_vec())
            }
            _ => return None,
        };
        Some(step).filter(|step| step.argv() == argv)
    }

    /// Whether a plan could have made it, which is not certain for a step read from a file.
    pub fn is_known(&self) -> bool {
        Self::from_argv(&self.argv()).as_ref() == Some(self)
    }

    /// The command line.
    pub fn argv(&self) -> Vec<String> {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>()
        };
        match self {
            Self::Systemctl(verb, units) => [
                words(&["systemctl", word_of(&UNIT_VERBS, *verb)]),
                units.clone(),
            ]
            .concat(),
            Self::DaemonReload => words(&["systemctl", "daemon-reload"]),
            Self::HangUp(pid) => words(&["kill", "-HUP", &pid.to_string()]),
            Self::Script(script, verb) => words(&[script, word_of(&SCRIPT_VERBS, *verb)]),
            Self::StartSshd(program, options) => [vec![program.clone()], options.clone()].concat(),
            Self::TestSshd(program, options) => [words(&[program, "-t"]), options.clone()].concat(),
            Self::MakeDirectory(path) => [words(&MAKE_DIRECTORY), vec![path.clone()]].concat(),
            Self::RemoveDirectory(path) => words(&["rmdir", path]),
            Self::GiveTo(owner, path) => words(&["chown", owner, path]),
            Self::SetMode(mode, path) => words(&["chmod", &format!("{mode:04o}"), path]),
            Self::ReloadFail2ban => words(&["fail2ban-client", "reload"]),
            Self::TestFail2ban => words(&["fail2ban-client", "-t"]),
            Self::Unban(jail, address) => {
                words(&["fail2ban-client", "set", jail, "unbanip", address])
            }
            Self::Ban(jail, address) => words(&["fail2ban-client", "set", jail, "banip", address]),
        }
    }

    /// The description for a person.
    pub fn title(&self) -> String {
        match self {
            Self::HangUp(pid) => format!("kill -HUP {pid} (sshd)"),
            Self::Unban(jail, address) => format!("lift the ban of {address} in {jail}"),
            Self::Ban(jail, address) => format!("ban {address} in {jail} again"),
            _ => self.argv().join(" "),
        }
    }

    /// The step that undoes it; `None` if that depends on the state before, or nothing does.
    ///
    /// A restart is undone by another one, which makes the daemon read the old files.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::Systemctl(verb, units) => Some(Self::Systemctl(verb.undo()?, units.clone())),
            Self::Script(script, verb) => Some(Self::Script(script.clone(), verb.undo())),
            Self::MakeDirectory(path) => Some(Self::RemoveDirectory(path.clone())),
            Self::Unban(jail, address) => Some(Self::Ban(jail.clone(), address.clone())),
            Self::Ban(jail, address) => Some(Self::Unban(jail.clone(), address.clone())),
            Self::DaemonReload
            | Self::HangUp(_)
            | Self::StartSshd(..)
            | Self::TestSshd(..)
            | Self::RemoveDirectory(_)
            | Self::GiveTo(..)
            | Self::SetMode(..)
            | Self::ReloadFail2ban
            | Self::TestFail2ban => None,
        }
    }

    /// Whether it makes a daemon reload its files.
    pub fn is_reload(&self) -> bool {
        matches!(
            self,
            Self::Systemctl(UnitVerb::Reload, _) | Self::HangUp(_) | Self::ReloadFail2ban
        )
    }

    /// Whether sshd serves nobody afterwards, because it is stopped or lacks something it needs.
    pub fn ends_service(&self) -> bool {
        matches!(
            self,
            Self::Systemctl(UnitVerb::Stop, _)
                | Self::Script(_, ScriptVerb::Stop)
                | Self::RemoveDirectory(_)
        )
    }

    /// The program, if it is given by its path instead of being looked up in the search path.
    pub fn program(&self) -> Option<&Path> {
        match self {
            Self::StartSshd(program, _) | Self::TestSshd(program, _) => Some(Path::new(program)),
            _ => None,
        }
    }
}

impl UnitVerb {
    /// The inverse operation.
    fn undo(self) -> Option<Self> {
        match self {
            Self::Start => Some(Self::Stop),
            Self::Stop => Some(Self::Start),
            Self::Restart => Some(Self::Restart),
            Self::Enable => Some(Self::Disable),
            Self::Disable => Some(Self::Enable),
            Self::Mask => Some(Self::Unmask),
            Self::Unmask => Some(Self::Mask),
            Self::Reload => Some(Self::Reload),
            Self::ResetFailed => None,
        }
    }
}

impl ScriptVerb {
    /// The inverse.
    fn undo(self) -> Self {
        match self {
            Self::Start => Self::Stop,
            Self::Stop => Self::Start,
            Self::Restart => Self::Restart,
        }
    }
}

/// Exchanges the two directions: the steps that undo `activation`, and the steps that undo those.
/// Without `undo` steps `activation` serves both ways, because it makes a daemon reload its files,
/// whichever they are.
pub fn turned<S: Clone>(activation: &[S], undo: &[S]) -> (Vec<S>, Vec<S>) {
    if undo.is_empty() {
        (activation.to_vec(), Vec::new())
    } else {
        (undo.to_vec(), activation.to_vec())
    }
}

fn named<V: Copy>(words: &[(V, &str)], word: &str) -> Option<V> {
    words
        .iter()
        .find(|(_, named)| *named == word)
        .map(|(value, _)| *value)
}

fn word_of<V: Copy + PartialEq>(words: &[(V, &'static str)], value: V) -> &'static str {
    words
        .iter()
        .find(|(one, _)| *one == value)
        .map_or("", |(_, word)| *word)
}

/// A unit's name (systemd.unit(5)), which may be a pattern; never an option.
fn is_unit(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":_.\\@*-".contains(c);
    let kind = [".service", ".socket"]
        .iter()
        .any(|kind| word.ends_with(kind));
    kind && !word.starts_with('-') && word.chars().all(plain)
}

/// An absolute path without `..`.
fn is_plain(path: &str) -> bool {
    let named = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
    path.starts_with('/') && path.len() > 1 && Path::new(path).components().all(named)
}

fn is_owner(word: &str) -> bool {
    let number = |part: &str| part.parse::<u32>().is_ok();
    word == "root:root"
        || word
            .split_once(':')
            .is_some_and(|(user, group)| number(user) && number(group))
}

/// Permission bits in octal, as printed; set-user-ID and similar bits are refused.
fn octal(word: &str) -> Option<u32> {
    u32::from_str_radix(word, 8)
        .ok()
        .filter(|&mode| mode <= 0o1777)
}

fn is_ban(jail: &str, address: &str) -> bool {
    let (ip, bits) = address.split_once('/').unwrap_or((address, "0"));
    !jail.is_empty()
        && !jail.starts_with('-')
        && ip.parse::<IpAddr>().is_ok()
        && bits.parse::<u8>().is_ok()
}

fn is_sshd(program: &str) -> bool {
    is_plain(program)
        && Path::new(program)
            .file_name()
            .is_some_and(|name| name == "sshd")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn every_planned_command_round_trips_as_a_step() {
        for line in [
            "systemctl reload ssh.service",
            "systemctl stop sshd.socket",
            "systemctl reset-failed ssh@*.service sshd@*.service",
            "systemctl daemon-reload",
            "kill -HUP 4711",
            "/etc/init.d/ssh restart",
            "/usr/sbin/sshd -o Port=2222",
            "/usr/sbin/sshd -t -f /etc/ssh/other",
            "install -d -m 0755 -o root -g root /run/sshd",
            "rmdir /run/sshd",
            "chown 33:33 /run/sshd",
            "chmod 0775 /run/sshd",
            "fail2ban-client reload",
            "fail2ban-client -t",
            "fail2ban-client set sshd unbanip 192.0.2.4",
            "fail2ban-client set sshd banip 2001:db8::/64",
        ] {
            assert_eq!(
                Step::from_argv(&argv(line)).map(|step| step.argv()),
                Some(argv(line)),
                "{line}"
            );
        }
    }

    #[test]
    fn undoing_an_undo_restores_the_step() {
        for line in [
            "systemctl enable ssh.service",
            "systemctl start ssh.socket",
            "systemctl restart sshd.service",
            "systemctl reload ssh.service",
            "/etc/init.d/sshd start",
            "fail2ban-client set sshd unbanip 192.0.2.4",
        ] {
            let step = Step::from_argv(&argv(line)).expect("a step");
            let undo = step.undo().expect("a way back");
            assert_eq!(undo.undo(), Some(step), "{line}");
        }
    }

    #[test]
    fn steps_without_an_undo_are_repeated_by_a_rollback() {
        assert_eq!(turned(&["reload"], &[]), (vec!["reload"], vec![]));
        assert_eq!(turned(&["start"], &["stop"]), (vec!["stop"], vec!["start"]));
    }

    #[test]
    fn a_command_line_that_no_plan_produces_is_not_a_step() {
        for line in [
            "sh -c id",
            "systemctl start",
            "systemctl link /home/eve/x.service",
            "systemctl start /home/eve/x.service",
            "systemctl start --root=/home/eve x.service",
            "systemctl start --force.service",
            "systemctl edit ssh.service",
            "kill -HUP 1",
            "kill -HUP -1",
            "kill -KILL 4711",
            "/etc/init.d/cron restart",
            "/home/eve/sshd-x -t",
            "sshd -t",
            "/usr/../home/eve/sshd -t",
            "rmdir run/sshd",
            "rmdir /run/../etc",
            "chown eve:eve /etc/shadow",
            "chmod 4755 /bin/sh",
            "chmod u+s /bin/sh",
            "install -d -m 0777 -o root -g root /run/sshd",
            "install -d -m 0755 -o root -g root /run/sshd /etc",
            "fail2ban-client -c /home/eve reload",
            "fail2ban-client set sshd action x actionban id",
            "fail2ban-client set -x unbanip 192.0.2.4",
            "fail2ban-client set sshd unbanip --all",
            "",
        ] {
            assert_eq!(Step::from_argv(&argv(line)), None, "{line}");
        }
        assert_eq!(Step::from_argv(&[]), None);
    }
}
