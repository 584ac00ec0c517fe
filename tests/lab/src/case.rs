//! Cases: one small file each, with what is broken, what the client sees, the name of the cause and
//! the remedy.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::endings;
use crate::error::{LabError, trying};
use crate::suite::Suite;

/// One fault and everything that must be true of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    /// The file's name without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// Whether the file names a suite, or lets its scripts ask for it.
    #[serde(skip)]
    pub names_suites: bool,
    /// What is broken, in one line.
    pub summary: String,
    /// The name of the cause, as `sshmend explain` knows it; none on a healthy machine.
    #[serde(default)]
    pub cause: Option<String>,
    /// Suites on which the fault cannot exist, and why.
    #[serde(default)]
    pub except: BTreeMap<Suite, String>,
    /// The case that replaces this one in a brief run: the same with another release of a program.
    #[serde(default)]
    pub like: Option<String>,
    /// Whether the machine's systemd must be able to limit processes and memory.
    #[serde(default)]
    pub cgroups: bool,
    /// Whether root on the server reads the kernel's log. It is one log for all machines and for this one.
    #[serde(default)]
    pub kernel_log: bool,
    /// The fault on the server.
    #[serde(default)]
    pub server: Fault,
    /// The fault on the client.
    #[serde(default)]
    pub client: Fault,
    /// The fault on the router between them.
    #[serde(default)]
    pub router: Fault,
    /// The connection that dies.
    #[serde(default)]
    pub connect: Connect,
    /// The restarts of the server after that, one after the other.
    #[serde(default, rename = "restart")]
    pub restarts: Vec<Restart>,
    /// The faults on the server while the commands that write run.
    #[serde(default)]
    pub faults: Option<Faults>,
    /// The expected result of `sshmend diagnose`.
    #[serde(default)]
    pub expect: Expect,
    /// The remedy.
    #[serde(default)]
    pub remedy: Remedy,
    /// Several servers, or one, and a page of documentation that is followed.
    #[serde(default)]
    pub fleet: Option<Fleet>,
}

/// Machines that are changed as a page says, step by step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fleet {
    /// The page, from the root of the repository.
    pub page: PathBuf,
    /// The suites of `server`, `second` and `third`, as many as there are.
    pub servers: Vec<Suite>,
    /// The machine on which the commands of the page are run.
    #[serde(default)]
    pub at: Place,
    /// Whether the page itself installs sshmend on the servers.
    #[serde(default)]
    pub bare: bool,
    /// The ansible-core on the client.
    #[serde(default)]
    pub ansible: Ansible,
    /// Packages of the package index that the client has with that ansible-core.
    #[serde(default)]
    pub with: Vec<String>,
}

/// The machine on which a page is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// By alice on the client.
    #[default]
    Client,
    /// By alice on `server`, where she is logged in by SSH from the client.
    Server,
}

/// An ansible-core.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Ansible {
    /// That of the client's suite.
    #[default]
    Debian,
    /// The newest of the package index.
    Newest,
    /// The last one of a release of the package index, such as `2.14`.
    Release(String),
}

impl std::convert::From<String> for Ansible {
    fn from(name: String) -> Self {
        match name.as_str() {
            "debian" => Self::Debian,
            "newest" => Self::Newest,
            _ => Self::Release(name),
        }
    }
}

/// The faults while the commands that write run, each with its number: machine/faults.sh.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// System calls that fail once, and are the last one once.
    pub calls: u32,
    /// Signals at random, and terminals that are closed.
    pub signals: u32,
    /// Disks that are full, or nearly so.
    pub disks: u32,
    /// The seed of the random numbers.
    pub seed: u16,
}

/// The commands that break one machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Files written before anything runs: path to content.
    #[serde(default)]
    pub files: BTreeMap<PathBuf, String>,
    /// A shell script, run as root; `SUITE` names the suite.
    #[serde(default)]
    pub run: String,
    /// A program that runs from then on.
    #[serde(default)]
    pub load: String,
}

/// How the client connects, and what it must see.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connect {
    /// A shell command, run as alice on the client.
    pub command: String,
    /// A regular expression that its output must match.
    pub sees: PerSuite,
    /// Its exit status; none: anything but 0.
    pub exit: Option<i32>,
    /// Shortest and longest time it may take, in seconds.
    pub takes: [f64; 2],
    /// The number of attempts until the symptom must show, if it is random.
    pub tries: u32,
}

