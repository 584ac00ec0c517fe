//! Draws conclusions from the messages.

use super::advice::{advice, is_stage_unknown, undecided};
use super::claims::{self, CONNECTED, EXCLUSIONS, SILENT, UNCONNECTED, When};
use super::destination::{has_other_port, is_fake, is_forwarded, is_of_another_protocol, provider};
use super::facts::{Facts, Seen};
use super::identification;
use super::words::Symptom;
use super::{Attempt, Certainty, Conclusion, Ending, Exclusion, Reached, Software};
use crate::cause::CauseName;

pub(super) fn conclude(mut facts: Facts) -> Attempt {
    facts.read_warnings();
    forget_end_of_test(&mut facts);
    let mut ends = facts
        .symptoms
        .iter()
        .filter(|seen| seen.symptom != Symptom::HostKeyAsked);
    let printed = ends
        .next()
        .map(|seen| (seen.line, seen.text.clone()))
        .or_else(|| facts.unknown.clone())
        .map(|(line, text)| Ending { line, text });
    see_through_proxy(&mut facts);
    complete(&mut facts);
    let conclusions = conclusions(&facts);
    let excluded = exclusions(&facts, &conclusions);
    let next = advice(&facts, &conclusions);
    let undecided = undecided(&facts, &conclusions);
    let Facts {
        label,
        client,
        reached,
        host,
        address,
        port,
        user,
        known_as,
        proxy,
        server,
        lines,
        by_words,
        ..
    } = facts;
    Attempt {
        label,
        client,
        reached,
        host,
        address,
        port,
        user,
        known_as,
        proxy,
        server,
        lines,
        end: printed,
        undecided,
        by_words,
        conclusions,
        excluded,
        next,
    }
}

/// A program that only opens the connection cannot answer the server's identification: how the connection then ends says
/// nothing.
fn forget_end_of_test(facts: &mut Facts) {
    if facts.client.software == Software::PortTester && facts.server.is_some() {
        facts.symptoms.clear();
    }
}

/// `ssh -J` runs a second ssh, whose lines are between those of the first: the stage that it
/// reached says nothing about the connection through it.
fn see_through_proxy(facts: &mut Facts) {
    if !facts.piped {
        return;
    }
    facts.through = facts.reached == Reached::LoggedIn;
    facts.reached = Reached::Connected;
    facts.server = None;
    let target = facts.proxy.as_deref().and_then(forwarded);
    let typed = facts.typed.host.take().map(|host| (host, facts.typed.port));
    (facts.host, facts.port) = target
        .or(typed)
        .map_or((None, None), |(host, port)| (Some(host), port));
    facts.user = facts.typed.user.take();
    facts.address = None;
}

/// The target of `ssh -W '[host]:port' …`.
fn forwarded(proxy: &str) -> Option<(String, Option<u16>)> {
    let (_, rest) = proxy.split_once("-W ")?;
    let word = rest.split_whitespace().next()?.trim_matches(['\'', '"']);
    let (host, port) = word.rsplit_once(':')?;
    Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()))
}

/// Adds the symptoms shown by the end of the transcript, and corrects an old ssh that uses the
/// words of another failure.
fn complete(facts: &mut Facts) {
    let line = facts.last.clone();
    let ends = |symptom| Seen {
        symptom,
        line: 0,
        text: line,
    };
    if facts.symptoms.is_empty() && waits(facts) {
        match facts.reached {
            Reached::Connecting => facts.symptoms.push(ends(Symptom::ConnectTimeout)),
            Reached::Connected => facts.symptoms.push(ends(Symptom::BannerTimeout)),
            Reached::Identified | Reached::KeyExchange | Reached::KeyReply
                if waits_for_keys(facts) =>
            {
                facts.symptoms.push(ends(Symptom::Stalled));
            }
            _ => {}
        }
    } else if is_before_8_0(facts) && facts.saw(Symptom::ConnectTimeout) {
        facts.symptoms.push(ends(Symptom::BannerTimeout));
    }
}

