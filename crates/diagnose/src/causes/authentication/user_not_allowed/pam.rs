//! Messages of PAM about a refused login: the module, whether the stack lets it refuse, and what to
//! do.
//!
//! A module reports what it found; its line in the stack decides whether that counts. So the
//! message alone proves nothing: the finding is certain if the module may refuse and sshd refused
//! that login at the same time.

use sshmend_facts::{ACCESS, Facts, LogLine, PamLine};
use sshmend_lossless::{Origin, quoted};
use sshmend_ssh_log::Kind;

use super::advice::Advice;
use crate::causes::authentication::user_not_allowed::state;
use crate::edit;
use crate::proof::Certainty;

/// The seconds within which the entries of one login are written.
const TOGETHER: i64 = 20;

/// The module that wrote an entry, and the group of the stack in which it ran.
pub(crate) fn module_of(line: &LogLine) -> Option<(&str, &str)> {
    if line.text.contains("(pam_google_authenticator)[") {
        return Some(("pam_google_authenticator", "auth"));
    }
    if line.text.contains(" pam_duo[") {
        return Some(("pam_duo", "auth"));
    }
    // `pam_access(sshd:account): access denied …`
    let (module, rest) = line.text[line.text.find("pam_")?..].split_once('(')?;
    let (asked, _) = rest.split_once("): ")?;
    let (_, group) = asked.split_once(':')?;
    let is_name = |text: &str| !text.is_empty() && !text.contains([' ', '(', ')', ':']);
    (is_name(module) && is_name(group)).then_some((module, group))
}

/// Whether an entry shows a refused login: an entry of sshd itself does; an entry of a module does
/// unless the stack shows otherwise.
pub(crate) fn may_refuse(facts: &Facts<'_>, line: &LogLine) -> bool {
    module_of(line).is_none_or(|(module, group)| facts.pam_may_refuse(module, group) != Some(false))
}

/// The highest certainty that an entry can give; `None` for sshd's own messages.
pub(crate) fn at_most(facts: &Facts<'_>, line: &LogLine) -> Option<Certainty> {
    let (module, group) = module_of(line)?;
    // It is asked after another module has refused the password as well.
    if module == "pam_succeed_if" && group == "auth" {
        return Some(Certainty::Possible);
    }
    let counts = facts.pam_may_refuse(module, group) == Some(true);
    (!counts || !was_refused(facts, line)).then_some(Certainty::Likely)
}

/// Whether sshd refused a login of the same account or client at the time of the module's message.
fn was_refused(facts: &Facts<'_>, line: &LogLine) -> bool {
    let of_it = |other: &&LogLine| {
        let refused = matches!(other.kind, Kind::AuthFailed | Kind::PamFailure)
            || other.kind == Kind::PamDenied && module_of(other).is_none();
        refused && is_together(line, other)
    };
    facts
        .log()
        .unwrap_or_default()
        .iter()
        .any(|other| of_it(&other))
}

/// Whether two entries may belong to one login: close in time, and not about two accounts or
/// clients.
pub(crate) fn is_together(line: &LogLine, other: &LogLine) -> bool {
    let apart = |line: Option<&str>, other: Option<&str>| {
        line.zip(other).is_some_and(|(line, other)| line != other)
    };
    let times = line.time.zip(other.time);
    let seconds = times.map(|(line, other)| (line.as_second() - other.as_second()).abs());
    let clients = line.client.zip(other.client);
    seconds.is_none_or(|seconds| seconds <= TOGETHER)
        && !apart(line.user.as_deref(), other.user.as_deref())
        && clients.is_none_or(|(line, other)| line == other)
}

