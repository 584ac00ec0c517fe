//! The .deb: made by dpkg-deb alone, checked by lintian.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::binary::Built;
use super::folder::empty;
use super::source::{Source, VERSION};
use super::stage::{self, Entry, Family, Program, compressed, file};
use crate::run;

/// The package's revision, for changes that leave the program the same.
const REVISION: u32 = 1;

/// The version of the package, as Debian counts.
fn version() -> String {
    format!("{VERSION}-{REVISION}")
}

/// The maintainer of a package, unless `SSHMEND_MAINTAINER` is set: an address that receives no
/// mail.
const MAINTAINER: &str = "The sshmend authors <maintainers@sshmend.invalid>";

/// Scripts that dpkg runs.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Builds the package and checks it with lintian.
///
/// # Errors
/// When lintian finds an error or has a warning.
pub(super) fn checked(
    source: &Source,
    built: &Built,
    place: &Path,
    out: &Path,
) -> Result<(), String> {
    let (architecture, _) = built.target.architecture;
    let package = make(source, &built.program, architecture, &version(), place, out)?;
    run::run(
        Command::new("lintian")
            .args(["--fail-on", "error,warning", "--allow-root"])
            .arg(package),
    )
}

/// Makes the package with this version, and returns its path.
pub(super) fn make(
    source: &Source,
    program: &Program,
    architecture: &str,
    version: &str,
    place: &Path,
    out: &Path,
) -> Result<PathBuf, String> {
    let root = place.join("deb");
    let entries = entries(source, program, version)?;
    stage::write(&entries, &root)?;
    control(source, &entries, architecture, version, &root)?;
    stage::settle(source, &root)?;
    let package = out.join(format!("sshmend_{version}_{architecture}.deb"));
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.args(["--root-owner-group", "-Zxz", "--build"])
        .arg(&root)
        .arg(&package)
        .env("SOURCE_DATE_EPOCH", &source.epoch);
    run::output(&mut dpkg)?;
    Ok(package)
}

/// All files, with those that Debian requires in addition.
fn entries(source: &Source, program: &Program, version: &str) -> Result<Vec<Entry>, String> {
    let mut entries = stage::entries(source, program, Family::Debian)?;
    let mut document = |name: &str, bytes: Vec<u8>| {
        entries.push(file(format!("{}/{name}", stage::DOCUMENTATION), bytes));
    };
    document("copyright", copyright(source)?);
    document("changelog.gz", compressed(&source.read("CHANGELOG.md")?));
    let changes = changelog(source, version)?;
    document("changelog.Debian.gz", compressed(changes.as_bytes()));
    let overrides = source.read("packaging/debian/lintian-overrides")?;
    entries.push(file(
        "usr/share/lintian/overrides/sshmend".to_owned(),
        overrides,
    ));
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}

/// Writes the folder that dpkg reads and does not install.
fn control(
    source: &Source,
    entries: &[Entry],
    architecture: &str,
    version: &str,
    root: &Path,
) -> Result<(), String> {
    let units = stage::units(source)?.join(" ");
    let size = kibibytes(entries).to_string();
    let filled = |name: &str| {
        let text = source.read(&format!("packaging/debian/{name}"))?;
        Ok::<_, String>(
            String::from_utf8_lossy(&text)
                .replace("@VERSION@", version)
                .replace("@ARCHITECTURE@", architecture)
                .replace("@MAINTAINER@", &maintainer())
                .replace("@SIZE@", &size)
                .replace("@UNITS@", &units),
        )
    };
    let mut files = vec![Entry {
        path: "control".to_owned(),
        mode: 0o644,
        bytes: filled("control")?.into_bytes(),
    }];
    for script in SCRIPTS {
        files.push(Entry {
            path: script.to_owned(),
            mode: 0o755,
            bytes: filled(script)?.into_bytes(),
        });
    }
    files.push(file("md5sums".to_owned(), md5sums(entries, root)?));
    stage::write(&files, &root.join("DEBIAN"))
}

fn maintainer() -> String {
    env::var("SSHMEND_MAINTAINER").unwrap_or_else(|_| MAINTAINER.to_owned())
}

fn md5sums(entries: &[Entry], root: &Path) -> Result<Vec<u8>, String> {
    let paths = entries.iter().map(|entry| &entry.path);
    let sums = run::output(Command::new("md5sum").args(paths).current_dir(root))?;
    Ok(sums.into_bytes())
}

/// As policy 5.6.20 counts: each file and each folder in whole units.
fn kibibytes(entries: &[Entry]) -> usize {
    let folders: BTreeSet<&Path> = entries
        .iter()
        .flat_map(|entry| Path::new(&entry.path).ancestors().skip(1))
        .collect();
    let files = entries.iter().map(|entry| entry.bytes.len().div_ceil(1024));
    files.sum::<usize>() + folders.len()
}

fn copyright(source: &Source) -> Result<Vec<u8>, String> {
    let licence = source.read("LICENSE-MIT")?;
    let licence: String = String::from_utf8_lossy(&licence)
        .lines()
        .skip_while(|line| !line.starts_with("Permission"))
        .map(|line| format!(" {}\n", if line.is_empty() { "." } else { line }))
        .collect();
    let text = source.read("packaging/debian/copyright")?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.replace("@MIT@\n", &licence).into_bytes())
}