/// Whether the transcript ends without a message about an end: the messages of `ssh -v` are
/// followed by a prompt at most.
fn waits(facts: &Facts) -> bool {
    match facts.client.software {
        Software::OpenSsh => facts.last_is_debug || !facts.last.contains(": "),
        // nc -z and Test-NetConnection do not wait for anything.
        Software::PortTester => {
            facts.last.starts_with("Trying ") || facts.last.starts_with("Escape character")
        }
        // The final messages of other programs are not all known.
        _ => facts.last_is_known,
    }
}

/// Whether the last message is one after which ssh waits for a packet of the key exchange; a text
/// that ends elsewhere was cut off, and shows nothing about later events.
fn waits_for_keys(facts: &Facts) -> bool {
    const SENT: [&str; 4] = [
        "SSH2_MSG_KEXINIT sent",
        "expecting SSH2_MSG_KEX_",
        "SSH2_MSG_KEX_DH_GEX_REQUEST",
        "send packet: type ",
    ];
    !facts.last_is_debug || SENT.iter().any(|sent| facts.last.contains(sent))
}

/// With ConnectTimeout, ssh up to 7.9 waits for the first byte of the server instead of the
/// connection (sshconnect.c, `waitrfd`), and reports a silent server as a connection timeout.
fn is_before_8_0(facts: &Facts) -> bool {
    let major = facts
        .client
        .version
        .as_deref()
        .and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    facts.client.software == Software::OpenSsh && major.is_some_and(|major| major < 8)
}

fn conclusions(facts: &Facts) -> Vec<Conclusion> {
    let server = identification::server(facts.server.as_deref());
    let mut found = served(facts);
    for seen in &facts.symptoms {
        found.extend(too_many_keys(facts, seen));
        let claims = claims::of(seen.symptom).filter(|claims| applies(claims.when, facts));
        let causes = claims
            .flat_map(|claims| claims.causes)
            .filter(|(cause, _, _)| server.can_have(*cause));
        for &(cause, certainty, reason) in causes {
            if !found
                .iter()
                .any(|other| other.cause == cause && other.certainty <= certainty)
            {
                found.retain(|other| other.cause != cause);
                found.push(seen.conclusion(cause, certainty, reason));
            }
        }
    }
    if facts.by_words {
        // Unknown words prove nothing.
        for one in &mut found {
            one.certainty = Certainty::Possible;
        }
    }
    let found = by_paste(facts, found);
    strongest(found)
}

/// The messages of sshd itself beside the client.
fn served(facts: &Facts) -> Vec<Conclusion> {
    let reason = "sshd says so itself, in the log lines of this text";
    let served = facts.served.iter();
    served
        .map(|(cause, seen)| seen.conclusion(*cause, Certainty::Likely, reason))
        .collect()
}

/// Conclusions from the text beside the message: behind a forwarded port the backend is the first
/// suspect; a provider's server has no fault that only its administrator could repair.
fn by_paste(facts: &Facts, mut found: Vec<Conclusion>) -> Vec<Conclusion> {
    const OF_PROVIDERS: &[CauseName] = &[
        CauseName::MiddleboxReset,
        CauseName::ProxyFailed,
        CauseName::FirewallRejects,
        CauseName::MaxStartups,
    ];
    let ended = facts.saw(Symptom::Closed) || facts.saw(Symptom::Reset);
    let early = ended
        && facts.reached < Reached::Identified
        && found.iter().all(|one| one.certainty == Certainty::Possible);
    if early && provider(facts).is_some() {
        let seen = facts
            .symptoms
            .iter()
            .find(|seen| matches!(seen.symptom, Symptom::Closed | Symptom::Reset));
        found.retain(|one| OF_PROVIDERS.contains(&one.cause));
        let reason = "a proxy, a VPN or a firewall on the path ends connections to port 22";
        if let Some(seen) = seen.filter(|_| {
            !found
                .iter()
                .any(|one| one.cause == CauseName::MiddleboxReset)
        }) {
            found.push(seen.conclusion(CauseName::MiddleboxReset, Certainty::Possible, reason));
        }
        for one in found
            .iter_mut()
            .filter(|one| one.cause == CauseName::MaxStartups)
        {
            one.reason = "the provider may limit the connections of one address";
        }
        found.sort_by_key(|one| OF_PROVIDERS.iter().position(|cause| *cause == one.cause));
    } else if early && (is_forwarded(facts) || has_other_port(facts)) {
        let first = if facts.port.is_some_and(is_of_another_protocol) {
            CauseName::WrongService
        } else {
            CauseName::DeadBackend
        };
        found.sort_by_key(|one| one.cause != first);
    } else if greets_as_another_service(facts) {
        found.sort_by_key(|one| one.cause != CauseName::WrongService);
    }
    found
}

