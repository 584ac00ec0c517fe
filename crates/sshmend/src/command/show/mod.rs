//! `sshmend show …`: prints the models.

mod fail2ban;
mod hosts_access;
mod known_hosts;
mod shown;
mod sshd_config;

use crate::cli::Show;
use crate::error::{Failure, Outcome};
use crate::json::effective::Effective;
use crate::session::Session;

/// Shows one part of the machine.
pub(crate) fn run(session: &Session, what: &Show) -> Result<Outcome, Failure> {
    let ((format, text), unread) = match what {
        Show::KnownHosts(arguments) => known_hosts::show(session, arguments)?,
        Show::HostsAccess(arguments) => hosts_access::show(session, arguments),
        Show::SshdConfig(arguments) => sshd_config::show(session, arguments)?,
        Show::Fail2ban(arguments) => fail2ban::show(session, arguments)?,
    };
    let printed = if session.output.is_json() {
        let error = unread.as_ref().map(Failure::trouble_json);
        session.output.json(&Effective::new(format, error))
    } else {
        session.output.pieces(text)
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))?;
    // What is known is shown, but the exit code reports that it is incomplete.
    unread.map_or(Ok(Outcome::Fine), Err)
}
