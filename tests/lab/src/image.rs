//! The trees that machines are laid over: one a suite, built once, kept in the user's cache.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use crate::command;
use crate::error::{LabError, trying};
use crate::mirror::Mirror;
use crate::suite::Suite;

const RECIPE: &str = include_str!("../machine/build.sh");

/// Builds the trees of these suites that are not there yet.
pub(crate) fn build_all(suites: &[Suite]) -> Result<(), LabError> {
    suites.iter().try_for_each(|suite| build(*suite).map(drop))
}

/// Returns the suite's tree, building it first if need be.
#[expect(clippy::print_stderr, reason = "two minutes without a word would look like a hang")]
pub(crate) fn build(suite: Suite) -> Result<PathBuf, LabError> {
    let (cache, tree) = (cache(), path(suite));
    trying(format!("{}", cache.display()), fs::create_dir_all(&cache))?;
    let _lock = lock(&cache.join(format!("{suite}.lock")))?;
    if tree.exists() {
        return Ok(tree);
    }
    eprintln!("lab: building {} (some two minutes, once)", tree.display());
    discard_others(&cache, suite)?;
    let mirror = Mirror::find()?;
    let partial = cache.join(format!("{suite}.partial"));
    let target = partial.to_string_lossy();
    let args = [suite.name(), &*target, &mirror.main, &mirror.security];
    command::script(&["unshare", "--mount", "--"], RECIPE, &args)?;
    trying(format!("{}", tree.display()), fs::rename(&partial, &tree))?;
    Ok(tree)
}

/// The suite's tree; its name changes with the recipe.
pub(crate) fn path(suite: Suite) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (RECIPE, suite.name()).hash(&mut hasher);
    cache().join(format!("{suite}-{:016x}", hasher.finish()))
}

fn cache() -> PathBuf {
    let below_home = || env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(below_home);
    base.unwrap_or_else(|| PathBuf::from("/var/cache")).join("sshmend-lab")
}

fn lock(path: &Path) -> Result<Flock<File>, LabError> {
    let what = path.display().to_string();
    let file = trying(&what, File::create(path))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| LabError::Io { what, source: errno.into() })
}

/// Removes trees of an earlier recipe and unfinished ones.
fn discard_others(cache: &Path, suite: Suite) -> Result<(), LabError> {
    let what = cache.display().to_string();
    for entry in trying(&what, fs::read_dir(cache))? {
        let entry = trying(&what, entry)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let stale = name == format!("{suite}.partial") || name.starts_with(&format!("{suite}-"));
        if stale {
            trying(name, fs::remove_dir_all(entry.path()))?;
        }
    }
    Ok(())
}
