//! After `sshmend fix fail2ban --ignore`: what else still blocks the addresses.

use sshmend_diagnose::{Finding, Inquiry};
use sshmend_facts::{Question, Server, Vantage};
use sshmend_fail2ban::{Address, Network};
use sshmend_lossless::Snapshot;
use sshmend_plan::Notice;
use sshmend_ssh_log::CauseName;

use crate::session::Session;

/// The number of addresses to check afterwards.
const ASKED: usize = 3;

/// Causes other than fail2ban that reject a client before sshd sees it.
const OTHER_BANS: [CauseName; 6] = [
    CauseName::BannedByOther,
    CauseName::FirewallRejects,
    CauseName::HostsAccessDenied,
    CauseName::HostsAccessOptionInvalid,
    CauseName::HostsDenyMalformed,
    CauseName::HostsDenyOwned,
];

/// Reports what still blocks the addresses after the exemption.
///
/// Checks the machine as it is now: an exemption in fail2ban lifts only the bans of fail2ban.
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
            "; mend: `{}`",
            crate::output::words::shell(&session.command_of(&remedy.wish))
        )
    });
    let text = format!(
        "{client} is still blocked, but not by fail2ban: {} ({}){}",
        finding.summary,
        finding.cause,
        mend.unwrap_or_default()
    );
    Notice::new("still-banned", text)
}
