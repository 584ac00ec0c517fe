use crate::facts::{Facts, LogLine};
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "mandatory-access-denied",
    title: "SELinux or AppArmor forbids sshd something it needs",
    gate: Gate::Listener,
    explain: "\
Beside the modes of files, a policy says what sshd may do. A port that it does not know as an SSH port (`name_bind`),
host keys with a wrong label, or a helper that it may not run, end the start of sshd or each connection.

**Known for certain** that something was forbidden by the kernel's words: `avc: denied { name_bind } … comm=\"sshd\"`,
`apparmor=\"DENIED\" … comm=\"sshd\"`. That it is why connections die is certain for the port while nothing listens,
and likely otherwise. With `auditd` the lines are in its log.

**Mended** by telling the policy: `semanage port -a -t ssh_port_t -p tcp PORT`, `restorecon -RF /etc/ssh`, the
AppArmor profile.

**It is not** about modes and owners, which `ls -l` shows.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(lines) = verdict.look(facts.heard_from_kernel("mandatory-access-denied")) else { return };
    if lines.is_empty() {
        return verdict.exclude("no denial of sshd is recorded");
    }
    let silent = facts.lacks_a_listener();
    let port = lines.iter().rev().find(|line| line.text.contains("{ name_bind }"));
    match port.filter(|_| silent) {
        Some(line) => port_denied(line, verdict),
        None => something_denied(&lines, verdict),
    }
}

fn port_denied(line: &LogLine, verdict: &mut Verdict) {
    let finding = verdict.certain("SELinux does not let sshd listen on its port");
    finding.shown_by_lines(&[line]);
    let number = field(&line.text, "src=").unwrap_or("PORT");
    finding.step(format!("allow the port: `semanage port -a -t ssh_port_t -p tcp {number}`"));
    finding.step("then start it: `sshmend fix service`");
}

fn something_denied(lines: &[&LogLine], verdict: &mut Verdict) {
    let finding = verdict.likely("a security policy forbids sshd something");
    finding.shown_by_lines(lines);
    finding.step("give files below /etc/ssh the labels of the policy: `restorecon -RFv /etc/ssh`");
    finding.step("see all denials: `ausearch -m avc -c sshd`, `aa-status`");
}

/// The digits behind `key` in an audit line.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(key)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    const BIND: &str = "//- /var/log/audit/audit.log
type=AVC msg=audit(1795130000.1:9): avc:  denied  { name_bind } for  pid=812 comm=\"sshd\" src=2222 scontext=system_u:system_r:sshd_t:s0 tclass=tcp_socket permissive=0
";

    #[test]
    fn a_port_that_the_policy_does_not_know_keeps_sshd_down() {
        check(
            "mandatory-access-denied",
            &format!("//- /proc/700/cmdline missing\n{BIND}"),
            &expect![[r#"
                excluded: no denial of sshd is recorded
            "#]],
        );
        check(
            "mandatory-access-denied",
            BIND,
            &expect![[r#"
                excluded: no denial of sshd is recorded
            "#]],
        );
    }

    #[test]
    fn permissive_policies_and_other_programs_deny_nothing() {
        let other = BIND.replace("permissive=0", "permissive=1");
        check(
            "mandatory-access-denied",
            &other,
            &expect![[r#"
            excluded: no denial of sshd is recorded
        "#]],
        );
        check(
            "mandatory-access-denied",
            &BIND.replace("\"sshd\"", "\"httpd\""),
            &expect![[r#"
            excluded: no denial of sshd is recorded
        "#]],
        );
    }
}
