//! Machines that are changed exactly as a page of the documentation says: a fleet from the client,
//! or one server by a person who is logged in there.
//!
//! A fenced block of the page that is opened by `LANGUAGE FILE` becomes a file in the working
//! directory. In a block opened by `console`, the lines that begin with `$ ` are run there; each
//! line below such a line must be found in the output, where any number of blanks counts as one,
//! and `…` matches anything between two pieces.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::args::Args;
use crate::binary;
use crate::case::{Case, Fleet, Place};
use crate::check::{Check, Verdict, holds};
use crate::command::Output;
use crate::controller;
use crate::error::{LabError, trying};
use crate::image;
use crate::machine::{Machine, User};
use crate::network::Network;
use crate::project;
use crate::role::Role;
use crate::suite::Suite;

/// The longest that one command of the page may take, in seconds.
const LIMIT: u32 = 600;
/// The working directory on the client, and that on a server.
const FOLDER: &str = "/home/alice/fleet";
const HOME: &str = "/home/alice";

/// The servers, as many of them as a case has.
const ROLES: [Role; 3] = [Role::Server, Role::Second, Role::Third];

/// A step of a page.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    File { name: String, content: String },
    Command { line: String, shows: Vec<String> },
}

/// The machines of a fleet.
struct Machines {
    servers: Vec<Machine>,
    client: Machine,
    at: Place,
    _networks: [Network; 4],
}

/// Follows the page; one check a command.
pub(crate) fn run(
    case: &Case,
    fleet: &Fleet,
    suite: Suite,
    args: &Args,
    tell: &mut impl FnMut(Check) -> bool,
) -> Result<(), LabError> {
    let page = project().join(&fleet.page);
    let text = trying(page.display().to_string(), fs::read_to_string(&page))?;
    let machines = Machines::start(fleet, suite, &args.place)?;
    machines.introduce()?;
    let Some(sshmend) = &args.sshmend else {
        return Ok(());
    };
    controller::equip(&machines.client, Path::new(FOLDER), sshmend)?;
    controller::install(&machines.client, fleet, suite)?;
    if !fleet.bare {
        machines
            .servers
            .iter()
            .try_for_each(|server| binary::install(server, sshmend))?;
    }
    machines.prepare(case)?;
    for step in steps(&text) {
        match step {
            Step::File { name, content } => machines.write(&name, &content)?,
            Step::Command { line, shows } => {
                let check = Check::ask(&line, || {
                    let output = machines.say(&line)?;
                    record(case, suite, args, &line, &output)?;
                    Ok(judge(&line, &shows, &output))
                });
                if !tell(check) {
                    break;
                }
            }
        }
    }
    Ok(())
}

impl Machines {
    fn start(fleet: &Fleet, suite: Suite, place: &Path) -> Result<Self, LabError> {
        let networks = Network::joined()?;
        let [first, to_client, second, third] = &networks;
        let start =
            |role, suite, network| Machine::start(role, suite, &image::path(suite), place, network);
        let servers = ROLES
            .into_iter()
            .zip([first, second, third])
            .zip(&fleet.servers)
            .map(|((role, network), suite)| start(role, *suite, network))
            .collect::<Result<_, _>>()?;
        let client = start(Role::Client, suite, to_client)?;
        Ok(Self {
            servers,
            client,
            at: fleet.at,
            _networks: networks,
        })
    }

    /// Gives alice of the client access to all servers, their host keys and the address of the
    /// third one.
    fn introduce(&self) -> Result<(), LabError> {
        let read = |machine: &Machine, path: &str| {
            let path = machine.path(path);
            trying(path.display().to_string(), fs::read_to_string(&path))
        };
        let alice = read(&self.client, "/home/alice/.ssh/id_ed25519.pub")?;
        let mut known = String::new();
        for server in &self.servers {
            server.write(
                Path::new("/home/alice/.ssh/authorized_keys"),
                alice.as_bytes(),
            )?;
            let key = read(server, "/etc/ssh/ssh_host_ed25519_key.pub")?;
            known.push_str(&format!("{} {key}", server.role.name()));
        }
        self.client
            .write(Path::new("/home/alice/.ssh/known_hosts"), known.as_bytes())?;
        let hosts = read(&self.client, "/etc/hosts")? + "198.18.0.30 third\n";
        self.client.write(Path::new("/etc/hosts"), hosts.as_bytes())
    }

    /// Prepares `server` as the case requires before the page begins.
    fn prepare(&self, case: &Case) -> Result<(), LabError> {
        let Some(server) = self.servers.first() else {
            return Ok(());
        };
        for (path, content) in &case.server.files {
            server.write(path, content.as_bytes())?;
        }
        if !case.server.run.is_empty() {
            let script = format!("set -e\n{}", case.server.run);
            server.shell(User::Root, &script, LIMIT)?.ok("the case")?;
        }
        Ok(())
    }

