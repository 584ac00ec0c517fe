//! Advice about an account that sshd or PAM refused, by the text of the log entry.

use std::path::Path;

use sshmend_facts::{Facts, LogLine};
use sshmend_lossless::quoted;
use sshmend_ssh_log::Kind;

use super::advice::{Advice, empty_list};
use super::{key_places, keys, pam};
use crate::edit::{self, Change};

/// Whether sshd logs `Accepted` for a login that fails later.
pub(crate) fn ends_later(line: &LogLine) -> bool {
    ["expired password", "Too many ", "pam_open_session"]
        .iter()
        .any(|words| line.text.contains(words))
}

/// Interprets the entry that refused an account; `lines` are all entries about such things.
pub(crate) fn advice(facts: &Facts<'_>, line: &LogLine, lines: &[&LogLine]) -> Advice {
    let user = line.user.as_deref().or(facts.user()).unwrap_or("NAME");
    match line.kind {
        Kind::UserDenied => by_sshd(facts, user, &line.detail),
        Kind::RootRefused => Advice::new(
            "PermitRootLogin does not allow root to log in by this method",
            root_step(facts),
        ),
        Kind::KeyRefused => key(facts, user, line),
        Kind::LoginFault if line.text.contains("No AuthenticationMethods left") => {
            no_methods(facts)
        }
        Kind::SessionFault | Kind::LoginFault => Advice::new(
            format!("sshd cannot complete the login: {}", said_by(line)),
            "mend what that line names; it counts at the next login".to_owned(),
        ),
        Kind::InvalidUser => Advice::new(
            format!("the client logs in as {user}, an account that does not exist on this machine"),
            format!(
                "let the client name one that is there (`User` in its ~/.ssh/config), or make it: `adduser {}`",
                quoted(user)
            ),
        ),
        Kind::StrictModes => strict_modes(facts, user, &line.detail),
        Kind::ChrootRefused => chroot(facts, &line.detail),
        Kind::KeyRevoked => revoked(&line.detail),
        _ => pam::advice(facts, line, lines),
    }
}

/// `No AuthenticationMethods left after eliminating disabled methods` (auth2.c, auth2_setup_methods_lists).
fn no_methods(facts: &Facts<'_>) -> Advice {
    let key = "AuthenticationMethods";
    let Some(setting) = facts.setting(key).ok().flatten() else {
        return Advice::new(
            "AuthenticationMethods names only methods that are disabled in sshd",
            "see which line it is, for the account and the client: `sshd -T -C user=NAME,addr=ADDRESS | grep -i authentication`",
        );
    };
    let place = setting
        .origin
        .as_ref()
        .map_or_else(|| key.to_owned(), ToString::to_string);
    let out = edit::change(facts, setting, key, Change::Default)
        .map_or_else(String::new, |command| format!(": {command}"));
    let evidence = setting
        .origin
        .iter()
        .filter(|origin| origin.path.is_absolute())
        .map(|origin| (origin.clone(), facts.line(&origin.path, origin.line)));
    Advice {
        evidence: evidence.collect(),
        ..Advice::new(
            format!(
                "AuthenticationMethods names only methods that are disabled in sshd: {}",
                setting.values.join(" ")
            ),
            format!(
                "take that line out ({place}){out}, or switch on what it names (KbdInteractiveAuthentication, PasswordAuthentication, PubkeyAuthentication)"
            ),
        )
    }
}

