//! A directory with fresh keys, for random files and a throw-away `sshd`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sshmend_known_hosts::{HostKey, OfferedKeys};
use tempfile::TempDir;

/// Names that are looked up.
pub(super) const NAMES: [&str; 8] = [
    "h",
    "i",
    "[h]:2222",
    "192.0.2.7",
    "2001:db8::1",
    "h1",
    "fe80::1%lo",
    "[fe80::1%lo]:2222",
];

/// Key types of `ssh-keygen -t` and sizes; two keys of each are made, the first of which the
/// throw-away server has.
const KEYS: [(&str, &str); 3] = [("ed25519", "256"), ("rsa", "1024"), ("ecdsa", "256")];

/// Fresh keys.
pub(super) struct Kit {
    directory: TempDir,
    /// `type base64` of each key: ed25519, rsa, ecdsa, each of the server and of another host; then one certificate.
    pub(super) texts: Vec<String>,
    /// The names of the generator as `ssh-keygen -H` hashes them.
    pub(super) hashed: Vec<String>,
}

impl Kit {
    /// Makes the keys; both threads together take about a second.
    pub(super) fn new() -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut texts = Vec::new();
        for (kind, bits) in KEYS {
            for owner in ["server", "other"] {
                texts.push(generate(directory.path(), kind, bits, owner)?);
            }
        }
        texts.push(certify(directory.path())?);
        let hashed = hash(directory.path(), &texts[0])?;
        Ok(Self {
            directory,
            texts,
            hashed,
        })
    }

    /// The directory for the files of a case.
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The private key files of the server.
    pub(super) fn server_files(&self) -> impl Iterator<Item = PathBuf> {
        KEYS.iter()
            .map(|(kind, _)| self.path().join(format!("{kind}_server")))
    }

    /// The key of a `type base64` text.
    pub(super) fn key(text: &str) -> HostKey {
        OfferedKeys::parse(text.as_bytes())
            .keys
            .into_iter()
            .next()
            .expect("ssh-keygen makes keys that we read")
            .key
    }

    /// The keys of the server.
    pub(super) fn server_keys(&self) -> Vec<HostKey> {
        self.texts
            .iter()
            .take(2 * KEYS.len())
            .step_by(2)
            .map(|text| Self::key(text))
            .collect()
    }

    /// All plain keys.
    pub(super) fn all_keys(&self) -> Vec<HostKey> {
        self.texts
            .iter()
            .take(2 * KEYS.len())
            .map(|text| Self::key(text))
            .collect()
    }
}

fn generate(directory: &Path, kind: &str, bits: &str, owner: &str) -> io::Result<String> {
    let file = directory.join(format!("{kind}_{owner}"));
    keygen(
        Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-b", bits, "-N", "", "-C", "", "-f"])
            .arg(&file),
    )?;
    public(&file.with_extension("pub"))
}

fn certify(directory: &Path) -> io::Result<String> {
    let authority = directory.join("ed25519_other");
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-h", "-I", "id", "-n", "h", "-s"])
        .arg(authority);
    keygen(command.arg(directory.join("ed25519_server.pub")))?;
    public(&directory.join("ed25519_server-cert.pub"))
}

fn hash(directory: &Path, key: &str) -> io::Result<Vec<String>> {
    let file = directory.join("names");
    fs::write(&file, NAMES.map(|name| format!("{name} {key}\n")).concat())?;
    keygen(
        Command::new("ssh-keygen")
            .args(["-q", "-H", "-f"])
            .arg(&file)
            .stdout(Stdio::null()),
    )?;
    let text = fs::read_to_string(&file)?;
    Ok(text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect())
}

fn keygen(command: &mut Command) -> io::Result<()> {
    let status = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{command:?}: {status}")))
    }
}

fn public(file: &Path) -> io::Result<String> {
    let text = fs::read_to_string(file)?;
    Ok(text
        .split(' ')
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
        .trim_end()
        .to_owned())
}