/// The advice from PAM's messages beside `line`, which reports a refused login; `lines` are all
/// entries about such things.
pub(crate) fn advice(facts: &Facts<'_>, line: &LogLine, lines: &[&LogLine]) -> Advice {
    let user = line.user.as_deref().or(facts.user()).unwrap_or("NAME");
    let beside: Vec<&LogLine> = lines
        .iter()
        .copied()
        .filter(|other| is_together(line, other) && may_refuse(facts, other))
        .collect();
    let module = beside.iter().rev().find(|other| {
        module_of(other).is_some() && matches!(other.kind, Kind::PamDenied | Kind::PamFailure)
    });
    if let Some((line, (name, _))) = module.and_then(|line| Some((*line, module_of(line)?))) {
        // A failure of a module may be ignored because of an argument of its line
        // (`onerr=succeed`).
        return Advice {
            is_guess: line.is_vague,
            ..by_module(facts, user, name, &line.text)
        };
    }
    if line.text.contains("pam_open_session") {
        return Advice::new(
            format!("PAM does not open a session for the account {user}"),
            "see which module says so: `journalctl -t sshd -t sshd-session -g pam_ -n 20`, and the lines `session` of /etc/pam.d/sshd",
        );
    }
    let missing = beside
        .iter()
        .rfind(|line| line.kind == Kind::Broken && is_needed(facts, &line.detail));
    match missing {
        Some(line) => missing_module(facts, &line.detail),
        None => Advice::new(
            "PAM does not let the account log in",
            "see which module says so: `journalctl -t sshd -t sshd-session -g pam_ -n 20`, and /etc/pam.d/sshd",
        ),
    }
}

/// Whether the stack refuses if a module cannot be loaded; true if the stack does not name it.
fn is_needed(facts: &Facts<'_>, module: &str) -> bool {
    let lines = facts.pam_lines(module.rsplit('/').next().unwrap_or(module));
    lines.is_empty() || lines.iter().any(PamLine::decides)
}

fn missing_module(facts: &Facts<'_>, module: &str) -> Advice {
    // Text in brackets is a word of a line, not a file (libpam, pam_handlers.c).
    if let Some(word) = module
        .split_once("[...")
        .map(|(_, word)| word.trim_end_matches(']'))
    {
        return Advice::new(
            format!(
                "PAM refuses every account because of an unknown word in its configuration: {word}"
            ),
            format!(
                "correct the word: `grep -n -- {} /etc/pam.d/*`; it counts at once",
                quoted(word)
            ),
        );
    }
    let lines = facts.pam_lines(module.rsplit('/').next().unwrap_or(module));
    let commands: Vec<String> = lines
        .iter()
        .map(|line| edit::comment_out(&line.origin))
        .collect();
    let out = if commands.is_empty() || !edit::is_here(facts) {
        format!("`grep -n -- {} /etc/pam.d/*`", quoted(module))
    } else {
        commands.join(", ")
    };
    Advice::new(
        format!("PAM refuses every account because a module cannot be loaded: {module}"),
        format!(
            "install the package of that module, or take its line out: {out}; it counts at once"
        ),
    )
}

