use std::path::Path;

use sshmend_facts::{Complaint, Facts, TestOutput, Unchecked};
use sshmend_lossless::Origin;
use sshmend_plan::Wish;
use sshmend_sshd_config::{Problem, Release, StartVerdict as Judged, nearest_keyword};

use crate::edit;
use crate::finding::{Finding, Mark, Then};
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    match facts.test_output() {
        Ok(Some(config_test)) => tried(facts, &config_test, verdict),
        Ok(None) => {}
        Err(unchecked) => modelled(facts, unchecked, verdict),
    }
}

fn tried(facts: &Facts<'_>, config_test: &TestOutput, verdict: &mut Verdict) {
    if config_test.passed {
        return verdict.exclude(Fact::Answer, "`sshd -t` accepts the configuration");
    }
    let mut lines: Vec<&str> = config_test.about(Complaint::Config).collect();
    let mut certainty = Proof::Answer.certain();
    if lines.is_empty()
        && config_test
            .complaints
            .iter()
            .all(|(about, _)| *about == Complaint::Other)
    {
        (lines, certainty) = (
            config_test.about(Complaint::Other).collect(),
            Certainty::Likely,
        );
    }
    let Some(first) = lines.first() else { return };
    let finding = refused(facts, certainty, first, verdict);
    let problems = facts
        .tree()
        .map(|tree| tree.problems(facts.release()))
        .unwrap_or_default();
    for line in &lines {
        show(facts, finding, config_test, line, &problems);
    }
    hints(facts, &lines, &problems, finding);
    if facts.keeps_its_configuration() {
        finding.step(format!("check it with `{}`", config_test.command));
    }
    start(facts, finding);
}

fn start(facts: &Facts<'_>, finding: &mut Finding) {
    if !facts.keeps_its_configuration() && !facts.question.offline {
        finding.then(Then::Start);
    }
}

/// The hints for a line: from the model of the files, or about its source if it is not from them.
fn hints(facts: &Facts<'_>, lines: &[&str], problems: &[Problem], finding: &mut Finding) {
    let fatal = |problem: &&Problem| problem.fatal;
    let named = |problem: &&Problem| {
        lines
            .iter()
            .any(|line| place(line).as_ref() == Some(&problem.origin))
    };
    let refused: Vec<&Problem> = problems.iter().filter(fatal).filter(named).collect();
    if refused.is_empty() {
        finding.step("correct the line named above");
    }
    commented_out(facts, &refused, finding);
    if !lines.iter().any(|line| place(line).is_some()) {
        for problem in problems.iter().filter(|problem| problem.fatal) {
            finding
                .shown_at(&problem.origin, &problem.line)
                .marked(marked(facts, problem, &problem.message))
                .step(problem.hint.clone());
        }
    }
    for line in lines {
        let at = place(line);
        let known = problems
            .iter()
            .find(|problem| Some(&problem.origin) == at.as_ref());
        if let Some(problem) = &known {
            correct(problem, finding);
        }
        match line.strip_suffix(": No such file or directory") {
            Some(path) => {
                finding.step(format!(
                    "{path} leads nowhere: remove the link, or restore what it stands for"
                ));
            }
            None if line.starts_with("command-line") => started_with(facts, line, finding),
            None if line.ends_with("CommandUser") && edit::is_here(facts) => {
                finding.step(without_account(line));
            }
            None => {}
        }
    }
}

/// An option of the command line, which the unit or its environment contains. sshd runs its own
/// commands under an account that must be named (servconf.c, `load_server_config`).
fn without_account(line: &str) -> String {
    let key = line.rsplit(' ').next().unwrap_or_default();
    format!(
        "name the account that runs that command, best one that owns nothing: `sshmend fix sshd-config {key}=nobody`"
    )
}

fn started_with(facts: &Facts<'_>, line: &str, finding: &mut Finding) {
    let word = line
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .trim_matches(['"', '.'])
        .to_lowercase();
    let Some(place) = facts.line_of_start(&word) else {
        return;
    };
    finding.shown_at(&place, facts.line(&place.path, place.line));
    let meant = nearest_keyword(&word).filter(|name| !name.eq_ignore_ascii_case(&word));
    let by = meant.and_then(|name| {
        let edit = edit::replace_word(&place, &word, name)?;
        Some(format!("; {name} may be meant: {edit}"))
    });
    finding.step(format!(
        "the line is in {place}, which names the options that sshd is started with{}",
        by.unwrap_or_default()
    ));
}

