//! The question that the text cannot decide, and the one command that would.

use super::destination::provider;
use super::facts::{Facts, Seen};
use super::words::Symptom;
use super::{Advice, Certainty, Conclusion, Reached, Software};
use crate::cause::CauseName;

/// The sentence before causes that are only possible.
pub(super) fn undecided(facts: &Facts, conclusions: &[Conclusion]) -> Option<String> {
    let first = conclusions
        .first()
        .filter(|first| first.certainty == Certainty::Possible)?;
    let ended = |how: &str| match facts.reached {
        _ if is_stage_unknown(facts) => {
            format!("{how}, and the text does not show how far it had come")
        }
        reached if reached < Reached::Identified => {
            format!("{how} before the server identified itself")
        }
        reached if reached < Reached::Encrypted => format!("{how} in the key exchange"),
        Reached::LoggedIn => format!("{how} after the login"),
        _ => format!("{how} before the login was complete"),
    };
    let seen = facts
        .symptoms
        .iter()
        .find(|seen| seen.text == first.text || seen.line == first.line.unwrap_or(0));
    let symptom = seen.map(|seen| seen.symptom);
    if facts.by_words {
        return Some(format!(
            "no message is known, but the words suggest {}: this text alone cannot tell why",
            spoken(symptom)
        ));
    }
    let what = match symptom {
        Some(Symptom::Closed | Symptom::Reset)
            if facts.proxy.is_some() && facts.reached < Reached::Identified =>
        {
            "the connection through the proxy ended before the server identified itself".to_owned()
        }
        Some(Symptom::Closed) => ended("the connection was closed"),
        Some(Symptom::Reset) => ended("the connection was reset"),
        Some(Symptom::Refused | Symptom::BehindRefused) => "the connection is refused".to_owned(),
        Some(Symptom::NoRoute | Symptom::ConnectFailed | Symptom::ConnectReset) => {
            "no connection is established".to_owned()
        }
        Some(Symptom::ConnectTimeout | Symptom::BehindUnreachable) => {
            "nobody answers on this port".to_owned()
        }
        Some(Symptom::BannerTimeout) => {
            "the connection is established, and the server says nothing".to_owned()
        }
        Some(Symptom::Unanswered) => {
            "the connection was established, then there was no more answer".to_owned()
        }
        Some(Symptom::RouteLost) => {
            "the connection was established, then the route to the host was lost".to_owned()
        }
        Some(Symptom::RefusedLate) => "the connection was established, then refused".to_owned(),
        Some(Symptom::Aborted) => "this machine itself ended the connection".to_owned(),
        Some(Symptom::Forbidden) => "this machine itself does not allow the connection".to_owned(),
        Some(Symptom::TextOther) => format!(
            "the server answers with a text of its own ({})",
            facts_text(facts)
        ),
        Some(Symptom::Goodbye) => {
            "the server ended the connection with a message of its own".to_owned()
        }
        Some(Symptom::SubsystemFailed) => {
            "the login succeeded, and the server did not start sftp".to_owned()
        }
        Some(Symptom::Denied) => {
            return Some("the login was refused; only the server knows why".to_owned());
        }
        Some(Symptom::LostSession) => "the session was lost after the login".to_owned(),
        Some(Symptom::HostKeyAsked) => {
            return Some("ssh asks whether to trust a host key, and goes on once it is told yes; nothing failed so far".to_owned());
        }
        _ => "it failed".to_owned(),
    };
    Some(format!("{what}: this text alone cannot tell why"))
}

