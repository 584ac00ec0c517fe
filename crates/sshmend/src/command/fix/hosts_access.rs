//! `sshmend fix hosts-access`: a rule where it wins, and the tables mended.

use sshmend_hosts_access::Wanted;
use sshmend_plan::{HostsAccessWish, Plan, hosts_access, hosts_access_wants};

use crate::cli::FixHostsAccess;
use crate::error::Failure;
use crate::session::Session;

/// Plans what is wanted of hosts.allow and hosts.deny.
pub(super) fn plan(session: &Session, arguments: &FixHostsAccess) -> Result<Plan, Failure> {
    let wish = HostsAccessWish {
        patterns: arguments.allow.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?,
        daemon: arguments.daemon.clone(),
        remove_deny: arguments.remove_deny,
        person: &session.person(),
    };
    let snapshot = session.capture(hosts_access_wants);
    hosts_access(&snapshot, &wish).map_err(|refusal| Failure::from_refusal(&refusal))
}

fn pattern(text: &str) -> Result<Wanted, Failure> {
    Wanted::parse(text).map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))
}