/// If sshd cannot be run, the model judges its files: certain on a mounted disk with a known
/// release.
fn modelled(facts: &Facts<'_>, unchecked: Unchecked, verdict: &mut Verdict) {
    let Some(tree) = verdict.look(facts.tree()) else {
        return;
    };
    let release = facts.release();
    match tree.verdict(release.unwrap_or(Release::NEWEST)) {
        Judged::Accepts => verdict.exclude(Fact::Files, "every line of the configuration is valid"),
        Judged::Refuses(problem) => {
            let proof = Proof::at_next_start(facts).filter(|_| release.is_some());
            let certainty = proof.map_or(Certainty::Likely, Proof::certain);
            report(facts, certainty, &problem, verdict);
        }
        Judged::Unknown(_) => match tree.problems(release).iter().find(|problem| problem.fatal) {
            Some(problem) => report(facts, Certainty::Likely, problem, verdict),
            None => {
                verdict.unchecked.extend(facts.unseen());
                verdict.unchecked.push(unchecked);
            }
        },
    }
}

fn report(facts: &Facts<'_>, certainty: Certainty, problem: &Problem, verdict: &mut Verdict) {
    let finding = refused(
        facts,
        certainty,
        &format!("{}: {}", problem.origin, problem.message),
        verdict,
    );
    finding.shown_at(&problem.origin, &problem.line);
    finding.marked(marked(facts, problem, &problem.message));
    commented_out(facts, &[problem], finding);
    correct(problem, finding);
    start(facts, finding);
}

fn refused<'v>(
    facts: &Facts<'_>,
    certainty: Certainty,
    what: &str,
    verdict: &'v mut Verdict,
) -> &'v mut Finding {
    let running = facts.keeps_its_configuration();
    let now = if running {
        "; the running sshd keeps the old one until it is reloaded"
    } else {
        ""
    };
    let finding = verdict.find(
        certainty,
        format!("sshd does not accept its configuration: {what}{now}"),
    );
    finding.latent_if(running)
}

/// Complaints of sshd name a place as `FILE: line N: …` or `FILE line N: …`.
fn show(
    facts: &Facts<'_>,
    finding: &mut Finding,
    config_test: &TestOutput,
    complaint: &str,
    problems: &[Problem],
) {
    let Some(origin) = place(complaint).filter(|origin| origin.path.is_absolute()) else {
        finding.shown_by(&config_test.command, complaint);
        return;
    };
    let (_, said) = complaint.split_once(" line ").unwrap_or_default();
    let said = said.split_once(": ").map_or(said, |(_, said)| said);
    let known = problems.iter().find(|problem| problem.origin == origin);
    let mark = match known {
        Some(problem) => marked(facts, problem, said),
        None => {
            let line = facts.line(&origin.path, origin.line);
            let first = line.len() - line.trim_start().len() + 1;
            Mark::word(&line, first, said)
        }
    };
    finding.shown_at(&origin, complaint).marked(mark);
}

/// The word of a line that sshd rejects, with the message and the nearest keyword.
fn marked(facts: &Facts<'_>, problem: &Problem, said: &str) -> Option<Mark> {
    let line = facts.line(&problem.origin.path, problem.origin.line);
    let label = match meant(problem) {
        Some(keyword) => format!("{said}; did you mean {keyword}?"),
        None => said.to_owned(),
    };
    Mark::word(&line, problem.column, label)
}

/// The keyword that was probably intended by one that no release knows.
fn meant(problem: &Problem) -> Option<&'static str> {
    let word = keyword(problem);
    let unknown = problem.message.starts_with("bad configuration option");
    nearest_keyword(word).filter(|name| unknown && !name.eq_ignore_ascii_case(word))
}

fn keyword(problem: &Problem) -> &str {
    problem
        .line
        .split([' ', '\t', '=', '"'])
        .find(|word| !word.is_empty())
        .unwrap_or_default()
}

/// Adds the step that corrects the line by hand.
fn correct(problem: &Problem, finding: &mut Finding) {
    let edit = meant(problem)
        .and_then(|meant| edit::replace_word(&problem.origin, keyword(problem), meant));
    let Some(edit) = edit else {
        finding.step(problem.hint.clone());
        return;
    };
    let or = if finding.remedy.is_some() { "or " } else { "" };
    finding.step(format!("{or}correct it by hand: {edit}"));
}

