//! What the journal says of a transaction: `transaction.toml`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sshmend_lossless::{Attributes, Bytes, Metadata, Step, turned};

use crate::escape;
use crate::id::Id;

/// The version of `transaction.toml` that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 1;

/// Who wants a change, when, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The time now.
    pub when: Timestamp,
    /// The person.
    pub who: Who,
    /// What it is for, in one line.
    pub why: String,
    /// The command line.
    pub argv: Vec<String>,
    /// What has to follow.
    pub aftermath: FollowUp,
    /// When it is undone by itself, if it is.
    pub back: Option<Back>,
    /// What it puts in place for a policy, if it does.
    pub policy: Option<ForPolicy>,
}

/// What a change puts in place for a policy, and what it takes out again: kept for whoever applies the policy later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForPolicy {
    /// Which policy.
    pub name: String,
    /// What, each in words that are not this crate's.
    pub put: Vec<Vec<String>>,
}

/// What has to follow a change of the files, and again when it is undone. Kept, never run, by this crate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Programs that have to accept the files before anything is told to read them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<StepRecord>,
    /// Programs that bring the files into force, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activation: Vec<StepRecord>,
    /// Programs that undo what `activation` did, in order; where there are none, `activation` brings the old
    /// files into force as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<StepRecord>,
    /// The units that are reloaded by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
}

impl FollowUp {
    /// The same for the way back: what brings one into force takes the other back.
    #[must_use]
    pub fn turned(&self) -> Self {
        let (activation, undo) = turned(&self.activation, &self.undo);
        Self {
            activation,
            undo,
            ..self.clone()
        }
    }
}

/// A step as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub enum StepRecord {
    /// One that a plan makes.
    Step(Step),
    /// A command line of a journal that no plan makes: for people to read, never run.
    Unknown(Vec<String>),
}

/// What stands in `transaction.toml`: a step, or the command line that the first releases kept instead.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Step(Step),
    Argv(Vec<String>),
}

impl From<Step> for StepRecord {
    /// What a plan could not have made is not run, whatever wrote it.
    fn from(step: Step) -> Self {
        if step.is_known() {
            Self::Step(step)
        } else {
            Self::Unknown(step.argv())
        }
    }
}

impl From<Kept> for StepRecord {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Step(step) => step.into(),
            Kept::Argv(argv) => match Step::from_argv(&argv) {
                Some(step) => Self::Step(step),
                None => Self::Unknown(argv),
            },
        }
    }
}

impl From<StepRecord> for Kept {
    fn from(step: StepRecord) -> Self {
        match step {
            StepRecord::Step(step) => Self::Step(step),
            StepRecord::Unknown(argv) => Self::Argv(argv),
        }
    }
}

/// The person who wants a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The user who does it.
    pub uid: u32,
    /// Who called sudo, if that is how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sudo_user: Option<String>,
    /// `SSH_CONNECTION` of the session, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_connection: Option<String>,
}

/// When a change is undone by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Back {
    /// The time.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// Whether a confirmation makes it stay, and nothing else is begun before.
    pub unless_confirmed: bool,
    /// Under which start of the machine the timer was set: a later one has lost it.
    pub boot: String,
}

/// How far a transaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Being journaled: no file has changed.
    Preparing,
    /// Journaled. Files may be old or new: if this stays, [`crate::Store::recover`] makes all of them old, or all of them
    /// new where it is a way back.
    Prepared,
    /// Every file is new; whether that was brought into force and proved is not known.
    Committed,
    /// Every file is new, in force and proved, and goes back unless somebody confirms it.
    PendingConfirm,
    /// All is done.
    Done,
    /// Every file is old again.
    RolledBack,
}

