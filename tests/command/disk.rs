//! A mounted disk for one test, and the command run on it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::Expect;

/// A directory that represents the root of a disk; removed after the test.
pub(crate) struct Disk {
    root: tempfile::TempDir,
}

impl Disk {
    /// A disk with the files of a fixture: `//- /path` before each.
    pub(crate) fn new(fixture: &str) -> Self {
        let disk = Self {
            root: tempfile::tempdir().expect("a temporary directory"),
        };
        for part in fixture.split("//- ").skip(1) {
            let (path, content) = part.split_once('\n').expect("a path and its content");
            disk.write(
                path,
                content
                    .strip_suffix("\\\n")
                    .map_or(content, |text| text.strip_suffix('\n').unwrap_or(text)),
            );
        }
        disk
    }

    /// Writes a file and the directories above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("not the root")).expect("directories");
        fs::write(path, content).expect("a file");
    }

    /// The content of a file; `None` when there is none.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        fs::read(self.path(path))
            .ok()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The real path of a file of the disk.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// Runs `sshmend WORDS --root DISK`, split at blanks.
    pub(crate) fn run(&self, words: &str) -> Said {
        let root = self.root.path().to_str().expect("a plain path");
        run(
            &[words.split(' ').collect(), vec!["--root", root]].concat(),
            b"",
        )
        .without(self.root.path())
    }
}

/// Runs the command with an empty environment and this standard input.
pub(crate) fn run(words: &[&str], stdin: &[u8]) -> Said {
    run_with(words, stdin, &[])
}

/// The same with some variables set.
pub(crate) fn run_with(words: &[&str], stdin: &[u8], variables: &[(&str, &str)]) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sshmend"))
        .args(words)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("TZ", "UTC")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // One that refuses its arguments reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin);
    Said::new(&child.wait_with_output().expect("it ends"))
}

/// The output of the command.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).expect("UTF-8, for everything is escaped")
        };
        let code = output.status.code().expect("no signal");
        Self {
            code,
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    fn without(self, root: &Path) -> Self {
        let hide =
            |text: &str| hide_ids(&text.replace(root.to_str().expect("a plain path"), "DISK"));
        Self {
            code: self.code,
            stdout: hide(&self.stdout),
            stderr: hide(&self.stderr),
        }
    }

    /// Compares everything with the expected text.
    #[track_caller]
    pub(crate) fn check(&self, expected: &Expect) {
        expected.assert_eq(&format!(
            "exit {}\n{}--\n{}",
            self.code, self.stdout, self.stderr
        ));
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect("one JSON document")
    }
}

/// Puts `ID` in the place of every transaction's name, which is a time: `20261120T185545.752881Z`.
fn hide_ids(text: &str) -> String {
    const FORM: &str = "00000000T000000.000000Z";
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let is_id = rest.len() >= FORM.len()
            && rest.bytes().zip(FORM.bytes()).all(|(b, f)| {
                if f == b'0' {
                    b.is_ascii_digit()
                } else {
                    b == f
                }
            });
        if is_id {
            out.push_str("ID");
            rest = &rest[FORM.len()..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}
