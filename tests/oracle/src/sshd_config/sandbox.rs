//! The real sshd, run on many configurations inside private mount namespaces.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use sshmend_sshd_config::Release;

use super::generate::Generated;

/// The file that sshd reads by default.
pub(super) const MAIN: &str = "/etc/ssh/sshd_config";

/// The connections to evaluate; the first one is none.
pub(super) const SPECS: [&str; 4] = [
    "",
    "user=bob,host=gw.example.org,addr=192.0.2.7,laddr=127.0.0.1,lport=22",
    "user=daemon,host=a.example.org,addr=10.1.2.3,laddr=127.0.0.1,lport=2222",
    "user=root,host=other,addr=2001:db8::5,laddr=::1,lport=22",
];

/// The number of namespaces that work at the same time.
const WORKERS: usize = 2;

/// One question to sshd: a tree and a connection.
pub(super) struct Question<'a> {
    /// The tree.
    pub(super) tree: &'a Generated,
    /// Connection specifications; empty for plain `-T`.
    pub(super) specs: &'a [&'a str],
}

/// The answer of sshd.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// Whether it exited with 0.
    pub(super) started: bool,
    /// The values, by lower-case keyword.
    pub(super) values: BTreeMap<String, Vec<String>>,
    /// Its error message.
    pub(super) complaint: String,
}

/// An sshd, of this machine or below another root directory.
pub(super) struct Sandbox {
    root: Option<PathBuf>,
    sshd: PathBuf,
    scratch: tempfile::TempDir,
}

impl Sandbox {
    /// Prepares a scratch directory with a host key.
    ///
    /// # Errors
    /// When the directory or the key cannot be made.
    pub(super) fn new(root: Option<&Path>, sshd: &Path) -> io::Result<Self> {
        let scratch = tempfile::tempdir()?;
        let key = scratch.path().join("key");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(key)
            .status()?;
        if !made.success() {
            return Err(io::Error::other("ssh-keygen could not make a host key"));
        }
        Ok(Self {
            root: root.map(Path::to_owned),
            sshd: sshd.to_owned(),
            scratch,
        })
    }

    /// The release of this sshd.
    ///
    /// # Errors
    /// When it cannot be run.
    pub(super) fn release(&self) -> io::Result<Release> {
        let mut command = match &self.root {
            Some(root) => {
                let mut command = Command::new("chroot");
                command.arg(root).arg(&self.sshd);
                command
            }
            None => Command::new(&self.sshd),
        };
        // Before 9.3 sshd knows no -V, and says its version while it complains.
        let output = command.arg("-V").stdin(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Release::parse(&text).ok_or_else(|| io::Error::other(format!("no version in {text:?}")))
    }

    /// The path of the host key, as sshd sees it.
    pub(super) fn key(&self) -> PathBuf {
        self.seen().join("key")
    }

    /// The scratch directory, as sshd sees it.
    fn seen(&self) -> PathBuf {
        if self.root.is_some() {
            PathBuf::from("/mnt")
        } else {
            self.scratch.path().to_owned()
        }
    }

    /// Writes a tree below the scratch directory and returns its place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, number: usize, tree: &Generated) -> io::Result<PathBuf> {
        let place = self.scratch.path().join(format!("case{number}"));
        fs::create_dir_all(place.join("sshd_config.d"))?;
        for (path, bytes) in &tree.files {
            let path = place.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&place))?;
            fs::write(path, bytes)?;
        }
        for directory in &tree.directories {
            fs::create_dir_all(place.join(directory))?;
        }
        for (path, target) in &tree.links {
            symlink(target, place.join(path))?;
        }
        Ok(place)
    }

    /// Asks all questions; the answers come in the same order, one for each specification.
    ///
    /// # Errors
    /// When a tree cannot be written or the namespace cannot be made.
    pub(super) fn ask(&self, questions: &[Question<'_>]) -> io::Result<Vec<Vec<Answer>>> {
        let mut scripts = vec![String::new(); WORKERS];
        for (number, question) in questions.iter().enumerate() {
            self.write(number, question.tree)?;
            scripts[number % WORKERS].push_str(&self.commands(number, question));
        }
        thread::scope(|scope| {
            let workers: Vec<_> = scripts
                .iter()
                .map(|script| scope.spawn(|| self.run(script)))
                .collect();
            let mut ended = workers.into_iter().map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("a worker died")))
            });
            ended.try_for_each(|ended| ended)
        })?;
        let answers = questions
            .iter()
            .enumerate()
            .map(|(number, question)| self.answers(number, question.specs.len()));
        let answers = answers.collect::<io::Result<_>>()?;
        (0..questions.len()).try_for_each(|number| {
            fs::remove_dir_all(self.scratch.path().join(format!("case{number}")))
        })?;
        Ok(answers)
    }

    fn commands(&self, number: usize, question: &Question<'_>) -> String {
        let mut script = format!("mount --bind \"$S/case{number}\" \"$R/etc/ssh\"\n");
        let options: String = question
            .tree
            .options
            .iter()
            .map(|option| format!(" -o {}", quoted(option)))
            .collect();
        for (index, spec) in question.specs.iter().enumerate() {
            let spec = if spec.is_empty() {
                String::new()
            } else {
                format!(" -C {}", quoted(spec))
            };
            let key = self.key().display().to_string();
            let _ = writeln!(
                script,
                "$C {} -T -h {key}{options}{spec} >\"$S/case{number}.{index}\" 2>\"$S/case{number}.{index}.err\" </dev/null && echo >\"$S/case{number}.{index}.ok\"",
                self.sshd.display(),
            );
        }
        script.push_str("umount \"$R/etc/ssh\"\n");
        script
    }

    fn run(&self, script: &str) -> io::Result<()> {
        let root = self
            .root
            .as_ref()
            .map_or_else(String::new, |root| root.display().to_string());
        let chroot = if root.is_empty() {
            String::new()
        } else {
            format!("chroot {root}")
        };
        let enter = "mount -t tmpfs none \"$R/run\"; mkdir -m 755 \"$R/run/sshd\"\n[ -z \"$R\" ] || mount --bind \"$S\" \"$R/mnt\"\n";
        let place = self
            .scratch
            .path()
            .join(format!("script.{:?}", thread::current().id()));
        fs::write(&place, format!("cd /\n{enter}{script}"))?;
        let status = Command::new("unshare")
            .args(["-m", "sh"])
            .arg(&place)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("S", self.scratch.path())
            .env("R", root)
            .env("C", chroot)
            .stdin(Stdio::null())
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other("the namespace could not be set up"))
        }
    }

    fn answers(&self, number: usize, count: usize) -> io::Result<Vec<Answer>> {
        let file = |index: usize, kind: &str| {
            self.scratch
                .path()
                .join(format!("case{number}.{index}{kind}"))
        };
        let read = |index: usize, kind: &str| {
            fs::read(file(index, kind)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        let mut answers = Vec::new();
        for index in 0..count {
            let started = fs::remove_file(file(index, ".ok")).is_ok();
            let (output, complaint) = (read(index, "")?, read(index, ".err")?);
            answers.push(Answer {
                started,
                values: parse(&output),
                complaint,
            });
            fs::remove_file(file(index, ""))?;
            fs::remove_file(file(index, ".err"))?;
        }
        Ok(answers)
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Reads the output of `sshd -T`.
fn parse(output: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in output.split('\n').filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        values
            .entry(key.to_ascii_lowercase())
            .or_default()
            .push(value.to_owned());
    }
    values
}
