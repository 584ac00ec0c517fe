use sshmend_facts::{Complaint, Facts, does_not_start};
use sshmend_lossless::quoted;

use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(config_test)) = verdict.look(facts.test_output()) else {
        return;
    };
    if let Some((command, line)) = facts.missing_library() {
        let finding = verdict.certain(
            Proof::Answer,
            "a program that sshd runs for each connection cannot start because it lacks a library",
        );
        finding.shown_by(command, &line);
        let library = line.split_whitespace().next().unwrap_or_default();
        let by = match facts.package_manager() {
            Some(("apt-get", _)) => format!("`{}`", again(library)),
            Some(("dnf", _)) => {
                format!("`dnf provides '*/{library}'` names its package; reinstall that")
            }
            _ => "the package manager names its package; reinstall that".to_owned(),
        };
        finding.step(format!("bring the library back: {by}"));
        return;
    }
    if config_test.passed {
        return verdict.exclude(Fact::Answer, "sshd starts with the libraries it finds");
    }
    let Some(line) = config_test.about(Complaint::Library).next() else {
        return;
    };
    let finding = verdict.certain(
        Proof::Answer,
        "sshd does not match the libraries of this machine and cannot start",
    );
    finding.shown_by(&config_test.command, line);
    let library = line
        .split_once("shared libraries: ")
        .and_then(|(_, rest)| rest.split(':').next())
        .unwrap_or("libcrypto.so");
    let by = match facts.package_manager() {
        Some(("apt-get", _)) => format!("`{}`", again(library)),
        Some(("dnf", _)) => "`dnf reinstall openssh-server openssl-libs`".to_owned(),
        _ => "openssh-server and the library of OpenSSL, with the package manager".to_owned(),
    };
    finding.step(format!("finish the upgrade, or reinstall: {by}"));
    finding.step("where the package manager needs that library itself, take the package from a machine of the same release, on Debian by `dpkg -i FILE`");
    finding.step("look for a second library: `ldconfig -p | grep libcrypto`, files below /usr/local/lib, LD_LIBRARY_PATH in the unit");
}

/// Debian's command that reinstalls sshd and the package of a library, whose name differs from
/// release to release.
fn again(library: &str) -> String {
    let library = quoted(library);
    format!(
        "apt-get install --reinstall openssh-server $(dpkg -S {library} | cut -d: -f1 | sort -u)"
    )
}

/// The paths of an ssh built locally, and of the system's.
const OWN: [&str; 1] = ["/usr/local/bin/ssh"];
const SYSTEM: &str = "/usr/bin/ssh";

/// The ssh of this machine does not start at all.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Ok(Some(said)) = facts.refused_configuration() else {
        return;
    };
    if !does_not_start(&said) {
        return;
    }
    let finding = verdict.certain(
        Proof::Answer,
        "ssh does not match the libraries of this machine and cannot start",
    );
    finding.shown_by("ssh -G", said.lines().next().unwrap_or_default());
    for own in OWN {
        if matches!(facts.meta(own), Ok(Some(_))) && matches!(facts.meta(SYSTEM), Ok(Some(_))) {
            finding.step(format!("{own} comes before {SYSTEM} in most paths: move it out of the way, and the shell finds that of the system: `sudo mv {own} {own}.old`"));
        }
    }
    finding.step("see which ssh and which library it is: `type -a ssh`, `ldd \"$(command -v ssh)\"`, `echo $LD_LIBRARY_PATH` (conda and the like put their own before those of the system)");
    finding.step("take that of the system: `/usr/bin/ssh …`, or reinstall: `apt install --reinstall openssh-client`, `dnf reinstall openssh-clients`");
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn messages_of_openssl_and_of_the_linker_are_recognised() {
        let openssl = "//$ /usr/sbin/sshd -t => 255\nOpenSSL version mismatch. Built against 30000070, you have 1010117f\n";
        check(
            "library-mismatch",
            openssl,
            &expect![[r#"
                certain: sshd does not match the libraries of this machine and cannot start
                  /usr/sbin/sshd -t: OpenSSL version mismatch. Built against 30000070, you have 1010117f
                  - finish the upgrade, or reinstall: `apt-get install --reinstall openssh-server $(dpkg -S libcrypto.so | cut -d: -f1 | sort -u)`
                  - where the package manager needs that library itself, take the package from a machine of the same release, on Debian by `dpkg -i FILE`
                  - look for a second library: `ldconfig -p | grep libcrypto`, files below /usr/local/lib, LD_LIBRARY_PATH in the unit
            "#]],
        );
        let linker = "//$ /usr/sbin/sshd -t => 127
/usr/sbin/sshd: error while loading shared libraries: libcrypto.so.3: cannot open shared object file: No such file or directory
";
        check(
            "library-mismatch",
            linker,
            &expect![[r#"
                certain: sshd does not match the libraries of this machine and cannot start
                  /usr/sbin/sshd -t: /usr/sbin/sshd: error while loading shared libraries: libcrypto.so.3: cannot open shared object file: No such file or directory
                  - finish the upgrade, or reinstall: `apt-get install --reinstall openssh-server $(dpkg -S libcrypto.so.3 | cut -d: -f1 | sort -u)`
                  - where the package manager needs that library itself, take the package from a machine of the same release, on Debian by `dpkg -i FILE`
                  - look for a second library: `ldconfig -p | grep libcrypto`, files below /usr/local/lib, LD_LIBRARY_PATH in the unit
            "#]],
        );
    }
}
