//! The installed files and their paths.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::folder::empty;
use super::source::Source;
use crate::{manual, run};

/// Documents beside the folder [`PAGES`].
const DOCUMENTS: [&str; 2] = ["README.md", "SECURITY.md"];
/// The pages that every download contains, at the same relative paths as in the project, so that
/// their links work.
const PAGES: &str = "docs";
/// The folder of a package's documents.
pub(super) const DOCUMENTATION: &str = "usr/share/doc/sshmend";

/// One file of a package.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Below the root, without a slash in front.
    pub(super) path: String,
    /// Its permissions.
    pub(super) mode: u32,
    /// The content.
    pub(super) bytes: Vec<u8>,
}

/// The paths on which the families of distributions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Debian, Ubuntu.
    Debian,
    /// Fedora, RHEL, openSUSE.
    Rpm,
}

/// A program, and its output that is installed beside it.
pub(super) struct Program {
    /// The program itself.
    pub(super) bytes: Vec<u8>,
    /// The completion script of each shell.
    pub(super) completions: Vec<(&'static Shell, Vec<u8>)>,
}

/// A shell, and the path of its completion scripts.
pub(super) struct Shell {
    /// As `sshmend completions` calls it.
    name: &'static str,
    /// The file in the tarball.
    pub(super) file: &'static str,
    /// The file in a package.
    installed: fn(Family) -> &'static str,
}

const SHELLS: [Shell; 3] = [
    Shell {
        name: "bash",
        file: "sshmend.bash",
        installed: |_| "usr/share/bash-completion/completions/sshmend",
    },
    Shell {
        name: "zsh",
        file: "_sshmend",
        installed: |family| match family {
            Family::Debian => "usr/share/zsh/vendor-completions/_sshmend",
            Family::Rpm => "usr/share/zsh/site-functions/_sshmend",
        },
    },
    Shell {
        name: "fish",
        file: "sshmend.fish",
        installed: |_| "usr/share/fish/vendor_completions.d/sshmend.fish",
    },
];

impl Program {
    /// Reads the program, and asks it for its completions: `start` makes the command that starts it.
    pub(super) fn read(path: &Path, start: impl Fn() -> Command) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let ask = |shell: &'static Shell| {
            // In the C locale it prints no character beyond ASCII.
            let mut program = start();
            program
                .args(["completions", shell.name])
                .env("LC_ALL", "C.UTF-8");
            let script = run::output(&mut program)?;
            Ok((shell, script.into_bytes()))
        };
        let completions = SHELLS.iter().map(ask).collect::<Result<_, String>>()?;
        Ok(Self { bytes, completions })
    }

    /// A placeholder that passes for a program as long as nobody starts it.
    #[cfg(test)]
    pub(super) fn of_a_test() -> Self {
        Self {
            bytes: b"\x7fELF".to_vec(),
            completions: SHELLS.iter().map(|shell| (shell, Vec::new())).collect(),
        }
    }
}

/// The manual pages of the commit, with their content.
pub(super) fn manuals(source: &Source) -> Result<Vec<(String, Vec<u8>)>, String> {
    let names = source.names(MANUALS)?;
    let page = |name: String| {
        let text = source.read(&format!("{MANUALS}/{name}"))?;
        Ok((name, text))
    };
    names.into_iter().map(page).collect()
}

const MANUALS: &str = "docs/man";

/// Every file of a package, without those added by the family's own packaging.
pub(super) fn entries(
    source: &Source,
    program: &Program,
    family: Family,
) -> Result<Vec<Entry>, String> {
    let mut entries = vec![Entry {
        path: "usr/bin/sshmend".to_owned(),
        mode: 0o755,
        bytes: program.bytes.clone(),
    }];
    for (shell, script) in &program.completions {
        let path = (shell.installed)(family).to_owned();
        entries.push(file(path, script.clone()));
    }
    for (name, text) in manuals(source)? {
        let path = format!("usr/share/man/man{}/{name}.gz", manual::SECTION);
        entries.push(file(path, compressed(&text)));
    }
    for name in units(source)? {
        let bytes = source.read(&format!("{UNITS}/{name}"))?;
        entries.push(file(format!("usr/lib/systemd/system/{name}"), bytes));
    }
    entries.extend(documents(source, DOCUMENTATION)?);
    Ok(entries)
}

/// Writes them below a folder.
pub(super) fn write(entries: &[Entry], root: &Path) -> Result<(), String> {
    empty(root)?;
    for entry in entries {
        let path = root.join(&entry.path);
        let said = |error: std::io::Error| format!("{}: {error}", path.display());
        for folder in path
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != root)
        {
            if !folder.exists() {
                fs::create_dir_all(folder).map_err(said)?;
            }
        }
        fs::write(&path, &entry.bytes).map_err(said)?;
        fs::set_permissions(&path, Permissions::from_mode(entry.mode)).map_err(said)?;
    }
    Ok(())
}

/// Makes what was written the same for everybody: folders are 0755 whatever the umask, and everything is as old as the commit
/// whatever the clock. dpkg-deb and rpmbuild make only what is newer as old as that.
pub(super) fn settle(source: &Source, root: &Path) -> Result<(), String> {
    let seconds = source.epoch.parse();
    let seconds = seconds.map_err(|error| format!("the time of the commit: {error}"))?;
    settle_at(root, UNIX_EPOCH + Duration::from_secs(seconds))
}

fn settle_at(path: &Path, time: SystemTime) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    if path.is_dir() {
        fs::set_permissions(path, Permissions::from_mode(0o755)).map_err(said)?;
        for entry in fs::read_dir(path).map_err(said)? {
            settle_at(&entry.map_err(said)?.path(), time)?;
        }
    }
    let file = File::open(path).map_err(said)?;
    file.set_modified(time).map_err(said)
}

