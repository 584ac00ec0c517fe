//! Network namespaces, and the router between them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::command;
use crate::error::{LabError, trying};

const SCRIPT: &str = include_str!("../machine/network.sh");

/// A network namespace and the process that keeps it.
#[derive(Debug)]
pub(crate) struct Network(Child);

impl Network {
    /// Creates namespaces for the server, the client and, if required, a second and a third server,
    /// and connects them.
    pub(crate) fn joined<const N: usize>() -> Result<[Self; N], LabError> {
        let networks: Vec<Self> = (0..N).map(|_| Self::create()).collect::<Result<_, _>>()?;
        let pids: Vec<String> = networks.iter().map(Self::pid).collect();
        command::script(
            &[],
            SCRIPT,
            &pids.iter().map(String::as_str).collect::<Vec<_>>(),
        )?;
        Ok(networks.try_into().expect("as many as were made"))
    }

    /// The file that represents it.
    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.pid())
    }

    fn create() -> Result<Self, LabError> {
        let mut keeper = Command::new("unshare");
        keeper
            .args(["--net", "sh", "-c", "echo; exec sleep infinity"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = trying("unshare", keeper.spawn())?;
        if let Some(stdout) = child.stdout.take() {
            trying(
                "unshare",
                BufReader::new(stdout).read_line(&mut String::new()),
            )?;
        }
        Ok(Self(child))
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}
