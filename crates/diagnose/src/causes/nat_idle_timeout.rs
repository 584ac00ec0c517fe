use crate::verdict::{Judges, UNSEEN};

pub(super) const JUDGES: Judges = UNSEEN;