/// sshd uses what it read last, which may differ from the configuration on disk.
fn by_sshd(facts: &Facts<'_>, user: &str, why: &str) -> Advice {
    let what = format!("sshd does not let the account {user} log in: {why}");
    if why.contains("shell") {
        return Advice::new(
            what,
            format!("give the account a shell that is there: `usermod -s /bin/bash {user}`"),
        );
    }
    if why.contains("locked") {
        return Advice::new(
            what,
            format!(
                "see it by `passwd -S {user}`; if it is not meant: `usermod -p '*' {user}` lets keys alone open it, `passwd {user}` sets a password"
            ),
        );
    }
    let unread = facts.unread_file().filter(|_| facts.user().is_some());
    let step = match (facts.user(), &unread) {
        (_, Some(path)) => format!(
            "{} was written after sshd has read it for the last time, and no line says so any more",
            path.display()
        ),
        (Some(_), None) => format!(
            "no line of the files says so: another sshd may have said it, or sshd knows the client by another name or a Match block asks for the address of this machine (LocalAddress); see `sshd -T -C {}`",
            quoted(&format!("user={user},host=NAME,addr=ADDRESS"))
        ),
        (None, None) => format!("see which line decides: `sshmend diagnose --user {user}`"),
    };
    Advice {
        restart: unread.is_some(),
        ..Advice::new(what, step)
    }
}

/// The lines that decide whether root may log in, and by which method.
fn root_step(facts: &Facts<'_>) -> String {
    let place = facts
        .setting("PermitRootLogin")
        .ok()
        .flatten()
        .and_then(|setting| setting.origin.as_ref())
        .map_or_else(|| "the default".to_owned(), ToString::to_string);
    format!(
        "log in by key, or as somebody else who becomes root by sudo; what decides is PermitRootLogin ({place})"
    )
}

/// Advice about a key, a certificate or a list of keys that sshd rejects, by its message.
fn key(facts: &Facts<'_>, user: &str, line: &LogLine) -> Advice {
    let what = format!("sshd does not accept the key: {}", said_by(line));
    if let Some(advice) = of_hidden_home(facts, user, line) {
        return advice;
    }
    let detail = &line.text;
    let has = |words: &str| detail.contains(words);
    let step = if has("AcceptedAlgorithms") || has("AcceptedKeyTypes") {
        "log in with a key of a kind that the server takes, or add this one to the line of that keyword (a leading `+` adds to the default)".to_owned()
    } else if has("not from a permitted") {
        "the options before the key say where it may come from: correct `from=` in that line of authorized_keys".to_owned()
    } else if has("Permission denied") {
        // `Could not open user 'U' authorized keys 'FILE': Permission denied` (auth.c, auth_openfile).
        let file = detail
            .rsplit('\'')
            .nth(1)
            .filter(|file| file.starts_with('/'));
        match file {
            Some(file) => cannot_read(facts, user, Path::new(file)),
            None => "let the account itself read that file".to_owned(),
        }
    } else if has("expired") || has("not yet valid") {
        "have the certificate signed anew, for a time that includes now (`ssh-keygen -L -f CERTIFICATE` shows it)".to_owned()
    } else if let Some(path) = missing_principals(facts).filter(|_| has("authorized principal")) {
        format!(
            "AuthorizedPrincipalsFile names {path}, which does not exist: list there, a line each, what may log in as {user}: `mkdir -p {folder} && echo {user} > {path}`",
            folder = quoted(path.rsplit_once('/').map_or("", |(folder, _)| folder)),
            path = quoted(&path)
        )
    } else if has("ertificate") {
        format!("see what it holds (`ssh-keygen -L -f CERTIFICATE`) and have it signed for {user}")
    } else if has("CommandUser") && has("not found") {
        "that keyword names an account which does not exist: make it (`adduser --system NAME`), or name another one, such as nobody".to_owned()
    } else if has("AuthorizedKeysCommand") || has("AuthorizedPrincipalsCommand") {
        "that program and all above it have to be root's alone, and it has to end with 0".to_owned()
    } else if has("Invalid key length") {
        "make a longer key: `ssh-keygen -t ed25519`".to_owned()
    } else {
        "correct what that line names; it counts at the next login".to_owned()
    };
    let key = ACCEPTED.into_iter().find(|key| has(key));
    let out = key.and_then(|key| {
        let setting = facts.setting(key).ok()??;
        let command = edit::change(facts, setting, key, Change::Default)?;
        Some(format!("or take that line out: {command}"))
    });
    out.into_iter().fold(Advice::new(what, step), Advice::or)
}

