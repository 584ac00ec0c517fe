//! `sshmend fix hosts-access`: a rule where it wins, or the lines mended that are named.

use std::path::Path;

use sshmend_hosts_access::{HOSTS_ALLOW, HOSTS_DENY, Wanted};
use sshmend_lossless::Origin;
use sshmend_plan::{HostsAccessOrder, HostsAccessWish, Plan, hosts_access, hosts_access_wants};

use crate::cli::FixHostsAccess;
use crate::error::Failure;
use crate::output::words::shell;
use crate::session::Session;

/// Plans what is wanted of hosts.allow and hosts.deny.
pub(super) fn plan(session: &Session, arguments: &FixHostsAccess) -> Result<Plan, Failure> {
    let flags = shell(&session.command(&[]));
    let wish = HostsAccessWish {
        order: order(session, arguments)?,
        daemon: arguments.daemon.clone(),
        person: &session.person(),
        flags: flags.strip_prefix("sshmend").unwrap_or_default().to_owned(),
    };
    let live = session.machine.is_live();
    let snapshot = session.capture(|snapshot| hosts_access_wants(snapshot, live));
    hosts_access(&snapshot, &wish).map_err(|refusal| Failure::from_refusal(&refusal))
}

fn order(session: &Session, arguments: &FixHostsAccess) -> Result<HostsAccessOrder, Failure> {
    let patterns = arguments
        .allow
        .iter()
        .map(|text| pattern(text))
        .collect::<Result<Vec<_>, _>>()?;
    let lines = arguments
        .mend
        .iter()
        .flatten()
        .map(|text| line(session, text))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(match (patterns.is_empty(), lines.is_empty()) {
        (false, _) => HostsAccessOrder::Allow {
            patterns,
            remove_deny: arguments.remove_deny,
        },
        (true, false) => HostsAccessOrder::Mend(lines),
        (true, true) => HostsAccessOrder::List,
    })
}

fn pattern(text: &str) -> Result<Wanted, Failure> {
    Wanted::parse(text).map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))
}

/// Reads `FILE:LINE`; the file may be named by its path, by that below `--root`, or by its name alone.
fn line(session: &Session, text: &str) -> Result<Origin, Failure> {
    let below_root = !session.machine.is_live();
    let named = |file: &str| {
        let is = |path: &&str| {
            let name = path.strip_prefix("/etc/").unwrap_or(path);
            file == *path
                || file == name
                || (below_root && Path::new(file).ends_with(path.trim_start_matches('/')))
        };
        [HOSTS_ALLOW, HOSTS_DENY].into_iter().find(is)
    };
    let origin = text.rsplit_once(':').and_then(|(file, line)| {
        let line = line.parse().ok().filter(|&line| line > 0)?;
        Some(Origin::new(named(file)?, line))
    });
    origin.ok_or_else(|| {
        let message = format!("`{text}` does not name a line of hosts.allow or hosts.deny");
        Failure::trouble(message).with_hint(format!(
            "write it as {HOSTS_DENY}:3; --mend without lines lists them"
        ))
    })
}