fn changelog(source: &Source, version: &str) -> Result<String, String> {
    let mut date = Command::new("date");
    date.args(["--utc", "--rfc-email"])
        .arg(format!("--date=@{}", source.epoch))
        .env("LC_ALL", "C");
    Ok(format!(
        "sshmend ({version}) unstable; urgency=medium\n\n  * Built from commit {}.\n\n -- {}  {}",
        source.commit,
        maintainer(),
        run::output(&mut date)?
    ))
}

/// Makes a .deb around `program` and checks its content: a test of the packaging without a build.
///
/// # Errors
/// When dpkg-deb fails, or lists other files than were put in.
pub(crate) fn rehearse(program: &Path) -> Result<(), String> {
    let place = run::project().join("target/dist-work/rehearsal");
    empty(&place)?;
    let source = Source::of_the_working_tree();
    let program = Program::read(program, || Command::new(program))?;
    let package = make(&source, &program, "amd64", &version(), &place, &place)?;
    let listed = run::output(Command::new("dpkg-deb").arg("--contents").arg(&package))?;
    let wrong: Vec<&str> = listed
        .lines()
        .filter(|line| !line.contains(" root/root "))
        .collect();
    if !wrong.is_empty() {
        return Err(format!("not root's: {}", wrong.join("\n")));
    }
    for entry in entries(&source, &program, VERSION)? {
        if !listed
            .lines()
            .any(|line| line.ends_with(&format!(" ./{}", entry.path)))
        {
            return Err(format!("{} is not in the package", entry.path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_placeholder_is_filled() {
        let source = Source::of_the_working_tree();
        let root = tempfile::tempdir().unwrap();
        let entries = entries(&source, &Program::of_a_test(), "1.2-3").unwrap();
        stage::write(&entries, root.path()).unwrap();
        control(&source, &entries, "amd64", "1.2-3", root.path()).unwrap();
        for name in ["control", "postinst", "prerm", "postrm"] {
            let text = fs::read_to_string(root.path().join("DEBIAN").join(name)).unwrap();
            assert!(
                !text.contains("@UNITS@") && !text.contains("@VERSION@"),
                "{name}: {text}"
            );
            assert!(
                !text.contains("@SIZE@") && !text.contains("@ARCHITECTURE@"),
                "{name}: {text}"
            );
        }
        let copyright = String::from_utf8(copyright(&source).unwrap()).unwrap();
        assert!(
            copyright.contains("\n Permission is hereby granted"),
            "{copyright}"
        );
        assert!(!copyright.contains('@'), "{copyright}");
    }

    #[test]
    fn the_size_counts_each_file_and_each_folder_in_whole_units() {
        let entries = [
            file("usr/bin/a".to_owned(), vec![0; 1025]),
            file("usr/bin/b".to_owned(), vec![0; 1]),
        ];
        // Two and one for the files; the root, usr and usr/bin.
        assert_eq!(kibibytes(&entries), 6);
    }

    #[test]
    fn only_a_purge_removes_the_journal_of_changes() {
        let source = Source::of_the_working_tree();
        for script in SCRIPTS {
            let text = source.read(&format!("packaging/debian/{script}")).unwrap();
            let text = String::from_utf8(text).unwrap();
            let removed = text.find("rm -rf /var/lib/sshmend");
            let purge = text.find("if [ \"$1\" = purge ]");
            assert_eq!(removed.is_some(), script == "postrm", "{script}");
            assert!(removed.is_none() || purge < removed, "{script}");
        }
    }

    /// Runs the script before a removal, with a program that says this about its transactions.
    fn removal(recover: &str, goes_back: &str, reason: &str) -> bool {
        let source = Source::of_the_working_tree();
        let script = source.read("packaging/debian/prerm").unwrap();
        let state = tempfile::tempdir().unwrap();
        let script = String::from_utf8(script).unwrap().replace(
            "/var/lib/sshmend/transactions",
            &state.path().to_string_lossy(),
        );
        let program = format!(
            "sshmend() {{ case $1 in recover) {recover};; history) echo '      \"goes_back\": {goes_back},';; esac; }}"
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{program}\n{script}"), "sh", reason]);
        shell.output().unwrap().status.success()
    }

    #[test]
    fn a_package_is_not_removed_while_a_change_is_unfinished_or_undoes_itself() {
        assert!(removal("true", "null", "remove"));
        assert!(!removal("false", "null", "remove"));
        assert!(!removal("true", "\"2026-11-30T12:07:43Z\"", "remove"));
        assert!(removal("true", "\"2026-11-30T12:07:43Z\"", "upgrade"));
    }

    #[test]
    fn deb_and_rpm_refuse_a_removal_alike() {
        let source = Source::of_the_working_tree();
        let check = |path: &str, removed: &str| {
            let text = String::from_utf8(source.read(path).unwrap()).unwrap();
            let begin = text.find("# A change that was cut off").unwrap();
            let end = begin + text[begin..].find("\nfi\n").unwrap();
            text[begin..end].replace(removed, "REMOVED")
        };
        let deb = check("packaging/debian/prerm", "\"$1\" = remove");
        assert!(deb.contains("REMOVED"), "{deb}");
        assert_eq!(deb, check("packaging/rpm/sshmend.spec", "\"$1\" = 0"));
    }
}
