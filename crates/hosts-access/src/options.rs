//! Options: the effect of a rule once it matches (options.c; hosts_options(5)).

use std::ops::Range;

use sshmend_lossless::nearest;

use crate::answer::{Doubt, Need};
use crate::text::{Number, chop, same, show, split_at};

/// One option with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RuleOption {
    /// The keyword as written; empty when there is nothing between two colons.
    pub(crate) name: Vec<u8>,
    /// The value, `\:` already read as `:`.
    pub(crate) value: Option<Vec<u8>>,
    /// The range of the option in the text of its logical line.
    pub(crate) at: Range<usize>,
    /// Whether no other option follows.
    pub(crate) last: bool,
}

/// The action of libwrap at one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// It continues with the next option.
    Next,
    /// `aclexec`: the exit status of this command counts in the end.
    Ask(String),
    /// Whether it continues or denies depends on something.
    Doubtful(Doubt),
    /// It decides and reads no further.
    Decide(Decision),
}

/// The decision that an option makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// `allow`.
    Allow,
    /// `deny`.
    Deny,
    /// `twist`: the connection goes to this command and never to the daemon.
    HandOver(String),
    /// libwrap reports an error and denies.
    Refuse(OptionError),
}

/// The reason why libwrap denies because of an option.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum OptionError {
    /// There is nothing between two colons, or after the last one.
    #[error("an option is empty")]
    Empty,
    /// The keyword is none of hosts_options(5).
    #[error("`{0}` is not an option")]
    Unknown(String),
    /// The keyword has no value but needs one.
    #[error("option `{0}` needs a value")]
    NeedsValue(String),
    /// The keyword takes no value.
    #[error("option `{0}` takes no value")]
    TakesNoValue(String),
    /// `allow`, `deny` and `twist` end a rule.
    #[error("option `{0}` must be the last")]
    MustBeLast(String),
    /// The value is none that the option takes.
    #[error("option `{0}` does not take `{1}`")]
    BadValue(String, String),
}

impl OptionError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        if let Some(meant) = self.meant() {
            return format!("did you mean `{meant}`?");
        }
        match self {
            Self::Empty => "remove the final colon".to_owned(),
            Self::Unknown(name) if name.starts_with('#') => {
                "a comment needs a line of its own, with # as its very first byte".to_owned()
            }
            Self::Unknown(_) => {
                "the third field holds options, not a shell command: write `spawn COMMAND`, and put IPv6 addresses in \
                 brackets"
                    .to_owned()
            }
            Self::NeedsValue(name) => format!("write `{name} VALUE`"),
            Self::TakesNoValue(name) => format!("write `{name}` alone"),
            Self::MustBeLast(name) => format!("move `{name}` to the end of the rule"),
            Self::BadValue(name, _) => value_hint(name).to_owned(),
        }
    }
}

impl OptionError {
    /// The option whose name was misspelled.
    fn meant(&self) -> Option<&'static str> {
        let Self::Unknown(name) = self else {
            return None;
        };
        nearest(name, KEYWORDS.iter().map(|keyword| keyword.name))
    }
}

fn value_hint(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "severity" => {
            "libwrap knows the facilities kern user mail daemon auth lpr news uucp cron local0-7, not authpriv"
        }
        "setenv" => "write `setenv NAME VALUE`, without `=` in the name",
        "umask" => "write an octal number up to 777",
        _ => "see hosts_options(5) for the values",
    }
}

/// Splits the options field, which the line feed ends, at its colons.
pub(crate) fn parse_options(text: &[u8], range: Range<usize>) -> Vec<RuleOption> {
    let mut options = Vec::new();
    let mut start = range.start;
    let mut at = range.start;
    while at < range.end {
        match &text[at..range.end] {
            [b'\\', b':', ..] => at += 2,
            [b':', ..] => {
                options.push(option(text, start..at));
                at += 1;
                start = at;
            }
            _ => at += 1,
        }
    }
    options.push(RuleOption {
        last: true,
        ..option(text, start..range.end)
    });
    options
}

