//! Keys that open no account although nothing refuses it: sshd takes none, not one alone, or knows of none.

use sshmend_facts::{Facts, LogLine};
use sshmend_sshd_config::Setting;

use super::refused_account;
use crate::verdict::Verdict;

/// Keys that sshd does not take, or not alone, and a client that went away without having logged in.
pub(super) fn judge(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    let Some(line) = facts.gave_up() else { return };
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
        (never, "PubkeyAuthentication", "no key opens the account"),
        (
            with_more,
            "AuthenticationMethods",
            "a key alone does not open the account",
        ),
    ] {
        let Some(setting) = setting.filter(|setting| !setting.values.is_empty()) else {
            continue;
        };
        let finding = verdict.likely(format!("{what} {user}: {key} {}", setting.values.join(" ")));
        finding
            .shown_by_setting(facts, setting)
            .shown_by_lines(&[line]);
        finding.step(format!(
            "log in by what that line asks for, or change {key}"
        ));
        refused_account::reload(facts, finding);
    }
    if verdict.findings.is_empty() {
        no_key_file(facts, user, line, verdict);
    }
}

/// None of the files that sshd looks for keys in is there; whoever logs in by password has none either.
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
        "the account {user} has no key that would open it: there is no {names}"
    ));
    if let Ok(Some(setting)) = facts.setting("AuthorizedKeysFile") {
        finding.shown_by_setting(facts, setting);
    }
    finding.shown_by_lines(&[line]);
    finding.step("put the public key there, as the account itself (`ssh-copy-id`), or correct AuthorizedKeysFile");
}

/// Whether this list of methods, such as `publickey,password`, is done with one key.
fn a_key_is_all(list: &str) -> bool {
    list == "any" || list.split_once(':').map_or(list, |(method, _)| method) == "publickey"
}

#[cfg(test)]
mod tests {
    use crate::testing::{alice, alice_with, check_as};
    use expect_test::expect;

    #[test]
    fn keys_that_are_not_enough_are_told_where_a_client_gave_up() {
        let gave_up =
            "Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]";
        let keys = "Match User alice\n  PubkeyAuthentication no";
        check_as(
            &alice(),
            "user-not-allowed",
            &alice_with(keys, gave_up),
            &expect![[r#"
            likely: no key opens the account alice: PubkeyAuthentication no
              /etc/ssh/sshd_config:2: PubkeyAuthentication no
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
              - log in by what that line asks for, or change PubkeyAuthentication
              - then let sshd read it: `sshd -t && systemctl reload ssh.service`
        "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &alice_with("AuthenticationMethods publickey,password", gave_up),
            &expect![[r#"
                likely: a key alone does not open the account alice: AuthenticationMethods publickey,password
                  /etc/ssh/sshd_config:1: AuthenticationMethods publickey,password
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]
                  - log in by what that line asks for, or change AuthenticationMethods
                  - then let sshd read it: `sshd -t && systemctl reload ssh.service`
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
                excluded: no matching log entries
            "#]],
        );
        let other = alice_with(keys, &gave_up.replace("alice", "bob"));
        check_as(
            &alice(),
            "user-not-allowed",
            &other,
            &expect![[r#"
                excluded: no matching log entries
            "#]],
        );
    }

    #[test]
    fn a_file_of_keys_that_is_not_there_is_possible() {
        let gave_up =
            "Connection closed by authenticating user alice 198.51.100.7 port 4711 [preauth]";
        let elsewhere = alice_with("AuthorizedKeysFile /etc/ssh/keys/%u", gave_up);
        let gone = format!("{elsewhere}//- /etc/ssh/keys/alice missing\n");
        check_as(
            &alice(),
            "user-not-allowed",
            &gone,
            &expect![[r#"
            possible: the account alice has no key that would open it: there is no /etc/ssh/keys/alice
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
                excluded: no matching log entries
            "#]],
        );
    }
}
