//! The evidence of our own connections, for causes visible from the client.

use std::net::SocketAddr;

use sshmend_facts::{Facts, Reply};

use crate::finding::Finding;
use crate::proof::{Certainty, Fact};
use crate::verdict::Verdict;

/// The replies that indicate a cause.
pub(crate) struct ProbeEvidence {
    pub(crate) hits: Vec<(SocketAddr, Reply)>,
    /// The number of all replies.
    pub(crate) all: usize,
}

/// Looks for replies that indicate a cause. If one address works up to the key exchange, the client
/// gets through there, and failures at other addresses are `address-family`.
pub(crate) fn probe_evidence(
    facts: &Facts<'_>,
    verdict: &mut Verdict,
    speaks: fn(&Reply) -> bool,
) -> Option<ProbeEvidence> {
    let tried = facts.tried();
    let replies = || {
        tried.iter().flat_map(|tried| {
            tried
                .replies
                .iter()
                .map(move |reply| (tried.to, reply.clone()))
        })
    };
    if let Some((to, reply)) = replies().find(|(_, reply)| matches!(reply, Reply::Works(_))) {
        verdict.exclude(Fact::Connection, format!("{to} {}", reply.text()));
        let chance = replies().any(|(at, reply)| at == to && speaks(&reply));
        if !chance {
            return None;
        }
    }
    let hits: Vec<_> = replies().filter(|(_, reply)| speaks(reply)).collect();
    (!hits.is_empty()).then(|| ProbeEvidence {
        hits,
        all: replies().count(),
    })
}

impl ProbeEvidence {
    /// Whether all connections ended like that.
    pub(crate) fn always(&self) -> bool {
        self.hits.len() == self.all
    }

    /// Whether a connection ended like that.
    pub(crate) fn any(&self, ended: impl Fn(&Reply) -> bool) -> bool {
        self.hits.iter().any(|(_, reply)| ended(reply))
    }

    /// `3 of 5 connections`.
    pub(crate) fn share(&self) -> String {
        share(self.hits.len(), self.all)
    }

    /// Adds the finding, with the replies as evidence, equal ones together.
    pub(crate) fn report<'v>(
        &self,
        verdict: &'v mut Verdict,
        certainty: Certainty,
        what: impl Into<String>,
    ) -> &'v mut Finding {
        let finding = verdict.find(certainty, what);
        for (at, hit) in self.hits.iter().enumerate() {
            if self.hits[..at].contains(hit) {
                continue;
            }
            let times = self.hits.iter().filter(|other| *other == hit).count();
            let (to, reply) = hit;
            let often = if self.all > 1 {
                format!(" ({})", share(times, self.all))
            } else {
                String::new()
            };
            finding.shown_by(
                format!("connection to {to}"),
                format!("{}{often}", reply.text()),
            );
        }
        finding
    }
}

fn share(some: usize, all: usize) -> String {
    let noun = if all == 1 {
        "connection"
    } else {
        "connections"
    };
    format!("{some} of {all} {noun}")
}

/// Adds the finding `what`, which is possible, if each connection was closed at once.
pub(crate) fn always_closed_at_once(facts: &Facts<'_>, verdict: &mut Verdict, what: &str) {
    let closed = |reply: &Reply| matches!(reply, Reply::ClosedAtOnce { .. });
    if let Some(replied) = probe_evidence(facts, verdict, closed) {
        if replied.always() {
            ask_the_server(replied.report(verdict, Certainty::Possible, what));
        }
    }
}

/// Whether nothing was connected: what a firewall or a ban does.
pub(crate) fn is_turned_away(reply: &Reply) -> bool {
    matches!(
        reply,
        Reply::Refused | Reply::Unreachable | Reply::Unanswered
    )
}

/// Adds the step to diagnose at the server, which alone knows more.
pub(crate) fn ask_the_server(finding: &mut Finding) {
    finding.step("ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`");
}
