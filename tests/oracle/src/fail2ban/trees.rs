//! Random configuration trees, composed of typical lines and of difficult pieces.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use fastrand::Rng;

/// Files by their path below the configuration directory.
pub(super) type Tree = BTreeMap<String, Vec<u8>>;

/// The beginning of every tree: three filters, an action, and a jail.conf in the style of the stock
/// one.
const BASE: &[(&str, &str)] = &[
    (
        "fail2ban.conf",
        "[DEFAULT]\nloglevel = INFO\n[Definition]\n",
    ),
    (
        "filter.d/sshd.conf",
        "[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = ^x <HOST>%(tail)s\nmode = normal\n[Init]\nmaxlines = 1\n",
    ),
    ("filter.d/common.conf", "[DEFAULT]\ntail = y\n"),
    (
        "filter.d/web.conf",
        "[Definition]\nfailregex = ^x <HOST>\nignoreregex =\n",
    ),
    (
        "filter.d/odd.conf",
        "[Definition]\nfailregex = ^x <HOST>\nignoreip = 192.0.2.99\n",
    ),
    (
        "action.d/ban.conf",
        "[Definition]\nactionban = true <ip>\n[Init]\nport = ssh\n",
    ),
    (
        "jail.conf",
        "[INCLUDES]\nbefore = paths.conf\n[DEFAULT]\nenabled = false\nbackend = auto\nfilter = %(__name__)s\n\
         bantime = 10m\nport = 0:65535\nbanaction = ban\naction_ = %(banaction)s[port=\"%(port)s\"]\naction = %(action_)s\n\
         [sshd]\nport = ssh\nlogpath = %(sshd_log)s\n[web]\nport = http\nlogpath = /var/log/web\n[odd]\nlogpath = /x\n",
    ),
    ("paths.conf", "[DEFAULT]\nsshd_log = /var/log/auth.log\n"),
];

const LAYERS: &[&str] = &[
    "jail.local",
    "jail.local",
    "jail.local",
    "jail.d/defaults-debian.conf",
    "jail.d/10-a.conf",
    "jail.d/custom.local",
    "jail.d/zzz.local",
    "jail.d/B.conf",
    "jail.d/sshd.bak.conf",
    "jail.d/.hidden.conf",
    "jail.d/sshd.conf.bak",
    "paths.local",
    "extra.conf",
    "extra.local",
    "fail2ban.local",
    "filter.d/sshd.local",
];
const SECTIONS: &[&str] = &[
    "DEFAULT",
    "DEFAULT",
    "DEFAULT",
    "sshd",
    "sshd",
    "sshd",
    "web",
    "odd",
    "default",
    "Sshd",
    "INCLUDES",
    "sshd?x",
    "KNOWN/sshd",
    "new",
    "Definition",
    "sshd] # mine",
    "a b",
];
const KEYS: &[&str] = &[
    "ignoreip",
    "ignoreip",
    "ignoreip",
    "ignoreip",
    "IgnoreIP",
    "bantime",
    "findtime",
    "enabled",
    "enabled",
    "port",
    "mine",
    "office",
    "filter",
    "logpath",
    "ignorecommand",
    "before",
    "after",
    "backend",
    "banaction",
    "known/ignoreip",
    "action",
    "usedns",
    "maxretry",
    "loglevel",
    "failregex",
    "tail",
];
const DELIMITERS: &[&str] = &[
    " = ", " = ", " = ", "=", ": ", ":", " : ", "\t=\t", " ", " =", " == ",
];
const WORDS: &[&str] = &[
    "192.0.2.1",
    "192.0.2.2",
    "198.51.100.0/24",
    "10.1.2.3/8",
    "2001:db8::1",
    "2001:db8::7/32",
    "[2001:db8::1]",
    "127.0.0.1/8",
    "::1",
    "::ffff:192.0.2.1",
    "::ffff:192.0.2.0/120",
    "10.1",
    "010.0.0.1",
    "1.2.3.4/33",
    "1.2.3.4/255.255.255.0",
    "10.0.0.0/255.255.255",
    "192.0.2.1;",
    "example.org",
    "#",
    "# office",
    "; note",
    ";",
    "0.0.0.0/0",
    "0/0",
    "10.0.0.0/",
    "1.2.3.4/x",
    "fe80::1%%eth0",
    "10.0.0.0/+8",
    "10.0.0.1/-1",
    "1.2.3.4/-4",
    "1.2.3/24",
    "file:/etc/none",
    "a/b",
    "/24",
    "10.0.0.0/ffff::",
    "\u{e9}t\u{e9}",
];
const REFERENCES: &[&str] = &[
    "%(known/ignoreip)s",
    "%(known/ignoreip)s",
    "%(default/ignoreip)s",
    "%(default/ignoreip)s",
    "%(DEFAULT/ignoreip)s",
    "%(sshd/ignoreip)s",
    "%(web/ignoreip)s",
    "%(Sshd/ignoreip)s",
    "%(mine)s",
    "%(MINE)s",
    "%(office)s",
    "%(ignoreip)s",
    "%(nothing)s",
    "%(nowhere/ignoreip)s",
    "%(known/IgnoreIP)s",
    "%(__name__)s",
    "%%",
    "%",
    "%(",
    "%()s",
    "%(mine)",
    "%(fail2ban_confpath)s",
    "%(known/mine)s",
    "%(known/failregex)s",
    "%(known/mode)s",
    "%(known/known/ignoreip)s",
];
const OTHER_REFERENCES: &[&str] = &[
    "%(fail2ban_confpath)s",
    "%(nothing)s",
    "%(__name__)s",
    "%(known/failregex)s",
    "%(known/mode)s",
    "%(port)s",
    "%(sshd/port)s",
    "%(default/port)s",
    "%%",
    "%",
    "%(",
    "%(Port)s",
];
const SEPARATORS: &[&str] = &[
    " ",
    " ",
    " ",
    ", ",
    ",",
    "\n    ",
    "\n\t",
    "\n\n  ",
    "\n  # note\n  ",
    "\n; note\n ",
    "\t",
    "  ",
    "\u{a0}",
    "\r\n  ",
];
const JUNK: &[&str] = &[
    "# comment\n",
    "\n",
    "; comment\n",
    "   # indented comment\n",
    "ignoreip 192.0.2.3\n",
    "ignoreip ::1\n",
    "word\n",
    "  bantime = 1h\n",
    "  ignoreip = 192.0.2.4\n",
    "= x\n",
    "\t\n",
    "[\n",
    "[]\n",
    "\u{feff}",
    "\r",
    "\r\n",
    "]\n",
    "[x\n",
    " [sshd]\n",
];

