//! `sshmend fix hosts-access`: a rule where it wins, or the lines mended that are named.

use std::path::Path;

use sshmend_hosts_access::{HOSTS_ALLOW, HOSTS_DENY, Wanted};
use sshmend_lossless::{Origin, Snapshot};
use sshmend_plan::{HostsAccessOrder, HostsAccessWish, Plan, hosts_access};

use crate::error::Failure;
use crate::output::words::shell;
use crate::session::Session;

/// Plans a rule for each pattern, where it wins.
pub(super) fn allow(
    session: &Session,
    patterns: &[String],
    remove_deny: bool,
    daemon: &str,
) -> Result<Plan, Failure> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for text in patterns {
        let pattern = pattern(text)?;
        // With and without brackets it is one network.
        if !wanted.iter().any(|one| one.word() == pattern.word()) {
            wanted.push(pattern);
        }
    }
    let order = HostsAccessOrder::Allow {
        patterns: wanted,
        remove_deny,
    };
    plan(session, order, daemon)
}

/// Plans that the rules go that let exactly this client in.
pub(crate) fn withdraw(session: &Session, pattern: &str, daemon: &str) -> Result<Plan, Failure> {
    let order = HostsAccessOrder::Withdraw(vec![self::pattern(pattern)?]);
    plan(session, order, daemon)
}

/// Plans the repair of these lines; without lines, says which could be mended.
pub(super) fn mend(session: &Session, lines: &[Origin], daemon: &str) -> Result<Plan, Failure> {
    let lines: Vec<Origin> = lines
        .iter()
        .map(|named| line(session, named))
        .collect::<Result<_, _>>()?;
    let order = if lines.is_empty() {
        HostsAccessOrder::List
    } else {
        HostsAccessOrder::Mend(lines)
    };
    plan(session, order, daemon)
}

fn plan(session: &Session, order: HostsAccessOrder, daemon: &str) -> Result<Plan, Failure> {
    let flags = shell(&session.command(&[]));
    let wish = HostsAccessWish {
        order,
        daemon: daemon.to_owned(),
        person: &session.person(),
        flags: flags.strip_prefix("sshmend").unwrap_or_default().to_owned(),
        live: session.machine.is_live(),
    };
    let plan = session.look(&mut Snapshot::default(), |seen| hosts_access(seen, &wish));
    plan.map_err(|refusal| Failure::from_refusal(&refusal))
}

fn pattern(text: &str) -> Result<Wanted, Failure> {
    Wanted::parse(text).map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))
}

/// A line of one of the two tables, which may be named by its path, by that below `--root`, or by its name alone.
fn line(session: &Session, named: &Origin) -> Result<Origin, Failure> {
    let below_root = !session.machine.is_live();
    let is_meant = |table: &&str| {
        let name = table.trim_start_matches("/etc/");
        named.path == Path::new(table)
            || named.path == Path::new(name)
            || (below_root && named.path.ends_with(table.trim_start_matches('/')))
    };
    let table = [HOSTS_ALLOW, HOSTS_DENY].into_iter().find(is_meant);
    let table = table.ok_or_else(|| {
        let message = format!("`{named}` does not name a line of hosts.allow or hosts.deny");
        Failure::trouble(message).with_hint(format!(
            "write it as {HOSTS_DENY}:3; --mend without lines lists them"
        ))
    })?;
    Ok(Origin::new(table, named.line))
}
