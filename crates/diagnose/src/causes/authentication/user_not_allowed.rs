//! sshd lets the user not log in: what in its configuration, the account, PAM or the files refuses.

mod account;
mod key_places;
mod keys;
mod lists;
mod missing_files;
pub(crate) mod pam;
mod state;

use sshmend_facts::{Account, Facts, LogLine};
use sshmend_lossless::Metadata;
use sshmend_plan::Wish;
use sshmend_ssh_log::{CauseName, Kind};

use crate::causes::authentication::user_not_allowed::lists::Lists;
use crate::edit::{self, Change};
use crate::evidence::log::LogEvidence;
use crate::finding::Certainty;
use crate::proof::Proof;
use crate::verdict::{Judges, UNSEEN, Verdict};

pub(crate) const JUDGES: Judges = Judges {
    server: judge,
    ..UNSEEN
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let user = facts.user();
    nologin(facts, verdict);
    if let Some(user) = user {
        Lists { facts, user }.judge(verdict);
        account(facts, user, verdict);
        chroot(facts, user, verdict);
        state::judge(facts, user, verdict);
    }
    if verdict.findings.is_empty() {
        waits(facts, verdict);
    }
    if verdict.findings.is_empty() {
        listen(facts, verdict);
    }
    if let Some(user) = user.filter(|_| verdict.findings.is_empty()) {
        keys::judge(facts, user, verdict);
    }
    if let Some(user) = user.filter(|_| verdict.findings.is_empty()) {
        missing_files::key_command(facts, user, verdict);
    }
    if user.is_none() && verdict.findings.is_empty() {
        missing_files::judge(facts, verdict);
    }
    if verdict.findings.is_empty() {
        unexplained(facts, verdict);
    }
}

/// People who wait for a login give up after so many seconds.
const GIVEN_UP: i64 = 10;

/// The programs that sshd asks for keys and names before anybody is let in.
const KEY_PROGRAMS: [&str; 2] = ["AuthorizedKeysCommand", "AuthorizedPrincipalsCommand"];

/// A login that hangs after the key or the password was taken.
fn waits(facts: &Facts<'_>, verdict: &mut Verdict) {
    let waiting = facts.waiting_logins();
    let Some(first) = waiting.first() else { return };
    let of_keys = KEY_PROGRAMS
        .iter()
        .filter_map(|key| facts.value(key).ok().flatten())
        .find(|value| value != "none");
    let keys_or_pam = of_keys.map(|program| {
        format!("the program of the keys that sshd runs (`{program}`), or the line of pam_exec in /etc/pam.d/sshd and what it includes")
    });
    let (who, place) = match &first.by {
        Some(by) if first.title.contains("update-motd.d") => (
            format!("the message of the day in the login `{by}`"),
            "the script in /etc/update-motd.d, which `ps -ef --forest` shows below that process",
        ),
        Some(by) => match &keys_or_pam {
            Some(place) => (format!("the login `{by}`"), place.as_str()),
            None => (
                format!("a module of PAM in the login `{by}`"),
                "the line of pam_exec in /etc/pam.d/sshd and what it includes",
            ),
        },
        None => (
            "a login".to_owned(),
            "the script, which is run before each session",
        ),
    };
    let longest = waiting.iter().map(|one| one.seconds).max();
    // A slow program delays a login; people give up after a while.
    let certainty = if longest >= Some(GIVEN_UP) {
        Certainty::Likely
    } else {
        Certainty::Possible
    };
    let what = format!(
        "{who} waits for a program that does not end: {}",
        first.title
    );
    let finding = verdict.find(certainty, what);
    for one in &waiting {
        finding.shown_by(
            "/proc",
            format!("process {}, for {} s: {}", one.pid, one.seconds, one.title),
        );
    }
    finding.step(format!(
        "mend what it waits for, or {place}; `kill {}` lets this login go on or end",
        first.pid
    ));
}

/// A login that came to nothing for a reason that sshd does not log at its level.
fn unexplained(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(line) = facts.gave_up() else { return };
    let user = line.user.as_deref().unwrap_or("NAME");
    let finding = verdict.possible(format!(
        "a login of {user} came to nothing, and sshd does not say why"
    ));
    finding.shown_by_lines(&[line]);
    finding.step("let sshd say more for a while, and try again: `sshmend fix log-level`, then `sshmend diagnose` once more");
    let shadow = line.user.as_deref().and_then(|user| facts.shadow(user));
    if shadow.is_some_and(|entry| entry.is_empty()) {
        finding.step(format!(
            "the account has no password, and sshd takes no empty one unless PermitEmptyPasswords is on: `passwd {user}`, or a key"
        ));
    }
    finding.step("on the client: `ssh -v` says which keys it offers and which methods are left");
}

