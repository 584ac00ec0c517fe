//! Possible reasons for a refusal that cannot be decided.

use sshmend_sshd_config::MaxStartups;

use super::negotiation;
use super::refusals::{Listed, lists};
use super::view::View;
use super::ways::Ways;

/// Keywords that decide nothing about who gets in, or that are judged by their values, by a handshake or by a proof.
const HARMLESS: &[&str] = &[
    "acceptenv",
    "addressfamily",
    "allowagentforwarding",
    "allowgroups",
    "allowstreamlocalforwarding",
    "allowtcpforwarding",
    "allowusers",
    "authenticationmethods",
    "banner",
    "challengeresponseauthentication",
    "ciphers",
    "clientalivecountmax",
    "clientaliveinterval",
    "compression",
    "debianbanner",
    "denygroups",
    "denyusers",
    "disableforwarding",
    "exposeauthinfo",
    "fingerprinthash",
    "gatewayports",
    "gssapiauthentication",
    "gssapicleanupcredentials",
    "gssapikexalgorithms",
    "gssapikeyexchange",
    "hostbasedauthentication",
    "hostcertificate",
    "hostkey",
    "hostkeyagent",
    "hostkeyalgorithms",
    "ignorerhosts",
    "ignoreuserknownhosts",
    "ipqos",
    "kbdinteractiveauthentication",
    "kerberosauthentication",
    "kexalgorithms",
    "listenaddress",
    "logingracetime",
    "loglevel",
    "logverbose",
    "macs",
    "maxauthtries",
    "maxsessions",
    "maxstartups",
    "modulifile",
    "passwordauthentication",
    "permitlisten",
    "permitopen",
    "permitrootlogin",
    "permittunnel",
    "permituserenvironment",
    "permituserrc",
    "persourcemaxstartups",
    "persourcenetblocksize",
    "persourcepenalties",
    "persourcepenaltyexemptlist",
    "pidfile",
    "port",
    "printlastlog",
    "printmotd",
    "pubkeyauthentication",
    "refuseconnection",
    "rekeylimit",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "subsystem",
    "syslogfacility",
    "tcpkeepalive",
    "unusedconnectiontimeout",
    "usedns",
    "versionaddendum",
    "x11displayoffset",
    "x11forwarding",
    "x11uselocalhost",
    "xauthlocation",
];

/// Keywords about keys alone.
const OF_KEYS: [&str; 12] = [
    "authorizedkeyscommand",
    "authorizedkeyscommanduser",
    "authorizedkeysfile",
    "authorizedprincipalscommand",
    "authorizedprincipalscommanduser",
    "authorizedprincipalsfile",
    "casignaturealgorithms",
    "pubkeyacceptedalgorithms",
    "pubkeyauthoptions",
    "requiredrsasize",
    "revokedkeys",
    "trustedusercakeys",
];

/// Keywords with a value that refuses nobody: setting it is never in doubt.
const FREE: [(&str, &str); 8] = [
    ("strictmodes", "no"),
    ("permittty", "yes"),
    ("permitemptypasswords", "yes"),
    ("pubkeyauthoptions", "none"),
    ("revokedkeys", "none"),
    ("forcecommand", "none"),
    ("chrootdirectory", "none"),
    ("channeltimeout", "none"),
];

/// Variables that the loader and shells obey before a person can do anything (ld.so(8), bash(1), zshparam(1)); what begins
/// with `LD_` or `BASH_` as well.
const OBEYED: [&str; 11] = [
    "ENV",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "HOME",
    "IFS",
    "PATH",
    "PROMPT_COMMAND",
    "SHELL",
    "SHELLOPTS",
    "TMOUT",
    "ZDOTDIR",
];

/// Less time than a person needs for a password.
const HASTY: u64 = 10;

/// The reason why they may not get in as before; `None` if there is none.
pub(super) fn doubt(before: &View<'_>, after: &View<'_>) -> Option<String> {
    unseen(after)
        .or_else(|| listens_elsewhere(before, after))
        .or_else(|| listed(before, after))
        .or_else(|| ways(before, after))
        .or_else(|| few(before, after))
        .or_else(|| negotiation::doubt(before, after))
        .or_else(|| other(before, after))
}

/// The doubt about values set in an unreadable file, which need not be the defaults.
fn unseen(after: &View<'_>) -> Option<String> {
    let mut settings = after.effective.iter();
    let unseen = settings.find_map(|setting| setting.unknown.as_ref())?;
    Some(format!("{unseen}, and its content may lock you out"))
}

/// Whether sshd would stop listening where they connected. If their address is unknown, the
/// configured values cannot decide it.
fn listens_elsewhere(before: &View<'_>, after: &View<'_>) -> Option<String> {
    const PLACES: [&str; 3] = ["listenaddress", "port", "addressfamily"];
    let nowhere = after.keeper.from_unknown && after.keeper.server.is_none();
    let mut changed = PLACES.into_iter();
    let key = changed.find(|key| nowhere && before.values(key) != after.values(key))?;
    Some(format!(
        "{key} changes, and the address that you connect to is not known"
    ))
}