/// One transaction, as journaled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub(crate) version: u32,
    /// Its name.
    pub id: Id,
    /// How far it has come.
    pub state: State,
    /// When it began.
    #[serde(with = "time")]
    pub when: Timestamp,
    /// What it is for.
    pub why: String,
    /// The command line.
    pub argv: Vec<String>,
    /// The transaction that this one rolls back, if that is what it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolls_back: Option<Id>,
    /// Directories that are made for it, the outermost first.
    #[serde(with = "paths")]
    pub directories: Vec<PathBuf>,
    /// The person.
    pub who: Who,
    /// What has to follow.
    #[serde(default)]
    pub aftermath: FollowUp,
    /// When it is undone by itself, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// What it put in place for a policy, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<ForPolicy>,
    /// The files, in path order.
    #[serde(rename = "file")]
    pub files: Vec<FileRecord>,
}

/// One file of a transaction, as journaled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The path as the program names it.
    #[serde(with = "escape::path")]
    pub path: PathBuf,
    /// The file that is changed: the path after all links.
    #[serde(with = "escape::path")]
    pub target: PathBuf,
    /// What it was; `None` when it is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Image>,
    /// What it becomes; `None` when it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Image>,
    /// Whether it is a private key, of which no copy is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// A file at one moment; its bytes lie beside the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The digest of the bytes, in hexadecimal digits.
    pub sha256: String,
    /// The number of bytes.
    pub size: u64,
    /// The permission bits.
    #[serde(with = "octal")]
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Extended attributes: ACL, SELinux label, `user.*`.
    #[serde(
        with = "escape::xattrs",
        default,
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub xattrs: BTreeMap<String, Vec<u8>>,
}

impl Record {
    /// Whether it was cut off before its end was proved, which [`crate::Store::recover`] takes care of.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.state, State::Prepared | State::Committed)
    }

    /// Reads `transaction.toml`.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence; a version other than the one that is written is not read, nor is one of
    /// which the end is missing.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let (found, announced) = (lines(text), announced(text));
        if let Some(announced) = announced.filter(|&announced| announced != found) {
            return Err(format!("{found} of its {announced} lines are there"));
        }
        let record: Self =
            toml_edit::de::from_slice(text).map_err(|error| error.message().to_owned())?;
        if record.version == VERSION {
            Ok(record)
        } else {
            Err(format!("version {} is not known", record.version))
        }
    }

    /// Writes `transaction.toml`: first how many lines it has, for a beginning of it is TOML as well and would name fewer
    /// files.
    ///
    /// # Errors
    /// Why TOML cannot say it.
    pub fn to_toml(&self) -> Result<String, String> {
        let text = toml_edit::ser::to_string_pretty(self).map_err(|error| error.to_string())?;
        Ok(format!("{LINES}{}\n{text}", lines(text.as_bytes()) + 1))
    }
}

/// What the first line begins with, but for the journals of early releases.
const LINES: &str = "lines = ";

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count()
}

