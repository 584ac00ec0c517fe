use sshmend_facts::Facts;

use crate::finding::Certainty;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "sshd-stale-after-upgrade",
    title: "the sshd that runs is older than the one installed",
    gate: Gate::Session,
    explain: "\
A listener that was not restarted after an upgrade runs the old program, but executes the new one for each connection.
Most upgrades survive that; those over 8.2, 9.8 and 10.0 do not, because the two talk to each other differently
(`rexec version mismatch`, or the connection is just closed). Typical origins: an upgrade interrupted before its
restart, a restart that was forbidden by policy.

**Known** by `/proc/PID/exe`, which then says `(deleted)`. **For certain** the cause only with the words of sshd in
the log.

**Mended** by `sshmend fix service`: a restart after `sshd -t`; sessions survive it.

**It is not** harmful by itself: a listener may be stale for months.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(listener)) = verdict.look(facts.listener()) else {
        return;
    };
    let Some(program) = verdict.look(facts.executable(listener.pid)) else {
        return;
    };
    let Some(path) = program.strip_suffix(" (deleted)") else {
        return verdict.exclude(format!("the listener runs {program} as it is on the disk"));
    };
    let lines = facts.heard(CAUSE.name).unwrap_or_default();
    let certainty = if lines.is_empty() {
        Certainty::Likely
    } else {
        Certainty::Certain
    };
    let finding = verdict.find(
        certainty,
        format!("the listener runs an older {path} than the one installed"),
    );
    finding.shown_by(format!("/proc/{}/exe", listener.pid), &program);
    finding.shown_by_lines(&lines);
    finding.mended_by(
        &["fix", "service"],
        "restarts the service after `sshd -t`; sessions stay",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::{Question, fixture::NOW};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    #[test]
    fn a_replaced_program_file_is_seen() {
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
    fn it_takes_root_to_see_it() {
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
