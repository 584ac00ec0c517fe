//! The commands that the steps of a finding print, run word for word, as a reader would.

use crate::bench::{Bench, STEP};
use crate::case::Expect;
use crate::check::Verdict;
use crate::diagnosis::{self, Finding, Findings};
use crate::error::LabError;
use crate::machine::{Machine, User};

/// A program that only shows something, with the words that its command line must contain, if any.
const LOOKS: [(&str, &[&str]); 31] = [
    ("aa-status", &[]),
    ("ausearch", &[]),
    ("cat", &[]),
    ("chage", &["-l"]),
    ("df", &[]),
    ("dmesg", &[]),
    ("for", &["ssh-keygen"]),
    ("getent", &[]),
    ("grep", &[]),
    ("ip", &["get"]),
    ("ip", &["show"]),
    ("iptables", &["-S"]),
    ("journalctl", &[]),
    ("ldd", &[]),
    ("ls", &[]),
    ("lsns", &[]),
    ("nft", &["list"]),
    ("ps", &[]),
    ("readlink", &[]),
    ("ss", &[]),
    ("ssh", &[]),
    ("ssh-keygen", &["-l"]),
    ("sshd", &["-T"]),
    ("sshmend", &["diagnose"]),
    ("sshmend", &["show"]),
    ("systemctl", &["cat"]),
    ("systemctl", &["show"]),
    ("systemctl", &["status"]),
    ("time", &[]),
    ("tracepath", &[]),
    ("type", &[]),
];

/// Words of steps for which the reader puts in another.
const GAPS: [&str; 18] = [
    "ADDRESS",
    "CERTIFICATE",
    "CLIENT",
    "COMMAND",
    "COUNT",
    "DATE",
    "DESTINATION",
    "DIR",
    "FILE",
    "GROUP",
    "HOST",
    "KEY",
    "NAME",
    "PATH",
    "PID",
    "PORT",
    "ROUTER",
    "YOUR-ADDRESS",
];

/// Messages of a shell or a program about a command that cannot be run as printed.
const NOT_RUN: [&str; 5] = [
    "command not found",
    "invalid option",
    "unrecognized option",
    "Unknown operation",
    "unexpected argument",
];

/// Runs what both sides print, the server's first, one step after the other until the connection
/// works: the command of a finding, then its steps. If the case has further faults, the server is
/// diagnosed again after each round.
pub(crate) fn mends(bench: &Bench, found: Findings) -> Result<Verdict, LabError> {
    let remedy = &bench.case.remedy;
    let (mut server, mut client) = (found.server, found.client);
    let mut ran = Vec::new();
    for round in 0..=remedy.further {
        if round > 0 {
            let wanted = Expect::of(bench.case, &bench.case.expect.server);
            if let Err(why) = diagnosis::one(bench, &bench.server, &wanted, &mut server)? {
                return Ok(Err(why));
            }
        }
        let sides = [
            (server.take(), &bench.server, User::Root),
            (client.take(), &bench.client, User::Alice),
        ];
        for (finding, machine, user) in sides {
            for commands in finding.iter().flat_map(all) {
                for command in &commands {
                    if let Err(why) = run(bench, machine, user, command)? {
                        return Ok(Err(why));
                    }
                }
                let tried = !commands.is_empty();
                ran.extend(commands);
                if tried && bench.works()?.is_ok() {
                    return Ok(Ok(()));
                }
            }
        }
    }
    Ok(Err(if ran.is_empty() {
        "no step prints a command that mends".to_owned()
    } else {
        format!(
            "every printed command was run, and none has helped: {}",
            ran.join("; ")
        )
    }))
}

/// The commands of a finding, in order: its own command, then those of each step.
fn all(finding: &Finding) -> Vec<Vec<String>> {
    let steps = finding.steps().iter().map(|step| commands(step));
    let owned = steps.map(|step| step.into_iter().map(str::to_owned).collect());
    finding
        .line()
        .map(|line| vec![line])
        .into_iter()
        .chain(owned)
        .collect()
}

fn run(bench: &Bench, machine: &Machine, user: User, command: &str) -> Result<Verdict, LabError> {
    // A command of sshmend asks before it changes anything: the reader says yes.
    let yes = if command.contains("sshmend fix ") {
        " --yes"
    } else {
        ""
    };
    let script = format!("exec < /dev/null\n{command}{yes}");
    let output = bench.told(machine, user, &script, STEP)?;
    let said = output.said();
    let not_run =
        matches!(output.code, 126 | 127) || NOT_RUN.iter().any(|words| said.contains(words));
    Ok(if not_run || output.code != 0 {
        Err(format!("`{command}` ended with {}: {said}", output.code))
    } else {
        Ok(())
    })
}

/// The commands of a step that change something, without those that show something and those with a
/// gap to fill in.
fn commands(step: &str) -> Vec<&str> {
    let quoted = step.split('`').skip(1).step_by(2);
    quoted
        .filter(|command| !is_a_look(command) && !has_a_gap(command))
        .collect()
}

/// Whether a command need not be run: it only shows something, or it is not a command at all but a
/// single word, or a line of a file, which starts with a capital.
fn is_a_look(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let first = words.first().copied().unwrap_or_default();
    LOOKS
        .iter()
        .any(|(program, with)| *program == first && with.iter().all(|word| words.contains(word)))
        || !first.starts_with(|c: char| c.is_ascii_lowercase() || c == '/')
        || words.len() < 2
}

/// Whether the reader must fill something in: a word in capitals, or an ellipsis.
fn has_a_gap(command: &str) -> bool {
    let words = command.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    command.contains('…') || words.into_iter().any(|word| GAPS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_commands_that_change_something_are_run() {
        let cases: [(&str, &[&str]); 6] = [
            (
                "see why: `journalctl -u ssh -n 50`, then `systemctl restart ssh`",
                &["systemctl restart ssh"],
            ),
            ("stop it: `kill PID`, or write `Port 22` there", &[]),
            (
                "`iptables -D INPUT -s 198.51.100.11 -j REJECT`, `ip rule show`",
                &["iptables -D INPUT -s 198.51.100.11 -j REJECT"],
            ),
            (
                "lift it: `sshmend fix fail2ban --ignore 198.51.100.11`, or try `ssh -v …`",
                &["sshmend fix fail2ban --ignore 198.51.100.11"],
            ),
            ("read sshd_config(5), `sshd`", &[]),
            ("`sudo sshmend diagnose --client YOUR-ADDRESS`", &[]),
        ];
        for (step, wanted) in cases {
            assert_eq!(commands(step), wanted, "{step}");
        }
    }
}