fn nologin(facts: &Facts<'_>, verdict: &mut Verdict) {
    if facts.user() == Some("root") {
        return;
    }
    let Some((path, text)) = facts.nologin() else {
        return;
    };
    if facts.was_let_in_since(&[&path]) == Some(true) {
        return;
    }
    let what = format!("{path} exists, so only root may log in");
    let finding = verdict.by_files(facts, &[&path], &what);
    finding.shown_by(&path, text);
    finding.step(format!(
        "see who made it and why (a boot or shutdown under way, maintenance), then `rm {path}`"
    ));
}

/// What to do where the account database passes over its own file.
pub(crate) const NSSWITCH: &str = "let the account database read its file: the line `passwd:` of /etc/nsswitch.conf has to name `files`";

fn account(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    match verdict.look(facts.account(user)) {
        Some(None) if facts.is_in_passwd(user) => {
            let finding = verdict.certain(
                Proof::Answer,
                format!("the account {user} is in /etc/passwd, but nothing finds it there"),
            );
            finding
                .shown_by(format!("getent passwd -- {user}"), "finds none")
                .step(NSSWITCH)
                .following(CauseName::PrivsepUserMissing);
        }
        Some(None) => {
            let finding = verdict.certain(
                Proof::Answer,
                format!("there is no account {user} on this machine"),
            );
            finding.shown_by(format!("getent passwd -- {user}"), "finds none");
            finding
                .step("log in by the name of an account that is there, or make it: `adduser NAME`");
        }
        // sshd does not look at the shell where it locks the session in (auth.c, allowed_user).
        Some(Some(account))
            if facts.meta(&account.shell) == Ok(None) && facts.chroot(user).is_none() =>
        {
            if facts.was_let_in() {
                return;
            }
            let finding = verdict.certain(
                Proof::Answer,
                format!(
                    "the shell of the account {user} does not exist: {}",
                    account.shell
                ),
            );
            finding.shown_by(format!("getent passwd -- {user}"), &account.line);
            finding.step(format!(
                "give it a shell that is there: `usermod -s /bin/bash {user}`"
            ));
        }
        Some(Some(account)) if account.has_no_shell() && !facts.transfers_only() => {
            no_shell(user, &account, verdict);
        }
        _ => {}
    }
}

fn no_shell(user: &str, account: &Account, verdict: &mut Verdict) {
    let finding = verdict.possible(format!(
        "the account {user} has a shell that ends at once: {}",
        account.shell
    ));
    finding.shown_by("/etc/passwd", &account.line);
    finding.step(format!(
        "give it a shell, if it is meant for people: `usermod -s /bin/bash {user}`"
    ));
}

/// sshd ends a session whose ChrootDirectory, or anything above it, others than root can change (session.c, safely_chroot).
fn chroot(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    let Some(path) = facts.chroot(user) else {
        return;
    };
    let open = |meta: &Metadata| meta.uid != 0 || meta.mode & 0o022 != 0;
    let Some(place) = path
        .ancestors()
        .find(|place| facts.meta(place).is_ok_and(|meta| meta.is_some_and(open)))
    else {
        return;
    };
    let place = place.display();
    let Ok(Some(setting)) = facts.setting("chrootdirectory") else {
        return;
    };
    let what = format!("the ChrootDirectory of the account {user} is not root's alone: {place}");
    let Some(finding) = verdict.by_force(&facts.force_in_session(setting), &what) else {
        return;
    };
    finding.shown_by_setting(facts, setting);
    let out = edit::change(facts, setting, "ChrootDirectory", Change::Default)
        .filter(|_| !facts.transfers_only());
    if let Some(command) = out {
        finding.step(format!(
            "take that line out, unless it is for file transfers alone, for a session needs a shell in that directory: `{command}`"
        ));
    }
    finding.step(format!(
        "for file transfers give the directory to root, or name another one in that line: `chown root:root {place}`, `chmod go-w {place}`"
    ));
}

