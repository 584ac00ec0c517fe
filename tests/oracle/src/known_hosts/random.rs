//! Random files, before and after edits, against `ssh-keygen -F` and `-l -F`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use sshmend_known_hosts::{HostKey, KnownHosts, Name, Pin};
use sshmend_lossless::lines;

use super::excuse::excuse;
use super::generate::Generator;
use super::keygen;
use super::kit::Kit;
use super::seen::{Seen, keys, loaded, printed};
use crate::Report;

pub(super) fn compare(cases: u64, seed: u64) -> Report {
    let mut report = Report::default();
    match Kit::new() {
        Ok(kit) => Run::new(&kit, seed).all(cases, &mut report),
        Err(error) => report.leave_out("all", &format!("ssh-keygen: {error}")),
    }
    report
}

/// One thread's work.
struct Run<'k> {
    kit: &'k Kit,
    file: PathBuf,
    keys: Vec<HostKey>,
    generator: Generator<'k>,
    /// The differences with a reason, counted by reason.
    excused: BTreeMap<&'static str, u64>,
}

impl<'k> Run<'k> {
    fn new(kit: &'k Kit, seed: u64) -> Self {
        let generator = Generator::new(kit, seed);
        Self {
            kit,
            file: kit.path().join("known_hosts"),
            keys: kit.all_keys(),
            generator,
            excused: BTreeMap::new(),
        }
    }

    fn all(mut self, cases: u64, report: &mut Report) {
        for case in 0..cases {
            if let Err(error) = self.case(report) {
                report.leave_out(&format!("case {case}"), &error.to_string());
            }
        }
        for (reason, count) in self.excused {
            report.leave_out(&format!("{count} of {cases}"), reason);
        }
    }

    fn case(&mut self, report: &mut Report) -> io::Result<()> {
        let (bytes, name, other) = (
            self.generator.file(),
            self.generator.name(),
            self.generator.name(),
        );
        self.ask(report, &bytes, name, false)?;
        self.ask(report, &bytes, name, true)?;
        let names = [Name::host(name)];
        let known = KnownHosts::parse(&bytes);
        let removed = known
            .remove(&names, None)
            .map(|removed| removed.edits.apply(&bytes));
        self.edited(report, &bytes, removed, [name, other])?;
        let pin = Pin {
            names: &names,
            keys: &[self.keys[self.generator.random.usize(..self.keys.len())].clone()],
            offered: &self.keys.iter().step_by(2).cloned().collect::<Vec<_>>(),
            hash_names: self.generator.random.bool(),
        };
        let mut salt = || std::array::from_fn(|_| self.generator.random.u8(..));
        match known.pin(&pin, &mut salt) {
            Ok(pinned) => self.edited(
                report,
                &bytes,
                Ok::<_, String>(pinned.edits.apply(&bytes)),
                [name, other],
            ),
            Err(error) => {
                let revoked = keys(&known, name)
                    .iter()
                    .any(|(marker, _)| *marker == "REVOKED");
                report.compare(
                    &show(&bytes, name),
                    &(error.to_string(), revoked),
                    &(error.to_string(), true),
                );
                Ok(())
            }
        }
    }

    /// Looks up both names in the edited file; the second one must still have its previous keys.
    fn edited<E: std::fmt::Display>(
        &mut self,
        report: &mut Report,
        before: &[u8],
        after: Result<Vec<u8>, E>,
        [name, other]: [&str; 2],
    ) -> io::Result<()> {
        let after = match after {
            Ok(after) => after,
            Err(error) => {
                report.compare(
                    &show(before, name),
                    &error.to_string(),
                    &"an edit".to_owned(),
                );
                return Ok(());
            }
        };
        if after == before {
            return Ok(());
        }
        self.ask(report, &after, name, true)?;
        if other != name {
            self.ask(report, &after, other, true)?;
            let [after, before_it] = [&after, before].map(KnownHosts::parse);
            report.compare(
                &show(before, other),
                &keys(&after, other),
                &keys(&before_it, other),
            );
        }
        Ok(())
    }

    fn ask(
        &mut self,
        report: &mut Report,
        bytes: &[u8],
        name: &str,
        fingerprints: bool,
    ) -> io::Result<()> {
        fs::write(&self.file, bytes)?;
        let theirs = keygen::find(&self.file, name, fingerprints)?;
        let known = KnownHosts::parse(bytes);
        let ours = if fingerprints {
            loaded(&known, name)
        } else {
            printed(&known, name)
        };
        let (ours, theirs) = if ours == theirs {
            (ours, theirs)
        } else {
            self.excuse(bytes, &ours, &theirs)
        };
        report.compare(&show(bytes, name), &ours, &theirs);
        Ok(())
    }

    /// Takes the lines on which the two may differ out of both answers, and counts those on which they do.
    fn excuse(&mut self, bytes: &[u8], ours: &[Seen], theirs: &[Seen]) -> (Vec<Seen>, Vec<Seen>) {
        let texts: Vec<_> = lines(bytes).collect();
        let reason = |seen: &Seen| {
            let line = texts.get(seen.line.checked_sub(1)?)?;
            excuse(line.text(bytes), line.span == line.content, &self.kit.texts)
        };
        let differing = |seen: &Seen| ours.contains(seen) != theirs.contains(seen);
        for seen in ours.iter().chain(theirs).filter(|seen| differing(seen)) {
            if let Some(reason) = reason(seen) {
                *self.excused.entry(reason).or_default() += 1;
            }
        }
        let plain = |seen: &[Seen]| {
            seen.iter()
                .filter(|seen| reason(seen).is_none())
                .cloned()
                .collect()
        };
        (plain(ours), plain(theirs))
    }
}

fn show(bytes: &[u8], name: &str) -> String {
    format!("{name} in {:?}", String::from_utf8_lossy(bytes))
}
