//! Boots a machine: a fresh overlay over its suite's tree, run by systemd-nspawn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::mount::{MsFlags, mount};

use crate::cgroup;
use crate::command;
use crate::error::{LabError, trying};
use crate::role::Role;
use crate::sandbox;

/// Puts itself into the control groups that are named before `--`, and becomes what follows.
const JOIN: &str =
    r#"until [ "$1" = -- ]; do echo 0 > "$1/cgroup.procs" || exit; shift; done; shift; exec "$@""#;

/// The program that runs a machine.
#[derive(Debug)]
pub(crate) struct Nspawn {
    child: Child,
    console: PathBuf,
}

/// Mounts an empty writable layer over a tree and returns the merged folder.
pub(crate) fn overlay(tree: &Path, place: &Path) -> Result<PathBuf, LabError> {
    let [upper, work, root] = ["upper", "work", "root"].map(|name| place.join(name));
    for folder in [&upper, &work, &root] {
        trying(folder.display().to_string(), fs::create_dir_all(folder))?;
    }
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        tree.display(),
        upper.display(),
        work.display()
    );
    let mounted = mount(
        Some("overlay"),
        &root,
        Some("overlay"),
        MsFlags::empty(),
        Some(options.as_str()),
    );
    trying(
        format!("overlay on {}", root.display()),
        mounted.map_err(Into::into),
    )?;
    Ok(root)
}

impl Nspawn {
    /// Starts it in the network namespace at a path, in separate control groups. `turn`
    /// distinguishes them from those of an earlier start, which may not accept another process.
    pub(crate) fn start(
        role: Role,
        root: &Path,
        network: &str,
        place: &Path,
        turn: u32,
    ) -> Result<Self, LabError> {
        let groups = format!("{}-{}{turn}", sandbox::job_id(), role.name());
        let groups = cgroup::create(&groups)?;
        let console = place.join("console");
        let output = trying(console.display().to_string(), fs::File::create(&console))?;
        let errors = trying(console.display().to_string(), output.try_clone())?;
        let mut nspawn = Command::new("sh");
        nspawn.args(["-c", JOIN, "sh"]).args(groups).args([
            "--",
            "systemd-nspawn",
            "--quiet",
            "--settings=no",
        ]);
        nspawn
            .arg(format!("--directory={}", root.display()))
            .arg(format!("--machine={}", role.name()));
        nspawn.arg(format!("--network-namespace-path={network}"));
        nspawn.args([
            "--register=no",
            "--keep-unit",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
        ]);
        nspawn
            .args(["--console=read-only", "--capability=CAP_NET_ADMIN"])
            .args(role.payload());
        nspawn.env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network");
        nspawn.stdin(Stdio::null()).stdout(output).stderr(errors);
        Ok(Self {
            child: trying("systemd-nspawn", nspawn.spawn())?,
            console,
        })
    }

    /// The first process inside the machine, once the chain of helpers has started it.
    pub(crate) fn leader(&self) -> Option<u32> {
        let pid = self.child.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        let leader = children.split_whitespace().next()?.parse().ok()?;
        let status = fs::read_to_string(format!("/proc/{leader}/status")).ok()?;
        let pids = status
            .lines()
            .find_map(|line| line.strip_prefix("NSpid:"))?;
        pids.trim().ends_with("\t1").then_some(leader)
    }

    /// Whether the machine is gone.
    pub(crate) fn has_ended(&mut self) -> Result<bool, LabError> {
        trying("systemd-nspawn", self.child.try_wait()).map(|status| status.is_some())
    }

    /// The end of the console output.
    pub(crate) fn last_words(&self) -> String {
        let said = fs::read(&self.console).unwrap_or_default();
        command::tail(&String::from_utf8_lossy(&said), 15)
    }
}