/// The meaning of a module's message, and what to do.
fn by_module(facts: &Facts<'_>, user: &str, module: &str, text: &str) -> Advice {
    let said = words(text);
    match module {
        "pam_access" if said.starts_with("access denied") => access(facts, user),
        "pam_unix" if said.contains("has expired") => Advice::new(
            format!("the account {user} has expired"),
            format!("see when, by `chage -l {user}`; if it is not meant: `chage -E -1 {user}`"),
        ),
        "pam_unix" if said.starts_with("expired password") => Advice::new(
            format!(
                "the password of the account {user} has expired, and changing it requires a terminal"
            ),
            format!("change it: `passwd {user}` on this machine, or log in once with `ssh -t`"),
        ),
        "pam_limits" if said.starts_with("Too many ") => {
            let advice = Advice::new(
                format!("the account {user} has reached the session limit of pam_limits"),
                "see them (`loginctl list-sessions`) and the limit (`grep -rn maxlogins /etc/security/limits.conf /etc/security/limits.d`)".to_owned(),
            );
            own_limit(facts, user, "maxlogins", "20")
                .into_iter()
                .fold(advice, Advice::or)
        }
        "pam_faillock" if said.contains("temporarily locked") => Advice::new(
            format!("PAM has locked the account {user} after failed logins"),
            format!(
                "see them, then let it in again: `faillock --user {user}`, `faillock --user {user} --reset`"
            ),
        ),
        "pam_tally2" => Advice::new(
            format!("PAM has locked the account {user} after failed logins: {said}"),
            format!(
                "see them, then let it in again: `pam_tally2 --user {user}`, `pam_tally2 --user {user} --reset`"
            ),
        ),
        "pam_shells" => Advice::new(
            format!("pam_shells does not let the account {user} in: {said}"),
            format!(
                "give it a shell that stands in /etc/shells (`chsh -s /bin/bash {user}`), or add its own there"
            ),
        ),
        "pam_sss" => Advice::new(
            format!("sssd does not let the account {user} in: {said}"),
            "see whether sssd runs (`systemctl status sssd`), and whom its domain lets in: `access_provider` in /etc/sssd/sssd.conf",
        ),
        "pam_google_authenticator" => Advice::new(
            format!("pam_google_authenticator does not let the account {user} in: {said}"),
            format!(
                "look at the secret file of {user}, which has to be that user's alone (`chmod 400`)"
            ),
        ),
        "pam_duo" => Advice::new(
            format!("pam_duo does not let the account {user} in: {said}"),
            "see whether this machine reaches Duo, and `failmode` in its pam_duo.conf",
        ),
        "pam_listfile" if facts.pam_lines("pam_listfile.so").len() == 1 => Advice::new(
            format!("pam_listfile does not let the account {user} in: {said}"),
            state::list_step(facts, user, &facts.pam_lines("pam_listfile.so")[0]),
        ),
        _ => Advice::new(
            format!("{module} does not let the account {user} in: {said}"),
            format!(
                "see its line, and the file that it names: `grep -rn {module} /etc/pam.d`; a change counts at the next login"
            ),
        ),
    }
}

/// The command that gives an account another limit: pam_limits reads the files of that folder in
/// the order of their names, and the last line for an account wins (limits.conf(5)). On a mounted
/// disk that folder is another one.
pub(crate) fn own_limit(facts: &Facts<'_>, user: &str, item: &str, value: &str) -> Option<String> {
    edit::is_here(facts).then(|| {
        format!(
            "give the account one of its own, in a file that is read last: `printf '%s - {item} {value}\\n' {} > /etc/security/limits.d/zz-{item}.conf`",
            quoted(user)
        )
    })
}

/// The message of a module, without its prefix.
fn words(text: &str) -> &str {
    let behind = text.split_once("): ").or_else(|| text.split_once("]: "));
    behind.map_or(text, |(_, words)| words)
}

