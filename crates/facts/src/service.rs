//! The service of sshd, as needed to restore it.

use std::net::SocketAddr;
use std::path::PathBuf;

use sshmend_lossless::{Origin, Snapshot};

use crate::config_test::ConfigTest;
use crate::question::Question;
use crate::start::unit_files;
use crate::{CONFINING, Facts, Listener, MARKER, Manager, Socket, Unit, Usage};

/// What starts sshd, whether it listens, and what prevents that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// Whether systemd is the service manager.
    pub systemd: bool,
    /// The unit that runs sshd.
    pub unit: Option<UnitState>,
    /// The socket unit that starts it, if it is in use or enabled.
    pub socket: Option<UnitState>,
    /// Whether units of single connections have failed.
    pub failed_instances: bool,
    /// The script that starts sshd if systemd does not run.
    pub script: Option<&'static str>,
    /// The file that forbids sshd to start, if it exists.
    pub forbidden: Option<&'static str>,
    /// The process id of the listener.
    pub listener: Option<u32>,
    /// The reason why a running listener must be restarted.
    pub restart_reason: Option<RestartReason>,
    /// A setting that may deprive sshd of something it needs to start, if its unit is not running.
    pub confined: Option<(Origin, String)>,
    /// The present output of `sshd -t`; `None` if it could not be run.
    pub config_test: Option<ConfigTest>,
}

/// The state of a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitState {
    /// The name, such as `ssh.service`.
    pub name: String,
    /// `enabled`, `disabled`, `masked`, `static` and so on (systemctl(1), is-enabled).
    pub file_state: String,
    /// Whether it runs, or is about to.
    pub active: bool,
    /// Whether its last run failed, also if systemd is about to try again.
    pub failed: bool,
    /// Whether it starts one sshd for each connection (`Accept=yes`).
    pub accepts: bool,
    /// An address that it listens on.
    pub listen: Option<SocketAddr>,
    /// The directories below /run that are made when it starts.
    pub runtime_directories: Vec<String>,
    /// Whether its file was changed since systemd has read it.
    pub changed_on_disk: bool,
    /// The files it is made from: environment files, drop-ins, its own; the most specific first.
    pub files: Vec<PathBuf>,
}

/// The reason why a listener needs a restart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestartReason {
    /// Its program was replaced on the disk.
    #[error("its program {0} has been replaced since")]
    Replaced(String),
    /// It is stopped, by SIGSTOP or a debugger.
    #[error("it is stopped")]
    Stopped,
    /// Connections wait, and it does not take them.
    #[error("it does not accept the waiting connections")]
    Hung,
    /// It has reached its limit of open files.
    #[error("it has used all its file descriptors")]
    OutOfFiles,
}

impl Service {
    /// Reads it from the answers.
    pub fn read(snapshot: &Snapshot, question: &Question) -> Self {
        Self::of(&Facts::new(snapshot, question))
    }

    fn of(facts: &Facts<'_>) -> Self {
        let manager = facts.manager().unwrap_or(Manager::Other);
        let listener = facts.listener().ok().flatten();
        Self {
            systemd: matches!(manager, Manager::Systemd(_)),
            unit: manager.service().map(UnitState::new),
            socket: manager.socket().map(UnitState::new),
            failed_instances: facts
                .failed_instances()
                .is_ok_and(|failed| !failed.is_empty()),
            script: facts.script(),
            confined: facts
                .service_unit()
                .filter(|unit| !unit.is_up())
                .and_then(|_| facts.confinement(&CONFINING)),
            forbidden: facts.forbidden_to_run().then_some(MARKER),
            restart_reason: listener
                .as_ref()
                .and_then(|listener| restart_reason(facts, listener)),
            listener: listener.map(|listener| listener.pid),
            config_test: facts
                .test_output()
                .ok()
                .flatten()
                .map(|config_test| ConfigTest::of(facts, config_test)),
        }
    }
}

impl UnitState {
    fn new(unit: &Unit) -> Self {
        let listen = unit
            .get("Listen")
            .split(' ')
            .next()
            .and_then(|address| address.parse().ok());
        let directories = unit.get("RuntimeDirectory").split_whitespace();
        Self {
            name: unit.name().to_owned(),
            file_state: unit.get("UnitFileState").to_owned(),
            active: unit.is_up(),
            failed: unit.failed() || unit.fails_again(),
            accepts: unit.accepts(),
            listen,
            runtime_directories: directories.map(str::to_owned).collect(),
            changed_on_disk: unit.get("NeedDaemonReload") == "yes",
            files: unit_files(unit).into_iter().map(PathBuf::from).collect(),
        }
    }
}

