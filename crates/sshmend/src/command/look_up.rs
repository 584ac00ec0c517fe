//! `sshmend explain` for anything but the name of a cause: a keyword of sshd_config, or a message.

use sshmend_diagnose::{
    Cause, causes_of_keyword, causes_of_message, causes_of_word, nearest_cause,
};
use sshmend_lossless::nearest;
use sshmend_plan::NEGATIVES;
use sshmend_sshd_config::{keyword_named, nearest_keyword};

use crate::error::Failure;
use crate::output::{Output, Role};

/// The causes that a keyword or a message leads to.
pub(super) struct Found {
    pub(super) causes: Vec<&'static Cause>,
    title: String,
    more: String,
}

/// The causes that a keyword or a message leads to.
///
/// # Errors
/// If it is neither, with the nearest name.
pub(super) fn find(asked: &str) -> Result<Found, Failure> {
    if let Some(keyword) = keyword_named(asked) {
        return Ok(of_keyword(keyword));
    }
    let is_message = asked.trim().contains(char::is_whitespace);
    if !is_message {
        return of_word(asked).ok_or_else(|| unknown(asked, is_message));
    }
    let causes = causes_of_message(asked);
    if causes.is_empty() {
        return Err(unknown(asked, is_message));
    }
    let title = match causes.as_slice() {
        [_] => "this message has one cause".to_owned(),
        all => format!("{} causes end with this message", all.len()),
    };
    let more = "sshmend explain NAME explains it; sshmend diagnose finds out which one it is";
    Ok(Found {
        causes,
        title,
        more: more.to_owned(),
    })
}

/// The same for people.
///
/// # Errors
/// As for [`find`].
pub(super) fn text(output: &Output, asked: &str) -> Result<String, Failure> {
    let found = find(asked)?;
    let rows: String = found
        .causes
        .iter()
        .map(|cause| row(output, cause))
        .collect();
    let text = format!(
        "{}\n{rows}\n{}\n",
        output.paint(Role::Title, &found.title),
        output.paint(Role::Dim, &found.more)
    );
    Ok(output.fold(&text))
}

/// A single word of a message, a file or a program: the causes whose explanations have it.
fn of_word(word: &str) -> Option<Found> {
    let causes = causes_of_word(word);
    (!causes.is_empty()).then(|| Found {
        causes,
        title: format!("{word} occurs in the explanation of"),
        more: "sshmend explain NAME explains it; with a whole message, fewer causes are left"
            .to_owned(),
    })
}

fn of_keyword(keyword: &str) -> Found {
    let causes = causes_of_keyword(keyword);
    let title = if causes.is_empty() {
        format!("{keyword} is not involved in any known cause")
    } else {
        format!("{keyword} is involved in")
    };
    let more = format!(
        "sshmend explain NAME explains it; sshmend show sshd-config {keyword} shows the value in force and its line"
    );
    Found {
        causes,
        title,
        more,
    }
}

/// The name of a cause and its title, in two columns.
pub(super) fn row(output: &Output, cause: &Cause) -> String {
    in_two_columns(output, cause.name.as_str(), cause.title())
}

/// Below this width, in columns, the meaning goes on a line below the name.
const TWO_COLUMNS: usize = 60;

/// A name and its meaning, side by side if they fit.
pub(super) fn in_two_columns(output: &Output, name: &str, meaning: &str) -> String {
    if output
        .columns()
        .is_some_and(|columns| columns < TWO_COLUMNS)
    {
        return format!("  {}\n    {meaning}\n", output.paint(Role::Title, name));
    }
    let name = output.paint(Role::Title, &format!("{name:<28}"));
    format!("  {name} {meaning}\n")
}

fn unknown(asked: &str, is_message: bool) -> Failure {
    if is_message {
        let message = format!("no known cause ends with this message: {asked}");
        return Failure::trouble(message)
            .with_hint("sshmend diagnose - reads all of what was printed");
    }
    let blamed = || nearest(asked, NEGATIVES.iter().map(|negative| negative.name));
    let meant = nearest_cause(asked)
        .or_else(|| nearest_keyword(asked))
        .or_else(blamed);
    Failure::trouble(format!("no cause has the name {asked}")).with_hint(match meant {
        Some(name) => format!("did you mean {name}? sshmend explain lists them all"),
        None => "sshmend explain lists them all".to_owned(),
    })
}
