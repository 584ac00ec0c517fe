//! Objections of the user database and the PAM modules to an account, before any key or password
//! counts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::edit;
use crate::verdict::Verdict;
use sshmend_facts::{Facts, OTHER, PAM_FOLDER, PamLine, Shadow};
use sshmend_lossless::quoted;

const SHADOW: &str = "/etc/shadow";

/// Adds what excludes the account; nothing if it was admitted since.
pub(crate) fn judge(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    if facts.was_let_in() {
        return;
    }
    if let Some(entry) = facts.shadow(user) {
        password(facts, user, &entry, verdict);
    }
    if !facts.uses_pam() {
        return;
    }
    no_service(facts, verdict);
    no_entry(facts, user, verdict);
    denied_to_all(facts, verdict);
    let mut asked = BTreeSet::new();
    for line in facts.pam_stack() {
        // A module that stands in two groups says the same in both.
        if line.decides() && asked.insert((line.module.clone(), line.arguments.clone())) {
            module(facts, user, &line, verdict);
        }
    }
    counted(facts, user, verdict);
}

fn password(facts: &Facts<'_>, user: &str, entry: &Shadow, verdict: &mut Verdict) {
    let now = facts.question.now;
    if entry.has_ended(now) {
        let finding =
            verdict.by_files(facts, &[SHADOW], &format!("the account {user} has expired"));
        finding
            .shown_by("/etc/shadow", "its expiry date has passed")
            .step(format!(
                "see when, by `chage -l {user}`; if it is not meant: `chage -E -1 {user}`"
            ));
    } else if entry.has_to_change(now) && facts.uses_pam() {
        let finding = verdict.likely(format!(
            "the password of the account {user} must be changed first, which requires a terminal"
        ));
        finding
            .shown_by("/etc/shadow", "its password has expired")
            .step(format!(
                "change it: `passwd {user}` on this machine, or log in once with `ssh -t`"
            ));
    } else if entry.is_locked() && !facts.uses_pam() {
        let finding = verdict.likely(format!(
            "the account {user} is locked, and sshd without PAM refuses locked accounts"
        ));
        finding
            .shown_by("/etc/shadow", "its password begins with `!`")
            .step(format!(
                "`usermod -p '*' {user}` lets keys alone open it; `passwd {user}` sets a password"
            ));
    }
}

/// Without a file for its service PAM asks the one for all others, which denies on most systems.
fn no_service(facts: &Facts<'_>, verdict: &mut Verdict) {
    let path = facts.pam_file();
    if facts.file(&path) != Ok(None) {
        return;
    }
    let Ok(Some(text)) = facts.text(OTHER) else {
        return;
    };
    let denies = |line: &&str| !line.trim_start().starts_with('#') && line.contains("pam_deny.so");
    let Some(line) = text.lines().find(denies) else {
        return;
    };
    let what =
        format!("the PAM file for sshd, {path}, does not exist, and {OTHER} denies every login");
    let finding = verdict.by_files(facts, &[OTHER, PAM_FOLDER], &what);
    finding
        .shown_by(&path, "does not exist")
        .shown_by(OTHER, line);
    finding.step(format!(
        "put {path} back from a backup or the package: `apt-get install --reinstall -o Dpkg::Options::=--force-confmiss openssh-server`"
    ));
}

/// Without an entry in the password database pam_unix cannot tell whether an account has expired, and refuses it.
fn no_entry(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    let asks = |line: &PamLine| line.group == "account" && line.module == "pam_unix.so";
    if !facts.lacks_shadow(user) || !facts.pam_stack().iter().any(asks) {
        return;
    }
    let what = format!("the account {user} has no entry in {SHADOW}, so pam_unix refuses it");
    let finding = verdict.by_files(facts, &[SHADOW], &what);
    finding.shown_by(SHADOW, format!("no line begins with `{user}:`"));
    finding.step(format!(
        "make the entries that are missing, without a password, and look at this one: `pwconv && chage -l {user}`; keys work then"
    ));
}

