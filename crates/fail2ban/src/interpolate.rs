//! `%(name)s`, as `BasicInterpolation` of Python replaces it, with fail2ban's `%(section/name)s`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::merged::{Merged, Options};
use crate::python::is_word;
use crate::traced::{Spot, Traced};

/// The depth beyond which Python stops following references.
const MAX_DEPTH: usize = 10;
/// The amount of text that references may copy for one value before we stop; Python would go on
/// until its memory is full.
const BUDGET: usize = 4 << 20;

/// The reason why a value cannot be interpolated; fail2ban then does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// The reference's place in a file.
    pub(crate) spot: Option<Spot>,
}

/// The fault of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// There is no option with this name.
    Undefined(String),
    /// A `%` that is neither `%%` nor `%(name)s`.
    Syntax,
    /// A value that refers to itself, or references nested too deep.
    Recursion,
    /// A value that grows out of all bounds.
    TooLong,
}

/// Interpolates the options of a section.
pub(crate) struct Interpolation<'a> {
    merged: &'a Merged,
    section: &'a str,
    budget: Cell<usize>,
}

type Overlay = BTreeMap<String, Traced>;

impl<'a> Interpolation<'a> {
    pub(crate) fn new(merged: &'a Merged, section: &'a str) -> Self {
        Self {
            merged,
            section,
            budget: Cell::new(BUDGET),
        }
    }

    /// The value of an option of the section, or of `[DEFAULT]`; `None` when neither has it.
    pub(crate) fn get(&self, key: &str) -> Result<Option<Rc<Traced>>, Failure> {
        let Some(value) = self.merged.deciding(self.section, key) else {
            return Ok(None);
        };
        // A long list that many jails share is not copied for each of them.
        if !value.raw.text().contains('%') {
            return Ok(Some(Rc::clone(&value.raw)));
        }
        self.budget.set(BUDGET);
        let mut out = Traced::default();
        self.replace(&value.raw, &Overlay::new(), 1, &mut out)?;
        Ok(Some(Rc::new(out)))
    }

    /// `_interpolate_some`: references first look among those named in `text`, then in the section, then in `[DEFAULT]`.
    fn replace(
        &self,
        text: &Traced,
        outer: &Overlay,
        depth: usize,
        out: &mut Traced,
    ) -> Result<(), Failure> {
        if depth > MAX_DEPTH {
            return Err(Failure {
                kind: FailureKind::Recursion,
                spot: text.spot(0),
            });
        }
        let overlay = self.overlay(text, outer);
        out.opaque |= text.opaque;
        let mut at = 0;
        while let Some(percent) = text.text()[at..].find('%').map(|found| at + found) {
            self.copy(text, at..percent, out)?;
            let fail = |kind| Failure {
                kind,
                spot: text.spot(percent),
            };
            at = match text.text().as_bytes().get(percent + 1) {
                Some(b'%') => {
                    self.copy(text, percent + 1..percent + 2, out)?;
                    percent + 2
                }
                Some(b'(') => {
                    let (name, end) =
                        reference(text.text(), percent).ok_or_else(|| fail(FailureKind::Syntax))?;
                    let name = text.text()[name].to_lowercase();
                    let value = self
                        .lookup(&overlay, &name)
                        .ok_or_else(|| fail(FailureKind::Undefined(name)))?;
                    self.insert(value, &overlay, depth, out)
                        .map_err(|inner| Failure {
                            spot: inner.spot.or(text.spot(percent)),
                            ..inner
                        })?;
                    end
                }
                _ => return Err(fail(FailureKind::Syntax)),
            };
        }
        self.copy(text, at..text.text().len(), out)
    }

    fn insert(
        &self,
        value: &Traced,
        overlay: &Overlay,
        depth: usize,
        out: &mut Traced,
    ) -> Result<(), Failure> {
        if value.text().contains('%') {
            return self.replace(value, overlay, depth + 1, out);
        }
        out.opaque |= value.opaque;
        self.copy(value, 0..value.text().len(), out)
    }

    fn copy(&self, text: &Traced, range: Range<usize>, out: &mut Traced) -> Result<(), Failure> {
        let left = self.budget.get().checked_sub(range.len() + 1);
        self.budget.set(left.ok_or(Failure {
            kind: FailureKind::TooLong,
            spot: text.spot(range.start),
        })?);
        if !range.is_empty() {
            out.push(text, range);
        }
        Ok(())
    }

    fn lookup<'b>(&'b self, overlay: &'b Overlay, name: &str) -> Option<&'b Traced> {
        overlay.get(name).or_else(|| {
            self.merged
                .deciding(self.section, name)
                .map(|value| value.raw.as_ref())
        })
    }

    /// `_map_section_options`: the values of the `section/name` references in this text, by their
    /// spelling there.
    fn overlay(&self, text: &Traced, outer: &Overlay) -> Overlay {
        let mut overlay = outer.clone();
        overlay.insert("__name__".to_owned(), Traced::plain(self.section));
        for (name, slash) in sectioned_references(text.text()) {
            if self.lookup(&overlay, name).is_none() {
                if let Some(value) = self.sectioned(&name[..slash], &name[slash + 1..]) {
                    overlay.insert(name.to_owned(), value);
                }
            }
        }
        overlay
    }

    fn sectioned(&self, section: &str, key: &str) -> Option<Traced> {
        let own = |options: &Options| options.get(key).map(|value| Traced::clone(&value.raw));
        let found = match section.to_lowercase().as_str() {
            "default" => None,
            "known" => self
                .merged
                .known(self.section, key)
                .map(|value| Traced::clone(&value.raw)),
            _ => own(self.merged.section(section)?),
        };
        found.or_else(|| own(&self.merged.defaults))
    }
}

/// `%\(([^)]+)\)s` at a position: the name's range and the end.
fn reference(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let start = at + 2;
    let close = start + text.get(start..)?.find(')')?;
    (close > start && text[close..].starts_with(")s")).then_some((start..close, close + 2))
}

/// All matches of `%\(([\w\-]+/([^\)]+))\)s`: the whole name and the position of the slash in it.
fn sectioned_references(text: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    let mut close = 0;
    for (at, _) in text.match_indices("%(") {
        if close < at + 2 {
            let Some(next) = text[at + 2..].find(')') else {
                break;
            };
            close = at + 2 + next;
        }
        let name = &text[at + 2..close];
        if let Some(slash) = name.find('/').filter(|_| text[close..].starts_with(")s")) {
            found.push((name, slash));
        }
    }
    let is_section = |c: char| is_word(c) || c == '-';
    found.retain(|(name, slash)| {
        *slash > 0 && slash + 1 < name.len() && name[..*slash].chars().all(is_section)
    });
    found
}
