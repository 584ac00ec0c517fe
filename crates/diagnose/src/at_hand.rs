//! Steps by hand as they can be pasted at the machine at hand: its port, its hosts, its service manager, quoted for a shell.
//!
//! A cause writes its steps for a server with systemd, port 22 and unit `ssh.service`, and with
//! `HOST`, `ADDRESS` and `DESTINATION` for the other end. This module replaces these by what is
//! known, for all causes.

use std::net::IpAddr;

use sshmend_facts::{Facts, Supervisor, Vantage};

use crate::finding::Finding;
use crate::quote::quoted;

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
    for step in findings.iter_mut().flat_map(|finding| &mut finding.steps) {
        *step = at_hand.render(step);
    }
}

impl AtHand {
    fn of(facts: &Facts<'_>) -> Self {
        match &facts.question.vantage {
            Vantage::Server(server) => Self {
                port: facts.ports().first().copied().filter(|port| *port != 22),
                client: server.client,
                supervisor: facts.supervisor().ok(),
                unit: facts.service_unit().map(|unit| unit.name().to_owned()),
                listener: facts.listener().ok().flatten().map(|listener| listener.pid),
                sshd: facts.daemon().ok().flatten().map(|daemon| {
                    let words = std::iter::once(&daemon.program).chain(&daemon.options);
                    words.map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
                }),
                packages: facts.package_manager().map(|(name, _)| name),
                ..Self::default()
            },
            Vantage::Client(target) => {
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
                    address: facts.addresses().ok().and_then(|all| all.first().copied()),
                    packages: facts.package_manager().map(|(name, _)| name),
                    ..Self::default()
                }
            }
            Vantage::Transcript(_) => {
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
                    host,
                    ..Self::default()
                }
            }
        }
    }

    /// Replaces the commands in a step by those of this machine; prose is not changed.
    fn render(&self, step: &str) -> String {
        let parts = self.of_this_system(step.split('`').collect());
        let rendered: Vec<String> = parts
            .into_iter()
            .enumerate()
            .map(|(at, part)| {
                if at % 2 == 1 {
                    self.line(part)
                } else {
                    part.to_owned()
                }
            })
            .collect();
        rendered.join("`")
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
        for separator in [" && ", "; "] {
            if line.contains(separator) && !line.contains(" do ") {
                let commands: Vec<String> = line
                    .split(separator)
                    .filter_map(|command| self.command(command))
                    .collect();
                return commands.join(separator);
            }
        }
        self.command(line).unwrap_or_else(|| line.to_owned())
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
        let own = |known: &Option<String>| known.as_deref().map(quoted);
        let host = if by_ssh {
            &self.destination
        } else {
            &self.host
        };
        let mut previous = "";
        let rendered: Vec<String> = words
            .iter()
            .map(|&word| {
                let known = match word {
                    "HOST" if by_ssh => host.clone(),
                    "HOST" => own(host),
                    "DESTINATION" => self.destination.clone(),
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
mod tests {
    use super::*;

    #[track_caller]
    fn check(at_hand: &AtHand, cases: &[(&str, &str)]) {
        for (step, expected) in cases {
            assert_eq!(at_hand.render(step), *expected, "{step}");
        }
    }

    fn supervised_by(supervisor: Supervisor) -> AtHand {
        AtHand {
            supervisor: Some(supervisor),
            listener: Some(700),
            sshd: Some("/usr/sbin/sshd -p 2200".to_owned()),
            ..AtHand::default()
        }
    }

    #[test]
    fn steps_name_only_the_package_manager_of_this_system() {
        let both = "reinstall it: `apt install --reinstall x`, `dnf reinstall x`; then look";
        let of = |packages| AtHand {
            packages,
            ..AtHand::default()
        };
        check(
            &of(Some("apt-get")),
            &[
                (both, "reinstall it: `apt install --reinstall x`; then look"),
                ("ask `dnf provides x`", "ask `dnf provides x`"),
            ],
        );
        check(
            &of(Some("dnf")),
            &[(both, "reinstall it: `dnf reinstall x`; then look")],
        );
        check(&of(None), &[(both, both)]);
    }

    #[test]
    fn steps_name_the_port_and_the_unit_of_this_server() {
        let at_hand = AtHand {
            port: Some(2222),
            unit: Some("sshd.service".to_owned()),
            client: "203.0.113.7".parse().ok(),
            supervisor: Some(Supervisor::Systemd),
            ..AtHand::default()
        };
        check(
            &at_hand,
            &[
                (
                    "see them: `ss -tn state established '( sport = :ssh )'`",
                    "see them: `ss -tn state established '( sport = :2222 )'`",
                ),
                (
                    "`systemctl daemon-reload && systemctl restart ssh` (sessions stay)",
                    "`systemctl daemon-reload && systemctl restart sshd.service` (sessions stay)",
                ),
                (
                    "`journalctl -u ssh.service -n 50`",
                    "`journalctl -u sshd.service -n 50`",
                ),
                (
                    "`tcpdump -nv 'tcp port 22 and host CLIENT'`",
                    "`tcpdump -nv 'tcp port 2222 and host 203.0.113.7'`",
                ),
                ("systemctl restart ssh, HOST", "systemctl restart ssh, HOST"),
            ],
        );
    }

    #[test]
    fn steps_stay_generic_if_the_machine_is_unknown() {
        for step in [
            "`tracepath HOST`; `ip route get ADDRESS`",
            "`systemctl restart ssh.service`",
            "`ss -tn state established '( sport = :ssh )'`",
            "a lone ` backtick",
            "`[Socket]`, `MaxConnections=256`",
        ] {
            assert_eq!(AtHand::default().render(step), step);
        }
    }

    #[test]
    fn steps_without_systemd_use_the_service_manager_that_is_there() {
        let restart = "`systemctl daemon-reload && systemctl restart ssh.service`";
        let cases = [
            (Supervisor::OpenRc, "`rc-service sshd restart`"),
            (Supervisor::Runit("sshd".to_owned()), "`sv restart sshd`"),
            (
                Supervisor::Script("/etc/init.d/ssh"),
                "`/etc/init.d/ssh restart`",
            ),
            (
                Supervisor::None,
                "`kill 700; sleep 1; /usr/sbin/sshd -p 2200`",
            ),
        ];
        for (supervisor, expected) in cases {
            let at_hand = supervised_by(supervisor);
            check(&at_hand, &[(restart, expected)]);
            for verb in ["reload", "restart", "start", "stop", "enable"] {
                let step = format!("`systemctl {verb} sshguard`");
                assert!(!at_hand.render(&step).contains("systemctl"), "{step}");
            }
            check(&at_hand, &[("`journalctl -k -g type=1326`", "`dmesg`")]);
        }
        check(
            &supervised_by(Supervisor::None),
            &[(
                "`sshd -t && systemctl reload ssh.service`",
                "`sshd -t && kill -HUP 700`",
            )],
        );
    }

    #[test]
    fn steps_name_the_destination_and_the_address_of_the_server() {
        let at_hand = AtHand {
            port: Some(2222),
            destination: Some("-p 2222 carol@build".to_owned()),
            host: Some("build.example".to_owned()),
            address: "192.0.2.55".parse().ok(),
            ..AtHand::default()
        };
        check(
            &at_hand,
            &[
                (
                    "`tracepath HOST`; `ip route get ADDRESS`",
                    "`tracepath build.example`; `ip route get 192.0.2.55`",
                ),
                (
                    "`ssh -G DESTINATION`, `getent ahosts HOST`",
                    "`ssh -G -p 2222 carol@build`, `getent ahosts build.example`",
                ),
                (
                    "`sudo sshmend diagnose --client ADDRESS`",
                    "`sudo sshmend diagnose --client ADDRESS`",
                ),
                (
                    "`sshmend fix known-hosts [build.example]:2222`",
                    "`sshmend fix known-hosts '[build.example]:2222'`",
                ),
            ],
        );
    }

    #[test]
    fn hostile_text_never_becomes_part_of_a_command() {
        for word in ["-oProxyCommand=x", "a;b", "a b", "$(x)", "`x`", ""] {
            assert!(!is_plain(word), "{word}");
        }
    }
}
