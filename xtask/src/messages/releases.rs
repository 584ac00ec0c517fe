//! The releases of a project: tags of a clone, or unpacked sources in sibling folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::project::Project;

/// A release whose files can be read.
#[derive(Debug)]
pub(super) struct Release {
    pub(super) name: String,
    version: Vec<u32>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A tag of a clone.
    Tag { clone: PathBuf, tag: String },
    /// A folder of unpacked sources.
    Folder(PathBuf),
}

/// The releases of a project in a clone or a folder, in order, from its first one on.
pub(super) fn of(project: &Project, sources: &Path) -> Result<Vec<Release>, String> {
    let found = match git(sources, &["tag", "--list"])? {
        Some(tags) => of_tags(project, sources, &tags),
        None => of_folders(sources)?,
    };
    let (major, minor) = project.first;
    let mut releases: Vec<Release> = found
        .into_iter()
        .filter(|release| release.version.as_slice() >= [major, minor].as_slice())
        .collect();
    releases.sort_by(|a, b| a.version.cmp(&b.version));
    if releases.is_empty() {
        return Err(format!(
            "{}: has no releases of {}",
            sources.display(),
            project.name
        ));
    }
    Ok(releases)
}

fn of_tags(project: &Project, clone: &Path, tags: &str) -> Vec<Release> {
    tags.lines()
        .filter_map(|tag| {
            let numbers = project.tags.iter().find_map(|(before, behind)| {
                version(tag.strip_prefix(before)?.strip_suffix(behind)?)
            });
            numbers.map(|numbers| {
                let (clone, tag) = (clone.to_owned(), tag.to_owned());
                release(numbers, Place::Tag { clone, tag })
            })
        })
        .collect()
}

fn of_folders(folder: &Path) -> Result<Vec<Release>, String> {
    let unread = |error| format!("{}: {error}", folder.display());
    let mut releases = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let numbers = name.and_then(|name| version(name.rsplit_once('-')?.1));
        if let Some(numbers) = numbers.filter(|_| path.is_dir()) {
            releases.push(release(numbers, Place::Folder(path)));
        }
    }
    Ok(releases)
}

fn release(version: Vec<u32>, place: Place) -> Release {
    let numbers: Vec<String> = version.iter().map(ToString::to_string).collect();
    Release {
        name: numbers.join("."),
        version,
        place,
    }
}

/// The numbers of `1_1_8`, `10_0` or `252.39`; `None` if any part is not a number.
fn version(text: &str) -> Option<Vec<u32>> {
    text.split(['_', '.'])
        .map(|number| number.parse().ok())
        .collect()
}

impl Release {
    /// The files of the project that this release has, in order, each with its source.
    pub(super) fn files(&self, project: &Project) -> Result<Vec<(String, String)>, String> {
        let wanted = |path: &&String| {
            Path::new(path).extension().is_some_and(|end| end == "c")
                && project
                    .files
                    .iter()
                    .any(|file| *path == file || file.ends_with('/') && path.starts_with(file))
                && !project.without.iter().any(|part| path.contains(part))
        };
        let paths = self.paths()?;
        paths
            .iter()
            .filter(wanted)
            .map(|path| Ok((path.clone(), self.read(path)?)))
            .collect()
    }

    fn paths(&self) -> Result<Vec<String>, String> {
        let mut paths = match &self.place {
            Place::Tag { clone, tag } => {
                let listed = git(clone, &["ls-tree", "-r", "--name-only", tag])?;
                let listed = listed.ok_or_else(|| format!("{tag}: git does not list its files"))?;
                listed.lines().map(str::to_owned).collect()
            }
            Place::Folder(folder) => below(folder, folder)?,
        };
        paths.sort();
        Ok(paths)
    }

    fn read(&self, path: &str) -> Result<String, String> {
        match &self.place {
            Place::Tag { clone, tag } => git(clone, &["show", &format!("{tag}:{path}")])?
                .ok_or_else(|| format!("{tag}:{path}: git does not show it")),
            Place::Folder(folder) => {
                let bytes = fs::read(folder.join(path))
                    .map_err(|error| format!("{}: {error}", folder.join(path).display()))?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }
}

/// The files below a folder, by their path in `root`.
fn below(root: &Path, folder: &Path) -> Result<Vec<String>, String> {
    let unread = |error| format!("{}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let path = entry.path();
        if entry.file_type().map_err(unread)?.is_dir() {
            paths.append(&mut below(root, &path)?);
        } else if let Ok(path) = path.strip_prefix(root) {
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(paths)
}

/// The output of git; `None` if it fails.
fn git(clone: &Path, arguments: &[&str]) -> Result<Option<String>, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(clone)
        .args(arguments)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    Ok(output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::project::PROJECTS;

    #[test]
    fn releases_are_read_from_their_tags() {
        let names = |project: usize, tags: &str| -> Vec<String> {
            let releases = of_tags(&PROJECTS[project], Path::new("/"), tags);
            releases.into_iter().map(|release| release.name).collect()
        };
        assert_eq!(names(0, "V_10_0_P1\nV_9_9_P2\nV_OPENSSH\n"), ["10.0"]);
        assert_eq!(
            names(1, "Linux-PAM-1_1_8\nv1.7.1\nhelp\n"),
            ["1.1.8", "1.7.1"]
        );
    }
}
