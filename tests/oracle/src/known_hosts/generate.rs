//! Random known_hosts files.

use fastrand::Rng;

use super::kit::{Kit, NAMES};

const PATTERNS: [&str; 23] = [
    "[*]:2222",
    "[h]:22?2",
    "fe80::1",
    "fe80::*",
    "FE80::1%lo",
    "*",
    "h*",
    "?",
    "[h]:22",
    "!h",
    "!*",
    "!h?",
    "H",
    "I",
    "192.0.2.*",
    "2001:DB8::1",
    "#h",
    "@revoked",
    "|1|",
    "h:22",
    "*.x",
    "",
    "!",
];
const BEFORE: [&str; 13] = [
    "",
    "",
    "",
    "",
    "",
    "",
    " ",
    "\t",
    "@revoked ",
    "@cert-authority ",
    "@revoked\t",
    "@Revoked ",
    "@revoked @revoked ",
];
const AFTER: [&str; 14] = [
    "\n",
    "\n",
    "\n",
    "\n",
    "\r\n",
    " note\n",
    "\tnote\r\n",
    " \0x\n",
    "\0\n",
    " h ssh-rsa AAAA\n",
    "\n#h\n",
    "\r\n\r\n",
    "\n\n \n",
    "",
];
const JUNK: [&str; 15] = [
    "\n",
    "\r",
    "\0",
    "\u{feff}",
    "h",
    "h\n",
    "h \n",
    "<<<<<<< HEAD\n",
    " ",
    ",",
    "h 1024 35 1234567\n",
    "h ssh-future AAAA\n",
    "h ssh-rsa\n",
    "h RSA AAAA\n",
    "h ssh-rsa # no\n",
];

/// Makes random files out of the keys of a kit.
pub(super) struct Generator<'k> {
    pub(super) random: Rng,
    keys: &'k [String],
    /// The hashed names, in the order of [`NAMES`].
    hashed: &'k [String],
}

impl<'k> Generator<'k> {
    pub(super) fn new(kit: &'k Kit, seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed),
            keys: &kit.texts,
            hashed: &kit.hashed,
        }
    }

    /// One name to look up.
    pub(super) fn name(&mut self) -> &'static str {
        NAMES[self.random.usize(..NAMES.len())]
    }

    /// A file of up to eight lines, sometimes with a byte inserted, removed or changed.
    pub(super) fn file(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.random.usize(0..8) {
            let line = if self.random.u8(..8) == 0 {
                self.pick(&JUNK).to_owned()
            } else {
                self.line()
            };
            bytes.extend_from_slice(line.as_bytes());
        }
        while self.random.u8(..4) == 0 && !bytes.is_empty() {
            self.damage(&mut bytes);
        }
        bytes
    }

    fn line(&mut self) -> String {
        match self.random.u8(..24) {
            // A key that is revoked for everybody, and a list of a name with and without its port.
            0 => return format!("@revoked * {}\n", self.key()),
            1 => return format!("h,[h]:2222 {}\n", self.key()),
            _ => {}
        }
        let (before, after) = (self.pick(&BEFORE), self.pick(&AFTER));
        let blank = if self.random.u8(..4) == 0 { "\t" } else { " " };
        format!("{before}{}{blank}{}{after}", self.hosts(), self.key())
    }

    fn hosts(&mut self) -> String {
        if self.random.u8(..4) == 0 {
            return self.hashed[self.random.usize(..self.hashed.len())].clone();
        }
        let count = self.random.usize(1..4);
        (0..count)
            .map(|_| self.host())
            .collect::<Vec<_>>()
            .join(",")
    }

    fn host(&mut self) -> String {
        if self.random.bool() {
            self.name().to_owned()
        } else {
            self.pick(&PATTERNS).to_owned()
        }
    }

    fn key(&mut self) -> String {
        let key = &self.keys[self.random.usize(..self.keys.len())];
        match self.random.u8(..16) {
            0 => key.replace("ssh-rsa ", "rsa-sha2-512 "),
            1 => key.replace("ssh-ed25519 ", "ssh-rsa "),
            2 => key.replace(' ', "\t "),
            3 => key.replace("ssh-rsa ", "RSA "),
            4 => key.trim_end_matches('=').to_owned(),
            _ => key.clone(),
        }
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let at = self.random.usize(..bytes.len());
        let byte = *b"\0\t\n\r ,!*?|@#=+A/\x0b\xe9"
            .get(self.random.usize(..20))
            .unwrap_or(&b'x');
        match self.random.u8(..3) {
            0 => bytes.insert(at, byte),
            1 => drop(bytes.remove(at)),
            _ => bytes[at] = byte,
        }
    }

    fn pick(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.random.usize(..choices.len())]
    }
}