pub(super) const UNITS: &str = "packaging/systemd";

/// The units of systemd that the project has.
pub(super) fn units(source: &Source) -> Result<Vec<String>, String> {
    source.names(UNITS)
}

pub(super) fn file(path: String, bytes: Vec<u8>) -> Entry {
    Entry {
        path,
        mode: 0o644,
        bytes,
    }
}

/// The documents, below `folder`. The manual pages are not among them: they are installed where
/// man looks for them.
pub(super) fn documents(source: &Source, folder: &str) -> Result<Vec<Entry>, String> {
    let mut paths: Vec<String> = DOCUMENTS.map(str::to_owned).into();
    paths.extend(source.below(PAGES)?);
    paths.retain(|path| Path::new(path).parent() != Some(Path::new(MANUALS)));
    let document = |path: &String| Ok(file(format!("{folder}/{path}"), source.read(path)?));
    paths.iter().map(document).collect()
}

/// As gzip -9 -n does: no name and no time in it.
pub(super) fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(family: Family) -> Vec<String> {
        let source = Source::of_the_working_tree();
        let entries = entries(&source, &Program::of_a_test(), family).unwrap();
        entries.into_iter().map(|entry| entry.path).collect()
    }

    #[test]
    fn a_package_contains_program_manual_completions_and_documents() {
        let paths = paths(Family::Debian);
        for wanted in [
            "usr/bin/sshmend",
            "usr/share/bash-completion/completions/sshmend",
            "usr/share/zsh/vendor-completions/_sshmend",
            "usr/share/fish/vendor_completions.d/sshmend.fish",
            "usr/share/man/man8/sshmend.8.gz",
            "usr/share/man/man8/sshmend-fix-sshd-config.8.gz",
            "usr/share/doc/sshmend/README.md",
            "usr/share/doc/sshmend/docs/guide.md",
            "usr/share/doc/sshmend/docs/ja/guide.md",
            "usr/share/doc/sshmend/docs/schema/sshmend.change-1.json",
        ] {
            assert!(paths.iter().any(|path| path == wanted), "{wanted}");
        }
        let manuals = paths.iter().filter(|path| path.contains("/man8/")).count();
        assert_eq!(manuals, manual::pages().len());
    }

    #[test]
    fn links_of_the_packaged_pages_lead_to_packaged_pages() {
        let source = Source::of_the_working_tree();
        let documents = documents(&source, "doc").unwrap();
        let is_there = |path: &str| {
            documents
                .iter()
                .any(|entry| entry.path == path || entry.path.starts_with(&format!("{path}/")))
        };
        let mut links = 0;
        for entry in documents.iter().filter(|entry| entry.path.ends_with(".md")) {
            let text = String::from_utf8_lossy(&entry.bytes);
            for target in targets(&text) {
                links += 1;
                let path = resolved(&entry.path, target);
                let elsewhere = ELSEWHERE.iter().any(|prefix| path.starts_with(prefix));
                assert!(elsewhere || is_there(&path), "{}: {target}", entry.path);
            }
        }
        assert!(links > 200, "{links}");
    }

    /// What the pages link to and a package has in another place or not at all.
    const ELSEWHERE: [&str; 4] = [
        "doc/docs/man",
        "doc/packaging",
        "doc/CHANGELOG.md",
        "doc/CONTRIBUTING.md",
    ];

    /// The relative targets of the links in a page.
    fn targets(text: &str) -> impl Iterator<Item = &str> {
        text.split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next())
            .filter(|target| !target.is_empty() && !target.contains(':'))
    }

    /// The path of a link's target, seen from the page.
    fn resolved(page: &str, target: &str) -> String {
        let mut parts: Vec<&str> = page.split('/').collect();
        parts.pop();
        for part in target.trim_end_matches('/').split('/') {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        parts.join("/")
    }

    #[test]
    fn every_unit_of_the_project_is_in_the_package() {
        let source = Source::of_the_working_tree();
        for unit in units(&source).unwrap() {
            let path = format!("usr/lib/systemd/system/{unit}");
            assert!(paths(Family::Debian).contains(&path), "{path}");
        }
    }

    #[test]
    fn completions_do_not_depend_on_the_locale_of_the_build() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        fs::write(&path, "printf %s \"$LC_ALL\"\n").unwrap();
        let start = || {
            let mut shell = Command::new("sh");
            shell.arg(&path).env("LC_ALL", "C");
            shell
        };
        let program = Program::read(&path, start).unwrap();
        for (shell, script) in program.completions {
            assert_eq!(script, b"C.UTF-8", "{}", shell.name);
        }
    }

    #[test]
    fn a_package_does_not_depend_on_umask_and_clock() {
        let mut source = Source::of_the_working_tree();
        // Later than now, as on a machine whose clock is behind.
        source.epoch = "4000000000".to_owned();
        let root = tempfile::tempdir().unwrap();
        let entries = [file("usr/bin/a".to_owned(), Vec::new())];
        write(&entries, root.path()).unwrap();
        fs::set_permissions(root.path().join("usr"), Permissions::from_mode(0o700)).unwrap();
        settle(&source, root.path()).unwrap();
        for (path, mode) in [("", 0o755), ("usr", 0o755), ("usr/bin/a", 0o644)] {
            let metadata = fs::metadata(root.path().join(path)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{path}");
            let age = metadata.modified().unwrap().duration_since(UNIX_EPOCH);
            assert_eq!(age.unwrap().as_secs(), 4_000_000_000, "{path}");
        }
    }

    #[test]
    fn the_zsh_completion_folder_depends_on_the_distribution_family() {
        let path = "usr/share/zsh/site-functions/_sshmend".to_owned();
        assert!(paths(Family::Rpm).contains(&path));
    }
}
