//! A machine written as text, for tests: several files, links and command outputs in one string.
//!
//! ```text
//! //- /etc/ssh/sshd_config mode:0600 uid:0 gid:0
//! MaxStartups 10:30:100
//! //- /etc/ssh/gone dangling
//! //- /root/secret unreadable:Permission denied
//! //- /etc/bad unreadable:Input/output error
//! //- /run/sshd dir mode:0755 mtime:1790000000.25
//! //$ sshd -t => 255
//! stderr of the command
//! //$ systemctl is-active ssh => 0 stdout
//! active
//! //$ nft -j list ruleset => missing
//! //$ ssh -G -- server => hangs
//! //$ /usr/lib/openssh/sshd-session -V => signal
//! ```
//!
//! A file's content is the text between its header and the next one. A trailing backslash-newline
//! before the next header (`\` alone on the last line) means that the file has no final newline.
//! Parent directories are listed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::known::{Kind, Unread};
use crate::look::Meanwhile;
use crate::request::{CommandOutput, NotRun, Request, journalctl};
use crate::snapshot::{Entry, FileImage, Listed, Metadata, Snapshot};

/// Builds the snapshot that `text` describes, with every parent directory listed.
///
/// # Panics
/// On a malformed header: fixtures are written by hand, and a silent mistake would test nothing.
pub fn snapshot(text: &str) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let mut section: Option<(&str, String)> = None;
    for line in text.split_inclusive('\n') {
        if line.starts_with("//- ") || line.starts_with("//$ ") {
            finish(&mut snapshot, section.take());
            section = Some((line.trim_end(), String::new()));
        } else if let Some((_, body)) = &mut section {
            body.push_str(line);
        }
    }
    finish(&mut snapshot, section);
    list_parents(&mut snapshot);
    snapshot
}

/// Runs `judge` on a machine that consists of `machine` and nothing else; only its requests are
/// answered.
///
/// # Panics
/// If it dials or resolves: a fixture has no network.
pub fn look<T>(machine: &Snapshot, judge: impl FnMut(&Snapshot) -> T) -> T {
    Snapshot::default().fill(judge, |requests, seen, meanwhile| {
        answer_round(machine, requests, seen, meanwhile);
    })
}

/// Answers one round with what `machine` holds, the files first. Returns its requests, with those
/// that were foreseen meanwhile.
///
/// # Panics
/// If it dials or resolves: a fixture has no network.
pub fn answer_round(
    machine: &Snapshot,
    requests: &[Request],
    seen: &mut Snapshot,
    meanwhile: &mut Meanwhile<'_>,
) -> Vec<Request> {
    for request in requests.iter().filter(|request| request.is_for_files()) {
        answer(machine, request, seen);
    }
    let mut round = requests.to_vec();
    if !requests.iter().all(Request::is_for_files) {
        round.extend(meanwhile(seen));
    }
    for request in &round {
        answer(machine, request, seen);
    }
    round
}

/// Answers one request with what `machine` holds; one for metadata returns neither bytes nor names.
///
/// # Panics
/// If it dials or resolves: a fixture has no network.
pub fn answer(machine: &Snapshot, request: &Request, seen: &mut Snapshot) {
    let there = |path| machine.entry(path).cloned().unwrap_or(Entry::Missing);
    match request {
        Request::Read(path) | Request::Sift(path, _) => seen.insert(path, there(path)),
        Request::List(path) | Request::Stat(path) => {
            let entry = match (there(path), request) {
                (Entry::File(image), _) => Entry::Seen(image.meta),
                (Entry::Directory(_, meta), Request::Stat(_)) => Entry::Seen(meta),
                (entry, _) => entry,
            };
            seen.insert(path, entry);
        }
        Request::Run(argv) => {
            let said = machine.command(argv).unwrap_or(Err(&NotRun::Missing));
            seen.insert_command(argv.clone(), said.cloned().map_err(NotRun::clone));
        }
        Request::Feed(argv, stdin) => {
            let said = machine.command(argv).unwrap_or(Err(&NotRun::Missing));
            let said = said.cloned().map_err(NotRun::clone);
            seen.insert_fed(argv.clone(), stdin.clone(), said);
        }
        Request::Journal(words) => {
            seen.insert_command(journalctl(words), Err(NotRun::Missing));
        }
        Request::Resolve(_) | Request::Dial(_) => panic!("no network: {request:?}"),
    }
}

fn finish(snapshot: &mut Snapshot, section: Option<(&str, String)>) {
    let Some((header, body)) = section else {
        return;
    };
    match header.split_at(4) {
        ("//- ", rest) => add_entry(snapshot, rest, &body),
        (_, rest) => add_command(snapshot, rest, body),
    }
}

