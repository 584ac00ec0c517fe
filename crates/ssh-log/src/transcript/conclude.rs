//! From what the lines said to what follows.

use super::claims::{CLAIMS, CONNECTED, EXCLUSIONS, SILENT, UNCONNECTED, When};
use super::facts::{Facts, Seen, Symptom};
use super::{Advice, Certainty, Conclusion, Exclusion, Place, Reached, Software, Transcript};

pub(super) fn conclude(mut facts: Facts) -> Transcript {
    see_through_proxy(&mut facts);
    complete(&mut facts);
    let conclusions = conclusions(&facts);
    let excluded = exclusions(&facts, &conclusions);
    let next = advice(&facts, &conclusions);
    let Facts { client, reached, host, address, port, known_as, proxy, server, .. } = facts;
    let destination = host.or(address);
    Transcript { client, reached, destination, port, known_as, proxy, server, conclusions, excluded, next }
}

/// `ssh -J` runs a second ssh, whose lines stand between those of the first: how far *it* came says nothing of the
/// connection through it.
fn see_through_proxy(facts: &mut Facts) {
    if !facts.piped {
        return;
    }
    facts.through = facts.reached == Reached::LoggedIn;
    facts.reached = Reached::Connected;
    facts.server = None;
    let target = facts.proxy.as_deref().and_then(forwarded);
    (facts.host, facts.port) = target.map_or((None, None), |(host, port)| (Some(host), port));
    facts.address = None;
}

/// The target of `ssh -W '[host]:port' …`.
fn forwarded(proxy: &str) -> Option<(String, Option<u16>)> {
    let (_, rest) = proxy.split_once("-W ")?;
    let word = rest.split_whitespace().next()?.trim_matches(['\'', '"']);
    let (host, port) = word.rsplit_once(':')?;
    Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()))
}

/// Adds what the transcript says by its end, and what an old ssh says with the words of something else.
fn complete(facts: &mut Facts) {
    let line = facts.last.clone();
    let ends = |symptom| Seen { symptom, line: 0, text: line };
    if facts.symptoms.is_empty() && waits(facts) {
        match facts.reached {
            Reached::Connecting => facts.symptoms.push(ends(Symptom::ConnectTimeout)),
            Reached::Connected => facts.symptoms.push(ends(Symptom::BannerTimeout)),
            Reached::Identified | Reached::KeyExchange | Reached::KeyReply => {
                facts.symptoms.push(ends(Symptom::Stalled));
            }
            _ => {}
        }
    } else if is_before_8_0(facts) && facts.saw(Symptom::ConnectTimeout) {
        facts.symptoms.push(ends(Symptom::BannerTimeout));
    }
}

/// Whether the transcript ends without a word about an end: behind the messages of `ssh -v` stands at most a prompt.
fn waits(facts: &Facts) -> bool {
    facts.client.software != Software::OpenSsh || facts.last_is_debug || !facts.last.contains(": ")
}

/// With ConnectTimeout, ssh up to 7.9 waits for the first byte of the server instead of the connection (sshconnect.c,
/// `waitrfd`), and calls a silent server a connection that timed out.
fn is_before_8_0(facts: &Facts) -> bool {
    let major = facts.client.version.as_deref().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    facts.client.software == Software::OpenSsh && major.is_some_and(|major| major < 8)
}

fn conclusions(facts: &Facts) -> Vec<Conclusion> {
    let mut found: Vec<Conclusion> = Vec::new();
    for seen in &facts.symptoms {
        found.extend(too_many_keys(facts, seen));
        let claims = CLAIMS.iter().filter(|claims| claims.symptom == seen.symptom && applies(claims.when, facts));
        for &(cause, certainty, reason) in claims.flat_map(|claims| claims.causes) {
            if !found.iter().any(|other| other.cause == cause && other.certainty <= certainty) {
                found.retain(|other| other.cause != cause);
                found.push(seen.conclusion(cause, certainty, reason));
            }
        }
    }
    found.sort_by_key(|conclusion| conclusion.certainty);
    let certain = found.first().is_some_and(|first| first.certainty < Certainty::Possible);
    found.retain(|conclusion| !certain || conclusion.certainty < Certainty::Possible || is_twin(conclusion.cause));
    found
}

