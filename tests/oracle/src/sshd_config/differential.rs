//! Random trees: the model and sshd are asked the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use sshmend_sshd_config::{Connection, Effective, Override, Release, Scope, StartVerdict, Tree};

use super::capture::capture;
use super::generate::{Generated, Maker};
use super::sandbox::{Answer, MAIN, Question, SPECS, Sandbox};
use super::setting::{self, Attempt};
use crate::Report;

/// Cases for which sshd is started in one namespace.
const BATCH: u64 = 500;

/// Defaults that depend on how sshd was built, and are therefore no part of the model.
const BUILD_DEFAULTS: [&str; 28] = [
    "casignaturealgorithms",
    "ciphers",
    "debianbanner",
    "gssapiauthentication",
    "gssapicleanupcredentials",
    "gssapidelegatecredentials",
    "gssapikexalgorithms",
    "gssapikeyexchange",
    "gssapistorecredentialsonrekey",
    "gssapistrictacceptorcheck",
    "hostbasedacceptedalgorithms",
    "hostbasedacceptedkeytypes",
    "hostkeyalgorithms",
    "ipqos",
    "kerberosauthentication",
    "kerberosgetafstoken",
    "kerberosorlocalpasswd",
    "kerberosticketcleanup",
    "kexalgorithms",
    "macs",
    "modulifile",
    "pamservicename",
    "pidfile",
    "pubkeyacceptedalgorithms",
    "pubkeyacceptedkeytypes",
    "rdomain",
    "sshdauthpath",
    "sshdsessionpath",
];

/// One generated case, with everything needed to repeat it.
struct Case {
    number: u64,
    tree: Generated,
}

/// Compares `cases` random trees with the sshd at `sshd`, seen below `root`.
pub(super) fn random(root: Option<&Path>, sshd: &Path, cases: u64, seed: u64) -> Report {
    let mut report = Report::default();
    if let Err(error) = all(root, sshd, cases, seed, &mut report) {
        report.leave_out("sshd_config", &error.to_string());
    }
    report
}

fn all(
    root: Option<&Path>,
    sshd: &Path,
    cases: u64,
    seed: u64,
    report: &mut Report,
) -> io::Result<()> {
    let sandbox = Sandbox::new(root, sshd)?;
    let release = sandbox.release()?;
    let mut at = 0;
    while at < cases {
        let count = BATCH.min(cases - at);
        let made = (at..at + count).map(|number| {
            let number = seed.wrapping_mul(1_000_003).wrapping_add(number);
            Case {
                number,
                tree: Maker::new(number, release).tree(),
            }
        });
        batch(&sandbox, release, &made.collect::<Vec<_>>(), report)?;
        at += count;
    }
    Ok(())
}

fn batch(
    sandbox: &Sandbox,
    release: Release,
    cases: &[Case],
    report: &mut Report,
) -> io::Result<()> {
    let questions: Vec<Question<'_>> = cases
        .iter()
        .map(|case| Question {
            tree: &case.tree,
            specs: &SPECS,
        })
        .collect();
    let mut models = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let place = sandbox.write(number, &case.tree)?;
        models.push(model(&place, case, &sandbox.key()));
        std::fs::remove_dir_all(place)?;
    }
    let answers = sandbox.ask(&questions)?;
    for ((case, tree), answers) in cases.iter().zip(&models).zip(&answers) {
        for (spec, answer) in SPECS.iter().zip(answers) {
            compare(case, tree, release, spec, answer, report);
        }
    }
    changes(sandbox, release, cases, &models, &answers, report)
}

