use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};
use sshmend_facts::Facts;
use sshmend_plan::Wish;
use sshmend_ssh_log::CauseName;

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(listener)) = verdict.look(facts.listener()) else {
        return;
    };
    let Some(program) = verdict.look(facts.executable(listener.pid)) else {
        return;
    };
    let Some(path) = program.strip_suffix(" (deleted)") else {
        return verdict.exclude(
            Fact::Processes,
            format!("the listener runs {program} as it is on the disk"),
        );
    };
    let lines = facts
        .log_lines(CauseName::SshdStaleAfterUpgrade)
        .unwrap_or_default();
    let certainty = if lines.is_empty() {
        Certainty::Likely
    } else {
        Proof::Process.certain()
    };
    let finding = verdict.find(
        certainty,
        format!("the listener runs an older {path} than the one installed"),
    );
    finding.shown_by(format!("/proc/{}/exe", listener.pid), &program);
    finding.shown_by_lines(&lines);
    finding.mended_by(
        Wish::Service { restart: false },
        "restarts the service after `sshd -t`; sessions stay",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::{Question, fixture::NOW};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    #[test]
    fn a_replaced_program_file_is_detected() {
        let deleted = "//$ readlink /proc/700/exe => 0\n/usr/sbin/sshd (deleted)\n";
        check(
            "sshd-stale-after-upgrade",
            deleted,
            &expect![[r#"
            likely: the listener runs an older /usr/sbin/sshd than the one installed
              /proc/700/exe: /usr/sbin/sshd (deleted)
              $ sshmend fix service  # restarts the service after `sshd -t`; sessions stay
        "#]],
        );
        check(
            "sshd-stale-after-upgrade",
            "",
            &expect![[r#"
            excluded: the listener runs /usr/sbin/sshd as it is on the disk
        "#]],
        );
    }

    #[test]
    fn the_running_program_is_unchecked_without_root() {
        let question = Question {
            privileged: false,
            ..Question::server(NOW)
        };
        check_as(
            &question,
            "sshd-stale-after-upgrade",
            "",
            &expect![[r#"
            unchecked: readlink /proc/700/exe: needs root
        "#]],
        );
    }
}
