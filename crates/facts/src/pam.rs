//! The PAM stack of sshd: the file of its service, with the files it includes (pam.conf(5)).

use std::collections::BTreeSet;

use sshmend_lossless::Origin;

use crate::Facts;

/// The directory of the service files.
pub const FOLDER: &str = "/etc/pam.d";

/// The file that PAM uses for a service without a file.
pub const OTHER: &str = "/etc/pam.d/other";

/// A line of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PamLine {
    /// Its line.
    pub origin: Origin,
    /// `auth`, `account`, `session` or `password`.
    pub group: String,
    /// The control field: what the result of the module leads to.
    pub control: String,
    /// The file name of the module, such as `pam_nologin.so`.
    pub module: String,
    /// The arguments after the module.
    pub arguments: Vec<String>,
    /// The line.
    pub text: String,
}

impl Facts<'_> {
    /// Whether sshd uses PAM at all.
    pub fn uses_pam(&self) -> bool {
        self.value("usepam").ok().flatten().as_deref() == Some("yes")
    }

    /// The file of the service: sshd uses the name under which it was started, unless
    /// PAMServiceName sets another.
    pub fn pam_file(&self) -> String {
        let named = self.value("pamservicename").ok().flatten();
        let daemon = self.daemon().ok().flatten();
        let program = daemon
            .as_ref()
            .and_then(|daemon| daemon.program.rsplit('/').next());
        let service = named.as_deref().or(program).unwrap_or("sshd");
        format!("{FOLDER}/{service}")
    }

    /// The lines in force, in order; empty if the file does not exist or cannot be read.
    pub fn pam_stack(&self) -> Vec<PamLine> {
        let mut lines = Vec::new();
        self.add_pam_file(&self.pam_file(), None, &mut BTreeSet::new(), &mut lines);
        lines
    }

    /// The lines of the stack that name a module.
    pub fn pam_lines(&self, module: &str) -> Vec<PamLine> {
        let mut lines = self.pam_stack();
        lines.retain(|line| line.module == module);
        lines
    }

    /// Whether the stack lets a module of this name, such as `pam_access`, refuse in a group, such
    /// as `account`; `None` if the stack cannot be read.
    pub fn pam_may_refuse(&self, module: &str, group: &str) -> Option<bool> {
        let stack = self.pam_stack();
        if stack.is_empty() {
            return None;
        }
        let group = if group == "setcred" { "auth" } else { group };
        let file = format!("{module}.so");
        let lines = stack.iter().filter(|line| line.group == group);
        let from = lines.skip_while(|line| line.module != file);
        let refuses = |line: &PamLine| line.module == file && line.decides();
        // A module may end the stack early or jump: a deny after it applies only if the module did
        // not succeed.
        let denies = |line: &PamLine| line.module == "pam_deny.so" && line.decides();
        let mut can_skip = false;
        for line in from {
            can_skip |= line.module == file && line.skips_on_success();
            if refuses(line) || can_skip && denies(line) {
                return Some(true);
            }
        }
        Some(false)
    }

    fn add_pam_file(
        &self,
        path: &str,
        group: Option<&str>,
        seen: &mut BTreeSet<String>,
        lines: &mut Vec<PamLine>,
    ) {
        let key = format!("{path} {}", group.unwrap_or_default());
        if !seen.insert(path.to_owned()) && group.is_none() || lines.len() > MOST || key.len() > 255
        {
            return;
        }
        let text = self.text(path).ok().flatten().unwrap_or_default();
        for (at, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["@include", file, ..] => {
                    self.add_pam_file(&in_folder(file), None, seen, lines);
                }
                [own, "include" | "substack", file, ..] => {
                    let own = own.trim_start_matches('-');
                    if group.is_none_or(|group| group == own) && in_folder(file) != path {
                        self.add_pam_file(&in_folder(file), Some(own), seen, lines);
                    }
                }
                [own, rest @ ..] if !own.starts_with('#') => {
                    let own = own.trim_start_matches('-');
                    if group.is_none_or(|group| group == own) {
                        lines.extend(pam_line(Origin::new(path, at + 1), own, rest, line));
                    }
                }
                _ => {}
            }
        }
    }
}

/// A stack that is longer includes itself.
const MOST: usize = 400;

fn in_folder(name: &str) -> String {
    if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("{FOLDER}/{name}")
    }
}

