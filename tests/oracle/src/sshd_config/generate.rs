//! Random configurations: Includes, Match blocks, aliases, duplicates, quoting, broken values.

use std::path::PathBuf;

use fastrand::Rng;
use sshmend_sshd_config::Release;

use super::vocabulary::{CONDITIONS, HOPELESS, Sample, VOCABULARY};

/// A random tree below `/etc/ssh`.
#[derive(Debug, Clone, Default)]
pub(super) struct Generated {
    /// The files, relative to `/etc/ssh`.
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
    /// Symbolic links with their targets.
    pub(super) links: Vec<(PathBuf, PathBuf)>,
    /// Empty directories.
    pub(super) directories: Vec<PathBuf>,
    /// Directives for `-o`.
    pub(super) options: Vec<String>,
}

impl Generated {
    /// A tree of a main file alone.
    pub(super) fn of_main(text: &str) -> Self {
        Self {
            files: vec![(PathBuf::from("sshd_config"), text.as_bytes().to_vec())],
            ..Self::default()
        }
    }
}

/// The share of a tree that is meant to be rejected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Every line is right.
    Sound,
    /// Every line is right, but written in odd ways.
    Odd,
    /// Some values are wrong.
    Broken,
    /// Bytes that nobody would write.
    Hostile,
}

/// Makes trees for one release.
pub(super) struct Maker {
    random: Rng,
    release: Release,
    mood: Mood,
    /// The keywords of this tree: few, so that lines compete.
    subset: Vec<&'static Sample>,
}

impl Maker {
    pub(super) fn new(seed: u64, release: Release) -> Self {
        let mut random = Rng::with_seed(seed);
        let mood = match random.u8(0..20) {
            0..8 => Mood::Sound,
            8..14 => Mood::Odd,
            14..18 => Mood::Broken,
            _ => Mood::Hostile,
        };
        let known: Vec<&Sample> = VOCABULARY
            .iter()
            .filter(|sample| sample.since <= release)
            .collect();
        let subset = (0..random.usize(3..12))
            .filter_map(|_| random.choice(&known).copied())
            .collect();
        Self {
            random,
            release,
            mood,
            subset,
        }
    }

    /// One tree.
    pub(super) fn tree(&mut self) -> Generated {
        let mut tree = Generated::default();
        let drop_ins = if self.random.u8(0..10) < 6 {
            self.random.usize(0..4)
        } else {
            0
        };
        for name in ["10-a.conf", "50-cloud.conf", "Z.conf", "9-z.conf"]
            .iter()
            .take(drop_ins)
        {
            let content = self.file(1);
            tree.files
                .push((PathBuf::from("sshd_config.d").join(name), content));
        }
        self.decorate(&mut tree);
        let main = self.file(0);
        tree.files.push((PathBuf::from("sshd_config"), main));
        if self.random.u8(0..10) == 0 {
            let in_force = self.random.bool();
            tree.options = (0..self.random.usize(1..3))
                .map(|_| self.directive(!in_force))
                .collect();
        }
        tree
    }

    fn decorate(&mut self, tree: &mut Generated) {
        for name in ["extra.conf", "nested/deep.conf"] {
            if self.random.bool() {
                tree.files.push((PathBuf::from(name), self.file(2)));
            }
        }
        if self.random.u8(0..10) == 0 {
            tree.files.push((
                PathBuf::from("sshd_config.d/old.conf.bak"),
                b"Rubbish\n".to_vec(),
            ));
            tree.files.push((
                PathBuf::from("sshd_config.d/.hidden.conf"),
                b"Rubbish\n".to_vec(),
            ));
        }
        if self.random.u8(0..20) == 0 {
            tree.directories
                .push(PathBuf::from("sshd_config.d/dir.conf"));
        }
        if self.random.u8(0..20) == 0 {
            let target = *self
                .random
                .choice(&["../extra.conf", "/etc/ssh/extra.conf", "nowhere"])
                .unwrap_or(&"nowhere");
            tree.links.push((
                PathBuf::from("sshd_config.d/30-link.conf"),
                PathBuf::from(target),
            ));
        }
    }

    fn file(&mut self, depth: usize) -> Vec<u8> {
        let mut content = Vec::new();
        let mut in_match = false;
        let crlf = self.random.u8(0..12) == 0;
        let include_first = depth == 0 && self.random.bool();
        if include_first {
            content.extend_from_slice(b"Include /etc/ssh/sshd_config.d/*.conf\n");
        }
        for _ in 0..self.random.usize(0..10) {
            let line = match self.random.u8(0..20) {
                0 => self.include(depth),
                1 | 2 => self.comment(),
                3 | 4 => {
                    in_match = true;
                    self.condition()
                }
                _ => self.directive(in_match),
            };
            content.extend(self.dressed(line));
            content.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
        }
        if self.random.u8(0..8) == 0 {
            content.pop();
        }
        content
    }