/// The subject of plain words.
fn spoken(symptom: Option<Symptom>) -> &'static str {
    match symptom {
        Some(Symptom::HostKeyChanged) => "a host key that has changed",
        Some(Symptom::HostKeyUnknown | Symptom::HostKeyRejected) => "a host key that is refused",
        Some(Symptom::Mismatch) => "algorithms that do not match",
        Some(Symptom::Denied) => "a login that is refused",
        Some(Symptom::NameUnknown) => "a name that does not resolve",
        Some(Symptom::Refused) => "a connection that is refused",
        Some(Symptom::NoRoute | Symptom::Unreachable) => "a host that is not reached",
        Some(Symptom::ConnectTimeout | Symptom::BannerTimeout) => {
            "an answer that did not come in time"
        }
        Some(Symptom::Reset) => "a connection that was reset",
        _ => "a connection that ended",
    }
}

/// The text that the server sent in place of its identification.
fn facts_text(facts: &Facts) -> String {
    let text = facts
        .symptoms
        .iter()
        .find(|seen| seen.symptom == Symptom::TextOther)
        .map_or("", |seen| &seen.text);
    let said = text
        .split_once("anner line ")
        .and_then(|(_, rest)| rest.split_once(": "))
        .map(|(_, said)| said);
    said.or_else(|| text.split_once("Banner: ").map(|(_, said)| said))
        .or_else(|| Some(text.strip_prefix("Ok(\"")?.trim_end_matches("\")")))
        .unwrap_or(text)
        .to_owned()
}

/// The next commands to run: the one needed by a conclusion that is more than possible, then at
/// most one further check.
pub(super) fn advice(facts: &Facts, conclusions: &[Conclusion]) -> Vec<Advice> {
    let Some(first) = conclusions.first() else {
        return verbose(facts).into_iter().collect();
    };
    let mut next: Vec<Advice> = of_cause(facts, conclusions).into_iter().collect();
    if first.certainty == Certainty::Certain
        || !next.is_empty() && first.certainty == Certainty::Likely
    {
        return next;
    }
    let by_ssh =
        matches!(facts.client.software, Software::OpenSsh | Software::Unknown) && facts.verbose;
    let destination = destination(facts);
    if let Some(provider) = provider(facts).filter(|_| facts.reached < Reached::Identified) {
        let why = "the provider answers there too: a proxy, VPN or firewall in the way often lets port 443 pass";
        next.push(run(
            [
                "ssh",
                "-T",
                "-p",
                "443",
                &format!("git@{}", provider.alternative),
            ],
            why,
        ));
    } else if by_ssh && destination != "HOST" {
        next.push(run(
            ["sshmend", "diagnose", &target(facts)],
            "it looks at every step from here",
        ));
    } else {
        next.push(look(facts));
    }
    next
}

/// The command to run if nothing is concluded, unless the login succeeded.
fn verbose(facts: &Facts) -> Option<Advice> {
    (facts.reached != Reached::LoggedIn).then(|| look(facts))
}

fn look(facts: &Facts) -> Advice {
    Advice {
        argv: ssh(facts, &["-vvv"]),
        why: "it shows how far the connection comes",
    }
}

/// The command needed by a cause that is at least likely, or the only one.
fn of_cause(facts: &Facts, conclusions: &[Conclusion]) -> Option<Advice> {
    let first = conclusions.first()?;
    let alone = first.certainty < Certainty::Possible || conclusions.len() == 1;
    let has = |cause: CauseName| alone && conclusions.iter().any(|found| found.cause == cause);
    let host = destination(facts);
    if has(CauseName::ProxyFailed) {
        let why = "it carries the connection: run it alone, and look there first";
        return Some(
            match facts.proxy.as_deref().filter(|proxy| !proxy.is_empty()) {
                Some(proxy) => Advice {
                    argv: vec![proxy.to_owned()],
                    why,
                },
                None => run(
                    ["ssh", "-G", &login(facts)],
                    "it names the ProxyJump or ProxyCommand",
                ),
            },
        );
    }
    if has(CauseName::TooManyKeys) {
        return Some(Advice {
            argv: ssh(facts, &["-o", "IdentitiesOnly=yes", "-i", "KEY"]),
            why: "it offers one key only",
        });
    }
    if has(CauseName::NameNotResolved) {
        return Some(run(
            ["getent", "ahosts", &host],
            "it asks the resolver that ssh asks",
        ));
    }
    if has(CauseName::MtuBlackHole) {
        return Some(mtu(facts, &host));
    }
    if has(CauseName::WrongService) {
        return Some(run(
            ["ssh", "-G", &login(facts)],
            "it shows the host and the port that are in force",
        ));
    }
    if facts.saw(Symptom::LibraryMismatch) {
        return Some(run(
            ["ssh", "-V"],
            "once the package manager has brought ssh and its libraries together, it works",
        ));
    }
    if facts.saw(Symptom::CryptoPolicy) {
        return Some(Advice {
            argv: ssh(facts, &["-vvv"]),
            why: "it shows the algorithms; `update-crypto-policies --show` names the policy",
        });
    }
    has(CauseName::ClientConfigInvalid).then(|| Advice {
        argv: ssh(facts, &["-F", "none"]),
        why: "it leaves the configuration out",
    })
}

