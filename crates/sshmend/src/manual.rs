//! The text of the manual pages and of `--help` beyond the options: examples, files, environment,
//! exit status.

use clap::{Command, CommandFactory};

use crate::cli::Cli;
use crate::output::fold;

/// The command line as data, for manual pages and completions.
pub fn definition() -> Command {
    with_examples(Cli::command(), None)
}

/// The same for help on a screen of this width.
pub(crate) fn definition_for(columns: usize) -> Command {
    with_examples(Cli::command(), Some(columns)).term_width(columns)
}

/// One command line that works as written, and its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The command line, as typed into a shell.
    pub line: &'static str,
    /// The purpose.
    pub purpose: &'static str,
}

const fn example(line: &'static str, purpose: &'static str) -> Example {
    Example { line, purpose }
}

/// The examples of a command, named as it is typed: `sshmend fix sshd-config`. Empty if there is no
/// such command.
pub fn examples(command: &str) -> &'static [Example] {
    EXAMPLES
        .iter()
        .find(|(name, _)| *name == command)
        .map_or(&[], |(_, examples)| examples)
}

const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "sshmend",
        &[
            example(
                "sudo sshmend diagnose",
                "on the server: why do connections die?",
            ),
            example(
                "sshmend diagnose build.example",
                "on the client: why does the connection to that host die?",
            ),
            example(
                "sudo sshmend fix",
                "diagnose, choose from what was found, preview, apply",
            ),
            example("sudo sshmend rollback", "undo the last change"),
        ],
    ),
    (
        "sshmend diagnose",
        &[
            example("sudo sshmend diagnose", "this machine is the server"),
            example(
                "sudo sshmend diagnose --client 192.0.2.7 --user alice",
                "the same, for the client and the account that cannot log in",
            ),
            example(
                "sshmend diagnose alice@build.example:2222",
                "from the client's side",
            ),
            example(
                "git push 2>&1 | sshmend diagnose -",
                "explain what a program printed",
            ),
            example(
                "sshmend diagnose --log /var/log/auth.log.1 --since 2h",
                "read this log instead of the journal",
            ),
        ],
    ),
    (
        "sshmend show",
        &[example(
            "sshmend show sshd-config MaxStartups",
            "one setting, with the line that decides it",
        )],
    ),
    (
        "sshmend show sshd-config",
        &[
            example(
                "sudo sshmend show sshd-config MaxStartups LoginGraceTime",
                "two settings, with the lines that decide them and the lines that lose",
            ),
            example(
                "sudo sshmend show sshd-config --connection user=alice,addr=192.0.2.7",
                "what applies to this connection, Match blocks included",
            ),
        ],
    ),
    (
        "sshmend show known-hosts",
        &[example(
            "sshmend show known-hosts '[build.example]:2222'",
            "the recorded keys of a host, hashed names included",
        )],
    ),
    (
        "sshmend show hosts-access",
        &[example(
            "sshmend show hosts-access 192.0.2.7",
            "whether TCP wrappers let this client reach sshd, and by which rule",
        )],
    ),
    (
        "sshmend show fail2ban",
        &[example(
            "sudo sshmend show fail2ban sshd",
            "the addresses that this jail never bans",
        )],
    ),
    (
        "sshmend fix",
        &[
            example(
                "sudo sshmend fix",
                "diagnose, choose from what was found, preview, apply",
            ),
            example(
                "sudo sshmend --root /mnt fix sshd-config PermitRootLogin=no",
                "repair the disk of a machine that lets nobody in",
            ),
        ],
    ),
    (
        "sshmend fix sshd-config",
        &[
            example(
                "sudo sshmend fix sshd-config MaxAuthTries=3 --confirm-within 2m",
                "undone after two minutes, unless sshmend confirm keeps it",
            ),
            example(
                "sudo sshmend fix sshd-config MaxStartups=30:30:200 --dry-run",
                "show the change and what sshd says about it; change nothing",
            ),
            example(
                "sudo sshmend fix sshd-config LoginGraceTime=30 --drop-in",
                "write the setting to a drop-in file",
            ),
        ],
    ),
    (
        "sshmend fix known-hosts",
        &[
            example(
                "sshmend fix known-hosts build.example",
                "remove the stale key of a host and nothing else",
            ),
            example(
                "sshmend fix known-hosts build.example --key-file build.pub",
                "replace it with the key that the server's owner sent",
            ),
        ],
    ),
    (
        "sshmend fix hosts-access",
        &[
            example(
                "sudo sshmend fix hosts-access --allow 192.0.2.0/24",
                "let a network reach sshd; nobody else's access changes",
            ),
            example(
                "sudo sshmend fix hosts-access --mend",
                "list the lines that could be repaired",
            ),
        ],
    ),
    (
        "sshmend fix fail2ban",
        &[example(
            "sudo sshmend fix fail2ban --ignore 192.0.2.7 --jail sshd",
            "lift the ban of an address now, and never ban it again",
        )],
    ),
    (
        "sshmend fix host-keys",
        &[example(
            "sudo sshmend fix host-keys --dry-run",
            "which host keys are missing or readable by others",
        )],
    ),
    (
        "sshmend fix privsep-directory",
        &[example(
            "sudo sshmend fix privsep-directory",
            "create /run/sshd, now and at each boot",
        )],
    ),
    (
        "sshmend fix service",
        &[example(
            "sudo sshmend fix service --restart",
            "restart sshd if `sshd -t` accepts its configuration",
        )],
    ),
    (
        "sshmend fix log-level",
        &[example(
            "sudo sshmend fix log-level DEBUG1 --for 15m",
            "log more for fifteen minutes",
        )],
    ),
    (
        "sshmend apply",
        &[
            example(
                "sudo sshmend apply /etc/sshmend/policy.toml",
                "bring the machine into the state that the policy describes",
            ),
            example(
                "sudo sshmend apply /etc/sshmend/policy.toml --dry-run",
                "name what is not as the policy wants it; exit 1 where something is not",
            ),
        ],
    ),
    (
        "sshmend compare",
        &[
            example(
                "sshmend compare main/bastion branch/bastion",
                "what a change of a configuration repository does on that machine",
            ),
            example(
                "sudo sshmend compare bastion / --only sshd-config",
                "whether this machine does what the repository says",
            ),
        ],
    ),
    (
        "sshmend logs",
        &[
            example(
                "sshmend logs --since 24h --top 5",
                "the last day of this machine: causes, sources, a timeline",
            ),
            example(
                "sshmend logs /var/log/auth.log /var/log/auth.log.*.gz",
                "rotated logs, compressed or not",
            ),
        ],
    ),
    (
        "sshmend explain",
        &[
            example("sshmend explain", "the names of all causes"),
            example(
                "sshmend explain max-startups --value 10:30:60",
                "one cause; here also how many connections this value would drop",
            ),
        ],
    ),
    (
        "sshmend history",
        &[
            example("sudo sshmend history", "every change, newest last"),
            example(
                "sudo sshmend history --prune 90d",
                "remove older changes that no rollback can need",
            ),
        ],
    ),
    (
        "sshmend rollback",
        &[example(
            "sudo sshmend rollback --dry-run",
            "show what undoing the last change would do",
        )],
    ),
    (
        "sshmend redo",
        &[example(
            "sudo sshmend redo",
            "make the change that was undone last again",
        )],
    ),
    (
        "sshmend confirm",
        &[example(
            "sudo sshmend confirm",
            "from a new connection: keep what --confirm-within would undo",
        )],
    ),
    (
        "sshmend recover",
        &[
            example(
                "sudo sshmend recover --dry-run",
                "what a crash left unfinished",
            ),
            example(
                "sudo sshmend recover --install",
                "recover at every boot, before sshd starts",
            ),
        ],
    ),
    (
        "sshmend completions",
        &[example(
            "sshmend completions bash > ~/.local/share/bash-completion/completions/sshmend",
            "complete the command in bash",
        )],
    ),
    (
        "sshmend schema",
        &[
            example("sshmend schema", "the names of all documents"),
            example(
                "sshmend schema sshmend.change/1",
                "what --format json prints of a change",
            ),
        ],
    ),
];

