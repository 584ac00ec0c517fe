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

/// Returns these suites' trees for as long as they are held, building those that are not there yet.
pub(crate) fn hold_all(suites: &[Suite]) -> Result<Vec<Held>, LabError> {
    let cache = cache();
    trying(cache.display().to_string(), fs::create_dir_all(&cache))?;
    suites.iter().map(|suite| hold(&cache, *suite)).collect()
}

/// The tree of every suite, oldest first, built where it is not there yet: to lay something over, never to write to.
///
/// # Errors
/// When a tree cannot be built.
pub fn trees() -> Result<Vec<(Held, PathBuf)>, LabError> {
    let held = hold_all(&Suite::ALL)?;
    Ok(held.into_iter().zip(Suite::ALL.map(path)).collect())
}

fn hold(cache: &Path, suite: Suite) -> Result<Held, LabError> {
    let path_of_lock = cache.join(format!("{suite}.lock"));
    let what = path_of_lock.display().to_string();
    let lock = trying(&what, File::create(&path_of_lock))?;
    trying(&what, lock.lock_shared())?;
    if !path(suite).exists() {
        // Given up first: two that share it would wait for each other for ever.
        trying(&what, lock.unlock())?;
        trying(&what, lock.lock())?;
        if !path(suite).exists() {
            build(cache, suite)?;
        }
        trying(&what, lock.lock_shared())?;
    }
    Ok(Held(lock))
}

#[expect(
    clippy::print_stderr,
    reason = "two minutes without a word would look like a hang"
)]
fn build(cache: &Path, suite: Suite) -> Result<(), LabError> {
    let tree = path(suite);
    eprintln!("lab: building {} (some two minutes, once)", tree.display());
    discard_others(cache, suite)?;
    let mirror = Mirror::find()?;
    let partial = cache.join(format!("{suite}.partial"));
    let target = partial.to_string_lossy();
    let args = [suite.name(), &*target, &mirror.main, &mirror.security];
    command::script(&["unshare", "--mount", "--"], RECIPE, &args)?;
    trying(tree.display().to_string(), fs::rename(&partial, &tree))
}

/// The suite's tree; its name changes with the recipe.
pub(crate) fn path(suite: Suite) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (RECIPE, suite.name()).hash(&mut hasher);
    cache().join(format!("{suite}-{:016x}", hasher.finish()))
}

fn cache() -> PathBuf {
    let below_home = || env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(below_home);
    base.unwrap_or_else(|| PathBuf::from("/var/cache"))
        .join("sshmend-lab")
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