/// What the log tells: of the account and the client asked about; else of people of this machine, for strangers who are not
/// let in are nothing unusual.
fn listen(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(mut lines) = verdict.look(facts.log_lines(CauseName::UserNotAllowed)) else {
        return;
    };
    let asked = (facts.user(), facts.question.client_address());
    let of_others = |line: &LogLine| {
        asked.0.is_some() && line.user.is_some() && line.user.as_deref() != asked.0
    };
    lines.retain(|line| !of_others(line));
    let Some(last) = lines.iter().copied().rfind(|line| denies(facts, line)) else {
        return strangers_name(facts, verdict);
    };
    // What was refused before the last login of the same account from the same client stands in the way no more.
    if asked.0.is_some()
        && asked.1.is_some()
        && facts.worked_since(last)
        && facts.was_let_in()
        && !account::ends_later(last)
    {
        return;
    }
    let proven = last.client.is_some() && last.client == asked.1
        || last.user.is_some() && last.user.as_deref() == asked.0;
    let certainty = match asked {
        (None, None) => Certainty::Possible,
        _ if !facts.is_recent(last) || facts.worked_since(last) && !account::ends_later(last) => {
            Certainty::Possible
        }
        _ if proven => Proof::Log.certain(),
        _ => Certainty::Likely,
    };
    let certainty = pam::at_most(facts, last).map_or(certainty, |most| certainty.max(most));
    let advice = account::advice(facts, last, &lines);
    let certainty = if advice.is_guess {
        certainty.max(Certainty::Likely)
    } else {
        certainty
    };
    // What modules said of other logins explains nothing of this one.
    lines.retain(|line| pam::module_of(line).is_none() || pam::is_together(last, line));
    let heard = LogEvidence {
        lines,
        certainty,
        client: asked.1.or(last.client),
        besides: 0,
    };
    let finding = heard.report(verdict, &advice.what);
    for (origin, text) in &advice.evidence {
        finding.shown_at(origin, text);
    }
    for step in &advice.steps {
        finding.step(step);
    }
    if advice.restart {
        finding.mended_by(
            Wish::Service { restart: true },
            "has sshd read the files that are there now; sessions stay",
        );
    }
}

/// The client asked about names an account that is not there.
fn strangers_name(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(line) = facts.unknown_name() else {
        return;
    };
    let advice = account::advice(facts, line, &[line]);
    let finding = verdict.likely(advice.what);
    finding.shown_by_lines(&[line]);
    for step in advice.steps {
        finding.step(step);
    }
}

