//! Failures of reading, put as problems with a place and a remedy.

use std::collections::BTreeSet;
use std::path::Path;

use sshmend_lossless::Origin;

use crate::document::FaultKind;
use crate::interpolate::{Failure, FailureKind};
use crate::layers::{LoadFailure, SourceFile, Stack};
use crate::mend;
use crate::options::is_number;
use crate::problem::{Consequence, Problem};
use crate::release::{Dialect, Release};
use crate::traced::Spot;

/// The most problems reported for one file.
const ENOUGH: usize = 20;
/// The text of longer lines is not kept.
const LONG_LINE: usize = 1000;

/// Names places in the files that were read.
#[derive(Clone, Copy)]
pub(crate) struct Explainer<'a> {
    pub(crate) files: &'a [SourceFile],
    pub(crate) directory: &'a Path,
}

impl Explainer<'_> {
    /// A problem at an offset of a file; without one, at the top of `jail.conf`.
    pub(crate) fn at(
        &self,
        place: Option<(usize, usize)>,
        message: impl Into<String>,
        consequence: Consequence,
        hint: impl Into<String>,
    ) -> Problem {
        let (message, hint) = (message.into(), hint.into());
        let Some((file, offset)) = place else {
            return Problem::on_file(self.directory.join("jail.conf"), message, consequence, hint);
        };
        let source = &self.files[file];
        let (line, column) = source.document.position(offset);
        let text = source.document.line_text(offset);
        let text = if text.len() > LONG_LINE {
            String::new()
        } else {
            text.to_owned()
        };
        let origin = Origin::new(&*source.path, line);
        Problem {
            origin,
            column,
            text,
            message,
            consequence,
            hint,
            mend: None,
        }
    }

    fn fatal(
        &self,
        place: Option<(usize, usize)>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Problem {
        self.at(place, message, Consequence::DoesNotStart, hint)
    }

    pub(crate) fn load_failure(&self, failure: &LoadFailure) -> Vec<Problem> {
        match failure {
            LoadFailure::NoDirectory => {
                let message = "there is no such directory".to_owned();
                let hint = "install fail2ban, or name its configuration directory".to_owned();
                vec![Problem::on_file(
                    self.directory.to_owned(),
                    message,
                    Consequence::DoesNotStart,
                    hint,
                )]
            }
            LoadFailure::Refused(file) => self.faults(*file),
            LoadFailure::Interpolation(failure) => {
                vec![self.interpolation(failure, "INCLUDES", "before or after", None)]
            }
            LoadFailure::NulInName(file) => {
                vec![self.fatal(
                    file.map(|file| (file, 0)),
                    "a NUL byte in the name of a file",
                    "remove the byte",
                )]
            }
            LoadFailure::Endless(file) => {
                vec![self.fatal(
                    Some((*file, 0)),
                    "files include each other endlessly",
                    "break the loop of before and after",
                )]
            }
        }
    }

    fn faults(&self, file: usize) -> Vec<Problem> {
        let document = &self.files[file].document;
        let bom = document.text.starts_with('\u{feff}');
        let mut problems = Vec::new();
        for fault in document.faults.iter().take(ENOUGH) {
            let (message, hint) = fault_text(&fault.kind, bom && fault.line == 1);
            let mut problem = self.fatal(Some((file, fault.at)), message, hint);
            problem.mend = mend::fault(&self.files[file], fault);
            problems.push(problem);
            if bom && fault.line == 1 {
                break;
            }
        }
        problems
    }

    pub(crate) fn interpolation(
        &self,
        failure: &Failure,
        section: &str,
        key: &str,
        value: Option<Spot>,
    ) -> Problem {
        let place = failure.spot.or(value).map(|spot| (spot.file, spot.offset));
        let of = format!("{key} of [{section}]");
        match &failure.kind {
            FailureKind::Undefined(name) => self.fatal(
                place,
                format!("{of} refers to {name}, which nothing defines"),
                "define it, or write %% where a percent sign is meant",
            ),
            FailureKind::Syntax => {
                let hint = if is_number(key) {
                    "write a number or a time, such as 3600 or 1h, without a percent sign"
                } else {
                    "write %% for a percent sign"
                };
                let mut problem = self.fatal(place, format!("a single % in {of}"), hint);
                problem.mend =
                    failure.spot.and_then(|spot| mend::double_percent(&self.files[spot.file], key, spot.offset));
                problem
            }
            FailureKind::Recursion => self.fatal(
                place,
                format!("{of} refers to itself, or references nest deeper than 10"),
                "copy the value instead; %(known/…)s reaches back one file only, and not at all in [DEFAULT]",
            ),
            FailureKind::TooLong => self.fatal(place, format!("{of} grows without bound"), "shorten what it refers to"),
        }
    }

    pub(crate) fn refused(
        &self,
        place: Option<(usize, usize)>,
        word: &str,
        why: &str,
        release: Option<Release>,
    ) -> Problem {
        let releases = if release.is_none() {
            " (in some releases)"
        } else {
            ""
        };
        let message = format!("{word:?} has {why}{releases}");
        let hint =
            "write the length of a network as a number, 192.0.2.0/24, and file: entries last";
        self.at(place, message, Consequence::ServerStops, hint)
    }

    /// A file that is left out because it is not text; a `layer` of `jail` or `fail2ban` is worse than an include.
    pub(crate) fn undecodable(&self, file: usize, layer: bool, dialects: &[Dialect]) -> Problem {
        let source = &self.files[file];
        let (line, column) = source.document.undecodable.unwrap_or((1, 1));
        let origin = Origin::new(&*source.path, line);
        let (message, hint) = (
            "a byte that is not UTF-8".to_owned(),
            "convert the file to UTF-8, or remove the byte".to_owned(),
        );
        let consequence = Consequence::FileSkipped;
        let mut problem = Problem {
            origin,
            column,
            text: String::new(),
            message,
            consequence,
            hint,
            mend: None,
        };
        if layer {
            problem.consequence = left_out(dialects);
            problem.message += since_111(dialects);
        }
        problem
    }

    /// Problems in the layers of `jail` or `fail2ban` when every file in them is well formed.
    /// `known` are the layers that fail2ban opens, and those for which that is unknown.
    pub(crate) fn layers(
        &self,
        name: &str,
        stack: &Stack,
        known: &BTreeSet<&Path>,
        dialects: &[Dialect],
    ) -> Vec<Problem> {
        let refused = stack
            .missed
            .iter()
            .filter(|path| !known.contains(path.as_path()));
        let refused = refused.map(|path| {
            let message = "it is not a regular file".to_owned() + since_111(dialects);
            Problem::on_file(
                path.clone(),
                message,
                left_out(dialects),
                "put a regular file in its place".to_owned(),
            )
        });
        let mut problems: Vec<Problem> = refused.collect();
        if !stack.exists && dialects.contains(&Dialect::From111) {
            let path = self.directory.join(format!("{name}.conf"));
            let message = "there is no such file".to_owned() + since_111(dialects);
            problems.push(Problem::on_file(
                path,
                message,
                Consequence::DoesNotStart,
                "reinstall fail2ban".to_owned(),
            ));
        }
        problems
    }

    pub(crate) fn log_level(&self, spot: Option<Spot>, value: &str) -> Problem {
        let place = spot.map(|spot| (spot.file, spot.offset));
        self.fatal(
            place,
            format!("there is no log level {value:?}"),
            "write INFO, or one of the other names in fail2ban.conf",
        )
    }
}

