use crate::facts::{Facts, Startups};
use crate::verdict::{Cause, Gate, Verdict};

pub(super) const CAUSE: Cause = Cause {
    name: "max-startups",
    title: "too many connections wait for their login, so sshd drops new ones",
    gate: Gate::Accept,
    explain: "\
`MaxStartups begin:rate:full` (10:30:100 unless set): from `begin` connections that have not logged in yet, sshd drops a new
one with a probability of `rate` percent, rising to all of them at `full`. Who knocks and says nothing holds a place for
`LoginGraceTime` (two minutes), so ten idle scanners are enough. The client sees the connection close before any banner; up to 8.1 without a
word, from 8.2 to 9.7 after `Exceeded MaxStartups`, from 9.8 on after `Not allowed at this time`.

**Known for certain** by the counter in the title of the listener (from 8.2 on: `sshd: … [listener] 12 of 10-100 startups`) and by
`drop connection #12 from … past MaxStartups` in the log. That line is hidden at `LogLevel INFO` from 7.4 to 8.3, and
thinned out later: few lines do not mean few drops.

**Mended** by `sshmend fix sshd-config MaxStartups=…` with room for what really comes, and a shorter `LoginGraceTime`; and by keeping scanners
away (PerSourceMaxStartups, a firewall), or they fill the new places as well.

**It is not** MaxSessions (channels of one connection) nor MaxAuthTries (keys and passwords tried in one connection).",
    judge,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(listener)) = verdict.look(facts.listener()) else { return };
    let Some(startups) = listener.startups else { return count(facts, verdict) };
    if startups.pending < startups.begin {
        let Startups { pending, begin, .. } = startups;
        return verdict.exclude(format!("only {pending} connections wait for their login; dropping begins at {begin}"));
    }
    full(startups, verdict, &listener.title);
}

/// Releases up to 8.1 count in silence; what their children call themselves tells how many wait.
fn count(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(waiting) = verdict.look(facts.unauthenticated()) else { return };
    let begin = 10;
    if waiting.len() < begin {
        return;
    }
    let finding = verdict
        .likely(format!("{} connections wait for their login; sshd drops new ones from {begin} on", waiting.len()));
    waiting.iter().take(3).for_each(|title| _ = finding.shown_by("/proc", title));
    finding.mended_by(&["fix", "sshd-config", "MaxStartups=100:30:200"], "gives more connections the time to log in");
}

fn full(startups: Startups, verdict: &mut Verdict, title: &str) {
    let Startups { pending, begin, full } = startups;
    let finding = verdict.certain(format!(
        "{pending} connections wait for their login: sshd drops new ones from {begin} on, and all of them from {full} on"
    ));
    finding.shown_by("/proc", title);
    let setting = format!("MaxStartups={}", roomier(startups));
    finding.mended_by(&["fix", "sshd-config", &setting], "gives more connections the time to log in");
    finding.step("see who holds the places: `ss -tn state established '( sport = :ssh )'`");
}

/// Values with room for ten times the default, or for twice what there is now.
fn roomier(startups: Startups) -> String {
    let begin = startups.begin.saturating_mul(2).max(100);
    let full = startups.full.saturating_mul(2).max(200).max(begin.saturating_add(1));
    format!("{begin}:30:{full}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn the_counter_of_the_listener_proves_it() {
        let full = "//- /proc/700/cmdline\nsshd: /usr/sbin/sshd -D [listener] 12 of 10-100 startups\n";
        check(
            "max-startups",
            full,
            &expect![[r#"
            certain: 12 connections wait for their login: sshd drops new ones from 10 on, and all of them from 100 on
              /proc: sshd: /usr/sbin/sshd -D [listener] 12 of 10-100 startups
              $ sshmend fix sshd-config MaxStartups=100:30:200  # gives more connections the time to log in
              - see who holds the places: `ss -tn state established '( sport = :ssh )'`
        "#]],
        );
    }

    #[test]
    fn a_low_counter_excludes_it() {
        check(
            "max-startups",
            "",
            &expect![[r#"
            excluded: only 0 connections wait for their login; dropping begins at 10
        "#]],
        );
    }

    #[test]
    fn suggested_values_never_shrink() {
        for (begin, full, expected) in [(10, 100, "100:30:200"), (100, 200, "200:30:400"), (9, 1_000, "100:30:2000")] {
            assert_eq!(roomier(Startups { pending: 0, begin, full }), expected);
        }
    }
}
