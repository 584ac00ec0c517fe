//! The time to find one name and to remove it: `cargo bench -p sshmend-known-hosts`.

#[path = "../../lossless/benches/stopwatch/mod.rs"]
mod stopwatch;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sshmend_known_hosts::{KnownHosts, Name};

use stopwatch::measure;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP4aBMBimcXbfhLw8bXOMsIyVd8yE/EK8Z13YBo1vGvE";

fn main() {
    for lines in [1_000, 100_000] {
        let (plain, hashed) = (plain(lines), hashed(lines));
        let names = [Name::host("wanted.example")];
        for (kind, text) in [("plain", &plain), ("hashed", &hashed)] {
            let known = KnownHosts::parse(text.as_bytes());
            assert_eq!(known.find(&names).found.len(), 1);
            let find = || known.find(&names);
            measure(
                &format!("find among {lines} {kind} lines"),
                text.len(),
                find,
            );
            let remove = || known.remove(&names, None);
            measure(
                &format!("take out of {lines} {kind} lines"),
                text.len(),
                remove,
            );
        }
    }
}

/// A file with this number of lines, the last of which has the name to find.
fn plain(lines: usize) -> String {
    let line = |number| format!("host{number}.example.net {KEY}\n");
    let before: String = (1..lines).map(line).collect();
    before + &format!("wanted.example {KEY}\n")
}

/// The same, with names that are hashed in all lines but the last.
fn hashed(lines: usize) -> String {
    let mut random = fastrand::Rng::with_seed(1);
    let mut twenty = || STANDARD.encode(std::array::from_fn::<u8, 20, _>(|_| random.u8(..)));
    let line = |_| format!("|1|{}|{} {KEY}\n", twenty(), twenty());
    let before: String = (1..lines).map(line).collect();
    before + &format!("wanted.example {KEY}\n")
}
