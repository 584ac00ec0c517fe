//! The lists of users and groups in sshd's configuration, for one user.

use std::net::IpAddr;

use sshmend_facts::Facts;
use sshmend_lossless::Origin;
use sshmend_sshd_config::{Setting, user_matches};

use super::advice::reload;
use crate::edit::{self, Change};
use crate::finding::Finding;
use crate::verdict::Verdict;

/// The lists of users and groups and root's own keyword (auth.c, allowed_user and auth_root_allowed), for one user.
pub(crate) struct Lists<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) user: &'a str,
}

impl Lists<'_> {
    /// Adds a finding for each line that shuts the user out.
    pub(crate) fn judge(&self, verdict: &mut Verdict) {
        let users = |pattern: &str| {
            let client = self
                .facts
                .question
                .client_address()
                .map(|client: IpAddr| client.to_string());
            let matched = user_matches(pattern, self.user, client.as_deref(), self.facts.release());
            // Without UseDNS sshd knows only the client's address: a host name matches nobody.
            matched.or_else(|| (client.is_some() && !self.looks_names_up()).then_some(false))
        };
        let groups = self.facts.groups(self.user);
        let of_groups = |pattern: &str| {
            Some(
                groups
                    .iter()
                    .any(|group| user_matches(pattern, group, None, None) == Some(true)),
            )
        };
        self.denies("DenyUsers", &users, "", verdict);
        self.allows("AllowUsers", &users, None, verdict);
        let leave = format!(
            ", or the account out of the group: `gpasswd -d {} GROUP`",
            self.user
        );
        self.denies("DenyGroups", &of_groups, &leave, verdict);
        if !groups.is_empty() {
            let join = format!(
                "let the account join a group of that line: `usermod -aG GROUP {}`, or write one of its groups ({}) there, which lets in all of that group",
                self.user,
                groups.join(" ")
            );
            self.allows(
                "AllowGroups",
                &of_groups,
                Some((&join, &groups[0])),
                verdict,
            );
        }
        self.root(verdict);
    }

    fn denies(
        &self,
        key: &str,
        matches: &dyn Fn(&str) -> Option<bool>,
        or: &str,
        verdict: &mut Verdict,
    ) {
        let Some(setting) = self.setting(key) else {
            return;
        };
        let Some(pattern) = setting
            .values
            .iter()
            .find(|pattern| matches(pattern) == Some(true))
        else {
            return;
        };
        let what = format!("{key} matches the account {} by `{pattern}`", self.user);
        let Some(finding) = verdict.by_force(&self.facts.force(setting), &what) else {
            return;
        };
        self.mend(
            key,
            setting,
            Some(pattern),
            (
                &format!("take `{pattern}` out of that line"),
                Change::Remove(pattern),
                or,
            ),
            finding,
        );
    }

    fn allows(
        &self,
        key: &str,
        matches: &dyn Fn(&str) -> Option<bool>,
        group: Option<(&str, &str)>,
        verdict: &mut Verdict,
    ) {
        let Some(setting) = self.setting(key) else {
            return;
        };
        if setting
            .values
            .iter()
            .all(|pattern| matches(pattern) == Some(false))
        {
            // If the list distinguishes networks, the account is admitted from this one only.
            let (from, missing) = match self.facts.question.client_address() {
                Some(client) if setting.values.iter().any(|pattern| pattern.contains('@')) => {
                    (format!(" from {client}"), format!("{}@{client}", self.user))
                }
                _ => (String::new(), self.user.to_owned()),
            };
            let what = format!("{key} does not name the account {}{from}", self.user);
            let step = format!("write {missing} into that line as well");
            let (step, missing) = group.unwrap_or((&step, &missing));
            let Some(finding) = verdict.by_force(&self.facts.force(setting), &what) else {
                return;
            };
            self.mend(
                key,
                setting,
                None,
                (step, Change::Add(missing), ""),
                finding,
            );
            self.point_out(setting, finding);
        }
    }

    fn root(&self, verdict: &mut Verdict) {
        let Some(setting) = self
            .setting("PermitRootLogin")
            .filter(|_| self.user == "root")
        else {
            return;
        };
        if setting.values == ["no"] {
            let what = "PermitRootLogin does not allow root to log in at all";
            let Some(finding) = verdict.by_force(&self.facts.force(setting), what) else {
                return;
            };
            let step = "log in as somebody else and become root by sudo; or write `PermitRootLogin prohibit-password` there";
            let change = Change::Value("prohibit-password");
            self.mend(
                "PermitRootLogin",
                setting,
                None,
                (step, change, ""),
                finding,
            );
        }
    }

    fn looks_names_up(&self) -> bool {
        let value = self.facts.value("usedns").ok().flatten();
        value.as_deref() != Some("no")
    }

    /// Points out what the author of a line may not have intended: a comma is part of a name, and
    /// host names are not looked up.
    fn point_out(&self, setting: &Setting, finding: &mut Finding) {
        if let Some(list) = setting.values.iter().find(|pattern| pattern.contains(',')) {
            finding.step(format!(
                "blanks separate the names of that line: `{list}` is one name to sshd"
            ));
        }
        let of_host = |pattern: &&String| {
            pattern.rsplit_once('@').is_some_and(|(_, host)| {
                host.bytes().any(|byte| byte.is_ascii_alphabetic()) && !host.contains(':')
            })
        };
        if let Some(pattern) = setting
            .values
            .iter()
            .find(of_host)
            .filter(|_| !self.looks_names_up())
        {
            finding.step(format!(
                "`{pattern}` names a host, and with `UseDNS no` sshd knows the client by its address alone: write the address there"
            ));
        }
    }

    fn setting(&self, key: &str) -> Option<&Setting> {
        self.facts
            .setting(key)
            .ok()
            .flatten()
            .filter(|setting| !setting.values.is_empty())
    }

    fn mend(
        &self,
        key: &str,
        setting: &Setting,
        pattern: Option<&String>,
        (step, change, or): (&str, Change<'_>, &str),
        finding: &mut Finding,
    ) {
        let lines: Vec<&Origin> = setting.origin.iter().chain(&setting.also).collect();
        let text = |origin: &Origin| self.facts.line(&origin.path, origin.line);
        let deciding = pattern.and_then(|pattern| {
            lines
                .iter()
                .find(|origin| text(origin).contains(pattern.as_str()))
        });
        let by = match deciding
            .or(lines.first())
            .filter(|origin| origin.path.is_absolute())
        {
            Some(origin) => {
                let command = edit::change(self.facts, setting, key, change);
                let by = command
                    .as_ref()
                    .map_or_else(String::new, |command| format!(": {command}"));
                finding
                    .shown_at(origin, text(origin))
                    .step(format!("if it is not meant: {origin}: {step}{by}{or}"));
                command
            }
            None => {
                finding.shown_by_setting(self.facts, setting);
                let place = self.facts.decided_by_command_line(key).unwrap_or_default();
                finding.step(format!("if it is not meant: {place}: {step}{or}"));
                None
            }
        };
        reload(self.facts, setting.origin.as_ref(), by.as_ref(), finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{ACCOUNTS, alice, check_as, user};
    use expect_test::expect;

    #[test]
    fn a_line_of_a_match_block_is_changed_in_place() {
        let config = "//- /etc/ssh/sshd_config\nMatch Address 198.51.100.0/24\n  AllowUsers bob\n";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{config}"),
            &expect![[r#"
                certain: AllowUsers does not name the account alice
                  /etc/ssh/sshd_config:2: AllowUsers bob
                  - if it is not meant: /etc/ssh/sshd_config:2: write alice into that line as well: put `alice` at the end of line 2 of /etc/ssh/sshd_config
                  - then let sshd read it: `sshd -t && systemctl reload ssh.service`
            "#]],
        );
        let denies = "//- /etc/ssh/sshd_config\nMatch Address 198.51.100.0/24\n  DenyUsers alice\n";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{denies}"),
            &expect![[r#"
                certain: DenyUsers matches the account alice by `alice`
                  /etc/ssh/sshd_config:2: DenyUsers alice
                  - if it is not meant: /etc/ssh/sshd_config:2: take `alice` out of that line: `sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2`
            "#]],
        );
    }

    #[test]
    fn a_block_for_the_only_address_of_this_machine_counts() {
        let config =
            "//- /etc/ssh/sshd_config\nMatch LocalAddress 192.0.2.0/24\n  DenyUsers alice\n";
        let own = "//$ ip -o address show => 0\n1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\n2: eth0    inet6 fe80::1/64 scope link\n";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{config}{own}"),
            &expect![[r#"
                certain: DenyUsers matches the account alice by `alice`
                  /etc/ssh/sshd_config:2: DenyUsers alice
                  - if it is not meant: /etc/ssh/sshd_config:2: take `alice` out of that line: `sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2`
            "#]],
        );
        let more = "3: eth1    inet 203.0.113.5/24 scope global eth1\n";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{config}{own}{more}"),
            &expect![[""]],
        );
    }

    #[test]
    fn allow_and_deny_lists_are_evaluated_for_the_user() {
        let lists = format!(
            "{ACCOUNTS}//- /etc/ssh/sshd_config\nAllowUsers bob carol\nPermitRootLogin no\n"
        );
        check_as(
            &user("alice"),
            "user-not-allowed",
            &lists,
            &expect![[r#"
                certain: AllowUsers does not name the account alice
                  /etc/ssh/sshd_config:1: AllowUsers bob carol
                  - if it is not meant: /etc/ssh/sshd_config:1: write alice into that line as well: `sshmend fix sshd-config AllowUsers+=alice`
            "#]],
        );
        check_as(
            &user("root"),
            "user-not-allowed",
            &lists,
            &expect![[r#"
                certain: AllowUsers does not name the account root
                  /etc/ssh/sshd_config:1: AllowUsers bob carol
                  - if it is not meant: /etc/ssh/sshd_config:1: write root into that line as well: `sshmend fix sshd-config AllowUsers+=root`
                certain: PermitRootLogin does not allow root to log in at all
                  /etc/ssh/sshd_config:2: PermitRootLogin no
                  - if it is not meant: /etc/ssh/sshd_config:2: log in as somebody else and become root by sudo; or write `PermitRootLogin prohibit-password` there: `sshmend fix sshd-config PermitRootLogin=prohibit-password`
            "#]],
        );
        let denied = format!("{ACCOUNTS}//- /etc/ssh/sshd_config\nDenyUsers al*\n");
        check_as(
            &user("alice"),
            "user-not-allowed",
            &denied,
            &expect![[r#"
                certain: DenyUsers matches the account alice by `al*`
                  /etc/ssh/sshd_config:1: DenyUsers al*
                  - if it is not meant: /etc/ssh/sshd_config:1: take `al*` out of that line: `sshmend fix sshd-config --unset DenyUsers`
            "#]],
        );
    }

    #[test]
    fn hosts_and_groups_in_allow_and_deny_lists_are_evaluated() {
        let groups = format!("{ACCOUNTS}//$ id -Gn -- alice => 0\nalice staff\n");
        let config = |line: &str| format!("{groups}//- /etc/ssh/sshd_config\n{line}\n");
        check_as(
            &alice(),
            "user-not-allowed",
            &config("AllowUsers alice@203.0.113.*"),
            &expect![[r#"
                certain: AllowUsers does not name the account alice from 198.51.100.7
                  /etc/ssh/sshd_config:1: AllowUsers alice@203.0.113.*
                  - if it is not meant: /etc/ssh/sshd_config:1: write alice@198.51.100.7 into that line as well: `sshmend fix sshd-config AllowUsers+=alice@198.51.100.7`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &config("DenyUsers bob alice@198.51.100.0/24"),
            &expect![[r#"
                certain: DenyUsers matches the account alice by `alice@198.51.100.0/24`
                  /etc/ssh/sshd_config:1: DenyUsers bob alice@198.51.100.0/24
                  - if it is not meant: /etc/ssh/sshd_config:1: take `alice@198.51.100.0/24` out of that line: `sshmend fix sshd-config DenyUsers-=alice@198.51.100.0/24`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &config("AllowGroups ssh"),
            &expect![[r#"
                certain: AllowGroups does not name the account alice
                  /etc/ssh/sshd_config:1: AllowGroups ssh
                  - if it is not meant: /etc/ssh/sshd_config:1: let the account join a group of that line: `usermod -aG GROUP alice`, or write one of its groups (alice staff) there, which lets in all of that group: `sshmend fix sshd-config AllowGroups+=alice`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &config("DenyGroups st*"),
            &expect![[r#"
                certain: DenyGroups matches the account alice by `st*`
                  /etc/ssh/sshd_config:1: DenyGroups st*
                  - if it is not meant: /etc/ssh/sshd_config:1: take `st*` out of that line: `sshmend fix sshd-config --unset DenyGroups`, or the account out of the group: `gpasswd -d alice GROUP`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &config("AllowUsers alice@*"),
            &expect![""],
        );
    }
}
