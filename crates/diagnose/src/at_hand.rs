//! Steps by hand as they can be pasted at the machine at hand: its port, its hosts, its service manager, quoted for a shell.
//!
//! A cause writes its steps for a server with systemd, port 22 and unit `ssh.service`, and with
//! `HOST`, `ADDRESS` and `DESTINATION` for the other end. This module replaces these by what is
//! known, for all causes.

mod disk;

use std::net::IpAddr;

use sshmend_facts::{Facts, Server, Supervisor, Target, Vantage};
use sshmend_lossless::quoted;

use crate::finding::Finding;
use disk::OnDisk;

/// What is known about the machine at which a step is done, and about the other end.
#[derive(Debug, Default)]
struct AtHand {
    /// The port of sshd, if it is not 22.
    port: Option<u16>,
    /// The host as given to ssh, with the options that belong to it.
    destination: Option<String>,
    /// The host as the resolver is asked for it.
    host: Option<String>,
    address: Option<IpAddr>,
    /// The address of the client.
    client: Option<IpAddr>,
    /// The account at the server.
    user: Option<String>,
    /// Where the disk in question is mounted here; `None` for this machine itself.
    disk: Option<String>,
    supervisor: Option<Supervisor>,
    /// The unit of sshd.
    unit: Option<String>,
    listener: Option<u32>,
    /// The command line of sshd.
    sshd: Option<String>,
    /// The package manager, such as `apt-get`.
    packages: Option<&'static str>,
}

/// Adapts the steps of findings to the machine at hand.
pub(crate) fn adapt(facts: &Facts<'_>, findings: &mut [Finding]) {
    let has_steps = findings.iter().any(|finding| !finding.steps.is_empty());
    if !has_steps || facts.question.asked_server().is_some() && facts.is_log_of_elsewhere() {
        return;
    }
    let at_hand = AtHand::of(facts);
    for finding in findings {
        finding.steps = said_once(finding.steps.iter().map(|step| at_hand.render(step)));
    }
}

/// The steps without those of which nothing is left on this machine, and each of them once.
fn said_once(rendered: impl Iterator<Item = String>) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for step in rendered {
        let step = step.replace("; then ``", "");
        if !step.contains("``") && !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}

impl AtHand {
    fn of(facts: &Facts<'_>) -> Self {
        match &facts.question.vantage {
            Vantage::Server(server) => Self::of_server(facts, server),
            Vantage::Client(target) => Self::of_client(facts, target),
            Vantage::Transcript(_) => Self::of_transcript(facts),
        }
    }

    fn of_server(facts: &Facts<'_>, server: &Server) -> Self {
        Self {
            port: facts.ports().first().copied().filter(|port| *port != 22),
            client: server.client,
            user: server.user.clone().filter(|user| is_plain(user)),
            disk: facts.question.offline.then(|| mounted(facts)),
            supervisor: facts.supervisor().ok(),
            unit: facts.service_unit().map(|unit| unit.name().to_owned()),
            listener: facts.listener().ok().flatten().map(|listener| listener.pid),
            sshd: facts.daemon().ok().flatten().map(|daemon| {
                let words = std::iter::once(&daemon.program).chain(&daemon.options);
                words.map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
            }),
            packages: facts.package_manager().map(|(name, _)| name),
            ..Self::default()
        }
    }

    fn of_client(facts: &Facts<'_>, target: &Target) -> Self {
        let user = target.destination.rsplit_once('@').map(|(user, _)| user);
        let address = facts.addresses().ok().and_then(|all| all.first().copied());
        let hop = facts.first_hop();
        let options: String = target
            .options
            .iter()
            .map(|word| format!("{word} "))
            .collect();
        let plain = is_plain(&target.destination)
            && target
                .options
                .iter()
                .all(|word| is_plain(word.trim_start_matches('-')));
        Self {
            port: hop
                .as_ref()
                .map(|(_, port)| *port)
                .filter(|port| *port != 22),
            destination: plain.then(|| format!("{options}{}", target.destination)),
            host: hop.map(|(host, _)| host).filter(|host| is_plain(host)),
            // Over the loopback, both ends have the same address.
            client: address.filter(IpAddr::is_loopback),
            address,
            user: user.filter(|user| is_plain(user)).map(str::to_owned),
            packages: facts.package_manager().map(|(name, _)| name),
            ..Self::default()
        }
    }

