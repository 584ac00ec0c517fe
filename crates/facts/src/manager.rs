//! The service manager: what systemd reports about the units of sshd.

use std::collections::BTreeMap;

use sshmend_lossless::{Entry, Kind, Request};

use crate::Facts;
use crate::known::{Known, Unchecked};

/// Present exactly when systemd is the service manager (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

/// Debian's units do not start while this file exists (ConditionPathExists).
pub const MARKER: &str = "/etc/ssh/sshd_not_to_be_run";

/// The init scripts of sshd if systemd does not run; Debian's creates /run/sshd before it starts
/// sshd.
const SCRIPTS: [&str; 2] = ["/etc/init.d/ssh", "/etc/init.d/sshd"];

/// Exists while OpenRC runs the machine (openrc(8)), and while runit does (runit(8)).
const OPENRC: &str = "/run/openrc/softlevel";
const RUNIT: &str = "/run/runit";

/// The directories in which runit looks for the service of sshd.
const RUNIT_SERVICES: [(&str, &str); 4] = [
    ("/var/service/sshd", "sshd"),
    ("/etc/service/sshd", "sshd"),
    ("/etc/service/ssh", "ssh"),
    ("/service/sshd", "sshd"),
];

/// The paths of the unit file in various distributions.
const UNIT_FILES: [&str; 4] = [
    "/lib/systemd/system/ssh.service",
    "/usr/lib/systemd/system/ssh.service",
    "/lib/systemd/system/sshd.service",
    "/usr/lib/systemd/system/sshd.service",
];

/// The paths at which a link to /dev/null masks the unit.
const MASKS: [&str; 2] = [
    "/etc/systemd/system/ssh.service",
    "/etc/systemd/system/sshd.service",
];

/// The directories in which a link enables a unit at boot.
const ENABLED: [&str; 2] = [
    "/etc/systemd/system/multi-user.target.wants",
    "/etc/systemd/system/sockets.target.wants",
];

const UNITS: [&str; 4] = ["ssh.service", "sshd.service", "ssh.socket", "sshd.socket"];

const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,Result,ConditionResult,ConditionTimestampMonotonic,UnitFileState,MainPID,ExecMainStatus,\
    NRestarts,RuntimeDirectory,FragmentPath,Triggers,TriggeredBy,Accept,Listen,NConnections,NRefused,MaxConnections,\
    MaxConnectionsPerSource,ExecStart,ExecStartPre,Environment,EnvironmentFiles,DropInPaths,Requires,Requisite,BindsTo,IPAddressAllow,IPAddressDeny,TasksCurrent,TasksMax,ControlGroup,ExecMainStartTimestamp,StateChangeTimestampMonotonic,NeedDaemonReload,ConflictedBy,RuntimeMaxUSec";

const SYSTEM_STATE: [&str; 2] = ["systemctl", "is-system-running"];

const INSTANCES: [&str; 8] = [
    "systemctl",
    "list-units",
    "--all",
    "--plain",
    "--no-legend",
    "--state=failed",
    "ssh@*.service",
    "sshd@*.service",
];

/// What starts sshd here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manager {
    /// systemd, with the units that exist.
    Systemd(Vec<Unit>),
    /// Another one, or none (a container).
    Other,
}

/// What starts, stops and reloads services here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supervisor {
    /// systemd.
    Systemd,
    /// OpenRC, as on Alpine and Gentoo.
    OpenRc,
    /// runit, as on Void; the name of the service of sshd.
    Runit(String),
    /// Init scripts: that of sshd.
    Script(&'static str),
    /// Nothing known, as in a container.
    None,
}

/// A unit with its properties, as `systemctl show` prints them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    properties: BTreeMap<String, String>,
}

/// The command that shows the units of sshd.
pub(crate) fn show() -> Vec<&'static str> {
    ["systemctl", "show", "--no-pager", "-p", PROPERTIES]
        .into_iter()
        .chain(UNITS)
        .collect()
}

