//! Patterns as people write them, turned into patterns that libwrap matches.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::client::Client;
use crate::extent::{Extent, prefix6};
use crate::list::HostWord;
use crate::text::same;

/// A client pattern for a new rule, in the one form in which libwrap matches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    word: String,
    extent: Extent,
    corrections: Vec<String>,
}

/// A pattern that cannot be put into a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern `{pattern}` {why}")]
pub struct BadPattern {
    /// The pattern as given.
    pub pattern: String,
    /// What is wrong with it.
    pub why: &'static str,
    hint: &'static str,
}

impl BadPattern {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        self.hint
    }
}

/// What is wrong, and what to do.
type Fault = (&'static str, &'static str);
/// A word, and the corrections made to it.
type Corrected = (String, Vec<String>);

const FORMS: &str = "give an address, a network as ADDRESS/LENGTH, a prefix such as 10.1., a host name, or a domain as .example.org";

impl Wanted {
    /// Reads a pattern as people write it: addresses of both families with and without brackets, networks in CIDR and
    /// with a dotted mask, prefixes of addresses with and without the final dot, host names, domains, wildcards and
    /// the keywords of hosts_access(5).
    ///
    /// # Errors
    /// [`BadPattern`] for what libwrap has no form for (ranges, negation) and for what cannot be
    /// verified beforehand (netgroups, files, remote users).
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let bad = |(why, hint)| BadPattern {
            pattern: text.to_owned(),
            why,
            hint,
        };
        let (word, corrections) = read(text).map_err(bad)?;
        let extent = Extent::of(&HostWord::parse(word.as_bytes()))
            .ok_or_else(|| bad(("is not a pattern that libwrap matches", FORMS)))?;
        Ok(Self {
            word,
            extent,
            corrections,
        })
    }

    /// The pattern as it goes into the file.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// The corrections of the pattern, and remarks about it; a sentence fragment each.
    pub fn corrections(&self) -> &[String] {
        &self.corrections
    }

    /// The address, when the pattern means but one.
    pub(crate) fn single_address(&self) -> Option<IpAddr> {
        self.extent.single_address()
    }

    /// Clients of `sshd` that the pattern means, those at its edges among them; what does not matter of them is unknown.
    pub fn examples(&self) -> Vec<Client> {
        self.extent
            .probes()
            .into_iter()
            .map(|(addr, name)| Client::new(addr).named(name))
            .collect()
    }

    pub(crate) fn extent(&self) -> &Extent {
        &self.extent
    }
}

/// The word for the file, and its corrections.
fn read(text: &str) -> Result<Corrected, Fault> {
    refuse(text)?;
    if let Some(keyword) = keyword(text) {
        return Ok(keyword);
    }
    if text.contains(':') {
        return ipv6(text);
    }
    if text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"./*".contains(&byte))
    {
        return ipv4(text);
    }
    named(text)
}

/// Refuses text that is not a pattern for a rule of ours, in either address family.
fn refuse(text: &str) -> Result<(), Fault> {
    let bytes = text.as_bytes();
    match bytes {
        [] => Err(("is empty", FORMS)),
        [b'!', ..] => Err((
            "is negated, which libwrap does not know",
            "name the clients to allow; EXCEPT is only for rules",
        )),
        [b'/', ..] => Err(("names a file, whose content may change at any time", FORMS)),
        [b'@', ..] => Err(("names a netgroup, whose members are not known here", FORMS)),
        _ if bytes.contains(&b'@') => Err((
            "asks for a remote user, which the client may state as it likes",
            FORMS,
        )),
        _ if bytes.contains(&b'%') => Err((
            "names an interface, which libwrap does not compare",
            "leave out % and what follows",
        )),
        _ if same(bytes, b"EXCEPT") => Err(("is a reserved word", FORMS)),
        _ if !bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-*?:/[]".contains(byte)) =>
        {
            Err((
                "contains a character that is not valid in an address or a host name",
                FORMS,
            ))
        }
        _ => Ok(()),
    }
}

/// libwrap keeps this much of a host name.
const LONGEST_NAME: usize = 127;

const NEEDS_DNS: &str = "libwrap compares the name that the client's address resolves to, and only when that name leads back to the address";

fn keyword(text: &str) -> Option<Corrected> {
    let keywords = [
        ("ALL", "ALL allows everybody"),
        ("LOCAL", NEEDS_DNS),
        ("KNOWN", NEEDS_DNS),
        (
            "UNKNOWN",
            "UNKNOWN allows every client without a name, and every client while DNS fails",
        ),
        (
            "PARANOID",
            "PARANOID allows clients whose name does not match their address",
        ),
    ];
    let found = keywords
        .into_iter()
        .find(|(name, _)| same(name.as_bytes(), text.as_bytes()));
    found.map(|(name, note)| (name.to_owned(), vec![note.to_owned()]))
}

