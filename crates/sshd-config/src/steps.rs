//! Counts the steps of work that grows with the files, for the tests; nothing elsewhere.

sshmend_lossless::step_counter!();
