//! Why public-key or password login fails although the account is allowed: the method is disabled,
//! several methods are required, the key file cannot be used, or no key is authorized.

use std::path::{Path, PathBuf};

use sshmend_facts::{Account, Facts, Force, ForeignForm, LogLine};
use sshmend_lossless::{Origin, quoted};
use sshmend_sshd_config::Setting;

use super::advice::reload;
use super::{key_places, missing_files};
use crate::edit::{self, Change};
use crate::finding::Finding;
use crate::verdict::Verdict;

/// Settings of the unit that hide the homes of accounts from sshd and its sessions (systemd.exec(5)).
const HIDE: [&str; 5] = [
    "ProtectHome=",
    "InaccessiblePaths=",
    "TemporaryFileSystem=",
    "RootDirectory=",
    "RootImage=",
];

/// Judges the keys and passwords of an account, unless the last log entry about it is a successful
/// login.
pub(crate) fn judge(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    if facts.was_let_in() {
        return missing_files::judge(facts, verdict);
    }
    let gave_up = facts.gave_up();
    if let Some(line) = gave_up {
        methods(facts, user, line, verdict);
    }
    if verdict.findings.is_empty() {
        missing_files::judge(facts, verdict);
    }
    if let Ok(Some(account)) = facts.account(user) {
        if verdict.findings.is_empty() {
            key_files(facts, user, &account, gave_up, verdict);
        }
    }
    let Some(line) = gave_up else { return };
    if verdict.findings.is_empty() {
        no_key_file(facts, user, line, verdict);
    }
    if verdict.findings.is_empty() {
        passwords(facts, user, line, verdict);
    }
}

/// Keys that sshd does not take, or not alone.
fn methods(facts: &Facts<'_>, user: &str, line: &LogLine, verdict: &mut Verdict) {
    let setting = |key: &str| facts.setting(key).ok().flatten();
    let never = setting("PubkeyAuthentication").filter(|setting| setting.values == ["no"]);
    let lists = |setting: &Setting| {
        setting
            .values
            .iter()
            .flat_map(|value| value.split(' '))
            .any(a_key_is_all)
    };
    let with_more = setting("AuthenticationMethods").filter(|setting| !lists(setting));
    for (setting, key, what) in [
        (
            never,
            "PubkeyAuthentication",
            "sshd accepts no key for the account",
        ),
        (
            with_more,
            "AuthenticationMethods",
            "a key alone is not enough for the account",
        ),
    ] {
        let Some(setting) = setting.filter(|setting| !setting.values.is_empty()) else {
            continue;
        };
        if matches!(facts.force(setting), Force::Unread(_) | Force::Refuted) {
            continue;
        }
        let finding = verdict.likely(format!("{what} {user}: {key} {}", setting.values.join(" ")));
        finding
            .shown_by_setting(facts, setting)
            .shown_by_lines(&[line]);
        let value = if key == "PubkeyAuthentication" {
            "yes"
        } else {
            "any"
        };
        let command = edit::change(facts, setting, key, Change::Value(value));
        let by = command
            .as_ref()
            .map_or_else(String::new, |command| format!(": {command}"));
        finding.step(format!(
            "log in by what that line asks for, or change {key}{by}"
        ));
        reload(facts, setting.origin.as_ref(), command.as_ref(), finding);
    }
}

/// The files that list the keys: hidden, open to others, closed to the account, or without a line that sshd takes.
fn key_files(
    facts: &Facts<'_>,
    user: &str,
    account: &Account,
    gave_up: Option<&LogLine>,
    verdict: &mut Verdict,
) {
    let files = facts.key_files(user);
    let there: Vec<&PathBuf> = files
        .iter()
        .filter(|path| matches!(facts.meta(path), Ok(Some(_))))
        .collect();
    let finding = if let Some((origin, line)) = hiding_line(facts, account) {
        let finding = verdict.likely(hidden(user, &line));
        finding.shown_at(&origin, line).mended_without(&[origin])
    } else if let Some((file, (place, shown))) =
        first(&there, |file| facts.open_place(file, account))
    {
        let finding = verdict.likely(format!(
            "sshd ignores the keys in {} because others than {user} can write there: {}",
            file.display(),
            place.display()
        ));
        finding.shown_by(place.display().to_string(), shown);
        finding.step(key_places::close(facts, user, &place));
        finding
    } else if let Some((file, (place, shown))) =
        first(&there, |file| facts.unreadable_place(file, account))
    {
        let finding = verdict.likely(format!(
            "sshd reads {} as {user}, who lacks permission: {}",
            file.display(),
            place.display()
        ));
        finding.shown_by(place.display().to_string(), shown);
        finding.step(key_places::open(facts, user, &place));
        finding
    } else {
        return lines(facts, user, &there, gave_up, verdict);
    };
    if let Some(line) = gave_up {
        finding.shown_by_lines(&[line]);
    } else if !facts.logs_no_logins() {
        finding.certainty = crate::proof::Certainty::Possible;
    }
}

