//! The options on the daemon's command line, which are read before every file.

/// The path of the [`Origin`](sshmend_lossless::Origin) of an override: line N is the N-th override of the daemon's command line.
pub const COMMAND_LINE: &str = "command line";

/// A directive given on the command line: `-o KEYWORD=VALUE` or an option that means one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The directive as a line of `sshd_config`.
    pub text: String,
    /// The option as it was given, for messages.
    pub option: String,
}

/// The options of sshd(8) that take an argument.
const WITH_ARGUMENT: &str = "CEbcfghkopu";

impl Override {
    /// A `-o` option.
    pub fn new(directive: impl Into<String>) -> Self {
        let text = directive.into();
        Self {
            option: format!("-o {text}"),
            text,
        }
    }

    /// True for `-p`, which makes sshd ignore all ports that are configured in other ways later.
    pub(crate) fn replaces_ports(&self) -> bool {
        self.option.starts_with("-p")
    }

    /// All overrides in the command line of a daemon, in the order in which they are read.
    pub fn from_argv<T: AsRef<str>>(argv: &[T]) -> Vec<Self> {
        let mut found = Vec::new();
        let mut rest = argv.iter().skip(1).map(AsRef::as_ref);
        while let Some(word) = rest.next() {
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                break;
            };
            for (at, letter) in letters.char_indices() {
                let attached = &letters[at + letter.len_utf8()..];
                let takes = WITH_ARGUMENT.contains(letter);
                let value = if takes && attached.is_empty() {
                    rest.next().unwrap_or_default()
                } else {
                    attached
                };
                found.extend(directive(letter, value));
                if takes {
                    break;
                }
            }
        }
        found
    }
}

fn directive(letter: char, value: &str) -> Option<Override> {
    let text = match letter {
        'o' => value.to_owned(),
        'p' => format!("Port {value}"),
        'g' => format!("LoginGraceTime {value}"),
        'h' => format!("HostKey {value}"),
        'c' => format!("HostCertificate {value}"),
        '4' => "AddressFamily inet".to_owned(),
        '6' => "AddressFamily inet6".to_owned(),
        _ => return None,
    };
    let option = if WITH_ARGUMENT.contains(letter) {
        format!("-{letter} {value}")
    } else {
        format!("-{letter}")
    };
    Some(Override { text, option })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_daemon_become_directives() {
        let argv = [
            "/usr/sbin/sshd",
            "-D",
            "-oMaxStartups=5",
            "-f",
            "/etc/x",
            "-o",
            "UseDNS no",
            "-4p2222",
            "-g",
            "60",
        ];
        let texts: Vec<_> = Override::from_argv(&argv)
            .into_iter()
            .map(|found| found.text)
            .collect();
        assert_eq!(
            texts,
            [
                "MaxStartups=5",
                "UseDNS no",
                "AddressFamily inet",
                "Port 2222",
                "LoginGraceTime 60"
            ]
        );
    }

    #[test]
    fn options_end_at_the_first_plain_word() {
        assert_eq!(Override::from_argv(&["sshd", "oops", "-oPort=1"]), []);
        assert_eq!(Override::from_argv::<&str>(&[]), []);
        assert_eq!(Override::from_argv(&["sshd:", "/usr/sbin/sshd", "-D"]), []);
    }
}
