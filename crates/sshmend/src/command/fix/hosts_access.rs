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
    let patterns = patterns
        .iter()
        .map(|text| pattern(text))
        .collect::<Result<_, _>>()?;
    let order = HostsAccessOrder::Allow {
        patterns,
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
pub(super) fn mend(session: &Session, lines: &[String], daemon: &str) -> Result<Plan, Failure> {
    let lines: Vec<Origin> = lines
        .iter()
        .map(|text| line(session, text))
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
