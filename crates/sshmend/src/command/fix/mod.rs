//! `sshmend fix …`: a wish becomes a plan, and the plan is carried out.

mod fail2ban;
mod hosts_access;
mod known_hosts;
mod sshd_config;

use crate::cli::{Fix, What};
use crate::error::{Failure, Outcome};
use crate::session::Session;

/// Mends what was asked for.
pub(crate) fn run(session: Session, arguments: &Fix) -> Result<Outcome, Failure> {
    match &arguments.what {
        What::KnownHosts(wish) => known_hosts::fix(session, wish, &arguments.apply),
        What::SshdConfig(wish) => sshd_config::fix(&session, wish, &arguments.apply),
        What::HostsAccess(wish) => hosts_access::fix(&session, wish, &arguments.apply),
        What::Fail2ban(wish) => fail2ban::fix(&session, wish, &arguments.apply),
    }
}