    fn of_transcript(facts: &Facts<'_>) -> Self {
        let attempt = facts.transcript().map(|(_, attempt)| attempt);
        let host = attempt.and_then(|attempt| attempt.destination());
        let host = host.filter(|host| is_plain(host)).map(str::to_owned);
        let port = attempt
            .and_then(|attempt| attempt.port)
            .filter(|port| *port != 22);
        let option = port.map_or_else(String::new, |port| format!("-p {port} "));
        let address = attempt.and_then(|attempt| attempt.address.as_ref());
        Self {
            port,
            destination: host.as_ref().map(|host| format!("{option}{host}")),
            address: address.and_then(|address| address.parse().ok()),
            user: attempt
                .and_then(|attempt| attempt.user.clone())
                .filter(|user| is_plain(user)),
            host,
            ..Self::default()
        }
    }

    /// Replaces the commands in a step by those of this machine; prose is not changed.
    fn render(&self, step: &str) -> String {
        let parts = self.of_this_system(step.split('`').collect());
        let later = parts
            .iter()
            .skip(1)
            .step_by(2)
            .any(|part| self.is_for_later(part));
        let rendered: Vec<String> = parts
            .iter()
            .enumerate()
            .map(|(at, part)| match at % 2 {
                1 if later => self.line(part),
                1 => self.line_here(part),
                _ => (*part).to_owned(),
            })
            .collect();
        let when = if later { "once it runs: " } else { "" };
        format!("{when}{}", rendered.join("`"))
    }

    /// Whether the machine has to run for a command line, and is a mounted disk.
    fn is_for_later(&self, line: &str) -> bool {
        let on_disk = |root| commands(line).any(|one| disk::command(one, root) == OnDisk::Later);
        self.disk.as_deref().is_some_and(on_disk)
    }

    /// One command line for a step that can be done now: of a mounted disk, with its paths.
    fn line_here(&self, line: &str) -> String {
        let line = self.line(line);
        let Some(root) = &self.disk else { return line };
        let on_disk = commands(&line).filter_map(|command| match disk::command(command, root) {
            OnDisk::Now(command) => Some(command),
            OnDisk::Later => Some(command.to_owned()),
            OnDisk::Nothing => None,
        });
        on_disk.collect::<Vec<_>>().join(" && ")
    }