/// For a path that loses large packets: small key exchanges get through, and so do small pings.
fn mtu(facts: &Facts, host: &str) -> Advice {
    if facts
        .method
        .as_deref()
        .is_none_or(|method| method.starts_with("curve25519") || method.starts_with("ecdh"))
    {
        let size = if host.contains(':') { "1452" } else { "1472" };
        let why = "it is lost where the path carries less than 1500 bytes; try -s 1372: when that arrives, lower the MTU";
        return run(["ping", "-c", "3", "-M", "do", "-s", size, host], why);
    }
    let argv = ssh(facts, &["-o", "KexAlgorithms=curve25519-sha256"]);
    Advice {
        argv,
        why: "its packets are smaller: if it works, large packets get lost on the path",
    }
}

fn run<const N: usize>(argv: [&str; N], why: &'static str) -> Advice {
    Advice {
        argv: argv.map(str::to_owned).to_vec(),
        why,
    }
}

/// `ssh OPTIONS -p PORT USER@HOST`.
fn ssh(facts: &Facts, options: &[&str]) -> Vec<String> {
    let port = facts
        .port
        .filter(|port| *port != 22)
        .map(|port| ["-p".to_owned(), port.to_string()]);
    let words = ["ssh"].iter().chain(options).map(|&word| word.to_owned());
    words
        .chain(port.into_iter().flatten())
        .chain([login(facts)])
        .collect()
}

fn login(facts: &Facts) -> String {
    let host = destination(facts);
    facts
        .user
        .as_deref()
        .filter(|user| is_plain(user))
        .map_or_else(|| host.clone(), |user| format!("{user}@{host}"))
}

/// The argument of `sshmend diagnose`.
fn target(facts: &Facts) -> String {
    let login = login(facts);
    match facts.port.filter(|port| *port != 22) {
        Some(port) => match login.rsplit_once('@') {
            Some((user, host)) if host.contains(':') => format!("{user}@[{host}]:{port}"),
            None if login.contains(':') => format!("[{login}]:{port}"),
            _ => format!("{login}:{port}"),
        },
        None => login,
    }
}

fn destination(facts: &Facts) -> String {
    let known = [&facts.host, &facts.address, &facts.label];
    let known = known.into_iter().flatten().find(|name| is_plain(name));
    known.cloned().unwrap_or_else(|| "HOST".to_owned())
}

/// Whether a word of a stranger is safe in a command line.
fn is_plain(word: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    !word.starts_with('-') && !word.is_empty() && word.bytes().all(known)
}

/// Without -v the message of a closed connection is the same at every stage before the login.
pub(super) fn is_stage_unknown(facts: &Facts) -> bool {
    let ended = |seen: &Seen| matches!(seen.symptom, Symptom::Closed | Symptom::Reset);
    facts.reached == Reached::Nothing
        && facts
            .symptoms
            .iter()
            .all(|seen| ended(seen) && !seen.text.contains("exchange_identification: "))
}