/// The way in which a machine goes down before it starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Down {
    /// As systemctl(1) reboots it.
    Reboot,
    /// Every process ends at once. Written data survives nevertheless, because the kernel is the
    /// host's.
    PowerCut,
}

/// One start of the server in the middle of a case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// The description, in one line.
    pub what: String,
    /// What alice does on the client before; it must succeed.
    pub before: String,
    /// The way in which the server goes down.
    pub down: Down,
    /// What she does once it is up again.
    pub after: String,
    /// A regular expression for the whole output.
    pub sees: String,
}

/// The same for all suites, or a text for each.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum PerSuite {
    /// One text.
    All(String),
    /// One for each suite.
    Each(BTreeMap<Suite, String>),
}

/// The first finding from each side.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// Causes that the server may name first; none given: the case's own. `nothing`: no finding. `anything`: not judged.
    pub server: Option<Vec<String>>,
    /// The same for causes that the client may name first.
    pub client: Option<Vec<String>>,
    /// Arguments of `sshmend diagnose` on the server.
    pub server_args: Option<String>,
    /// Arguments of `sshmend diagnose` on the client.
    pub client_args: Option<String>,
}

/// How the fault is repaired, and what holds afterwards.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Remedy {
    /// The source of the remedy.
    #[serde(default)]
    pub from: From,
    /// The command, if it needs something that no machine knows, such as a fingerprint from
    /// elsewhere.
    #[serde(default)]
    pub command: Option<String>,
    /// The number of faults beyond the first, each to be named and repaired in turn.
    #[serde(default)]
    pub further: usize,
    /// With `from = "owner"`: the commands of the server's owner, as root.
    #[serde(default)]
    pub steps: String,
    /// With `from = "owner"`: what alice does on the client.
    #[serde(default)]
    pub client_steps: String,
    /// What works afterwards, as alice on the client; by default the connection of the case.
    #[serde(default)]
    pub works: Option<String>,
    /// Files that another program keeps writing: not compared after a rollback.
    #[serde(default)]
    pub not_compared: Vec<String>,
    /// The reason why nothing is rolled back, if the remedy changes no file.
    #[serde(default)]
    pub no_rollback: Option<String>,
}

/// The source of a remedy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// The command that the first finding on the server carries.
    #[default]
    Server,
    /// The command that the first finding on the client carries.
    Client,
    /// Not sshmend's business: the steps of the case.
    Owner,
    /// The steps of the findings, word for word, until the connection works.
    Printed,
    /// Whatever sshmend offers: the server's printed command, else the client's, else the steps of
    /// the case.
    Auto,
    /// A person at a terminal, led by `sshmend fix`.
    Guided,
    /// There is nothing to repair.
    Nothing,
}

impl Default for Connect {
    fn default() -> Self {
        Self {
            command: "ssh -o ConnectTimeout=10 server true".to_owned(),
            sees: PerSuite::All(String::new()),
            exit: None,
            takes: [0.0, 25.0],
            tries: 1,
        }
    }
}

impl PerSuite {
    /// The text for a suite; empty if nothing is required of it.
    pub fn of(&self, suite: Suite) -> &str {
        match self {
            Self::All(text) => text,
            Self::Each(texts) => texts.get(&suite).map_or("", String::as_str),
        }
    }
}

impl Expect {
    /// The causes that a side may name first.
    pub fn of<'a>(case: &'a Case, side: &'a Option<Vec<String>>) -> Vec<&'a str> {
        match (side, &case.cause) {
            (Some(names), _) => names.iter().map(String::as_str).collect(),
            (None, Some(cause)) => vec![cause],
            (None, None) => vec!["nothing"],
        }
    }
}

