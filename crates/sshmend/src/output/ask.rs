//! Questions to the person at the terminal.

use dialoguer::{Confirm, MultiSelect};
use sshmend_host::only_prints;

use super::escape::line;
use super::{Output, typed};
use crate::error::Failure;

const NO_ANSWER: &str = "nothing was changed: the question got no answer";

/// The width of the checkbox before an item, in columns.
const BOX: usize = 6;

/// Asks for yes or no; Enter alone selects the default.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks, with escaped text"
)]
pub(crate) fn confirm(question: &str, proposed: bool) -> Result<bool, Failure> {
    if only_prints() {
        let keys = if proposed { "Y/n" } else { "y/N" };
        let question = format!("{} [{keys}] ", line(question));
        return typed::answer(&question, |said| typed::agrees(said, proposed))
            .map_err(|error| Failure::caused(NO_ANSWER, &error));
    }
    let asked = Confirm::new()
        .with_prompt(line(question))
        .default(proposed)
        .wait_for_newline(true)
        .interact();
    asked.map_err(|error| Failure::caused(NO_ANSWER, &error))
}

/// Asks for any number of items, each preselected or not; `None` if the question was cancelled.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks, with escaped text"
)]
pub(crate) fn choose(
    output: &Output,
    question: &str,
    items: &[(String, bool)],
) -> Result<Option<Vec<usize>>, Failure> {
    if only_prints() {
        let list = typed::list(items);
        let question = format!("{list}Numbers, Enter for those with an x, 0 for none: ");
        return typed::answer(&question, |said| typed::numbers(said, items))
            .map_err(|error| Failure::caused(NO_ANSWER, &error));
    }
    // An item of two lines would not be erased when the list is redrawn.
    let items = items
        .iter()
        .map(|(text, chosen)| (output.fits(&line(text), BOX), *chosen));
    let asked = MultiSelect::new()
        .with_prompt(output.fits(&line(question), 1))
        .items_checked(items)
        .report(false)
        .interact_opt();
    asked.map_err(|error| Failure::caused(NO_ANSWER, &error))
}
