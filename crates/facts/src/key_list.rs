//! The files that list the keys of an account: whether sshd accepts them (auth.c, StrictModes;
//! misc.c, `safe_path`) and can read them, and what their lines contain (auth2-pubkeyfile.c).

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Metadata, Origin};
use sshmend_packet_filter::in_network_text;

use crate::{Account, Facts};

/// A line of such a file that is not empty and no comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// Counted from 1.
    pub number: usize,
    /// The reason why sshd does not accept the key; `None` if there is none.
    pub fault: Option<String>,
    /// What the line is instead of a line of sshd's, where that is known.
    pub form: Option<ForeignForm>,
    /// The line.
    pub text: String,
}

/// What people put into a file of keys by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignForm {
    /// A line of sshd's behind a byte order mark, which editors of Windows write.
    Marked,
    /// A public key as PuTTY saves it and others export it (RFC 4716).
    Rfc4716,
    /// A private key, of OpenSSH or of PuTTY.
    Private,
}

impl ForeignForm {
    fn of(line: &str) -> Option<Self> {
        let private = line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY");
        if line.starts_with(BYTE_ORDER_MARK) {
            Some(Self::Marked)
        } else if line.starts_with("---- BEGIN SSH2 PUBLIC KEY") {
            Some(Self::Rfc4716)
        } else if private || line.starts_with("PuTTY-User-Key-File-") {
            Some(Self::Private)
        } else {
            None
        }
    }

