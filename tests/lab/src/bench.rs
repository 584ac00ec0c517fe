//! One case set up: the two machines, their network, and the fault put into them.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::args::Args;
use crate::case::{Case, Fault, Faults, Restart};
use crate::check::{Verdict, holds};
use crate::command::{self, Output};
use crate::error::{LabError, trying};
use crate::image;
use crate::machine::{self, Machine, User};
use crate::network::Network;
use crate::role::Role;
use crate::suite::Suite;
use crate::symptom;

/// The longest that one attempt to connect may take, in seconds, unless its case says more.
const ATTEMPT: u32 = 40;
/// The longest that a fault or a remedy may take, in seconds.
pub(crate) const STEP: u32 = 90;

/// The longest that all faults of a case may take, in seconds.
const FAULTS: u32 = 4 * 3600;

/// The time for which a reloaded sshd may be without its socket.
const SETTLE: Duration = Duration::from_millis(500);

/// The machines of a case.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) case: &'a Case,
    pub(crate) suite: Suite,
    pub(crate) server: Machine,
    pub(crate) client: Machine,
    /// The folder for the recording of this case.
    pub(crate) recordings: Option<PathBuf>,
    _networks: [Network; 2],
    place: PathBuf,
    narrate: bool,
}

impl<'a> Bench<'a> {
    /// Boots both machines, still healthy.
    pub(crate) fn start(case: &'a Case, suite: Suite, args: &Args) -> Result<Self, LabError> {
        let place = &args.place;
        let tree = image::path(suite);
        let networks = Network::joined()?;
        let start = |role, network| Machine::start(role, suite, &tree, place, network);
        let [to_server, to_client] = &networks;
        let (mut server, client) = (
            start(Role::Server, to_server)?,
            start(Role::Client, to_client)?,
        );
        server.kernel_log = case.kernel_log;
        let recordings = args
            .record
            .as_ref()
            .map(|folder| folder.join(&case.name).join(suite.name()));
        let (place, narrate) = (place.clone(), args.narrate);
        let bench = Self {
            case,
            suite,
            server,
            client,
            recordings,
            _networks: networks,
            place,
            narrate,
        };
        bench.limit_processes()?;
        Ok(bench)
    }

    /// Whether a plain connection works before anything is broken.
    pub(crate) fn healthy(&self) -> Result<Verdict, LabError> {
        let output =
            self.client
                .shell(User::Alice, "ssh -o ConnectTimeout=10 server true", ATTEMPT)?;
        Ok(holds(output.code == 0, || {
            format!("a healthy machine refuses: {}", output.stderr)
        }))
    }

    /// Puts the fault in.
    pub(crate) fn break_it(&self) -> Result<(), LabError> {
        let helpers = self.place.join("lab");
        machine::install_helpers(&helpers)?;
        let environment = [
            "env",
            &format!("SUITE={}", self.suite),
            &format!("LAB={}", helpers.display()),
        ];
        command::script(
            &environment,
            &format!("set -e\n{}", self.case.router.run),
            &[],
        )?;
        self.break_one(&self.server, &self.case.server)?;
        self.break_one(&self.client, &self.case.client)
    }

