//! Files that the configuration names and that do not exist, so that keys, sessions or transfers
//! fail.

use sshmend_facts::{Facts, Force, Harm, NamedFile};
use sshmend_ssh_log::Kind;

use super::advice::{empty_list, reload};
use crate::edit::{self, Change, Edit};
use crate::finding::Finding;
use crate::verdict::Verdict;

/// Judges the files missing for the account in question; without one, for any account.
pub(crate) fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    // Successful logins show that no source of keys is missing; sessions begin later.
    let let_in = facts.was_let_in();
    for file in facts.missing_files() {
        if !let_in || file.harm.is_of_sessions() {
            report(facts, &file, verdict);
        }
    }
    if verdict.findings.is_empty() {
        if let Some(file) = facts.shell_missing_in_chroot() {
            no_shell(facts, &file, verdict);
        }
    }
}

/// Reports the program that every key of the account has to run if it does not exist: each session
/// ends at once (session.c, do_exec).
pub(crate) fn key_command(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    // A password login succeeds without it.
    let by_key = facts
        .log()
        .unwrap_or_default()
        .iter()
        .rfind(|line| line.kind == Kind::Accepted && line.user.as_deref() == Some(user))
        .is_some_and(|line| line.text.contains("Accepted publickey"));
    let Some((line, program)) = facts.lost_command(user).filter(|_| by_key) else {
        return;
    };
    let finding = verdict.likely(format!(
        "the keys of the account {user} run {program} instead of a shell, which does not exist, so no session can start"
    ));
    let text = facts.line(&line.path, line.line);
    finding.shown_at(&line, text);
    finding.step(format!(
        "put {program} back, or correct `command=` in {line}; it counts at the next login"
    ));
}

fn report(facts: &Facts<'_>, file: &NamedFile, verdict: &mut Verdict) {
    let comes = match file.harm {
        Harm::EveryKey => "so sshd accepts no key at all",
        Harm::EverySession => "so no session can start",
        Harm::SomeKeys => "so the keys or certificates that depend on it are not accepted",
        Harm::Transfers => "so sftp and scp fail",
    };
    let whom = file.only_for.as_ref().map_or_else(String::new, |criteria| {
        format!(" for those of `Match {criteria}`")
    });
    let what = format!(
        "{} names {}, which does not exist, {comes}{whom}",
        file.key, file.path
    );
    let gave_up = facts.gave_up();
    let finding = match (facts.force_of_named(file), file.harm) {
        (Force::Refuted | Force::Unread(_), _) => return,
        (_, Harm::Transfers) => verdict.possible(what).latent_if(gave_up.is_none()),
        _ if file.only_for.is_some() => verdict.possible(what),
        (_, Harm::SomeKeys) if gave_up.is_none() => verdict.possible(what),
        _ => verdict.likely(what),
    };
    shown(facts, file, finding);
    if let Some(line) = gave_up {
        finding.shown_by_lines(&[line]);
    }
    finding.step(format!("put {} back, or correct {}", file.path, file.key));
    let by = do_without(facts, file, finding);
    reload(facts, file.origin.as_ref(), by.as_ref(), finding);
}

/// The step if the file is not to be restored, and the command that removes its line.
fn do_without(facts: &Facts<'_>, file: &NamedFile, finding: &mut Finding) -> Option<Edit> {
    if file.key == "RevokedKeys" {
        finding.step(empty_list(&file.path));
    }
    // In a Match block for others, the account in question has another setting.
    let setting = facts.setting(file.key).ok().flatten();
    let setting = setting.filter(|setting| setting.origin == file.origin);
    let out = setting
        .filter(|_| file.harm == Harm::EverySession)
        .and_then(|setting| edit::change(facts, setting, file.key, Change::Default));
    if let Some(command) = &out {
        finding.step(format!("or take that line out: {command}"));
    }
    out
}

/// A session confined to a directory starts the shell inside it (session.c, do_child).
fn no_shell(facts: &Facts<'_>, file: &NamedFile, verdict: &mut Verdict) {
    if matches!(facts.force_of_named(file), Force::Unread(_)) {
        return;
    }
    let what = format!(
        "the ChrootDirectory does not contain the shell of the account: {} does not exist",
        file.path
    );
    // An account for sftp alone needs none.
    let finding = if facts.serves_sftp_itself() {
        verdict.possible(what).latent_if(true)
    } else {
        verdict.likely(what)
    };
    shown(facts, file, finding);
    finding.step("for transfers alone: `Subsystem sftp internal-sftp` and, below the same Match, `ForceCommand internal-sftp`; for a shell, put it and its libraries (`ldd`) below that directory");
}