    /// The prose and commands of a step, without the commands of other package managers if that of
    /// this machine is among them: `apt install …`, `dnf install …`.
    fn of_this_system<'s>(&self, mut parts: Vec<&'s str>) -> Vec<&'s str> {
        let own = |command: &str| {
            self.packages
                .is_some_and(|own| manager(command) == Some(own))
        };
        if !parts.iter().skip(1).step_by(2).any(|command| own(command)) {
            return parts;
        }
        let mut at = 1;
        while at < parts.len() {
            let is_other = manager(parts[at]).is_some() && !own(parts[at]);
            if is_other && parts[at - 1] == ", " {
                parts.drain(at - 1..=at);
            } else if is_other && parts.get(at + 1) == Some(&", ") {
                parts.drain(at..=at + 1);
            } else {
                at += 2;
            }
        }
        parts
    }

    /// One command line: its commands are rewritten one by one.
    fn line(&self, line: &str) -> String {
        match separator(line) {
            Some(separator) => {
                let commands = line.split(separator);
                let rewritten: Vec<String> = commands.filter_map(|one| self.command(one)).collect();
                rewritten.join(separator)
            }
            None => self.command(line).unwrap_or_else(|| line.to_owned()),
        }
    }

    /// One command; `None` if there is nothing to do on this machine.
    fn command(&self, command: &str) -> Option<String> {
        let words: Vec<&str> = command.split(' ').collect();
        match words.as_slice() {
            ["systemctl", verb, units @ ..] => self.systemctl(command, verb, units),
            ["journalctl", "-k", ..] if self.lacks_systemd() => Some("dmesg".to_owned()),
            ["journalctl", ..] if self.lacks_systemd() => {
                Some("grep -h sshd /var/log/auth.log /var/log/messages".to_owned())
            }
            ["journalctl", "-u", ..] => Some(self.with_unit(&words)),
            _ => Some(self.with_hosts(&words)),
        }
    }

    fn lacks_systemd(&self) -> bool {
        self.supervisor
            .as_ref()
            .is_some_and(|supervisor| *supervisor != Supervisor::Systemd)
    }

    /// The equivalent command if systemd is not running.
    fn systemctl(&self, command: &str, verb: &str, units: &[&str]) -> Option<String> {
        let unit = units.iter().find(|unit| !unit.starts_with('-'));
        let name = unit.map(|unit| unit.split('.').next().unwrap_or(unit).trim_matches('\''));
        let is_sshd = matches!(name, Some("ssh" | "sshd"));
        let name = match name {
            Some(name) => name,
            // It has nothing to read again.
            None if verb == "daemon-reload" && self.lacks_systemd() => return None,
            None => return Some(command.to_owned()),
        };
        let told = |form: &str| Some(form.replace("NAME", name).replace("VERB", verb));
        match self.supervisor.as_ref().unwrap_or(&Supervisor::Systemd) {
            Supervisor::Systemd => Some(self.with_unit(&command.split(' ').collect::<Vec<_>>())),
            Supervisor::OpenRc => {
                let name = if is_sshd { "sshd" } else { name };
                Some(match verb {
                    "enable" => format!("rc-update add {name}"),
                    "disable" => format!("rc-update del {name}"),
                    _ => format!("rc-service {name} {verb}"),
                })
            }
            Supervisor::Runit(service) => {
                let name = if is_sshd { service } else { name };
                Some(match verb {
                    "start" => format!("sv up {name}"),
                    "stop" => format!("sv down {name}"),
                    "reload" => format!("sv hup {name}"),
                    "enable" => format!("ln -s /etc/sv/{name} /var/service/"),
                    "disable" => format!("rm /var/service/{name}"),
                    _ => format!("sv {verb} {name}"),
                })
            }
            Supervisor::Script(script) => match verb {
                "enable" | "disable" => told("update-rc.d NAME VERB"),
                _ if is_sshd => Some(format!("{script} {verb}")),
                _ => told("service NAME VERB"),
            },
            Supervisor::None if is_sshd => Some(self.by_hand(verb, command)),
            Supervisor::None => told("service NAME VERB"),
        }
    }

    /// The command for an sshd that nothing supervises, as in a container.
    fn by_hand(&self, verb: &str, command: &str) -> String {
        let sshd = self.sshd.as_deref().unwrap_or("/usr/sbin/sshd");
        match (verb, self.listener) {
            ("reload", Some(pid)) => format!("kill -HUP {pid}"),
            // The container ends with its first process, and is restarted from outside.
            ("restart", Some(1)) => "docker restart CONTAINER".to_owned(),
            ("restart", Some(pid)) => format!("kill {pid}; sleep 1; {sshd}"),
            ("stop", Some(pid)) => format!("kill {pid}"),
            ("start" | "restart", None) => sshd.to_owned(),
            _ => command.to_owned(),
        }
    }

    /// A command of systemd with the name that the unit of sshd has here.
    fn with_unit(&self, words: &[&str]) -> String {
        let named = |word: &&str| match (&self.unit, *word) {
            (Some(unit), "ssh" | "sshd" | "ssh.service" | "sshd.service") => unit.clone(),
            (_, word) => word.to_owned(),
        };
        words.iter().map(named).collect::<Vec<_>>().join(" ")
    }

    /// A command with its placeholders replaced by what is known.
    fn with_hosts(&self, words: &[&str]) -> String {
        let by_ssh = words.first().is_some_and(|word| word.starts_with("ssh"));
        // A command that names another port needs no second one.
        let destination = self.destination.as_deref().map(|known| {
            let words = words.contains(&"-p").then(|| known.rsplit(' ').next());
            words.flatten().unwrap_or(known).to_owned()
        });
        let own = |known: &Option<String>| known.as_deref().map(quoted);
        let host = if by_ssh { &destination } else { &self.host };
        let mut previous = "";
        let rendered: Vec<String> = words
            .iter()
            .map(|&word| {
                let known = match word {
                    "HOST" if by_ssh => host.clone(),
                    "HOST" => own(host),
                    "DESTINATION" => destination.clone(),
                    "NAME" if previous == "--user" => self.user.clone(),
                    word if word.starts_with("user=") => Some(self.connection(word)),
                    "ADDRESS" if previous == "--client" => self.client.map(|own| own.to_string()),
                    "ADDRESS" => self.address.map(|address| address.to_string()),
                    "YOUR-ADDRESS" | "CLIENT" | "CLIENT'" => self.client.map(|client| {
                        word.replace("YOUR-ADDRESS", "CLIENT")
                            .replace("CLIENT", &client.to_string())
                    }),
                    ":ssh" => self.port.map(|port| format!(":{port}")),
                    "22" if previous == "port" => self.port.map(|port| port.to_string()),
                    "22'" if previous == "port" => self.port.map(|port| format!("{port}'")),
                    word if is_bracketed(word) => Some(quoted(word)),
                    _ => None,
                };
                previous = word;
                known.unwrap_or_else(|| word.to_owned())
            })
            .collect();
        rendered.join(" ")
    }
}

