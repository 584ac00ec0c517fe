//! `sshmend fix fail2ban`: an exemption that lasts, and the ban lifted now; or the named lines mended.

use std::time::Duration;

use jiff::Timestamp;
use sshmend_diagnose::{Finding, Inquiry};
use sshmend_facts::{Question, Server, Vantage};
use sshmend_fail2ban::{Address, Network, Parsed};
use sshmend_host::now;
use sshmend_lossless::{Origin, Snapshot};
use sshmend_plan::{
    Fail2banWish, Notice, Plan, Refusal, fail2ban, fail2ban_mend, fail2ban_retire,
    fail2ban_unignore,
};
use sshmend_ssh_log::CauseName;

use crate::error::Failure;
use crate::output::times::future;
use crate::session::Session;

/// How many addresses are asked about afterwards.
const ASKED: usize = 3;

/// What turns a client away before sshd sees it, beside fail2ban.
const OTHER_BANS: [CauseName; 6] = [
    CauseName::BannedByOther,
    CauseName::FirewallRejects,
    CauseName::HostsAccessDenied,
    CauseName::HostsAccessOptionInvalid,
    CauseName::HostsDenyMalformed,
    CauseName::HostsDenyOwned,
];

/// Plans that these jails ignore the addresses, and the end of their bans; a timer takes back what is to end.
pub(super) fn ignore(
    session: &Session,
    addresses: &[String],
    jails: &[String],
    until: Option<&str>,
) -> Result<Plan, Failure> {
    let now = now();
    let until = until.map(|text| future(text, now)).transpose()?;
    let plan = exempt(session, addresses, jails, until)?;
    Ok(match until.filter(|_| session.machine.is_live()) {
        Some(until) if !plan.changes_nothing() => for_a_while(plan, until, now),
        _ => plan,
    })
}

/// The same; an end is written beside the addresses, and nothing takes them back then.
pub(crate) fn exempt(
    session: &Session,
    addresses: &[String],
    jails: &[String],
    until: Option<Timestamp>,
) -> Result<Plan, Failure> {
    let live = session.machine.is_live();
    let wish = Fail2banWish {
        addresses: addresses
            .iter()
            .map(|text| address(text))
            .collect::<Result<_, _>>()?,
        jails: jails.to_vec(),
        until,
        now: now(),
        live,
    };
    plan(session, |seen| fail2ban(seen, &wish))
}

/// Plans that exemptions end whose recorded end has passed.
pub(crate) fn retire(session: &Session) -> Result<Plan, Failure> {
    let live = session.machine.is_live();
    plan(session, |seen| fail2ban_retire(seen, live, now()))
}

/// Plans that these jails exempt an address no longer.
pub(crate) fn unignore(session: &Session, word: &str, jails: &[String]) -> Result<Plan, Failure> {
    let live = session.machine.is_live();
    let addresses = [address(word)?.address];
    plan(session, |seen| {
        fail2ban_unignore(seen, &addresses, jails, live, now())
    })
}

/// Plans the repair of these lines; without lines, says which could be mended.
pub(super) fn mend(session: &Session, lines: &[Origin]) -> Result<Plan, Failure> {
    let live = session.machine.is_live();
    plan(session, |seen| fail2ban_mend(seen, lines, live, now()))
}

fn plan(
    session: &Session,
    judge: impl FnMut(&Snapshot) -> Result<Plan, Refusal>,
) -> Result<Plan, Failure> {
    let plan = session.look(&mut Snapshot::default(), judge);
    plan.map_err(|refusal| Failure::from_refusal(&refusal))
}

/// The mark beside the addresses says when they end; a timer ends them.
pub(crate) fn for_a_while(plan: Plan, until: Timestamp, now: Timestamp) -> Plan {
    match Duration::try_from(until.duration_since(now)) {
        Ok(time) => plan.for_a_while(time),
        Err(_) => plan,
    }
}

fn address(text: &str) -> Result<Parsed, Failure> {
    Address::parse(text)
        .map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))
}

/// What still turns the addresses away after the exemption, because somebody else banned them.
///
/// Asked of the machine as it is now: an exemption of fail2ban lifts only what fail2ban banned.
pub(super) fn still_banned(session: &Session, addresses: &[String]) -> Vec<Notice> {
    if !session.machine.is_live() || !session.is_root() {
        return Vec::new();
    }
    let addresses = addresses.iter().filter_map(|text| single(text)).take(ASKED);
    addresses
        .flat_map(|client| still_bans(session, client))
        .collect()
}

fn single(text: &str) -> Option<Network> {
    match Address::parse(text).ok()?.address {
        Address::Network(network) if network.is_single() => Some(network),
        Address::Network(_) | Address::Name(_) => None,
    }
}

fn still_bans(session: &Session, client: Network) -> Vec<Notice> {
    let server = Server {
        client: Some(client.address()),
        ..Server::default()
    };
    let question = Question {
        vantage: Vantage::Server(server),
        ..session.question()
    };
    let mut inquiry = Inquiry::new(&question);
    let diagnosis = session.look(&mut Snapshot::default(), |seen| inquiry.conclude(seen));
    let others = diagnosis.findings.iter().filter(|finding| bans(finding));
    others
        .map(|finding| still_banned_by(session, client, finding))
        .collect()
}

fn bans(finding: &Finding) -> bool {
    finding.certainty.is_certain() && OTHER_BANS.contains(&finding.cause)
}

fn still_banned_by(session: &Session, client: Network, finding: &Finding) -> Notice {
    let mend = finding.remedy.as_ref().map(|remedy| {
        format!(
            "; mend: {}",
            crate::output::words::shell(&session.command_of(&remedy.wish))
        )
    });
    let text = format!(
        "{client} is still turned away, and not by fail2ban: {} ({}){}",
        finding.summary,
        finding.cause,
        mend.unwrap_or_default()
    );
    Notice {
        name: "still-banned".to_owned(),
        text,
        origin: None,
    }
}