/// Exit codes and what they mean, for every command (`docs/exit-codes.md`).
pub const EXIT_STATUS: [(u8, &str); 6] = [
    (0, "nothing to mend, or mended"),
    (1, "findings, or changes that a dry run would make"),
    (2, "trouble; nothing was changed"),
    (
        3,
        "changed, then rolled back, because the real program did not accept the result",
    ),
    (
        4,
        "a recovery or a rollback failed, or an old transaction cannot be read: look at the machine now",
    ),
    (
        5,
        "changed, in force and proved, but that could not be recorded or printed",
    ),
];

/// Files and folders of sshmend itself, and those that it reads and edits.
pub const FILES: &[(&str, &str)] = &[
    (
        "/var/lib/sshmend",
        "root's transactions: the journal and the files as they were before. Below --root, that of the mounted disk",
    ),
    (
        "$XDG_STATE_HOME/sshmend, ~/.local/state/sshmend",
        "the transactions of a user's own known_hosts",
    ),
    (
        "/etc/ssh/sshd_config, /etc/ssh/sshd_config.d",
        "read and edited, with every file that they include",
    ),
    (
        "~/.ssh/known_hosts, /etc/ssh/ssh_known_hosts",
        "read and edited",
    ),
    ("/etc/hosts.allow", "read and edited"),
    (
        "/etc/hosts.deny",
        "read; edited only with --remove-deny or --mend",
    ),
    (
        "/etc/fail2ban",
        "read; only jail.local and files below jail.d are edited, never those of the package",
    ),
];

