use sshmend_facts::{Facts, LogLine};
use sshmend_lossless::Origin;
use sshmend_ssh_log::{CauseName, Kind};

use crate::finding::Then;
use crate::proof::{Certainty, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(lines) = verdict.look(facts.kernel_lines(CauseName::MandatoryAccessDenied)) else {
        return;
    };
    let confined = facts.confinement(&CONFINING);
    let (own, mut lines): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .partition(|line| line.text.contains(WITHOUT_CAPABILITY));
    if own
        .iter()
        .any(|line| facts.is_recent(line) && !facts.worked_since(line))
    {
        without_capability(&own, confined.as_ref(), verdict);
    }
    lines.retain(|line| confined.is_none() || line.kind != Kind::BindFailed);
    if lines.is_empty() {
        return;
    }
    let open = lines
        .iter()
        .any(|line| facts.is_recent(line) && !facts.worked_since(line));
    let certainty = Certainty::likely_if(open);
    match lines
        .iter()
        .rev()
        .find(|line| line.text.contains("{ name_bind }"))
    {
        Some(line) if facts.lacks_a_listener() => port_denied(line, Proof::Log.certain(), verdict),
        Some(line) => port_denied(line, certainty, verdict),
        None => something_denied(&lines, certainty, verdict),
    }
}

/// The message of sshd, running as root, when the kernel denies it what root may do.
const WITHOUT_CAPABILITY: &str = ": Operation not permitted";

/// Settings of a unit that take rights from sshd (systemd.exec(5)).
const CONFINING: [&str; 4] = [
    "CapabilityBoundingSet=",
    "PrivateUsers=",
    "SystemCallFilter=",
    "User=",
];

fn without_capability(
    lines: &[&LogLine],
    confined: Option<&(Origin, String)>,
    verdict: &mut Verdict,
) {
    let finding = verdict.certain(
        Proof::Log,
        "sshd lacks a capability that root normally has, so each connection ends",
    );
    finding.shown_by_lines(lines);
    match confined {
        Some((line, text)) => finding
            .shown_at(line, text)
            .mended_without(std::slice::from_ref(line)),
        None => finding.step(
            "see what took it: `grep Cap /proc/PID/status` of the listener, `systemctl cat ssh.service`; in a container give \
             it back with `--cap-add`",
        ),
    };
}

fn port_denied(line: &LogLine, certainty: Certainty, verdict: &mut Verdict) {
    let finding = verdict.find(
        certainty,
        "SELinux does not let sshd listen on one of its ports",
    );
    finding.shown_by_lines(&[line]);
    let number = field(&line.text, "src=").unwrap_or("PORT");
    finding.step(format!(
        "allow the port: `semanage port -a -t ssh_port_t -p tcp {number}`"
    ));
    finding.then(Then::Start);
}

fn something_denied(lines: &[&LogLine], certainty: Certainty, verdict: &mut Verdict) {
    let finding = verdict.find(certainty, "a security policy denies sshd an access");
    finding.shown_by_lines(lines);
    finding.step("give files below /etc/ssh the labels of the policy: `restorecon -RFv /etc/ssh`");
    finding.step("see all denials: `ausearch -m avc -c sshd`, `aa-status`");
}

/// The digits after `key` in an audit line.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(key)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, SHOW};

    use crate::testing::check;
    use expect_test::expect;

    const BIND: &str = "//- /var/log/audit/audit.log
type=AVC msg=audit(1795130000.1:9): avc:  denied  { name_bind } for  pid=812 comm=\"sshd\" src=2222 scontext=system_u:system_r:sshd_t:s0 tclass=tcp_socket permissive=0
";

    #[test]
    fn a_port_that_selinux_denies_keeps_sshd_from_starting() {
        check(
            "mandatory-access-denied",
            &format!("//- /proc/700/cmdline missing\n{BIND}"),
            &expect![[r#"
                certain: SELinux does not let sshd listen on one of its ports
                  /var/log/audit/audit.log:1: type=AVC msg=audit(1795130000.1:9): avc:  denied  { name_bind } for  pid=812 comm="sshd" src=2222 scontext=system_u:system_r:sshd_t:s0 tclass=tcp_socket permissive=0
                  - allow the port: `semanage port -a -t ssh_port_t -p tcp 2222`
                  - then `sshmend fix service`
            "#]],
        );
        check(
            "mandatory-access-denied",
            BIND,
            &expect![[r#"
                possible: SELinux does not let sshd listen on one of its ports
                  /var/log/audit/audit.log:1: type=AVC msg=audit(1795130000.1:9): avc:  denied  { name_bind } for  pid=812 comm="sshd" src=2222 scontext=system_u:system_r:sshd_t:s0 tclass=tcp_socket permissive=0
                  - allow the port: `semanage port -a -t ssh_port_t -p tcp 2222`
                  - then `sshmend fix service`
            "#]],
        );
    }

    #[test]
    fn capabilities_that_the_unit_drops_are_named_with_the_unit_line() {
        let line = "2026-11-20T17:59:00+00:00 server sshd-session[812]: fatal: chroot(\"/run/sshd\"): Operation not permitted [preauth]\n";
        check(
            "mandatory-access-denied",
            &format!("{LOG}{line}"),
            &expect![[r#"
            certain: sshd lacks a capability that root normally has, so each connection ends
              journalctl: 2026-11-20T17:59:00+00:00 server sshd-session[812]: fatal: chroot("/run/sshd"): Operation not permitted [preauth]
              - see what took it: `grep Cap /proc/PID/status` of the listener, `systemctl cat ssh.service`; in a container give it back with `--cap-add`
        "#]],
        );
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=700\n\
            DropInPaths=/etc/systemd/system/ssh.service.d/o.conf\n";
        let drop_in = "//- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n";
        let bind = "2026-11-20T17:58:00+00:00 server sshd[700]: error: Bind to port 22 on 0.0.0.0 failed: Permission denied.\n";
        check(
            "mandatory-access-denied",
            &format!("{drop_in}{SHOW}{unit}{LOG}{bind}{line}"),
            &expect![[r#"
                certain: sshd lacks a capability that root normally has, so each connection ends
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd-session[812]: fatal: chroot("/run/sshd"): Operation not permitted [preauth]
                  /etc/systemd/system/ssh.service.d/o.conf:2: CapabilityBoundingSet=CAP_NET_BIND_SERVICE
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
    }

    #[test]
    fn a_wrong_label_is_likely_if_nothing_worked_since() {
        let read = BIND
            .replace("name_bind", "read")
            .replace("1795130000", "1795197000");
        check(
            "mandatory-access-denied",
            &read,
            &expect![[r#"
            likely: a security policy denies sshd an access
              /var/log/audit/audit.log:1: type=AVC msg=audit(1795197000.1:9): avc:  denied  { read } for  pid=812 comm="sshd" src=2222 scontext=system_u:system_r:sshd_t:s0 tclass=tcp_socket permissive=0
              - give files below /etc/ssh the labels of the policy: `restorecon -RFv /etc/ssh`
              - see all denials: `ausearch -m avc -c sshd`, `aa-status`
        "#]],
        );
    }

    #[test]
    fn denials_in_permissive_mode_or_of_other_programs_are_ignored() {
        let other = BIND.replace("permissive=0", "permissive=1");
        check("mandatory-access-denied", &other, &expect![""]);
        check(
            "mandatory-access-denied",
            &BIND.replace("\"sshd\"", "\"httpd\""),
            &expect![""],
        );
    }
}