    /// In words that end a sentence.
    fn text(self) -> &'static str {
        match self {
            Self::Marked => "an invisible byte order mark stands before it",
            Self::Rfc4716 => {
                "it is a key in the format of PuTTY and RFC 4716, which sshd does not read here"
            }
            Self::Private => "it is a private key, which belongs only on the client",
        }
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Options that may precede a key (sshd(8), AUTHORIZED_KEYS FILE FORMAT), in any case; those with a
/// value end in `=`.
const OPTIONS: [&str; 26] = [
    "agent-forwarding",
    "cert-authority",
    "command=",
    "environment=",
    "expiry-time=",
    "from=",
    "no-agent-forwarding",
    "no-port-forwarding",
    "no-pty",
    "no-touch-required",
    "no-user-rc",
    "no-x11-forwarding",
    "permitlisten=",
    "permitopen=",
    "port-forwarding",
    "principals=",
    "pty",
    "restrict",
    "touch-required",
    "tunnel=",
    "user-rc",
    "verify-required",
    "x11-forwarding",
    "no-require-user-presence",
    "source-address=",
    "force-command=",
];

/// The prefixes of key types.
const KINDS: [&str; 8] = [
    "ssh-rsa",
    "ssh-dss",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

impl Facts<'_> {
    /// The first place on the path to a file of keys, including the file itself, that sshd rejects
    /// because others may write there (StrictModes), with its mode and owner.
    pub fn open_place(&self, file: &Path, account: &Account) -> Option<(PathBuf, String)> {
        if self.value("strictmodes").ok().flatten().as_deref() == Some("no") {
            return None;
        }
        let home = Path::new(&account.home);
        for place in file.ancestors() {
            let meta = self.meta(place).ok()??;
            let owned = meta.uid == 0 || meta.uid == account.id;
            // Debian allows write permission for the user's own group.
            let own_group = meta.gid == account.group && meta.mode & 0o002 == 0;
            if !owned || meta.mode & 0o022 != 0 && !own_group {
                let shown = format!("mode {:04o}, owner {}", meta.mode, meta.uid);
                return Some((place.to_owned(), shown));
            }
            if place == home {
                return None;
            }
        }
        None
    }

    /// The file, or the directory above it, that the account itself may not read or traverse: sshd
    /// reads the file as that account.
    pub fn unreadable_place(&self, file: &Path, account: &Account) -> Option<(PathBuf, String)> {
        if account.id == 0 {
            return None;
        }
        let may = |meta: &Metadata, bit: u32| {
            let shift = if meta.uid == account.id {
                6
            } else if meta.gid == account.group {
                3
            } else {
                0
            };
            meta.mode >> shift & bit != 0
        };
        // Other groups of the account, and access lists, may admit it nevertheless.
        let plain = |meta: &Metadata| {
            !meta.xattrs.contains_key("system.posix_acl_access")
                && (meta.uid == account.id
                    || meta.gid == account.group
                    || meta.mode & 0o070 == 0
                    || meta.gid == 0)
        };
        file.ancestors().find_map(|place| {
            let meta = self.meta(place).ok()??;
            let bit = if place == file { 0o4 } else { 0o1 };
            (!may(meta, bit) && plain(meta)).then(|| {
                (
                    place.to_owned(),
                    format!("mode {:04o}, owner {}", meta.mode, meta.uid),
                )
            })
        })
    }

    /// The lines of a file of keys.
    pub fn key_lines(&self, file: &Path) -> Vec<KeyLine> {
        let text = self.text(file).ok().flatten().unwrap_or_default();
        let client = self.question.client_address();
        let lines = text.lines().enumerate();
        lines
            .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
            .map(|(at, line)| KeyLine {
                number: at + 1,
                fault: fault(line, client, self.question.now),
                form: ForeignForm::of(line),
                text: line.trim().to_owned(),
            })
            .collect()
    }

    /// The missing program that each key of an account has to run instead of a shell
    /// (`command="…"`), with the line that names it; `None` if a key without one is left, or if the
    /// configuration names another program.
    pub fn lost_command(&self, user: &str) -> Option<(Origin, String)> {
        let forced = self.value("forcecommand").ok().flatten();
        if self.chroot(user).is_some() || forced.is_some_and(|command| command != "none") {
            return None;
        }
        let mut lost = None;
        for file in self.key_files(user) {
            for line in self.key_lines(&file) {
                if line.fault.is_some() {
                    continue;
                }
                let program = command_of(&line.text)?;
                let is_gone = program.starts_with('/') && self.meta(&program) == Ok(None);
                if !is_gone {
                    return None;
                }
                lost.get_or_insert_with(|| (Origin::new(&file, line.number), program));
            }
        }
        lost
    }
}

/// The program of the option `command=` before a key.
fn command_of(line: &str) -> Option<String> {
    if starts_with_kind(line) {
        return None;
    }
    let (options, _) = options(line)?;
    let command = options.iter().find_map(|option| {
        let (name, value) = option.split_once('=')?;
        name.eq_ignore_ascii_case("command").then_some(value)
    })?;
    let command = command.trim_matches('"');
    // A shell reads it: quoting, or more than a program and its arguments, is not examined.
    let plain = !command.contains(['\\', '\'', '$', '`', ';', '|', '&', '(']);
    let program = command.split_whitespace().next().filter(|_| plain)?;
    Some(program.to_owned())
}

/// The reason why sshd does not accept the key of a line.
fn fault(line: &str, client: Option<IpAddr>, now: i64) -> Option<String> {
    let line = line.trim();
    if starts_with_kind(line) {
        return key_fault(line);
    }
    if let Some(form) = ForeignForm::of(line) {
        return Some(form.text().to_owned());
    }
    let (options, rest) = options(line)?;
    if !starts_with_kind(rest) {
        let word = line.split_whitespace().next().unwrap_or_default();
        let known = options.iter().all(|option| is_known(option));
        return Some(if rest.is_empty() || known {
            "it contains no key type".to_owned()
        } else {
            format!("it begins with neither a key type nor options: {word}")
        });
    }
    if let Some(option) = options.iter().find(|option| !is_known(option)) {
        return Some(format!("{option} is not an option"));
    }
    key_fault(rest).or_else(|| {
        options
            .iter()
            .find_map(|option| excludes(option, client, now))
    })
}

fn starts_with_kind(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    KINDS.contains(&word) || word.contains("-cert-v01@openssh.com")
}

/// Whether the text after the type is a key of that type.
fn key_fault(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let kind = words.next()?;
    let Some(body) = words.next() else {
        return Some("the key itself is missing after its type".to_owned());
    };
    let Some(bytes) = decoded(body) else {
        return Some("the key is incomplete".to_owned());
    };
    let named = bytes
        .get(..4)
        .map(|length| u32::from_be_bytes([length[0], length[1], length[2], length[3]]))
        .and_then(|length| bytes.get(4..4 + usize::try_from(length).ok()?));
    if named != Some(kind.as_bytes()) {
        return Some(format!("the key is not of the type {kind}"));
    }
    // Each field of the key is preceded by its length: the last one must end where the key does.
    let mut rest = bytes.as_slice();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        match behind.get(length..) {
            Some(next) => rest = next,
            None => return Some("the key is truncated".to_owned()),
        }
    }
    None
}

/// Splits the options before a key from what follows them; a blank ends them, unless it is quoted.
fn options(line: &str) -> Option<(Vec<String>, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let end = line
        .char_indices()
        .find(|(_, letter)| {
            let ends = !quoted && letter.is_whitespace();
            quoted ^= *letter == '"' && !escaped;
            escaped = *letter == '\\' && !escaped;
            ends
        })
        .map_or(line.len(), |(at, _)| at);
    let (mut options, mut option, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line[..end].chars() {
        quoted ^= letter == '"';
        if letter == ',' && !quoted {
            options.push(std::mem::take(&mut option));
        } else {
            option.push(letter);
        }
    }
    options.push(option);
    Some((options, line.get(end..)?.trim_start()))
}

fn is_known(option: &str) -> bool {
    let lower = option.to_ascii_lowercase();
    OPTIONS.iter().any(|known| match known.strip_suffix('=') {
        Some(name) => lower
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with("=\"")),
        None => lower == *known,
    })
}

