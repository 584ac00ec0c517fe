//! A machine, and what can be done to it from outside.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::boot::{self, Nspawn};
use crate::case::Down;
use crate::command::{self, Output};
use crate::error::{LabError, trying};
use crate::network::Network;
use crate::role::Role;
use crate::suite::Suite;

const BOOT_LIMIT: Duration = Duration::from_secs(60);
const PULSE: Duration = Duration::from_millis(20);
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Programs that a fault or a record needs on a machine.
const HELPERS: [(&str, &str); 10] = [
    ("tree.py", include_str!("../machine/tree.py")),
    ("guided.py", include_str!("../machine/guided.py")),
    ("idle.py", include_str!("../machine/idle.py")),
    ("conntrack.py", include_str!("../machine/conntrack.py")),
    ("fail2ban.sh", include_str!("../machine/fail2ban.sh")),
    (
        "wrong-logins.sh",
        include_str!("../machine/wrong-logins.sh"),
    ),
    ("listen.py", include_str!("../machine/listen.py")),
    ("facts.sh", include_str!("../machine/facts.sh")),
    ("faults.sh", include_str!("../machine/faults.sh")),
    ("terminal.py", include_str!("../machine/terminal.py")),
];

/// The user who runs a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    Alice,
}

/// A running machine. It ends with the namespaces of the process that started it.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The machine.
    pub(crate) role: Role,
    suite: Suite,
    root: PathBuf,
    place: PathBuf,
    network: String,
    nspawn: RefCell<Nspawn>,
    leader: Cell<u32>,
    /// The number of times it was started.
    turn: Cell<u32>,
    /// Whether root reads the kernel's log, which all machines share with this one.
    pub(crate) kernel_log: bool,
}

impl Machine {
    /// Starts a machine below `place` over the suite's tree and waits until it is up.
    pub(crate) fn start(
        role: Role,
        suite: Suite,
        tree: &Path,
        place: &Path,
        network: &Network,
    ) -> Result<Self, LabError> {
        let place = place.join(role.name());
        let root = boot::overlay(tree, &place)?;
        install_helpers(&root.join("opt/lab"))?;
        let network = network.path();
        let machine = Self {
            role,
            suite,
            nspawn: RefCell::new(Nspawn::start(role, &root, &network, &place, 0)?),
            root,
            place,
            network,
            leader: Cell::new(0),
            turn: Cell::new(0),
            kernel_log: false,
        };
        machine.await_up()?;
        Ok(machine)
    }

    /// Brings it down and starts it again over the same files.
    pub(crate) fn restart(&self, down: Down) -> Result<(), LabError> {
        match down {
            Down::Reboot => {
                let asked = self.shell(User::Root, "systemctl --no-block reboot", 10)?;
                asked.ok("systemctl reboot")?;
            }
            Down::PowerCut => {
                let leader = Pid::from_raw(self.leader.get().cast_signed());
                trying("kill", kill(leader, Signal::SIGKILL).map_err(Into::into))?;
            }
        }
        let deadline = Instant::now() + BOOT_LIMIT;
        while !self.nspawn.borrow_mut().has_ended()? {
            if Instant::now() > deadline {
                return Err(self.not_up());
            }
            thread::sleep(PULSE);
        }
        let turn = self.turn.get() + 1;
        self.turn.set(turn);
        let started = Nspawn::start(self.role, &self.root, &self.network, &self.place, turn)?;
        self.nspawn.replace(started);
        self.await_up()
    }

    fn await_up(&self) -> Result<(), LabError> {
        let deadline = Instant::now() + BOOT_LIMIT;
        loop {
            let leader = self.nspawn.borrow().leader();
            if let Some(leader) = leader {
                self.leader.set(leader);
                if self.is_up()? {
                    return Ok(());
                }
            }
            if Instant::now() > deadline || self.nspawn.borrow_mut().has_ended()? {
                return Err(self.not_up());
            }
            thread::sleep(PULSE);
        }
    }

    fn not_up(&self) -> LabError {
        LabError::Boot {
            role: self.role.name().to_owned(),
            console: self.nspawn.borrow().last_words(),
        }
    }