impl AtHand {
    /// The description of a connection, as sshd and sshmend take it: `user=NAME,addr=ADDRESS`.
    fn connection(&self, word: &str) -> String {
        let user = self.user.as_deref().unwrap_or("NAME");
        let client = self.client.map(|client| client.to_string());
        let client = client.as_deref().unwrap_or("ADDRESS");
        let parts = word.split(',').map(|part| match part {
            "user=NAME" => format!("user={user}"),
            "addr=ADDRESS" => format!("addr={client}"),
            other => other.to_owned(),
        });
        parts.collect::<Vec<_>>().join(",")
    }
}

/// What separates the commands of a line, if it has several; a loop is one command.
fn separator(line: &str) -> Option<&'static str> {
    let mut separators = [" && ", "; "].into_iter();
    separators.find(|separator| line.contains(separator) && !line.contains(" do "))
}

/// The commands of a line.
fn commands(line: &str) -> impl Iterator<Item = &str> {
    match separator(line) {
        Some(separator) => line.split(separator),
        // No line contains this.
        None => line.split("\n"),
    }
}

/// Where the disk in question is mounted.
fn mounted(facts: &Facts<'_>) -> String {
    match facts.question.root.as_str() {
        "" => "DIR".to_owned(),
        root => root.to_owned(),
    }
}

/// The package manager that a command line begins with, by the name of its program.
fn manager(command: &str) -> Option<&'static str> {
    match command.split(' ').next()? {
        "apt" | "apt-get" => Some("apt-get"),
        "dnf" | "yum" => Some("dnf"),
        _ => None,
    }
}

/// Whether a word is `[HOST]:PORT`, which a shell would take for a pattern.
fn is_bracketed(word: &str) -> bool {
    word.starts_with('[')
        && word
            .rsplit_once("]:")
            .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a word, which a stranger may have chosen, can be part of a command line unquoted.
fn is_plain(word: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%@=/".contains(&byte);
    !word.starts_with('-') && !word.is_empty() && word.bytes().all(known)
}

#[cfg(test)]
mod tests;
