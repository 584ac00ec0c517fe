//! glob(3) and fnmatch(3) over captured directories, as the C library reads them in the C locale.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::known::{Known, Unread};
use crate::snapshot::Snapshot;

/// The paths that a pattern matches, and the directories that could not be searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Globbed {
    /// The matches, sorted by bytes.
    pub paths: Vec<PathBuf>,
    /// Directories that could not be listed: they may hold more.
    pub unread: Vec<(PathBuf, Unread)>,
}

/// Whether one file name matches one pattern component: `*`, `?`, `[set]`, `\x`; a leading dot only literally.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let hidden = name.first() == Some(&b'.');
    let literal_dot = pattern.first() == Some(&b'.') || pattern.starts_with(b"\\.");
    if hidden && !literal_dot {
        return false;
    }
    Matcher {
        pattern,
        name,
        steps: 0,
    }
    .run()
}

/// Matches with a single backtracking point: the last `*`. An earlier one never has to match more,
/// because a later `*` can match whatever it leaves. So the number of steps is at most `pattern *
/// name`.
struct Matcher<'a> {
    pattern: &'a [u8],
    name: &'a [u8],
    steps: usize,
}

impl Matcher<'_> {
    fn run(&mut self) -> bool {
        let (mut pattern, mut name) = (self.pattern, self.name);
        let mut last_star: Option<(&[u8], &[u8])> = None;
        loop {
            self.steps += 1;
            if let [b'*', rest @ ..] = pattern {
                last_star = Some((rest, name));
                pattern = rest;
                continue;
            }
            if pattern.is_empty() && name.is_empty() {
                return true;
            }
            if let Some((after_pattern, after_name)) = matches_one(pattern, name) {
                (pattern, name) = (after_pattern, after_name);
                continue;
            }
            // The last star takes one more byte, and the rest is tried again.
            let Some((rest, [_, tried @ ..])) = last_star else {
                return false;
            };
            last_star = Some((rest, tried));
            (pattern, name) = (rest, tried);
        }
    }
}

/// Consumes one byte of the name and the part of the pattern that matches it; `None` if they
/// differ.
fn matches_one<'a>(pattern: &'a [u8], name: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (&byte, name) = name.split_first()?;
    let (&first, rest) = pattern.split_first()?;
    let (hit, rest) = match first {
        b'?' => (true, rest),
        b'[' => match set(rest) {
            Some(set) => (set.contains(byte), set.rest),
            None => (byte == b'[', rest),
        },
        b'\\' if !rest.is_empty() => (byte == rest[0], &rest[1..]),
        _ => (byte == first, rest),
    };
    hit.then_some((rest, name))
}

/// A bracket expression.
struct Set<'a> {
    negated: bool,
    members: &'a [u8],
    rest: &'a [u8],
}

/// Parses a set after its opening bracket; one that is never closed is a literal bracket.
fn set(text: &[u8]) -> Option<Set<'_>> {
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    let body = &text[usize::from(negated)..];
    // A closing bracket right at the start is a member.
    let close = body.iter().skip(1).position(|&byte| byte == b']')? + 1;
    Some(Set {
        negated,
        members: &body[..close],
        rest: &body[close + 1..],
    })
}

impl Set<'_> {
    fn contains(&self, byte: u8) -> bool {
        let mut members = self.members;
        let mut found = false;
        while let Some((&low, rest)) = members.split_first() {
            if let [b'-', high, ..] = *rest {
                found |= (low..=high).contains(&byte);
                members = &rest[2..];
            } else {
                found |= low == byte;
                members = rest;
            }
        }
        found != self.negated
    }
}

fn is_pattern(component: &OsStr) -> bool {
    component
        .as_encoded_bytes()
        .iter()
        .any(|b| matches!(b, b'*' | b'?' | b'[' | b'\\'))
}

impl Snapshot {
    /// Expands a glob(3) pattern over the captured directories, sorted as in the C locale. A
    /// directory that could not be listed is returned beside the matches, because its content is
    /// unknown.
    ///
    /// # Errors
    /// If directories must be listed first; they are recorded as requests.
    pub fn glob(&self, pattern: &Path) -> Known<Globbed> {
        expand(self, pattern)
    }
}

/// Expands `pattern` component by component; only the last component may name a file.
fn expand(snapshot: &Snapshot, pattern: &Path) -> Known<Globbed> {
    let mut walk = Walk {
        snapshot,
        is_missing_any: false,
        unread: Vec::new(),
    };
    let mut found = vec![PathBuf::new()];
    let components: Vec<Component<'_>> = pattern.components().collect();
    for (index, component) in components.iter().enumerate() {
        let last = index + 1 == components.len();
        if !is_pattern(component.as_os_str()) && !last {
            for path in &mut found {
                path.push(component);
            }
            continue;
        }
        found = walk.step(&found, component.as_os_str(), last);
    }
    found.sort_by(|a, b| {
        a.as_os_str()
            .as_encoded_bytes()
            .cmp(b.as_os_str().as_encoded_bytes())
    });
    if walk.is_missing_any {
        return Err(Unread::NotAsked);
    }
    Ok(Globbed {
        paths: found,
        unread: walk.unread,
    })
}

