use sshmend_facts::Facts;
use sshmend_sshd_config::Setting;

use crate::proof::Fact;
use crate::verdict::{Judges, UNSEEN, Verdict};

pub(super) const JUDGES: Judges = Judges {
    server: judge,
    ..UNSEEN
};

/// The keywords that decide whether and how long a connection lives.
const KEYS: [&str; 10] = [
    "maxstartups",
    "persourcemaxstartups",
    "persourcenetblocksize",
    "persourcepenalties",
    "logingracetime",
    "maxauthtries",
    "maxsessions",
    "clientaliveinterval",
    "clientalivecountmax",
    "loglevel",
];

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(effective) = verdict.look(facts.effective()) else {
        return;
    };
    verdict.unchecked.extend(facts.unseen());
    for setting in KEYS.iter().filter_map(|key| effective.get(key)) {
        report(facts, setting, verdict);
    }
    verdict.exclude(Fact::Files, "every line about connections is in force");
}

fn report(facts: &Facts<'_>, setting: &Setting, verdict: &mut Verdict) {
    let value = setting.values.join(" ");
    let lost: Vec<_> = setting
        .shadowed
        .iter()
        .filter(|shadowed| shadowed.value != value)
        .collect();
    let Some(first) = lost.first() else { return };
    let finding = verdict.possible(format!(
        "{} {} has no effect: {}",
        setting.key, first.value, first.why
    ));
    finding.latent_if(true);
    finding.shown_by_setting(facts, setting);
    for lost in &lost {
        finding.shown_at(
            &lost.origin,
            facts.line(&lost.origin.path, lost.origin.line),
        );
    }
    let wanted = format!("{}={}", setting.key, first.value);
    finding.step(format!(
        "if that value is wanted: `sshmend fix sshd-config {wanted}`; otherwise take the line out"
    ));
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn lines_that_lose_are_named_with_the_one_that_wins() {
        let twice = "//- /etc/ssh/sshd_config\nMaxStartups 50:30:200\nMaxSessions 3\nMaxSessions 20\nMaxStartups 10:30:100\n";
        check(
            "setting-shadowed",
            twice,
            &expect![[r#"
            possible (latent): maxstartups 50:30:200 has no effect: a later line decides
              /etc/ssh/sshd_config:4: MaxStartups 10:30:100
              /etc/ssh/sshd_config:1: MaxStartups 50:30:200
              - if that value is wanted: `sshmend fix sshd-config maxstartups=50:30:200`; otherwise take the line out
            possible (latent): maxsessions 20 has no effect: an earlier line decides
              /etc/ssh/sshd_config:2: MaxSessions 3
              /etc/ssh/sshd_config:3: MaxSessions 20
              - if that value is wanted: `sshmend fix sshd-config maxsessions=20`; otherwise take the line out
        "#]],
        );
    }

    #[test]
    fn the_same_value_twice_hides_nothing() {
        check(
            "setting-shadowed",
            "//- /etc/ssh/sshd_config\nMaxSessions 3\nMaxSessions 3\n",
            &expect![[r#"
            excluded: every line about connections is in force
        "#]],
        );
    }
}
