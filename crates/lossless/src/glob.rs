//! glob(3) and fnmatch(3) over captured directories, as the C library reads them in the C locale.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::request::Request;
use crate::snapshot::{Entry, Snapshot};

/// Whether one file name matches one pattern component: `*`, `?`, `[set]`, `\x`; a leading dot only literally.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') && !pattern.starts_with(b"\\.") {
        return false;
    }
    matches_from(pattern, name)
}

fn matches_from(pattern: &[u8], name: &[u8]) -> bool {
    let Some((&first, rest)) = pattern.split_first() else { return name.is_empty() };
    match first {
        b'*' => (0..=name.len()).any(|skip| matches_from(rest, &name[skip..])),
        b'?' => !name.is_empty() && matches_from(rest, &name[1..]),
        b'[' => matches_set(rest, name),
        b'\\' if !rest.is_empty() => name.first() == Some(&rest[0]) && matches_from(&rest[1..], &name[1..]),
        _ => name.first() == Some(&first) && matches_from(rest, &name[1..]),
    }
}

/// `pattern` begins behind the opening bracket; a set that never closes is a literal bracket.
fn matches_set(pattern: &[u8], name: &[u8]) -> bool {
    let negated = matches!(pattern.first(), Some(b'!' | b'^'));
    let body = &pattern[usize::from(negated)..];
    let Some(close) = body.iter().skip(1).position(|&b| b == b']').map(|at| at + 1) else {
        return name.first() == Some(&b'[') && matches_from(pattern, &name[1..]);
    };
    let Some((&byte, tail)) = name.split_first() else { return false };
    in_set(&body[..close], byte) != negated && matches_from(&body[close + 1..], tail)
}

fn in_set(mut set: &[u8], byte: u8) -> bool {
    while let Some((&low, rest)) = set.split_first() {
        if let [b'-', high, ..] = *rest {
            if (low..=high).contains(&byte) {
                return true;
            }
            set = &rest[2..];
        } else {
            if low == byte {
                return true;
            }
            set = rest;
        }
    }
    false
}

fn is_pattern(component: &OsStr) -> bool {
    component.as_bytes().iter().any(|b| matches!(b, b'*' | b'?' | b'[' | b'\\'))
}

/// Expands `pattern` component by component; only the last component may name a file.
pub(crate) fn expand(snapshot: &Snapshot, pattern: &Path) -> Result<Vec<PathBuf>, Vec<Request>> {
    let mut found = vec![PathBuf::new()];
    let mut missing = Vec::new();
    let components: Vec<Component<'_>> = pattern.components().collect();
    for (index, component) in components.iter().enumerate() {
        let last = index + 1 == components.len();
        if !is_pattern(component.as_os_str()) && !last {
            found.iter_mut().for_each(|path| path.push(component));
            continue;
        }
        found = step(snapshot, &found, component.as_os_str(), last, &mut missing);
    }
    found.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    if missing.is_empty() { Ok(found) } else { Err(missing) }
}

fn step(
    snapshot: &Snapshot,
    bases: &[PathBuf],
    component: &OsStr,
    last: bool,
    missing: &mut Vec<Request>,
) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for base in bases {
        match snapshot.entry(base) {
            None | Some(Entry::Seen(_)) => missing.push(Request::List(base.clone())),
            Some(Entry::Directory(names, _)) => {
                let hits = names.iter().filter(|listed| last || listed.directory);
                let hits = hits.filter(|listed| matches(component.as_bytes(), listed.name.as_bytes()));
                found.extend(hits.map(|listed| base.join(&listed.name)));
            }
            Some(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::snapshot;

    #[test]
    fn one_component_matches_as_fnmatch_says() {
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
            ("", "", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} ~ {name}");
        }
    }

    #[test]
    fn results_come_in_the_order_of_the_c_locale() {
        let seen = snapshot("//- /d/a.conf\n//- /d/B.conf\n//- /d/10-a.conf\n//- /d/9-z.conf\n//- /d/x.conf~\n");
        let found = seen.glob(Path::new("/d/*.conf")).expect("the directory is listed");
        let names: Vec<_> = found.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        assert_eq!(names, ["/d/10-a.conf", "/d/9-z.conf", "/d/B.conf", "/d/a.conf"]);
    }

    #[test]
    fn what_was_not_listed_is_asked_for() {
        let missing = Snapshot::default().glob(Path::new("/d/*.conf")).expect_err("nothing is known");
        assert_eq!(missing, [Request::List("/d".into())]);
    }

    #[test]
    fn a_pattern_in_the_middle_goes_through_directories_only() {
        let seen = snapshot("//- /d/one/x.conf\n//- /d/two/x.conf\n//- /d/plain\n");
        let found = seen.glob(Path::new("/d/*/x.conf")).expect("all is listed");
        assert_eq!(found.len(), 2);
    }
}