/// Commented defaults, beside which a new line is added.
const COMMENTED: &[&str] = &[
    "#ignoreip = 127.0.0.1/8 ::1\n",
    "; IgnoreIP: ::1\n",
    "   # ignoreip =\n",
];

/// Text at the end of a file that stops fail2ban: each is a separate fault, and some can be
/// repaired.
const FAULTS: &[&str] = &[
    "[sshd]\nport = 22\n[web]\n[sshd]\nmaxretry = 4\n",
    "[odd]\nbantime = 30%\n",
    "[sshd]\nlogpath = /var/log/90%/x\n",
    "[web]\nfindtime = 5\nfindtime = 5\n",
    "[web]\nignoreip = ::1\nport = 80\nignoreip = 192.0.2.2\n",
    "[sshd]\nmaxretry = 3\nmaxretry = 4\n",
    "[DEFAULT]\nignoreip 198.51.100.3\n",
];

/// One tree.
pub(super) fn random(random: &mut Rng) -> Tree {
    let mut tree: Tree = BASE
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect();
    tree.insert("jail.d/on.conf".to_owned(), enabling(random).into_bytes());
    for _ in 0..random.usize(1..4) {
        let path = pick(random, LAYERS);
        let mut bytes = file(random).into_bytes();
        spoil(random, &mut bytes);
        if random.u8(..) < 24 {
            bytes.extend_from_slice(b"\n");
            bytes.extend_from_slice(pick(random, FAULTS).as_bytes());
        }
        tree.insert(path.to_owned(), bytes);
    }
    if random.u8(..) < 20 {
        let index = random.usize(0..tree.len());
        if let Some(path) = tree.keys().nth(index).cloned() {
            tree.remove(&path);
        }
    }
    tree
}

/// Enables one to three of the jails.
fn enabling(random: &mut Rng) -> String {
    let mut text = String::from("[sshd]\nenabled = true\n");
    for name in ["web", "odd"] {
        if random.bool() {
            text += &format!(
                "[{name}]\nenabled = {}\n",
                pick(random, &["true", "TRUE", "1", "on", "false", "yes "])
            );
        }
    }
    text
}