/// Reads what follows the group: `required pam_x.so a=b`, `[success=1 default=ignore] pam_x.so`.
fn pam_line(origin: Origin, group: &str, words: &[&str], text: &str) -> Option<PamLine> {
    let bracketed = words.first()?.starts_with('[');
    let end = if bracketed {
        words.iter().position(|word| word.ends_with(']'))?
    } else {
        0
    };
    let module = words.get(end + 1)?.rsplit('/').next()?;
    Some(PamLine {
        origin,
        group: group.to_owned(),
        control: words[..=end].join(" "),
        module: module.to_owned(),
        arguments: words[end + 2..]
            .iter()
            .map(|word| (*word).to_owned())
            .collect(),
        text: text.trim().to_owned(),
    })
}

impl PamLine {
    /// The value of an argument `name=value`.
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments
            .iter()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether later lines are skipped if the module succeeds: `sufficient`, `[success=1 …]`,
    /// `[success=done …]`.
    fn skips_on_success(&self) -> bool {
        let success = self.control.split(['[', ' ', ']']);
        let mut success = success.filter_map(|word| word.strip_prefix("success="));
        self.control == "sufficient"
            || success.any(|action| action == "done" || action.parse::<u8>().is_ok())
    }

    /// Whether the result of this module decides: `required` and `requisite` do, and so may
    /// controls with `die` or `bad`.
    pub fn decides(&self) -> bool {
        ["required", "requisite"].contains(&self.control.as_str())
            || self.control.contains("default=die")
            || self.control.contains("default=bad")
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::machine;
    use crate::{Question, Server, Vantage};

    fn user(name: &str) -> Question {
        let server = Server {
            user: Some(name.to_owned()),
            ..Server::default()
        };
        Question {
            vantage: Vantage::Server(server),
            ..Question::server(crate::fixture::NOW)
        }
    }

    const ACCOUNTS: &str =
        "//$ getent passwd -- alice => 0\nalice:x:1000:1000::/home/alice:/bin/bash\n";

    use super::*;

    #[test]
    fn a_module_refuses_by_its_control_or_by_a_deny_after_it() {
        let stack = "//- /etc/pam.d/sshd\naccount required pam_access.so\naccount [success=1 default=ignore] pam_unix.so\naccount requisite pam_deny.so\n\
            account [default=bad success=ok user_unknown=ignore] pam_sss.so\naccount sufficient pam_localuser.so\nsession optional pam_systemd.so\n";
        let (machine, question) = (machine(&format!("{ACCOUNTS}{stack}")), user("alice"));
        let facts = Facts::new(&machine, &question);
        for (module, group, expected) in [
            ("pam_access", "account", true),
            ("pam_unix", "account", true),
            ("pam_sss", "account", true),
            ("pam_localuser", "account", false),
            ("pam_systemd", "session", false),
            ("pam_access", "session", false),
        ] {
            let may = facts.pam_may_refuse(module, group);
            assert_eq!(may, Some(expected), "{module} {group}");
        }
    }

    #[test]
    fn the_pam_stack_is_read_with_its_included_files() {
        let files = "//- /etc/pam.d/sshd\n# comment\n@include common-auth\naccount  required  pam_nologin.so file=/etc/closed\naccount include common-account\n\
            //- /etc/pam.d/common-auth\nauth [success=1 default=ignore] /lib/security/pam_unix.so nullok\n\
            //- /etc/pam.d/common-account\nauth required pam_deny.so\naccount requisite pam_deny.so\n";
        let (machine, question) = (machine(&format!("{ACCOUNTS}{files}")), user("alice"));
        let facts = Facts::new(&machine, &question);
        let shown: Vec<String> = facts
            .pam_stack()
            .iter()
            .map(|line| {
                format!(
                    "{} {} {} {}",
                    line.origin, line.group, line.control, line.module
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "/etc/pam.d/common-auth:1 auth [success=1 default=ignore] pam_unix.so",
                "/etc/pam.d/sshd:3 account required pam_nologin.so",
                "/etc/pam.d/common-account:2 account requisite pam_deny.so",
            ]
        );
        let nologin = &facts.pam_lines("pam_nologin.so")[0];
        assert_eq!(
            (nologin.argument("file"), nologin.decides()),
            (Some("/etc/closed"), true)
        );
    }
}