fn shown(facts: &Facts<'_>, file: &NamedFile, finding: &mut Finding) {
    if let Some(origin) = &file.origin {
        finding.shown_at(origin, facts.line(&origin.path, origin.line));
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use sshmend_facts::fixture::from;

    use crate::testing::{ACCOUNTS, alice, alice_with, check_as};

    const LET_IN: &str = "Accepted publickey for alice from 198.51.100.7 port 4711 ssh2";

    fn gone(path: &str) -> String {
        format!("//- {path} missing\n")
    }

    #[test]
    fn a_missing_forced_command_ends_sessions_after_the_login() {
        let config = "Match User alice\n  ForceCommand /usr/local/bin/menu --short";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!(
                "{}{}",
                alice_with(config, LET_IN),
                gone("/usr/local/bin/menu")
            ),
            &expect![[r#"
                likely: ForceCommand names /usr/local/bin/menu, which does not exist, so no session can start
                  /etc/ssh/sshd_config:2: ForceCommand /usr/local/bin/menu --short
                  - put /usr/local/bin/menu back, or correct ForceCommand
                  - or take that line out: `sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2`
            "#]],
        );
    }

    #[test]
    fn a_missing_forced_command_of_the_only_key_ends_sessions() {
        const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPDwq9FW/JGdaWQ18vefWEP8Lk1WzjGYc5DcjzCcHAs0 carol@laptop";
        let keys = |lines: &str| {
            format!(
                "{}//- /home/alice/.ssh/authorized_keys mode:0600 uid:1000\n{lines}\n{}",
                alice_with("", LET_IN),
                gone("/opt/dump/run")
            )
        };
        let with = format!("command=\"/opt/dump/run --all\",no-pty {KEY}");
        check_as(
            &alice(),
            "user-not-allowed",
            &keys(&with),
            &expect![[r#"
            likely: the keys of the account alice run /opt/dump/run instead of a shell, which does not exist, so no session can start
              /home/alice/.ssh/authorized_keys:1: command="/opt/dump/run --all",no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPDwq9FW/JGdaWQ18vefWEP8Lk1WzjGYc5DcjzCcHAs0 carol@laptop
              - put /opt/dump/run back, or correct `command=` in /home/alice/.ssh/authorized_keys:1; it counts at the next login
        "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &keys(&format!("{with}\n{KEY}")),
            &expect![[""]],
        );
    }

    #[test]
    fn a_successful_login_excludes_a_missing_authorizedkeyscommand() {
        let config = "AuthorizedKeysCommand /usr/bin/keys";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{}{}", alice_with(config, LET_IN), gone("/usr/bin/keys")),
            &expect![[""]],
        );
    }

    #[test]
    fn without_an_account_missing_files_are_reported_with_their_users() {
        let config = "ForceCommand /usr/bin/for-all\nMatch Group sftponly\n  ForceCommand /usr/bin/for-some\nMatch Group jailed\n  ChrootDirectory /srv/none\n  ForceCommand /usr/bin/inside";
        let missing: String = ["/usr/bin/for-all", "/usr/bin/for-some", "/srv/none"]
            .map(gone)
            .concat();
        check_as(
            &from("198.51.100.7"),
            "user-not-allowed",
            &format!("//- /etc/ssh/sshd_config\n{config}\n{missing}"),
            &expect![[r#"
                likely: ForceCommand names /usr/bin/for-all, which does not exist, so no session can start
                  /etc/ssh/sshd_config:1: ForceCommand /usr/bin/for-all
                  - put /usr/bin/for-all back, or correct ForceCommand
                  - or take that line out: `sshmend fix sshd-config --unset ForceCommand`
                possible: ChrootDirectory names /srv/none, which does not exist, so no session can start for those of `Match Group jailed`
                  /etc/ssh/sshd_config:5: ChrootDirectory /srv/none
                  - put /srv/none back, or correct ChrootDirectory
                  - then let sshd read it: `sshd -t && systemctl reload ssh.service`
                possible: ForceCommand names /usr/bin/for-some, which does not exist, so no session can start for those of `Match Group sftponly`
                  /etc/ssh/sshd_config:3: ForceCommand /usr/bin/for-some
                  - put /usr/bin/for-some back, or correct ForceCommand
                  - then let sshd read it: `sshd -t && systemctl reload ssh.service`
            "#]],
        );
    }

    #[test]
    fn a_chroot_without_the_shell_ends_sessions() {
        let jail = |more: &str| {
            format!(
                "{ACCOUNTS}//- /etc/ssh/sshd_config\n{more}Match User alice\n  ChrootDirectory /srv/jail\n//- /srv/jail dir mode:0755\n{}",
                gone("/srv/jail/bin/bash")
            )
        };
        check_as(
            &alice(),
            "user-not-allowed",
            &jail(""),
            &expect![[r#"
            likely: the ChrootDirectory does not contain the shell of the account: /srv/jail/bin/bash does not exist
              /etc/ssh/sshd_config:2: ChrootDirectory /srv/jail
              - for transfers alone: `Subsystem sftp internal-sftp` and, below the same Match, `ForceCommand internal-sftp`; for a shell, put it and its libraries (`ldd`) below that directory
        "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &jail("Subsystem sftp internal-sftp\n"),
            &expect![[r#"
                possible (latent): the ChrootDirectory does not contain the shell of the account: /srv/jail/bin/bash does not exist
                  /etc/ssh/sshd_config:3: ChrootDirectory /srv/jail
                  - for transfers alone: `Subsystem sftp internal-sftp` and, below the same Match, `ForceCommand internal-sftp`; for a shell, put it and its libraries (`ldd`) below that directory
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &jail("ForceCommand internal-sftp\n"),
            &expect![[""]],
        );
    }
}