/// Causes that stand beside a stronger one because the text of both is the same.
fn is_twin(cause: &str) -> bool {
    cause == "per-source-max-startups"
}

fn applies(when: When, facts: &Facts) -> bool {
    let direct = facts.proxy.is_none() || facts.through;
    let silent = facts.reached < Reached::Identified && direct && !told(facts);
    match when {
        When::Always => true,
        When::Direct => direct,
        When::Own => !facts.piped || facts.through,
        When::Hop => facts.piped && !facts.through,
        When::Piped => facts.proxy.is_some() && facts.reached < Reached::Identified && !works_so_far(facts),
        When::Carried => !direct && facts.reached < Reached::Identified,
        When::Untold => !told(facts),
        When::Rejected => facts.saw(Symptom::HostKeyRejected),
        When::Unidentified => silent,
        When::Unseen => silent && !shows_text(facts),
        When::Seen => silent && shows_text(facts),
        When::Proxied => facts.reached < Reached::Identified && !direct && !told(facts),
        When::Exchanging => (Reached::Identified..Reached::Encrypted).contains(&facts.reached) && !told(facts),
        When::LoggingIn => (Reached::Encrypted..Reached::LoggedIn).contains(&facts.reached) && !told(facts),
        When::LoggedIn => facts.reached == Reached::LoggedIn,
    }
}

/// Whether the jump host names what is wrong behind it.
fn works_so_far(facts: &Facts) -> bool {
    let behind = [Symptom::BehindRefused, Symptom::BehindUnreachable, Symptom::BehindName];
    behind.iter().any(|symptom| facts.saw(*symptom))
}

/// Whether the client shows what the server sends instead of an identification.
fn shows_text(facts: &Facts) -> bool {
    facts.client.software == Software::OpenSsh && facts.verbose
}

/// Whether something else says why the connection was closed.
fn told(facts: &Facts) -> bool {
    const REASONS: &[Symptom] = &[
        Symptom::TextStartups,
        Symptom::TextNotAllowed,
        Symptom::TextOther,
        Symptom::NotSsh,
        Symptom::NotSshBytes,
        Symptom::ProxyError,
        Symptom::BehindRefused,
        Symptom::BehindUnreachable,
        Symptom::BehindName,
        Symptom::Mismatch,
        Symptom::HostKeyChanged,
        Symptom::HostKeyOfAddress,
        Symptom::HostKeyRevoked,
        Symptom::HostKeyCertificate,
        Symptom::HostKeyUnknown,
        Symptom::ConfigInvalid,
        Symptom::TooManyFailures,
        Symptom::Denied,
        Symptom::NameUnknown,
    ];
    REASONS.iter().any(|reason| facts.saw(*reason))
}

impl Seen {
    fn conclusion(&self, cause: &'static str, certainty: Certainty, reason: &'static str) -> Conclusion {
        let line = (self.line > 0).then_some(self.line);
        Conclusion { cause, certainty, reason, line, text: self.text.clone() }
    }
}

/// The limit was reached by keys alone: the client is what to mend.
fn too_many_keys(facts: &Facts, seen: &Seen) -> Option<Conclusion> {
    let certainty = if facts.keys_offered >= 2 { Certainty::Certain } else { Certainty::Likely };
    let reason = "the client offers more keys than the server lets it try";
    (seen.symptom == Symptom::TooManyFailures).then(|| seen.conclusion("too-many-keys", certainty, reason))
}