fn listed(before: &View<'_>, after: &View<'_>) -> Option<String> {
    let at_console = after.keeper.addr.is_none() && !after.keeper.from_unknown;
    match (lists(before), lists(after)) {
        (Listed::Allowed, Listed::Open(name)) if !at_console => Some(format!(
            "whether {name} lets you in depends on names that are not known"
        )),
        _ => None,
    }
}

/// Reports a login method that may be lost: it is unknown which of several the person uses.
fn ways(before: &View<'_>, after: &View<'_>) -> Option<String> {
    let (was, is) = (Ways::of(before), Ways::of(after));
    if is.keep_all(&was) {
        let key = "permitrootlogin";
        let commands = after.is_root() && after.is(key, "forced-commands-only");
        return (commands && before.value(key) != after.value(key)).then(|| {
            "root logs in only with keys that have a command of their own in authorized_keys"
                .to_owned()
        });
    }
    let why = is.closed.values().next();
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Some(format!(
        "how you log in is not known: {} worked, {} will{why}",
        was.words(),
        is.words()
    ))
}

/// Reports limits so low that they easily keep everybody out.
fn few(before: &View<'_>, after: &View<'_>) -> Option<String> {
    let changed = |key: &str| before.values(key) != after.values(key);
    let value = |key: &str| after.value(key).to_owned();
    if changed("maxstartups") && is_tiny(after.value("maxstartups")) {
        let value = value("maxstartups");
        return Some(format!(
            "with MaxStartups {value} one or two unauthenticated connections keep everybody else out"
        ));
    }
    let seconds: Option<u64> = after.value("logingracetime").parse().ok();
    if changed("logingracetime") && seconds.is_some_and(|time| time > 0 && time < HASTY) {
        let value = value("logingracetime");
        return Some(format!(
            "LoginGraceTime {value} s may be too short for a login"
        ));
    }
    if changed("maxauthtries") && after.is("maxauthtries", "1") {
        return Some(
            "with MaxAuthTries 1 the first key that ssh offers must be the right one".to_owned(),
        );
    }
    let all_are_one = after.value("persourcenetblocksize").starts_with("0");
    let limited = !matches!(after.value("persourcemaxstartups"), "" | "none");
    let newly = changed("persourcenetblocksize") || changed("persourcemaxstartups");
    (newly && all_are_one && limited).then(|| {
        "with PerSourceNetBlockSize 0 PerSourceMaxStartups counts all clients as one".to_owned()
    })
}

fn is_tiny(value: &str) -> bool {
    MaxStartups::parse(value)
        .is_some_and(|limits| limits.full <= 2 || limits.begin <= 2 && limits.rate >= 50)
}

/// Any other keyword that changes and may decide.
fn other(before: &View<'_>, after: &View<'_>) -> Option<String> {
    let keys = Ways::of(before).take("publickey");
    let changed = |key: &str| before.values(key) != after.values(key);
    let all = before.effective.iter().chain(after.effective.iter());
    let mut suspicious = all
        .map(|setting| setting.key.as_str())
        .filter(|key| changed(key) && !HARMLESS.contains(key) && (keys || !OF_KEYS.contains(key)));
    let key = suspicious.find(|key| !is_free(key, before, after))?;
    let value = after.values(key).join(" ");
    let value = if value.is_empty() {
        "its default".to_owned()
    } else {
        value
    };
    Some(format!(
        "how you log in is not known, and {key} becomes {value}"
    ))
}

/// Whether the new value allows everything that the old one does.
fn is_free(key: &str, before: &View<'_>, after: &View<'_>) -> bool {
    let (was, is) = (before.value(key), after.value(key));
    let has_all = |was: &str, is: &str, by: char| {
        let is: Vec<&str> = is.split(by).collect();
        was.split(by).all(|one| is.contains(&one))
    };
    FREE.contains(&(key, is))
        || key == "setenv" && !sets_what_is_obeyed(before, after)
        || key == "pubkeyacceptedalgorithms"
            && (is.starts_with(['+', '^']) || has_all(was, is, ','))
        || key == "authorizedkeysfile" && has_all(was, is, ' ')
        || key == "requiredrsasize" && is.parse::<u64>().ok() < was.parse().ok()
}

/// Whether a session gets a variable that may keep its shell from starting, or end it at once.
fn sets_what_is_obeyed(before: &View<'_>, after: &View<'_>) -> bool {
    let known = before.values("setenv");
    let mut new = after
        .values("setenv")
        .iter()
        .filter(|one| !known.contains(one));
    new.any(|variable| {
        let name = variable
            .trim_matches('"')
            .split('=')
            .next()
            .unwrap_or_default();
        OBEYED.contains(&name) || name.starts_with("LD_") || name.starts_with("BASH_")
    })
}
