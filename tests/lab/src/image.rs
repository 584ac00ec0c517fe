//! The trees that machines are laid over: one a suite, built once, kept in the user's cache.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::command;
use crate::error::{LabError, trying};
use crate::mirror::Mirror;
use crate::suite::Suite;

const RECIPE: &str = include_str!("../machine/build.sh");

/// A tree that stays while this is held.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "held, never read")] File);

/// Returns these suites' trees for as long as they are held, and builds the missing ones.
pub(crate) fn hold_all(suites: &[Suite]) -> Result<Vec<Held>, LabError> {
    let hold = |suite: &Suite| {
        hold(suite.name(), &path(*suite), |partial| {
            debootstrap(*suite, partial)
        })
    };
    suites.iter().map(hold).collect()
}

/// The tree of every suite, oldest first, built if missing: for overlays, never to be written to.
///
/// # Errors
/// When a tree cannot be built.
pub fn trees() -> Result<Vec<(Held, PathBuf)>, LabError> {
    let held = hold_all(&Suite::ALL)?;
    Ok(held.into_iter().zip(Suite::ALL.map(path)).collect())
}

/// Returns a folder of the cache for as long as it is held; if it is missing, `build` creates it
/// under another name first.
pub(crate) fn hold(
    name: &str,
    path: &Path,
    build: impl FnOnce(&Path) -> Result<(), LabError>,
) -> Result<Held, LabError> {
    let cache = cache();
    trying(cache.display().to_string(), fs::create_dir_all(&cache))?;
    let path_of_lock = cache.join(format!("{name}.lock"));
    let what = path_of_lock.display().to_string();
    let lock = trying(&what, File::create(&path_of_lock))?;
    trying(&what, lock.lock_shared())?;
    if !path.exists() {
        // Unlock first: two that share it would wait for each other forever.
        trying(&what, lock.unlock())?;
        trying(&what, lock.lock())?;
        if !path.exists() {
            announce(path);
            discard_others(&cache, name)?;
            let partial = cache.join(format!("{name}.partial"));
            build(&partial)?;
            trying(path.display().to_string(), fs::rename(&partial, path))?;
        }
        trying(&what, lock.lock_shared())?;
    }
    Ok(Held(lock))
}

#[expect(
    clippy::print_stderr,
    reason = "two minutes without a word would look like a hang"
)]
fn announce(path: &Path) {
    eprintln!("lab: building {} (some two minutes, once)", path.display());
}

fn debootstrap(suite: Suite, tree: &Path) -> Result<(), LabError> {
    let mirror = Mirror::find()?;
    let target = tree.to_string_lossy();
    let args = [suite.name(), &*target, &mirror.main, &mirror.security];
    command::script(&["unshare", "--mount", "--"], RECIPE, &args)?;
    Ok(())
}

/// The suite's tree; its name changes with the recipe.
pub(crate) fn path(suite: Suite) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (RECIPE, suite.name()).hash(&mut hasher);
    cache().join(format!("{suite}-{:016x}", hasher.finish()))
}

/// The folder that holds every tree.
pub(crate) fn cache() -> PathBuf {
    let below_home = || env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(below_home);
    base.unwrap_or_else(|| PathBuf::from("/var/cache"))
        .join("sshmend-lab")
}

/// Removes trees of an earlier recipe and unfinished ones.
fn discard_others(cache: &Path, tree: &str) -> Result<(), LabError> {
    let what = cache.display().to_string();
    for entry in trying(&what, fs::read_dir(cache))? {
        let entry = trying(&what, entry)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let stale = name == format!("{tree}.partial") || name.starts_with(&format!("{tree}-"));
        if stale {
            trying(name, fs::remove_dir_all(entry.path()))?;
        }
    }
    Ok(())
}
