use sshmend_facts::{Facts, Reply};
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::evidence::probe::{ask_the_server, probe_evidence};
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(limit) = verdict.look(facts.value("persourcemaxstartups")) else {
        return;
    };
    let Some(limit) = limit.and_then(|value| value.parse::<u32>().ok()) else {
        return verdict.exclude_by_setting(
            facts,
            "persourcemaxstartups",
            "PerSourceMaxStartups is not set",
        );
    };
    let Some(mut heard) = log_evidence(
        facts,
        verdict,
        CauseName::MaxStartups,
        Some(Certainty::Likely),
    ) else {
        return;
    };
    let begin = facts.startups_begin();
    heard
        .lines
        .retain(|line| line.number.is_some_and(|number| number < u64::from(begin)));
    if heard.lines.is_empty() {
        // Dropped from there on: that is MaxStartups.
        return;
    }
    let finding = heard.report(
        verdict,
        &format!(
            "sshd drops connections from an address that already has {limit} unauthenticated ones"
        ),
    );
    if let Ok(Some(setting)) = facts.setting("persourcemaxstartups") {
        finding.shown_by_setting(facts, setting);
    }
    let value = limit.saturating_mul(4).max(10).to_string();
    finding.mended_by_setting(
        facts,
        "PerSourceMaxStartups",
        &value,
        "allows more unauthenticated connections from one address",
    );
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| matches!(reply, Reply::Dropped(_)))
    else {
        return;
    };
    let what =
        "the server may drop connections because too many from this address are unauthenticated";
    ask_the_server(replied.report(verdict, Certainty::Possible, what));
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const SET: &str = "//- /etc/ssh/sshd_config\nPerSourceMaxStartups 2\n";
    const DROP: &str = "2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #2 from [198.51.100.7]:4711 on [192.0.2.10]:22 past MaxStartups\n";

    #[test]
    fn a_drop_below_the_start_value_is_caused_by_the_limit_per_source() {
        check_as(
            &from("198.51.100.7"),
            "per-source-max-startups",
            &format!("{SET}{LOG}{DROP}"),
            &expect![[r#"
            certain: sshd drops connections from an address that already has 2 unauthenticated ones (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #2 from [198.51.100.7]:4711 on [192.0.2.10]:22 past MaxStartups
              /etc/ssh/sshd_config:1: PerSourceMaxStartups 2
              $ sshmend fix sshd-config PerSourceMaxStartups=10  # allows more unauthenticated connections from one address
        "#]],
        );
    }

    #[test]
    fn a_drop_above_the_start_value_may_be_caused_by_the_total_limit() {
        let all = DROP.replace("#2", "#12");
        check(
            "per-source-max-startups",
            &format!("{SET}{LOG}{all}"),
            &expect![""],
        );
        check(
            "per-source-max-startups",
            &format!("{LOG}{DROP}"),
            &expect![[r#"
            excluded: PerSourceMaxStartups is not set
        "#]],
        );
    }
}
