//! Commands of sshmend in hints and notes, for the machine and state that this run is about.
//!
//! A hint is written where only the fault is known: `sshmend history lists them`. On a mounted disk,
//! `--root DIR` belongs to it, or it would be about the running machine.

/// The commands that read or change the machine, with the words that belong to each.
const COMMANDS: [&str; 16] = [
    "fix sshd-config",
    "fix known-hosts",
    "fix hosts-access",
    "fix fail2ban",
    "fix host-keys",
    "fix privsep-directory",
    "show sshd-config",
    "show known-hosts",
    "show hosts-access",
    "show fail2ban",
    "history",
    "rollback",
    "redo",
    "recover",
    "confirm",
    "diagnose",
];

/// The text with these options, such as ` --root /mnt`, in each such command.
pub(crate) fn with_options(text: &str, options: &str) -> String {
    if options.is_empty() || text.contains("--root ") || text.contains("--state ") {
        return text.to_owned();
    }
    let mut parts = text.split("sshmend ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("sshmend ");
        match COMMANDS.iter().find(|command| begins(part, command)) {
            Some(command) => {
                out.push_str(&format!("{command}{options}{}", &part[command.len()..]));
            }
            None => out.push_str(part),
        }
    }
    out
}

fn begins(part: &str, command: &str) -> bool {
    let Some(rest) = part.strip_prefix(command) else {
        return false;
    };
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
    ends && (command != "diagnose" || is_of_this_machine(rest))
}

/// Whether a diagnosis is of this machine: no destination, log or message follows.
fn is_of_this_machine(rest: &str) -> bool {
    let words = rest.strip_prefix(' ').unwrap_or_default();
    let word = words.split(' ').next().unwrap_or_default();
    word == "--client" || word.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_a_hint_name_the_machine_of_this_run() {
        let said = |text: &str| with_options(text, " --root /mnt");
        assert_eq!(
            said("sshmend history lists them"),
            "sshmend history --root /mnt lists them"
        );
        assert_eq!(
            said("`sshmend confirm X` keeps it, `sshmend rollback X` undoes it"),
            "`sshmend confirm --root /mnt X` keeps it, `sshmend rollback --root /mnt X` undoes it"
        );
        assert_eq!(
            said("mend that first: sshmend diagnose names it"),
            "mend that first: sshmend diagnose --root /mnt names it"
        );
        for text in [
            "sshmend explain lists them all",
            "sshmend diagnose - reads all of what was printed",
            "`sshmend diagnose HOST` connects; `sshmend diagnose --log FILE` does not",
            "sshmend fix service mends that first",
            "sshmend fix sshd-config LogLevel=DEBUG --root /mnt sets it",
        ] {
            assert_eq!(said(text), text);
        }
        assert_eq!(with_options("sshmend redo", ""), "sshmend redo");
    }
}