    /// Runs a shell script inside; after `limit` seconds it is killed and its code is 124, as of timeout(1).
    pub(crate) fn shell(&self, user: User, script: &str, limit: u32) -> Result<Output, LabError> {
        command::run(
            self.enter(user).args([
                "timeout",
                "-k",
                "2",
                &limit.to_string(),
                "bash",
                "-c",
                script,
            ]),
            "",
        )
    }

    /// Starts a shell script inside that keeps running by itself.
    pub(crate) fn background(&self, script: &str) -> Result<(), LabError> {
        let script = format!(
            "exec setsid bash -c '{}' </dev/null >/dev/null 2>&1 &",
            script.replace('\'', r"'\''")
        );
        self.shell(User::Root, &script, 10)?
            .ok("the load")
            .map(drop)
    }

    /// The beginning of a command line that continues inside the machine.
    pub(crate) fn enter(&self, user: User) -> Command {
        let (name, home) = match user {
            User::Root => ("root", "/root"),
            User::Alice => ("alice", "/home/alice"),
        };
        let mut command = Command::new("nsenter");
        command.args([
            "--target",
            &self.leader.get().to_string(),
            "--all",
            "--",
            "env",
            "-i",
            "-C",
            home,
        ]);
        let environment = [
            ("PATH", PATH),
            ("HOME", home),
            ("USER", name),
            ("LOGNAME", name),
            ("LANG", "C.UTF-8"),
            ("TERM", "xterm"),
        ];
        command
            .args(environment.map(|(key, value)| format!("{key}={value}")))
            .arg(format!("SUITE={}", self.suite));
        match user {
            User::Alice => command.args([
                "setpriv",
                "--reuid=1000",
                "--regid=1000",
                "--init-groups",
                "--",
            ]),
            User::Root if self.kernel_log => &mut command,
            User::Root => command.args(["setpriv", "--bounding-set=-syslog", "--"]),
        };
        command
    }

    /// A path of the machine as seen from outside; not for paths mounted inside (/run, /tmp,
    /// /proc).
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside.trim_start_matches('/'))
    }

    /// Writes a file, owned by root, 0644.
    pub(crate) fn write(&self, inside: &Path, content: &[u8]) -> Result<(), LabError> {
        let path = self.path(&inside.to_string_lossy());
        if let Some(folder) = path.parent() {
            trying(folder.display().to_string(), fs::create_dir_all(folder))?;
        }
        trying(path.display().to_string(), fs::write(&path, content))
    }

    /// Lists content, mode, owner and attributes of everything that may contain a person's
    /// configuration.
    pub(crate) fn tree(&self) -> Result<String, LabError> {
        let script = "python3 /opt/lab/tree.py /etc /root /home/alice/.ssh";
        Ok(self.shell(User::Root, script, 60)?.ok("tree.py")?.stdout)
    }

    fn is_up(&self) -> Result<bool, LabError> {
        match self.role {
            Role::Client => Ok(self.shell(User::Root, "[ -f /opt/lab/tree.py ]", 5)?.code == 0),
            Role::Server | Role::Second | Role::Third => {
                let asked = self.shell(User::Root, "systemctl is-system-running", 5)?;
                Ok(matches!(asked.stdout.trim(), "running" | "degraded"))
            }
        }
    }
}

/// Puts this machine's strace(1) into another, with the libraries that it needs.
pub(crate) fn install_strace(machine: &Machine) -> Result<(), LabError> {
    let folder = machine.path("/opt/lab/strace");
    trying(folder.display().to_string(), fs::create_dir_all(&folder))?;
    // ldd(1) prints `NAME => PATH (ADDRESS)`, and the loader without a name.
    let script = r#"cp "$(command -v strace)" "$1/strace"
        for library in $(ldd "$1/strace" | grep -o '/[^ ]*'); do cp "$library" "$1"; done
        mv "$1"/ld-linux* "$1/ld.so""#;
    let folder = folder.display().to_string();
    command::script(&[], &format!("set -e\n{script}"), &[&folder]).map(drop)
}

/// Writes the helper programs into a directory.
pub(crate) fn install_helpers(folder: &Path) -> Result<(), LabError> {
    trying(folder.display().to_string(), fs::create_dir_all(folder))?;
    HELPERS
        .iter()
        .try_for_each(|(name, text)| trying(*name, fs::write(folder.join(name), text)))
}