/// Whether the text that came instead of an identification is the greeting of another service.
fn greets_as_another_service(facts: &Facts) -> bool {
    const WORDS: [&str; 8] = [
        "login:",
        "username:",
        "user name:",
        "ftp",
        "smtp",
        "telnet",
        "bbs",
        "fido",
    ];
    let texts = facts
        .symptoms
        .iter()
        .filter(|seen| seen.symptom == Symptom::TextOther);
    texts
        .map(|seen| seen.text.to_lowercase())
        .any(|text| WORDS.iter().any(|word| text.contains(word)))
}

/// Removes what is only possible if something is likely.
fn strongest(mut found: Vec<Conclusion>) -> Vec<Conclusion> {
    found.sort_by_key(|conclusion| conclusion.certainty);
    let certain = found
        .first()
        .is_some_and(|first| first.certainty < Certainty::Possible);
    found.retain(|conclusion| {
        !certain || conclusion.certainty < Certainty::Possible || is_twin(conclusion.cause)
    });
    found
}

/// Causes listed beside a more likely one because both give the same text.
fn is_twin(cause: CauseName) -> bool {
    cause == CauseName::PerSourceMaxStartups
}

fn applies(when: When, facts: &Facts) -> bool {
    let direct = facts.proxy.is_none() || facts.through;
    let silent = facts.reached < Reached::Identified && direct && !told(facts);
    match when {
        When::Always => true,
        When::Direct => direct,
        When::Own => !facts.piped || facts.through,
        When::Hop => facts.piped && !facts.through,
        When::Piped => {
            facts.proxy.is_some() && facts.reached < Reached::Identified && !works_so_far(facts)
        }
        When::Carried => !direct && facts.reached < Reached::Identified,
        When::Untold => !told(facts),
        When::Rejected => facts.saw(Symptom::HostKeyRejected),
        When::Asked => asks(facts),
        When::Unidentified => silent,
        When::Unseen => silent && !shows_text(facts),
        When::Seen => silent && shows_text(facts),
        When::Proxied => facts.reached < Reached::Identified && !direct && !told(facts),
        When::Wordless => {
            facts.reached < Reached::Encrypted
                && gets_no_word(facts.client.software)
                && !told(facts)
        }
        When::Fake => silent && is_fake(facts),
        When::Misdirected => silent && facts.port.is_some_and(is_of_another_protocol),
        When::Answered => (Reached::Identified..Reached::Encrypted).contains(&facts.reached),
        When::Replying => facts.reached == Reached::KeyReply && !told(facts),
        When::Exchanging => {
            (Reached::Identified..Reached::Encrypted).contains(&facts.reached) && !told(facts)
        }
        When::LoggingIn => {
            (Reached::Encrypted..Reached::LoggedIn).contains(&facts.reached) && !told(facts)
        }
        When::LoggedIn => facts.reached == Reached::LoggedIn,
    }
}

/// Whether the last that is known is that ssh asks whether to trust the host key.
fn asks(facts: &Facts) -> bool {
    let asked = |seen: &Seen| seen.symptom == Symptom::HostKeyAsked;
    let answered = facts.last.contains("Permanently added ");
    facts.reached == Reached::KeyExchange && facts.symptoms.iter().all(asked) && !answered
}

