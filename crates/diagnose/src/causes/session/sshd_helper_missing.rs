use sshmend_facts::Facts;
use sshmend_lossless::quoted;
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

/// The paths of the program that serves a connection in 9.8 and later.
const SESSIONS: [&str; 4] = [
    "/usr/lib/openssh/sshd-session",
    "/usr/libexec/openssh/sshd-session",
    "/usr/lib/ssh/sshd-session",
    "/usr/libexec/sshd-session",
];

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Ok(Some(daemon)) = facts.daemon() else {
        return;
    };
    if let Some(how) = unusable(facts, &daemon.program).filter(|_| facts.keeps_its_configuration())
    {
        let program = daemon.program;
        let finding = missing(
            verdict,
            format!(
                "{program}, which the running sshd was started from, {how}: sshd cannot be started again"
            ),
            &program,
            how,
        );
        // Up to 9.7 sshd executes itself again for each connection, and continues without that if
        // it cannot.
        let harmless = how != MUTE
            || SESSIONS
                .iter()
                .any(|path| matches!(facts.meta(path), Ok(Some(_))));
        finding.latent_if(harmless);
        return;
    }
    let Some(paths) = verdict.look(facts.helpers()) else {
        return;
    };
    if paths.is_empty() {
        return verdict.exclude(Fact::Program, "this release of sshd is a single program");
    }
    for path in &paths {
        verdict.look(facts.meta(path));
        if let Some(how) = unusable(facts, path) {
            missing(
                verdict,
                format!("{path}, which sshd runs for each connection, {how}"),
                path,
                how,
            );
        }
    }
    let otherwise = [
        CauseName::ChildCrash,
        CauseName::OutOfMemory,
        CauseName::ProcessLimit,
        CauseName::LibraryMismatch,
        CauseName::PrivsepDirectory,
    ];
    let explained = otherwise
        .into_iter()
        .any(|cause| facts.log_lines(cause).is_ok_and(|lines| !lines.is_empty()));
    if verdict.findings.is_empty() && !explained && facts.missing_library().is_none() {
        if let Some(heard) = log_evidence(
            facts,
            verdict,
            CauseName::SshdHelperMissing,
            Some(Certainty::Likely),
        ) {
            let finding = heard.report(
                verdict,
                "a program that sshd runs for each connection ends early",
            );
            let programs = paths.join(" ");
            finding.step(format!(
            "see why: `ldd {programs} | grep 'not found'`, `dpkg -V openssh-server`, `rpm -V openssh-server`"
        ));
            finding.step("reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`");
        }
    }
    verdict.exclude(
        Fact::Files,
        "the programs that sshd runs for a connection exist",
    );
}

/// The reason why a program cannot be run, judging by its file; sshd and its helpers print their
/// version when asked.
pub(crate) fn unusable(facts: &Facts<'_>, program: &str) -> Option<&'static str> {
    match facts.meta(program).ok()? {
        None => Some("is missing"),
        Some(meta) if meta.mode & 0o100 == 0 => Some("is not executable"),
        Some(_) => facts.is_mute(program).then_some(MUTE),
    }
}

/// For a file that was overwritten with something else.
const MUTE: &str = "is not a program of OpenSSH: it does not report a version";

fn missing<'v>(verdict: &'v mut Verdict, what: String, path: &str, how: &str) -> &'v mut Finding {
    let finding = verdict.certain(Proof::Answer, what);
    finding.shown_by(path, how);
    mend(path, how, finding)
}

/// Adds the step that reinstalls a program of the package.
pub(crate) fn mend<'f>(path: &str, how: &str, finding: &'f mut Finding) -> &'f mut Finding {
    if how == "is not executable" {
        finding.step(format!(
            "make it executable again: `chmod 755 {}`",
            quoted(path)
        ));
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
    fn a_listener_whose_program_is_missing_cannot_restart() {
        check(
            "sshd-helper-missing",
            "//- /usr/sbin/sshd missing\n",
            &expect![[r#"
            certain (latent): /usr/sbin/sshd, which the running sshd was started from, is missing: sshd cannot be started again
              /usr/sbin/sshd: is missing
              - reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`
        "#]],
        );
    }

    #[test]
    fn a_replaced_sshd_program_ends_each_connection_before_9_8() {
        check(
            "sshd-helper-missing",
            "//$ /usr/sbin/sshd -V => 1\n",
            &expect![[r#"
            certain: /usr/sbin/sshd, which the running sshd was started from, is not a program of OpenSSH: it does not report a version: sshd cannot be started again
              /usr/sbin/sshd: is not a program of OpenSSH: it does not report a version
              - reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`
        "#]],
        );
    }

    #[test]
    fn each_helper_must_exist_and_be_executable() {
        let whole = format!("{NEW}//- /usr/lib/openssh/sshd-auth mode:0755\n");
        check(
            "sshd-helper-missing",
            &whole,
            &expect![[r#"
                excluded: the programs that sshd runs for a connection exist
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
    fn a_replaced_helper_does_not_report_a_version() {
        let replaced = format!(
            "{NEW}//- /usr/lib/openssh/sshd-auth mode:0755\n//$ /usr/lib/openssh/sshd-auth -V => 0\nOpenSSH_10.0p2\n\
             //$ /usr/lib/openssh/sshd-session -V => 1\n"
        );
        check(
            "sshd-helper-missing",
            &replaced,
            &expect![[r#"
            certain: /usr/lib/openssh/sshd-session, which sshd runs for each connection, is not a program of OpenSSH: it does not report a version
              /usr/lib/openssh/sshd-session: is not a program of OpenSSH: it does not report a version
              - reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`
        "#]],
        );
    }

    #[test]
    fn helpers_do_not_exist_before_9_8() {
        check(
            "sshd-helper-missing",
            "",
            &expect![[r#"
            excluded: this release of sshd is a single program
        "#]],
        );
    }

    #[test]
    fn unchecked_helpers_are_reported() {
        check(
            "sshd-helper-missing",
            NEW,
            &expect![[r#"
                unchecked: /usr/lib/openssh/sshd-auth: was not looked at
            "#]],
        );
    }
}
