//! libwrap itself, through a small program that is compiled when it is needed.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use sshmend_hosts_access::{Access, Client, Name};
use tempfile::TempDir;

const SOURCE: &str = include_str!("libwrap.c");

/// hosts.allow and hosts.deny; `None` for a missing file.
pub(super) type Files = [Option<Vec<u8>>; 2];

/// One question to libwrap.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) files: Files,
    /// The client; all its facts must be known.
    pub(super) client: Client,
}

/// The answer of libwrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) access: Access,
    /// The file (`a` or `d`) and the line of the rule that matched, by libwrap's own count.
    pub(super) matched: Option<(char, usize)>,
    /// It neither granted nor denied: it would have run another program, or it exited.
    pub(super) otherwise: Option<String>,
}

/// The compiled program and the directory in which it works.
pub(super) struct Libwrap {
    directory: TempDir,
}

impl Libwrap {
    /// Compiles the program with the system's compiler against libwrap.
    pub(super) fn build() -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let source = directory.path().join("libwrap.c");
        fs::write(&source, SOURCE)?;
        let program = directory.path().join("libwrap");
        let output = Command::new("cc")
            .arg(&source)
            .args(["-O1", "-o"])
            .arg(&program)
            .arg("-lwrap")
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(
                String::from_utf8_lossy(&output.stderr).into_owned(),
            ));
        }
        Ok(Self { directory })
    }

    /// The directory for files that the tables name.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Asks all questions in one run; the answers come in their order.
    pub(super) fn ask(&self, questions: &[Question]) -> io::Result<Vec<Answer>> {
        let input = self.directory.path().join("questions");
        fs::write(
            &input,
            questions.iter().flat_map(encode).collect::<Vec<u8>>(),
        )?;
        let mut command = Command::new(self.directory.path().join("libwrap"));
        let output = command
            .arg(self.directory.path())
            .stdin(File::open(input)?)
            .stderr(Stdio::inherit())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let answers: Vec<Answer> = text.lines().map(decode).collect();
        if answers.len() != questions.len() {
            return Err(io::Error::other(format!(
                "{} answers to {} questions",
                answers.len(),
                questions.len()
            )));
        }
        Ok(answers)
    }
}

fn encode(question: &Question) -> Vec<u8> {
    let client = &question.client;
    let size = |file: &Option<Vec<u8>>| {
        file.as_ref()
            .map_or("-1".to_owned(), |bytes| bytes.len().to_string())
    };
    let header = [
        client.daemon.clone(),
        client.addr.to_string(),
        name(&client.name),
        name(&client.user),
        client
            .server_addr
            .map_or_else(String::new, |addr| addr.to_string()),
        name(&client.server_name),
        client
            .server_port
            .map_or_else(String::new, |port| port.to_string()),
        size(&question.files[0]),
        size(&question.files[1]),
    ];
    let mut bytes = header.join("\t").into_bytes();
    bytes.push(b'\n');
    bytes.extend(question.files.iter().flatten().flatten());
    bytes
}

fn name(name: &Name) -> String {
    match name {
        Name::Known(name) => name.clone(),
        Name::Mismatch => "paranoid".to_owned(),
        Name::None | Name::Unknown => "unknown".to_owned(),
    }
}

fn decode(line: &str) -> Answer {
    let mut fields = line.split('\t');
    let verdict = fields.next().unwrap_or_default();
    let table = fields
        .next()
        .and_then(|table| table.chars().next())
        .filter(|&table| table != '-');
    let number = fields.next().and_then(|number| number.parse().ok());
    let access = if verdict == "granted" {
        Access::Granted
    } else {
        Access::Denied
    };
    let otherwise = (!matches!(verdict, "granted" | "denied")).then(|| verdict.to_owned());
    Answer {
        access,
        matched: table.zip(number),
        otherwise,
    }
}