    fn include(&mut self, depth: usize) -> String {
        let deeper = [
            "extra.conf",
            "/etc/ssh/nested/*.conf",
            "sshd_config.d/*.conf",
            "/etc/ssh/sshd_config.d/[0-9]*.conf",
        ];
        let leaves = [
            "/etc/ssh/none/*.conf",
            "nested/deep.conf /etc/ssh/missing.conf",
            "~/nothing.conf",
        ];
        let pattern = match (depth, self.random.u8(0..12)) {
            (_, 0) => "\"extra.conf\" nested/deep.conf",
            (0, 1..9) => self.random.choice(deeper).unwrap_or_default(),
            (1, 1..6) => "/etc/ssh/nested/deep.conf",
            (_, 11) if self.mood == Mood::Broken => "/etc/ssh/sshd_config",
            _ => self.random.choice(leaves).unwrap_or_default(),
        };
        format!("Include {pattern}")
    }

    fn comment(&mut self) -> String {
        let sample = self.sample(false);
        let default = self.random.choice(sample.good).copied().unwrap_or_default();
        let texts = [
            format!("#{} {default}", sample.names[0]),
            "# a note".to_owned(),
            String::new(),
            "   ".to_owned(),
        ];
        self.random.choice(texts).unwrap_or_default()
    }

    fn condition(&mut self) -> String {
        let count = if self.random.u8(0..4) == 0 { 2 } else { 1 };
        let fitting: Vec<_> = CONDITIONS
            .iter()
            .filter(|(since, ..)| *since <= self.release)
            .collect();
        let mut parts = Vec::new();
        for _ in 0..count {
            let Some((_, text, sound)) = self.random.choice(&fitting).copied().copied() else {
                continue;
            };
            if sound || matches!(self.mood, Mood::Broken | Mood::Hostile) && self.random.bool() {
                parts.push(text);
            }
        }
        match parts.as_slice() {
            [] => "Match all".to_owned(),
            [first, ..] if *first == "all" => "Match all".to_owned(),
            [first, second] if *second != "all" => format!("Match {first} {second}"),
            [first, ..] => format!("Match {first}"),
        }
    }

    fn sample(&mut self, in_match: bool) -> &'static Sample {
        let strict = in_match && (self.mood != Mood::Broken || self.random.u8(0..4) > 0);
        let release = self.release;
        let fits = |sample: &&&'static Sample| {
            !strict || sample.in_match.is_some_and(|since| since <= release)
        };
        let fitting: Vec<_> = self.subset.iter().filter(fits).copied().collect();
        let all: Vec<_> = VOCABULARY
            .iter()
            .filter(|sample| sample.since <= release)
            .filter(|sample| fits(&sample))
            .collect();
        let own = self
            .random
            .choice(&fitting)
            .copied()
            .filter(|_| self.random.u8(0..4) > 0);
        own.or_else(|| self.random.choice(&all).copied())
            .unwrap_or(&VOCABULARY[0])
    }

    fn directive(&mut self, in_match: bool) -> String {
        let sample = self.sample(in_match);
        let name = if in_match {
            sample.names[0]
        } else {
            self.random
                .choice(sample.names)
                .copied()
                .unwrap_or_default()
        };
        let wrong = match self.mood {
            Mood::Sound | Mood::Odd => false,
            Mood::Broken | Mood::Hostile => self.random.u8(0..10) == 0,
        };
        let values = if wrong && !sample.bad.is_empty() {
            sample.bad
        } else {
            sample.good
        };
        let value = self.random.choice(values).copied().unwrap_or_default();
        if self.mood == Mood::Sound {
            return format!("{name} {value}");
        }
        let value = self.quoted(value, sample.rest);
        format!("{}{}{value}", self.cased(name), self.separator())
    }

    fn cased(&mut self, name: &str) -> String {
        match self.random.u8(0..6) {
            0 => name.to_lowercase(),
            1 => name.to_uppercase(),
            2 if self.release >= Release::new(8, 7) && self.random.u8(0..4) == 0 => {
                format!("\"{name}\"")
            }
            _ => name.to_owned(),
        }
    }

    fn separator(&mut self) -> &'static str {
        match self.random.u8(0..12) {
            0 => "=",
            1 => " = ",
            2 => "\t",
            3 => "  ",
            4 if self.mood == Mood::Hostile => self
                .random
                .choice(["==", " = = ", "\r", "\x0c", "\u{a0}"])
                .unwrap_or(" "),
            _ => " ",
        }
    }

    fn quoted(&mut self, value: &str, rest: bool) -> String {
        if rest || value.contains(['"', '\'', ' ']) {
            return value.to_owned();
        }
        match self.random.u8(0..10) {
            0 => format!("\"{value}\""),
            1 if self.release >= Release::new(8, 7) => format!("'{value}'"),
            _ => value.to_owned(),
        }
    }

    /// Indentation, trailing blanks and comments; in a hostile tree bytes that break the line.
    fn dressed(&mut self, line: String) -> Vec<u8> {
        let mut bytes = line.into_bytes();
        if self.mood == Mood::Sound {
            return bytes;
        }
        match self.random.u8(0..12) {
            0 => bytes.splice(0..0, *b"    ").for_each(drop),
            1 => bytes.extend_from_slice(b"  \t"),
            2 => bytes.extend_from_slice(b" # note"),
            3 => bytes.extend_from_slice(b" #note with \"quotes\""),
            4 if self.mood == Mood::Hostile => {
                let at = self.random.usize(0..=bytes.len());
                let junk = self.random.choice(HOPELESS).copied().unwrap_or_default();
                bytes.splice(at..at, junk.iter().copied()).for_each(drop);
            }
            _ => {}
        }
        bytes
    }
}
