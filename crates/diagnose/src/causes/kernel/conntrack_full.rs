use sshmend_facts::{Facts, LogLine, Usage};
use sshmend_ssh_log::CauseName;

use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

/// Signs of a container: systemd and what it runs in, docker, podman.
const CONTAINERS: [&str; 3] = [
    "/run/systemd/container",
    "/.dockerenv",
    "/run/.containerenv",
];

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(usage) = verdict.look(facts.conntrack()) else {
        return;
    };
    let lines = verdict
        .look(facts.kernel_lines(CauseName::ConntrackFull))
        .unwrap_or_default();
    match usage {
        Some(usage) if usage.exhausted() => full(facts, &usage, verdict),
        _ if !lines.is_empty() => was_full(&lines, verdict),
        Some(usage) => verdict.exclude(
            Fact::Kernel,
            format!("{} connections are tracked", usage.text()),
        ),
        None => verdict.exclude(Fact::Kernel, "connections are not tracked here"),
    }
}

fn full(facts: &Facts<'_>, usage: &Usage, verdict: &mut Verdict) {
    let finding = verdict.certain(
        Proof::Kernel,
        "the connection tracking table is full: packets of new connections are dropped",
    );
    finding.shown_by(&usage.source, usage.text());
    let more = usage.limit.saturating_mul(2);
    if CONTAINERS
        .iter()
        .any(|path| matches!(facts.meta(path), Ok(Some(_))))
    {
        finding.step(
            "this is a container: the limit is that of its host, and can be raised there alone",
        );
    }
    finding.step(format!(
        "raise it: `sysctl -w net.netfilter.nf_conntrack_max={more}`, and keep it in /etc/sysctl.d"
    ));
    finding.step(
        "find who fills it (package conntrack): `conntrack -L | awk '{print $5}' | sort | uniq -c | sort -n | tail`",
    );
}

fn was_full(lines: &[&LogLine], verdict: &mut Verdict) {
    let finding = verdict.likely(
        "the connection tracking table was full, so packets of new connections were dropped",
    );
    finding.shown_by_lines(lines);
    finding.step("raise `net.netfilter.nf_conntrack_max`, and keep it in /etc/sysctl.d");
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn a_full_table_is_certain_and_an_old_log_line_is_not() {
        let counts = |used: u32| {
            format!(
                "//- /proc/sys/net/netfilter/nf_conntrack_count\n{used}\n//- /proc/sys/net/netfilter/nf_conntrack_max\n500\n"
            )
        };
        check(
            "conntrack-full",
            &counts(500),
            &expect![[r#"
                certain: the connection tracking table is full: packets of new connections are dropped
                  /proc/sys/net/netfilter/nf_conntrack_count: 500 of 500
                  - raise it: `sysctl -w net.netfilter.nf_conntrack_max=1000`, and keep it in /etc/sysctl.d
                  - find who fills it (package conntrack): `conntrack -L | awk '{print $5}' | sort | uniq -c | sort -n | tail`
            "#]],
        );
        let line =
            "//$ dmesg => 0\n[ 99.1] nf_conntrack: nf_conntrack: table full, dropping packet\n";
        check(
            "conntrack-full",
            &format!("{}{line}", counts(3)),
            &expect![[r#"
                excluded: 3 of 500 connections are tracked
            "#]],
        );
        check(
            "conntrack-full",
            &counts(3),
            &expect![[r#"
            excluded: 3 of 500 connections are tracked
        "#]],
        );
    }
}