fn exclusions(facts: &Facts, conclusions: &[Conclusion]) -> Vec<Exclusion> {
    let proxied = facts.proxy.is_some() && facts.reached < Reached::Identified;
    if facts.symptoms.is_empty() || proxied || is_stage_unknown(facts) {
        return Vec::new();
    }
    let within = |from: &Reached, to: &Reached| (*from..=*to).contains(&facts.reached);
    let mut excluded: Vec<Exclusion> =
        EXCLUSIONS.iter().filter(|(from, to, _)| within(from, to)).map(|(_, _, exclusion)| *exclusion).collect();
    let banner = facts.saw(Symptom::BannerTimeout);
    let unconnected = [Symptom::Refused, Symptom::NoRoute, Symptom::Unreachable, Symptom::ConnectTimeout];
    if unconnected.iter().any(|symptom| facts.saw(*symptom)) && !banner {
        excluded.push(UNCONNECTED);
    }
    let ended = facts.saw(Symptom::Closed) || facts.saw(Symptom::Reset);
    if facts.reached == Reached::Connected && ended {
        excluded.push(CONNECTED);
        if shows_text(facts) && !facts.saw(Symptom::TextNotAllowed) {
            excluded.push(SILENT);
        }
    }
    excluded.retain(|exclusion| !conclusions.iter().any(|found| exclusion.causes.contains(&found.cause)));
    excluded
}

/// Without -v the message of a closed connection is the same at every stage before the login.
fn is_stage_unknown(facts: &Facts) -> bool {
    let ended = |seen: &Seen| matches!(seen.symptom, Symptom::Closed | Symptom::Reset);
    facts.reached == Reached::Nothing
        && facts.symptoms.iter().all(|seen| ended(seen) && !seen.text.contains("exchange_identification: "))
}

fn advice(facts: &Facts, conclusions: &[Conclusion]) -> Vec<Advice> {
    let destination = facts.host.clone().or_else(|| facts.address.clone()).unwrap_or_else(|| "HOST".into());
    let has = |cause: &str| conclusions.iter().any(|found| found.cause == cause);
    let on_client = |argv: &[&str], why| Advice { argv: owned(argv), place: Place::Client, why };
    let mut next = Vec::new();
    if has("proxy-failed") {
        let why = "it carries the connection: run it alone, and look there first";
        match facts.proxy.as_deref().filter(|proxy| !proxy.is_empty()) {
            Some(proxy) => next.push(Advice { argv: vec![proxy.to_owned()], place: Place::Client, why }),
            None => next.push(on_client(&["ssh", "-G", &destination], "it names the ProxyJump or ProxyCommand")),
        }
    } else if has("too-many-keys") {
        let argv = ["ssh", "-o", "IdentitiesOnly=yes", "-i", "KEY", &destination];
        next.push(on_client(&argv, "it offers one key only"));
    } else if has("name-not-resolved") {
        next.push(on_client(&["getent", "ahosts", &destination], "it asks the resolver that ssh asks"));
    } else if has("mtu-black-hole") {
        let argv = ["ssh", "-o", "KexAlgorithms=curve25519-sha256", &destination];
        next.push(on_client(&argv, "its packets are smaller: if it works, large packets get lost on the path"));
    } else if has("wrong-service") {
        next.push(on_client(&["ssh", "-G", &destination], "it shows the host and the port that are in force"));
    } else if has("client-config-invalid") {
        next.push(on_client(&["ssh", "-F", "none", &destination], "it leaves the configuration out"));
    }
    if !facts.verbose && facts.client.software == Software::OpenSsh {
        next.push(on_client(&["ssh", "-vvv", &destination], "it tells how far the connection comes"));
    }
    if conclusions.iter().any(|found| found.certainty > Certainty::Certain) {
        next.push(on_client(&["sshmend", "diagnose", &destination], "it looks at every step from here"));
        let argv = owned(&["sshmend", "diagnose", "--client", "ADDRESS"]);
        next.push(Advice { argv, place: Place::Server, why: "it reads the logs and the settings that decide" });
    }
    next
}

fn owned(argv: &[&str]) -> Vec<String> {
    argv.iter().map(|&word| word.to_owned()).collect()
}