/// Keywords that restrict access: a rejected line of these must be corrected, because removing it
/// would allow more.
const RESTRICTING: [&str; 22] = [
    "AllowGroups",
    "AllowUsers",
    "AllowAgentForwarding",
    "AllowStreamLocalForwarding",
    "AllowTcpForwarding",
    "AuthenticationMethods",
    "ChallengeResponseAuthentication",
    "ChrootDirectory",
    "DenyGroups",
    "DenyUsers",
    "DisableForwarding",
    "ForceCommand",
    "HostbasedAuthentication",
    "KbdInteractiveAuthentication",
    "ListenAddress",
    "PasswordAuthentication",
    "PermitEmptyPasswords",
    "PermitOpen",
    "PermitRootLogin",
    "PermitTunnel",
    "PubkeyAuthentication",
    "RefuseConnection",
];

/// Offers the command that comments out the lines, if none of them restricts access and all are in
/// files edited by hand.
fn commented_out(facts: &Facts<'_>, refused: &[&Problem], finding: &mut Finding) {
    let can_be = |problem: &&Problem| {
        let word = meant(problem).unwrap_or_else(|| keyword(problem));
        let restricts = RESTRICTING
            .iter()
            .any(|name| name.eq_ignore_ascii_case(word));
        !restricts
    };
    let mut lines: Vec<Origin> = refused
        .iter()
        .map(|problem| problem.origin.clone())
        .collect();
    lines.dedup();
    let reading = facts.release().unwrap_or(Release::NEWEST);
    let works = || {
        facts
            .tree()
            .is_ok_and(|tree| tree.comment_out(&lines, reading).is_ok())
    };
    if lines.is_empty() || !refused.iter().all(can_be) || !works() {
        return;
    }
    let what = if lines.len() == 1 {
        "that line"
    } else {
        "these lines"
    };
    finding.mended_by(
        Wish::comment_out(lines),
        format!("comments out {what}, which sshd refuses"),
    );
}

