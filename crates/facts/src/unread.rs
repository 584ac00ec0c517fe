//! Files beside those that are read, which nothing reads: a drop-in with another ending, or one that no Include names.

use std::path::{Path, PathBuf};

use sshmend_lossless::Origin;
use sshmend_sshd_config::{Scope, Setting, Tree};

use crate::Facts;
use crate::config::drop_ins;
use crate::fail2ban::DIRECTORY;

/// A file that somebody wrote, and that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadFile {
    /// The file.
    pub path: PathBuf,
    /// Why it is not read, in words that follow its name.
    pub why: String,
    /// The program that it was written for.
    pub reader: Reader,
}

/// The program that would read a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// sshd: the values of the file that are not in force.
    Sshd(Vec<Setting>),
    /// fail2ban, for its jails: the first setting.
    Fail2ban(Origin, String),
    /// systemd, for this unit: the first setting.
    Systemd(String, Origin, String),
}

/// Endings of names that keep a file from being read.
const ASIDE: [&str; 14] = [
    "bak", "backup", "disabled", "dist", "dpkg", "example", "md", "off", "old", "orig", "sample",
    "save", "swp", "tmp",
];

impl Facts<'_> {
    /// The files that are not read, although they lie where sshd, fail2ban and the unit of sshd have their drop-ins.
    pub fn unread_files(&self) -> Vec<UnreadFile> {
        let mut unread = self.unread_by_sshd();
        unread.extend(self.unread_by_fail2ban());
        unread.extend(self.unread_by_systemd());
        unread
    }

    fn unread_by_sshd(&self) -> Vec<UnreadFile> {
        let (Ok(tree), Ok(in_force)) = (self.tree(), self.global()) else {
            return Vec::new();
        };
        let differs = |setting: &Setting| {
            let now = in_force.get(&setting.key);
            let is_other =
                now.is_none_or(|now| now.unknown.is_none() && now.values != setting.values);
            setting.origin.is_some() && is_other
        };
        let mut unread = Vec::new();
        for path in self.lying_in(&drop_ins(tree.main()), &["conf"]) {
            if tree.files().any(|file| file == path) || !matches!(self.file(&path), Ok(Some(_))) {
                continue;
            }
            // As if it were the main file.
            let alone = Tree::read(self.snapshot, &path, &[]);
            let own = alone.effective(self.release(), Scope::Global);
            let settings: Vec<Setting> = own.iter().filter(|&one| differs(one)).cloned().collect();
            if settings.is_empty() {
                continue;
            }
            let why = if ends_in(&path, &["conf"]) {
                format!("no Include of {} names it", tree.main().display())
            } else {
                "no Include names it: its name does not end in .conf".to_owned()
            };
            let reader = Reader::Sshd(settings);
            unread.push(UnreadFile { path, why, reader });
        }
        unread
    }

    fn unread_by_fail2ban(&self) -> Vec<UnreadFile> {
        let endings = ["conf", "local"];
        let lying = self.lying_in(&Path::new(DIRECTORY).join("jail.d"), &endings);
        let other = lying.into_iter().filter(|path| !ends_in(path, &endings));
        let unread = other.filter_map(|path| {
            let (line, text) = self.first_setting(&path)?;
            Some(UnreadFile {
                path,
                why: "fail2ban reads only names that end in .conf or .local there".to_owned(),
                reader: Reader::Fail2ban(line, text),
            })
        });
        unread.collect()
    }

    fn unread_by_systemd(&self) -> Vec<UnreadFile> {
        let Some(unit) = self.service_unit() else {
            return Vec::new();
        };
        let folder = format!("/etc/systemd/system/{}.d", unit.name());
        let lying = self.lying_in(Path::new(&folder), &["conf"]);
        let late = unit.get("NeedDaemonReload") == "yes";
        let unread = lying.into_iter().filter_map(|path| {
            let why = if !ends_in(&path, &["conf"]) {
                "systemd reads only names that end in .conf there"
            } else if late {
                "systemd has not read its files since one of them was changed"
            } else {
                return None;
            };
            let (line, text) = self.first_setting(&path)?;
            Some(UnreadFile {
                path,
                why: why.to_owned(),
                reader: Reader::Systemd(unit.name().to_owned(), line, text),
            })
        });
        unread.collect()
    }

    /// The files of a folder, in order, without those that somebody has put aside.
    fn lying_in(&self, folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
        let mut names = self.names(folder).unwrap_or_default();
        names.sort_unstable();
        let kept = names.into_iter().filter(|name| !is_aside(name, endings));
        kept.map(|name| folder.join(name)).collect()
    }

    /// The first `KEY = VALUE` of a file with sections.
    fn first_setting(&self, path: &Path) -> Option<(Origin, String)> {
        let text = self.text(path).ok()??;
        let mut in_section = false;
        for (at, line) in text.lines().map(str::trim).enumerate() {
            in_section |= line.starts_with('[');
            let is_setting = line.contains('=') && !line.starts_with(['#', ';', '[']);
            if in_section && is_setting {
                return Some((Origin::new(path, at + 1), line.to_owned()));
            }
        }
        None
    }
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    path.extension()
        .is_some_and(|own| endings.iter().any(|ending| own == *ending))
}

/// Whether a name says that its file is not meant to be read: a copy, an example, or what packages leave behind.
fn is_aside(name: &str, endings: &[&str]) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let begun = |word: &&str| ending.to_ascii_lowercase().starts_with(word);
    // `a.conf.bak` and `a.conf-old`, but not `a.config`.
    let copied = endings.iter().any(|kept| {
        let behind = name.split_once(&format!(".{kept}"));
        behind.is_some_and(|(_, rest)| rest.starts_with(|c: char| !c.is_ascii_alphanumeric()))
    });
    let word = |c: char| c.is_ascii_digit() || c == '-';
    name.starts_with(['.', '#'])
        || name.ends_with('~')
        || name.starts_with("README")
        || ASIDE.iter().any(begun)
        || ["rpm", "ucf"].iter().any(begun)
        || copied
        || (!ending.is_empty() && ending.chars().all(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backup_copies_and_examples_are_not_reported_as_unread() {
        for name in [
            ".swap",
            "README",
            "a.conf~",
            "a.conf.bak",
            "a.conf.txt",
            "a.dpkg-dist",
            "a.rpmnew",
            "a.disabled",
            "a.20260101",
            "a.conf.2026-01-01",
            "#a.conf#",
            "a.conf-old",
        ] {
            assert!(is_aside(name, &["conf"]), "{name}");
        }
        for name in [
            "a", "a.conf", "a.cfg", "a.config", "50-site", "a.local", "sshd",
        ] {
            assert!(!is_aside(name, &["conf"]), "{name}");
        }
    }
}
