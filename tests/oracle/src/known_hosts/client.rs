//! `ssh` itself, with a throw-away `sshd` as its `ProxyCommand`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sshmend_known_hosts::{
    Destination, Found, HostKey, How, KeyStatus, KnownHosts, Lookup, Name, Pin, Place, Role,
    Target, judge,
};
use sshmend_lossless::{Entry, FileImage, Metadata, Snapshot, lines};

use super::excuse::excuse;
use super::generate::Generator;
use super::kit::Kit;
use crate::{Report, daemon};

/// Destinations by host and port.
const DESTINATIONS: [&str; 8] = [
    "h",
    "h:2222",
    "h:2222",
    "i",
    "192.0.2.7",
    "[2001:db8::1]:22",
    "fe80::1%lo",
    "[fe80::1%lo]:2222",
];

pub(super) fn compare(cases: u64, seed: u64) -> Report {
    let mut report = Report::default();
    let run = Kit::new().and_then(|kit| {
        let run = Run::new(&kit, seed)?;
        run.all(cases, &mut report)
    });
    if let Err(error) = run {
        report.leave_out("all", &format!("ssh and sshd: {error}"));
    }
    report
}

struct Run<'k> {
    kit: &'k Kit,
    generator: Generator<'k>,
    user: PathBuf,
    global: PathBuf,
}

impl<'k> Run<'k> {
    fn new(kit: &'k Kit, seed: u64) -> io::Result<Self> {
        let quiet = "LogLevel QUIET\nUsePAM no\nStrictModes no\nPidFile none\n";
        for (index, file) in kit.server_files().enumerate() {
            fs::write(
                kit.path().join(format!("sshd_{index}")),
                format!("{quiet}HostKey {}\n", file.display()),
            )?;
        }
        let keys: String = kit
            .server_files()
            .map(|file| format!("HostKey {}\n", file.display()))
            .collect();
        fs::write(kit.path().join("sshd_all"), format!("{quiet}{keys}"))?;
        let (user, global) = (kit.path().join("user"), kit.path().join("global"));
        Ok(Self {
            kit,
            generator: Generator::new(kit, seed),
            user,
            global,
        })
    }

    fn all(mut self, cases: u64, report: &mut Report) -> io::Result<()> {
        let keys = self.kit.server_keys();
        for case in 0..cases {
            let destination = DESTINATIONS[self.generator.random.usize(..DESTINATIONS.len())];
            let files = [self.generator.file(), self.generator.file()];
            let index = usize::try_from(case).unwrap_or_default() % keys.len();
            self.judged(report, destination, &files, &keys[index], index)?;
            if self.generator.random.u8(..4) == 0 {
                self.unread(report, destination, &files[1], &keys[index], index)?;
            }
            self.pinned(report, destination, &files, &keys)?;
            self.forgotten(report, destination, &files[0], &keys)?;
        }
        Ok(())
    }

    /// The server has one key: our prediction for it is what `ssh` does.
    fn judged(
        &self,
        report: &mut Report,
        destination: &str,
        files: &[Vec<u8>; 2],
        key: &HostKey,
        index: usize,
    ) -> io::Result<()> {
        let names = names(destination);
        let lookups = files
            .each_ref()
            .map(|file| KnownHosts::parse(file).find(&names));
        let ours = Outcome::of(judge(&lookups, key));
        let theirs = self.ssh(destination, files, &format!("sshd_{index}"))?;
        match self.excuse(files).filter(|_| ours != theirs) {
            Some(reason) => report.leave_out("ssh", reason),
            None => {
                report.compare(&show(destination, files), &ours, &theirs);
                let listed = theirs
                    .place()
                    .is_none_or(|place| is_listed(destination, files, place));
                report.compare(
                    &format!("{} lists its line", show(destination, files)),
                    &listed,
                    &true,
                );
            }
        }
        Ok(())
    }

