use crate::facts::{Complaint, Facts};
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "host-keys-permissions",
    title: "sshd ignores host keys that others can read",
    gate: Gate::Listener,
    explain: "\
sshd ignores a private host key that belongs to root and is open to anyone else (`authfile.c`, `sshkey_perm_ok`). When
that leaves it without any key it does not start; up to 9.7 a running listener then also loses every new connection,
because each one reads the keys again. Typical origins: `chmod -R`, a copy to or from a file system without modes, a
container volume. Red Hat's sshd tolerates `0640` with the group `ssh_keys`.

**Known for certain** by `sshd -t`, which names the file and its mode.

**Mended** by `sshmend fix host-keys`, which sets `0600` and the owner root. A key that everyone could read should be
taken for known: replace it when strangers have accounts on the machine.

**It is not** why a login is refused: that is about the user's files.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(trial)) = verdict.look(facts.trial()) else { return };
    let mut lines = trial.about(Complaint::KeyPermissions).peekable();
    if lines.peek().is_none() {
        return verdict.exclude("`sshd -t` ignores no host key");
    }
    let none_left = trial.about(Complaint::NoHostKeys).next().is_some();
    let later = facts.keeps_its_host_keys();
    let finding = match (none_left, later) {
        (true, false) => verdict.certain("sshd ignores its host keys, because others can read them"),
        (true, true) => {
            verdict.certain("others can read the host keys; the next start of sshd will ignore them and fail")
        }
        (false, _) => verdict.possible("sshd ignores a host key that others can read, and does without it"),
    };
    lines.for_each(|line| _ = finding.shown_by(&trial.command, line));
    finding.mended_by(&["fix", "host-keys"], "closes the host keys to others: 0600, owned by root");
    finding.latent_if(later || !none_left);
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn no_key_left_means_no_connection() {
        let all = "//$ /usr/sbin/sshd -t => 1
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Permissions 0644 for '/etc/ssh/ssh_host_rsa_key' are too open.
It is required that your private key files are NOT accessible by others.
This private key will be ignored.
sshd: no hostkeys available -- exiting.
";
        check(
            "host-keys-permissions",
            all,
            &expect![[r#"
            certain: sshd ignores its host keys, because others can read them
              /usr/sbin/sshd -t: Permissions 0644 for '/etc/ssh/ssh_host_rsa_key' are too open.
              $ sshmend fix host-keys  # closes the host keys to others: 0600, owned by root
        "#]],
        );
    }

    #[test]
    fn one_ignored_key_does_not_stop_sshd() {
        let one = "//$ /usr/sbin/sshd -t => 0 stderr\nPermissions 0640 for '/etc/ssh/ssh_host_rsa_key' are too open.\n";
        check(
            "host-keys-permissions",
            one,
            &expect![[r#"
                possible (latent): sshd ignores a host key that others can read, and does without it
                  /usr/sbin/sshd -t: Permissions 0640 for '/etc/ssh/ssh_host_rsa_key' are too open.
                  $ sshmend fix host-keys  # closes the host keys to others: 0600, owned by root
            "#]],
        );
    }
}