/// The results of the walk through the directories.
struct Walk<'a> {
    snapshot: &'a Snapshot,
    is_missing_any: bool,
    unread: Vec<(PathBuf, Unread)>,
}

impl Walk<'_> {
    fn step(&mut self, bases: &[PathBuf], component: &OsStr, last: bool) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for base in bases {
            match self.snapshot.names(base) {
                Err(Unread::NotAsked) => self.is_missing_any = true,
                // A name without wildcards is looked up, as glob(3) does: that does not require the
                // right to list the directory.
                Err(_) if last && !is_pattern(component) => {
                    found.extend(self.look_up(base.join(component)));
                }
                Err(why) => self.unread.push((base.clone(), why)),
                Ok(None) => {}
                Ok(Some(names)) => {
                    let hits = names.iter().filter(|listed| last || listed.directory);
                    let hits = hits.filter(|listed| {
                        matches(component.as_encoded_bytes(), listed.name.as_encoded_bytes())
                    });
                    found.extend(hits.map(|listed| base.join(&listed.name)));
                }
            }
        }
        found
    }

    fn look_up(&mut self, path: PathBuf) -> Option<PathBuf> {
        match self.snapshot.metadata(&path) {
            Err(Unread::NotAsked) => self.is_missing_any = true,
            Ok(Some(_)) | Err(Unread::Dangling) => return Some(path),
            Ok(None) => {}
            Err(why) => self.unread.push((path, why)),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::snapshot;
    use crate::request::Request;
    use crate::snapshot::Entry;

    #[test]
    fn a_path_component_matches_like_fnmatch() {
        let cases = [
            ("*.conf", "a.conf", true),
            ("*.conf", "x.conf.bak", false),
            ("*.conf", ".hidden.conf", false),
            (".*", ".hidden", true),
            ("[0-9]?-*", "10-a", true),
            ("[!0-9]*", "10-a", false),
            ("[]a]x", "]x", true),
            ("[ab", "[ab", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*[0-9]", "x1y2", true),
            ("*\\*", "a*", true),
            ("[!a-c-]", "-", false),
            ("", "", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} ~ {name}"
            );
        }
    }

    #[test]
    fn results_are_sorted_as_in_the_c_locale() {
        let seen = snapshot(
            "//- /d/a.conf\n//- /d/B.conf\n//- /d/10-a.conf\n//- /d/9-z.conf\n//- /d/x.conf~\n",
        );
        let found = seen
            .glob(Path::new("/d/*.conf"))
            .expect("the directory is listed")
            .paths;
        let names: Vec<_> = found
            .iter()
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            names,
            ["/d/10-a.conf", "/d/9-z.conf", "/d/B.conf", "/d/a.conf"]
        );
    }

    #[test]
    fn directories_not_listed_are_requested() {
        let (found, missing) = Snapshot::default().look(|seen| seen.glob(Path::new("/d/*.conf")));
        assert_eq!(found, Err(Unread::NotAsked));
        assert_eq!(missing, [Request::List("/d".into())]);
    }

    #[test]
    fn a_pattern_in_the_middle_matches_directories_only() {
        let seen = snapshot("//- /d/one/x.conf\n//- /d/two/x.conf\n//- /d/plain\n");
        let found = seen
            .glob(Path::new("/d/*/x.conf"))
            .expect("all is listed")
            .paths;
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_directory_that_cannot_be_listed_is_named() {
        let seen = snapshot("//- /d unreadable:Permission denied\n//- /e/x.conf\n");
        let found = seen.glob(Path::new("/d/*.conf")).expect("it was looked at");
        assert_eq!(
            found,
            Globbed {
                paths: Vec::new(),
                unread: vec![("/d".into(), Unread::Denied)]
            }
        );
        assert_eq!(
            seen.glob(Path::new("/e/x.conf")).expect("listed").paths,
            [Path::new("/e/x.conf")]
        );
    }

    #[test]
    fn a_literal_name_is_looked_up_in_an_unlistable_directory() {
        let mut seen = snapshot("//- /d unreadable:Permission denied\n");
        let pattern = Path::new("/d/x.conf");
        let (_, missing) = seen.look(|seen| seen.glob(pattern));
        assert_eq!(missing, [Request::Stat(pattern.into())]);
        seen.insert(pattern, Entry::Unreadable(Unread::Denied));
        assert_eq!(
            seen.glob(pattern).expect("asked").unread,
            [(pattern.into(), Unread::Denied)]
        );
        seen.insert(pattern, Entry::Dangling);
        assert_eq!(seen.glob(pattern).expect("asked").paths, [pattern]);
    }

    #[test]
    fn many_stars_take_time_proportional_to_pattern_and_name() {
        let (pattern, name) = (format!("{}b", "*a".repeat(60)), "a".repeat(4_000));
        let mut matcher = Matcher {
            pattern: pattern.as_bytes(),
            name: name.as_bytes(),
            steps: 0,
        };
        assert!(!matcher.run());
        assert!(
            matcher.steps <= pattern.len() * name.len(),
            "{} steps",
            matcher.steps
        );
    }
}