fn access(facts: &Facts<'_>, user: &str) -> Advice {
    let from = facts
        .question
        .client_address()
        .map_or_else(|| "ALL".to_owned(), |client| client.to_string());
    let rules = facts
        .access_rules()
        .into_iter()
        .map(|(number, text)| (Origin::new(ACCESS, number), text));
    let evidence: Vec<(Origin, String)> = rules.filter(|(_, text)| text.starts_with('-')).collect();
    // Whichever of them refuses it, the first rule that fits is the one that counts.
    let command = evidence
        .first()
        .and_then(|(line, _)| edit::write_above(line, &format!("+:{user}:{from}")));
    let by = command
        .filter(|_| edit::is_here(facts))
        .map_or_else(String::new, |command| format!(": {command}"));
    Advice {
        evidence,
        ..Advice::new(
            format!("pam_access does not let the account {user} in"),
            format!(
                "if it is not meant, write `+:{user}:{from}` above the line of {ACCESS} that refuses it{by}; it counts at once"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{ACCOUNTS, alice, check_as};
    use expect_test::expect;
    use sshmend_facts::fixture::LOG;

    const LINE: &str = "2026-11-20T17:59:00+00:00 server sshd[812]: ";

    fn says(stack: &str, lines: &[&str]) -> String {
        let log: String = lines.iter().map(|line| format!("{LINE}{line}\n")).collect();
        format!("{ACCOUNTS}//- /etc/pam.d/sshd\n{stack}\n{LOG}{log}")
    }

    #[test]
    fn modules_that_cannot_refuse_are_not_reported() {
        for (stack, line) in [
            (
                "session optional pam_exec.so /opt/notify",
                "pam_exec(sshd:session): /opt/notify failed: exit code 1",
            ),
            (
                "auth sufficient pam_sss.so",
                "pam_sss(sshd:auth): Request to sssd failed. Connection refused",
            ),
            (
                "account sufficient pam_listfile.so item=user sense=allow file=/etc/ops onerr=succeed",
                "pam_listfile(sshd:account): Refused user alice for service sshd",
            ),
        ] {
            check_as(
                &alice(),
                "user-not-allowed",
                &says(stack, &[line]),
                &expect![""],
            );
        }
    }

    #[test]
    fn a_pam_message_is_likely_and_becomes_certain_with_one_of_sshd() {
        let stack = "account required pam_lastlog.so inactive=30";
        let module = "pam_lastlog(sshd:account): user alice inactive for 41 days - denied";
        let sshd = "fatal: Access denied for user alice by PAM account configuration [preauth]";
        check_as(
            &alice(),
            "user-not-allowed",
            &says(stack, &[module]),
            &expect![[r#"
                likely: pam_lastlog does not let the account alice in: user alice inactive for 41 days - denied (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: pam_lastlog(sshd:account): user alice inactive for 41 days - denied
                  - see its line, and the file that it names: `grep -rn pam_lastlog /etc/pam.d`; a change counts at the next login
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &says(stack, &[module, sshd]),
            &expect![[r#"
                certain: pam_lastlog does not let the account alice in: user alice inactive for 41 days - denied (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: pam_lastlog(sshd:account): user alice inactive for 41 days - denied
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - see its line, and the file that it names: `grep -rn pam_lastlog /etc/pam.d`; a change counts at the next login
            "#]],
        );
    }

    #[test]
    fn failing_modules_are_likely_and_missing_optional_ones_are_ignored() {
        let sshd = "fatal: Access denied for user alice by PAM account configuration [preauth]";
        let list =
            "account required pam_listfile.so item=user sense=deny file=/etc/closed onerr=succeed";
        check_as(
            &alice(),
            "user-not-allowed",
            &says(
                list,
                &[
                    "pam_listfile(sshd:account): Couldn't open /etc/closed",
                    sshd,
                ],
            ),
            &expect![[r#"
                likely: pam_listfile does not let the account alice in: Couldn't open /etc/closed (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: pam_listfile(sshd:account): Couldn't open /etc/closed
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - if it is not meant: change the names in /etc/closed, or the line /etc/pam.d/sshd:1; both count at the next login
            "#]],
        );
        let gone = "PAM unable to dlopen(pam_gone.so): /lib/security/pam_gone.so: cannot open shared object file";
        check_as(
            &alice(),
            "user-not-allowed",
            &says("account optional pam_gone.so", &[gone, sshd]),
            &expect![[r#"
                certain: PAM does not let the account log in (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: PAM unable to dlopen(pam_gone.so): /lib/security/pam_gone.so: cannot open shared object file
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - see which module says so: `journalctl -t sshd -t sshd-session -g pam_ -n 20`, and /etc/pam.d/sshd
            "#]],
        );
    }

    #[test]
    fn messages_of_an_earlier_login_do_not_explain_this_one() {
        let earlier = "2026-11-20T17:50:00+00:00 server sshd[700]: pam_access(sshd:account): access denied for user `alice' from `198.51.100.7'\n";
        let sshd = format!(
            "{LINE}fatal: Access denied for user alice by PAM account configuration [preauth]\n"
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &format!("{ACCOUNTS}{LOG}{earlier}{sshd}"),
            &expect![[r#"
                certain: PAM does not let the account log in (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Access denied for user alice by PAM account configuration [preauth]
                  - see which module says so: `journalctl -t sshd -t sshd-session -g pam_ -n 20`, and /etc/pam.d/sshd
            "#]],
        );
    }
}
