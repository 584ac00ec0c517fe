use crate::verdict::{Judges, UNSEEN};

pub(crate) const JUDGES: Judges = UNSEEN;
