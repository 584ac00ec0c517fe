//! The questions that the real program answers, before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::Bound;

use sshmend_lossless::{CommandOutput, NotRun, Step, glob_matches};

/// One run of a real program, and the required result.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Check {
    /// Its name in the preview, such as `sshd -t`.
    pub title: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its standard input, used instead of the files of the plan; then it needs no rehearsal.
    pub stdin: Option<Vec<u8>>,
    /// The required result.
    pub expect: Expect,
    /// The answer, if the program was asked while the plan was made.
    pub answer: Option<Result<CommandOutput, NotRun>>,
}

/// The result required for a check to succeed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expect {
    /// It exits with 0.
    Success,
    /// It exits with 0 and prints this line; blanks at the ends and the case of ASCII letters do not count.
    Line(String),
    /// It exits with 0, and the lines that begin with this word contain exactly these values, in
    /// any order, ignoring the case of ASCII letters.
    Values(String, Vec<String>),
    /// It exits with 0, and the list of this keyword is its default modified by `+NAMES`, `-NAMES`
    /// or `^NAMES`: sshd prints the resulting list.
    Changed(String, String),
    /// Whatever its exit code, a line of its output or errors begins with this text and continues
    /// after it.
    Continues(String),
    /// It exits with 0 and its output holds this text.
    Mention(String),
    /// It exits with 0 and, for each of these prefixes, there is a line with the prefix and all of
    /// these texts. No prefix begins with another one.
    LinesWith(BTreeMap<String, Vec<String>>),
    /// It exits with 0 and none of the words of its output is this one.
    SilenceWord(String),
    /// It exits with 0, or with 1 if it finds nothing, and its output contains this text this many
    /// times.
    Times(String, usize),
    /// However it exits, neither its output nor its complaints contain this text.
    NoWordOf(String),
}

impl Check {
    /// Asks for exit code 0.
    pub fn success(title: &str, argv: &[&str]) -> Self {
        Self::new(title, argv, Expect::Success)
    }

    /// Asks for more than an exit code.
    pub fn new(title: &str, argv: &[&str], expect: Expect) -> Self {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        Self {
            title: title.to_owned(),
            argv,
            stdin: None,
            expect,
            answer: None,
        }
    }

    /// A step, which has to exit with 0.
    pub fn of(step: &Step) -> Self {
        Self {
            title: step.title(),
            argv: step.argv(),
            stdin: None,
            expect: Expect::Success,
            answer: None,
        }
    }

    /// The same, reading these bytes from standard input.
    #[must_use]
    pub fn reading(mut self, stdin: &[u8]) -> Self {
        self.stdin = Some(stdin.to_vec());
        self
    }

    /// Whether the answer is the one asked for.
    pub fn holds(&self, answer: &CommandOutput) -> bool {
        let text = String::from_utf8_lossy(&answer.stdout);
        let said = |line: &str| {
            text.lines()
                .any(|said| said.trim().eq_ignore_ascii_case(line.trim()))
        };
        match &self.expect {
            Expect::Success => answer.success(),
            Expect::Line(line) => {
                answer.success() && (said(line) || other_name(line).is_some_and(said))
            }
            Expect::Values(key, values) => answer.success() && has_values(&text, key, values),
            Expect::Changed(key, change) => answer.success() && has_changed(&text, key, change),
            Expect::Continues(start) => {
                let complaints = String::from_utf8_lossy(&answer.stderr);
                let mut lines = text.lines().chain(complaints.lines());
                let goes_on = |rest: &str| !rest.trim().is_empty();
                lines.any(|line| line.strip_prefix(start.as_str()).is_some_and(goes_on))
            }
            Expect::Mention(words) => answer.success() && text.contains(words.as_str()),
            Expect::LinesWith(wanted) => answer.success() && has_lines(&text, wanted),
            Expect::SilenceWord(word) => {
                answer.success() && !text.split_whitespace().any(|said| said == word)
            }
            Expect::Times(words, count) => {
                let ended = matches!((answer.code, count), (Some(0), _) | (Some(1), 0));
                ended && text.matches(words.as_str()).count() == *count
            }
            Expect::NoWordOf(words) => {
                let complaints = String::from_utf8_lossy(&answer.stderr);
                !text.contains(words.as_str()) && !complaints.contains(words.as_str())
            }
        }
    }
}

