//! Occurrences of a client or an address in the files of a plan.

use std::collections::{HashMap, HashSet};

use sshmend_lossless::FileChange;

/// What the changes of a plan do to the words of the files: found out once, however many words are asked for.
pub(in crate::command) struct Mentions {
    changed: HashSet<String>,
    added: HashSet<String>,
}

/// The number of occurrences of a word outside comments, and the comments that mention it.
type Uses<'t> = (usize, Vec<&'t str>);

impl Mentions {
    pub(in crate::command) fn of(files: &[FileChange]) -> Self {
        let (mut changed, mut added) = (HashSet::new(), HashSet::new());
        for change in files {
            let (before, after) = changed_lines(change);
            let (before, after) = (uses(&before), uses(&after));
            for word in before.keys().chain(after.keys()).copied() {
                let (old, new) = (before.get(word), after.get(word));
                if old != new {
                    changed.insert(word.to_owned());
                }
                if old.map_or(0, |uses| uses.0) < new.map_or(0, |uses| uses.0) {
                    added.insert(word.to_owned());
                }
            }
        }
        Self { changed, added }
    }

    /// Whether the plan changes how often a word stands in a file, or a remark about it.
    pub(super) fn change(&self, word: &str) -> bool {
        self.changed.contains(word)
    }

    /// Whether a word stands in a file more often after the plan than before it.
    pub(super) fn add(&self, word: &str) -> bool {
        self.added.contains(word)
    }
}

/// The lines that a change touches, as they were and as they will be: all others hold the same words before and after it.
fn changed_lines(change: &FileChange) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match (&change.before, &change.after) {
        (Some(image), Some(_)) => {
            let parts = change.edits.surroundings(&image.bytes, 0, None);
            let before = parts.iter().map(|part| &image.bytes[part.clone()]);
            let before: Vec<&[u8]> = before.collect();
            let after = change.edits.apply_within(&image.bytes, &parts);
            (text(&before.concat()), text(&after))
        }
        (before, after) => (
            before
                .as_ref()
                .map_or_else(String::new, |image| text(&image.bytes)),
            after.as_ref().map_or_else(String::new, |bytes| text(bytes)),
        ),
    }
}

/// All words of a text.
fn uses(text: &str) -> HashMap<&str, Uses<'_>> {
    let mut all: HashMap<&str, Uses<'_>> = HashMap::new();
    for line in text.lines() {
        let is_remark = line.trim_start().starts_with('#');
        for word in line.split([' ', '\t', ',']).flat_map(words) {
            let (times, remarks) = all.entry(word).or_default();
            if !is_remark {
                *times += 1;
            } else if !remarks.last().is_some_and(|last| std::ptr::eq(*last, line)) {
                remarks.push(line);
            }
        }
    }
    all
}

/// What a token may be: itself, or what stands behind the daemon or the option of its line: `sshd:192.0.2.1`.
fn words(token: &str) -> impl Iterator<Item = &str> {
    let behind = |sign| token.split_once(sign).map(|(_, rest)| rest);
    let all = [Some(token), behind(':'), behind('=')];
    all.into_iter().flatten().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use sshmend_lossless::{Edit, EditSet, FileImage, Metadata};

    use super::*;

    #[test]
    fn a_mention_must_be_a_whole_word() {
        for (text, times) in [
            ("sshd: 192.0.2.1 192.0.2.10", 1),
            ("sshd:192.0.2.1,192.0.2.1 : deny", 2),
            ("sshd: 192.0.2.10 192.0.2.1/32 1192.0.2.1", 0),
            ("ignoreip=192.0.2.1\n  192.0.2.1", 2),
        ] {
            let found = uses(text).get("192.0.2.1").map_or(0, |uses| uses.0);
            assert_eq!(found, times, "{text}");
        }
        let remark = "# until 2031-01-01 192.0.2.1 192.0.2.1";
        assert_eq!(uses(remark).get("192.0.2.1"), Some(&(0, vec![remark])));
        let network = uses("sshd: [2001:db8::]/32");
        assert_eq!(network.get("[2001:db8::]/32").map(|uses| uses.0), Some(1));
    }

    #[test]
    fn mentions_are_counted_only_in_changed_lines() {
        let text = "sshd: 192.0.2.1\n# 192.0.2.2\nsshd: 192.0.2.3 192.0.2.4\n";
        let image = FileImage {
            bytes: text.into(),
            meta: Metadata::default(),
            target: "/etc/hosts.allow".into(),
        };
        let at = text.find("192.0.2.4").expect("it is there");
        let edit = Edit::replace(at..at + 9, "192.0.2.5 192.0.2.1");
        let change = FileChange::edit("/etc/hosts.allow", image, EditSet::one(edit));
        let created = FileChange::create("/etc/new", "sshd: 192.0.2.6\n", Metadata::default());
        let mentions = Mentions::of(&[change, created]);
        let of = |last: u8| {
            let word = format!("192.0.2.{last}");
            (mentions.change(&word), mentions.add(&word))
        };
        let (same, gone, new) = ((false, false), (true, false), (true, true));
        assert_eq!(
            [1, 2, 3, 4, 5, 6].map(of),
            [new, same, same, gone, new, new]
        );
    }
}
