//! Words of `ignoreip` that are not addresses, or other addresses than they seem.

use std::ops::Range;

use sshmend_lossless::Edit;

use super::scene::Scene;
use crate::address::Address;
use crate::document::{Block, Opt, Piece};
use crate::item::{Item, Network};
use crate::mend::{is_list, mend};
use crate::problem::{Consequence, Problem};
use crate::python::is_space;
use crate::release::Dialect;

/// The most problems reported for one line.
const ENOUGH: usize = 20;

/// Checks every word of an `ignoreip` line; what follows a `#` is reported once.
pub(super) fn check(scene: &Scene<'_>, _: &Block, option: &Opt) -> Vec<Problem> {
    if option.key != "ignoreip" {
        return Vec::new();
    }
    option
        .pieces
        .iter()
        .flat_map(|piece| check_line(scene, piece))
        .collect()
}

fn check_line(scene: &Scene<'_>, piece: &Piece) -> Vec<Problem> {
    let text = &scene.document.text[piece.text.clone()];
    let Some(&oldest) = scene.dialects.first() else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for word in oldest.words(text) {
        let range = piece.text.start + word.start..piece.text.start + word.end;
        if text[word.clone()].starts_with('#') {
            problems.push(swallowed_comment(scene, range.start..piece.text.end));
            break;
        }
        problems.extend(check_word(scene, &text[word], range));
        if problems.len() >= ENOUGH {
            break;
        }
    }
    problems
}

/// `# office`: no comment, but words.
fn swallowed_comment(scene: &Scene<'_>, range: Range<usize>) -> Problem {
    let comment = &scene.document.text[range.clone()];
    let mut problem = scene.explainer.at(
        Some((scene.file, range.start)),
        format!("{comment:?} is not a comment: its words are entries of the list"),
        Consequence::Misread,
        "begin it with a semicolon after a blank, or give it a line of its own",
    );
    let words = Dialect::From111.words(comment);
    let holds_address = words.into_iter().any(|word| is_list(&comment[word]));
    let is_lone = range.start > 0 && scene.document.text[..range.start].ends_with(is_space);
    if is_lone && !holds_address {
        problem.mend = mend(
            scene.source,
            vec![Edit::replace(range.start..range.start + 1, ";")],
        );
    }
    problem
}

fn check_word(scene: &Scene<'_>, word: &str, range: Range<usize>) -> Option<Problem> {
    if word.contains("%(") {
        return None;
    }
    let plain = word.replace("%%", "%");
    let at = |message: String, consequence, hint: &str| {
        scene
            .explainer
            .at(Some((scene.file, range.start)), message, consequence, hint)
    };
    if let Some(mut problem) = glued(&plain).map(|hint| {
        at(
            format!("{plain:?} is one word"),
            Consequence::NoEffect,
            hint,
        )
    }) {
        problem.mend = unglue(scene, word, range);
        return Some(problem);
    }
    let items: Vec<Item> = scene
        .dialects
        .iter()
        .map(|&dialect| Item::parse(&plain, dialect))
        .collect();
    let (message, consequence, hint) = items.iter().find_map(|item| judge(&plain, item))?;
    let differs = items.iter().any(|item| *item != items[0]);
    Some(at(
        message + if differs { " (in some releases)" } else { "" },
        consequence,
        hint,
    ))
}

/// Words joined by a character that people take for a separator.
fn glued(word: &str) -> Option<&'static str> {
    if word.contains(';') {
        Some("separate words by a blank or a comma")
    } else {
        word.contains(is_space)
            .then_some("separate words by a blank; before fail2ban 1.1.0 a tab does not")
    }
}

fn unglue(scene: &Scene<'_>, word: &str, range: Range<usize>) -> Option<crate::problem::Mend> {
    let glue = |c: char| c == ';' || is_space(c);
    let parts: Vec<&str> = word.split(glue).filter(|part| !part.is_empty()).collect();
    if !parts.iter().all(|part| is_list(part)) {
        return None;
    }
    let edits = word.match_indices(glue).map(|(at, glue)| {
        let at = range.start + at;
        Edit::replace(at..at + glue.len(), if glue == ";" { "," } else { " " })
    });
    mend(scene.source, edits.collect())
}

fn judge(word: &str, item: &Item) -> Option<(String, Consequence, &'static str)> {
    match item {
        Item::Name(_) if Address::parse(word).is_err() => {
            judge(word, &Item::Nothing("neither an address nor a host name"))
        }
        Item::Nothing(why) => Some((
            format!("{word:?} is {why}"),
            Consequence::NoEffect,
            "write an address, a network with its length, or a host name",
        )),
        Item::Network(network) => misread(word, *network),
        // Refused words are the reader's own finding: they matter only in a jail that runs.
        Item::Refused(_) | Item::Name(_) | Item::File(_) => None,
    }
}

/// The problem of a network that differs from what the word says.
fn misread(word: &str, network: Network) -> Option<(String, Consequence, &'static str)> {
    let bare = word.trim_start_matches('[').trim_end_matches(']');
    let (address, mask) = bare.split_once('/').unwrap_or((bare, ""));
    if network.prefix() == 0 && mask != "0" {
        let message = format!("{word:?} stands for every address: its mask is not a netmask");
        return Some((
            message,
            Consequence::TooWide,
            "write the length of the network as a number: 192.0.2.0/24",
        ));
    }
    match address.parse::<std::net::IpAddr>() {
        Err(_) => Some((
            format!("{word:?} stands for {network}"),
            Consequence::Misread,
            "write the address in full, without leading zeros",
        )),
        Ok(address)
            if address != network.address()
                && !address.is_loopback()
                && Network::from(address).address() != network.address() =>
        {
            Some((
                format!("{word:?} stands for the whole of {network}"),
                Consequence::TooWide,
                "write the first address of the network, or the single address without a length",
            ))
        }
        Ok(_) => None,
    }
}
