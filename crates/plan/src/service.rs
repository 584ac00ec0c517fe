//! The plan that restores the service of sshd: enabled, started, or restarted if it no longer
//! works.

mod unit_lines;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use sshmend_facts::{ConfigTest, RestartReason, Service, Sshd, UnitState};
use sshmend_lossless::{ScriptVerb, Step, UnitVerb};

use crate::check::{Expect, Proof};
use crate::plan::{Effect, Notice, Plan, Refusal};
use crate::reload::{is_active, question, reachable};

pub(crate) use unit_lines::without_unit_lines;

/// The facts about the service that are needed.
#[derive(Debug, Clone)]
pub(crate) struct ServiceWish<'a> {
    /// The state.
    pub service: &'a Service,
    /// The daemon.
    pub sshd: &'a Sshd,
    /// The addresses on which sshd is configured to listen, as reached from this machine.
    pub addresses: Vec<SocketAddr>,
    /// Restart it even if nothing is found that requires it.
    pub restart: bool,
}

/// Plans how to restore the service; empty if it works.
///
/// # Errors
/// When sshd would not start, or someone has forbidden it, or nothing here could start it.
pub(crate) fn service(wish: &ServiceWish<'_>) -> Result<Plan, Refusal> {
    let work = Work {
        wish,
        service: wish.service,
    };
    let mut steps = Steps::default();
    let mut plan = Plan {
        purpose: "bring sshd back".to_owned(),
        ..Plan::default()
    };
    match (
        wish.service.systemd,
        &wish.service.socket,
        &wish.service.unit,
    ) {
        (true, Some(socket), _) => work.of_socket(socket, &mut steps),
        (true, None, Some(unit)) => work.of_unit(unit, &mut steps)?,
        (true, None, None) => return Err(work.nothing_to_start()),
        (false, ..) => work.without_units(&mut steps)?,
    }
    if steps.activation.is_empty() {
        return Ok(plan);
    }
    work.may_start()?;
    plan.notices = work.notices();
    plan.effects = vec![Effect {
        what: "sshd".to_owned(),
        before: work.state(),
        after: "running".to_owned(),
    }];
    plan.rehearsal = question(wish.sshd, &["-t"], "sshd -t", Expect::Success)
        .into_iter()
        .collect();
    plan.proof = work.proof(&steps.started);
    (plan.activation, plan.undo) = (steps.activation, steps.undo.into_iter().rev().collect());
    plan.reloaded = steps.started;
    Ok(plan)
}

/// Adds the start of a service that failed for lack of what `plan` provides, once sshd accepts the
/// result; other plans are returned unchanged.
pub(crate) fn start_failed(
    plan: Plan,
    service: &Service,
    sshd: &Sshd,
    addresses: Vec<SocketAddr>,
) -> Plan {
    if !has_failed(service) {
        return plan;
    }
    let config_test = Some(ConfigTest {
        passed: true,
        ..ConfigTest::default()
    });
    let service = Service {
        config_test,
        ..service.clone()
    };
    let start = self::service(&ServiceWish {
        service: &service,
        sshd,
        addresses,
        restart: false,
    });
    match start.and_then(|start| Plan::join(vec![plan.clone(), start])) {
        Ok(joined) => joined,
        Err(_) => plan,
    }
}

/// Whether sshd is down because its last start failed, not because someone stopped it.
pub(crate) fn has_failed(service: &Service) -> bool {
    let mut units = service.unit.iter().chain(&service.socket);
    service.listener.is_none() && units.any(|unit| unit.failed)
}

/// The steps to run, in order, and those that undo them, in the same order.
#[derive(Default)]
struct Steps {
    activation: Vec<Step>,
    undo: Vec<Step>,
    /// Units that run afterwards, or the program.
    started: Vec<String>,
}

impl Steps {
    fn run(&mut self, step: Step) {
        self.activation.push(step);
    }

    /// Adds a step together with its undo.
    fn run_and_undo(&mut self, step: Step) {
        self.undo.extend(step.undo());
        self.run(step);
    }

    fn unit(&mut self, verb: UnitVerb, unit: &str) {
        self.run(Step::Systemctl(verb, vec![unit.to_owned()]));
    }

    fn unit_and_undo(&mut self, verb: UnitVerb, unit: &str) {
        self.run_and_undo(Step::Systemctl(verb, vec![unit.to_owned()]));
    }