fn option(text: &[u8], at: Range<usize>) -> RuleOption {
    let field = unescape(&text[at.clone()]);
    let field = chop(&field);
    let end = field
        .iter()
        .position(|&byte| byte == b'=' || is_list_blank(byte))
        .unwrap_or(field.len());
    let mut value = skip_blanks(&field[end..]);
    if let [b'=', rest @ ..] = value {
        value = skip_blanks(rest);
    }
    let value = (!value.is_empty()).then(|| value.to_vec());
    RuleOption {
        name: field[..end].to_vec(),
        value,
        at,
        last: false,
    }
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let followed = text
        .iter()
        .zip(text[1.min(text.len())..].iter().map(Some).chain([None]));
    followed
        .filter(|&(&byte, next)| !(byte == b'\\' && next == Some(&b':')))
        .map(|(&byte, _)| byte)
        .collect()
}

fn is_list_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    &text[text
        .iter()
        .position(|&byte| !is_list_blank(byte))
        .unwrap_or(text.len())..]
}

#[derive(Clone, Copy, PartialEq)]
enum Value {
    None,
    Optional,
    Needed,
    /// Needed, and `%` letters in it are expanded.
    Expanded,
}

struct Keyword {
    name: &'static str,
    value: Value,
    last: bool,
    /// The action for a value; `None` if the value is rejected.
    run: fn(&[u8], &Accounts) -> Option<Step>,
}

const fn keyword(
    name: &'static str,
    value: Value,
    last: bool,
    run: fn(&[u8], &Accounts) -> Option<Step>,
) -> Keyword {
    Keyword {
        name,
        value,
        last,
        run,
    }
}

/// The options of Debian's build.
const KEYWORDS: &[Keyword] = &[
    keyword("user", Value::Needed, false, |value, accounts| {
        Some(accounts.user(value))
    }),
    keyword("group", Value::Needed, false, |value, accounts| {
        Some(accounts.group(value))
    }),
    keyword("umask", Value::Needed, false, |value, _| {
        number(value, 8, |number| number.unsigned() <= 0o777)
    }),
    keyword("linger", Value::Needed, false, |value, _| {
        number(value, 10, |number| number.int() >= 0)
    }),
    keyword("keepalive", Value::None, false, |_, _| Some(Step::Next)),
    keyword("aclexec", Value::Expanded, false, |value, _| {
        Some(Step::Ask(show(value)))
    }),
    keyword("spawn", Value::Expanded, false, |_, _| Some(Step::Next)),
    keyword("twist", Value::Expanded, true, |value, _| {
        Some(Step::Decide(Decision::HandOver(show(value))))
    }),
    keyword("rfc931", Value::Optional, false, |value, _| {
        number(value, 10, |number| number.int() > 0)
    }),
    keyword("setenv", Value::Expanded, false, |value, _| setenv(value)),
    keyword("nice", Value::Optional, false, |value, _| {
        number(value, 10, |_| true)
    }),
    keyword("severity", Value::Needed, false, |value, _| severity(value)),
    keyword("allow", Value::None, true, |_, _| {
        Some(Step::Decide(Decision::Allow))
    }),
    keyword("deny", Value::None, true, |_, _| {
        Some(Step::Decide(Decision::Deny))
    }),
    keyword("banners", Value::Needed, false, |_, _| Some(Step::Next)),
];

impl RuleOption {
    /// The action of libwrap at this option.
    pub(crate) fn step(&self, accounts: &Accounts) -> Step {
        self.check(accounts)
            .unwrap_or_else(|error| Step::Decide(Decision::Refuse(error)))
    }

    fn check(&self, accounts: &Accounts) -> Result<Step, OptionError> {
        let name = || show(&self.name);
        let keyword = self.keyword().ok_or_else(|| {
            if self.name.is_empty() {
                OptionError::Empty
            } else {
                OptionError::Unknown(name())
            }
        })?;
        match (&self.value, keyword.value) {
            (None, Value::Needed | Value::Expanded) => return Err(OptionError::NeedsValue(name())),
            (Some(_), Value::None) => return Err(OptionError::TakesNoValue(name())),
            _ if keyword.last && !self.last => return Err(OptionError::MustBeLast(name())),
            _ => {}
        }
        let value = self.value.as_deref().unwrap_or_default();
        if keyword.value == Value::Expanded && may_overflow(value) {
            return Ok(Step::Doubtful(Doubt::new(
                Need::Expansion,
                format!("the length of the {} command", name()),
            )));
        }
        (keyword.run)(value, accounts).ok_or_else(|| OptionError::BadValue(name(), show(value)))
    }

