//! Questions to the person at the terminal.

use dialoguer::{Confirm, MultiSelect};

use super::escape::line;
use crate::error::Failure;

const NO_ANSWER: &str = "nothing was changed: the question got no answer";

/// Asks for a yes.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks, with escaped text"
)]
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    let asked = Confirm::new()
        .with_prompt(line(question))
        .default(false)
        .interact();
    asked.map_err(|error| Failure::caused(NO_ANSWER, &error))
}

/// Lets any number of things be chosen, each with whether it is chosen at first; `None` when nothing was.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks, with escaped text"
)]
pub(crate) fn choose(
    question: &str,
    items: &[(String, bool)],
) -> Result<Option<Vec<usize>>, Failure> {
    let items = items.iter().map(|(text, chosen)| (line(text), *chosen));
    let asked = MultiSelect::new()
        .with_prompt(line(question))
        .items_checked(items)
        .interact_opt();
    asked.map_err(|error| Failure::caused(NO_ANSWER, &error))
}