fn file(random: &mut Rng) -> String {
    let mut text = String::new();
    let calm = random.u8(..) < 170;
    for _ in 0..random.usize(1..4) {
        text += &format!("[{}]\n", pick(random, SECTIONS));
        for _ in 0..random.usize(0..4) {
            if !calm && random.u8(..) < 60 {
                text += pick(random, JUNK);
            }
            if random.u8(..) < 20 {
                text += pick(random, COMMENTED);
            }
            text += &option(random, calm);
        }
    }
    if random.u8(..) < 30 {
        text.pop();
    }
    if random.u8(..) < 20 {
        text.replace('\n', "\r\n")
    } else {
        text
    }
}

fn option(random: &mut Rng, calm: bool) -> String {
    let key = pick(random, KEYS);
    let delimiter = if calm {
        " = "
    } else {
        pick(random, DELIMITERS)
    };
    let value = match key.to_ascii_lowercase().as_str() {
        "ignoreip" | "mine" | "office" | "known/ignoreip" => list(random, calm),
        "before" | "after" => pick(
            random,
            &[
                "extra.conf",
                "paths.conf",
                "none.conf",
                "./extra.conf\n extra.conf",
                "",
                "jail.local",
                "%(mine)s",
            ],
        )
        .to_string(),
        "enabled" => pick(random, &["true", "true", "false", "1", "%(mine)s"]).to_string(),
        "filter" => pick(
            random,
            &[
                "sshd",
                "web[mode=x]",
                "none",
                "odd",
                "web[",
                "",
                "sshd[mode=\"a, b\"]",
                "%(__name__)s",
            ],
        )
        .to_string(),
        "action" => pick(
            random,
            &[
                "ban",
                "ban[x=1]\n ban[y=\"2\", z=3]",
                "none",
                "",
                "ban[",
                "x.py[a=1]",
                "%(action_)s",
            ],
        )
        .to_string(),
        "backend" => pick(random, &["auto", "systemd", "polling"]).to_string(),
        "loglevel" => "DEBUG".to_owned(),
        "maxretry" => random.u8(1..9).to_string(),
        // No reference to a list: a setting that changes with the list is a valid reason to refuse.
        _ if random.u8(..) < 20 => pick(random, OTHER_REFERENCES).to_string(),
        _ => random.u16(..).to_string(),
    };
    format!("{key}{delimiter}{value}\n")
}

fn list(random: &mut Rng, calm: bool) -> String {
    let mut text = String::new();
    let words = if calm { &WORDS[..10] } else { WORDS };
    for _ in 0..random.usize(0..5) {
        if !text.is_empty() {
            text += if calm {
                pick(random, &SEPARATORS[..8])
            } else {
                pick(random, SEPARATORS)
            };
        }
        let chance = if calm { 40 } else { 70 };
        text += if random.u8(..) < chance {
            pick(random, if calm { &REFERENCES[..4] } else { REFERENCES })
        } else {
            pick(random, words)
        };
    }
    text
}

/// Now and then a byte that no text has.
fn spoil(random: &mut Rng, bytes: &mut Vec<u8>) {
    if random.u8(..) < 6 && !bytes.is_empty() {
        let at = random.usize(0..bytes.len());
        bytes.insert(
            at,
            [0xe9, 0, 0xff, 0x85, b'\r', 0x0b, 0x1c][random.usize(0..7)],
        );
    }
    if random.u8(..) < 4 {
        let pad = "# padding of a long file\n".repeat(400);
        let at = random.usize(0..=1) * bytes.len();
        bytes.splice(at..at, pad.bytes());
    }
}

fn pick<'a>(random: &mut Rng, from: &[&'a str]) -> &'a str {
    from[random.usize(0..from.len())]
}

/// Writes a tree below an empty directory.
pub(super) fn write(tree: &Tree, directory: &Path) -> io::Result<()> {
    for (path, bytes) in tree {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// A tree as text, for messages.
pub(super) fn shown(tree: &Tree) -> String {
    let ours = tree.iter().filter(|(path, bytes)| {
        !BASE
            .iter()
            .any(|(name, text)| name == path && text.as_bytes() == bytes.as_slice())
    });
    ours.map(|(path, bytes)| {
        format!(
            "//- {path}\n{}\n",
            bytes.escape_ascii().to_string().replace("\\n", "\n")
        )
    })
    .collect()
}
