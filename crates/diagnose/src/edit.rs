//! Changes of one line of a file, for the steps of findings: a command of sshmend, or an edit by hand if sshmend does not write
//! that file.
//!
//! Text from the machine is put into them only if it can be read literally.

use std::fmt;
use std::path::Path;

use sshmend_facts::Facts;
use sshmend_lossless::{Origin, quoted};
use sshmend_plan::Wish;
use sshmend_sshd_config::{Assignment, Operator, Setting};

/// Whether commands can be run on the machine that is looked at: on a mounted disk its paths are others, and no daemon of it runs.
pub(crate) fn is_here(facts: &Facts<'_>) -> bool {
    !facts.question.offline
}

/// A change of a line of sshd's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    /// One of sshmend's own, which has sshd read what it wrote.
    Own(String),
    /// An edit of the file by hand; sshd has to reload after it.
    ByHand(String),
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(command) => write!(f, "`{command}`"),
            Self::ByHand(what) => f.write_str(what),
        }
    }
}

/// The command of sshmend that a wish asks for, as a shell reads it.
pub(crate) fn command(wish: &Wish) -> String {
    let words: Vec<String> = wish.argv().iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// The edit that makes a comment of a line.
pub(crate) fn comment_out(line: &Origin) -> String {
    format!("put `#` before {}", place(line))
}

/// The edit that inserts a line above one; `None` if the text would have to be quoted.
pub(crate) fn write_above(line: &Origin, text: &str) -> Option<String> {
    is_plain(text).then(|| format!("put `{text}` as a line above {}", place(line)))
}

/// The edit that appends a word to a line; `None` if the word would have to be quoted.
fn append(line: &Origin, word: &str) -> Option<String> {
    is_plain(word).then(|| format!("put `{word}` at the end of {}", place(line)))
}

/// The edit that replaces the text after `before` by `with`; `None` if one of them would have to be quoted.
pub(crate) fn replace_after(line: &Origin, before: &str, with: &str) -> Option<String> {
    let fits = is_plain(before) && is_plain(with);
    fits.then(|| {
        format!(
            "put `{before}{with}` in the place of `{before}…` in {}",
            place(line)
        )
    })
}

/// The edit that replaces one word by another; `None` if a word would have to be quoted.
pub(crate) fn replace_word(line: &Origin, word: &str, with: &str) -> Option<String> {
    let fits = is_plain(word) && is_plain(with);
    fits.then(|| format!("put `{with}` in the place of `{word}` in {}", place(line)))
}

/// The line, for an editor: `sed -i` replaces a link by a file, and edits another line once the file has changed.
fn place(line: &Origin) -> String {
    // A client's system-wide files are root's; on a server the reader of the steps is root.
    let sudo = if is_of_ssh(&line.path) {
        " (`sudoedit`)"
    } else {
        ""
    };
    let path = line.path.display().to_string();
    format!("line {} of {}{sudo}", line.line, quoted(&path))
}

/// Whether this is the file that ssh reads for all users, or one of its drop-ins.
fn is_of_ssh(path: &Path) -> bool {
    path.starts_with("/etc/ssh/ssh_config") || path.starts_with("/etc/ssh/ssh_config.d")
}

/// Whether a text can be read as it is, in the middle of a sentence.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@:=,+ []!%".contains(&byte);
    let dotted = |byte: u8| byte == b'.' || plain(byte);
    !text.is_empty() && text.bytes().all(dotted)
}

/// The change of a sshd setting.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// It gets this value; a line of a Match block is taken out.
    Value(&'a str),
    /// A list gets a further word.
    Add(&'a str),
    /// A list loses a word; where that is all that it has, its line goes.
    Remove(&'a str),
    /// It has its default.
    Default,
}

/// The change of a setting where it is set: a command of sshmend, except for a word added to a list in a Match block; `None` if
/// the command line of sshd decides, or if the value has to be quoted.
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
        (Change::Add(word), true) => return append(line, word).map(Edit::ByHand),
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
    fn edit_steps_name_the_line_number_and_the_file() {
        let line = Origin::new("/etc/hosts.allow", 7);
        assert_eq!(
            comment_out(&line),
            "put `#` before line 7 of /etc/hosts.allow"
        );
        let of_all = Origin::new("/etc/ssh/ssh_config", 3);
        assert_eq!(
            comment_out(&of_all),
            "put `#` before line 3 of /etc/ssh/ssh_config (`sudoedit`)"
        );
        let blank = Origin::new("/home/a b/.ssh/config", 1);
        assert_eq!(
            comment_out(&blank),
            "put `#` before line 1 of '/home/a b/.ssh/config'"
        );
        assert_eq!(
            replace_after(&line, "MaxSessions=", "10").as_deref(),
            Some(
                "put `MaxSessions=10` in the place of `MaxSessions=…` in line 7 of /etc/hosts.allow"
            )
        );
    }

    #[test]
    fn text_that_needs_quoting_gets_no_edit_command() {
        let line = Origin::new("/etc/hosts.allow", 7);
        for text in ["", "a'b", "a/b", "a&b", "a\\b", "a\nb", "$(x)"] {
            assert_eq!(write_above(&line, text), None, "{text:?}");
            assert_eq!(append(&line, text), None, "{text:?}");
        }
    }
}
