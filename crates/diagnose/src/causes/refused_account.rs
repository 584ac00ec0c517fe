//! What to do about an account that sshd or PAM did not let in, by the words of the log.

use sshmend_facts::{ACCESS, Facts, LogLine};
use sshmend_lossless::Origin;
use sshmend_ssh_log::Kind;

use crate::finding::Finding;

/// What a line means, and what to do.
#[derive(Debug, Default)]
pub(super) struct Advice {
    pub(super) what: String,
    pub(super) evidence: Vec<(Origin, String)>,
    pub(super) steps: Vec<String>,
    /// Whether sshd has to read the files that are there.
    pub(super) restart: bool,
}

impl Advice {
    fn new(what: impl Into<String>, step: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            steps: vec![step.into()],
            ..Self::default()
        }
    }
}

/// Whether sshd says `Accepted` of a login that then comes to nothing.
pub(super) fn ends_later(line: &LogLine) -> bool {
    ["expired password", "Too many ", "pam_open_session"]
        .iter()
        .any(|words| line.text.contains(words))
}

/// Reads the line that refused an account; `lines` are all that speak of such things.
pub(super) fn advice(facts: &Facts<'_>, line: &LogLine, lines: &[&LogLine]) -> Advice {
    let said = |words: &str| lines.iter().rev().find(|line| line.text.contains(words));
    let user = line.user.as_deref().or(facts.user()).unwrap_or("NAME");
    match line.kind {
        Kind::UserDenied => by_sshd(facts, user, &line.detail),
        Kind::RootRefused => Advice {
            restart: facts.user().is_some(),
            ..Advice::new(
                "PermitRootLogin does not let root in",
                "change PermitRootLogin, if it is not meant",
            )
        },
        Kind::StrictModes => strict_modes(user, &line.detail),
        Kind::ChrootRefused => chroot(&line.detail),
        Kind::KeyRevoked => revoked(&line.detail),
        _ if said("pam_access(sshd").is_some() => access(facts, user),
        _ if said("has expired").is_some() => Advice::new(
            format!("the account {user} has expired"),
            format!("see when, by `chage -l {user}`; if it is not meant: `chage -E -1 {user}`"),
        ),
        _ if said("expired password").is_some() => Advice::new(
            format!(
                "the password of the account {user} has expired, and only a terminal can change it"
            ),
            format!("change it: `passwd {user}` on this machine, or log in once with `ssh -t`"),
        ),
        _ if said(": Too many ").is_some() => Advice::new(
            format!("the account {user} has as many sessions as pam_limits lets it have"),
            "see them (`loginctl list-sessions`) and the limit: `grep -rn maxlogins /etc/security/limits.conf /etc/security/limits.d`",
        ),
        _ if said("pam_open_session").is_some() => Advice::new(
            format!("PAM opens no session for the account {user}"),
            "see which module says so: `journalctl -t sshd -t sshd-session -g pam_ -n 20`, and the lines `session` of /etc/pam.d/sshd",
        ),
        _ if said("temporarily locked").is_some() => Advice::new(
            format!("PAM has locked the account {user} after failed logins"),
            format!(
                "see them, then let it in again: `faillock --user {user}`, `faillock --user {user} --reset`"
            ),
        ),
        _ => by_pam(lines),
    }
}

/// sshd keeps to what it has read, which may be another configuration than the one on the disk.
fn by_sshd(facts: &Facts<'_>, user: &str, why: &str) -> Advice {
    let what = format!("sshd does not let the account {user} log in: {why}");
    if why.contains("shell") {
        return Advice::new(
            what,
            format!("give the account a shell that is there: `usermod -s /bin/bash {user}`"),
        );
    }
    let step = match facts.user() {
        Some(_) => {
            "no line of the files says so any more: the sshd that runs has read others".to_owned()
        }
        None => format!("see which line decides: `sshmend diagnose --user {user}`"),
    };
    Advice {
        restart: facts.user().is_some(),
        ..Advice::new(what, step)
    }
}

fn strict_modes(user: &str, detail: &str) -> Advice {
    let path = detail.rsplit(' ').next().unwrap_or_default();
    let what = format!(
        "sshd does not use the keys of the account, because others may write there: {detail}"
    );
    Advice::new(
        what,
        format!("make it the user's alone: `chown {user} {path}`, `chmod go-w {path}`"),
    )
}

/// A file of revoked keys that cannot be read revokes every key (auth.c, auth_key_is_revoked).
fn revoked(detail: &str) -> Advice {
    match detail.split_once(": ") {
        Some((path, why)) => Advice::new(
            format!(
                "sshd refuses every key, because it cannot read the file of RevokedKeys: {path}: {why}"
            ),
            format!(
                "put {path} back, or take RevokedKeys out of the configuration and reload sshd"
            ),
        ),
        None => Advice::new(
            format!("the key is revoked by {detail}"),
            format!(
                "log in with another key; see which ones are revoked: `ssh-keygen -Q -l -f {detail}`"
            ),
        ),
    }
}

fn chroot(detail: &str) -> Advice {
    let path = detail.rsplit(' ').next().unwrap_or_default();
    let what = format!("the ChrootDirectory of the account is not root's alone: {detail}");
    Advice::new(
        what,
        format!(
            "give it to root with all that stands above it: `chown root:root {path}`, `chmod go-w {path}`"
        ),
    )
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
    Advice {
        evidence: rules.filter(|(_, text)| text.starts_with('-')).collect(),
        ..Advice::new(
            format!("pam_access does not let the account {user} in"),
            format!(
                "if it is not meant, write `+:{user}:{from}` above the line of {ACCESS} that refuses it; it counts at once"
            ),
        )
    }
}

/// PAM refused, and its modules may have said why in other words, or could not be loaded at all.
fn by_pam(lines: &[&LogLine]) -> Advice {
    let missing = lines.iter().rfind(|line| line.kind == Kind::Broken);
    match missing {
        Some(line) => Advice::new(
            format!(
                "PAM refuses every account, because a module cannot be loaded: {}",
                line.detail
            ),
            format!(
                "install the package of that module, or take its line out: `grep -n {} /etc/pam.d/*`; it counts at once",
                line.detail
            ),
        ),
        None => Advice::new(
            "PAM does not let the account log in",
            "see which module says so: `journalctl -t sshd -t sshd-session -g pam_ -n 20`, and /etc/pam.d/sshd",
        ),
    }
}

/// How sshd gets to know a change of its configuration.
pub(super) fn reload(facts: &Facts<'_>, finding: &mut Finding) {
    let unit = facts
        .start()
        .map_or_else(|| "ssh.service".to_owned(), |start| start.unit);
    finding.step(format!(
        "then let sshd read it: `sshd -t && systemctl reload {unit}`"
    ));
}
