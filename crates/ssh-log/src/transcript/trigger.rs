//! Whether a line can mean anything, in one quick look at each of its bytes.
//!
//! The log of a build has hundreds of thousands of lines, of which a few are from a client. A line
//! without any word that a reader of lines looks for is not examined further.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::attempts::{CUT, OF_ONE_SIDE};
use super::words::TABLE;
use super::{command, label};
use crate::start::Firsts;

/// The number of bytes by which words are found.
const HEAD: usize = 3;

/// All words that are looked for.
struct Words {
    heads: Firsts,
    by_head: HashMap<[u8; HEAD], Vec<Vec<u8>>>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let debug = ["debug1: ", "debug2: ", "debug3: "].map(str::as_bytes);
    let own = TABLE.leads().chain(debug).chain(CUT).chain(OF_ONE_SIDE);
    let own = own.map(<[u8]>::to_vec);
    let heads = label::words().map(|word| word.as_bytes().to_vec());
    let commands = command::words().map(String::into_bytes);
    Words::new(own.chain(heads).chain(commands))
});

/// False if no reader of lines knows anything in this one.
pub(super) fn may_tell(line: &[u8]) -> bool {
    let words = &*WORDS;
    line.windows(HEAD)
        .enumerate()
        .any(|(at, head)| words.heads.may_hold(number(head)) && words.begin(&line[at..]))
}

impl Words {
    fn new(all: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut by_head: HashMap<[u8; HEAD], Vec<Vec<u8>>> = HashMap::new();
        for word in all {
            if let Some(head) = word.first_chunk().copied() {
                by_head.entry(head).or_default().push(word);
            }
        }
        let heads = Firsts::new(by_head.keys().map(|head| number(head)));
        Self { heads, by_head }
    }

    fn begin(&self, text: &[u8]) -> bool {
        let head = text.first_chunk::<HEAD>();
        let words = head.and_then(|head| self.by_head.get(head));
        words.is_some_and(|words| words.iter().any(|word| text.starts_with(word)))
    }
}

/// Three bytes as one number.
fn number(head: &[u8]) -> u32 {
    u32::from_le_bytes([head[0], head[1], head[2], 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{attempts, scan};

    #[test]
    fn every_word_is_long_enough_to_be_found() {
        let own = TABLE.leads().chain(CUT).chain(OF_ONE_SIDE);
        let mut lengths = own.map(<[u8]>::len).chain(label::words().map(str::len));
        assert!(lengths.all(|length| length >= HEAD));
        assert!(command::words().all(|word| word.len() >= HEAD));
    }

    #[test]
    fn ordinary_lines_of_a_build_tell_nothing() {
        for line in [
            "#12 7.456 Get:7 http://deb.example.net/debian bookworm/main amd64 package7 1.0-1",
            "  CC      drivers/net/ethernet/intel/e1000/e1000_main.o",
            "[12:00:00] Finished 'default' after 1.2 s",
            "",
            "ss",
        ] {
            assert!(!may_tell(line.as_bytes()), "{line}");
        }
        for line in ["x sshd x", "$ ssh h", "ok: [web05]", "x: debug1: y"] {
            assert!(may_tell(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn no_reader_of_lines_knows_anything_in_a_line_that_tells_nothing() {
        let mut random = fastrand::Rng::with_seed(5);
        let words: Vec<&Vec<u8>> = WORDS.by_head.values().flatten().collect();
        // The last of these are words of every reader, which the table of words may lack.
        let between = [
            "",
            " ",
            ": ",
            "/",
            "[",
            "] ",
            "$ ",
            "x",
            "7",
            "@h",
            " | ",
            "ssh h.x",
            "tnc h 22",
            "sshd[1]: ",
            "debug2: ",
            "ok: [h] ",
            "h | FAILED",
            "h7: Permission denied",
            "Host key",
        ];
        let mut silent = 0;
        for _ in 0..60_000 {
            let mut line = Vec::new();
            for _ in 0..random.usize(1..5) {
                line.extend_from_slice(between[random.usize(..between.len())].as_bytes());
                let word = words[random.usize(..words.len())];
                let from = random.usize(..2);
                line.extend_from_slice(&word[from..word.len() - random.usize(..2)]);
            }
            if may_tell(&line) {
                continue;
            }
            silent += 1;
            let line = &line[..];
            let scan = scan::scan(line);
            let shown = String::from_utf8_lossy(line);
            assert!(scan.hits.is_empty() && !scan.debug, "{shown}");
            assert!(!attempts::is_told(line), "{shown}");
            assert!(label::head(line).is_none(), "{shown}");
            let is_command = command::command(line).is_some() || command::tested(line).is_some();
            assert!(!is_command, "{shown}");
        }
        assert!(silent > 1_000, "{silent} lines show nothing");
    }
}