    /// Writes a file of the page into the working directory.
    fn write(&self, name: &str, content: &str) -> Result<(), LabError> {
        let (machine, folder) = match (self.at, self.servers.first()) {
            (Place::Server, Some(server)) => (server, HOME),
            _ => (&self.client, FOLDER),
        };
        machine.write(&Path::new(folder).join(name), content.as_bytes())
    }

    fn say(&self, line: &str) -> Result<Output, LabError> {
        let script = match self.at {
            Place::Client => format!("cd {FOLDER} && {line}"),
            Place::Server => format!("ssh server '{}'", line.replace('\'', r"'\''")),
        };
        self.client.shell(User::Alice, &script, LIMIT)
    }
}

/// Whether a command succeeded and printed what the page shows.
fn judge(line: &str, shows: &[String], output: &Output) -> Verdict {
    let said: Vec<String> = output.said().lines().map(squeezed).collect();
    let missing = shows
        .iter()
        .find(|shown| !said.iter().any(|line| matches(line, &squeezed(shown))));
    holds(fine(line, output.code), || {
        format!("it ended with {}:\n{}", output.code, output.said())
    })
    .and(holds(missing.is_none(), || {
        format!(
            "{:?} is not in:\n{}",
            missing.map(String::as_str).unwrap_or_default(),
            output.said()
        )
    }))
}

/// Adds a command and its output to the recording, if there is one.
fn record(
    case: &Case,
    suite: Suite,
    args: &Args,
    line: &str,
    output: &Output,
) -> Result<(), LabError> {
    let Some(folder) = &args.record else {
        return Ok(());
    };
    let folder = folder.join(&case.name).join(suite.name());
    trying(folder.display().to_string(), fs::create_dir_all(&folder))?;
    let path = folder.join("commands.txt");
    let text = format!("$ {line}\n{}[{}]\n", output.said(), output.code);
    let mut options = OpenOptions::new();
    let written = options
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    trying(path.display().to_string(), written)
}

/// Whether a command ended as it should: one that only examines exits with 1 if it finds something.
fn fine(line: &str, code: i32) -> bool {
    let looks = ["--dry-run", "sshmend compare", "sshmend diagnose"];
    code == 0 || code == 1 && looks.iter().any(|word| line.contains(word))
}

/// Whether a line contains the shown pieces, one after another.
fn matches(line: &str, shown: &str) -> bool {
    let mut rest = Some(line);
    for piece in shown.split('…') {
        let piece = piece.trim();
        rest = rest
            .and_then(|rest| rest.split_once(piece))
            .map(|(_, rest)| rest);
    }
    rest.is_some()
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads the files and commands of a page, in order.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(opening) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match opening.split_once(' ') {
            Some((_, name)) => steps.push(Step::File {
                name: name.to_owned(),
                content: block.join("\n") + "\n",
            }),
            None if opening == "console" => steps.extend(commands(&block)),
            None => {}
        }
    }
    steps
}

fn commands(block: &[&str]) -> Vec<Step> {
    let mut found: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(line), _) => found.push(Step::Command {
                line: line.to_owned(),
                shows: Vec::new(),
            }),
            (None, Some(Step::Command { shows, .. })) if !line.is_empty() => {
                shows.push((*line).to_owned());
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_in_pieces() {
        assert!(matches(
            "server : ok=3 changed=1 failed=0",
            "server : … changed=1"
        ));
        assert!(matches("a b", "…"));
        assert!(!matches("server : changed=1 ok=3", "changed=1 … server"));
    }

    #[test]
    fn only_a_read_only_command_may_exit_with_1() {
        assert!(fine("sudo sshmend fix sshd-config A=1 --dry-run", 1));
        assert!(!fine("sudo sshmend fix sshd-config A=1 --dry-run", 2));
        assert!(!fine("sudo sshmend fix sshd-config A=1 --yes", 1));
    }

    #[test]
    fn a_fleet_page_is_parsed_into_files_and_commands() {
        let page = "# T\n```ini hosts\n[a]\n```\ntext\n```sh\nnot run\n```\n```console\n$ one\nshown  twice\n\n$ two\n```\n";
        let command = |line: &str, shows: &[&str]| Step::Command {
            line: line.to_owned(),
            shows: shows.iter().map(|shown| (*shown).to_owned()).collect(),
        };
        let file = Step::File {
            name: "hosts".to_owned(),
            content: "[a]\n".to_owned(),
        };
        assert_eq!(
            steps(page),
            [file, command("one", &["shown  twice"]), command("two", &[])]
        );
    }
}
