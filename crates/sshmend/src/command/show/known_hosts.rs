//! `sshmend show known-hosts`: the entries that ssh would find for a host.

use sshmend_known_hosts::{Destination, KnownHosts, Target};
use sshmend_lossless::{Request, Snapshot};

use super::Shown;
use crate::cli::ShowKnownHosts;
use crate::error::Failure;
use crate::json::effective::{Entry, Format};
use crate::output::{Output, Role};
use crate::session::Session;

/// Looks the host up in the files that ssh would read.
pub(super) fn show(session: &Session, arguments: &ShowKnownHosts) -> Result<Shown, Failure> {
    let destination = Destination::parse(&arguments.host)
        .map_err(|error| Failure::caused("cannot look it up", &error).with_hint(error.hint()))?;
    let wish = crate::command::known_hosts::wish(session, destination, &arguments.files);
    let snapshot = session.capture(|snapshot| wants(snapshot, &wish));
    let target = wish.target(&snapshot);
    let entries = entries(&snapshot, &target);
    let host = target.names(&snapshot).first().map(|name| name.as_str().to_owned()).unwrap_or_default();
    let text = text(&session.output, &host, &entries);
    Ok((Format::KnownHosts { host, entries }, text))
}

/// As for a change, but nobody's server is asked for its keys.
fn wants(snapshot: &Snapshot, wish: &sshmend_plan::KnownHostsWish) -> Vec<Request> {
    let scan = wish.target(snapshot).keyscan().map(Request::Run);
    let mut wanted = wish.wants(snapshot);
    wanted.retain(|request| Some(request) != scan.as_ref());
    wanted
}

fn entries(snapshot: &Snapshot, target: &Target) -> Vec<Entry> {
    let names = target.names(snapshot);
    let mut entries = Vec::new();
    for path in target.files() {
        let Some(image) = snapshot.file(path) else { continue };
        let found = KnownHosts::parse(&image.bytes).find(&names).found;
        entries.extend(found.iter().map(|found| Entry {
            path: path.display().to_string(),
            line: found.line,
            marker: found.marker.map(sshmend_known_hosts::Marker::as_str),
            key_type: found.key.key_type().name().to_owned(),
            fingerprint: found.key.fingerprint().to_string(),
            hashed: found.is_hashed(),
        }));
    }
    entries
}

fn text(output: &Output, host: &str, entries: &[Entry]) -> String {
    if entries.is_empty() {
        return format!("{}: no key is known\n", output.quote(Role::Title, host));
    }
    entries.iter().fold(String::new(), |mut text, entry| {
        let place = output.quote(Role::Dim, &format!("{}:{}", entry.path, entry.line));
        let marker = entry.marker.map(|marker| format!("{marker} ")).unwrap_or_default();
        let hashed = if entry.hashed { " (hashed)" } else { "" };
        let (kind, key) = (&entry.key_type, output.paint(Role::Title, &entry.fingerprint));
        text.push_str(&format!("{place}: {marker}{kind} {key}{hashed}\n"));
        text
    })
}