/// Whether a line tells of a login that was refused, and not only of what may be the reason.
fn denies(facts: &Facts<'_>, line: &LogLine) -> bool {
    let asked = facts.user().is_some() || facts.question.client_address().is_some();
    match line.kind {
        Kind::StrictModes | Kind::ChrootRefused | Kind::KeyRevoked | Kind::KeyRefused => asked,
        Kind::Broken => false,
        Kind::PamDenied if !pam::may_refuse(facts, line) => false,
        _ => {
            asked
                || line
                    .user
                    .as_deref()
                    .is_some_and(|user| facts.is_person(user))
        }
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::LOG;

    use crate::testing::{ACCOUNTS, alice, alice_with, check, check_as, user};
    use expect_test::expect;

    #[test]
    fn accounts_that_cannot_log_in_are_told_from_missing_ones() {
        check_as(
            &user("backup"),
            "user-not-allowed",
            ACCOUNTS,
            &expect![[r#"
                possible: the account backup has a shell that ends at once: /usr/sbin/nologin
                  /etc/passwd: backup:x:34:34::/var/backups:/usr/sbin/nologin
                  - give it a shell, if it is meant for people: `usermod -s /bin/bash backup`
            "#]],
        );
        check_as(
            &user("nobody-here"),
            "user-not-allowed",
            ACCOUNTS,
            &expect![[r#"
                certain: there is no account nobody-here on this machine
                  getent passwd -- nobody-here: finds none
                  - log in by the name of an account that is there, or make it: `adduser NAME`
            "#]],
        );
        check_as(&user("alice"), "user-not-allowed", ACCOUNTS, &expect![""]);
    }

    #[test]
    fn nologin_shuts_out_everyone_but_root() {
        check(
            "user-not-allowed",
            "//- /run/nologin\nSystem is booting up.\n",
            &expect![[r#"
            certain: /run/nologin exists, so only root may log in
              /run/nologin: System is booting up.
              - see who made it and why (a boot or shutdown under way, maintenance), then `rm /run/nologin`
        "#]],
        );
    }

    #[test]
    fn a_login_that_waits_for_a_program_is_told() {
        let stat = |pid: u32| {
            format!(
                "//- /proc/{pid}/stat\n{pid} (x) S 1 {pid} {pid} 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 100000\n"
            )
        };
        let process =
            |pid: u32, title: &str| format!("//- /proc/{pid}/cmdline\n{title}\n{}", stat(pid));
        let login = process(812, "sshd: alice [priv]") + "//- /proc/812/task/812/children\n813\n";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!(
                "{ACCOUNTS}{login}{}",
                process(813, "/usr/local/bin/ask-the-gate")
            ),
            &expect![[r#"
                likely: a module of PAM in the login `sshd: alice [priv]` waits for a program that does not end: /usr/local/bin/ask-the-gate
                  /proc: process 813, for 89000 s: /usr/local/bin/ask-the-gate
                  - mend what it waits for, or the line of pam_exec in /etc/pam.d/sshd and what it includes; `kill 813` lets this login go on or end
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{}", process(813, "/bin/sh /etc/ssh/sshrc")),
            &expect![[r#"
                likely: a login waits for a program that does not end: /bin/sh /etc/ssh/sshrc
                  /proc: process 813, for 89000 s: /bin/sh /etc/ssh/sshrc
                  - mend what it waits for, or the script, which is run before each session; `kill 813` lets this login go on or end
            "#]],
        );
        // The session itself.
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{login}{}", process(813, "sshd: alice@pts/0")),
            &expect![[""]],
        );
        // Somebody else's.
        check_as(
            &user("backup"),
            "user-not-allowed",
            &format!(
                "{ACCOUNTS}{login}{}",
                process(813, "/usr/local/bin/ask-the-gate")
            ),
            &expect![[r#"
                possible: the account backup has a shell that ends at once: /usr/sbin/nologin
                  /etc/passwd: backup:x:34:34::/var/backups:/usr/sbin/nologin
                  - give it a shell, if it is meant for people: `usermod -s /bin/bash backup`
            "#]],
        );
    }

    #[test]
    fn messages_of_pam_are_understood() {
        let says = |text: &str| {
            format!(
                "{ACCOUNTS}{LOG}2026-11-20T17:59:00+00:00 server sshd[812]: {text}\n2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]\n"
            )
        };
        let rules =
            "//- /etc/security/access.conf\n# -:ALL:ALL\n+:root:ALL\n-:ALL EXCEPT root:ALL\n";
        let access =
            says("pam_access(sshd:account): access denied for user `alice' from `198.51.100.7'");
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{access}{rules}"),
            &expect![[r#"
                certain: pam_access does not let the account alice in (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: pam_access(sshd:account): access denied for user `alice' from `198.51.100.7'
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  /etc/security/access.conf:3: -:ALL EXCEPT root:ALL
                  - if it is not meant, write `+:alice:198.51.100.7` above the line of /etc/security/access.conf that refuses it: `sed -i.old '3i +:alice:198.51.100.7' /etc/security/access.conf`; it counts at once
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &says("pam_unix(sshd:account): account alice has expired (account expired)"),
            &expect![[r#"
                certain: the account alice has expired (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: pam_unix(sshd:account): account alice has expired (account expired)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - see when, by `chage -l alice`; if it is not meant: `chage -E -1 alice`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &says(
                "PAM unable to dlopen(pam_no.so): /lib/security/pam_no.so: cannot open shared object file: No such file or directory",
            ),
            &expect![[r#"
                certain: PAM refuses every account, because a module cannot be loaded: pam_no.so (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: PAM unable to dlopen(pam_no.so): /lib/security/pam_no.so: cannot open shared object file: No such file or directory
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - install the package of that module, or take its line out: `grep -n pam_no.so /etc/pam.d/*`; it counts at once
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &says("PAM pam_parse: expecting return value; [...requird]"),
            &expect![[r#"
                certain: PAM refuses every account, because it does not know a word of its configuration: requird (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: PAM pam_parse: expecting return value; [...requird]
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - correct the word: `grep -n -- requird /etc/pam.d/*`; it counts at once
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &says("pam_env(sshd:session): nothing"),
            &expect![[r#"
                certain: PAM does not let the account log in (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - see which module says so: `journalctl -t sshd -t sshd-session -g pam_ -n 20`, and /etc/pam.d/sshd
            "#]],
        );
    }

    #[test]
    fn messages_of_sshd_are_understood() {
        let says = |text: &str| {
            format!("{ACCOUNTS}{LOG}2026-11-20T17:59:00+00:00 server sshd[812]: {text}\n")
        };
        check_as(
            &alice(),
            "user-not-allowed",
            &says("User alice from 198.51.100.7 not allowed because not listed in AllowUsers"),
            &expect![[r#"
                certain: sshd does not let the account alice log in: not listed in AllowUsers (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: User alice from 198.51.100.7 not allowed because not listed in AllowUsers
                  - no line of the files says so: another sshd may have said it, or sshd knows the client by another name or a Match block asks for the address of this machine (LocalAddress); see `sshd -T -C user=alice,host=NAME,addr=ADDRESS`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &says("Authentication refused: bad ownership or modes for directory /home/alice/.ssh"),
            &expect![[r#"
                likely: sshd does not use the keys of the account, because others may write there: bad ownership or modes for directory /home/alice/.ssh (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Authentication refused: bad ownership or modes for directory /home/alice/.ssh
                  - make it the user's alone: `chown alice /home/alice/.ssh`, `chmod go-w /home/alice/.ssh`
            "#]],
        );
        let since = says(
            "User alice from 198.51.100.7 not allowed because not listed in AllowUsers",
        ) + "2026-11-20T17:59:30+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2: ED25519 SHA256:x\n";
        check_as(&alice(), "user-not-allowed", &since, &expect![""]);
        let other = says("User bob from 198.51.100.7 not allowed because not listed in AllowUsers");
        check_as(&alice(), "user-not-allowed", &other, &expect![""]);
    }

    #[test]
    fn keys_that_are_revoked_are_told() {
        let lost = "error: Error checking authentication key ED25519 SHA256:x in revoked keys file /etc/ssh/r: No such file or directory";
        let revoked = "error: Authentication key ED25519 SHA256:x revoked by file /etc/ssh/r";
        check_as(
            &alice(),
            "user-not-allowed",
            &alice_with("", lost),
            &expect![[r#"
                likely: sshd refuses every key, because it cannot read the file of RevokedKeys: /etc/ssh/r: No such file or directory (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: Error checking authentication key ED25519 SHA256:x in revoked keys file /etc/ssh/r: No such file or directory
                  - put /etc/ssh/r back: sshd reads it at each login
                  - where no key was ever revoked, an empty list does: `ssh-keygen -k -f /etc/ssh/r`; with it every key in the lost file would count again
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &alice_with("", revoked),
            &expect![[r#"
            likely: the key is revoked by /etc/ssh/r (once, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: Authentication key ED25519 SHA256:x revoked by file /etc/ssh/r
              - log in with another key; see which ones are revoked: `ssh-keygen -Q -l -f /etc/ssh/r`
        "#]],
        );
    }

    #[test]
    fn a_shell_that_is_gone_and_an_open_chroot_are_seen() {
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}//- /bin/bash missing\n"),
            &expect![[r#"
            certain: the shell of the account alice does not exist: /bin/bash
              getent passwd -- alice: alice:x:1000:1000::/home/alice:/bin/bash
              - give it a shell that is there: `usermod -s /bin/bash alice`
        "#]],
        );
        let chroot = "//- /etc/ssh/sshd_config\nMatch User alice\n  ChrootDirectory %h\n//- / dir\n//- /home dir\n//- /home/alice dir uid:1000\n";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{chroot}"),
            &expect![[r#"
                certain: the ChrootDirectory of the account alice is not root's alone: /home/alice
                  /etc/ssh/sshd_config:2: ChrootDirectory %h
                  - take that line out, unless it is for file transfers alone, for a session needs a shell in that directory: `sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2`
                  - for file transfers give the directory to root, or name another one in that line: `chown root:root /home/alice`, `chmod go-w /home/alice`
            "#]],
        );
    }

    #[test]
    fn people_of_this_machine_who_are_not_let_in_are_possible() {
        let people = "//- /etc/passwd\nalice:x:1000:1000::/home/alice:/bin/bash\n";
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: User alice from 203.0.113.9 not allowed because not listed in AllowUsers\n";
        check(
            "user-not-allowed",
            &format!("{people}{LOG}{line}"),
            &expect![[r#"
                possible: sshd does not let the account alice log in: not listed in AllowUsers (once, client 203.0.113.9, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: User alice from 203.0.113.9 not allowed because not listed in AllowUsers
                  - see which line decides: `sshmend diagnose --user alice`
            "#]],
        );
    }

    #[test]
    fn strangers_who_are_not_let_in_are_nothing_unusual() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: User bin from 203.0.113.9 not allowed because not listed in AllowUsers\n";
        check("user-not-allowed", &format!("{LOG}{line}"), &expect![""]);
    }
}
