use std::collections::BTreeMap;
use std::net::IpAddr;

use sshmend_facts::Facts;
use sshmend_ssh_log::CauseName;

use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

/// Fewer drops do not show their origin.
const ENOUGH: usize = 5;

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(lines) = verdict.look(facts.log_lines(CauseName::MaxStartups)) else {
        return;
    };
    let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
    for client in lines.iter().filter_map(|line| line.client) {
        *counts.entry(client).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    let Some((client, own)) = counts.into_iter().max_by_key(|(_, own)| *own) else {
        return;
    };
    if own < ENOUGH || own * 2 <= all {
        return;
    }
    let finding = verdict.possible(format!(
        "most of the dropped connections come from {client} ({own} of {all})"
    ));
    finding.shown_by_lines(&lines);
    finding
        .step("on that client share connections: `ControlMaster auto`, `ControlPath ~/.ssh/%C`, `ControlPersist 60s`");
    finding.step(
        "and open fewer at once: `forks` in ansible.cfg, `-P` of xargs, `-p` of parallel-ssh",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::LOG;

    use crate::testing::check;
    use expect_test::expect;

    fn drops(clients: &[u8]) -> String {
        let line = |client: &u8| {
            format!(
                "2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #12 from [198.51.100.{client}]:4711 on [192.0.2.10]:22 past MaxStartups\n"
            )
        };
        format!("{LOG}{}", clients.iter().map(line).collect::<String>())
    }

    #[test]
    fn one_address_must_have_most_of_the_drops() {
        check(
            "client-parallelism",
            &drops(&[7, 7, 7, 8, 7, 7]),
            &expect![[r#"
            possible: most of the dropped connections come from 198.51.100.7 (5 of 6)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #12 from [198.51.100.8]:4711 on [192.0.2.10]:22 past MaxStartups
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #12 from [198.51.100.7]:4711 on [192.0.2.10]:22 past MaxStartups
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #12 from [198.51.100.7]:4711 on [192.0.2.10]:22 past MaxStartups
              - on that client share connections: `ControlMaster auto`, `ControlPath ~/.ssh/%C`, `ControlPersist 60s`
              - and open fewer at once: `forks` in ansible.cfg, `-P` of xargs, `-p` of parallel-ssh
        "#]],
        );
        check(
            "client-parallelism",
            &drops(&[1, 2, 3, 4, 5, 6]),
            &expect![""],
        );
        check("client-parallelism", "", &expect![""]);
    }
}
