//! The time to read and to evaluate a configuration: `cargo bench -p sshmend-sshd-config`.

#[path = "../../lossless/benches/stopwatch/mod.rs"]
mod stopwatch;

use std::path::Path;

use sshmend_lossless::fixture::snapshot;
use sshmend_sshd_config::{Release, Scope, Tree};

use stopwatch::measure;

const MAIN: &str = "/etc/ssh/sshd_config";

fn main() {
    for lines in [100, 10_000] {
        let text = "MaxSessions 10\n".repeat(lines);
        read(&format!("{lines} short lines"), &text);
    }
    for bytes in [10_000, 1_000_000] {
        let comment = "x ".repeat(bytes / 2);
        let text = format!("# {comment}\nMaxSessions 10\n");
        read(&format!("one comment of {bytes} bytes"), &text);
    }
    for blocks in [10, 1_000] {
        let block = |number| format!("Match User user{number}\n  MaxSessions {number}\n");
        let text: String = (1..=blocks).map(block).collect();
        read(&format!("{blocks} Match blocks"), &text);
    }
}

/// Reads a main file and evaluates it.
fn read(name: &str, text: &str) {
    let machine = snapshot(&format!("//- {MAIN}\n{text}"));
    let release = Some(Release::new(9, 2));
    measure(name, text.len(), || {
        let tree = Tree::read(&machine, Path::new(MAIN), &[]);
        tree.effective(release, Scope::Global).iter().count()
    });
}
