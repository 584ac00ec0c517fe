//! Certain refusals.

use sshmend_lossless::Origin;
use sshmend_sshd_config::user_matches;

use super::session::{forced_command, locked_in};
use super::sockets::listens;
use super::view::View;
use super::ways::Ways;

/// The reason why a person is refused, and the line that causes it.
type Because = Option<(String, Option<Origin>)>;

/// Refusals of everybody, checked in this order.
pub(super) const OF_EVERYBODY: [fn(&View<'_>) -> Because; 3] =
    [nothing_allowed, no_method, nobody_negotiates];

/// Refusals of the person being checked.
pub(super) const OF_ONE: [fn(&View<'_>) -> Because; 7] = [
    not_listening,
    root_refused,
    on_a_list,
    account_locked,
    no_way_left,
    forced_command,
    locked_in,
];

/// Algorithms that no current client offers by default (`ssh -Q` lists some of them, myproposal.h
/// none).
const LEGACY: [&str; 30] = [
    "ssh-dss",
    "ssh-rsa",
    "ssh-dss-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
    "3des-cbc",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "rijndael-cbc@lysator.liu.se",
    "blowfish-cbc",
    "cast128-cbc",
    "arcfour",
    "arcfour128",
    "arcfour256",
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group-exchange-sha1",
    "hmac-md5",
    "hmac-md5-96",
    "hmac-sha1-96",
    "hmac-ripemd160",
    "hmac-ripemd160@openssh.com",
    "hmac-md5-etm@openssh.com",
    "hmac-md5-96-etm@openssh.com",
    "hmac-sha1-96-etm@openssh.com",
    "hmac-ripemd160-etm@openssh.com",
    "gss-group1-sha1-",
    "gss-group14-sha1-",
    "gss-gex-sha1-",
    "none",
];

/// Lists in which client and server must have an entry in common.
const NEGOTIATED: [(&str, &str); 4] = [
    ("hostkeyalgorithms", "HostKeyAlgorithms"),
    ("ciphers", "Ciphers"),
    ("macs", "MACs"),
    ("kexalgorithms", "KexAlgorithms"),
];

fn not_listening(view: &View<'_>) -> Because {
    if listens(view) {
        return None;
    }
    let origin = ["listenaddress", "port", "addressfamily"]
        .into_iter()
        .find_map(|key| view.origin(key));
    let place = match (view.keeper.server, view.keeper.addr) {
        (Some((ip, port)), _) => format!("{ip} port {port}, which you connect to"),
        (None, Some(addr)) if addr.is_ipv4() => "an IPv4 address".to_owned(),
        _ => "an IPv6 address".to_owned(),
    };
    Some((format!("sshd would not listen on {place}"), origin))
}

/// Values that refuse everybody.
fn nothing_allowed(view: &View<'_>) -> Because {
    const VALUES: [(&str, &str, &str); 4] = [
        ("maxauthtries", "0", "MaxAuthTries 0 makes every login fail"),
        ("maxsessions", "0", "MaxSessions 0 allows no shell"),
        (
            "persourcemaxstartups",
            "0",
            "PerSourceMaxStartups 0 drops every connection",
        ),
        (
            "refuseconnection",
            "yes",
            "RefuseConnection yes refuses the connection",
        ),
    ];
    let (key, _, why) = VALUES
        .into_iter()
        .find(|(key, value, _)| view.is(key, value))?;
    Some((why.to_owned(), view.origin(key)))
}

fn root_refused(view: &View<'_>) -> Because {
    let refused = view.is_root() && view.is("permitrootlogin", "no");
    let why = "you log in as root, which is refused".to_owned();
    refused.then(|| (why, view.origin("permitrootlogin")))
}

fn on_a_list(view: &View<'_>) -> Because {
    match lists(view) {
        Listed::Denied(key, why) => Some((why, view.origin(key))),
        Listed::Allowed | Listed::Open(_) => None,
    }
}

/// The result of the four lists for an account (auth.c, `allowed_user`).
pub(super) enum Listed {
    /// They allow it.
    Allowed,
    /// This one refuses it, for this reason.
    Denied(&'static str, String),
    /// This one cannot be decided.
    Open(&'static str),
}

pub(super) fn lists(view: &View<'_>) -> Listed {
    let users = |key: &str| matched(view.values(key), |pattern| user_is(view, pattern));
    let groups = |key: &str| matched(view.values(key), |pattern| group_is(view, pattern));
    let user = view.keeper.user.as_deref().unwrap_or("you");
    let mut open = Listed::Allowed;
    for (key, name, matched) in [
        ("denyusers", "DenyUsers", users("denyusers")),
        ("denygroups", "DenyGroups", groups("denygroups")),
    ] {
        match matched {
            Some(true) => return Listed::Denied(key, format!("{name} refuses {user}")),
            Some(false) => {}
            None => open = Listed::Open(name),
        }
    }
    for (key, name, matched) in [
        ("allowusers", "AllowUsers", users("allowusers")),
        ("allowgroups", "AllowGroups", groups("allowgroups")),
    ] {
        match matched {
            _ if view.values(key).is_empty() => {}
            Some(true) => {}
            Some(false) => return Listed::Denied(key, format!("{name} does not let {user} in")),
            None => open = Listed::Open(name),
        }
    }
    open
}

/// Whether any of the patterns matches; `None` if that depends on one that cannot be decided.
fn matched(patterns: &[String], matches: impl Fn(&str) -> Option<bool>) -> Option<bool> {
    let found: Vec<Option<bool>> = patterns.iter().map(|pattern| matches(pattern)).collect();
    if found.contains(&Some(true)) {
        Some(true)
    } else if found.contains(&None) {
        None
    } else {
        Some(false)
    }
}

fn user_is(view: &View<'_>, pattern: &str) -> Option<bool> {
    let addr = view.keeper.addr.map(|addr| addr.to_canonical().to_string());
    let name = pattern.rsplit_once('@').map_or(pattern, |(name, _)| name);
    let user = match &view.keeper.user {
        Some(user) => user.as_str(),
        None if name == "*" => "somebody",
        None => return None,
    };
    user_matches(pattern, user, addr.as_deref(), Some(view.release))
}

fn group_is(view: &View<'_>, pattern: &str) -> Option<bool> {
    let groups = view.groups.as_ref()?;
    let is = |group: &String| user_matches(pattern, group, None, None) == Some(true);
    Some(groups.iter().any(is))
}

/// Without PAM sshd looks itself whether the account is locked (auth.c, `LOCKED_PASSWD_PREFIX`).
fn account_locked(view: &View<'_>) -> Because {
    let locked = view.is("usepam", "no")
        && view
            .stored_password()
            .is_some_and(|stored| stored.starts_with('!'));
    let why = "sshd without PAM refuses an account with a locked password, even with a key";
    locked.then(|| (why.to_owned(), view.origin("usepam")))
}

/// Every method is switched off.
fn no_method(view: &View<'_>) -> Because {
    let ways = Ways::of(view);
    let none = ways.ways.is_empty() && ways.closed.is_empty();
    let why = "no authentication method is left".to_owned();
    none.then(|| (why, view.origin("pubkeyauthentication")))
}

fn no_way_left(view: &View<'_>) -> Because {
    let ways = Ways::of(view);
    if !ways.ways.is_empty() {
        return None;
    }
    let reasons: Vec<String> = ways.closed.into_values().collect();
    let why = if reasons.is_empty() {
        "no authentication method is left".to_owned()
    } else {
        format!("no authentication method is left: {}", reasons.join("; "))
    };
    let keys = [
        "authenticationmethods",
        "revokedkeys",
        "authorizedkeysfile",
        "pubkeyauthentication",
    ];
    Some((why, keys.into_iter().find_map(|key| view.origin(key))))
}

/// A list that consists only of algorithms that no current client offers.
fn nobody_negotiates(view: &View<'_>) -> Because {
    let (key, name) = NEGOTIATED.into_iter().find(|(key, _)| {
        let value = view.value(key);
        let known = |name: &str| LEGACY.iter().any(|legacy| name.trim() == *legacy);
        !value.is_empty() && !value.starts_with(['+', '-', '^']) && value.split(',').all(known)
    })?;
    let value = view.value(key);
    Some((
        format!("{name} {value}: no current client offers any of these by default"),
        view.origin(key),
    ))
}
