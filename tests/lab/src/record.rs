//! Recordings: what the client saw and what both machines reported, for the author of a diagnosis.

use std::fs;
use std::path::Path;

use crate::bench::{Bench, STEP};
use crate::error::{LabError, trying};
use crate::machine::{Machine, User};

/// Writes down the client's attempt, plain and with `-vvv`, and the facts of both machines.
pub(crate) fn symptom(bench: &Bench) -> Result<(), LabError> {
    let Some(folder) = &bench.recordings else {
        return Ok(());
    };
    let plain = bench.case.connect.command.as_str();
    for (name, command) in [
        ("attempt", plain),
        ("attempt-vvv", &plain.replacen("ssh ", "ssh -vvv ", 1)),
    ] {
        let output = bench.client.shell(User::Alice, command, 40)?;
        let ending = format!(
            "exit {}\nseconds {:.2}\ncommand {command}\n",
            output.code,
            output.took.as_secs_f64()
        );
        for (kind, text) in [
            ("stdout", &output.stdout),
            ("stderr", &output.stderr),
            ("end", &ending),
        ] {
            bench.record(&format!("{name}.{kind}"), text)?;
        }
    }
    facts(&bench.server, folder).and(facts(&bench.client, folder))
}

fn facts(machine: &Machine, folder: &Path) -> Result<(), LabError> {
    machine
        .shell(
            User::Root,
            "mkdir -p /opt/lab/facts && bash /opt/lab/facts.sh /opt/lab/facts",
            STEP,
        )?
        .ok("facts.sh")?;
    let (from, to) = (
        machine.path("/opt/lab/facts"),
        folder.join(machine.role.name()),
    );
    trying(from.display().to_string(), copy_files(&from, &to))
}

fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