/// pam_deny(8) says nothing. As the first line of its group it is asked in any case; behind others they may jump over it.
fn denied_to_all(facts: &Facts<'_>, verdict: &mut Verdict) {
    let stack = facts.pam_stack();
    let Some(line) = stack.iter().find(|line| line.group == "account") else {
        return;
    };
    if line.module != "pam_deny.so" || !line.decides() {
        return;
    }
    let path = &line.origin.path;
    let what = "PAM denies every account: pam_deny is its first module";
    let finding = verdict.by_files(facts, &[path], what);
    finding.shown_at(&line.origin, &line.text);
    finding.step(if edit::is_here(facts) {
        format!(
            "take its line out: {}; it counts at the next login",
            edit::comment_out(&line.origin)
        )
    } else {
        format!("take its line out: {}", line.origin)
    });
}

fn module(facts: &Facts<'_>, user: &str, line: &PamLine, verdict: &mut Verdict) {
    match line.module.as_str() {
        "pam_listfile.so" => listed(facts, user, line, verdict),
        "pam_shells.so" => shells(facts, user, line, verdict),
        "pam_time.so" => times(facts, user, line, verdict),
        _ => {}
    }
}

/// pam_listfile(8): `item=user sense=allow|deny file=PATH onerr=succeed|fail`.
fn listed(facts: &Facts<'_>, user: &str, line: &PamLine, verdict: &mut Verdict) {
    let (Some("user"), Some(file)) = (line.argument("item"), line.argument("file")) else {
        return;
    };
    let allows = line.argument("sense") == Some("allow");
    let Ok(text) = facts.text(file) else { return };
    let what = match text {
        None if line.argument("onerr") != Some("succeed") => {
            format!("PAM refuses every account: pam_listfile reads {file}, which does not exist")
        }
        None => return,
        Some(text) if text.lines().any(|name| name.trim() == user) != allows => {
            let (verb, sense) = if allows {
                ("does not name", "allows")
            } else {
                ("names", "denies")
            };
            format!("{file} {verb} {user} among the accounts that pam_listfile {sense}")
        }
        Some(_) => return,
    };
    let files = [PathBuf::from(file), line.origin.path.clone()];
    let finding = verdict.by_files(facts, &files, &what);
    finding.shown_at(&line.origin, &line.text);
    finding.step(list_step(facts, user, line));
}

/// The step if a list of pam_listfile excludes an account.
pub(crate) fn list_step(facts: &Facts<'_>, user: &str, line: &PamLine) -> String {
    let file = line.argument("file").unwrap_or("that it names");
    let allows = line.argument("sense") == Some("allow");
    let by = if allows && matches!(facts.meta(file), Ok(Some(_))) {
        format!(": `echo {} >> {}`", quoted(user), quoted(file))
    } else {
        String::new()
    };
    format!(
        "if it is not meant: change the names in {file}{by}, or the line {}; both count at the next login",
        line.origin
    )
}

/// pam_shells(8): the shell must be listed in /etc/shells.
fn shells(facts: &Facts<'_>, user: &str, line: &PamLine, verdict: &mut Verdict) {
    const SHELLS: &str = "/etc/shells";
    let (Ok(Some(account)), Ok(Some(text))) = (facts.account(user), facts.text(SHELLS)) else {
        return;
    };
    if text.lines().any(|shell| shell.trim() == account.shell) {
        return;
    }
    let what = format!(
        "the shell of the account {user}, {}, is not in {SHELLS}, as pam_shells requires",
        account.shell
    );
    let files = [PathBuf::from(SHELLS), line.origin.path.clone()];
    let finding = verdict.by_files(facts, &files, &what);
    finding
        .shown_at(&line.origin, &line.text)
        .shown_by("/etc/passwd", &account.line);
    finding.step(format!(
        "add the shell (`echo {} >> {SHELLS}`), or give the account one that stands there: `chsh -s /bin/bash {user}`",
        account.shell
    ));
}