impl Facts<'_> {
    fn booted(&self) -> Known<bool> {
        if self.question.offline {
            return Err(Unchecked::new("services", "the machine is not running"));
        }
        Ok(self.meta(BOOTED)?.is_some())
    }

    /// What starts sshd, and the state of its units.
    pub fn manager(&self) -> Known<Manager> {
        if !self.booted()? {
            return Ok(Manager::Other);
        }
        let output = self.run(&show())?;
        let units = blocks(&output.text());
        if units.is_empty() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Unchecked::new("systemctl show", said));
        }
        Ok(Manager::Systemd(
            units
                .into_iter()
                .filter(|unit| unit.get("LoadState") != "not-found")
                .collect(),
        ))
    }

    /// What starts and stops services here.
    pub fn supervisor(&self) -> Known<Supervisor> {
        let there = |path: &str| matches!(self.meta(path), Ok(Some(_)));
        if self.booted()? {
            return Ok(Supervisor::Systemd);
        }
        if there(OPENRC) {
            return Ok(Supervisor::OpenRc);
        }
        let service = RUNIT_SERVICES.iter().find(|(path, _)| there(path));
        Ok(match (service, self.script()) {
            (Some((_, name)), _) if there(RUNIT) => Supervisor::Runit((*name).to_owned()),
            (_, Some(script)) => Supervisor::Script(script),
            (_, None) => Supervisor::None,
        })
    }

    /// The script that starts sshd if systemd does not run.
    pub fn script(&self) -> Option<&'static str> {
        SCRIPTS
            .into_iter()
            .find(|path| matches!(self.meta(path), Ok(Some(_))))
    }

    /// Whether a mounted disk starts sshd at boot, as far as systemd is concerned; `None` if it has
    /// no unit for it.
    pub fn starts_at_boot(&self) -> Known<Option<bool>> {
        let there = UNIT_FILES
            .iter()
            .any(|path| matches!(self.meta(path), Ok(Some(_))));
        if !there {
            return Ok(None);
        }
        let mut names = Vec::new();
        for path in ENABLED {
            names.extend(self.names(path)?);
        }
        Ok(Some(UNITS.iter().any(|unit| names.contains(unit))))
    }

    /// The unit of sshd on a mounted disk: Debian names it `ssh.service`, others `sshd.service`.
    pub fn unit_on_disk(&self) -> &'static str {
        let debian = UNIT_FILES[..2]
            .iter()
            .any(|path| matches!(self.meta(path), Ok(Some(_))));
        if debian {
            "ssh.service"
        } else {
            "sshd.service"
        }
    }

    /// The link on a mounted disk that masks the unit.
    pub fn masked_at_boot(&self) -> Option<&'static str> {
        let masks = |path: &&str| {
            self.snapshot.look_for(Request::Stat(path.into()));
            match self.snapshot.entry(path.as_ref()) {
                Some(Entry::Dangling) => true,
                Some(Entry::Seen(meta)) => meta.kind == Kind::Other,
                _ => false,
            }
        };
        MASKS.into_iter().find(masks)
    }

    /// Whether the file exists that forbids sshd to run.
    pub fn forbidden_to_run(&self) -> bool {
        matches!(self.meta(MARKER), Ok(Some(_)))
    }

    /// The state of the whole system according to systemd: `starting`, `running`, `degraded`;
    /// `None` without systemd.
    pub fn system_state(&self) -> Known<Option<String>> {
        if !self.booted()? {
            return Ok(None);
        }
        Ok(Some(self.run(&SYSTEM_STATE)?.text().trim().to_owned()))
    }

    /// Units of single connections that failed, one line each.
    pub fn failed_instances(&self) -> Known<Vec<String>> {
        if !self.booted()? {
            return Ok(Vec::new());
        }
        Ok(self
            .run(&INSTANCES)?
            .text()
            .lines()
            .map(|line| line.trim().to_owned())
            .collect())
    }
}

impl Manager {
    /// The unit that runs sshd: an active one if there are several.
    pub fn service(&self) -> Option<&Unit> {
        self.unit(".service")
    }

