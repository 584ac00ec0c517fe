use crate::facts::Facts;
use crate::finding::Finding;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "sshd-helper-missing",
    title: "a program that sshd runs for each connection is missing",
    gate: Gate::Session,
    explain: "\
From 9.8 on the listener runs `sshd-session` for each connection, and from 10.0 on that runs `sshd-auth`. When one is
missing or not executable each connection is taken and closed at once (`fatal: rexec of /usr/lib/openssh/sshd-session
failed: No such file or directory`, `privsep_preauth: exec of … failed`). `sshd -t` does not notice. Typical origins:
half an upgrade, a hardening script, an image with files left out.

**Known for certain** by looking at the paths that `sshd -G` names (`SshdSessionPath`, `SshdAuthPath`).

**Mended** through the package manager: reinstall the server.

**It is not** possible up to 9.7, where sshd is one program.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Ok(Some(daemon)) = facts.daemon() else { return };
    if let Some(how) = unusable(facts, &daemon.program).filter(|_| facts.keeps_its_configuration()) {
        let program = daemon.program;
        let finding = missing(
            verdict,
            format!("{program}, which the running sshd was started from, {how}: no start will succeed"),
            &program,
            how,
        );
        finding.latent_if(true);
        return;
    }
    let Some(helpers) = verdict.look(facts.helpers()) else { return };
    if helpers.is_empty() {
        return verdict.exclude("this sshd is one program");
    }
    for path in helpers {
        verdict.look(facts.meta(&path));
        if let Some(how) = unusable(facts, &path) {
            missing(verdict, format!("{path}, which sshd runs for each connection, {how}"), &path, how);
        }
    }
    verdict.exclude("the programs that sshd runs for a connection are there");
}

/// Why a program cannot be run, as far as its file tells.
pub(super) fn unusable(facts: &Facts<'_>, program: &str) -> Option<&'static str> {
    match facts.meta(program).ok()? {
        None => Some("is missing"),
        Some(meta) => (meta.mode & 0o100 == 0).then_some("is not executable"),
    }
}

fn missing<'v>(verdict: &'v mut Verdict, what: String, path: &str, how: &str) -> &'v mut Finding {
    let finding = verdict.certain(what);
    finding.shown_by(path, how);
    mend(path, how, finding)
}

/// How a program of the package comes back.
pub(super) fn mend<'f>(path: &str, how: &str, finding: &'f mut Finding) -> &'f mut Finding {
    if how == "is not executable" {
        finding.step(format!("make it executable again: `chmod 755 {path}`"));
    }
    finding.step("reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`")
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    const NEW: &str = "//$ /usr/sbin/sshd -V => 0\nOpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1
//$ /usr/sbin/sshd -G => 0
port 22
sshdsessionpath /usr/lib/openssh/sshd-session
sshdauthpath /usr/lib/openssh/sshd-auth
//- /usr/lib/openssh/sshd-session mode:0755
";

    #[test]
    fn a_listener_whose_program_is_gone_does_not_start_again() {
        check(
            "sshd-helper-missing",
            "//- /usr/sbin/sshd missing\n",
            &expect![[r#"
            certain (latent): /usr/sbin/sshd, which the running sshd was started from, is missing: no start will succeed
              /usr/sbin/sshd: is missing
              - reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`
        "#]],
        );
    }

    #[test]
    fn each_helper_must_be_there_and_run() {
        let whole = format!("{NEW}//- /usr/lib/openssh/sshd-auth mode:0755\n");
        check(
            "sshd-helper-missing",
            &whole,
            &expect![[r#"
            excluded: the programs that sshd runs for a connection are there
        "#]],
        );
        let locked = format!("{NEW}//- /usr/lib/openssh/sshd-auth mode:0644\n");
        check(
            "sshd-helper-missing",
            &locked,
            &expect![[r#"
                certain: /usr/lib/openssh/sshd-auth, which sshd runs for each connection, is not executable
                  /usr/lib/openssh/sshd-auth: is not executable
                  - make it executable again: `chmod 755 /usr/lib/openssh/sshd-auth`
                  - reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`
            "#]],
        );
        let gone = format!("{NEW}//- /usr/lib/openssh/sshd-auth missing\n");
        check(
            "sshd-helper-missing",
            &gone,
            &expect![[r#"
                certain: /usr/lib/openssh/sshd-auth, which sshd runs for each connection, is missing
                  /usr/lib/openssh/sshd-auth: is missing
                  - reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`
            "#]],
        );
    }

    #[test]
    fn before_9_8_there_is_none() {
        check(
            "sshd-helper-missing",
            "",
            &expect![[r#"
            excluded: this sshd is one program
        "#]],
        );
    }

    #[test]
    fn what_was_not_looked_at_is_said() {
        check(
            "sshd-helper-missing",
            NEW,
            &expect![[r#"
                unchecked: /usr/lib/openssh/sshd-auth: was not looked at
            "#]],
        );
    }
}
