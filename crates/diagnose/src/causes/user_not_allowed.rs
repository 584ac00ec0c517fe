use super::heard::heard;
use crate::facts::{Account, Facts, user_matches};
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "user-not-allowed",
    title: "this account may not log in",
    gate: Gate::Authentication,
    explain: "\
`DenyUsers`, `AllowUsers`, `DenyGroups` and `AllowGroups` (in this order), `PermitRootLogin`, a shell that does not
exist, `/etc/nologin` and PAM shut an account out. sshd goes through the motions all the same: the client is asked for
its password and told `Permission denied`; other reasons close the connection after the key was accepted.

**Known for certain** by the configuration for this user (`--user NAME`), or by `User NAME from ADDRESS not allowed
because …` in the log.

**Mended** by changing the line that is named - after asking whether it is meant.

**It is not** able to close a connection before the banner.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let user = facts.user();
    if let Some((path, text)) = facts.nologin().filter(|_| user != Some("root")) {
        let finding = verdict.certain(format!("{path} exists, so only root may log in"));
        finding.shown_by(path, text);
        finding.step(format!("see who made it and why (a boot or shutdown under way, maintenance), then `rm {path}`"));
    }
    if let Some(user) = user {
        lists(facts, user, verdict);
        account(facts, user, verdict);
    }
    if !verdict.findings.is_empty() {
        return;
    }
    let Some(heard) = heard(facts, verdict, CAUSE.name, None) else { return };
    let finding = heard.report(verdict, "sshd did not let the account log in");
    finding.step("change the line of the configuration that says so, if it is not meant");
}

/// The lists of users and root's own keyword (auth.c, allowed_user and auth_root_allowed).
fn lists(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    for (key, denies) in [("denyusers", true), ("allowusers", false)] {
        let Ok(Some(setting)) = facts.setting(key) else { continue };
        let matches: Vec<Option<bool>> = setting.values.iter().map(|pattern| user_matches(pattern, user)).collect();
        let shut_out = match denies {
            true => matches.contains(&Some(true)),
            false => !matches.is_empty() && matches.iter().all(|known| *known == Some(false)),
        };
        if shut_out {
            let how = if denies { "DenyUsers names" } else { "AllowUsers does not name" };
            verdict.certain(format!("{how} the account {user}")).shown_by_setting(facts, setting);
        }
    }
    let root = facts.setting("permitrootlogin").ok().flatten();
    if let Some(setting) = root.filter(|setting| user == "root" && setting.values == ["no"]) {
        verdict.certain("PermitRootLogin lets root in by no means").shown_by_setting(facts, setting);
    }
}

fn account(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    match verdict.look(facts.account(user)) {
        Some(None) => {
            let finding = verdict.certain(format!("there is no account {user} on this machine"));
            finding.shown_by(format!("getent passwd -- {user}"), "finds none");
        }
        Some(Some(account)) if account.has_no_shell() => no_shell(user, &account, verdict),
        _ => {}
    }
}

fn no_shell(user: &str, account: &Account, verdict: &mut Verdict) {
    let finding = verdict.possible(format!("the account {user} has a shell that ends at once: {}", account.shell));
    finding.shown_by("/etc/passwd", &account.line);
    finding.step("give it a shell, if it is meant for people: `chsh -s /bin/sh ACCOUNT`");
}

#[cfg(test)]
mod tests {
    use crate::question::{Question, Server, Vantage};
    use crate::testing::{LOG, NOW, check, check_as};
    use expect_test::expect;

    fn user(name: &str) -> Question {
        let server = Server { client: None, user: Some(name.to_owned()) };
        Question { vantage: Vantage::Server(server), ..Question::server(NOW) }
    }

    const ACCOUNTS: &str = "//$ getent passwd -- alice => 0\nalice:x:1000:1000::/home/alice:/bin/bash
//$ getent passwd -- backup => 0\nbackup:x:34:34::/var/backups:/usr/sbin/nologin
//$ getent passwd -- root => 0\nroot:x:0:0::/root:/bin/bash
//$ getent passwd -- nobody-here => 2\n";

    #[test]
    fn the_lists_are_asked_for_the_user() {
        let lists = format!("{ACCOUNTS}//- /etc/ssh/sshd_config\nAllowUsers bob carol\nPermitRootLogin no\n");
        check_as(
            &user("alice"),
            "user-not-allowed",
            &lists,
            &expect![[r#"
            certain: AllowUsers does not name the account alice
              /etc/ssh/sshd_config:1: AllowUsers bob carol
        "#]],
        );
        check_as(
            &user("root"),
            "user-not-allowed",
            &lists,
            &expect![[r#"
            certain: AllowUsers does not name the account root
              /etc/ssh/sshd_config:1: AllowUsers bob carol
            certain: PermitRootLogin lets root in by no means
              /etc/ssh/sshd_config:2: PermitRootLogin no
        "#]],
        );
        let denied = format!("{ACCOUNTS}//- /etc/ssh/sshd_config\nDenyUsers al*\n");
        check_as(
            &user("alice"),
            "user-not-allowed",
            &denied,
            &expect![[r#"
            certain: DenyUsers names the account alice
              /etc/ssh/sshd_config:1: DenyUsers al*
        "#]],
        );
    }

    #[test]
    fn accounts_that_cannot_log_in_are_told_from_missing_ones() {
        check_as(
            &user("backup"),
            "user-not-allowed",
            ACCOUNTS,
            &expect![[r#"
            possible: the account backup has a shell that ends at once: /usr/sbin/nologin
              /etc/passwd: backup:x:34:34::/var/backups:/usr/sbin/nologin
              - give it a shell, if it is meant for people: `chsh -s /bin/sh ACCOUNT`
        "#]],
        );
        check_as(
            &user("nobody-here"),
            "user-not-allowed",
            ACCOUNTS,
            &expect![[r#"
            certain: there is no account nobody-here on this machine
              getent passwd -- nobody-here: finds none
        "#]],
        );
        check_as(
            &user("alice"),
            "user-not-allowed",
            ACCOUNTS,
            &expect![[r#"
            excluded: the log tells of none
        "#]],
        );
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
    fn strangers_who_are_not_let_in_are_nothing_unusual() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: User bin from 203.0.113.9 not allowed because not listed in AllowUsers\n";
        check("user-not-allowed", &format!("{LOG}{line}"), &expect![[""]]);
    }
}