/// Environment variables that are read.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "NO_COLOR",
        "set to anything: no colour unless --color asks for it",
    ),
    (
        "SSH_CONNECTION",
        "the connection of the person at the keyboard, whom no change may lock out",
    ),
    (
        "SUDO_USER, SUDO_UID",
        "whose known_hosts is meant, and who may not be locked out",
    ),
    (
        "XDG_STATE_HOME, HOME",
        "where a user's transactions are kept",
    ),
];

/// The same command, with examples at the end of its help and that of its subcommands, and the exit
/// codes in the help of the top level.
fn with_examples(command: Command, columns: Option<usize>) -> Command {
    let name = command.get_name().to_owned();
    let codes: String = EXIT_STATUS
        .iter()
        .map(|(code, meaning)| format!("\n  {code}  {meaning}"))
        .map(|line| fold(&line, columns, "0  ".len()))
        .collect();
    let ending = format!("{}\n\nExit codes:{codes}", listed(&name, columns));
    below(command, &name, columns).after_help(ending)
}

fn below(command: Command, name: &str, columns: Option<usize>) -> Command {
    let command = if examples(name).is_empty() {
        command
    } else {
        command.after_help(listed(name, columns))
    };
    let name = name.to_owned();
    command.mut_subcommands(move |sub| {
        let name = format!("{name} {}", sub.get_name());
        below(sub, &name, columns)
    })
}

fn listed(name: &str, columns: Option<usize>) -> String {
    let purpose = |example: &Example| fold(&format!("      {}", example.purpose), columns, 0);
    let lines: String = examples(name)
        .iter()
        .map(|example| format!("\n  {}\n{}", example.line, purpose(example)))
        .collect();
    format!("Examples:{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments after `sshmend`, in the part of a pipe that runs it; no example needs more of
    /// a shell than this.
    fn words(line: &str) -> Vec<String> {
        let ours = &line[line.find("sshmend").expect("an example runs sshmend")..];
        let ours = ours.split(" > ").next().unwrap_or(ours);
        ours.split_whitespace()
            .map(|word| word.trim_matches('\'').to_owned())
            .collect()
    }

    #[test]
    fn every_example_is_accepted_by_its_command() {
        for (name, examples) in EXAMPLES {
            for example in *examples {
                let parsed = definition().try_get_matches_from(words(example.line));
                let mut matches =
                    &parsed.unwrap_or_else(|error| panic!("{}: {error}", example.line));
                let mut said = "sshmend".to_owned();
                while let Some((sub, below)) = matches.subcommand() {
                    said = format!("{said} {sub}");
                    matches = below;
                }
                assert!(said.starts_with(name), "{said}: an example of {name}");
            }
        }
    }

    #[test]
    fn every_command_has_an_example() {
        fn visit(command: &Command, name: &str) {
            assert!(!examples(name).is_empty(), "{name} has no example");
            for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
                visit(sub, &format!("{name} {}", sub.get_name()));
            }
        }
        visit(&definition(), "sshmend");
    }

    #[test]
    fn an_example_fits_into_eighty_columns() {
        for example in EXAMPLES.iter().flat_map(|(_, examples)| *examples) {
            assert!(example.line.len() <= 78, "{}", example.line);
            assert!(example.purpose.len() <= 74, "{}", example.purpose);
        }
    }
}
