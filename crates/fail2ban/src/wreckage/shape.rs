//! Options and sections that are not where their author thinks.

use std::collections::{BTreeMap, BTreeSet};

use sshmend_lossless::Edit;

use super::scene::Scene;
use crate::document::{Block, DEFAULT, Opt, Piece};
use crate::mend::{is_list, mend};
use crate::options::{FAMILIAR, names};
use crate::problem::{Consequence, Problem};
use crate::reading::Reading;

/// Sections from which no jail takes anything.
const NO_JAILS: [&str; 3] = ["INCLUDES", "Definition", "Init"];

/// An indented option is a part of the value above.
pub(super) fn swallowed_option(scene: &Scene<'_>, _: &Block, option: &Opt) -> Vec<Problem> {
    let text = |piece: &Piece| &scene.document.text[piece.text.clone()];
    let mut depth = 0;
    let mut problems = Vec::new();
    for (index, piece) in option.pieces.iter().enumerate() {
        if index > 0 && depth <= 0 && is_option(text(piece)) {
            problems.push(swallowed(scene, option, piece));
        }
        depth += balance(text(piece));
    }
    problems
}

fn swallowed(scene: &Scene<'_>, option: &Opt, piece: &Piece) -> Problem {
    let name = scene.document.text[piece.text.clone()]
        .split(['=', ':'])
        .next()
        .unwrap_or_default()
        .trim();
    let mut problem = scene.explainer.at(
        Some((scene.file, piece.text.start)),
        format!(
            "the indented {name} belongs to the value of {} above it",
            option.key
        ),
        Consequence::NoEffect,
        "begin the line without blanks",
    );
    problem.mend = mend(
        scene.source,
        vec![Edit::delete(piece.line.content.start..piece.text.start)],
    );
    problem
}

fn is_option(line: &str) -> bool {
    line.split_once(['=', ':']).is_some_and(|(name, _)| {
        names(FAMILIAR).any(|known| name.trim().eq_ignore_ascii_case(known))
    })
}

/// The brackets that a line opens minus those it closes: in `action = a[x=1,` a line below may look
/// like an option.
fn balance(line: &str) -> i32 {
    line.bytes()
        .map(|b| i32::from(b == b'[') - i32::from(b == b']'))
        .sum()
}

/// `ignoreip ::1`: the first colon is taken for the delimiter.
pub(super) fn lost_equals_sign(scene: &Scene<'_>, _: &Block, option: &Opt) -> Vec<Problem> {
    let text = &scene.document.text;
    let line = &text[option.key_start..option.line.content.end];
    let Some((name, rest)) = line.split_at_checked("ignoreip".len()) else {
        return Vec::new();
    };
    let end = option
        .pieces
        .first()
        .map_or(option.key_start, |piece| piece.text.end)
        .max(option.key_start + name.len());
    let addresses = &text[option.key_start + name.len()..end];
    if !name.eq_ignore_ascii_case("ignoreip")
        || !rest.starts_with([' ', '\t'])
        || !is_list(addresses)
    {
        return Vec::new();
    }
    let mut problem = scene.explainer.at(
        Some((scene.file, option.key_start)),
        format!(
            "no = after ignoreip: the option is {:?}, its value begins after the colon",
            option.key
        ),
        Consequence::Misread,
        "write `ignoreip = …`",
    );
    problem.mend = mend(
        scene.source,
        vec![Edit::insert(option.key_start + name.len(), " =")],
    );
    vec![problem]
}

/// `ignoreip` in a section that is not a jail.
pub(super) fn outside_of_jails(scene: &Scene<'_>, block: &Block, option: &Opt) -> Vec<Problem> {
    if option.key != "ignoreip" || !NO_JAILS.contains(&block.name.as_str()) {
        return Vec::new();
    }
    let message = format!("[{}] is not a jail", block.name);
    let hint = "move the line to [DEFAULT] or to the section of a jail";
    vec![scene.explainer.at(
        Some((scene.file, option.key_start)),
        message,
        Consequence::NoEffect,
        hint,
    )]
}

/// `[default]` is a jail of this name.
pub(super) fn misspelt_default(scene: &Scene<'_>, block: &Block) -> Option<Problem> {
    if !block.name.trim().eq_ignore_ascii_case(DEFAULT) || block.name == DEFAULT {
        return None;
    }
    let mut problem = scene.explainer.at(
        Some((scene.file, block.name_range.start)),
        format!(
            "[{}] is a jail of this name, not the defaults of all jails",
            block.name
        ),
        Consequence::NoEffect,
        "write [DEFAULT]",
    );
    let defaults = scene
        .document
        .section(DEFAULT)
        .flat_map(|other| &other.options);
    let keys: BTreeSet<&str> = defaults.map(|option| option.key.as_str()).collect();
    if !block
        .options
        .iter()
        .any(|option| keys.contains(option.key.as_str()))
    {
        problem.mend = mend(
            scene.source,
            vec![Edit::replace(block.name_range.clone(), DEFAULT)],
        );
    }
    Some(problem)
}

/// `[SSHD]` beside `[sshd]`: the later one inherits nothing from the earlier.
pub(super) fn sections_that_differ_in_case(reading: &Reading<'_>) -> Vec<Problem> {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for &file in &reading.stack.read {
        for block in &reading.loader.files[file].document.blocks {
            let known = *first
                .entry(block.name.to_lowercase())
                .or_insert(&block.name);
            if known == block.name || block.name.eq_ignore_ascii_case(DEFAULT) {
                continue;
            }
            let message = format!(
                "[{}] is not [{known}]: names of jails are case-sensitive",
                block.name
            );
            let place = Some((file, block.name_range.start));
            let hint = format!("write [{known}] if that jail is meant");
            problems.push(
                reading
                    .explainer()
                    .at(place, message, Consequence::NoEffect, hint),
            );
        }
    }
    problems
}