    /// Connects until the symptom shows, as often as the case allows, and judges the last attempt.
    pub(crate) fn symptom(&self) -> Result<Verdict, LabError> {
        let mut verdict = Err("never tried".to_owned());
        for _ in 0..self.case.connect.tries.max(1) {
            let output = self.connect(&self.case.connect.command)?;
            verdict = symptom::judge(&self.case.connect, self.suite, &output);
            if verdict.is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(300));
        }
        Ok(verdict)
    }

    /// Restarts the server, and judges the diagnosis afterwards.
    pub(crate) fn restart(&self, restart: &Restart) -> Result<Verdict, LabError> {
        let before = self.connect(&restart.before)?;
        if before.code != 0 {
            return Ok(Err(format!("before: {}: {}", before.code, before.said())));
        }
        self.narrate(&format!("server goes down: {:?}", restart.down));
        self.server.restart(restart.down)?;
        let output = self.connect(&restart.after)?;
        Ok(symptom::matches(&restart.sees, &output))
    }

    /// Runs the commands that write on the server while something goes wrong.
    pub(crate) fn faults(&self, faults: &Faults) -> Result<Verdict, LabError> {
        if faults.calls > 0 {
            machine::install_strace(&self.server)?;
        }
        let Faults {
            calls,
            signals,
            disks,
            seed,
        } = faults;
        let script = format!("bash /opt/lab/faults.sh {calls} {signals} {disks} {seed}");
        let output = self.told(&self.server, User::Root, &script, FAULTS)?;
        Ok(holds(output.code == 0, || output.said()))
    }

    /// Whether the promised result of the remedy holds now.
    pub(crate) fn works(&self) -> Result<Verdict, LabError> {
        let command = self
            .case
            .remedy
            .works
            .as_deref()
            .unwrap_or(&self.case.connect.command);
        thread::sleep(SETTLE);
        let output = self.connect(command)?;
        Ok(holds(output.code == 0, || {
            format!(
                "`{command}` still ends with {}: {}",
                output.code, output.stderr
            )
        }))
    }

    /// Runs a command on a machine and, for an onlooker, shows it with its output.
    pub(crate) fn told(
        &self,
        machine: &Machine,
        user: User,
        command: &str,
        limit: u32,
    ) -> Result<Output, LabError> {
        self.narrate(&format!(
            "{}{} {command}",
            machine.role.name(),
            if user == User::Root { "#" } else { "$" }
        ));
        let output = machine.shell(user, command, limit)?;
        self.narrate(&format!(
            "{}{}[{}, {:.1} s]",
            output.stdout,
            output.stderr,
            output.code,
            output.took.as_secs_f64()
        ));
        Ok(output)
    }

    /// Adds a file to the recording, if there is one.
    pub(crate) fn record(&self, name: &str, text: &str) -> Result<(), LabError> {
        let Some(folder) = &self.recordings else {
            return Ok(());
        };
        let path = folder.join(name);
        trying(
            path.display().to_string(),
            fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)),
        )
    }

    /// Whether the output is shown to a person.
    pub(crate) fn has_onlooker(&self) -> bool {
        self.narrate
    }

    /// Prints a text for an onlooker.
    #[expect(clippy::print_stderr, reason = "what `demo` is for")]
    pub(crate) fn narrate(&self, text: &str) {
        if self.narrate {
            eprintln!("{text}");
        }
    }

    fn connect(&self, command: &str) -> Result<Output, LabError> {
        let [_, most] = self.case.connect.takes;
        let most = Duration::from_secs_f64(most).as_secs();
        let limit = u32::try_from(most).map_or(ATTEMPT, |most| most.max(ATTEMPT));
        self.told(&self.client, User::Alice, command, limit)
    }

    fn break_one(&self, machine: &Machine, fault: &Fault) -> Result<(), LabError> {
        for (path, content) in &fault.files {
            self.narrate(&format!(
                "{} {} := {content:?}",
                machine.role.name(),
                path.display()
            ));
            machine.write(path, content.as_bytes())?;
        }
        if !fault.run.is_empty() {
            self.told(machine, User::Root, &format!("set -e\n{}", fault.run), STEP)?
                .ok("the fault")?;
            thread::sleep(SETTLE);
        }
        if !fault.load.is_empty() {
            machine.background(&fault.load)?;
            thread::sleep(SETTLE * 2);
        }
        Ok(())
    }

    /// Hands the machine's systemd the limits on processes and memory where version 1 control groups are mounted read-only.
    fn limit_processes(&self) -> Result<(), LabError> {
        if !self.case.cgroups {
            return Ok(());
        }
        let script = "set -e
            [ ! -e /sys/fs/cgroup/cgroup.controllers ] || exit 0
            for controller in pids memory; do mount -o remount,bind,rw /sys/fs/cgroup/$controller; done
            systemctl daemon-reexec";
        self.server
            .shell(User::Root, script, STEP)?
            .ok("control groups")
            .map(drop)
    }
}
