//! Random tables and clients: a grammar of rules, with damage.

use std::net::IpAddr;
use std::path::Path;

use fastrand::Rng;
use sshmend_hosts_access::{Client, Name, Wanted};

const DAEMONS: &[&str] = &[
    "sshd",
    "sshd",
    "sshd",
    "ALL",
    "SSHD",
    "ftpd",
    "s*",
    "ss??",
    "sshd@10.77.0.9",
    "sshd@10.77.",
    "sshd@[::1]",
    "22",
    "+22",
    "4294967318",
    "2222",
    "sshd@srv.example.org",
    "ALL@LOCAL",
    "KNOWN",
    "UNKNOWN",
    "in.sshd",
    "sshd-session",
    "ssh.",
    ".d",
    "#",
    "[sshd]",
    "sshd]",
    "sshd[",
    "\u{feff}sshd",
    "22@10.77.0.9",
    "LOCAL",
];

const CLIENTS: &[&str] = &[
    "ALL",
    "all",
    "LOCAL",
    "KNOWN",
    "UNKNOWN",
    "PARANOID",
    "10.1.",
    "10.1",
    "10.1.2.3",
    "10.1.2.0/24",
    "10.1.2.3/24",
    "10.1.2.3/32",
    "10.0.0.0/8",
    "10.0.0.0/255.0.0.0",
    "10.1.2.3/255.0.0.0",
    "10.1.2.3/255.255.255.255",
    "0.0.0.0/0",
    "0.0.0.0/0.0.0.0",
    "10.1.2/24",
    "10.1.2.0/24x",
    "10.1.2.0/ 24",
    "10.1.2.0/+24",
    "10.1.2.0/33",
    "10.0.0.0/0x8",
    "10.1.0.3/255.0.255.255",
    "012.1.2.3/32",
    "0x0a.1.2.0/24",
    "10.1.2.0\u{b}/24",
    "10.1.2.3\u{b}",
    "[::1]",
    "[2001:db8::7]",
    "[2001:DB8::7]",
    "[2001:db8::]/32",
    "[2001:db8::7]/32",
    "[2001:db8::/32]",
    "[::]/0",
    "[::1]/128",
    "[::1]/",
    "[::1]/x",
    "[::]/129",
    "[::ffff:10.1.2.3]",
    "[fe80::1%lo]",
    "[fe80::]/10",
    "[2001:db8::]/33",
    "[::1",
    "::1]",
    "[]",
    "[10.1.2.3]",
    "2001:db8::7",
    "2001*",
    "*::7",
    "[2001:db8:*]",
    ".example.org",
    ".EXAMPLE.org",
    "h.example.org",
    "*.org",
    "h.*.org",
    "ho?t",
    "host",
    ".3",
    ".2.3",
    "*.3",
    "10.*",
    "10.1.2.?",
    "10.1.2.**",
    "10.1.2.3**",
    "host**",
    "10.1.**",
    "**",
    "*",
    "?*",
    "10.*/8",
    "root@10.1.2.3",
    "ALL@ALL",
    "KNOWN@10.",
    "root@ALL",
    "UNKNOWN@ALL",
    "u*@10.1.2.3",
    "@group",
    "@group@ALL",
    "a@",
    "@",
    ".",
    "10.1.2.3.",
    "!10.1.2.3",
    "10.1.2.1-10.1.2.9",
    "255.255.255.255",
    "255.255.255.255/255.255.255.255",
    "#",
    "#10.1.2.3",
    "10.1.2.3,10.9.9.9",
    "unknown",
    "paranoid",
    "127.",
    "127.0.0.1",
    "localhost",
    "/etc/no/such/file",
    "10.1.2.3\\",
    "h.example.org.",
    "example.org",
    "1",
    "10",
    "::",
    "203.0.113.",
];