/// pam_time(8): rules of /etc/security/time.conf refuse accounts at certain times.
fn times(facts: &Facts<'_>, user: &str, line: &PamLine, verdict: &mut Verdict) {
    const TIMES: &str = "/etc/security/time.conf";
    let Ok(Some(text)) = facts.text(TIMES) else {
        return;
    };
    let concerns = |rule: &&str| {
        let fields: Vec<&str> = rule.split(';').map(str::trim).collect();
        let [service, _, users, _] = fields.as_slice() else {
            return false;
        };
        let has = |field: &str, name: &str| {
            field
                .split(['|', '&'])
                .any(|part| part == name || part == "*")
        };
        !rule.trim_start().starts_with('#')
            && has(service, "sshd")
            && (has(users, user) || users.contains('!'))
    };
    let Some((at, rule)) = text.lines().enumerate().find(|(_, rule)| concerns(rule)) else {
        return;
    };
    let finding = verdict.likely(format!(
        "pam_time allows the account {user} only at certain times"
    ));
    finding
        .shown_at(&sshmend_lossless::Origin::new(TIMES, at + 1), rule)
        .shown_at(&line.origin, &line.text);
    finding.step(format!(
        "if it is not meant: change that line of {TIMES}; it counts at the next login"
    ));
}

/// pam_faillock(8) counts failed attempts, and locks the account when there are too many.
fn counted(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    let Some((counted, most)) = facts.counted_failures(user) else {
        return;
    };
    if counted < most || !verdict.findings.is_empty() {
        return;
    }
    let finding = verdict.likely(format!(
        "pam_faillock has locked the account {user} after {counted} failed attempts"
    ));
    finding.shown_by(
        format!("faillock --user {user}"),
        format!("{counted} that count, {most} lock the account"),
    );
    finding.step(format!("let it in again: `faillock --user {user} --reset`; the next {most} wrong passwords lock it again"));
}

#[cfg(test)]
mod tests {
    use crate::testing::{ACCOUNTS, alice, check_as};
    use expect_test::expect;

    const STACK: &str = "//- /etc/pam.d/sshd\naccount required pam_listfile.so item=user sense=allow file=/etc/ssh/people onerr=fail\nauth required pam_shells.so\naccount required pam_shells.so\n\
        //- /etc/shells\n/bin/sh\n/bin/bash\n";

