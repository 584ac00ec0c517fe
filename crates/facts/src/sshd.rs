//! sshd, as needed to change its configuration.

use sshmend_lossless::Snapshot;

use crate::question::Question;
use crate::{Daemon, Facts, Manager};

/// The sshd of a machine: the running one, else the one that would be started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sshd {
    /// The program; `None` if sshd is not installed or that is unknown.
    pub program: Option<String>,
    /// Options of the running daemon that change what it reads: `-f FILE`, `-o KEY=VALUE`, `-h
    /// KEY`, `-p PORT`.
    pub options: Vec<String>,
    /// The source of the release: a banner or a package version.
    pub version: Option<String>,
    /// The process id of the listener.
    pub pid: Option<u32>,
    /// The reason why it is unknown whether one runs on this machine, if so.
    pub unseen: Option<String>,
    /// The unit that runs the listener, when systemd does.
    pub unit: Option<String>,
    /// The socket unit that starts sshd for each connection or on the first one.
    pub socket: Option<String>,
}

impl Sshd {
    fn of(facts: &Facts<'_>) -> Self {
        let daemon = facts.daemon().ok().flatten();
        let listener = facts.listener();
        let unseen = listener.as_ref().err().filter(|_| !facts.question.offline);
        let unseen = unseen.map(|unchecked| unchecked.reason.clone());
        let pid = listener.ok().flatten().map(|listener| listener.pid);
        let manager = facts.manager().unwrap_or(Manager::Other);
        // A unit that is waiting to be restarted after a failure has no process that could be
        // reloaded.
        let unit = manager
            .service()
            .filter(|unit| pid.is_some() && unit.active() && manager.main_pid() == pid);
        Self {
            version: if facts.question.offline {
                facts.version_on_disk()
            } else {
                facts.banner().ok()
            },
            program: daemon.as_ref().map(|daemon| daemon.program.clone()),
            options: daemon.map(|daemon| daemon.options).unwrap_or_default(),
            pid,
            unseen,
            unit: unit.map(|unit| unit.name().to_owned()),
            socket: manager.socket().map(|unit| unit.name().to_owned()),
        }
    }

    /// All sshd that listen on this machine, the main one first; only that one if none listens.
    pub fn all(snapshot: &Snapshot, question: &Question) -> Vec<Self> {
        Self::all_of(&Facts::new(snapshot, question))
    }

    fn all_of(facts: &Facts<'_>) -> Vec<Self> {
        let first = Self::of(facts);
        let mut listeners = facts.listeners().unwrap_or_default();
        listeners.retain(|listener| Some(listener.pid) != first.pid);
        let others = listeners.into_iter().map(|listener| {
            let daemon = Daemon::from_argv(&listener.argv);
            let same = first.program.as_ref() == Some(&daemon.program);
            Self {
                version: first.version.clone().filter(|_| same),
                program: Some(daemon.program),
                options: daemon.options,
                pid: Some(listener.pid),
                ..Self::default()
            }
        });
        std::iter::once(first.clone()).chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{NOW, SHOW, machine};

    #[test]
    fn a_unit_that_waits_for_its_restart_is_not_reloaded() {
        let unit = |state: &str| {
            let unit = format!("{SHOW}Id=ssh.service\nLoadState=loaded\n{state}");
            let snapshot = machine(&format!("//- /proc/700/cmdline missing\n{unit}"));
            let all = Sshd::all(&snapshot, &Question::server(NOW));
            all.into_iter().next().and_then(|sshd| sshd.unit)
        };
        let again = "ActiveState=activating\nSubState=auto-restart\nResult=exit-code\nMainPID=0\n";
        assert_eq!(unit(again), None);
        let chroot = sshmend_lossless::fixture::snapshot("//- /proc dir\n");
        let unseen = Sshd::all(&chroot, &Question::server(NOW));
        assert_eq!(unseen[0].unseen.as_deref(), Some("/proc is not mounted"));
        let running = Sshd::all(&machine(""), &Question::server(NOW));
        assert_eq!(running[0].unseen, None);
        assert_eq!(running[0].unit.as_deref(), Some("ssh.service"));
    }
}
