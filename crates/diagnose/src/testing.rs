//! Machines written down as text, for the tests of causes.

use std::fmt::Write;

use expect_test::Expect;
use sshmend_lossless::{Snapshot, fixture};

use crate::diagnosis::diagnose;
use crate::facts::{Facts, show};
use crate::question::Question;
use crate::verdict::Verdict;

/// The header of the answer of `systemctl show`, for fixtures that say how the units stand.
pub(crate) const SHOW: &str = "//$ SHOW => 0 stdout\n";

/// Friday, 20 November 2026.
pub(crate) const NOW: i64 = 1_795_132_800;

/// A Debian 12 server as installed: everything that is asked of it, and nothing wrong.
const HEALTHY: &str = "\
//- /proc/1/cmdline
/sbin/init
//- /proc/700/cmdline
sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
//- /proc/700/status
Name:\tsshd
State:\tS (sleeping)
NSpid:\t700
//- /proc/700/limits
Limit                     Soft Limit           Hard Limit           Units
Max processes             63381                63381                processes
Max open files            1024                 524288               files
//- /proc/700/cgroup
0::/system.slice/ssh.service
//- /proc/700/stat
700 (sshd) S 1 700 700 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 512
//- /proc/700/fd/0
//- /proc/700/fd/3
//$ readlink /proc/700/exe => 0
/usr/sbin/sshd
//- /sys/fs/cgroup/system.slice/ssh.service/pids.current
1
//- /sys/fs/cgroup/system.slice/ssh.service/pids.max
4915
//- /sys/fs/cgroup/system.slice/ssh.service/pids.events
max 0
//- /proc/sys/net/netfilter/nf_conntrack_count
12
//- /proc/sys/net/netfilter/nf_conntrack_max
262144
//- /proc/sys/fs/file-nr
1312	0	9223372036854775807
//- /proc/net/netstat
TcpExt: SyncookiesSent ListenOverflows ListenDrops
TcpExt: 0 0 0
//- /proc/sys/net/ipv4/tcp_abort_on_overflow
0
//- /proc/loadavg
0.00 0.01 0.00 1/131 900
//- /proc/sys/kernel/pid_max
32768
//- /var/log/audit/audit.log missing
//$ dmesg => 0
[    0.000000] Linux version 6.1.0-37-amd64
//$ df -P -k / /run /tmp /var => 0
Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/vda1 20000000 4000000 16000000 20% /
tmpfs 200000 600 199400 1% /run
//$ df -P -i / /run /tmp /var => 0
Filesystem Inodes IUsed IFree IUse% Mounted on
/dev/vda1 1000000 40000 960000 4% /
//$ ss -Hltnp => 0
LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))
LISTEN 0 128 [::]:22 [::]:* users:((\"sshd\",pid=700,fd=4))
//- /run/systemd/system dir
//$ systemctl is-system-running => 0
running
//$ systemctl list-units --all --plain --no-legend --state=failed ssh@*.service sshd@*.service => 0
//- /usr/sbin/sshd mode:0755
//- /usr/bin/sshd missing
//- /usr/local/sbin/sshd missing
//- /sbin/sshd missing
//$ /usr/sbin/sshd -V => 0
OpenSSH_9.2, OpenSSL 3.0.19 27 Jan 2026
//$ /usr/sbin/sshd -t => 0
//$ SHOW => 0 stdout
Id=ssh.service
LoadState=loaded
ActiveState=active
SubState=running
Result=success
UnitFileState=enabled
MainPID=700
RuntimeDirectory=sshd

Id=ssh.socket
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled
";

/// The healthy machine, changed by `extra`: a later entry replaces an earlier one.
pub(crate) fn machine(extra: &str) -> Snapshot {
    let text = format!("{HEALTHY}{extra}");
    fixture::snapshot(&text.replace("//$ SHOW ", &format!("//$ {} ", show().join(" "))))
}

/// Judges one cause on the healthy machine changed by `extra`.
pub(crate) fn check(cause: &str, extra: &str, expected: &Expect) {
    check_as(&Question::server(NOW), cause, extra, expected);
}

/// As [`check`], with another question.
pub(crate) fn check_as(question: &Question, cause: &str, extra: &str, expected: &Expect) {
    let snapshot = machine(extra);
    let cause = crate::cause(cause).expect("a registered cause");
    let mut verdict = Verdict::default();
    (cause.judge)(&Facts::new(&snapshot, question), &mut verdict);
    expected.assert_eq(&print(&verdict));
}

fn print(verdict: &Verdict) -> String {
    let mut text = String::new();
    for finding in &verdict.findings {
        let latent = if finding.latent { " (latent)" } else { "" };
        let _ = writeln!(text, "{}{latent}: {}", finding.certainty.as_str(), finding.summary);
        for evidence in &finding.evidence {
            let line = evidence.line.map_or_else(String::new, |line| format!(":{line}"));
            let _ = writeln!(text, "  {}{line}: {}", evidence.source, evidence.text);
        }
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "  $ {}  # {}", remedy.argv.join(" "), remedy.summary);
        }
        finding.steps.iter().for_each(|step| _ = writeln!(text, "  - {step}"));
    }
    verdict.unchecked.iter().for_each(|item| _ = writeln!(text, "unchecked: {}: {}", item.check, item.reason));
    verdict.exclusion().iter().for_each(|why| _ = writeln!(text, "excluded: {why}"));
    text
}

#[test]
fn everything_that_is_asked_of_the_healthy_machine_is_answered() {
    assert_eq!(crate::wants(&machine(""), &Question::server(NOW)), Vec::new());
}

#[test]
fn a_healthy_machine_has_no_finding_and_nothing_unchecked() {
    let diagnosis = diagnose(&machine(""), &Question::server(NOW));
    assert_eq!((diagnosis.findings, diagnosis.unchecked), (Vec::new(), Vec::new()));
}
