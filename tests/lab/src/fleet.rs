//! Two servers of different suites, mended from the client as a page of the documentation says, word for word.
//!
//! A fenced block of the page that is opened by `LANGUAGE FILE` becomes a file in the client's working directory. In a block
//! opened by `console`, the lines that begin with `$ ` are run there; each line below such a line must be found in
//! what it prints, where any number of blanks counts as one.

use std::fs;
use std::path::Path;

use crate::args::Args;
use crate::case::Fleet;
use crate::check::{Check, Verdict, holds};
use crate::error::{LabError, trying};
use crate::image;
use crate::machine::{Machine, Role, User};
use crate::network::Network;
use crate::remedy;
use crate::suite::Suite;

/// The longest that one command of the page may take, in seconds.
const LIMIT: u32 = 240;
const FOLDER: &str = "/home/alice/fleet";

/// What a page asks for.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    File { name: String, content: String },
    Command { line: String, shows: Vec<String> },
}

/// The machines of a fleet.
struct Machines {
    servers: [Machine; 2],
    client: Machine,
    _networks: [Network; 3],
}

/// Follows the page; one check a command.
pub(crate) fn run(
    fleet: &Fleet,
    suite: Suite,
    args: &Args,
    tell: &mut impl FnMut(Check) -> bool,
) -> Result<(), LabError> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(&fleet.page);
    let text = trying(page.display().to_string(), fs::read_to_string(&page))?;
    let machines = Machines::start(fleet, suite, &args.place)?;
    machines.introduce()?;
    let Some(binary) = &args.sshmend else {
        return Ok(());
    };
    machines
        .servers
        .iter()
        .try_for_each(|server| remedy::install(server, binary))?;
    for step in steps(&text) {
        match step {
            Step::File { name, content } => {
                machines
                    .client
                    .write(&Path::new(FOLDER).join(name), content.as_bytes())?;
            }
            Step::Command { line, shows } => {
                if !tell(Check::ask(&line, || machines.follow(&line, &shows))) {
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
        let [first, client, second] = &networks;
        let start =
            |role, suite, network| Machine::start(role, suite, &image::path(suite), place, network);
        let servers = [
            start(Role::Server, fleet.servers[0], first)?,
            start(Role::Second, fleet.servers[1], second)?,
        ];
        let client = start(Role::Client, suite, client)?;
        Ok(Self {
            servers,
            client,
            _networks: networks,
        })
    }

    /// Lets alice of the client in at both servers, and tells her their keys.
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
            .write(Path::new("/home/alice/.ssh/known_hosts"), known.as_bytes())
    }

    fn follow(&self, line: &str, shows: &[String]) -> Result<Verdict, LabError> {
        let output = self
            .client
            .shell(User::Alice, &format!("cd {FOLDER} && {line}"), LIMIT)?;
        let said: Vec<String> = output.said().lines().map(squeezed).collect();
        let missing = shows.iter().find(|shown| {
            !said
                .iter()
                .any(|line| line.contains(squeezed(shown).as_str()))
        });
        Ok(holds(output.code == 0, || {
            format!("it ended with {}:\n{}", output.code, output.said())
        })
        .and(holds(missing.is_none(), || {
            format!(
                "{:?} is not in:\n{}",
                missing.map(String::as_str).unwrap_or_default(),
                output.said()
            )
        })))
    }
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
    fn a_page_is_files_and_commands() {
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
