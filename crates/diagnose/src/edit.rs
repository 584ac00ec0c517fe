//! Commands that change one line of a file, for the steps of findings.
//!
//! The previous file is kept beside it as FILE.old. Text from the machine is put into such a
//! command only if shell and sed take it literally.

use std::fmt;
use std::path::Path;

use sshmend_facts::Facts;
use sshmend_lossless::Origin;
use sshmend_plan::Wish;
use sshmend_sshd_config::{Assignment, Operator, Setting};

use crate::quote::quoted;

/// Whether commands can be run on the machine in question: on a mounted disk the paths differ, and
/// no daemon runs.
pub(crate) fn is_here(facts: &Facts<'_>) -> bool {
    !facts.question.offline
}

/// A command that changes a line of sshd's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    /// A command of sshmend, which also makes sshd reload.
    Own(String),
    /// One that changes the file and nothing else.
    Plain(String),
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(command) | Self::Plain(command) => f.write_str(command),
        }
    }
}

/// The sshmend command line for a wish, quoted for a shell.
pub(crate) fn command(wish: &Wish) -> String {
    let words: Vec<String> = wish.argv().iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// The command that makes a comment of a line.
pub(crate) fn comment_out(line: &Origin) -> String {
    by_sed(line, "s/^/#/")
}

/// The command that inserts a line above one; `None` if the text would have to be quoted in it.
pub(crate) fn write_above(line: &Origin, text: &str) -> Option<String> {
    is_plain(text).then(|| by_sed(line, &format!("i {text}")))
}

/// The command that appends a word to a line; `None` if the word would have to be quoted in it.
fn append(line: &Origin, word: &str) -> Option<String> {
    is_plain(word).then(|| by_sed(line, &format!("s/$/ {word}/")))
}

/// The command that replaces the text between `before` and a blank or a quotation mark by `with`,
/// in any case.
pub(crate) fn replace_after(line: &Origin, before: &str, with: &str) -> Option<String> {
    let fits = is_plain(before) && is_plain(with);
    fits.then(|| by_sed(line, &format!("s/{before}[^ \"]*/{before}{with}/I")))
}

/// The command that replaces one word by another, in any case; `None` if a word would have to be
/// quoted in it.
pub(crate) fn replace_word(line: &Origin, word: &str, with: &str) -> Option<String> {
    let fits = is_plain(word) && is_plain(with);
    fits.then(|| by_sed(line, &format!("s/{word}/{with}/I")))
}

fn by_sed(line: &Origin, script: &str) -> String {
    let path = line.path.display().to_string();
    // A client's system-wide files are root's; on a server the reader of the steps is root.
    let sudo = if is_of_ssh(&line.path) { "sudo " } else { "" };
    format!("{sudo}sed -i.old '{}{script}' {}", line.line, quoted(&path))
}

/// Whether this is the file that ssh reads for all users, or one of its drop-ins.
fn is_of_ssh(path: &Path) -> bool {
    path.starts_with("/etc/ssh/ssh_config") || path.starts_with("/etc/ssh/ssh_config.d")
}

/// Whether a text means nothing to a shell between `'` or to sed.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@:=,+ []!%".contains(&byte);
    let dotted = |byte: u8| byte == b'.' || plain(byte);
    !text.is_empty() && text.bytes().all(dotted)
}

/// The change of a sshd setting.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// Set it to this value; in a Match block, remove the line.
    Value(&'a str),
    /// Add a word to the list.
    Add(&'a str),
    /// Remove a word from the list; if it is the only one, remove the line.
    Remove(&'a str),
    /// It has its default.
    Default,
}

/// The command that changes a setting of sshd in its place: that of sshmend, except to add a word
/// to a list in a Match block. `None` if the command line of sshd decides, or if the value would
/// have to be quoted.
pub(crate) fn change(
    facts: &Facts<'_>,
    setting: &Setting,
    key: &str,
    change: Change<'_>,
) -> Option<Edit> {
    if !is_here(facts) {
        return None;
    }
    let lines: Vec<&Origin> = setting.origin.iter().chain(&setting.also).collect();
    let deciding = match change {
        Change::Remove(word) => lines
            .iter()
            .find(|line| facts.line(&line.path, line.line).contains(word)),
        _ => lines.first(),
    };
    let line = deciding.filter(|line| line.path.is_absolute())?;
    let wish = match (change, facts.is_in_block(line)) {
        (Change::Add(word), true) => return append(line, word).map(Edit::Plain),
        (Change::Remove(_), true) if setting.values.len() > 1 => return None,
        (_, true) => Wish::comment_out(vec![(*line).clone()]),
        (Change::Value(value), false) => Wish::setting(key, value),
        (Change::Add(word), false) => Wish::assign(Assignment::new(key, Operator::Add, word)),
        (Change::Remove(word), false) if setting.values.len() > 1 => {
            Wish::assign(Assignment::new(key, Operator::Remove, word))
        }
        (Change::Remove(_) | Change::Default, false) => Wish::unset(&[key]),
    };
    Some(Edit::Own(command(&wish)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_named_by_its_number_and_the_old_file_stays() {
        let line = Origin::new("/etc/hosts.allow", 7);
        assert_eq!(comment_out(&line), "sed -i.old '7s/^/#/' /etc/hosts.allow");
        let of_all = Origin::new("/etc/ssh/ssh_config", 3);
        assert_eq!(
            comment_out(&of_all),
            "sudo sed -i.old '3s/^/#/' /etc/ssh/ssh_config"
        );
        let blank = Origin::new("/home/a b/.ssh/config", 1);
        assert_eq!(
            comment_out(&blank),
            "sed -i.old '1s/^/#/' '/home/a b/.ssh/config'"
        );
        assert_eq!(
            replace_after(&line, "MaxSessions=", "10").as_deref(),
            Some("sed -i.old '7s/MaxSessions=[^ \"]*/MaxSessions=10/I' /etc/hosts.allow")
        );
    }

    #[test]
    fn what_a_shell_or_sed_would_read_is_not_put_into_a_command() {
        let line = Origin::new("/etc/hosts.allow", 7);
        for text in ["", "a'b", "a/b", "a&b", "a\\b", "a\nb", "$(x)"] {
            assert_eq!(write_above(&line, text), None, "{text:?}");
            assert_eq!(append(&line, text), None, "{text:?}");
        }
    }
}
