//! fail2ban itself: its library, from the machine or from Debian's package, with a driver that
//! answers JSON.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};

use sshmend_fail2ban::Release;

/// Our driver; it imports the library whose folder is its argument.
const DRIVER: &str = include_str!("driver.py");
/// Debian's interpreter, without a user's packages.
const PYTHON: &str = "/usr/bin/python3";
/// The folder in which Debian's package installs the library.
const INSTALLED: &str = "usr/lib/python3/dist-packages";

/// A running driver.
pub(super) struct Program {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    modules: PathBuf,
    /// The release that answers.
    pub(super) release: Release,
}

/// The answer of fail2ban for one tree.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    /// Whether `fail2ban-client -d` exits with 0.
    pub(super) starts: bool,
    /// The reason why it fails.
    pub(super) error: Option<String>,
    /// The jails that it would start.
    pub(super) jails: BTreeMap<String, Started>,
    /// The addresses that each of them exempts.
    pub(super) ignored: BTreeMap<String, BTreeMap<String, bool>>,
    /// The output of `fail2ban-client -d`, if it was requested.
    pub(super) stream: Vec<String>,
    /// The word at which the server would stop.
    pub(super) server: Option<String>,
}

/// One jail that fail2ban would start.
#[derive(Debug, Deserialize)]
pub(super) struct Started {
    /// The words of `ignoreip`; none when it is not set.
    pub(super) words: Option<Vec<String>>,
    /// Other options.
    pub(super) settings: BTreeMap<String, String>,
}

impl Program {
    /// Starts the driver on the library of `SSHMEND_FAIL2BAN`, of this machine, or of Debian's package, in this order.
    pub(super) fn start() -> Result<Self, String> {
        let modules = library()?;
        let mut child = Command::new(PYTHON)
            .args(["-c", DRIVER])
            .arg(&modules)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {PYTHON}: {error}"))?;
        let requests = child.stdin.take().ok_or("the driver has no input")?;
        let mut answers = BufReader::new(child.stdout.take().ok_or("the driver has no output")?);
        let mut greeting = String::new();
        answers
            .read_line(&mut greeting)
            .map_err(|error| error.to_string())?;
        let release =
            Release::parse(&greeting).ok_or(format!("{} holds no fail2ban", modules.display()))?;
        Ok(Self {
            child,
            requests,
            answers,
            modules,
            release,
        })
    }

    /// Asks about one configuration directory.
    pub(super) fn ask(&mut self, directory: &Path, addresses: &[String]) -> Result<Answer, String> {
        self.request(&json!({"dir": directory, "addresses": addresses}))
    }

    /// Asks what `fail2ban-client -d` would print.
    pub(super) fn ask_stream(&mut self, directory: &Path) -> Result<Answer, String> {
        self.request(&json!({"dir": directory, "stream": true}))
    }

    /// Runs the client of the package itself: whether it exits with 0, and the lines it prints.
    pub(super) fn dump(&self, directory: &Path) -> Result<(bool, Vec<String>), String> {
        let output = Command::new(PYTHON)
            .arg(package_root()?.join("usr/bin/fail2ban-client"))
            .arg("-c")
            .arg(directory)
            .args(["-d"])
            .env("PYTHONPATH", &self.modules)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .map_err(|error| error.to_string())?;
        let lines = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect();
        Ok((output.status.success(), lines))
    }

    fn request(&mut self, request: &Value) -> Result<Answer, String> {
        writeln!(self.requests, "{request}")
            .map_err(|error| format!("the driver is gone: {error}"))?;
        let mut answer = String::new();
        self.answers
            .read_line(&mut answer)
            .map_err(|error| format!("the driver is gone: {error}"))?;
        serde_json::from_str(&answer)
            .map_err(|error| format!("the driver said {answer:?}: {error}"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A driver that has gone already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn library() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os("SSHMEND_FAIL2BAN") {
        return Ok(named.into());
    }
    let root = package_root()?;
    Ok(root.join(INSTALLED))
}

/// The folder with Debian's `etc/fail2ban` and library: `/`, or the folder in which the package was
/// unpacked for the tests.
pub(super) fn package_root() -> Result<PathBuf, String> {
    static ROOT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    ROOT.get_or_init(find_package).clone()
}

fn find_package() -> Result<PathBuf, String> {
    if Path::new("/").join(INSTALLED).join("fail2ban").is_dir() {
        return Ok(PathBuf::from("/"));
    }
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/oracle-fail2ban");
    if !cache.join("root").join(INSTALLED).join("fail2ban").is_dir() {
        unpack(&cache)?;
    }
    Ok(cache.join("root"))
}

/// Unpacks the package without installing it, so that no service starts.
fn unpack(cache: &Path) -> Result<(), String> {
    let temporary = cache.with_extension(format!("{}", std::process::id()));
    std::fs::create_dir_all(&temporary).map_err(|error| error.to_string())?;
    let script =
        "apt-get download -q fail2ban && dpkg-deb -x fail2ban_*.deb root && rm fail2ban_*.deb";
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(&temporary)
        .output();
    let output = output.map_err(|error| format!("cannot unpack fail2ban: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cannot unpack fail2ban: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    match std::fs::rename(&temporary, cache) {
        // Another process was faster: its copy serves as well.
        Err(_) if cache.join("root").is_dir() => {
            std::fs::remove_dir_all(&temporary).map_err(|error| error.to_string())
        }
        outcome => outcome.map_err(|error| error.to_string()),
    }
}