/// Libraries that print a closed connection where OpenSSH names the algorithms.
fn gets_no_word(software: Software) -> bool {
    matches!(
        software,
        Software::Jsch
            | Software::Sshj
            | Software::Trilead
            | Software::Mina
            | Software::SshNet
            | Software::Phpseclib
    )
}

/// Whether the jump host names the failure beyond it.
fn works_so_far(facts: &Facts) -> bool {
    let behind = [
        Symptom::BehindRefused,
        Symptom::BehindUnreachable,
        Symptom::BehindName,
        Symptom::BehindForbidden,
    ];
    behind.iter().any(|symptom| facts.saw(*symptom))
}

/// Whether the client shows a text that the server sends instead of an identification.
pub(super) fn shows_text(facts: &Facts) -> bool {
    match facts.client.software {
        Software::OpenSsh => facts.verbose,
        Software::PortTester => true,
        _ => false,
    }
}

/// Whether another message says why the connection was closed.
pub(super) fn told(facts: &Facts) -> bool {
    const REASONS: &[Symptom] = &[
        Symptom::TextStartups,
        Symptom::TextNotAllowed,
        Symptom::TextTooMany,
        Symptom::TextOther,
        Symptom::NotSsh,
        Symptom::NotSshBytes,
        Symptom::Goodbye,
        Symptom::SessionLimit,
        Symptom::SubsystemFailed,
        Symptom::Unanswered,
        Symptom::RouteLost,
        Symptom::RefusedLate,
        Symptom::Aborted,
        Symptom::Forbidden,
        Symptom::ProxyError,
        Symptom::ForwardError,
        Symptom::BehindForbidden,
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
        Symptom::ForwardingFailed,
        Symptom::RemoteForwardingFailed,
        Symptom::ForwardingForbidden,
        Symptom::TooManyFailures,
        Symptom::Denied,
        Symptom::AccountRefused,
        Symptom::Booting,
        Symptom::TailnetRefused,
        Symptom::NameUnknown,
    ];
    let refused = facts.saw(Symptom::HostKeyAsked) && facts.saw(Symptom::HostKeyRejected);
    refused || REASONS.iter().any(|reason| facts.saw(*reason))
}

impl Seen {
    fn conclusion(
        &self,
        cause: CauseName,
        certainty: Certainty,
        reason: &'static str,
    ) -> Conclusion {
        let line = (self.line > 0).then_some(self.line);
        Conclusion {
            cause,
            certainty,
            reason,
            line,
            text: self.text.clone(),
        }
    }
}

/// The limit was reached by keys alone: the client must be changed.
fn too_many_keys(facts: &Facts, seen: &Seen) -> Option<Conclusion> {
    let certainty = if facts.keys_offered >= 2 {
        Certainty::Certain
    } else {
        Certainty::Likely
    };
    let reason = "the client offers more keys than the server lets it try";
    (seen.symptom == Symptom::TooManyFailures)
        .then(|| seen.conclusion(CauseName::TooManyKeys, certainty, reason))
}

fn exclusions(facts: &Facts, conclusions: &[Conclusion]) -> Vec<Exclusion> {
    let proxied = facts.proxy.is_some() && facts.reached < Reached::Identified;
    if facts.symptoms.is_empty() || facts.by_words || proxied || is_stage_unknown(facts) {
        return Vec::new();
    }
    let within = |from: &Reached, to: &Reached| (*from..=*to).contains(&facts.reached);
    let mut excluded: Vec<Exclusion> = EXCLUSIONS
        .iter()
        .filter(|(from, to, _)| within(from, to))
        .map(|(_, _, exclusion)| *exclusion)
        .collect();
    let banner = facts.saw(Symptom::BannerTimeout);
    let unconnected = [
        Symptom::Refused,
        Symptom::NoRoute,
        Symptom::Unreachable,
        Symptom::ConnectTimeout,
    ];
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
    excluded.retain(|exclusion| {
        !conclusions
            .iter()
            .any(|found| exclusion.causes.contains(&found.cause))
    });
    excluded
}