fn add_entry(snapshot: &mut Snapshot, header: &str, body: &str) {
    let (path, rest) = header.split_once(' ').unwrap_or((header, ""));
    let bytes = body
        .strip_suffix("\\\n")
        .map_or(body, |body| body.strip_suffix('\n').unwrap_or(body))
        .as_bytes();
    let mut meta = Metadata {
        mode: 0o644,
        links: 1,
        size: bytes.len() as u64,
        ..Metadata::default()
    };
    if let Some(reason) = rest.strip_prefix("unreadable:") {
        return snapshot.insert(path, Entry::Unreadable(unread(reason)));
    }
    let mut directory = false;
    for word in rest.split_whitespace() {
        match word.split_once(':') {
            Some(("mode", value)) => meta.mode = u32::from_str_radix(value, 8).expect("octal mode"),
            Some(("uid", value)) => meta.uid = value.parse().expect("uid"),
            Some(("gid", value)) => meta.gid = value.parse().expect("gid"),
            Some(("mtime", value)) => {
                let (seconds, nanos) = value.split_once('.').unwrap_or((value, "0"));
                meta.mtime = seconds.parse().expect("seconds since 1970");
                meta.mtime_nanos = format!("{nanos:0<9}").parse().expect("part of a second");
            }
            None if word == "dangling" => return snapshot.insert(path, Entry::Dangling),
            None if word == "missing" => return snapshot.insert(path, Entry::Missing),
            None if word == "dir" => directory = true,
            _ => panic!("fixture header: {word:?} in {header:?}"),
        }
    }
    if directory {
        meta.kind = Kind::Directory;
        return snapshot.insert(path, Entry::Directory(Vec::new(), meta));
    }
    let image = FileImage {
        bytes: bytes.to_vec().into(),
        meta,
        target: path.into(),
    };
    snapshot.insert(path, Entry::File(image));
}

fn unread(reason: &str) -> Unread {
    match reason {
        "Permission denied" => Unread::Denied,
        "loop" => Unread::Loop,
        "too long" => Unread::TooLong { mib: 64 },
        other => Unread::Failed(other.to_owned()),
    }
}

fn add_command(snapshot: &mut Snapshot, header: &str, body: String) {
    let (argv, outcome) = header
        .rsplit_once(" => ")
        .expect("a command header needs ` => CODE`");
    let argv = argv.split(' ').map(str::to_owned).collect();
    if outcome == "missing" {
        return snapshot.insert_command(argv, Err(NotRun::Missing));
    }
    if outcome == "hangs" {
        return snapshot.insert_command(
            argv,
            Err(NotRun::Failed("no answer within 20 s".to_owned())),
        );
    }
    let (code, stream) = outcome.split_once(' ').unwrap_or((outcome, ""));
    let code = (code != "signal").then(|| code.parse().expect("exit code"));
    let body = body.into_bytes();
    let (stdout, stderr) = if code == Some(0) || stream == "stdout" {
        (body, Vec::new())
    } else {
        (Vec::new(), body)
    };
    snapshot.insert_command(
        argv,
        Ok(CommandOutput {
            code,
            stdout,
            stderr,
        }),
    );
}

fn list_parents(snapshot: &mut Snapshot) {
    let mut names: BTreeMap<PathBuf, BTreeSet<Listed>> = BTreeMap::new();
    for (path, entry) in snapshot.paths() {
        if matches!(entry, Entry::Missing) {
            continue;
        }
        let mut directory = matches!(entry, Entry::Directory(..));
        let mut child = path;
        while let (Some(parent), Some(name)) = (child.parent(), child.file_name()) {
            names.entry(parent.to_owned()).or_default().insert(Listed {
                name: name.to_owned(),
                directory,
            });
            directory = true;
            child = parent;
        }
    }
    for (path, listed) in names {
        let meta = directory_meta(snapshot, &path);
        snapshot.insert(path, Entry::Directory(listed.into_iter().collect(), meta));
    }
}

fn directory_meta(snapshot: &Snapshot, path: &Path) -> Metadata {
    match snapshot.entry(path) {
        Some(Entry::Directory(_, meta)) => meta.clone(),
        _ => Metadata {
            kind: Kind::Directory,
            mode: 0o755,
            ..Metadata::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_commands_are_distinguished() {
        let seen = snapshot(
            "//- /etc/a mode:0600\none\n//- /etc/b\nno newline\n\\\n//$ sshd -t => 255\nbad\n//$ nft => missing\n",
        );
        let a = seen
            .read(Path::new("/etc/a"))
            .ok()
            .flatten()
            .expect("a file");
        assert_eq!((a.bytes.as_slice(), a.meta.mode), (&b"one\n"[..], 0o600));
        assert_eq!(
            seen.read(Path::new("/etc/b"))
                .ok()
                .flatten()
                .expect("a file")
                .bytes,
            b"no newline".to_vec().into()
        );
        let sshd = seen
            .command(&["sshd", "-t"])
            .expect("run")
            .expect("started");
        assert_eq!(
            (sshd.code, sshd.stderr.as_slice()),
            (Some(255), &b"bad\n"[..])
        );
        assert!(seen.command(&["nft"]).expect("asked").is_err());
        assert!(seen.command(&["never"]).is_none());
    }
}
