//! What `show` prints.

use std::iter;

use crate::json::effective::Format;

/// A model as JSON and as text, piece by piece.
pub(super) type Shown<'s> = (Format, Box<dyn Iterator<Item = String> + 's>);

/// A text of one piece.
pub(super) fn whole(text: String) -> Box<dyn Iterator<Item = String>> {
    Box::new(iter::once(text))
}