fn restart_reason(facts: &Facts<'_>, listener: &Listener) -> Option<RestartReason> {
    let program = facts.executable(listener.pid).unwrap_or_default();
    let state = facts
        .status(listener.pid, "State")
        .ok()
        .flatten()
        .unwrap_or_default();
    let files = facts.open_files_of(listener.pid).ok().flatten();
    let sockets = facts.ssh_sockets().unwrap_or_default();
    match program.strip_suffix(" (deleted)") {
        Some(program) => Some(RestartReason::Replaced(program.to_owned())),
        None if state.starts_with(['T', 't']) => Some(RestartReason::Stopped),
        None if files.as_ref().is_some_and(Usage::exhausted) => Some(RestartReason::OutOfFiles),
        None if sockets.iter().any(Socket::overflows) => Some(RestartReason::Hung),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{NOW, SHOW, machine};

    fn read(extra: &str) -> Service {
        Service::read(&machine(extra), &Question::server(NOW))
    }

    #[test]
    fn a_restricting_unit_line_is_named_if_the_unit_does_not_run() {
        let unit = |state: &str| {
            format!(
                "{SHOW}Id=ssh.service\nLoadState=loaded\nActiveState={state}\nUnitFileState=enabled\nMainPID=0\n\
                 DropInPaths=/etc/systemd/system/ssh.service.d/own.conf\n\
                 //- /etc/systemd/system/ssh.service.d/own.conf\n[Service]\nSystemCallFilter=@basic-io\n"
            )
        };
        let at = |state: &str| {
            read(&unit(state))
                .confined
                .map(|(origin, line)| format!("{origin}: {line}"))
        };
        let line = "/etc/systemd/system/ssh.service.d/own.conf:2: SystemCallFilter=@basic-io";
        assert_eq!(at("failed").as_deref(), Some(line));
        assert_eq!(at("active"), None);
    }

    #[test]
    fn a_healthy_service_has_no_restart_reason() {
        let service = read("");
        assert_eq!(
            (service.systemd, service.listener, service.restart_reason),
            (true, Some(700), None)
        );
        let unit = service.unit.expect("a unit");
        assert_eq!(
            (unit.name.as_str(), unit.active, unit.file_state.as_str()),
            ("ssh.service", true, "enabled")
        );
        assert_eq!(unit.runtime_directories, ["sshd"]);
        assert_eq!(
            service.config_test,
            Some(ConfigTest {
                passed: true,
                ..ConfigTest::default()
            })
        );
    }

    #[test]
    fn reasons_to_restart_a_listener_are_distinguished() {
        let cases = [
            (
                "//$ readlink /proc/700/exe => 0\n/usr/sbin/sshd (deleted)\n",
                RestartReason::Replaced("/usr/sbin/sshd".into()),
            ),
            (
                "//- /proc/700/status\nState:\tT (stopped)\n",
                RestartReason::Stopped,
            ),
            (
                "//- /proc/700/limits\nMax open files            2     2     files\n",
                RestartReason::OutOfFiles,
            ),
            (
                "//$ ss -Hltnp => 0\nLISTEN 129 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n",
                RestartReason::Hung,
            ),
        ];
        for (extra, expected) in cases {
            assert_eq!(read(extra).restart_reason, Some(expected), "{extra}");
        }
    }

    #[test]
    fn a_failed_socket_unit_is_read_with_its_address() {
        let units = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nNeedDaemonReload=yes\n\n\
            Id=ssh.socket\nLoadState=loaded\nActiveState=failed\nAccept=no\nListen=[::]:22 (Stream)\n";
        let service = read(&format!("//- /proc/700/cmdline missing\n{SHOW}{units}"));
        let socket = service.socket.expect("a socket");
        assert_eq!(
            (socket.failed, socket.accepts, socket.listen),
            (true, false, "[::]:22".parse().ok())
        );
        let unit = service.unit.expect("a unit");
        assert_eq!(
            (unit.failed, unit.changed_on_disk, service.listener),
            (true, true, None)
        );
    }

    #[test]
    fn a_unit_that_keeps_restarting_has_failed() {
        for state in [
            "SubState=auto-restart\n",
            "SubState=start-pre\nNRestarts=3\n",
        ] {
            let unit = format!("Id=ssh.service\nLoadState=loaded\nActiveState=activating\n{state}");
            let unit = read(&format!("//- /proc/700/cmdline missing\n{SHOW}{unit}"))
                .unit
                .expect("a unit");
            assert_eq!((unit.active, unit.failed), (false, true), "{state}");
        }
    }

    #[test]
    fn config_test_complaints_are_sorted() {
        let said = "//$ /usr/sbin/sshd -t => 255\nUnable to load host key: /etc/ssh/ssh_host_rsa_key\n\
            Missing privilege separation directory: /run/sshd\nKilled\n";
        let config_test = read(said).config_test.expect("it was asked");
        assert_eq!(
            (
                config_test.passed,
                config_test.host_keys.len(),
                config_test.others.len()
            ),
            (false, 1, 1)
        );
        assert_eq!(
            config_test.directory.as_deref(),
            Some("Missing privilege separation directory: /run/sshd")
        );
        assert!(
            !config_test.clone().without(true, true).passed,
            "something else is left"
        );
        let keys = ConfigTest {
            directory: None,
            others: Vec::new(),
            ..config_test
        };
        assert!(keys.clone().without(true, false).passed && !keys.without(false, true).passed);
    }
}