const OPTIONS: &[&str] = &[
    "allow",
    "deny",
    "ALLOW",
    "Deny",
    "allow",
    "deny",
    "",
    " ",
    "spawn true",
    "spawn = true",
    "spawn",
    "spawn true %h \\: x",
    "aclexec true",
    "aclexec false",
    "aclexec",
    "twist true",
    "twist",
    "severity info",
    "severity auth.info",
    "severity authpriv.info",
    "severity error",
    "severity",
    "severity local7.debug",
    "severity=mail.info",
    "banners /nonexistent",
    "banners",
    "rfc931",
    "rfc931 5",
    "rfc931 0",
    "rfc931 x",
    "rfc931 4294967297",
    "setenv A b",
    "setenv A=b",
    "setenv A",
    "setenv",
    "setenv %z",
    "setenv %z A b",
    "setenv %%=x",
    "setenv %d=1 x",
    "umask 022",
    "umask 0777",
    "umask 1000",
    "umask 9",
    "umask -1",
    "nice",
    "nice 5",
    "nice -5",
    "nice x",
    "nice 99999999999",
    "keepalive",
    "keepalive yes",
    "linger 5",
    "linger -1",
    "linger 0",
    "linger 4294967295",
    "linger",
    "linger 5x",
    "user nobody",
    "user root.nogroup",
    "group nogroup",
    "user root.",
    "allow yes",
    "deny # no",
    "allow # yes",
    "foo",
    "/bin/echo hi",
    "allow:",
    "allow=",
    "allow = x",
    "=allow",
    "\\:",
    "spawn a\\:b",
    "deny\\",
    "al\\low",
    "\u{b}allow\u{c}",
    "spawn %h %z",
    "twist %z",
    "aclexec = true",
    "aclexec true ",
];

/// Words that match most clients, and options that let a rule go on: without them most rules would never be run.
const LIKELY_DAEMONS: &[&str] = &["sshd", "ALL", "s*", "22", "sshd@10.77.", "KNOWN"];
const LIKELY_CLIENTS: &[&str] = &[
    "ALL",
    "10.",
    "10.1.2.3",
    "10.1.2.0/24",
    "10.*",
    "[::]/0",
    "0.0.0.0/0.0.0.0",
    ".org",
    "ALL@ALL",
];
const LIKELY_OPTIONS: &[&str] = &[
    "spawn true",
    "spawn a\\:b",
    "severity info",
    "aclexec true",
    "aclexec false",
    "setenv A b",
    "umask 022",
    "allow",
    "deny",
];

const NAMES: &[&str] = &[
    "h.example.org",
    "H.Example.Org",
    "host",
    "example.org",
    "localhost",
    "hot",
    "10.evil.example",
    "10.1.2.example",
    "a.b.org",
    "unknown",
];

const ADDRESSES: &[&str] = &[
    "10.1.2.3",
    "10.1.2.3",
    "10.1.2.0",
    "10.1.2.255",
    "10.1.3.3",
    "10.9.9.9",
    "127.0.0.1",
    "203.0.113.9",
    "0.0.0.0",
    "8.1.2.3",
    "::1",
    "2001:db8::7",
    "2001:db8::",
    "2001:db8:8000::1",
    "fe80::1",
    "::ffff:10.1.2.3",
    "::10.1.2.3",
    "::2:0",
    "2001:db9::7",
    "3.3.3.3",
];

/// The number of pattern files of [`pattern_files`] that a list may name.
pub(super) const PATTERN_FILES: usize = 3;

/// The content of the pattern files, which may name each other.
pub(super) fn pattern_files(random: &mut Rng, directory: &Path) -> Vec<Vec<u8>> {
    (0..PATTERN_FILES)
        .map(|index| {
            let mut text = Vec::new();
            for _ in 0..random.usize(0..5) {
                text.extend(client_word(random, directory, index).into_bytes());
                text.extend(
                    random
                        .choice(["\n", " ", "\t\n", "\u{b}", "\0x "])
                        .unwrap_or("\n")
                        .bytes(),
                );
            }
            text
        })
        .collect()
}