    /// Stopped again when it is undone.
    fn start(&mut self, unit: &str) {
        self.unit_and_undo(UnitVerb::Start, unit);
        self.started.push(unit.to_owned());
    }

    fn restart(&mut self, unit: &str) {
        self.unit_and_undo(UnitVerb::Restart, unit);
        self.started.push(unit.to_owned());
    }
}

/// A plan under construction.
struct Work<'w> {
    wish: &'w ServiceWish<'w>,
    service: &'w Service,
}

impl Work<'_> {
    fn wants_restart(&self) -> bool {
        self.wish.restart || self.service.restart_reason.is_some()
    }

    /// sshd runs as a unit.
    fn of_unit(&self, unit: &UnitState, steps: &mut Steps) -> Result<(), Refusal> {
        let name = unit.name.as_str();
        let by_hand = self.service.listener.filter(|_| !unit.active);
        if let Some(pid) = by_hand {
            return self.beside_its_unit(pid, name);
        }
        make_startable(unit, steps);
        if unit.active && unit.changed_on_disk && self.wants_restart() {
            steps.run(Step::DaemonReload);
        }
        match unit.file_state.as_str() {
            "masked" => steps.unit(UnitVerb::Enable, name),
            "disabled" => steps.unit_and_undo(UnitVerb::Enable, name),
            _ => {}
        }
        match unit.active {
            true if self.wants_restart() => steps.restart(name),
            true => {}
            false => steps.start(name),
        }
        Ok(())
    }

    /// systemd listens, and starts sshd for the first connection or for each one.
    fn of_socket(&self, socket: &UnitState, steps: &mut Steps) {
        let unit = self.service.unit.as_ref();
        if let Some(unit) = unit.filter(|_| !socket.accepts) {
            make_startable(unit, steps);
        }
        if socket.accepts && self.service.failed_instances {
            let units = ["ssh@*.service", "sshd@*.service"].map(str::to_owned);
            steps.run(Step::Systemctl(UnitVerb::ResetFailed, units.to_vec()));
        }
        if !socket.active && self.service.listener.is_none() {
            make_startable(socket, steps);
            steps.start(&socket.name);
        }
        match unit.filter(|_| !socket.accepts) {
            Some(unit) if unit.active && self.wants_restart() => steps.restart(&unit.name),
            Some(unit) if unit.failed && socket.active => steps.start(&unit.name),
            _ => {}
        }
    }

    /// An init script, or the program itself.
    fn without_units(&self, steps: &mut Steps) -> Result<(), Refusal> {
        let program = self
            .wish
            .sshd
            .program
            .as_deref()
            .ok_or_else(|| self.nothing_to_start())?;
        match (self.service.listener, self.service.script) {
            (Some(_), _) if !self.wants_restart() => {}
            (Some(_), Some(script)) => {
                steps.run_and_undo(Step::Script(script.to_owned(), ScriptVerb::Restart));
            }
            (None, Some(script)) => {
                steps.run_and_undo(Step::Script(script.to_owned(), ScriptVerb::Start));
            }
            (Some(pid), None) => self.restart_program(pid, steps)?,
            (None, None) => {
                let options = self.wish.sshd.options.clone();
                steps.run(Step::StartSshd(program.to_owned(), options));
            }
        }
        if !steps.activation.is_empty() {
            steps.started.push("sshd".to_owned());
        }
        Ok(())
    }

    /// A listener that reloads executes the program that is installed now.
    fn restart_program(&self, pid: u32, steps: &mut Steps) -> Result<(), Refusal> {
        match &self.service.restart_reason {
            None | Some(RestartReason::Replaced(_)) => {
                steps.run(Step::HangUp(pid));
                Ok(())
            }
            Some(why) => Err(Refusal::refused(
                format!("{why}, and process {pid} has no service manager that could restart it"),
                format!(
                    "end it (`kill {pid}`, after `kill -CONT {pid}` where it is stopped), then run this again"
                ),
            )),
        }
    }

    fn beside_its_unit(&self, pid: u32, unit: &str) -> Result<(), Refusal> {
        if !self.wants_restart() {
            return Ok(());
        }
        let hint = format!("end it (`kill {pid}`), then run this again, which starts {unit}");
        Err(Refusal::refused(
            format!("process {pid} listens for SSH, but {unit} did not start it"),
            hint,
        ))
    }

    fn nothing_to_start(&self) -> Refusal {
        let reason = "no OpenSSH server is installed";
        Refusal::refused(
            reason,
            "install it with the package manager, for example `apt install openssh-server`",
        )
    }

    /// Refuses where `sshd -t` says that it would end at once.
    fn may_start(&self) -> Result<(), Refusal> {
        if let Some(file) = self.service.forbidden {
            let reason = format!("{file} forbids starting sshd");
            return Err(Refusal::refused(
                reason,
                format!("someone put it there on purpose: ask, then rm {file}"),
            ));
        }
        let Some(config_test) = &self.service.config_test else {
            return Err(Refusal::refused(
                "whether sshd would start is not known",
                "run it with sudo",
            ));
        };
        let Some(complaint) = config_test.in_the_way() else {
            return Ok(());
        };
        let hint = if config_test.host_keys.iter().any(|line| line == complaint) {
            "sshmend fix host-keys mends that first"
        } else if config_test.directory.as_deref() == Some(complaint) {
            "sshmend fix privsep-directory mends that first"
        } else {
            "sshmend diagnose names what to mend first"
        };
        Err(Refusal::refused(
            format!("sshd would not start: {complaint}"),
            hint,
        ))
    }

    fn notices(&self) -> Vec<Notice> {
        let units = || self.service.unit.iter().chain(&self.service.socket);
        let masked = units().filter(|unit| is_masked(unit)).map(|unit| {
            Notice::new(
                "unit-masked",
                format!(
                    "{} is masked, which is done on purpose: ask who did it",
                    unit.name
                ),
            )
        });
        let open = self
            .service
            .listener
            .is_some()
            .then(|| Notice::new("sessions-stay", "open sessions stay"));
        let confined = self.service.confined.iter().map(|(origin, line)| Notice {
            origin: Some(origin.clone()),
            ..Notice::new(
                "unit-confined",
                format!(
                    "the unit restricts sshd: {line}; if the start fails: `sshmend fix service --comment-out {origin}`"
                ),
            )
        });
        masked.chain(confined).chain(open).collect()
    }

    /// The present state, in words.
    fn state(&self) -> String {
        match (
            &self.service.restart_reason,
            self.service.listener,
            &self.service.unit,
        ) {
            (Some(why), Some(pid), _) => format!("process {pid}: {why}"),
            (_, Some(pid), _) => format!("process {pid}"),
            (_, None, Some(unit)) if unit.failed => "failed".to_owned(),
            (_, None, _) => "stopped".to_owned(),
        }
    }

    fn proof(&self, started: &[String]) -> Vec<Proof> {
        let units = started
            .iter()
            .filter(|_| self.service.systemd)
            .map(|unit| is_active(unit));
        units
            .chain(self.listens().into_values().map(Proof::Answer))
            .collect()
    }

    /// The addresses that must answer: for each port the addresses of which one must.
    fn listens(&self) -> BTreeMap<u16, Vec<SocketAddr>> {
        let socket = self
            .service
            .socket
            .as_ref()
            .and_then(|socket| socket.listen);
        let addresses = match socket {
            Some(address) => either_family(address),
            None => self.wish.addresses.clone(),
        };
        let mut ports: BTreeMap<u16, Vec<SocketAddr>> = BTreeMap::new();
        for address in addresses {
            ports.entry(address.port()).or_default().push(address);
        }
        ports
    }
}

/// `[::]` covers both families, as the kernel is usually configured.
fn either_family(address: SocketAddr) -> Vec<SocketAddr> {
    if address.ip().is_unspecified() {
        let port = address.port();
        vec![
            (Ipv4Addr::LOCALHOST, port).into(),
            (Ipv6Addr::LOCALHOST, port).into(),
        ]
    } else {
        vec![reachable(address)]
    }
}

fn is_masked(unit: &UnitState) -> bool {
    unit.file_state.starts_with("masked")
}

/// Removes whatever keeps systemd from starting a unit.
fn make_startable(unit: &UnitState, steps: &mut Steps) {
    let name = unit.name.as_str();
    if is_masked(unit) {
        steps.unit_and_undo(UnitVerb::Unmask, name);
    }
    if unit.changed_on_disk && !unit.active {
        steps.run(Step::DaemonReload);
    }
    if unit.failed {
        steps.unit(UnitVerb::ResetFailed, name);
    }
}

#[cfg(test)]
mod tests;