    #[test]
    fn a_pam_list_that_lacks_the_account_refuses_it() {
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{STACK}//- /etc/ssh/people\nbob\n"),
            &expect![[r#"
                certain: /etc/ssh/people does not name alice among the accounts that pam_listfile allows
                  /etc/pam.d/sshd:1: account required pam_listfile.so item=user sense=allow file=/etc/ssh/people onerr=fail
                  - if it is not meant: change the names in /etc/ssh/people: `echo alice >> /etc/ssh/people`, or the line /etc/pam.d/sshd:1; both count at the next login
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{STACK}//- /etc/ssh/people missing\n"),
            &expect![[r#"
                certain: PAM refuses every account: pam_listfile reads /etc/ssh/people, which does not exist
                  /etc/pam.d/sshd:1: account required pam_listfile.so item=user sense=allow file=/etc/ssh/people onerr=fail
                  - if it is not meant: change the names in /etc/ssh/people, or the line /etc/pam.d/sshd:1; both count at the next login
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{STACK}//- /etc/ssh/people\nalice\n"),
            &expect![[r#""#]],
        );
    }

    #[test]
    fn an_unlisted_shell_refuses_the_account() {
        let zsh = ACCOUNTS.replace("/home/alice:/bin/bash", "/home/alice:/bin/zsh");
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{zsh}{STACK}//- /bin/zsh mode:0755\n//- /etc/ssh/people\nalice\n"),
            &expect![[r#"
                certain: the shell of the account alice, /bin/zsh, is not in /etc/shells, as pam_shells requires
                  /etc/pam.d/sshd:2: auth required pam_shells.so
                  /etc/passwd: alice:x:1000:1000::/home/alice:/bin/zsh
                  - add the shell (`echo /bin/zsh >> /etc/shells`), or give the account one that stands there: `chsh -s /bin/bash alice`
            "#]],
        );
    }

    #[test]
    fn an_expired_account_is_reported() {
        let shadow = |fields: &str| format!("{ACCOUNTS}//- /etc/shadow\nalice:$y$x:{fields}\n");
        check_as(
            &alice(),
            "user-not-allowed",
            &shadow("20000:0:99999:7::20100:"),
            &expect![[r#"
                certain: the account alice has expired
                  /etc/shadow: its expiry date has passed
                  - see when, by `chage -l alice`; if it is not meant: `chage -E -1 alice`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &shadow("0:0:99999:7:::"),
            &expect![[r#"
                likely: the password of the account alice must be changed first, which requires a terminal
                  /etc/shadow: its password has expired
                  - change it: `passwd alice` on this machine, or log in once with `ssh -t`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &shadow("20000:0:99999:7:::"),
            &expect![[r#""#]],
        );
    }

    #[test]
    fn a_pam_service_without_a_file_uses_the_denying_default() {
        check_as(
            &alice(),
            "user-not-allowed",
            &format!(
                "{ACCOUNTS}//- /etc/pam.d/sshd missing\n//- /etc/pam.d/other\n# all others\nauth required pam_deny.so\n"
            ),
            &expect![[r#"
                certain: the PAM file for sshd, /etc/pam.d/sshd, does not exist, and /etc/pam.d/other denies every login
                  /etc/pam.d/sshd: does not exist
                  /etc/pam.d/other: auth required pam_deny.so
                  - put /etc/pam.d/sshd back from a backup or the package: `apt-get install --reinstall -o Dpkg::Options::=--force-confmiss openssh-server`
            "#]],
        );
    }

    #[test]
    fn an_account_without_an_entry_in_the_password_database_is_refused() {
        let machine = |shadow: &str, passwd: &str| {
            format!(
                "{ACCOUNTS}//- /etc/passwd\n{passwd}\n//- /etc/shadow\n{shadow}\n//- /etc/pam.d/sshd\naccount required pam_unix.so\n"
            )
        };
        let (own, root) = (
            "alice:x:1000:1000::/home/alice:/bin/bash",
            "root:*:20000:0:99999:7:::",
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &machine(root, own),
            &expect![[r#"
                certain: the account alice has no entry in /etc/shadow, so pam_unix refuses it
                  /etc/shadow: no line begins with `alice:`
                  - make the entries that are missing, without a password, and look at this one: `pwconv && chage -l alice`; keys work then
            "#]],
        );
        let both = format!("{root}\nalice:!:20000:0:99999:7:::");
        check_as(
            &alice(),
            "user-not-allowed",
            &machine(&both, own),
            &expect![""],
        );
        // An account of the network has its password elsewhere.
        check_as(
            &alice(),
            "user-not-allowed",
            &machine(root, "root:x:0:0::/root:/bin/bash"),
            &expect![""],
        );
    }

    #[test]
    fn a_pam_deny_before_other_modules_refuses_everyone() {
        let machine = |stack: &str| format!("{ACCOUNTS}//- /etc/pam.d/sshd\n{stack}\n");
        check_as(
            &alice(),
            "user-not-allowed",
            &machine("account required pam_deny.so\naccount required pam_unix.so"),
            &expect![[r#"
                certain: PAM denies every account: pam_deny is its first module
                  /etc/pam.d/sshd:1: account required pam_deny.so
                  - take its line out: put `#` before line 1 of /etc/pam.d/sshd; it counts at the next login
            "#]],
        );
        for behind in [
            "account [success=1 default=ignore] pam_unix.so\naccount requisite pam_deny.so",
            "account optional pam_deny.so",
            "auth required pam_deny.so",
        ] {
            check_as(&alice(), "user-not-allowed", &machine(behind), &expect![""]);
        }
    }
}