/// Debian's sshd prints QUIET by its old name, and `sshd -V` does not say of each release that it is Debian's.
fn other_name(line: &str) -> Option<&'static str> {
    line.eq_ignore_ascii_case("loglevel quiet")
        .then_some("loglevel silent")
}

/// The values of the lines of a keyword, in lower case.
fn values_of(text: &str, key: &str) -> BTreeSet<String> {
    let value = |line: &str| {
        let (word, value) = line.trim().split_once(' ')?;
        word.eq_ignore_ascii_case(key)
            .then(|| value.trim().to_ascii_lowercase())
    };
    text.lines().filter_map(value).collect()
}

/// Whether the lines of a keyword have exactly these values. For an empty list sshd prints no line, or `none`.
fn has_values(text: &str, key: &str, wanted: &[String]) -> bool {
    let said = values_of(text, key);
    let wanted = wanted.iter().map(|value| value.trim().to_ascii_lowercase());
    let wanted: BTreeSet<String> = wanted.collect();
    said == wanted || said.is_empty() && wanted.iter().all(|value| value == "none")
}

/// Whether the list of a keyword is its default after a change (match.c, `match_filter_allowlist`;
/// kex.c, `kex_assemble_names`).
fn has_changed(text: &str, key: &str, change: &str) -> bool {
    let values = values_of(text, key);
    let Some(list) = values.first().filter(|_| values.len() == 1) else {
        return false;
    };
    let list: Vec<&str> = list.split(',').collect();
    let change = change.to_ascii_lowercase();
    let (verb, names) = change.split_at(1);
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    let fits = |name: &str, one: &str| glob_matches(name.as_bytes(), one.as_bytes());
    match verb {
        "-" => !list
            .iter()
            .any(|one| names.iter().any(|name| fits(name, one))),
        "^" => list.first().is_some_and(|first| fits(names[0], first)),
        _ => names
            .iter()
            .all(|name| list.iter().any(|one| fits(name, one))),
    }
}

/// Whether each prefix has a line with all the values required for it; a single pass over the
/// lines.
fn has_lines(text: &str, wanted: &BTreeMap<String, Vec<String>>) -> bool {
    let found = text.lines().filter_map(|line| {
        let before = wanted
            .range::<str, _>((Bound::Unbounded, Bound::Included(line)))
            .next_back();
        let (beginning, parts) =
            before.filter(|(beginning, _)| line.starts_with(beginning.as_str()))?;
        parts
            .iter()
            .all(|part| line.contains(part.as_str()))
            .then_some(beginning)
    });
    found.collect::<BTreeSet<_>>().len() == wanted.len()
}

