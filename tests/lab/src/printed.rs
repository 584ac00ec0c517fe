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
    let steps = finding.steps().iter().map(|step| done(step));
    finding
        .line()
        .map(|line| vec![line])
        .into_iter()
        .chain(steps)
        .collect()
}

/// The commands of a step, its edits by hand among them.
fn done(step: &str) -> Vec<String> {
    let (edits, rest) = edits(step);
    let run = rest.iter().flat_map(|text| commands(text));
    edits.into_iter().chain(run.map(str::to_owned)).collect()
}

/// The edits by hand in a step, `put … line N of FILE`, as commands that do the same to that line; and the rest of the step.
fn edits(step: &str) -> (Vec<String>, Vec<&str>) {
    let (mut edits, mut rest, mut left) = (Vec::new(), Vec::new(), step);
    while let Some(at) = left.find("put `") {
        let Some((edit, length)) = edit(&left[at..]) else {
            break;
        };
        rest.push(&left[..at]);
        edits.push(edit);
        left = &left[at + length..];
    }
    rest.push(left);
    (edits, rest)
}

/// The editor for a file that only root writes, as a step of a client names it.
const EDITOR: &str = " (`sudoedit`)";

/// The edit that a text begins with, and the length of its words.
fn edit(text: &str) -> Option<(String, usize)> {
    let (new, rest) = text.strip_prefix("put `")?.split_once('`')?;
    let (at, _) = rest
        .match_indices("line ")
        .find(|(at, word)| rest[at + word.len()..].starts_with(|c: char| c.is_ascii_digit()))?;
    let (how, rest) = rest.split_at(at);
    let (number, rest) = rest.strip_prefix("line ")?.split_once(" of ")?;
    let path = rest.split([',', ';', ')', ' ']).next().unwrap_or_default();
    let replaced = how.split('`').nth(1);
    let what = match (how, replaced) {
        (" before ", _) => format!("s|^|{new}|"),
        (" as a line above ", _) => format!("i {new}"),
        (" at the end of ", _) => format!("s|$| {new}|"),
        (_, Some(old)) => format!("s|{}|{new}|I", old.replace('…', "[^ \"]*")),
        _ => return None,
    };
    let by = rest[path.len()..]
        .strip_prefix(EDITOR)
        .map_or(0, |_| EDITOR.len());
    let length = text.len() - rest.len() + path.len() + by;
    Some((format!("sudo sed -i '{number}{what}' {path}"), length))
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
    fn a_printed_edit_is_applied_to_its_line() {
        let cases: [(&str, &[&str]); 5] = [
            (
                "take it out: put `#` before line 3 of /etc/pam.d/sshd, put `#` before line 9 of /etc/pam.d/su; it counts at once",
                &[
                    "sudo sed -i '3s|^|#|' /etc/pam.d/sshd",
                    "sudo sed -i '9s|^|#|' /etc/pam.d/su",
                ],
            ),
            (
                "put `sshd: 198.51.100.7` as a line above line 1 of /etc/hosts.allow",
                &["sudo sed -i '1i sshd: 198.51.100.7' /etc/hosts.allow"],
            ),
            (
                "put `alice` at the end of line 2 of /etc/ssh/sshd_config; then `systemctl reload ssh`",
                &[
                    "sudo sed -i '2s|$| alice|' /etc/ssh/sshd_config",
                    "systemctl reload ssh",
                ],
            ),
            (
                "put `#` before line 2 of /etc/ssh/ssh_config (`sudoedit`), and try again",
                &["sudo sed -i '2s|^|#|' /etc/ssh/ssh_config"],
            ),
            (
                "put `MaxStartups=9` in the place of `MaxStartups=…` in line 1 of /etc/default/ssh",
                &["sudo sed -i '1s|MaxStartups=[^ \"]*|MaxStartups=9|I' /etc/default/ssh"],
            ),
        ];
        for (step, wanted) in cases {
            assert_eq!(done(step), wanted, "{step}");
        }
    }

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