/// Sets one value in every tree, and asks sshd again.
fn changes(
    sandbox: &Sandbox,
    release: Release,
    cases: &[Case],
    models: &[Tree],
    answers: &[Vec<Answer>],
    report: &mut Report,
) -> io::Result<()> {
    let made = cases
        .iter()
        .zip(models)
        .map(|(case, tree)| Attempt::make(case.number, &case.tree, tree, release));
    let attempts: Vec<Attempt> = made.collect();
    let other: Vec<&Attempt> = attempts
        .iter()
        .filter(|attempt| attempt.has_another_tree())
        .collect();
    let lines: BTreeSet<String> = attempts.iter().map(Attempt::line).collect();
    let alone: Vec<Generated> = lines.iter().map(|line| Generated::of_main(line)).collect();
    let mut questions: Vec<Question<'_>> = other
        .iter()
        .map(|attempt| Question {
            tree: &attempt.after,
            specs: &setting::SPECS,
        })
        .collect();
    questions.extend(alone.iter().map(|tree| Question {
        tree,
        specs: &SPECS[..1],
    }));
    let mut after = sandbox.ask(&questions)?;
    let alone: BTreeMap<String, Answer> = lines
        .into_iter()
        .zip(
            after
                .split_off(other.len())
                .into_iter()
                .map(|mut answers| answers.remove(0)),
        )
        .collect();
    let mut after = after.into_iter();
    for ((case, attempt), before) in cases.iter().zip(&attempts).zip(answers) {
        let [plain, _, connected, ..] = before.as_slice() else {
            continue;
        };
        let unchanged = || vec![plain.clone(), connected.clone()];
        let after = if attempt.has_another_tree() {
            after.next().unwrap_or_default()
        } else {
            unchanged()
        };
        let label = || format!("case {} {release}\n{}", case.number, show(&case.tree));
        attempt.judge(
            &label,
            release,
            &[plain, connected],
            &after,
            &alone[&attempt.line()],
            report,
        );
    }
    Ok(())
}

/// The tree as the model reads it: the scratch directory replaces `/etc/ssh`, links into it
/// included.
fn model(place: &Path, case: &Case, key: &Path) -> Tree {
    let inside = |path: &Path| {
        path.strip_prefix("/etc/ssh")
            .map(|rest| place.join(rest))
            .ok()
    };
    let at = |path: &Path| {
        let link = case
            .tree
            .links
            .iter()
            .find(|(link, _)| Path::new("/etc/ssh").join(link) == path);
        link.and_then(|(_, target)| inside(target))
            .or_else(|| inside(path))
            .unwrap_or_else(|| PathBuf::from("/nowhere"))
    };
    let mut overrides = vec![Override::new(format!("HostKey {}", key.display()))];
    overrides.extend(case.tree.options.iter().map(Override::new));
    // Paths below the scratch directory are in /etc, where the model edits files.
    let real = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let seen = |target: PathBuf| match target.strip_prefix(&real) {
        Ok(rest) => Path::new("/etc/ssh").join(rest),
        Err(_) => target,
    };
    Tree::read(
        &capture(Path::new(MAIN), at, seen),
        Path::new(MAIN),
        &overrides,
    )
}

fn compare(
    case: &Case,
    tree: &Tree,
    release: Release,
    spec: &str,
    answer: &Answer,
    report: &mut Report,
) {
    let label = || {
        format!(
            "case {} {spec:?} {}\n{}",
            case.number,
            release,
            show(&case.tree)
        )
    };
    let asks = spec.is_empty() && tree.needs_connection(release);
    let expected = match tree.verdict(release) {
        StartVerdict::Accepts => Some(true),
        StartVerdict::Refuses(_) => Some(false),
        StartVerdict::Unknown(_) => None,
    };
    report.compared += 1;
    if expected.is_some_and(|expected| (expected && !asks) != answer.started) {
        let text = format!(
            "{}\n  ours:   {:?}\n  theirs: {}",
            label(),
            tree.verdict(release),
            answer.complaint
        );
        report.disagreements.push(text);
        return;
    }
    if !answer.started {
        return;
    }
    let connection = Connection {
        groups: groups(spec),
        ..Connection::parse(spec).unwrap_or_default()
    };
    let scope = if spec.is_empty() {
        Scope::Global
    } else {
        Scope::Connection(&connection)
    };
    let (ours, theirs) = differing(&tree.effective(Some(release), scope), answer, release);
    if ours != theirs {
        report.disagreements.push(format!(
            "{}\n  ours:   {ours:?}\n  theirs: {theirs:?}",
            label()
        ));
    }
}

/// The users of the specifications are alone in the group of their name.
fn groups(spec: &str) -> Vec<String> {
    let user = spec
        .strip_prefix("user=")
        .and_then(|rest| rest.split(',').next());
    user.filter(|user| *user != "bob")
        .map(str::to_owned)
        .into_iter()
        .collect()
}

