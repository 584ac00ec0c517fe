//! `sshmend compare`: the differences between two trees, or a tree and this machine.

use std::path::{Path, PathBuf};

use sshmend_compare::{Area, Comparison, Difference, Side, compare, look};
use sshmend_lossless::Snapshot;
use sshmend_plan::{Configuration, SshdSource};
use sshmend_sshd_config::{Override, Release};

use crate::cli;
use crate::error::{Failure, Outcome};
use crate::json;
use crate::output::Role;
use crate::output::escape::line;
use crate::output::words::or_not_set;
use crate::session::Session;

/// One side, captured.
struct Captured {
    configuration: Configuration,
    snapshot: Snapshot,
    overrides: Vec<Override>,
}

/// Compares the two states and reports the differences.
pub(crate) fn run(session: &Session, arguments: &cli::Compare) -> Result<Outcome, Failure> {
    if session.has_root() {
        let message = "compare names both trees itself";
        return Err(Failure::trouble(message).with_hint("leave --root out"));
    }
    let areas = areas(&arguments.only);
    let source = SshdSource {
        release: arguments.release.clone(),
        ..SshdSource::default()
    };
    let a = capture(session, &arguments.before, &areas, &source)?;
    let b = capture(session, &arguments.after, &areas, &source)?;
    let (first, second) = (&a.configuration, &b.configuration);
    // A checkout does not know which release will read it: use that of the other side, if it is a
    // machine.
    let readings = [
        first
            .release
            .or(second.release)
            .unwrap_or(Configuration::ASSUMED),
        second
            .release
            .or(first.release)
            .unwrap_or(Configuration::ASSUMED),
    ];
    let found = compare(&a.side(readings[0]), &b.side(readings[1]), &areas);
    print(session, arguments, &found)?;
    Ok(
        match (found.unseen.is_empty(), found.differences.is_empty()) {
            (false, _) => Outcome::NotUnderstood,
            (true, true) if found.left_out == 0 => Outcome::Fine,
            (true, true) => Outcome::NotUnderstood,
            (true, false) => Outcome::Findings,
        },
    )
}

fn areas(only: &[cli::Area]) -> Vec<Area> {
    if only.is_empty() {
        return Area::ALL.to_vec();
    }
    let area = |area: &cli::Area| match area {
        cli::Area::SshdConfig => Area::SshdConfig,
        cli::Area::HostsAccess => Area::HostsAccess,
        cli::Area::Fail2ban => Area::Fail2ban,
        cli::Area::KnownHosts => Area::KnownHosts,
    };
    only.iter().map(area).collect()
}

fn capture(
    session: &Session,
    tree: &Path,
    areas: &[Area],
    source: &SshdSource,
) -> Result<Captured, Failure> {
    let there = session.at(tree)?;
    let etc = there.machine.names(Path::new("/etc"));
    if etc.map_err(|error| Failure::from_file(&error))?.is_none() {
        let message = format!("{}: it does not contain etc", tree.display());
        return Err(Failure::trouble(message)
            .with_hint("name the folder that stands for the root of the machine"));
    }
    let (configuration, mut snapshot) = there.configuration(source)?;
    there.look(&mut snapshot, |seen| look(seen, areas));
    Ok(Captured {
        overrides: configuration.overrides(),
        configuration,
        snapshot,
    })
}

impl Captured {
    fn side(&self, reading: Release) -> Side<'_> {
        Side {
            snapshot: &self.snapshot,
            main: &self.configuration.main,
            overrides: &self.overrides,
            reading,
        }
    }
}

fn print(session: &Session, arguments: &cli::Compare, found: &Comparison) -> Result<(), Failure> {
    let output = &session.output;
    let trees = [&arguments.before, &arguments.after];
    let printed = if output.is_json() {
        let names = trees.map(|tree| tree.display().to_string());
        output.json(&json::comparison::Comparison::new(names, found))
    } else {
        output.prose(&text(session, trees.map(PathBuf::as_path), found))
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))
}

fn text(session: &Session, trees: [&Path; 2], found: &Comparison) -> String {
    let mut text: String = found
        .differences
        .iter()
        .map(|difference| told(session, trees, difference))
        .collect();
    for unseen in &found.unseen {
        let path = within(trees[usize::from(unseen.second)], &unseen.path);
        text.push_str(&format!(
            "not read: {}: {}\n",
            line(&path),
            line(&unseen.why)
        ));
    }
    if found.left_out > 0 {
        let number = found.left_out;
        text.push_str(&format!(
            "not checked: {number} further groups of clients\n"
        ));
    }
    if text.is_empty() {
        text.push_str("no difference in effect\n");
    }
    text
}

fn told(session: &Session, trees: [&Path; 2], difference: &Difference) -> String {
    let Difference {
        area,
        whom,
        what,
        before,
        after,
    } = difference;
    let whom = whom.as_ref().map(|whom| format!("{}: ", line(whom)));
    let (is, decided) = (
        line(or_not_set(&after.text)),
        [(trees[0], before), (trees[1], after)],
    );
    let lines: Vec<String> = decided
        .into_iter()
        .map(|(tree, answer)| match &answer.origin {
            Some(origin) => format!("{}:{}", line(&within(tree, &origin.path)), origin.line),
            None => "no line".to_owned(),
        })
        .collect();
    format!(
        "{}: {}{} {} -> {}  {}\n",
        area.name(),
        whom.unwrap_or_default(),
        line(what),
        line(or_not_set(&before.text)),
        session.output.paint(Role::Title, &is),
        session.output.paint(Role::Dim, &lines.join(" -> "))
    )
}

/// A path inside a tree, as seen from outside the tree.
fn within(tree: &Path, path: &Path) -> String {
    let path = path.strip_prefix("/").unwrap_or(path);
    tree.join(path).display().to_string()
}
