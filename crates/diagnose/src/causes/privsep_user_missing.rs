use crate::facts::{Complaint, Facts};
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "privsep-user-missing",
    title: "the account sshd, which unauthenticated connections run as, does not exist",
    gate: Gate::Listener,
    explain: "\
sshd talks to strangers in a process of the account `sshd`, and does nothing without that account (`Privilege
separation user sshd does not exist`). Up to 9.7 a listener that runs loses each new connection when the account goes
away. Typical origins: a restored `/etc/passwd`, a user clean-up, a container image put together by hand.

**Known for certain** by `sshd -t`.

**Mended** through the package or `systemd-sysusers`; the account needs no password, no shell and no home.

**It is not** about the account that logs in.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(trial)) = verdict.look(facts.trial()) else { return };
    if trial.passed {
        return verdict.exclude("`sshd -t` finds the account sshd");
    }
    let Some(line) = trial.about(Complaint::PrivsepUser).next() else { return };
    let later = facts.keeps_its_host_keys();
    let finding = verdict.certain("the account `sshd` does not exist, so sshd can serve no connection");
    finding.shown_by(&trial.command, line);
    finding.step("make it as the package does: `systemd-sysusers`, or `dpkg-reconfigure openssh-server`");
    finding.step("or by hand: `useradd --system --home-dir /run/sshd --no-create-home --shell /usr/sbin/nologin sshd`");
    finding.latent_if(later);
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn the_test_names_the_account() {
        let fixture = "//$ /usr/sbin/sshd -t => 255\nPrivilege separation user sshd does not exist\n";
        check(
            "privsep-user-missing",
            fixture,
            &expect![[r#"
            certain: the account `sshd` does not exist, so sshd can serve no connection
              /usr/sbin/sshd -t: Privilege separation user sshd does not exist
              - make it as the package does: `systemd-sysusers`, or `dpkg-reconfigure openssh-server`
              - or by hand: `useradd --system --home-dir /run/sshd --no-create-home --shell /usr/sbin/nologin sshd`
        "#]],
        );
        check(
            "privsep-user-missing",
            "",
            &expect![[r#"
            excluded: `sshd -t` finds the account sshd
        "#]],
        );
    }
}
