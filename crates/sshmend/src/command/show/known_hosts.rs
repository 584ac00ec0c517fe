//! `sshmend show known-hosts`: the entries that ssh would find for a host.

use std::fmt::Write as _;
use std::net::Ipv6Addr;
use std::path::Path;

use sshmend_known_hosts::{Found, LookedUp, Lookup, Marker, Reason, UnreadFile};
use sshmend_lossless::Snapshot;
use sshmend_plan::{KnownHostsOf, KnownHostsWish};

use super::shown::{Shown, whole};
use crate::cli::ShowKnownHosts;
use crate::error::Failure;
use crate::json::effective::{Entry, Format, Skipped, Unread};
use crate::output::escape::line;
use crate::output::{Output, Role};
use crate::session::Session;

/// Looks the host up in the files that ssh would read. If one of them could not be read, the
/// failure is returned with what the others hold.
pub(super) fn show(
    session: &Session,
    arguments: &ShowKnownHosts,
) -> Result<(Shown<'static>, Option<Failure>), Failure> {
    let of = KnownHostsOf {
        host: arguments.host.clone(),
        files: arguments
            .files
            .iter()
            .map(|file| session.path(file))
            .collect(),
        offline: true,
        ..KnownHostsOf::default()
    };
    let wish = KnownHostsWish::of(&of, &session.context())
        .map_err(|refusal| Failure::from_refusal_to_show(&refusal))?;
    let mut snapshot = Snapshot::default();
    let looked_up = session.look(&mut snapshot, |seen| wish.look_up(seen));
    let (names, found) = looked_up.map_err(|refusal| Failure::from_refusal_to_show(&refusal))?;
    if let Some(reason) = wish.config_trouble(&snapshot) {
        session.output.status(&format!(
            "note: {reason}; the host was looked up as written"
        ));
    }
    let host = names
        .first()
        .map(|name| name.as_str().to_owned())
        .unwrap_or_default();
    if found.lookups.iter().all(|lookup| lookup.found.is_empty()) {
        say_how_it_was_read(session, &arguments.host);
    }
    let format = format(host, &found);
    let text = text(&session.output, &format);
    Ok(((format, whole(text)), failure(&found.unread)))
}

/// `::1:22` is an address of its own; whoever meant a port has to write brackets, as for ssh.
fn say_how_it_was_read(session: &Session, host: &str) {
    let Some((address, port)) = host.rsplit_once(':') else {
        return;
    };
    let is_address = |text: &str| text.parse::<Ipv6Addr>().is_ok();
    if is_address(host) && is_address(address) && port.parse::<u16>().is_ok() {
        session.output.status(&format!(
            "note: {} is one address; with a port it is [{address}]:{port}",
            line(host)
        ));
    }
}

fn format(host: String, found: &LookedUp) -> Format {
    let files = found.paths.iter().zip(&found.lookups);
    let entries = files
        .clone()
        .flat_map(|(path, lookup)| lookup.found.iter().map(|found| entry(path, found)));
    let skipped = files.flat_map(|(path, lookup)| skipped(path, lookup));
    let unread = found.unread.iter();
    let unread = unread.map(|file| Unread {
        path: file.path.display().to_string(),
        reason: file.why.to_string(),
    });
    Format::KnownHosts {
        host,
        entries: entries.collect(),
        skipped: skipped.collect(),
        unread: unread.collect(),
    }
}

fn entry(path: &Path, found: &Found) -> Entry {
    Entry {
        path: path.display().to_string(),
        line: found.line,
        marker: found.marker.map(Marker::as_str),
        key_type: found.key.key_type().name().to_owned(),
        fingerprint: found.key.fingerprint().to_string(),
        hashed: found.is_hashed(),
        names: found
            .matches
            .iter()
            .map(|found| found.name.as_str().to_owned())
            .collect(),
        wildcard: found.is_by_wildcard(),
        without_port: found.is_without_port(),
    }
}

/// Reports a line that was skipped for several names only once.
fn skipped(path: &Path, lookup: &Lookup) -> impl Iterator<Item = Skipped> + use<> {
    let mut told = Vec::new();
    for passed in &lookup.passed_over {
        if !told.contains(&(passed.line, passed.reason)) {
            told.push((passed.line, passed.reason));
        }
    }
    let path = path.display().to_string();
    told.into_iter().map(move |(line, reason)| {
        let reason = match reason {
            Reason::Negated(_) => "a negated pattern excludes the name".to_owned(),
            Reason::UnreadableKey(_, fault) => fault.to_string(),
            Reason::Ignored(ignored) => ignored.to_string(),
            Reason::NotAsked => {
                "it is for the host without its port, which ssh uses only if no key is known with it".to_owned()
            }
        };
        Skipped { path: path.clone(), line, reason }
    })
}

fn failure(unread: &[UnreadFile]) -> Option<Failure> {
    let first = unread.first()?;
    let told: Vec<String> = unread
        .iter()
        .map(|file| format!("{}: {}", file.path.display(), file.why))
        .collect();
    Some(Failure::trouble(told.join("; ")).with_hint(first.why.hint()))
}

fn text(output: &Output, format: &Format) -> String {
    let Format::KnownHosts {
        host,
        entries,
        skipped,
        unread,
    } = format
    else {
        return String::new();
    };
    let mut text = String::new();
    let place = |path: &str, line: usize| output.quote(Role::Dim, &format!("{path}:{line}"));
    for entry in entries {
        let marker = entry
            .marker
            .map(|marker| format!("{marker} "))
            .unwrap_or_default();
        let (place, kind) = (place(&entry.path, entry.line), &entry.key_type);
        let key = output.paint(Role::Title, &entry.fingerprint);
        writeln!(text, "{place}: {marker}{kind} {key}{}", how(entry)).expect("memory");
    }
    for line in skipped {
        writeln!(
            text,
            "{}: skipped: {}",
            place(&line.path, line.line),
            line.reason
        )
        .expect("memory");
    }
    if entries.is_empty() && unread.is_empty() {
        writeln!(text, "{}: no key is known", output.quote(Role::Title, host)).expect("memory");
    }
    text
}

/// How the line matches, if it does not simply contain the name.
fn how(entry: &Entry) -> String {
    let revoked = Some(Marker::Revoked.as_str());
    let marks = [
        (entry.hashed, "hashed"),
        (entry.wildcard, "matches by a wildcard"),
        (
            entry.without_port && entry.marker != revoked,
            "for the host without its port: ssh can accept a key by it, but never refuses one",
        ),
        (
            entry.without_port && entry.marker == revoked,
            "for the host without its port",
        ),
    ];
    let marks: Vec<&str> = marks
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, mark)| mark)
        .collect();
    if marks.is_empty() {
        String::new()
    } else {
        format!(" ({})", marks.join("; "))
    }
}