/// A file that is left out up to 1.1.0 and stops the start from 1.1.1 on.
fn left_out(dialects: &[Dialect]) -> Consequence {
    if dialects.contains(&Dialect::From111) {
        Consequence::DoesNotStart
    } else {
        Consequence::FileSkipped
    }
}

fn since_111(dialects: &[Dialect]) -> &'static str {
    if dialects.len() > 1 {
        " (fail2ban 1.1.1 and later do not start, earlier releases go on without)"
    } else {
        ""
    }
}

fn fault_text(kind: &FaultKind, bom: bool) -> (String, &'static str) {
    match kind {
        FaultKind::NoHeader if bom => (
            "the file begins with a byte-order mark".to_owned(),
            "save it as UTF-8 without byte-order mark",
        ),
        FaultKind::NoHeader => (
            "an option before any [section]".to_owned(),
            "put a [section] line above it",
        ),
        FaultKind::SecondSection { name, first } => (
            format!("a second [{name}] section; the first is in line {first}"),
            "merge both: a section may occur only once in a file",
        ),
        FaultKind::SecondOption { key, first } => (
            format!("a second {key} in this section; the first is in line {first}"),
            "keep one of them: an option may occur only once in a section",
        ),
        FaultKind::NoDelimiter => (
            "neither a [section] nor `name = value`".to_owned(),
            "write `name = value`, indent a continuation, or comment it out",
        ),
        FaultKind::NoKey => ("a value without a name".to_owned(), "write `name = value`"),
    }
}