/// How many lines the first one announces.
fn announced(text: &[u8]) -> Option<usize> {
    let first = text.split(|&byte| byte == b'\n').next()?;
    let number = first.strip_prefix(LINES.as_bytes())?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

impl FileRecord {
    /// Whether the transaction gives a file that was there another mode or owner.
    pub fn gives(&self) -> bool {
        let attributes = |image: &Option<Image>| image.as_ref().map(Image::attributes);
        self.before.is_some()
            && self.after.is_some()
            && attributes(&self.before) != attributes(&self.after)
    }
}

impl Image {
    pub(crate) fn new(bytes: &Bytes, meta: &Metadata) -> Self {
        Self {
            sha256: sha256(&bytes.pieces()),
            size: bytes.len() as u64,
            mode: meta.mode,
            uid: meta.uid,
            gid: meta.gid,
            xattrs: meta.xattrs.clone(),
        }
    }

    /// Mode and owner.
    pub fn attributes(&self) -> Attributes {
        Attributes {
            mode: self.mode,
            uid: self.uid,
            gid: self.gid,
        }
    }

    /// Mode, owner and extended attributes, for a file that is created with them.
    pub fn metadata(&self) -> Metadata {
        let (mode, uid, gid, xattrs) = (self.mode, self.uid, self.gid, self.xattrs.clone());
        Metadata {
            mode,
            uid,
            gid,
            size: self.size,
            xattrs,
            ..Metadata::default()
        }
    }

    /// Whether these are its bytes.
    pub fn has(&self, bytes: &[u8]) -> bool {
        self.size == bytes.len() as u64 && self.sha256 == sha256(&[bytes])
    }
}

/// The SHA-256 digest of a content in pieces, in hexadecimal.
pub fn sha256(pieces: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for piece in pieces {
        hash.update(piece);
    }
    let digest = hash.finalize();
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A time as in RFC 3339.
pub(crate) mod time {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        time: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Permission bits as people write them.
mod octal {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(mode: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{mode:04o}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        u32::from_str_radix(&String::deserialize(deserializer)?, 8).map_err(de::Error::custom)
    }
}

/// Several paths of any bytes.
mod paths {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::escape;

    #[derive(Serialize, Deserialize)]
    struct Escaped(#[serde(with = "escape::path")] PathBuf);

    pub(super) fn serialize<S: Serializer>(
        paths: &[PathBuf],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(paths.iter().cloned().map(Escaped))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        Ok(Vec::<Escaped>::deserialize(deserializer)?
            .into_iter()
            .map(|Escaped(path)| path)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first releases wrote, beside what is written today.
    const OLD: &str = r#"version = 1
id = "20261120T185545.752881Z"
state = "done"
when = "2026-11-20T18:55:45.752881Z"
why = "MaxSessions 5"
argv = ["sshmend", "fix"]
directories = []
file = []
[who]
uid = 0
[aftermath]
judges = [["/usr/sbin/sshd", "-t"], ["sh", "-c", "id"]]
activation = [["kill", "-HUP", "4711"]]
"#;

    #[test]
    fn command_lines_of_an_old_journal_are_steps_or_only_shown() {
        let record = Record::parse(OLD.as_bytes()).expect("a record");
        let unknown = StepRecord::Unknown(["sh", "-c", "id"].map(str::to_owned).to_vec());
        let test = Step::TestSshd("/usr/sbin/sshd".to_owned(), Vec::new());
        assert_eq!(record.aftermath.judges, [StepRecord::Step(test), unknown]);
        let hang_up = StepRecord::Step(Step::HangUp(4711));
        assert_eq!(record.aftermath.activation, [hang_up]);
        let text = record.to_toml().expect("TOML");
        assert!(text.contains("step = \"hang-up\""), "{text}");
        assert!(!text.contains("kill"), "{text}");
        assert_eq!(Record::parse(text.as_bytes()), Ok(record));
    }

    #[test]
    fn a_step_that_no_plan_makes_is_only_shown() {
        for (with, known) in [
            (r#"["start", ["ssh.service"]]"#, true),
            (r#"["start", ["/home/eve/x.service"]]"#, false),
            (r#"["start", ["--root=/home/eve", "x.service"]]"#, false),
        ] {
            let step = format!("activation = [{{ step = \"systemctl\", with = {with} }}]\n");
            let text = OLD.replace("activation = [[\"kill\", \"-HUP\", \"4711\"]]\n", &step);
            let record = Record::parse(text.as_bytes()).expect("a record");
            let read = &record.aftermath.activation[0];
            assert_eq!(matches!(read, StepRecord::Step(_)), known, "{read:?}");
        }
        let newer = OLD.replace("[\"kill\", \"-HUP\", \"4711\"]", "{ step = \"dance\" }");
        assert!(Record::parse(newer.as_bytes()).is_err());
    }

    #[test]
    fn a_record_that_was_cut_off_anywhere_is_not_read() {
        let text = Record::parse(OLD.as_bytes()).expect("a record");
        let text = text.to_toml().expect("TOML");
        assert!(Record::parse(text.as_bytes()).is_ok());
        for end in 0..text.len() {
            assert!(Record::parse(&text.as_bytes()[..end]).is_err(), "{end}");
        }
    }
}