    /// For `ssh` a path that cannot be read holds no key: a directory or a dangling link in the
    /// place of the user's file.
    fn unread(
        &self,
        report: &mut Report,
        destination: &str,
        global: &[u8],
        key: &HostKey,
        index: usize,
    ) -> io::Result<()> {
        let files = [Vec::new(), global.to_vec()];
        if self.excuse(&files).is_some() {
            return Ok(());
        }
        let lookups = files
            .each_ref()
            .map(|file| KnownHosts::parse(file).find(&names(destination)));
        let ours = Outcome::of(judge(&lookups, key));
        fs::write(&self.global, global)?;
        for directory in [true, false] {
            fs::remove_file(&self.user)?;
            if directory {
                fs::create_dir(&self.user)?;
            } else {
                std::os::unix::fs::symlink("nowhere", &self.user)?;
            }
            let theirs = self.ask(destination, &format!("sshd_{index}"));
            if directory {
                fs::remove_dir(&self.user)?;
            } else {
                fs::remove_file(&self.user)?;
            }
            fs::write(&self.user, b"")?;
            report.compare(&show(destination, &files), &ours, &theirs?);
        }
        Ok(())
    }

    /// The reason why `ssh` may differ from us on a line of the files.
    fn excuse(&self, files: &[Vec<u8>; 2]) -> Option<&'static str> {
        let of_file = |file: &Vec<u8>| {
            let mut lines = lines(file);
            lines.find_map(|line| {
                excuse(line.text(file), line.span == line.content, &self.kit.texts)
            })
        };
        files.iter().find_map(of_file)
    }

    /// The server has all keys, one of which was verified and is pinned: `ssh` connects.
    fn pinned(
        &mut self,
        report: &mut Report,
        destination: &str,
        files: &[Vec<u8>; 2],
        keys: &[HostKey],
    ) -> io::Result<()> {
        let names = names(destination);
        let verified = [keys[self.generator.random.usize(..keys.len())].clone()];
        let pin = Pin {
            names: &names,
            keys: &verified,
            offered: keys,
            hash_names: self.generator.random.bool(),
        };
        let mut salt = || std::array::from_fn(|_| self.generator.random.u8(..));
        let Ok(pinned) = KnownHosts::parse(&files[0]).pin(&pin, &mut salt) else {
            return Ok(());
        };
        let after = [pinned.edits.apply(&files[0]), Vec::new()];
        let lookup = KnownHosts::parse(&after[0]).find(&names);
        if keys.iter().any(|key| contradicted(&lookup, key)) {
            return Ok(());
        }
        let theirs = self.ssh(destination, &after, "sshd_all")?;
        report.compare(
            &show(destination, &after),
            &true,
            &matches!(theirs, Outcome::Known(..)),
        );
        Ok(())
    }

    /// Without a verified key the stale ones go: `ssh` does not call the key changed any more.
    fn forgotten(
        &self,
        report: &mut Report,
        destination: &str,
        file: &[u8],
        keys: &[HostKey],
    ) -> io::Result<()> {
        let names = names(destination);
        let pin = Pin {
            names: &names,
            keys: &[],
            offered: keys,
            hash_names: false,
        };
        let known = KnownHosts::parse(file);
        let removed = known.remove_stale(&pin).map_err(io::Error::other)?;
        if removed.edits.is_empty() {
            return Ok(());
        }
        let after = [removed.edits.apply(file), Vec::new()];
        let lookup = KnownHosts::parse(&after[0]).find(&names);
        let by_wildcard = |found: &Found| {
            found.marker.is_none()
                && found
                    .matches
                    .iter()
                    .any(|found| matches!(found.how, How::Wildcard(_)))
        };
        if lookup.found.iter().any(by_wildcard) || self.excuse(&after).is_some() {
            return Ok(());
        }
        let theirs = self.ssh(destination, &after, "sshd_all")?;
        report.compare(
            &show(destination, &after),
            &false,
            &matches!(theirs, Outcome::Changed(_)),
        );
        Ok(())
    }

    fn ssh(&self, destination: &str, files: &[Vec<u8>; 2], config: &str) -> io::Result<Outcome> {
        fs::write(&self.user, &files[0])?;
        fs::write(&self.global, &files[1])?;
        self.ask(destination, config)
    }

    fn ask(&self, destination: &str, config: &str) -> io::Result<Outcome> {
        let quoted = |word: &&str| format!("'{word}'");
        let sshd: Vec<String> = daemon::sshd().iter().map(quoted).collect();
        let sshd = format!(
            "ProxyCommand={} -i -f {}",
            sshd.join(" "),
            self.kit.path().join(config).display()
        );
        let options = [
            sshd,
            format!("UserKnownHostsFile={}", self.user.display()),
            format!("GlobalKnownHostsFile={}", self.global.display()),
        ];
        let fixed = [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "KexAlgorithms=curve25519-sha256",
        ];
        let parsed = Destination::parse(destination).map_err(io::Error::other)?;
        let mut command = Command::new("ssh");
        command.args([
            "-F",
            "none",
            "-v",
            "-o",
            "PreferredAuthentications=none",
            "-o",
            "IdentityFile=none",
        ]);
        for option in options.iter().map(String::as_str).chain(fixed) {
            command.args(["-o", option]);
        }
        command.args([
            "-p",
            &parsed.port.unwrap_or(22).to_string(),
            &parsed.host,
            "true",
        ]);
        let output = command.stdin(Stdio::null()).output()?;
        Ok(outcome(&String::from_utf8_lossy(&output.stderr)))
    }
}

