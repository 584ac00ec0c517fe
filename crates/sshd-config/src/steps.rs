//! Counts the steps of work that grows with the files, in tests only.

sshmend_lossless::step_counter!();