fn ipv6(text: &str) -> Result<Corrected, Fault> {
    let bare = text.replace(['[', ']'], "");
    let (addr, bits) = bare
        .split_once('/')
        .map_or((bare.as_str(), "128"), |(addr, bits)| (addr, bits));
    let addr: Ipv6Addr = addr
        .parse()
        .map_err(|_| ("is not an IPv6 address", FORMS))?;
    let bits =
        length(bits, 128).ok_or(("has no valid prefix length", "give a length from 0 to 128"))?;
    if let Some(v4) = addr.to_ipv4_mapped().filter(|_| bits >= 96) {
        let (word, mut corrections) = v4_network(v4.into(), prefix_mask(bits - 96));
        corrections.insert(
            0,
            "libwrap compares an IPv4-mapped address as IPv4".to_owned(),
        );
        return Ok((word, corrections));
    }
    let net = u128::from(addr) & prefix6(bits);
    let mut corrections = Vec::new();
    if net != u128::from(addr) {
        corrections.push(format!(
            "the network of {addr}/{bits} begins at {}",
            Ipv6Addr::from(net)
        ));
    }
    let mut word = format!("[{}]", Ipv6Addr::from(net));
    if bits < 128 {
        // Writing to a String cannot fail.
        let _ = write!(word, "/{bits}");
    }
    if !text.starts_with('[')
        || text.contains('/') != word.contains('/')
        || text.ends_with(']') != word.ends_with(']')
    {
        corrections
            .push("an IPv6 address must be in brackets, with the length after them".to_owned());
    }
    Ok((word, corrections))
}

/// Digits, dots, slashes and stars.
fn ipv4(text: &str) -> Result<Corrected, Fault> {
    let (addr, mask) = text
        .split_once('/')
        .map_or((text, None), |(addr, mask)| (addr, Some(mask)));
    let (addr, parts) = octets(addr)?;
    let mask = match mask {
        None => prefix_mask(8 * parts),
        Some(mask) => v4_mask(mask).ok_or((
            "has no valid mask",
            "give a length from 0 to 32, or a dotted mask",
        ))?,
    };
    if parts < 4 && !text.contains('/') {
        let word: Vec<String> = addr.to_be_bytes()[..parts as usize]
            .iter()
            .map(u8::to_string)
            .collect();
        let word = word.join(".") + ".";
        let dot = "libwrap accepts a part of an address only with a dot at its end".to_owned();
        let corrections = if word == text { Vec::new() } else { vec![dot] };
        return Ok((word, corrections));
    }
    let (word, mut corrections) = v4_network(addr, mask);
    if parts < 4 {
        corrections.push("libwrap accepts a network only with all four numbers".to_owned());
    }
    Ok((word, corrections))
}

/// One to four numbers, then perhaps a dot or stars; returns the address with zeros for missing
/// parts, and the number of parts.
fn octets(text: &str) -> Result<(u32, u32), Fault> {
    let no_address = ("is not an IPv4 address", FORMS);
    let stem = text.trim_end_matches(".*").trim_end_matches('.');
    let numbers: Vec<&str> = stem.split('.').collect();
    if numbers
        .iter()
        .any(|number| number.len() > 1 && number.starts_with('0'))
    {
        return Err((
            "has a number with a leading zero, which means octal in a network",
            "write the number without it",
        ));
    }
    let bytes: Result<Vec<u8>, _> = numbers.iter().map(|number| number.parse::<u8>()).collect();
    let bytes = bytes.map_err(|_| no_address)?;
    let parts = u32::try_from(bytes.len())
        .ok()
        .filter(|&parts| parts <= 4)
        .ok_or(no_address)?;
    let mut addr = [0; 4];
    addr[..bytes.len()].copy_from_slice(&bytes);
    Ok((u32::from_be_bytes(addr), parts))
}

fn v4_mask(text: &str) -> Option<u32> {
    match text.parse::<Ipv4Addr>() {
        Ok(mask) => Some(mask.into()),
        Err(_) => length(text, 32).map(prefix_mask),
    }
}

fn prefix_mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits).unwrap_or(0)
}

fn length(text: &str, most: u32) -> Option<u32> {
    let plain =
        !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&bits| plain && bits <= most)
}

/// The form that libwrap matches: it accepts no host bits, no /0, and no mask of 255.255.255.255.
fn v4_network(addr: u32, mask: u32) -> Corrected {
    let net = addr & mask;
    let shown = Ipv4Addr::from(net);
    let bits = mask.leading_ones();
    let mut corrections = Vec::new();
    if net != addr {
        corrections.push(format!(
            "libwrap matches a network only when its address has no host bits: {} became {shown}",
            Ipv4Addr::from(addr)
        ));
    }
    let word = match bits {
        32 => shown.to_string(),
        0 if mask == 0 => {
            corrections
                .push("libwrap never matches /0; 0.0.0.0/0.0.0.0 is every IPv4 address".to_owned());
            "0.0.0.0/0.0.0.0".to_owned()
        }
        _ if mask == prefix_mask(bits) => format!("{shown}/{bits}"),
        _ => format!("{shown}/{}", Ipv4Addr::from(mask)),
    };
    (word, corrections)
}

fn named(text: &str) -> Result<Corrected, Fault> {
    if text.contains('/') {
        return Err(("is not a network", FORMS));
    }
    let numeric = |byte: u8| byte.is_ascii_digit() || b".-".contains(&byte);
    if text.contains('-') && text.bytes().all(numeric) {
        return Err((
            "is a range, which libwrap does not know",
            "give the networks that make up the range",
        ));
    }
    if text.contains(['[', ']']) {
        return Err(("has brackets, which are for IPv6 addresses", FORMS));
    }
    let word = text.trim_end_matches('.');
    if word.len() > LONGEST_NAME {
        return Err((
            "is longer than the 127 bytes that libwrap keeps of a name",
            FORMS,
        ));
    }
    let mut corrections = vec![NEEDS_DNS.to_owned()];
    if word != text {
        corrections.push("host names are compared without a dot at their end".to_owned());
    }
    match word.trim_matches('.') {
        "" => Err(("is not a host name", FORMS)),
        _ => Ok((word.to_owned(), corrections)),
    }
}
