//! `sshmend show hosts-access`: whether TCP wrappers allow a client, and by which rule.

use sshmend_hosts_access::{Access, Client, Excerpt, Linkage, Name, Need, Verdict, linkage};
use sshmend_lossless::Snapshot;

use super::shown::{Shown, whole};
use crate::cli::ShowHostsAccess;
use crate::error::Failure;
use crate::json::effective::Format;
use crate::output::Role;
use crate::session::Session;

/// Evaluates the tables for the client; the failure names the file that would have to be read for
/// an answer.
pub(super) fn show(
    session: &Session,
    arguments: &ShowHostsAccess,
) -> (Shown<'static>, Option<Failure>) {
    let client = client(arguments);
    // Look for the program first: each of its rounds would read the tables again.
    let mut snapshot = Snapshot::default();
    let linkage = session.look(&mut snapshot, linkage);
    let excerpt = session.look(&mut snapshot, |seen| Excerpt::read(seen, &client));
    let verdict = excerpt.evaluate();
    let (access, role) = match verdict.access {
        Access::Granted => ("granted", Role::Good),
        Access::Denied => ("denied", Role::Bad),
        Access::Unknown => ("unknown", Role::Warning),
    };
    let output = &session.output;
    // If no rule matches, the reason states it.
    let place = verdict.origin.as_ref().map_or_else(String::new, |origin| {
        format!(" ({})", output.quote(Role::Dim, &origin.to_string()))
    });
    let rule = verdict
        .rule
        .as_deref()
        .map(|rule| format!("  {}\n", output.quote(Role::Title, rule)))
        .unwrap_or_default();
    let reason = crate::output::escape::line(&verdict.reason);
    let answer = format!(
        "{} at {}: {}{place}",
        arguments.client,
        client.daemon,
        output.paint(role, access),
    );
    let text = format!(
        "{}\n{rule}{}\n",
        output.fold(&answer),
        output.fold(&format!("  {reason}"))
    );
    let text = match &linkage {
        Linkage::NotLinked(program) => {
            format!(
                "{text}{}\n",
                output.fold(&format!(
                    "  {} is not linked with libwrap and never asks",
                    program.display()
                ))
            )
        }
        Linkage::Linked(_) | Linkage::Unknown(_) => text,
    };
    let failure = unread(&verdict, &snapshot);
    let format = Format::HostsAccess {
        client: arguments.client.to_string(),
        daemon: client.daemon,
        access,
        origin: verdict.origin.as_ref().map(Into::into),
        reason: verdict.reason,
        linked: match linkage {
            Linkage::Linked(_) => Some(true),
            Linkage::NotLinked(_) => Some(false),
            Linkage::Unknown(_) => None,
        },
    };
    ((format, whole(text)), failure)
}

/// The failure if there is no answer because of a file that could not be read.
fn unread(verdict: &Verdict, snapshot: &Snapshot) -> Option<Failure> {
    if verdict.access != Access::Unknown {
        return None;
    }
    let unread = verdict.doubts.iter().find_map(|doubt| match &doubt.need {
        Need::File(path) => Some((path, snapshot.read(path).err()?)),
        _ => None,
    });
    let (path, why) = unread?;
    let failure = Failure::trouble(format!("{} cannot be read: {why}", path.display()));
    Some(match why.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    })
}

fn client(arguments: &ShowHostsAccess) -> Client {
    let name = match &arguments.name {
        Some(name) => Name::Known(name.clone()),
        None if arguments.no_name => Name::None,
        None => Name::Unknown,
    };
    let client = Client::new(arguments.client)
        .named(name)
        .at(&arguments.daemon);
    Client {
        server_addr: arguments.server,
        ..client
    }
}