/// A file, or none.
pub(super) fn table(random: &mut Rng, directory: &Path) -> Option<Vec<u8>> {
    if random.u8(..) < 10 {
        return None;
    }
    let mut text = Vec::new();
    let ending = if random.u8(..) < 20 { "\r\n" } else { "\n" };
    for _ in 0..random.usize(0..5) {
        text.extend(line(random, directory).into_bytes());
        text.extend(ending.bytes());
    }
    damage(random, &mut text);
    Some(text)
}

fn line(random: &mut Rng, directory: &Path) -> String {
    match random.u8(0..40) {
        0 => "# a comment".to_owned(),
        1 => "# a comment that goes on \\".to_owned(),
        2 => " # sshd: ALL".to_owned(),
        3 => String::new(),
        4 => "sshd ALL".to_owned(),
        5 => " \t ".to_owned(),
        6 => long_line(random, directory),
        7 => format!("{} # not ALL of 10.1.2.3", rule(random, directory)),
        8 => format!(
            "{}{}",
            pick(random, &["\u{feff}", "  # "]),
            rule(random, directory)
        ),
        _ => rule(random, directory),
    }
}

fn rule(random: &mut Rng, directory: &Path) -> String {
    let daemons = words(random, |random| {
        pick_either(random, LIKELY_DAEMONS, DAEMONS).to_owned()
    });
    let clients = words(random, |random| {
        client_word(random, directory, PATTERN_FILES)
    });
    let mut text = format!(
        "{daemons}{}{clients}",
        pick(random, &[":", ": ", " : ", ":\t"])
    );
    for _ in 0..random.usize(0..6).saturating_sub(2) {
        text.push_str(pick(random, &[":", ": ", " : "]));
        text.push_str(pick_either(random, LIKELY_OPTIONS, OPTIONS));
    }
    text
}

/// One that comes close to the limit of libwrap's buffer, from both sides, now and then to the byte.
fn long_line(random: &mut Rng, directory: &Path) -> String {
    let mut text = format!("{}:", pick(random, DAEMONS));
    let exact = random.bool();
    let length = if exact {
        random.usize(2044..2050)
    } else {
        random.usize(2030..2060)
    };
    while text.len() < length {
        text.push_str(if exact {
            " "
        } else {
            pick(random, &[" ", ",", " \\\n"])
        });
        text.push_str(&client_word(random, directory, PATTERN_FILES));
    }
    if exact || random.bool() {
        text.truncate(text.floor_char_boundary(length));
    }
    text
}

fn words(random: &mut Rng, mut word: impl FnMut(&mut Rng) -> String) -> String {
    let mut text = String::new();
    for index in 0..1 + random.usize(0..5).saturating_sub(2) {
        if index > 0 {
            text.push_str(pick(
                random,
                &[
                    " ",
                    ", ",
                    ",",
                    " EXCEPT ",
                    " except ",
                    " \\\n",
                    "\\\n",
                    " EXCEPT EXCEPT ",
                ],
            ));
        }
        text.push_str(&word(random));
    }
    text
}

fn client_word(random: &mut Rng, directory: &Path, pattern_files: usize) -> String {
    if pattern_files > 0 && random.u8(..) < 8 {
        return format!(
            "{}/patterns{}",
            directory.display(),
            random.usize(0..pattern_files)
        );
    }
    pick_either(random, LIKELY_CLIENTS, CLIENTS).to_owned()
}

/// Half from the words that make a rule matter, half from all.
fn pick_either(random: &mut Rng, likely: &[&'static str], all: &[&'static str]) -> &'static str {
    let from = if random.bool() { likely } else { all };
    pick(random, from)
}