/// The line of the unit that hides the home of an account from sshd and its sessions.
pub(super) fn hiding_line(facts: &Facts<'_>, account: &Account) -> Option<(Origin, String)> {
    facts
        .confinement(&HIDE)
        .filter(|(_, line)| hides(line, account))
}

pub(super) fn hidden(user: &str, line: &str) -> String {
    format!("the unit of sshd hides the home directory of the account {user} from sshd: {line}")
}

/// Whether a setting of the unit hides this account's home.
fn hides(line: &str, account: &Account) -> bool {
    let (key, value) = line.split_once('=').unwrap_or_default();
    match key {
        "ProtectHome" => ["yes", "true", "tmpfs", "1", "on"].contains(&value),
        "RootDirectory" | "RootImage" => true,
        _ => value.split_whitespace().any(|path| {
            let path = path
                .trim_start_matches(['-', '+'])
                .split(':')
                .next()
                .unwrap_or_default();
            path != "/" && Path::new(&account.home).starts_with(path)
        }),
    }
}

fn first<T>(files: &[&PathBuf], fault: impl Fn(&Path) -> Option<T>) -> Option<(PathBuf, T)> {
    files
        .iter()
        .find_map(|file| Some(((*file).clone(), fault(file)?)))
}

/// Lines that list keys, and that sshd does not take.
fn lines(
    facts: &Facts<'_>,
    user: &str,
    files: &[&PathBuf],
    gave_up: Option<&LogLine>,
    verdict: &mut Verdict,
) {
    let all: Vec<_> = files
        .iter()
        .flat_map(|file| {
            facts
                .key_lines(file)
                .into_iter()
                .map(move |line| (*file, line))
        })
        .collect();
    let none_left = all.iter().all(|(_, line)| line.fault.is_some());
    let Some((file, fault)) = all
        .iter()
        .find_map(|(file, line)| Some((*file, (line, line.fault.as_ref()?))))
    else {
        if all.is_empty() && !files.is_empty() && gave_up.is_some() {
            empty(user, files[0], verdict);
        }
        return;
    };
    let (line, why) = fault;
    let what = format!(
        "sshd does not accept a key of the account {user}: line {} of {}: {why}",
        line.number,
        file.display()
    );
    let finding: &mut Finding = match (gave_up, none_left) {
        (Some(_), true) => verdict.likely(what),
        _ => verdict.possible(what),
    };
    finding.shown_at(&Origin::new(file, line.number), &line.text);
    if let Some(line) = gave_up {
        finding.shown_by_lines(&[line]);
    }
    let path = quoted(&file.to_string_lossy());
    match line.form {
        Some(ForeignForm::Marked) => {
            finding.step(format!(
                "take the mark out: `sed -i '1s/^\\xEF\\xBB\\xBF//' {path}`"
            ));
        }
        Some(ForeignForm::Rfc4716) => {
            finding.step(format!(
                "put it there in the form of OpenSSH instead, in one line: `ssh-keygen -i -f {path}` prints the first one"
            ));
        }
        Some(ForeignForm::Private) => {
            finding.step(format!(
                "take it out, and make a new pair, since others have seen that one: `ssh-keygen -t ed25519` on the client, `ssh-copy-id {user}@HOST`"
            ));
        }
        None => {}
    }
    finding.step(format!(
        "correct that line; `ssh-keygen -l -f {path}` shows the keys that can be read; it counts at the next login"
    ));
}

fn empty(user: &str, file: &Path, verdict: &mut Verdict) {
    let finding = verdict.likely(format!(
        "the account {user} has no key: {} does not contain one",
        file.display()
    ));
    finding
        .shown_by(file.display().to_string(), "holds no key")
        .step("put the public key there, as the account itself (`ssh-copy-id`)");
}