/// Where the unit hides the homes, sshd finds a file closed or missing that is there and open to the account.
fn of_hidden_home(facts: &Facts<'_>, user: &str, line: &LogLine) -> Option<Advice> {
    let named = ["Permission denied", "No such file or directory"];
    if !line.text.contains("Could not open") || !named.iter().any(|end| line.text.contains(end)) {
        return None;
    }
    let account = facts.account(user).ok()??;
    let (origin, text) = keys::hiding_line(facts, &account)?;
    Some(Advice {
        what: keys::hidden(user, &text),
        evidence: vec![(origin.clone(), text)],
        unit_line: Some(origin),
        ..Advice::default()
    })
}

/// The keywords that list the algorithms of keys, by their names up to 8.4 and since.
const ACCEPTED: [&str; 2] = ["PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes"];

/// The words of a line without its envelope.
fn said_by(line: &LogLine) -> String {
    let tagged = line.text.split_once("]: ");
    let words = tagged.map_or(line.text.as_str(), |(_, words)| words);
    words
        .trim_end_matches(" [preauth]")
        .trim_end_matches(" [postauth]")
        .to_owned()
}

/// The file with the principals of the account, if it does not exist.
fn missing_principals(facts: &Facts<'_>) -> Option<String> {
    let missing = facts.missing_files().into_iter();
    let mut lists = missing.filter(|file| file.key == "AuthorizedPrincipalsFile");
    Some(lists.next()?.path)
}

/// `Could not open user 'U' authorized keys 'FILE': Permission denied`: of the file, or of a directory above it.
fn cannot_read(facts: &Facts<'_>, user: &str, file: &Path) -> String {
    let account = facts.account(user).ok().flatten();
    let place = account.and_then(|account| facts.unreadable_place(file, &account));
    let place = place.map_or_else(|| file.to_owned(), |(place, _)| place);
    key_places::open(facts, user, &place)
}

fn strict_modes(facts: &Facts<'_>, user: &str, detail: &str) -> Advice {
    let path = detail.rsplit(' ').next().unwrap_or_default();
    let what =
        format!("sshd ignores the keys of the account because others can write there: {detail}");
    Advice::new(what, key_places::close(facts, user, Path::new(path)))
}

/// A file of revoked keys that cannot be read revokes every key (auth.c, auth_key_is_revoked).
fn revoked(detail: &str) -> Advice {
    match detail.split_once(": ") {
        Some((path, why)) => Advice::new(
            format!(
                "sshd refuses every key because it cannot read the RevokedKeys file {path}: {why}"
            ),
            format!("put {path} back: sshd reads it at each login"),
        )
        .or(empty_list(path)),
        None => Advice::new(
            format!("the key is revoked by {detail}"),
            format!(
                "log in with another key; see which ones are revoked: `ssh-keygen -Q -l -f {detail}`"
            ),
        ),
    }
}

fn chroot(facts: &Facts<'_>, detail: &str) -> Advice {
    let setting = facts.setting("ChrootDirectory").ok().flatten();
    let out = setting
        .and_then(|setting| edit::change(facts, setting, "ChrootDirectory", Change::Default))
        .filter(|_| !facts.transfers_only());
    let mut advice = refused_chroot(detail);
    if let Some(command) = out {
        let step = format!("take that line out, unless it is for file transfers alone: {command}");
        advice.steps.insert(0, step);
    }
    advice
}

fn refused_chroot(detail: &str) -> Advice {
    if detail.contains("No such file") {
        return Advice::new(
            format!("the ChrootDirectory of the account does not exist: {detail}"),
            "make it, as root's alone, or put that line below a `Match` line for those whom it is for",
        );
    }
    let path = detail.rsplit(' ').next().unwrap_or_default();
    let what = format!(
        "the ChrootDirectory of the account is not owned by root or is writable by others: {detail}"
    );
    Advice::new(
        what,
        format!(
            "give it to root with all that stands above it: `chown root:root {path}`, `chmod go-w {path}`"
        ),
    )
}