/// The reason why an option keeps this client from using the key now.
fn excludes(option: &str, client: Option<IpAddr>, now: i64) -> Option<String> {
    let (name, value) = option.split_once('=')?;
    let value = value.trim_matches('"');
    match name.to_ascii_lowercase().as_str() {
        "from" => {
            let client = client?;
            let networks: Vec<&str> = value.split(',').collect();
            // Names and patterns of names may match the client.
            let plain = networks.iter().all(|network| {
                network
                    .trim_start_matches('!')
                    .chars()
                    .all(|letter| letter.is_ascii_hexdigit() || "./:*?".contains(letter))
            });
            let admits = |network: &&str| {
                in_network_text(client, network) == Some(true)
                    || sshmend_sshd_config::user_matches(
                        &format!("*@{network}"),
                        "x",
                        Some(&client.to_string()),
                        None,
                    ) != Some(false)
            };
            (plain && !networks.iter().any(admits))
                .then(|| format!("from=\"{value}\" does not admit {client}"))
        }
        "expiry-time" => {
            let ends = expiry(value)?;
            (ends < now).then(|| format!("it has expired: expiry-time=\"{value}\""))
        }
        _ => None,
    }
}

/// Reads `YYYYMMDD` and `YYYYMMDDHHMM[SS]`, with or without `Z`, as a time of UTC in seconds since 1970; local time is less than a day away.
fn expiry(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches('Z');
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
    let year: i16 = digits.get(..4)?.parse().ok()?;
    let date = jiff::civil::Date::new(year, part(4, 6)?, part(6, 8)?).ok()?;
    let (hour, minute) = (part(8, 10).unwrap_or(0), part(10, 12).unwrap_or(0));
    let time = date
        .at(hour, minute, 0, 0)
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .ok()?;
    Some(time.timestamp().as_second())
}

/// Decodes base64 (RFC 4648); `None` if it is incomplete.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body = text.trim_end_matches('=');
    if text.len() % 4 != 0 || text.len() - body.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(body.len() * 3 / 4);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in body.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        held = held << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPDwq9FW/JGdaWQ18vefWEP8Lk1WzjGYc5DcjzCcHAs0 carol@laptop";
    /// 2026-11-20.
    const NOW: i64 = 1_795_197_600;

    fn says(line: &str) -> Option<String> {
        fault(line, "203.0.113.9".parse().ok(), NOW)
    }

    #[test]
    fn accepted_key_lines_have_no_fault() {
        for before in [
            "",
            "no-pty,No-X11-Forwarding ",
            "from=\"203.0.113.0/24,!203.0.113.7\",command=\"echo \\\"a b\\\"\" ",
            "from=\"*.example.net\" ",
            "expiry-time=\"20271231\" ",
            "restrict,pty,permitopen=\"localhost:80\" ",
        ] {
            assert_eq!(says(&format!("{before}{KEY}")), None, "{before}");
        }
    }

    #[test]
    fn the_program_of_a_key_command_is_known_if_the_command_is_simple() {
        let command = |before: &str| command_of(&format!("{before}{KEY}"));
        let program = Some("/opt/dump/run".to_owned());
        assert_eq!(
            command("restrict,command=\"/opt/dump/run --all\" "),
            program
        );
        assert_eq!(command("Command=\"/opt/dump/run\",no-pty "), program);
        for other in [
            "",
            "no-pty ",
            "command=\"test -e /x && /y\" ",
            "command=\"$HOME/x\" ",
        ] {
            assert_eq!(command(other), None, "{other}");
        }
    }

    #[test]
    fn the_fault_of_a_line_is_named() {
        let cut = &KEY[..60];
        let cases = [
            (
                format!("no-agent-fowarding {KEY}"),
                "no-agent-fowarding is not an option",
            ),
            (cut.to_owned(), "the key is truncated"),
            (
                format!("from=\"10.4.0.0/16\" {KEY}"),
                "from=\"10.4.0.0/16\" does not admit 203.0.113.9",
            ),
            (
                format!("expiry-time=\"20250101\" {KEY}"),
                "it has expired: expiry-time=\"20250101\"",
            ),
            (
                KEY.replace("ssh-ed25519", "ssh-rsa"),
                "the key is not of the type ssh-rsa",
            ),
            (
                "ssh-ed25519".to_owned(),
                "the key itself is missing after its type",
            ),
            (
                "---- BEGIN SSH2 PUBLIC KEY ----".to_owned(),
                ForeignForm::Rfc4716.text(),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(says(&line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn foreign_key_formats_are_recognised() {
        let form = |line: &str| ForeignForm::of(line);
        assert_eq!(form(&format!("\u{feff}{KEY}")), Some(ForeignForm::Marked));
        let exported = "---- BEGIN SSH2 PUBLIC KEY ----";
        assert_eq!(form(exported), Some(ForeignForm::Rfc4716));
        for private in [
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----",
            "PuTTY-User-Key-File-2: ssh-rsa",
        ] {
            assert_eq!(form(private), Some(ForeignForm::Private), "{private}");
        }
        assert_eq!(form(KEY), None);
        assert_eq!(form("AAAAC3NzaC1lZDI1NTE5AAAA"), None);
        assert_eq!(says(exported).as_deref(), Some(ForeignForm::Rfc4716.text()));
    }
}