type Values = BTreeMap<String, Vec<String>>;

fn differing(effective: &Effective, answer: &Answer, release: Release) -> (Values, Values) {
    let mut theirs: Values = answer
        .values
        .iter()
        .map(|(key, values)| (current_name(key).to_owned(), trimmed(values)))
        .collect();
    let mut ours = Values::new();
    for setting in effective {
        if setting.origin.is_none() && BUILD_DEFAULTS.contains(&setting.key.as_str())
            || setting.values.is_empty()
        {
            continue;
        }
        ours.insert(setting.key.clone(), trimmed(&setting.values));
    }
    theirs.retain(|key, _| ours.contains_key(key) || !BUILD_DEFAULTS.contains(&key.as_str()));
    theirs.remove("xauthlocation");
    if !theirs.contains_key("usepam") {
        // Builds without PAM ignore the keyword.
        ours.remove("usepam");
    }
    // A pattern of a Match block is printed, but is not in force.
    if ours
        .get("permituserenvironment")
        .is_some_and(|value| value == &["no"])
    {
        theirs.insert("permituserenvironment".to_owned(), vec!["no".to_owned()]);
    }
    // Debian prints QUIET by its old name; not all of its binaries say that they are Debian's.
    for values in [&mut ours, &mut theirs]
        .map(|values| values.get_mut("loglevel"))
        .into_iter()
        .flatten()
    {
        for value in values.iter_mut().filter(|value| *value == "SILENT") {
            *value = "QUIET".to_owned();
        }
    }
    // 9.2 does not print an empty list of timeouts, and 10.3 and later no empty list of files.
    let unprinted = if release < Release::new(9, 3) {
        "channeltimeout"
    } else {
        "revokedkeys"
    };
    for values in [&mut ours, &mut theirs] {
        values.retain(|key, value| key != unprinted || value != &["none"]);
    }
    if release >= Release::new(8, 2) && release < Release::new(8, 4) {
        // The ends of included files settle ports and addresses there; this is fixed in Ubuntu's
        // 8.2.
        for key in ["addressfamily", "listenaddress", "port"] {
            ours.remove(key);
            theirs.remove(key);
        }
    }
    if release < Release::new(8, 9)
        && ours
            .get("persourcenetblocksize")
            .is_some_and(|value| value[0].ends_with(":0"))
    {
        // If nothing sets it, it has a random value in builds that do not clear it.
        ours.remove("persourcenetblocksize");
        theirs.remove("persourcenetblocksize");
    }
    if (release.major, release.minor) == (10, 0) {
        // Debian's 10.0 has the meaning of the old class names from 10.1.
        ours.remove("ipqos");
        theirs.remove("ipqos");
    }
    let same: Vec<String> = ours
        .iter()
        .filter(|(key, value)| theirs.get(*key) == Some(*value))
        .map(|(key, _)| key.clone())
        .collect();
    for key in same {
        ours.remove(&key);
        theirs.remove(&key);
    }
    (ours, theirs)
}

/// The model reports a keyword by its current name.
fn current_name(key: &str) -> &str {
    match key {
        "hostbasedacceptedkeytypes" => "hostbasedacceptedalgorithms",
        "pubkeyacceptedkeytypes" => "pubkeyacceptedalgorithms",
        key => key,
    }
}

/// Blanks at the end of a value are not part of it.
fn trimmed(values: &[String]) -> Vec<String> {
    values
        .iter()
        .map(|value| value.trim_end().to_owned())
        .collect()
}

fn show(tree: &Generated) -> String {
    let mut text = String::new();
    for option in &tree.options {
        text.push_str(&format!("-o {option:?}\n"));
    }
    for (path, target) in &tree.links {
        text.push_str(&format!("//- {} -> {}\n", path.display(), target.display()));
    }
    for (path, bytes) in &tree.files {
        text.push_str(&format!(
            "//- {}\n{}\n",
            path.display(),
            bytes.escape_ascii().to_string().replace("\\n", "\n")
        ));
    }
    text
}
