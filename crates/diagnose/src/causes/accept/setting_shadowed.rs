use sshmend_facts::Facts;
use sshmend_sshd_config::{Setting, Why};

use crate::proof::Fact;
use crate::verdict::{Judges, UNSEEN, Verdict};

pub(crate) const JUDGES: Judges = Judges {
    server: judge,
    ..UNSEEN
};

/// The keywords that decide whether and how long a connection lives: of these, a Match block that overrides a line is told as well,
/// while others are put into such blocks to be overridden.
const OF_CONNECTIONS: [&str; 10] = [
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

/// What distributions write into the main file: a line before it is how it is meant to be changed.
const OF_PACKAGES: [(&str, &str); 5] = [
    ("usepam", "yes"),
    ("x11forwarding", "yes"),
    ("printmotd", "no"),
    ("kbdinteractiveauthentication", "no"),
    ("gssapiauthentication", "yes"),
];

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(effective) = verdict.look(facts.effective()) else {
        return;
    };
    verdict.unchecked.extend(facts.unseen());
    for setting in effective {
        report(facts, setting, verdict);
    }
    verdict.exclude(
        Fact::Files,
        "no value that somebody set loses to another line",
    );
}

fn report(facts: &Facts<'_>, setting: &Setting, verdict: &mut Verdict) {
    let value = setting.values.join(" ");
    let lost: Vec<_> = setting
        .shadowed
        .iter()
        .filter(|lost| lost.value != value)
        .filter(|lost| !OF_PACKAGES.contains(&(&*setting.key, &*lost.value)))
        .filter(|lost| lost.why != Why::MatchBlock || OF_CONNECTIONS.contains(&&*setting.key))
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
    use crate::testing::{alice, check, check_as};
    use expect_test::expect;

    #[test]
    fn lines_that_lose_are_named_with_the_one_that_wins() {
        let twice = "//- /etc/ssh/sshd_config\nMaxStartups 50:30:200\nMaxSessions 3\nMaxSessions 20\nMaxStartups 10:30:100\n";
        check(
            "setting-shadowed",
            twice,
            &expect![[r#"
                possible (latent): maxsessions 20 has no effect: an earlier line decides
                  /etc/ssh/sshd_config:2: MaxSessions 3
                  /etc/ssh/sshd_config:3: MaxSessions 20
                  - if that value is wanted: `sshmend fix sshd-config maxsessions=20`; otherwise take the line out
                possible (latent): maxstartups 50:30:200 has no effect: a later line decides
                  /etc/ssh/sshd_config:4: MaxStartups 10:30:100
                  /etc/ssh/sshd_config:1: MaxStartups 50:30:200
                  - if that value is wanted: `sshmend fix sshd-config maxstartups=50:30:200`; otherwise take the line out
            "#]],
        );
    }

    #[test]
    fn it_is_asked_of_every_keyword_and_a_block_is_meant_to_override() {
        check_as(
            &alice(),
            "setting-shadowed",
            "//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\nX11Forwarding yes\n\
             Match User alice\nX11Forwarding no\n//- /etc/ssh/sshd_config.d/50-image.conf\nPasswordAuthentication no\n",
            &expect![[r#"
                possible (latent): passwordauthentication yes has no effect: an earlier line decides
                  /etc/ssh/sshd_config.d/50-image.conf:1: PasswordAuthentication no
                  /etc/ssh/sshd_config:2: PasswordAuthentication yes
                  - if that value is wanted: `sshmend fix sshd-config passwordauthentication=yes`; otherwise take the line out
            "#]],
        );
    }

    #[test]
    fn what_a_package_writes_is_there_to_be_overridden() {
        check(
            "setting-shadowed",
            "//- /etc/ssh/sshd_config\nUsePAM no\nX11Forwarding no\nUsePAM yes\nX11Forwarding yes\n",
            &expect![[r#"
                excluded: no value that somebody set loses to another line
            "#]],
        );
    }

    #[test]
    fn the_same_value_twice_hides_nothing() {
        check(
            "setting-shadowed",
            "//- /etc/ssh/sshd_config\nMaxSessions 3\nMaxSessions 3\n",
            &expect![[r#"
            excluded: no value that somebody set loses to another line
        "#]],
        );
    }
}