/// The password is not taken: a line that loses may say that it is.
fn passwords(facts: &Facts<'_>, user: &str, line: &LogLine, verdict: &mut Verdict) {
    let setting = |key: &str| facts.setting(key).ok().flatten();
    let off = |setting: &&Setting| setting.values == ["no"];
    let asks = setting("KbdInteractiveAuthentication")
        .is_some_and(|setting| setting.values != ["no"])
        && facts.uses_pam();
    if let Some(setting) = setting("PasswordAuthentication")
        .filter(off)
        .filter(|_| !asks)
    {
        let lost: Vec<_> = setting
            .shadowed
            .iter()
            .filter(|lost| lost.value == "yes")
            .collect();
        let what = format!(
            "sshd accepts no passwords (PasswordAuthentication no): without a key on the client {user} cannot log in"
        );
        let finding = if lost.is_empty() {
            verdict.possible(what)
        } else {
            verdict.likely(what)
        };
        finding.shown_by_setting(facts, setting);
        for lost in lost {
            finding.shown_at(
                &lost.origin,
                facts.line(&lost.origin.path, lost.origin.line),
            );
        }
        finding.shown_by_lines(&[line]);
        finding.step("log in with a key (`ssh-copy-id` while a password still works, or from the console), or let passwords in: `sshmend fix sshd-config PasswordAuthentication=yes`");
    }
    let root = setting("PermitRootLogin").filter(|setting| {
        user == "root"
            && [
                "prohibit-password",
                "without-password",
                "forced-commands-only",
            ]
            .contains(&setting.values.join(" ").as_str())
    });
    if let Some(setting) = root {
        let finding = verdict.likely(format!(
            "root may log in with a key, but not with a password: PermitRootLogin {}",
            setting.values.join(" ")
        ));
        finding
            .shown_by_setting(facts, setting)
            .shown_by_lines(&[line]);
        finding.step("log in with a key, or as somebody else who becomes root by sudo; `sshmend fix sshd-config PermitRootLogin=yes` lets passwords in, also those that strangers guess");
    }
}

/// None of the key files that sshd tries exists; that is also true of users who log in by password.
fn no_key_file(facts: &Facts<'_>, user: &str, line: &LogLine, verdict: &mut Verdict) {
    let files = facts.key_files(user);
    if files.is_empty() || files.iter().any(|path| facts.meta(path) != Ok(None)) {
        return;
    }
    let names = files
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let finding = verdict.possible(format!(
        "the account {user} has no authorized keys: missing {names}"
    ));
    if let Ok(Some(setting)) = facts.setting("AuthorizedKeysFile") {
        finding.shown_by_setting(facts, setting);
    }
    finding.shown_by_lines(&[line]);
    if let Some(home) = lost_home(facts, user) {
        finding.shown_by(&home, "does not exist");
        finding.step(format!(
            "the home of the account does not exist: make it (`mkhomedir_helper {user}`), or name the one that is there: `usermod -d DIRECTORY {user}`"
        ));
    }
    finding.step("put the public key there, as the account itself (`ssh-copy-id`), or correct AuthorizedKeysFile");
    // Keys in the file that sshd uses by default.
    let home = facts
        .account(user)
        .ok()
        .flatten()
        .map(|account| account.home);
    let usual = home.map(|home| format!("{home}/.ssh/authorized_keys"));
    let usual = usual.filter(|path| matches!(facts.meta(path), Ok(Some(_))));
    let setting = facts.setting("AuthorizedKeysFile").ok().flatten();
    let command = setting
        .and_then(|setting| edit::change(facts, setting, "AuthorizedKeysFile", Change::Default));
    if let (Some(usual), Some(command)) = (usual, command) {
        finding.step(format!(
            "or have sshd look into {usual} again, for all accounts: {command}"
        ));
    }
}

/// The home of an account, where it is not there.
fn lost_home(facts: &Facts<'_>, user: &str) -> Option<String> {
    let home = facts.account(user).ok()??.home;
    (facts.meta(&home) == Ok(None)).then_some(home)
}

