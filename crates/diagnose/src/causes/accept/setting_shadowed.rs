use sshmend_facts::{Facts, Reader, UnreadFile};
use sshmend_lossless::quoted;
use sshmend_plan::{SshdSource, Wish};
use sshmend_sshd_config::{Assignment, Setting, Why, is_word_list};

use crate::edit;
use crate::finding::Then;
use crate::proof::Fact;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

/// The keywords that decide whether and how long a connection lives: for these, a Match block that
/// overrides a line is reported as well, while other keywords are put into such blocks on purpose.
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

/// Settings that distributions write into the main file, and expect to be changed by a line before
/// it.
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
    for file in facts.unread_files() {
        unread(facts, &file, verdict);
    }
    verdict.exclude(
        Fact::Files,
        "no configured value is overridden by another line",
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

/// A file that nothing reads: what it asks for is not in force.
fn unread(facts: &Facts<'_>, file: &UnreadFile, verdict: &mut Verdict) {
    let (path, why) = (file.path.display().to_string(), &file.why);
    let finding = verdict.possible(format!("{path} has no effect: {why}"));
    finding.latent_if(true);
    let named = quoted(&path);
    match &file.reader {
        Reader::Sshd(settings) => {
            for setting in settings {
                if let Some(line) = &setting.origin {
                    finding.shown_at(line, facts.line(&line.path, line.line));
                }
            }
            let wanted = settings.iter().filter_map(wanted);
            finding.step(match wanted.collect::<Vec<_>>() {
                none if none.is_empty() => {
                    "if it is wanted, write it where sshd reads it; otherwise remove the file"
                        .to_owned()
                }
                settings => format!(
                    "if that is wanted: `{}`; otherwise remove the file",
                    edit::command(&Wish::SshdConfig {
                        settings,
                        drop_in: false,
                        source: SshdSource::default(),
                    })
                ),
            });
        }
        Reader::Fail2ban(line, text) => {
            finding.shown_at(line, text);
            finding.step(format!(
                "if it is wanted: `mv {named} {}`, then `fail2ban-client reload`; otherwise remove the file",
                quoted(&format!("{path}.local"))
            ));
        }
        Reader::Systemd(unit, line, text) => {
            finding.shown_at(line, text);
            if !path.ends_with(".conf") {
                finding.step(format!(
                    "if it is wanted: `mv {named} {}`; otherwise remove the file",
                    quoted(&format!("{path}.conf"))
                ));
            }
            finding.step(format!(
                "have systemd read the files of {unit}: `systemctl daemon-reload`"
            ));
            finding.then(Then::Restart);
        }
    }
}

/// The wish for a value; none where it takes several lines.
fn wanted(setting: &Setting) -> Option<Assignment> {
    let one_line = setting.values.len() == 1 || is_word_list(&setting.key);
    one_line.then(|| Assignment::set(&*setting.key, setting.values.join(" ")))
}

#[cfg(test)]
mod tests {
    use crate::testing::{alice, check, check_as};
    use expect_test::expect;

    #[test]
    fn losing_lines_are_named_with_the_winning_one() {
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
    fn every_keyword_is_checked_and_match_blocks_may_override() {
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
    fn packaged_lines_may_be_overridden() {
        check(
            "setting-shadowed",
            "//- /etc/ssh/sshd_config\nUsePAM no\nX11Forwarding no\nUsePAM yes\nX11Forwarding yes\n",
            &expect![[r#"
                excluded: no configured value is overridden by another line
            "#]],
        );
    }

    #[test]
    fn a_repeated_equal_value_is_not_reported() {
        check(
            "setting-shadowed",
            "//- /etc/ssh/sshd_config\nMaxSessions 3\nMaxSessions 3\n",
            &expect![[r#"
            excluded: no configured value is overridden by another line
        "#]],
        );
    }

    #[test]
    fn unread_drop_ins_are_reported_with_their_settings() {
        let endings = "//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\nMaxSessions 5\n//- /etc/ssh/sshd_config.d dir\n50-image.conf\n60-site.cfg\n70.conf.bak\n\
             //- /etc/ssh/sshd_config.d/50-image.conf\nMaxAuthTries 4\n//- /etc/ssh/sshd_config.d/60-site.cfg\nMaxSessions 5\nMaxStartups 100:30:200\n\
             //- /etc/ssh/sshd_config.d/70.conf.bak\nMaxStartups 1\n";
        check(
            "setting-shadowed",
            endings,
            &expect![[r#"
            possible (latent): /etc/ssh/sshd_config.d/60-site.cfg has no effect: no Include names it: its name does not end in .conf
              /etc/ssh/sshd_config.d/60-site.cfg:2: MaxStartups 100:30:200
              - if that is wanted: `sshmend fix sshd-config maxstartups=100:30:200`; otherwise remove the file
        "#]],
        );
        let no_include = "//- /etc/ssh/sshd_config\nMaxSessions 5\n//- /etc/ssh/sshd_config.d dir\nsite.conf\n//- /etc/ssh/sshd_config.d/site.conf\nAllowUsers alice bob\n";
        check(
            "setting-shadowed",
            no_include,
            &expect![[r#"
                possible (latent): /etc/ssh/sshd_config.d/site.conf has no effect: no Include of /etc/ssh/sshd_config names it
                  /etc/ssh/sshd_config.d/site.conf:1: AllowUsers alice bob
                  - if that is wanted: `sshmend fix sshd-config 'allowusers=alice bob'`; otherwise remove the file
            "#]],
        );
    }

    #[test]
    fn unread_files_of_jails_and_units_are_reported() {
        let jails = "//- /etc/fail2ban/jail.d dir\nsite\n//- /etc/fail2ban/jail.d/site\n[DEFAULT]\nignoreip = 192.0.2.0/24\n";
        check(
            "setting-shadowed",
            jails,
            &expect![[r#"
            possible (latent): /etc/fail2ban/jail.d/site has no effect: fail2ban reads only names that end in .conf or .local there
              /etc/fail2ban/jail.d/site:2: ignoreip = 192.0.2.0/24
              - if it is wanted: `mv /etc/fail2ban/jail.d/site /etc/fail2ban/jail.d/site.local`, then `fail2ban-client reload`; otherwise remove the file
        "#]],
        );
        let unit = "//- /etc/systemd/system/ssh.service.d dir\nlimits\n//- /etc/systemd/system/ssh.service.d/limits\n[Service]\nLimitNOFILE=4096\n";
        check(
            "setting-shadowed",
            unit,
            &expect![[r#"
            possible (latent): /etc/systemd/system/ssh.service.d/limits has no effect: systemd reads only names that end in .conf there
              /etc/systemd/system/ssh.service.d/limits:2: LimitNOFILE=4096
              - if it is wanted: `mv /etc/systemd/system/ssh.service.d/limits /etc/systemd/system/ssh.service.d/limits.conf`; otherwise remove the file
              - have systemd read the files of ssh.service: `systemctl daemon-reload`
              - then `sshmend fix service --restart`
        "#]],
        );
    }
}