fn pick(random: &mut Rng, from: &[&'static str]) -> &'static str {
    random.choice(from).copied().unwrap_or_default()
}

/// Now and then: bytes lost at the end, NULs, blanks and line ends in odd places.
fn damage(random: &mut Rng, text: &mut Vec<u8>) {
    if random.u8(..) < 25 && !text.is_empty() {
        let end = random.usize(text.len().saturating_sub(3)..=text.len());
        text.truncate(end);
    }
    if random.u8(..) < 25 && !text.is_empty() {
        let at = random.usize(0..=text.len());
        let bytes: &[u8] = random
            .choice([
                &b"\0"[..],
                b"\\\n",
                b"\n",
                b" ",
                b"\\",
                b"\xff",
                b"\r",
                b":",
                b"[",
                b"]",
                b"@",
            ])
            .unwrap_or(b"");
        text.splice(at..at, bytes.iter().copied());
    }
}

/// A client about which everything is known.
pub(super) fn client(random: &mut Rng) -> Client {
    let addr: IpAddr = pick(random, ADDRESSES)
        .parse()
        .unwrap_or(IpAddr::from([10, 1, 2, 3]));
    Client {
        name: name(random, NAMES),
        user: name(random, &["root", "u1", "unknown"]),
        server_addr: pick(random, &["10.77.0.9", "::1", "192.0.2.1"])
            .parse()
            .ok(),
        server_name: name(random, &["srv.example.org", "srv"]),
        server_port: Some(*random.choice(&[22, 2222]).unwrap_or(&22)),
        ..Client::new(addr).at(pick(
            random,
            &["sshd", "sshd", "sshd", "SSHD", "in.ftpd", "unknown"],
        ))
    }
}

fn name(random: &mut Rng, known: &[&'static str]) -> Name {
    match random.u8(0..4) {
        0 => Name::None,
        1 => Name::Mismatch,
        _ => Name::Known(pick(random, known).to_owned()),
    }
}

/// The same client with some facts forgotten.
pub(super) fn forget(random: &mut Rng, client: &Client) -> Client {
    let mut less = client.clone();
    if random.bool() {
        less.name = Name::Unknown;
    }
    if random.bool() {
        less.user = Name::Unknown;
    }
    if random.bool() {
        (less.server_addr, less.server_port) = (None, None);
    }
    if random.bool() {
        less.server_name = Name::Unknown;
    }
    less
}

/// A pattern to allow.
pub(super) fn wanted(random: &mut Rng) -> Wanted {
    const WANTED: &[&str] = &[
        "10.1.2.3",
        "10.1.2.3/24",
        "10.1.0.0/16",
        "10.0.0.0/8",
        "10.1",
        "10.1.",
        "10.1.2.*",
        "10.0.0.0/255.0.0.0",
        "0.0.0.0/0",
        "10.1.2.3/32",
        "10.1.2.0/25",
        "203.0.113.9",
        "127.0.0.1",
        "2001:db8::7",
        "[2001:db8::7]",
        "2001:db8::/32",
        "[2001:db8::7/32]",
        "::1",
        "::/0",
        "fe80::1",
        "::ffff:10.1.2.3",
        "h.example.org",
        ".example.org",
        "*.org",
        "host",
        "ALL",
        "LOCAL",
        "KNOWN",
        "UNKNOWN",
        "PARANOID",
        "172.16.0.0/12",
        "10.1.0.3/255.0.255.255",
    ];
    loop {
        if let Ok(wanted) = Wanted::parse(pick(random, WANTED)) {
            return wanted;
        }
    }
}

/// A client that the pattern denotes: with all facts, and with only those that the pattern needs.
pub(super) fn wanted_client(random: &mut Rng, wanted: &Wanted) -> (Client, Client) {
    let examples = wanted.examples();
    let example = examples[random.usize(0..examples.len())]
        .clone()
        .at(pick(random, &["sshd", "sshd", "in.ftpd"]));
    let other = client(random);
    let name = if example.name == Name::Unknown {
        other.name
    } else {
        example.name.clone()
    };
    (
        Client {
            addr: example.addr,
            daemon: example.daemon.clone(),
            name,
            ..other
        },
        example,
    )
}