fn outcome(said: &str) -> Outcome {
    let place = |words: &str| {
        let line = said
            .lines()
            .find_map(|line| line.split_once(words))
            .map(|(_, rest)| rest.trim_end());
        let (path, number) = line?
            .rsplit_once(" in ")
            .map_or(line?, |(_, place)| place)
            .rsplit_once(':')?;
        Some((usize::from(path.ends_with("/global")), number.parse().ok()?))
    };
    if said.contains("host key is known for") {
        Outcome::Unknown
    } else if said.contains("was revoked and you have requested strict checking") {
        Outcome::Revoked
    } else if let Some(place) = place("Offending ") {
        Outcome::Changed(place)
    } else if let Some(place) = place("Found key") {
        Outcome::Known(place)
    } else {
        Outcome::Other(said.to_owned())
    }
}

/// The result for a host key, with the file and line that `ssh` names.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Known((usize, usize)),
    Changed((usize, usize)),
    Unknown,
    Revoked,
    Other(String),
}

impl Outcome {
    /// The line that decided.
    fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::Known(place) | Self::Changed(place) => Some(*place),
            Self::Unknown | Self::Revoked | Self::Other(_) => None,
        }
    }

    fn of(verdict: KeyStatus) -> Self {
        let pair = |place: Place| (place.file, place.line);
        match verdict {
            KeyStatus::Known(_, place) => Self::Known(pair(place)),
            KeyStatus::Changed(place) => Self::Changed(pair(place)),
            KeyStatus::AddressDiffers(_) => Self::Other("address".to_owned()),
            KeyStatus::Unknown => Self::Unknown,
            KeyStatus::Revoked(_) => Self::Revoked,
        }
    }
}

/// True when a wildcard line, which pinning leaves, still makes `ssh` ask for a key that it will refuse.
fn contradicted(lookup: &Lookup, key: &HostKey) -> bool {
    let plain = || lookup.found.iter().filter(|found| found.marker.is_none());
    let host = |matches: &[sshmend_known_hosts::Match]| {
        matches.iter().any(|found| found.name.role() == Role::Host)
    };
    let of_type = |wanted: &HostKey| {
        plain().any(|found| host(&found.matches) && found.key.key_type() == wanted.key_type())
    };
    let revoked = matches!(
        judge(std::slice::from_ref(lookup), key),
        KeyStatus::Revoked(_)
    );
    revoked
        || of_type(key)
            && !matches!(
                judge(std::slice::from_ref(lookup), key),
                KeyStatus::Known(Role::Host, _)
            )
}

fn names(destination: &str) -> Vec<Name> {
    target(destination).names(&Snapshot::default())
}

fn target(destination: &str) -> Target {
    let destination = Destination::parse(destination).expect("the destinations are hosts");
    Target::without_config(&destination, "/".as_ref())
}

/// Whether the line is one of those that we list for the destination.
fn is_listed(destination: &str, files: &[Vec<u8>; 2], (file, line): (usize, usize)) -> bool {
    let mut snapshot = Snapshot::default();
    let paths = ["/user", "/global"].map(PathBuf::from);
    for (path, bytes) in paths.iter().zip(files) {
        let image = FileImage {
            bytes: bytes.clone().into(),
            meta: Metadata::default(),
            target: path.clone(),
        };
        snapshot.insert(path, Entry::File(image));
    }
    let target = target(destination).in_files(&paths);
    let found = target.look_up(&snapshot, &target.names(&snapshot));
    found.lookups[file]
        .found
        .iter()
        .any(|found| found.line == line)
}

fn show(destination: &str, files: &[Vec<u8>; 2]) -> String {
    let [user, global] = files.each_ref().map(|file| String::from_utf8_lossy(file));
    format!("{destination} in {user:?} and {global:?}")
}
