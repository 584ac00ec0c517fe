//! What a check looks at.

use crate::document::Document;
use crate::explain::Explainer;
use crate::layers::SourceFile;
use crate::release::Dialect;

/// One file of the jail configuration, as the checks see it.
pub(super) struct Scene<'a> {
    pub(super) file: usize,
    pub(super) source: &'a SourceFile,
    pub(super) document: &'a Document,
    pub(super) explainer: Explainer<'a>,
    pub(super) dialects: &'a [Dialect],
}
