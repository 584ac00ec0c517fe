//! Debian's own Rust, laid over the tree of trixie: older than ours, and with standard libraries of machines that are not Linux.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::{LabError, trying};
use crate::image::{self, Held};
use crate::mirror::Mirror;
use crate::suite::Suite;

const RECIPE: &str = include_str!("../machine/rust.sh");
const CHECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/machine/check.sh");
const NAME: &str = "rust";

/// The toolchain, which stays while this is held.
#[derive(Debug)]
pub struct Rust {
    tree: PathBuf,
    layer: PathBuf,
    _held: [Held; 2],
}

impl Rust {
    /// Installs it if missing, which takes some minutes; `home` is cargo's own folder.
    ///
    /// # Errors
    /// When the tree, or the layer on it, cannot be built.
    pub fn hold(home: &Path) -> Result<Self, LabError> {
        let (tree, layer) = (image::path(Suite::Trixie), layer());
        let base = image::hold_all(&[Suite::Trixie])?;
        let base = base.into_iter().next().ok_or(LabError::Usage(
            "the tree of trixie cannot be held".to_owned(),
        ))?;
        let own = image::hold(NAME, &layer, |partial| build(&tree, partial, home))?;
        Ok(Self {
            tree,
            layer,
            _held: [base, own],
        })
    }

    /// A command that runs its cargo in `project`, offline; the output goes to `built`.
    pub fn cargo(&self, project: &Path, home: &Path, built: &Path, words: &[OsString]) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation=private", "sh", CHECK])
            .args([&self.tree, &self.layer])
            .args([project, home, built])
            .args(words);
        command
    }
}

fn build(tree: &Path, partial: &Path, home: &Path) -> Result<(), LabError> {
    let mirror = Mirror::find()?;
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (tree, partial, home) = (text(tree), text(partial), text(home));
    trying(&partial, fs::create_dir_all(&partial))?;
    let args = [
        &*tree,
        &partial,
        &mirror.main,
        &mirror.security,
        &cargo,
        &home,
    ];
    command::script(
        &["unshare", "--mount", "--propagation=private", "--"],
        RECIPE,
        &args,
    )?;
    Ok(())
}

/// The layer; its name changes with the recipe and with the tree below it.
fn layer() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (RECIPE, image::path(Suite::Trixie)).hash(&mut hasher);
    image::cache().join(format!("{NAME}-{:016x}", hasher.finish()))
}