    /// The socket unit that starts sshd, when it is in use or enabled.
    pub fn socket(&self) -> Option<&Unit> {
        self.unit(".socket")
            .filter(|unit| unit.active() || unit.failed() || unit.get("UnitFileState") == "enabled")
    }

    /// The process id of the running service.
    pub(crate) fn main_pid(&self) -> Option<u32> {
        self.service()?
            .get("MainPID")
            .parse()
            .ok()
            .filter(|&pid| pid != 0)
    }

    fn unit(&self, kind: &str) -> Option<&Unit> {
        let Self::Systemd(units) = self else {
            return None;
        };
        let of_kind = || units.iter().filter(|unit| unit.get("Id").ends_with(kind));
        of_kind()
            .find(|unit| unit.active())
            .or_else(|| of_kind().next())
    }
}

impl Unit {
    /// A property; empty when it is not set.
    pub fn get(&self, property: &str) -> &str {
        self.properties.get(property).map_or("", String::as_str)
    }

    /// The name, such as `ssh.service`.
    pub fn name(&self) -> &str {
        self.get("Id")
    }

    /// Whether it runs, or is about to.
    pub fn active(&self) -> bool {
        matches!(
            self.get("ActiveState"),
            "active" | "activating" | "reloading"
        )
    }

    /// Whether it starts one sshd for each connection (`Accept=yes`), so that no listener of sshd
    /// counts connections.
    pub fn accepts(&self) -> bool {
        self.get("Accept") == "yes"
    }

    /// Whether a socket unit listens on this port: `Listen=[::]:22 (Stream)`.
    pub(crate) fn listens_on(&self, port: u16) -> bool {
        self.get("Listen")
            .split_whitespace()
            .any(|word| word.rsplit_once(':').map_or(word, |(_, port)| port).parse() == Ok(port))
    }

    /// The reason why a unit that requires this one cannot be started; `None` if it can, as far as
    /// is known.
    pub(crate) fn hindrance(&self) -> Option<String> {
        match (self.get("LoadState"), self.get("ActiveState")) {
            ("masked", _) => Some("is masked".to_owned()),
            ("not-found", _) => Some("does not exist".to_owned()),
            ("bad-setting" | "error", _) => Some("cannot be read".to_owned()),
            (_, "failed") => Some(format!("has failed ({})", self.get("Result"))),
            (_, "inactive") if self.name().ends_with(".device") => Some("is not there".to_owned()),
            _ => None,
        }
    }

    /// Whether its last run failed.
    pub fn failed(&self) -> bool {
        self.get("ActiveState") == "failed"
    }

    /// Whether systemd starts it again because its last run failed.
    pub fn fails_again(&self) -> bool {
        let restarted = || {
            self.get("NRestarts")
                .parse()
                .is_ok_and(|restarts: u32| restarts > 0)
        };
        self.get("SubState") == "auto-restart"
            || self.get("ActiveState") == "activating" && restarted()
    }

    /// Whether it runs, or is about to for the first time.
    pub fn is_up(&self) -> bool {
        self.active() && !self.fails_again()
    }

    /// The state in one line.
    pub fn state(&self) -> String {
        let [active, sub, result] =
            ["ActiveState", "SubState", "Result"].map(|property| self.get(property));
        format!(
            "{}: {active} ({sub}), result {result}, {}",
            self.name(),
            self.get("UnitFileState")
        )
    }
}

/// Splits the output of `systemctl show`: `NAME=VALUE` lines, a blank line between units.
pub(crate) fn blocks(text: &str) -> Vec<Unit> {
    let units = text.split("\n\n").map(|block| Unit {
        properties: properties(block),
    });
    let mut units: Vec<Unit> = units.filter(|unit| !unit.properties.is_empty()).collect();
    units.dedup_by(|a, b| a.name() == b.name());
    units
}

/// The properties of a unit; one that is printed several times has a line for each value.
fn properties(block: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::<String, String>::new();
    for (name, value) in block.lines().filter_map(|line| line.split_once('=')) {
        found
            .entry(name.to_owned())
            .and_modify(|lines| *lines = format!("{lines}\n{value}"))
            .or_insert(value.to_owned());
    }
    found
}
