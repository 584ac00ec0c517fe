//! Tests that change the whole process.

use std::process::Command;

/// Runs one test of this program in a process of its own, with this environment variable set.
pub(crate) fn run_again(test: &str, variable: &str) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(variable, "1")
        .output()
        .unwrap();
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stderr)
    );
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}
