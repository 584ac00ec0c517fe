//! The record of a transaction: `transaction.toml`.

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
    /// The purpose, in one line.
    pub why: String,
    /// The command line.
    pub argv: Vec<String>,
    /// The steps that follow.
    pub aftermath: FollowUp,
    /// The time at which it is undone automatically, if any.
    pub back: Option<Back>,
    /// What it puts in place for a policy, if anything.
    pub policy: Option<ForPolicy>,
}

/// What a change puts in place for a policy and what it removes, kept for later runs of the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForPolicy {
    /// The name of the policy.
    pub name: String,
    /// The items, each in words that this crate does not interpret.
    pub put: Vec<Vec<String>>,
}

/// The steps that follow a change of the files, and again its undo. This crate records them and
/// never runs them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Programs that must accept the files before any daemon reloads them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<StepRecord>,
    /// Programs that activate the files, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activation: Vec<StepRecord>,
    /// Programs that undo `activation`, in order; if there are none, `activation` activates the old
    /// files as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<StepRecord>,
    /// The units that they reload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
}

impl FollowUp {
    /// The same for the undo: activation and undo change places.
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

/// A step as stored in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub enum StepRecord {
    /// One that a plan makes.
    Step(Step),
    /// A command line of a journal that no plan makes: for people to read, never run.
    Unknown(Vec<String>),
}

/// The stored form in `transaction.toml`: a step, or the command line that the first releases kept
/// instead.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Step(Step),
    Argv(Vec<String>),
}

impl From<Step> for StepRecord {
    /// A step that no plan could contain is not run, even if the journal contains it.
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

/// The person who requests a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The user who makes the change.
    pub uid: u32,
    /// The user who called sudo, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sudo_user: Option<String>,
    /// `SSH_CONNECTION` of the session, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_connection: Option<String>,
}

/// The time at which a change is undone automatically.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Back {
    /// The time.
    #[serde(with = "time")]
    pub at: Timestamp,
    /// Whether a confirmation makes it permanent, and nothing else may begin before.
    pub unless_confirmed: bool,
    /// The boot in which the timer was set: a later one has lost it.
    pub boot: String,
}

/// The state of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Being journaled by an earlier release: no file has changed.
    Preparing,
    /// Journaled. Files may be old or new: if this state stays, [`crate::Store::recover`] makes all
    /// of them old, or all of them new for a rollback.
    Prepared,
    /// Every file is new; it is not known whether they were activated and verified.
    Committed,
    /// Every file is new, in force and verified, and will be undone unless it is confirmed.
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
    /// The state.
    pub state: State,
    /// The time at which it began.
    #[serde(with = "time")]
    pub when: Timestamp,
    /// The purpose.
    pub why: String,
    /// The command line.
    pub argv: Vec<String>,
    /// The transaction that this one rolls back, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolls_back: Option<Id>,
    /// Directories that it creates, the outermost first.
    #[serde(with = "paths")]
    pub directories: Vec<PathBuf>,
    /// The person.
    pub who: Who,
    /// The steps that follow.
    #[serde(default)]
    pub aftermath: FollowUp,
    /// The time at which it is undone automatically, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// What it put in place for a policy, if anything.
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
    /// The file before; `None` if it is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Image>,
    /// The file after; `None` if it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Image>,
    /// Whether it is a private key, of which no copy is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// A file at one moment; its content is stored beside the record.
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
    /// Whether it was interrupted before its end was verified; [`crate::Store::recover`] takes care
    /// of that.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.state, State::Prepared | State::Committed)
    }

    /// Reads `transaction.toml`.
    ///
    /// # Errors
    /// The reason, in one sentence. A version other than the current one is not read, nor is a
    /// record whose end is missing.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let (found, announced) = (lines(text), announced(text));
        if let Some(announced) = announced.filter(|&announced| announced != found) {
            return Err(format!("only {found} of its {announced} lines exist"));
        }
        let record: Self =
            toml_edit::de::from_slice(text).map_err(|error| error.message().to_owned())?;
        if record.version == VERSION {
            Ok(record)
        } else {
            Err(format!("version {} is not known", record.version))
        }
    }

    /// Writes `transaction.toml`, beginning with its number of lines, because a truncated record
    /// could still be valid TOML and name fewer files.
    ///
    /// # Errors
    /// The reason why TOML cannot represent it.
    pub fn to_toml(&self) -> Result<String, String> {
        let text = toml_edit::ser::to_string_pretty(self).map_err(|error| error.to_string())?;
        Ok(format!("{LINES}{}\n{text}", lines(text.as_bytes()) + 1))
    }
}

/// The beginning of the first line, except in the journals of early releases.
const LINES: &str = "lines = ";

fn lines(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count()
}

/// The number of lines that the first line announces.
fn announced(text: &[u8]) -> Option<usize> {
    let first = text.split(|&byte| byte == b'\n').next()?;
    let number = first.strip_prefix(LINES.as_bytes())?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

impl FileRecord {
    /// Whether the transaction changes the mode or owner of an existing file.
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

    /// Mode, owner and extended attributes, for creating the file.
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

    /// Whether it has these bytes.
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

/// Several paths with arbitrary bytes.
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

    /// A record of the first releases, in addition to the current form.
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
    fn command_lines_of_an_old_journal_are_read_as_steps_or_only_shown() {
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
    fn a_step_that_no_plan_produces_is_only_shown() {
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
    fn a_truncated_record_is_refused() {
        let text = Record::parse(OLD.as_bytes()).expect("a record");
        let text = text.to_toml().expect("TOML");
        assert!(Record::parse(text.as_bytes()).is_ok());
        for end in 0..text.len() {
            assert!(Record::parse(&text.as_bytes()[..end]).is_err(), "{end}");
        }
    }
}