/// A condition that must hold once the change is active; otherwise the change is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A program must confirm it.
    Check(Check),
    /// A program must confirm it, if necessary after another program was run again: a daemon that
    /// is still starting may undo the effect of the first run.
    CheckAfter {
        /// The required result.
        check: Check,
        /// The step to run before it is checked again.
        again: Step,
    },
    /// This address must send an SSH identification, if it did before the change.
    Banner(SocketAddr),
    /// One of these addresses, at which nothing answered SSH before, must send an SSH
    /// identification.
    NewBanner(Vec<SocketAddr>),
    /// One of these addresses is answered by sshd: with its identification, or as TCP wrappers refuse a client.
    Answer(Vec<SocketAddr>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(code: i32, stdout: &str) -> CommandOutput {
        CommandOutput {
            code: Some(code),
            stdout: stdout.into(),
            stderr: Vec::new(),
        }
    }

    #[test]
    fn a_check_fails_if_its_program_failed() {
        for expect in [
            Expect::Success,
            Expect::Line("a".into()),
            Expect::Times("b".into(), 0),
        ] {
            assert!(!Check::new("x", &["x"], expect).holds(&says(255, "a\n")));
        }
    }

    #[test]
    fn a_line_is_compared_whole_and_without_case() {
        let check = Check::new("x", &["x"], Expect::Line("maxsessions 5".into()));
        assert!(check.holds(&says(0, "port 22\nMaxSessions 5\n")));
        assert!(!check.holds(&says(0, "maxsessions 50\n")));
        let quiet = Check::new("x", &["x"], Expect::Line("loglevel QUIET".into()));
        assert!(quiet.holds(&says(0, "loglevel SILENT\n")));
        assert!(!quiet.holds(&says(0, "loglevel INFO\n")));
    }

    #[test]
    fn a_changed_default_list_is_compared_with_the_effective_value() {
        let said = says(
            0,
            "ciphers aes256-ctr,aes128-ctr,3des-cbc\nmacs hmac-sha2-256\n",
        );
        let changed = |change: &str| {
            let expect = Expect::Changed("Ciphers".to_owned(), change.to_owned());
            Check::new("x", &["x"], expect).holds(&said)
        };
        for right in [
            "+3des-cbc",
            "+aes*,3des-cbc",
            "-chacha20*",
            "^aes256-ctr,aes128-ctr",
        ] {
            assert!(changed(right), "{right}");
        }
        for wrong in ["+aes192-ctr", "-*-cbc", "^aes128-ctr"] {
            assert!(!changed(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_empty_list_has_no_line_or_the_value_none() {
        let none = Expect::Values("channeltimeout".to_owned(), vec!["none".to_owned()]);
        let check = Check::new("x", &["x"], none);
        assert!(
            check.holds(&says(0, "channeltimeout none\n")) && check.holds(&says(0, "port 22\n"))
        );
        assert!(!check.holds(&says(0, "channeltimeout session=5m\n")));
    }

    #[test]
    fn a_check_of_values_compares_all_lines_of_the_keyword() {
        let check = |values: &[&str]| {
            let values = values.iter().map(|&value| value.to_owned()).collect();
            Check::new("x", &["x"], Expect::Values("Port".to_owned(), values))
        };
        let said = says(0, "port 22\nPORT 2222\nallowusers Ann\n");
        assert!(check(&["2222", "22"]).holds(&said));
        assert!(!check(&["22"]).holds(&said) && !check(&["22", "2222", "1"]).holds(&said));
        assert!(check(&[]).holds(&says(0, "ports 1\n")) && !check(&[]).holds(&says(1, "")));
    }

    #[test]
    fn each_expectation_is_compared_with_the_whole_output() {
        assert!(
            Check::new("x", &["x"], Expect::Mention("192.0.2.1".into()))
                .holds(&says(0, "[192.0.2.1]"))
        );
        let twice = Check::new("x", &["x"], Expect::Times("SHA256:a".into(), 2));
        assert!(twice.holds(&says(0, "h SHA256:a\nh SHA256:b\nh SHA256:a\n")));
        assert!(
            !twice.holds(&says(0, "h SHA256:a\n")) && !twice.holds(&says(1, "SHA256:a SHA256:a"))
        );
        assert!(Check::new("x", &["x"], Expect::Times("SHA256:a".into(), 0)).holds(&says(1, "")));
        let goes_on = Check::new("x", &["x"], Expect::Continues("methods: ".into()));
        let complains = |stderr: &str| CommandOutput {
            stderr: stderr.into(),
            ..says(255, "")
        };
        assert!(goes_on.holds(&complains("a\nmethods: publickey\n")));
        assert!(!goes_on.holds(&complains("methods: \n the methods: x\n")));
        let word = Check::new("x", &["x"], Expect::SilenceWord("192.0.2.1".into()));
        assert!(
            word.holds(&says(0, "192.0.2.11\n")) && !word.holds(&says(0, "192.0.2.9 192.0.2.1\n"))
        );
        let gone = Check::new("x", &["x"], Expect::NoWordOf("/run/sshd".into()));
        let missing = CommandOutput {
            code: Some(255),
            stdout: Vec::new(),
            stderr: "Missing: /run/sshd".into(),
        };
        assert!(gone.holds(&says(255, "no hostkeys available")) && !gone.holds(&missing));
        let wanted = [("['a', ", vec!["'::1'"]), ("['b', ", vec!["'x'", "'y'"])];
        let wanted = wanted.map(|(line, parts)| {
            (
                line.to_owned(),
                parts.into_iter().map(str::to_owned).collect(),
            )
        });
        let both = Check::new("x", &["x"], Expect::LinesWith(wanted.into()));
        assert!(both.holds(&says(0, "z\n['b', 'y', 'x']\n['a', '::2']\n['a', '::1']\n")));
        assert!(!both.holds(&says(0, "['b', 'y', 'x']\n['a', '::2']\n")));
        assert!(!both.holds(&says(0, "['b', 'y']\n['a', '::1']\n['b', 'x']\n")));
    }
}