impl Case {
    /// Reads every case of a folder, in the order of their names.
    pub fn all(folder: &Path) -> Result<Vec<Self>, LabError> {
        let what = folder.display().to_string();
        let entries: Result<Vec<_>, _> = trying(&what, fs::read_dir(folder))?.collect();
        let paths = trying(&what, entries)?
            .into_iter()
            .map(|entry| entry.path());
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|it| it == "toml"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// Loads the case with this name; `None` if there is no such file.
    pub fn named(folder: &Path, name: &str) -> Result<Option<Self>, LabError> {
        let path = folder.join(format!("{name}.toml"));
        if path.exists() {
            Self::read(&path).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Whether the fault can exist on a suite.
    pub fn runs_on(&self, suite: Suite) -> bool {
        !self.except.contains_key(&suite)
    }

    /// One suite for each way in which the suites differ for this case: all of them if the case
    /// names suites, else one for each ending that the client may see. The choice among several
    /// depends on the name alone. Empty if another case replaces it.
    pub fn differing(&self, suites: &[Suite]) -> Vec<Suite> {
        if self.like.is_some() {
            return Vec::new();
        }
        let possible: Vec<Suite> = suites
            .iter()
            .copied()
            .filter(|suite| self.runs_on(*suite))
            .collect();
        if self.names_suites || self.fleet.is_some() {
            return possible;
        }
        let mut alike: BTreeMap<Option<&str>, Vec<Suite>> = BTreeMap::new();
        for suite in possible {
            alike
                .entry(endings::pattern(self.connect.sees.of(suite), suite))
                .or_default()
                .push(suite);
        }
        let turn = self.name.bytes().map(usize::from).sum::<usize>();
        alike
            .into_values()
            .map(|suites| suites[turn % suites.len()])
            .collect()
    }

    fn read(path: &Path) -> Result<Self, LabError> {
        let text = trying(path.display().to_string(), fs::read_to_string(path))?;
        let mut case = Self::parse(&text).map_err(|message| LabError::Case {
            path: path.to_owned(),
            message,
        })?;
        case.names_suites =
            Suite::ALL.iter().any(|suite| text.contains(suite.name())) || text.contains("SUITE");
        case.name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(case)
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml_edit::de::from_str(text).map_err(|error| error.to_string())
    }
}

/// The project's own cases.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_in_a_case_is_reported() {
        let error = Case::parse("summary = 'x'\n[server]\nfile = 'y'\n").unwrap_err();
        assert!(error.contains("unknown field `file`"), "{error}");
    }

    #[test]
    fn a_text_may_differ_between_suites() {
        let case =
            Case::parse("summary = 'x'\n[connect]\nsees = { trixie = 'new', bookworm = 'old' }\n")
                .unwrap();
        assert_eq!(
            Suite::ALL.map(|suite| case.connect.sees.of(suite)),
            ["", "old", "new"]
        );
    }

    #[test]
    fn a_case_runs_once_for_each_difference_between_its_suites() {
        let differing = |text: &str| {
            let mut case = Case::parse(&format!("summary = 'x'\n{text}")).unwrap();
            case.name = "a".to_owned();
            case.differing(&Suite::ALL)
        };
        assert_eq!(differing("[connect]\nsees = 'the same'\n").len(), 1);
        assert_eq!(
            differing("[connect]\nsees = '@closed'\n"),
            [Suite::Bookworm, Suite::Trixie]
        );
        assert_eq!(
            differing("[except]\ntrixie = 'why'\nbookworm = 'why'\n"),
            [Suite::Bullseye]
        );
        assert_eq!(differing("like = 'b'\n"), []);
    }

    #[test]
    fn every_case_is_valid_and_states_the_symptom() {
        for case in Case::all(&folder()).unwrap() {
            for suite in Suite::ALL.into_iter().filter(|suite| case.runs_on(*suite)) {
                let sees = case.connect.sees.of(suite);
                let pattern = endings::pattern(sees, suite).expect("no ending has this name");
                assert!(regex::Regex::new(pattern).is_ok(), "{}: {sees}", case.name);
                assert!(
                    case.cause.is_none() || !sees.is_empty(),
                    "{} says nothing of {suite}",
                    case.name
                );
            }
            if let Some(other) = &case.like {
                let other = Case::named(&folder(), other).unwrap();
                let other = other.expect("no case stands for it");
                assert!(other.like.is_none(), "{} hangs on two others", case.name);
            }
            assert!(
                case.remedy.from != From::Owner
                    || !format!("{}{}", case.remedy.steps, case.remedy.client_steps).is_empty(),
                "{} has no steps",
                case.name
            );
            assert!(
                case.remedy.from != From::Printed
                    || format!("{}{}", case.remedy.steps, case.remedy.client_steps).is_empty(),
                "{} has steps of its own, and runs the printed ones",
                case.name
            );
        }
    }
}
