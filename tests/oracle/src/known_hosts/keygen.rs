//! `ssh-keygen -F`.

use std::io;
use std::path::Path;
use std::process::Command;

use super::seen::Seen;

/// The output of `ssh-keygen -F` for a name, with `-l` also the fingerprints.
pub(super) fn find(file: &Path, name: &str, fingerprints: bool) -> io::Result<Vec<Seen>> {
    let mut command = Command::new("ssh-keygen");
    command
        .args(fingerprints.then_some("-l"))
        .args(["-F", name, "-f"])
        .arg(file);
    let output = command.output()?.stdout;
    let mut seen: Vec<Seen> = Vec::new();
    for line in output.split(|&b| b == b'\n') {
        let line = String::from_utf8_lossy(line);
        if let Some(header) = header(&line, name) {
            seen.push(header);
        } else if let Some(last) = seen
            .last_mut()
            .filter(|last| fingerprints && last.fingerprint.is_none())
        {
            last.fingerprint = line
                .split(' ')
                .find(|word| word.starts_with("SHA256:"))
                .map(str::to_owned);
        }
    }
    Ok(seen)
}

/// `# Host NAME found: line N MARKER`.
fn header(line: &str, name: &str) -> Option<Seen> {
    let rest = line
        .strip_prefix("# Host ")?
        .strip_prefix(name)?
        .strip_prefix(" found: line ")?;
    let (number, marker) = rest.split_once(' ')?;
    let marker = match marker {
        "CA" => "CA",
        "REVOKED" => "REVOKED",
        _ => "",
    };
    Some(Seen {
        line: number.parse().ok()?,
        marker,
        fingerprint: None,
    })
}