/// Whether this list of methods, such as `publickey,password`, is done with one key.
fn a_key_is_all(list: &str) -> bool {
    list == "any" || list.split_once(':').map_or(list, |(method, _)| method) == "publickey"
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::SHOW;

    use crate::testing::{alice, alice_with, check_as};
    use expect_test::expect;

    #[test]
    fn insufficient_keys_are_reported_if_a_client_gave_up() {
        let gave_up =
            "Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]";
        let keys = "Match User alice\n  PubkeyAuthentication no";
        check_as(
            &alice(),
            "user-not-allowed",
            &alice_with(keys, gave_up),
            &expect![[r#"
                likely: sshd accepts no key for the account alice: PubkeyAuthentication no
                  /etc/ssh/sshd_config:2: PubkeyAuthentication no
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  - log in by what that line asks for, or change PubkeyAuthentication: `sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &alice_with("AuthenticationMethods publickey,password", gave_up),
            &expect![[r#"
                likely: a key alone is not enough for the account alice: AuthenticationMethods publickey,password
                  /etc/ssh/sshd_config:1: AuthenticationMethods publickey,password
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  - log in by what that line asks for, or change AuthenticationMethods: `sshmend fix sshd-config AuthenticationMethods=any`
            "#]],
        );
        let enough = alice_with(
            "AuthenticationMethods publickey,password publickey",
            gave_up,
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &enough,
            &expect![[r#"
                possible: a login of alice failed, and sshd did not log the reason
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  - let sshd say more for a while, and try again: `sshmend fix log-level`, then `sshmend diagnose` once more
                  - on the client: `ssh -v` says which keys it offers and which methods are left
            "#]],
        );
        let other = alice_with(keys, &gave_up.replace("alice", "bob"));
        check_as(&alice(), "user-not-allowed", &other, &expect![""]);
    }

    #[test]
    fn a_missing_key_file_is_a_possible_cause() {
        let gave_up =
            "Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]";
        let elsewhere = alice_with("AuthorizedKeysFile /etc/ssh/keys/%u", gave_up);
        let gone = format!("{elsewhere}//- /etc/ssh/keys/alice missing\n");
        check_as(
            &alice(),
            "user-not-allowed",
            &gone,
            &expect![[r#"
            possible: the account alice has no authorized keys: missing /etc/ssh/keys/alice
              /etc/ssh/sshd_config:1: AuthorizedKeysFile /etc/ssh/keys/%u
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
              - put the public key there, as the account itself (`ssh-copy-id`), or correct AuthorizedKeysFile
        "#]],
        );
        let there = format!("{elsewhere}//- /etc/ssh/keys/alice\nssh-ed25519 x\n");
        check_as(
            &alice(),
            "user-not-allowed",
            &there,
            &expect![[r#"
                likely: sshd does not accept a key of the account alice: line 1 of /etc/ssh/keys/alice: the key is incomplete
                  /etc/ssh/keys/alice:1: ssh-ed25519 x
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  - correct that line; `ssh-keygen -l -f /etc/ssh/keys/alice` shows the keys that can be read; it counts at the next login
            "#]],
        );
    }

    const GAVE_UP: &str =
        "Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]";

    #[test]
    fn keys_in_a_foreign_format_are_reported_with_the_conversion() {
        let with = |text: &str| {
            format!(
                "{}//- /home/alice/.ssh/authorized_keys mode:0600 uid:1000\n{text}\n",
                alice_with("UsePAM yes", GAVE_UP)
            )
        };
        let rfc4716 = "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"work\"\nAAAAB3Nz\n---- END SSH2 PUBLIC KEY ----";
        for (text, expected) in [
            (
                "\u{feff}ssh-ed25519 AAAA",
                &expect![[r#"
                likely: sshd does not accept a key of the account alice: line 1 of /home/alice/.ssh/authorized_keys: an invisible byte order mark stands before it
                  /home/alice/.ssh/authorized_keys:1: ﻿ssh-ed25519 AAAA
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  - take the mark out: `sed -i '1s/^\xEF\xBB\xBF//' /home/alice/.ssh/authorized_keys`
                  - correct that line; `ssh-keygen -l -f /home/alice/.ssh/authorized_keys` shows the keys that can be read; it counts at the next login
            "#]],
            ),
            (
                rfc4716,
                &expect![[r#"
                likely: sshd does not accept a key of the account alice: line 1 of /home/alice/.ssh/authorized_keys: it is a key in the format of PuTTY and RFC 4716, which sshd does not read here
                  /home/alice/.ssh/authorized_keys:1: ---- BEGIN SSH2 PUBLIC KEY ----
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  - put it there in the form of OpenSSH instead, in one line: `ssh-keygen -i -f /home/alice/.ssh/authorized_keys` prints the first one
                  - correct that line; `ssh-keygen -l -f /home/alice/.ssh/authorized_keys` shows the keys that can be read; it counts at the next login
            "#]],
            ),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----",
                &expect![[r#"
                likely: sshd does not accept a key of the account alice: line 1 of /home/alice/.ssh/authorized_keys: it is a private key, which belongs only on the client
                  /home/alice/.ssh/authorized_keys:1: -----BEGIN OPENSSH PRIVATE KEY-----
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  - take it out, and make a new pair, since others have seen that one: `ssh-keygen -t ed25519` on the client, `ssh-copy-id alice@HOST`
                  - correct that line; `ssh-keygen -l -f /home/alice/.ssh/authorized_keys` shows the keys that can be read; it counts at the next login
            "#]],
            ),
        ] {
            check_as(&alice(), "user-not-allowed", &with(text), expected);
        }
    }

    #[test]
    fn a_unit_that_hides_home_directories_is_named_if_sshd_cannot_open_the_keys() {
        let unit = |line: &str| {
            format!(
                "{SHOW}Id=ssh.service\nLoadState=loaded\nActiveState=active\nMainPID=700\nDropInPaths=/etc/systemd/system/ssh.service.d/o.conf\n\
                 //- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\n{line}\n"
            )
        };
        let closed = "Could not open user 'alice' authorized keys '/home/alice/.ssh/authorized_keys': Permission denied";
        let machine = alice_with("UsePAM yes", closed)
            + "//- /home/alice/.ssh/authorized_keys mode:0600 uid:1000\nx\n";
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{machine}{}", unit("ProtectHome=yes")),
            &expect![[r#"
                certain: the unit of sshd hides the home directory of the account alice from sshd: ProtectHome=yes (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Could not open user 'alice' authorized keys '/home/alice/.ssh/authorized_keys': Permission denied
                  /etc/systemd/system/ssh.service.d/o.conf:2: ProtectHome=yes
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{machine}{}", unit("ProtectHome=read-only")),
            &expect![[r#"
                certain: sshd does not accept the key: Could not open user 'alice' authorized keys '/home/alice/.ssh/authorized_keys': Permission denied (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Could not open user 'alice' authorized keys '/home/alice/.ssh/authorized_keys': Permission denied
                  - give it to the user, who has to read it: `chown alice /home/alice/.ssh/authorized_keys`, `chmod u+rX /home/alice/.ssh/authorized_keys`
            "#]],
        );
    }

    #[test]
    fn a_missing_home_directory_is_reported() {
        let machine = alice_with("UsePAM yes", GAVE_UP)
            + "//- /home/alice missing\n//- /home/alice/.ssh/authorized_keys missing\n//- /home/alice/.ssh/authorized_keys2 missing\n";
        check_as(
            &alice(),
            "user-not-allowed",
            &machine,
            &expect![[r#"
                possible: the account alice has no authorized keys: missing /home/alice/.ssh/authorized_keys, /home/alice/.ssh/authorized_keys2
                  sshd_config: authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2 (the default)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  /home/alice: does not exist
                  - the home of the account does not exist: make it (`mkhomedir_helper alice`), or name the one that is there: `usermod -d DIRECTORY alice`
                  - put the public key there, as the account itself (`ssh-copy-id`), or correct AuthorizedKeysFile
            "#]],
        );
    }

    #[test]
    fn a_line_that_requires_disabled_methods_is_reported() {
        let machine = alice_with(
            "Match User alice\n  AuthenticationMethods keyboard-interactive",
            "error: No AuthenticationMethods left after eliminating disabled methods",
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &machine,
            &expect![[r#"
                likely: AuthenticationMethods names only methods that are disabled in sshd: keyboard-interactive (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: No AuthenticationMethods left after eliminating disabled methods
                  /etc/ssh/sshd_config:2: AuthenticationMethods keyboard-interactive
                  - take that line out (/etc/ssh/sshd_config:2): `sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2`, or switch on what it names (KbdInteractiveAuthentication, PasswordAuthentication, PubkeyAuthentication)
            "#]],
        );
    }
}
