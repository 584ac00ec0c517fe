//! Lines that fail2ban accepts and that do not do what their author meant.

mod files;
mod scene;
mod shape;
mod words;

use crate::document::{Block, Opt};
use crate::problem::Problem;
use crate::reading::Reading;
use scene::Scene;

/// Looks at an option in its section.
type OptionCheck = fn(&Scene<'_>, &Block, &Opt) -> Vec<Problem>;

const OPTION_CHECKS: [OptionCheck; 4] = [
    words::check,
    shape::swallowed_option,
    shape::lost_equals_sign,
    shape::outside_of_jails,
];

/// Finds them in every file of the jail configuration that was read.
pub(crate) fn find(reading: &Reading<'_>) -> Vec<Problem> {
    let mut read = reading.stack.read.clone();
    read.sort_unstable();
    read.dedup();
    let mut problems: Vec<Problem> = read
        .into_iter()
        .flat_map(|file| in_file(reading, file))
        .collect();
    problems.extend(shape::sections_that_differ_in_case(reading));
    problems.extend(files::check(reading));
    problems
}

fn in_file(reading: &Reading<'_>, file: usize) -> Vec<Problem> {
    let source = &reading.loader.files[file];
    let (document, explainer) = (&source.document, reading.explainer());
    let scene = Scene {
        file,
        source,
        document,
        explainer,
        dialects: reading.dialects,
    };
    let mut problems = Vec::new();
    for block in &document.blocks {
        problems.extend(shape::misspelt_default(&scene, block));
        for option in &block.options {
            problems.extend(
                OPTION_CHECKS
                    .iter()
                    .flat_map(|check| check(&scene, block, option)),
            );
        }
    }
    problems
}
