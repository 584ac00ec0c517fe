use sshmend_facts::{Facts, Usage};
use sshmend_plan::Wish;
use sshmend_ssh_log::{CauseName, Kind};

use crate::causes::authentication::user_not_allowed::pam::own_limit;
use crate::evidence::log::{LogEvidence, log_evidence};
use crate::finding::{Finding, Then};
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let machine = verdict.look(facts.open_files()).flatten();
    let listener = match verdict.look(facts.listener()) {
        Some(Some(listener)) => listener,
        Some(None) => return at_start(facts, verdict),
        None => return,
    };
    let own = verdict.look(facts.open_files_of(listener.pid)).flatten();
    let machine = machine.filter(Usage::exhausted);
    if let Some(usage) = own.clone().filter(Usage::exhausted) {
        let finding = verdict.certain(
            Proof::Kernel,
            "the listener has used all its file descriptors and cannot accept a connection",
        );
        finding.shown_by(&usage.source, format!("Max open files: {}", usage.text()));
        raise(facts, finding);
        finding.mended_by(
            Wish::Service { restart: false },
            "restarts the service after `sshd -t`, which frees its file descriptors",
        );
    } else if let Some(usage) = machine {
        // The kernel lets root exceed this limit: it affects the unprivileged process, and sshd in
        // a container.
        let finding = verdict.likely(
            "the machine has used all its file descriptors, so sshd may be unable to serve a connection",
        );
        finding.shown_by(&usage.source, usage.text());
        finding.step(
            "find who holds them: `lsof -n | awk '{print $1}' | sort | uniq -c | sort -n | tail`",
        );
        finding.step(format!(
            "raise it: `sysctl -w fs.file-max={}`, and keep it in /etc/sysctl.d",
            usage.limit.saturating_mul(2)
        ));
    } else if let Some(usage) = own.filter(|usage| usage.limit < needed(facts.startups_begin())) {
        let finding = verdict.likely(
            "the file limit of the listener is too low for the connections that MaxStartups allows",
        );
        finding.shown_by(&usage.source, format!("Max open files: {}", usage.text()));
        raise(facts, finding).then(Then::Restart);
    } else if let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::FileDescriptorLimit,
        Some(Certainty::Likely),
    ) {
        let of_session = heard
            .lines
            .last()
            .is_some_and(|line| line.kind == Kind::SessionFault);
        if of_session {
            return of_account(facts, &heard, verdict);
        }
        let finding = heard.report(verdict, "sshd could not open more files for connections");
        raise(facts, finding).then(Then::Restart);
    } else {
        verdict.exclude(
            Fact::Kernel,
            "the listener and the machine have not reached their file limits",
        );
    }
}

/// If sshd is not running, it may have been unable to open even its own files.
fn at_start(facts: &Facts<'_>, verdict: &mut Verdict) {
    let lines = facts
        .log_lines(CauseName::FileDescriptorLimit)
        .unwrap_or_default();
    let Some(last) = lines
        .last()
        .filter(|line| line.kind == Kind::Broken && facts.is_recent(line))
    else {
        return;
    };
    let finding = verdict.certain(
        Proof::Kernel,
        "sshd cannot start because its file limit is too low",
    );
    finding.shown_by_lines(&[last]);
    match facts.confinement(&["LimitNOFILE="]) {
        Some((line, text)) => finding.shown_at(&line, text).mended_without(&[line]),
        None => raise(facts, finding).then(Then::Start),
    };
}

/// After the login the limits count that PAM gives the account (pam_limits).
fn of_account(facts: &Facts<'_>, heard: &LogEvidence<'_>, verdict: &mut Verdict) {
    let finding = heard.report(
        verdict,
        "the login succeeds, but the file limit of the account is too low for a session",
    );
    finding.step("see what the account may open, for after the login its own limit counts: `grep -rn nofile /etc/security/limits.conf /etc/security/limits.d`");
    let own = facts
        .user()
        .and_then(|user| own_limit(facts, user, "nofile", "65536"));
    if let Some(step) = own {
        finding.step(format!("{step}; it counts at the next login"));
    }
}

/// Raises the unit's limit to the most files that sshd can ever need.
fn raise<'v>(facts: &Facts<'_>, finding: &'v mut Finding) -> &'v mut Finding {
    let unit = facts.unit_name();
    finding.set_in_unit(&unit, "Service", &["LimitNOFILE=65536"])
}

/// The listener holds a socket and a pipe for each connection that waits, and some files of its
/// own.
fn needed(waiting: u32) -> u64 {
    u64::from(waiting) * 2 + 8
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, SHOW};

    use crate::testing::{alice, alice_with, check, check_as};
    use expect_test::expect;

    #[test]
    fn a_limit_too_low_for_the_start_is_named_with_its_unit_line() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n\
            DropInPaths=/etc/systemd/system/ssh.service.d/o.conf\n";
        let drop_in = "//- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\nLimitNOFILE=6\n";
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: /etc/ssh/sshd_config: Too many open files\n";
        check(
            "file-descriptor-limit",
            &format!("//- /proc/700/cmdline missing\n{drop_in}{SHOW}{unit}{LOG}{line}"),
            &expect![[r#"
                certain: sshd cannot start because its file limit is too low
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: /etc/ssh/sshd_config: Too many open files
                  /etc/systemd/system/ssh.service.d/o.conf:2: LimitNOFILE=6
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
    }

    #[test]
    fn the_limits_of_the_process_and_of_the_machine_are_checked() {
        let own = "//- /proc/700/limits\nMax open files            2                    524288               files     \n";
        check(
            "file-descriptor-limit",
            own,
            &expect![[r#"
                certain: the listener has used all its file descriptors and cannot accept a connection
                  /proc/700/limits: Max open files: 2 of 2
                  $ sshmend fix service  # restarts the service after `sshd -t`, which frees its file descriptors
                  - give the unit another value by a file of your own: `mkdir -p /etc/systemd/system/ssh.service.d`
                  - `printf '[Service]\nLimitNOFILE=65536\n' > /etc/systemd/system/ssh.service.d/zz-limitnofile.conf`
                  - have systemd read it: `systemctl daemon-reload`
            "#]],
        );
        check(
            "file-descriptor-limit",
            "//- /proc/sys/fs/file-nr\n99\t0\t99\n",
            &expect![[r#"
                likely: the machine has used all its file descriptors, so sshd may be unable to serve a connection
                  /proc/sys/fs/file-nr: 99 of 99
                  - find who holds them: `lsof -n | awk '{print $1}' | sort | uniq -c | sort -n | tail`
                  - raise it: `sysctl -w fs.file-max=198`, and keep it in /etc/sysctl.d
            "#]],
        );
        check(
            "file-descriptor-limit",
            "",
            &expect![[r#"
                excluded: the listener and the machine have not reached their file limits
            "#]],
        );
    }

    #[test]
    fn the_limit_of_the_account_is_distinguished_from_that_of_the_listener() {
        check_as(
            &alice(),
            "file-descriptor-limit",
            &alice_with(
                "",
                "fatal: monitor_openfds: socketpair: Too many open files",
            ),
            &expect![[r#"
                likely: the login succeeds, but the file limit of the account is too low for a session (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: monitor_openfds: socketpair: Too many open files
                  - see what the account may open, for after the login its own limit counts: `grep -rn nofile /etc/security/limits.conf /etc/security/limits.d`
                  - give the account one of its own, in a file that is read last: `printf '%s - nofile 65536\n' alice > /etc/security/limits.d/zz-nofile.conf`; it counts at the next login
            "#]],
        );
    }
}
