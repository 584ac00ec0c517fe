//! sshd does not let the user log in: the reason in its configuration, the account, PAM or the
//! files.

mod account;
mod advice;
mod key_places;
mod keys;
mod lists;
mod missing_files;
pub(crate) mod pam;
mod state;

use sshmend_facts::{Account, Facts, LogLine};
use sshmend_lossless::{Metadata, quoted};
use sshmend_plan::Wish;
use sshmend_ssh_log::{CauseName, Kind};

use crate::causes::authentication::user_not_allowed::lists::Lists;
use crate::edit::{self, Change};
use crate::evidence::log::LogEvidence;
use crate::proof::{Certainty, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

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

/// The seconds after which people give up waiting for a login.
const GIVEN_UP: i64 = 10;

/// The keywords of programs that sshd runs for keys and names before login.
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
    let certainty = Certainty::likely_if(longest >= Some(GIVEN_UP));
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
        "a login of {user} failed, and sshd did not log the reason"
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
        "see who made it and why (a boot or shutdown under way, maintenance), then `rm {}`",
        quoted(&path)
    ));
}

/// The step if the user database does not consult its own file.
pub(crate) const NSSWITCH: &str = "let the account database read its file: the line `passwd:` of /etc/nsswitch.conf has to name `files`";

fn account(facts: &Facts<'_>, user: &str, verdict: &mut Verdict) {
    match verdict.look(facts.account(user)) {
        Some(None) if facts.is_in_passwd(user) => {
            let finding = verdict.certain(
                Proof::Answer,
                format!("the account {user} is in /etc/passwd, but lookups do not find it"),
            );
            finding
                .shown_by(format!("getent passwd -- {user}"), "finds none")
                .step(NSSWITCH)
                .following(CauseName::PrivsepUserMissing);
        }
        Some(None) => {
            let finding = verdict.certain(
                Proof::Answer,
                format!("the account {user} does not exist on this machine"),
            );
            finding.shown_by(format!("getent passwd -- {user}"), "finds none");
            finding.step(format!(
                "log in by the name of an account that is there, or make it: `adduser {}`",
                quoted(user)
            ));
        }
        // sshd does not check the shell if it confines the session (auth.c, allowed_user).
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
                "give it a shell that is there: `usermod -s /bin/bash {}`",
                quoted(user)
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
        "the shell of the account {user} exits at once: {}",
        account.shell
    ));
    finding.shown_by("/etc/passwd", &account.line);
    finding.step(format!(
        "give it a shell, if it is meant for people: `usermod -s /bin/bash {}`",
        quoted(user)
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
    let what = format!(
        "the ChrootDirectory of the account {user} is not owned by root or is writable by others: {place}"
    );
    let Some(finding) = verdict.by_force(&facts.force_in_session(setting), &what) else {
        return;
    };
    finding.shown_by_setting(facts, setting);
    let out = edit::change(facts, setting, "ChrootDirectory", Change::Default)
        .filter(|_| !facts.transfers_only());
    if let Some(command) = out {
        finding.step(format!(
            "take that line out, unless it is for file transfers alone, for a session needs a shell in that directory: {command}"
        ));
    }
    let place = quoted(&place.to_string());
    finding.step(format!(
        "for file transfers give the directory to root, or name another one in that line: `chown root:root {place}`, `chmod go-w {place}`"
    ));
}

/// Looks in the log for the account and client in question; otherwise only for accounts of this
/// machine, because refused strangers are nothing unusual.
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
    // Refusals before the last login of the same account from the same client are over.
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
    // Messages of modules about other logins explain nothing about this one.
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
    if let Some(line) = advice.unit_line {
        finding.mended_without(&[line]);
    }
    if advice.restart {
        finding.mended_by(
            Wish::Service { restart: true },
            "makes sshd read its current files; sessions stay open",
        );
    }
}

/// The client in question names an account that does not exist.
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

/// Whether a log entry reports a refused login, rather than only a possible reason.
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
mod tests;