pub(crate) fn place(complaint: &str) -> Option<Origin> {
    let (path, rest) = complaint.split_once(" line ")?;
    let (number, _) = rest.split_once(':')?;
    Some(Origin::new(
        Path::new(path.trim_end_matches(':')),
        number.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use sshmend_facts::Question;
    use sshmend_facts::fixture::{NOW, SHOW};

    use super::*;
    use crate::testing::{check, check_as};
    use expect_test::expect;

    const FAILS: &str = "//$ /usr/sbin/sshd -t => 255
/etc/ssh/sshd_config: line 123: Bad configuration option: Bogus
/etc/ssh/sshd_config line 124: Invalid MaxStartups spec.
";

    #[test]
    fn file_and_line_are_read_from_both_wordings_of_sshd() {
        let cases = [
            (
                "/etc/ssh/sshd_config: line 12: Bad configuration option: X",
                Some(12),
            ),
            (
                "/etc/ssh/sshd_config line 12: Invalid MaxStartups spec.",
                Some(12),
            ),
            (
                "/etc/ssh/sshd_config: terminating, 1 bad configuration options",
                None,
            ),
            ("/x: line \u{1b}: y", None),
        ];
        for (text, line) in cases {
            assert_eq!(place(text).map(|origin| origin.line), line, "{text}");
        }
    }

    #[test]
    fn a_running_listener_keeps_its_configuration() {
        check(
            "sshd-config-invalid",
            FAILS,
            &expect![[r#"
            certain (latent): sshd does not accept its configuration: /etc/ssh/sshd_config: line 123: Bad configuration option: Bogus; the running sshd keeps the old one until it is reloaded
              /etc/ssh/sshd_config:123: /etc/ssh/sshd_config: line 123: Bad configuration option: Bogus
              /etc/ssh/sshd_config:124: /etc/ssh/sshd_config line 124: Invalid MaxStartups spec.
              - correct the line named above
              - check it with `/usr/sbin/sshd -t`
        "#]],
        );
    }

    #[test]
    fn a_refused_configuration_is_certain_if_no_listener_runs() {
        check(
            "sshd-config-invalid",
            &format!("//- /proc/700/cmdline missing\n{FAILS}"),
            &expect![[r#"
                certain: sshd does not accept its configuration: /etc/ssh/sshd_config: line 123: Bad configuration option: Bogus
                  /etc/ssh/sshd_config:123: /etc/ssh/sshd_config: line 123: Bad configuration option: Bogus
                  /etc/ssh/sshd_config:124: /etc/ssh/sshd_config line 124: Invalid MaxStartups spec.
                  - correct the line named above
                  - then `sshmend fix service`
            "#]],
        );
    }

    #[test]
    fn a_refused_start_option_is_traced_to_its_file() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nEnvironmentFiles=/etc/default/ssh (ignore_errors=yes)\n\
            ExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS ; ignore_errors=no ; pid=0 }\n";
        let file = "//- /etc/default/ssh\nSSHD_OPTS=\"-o Bogus=1\"\n";
        let said = "//$ /usr/sbin/sshd -t -o Bogus=1 => 255\ncommand-line: line 0: Bad configuration option: Bogus\n";
        let stopped = format!("//- /proc/700/cmdline missing\n{file}{said}{SHOW}{unit}");
        check(
            "sshd-config-invalid",
            &stopped,
            &expect![[r#"
                certain: sshd does not accept its configuration: command-line: line 0: Bad configuration option: Bogus
                  /usr/sbin/sshd -t -o Bogus=1: command-line: line 0: Bad configuration option: Bogus
                  /etc/default/ssh:1: SSHD_OPTS="-o Bogus=1"
                  - correct the line named above
                  - the line is in /etc/default/ssh:1, which names the options that sshd is started with
                  - then `sshmend fix service`
            "#]],
        );
    }

    #[test]
    fn the_model_finds_the_line_that_a_message_does_not_name() {
        let config = "//- /etc/ssh/sshd_config\nPort 99999\n";
        let said = "//$ /usr/sbin/sshd -t => 255\nSomething new that sshd says\n";
        check(
            "sshd-config-invalid",
            &format!("{config}{said}"),
            &expect![[r#"
                likely (latent): sshd does not accept its configuration: Something new that sshd says; the running sshd keeps the old one until it is reloaded
                  /usr/sbin/sshd -t: Something new that sshd says
                  /etc/ssh/sshd_config:1: Port 99999
                  - correct the line named above
                  - give a number from 1 to 65535
                  - check it with `/usr/sbin/sshd -t`
            "#]],
        );
        let keys = "//$ /usr/sbin/sshd -t => 255\nAuthorizedKeysCommand set without AuthorizedKeysCommandUser\n";
        check(
            "sshd-config-invalid",
            keys,
            &expect![[r#"
                certain (latent): sshd does not accept its configuration: AuthorizedKeysCommand set without AuthorizedKeysCommandUser; the running sshd keeps the old one until it is reloaded
                  /usr/sbin/sshd -t: AuthorizedKeysCommand set without AuthorizedKeysCommandUser
                  - correct the line named above
                  - name the account that runs that command, best one that owns nothing: `sshmend fix sshd-config AuthorizedKeysCommandUser=nobody`
                  - check it with `/usr/sbin/sshd -t`
            "#]],
        );
    }

    #[test]
    fn a_dangling_link_is_named() {
        let said = "//$ /usr/sbin/sshd -t => 255\n/etc/ssh/sshd_config.d/a.conf: No such file or directory\n";
        check(
            "sshd-config-invalid",
            said,
            &expect![[r#"
            certain (latent): sshd does not accept its configuration: /etc/ssh/sshd_config.d/a.conf: No such file or directory; the running sshd keeps the old one until it is reloaded
              /usr/sbin/sshd -t: /etc/ssh/sshd_config.d/a.conf: No such file or directory
              - correct the line named above
              - /etc/ssh/sshd_config.d/a.conf leads nowhere: remove the link, or restore what it stands for
              - check it with `/usr/sbin/sshd -t`
        "#]],
        );
    }

    #[test]
    fn the_model_judges_the_configuration_of_a_mounted_disk() {
        let question = Question {
            offline: true,
            ..Question::server(NOW)
        };
        let disk = "//- /etc/ssh/sshd_config\nPort 22\nBogus yes\n\
            //- /var/lib/dpkg/status\nPackage: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n";
        check_as(
            &question,
            "sshd-config-invalid",
            disk,
            &expect![[r#"
                likely: sshd does not accept its configuration: /etc/ssh/sshd_config:2: bad configuration option "Bogus"
                  /etc/ssh/sshd_config:2: Bogus yes
                  $ sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2  # comments out that line, which sshd refuses
                  - correct the keyword, or remove the line; ask sshd -t, because this depends on how OpenSSH 9.2 was built
            "#]],
        );
        check_as(
            &question,
            "sshd-config-invalid",
            "//- /etc/ssh/sshd_config\nPort 22\n",
            &expect![[r#"
            excluded: every line of the configuration is valid
        "#]],
        );
    }

    #[test]
    fn a_passed_config_test_excludes_the_cause() {
        check(
            "sshd-config-invalid",
            "",
            &expect![[r#"
            excluded: `sshd -t` accepts the configuration
        "#]],
        );
    }
}