    fn keyword(&self) -> Option<&'static Keyword> {
        KEYWORDS
            .iter()
            .find(|keyword| same(keyword.name.as_bytes(), &self.name))
    }

    /// Whether the keyword is `name`.
    pub(crate) fn is(&self, name: &str) -> bool {
        same(&self.name, name.as_bytes())
    }

    /// Whether the value is a command or a text that may contain anything.
    pub(crate) fn is_free_text(&self) -> bool {
        self.keyword()
            .is_some_and(|keyword| keyword.value == Value::Expanded)
    }
}

fn number(value: &[u8], radix: u32, fits: impl Fn(&Number) -> bool) -> Option<Step> {
    if value.is_empty() {
        return Some(Step::Next);
    }
    Number::read(value, radix).filter(fits).map(|_| Step::Next)
}

/// An expansion yields 255 bytes at most; percent_x has room for 8,191 in all.
fn may_overflow(value: &[u8]) -> bool {
    value.len() + 255 * value.iter().filter(|&&byte| byte == b'%').count() >= 8191
}

/// setenv(3) refuses an empty name and one with `=` in it.
fn setenv(value: &[u8]) -> Option<Step> {
    let value = expand(value);
    let value = chop(&value);
    let name = value
        .split(|&byte| is_list_blank(byte))
        .next()
        .map_or(&[][..], chop);
    (!name.is_empty() && !name.contains(&b'=')).then_some(Step::Next)
}

/// Expands `%` letters as percent_x does, with `x` for a text that is known only at run time.
fn expand(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'%', [letter, tail @ ..]) => {
                match letter {
                    b'%' => out.push(b'%'),
                    b'a' | b'A' | b'c' | b'd' | b'h' | b'H' | b'n' | b'N' | b'p' | b'r' | b'R'
                    | b's' | b'u' => {
                        out.push(b'x');
                    }
                    _ => {}
                }
                rest = tail;
            }
            _ => out.push(*byte),
        }
    }
    out
}

const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "lpr", "news", "uucp", "cron", "local0", "local1",
    "local2", "local3", "local4", "local5", "local6", "local7",
];
const SEVERITIES: &[&str] = &[
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
];

fn severity(value: &[u8]) -> Option<Step> {
    let known = |table: &[&str], word: &[u8]| table.iter().any(|name| same(name.as_bytes(), word));
    let fits = match split_at(value, b'.') {
        Some((facility, level)) => known(FACILITIES, facility) && known(SEVERITIES, level),
        None => known(SEVERITIES, value),
    };
    fits.then_some(Step::Next)
}

/// The users and groups of the machine, according to /etc/passwd and /etc/group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Accounts {
    pub(crate) passwd: Vec<u8>,
    pub(crate) group: Vec<u8>,
}

impl Accounts {
    /// `user NAME` or `user NAME.GROUP`.
    fn user(&self, value: &[u8]) -> Step {
        let (user, group) =
            split_at(value, b'.').map_or((value, None), |(user, group)| (user, Some(group)));
        match group.map(|group| self.group(group)) {
            None | Some(Step::Next) => listed(&self.passwd, user, "user"),
            Some(refused) => refused,
        }
    }

    fn group(&self, name: &[u8]) -> Step {
        listed(&self.group, name, "group")
    }
}

/// An account missing from the file may still come from a directory service.
fn listed(table: &[u8], name: &[u8], what: &str) -> Step {
    let named = |line: &[u8]| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.first() == Some(&b':'))
    };
    if name.is_empty() {
        return Step::Decide(Decision::Refuse(OptionError::BadValue(
            what.to_owned(),
            String::new(),
        )));
    }
    if table.split(|&byte| byte == b'\n').any(named) {
        return Step::Next;
    }
    let name = show(name);
    Step::Doubtful(Doubt::new(
        Need::Account(name.clone()),
        format!("whether {what} `{name}` exists"),
    ))
}

#[cfg(test)]
mod tests {
    use super::OptionError;

    #[test]
    fn the_intended_option_is_suggested() {
        let hint = |name: &str| OptionError::Unknown(name.to_owned()).hint();
        assert_eq!(hint("spwan"), "did you mean `spawn`?");
        assert_eq!(hint("Severty"), "did you mean `severity`?");
        assert!(hint("/usr/bin/logger").contains("not a shell command"));
        assert!(hint("# office").contains("line of its own"));
    }
}
