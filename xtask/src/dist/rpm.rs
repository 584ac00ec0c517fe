//! The .rpm: built by rpmbuild from existing files, checked by rpm and rpmlint.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::binary::Built;
use super::source::{Source, VERSION};
use super::stage::{self, Entry, Family, Program, file};
use crate::run;

/// The folder of the licences.
const LICENCES: &str = "usr/share/licenses/sshmend";

/// What the package has to say about its units, before the distribution's `disable *`.
const PRESET: &str = "usr/lib/systemd/system-preset/85-sshmend.preset";

/// Builds the package and checks it with rpmlint.
///
/// # Errors
/// When rpmlint finds an error.
pub(super) fn checked(
    source: &Source,
    built: &Built,
    place: &Path,
    out: &Path,
) -> Result<(), String> {
    let (_, architecture) = built.target.architecture;
    let tree = place.join("rpm");
    let entries = entries(source, &built.program)?;
    stage::write(&entries, &tree)?;
    stage::settle(source, &tree)?;
    let list = place.join("rpm.files");
    fs::write(&list, listed(&entries)).map_err(|error| format!("{}: {error}", list.display()))?;
    build(source, architecture, &tree, place)?;
    let name = format!("sshmend-{VERSION}-1.{architecture}.rpm");
    let package = out.join(&name);
    let made = place.join("topdir/RPMS").join(architecture).join(&name);
    fs::copy(&made, &package).map_err(|error| format!("{}: {error}", made.display()))?;
    run::output(
        Command::new("rpm")
            .args(["--checksig", "--nosignature"])
            .arg(&package),
    )?;
    run::run(
        Command::new("rpmlint")
            .arg("--config")
            .arg(source.folder.join("packaging/rpm/rpmlint.toml"))
            .arg(&package),
    )
}

fn entries(source: &Source, program: &Program) -> Result<Vec<Entry>, String> {
    let mut entries = stage::entries(source, program, Family::Rpm)?;
    // Fedora, RHEL and openSUSE disable what no preset enables.
    let enabled: String = stage::units(source)?
        .iter()
        .map(|unit| format!("enable {unit}\n"))
        .collect();
    entries.push(file(PRESET.to_owned(), enabled.into_bytes()));
    let changes = source.read("CHANGELOG.md")?;
    entries.push(file(
        format!("{}/CHANGELOG.md", stage::DOCUMENTATION),
        changes,
    ));
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let path = format!("{LICENCES}/{licence}");
        entries.push(file(path, source.read(licence)?));
    }
    Ok(entries)
}

/// The list of files and folders that the package owns.
fn listed(entries: &[Entry]) -> String {
    let own = [stage::DOCUMENTATION, LICENCES];
    let folders: BTreeSet<&Path> = entries
        .iter()
        .flat_map(|entry| Path::new(&entry.path).ancestors().skip(1))
        .filter(|folder| own.iter().any(|own| folder.starts_with(own)))
        .collect();
    let mut list: String = folders
        .iter()
        .map(|folder| format!("%dir /{}\n", folder.display()))
        .collect();
    for Entry { path, mode, .. } in entries {
        let kind = match path {
            path if path.contains("/doc/") || path.contains("/man/") => "%doc ",
            path if path.contains("/licenses/") => "%license ",
            _ => "",
        };
        writeln!(list, "%attr({mode:04o},root,root) {kind}/{path}")
            .expect("writing to memory does not fail");
    }
    list
}

fn build(source: &Source, architecture: &str, tree: &Path, place: &Path) -> Result<(), String> {
    let mut day = Command::new("date");
    day.args(["--utc", "+%a %b %d %Y"])
        .arg(format!("--date=@{}", source.epoch))
        .env("LC_ALL", "C");
    let day = run::output(&mut day)?;
    let units = stage::units(source)?.join(" ");
    // A macro may not be empty.
    let define = |name: &str, value: &str| {
        let value = if value.is_empty() { "%{nil}" } else { value };
        format!("{name} {value}")
    };
    let mut rpmbuild = Command::new("rpmbuild");
    rpmbuild
        .args(["-bb", "--quiet", "--nodeps", "--target", architecture])
        .env("SOURCE_DATE_EPOCH", &source.epoch);
    for value in [
        define("_topdir", &place.join("topdir").to_string_lossy()),
        define("tree", &tree.to_string_lossy()),
        define("number", VERSION),
        define("commit", &source.commit),
        define("units", &units),
        define("day", day.trim()),
        // Nothing about this machine or the present moment goes into the package.
        define("_buildhost", "localhost"),
        define("use_source_date_epoch_as_buildtime", "1"),
        define("clamp_mtime_to_source_date_epoch", "1"),
        // A compression that the rpm of RHEL 7 can read.
        define("_binary_payload", "w9.xzdio"),
    ] {
        rpmbuild.args(["--define", &value]);
    }
    rpmbuild.arg(source.folder.join("packaging/rpm/sshmend.spec"));
    run::run(&mut rpmbuild)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_owns_every_file_that_was_put_into_its_tree() {
        let source = Source::of_the_working_tree();
        let entries = entries(&source, &Program::of_a_test()).unwrap();
        let list = listed(&entries);
        assert!(
            list.contains("%attr(0755,root,root) /usr/bin/sshmend\n"),
            "{list}"
        );
        assert!(
            list.contains("%license /usr/share/licenses/sshmend/LICENSE-MIT\n"),
            "{list}"
        );
        assert_eq!(list.matches("%attr(").count(), entries.len());
        // A folder that no package owns stays behind when the package is erased.
        for folder in ["", "/docs", "/docs/causes", "/docs/schema"] {
            let line = format!("%dir /usr/share/doc/sshmend{folder}\n");
            assert!(list.contains(&line), "{list}");
        }
    }
}
